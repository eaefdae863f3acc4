/* SPDX-License-Identifier: MIT */
/* All texts of up to four bytes: a decoder to compare with, and walks over all of them. */
#include "utf8_all.h"

#include <string.h>
#include <weir/weir.h>

#include "../../src/kernels/utf8.h"
#include "tables.h"
#include "test.h"

/* ---- The decoder -----------------------------------------------------------------------------*/

/* RFC 3629 3: how many bytes a character has that begins so; 0: none does. */
static size_t decode_total(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC0 || lead >= 0xF8)
        return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* Whether some code point is written in total bytes whose first give this value, with so many bits
 * to come. RFC 3629 3: the shortest form, no surrogates, nothing above 10FFFF. */
static int decode_may_become(uint32_t value, size_t total, size_t bits)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const uint32_t low = value << bits;
    const uint32_t high = low + ((1u << bits) - 1);
    return high >= least[total] && low <= 0x10FFFF && !(low >= 0xD800 && high <= 0xDFFF);
}

utf8_verdict utf8_decode(const uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        const size_t total = decode_total(data[at]);
        if (total == 1) {
            at++;
            continue;
        }
        uint32_t value = data[at] & (0x7Fu >> total);
        if (total == 0 || !decode_may_become(value, total, 6 * (total - 1)))
            return (utf8_verdict){at, 0};
        for (size_t have = 1; have < total; have++) {
            if (at + have == len)
                return (utf8_verdict){len, 0};
            const uint8_t byte = data[at + have];
            value = value << 6 | (byte & 0x3F);
            if (byte >> 6 != 2 || !decode_may_become(value, total, 6 * (total - 1 - have)))
                return (utf8_verdict){at + have, 0};
        }
        at += total;
    }
    return (utf8_verdict){len, 1};
}

/* ---- Sets ------------------------------------------------------------------------------------*/

utf8_set utf8_all_bytes(void)
{
    utf8_set set = {{0}, 256};
    for (size_t i = 0; i < 256; i++)
        set.bytes[i] = (uint8_t)i;
    return set;
}

utf8_set utf8_edge_bytes(void)
{
    static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                    0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
                                    0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFF};
    utf8_set set = {{0}, sizeof edges};
    memcpy(set.bytes, edges, sizeof edges);
    return set;
}

/* ---- Tables ----------------------------------------------------------------------------------*/

#define WALK_AROUND 128u
#define WALK_PLACE 60u /* and 7 more: over the ends of blocks of 16, 32 and 64 bytes */

typedef struct walk {
    const weir__kernels *tables[TABLES_MOST];
    size_t count;
    uint8_t around[WALK_AROUND];
    uint8_t text[4];
    size_t len;
    utf8_verdict begun;  /* of all bytes but the last */
    weir_utf8 states[4]; /* after so many bytes, as far as they are right */
    uint64_t valid;
} walk;

/* A fault before the last byte is one whatever that is. */
static utf8_verdict walk_right(const walk *w)
{
    return w->begun.at + 1 < w->len ? w->begun : utf8_decode(w->text, w->len);
}

static void walk_fail(const walk *w, const char *how, size_t got, utf8_verdict right)
{
    fail_msg("%02x %02x %02x %02x, %zu bytes, %s: %zu and not %zu, whole %zu", w->text[0],
             w->text[1], w->text[2], w->text[3], w->len, how, got, right.at, right.whole);
}

/* A text in the midst of ASCII must be whole. */
static void walk_around(walk *w, const weir__kernels *table, utf8_verdict right)
{
    const size_t place = WALK_PLACE + (w->text[w->len - 1] & 7u);
    uint32_t state = WEIR__UTF8_START;
    const size_t good = right.at < w->len || right.whole ? right.at : w->len;
    const size_t wanted = right.whole ? WALK_AROUND : place + good;
    memcpy(w->around + place, w->text, w->len);
    const size_t got = weir__utf8_check(table, &state, w->around, WALK_AROUND);
    memset(w->around + place, 'a', w->len);
    if (got != wanted)
        walk_fail(w, table->name, got, right);
}

static void walk_alone(const walk *w, const weir__kernels *table, utf8_verdict right)
{
    uint32_t state = WEIR__UTF8_START;
    const size_t got = weir__utf8_check(table, &state, w->text, w->len);
    const int whole = got == w->len && state == WEIR__UTF8_START;
    if (got != right.at || whole != (int)right.whole)
        walk_fail(w, table->name, got, right);
}

