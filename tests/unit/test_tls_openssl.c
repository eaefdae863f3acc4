/* SPDX-License-Identifier: MIT */
/* Another TLS library as the engine, with itself and against mbedTLS. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "support/test.h"
#include "support/tls/tls_pair.h"
#include "tls/openssl_engine.h"

static SSL_CTX *client_context, *server_context;

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *len,
                       const unsigned char *in, unsigned in_len, void *user)
{
    (void)ssl, (void)user;
    return SSL_select_next_proto((unsigned char **)out, len, (const unsigned char *)"\x08http/1.1",
                                 9, in, in_len) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static X509 *read_certificate(const tls_cert *from)
{
    const unsigned char *at = from->der;
    return d2i_X509(NULL, &at, (long)from->der_len);
}

static void make_contexts(void)
{
    const tls_certs *const certs = tls_certs_usual();
    X509 *const ca = read_certificate(&certs->ca), *const own = read_certificate(&certs->server);
    BIO *const text = BIO_new_mem_buf(certs->server.key_pem, -1);
    EVP_PKEY *const key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
    client_context = SSL_CTX_new(TLS_client_method());
    server_context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), ca);
    assert_int_equal(SSL_CTX_use_certificate(server_context, own), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server_context, key), 1);
    SSL_CTX_set_alpn_select_cb(server_context, choose_alpn, NULL);
    X509_free(ca);
    X509_free(own);
    EVP_PKEY_free(key);
    BIO_free(text);
}

static void free_contexts(void)
{
    SSL_CTX_free(client_context);
    SSL_CTX_free(server_context);
}

/* Put OpenSSL in the place of one end's mbedTLS. */
static void use_openssl(tls_end *end, bool is_client, const char *host)
{
    SSL *const ssl = SSL_new(is_client ? client_context : server_context);
    if (is_client) {
        SSL_set_connect_state(ssl);
        SSL_set_tlsext_host_name(ssl, host);
        SSL_set1_host(ssl, host);
        SSL_set_alpn_protos(ssl, (const unsigned char *)"\x08http/1.1", 9);
    } else {
        SSL_set_accept_state(ssl);
    }
    weir_tls_free(end->tls);
    end->tls = openssl_tls(ssl, end->conn);
    assert_non_null(end->tls);
}

static void make(tls_pair *pair, bool client, bool server, const char *host)
{
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.alpn = (weir_text){"http/1.1", WEIR_NTS};
    weir_tls_config other = tls_pair_config(WEIR_CLIENT);
    other.alpn = config.alpn;
    tls_pair_make(pair, &(tls_wish){.client = &other, .server = &config});
    make_contexts();
    if (client)
        use_openssl(&pair->client, true, host);
    if (server)
        use_openssl(&pair->server, false, NULL);
}

static void finish(tls_pair *pair)
{
    tls_pair_free(pair);
    free_contexts();
}

static void echo(bool client, bool server, const char *version)
{
    static uint8_t data[200000];
    static const size_t pieces[] = {0, 1, 7, 1000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        tls_pair pair;
        weir_text text;
        make(&pair, client, server, "localhost");
        pair.piece = pieces[i];
        tls_pair_open(&pair);
        weir_tls *const both[] = {pair.client.tls, pair.server.tls};
        for (size_t side = 0; side < 2; side++) {
            assert_int_equal(weir_tls_text(both[side], WEIR_TLS_TEXT_VERSION, &text), WEIR_OK);
            assert_memory_equal(text.data, version, text.len);
            assert_int_equal(weir_tls_text(both[side], WEIR_TLS_TEXT_ALPN, &text), WEIR_OK);
            assert_memory_equal(text.data, "http/1.1", text.len);
        }
        pair.server.echo = true;
        weir_conn_send(pair.client.conn, WEIR_BINARY, data, pair.piece == 1 ? 5000 : sizeof data);
        tls_pair_run(&pair);
        assert_int_equal(pair.client.messages, 1);
        weir_conn_close(pair.client.conn, 1000, NULL, 0);
        tls_pair_run(&pair);
        assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_CLOSED);
        assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_CLOSED);
        assert_string_equal(pair.server.log, "open message close closed");
        finish(&pair);
    }
}

static void openssl_client__talks_to_mbedtls(void **state)
{
    (void)state;
    echo(true, false, "TLSv1.2");
}

static void openssl_server__talks_to_mbedtls(void **state)
{
    (void)state;
    echo(false, true, "TLSv1.2");
}

static void openssl__talks_to_itself_in_tls_1_3(void **state)
{
    (void)state;
    echo(true, true, "TLSv1.3");
}

static void faults__have_the_same_statuses(void **state)
{
    (void)state;
    tls_pair pair;
    make(&pair, true, false, "example.com");
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_NAME);
    assert_int_equal(pair.client.cause, WEIR_TLS_E_NAME);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_ALERT);
    finish(&pair);

    make(&pair, true, true, "localhost");
    tls_pair_open(&pair);
    tls_end_cut(&pair, &pair.server);
    assert_int_equal(pair.server.cause, WEIR_TLS_E_TRUNCATED);
    finish(&pair);
}

static void client_that_is_too_old__is_told_apart(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    make_contexts();
    SSL_CTX_set_min_proto_version(client_context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(client_context, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(client_context, "ALL:@SECLEVEL=0");
    use_openssl(&pair.client, true, "localhost");
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_VERSION);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_ALERT);
    assert_int_equal(weir_tls_number(pair.client.tls, WEIR_TLS_NUMBER_ALERT), 70);
    finish(&pair);
}

static void no_cipher_in_common__is_told_apart(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    make_contexts();
    SSL_CTX_set_max_proto_version(client_context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(client_context, "AES128-SHA256");
    use_openssl(&pair.client, true, "localhost");
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_E_NO_CIPHER);
    assert_int_equal(weir_tls_number(pair.client.tls, WEIR_TLS_NUMBER_ALERT), 40);
    finish(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_client__talks_to_mbedtls),
        cmocka_unit_test(openssl_server__talks_to_mbedtls),
        cmocka_unit_test(openssl__talks_to_itself_in_tls_1_3),
        cmocka_unit_test(faults__have_the_same_statuses),
        cmocka_unit_test(client_that_is_too_old__is_told_apart),
        cmocka_unit_test(no_cipher_in_common__is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
