/* SPDX-License-Identifier: MIT */
/* Masking with 64-byte vectors (RFC 6455 5.3). */
#include "../../base/cpu.h"
#include "../mask.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

#define MASK_AVX512_TARGET WEIR__TARGET("avx512f,avx512bw,avx512vl")

/* Below this AVX2 is as fast. */
#define MASK_AVX512_LEAST 256u

MASK_AVX512_TARGET
static inline __m512i mask_avx512_load(const uint8_t *data, __m512i key)
{
    return _mm512_xor_si512(_mm512_loadu_si512((const void *)data), key);
}

MASK_AVX512_TARGET
static inline void mask_avx512_store(uint8_t *dst, __m512i bytes)
{
    _mm512_storeu_si512((void *)dst, bytes);
}

MASK_AVX512_TARGET
static inline __m512i mask_avx512_or3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi64(a, b, c, 0xFE);
}

MASK_AVX512_TARGET
static inline __m512i mask_avx512_key(uint32_t key, size_t phase)
{
    return _mm512_set1_epi32((int)weir__key_rotate(key, phase));
}

/* At least 256 bytes. The first vector and the last are read first and written last, as in mask.h.
 * What lies between starts where dst is aligned, because at this width every other store would
 * straddle two cache lines, and some two pages. Four are read before they are written: a load that
 * follows a store to the same place in another page would wait for it. */
MASK_AVX512_TARGET
static inline uint8_t mask_avx512_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 64;
    const __m512i first = mask_avx512_load(src, mask_avx512_key(key, 0));
    const __m512i last = mask_avx512_load(src + tail, mask_avx512_key(key, tail));
    size_t at = 64 - ((uintptr_t)dst & 63);
    const __m512i keys = mask_avx512_key(key, at);
    __m512i seen = first;
    __m512i more = last;
    for (; at + 192 < tail; at += 256) {
        const __m512i a = mask_avx512_load(src + at, keys);
        const __m512i b = mask_avx512_load(src + at + 64, keys);
        const __m512i c = mask_avx512_load(src + at + 128, keys);
        const __m512i d = mask_avx512_load(src + at + 192, keys);
        mask_avx512_store(dst + at, a);
        mask_avx512_store(dst + at + 64, b);
        mask_avx512_store(dst + at + 128, c);
        mask_avx512_store(dst + at + 192, d);
        seen = mask_avx512_or3(seen, a, b);
        more = mask_avx512_or3(more, c, d);
    }
    for (; at < tail; at += 64) {
        const __m512i a = mask_avx512_load(src + at, keys);
        mask_avx512_store(dst + at, a);
        seen = _mm512_or_si512(seen, a);
    }
    mask_avx512_store(dst, first);
    mask_avx512_store(dst + tail, last);
    return _mm512_movepi8_mask(_mm512_or_si512(seen, more)) != 0 ? 0x80 : 0;
}

MASK_AVX512_TARGET
uint8_t weir__mask_avx512(uint8_t *data, size_t len, uint32_t key)
{
    if (len < MASK_AVX512_LEAST)
        return weir__mask_avx2(data, len, key);
    return mask_avx512_long(data, data, len, key);
}

MASK_AVX512_TARGET
uint8_t weir__mask_copy_avx512(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < MASK_AVX512_LEAST)
        return weir__mask_copy_avx2(dst, src, len, key);
    return mask_avx512_long(dst, src, len, key);
}

#endif
