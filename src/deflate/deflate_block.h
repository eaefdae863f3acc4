/* SPDX-License-Identifier: MIT */
/* One block: fixed, dynamic or stored, whichever is the smallest (RFC 1951 3.2.3). */
#ifndef WEIR_DEFLATE_DEFLATE_BLOCK_H
#define WEIR_DEFLATE_DEFLATE_BLOCK_H

#include "deflate_dynamic.h"
#include "deflate_match.h"

/* What a block needs while it is made. */
typedef struct weir__deflate_bench {
    weir__deflate_fixed fixed;
    weir__deflate_dynamic dynamic;
    weir__deflate_sequence *sequences;
} weir__deflate_bench;

void weir__deflate_bench_init(weir__deflate_bench *bench);

/* Write the bytes up to end, at least one and at most 65534, as one block that is not the last.
 * Never more than 9 bits a byte and 8 bytes of garbage are written; text->at moves to end. */
void weir__deflate_block(weir__deflate_bench *bench, weir__deflate_text *text, const uint8_t *end,
                         weir__deflate_out *out);

#endif
