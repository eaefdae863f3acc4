/* SPDX-License-Identifier: MIT */
/* TLS contexts on mbedTLS: certificates, keys, entropy and policy from a config. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

#include <string.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

#define TLS_CONTEXT_OUTPUT 17920 /* a record of 16 KiB, what it adds, and what the pump reserves */
#define TLS_CONTEXT_MAX_OUTPUT (64 << 20)
#define TLS_CONTEXT_TICKET_SECONDS 86400
#define TLS_CONTEXT_MAX_TICKET_SECONDS 604800 /* RFC 8446 4.6.1 */
#define TLS_CONTEXT_MAX_NAME 255              /* RFC 7301 3.1 */

/* ---- Config ----------------------------------------------------------------------------------*/

int weir_tls_config_init(weir_tls_config *config, size_t size, int role)
{
    if (!config || (role != WEIR_CLIENT && role != WEIR_SERVER))
        return WEIR_E_ARGUMENT;
    if (size != sizeof *config)
        return WEIR_E_SIZE;
    memset(config, 0, sizeof *config);
    config->size = size;
    config->role = (uint64_t)role;
    config->verify = role == WEIR_CLIENT;
    config->tickets = 1;
    config->ticket_seconds = TLS_CONTEXT_TICKET_SECONDS;
    config->output_bytes = TLS_CONTEXT_OUTPUT;
    return WEIR_OK;
}

static int tls_context_check(const weir_tls_config *config)
{
    if (config->size != sizeof *config)
        return WEIR_E_SIZE;
    if (config->verify > 1 || config->tickets > 1 || config->ticket_seconds == 0 ||
        config->ticket_seconds > TLS_CONTEXT_MAX_TICKET_SECONDS ||
        config->output_bytes > TLS_CONTEXT_MAX_OUTPUT ||
        weir_tls_size((size_t)config->output_bytes) == 0 ||
        (config->role != WEIR_CLIENT && config->role != WEIR_SERVER))
        return WEIR_E_CONFIG;
    return WEIR_OK;
}

/* ---- Texts -----------------------------------------------------------------------------------*/

static weir_text tls_context_measure(weir_text text)
{
    if (text.len == WEIR_NTS)
        for (text.len = 0; text.data[text.len];)
            text.len++;
    return text;
}

/* mbedTLS takes PEM only with a NUL at its end, and DER only without. */
static bool tls_context_is_pem(const char *data, size_t len)
{
    static const char mark[] = "-----BEGIN ";
    const size_t need = sizeof mark - 1;
    for (size_t i = 0; need <= len - i; i++)
        if (memcmp(data + i, mark, need) == 0)
            return true;
    return false;
}

/* A copy with a NUL behind it; what of it mbedTLS is to be given. NULL: out of memory. */
static unsigned char *tls_context_copy(weir_text text, size_t *given)
{
    if (text.len > SIZE_MAX / 2)
        return NULL;
    unsigned char *const copy = (unsigned char *)mbedtls_calloc(text.len + (size_t)1, 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.len);
    *given = text.len + (text.len > 11 && tls_context_is_pem(text.data, text.len));
    return copy;
}

static void tls_context_forget(unsigned char *copy, size_t len)
{
    mbedtls_platform_zeroize(copy, len);
    mbedtls_free(copy);
}

/* ---- Certificates and keys -------------------------------------------------------------------*/

/* A bundle may hold what mbedTLS does not know: that is left out, when allowed. */
static int tls_context_parse(mbedtls_x509_crt *into, weir_text text, bool partly, int otherwise)
{
    size_t len;
    unsigned char *const copy = tls_context_copy(text, &len);
    if (!copy)
        return WEIR_E_MEMORY;
    const int error = mbedtls_x509_crt_parse(into, copy, len);
    mbedtls_free(copy);
    if (error == 0 || (error > 0 && partly)) /* so many can't be read, and at least one can */
        return WEIR_OK;
    return weir__tls_setup_status(error, otherwise);
}

static int tls_context_parse_key(weir_tls_context *context, weir_text key, weir_text password)
{
    size_t len;
    unsigned char *const copy = tls_context_copy(key, &len);
    if (!copy)
        return WEIR_E_MEMORY;
    const unsigned char *const word =
        password.len > 0 ? (const unsigned char *)password.data : NULL;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    const int error = mbedtls_pk_parse_key(&context->key, copy, len, word, password.len,
                                           context->random, context->random_user);
#else
    const int error = mbedtls_pk_parse_key(&context->key, copy, len, word, password.len);
#endif
    tls_context_forget(copy, len);
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_KEY);
}

