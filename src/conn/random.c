/* SPDX-License-Identifier: MIT */
/* Random bytes from a seed: ChaCha20 with fast key erasure, one stream for each use. */
#include "random.h"

#include <string.h>

#include "../kernels/chacha.h"

/* The old key is overwritten: what was drawn cannot be computed again from what is kept. */
static void random_refill(weir__random *random, const weir__kernels *kernels)
{
    const uint8_t nonce[12] = {0};
    weir__chacha20(kernels, random->key, 0, nonce, (uint8_t *)random, WEIR__RANDOM_BLOCKS);
    random->at = 0;
}

void weir__random_init(weir__random *random, const uint8_t seed[32], uint8_t stream)
{
    uint8_t block[64];
    const uint8_t nonce[12] = {stream, 'w', 'e', 'i', 'r'};
    weir__chacha20(&weir__kernels_scalar, seed, 0, nonce, block, 1);
    memcpy(random->key, block, 32);
    random->at = WEIR__RANDOM_BYTES;
}

void weir__random_draw(weir__random *random, const weir__kernels *kernels, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (random->at == WEIR__RANDOM_BYTES)
            random_refill(random, kernels);
        const size_t left = WEIR__RANDOM_BYTES - random->at;
        const size_t take = len < left ? len : left;
        memcpy(out, random->bytes + random->at, take);
        memset(random->bytes + random->at, 0, take);
        random->at += take;
        out += take;
        len -= take;
    }
}
