/* SPDX-License-Identifier: MIT */
/* Handshakes on mbedTLS: who is trusted, what is agreed, what goes wrong. */
#include <weir/tls.h>

#include <stdio.h>
#include <string.h>

#include <mbedtls/pem.h>
#include <mbedtls/ssl.h>

#include "support/test.h"
#include "support/tls/tls_lies.h"
#include "support/tls/tls_pair.h"

/* ---- Certificates ----------------------------------------------------------------------------*/

/* A server with that certificate, a client that trusts the usual CA: why they part. */
static void assert_refused(const tls_cert *shown, const char *host, int client, uint32_t alert)
{
    tls_pair pair;
    weir_tls_config server = tls_pair_config(WEIR_SERVER);
    if (shown) {
        server.certificate = (weir_text){(const char *)shown->der, shown->der_len};
        server.key = (weir_text){shown->key_pem, WEIR_NTS};
    }
    tls_pair_make(&pair, &(tls_wish){.server = &server, .host = host});
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.client.tls), client);
    assert_int_equal(pair.client.cause, client);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_ALERT);
    assert_int_equal(pair.server.cause, WEIR_TLS_E_ALERT);
    assert_int_equal(weir_tls_number(pair.server.tls, WEIR_TLS_NUMBER_ALERT), alert);
    tls_pair_free(&pair);
}

static void wrong_name__is_told(void **state)
{
    (void)state;
    assert_refused(NULL, "example.com", WEIR_TLS_E_NAME, 42);
    assert_refused(NULL, "127.0.0.2", WEIR_TLS_E_NAME, 42);
    assert_refused(NULL, "::1", WEIR_TLS_E_NAME, 42);
    assert_refused(NULL, "[localhosts", WEIR_TLS_E_NAME, 42); /* brackets come in pairs */
}

static void faults_of_certificates__are_told_apart(void **state)
{
    (void)state;
    tls_cert ca, other, made;
    tls_cert_make(&ca, "CN=another CA", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&other, "CN=localhost", &ca, &(tls_cert_wish){.dns = "localhost"});
    assert_refused(&other, NULL, WEIR_TLS_E_UNTRUSTED, 48);
    tls_cert_make(&made, "CN=localhost", NULL, &(tls_cert_wish){.dns = "localhost"});
    assert_refused(&made, NULL, WEIR_TLS_E_SELF_SIGNED, 48);
    tls_cert_free(&ca);
    tls_cert_free(&other);
    tls_cert_free(&made);
}

static void issuer_with_a_name_as_long__is_another(void **state)
{
    (void)state;
    tls_cert ca, made;
    tls_cert_make(&ca, "CN=otherhost", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&made, "CN=localhost", &ca, &(tls_cert_wish){.dns = "localhost"});
    assert_refused(&made, NULL, WEIR_TLS_E_UNTRUSTED, 48);
    tls_cert_free(&ca);
    tls_cert_free(&made);
}

/* As assert_refused, by a CA of which the client knows. */
static void assert_refused_by(const tls_cert_wish *wish, int status)
{
    tls_cert ca, made;
    tls_pair pair;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT), server = tls_pair_config(WEIR_SERVER);
    tls_cert_make(&ca, "CN=the CA", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&made, "CN=localhost", &ca, wish);
    client.ca = (weir_text){ca.pem, WEIR_NTS};
    server.certificate = (weir_text){made.pem, WEIR_NTS};
    server.key = (weir_text){made.key_pem, WEIR_NTS};
    tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server});
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.client.tls), status);
    tls_pair_free(&pair);
    tls_cert_free(&ca);
    tls_cert_free(&made);
}

static void dates_and_strength__are_told_apart(void **state)
{
    (void)state;
    assert_refused_by(&(tls_cert_wish){.dns = "localhost", .not_after = "20200101000000"},
                      WEIR_TLS_E_EXPIRED);
    assert_refused_by(&(tls_cert_wish){.dns = "localhost", .not_before = "20980101000000"},
                      WEIR_TLS_E_NOT_YET_VALID);
    assert_refused_by(&(tls_cert_wish){.dns = "localhost", .is_sha1 = true}, WEIR_TLS_E_WEAK);
    /* The date weighs more than the name. */
    assert_refused_by(&(tls_cert_wish){.dns = "other", .not_after = "20200101000000"},
                      WEIR_TLS_E_EXPIRED);
}

