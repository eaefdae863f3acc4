/* SPDX-License-Identifier: MIT */
/* HTTP fields in 32-byte vectors (RFC 9110 5.1, 5.5). */
#include "../../base/cpu.h"
#include "../field.h"
#include "../variants.h"

#if WEIR__X86

#include <immintrin.h>

#define FIELD_AVX2_BLOCK 32u

WEIR__TARGET("avx2")
static inline __m256i field_avx2_load(const uint8_t *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

WEIR__TARGET("avx2")
static inline uint32_t field_avx2_mask(__m256i marks)
{
    return (uint32_t)_mm256_movemask_epi8(marks);
}

/* A row of the constants of all lines. */
WEIR__TARGET("avx2")
static inline __m256i field_avx2_row(size_t row)
{
    return field_avx2_load(weir__field_rows[row]);
}

/* A bit for each byte that no token may hold. A lookup never leaves its half of a vector, so both
 * halves of a row hold the same. */
WEIR__TARGET("avx2")
static inline uint32_t field_avx2_not_token(__m256i bytes)
{
    const __m256i high =
        _mm256_and_si256(_mm256_srli_epi16(bytes, 4), field_avx2_row(WEIR__FIELD_ROW_HALF));
    const __m256i lower = _mm256_shuffle_epi8(field_avx2_row(WEIR__FIELD_ROW_LOWER), bytes);
    const __m256i upper = _mm256_shuffle_epi8(field_avx2_row(WEIR__FIELD_ROW_UPPER), high);
    const __m256i found = _mm256_and_si256(lower, upper);
    return field_avx2_mask(_mm256_cmpeq_epi8(found, _mm256_setzero_si256()));
}

/* A bit for each byte that is not from 0x20 to 0x7e: one more is a number without the sign, and not
 * below 0x21. */
WEIR__TARGET("avx2")
static inline uint32_t field_avx2_doubts(__m256i bytes)
{
    const __m256i ones = _mm256_cmpeq_epi8(bytes, bytes);
    const __m256i more = _mm256_sub_epi8(bytes, ones);
    return field_avx2_mask(_mm256_cmpgt_epi8(field_avx2_row(WEIR__FIELD_ROW_FIRST), more));
}

/* The first of the doubts, which count from at, that no value may hold, or none. */
WEIR__TARGET("avx2")
static inline size_t field_avx2_judge(const uint8_t *bytes, size_t at, uint32_t doubts, size_t none)
{
    for (; doubts != 0; doubts &= doubts - 1) {
        const size_t doubt = at + weir__bits_lowest(doubts);
        if (!weir__field_is(bytes[doubt], WEIR__FIELD_TEXT))
            return doubt;
    }
    return none;
}

/* Where the value ends that goes on at at; at least a block stands before the end. */
WEIR__TARGET("avx2")
static inline size_t field_avx2_value_end(const uint8_t *bytes, size_t at, size_t end)
{
    for (; end - at >= FIELD_AVX2_BLOCK; at += FIELD_AVX2_BLOCK) {
        const uint32_t doubts = field_avx2_doubts(field_avx2_load(bytes + at));
        const size_t found = field_avx2_judge(bytes, at, doubts, end);
        if (found < end)
            return found;
    }
    /* Of the last block the bytes before at are not in doubt again. */
    const size_t last = end - FIELD_AVX2_BLOCK;
    const uint64_t doubts = field_avx2_doubts(field_avx2_load(bytes + last));
    return field_avx2_judge(bytes, at, (uint32_t)(doubts >> (at - last)), end);
}

WEIR__TARGET("avx2")
static inline size_t field_avx2_end(const uint8_t *bytes, size_t at, size_t end, size_t *colon)
{
    *colon = at;
    if (end - at < FIELD_AVX2_BLOCK)
        return at;
    const __m256i block = field_avx2_load(bytes + at);
    const uint32_t strangers = field_avx2_not_token(block);
    if (strangers == 0)
        return at;
    const size_t name_end = at + weir__bits_lowest(strangers);
    *colon = name_end;
    if (bytes[name_end] != ':')
        return name_end;
    /* No byte of a name is in doubt as one of a value, nor is the colon. */
    const size_t found = field_avx2_judge(bytes, at, field_avx2_doubts(block), end);
    return found < end ? found : field_avx2_value_end(bytes, at + FIELD_AVX2_BLOCK, end);
}

WEIR__TARGET("avx2")
size_t weir__fields_avx2(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap)
{
    const size_t count = weir__field_lines(bytes, at, end, lines, cap, field_avx2_end);
    /* The last line is short of a block, and there may be names of unusual length or bytes. */
    return count + weir__fields_scalar(bytes, at, end, lines + count, cap - count);
}

#endif
