/* SPDX-License-Identifier: MIT */
/* TLS contexts: what a config may say, and what mistakes in it are called. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include <mbedtls/entropy.h>
#include <mbedtls/md.h>

#include "support/test.h"
#include "support/tls/tls_lies.h"
#include "support/tls/tls_pair.h"

static int create(const weir_tls_config *config)
{
    weir_tls_context *context = (weir_tls_context *)(void *)&config;
    const int status = weir_tls_context_create(config, &context);
    assert_true((status == WEIR_OK) == (context != NULL));
    assert_int_equal(weir_tls_context_free(context), WEIR_OK);
    return status;
}

static void defaults__are_safe(void **state)
{
    (void)state;
    weir_tls_config config;
    assert_int_equal(weir_tls_config_init(NULL, sizeof config, WEIR_CLIENT), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_config_init(&config, sizeof config, 3), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_config_init(&config, 8, WEIR_CLIENT), WEIR_E_SIZE);
    assert_int_equal(weir_tls_config_init(&config, sizeof config, WEIR_CLIENT), WEIR_OK);
    assert_int_equal(config.verify, 1);
    assert_int_equal(create(&config), WEIR_TLS_E_CA);
    assert_int_equal(weir_tls_config_init(&config, sizeof config, WEIR_SERVER), WEIR_OK);
    assert_int_equal(config.verify, 0);
    assert_int_equal(create(&config), WEIR_TLS_E_CERTIFICATE);
}

static void numbers__have_ranges(void **state)
{
    (void)state;
    const weir_tls_config good = tls_pair_config(WEIR_SERVER);
    static const struct {
        size_t offset;
        uint64_t values[3];
        int status;
    } bad[] = {
        {offsetof(weir_tls_config, size), {0, 8, 4096}, WEIR_E_SIZE},
        {offsetof(weir_tls_config, role), {0, 3, WEIR_NONE}, WEIR_E_CONFIG},
        {offsetof(weir_tls_config, verify), {2, 3, WEIR_NONE}, WEIR_E_CONFIG},
        {offsetof(weir_tls_config, tickets), {2, 3, WEIR_NONE}, WEIR_E_CONFIG},
        {offsetof(weir_tls_config, ticket_seconds), {0, 604801, WEIR_NONE}, WEIR_E_CONFIG},
        {offsetof(weir_tls_config, output_bytes), {0, 2047, WEIR_NONE}, WEIR_E_CONFIG},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            weir_tls_config config = good;
            memcpy((char *)&config + bad[i].offset, &bad[i].values[k], sizeof(uint64_t));
            assert_int_equal(create(&config), bad[i].status);
        }
    weir_tls_config edge = good;
    edge.ticket_seconds = 604800;
    edge.output_bytes = 2048;
    assert_int_equal(create(&good), WEIR_OK);
    assert_int_equal(create(&edge), WEIR_OK);
    weir_tls_context *context;
    assert_int_equal(weir_tls_context_create(NULL, &context), WEIR_E_ARGUMENT);
    assert_null(context);
    assert_int_equal(weir_tls_context_create(&good, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_context_free(NULL), WEIR_OK);
}

static void own_certificate__must_fit_its_key(void **state)
{
    (void)state;
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.key = (weir_text){certs->ca.key_pem, WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_KEY_MISMATCH);
    config.key = (weir_text){"-----BEGIN nothing", WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_KEY);
    config.key = (weir_text){"x", SIZE_MAX / 2 + 1};
    assert_int_equal(create(&config), WEIR_E_MEMORY);
    config.key.len = 0;
    assert_int_equal(create(&config), WEIR_TLS_E_KEY);
    config = tls_pair_config(WEIR_SERVER);
    config.certificate = (weir_text){"nonsense that is no certificate", WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_CERTIFICATE);
    config.certificate.len = SIZE_MAX / 2 + 1;
    assert_int_equal(create(&config), WEIR_E_MEMORY);
    config = tls_pair_config(WEIR_CLIENT);
    config.key = (weir_text){certs->ca.key_pem, WEIR_NTS}; /* a key, and no certificate */
    assert_int_equal(create(&config), WEIR_TLS_E_CERTIFICATE);
}

static void pem_and_der__are_both_taken(void **state)
{
    (void)state;
    const tls_certs *const certs = tls_certs_usual();
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.certificate = (weir_text){(const char *)certs->server.der, certs->server.der_len};
    assert_int_equal(create(&config), WEIR_OK);
    config.certificate = (weir_text){certs->server.pem, strlen(certs->server.pem)};
    assert_int_equal(create(&config), WEIR_OK);
    config.certificate.len /= 2;
    assert_int_equal(create(&config), WEIR_TLS_E_CERTIFICATE);
}

