/* SPDX-License-Identifier: MIT */
/**
 * weir: WebSocket without the I/O (RFC 6455), client and server.
 *
 * Bytes from your transport go in, events and bytes for your transport come out. The library opens
 * no socket, reads no clock, draws no entropy, starts no thread and keeps no global state.
 *
 * This header is the whole core API; include it alone. It reads in the order in which a program
 * meets things: version and status (status.h), plain data types and events (types.h), configuration
 * (config.h), then below: context, connection, receiving, handshake, sending, prepared messages,
 * output, the end, statistics. The pieces that also work alone (frame heads, masking, UTF-8, accept
 * key, URL, close payload) are in pieces.h, the codec of permessage-deflate in deflate.h.
 *
 * Ownership words have one meaning each:
 *   borrowed for this call   the library keeps no pointer when the call returns
 *   borrowed until X         the memory must stay valid and unchanged until X
 *   copied                   the library made its own copy before the call returned
 *   transferred              the callee frees it
 *
 * Threads: a context and everything made from it belong to one thread at a time. Contexts share
 * nothing, so any number of threads may each use their own.
 *
 * Texts are given as pointer and length; WEIR_NTS as the length means "ends with a NUL".
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/status.h>
#include <weir/types.h>
#include <weir/config.h>
#include <weir/pieces.h>
#include <weir/deflate.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Context ---------------------------------------------------------------------------------*/

/** What many connections share: policy, memory, time, entropy, totals. Opaque. */
typedef struct weir_context weir_context;

/** One connection, server or client. Opaque. */
typedef struct weir_conn weir_conn;

/** A prepared outgoing message, shared by any number of connections of its context. Opaque. */
typedef struct weir_message weir_message;

/**
 * Make a context.
 *
 * config   borrowed for this call; its texts are copied. config.memory, if any, is borrowed until
 *          weir_context_free.
 * context  out: the context; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_CONFIG, WEIR_E_OFF, WEIR_E_MEMORY.
 */
WEIR_API int weir_context_create(const weir_config *config, weir_context **context);

/**
 * Free a context.
 *
 * context  transferred; NULL is allowed.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_BUSY while a connection, a message or a weir_proxy lives: nothing was freed.
 */
WEIR_API int weir_context_free(weir_context *context);

/**
 * Tell the time, first of all before the first connection is made: deadlines count from the time
 * told last. Without any call it stands at 0 and no deadline passes. No connection changes here: a
 * deadline that passed is acted on when weir_context_next_ready comes to its connection, or by the
 * next receive call on it (weir_conn_events is one).
 *
 * context  the context.
 * now_ms   monotonic milliseconds from any start; a time before the last one is ignored.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT.
 * Cost     O(1) amortised for each deadline that passes.
 */
WEIR_API int weir_context_set_time(weir_context *context, uint64_t now_ms);

/**
 * When weir_context_set_time should be called next at the latest.
 *
 * context  the context.
 * Returns  a time in the scale of weir_context_set_time, never after the next deadline; the current
 *          time while a connection is ready, so call weir_context_next_ready until it gives NULL
 *          before sleeping; WEIR_NONE when nothing waits.
 * Cost     O(1).
 */
WEIR_API uint64_t weir_context_next_due(weir_context *context);

/**
 * Next connection that has something to do which no input of its own caused: a deadline passed,
 * output was queued, events wait. Each is named once until something new happens to it. Deadlines
 * that passed are acted on here.
 *
 * context  the context.
 * Returns  the connection: take its events (weir_conn_events) and its output; NULL: none is left.
 * Cost     O(1).
 */
WEIR_API weir_conn *weir_context_next_ready(weir_context *context);

/* ---- Connection ------------------------------------------------------------------------------*/

/** What a client asks for. Fill with zeros, then set what is wanted. All is copied. */
typedef struct weir_request {
    weir_text url;            /**< "ws://host:port/path?query" or wss (RFC 6455 3) */
    weir_text subprotocols;   /**< tokens separated by single spaces, best first; empty: none */
    weir_text origin;         /**< an ASCII origin; empty: no Origin field */
    const weir_field *fields; /**< field_count further header fields, e.g. Authorization, Cookie */
    size_t field_count;
} weir_request;

