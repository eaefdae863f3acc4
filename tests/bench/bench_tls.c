/* SPDX-License-Identifier: MIT */
/* TLS: a message echoed through two pumps, beside the same bytes through mbedTLS alone. */
#include "bench.h"

#ifdef WEIR_TLS

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl.h>

#include <weir/tls.h>

#include "support/tls/tls_certs.h"

#define TLS_RECORD ((size_t)16384)
#define TLS_PIPE ((size_t)4 << 20)
#define TLS_MAX ((size_t)1 << 20)

/* What a client's frame and a server's are longer than the message. */
static size_t tls_head(size_t len, bool masked)
{
    return (len < 126 ? 2u : len < 65536 ? 4u : 10u) + (masked ? 4u : 0u);
}

/* ---- weir ------------------------------------------------------------------------------------*/

typedef struct tls_side {
    weir_context *weir;
    weir_tls_context *context;
    weir_conn *conn;
    weir_tls *tls;
} tls_side;

typedef struct tls_state {
    tls_side client, server;
    const uint8_t *data;
    size_t len;
    size_t got;  /* bytes of the message that came back, once it is whole */
    bool equal;  /* what came back is what was sent */
    size_t wire; /* bytes of ciphertext that passed */
} tls_state;

static void tls_on_event(tls_state *state, const tls_side *side, const weir_event *event)
{
    if (event->type != WEIR_EVENT_MESSAGE)
        return;
    if (side == &state->server) {
        if (weir_conn_send(side->conn, WEIR_BINARY, event->data, event->len) < 0)
            bench_die("weir_conn_send");
        return;
    }
    state->got = event->len;
    if (bench_is_quick())
        state->equal =
            event->len == state->len && memcmp(event->data, state->data, event->len) == 0;
}

static void tls_events(tls_state *state, const tls_side *side)
{
    weir_event events[16];
    for (int n; (n = weir_tls_events(side->tls, events, 16)) > 0;)
        for (int i = 0; i < n; i++)
            tls_on_event(state, side, &events[i]);
}

static bool tls_move(tls_state *state, const tls_side *from, const tls_side *to)
{
    weir_span span;
    weir_event events[16];
    size_t used;
    if (weir_tls_output(from->tls, &span, 1) != 1)
        return false;
    for (size_t at = 0; at < span.len; at += used) {
        const int n = weir_tls_receive(to->tls, (const uint8_t *)span.data + at, span.len - at,
                                       &used, events, 16);
        for (int i = 0; i < n; i++)
            tls_on_event(state, to, &events[i]);
    }
    state->wire += span.len;
    weir_tls_sent(from->tls, span.len);
    tls_events(state, to);
    return true;
}

static void tls_run_weir(void *opaque)
{
    tls_state *const state = opaque;
    state->got = SIZE_MAX;
    if (weir_conn_send(state->client.conn, WEIR_BINARY, state->data, state->len) < 0)
        bench_die("weir_conn_send");
    while (state->got == SIZE_MAX) {
        while (tls_move(state, &state->client, &state->server)) {
        }
        while (tls_move(state, &state->server, &state->client)) {
        }
    }
}

static void tls_open_side(tls_side *side, int role)
{
    const tls_certs *const certs = tls_certs_usual();
    const weir_request request = {.url = {"wss://localhost/", WEIR_NTS}};
    weir_config config;
    weir_tls_config tls;
    weir_config_init(&config, sizeof config);
    weir_tls_config_init(&tls, sizeof tls, role);
    config.auto_accept = 1;
    config.has_seed = 1;
    config.max_message_bytes = config.max_queued_bytes = WEIR_NONE;
    config.fragment_bytes = WEIR_NONE; /* the records are then those of mbedTLS alone */
    tls.verify = 0;
    if (role == WEIR_SERVER) {
        tls.certificate = (weir_text){certs->server.pem, WEIR_NTS};
        tls.key = (weir_text){certs->server.key_pem, WEIR_NTS};
    }
    if (weir_context_create(&config, &side->weir) != WEIR_OK ||
        weir_tls_context_create(&tls, &side->context) != WEIR_OK)
        bench_die("contexts for TLS");
    const int status = role == WEIR_CLIENT
                           ? weir_conn_create_client(side->weir, &request, &side->conn)
                           : weir_conn_create_server(side->weir, &side->conn);
    if (status != WEIR_OK)
        bench_die("connections for TLS");
    if (role == WEIR_CLIENT)
        weir_tls_create_client(side->context, side->conn, "localhost", WEIR_NTS, NULL, 0,
                               &side->tls);
    else
        weir_tls_create_server(side->context, side->conn, &side->tls);
}

