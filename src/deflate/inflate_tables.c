/* SPDX-License-Identifier: MIT */
/* Decoding tables from code lengths (RFC 1951 3.2.2). */
#include "inflate_tables.h"

#include <string.h>

#include "../base/bits.h"

#define INFLATE_TABLES_MAX_BITS 15

/* What stands for a code that no symbol has. It takes a bit, so that every step makes progress. */
#define INFLATE_TABLES_NONE (WEIR__INFLATE_SPECIAL | 1u << 8 | 1u)

#define INFLATE_TABLES_BASE(base, extra) ((uint32_t)(base) << 16 | (extra))

/* RFC 1951 3.2.5: symbols 257 to 287; the last two never occur. */
static const uint32_t inflate_tables_lengths[31] = {
    INFLATE_TABLES_BASE(3, 0),   INFLATE_TABLES_BASE(4, 0),   INFLATE_TABLES_BASE(5, 0),
    INFLATE_TABLES_BASE(6, 0),   INFLATE_TABLES_BASE(7, 0),   INFLATE_TABLES_BASE(8, 0),
    INFLATE_TABLES_BASE(9, 0),   INFLATE_TABLES_BASE(10, 0),  INFLATE_TABLES_BASE(11, 1),
    INFLATE_TABLES_BASE(13, 1),  INFLATE_TABLES_BASE(15, 1),  INFLATE_TABLES_BASE(17, 1),
    INFLATE_TABLES_BASE(19, 2),  INFLATE_TABLES_BASE(23, 2),  INFLATE_TABLES_BASE(27, 2),
    INFLATE_TABLES_BASE(31, 2),  INFLATE_TABLES_BASE(35, 3),  INFLATE_TABLES_BASE(43, 3),
    INFLATE_TABLES_BASE(51, 3),  INFLATE_TABLES_BASE(59, 3),  INFLATE_TABLES_BASE(67, 4),
    INFLATE_TABLES_BASE(83, 4),  INFLATE_TABLES_BASE(99, 4),  INFLATE_TABLES_BASE(115, 4),
    INFLATE_TABLES_BASE(131, 5), INFLATE_TABLES_BASE(163, 5), INFLATE_TABLES_BASE(195, 5),
    INFLATE_TABLES_BASE(227, 5), INFLATE_TABLES_BASE(258, 0), WEIR__INFLATE_SPECIAL,
    WEIR__INFLATE_SPECIAL,
};

/* RFC 1951 3.2.5: the last two never occur. */
static const uint32_t inflate_tables_distances[32] = {
    INFLATE_TABLES_BASE(1, 0),      INFLATE_TABLES_BASE(2, 0),      INFLATE_TABLES_BASE(3, 0),
    INFLATE_TABLES_BASE(4, 0),      INFLATE_TABLES_BASE(5, 1),      INFLATE_TABLES_BASE(7, 1),
    INFLATE_TABLES_BASE(9, 2),      INFLATE_TABLES_BASE(13, 2),     INFLATE_TABLES_BASE(17, 3),
    INFLATE_TABLES_BASE(25, 3),     INFLATE_TABLES_BASE(33, 4),     INFLATE_TABLES_BASE(49, 4),
    INFLATE_TABLES_BASE(65, 5),     INFLATE_TABLES_BASE(97, 5),     INFLATE_TABLES_BASE(129, 6),
    INFLATE_TABLES_BASE(193, 6),    INFLATE_TABLES_BASE(257, 7),    INFLATE_TABLES_BASE(385, 7),
    INFLATE_TABLES_BASE(513, 8),    INFLATE_TABLES_BASE(769, 8),    INFLATE_TABLES_BASE(1025, 9),
    INFLATE_TABLES_BASE(1537, 9),   INFLATE_TABLES_BASE(2049, 10),  INFLATE_TABLES_BASE(3073, 10),
    INFLATE_TABLES_BASE(4097, 11),  INFLATE_TABLES_BASE(6145, 11),  INFLATE_TABLES_BASE(8193, 12),
    INFLATE_TABLES_BASE(12289, 12), INFLATE_TABLES_BASE(16385, 13), INFLATE_TABLES_BASE(24577, 13),
    WEIR__INFLATE_SPECIAL,          WEIR__INFLATE_SPECIAL,
};