/**
 * Make the server side of a connection that a client has opened. The request is awaited.
 *
 * context  the context; it must live longer than the connection.
 * conn     out: the connection; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_MEMORY.
 * Spec     RFC 6455 4.2.
 */
WEIR_API int weir_conn_create_server(weir_context *context, weir_conn **conn);

/**
 * Make the client side of a connection; its request is queued as output at once. Connecting the
 * transport (host and port: weir_url_parse) is the caller's. At most one connection to an address
 * should be opening at a time (RFC 6455 4.1).
 *
 * context  the context, made with a seed; it must live longer than the connection.
 * request  borrowed for this call.
 * conn     out: the connection; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_ENTROPY, WEIR_E_URL, WEIR_E_ORIGIN,
 *          WEIR_E_PROTOCOL_NAME, WEIR_E_FIELD, WEIR_E_MEMORY.
 * Spec     RFC 6455 4.1.
 */
WEIR_API int weir_conn_create_client(weir_context *context, const weir_request *request,
                                     weir_conn **conn);

/**
 * Make a connection that is open from the start: the handshake was done elsewhere (HTTP/2 and
 * HTTP/3 streams, RFC 8441 and 9220; custom upgrades). No OPEN event follows.
 *
 * context  the context; for a client made with a seed.
 * role     weir_role: which side we are.
 * conn     out: the connection; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_ENTROPY, WEIR_E_MEMORY.
 */
WEIR_API int weir_conn_create_established(weir_context *context, int role, weir_conn **conn);

/**
 * Free a connection in any state. Nothing is sent; borrowed memory and event data are given up.
 *
 * conn     transferred; NULL is allowed.
 */
WEIR_API void weir_conn_free(weir_conn *conn);

/**
 * Attach a pointer of the caller's.
 *
 * conn     the connection.
 * user     any pointer; never read.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT.
 */
WEIR_API int weir_conn_set_user(weir_conn *conn, void *user);

/**
 * The pointer of weir_conn_set_user.
 *
 * conn     the connection.
 * Returns  the pointer, NULL when none was set.
 */
WEIR_API void *weir_conn_user(const weir_conn *conn);

/**
 * Change a number of the policy for this connection alone, e.g. a larger max_message_bytes once the
 * peer is known. Its first call copies the policy (one allocation); what is under way, such as a
 * running deadline, is judged by the new value from then on: but for a request line, status line or
 * header section that has begun, which keeps its limit in bytes.
 *
 * conn     the connection.
 * option   weir_option with a number, except those of the context's memory and of what
 *          permessage-deflate agrees on (windows, takeover).
 * value    the number.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OPTION, WEIR_E_CONFIG, WEIR_E_OFF, WEIR_E_STATE (deliver_chunks
 *          inside a message), WEIR_E_MEMORY: nothing changed.
 */
WEIR_API int weir_conn_set(weir_conn *conn, int option, uint64_t value);

/**
 * Let go of memory that can be made again: the window and table for compressing. The next message
 * starts with an empty window. For when memory is short; idle connections do it by themselves
 * (option deflate_idle_ms).
 *
 * conn     the connection.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT.
 * Spec     RFC 7692 7.1.1.
 */
WEIR_API int weir_conn_trim(weir_conn *conn);

/**
 * The connection's public state.
 *
 * conn     the connection.
 * Returns  weir_state; WEIR_CLOSED for NULL.
 */
WEIR_API int weir_conn_state(const weir_conn *conn);

/* ---- Receiving -------------------------------------------------------------------------------*/

