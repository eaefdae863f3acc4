/* SPDX-License-Identifier: MIT */
/** Plain data types: texts, spans, roles, states, events. Part of weir.h. */
#ifndef WEIR_TYPES_H
#define WEIR_TYPES_H

#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Plain data types ------------------------------------------------------------------------*/

/** As a length: the text ends with a NUL. */
#define WEIR_NTS SIZE_MAX

/** No limit, never: the value of an option that has neither. 0 means 0. */
#define WEIR_NONE UINT64_MAX

/** A text that is not NUL-terminated: len bytes at data. Empty: len 0. */
typedef struct weir_text {
    const char *data;
    size_t len;
} weir_text;

/** A piece of output. Same layout as POSIX struct iovec. */
typedef struct weir_span {
    const void *data;
    size_t len;
} weir_span;

/** A header field. Neither part may hold CR, LF or NUL; the name is a token (RFC 9110 5.1). */
typedef struct weir_field {
    weir_text name;
    weir_text value;
} weir_field;

/** Which side of the connection we are. */
typedef enum weir_role {
    WEIR_SERVER = 1,
    WEIR_CLIENT = 2
} weir_role;

/** Kind of a data message: its opcode (RFC 6455 5.6). */
typedef enum weir_type {
    WEIR_TEXT = 1,
    WEIR_BINARY = 2
} weir_type;

/**
 * Added to a weir_type when sending: whether to compress this message, where permessage-deflate was
 * agreed. Without one of them the mode of the config decides.
 */
typedef enum weir_compression {
    WEIR_PLAIN = 0x10,    /**< as it is: for secrets, or what is compressed already */
    WEIR_COMPRESS = 0x20, /**< compressed, even when that makes it longer */
    WEIR_AUTO = 0x30      /**< compressed when it is long enough and becomes shorter */
} weir_compression;

/** The connection's public state, as in the browsers' WebSocket.readyState. */
typedef enum weir_state {
    WEIR_CONNECTING = 0, /**< opening handshake under way */
    WEIR_OPEN = 1,       /**< messages may be sent */
    WEIR_CLOSING = 2,    /**< a Close was sent or received, or bytes are still to be sent */
    WEIR_CLOSED = 3      /**< over: close the transport, free the connection */
} weir_state;

/* 32-bit targets: a pointer or size in an event takes eight bytes all the same. */
#if UINTPTR_MAX <= 0xFFFFFFFFu
#define WEIR_EVENT_PAD(name) uint32_t name;
#else
#define WEIR_EVENT_PAD(name)
#endif

/** What happened. The fields that are valid for each type are named in its line. */
typedef enum weir_event_type {
    /** Server: a client asks to upgrade. Answer with weir_conn_accept or weir_conn_respond, now or
     *  later; the request is read with weir_conn_text, weir_conn_header and their kin. */
    WEIR_EVENT_REQUEST = 1,
    /** Server: a plain HTTP request (option http_events). Answer with weir_conn_respond. Its body
     * is not given. An answer in the same batch is safe; until a later one, more than
     *  max_early_bytes of body end the connection. */
    WEIR_EVENT_HTTP = 2,
    /** The connection is open; messages may be sent. code: 101. The head of the handshake may be
     *  read until the next receive call. */
    WEIR_EVENT_OPEN = 3,
    /** Client: the server answered without an upgrade. code: HTTP status; data, len: the body as
     *  far as max_reject_bytes; the header fields may be read until the next receive call. */
    WEIR_EVENT_REJECTED = 4,
    /** A whole message. flags: TEXT or not, FIRST and LAST, COMPRESSED; data, len: the
     *  payload. */
    WEIR_EVENT_MESSAGE = 5,
    /** A piece of a message (option deliver_chunks). flags: TEXT, FIRST, LAST, COMPRESSED;
     *  data, len; offset of the piece in the message; frame_left bytes still to come in this
     *  frame (0 when compressed). */
    WEIR_EVENT_CHUNK = 6,
    /** A ping came; its pong is already queued. data, len. */
    WEIR_EVENT_PING = 7,
    /** A pong came. data, len; flags: SOLICITED when it answers the last ping, then rtt_ms. */
    WEIR_EVENT_PONG = 8,
    /** The peer's Close came. code (1005: it had none), data, len: the reason, empty too when there
     *  was no memory to keep it. The answering Close is queued unless ours was sent before. */
    WEIR_EVENT_CLOSE = 9,
    /** The last event: how the connection ended. code as RFC 6455 7.1.5 (1006: no Close came);
     *  data, len: the peer's reason; flags: CLEAN; cause: weir_status, WEIR_OK after a closing
     *  handshake; offset: bytes received when it ended. All of it: weir_conn_report. Go on moving
     *  output until weir_conn_wants says CLOSE: a last Close or HTTP answer may wait. */
    WEIR_EVENT_CLOSED = 10,
    /** More than the high water mark is queued: stop sending until WRITABLE. Not given after
     *  WOULD_BLOCK, which says the same. */
    WEIR_EVENT_HIGH_WATER = 11,
    /** After HIGH_WATER or WOULD_BLOCK: the queue fell to the low water mark. */
    WEIR_EVENT_WRITABLE = 12,
    /** A borrowed send is done with its memory. token; flags: DROPPED when not all of it was taken:
     *  by the transport, or where it is masked or compressed by the queue. */
    WEIR_EVENT_RELEASED = 13
} weir_event_type;

#define WEIR_FLAG_TEXT 0x01u       /**< the message is text (else binary) */
#define WEIR_FLAG_FIRST 0x02u      /**< first piece of its message */
#define WEIR_FLAG_LAST 0x04u       /**< last piece of its message */
#define WEIR_FLAG_CLEAN 0x08u      /**< closing handshake done both ways (RFC 6455 7.1.4) */
#define WEIR_FLAG_SOLICITED 0x10u  /**< the pong answers the last ping, and that has left */
#define WEIR_FLAG_DROPPED 0x20u    /**< the borrowed message was not sent whole */
#define WEIR_FLAG_COMPRESSED 0x40u /**< the message came compressed */

/**
 * One event: 64 bytes with the same offsets on every platform.
 *
 * data stays valid until the next receive call on the same connection (weir_conn_events and
 * weir_conn_input_buffer are such calls) or weir_conn_free; after weir_conn_input_filled also only
 * until weir_conn_input_buffer on any connection of the context, and with TLS (tls.h) until
 * weir_tls_receive or weir_tls_events on any. Sending, closing and asking do not void it. Fields
 * that a type does not name are 0.
 */
typedef struct weir_event {
    uint32_t type;       /**< 0: weir_event_type */
    uint32_t flags;      /**< 4: WEIR_FLAG_... */
    const uint8_t *data; /**< 8: len bytes; NULL only when len is 0 */
    WEIR_EVENT_PAD(pad_data)
    size_t len; /**< 16 */
    WEIR_EVENT_PAD(pad_len)
    uint64_t offset;     /**< 24: in the message (CHUNK) or in the input (CLOSED), bytes */
    uint64_t frame_left; /**< 32: CHUNK: bytes of this frame still to come */
    uint64_t token;      /**< 40: RELEASED: as given to weir_conn_send_ref */
    uint32_t rtt_ms;     /**< 48: PONG: round-trip time, milliseconds */
    int32_t cause;       /**< 52: CLOSED: weir_status */
    uint16_t code;       /**< 56: close code or HTTP status */
    uint16_t reserved[3];
} weir_event;

#ifdef __cplusplus
}
#endif

#endif
