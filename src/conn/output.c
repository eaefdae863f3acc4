/* SPDX-License-Identifier: MIT */
/* The output queue of a connection: what is queued, offered to the transport, and gone. */
#include "output.h"

#include <string.h>

#include "deadline.h"
#include "frames.h"
#include "message.h"

/* ---- The queue's own memory ------------------------------------------------------------------*/

static weir__tx *output_open(weir_conn *conn)
{
    if (conn->tx)
        return conn->tx;
    size_t cap;
    weir__tx *const tx = weir__pool_take(&conn->context->memory, sizeof *tx, &cap);
    if (!tx)
        return NULL;
    memset(tx, 0, sizeof *tx);
    tx->cap = cap;
    conn->tx = tx;
    return tx;
}

static bool output_wire_waits(const weir__tx *tx)
{
    return tx->wire_at < tx->wire_len;
}

static bool output_tx_waits(const weir__tx *tx)
{
    return tx->queue.first || tx->ping.waits || tx->pong.waits || output_wire_waits(tx);
}

bool weir__output_waits(const weir_conn *conn)
{
    return conn->tx && output_tx_waits(conn->tx);
}

/* The queue's memory goes back as soon as nothing needs it: an idle connection holds none. What was
 * offered may be control frames that stand in it. */
static void output_settle(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx || output_tx_waits(tx) || tx->offered > 0 || tx->released.first || tx->retired.first)
        return;
    conn->tx = NULL;
    weir__pool_give(&conn->context->memory, tx, tx->cap);
}

static void output_free_list(weir_conn *conn, weir__chunk_list *list)
{
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(list)) != NULL;)
        weir__chunk_free(&conn->context->memory, chunk);
}

void weir__output_free(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    output_free_list(conn, &tx->queue);
    output_free_list(conn, &tx->released);
    output_free_list(conn, &tx->retired);
    conn->tx = NULL;
    weir__pool_give(&conn->context->memory, tx, tx->cap);
}

/* ---- Queueing --------------------------------------------------------------------------------*/

static void output_append(weir_conn *conn, weir__chunk *chunk, size_t queued)
{
    const bool was_waiting = output_tx_waits(conn->tx);
    weir__chunk_append(&conn->tx->queue, chunk);
    conn->tx->queued += queued;
    conn->tx->refs += weir__chunk_is_ref(chunk);
    if (!was_waiting)
        weir__conn_ready(conn);
}

