/* SPDX-License-Identifier: MIT */
/* weir's connections, opened in memory; and its memory, counted. */
#define _POSIX_C_SOURCE 200809L
#include "bench_conns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define CONN_HEAD 2048 /* room for a request or a response */
#define CONN_KEY "Sec-WebSocket-Key: "

void *conn_allocate(void *opaque, void *ptr, size_t old_size, size_t new_size)
{
    conn_memory *const memory = opaque;
    memory->bytes += new_size;
    memory->bytes -= old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    memory->calls++;
    return realloc(ptr, new_size);
}

void conn_drain(weir_conn *conn, bench_sink *sink)
{
    weir_span spans[8];
    for (int n; (n = weir_conn_output(conn, spans, 8)) > 0;) {
        size_t sum = 0;
        for (int i = 0; i < n; i++) {
            if (sink)
                sink_write(sink, spans[i].data, spans[i].len);
            sum += spans[i].len;
        }
        weir_conn_sent(conn, sum);
    }
}

static void conn_feed(weir_conn *conn, char *data, size_t len)
{
    weir_event events[4];
    for (size_t at = 0, used; at < len; at += used) {
        const int count = weir_conn_receive(conn, data + at, len - at, &used, events, 4);
        for (int i = 0; i < count; i++)
            if (events[i].type == WEIR_EVENT_REQUEST &&
                weir_conn_accept(conn, NULL, 0, NULL, 0) != WEIR_OK)
                bench_die("weir_conn_accept");
    }
}

weir_conn *conn_open_server(weir_context *context, const char *request, size_t len,
                            bench_sink *sink)
{
    char buffer[CONN_HEAD];
    weir_conn *conn;
    weir_event event;
    if (weir_conn_create_server(context, &conn) != WEIR_OK)
        bench_die("weir_conn_create_server");
    memcpy(buffer, request, len);
    conn_feed(conn, buffer, len);
    conn_drain(conn, sink);
    while (weir_conn_events(conn, &event, 1) > 0)
        ;
    if (weir_conn_state(conn) != WEIR_OPEN)
        bench_die("weir: the server's connection is not open");
    return conn;
}

size_t conn_answer(const void *request, size_t len, int deflate, char *response, size_t cap)
{
    static const char before[] = "HTTP/1.1 101 Switching Protocols\r\n"
                                 "Upgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: ";
    const char *const after =
        deflate ? "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n" : "\r\n\r\n";
    const size_t after_len = strlen(after);
    const size_t sum = sizeof before - 1 + 28 + after_len;
    const char *at = request;
    const char *const end = at + len - (sizeof CONN_KEY - 1) - 24;
    while (at < end && memcmp(at, CONN_KEY, sizeof CONN_KEY - 1) != 0)
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    if (at >= end || sum > cap)
        bench_die("weir: no key in the request");
    memcpy(response, before, sizeof before - 1);
    weir_accept_key(at + sizeof CONN_KEY - 1, 24, response + sizeof before - 1);
    memcpy(response + sizeof before - 1 + 28, after, after_len);
    return sum;
}

weir_conn *conn_open_client(weir_context *context, int deflate)
{
    const weir_request request = {.url = {"ws://server.example.com/chat?room=42", WEIR_NTS},
                                  .origin = {"https://server.example.com", WEIR_NTS}};
    char response[CONN_HEAD];
    weir_conn *conn;
    weir_span span;
    weir_event event;
    if (weir_conn_create_client(context, &request, &conn) != WEIR_OK ||
        weir_conn_output(conn, &span, 1) != 1)
        bench_die("weir_conn_create_client");
    const size_t len = conn_answer(span.data, span.len, deflate, response, sizeof response);
    weir_conn_sent(conn, span.len);
    conn_feed(conn, response, len);
    while (weir_conn_events(conn, &event, 1) > 0)
        ;
    if (weir_conn_state(conn) != WEIR_OPEN)
        bench_die("weir: the client's connection is not open");
    return conn;
}
