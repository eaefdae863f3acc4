/* SPDX-License-Identifier: MIT */
/* Prepared messages: framed once, sent to many connections. */
#include "message.h"

#include <string.h>

#include "../kernels/utf8.h"
#include "../protocol/frame.h"

static bool message_is_text(const weir_context *context, const uint8_t *data, size_t len)
{
    uint32_t state = WEIR__UTF8_START;
    return weir__utf8_check(context->kernels, &state, data, len) == len &&
           state == WEIR__UTF8_START;
}

int weir__message_create(weir_context *context, int type, const uint8_t *data, size_t len,
                         weir_message **message)
{
    const bool check = type == WEIR_TEXT && context->policy.check_text != 0;
    if (check && !message_is_text(context, data, len))
        return WEIR_E_TEXT;
    const size_t overhead = sizeof(weir_message) + WEIR__MESSAGE_HEAD_ROOM;
    if (len > SIZE_MAX - overhead)
        return WEIR_E_MEMORY;
    size_t cap;
    weir_message *const made = weir__pool_take(&context->memory, overhead + len, &cap);
    if (!made)
        return WEIR_E_MEMORY;

    const weir_frame_head head = {.len = len, .fin = 1, .opcode = (uint8_t)type};
    uint8_t bytes[WEIR_FRAME_HEAD_MAX];
    const size_t head_len = weir__frame_head_write(&head, bytes);
    *made = (weir_message){.context = context,
                           .cap = cap,
                           .len = len,
                           .refs = 1,
                           .type = (uint8_t)type,
                           .head_len = (uint8_t)head_len};
    uint8_t *const payload = weir__message_payload(made);
    memcpy(payload - head_len, bytes, head_len);
    if (len > 0)
        memcpy(payload, data, len);
    context->message_count++;
    *message = made;
    return WEIR_OK;
}

void weir__message_release(weir_message *message)
{
    if (--message->refs > 0)
        return;
    weir_context *const context = message->context;
    context->message_count--;
    weir__pool_give(&context->memory, message, message->cap);
}
