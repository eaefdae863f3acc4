/* SPDX-License-Identifier: MIT */
/* Masking with 16-byte vectors (RFC 6455 5.3). */
#include "../../base/cpu.h"
#include "../mask.h"
#include "../variants.h"

#if WEIR__X86

#include <emmintrin.h>

/* XOR the 16 bytes at src into dst; returns them. */
WEIR__TARGET("sse2")
static inline __m128i mask_sse2_step(uint8_t *dst, const uint8_t *src, __m128i key)
{
    __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)src), key);
    _mm_storeu_si128((__m128i *)(void *)dst, bytes);
    return bytes;
}

/* At least 16 bytes. The tail is read first and written last, as in mask.h. */
WEIR__TARGET("sse2")
static inline uint8_t mask_sse2_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 16;
    __m128i turned = _mm_set1_epi32((int)weir__key_rotate(key, tail));
    __m128i last = _mm_loadu_si128((const __m128i *)(const void *)(src + tail));
    __m128i keys = _mm_set1_epi32((int)key);
    last = _mm_xor_si128(last, turned);
    __m128i seen = last;
    __m128i more = last;
    size_t at = 0;
    for (; tail - at >= 64; at += 64) {
        seen = _mm_or_si128(seen, mask_sse2_step(dst + at, src + at, keys));
        more = _mm_or_si128(more, mask_sse2_step(dst + at + 16, src + at + 16, keys));
        seen = _mm_or_si128(seen, mask_sse2_step(dst + at + 32, src + at + 32, keys));
        more = _mm_or_si128(more, mask_sse2_step(dst + at + 48, src + at + 48, keys));
    }
    for (; at < tail; at += 16)
        seen = _mm_or_si128(seen, mask_sse2_step(dst + at, src + at, keys));
    _mm_storeu_si128((__m128i *)(void *)(dst + tail), last);
    return _mm_movemask_epi8(_mm_or_si128(seen, more)) != 0 ? 0x80 : 0;
}

WEIR__TARGET("sse2")
uint8_t weir__mask_sse2(uint8_t *data, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(data, data, len, key);
    return mask_sse2_long(data, data, len, key);
}

WEIR__TARGET("sse2")
uint8_t weir__mask_copy_sse2(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(dst, src, len, key);
    return mask_sse2_long(dst, src, len, key);
}

#endif
