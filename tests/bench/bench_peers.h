/* SPDX-License-Identifier: MIT */
/* The libraries that weir is measured beside, behind one interface; some of them are C++. */
#ifndef WEIR_BENCH_PEERS_H
#define WEIR_BENCH_PEERS_H

#include <stddef.h>
#include <stdint.h>

#include "bench_ends.h"
#include "bench_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a peer cannot do is NULL. */
typedef struct bench_peer {
    const char *name;
    const char *missing; /* why it is skipped; NULL: it is here */

    /* Decode all of the source, as a server; can be done again and again. */
    void *(*decoder_open)(bench_source *source);
    void (*decode)(void *decoder);
    void (*decoder_close)(void *decoder);
    int decodes_pieces; /* frame by frame, no whole messages, no look at the text */

    /* Write messages: each on its own, or all, where the peer can, before the output is taken. */
    void *(*encoder_open)(int client, bench_sink *sink);
    void (*encode)(void *encoder, const wire *messages, int batch);
    void (*encoder_close)(void *encoder);

    /* Make a server's connection of a request; the response goes to the sink. */
    void *(*conn_open)(const char *request, size_t len, int deflate, bench_sink *sink);
    void (*conn_close)(void *conn);
    int shakes_hands; /* conn_open reads the request */
    int deflates;

    void (*mask)(uint8_t *data, size_t len, uint32_t key);
    int (*utf8)(const uint8_t *data, size_t len); /* whether it is valid and whole */
} bench_peer;

#define PEER_COUNT 4
extern const bench_peer *const peer_all[PEER_COUNT];

extern const bench_peer peer_wslay_event;
extern const bench_peer peer_wslay_frame;
extern const bench_peer peer_beast;
extern const bench_peer peer_websocketpp;

/* The request of a browser, 582 bytes. */
const char *peer_request(size_t *len);
#define PEER_REQUEST_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define PEER_REQUEST_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* Say in the results of an area which peers are skipped and why. */
void peer_name_missing(const char *area);

#ifdef __cplusplus
}
#endif

#endif
