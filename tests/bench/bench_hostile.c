/* SPDX-License-Identifier: MIT */
/* Compressed streams that are made to be slow to unpack, and texts to be slow to pack. */
#include <string.h>

#include "bench.h"
#include "bench_hostile.h"

/* ---- Streams ---------------------------------------------------------------------------------*/

static void hostile_put(hostile_stream *stream, uint32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, stream->bits++) {
        if (stream->bits % 8 == 0)
            stream->bytes[stream->bits / 8] = 0;
        stream->bytes[stream->bits / 8] |= (uint8_t)((value >> i & 1) << stream->bits % 8);
    }
}

void hostile_end(hostile_stream *stream)
{
    hostile_put(stream, 0, 3);
    while (stream->bits % 8 != 0)
        hostile_put(stream, 0, 1);
}

/* The code of a symbol (RFC 1951 3.2.2), highest bit first. */
static void hostile_put_symbol(hostile_stream *stream, const uint8_t *lengths, uint32_t count,
                               uint32_t symbol)
{
    uint32_t code = 0; /* in 15 bits */
    for (uint32_t bits = 1; bits <= lengths[symbol]; bits++)
        for (uint32_t i = 0; i < count; i++)
            if (lengths[i] == bits && (bits < lengths[symbol] || i < symbol))
                code += 1u << (15 - bits);
    for (uint32_t i = 0; i < lengths[symbol]; i++)
        hostile_put(stream, code >> (14 - i) & 1, 1);
}

/* One item of the lengths at the head of a dynamic block: a symbol and its extra bits. */
typedef struct hostile_item {
    uint8_t symbol;
    uint8_t extra;
} hostile_item;

static size_t hostile_items(const uint8_t *lengths, size_t total, hostile_item *items)
{
    size_t n = 0;
    for (size_t i = 0; i < total;) {
        size_t run = 1;
        while (i + run < total && run < 138 && lengths[i + run] == lengths[i])
            run++;
        const int again = i > 0 && lengths[i - 1] == lengths[i];
        hostile_item item = {lengths[i], 0};
        if (lengths[i] == 0 && run >= 11) {
            item.symbol = 18;
            item.extra = (uint8_t)(run - 11);
        } else if (again && run >= 3) {
            run = run < 6 ? run : 6;
            item.symbol = 16;
            item.extra = (uint8_t)(run - 3);
        } else {
            run = 1;
        }
        items[n++] = item;
        i += run;
    }
    return n;
}

/* A complete code of about equal lengths for the symbols that items have. */
static void hostile_precode(const hostile_item *items, size_t n, uint8_t *lengths)
{
    uint32_t used = 0;
    uint32_t bits = 1;
    memset(lengths, 0, 19);
    for (size_t i = 0; i < n; i++)
        lengths[items[i].symbol] = 1;
    for (uint32_t i = 0; i < 19; i++)
        used += lengths[i];
    while (1u << bits < used)
        bits++;
    uint32_t shorter = (1u << bits) - used;
    for (uint32_t i = 19; i-- > 0;) {
        if (lengths[i] == 0)
            continue;
        lengths[i] = (uint8_t)(shorter > 0 ? bits - 1 : bits);
        shorter -= shorter > 0;
    }
}

/* RFC 1951 3.2.7. */
static void hostile_put_head(hostile_stream *stream, const uint8_t *litlen, uint32_t litlens,
                             const uint8_t *dist, uint32_t dists)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    static const uint8_t extra[3] = {2, 3, 7};
    uint8_t lengths[320];
    uint8_t precode[19];
    hostile_item items[320];
    uint32_t sent = 19;
    memcpy(lengths, litlen, litlens);
    memcpy(lengths + litlens, dist, dists);
    const size_t n = hostile_items(lengths, litlens + dists, items);
    hostile_precode(items, n, precode);
    while (sent > 4 && precode[order[sent - 1]] == 0)
        sent--;
    hostile_put(stream, 4, 3);
    hostile_put(stream, litlens - 257, 5);
    hostile_put(stream, dists - 1, 5);
    hostile_put(stream, sent - 4, 4);
    for (uint32_t i = 0; i < sent; i++)
        hostile_put(stream, precode[order[i]], 3);
    for (size_t i = 0; i < n; i++) {
        hostile_put_symbol(stream, precode, 19, items[i].symbol);
        if (items[i].symbol >= 16)
            hostile_put(stream, items[i].extra, extra[items[i].symbol - 16]);
    }
}

static void hostile_empty_fixed(hostile_stream *stream, size_t len)
{
    while (stream->bits < 8 * len)
        hostile_put(stream, 2, 10);
}

