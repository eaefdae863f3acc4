/* SPDX-License-Identifier: MIT */
/* Finding repetitions, and writing them in the fixed code while at it. */
#include "deflate_match.h"

#include <stdbool.h>
#include <stddef.h>

/* A bucket is searched until a match is as long as this; longer ones are rare. */
#define DEFLATE_MATCH_NICE 64
/* A match this long is taken without a look at the next position. */
#define DEFLATE_MATCH_LAZY 32
/* Places that a chain is followed. */
#define DEFLATE_MATCH_DEPTH 32
/* After 2^this positions without a match only every second one is tried, and so on. */
#define DEFLATE_MATCH_PATIENCE 7

typedef struct deflate_match_found {
    uint32_t length;
    uint32_t distance;
} deflate_match_found;

size_t weir__deflate_table_bytes(weir__deflate_finder finder, uint32_t window_bits,
                                 uint32_t *hash_bits)
{
    if (finder == WEIR__DEFLATE_CHAINS) {
        *hash_bits = window_bits < 14 ? window_bits - 1 : 13;
        return ((size_t)2 << *hash_bits) + ((size_t)2 << window_bits);
    }
    uint32_t bucket_bits = window_bits < 14 ? window_bits - 3 : window_bits - 4;
    if (bucket_bits < 6)
        bucket_bits = 6;
    *hash_bits = finder == WEIR__DEFLATE_PAIRS ? bucket_bits + 1 : bucket_bits;
    return (size_t)8 << bucket_bits;
}

static inline uint32_t deflate_match_hash(const weir__deflate_text *text, uint32_t bytes)
{
    return bytes * 0x9E3779B1u >> (32 - text->hash_bits);
}

WEIR__INLINE uint32_t deflate_match_position(const weir__deflate_text *text, const uint8_t *at)
{
    return (text->position + (uint32_t)(at - text->first)) & 0xFFFF;
}

/* Bytes that two texts have in common, from known on, at most max. */
WEIR__INLINE uint32_t deflate_match_common(const uint8_t *a, const uint8_t *b, uint32_t known,
                                           uint32_t max)
{
    uint32_t n = known;
    for (; n + 8 <= max; n += 8) {
        const uint64_t difference =
            weir__bits_load64_little(a + n) ^ weir__bits_load64_little(b + n);
        if (difference != 0)
            return n + weir__bits_lowest64(difference) / 8;
    }
    while (n < max && a[n] == b[n])
        n++;
    return n;
}

/* Take a longer match at that distance; best is shorter than max. */
WEIR__INLINE void deflate_match_try(deflate_match_found *best, const uint8_t *at, uint32_t distance,
                                    uint32_t limit, uint32_t max)
{
    if (distance - 1 >= limit)
        return;
    const uint8_t *const from = at - distance;
    if (weir__bits_load32(from) != weir__bits_load32(at))
        return;
    if (best->length >= WEIR__DEFLATE_MIN_MATCH &&
        weir__bits_load32(from + best->length - 3) != weir__bits_load32(at + best->length - 3))
        return;
    const uint32_t length = deflate_match_common(from, at, WEIR__DEFLATE_MIN_MATCH, max);
    if (length <= best->length)
        return;
    best->length = length;
    best->distance = distance;
}

/* Put a position in; returns the places that were there. */
WEIR__INLINE uint64_t deflate_match_insert(const weir__deflate_text *text, const uint8_t *at,
                                           weir__deflate_finder finder)
{
    /* In one byte order, so that every platform finds the same matches. */
    const uint32_t hash = deflate_match_hash(text, weir__bits_load32_little(at));
    const uint32_t position = deflate_match_position(text, at);
    if (finder == WEIR__DEFLATE_CHAINS) {
        const uint16_t head = text->table[hash];
        uint16_t *const chains = text->table + ((size_t)1 << text->hash_bits);
        text->table[hash] = (uint16_t)position;
        chains[position & (text->window - 1)] = head;
        return head;
    }
    if (finder == WEIR__DEFLATE_PAIRS) {
        uint8_t *const pair = (uint8_t *)(text->table + 2 * (size_t)hash);
        const uint32_t places = weir__bits_load32(pair);
        weir__bits_store32(pair, places << 16 | position);
        return places;
    }
    uint8_t *const bucket = (uint8_t *)(text->table + 4 * (size_t)hash);
    const uint64_t places = weir__bits_load64(bucket);
    weir__bits_store64(bucket, places << 16 | position);
    return places;
}

