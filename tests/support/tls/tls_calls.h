/* SPDX-License-Identifier: MIT */
/* Counts what mbedTLS and the TLS of weir allocate, and lets it fail. */
#ifndef WEIR_TESTS_TLS_CALLS_H
#define WEIR_TESTS_TLS_CALLS_H

#include <stddef.h>

extern size_t tls_calls;  /* calls of calloc so far */
extern size_t tls_living; /* blocks that were not freed */
extern size_t tls_fail;   /* the call with this number fails, from 1; 0: none */

#endif
