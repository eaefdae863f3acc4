/* SPDX-License-Identifier: MIT */
/* The engine on mbedTLS: its steps, with the wire in place of a socket. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

#include <string.h>

/* RFC 8446 5.2 allows 256; with the suites of tls_context.c it is 29. */
#define TLS_MBEDTLS_OVERHEAD 256

/* ---- The wire --------------------------------------------------------------------------------*/

/* RFC 8446 6: an alert in the clear is a record of 7 bytes, its last the description. */
static void tls_mbedtls_note_alert(weir__tls_session *session, const uint8_t *data, size_t len)
{
    if (data[0] == MBEDTLS_SSL_MSG_ALERT && len == 7)
        session->local_alert = data[6];
}

static int tls_mbedtls_send(void *user, const unsigned char *data, size_t len)
{
    weir__tls_session *const session = (weir__tls_session *)user;
    weir_tls_wire *const wire = session->wire;
    const size_t room = wire->out_cap - wire->out_len;
    const size_t taken = len < room ? len : room;
    if (!session->is_left)
        tls_mbedtls_note_alert(session, data, len);
    session->is_left = taken < len;
    if (taken == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    memcpy(wire->out + wire->out_len, data, taken);
    wire->out_len += taken;
    return (int)taken; /* a record fits an int */
}

static int tls_mbedtls_receive(void *user, unsigned char *data, size_t len)
{
    weir_tls_wire *const wire = ((weir__tls_session *)user)->wire;
    const size_t taken = len < wire->in_len ? len : wire->in_len;
    if (taken == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(data, wire->in, taken);
    wire->in += taken;
    wire->in_len -= taken;
    return (int)taken;
}

/* ---- Steps -----------------------------------------------------------------------------------*/

/* What is left of a record leaves first: mbedTLS takes it for a part of what it is to send next,
 * and does not send that. While some is left, its close_notify does no more than this. */
static weir__tls_session *tls_mbedtls_begin(void *user, weir_tls_wire *wire)
{
    weir__tls_session *const session = (weir__tls_session *)user;
    session->wire = wire;
    if (session->is_left)
        mbedtls_ssl_close_notify(&session->ssl);
    return session;
}

static int tls_mbedtls_step(weir__tls_session *session, int error)
{
    switch (error) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return WEIR_TLS_WANT_INPUT;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return WEIR_TLS_WANT_OUTPUT;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return WEIR_TLS_CLOSED;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        session->alert = session->ssl.WEIR__TLS_MEMBER(in_msg)[1];
        return WEIR_TLS_E_ALERT;
    default:
        return weir__tls_error_status(session, error);
    }
}

/* Where mbedTLS tells the peer nothing, at least that it failed (RFC 8446 6.2). */
static int tls_mbedtls_stop(weir__tls_session *session, int error)
{
    const int step = tls_mbedtls_step(session, error);
    if (step < 0 && step != WEIR_TLS_E_ALERT && session->local_alert == 0)
        mbedtls_ssl_send_alert_message(&session->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                       MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
    return step;
}

static int tls_mbedtls_handshake(void *user, weir_tls_wire *wire)
{
    weir__tls_session *const session = tls_mbedtls_begin(user, wire);
    mbedtls_ssl_context *const ssl = &session->ssl;
    while (ssl->WEIR__TLS_MEMBER(state) != MBEDTLS_SSL_HANDSHAKE_OVER) {
        const int error = mbedtls_ssl_handshake_step(ssl);
        if (error != 0)
            return tls_mbedtls_stop(session, error);
        /* A resumed handshake leaves this state out. */
        if (ssl->WEIR__TLS_MEMBER(state) == MBEDTLS_SSL_SERVER_CERTIFICATE)
            session->is_full = true;
    }
    return WEIR_TLS_DONE;
}

/* RFC 8446 5.1: records may be empty. Each that is passed over was input, so that there is an end;
 * mbedTLS itself refuses many in a row. Behind some warnings it waits though there is more. */
static bool tls_mbedtls_is_nothing(int got, const weir_tls_wire *wire)
{
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
    if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
#endif
    return got == 0 || (got == MBEDTLS_ERR_SSL_WANT_READ && wire->in_len > 0);
}

static int tls_mbedtls_read(void *user, weir_tls_wire *wire, void *data, size_t cap, size_t *len)
{
    weir__tls_session *const session = tls_mbedtls_begin(user, wire);
    int got;
    do
        got = mbedtls_ssl_read(&session->ssl, (unsigned char *)data, cap);
    while (tls_mbedtls_is_nothing(got, wire));
    if (got < 0)
        return tls_mbedtls_step(session, got);
    *len = (size_t)got;
    return WEIR_TLS_DONE;
}

static int tls_mbedtls_write(void *user, weir_tls_wire *wire, const void *data, size_t len,
                             size_t *used)
{
    weir__tls_session *const session = tls_mbedtls_begin(user, wire);
    const int taken = mbedtls_ssl_write(&session->ssl, (const unsigned char *)data, len);
    if (taken < 0)
        return tls_mbedtls_step(session, taken);
    *used = (size_t)taken;
    return WEIR_TLS_DONE;
}

static int tls_mbedtls_close(void *user, weir_tls_wire *wire)
{
    weir__tls_session *const session = tls_mbedtls_begin(user, wire);
    if (session->is_left)
        return WEIR_TLS_WANT_OUTPUT;
    if (session->is_closing)
        return WEIR_TLS_DONE;
    session->is_closing = true;
    const int error = mbedtls_ssl_close_notify(&session->ssl);
    return error == 0 ? WEIR_TLS_DONE : tls_mbedtls_step(session, error);
}

static void tls_mbedtls_free(void *user)
{
    weir__tls_session *const session = (weir__tls_session *)user;
    session->context->sessions--;
    mbedtls_ssl_free(&session->ssl);
    mbedtls_ssl_session_free(&session->saved);
    mbedtls_free(session);
}

static const weir_tls_engine tls_mbedtls_engine = {
    sizeof(weir_tls_engine), TLS_MBEDTLS_OVERHEAD, tls_mbedtls_handshake, tls_mbedtls_read,
    tls_mbedtls_write,       tls_mbedtls_close,    weir__tls_facts_text,  weir__tls_facts_number,
    weir__tls_saved_write,   tls_mbedtls_free,
};

/* ---- Making a session ------------------------------------------------------------------------*/

/* Called for each certificate of the chain, the peer's own at depth 0. */
static int tls_mbedtls_verify(void *user, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    weir__tls_session *const session = (weir__tls_session *)user;
    if (depth != 0)
        return 0;
    const mbedtls_x509_buf *const issuer = &certificate->issuer_raw;
    const mbedtls_x509_buf *const subject = &certificate->subject_raw;
    session->is_self_signed =
        issuer->len == subject->len && memcmp(issuer->p, subject->p, issuer->len) == 0;
    if (session->address_len > 0 &&
        !weir__tls_address_matches(certificate, session->address, session->address_len))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/* One block: the session, the name with its NUL, the pump. */
static weir__tls_session *tls_mbedtls_allocate(weir_tls_context *context, const char *host,
                                               size_t host_len, weir_conn *conn, weir_tls **tls)
{
    const size_t align = 16;
    const size_t head = (sizeof(weir__tls_session) + host_len + align) / align * align;
    const size_t pump = weir_tls_size(context->output_bytes);
    uint8_t *const block = (uint8_t *)mbedtls_calloc(1, head + pump);
    if (!block)
        return NULL;
    weir__tls_session *const session = (weir__tls_session *)(void *)block;
    session->context = context;
    mbedtls_ssl_init(&session->ssl);
    mbedtls_ssl_session_init(&session->saved);
    if (host) {
        char *const name = (char *)block + sizeof *session;
        memcpy(name, host, host_len);
        session->host = name;
        session->host_len = host_len;
    }
    weir_tls_init(block + head, pump, &tls_mbedtls_engine, session, conn, tls);
    context->sessions++;
    return session;
}

static int tls_mbedtls_setup(weir__tls_session *session)
{
    const int error = mbedtls_ssl_setup(&session->ssl, &session->context->ssl);
    if (error != 0)
        return weir__tls_setup_status(error, WEIR_TLS_E_INTERNAL);
    mbedtls_ssl_set_bio(&session->ssl, session, tls_mbedtls_send, tls_mbedtls_receive, NULL);
    mbedtls_ssl_set_verify(&session->ssl, tls_mbedtls_verify, session);
    return WEIR_OK;
}

/* RFC 6066 3: an address is not sent; tls_mbedtls_verify looks for it. */
static int tls_mbedtls_set_host(weir__tls_session *session)
{
    session->address_len =
        weir__tls_address_parse(session->host, session->host_len, session->address);
    const int error =
        mbedtls_ssl_set_hostname(&session->ssl, session->address_len > 0 ? NULL : session->host);
    return error == 0 ? WEIR_OK : weir__tls_setup_status(error, WEIR_TLS_E_HOST);
}

static int tls_mbedtls_give(weir_tls **tls, int status)
{
    if (status != WEIR_OK) {
        weir_tls_free(*tls);
        *tls = NULL;
    }
    return status;
}

/* A name as certificates and SNI carry it: without the root's dot, brackets of a URL and NULs. */
static bool tls_mbedtls_trim_host(const char **host, size_t *len)
{
    if (*len == WEIR_NTS)
        for (*len = 0; (*host)[*len];)
            ++*len;
    if (*len > 2 && (*host)[0] == '[' && (*host)[*len - 1] == ']') {
        ++*host;
        *len -= 2;
    }
    if (*len > 1 && (*host)[*len - 1] == '.')
        --*len;
    for (size_t i = 0; i < *len; i++)
        if ((*host)[i] == '\0')
            return false;
    return *len > 0 && *len <= MBEDTLS_SSL_MAX_HOST_NAME_LEN;
}

int weir_tls_create_client(weir_tls_context *context, weir_conn *conn, const char *host,
                           size_t host_len, const void *session, size_t session_len, weir_tls **tls)
{
    if (tls)
        *tls = NULL;
    if (!tls || !context || !context->is_client || !host || (!session && session_len > 0))
        return WEIR_E_ARGUMENT;
    if (!tls_mbedtls_trim_host(&host, &host_len))
        return WEIR_TLS_E_HOST;
    weir__tls_session *const made = tls_mbedtls_allocate(context, host, host_len, conn, tls);
    if (!made)
        return WEIR_E_MEMORY;
    int status = tls_mbedtls_setup(made);
    if (status == WEIR_OK)
        status = tls_mbedtls_set_host(made);
    if (status == WEIR_OK)
        status = weir__tls_saved_read(made, (const uint8_t *)session, session_len);
    return tls_mbedtls_give(tls, status);
}

int weir_tls_create_server(weir_tls_context *context, weir_conn *conn, weir_tls **tls)
{
    if (tls)
        *tls = NULL;
    if (!tls || !context || context->is_client)
        return WEIR_E_ARGUMENT;
    weir__tls_session *const made = tls_mbedtls_allocate(context, NULL, 0, conn, tls);
    return made ? tls_mbedtls_give(tls, tls_mbedtls_setup(made)) : WEIR_E_MEMORY;
}

#endif
