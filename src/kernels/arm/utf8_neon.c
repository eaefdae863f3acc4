/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) with the 16-byte vectors of AArch64. */
#include "../../base/cpu.h"
#include "../variants.h"

#if WEIR__NEON

#include <arm_neon.h>

#include <stdbool.h>

/* Whatever is wrong in UTF-8 shows in a byte and the half byte that follows, except that a third or
 * fourth byte is missing or too many. So each kind of fault gets a bit, and three tables of 16 say
 * which kinds the two halves of a byte and the upper half of the next one leave possible: a bit
 * that stands in all three is a fault. The last bit is none yet; it says that two continuation
 * bytes follow each other, which must be so exactly where a lead of three bytes stands two before
 * or one of four stands three before. */
#define UTF8_NEON_SHORT 0x01     /* lead, then no continuation */
#define UTF8_NEON_STRAY 0x02     /* ASCII, then a continuation */
#define UTF8_NEON_OVERLONG2 0x04 /* C0 or C1, then any continuation */
#define UTF8_NEON_OVERLONG3 0x08 /* E0, then 80..9F */
#define UTF8_NEON_SURROGATE 0x10 /* ED, then A0..BF */
#define UTF8_NEON_LOW4 0x20      /* F0 (overlong) or F5..FF (no lead at all), then 80..8F */
#define UTF8_NEON_HIGH4 0x40     /* F4..FF, then 90..BF: above U+10FFFF */
#define UTF8_NEON_PAIR 0x80      /* two continuations */

/* These do not depend on the lower half of the first byte. */
#define UTF8_NEON_ANY (UTF8_NEON_SHORT | UTF8_NEON_STRAY | UTF8_NEON_PAIR)

/* Whatever continuation it is. */
#define UTF8_NEON_NEXT (UTF8_NEON_STRAY | UTF8_NEON_OVERLONG2 | UTF8_NEON_PAIR)

#define UTF8_NEON_X4(entry) entry, entry, entry, entry

static const uint8_t utf8_neon_upper[16] = {
    UTF8_NEON_X4(UTF8_NEON_STRAY),                               /* 00..3F */
    UTF8_NEON_X4(UTF8_NEON_STRAY),                               /* 40..7F */
    UTF8_NEON_X4(UTF8_NEON_PAIR),                                /* 80..BF */
    UTF8_NEON_SHORT | UTF8_NEON_OVERLONG2,                       /* C0..CF */
    UTF8_NEON_SHORT,                                             /* D0..DF */
    UTF8_NEON_SHORT | UTF8_NEON_OVERLONG3 | UTF8_NEON_SURROGATE, /* E0..EF */
    UTF8_NEON_SHORT | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,          /* F0..FF */
};

static const uint8_t utf8_neon_lower[16] = {
    UTF8_NEON_ANY | UTF8_NEON_OVERLONG2 | UTF8_NEON_OVERLONG3 | UTF8_NEON_LOW4, /* C0, E0, F0 */
    UTF8_NEON_ANY | UTF8_NEON_OVERLONG2,                                        /* C1 */
    UTF8_NEON_ANY,
    UTF8_NEON_ANY,
    UTF8_NEON_ANY | UTF8_NEON_HIGH4,                  /* F4 */
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4, /* F5 */
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,
    UTF8_NEON_X4(UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4),
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4 | UTF8_NEON_SURROGATE, /* ED, FD */
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,
    UTF8_NEON_ANY | UTF8_NEON_LOW4 | UTF8_NEON_HIGH4,
};

static const uint8_t utf8_neon_following[16] = {
    UTF8_NEON_X4(UTF8_NEON_SHORT),                          /* 00..3F */
    UTF8_NEON_X4(UTF8_NEON_SHORT),                          /* 40..7F */
    UTF8_NEON_NEXT | UTF8_NEON_OVERLONG3 | UTF8_NEON_LOW4,  /* 80..8F */
    UTF8_NEON_NEXT | UTF8_NEON_OVERLONG3 | UTF8_NEON_HIGH4, /* 90..9F */
    UTF8_NEON_NEXT | UTF8_NEON_SURROGATE | UTF8_NEON_HIGH4, /* A0..AF */
    UTF8_NEON_NEXT | UTF8_NEON_SURROGATE | UTF8_NEON_HIGH4, /* B0..BF */
    UTF8_NEON_X4(UTF8_NEON_SHORT),                          /* C0..FF */
};

