/* SPDX-License-Identifier: MIT */
/* Finding repetitions, and writing them in the fixed code while at it. */
#ifndef WEIR_DEFLATE_DEFLATE_MATCH_H
#define WEIR_DEFLATE_DEFLATE_MATCH_H

#include "deflate_codes.h"

#define WEIR__DEFLATE_MIN_MATCH 4
#define WEIR__DEFLATE_MAX_MATCH 258

/* How matches are found. Tables hold the low 16 bits of positions. */
typedef enum weir__deflate_finder {
    WEIR__DEFLATE_PAIRS,   /* the two newest places of a hash; greedy */
    WEIR__DEFLATE_BUCKETS, /* the four newest places; lazy */
    WEIR__DEFLATE_CHAINS   /* all places of a hash within the window, newest first; lazy */
} weir__deflate_finder;

/* Literals, then a match of length 0 (none, at the end of a block) or at least MIN_MATCH. */
typedef struct weir__deflate_sequence {
    uint16_t literals;
    uint16_t length;
    uint16_t distance;
} weir__deflate_sequence;

/* A text and where its repetitions are looked up. An entry of the table is but a hint: a distance
 * counts when it lies within first and the window and the bytes are the same. So nothing is ever
 * taken out of a table. */
typedef struct weir__deflate_text {
    const uint8_t *first; /* oldest byte that a match may reach */
    const uint8_t *at;    /* next byte to compress */
    uint16_t *table;      /* 2^hash_bits places, pairs or buckets of them; or heads, then chains */
    uint32_t position;    /* of first, as tables count; only the low 16 bits matter */
    uint32_t window;      /* largest distance; a power of 2 */
    uint32_t hash_bits;
    uint32_t repeat; /* the last distance, tried first; 0 for none */
    weir__deflate_finder finder;
} weir__deflate_text;

/* The fixed code (RFC 1951 3.2.6), ready to write. */
typedef struct weir__deflate_fixed {
    weir__deflate_codes codes;
    weir__deflate_code length[256]; /* of a length less 3, with extra bits */
} weir__deflate_fixed;

/* Bytes of the table for a window of those bits; hash_bits is filled in. */
size_t weir__deflate_table_bytes(weir__deflate_finder finder, uint32_t window_bits,
                                 uint32_t *hash_bits);

/* Write the bytes up to end and record them; text->at moves there. Sequences need room for
 * (end - at) / MIN_MATCH + 1. Returns their number, the last one with length 0. */
size_t weir__deflate_match(weir__deflate_text *text, const uint8_t *end,
                           const weir__deflate_fixed *fixed, weir__deflate_out *out,
                           weir__deflate_sequence *sequences);

/* Put every second position from from up to text->at into the table (BUCKETS). */
void weir__deflate_match_learn(const weir__deflate_text *text, const uint8_t *from);

#endif
