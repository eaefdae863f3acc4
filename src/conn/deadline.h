/* SPDX-License-Identifier: MIT */
/* Deadlines of a connection: handshake, silence, idleness, closing. */
#ifndef WEIR_CONN_DEADLINE_H
#define WEIR_CONN_DEADLINE_H

#include "conn.h"

/* Put the connection where its next deadline will be noticed. */
void weir__deadline_arm(weir_conn *conn);

/* Something changed that may have brought the next deadline forward. */
void weir__deadline_moved(weir_conn *conn);

/* None any more; the caller makes the connection ready, which takes it off the wheel. */
void weir__deadline_none(weir_conn *conn);

/* Act on every deadline that has passed. */
void weir__deadline_check(weir_conn *conn);

/* Notes of what the deadlines depend on. */
void weir__deadline_ping_left(weir_conn *conn); /* a ping was given to the transport */
static inline void weir__deadline_heard(weir_conn *conn)
{
    /* Any byte is life: it need not be the pong. */
    conn->last_rx_at = conn->context->now;
    if (!weir__conn_has(conn, WEIR__FLAG_PING_WAITS))
        return;
    weir__conn_unmark(conn, WEIR__FLAG_PING_WAITS);
    weir__deadline_moved(conn); /* the next ping may be due before this one's pong was */
}

#endif
