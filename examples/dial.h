/* SPDX-License-Identifier: MIT */
/* Makes a client's connection: entropy for the policy, the URL's address, the socket. */
#ifndef EXAMPLES_DIAL_H
#define EXAMPLES_DIAL_H

#include <weir/weir.h>

#include "common.h"
#include "via_proxy.h"

typedef struct dialed {
    weir_context *context;
    weir_conn *conn;
    int fd;
} dialed;

static inline void dial_check(int status)
{
    if (status == WEIR_OK)
        return;
    fprintf(stderr, "%s\n", weir_status_text(status));
    exit(1);
}

/* Connect as the request says, through the proxy unless it is NULL; what goes wrong ends the
 * program. */
static inline dialed dial(weir_config *config, const weir_request *request,
                          const tunnel_proxy *proxy)
{
    dialed made;
    weir_url url;
    dial_check(weir_url_parse(request->url.data, request->url.len, &url));
    if (url.secure) {
        fputs("wss needs TLS, which this example leaves out\n", stderr);
        exit(1);
    }
    fill_random(config->seed, sizeof config->seed); /* for masks and the handshake's key */
    config->has_seed = 1;
    dial_check(weir_context_create(config, &made.context));
    made.fd = proxy ? connect_through(made.context, proxy, &url)
                    : connect_to(url.host.data, url.host.len, url.port);
    weir_context_set_time(made.context, now_ms());
    dial_check(weir_conn_create_client(made.context, request, &made.conn));
    return made;
}

static inline void hang_up(dialed *made)
{
    weir_conn_free(made->conn);
    weir_context_free(made->context);
    close(made->fd);
}

#endif
