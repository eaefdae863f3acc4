/* SPDX-License-Identifier: MIT */
/* UTF-8 by table lookups in vectors: the tables, and what the x86 variants share. */
#ifndef WEIR_KERNELS_X86_UTF8_X86_H
#define WEIR_KERNELS_X86_UTF8_X86_H

#include "../../base/cpu.h"
#include "../utf8.h"
#include "../variants.h"

#if WEIR__X86

#include <tmmintrin.h>

/* Most rules of RFC 3629 4 concern two neighbours, and of these only the upper half of each byte
 * and the lower half of the first: three lookups in 16 entries. Every way in which a pair can be
 * wrong is a bit that stands in the entries of the halves which take part in it; AND of the three
 * lookups leaves the bits of the ways that apply. The last way is wrong only when nothing before
 * the pair asks for a second continuation byte, which is decided apart. */
#define WEIR__UTF8_SHORT 0x01 /* first byte of a character, then no continuation */
#define WEIR__UTF8_LONG 0x02  /* ASCII, then a continuation */
#define WEIR__UTF8_TWO 0x04   /* C0 or C1, which make overlong forms of one byte's worth */
#define WEIR__UTF8_E0 0x08    /* E0, then 80..9F: overlong */
#define WEIR__UTF8_ED 0x10    /* ED, then A0..BF: a surrogate */
#define WEIR__UTF8_HIGH 0x20  /* F4..FF, then 90..BF: above U+10FFFF */
#define WEIR__UTF8_EDGE 0x40  /* F0, then 80..8F: overlong; F5..FF, then 80..8F: too high */
#define WEIR__UTF8_AGAIN 0x80 /* two continuations */

/* The ways in which the lower half of the first byte has no part, so that all of them have all. */
#define WEIR__UTF8_ANY (WEIR__UTF8_SHORT | WEIR__UTF8_LONG | WEIR__UTF8_AGAIN)
/* Those of F5 to FF. */
#define WEIR__UTF8_F5 (WEIR__UTF8_ANY | WEIR__UTF8_HIGH | WEIR__UTF8_EDGE)
/* The ways to which any continuation as the second byte leads. */
#define WEIR__UTF8_NEXT (WEIR__UTF8_LONG | WEIR__UTF8_TWO | WEIR__UTF8_AGAIN)

/* By the upper half of the first byte. */
static const uint8_t weir__utf8_first_high[16] = {
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_LONG,
    WEIR__UTF8_AGAIN,
    WEIR__UTF8_AGAIN,
    WEIR__UTF8_AGAIN,
    WEIR__UTF8_AGAIN,
    WEIR__UTF8_SHORT | WEIR__UTF8_TWO,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT | WEIR__UTF8_E0 | WEIR__UTF8_ED,
    WEIR__UTF8_SHORT | WEIR__UTF8_HIGH | WEIR__UTF8_EDGE,
};

/* By the lower half of the first byte. */
static const uint8_t weir__utf8_first_low[16] = {
    WEIR__UTF8_ANY | WEIR__UTF8_TWO | WEIR__UTF8_E0 | WEIR__UTF8_EDGE,
    WEIR__UTF8_ANY | WEIR__UTF8_TWO,
    WEIR__UTF8_ANY,
    WEIR__UTF8_ANY,
    WEIR__UTF8_ANY | WEIR__UTF8_HIGH,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5 | WEIR__UTF8_ED,
    WEIR__UTF8_F5,
    WEIR__UTF8_F5,
};

/* By the upper half of the second byte. */
static const uint8_t weir__utf8_second_high[16] = {
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_NEXT | WEIR__UTF8_E0 | WEIR__UTF8_EDGE,
    WEIR__UTF8_NEXT | WEIR__UTF8_E0 | WEIR__UTF8_HIGH,
    WEIR__UTF8_NEXT | WEIR__UTF8_ED | WEIR__UTF8_HIGH,
    WEIR__UTF8_NEXT | WEIR__UTF8_ED | WEIR__UTF8_HIGH,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
    WEIR__UTF8_SHORT,
};

/* A byte from E0 on asks that the second after it be a continuation, one from F0 on the third: less
 * these, with saturation, such bytes keep their top bit and all others lose it. */
#define WEIR__UTF8_LESS_2 (0xE0 - 0x80)
#define WEIR__UTF8_LESS_3 (0xF0 - 0x80)

