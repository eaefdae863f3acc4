/* SPDX-License-Identifier: MIT */
/* wslay, by its two interfaces: events are whole messages, frames come piece by piece. */
#include "bench_peers.h"

#ifdef WEIR_HAVE_WSLAY

#include <stdlib.h>
#include <string.h>

#include <wslay/wslay.h>

#include "bench.h"

#define WSLAY_MAX_MESSAGE (64 * 1024 * 1024)

typedef struct wslay_peer {
    wslay_event_context_ptr event;
    wslay_frame_context_ptr frame;
    bench_source *source;
    bench_sink *sink;
    int client;
} wslay_peer;

static wslay_peer *wslay_new(bench_source *source, bench_sink *sink, int client)
{
    wslay_peer *const peer = calloc(1, sizeof *peer);
    if (!peer)
        bench_die("out of memory");
    peer->source = source;
    peer->sink = sink;
    peer->client = client;
    return peer;
}

static void wslay_close(void *opaque)
{
    wslay_peer *const peer = opaque;
    if (peer->event)
        wslay_event_context_free(peer->event);
    if (peer->frame)
        wslay_frame_context_free(peer->frame);
    free(peer);
}

static int wslay_random(uint8_t *out, size_t len, void *user)
{
    (void)user;
    const uint64_t r = bench_random() >> 16;
    memcpy(out, &r, len < sizeof r ? len : sizeof r);
    return 0;
}

/* ---- Events ----------------------------------------------------------------------------------*/

