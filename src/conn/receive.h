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
    int16_t stop;    /* not 0: 1, the caller must see the events first, or what to fail with */
    union {
        uint64_t fault_at;
        uint64_t begun_len; /* of a message that whole.c has begun */
    } note;
} weir__run;

/* Position of the next byte in all that was received. */
static inline uint64_t weir__run_offset(const weir__run *run)
{
    return run->origin + (uint64_t)(run->at - run->start);
}

/* Something is wrong at a position of what was received: taking bytes is over. The connection fails
 * when those who found that have returned: to queue a last word takes a stack of its own. */
static inline void weir__run_fail_at(weir__run *run, int cause, uint64_t at)
{
    run->stop = (int16_t)cause;
    run->note.fault_at = at;
}

/* The same at the next byte. */
static inline void weir__run_fail(weir__run *run, int cause)
{
    weir__run_fail_at(run, cause, weir__run_offset(run));
}

/* The next event, zeroed but for its type; there is room for it. */
weir_event *weir__run_event(weir__run *run, weir_event_type type);

/* What is held of the frame or message under way, made when there is none. NULL without memory: the
 * connection fails. */
weir__rx *weir__receive_open(weir__run *run);

/* Take input bytes, with a run that has its first four fields and that is not to stop. */
void weir__receive_run(weir__run *run, uint8_t *data, size_t len);

/* Take input: the call itself. It becomes part of each function that is called with input, so that
 * its arguments do not lie on the stack twice. */
WEIR__INLINE int weir__receive(weir_conn *conn, uint8_t *data, size_t len, size_t *used,
                               weir_event *events, size_t cap)
{
    weir__run run;
    run.conn = conn;
    run.events = events;
    run.cap = cap;
    run.count = 0;
    run.stop = 0;
    weir__receive_run(&run, data, len);
    *used = (size_t)(run.at - run.start);
    return (int)run.count;
}

/* A frame is complete but its event could not be given yet. */
bool weir__receive_is_due(const weir_conn *conn);

/* Where the next input bytes belong; NULL without memory. */
uint8_t *weir__receive_place(weir_conn *conn, size_t *len);

#endif
