/* SPDX-License-Identifier: MIT */
/* An echo server for many connections, on epoll(7): the loop is in epoll_server.h. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "echo_options.h"
#include "epoll_server.h"

static void on_event(weir_conn *conn, const weir_event *event)
{
    client *const c = weir_conn_user(conn);
    const int type = event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY;
    switch (event->type) {
    case WEIR_EVENT_MESSAGE:
        if (weir_conn_send(conn, type, event->data, event->len) == WEIR_E_MEMORY)
            weir_conn_close(conn, 1011, "out of memory", WEIR_NTS);
        break;
    /* It does not read what we send: we do not read what it sends. */
    case WEIR_EVENT_HIGH_WATER:
        c->paused = true;
        break;
    case WEIR_EVENT_WRITABLE:
        c->paused = false;
        break;
    default:
        break; /* pings and closes are answered by the library */
    }
}

int main(int argc, char **argv)
{
    echo_options options;
    weir_context *const context = create_echo_context(argv, &options);
    (void)argc;
    server s = {.context = context,
                .handle = on_event,
                .client_size = sizeof(client),
                .close_timeout_ms = options.close_timeout_ms};
    server_run(&s, options.host, options.port);
    return 0;
}