static void hosts__are_found_in_certificates(void **state)
{
    (void)state;
    static const char *const hosts[] = {"localhost", "LOCALHOST", "localhost.", "127.0.0.1"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        tls_pair pair;
        tls_pair_make(&pair, &(tls_wish){.host = hosts[i]});
        tls_pair_open(&pair);
        tls_pair_free(&pair);
    }
    static const uint8_t loopback[16] = {[15] = 1};
    tls_cert ca, made;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT), server = tls_pair_config(WEIR_SERVER);
    tls_cert_make(&ca, "CN=the CA", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&made, "CN=six", &ca, &(tls_cert_wish){.address = loopback, .address_len = 16});
    client.ca = (weir_text){ca.pem, WEIR_NTS};
    server.certificate = (weir_text){made.pem, WEIR_NTS};
    server.key = (weir_text){made.key_pem, WEIR_NTS};
    tls_pair pair;
    tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server, .host = "[::1]"});
    tls_pair_open(&pair);
    tls_pair_free(&pair);
    tls_cert_free(&ca);
    tls_cert_free(&made);
}

static void verify_off__takes_anyone(void **state)
{
    (void)state;
    tls_pair pair;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT);
    client.verify = 0;
    client.ca.len = 0;
    tls_pair_make(&pair, &(tls_wish){.client = &client, .host = "example.com"});
    tls_pair_open(&pair);
    tls_pair_free(&pair);
}

static void clients__can_be_asked_for_a_certificate(void **state)
{
    (void)state;
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config client = tls_pair_config(WEIR_CLIENT), server = tls_pair_config(WEIR_SERVER);
    tls_pair pair;
    weir_text text;
    server.verify = 1;
    server.ca = (weir_text){certs->ca.pem, WEIR_NTS};
    tls_pair_make(&pair, &(tls_wish){.server = &server});
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_NO_CERTIFICATE);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_ALERT);
    tls_pair_free(&pair);

    client.certificate = (weir_text){certs->server.pem, WEIR_NTS};
    client.key = (weir_text){certs->server.key_pem, WEIR_NTS};
    tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server});
    tls_pair_open(&pair);
    assert_int_equal(weir_tls_text(pair.server.tls, WEIR_TLS_TEXT_PEER_CERTIFICATE, &text),
                     WEIR_OK);
    assert_int_equal(text.len, certs->server.der_len);
    assert_memory_equal(text.data, certs->server.der, text.len);
    tls_pair_free(&pair);
}

static void certificate_for_servers__is_not_for_clients(void **state)
{
    (void)state;
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config client = tls_pair_config(WEIR_CLIENT), server = tls_pair_config(WEIR_SERVER);
    tls_cert ca, made;
    tls_pair pair;
    tls_cert_make(&ca, "CN=the CA", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&made, "CN=someone", &ca, &(tls_cert_wish){.extended_use = 1});
    server.verify = 1;
    server.ca = (weir_text){ca.pem, WEIR_NTS};
    client.certificate = (weir_text){made.pem, WEIR_NTS};
    client.key = (weir_text){made.key_pem, WEIR_NTS};
    client.ca = (weir_text){certs->ca.pem, WEIR_NTS};
    tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server});
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_PURPOSE);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_ALERT);
    tls_pair_free(&pair);
    tls_cert_free(&ca);
    tls_cert_free(&made);
}

/* ---- What is agreed --------------------------------------------------------------------------*/

static void assert_alpn(const char *offered, const char *spoken, const char *chosen)
{
    tls_pair pair;
    weir_text text;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT), server = tls_pair_config(WEIR_SERVER);
    client.alpn = (weir_text){offered, WEIR_NTS};
    server.alpn = (weir_text){spoken, WEIR_NTS};
    tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server});
    tls_pair_run(&pair);
    if (chosen && *chosen) {
        const weir_tls *const both[] = {pair.client.tls, pair.server.tls};
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(weir_tls_text(both[i], WEIR_TLS_TEXT_ALPN, &text), WEIR_OK);
            assert_int_equal(text.len, strlen(chosen));
            assert_memory_equal(text.data, chosen, text.len);
        }
    } else if (chosen) {
        assert_int_equal(weir_tls_text(pair.client.tls, WEIR_TLS_TEXT_ALPN, &text),
                         WEIR_E_NOT_FOUND);
        assert_int_equal(weir_tls_state(pair.client.tls), WEIR_TLS_OPEN);
    } else {
        assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_NO_ALPN);
        assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_ALERT);
        assert_int_equal(weir_tls_number(pair.client.tls, WEIR_TLS_NUMBER_ALERT), 120);
    }
    tls_pair_free(&pair);
}

