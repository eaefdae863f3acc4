/* SPDX-License-Identifier: MIT */
/* Writing frames: heads, masking keys, fragments. */
#ifndef WEIR_CONN_FRAMES_H
#define WEIR_CONN_FRAMES_H

#include "conn.h"

/* Bytes that the frames of a payload may take; false when that is beyond memory. */
bool weir__frames_need(const weir_conn *conn, size_t len, size_t *need);

/* Write a payload as one frame, or as fragments of the policy's size. A client's are masked, each
 * with a key of its own. Returns the bytes written. */
size_t weir__frames_write(weir_conn *conn, uint8_t *out, uint8_t opcode, bool fin,
                          const uint8_t *data, size_t len);

#endif