/**
 * Give the connection bytes that arrived from the peer.
 *
 * The call stops early (used < len) when the event array is full, when an event must be answered
 * first (REQUEST, HTTP), before a Close that follows messages of the same call (so that replies to
 * them leave ahead of the answering Close), and before a second message that had to be assembled.
 * A call with len > 0 and cap > 0 always uses a byte or gives an event. Once the connection is over
 * input is used and dropped. Events may wait even when all input is used, e.g. HIGH_WATER from a
 * send while events were handled: weir_conn_wants then says WEIR_WANT_EVENTS.
 *
 * conn     the connection.
 * data     [len] bytes, borrowed until the next receive call (events point into it); it may be
 *          unmasked in place. NULL only when len is 0.
 * len      bytes; 0 just takes the events that wait.
 * used     out: bytes taken, 0..len. Fewer than len: handle the events, then give the rest.
 * events   out: [cap]; their data stays valid until the next receive call on this connection.
 * cap      events that fit.
 * Returns  number of events written, 0..cap. A peer's fault is no error of this call: it ends the
 *          connection with one WEIR_EVENT_CLOSED.
 * Errors   WEIR_E_ARGUMENT (used is then len, the input was not looked at).
 * Cost     no allocation unless a message spans calls or frames; then memory grows with the bytes
 *          that arrived, to at most max_message_bytes.
 * Spec     RFC 6455 4, 5.2, 5.4, 5.5, 7, 8.1.
 */
WEIR_API int weir_conn_receive(weir_conn *conn, void *data, size_t len, size_t *used,
                               weir_event *events, size_t cap);

/**
 * Take the events that wait, without input: the same as weir_conn_receive with len 0.
 *
 * conn     the connection.
 * events   out: [cap]; data of earlier events is void after this call, and its memory let go: call
 *          it once the events are handled, so that an idle connection holds none.
 * cap      events that fit.
 * Returns  number of events written, 0..cap.
 * Errors   WEIR_E_ARGUMENT.
 */
WEIR_API int weir_conn_events(weir_conn *conn, weir_event *events, size_t cap);

/**
 * Say that the transport has ended: end of stream, reset, any error. Events may follow.
 *
 * conn     the connection.
 * Returns  WEIR_OK, also when called again.
 * Errors   WEIR_E_ARGUMENT.
 * Spec     RFC 6455 7.1.4, 7.1.5.
 */
WEIR_API int weir_conn_receive_eof(weir_conn *conn);

/**
 * Where the next bytes from the transport belong: in the midst of a large message its own place, so
 * that they need no copy; else a buffer of the context. Fits recv, libuv's alloc_cb and asyncio's
 * get_buffer: read into it at once, before anything else is called on this context.
 *
 * conn     the connection.
 * len      out: bytes that fit, at least 1.
 * Returns  the place; NULL when memory is out (WEIR_E_MEMORY ends the connection) or on a bad
 *          argument.
 */
WEIR_API void *weir_conn_input_buffer(weir_conn *conn, size_t *len);

/**
 * Hand in bytes that were read into weir_conn_input_buffer; else as weir_conn_receive. When used is
 * less than len, call again with the rest of the count before any other input of the context.
 *
 * conn     the connection.
 * len      bytes read (first call), or those not used by the call before.
 * used     out: bytes taken, 0..len.
 * events   out: [cap]; their data stays valid until the next receive call on this connection or
 *          weir_conn_input_buffer on any of this context.
 * cap      events that fit.
 * Returns  number of events written, 0..cap.
 * Errors   WEIR_E_ARGUMENT: more bytes than were offered, or none were (used is then len).
 */
WEIR_API int weir_conn_input_filled(weir_conn *conn, size_t len, size_t *used, weir_event *events,
                                    size_t cap);

/* ---- Handshake -------------------------------------------------------------------------------*/

/** Texts of the handshake, for weir_conn_text. */
typedef enum weir_text_id {
    WEIR_TEXT_METHOD = 1,     /**< server: "GET" */
    WEIR_TEXT_TARGET = 2,     /**< server: request target as it came */
    WEIR_TEXT_PATH = 3,       /**< server: target without scheme, authority and query */
    WEIR_TEXT_QUERY = 4,      /**< server: what follows the first ?, maybe empty */
    WEIR_TEXT_HOST = 5,       /**< server: authority of the target, or the Host field */
    WEIR_TEXT_ORIGIN = 6,     /**< server: the Origin field */
    WEIR_TEXT_REASON = 7,     /**< client: reason phrase of the response */
    WEIR_TEXT_SUBPROTOCOL = 8 /**< both: the chosen subprotocol; valid until the end */
} weir_text_id;

/**
 * A text of the handshake. All but the subprotocol can be read while a REQUEST or HTTP event waits
 * for its answer, and from OPEN or REJECTED until the next receive call.
 *
 * conn     the connection.
 * id       weir_text_id.
 * text     out: borrowed until then.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND.
 */
