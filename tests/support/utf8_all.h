/* SPDX-License-Identifier: MIT */
/* All texts of up to four bytes: a decoder to compare with, and walks over all of them. */
#ifndef WEIR_TESTS_UTF8_ALL_H
#define WEIR_TESTS_UTF8_ALL_H

#include "../../src/kernels/kernels.h"

/* The bytes that each place of a text is given in turn. */
typedef struct utf8_set {
    uint8_t bytes[256];
    size_t count;
} utf8_set;

utf8_set utf8_all_bytes(void);
/* Those at the edges of every range that RFC 3629 4 knows, on both sides. */
utf8_set utf8_edge_bytes(void);

/* Decoded by arithmetic, from the text of RFC 3629 3. */
typedef struct utf8_verdict {
    size_t at;    /* the first byte that cannot stand there, len when there is none */
    size_t whole; /* 1: and the text does not end inside a character */
} utf8_verdict;
utf8_verdict utf8_decode(const uint8_t *data, size_t len);

/* Texts of len bytes (1 to 4), the last from last, the others from set, each judged by every table
 * that this CPU can run: alone, and at a place inside a long text of ASCII where the blocks of the
 * kernels meet. Returns how many are valid; fails the test at the first that is judged wrongly. */
uint64_t utf8_walk_tables(const utf8_set *set, const utf8_set *last, size_t len);

/* The same through weir_utf8_check, in pieces. every: cut in all ways there are, none of which
 * changes the state between two bytes. Else: one cut, at each byte, which stands for all ways where
 * that was found for shorter texts. */
uint64_t utf8_walk_cuts(const utf8_set *set, const utf8_set *last, size_t len, int every);

#endif
