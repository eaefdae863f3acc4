/* SPDX-License-Identifier: MIT */
/* Compression of messages (RFC 1951, RFC 7692 7.2.1). Allocates nothing. */
#ifndef WEIR_DEFLATE_DEFLATER_H
#define WEIR_DEFLATE_DEFLATER_H

#include <weir/deflate.h>

#include <stdbool.h>

#include "deflate_block.h"

/* What all compressors of a thread share; nothing in it lives from message to message but, without
 * takeover, a table of places that the next message can tell from its own. */
typedef struct weir__deflate_scratch {
    weir__deflate_bench bench;
    uint32_t window_bits; /* the largest it serves */
    uint32_t block_bytes; /* input of one block at most */
    uint32_t position;    /* no takeover: of the next message in the table, from 1 on */
    size_t table_bytes;
    uint16_t *table;
    uint8_t *work; /* a window, then a block */
} weir__deflate_scratch;

/* One compressor with context takeover: its window is linear, history then room for a message. */
typedef struct weir__deflate {
    uint8_t *window;
    uint16_t *table; /* NULL: the one in the scratch, made anew for each message */
    uint32_t window_bits;
    uint32_t cap;   /* bytes of the window: history and slack */
    uint32_t first; /* oldest byte that counts */
    uint32_t end;
    uint32_t position; /* of window[0] */
    uint32_t hash_bits;
    uint32_t repeat; /* last distance */
    weir__deflate_finder finder;
} weir__deflate;

/* Bits are 8..15. Memory of a compressor's window and table, and of the whole scratch. */
size_t weir__deflate_window_bytes(weir_deflate_level level, uint32_t bits);
size_t weir__deflate_scratch_bytes(uint32_t bits);

/* memory has that many bytes, aligned for a size_t. */
weir__deflate_scratch *weir__deflate_scratch_init(void *memory, uint32_t bits);
void weir__deflate_init(weir__deflate *deflate, uint8_t *memory, weir_deflate_level level,
                        uint32_t bits);

/* Most bytes that len bytes become, with what is written beyond them; and most bytes whose bound is
 * at most room. */
size_t weir__deflate_bound(size_t len);
size_t weir__deflate_fits(size_t room);

/* Compress the next bytes of a message; last: they are its last ones. out has room for
 * weir__deflate_bound(len). When more than max bytes come out, the result is 0 and nothing
 * happened; that must not be used after a first piece, which the peer has seen. */
size_t weir__deflate_run(weir__deflate *deflate, weir__deflate_scratch *scratch, const uint8_t *in,
                         size_t len, bool last, size_t max, uint8_t *out);

/* The same without takeover, and without a compressor. */
size_t weir__deflate_alone(weir__deflate_scratch *scratch, weir_deflate_level level, uint32_t bits,
                           const uint8_t *in, size_t len, bool last, uint8_t *out);

/* Drop the history: the peer's window has other bytes than ours, or memory is short. */
void weir__deflate_forget(weir__deflate *deflate);

/* Whether bytes look as if they could become fewer: a guess from at most 1 KiB of them. */
bool weir__deflate_worth(const uint8_t *data, size_t len);

#endif
