/* SPDX-License-Identifier: MIT */
/* The server's side of the opening handshake: judge a request, write the answer (RFC 6455 4.2). */
#ifndef WEIR_PROTOCOL_HANDSHAKE_SERVER_H
#define WEIR_PROTOCOL_HANDSHAKE_SERVER_H

#include "handshake.h"
#include "permessage.h"

typedef struct weir__request_verdict {
    int status;    /* WEIR_OK: may be accepted; else why not: its wire code is the HTTP status */
    bool plain;    /* well-formed, but does not ask for websocket: an HTTP event may answer it;
                      status says how it is answered without one (E_HTTP_METHOD or E_UPGRADE) */
    weir_text key; /* valid with WEIR_OK; points into the head, as all below */
    weir_text subprotocol; /* valid with WEIR_OK: the client's first that the policy names */
    weir_text path;        /* valid with WEIR_OK or plain, as query and host; never empty */
    weir_text query;
    weir_text host; /* authority of an absolute target, else the Host field */
} weir__request_verdict;

/* All checks of RFC 6455 4.2.1 and of the policy's lists; the first that fails gives the status:
 * HTTP version, method, target, Host, body framing, Upgrade, Connection, body, version, key,
 * Expect, Origin, subprotocols, extensions; then allowed hosts, paths, origins, subprotocols. */
void weir__request_judge(const weir__http_head *head, weir__request_verdict *verdict);

/* The index-th subprotocol that the client offered. */
bool weir__request_subprotocol(const weir__http_head *head, size_t index, weir_text *text);

/* What the policy of now agrees to of what the request offers. */
void weir__request_negotiate(const weir__http_head *head, weir__permessage_agreed *agreed);

/* Append the 101 response; agreed: as weir__request_negotiate says. Arguments are checked:
 * WEIR_E_PROTOCOL_NAME when the subprotocol (data not NULL) was not offered, WEIR_E_FIELD,
 * WEIR_E_MEMORY; then out is as long as it was. */
int weir__response_accept(weir__memory *memory, weir__buffer *out, const weir__kernels *kernels,
                          const weir__http_head *head, weir_text key, weir_text subprotocol,
                          const weir__permessage_agreed *agreed, const weir_field *fields,
                          size_t count);

/* The HTTP status of the answer to a request that was refused with this weir_status. */
uint32_t weir__response_status(int status);

/* Append the short answer to a refused request; is_head: leave the body out. WEIR_OK,
 * WEIR_E_MEMORY. */
int weir__response_refuse(weir__memory *memory, weir__buffer *out, int status, bool is_head);

/* Append the caller's answer. is_head: leave the body out. 204 and 304 carry none. WEIR_OK,
 * WEIR_E_HTTP_STATUS, WEIR_E_FIELD, WEIR_E_MEMORY: then out is as long as it was. */
int weir__response_write(weir__memory *memory, weir__buffer *out, int status,
                         const weir_field *fields, size_t count, weir_text body, bool is_head);

#endif
