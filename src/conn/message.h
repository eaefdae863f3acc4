/* SPDX-License-Identifier: MIT */
/* Prepared messages: framed once, sent to many connections. */
#ifndef WEIR_CONN_MESSAGE_H
#define WEIR_CONN_MESSAGE_H

#include "conn.h"

/* A server's head before the payload; long payloads get their heads as they leave. */
#define WEIR__MESSAGE_HEAD_ROOM 16u

struct weir_message {
    weir_context *context;
    size_t cap;                    /* of the whole block */
    size_t len;                    /* payload */
    struct weir_message *variants; /* compressed ones, each with a reference of ours */
    struct weir_message *next;     /* of the variants of one message */
    uint32_t refs;
    uint8_t choice;   /* weir_compression it was made with, 0: the connection's mode decides */
    uint8_t bits;     /* of a variant: windows that it needs; of the plain one 0 */
    bool is_plain;    /* a variant that came out no shorter: the plain one is sent */
    uint8_t type;     /* opcode, with RSV1 when compressed */
    uint8_t head_len; /* the head ends where the payload starts */
};

static inline uint8_t *weir__message_payload(weir_message *message)
{
    return (uint8_t *)(message + 1) + WEIR__MESSAGE_HEAD_ROOM;
}

int weir__message_create(weir_context *context, int type, const uint8_t *data, size_t len,
                         weir_message **message);

/* Give back a reference; the last one ends the message. */
void weir__message_end(weir_message *message);
static inline void weir__message_release(weir_message *message)
{
    if (message->refs > 1)
        message->refs--;
    else
        weir__message_end(message);
}

/* What a connection with this choice, which is not PLAIN, and windows of these bits sends: a
 * compressed variant, made once, or the message itself. NULL without memory. */
weir_message *weir__message_variant(weir_message *message, int choice, uint32_t bits);

#endif
