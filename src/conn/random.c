/* SPDX-License-Identifier: MIT */
/* Random bytes from a seed: ChaCha20 with fast key erasure, one stream for each use. */
#include "random.h"

#include <string.h>

#include "../kernels/chacha.h"

/* Where a refill writes. */
static uint32_t *random_blocks(weir__random *random)
{
    return (uint32_t *)(void *)random;
}

/* The old key is overwritten: what was drawn cannot be computed again from what is kept. */
void weir__random_refill(weir__random *random, const weir__kernels *kernels)
{
    static const uint8_t nonce[12] = {0};
    weir__chacha20(kernels, (const uint8_t *)random->key, 0, nonce, random_blocks(random),
                   WEIR__RANDOM_BLOCKS);
    random->at = 0;
}

void weir__random_init(weir__random *random, const uint8_t seed[32], uint8_t stream)
{
    const uint8_t nonce[12] = {stream, 'w', 'e', 'i', 'r'};
    weir__chacha20(&weir__kernels_scalar, seed, 0, nonce, random_blocks(random), 1);
    memset(random->bytes, 0, 32); /* the rest of that block */
    random->at = WEIR__RANDOM_BYTES;
}

void weir__random_draw(weir__random *random, const weir__kernels *kernels, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (random->at == WEIR__RANDOM_BYTES)
            weir__random_refill(random, kernels);
        const size_t left = WEIR__RANDOM_BYTES - random->at;
        const size_t take = len < left ? len : left;
        memcpy(out, random->bytes + random->at, take);
        memset(random->bytes + random->at, 0, take);
        random->at += take;
        out += take;
        len -= take;
    }
}
