/* SPDX-License-Identifier: MIT */
/* Messages for the benchmarks, every one different, and the frames in which a client sends them. */
#ifndef WEIR_BENCH_WIRE_H
#define WEIR_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wire_kind {
    WIRE_BINARY,
    WIRE_ASCII, /* like JSON */
    WIRE_MIXED  /* words: 42 % ASCII, 20 % Cyrillic, 24 % CJK, 8 % accented Latin, 6 % emoji */
} wire_kind;

/* A size of messages: of 1 to 8191 bytes, small ones as often as large ones (log-uniform). */
#define WIRE_MIX 0

typedef struct wire {
    wire_kind kind;
    uint8_t *bytes; /* masked client frames, a random key each */
    size_t len;
    uint8_t *plain;  /* the messages in a row */
    uint32_t *sizes; /* [messages] */
    size_t messages;
    size_t payload; /* bytes of all messages */
    size_t longest;
} wire;

typedef struct wire_size {
    const char *name;
    size_t bytes; /* or WIRE_MIX */
} wire_size;

/* The sizes of messages that are measured. */
#define WIRE_SIZES 6
extern const wire_size wire_sizes[WIRE_SIZES];
extern const char *const wire_kinds[3]; /* names */

/* About total bytes of messages of size bytes each, at least one. */
wire wire_make(wire_kind kind, size_t size, size_t total);
void wire_free(wire *w);

/* Fill with text or random bytes. Text is whole characters. */
void wire_fill(wire_kind kind, uint8_t *out, size_t len);

#ifdef __cplusplus
}
#endif

#endif
