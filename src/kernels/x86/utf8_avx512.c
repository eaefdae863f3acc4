/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) in 64-byte vectors with masks. */
#include "utf8_x86.h"

#if WEIR__X86

#include <immintrin.h>

#define UTF8_AVX512_TARGET WEIR__TARGET("avx512f,avx512bw,avx512vl,avx512vbmi")
#define UTF8_AVX512_ALL UINT64_MAX

/* The truth tables of three operands a, b, c, as columns of the bits of a, b and c. */
#define UTF8_AVX512_A 0xF0
#define UTF8_AVX512_B 0xCC
#define UTF8_AVX512_C 0xAA

/* This lookup takes six bits as index: the table stands four times, so that only the lowest four
 * count, and what a shift brings in from the neighbour need not be removed. */
UTF8_AVX512_TARGET
static inline __m512i utf8_avx512_look(const uint8_t table[16], __m512i indices)
{
    return _mm512_permutexvar_epi8(indices, _mm512_broadcast_i32x4(weir__utf8_load_ssse3(table)));
}

/* See weir__utf8_judge_ssse3. */
UTF8_AVX512_TARGET
static inline __m512i utf8_avx512_judge(__m512i bytes, __m512i before1, __m512i before2,
                                        __m512i before3)
{
    const __m512i ways = _mm512_ternarylogic_epi32(
        utf8_avx512_look(weir__utf8_first_high, _mm512_srli_epi16(before1, 4)),
        utf8_avx512_look(weir__utf8_first_low, before1),
        utf8_avx512_look(weir__utf8_second_high, _mm512_srli_epi16(bytes, 4)),
        UTF8_AVX512_A & UTF8_AVX512_B & UTF8_AVX512_C);
    const __m512i asks =
        _mm512_or_si512(_mm512_subs_epu8(before2, _mm512_set1_epi8(WEIR__UTF8_LESS_2)),
                        _mm512_subs_epu8(before3, _mm512_set1_epi8(WEIR__UTF8_LESS_3)));
    return _mm512_ternarylogic_epi32(ways, asks, _mm512_set1_epi8((char)0x80),
                                     UTF8_AVX512_A ^ (UTF8_AVX512_B & UTF8_AVX512_C));
}

UTF8_AVX512_TARGET
static inline __m512i utf8_avx512_load(const uint8_t *data)
{
    return _mm512_loadu_si512((const void *)data);
}

/* 64 bytes that have at least 16 before them; those before each quarter are those of one load. */
UTF8_AVX512_TARGET
static inline bool utf8_avx512_has_fault(const uint8_t *data)
{
    const __m512i bytes = utf8_avx512_load(data);
    const __m512i before = utf8_avx512_load(data - 16);
    const __m512i faults = utf8_avx512_judge(bytes, _mm512_alignr_epi8(bytes, before, 15),
                                             _mm512_alignr_epi8(bytes, before, 14),
                                             _mm512_alignr_epi8(bytes, before, 13));
    return _mm512_test_epi8_mask(faults, faults) != 0;
}

/* The same of the bytes in mask, and no byte behind them is read. */
UTF8_AVX512_TARGET
static inline bool utf8_avx512_has_fault_in(const uint8_t *data, uint64_t mask)
{
    const __m512i faults = utf8_avx512_judge(
        _mm512_maskz_loadu_epi8(mask, data), _mm512_maskz_loadu_epi8(mask, data - 1),
        _mm512_maskz_loadu_epi8(mask, data - 2), _mm512_maskz_loadu_epi8(mask, data - 3));
    return _mm512_test_epi8_mask(faults, faults) != 0;
}

/* The first bytes, after zeros; those not in mask are zero. */
UTF8_AVX512_TARGET
static inline bool utf8_avx512_has_fault_first(__m512i bytes, uint64_t mask)
{
    /* Each quarter moves up by one, after a quarter of zeros. */
    const __m512i before = _mm512_maskz_shuffle_i32x4(0xFFF0, bytes, bytes, 0x90);
    const __m512i faults = utf8_avx512_judge(bytes, _mm512_alignr_epi8(bytes, before, 15),
                                             _mm512_alignr_epi8(bytes, before, 14),
                                             _mm512_alignr_epi8(bytes, before, 13));
    return _mm512_mask_test_epi8_mask(mask, faults, faults) != 0;
}

UTF8_AVX512_TARGET
static inline bool utf8_avx512_is_ascii(__m512i bytes)
{
    return _mm512_movepi8_mask(bytes) == 0;
}

/* 1 to 64 bytes. */
UTF8_AVX512_TARGET
static inline size_t utf8_avx512_short(const uint8_t *data, size_t len)
{
    const uint64_t mask = UTF8_AVX512_ALL >> (64 - len);
    const __m512i bytes = _mm512_maskz_loadu_epi8(mask, data);
    if (utf8_avx512_is_ascii(bytes))
        return len;
    if (utf8_avx512_has_fault_first(bytes, mask))
        return weir__utf8_scalar(data, len);
    return weir__utf8_trim(data, len);
}

/* Bytes of ASCII at the start, in steps of two vectors. */
UTF8_AVX512_TARGET
static inline size_t utf8_avx512_skip_ascii(const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (len - at >= 128 && utf8_avx512_is_ascii(_mm512_or_si512(
                                  utf8_avx512_load(data + at), utf8_avx512_load(data + at + 64))))
        at += 128;
    return at;
}

/* More than 64 bytes. */
UTF8_AVX512_TARGET
static inline size_t utf8_avx512_long(const uint8_t *data, size_t len)
{
    if (utf8_avx512_has_fault_first(utf8_avx512_load(data), UTF8_AVX512_ALL))
        return weir__utf8_scalar(data, len);
    size_t at = 64;
    while (len - at >= 64) {
        if (utf8_avx512_is_ascii(utf8_avx512_load(data + at))) {
            if (weir__utf8_trim(data, at) != at)
                return weir__utf8_locate(data, at, len);
            at += 64;
            at += utf8_avx512_skip_ascii(data + at, len - at);
            continue;
        }
        if (utf8_avx512_has_fault(data + at))
            return weir__utf8_locate(data, at, len);
        at += 64;
    }
    /* ASCII after what was judged is right; a character that is cut there was seen. */
    if (at == len || utf8_avx512_is_ascii(utf8_avx512_load(data + len - 64)))
        return weir__utf8_trim(data, len);
    if (utf8_avx512_has_fault_in(data + at, UTF8_AVX512_ALL >> (64 - (len - at))))
        return weir__utf8_locate(data, at, len);
    return weir__utf8_trim(data, len);
}

/* Below this a vector with a mask gains nothing, and waits for bytes that were just written. */
#define UTF8_AVX512_LEAST 32u

UTF8_AVX512_TARGET
size_t weir__utf8_avx512(const uint8_t *data, size_t len)
{
    if (len < UTF8_AVX512_LEAST)
        return weir__utf8_avx2(data, len);
    if (len <= 64)
        return utf8_avx512_short(data, len);
    if (len <= 128 && utf8_avx512_is_ascii(_mm512_or_si512(utf8_avx512_load(data),
                                                           utf8_avx512_load(data + len - 64))))
        return len;
    return utf8_avx512_long(data, len);
}

#endif
