/* SPDX-License-Identifier: MIT */
/* Frame heads (RFC 6455 5.2). */
#include "frame.h"

#include <string.h>

#include "../base/bits.h"

#define FRAME_LEN16 126u
#define FRAME_LEN64 127u

/* Bytes between the first two and the masking key. */
static size_t frame_extended_len(uint8_t second)
{
    const uint8_t form = second & 0x7Fu;
    if (form < FRAME_LEN16)
        return 0;
    return form == FRAME_LEN16 ? 2 : 8;
}

static uint64_t frame_payload_len(const uint8_t *data, size_t extended)
{
    if (extended == 0)
        return data[1] & 0x7Fu;
    return extended == 2 ? weir__bits_load16_big(data + 2) : weir__bits_load64_big(data + 2);
}

static void frame_store(uint8_t *out, size_t len, uint64_t value)
{
    for (size_t i = len; i > 0; i--, value >>= 8)
        out[i - 1] = (uint8_t)value;
}

/* RFC 6455 5.2: the shortest form must be used, and the top bit of 64 must be 0. */
static int frame_check_len(size_t extended, uint64_t len)
{
    if (extended == 2 && len < FRAME_LEN16)
        return WEIR_E_LENGTH_FORM;
    if (extended == 8 && len <= UINT16_MAX)
        return WEIR_E_LENGTH_FORM;
    return len > INT64_MAX ? WEIR_E_LENGTH_RANGE : WEIR_OK;
}

size_t weir__frame_head_len(uint8_t second)
{
    return 2 + frame_extended_len(second) + ((second & 0x80u) != 0 ? 4u : 0u);
}

int weir__frame_head_read(const uint8_t *data, size_t len, weir_frame_head *head)
{
    if (len < 2)
        return 0;
    const size_t extended = frame_extended_len(data[1]);
    if (len - 2 < extended)
        return 0;
    const uint64_t payload = frame_payload_len(data, extended);
    const int status = frame_check_len(extended, payload);
    if (status != WEIR_OK)
        return status;
    const size_t need = weir__frame_head_len(data[1]);
    if (len < need)
        return 0;
    head->len = payload;
    head->fin = data[0] >> 7;
    head->rsv = data[0] >> 4 & 7u;
    head->opcode = data[0] & 15u;
    head->masked = data[1] >> 7;
    memset(head->key, 0, sizeof head->key);
    if (head->masked != 0)
        memcpy(head->key, data + 2 + extended, sizeof head->key);
    return (int)need;
}

size_t weir__frame_head_write(const weir_frame_head *head, uint8_t *out)
{
    uint8_t form = FRAME_LEN64;
    if (head->len <= UINT16_MAX)
        form = head->len < FRAME_LEN16 ? (uint8_t)head->len : FRAME_LEN16;
    out[0] = (uint8_t)(head->fin << 7 | head->rsv << 4 | head->opcode);
    out[1] = (uint8_t)(head->masked << 7 | form);
    const size_t extended = frame_extended_len(form);
    frame_store(out + 2, extended, head->len);
    if (head->masked != 0)
        memcpy(out + 2 + extended, head->key, sizeof head->key);
    return weir__frame_head_len(out[1]);
}
