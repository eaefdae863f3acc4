/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) in 32-byte vectors. */
#include "utf8_x86.h"

#if WEIR__X86

#include <immintrin.h>

#define UTF8_AVX2_BLOCK 64u

WEIR__TARGET("avx2")
static inline __m256i utf8_avx2_load(const uint8_t *data)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)data);
}

/* A lookup never leaves its half of a vector, so both halves hold the table. */
WEIR__TARGET("avx2")
static inline __m256i utf8_avx2_look(const uint8_t table[16], __m256i indices)
{
    const __m256i both = _mm256_broadcastsi128_si256(weir__utf8_load_ssse3(table));
    return _mm256_shuffle_epi8(both, _mm256_and_si256(indices, _mm256_set1_epi8(0x0F)));
}

/* See weir__utf8_judge_ssse3. */
WEIR__TARGET("avx2")
static inline __m256i utf8_avx2_judge(__m256i bytes, __m256i before1, __m256i before2,
                                      __m256i before3)
{
    __m256i ways = utf8_avx2_look(weir__utf8_first_high, _mm256_srli_epi16(before1, 4));
    ways = _mm256_and_si256(ways, utf8_avx2_look(weir__utf8_first_low, before1));
    ways =
        _mm256_and_si256(ways, utf8_avx2_look(weir__utf8_second_high, _mm256_srli_epi16(bytes, 4)));
    const __m256i asks =
        _mm256_or_si256(_mm256_subs_epu8(before2, _mm256_set1_epi8(WEIR__UTF8_LESS_2)),
                        _mm256_subs_epu8(before3, _mm256_set1_epi8(WEIR__UTF8_LESS_3)));
    return _mm256_xor_si256(ways, _mm256_and_si256(asks, _mm256_set1_epi8((char)0x80)));
}

/* 32 bytes that have at least 16 before them. Shuffles stay within half a vector too, so each half
 * needs the 16 bytes before it: those of one load. */
WEIR__TARGET("avx2")
static inline __m256i utf8_avx2_judge_at(const uint8_t *data)
{
    const __m256i bytes = utf8_avx2_load(data);
    const __m256i before = utf8_avx2_load(data - 16);
    return utf8_avx2_judge(bytes, _mm256_alignr_epi8(bytes, before, 15),
                           _mm256_alignr_epi8(bytes, before, 14),
                           _mm256_alignr_epi8(bytes, before, 13));
}

/* The first 32, after zeros. */
WEIR__TARGET("avx2")
static inline __m256i utf8_avx2_judge_first(__m256i bytes)
{
    const __m256i before = _mm256_permute2x128_si256(bytes, bytes, 0x08); /* zeros, lower half */
    return utf8_avx2_judge(bytes, _mm256_alignr_epi8(bytes, before, 15),
                           _mm256_alignr_epi8(bytes, before, 14),
                           _mm256_alignr_epi8(bytes, before, 13));
}

WEIR__TARGET("avx2")
static inline bool utf8_avx2_any(__m256i faults)
{
    return _mm256_testz_si256(faults, faults) == 0;
}

WEIR__TARGET("avx2")
static inline bool utf8_avx2_is_ascii(const uint8_t *data)
{
    const __m256i both = _mm256_or_si256(utf8_avx2_load(data), utf8_avx2_load(data + 32));
    return _mm256_movemask_epi8(both) == 0;
}

/* Bytes of ASCII at the start, in steps of two blocks. */
WEIR__TARGET("avx2")
static inline size_t utf8_avx2_skip_ascii(const uint8_t *data, size_t len)
{
    size_t at = 0;
    for (; len - at >= 128; at += 128) {
        const __m256i low =
            _mm256_or_si256(utf8_avx2_load(data + at), utf8_avx2_load(data + at + 32));
        const __m256i high =
            _mm256_or_si256(utf8_avx2_load(data + at + 64), utf8_avx2_load(data + at + 96));
        if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) != 0)
            break;
    }
    return at;
}

