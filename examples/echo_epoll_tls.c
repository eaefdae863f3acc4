/* SPDX-License-Identifier: MIT */
/* echo_epoll with TLS: the same server, for wss. Needs mbedTLS. */
#define _POSIX_C_SOURCE 200809L

#include <weir/tls.h>

#include "echo.h"
#include "echo_options.h"
#include "epoll_server.h"
#include "pump_tls.h"

typedef struct tls_client {
    client plain;
    weir_tls *tls;
} tls_client;

static weir_tls_context *tls_context;

/* ---- TLS between each connection and its socket ----------------------------------------------*/

static bool on_start(client *c)
{
    return weir_tls_create_server(tls_context, c->conn, &((tls_client *)c)->tls) == WEIR_OK;
}

static bool on_pump(client *c, bool readable, pump_handler *handle)
{
    return pump_tls(((tls_client *)c)->tls, c->conn, c->fd, readable, handle);
}

static uint32_t on_wants(const client *c)
{
    return pump_tls_wants(((const tls_client *)c)->tls, c->conn, c->paused);
}

static void on_end(client *c)
{
    weir_tls_free(((tls_client *)c)->tls);
}

/* ---- The echo --------------------------------------------------------------------------------*/

static void on_event(weir_conn *conn, const weir_event *event)
{
    client *const c = weir_conn_user(conn);
    if (event->type == WEIR_EVENT_CLOSED && weir_tls_cause(((tls_client *)c)->tls) < 0)
        fprintf(stderr, "TLS: %s\n", weir_tls_status_text(event->cause));
    echo(conn, event, &c->paused);
}

/* ---- The start -------------------------------------------------------------------------------*/

int main(int argc, char **argv)
{
    static const server_transport transport = {on_start, on_pump, on_wants, plain_stop, on_end};
    tls_context = create_tls_server(argv, "http/1.1");
    echo_options options;
    weir_context *const context = create_echo_context(argv, &options);
    (void)argc;
    server s = {.context = context,
                .handle = on_event,
                .client_size = sizeof(tls_client),
                .close_timeout_ms = options.close_timeout_ms,
                .transport = &transport};
    server_run(&s, options.host, options.port);
    weir_tls_context_free(tls_context);
    return 0;
}
