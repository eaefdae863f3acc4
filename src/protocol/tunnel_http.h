/* SPDX-License-Identifier: MIT */
/* A tunnel through an HTTP proxy: CONNECT (RFC 9110 9.3.6). */
#ifndef WEIR_PROTOCOL_TUNNEL_HTTP_H
#define WEIR_PROTOCOL_TUNNEL_HTTP_H

#include "tunnel.h"

/* request: its texts have lengths, its host and port were checked. */
int weir__tunnel_http_open(weir__tunnel *tunnel, const weir_proxy_request *request);
int weir__tunnel_http_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used);

#endif
