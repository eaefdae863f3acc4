/* SPDX-License-Identifier: MIT */
/* What a connection must remember of what was received: frames and messages in the making, and what
 * events point to. Between messages there is none. */
#ifndef WEIR_CONN_ASSEMBLY_H
#define WEIR_CONN_ASSEMBLY_H

#include "conn.h"

struct weir__rx {
    weir__buffer message; /* in the making */
    weir__buffer held;    /* given in an event, valid until the next receive call */

    /* The message under way, while in_message. What is written byte by byte and read together lies
     * in words of its own: a load that is wider than the store it waits for takes its time. */
    bool in_message;
    uint64_t message_bytes;   /* payload bytes so far, those of the frame under way included */
    uint32_t fragments;       /* data frames so far */
    uint32_t empty_fragments; /* those of them that carried nothing */
    uint32_t utf8;            /* state of the text check */
    bool chunk_given;         /* its FIRST chunk was delivered */
    uint8_t type;             /* opcode of its first frame */

    /* The frame under way, while in_payload. */
    bool in_payload;
    bool fin;
    uint8_t opcode;
    uint32_t key;        /* turned to the next payload byte */
    uint64_t frame_left; /* payload bytes still to come */

    uint8_t head_len; /* bytes of a frame head that is not whole yet */
    uint8_t head[WEIR_FRAME_HEAD_MAX];

    size_t cap; /* of this block */

    bool control_held;   /* control was given in an event */
    uint8_t control_len; /* bytes taken of the control payload under way */
    uint8_t control[WEIR__CONTROL_MAX];
};

/* Make the connection's assembly, of which there is none; NULL without memory. */
weir__rx *weir__assembly_make(weir_conn *conn);

/* The connection's assembly, made when there is none; NULL without memory. */
static inline weir__rx *weir__assembly_open(weir_conn *conn)
{
    return conn->rx ? conn->rx : weir__assembly_make(conn);
}

/* The same as below, where that is more than there is. */
int weir__assembly_grow(weir_conn *conn, size_t extra, uint64_t expected);

/* Room for extra more message bytes. Memory grows with what arrived: 1 KiB, then at most twofold
 * and never beyond expected (all of the message, as far as known). WEIR_OK or WEIR_E_MEMORY. */
static inline int weir__assembly_reserve(weir_conn *conn, size_t extra, uint64_t expected)
{
    const weir__buffer *const message = &conn->rx->message;
    return extra <= message->cap - message->len ? WEIR_OK
                                                : weir__assembly_grow(conn, extra, expected);
}

/* The message is complete: it moves to held. */
static inline void weir__assembly_deliver(weir__rx *rx)
{
    /* One by one: its length may be too new to be read together with the others. */
    rx->held.data = rx->message.data;
    rx->held.len = rx->message.len;
    rx->held.cap = rx->message.cap;
    rx->message = (weir__buffer){NULL, 0, 0};
}

/* Events given before are void: let go of what they pointed to. */
static inline void weir__assembly_release(weir_conn *conn)
{
    weir__rx *const rx = conn->rx;
    if (rx->held.cap > 0)
        weir__pool_give(&conn->context->memory, rx->held.data, rx->held.cap);
    rx->held = (weir__buffer){NULL, 0, 0};
    rx->control_held = false;
}

/* Whether a message, a frame or a frame's head is in the making. */
static inline bool weir__assembly_is_partial(const weir__rx *rx)
{
    return rx->in_message || rx->in_payload || rx->head_len > 0;
}

/* Let go of all when nothing is left to remember. Nothing is in the making. */
void weir__assembly_settle(weir_conn *conn);

void weir__assembly_free(weir_conn *conn);

uint64_t weir__assembly_bytes(const weir_conn *conn);

#endif
