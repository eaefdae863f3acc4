/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function: its input, and the plain variant. */
#include "chacha.h"

#include "../base/bits.h"
#include "variants.h"

#define CHACHA_STEP(a, b, d, count)                                                                \
    x[a] += x[b];                                                                                  \
    x[d] = weir__bits_rotate_left(x[d] ^ x[a], count);

void weir__chacha20_scalar(const uint32_t state[16], uint8_t *out, size_t count)
{
    for (uint32_t block = 0; block < count; block++, out += 64) {
        uint32_t x[16];
        memcpy(x, state, sizeof x);
        x[12] += block;
        for (int i = 0; i < 10; i++) {
            WEIR__CHACHA_TWO_ROUNDS(CHACHA_STEP)
        }
        x[12] += block;
        for (size_t i = 0; i < 16; i++)
            weir__bits_store32_little(out + 4 * i, x[i] + state[i]);
    }
}

void weir__chacha20(const weir__kernels *kernels, const uint8_t key[32], uint32_t counter,
                    const uint8_t nonce[12], uint8_t *out, size_t count)
{
    /* "expand 32-byte k" */
    uint32_t state[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, [12] = counter};
    for (size_t i = 0; i < 8; i++)
        state[4 + i] = weir__bits_load32_little(key + 4 * i);
    for (size_t i = 0; i < 3; i++)
        state[13 + i] = weir__bits_load32_little(nonce + 4 * i);
    kernels->chacha20(state, out, count);
}
