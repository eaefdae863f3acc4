/* SPDX-License-Identifier: MIT */
/* An echo server on libuv: how bytes pass is in pump_uv.h. */
#define _POSIX_C_SOURCE 200809L

#include <uv.h>

#include <weir/weir.h>

#include "echo.h"
#include "echo_options.h"
#include "pump_uv.h"

typedef struct server {
    weir_context *context;
    uv_loop_t loop; /* its data points to the server */
    uv_tcp_t listener;
    uv_signal_t signals[2];
    uv_prepare_t prepare;
    uv_timer_t timer;
    uint64_t close_timeout_ms;
    uint64_t stop_at; /* leave then, whoever has not closed yet */
    size_t count;     /* clients */
} server;

static void on_event(weir_conn *conn, const weir_event *event)
{
    pump_uv *const client = weir_conn_user(conn);
    echo(conn, event, &client->paused);
}

/* ---- Connections come and go -----------------------------------------------------------------*/

/* Of all handles only those of clients have data. */
static void on_closed(uv_handle_t *handle)
{
    pump_uv *const client = handle->data;
    if (!client)
        return;
    ((server *)handle->loop->data)->count--;
    weir_conn_free(client->conn);
    free(client);
}

static void on_connection(uv_stream_t *listener, int status)
{
    server *const s = listener->loop->data;
    pump_uv *const client = status == 0 ? calloc(1, sizeof *client) : NULL;
    if (!client)
        return;
    client->context = s->context;
    client->handle = on_event;
    client->on_closed = on_closed;
    uv_tcp_init(listener->loop, &client->tcp);
    client->tcp.data = client;
    s->count++;
    weir_context_set_time(s->context, uv_now(listener->loop));
    if (uv_accept(listener, (uv_stream_t *)&client->tcp) != 0 ||
        weir_conn_create_server(s->context, &client->conn) != WEIR_OK) {
        uv_close((uv_handle_t *)&client->tcp, on_closed);
        return;
    }
    uv_tcp_nodelay(&client->tcp, 1);
    weir_conn_set_user(client->conn, client);
    pump_uv_serve(client);
}

/* RFC 6455 7.4.1: 1001, going away. */
static void say_goodbye(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (handle->data)
        weir_conn_close(((pump_uv *)handle->data)->conn, 1001, "server stops", WEIR_NTS);
}

static void hang_up(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* ---- The loop --------------------------------------------------------------------------------*/

static void on_stop(uv_signal_t *signal, int number)
{
    server *const s = signal->loop->data;
    (void)number;
    for (int i = 0; i < 2; i++)
        uv_signal_stop(&s->signals[i]);
    s->stop_at = uv_now(signal->loop) + s->close_timeout_ms;
    uv_close((uv_handle_t *)&s->listener, on_closed);
    uv_walk(signal->loop, say_goodbye, NULL);
}

static void on_due(uv_timer_t *timer)
{
    (void)timer; /* the loop has woken up, and before_waiting comes next */
}

/* Connections with news that they did not bring: a deadline passed, or they were told to close. */
static void before_waiting(uv_prepare_t *prepare)
{
    server *const s = prepare->loop->data;
    const uint64_t now = uv_now(prepare->loop);
    weir_context_set_time(s->context, now);
    for (weir_conn *conn; (conn = weir_context_next_ready(s->context)) != NULL;)
        pump_uv_serve(weir_conn_user(conn));

    const uint64_t next = weir_context_next_due(s->context);
    const uint64_t due = next < s->stop_at ? next : s->stop_at;
    if (s->stop_at != WEIR_NONE && (s->count == 0 || now >= s->stop_at))
        uv_walk(prepare->loop, hang_up, NULL); /* a loop without handles ends */
    else if (due == WEIR_NONE)
        uv_timer_stop(&s->timer);
    else
        uv_timer_start(&s->timer, on_due, due > now ? due - now : 0, 0);
}

static void start(server *s, const echo_options *options)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&s->loop);
    s->loop.data = s;
    for (int i = 0; i < 2; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        uv_signal_start(&s->signals[i], on_stop, numbers[i]);
    }
    uv_timer_init(&s->loop, &s->timer);
    uv_prepare_init(&s->loop, &s->prepare);
    uv_prepare_start(&s->prepare, before_waiting);
    uv_tcp_init(&s->loop, &s->listener);
    uv_tcp_open(&s->listener, listen_on(options->host, options->port));
    if (uv_listen((uv_stream_t *)&s->listener, SOMAXCONN, on_connection) != 0)
        die("listen");
}

int main(int argc, char **argv)
{
    static server s = {.stop_at = WEIR_NONE};
    echo_options options;
    (void)argc;
    s.context = create_echo_context(argv, &options);
    s.close_timeout_ms = options.close_timeout_ms;
    start(&s, &options);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    uv_loop_close(&s.loop);
    weir_context_free(s.context);
    return 0;
}
