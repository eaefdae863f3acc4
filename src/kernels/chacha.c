/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function. */
#include "chacha.h"

#include "../base/bits.h"

#define CHACHA_QUARTER(a, b, c, d)                                                                 \
    a += b;                                                                                        \
    d = weir__bits_rotate_left(d ^ a, 16);                                                         \
    c += d;                                                                                        \
    b = weir__bits_rotate_left(b ^ c, 12);                                                         \
    a += b;                                                                                        \
    d = weir__bits_rotate_left(d ^ a, 8);                                                          \
    c += d;                                                                                        \
    b = weir__bits_rotate_left(b ^ c, 7);

/* RFC 8439 2.3: ten times a round over the columns and one over the diagonals. */
static void chacha_block(const uint32_t input[16], uint8_t out[64])
{
    uint32_t x[16];
    memcpy(x, input, sizeof x);
    for (int i = 0; i < 10; i++) {
        CHACHA_QUARTER(x[0], x[4], x[8], x[12])
        CHACHA_QUARTER(x[1], x[5], x[9], x[13])
        CHACHA_QUARTER(x[2], x[6], x[10], x[14])
        CHACHA_QUARTER(x[3], x[7], x[11], x[15])
        CHACHA_QUARTER(x[0], x[5], x[10], x[15])
        CHACHA_QUARTER(x[1], x[6], x[11], x[12])
        CHACHA_QUARTER(x[2], x[7], x[8], x[13])
        CHACHA_QUARTER(x[3], x[4], x[9], x[14])
    }
    for (size_t i = 0; i < 16; i++)
        weir__bits_store32_little(out + 4 * i, x[i] + input[i]);
}

void weir__chacha20(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t *out,
                    size_t count)
{
    uint32_t input[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574}; /* expand 32-byte k */
    for (size_t i = 0; i < 8; i++)
        input[4 + i] = weir__bits_load32_little(key + 4 * i);
    for (size_t i = 0; i < 3; i++)
        input[13 + i] = weir__bits_load32_little(nonce + 4 * i);
    for (size_t i = 0; i < count; i++) {
        input[12] = counter + (uint32_t)i;
        chacha_block(input, out + 64 * i);
    }
}
