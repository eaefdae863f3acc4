/* SPDX-License-Identifier: MIT */
/* The output queue of a connection: what is queued, offered to the transport, and gone. */
#include "output.h"

#include <string.h>

#include "deadline.h"
#include "frames.h"
#include "message.h"

/* ---- The queue's own memory ------------------------------------------------------------------*/

/* The queue with its first chunk of this kind, which has room for len own bytes. */
WEIR__INLINE weir__chunk *output_make_first(weir_conn *conn, weir__chunk_kind kind, size_t len)
{
    size_t cap;
    weir__tx *const tx =
        weir__pool_take(&conn->context->memory, sizeof *tx + sizeof(weir__chunk) + len, &cap);
    if (!tx)
        return NULL;
    *tx = (weir__tx){.cap = (uint32_t)cap};
    weir__chunk *const chunk = weir__tx_chunk(tx);
    chunk->cap = cap - sizeof *tx;
    chunk->inside = true;
    weir__chunk_begin(chunk, kind);
    conn->tx = tx;
    return chunk;
}

static weir__tx *output_open(weir_conn *conn)
{
    if (!conn->tx)
        (void)output_make_first(conn, WEIR__CHUNK_NONE, 0);
    return conn->tx;
}

static bool output_wire_waits(const weir__tx *tx)
{
    return tx->control && tx->control->wire_at < tx->control->wire_len;
}

static bool output_control_waits(const weir__tx *tx)
{
    return tx->control &&
           (tx->control->ping.waits || tx->control->pong.waits || output_wire_waits(tx));
}

static bool output_tx_waits(const weir__tx *tx)
{
    return tx->queue.first || output_control_waits(tx);
}

bool weir__output_waits(const weir_conn *conn)
{
    return conn->tx && output_tx_waits(conn->tx);
}

static void output_free_control(weir_conn *conn)
{
    weir__control *const control = conn->tx->control;
    if (control)
        weir__pool_give(&conn->context->memory, control, control->cap);
    conn->tx->control = NULL;
}

static void output_close(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    conn->tx = NULL;
    weir__pool_give(&conn->context->memory, tx, tx->cap);
}

/* The queue's memory goes back as soon as nothing needs it: an idle connection holds none. What was
 * offered may be control frames, or stand in the queue's block. */
static void output_settle(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx || tx->offered > 0) /* never: who calls has a queue */
        return;
    if (tx->control && !output_control_waits(tx))
        output_free_control(conn);
    if (!tx->queue.first && !tx->control && !tx->released &&
        !tx->retired) /* never: retired is what was offered */
        output_close(conn);
}

/* ---- Chunks that left the queue --------------------------------------------------------------*/

static void output_add_released(weir__tx *tx, weir__chunk *chunk)
{
    weir__chunk *const last = tx->released;
    chunk->next = last ? last->next : chunk;
    if (last)
        last->next = chunk;
    tx->released = chunk;
}

static weir__chunk *output_take_released(weir__tx *tx)
{
    weir__chunk *const last = tx->released;
    weir__chunk *const first = last ? last->next : NULL;
    if (first)
        last->next = first->next;
    if (first == last)
        tx->released = NULL;
    return first;
}

/* It is needed no more but for spans that may show it. */
static void output_let_go(weir_conn *conn, weir__chunk *chunk)
{
    if (!chunk->offered) {
        weir__chunk_free(&conn->context->memory, chunk);
        return;
    }
    chunk->next = conn->tx->retired;
    conn->tx->retired = chunk;
}

static void output_free_retired(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    for (weir__chunk *chunk; (chunk = tx->retired) != NULL;) {
        tx->retired = chunk->next;
        weir__chunk_free(&conn->context->memory, chunk);
    }
}

void weir__output_free(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(&tx->queue)) != NULL;)
        weir__chunk_free(&conn->context->memory, chunk);
    for (weir__chunk *chunk; (chunk = output_take_released(tx)) != NULL;)
        weir__chunk_free(&conn->context->memory, chunk);
    output_free_retired(conn);
    output_free_control(conn);
    output_close(conn);
}

/* ---- Queueing --------------------------------------------------------------------------------*/

WEIR__INLINE void output_append(weir_conn *conn, weir__chunk *chunk, size_t queued)
{
    const bool was_waiting = output_tx_waits(conn->tx);
    weir__chunk_append(&conn->tx->queue, chunk);
    conn->tx->queued += queued;
    if (!was_waiting)
        weir__conn_ready(conn);
}

