/* SPDX-License-Identifier: MIT */
/* An echo server for many connections, on epoll(7): the loop is in epoll_server.h. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "echo.h"
#include "echo_options.h"
#include "epoll_server.h"

static void on_event(weir_conn *conn, const weir_event *event)
{
    client *const c = weir_conn_user(conn);
    echo(conn, event, &c->paused);
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
