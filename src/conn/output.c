/* SPDX-License-Identifier: MIT */
/* The output queue of a connection: what is queued, dropped and given back. */
#include "output.h"

#include <string.h>

#include "frames.h"
#include "message.h"

/* ---- The queue's own memory ------------------------------------------------------------------*/

/* The queue with its first chunk of this kind, which has room for len own bytes. */
WEIR__FAST_INLINE weir__chunk *output_make_first(weir_conn *conn, weir__chunk_kind kind, size_t len)
{
    size_t cap;
    weir__tx *const tx =
        weir__pool_take(&conn->context->memory, sizeof *tx + sizeof(weir__chunk) + len, &cap);
    if (!tx)
        return NULL;
    *tx = (weir__tx){.offered = 0};
    weir__chunk *const chunk = weir__tx_chunk(tx);
    chunk->cap = cap - sizeof *tx;
    chunk->inside = true;
    weir__chunk_begin(chunk, kind);
    conn->tx = tx;
    return chunk;
}

WEIR__FAST_INLINE weir__tx *output_open(weir_conn *conn)
{
    if (!conn->tx)
        (void)output_make_first(conn, WEIR__CHUNK_NONE, 0);
    return conn->tx;
}

static void output_free_control(weir_conn *conn)
{
    weir__control *const control = conn->tx->control;
    if (control)
        weir__pool_give(&conn->context->memory, control, control->cap);
    conn->tx->control = NULL;
}

void weir__output_settle(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx || tx->offered > 0) /* never: who calls has a queue */
        return;
    if (tx->control && !weir__tx_control_waits(tx))
        output_free_control(conn);
    if (!tx->queue.first && !tx->control && !tx->released)
        weir__output_close(conn);
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

void weir__output_void(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    /* What was offered stands in front. */
    for (weir__chunk *chunk = tx->queue.first; chunk && chunk->offered; chunk = chunk->next)
        chunk->offered = false;
    if (tx->offered == 0)
        return;
    tx->offered = 0;
    output_free_retired(conn);
    /* Only what was dropped with the whole queue is still offered when it is given back. */
    if (conn->state != WEIR__OVER || !tx->released)
        return;
    weir__chunk *chunk = tx->released;
    do {
        chunk->offered = false;
        chunk = chunk->next;
    } while (chunk != tx->released);
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
    weir__output_close(conn);
}

/* ---- Queueing --------------------------------------------------------------------------------*/

WEIR__FAST_INLINE void output_append(weir_conn *conn, weir__chunk *chunk, size_t queued)
{
    const bool was_waiting = weir__tx_waits(conn->tx);
    weir__chunk_append(&conn->tx->queue, chunk);
    conn->tx->load += queued;
    if (!was_waiting)
        weir__conn_ready(conn);
}

static void output_add_ref(weir__tx *tx)
{
    tx->refs++;
    tx->load += WEIR__OUTPUT_REF_BYTES;
}

/* What one block holds of own bytes beside the queue. */
#define OUTPUT_INSIDE_MAX (WEIR__POOL_MAX - sizeof(weir__tx) - sizeof(weir__chunk))

weir__chunk *weir__output_make(weir_conn *conn, weir__chunk_kind kind, size_t len)
{
    if (!conn->tx && len <= OUTPUT_INSIDE_MAX)
        return output_make_first(conn, kind, len);
    if (!conn->tx && !output_make_first(conn, WEIR__CHUNK_NONE, 0))
        return NULL;
    weir__chunk *const inside = weir__tx_chunk(conn->tx);
    if (inside->kind == WEIR__CHUNK_NONE && len <= inside->cap - sizeof *inside) {
        weir__chunk_begin(inside, kind);
        return inside;
    }
    weir__chunk *const chunk = weir__chunk_make(&conn->context->memory, kind, len);
    if (!chunk)
        weir__output_settle(conn);
    return chunk;
}

