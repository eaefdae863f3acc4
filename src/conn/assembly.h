/* SPDX-License-Identifier: MIT */
/* Received bytes that a connection must hold: messages and control payloads in the making, and
 * those that events point to. */
#ifndef WEIR_CONN_ASSEMBLY_H
#define WEIR_CONN_ASSEMBLY_H

#include "conn.h"

struct weir__assembly {
    weir__buffer message; /* in the making */
    weir__buffer held;    /* given in an event, valid until the next receive call */
    size_t cap;           /* of this block */
    uint8_t control_len;  /* bytes of a control payload in the making */
    bool control_held;    /* control was given in an event */
    uint8_t control[WEIR__CONTROL_MAX];
};

/* The connection's assembly, made when there is none; NULL without memory. */
weir__assembly *weir__assembly_open(weir_conn *conn);

/* Room for extra more message bytes. Memory grows with what arrived, at most twofold and never
 * beyond expected (all of the message, as far as known). WEIR_OK or WEIR_E_MEMORY. */
int weir__assembly_reserve(weir_conn *conn, size_t extra, uint64_t expected);

/* The message is complete: it moves to held. */
void weir__assembly_deliver(weir_conn *conn);

/* Events given before are void: let go of what they pointed to, and of all when nothing is left. */
void weir__assembly_release(weir_conn *conn);

void weir__assembly_free(weir_conn *conn);

uint64_t weir__assembly_bytes(const weir_conn *conn);

#endif
