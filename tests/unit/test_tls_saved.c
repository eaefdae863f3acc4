/* SPDX-License-Identifier: MIT */
/* Sessions saved as bytes, and resumed. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl.h>

#include "support/test.h"
#include "support/tls/tls_lies.h"
#include "support/tls/tls_pair.h"

typedef struct saved {
    uint8_t data[4096];
    size_t len;
} saved;

/* A server whose ticket the client keeps; the contexts live on. */
static saved save_from(tls_pair *pair)
{
    saved it;
    size_t need;
    uint8_t byte;
    assert_int_equal(weir_tls_save(pair->client.tls, NULL, 0, &need), WEIR_E_SHORT);
    assert_in_range(need, 100, sizeof it.data);
    assert_int_equal(weir_tls_save(pair->client.tls, &byte, 1, &it.len), WEIR_E_SHORT);
    assert_int_equal(it.len, need);
    assert_int_equal(weir_tls_save(pair->client.tls, it.data, need - 1, &it.len), WEIR_E_SHORT);
    assert_int_equal(weir_tls_save(pair->client.tls, it.data, need, &it.len), WEIR_OK);
    assert_int_equal(it.len, need);
    return it;
}

/* Another pair of connections of the same contexts; whether it is resumed. */
static bool resumes(tls_pair *pair, const char *host, const void *data, size_t len)
{
    const weir_request request = {.url = {"wss://localhost/", WEIR_NTS}};
    tls_end *const ends[] = {&pair->client, &pair->server};
    for (size_t i = 0; i < 2; i++) {
        weir_tls_free(ends[i]->tls);
        weir_conn_free(ends[i]->conn);
    }
    weir_conn_create_client(pair->client.weir, &request, &pair->client.conn);
    weir_conn_create_server(pair->server.weir, &pair->server.conn);
    assert_int_equal(weir_tls_create_client(pair->client.context, pair->client.conn, host, WEIR_NTS,
                                            data, len, &pair->client.tls),
                     WEIR_OK);
    assert_int_equal(
        weir_tls_create_server(pair->server.context, pair->server.conn, &pair->server.tls),
        WEIR_OK);
    assert_int_equal(weir_tls_number(pair->client.tls, WEIR_TLS_NUMBER_RESUMED), 0);
    tls_pair_open(pair);
    const uint32_t resumed = weir_tls_number(pair->client.tls, WEIR_TLS_NUMBER_RESUMED);
    assert_int_equal(resumed, weir_tls_number(pair->server.tls, WEIR_TLS_NUMBER_RESUMED));
    return resumed == 1;
}

static void saved_session__is_resumed(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    assert_int_equal(weir_tls_number(pair.client.tls, WEIR_TLS_NUMBER_RESUMED), 0);
    const saved it = save_from(&pair);
    assert_memory_equal(it.data, "W\2\1\x09", 4); /* other layouts have other numbers */
    for (unsigned i = 0; i < 3; i++) {
        assert_true(resumes(&pair, "localhost", it.data, it.len));
        pair.server.echo = true;
        assert_int_equal(weir_conn_send(pair.client.conn, WEIR_TEXT, "again", 5), WEIR_OK);
        tls_pair_run(&pair);
        assert_int_equal(pair.client.messages, i + 1);
    }
    const saved again = save_from(&pair);
    assert_true(resumes(&pair, "localhost", again.data, again.len));
    assert_false(resumes(&pair, "localhost", NULL, 0));
    tls_pair_free(&pair);
}

static void session_of_another_host_or_garbage__is_left_out(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    saved it = save_from(&pair);
    assert_false(resumes(&pair, "127.0.0.1", it.data, it.len));
    assert_false(resumes(&pair, "localhost", it.data, 4));
    assert_false(resumes(&pair, "localhost", it.data, 14));
    assert_false(resumes(&pair, "LOCALHOST", it.data, it.len));
    /* What we write first, and the version of mbedTLS that it begins with. */
    for (size_t at = 0; at < 4 + 64 + 9 + 3; at++) {
        it.data[at] ^= 0x40;
        assert_false(resumes(&pair, "localhost", it.data, it.len));
        it.data[at] ^= 0x40;
    }
    assert_true(resumes(&pair, "localhost", it.data, it.len));
    tls_pair_free(&pair);
}

static void session_that_was_not_checked__is_not_for_one_who_checks(void **state)
{
    (void)state;
    tls_pair pair;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT);
    client.verify = 0;
    tls_pair_make(&pair, &(tls_wish){.client = &client});
    tls_pair_open(&pair);
    const saved it = save_from(&pair);
    assert_true(resumes(&pair, "localhost", it.data, it.len));
    weir_tls_context *const lax = pair.client.context;
    client.verify = 1;
    assert_int_equal(weir_tls_context_create(&client, &pair.client.context), WEIR_OK);
    assert_false(resumes(&pair, "localhost", it.data, it.len));
    assert_int_equal(weir_tls_context_free(lax), WEIR_OK);
    tls_pair_free(&pair);
}

