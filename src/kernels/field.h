/* SPDX-License-Identifier: MIT */
/* Which bytes names and values of HTTP fields may hold, and where a run of them ends. */
#ifndef WEIR_KERNELS_FIELD_H
#define WEIR_KERNELS_FIELD_H

#include "kernels.h"

/* Classes of bytes: RFC 9110 5.6.2 token, RFC 5234 VCHAR, RFC 9110 5.5 field value (obs-text is
 * opaque, of the controls only HTAB). */
#define WEIR__FIELD_TOKEN 1u
#define WEIR__FIELD_VCHAR 2u
#define WEIR__FIELD_TEXT 4u

extern const uint8_t weir__field_classes[256];

static inline bool weir__field_is(uint8_t byte, uint8_t class)
{
    return (weir__field_classes[byte] & class) != 0;
}

/* The first byte in [at, end) that no token, request target or value may hold, or end. */
size_t weir__field_token_end(const uint8_t *bytes, size_t at, size_t end);
size_t weir__field_vchar_end(const uint8_t *bytes, size_t at, size_t end);
size_t weir__field_text_end(const uint8_t *bytes, size_t at, size_t end);

/* ---- For the variants ------------------------------------------------------------------------*/

/* What AVX2 keeps in its registers from line to line; known to the compiler, it would be made anew
 * for each. To look up whether a token may hold a byte: each of the upper half bytes 2 to 7 has a
 * bit, and the lower half byte says with which of them it is of the class. Bytes from 0x80 on find
 * 0. */
enum {
    WEIR__FIELD_ROW_LOWER,
    WEIR__FIELD_ROW_UPPER,
    WEIR__FIELD_ROW_HALF,  /* half bytes */
    WEIR__FIELD_ROW_FIRST, /* 0x21 */
    WEIR__FIELD_ROWS
};

extern const uint8_t weir__field_rows[WEIR__FIELD_ROWS][32];

/* Where the value of the line at at ends: the first byte behind its colon that no value may hold,
 * or end. colon: the first byte that no name may hold; when there is none but the end, or it is no
 * colon, it is the result too. A variant that does not know says at for both. */
typedef size_t weir__field_end(const uint8_t *bytes, size_t at, size_t end, size_t *colon);

static inline bool weir__field_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

WEIR__INLINE bool weir__field_is_crlf(const uint8_t *bytes, size_t cr, size_t end)
{
    return end - cr >= 2 &&
           weir__bits_load16(bytes + cr) == weir__bits_load16((const uint8_t *)"\r\n");
}

/* Their result, by a function that becomes part of this one. It must not call others: then what it
 * needs can stay in registers from line to line. */
WEIR__INLINE size_t weir__field_lines(const uint8_t *bytes, size_t *begin, size_t end,
                                      weir__field_line *lines, size_t cap,
                                      weir__field_end *line_end)
{
    weir__field_line *line = lines;
    size_t at = *begin;
    for (; cap > 0; cap--, line++) {
        size_t colon;
        const size_t cr = line_end(bytes, at, end, &colon);
        if (colon == at || cr == colon || !weir__field_is_crlf(bytes, cr, end))
            break;
        line->name.at = (uint32_t)at;
        line->name.len = (uint32_t)(colon - at);
        at = cr + 2;
        /* Of the bytes that a value may hold only SP and HTAB are not above SP. */
        size_t first = colon + 1;
        size_t last = cr;
        while (first < last && bytes[first] <= ' ')
            first++;
        while (first < last && bytes[last - 1] <= ' ')
            last--;
        line->value.at = (uint32_t)first;
        line->value.len = (uint32_t)(last - first);
    }
    /* Only the byte behind a line says that no fold follows. */
    if (line > lines && (at == end || weir__field_is_blank(bytes[at])))
        at = (--line)->name.at;
    *begin = at;
    return (size_t)(line - lines);
}

#endif
