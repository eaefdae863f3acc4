/* SPDX-License-Identifier: MIT */
/* What of the output queue is offered to the transport, and what has left. */
#include "offer.h"

#include "deadline.h"
#include "frames.h"
#include "output.h"

/* ---- Control frames --------------------------------------------------------------------------*/

static void offer_wire_add(weir_conn *conn, weir__control_slot *slot, uint8_t opcode)
{
    weir__control *const control = conn->tx->control;
    if (!slot->waits)
        return;
    const size_t made = weir__frames_write(conn, control->wire + control->wire_len, opcode, true,
                                           slot->data, slot->len);
    control->wire_len = (uint16_t)(control->wire_len + made);
    slot->in_wire = true;
}

/* Make the waiting control frames, to go out at the first gap between two frames. */
static void offer_stage_control(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    weir__control *const control = tx->control;
    if (control->wire_at > 0)
        return;
    control->wire_len = 0;
    control->wire_ping = control->ping.waits;
    offer_wire_add(conn, &control->pong, WEIR__OP_PONG);
    control->wire_pong = control->wire_len;
    offer_wire_add(conn, &control->ping, WEIR__OP_PING);
    const bool behind = tx->queue.first && control->wire_len > 0;
    control->gap = behind ? weir__chunk_gap(tx->queue.first) : 0;
}

/* ---- A client's bodies -----------------------------------------------------------------------*/

/* What an offer masks at most: the largest block of the pool. */
#define OFFER_STAGE_MAX (WEIR__POOL_MAX - sizeof(weir__chunk))

/* How much of a body's payload goes into so much room, and what its frames need there. False: none
 * of it now. */
static bool offer_fits(const weir_conn *conn, const weir__body *body, size_t room, size_t *len,
                       size_t *need)
{
    const uint64_t fragment = conn->policy->fragment_bytes;
    *len = body->len;
    const bool has_need = weir__frames_need(conn, *len, need);
    if (has_need && *need <= room)
        return true;
    /* What has to be cut in any case is cut here, unless that leaves short pieces. */
    const bool fits_a_block = has_need && *need <= OFFER_STAGE_MAX;
    if (fits_a_block || room < OFFER_STAGE_MAX / 2)
        return false;
    const size_t largest = room - WEIR_FRAME_HEAD_MAX;
    *len = largest;
    if (fragment < largest) {
        const size_t count = largest / ((size_t)fragment + WEIR_FRAME_HEAD_MAX);
        *len = (count ? count : 1) * (size_t)fragment;
    }
    return weir__frames_need(conn, *len, need);
}

/* Mask len bytes of the body that stands behind this chunk into it. */
static void offer_mask(weir_conn *conn, weir__chunk *chunk, size_t len)
{
    weir__tx *const tx = conn->tx;
    weir__body *const body = weir__chunk_body(chunk->next);
    const bool is_all = len == body->len;
    const size_t made = weir__frames_write(conn, weir__chunk_bytes(chunk) + chunk->end,
                                           body->opcode, is_all, body->chunk.data, len);
    chunk->end += made;
    tx->load += made - len;
    if (!is_all) {
        body->opcode = WEIR__OP_CONTINUATION;
        body->chunk.data += len;
        body->len -= len;
        return;
    }
    chunk->next = body->chunk.next;
    if (tx->queue.last == &body->chunk)
        tx->queue.last = chunk;
    weir__output_retire(conn, &body->chunk);
}

/* The chunk that the bodies behind this one (NULL: those that head the queue) are masked into. */
static weir__chunk *offer_stage_chunk(weir_conn *conn, weir__chunk *before, size_t need)
{
    if (before && before->kind == WEIR__CHUNK_FRAMES && need <= weir__chunk_room(before))
        return before;
    weir__chunk *const chunk = weir__output_make(conn, WEIR__CHUNK_FRAMES, need);
    if (!chunk)
        return NULL;
    weir__chunk **const link = before ? &before->next : &conn->tx->queue.first;
    chunk->next = *link;
    *link = chunk;
    return chunk;
}

/* Mask the bodies that stand behind a chunk, as many as there is room for. False without memory. */
static bool offer_stage_run(weir_conn *conn, weir__chunk *before, size_t room)
{
    const weir__chunk *at = before ? before->next : conn->tx->queue.first;
    size_t whole = 0; /* bodies */
    size_t sum = 0;
    size_t piece = 0; /* of the body behind them */
    for (; at && at->kind == WEIR__CHUNK_BODY && piece == 0; at = at->next) {
        const weir__body *const body = (const weir__body *)(const void *)at;
        size_t len;
        size_t need;
        if (!offer_fits(conn, body, room - sum, &len, &need))
            break;
        sum += need;
        whole += len == body->len;
        piece = len == body->len ? 0 : len;
    }
    if (sum == 0)
        return true;
    weir__chunk *const chunk = offer_stage_chunk(conn, before, sum);
    if (!chunk)
        return false;
    for (; whole > 0; whole--)
        offer_mask(conn, chunk, weir__chunk_body(chunk->next)->len);
    if (piece > 0)
        offer_mask(conn, chunk, piece);
    return true;
}

