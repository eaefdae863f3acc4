/* SPDX-License-Identifier: MIT */
/* A tunnel through a SOCKS5 proxy (RFC 1928), with user and password (RFC 1929). */
#ifndef WEIR_PROTOCOL_TUNNEL_SOCKS_H
#define WEIR_PROTOCOL_TUNNEL_SOCKS_H

#include "tunnel.h"

/* request: its texts have lengths, its host and port were checked. */
int weir__tunnel_socks_open(weir__tunnel *tunnel, const weir_proxy_request *request);
int weir__tunnel_socks_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used);

#endif
