/* SPDX-License-Identifier: MIT */
/* Writing frames: heads, masking keys, fragments. */
#include "frames.h"

bool weir__frames_need(const weir_conn *conn, size_t len, size_t *need)
{
    const uint64_t fragment = conn->policy->fragment_bytes;
    const uint64_t count = len <= fragment ? 1 : len / fragment + 1;
    if (count > (SIZE_MAX - len) / WEIR_FRAME_HEAD_MAX)
        return false;
    *need = len + (size_t)count * WEIR_FRAME_HEAD_MAX;
    return true;
}

size_t weir__frames_write(weir_conn *conn, uint8_t *out, uint8_t opcode, bool fin,
                          const uint8_t *data, size_t len)
{
    const uint64_t fragment = conn->policy->fragment_bytes;
    const bool is_control = (opcode & 0x08) != 0;
    uint8_t *at = out;
    while (len > fragment && !is_control) {
        const size_t piece = (size_t)fragment;
        at += weir__frames_put(conn, at, opcode, data, piece);
        opcode = WEIR__OP_CONTINUATION;
        data += piece;
        len -= piece;
    }
    at += weir__frames_put(conn, at, (uint8_t)(opcode | (fin ? WEIR__FRAMES_FIN : 0)), data, len);
    return (size_t)(at - out);
}
