/* SPDX-License-Identifier: MIT */
/* Compressed streams that are made to be slow to unpack, and texts to be slow to pack. */
#ifndef WEIR_BENCH_HOSTILE_H
#define WEIR_BENCH_HOSTILE_H

#include <stddef.h>
#include <stdint.h>

#define HOSTILE_BLOCK 512 /* a maker may write so many bytes beyond the end */

/* Bits of a stream, the first one lowest (RFC 1951 3.1.1). */
typedef struct hostile_stream {
    uint8_t *bytes;
    size_t bits;
} hostile_stream;

/* RFC 7692 7.2.1: the start of the empty stored block at the end of a message, whole bytes. */
void hostile_end(hostile_stream *stream);

/* Makes at least len bytes. */
typedef struct hostile_case {
    const char *name;
    void (*make)(hostile_stream *stream, size_t len);
} hostile_case;

typedef struct hostile_text {
    const char *name;
    void (*make)(uint8_t *out, size_t len);
} hostile_text;

extern const hostile_case hostile_streams[];
extern const size_t hostile_stream_count;
extern const hostile_text hostile_texts[];
extern const size_t hostile_text_count;

#endif
