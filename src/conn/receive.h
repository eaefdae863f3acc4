/* SPDX-License-Identifier: MIT */
/* Receiving: bytes in, events out. */
#ifndef WEIR_CONN_RECEIVE_H
#define WEIR_CONN_RECEIVE_H

#include "conn.h"

/* One receive call, as far as it has come. */
typedef struct weir__run {
    weir_conn *conn;
    weir_event *events;
    size_t cap;
    size_t count;
    uint8_t *start; /* of the bytes that are looked at: the input, or early bytes */
    uint8_t *at;
    uint8_t *end;
    uint64_t origin; /* position of start in all that was received */
    bool stop;       /* the caller must see the events first */
} weir__run;

/* Position of the next byte in all that was received. */
static inline uint64_t weir__run_offset(const weir__run *run)
{
    return run->origin + (uint64_t)(run->at - run->start);
}

/* The next event, zeroed but for its type; there is room for it. */
weir_event *weir__run_event(weir__run *run, weir_event_type type);

/* What is held of the frame or message under way, made when there is none. NULL without memory: the
 * connection has failed. */
weir__rx *weir__receive_open(weir__run *run);

int weir__receive(weir_conn *conn, uint8_t *data, size_t len, size_t *used, weir_event *events,
                  size_t cap);

/* A frame is complete but its event could not be given yet. */
bool weir__receive_is_due(const weir_conn *conn);

/* Where the next input bytes belong; NULL without memory. */
uint8_t *weir__receive_place(weir_conn *conn, size_t *len);

#endif
