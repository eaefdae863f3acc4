/* SPDX-License-Identifier: MIT */
/* An allocator inside one block of memory: O(1), coalescing, two-level segregated free lists. */
#ifndef WEIR_BASE_BLOCK_H
#define WEIR_BASE_BLOCK_H

#include <stddef.h>

typedef struct weir__block weir__block;

/* Lay an allocator into memory; NULL when len is too small to hold anything useful. */
weir__block *weir__block_init(void *memory, size_t len);

/* The shape of weir_allocate, with the block as user; alignment fits any type. */
void *weir__block_allocate(void *block, void *ptr, size_t old_size, size_t new_size);

#endif
