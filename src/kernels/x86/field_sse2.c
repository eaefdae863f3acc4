/* SPDX-License-Identifier: MIT */
/* HTTP fields in 16-byte vectors (RFC 9110 5.1, 5.5). */
#include "../../base/cpu.h"
#include "../field.h"
#include "../variants.h"

#if WEIR__X86

#include <emmintrin.h>

#define FIELD_SSE2_BLOCK 16u

WEIR__TARGET("sse2")
static inline __m128i field_sse2_load(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* A bit for each byte that is neither a letter nor a hyphen, of which nearly all names are. */
WEIR__TARGET("sse2")
static inline uint32_t field_sse2_doubts(__m128i bytes)
{
    /* Letters are made small and moved to the least of the numbers with a sign. */
    const __m128i small = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i moved = _mm_add_epi8(small, _mm_set1_epi8(0x80 - 'a'));
    const __m128i letter = _mm_cmpgt_epi8(_mm_set1_epi8(-0x80 + 26), moved);
    const __m128i hyphen = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(letter, hyphen)) ^ 0xFFFFu;
}

/* A bit for each byte that no value may hold: controls but HTAB. */
WEIR__TARGET("sse2")
static inline uint32_t field_sse2_not_text(__m128i bytes)
{
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, low), del));
}

/* at: not known. */
WEIR__TARGET("sse2")
static inline size_t field_sse2_name_end(const uint8_t *bytes, size_t at, size_t end)
{
    for (size_t from = at; end - from >= FIELD_SSE2_BLOCK; from += FIELD_SSE2_BLOCK) {
        uint32_t doubts = field_sse2_doubts(field_sse2_load(bytes + from));
        for (; doubts != 0; doubts &= doubts - 1) {
            const size_t doubt = from + weir__bits_lowest(doubts);
            if (!weir__field_is(bytes[doubt], WEIR__FIELD_TOKEN))
                return doubt;
        }
    }
    return at;
}

/* At least a block stands before the end. */
WEIR__TARGET("sse2")
static inline size_t field_sse2_value_end(const uint8_t *bytes, size_t at, size_t end)
{
    for (; end - at >= FIELD_SSE2_BLOCK; at += FIELD_SSE2_BLOCK) {
        const uint32_t marks = field_sse2_not_text(field_sse2_load(bytes + at));
        if (marks != 0)
            return at + weir__bits_lowest(marks);
    }
    /* Of the last block the bits before at are dropped. */
    const size_t last = end - FIELD_SSE2_BLOCK;
    const uint32_t marks = field_sse2_not_text(field_sse2_load(bytes + last)) >> (at - last);
    return marks != 0 ? at + weir__bits_lowest(marks) : end;
}

WEIR__TARGET("sse2")
static inline size_t field_sse2_end(const uint8_t *bytes, size_t at, size_t end, size_t *colon)
{
    const size_t name_end = field_sse2_name_end(bytes, at, end);
    *colon = name_end;
    if (name_end == at || bytes[name_end] != ':')
        return name_end;
    return field_sse2_value_end(bytes, name_end + 1, end);
}

WEIR__TARGET("sse2")
size_t weir__fields_sse2(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap)
{
    const size_t count = weir__field_lines(bytes, at, end, lines, cap, field_sse2_end);
    /* The last line is short of a block, and there may be names of unusual length or bytes. */
    return count + weir__fields_scalar(bytes, at, end, lines + count, cap - count);
}

#endif
