/* SPDX-License-Identifier: MIT */
/* A connection's lifecycle: the one place that changes its state. */
#include "conn.h"

#include <string.h>

#include "../base/statuses.h"
#include "../protocol/close.h"
#include "assembly.h"
#include "compression.h"
#include "deadline.h"
#include "opening.h"
#include "output.h"
#include "policy.h"
#include "receive.h"

/* ---- Transitions -----------------------------------------------------------------------------*/

#define CONN_TO(state) (1u << WEIR__##state)

/* From each state, the states that may follow. */
static const uint16_t conn_transitions[WEIR__CONN_STATES] = {
    [WEIR__AWAIT_HEAD] = CONN_TO(AWAIT_ANSWER) | CONN_TO(AWAIT_BODY) | CONN_TO(OPEN) |
                         CONN_TO(FAILING) | CONN_TO(OVER),
    [WEIR__AWAIT_ANSWER] = CONN_TO(OPEN) | CONN_TO(FAILING) | CONN_TO(OVER),
    [WEIR__AWAIT_BODY] = CONN_TO(OVER),
    [WEIR__OPEN] = CONN_TO(AWAIT_CLOSE) | CONN_TO(AWAIT_FLUSH) | CONN_TO(FAILING) | CONN_TO(OVER),
    [WEIR__AWAIT_CLOSE] = CONN_TO(AWAIT_FLUSH) | CONN_TO(FAILING) | CONN_TO(OVER),
    [WEIR__AWAIT_FLUSH] = CONN_TO(AWAIT_END) | CONN_TO(OVER),
    [WEIR__AWAIT_END] = CONN_TO(OVER),
    [WEIR__FAILING] = CONN_TO(LINGER) | CONN_TO(OVER),
    [WEIR__LINGER] = CONN_TO(OVER),
    [WEIR__OVER] = 0,
};

static bool conn_goto(weir_conn *conn, weir__conn_state next)
{
    if ((conn_transitions[conn->state] & (1u << next)) == 0) /* never: no such transition */
        return false;                                        /* never: no such transition */
    conn->state = (uint8_t)next;
    /* All of the opening has one clock: a request waiting for its answer is still a handshake. */
    if (!weir__conn_is_opening(conn))
        conn->phase_at = conn->context->now;
    if (next == WEIR__OVER)
        weir__deadline_none(conn);
    else
        weir__deadline_moved(conn);
    return true;
}

/* ---- Birth and death -------------------------------------------------------------------------*/

int weir__conn_create(weir_context *context, int role, weir_conn **out)
{
    weir_conn *const conn = weir__pool_take_exact(&context->memory, sizeof *conn);
    if (!conn)
        return WEIR_E_MEMORY;
    memset(conn, 0, sizeof *conn);
    conn->context = context;
    conn->policy = &context->policy;
    conn->role = (uint8_t)role;
    conn->phase_at = conn->last_rx_at = context->now;
    conn->flood_ms = (uint32_t)context->now;
    conn->rtt_ms = UINT32_MAX;
    context->totals.connections++;
    weir__deadline_arm(conn);
    *out = conn;
    return WEIR_OK;
}

static void conn_leave_lists(weir_conn *conn)
{
    if (conn->place == WEIR__PLACE_WHEEL)
        weir__wheel_remove(&conn->context->wheel, &conn->timer);
    else if (conn->place != WEIR__PLACE_NONE)
        weir__list_remove(&conn->timer.node);
    conn->place = WEIR__PLACE_NONE;
}

weir__extra *weir__conn_open_extra(weir_conn *conn)
{
    size_t cap;
    if (conn->extra)
        return conn->extra;
    weir__extra *const made = weir__pool_take(&conn->context->memory, sizeof *made, &cap);
    if (!made)
        return NULL;
    *made = (weir__extra){.cap = cap};
    conn->extra = made;
    return made;
}

void weir__conn_settle_extra(weir_conn *conn)
{
    weir__extra *const extra = conn->extra;
    if (extra->opening || extra->compression || extra->subprotocol || extra->reason)
        return;
    conn->extra = NULL;
    weir__pool_give(&conn->context->memory, extra, extra->cap);
}

static void conn_free_text(weir__memory *memory, weir__held_text *text)
{
    if (text)
        weir__pool_give(memory, text, text->cap);
}

