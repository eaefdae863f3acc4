/* SPDX-License-Identifier: MIT */
/* What the files on mbedTLS share: its headers, in both versions, and the two objects. */
#ifndef WEIR_TLS_MBEDTLS_H
#define WEIR_TLS_MBEDTLS_H

#include <weir/tls.h>

#if defined(WEIR_TLS) && !defined(WEIR_TLS_NO_MBEDTLS)
#define WEIR__TLS_MBEDTLS 1

#include <mbedtls/version.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

/* Two members of mbedtls_ssl_context are read that have no function to ask: the handshake's state
 * and, after an alert, the message. */
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define WEIR__TLS_MEMBER(name) MBEDTLS_PRIVATE(name)
#else
#define WEIR__TLS_MEMBER(name) name
#endif

#define WEIR__TLS_MAX_ALPN 8
#define WEIR__TLS_DIGEST 32 /* SHA-256 */

struct weir_tls_context {
    mbedtls_ssl_config ssl;
    mbedtls_x509_crt certificate; /* ours and its chain */
    mbedtls_x509_crt ca;
    mbedtls_pk_context key;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context drbg;
    mbedtls_ssl_ticket_context ticket;
    int (*random)(void *user, unsigned char *out, size_t len);
    void *random_user;
    char *alpn;                                /* the names, each ending with a NUL */
    const char *names[WEIR__TLS_MAX_ALPN + 1]; /* they, and a NULL */
    size_t output_bytes;
    size_t sessions;                     /* that live */
    uint8_t trust[2 * WEIR__TLS_DIGEST]; /* of the CAs and of our certificate, as they were given */
    bool is_client;
    bool verify;
};

/* One side of one connection; the weir_tls and the host's name lie behind it in its block. */
typedef struct weir__tls_session {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_session saved; /* valid when has_saved */
    weir_tls_context *context;
    weir_tls_wire *wire;  /* during a call of the engine */
    const char *host;     /* NUL-terminated; NULL for a server */
    size_t host_len;      /* bytes */
    size_t address_len;   /* bytes of address: the host is one; 0: it is a name */
    uint8_t address[16];  /* in network order */
    uint32_t alert;       /* that ended TLS */
    uint32_t local_alert; /* that we sent in the clear */
    bool has_saved;
    bool is_full; /* the handshake was not a resumed one */
    bool is_self_signed;
    bool is_left;    /* mbedTLS holds the rest of a record, for which there was no place */
    bool is_closing; /* it was asked for close_notify */
} weir__tls_session;

/* The status that an error of mbedTLS means for this session. */
int weir__tls_error_status(const weir__tls_session *session, int error);

/* The status of an error when a context is made: memory, or what was being done. */
int weir__tls_setup_status(int error, int otherwise);

/* Whether the host is an IP address; its bytes. */
size_t weir__tls_address_parse(const char *text, size_t len, uint8_t *address);

/* Whether a certificate carries the address (RFC 5280 4.2.1.6). */
bool weir__tls_address_matches(const mbedtls_x509_crt *certificate, const uint8_t *address,
                               size_t len);

/* The engine's text, number and save, and the start from saved bytes. */
int weir__tls_facts_text(const void *session, int id, weir_text *text);
uint32_t weir__tls_facts_number(const void *session, int id);
int weir__tls_saved_write(void *session, void *data, size_t cap, size_t *len);
int weir__tls_saved_read(weir__tls_session *session, const uint8_t *data, size_t len);

#endif

#endif
