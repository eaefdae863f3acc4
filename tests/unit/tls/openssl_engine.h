/* SPDX-License-Identifier: MIT */
/* OpenSSL as an engine of weir, on memory BIOs: how another TLS library takes mbedTLS's place. */
#ifndef WEIR_TESTS_OPENSSL_ENGINE_H
#define WEIR_TESTS_OPENSSL_ENGINE_H

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <weir/tls.h>

typedef struct openssl_session {
    SSL *ssl;
    BIO *in, *out; /* memory, no socket */
    uint32_t alert;
} openssl_session;

/* Put what OpenSSL has made into the wire; false when something is left. */
static inline bool openssl_flush(openssl_session *s, weir_tls_wire *wire)
{
    const int room = (int)(wire->out_cap - wire->out_len);
    const int len = room > 0 ? BIO_read(s->out, wire->out + wire->out_len, room) : 0;
    wire->out_len += len > 0 ? (size_t)len : 0;
    return BIO_ctrl_pending(s->out) == 0;
}

/* At most a record at a time, so that OpenSSL's memory has a bound. */
static inline bool openssl_feed(openssl_session *s, weir_tls_wire *wire)
{
    const int len = wire->in_len < 16384 ? (int)wire->in_len : 16384;
    if (len == 0)
        return false;
    BIO_write(s->in, wire->in, len);
    wire->in += len;
    wire->in_len -= (size_t)len;
    return true;
}

static inline int openssl_error(openssl_session *s)
{
    const unsigned long error = ERR_peek_last_error();
    const int reason = ERR_GET_REASON(error);
    ERR_clear_error();
    if (reason > SSL_AD_REASON_OFFSET) {
        s->alert = (uint32_t)(reason - SSL_AD_REASON_OFFSET);
        return WEIR_TLS_E_ALERT;
    }
    switch (SSL_get_verify_result(s->ssl)) {
    case X509_V_OK:
        return reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC ? WEIR_TLS_E_ALTERED
                                                                   : WEIR_TLS_E_HANDSHAKE;
    case X509_V_ERR_HOSTNAME_MISMATCH:
        return WEIR_TLS_E_NAME;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return WEIR_TLS_E_EXPIRED;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return WEIR_TLS_E_SELF_SIGNED;
    default:
        return WEIR_TLS_E_UNTRUSTED;
    }
}

/* What a call of OpenSSL means; WEIR_OK and *again when it is to be made again. */
static inline int openssl_step(openssl_session *s, weir_tls_wire *wire, int result, bool *again)
{
    const int error = SSL_get_error(s->ssl, result);
    const bool flushed = openssl_flush(s, wire);
    *again = false;
    if (result > 0)
        return WEIR_TLS_DONE;
    if (error == SSL_ERROR_ZERO_RETURN)
        return WEIR_TLS_CLOSED;
    if (error != SSL_ERROR_WANT_READ)
        return openssl_error(s);
    if (!flushed)
        return WEIR_TLS_WANT_OUTPUT;
    *again = openssl_feed(s, wire);
    return *again ? WEIR_TLS_DONE : WEIR_TLS_WANT_INPUT;
}

static inline int openssl_handshake(void *session, weir_tls_wire *wire)
{
    openssl_session *const s = (openssl_session *)session;
    int step;
    bool again;
    do
        step = openssl_step(s, wire, SSL_do_handshake(s->ssl), &again);
    while (again);
    return step;
}

static inline int openssl_read(void *session, weir_tls_wire *wire, void *data, size_t cap,
                               size_t *len)
{
    openssl_session *const s = (openssl_session *)session;
    int step;
    bool again;
    do
        step = openssl_step(s, wire, SSL_read_ex(s->ssl, data, cap, len), &again);
    while (again);
    return step;
}

static inline int openssl_write(void *session, weir_tls_wire *wire, const void *data, size_t len,
                                size_t *used)
{
    openssl_session *const s = (openssl_session *)session;
    bool again;
    return openssl_step(s, wire, SSL_write_ex(s->ssl, data, len, used), &again);
}

static inline int openssl_close(void *session, weir_tls_wire *wire)
{
    openssl_session *const s = (openssl_session *)session;
    SSL_shutdown(s->ssl);
    return openssl_flush(s, wire) ? WEIR_TLS_DONE : WEIR_TLS_WANT_OUTPUT;
}

static inline int openssl_text(const void *session, int id, weir_text *text)
{
    const SSL *const ssl = ((const openssl_session *)session)->ssl;
    const unsigned char *name = NULL;
    unsigned len = 0;
    if (id == WEIR_TLS_TEXT_ALPN)
        SSL_get0_alpn_selected(ssl, &name, &len);
    *text = (weir_text){(const char *)name, len};
    if (id == WEIR_TLS_TEXT_VERSION)
        *text = (weir_text){SSL_get_version(ssl), strlen(SSL_get_version(ssl))};
    return text->len > 0 ? WEIR_OK : WEIR_E_NOT_FOUND;
}

static inline uint32_t openssl_number(const void *session, int id)
{
    const openssl_session *const s = (const openssl_session *)session;
    if (id == WEIR_TLS_NUMBER_RESUMED)
        return (uint32_t)SSL_session_reused(s->ssl);
    return id == WEIR_TLS_NUMBER_ALERT ? s->alert : 0;
}

static inline int openssl_save(void *session, void *data, size_t cap, size_t *len)
{
    SSL_SESSION *const saved = SSL_get0_session(((openssl_session *)session)->ssl);
    unsigned char *at = (unsigned char *)data;
    *len = (size_t)i2d_SSL_SESSION(saved, NULL);
    if (*len > cap)
        return WEIR_E_SHORT;
    i2d_SSL_SESSION(saved, &at);
    return WEIR_OK;
}

static inline void openssl_free(void *session)
{
    openssl_session *const s = (openssl_session *)session;
    SSL_free(s->ssl); /* and both BIOs */
    free(s);
}

/* TLS for a connection, on an SSL that was made and set up by the caller; takes it over. */
static inline weir_tls *openssl_tls(SSL *ssl, weir_conn *conn)
{
    static const weir_tls_engine engine = {
        sizeof(weir_tls_engine), 256,          openssl_handshake, openssl_read, openssl_write,
        openssl_close,           openssl_text, openssl_number,    openssl_save, openssl_free,
    };
    const size_t len = weir_tls_size(17920);
    const size_t head = (sizeof(openssl_session) + 15) / 16 * 16;
    openssl_session *const s = (openssl_session *)malloc(head + len);
    weir_tls *tls = NULL;
    if (!s)
        return NULL;
    *s = (openssl_session){ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()), 0};
    SSL_set_bio(ssl, s->in, s->out);
    weir_tls_init((char *)s + head, len, &engine, s, conn, &tls);
    return tls;
}

#endif
