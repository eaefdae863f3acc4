/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629): one automaton for whole texts and for pieces. */
#include "utf8.h"

#include "../base/bits.h"
#include "variants.h"

/* The automaton keeps its nine states in shift counts, six bits each, of which a 64-bit word holds
 * ten: the word of a byte has, at the present state's count, the next state's. A step is one load,
 * which waits for nothing, and one shift. START is 0, as callers know it. */
#define UTF8_START WEIR__UTF8_START
#define UTF8_BAD 6u
#define UTF8_ONE 12u   /* one continuation byte is missing */
#define UTF8_TWO 18u   /* two */
#define UTF8_THREE 24u /* three */
#define UTF8_E0 30u    /* after E0: A0..BF, else the form is overlong */
#define UTF8_ED 36u    /* after ED: 80..9F, else it is a surrogate */
#define UTF8_F0 42u    /* after F0: 90..BF, else overlong */
#define UTF8_F4 48u    /* after F4: 80..8F, else above U+10FFFF */
#define UTF8_MASK 63u

/* From each state in which the byte may not stand to BAD, and from BAD to itself. */
#define UTF8_GO(from, to) ((uint64_t)(to) << (from))
#define UTF8_STAY_BAD UTF8_GO(UTF8_BAD, UTF8_BAD)
#define UTF8_NOT_START UTF8_GO(UTF8_START, UTF8_BAD)
#define UTF8_NOT_INSIDE                                                                            \
    (UTF8_STAY_BAD | UTF8_GO(UTF8_ONE, UTF8_BAD) | UTF8_GO(UTF8_TWO, UTF8_BAD) |                   \
     UTF8_GO(UTF8_THREE, UTF8_BAD) | UTF8_GO(UTF8_E0, UTF8_BAD) | UTF8_GO(UTF8_ED, UTF8_BAD) |     \
     UTF8_GO(UTF8_F0, UTF8_BAD) | UTF8_GO(UTF8_F4, UTF8_BAD))

#define UTF8_LEAD(to) (UTF8_NOT_INSIDE | UTF8_GO(UTF8_START, to))
#define UTF8_NEXT(after_e0, after_ed, after_f0, after_f4)                                          \
    (UTF8_NOT_START | UTF8_STAY_BAD | UTF8_GO(UTF8_ONE, UTF8_START) |                              \
     UTF8_GO(UTF8_TWO, UTF8_ONE) | UTF8_GO(UTF8_THREE, UTF8_TWO) | UTF8_GO(UTF8_E0, after_e0) |    \
     UTF8_GO(UTF8_ED, after_ed) | UTF8_GO(UTF8_F0, after_f0) | UTF8_GO(UTF8_F4, after_f4))

#define UTF8_X4(entry) entry, entry, entry, entry
#define UTF8_X16(entry) UTF8_X4(entry), UTF8_X4(entry), UTF8_X4(entry), UTF8_X4(entry)

/* RFC 3629 4, line by line. */
static const uint64_t utf8_steps[256] = {
    /* 00..7F */
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    UTF8_X16(UTF8_LEAD(UTF8_START)),
    /* 80..8F, 90..9F, A0..BF */
    UTF8_X16(UTF8_NEXT(UTF8_BAD, UTF8_ONE, UTF8_BAD, UTF8_TWO)),
    UTF8_X16(UTF8_NEXT(UTF8_BAD, UTF8_ONE, UTF8_TWO, UTF8_BAD)),
    UTF8_X16(UTF8_NEXT(UTF8_ONE, UTF8_BAD, UTF8_TWO, UTF8_BAD)),
    UTF8_X16(UTF8_NEXT(UTF8_ONE, UTF8_BAD, UTF8_TWO, UTF8_BAD)),
    /* C0 and C1 would be overlong; C2..DF */
    UTF8_LEAD(UTF8_BAD),
    UTF8_LEAD(UTF8_BAD),
    UTF8_LEAD(UTF8_ONE),
    UTF8_LEAD(UTF8_ONE),
    UTF8_X4(UTF8_LEAD(UTF8_ONE)),
    UTF8_X4(UTF8_LEAD(UTF8_ONE)),
    UTF8_X4(UTF8_LEAD(UTF8_ONE)),
    UTF8_X16(UTF8_LEAD(UTF8_ONE)),
    /* E0, E1..EC, ED, EE..EF */
    UTF8_LEAD(UTF8_E0),
    UTF8_X4(UTF8_LEAD(UTF8_TWO)),
    UTF8_X4(UTF8_LEAD(UTF8_TWO)),
    UTF8_X4(UTF8_LEAD(UTF8_TWO)),
    UTF8_LEAD(UTF8_ED),
    UTF8_LEAD(UTF8_TWO),
    UTF8_LEAD(UTF8_TWO),
    /* F0, F1..F3, F4; F5..FF would be above U+10FFFF */
    UTF8_LEAD(UTF8_F0),
    UTF8_LEAD(UTF8_THREE),
    UTF8_LEAD(UTF8_THREE),
    UTF8_LEAD(UTF8_THREE),
    UTF8_LEAD(UTF8_F4),
    UTF8_LEAD(UTF8_BAD),
    UTF8_LEAD(UTF8_BAD),
    UTF8_LEAD(UTF8_BAD),
    UTF8_X4(UTF8_LEAD(UTF8_BAD)),
    UTF8_X4(UTF8_LEAD(UTF8_BAD)),
};

