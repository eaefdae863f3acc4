/* SPDX-License-Identifier: MIT */
/* One stream of HTTP/2 and its connection (RFC 8441): what passes between weir and libnghttp2. */
#ifndef EXAMPLES_H2_STREAM_H
#define EXAMPLES_H2_STREAM_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include <weir/stream.h>
#include <weir/weir.h>

#include "pump.h"

#define H2_WINDOW 65535 /* RFC 9113 6.9.2: what a peer may send before we have taken any of it */
#define H2_BIG_WINDOW 1048576 /* the same for all streams of a session together */
#define H2_STREAMS 100        /* of one session at a time */
#define H2_FIELDS 64          /* of one head */
#define H2_TEXTS 16384        /* bytes of their names and values */
#define H2_HEAD (H2_TEXTS + 8 * H2_FIELDS + 256) /* as weir/stream.h says */
#define H2_DATA (16384 - 9) /* so that a DATA frame and its head fit in one TLS record */

/* The fields of a request or response while they come. */
typedef struct h2_head {
    weir_field fields[H2_FIELDS];
    size_t count;
    char texts[H2_TEXTS];
    size_t len;
    bool is_short; /* there were more */
} h2_head;

typedef struct h2_stream {
    struct h2_session *session;
    struct h2_stream *next;
    struct h2_stream **link; /* what points here: the list's head or the next of another */
    int32_t id;
    h2_head *head;       /* NULL: it came and was handled */
    weir_conn *conn;     /* NULL: no WebSocket */
    weir_conn *deadline; /* server: for the end of a stream without an open connection */
    weir_text body;      /* of what is no WebSocket, as far as it has not left */
    uint8_t *held;       /* [H2_WINDOW] what came while the connection was not to be read */
    size_t held_len;
    char accept[28];   /* client: for weir_stream_read_response */
    bool paused;       /* the peer does not read what we send: we do not read what it sends */
    bool peer_ended;   /* its END_STREAM came */
    bool is_begun;     /* our head was submitted */
    bool is_deferred;  /* nghttp2 waits to be told of output */
    bool ended;        /* our END_STREAM has left */
    bool is_cancelled; /* RST_STREAM is on its way */
} h2_stream;

typedef struct h2_session {
    weir_context *context;
    pump_handler *handle;
    void *user;                /* of its connections */
    weir_text page;            /* server: what a GET gives */
    uint64_t close_timeout_ms; /* server: how long a stream has to end after its connection */
    bool is_client;
    bool is_stopped;
    bool lacks_connect; /* client: the server offers no WebSocket over HTTP/2 */
    nghttp2_session *http;
    h2_stream *streams;
} h2_session;

/* ---- Streams ---------------------------------------------------------------------------------*/

static inline h2_stream *h2_add(h2_session *s)
{
    h2_stream *const stream = calloc(1, sizeof *stream);
    h2_head *const head = calloc(1, sizeof *head);
    if (!stream || !head) {
        free(stream);
        free(head);
        return NULL;
    }
    *stream = (h2_stream){.session = s, .next = s->streams, .link = &s->streams, .head = head};
    if (stream->next)
        stream->next->link = &stream->next;
    s->streams = stream;
    return stream;
}

static inline void h2_handle(h2_stream *stream, const weir_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        if (events[i].type == WEIR_EVENT_HIGH_WATER)
            stream->paused = true;
        else if (events[i].type == WEIR_EVENT_WRITABLE)
            stream->paused = false;
        stream->session->handle(stream->conn, &events[i]);
    }
}

static inline void h2_take_events(h2_stream *stream)
{
    weir_event events[16];
    for (int count; (count = weir_conn_events(stream->conn, events, 16)) > 0;)
        h2_handle(stream, events, count);
}

static inline void h2_drop(h2_stream *stream)
{
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    if (stream->conn) {
        weir_conn_receive_eof(stream->conn);
        h2_take_events(stream);
    }
    weir_conn_free(stream->conn);
    weir_conn_free(stream->deadline);
    free(stream->head);
    free(stream->held);
    free(stream);
}

static inline void h2_cancel(h2_stream *stream, uint32_t code)
{
    stream->is_cancelled = true;
    nghttp2_submit_rst_stream(stream->session->http, NGHTTP2_FLAG_NONE, stream->id, code);
}

/* ---- From the connection to its stream -------------------------------------------------------*/

/* What weir/stream.h tells: whether the stream is to end, END_STREAM, or to be cancelled. */
typedef enum h2_end {
    H2_GOES_ON,
    H2_ENDS,
    H2_CANCELS
} h2_end;

