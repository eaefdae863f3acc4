/* SPDX-License-Identifier: MIT */
/* ws: and wss: URLs (RFC 6455 3, RFC 3986). */
#ifndef WEIR_PROTOCOL_URL_H
#define WEIR_PROTOCOL_URL_H

#include <weir/pieces.h>

int weir__url_parse(weir_text text, weir_url *url);

/* Whether text is a host with an optional port, as in a Host field or an authority (RFC 9110 7.2).
 * Empty hosts and user data are refused. host and port may be NULL; port is 0 if none is given. */
bool weir__authority_parse(weir_text text, weir_text *host, weir_text *port);

/* Take a request target apart: origin-form, or an absolute http or https URL (RFC 9112 3.2).
 * authority is empty in origin-form, path never is, query is without its "?". False: another form,
 * a bad authority, a "#" or another byte that no client leaves unescaped. What browsers leave as it
 * is, such as [ ] { } | ^ and percent signs, passes untouched. */
bool weir__target_parse(weir_text target, weir_text *authority, weir_text *path, weir_text *query);

#endif