static void tls_open_weir(tls_state *state)
{
    tls_open_side(&state->client, WEIR_CLIENT);
    tls_open_side(&state->server, WEIR_SERVER);
    for (bool moved = true; moved;) {
        moved = tls_move(state, &state->client, &state->server);
        moved = tls_move(state, &state->server, &state->client) || moved;
    }
    if (weir_conn_state(state->client.conn) != WEIR_OPEN)
        bench_die("TLS does not open");
}

static void tls_close_side(tls_side *side)
{
    weir_tls_free(side->tls);
    weir_conn_free(side->conn);
    weir_tls_context_free(side->context);
    weir_context_free(side->weir);
}

/* ---- mbedTLS alone ---------------------------------------------------------------------------*/

typedef struct tls_pipe {
    uint8_t *data;
    size_t at, end;
    size_t wire;
} tls_pipe;

typedef struct tls_alone {
    mbedtls_ssl_context client, server;
    mbedtls_ssl_config client_config, server_config;
    mbedtls_x509_crt certificate;
    mbedtls_pk_context key;
    tls_pipe up, down;
    struct tls_ways {
        tls_pipe *out, *in;
    } client_ways, server_ways;
    const uint8_t *data;
    uint8_t *got;
    size_t len;
} tls_alone;

static int tls_pipe_send(void *user, const unsigned char *data, size_t len)
{
    tls_pipe *const pipe = ((struct tls_ways *)user)->out;
    if (pipe->at == pipe->end)
        pipe->at = pipe->end = 0;
    if (len > TLS_PIPE - pipe->end)
        bench_die("the pipe of TLS is full");
    memcpy(pipe->data + pipe->end, data, len);
    pipe->end += len;
    pipe->wire += len;
    return (int)len;
}

static int tls_pipe_receive(void *user, unsigned char *data, size_t len)
{
    tls_pipe *const pipe = ((struct tls_ways *)user)->in;
    if (pipe->at == pipe->end)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (len > pipe->end - pipe->at)
        len = pipe->end - pipe->at;
    memcpy(data, pipe->data + pipe->at, len);
    pipe->at += len;
    return (int)len;
}

/* The same records as weir's: each passes before the next is made. */
static void tls_pass(mbedtls_ssl_context *from, mbedtls_ssl_context *to, const uint8_t *data,
                     uint8_t *got, size_t len)
{
    for (size_t at = 0; at < len;) {
        const size_t piece = len - at < TLS_RECORD ? len - at : TLS_RECORD;
        if (mbedtls_ssl_write(from, data + at, piece) != (int)piece ||
            mbedtls_ssl_read(to, got + at, piece) != (int)piece)
            bench_die("mbedTLS alone");
        at += piece;
    }
}

static void tls_run_alone(void *opaque)
{
    tls_alone *const state = opaque;
    tls_pass(&state->client, &state->server, state->data, state->got,
             state->len + tls_head(state->len, true));
    tls_pass(&state->server, &state->client, state->got, state->got,
             state->len + tls_head(state->len, false));
}

static void tls_open_end(tls_alone *state, mbedtls_ssl_context *ssl, mbedtls_ssl_config *config,
                         int role, struct tls_ways *ways)
{
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0};
    mbedtls_ssl_init(ssl);
    mbedtls_ssl_config_init(config);
    mbedtls_ssl_config_defaults(config, role, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(config, tls_test_random, NULL);
    mbedtls_ssl_conf_ciphersuites(config, suites);
    if (role == MBEDTLS_SSL_IS_SERVER)
        mbedtls_ssl_conf_own_cert(config, &state->certificate, &state->key);
    if (mbedtls_ssl_setup(ssl, config) != 0)
        bench_die("mbedtls_ssl_setup");
    mbedtls_ssl_set_bio(ssl, ways, tls_pipe_send, tls_pipe_receive, NULL);
}

