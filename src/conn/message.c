/* SPDX-License-Identifier: MIT */
/* Prepared messages: framed once, sent to many connections. */
#include "message.h"

#include <string.h>

#include "../kernels/utf8.h"
#include "../protocol/frame.h"
#include "compression.h"

static bool message_is_text(const weir_context *context, const uint8_t *data, size_t len)
{
    uint32_t state = WEIR__UTF8_START;
    return weir__utf8_check(context->kernels, &state, data, len) == len &&
           state == WEIR__UTF8_START;
}

/* Frame a payload; opcode may have RSV1. */
static weir_message *message_make(weir_context *context, uint8_t opcode, const uint8_t *data,
                                  size_t len)
{
    const size_t overhead = sizeof(weir_message) + WEIR__MESSAGE_HEAD_ROOM;
    size_t cap;
    if (len > SIZE_MAX - overhead)
        return NULL;
    weir_message *const made = weir__pool_take(&context->memory, overhead + len, &cap);
    if (!made)
        return NULL;
    const weir_frame_head head = {
        .len = len, .fin = 1, .rsv = opcode >> 4, .opcode = opcode & WEIR__OP_MASK};
    uint8_t bytes[WEIR_FRAME_HEAD_MAX];
    const size_t head_len = weir__frame_head_write(&head, bytes);
    *made = (weir_message){.context = context,
                           .cap = cap,
                           .len = len,
                           .refs = 1,
                           .type = opcode,
                           .head_len = (uint8_t)head_len};
    uint8_t *const payload = weir__message_payload(made);
    memcpy(payload - head_len, bytes, head_len);
    if (len > 0)
        memcpy(payload, data, len);
    context->message_count++;
    return made;
}

int weir__message_create(weir_context *context, int type, const uint8_t *data, size_t len,
                         weir_message **message)
{
    const uint8_t opcode = (uint8_t)(type & WEIR__OP_MASK);
    const bool check = opcode == WEIR_TEXT && context->policy.check_text != 0;
    if (check && !message_is_text(context, data, len))
        return WEIR_E_TEXT;
    *message = message_make(context, opcode, data, len);
    if (!*message)
        return WEIR_E_MEMORY;
    (*message)->choice = (uint8_t)(type & WEIR_AUTO);
    return WEIR_OK;
}

static weir_message *message_add_variant(weir_message *message, int choice, uint32_t bits)
{
    weir_context *const context = message->context;
    weir__deflated packed;
    if (weir__compression_shared(context, choice, bits, weir__message_payload(message),
                                 message->len, &packed) != WEIR_OK)
        return NULL;
    weir_message *const made =
        message_make(context, (uint8_t)(message->type | WEIR__OP_RSV1), packed.data, packed.len);
    if (made) {
        made->is_plain = packed.cap == 0;
        made->choice = (uint8_t)choice;
        made->bits = (uint8_t)bits;
        made->next = message->variants;
        message->variants = made;
    }
    weir__deflated_free(context, &packed);
    return made;
}

weir_message *weir__message_variant(weir_message *message, int choice, uint32_t bits)
{
    weir_message *variant = message->variants;
    while (variant && (variant->bits != bits || variant->choice != choice))
        variant = variant->next;
    if (!variant)
        variant = message_add_variant(message, choice, bits);
    return variant && variant->is_plain ? message : variant;
}

static void message_free(weir_message *message)
{
    message->context->message_count--;
    weir__pool_give(&message->context->memory, message, message->cap);
}

/* A variant has none of its own, so this goes one level deep. */
void weir__message_end(weir_message *message)
{
    for (weir_message *variant = message->variants; variant;) {
        weir_message *const next = variant->next;
        if (--variant->refs == 0)
            message_free(variant);
        variant = next;
    }
    message_free(message);
}
