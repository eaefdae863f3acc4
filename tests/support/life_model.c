/* SPDX-License-Identifier: MIT */
/* The life of a connection as weir.h and RFC 6455 4, 5.5.1 and 7 tell it: calls and inputs, states
 * and reports. */
#include "life_model.h"

#include <string.h>

#include "test.h"

#define SECOND 1000u

static void life_go(life_model *m, life_phase phase)
{
    m->phase = phase;
    m->phase_at = m->now;
    if (phase == LIFE_IN_OVER)
        m->output = 0;
    if (phase != LIFE_IN_OPEN)
        m->streaming = 0;
    if (phase == LIFE_IN_OPEN)
        m->last_rx = m->now;
}

static void life_say(life_model *m, int type, int code)
{
    assert_true(m->count < LIFE_EVENTS);
    m->events[m->count++] = (life_event){type, code, 0, 0};
}

static int life_opening(const life_model *m)
{
    return m->phase <= LIFE_IN_ANSWER;
}

static int life_live(const life_model *m)
{
    return m->phase == LIFE_IN_OPEN || m->phase == LIFE_IN_CLOSING;
}

/* ---- The end ---------------------------------------------------------------------------------*/

static void life_blame(life_model *m, int cause, int side)
{
    m->cause = m->cause ? m->cause : cause;
    m->side = m->side ? m->side : side;
}

/* Once, and with what is known then. */
static void life_report(life_model *m)
{
    if (m->reported)
        return;
    m->reported = 1;
    life_say(m, WEIR_EVENT_CLOSED, m->peer_code ? m->peer_code : 1006);
    m->events[m->count - 1].cause = m->cause;
    m->events[m->count - 1].clean = m->clean;
}

static void life_lost(life_model *m, int cause, int side)
{
    if (!m->reported)
        life_blame(m, cause, side);
    life_report(m);
    life_go(m, LIFE_IN_OVER);
}

static void life_answer(life_model *m, int http_status, int cause, int side)
{
    m->http_status = http_status;
    life_blame(m, cause, side);
    life_report(m);
    life_go(m, LIFE_IN_FAILING);
    m->output = 1;
}

/* 7.1.7: the peer is told by a Close, or by an HTTP status; a client says nothing to a handshake,
 * and nobody says more after a Close. */
static void life_fail(life_model *m, int cause, int side, int http_status)
{
    if (life_opening(m)) {
        if (m->role == WEIR_SERVER)
            life_answer(m, http_status, cause, side);
        else
            life_lost(m, cause, side);
        return;
    }
    life_blame(m, cause, side);
    life_report(m);
    if (m->local_code == 0) {
        m->local_code = 1002;
        m->output = 1;
    }
    life_go(m, m->output ? LIFE_IN_FAILING : LIFE_IN_OVER);
}

static void life_close(life_model *m, int code, int cause)
{
    m->local_code = code;
    m->output = 1;
    life_blame(m, cause, WEIR_SIDE_LOCAL);
    life_go(m, LIFE_IN_CLOSING);
}

/* All output has left. 7.1.1: the server ends the transport, the client waits for that. */
static void life_flushed(life_model *m)
{
    m->output = 0;
    if (m->ping_queued && life_live(m)) {
        m->ping_at = m->ping_left ? m->ping_at : m->now;
        m->ping_left = 1;
    }
    m->ping_queued = 0;
    if (m->phase == LIFE_IN_FAILING)
        life_go(m, LIFE_IN_LINGER);
    if (m->phase != LIFE_IN_FLUSH)
        return;
    m->clean = 1;
    life_report(m);
    life_go(m, m->role == WEIR_CLIENT ? LIFE_IN_END : LIFE_IN_OVER);
}

/* ---- Calls -----------------------------------------------------------------------------------*/

static int life_send_status(const life_model *m)
{
    if (life_opening(m))
        return WEIR_E_NOT_OPEN;
    return m->phase == LIFE_IN_OPEN ? WEIR_OK : WEIR_E_CLOSING;
}

static int life_message_status(const life_model *m)
{
    const int status = life_send_status(m);
    return status == WEIR_OK && m->streaming ? WEIR_E_MESSAGE_OPEN : status;
}

static void life_send(life_model *m, life_act act)
{
    const int piece = act == LIFE_CHUNK || act == LIFE_END;
    m->status = act == LIFE_PING ? life_send_status(m) : life_message_status(m);
    if (piece)
        m->status = m->streaming                                  ? WEIR_OK
                    : life_opening(m) || m->phase == LIFE_IN_OPEN ? WEIR_E_NO_MESSAGE
                                                                  : WEIR_E_CLOSING;
    if (m->status != WEIR_OK)
        return;
    m->output = act == LIFE_BEGIN ? m->output : 1;
    if (act == LIFE_SEND || act == LIFE_END)
        m->phase_at = m->now;
    if (act == LIFE_BEGIN || act == LIFE_END)
        m->streaming = act == LIFE_BEGIN;
    if (act != LIFE_PING)
        return;
    if (!m->ping_queued && !m->ping_left)
        m->ping_at = m->now;
    m->ping_queued = 1;
}

