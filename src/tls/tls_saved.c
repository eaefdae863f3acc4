/* SPDX-License-Identifier: MIT */
/* A client's session as bytes: for which host and how checked, then what mbedTLS makes of it. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

#include <string.h>

/* A resumed handshake shows no certificate: the bytes say for whom it was checked, whether, against
 * which CAs, and what we showed ourselves. */
#define TLS_SAVED_FIXED 4 /* 'W', 2; 1 when it was checked; length of the host's name */
#define TLS_SAVED_HEAD (TLS_SAVED_FIXED + 2 * WEIR__TLS_DIGEST)

static void tls_saved_head(const weir__tls_session *session, uint8_t *head)
{
    head[0] = 'W';
    head[1] = 2;
    head[2] = session->context->verify;
    head[3] = (uint8_t)session->host_len;
    memcpy(head + TLS_SAVED_FIXED, session->context->trust, sizeof session->context->trust);
}

/* mbedTLS 3 gives a session out once: that one stays. A copy that fails has taken its place. */
static int tls_saved_take(weir__tls_session *session)
{
    const int error = mbedtls_ssl_get_session(&session->ssl, &session->saved);
    const int otherwise = session->has_saved ? WEIR_OK : WEIR_E_NOT_FOUND;
    const int status = error == 0 ? WEIR_OK : weir__tls_setup_status(error, otherwise);
    session->has_saved = status == WEIR_OK;
    return status;
}

int weir__tls_saved_write(void *user, void *data, size_t cap, size_t *len)
{
    weir__tls_session *const session = (weir__tls_session *)user;
    const size_t head = TLS_SAVED_HEAD + session->host_len;
    uint8_t *const out = (uint8_t *)data;
    uint8_t none;
    if (!session->host)
        return WEIR_E_NOT_FOUND;
    const int status = tls_saved_take(session);
    if (status != WEIR_OK)
        return status;
    const size_t room = cap > head ? cap - head : 0;
    const int error =
        mbedtls_ssl_session_save(&session->saved, room > 0 ? out + head : &none, room, len);
    *len += head;
    if (error != 0)
        return weir__tls_setup_status(error, WEIR_E_SHORT);
    tls_saved_head(session, out);
    memcpy(out + TLS_SAVED_HEAD, session->host, session->host_len);
    return WEIR_OK;
}

/* Bytes that do not fit are as good as none. */
int weir__tls_saved_read(weir__tls_session *session, const uint8_t *data, size_t len)
{
    const size_t head = TLS_SAVED_HEAD + session->host_len;
    uint8_t wanted[TLS_SAVED_HEAD];
    tls_saved_head(session, wanted);
    if (len <= head || memcmp(data, wanted, TLS_SAVED_HEAD) != 0 ||
        memcmp(data + TLS_SAVED_HEAD, session->host, session->host_len) != 0)
        return WEIR_OK;
    mbedtls_ssl_session saved;
    mbedtls_ssl_session_init(&saved);
    int error = mbedtls_ssl_session_load(&saved, data + head, len - head);
    if (error == 0)
        error = mbedtls_ssl_set_session(&session->ssl, &saved);
    mbedtls_ssl_session_free(&saved);
    return weir__tls_setup_status(error, WEIR_OK);
}

#endif
