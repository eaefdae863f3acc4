/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3) as a block function. */
#ifndef WEIR_KERNELS_CHACHA_H
#define WEIR_KERNELS_CHACHA_H

#include <stddef.h>
#include <stdint.h>

/* Key stream of count blocks of 64 bytes, from block number counter on. The key and the nonce may
 * lie in out. */
void weir__chacha20(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t *out,
                    size_t count);

#endif