/* The best match that is longer than best, which is returned else. Inserts the position. */
WEIR__INLINE deflate_match_found deflate_match_find(const weir__deflate_text *text,
                                                    const uint8_t *at, const uint8_t *end,
                                                    deflate_match_found best,
                                                    weir__deflate_finder finder)
{
    const size_t left = (size_t)(end - at);
    const uint32_t max = left < WEIR__DEFLATE_MAX_MATCH ? (uint32_t)left : WEIR__DEFLATE_MAX_MATCH;
    const size_t before = (size_t)(at - text->first);
    const uint32_t limit = before < text->window ? (uint32_t)before : text->window;
    const uint32_t position = deflate_match_position(text, at);
    uint64_t places = deflate_match_insert(text, at, finder);
    if (finder != WEIR__DEFLATE_CHAINS) {
        const uint32_t nice = max < DEFLATE_MATCH_NICE ? max : DEFLATE_MATCH_NICE;
        const uint32_t ways = finder == WEIR__DEFLATE_PAIRS ? 2 : 4;
        if (best.length < nice)
            deflate_match_try(&best, at, text->repeat, limit, max);
        for (uint32_t way = 0; way < ways && best.length < nice; way++, places >>= 16)
            deflate_match_try(&best, at, (position - (uint32_t)places) & 0xFFFF, limit, max);
        return best;
    }
    if (best.length < max)
        deflate_match_try(&best, at, text->repeat, limit, max);
    const uint16_t *const chains = text->table + ((size_t)1 << text->hash_bits);
    uint32_t last = 0;
    for (uint32_t depth = 0; depth < DEFLATE_MATCH_DEPTH && best.length < max; depth++) {
        const uint32_t distance = (position - (uint32_t)places) & 0xFFFF;
        /* A chain ends where places are no longer ever older: their slots have newer owners. */
        if (distance - 1 >= limit || distance <= last)
            break;
        last = distance;
        deflate_match_try(&best, at, distance, limit, max);
        places = chains[places & (text->window - 1)];
    }
    return best;
}

WEIR__INLINE void deflate_match_literal(weir__deflate_out *out, const weir__deflate_fixed *fixed,
                                        uint8_t literal)
{
    weir__deflate_put(out, fixed->codes.litlen[literal]);
    weir__deflate_flush(out);
}

/* Whether the match one byte later is worth a literal: four bits a byte of length, one bit for
 * twice the distance. */
WEIR__INLINE bool deflate_match_better(deflate_match_found now, deflate_match_found later)
{
    const uint32_t gain = 4 * (later.length - now.length) + weir__bits_highest(now.distance);
    return gain > weir__bits_highest(later.distance) + 2;
}

/* Try the next positions while that gains; text->at moves on over literals. */
WEIR__INLINE deflate_match_found deflate_match_defer(weir__deflate_text *text, const uint8_t *end,
                                                     deflate_match_found found,
                                                     const weir__deflate_fixed *fixed,
                                                     weir__deflate_out *out,
                                                     weir__deflate_finder finder)
{
    while (found.length < DEFLATE_MATCH_LAZY &&
           (size_t)(end - text->at) > WEIR__DEFLATE_MIN_MATCH) {
        const deflate_match_found need = {found.length - 1, 0};
        const deflate_match_found later = deflate_match_find(text, text->at + 1, end, need, finder);
        if (later.distance == 0 || !deflate_match_better(found, later))
            break;
        deflate_match_literal(out, fixed, *text->at++);
        found = later;
    }
    return found;
}

/* Put in positions of a match, the first two of which may be in already. */
WEIR__INLINE void deflate_match_insert_inside(const weir__deflate_text *text, const uint8_t *end,
                                              uint32_t length, weir__deflate_finder finder)
{
    const uint8_t *const last = (size_t)(end - text->at) - length < WEIR__DEFLATE_MIN_MATCH - 1
                                    ? end - (WEIR__DEFLATE_MIN_MATCH - 1)
                                    : text->at + length;
    const size_t sparse = length < DEFLATE_MATCH_NICE ? 2 : 4;
    const size_t step = finder == WEIR__DEFLATE_CHAINS ? 1 : sparse;
    for (const uint8_t *p = text->at + 2; p < last; p += step)
        deflate_match_insert(text, p, finder);
}

