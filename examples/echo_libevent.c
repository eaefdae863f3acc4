/* SPDX-License-Identifier: MIT */
/* An echo server on libevent: a connection is two events, one for each way. */
#define _POSIX_C_SOURCE 200809L

#include <event2/event.h>

#include <weir/weir.h>

#include "echo.h"
#include "echo_options.h"
#include "pump.h"

typedef struct server {
    weir_context *context;
    struct client *clients;
    struct event_base *base;
    struct event *listener;
    struct event *signals[2];
    struct event *timer;
    uint64_t close_timeout_ms;
    uint64_t stop_at; /* leave then, whoever has not closed yet */
} server;

typedef struct client {
    server *server;
    struct client *next;
    struct client **link; /* what points here: the list's head or the next of another */
    struct event *readable;
    struct event *writable;
    weir_conn *conn;
    int fd;
    bool paused; /* it does not read what we send: we do not read what it sends */
} client;

/* ---- One connection --------------------------------------------------------------------------*/

static void on_event(weir_conn *conn, const weir_event *event)
{
    client *const c = weir_conn_user(conn);
    echo(conn, event, &c->paused);
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void drop(client *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free_event(c->readable);
    free_event(c->writable);
    weir_conn_free(c->conn);
    close(c->fd);
    free(c);
}

static void watch(struct event *event, bool wanted)
{
    if (wanted)
        event_add(event, NULL);
    else
        event_del(event);
}

static void serve(client *c, bool readable)
{
    if (!pump(c->conn, c->fd, readable, on_event)) {
        drop(c);
        return;
    }
    const uint32_t wants = pump_wants(c->conn, c->paused);
    watch(c->readable, wants & WEIR_WANT_INPUT);
    watch(c->writable, wants & WEIR_WANT_OUTPUT);
}

/* ---- All connections -------------------------------------------------------------------------*/

/* What follows every turn: connections with news that they did not bring, the next deadline. */
static void settle(const server *s)
{
    const uint64_t now = now_ms();
    for (weir_conn *conn; (conn = weir_context_next_ready(s->context)) != NULL;)
        serve(weir_conn_user(conn), false);
    const uint64_t next = weir_context_next_due(s->context);
    const uint64_t due = next < s->stop_at ? next : s->stop_at;
    const uint64_t left = due > now ? due - now : 0;
    const struct timeval wait = {(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
    if (s->stop_at != WEIR_NONE && (!s->clients || now >= s->stop_at))
        event_base_loopbreak(s->base);
    else if (due == WEIR_NONE)
        event_del(s->timer);
    else
        event_add(s->timer, &wait);
}

static void on_ready(evutil_socket_t fd, short what, void *data)
{
    client *const c = data;
    const server *const s = c->server;
    (void)fd;
    weir_context_set_time(s->context, now_ms());
    serve(c, what & EV_READ);
    settle(s);
}

static void add(server *s, int fd)
{
    client *const c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return;
    }
    *c = (client){.server = s, .next = s->clients, .link = &s->clients, .fd = fd};
    if (c->next)
        c->next->link = &c->next;
    s->clients = c;
    c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_ready, c);
    c->writable = event_new(s->base, fd, EV_WRITE | EV_PERSIST, on_ready, c);
    if (!c->readable || !c->writable || weir_conn_create_server(s->context, &c->conn) != WEIR_OK) {
        drop(c);
        return;
    }
    weir_conn_set_user(c->conn, c);
    serve(c, false);
}

static void on_knock(evutil_socket_t listener, short what, void *data)
{
    server *const s = data;
    (void)what;
    weir_context_set_time(s->context, now_ms());
    for (int fd; (fd = accept_from(listener)) >= 0;)
        add(s, fd);
    settle(s);
}

static void on_due(evutil_socket_t fd, short what, void *data)
{
    const server *const s = data;
    (void)fd, (void)what;
    weir_context_set_time(s->context, now_ms());
    settle(s);
}

/* RFC 6455 7.4.1: 1001, going away. */
static void on_stop(evutil_socket_t number, short what, void *data)
{
    server *const s = data;
    (void)number, (void)what;
    if (s->stop_at != WEIR_NONE)
        return;
    event_del(s->listener);
    close(event_get_fd(s->listener));
    s->stop_at = now_ms() + s->close_timeout_ms;
    for (const client *c = s->clients; c; c = c->next)
        weir_conn_close(c->conn, 1001, "server stops", WEIR_NTS);
    settle(s);
}

int main(int argc, char **argv)
{
    static server s = {.stop_at = WEIR_NONE};
    echo_options options;
    (void)argc;
    s.context = create_echo_context(argv, &options);
    s.close_timeout_ms = options.close_timeout_ms;
    s.base = event_base_new();
    s.timer = evtimer_new(s.base, on_due, &s);
    s.signals[0] = evsignal_new(s.base, SIGTERM, on_stop, &s);
    s.signals[1] = evsignal_new(s.base, SIGINT, on_stop, &s);
    event_add(s.signals[0], NULL);
    event_add(s.signals[1], NULL);
    s.listener = event_new(s.base, listen_on(options.host, options.port), EV_READ | EV_PERSIST,
                           on_knock, &s);
    event_add(s.listener, NULL);
    event_base_dispatch(s.base);

    while (s.clients)
        drop(s.clients);
    struct event *const events[] = {s.listener, s.signals[0], s.signals[1], s.timer};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        event_free(events[i]);
    event_base_free(s.base);
    weir_context_free(s.context);
    return 0;
}
