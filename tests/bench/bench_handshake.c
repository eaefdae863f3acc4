/* SPDX-License-Identifier: MIT */
/* Handshakes: connection made, request of a browser in, whole response out, connection freed. */
#include <stdio.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"
#include "bench_conns.h"
#include "bench_peers.h"

typedef struct handshake_state {
    weir_context *context;
    const bench_peer *peer;
    int deflate;
    bench_sink sink;
    char answer[512];
} handshake_state;

static void handshake_weir(void *opaque)
{
    handshake_state *const state = opaque;
    size_t len;
    const char *const request = peer_request(&len);
    weir_conn_free(conn_open_server(state->context, request, len, &state->sink));
}

static void handshake_peer(void *opaque)
{
    handshake_state *const state = opaque;
    size_t len;
    const char *const request = peer_request(&len);
    state->peer->conn_close(state->peer->conn_open(request, len, state->deflate, &state->sink));
}

static void handshake_client(void *opaque)
{
    handshake_state *const state = opaque;
    weir_conn_free(conn_open_client(state->context, state->deflate));
}

/* What the server that answers the client costs. */
static void handshake_answer(void *opaque)
{
    handshake_state *const state = opaque;
    size_t len;
    const char *const request = peer_request(&len);
    conn_answer(request, len, state->deflate, state->answer, sizeof state->answer);
}

static int handshake_has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static int handshake_check(handshake_state *state, void (*run)(void *))
{
    char response[1024];
    sink_empty(&state->sink);
    state->sink.checking = 1;
    run(state);
    if (state->sink.len >= sizeof response)
        return 0;
    memcpy(response, state->sink.bytes, state->sink.len);
    response[state->sink.len] = 0;
    sink_empty(&state->sink);
    return memcmp(response, "HTTP/1.1 101 ", 13) == 0 &&
           strcmp(response + strlen(response) - 4, "\r\n\r\n") == 0 &&
           handshake_has(response, PEER_REQUEST_ACCEPT) &&
           handshake_has(response, "permessage-deflate") == state->deflate;
}

static int handshake_check_weir(void *state)
{
    return handshake_check(state, handshake_weir);
}

static int handshake_check_peer(void *state)
{
    return handshake_check(state, handshake_peer);
}

/* The opening functions end the program unless the connection is open. */
static int handshake_check_client(void *state)
{
    handshake_client(state);
    return 1;
}

static int handshake_check_answer(void *opaque)
{
    handshake_state *const state = opaque;
    handshake_answer(state);
    return handshake_has(state->answer, PEER_REQUEST_ACCEPT);
}

/* ---- Cases -----------------------------------------------------------------------------------*/

static weir_context *handshake_context(int deflate, uint64_t pool, conn_memory *memory)
{
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    config.deflate = deflate ? WEIR_DEFLATE_PREFERRED : WEIR_DEFLATE_OFF;
    config.max_pooled_bytes = pool;
    if (memory) {
        config.allocate = conn_allocate;
        config.allocate_user = memory;
    }
    if (weir_context_create(&config, &context) != WEIR_OK)
        bench_die("weir_context_create");
    return context;
}

static void handshake_servers(int deflate, const char *size)
{
    handshake_state states[BENCH_MAX];
    bench_contestant contestants[BENCH_MAX];
    size_t n = 1;
    weir_context *const context = handshake_context(deflate, 1 << 20, NULL);
    for (size_t i = 0; i < BENCH_MAX; i++)
        states[i] = (handshake_state){.context = context, .deflate = deflate};
    contestants[0] = (bench_contestant){"weir", handshake_weir, handshake_check_weir, &states[0]};
    for (size_t i = 0; i < PEER_COUNT; i++) {
        if (!peer_all[i]->shakes_hands || (deflate && !peer_all[i]->deflates))
            continue;
        states[n].peer = peer_all[i];
        contestants[n] =
            (bench_contestant){peer_all[i]->name, handshake_peer, handshake_check_peer, &states[n]};
        n++;
    }
    bench_case("handshake", "server", size, 1, contestants, n);
    weir_context_free(context);
}

static void handshake_clients(int deflate, const char *size)
{
    handshake_state state = {.deflate = deflate};
    state.context = handshake_context(deflate, 1 << 20, NULL);
    const bench_contestant contestants[] = {
        {"weir", handshake_client, handshake_check_client, &state},
        {"answer-alone", handshake_answer, handshake_check_answer, &state}};
    bench_case("handshake", "client", size, 1, contestants, 2);
    weir_context_free(state.context);
}

/* How often memory is asked for: by a context that keeps freed blocks, and by one that does not. */
static void handshake_allocations(int deflate, uint64_t pool, const char *name, const char *size)
{
    conn_memory memory = {0, 0};
    handshake_state state = {.deflate = deflate};
    if (!bench_wants(name) || bench_is_once())
        return;
    state.context = handshake_context(deflate, pool, &memory);
    handshake_weir(&state);
    uint64_t before = memory.calls;
    handshake_weir(&state);
    bench_figure("handshake", name, size, (double)(memory.calls - before), "");
    weir_context_free(state.context);
}

void bench_handshake(void)
{
    static const char *const sizes[] = {"plain", "deflate"};
    peer_name_missing("handshake");
    for (int deflate = 0; deflate <= 1; deflate++) {
        handshake_servers(deflate, sizes[deflate]);
        handshake_clients(deflate, sizes[deflate]);
    }
    for (int deflate = 0; deflate <= 1; deflate++) {
        handshake_allocations(deflate, 1 << 20, "server-allocations", sizes[deflate]);
        handshake_allocations(deflate, 0, "server-allocations-unpooled", sizes[deflate]);
    }
}
