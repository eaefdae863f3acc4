/* SPDX-License-Identifier: MIT */
/* Writing frames: heads, masking keys, fragments. */
#include "frames.h"

#include <string.h>

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
    for (;;) {
        const bool is_last = is_control || len <= fragment;
        const size_t piece = is_last ? len : (size_t)fragment;
        const uint8_t first = is_last && fin ? opcode | WEIR__FRAMES_FIN : opcode;
        const uint32_t key = weir__frames_key(conn);
        at += weir__frames_put(conn, at, first, data, piece, key);
        if (is_last)
            return (size_t)(at - out);
        opcode = WEIR__OP_CONTINUATION;
        data += piece;
        len -= piece;
    }
}

size_t weir__frames_write_close(const weir_conn *conn, uint8_t *out, uint32_t code,
                                weir_text reason, uint32_t key)
{
    const bool masked = weir__conn_is_client(conn);
    const size_t len = code ? 2 + reason.len : 0;
    uint8_t *const payload = out + (masked ? 2 + sizeof key : 2);
    out[0] = WEIR__FRAMES_FIN | WEIR__OP_CLOSE;
    out[1] = (uint8_t)(masked ? 0x80 | len : len);
    if (code) {
        payload[0] = (uint8_t)(code >> 8);
        payload[1] = (uint8_t)code;
        if (reason.len > 0)
            memcpy(payload + 2, reason.data, reason.len);
    }
    if (masked) {
        weir__bits_store32(out + 2, key);
        (void)conn->context->kernels->mask(payload, len, key);
    }
    return (size_t)(payload - out) + len;
}
