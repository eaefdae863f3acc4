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
    uint8_t key[32]; /* of the next refill; the one that made bytes is gone */
    uint8_t bytes[WEIR__RANDOM_BYTES];
    size_t at; /* bytes before it were used and wiped */
} weir__random;

/* Streams with different numbers have nothing to do with each other. */
void weir__random_init(weir__random *random, const uint8_t seed[32], uint8_t stream);

/* The variant of kernels does not change what is drawn. */
void weir__random_draw(weir__random *random, const weir__kernels *kernels, uint8_t *out,
                       size_t len);

/* Four bytes, as a masking key wants them. */
static inline uint32_t weir__random_key(weir__random *random, const weir__kernels *kernels)
{
    uint32_t key;
    if (WEIR__RANDOM_BYTES - random->at < sizeof key) {
        weir__random_draw(random, kernels, (uint8_t *)&key, sizeof key);
        return key;
    }
    memcpy(&key, random->bytes + random->at, sizeof key);
    memset(random->bytes + random->at, 0, sizeof key);
    random->at += sizeof key;
    return key;
}

#endif
