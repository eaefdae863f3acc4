/* SPDX-License-Identifier: MIT */
/* As pump_tls.h, with HTTP/2 between TLS and many connections. */
#ifndef EXAMPLES_PUMP_H2_H
#define EXAMPLES_PUMP_H2_H

#include "h2_session.h"
#include "pump_tls.h"

typedef struct pump_h2 {
    h2_session session;
    weir_tls *tls; /* without a connection, its handshake done */
    int fd;
    const uint8_t *out; /* of nghttp2, what TLS has not taken yet */
    size_t out_len;
} pump_h2;

/* Whether ALPN chose HTTP/2 (RFC 9113 3.2). */
static inline bool pump_h2_is_chosen(const weir_tls *tls)
{
    weir_text name;
    return weir_tls_text(tls, WEIR_TLS_TEXT_ALPN, &name) == WEIR_OK && name.len == 2 &&
           memcmp(name.data, "h2", 2) == 0;
}

/* What TLS must send before it reads on. False: the peer sends, but takes nothing. */
static inline bool pump_h2_make_place(pump_h2 *p)
{
    pump_tls_write(p->tls, p->fd);
    return !(weir_tls_wants(p->tls) & WEIR_WANT_OUTPUT);
}

/* False: TLS has ended, or it was not HTTP/2. */
static inline bool pump_h2_read(pump_h2 *p, const uint8_t *data, size_t len)
{
    static uint8_t plain[16384];
    int status = WEIR_TLS_DONE;
    for (size_t used, plain_len; status == WEIR_TLS_DONE; data += used, len -= used) {
        status = weir_tls_read(p->tls, data, len, &used, plain, sizeof plain, &plain_len);
        if (!h2_receive(&p->session, plain, plain_len))
            return false;
        if (status == WEIR_TLS_WANT_OUTPUT && pump_h2_make_place(p))
            status = WEIR_TLS_DONE;
    }
    return status == WEIR_TLS_WANT_INPUT;
}

/* Frames become records as long as there is place, and the socket takes many at once. */
static inline void pump_h2_write(pump_h2 *p)
{
    for (;;) {
        size_t used = 0;
        if (p->out_len == 0)
            p->out_len = h2_output(&p->session, &p->out);
        if (p->out_len > 0 && weir_tls_write(p->tls, p->out, p->out_len, &used) < 0)
            return;
        if (used > 0) {
            p->out += used;
            p->out_len -= used;
            continue;
        }
        pump_tls_write(p->tls, p->fd);
        if (p->out_len == 0 || weir_tls_wants(p->tls) & WEIR_WANT_OUTPUT)
            return;
    }
}

/* Do all that can be done now, beginning with bytes that came. False when the socket is to be
 * closed. */
static inline bool pump_h2_all(pump_h2 *p, const uint8_t *data, size_t len)
{
    const bool alive = pump_h2_read(p, data, len);
    h2_serve_all(&p->session);
    pump_h2_write(p);
    if (!alive || (p->out_len == 0 && h2_is_over(&p->session)))
        weir_tls_close(p->tls); /* behind the last frame */
    pump_tls_write(p->tls, p->fd);
    return alive && !(weir_tls_wants(p->tls) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE));
}

#endif
