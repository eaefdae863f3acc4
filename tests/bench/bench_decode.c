/* SPDX-License-Identifier: MIT */
/* Decoding: a stream of masked frames in; whole messages, or pieces as they come, out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_kernels.h"
#include "bench_peers.h"

#define DECODE_EVENTS 64
#define DECODE_MAX_MESSAGE ((uint64_t)64 * 1024 * 1024)

/* What weir delivers. */
typedef enum decode_mode {
    DECODE_WHOLE,
    DECODE_PLACED, /* whole messages, read to where weir_conn_input_buffer wants them */
    DECODE_CHUNKS
} decode_mode;

static const char *const decode_modes[] = {"", "/placed", "/chunks"};

typedef struct decode_state {
    bench_source source;
    const bench_peer *peer;
    void *decoder;
    weir_conn *conn;
    uint8_t *buffer; /* [source.read] */
    const weir__kernels *kernels;
} decode_state;

/* ---- weir ------------------------------------------------------------------------------------*/

static void decode_events(bench_source *source, const weir_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].type != WEIR_EVENT_MESSAGE && events[i].type != WEIR_EVENT_CHUNK)
            bench_die("weir: an event of another type");
        source_piece(source, events[i].data, events[i].len);
        if (events[i].flags & WEIR_FLAG_LAST)
            source_end(source);
    }
}

static void decode_weir(void *opaque)
{
    decode_state *const state = opaque;
    weir_event events[DECODE_EVENTS];
    source_reset(&state->source);
    for (size_t len; (len = source_read(&state->source, state->buffer, state->source.read)) > 0;) {
        for (size_t at = 0, used; at < len; at += used) {
            const int count = weir_conn_receive(state->conn, state->buffer + at, len - at, &used,
                                                events, DECODE_EVENTS);
            decode_events(&state->source, events, count);
        }
    }
}

static void decode_weir_placed(void *opaque)
{
    decode_state *const state = opaque;
    weir_event events[DECODE_EVENTS];
    source_reset(&state->source);
    for (;;) {
        size_t len;
        void *const place = weir_conn_input_buffer(state->conn, &len);
        if (!place)
            bench_die("weir_conn_input_buffer");
        len = source_read(&state->source, place, len);
        if (len == 0)
            return;
        for (size_t used; len > 0; len -= used) {
            const int count =
                weir_conn_input_filled(state->conn, len, &used, events, DECODE_EVENTS);
            decode_events(&state->source, events, count);
        }
    }
}

static int decode_check_weir(void *opaque)
{
    decode_state *const state = opaque;
    return source_check(&state->source, decode_weir, state);
}

static int decode_check_placed(void *opaque)
{
    decode_state *const state = opaque;
    return source_check(&state->source, decode_weir_placed, state);
}

/* ---- Peers -----------------------------------------------------------------------------------*/

static void decode_peer(void *opaque)
{
    decode_state *const state = opaque;
    source_reset(&state->source);
    state->peer->decode(state->decoder);
}

static int decode_check_peer(void *opaque)
{
    decode_state *const state = opaque;
    return source_check(&state->source, decode_peer, state);
}

/* ---- The limits ------------------------------------------------------------------------------*/

static void decode_copy(void *opaque)
{
    decode_state *const state = opaque;
    source_reset(&state->source);
    while (source_read(&state->source, state->buffer, state->source.read) > 0)
        ;
}

static void decode_copy_xor(void *opaque)
{
    decode_state *const state = opaque;
    source_reset(&state->source);
    for (size_t len; (len = source_read(&state->source, state->buffer, state->source.read)) > 0;)
        state->kernels->mask(state->buffer, len, 0x12345678);
}

static int decode_check_copy(void *opaque)
{
    decode_state *const state = opaque;
    decode_copy(state);
    return state->source.at == state->source.input->len;
}

/* ---- Cases -----------------------------------------------------------------------------------*/

typedef struct decode_cell {
    weir_context *context;
    wire input;
    size_t read;
    decode_mode mode;
    uint8_t *buffer;
    decode_state states[BENCH_MAX];
    bench_contestant contestants[BENCH_MAX];
    size_t n;
} decode_cell;

static decode_state *decode_add(decode_cell *cell, const char *name, void (*run)(void *),
                                int (*check)(void *))
{
    size_t variants;
    decode_state *const state = &cell->states[cell->n];
    memset(state, 0, sizeof *state);
    state->source.input = &cell->input;
    state->source.read = cell->read;
    state->buffer = cell->buffer;
    state->kernels = kernels_all(&variants)[0].table;
    cell->contestants[cell->n++] = (bench_contestant){name, run, check, state};
    return state;
}

static void decode_add_all(decode_cell *cell)
{
    decode_state *const own =
        cell->mode == DECODE_PLACED
            ? decode_add(cell, "weir", decode_weir_placed, decode_check_placed)
            : decode_add(cell, "weir", decode_weir, decode_check_weir);
    if (weir_conn_create_established(cell->context, WEIR_SERVER, &own->conn) != WEIR_OK)
        bench_die("weir_conn_create_established");
    decode_add(cell, "recv-copy", decode_copy, decode_check_copy);
    decode_add(cell, "recv-copy+xor", decode_copy_xor, decode_check_copy);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        const bench_peer *const peer = peer_all[i];
        if (!peer->decoder_open || cell->mode == DECODE_PLACED ||
            (cell->mode == DECODE_CHUNKS && !peer->decodes_pieces))
            continue;
        decode_state *const state = decode_add(cell, peer->name, decode_peer, decode_check_peer);
        state->peer = peer;
        state->decoder = peer->decoder_open(&state->source);
    }
}

static void decode_one(weir_context *context, decode_mode mode, wire_kind kind,
                       const wire_size *size, size_t read)
{
    static decode_cell cell;
    char name[64];
    const size_t share = bench_is_quick() || bench_is_once() ? 4 : 1;
    snprintf(name, sizeof name, "%s/%zu%s", wire_kinds[kind], read, decode_modes[mode]);
    if (!bench_wants(name))
        return;
    cell = (decode_cell){.context = context, .mode = mode, .read = read};
    cell.input =
        wire_make(kind, size->bytes, (size_t)(size->bytes < 65536 ? 1024 : 4096) * 1024 / share);
    cell.buffer = malloc(read);
    decode_add_all(&cell);
    bench_case("decode", name, size->name, (double)cell.input.messages, cell.contestants, cell.n);
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.states[i].peer)
            cell.states[i].peer->decoder_close(cell.states[i].decoder);
        weir_conn_free(cell.states[i].conn);
    }
    free(cell.buffer);
    wire_free(&cell.input);
}

static void decode_all(decode_mode mode)
{
    static const size_t reads[] = {65536, 1448};
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.max_message_bytes = DECODE_MAX_MESSAGE;
    config.deliver_chunks = mode == DECODE_CHUNKS;
    for (size_t read = 0; read < 2; read++) {
        config.read_buffer_bytes = reads[read];
        if (weir_context_create(&config, &context) != WEIR_OK)
            bench_die("weir_context_create");
        for (int kind = WIRE_BINARY; kind <= WIRE_MIXED; kind++)
            for (size_t size = 0; size < WIRE_SIZES; size++)
                decode_one(context, mode, (wire_kind)kind, &wire_sizes[size], reads[read]);
        weir_context_free(context);
    }
}

void bench_decode(void)
{
    peer_name_missing("decode");
    for (int mode = DECODE_WHOLE; mode <= DECODE_CHUNKS; mode++)
        decode_all((decode_mode)mode);
}
