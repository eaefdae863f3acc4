/* SPDX-License-Identifier: MIT */
/* weir's connections, opened in memory; and its memory, counted. */
#ifndef WEIR_BENCH_CONNS_H
#define WEIR_BENCH_CONNS_H

#include <weir/weir.h>

#include "bench_ends.h"

/* The server side of a connection that a request has opened; the response goes to the sink. */
weir_conn *conn_open_server(weir_context *context, const char *request, size_t len,
                            bench_sink *sink);

/* The client side, answered by a server that only makes up what the request needs. */
weir_conn *conn_open_client(weir_context *context, int deflate);

/* That server: the response to a request that starts at data. */
size_t conn_answer(const void *request, size_t len, int deflate, char *response, size_t cap);

/* All output that waits. */
void conn_drain(weir_conn *conn, bench_sink *sink);

/* An allocator that counts. */
typedef struct conn_memory {
    uint64_t calls; /* that asked for memory */
    uint64_t bytes; /* held */
} conn_memory;
void *conn_allocate(void *memory, void *ptr, size_t old_size, size_t new_size);

#endif
