/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3), eight blocks side by side in 32-byte vectors. */
#include "../../base/cpu.h"
#include "../chacha.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

#define CHACHA_AVX2_BLOCKS 8u

/* Whole bytes move in one instruction. */
WEIR__TARGET("avx2")
static inline __m256i chacha_avx2_rotate(__m256i words, int count)
{
    const __m256i by_16 = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    const __m256i by_8 = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
    if (count == 16)
        return _mm256_shuffle_epi8(words, by_16);
    if (count == 8)
        return _mm256_shuffle_epi8(words, by_8);
    return _mm256_or_si256(_mm256_slli_epi32(words, count), _mm256_srli_epi32(words, 32 - count));
}

/* Word i of every block is start[i], but for the block numbers. */
#define CHACHA_AVX2_WORD(i) _mm256_set1_epi32((int)start[i])

#define CHACHA_AVX2_STEP(a, b, d, count)                                                           \
    x[a] = _mm256_add_epi32(x[a], x[b]);                                                           \
    x[d] = chacha_avx2_rotate(_mm256_xor_si256(x[d], x[a]), count);

#define CHACHA_AVX2_QUARTER(a, b, c, d) WEIR__CHACHA_QUARTER(CHACHA_AVX2_STEP, a, b, c, d)

/* Each half is of a block of its own, four blocks apart. */
WEIR__TARGET("avx2")
static inline void chacha_avx2_store(uint8_t *out, __m256i words)
{
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(words));
    _mm_storeu_si128((__m128i *)(void *)(out + 256), _mm256_extracti128_si256(words, 1));
}

/* Four words of all blocks: add what they were at the start, then write those of each block. */
WEIR__TARGET("avx2")
static inline void chacha_avx2_put(uint8_t *out, const uint32_t *start, __m256i a, __m256i b,
                                   __m256i c, __m256i d)
{
    a = _mm256_add_epi32(a, CHACHA_AVX2_WORD(0));
    b = _mm256_add_epi32(b, CHACHA_AVX2_WORD(1));
    c = _mm256_add_epi32(c, CHACHA_AVX2_WORD(2));
    d = _mm256_add_epi32(d, CHACHA_AVX2_WORD(3));
    const __m256i ab_low = _mm256_unpacklo_epi32(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi32(c, d);
    const __m256i ab_high = _mm256_unpackhi_epi32(a, b);
    const __m256i cd_high = _mm256_unpackhi_epi32(c, d);
    chacha_avx2_store(out, _mm256_unpacklo_epi64(ab_low, cd_low));
    chacha_avx2_store(out + 64, _mm256_unpackhi_epi64(ab_low, cd_low));
    chacha_avx2_store(out + 128, _mm256_unpacklo_epi64(ab_high, cd_high));
    chacha_avx2_store(out + 192, _mm256_unpackhi_epi64(ab_high, cd_high));
}

WEIR__TARGET("avx2")
static inline void chacha_avx2_blocks(const uint32_t start[16], uint8_t *out)
{
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i x[16] = {WEIR__CHACHA_EACH(CHACHA_AVX2_WORD)};
    x[12] = _mm256_add_epi32(x[12], numbers);
    for (int i = 0; i < 10; i++) {
        WEIR__CHACHA_TWO_ROUNDS(CHACHA_AVX2_QUARTER)
    }
    x[12] = _mm256_add_epi32(x[12], numbers);
    chacha_avx2_put(out, start, x[0], x[1], x[2], x[3]);
    chacha_avx2_put(out + 16, start + 4, x[4], x[5], x[6], x[7]);
    chacha_avx2_put(out + 32, start + 8, x[8], x[9], x[10], x[11]);
    chacha_avx2_put(out + 48, start + 12, x[12], x[13], x[14], x[15]);
}

WEIR__TARGET("avx2")
void weir__chacha20_avx2(const uint32_t state[16], uint32_t *out, size_t count)
{
    uint32_t start[16];
    memcpy(start, state, sizeof start);
    for (; count >= CHACHA_AVX2_BLOCKS; count -= CHACHA_AVX2_BLOCKS) {
        chacha_avx2_blocks(start, (uint8_t *)out);
        start[12] += CHACHA_AVX2_BLOCKS;
        out += (size_t)16 * CHACHA_AVX2_BLOCKS;
    }
    weir__chacha20_sse2(start, out, count);
}

#endif
