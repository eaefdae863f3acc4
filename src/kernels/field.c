/* SPDX-License-Identifier: MIT */
/* Which bytes names and values of HTTP fields may hold, and where a run of them ends. */
#include "field.h"

#include "variants.h"

/* clang-format off */
const uint8_t weir__field_classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 7, 6, 7, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6,
    6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
};

const uint8_t weir__field_rows[WEIR__FIELD_ROWS][32] = {
    [WEIR__FIELD_ROW_LOWER] = {
        0xE8, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC,
        0xF8, 0xF8, 0xF4, 0x54, 0xD0, 0x54, 0xF4, 0x70,
        0xE8, 0xFC, 0xF8, 0xFC, 0xFC, 0xFC, 0xFC, 0xFC,
        0xF8, 0xF8, 0xF4, 0x54, 0xD0, 0x54, 0xF4, 0x70,
    },
    [WEIR__FIELD_ROW_UPPER] = {
        0, 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7,
        0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7,
        0, 0, 0, 0, 0, 0, 0, 0,
    },
    [WEIR__FIELD_ROW_HALF] = {
        0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F,
        0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F,
        0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F,
        0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F, 0x0F,
    },
    [WEIR__FIELD_ROW_FIRST] = {
        0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
        0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
        0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
        0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
    },
};
/* clang-format on */

/* Marks the top bits of those of eight bytes that a look at all of them does not show to be of the
 * class; they are looked at one by one. Of the marks only the lowest is sure: what a byte lends or
 * carries reaches the one above, and only a marked byte does so. */
WEIR__INLINE uint64_t field_doubts(uint64_t word, uint8_t class)
{
    /* No doubt: 0x20, or for VCHAR 0x21, to 0x7e. The sum is negative from 0x7f on, the difference
     * below the first and, as the sum may wrap, for 0xff. */
    if (class != WEIR__FIELD_TOKEN) {
        const uint8_t first = class == WEIR__FIELD_TEXT ? 0x20 : 0x21;
        return ((word - WEIR__BITS_EACH(first)) | (word + WEIR__BITS_EACH(1))) &
               WEIR__BITS_EACH(0x80);
    }
    /* No doubt: letters, in bit 5 made small: 0x61 to 0x7a. */
    const uint64_t small = word | WEIR__BITS_EACH(0x20);
    return ((small - WEIR__BITS_EACH(0x61)) | (small + WEIR__BITS_EACH(5))) & WEIR__BITS_EACH(0x80);
}

WEIR__INLINE size_t field_run_end(const uint8_t *bytes, size_t at, size_t end, uint8_t class)
{
    const size_t words_end = end < 8 ? 0 : end - 7;
    while (at < words_end) {
        const uint64_t doubts = field_doubts(weir__bits_load64_little(bytes + at), class);
        if (doubts == 0) {
            at += 8;
            continue;
        }
        at += weir__bits_first_mark(doubts);
        if (!weir__field_is(bytes[at], class))
            return at;
        at++;
    }
    while (at < end && weir__field_is(bytes[at], class))
        at++;
    return at;
}

size_t weir__field_token_end(const uint8_t *bytes, size_t at, size_t end)
{
    return field_run_end(bytes, at, end, WEIR__FIELD_TOKEN);
}

size_t weir__field_vchar_end(const uint8_t *bytes, size_t at, size_t end)
{
    return field_run_end(bytes, at, end, WEIR__FIELD_VCHAR);
}

size_t weir__field_text_end(const uint8_t *bytes, size_t at, size_t end)
{
    return field_run_end(bytes, at, end, WEIR__FIELD_TEXT);
}

static inline size_t field_end(const uint8_t *bytes, size_t at, size_t end, size_t *colon)
{
    const size_t name_end = field_run_end(bytes, at, end, WEIR__FIELD_TOKEN);
    *colon = name_end;
    if (name_end == end || bytes[name_end] != ':')
        return name_end;
    return field_run_end(bytes, name_end + 1, end, WEIR__FIELD_TEXT);
}

size_t weir__fields_scalar(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                           size_t cap)
{
    return weir__field_lines(bytes, at, end, lines, cap, field_end);
}
