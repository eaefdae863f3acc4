/* SPDX-License-Identifier: MIT */
/* A client's way through a proxy: what is said in turns, until the tunnel stands. */
#ifndef WEIR_PROTOCOL_TUNNEL_H
#define WEIR_PROTOCOL_TUNNEL_H

#include <weir/proxy.h>

#include "http_head.h"

/* weir_proxy_receive: the tunnel stands; more is to come. */
#define WEIR__TUNNEL_OPEN 1
#define WEIR__TUNNEL_MORE 0

typedef struct weir__tunnel {
    weir__memory *memory;
    weir__buffer said; /* all that may have to be said, in order */
    size_t sent;       /* bytes of it that are written, or were passed over */
    size_t allowed;    /* bytes of it that may be written now */
    uint32_t kind;     /* weir_proxy_kind */
    uint32_t code;     /* as weir_proxy_code */
    int status;        /* WEIR__TUNNEL_OPEN, WEIR__TUNNEL_MORE or why it failed */

    /* HTTP: the response. */
    weir__http_head head;
    uint64_t interim; /* 1xx responses so far */
    bool judged;      /* the head is whole, and the last one */

    /* SOCKS5: the answer that is awaited. */
    uint32_t turn;
    uint32_t have; /* bytes of it that came */
    uint32_t need; /* bytes of it, as far as known */
    uint8_t answer[5];
    size_t credentials_at; /* in said: where the two later turns begin */
    size_t connect_at;
} weir__tunnel;

/* tunnel: all zeros but memory, kind, head.kind, head.policy and head.kernels. WEIR_OK,
 * WEIR_E_ARGUMENT, WEIR_E_FIELD, WEIR_E_MEMORY; then weir__tunnel_close is to be called all the
 * same. */
int weir__tunnel_open(weir__tunnel *tunnel, const weir_proxy_request *request);

/* As weir_proxy_receive; status is WEIR__TUNNEL_MORE. */
int weir__tunnel_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used);

/* Gives back all memory; what stood in it is overwritten, credentials among it. */
void weir__tunnel_close(weir__tunnel *tunnel);

#endif
