/* SPDX-License-Identifier: MIT */
/* What can be read of a TLS connection. */
#include <weir/tls.h>

#include <string.h>

#include "support/test.h"
#include "support/tls/tls_pair.h"

static void texts__are_there_once_it_is_open(void **state)
{
    (void)state;
    tls_pair pair;
    weir_text text;
    tls_pair_make(&pair, NULL);
    for (int id = 0; id < 6; id++)
        assert_int_equal(weir_tls_text(pair.client.tls, id, &text), WEIR_E_NOT_FOUND);
    tls_pair_open(&pair);
    assert_int_equal(weir_tls_text(pair.client.tls, WEIR_TLS_TEXT_VERSION, &text), WEIR_OK);
    assert_int_equal(text.len, 7);
    assert_memory_equal(text.data, "TLSv1.", 6);
    assert_int_equal(weir_tls_text(pair.client.tls, WEIR_TLS_TEXT_CIPHER, &text), WEIR_OK);
    assert_non_null(strstr(text.data, "AES-128-GCM"));
    assert_int_equal(weir_tls_text(pair.client.tls, WEIR_TLS_TEXT_PEER_CERTIFICATE, &text),
                     WEIR_OK);
    assert_int_equal(text.len, tls_certs_usual()->server.der_len);
    assert_memory_equal(text.data, tls_certs_usual()->server.der, text.len);
    assert_int_equal(weir_tls_text(pair.server.tls, WEIR_TLS_TEXT_PEER_CERTIFICATE, &text),
                     WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_text(pair.client.tls, WEIR_TLS_TEXT_ALPN, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_text(pair.client.tls, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_text(pair.client.tls, 5, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_number(pair.client.tls, WEIR_TLS_NUMBER_ALERT), 0);
    assert_int_equal(weir_tls_number(pair.client.tls, 0), 0);
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts__are_there_once_it_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
