/* SPDX-License-Identifier: MIT */
/* As pump.h, with libuv's streams: its alloc callback offers weir's own place, its writes weir's
 * output, and nothing is copied between. */
#ifndef EXAMPLES_PUMP_UV_H
#define EXAMPLES_PUMP_UV_H

#include <uv.h>

#include <weir/weir.h>

#include "pump.h"

/* A connection and its stream, whose data points here. */
typedef struct pump_uv {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    weir_context *context;
    weir_conn *conn;
    pump_handler *handle;
    uv_close_cb on_closed; /* frees the connection: not before, a write may be under way */
    size_t writing;        /* bytes that libuv still writes; the output stays as it is meanwhile */
    bool paused;           /* set by the program: do not read for now */
} pump_uv;

static inline void pump_uv_serve(pump_uv *p);

static inline void pump_uv_on_written(uv_write_t *write, int status)
{
    pump_uv *const p = write->handle->data;
    weir_context_set_time(p->context, uv_now(p->tcp.loop));
    if (status == 0)
        weir_conn_sent(p->conn, p->writing);
    else
        weir_conn_receive_eof(p->conn);
    p->writing = 0;
    pump_uv_serve(p);
}

/* What the socket does not take at once libuv writes later, and tells when that is done. */
static inline void pump_uv_write(pump_uv *p)
{
    uv_stream_t *const stream = (uv_stream_t *)&p->tcp;
    weir_span spans[32];
    uv_buf_t pieces[32];
    for (int count; p->writing == 0 && (count = weir_conn_output(p->conn, spans, 32)) > 0;) {
        for (int i = 0; i < count; i++)
            pieces[i] = (uv_buf_t){(char *)(uintptr_t)spans[i].data, spans[i].len};
        int status = uv_try_write(stream, pieces, (unsigned)count);
        if (status >= 0) {
            weir_conn_sent(p->conn, (size_t)status);
        } else if (status == UV_EAGAIN) {
            status = uv_write(&p->write, stream, pieces, 1, pump_uv_on_written);
            p->writing = spans[0].len;
        }
        if (status < 0) {
            weir_conn_receive_eof(p->conn);
            return;
        }
    }
}

/* libuv reads right after it has asked for the place, as weir wants it (but not on Windows). */
static inline void pump_uv_on_place(uv_handle_t *handle, size_t suggested, uv_buf_t *place)
{
    const pump_uv *const p = handle->data;
    (void)suggested;
    weir_context_set_time(p->context, uv_now(handle->loop));
    place->len = 0; /* no memory: libuv reads nothing and tells an error */
    place->base = weir_conn_input_buffer(p->conn, &place->len);
}

static inline void pump_uv_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *place)
{
    pump_uv *const p = stream->data;
    weir_event events[16];
    size_t used;
    (void)place; /* the connection knows it */
    if (len < 0)
        weir_conn_receive_eof(p->conn);
    for (size_t left = len > 0 ? (size_t)len : 0; left > 0; left -= used) {
        const int count = weir_conn_input_filled(p->conn, left, &used, events, 16);
        for (int i = 0; i < count; i++)
            p->handle(p->conn, &events[i]);
    }
    pump_uv_serve(p);
}

/* What follows whatever happened to a connection: events, output, and in the end its own. */
static inline void pump_uv_serve(pump_uv *p)
{
    uv_stream_t *const stream = (uv_stream_t *)&p->tcp;
    if (uv_is_closing((uv_handle_t *)stream))
        return;
    do {
        pump_events(p->conn, p->handle);
        pump_uv_write(p);
    } while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS);

    const uint32_t wants = pump_wants(p->conn, p->paused);
    if (wants & WEIR_WANT_SHUTDOWN_WRITE)
        uv_shutdown(&p->shutdown, stream, NULL); /* again: does nothing */
    if (wants & WEIR_WANT_CLOSE)
        uv_close((uv_handle_t *)stream, p->on_closed);
    else if (wants & WEIR_WANT_INPUT)
        uv_read_start(stream, pump_uv_on_place, pump_uv_on_read);
    else
        uv_read_stop(stream);
}

#endif
