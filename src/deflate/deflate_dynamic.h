/* SPDX-License-Identifier: MIT */
/* Codes made for one block, and their description at its head (RFC 1951 3.2.7). */
#ifndef WEIR_DEFLATE_DEFLATE_DYNAMIC_H
#define WEIR_DEFLATE_DEFLATE_DYNAMIC_H

#include "deflate_huffman.h"

#define WEIR__DEFLATE_PRECODES 19

/* Working state for one block. */
typedef struct weir__deflate_dynamic {
    uint16_t litlen[WEIR__DEFLATE_LITLENS + 2]; /* frequencies, used up; the caller's to fill */
    uint16_t dist[WEIR__DEFLATE_DISTS + 2];
    uint16_t precode[WEIR__DEFLATE_PRECODES + 1];
    weir__deflate_used litlens; /* those that occur; the caller's to collect */
    weir__deflate_used dists;
    weir__deflate_codes codes;
    weir__deflate_code precodes[WEIR__DEFLATE_PRECODES];
    uint32_t litlen_count; /* of lengths that are sent */
    uint32_t dist_count;
    uint32_t precode_count;
    uint32_t item_count;
    uint16_t items[WEIR__DEFLATE_LITLENS + WEIR__DEFLATE_DISTS]; /* precode symbol, extra << 5 */
    uint8_t lengths[WEIR__DEFLATE_LITLENS + WEIR__DEFLATE_DISTS + 8];
} weir__deflate_dynamic;

/* Make the codes for the frequencies. Returns the bits of head and symbols, without the extra bits
 * of lengths and distances. */
size_t weir__deflate_dynamic_plan(weir__deflate_dynamic *dynamic);

void weir__deflate_dynamic_put_head(const weir__deflate_dynamic *dynamic, weir__deflate_out *out);

#endif
