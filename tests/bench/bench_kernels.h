/* SPDX-License-Identifier: MIT */
/* The kernel tables that this CPU can run. */
#ifndef WEIR_BENCH_KERNELS_H
#define WEIR_BENCH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "../../src/kernels/kernels.h"
#include "bench_wire.h"

#define KERNELS_MAX 12

/* The best one first; label is its name as a contestant. */
typedef struct kernels_variant {
    const weir__kernels *table;
    char label[32];
} kernels_variant;
const kernels_variant *kernels_all(size_t *count);

/* Those of them that differ in a function: tables share what a CPU has nothing better for. */
typedef enum kernels_part {
    KERNELS_MASK,
    KERNELS_MASK_COPY,
    KERNELS_UTF8,
    KERNELS_MASK_UTF8
} kernels_part;
size_t kernels_distinct(kernels_part part, const kernels_variant *distinct[KERNELS_MAX]);

/* An area of messages of one size to walk over, in place; with what they were to compare with. */
typedef struct kernels_arena {
    uint8_t *data;
    uint8_t *plain;
    uint8_t *copy; /* as large as data */
    size_t size;   /* of a message */
    size_t count;
} kernels_arena;
kernels_arena kernels_arena_make(wire_kind kind, size_t size);
void kernels_arena_free(kernels_arena *arena);

/* The sizes measured, and their names. */
#define KERNELS_SIZES 7
extern const size_t kernels_sizes[KERNELS_SIZES];
extern const char *const kernels_size_names[KERNELS_SIZES];

#endif