static void conn_free_extra(weir_conn *conn)
{
    weir__extra *const extra = conn->extra;
    weir__memory *const memory = &conn->context->memory;
    if (!extra)
        return;
    weir__opening_free(conn);
    weir__compression_free(conn);
    if (!conn->extra)
        return;
    conn_free_text(memory, extra->subprotocol);
    conn_free_text(memory, extra->reason);
    conn->extra = NULL;
    weir__pool_give(memory, extra, extra->cap);
}

void weir__conn_free(weir_conn *conn)
{
    weir_context *const context = conn->context;
    context->totals.connections--;
    conn_leave_lists(conn);
    if (context->input_conn == conn)
        context->input_conn = NULL;
    weir__output_free(conn);
    weir__assembly_free(conn);
    conn_free_extra(conn);
    if (weir__conn_has(conn, WEIR__FLAG_OWN_POLICY))
        weir__memory_give(&context->memory, (void *)(uintptr_t)conn->policy, sizeof *conn->policy);
    weir__pool_give_exact(&context->memory, conn);
}

weir__held_text *weir__held_text_make(weir__memory *memory, weir_text text)
{
    size_t cap;
    if (text.len == 0)
        return NULL;
    weir__held_text *const held = weir__pool_take(memory, sizeof *held + text.len, &cap);
    if (!held)
        return NULL;
    held->cap = cap;
    held->len = text.len;
    memcpy(held->data, text.data, text.len);
    return held;
}

int weir__conn_set(weir_conn *conn, int option, uint64_t value)
{
    if (!weir__policy_is_per_conn(option))
        return WEIR_E_OPTION;
    /* Inside a message the two ways of delivery do not mix. */
    if (option == WEIR_OPTION_DELIVER_CHUNKS && conn->rx && conn->rx->in_message &&
        value != conn->policy->deliver_chunks)
        return WEIR_E_STATE;
    WEIR__TRY(weir__policy_check_set(conn->policy, option, value));
    weir_config *own = (weir_config *)(uintptr_t)conn->policy;
    if (!weir__conn_has(conn, WEIR__FLAG_OWN_POLICY)) {
        own = weir__memory_take(&conn->context->memory, sizeof *own);
        if (!own)
            return WEIR_E_MEMORY;
        *own = *conn->policy;
        conn->policy = own;
        weir__conn_mark(conn, WEIR__FLAG_OWN_POLICY);
        weir__opening_set_policy(conn);
    }
    (void)weir__policy_set(own, option, value);
    weir__deadline_moved(conn);
    return WEIR_OK;
}

/* ---- What the caller sees --------------------------------------------------------------------*/

int weir__conn_public_state(const weir_conn *conn)
{
    if (weir__conn_is_opening(conn))
        return WEIR_CONNECTING;
    if (conn->state == WEIR__OPEN)
        return WEIR_OPEN;
    return conn->state == WEIR__OVER ? WEIR_CLOSED : WEIR_CLOSING;
}

bool weir__conn_events_wait(const weir_conn *conn)
{
    const unsigned late = WEIR__PENDING_CLOSED;
    if ((conn->pending & ~late) != 0)
        return true;
    /* CLOSED is the last event: it waits for borrowed memory that is still being written. */
    if (conn->pending != 0)
        return !weir__output_borrows(conn);
    if (weir__conn_opening(conn) && weir__opening_has_early(conn))
        return true;
    return weir__receive_is_due(conn);
}

uint32_t weir__conn_wants(const weir_conn *conn)
{
    uint32_t wants = weir__conn_events_wait(conn) ? WEIR_WANT_EVENTS : 0;
    if (conn->state == WEIR__OVER)
        return wants ? wants : WEIR_WANT_CLOSE;
    if (weir__output_waits(conn))
        wants |= WEIR_WANT_OUTPUT;
    if (conn->state == WEIR__LINGER)
        wants |= WEIR_WANT_SHUTDOWN_WRITE;
    if (conn->state != WEIR__AWAIT_ANSWER)
        wants |= WEIR_WANT_INPUT;
    return wants;
}

bool weir__conn_wants_attention(const weir_conn *conn)
{
    if (weir__conn_events_wait(conn) || weir__conn_has(conn, WEIR__FLAG_NEWS))
        return true;
    return conn->state != WEIR__OVER && weir__output_waits(conn);
}