static inline h2_end h2_end_of(const h2_stream *stream)
{
    weir_report report;
    if (!stream->conn)
        return stream->body.len == 0 ? H2_ENDS : H2_GOES_ON;
    const uint32_t wants = weir_conn_wants(stream->conn);
    if (wants & WEIR_WANT_OUTPUT)
        return H2_GOES_ON;
    if (wants & WEIR_WANT_SHUTDOWN_WRITE)
        return H2_ENDS;
    if (!(wants & WEIR_WANT_CLOSE))
        return H2_GOES_ON;
    weir_conn_report(stream->conn, &report, sizeof report);
    return report.clean ? H2_ENDS : H2_CANCELS;
}

/* The connection waits for nothing more. A server leaves it to the client to end the stream too; a
 * client does not wait for a server that has not. */
static inline bool h2_is_done(const h2_stream *stream)
{
    return weir_conn_wants(stream->conn) & WEIR_WANT_CLOSE;
}

static inline size_t h2_copy_body(h2_stream *stream, uint8_t *data, size_t room)
{
    const size_t len = stream->body.len < room ? stream->body.len : room;
    if (len > 0)
        memcpy(data, stream->body.data, len);
    stream->body = (weir_text){stream->body.data + len, stream->body.len - len};
    return len;
}

static inline size_t h2_copy_output(h2_stream *stream, uint8_t *data, size_t room)
{
    weir_span spans[16];
    size_t at = 0;
    const int count = weir_conn_output(stream->conn, spans, 16);
    for (int i = 0; i < count && at < room; i++) {
        const size_t len = spans[i].len < room - at ? spans[i].len : room - at;
        memcpy(data + at, spans[i].data, len);
        at += len;
    }
    weir_conn_sent(stream->conn, at);
    return at;
}

/* nghttp2 asks when the peer's windows have room: until then output stays in its queue. */
static inline ssize_t h2_on_output(nghttp2_session *http, int32_t id, uint8_t *data, size_t room,
                                   uint32_t *flags, nghttp2_data_source *source, void *user)
{
    h2_stream *const stream = source->ptr;
    (void)http, (void)id, (void)user;
    if (room > H2_DATA)
        room = H2_DATA;
    const size_t len =
        stream->conn ? h2_copy_output(stream, data, room) : h2_copy_body(stream, data, room);
    if (len > 0)
        return (ssize_t)len;
    stream->ended = h2_end_of(stream) == H2_ENDS;
    stream->is_deferred = !stream->ended;
    *flags |= stream->ended ? NGHTTP2_DATA_FLAG_EOF : NGHTTP2_DATA_FLAG_NONE;
    return stream->ended ? 0 : NGHTTP2_ERR_DEFERRED;
}

/* The fields of a request or response, and then what h2_on_output gives. */
static inline void h2_submit(h2_stream *stream, const weir_field *fields, size_t count)
{
    nghttp2_session *const http = stream->session->http;
    const nghttp2_data_provider body = {{.ptr = stream}, h2_on_output};
    nghttp2_nv list[H2_FIELDS];
    for (size_t i = 0; i < count; i++)
        list[i] = (nghttp2_nv){(uint8_t *)(uintptr_t)fields[i].name.data,
                               (uint8_t *)(uintptr_t)fields[i].value.data, fields[i].name.len,
                               fields[i].value.len, NGHTTP2_NV_FLAG_NONE};
    stream->is_begun = true;
    if (stream->session->is_client)
        stream->id = nghttp2_submit_request(http, NULL, list, count, &body, stream);
    else
        nghttp2_submit_response(http, stream->id, list, count, &body);
}