/* In the result, only the bits of UTF8_MASK are the state. */
static inline uint64_t utf8_step(uint64_t state, uint8_t byte)
{
    return utf8_steps[byte] >> (state & UTF8_MASK);
}

/* Step until the end or the first byte that cannot stand there, whose index is returned. */
static size_t utf8_walk(uint32_t *state, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint32_t next = utf8_step(*state, data[i]) & UTF8_MASK;
        if (next == UTF8_BAD)
            return i;
        *state = next;
    }
    return len;
}

static inline bool utf8_is_ascii(uint64_t bytes)
{
    return (bytes & 0x8080808080808080u) == 0;
}

static inline bool utf8_is_ascii_16(const uint8_t *data)
{
    return utf8_is_ascii(weir__bits_load64(data) | weir__bits_load64(data + 8));
}

/* Bytes of ASCII at the start, in steps of 32. */
static inline size_t utf8_skip_ascii(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (len - at >= 32 && utf8_is_ascii_16(data + at) && utf8_is_ascii_16(data + at + 16))
        at += 32;
    return at;
}

/* Fewer than 16 bytes, in words that overlap. */
static inline bool utf8_is_ascii_short(const uint8_t *data, size_t len)
{
    if (len >= 8)
        return utf8_is_ascii(weir__bits_load64(data) | weir__bits_load64(data + len - 8));
    if (len >= 4)
        return utf8_is_ascii(weir__bits_load32(data) | weir__bits_load32(data + len - 4));
    return len == 0 || utf8_is_ascii(data[0] | data[len / 2] | data[len - 1]);
}

/* BAD is never left again, so one look at the end is enough. */
static inline uint32_t utf8_step_16(uint32_t from, const uint8_t *data)
{
    uint64_t state = from;
    for (size_t i = 0; i < 16; i += 4) {
        state = utf8_step(state, data[i]);
        state = utf8_step(state, data[i + 1]);
        state = utf8_step(state, data[i + 2]);
        state = utf8_step(state, data[i + 3]);
    }
    return state & UTF8_MASK;
}

/* Where the character begins that is not whole at at. */
static size_t utf8_character_start(const uint8_t *data, size_t at)
{
    do
        at--;
    while ((data[at] & 0xC0) == 0x80);
    return at;
}

/* The rest, which is short or wrong. */
static size_t utf8_scalar_rest(uint32_t state, const uint8_t *data, size_t at, size_t len)
{
    if (state == UTF8_START && len - at < 16 && utf8_is_ascii_short(data + at, len - at))
        return len;
    at += utf8_walk(&state, data + at, len - at);
    return state == UTF8_START ? at : utf8_character_start(data, at);
}

size_t weir__utf8_scalar(const uint8_t *data, size_t len)
{
    uint32_t state = UTF8_START;
    size_t at = 0;
    if (len == 0)
        return 0;
    while (len - at >= 16) {
        if (state == UTF8_START && utf8_is_ascii_16(data + at)) {
            at += 16;
            at += utf8_skip_ascii(data + at, len - at);
            continue;
        }
        uint32_t next = utf8_step_16(state, data + at);
        if (next == UTF8_BAD)
            break;
        state = next;
        at += 16;
    }
    return utf8_scalar_rest(state, data, at, len);
}

size_t weir__utf8_locate(const uint8_t *data, size_t at, size_t len)
{
    const size_t start = at > 0 ? utf8_character_start(data, at) : 0;
    return start + weir__utf8_scalar(data + start, len - start);
}

size_t weir__utf8_resume(const weir__kernels *kernels, uint32_t *state, const uint8_t *data,
                         size_t len)
{
    size_t at = 0;
    /* The rest of a character that an earlier piece began. */
    while (*state != UTF8_START && at < len) {
        if (utf8_walk(state, data + at, 1) == 0)
            return at;
        at++;
    }
    if (at > 0)
        at += kernels->utf8(data + at, len - at);
    /* The kernel stopped before a character that is cut off or broken. */
    return at + utf8_walk(state, data + at, len - at);
}