static void life_call_close(life_model *m)
{
    if (m->phase == LIFE_IN_OPEN)
        life_close(m, 1000, WEIR_OK);
    else if (!life_opening(m))
        m->status = WEIR_E_CLOSING;
    else if (m->role == WEIR_SERVER)
        life_answer(m, 503, WEIR_E_REFUSED, WEIR_SIDE_LOCAL);
    else
        life_lost(m, WEIR_E_REFUSED, WEIR_SIDE_LOCAL);
}

static void life_frame(life_model *m, life_act act);

static void life_accept(life_model *m)
{
    if (m->phase != LIFE_IN_ANSWER) {
        m->status = WEIR_E_STATE;
        return;
    }
    m->http_status = 101;
    m->output = 1;
    life_go(m, LIFE_IN_OPEN);
    life_say(m, WEIR_EVENT_OPEN, 101);
    for (int i = 0; i < m->early_count; i++)
        life_frame(m, m->early[i]);
}

static void life_respond(life_model *m)
{
    if (m->phase == LIFE_IN_ANSWER)
        life_answer(m, 403, WEIR_E_REFUSED, WEIR_SIDE_LOCAL);
    else
        m->status = WEIR_E_STATE;
}

/* ---- Input -----------------------------------------------------------------------------------*/

static void life_message(life_model *m)
{
    m->receiving = 0;
    if (m->phase != LIFE_IN_OPEN)
        return;
    m->phase_at = m->now;
    life_say(m, WEIR_EVENT_MESSAGE, 0);
}

static void life_peer_close(life_model *m)
{
    m->peer_code = 1000;
    life_say(m, WEIR_EVENT_CLOSE, 1000);
    if (m->phase == LIFE_IN_OPEN) {
        m->side = WEIR_SIDE_PEER;
        m->local_code = 1000;
        m->output = 1;
    }
    life_go(m, LIFE_IN_FLUSH);
    if (!m->output)
        life_flushed(m);
}

static void life_frame(life_model *m, life_act act)
{
    const int begins = act == LIFE_GOT_TEXT || act == LIFE_GOT_FRAGMENT;
    if (!life_live(m))
        return;
    if (act == LIFE_GOT_BAD)
        life_fail(m, WEIR_E_OPCODE, WEIR_SIDE_PEER, 0);
    else if (begins && m->receiving)
        life_fail(m, WEIR_E_INTERRUPTED, WEIR_SIDE_PEER, 0);
    else if (act == LIFE_GOT_LAST && !m->receiving)
        life_fail(m, WEIR_E_CONTINUATION, WEIR_SIDE_PEER, 0);
    else if (act == LIFE_GOT_FRAGMENT)
        m->receiving = 1;
    else if (act == LIFE_GOT_TEXT || act == LIFE_GOT_LAST)
        life_message(m);
    else if (act == LIFE_GOT_CLOSE)
        life_peer_close(m);
    else {
        life_say(m, WEIR_EVENT_PING, 0);
        m->output = 1;
    }
}

static void life_head(life_model *m, life_act act)
{
    if (act == LIFE_GOT_HALF) {
        m->half_head = 1;
    } else if (act == LIFE_GOT_BAD_HEAD) {
        life_fail(m, WEIR_E_HTTP_SYNTAX, WEIR_SIDE_PEER, 400);
    } else if (act == LIFE_GOT_REJECTED) {
        m->http_status = 403;
        life_say(m, WEIR_EVENT_REJECTED, 403);
        life_lost(m, WEIR_E_NOT_UPGRADED, WEIR_SIDE_PEER);
    } else if (m->role == WEIR_SERVER) {
        m->phase = LIFE_IN_ANSWER;
        life_say(m, WEIR_EVENT_REQUEST, 0);
    } else {
        m->http_status = 101;
        life_go(m, LIFE_IN_OPEN);
        life_say(m, WEIR_EVENT_OPEN, 101);
    }
}

static void life_input(life_model *m, life_act act)
{
    m->last_rx = m->now;
    m->ping_left = 0;
    if (act <= LIFE_GOT_BAD_HEAD)
        life_head(m, act);
    else if (m->phase == LIFE_IN_ANSWER)
        m->early[m->early_count++] = act;
    else
        life_frame(m, act);
}

/* ---- Time ------------------------------------------------------------------------------------*/

uint64_t life_model_time_step(const life_model *m)
{
    return (m->keepalive ? 25 : 60) * SECOND;
}

/* When a peer that says nothing is given up: after the pong timeout, or when the ping could not
 * even leave for that long after the interval. */
