/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function: its input, and the plain variant. */
#include "chacha.h"

#include "../base/bits.h"
#include "variants.h"

#define CHACHA_STEP(a, b, d, count)                                                                \
    *(a) += *(b);                                                                                  \
    *(d) = weir__bits_rotate_left(*(d) ^ *(a), count);

/* b, c, d: how far behind a the others are; of 16 addresses a caller would keep too many. */
WEIR__FAST_INLINE void chacha_quarter(uint32_t *a, uint32_t b, uint32_t c, uint32_t d)
{
    WEIR__CHACHA_QUARTER(CHACHA_STEP, a, a + b, a + c, a + d)
}

#define CHACHA_QUARTER(a, b, c, d) chacha_quarter(x + (a), (b) - (a), (c) - (a), (d) - (a));

/* A block is made where it belongs. */
void weir__chacha20_scalar(const uint32_t state[16], uint32_t *out, size_t count)
{
    for (uint32_t block = 0; block < count; block++, out += 16) {
        uint32_t *const x = out;
        memcpy(x, state, 64);
        x[12] += block;
        for (int i = 0; i < 10; i++) {
            WEIR__CHACHA_TWO_ROUNDS(CHACHA_QUARTER)
        }
        x[12] += block;
        for (size_t i = 0; i < 16; i++)
            weir__bits_store32_little((uint8_t *)(x + i), x[i] + state[i]);
    }
}

void weir__chacha20(const weir__kernels *kernels, const uint8_t key[32], uint32_t counter,
                    const uint8_t nonce[12], uint32_t *out, size_t count)
{
    /* "expand 32-byte k" */
    uint32_t state[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, [12] = counter};
    for (size_t i = 0; i < 8; i++)
        state[4 + i] = weir__bits_load32_little(key + 4 * i);
    for (size_t i = 0; i < 3; i++)
        state[13 + i] = weir__bits_load32_little(nonce + 4 * i);
    kernels->chacha20(state, out, count);
}