void weir__conn_ready(weir_conn *conn)
{
    if (conn->place == WEIR__PLACE_READY || conn->place == WEIR__PLACE_EXPIRED)
        return;
    conn_leave_lists(conn);
    weir__list_append(&conn->context->ready, &conn->timer.node);
    conn->place = WEIR__PLACE_READY;
}

void weir__conn_rest(weir_conn *conn)
{
    conn_leave_lists(conn);
    weir__deadline_arm(conn);
}

void weir__conn_settle(weir_conn *conn)
{
    if (!weir__conn_wants_attention(conn))
        weir__conn_rest(conn);
}

void weir__conn_pend(weir_conn *conn, unsigned event)
{
    conn->pending = (uint8_t)(conn->pending | event);
    weir__conn_ready(conn);
}

/* ---- Opening ---------------------------------------------------------------------------------*/

void weir__conn_open(weir_conn *conn, bool quiet)
{
    if (!conn_goto(conn, WEIR__OPEN)) /* never: no such transition */
        return;                       /* never: no such transition */
    weir__conn_mark(conn, WEIR__FLAG_OPENED);
    conn->last_rx_at = conn->context->now;
    conn->context->totals.opened++;
    weir__deadline_moved(conn);
    if (!quiet)
        weir__conn_pend(conn, WEIR__PENDING_OPEN);
}

void weir__conn_await_answer(weir_conn *conn)
{
    conn_goto(conn, WEIR__AWAIT_ANSWER);
}

void weir__conn_await_body(weir_conn *conn)
{
    conn_goto(conn, WEIR__AWAIT_BODY);
}

/* ---- The end ---------------------------------------------------------------------------------*/

/* Who is behind a cause, when nobody began the end before. */
static int conn_side_of(int cause)
{
    if (cause == WEIR_E_TRANSPORT)
        return WEIR_SIDE_TRANSPORT;
    if (cause == WEIR_E_MEMORY)
        return WEIR_SIDE_LIBRARY;
    if (cause > WEIR_E_HTTP_SYNTAX || cause == WEIR_E_REFUSED)
        return WEIR_SIDE_LOCAL;
    return WEIR_SIDE_PEER;
}

/* The first cause stays, and so does the side that began. */
static void conn_blame(weir_conn *conn, int cause)
{
    if (conn->cause == WEIR_OK)
        conn->cause = (int16_t)cause;
    if (conn->side == WEIR_SIDE_NONE)
        conn->side = (uint8_t)conn_side_of(cause);
}

/* The report is final: say so once. */
static void conn_report(weir_conn *conn, uint64_t at)
{
    if (weir__conn_has(conn, WEIR__FLAG_REPORTED))
        return;
    weir__conn_mark(conn, WEIR__FLAG_REPORTED);
    if (conn->peer_code == 0)
        conn->note.fault_at = at;
    if (conn->cause != WEIR_OK)
        conn->context->totals.failed++;
    weir__conn_pend(conn, WEIR__PENDING_CLOSED);
}

static int conn_queue_close(weir_conn *conn, uint32_t code, weir_text reason)
{
    WEIR__TRY(weir__output_close_frame(conn, code, reason));
    conn->local_code = (uint16_t)(code ? code : WEIR__CLOSE_NO_CODE);
    conn->tx_control++;
    conn->context->totals.tx_control++;
    return WEIR_OK;
}

/* Only a caller's Close has a reason. */
static int conn_queue_code(weir_conn *conn, uint32_t code)
{
    return conn_queue_close(conn, code, (weir_text){NULL, 0});
}

static void conn_end_sending(weir_conn *conn)
{
    weir__conn_unmark(conn, WEIR__FLAG_STREAMING | WEIR__FLAG_CONGESTED);
    conn->pending &= (uint8_t) ~(WEIR__PENDING_HIGH_WATER | WEIR__PENDING_WRITABLE);
}

int weir__conn_close(weir_conn *conn, uint32_t code, weir_text reason, int cause)
{
    if (weir__conn_is_opening(conn)) {
        weir__opening_refuse(conn);
        return WEIR_OK;
    }
    WEIR__TRY(conn_queue_close(conn, code, reason));
    conn_end_sending(conn);
    conn_blame(conn, cause);
    conn_goto(conn, WEIR__AWAIT_CLOSE);
    return WEIR_OK;
}

