/* SPDX-License-Identifier: MIT */
/* What a session on mbedTLS has agreed on: its texts and numbers. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

static int tls_facts_give(const char *data, weir_text *text)
{
    if (!data)
        return WEIR_E_NOT_FOUND;
    *text = (weir_text){data, 0};
    while (data[text->len])
        text->len++;
    return WEIR_OK;
}

static int tls_facts_give_peer(const mbedtls_ssl_context *ssl, weir_text *text)
{
    const mbedtls_x509_crt *const peer = mbedtls_ssl_get_peer_cert(ssl);
    if (!peer)
        return WEIR_E_NOT_FOUND;
    *text = (weir_text){(const char *)peer->raw.p, peer->raw.len};
    return WEIR_OK;
}

int weir__tls_facts_text(const void *session, int id, weir_text *text)
{
    const mbedtls_ssl_context *const ssl = &((const weir__tls_session *)session)->ssl;
    switch (id) {
    case WEIR_TLS_TEXT_ALPN:
        return tls_facts_give(mbedtls_ssl_get_alpn_protocol(ssl), text);
    case WEIR_TLS_TEXT_VERSION:
        return tls_facts_give(mbedtls_ssl_get_version(ssl), text);
    case WEIR_TLS_TEXT_CIPHER:
        return tls_facts_give(mbedtls_ssl_get_ciphersuite(ssl), text);
    case WEIR_TLS_TEXT_PEER_CERTIFICATE:
        return tls_facts_give_peer(ssl, text);
    default:
        return WEIR_E_NOT_FOUND;
    }
}

uint32_t weir__tls_facts_number(const void *user, int id)
{
    const weir__tls_session *const session = (const weir__tls_session *)user;
    const bool is_open = session->ssl.WEIR__TLS_MEMBER(state) == MBEDTLS_SSL_HANDSHAKE_OVER;
    if (id == WEIR_TLS_NUMBER_RESUMED)
        return is_open && !session->is_full;
    return id == WEIR_TLS_NUMBER_ALERT ? session->alert : 0;
}

#endif