/* The head that the connection puts out, as fields. */
static inline void h2_write_head(h2_stream *stream)
{
    const bool is_client = stream->session->is_client;
    weir_field fields[H2_FIELDS];
    char texts[H2_TEXTS];
    weir_span span = {NULL, 0};
    size_t used;
    weir_conn_output(stream->conn, &span, 1);
    const int count = is_client
                          ? weir_stream_write_request(span.data, span.len, 1, &used, stream->accept,
                                                      texts, sizeof texts, fields, H2_FIELDS)
                          : weir_stream_write_response(span.data, span.len, &used, texts,
                                                       sizeof texts, fields, H2_FIELDS);
    if (count <= 0) {
        if (is_client)
            h2_drop(stream); /* HTTP/2 knows nothing of it yet */
        else
            h2_cancel(stream, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    weir_conn_sent(stream->conn, used);
    h2_submit(stream, fields, (size_t)count);
}

/* ---- From the stream to its connection -------------------------------------------------------*/

/* Hand in bytes as long as the connection is to be read; gives how many. What it has taken the peer
 * may send anew. */
static inline size_t h2_feed(h2_stream *stream, const void *data, size_t len)
{
    weir_event events[16];
    size_t at = 0, room, used;
    while (at < len && !(stream->paused && weir_conn_state(stream->conn) == WEIR_OPEN)) {
        void *const place = weir_conn_input_buffer(stream->conn, &room);
        if (!place)
            return len; /* out of memory: the connection has ended itself */
        const size_t piece = len - at < room ? len - at : room;
        memcpy(place, (const uint8_t *)data + at, piece);
        for (size_t left = piece; left > 0; left -= used) {
            const int count = weir_conn_input_filled(stream->conn, left, &used, events, 16);
            h2_handle(stream, events, count);
        }
        at += piece;
    }
    return at;
}

static inline void h2_feed_held(h2_stream *stream)
{
    const size_t len = h2_feed(stream, stream->held, stream->held_len);
    nghttp2_session_consume_stream(stream->session->http, stream->id, len);
    stream->held_len -= len;
    if (stream->held_len > 0) {
        memmove(stream->held, stream->held + len, stream->held_len);
        return;
    }
    free(stream->held);
    stream->held = NULL;
}

/* The session's window opens again at once, so that no stream waits for another; that of the stream
 * bounds what is held back. */
static inline int h2_on_data(nghttp2_session *http, uint8_t flags, int32_t id, const uint8_t *data,
                             size_t len, void *user)
{
    h2_stream *const stream = nghttp2_session_get_stream_user_data(http, id);
    (void)flags, (void)user;
    nghttp2_session_consume_connection(http, len);
    size_t taken = len; /* of what is no WebSocket nothing is wanted */
    if (stream && stream->conn)
        taken = stream->held_len > 0 ? 0 : h2_feed(stream, data, len);
    nghttp2_session_consume_stream(http, id, taken);
    if (taken == len)
        return 0;
    if (!stream->held)
        stream->held = malloc(H2_WINDOW);
    if (!stream->held || len - taken > H2_WINDOW - stream->held_len)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    memcpy(stream->held + stream->held_len, data + taken, len - taken);
    stream->held_len += len - taken;
    return 0;
}

/* Browsers send END_STREAM along with their Close: the answer to that must leave first. */
static inline bool h2_is_answering(const weir_conn *conn)
{
    return weir_conn_state(conn) == WEIR_CLOSING && weir_conn_wants(conn) & WEIR_WANT_OUTPUT;
}

/* A server's answer may come late, when the program has judged the request. */
static inline bool h2_may_answer(const h2_stream *stream)
{
    return stream->conn && !stream->session->is_client && !stream->is_begun &&
           weir_conn_wants(stream->conn) & WEIR_WANT_OUTPUT;
}

/* Whether the peer lets a stream linger that has no open connection (any more). The clock is that
 * of a connection that waits for a handshake, and whose user is told as of all others. */
static inline bool h2_is_late(h2_stream *stream)
{
    const h2_session *const s = stream->session;
    if (s->is_client)
        return false;
    if (weir_conn_state(stream->conn) != WEIR_CLOSED) {
        weir_conn_free(stream->deadline);
        stream->deadline = NULL;
        return false;
    }
    if (stream->deadline)
        return weir_conn_state(stream->deadline) != WEIR_CONNECTING;
    if (weir_conn_create_server(s->context, &stream->deadline) != WEIR_OK)
        return true;
    weir_conn_set_user(stream->deadline, s->user);
    return weir_conn_set(stream->deadline, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, s->close_timeout_ms) !=
           WEIR_OK;
}

/* What follows whatever happened: events, what was held back, and in the end the stream's own. */
static inline void h2_serve(h2_stream *stream)
{
    if (stream->conn) {
        h2_take_events(stream);
        if (stream->held_len > 0)
            h2_feed_held(stream);
        if (stream->peer_ended && stream->held_len == 0 && !h2_is_answering(stream->conn))
            weir_conn_receive_eof(stream->conn);
        h2_take_events(stream);
    }
    if (stream->is_cancelled || stream->id <= 0)
        return;
    const h2_end end = h2_end_of(stream);
    if (h2_is_late(stream)) /* RFC 9113 8.1: NO_ERROR when all of ours has left */
        h2_cancel(stream, stream->ended ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    else if (h2_may_answer(stream))
        h2_write_head(stream);
    else if (end == H2_CANCELS ||
             (stream->session->is_client && stream->ended && h2_is_done(stream)))
        h2_cancel(stream, NGHTTP2_CANCEL);
    else if (stream->is_deferred &&
             (end == H2_ENDS || weir_conn_wants(stream->conn) & WEIR_WANT_OUTPUT)) {
        stream->is_deferred = false;
        nghttp2_session_resume_data(stream->session->http, stream->id);
    }
}

#endif
