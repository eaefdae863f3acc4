/* SPDX-License-Identifier: MIT */
/* Deadlines of a connection: handshake, silence, idleness, closing. */
#include "deadline.h"

#include "../base/statuses.h"
#include "compression.h"
#include "opening.h"
#include "send.h"

/* start + span, where WEIR_NONE means never. */
static uint64_t deadline_after(uint64_t start, uint64_t span)
{
    return span >= WEIR_NONE - start ? WEIR_NONE : start + span;
}

static uint64_t deadline_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When a silent peer is taken for dead; WEIR_NONE while no ping is on its way. */
static uint64_t deadline_silence(const weir_conn *conn)
{
    const weir_config *const policy = conn->policy;
    if (weir__conn_has(conn, WEIR__FLAG_PING_WAITS))
        return deadline_after(conn->note.ping_at, policy->pong_timeout_ms);
    /* The ping cannot even leave: the transport takes nothing and nothing comes. */
    if (weir__conn_has(conn, WEIR__FLAG_PING_QUEUED)) {
        const uint64_t since =
            conn->note.ping_at > conn->last_rx_at ? conn->note.ping_at : conn->last_rx_at;
        return deadline_after(deadline_after(since, policy->ping_interval_ms),
                              policy->pong_timeout_ms);
    }
    return WEIR_NONE;
}

static uint64_t deadline_ping(const weir_conn *conn)
{
    if (weir__conn_has(conn, WEIR__FLAG_PING_WAITS | WEIR__FLAG_PING_QUEUED))
        return WEIR_NONE;
    return deadline_after(conn->last_rx_at, conn->policy->ping_interval_ms);
}

/* When the memory for compressing is let go. */
static uint64_t deadline_trim(const weir_conn *conn)
{
    const weir__compression *const compression = weir__conn_compression(conn);
    if (!compression || !compression->deflater || weir__conn_has(conn, WEIR__FLAG_STREAMING))
        return WEIR_NONE;
    return deadline_after(compression->used_at, conn->policy->deflate_idle_ms);
}

static uint64_t deadline_open(const weir_conn *conn)
{
    const uint64_t idle = deadline_earlier(
        deadline_after(conn->phase_at, conn->policy->idle_timeout_ms), deadline_trim(conn));
    return deadline_earlier(idle, deadline_earlier(deadline_ping(conn), deadline_silence(conn)));
}

static uint64_t deadline_next(const weir_conn *conn)
{
    const weir_config *const policy = conn->policy;
    switch ((weir__conn_state)conn->state) { /* never: another state */
    case WEIR__AWAIT_HEAD:
    case WEIR__AWAIT_ANSWER:
    case WEIR__AWAIT_BODY:
        return deadline_after(conn->phase_at, weir__conn_is_server(conn)
                                                  ? policy->handshake_timeout_ms
                                                  : policy->connect_timeout_ms);
    case WEIR__OPEN:
        return deadline_open(conn);
    case WEIR__AWAIT_CLOSE:
    case WEIR__AWAIT_FLUSH:
    case WEIR__FAILING:
        return deadline_after(conn->phase_at, policy->close_timeout_ms);
    case WEIR__AWAIT_END:
    case WEIR__LINGER:
        return deadline_after(conn->phase_at, policy->linger_timeout_ms);
    case WEIR__OVER:
    case WEIR__CONN_STATES:
        break;
    }
    return WEIR_NONE;
}

/* timer.due is never later than the next deadline, but may be earlier: most deadlines are put off
 * before they pass, and cost nothing until the time has come at which they first would have. */

void weir__deadline_arm(weir_conn *conn)
{
    if (conn->timer.due <= conn->context->now)
        conn->timer.due = deadline_next(conn);
    if (conn->timer.due == WEIR_NONE)
        return;
    weir__wheel_add(&conn->context->wheel, &conn->timer);
    conn->place = WEIR__PLACE_WHEEL;
}