/* Not zero where a byte of block cannot follow those before it, of which prev holds the last 16. */
static inline uint8x16_t utf8_neon_faults(uint8x16_t prev, uint8x16_t block)
{
    uint8x16_t one_before = vextq_u8(prev, block, 15);
    uint8x16_t upper = vqtbl1q_u8(vld1q_u8(utf8_neon_upper), vshrq_n_u8(one_before, 4));
    uint8x16_t lower =
        vqtbl1q_u8(vld1q_u8(utf8_neon_lower), vandq_u8(one_before, vdupq_n_u8(0x0F)));
    uint8x16_t following = vqtbl1q_u8(vld1q_u8(utf8_neon_following), vshrq_n_u8(block, 4));
    uint8x16_t kinds = vandq_u8(vandq_u8(upper, lower), following);

    uint8x16_t third = vcgeq_u8(vextq_u8(prev, block, 14), vdupq_n_u8(0xE0));
    uint8x16_t fourth = vcgeq_u8(vextq_u8(prev, block, 13), vdupq_n_u8(0xF0));
    return veorq_u8(kinds, vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(UTF8_NEON_PAIR)));
}

/* All ones where a character begins that does not end in this block. */
static inline uint8x16_t utf8_neon_cut(uint8x16_t block)
{
    static const uint8_t whole[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xEF, 0xDF, 0xBF};
    return vcgtq_u8(block, vld1q_u8(whole));
}

/* Whether these bytes are ASCII and follow a whole character. */
static inline bool utf8_neon_is_ascii(uint8x16_t prev, uint8x16_t bytes)
{
    return vmaxvq_u8(vorrq_u8(bytes, utf8_neon_cut(prev))) < 0x80;
}

static inline bool utf8_neon_follows(uint8x16_t prev, uint8x16_t block)
{
    return utf8_neon_is_ascii(prev, block) || vmaxvq_u8(utf8_neon_faults(prev, block)) == 0;
}

/* 64 bytes; prev becomes their last 16 when they are good. */
static inline bool utf8_neon_follows_64(uint8x16_t *prev, const uint8_t *data)
{
    uint8x16_t a = vld1q_u8(data);
    uint8x16_t b = vld1q_u8(data + 16);
    uint8x16_t c = vld1q_u8(data + 32);
    uint8x16_t d = vld1q_u8(data + 48);
    if (!utf8_neon_is_ascii(*prev, vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d)))) {
        uint8x16_t faults = vorrq_u8(utf8_neon_faults(*prev, a), utf8_neon_faults(a, b));
        uint8x16_t more = vorrq_u8(utf8_neon_faults(b, c), utf8_neon_faults(c, d));
        if (vmaxvq_u8(vorrq_u8(faults, more)) != 0)
            return false;
    }
    *prev = d;
    return true;
}

/* The left bytes at the end of data, then zeros: a character that is cut off by the end becomes a
 * fault. The 16 bytes before the end are read, and indices above 15 give zeros. */
static inline uint8x16_t utf8_neon_tail(const uint8_t *end, size_t left)
{
    static const uint8_t indices[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8x16_t shift = vdupq_n_u8((uint8_t)(16 - left));
    return vqtbl1q_u8(vld1q_u8(end - 16), vaddq_u8(vld1q_u8(indices), shift));
}

/* All before at is good, but may end inside of a character: where that begins, else at. */
static size_t utf8_neon_character_start(const uint8_t *data, size_t at)
{
    for (size_t back = 1; back <= 3 && back <= at; back++) {
        uint8_t byte = data[at - back];
        if (byte >= 0xC0) /* a lead of at least C0, E0, F0 is longer than 1, 2, 3 */
            return byte >= 0x100 - (0x80u >> back) ? at - back : at;
    }
    return at;
}

size_t weir__utf8_neon(const uint8_t *data, size_t len)
{
    if (len < 16)
        return weir__utf8_scalar(data, len);
    uint8x16_t prev = vdupq_n_u8(0);
    size_t at = 0;
    while (len - at >= 64 && utf8_neon_follows_64(&prev, data + at))
        at += 64;
    for (; len - at >= 16; at += 16) {
        uint8x16_t block = vld1q_u8(data + at);
        if (!utf8_neon_follows(prev, block))
            break;
        prev = block;
    }
    if (len - at < 16 && utf8_neon_follows(prev, utf8_neon_tail(data + len, len - at)))
        return len;
    at = utf8_neon_character_start(data, at);
    return at + weir__utf8_scalar(data + at, len - at);
}

#endif
