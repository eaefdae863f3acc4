/* SPDX-License-Identifier: MIT */
/* Records that another TLS may send and ours does not: a peer on mbedTLS itself. */
#include <weir/tls.h>

#include <string.h>

#include <mbedtls/ssl.h>

#include "support/test.h"
#include "support/tls/tls_pair.h"

typedef struct raw_peer {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt certificate; /* of a server, and its key */
    mbedtls_pk_context key;
    uint8_t out[8192];
    size_t out_len;
    uint8_t in[8192];
    size_t in_at, in_len;
} raw_peer;

static int raw_send(void *user, const unsigned char *data, size_t len)
{
    raw_peer *const raw = user;
    assert_true(len <= sizeof raw->out - raw->out_len);
    memcpy(raw->out + raw->out_len, data, len);
    raw->out_len += len;
    return (int)len;
}

static int raw_receive(void *user, unsigned char *data, size_t len)
{
    raw_peer *const raw = user;
    const size_t left = raw->in_len - raw->in_at;
    if (left == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    len = len < left ? len : left;
    memcpy(data, raw->in + raw->in_at, len);
    raw->in_at += len;
    return (int)len;
}

static void raw_show(raw_peer *raw)
{
    const tls_cert *const own = &tls_certs_usual()->server;
    assert_int_equal(mbedtls_x509_crt_parse_der(&raw->certificate, own->der, own->der_len), 0);
    tls_parse_key(&raw->key, own->key_pem);
    assert_int_equal(mbedtls_ssl_conf_own_cert(&raw->config, &raw->certificate, &raw->key), 0);
}

/* TLS 1.2: the records are of its kinds. */
static void raw_make(raw_peer *raw, int endpoint)
{
    memset(raw, 0, sizeof *raw);
    mbedtls_ssl_config_init(&raw->config);
    mbedtls_ssl_init(&raw->ssl);
    mbedtls_x509_crt_init(&raw->certificate);
    mbedtls_pk_init(&raw->key);
    assert_int_equal(mbedtls_ssl_config_defaults(&raw->config, endpoint,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&raw->config, tls_test_random, NULL);
    mbedtls_ssl_conf_authmode(&raw->config, MBEDTLS_SSL_VERIFY_NONE);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    mbedtls_ssl_conf_max_tls_version(&raw->config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    if (endpoint == MBEDTLS_SSL_IS_SERVER)
        raw_show(raw);
    assert_int_equal(mbedtls_ssl_setup(&raw->ssl, &raw->config), 0);
    mbedtls_ssl_set_bio(&raw->ssl, raw, raw_send, raw_receive, NULL);
}

static void raw_free(raw_peer *raw)
{
    mbedtls_ssl_free(&raw->ssl);
    mbedtls_ssl_config_free(&raw->config);
    mbedtls_x509_crt_free(&raw->certificate);
    mbedtls_pk_free(&raw->key);
}

/* The handshake with one that has no connection. */
static void raw_open(raw_peer *raw, weir_tls *tls)
{
    weir_span span;
    size_t used;
    for (unsigned turn = 0; weir_tls_state(tls) != WEIR_TLS_OPEN; turn++) {
        assert_true(turn < 10);
        mbedtls_ssl_handshake(&raw->ssl);
        weir_tls_receive(tls, raw->out, raw->out_len, &used, NULL, 0);
        assert_int_equal(used, raw->out_len);
        raw->out_len = raw->in_at = raw->in_len = 0;
        while (weir_tls_output(tls, &span, 1) > 0) {
            memcpy(raw->in + raw->in_len, span.data, span.len);
            raw->in_len += span.len;
            weir_tls_sent(tls, span.len);
        }
    }
    assert_int_equal(mbedtls_ssl_handshake(&raw->ssl), 0);
}

static void empty_records__are_passed_over(void **state)
{
    (void)state;
    raw_peer raw;
    tls_pair pair;
    uint8_t plain[16];
    size_t used, len;
    tls_pair_make(&pair, &(tls_wish){.without_conns = true});
    weir_tls *const server = pair.server.tls;
    raw_make(&raw, MBEDTLS_SSL_IS_CLIENT);
    raw_open(&raw, server);
    for (unsigned count = 0; count < 4; count++) {
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(mbedtls_ssl_write(&raw.ssl, plain, 0), 0);
        assert_int_equal(
            weir_tls_read(server, raw.out, raw.out_len, &used, plain, sizeof plain, &len),
            WEIR_TLS_WANT_INPUT);
        assert_int_equal(used, raw.out_len);
        assert_int_equal(len, 0);
        raw.out_len = 0;
        assert_int_equal(mbedtls_ssl_write(&raw.ssl, (const uint8_t *)"x", 1), 1);
        assert_int_equal(
            weir_tls_read(server, raw.out, raw.out_len, &used, plain, sizeof plain, &len),
            WEIR_TLS_DONE);
        assert_int_equal(len, 1);
        raw.out_len = 0;
    }
    /* A flood of them is not. */
    for (unsigned i = 0; i < 20; i++)
        mbedtls_ssl_write(&raw.ssl, plain, 0);
    assert_true(weir_tls_read(server, raw.out, raw.out_len, &used, plain, sizeof plain, &len) < 0);
    assert_true(weir_tls_cause(server) < 0);
    raw_free(&raw);
    tls_pair_free(&pair);
}

static void warning__holds_up_no_data(void **state)
{
    (void)state;
    static const uint8_t warnings[] = {MBEDTLS_SSL_ALERT_MSG_NO_RENEGOTIATION,
                                       MBEDTLS_SSL_ALERT_MSG_USER_CANCELED};
    for (size_t i = 0; i < sizeof warnings; i++) {
        raw_peer raw;
        tls_pair pair;
        uint8_t plain[16];
        size_t used, len;
        tls_pair_make(&pair, &(tls_wish){.without_conns = true});
        raw_make(&raw, MBEDTLS_SSL_IS_CLIENT);
        raw_open(&raw, pair.server.tls);
        for (unsigned k = 0; k < 2; k++)
            assert_int_equal(mbedtls_ssl_send_alert_message(
                                 &raw.ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING, warnings[i]),
                             0);
        assert_int_equal(mbedtls_ssl_write(&raw.ssl, (const uint8_t *)"x", 1), 1);
        assert_int_equal(
            weir_tls_read(pair.server.tls, raw.out, raw.out_len, &used, plain, sizeof plain, &len),
            WEIR_TLS_DONE);
        assert_int_equal(used, raw.out_len);
        assert_int_equal(len, 1);
        raw_free(&raw);
        tls_pair_free(&pair);
    }
}

#ifdef MBEDTLS_SSL_RENEGOTIATION

/* A server on mbedTLS itself, and our client. */
static void raw_serve(raw_peer *raw, tls_pair *pair)
{
    tls_pair_make(pair, &(tls_wish){.without_conns = true});
    raw_make(raw, MBEDTLS_SSL_IS_SERVER);
    raw_open(raw, pair->client.tls);
}

static void request_for_another_handshake__holds_up_no_data(void **state)
{
    (void)state;
    raw_peer raw;
    tls_pair pair;
    uint8_t plain[16];
    size_t used, len;
    raw_serve(&raw, &pair);
    for (unsigned i = 0; i < 3; i++) {
        raw.out_len = 0;
        assert_int_equal(mbedtls_ssl_renegotiate(&raw.ssl), 0);
        assert_int_equal(mbedtls_ssl_write(&raw.ssl, (const uint8_t *)"x", 1), 1);
        assert_int_equal(
            weir_tls_read(pair.client.tls, raw.out, raw.out_len, &used, plain, sizeof plain, &len),
            WEIR_TLS_DONE);
        assert_int_equal(used, raw.out_len);
        assert_int_equal(len, 1);
    }
    raw_free(&raw);
    tls_pair_free(&pair);
}

/* A connection to a server that asks for other handshakes until the refusals fill our output, the
 * last of them only partly in it; gives the bytes that were taken of it to the server. */
static void raw_fill(raw_peer *raw, weir_tls *tls)
{
    uint8_t plain[16];
    size_t used, len;
    int step = WEIR_TLS_WANT_INPUT;
    mbedtls_ssl_conf_renegotiation_enforced(&raw->config, MBEDTLS_SSL_RENEGOTIATION_NOT_ENFORCED);
    for (unsigned i = 0; i < 1000 && step == WEIR_TLS_WANT_INPUT; i++) {
        raw->out_len = 0;
        mbedtls_ssl_renegotiate(&raw->ssl);
        step = weir_tls_read(tls, raw->out, raw->out_len, &used, plain, sizeof plain, &len);
    }
    assert_int_equal(step, WEIR_TLS_WANT_OUTPUT);
}

/* Move up to so many bytes to the server; what it reads then. */
static int raw_move(raw_peer *raw, weir_tls *tls, size_t most, uint8_t *plain, size_t cap)
{
    weir_span span;
    assert_int_equal(weir_tls_output(tls, &span, 1), 1);
    raw->in_at = 0;
    raw->in_len = span.len < most ? span.len : most;
    memcpy(raw->in, span.data, raw->in_len);
    assert_int_equal(weir_tls_sent(tls, raw->in_len), WEIR_OK);
    int got;
    do
        got = mbedtls_ssl_read(&raw->ssl, plain, cap);
    while (got == MBEDTLS_ERR_SSL_WANT_READ && raw->in_at < raw->in_len);
    return got;
}

static void data_behind_a_refusal_that_was_cut__is_not_lost(void **state)
{
    (void)state;
    static const size_t pieces[] = {100, 1000, 5000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        raw_peer raw;
        tls_pair pair;
        uint8_t plain[16];
        size_t used, sent = 0;
        int got = MBEDTLS_ERR_SSL_WANT_READ;
        raw_serve(&raw, &pair);
        weir_tls *const tls = pair.client.tls;
        raw_fill(&raw, tls);
        for (unsigned turn = 0; turn < 1000 && got == MBEDTLS_ERR_SSL_WANT_READ; turn++) {
            got = raw_move(&raw, tls, pieces[i], plain, sizeof plain);
            if (sent == 0) {
                assert_true(weir_tls_write(tls, "hello", 5, &used) >= 0);
                sent = used;
            }
        }
        assert_int_equal(sent, 5);
        assert_int_equal(got, 5);
        assert_memory_equal(plain, "hello", 5);
        raw_free(&raw);
        tls_pair_free(&pair);
    }
}

static void close_notify_behind_a_refusal_that_was_cut__is_sent_once(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 64; piece += 3) {
        raw_peer raw;
        tls_pair pair;
        weir_span span;
        uint8_t plain[16];
        int got = MBEDTLS_ERR_SSL_WANT_READ;
        raw_serve(&raw, &pair);
        weir_tls *const tls = pair.client.tls;
        raw_fill(&raw, tls);
        assert_int_equal(weir_tls_close(tls), WEIR_OK);
        for (unsigned turn = 0; turn < 20000 && got == MBEDTLS_ERR_SSL_WANT_READ; turn++) {
            assert_true(weir_tls_wants(tls) & WEIR_WANT_OUTPUT);
            got = raw_move(&raw, tls, piece, plain, sizeof plain);
        }
        assert_int_equal(got, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
        assert_int_equal(weir_tls_output(tls, &span, 1), 0);
        assert_int_equal(weir_tls_wants(tls), WEIR_WANT_INPUT | WEIR_WANT_SHUTDOWN_WRITE);
        raw_free(&raw);
        tls_pair_free(&pair);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_records__are_passed_over),
        cmocka_unit_test(warning__holds_up_no_data),
#ifdef MBEDTLS_SSL_RENEGOTIATION
        cmocka_unit_test(request_for_another_handshake__holds_up_no_data),
        cmocka_unit_test(data_behind_a_refusal_that_was_cut__is_not_lost),
        cmocka_unit_test(close_notify_behind_a_refusal_that_was_cut__is_sent_once),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
