/* SPDX-License-Identifier: MIT */
/* Decoding tables from code lengths (RFC 1951 3.2.2). */
#ifndef WEIR_DEFLATE_INFLATE_TABLES_H
#define WEIR_DEFLATE_INFLATE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* Bits that the first lookup takes. */
#define WEIR__INFLATE_PRECODE_ROOT 7
#define WEIR__INFLATE_LITLEN_ROOT 9
#define WEIR__INFLATE_DIST_ROOT 8

/* Most entries that any complete code of 286 or 32 symbols makes, subtables included: what zlib's
 * `enough` finds, which walks through all of them for tables of this shape. */
#define WEIR__INFLATE_PRECODE_CAP 128
#define WEIR__INFLATE_LITLEN_CAP 852
#define WEIR__INFLATE_DIST_CAP 402

/* An entry. Bits 0-5: bits to drop, code and extra together; or the index bits of a subtable.
 * Bits 8-12: bits of the code alone. Bits 16-30: literal, base of a length or distance, symbol of
 * the precode, or start of a subtable. */
#define WEIR__INFLATE_END 0x2000u      /* end of block */
#define WEIR__INFLATE_SUBTABLE 0x4000u /* look further */
#define WEIR__INFLATE_SPECIAL 0x8000u  /* END, SUBTABLE or, with neither, no code at all */
#define WEIR__INFLATE_LITERAL 0x80000000u

typedef enum weir__inflate_kind {
    WEIR__INFLATE_PRECODE,
    WEIR__INFLATE_LITLEN,
    WEIR__INFLATE_DIST
} weir__inflate_kind;

#define WEIR__INFLATE_MAX_SYMBOLS 288

/* False when the lengths (each 0..15, count at most MAX_SYMBOLS) are no code that zlib would take;
 * the table is void then. It has at least count entries, and so has room, which is changed. */
bool weir__inflate_build(uint32_t *table, weir__inflate_kind kind, const uint8_t *lengths,
                         uint32_t count, uint32_t *room);

/* The tables of RFC 1951 3.2.6: 2^ROOT entries each. lengths and room are changed, they have
 * MAX_SYMBOLS entries. */
void weir__inflate_build_fixed(uint32_t *litlen, uint32_t *dist, uint8_t *lengths, uint32_t *room);

static inline uint32_t weir__inflate_lookup(const uint32_t *table, uint32_t root, uint64_t bits)
{
    const uint32_t entry = table[bits & ((1u << root) - 1)];
    if (!(entry & WEIR__INFLATE_SUBTABLE))
        return entry;
    return table[(entry >> 16) + (bits >> root & ((1u << (entry & 63)) - 1))];
}

#endif
