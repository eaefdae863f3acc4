/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), used for Sec-WebSocket-Accept only. */
#ifndef WEIR_KERNELS_SHA1_H
#define WEIR_KERNELS_SHA1_H

#include "kernels.h"

void weir__sha1(const weir__kernels *kernels, const uint8_t *data, size_t len, uint8_t digest[20]);

/* Digest of two pieces after each other. */
void weir__sha1_pair(const weir__kernels *kernels, const uint8_t *a, size_t a_len, const uint8_t *b,
                     size_t b_len, uint8_t digest[20]);

/* The same for the two pieces of an accept key (RFC 6455 4.2.2 item 5.4), in less time. */
void weir__sha1_accept(const weir__kernels *kernels, const uint8_t key[24], const uint8_t guid[36],
                       uint8_t digest[20]);

#endif