/* The last positions before a block could not be hashed when its bytes were not known yet. */
WEIR__INLINE void deflate_match_insert_before(const weir__deflate_text *text, const uint8_t *end,
                                              weir__deflate_finder finder)
{
    const size_t before = (size_t)(text->at - text->first);
    const uint8_t *p = before < 3 ? text->first : text->at - 3;
    for (; p < text->at && (size_t)(end - p) >= WEIR__DEFLATE_MIN_MATCH; p++)
        deflate_match_insert(text, p, finder);
}

/* The text and the output are copies that live in registers. */
WEIR__INLINE size_t deflate_match_loop(weir__deflate_text *text, const uint8_t *end,
                                       const weir__deflate_fixed *fixed, weir__deflate_out *out,
                                       weir__deflate_sequence *sequences,
                                       weir__deflate_finder finder)
{
    const uint8_t *literals = text->at;
    weir__deflate_sequence *next = sequences;
    uint32_t misses = 0;
    deflate_match_insert_before(text, end, finder);
    while ((size_t)(end - text->at) >= WEIR__DEFLATE_MIN_MATCH) {
        const deflate_match_found none = {0, 0};
        deflate_match_found found = deflate_match_find(text, text->at, end, none, finder);
        if (found.length == 0) {
            size_t n = 1 + (misses++ >> DEFLATE_MATCH_PATIENCE);
            for (; n > 0 && text->at < end; n--)
                deflate_match_literal(out, fixed, *text->at++);
            continue;
        }
        misses = 0;
        if (finder != WEIR__DEFLATE_PAIRS)
            found = deflate_match_defer(text, end, found, fixed, out, finder);
        weir__deflate_put(out, fixed->length[found.length - 3]);
        weir__deflate_put_distance(out, &fixed->codes, found.distance);
        weir__deflate_flush(out);
        next->literals = (uint16_t)(text->at - literals);
        next->length = (uint16_t)found.length;
        next->distance = (uint16_t)found.distance;
        next++;
        text->repeat = found.distance;
        deflate_match_insert_inside(text, end, found.length, finder);
        text->at += found.length;
        literals = text->at;
    }
    while (text->at < end)
        deflate_match_literal(out, fixed, *text->at++);
    next->literals = (uint16_t)(end - literals);
    next->length = 0;
    return (size_t)(next - sequences) + 1;
}

#define DEFLATE_MATCH_INSTANCE(name, finder)                                                       \
    static size_t name(weir__deflate_text *text, const uint8_t *end,                               \
                       const weir__deflate_fixed *fixed, weir__deflate_out *out,                   \
                       weir__deflate_sequence *sequences)                                          \
    {                                                                                              \
        weir__deflate_text local = *text;                                                          \
        weir__deflate_out writer = *out;                                                           \
        const size_t n = deflate_match_loop(&local, end, fixed, &writer, sequences, finder);       \
        *text = local;                                                                             \
        *out = writer;                                                                             \
        return n;                                                                                  \
    }

DEFLATE_MATCH_INSTANCE(deflate_match_pairs, WEIR__DEFLATE_PAIRS)
DEFLATE_MATCH_INSTANCE(deflate_match_buckets, WEIR__DEFLATE_BUCKETS)
DEFLATE_MATCH_INSTANCE(deflate_match_chains, WEIR__DEFLATE_CHAINS)

size_t weir__deflate_match(weir__deflate_text *text, const uint8_t *end,
                           const weir__deflate_fixed *fixed, weir__deflate_out *out,
                           weir__deflate_sequence *sequences)
{
    if (text->finder == WEIR__DEFLATE_PAIRS)
        return deflate_match_pairs(text, end, fixed, out, sequences);
    if (text->finder == WEIR__DEFLATE_BUCKETS)
        return deflate_match_buckets(text, end, fixed, out, sequences);
    return deflate_match_chains(text, end, fixed, out, sequences);
}

void weir__deflate_match_learn(const weir__deflate_text *text, const uint8_t *from)
{
    for (; from < text->at && (size_t)(text->at - from) >= WEIR__DEFLATE_MIN_MATCH; from += 2)
        deflate_match_insert(text, from, WEIR__DEFLATE_BUCKETS);
}
