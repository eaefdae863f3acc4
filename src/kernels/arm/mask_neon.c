/* SPDX-License-Identifier: MIT */
/* Masking with the 16-byte vectors of AArch64 (RFC 6455 5.3). */
#include "../../base/cpu.h"
#include "../mask.h"
#include "../variants.h"

#if WEIR__NEON

#include <arm_neon.h>

/* XOR the 16 bytes at src into dst; returns them. */
static inline uint8x16_t mask_neon_step(uint8_t *dst, const uint8_t *src, uint8x16_t key)
{
    uint8x16_t bytes = veorq_u8(vld1q_u8(src), key);
    vst1q_u8(dst, bytes);
    return bytes;
}

static inline uint8x16_t mask_neon_key(uint32_t key)
{
    return vreinterpretq_u8_u32(vdupq_n_u32(key));
}

static inline uint8_t mask_neon_fold(uint8x16_t seen)
{
    uint8x8_t half = vorr_u8(vget_low_u8(seen), vget_high_u8(seen));
    return weir__mask_top_bit(vget_lane_u64(vreinterpret_u64_u8(half), 0));
}

/* At least 16 bytes. The tail is read first and written last, as in mask.h. */
static inline uint8_t mask_neon_long(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    size_t tail = len - 16;
    uint8x16_t last = veorq_u8(vld1q_u8(src + tail), mask_neon_key(weir__key_rotate(key, tail)));
    uint8x16_t keys = mask_neon_key(key);
    uint8x16_t seen = last;
    uint8x16_t more = last;
    size_t at = 0;
    for (; tail - at >= 64; at += 64) {
        seen = vorrq_u8(seen, mask_neon_step(dst + at, src + at, keys));
        more = vorrq_u8(more, mask_neon_step(dst + at + 16, src + at + 16, keys));
        seen = vorrq_u8(seen, mask_neon_step(dst + at + 32, src + at + 32, keys));
        more = vorrq_u8(more, mask_neon_step(dst + at + 48, src + at + 48, keys));
    }
    for (; at < tail; at += 16)
        seen = vorrq_u8(seen, mask_neon_step(dst + at, src + at, keys));
    vst1q_u8(dst + tail, last);
    return mask_neon_fold(vorrq_u8(seen, more));
}

uint8_t weir__mask_neon(uint8_t *data, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(data, data, len, key);
    return mask_neon_long(data, data, len, key);
}

uint8_t weir__mask_copy_neon(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key)
{
    if (len < 16)
        return weir__mask_short(dst, src, len, key);
    return mask_neon_long(dst, src, len, key);
}

#endif