static int tls_context_check_pair(weir_tls_context *context)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    const int error = mbedtls_pk_check_pair(&context->certificate.pk, &context->key,
                                            context->random, context->random_user);
#else
    const int error = mbedtls_pk_check_pair(&context->certificate.pk, &context->key);
#endif
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_KEY_MISMATCH);
}

/* What a saved session was made by: another context is not to resume it (tls_saved.c). */
static int tls_context_digest(uint8_t *digest, weir_text text)
{
    text = tls_context_measure(text);
    return mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                      (const unsigned char *)text.data, text.len, digest);
}

static int tls_context_mark(weir_tls_context *context, const weir_tls_config *config)
{
    const int errors = tls_context_digest(context->trust, config->ca) |
                       tls_context_digest(context->trust + WEIR__TLS_DIGEST, config->certificate);
    return errors == 0 ? WEIR_OK : WEIR_TLS_E_INTERNAL;
}

static int tls_context_load_own(weir_tls_context *context, const weir_tls_config *config)
{
    const weir_text certificate = tls_context_measure(config->certificate);
    const weir_text key = tls_context_measure(config->key);
    if (certificate.len == 0)
        return context->is_client && key.len == 0 ? WEIR_OK : WEIR_TLS_E_CERTIFICATE;
    int status =
        tls_context_parse(&context->certificate, certificate, false, WEIR_TLS_E_CERTIFICATE);
    if (status == WEIR_OK)
        status = tls_context_parse_key(context, key, tls_context_measure(config->key_password));
    if (status == WEIR_OK)
        status = tls_context_check_pair(context);
    if (status != WEIR_OK)
        return status;
    const int error =
        mbedtls_ssl_conf_own_cert(&context->ssl, &context->certificate, &context->key);
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_CERTIFICATE);
}

static int tls_context_load_ca(weir_tls_context *context, const weir_tls_config *config)
{
    const weir_text ca = tls_context_measure(config->ca);
    mbedtls_ssl_conf_authmode(&context->ssl, context->verify ? MBEDTLS_SSL_VERIFY_REQUIRED
                                                             : MBEDTLS_SSL_VERIFY_NONE);
    if (ca.len == 0)
        return context->verify ? WEIR_TLS_E_CA : WEIR_OK;
    const int status = tls_context_parse(&context->ca, ca, true, WEIR_TLS_E_CA);
    if (status == WEIR_OK)
        mbedtls_ssl_conf_ca_chain(&context->ssl, &context->ca, NULL);
    return status;
}

/* ---- Policy ----------------------------------------------------------------------------------*/

static int tls_context_seed(weir_tls_context *context, const weir_tls_config *config)
{
    context->random = config->random ? config->random : mbedtls_ctr_drbg_random;
    context->random_user = config->random ? config->random_user : &context->drbg;
    mbedtls_ssl_conf_rng(&context->ssl, context->random, context->random_user);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_PSA_CRYPTO_C)
    if (psa_crypto_init() != PSA_SUCCESS)
        return WEIR_TLS_E_RANDOM;
#endif
    if (config->random)
        return WEIR_OK;
    const int error = mbedtls_ctr_drbg_seed(&context->drbg, mbedtls_entropy_func, &context->entropy,
                                            (const unsigned char *)"weir", 4);
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_RANDOM);
}

/* Forward secrecy and authenticated encryption; RFC 7540 9.2.2 forbids HTTP/2 the others too. */
static void tls_context_harden(weir_tls_context *context)
{
    static const int suites[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
        MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
        MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        0,
    };
    mbedtls_ssl_conf_ciphersuites(&context->ssl, suites);
#if MBEDTLS_VERSION_NUMBER >= 0x03020000
    mbedtls_ssl_conf_min_tls_version(&context->ssl, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    mbedtls_ssl_conf_min_version(&context->ssl, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

/* Names parted by single spaces, into the context's copy; false when they break the rule. */
static bool tls_context_split(weir_tls_context *context, size_t len)
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && context->alpn[i] != ' ')
            continue;
        if (i == start || i - start > TLS_CONTEXT_MAX_NAME || count == WEIR__TLS_MAX_ALPN)
            return false;
        context->alpn[i] = '\0';
        context->names[count++] = context->alpn + start;
        start = i + 1;
    }
    return true;
}

