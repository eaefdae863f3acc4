/* SPDX-License-Identifier: MIT */
/* A stream of frames for the benchmarks, every message different. */
#ifndef WEIR_BENCH_WIRE_H
#define WEIR_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

typedef enum wire_kind {
    WIRE_BINARY,
    WIRE_ASCII,
    WIRE_MIXED
} wire_kind;

typedef struct wire {
    uint8_t *bytes; /* masked client frames */
    size_t len;
    size_t messages;
    size_t payload;  /* bytes of all messages */
    uint64_t digest; /* of all messages in order, see wire_digest */
} wire;

/* About total bytes of messages of size bytes each, as a client sends them. */
wire wire_make(wire_kind kind, size_t size, size_t total);
void wire_free(wire *w);

/* Go on with a digest over a message: its bytes and where it ends. */
uint64_t wire_digest(uint64_t digest, const uint8_t *data, size_t len);

/* Fill with text or random bytes. Text is whole characters. */
void wire_fill(wire_kind kind, uint8_t *out, size_t len);

#endif
