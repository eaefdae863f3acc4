/* SPDX-License-Identifier: MIT */
/* Masking with 32-byte vectors (RFC 6455 5.3). */
#include "../../base/cpu.h"
#include "../mask.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

/* XOR the 32 bytes at src into dst; returns them. */
WEIR__TARGET("avx2")
static inline __m256i mask_avx2_step(uint8_t *dst, const uint8_t *src, __m256i key)
{
    __m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)src), key);
    _mm256_storeu_si256((__m256i *)(void *)dst, bytes);
    return bytes;
}

WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_fold(__m128i seen)
{
    seen = _mm_or_si128(seen, _mm_srli_si128(seen, 8));
    seen = _mm_or_si128(seen, _mm_srli_si128(seen, 4));
    return weir__mask_fold((uint32_t)_mm_cvtsi128_si32(seen));
}

/* 16 to 31 bytes. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_16(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 16;
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)src);
    __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(src + tail));
    first = _mm_xor_si128(first, _mm_set1_epi32((int)key));
    last = _mm_xor_si128(last, _mm_set1_epi32((int)weir__key_rotate(key, tail)));
    _mm_storeu_si128((__m128i *)(void *)dst, first);
    _mm_storeu_si128((__m128i *)(void *)(dst + tail), last);
    return mask_avx2_fold(_mm_or_si128(first, last));
}

/* At least 32 bytes. The tail is read first and written last, as in mask.h. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 32;
    __m256i turned = _mm256_set1_epi32((int)weir__key_rotate(key, tail));
    __m256i last = _mm256_loadu_si256((const __m256i *)(const void *)(src + tail));
    __m256i keys = _mm256_set1_epi32((int)key);
    last = _mm256_xor_si256(last, turned);
    __m256i seen = last;
    __m256i more = last;
    size_t at = 0;
    for (; tail - at >= 128; at += 128) {
        seen = _mm256_or_si256(seen, mask_avx2_step(dst + at, src + at, keys));
        more = _mm256_or_si256(more, mask_avx2_step(dst + at + 32, src + at + 32, keys));
        seen = _mm256_or_si256(seen, mask_avx2_step(dst + at + 64, src + at + 64, keys));
        more = _mm256_or_si256(more, mask_avx2_step(dst + at + 96, src + at + 96, keys));
    }
    for (; at < tail; at += 32)
        seen = _mm256_or_si256(seen, mask_avx2_step(dst + at, src + at, keys));
    _mm256_storeu_si256((__m256i *)(void *)(dst + tail), last);
    seen = _mm256_or_si256(seen, more);
    return mask_avx2_fold(
        _mm_or_si128(_mm256_castsi256_si128(seen), _mm256_extracti128_si256(seen, 1)));
}

WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_any(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(dst, src, len, key);
    if (len < 32)
        return mask_avx2_16(dst, src, len, key);
    return mask_avx2_long(dst, src, len, key);
}

WEIR__TARGET("avx2")
uint8_t weir__mask_avx2(uint8_t *data, size_t len, uint32_t key)
{
    return mask_avx2_any(data, data, len, key);
}

WEIR__TARGET("avx2")
uint8_t weir__mask_copy_avx2(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    return mask_avx2_any(dst, src, len, key);
}

#endif