typedef struct inflate_tables_code {
    weir__inflate_kind kind;
    uint32_t used;                               /* symbols that have a code */
    uint16_t count[INFLATE_TABLES_MAX_BITS + 1]; /* codes of each length, valid from 1 on */
    uint32_t *sorted;                            /* used symbols by length, then by number */
} inflate_tables_code;

static uint32_t inflate_tables_entry(weir__inflate_kind kind, uint32_t symbol, uint32_t bits)
{
    uint32_t entry = symbol << 16;
    if (kind == WEIR__INFLATE_DIST)
        entry = inflate_tables_distances[symbol];
    else if (kind == WEIR__INFLATE_LITLEN && symbol < 256)
        entry |= WEIR__INFLATE_LITERAL;
    else if (kind == WEIR__INFLATE_LITLEN && symbol == 256)
        entry = WEIR__INFLATE_SPECIAL | WEIR__INFLATE_END;
    else if (kind == WEIR__INFLATE_LITLEN)
        entry = inflate_tables_lengths[symbol - 257];
    return entry + (bits << 8 | bits);
}

/* Most lengths are 0, in long runs. */
static uint32_t inflate_tables_find_used(inflate_tables_code *code, const uint8_t *lengths,
                                         uint32_t count, uint32_t *used)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count;) {
        const uint32_t end = count - i < 8 ? count : i + 8;
        if (end - i == 8 && weir__bits_load64(lengths + i) == 0)
            i = end;
        for (; i < end; i++) {
            used[n] = i;
            n += lengths[i] != 0;
            code->count[lengths[i]]++;
        }
    }
    return n;
}

/* used: room for the symbols that have a code, in their order. */
static void inflate_tables_sort(inflate_tables_code *code, const uint8_t *lengths, uint32_t count,
                                uint32_t *used)
{
    uint16_t next[INFLATE_TABLES_MAX_BITS + 1];
    memset(code->count, 0, sizeof code->count);
    code->used = inflate_tables_find_used(code, lengths, count, used);
    next[1] = 0;
    for (uint32_t bits = 1; bits < INFLATE_TABLES_MAX_BITS; bits++)
        next[bits + 1] = (uint16_t)(next[bits] + code->count[bits]);
    for (uint32_t i = 0; i < code->used; i++)
        code->sorted[next[lengths[used[i]]]++] = used[i];
}

/* RFC 1951 3.2.7: one distance code takes one bit, the other code of that length is unused; no
 * distance code at all is fine where only literals follow. As zlib does, the same holds for the
 * literal code; any other incomplete or over-subscribed code is an error. */
static bool inflate_tables_valid(const inflate_tables_code *code)
{
    int32_t unused = 1;
    for (uint32_t bits = 1; bits <= INFLATE_TABLES_MAX_BITS; bits++) {
        unused = 2 * unused - code->count[bits];
        if (unused < 0)
            return false;
    }
    return unused == 0 || (code->kind != WEIR__INFLATE_PRECODE && code->used == code->count[1]);
}

/* The next canonical code of that many bits, both with their first bit lowest, as the stream has
 * them: add one from the top. */
static uint32_t inflate_tables_next(uint32_t value, uint32_t bits)
{
    const uint32_t zeros = ~value & ((1u << bits) - 1);
    if (zeros == 0)
        return 0; /* that was the last one */
    const uint32_t highest = 1u << weir__bits_highest(zeros);
    return (value & (highest - 1)) | highest;
}

/* Codes of at most root bits: the part filled so far holds all indices of the last length, and
 * doubles for the next. Returns the code that follows. */
