/* SPDX-License-Identifier: MIT */
/* Encoding: messages in, frames out, for both roles; written one by one or 64 KiB at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_peers.h"

#define ENCODE_BATCH ((size_t)64 * 1024)
#define ENCODE_SPANS 64

typedef enum encode_mode {
    ENCODE_ONE,
    ENCODE_BATCHED,
    ENCODE_BORROWED, /* messages may be sent from where they are; batched */
    ENCODE_TEXT      /* weir and websocketpp check the text, the others do not; batched */
} encode_mode;

static const char *const encode_modes[] = {"one", "batch", "borrowed", "text"};

typedef struct encode_state {
    const wire *messages;
    encode_mode mode;
    int client;
    weir_conn *conn;
    const bench_peer *peer;
    void *encoder;
    uint8_t *out; /* the copy's target */
    bench_sink sink;
} encode_state;

/* ---- weir ------------------------------------------------------------------------------------*/

static void encode_drain(encode_state *state)
{
    weir_span spans[ENCODE_SPANS];
    for (int n; (n = weir_conn_output(state->conn, spans, ENCODE_SPANS)) > 0;) {
        size_t sum = 0;
        for (int i = 0; i < n; i++) {
            sink_write(&state->sink, spans[i].data, spans[i].len);
            sum += spans[i].len;
        }
        weir_conn_sent(state->conn, sum);
    }
}

static int encode_send(const encode_state *state, const uint8_t *data, size_t len)
{
    const int type = state->messages->kind == WIRE_BINARY ? WEIR_BINARY : WEIR_TEXT;
    return state->mode == ENCODE_BORROWED ? weir_conn_send_ref(state->conn, type, data, len, 0)
                                          : weir_conn_send(state->conn, type, data, len);
}

static void encode_released(weir_conn *conn)
{
    weir_event events[ENCODE_SPANS];
    while (weir_conn_events(conn, events, ENCODE_SPANS) == ENCODE_SPANS)
        ;
}

static void encode_weir(void *opaque)
{
    encode_state *const state = opaque;
    const uint8_t *data = state->messages->plain;
    for (size_t i = 0; i < state->messages->messages; data += state->messages->sizes[i++]) {
        if (encode_send(state, data, state->messages->sizes[i]) != WEIR_OK)
            bench_die("weir_conn_send");
        if (state->mode == ENCODE_ONE)
            encode_drain(state);
    }
    encode_drain(state);
    if (state->mode == ENCODE_BORROWED)
        encode_released(state->conn);
}

/* ---- Peers, and the limit --------------------------------------------------------------------*/

static void encode_peer(void *opaque)
{
    encode_state *const state = opaque;
    state->peer->encode(state->encoder, state->messages, state->mode != ENCODE_ONE);
}

static void encode_copy(void *opaque)
{
    encode_state *const state = opaque;
    const uint8_t *data = state->messages->plain;
    uint8_t *out = state->out;
    for (size_t i = 0; i < state->messages->messages; i++) {
        memcpy(out, data, state->messages->sizes[i]);
        data += state->messages->sizes[i];
        out += state->messages->sizes[i];
    }
}

static int encode_check(encode_state *state, void (*run)(void *))
{
    sink_empty(&state->sink);
    state->sink.checking = 1;
    run(state);
    return sink_check(&state->sink, state->messages, state->client);
}

static int encode_check_weir(void *state)
{
    return encode_check(state, encode_weir);
}

static int encode_check_peer(void *state)
{
    return encode_check(state, encode_peer);
}

static int encode_check_copy(void *opaque)
{
    encode_state *const state = opaque;
    encode_copy(state);
    return memcmp(state->out, state->messages->plain, state->messages->payload) == 0;
}

/* ---- Cases -----------------------------------------------------------------------------------*/

typedef struct encode_cell {
    encode_state states[BENCH_MAX];
    bench_contestant contestants[BENCH_MAX];
    size_t n;
} encode_cell;

static encode_state *encode_add(encode_cell *cell, const encode_state *like, const char *name,
                                void (*run)(void *), int (*check)(void *))
{
    encode_state *const state = &cell->states[cell->n];
    *state = *like;
    cell->contestants[cell->n++] = (bench_contestant){name, run, check, state};
    return state;
}

static void encode_add_all(encode_cell *cell, const encode_state *like)
{
    encode_add(cell, like, "weir", encode_weir, encode_check_weir);
    encode_add(cell, like, "memcpy", encode_copy, encode_check_copy);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        if (!peer_all[i]->encoder_open)
            continue;
        encode_state *const state =
            encode_add(cell, like, peer_all[i]->name, encode_peer, encode_check_peer);
        state->peer = peer_all[i];
        state->encoder = peer_all[i]->encoder_open(like->client, &state->sink);
    }
}

static void encode_one(weir_context *context, int client, encode_mode mode, const wire_size *size)
{
    static encode_cell cell;
    char name[64];
    snprintf(name, sizeof name, "%s/%s", client ? "client" : "server", encode_modes[mode]);
    if (!bench_wants(name))
        return;
    wire messages =
        wire_make(mode == ENCODE_TEXT ? WIRE_MIXED : WIRE_BINARY, size->bytes, ENCODE_BATCH);
    encode_state like = {.messages = &messages, .mode = mode, .client = client};
    like.out = malloc(messages.payload);
    if (mode != ENCODE_BORROWED)
        like.sink =
            (bench_sink){.lent = messages.plain, .lent_len = messages.payload, .copy = like.out};
    const int role = client ? WEIR_CLIENT : WEIR_SERVER;
    if (!like.out || weir_conn_create_established(context, role, &like.conn) != WEIR_OK)
        bench_die("weir_conn_create_established");
    cell.n = 0;
    encode_add_all(&cell, &like);
    bench_case("encode", name, size->name, (double)messages.messages, cell.contestants, cell.n);
    for (size_t i = 0; i < cell.n; i++)
        if (cell.states[i].peer)
            cell.states[i].peer->encoder_close(cell.states[i].encoder);
    weir_conn_free(like.conn);
    free(like.out);
    wire_free(&messages);
}

void bench_encode(void)
{
    weir_config config;
    weir_context *context;
    peer_name_missing("encode");
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    config.high_water_bytes = config.max_queued_bytes = WEIR_NONE;
    if (weir_context_create(&config, &context) != WEIR_OK)
        bench_die("weir_context_create");
    for (int client = 0; client <= 1; client++)
        for (int mode = ENCODE_ONE; mode <= ENCODE_TEXT; mode++)
            for (size_t size = 0; size < WIRE_SIZES; size++)
                encode_one(context, client, (encode_mode)mode, &wire_sizes[size]);
    weir_context_free(context);
}