static void alpn__is_the_servers_best_that_is_offered(void **state)
{
    (void)state;
    assert_alpn("http/1.1", "http/1.1", "http/1.1");
    assert_alpn("h2 http/1.1", "http/1.1", "http/1.1");
    assert_alpn("http/1.1 h2", "h2 http/1.1", "h2");
    assert_alpn("h2", "http/1.1", NULL);
    assert_alpn("", "http/1.1", "");
    assert_alpn("http/1.1", "", "");
}

static void long_chain__leaves_in_pieces(void **state)
{
    (void)state;
    static char chain[24000];
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config server = tls_pair_config(WEIR_SERVER);
    chain[0] = '\0';
    strcat(chain, certs->server.pem);
    while (strlen(chain) + strlen(certs->ca.pem) < 9000)
        strcat(chain, certs->ca.pem);
    server.certificate = (weir_text){chain, WEIR_NTS};
    server.output_bytes = 2048;
    for (size_t piece = 0; piece < 3; piece++) {
        tls_pair pair;
        tls_pair_make(&pair, &(tls_wish){.server = &server});
        pair.piece = piece * 700;
        tls_pair_open(&pair);
        pair.server.echo = true;
        static char data[50000];
        weir_conn_send(pair.client.conn, WEIR_BINARY, data, sizeof data);
        tls_pair_run(&pair);
        assert_int_equal(pair.client.got_len, sizeof data);
        tls_pair_free(&pair);
    }
}

static void altered_handshake__fails(void **state)
{
    (void)state;
    /* Each byte of the client's first message: nothing crashes, nobody thinks that all is well. */
    weir_span span;
    for (size_t at = 0, len = 1; at < len; at++) {
        if (at == 1 || at == 2)
            continue; /* the record's version means nothing (RFC 8446 5.1) */
        tls_pair pair;
        uint8_t hello[1024];
        tls_pair_make(&pair, NULL);
        assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
        len = span.len;
        assert_true(len < sizeof hello);
        memcpy(hello, span.data, len);
        hello[at] ^= 0x55;
        weir_tls_sent(pair.client.tls, len);
        tls_end_give(&pair, &pair.server, hello, len);
        tls_pair_run(&pair);
        assert_true(weir_tls_state(pair.client.tls) != WEIR_TLS_OPEN);
        assert_true(weir_tls_state(pair.server.tls) != WEIR_TLS_OPEN);
        tls_pair_free(&pair);
    }
}

/* ---- What mbedTLS sends ----------------------------------------------------------------------*/

/* An alert of no_application_protocol in the clear (RFC 8446 6, RFC 7301 3.2). */
static const uint8_t alert_like[] = {21, 3, 3, 0, 2, 2, 120};

/* The usual chain behind a certificate that ends with those bytes. */
static void write_chain(char *chain, size_t cap)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "-----END CERTIFICATE-----\n";
    const tls_certs *const certs = tls_certs_usual();
    unsigned char der[sizeof certs->ca.der];
    size_t len;
    memcpy(der, certs->ca.der, certs->ca.der_len);
    memcpy(der + certs->ca.der_len - sizeof alert_like, alert_like, sizeof alert_like);
    strcpy(chain, certs->server.pem);
    for (unsigned i = 0; i < 5; i++)
        strcat(chain, certs->ca.pem);
    const size_t at = strlen(chain);
    assert_int_equal(mbedtls_pem_write_buffer(begin, end, der, certs->ca.der_len,
                                              (unsigned char *)chain + at, cap - at, &len),
                     0);
}

/* Bytes of the server's first flight up to the end of what looks like an alert; 0: encrypted. */
static size_t find_alert_like(const weir_tls_config *server)
{
    tls_pair pair;
    weir_span span;
    size_t end = 0;
    tls_pair_make(&pair, &(tls_wish){.server = server});
    tls_pair_move(&pair, &pair.client, &pair.server, SIZE_MAX);
    assert_int_equal(weir_tls_output(pair.server.tls, &span, 1), 1);
    for (size_t i = sizeof alert_like; i <= span.len && end == 0; i++)
        if (memcmp((const uint8_t *)span.data + i - sizeof alert_like, alert_like,
                   sizeof alert_like) == 0)
            end = i;
    tls_pair_free(&pair);
    return end;
}

