/* SPDX-License-Identifier: MIT */
/* What a connection must remember of what was received: frames and messages in the making, and what
 * events point to. Between messages there is none. */
#ifndef WEIR_CONN_ASSEMBLY_H
#define WEIR_CONN_ASSEMBLY_H

#include "conn.h"

struct weir__rx {
    weir__buffer message; /* in the making */
    weir__buffer held;    /* given in an event, valid until the next receive call */

    /* The message under way, while in_message. */
    uint64_t message_bytes;   /* payload bytes so far, those of the frame under way included */
    uint32_t fragments;       /* data frames so far */
    uint32_t empty_fragments; /* those of them that carried nothing */
    uint32_t utf8;            /* state of the text check */
    bool in_message;
    bool chunk_given; /* its FIRST chunk was delivered */
    uint8_t type;     /* opcode of its first frame */

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
    uint8_t control_len; /* bytes of a control payload in the making */
    uint8_t control[WEIR__CONTROL_MAX];
};

/* The connection's assembly, made when there is none; NULL without memory. */
weir__rx *weir__assembly_open(weir_conn *conn);

/* Room for extra more message bytes. Memory grows with what arrived: 1 KiB, then at most twofold
 * and never beyond expected (all of the message, as far as known). WEIR_OK or WEIR_E_MEMORY. */
int weir__assembly_reserve(weir_conn *conn, size_t extra, uint64_t expected);

/* The message is complete: it moves to held. */
void weir__assembly_deliver(weir_conn *conn);

/* Events given before are void: let go of what they pointed to. */
void weir__assembly_release(weir_conn *conn);

/* Let go of all when nothing is left to remember. */
void weir__assembly_settle(weir_conn *conn);

/* Whether a message, a frame or a frame's head is in the making. */
static inline bool weir__assembly_is_partial(const weir__rx *rx)
{
    return rx->in_message || rx->in_payload || rx->head_len > 0;
}

void weir__assembly_free(weir_conn *conn);

uint64_t weir__assembly_bytes(const weir_conn *conn);

#endif
