/* SPDX-License-Identifier: MIT */
/* What an echo does with an event, on any loop. */
#ifndef EXAMPLES_ECHO_H
#define EXAMPLES_ECHO_H

#include <stdbool.h>

#include <weir/weir.h>

/* paused: the peer does not read what we send, so we do not read what it sends. Pings and closes
 * are answered by the library. */
static inline void echo(weir_conn *conn, const weir_event *event, bool *paused)
{
    const int type = event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY;
    if (event->type == WEIR_EVENT_HIGH_WATER)
        *paused = true;
    else if (event->type == WEIR_EVENT_WRITABLE)
        *paused = false;
    else if (event->type == WEIR_EVENT_MESSAGE &&
             weir_conn_send(conn, type, event->data, event->len) == WEIR_E_MEMORY)
        weir_conn_close(conn, 1011, "out of memory", WEIR_NTS);
}

#endif
