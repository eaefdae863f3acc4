/* SPDX-License-Identifier: MIT */
/* One prepared message to very many connections: handing it to each, and taking it from each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_conns.h"
#include "bench_peers.h"

#define BROADCAST_CONNS 100000
#define BROADCAST_CONNS_QUICK 500
#define BROADCAST_ROUNDS 11

/* As large as what a server keeps for a connection of its own. */
#define BROADCAST_RECORD 64

/* What a phase of a round does, for each recipient. */
typedef enum broadcast_phase {
    BROADCAST_SEND,        /* the prepared message */
    BROADCAST_OUTPUT,      /* and its bytes taken */
    BROADCAST_TOUCH,       /* the limit: one write to a record of each */
    BROADCAST_COPY,        /* the same message sent with weir_conn_send; not when compressed, */
    BROADCAST_COPY_OUTPUT, /* which would give each connection a window of its own */
    BROADCAST_PHASES
} broadcast_phase;

typedef struct broadcast_state {
    weir_context *context;
    weir_conn **conns;
    uint8_t **records;
    size_t count;
    wire message; /* one */
    weir_message *prepared;
    broadcast_phase phase;
    int deflate;
    size_t bytes; /* of output */
} broadcast_state;

static void broadcast_output(broadcast_state *state)
{
    weir_span spans[4];
    size_t bytes = 0;
    for (size_t i = 0; i < state->count; i++) {
        const int n = weir_conn_output(state->conns[i], spans, 4);
        size_t sum = 0;
        for (int k = 0; k < n; k++)
            sum += spans[k].len;
        weir_conn_sent(state->conns[i], sum);
        bytes += sum;
    }
    state->bytes = bytes;
}

static void broadcast_run(void *opaque)
{
    broadcast_state *const state = opaque;
    int failed = 0;
    switch (state->phase) {
    case BROADCAST_SEND:
        for (size_t i = 0; i < state->count; i++)
            failed |= weir_conn_send_message(state->conns[i], state->prepared);
        break;
    case BROADCAST_COPY:
        for (size_t i = 0; i < state->count; i++)
            failed |= weir_conn_send(state->conns[i], WEIR_TEXT, state->message.plain,
                                     state->message.payload);
        break;
    case BROADCAST_TOUCH:
        for (size_t i = 0; i < state->count; i++)
            state->records[i][0]++;
        break;
    default:
        broadcast_output(state);
    }
    if (failed)
        bench_die("weir: broadcast");
}

/* ---- Checking --------------------------------------------------------------------------------*/

static int broadcast_inflates(const broadcast_state *state, const uint8_t *frame, size_t len)
{
    bench_source source = {.input = &state->message, .checking = 1};
    weir_conn *const client = conn_open_client(state->context, state->deflate);
    uint8_t *const copy = malloc(len);
    weir_event events[4];
    size_t used;
    memcpy(copy, frame, len);
    const int count = weir_conn_receive(client, copy, len, &used, events, 4);
    for (int i = 0; i < count; i++)
        if (events[i].type == WEIR_EVENT_MESSAGE)
            source_message(&source, events[i].data, events[i].len);
    weir_conn_free(client);
    free(copy);
    return used == len && source.messages == 1 && !source.wrong;
}

/* The first one's output is the message, that of the others is the same. */
static void broadcast_check(broadcast_state *state)
{
    bench_sink first = {.checking = 1};
    state->phase = BROADCAST_SEND;
    broadcast_run(state);
    conn_drain(state->conns[0], &first);
    if (!broadcast_inflates(state, first.bytes, first.len) ||
        (first.bytes[0] >> 6 & 1) != state->deflate)
        bench_die("weir: broadcast, the message is wrong");
    for (size_t i = 1; i < state->count; i++) {
        bench_sink other = {.checking = 1};
        conn_drain(state->conns[i], &other);
        if (other.len != first.len || memcmp(other.bytes, first.bytes, first.len) != 0)
            bench_die("weir: broadcast, the messages differ");
        sink_empty(&other);
    }
    sink_empty(&first);
}

/* ---- Cases -----------------------------------------------------------------------------------*/