static void rest_of_a_record_that_looks_like_an_alert__is_none(void **state)
{
    (void)state;
    static const uint8_t unexpected[] = {22, 3, 3, 0, 4, 1, 0, 0, 0};
    char chain[8192];
    tls_pair pair;
    weir_tls_config server = tls_pair_config(WEIR_SERVER);
    write_chain(chain, sizeof chain);
    server.certificate = (weir_text){chain, WEIR_NTS};
    const size_t end = find_alert_like(&server);
    if (end == 0)
        skip();
    server.output_bytes = end - sizeof alert_like;
    tls_pair_make(&pair, &(tls_wish){.server = &server});
    tls_pair_move(&pair, &pair.client, &pair.server, SIZE_MAX);
    assert_int_equal(tls_pair_move(&pair, &pair.server, &pair.client, SIZE_MAX),
                     server.output_bytes);
    assert_true(tls_pair_move(&pair, &pair.server, &pair.client, SIZE_MAX) > sizeof alert_like);
    tls_end_give(&pair, &pair.server, unexpected, sizeof unexpected);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_HANDSHAKE);
    tls_pair_free(&pair);
}

static void failure_of_mbedtls_itself__is_told(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_conn_send(pair.client.conn, WEIR_TEXT, "x", 1);
    tls_lies.ssl_write = MBEDTLS_ERR_SSL_COUNTER_WRAPPING; /* the last record there can be */
    tls_pair_run(&pair);
    tls_lies.ssl_write = 0;
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_INTERNAL);
    assert_int_equal(pair.client.cause, WEIR_TLS_E_INTERNAL);
    tls_pair_free(&pair);
}

/* ---- Mistakes of the caller ------------------------------------------------------------------*/

static void bad_arguments__are_refused(void **state)
{
    (void)state;
    tls_pair pair;
    weir_tls *tls;
    char longest[300];
    tls_pair_make(&pair, NULL);
    weir_tls_context *const client = pair.client.context, *const server = pair.server.context;
    assert_int_equal(weir_tls_create_client(client, NULL, "h", 1, NULL, 0, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_client(NULL, NULL, "h", 1, NULL, 0, &tls), WEIR_E_ARGUMENT);
    assert_null(tls);
    assert_int_equal(weir_tls_create_client(server, NULL, "h", 1, NULL, 0, &tls), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_client(client, NULL, NULL, 1, NULL, 0, &tls), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_client(client, NULL, "h", 1, NULL, 1, &tls), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_server(server, NULL, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_server(NULL, NULL, &tls), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_create_server(client, NULL, &tls), WEIR_E_ARGUMENT);
    memset(longest, 'a', sizeof longest);
    assert_int_equal(weir_tls_create_client(client, NULL, "", WEIR_NTS, NULL, 0, &tls),
                     WEIR_TLS_E_HOST);
    assert_int_equal(weir_tls_create_client(client, NULL, "a\0b", 3, NULL, 0, &tls),
                     WEIR_TLS_E_HOST);
    assert_int_equal(weir_tls_create_client(client, NULL, longest, 256, NULL, 0, &tls),
                     WEIR_TLS_E_HOST);
    assert_int_equal(weir_tls_create_client(client, NULL, longest, 255, NULL, 0, &tls), WEIR_OK);
    assert_int_equal(weir_tls_context_free(client), WEIR_E_BUSY);
    weir_tls_free(tls);
    assert_int_equal(weir_tls_create_client(client, NULL, "[a", 2, NULL, 0, &tls), WEIR_OK);
    weir_tls_free(tls);
    assert_int_equal(weir_tls_create_client(client, NULL, ".", 1, NULL, 0, &tls), WEIR_OK);
    weir_tls_free(tls);
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_name__is_told),
        cmocka_unit_test(faults_of_certificates__are_told_apart),
        cmocka_unit_test(issuer_with_a_name_as_long__is_another),
        cmocka_unit_test(dates_and_strength__are_told_apart),
        cmocka_unit_test(hosts__are_found_in_certificates),
        cmocka_unit_test(verify_off__takes_anyone),
        cmocka_unit_test(clients__can_be_asked_for_a_certificate),
        cmocka_unit_test(certificate_for_servers__is_not_for_clients),
        cmocka_unit_test(alpn__is_the_servers_best_that_is_offered),
        cmocka_unit_test(long_chain__leaves_in_pieces),
        cmocka_unit_test(altered_handshake__fails),
        cmocka_unit_test(rest_of_a_record_that_looks_like_an_alert__is_none),
        cmocka_unit_test(failure_of_mbedtls_itself__is_told),
        cmocka_unit_test(bad_arguments__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
