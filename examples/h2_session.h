/* SPDX-License-Identifier: MIT */
/* A session of HTTP/2, by libnghttp2: its streams become connections (h2_stream.h). The session's
 * bytes go in and come out; what carries them is in pump_h2.h. */
#ifndef EXAMPLES_H2_SESSION_H
#define EXAMPLES_H2_SESSION_H

#include <stdio.h>

#include "common.h"
#include "h2_stream.h"

/* ---- Heads -----------------------------------------------------------------------------------*/

/* Whether the value of a field begins like that. */
static inline bool h2_begins(const h2_head *head, const char *name, const char *start)
{
    for (size_t i = 0; i < head->count; i++) {
        const weir_text *const found = &head->fields[i].name, *const value = &head->fields[i].value;
        if (found->len == strlen(name) && memcmp(found->data, name, found->len) == 0)
            return value->len >= strlen(start) && memcmp(value->data, start, strlen(start)) == 0;
    }
    return false;
}

/* Answer what is no WebSocket, or none that can be. */
static inline void h2_answer(h2_stream *stream, unsigned status, weir_text body)
{
    char number[12];
    const size_t len = (size_t)snprintf(number, sizeof number, "%u", status);
    const weir_field fields[] = {{{":status", 7}, {number, len}},
                                 {{"content-type", 12}, {"text/html; charset=utf-8", 24}}};
    stream->body = body;
    h2_submit(stream, fields, body.len > 0 ? 2 : 1);
}

/* Server: a GET gives the page, an extended CONNECT a connection, which judges the request. */
static inline void h2_on_request(h2_stream *stream)
{
    static const weir_text none = {"", 0};
    const h2_head *const head = stream->head;
    h2_session *const s = stream->session;
    char text[H2_HEAD];
    size_t len;
    if (h2_begins(head, ":method", "GET")) {
        h2_answer(stream, 200, s->page);
        return;
    }
    const int status = weir_stream_read_request(head->fields, head->count, text, sizeof text, &len);
    if (status != WEIR_OK || head->is_short) {
        h2_answer(stream, head->is_short ? 431u : weir_status_wire(status), none);
        return;
    }
    if (weir_conn_create_server(s->context, &stream->conn) != WEIR_OK) {
        h2_answer(stream, 503, none);
        return;
    }
    weir_conn_set_user(stream->conn, s->user);
    h2_feed(stream, text, len);
}

/* Client: false when the server broke a rule. */
static inline bool h2_on_response(h2_stream *stream)
{
    char text[H2_HEAD];
    size_t len;
    if (stream->head->is_short ||
        weir_stream_read_response(stream->head->fields, stream->head->count, stream->accept, text,
                                  sizeof text, &len) != WEIR_OK)
        return false;
    h2_feed(stream, text, len);
    return true;
}

/* RFC 8441 3: a client asks only a server that has offered. */
static inline void h2_on_settings(h2_session *s)
{
    const uint32_t setting = NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL;
    h2_stream *const stream = s->streams;
    if (!stream || stream->id != 0)
        return;
    s->lacks_connect = nghttp2_session_get_remote_settings(s->http, setting) != 1;
    if (s->lacks_connect)
        weir_conn_receive_eof(stream->conn);
    else
        h2_write_head(stream);
}

/* ---- What nghttp2 tells ----------------------------------------------------------------------*/

static inline int h2_on_begin(nghttp2_session *http, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    h2_stream *const stream = h2_add(user);
    if (!stream)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* it is reset */
    stream->id = frame->hd.stream_id;
    nghttp2_session_set_stream_user_data(http, stream->id, stream);
    return 0;
}

static inline weir_text h2_keep(h2_head *head, const uint8_t *text, size_t len)
{
    const weir_text kept = {head->texts + head->len, len};
    memcpy(head->texts + head->len, text, len);
    head->len += len;
    return kept;
}

static inline int h2_on_field(nghttp2_session *http, const nghttp2_frame *frame,
                              const uint8_t *name, size_t name_len, const uint8_t *value,
                              size_t value_len, uint8_t flags, void *user)
{
    const h2_stream *const stream = nghttp2_session_get_stream_user_data(http, frame->hd.stream_id);
    h2_head *const head = stream ? stream->head : NULL;
    (void)flags, (void)user;
    if (!head)
        return 0; /* a trailer */
    if (head->count == H2_FIELDS || name_len + value_len > H2_TEXTS - head->len) {
        head->is_short = true;
        return 0;
    }
    weir_field *const field = &head->fields[head->count++];
    field->name = h2_keep(head, name, name_len);
    field->value = h2_keep(head, value, value_len);
    return 0;
}

