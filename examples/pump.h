/* SPDX-License-Identifier: MIT */
/* Moves bytes between a connection and its non-blocking socket: all that is between the two. */
#ifndef EXAMPLES_PUMP_H
#define EXAMPLES_PUMP_H

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <weir/weir.h>

/* What the program does about an event: it may send, close, accept and respond. */
typedef void pump_handler(weir_conn *conn, const weir_event *event);

static inline bool pump_must_wait(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* One read, so that nobody waits behind a peer that sends a lot. Large messages land in place. */
static inline void pump_read(weir_conn *conn, int fd, pump_handler *handle)
{
    weir_event events[16];
    size_t room, used;
    void *const place = weir_conn_input_buffer(conn, &room);
    if (!place)
        return; /* out of memory: the connection has ended itself */
    const ssize_t len = recv(fd, place, room, 0);
    if (len == 0 || (len < 0 && !pump_must_wait()))
        weir_conn_receive_eof(conn);
    for (size_t left = len > 0 ? (size_t)len : 0; left > 0; left -= used) {
        const int count = weir_conn_input_filled(conn, left, &used, events, 16);
        for (int i = 0; i < count; i++)
            handle(conn, &events[i]);
    }
}

/* Events that no input brings: of deadlines, of the queue, of the end. */
static inline void pump_events(weir_conn *conn, pump_handler *handle)
{
    weir_event events[16];
    for (int count; (count = weir_conn_events(conn, events, 16)) > 0;)
        for (int i = 0; i < count; i++)
            handle(conn, &events[i]);
}

/* One span is the rule, and for it send is the cheaper call. */
static inline ssize_t pump_send(int fd, const weir_span *spans, int count)
{
    const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)spans,
                                   .msg_iovlen = (size_t)count};
    return count == 1 ? send(fd, spans->data, spans->len, MSG_NOSIGNAL)
                      : sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* All that waits leaves together: the replies to one read need one call. */
static inline void pump_write(weir_conn *conn, int fd)
{
    weir_span spans[32];
    for (int count; (count = weir_conn_output(conn, spans, 32)) > 0;) {
        const ssize_t len = pump_send(fd, spans, count);
        if (len < 0 && !pump_must_wait())
            weir_conn_receive_eof(conn);
        if (len < 0)
            return;
        weir_conn_sent(conn, (size_t)len);
    }
}

/* What to wait for. While its output piles up a connection is not read either, but once it is
 * closing there is nothing more to hold back. */
static inline uint32_t pump_wants(const weir_conn *conn, bool piles_up)
{
    const bool held = piles_up && weir_conn_state(conn) == WEIR_OPEN;
    return weir_conn_wants(conn) & ~(held ? (uint32_t)WEIR_WANT_INPUT : 0);
}

/* Do all that can be done now. False when the connection is over and its socket to be closed. */
static inline bool pump(weir_conn *conn, int fd, bool readable, pump_handler *handle)
{
    if (readable)
        pump_read(conn, fd, handle);
    uint32_t wants;
    do {
        pump_events(conn, handle);
        pump_write(conn, fd);
        wants = weir_conn_wants(conn);
    } while (wants & WEIR_WANT_EVENTS);
    if (wants & WEIR_WANT_SHUTDOWN_WRITE)
        shutdown(fd, SHUT_WR);
    return !(wants & WEIR_WANT_CLOSE);
}

#endif