/* What one block holds of own bytes beside the queue. */
#define OUTPUT_INSIDE_MAX (WEIR__POOL_MAX - sizeof(weir__tx) - sizeof(weir__chunk))

/* An empty chunk that is not in the queue yet. */
static weir__chunk *output_make(weir_conn *conn, weir__chunk_kind kind, size_t len)
{
    if (!conn->tx && len <= OUTPUT_INSIDE_MAX)
        return output_make_first(conn, kind, len);
    weir__tx *const tx = output_open(conn);
    if (!tx)
        return NULL;
    weir__chunk *const inside = weir__tx_chunk(tx);
    if (inside->kind == WEIR__CHUNK_NONE && len <= inside->cap - sizeof *inside) {
        weir__chunk_begin(inside, kind);
        return inside;
    }
    weir__chunk *const chunk = weir__chunk_make(&conn->context->memory, kind, len);
    if (!chunk)
        output_settle(conn);
    return chunk;
}

weir__chunk *weir__output_begin(weir_conn *conn)
{
    weir__chunk *const chunk =
        output_make_first(conn, WEIR__CHUNK_FRAMES, WEIR__OUTPUT_FIRST_MAX + WEIR_FRAME_HEAD_MAX);
    if (chunk)
        output_append(conn, chunk, 0);
    return chunk;
}

int weir__output_raw(weir_conn *conn, const uint8_t *data, size_t len)
{
    weir__chunk *const chunk = output_make(conn, WEIR__CHUNK_RAW, len);
    if (!chunk)
        return WEIR_E_MEMORY;
    memcpy(weir__chunk_bytes(chunk), data, len);
    chunk->end = len;
    output_append(conn, chunk, len);
    return WEIR_OK;
}

#define OUTPUT_CHUNK_MAX 32768u

/* Small frames share a chunk; each further chunk is twice as large, so that a burst of replies
 * needs few spans and a single one little memory. */
static weir__chunk *output_frames_chunk(weir_conn *conn, size_t need)
{
    weir__chunk *const last = conn->tx ? conn->tx->queue.last : NULL;
    if (last && last->kind == WEIR__CHUNK_FRAMES && weir__chunk_room(last) >= need)
        return last;
    size_t want = last ? 2 * last->cap : WEIR__OUTPUT_CHUNK_MIN - (conn->tx ? 0 : sizeof(weir__tx));
    want = (want > OUTPUT_CHUNK_MAX ? OUTPUT_CHUNK_MAX : want) - sizeof(weir__chunk);
    return output_make(conn, WEIR__CHUNK_FRAMES, need > want ? need : want);
}

int weir__output_frames(weir_conn *conn, uint8_t first, bool fin, const uint8_t *data, size_t len)
{
    size_t need;
    if (!weir__frames_need(conn, len, &need))
        return WEIR_E_MEMORY;
    weir__chunk *const chunk = output_frames_chunk(conn, need);
    if (!chunk)
        return WEIR_E_MEMORY;
    const size_t made =
        weir__frames_write(conn, weir__chunk_bytes(chunk) + chunk->end, first, fin, data, len);
    chunk->end += made;
    if (conn->tx->queue.last == chunk)
        conn->tx->queued += made;
    else
        output_append(conn, chunk, made);
    return WEIR_OK;
}

int weir__output_body(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len,
                      weir_message *message, uint64_t token)
{
    if (!output_open(conn))
        return WEIR_E_MEMORY;
    weir__body *const body = weir__chunk_make_body(&conn->context->memory);
    if (!body) {
        output_settle(conn);
        return WEIR_E_MEMORY;
    }
    body->chunk.data = data;
    body->chunk.message = message;
    body->left = len;
    body->opcode = opcode;
    body->token = token;
    if (message)
        message->refs++;
    conn->tx->refs++;
    output_append(conn, &body->chunk, len);
    return WEIR_OK;
}

weir__body *weir__output_make_release(weir_conn *conn, uint64_t token)
{
    weir__body *const body = weir__chunk_make_body(&conn->context->memory);
    if (body)
        body->token = token;
    return body;
}

void weir__output_release(weir_conn *conn, weir__body *body)
{
    output_add_released(conn->tx, &body->chunk);
    weir__conn_pend(conn, WEIR__PENDING_RELEASED);
}

