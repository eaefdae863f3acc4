/* SPDX-License-Identifier: MIT */
/* A client's way through a proxy: what is said in turns, until the tunnel stands. */
#include "tunnel.h"

#include <string.h>

#include "tunnel_http.h"
#include "tunnel_socks.h"
#include "url.h"

/* The longest host with brackets: a name of the DNS has at most 253 characters. */
#define TUNNEL_HOST_MAX 255u

/* The host as it stands in an authority is one of RFC 3986, and no port hides in it. */
static bool tunnel_host_valid(weir_text host)
{
    char raw[TUNNEL_HOST_MAX + 2];
    bool ipv6 = false;
    if (host.len == 0 || host.len > TUNNEL_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        ipv6 |= host.data[i] == ':';
    memcpy(raw + 1, host.data, host.len);
    raw[0] = '[';
    raw[1 + host.len] = ']';
    const weir_text text = ipv6 ? (weir_text){raw, host.len + 2} : host;
    return weir__authority_parse(text, NULL, NULL);
}

int weir__tunnel_open(weir__tunnel *tunnel, const weir_proxy_request *request)
{
    weir_proxy_request given = *request;
    given.host = weir__text(given.host.data, given.host.len);
    given.user = weir__text(given.user.data, given.user.len);
    given.password = weir__text(given.password.data, given.password.len);
    if (!tunnel_host_valid(given.host) || given.port == 0 || given.port > 65535)
        return WEIR_E_ARGUMENT;
    return given.kind == WEIR_PROXY_HTTP ? weir__tunnel_http_open(tunnel, &given)
                                         : weir__tunnel_socks_open(tunnel, &given);
}

int weir__tunnel_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used)
{
    tunnel->status = tunnel->kind == WEIR_PROXY_HTTP
                         ? weir__tunnel_http_receive(tunnel, data, len, used)
                         : weir__tunnel_socks_receive(tunnel, data, len, used);
    return tunnel->status;
}

void weir__tunnel_close(weir__tunnel *tunnel)
{
    if (tunnel->said.cap > 0)
        memset(tunnel->said.data, 0, tunnel->said.cap);
    weir__buffer_free(tunnel->memory, &tunnel->said);
    weir__http_head_free(&tunnel->head, tunnel->memory);
}
