/* SPDX-License-Identifier: MIT */
/* An echo server on poll(2): the simplest complete server. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "common.h"
#include "echo.h"
#include "echo_options.h"

#define MAX_CLIENTS 1000
#define STOP_SERVER 1001 /* RFC 6455 7.4.1: going away */

typedef struct client {
    weir_conn *conn;
    int fd;
    bool paused; /* it does not read what we send: we do not read what it sends */
} client;

typedef struct server {
    weir_context *context;
    int listener;
    int stop_fd;
    uint64_t now;     /* read once in each turn of the loop */
    uint64_t stop_at; /* leave then, whoever has not closed yet */
    size_t count;
    client clients[MAX_CLIENTS];
} server;

/* ---- One connection --------------------------------------------------------------------------*/

static void on_events(client *c, const weir_event *events, int count)
{
    for (int i = 0; i < count; i++)
        echo(c->conn, &events[i], &c->paused);
}

static void read_input(client *c)
{
    weir_event events[16];
    char buffer[65536];
    const ssize_t len = recv(c->fd, buffer, sizeof buffer, 0);
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        weir_conn_receive_eof(c->conn);
    size_t used;
    for (ssize_t at = 0; at < len; at += (ssize_t)used) {
        const int count =
            weir_conn_receive(c->conn, buffer + at, (size_t)(len - at), &used, events, 16);
        on_events(c, events, count);
    }
}

/* Events that no input brings: of deadlines, of the queue, of the end. */
static void take_events(client *c)
{
    weir_event events[16];
    for (int count; (count = weir_conn_events(c->conn, events, 16)) > 0;)
        on_events(c, events, count);
}

/* All that waits leaves together: the replies to one read need one call. */
static void write_output(client *c)
{
    weir_span spans[32];
    for (int count; (count = weir_conn_output(c->conn, spans, 32)) > 0;) {
        const ssize_t len = writev(c->fd, (const struct iovec *)spans, count);
        if (len < 0 && errno != EAGAIN && errno != EINTR)
            weir_conn_receive_eof(c->conn);
        if (len < 0)
            return;
        weir_conn_sent(c->conn, (size_t)len);
    }
}

static short wanted(const client *c)
{
    const uint32_t wants = weir_conn_wants(c->conn);
    /* Once it is closing nothing is echoed, so there is no need to hold it back. */
    const bool reads = !c->paused || weir_conn_state(c->conn) != WEIR_OPEN;
    const int in = wants & WEIR_WANT_INPUT && reads ? POLLIN : 0;
    const int out = wants & WEIR_WANT_OUTPUT ? POLLOUT : 0;
    return (short)(in | out);
}

/* ---- All connections -------------------------------------------------------------------------*/

static void drop(server *s, client *c)
{
    const client *const last = &s->clients[--s->count];
    weir_conn_free(c->conn);
    close(c->fd);
    if (c == last)
        return;
    *c = *last;
    weir_conn_set_user(c->conn, c);
}

/* What follows whatever happened to a connection: events, output, and in the end its own. */
static void serve(server *s, client *c)
{
    do {
        take_events(c);
        write_output(c);
    } while (weir_conn_wants(c->conn) & WEIR_WANT_EVENTS);

    const uint32_t wants = weir_conn_wants(c->conn);
    if (wants & WEIR_WANT_SHUTDOWN_WRITE)
        shutdown(c->fd, SHUT_WR);
    if (wants & WEIR_WANT_CLOSE)
        drop(s, c);
}

static void accept_client(server *s)
{
    const int fd = accept_from(s->listener);
    if (fd < 0)
        return;
    client *const c = &s->clients[s->count];
    *c = (client){NULL, fd, false};
    if (weir_conn_create_server(s->context, &c->conn) != WEIR_OK) {
        close(fd);
        return;
    }
    weir_conn_set_user(c->conn, c);
    s->count++;
}

static void stop(server *s, uint64_t close_timeout_ms)
{
    close(s->listener);
    s->listener = s->stop_fd = -1; /* poll passes over them */
    s->stop_at = s->now + close_timeout_ms;
    for (size_t i = 0; i < s->count; i++)
        weir_conn_close(s->clients[i].conn, STOP_SERVER, "server stops", WEIR_NTS);
}

static void run_once(server *s, uint64_t close_timeout_ms)
{
    static struct pollfd polls[2 + MAX_CLIENTS];
    const size_t count = s->count;
    polls[0] = (struct pollfd){s->stop_fd, POLLIN, 0};
    polls[1] = (struct pollfd){count < MAX_CLIENTS ? s->listener : -1, POLLIN, 0};
    for (size_t i = 0; i < count; i++)
        polls[2 + i] = (struct pollfd){s->clients[i].fd, wanted(&s->clients[i]), 0};

    const uint64_t due = weir_context_next_due(s->context);
    if (poll(polls, 2 + count, ms_until(due < s->stop_at ? due : s->stop_at, s->now)) < 0)
        return;
    s->now = now_ms();
    weir_context_set_time(s->context, s->now);

    /* Backwards, since the last client takes the place of one that is dropped. */
    for (size_t i = count; i-- > 0;) {
        if (polls[2 + i].revents & (POLLIN | POLLERR | POLLHUP))
            read_input(&s->clients[i]);
        if (polls[2 + i].revents)
            serve(s, &s->clients[i]);
    }
    if (polls[1].revents)
        accept_client(s);
    if (polls[0].revents)
        stop(s, close_timeout_ms);
    /* Connections whose deadline passed, and those that were just told to close. */
    for (weir_conn *conn; (conn = weir_context_next_ready(s->context)) != NULL;)
        serve(s, weir_conn_user(conn));
}

int main(int argc, char **argv)
{
    static server s;
    echo_options options;
    (void)argc;
    s.context = create_echo_context(argv, &options);
    s.stop_fd = stop_signals();
    s.now = now_ms();
    s.stop_at = WEIR_NONE;
    s.listener = listen_on(options.host, options.port);
    while (s.stop_at == WEIR_NONE || (s.count > 0 && s.now < s.stop_at))
        run_once(&s, options.close_timeout_ms);
    while (s.count > 0)
        drop(&s, &s.clients[0]);
    weir_context_free(s.context);
    return 0;
}
