/* SPDX-License-Identifier: MIT */
/* Receiving: bytes in, events out. */
#include "receive.h"

#include <string.h>

#include "../protocol/frame_rules.h"
#include "assembly.h"
#include "deadline.h"
#include "opening.h"
#include "output.h"
#include "payload.h"
#include "whole.h"

weir_event *weir__run_event(weir__run *run, weir_event_type type)
{
    weir_event *const event = &run->events[run->count++];
    memset(event, 0, sizeof *event);
    event->type = (uint32_t)type;
    return event;
}

static bool receive_is_full(const weir__run *run)
{
    return run->count == run->cap;
}

/* ---- Events that wait ------------------------------------------------------------------------*/

static void receive_take_pending(weir_conn *conn, unsigned event)
{
    conn->pending = (uint8_t)(conn->pending & ~event);
}

static void receive_give_released(weir__run *run)
{
    uint64_t token;
    bool dropped;
    while (!receive_is_full(run)) {
        if (!weir__output_released(run->conn, &token, &dropped)) {
            receive_take_pending(run->conn, WEIR__PENDING_RELEASED);
            return;
        }
        weir_event *const event = weir__run_event(run, WEIR_EVENT_RELEASED);
        event->token = token;
        event->flags = dropped ? WEIR_FLAG_DROPPED : 0;
    }
}

static void receive_give_reason(weir__run *run, weir_event_type type, uint32_t code)
{
    const weir__held_text *const reason = weir__conn_reason(run->conn);
    weir_event *const event = weir__run_event(run, type);
    event->code = (uint16_t)code;
    if (reason) {
        event->data = (const uint8_t *)reason->data;
        event->len = reason->len;
    }
}

static void receive_give_closed(weir__run *run)
{
    const weir_conn *const conn = run->conn;
    receive_give_reason(run, WEIR_EVENT_CLOSED, conn->peer_code ? conn->peer_code : 1006);
    weir_event *const event = &run->events[run->count - 1];
    event->flags = weir__conn_has(conn, WEIR__FLAG_CLEAN) ? WEIR_FLAG_CLEAN : 0;
    event->cause = conn->cause;
    event->offset = conn->note.fault_at;
}

static void receive_give_rejected(weir__run *run)
{
    const weir_conn *const conn = run->conn;
    weir_event *const event = weir__run_event(run, WEIR_EVENT_REJECTED);
    event->code = conn->http_status;
    event->data = conn->extra->opening->body.bytes.data;
    event->len = conn->extra->opening->body.bytes.len;
}

/* One event; which must wait. */
static void receive_give(weir__run *run, unsigned event)
{
    switch (event) {
    case WEIR__PENDING_OPEN:
        weir__run_event(run, WEIR_EVENT_OPEN)->code = run->conn->http_status;
        break;
    case WEIR__PENDING_HIGH_WATER:
        weir__run_event(run, WEIR_EVENT_HIGH_WATER);
        break;
    case WEIR__PENDING_WRITABLE:
        weir__run_event(run, WEIR_EVENT_WRITABLE);
        break;
    case WEIR__PENDING_REJECTED:
        receive_give_rejected(run);
        break;
    case WEIR__PENDING_CLOSE:
        receive_give_reason(run, WEIR_EVENT_CLOSE, run->conn->peer_code);
        break;
    default:
        receive_give_closed(run);
        break;
    }
}

/* Give the events that wait, in their order, as far as there is room. */
static void receive_pending(weir__run *run)
{
    weir_conn *const conn = run->conn;
    for (unsigned event = WEIR__PENDING_OPEN; event <= WEIR__PENDING_CLOSED; event <<= 1) {
        if (receive_is_full(run))
            return;
        if ((conn->pending & event) == 0)
            continue;
        if (event == WEIR__PENDING_RELEASED) {
            receive_give_released(run);
            continue;
        }
        /* CLOSED is the last: it waits until no memory of the caller's is in use. */
        if (event == WEIR__PENDING_CLOSED && weir__output_borrows(conn))
            return;
        receive_take_pending(conn, event);
        receive_give(run, event);
    }
}

/* ---- Frames ----------------------------------------------------------------------------------*/

