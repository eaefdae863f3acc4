/* SPDX-License-Identifier: MIT */
/* Masking of short runs, shared by the scalar and the vector variants (RFC 6455 5.3). */
#ifndef WEIR_KERNELS_MASK_H
#define WEIR_KERNELS_MASK_H

#include "kernels.h"

/* All functions here work from src to dst, which are the same or do not overlap. A run's last word
 * overlaps the one before it instead of leaving single bytes; it is read before anything is
 * written, so that it is masked once. */

/* A variant's result of the OR of what it produced. */
static inline uint8_t weir__mask_top_bit(uint64_t seen)
{
    return (seen & 0x8080808080808080u) != 0 ? 0x80 : 0;
}

static inline uint64_t weir__mask_key64(uint32_t key)
{
    return (uint64_t)key << 32 | key;
}

/* 1 to 3 bytes: the first, the middle and the last, which may be the same. */
static inline uint8_t weir__mask_1(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    uint8_t bytes[4];
    memcpy(bytes, &key, sizeof bytes);
    const size_t middle = len / 2;
    const size_t tail = len - 1;
    const uint8_t a = src[0] ^ bytes[0];
    const uint8_t b = src[middle] ^ bytes[middle];
    const uint8_t c = src[tail] ^ bytes[tail];
    dst[0] = a;
    dst[middle] = b;
    dst[tail] = c;
    return (a | b | c) & 0x80;
}

/* 4 to 7 bytes. */
static inline uint8_t weir__mask_4(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 4;
    uint32_t last = weir__bits_load32(src + tail) ^ weir__key_rotate(key, tail);
    uint32_t first = weir__bits_load32(src) ^ key;
    weir__bits_store32(dst, first);
    weir__bits_store32(dst + tail, last);
    return weir__mask_top_bit(first | last);
}

/* 8 to 15 bytes. */
WEIR__FAST_INLINE uint8_t weir__mask_8(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 8;
    uint64_t last = weir__bits_load64(src + tail) ^ weir__mask_key64(weir__key_rotate(key, tail));
    uint64_t first = weir__bits_load64(src) ^ weir__mask_key64(key);
    weir__bits_store64(dst, first);
    weir__bits_store64(dst + tail, last);
    return weir__mask_top_bit(first | last);
}

/* 0 to 15 bytes, for the variants and for callers that spare themselves a call through a table. */
static inline uint8_t weir__mask_short(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len >= 8)
        return weir__mask_8(dst, src, len, key);
    if (len >= 4)
        return weir__mask_4(dst, src, len, key);
    return len > 0 ? weir__mask_1(dst, src, len, key) : 0;
}

#endif
