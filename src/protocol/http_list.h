/* SPDX-License-Identifier: MIT */
/* Comma-separated list fields over all their lines (RFC 9110 5.6.1), and the grammar of
 * Sec-WebSocket-Extensions (RFC 6455 9.1). */
#ifndef WEIR_PROTOCOL_HTTP_LIST_H
#define WEIR_PROTOCOL_HTTP_LIST_H

#include "http_head.h"

/* Walks the members of all fields of one name in order, skipping a bounded number of empty ones. */
typedef struct weir__http_list {
    const weir__http_head *head;
    weir__http_name name;
    size_t line;    /* field of the head to look at next */
    size_t end;     /* fields from here on are not of the name */
    weir_text rest; /* of the present field */
    bool in_line;
    uint64_t members; /* so far */
    uint64_t empty;
} weir__http_list;

void weir__http_list_init(weir__http_list *list, const weir__http_head *head, weir__http_name name);

/* Next non-empty member, trimmed: WEIR_OK; WEIR_E_NOT_FOUND at the end; WEIR_E_HTTP_LIST over
 * max_list_members or max_empty_members. Commas inside quoted strings do not separate. */
int weir__http_list_next(weir__http_list *list, weir_text *member);

/* Whether some member equals the token, without case. WEIR_OK, WEIR_E_NOT_FOUND, WEIR_E_HTTP_LIST.
 */
int weir__http_list_has(const weir__http_head *head, weir__http_name name, weir_text token);

/* One parameter of an extension; value.data is NULL when it has none. A quoted value comes without
 * its quotes; escaped says that it still holds backslashes (compare with care). */
typedef struct weir__extension_param {
    weir_text name;
    weir_text value;
    bool escaped;
} weir__extension_param;

/* Take an extension (a list member) apart: its name, then a cursor over its parameters.
 * WEIR_OK or WEIR_E_EXTENSION_LIST. */
int weir__extension_name(weir_text member, weir_text *name, weir_text *params);

/* Next parameter: WEIR_OK, WEIR_E_NOT_FOUND at the end, WEIR_E_EXTENSION_LIST on bad grammar. */
int weir__extension_next_param(weir_text *params, weir__extension_param *param);

/* Check the whole of Sec-WebSocket-Extensions against the grammar and the limits on offers and
 * parameters: WEIR_OK (also when there is none) or WEIR_E_EXTENSION_LIST. */
int weir__extension_list_check(const weir__http_head *head);

#endif