/* The fields are complete. Client: those of a 1xx response are passed over. */
static inline void h2_on_head(h2_stream *stream)
{
    h2_head *const head = stream->head;
    if (stream->session->is_client && h2_begins(head, ":status", "1")) {
        memset(head, 0, sizeof *head);
        return;
    }
    if (!stream->session->is_client)
        h2_on_request(stream);
    else if (!h2_on_response(stream))
        h2_cancel(stream, NGHTTP2_PROTOCOL_ERROR);
    free(head);
    stream->head = NULL;
}

static inline int h2_on_frame(nghttp2_session *http, const nghttp2_frame *frame, void *user)
{
    h2_session *const s = user;
    h2_stream *const stream = nghttp2_session_get_stream_user_data(http, frame->hd.stream_id);
    const uint8_t type = frame->hd.type;
    if (type == NGHTTP2_SETTINGS && !(frame->hd.flags & NGHTTP2_FLAG_ACK) && s->is_client)
        h2_on_settings(s);
    if (!stream || (type != NGHTTP2_HEADERS && type != NGHTTP2_DATA))
        return 0;
    if (type == NGHTTP2_HEADERS && stream->head)
        h2_on_head(stream);
    stream->peer_ended |= (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    return 0;
}

/* Ended both ways, or reset by either side. */
static inline int h2_on_close(nghttp2_session *http, int32_t id, uint32_t code, void *user)
{
    h2_stream *const stream = nghttp2_session_get_stream_user_data(http, id);
    (void)code, (void)user;
    if (stream)
        h2_drop(stream);
    return 0;
}

/* ---- The session -----------------------------------------------------------------------------*/

static inline void h2_begin(h2_session *s)
{
    static const nghttp2_settings_entry of_server[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}};
    static const nghttp2_settings_entry of_client[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_session_callbacks *calls = NULL;
    nghttp2_option *option = NULL;
    if (nghttp2_session_callbacks_new(&calls) != 0 || nghttp2_option_new(&option) != 0)
        die("nghttp2");
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, h2_on_begin);
    nghttp2_session_callbacks_set_on_header_callback(calls, h2_on_field);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, h2_on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, h2_on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, h2_on_close);
    nghttp2_option_set_no_auto_window_update(option, 1);
    if ((s->is_client ? nghttp2_session_client_new2 : nghttp2_session_server_new2)(&s->http, calls,
                                                                                   s, option) != 0)
        die("nghttp2");
    nghttp2_submit_settings(s->http, NGHTTP2_FLAG_NONE, s->is_client ? of_client : of_server,
                            s->is_client ? 1 : 2);
    nghttp2_session_set_local_window_size(s->http, NGHTTP2_FLAG_NONE, 0, H2_BIG_WINDOW);
    nghttp2_session_callbacks_del(calls);
    nghttp2_option_del(option);
}

/* Client: the session's one connection, transferred; its request leaves once the server's settings
 * have come. */
static inline void h2_connect(h2_session *s, weir_conn *conn)
{
    h2_stream *const stream = h2_add(s);
    if (!stream)
        die("memory");
    stream->conn = conn;
}

/* Take bytes of the peer. False: what comes is not HTTP/2. */
static inline bool h2_receive(h2_session *s, const uint8_t *data, size_t len)
{
    return nghttp2_session_mem_recv(s->http, data, len) >= 0;
}

static inline void h2_serve_all(h2_session *s)
{
    for (h2_stream *stream = s->streams; stream; stream = stream->next)
        h2_serve(stream);
}

/* Bytes for the peer, valid until the next call; 0: there are none now. */
static inline size_t h2_output(h2_session *s, const uint8_t **data)
{
    ssize_t len = nghttp2_session_mem_send(s->http, data);
    if (len == 0) {
        h2_serve_all(s);
        len = nghttp2_session_mem_send(s->http, data);
    }
    return len > 0 ? (size_t)len : 0;
}

/* Take no new streams, and close those there are. RFC 6455 7.4.1: 1001, going away. */
static inline void h2_stop(h2_session *s)
{
    if (s->is_stopped)
        return;
    s->is_stopped = true;
    nghttp2_submit_goaway(s->http, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(s->http), NGHTTP2_NO_ERROR, NULL,
                          0);
    for (const h2_stream *stream = s->streams; stream; stream = stream->next)
        weir_conn_close(stream->conn, 1001, "server stops", WEIR_NTS);
}

/* Whether it has streams, but for those that are reset. */
static inline bool h2_is_used(const h2_session *s)
{
    const h2_stream *stream = s->streams;
    while (stream && stream->is_cancelled)
        stream = stream->next;
    return stream != NULL;
}

/* After a GOAWAY, once no stream is left, or after a fault. */
static inline bool h2_is_over(const h2_session *s)
{
    return !nghttp2_session_want_read(s->http) && !nghttp2_session_want_write(s->http);
}

static inline void h2_free(h2_session *s)
{
    while (s->streams)
        h2_drop(s->streams);
    nghttp2_session_del(s->http);
}

#endif