static uint64_t life_silence(const life_model *m)
{
    if (m->ping_left)
        return m->ping_at + 20 * SECOND;
    if (m->ping_queued)
        return (m->ping_at > m->last_rx ? m->ping_at : m->last_rx) + 40 * SECOND;
    return WEIR_NONE;
}

uint64_t life_model_due(const life_model *m)
{
    const uint64_t opening = (m->role == WEIR_SERVER ? 10 : 30) * SECOND;
    switch (m->phase) {
    case LIFE_IN_HEAD:
    case LIFE_IN_ANSWER:
        return m->phase_at + opening;
    case LIFE_IN_OPEN:
        if (!m->keepalive)
            return m->phase_at + 30 * SECOND;
        return m->ping_left || m->ping_queued ? life_silence(m) : m->last_rx + 20 * SECOND;
    case LIFE_IN_CLOSING:
    case LIFE_IN_FLUSH:
    case LIFE_IN_FAILING:
        return m->phase_at + 10 * SECOND;
    case LIFE_IN_END:
    case LIFE_IN_LINGER:
        return m->phase_at + 5 * SECOND;
    default:
        return WEIR_NONE;
    }
}

static void life_time(life_model *m)
{
    m->now += life_model_time_step(m);
    if (life_model_due(m) > m->now)
        return;
    if (life_opening(m))
        life_fail(m, WEIR_E_HANDSHAKE_TIMEOUT, WEIR_SIDE_LOCAL, 408);
    else if (m->phase == LIFE_IN_OPEN && !m->keepalive)
        life_close(m, 1001, WEIR_E_IDLE_TIMEOUT);
    else if (m->phase == LIFE_IN_OPEN && life_silence(m) <= m->now)
        life_lost(m, WEIR_E_PONG_TIMEOUT, WEIR_SIDE_LOCAL);
    else if (m->phase == LIFE_IN_OPEN)
        life_send(m, LIFE_PING);
    else if (m->phase == LIFE_IN_CLOSING || m->phase == LIFE_IN_FLUSH)
        life_lost(m, WEIR_E_CLOSE_TIMEOUT, WEIR_SIDE_LOCAL);
    else
        life_lost(m, WEIR_OK, WEIR_SIDE_LOCAL);
}

/* ---- Steps -----------------------------------------------------------------------------------*/

void life_model_begin(life_model *m, int role, int established, int keepalive)
{
    memset(m, 0, sizeof *m);
    m->role = role;
    m->keepalive = keepalive;
    m->now = m->phase_at = m->last_rx = SECOND;
    if (established)
        life_go(m, LIFE_IN_OPEN);
    else
        m->output = role == WEIR_CLIENT;
}

int life_model_may(const life_model *m, life_act act)
{
    switch (act) {
    case LIFE_SENT_HALF: /* which half the ping is in is not the model's */
        return !m->keepalive;
    case LIFE_GOT_HALF:
        return m->phase == LIFE_IN_HEAD && !m->half_head;
    case LIFE_GOT_HEAD:
        return m->phase == LIFE_IN_HEAD && m->half_head;
    case LIFE_GOT_REJECTED:
        return m->phase == LIFE_IN_HEAD && m->half_head && m->role == WEIR_CLIENT;
    case LIFE_GOT_BAD_HEAD:
        return m->phase == LIFE_IN_HEAD;
    default:
        return act < LIFE_GOT_HALF || m->phase != LIFE_IN_HEAD;
    }
}

void life_model_step(life_model *m, life_act act)
{
    m->count = 0;
    m->status = WEIR_OK;
    if (act >= LIFE_GOT_HALF)
        life_input(m, act);
    else if (act == LIFE_ACCEPT)
        life_accept(m);
    else if (act == LIFE_RESPOND)
        life_respond(m);
    else if (act <= LIFE_PING)
        life_send(m, act);
    else if (act == LIFE_CLOSE)
        life_call_close(m);
    else if (act == LIFE_TIME)
        life_time(m);
    else if (act == LIFE_EOF && m->phase != LIFE_IN_OVER)
        life_lost(m, WEIR_E_TRANSPORT, WEIR_SIDE_TRANSPORT);
    else if (act == LIFE_SENT_ALL && m->output)
        life_flushed(m);
}

int life_model_state(const life_model *m)
{
    if (life_opening(m))
        return WEIR_CONNECTING;
    if (m->phase == LIFE_IN_OPEN)
        return WEIR_OPEN;
    return m->phase == LIFE_IN_OVER ? WEIR_CLOSED : WEIR_CLOSING;
}

uint32_t life_model_wants(const life_model *m)
{
    if (m->phase == LIFE_IN_OVER)
        return WEIR_WANT_CLOSE;
    return (m->output ? WEIR_WANT_OUTPUT : 0) |
           (m->phase == LIFE_IN_LINGER ? WEIR_WANT_SHUTDOWN_WRITE : 0) |
           (m->phase == LIFE_IN_ANSWER ? 0 : WEIR_WANT_INPUT);
}
