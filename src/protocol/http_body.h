/* SPDX-License-Identifier: MIT */
/* How long a body is (RFC 9112 6), and the body of a rejection, kept as far as a limit. */
#ifndef WEIR_PROTOCOL_HTTP_BODY_H
#define WEIR_PROTOCOL_HTTP_BODY_H

#include "http_list.h"

/* What Content-Length says: WEIR_OK; WEIR_E_NOT_FOUND: there is none; WEIR_E_HTTP_BODY: not one
 * number, maybe repeated. */
int weir__http_content_length(const weir__http_head *head, uint64_t *len);

typedef struct weir__http_body {
    weir__buffer bytes; /* what is kept, chunked coding removed */
    uint64_t left;      /* bytes still to come in the body or chunk */
    uint32_t state;
    uint32_t line_len; /* so far, of a line of the chunked coding */
} weir__http_body;

/* Whether and how the response has a body (RFC 9112 6.3). WEIR_OK: there is none; WEIR__HTTP_MORE:
 * feed it; WEIR_E_HTTP_BODY: faulty framing. Takes no memory. */
int weir__http_body_init(weir__http_body *body, const weir__http_head *head);

/* WEIR_OK: complete (what it needs not is dropped) or the limit is reached; WEIR__HTTP_MORE;
 * WEIR_E_HTTP_BODY on faulty chunks; WEIR_E_MEMORY. */
int weir__http_body_feed(weir__http_body *body, weir__memory *memory, uint64_t limit,
                         const uint8_t *data, size_t len);

void weir__http_body_free(weir__http_body *body, weir__memory *memory);

#endif
