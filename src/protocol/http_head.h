/* SPDX-License-Identifier: MIT */
/* The head of an HTTP/1.1 message, parsed as it arrives; each byte is looked at once (RFC 9112). */
#ifndef WEIR_PROTOCOL_HTTP_HEAD_H
#define WEIR_PROTOCOL_HTTP_HEAD_H

#include "../base/buffer.h"
#include "../base/text.h"
#include "../kernels/kernels.h"
#include "http_name.h"

/* More bytes are needed: not an error. */
#define WEIR__HTTP_MORE 1

typedef enum weir__http_kind {
    WEIR__HTTP_REQUEST,
    WEIR__HTTP_RESPONSE
} weir__http_kind;

/* Positions in head->bytes, so that the buffer may move while it grows. */
typedef weir__field_slice weir__http_slice;

/* An obs-fold of a response is made SP in its value. */
typedef weir__field_line weir__http_line;

/* All zeros but kind, policy and kernels: nothing has arrived yet. */
typedef struct weir__http_head {
    weir__http_kind kind;
    const weir_config *policy; /* the limits; checked, so that positions fit 32 bits */
    const weir__kernels *kernels;
    weir__buffer bytes; /* everything so far, as it came but for unfolded lines */
    weir__buffer lines; /* weir__http_line, one a field */
    /* From here on a reset clears all. */
    size_t field_count;               /* valid lines */
    uint32_t first[WEIR__NAME_COUNT]; /* the first field of each name: its index + 1, 0: none */
    uint32_t repeated;                /* bit of each name that has more than one field */
    weir__http_slice method;          /* request */
    weir__http_slice target;          /* request; VCHAR only */
    weir__http_slice reason;          /* response */
    uint32_t status;                  /* response: 100..999 */
    uint32_t major;                   /* HTTP version */
    uint32_t minor;
    /* private to http_head.c: where the parser stands */
    uint32_t state;
    uint32_t empty_lines;
    size_t at;             /* bytes looked at */
    size_t limit_at;       /* where the start line or the header section is over its limit */
    size_t token_at;       /* where the present part of a line begins */
    weir__http_slice name; /* of the field whose value is not finished; empty: there is none */
} weir__http_head;

/* Feed bytes. Returns WEIR_OK when the blank line was met (used: bytes up to and with it; what
 * follows is not the head's), WEIR__HTTP_MORE (all used), or WEIR_E_HTTP_SYNTAX, _LINE_TOO_LONG,
 * _HEAD_TOO_LONG, _TOO_MANY_FIELDS, WEIR_E_MEMORY with used the bytes before the one that broke it.
 * max_line_bytes counts the start line without its CRLF, max_head_bytes the field lines with
 * theirs. */
int weir__http_head_feed(weir__http_head *head, weir__memory *memory, const uint8_t *data,
                         size_t len, size_t *used);

void weir__http_head_free(weir__http_head *head, weir__memory *memory);

/* Empty the head for the next message on the same connection (after a 1xx); memory is kept. */
void weir__http_head_reset(weir__http_head *head);

weir_text weir__http_slice_text(const weir__http_head *head, weir__http_slice slice);

bool weir__http_head_field(const weir__http_head *head, size_t index, weir_field *field);

/* The index-th field of any name (in any case); false when there are fewer. */
bool weir__http_head_find(const weir__http_head *head, weir_text name, size_t index,
                          weir_text *value);

/* Whether there is a field of the name. */
static inline bool weir__http_head_has(const weir__http_head *head, weir__http_name name)
{
    return head->first[name] != 0;
}

static inline bool weir__http_head_repeats(const weir__http_head *head, weir__http_name name)
{
    return (head->repeated >> name & 1) != 0;
}

/* The first field of a name; false when there is none. */
bool weir__http_head_first(const weir__http_head *head, weir__http_name name, weir_text *value);

/* The field of a name that may stand once: WEIR_OK, WEIR_E_NOT_FOUND or WEIR_E_HTTP_DUPLICATE. */
int weir__http_head_single(const weir__http_head *head, weir__http_name name, weir_text *value);

/* Length of the token that text starts with, maybe 0 (RFC 9110 5.6.2). */
size_t weir__http_token_len(weir_text text);

/* Whether text is a non-empty token. */
bool weir__http_is_token(weir_text text);

/* Whether text may be a field value: no CTL but HTAB, no outer whitespace. */
bool weir__http_is_value(weir_text text);

#endif
