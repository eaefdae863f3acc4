/* SPDX-License-Identifier: MIT */
/* Stories told again and again, with one thing going wrong at every place where it can. */
#ifndef WEIR_TESTS_FAULTS_H
#define WEIR_TESTS_FAULTS_H

#include "pair.h"

typedef enum fault_act {
    FAULT_CLOSE,
    FAULT_FREE,
    FAULT_SEND,
    FAULT_SILENCE, /* nothing more is read */
    FAULT_ACTS
} fault_act;

/* What goes wrong; zeros: nothing. */
typedef struct fault {
    uint64_t fail_at, fail_from, fail_every; /* allocations, as in test_alloc */
    uint64_t eof_at; /* a side's transport ends both ways behind this many bytes, counted from 1 */
    int eof_side;
    size_t write_max; /* at most so many bytes leave at once */
    size_t jump_at;   /* before this turn, counted from 1, the clock jumps */
    int64_t jump_ms;
    size_t event_at; /* at this event, counted from 1 */
    fault_act act;
} fault;

/* What the places of a story without faults are counted by. */
typedef struct fault_sizes {
    uint64_t allocations;
    uint64_t bytes[2]; /* received by each side */
    size_t turns;
    size_t events;
} fault_sizes;

/* ---- Both sides ------------------------------------------------------------------------------*/

/* An opening, messages sent in every way there is, pings, a silence, the end. */
typedef struct fault_story {
    char open; /* as in pair_open: 's' by a handshake, 'e' established */
    int deflate;
    int chunks; /* messages are delivered in pieces */
    int closer; /* the side that closes */
} fault_story;

#define FAULT_STORIES 12
fault_story fault_story_number(int number);

/* Tell it. Afterwards each side that was not freed has ended once, for a cause that is no fault of
 * its peer's; all that was borrowed was given back; what arrived is a beginning of what was sent,
 * and all of it when both ends were clean; nothing was leaked. */
fault_sizes fault_tell(const fault_story *story, const fault *f);

/* Everything that can go wrong with it; stride 1 leaves no place out, a larger one leaves out most
 * bytes behind the first. Returns how often it was told. */
uint64_t fault_sweep(const fault_story *story, size_t stride);

/* ---- One side --------------------------------------------------------------------------------*/

/* Every kind of frame and handshake that a scripted peer sends, good or bad, to both roles. For
 * each: every allocation failing, the transport ending after each byte, both cut into bytes or not.
 * The messages delivered are a beginning of those without a fault, and the cause is the same, or
 * memory, or the transport. Returns how many runs there were. */
uint64_t fault_sweep_scripts(void);

#endif
