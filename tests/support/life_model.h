/* SPDX-License-Identifier: MIT */
/* The life of a connection as weir.h and RFC 6455 4, 5.5.1 and 7 tell it: calls and inputs, states
 * and reports. */
#ifndef WEIR_TESTS_LIFE_MODEL_H
#define WEIR_TESTS_LIFE_MODEL_H

#include <weir/weir.h>

typedef enum life_act {
    LIFE_ACCEPT,
    LIFE_RESPOND, /* 403 */
    LIFE_SEND,
    LIFE_BEGIN,
    LIFE_CHUNK,
    LIFE_END,
    LIFE_PING,
    LIFE_CLOSE, /* 1000 */
    LIFE_EOF,
    LIFE_SENT_ALL,
    LIFE_SENT_HALF,
    LIFE_TIME,
    LIFE_GOT_HALF,     /* the first half of a good head */
    LIFE_GOT_HEAD,     /* and the other */
    LIFE_GOT_REJECTED, /* or the other half of a 403 */
    LIFE_GOT_BAD_HEAD,
    LIFE_GOT_TEXT,
    LIFE_GOT_FRAGMENT,
    LIFE_GOT_LAST, /* a continuation that ends the message */
    LIFE_GOT_PING,
    LIFE_GOT_CLOSE, /* 1000 */
    LIFE_GOT_BAD,   /* an unknown opcode */
    LIFE_ACTS
} life_act;

typedef enum life_phase {
    LIFE_IN_HEAD,
    LIFE_IN_ANSWER,
    LIFE_IN_OPEN,
    LIFE_IN_CLOSING, /* our Close was queued */
    LIFE_IN_FLUSH,   /* the peer's came, the rest of the output is to leave */
    LIFE_IN_END,     /* client: both are done */
    LIFE_IN_FAILING, /* a last word is to leave */
    LIFE_IN_LINGER,  /* it has left */
    LIFE_IN_OVER
} life_phase;

typedef struct life_event {
    int type;
    int code;
    int cause;
    int clean;
} life_event;

#define LIFE_EARLY 8
#define LIFE_EVENTS 16

typedef struct life_model {
    int role;
    int keepalive; /* pings instead of an idle timeout; time goes by in shorter steps */
    life_phase phase;
    int half_head;
    int output; /* some waits */
    int streaming;
    int receiving; /* within a message */
    int eof;
    life_act early[LIFE_EARLY];
    int early_count;
    int ping_queued, ping_left;
    uint64_t now, phase_at, last_rx, ping_at;
    int reported;
    int side, cause, local_code, peer_code, http_status, clean;
    life_event events[LIFE_EVENTS]; /* of the last step */
    int count;
    int status; /* what the call of the last step returns */
} life_model;

/* A connection that awaits its handshake, or one that is established. */
void life_model_begin(life_model *m, int role, int established, int keepalive);

/* Whether the act is one of those that may come now: calls always may. */
int life_model_may(const life_model *m, life_act act);

void life_model_step(life_model *m, life_act act);

/* The next deadline; WEIR_NONE: there is none. */
uint64_t life_model_due(const life_model *m);

int life_model_state(const life_model *m);
uint32_t life_model_wants(const life_model *m);
uint64_t life_model_time_step(const life_model *m);

#endif
