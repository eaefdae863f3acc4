/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function, and what its variants share. */
#ifndef WEIR_KERNELS_CHACHA_H
#define WEIR_KERNELS_CHACHA_H

#include "kernels.h"

/* Key stream of count blocks of 64 bytes, from block number counter on. The key and the nonce may
 * lie in out, which is of words so that a block can be made in place. */
void weir__chacha20(const weir__kernels *kernels, const uint8_t key[32], uint32_t counter,
                    const uint8_t nonce[12], uint32_t *out, size_t count);

/* ---- For the variants: words, or vectors of that word of several blocks, are x[0] to x[15] --- */

/* STEP(a, b, d, count) is x[a] += x[b], then x[d] = (x[d] ^ x[a]) rotated left. */
#define WEIR__CHACHA_QUARTER(STEP, a, b, c, d)                                                     \
    STEP(a, b, d, 16)                                                                              \
    STEP(c, d, b, 12)                                                                              \
    STEP(a, b, d, 8)                                                                               \
    STEP(c, d, b, 7)

/* A round over the columns and one over the diagonals, of QUARTER(a, b, c, d) each; ten of these
 * make a block. */
#define WEIR__CHACHA_TWO_ROUNDS(QUARTER)                                                           \
    QUARTER(0, 4, 8, 12)                                                                           \
    QUARTER(1, 5, 9, 13)                                                                           \
    QUARTER(2, 6, 10, 14)                                                                          \
    QUARTER(3, 7, 11, 15)                                                                          \
    QUARTER(0, 5, 10, 15)                                                                          \
    QUARTER(1, 6, 11, 12)                                                                          \
    QUARTER(2, 7, 8, 13)                                                                           \
    QUARTER(3, 4, 9, 14)

/* Each word in a vector of its own: listed and not looped over, so that compilers keep all of them
 * in registers. */
#define WEIR__CHACHA_EACH(WORD)                                                                    \
    WORD(0), WORD(1), WORD(2), WORD(3), WORD(4), WORD(5), WORD(6), WORD(7), WORD(8), WORD(9),      \
        WORD(10), WORD(11), WORD(12), WORD(13), WORD(14), WORD(15)

#endif
