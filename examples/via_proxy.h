/* SPDX-License-Identifier: MIT */
/* A socket that leads to a target through a proxy, by weir_proxy. */
#ifndef EXAMPLES_VIA_PROXY_H
#define EXAMPLES_VIA_PROXY_H

#include <weir/proxy.h>

#include "common.h"

#define TUNNEL_SECONDS 30

typedef struct via_proxy {
    weir_proxy_request request; /* all but the target */
    char *host;
    unsigned port;
} via_proxy;

/* Take http://[USER:PASSWORD@]HOST:PORT or socks5://... apart; text is changed. */
static inline bool parse_proxy(char *text, via_proxy *proxy)
{
    const bool socks = strncmp(text, "socks5://", 9) == 0;
    if (!socks && strncmp(text, "http://", 7) != 0)
        return false;
    proxy->request.kind = socks ? WEIR_PROXY_SOCKS5 : WEIR_PROXY_HTTP;
    proxy->host = text + (socks ? 9 : 7);
    char *const at = strrchr(proxy->host, '@');
    if (at) {
        char *const colon = strchr(proxy->host, ':');
        if (colon >= at)
            return false;
        *colon = *at = '\0';
        proxy->request.user = (weir_text){proxy->host, (size_t)(colon - proxy->host)};
        proxy->request.password = (weir_text){colon + 1, (size_t)(at - colon - 1)};
        proxy->host = at + 1;
    }
    char *const colon = strrchr(proxy->host, ':');
    uint64_t port;
    if (!colon || !parse_number(colon + 1, &port) || port > 65535)
        return false;
    *colon = '\0';
    proxy->port = (unsigned)port;
    return true;
}

/* Bytes behind the proxy's answer belong to what the tunnel leads to; servers of WebSocket say
 * nothing first, so there are none. One byte at a time makes sure that none is taken. */
static inline int tunnel_step(weir_proxy *tunnel, int fd, uint64_t deadline)
{
    char byte;
    size_t used;
    weir_span span;
    while (weir_proxy_output(tunnel, &span) > 0) {
        const ssize_t written = write(fd, span.data, span.len);
        if (written <= 0)
            return WEIR_E_TRANSPORT;
        weir_proxy_sent(tunnel, (size_t)written);
    }
    struct pollfd wait = {fd, POLLIN, 0};
    if (poll(&wait, 1, ms_until(deadline, now_ms())) <= 0)
        return WEIR_E_HANDSHAKE_TIMEOUT;
    return read(fd, &byte, 1) == 1 ? weir_proxy_receive(tunnel, &byte, 1, &used) : WEIR_E_TRANSPORT;
}

/* Connect to the proxy and have it connect to the target; what goes wrong ends the program. */
static inline int connect_through(weir_context *context, const via_proxy *proxy,
                                  const weir_url *url)
{
    const uint64_t deadline = now_ms() + TUNNEL_SECONDS * 1000;
    weir_proxy_request request = proxy->request;
    weir_proxy *tunnel;
    request.host = url->host;
    request.port = url->port;
    int status = weir_proxy_create(context, &request, &tunnel);
    const int fd = connect_to(proxy->host, strlen(proxy->host), proxy->port);
    while (status == 0)
        status = tunnel_step(tunnel, fd, deadline);
    if (status < 0) {
        fprintf(stderr, "proxy: %s (%u)\n", weir_status_text(status), weir_proxy_code(tunnel));
        exit(1);
    }
    weir_proxy_free(tunnel);
    return fd;
}

#endif