int weir__output_shared(weir_conn *conn, weir_message *message)
{
    weir__chunk *const chunk = conn->tx ? output_make(conn, WEIR__CHUNK_SHARED, 0)
                                        : output_make_first(conn, WEIR__CHUNK_SHARED, 0);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->data = weir__message_payload(message) - message->head_len;
    chunk->end = message->head_len + message->len;
    chunk->message = message;
    message->refs++;
    conn->tx->refs++;
    output_append(conn, chunk, chunk->end);
    return WEIR_OK;
}

static weir__control *output_open_control(weir_conn *conn)
{
    if (!output_open(conn))
        return NULL;
    if (conn->tx->control)
        return conn->tx->control;
    size_t cap;
    weir__control *const control = weir__pool_take(&conn->context->memory, sizeof *control, &cap);
    if (!control) {
        output_settle(conn);
        return NULL;
    }
    memset(control, 0, sizeof *control);
    control->cap = cap;
    conn->tx->control = control;
    return control;
}

int weir__output_control(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len)
{
    const bool was_waiting = weir__output_waits(conn);
    weir__control *const control = output_open_control(conn);
    if (!control)
        return WEIR_E_MEMORY;
    weir__control_slot *const slot = opcode == WEIR__OP_PING ? &control->ping : &control->pong;
    slot->waits = true;
    slot->in_wire = false;
    slot->len = (uint8_t)len;
    if (len > 0)
        memcpy(slot->data, data, len);
    if (!was_waiting)
        weir__conn_ready(conn);
    return WEIR_OK;
}

/* ---- Dropping --------------------------------------------------------------------------------*/

/* A chunk leaves the queue for good: its caller's memory is given back, its own waits for the
 * spans that show it. */
static void output_retire(weir_conn *conn, weir__chunk *chunk, bool dropped)
{
    weir__tx *const tx = conn->tx;
    tx->refs -= weir__chunk_is_ref(chunk);
    if (chunk->kind != WEIR__CHUNK_BODY || chunk->message) {
        output_let_go(conn, chunk);
        return;
    }
    weir__chunk_body(chunk)->dropped = dropped;
    output_add_released(tx, chunk);
    weir__conn_pend(conn, WEIR__PENDING_RELEASED);
}

/* Whether a chunk must still leave when the rest is cut; it is shortened to what must. */
static bool output_trim(weir__chunk *chunk)
{
    const size_t gap = weir__chunk_gap(chunk);
    if (!chunk->offered && gap == 0)
        return false;
    if (chunk->kind == WEIR__CHUNK_BODY) {
        weir__body *const body = weir__chunk_body(chunk);
        body->dropped = body->left > 0;
        body->left = 0;
    } else if (!chunk->offered) {
        chunk->end = chunk->at + gap;
    }
    return true;
}

/* Control frames that are neither offered nor half gone will not leave. */
static void output_cut_control(weir__tx *tx)
{
    weir__control *const control = tx->control;
    if (!control)
        return;
    if (control->wire_at == 0 && tx->offered == 0)
        control->wire_len = 0;
    control->ping.waits = control->pong.waits = false;
}

void weir__output_cut(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    weir__chunk_list old = tx->queue;
    tx->queue = (weir__chunk_list){NULL, NULL};
    tx->queued = 0;
    output_cut_control(tx);
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(&old)) != NULL;) {
        if (output_trim(chunk)) {
            weir__chunk_append(&tx->queue, chunk);
            tx->queued += weir__chunk_ready(chunk);
        } else {
            output_retire(conn, chunk, true);
        }
    }
    output_settle(conn);
}

void weir__output_drop(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(&tx->queue)) != NULL;)
        output_retire(conn, chunk, true);
    tx->queued = 0;
    output_cut_control(tx);
    if (tx->control)
        tx->control->wire_at = tx->control->wire_len = 0;
    output_settle(conn);
}

bool weir__output_released(weir_conn *conn, uint64_t *token, bool *dropped)
{
    weir__tx *const tx = conn->tx;
    weir__chunk *const chunk = tx ? output_take_released(tx) : NULL;
    if (!chunk)
        return false;
    *token = weir__chunk_body(chunk)->token;
    *dropped = weir__chunk_body(chunk)->dropped;
    output_let_go(conn, chunk);
    output_settle(conn);
    return true;
}

