/* SPDX-License-Identifier: MIT */
/* Masking of short runs, shared by the scalar and the vector variants (RFC 6455 5.3). */
#ifndef WEIR_KERNELS_MASK_H
#define WEIR_KERNELS_MASK_H

#include "kernels.h"

/* All functions here work from src to dst, which are the same or do not overlap. A run's last word
 * overlaps the one before it instead of leaving single bytes; it is read before anything is
 * written, so that it is masked once. */

/* The OR of a word's bytes. */
static inline uint8_t weir__mask_fold(uint64_t seen)
{
    seen |= seen >> 32;
    seen |= seen >> 16;
    return (uint8_t)(seen | seen >> 8);
}

static inline uint64_t weir__mask_key64(uint32_t key)
{
    return (uint64_t)key << 32 | key;
}

/* 0 to 3 bytes. */
static inline uint8_t weir__mask_bytes(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    uint8_t seen = 0;
    uint8_t bytes[4];
    memcpy(bytes, &key, sizeof bytes);
    for (size_t i = 0; i < len; i++) {
        dst[i] = src[i] ^ bytes[i];
        seen |= dst[i];
    }
    return seen;
}

/* 4 to 7 bytes. */
static inline uint8_t weir__mask_4(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 4;
    uint32_t last = weir__bits_load32(src + tail) ^ weir__key_rotate(key, tail);
    uint32_t first = weir__bits_load32(src) ^ key;
    weir__bits_store32(dst, first);
    weir__bits_store32(dst + tail, last);
    return weir__mask_fold(first | last);
}

/* 8 to 15 bytes. */
static inline uint8_t weir__mask_8(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 8;
    uint64_t last = weir__bits_load64(src + tail) ^ weir__mask_key64(weir__key_rotate(key, tail));
    uint64_t first = weir__bits_load64(src) ^ weir__mask_key64(key);
    weir__bits_store64(dst, first);
    weir__bits_store64(dst + tail, last);
    return weir__mask_fold(first | last);
}

/* 0 to 15 bytes. */
static inline uint8_t weir__mask_short(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len >= 8)
        return weir__mask_8(dst, src, len, key);
    if (len >= 4)
        return weir__mask_4(dst, src, len, key);
    return weir__mask_bytes(dst, src, len, key);
}

#endif
