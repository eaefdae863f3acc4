/* SPDX-License-Identifier: MIT */
/* Decompression of messages (RFC 1951, RFC 7692 7.2.2), resumable at any byte, no allocation. */
#ifndef WEIR_DEFLATE_INFLATE_H
#define WEIR_DEFLATE_INFLATE_H

#include <stdbool.h>

#include "inflate_io.h"
#include "inflate_tables.h"

#define WEIR__INFLATE_MAX_LENGTHS 320

/* What all decompressors of a thread share: the tables of the block at hand, and room to decode
 * large messages in. */
typedef struct weir__inflate_scratch {
    const void *owner; /* whose lengths and tables these are, if it says so too */
    uint32_t window;   /* the largest that fits: half of work */
    uint32_t fixed_litlen[1 << WEIR__INFLATE_LITLEN_ROOT];
    uint32_t fixed_dist[1 << WEIR__INFLATE_DIST_ROOT];
    uint32_t litlen[WEIR__INFLATE_LITLEN_CAP];
    uint32_t dist[WEIR__INFLATE_DIST_CAP];
    uint32_t precode[WEIR__INFLATE_PRECODE_CAP];
    uint8_t lengths[WEIR__INFLATE_MAX_LENGTHS];
    uint8_t work[];
} weir__inflate_scratch;

typedef enum weir__inflate_state {
    WEIR__INFLATE_AWAIT_BLOCK,
    WEIR__INFLATE_AWAIT_STORED_LENGTH,
    WEIR__INFLATE_IN_STORED,
    WEIR__INFLATE_AWAIT_COUNTS,
    WEIR__INFLATE_IN_PRECODE,
    WEIR__INFLATE_IN_LENGTHS,
    WEIR__INFLATE_IN_FIXED,
    WEIR__INFLATE_IN_DYNAMIC
} weir__inflate_state;

/* One decompressor. window has window_size + slack + OUT_PAD bytes; history, then what was made and
 * not yet given: given <= end <= cap + OUT_PAD. */
typedef struct weir__inflate {
    uint8_t *window;
    uint32_t window_size;
    uint32_t cap; /* window_size + slack: where decoding stops for the history to move down */
    uint32_t given;
    uint32_t end;
    uint32_t count; /* of bits */
    uint64_t bits;
    uint64_t blocks;     /* begun in this message */
    uint64_t max_blocks; /* one more is a fault; UINT64_MAX at first */
    const void *scratch; /* where its last tables were made: still there if that says so too */
    int32_t step;        /* of the last decoding: weir__inflate_step or the fault, which stays */
    uint8_t state;
    bool takeover;     /* the window carries over from message to message */
    bool begun;        /* this message has had a byte */
    bool final;        /* the last block that began is marked final (RFC 1951 3.2.3) */
    uint8_t tail_used; /* bytes of the tail 00 00 FF FF that were taken */
    uint16_t stored_left;
    uint16_t litlen_count;
    uint16_t dist_count;
    uint16_t precode_count;
    uint16_t index; /* the next length to read */
    uint8_t precode[19];
    uint8_t
        lengths[WEIR__INFLATE_MAX_LENGTHS / 2]; /* while suspended in a dynamic block: nibbles */
} weir__inflate;

/* What a call took and gave. */
typedef struct weir__inflate_piece {
    size_t used;
    const uint8_t *data; /* valid until the next call with this decompressor or scratch */
    size_t len;
} weir__inflate_piece;

/* bits are 8..15. Memory of a decompressor's window, and of the scratch for windows up to it. */
size_t weir__inflate_window_bytes(uint32_t bits);
size_t weir__inflate_scratch_bytes(uint32_t bits);

void weir__inflate_scratch_init(weir__inflate_scratch *scratch, uint32_t bits);

/* window has weir__inflate_window_bytes. */
void weir__inflate_init(weir__inflate *inflate, uint8_t *window, uint32_t bits, bool takeover);

/* Decode the next bytes of a message; last: they are its last ones. At most max bytes come out.
 * INPUT: all was taken, go on with more. FULL: more comes out: go on with the rest of the input.
 * DONE: the message is complete, the next call begins another. Below 0: a fault, which stays; what
 * was made before it was given by earlier calls. */
int weir__inflate_run(weir__inflate *inflate, weir__inflate_scratch *scratch, const uint8_t *in,
                      size_t len, bool last, size_t max, weir__inflate_piece *piece);

/* One state: GO, INPUT, FULL, DONE or a weir_status. */
int weir__inflate_block(weir__inflate *inflate, weir__inflate_scratch *scratch,
                        weir__inflate_io *io);

/* Before and after the scratch may serve another: get back or keep what a dynamic block needs. */
void weir__inflate_resume(weir__inflate *inflate, weir__inflate_scratch *scratch);
void weir__inflate_suspend(weir__inflate *inflate, const weir__inflate_scratch *scratch);

#endif
