/* SPDX-License-Identifier: MIT */
/* A scripted peer for one connection: bytes in, cut up in every way, a trace of events out. */
#ifndef WEIR_TESTS_PEER_H
#define WEIR_TESTS_PEER_H

#include <weir/weir.h>

#include "alloc.h"

/* A growing run of bytes. */
typedef struct bytes {
    uint8_t *data;
    size_t len;
    size_t cap;
} bytes;

void bytes_add(bytes *b, const void *data, size_t len);
void bytes_add_text(bytes *b, const char *text); /* without the NUL */
void bytes_free(bytes *b);

/* Append a frame as a peer of the given role would send it. masked by a client with key
 * 37 FA 21 3D unless key is given; rsv in the wire's bits (RSV1 is 4). */
void bytes_add_frame(bytes *b, int from_role, int fin, int opcode, const void *data, size_t len);
/* Append a frame head with any claims, no payload: len_form 0 (shortest), 16 or 64. */
void bytes_add_head(bytes *b, int fin, int rsv, int opcode, int masked, uint64_t len, int len_form);
/* Append a Close with code (0: empty payload) and reason. */
void bytes_add_close(bytes *b, int from_role, int code, const char *reason);
/* Append a correct upgrade request to path "/" (extra: further header lines with CRLF, or NULL). */
void bytes_add_request(bytes *b, const char *extra);

/* One connection under test with its context and allocator. */
typedef struct peer {
    test_alloc alloc;
    weir_config config;
    weir_context *context;
    weir_conn *conn;
    bytes trace;                 /* events as text lines, see peer_trace_event */
    bytes output;                /* all bytes that the connection gave to the transport */
    int echo;                    /* messages are sent back */
    int accept;                  /* requests are accepted (1: no subprotocol) */
    int eof;                     /* run_all_cuts_with: the transport ends behind the input */
    int sampled;                 /* run_all_cuts_with: large input, few steps and cuts */
    int role;                    /* ours, since peer_open */
    const weir_request *request; /* kind 'c': what is asked for; NULL: "ws://host/" */
    const bytes *prelude;        /* run_all_cuts_with: fed whole before the input, not traced */
    void (*react)(struct peer *p, const weir_event *event); /* called for each event, or NULL */
    size_t event_cap;                                       /* size of the event array, 16 */
    size_t event_count;                                     /* all events so far */
    size_t closed_count;                                    /* CLOSED events so far */
} peer;

/* Defaults in p->config (seeded, allocating through p->alloc); change it, then peer_open. */
void peer_init(peer *p);
/* Make the context and a connection: kind 's' server awaiting a request, 'S' established server,
 * 'C' established client, 'c' client ("ws://host/", no subprotocols; its request is drained). */
void peer_open(peer *p, char kind);
void peer_close(peer *p); /* free everything; fails when something leaks */

/* Feed bytes in pieces of at most step; every piece lies in a heap block of exactly its size.
 * Events are traced and handled, output is drained into p->output after each piece (one
 * weir_conn_output and weir_conn_sent of everything, until no more wants). */
void peer_feed(peer *p, const void *data, size_t len, size_t step);
/* The same in two pieces cut at the position. */
void peer_feed_cut(peer *p, const void *data, size_t len, size_t cut);
/* Take events that wait and all output. */
void peer_pump(peer *p);

/* Text of one event, as a line: type, flags, code, cause, length and payload (hash when long).
 * Whole-message mode: the trace does not depend on how the input was cut. */
void peer_trace_event(bytes *trace, const weir_event *event);

/* The trace holds this line fragment / ends with it. */
int peer_saw(const peer *p, const char *needle);

/* The close code in the last Close frame of p->output (role: ours); 0: no Close frame, 1005: no
 * code. Fails on output that is no sequence of frames (an HTTP head before them is skipped). */
int peer_close_code(const peer *p, int role);

/* Number of frames with this opcode in p->output. */
size_t peer_frames(const peer *p, int role, int opcode);

/* Run input against a fresh connection of the kind: whole, byte by byte, at every step size up to
 * 16 and every 2-cut up to 512 positions (then sampled); the trace and output must be the same.
 * Returns the trace of the whole run, to be freed (NUL-terminated), and the wire close code. */
typedef struct outcome {
    char *trace;
    int close_code;     /* as peer_close_code */
    int http_status;    /* of the first HTTP status line in the output, 0: none */
    weir_report report; /* texts are not valid any more */
    bytes output;
} outcome;
outcome run_all_cuts(char kind, const bytes *input, void (*setup)(weir_config *config));
/* The same for a peer that prepare changes between peer_init and peer_open: config, request,
 * accept, echo, event_cap, react, eof, sampled, prelude. With event_cap 1 the output too is the
 * same for every cut when pings stand between messages: one answer leaves before the next event. */
outcome run_all_cuts_with(char kind, const bytes *input, void (*prepare)(peer *p));
void outcome_free(outcome *o);

#endif
