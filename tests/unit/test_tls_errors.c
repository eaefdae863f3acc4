/* SPDX-License-Identifier: MIT */
/* What errors of mbedTLS mean: by their numbers, for those that are hard to bring about. */
#include "../../src/tls/tls_mbedtls.h"

#include <string.h>

#include <mbedtls/bignum.h>

#include "support/test.h"

static int status_of(int error, uint32_t alert)
{
    weir__tls_session session;
    memset(&session, 0, sizeof session);
    mbedtls_ssl_init(&session.ssl);
    session.local_alert = alert;
    const int status = weir__tls_error_status(&session, error);
    mbedtls_ssl_free(&session.ssl);
    return status;
}

static void errors__have_statuses(void **state)
{
    (void)state;
    static const struct {
        int error, status;
    } all[] = {
        {MBEDTLS_ERR_SSL_INVALID_MAC, WEIR_TLS_E_ALTERED},
        {MBEDTLS_ERR_SSL_INVALID_RECORD, WEIR_TLS_E_RECORD},
        {MBEDTLS_ERR_SSL_UNEXPECTED_RECORD, WEIR_TLS_E_RECORD},
        {MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_ERR_SSL_INTERNAL_ERROR, WEIR_TLS_E_INTERNAL},
        {MBEDTLS_ERR_SSL_BAD_INPUT_DATA, WEIR_TLS_E_INTERNAL},
        {MBEDTLS_ERR_SSL_COUNTER_WRAPPING, WEIR_TLS_E_INTERNAL},
        {MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, WEIR_TLS_E_HANDSHAKE},
        {MBEDTLS_ERR_X509_INVALID_FORMAT, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_ERR_X509_INVALID_DATE - 0x66, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_ERR_X509_BAD_INPUT_DATA, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_ERR_X509_BAD_INPUT_DATA - 0x80, WEIR_E_MEMORY},
        {MBEDTLS_ERR_SSL_ALLOC_FAILED, WEIR_E_MEMORY},
        {MBEDTLS_ERR_MPI_ALLOC_FAILED, WEIR_E_MEMORY},
        {MBEDTLS_ERR_X509_INVALID_FORMAT + MBEDTLS_ERR_MPI_ALLOC_FAILED, WEIR_E_MEMORY},
        {MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED, WEIR_TLS_E_RANDOM},
        {MBEDTLS_ERR_ENTROPY_SOURCE_FAILED, WEIR_TLS_E_RANDOM},
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, WEIR_TLS_E_VERSION},
        {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, WEIR_TLS_E_NO_CIPHER},
        {MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, WEIR_TLS_E_NO_ALPN},
        {MBEDTLS_ERR_SSL_BAD_CERTIFICATE, WEIR_TLS_E_NO_CERTIFICATE},
#else
        {MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, WEIR_TLS_E_VERSION},
        {MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN, WEIR_TLS_E_NO_CIPHER},
        {MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE, WEIR_TLS_E_NO_CIPHER},
        {MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE, WEIR_TLS_E_NO_CERTIFICATE},
#endif
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_int_equal(status_of(all[i].error, 0), all[i].status);
    assert_int_equal(status_of(MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE, 120), WEIR_TLS_E_NO_ALPN);
}

static int checked_status(int error, uint32_t flags, bool is_self_signed)
{
    weir__tls_session session;
    mbedtls_ssl_session negotiated;
    memset(&session, 0, sizeof session);
    mbedtls_ssl_init(&session.ssl);
    mbedtls_ssl_session_init(&negotiated);
    negotiated.WEIR__TLS_MEMBER(verify_result) = flags;
    session.ssl.WEIR__TLS_MEMBER(session) = &negotiated;
    session.is_self_signed = is_self_signed;
    return weir__tls_error_status(&session, error);
}

static int verify_status(uint32_t flags, bool is_self_signed)
{
    return checked_status(MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, flags, is_self_signed);
}

static void faults_of_certificates__are_weighed(void **state)
{
    (void)state;
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_MISSING, false), WEIR_TLS_E_NO_CERTIFICATE);
    const uint32_t most = MBEDTLS_X509_BADCERT_NOT_TRUSTED | MBEDTLS_X509_BADCERT_EXPIRED |
                          MBEDTLS_X509_BADCERT_CN_MISMATCH;
    assert_int_equal(verify_status(most, false), WEIR_TLS_E_UNTRUSTED);
    assert_int_equal(verify_status(most, true), WEIR_TLS_E_SELF_SIGNED);
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_EXPIRED, true), WEIR_TLS_E_EXPIRED);
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_FUTURE, true), WEIR_TLS_E_NOT_YET_VALID);
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_CN_MISMATCH, false), WEIR_TLS_E_NAME);
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_BAD_KEY, false), WEIR_TLS_E_WEAK);
    assert_int_equal(verify_status(MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, false), WEIR_TLS_E_PURPOSE);
}

static void certificate_that_was_checked_and_found_good__may_be_bad_otherwise(void **state)
{
    (void)state;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    const int bad = MBEDTLS_ERR_SSL_BAD_CERTIFICATE;
#else
    const int bad = MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE;
#endif
    assert_int_equal(checked_status(bad, 0, false), WEIR_TLS_E_NO_CERTIFICATE);
    assert_int_equal(checked_status(bad, MBEDTLS_X509_BADCERT_EXPIRED, false), WEIR_TLS_E_EXPIRED);
}

static void errors_of_setting_up__are_memory_entropy_or_as_said(void **state)
{
    (void)state;
    assert_int_equal(weir__tls_setup_status(MBEDTLS_ERR_PK_ALLOC_FAILED, -1), WEIR_E_MEMORY);
    assert_int_equal(weir__tls_setup_status(MBEDTLS_ERR_ENTROPY_SOURCE_FAILED, -1),
                     WEIR_TLS_E_RANDOM);
    assert_int_equal(weir__tls_setup_status(MBEDTLS_ERR_PK_TYPE_MISMATCH, -1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors__have_statuses),
        cmocka_unit_test(faults_of_certificates__are_weighed),
        cmocka_unit_test(certificate_that_was_checked_and_found_good__may_be_bad_otherwise),
        cmocka_unit_test(errors_of_setting_up__are_memory_entropy_or_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
