/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), used for Sec-WebSocket-Accept only. */
#ifndef WEIR_KERNELS_SHA1_H
#define WEIR_KERNELS_SHA1_H

#include "kernels.h"

void weir__sha1(const weir__kernels *kernels, const uint8_t *data, size_t len, uint8_t digest[20]);

/* Digest of two pieces after each other. */
void weir__sha1_pair(const weir__kernels *kernels, const uint8_t *a, size_t a_len, const uint8_t *b,
                     size_t b_len, uint8_t digest[20]);

/* The same for the two pieces of an accept key (RFC 6455 4.2.2 item 5.4), in less time. */
void weir__sha1_accept(const weir__kernels *kernels, const uint8_t key[24], const uint8_t guid[36],
                       uint8_t digest[20]);

/* ---- For the variants ------------------------------------------------------------------------*/

/* FIPS 180-4 4.1.1: choose, parity, majority. A sum joins the halves of the last, which share no
 * bit. */
#define WEIR__SHA1_CHOOSE(b, c, d) (((c ^ d) & b) ^ d)
#define WEIR__SHA1_PARITY(b, c, d) (b ^ c ^ d)
#define WEIR__SHA1_MAJORITY(b, c, d) ((b & c) + ((b ^ c) & d))

/* One round. Only the rotated a waits for the round before, so it is added last. */
#define WEIR__SHA1_ROUND(f, word, a, b, c, d, e)                                                   \
    e += f(b, c, d) + (word);                                                                      \
    e += weir__bits_rotate_left(a, 5);                                                             \
    b = weir__bits_rotate_left(b, 30);

/* The variables change names instead of places, which comes full circle in five rounds. word gives
 * the message's word of a round with the constant k added. */
#define WEIR__SHA1_5_ROUNDS(f, k, word, t)                                                         \
    WEIR__SHA1_ROUND(f, word(k, (t) + 0), a, b, c, d, e)                                           \
    WEIR__SHA1_ROUND(f, word(k, (t) + 1), e, a, b, c, d)                                           \
    WEIR__SHA1_ROUND(f, word(k, (t) + 2), d, e, a, b, c)                                           \
    WEIR__SHA1_ROUND(f, word(k, (t) + 3), c, d, e, a, b)                                           \
    WEIR__SHA1_ROUND(f, word(k, (t) + 4), b, c, d, e, a)

#define WEIR__SHA1_20_ROUNDS(f, k, word, t)                                                        \
    WEIR__SHA1_5_ROUNDS(f, k, word, (t) + 0)                                                       \
    WEIR__SHA1_5_ROUNDS(f, k, word, (t) + 5)                                                       \
    WEIR__SHA1_5_ROUNDS(f, k, word, (t) + 10)                                                      \
    WEIR__SHA1_5_ROUNDS(f, k, word, (t) + 15)

#define WEIR__SHA1_80_ROUNDS(word)                                                                 \
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];                 \
    WEIR__SHA1_20_ROUNDS(WEIR__SHA1_CHOOSE, 0x5A827999u, word, 0)                                  \
    WEIR__SHA1_20_ROUNDS(WEIR__SHA1_PARITY, 0x6ED9EBA1u, word, 20)                                 \
    WEIR__SHA1_20_ROUNDS(WEIR__SHA1_MAJORITY, 0x8F1BBCDCu, word, 40)                               \
    WEIR__SHA1_20_ROUNDS(WEIR__SHA1_PARITY, 0xCA62C1D6u, word, 60)                                 \
    state[0] += a;                                                                                 \
    state[1] += b;                                                                                 \
    state[2] += c;                                                                                 \
    state[3] += d;                                                                                 \
    state[4] += e;

#endif
