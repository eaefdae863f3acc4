/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3), four blocks side by side in 16-byte vectors. */
#include "../../base/cpu.h"
#include "../chacha.h"
#include "../variants.h"

#if WEIR__X86

#include <emmintrin.h>

#define CHACHA_SSE2_BLOCKS 4u

WEIR__TARGET("sse2")
static inline __m128i chacha_sse2_rotate(__m128i words, int count)
{
    return _mm_or_si128(_mm_slli_epi32(words, count), _mm_srli_epi32(words, 32 - count));
}

/* Word i of every block is start[i], but for the block numbers. */
#define CHACHA_SSE2_WORD(i) _mm_set1_epi32((int)start[i])

#define CHACHA_SSE2_STEP(a, b, d, count)                                                           \
    x[a] = _mm_add_epi32(x[a], x[b]);                                                              \
    x[d] = chacha_sse2_rotate(_mm_xor_si128(x[d], x[a]), count);

#define CHACHA_SSE2_QUARTER(a, b, c, d) WEIR__CHACHA_QUARTER(CHACHA_SSE2_STEP, a, b, c, d)

WEIR__TARGET("sse2")
static inline void chacha_sse2_store(uint8_t *out, __m128i words)
{
    _mm_storeu_si128((__m128i *)(void *)out, words);
}

/* Four words of all blocks: add what they were at the start, then write those of each block. */
WEIR__TARGET("sse2")
static inline void chacha_sse2_put(uint8_t *out, const uint32_t *start, __m128i a, __m128i b,
                                   __m128i c, __m128i d)
{
    a = _mm_add_epi32(a, CHACHA_SSE2_WORD(0));
    b = _mm_add_epi32(b, CHACHA_SSE2_WORD(1));
    c = _mm_add_epi32(c, CHACHA_SSE2_WORD(2));
    d = _mm_add_epi32(d, CHACHA_SSE2_WORD(3));
    const __m128i ab_low = _mm_unpacklo_epi32(a, b);
    const __m128i cd_low = _mm_unpacklo_epi32(c, d);
    const __m128i ab_high = _mm_unpackhi_epi32(a, b);
    const __m128i cd_high = _mm_unpackhi_epi32(c, d);
    chacha_sse2_store(out, _mm_unpacklo_epi64(ab_low, cd_low));
    chacha_sse2_store(out + 64, _mm_unpackhi_epi64(ab_low, cd_low));
    chacha_sse2_store(out + 128, _mm_unpacklo_epi64(ab_high, cd_high));
    chacha_sse2_store(out + 192, _mm_unpackhi_epi64(ab_high, cd_high));
}

WEIR__TARGET("sse2")
static inline void chacha_sse2_blocks(const uint32_t start[16], uint8_t *out)
{
    const __m128i numbers = _mm_setr_epi32(0, 1, 2, 3);
    __m128i x[16] = {WEIR__CHACHA_EACH(CHACHA_SSE2_WORD)};
    x[12] = _mm_add_epi32(x[12], numbers);
    for (int i = 0; i < 10; i++) {
        WEIR__CHACHA_TWO_ROUNDS(CHACHA_SSE2_QUARTER)
    }
    x[12] = _mm_add_epi32(x[12], numbers);
    chacha_sse2_put(out, start, x[0], x[1], x[2], x[3]);
    chacha_sse2_put(out + 16, start + 4, x[4], x[5], x[6], x[7]);
    chacha_sse2_put(out + 32, start + 8, x[8], x[9], x[10], x[11]);
    chacha_sse2_put(out + 48, start + 12, x[12], x[13], x[14], x[15]);
}

WEIR__TARGET("sse2")
void weir__chacha20_sse2(const uint32_t state[16], uint32_t *out, size_t count)
{
    uint32_t start[16];
    memcpy(start, state, sizeof start);
    for (; count >= CHACHA_SSE2_BLOCKS; count -= CHACHA_SSE2_BLOCKS) {
        chacha_sse2_blocks(start, (uint8_t *)out);
        start[12] += CHACHA_SSE2_BLOCKS;
        out += (size_t)16 * CHACHA_SSE2_BLOCKS;
    }
    weir__chacha20_scalar(start, out, count);
}

#endif
