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

/* XOR the 64 bytes at src into dst; returns them. */
MASK_AVX512_TARGET
static inline __m512i mask_avx512_step(uint8_t *dst, const uint8_t *src, __m512i key)
{
    const __m512i bytes = mask_avx512_load(src, key);
    mask_avx512_store(dst, bytes);
    return bytes;
}

MASK_AVX512_TARGET
static inline __m512i mask_avx512_key(uint32_t key, size_t phase)
{
    return _mm512_set1_epi32((int)weir__key_rotate(key, phase));
}

/* At least 256 bytes. The first vector and the last four are read first and written last, as in
 * mask.h: what lies between then needs a single loop, whose end is the one branch of it that a CPU
 * may guess wrong. It starts where dst is aligned, because at this width every other store would
 * straddle two cache lines. */
MASK_AVX512_TARGET
static inline uint8_t mask_avx512_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 256;
    const __m512i turned = mask_avx512_key(key, tail);
    const __m512i first = mask_avx512_load(src, mask_avx512_key(key, 0));
    const __m512i a = mask_avx512_load(src + tail, turned);
    const __m512i b = mask_avx512_load(src + tail + 64, turned);
    const __m512i c = mask_avx512_load(src + tail + 128, turned);
    const __m512i d = mask_avx512_load(src + tail + 192, turned);
    __m512i seen = _mm512_or_si512(first, _mm512_or_si512(a, b));
    __m512i more = _mm512_or_si512(c, d);
    size_t at = 64 - ((uintptr_t)dst & 63);
    const __m512i keys = mask_avx512_key(key, at);
    for (; at < tail; at += 256) {
        seen = _mm512_or_si512(seen, mask_avx512_step(dst + at, src + at, keys));
        more = _mm512_or_si512(more, mask_avx512_step(dst + at + 64, src + at + 64, keys));
        seen = _mm512_or_si512(seen, mask_avx512_step(dst + at + 128, src + at + 128, keys));
        more = _mm512_or_si512(more, mask_avx512_step(dst + at + 192, src + at + 192, keys));
    }
    mask_avx512_store(dst, first);
    mask_avx512_store(dst + tail, a);
    mask_avx512_store(dst + tail + 64, b);
    mask_avx512_store(dst + tail + 128, c);
    mask_avx512_store(dst + tail + 192, d);
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