static ssize_t wslay_event_read(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags,
                                void *user)
{
    (void)flags;
    const size_t got = source_read(((wslay_peer *)user)->source, buf, len);
    if (got == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    return (ssize_t)got;
}

static void wslay_event_take(wslay_event_context_ptr ctx,
                             const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    (void)ctx;
    source_message(((wslay_peer *)user)->source, arg->msg, arg->msg_length);
}

static ssize_t wslay_event_write(wslay_event_context_ptr ctx, const uint8_t *data, size_t len,
                                 int flags, void *user)
{
    (void)ctx;
    (void)flags;
    sink_write(((wslay_peer *)user)->sink, data, len);
    return (ssize_t)len;
}

static int wslay_event_random(wslay_event_context_ptr ctx, uint8_t *out, size_t len, void *user)
{
    (void)ctx;
    return wslay_random(out, len, user);
}

static wslay_peer *wslay_event_new(bench_source *source, bench_sink *sink, int client)
{
    static const struct wslay_event_callbacks callbacks = {
        wslay_event_read, wslay_event_write, wslay_event_random, NULL, NULL, NULL,
        wslay_event_take};
    wslay_peer *const peer = wslay_new(source, sink, client);
    const int failed = client ? wslay_event_context_client_init(&peer->event, &callbacks, peer)
                              : wslay_event_context_server_init(&peer->event, &callbacks, peer);
    if (failed)
        bench_die("wslay_event_context_..._init");
    wslay_event_config_set_max_recv_msg_length(peer->event, WSLAY_MAX_MESSAGE);
    return peer;
}

static void *wslay_event_decoder(bench_source *source)
{
    return wslay_event_new(source, NULL, 0);
}

static void wslay_event_decode(void *opaque)
{
    wslay_peer *const peer = opaque;
    while (peer->source->at < peer->source->input->len)
        if (wslay_event_recv(peer->event) != 0)
            bench_die("wslay_event_recv");
}

static void *wslay_event_encoder(int client, bench_sink *sink)
{
    return wslay_event_new(NULL, sink, client);
}

static void wslay_event_encode(void *opaque, const wire *messages, int batch)
{
    wslay_peer *const peer = opaque;
    struct wslay_event_msg message = {messages->kind == WIRE_BINARY ? 2 : 1, messages->plain, 0};
    for (size_t i = 0; i < messages->messages; i++) {
        message.msg_length = messages->sizes[i];
        if (wslay_event_queue_msg(peer->event, &message) != 0)
            bench_die("wslay_event_queue_msg");
        if ((!batch || i + 1 == messages->messages) && wslay_event_send(peer->event) != 0)
            bench_die("wslay_event_send");
        message.msg += message.msg_length;
    }
}

static void *wslay_event_conn(const char *request, size_t len, int deflate, bench_sink *sink)
{
    (void)request;
    (void)len;
    (void)deflate;
    return wslay_event_new(NULL, sink, 0);
}

const bench_peer peer_wslay_event = {
    .name = "wslay-event",
    .decoder_open = wslay_event_decoder,
    .decode = wslay_event_decode,
    .decoder_close = wslay_close,
    .encoder_open = wslay_event_encoder,
    .encode = wslay_event_encode,
    .encoder_close = wslay_close,
    .conn_open = wslay_event_conn,
    .conn_close = wslay_close,
};

/* ---- Frames ----------------------------------------------------------------------------------*/

static ssize_t wslay_frame_read(uint8_t *buf, size_t len, int flags, void *user)
{
    (void)flags;
    const size_t got = source_read(((wslay_peer *)user)->source, buf, len);
    return got > 0 ? (ssize_t)got : -1;
}

static ssize_t wslay_frame_put(const uint8_t *data, size_t len, int flags, void *user)
{
    (void)flags;
    sink_write(((wslay_peer *)user)->sink, data, len);
    return (ssize_t)len;
}

static wslay_peer *wslay_frame_new(bench_source *source, bench_sink *sink, int client)
{
    static const struct wslay_frame_callbacks callbacks = {wslay_frame_put, wslay_frame_read,
                                                           wslay_random};
    wslay_peer *const peer = wslay_new(source, sink, client);
    if (wslay_frame_context_init(&peer->frame, &callbacks, peer) != 0)
        bench_die("wslay_frame_context_init");
    return peer;
}

static void *wslay_frame_decoder(bench_source *source)
{
    return wslay_frame_new(source, NULL, 0);
}

static void wslay_frame_decode(void *opaque)
{
    wslay_peer *const peer = opaque;
    bench_source *const source = peer->source;
    struct wslay_frame_iocb io;
    uint64_t seen = 0;
    while (source->messages < source->input->messages) {
        memset(&io, 0, sizeof io);
        const ssize_t got = wslay_frame_recv(peer->frame, &io);
        if (got < 0 && (got != WSLAY_ERR_WANT_READ || source->at == source->input->len))
            bench_die("wslay_frame_recv");
        if (got < 0)
            continue;
        source_piece(source, io.data, io.data_length);
        seen += io.data_length;
        if (seen == io.payload_length) {
            source_end(source);
            seen = 0;
        }
    }
}

static void *wslay_frame_encoder(int client, bench_sink *sink)
{
    return wslay_frame_new(NULL, sink, client);
}

static void wslay_frame_encode(void *opaque, const wire *messages, int batch)
{
    wslay_peer *const peer = opaque;
    const uint8_t *data = messages->plain;
    (void)batch;
    for (size_t i = 0; i < messages->messages; i++) {
        struct wslay_frame_iocb io;
        memset(&io, 0, sizeof io);
        io.fin = 1;
        io.opcode = messages->kind == WIRE_BINARY ? 2 : 1;
        io.mask = (uint8_t)peer->client;
        io.payload_length = io.data_length = messages->sizes[i];
        io.data = data;
        if (wslay_frame_send(peer->frame, &io) != (ssize_t)messages->sizes[i])
            bench_die("wslay_frame_send");
        data += messages->sizes[i];
    }
}

static void *wslay_frame_conn(const char *request, size_t len, int deflate, bench_sink *sink)
{
    (void)request;
    (void)len;
    (void)deflate;
    return wslay_frame_new(NULL, sink, 0);
}

const bench_peer peer_wslay_frame = {
    .name = "wslay-frame",
    .decoder_open = wslay_frame_decoder,
    .decode = wslay_frame_decode,
    .decoder_close = wslay_close,
    .decodes_pieces = 1,
    .encoder_open = wslay_frame_encoder,
    .encode = wslay_frame_encode,
    .encoder_close = wslay_close,
    .conn_open = wslay_frame_conn,
    .conn_close = wslay_close,
};

#else
typedef int peer_wslay_is_not_here;
#endif
