/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 4), with padding. */
#ifndef WEIR_KERNELS_BASE64_H
#define WEIR_KERNELS_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes (len + 2) / 3 * 4 characters, no NUL. */
void weir__base64_encode(const uint8_t *data, size_t len, char *out);

/* Whether text is base64 of exactly 16 bytes: 22 characters and "==". Non-zero pad bits pass. */
bool weir__base64_is_key(const char *text, size_t len);

#endif