static void session_under_other_certificates__is_not_resumed(void **state)
{
    (void)state;
    tls_cert ca, own;
    tls_pair pair;
    tls_cert_make(&ca, "CN=another CA", NULL, &(tls_cert_wish){.is_ca = true});
    tls_cert_make(&own, "CN=the client", NULL, &(tls_cert_wish){0});
    const weir_tls_config usual = tls_pair_config(WEIR_CLIENT);
    for (unsigned what = 0; what < 3; what++) {
        weir_tls_config changed = usual;
        char both[4096] = "";
        strcat(strcat(both, usual.ca.data), ca.pem);
        if (what == 0)
            changed.ca = (weir_text){both, WEIR_NTS}; /* still trusts the server: for a full one */
        if (what == 1)
            changed.certificate = (weir_text){own.pem, WEIR_NTS};
        if (what == 1)
            changed.key = (weir_text){own.key_pem, WEIR_NTS};
        tls_pair_make(&pair, &(tls_wish){.client = &usual});
        tls_pair_open(&pair);
        const saved it = save_from(&pair);
        weir_tls_context *const before = pair.client.context;
        assert_int_equal(weir_tls_context_create(&changed, &pair.client.context), WEIR_OK);
        assert_int_equal(resumes(&pair, "localhost", it.data, it.len), what == 2);
        assert_int_equal(weir_tls_context_free(before), WEIR_OK);
        tls_pair_free(&pair);
    }
    tls_cert_free(&ca);
    tls_cert_free(&own);
}

static void session__passes_by_no_change_of_the_trusted_ca(void **state)
{
    (void)state;
    tls_cert ca;
    tls_pair pair;
    weir_tls *tls;
    weir_tls_config changed = tls_pair_config(WEIR_CLIENT);
    tls_cert_make(&ca, "CN=another CA", NULL, &(tls_cert_wish){.is_ca = true});
    changed.ca = (weir_text){ca.pem, WEIR_NTS};
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    const saved it = save_from(&pair);
    weir_tls_context *context;
    assert_int_equal(weir_tls_context_create(&changed, &context), WEIR_OK);
    assert_int_equal(
        weir_tls_create_client(context, NULL, "localhost", WEIR_NTS, it.data, it.len, &tls),
        WEIR_OK);
    weir_tls_free(pair.client.tls);
    weir_tls_free(pair.server.tls);
    weir_conn_free(pair.client.conn);
    weir_conn_free(pair.server.conn);
    pair.client.conn = pair.server.conn = NULL;
    pair.client.tls = tls;
    assert_int_equal(weir_tls_create_server(pair.server.context, NULL, &pair.server.tls), WEIR_OK);
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(tls), WEIR_TLS_E_UNTRUSTED);
    tls_pair_free(&pair);
    assert_int_equal(weir_tls_context_free(context), WEIR_OK);
    tls_cert_free(&ca);
}

static void without_tickets__nothing_is_resumed(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        tls_pair pair;
        weir_tls_config client = tls_pair_config(WEIR_CLIENT);
        weir_tls_config server = tls_pair_config(WEIR_SERVER);
        (side ? &client : &server)->tickets = 0;
        tls_pair_make(&pair, &(tls_wish){.client = &client, .server = &server});
        tls_pair_open(&pair);
        const saved it = save_from(&pair);
        assert_false(resumes(&pair, "localhost", it.data, it.len));
        tls_pair_free(&pair);
    }
}

static void session_that_is_given_out_once__can_be_saved_again(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    tls_lies.ssl_get_session = MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE; /* so says mbedTLS 3 */
    saved it;
    const int status = weir_tls_save(pair.client.tls, it.data, sizeof it.data, &it.len);
    tls_lies.ssl_get_session = 0;
    assert_int_equal(status, WEIR_E_NOT_FOUND);
    it = save_from(&pair);
    tls_lies.ssl_get_session = MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
    const saved again = save_from(&pair);
    tls_lies.ssl_get_session = 0;
    assert_int_equal(again.len, it.len);
    assert_memory_equal(again.data, it.data, it.len);
    assert_true(resumes(&pair, "localhost", again.data, again.len));
    tls_pair_free(&pair);
}

static void servers__save_nothing(void **state)
{
    (void)state;
    tls_pair pair;
    uint8_t data[16];
    size_t len;
    tls_pair_make(&pair, NULL);
    assert_int_equal(weir_tls_save(pair.client.tls, data, sizeof data, &len), WEIR_E_NOT_FOUND);
    tls_pair_open(&pair);
    assert_int_equal(weir_tls_save(pair.server.tls, data, sizeof data, &len), WEIR_E_NOT_FOUND);
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_session__is_resumed),
        cmocka_unit_test(session_of_another_host_or_garbage__is_left_out),
        cmocka_unit_test(session_that_was_not_checked__is_not_for_one_who_checks),
        cmocka_unit_test(session_under_other_certificates__is_not_resumed),
        cmocka_unit_test(session__passes_by_no_change_of_the_trusted_ca),
        cmocka_unit_test(without_tickets__nothing_is_resumed),
        cmocka_unit_test(session_that_is_given_out_once__can_be_saved_again),
        cmocka_unit_test(servers__save_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