bool weir__receive_is_due(const weir_conn *conn)
{
    const weir__rx *const rx = conn->rx;
    return rx && rx->in_payload && rx->frame_left == 0 && weir__conn_is_live(conn);
}

static int receive_judge(const weir_conn *conn, const uint8_t *bytes, size_t have,
                         weir_frame_head *head)
{
    const weir__frame_rules rules = {.masked = weir__conn_is_server(conn),
                                     .in_message = conn->rx->in_message,
                                     .rsv1 = weir__conn_compression(conn) != NULL};
    return weir__frame_rules_read(bytes, have, &rules, head);
}

/* The head is not whole in the input: collect it. Same result as receive_judge. */
static int receive_collect_head(weir__run *run, weir_frame_head *head)
{
    weir__rx *const rx = run->conn->rx;
    int status = 0;
    while (status == 0 && run->at < run->end) {
        rx->head[rx->head_len++] = *run->at++;
        status = receive_judge(run->conn, rx->head, rx->head_len, head);
    }
    return status;
}

weir__rx *weir__receive_open(weir__run *run)
{
    weir__rx *const rx = weir__assembly_open(run->conn);
    if (!rx)
        weir__run_fail(run, WEIR_E_MEMORY);
    return rx;
}

WEIR__APART void receive_head(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__rx *const rx = conn->rx;
    const uint64_t begin = weir__run_offset(run) - rx->head_len;
    weir_frame_head head;
    int status = 0;
    if (rx->head_len == 0)
        status = receive_judge(conn, run->at, (size_t)(run->end - run->at), &head);
    if (status > 0)
        run->at += status;
    else if (status == 0)
        status = receive_collect_head(run, &head);
    if (status == 0)
        return;
    rx->head_len = 0;
    if (status > 0)
        status = weir__payload_begin(conn, &head, begin);
    if (status < 0)
        weir__run_fail_at(run, status, begin);
}

/* Any frame, or as much of it as came. */
static void receive_frame(weir__run *run)
{
    weir__rx *const rx = weir__receive_open(run);
    if (rx && !rx->in_payload)
        receive_head(run);
    if (rx && rx->in_payload) /* not when its head failed */
        weir__payload_receive(run);
}

static void receive_frames(weir__run *run)
{
    const weir_conn *const conn = run->conn;
    const bool between = !(conn->rx && weir__assembly_is_partial(conn->rx));
    weir__whole_next next = WEIR__WHOLE_OTHER;
    if (conn->state == WEIR__OPEN && between)
        next = weir__whole_receive(run);
    if (next == WEIR__WHOLE_OTHER)
        receive_frame(run);
    else if (next != WEIR__WHOLE_NONE)
        weir__payload_begin_only(run, (uint8_t)next);
}

/* Take the bytes of the run, as far as the events allow. */
static void receive_bytes(weir__run *run)
{
    weir_conn *const conn = run->conn;
    while (run->stop == 0 && (run->at < run->end || weir__receive_is_due(conn))) {
        if (conn->pending != 0)
            receive_pending(run);
        if (!weir__conn_is_opening(conn) && !weir__conn_is_live(conn)) {
            run->at = run->end; /* RFC 6455 7.1.7: nothing after the end is looked at */
            return;
        }
        if (receive_is_full(run))
            return;
        if (weir__conn_is_opening(conn))
            weir__opening_receive(run);
        else
            receive_frames(run);
    }
}

/* The connection fails, and the rest of the bytes is not looked at (RFC 6455 7.1.7). */
WEIR__APART void receive_fail(weir__run *run)
{
    weir__conn_fail(run->conn, run->stop, run->note.fault_at);
    run->at = run->end;
    run->stop = 0;
}

/* Bytes that came before the request was answered are the first of the open connection. */
WEIR__APART void receive_early_begin(weir__run *run)
{
    const weir__opening *const opening = run->conn->extra->opening;
    run->start = run->at = opening->early.data + opening->early_at;
    run->end = opening->early.data + opening->early.len;
    run->origin = run->conn->rx_bytes - (uint64_t)(run->end - run->at);
}

