/* SPDX-License-Identifier: MIT */
/* Huffman codes of limited length from frequencies. */
#ifndef WEIR_DEFLATE_DEFLATE_HUFFMAN_H
#define WEIR_DEFLATE_DEFLATE_HUFFMAN_H

#include <stddef.h>

#include "deflate_codes.h"

#define WEIR__DEFLATE_MAX_BITS 15

/* Codes go out first bit lowest. */
static inline uint32_t weir__deflate_huffman_reverse(uint32_t value, uint32_t bits)
{
    value = (value & 0x5555) << 1 | (value >> 1 & 0x5555);
    value = (value & 0x3333) << 2 | (value >> 2 & 0x3333);
    value = (value & 0x0F0F) << 4 | (value >> 4 & 0x0F0F);
    value = (value & 0x00FF) << 8 | value >> 8;
    return value >> (16 - bits);
}

/* The symbols that occur, in their order: each below its frequency. */
typedef struct weir__deflate_used {
    uint32_t count;
    uint32_t keys[WEIR__DEFLATE_LITLENS + 2];
} weir__deflate_used;

#define WEIR__DEFLATE_KEY_BITS 9
#define WEIR__DEFLATE_KEY_SYMBOL 511u

/* count is at most 286; up to 3 frequencies beyond it are read, and 0. */
void weir__deflate_huffman_collect(weir__deflate_used *used, const uint16_t *frequencies,
                                   uint32_t count);

/* A complete code with lengths of at most max_bits (0 for unused symbols) and its codes (RFC 1951
 * 3.2.2), which are set for used symbols only. Of less than two used symbols, 0 and 1 join them,
 * for decoders that want complete codes. The frequencies, which used was collected from and whose
 * sum is below 65536, serve as working memory. Returns the bits that the symbols take. */
size_t weir__deflate_huffman_build(weir__deflate_used *used, uint16_t *frequencies, uint32_t count,
                                   uint32_t max_bits, uint8_t *lengths, weir__deflate_code *codes);

#endif