/* Client: bodies near the head of the queue are masked into chunks of their own, many small ones
 * into one, but no more than an offer is worth. That nothing is done while half of it is left
 * keeps the chunks large when little leaves at a time. False without memory. */
static bool offer_stage(weir_conn *conn, size_t cap)
{
    weir__tx *const tx = conn->tx;
    weir__chunk *before = NULL;
    for (size_t ready = 0; ready < OFFER_STAGE_MAX / 2 && cap > 0; cap--) {
        weir__chunk *next = before ? before->next : tx->queue.first;
        if (next && next->kind == WEIR__CHUNK_BODY) {
            const size_t had = before ? weir__chunk_ready(before) : 0;
            if (!offer_stage_run(conn, before, OFFER_STAGE_MAX - ready))
                return before != NULL; /* what is ready can leave */
            ready += before ? weir__chunk_ready(before) - had : 0;
            next = before ? before->next : tx->queue.first;
        }
        if (!next || next->kind == WEIR__CHUNK_BODY)
            break;
        ready += weir__chunk_ready(next);
        before = next;
    }
    return true;
}

/* ---- The gather list -------------------------------------------------------------------------*/

typedef struct offer_list {
    weir_span *spans;
    size_t cap;
    size_t count;
    size_t total;
} offer_list;

static bool offer_push(offer_list *list, const void *data, size_t len)
{
    if (len == 0)
        return true;
    if (list->count == list->cap || len > SIZE_MAX - list->total)
        return false;
    list->spans[list->count++] = (weir_span){data, len};
    list->total += len;
    return true;
}

static bool offer_push_wire(offer_list *list, const weir__control *control)
{
    return offer_push(list, control->wire + control->wire_at,
                      (size_t)(control->wire_len - control->wire_at));
}

/* Heads and fragments in turns. */
static bool offer_push_body(offer_list *list, weir__body *body, size_t from, size_t to)
{
    while (from < to) {
        const weir_span part = weir__chunk_body_part(body, from);
        const size_t len = part.len < to - from ? part.len : to - from;
        if (!offer_push(list, part.data, len))
            return false;
        from += len;
        body->chunk.offered = true;
        body->chunk.walk = from;
    }
    return true;
}

/* Bytes [from, to) of a chunk. False: the list ends before them or in them. */
static bool offer_push_chunk(offer_list *list, weir__chunk *chunk, size_t from, size_t to)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return offer_push_body(list, weir__chunk_body(chunk), from, to);
    if (!offer_push(list, chunk->data + from, to - from))
        return false;
    chunk->offered = true; /* an empty range is the rest of one that was */
    return true;
}

/* The chunk that heads the queue, with the control frames in their gap. */
static bool offer_push_around(offer_list *list, weir__chunk *chunk, const weir__control *control)
{
    const size_t gap = chunk->at + control->gap;
    return offer_push_chunk(list, chunk, chunk->at, gap) && offer_push_wire(list, control) &&
           offer_push_chunk(list, chunk, gap, chunk->end);
}

/* The chunks from this one on, as far as there are spans and their bytes are ready. */
static void offer_push_queue(offer_list *list, weir__chunk *chunk)
{
    for (; chunk && chunk->at < chunk->end; chunk = chunk->next)
        if (!offer_push_chunk(list, chunk, chunk->at, chunk->end))
            return;
}

/* Whatever there is, in order. */
WEIR__APART int offer_any(weir_conn *conn, weir_span *spans, size_t cap)
{
    weir__tx *const tx = conn->tx;
    if (tx->offered > 0)
        weir__output_void(conn);
    if (weir__conn_is_client(conn) && tx->borrowed > 0 && !offer_stage(conn, cap)) {
        weir__conn_lost(conn, WEIR_E_MEMORY);
        return 0;
    }
    offer_list list = {spans, cap, 0, 0};
    weir__chunk *chunk = tx->queue.first;
    bool more = true;
    if (tx->control) {
        offer_stage_control(conn);
        const bool inside = chunk && tx->control->gap > 0;
        more = inside ? offer_push_around(&list, chunk, tx->control)
                      : offer_push_wire(&list, tx->control);
        chunk = inside ? chunk->next : chunk;
    }
    if (more)
        offer_push_queue(&list, chunk);
    tx->offered = list.total;
    return (int)list.count;
}

int weir__offer_spans(weir_conn *conn, weir_span *spans, size_t cap)
{
    weir__tx *const tx = conn->tx;
    if (!tx || conn->state == WEIR__OVER)
        return 0;
    weir__chunk *const only = tx->queue.first;
    if (!only || only != tx->queue.last || only->kind == WEIR__CHUNK_BODY || tx->control ||
        cap == 0)
        return offer_any(conn, spans, cap);
    only->offered = true;
    tx->offered = only->end - only->at;
    spans[0] = (weir_span){only->data + only->at, tx->offered};
    return 1;
}