static void broadcast_open(broadcast_state *state, const wire_size *size)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    config.deflate = state->deflate ? WEIR_DEFLATE_PREFERRED : WEIR_DEFLATE_OFF;
    config.max_pooled_bytes = (uint64_t)256 * 1024 * 1024;
    const int type = WEIR_TEXT | (state->deflate ? WEIR_COMPRESS : 0);
    size_t len;
    const char *const request = peer_request(&len);
    state->count = bench_is_quick() || bench_is_once() ? BROADCAST_CONNS_QUICK : BROADCAST_CONNS;
    state->conns = malloc(state->count * sizeof *state->conns);
    state->records = malloc(state->count * sizeof *state->records);
    state->message = wire_make(WIRE_ASCII, size->bytes, size->bytes);
    if (!state->conns || !state->records ||
        weir_context_create(&config, &state->context) != WEIR_OK ||
        weir_message_create(state->context, type, state->message.plain, size->bytes,
                            &state->prepared) != WEIR_OK)
        bench_die("weir: broadcast, no context");
    for (size_t i = 0; i < state->count; i++) {
        state->conns[i] = conn_open_server(state->context, request, len, NULL);
        state->records[i] = calloc(1, BROADCAST_RECORD);
        if (!state->records[i])
            bench_die("out of memory");
    }
}

static void broadcast_close(broadcast_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        weir_conn_free(state->conns[i]);
        free(state->records[i]);
    }
    weir_message_free(state->prepared);
    weir_context_free(state->context);
    wire_free(&state->message);
    free(state->conns);
    free(state->records);
}

static void broadcast_measure(broadcast_state *state, const char *name, const char *size)
{
    double times[BROADCAST_PHASES][BROADCAST_ROUNDS];
    double medians[BROADCAST_PHASES];
    char line[64];
    const int phases = state->deflate ? BROADCAST_COPY : BROADCAST_PHASES;
    for (size_t round = 0; round < BROADCAST_ROUNDS; round++)
        for (int phase = 0; phase < phases; phase++) {
            state->phase = (broadcast_phase)phase;
            const double start = bench_now();
            broadcast_run(state);
            times[phase][round] = (bench_now() - start) / (double)state->count;
        }
    for (int phase = 0; phase < phases; phase++)
        medians[phase] = bench_median(times[phase], BROADCAST_ROUNDS) * 1e9;
    for (int output = 0; output <= 1; output++) {
        bench_value values[3] = {{"weir", medians[BROADCAST_SEND + output]},
                                 {"touch", medians[BROADCAST_TOUCH]}};
        if (!state->deflate)
            values[2] = (bench_value){"weir-copied", medians[BROADCAST_COPY + output]};
        snprintf(line, sizeof line, "%s/%s", name, output ? "output" : "send");
        bench_figures("broadcast", line, size, values, state->deflate ? 2 : 3, "ns");
    }
}

static void broadcast_once(broadcast_state *state, const char *name, const char *size)
{
    static const char *const phases[] = {"weir-send", "weir-output"};
    for (int phase = 0; phase < BROADCAST_TOUCH; phase++) {
        state->phase = (broadcast_phase)phase;
        bench_counted(broadcast_run, state);
        printf("once broadcast %s %s %s %zu\n", name, size, phases[phase], state->count);
    }
}

static void broadcast_one(int deflate, const wire_size *size)
{
    static const char *const names[] = {"plain", "deflate"};
    broadcast_state state = {.deflate = deflate};
    if (!bench_wants(names[deflate]))
        return;
    broadcast_open(&state, size);
    broadcast_check(&state);
    if (bench_is_quick())
        printf("broadcast %s %s checked\n", names[deflate], size->name);
    else if (bench_is_once())
        broadcast_once(&state, names[deflate], size->name);
    else
        broadcast_measure(&state, names[deflate], size->name);
    broadcast_close(&state);
}

void bench_broadcast(void)
{
    for (int deflate = 0; deflate <= 1; deflate++)
        for (size_t size = 1; size <= 3; size++) /* 125 B to 16 KiB */
            broadcast_one(deflate, &wire_sizes[size]);
}
