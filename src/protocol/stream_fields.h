/* SPDX-License-Identifier: MIT */
/* Lists of fields of HTTP/2 and HTTP/3, and the HTTP/1.1 heads that mean the same (RFC 8441). */
#ifndef WEIR_PROTOCOL_STREAM_FIELDS_H
#define WEIR_PROTOCOL_STREAM_FIELDS_H

#include <weir/stream.h>

#include "handshake.h"

/* Memory of the caller's that is filled from its start. What does not fit makes it short. */
typedef struct weir__stream_text {
    char *data;
    size_t len;
    size_t room;
    bool is_short;
} weir__stream_text;

/* From lists to heads: WEIR_OK, WEIR_E_SHORT, WEIR_E_STREAM_FIELDS, WEIR_E_STREAM_PROTOCOL. */
int weir__stream_read_request(const weir_field *fields, size_t count, weir__stream_text *head);
int weir__stream_read_response(const weir_field *fields, size_t count, weir_text accept,
                               weir__stream_text *head);

/* From heads to lists. */
typedef struct weir__stream_list {
    weir__stream_text texts;
    weir_field *fields;
    size_t count;
    size_t cap;
} weir__stream_list;

/* WEIR_OK, or 1: the head is not whole, WEIR_E_SHORT, WEIR_E_HTTP_SYNTAX. used: bytes of the head.
 * key: of the request, points into head. */
#define WEIR__STREAM_MORE 1
int weir__stream_write_request(weir_text head, bool secure, size_t *used, weir_text *key,
                               weir__stream_list *list);
int weir__stream_write_response(weir_text head, size_t *used, weir__stream_list *list);

#endif