WEIR_API int weir_conn_text(const weir_conn *conn, int id, weir_text *text);

/**
 * A header field of the request (server) or response (client) by its name.
 *
 * conn      the connection.
 * name      [name_len] the name, in any case; borrowed for this call.
 * name_len  bytes, or WEIR_NTS.
 * index     0 for the first field of that name, 1 for the second.
 * value     out: without outer whitespace; valid as in weir_conn_text.
 * Returns   WEIR_OK.
 * Errors    WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND.
 */
WEIR_API int weir_conn_header(const weir_conn *conn, const char *name, size_t name_len,
                              size_t index, weir_text *value);

/**
 * A header field by its position, to walk through all.
 *
 * conn     the connection.
 * index    0 for the first.
 * field    out: name as it came and value; valid as in weir_conn_text.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND past the last.
 */
WEIR_API int weir_conn_header_at(const weir_conn *conn, size_t index, weir_field *field);

/**
 * Server: a subprotocol that the client offered.
 *
 * conn     the connection, its REQUEST not answered.
 * index    0 for the client's favourite.
 * text     out: valid as in weir_conn_text.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND past the last.
 * Spec     RFC 6455 11.3.4.
 */
WEIR_API int weir_conn_offered_subprotocol(const weir_conn *conn, size_t index, weir_text *text);

/**
 * Server: accept the request; the 101 response is queued, then frames may follow. Bytes that came
 * early are parsed by the next receive call. A browser fails the connection when it offered
 * subprotocols and none is chosen.
 *
 * conn          the connection, its REQUEST not answered.
 * subprotocol   [subprotocol_len] one the client offered, or NULL: none; copied.
 * subprotocol_len  bytes, or WEIR_NTS.
 * fields        [field_count] further response fields, e.g. Set-Cookie; copied.
 * field_count   fields.
 * Returns       WEIR_OK.
 * Errors        WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_STATE, WEIR_E_PROTOCOL_NAME, WEIR_E_FIELD,
 *               WEIR_E_MEMORY: nothing was sent, the request still waits.
 * Spec          RFC 6455 4.2.2.
 */
WEIR_API int weir_conn_accept(weir_conn *conn, const char *subprotocol, size_t subprotocol_len,
                              const weir_field *fields, size_t field_count);

/**
 * Server: answer a REQUEST or HTTP event with an HTTP response and end the connection.
 * Content-Length and Connection: close are the library's; Date is the caller's, who has a clock.
 * With 204 and 304 no body is sent.
 *
 * conn         the connection, its request not answered.
 * status       200 to 599 (to a REQUEST: 300 to 599).
 * fields       [field_count] further response fields, e.g. Content-Type, Location; copied.
 * field_count  fields.
 * body         [body_len] copied; may be NULL when body_len is 0. Not sent to a HEAD request.
 * body_len     bytes.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_STATE, WEIR_E_HTTP_STATUS, WEIR_E_FIELD,
 *              WEIR_E_MEMORY: nothing was sent, the request still waits.
 * Spec         RFC 6455 4.2.2, RFC 9112 6, 9.6.
 */
WEIR_API int weir_conn_respond(weir_conn *conn, int status, const weir_field *fields,
                               size_t field_count, const void *body, size_t body_len);

/* ---- Sending ---------------------------------------------------------------------------------*/

/**
 * Send a message; its bytes are copied (a client masks them on the way).
 *
 * conn     open.
 * type     weir_type, with a weir_compression if wanted.
 * data     [len] bytes, copied; NULL only when len is 0.
 * len      bytes.
 * Returns  WEIR_OK; WEIR_OVER_HIGH: taken, but slow down (until the transport has been tried, much
 *          may be queued at a fast peer too); WEIR_WOULD_BLOCK: not taken.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_OPEN, WEIR_E_CLOSING, WEIR_E_MESSAGE_OPEN, WEIR_E_TEXT,
 *          WEIR_E_MEMORY: nothing was queued.
 * Cost     one pass over the bytes; no allocation while the context's pool has blocks.
 * Spec     RFC 6455 5.2, 5.4, 6.1.
 */
WEIR_API int weir_conn_send(weir_conn *conn, int type, const void *data, size_t len);

