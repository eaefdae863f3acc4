/* SPDX-License-Identifier: MIT */
/* SHA-1 whose words are mixed four at a time (FIPS 180-4 6.1.2). */
#include "../../base/cpu.h"
#include "../sha1.h"
#include "../variants.h"

#if WEIR__X86

#include <tmmintrin.h>

#define SHA1_SSSE3_ROTATE(words, count)                                                            \
    _mm_or_si128(_mm_slli_epi32(words, count), _mm_srli_epi32(words, 32 - (count)))

/* Four big-endian words. */
WEIR__TARGET("ssse3")
static inline __m128i sha1_ssse3_load(const uint8_t *data)
{
    const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)data), swap);
}

/* Words t to t + 3 are rol1(w[t - 16] ^ w[t - 14] ^ w[t - 8] ^ w[t - 3]), of which the last needs
 * the first: it lacks rol1 of that, which is rol2 of what the first is made of. */
WEIR__TARGET("ssse3")
static inline __m128i sha1_ssse3_mix(__m128i w16, __m128i w12, __m128i w8, __m128i w4)
{
    const __m128i mixed = _mm_xor_si128(_mm_xor_si128(w16, _mm_alignr_epi8(w12, w16, 8)),
                                        _mm_xor_si128(w8, _mm_srli_si128(w4, 4)));
    const __m128i first = _mm_slli_si128(mixed, 12);
    return _mm_xor_si128(SHA1_SSSE3_ROTATE(mixed, 1), SHA1_SSSE3_ROTATE(first, 2));
}

/* The rule put into itself: from word 32 on they are also
 * rol2(w[t - 32] ^ w[t - 28] ^ w[t - 16] ^ w[t - 6]), where none of four needs another. */
WEIR__TARGET("ssse3")
static inline __m128i sha1_ssse3_mix_late(__m128i w32, __m128i w28, __m128i w16, __m128i w8,
                                          __m128i w4)
{
    const __m128i mixed =
        _mm_xor_si128(_mm_xor_si128(w32, w28), _mm_xor_si128(w16, _mm_alignr_epi8(w4, w8, 8)));
    return SHA1_SSSE3_ROTATE(mixed, 2);
}

/* Four words, with the constant of their round added. */
WEIR__TARGET("ssse3")
static inline void sha1_ssse3_put(uint32_t *words, __m128i four, uint32_t k)
{
    const __m128i sum = _mm_add_epi32(four, _mm_set1_epi32((int)k));
    _mm_storeu_si128((__m128i *)(void *)words, sum);
}

/* Unrolled, so that all stay in registers. */
#define SHA1_SSSE3_LATE(t, k, w32, w28, w16, w8, w4)                                               \
    w32 = sha1_ssse3_mix_late(w32, w28, w16, w8, w4);                                              \
    sha1_ssse3_put(words + (t), w32, k);

/* The words of a block's rounds. */
WEIR__TARGET("ssse3")
static inline void sha1_ssse3_words(uint32_t words[80], const uint8_t *block)
{
    const uint32_t k0 = 0x5A827999u, k20 = 0x6ED9EBA1u, k40 = 0x8F1BBCDCu, k60 = 0xCA62C1D6u;
    __m128i a = sha1_ssse3_load(block), b = sha1_ssse3_load(block + 16);
    __m128i c = sha1_ssse3_load(block + 32), d = sha1_ssse3_load(block + 48);
    __m128i e = sha1_ssse3_mix(a, b, c, d), f = sha1_ssse3_mix(b, c, d, e);
    __m128i g = sha1_ssse3_mix(c, d, e, f), h = sha1_ssse3_mix(d, e, f, g);
    sha1_ssse3_put(words, a, k0);
    sha1_ssse3_put(words + 4, b, k0);
    sha1_ssse3_put(words + 8, c, k0);
    sha1_ssse3_put(words + 12, d, k0);
    sha1_ssse3_put(words + 16, e, k0);
    sha1_ssse3_put(words + 20, f, k20);
    sha1_ssse3_put(words + 24, g, k20);
    sha1_ssse3_put(words + 28, h, k20);
    SHA1_SSSE3_LATE(32, k20, a, b, e, g, h)
    SHA1_SSSE3_LATE(36, k20, b, c, f, h, a)
    SHA1_SSSE3_LATE(40, k40, c, d, g, a, b)
    SHA1_SSSE3_LATE(44, k40, d, e, h, b, c)
    SHA1_SSSE3_LATE(48, k40, e, f, a, c, d)
    SHA1_SSSE3_LATE(52, k40, f, g, b, d, e)
    SHA1_SSSE3_LATE(56, k40, g, h, c, e, f)
    SHA1_SSSE3_LATE(60, k60, h, a, d, f, g)
    SHA1_SSSE3_LATE(64, k60, a, b, e, g, h)
    SHA1_SSSE3_LATE(68, k60, b, c, f, h, a)
    SHA1_SSSE3_LATE(72, k60, c, d, g, a, b)
    SHA1_SSSE3_LATE(76, k60, d, e, h, b, c)
}

#define SHA1_SSSE3_WORD(k, t) (words[t])

WEIR__TARGET("ssse3")
void weir__sha1_ssse3(uint32_t state[5], const uint8_t *blocks, size_t count)
{
    for (; count > 0; count--, blocks += 64) {
        uint32_t words[80];
        sha1_ssse3_words(words, blocks);
        WEIR__SHA1_80_ROUNDS(SHA1_SSSE3_WORD)
    }
}

#endif