/* An empty chunk that is not in the queue yet. */
static weir__chunk *output_make(weir_conn *conn, weir__chunk_kind kind, size_t len)
{
    if (!output_open(conn))
        return NULL;
    weir__chunk *const chunk = weir__chunk_make(&conn->context->memory, kind, len);
    if (!chunk)
        output_settle(conn);
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

#define OUTPUT_CHUNK_MIN 1024u
#define OUTPUT_CHUNK_MAX 32768u

/* Small frames share a chunk; each further chunk is twice as large, so that a burst of replies
 * needs few spans and a single one little memory. */
static weir__chunk *output_frames_chunk(weir_conn *conn, size_t need)
{
    weir__chunk *const last = conn->tx ? conn->tx->queue.last : NULL;
    if (last && last->kind == WEIR__CHUNK_FRAMES && weir__chunk_room(last) >= need)
        return last;
    size_t want = last ? 2 * last->cap : OUTPUT_CHUNK_MIN;
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
    weir__chunk *const chunk = output_make(conn, WEIR__CHUNK_BODY, 0);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->data = data;
    chunk->left = len;
    chunk->opcode = opcode;
    chunk->message = message;
    chunk->token = token;
    if (message)
        message->refs++;
    output_append(conn, chunk, len);
    return WEIR_OK;
}

weir__chunk *weir__output_make_release(weir_conn *conn, uint64_t token)
{
    weir__chunk *const chunk = weir__chunk_make(&conn->context->memory, WEIR__CHUNK_BODY, 0);
    if (chunk)
        chunk->token = token;
    return chunk;
}

void weir__output_release(weir_conn *conn, weir__chunk *chunk)
{
    weir__chunk_append(&conn->tx->released, chunk);
    weir__conn_pend(conn, WEIR__PENDING_RELEASED);
}

int weir__output_shared(weir_conn *conn, weir_message *message)
{
    weir__chunk *const chunk = output_make(conn, WEIR__CHUNK_SHARED, 0);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->data = weir__message_payload(message) - message->head_len;
    chunk->end = message->head_len + message->len;
    chunk->message = message;
    message->refs++;
    output_append(conn, chunk, chunk->end);
    return WEIR_OK;
}

int weir__output_control(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len)
{
    const bool was_waiting = weir__output_waits(conn);
    weir__tx *const tx = output_open(conn);
    if (!tx)
        return WEIR_E_MEMORY;
    weir__control_slot *const slot = opcode == WEIR__OP_PING ? &tx->ping : &tx->pong;
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
    if (chunk->kind == WEIR__CHUNK_BODY && !chunk->message) {
        chunk->dropped = dropped;
        weir__chunk_append(&tx->released, chunk);
        weir__conn_pend(conn, WEIR__PENDING_RELEASED);
        return;
    }
    if (chunk->offered)
        weir__chunk_append(&tx->retired, chunk);
    else
        weir__chunk_free(&conn->context->memory, chunk);
}

/* Whether a chunk must still leave when the rest is cut; it is shortened to what must. */
static bool output_trim(weir__chunk *chunk)
{
    const size_t gap = weir__chunk_gap(chunk);
    if (!chunk->offered && gap == 0)
        return false;
    if (chunk->kind == WEIR__CHUNK_BODY) {
        chunk->dropped = chunk->dropped || chunk->left > 0;
        chunk->left = 0;
    } else if (!chunk->offered) {
        chunk->end = chunk->at + gap;
    }
    return true;
}

void weir__output_cut(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    weir__chunk_list old = tx->queue;
    tx->queue = (weir__chunk_list){NULL, NULL};
    tx->queued = 0;
    if (tx->wire_at == 0 && tx->offered == 0)
        tx->wire_len = 0;
    tx->ping.waits = tx->pong.waits = false;
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
    tx->ping.waits = tx->pong.waits = false;
    tx->wire_at = tx->wire_len = 0;
    output_settle(conn);
}

bool weir__output_released(weir_conn *conn, uint64_t *token, bool *dropped)
{
    weir__tx *const tx = conn->tx;
    weir__chunk *const chunk = tx ? weir__chunk_take_first(&tx->released) : NULL;
    if (!chunk)
        return false;
    *token = chunk->token;
    *dropped = chunk->dropped;
    if (chunk->offered)
        weir__chunk_append(&tx->retired, chunk);
    else
        weir__chunk_free(&conn->context->memory, chunk);
    output_settle(conn);
    return true;
}

/* ---- Offering --------------------------------------------------------------------------------*/

static void output_wire_add(weir_conn *conn, weir__control_slot *slot, uint8_t opcode)
{
    weir__tx *const tx = conn->tx;
    if (!slot->waits)
        return;
    const size_t made =
        weir__frames_write(conn, tx->wire + tx->wire_len, opcode, true, slot->data, slot->len);
    tx->wire_len = (uint16_t)(tx->wire_len + made);
    tx->wire_frames++;
    slot->in_wire = true;
}

/* Make the waiting control frames, to go out at the first gap between two frames. */
static void output_stage_control(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (tx->wire_at > 0)
        return;
    tx->wire_len = 0;
    tx->wire_frames = 0;
    tx->wire_ping = tx->ping.waits;
    output_wire_add(conn, &tx->pong, WEIR__OP_PONG);
    output_wire_add(conn, &tx->ping, WEIR__OP_PING);
    tx->gap = tx->queue.first && tx->wire_len > 0 ? weir__chunk_gap(tx->queue.first) : 0;
}

/* Client: the next piece of a body that heads the queue is masked into a chunk of its own. */
static int output_stage_masked(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    weir__chunk *const body = tx->queue.first;
    const size_t largest = WEIR__POOL_MAX - sizeof(weir__chunk) - WEIR_FRAME_HEAD_MAX;
    const uint64_t fragment = conn->policy->fragment_bytes;
    size_t len = body->left < largest ? body->left : largest;
    len = len < fragment ? len : (size_t)fragment;

    weir__chunk *const chunk =
        weir__chunk_make(&conn->context->memory, WEIR__CHUNK_FRAMES, len + WEIR_FRAME_HEAD_MAX);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->end = weir__frames_write(conn, weir__chunk_bytes(chunk), body->opcode, len == body->left,
                                    body->data, len);
    body->opcode = WEIR__OP_CONTINUATION;
    body->left -= len;
    body->data += len;
    tx->queued += chunk->end - len;
    chunk->next = body;
    tx->queue.first = chunk;
    if (body->left > 0)
        return WEIR_OK;
    chunk->next = body->next;
    if (tx->queue.last == body)
        tx->queue.last = chunk;
    output_retire(conn, body, false);
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

/* A chunk, with the control frames in their gap when it heads the queue. False: stop here. */
static bool output_offer(weir_conn *conn, output_list *list, weir__chunk *chunk)
{
    weir__tx *const tx = conn->tx;
    if (chunk->kind == WEIR__CHUNK_BODY && conn->role == WEIR_CLIENT)
        return false;
    if (chunk->kind == WEIR__CHUNK_BODY && chunk->head_len == 0) {
        weir__chunk_begin_fragment(chunk, conn->policy->fragment_bytes);
        tx->queued += chunk->head_len;
    }
    const size_t ready = weir__chunk_ready(chunk);
    const bool heads = chunk == tx->queue.first && tx->gap > 0;
    if (heads && !output_push_chunk(list, chunk, 0, tx->gap))
        return false;
    if (heads && !output_push(list, tx->wire + tx->wire_at, (size_t)(tx->wire_len - tx->wire_at)))
        return false;
    if (!output_push_chunk(list, chunk, heads ? tx->gap : 0, ready))
        return false;
    /* Further fragments need a head of their own: they come with the next offer. */
    return chunk->kind != WEIR__CHUNK_BODY || chunk->left == 0;
}

int weir__output_spans(weir_conn *conn, weir_span *spans, size_t cap)
{
    weir__tx *const tx = conn->tx;
    if (!tx || conn->state == WEIR__OVER)
        return 0;
    const weir__chunk *const first = tx->queue.first;
    if (first && first->kind == WEIR__CHUNK_BODY && conn->role == WEIR_CLIENT &&
        output_stage_masked(conn) != WEIR_OK) {
        weir__conn_lost(conn, WEIR_E_MEMORY);
        return 0;
    }
    output_stage_control(conn);
    output_list list = {spans, cap, 0, 0};
    bool more = true;
    if (tx->gap == 0)
        more = output_push(&list, tx->wire + tx->wire_at, (size_t)(tx->wire_len - tx->wire_at));
    for (weir__chunk *chunk = tx->queue.first; chunk && more; chunk = chunk->next)
        more = output_offer(conn, &list, chunk);
    tx->offered = list.total;
    return (int)list.count;
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
        output_retire(conn, weir__chunk_take_first(&tx->queue), chunk->dropped);
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
    weir__tx *const tx = conn->tx;
    const size_t left = (size_t)(tx->wire_len - tx->wire_at);
    const size_t take = len < left ? len : left;
    if (tx->wire_at == 0 && take > 0) {
        output_slot_left(&tx->pong);
        output_slot_left(&tx->ping);
    }
    tx->wire_at = (uint16_t)(tx->wire_at + take);
    if (tx->wire_at < tx->wire_len)
        return take;
    conn->tx_control += tx->wire_frames;
    conn->context->totals.tx_control += tx->wire_frames;
    if (tx->wire_ping)
        weir__deadline_ping_left(conn);
    tx->wire_at = tx->wire_len = 0;
    return take;
}

static void output_void_spans(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    tx->offered = 0;
    output_free_list(conn, &tx->retired);
    /* What was offered stands in front. */
    for (weir__chunk *chunk = tx->queue.first; chunk && chunk->offered; chunk = chunk->next)
        chunk->offered = false;
    for (weir__chunk *chunk = tx->released.first; chunk; chunk = chunk->next)
        chunk->offered = false;
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
        const size_t before = len < tx->gap ? len : tx->gap;
        output_consume(conn, before);
        tx->gap -= before;
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

int weir__output_sent(weir_conn *conn, size_t len)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return len == 0 ? WEIR_OK : WEIR_E_ARGUMENT;
    if (len > tx->offered)
        return WEIR_E_ARGUMENT;
    output_void_spans(conn);
    if (len > 0 && conn->state != WEIR__OVER)
        output_take(conn, len);
    const bool empty = !output_tx_waits(tx);
    output_settle(conn);
    if (empty)
        weir__conn_flushed(conn);
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

/* A reference may take far more memory than the bytes that it stands for. */
uint64_t weir__output_load(const weir_conn *conn)
{
    return conn->tx ? conn->tx->queued + (uint64_t)conn->tx->refs * sizeof(weir__chunk) : 0;
}

uint64_t weir__output_payload(const weir_conn *conn)
{
    uint64_t sum = 0;
    for (const weir__chunk *chunk = conn->tx ? conn->tx->queue.first : NULL; chunk;
         chunk = chunk->next)
        sum += weir__chunk_payload(chunk);
    return sum;
}

static uint64_t output_list_held(const weir__chunk_list *list)
{
    uint64_t sum = 0;
    for (const weir__chunk *chunk = list->first; chunk; chunk = chunk->next)
        sum += chunk->cap;
    return sum;
}

uint64_t weir__output_held(const weir_conn *conn)
{
    const weir__tx *const tx = conn->tx;
    if (!tx)
        return 0;
    return tx->cap + output_list_held(&tx->queue) + output_list_held(&tx->released) +
           output_list_held(&tx->retired);
}
