/* SPDX-License-Identifier: MIT */
/* Frame heads (RFC 6455 5.2). */
#ifndef WEIR_PROTOCOL_FRAME_H
#define WEIR_PROTOCOL_FRAME_H

#include <weir/pieces.h>

enum {
    WEIR__OP_CONTINUATION = 0,
    WEIR__OP_TEXT = 1,
    WEIR__OP_BINARY = 2,
    WEIR__OP_CLOSE = 8,
    WEIR__OP_PING = 9,
    WEIR__OP_PONG = 10,
    WEIR__OP_MASK = 15,
    WEIR__OP_RSV1 = 0x40 /* beside an opcode, as in the first byte of a frame */
};

#define WEIR__CONTROL_MAX 125u

/* Bytes of a head by its first two bytes: 2..14. */
size_t weir__frame_head_len(uint8_t second);

/* Arguments already checked; see weir_frame_head_read and _write. */
int weir__frame_head_read(const uint8_t *data, size_t len, weir_frame_head *head);
size_t weir__frame_head_write(const weir_frame_head *head, uint8_t *out);

#endif
