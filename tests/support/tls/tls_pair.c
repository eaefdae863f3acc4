/* SPDX-License-Identifier: MIT */
/* Pairs of TLS connections in memory. */
#include "tls_pair.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static const char *const event_names[] = {
    "?",    "request", "http",  "open",   "rejected", "message",  "chunk",
    "ping", "pong",    "close", "closed", "high",     "writable", "released",
};

weir_tls_config tls_pair_config(int role)
{
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config config;
    assert_int_equal(weir_tls_config_init(&config, sizeof config, role), WEIR_OK);
    config.random = tls_test_random;
    if (role == WEIR_SERVER) {
        config.certificate = (weir_text){certs->server.pem, WEIR_NTS};
        config.key = (weir_text){certs->server.key_pem, WEIR_NTS};
    } else {
        config.ca = (weir_text){certs->ca.pem, WEIR_NTS};
    }
    return config;
}

static void make_weir(tls_end *end)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.auto_accept = 1;
    config.has_seed = 1;
    config.max_message_bytes = 64 << 20;
    config.max_queued_bytes = WEIR_NONE;
    assert_int_equal(weir_context_create(&config, &end->weir), WEIR_OK);
}

void tls_pair_make(tls_pair *pair, const tls_wish *wish)
{
    static const tls_wish usual;
    if (!wish)
        wish = &usual;
    const weir_tls_config client = wish->client ? *wish->client : tls_pair_config(WEIR_CLIENT);
    const weir_tls_config server = wish->server ? *wish->server : tls_pair_config(WEIR_SERVER);
    const weir_request request = {.url = {"wss://localhost/", WEIR_NTS}};
    memset(pair, 0, sizeof *pair);
    make_weir(&pair->client);
    make_weir(&pair->server);
    assert_int_equal(weir_tls_context_create(&client, &pair->client.context), WEIR_OK);
    assert_int_equal(weir_tls_context_create(&server, &pair->server.context), WEIR_OK);
    if (!wish->without_conns) {
        assert_int_equal(weir_conn_create_client(pair->client.weir, &request, &pair->client.conn),
                         WEIR_OK);
        assert_int_equal(weir_conn_create_server(pair->server.weir, &pair->server.conn), WEIR_OK);
    }
    assert_int_equal(weir_tls_create_client(pair->client.context, pair->client.conn,
                                            wish->host ? wish->host : "localhost", WEIR_NTS,
                                            wish->session, wish->session_len, &pair->client.tls),
                     WEIR_OK);
    assert_int_equal(
        weir_tls_create_server(pair->server.context, pair->server.conn, &pair->server.tls),
        WEIR_OK);
}

static void end_free(tls_end *end)
{
    weir_tls_free(end->tls);
    weir_conn_free(end->conn);
    assert_int_equal(weir_tls_context_free(end->context), WEIR_OK);
    assert_int_equal(weir_context_free(end->weir), WEIR_OK);
    free(end->got);
}

void tls_pair_free(tls_pair *pair)
{
    end_free(&pair->client);
    end_free(&pair->server);
}

static void end_handle(tls_end *end, const weir_event *event)
{
    const size_t used = strlen(end->log);
    if (used < sizeof end->log - 16) {
        strcat(end->log, used ? " " : "");
        strcat(end->log, event_names[event->type]);
    }
    if (event->type == WEIR_EVENT_CLOSED)
        end->cause = event->cause;
    if (event->type != WEIR_EVENT_MESSAGE)
        return;
    end->messages++;
    end->got = realloc(end->got, event->len + 1);
    assert_non_null(end->got);
    if (event->len > 0)
        memcpy(end->got, event->data, event->len);
    end->got_len = event->len;
    if (end->echo)
        assert_true(weir_conn_send(end->conn, WEIR_BINARY, event->data, event->len) >= 0);
}

static void end_events(const tls_pair *pair, tls_end *end)
{
    weir_event events[16];
    for (int count; (count = weir_tls_events(end->tls, events, pair->cap ? pair->cap : 16)) > 0;)
        for (int i = 0; i < count; i++)
            end_handle(end, &events[i]);
}

void tls_end_give(tls_pair *pair, tls_end *end, const void *data, size_t len)
{
    weir_event events[16];
    size_t used;
    uint8_t *const copy = malloc(len ? len : 1); /* borrowed for each call, and no longer */
    assert_non_null(copy);
    for (size_t at = 0; at < len; at += used) {
        const size_t rest = len - at;
        const size_t piece = pair->piece && pair->piece < rest ? pair->piece : rest;
        memcpy(copy, (const uint8_t *)data + at, piece);
        const int count =
            weir_tls_receive(end->tls, copy, piece, &used, events, pair->cap ? pair->cap : 16);
        memset(copy, 0xDB, piece);
        assert_true(count >= 0 && used <= piece);
        if (!end->conn && used == 0)
            break;
        assert_true(count > 0 || used > 0);
        for (int i = 0; i < count; i++)
            end_handle(end, &events[i]);
        if (used == piece && end->conn)
            end_events(pair, end);
    }
    end->received += len;
    free(copy);
}

void tls_end_cut(tls_pair *pair, tls_end *end)
{
    end->cut = true;
    assert_int_equal(weir_tls_receive_eof(end->tls), WEIR_OK);
    if (end->conn)
        end_events(pair, end);
}

size_t tls_pair_move(tls_pair *pair, tls_end *from, tls_end *to, size_t limit)
{
    weir_span span;
    if (weir_tls_output(from->tls, &span, 1) != 1)
        return 0;
    size_t len = span.len < limit ? span.len : limit;
    if (pair->piece && pair->piece < len)
        len = pair->piece;
    uint8_t *const copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, span.data, len);
    assert_int_equal(weir_tls_sent(from->tls, len), WEIR_OK);
    if (!to->cut)
        tls_end_give(pair, to, copy, len);
    free(copy);
    return len;
}

static void end_finish(tls_pair *pair, tls_end *end, tls_end *other)
{
    if (end->conn)
        end_events(pair, end);
    if ((weir_tls_wants(end->tls) & WEIR_WANT_SHUTDOWN_WRITE) && !other->cut)
        tls_end_cut(pair, other);
}

void tls_pair_run(tls_pair *pair)
{
    size_t moved = 1;
    for (unsigned turn = 0; moved > 0; turn++) {
        assert_true(turn < 1000000);
        moved = tls_pair_move(pair, &pair->client, &pair->server, SIZE_MAX);
        moved += tls_pair_move(pair, &pair->server, &pair->client, SIZE_MAX);
        if (moved == 0) {
            end_finish(pair, &pair->client, &pair->server);
            end_finish(pair, &pair->server, &pair->client);
            moved = tls_pair_move(pair, &pair->client, &pair->server, SIZE_MAX);
            moved += tls_pair_move(pair, &pair->server, &pair->client, SIZE_MAX);
        }
    }
}

void tls_pair_open(tls_pair *pair)
{
    tls_pair_run(pair);
    assert_int_equal(weir_tls_state(pair->client.tls), WEIR_TLS_OPEN);
    assert_int_equal(weir_tls_state(pair->server.tls), WEIR_TLS_OPEN);
    if (pair->client.conn) {
        assert_int_equal(weir_conn_state(pair->client.conn), WEIR_OPEN);
        assert_int_equal(weir_conn_state(pair->server.conn), WEIR_OPEN);
    }
}
