/* SPDX-License-Identifier: MIT */
/* SHA-1 with the SHA instructions (FIPS 180-4 6.1.2). */
#include "../../base/cpu.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

/* Four rounds an instruction; in every vector of four words the first stands in the top lane. What
 * the e of the next four rounds will be is the a of four rounds before, rotated: sha1nexte does
 * that and adds the words. f chooses function and constant. */
#define SHA1_SHA_ROUNDS(f, words)                                                                  \
    e = _mm_sha1nexte_epu32(before, words);                                                        \
    before = abcd;                                                                                 \
    abcd = _mm_sha1rnds4_epu32(abcd, e, f);

/* And the four words that come 16 later take the place of these: w[t] is
 * rol1(w[t - 16] ^ w[t - 14] ^ w[t - 8] ^ w[t - 3]), of which sha1msg1 does the first XOR and
 * sha1msg2 the last and the rotation. */
#define SHA1_SHA_ROUNDS_MIX(f, w0, w1, w2, w3)                                                     \
    SHA1_SHA_ROUNDS(f, w0)                                                                         \
    w0 = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(w0, w1), w2), w3);

/* Four big-endian words, the first into the top lane: all 16 bytes in reverse. */
WEIR__TARGET("sha,sse4.1")
static inline __m128i sha1_sha_load(const uint8_t *data)
{
    const __m128i reverse = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)data), reverse);
}

WEIR__TARGET("sha,sse4.1")
void weir__sha1_sha(uint32_t state[5], const uint8_t *blocks, size_t count)
{
    __m128i abcd = _mm_loadu_si128((const __m128i *)(const void *)state);
    abcd = _mm_shuffle_epi32(abcd, 0x1B);
    __m128i e = _mm_set_epi32((int)state[4], 0, 0, 0);
    for (; count > 0; count--, blocks += 64) {
        const __m128i abcd_start = abcd;
        const __m128i e_start = e;
        __m128i w0 = sha1_sha_load(blocks);
        __m128i w1 = sha1_sha_load(blocks + 16);
        __m128i w2 = sha1_sha_load(blocks + 32);
        __m128i w3 = sha1_sha_load(blocks + 48);
        /* sha1nexte rotates by 30 what is here rotated by 2. */
        __m128i before = _mm_or_si128(_mm_slli_epi32(e, 2), _mm_srli_epi32(e, 30));
        SHA1_SHA_ROUNDS_MIX(0, w0, w1, w2, w3)
        SHA1_SHA_ROUNDS_MIX(0, w1, w2, w3, w0)
        SHA1_SHA_ROUNDS_MIX(0, w2, w3, w0, w1)
        SHA1_SHA_ROUNDS_MIX(0, w3, w0, w1, w2)
        SHA1_SHA_ROUNDS_MIX(0, w0, w1, w2, w3)
        SHA1_SHA_ROUNDS_MIX(1, w1, w2, w3, w0)
        SHA1_SHA_ROUNDS_MIX(1, w2, w3, w0, w1)
        SHA1_SHA_ROUNDS_MIX(1, w3, w0, w1, w2)
        SHA1_SHA_ROUNDS_MIX(1, w0, w1, w2, w3)
        SHA1_SHA_ROUNDS_MIX(1, w1, w2, w3, w0)
        SHA1_SHA_ROUNDS_MIX(2, w2, w3, w0, w1)
        SHA1_SHA_ROUNDS_MIX(2, w3, w0, w1, w2)
        SHA1_SHA_ROUNDS_MIX(2, w0, w1, w2, w3)
        SHA1_SHA_ROUNDS_MIX(2, w1, w2, w3, w0)
        SHA1_SHA_ROUNDS_MIX(2, w2, w3, w0, w1)
        SHA1_SHA_ROUNDS_MIX(3, w3, w0, w1, w2)
        SHA1_SHA_ROUNDS(3, w0)
        SHA1_SHA_ROUNDS(3, w1)
        SHA1_SHA_ROUNDS(3, w2)
        SHA1_SHA_ROUNDS(3, w3)
        abcd = _mm_add_epi32(abcd, abcd_start);
        e = _mm_sha1nexte_epu32(before, e_start);
    }
    abcd = _mm_shuffle_epi32(abcd, 0x1B);
    _mm_storeu_si128((__m128i *)(void *)state, abcd);
    state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}

#endif
