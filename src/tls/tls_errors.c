/* SPDX-License-Identifier: MIT */
/* What errors of mbedTLS and flags of its certificate check mean, as statuses. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>

#define TLS_ERRORS_ALERT_ALPN 120 /* RFC 7301 3.2 */

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define TLS_ERRORS_BAD_CERTIFICATE MBEDTLS_ERR_SSL_BAD_CERTIFICATE
#else
#define TLS_ERRORS_BAD_CERTIFICATE MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#endif

/* An error of mbedTLS is the sum of one of its upper and one of its lower modules. */
#define TLS_ERRORS_UPPER(error) (-(-(error)&0x7F80))
#define TLS_ERRORS_LOWER(error) (-(-(error)&0x007F))

static bool tls_errors_is_memory(int error)
{
    static const int all[] = {
        MBEDTLS_ERR_SSL_ALLOC_FAILED,  MBEDTLS_ERR_X509_ALLOC_FAILED,
        MBEDTLS_ERR_PK_ALLOC_FAILED,   MBEDTLS_ERR_ECP_ALLOC_FAILED,
        MBEDTLS_ERR_MD_ALLOC_FAILED,   MBEDTLS_ERR_CIPHER_ALLOC_FAILED,
        MBEDTLS_ERR_PEM_ALLOC_FAILED,  MBEDTLS_ERR_MPI_ALLOC_FAILED,
        MBEDTLS_ERR_ASN1_ALLOC_FAILED,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (TLS_ERRORS_UPPER(error) == all[i] || TLS_ERRORS_LOWER(error) == all[i])
            return true;
    return false;
}

static bool tls_errors_is_random(int error)
{
    const int lower = TLS_ERRORS_LOWER(error);
    return lower == MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED ||
           lower == MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
}

/* The parser of certificates, whose errors are numbered without a gap. */
static bool tls_errors_is_x509(int error)
{
    const int upper = TLS_ERRORS_UPPER(error);
    return upper <= MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE &&
           upper >= MBEDTLS_ERR_X509_BAD_INPUT_DATA;
}

int weir__tls_setup_status(int error, int otherwise)
{
    if (tls_errors_is_memory(error))
        return WEIR_E_MEMORY;
    return tls_errors_is_random(error) ? WEIR_TLS_E_RANDOM : otherwise;
}

/* Of several faults the one that weighs most: who vouches, then when, then for whom. */
static int tls_errors_verify_status(const weir__tls_session *session, uint32_t flags)
{
    static const struct {
        uint32_t flags;
        int status;
    } faults[] = {
        {MBEDTLS_X509_BADCERT_MISSING, WEIR_TLS_E_NO_CERTIFICATE},
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, WEIR_TLS_E_UNTRUSTED},
        {MBEDTLS_X509_BADCERT_EXPIRED, WEIR_TLS_E_EXPIRED},
        {MBEDTLS_X509_BADCERT_FUTURE, WEIR_TLS_E_NOT_YET_VALID},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, WEIR_TLS_E_NAME},
        {MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY,
         WEIR_TLS_E_WEAK},
    };
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) && session->is_self_signed)
        return WEIR_TLS_E_SELF_SIGNED;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (flags & faults[i].flags)
            return faults[i].status;
    return WEIR_TLS_E_PURPOSE;
}

static int tls_errors_ssl_status(int error)
{
    static const struct {
        int error, status;
    } all[] = {
        {MBEDTLS_ERR_SSL_INVALID_MAC, WEIR_TLS_E_ALTERED},
        {MBEDTLS_ERR_SSL_INVALID_RECORD, WEIR_TLS_E_RECORD},
        {MBEDTLS_ERR_SSL_UNEXPECTED_RECORD, WEIR_TLS_E_RECORD},
        {MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE, WEIR_TLS_E_NO_CERTIFICATE},
        {TLS_ERRORS_BAD_CERTIFICATE, WEIR_TLS_E_NO_CERTIFICATE},
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, WEIR_TLS_E_VERSION},
        {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, WEIR_TLS_E_NO_CIPHER},
        {MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL, WEIR_TLS_E_NO_ALPN},
#else
        {MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, WEIR_TLS_E_VERSION},
        {MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN, WEIR_TLS_E_NO_CIPHER},
        {MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE, WEIR_TLS_E_NO_CIPHER},
#endif
        {MBEDTLS_ERR_SSL_INTERNAL_ERROR, WEIR_TLS_E_INTERNAL},
        {MBEDTLS_ERR_SSL_BAD_INPUT_DATA, WEIR_TLS_E_INTERNAL},
        {MBEDTLS_ERR_SSL_COUNTER_WRAPPING, WEIR_TLS_E_INTERNAL},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (TLS_ERRORS_UPPER(error) == all[i].error)
            return all[i].status;
    return tls_errors_is_x509(error) ? WEIR_TLS_E_NO_CERTIFICATE : WEIR_TLS_E_HANDSHAKE;
}

int weir__tls_error_status(const weir__tls_session *session, int error)
{
    const uint32_t flags = mbedtls_ssl_get_verify_result(&session->ssl);
    const bool is_checked = flags != 0 && flags != UINT32_MAX;
    if (error == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ||
        (is_checked && TLS_ERRORS_UPPER(error) == TLS_ERRORS_BAD_CERTIFICATE))
        return tls_errors_verify_status(session, flags);
    if (session->local_alert == TLS_ERRORS_ALERT_ALPN)
        return WEIR_TLS_E_NO_ALPN;
    return weir__tls_setup_status(error, tls_errors_ssl_status(error));
}

#endif