static int tls_context_set_alpn(weir_tls_context *context, const weir_tls_config *config)
{
    const weir_text alpn = tls_context_measure(config->alpn);
    if (alpn.len == 0)
        return WEIR_OK;
    if (alpn.len > WEIR__TLS_MAX_ALPN * (TLS_CONTEXT_MAX_NAME + (size_t)1))
        return WEIR_TLS_E_ALPN_LIST;
    context->alpn = (char *)mbedtls_calloc(alpn.len + (size_t)1, 1);
    if (!context->alpn)
        return WEIR_E_MEMORY;
    memcpy(context->alpn, alpn.data, alpn.len);
    if (!tls_context_split(context, alpn.len))
        return WEIR_TLS_E_ALPN_LIST;
    mbedtls_ssl_conf_alpn_protocols(&context->ssl, context->names);
    return WEIR_OK;
}

static int tls_context_set_tickets(weir_tls_context *context, const weir_tls_config *config)
{
    if (context->is_client) {
        mbedtls_ssl_conf_session_tickets(&context->ssl, config->tickets
                                                            ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                            : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
            &context->ssl, config->tickets
                               ? MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED
                               : MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_DISABLED);
#endif
        return WEIR_OK;
    }
    if (!config->tickets)
        return WEIR_OK;
    const int error =
        mbedtls_ssl_ticket_setup(&context->ticket, context->random, context->random_user,
                                 MBEDTLS_CIPHER_AES_256_GCM, (uint32_t)config->ticket_seconds);
    mbedtls_ssl_conf_session_tickets_cb(&context->ssl, mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, &context->ticket);
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_INTERNAL);
}

/* ---- Making it -------------------------------------------------------------------------------*/

static void tls_context_destroy(weir_tls_context *context)
{
    mbedtls_ssl_config_free(&context->ssl);
    mbedtls_ssl_ticket_free(&context->ticket);
    mbedtls_pk_free(&context->key);
    mbedtls_x509_crt_free(&context->certificate);
    mbedtls_x509_crt_free(&context->ca);
    mbedtls_ctr_drbg_free(&context->drbg);
    mbedtls_entropy_free(&context->entropy);
    mbedtls_free(context->alpn);
    mbedtls_free(context);
}

static weir_tls_context *tls_context_allocate(const weir_tls_config *config)
{
    weir_tls_context *const context = (weir_tls_context *)mbedtls_calloc(1, sizeof *context);
    if (!context)
        return NULL;
    mbedtls_ssl_config_init(&context->ssl);
    mbedtls_ssl_ticket_init(&context->ticket);
    mbedtls_pk_init(&context->key);
    mbedtls_x509_crt_init(&context->certificate);
    mbedtls_x509_crt_init(&context->ca);
    mbedtls_ctr_drbg_init(&context->drbg);
    mbedtls_entropy_init(&context->entropy);
    context->is_client = config->role == WEIR_CLIENT;
    context->verify = config->verify;
    context->output_bytes = (size_t)config->output_bytes;
    return context;
}

static int tls_context_fill(weir_tls_context *context, const weir_tls_config *config)
{
    static int (*const steps[])(weir_tls_context *, const weir_tls_config *) = {
        tls_context_seed, tls_context_load_own, tls_context_load_ca,
        tls_context_mark, tls_context_set_alpn, tls_context_set_tickets,
    };
    const int error = mbedtls_ssl_config_defaults(
        &context->ssl, context->is_client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    int status = error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_INTERNAL);
    tls_context_harden(context);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == WEIR_OK; i++)
        status = steps[i](context, config);
    return status;
}

int weir_tls_context_create(const weir_tls_config *config, weir_tls_context **context)
{
    if (context)
        *context = NULL;
    if (!config || !context)
        return WEIR_E_ARGUMENT;
    int status = tls_context_check(config);
    if (status != WEIR_OK)
        return status;
    weir_tls_context *const made = tls_context_allocate(config);
    if (!made)
        return WEIR_E_MEMORY;
    status = tls_context_fill(made, config);
    if (status == WEIR_OK)
        *context = made;
    else
        tls_context_destroy(made);
    return status;
}

int weir_tls_context_free(weir_tls_context *context)
{
    if (!context)
        return WEIR_OK;
    if (context->sessions > 0)
        return WEIR_E_BUSY;
    tls_context_destroy(context);
    return WEIR_OK;
}

#endif
