/* SPDX-License-Identifier: MIT */
/* Random bytes from a seed: ChaCha20 with fast key erasure, one stream for each use. */
#ifndef WEIR_CONN_RANDOM_H
#define WEIR_CONN_RANDOM_H

#include "../kernels/kernels.h"

/* As many as the widest variant makes side by side. */
#define WEIR__RANDOM_BLOCKS 16u
#define WEIR__RANDOM_BYTES (WEIR__RANDOM_BLOCKS * 64u - 32u)

typedef struct weir__random {
    /* A refill writes these two as one. */
    uint32_t key[8]; /* of the next refill; the one that made bytes is gone */
    uint8_t bytes[WEIR__RANDOM_BYTES];
    size_t at; /* bytes before it were used and wiped */
} weir__random;

/* Streams with different numbers have nothing to do with each other. */
void weir__random_init(weir__random *random, const uint8_t seed[32], uint8_t stream);

/* Make all bytes anew. The variant of kernels does not change them. */
void weir__random_refill(weir__random *random, const weir__kernels *kernels);

void weir__random_draw(weir__random *random, const weir__kernels *kernels, uint8_t *out,
                       size_t len);

/* Whether a masking key, four bytes, is there at once. */
static inline bool weir__random_has_key(const weir__random *random)
{
    return random->at <= WEIR__RANDOM_BYTES - sizeof(uint32_t);
}

/* A key that is there. */
static inline uint32_t weir__random_next_key(weir__random *random)
{
    uint32_t key;
    memcpy(&key, random->bytes + random->at, sizeof key);
    memset(random->bytes + random->at, 0, sizeof key);
    random->at += sizeof key;
    return key;
}

/* Of a stream that only keys are drawn from: a refill is a whole number of them. */
static inline uint32_t weir__random_key(weir__random *random, const weir__kernels *kernels)
{
    if (!weir__random_has_key(random))
        weir__random_refill(random, kernels);
    return weir__random_next_key(random);
}

#endif
