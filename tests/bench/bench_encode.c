/* SPDX-License-Identifier: MIT */
/* Encoding: messages in, frames out; 64 KiB of them between two writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_wire.h"
#ifdef WEIR_HAVE_WSLAY
#include <wslay/wslay.h>
#endif

#define ENCODE_BATCH (64 * 1024)

typedef struct encode_state {
    const uint8_t *payload;
    size_t size;
    size_t count; /* messages in a batch */
    weir_conn *conn;
    uint8_t *out; /* the copy's target */
    size_t sent;
    size_t frames_seen;
#ifdef WEIR_HAVE_WSLAY
    wslay_event_context_ptr wslay;
#endif
} encode_state;

static void encode_weir(void *opaque)
{
    encode_state *const state = opaque;
    weir_span spans[64];
    for (size_t i = 0; i < state->count; i++)
        if (weir_conn_send(state->conn, WEIR_BINARY, state->payload, state->size) < 0)
            bench_die("weir_conn_send");
    state->sent = 0;
    for (int n; (n = weir_conn_output(state->conn, spans, 64)) > 0;) {
        size_t sum = 0;
        for (int i = 0; i < n; i++)
            sum += spans[i].len;
        weir_conn_sent(state->conn, sum);
        state->sent += sum;
    }
}

static size_t encode_head_len(const encode_state *state)
{
    return state->size < 126 ? 2 : state->size < 65536 ? 4 : 10;
}

static int encode_check_weir(void *opaque)
{
    encode_state *const state = opaque;
    weir_event events[4];
    encode_weir(state);
    weir_conn_events(state->conn, events, 4);
    const size_t body = state->count * state->size;
    return state->sent >= body + state->count * encode_head_len(state) &&
           state->sent <= body + state->count * (encode_head_len(state) + 4) + 64 * 14;
}

#ifdef WEIR_HAVE_WSLAY
static ssize_t encode_wslay_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len,
                                 int flags, void *user)
{
    (void)ctx;
    (void)data;
    (void)flags;
    ((encode_state *)user)->sent += len;
    return (ssize_t)len;
}

static int encode_wslay_mask(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, void *user)
{
    (void)ctx;
    (void)user;
    const uint64_t r = bench_random();
    memcpy(buf, &r, len < sizeof r ? len : sizeof r);
    return 0;
}

static void encode_wslay(void *opaque)
{
    encode_state *const state = opaque;
    const struct wslay_event_msg message = {2, state->payload, state->size};
    state->sent = 0;
    for (size_t i = 0; i < state->count; i++)
        if (wslay_event_queue_msg(state->wslay, &message) != 0)
            bench_die("wslay_event_queue_msg");
    if (wslay_event_send(state->wslay) != 0)
        bench_die("wslay_event_send");
}

static int encode_check_wslay(void *opaque)
{
    encode_state *const state = opaque;
    encode_wslay(state);
    return state->sent >= state->count * (state->size + encode_head_len(state));
}
#endif

static void encode_copy(void *opaque)
{
    encode_state *const state = opaque;
    for (size_t i = 0; i < state->count; i++)
        memcpy(state->out + i * state->size, state->payload, state->size);
}

static int encode_check_copy(void *opaque)
{
    encode_state *const state = opaque;
    encode_copy(state);
    return memcmp(state->out, state->payload, state->size) == 0;
}

static void encode_one(weir_context *context, int role, const char *name, size_t size)
{
    uint8_t *const payload = malloc(size);
    wire_fill(WIRE_BINARY, payload, size);
    encode_state state = {.payload = payload, .size = size};
    state.count = size < ENCODE_BATCH ? ENCODE_BATCH / size : 1;
    state.out = malloc(state.count * size);
    if (weir_conn_create_established(context, role, &state.conn) != WEIR_OK)
        bench_die("weir_conn_create_established");
#ifdef WEIR_HAVE_WSLAY
    struct wslay_event_callbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.send_callback = encode_wslay_send;
    callbacks.genmask_callback = encode_wslay_mask;
    if (role == WEIR_SERVER)
        wslay_event_context_server_init(&state.wslay, &callbacks, &state);
    else
        wslay_event_context_client_init(&state.wslay, &callbacks, &state);
#endif
    const bench_contestant contestants[] = {
        {"weir", encode_weir, encode_check_weir, &state},
#ifdef WEIR_HAVE_WSLAY
        {"wslay", encode_wslay, encode_check_wslay, &state},
#endif
        {"memcpy", encode_copy, encode_check_copy, &state},
    };
    bench_case("encode", role == WEIR_SERVER ? "server" : "client", name, (double)state.count,
               contestants, sizeof contestants / sizeof contestants[0]);
#ifdef WEIR_HAVE_WSLAY
    wslay_event_context_free(state.wslay);
#endif
    weir_conn_free(state.conn);
    free(state.out);
    free(payload);
}

void bench_encode(void)
{
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    if (weir_context_create(&config, &context) != WEIR_OK)
        bench_die("weir_context_create");
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++) {
        encode_one(context, role, "16B", 16);
        encode_one(context, role, "125B", 125);
        encode_one(context, role, "1KiB", 1024);
        encode_one(context, role, "16KiB", 16 * 1024);
        encode_one(context, role, "1MiB", 1024 * 1024);
    }
    weir_context_free(context);
}
