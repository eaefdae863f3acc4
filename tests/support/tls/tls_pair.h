/* SPDX-License-Identifier: MIT */
/* A client and a server with TLS between them, moved by hand in pieces of any size. */
#ifndef WEIR_TESTS_TLS_PAIR_H
#define WEIR_TESTS_TLS_PAIR_H

#include <weir/tls.h>

#include "tls_certs.h"

typedef struct tls_end {
    weir_context *weir;
    weir_tls_context *context;
    weir_conn *conn;
    weir_tls *tls;
    char log[512]; /* names of the events, parted by spaces */
    uint8_t *got;  /* the last message */
    size_t got_len;
    size_t messages;
    int cause;         /* of the CLOSED event */
    uint64_t received; /* bytes of the transport */
    bool echo;         /* answer messages with the same */
    bool cut;          /* the transport to it was ended */
} tls_end;

typedef struct tls_pair {
    tls_end client, server;
    size_t piece; /* bytes given to one call; 0: all that there are */
    size_t cap;   /* events that fit; 0: 16 */
} tls_pair;

/* What a pair is made from; zeros: the usual certificates and policies. */
typedef struct tls_wish {
    const weir_tls_config *client;
    const weir_tls_config *server;
    const char *host; /* "localhost" */
    const void *session;
    size_t session_len;
    bool without_conns;
} tls_wish;

/* The policy of the usual certificates; entropy is the same each time. */
weir_tls_config tls_pair_config(int role);

void tls_pair_make(tls_pair *pair, const tls_wish *wish);
void tls_pair_free(tls_pair *pair);

/* Give to's TLS what waits at from, at most limit bytes; gives how many. */
size_t tls_pair_move(tls_pair *pair, tls_end *from, tls_end *to, size_t limit);

/* Move both ways until nothing moves any more. */
void tls_pair_run(tls_pair *pair);

/* Run until both are open. */
void tls_pair_open(tls_pair *pair);

/* Give bytes to one side as the transport would, and handle what comes of it. */
void tls_end_give(tls_pair *pair, tls_end *end, const void *data, size_t len);

/* The transport of one side ends. */
void tls_end_cut(tls_pair *pair, tls_end *end);

#endif
