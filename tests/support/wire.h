/* SPDX-License-Identifier: MIT */
/* Scripts for frames: what a peer sends and what we must send, in a short notation. */
#ifndef WEIR_TESTS_WIRE_H
#define WEIR_TESTS_WIRE_H

#include "peer.h"

/* A script is frames with spaces between them:
 *   frame    opcode, then maybe - (no FIN), then maybe r1..r7 (reserved bits), then maybe :payload
 *   opcode   T text, B binary, C continuation, P ping, O pong, X close, 3..7 b..f (the others)
 *   payload  characters, %hh is a byte; ~N is N bytes of a pattern (letters)
 *   X:       a close is X, X:1000 or X:1000,reason; X:% takes the bytes as they are
 * Append them as the role would send them. */
void wire_script(bytes *b, int from_role, const char *script);

/* What our output says, NUL-terminated and to be freed: messages whole, whatever their fragments,
 * e.g. "T:Hello P: O:abc X:1000,bye"; long payloads by length and hash; "..." behind a message that
 * has not ended. Fails on wrong masks, reserved bits and frames that are not whole. */
char *wire_say(const bytes *output, int role);

/* The output says what the script says; role: ours. */
void assert_said(const bytes *output, int role, const char *script);

/* The frames of our output, one by one; payload unmasked, valid until the next call. */
typedef struct wire_reader {
    const bytes *output;
    size_t at;
    bytes payload;
    weir_frame_head head;
} wire_reader;
wire_reader wire_reader_of(const bytes *output);
int wire_next(wire_reader *reader); /* 0: no more, after giving back its memory */

/* Like peer_feed of everything at once, but output stays where it is. */
void wire_feed_held(peer *p, const void *data, size_t len);
/* Take the events that wait, not the output. */
void wire_events(peer *p);
/* Move up to max bytes of output to p->output in one call; returns how many. */
size_t wire_take(peer *p, size_t max);
/* The time is now_ms: deadlines pass, then their events are taken, but no output. */
void wire_time(peer *p, uint64_t now_ms);
/* A script from the peer, all output drained. */
void wire_feed(peer *p, const char *script);

int other_role(int role);
int kind_role(char kind);

weir_report peer_report(const peer *p);

/* run_all_cuts_with for a script from the peer. prepare NULL: an event array of one. */
outcome run_script(char kind, const char *script, void (*prepare)(peer *p));
void one_event(peer *p); /* for prepare: an event array of one */

/* Both kinds of established connections, for loops: wire_kinds[0..1]. */
extern const char wire_kinds[3];

/* A connection on its way from birth to end. */
typedef enum wire_stage {
    STAGE_CONNECTING, /* nothing received; a client's request has left */
    STAGE_ANSWER,     /* server: the request waits for its answer */
    STAGE_OPEN,
    STAGE_CLOSE_SENT, /* our Close (1000) has left */
    STAGE_CLOSE_GOT,  /* the peer's Close (1000) came, the answer waits in the output */
    STAGE_END,        /* client: both Closes are done, the server ends the transport */
    STAGE_FAILED,     /* an unknown opcode came, our Close (1002) waits in the output */
    STAGE_LINGER,     /* and has left */
    STAGE_OVER,       /* the transport ended while open */
    STAGES
} wire_stage;
/* Bring a connection there, its output taken (but for what waits) and p->output empty. 0: there is
 * no such stage for the role. p was initialised. */
int wire_reach(peer *p, int role, wire_stage stage);

/* Index of the first byte that cannot stand there (Unicode table 3-7), len when there is none;
 * whole: cleared when the text ends inside a character. Written for clarity, not from src/. */
size_t wire_utf8_fault(const uint8_t *data, size_t len, int *whole);

#endif
