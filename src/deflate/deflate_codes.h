/* SPDX-License-Identifier: MIT */
/* Codes as they are written: the bit buffer, symbols with their extra bits (RFC 1951 3.2.5). */
#ifndef WEIR_DEFLATE_DEFLATE_CODES_H
#define WEIR_DEFLATE_DEFLATE_CODES_H

#include "../base/bits.h"

#define WEIR__DEFLATE_LITLENS 286
#define WEIR__DEFLATE_DISTS 30
#define WEIR__DEFLATE_END 256

/* Bits in the low 24, first one lowest; their number above. */
typedef uint32_t weir__deflate_code;

#define WEIR__DEFLATE_CODE(bits, count) ((uint32_t)(bits) | (uint32_t)(count) << 24)

typedef struct weir__deflate_codes {
    weir__deflate_code litlen[WEIR__DEFLATE_LITLENS + 2];
    weir__deflate_code dist[WEIR__DEFLATE_DISTS + 2];
} weir__deflate_codes;

/* Output: at most 7 bits wait after a flush, at most 57 are put between two. */
typedef struct weir__deflate_out {
    uint64_t bits;
    uint32_t count;
    uint8_t *at;
} weir__deflate_out;

WEIR__INLINE void weir__deflate_put(weir__deflate_out *out, weir__deflate_code code)
{
    out->bits |= (uint64_t)(code & 0xFFFFFF) << out->count;
    out->count += code >> 24;
}

/* Writes 8 bytes, of which the whole ones count. */
WEIR__INLINE void weir__deflate_flush(weir__deflate_out *out)
{
    weir__bits_store64_little(out->at, out->bits);
    out->at += out->count >> 3;
    out->bits >>= out->count & 56;
    out->count &= 7;
}

/* length is 3..258. */
WEIR__INLINE uint32_t weir__deflate_length_symbol(uint32_t length)
{
    const uint32_t value = length - 3;
    if (value < 8)
        return 257 + value;
    const uint32_t extra = weir__bits_highest(value) - 2;
    return value == 255 ? 285 : 257 + 4 * extra + (value >> extra);
}

WEIR__INLINE uint32_t weir__deflate_length_extra(uint32_t length)
{
    const uint32_t value = length - 3;
    return value < 8 || value == 255 ? 0 : weir__bits_highest(value) - 2;
}

/* distance is 1..32768. */
WEIR__INLINE uint32_t weir__deflate_dist_extra(uint32_t distance)
{
    return distance < 5 ? 0 : weir__bits_highest(distance - 1) - 1;
}

WEIR__INLINE uint32_t weir__deflate_dist_symbol(uint32_t distance)
{
    const uint32_t extra = weir__deflate_dist_extra(distance);
    return 2 * extra + ((distance - 1) >> extra);
}

/* At most 28 bits. */
WEIR__INLINE void weir__deflate_put_distance(weir__deflate_out *out,
                                             const weir__deflate_codes *codes, uint32_t distance)
{
    const uint32_t extra = weir__deflate_dist_extra(distance);
    weir__deflate_put(out, codes->dist[2 * extra + ((distance - 1) >> extra)]);
    weir__deflate_put(out, WEIR__DEFLATE_CODE((distance - 1) & ((1u << extra) - 1), extra));
}

/* At most 20 bits: the code of a whole length, with its extra bits. */
WEIR__INLINE weir__deflate_code weir__deflate_length_code(const weir__deflate_codes *codes,
                                                          uint32_t length)
{
    const weir__deflate_code symbol = codes->litlen[weir__deflate_length_symbol(length)];
    const uint32_t extra = weir__deflate_length_extra(length);
    const uint32_t value = (length - 3) & ((1u << extra) - 1);
    return (symbol | value << (symbol >> 24)) + WEIR__DEFLATE_CODE(0, extra);
}

#endif