static uint32_t inflate_tables_fill_root(const inflate_tables_code *code, uint32_t *table,
                                         uint32_t root)
{
    const uint32_t *symbol = code->sorted;
    uint32_t value = 0;
    table[0] = INFLATE_TABLES_NONE;
    for (uint32_t bits = 1; bits <= root; bits++) {
        const uint32_t half = 1u << (bits - 1);
        memcpy(table + half, table, half * sizeof *table);
        for (uint32_t i = 0; i < code->count[bits]; i++) {
            table[value] = inflate_tables_entry(code->kind, *symbol++, bits);
            value = inflate_tables_next(value, bits);
        }
    }
    return value;
}

/* Index bits of a subtable whose first code has that many bits, when so many of them are left: the
 * code is complete, so the subtable ends where its codes fill it. */
static uint32_t inflate_tables_sub_bits(const inflate_tables_code *code, uint32_t bits,
                                        uint32_t root, uint32_t remaining)
{
    int32_t unused = (1 << (bits - root)) - (int32_t)remaining;
    while (unused > 0 && bits < INFLATE_TABLES_MAX_BITS) { /* never: incomplete with 15 bits */
        bits++;
        unused = 2 * unused - code->count[bits];
    }
    return bits - root;
}

static void inflate_tables_fill_sub(const inflate_tables_code *code, uint32_t *table, uint32_t root,
                                    uint32_t value)
{
    uint32_t symbol = code->used;
    for (uint32_t bits = root + 1; bits <= INFLATE_TABLES_MAX_BITS; bits++)
        symbol -= code->count[bits];
    uint32_t end = 1u << root;
    uint32_t start = 0;
    uint32_t size = 0;
    uint32_t prefix = end; /* none yet */
    for (uint32_t bits = root + 1; bits <= INFLATE_TABLES_MAX_BITS; bits++) {
        for (uint32_t left = code->count[bits]; left > 0; left--) {
            if ((value & ((1u << root) - 1)) != prefix) {
                prefix = value & ((1u << root) - 1);
                const uint32_t index_bits = inflate_tables_sub_bits(code, bits, root, left);
                table[prefix] =
                    WEIR__INFLATE_SPECIAL | WEIR__INFLATE_SUBTABLE | end << 16 | index_bits;
                start = end;
                size = 1u << index_bits;
                end += size;
            }
            const uint32_t entry = inflate_tables_entry(code->kind, code->sorted[symbol++], bits);
            for (uint32_t i = value >> root; i < size; i += 1u << (bits - root))
                table[start + i] = entry;
            value = inflate_tables_next(value, bits);
        }
    }
}

bool weir__inflate_build(uint32_t *table, weir__inflate_kind kind, const uint8_t *lengths,
                         uint32_t count, uint32_t *room)
{
    static const uint8_t roots[] = {WEIR__INFLATE_PRECODE_ROOT, WEIR__INFLATE_LITLEN_ROOT,
                                    WEIR__INFLATE_DIST_ROOT};
    inflate_tables_code code;
    code.kind = kind;
    code.sorted = room;
    inflate_tables_sort(&code, lengths, count, table); /* which is filled only then */
    if (!inflate_tables_valid(&code))
        return false;
    const uint32_t value = inflate_tables_fill_root(&code, table, roots[kind]);
    inflate_tables_fill_sub(&code, table, roots[kind], value);
    return true;
}

void weir__inflate_build_fixed(uint32_t *litlen, uint32_t *dist, uint8_t *lengths, uint32_t *room)
{
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 256 - 144);
    memset(lengths + 256, 7, 280 - 256);
    memset(lengths + 280, 8, 288 - 280);
    weir__inflate_build(litlen, WEIR__INFLATE_LITLEN, lengths, 288, room);
    memset(lengths, 5, 32);
    weir__inflate_build(dist, WEIR__INFLATE_DIST, lengths, 32, room);
}