/**
 * Send a message without copying it now: a server's bytes go to the transport from where they
 * are, a client's are masked piece by piece into output.
 *
 * conn     open.
 * type     weir_type, with a weir_compression if wanted.
 * data     [len] bytes, borrowed until the RELEASED event with this token or weir_conn_free.
 * len      bytes.
 * token    given back in WEIR_EVENT_RELEASED.
 * Returns  WEIR_OK, WEIR_OVER_HIGH (both: taken), WEIR_WOULD_BLOCK (not taken, nothing borrowed).
 * Errors   as weir_conn_send; nothing was queued, nothing is borrowed.
 * Spec     RFC 6455 5.4, 6.1.
 */
WEIR_API int weir_conn_send_ref(weir_conn *conn, int type, const void *data, size_t len,
                                uint64_t token);

/**
 * Send a prepared message. A server sends its bytes from where they are; a client masks a copy.
 *
 * conn     open, of the message's context.
 * message  borrowed for this call: the connection holds a reference of its own while it needs it.
 * Returns  WEIR_OK, WEIR_OVER_HIGH, WEIR_WOULD_BLOCK (not taken).
 * Errors   as weir_conn_send, WEIR_E_CONTEXT.
 * Cost     O(1) for a server; the first send with each window size compresses.
 */
WEIR_API int weir_conn_send_message(weir_conn *conn, weir_message *message);

/**
 * Begin a message that is sent in pieces, each one fragment. Until weir_conn_send_end no other
 * message can be sent; pings, pongs and a close can.
 *
 * conn     open.
 * type     weir_type, with a weir_compression if wanted.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_OPEN, WEIR_E_CLOSING, WEIR_E_MESSAGE_OPEN.
 * Spec     RFC 6455 5.4.
 */
WEIR_API int weir_conn_send_begin(weir_conn *conn, int type);

/**
 * Send a piece of the message that was begun. A character of text may span pieces.
 *
 * conn     with a message begun.
 * data     [len] bytes, copied; NULL only when len is 0 (then nothing is sent).
 * len      bytes.
 * Returns  WEIR_OK, WEIR_OVER_HIGH, WEIR_WOULD_BLOCK (not taken).
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NO_MESSAGE, WEIR_E_CLOSING, WEIR_E_TEXT, WEIR_E_MEMORY: nothing
 *          was queued, the message goes on.
 */
WEIR_API int weir_conn_send_chunk(weir_conn *conn, const void *data, size_t len);

/**
 * Send the last piece of the message that was begun.
 *
 * conn     with a message begun.
 * data     [len] bytes, copied; NULL only when len is 0.
 * len      bytes.
 * Returns  WEIR_OK, WEIR_OVER_HIGH, WEIR_WOULD_BLOCK (not taken, the message goes on).
 * Errors   as weir_conn_send_chunk; WEIR_E_TEXT also when the text ends inside a character.
 */
WEIR_API int weir_conn_send_end(weir_conn *conn, const void *data, size_t len);

/**
 * Send a ping. It goes out before queued messages, between two fragments at the latest. A second
 * ping before the first has left takes its place.
 *
 * conn     open.
 * data     [len] bytes, copied; NULL only when len is 0.
 * len      bytes, at most 125.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_OPEN, WEIR_E_CLOSING, WEIR_E_CONTROL_LENGTH, WEIR_E_MEMORY.
 * Spec     RFC 6455 5.5.2.
 */
WEIR_API int weir_conn_ping(weir_conn *conn, const void *data, size_t len);

/**
 * Send an unsolicited pong. Answers to pings are sent by the library. One pong waits at most: a
 * newer one takes its place.
 *
 * conn     open.
 * data     [len] bytes, copied; NULL only when len is 0.
 * len      bytes, at most 125.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_NOT_OPEN, WEIR_E_CLOSING, WEIR_E_CONTROL_LENGTH, WEIR_E_MEMORY.
 * Spec     RFC 6455 5.5.3.
 */
WEIR_API int weir_conn_pong(weir_conn *conn, const void *data, size_t len);

