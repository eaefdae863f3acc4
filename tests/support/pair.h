/* SPDX-License-Identifier: MIT */
/* A client and a server of one context, joined by two pipes of bytes. */
#ifndef WEIR_TESTS_PAIR_H
#define WEIR_TESTS_PAIR_H

#include "peer.h"

/* Numbers that look random and are the same in every run (splitmix64). */
typedef struct dice {
    uint64_t state;
} dice;
uint64_t dice_roll(dice *d);
uint64_t dice_below(dice *d, uint64_t limit); /* 0..limit-1 */

typedef struct pair_side {
    weir_conn *conn;
    bytes pipe;           /* on its way to this side */
    bytes got;            /* messages received: type, length in 4 bytes, payload */
    size_t counts[14];    /* events by their type */
    uint64_t tokens;      /* sum of the tokens of RELEASED */
    int32_t cause;        /* of CLOSED */
    uint16_t code;        /* of CLOSED */
    uint32_t clean;       /* of CLOSED */
    int other_side_ended; /* when the pipe is empty the transport ends */
    int eof_given;
} pair_side;

#define PAIR_SERVER 0
#define PAIR_CLIENT 1

typedef struct pair {
    weir_config config;
    weir_context *context;
    pair_side side[2];
    int no_accept; /* a REQUEST is left to on_event */
    int echo;      /* the server sends messages back */
    int one_event; /* events are taken one at a time */
    dice *cuts;    /* NULL: everything at once, else reads and writes of random sizes */
    void (*on_event)(struct pair *p, int side, const weir_event *event);
    void *user;
} pair;

/* Defaults in p->config (seeded, allocating through alloc); change it, then pair_open. */
void pair_init(pair *p, test_alloc *alloc);

/* The context, a server and a client; kind 'e': both open from the start. WEIR_OK or the first
 * status that is none; pair_free in any case. */
int pair_open(pair *p, char kind);
void pair_free(pair *p);

/* One write of a side into the other's pipe, of at most max bytes (SIZE_MAX: all). */
size_t pair_write(pair *p, int side, size_t max);
/* One read of a side. Returns bytes and events together. */
size_t pair_read(pair *p, int side, size_t max);
/* Move everything until both sides are quiet; fails when that takes more than steps turns. */
void pair_run(pair *p, size_t steps);

#endif
