/* SPDX-License-Identifier: MIT */
/* What every fuzz target uses: findings, bytes, taking inputs apart, budgets of memory and work. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "FINDING: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    abort();
}

/* ---- Bytes -----------------------------------------------------------------------------------*/

void fuzz_add(fuzz_bytes *b, const void *data, size_t len)
{
    if (len > b->cap - b->len) {
        b->cap = 2 * (b->len + len) + 256;
        b->data = realloc(b->data, b->cap);
        if (!b->data)
            fuzz_die("the machine is out of memory");
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

void fuzz_add_text(fuzz_bytes *b, const char *text)
{
    fuzz_add(b, text, strlen(text));
}

void fuzz_drop(fuzz_bytes *b)
{
    free(b->data);
    *b = (fuzz_bytes){NULL, 0, 0};
}

int fuzz_is_prefix(const fuzz_bytes *part, const fuzz_bytes *all)
{
    return part->len <= all->len &&
           (part->len == 0 || memcmp(part->data, all->data, part->len) == 0);
}

int fuzz_same(const fuzz_bytes *a, const fuzz_bytes *b)
{
    return a->len == b->len && fuzz_is_prefix(a, b);
}

uint8_t *fuzz_copy(const void *data, size_t len)
{
    uint8_t *const copy = malloc(len);
    if (!copy && len > 0)
        fuzz_die("the machine is out of memory");
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

/* ---- Input -----------------------------------------------------------------------------------*/

uint32_t fuzz_take(fuzz_input *in, size_t bytes)
{
    const fuzz_input piece = fuzz_take_piece(in, bytes);
    uint32_t value = 0;
    for (size_t i = 0; i < piece.len; i++)
        value |= (uint32_t)piece.data[i] << 8 * i;
    return value;
}

fuzz_input fuzz_take_piece(fuzz_input *in, size_t len)
{
    const fuzz_input piece = {in->data, len < in->len ? len : in->len};
    in->len -= piece.len;
    if (piece.len > 0)
        in->data += piece.len;
    return piece;
}

uint64_t fuzz_below(fuzz_dice *dice, uint64_t limit)
{
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % limit;
}

/* ---- Memory ----------------------------------------------------------------------------------*/

#define FUZZ_BLOCK_HEAD 16

static size_t fuzz_block_size(const void *ptr)
{
    size_t size;
    memcpy(&size, (const char *)ptr - FUZZ_BLOCK_HEAD, sizeof size);
    return size;
}

static void fuzz_release(fuzz_alloc *alloc, void *ptr)
{
    alloc->held -= fuzz_block_size(ptr);
    alloc->blocks--;
    free((char *)ptr - FUZZ_BLOCK_HEAD);
}

static void *fuzz_obtain(fuzz_alloc *alloc, size_t size)
{
    alloc->held += size;
    alloc->blocks++;
    alloc->peak = alloc->held > alloc->peak ? alloc->held : alloc->peak;
    if (alloc->held > alloc->budget)
        fuzz_die("memory: %llu bytes are held, the budget is %llu", (unsigned long long)alloc->held,
                 (unsigned long long)alloc->budget);
    fuzz_note("memory", alloc->held, alloc->budget);
    char *const block = malloc(size + FUZZ_BLOCK_HEAD);
    if (!block)
        fuzz_die("the machine is out of memory");
    memcpy(block, &size, sizeof size);
    return block + FUZZ_BLOCK_HEAD;
}

void *fuzz_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    fuzz_alloc *const alloc = user;
    if ((ptr == NULL) != (old_size == 0) || (ptr && fuzz_block_size(ptr) != old_size))
        fuzz_die("memory: old_size is not what the block was asked for");
    if (new_size == 0) {
        if (ptr)
            fuzz_release(alloc, ptr);
        return NULL;
    }
    if (++alloc->calls == alloc->fail_at) {
        alloc->failed++;
        return NULL;
    }
    void *const block = fuzz_obtain(alloc, new_size);
    if (ptr) {
        memcpy(block, ptr, old_size < new_size ? old_size : new_size);
        fuzz_release(alloc, ptr);
    }
    return block;
}

void fuzz_alloc_end(const fuzz_alloc *alloc)
{
    if (alloc->held != 0 || alloc->blocks != 0)
        fuzz_die("memory: %llu bytes in %llu blocks leak", (unsigned long long)alloc->held,
                 (unsigned long long)alloc->blocks);
}

/* ---- Work ------------------------------------------------------------------------------------*/

static uint64_t fuzz_blocks;

/* libFuzzer has a __sanitizer_cov_trace_pc of its own, so the linker turns the library's calls
 * here: -Wl,--wrap=__sanitizer_cov_trace_pc. */
void __wrap___sanitizer_cov_trace_pc(void);
void __wrap___sanitizer_cov_trace_pc(void)
{
    fuzz_blocks++;
}

/* What the CPU can do is asked once for all contexts: each time takes long in a virtual machine.
 * -Wl,--wrap=weir__cpu_bits; without it nothing of this is used. */
uint32_t __real_weir__cpu_bits(void) __attribute__((weak));
uint32_t __wrap_weir__cpu_bits(void);
uint32_t __wrap_weir__cpu_bits(void)
{
    static uint32_t bits;
    static int known;
    if (!known)
        bits = __real_weir__cpu_bits();
    known = 1;
    return bits;
}

uint64_t fuzz_work(void)
{
    return fuzz_blocks;
}

void fuzz_work_within(const char *what, uint64_t start, uint64_t fixed, uint64_t each,
                      uint64_t count)
{
    const uint64_t used = fuzz_blocks - start;
    fuzz_note(what, used, fixed + each * count);
    if (used > fixed + each * count)
        fuzz_die("%s: %llu steps, the budget is %llu and %llu for each of %llu", what,
                 (unsigned long long)used, (unsigned long long)fixed, (unsigned long long)each,
                 (unsigned long long)count);
}

#define FUZZ_NOTES 16

static struct {
    const char *what;
    uint64_t used;
    uint64_t budget;
} fuzz_notes[FUZZ_NOTES];

void fuzz_note(const char *what, uint64_t used, uint64_t budget)
{
    size_t i = 0;
    while (i < FUZZ_NOTES - 1 && fuzz_notes[i].what && fuzz_notes[i].what != what)
        i++;
    if (fuzz_notes[i].what &&
        (double)used / (double)budget <= (double)fuzz_notes[i].used / (double)fuzz_notes[i].budget)
        return;
    fuzz_notes[i].what = what;
    fuzz_notes[i].used = used;
    fuzz_notes[i].budget = budget;
}

void fuzz_stats(void)
{
    for (size_t i = 0; getenv("FUZZ_STATS") && i < FUZZ_NOTES && fuzz_notes[i].what; i++)
        printf("%s: %llu of %llu, %.0f %%\n", fuzz_notes[i].what,
               (unsigned long long)fuzz_notes[i].used, (unsigned long long)fuzz_notes[i].budget,
               100.0 * (double)fuzz_notes[i].used / (double)fuzz_notes[i].budget);
}