/**
 * Start the closing handshake. What was sent before goes out first; a streamed message that was
 * not ended is cut off. Messages that still come are dropped (option deliver_after_close), and no
 * WRITABLE follows: go on reading. Before the connection is open, this just ends it: a server
 * answers 503.
 *
 * conn        connecting or open.
 * code        1000 to 1003, 1007 to 1014 (1010: clients only) or 3000 to 4999; 0: no code.
 * reason      [reason_len] UTF-8 for the peer's log, copied; NULL only when reason_len is 0.
 * reason_len  bytes, at most 123, or WEIR_NTS.
 * Returns     WEIR_OK.
 * Errors      WEIR_E_ARGUMENT, WEIR_E_CLOSING (again), WEIR_E_CLOSE_CODE, WEIR_E_CLOSE_REASON,
 *             WEIR_E_MEMORY: nothing changed.
 * Spec        RFC 6455 5.5.1, 7.1.2, 7.4.
 */
WEIR_API int weir_conn_close(weir_conn *conn, int code, const char *reason, size_t reason_len);

/* ---- Prepared messages -----------------------------------------------------------------------*/

/**
 * Prepare a message for many connections: checked and framed once.
 *
 * context  the context.
 * type     weir_type, with a weir_compression if wanted.
 * data     [len] bytes, copied; NULL only when len is 0.
 * len      bytes.
 * message  out: with one reference, the caller's; NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_TEXT, WEIR_E_MEMORY.
 */
WEIR_API int weir_message_create(weir_context *context, int type, const void *data, size_t len,
                                 weir_message **message);

/**
 * Take another reference.
 *
 * message  the message.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT.
 */
WEIR_API int weir_message_retain(weir_message *message);

/**
 * Give a reference back; connections that still send the message hold their own.
 *
 * message  transferred; NULL is allowed.
 */
WEIR_API void weir_message_free(weir_message *message);

/* ---- Output ----------------------------------------------------------------------------------*/

/** What the connection waits for, for weir_conn_wants. */
#define WEIR_WANT_INPUT 0x01u          /**< read the transport */
#define WEIR_WANT_OUTPUT 0x02u         /**< there is output to write */
#define WEIR_WANT_EVENTS 0x04u         /**< events wait: call weir_conn_events */
#define WEIR_WANT_SHUTDOWN_WRITE 0x08u /**< end the transport's sending side, go on reading */
#define WEIR_WANT_CLOSE 0x10u          /**< close the transport and free the connection */

/**
 * What the connection waits for now. A deadline that passed shows once it was acted on, see
 * weir_context_set_time.
 *
 * conn     the connection.
 * Returns  WEIR_WANT_... together; WEIR_WANT_CLOSE for NULL.
 * Cost     O(1).
 */
WEIR_API uint32_t weir_conn_wants(const weir_conn *conn);

/**
 * The output that waits, as a gather list in order: control frames stand between fragments. Write
 * some of it, then say how much with weir_conn_sent. All replies to one receive call are here
 * together, so one writev takes them.
 *
 * conn     the connection.
 * spans    out: [cap] borrowed until the next weir_conn_sent, weir_conn_output or weir_conn_free.
 *          Receiving and sending leave them as they are, but for memory that a RELEASED event
 *          gives back: a write that still runs must end before that memory is reused.
 * cap      spans that fit.
 * Returns  number of spans written, 0..cap. A full array may leave more behind it.
 * Errors   WEIR_E_ARGUMENT. Out of memory ends the connection (client, borrowed sends).
 */
WEIR_API int weir_conn_output(weir_conn *conn, weir_span *spans, size_t cap);

/**
 * Say how much of the last weir_conn_output the transport took.
 *
 * conn     the connection.
 * len      bytes, 0 to the sum of the spans given last.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT: more than was offered; nothing changed.
 */
WEIR_API int weir_conn_sent(weir_conn *conn, size_t len);

/**
 * Bytes of message payload that were sent but not yet handed to the transport, as the browsers'
 * bufferedAmount: no frame heads, no control frames.
 *
 * conn     the connection.
 * Returns  bytes.
 * Cost     one step for each queued frame.
 */
WEIR_API uint64_t weir_conn_buffered_amount(const weir_conn *conn);

/* ---- The end ---------------------------------------------------------------------------------*/

