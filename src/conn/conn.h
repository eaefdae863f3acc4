/* SPDX-License-Identifier: MIT */
/* One connection: its memory and its lifecycle. */
#ifndef WEIR_CONN_CONN_H
#define WEIR_CONN_CONN_H

#include <weir/weir.h>

#include "../base/parts.h"
#include "../protocol/frame.h"
#include "context.h"

/* What is awaited. Only weir__conn_goto writes it. */
typedef enum weir__conn_state {
    WEIR__AWAIT_HEAD,   /* opening: the peer's request or response */
    WEIR__AWAIT_ANSWER, /* opening, server: the caller's answer to the request */
    WEIR__AWAIT_BODY,   /* opening, client: the body of a rejection */
    WEIR__OPEN,
    WEIR__AWAIT_CLOSE, /* our Close is queued or sent: the peer's */
    WEIR__AWAIT_FLUSH, /* the peer's Close came: the last of our output to leave */
    WEIR__AWAIT_END,   /* client, both Closes done: the server to end the transport */
    WEIR__FAILING,     /* a last Close or HTTP answer to leave; input is dropped */
    WEIR__LINGER,      /* sending side ended: the peer to end the transport; input is dropped */
    WEIR__OVER,
    WEIR__CONN_STATES
} weir__conn_state;

/* Events that wait, in the order in which they are given. */
enum {
    WEIR__PENDING_OPEN = 0x01,
    WEIR__PENDING_HIGH_WATER = 0x02,
    WEIR__PENDING_WRITABLE = 0x04,
    WEIR__PENDING_RELEASED = 0x08,
    WEIR__PENDING_REJECTED = 0x10,
    WEIR__PENDING_CLOSE = 0x20,
    WEIR__PENDING_CLOSED = 0x40
};

enum {
    WEIR__FLAG_OWN_POLICY = 0x0001,
    WEIR__FLAG_STREAMING = 0x0002,      /* sending: between send_begin and send_end */
    WEIR__FLAG_STREAM_STARTED = 0x0004, /* sending: its first fragment is queued */
    WEIR__FLAG_CONGESTED = 0x0008,      /* HIGH_WATER or WOULD_BLOCK was said, WRITABLE not yet */
    WEIR__FLAG_PING_WAITS = 0x0010,     /* a ping left and no byte came since */
    WEIR__FLAG_PING_QUEUED = 0x0020,    /* a ping has not left yet */
    WEIR__FLAG_NEWS = 0x0040,           /* a deadline changed something the caller has not seen */
    WEIR__FLAG_OPENED = 0x0080,         /* the connection has been open */
    WEIR__FLAG_REPORTED = 0x0100,       /* CLOSED was given or waits: the report is final */
    WEIR__FLAG_EOF = 0x0200,
    WEIR__FLAG_CLEAN = 0x0400 /* both Closes have passed (RFC 6455 7.1.4) */
};

/* Which list timer.node is in. */
enum {
    WEIR__PLACE_NONE,
    WEIR__PLACE_WHEEL,
    WEIR__PLACE_EXPIRED,
    WEIR__PLACE_READY
};

typedef struct weir__tx weir__tx;                   /* output.h */
typedef struct weir__rx weir__rx;                   /* assembly.h */
typedef struct weir__opening weir__opening;         /* opening.h */
typedef struct weir__compression weir__compression; /* compression.h */

/* A short text in pooled memory. */
typedef struct weir__held_text {
    size_t cap; /* of the whole block */
    size_t len;
    char data[];
} weir__held_text;

/* What an open connection mostly has none of. */
typedef struct weir__extra {
    size_t cap;                     /* of this block */
    weir__opening *opening;         /* NULL once the handshake is over and forgotten */
    weir__compression *compression; /* NULL: no compression was agreed */
    weir__held_text *subprotocol;
    weir__held_text *reason; /* the peer's close reason */
} weir__extra;

struct weir_conn {
    /* Touched by every small message. */
    weir_context *context;
    const weir_config *policy; /* the context's, or a copy of this connection's own */
    weir__rx *rx;              /* NULL between messages */
    weir__tx *tx;              /* NULL while nothing is queued */
    weir__extra *extra;        /* NULL: none of it */
    uint64_t rx_bytes;         /* also the position of the next input byte */
    uint64_t rx_messages;
    uint64_t tx_bytes;
    uint64_t tx_messages;
    uint64_t phase_at;   /* when this phase of opening or closing began; OPEN: last message */
    uint64_t last_rx_at; /* last byte from the peer */
    uint16_t flags;
    uint8_t pending;
    uint8_t place;
    uint8_t state; /* weir__conn_state; conn.c alone writes it */
    uint8_t role;  /* weir_role */

    uint8_t side;        /* weir_side */
    uint8_t stream_type; /* sending: opcode of the streamed message */

    weir__timer timer; /* a node of the context's lists */
    void *user;

    /* Control frames. */
    union {
        uint64_t ping_at;  /* PING_WAITS: when it left; else PING_QUEUED: when it was queued */
        uint64_t fault_at; /* when REPORTED or the peer's Close came: where in the input */
    } note;
    uint32_t ping_tag;   /* hash of the last ping's payload */
    uint32_t ping_ms;    /* when the last ping left, low 32 bits */
    uint32_t rtt_ms;     /* UINT32_MAX before the first pong */
    uint32_t flood_used; /* tokens taken from the bucket */
    uint32_t flood_ms;   /* when it was last filled, low 32 bits */
    uint32_t rx_control;
    uint32_t tx_control;

