/* SPDX-License-Identifier: MIT */
/* The kernel tables that this CPU can run, and what they work on. */
#include "bench_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/cpu.h"
#include "bench.h"

#define KERNELS_ARENA ((size_t)256 * 1024) /* fits a second-level cache */
#define KERNELS_CPU_BITS 12                /* more than there are */

const size_t kernels_sizes[KERNELS_SIZES] = {16, 64, 125, 1024, 16384, 65536, 1048576};
const char *const kernels_size_names[KERNELS_SIZES] = {"16B",   "64B",   "125B", "1KiB",
                                                       "16KiB", "64KiB", "1MiB"};

static size_t kernels_add(kernels_variant *variants, size_t count, const weir__kernels *table)
{
    for (size_t i = 0; i < count; i++)
        if (variants[i].table == table)
            return count;
    if (count == KERNELS_MAX)
        bench_die("too many kernel tables");
    variants[count].table = table;
    snprintf(variants[count].label, sizeof variants[count].label, "weir-%s", table->name);
    return count + 1;
}

const kernels_variant *kernels_all(size_t *count)
{
    static kernels_variant variants[KERNELS_MAX];
    static size_t n;
    const uint32_t here = weir__cpu_bits();
    for (uint32_t bits = 0; n == 0 || bits < (1u << KERNELS_CPU_BITS); bits++)
        n = kernels_add(variants, n, weir__kernels_for(here & ~bits));
    *count = n;
    return variants;
}

static int kernels_same(kernels_part part, const weir__kernels *a, const weir__kernels *b)
{
    if (part == KERNELS_MASK_COPY)
        return a->mask_copy == b->mask_copy;
    return (part == KERNELS_UTF8 || a->mask == b->mask) &&
           (part == KERNELS_MASK || a->utf8 == b->utf8);
}

size_t kernels_distinct(kernels_part part, const kernels_variant *distinct[KERNELS_MAX])
{
    size_t count;
    size_t n = 0;
    const kernels_variant *const variants = kernels_all(&count);
    for (size_t i = 0; i < count; i++) {
        size_t seen = 0;
        while (seen < n && !kernels_same(part, distinct[seen]->table, variants[i].table))
            seen++;
        if (seen == n)
            distinct[n++] = &variants[i];
    }
    return n;
}

kernels_arena kernels_arena_make(wire_kind kind, size_t size)
{
    kernels_arena arena = {.size = size};
    arena.count = size < KERNELS_ARENA ? KERNELS_ARENA / size : 1;
    if (bench_is_quick() || bench_is_once())
        arena.count = arena.count < 16 ? arena.count : 16;
    arena.data = malloc(arena.count * size);
    arena.plain = malloc(arena.count * size);
    arena.copy = malloc(arena.count * size);
    if (!arena.data || !arena.plain || !arena.copy)
        bench_die("out of memory");
    for (size_t i = 0; i < arena.count; i++)
        wire_fill(kind, arena.plain + i * size, size);
    memcpy(arena.data, arena.plain, arena.count * size);
    memset(arena.copy, 0, arena.count * size);
    return arena;
}

void kernels_arena_free(kernels_arena *arena)
{
    free(arena->data);
    free(arena->plain);
    free(arena->copy);
}
