/* SPDX-License-Identifier: MIT */
/* The loop of a server on epoll(7): connections come, are served, and close when it is stopped. */
#ifndef EXAMPLES_EPOLL_SERVER_H
#define EXAMPLES_EPOLL_SERVER_H

#include <sys/epoll.h>
#include <sys/resource.h>

#include <weir/weir.h>

#include "common.h"
#include "pump.h"

/* What the loop knows of a connection: its user pointer. The program's own data may follow. */
typedef struct client {
    struct client *next;
    struct client **link; /* what points here: the list's head or the next of another */
    weir_conn *conn;
    int fd;
    uint32_t watched; /* what epoll tells us about */
    bool paused;      /* set by the program: do not read from it for now */
} client;

/* How bytes pass between a connection and its socket: plain, unless the program says otherwise
 * (echo_epoll_tls puts TLS between). */
typedef struct server_transport {
    bool (*start)(client *c); /* false: drop it */
    bool (*pump)(client *c, bool readable, pump_handler *handle);
    uint32_t (*wants)(const client *c);
    void (*stop)(client *c); /* close what it carries */
    void (*end)(client *c);  /* also after a start that failed */
} server_transport;

typedef struct server {
    weir_context *context;
    pump_handler *handle;
    size_t client_size; /* of what a client is the first member */
    uint64_t close_timeout_ms;
    const server_transport *transport; /* NULL: plain */
    client *clients;
    int epoll;
    int listener;
    int stop_fd;
    uint64_t now;     /* read once in each turn of the loop */
    uint64_t stop_at; /* when to leave, whoever has not closed yet */
} server;

static inline bool plain_start(client *c)
{
    (void)c;
    return true;
}

static inline bool plain_pump(client *c, bool readable, pump_handler *handle)
{
    return pump(c->conn, c->fd, readable, handle);
}

static inline uint32_t plain_wants(const client *c)
{
    return pump_wants(c->conn, c->paused);
}

/* RFC 6455 7.4.1: 1001, going away. */
static inline void plain_stop(client *c)
{
    weir_conn_close(c->conn, 1001, "server stops", WEIR_NTS);
}

static inline void plain_end(client *c)
{
    (void)c;
}

static inline bool server_watch(const server *s, int operation, int fd, uint32_t events, void *who)
{
    struct epoll_event event = {.events = events, .data = {.ptr = who}};
    return epoll_ctl(s->epoll, operation, fd, &event) == 0;
}

static inline void server_drop(const server *s, client *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    s->transport->end(c);
    weir_conn_free(c->conn);
    close(c->fd); /* epoll forgets it */
    free(c);
}

static inline void server_add(server *s, int fd)
{
    client *const c = calloc(1, s->client_size);
    if (!c) {
        close(fd);
        return;
    }
    *c = (client){s->clients, &s->clients, NULL, fd, EPOLLIN, false};
    if (c->next)
        c->next->link = &c->next;
    s->clients = c;
    if (weir_conn_create_server(s->context, &c->conn) != WEIR_OK || !s->transport->start(c) ||
        !server_watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, c)) {
        server_drop(s, c);
        return;
    }
    weir_conn_set_user(c->conn, c);
}

static inline void server_accept(server *s)
{
    for (int fd; (fd = accept_from(s->listener)) >= 0;)
        server_add(s, fd);
}

static inline void server_serve(server *s, client *c, bool readable)
{
    if (!s->transport->pump(c, readable, s->handle)) {
        server_drop(s, c);
        return;
    }
    const uint32_t wants = s->transport->wants(c);
    const uint32_t events = (wants & WEIR_WANT_INPUT ? (uint32_t)EPOLLIN : 0) |
                            (wants & WEIR_WANT_OUTPUT ? (uint32_t)EPOLLOUT : 0);
    if (events != c->watched)
        server_watch(s, EPOLL_CTL_MOD, c->fd, events, c);
    c->watched = events;
}

static inline void server_stop(server *s)
{
    close(s->listener);
    server_watch(s, EPOLL_CTL_DEL, s->stop_fd, 0, NULL);
    s->stop_at = s->now + s->close_timeout_ms;
    for (client *c = s->clients, *next; c; c = next) {
        next = c->next;
        s->transport->stop(c);
        server_serve(s, c, false);
    }
}

static inline void server_run_once(server *s)
{
    struct epoll_event events[256];
    const uint64_t due = weir_context_next_due(s->context);
    const int timeout = ms_until(due < s->stop_at ? due : s->stop_at, s->now);
    const int count = epoll_wait(s->epoll, events, 256, timeout);
    bool stopped = false;
    s->now = now_ms();
    weir_context_set_time(s->context, s->now);
    for (int i = 0; i < count; i++) {
        void *const who = events[i].data.ptr;
        if (who == &s->stop_fd)
            stopped = true;
        else if (who == &s->listener)
            server_accept(s);
        else
            server_serve(s, who, events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP));
    }
    if (stopped)
        server_stop(s);
    /* Connections with news that they did not bring: a deadline passed, another sent to them. */
    for (weir_conn *conn; (conn = weir_context_next_ready(s->context)) != NULL;)
        server_serve(s, weir_conn_user(conn), false);
}

static inline void server_start(server *s, const char *host, const char *port)
{
    static const server_transport plain = {plain_start, plain_pump, plain_wants, plain_stop,
                                           plain_end};
    if (!s->transport)
        s->transport = &plain;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    s->epoll = epoll_create1(0);
    s->stop_fd = stop_signals();
    s->now = now_ms();
    s->stop_at = WEIR_NONE;
    s->listener = listen_on(host, port);
    if (!server_watch(s, EPOLL_CTL_ADD, s->stop_fd, EPOLLIN, &s->stop_fd) ||
        !server_watch(s, EPOLL_CTL_ADD, s->listener, EPOLLIN, &s->listener))
        die("epoll");
}

/* Serve until SIGTERM or SIGINT, then close all. The first five fields are the program's to set. */
static inline void server_run(server *s, const char *host, const char *port)
{
    server_start(s, host, port);
    while (s->stop_at == WEIR_NONE || (s->clients && s->now < s->stop_at))
        server_run_once(s);
    while (s->clients)
        server_drop(s, s->clients);
    weir_context_free(s->context);
}

#endif