void weir__deadline_moved(weir_conn *conn)
{
    const uint64_t due = deadline_next(conn);
    if (due >= conn->timer.due)
        return;
    conn->timer.due = due;
    if (conn->place != WEIR__PLACE_WHEEL && conn->place != WEIR__PLACE_NONE)
        return; /* looked at soon in any case */
    if (conn->place == WEIR__PLACE_WHEEL)
        weir__wheel_remove(&conn->context->wheel, &conn->timer);
    conn->place = WEIR__PLACE_NONE;
    weir__deadline_arm(conn);
}

void weir__deadline_none(weir_conn *conn)
{
    conn->timer.due = WEIR_NONE;
}

/* ---- What passed ---------------------------------------------------------------------------- */

WEIR__FAST_INLINE bool deadline_trim_passed(const weir_conn *conn)
{
    return deadline_trim(conn) <= conn->context->now;
}

WEIR__FAST_INLINE bool deadline_silence_passed(const weir_conn *conn)
{
    return deadline_silence(conn) <= conn->context->now;
}

WEIR__FAST_INLINE bool deadline_idle_passed(const weir_conn *conn)
{
    return deadline_after(conn->phase_at, conn->policy->idle_timeout_ms) <= conn->context->now;
}

WEIR__FAST_INLINE bool deadline_ping_passed(const weir_conn *conn)
{
    return deadline_ping(conn) <= conn->context->now;
}

static void deadline_act_open(weir_conn *conn)
{
    if (deadline_trim_passed(conn))
        weir__compression_trim(conn);
    if (deadline_silence_passed(conn)) {
        weir__conn_lost(conn, WEIR_E_PONG_TIMEOUT);
        return;
    }
    if (deadline_idle_passed(conn)) {
        const uint32_t code = weir__status_wire(WEIR_E_IDLE_TIMEOUT);
        if (weir__conn_close(conn, code, (weir_text){NULL, 0}, WEIR_E_IDLE_TIMEOUT) != WEIR_OK)
            weir__conn_lost(conn, WEIR_E_MEMORY);
        return;
    }
    if (deadline_ping_passed(conn))
        weir__send_keepalive(conn);
}

static void deadline_act(weir_conn *conn)
{
    switch ((weir__conn_state)conn->state) { /* never: another state */
    case WEIR__AWAIT_HEAD:
    case WEIR__AWAIT_ANSWER:
        weir__conn_fail(conn, WEIR_E_HANDSHAKE_TIMEOUT, conn->rx_bytes);
        break;
    case WEIR__AWAIT_BODY:
        weir__opening_body_over(conn);
        break;
    case WEIR__OPEN:
        deadline_act_open(conn);
        break;
    case WEIR__AWAIT_CLOSE:
    case WEIR__AWAIT_FLUSH:
        weir__conn_lost(conn, WEIR_E_CLOSE_TIMEOUT);
        break;
    case WEIR__AWAIT_END:
    case WEIR__FAILING:
    case WEIR__LINGER:
    case WEIR__OVER:
        weir__conn_give_up(conn);
        break;
    case WEIR__CONN_STATES: /* never: as said */
    default:
        break; /* never: as said */
    }
}

WEIR__FAST_INLINE bool deadline_has_passed(const weir_conn *conn)
{
    const uint64_t now = conn->context->now;
    return conn->timer.due <= now && deadline_next(conn) <= now;
}

void weir__deadline_check(weir_conn *conn)
{
    if (!deadline_has_passed(conn))
        return;
    weir__conn_mark(conn, WEIR__FLAG_NEWS);
    deadline_act(conn);
}

void weir__deadline_ping_left(weir_conn *conn)
{
    if (!weir__conn_is_live(conn))
        return; /* its answer would not be read */
    if (!weir__conn_has(conn, WEIR__FLAG_PING_WAITS))
        conn->note.ping_at = conn->context->now;
    conn->ping_ms = (uint32_t)conn->context->now;
    weir__conn_unmark(conn, WEIR__FLAG_PING_QUEUED);
    weir__conn_mark(conn, WEIR__FLAG_PING_WAITS);
    weir__deadline_moved(conn);
}