int weir__output_raw(weir_conn *conn, const uint8_t *data, size_t len)
{
    weir__chunk *const chunk = weir__output_make(conn, WEIR__CHUNK_RAW, len);
    if (!chunk)
        return WEIR_E_MEMORY;
    memcpy(weir__chunk_bytes(chunk), data, len);
    chunk->end = len;
    output_append(conn, chunk, len);
    return WEIR_OK;
}

#define OUTPUT_CHUNK_MIN 1024u
#define OUTPUT_CHUNK_MAX 32768u

/* What the first chunk of the usual size has room for. */
#define OUTPUT_FIRST_LEN (OUTPUT_CHUNK_MIN - sizeof(weir__tx) - sizeof(weir__chunk))

/* Room for own bytes of a new chunk of frames that need so much. Small frames share a chunk; each
 * further chunk is twice as large, so that a burst of replies needs few spans and a single one
 * little memory. */
static size_t output_frames_len(const weir_conn *conn, size_t need)
{
    if (!conn->tx && need <= OUTPUT_FIRST_LEN)
        return OUTPUT_FIRST_LEN;
    const weir__chunk *const last = conn->tx ? conn->tx->queue.last : NULL;
    size_t want = last ? 2 * last->cap : OUTPUT_CHUNK_MIN;
    want = (want > OUTPUT_CHUNK_MAX ? OUTPUT_CHUNK_MAX : want) - sizeof(weir__chunk);
    return need > want ? need : want;
}

weir__chunk *weir__output_frames_begin(weir_conn *conn, size_t len)
{
    const size_t need = len + WEIR_FRAME_HEAD_MAX;
    weir__chunk *const chunk =
        !conn->tx && need <= OUTPUT_FIRST_LEN
            ? output_make_first(conn, WEIR__CHUNK_FRAMES, OUTPUT_FIRST_LEN)
            : weir__output_make(conn, WEIR__CHUNK_FRAMES, output_frames_len(conn, need));
    if (chunk)
        output_append(conn, chunk, 0);
    return chunk;
}

static weir__chunk *output_frames_chunk(weir_conn *conn, size_t need)
{
    weir__chunk *const last = conn->tx ? conn->tx->queue.last : NULL;
    if (last && last->kind == WEIR__CHUNK_FRAMES && weir__chunk_room(last) >= need)
        return last;
    return weir__output_make(conn, WEIR__CHUNK_FRAMES, output_frames_len(conn, need));
}

/* Frames were written into a chunk that was got as above. */
static void output_frames_made(weir_conn *conn, weir__chunk *chunk, size_t made)
{
    chunk->end += made;
    if (conn->tx->queue.last == chunk)
        conn->tx->load += made;
    else
        output_append(conn, chunk, made);
}

int weir__output_frames(weir_conn *conn, uint8_t first, bool fin, const uint8_t *data, size_t len)
{
    size_t need;
    if (!weir__frames_need(conn, len, &need))
        return WEIR_E_MEMORY;
    weir__chunk *const chunk = output_frames_chunk(conn, need);
    if (!chunk)
        return WEIR_E_MEMORY;
    uint8_t *const out = weir__chunk_bytes(chunk) + chunk->end;
    output_frames_made(conn, chunk, weir__frames_write(conn, out, first, fin, data, len));
    return WEIR_OK;
}

int weir__output_close_frame(weir_conn *conn, uint32_t code, weir_text reason)
{
    weir__chunk *const chunk = output_frames_chunk(conn, WEIR_FRAME_HEAD_MAX + 2 + reason.len);
    if (!chunk)
        return WEIR_E_MEMORY;
    uint8_t *const out = weir__chunk_bytes(chunk) + chunk->end;
    const uint32_t key = weir__frames_key(conn);
    output_frames_made(conn, chunk, weir__frames_write_close(conn, out, code, reason, key));
    return WEIR_OK;
}

