/* SPDX-License-Identifier: MIT */
/* The client's side of the opening handshake: write the request, judge the response
 * (RFC 6455 4.1). */
#ifndef WEIR_PROTOCOL_HANDSHAKE_CLIENT_H
#define WEIR_PROTOCOL_HANDSHAKE_CLIENT_H

#include <weir/weir.h>

#include "handshake.h"
#include "http_body.h"
#include "permessage.h"

/* Append the request. WEIR_OK; WEIR_E_URL, WEIR_E_ORIGIN, WEIR_E_PROTOCOL_NAME, WEIR_E_FIELD,
 * WEIR_E_ARGUMENT, WEIR_E_MEMORY: then out is as it was. accept: what the response must say. */
int weir__request_write(weir__memory *memory, weir__buffer *out, const weir__kernels *kernels,
                        const weir_config *policy, const weir_request *request,
                        const uint8_t nonce[16], char accept[28]);

typedef enum weir__response_kind {
    WEIR__RESPONSE_INTERIM,  /* 1xx but 101: skip it */
    WEIR__RESPONSE_OPEN,     /* the connection is open */
    WEIR__RESPONSE_REJECTED, /* not upgraded; a body may follow */
    WEIR__RESPONSE_BAD       /* fail the connection: status says why */
} weir__response_kind;

typedef struct weir__response_verdict {
    weir__response_kind kind;
    int status;
    weir_text subprotocol; /* chosen by the server, points into the head; empty: none */
    weir__permessage_agreed deflate;
} weir__response_verdict;

/* subprotocols: as offered, space-separated; wishes: those that the offers were made of. */
void weir__response_judge(const weir__http_head *head, const char accept[28],
                          weir_text subprotocols, const weir__permessage_wishes *wishes,
                          weir__response_verdict *verdict);

#endif