static void hostile_empty_stored(hostile_stream *stream, size_t len)
{
    while (stream->bits < 8 * len) {
        hostile_put(stream, 0, 8);
        hostile_put(stream, 0xFFFF0000, 32);
    }
}

/* The smallest one: no code but of the end, and a distance. */
static void hostile_empty_dynamic(hostile_stream *stream, size_t len)
{
    static const uint8_t dist[1] = {1};
    uint8_t litlen[257] = {0};
    litlen[256] = 1;
    while (stream->bits < 8 * len) {
        hostile_put_head(stream, litlen, 257, dist, 1);
        hostile_put_symbol(stream, litlen, 257, 256);
    }
}

/* All symbols, none longer than the first lookup takes. */
static void hostile_full_tables(hostile_stream *stream, size_t len)
{
    uint8_t litlen[286];
    uint8_t dist[30];
    memset(litlen, 8, 226);
    memset(litlen + 226, 9, 60);
    memset(dist, 4, 2);
    memset(dist + 2, 5, 28);
    while (stream->bits < 8 * len) {
        hostile_put_head(stream, litlen, 286, dist, 30);
        hostile_put_symbol(stream, litlen, 286, 256);
    }
}

static void hostile_deep_lengths(uint8_t *litlen, uint8_t *dist)
{
    for (uint8_t i = 0; i < 7; i++)
        litlen[i] = (uint8_t)(i + 1);
    memset(litlen + 7, 15, 256);
    for (uint8_t i = 0; i < 15; i++)
        dist[i] = (uint8_t)(i + 1);
    dist[15] = 15;
}

/* Codes of 15 bits, in second tables. */
static void hostile_deep_tables(hostile_stream *stream, size_t len)
{
    uint8_t litlen[263];
    uint8_t dist[16];
    hostile_deep_lengths(litlen, dist);
    while (stream->bits < 8 * len) {
        hostile_put_head(stream, litlen, 263, dist, 16);
        hostile_put_symbol(stream, litlen, 263, 256);
    }
}

/* One block of literals of 15 bits. */
static void hostile_deep_literals(hostile_stream *stream, size_t len)
{
    uint8_t litlen[263];
    uint8_t dist[16];
    hostile_deep_lengths(litlen, dist);
    hostile_put_head(stream, litlen, 263, dist, 16);
    while (stream->bits < 8 * len)
        hostile_put_symbol(stream, litlen, 263, (uint32_t)(16 + bench_random() % 200));
    hostile_put_symbol(stream, litlen, 263, 256);
}

/* Fixed code: 8 bits from 0x30 on for literals below 144, highest bit first. */
static void hostile_put_literal(hostile_stream *stream, uint32_t literal)
{
    for (uint32_t i = 8; i-- > 0;)
        hostile_put(stream, (0x30 + literal) >> i & 1, 1);
}

/* Matches of length 3 at the largest distance: on both sides of where a window slides or wraps. */
static void hostile_far(hostile_stream *stream, size_t len)
{
    hostile_put(stream, 2, 3);
    for (uint32_t i = 0; i < 32768; i++)
        hostile_put_literal(stream, (uint32_t)(bench_random() % 144));
    while (stream->bits < 8 * (len + 32768)) {
        hostile_put(stream, 0x40, 7); /* 0000001: length 3 */
        hostile_put(stream, 0x17, 5); /* 11101: distance 24577 and more */
        hostile_put(stream, 0x1FFF - (uint32_t)(bench_random() % 3), 13);
    }
    hostile_put(stream, 0, 7);
}

/* The most that a bit can make: a match of 258 in two bits where the distance has no extra ones,
 * 1,032 bytes of output a byte. */
static void hostile_bomb(hostile_stream *stream, size_t len, uint32_t distance)
{
    uint8_t litlen[286] = {0};
    uint8_t dist[30] = {0};
    uint32_t extra = 0; /* RFC 1951 3.2.5 */
    while ((distance - 1) >> extra >= 4)
        extra++;
    const uint32_t symbol = 2 * extra + ((distance - 1) >> extra);
    hostile_put(stream, 2, 3);
    for (uint32_t i = 0; i < distance; i++)
        hostile_put_literal(stream, 'a' + i % 20);
    hostile_put(stream, 0, 7);
    litlen[285] = 1;
    litlen[256] = 1;
    dist[symbol] = 1;
    hostile_put_head(stream, litlen, 286, dist, symbol + 1);
    while (stream->bits < 8 * len) {
        hostile_put_symbol(stream, litlen, 286, 285);
        hostile_put(stream, 0, 1);
        hostile_put(stream, (distance - 1) & ((1u << extra) - 1), extra);
    }
    hostile_put_symbol(stream, litlen, 286, 256);
}

