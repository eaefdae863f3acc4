/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3), sixteen blocks side by side in 64-byte vectors. */
#include "../../base/cpu.h"
#include "../chacha.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

#define CHACHA_AVX512_TARGET WEIR__TARGET("avx512f")
#define CHACHA_AVX512_BLOCKS 16u

/* Word i of every block is start[i], but for the block numbers. */
#define CHACHA_AVX512_WORD(i) _mm512_set1_epi32((int)start[i])

#define CHACHA_AVX512_STEP(a, b, d, count)                                                         \
    x[a] = _mm512_add_epi32(x[a], x[b]);                                                           \
    x[d] = _mm512_rol_epi32(_mm512_xor_si512(x[d], x[a]), count);

#define CHACHA_AVX512_QUARTER(a, b, c, d) WEIR__CHACHA_QUARTER(CHACHA_AVX512_STEP, a, b, c, d)

/* Each quarter is of a block of its own, four blocks apart. */
CHACHA_AVX512_TARGET
static inline void chacha_avx512_store(uint8_t *out, __m512i words)
{
    _mm_storeu_si128((__m128i *)(void *)out, _mm512_castsi512_si128(words));
    _mm_storeu_si128((__m128i *)(void *)(out + 256), _mm512_extracti32x4_epi32(words, 1));
    _mm_storeu_si128((__m128i *)(void *)(out + 512), _mm512_extracti32x4_epi32(words, 2));
    _mm_storeu_si128((__m128i *)(void *)(out + 768), _mm512_extracti32x4_epi32(words, 3));
}

/* Four words of all blocks: add what they were at the start, then write those of each block. */
CHACHA_AVX512_TARGET
static inline void chacha_avx512_put(uint8_t *out, const uint32_t *start, __m512i a, __m512i b,
                                     __m512i c, __m512i d)
{
    a = _mm512_add_epi32(a, CHACHA_AVX512_WORD(0));
    b = _mm512_add_epi32(b, CHACHA_AVX512_WORD(1));
    c = _mm512_add_epi32(c, CHACHA_AVX512_WORD(2));
    d = _mm512_add_epi32(d, CHACHA_AVX512_WORD(3));
    const __m512i ab_low = _mm512_unpacklo_epi32(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi32(c, d);
    const __m512i ab_high = _mm512_unpackhi_epi32(a, b);
    const __m512i cd_high = _mm512_unpackhi_epi32(c, d);
    chacha_avx512_store(out, _mm512_unpacklo_epi64(ab_low, cd_low));
    chacha_avx512_store(out + 64, _mm512_unpackhi_epi64(ab_low, cd_low));
    chacha_avx512_store(out + 128, _mm512_unpacklo_epi64(ab_high, cd_high));
    chacha_avx512_store(out + 192, _mm512_unpackhi_epi64(ab_high, cd_high));
}

CHACHA_AVX512_TARGET
static inline void chacha_avx512_blocks(const uint32_t start[16], uint8_t *out)
{
    const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i x[16] = {WEIR__CHACHA_EACH(CHACHA_AVX512_WORD)};
    x[12] = _mm512_add_epi32(x[12], numbers);
    for (int i = 0; i < 10; i++) {
        WEIR__CHACHA_TWO_ROUNDS(CHACHA_AVX512_QUARTER)
    }
    x[12] = _mm512_add_epi32(x[12], numbers);
    chacha_avx512_put(out, start, x[0], x[1], x[2], x[3]);
    chacha_avx512_put(out + 16, start + 4, x[4], x[5], x[6], x[7]);
    chacha_avx512_put(out + 32, start + 8, x[8], x[9], x[10], x[11]);
    chacha_avx512_put(out + 48, start + 12, x[12], x[13], x[14], x[15]);
}

CHACHA_AVX512_TARGET
void weir__chacha20_avx512(const uint32_t state[16], uint32_t *out, size_t count)
{
    uint32_t start[16];
    memcpy(start, state, sizeof start);
    for (; count >= CHACHA_AVX512_BLOCKS; count -= CHACHA_AVX512_BLOCKS) {
        chacha_avx512_blocks(start, (uint8_t *)out);
        start[12] += CHACHA_AVX512_BLOCKS;
        out += (size_t)16 * CHACHA_AVX512_BLOCKS;
    }
    weir__chacha20_avx2(start, out, count);
}

#endif
