/* SPDX-License-Identifier: MIT */
/* Lets calls of mbedTLS fail that hardly ever do. */
#ifndef WEIR_TESTS_TLS_LIES_H
#define WEIR_TESTS_TLS_LIES_H

/* What the calls of these names return, in place of doing their work; 0: they do it. */
typedef struct tls_lie {
    int entropy_func;
    int md;
    int ssl_get_session;
    int ssl_write;
} tls_lie;

extern tls_lie tls_lies;

#endif
