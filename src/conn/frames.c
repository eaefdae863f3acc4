/* SPDX-License-Identifier: MIT */
/* Writing frames: heads, masking keys, fragments. */
#include "frames.h"

#include <string.h>

bool weir__frames_need(const weir_conn *conn, size_t len, size_t *need)
{
    const uint64_t fragment = conn->policy->fragment_bytes;
    const uint64_t count = len / fragment + 1;
    if (count > (SIZE_MAX - len) / WEIR_FRAME_HEAD_MAX)
        return false;
    *need = len + (size_t)count * WEIR_FRAME_HEAD_MAX;
    return true;
}

static size_t frames_write_one(weir_conn *conn, uint8_t *out, uint8_t opcode, bool fin,
                               const uint8_t *data, size_t len)
{
    weir_frame_head head = {
        .len = len, .fin = fin, .rsv = opcode >> 4, .opcode = opcode & WEIR__OP_MASK};
    uint32_t key = 0;
    if (conn->role == WEIR_CLIENT) {
        /* RFC 6455 5.3: a fresh key for each frame, drawn when the payload is already fixed. */
        key = weir__random_key(&conn->context->entropy->masks);
        head.masked = 1;
        memcpy(head.key, &key, sizeof key);
    }
    const size_t head_len = weir__frame_head_write(&head, out);
    if (len == 0)
        return head_len;
    if (conn->role == WEIR_CLIENT)
        conn->context->kernels->mask_copy(out + head_len, data, len, key);
    else
        memcpy(out + head_len, data, len);
    return head_len + len;
}

size_t weir__frames_write(weir_conn *conn, uint8_t *out, uint8_t opcode, bool fin,
                          const uint8_t *data, size_t len)
{
    const uint64_t fragment = conn->policy->fragment_bytes;
    const bool is_control = (opcode & 0x08) != 0;
    uint8_t *at = out;
    while (len > fragment && !is_control) {
        const size_t piece = (size_t)fragment;
        at += frames_write_one(conn, at, opcode, false, data, piece);
        opcode = WEIR__OP_CONTINUATION;
        data += piece;
        len -= piece;
    }
    at += frames_write_one(conn, at, opcode, fin, data, len);
    return (size_t)(at - out);
}