/* 16 to 31 bytes. */
WEIR__TARGET("avx2")
static inline size_t utf8_avx2_16(const uint8_t *data, size_t len)
{
    const __m128i first = weir__utf8_load_ssse3(data);
    const __m128i second = weir__utf8_second_ssse3(data, len);
    if (_mm_movemask_epi8(_mm_or_si128(first, second)) == 0)
        return len;
    const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(first), second, 1);
    if (utf8_avx2_any(utf8_avx2_judge_first(bytes)))
        return weir__utf8_scalar(data, len);
    return len;
}

/* The rest, shorter than a block: its last vector overlaps what was judged before, and is the
 * smallest that holds it, so that there are enough bytes before it at any length. */
WEIR__TARGET("avx2")
static inline size_t utf8_avx2_rest(const uint8_t *data, size_t from, size_t len)
{
    __m256i faults = _mm256_setzero_si256();
    size_t at = from;
    if (len - at > 32) {
        faults = utf8_avx2_judge_at(data + at);
        at += 32;
    }
    if (len - at > 16)
        faults = _mm256_or_si256(faults, utf8_avx2_judge_at(data + len - 32));
    else if (len - at > 0)
        faults = _mm256_or_si256(
            faults, _mm256_inserti128_si256(_mm256_setzero_si256(),
                                            weir__utf8_judge_at_ssse3(data + len - 16), 0));
    if (utf8_avx2_any(faults))
        return weir__utf8_locate(data, from, len);
    return weir__utf8_trim(data, len);
}

/* 32 to 64 bytes. */
WEIR__TARGET("avx2")
static inline size_t utf8_avx2_32(const uint8_t *data, size_t len)
{
    const __m256i first = utf8_avx2_load(data);
    const __m256i last = utf8_avx2_load(data + len - 32);
    if (_mm256_movemask_epi8(_mm256_or_si256(first, last)) == 0)
        return len;
    if (utf8_avx2_any(utf8_avx2_judge_first(first)))
        return weir__utf8_scalar(data, len);
    return utf8_avx2_rest(data, 32, len);
}

/* More than 64 bytes. */
WEIR__TARGET("avx2")
static inline size_t utf8_avx2_long(const uint8_t *data, size_t len)
{
    if (utf8_avx2_any(utf8_avx2_judge_first(utf8_avx2_load(data))))
        return weir__utf8_scalar(data, len);
    size_t at = 32;
    while (len - at >= UTF8_AVX2_BLOCK) {
        if (utf8_avx2_is_ascii(data + at)) {
            if (weir__utf8_trim(data, at) != at)
                return weir__utf8_locate(data, at, len);
            at += UTF8_AVX2_BLOCK;
            at += utf8_avx2_skip_ascii(data + at, len - at);
            continue;
        }
        if (utf8_avx2_any(
                _mm256_or_si256(utf8_avx2_judge_at(data + at), utf8_avx2_judge_at(data + at + 32))))
            return weir__utf8_locate(data, at, len);
        at += UTF8_AVX2_BLOCK;
    }
    /* ASCII after what was judged is right; a character that is cut there was seen. */
    if (utf8_avx2_is_ascii(data + len - UTF8_AVX2_BLOCK))
        return len;
    return utf8_avx2_rest(data, at, len);
}

WEIR__TARGET("avx2")
size_t weir__utf8_avx2(const uint8_t *data, size_t len)
{
    if (len < 16)
        return weir__utf8_short_ssse3(data, len);
    if (len < 32)
        return utf8_avx2_16(data, len);
    if (len <= 64)
        return utf8_avx2_32(data, len);
    if (len <= 128 && utf8_avx2_is_ascii(data) && utf8_avx2_is_ascii(data + len - 64))
        return len;
    return utf8_avx2_long(data, len);
}

#endif
