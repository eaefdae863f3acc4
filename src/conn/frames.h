/* SPDX-License-Identifier: MIT */
/* Writing frames: heads, masking keys, fragments. */
#ifndef WEIR_CONN_FRAMES_H
#define WEIR_CONN_FRAMES_H

#include "../kernels/mask.h"
#include "conn.h"

#define WEIR__FRAMES_FIN 0x80u /* beside an opcode, in the first byte */

/* Bytes of a head without its key. */
static inline size_t weir__frames_head_len(size_t len)
{
    if (len < 126)
        return 2;
    return len <= UINT16_MAX ? 4 : 10; /* never: a chunk with room for more */
}

/* Write a head without its key, 2, 4 or 10 bytes. first: its first byte, mask: 0x80 or 0. */
static inline size_t weir__frames_put_head(uint8_t *out, uint8_t first, uint8_t mask, size_t len)
{
    out[0] = first;
    if (len < 126) {
        out[1] = (uint8_t)(mask | len);
        return 2;
    }
    if (len <= UINT16_MAX) {
        out[1] = mask | 126;
        out[2] = (uint8_t)(len >> 8);
        out[3] = (uint8_t)len;
        return 4;
    }
    out[1] = mask | 127;
    weir__bits_store32_big(out + 2, (uint32_t)((uint64_t)len >> 32));
    weir__bits_store32_big(out + 6, (uint32_t)len);
    return 10;
}

/* Short payloads are not worth a call: 8 to 32 bytes are two parts that may overlap. */
static inline void weir__frames_copy(uint8_t *out, const uint8_t *data, size_t len)
{
    uint8_t last[16];
    if (len >= 8 && len < 16) {
        memcpy(last, data + len - 8, 8);
        memcpy(out, data, 8);
        memcpy(out + len - 8, last, 8);
    } else if (len >= 16 && len <= 32) {
        memcpy(last, data + len - 16, 16);
        memcpy(out, data, 16);
        memcpy(out + len - 16, last, 16);
    } else if (len > 0) {
        memcpy(out, data, len);
    }
}

static inline void weir__frames_mask(const weir__kernels *kernels, uint8_t *out,
                                     const uint8_t *data, size_t len, uint32_t key)
{
    /* With 16 bytes the two words of weir__mask_8 just meet. */
    if (len >= 8 && len <= 16)
        (void)weir__mask_8(out, data, len, key);
    else if (len > 0)
        (void)kernels->mask_copy(out, data, len, key);
}

/* RFC 6455 5.3: a client's fresh key for each frame, drawn when the payload is already fixed. */
WEIR__FAST_INLINE uint32_t weir__frames_key(const weir_conn *conn)
{
    const weir_context *const context = conn->context;
    return weir__conn_is_server(conn)
               ? 0
               : weir__random_key(&context->entropy->masks, context->kernels);
}

/* Write one frame; first: its first byte. Returns its bytes. */
WEIR__FAST_INLINE size_t weir__frames_put(const weir_conn *conn, uint8_t *out, uint8_t first,
                                          const uint8_t *data, size_t len, uint32_t key)
{
    if (weir__conn_is_server(conn)) {
        const size_t head_len = weir__frames_put_head(out, first, 0, len);
        weir__frames_copy(out + head_len, data, len);
        return head_len + len;
    }
    const size_t head_len = weir__frames_put_head(out, first, 0x80, len);
    weir__bits_store32(out + head_len, key);
    weir__frames_mask(conn->context->kernels, out + head_len + sizeof key, data, len, key);
    return head_len + sizeof key + len;
}

/* Bytes that the frames of a payload may take; false when that is beyond memory. */
bool weir__frames_need(const weir_conn *conn, size_t len, size_t *need);

/* Write a payload as one frame, or as fragments of the policy's size. A client's are masked, each
 * with a key of its own. Returns the bytes written. */
size_t weir__frames_write(weir_conn *conn, uint8_t *out, uint8_t opcode, bool fin,
                          const uint8_t *data, size_t len);

/* Write a Close frame, with a client's key; code 0: it carries nothing. Returns its bytes. */
size_t weir__frames_write_close(const weir_conn *conn, uint8_t *out, uint32_t code,
                                weir_text reason, uint32_t key);

#endif