/** Who ended a connection. */
typedef enum weir_side {
    WEIR_SIDE_NONE = 0,      /**< it has not ended */
    WEIR_SIDE_LOCAL = 1,     /**< we: weir_conn_close, an answer without upgrade, a timeout */
    WEIR_SIDE_PEER = 2,      /**< the peer: its Close came first, it broke a rule, or the
                                  policy refused its request */
    WEIR_SIDE_TRANSPORT = 3, /**< the transport ended */
    WEIR_SIDE_LIBRARY = 4    /**< our resources ran out */
} weir_side;

/** How a connection ended. Texts are borrowed until weir_conn_free. */
typedef struct weir_report {
    int32_t side;         /**< weir_side */
    int32_t cause;        /**< weir_status; WEIR_OK after a closing handshake that no timeout
                               began, or an answered HTTP event */
    uint16_t code;        /**< as RFC 6455 7.1.5: peer's code, 1005 without, 1006 without a Close */
    uint16_t local_code;  /**< in the Close we sent, 1005 without code, 0 without Close */
    uint16_t peer_code;   /**< in the Close that came, 1005 without code, 0 without Close */
    uint16_t http_status; /**< of the answer, given or received; 0 when there was none */
    uint32_t clean;       /**< 1: closing handshake done both ways */
    uint32_t reserved;
    uint64_t offset;  /**< bytes received when it ended: where the fault is, if there was one */
    weir_text text;   /**< what the cause means, in English, for logs */
    weir_text reason; /**< the peer's close reason, UTF-8, maybe empty; empty too when there was no
                           memory to keep it, which changes nothing else */
} weir_report;

/**
 * How the connection ended. Final once WEIR_EVENT_CLOSED was given, complete as far as known
 * before.
 *
 * conn     the connection.
 * report   out.
 * size     sizeof(weir_report) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE.
 * Spec     RFC 6455 7.1.4 to 7.1.6.
 */
WEIR_API int weir_conn_report(const weir_conn *conn, weir_report *report, size_t size);

/* ---- Statistics ------------------------------------------------------------------------------*/

/** What passed through a connection, or through all of a context. */
typedef struct weir_stats {
    uint64_t rx_bytes;     /**< from the transport */
    uint64_t tx_bytes;     /**< to the transport */
    uint64_t rx_messages;  /**< data messages received whole */
    uint64_t tx_messages;  /**< data messages taken for sending; a streamed one at its end */
    uint64_t rx_control;   /**< pings, pongs and closes received; a connection's: modulo 2^32 */
    uint64_t tx_control;   /**< pings and pongs whose last byte has left, and closes queued; a
                                connection's: modulo 2^32 */
    uint64_t queued_bytes; /**< connection: output that waits, heads included but those still to be
                              made for a client's borrowed sends, pings and pongs not; context: 0 */
    uint64_t held_bytes;   /**< heap held now (context: of all it made, pool included) */
    uint64_t rtt_ms;       /**< last round-trip time, WEIR_NONE before the first, as in a context */
    uint64_t connections;  /**< context: alive now; connection: 1 */
    uint64_t opened;       /**< became OPEN */
    uint64_t failed;       /**< ended with a cause other than WEIR_OK */
    uint64_t peak_bytes;   /**< context: most heap ever held; connection: 0 */

    /* permessage-deflate */
    uint64_t rx_deflated_bytes; /**< compressed payload received */
    uint64_t rx_inflated_bytes; /**< what it became */
    uint64_t tx_inflated_bytes; /**< payload that was compressed for sending */
    uint64_t tx_deflated_bytes; /**< what it became */
    uint64_t tx_skipped;        /**< messages that AUTO sent as they are */
    uint64_t deflate_bytes;     /**< of held_bytes: windows and tables; context: shared scratch */
} weir_stats;

/**
 * Statistics of a connection.
 *
 * conn     the connection.
 * stats    out.
 * size     sizeof(weir_stats) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE.
 */
WEIR_API int weir_conn_stats(const weir_conn *conn, weir_stats *stats, size_t size);

/**
 * Statistics of a context: sums over all its connections, those that are gone included.
 *
 * context  the context.
 * stats    out.
 * size     sizeof(weir_stats) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE.
 */
WEIR_API int weir_context_stats(const weir_context *context, weir_stats *stats, size_t size);

#ifdef __cplusplus
}
#endif

#endif
