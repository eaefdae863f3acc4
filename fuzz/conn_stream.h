/* SPDX-License-Identifier: MIT */
/* A connection that is fed a stream of bytes, several times over, cut up in several ways: what it
 * says and does must be the same each time, within budgets, and right where that can be told. */
#ifndef WEIR_FUZZ_STREAM_H
#define WEIR_FUZZ_STREAM_H

#include "fuzz.h"

typedef struct stream_run stream_run;

typedef struct stream_setup {
    char kind; /* 's' a server awaits a request, 'c' a client asks; 'S', 'C' open from the start */
    weir_config config; /* stream_setup_init; allocator and budget are the runs' */
    weir_request request;
    fuzz_bytes prelude; /* fed whole before the input, not looked at */
    int echo;           /* messages are sent back */
    int eof;            /* the transport ends behind the input */
    int answer;         /* to a REQUEST: 0 accept, 1 accept the first subprotocol with a field,
                           2 respond 403, 3 close, 4 nothing until all input is there, 5 nothing */
    int timed;          /* a time was told */
    uint64_t work;      /* 0: as conn_stream.c says; else steps for each byte */
} stream_setup;

/* What came of one run. */
struct stream_run {
    const stream_setup *setup;
    fuzz_alloc alloc;
    weir_context *context;
    weir_conn *conn;
    size_t event_cap;
    uint64_t fed;        /* bytes used */
    uint64_t calls;      /* of receive and events */
    uint64_t pieces;     /* that the input came in */
    uint64_t events;     /* all of them */
    uint64_t closed;     /* CLOSED events */
    fuzz_bytes trace;    /* events; what depends on cuts left out */
    fuzz_bytes part;     /* chunk mode: the message so far */
    fuzz_bytes messages; /* received, as reference_log; control frames too, by their opcodes */
    fuzz_bytes fields;   /* of the handshake: "name:value\n" each, when it was shown */
    fuzz_bytes output;
    weir_report report; /* texts are void */
    int opened;         /* it became open */
    char request[1024]; /* of a client */
    int deferred;       /* a request waits for its answer */
};

/* Default config, seeded; nothing is pooled, so that what is held is needed. */
void stream_setup_init(stream_setup *setup, char kind);
/* Limits that inputs of a few hundred bytes reach, by the bits of choice. */
void stream_setup_limits(stream_setup *setup, uint32_t choice);

/* Runs whole, byte by byte, cut by the seed, with an event array of more than one, through the
 * input buffer. first: the whole run, for a look at it; then stream_end. */
void stream_check(const stream_setup *setup, const uint8_t *data, size_t len, uint32_t seed,
                  stream_run *first);
void stream_end(stream_run *run);

/* The run received what a slow reference finds in its input. bits, takeover: of the window that was
 * agreed for it; bits 0: no compression. */
void stream_check_received(const stream_run *run, const uint8_t *data, size_t len, int bits,
                           int takeover);

/* The Sec-WebSocket-Accept that a client of a fresh setup waits for. */
void stream_accept(char accept[28]);

#endif
