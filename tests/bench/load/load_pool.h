/* SPDX-License-Identifier: MIT */
/* The messages of the load client, every one different, and their frames one behind the other. */
#ifndef WEIR_LOAD_POOL_H
#define WEIR_LOAD_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum load_kind {
    LOAD_ASCII,
    LOAD_MIXED, /* words of many scripts, fewer than half of them ASCII */
    LOAD_BINARY
} load_kind;

typedef struct load_pool {
    size_t count;
    size_t size;       /* bytes of a message */
    uint8_t *messages; /* [count * size] */
    uint8_t *frames;   /* count masked frames, and the first `spare` again */
    size_t *starts;    /* [count + spare + 1] where each begins in frames */
} load_pool;

/* With deflate each message is compressed for itself, so that it fits any place in a stream. */
load_pool load_pool_make(load_kind kind, size_t size, size_t spare, bool deflate);

bool load_parse_kind(const char *name, load_kind *kind);
uint64_t load_random(void);

static inline const uint8_t *load_message(const load_pool *pool, size_t index)
{
    return pool->messages + index * pool->size;
}

static inline const uint8_t *load_frame(const load_pool *pool, size_t index)
{
    return pool->frames + pool->starts[index];
}

#endif
