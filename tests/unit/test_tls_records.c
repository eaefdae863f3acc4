/* SPDX-License-Identifier: MIT */
/* Records that another TLS may send and ours does not: a client on mbedTLS itself. */
#include <weir/tls.h>

#include <string.h>

#include <mbedtls/ssl.h>

#include "support/test.h"
#include "support/tls/tls_pair.h"

typedef struct raw_client {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    uint8_t out[8192];
    size_t out_len;
    uint8_t in[8192];
    size_t in_at, in_len;
} raw_client;

static int raw_send(void *user, const unsigned char *data, size_t len)
{
    raw_client *const raw = user;
    assert_true(len <= sizeof raw->out - raw->out_len);
    memcpy(raw->out + raw->out_len, data, len);
    raw->out_len += len;
    return (int)len;
}

static int raw_receive(void *user, unsigned char *data, size_t len)
{
    raw_client *const raw = user;
    const size_t left = raw->in_len - raw->in_at;
    if (left == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    len = len < left ? len : left;
    memcpy(data, raw->in + raw->in_at, len);
    raw->in_at += len;
    return (int)len;
}

static void raw_make(raw_client *raw)
{
    memset(raw, 0, sizeof *raw);
    mbedtls_ssl_config_init(&raw->config);
    mbedtls_ssl_init(&raw->ssl);
    assert_int_equal(mbedtls_ssl_config_defaults(&raw->config, MBEDTLS_SSL_IS_CLIENT,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_rng(&raw->config, tls_test_random, NULL);
    mbedtls_ssl_conf_authmode(&raw->config, MBEDTLS_SSL_VERIFY_NONE);
    assert_int_equal(mbedtls_ssl_setup(&raw->ssl, &raw->config), 0);
    mbedtls_ssl_set_bio(&raw->ssl, raw, raw_send, raw_receive, NULL);
}

static void raw_free(raw_client *raw)
{
    mbedtls_ssl_free(&raw->ssl);
    mbedtls_ssl_config_free(&raw->config);
}

/* The handshake with a server that has no connection. */
static void raw_open(raw_client *raw, weir_tls *server)
{
    weir_span span;
    size_t used;
    for (unsigned turn = 0; weir_tls_state(server) != WEIR_TLS_OPEN; turn++) {
        assert_true(turn < 10);
        mbedtls_ssl_handshake(&raw->ssl);
        weir_tls_receive(server, raw->out, raw->out_len, &used, NULL, 0);
        assert_int_equal(used, raw->out_len);
        raw->out_len = raw->in_at = raw->in_len = 0;
        while (weir_tls_output(server, &span, 1) > 0) {
            memcpy(raw->in + raw->in_len, span.data, span.len);
            raw->in_len += span.len;
            weir_tls_sent(server, span.len);
        }
    }
    assert_int_equal(mbedtls_ssl_handshake(&raw->ssl), 0);
}

static void empty_records__are_passed_over(void **state)
{
    (void)state;
    raw_client raw;
    tls_pair pair;
    uint8_t plain[16];
    size_t used, len;
    tls_pair_make(&pair, &(tls_wish){.without_conns = true});
    weir_tls *const server = pair.server.tls;
    raw_make(&raw);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_records__are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