/* ---- Offering --------------------------------------------------------------------------------*/

static void output_wire_add(weir_conn *conn, weir__control_slot *slot, uint8_t opcode)
{
    weir__control *const control = conn->tx->control;
    if (!slot->waits)
        return;
    const size_t made = weir__frames_write(conn, control->wire + control->wire_len, opcode, true,
                                           slot->data, slot->len);
    control->wire_len = (uint16_t)(control->wire_len + made);
    control->wire_frames++;
    slot->in_wire = true;
}

/* Make the waiting control frames, to go out at the first gap between two frames. */
static void output_stage_control(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    weir__control *const control = tx->control;
    if (control->wire_at > 0)
        return;
    control->wire_len = 0;
    control->wire_frames = 0;
    control->wire_ping = control->ping.waits;
    output_wire_add(conn, &control->pong, WEIR__OP_PONG);
    output_wire_add(conn, &control->ping, WEIR__OP_PING);
    const bool behind = tx->queue.first && control->wire_len > 0;
    control->gap = behind ? weir__chunk_gap(tx->queue.first) : 0;
}

/* Client: the next piece of a body that heads the queue is masked into a chunk of its own. */
static int output_stage_masked(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    weir__body *const body = weir__chunk_body(tx->queue.first);
    const size_t largest = WEIR__POOL_MAX - sizeof(weir__chunk) - WEIR_FRAME_HEAD_MAX;
    const uint64_t fragment = conn->policy->fragment_bytes;
    size_t len = body->left < largest ? body->left : largest;
    len = len < fragment ? len : (size_t)fragment;

    weir__chunk *const chunk =
        weir__chunk_make(&conn->context->memory, WEIR__CHUNK_FRAMES, len + WEIR_FRAME_HEAD_MAX);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->end = weir__frames_write(conn, weir__chunk_bytes(chunk), body->opcode, len == body->left,
                                    body->chunk.data, len);
    body->opcode = WEIR__OP_CONTINUATION;
    body->left -= len;
    body->chunk.data += len;
    tx->queued += chunk->end - len;
    chunk->next = &body->chunk;
    tx->queue.first = chunk;
    if (body->left > 0)
        return WEIR_OK;
    chunk->next = body->chunk.next;
    if (tx->queue.last == &body->chunk)
        tx->queue.last = chunk;
    output_retire(conn, &body->chunk, false);
    return WEIR_OK;
}

typedef struct output_list {
    weir_span *spans;
    size_t cap;
    size_t count;
    size_t total;
} output_list;

static bool output_push(output_list *list, const void *data, size_t len)
{
    if (len == 0)
        return true;
    if (list->count == list->cap)
        return false;
    list->spans[list->count++] = (weir_span){data, len};
    list->total += len;
    return true;
}

/* Ready bytes [from, to) of a chunk. */
static bool output_push_chunk(output_list *list, weir__chunk *chunk, size_t from, size_t to)
{
    while (from < to) {
        const weir_span part = weir__chunk_part(chunk, from);
        const size_t len = part.len < to - from ? part.len : to - from;
        if (!output_push(list, part.data, len))
            return false;
        chunk->offered = true;
        from += len;
    }
    return true;
}

static bool output_push_wire(output_list *list, const weir__control *control)
{
    return output_push(list, control->wire + control->wire_at,
                       (size_t)(control->wire_len - control->wire_at));
}

/* False: stop here. */
static bool output_offer_body(weir_conn *conn, output_list *list, weir__body *body)
{
    if (conn->role == WEIR_CLIENT)
        return false;
    if (body->head_len == 0) {
        weir__chunk_begin_fragment(body, conn->policy->fragment_bytes);
        conn->tx->queued += body->head_len;
    }
    if (!output_push_chunk(list, &body->chunk, 0, weir__chunk_ready(&body->chunk)))
        return false;
    /* Further fragments need a head of their own: they come with the next offer. */
    return body->left == 0;
}

/* The chunk that heads the queue, with the control frames in their gap. The gap ends in bytes that
 * are ready. */
static bool output_offer_around(weir_conn *conn, output_list *list)
{
    const weir__control *const control = conn->tx->control;
    weir__chunk *const chunk = conn->tx->queue.first;
    if (!output_push_chunk(list, chunk, 0, control->gap) || !output_push_wire(list, control) ||
        !output_push_chunk(list, chunk, control->gap, weir__chunk_ready(chunk)))
        return false;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): where there is a gap there is a chunk */
    return chunk->kind != WEIR__CHUNK_BODY || weir__chunk_body(chunk)->left == 0;
}