static void encrypted_key__needs_its_password(void **state)
{
    (void)state;
    /* RFC 1423, as `openssl ec -aes128` writes it; a key of this test alone. */
    static const char key[] =
#include "tls/encrypted_key.h"
        ;
    static const char certificate[] =
#include "tls/encrypted_certificate.h"
        ;
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.certificate = (weir_text){certificate, WEIR_NTS};
    config.key = (weir_text){key, WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_KEY);
    config.key_password = (weir_text){"wrong", 5};
    assert_int_equal(create(&config), WEIR_TLS_E_KEY);
    config.key_password = (weir_text){"secret", WEIR_NTS};
    assert_int_equal(create(&config), WEIR_OK);
}

static void bundle__may_hold_what_is_not_understood(void **state)
{
    (void)state;
    static char bundle[8192];
    const tls_certs *const certs = tls_certs_usual();
    static const char broken[] = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
    weir_tls_config config = tls_pair_config(WEIR_CLIENT);
    strcpy(bundle, "# a comment\n");
    strcat(bundle, broken);
    config.ca = (weir_text){bundle, WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_CA);
    strcat(bundle, certs->ca.pem);
    assert_int_equal(create(&config), WEIR_OK);
    strcat(bundle, broken);
    assert_int_equal(create(&config), WEIR_OK);
    /* Not so with what is ours. */
    config = tls_pair_config(WEIR_SERVER);
    strcpy(bundle, certs->server.pem);
    strcat(bundle, broken);
    config.certificate = (weir_text){bundle, WEIR_NTS};
    assert_int_equal(create(&config), WEIR_TLS_E_CERTIFICATE);
}

static void alpn_list__keeps_its_grammar(void **state)
{
    (void)state;
    static char name[2400];
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    static const char *const bad[] = {" ", "h2 ", " h2", "h2  http/1.1", "1 2 3 4 5 6 7 8 9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.alpn = (weir_text){bad[i], WEIR_NTS};
        assert_int_equal(create(&config), WEIR_TLS_E_ALPN_LIST);
    }
    memset(name, 'x', sizeof name);
    config.alpn = (weir_text){name, 256};
    assert_int_equal(create(&config), WEIR_TLS_E_ALPN_LIST);
    config.alpn.len = 2400;
    assert_int_equal(create(&config), WEIR_TLS_E_ALPN_LIST);
    config.alpn.len = 255;
    assert_int_equal(create(&config), WEIR_OK);
    config.alpn = (weir_text){"1 2 3 4 5 6 7 8", WEIR_NTS};
    assert_int_equal(create(&config), WEIR_OK);
}

static int no_random(void *user, unsigned char *out, size_t len)
{
    (void)user, (void)out, (void)len;
    return -0x34; /* what mbedTLS says when a source has none */
}

static void entropy__is_the_callers_or_that_of_mbedtls(void **state)
{
    (void)state;
    weir_tls_config config = tls_pair_config(WEIR_SERVER);
    config.random = NULL;
    assert_int_equal(create(&config), WEIR_OK);
    config.random = no_random;
    assert_int_equal(create(&config), WEIR_TLS_E_RANDOM); /* for the key of the tickets */
}

static void source_without_entropy__is_told(void **state)
{
    (void)state;
    weir_tls_config config = tls_pair_config(WEIR_CLIENT);
    config.random = NULL;
    tls_lies.entropy_func = MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    const int status = create(&config);
    tls_lies.entropy_func = 0;
    assert_int_equal(status, WEIR_TLS_E_RANDOM);
}

static void hash_that_fails__is_told(void **state)
{
    (void)state;
    const weir_tls_config config = tls_pair_config(WEIR_CLIENT);
    tls_lies.md = MBEDTLS_ERR_MD_BAD_INPUT_DATA;
    const int status = create(&config);
    tls_lies.md = 0;
    assert_int_equal(status, WEIR_TLS_E_INTERNAL);
}

static void entropy_that_fails_later__ends_the_handshake(void **state)
{
    (void)state;
    tls_pair pair;
    weir_tls_config client = tls_pair_config(WEIR_CLIENT);
    client.random = no_random;
    tls_pair_make(&pair, &(tls_wish){.client = &client});
    tls_pair_run(&pair);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_RANDOM);
    assert_int_equal(pair.client.cause, WEIR_TLS_E_RANDOM);
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults__are_safe),
        cmocka_unit_test(numbers__have_ranges),
        cmocka_unit_test(own_certificate__must_fit_its_key),
        cmocka_unit_test(pem_and_der__are_both_taken),
        cmocka_unit_test(encrypted_key__needs_its_password),
        cmocka_unit_test(bundle__may_hold_what_is_not_understood),
        cmocka_unit_test(alpn_list__keeps_its_grammar),
        cmocka_unit_test(entropy__is_the_callers_or_that_of_mbedtls),
        cmocka_unit_test(source_without_entropy__is_told),
        cmocka_unit_test(hash_that_fails__is_told),
        cmocka_unit_test(entropy_that_fails_later__ends_the_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
