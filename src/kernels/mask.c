/* SPDX-License-Identifier: MIT */
/* Masking in plain C, a word at a time (RFC 6455 5.3). */
#include "mask.h"

#include "variants.h"

/* XOR the 8 bytes at src into dst; returns them. */
static inline uint64_t mask_word(uint8_t *dst, const uint8_t *src, uint64_t key)
{
    uint64_t word = weir__bits_load64(src) ^ key;
    weir__bits_store64(dst, word);
    return word;
}

/* At least 16 bytes. Four words a turn reach the limit of one load and one store a cycle, without
 * help of a vectoriser; separate sums keep the turns from waiting for each other. */
static inline uint8_t mask_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 8;
    uint64_t last = weir__bits_load64(src + tail) ^ weir__mask_key64(weir__key_rotate(key, tail));
    uint64_t key64 = weir__mask_key64(key);
    uint64_t seen = last;
    uint64_t more = 0;
    size_t at = 0;
    for (; tail - at >= 32; at += 32) {
        seen |= mask_word(dst + at, src + at, key64);
        more |= mask_word(dst + at + 8, src + at + 8, key64);
        seen |= mask_word(dst + at + 16, src + at + 16, key64);
        more |= mask_word(dst + at + 24, src + at + 24, key64);
    }
    for (; at < tail; at += 8)
        seen |= mask_word(dst + at, src + at, key64);
    weir__bits_store64(dst + tail, last);
    return weir__mask_top_bit(seen | more);
}

uint8_t weir__mask_scalar(uint8_t *data, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(data, data, len, key);
    return mask_long(data, data, len, key);
}

uint8_t weir__mask_copy_scalar(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(dst, src, len, key);
    return mask_long(dst, src, len, key);
}