/* The chunks from this one on, as far as there are spans. */
static void output_offer(weir_conn *conn, output_list *list, weir__chunk *chunk)
{
    for (; chunk; chunk = chunk->next) {
        if (chunk->kind == WEIR__CHUNK_BODY) {
            if (!output_offer_body(conn, list, weir__chunk_body(chunk)))
                return;
            continue;
        }
        if (!output_push(list, chunk->data + chunk->at, chunk->end - chunk->at))
            return;
        chunk->offered = true;
    }
}

/* Whatever there is, in order. */
static int output_spans_any(weir_conn *conn, weir_span *spans, size_t cap)
{
    weir__tx *const tx = conn->tx;
    const weir__chunk *const first = tx->queue.first;
    if (first && first->kind == WEIR__CHUNK_BODY && conn->role == WEIR_CLIENT &&
        output_stage_masked(conn) != WEIR_OK) {
        weir__conn_lost(conn, WEIR_E_MEMORY);
        return 0;
    }
    output_list list = {spans, cap, 0, 0};
    weir__chunk *chunk = tx->queue.first;
    bool more = true;
    if (tx->control) {
        output_stage_control(conn);
        const bool inside = tx->control->gap > 0;
        more = inside ? output_offer_around(conn, &list) : output_push_wire(&list, tx->control);
        chunk = inside ? chunk->next : chunk;
    }
    if (more)
        output_offer(conn, &list, chunk);
    tx->offered = list.total;
    return (int)list.count;
}

int weir__output_spans(weir_conn *conn, weir_span *spans, size_t cap)
{
    weir__tx *const tx = conn->tx;
    if (!tx || conn->state == WEIR__OVER)
        return 0;
    weir__chunk *const only = tx->queue.first;
    if (!only || only != tx->queue.last || only->kind == WEIR__CHUNK_BODY || tx->control ||
        cap == 0)
        return output_spans_any(conn, spans, cap);
    only->offered = true;
    tx->offered = only->end - only->at;
    spans[0] = (weir_span){only->data + only->at, tx->offered};
    return 1;
}

/* ---- Gone ------------------------------------------------------------------------------------*/

static void output_consume(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    while (tx->queue.first) {
        weir__chunk *const chunk = tx->queue.first;
        const size_t took = weir__chunk_consume(chunk, len);
        len -= took;
        tx->queued -= took < tx->queued ? took : tx->queued;
        if (!weir__chunk_done(chunk))
            return;
        chunk->offered = false;
        const bool dropped = chunk->kind == WEIR__CHUNK_BODY && weir__chunk_body(chunk)->dropped;
        output_retire(conn, weir__chunk_take_first(&tx->queue), dropped);
    }
}

static void output_slot_left(weir__control_slot *slot)
{
    if (slot->in_wire)
        slot->waits = false; /* a newer one that took its place goes on waiting */
    slot->in_wire = false;
}

static size_t output_consume_wire(weir_conn *conn, size_t len)
{
    weir__control *const control = conn->tx->control;
    const size_t left = (size_t)(control->wire_len - control->wire_at);
    const size_t take = len < left ? len : left;
    if (control->wire_at == 0) {
        output_slot_left(&control->pong);
        output_slot_left(&control->ping);
    }
    control->wire_at = (uint16_t)(control->wire_at + take);
    if (control->wire_at < control->wire_len)
        return take;
    conn->tx_control += control->wire_frames;
    conn->context->totals.tx_control += control->wire_frames;
    if (control->wire_ping)
        weir__deadline_ping_left(conn);
    control->wire_at = control->wire_len = 0;
    return take;
}

static void output_void_spans(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    tx->offered = 0;
    output_free_retired(conn);
    /* What was offered stands in front. */
    for (weir__chunk *chunk = tx->queue.first; chunk && chunk->offered; chunk = chunk->next)
        chunk->offered = false;
    weir__chunk *chunk = tx->released;
    while (chunk) {
        chunk->offered = false;
        chunk = chunk->next == tx->released ? NULL : chunk->next;
    }
}

