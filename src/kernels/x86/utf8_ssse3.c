/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) in 16-byte vectors. */
#include "utf8_x86.h"

#if WEIR__X86

#define UTF8_SSSE3_BLOCK 64u

WEIR__TARGET("ssse3")
static inline bool utf8_ssse3_is_ascii(const uint8_t *data)
{
    const __m128i low = _mm_or_si128(weir__utf8_load_ssse3(data), weir__utf8_load_ssse3(data + 16));
    const __m128i high =
        _mm_or_si128(weir__utf8_load_ssse3(data + 32), weir__utf8_load_ssse3(data + 48));
    return _mm_movemask_epi8(_mm_or_si128(low, high)) == 0;
}

WEIR__TARGET("ssse3")
static inline bool utf8_ssse3_has_fault(const uint8_t *data)
{
    const __m128i low =
        _mm_or_si128(weir__utf8_judge_at_ssse3(data), weir__utf8_judge_at_ssse3(data + 16));
    const __m128i high =
        _mm_or_si128(weir__utf8_judge_at_ssse3(data + 32), weir__utf8_judge_at_ssse3(data + 48));
    return weir__utf8_any_ssse3(_mm_or_si128(low, high));
}

/* 16 to 31 bytes. */
WEIR__TARGET("ssse3")
static inline size_t utf8_ssse3_16(const uint8_t *data, size_t len)
{
    const __m128i first = weir__utf8_load_ssse3(data);
    const __m128i second = weir__utf8_second_ssse3(data, len);
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0)
        return len;
    const __m128i faults = weir__utf8_judge_ssse3(second, _mm_alignr_epi8(second, first, 15),
                                                  _mm_alignr_epi8(second, first, 14),
                                                  _mm_alignr_epi8(second, first, 13));
    if (weir__utf8_any_ssse3(_mm_or_si128(faults, weir__utf8_judge_first_ssse3(first))))
        return weir__utf8_scalar(data, len);
    return len;
}

/* The rest, shorter than a block: its last vector overlaps what was judged before. */
WEIR__TARGET("ssse3")
static inline size_t utf8_ssse3_rest(const uint8_t *data, size_t from, size_t len)
{
    __m128i faults = _mm_setzero_si128();
    size_t at = from;
    for (; len - at > 16; at += 16)
        faults = _mm_or_si128(faults, weir__utf8_judge_at_ssse3(data + at));
    if (at < len)
        faults = _mm_or_si128(faults, weir__utf8_judge_at_ssse3(data + len - 16));
    if (weir__utf8_any_ssse3(faults))
        return weir__utf8_locate(data, from, len);
    return weir__utf8_trim(data, len);
}

/* 32 to 64 bytes. */
WEIR__TARGET("ssse3")
static inline size_t utf8_ssse3_32(const uint8_t *data, size_t len)
{
    const __m128i first = weir__utf8_load_ssse3(data);
    const __m128i low = _mm_or_si128(first, weir__utf8_load_ssse3(data + 16));
    const __m128i high = _mm_or_si128(weir__utf8_load_ssse3(data + len - 32),
                                      weir__utf8_load_ssse3(data + len - 16));
    if (_mm_movemask_epi8(_mm_or_si128(low, high)) == 0)
        return len;
    if (weir__utf8_any_ssse3(weir__utf8_judge_first_ssse3(first)))
        return weir__utf8_scalar(data, len);
    return utf8_ssse3_rest(data, 16, len);
}

/* More than 64 bytes. */
WEIR__TARGET("ssse3")
static inline size_t utf8_ssse3_long(const uint8_t *data, size_t len)
{
    if (weir__utf8_any_ssse3(weir__utf8_judge_first_ssse3(weir__utf8_load_ssse3(data))))
        return weir__utf8_scalar(data, len);
    size_t at = 16;
    while (len - at >= UTF8_SSSE3_BLOCK) {
        if (!utf8_ssse3_is_ascii(data + at)) {
            if (utf8_ssse3_has_fault(data + at))
                return weir__utf8_locate(data, at, len);
            at += UTF8_SSSE3_BLOCK;
            continue;
        }
        if (weir__utf8_trim(data, at) != at)
            return weir__utf8_locate(data, at, len);
        do
            at += UTF8_SSSE3_BLOCK;
        while (len - at >= UTF8_SSSE3_BLOCK && utf8_ssse3_is_ascii(data + at));
    }
    /* ASCII after what was judged is right; a character that is cut there was seen. */
    if (utf8_ssse3_is_ascii(data + len - UTF8_SSSE3_BLOCK))
        return len;
    return utf8_ssse3_rest(data, at, len);
}

WEIR__TARGET("ssse3")
size_t weir__utf8_ssse3(const uint8_t *data, size_t len)
{
    if (len < 16)
        return weir__utf8_short_ssse3(data, len);
    if (len < 32)
        return utf8_ssse3_16(data, len);
    if (len <= 64)
        return utf8_ssse3_32(data, len);
    if (len <= 128 && utf8_ssse3_is_ascii(data) && utf8_ssse3_is_ascii(data + len - 64))
        return len;
    return utf8_ssse3_long(data, len);
}

#endif