WEIR__TARGET("ssse3")
WEIR__INLINE __m128i weir__utf8_load_ssse3(const uint8_t *data)
{
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

/* Not zero where a byte cannot stand after the three before it. */
WEIR__TARGET("ssse3")
WEIR__INLINE __m128i weir__utf8_judge_ssse3(__m128i bytes, __m128i before1, __m128i before2,
                                            __m128i before3)
{
    const __m128i half = _mm_set1_epi8(0x0F);
    __m128i ways = _mm_shuffle_epi8(weir__utf8_load_ssse3(weir__utf8_first_high),
                                    _mm_and_si128(_mm_srli_epi16(before1, 4), half));
    ways = _mm_and_si128(ways, _mm_shuffle_epi8(weir__utf8_load_ssse3(weir__utf8_first_low),
                                                _mm_and_si128(before1, half)));
    ways = _mm_and_si128(ways, _mm_shuffle_epi8(weir__utf8_load_ssse3(weir__utf8_second_high),
                                                _mm_and_si128(_mm_srli_epi16(bytes, 4), half)));
    const __m128i asks = _mm_or_si128(_mm_subs_epu8(before2, _mm_set1_epi8(WEIR__UTF8_LESS_2)),
                                      _mm_subs_epu8(before3, _mm_set1_epi8(WEIR__UTF8_LESS_3)));
    return _mm_xor_si128(ways, _mm_and_si128(asks, _mm_set1_epi8((char)0x80)));
}

/* 16 bytes that have at least three before them. */
WEIR__TARGET("ssse3")
WEIR__INLINE __m128i weir__utf8_judge_at_ssse3(const uint8_t *data)
{
    return weir__utf8_judge_ssse3(weir__utf8_load_ssse3(data), weir__utf8_load_ssse3(data - 1),
                                  weir__utf8_load_ssse3(data - 2), weir__utf8_load_ssse3(data - 3));
}

/* The first 16: zeros stand for what is before a text, as nothing depends on ASCII. */
WEIR__TARGET("ssse3")
WEIR__INLINE __m128i weir__utf8_judge_first_ssse3(__m128i bytes)
{
    return weir__utf8_judge_ssse3(bytes, _mm_slli_si128(bytes, 1), _mm_slli_si128(bytes, 2),
                                  _mm_slli_si128(bytes, 3));
}

WEIR__TARGET("ssse3")
WEIR__INLINE bool weir__utf8_any_ssse3(__m128i faults)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8(faults, _mm_setzero_si128())) != 0xFFFF;
}

/* 1 to 15 bytes in the lower end of two words with zeros behind them, by loads that overlap. */
WEIR__INLINE void weir__utf8_gather(const uint8_t *data, size_t len, uint64_t words[2])
{
    words[1] = 0;
    if (len >= 8) {
        words[0] = weir__bits_load64(data);
        /* Two shifts: together they may be 64. */
        words[1] = weir__bits_load64(data + len - 8) >> 8 >> 8 * (15 - len);
    } else if (len >= 4) {
        const uint64_t last = weir__bits_load32(data + len - 4);
        words[0] = weir__bits_load32(data) | last << 8 * (len - 4);
    } else {
        words[0] = data[0] | (uint64_t)data[len / 2] << 8 * (len / 2) |
                   (uint64_t)data[len - 1] << 8 * (len - 1);
    }
}

/* Fewer than 16 bytes. The zeros behind them show a character that is cut off as a fault. */
WEIR__TARGET("ssse3")
WEIR__INLINE size_t weir__utf8_short_ssse3(const uint8_t *data, size_t len)
{
    uint64_t words[2];
    if (len == 0)
        return 0;
    weir__utf8_gather(data, len, words);
    if (((words[0] | words[1]) & 0x8080808080808080u) == 0)
        return len;
    const __m128i bytes = _mm_set_epi64x((long long)words[1], (long long)words[0]);
    if (weir__utf8_any_ssse3(weir__utf8_judge_first_ssse3(bytes)))
        return weir__utf8_scalar(data, len);
    return len;
}

/* What comes after the first 16 of 16 to 31 bytes, and zeros: the last 16 moved by a shuffle whose
 * indices run out of the vector, where the top bit makes zeros. */
WEIR__TARGET("ssse3")
WEIR__INLINE __m128i weir__utf8_second_ssse3(const uint8_t *data, size_t len)
{
    static const uint8_t moves[32] = {
        0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,
        11,   12,   13,   14,   15,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    };
    return _mm_shuffle_epi8(weir__utf8_load_ssse3(data + len - 16),
                            weir__utf8_load_ssse3(moves + 32 - len));
}

#endif

#endif
