/* SPDX-License-Identifier: MIT */
/* Close codes and the payload of a Close (RFC 6455 5.5.1, 7.4). */
#ifndef WEIR_PROTOCOL_CLOSE_H
#define WEIR_PROTOCOL_CLOSE_H

#include <weir/pieces.h>

#define WEIR__CLOSE_NO_CODE 1005u
#define WEIR__CLOSE_ABNORMAL 1006u

bool weir__close_code_valid(uint32_t code);

/* As weir_close_payload_read and _write; arguments already checked for NULL. */
int weir__close_payload_read(const uint8_t *payload, size_t len, uint32_t *code, weir_text *reason);
int weir__close_payload_write(uint32_t code, weir_text reason, uint8_t *out);

/* What weir__close_payload_write would return. */
int weir__close_payload_check(uint32_t code, weir_text reason);

#endif
