/* SPDX-License-Identifier: MIT */
/* HTTP fields with the 16-byte vectors of AArch64 (RFC 9110 5.1, 5.5). */
#include "../../base/cpu.h"
#include "../field.h"
#include "../variants.h"

#if WEIR__NEON

#include <arm_neon.h>

#define FIELD_NEON_BLOCK 16u

/* Each of the upper half bytes 2 to 7 has a bit; the lower half byte says with which of them it is
 * of a token. */
static const uint8_t field_neon_lower[16] = {0xE8, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC,
                                             0xF8, 0xF8, 0xF4, 0x54, 0xD0, 0x54, 0xF4, 0x70};
static const uint8_t field_neon_upper[16] = {0, 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7};

/* Four bits for each byte of marks, which are all ones or zeros. */
static inline uint64_t field_neon_mask(uint8x16_t marks)
{
    const uint8x8_t halves = vshrn_n_u16(vreinterpretq_u16_u8(marks), 4);
    return vget_lane_u64(vreinterpret_u64_u8(halves), 0);
}

/* Marks the bytes that no token may hold. */
static inline uint64_t field_neon_not_token(uint8x16_t bytes)
{
    const uint8x16_t lower =
        vqtbl1q_u8(vld1q_u8(field_neon_lower), vandq_u8(bytes, vdupq_n_u8(0x0F)));
    const uint8x16_t upper = vqtbl1q_u8(vld1q_u8(field_neon_upper), vshrq_n_u8(bytes, 4));
    return field_neon_mask(vceqq_u8(vandq_u8(lower, upper), vdupq_n_u8(0)));
}

/* Marks the bytes that no value may hold: controls but HTAB. */
static inline uint64_t field_neon_not_text(uint8x16_t bytes)
{
    const uint8x16_t low = vcltq_u8(bytes, vdupq_n_u8(0x20));
    const uint8x16_t tab = vceqq_u8(bytes, vdupq_n_u8('\t'));
    const uint8x16_t del = vceqq_u8(bytes, vdupq_n_u8(0x7F));
    return field_neon_mask(vorrq_u8(vbicq_u8(low, tab), del));
}

/* at: not known. */
static inline size_t field_neon_name_end(const uint8_t *bytes, size_t at, size_t end)
{
    for (size_t from = at; end - from >= FIELD_NEON_BLOCK; from += FIELD_NEON_BLOCK) {
        const uint64_t marks = field_neon_not_token(vld1q_u8(bytes + from));
        if (marks != 0)
            return from + weir__bits_lowest64(marks) / 4;
    }
    return at;
}

/* At least a block stands before the end. */
static inline size_t field_neon_value_end(const uint8_t *bytes, size_t at, size_t end)
{
    for (; end - at >= FIELD_NEON_BLOCK; at += FIELD_NEON_BLOCK) {
        const uint64_t marks = field_neon_not_text(vld1q_u8(bytes + at));
        if (marks != 0)
            return at + weir__bits_lowest64(marks) / 4;
    }
    if (at == end)
        return end;
    /* Of the last block the marks before at are dropped. */
    const size_t last = end - FIELD_NEON_BLOCK;
    const uint64_t marks = field_neon_not_text(vld1q_u8(bytes + last)) >> (at - last) * 4;
    return marks != 0 ? at + weir__bits_lowest64(marks) / 4 : end;
}

static inline size_t field_neon_end(const uint8_t *bytes, size_t at, size_t end, size_t *colon)
{
    const size_t name_end = field_neon_name_end(bytes, at, end);
    *colon = name_end;
    if (name_end == at || bytes[name_end] != ':')
        return name_end;
    return field_neon_value_end(bytes, name_end + 1, end);
}

size_t weir__fields_neon(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap)
{
    const size_t count = weir__field_lines(bytes, at, end, lines, cap, field_neon_end);
    /* The last line is short of a block, and there may be names of unusual length or bytes. */
    return count + weir__fields_scalar(bytes, at, end, lines + count, cap - count);
}

#endif