    /* The end. */
    int16_t cause;
    uint16_t local_code; /* as weir_report */
    uint16_t peer_code;
    uint16_t http_status;
    uint8_t stream_utf8; /* sending: state of the streamed message's text check */
};

static inline weir__opening *weir__conn_opening(const weir_conn *conn)
{
    return conn->extra ? conn->extra->opening : NULL;
}

static inline weir__compression *weir__conn_compression(const weir_conn *conn)
{
    return WEIR__PART_DEFLATE && conn->extra ? conn->extra->compression : NULL;
}

/* NULL when there is none. */
static inline const weir__held_text *weir__conn_subprotocol(const weir_conn *conn)
{
    return conn->extra ? conn->extra->subprotocol : NULL;
}

static inline const weir__held_text *weir__conn_reason(const weir_conn *conn)
{
    return conn->extra ? conn->extra->reason : NULL;
}

/* The connection whose timer's node this is. */
static inline weir_conn *weir__conn_of(weir__node *node)
{
    return (weir_conn *)(void *)((uint8_t *)node - offsetof(weir_conn, timer));
}

/* Macro: leave the function with a status that is an error. */
#define WEIR__TRY(call)                                                                            \
    do {                                                                                           \
        const int weir__try_status = (call);                                                       \
        if (weir__try_status < 0)                                                                  \
            return weir__try_status;                                                               \
    } while (0)

int weir__conn_create(weir_context *context, int role, weir_conn **conn);
void weir__conn_free(weir_conn *conn);
int weir__conn_set(weir_conn *conn, int option, uint64_t value);
int weir__conn_public_state(const weir_conn *conn);
uint32_t weir__conn_wants(const weir_conn *conn);

/* The connection's extra, made when there is none; NULL without memory. */
weir__extra *weir__conn_open_extra(weir_conn *conn);

/* Let go of it when nothing is in it. */
void weir__conn_settle_extra(weir_conn *conn);

/* Where only one role is built its connections are all there are. */
static inline bool weir__conn_is_client(const weir_conn *conn)
{
    return WEIR__PART_CLIENT && (!WEIR__PART_SERVER || conn->role == WEIR_CLIENT);
}

static inline bool weir__conn_is_server(const weir_conn *conn)
{
    return WEIR__PART_SERVER && !weir__conn_is_client(conn);
}

static inline bool weir__conn_has(const weir_conn *conn, unsigned flag)
{
    return (conn->flags & flag) != 0;
}

static inline void weir__conn_mark(weir_conn *conn, unsigned flag)
{
    conn->flags = (uint16_t)(conn->flags | flag);
}

static inline void weir__conn_unmark(weir_conn *conn, unsigned flag)
{
    conn->flags = (uint16_t)(conn->flags & ~flag);
}

/* Whether frames still come and go: from OPEN to the peer's Close. */
static inline bool weir__conn_is_live(const weir_conn *conn)
{
    return conn->state == WEIR__OPEN || conn->state == WEIR__AWAIT_CLOSE;
}

static inline bool weir__conn_is_opening(const weir_conn *conn)
{
    return conn->state <= WEIR__AWAIT_BODY;
}

/* Let an event wait; the connection becomes ready. */
void weir__conn_pend(weir_conn *conn, unsigned event);

/* The handshake is done: OPEN event unless quiet. */
void weir__conn_open(weir_conn *conn, bool quiet);

/* Server: the caller must answer; client: a rejection's body is read. */
void weir__conn_await_answer(weir_conn *conn);
void weir__conn_await_body(weir_conn *conn);

/* Start the closing handshake; arguments already checked. WEIR_OK or WEIR_E_MEMORY. */
int weir__conn_close(weir_conn *conn, uint32_t code, weir_text reason, int cause);

/* The peer's Close has been read, up to the position that note.fault_at holds: answer it if it came
 * first. */
void weir__conn_peer_closed(weir_conn *conn, uint32_t code, weir_text reason);

/* End with a cause: the last word the cause asks for is queued, the rest of the output is dropped.
 * at: position of the fault in the input. First cause wins. */
void weir__conn_fail(weir_conn *conn, int cause, uint64_t at);

/* An HTTP answer was queued that ends the connection. */
void weir__conn_answered(weir_conn *conn, int status, int cause);

/* Nothing can be sent or received any more. */
void weir__conn_lost(weir_conn *conn, int cause);

/* Client: the server answered without an upgrade, with a head that ends at the position at. */
void weir__conn_rejected(weir_conn *conn, uint64_t at);

/* The transport ended. */
void weir__conn_eof(weir_conn *conn);

/* The queue has just become empty: go on where that was awaited. */
void weir__conn_flushed(weir_conn *conn);

/* The wait for the peer to end the transport, or for the last output to leave, is over. */
void weir__conn_give_up(weir_conn *conn);

/* A copy of a text, NULL when empty or without memory. */
weir__held_text *weir__held_text_make(weir__memory *memory, weir_text text);

/* Make sure that the caller hears of this connection from weir__context_next_ready. */
void weir__conn_ready(weir_conn *conn);

/* Back to the wheel, from whatever list. */
void weir__conn_rest(weir_conn *conn);

/* Back to the wheel, where it is not, when nothing is left to tell. */
void weir__conn_settle(weir_conn *conn);

/* Whether an event can be given without more input. */
bool weir__conn_events_wait(const weir_conn *conn);

/* Whether the caller has something to do here. */
bool weir__conn_wants_attention(const weir_conn *conn);

#endif