/* ---- Gone ------------------------------------------------------------------------------------*/

static void offer_consume(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    while (len > 0) { /* what was offered stands in the queue */
        weir__chunk *const chunk = tx->queue.first;
        const size_t left = weir__chunk_ready(chunk);
        const size_t take = len < left ? len : left;
        chunk->at += take;
        tx->load -= take;
        len -= take;
        if (chunk->at < chunk->end)
            return;
        weir__output_retire(conn, weir__chunk_take_first(&tx->queue));
    }
}

static void offer_slot_left(weir__control_slot *slot)
{
    if (slot->in_wire)
        slot->waits = false; /* a newer one that took its place goes on waiting */
    slot->in_wire = false;
}

/* Frames that are whole in the first bytes of the wire, of which there is at least one. */
static uint32_t offer_wire_frames(const weir__control *control, size_t at)
{
    const bool pong = control->wire_pong > 0 && at >= control->wire_pong;
    const bool ping = control->wire_ping && at == control->wire_len;
    return (uint32_t)pong + ping;
}

static void offer_count_control(weir_conn *conn, uint32_t count)
{
    conn->tx_control += count;
    conn->context->totals.tx_control += count;
}

static size_t offer_consume_wire(weir_conn *conn, size_t len)
{
    weir__control *const control = conn->tx->control;
    const size_t left = (size_t)(control->wire_len - control->wire_at);
    const size_t take = len < left ? len : left;
    if (control->wire_at == 0) {
        offer_slot_left(&control->pong);
        offer_slot_left(&control->ping);
    }
    const uint32_t before = offer_wire_frames(control, control->wire_at);
    control->wire_at = (uint16_t)(control->wire_at + take);
    offer_count_control(conn, offer_wire_frames(control, control->wire_at) - before);
    if (control->wire_at < control->wire_len)
        return take;
    if (control->wire_ping)
        weir__deadline_ping_left(conn);
    control->wire_at = control->wire_len = 0;
    return take;
}

static void offer_take(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    conn->tx_bytes += len;
    conn->context->totals.tx_bytes += len;
    /* Who lets a congested queue move is alive: where nothing is read for now, its pong waits. */
    if (weir__conn_has(conn, WEIR__FLAG_CONGESTED))
        weir__deadline_heard(conn);
    if (weir__tx_wire_waits(tx)) {
        const size_t gap = tx->control->gap;
        const size_t before = len < gap ? len : gap;
        offer_consume(conn, before);
        tx->control->gap -= before;
        len -= before;
        if (len > 0)
            len -= offer_consume_wire(conn, len);
    }
    offer_consume(conn, len);
    if (weir__conn_has(conn, WEIR__FLAG_CONGESTED) &&
        weir__output_load(conn) <= conn->policy->low_water_bytes) {
        weir__conn_unmark(conn, WEIR__FLAG_CONGESTED);
        weir__conn_pend(conn, WEIR__PENDING_WRITABLE);
    }
}

/* Whether all that waits is one chunk, and all of that has left: then the queue just ends. */
static bool offer_is_done(const weir_conn *conn, const weir__tx *tx, size_t len)
{
    return tx->offered == len && tx->load == len + weir__tx_ref_load(tx) &&
           tx->queue.first == tx->queue.last && len > 0 &&
           tx->queue.first->kind != WEIR__CHUNK_BODY && !tx->control && !tx->released &&
           conn->state == WEIR__OPEN && !weir__conn_has(conn, WEIR__FLAG_CONGESTED);
}

static void offer_finish(weir_conn *conn, size_t len)
{
    conn->tx_bytes += len;
    conn->context->totals.tx_bytes += len;
    weir__chunk_free(&conn->context->memory, conn->tx->queue.first);
    weir__output_close(conn);
}

/* Spans are void, and len bytes of them have left. */
WEIR__APART void offer_advance(weir_conn *conn, size_t len)
{
    weir__output_void(conn);
    if (len > 0 && conn->state != WEIR__OVER)
        offer_take(conn, len);
    const bool empty = !weir__tx_waits(conn->tx);
    weir__output_settle(conn);
    if (empty)
        weir__conn_flushed(conn);
}

int weir__offer_sent(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return len == 0 ? WEIR_OK : WEIR_E_ARGUMENT;
    if (len > tx->offered)
        return WEIR_E_ARGUMENT;
    if (offer_is_done(conn, tx, len))
        offer_finish(conn, len);
    else
        offer_advance(conn, len);
    /* What is left is no news: the caller has just seen it. With nothing left the connection may
     * stay listed: who asks for the next one that is ready passes over it. */
    if (conn->tx && conn->place == WEIR__PLACE_READY && !weir__conn_has(conn, WEIR__FLAG_NEWS) &&
        !weir__conn_events_wait(conn))
        weir__conn_rest(conn);
    return WEIR_OK;
}
