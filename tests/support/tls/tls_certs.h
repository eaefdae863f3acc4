/* SPDX-License-Identifier: MIT */
/* Certificates made while a test runs, so that none in the tree can expire. */
#ifndef WEIR_TESTS_TLS_CERTS_H
#define WEIR_TESTS_TLS_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

typedef struct tls_cert {
    const char *name;        /* distinguished name, such as "CN=localhost" */
    char pem[2048];          /* the certificate */
    char key_pem[512];       /* its private key */
    unsigned char der[1024]; /* the certificate again */
    size_t der_len;
    mbedtls_pk_context key;
} tls_cert;

/* What is special about a certificate; zeros: nothing. */
typedef struct tls_cert_wish {
    const char *dns;        /* subjectAltName */
    const uint8_t *address; /* [address_len] subjectAltName */
    size_t address_len;
    const char *not_before; /* "YYYYMMDDhhmmss"; NULL: 2001 */
    const char *not_after;  /* NULL: 2099 */
    bool is_ca;
    bool is_sha1;
    int extended_use; /* 1: for servers alone, 2: for clients alone */
} tls_cert_wish;

/* Make a key and a certificate, signed by signer, by itself when that is NULL. */
void tls_cert_make(tls_cert *made, const char *name, const tls_cert *signer,
                   const tls_cert_wish *wish);
void tls_cert_free(tls_cert *made);

/* Read a private key that ends with a NUL. */
void tls_parse_key(mbedtls_pk_context *key, const char *pem);

/* A source of numbers for tests that is the same each time. */
int tls_test_random(void *user, unsigned char *out, size_t len);

/* What most tests need: a CA, a server's certificate by it for localhost and 127.0.0.1. */
typedef struct tls_certs {
    tls_cert ca;
    tls_cert server;
} tls_certs;

const tls_certs *tls_certs_usual(void);

#endif