static void walk_by_tables(walk *w)
{
    const utf8_verdict right = walk_right(w);
    for (size_t i = 0; i < w->count; i++) {
        walk_alone(w, w->tables[i], right);
        walk_around(w, w->tables[i], right);
    }
    w->valid += right.whole;
}

/* ---- Cuts ------------------------------------------------------------------------------------*/

typedef struct walk_piecewise {
    size_t at;
    size_t whole;
    uint32_t state;
} walk_piecewise;

/* Bit i of cuts: a piece ends behind byte i. */
static walk_piecewise walk_pieces(const walk *w, unsigned cuts)
{
    walk_piecewise result = {0, 1, 0};
    weir_utf8 utf8 = {0};
    for (size_t from = 0, to = 1; to <= w->len; to++) {
        const int final = to == w->len;
        if (!final && !(cuts >> (to - 1) & 1))
            continue;
        const size_t got = weir_utf8_check(&utf8, w->text + from, to - from, final);
        if (final && got == SIZE_MAX)
            result.whole = 0;
        else if (got < to - from)
            return (walk_piecewise){from + got, 0, 0};
        result.at = from = to;
    }
    result.state = utf8.state;
    return result;
}

static void walk_by_cuts(walk *w)
{
    const utf8_verdict right = walk_right(w);
    const walk_piecewise first = walk_pieces(w, 0);
    for (unsigned cuts = 0; cuts < 1u << (w->len - 1); cuts++) {
        const walk_piecewise got = walk_pieces(w, cuts);
        if (got.at != right.at || got.whole != right.whole || got.state != first.state)
            walk_fail(w, "in pieces", got.at, right);
    }
    w->valid += right.whole;
}

/* The last piece, from behind every byte that is right. */
static void walk_by_ends(walk *w)
{
    const utf8_verdict right = walk_right(w);
    for (size_t from = 0; from < w->len && from <= right.at; from++) {
        weir_utf8 utf8 = w->states[from];
        const size_t got = weir_utf8_check(&utf8, w->text + from, w->len - from, 1);
        const size_t at = got == SIZE_MAX ? w->len : from + got;
        if (at != right.at || (at == w->len && right.whole != (got != SIZE_MAX)))
            walk_fail(w, "in two pieces", at, right);
    }
    w->valid += right.whole;
}

/* ---- All of them -----------------------------------------------------------------------------*/

static void walk_begin(walk *w)
{
    w->begun = utf8_decode(w->text, w->len - 1);
    for (size_t len = 1; len < w->len && len <= w->begun.at; len++) {
        w->states[len].state = 0;
        assert_int_equal(weir_utf8_check(&w->states[len], w->text, len, 0), len);
    }
}

static uint64_t walk_all(const utf8_set *set, const utf8_set *last, walk *w, void (*judge)(walk *))
{
    size_t index[4] = {0, 0, 0, 0};
    for (;;) {
        for (size_t i = 0; i + 1 < w->len; i++)
            w->text[i] = set->bytes[index[i]];
        walk_begin(w);
        for (size_t i = 0; i < last->count; i++) {
            w->text[w->len - 1] = last->bytes[i];
            judge(w);
        }
        size_t turn = w->len - 1;
        while (turn > 0 && ++index[turn - 1] == set->count)
            index[--turn] = 0;
        if (turn == 0)
            return w->valid;
    }
}

/* Tables that share their function for UTF-8 are judged once. */
static void walk_find_tables(walk *w)
{
    const weir__kernels *found[TABLES_MOST];
    const size_t count = tables(found);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < w->count && w->tables[k]->utf8 != found[i]->utf8)
            k++;
        if (k == w->count)
            w->tables[w->count++] = found[i];
    }
}

uint64_t utf8_walk_tables(const utf8_set *set, const utf8_set *last, size_t len)
{
    walk w = {.len = len};
    memset(w.around, 'a', sizeof w.around);
    walk_find_tables(&w);
    return walk_all(set, last, &w, walk_by_tables);
}

uint64_t utf8_walk_cuts(const utf8_set *set, const utf8_set *last, size_t len, int every)
{
    walk w = {.len = len};
    return walk_all(set, last, &w, every ? walk_by_cuts : walk_by_ends);
}