static void tls_open_alone(tls_alone *state)
{
    const tls_certs *const certs = tls_certs_usual();
    mbedtls_x509_crt_init(&state->certificate);
    mbedtls_pk_init(&state->key);
    mbedtls_x509_crt_parse_der(&state->certificate, certs->server.der, certs->server.der_len);
    tls_parse_key(&state->key, certs->server.key_pem);
    state->up.data = malloc(TLS_PIPE);
    state->down.data = malloc(TLS_PIPE);
    state->got = malloc(TLS_MAX + 64);
    state->client_ways = (struct tls_ways){&state->up, &state->down};
    state->server_ways = (struct tls_ways){&state->down, &state->up};
    tls_open_end(state, &state->client, &state->client_config, MBEDTLS_SSL_IS_CLIENT,
                 &state->client_ways);
    tls_open_end(state, &state->server, &state->server_config, MBEDTLS_SSL_IS_SERVER,
                 &state->server_ways);
    int client = -1, server = -1;
    for (unsigned i = 0; i < 20 && (client != 0 || server != 0); i++) {
        client = client ? mbedtls_ssl_handshake(&state->client) : 0;
        server = server ? mbedtls_ssl_handshake(&state->server) : 0;
    }
    if (client != 0 || server != 0)
        bench_die("mbedtls_ssl_handshake");
}

static void tls_close_alone(tls_alone *state)
{
    mbedtls_ssl_free(&state->client);
    mbedtls_ssl_free(&state->server);
    mbedtls_ssl_config_free(&state->client_config);
    mbedtls_ssl_config_free(&state->server_config);
    mbedtls_x509_crt_free(&state->certificate);
    mbedtls_pk_free(&state->key);
    free(state->up.data);
    free(state->down.data);
    free(state->got);
}

/* ---- Cases -----------------------------------------------------------------------------------*/

/* One echo each: the bytes on the wire are as many. */
static size_t tls_wire_alone;

static int tls_check_alone(void *opaque)
{
    tls_alone *const state = opaque;
    const size_t before = state->up.wire + state->down.wire;
    tls_run_alone(state);
    tls_wire_alone = state->up.wire + state->down.wire - before;
    return memcmp(state->got, state->data, state->len) == 0;
}

static int tls_check_weir(void *opaque)
{
    tls_state *const state = opaque;
    state->wire = 0;
    tls_run_weir(state);
    return state->got == state->len && (!bench_is_quick() || state->equal) &&
           state->wire == tls_wire_alone;
}

void bench_tls(void)
{
    static const size_t sizes[] = {64, 1024, 16000, 65536, 1 << 20};
    static tls_state state;
    static tls_alone alone;
    if (!bench_wants("echo"))
        return;
    uint8_t *const data = malloc(TLS_MAX + 64);
    if (!data)
        bench_die("out of memory");
    for (size_t i = 0; i < TLS_MAX + 64; i++)
        data[i] = (uint8_t)bench_random();
    state.data = alone.data = data;
    tls_open_weir(&state);
    tls_open_alone(&alone);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[24];
        const bench_contestant contestants[] = {
            {"weir", tls_run_weir, tls_check_weir, &state},
            {"mbedtls", tls_run_alone, tls_check_alone, &alone},
        };
        state.len = alone.len = sizes[i];
        snprintf(name, sizeof name, "%zu", sizes[i]);
        if (!tls_check_alone(&alone))
            bench_die("mbedTLS alone echoes something else");
        bench_case("tls", "echo", name, 1, contestants, 2);
    }
    tls_close_side(&state.client);
    tls_close_side(&state.server);
    tls_close_alone(&alone);
    free(data);
}

#else

void bench_tls(void)
{
}

#endif
