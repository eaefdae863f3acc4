/* SPDX-License-Identifier: MIT */
/* Slow, obvious second answers: UTF-8, frames, and inflation by zlib. Nothing here is from src/. */
#ifndef WEIR_FUZZ_REFERENCE_H
#define WEIR_FUZZ_REFERENCE_H

#include <zlib.h>

#include "fuzz.h"

/* Index of the first byte that cannot stand there (Unicode, table 3-7), len when there is none;
 * whole: cleared when the text ends inside a character. */
size_t reference_utf8(const uint8_t *data, size_t len, int *whole);
/* Valid from begin to end. */
int reference_is_text(const uint8_t *data, size_t len);

/* RFC 6455 7.4 and the registry: codes that may stand in a Close. */
int reference_is_close_code(uint32_t code);

/* One frame as it lies in bytes. */
typedef struct reference_frame {
    int fin;
    int rsv; /* RSV1 is 4 */
    int opcode;
    int masked;
    int shortest;   /* the length has its shortest form and no top bit */
    size_t head;    /* bytes of the head */
    uint64_t len;   /* of the payload, as claimed */
    uint8_t key[4]; /* zeros when not masked */
} reference_frame;

/* 0: the head is not whole. */
int reference_frame_read(const uint8_t *data, size_t len, reference_frame *frame);

struct reference_inflater;

/* What a side of the role sent, from its first frame on, is right in every rule. whole: it is all
 * of it, nothing follows a Close; else it may be cut off, and what follows a Close is nobody's
 * concern. rsv1: compression was agreed; inflater: what messages inflate with, or NULL. Appends
 * messages and control frames to messages, which may be NULL, by reference_log; stops when that has
 * enough bytes. Returns the code of the Close (1005: none in it; 0: no Close). */
int reference_frames_check(const uint8_t *data, size_t len, int role, int whole, int rsv1,
                           struct reference_inflater *inflater, fuzz_bytes *messages,
                           size_t enough);

/* Append a message to a log of them: opcode, length in 4 bytes, payload (of a Close: always with a
 * code). */
void reference_log(fuzz_bytes *log, int type, const void *data, size_t len);

/* ---- Inflation -------------------------------------------------------------------------------*/

/* zlib as a decompressor of permessage-deflate. */
typedef struct reference_inflater {
    z_stream z;
    int bits;
    int takeover;
} reference_inflater;

typedef enum reference_verdict {
    REFERENCE_DONE,   /* a message */
    REFERENCE_FAULT,  /* not deflate */
    REFERENCE_INSIDE, /* it ends inside a block */
    REFERENCE_LONG    /* more than most bytes */
} reference_verdict;

void reference_inflate_open(reference_inflater *inflater, int bits, int takeover);
void reference_inflate_close(reference_inflater *inflater);
/* Append what a payload becomes, as far as most bytes. exact: bytes one by one, so that each
 * distance beyond the window is seen; else only those beyond all that zlib can reach. */
reference_verdict reference_inflate(reference_inflater *inflater, const uint8_t *payload,
                                    size_t len, int exact, size_t most, fuzz_bytes *out);

#endif