WEIR__APART void receive_early_end(weir__run *run)
{
    weir__opening *const opening = run->conn->extra->opening;
    opening->early_at = (size_t)(run->at - opening->early.data);
    if (run->stop == 0 && weir__opening_has_early(run->conn))
        run->stop = 1;
}

/* ---- The call --------------------------------------------------------------------------------*/

/* What earlier events pointed to is void now. */
WEIR__FAST_INLINE void receive_begin(weir_conn *conn, size_t len)
{
    if (conn->rx)
        weir__assembly_release(conn);
    if (weir__conn_opening(conn))
        weir__opening_release(conn);
    if (len > 0)
        weir__deadline_heard(conn);
    if (conn->place != WEIR__PLACE_WHEEL)
        weir__deadline_check(conn);
    weir__conn_unmark(conn, WEIR__FLAG_NEWS);
}

/* What the caller shall know of it. */
static void receive_end(weir__run *run)
{
    weir_conn *const conn = run->conn;
    const size_t used = (size_t)(run->at - run->start);
    conn->rx_bytes += used;
    conn->context->totals.rx_bytes += used;
    if (conn->rx && !weir__assembly_is_partial(conn->rx))
        weir__assembly_settle(conn);
    if (conn->place != WEIR__PLACE_WHEEL)
        weir__conn_settle(conn);
}

void weir__receive_run(weir__run *run, uint8_t *data, size_t len)
{
    weir_conn *const conn = run->conn;
    receive_begin(conn, len);
    if (conn->pending != 0)
        receive_pending(run);
    if (weir__conn_opening(conn) && weir__opening_has_early(conn)) {
        receive_early_begin(run);
        receive_bytes(run);
        if (run->stop < 0)
            receive_fail(run);
        receive_early_end(run);
    }
    /* No input may be NULL, to which C lets nothing be added, not even 0. */
    run->start = run->at = len > 0 ? data : (uint8_t *)run;
    run->end = run->start + len;
    run->origin = conn->rx_bytes;
    receive_bytes(run);
    if (run->stop < 0)
        receive_fail(run);
    if (conn->pending != 0)
        receive_pending(run);
    receive_end(run);
}

/* ---- Reading straight into place -------------------------------------------------------------*/

#define RECEIVE_DIRECT_MIN 4096u

/* Inside a large message that is put together: its own memory takes the next bytes. */
static uint8_t *receive_direct(weir_conn *conn, size_t *len)
{
    weir__rx *const rx = conn->rx;
    if (!rx || !rx->in_payload || rx->opcode >= WEIR__OP_CLOSE || !weir__conn_is_live(conn) ||
        conn->policy->deliver_chunks || rx->frame_left < RECEIVE_DIRECT_MIN ||
        weir__payload_is_compressed(conn) || weir__opening_has_early(conn))
        return NULL;
    /* No more room than there are bytes already: memory follows what arrived. */
    weir__buffer *const message = &rx->message;
    const size_t room = message->len > RECEIVE_DIRECT_MIN ? message->len : RECEIVE_DIRECT_MIN;
    const size_t want = rx->frame_left < room ? (size_t)rx->frame_left : room;
    if (message->cap - message->len < RECEIVE_DIRECT_MIN &&
        weir__assembly_reserve(conn, want, message->len + want) != WEIR_OK)
        return NULL;
    const size_t left = message->cap - message->len;
    *len = rx->frame_left < left ? (size_t)rx->frame_left : left;
    return message->data + message->len;
}

uint8_t *weir__receive_place(weir_conn *conn, size_t *len)
{
    weir_context *const context = conn->context;
    if (conn->rx)
        weir__assembly_release(conn);
    uint8_t *place = receive_direct(conn, len);
    if (!place) {
        const size_t cap = (size_t)context->policy.read_buffer_bytes;
        if (!context->read_buffer)
            context->read_buffer = weir__memory_take(&context->memory, cap);
        if (!context->read_buffer) {
            if (weir__conn_is_opening(conn) || weir__conn_is_live(conn))
                weir__conn_fail(conn, WEIR_E_MEMORY, conn->rx_bytes);
            return NULL;
        }
        place = context->read_buffer;
        *len = cap;
    }
    context->input_conn = conn;
    context->input_at = place;
    context->input_len = *len;
    return place;
}
