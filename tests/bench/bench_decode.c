/* SPDX-License-Identifier: MIT */
/* Decoding: a stream of masked frames in, whole messages out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_wire.h"
#ifdef WEIR_HAVE_WSLAY
#include <wslay/wslay.h>
#endif

typedef struct decode_state {
    const wire *input;
    size_t read; /* bytes a read brings at most */
    uint8_t *buffer;
    weir_context *context;
    int checking;
    size_t at;
    size_t messages;
    size_t payload;
    uint64_t digest;
} decode_state;

static void decode_take(decode_state *state, const uint8_t *data, size_t len)
{
    state->messages++;
    state->payload += len;
    if (state->checking)
        state->digest = wire_digest(state->digest, data, len);
}

/* What recv() does: copy the next bytes. */
static size_t decode_read(decode_state *state, uint8_t *out, size_t cap)
{
    const size_t left = state->input->len - state->at;
    size_t len = left < cap ? left : cap;
    len = len < state->read ? len : state->read;
    memcpy(out, state->input->bytes + state->at, len);
    state->at += len;
    return len;
}

static void decode_reset(decode_state *state)
{
    state->at = state->messages = state->payload = 0;
    state->digest = 0;
}

static int decode_check(decode_state *state, void (*run)(void *))
{
    state->checking = 1;
    run(state);
    state->checking = 0;
    return state->messages == state->input->messages && state->payload == state->input->payload &&
           state->digest == state->input->digest;
}

/* ---- weir ------------------------------------------------------------------------------------*/

static void decode_weir(void *opaque)
{
    decode_state *const state = opaque;
    weir_event events[64];
    weir_conn *conn;
    decode_reset(state);
    if (weir_conn_create_established(state->context, WEIR_SERVER, &conn) != WEIR_OK)
        bench_die("weir_conn_create_established");
    for (size_t len; (len = decode_read(state, state->buffer, state->read)) > 0;) {
        for (size_t at = 0, used; at < len; at += used) {
            const int count =
                weir_conn_receive(conn, state->buffer + at, len - at, &used, events, 64);
            for (int i = 0; i < count; i++)
                if (events[i].type == WEIR_EVENT_MESSAGE)
                    decode_take(state, events[i].data, events[i].len);
        }
    }
    weir_conn_free(conn);
}

static int decode_check_weir(void *state)
{
    return decode_check(state, decode_weir);
}

/* ---- wslay -----------------------------------------------------------------------------------*/

#ifdef WEIR_HAVE_WSLAY
static ssize_t decode_wslay_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags,
                                 void *user)
{
    (void)flags;
    const size_t got = decode_read(user, buf, len);
    if (got == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    return (ssize_t)got;
}

static void decode_wslay_message(wslay_event_context_ptr ctx,
                                 const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    (void)ctx;
    decode_take(user, arg->msg, arg->msg_length);
}

static void decode_wslay(void *opaque)
{
    decode_state *const state = opaque;
    struct wslay_event_callbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.recv_callback = decode_wslay_recv;
    callbacks.on_msg_recv_callback = decode_wslay_message;
    wslay_event_context_ptr ctx;
    decode_reset(state);
    if (wslay_event_context_server_init(&ctx, &callbacks, state) != 0)
        bench_die("wslay_event_context_server_init");
    while (state->at < state->input->len)
        if (wslay_event_recv(ctx) != 0)
            bench_die("wslay_event_recv");
    wslay_event_context_free(ctx);
}

static int decode_check_wslay(void *state)
{
    return decode_check(state, decode_wslay);
}
#endif

/* ---- The limit -------------------------------------------------------------------------------*/

static void decode_copy(void *opaque)
{
    decode_state *const state = opaque;
    decode_reset(state);
    while (decode_read(state, state->buffer, state->read) > 0)
        ;
}

static int decode_check_copy(void *opaque)
{
    decode_state *const state = opaque;
    decode_copy(state);
    return state->at == state->input->len;
}

/* ---- Cases -----------------------------------------------------------------------------------*/

static const struct {
    const char *name;
    size_t bytes;
} decode_sizes[] = {
    {"16B", 16}, {"125B", 125}, {"1KiB", 1024}, {"16KiB", 16 * 1024}, {"1MiB", 1024 * 1024}};

static void decode_one(weir_context *context, wire_kind kind, size_t size_index, size_t read)
{
    static const char *const kinds[] = {"binary", "ascii", "mixed"};
    const size_t size = decode_sizes[size_index].bytes;
    wire input = wire_make(kind, size, size < 65536 ? 1024 * 1024 : 4 * 1024 * 1024);
    decode_state state = {.input = &input, .read = read, .context = context};
    state.buffer = malloc(read);
    const bench_contestant contestants[] = {
        {"weir", decode_weir, decode_check_weir, &state},
#ifdef WEIR_HAVE_WSLAY
        {"wslay", decode_wslay, decode_check_wslay, &state},
#endif
        {"recv-copy", decode_copy, decode_check_copy, &state},
    };
    char name[64];
    snprintf(name, sizeof name, "%s/%zu", kinds[kind], read);
    bench_case("decode", name, decode_sizes[size_index].name, (double)input.messages, contestants,
               sizeof contestants / sizeof contestants[0]);
    free(state.buffer);
    wire_free(&input);
}

void bench_decode(void)
{
    static const size_t reads[] = {65536, 1448};
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.max_message_bytes = 64 * 1024 * 1024;
    if (weir_context_create(&config, &context) != WEIR_OK)
        bench_die("weir_context_create");
    for (size_t read = 0; read < 2; read++)
        for (int kind = WIRE_BINARY; kind <= WIRE_MIXED; kind++)
            for (size_t size = 0; size < sizeof decode_sizes / sizeof decode_sizes[0]; size++)
                decode_one(context, (wire_kind)kind, size, reads[read]);
    weir_context_free(context);
}
