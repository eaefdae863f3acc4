/* SPDX-License-Identifier: MIT */
/* Masking with 32-byte vectors (RFC 6455 5.3). */
#include "../../base/cpu.h"
#include "../mask.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

WEIR__TARGET("avx2")
static inline __m256i mask_avx2_key(uint32_t key, size_t phase)
{
    return _mm256_set1_epi32((int)weir__key_rotate(key, phase));
}

WEIR__TARGET("avx2")
static inline __m256i mask_avx2_load(const uint8_t *src, __m256i key)
{
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)src), key);
}

WEIR__TARGET("avx2")
static inline void mask_avx2_store(uint8_t *dst, __m256i bytes)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, bytes);
}

/* XOR the 32 bytes at src into dst; returns them. */
WEIR__TARGET("avx2")
static inline __m256i mask_avx2_step(uint8_t *dst, const uint8_t *src, __m256i key)
{
    const __m256i bytes = mask_avx2_load(src, key);
    mask_avx2_store(dst, bytes);
    return bytes;
}

WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_top_bit(__m256i seen)
{
    return _mm256_movemask_epi8(seen) != 0 ? 0x80 : 0;
}

/* 16 to 32 bytes. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_16(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 16;
    __m128i first = _mm_loadu_si128((const __m128i *)(const void *)src);
    __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(src + tail));
    first = _mm_xor_si128(first, _mm_set1_epi32((int)key));
    last = _mm_xor_si128(last, _mm_set1_epi32((int)weir__key_rotate(key, tail)));
    _mm_storeu_si128((__m128i *)(void *)dst, first);
    _mm_storeu_si128((__m128i *)(void *)(dst + tail), last);
    return _mm_movemask_epi8(_mm_or_si128(first, last)) != 0 ? 0x80 : 0;
}

/* 32 to 64 bytes. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_32(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 32;
    const __m256i first = mask_avx2_load(src, mask_avx2_key(key, 0));
    const __m256i last = mask_avx2_load(src + tail, mask_avx2_key(key, tail));
    mask_avx2_store(dst, first);
    mask_avx2_store(dst + tail, last);
    return mask_avx2_top_bit(_mm256_or_si256(first, last));
}

/* 64 to 128 bytes: as two runs, all of which is read before anything is written. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_64(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 64;
    const __m256i keys = mask_avx2_key(key, 0);
    const __m256i turned = mask_avx2_key(key, tail);
    const __m256i a = mask_avx2_load(src, keys);
    const __m256i b = mask_avx2_load(src + 32, keys);
    const __m256i c = mask_avx2_load(src + tail, turned);
    const __m256i d = mask_avx2_load(src + tail + 32, turned);
    mask_avx2_store(dst, a);
    mask_avx2_store(dst + 32, b);
    mask_avx2_store(dst + tail, c);
    mask_avx2_store(dst + tail + 32, d);
    return mask_avx2_top_bit(_mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d)));
}

/* At least 128 bytes. The first vector and the last four are read first and written last, as in
 * mask.h: what lies between then needs a single loop, whose end is the one branch of it that a CPU
 * may guess wrong. It starts where dst is aligned, so that no store straddles two cache lines. */
WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    const size_t tail = len - 128;
    const __m256i turned = mask_avx2_key(key, tail);
    const __m256i first = mask_avx2_load(src, mask_avx2_key(key, 0));
    const __m256i a = mask_avx2_load(src + tail, turned);
    const __m256i b = mask_avx2_load(src + tail + 32, turned);
    const __m256i c = mask_avx2_load(src + tail + 64, turned);
    const __m256i d = mask_avx2_load(src + tail + 96, turned);
    __m256i seen = _mm256_or_si256(first, _mm256_or_si256(a, b));
    __m256i more = _mm256_or_si256(c, d);
    size_t at = 32 - ((uintptr_t)dst & 31);
    const __m256i keys = mask_avx2_key(key, at);
    for (; at < tail; at += 128) {
        seen = _mm256_or_si256(seen, mask_avx2_step(dst + at, src + at, keys));
        more = _mm256_or_si256(more, mask_avx2_step(dst + at + 32, src + at + 32, keys));
        seen = _mm256_or_si256(seen, mask_avx2_step(dst + at + 64, src + at + 64, keys));
        more = _mm256_or_si256(more, mask_avx2_step(dst + at + 96, src + at + 96, keys));
    }
    mask_avx2_store(dst, first);
    mask_avx2_store(dst + tail, a);
    mask_avx2_store(dst + tail + 32, b);
    mask_avx2_store(dst + tail + 64, c);
    mask_avx2_store(dst + tail + 96, d);
    return mask_avx2_top_bit(_mm256_or_si256(seen, more));
}

WEIR__TARGET("avx2")
static inline uint8_t mask_avx2_any(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(dst, src, len, key);
    if (len <= 32)
        return mask_avx2_16(dst, src, len, key);
    if (len <= 64)
        return mask_avx2_32(dst, src, len, key);
    if (len <= 128)
        return mask_avx2_64(dst, src, len, key);
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
