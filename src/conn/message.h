/* SPDX-License-Identifier: MIT */
/* Prepared messages: framed once, sent to many connections. */
#ifndef WEIR_CONN_MESSAGE_H
#define WEIR_CONN_MESSAGE_H

#include "conn.h"

/* A server's head before the payload; long payloads get their heads as they leave. */
#define WEIR__MESSAGE_HEAD_ROOM 16u

struct weir_message {
    weir_context *context;
    size_t cap; /* of the whole block */
    size_t len; /* payload */
    uint32_t refs;
    uint8_t type;
    uint8_t head_len; /* the head ends where the payload starts */
};

static inline uint8_t *weir__message_payload(weir_message *message)
{
    return (uint8_t *)(message + 1) + WEIR__MESSAGE_HEAD_ROOM;
}

int weir__message_create(weir_context *context, int type, const uint8_t *data, size_t len,
                         weir_message **message);
void weir__message_release(weir_message *message);

#endif