int weir__output_body(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len,
                      weir_message *message, uint64_t token)
{
    if (!output_open(conn))
        return WEIR_E_MEMORY;
    weir__body *const body = weir__chunk_make_body(&conn->context->memory);
    if (!body) {
        weir__output_settle(conn);
        return WEIR_E_MEMORY;
    }
    body->chunk.data = data;
    body->len = len;
    body->opcode = opcode;
    body->token = token;
    if (weir__conn_is_server(conn) && !weir__chunk_frame_body(body, conn->policy->fragment_bytes)) {
        weir__chunk_free(&conn->context->memory, &body->chunk);
        weir__output_settle(conn);
        return WEIR_E_MEMORY;
    }
    body->chunk.message = message;
    if (message)
        message->refs++;
    output_add_ref(conn->tx);
    conn->tx->borrowed += message == NULL;
    output_append(conn, &body->chunk, weir__conn_is_server(conn) ? body->chunk.end : len);
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
    weir__chunk *const chunk = conn->tx ? weir__output_make(conn, WEIR__CHUNK_SHARED, 0)
                                        : output_make_first(conn, WEIR__CHUNK_SHARED, 0);
    if (!chunk)
        return WEIR_E_MEMORY;
    chunk->data = weir__message_payload(message) - message->head_len;
    chunk->end = message->head_len + message->len;
    chunk->message = message;
    message->refs++;
    output_add_ref(conn->tx);
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
        weir__output_settle(conn);
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

void weir__output_retire(weir_conn *conn, weir__chunk *chunk)
{
    weir__tx *const tx = conn->tx;
    if (weir__chunk_is_ref(chunk)) {
        tx->refs--;
        tx->load -= WEIR__OUTPUT_REF_BYTES;
    }
    if (chunk->kind != WEIR__CHUNK_BODY || chunk->message) {
        output_let_go(conn, chunk);
        return;
    }
    tx->borrowed--;
    output_add_released(tx, chunk);
    weir__conn_pend(conn, WEIR__PENDING_RELEASED);
}

static void output_discard(weir_conn *conn, weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        weir__chunk_body(chunk)->dropped = true;
    weir__output_retire(conn, chunk);
}

/* Of a body the frames that were offered must leave, and the one that has begun to. */
static void output_trim_body(weir__body *body, size_t gap)
{
    weir__chunk *const chunk = &body->chunk;
    const size_t end = chunk->offered ? chunk->walk : chunk->at + gap;
    chunk->end = weir__chunk_body_frame_end(body, end);
}

/* Whether a chunk must still leave when the rest is cut; it is shortened to what must. */
static bool output_trim(weir__chunk *chunk)
{
    const size_t gap = weir__chunk_gap(chunk);
    const size_t end = chunk->end;
    if (!chunk->offered && gap == 0)
        return false;
    if (chunk->kind == WEIR__CHUNK_BODY) {
        weir__body *const body = weir__chunk_body(chunk);
        output_trim_body(body, gap);
        body->dropped = chunk->end < end;
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
    tx->load = weir__tx_ref_load(tx);
    output_cut_control(tx);
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(&old)) != NULL;) {
        if (output_trim(chunk)) {
            weir__chunk_append(&tx->queue, chunk);
            tx->load += weir__chunk_ready(chunk);
        } else {
            output_discard(conn, chunk);
        }
    }
    weir__output_settle(conn);
}

void weir__output_drop(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    if (!tx)
        return;
    for (weir__chunk *chunk; (chunk = weir__chunk_take_first(&tx->queue)) != NULL;)
        output_discard(conn, chunk);
    tx->load = 0;
    output_cut_control(tx);
    if (tx->control)
        tx->control->wire_at = tx->control->wire_len = 0;
    weir__output_settle(conn);
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
    weir__output_settle(conn);
    return true;
}

/* ---- Figures ---------------------------------------------------------------------------------*/

uint64_t weir__output_queued(const weir_conn *conn)
{
    return conn->tx ? conn->tx->load - weir__tx_ref_load(conn->tx) : 0;
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
    weir__tx *const tx = conn->tx;
    if (!tx)
        return 0;
    uint64_t sum = sizeof *tx + weir__tx_chunk(tx)->cap + (tx->control ? tx->control->cap : 0);
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