#define HOSTILE_BOMB(distance)                                                                     \
    static void hostile_bomb_##distance(hostile_stream *stream, size_t len)                        \
    {                                                                                              \
        hostile_bomb(stream, len, distance);                                                       \
    }
HOSTILE_BOMB(1)
HOSTILE_BOMB(2)
HOSTILE_BOMB(3)
HOSTILE_BOMB(4)
HOSTILE_BOMB(5)
HOSTILE_BOMB(7)
HOSTILE_BOMB(8)
HOSTILE_BOMB(9)
HOSTILE_BOMB(13)
HOSTILE_BOMB(16)
HOSTILE_BOMB(17)
HOSTILE_BOMB(25)
HOSTILE_BOMB(33)

const hostile_case hostile_streams[] = {
    {"empty-fixed", hostile_empty_fixed},
    {"empty-stored", hostile_empty_stored},
    {"empty-dynamic", hostile_empty_dynamic},
    {"full-tables", hostile_full_tables},
    {"deep-tables", hostile_deep_tables},
    {"deep-literals", hostile_deep_literals},
    {"far", hostile_far},
    {"bomb-1", hostile_bomb_1},
    {"bomb-2", hostile_bomb_2},
    {"bomb-3", hostile_bomb_3},
    {"bomb-4", hostile_bomb_4},
    {"bomb-5", hostile_bomb_5},
    {"bomb-7", hostile_bomb_7},
    {"bomb-8", hostile_bomb_8},
    {"bomb-9", hostile_bomb_9},
    {"bomb-13", hostile_bomb_13},
    {"bomb-16", hostile_bomb_16},
    {"bomb-17", hostile_bomb_17},
    {"bomb-25", hostile_bomb_25},
    {"bomb-33", hostile_bomb_33},
};
const size_t hostile_stream_count = sizeof hostile_streams / sizeof hostile_streams[0];

/* ---- Texts -----------------------------------------------------------------------------------*/

static void hostile_random(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(bench_random() >> 32);
}

/* Many places of each hash, and matches a little longer each time. */
static void hostile_two_letters(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)('a' + (bench_random() >> 32 & 1));
}

/* Each byte is one of the four whose hash (see deflate_match.c) with the three before is lowest:
 * few places of the table get all positions. */
static void hostile_colliding(uint8_t *out, size_t len)
{
    hostile_random(out, 4);
    for (size_t i = 4; i < len; i++) {
        uint32_t floor = 0;
        uint32_t wanted = (uint32_t)(bench_random() >> 32 & 3) + 1;
        for (; wanted > 0; wanted--) {
            uint32_t best = UINT32_MAX;
            for (uint32_t byte = 0; byte < 256; byte++) {
                const uint32_t bytes = out[i - 3] | (uint32_t)out[i - 2] << 8 |
                                       (uint32_t)out[i - 1] << 16 | byte << 24;
                const uint32_t hash = bytes * 0x9E3779B1u;
                if (hash > floor && hash < best) {
                    best = hash;
                    out[i] = (uint8_t)byte;
                }
            }
            floor = best;
        }
    }
}

/* Four bytes that differ but share one hash, between bytes of noise. */
static void hostile_one_hash(uint8_t *out, size_t len)
{
    const uint32_t inverse = 0x0E8B2F51u; /* of 0x9E3779B1 */
    hostile_random(out, len);
    for (size_t i = 0; i + 4 <= len; i += 5) {
        const uint32_t bytes = (0xABC00000u | (uint32_t)(bench_random() & 0x7FFFF)) * inverse;
        for (size_t k = 0; k < 4; k++)
            out[i + k] = (uint8_t)(bytes >> 8 * k);
    }
}

static void hostile_period(uint8_t *out, size_t len, size_t period)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)('a' + i % period);
}

#define HOSTILE_PERIOD(period)                                                                     \
    static void hostile_period_##period(uint8_t *out, size_t len)                                  \
    {                                                                                              \
        hostile_period(out, len, period);                                                          \
    }
HOSTILE_PERIOD(1)
HOSTILE_PERIOD(2)
HOSTILE_PERIOD(3)
HOSTILE_PERIOD(4)
HOSTILE_PERIOD(5)
HOSTILE_PERIOD(6)
HOSTILE_PERIOD(7)

const hostile_text hostile_texts[] = {
    {"random", hostile_random},        {"two-letters", hostile_two_letters},
    {"few-hashes", hostile_colliding}, {"one-hash", hostile_one_hash},
    {"period-1", hostile_period_1},    {"period-2", hostile_period_2},
    {"period-3", hostile_period_3},    {"period-4", hostile_period_4},
    {"period-5", hostile_period_5},    {"period-6", hostile_period_6},
    {"period-7", hostile_period_7},
};
const size_t hostile_text_count = sizeof hostile_texts / sizeof hostile_texts[0];