void weir__conn_peer_closed(weir_conn *conn, uint32_t code, weir_text reason)
{
    conn->peer_code = (uint16_t)code;
    if (reason.len > 0 && weir__conn_open_extra(conn))
        conn->extra->reason = weir__held_text_make(&conn->context->memory, reason);
    conn_end_sending(conn);
    weir__conn_pend(conn, WEIR__PENDING_CLOSE);
    if (conn->state == WEIR__OPEN) {
        conn->side = WEIR_SIDE_PEER;
        /* RFC 6455 5.5.1: answer with the code received. Without memory there is no answer. */
        const uint32_t answer = code == WEIR__CLOSE_NO_CODE ? 0 : code;
        if (conn_queue_code(conn, answer) != WEIR_OK) {
            weir__conn_lost(conn, WEIR_E_MEMORY);
            return;
        }
    }
    conn_goto(conn, WEIR__AWAIT_FLUSH);
    if (!weir__output_waits(conn))
        weir__conn_flushed(conn);
}

static void conn_over(weir_conn *conn)
{
    conn_goto(conn, WEIR__OVER);
    weir__output_drop(conn);
    weir__conn_mark(conn, WEIR__FLAG_NEWS);
    weir__conn_ready(conn);
}

void weir__conn_lost(weir_conn *conn, int cause)
{
    if (!weir__conn_has(conn, WEIR__FLAG_REPORTED))
        conn_blame(conn, cause);
    conn_end_sending(conn);
    conn_report(conn, conn->rx_bytes);
    conn_over(conn);
}

void weir__conn_rejected(weir_conn *conn, uint64_t at)
{
    conn_blame(conn, WEIR_E_NOT_UPGRADED);
    conn_report(conn, at);
    conn_over(conn);
}

void weir__conn_give_up(weir_conn *conn)
{
    conn_report(conn, conn->rx_bytes);
    conn_over(conn);
}

/* The last word to the peer: a Close, a server's HTTP answer, or none. */
static bool conn_last_word(weir_conn *conn, int cause)
{
    if (weir__conn_is_opening(conn))
        return weir__conn_is_server(conn) && weir__opening_answer_fault(conn, cause);
    /* RFC 6455 7.1.7: a failed connection is told why, unless a Close was sent before. */
    if (conn->local_code != 0)
        return weir__output_waits(conn);
    return conn_queue_code(conn, weir__status_wire(cause)) == WEIR_OK;
}

/* What comes before the last word. */
WEIR__APART void conn_fail_silently(weir_conn *conn, int cause, uint64_t at)
{
    conn_blame(conn, cause);
    conn_end_sending(conn);
    conn_report(conn, at);
    if (conn->local_code == 0)
        weir__output_cut(conn);
}

void weir__conn_fail(weir_conn *conn, int cause, uint64_t at)
{
    if (weir__conn_has(conn, WEIR__FLAG_REPORTED))
        return;
    conn_fail_silently(conn, cause, at);
    const bool has_word = conn_last_word(conn, cause);
    if (!has_word || !conn_goto(conn, WEIR__FAILING)) /* never: no such transition */
        conn_over(conn);
}

void weir__conn_answered(weir_conn *conn, int status, int cause)
{
    conn->http_status = (uint16_t)status;
    conn_blame(conn, cause);
    conn_report(conn, conn->rx_bytes);
    conn_goto(conn, WEIR__FAILING);
}

void weir__conn_eof(weir_conn *conn)
{
    if (weir__conn_has(conn, WEIR__FLAG_EOF))
        return;
    weir__conn_mark(conn, WEIR__FLAG_EOF);
    if (conn->state == WEIR__AWAIT_BODY) {
        weir__opening_body_over(conn);
        return;
    }
    if (conn->state != WEIR__OVER)
        weir__conn_lost(conn, WEIR_E_TRANSPORT);
}

void weir__conn_flushed(weir_conn *conn)
{
    if (conn->state == WEIR__FAILING) {
        conn_goto(conn, WEIR__LINGER);
        return;
    }
    if (conn->state != WEIR__AWAIT_FLUSH)
        return;
    weir__conn_mark(conn, WEIR__FLAG_CLEAN);
    /* RFC 6455 7.1.1: the server ends the transport first, the client waits for that. */
    if (weir__conn_is_client(conn)) {
        conn_goto(conn, WEIR__AWAIT_END);
        conn_report(conn, conn->rx_bytes);
        return;
    }
    weir__conn_give_up(conn);
}