static void output_take(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    conn->tx_bytes += len;
    conn->context->totals.tx_bytes += len;
    /* Who lets a congested queue move is alive: where nothing is read for now, its pong waits. */
    if (weir__conn_has(conn, WEIR__FLAG_CONGESTED))
        weir__deadline_heard(conn);
    if (output_wire_waits(tx)) {
        const size_t gap = tx->control->gap;
        const size_t before = len < gap ? len : gap;
        output_consume(conn, before);
        tx->control->gap -= before;
        len -= before;
        if (len > 0)
            len -= output_consume_wire(conn, len);
    }
    output_consume(conn, len);
    if (weir__conn_has(conn, WEIR__FLAG_CONGESTED) &&
        weir__output_load(conn) <= conn->policy->low_water_bytes) {
        weir__conn_unmark(conn, WEIR__FLAG_CONGESTED);
        weir__conn_pend(conn, WEIR__PENDING_WRITABLE);
    }
}

/* Whether all that waits is one chunk, and all of that has left: then the queue just ends. */
static bool output_is_done(const weir_conn *conn, const weir__tx *tx, size_t len)
{
    return tx->offered == len && tx->queued == len && tx->queue.first == tx->queue.last &&
           len > 0 && tx->queue.first->kind != WEIR__CHUNK_BODY && !tx->control && !tx->released &&
           !tx->retired && conn->state == WEIR__OPEN && /* never: as above */
           !weir__conn_has(conn, WEIR__FLAG_CONGESTED);
}

static void output_finish(weir_conn *conn, size_t len)
{
    conn->tx_bytes += len;
    conn->context->totals.tx_bytes += len;
    weir__chunk_free(&conn->context->memory, conn->tx->queue.first);
    output_close(conn);
}

/* Spans are void, and len bytes of them have left. */
static void output_advance(weir_conn *conn, size_t len)
{
    output_void_spans(conn);
    if (len > 0 && conn->state != WEIR__OVER)
        output_take(conn, len);
    const bool empty = !output_tx_waits(conn->tx);
    output_settle(conn);
    if (empty)
        weir__conn_flushed(conn);
}

int weir__output_sent(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return len == 0 ? WEIR_OK : WEIR_E_ARGUMENT;
    if (len > tx->offered)
        return WEIR_E_ARGUMENT;
    if (output_is_done(conn, tx, len))
        output_finish(conn, len);
    else
        output_advance(conn, len);
    /* What is left is no news: the caller has just seen it. */
    const bool is_news = weir__conn_has(conn, WEIR__FLAG_NEWS);
    if (conn->place == WEIR__PLACE_READY && !is_news &&
        (weir__conn_wants(conn) & WEIR_WANT_EVENTS) == 0)
        weir__conn_rest(conn);
    return WEIR_OK;
}

/* ---- Figures ---------------------------------------------------------------------------------*/

bool weir__output_borrows(const weir_conn *conn)
{
    for (const weir__chunk *chunk = conn->tx ? conn->tx->queue.first : NULL; chunk;
         chunk = chunk->next)
        if (chunk->kind == WEIR__CHUNK_BODY && !chunk->message)
            return true;
    return false;
}

uint64_t weir__output_queued(const weir_conn *conn)
{
    return conn->tx ? conn->tx->queued : 0;
}

uint64_t weir__output_payload(const weir_conn *conn)
{
    uint64_t sum = 0;
    for (const weir__chunk *chunk = conn->tx ? conn->tx->queue.first : NULL; chunk;
         chunk = chunk->next)
        sum += weir__chunk_payload(chunk);
    return sum;
}

static uint64_t output_chunk_held(const weir__chunk *chunk)
{
    return chunk->inside ? 0 : chunk->cap;
}

uint64_t weir__output_held(const weir_conn *conn)
{
    const weir__tx *const tx = conn->tx;
    if (!tx)
        return 0;
    uint64_t sum = tx->cap + (tx->control ? tx->control->cap : 0);
    for (const weir__chunk *chunk = tx->queue.first; chunk; chunk = chunk->next)
        sum += output_chunk_held(chunk);
    for (const weir__chunk *chunk = tx->retired; chunk; chunk = chunk->next)
        sum += output_chunk_held(chunk);
    for (const weir__chunk *chunk = tx->released; chunk;) {
        sum += output_chunk_held(chunk);
        chunk = chunk->next == tx->released ? NULL : chunk->next;
    }
    return sum;
}
