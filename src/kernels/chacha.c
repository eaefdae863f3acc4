/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function. */
#include "chacha.h"

#include "../base/bits.h"

/* Blocks side by side: word i of all of them is x[i]. Compilers keep such vectors in the registers
 * of any CPU that has some. */
#if defined(__GNUC__)
#define CHACHA_LANES 4u
typedef uint32_t chacha_word __attribute__((vector_size(4 * CHACHA_LANES)));
#else
#define CHACHA_LANES 1u
typedef uint32_t chacha_word;
#endif

/* What the lanes add to the number of the first block. */
static const uint32_t chacha_numbers[4] = {0, 1, 2, 3};

#define CHACHA_ROTATE(word, count) (word) = (word) << (count) | (word) >> (32 - (count))

#define CHACHA_QUARTER(a, b, c, d)                                                                 \
    a += b;                                                                                        \
    d ^= a;                                                                                        \
    CHACHA_ROTATE(d, 16);                                                                          \
    c += d;                                                                                        \
    b ^= c;                                                                                        \
    CHACHA_ROTATE(b, 12);                                                                          \
    a += b;                                                                                        \
    d ^= a;                                                                                        \
    CHACHA_ROTATE(d, 8);                                                                           \
    c += d;                                                                                        \
    b ^= c;                                                                                        \
    CHACHA_ROTATE(b, 7);

/* RFC 8439 2.3: ten times a round over the columns and one over the diagonals. */
static void chacha_rounds(chacha_word x[16])
{
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
}

/* Blocks of the numbers counter, counter + 1, ... ; the first count of them are wanted. */
static void chacha_blocks(const uint32_t input[16], uint32_t counter, uint8_t *out, size_t count)
{
    uint32_t words[16][CHACHA_LANES];
    chacha_word numbers;
    chacha_word start[16];
    chacha_word x[16];
    memcpy(&numbers, chacha_numbers, sizeof numbers);
    memset(start, 0, sizeof start);
    for (size_t i = 0; i < 16; i++)
        start[i] += input[i];
    start[12] += numbers + counter;
    memcpy(x, start, sizeof x);
    chacha_rounds(x);
    for (size_t i = 0; i < 16; i++)
        x[i] += start[i];
    memcpy(words, x, sizeof words);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < 16; i++)
            weir__bits_store32_little(out + 64 * k + 4 * i, words[i][k]);
}

void weir__chacha20(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t *out,
                    size_t count)
{
    uint32_t input[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574}; /* expand 32-byte k */
    for (size_t i = 0; i < 8; i++)
        input[4 + i] = weir__bits_load32_little(key + 4 * i);
    for (size_t i = 0; i < 3; i++)
        input[13 + i] = weir__bits_load32_little(nonce + 4 * i);
    for (size_t at = 0; at < count; at += CHACHA_LANES) {
        const size_t left = count - at;
        chacha_blocks(input, counter + (uint32_t)at, out + 64 * at,
                      left < CHACHA_LANES ? left : CHACHA_LANES);
    }
}
