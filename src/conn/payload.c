/* SPDX-License-Identifier: MIT */
/* Payloads of received frames: unmasked, checked, held or handed over. */
#include "payload.h"

#include <string.h>

#include "../kernels/utf8.h"
#include "../protocol/close.h"
#include "assembly.h"
#include "compression.h"
#include "deadline.h"
#include "send.h"

/* ---- Beginning a frame -----------------------------------------------------------------------*/

#define PAYLOAD_TINY 16u

/* A token bucket for frames that cost more than they carry. */
static int payload_flood(weir_conn *conn)
{
    const weir_config *const policy = conn->policy;
    const uint64_t now = conn->context->now;
    if (now == 0 || policy->flood_rate == WEIR_NONE)
        return WEIR_OK;
    const uint64_t elapsed = (uint32_t)((uint32_t)now - conn->flood_ms);
    const uint64_t whole = UINT32_MAX; /* more tokens than a bucket can lack */
    const uint64_t back = policy->flood_rate > whole ? whole : elapsed * policy->flood_rate / 1000;
    if (back > 0) {
        conn->flood_used = back < conn->flood_used ? conn->flood_used - (uint32_t)back : 0;
        /* Parts of a token are not lost. */
        conn->flood_ms += (uint32_t)(back * 1000 / policy->flood_rate);
    }
    if (conn->flood_used >= policy->flood_burst)
        return WEIR_E_FLOOD;
    conn->flood_used++;
    return WEIR_OK;
}

bool weir__payload_is_compressed(const weir_conn *conn)
{
    return weir__conn_compression(conn) && conn->extra->compression->rx_message;
}

static void payload_begin_message(weir_conn *conn, const weir_frame_head *head, uint64_t at)
{
    conn->rx->type = head->opcode;
    conn->rx->message_bytes = 0;
    conn->rx->fragments = conn->rx->empty_fragments = 0;
    conn->rx->utf8 = WEIR__UTF8_START;
    conn->rx->chunk_given = false;
    if (!weir__conn_compression(conn))
        return;
    /* RFC 7692 6: RSV1 on the first frame is about the whole message. */
    conn->extra->compression->rx_message = head->rsv != 0;
    conn->extra->compression->rx_payload = 0;
    conn->extra->compression->rx_slice = 0;
    conn->extra->compression->rx_at = at;
}

/* RFC 6455 10.4: judged by the claim, before a byte of it is held; false: the message gets too big.
 * A compressed message is judged by what it becomes, while it does. */
static bool payload_count(weir_conn *conn, uint64_t len)
{
    const uint64_t max = conn->policy->max_message_bytes;
    const uint64_t sum = conn->rx->message_bytes;
    if (weir__payload_is_compressed(conn))
        return true;
    if (sum > max || len > max - sum)
        return false;
    conn->rx->message_bytes = sum + len;
    return true;
}

static int payload_begin_data(weir_conn *conn, const weir_frame_head *head, uint64_t at)
{
    const weir_config *const policy = conn->policy;
    if (head->opcode != WEIR__OP_CONTINUATION)
        payload_begin_message(conn, head, at);
    conn->rx->fragments++;
    if (head->len > policy->max_frame_bytes)
        return WEIR_E_FRAME_TOO_BIG;
    if (!payload_count(conn, head->len))
        return WEIR_E_MESSAGE_TOO_BIG;
    if (conn->rx->fragments > policy->max_fragments)
        return WEIR_E_TOO_MANY_FRAGMENTS;
    const bool is_whole = head->fin && conn->rx->fragments == 1;
    if (head->len == 0 && !is_whole && ++conn->rx->empty_fragments > policy->max_empty_fragments)
        return WEIR_E_TOO_MANY_EMPTY;
    if (!is_whole && head->len < PAYLOAD_TINY)
        WEIR__TRY(payload_flood(conn));
    conn->rx->in_message = true;
    return WEIR_OK;
}

static inline void payload_begin_frame(weir__rx *rx, const weir_frame_head *head)
{
    rx->in_payload = true;
    rx->fin = head->fin != 0;
    rx->opcode = head->opcode;
    rx->frame_left = head->len;
    memcpy(&rx->key, head->key, sizeof rx->key);
}

int weir__payload_begin(weir_conn *conn, const weir_frame_head *head, uint64_t at)
{
    WEIR__TRY(head->opcode >= WEIR__OP_CLOSE ? payload_flood(conn)
                                             : payload_begin_data(conn, head, at));
    payload_begin_frame(conn->rx, head);
    return WEIR_OK;
}

/* ---- Bytes -----------------------------------------------------------------------------------*/

/* Payload bytes of this frame that are in the input. */
static size_t payload_available(const weir__run *run)
{
    const size_t have = (size_t)(run->end - run->at);
    const uint64_t left = run->conn->rx->frame_left;
    return left < have ? (size_t)left : have;
}

/* Unmask len bytes from the input to dst, which may be where they are. Returns whether any of them
 * may have its top bit set. */
WEIR__INLINE bool payload_unmask(weir_conn *conn, uint8_t *dst, const uint8_t *src, size_t len)
{
    const weir__kernels *const kernels = conn->context->kernels;
    const uint32_t key = conn->rx->key;
    if (len == 0)
        return false;
    if (weir__conn_is_client(conn)) {
        if (dst != src)
            memcpy(dst, src, len);
        return true;
    }
    conn->rx->key = weir__key_rotate(key, len);
    const uint8_t bits =
        dst == src ? kernels->mask(dst, len, key) : kernels->mask_copy(dst, src, len, key);
    return (bits & 0x80) != 0;
}

/* RFC 6455 8.1: the next len bytes of a text message, found wrong at the first impossible byte.
 * Returns the index of that byte, len when there is none. */
static inline size_t payload_check_text(weir_conn *conn, const uint8_t *data, size_t len)
{
    if (conn->rx->type != WEIR__OP_TEXT)
        return len;
    return weir__utf8_check(conn->context->kernels, &conn->rx->utf8, data, len);
}

/* The same for len bytes that were the input's next. False: the connection fails. */
WEIR__APART bool payload_is_text(weir__run *run, const uint8_t *data, size_t len)
{
    const size_t good = payload_check_text(run->conn, data, len);
    if (good == len)
        return true;
    run->at += good;
    weir__run_fail(run, WEIR_E_UTF8);
    return false;
}

/* Move len bytes of the frame from the input to dst. False: the connection fails. */
WEIR__INLINE bool payload_take(weir__run *run, uint8_t *dst, size_t len)
{
    weir__rx *const rx = run->conn->rx;
    const bool top_bits = payload_unmask(run->conn, dst, run->at, len);
    /* Between characters, bytes without top bits are ASCII: they need not be read again. */
    const bool is_plain = rx->type != WEIR__OP_TEXT || (!top_bits && rx->utf8 == WEIR__UTF8_START);
    if (!is_plain && !payload_is_text(run, dst, len))
        return false;
    run->at += len;
    rx->frame_left -= len;
    return true;
}

/* ---- Data frames -----------------------------------------------------------------------------*/

/* WHATWG: what comes after our Close is checked like anything else, but not delivered. */
static bool payload_is_wanted(const weir_conn *conn)
{
    return conn->state == WEIR__OPEN || conn->policy->deliver_after_close != 0;
}

static uint32_t payload_type_flag(const weir_conn *conn)
{
    const uint32_t compressed = weir__payload_is_compressed(conn) ? WEIR_FLAG_COMPRESSED : 0;
    return (conn->rx->type == WEIR__OP_TEXT ? WEIR_FLAG_TEXT : 0) | compressed;
}

static bool payload_frame_ends_message(const weir_conn *conn)
{
    return conn->rx->frame_left == 0 && conn->rx->fin;
}

/* The last byte of the message was taken: it must not end inside a character. */
static inline bool payload_end_message(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__rx *const rx = conn->rx;
    if (rx->type == WEIR__OP_TEXT && rx->utf8 != WEIR__UTF8_START) {
        weir__run_fail(run, WEIR_E_UTF8);
        return false;
    }
    rx->in_message = false;
    conn->rx_messages++;
    conn->context->totals.rx_messages++;
    if (conn->state == WEIR__OPEN)
        conn->phase_at = conn->context->now; /* idleness is counted from the last message */
    return true;
}

static inline void payload_give(weir__run *run, const uint8_t *data, size_t len)
{
    if (!payload_is_wanted(run->conn))
        return;
    run->events[run->count++] = (weir_event){
        .type = WEIR_EVENT_MESSAGE,
        .flags = payload_type_flag(run->conn) | WEIR_FLAG_FIRST | WEIR_FLAG_LAST,
        .data = data,
        .len = len,
    };
}

/* The whole message lies in the input: handed over where it is. */
WEIR__APART void payload_in_place(weir__run *run, size_t len)
{
    weir_conn *const conn = run->conn;
    uint8_t *const data = run->at;
    if (!payload_take(run, data, len))
        return;
    conn->rx->in_payload = false;
    if (payload_end_message(run))
        payload_give(run, data, len);
}

/* All that the message may still come to, as far as the frames so far tell. */
static uint64_t payload_expected(const weir_conn *conn)
{
    return conn->rx->fin ? conn->rx->message_bytes : conn->policy->max_message_bytes;
}

/* The next len bytes join those that the connection holds. False: the connection fails. */
WEIR__INLINE bool payload_join(weir__run *run, size_t len)
{
    weir_conn *const conn = run->conn;
    weir__buffer *const message = &conn->rx->message;
    if (weir__assembly_reserve(conn, len, payload_expected(conn)) != WEIR_OK) {
        weir__run_fail(run, WEIR_E_MEMORY);
        return false;
    }
    const size_t before = message->len;
    if (!payload_take(run, message->data ? message->data + before : run->at, len))
        return false;
    message->len = before + len;
    return true;
}

/* What was put together is held for its event. Nothing waits for an event that is not given. */
static inline void payload_hold(weir_conn *conn)
{
    if (payload_is_wanted(conn))
        weir__assembly_deliver(conn->rx);
    else
        weir__buffer_free(&conn->context->memory, &conn->rx->message);
}

/* The same; the message that ends with them is delivered. */
static void payload_assemble(weir__run *run, size_t len)
{
    weir__rx *const rx = run->conn->rx;
    const bool ends = len == rx->frame_left && rx->fin;
    if (ends && rx->held.cap > 0) {
        run->stop = 1; /* the message given before must be seen first */
        return;
    }
    if (!payload_join(run, len) || rx->frame_left > 0)
        return;
    rx->in_payload = false;
    if (!ends || !payload_end_message(run))
        return;
    payload_hold(run->conn);
    payload_give(run, rx->held.data, rx->held.len);
}

/* at: position of data in the message. */
static void payload_give_chunk(weir__run *run, const uint8_t *data, size_t len, bool last,
                               uint64_t at)
{
    weir_conn *const conn = run->conn;
    if (!payload_is_wanted(conn))
        return;
    weir_event *const event = weir__run_event(run, WEIR_EVENT_CHUNK);
    const bool first = !conn->rx->chunk_given;
    event->flags =
        payload_type_flag(conn) | (first ? WEIR_FLAG_FIRST : 0u) | (last ? WEIR_FLAG_LAST : 0u);
    event->data = data;
    event->len = len;
    event->offset = at;
    event->frame_left = weir__payload_is_compressed(conn) ? 0 : conn->rx->frame_left;
    conn->rx->chunk_given = true;
}

WEIR__APART void payload_chunk(weir__run *run, size_t len)
{
    weir_conn *const conn = run->conn;
    uint8_t *const data = run->at;
    if (!payload_take(run, data, len))
        return;
    const bool last = payload_frame_ends_message(conn);
    if (conn->rx->frame_left == 0)
        conn->rx->in_payload = false;
    if (last && !payload_end_message(run))
        return;
    if (len > 0 || last)
        payload_give_chunk(run, data, len, last,
                           conn->rx->message_bytes - conn->rx->frame_left - len);
}

void weir__payload_begin_only(weir__run *run, uint8_t opcode)
{
    weir_conn *const conn = run->conn;
    weir__rx *const rx = weir__receive_open(run);
    if (!rx)
        return;
    weir_frame_head head = {.len = run->note.begun_len, .fin = 1, .opcode = opcode};
    if (weir__conn_is_server(conn))
        memcpy(head.key, run->at - sizeof head.key, sizeof head.key);
    payload_begin_message(conn, &head, 0);
    rx->message_bytes = head.len;
    rx->fragments = 1;
    rx->in_message = true;
    payload_begin_frame(rx, &head);
    const size_t have = (size_t)(run->end - run->at);
    if (conn->policy->deliver_chunks)
        payload_chunk(run, have);
    else if (have > 0)
        payload_join(run, have);
}

/* ---- Compressed data frames ------------------------------------------------------------------*/

#define PAYLOAD_CHUNK 16384u

/* Compressed bytes say nothing of where in the text the fault is: told is where the message
 * began, however the bytes were cut. */
static void payload_fail_inflate(weir__run *run, int status)
{
    weir__run_fail_at(run, status, run->conn->extra->compression->rx_at);
}

/* Bytes that the message may still grow by; the limit may have been lowered meanwhile. */
static uint64_t payload_size_left(const weir_conn *conn)
{
    const uint64_t max = conn->policy->max_message_bytes;
    return max > conn->rx->message_bytes ? max - conn->rx->message_bytes : 0;
}

static uint64_t payload_inflate_left(const weir_conn *conn)
{
    const uint64_t by_size = payload_size_left(conn);
    const uint64_t by_ratio = weir__compression_left(conn);
    return by_size < by_ratio ? by_size : by_ratio;
}

/* Most bytes to ask for: those that are left, and one to tell that there are more. */
static size_t payload_inflate_max(const weir_conn *conn)
{
    const uint64_t left = payload_inflate_left(conn);
    if (conn->policy->deliver_chunks) {
        const size_t room = PAYLOAD_CHUNK - conn->rx->message.len;
        return left < room ? (size_t)left + 1 : room;
    }
    return left < PAYLOAD_CHUNK ? (size_t)left + 1 : PAYLOAD_CHUNK;
}

/* What came out joins the message. WEIR_OK or what is wrong with it. */
static int payload_add_inflated(weir_conn *conn, const weir__inflate_piece *piece)
{
    const uint64_t left = payload_inflate_left(conn);
    const size_t fits = piece->len < left ? piece->len : (size_t)left;
    /* What comes first in the message decides, however it was cut. */
    if (payload_check_text(conn, piece->data, fits) < fits)
        return WEIR_E_UTF8;
    if (piece->len > left)
        return left == payload_size_left(conn) ? WEIR_E_MESSAGE_TOO_BIG : WEIR_E_DEFLATE_RATIO;
    WEIR__TRY(weir__assembly_reserve(conn, piece->len, conn->policy->max_message_bytes));
    if (piece->len > 0)
        memcpy(conn->rx->message.data + conn->rx->message.len, piece->data, piece->len);
    conn->rx->message.len += piece->len;
    conn->rx->message_bytes += piece->len;
    return WEIR_OK;
}

/* Inflate from the input, which is unmasked, until it is used up, the message is complete, or a
 * chunk is full. Returns the step of the decompressor or what is wrong. */
static int payload_inflate_run(weir_conn *conn, const uint8_t *in, size_t len, bool last,
                               size_t *used)
{
    int step;
    *used = 0;
    do {
        weir__inflate_piece piece;
        step = weir__compression_inflate(conn, in + *used, len - *used, last,
                                         payload_inflate_max(conn), &piece);
        if (step < 0)
            return step;
        *used += piece.used;
        WEIR__TRY(payload_add_inflated(conn, &piece));
    } while (step == WEIR__INFLATE_FULL &&
             !(conn->policy->deliver_chunks && conn->rx->message.len == PAYLOAD_CHUNK));
    return step;
}

static void payload_deliver_inflated(weir__run *run, bool last)
{
    weir_conn *const conn = run->conn;
    payload_hold(conn);
    const weir__buffer *const held = &conn->rx->held;
    if (conn->policy->deliver_chunks)
        payload_give_chunk(run, held->data, held->len, last, conn->rx->message_bytes - held->len);
    else
        payload_give(run, held->data, held->len);
    if (last)
        weir__compression_received(conn);
}

/* The input bytes were used up to here; those that were unmasked beyond are masked again. */
static void payload_mask_back(weir__run *run, uint32_t key, size_t used, size_t len)
{
    weir_conn *const conn = run->conn;
    run->at += used;
    conn->rx->frame_left -= used;
    conn->extra->compression->rx_slice -= (uint32_t)used;
    if (used == len)
        return;
    conn->rx->key = weir__key_rotate(key, used);
    if (weir__conn_is_server(conn))
        conn->context->kernels->mask(run->at, len - used, conn->rx->key);
}

/* The bytes for this call are inflated: deliver what is complete. */
static void payload_inflated(weir__run *run, int step)
{
    weir_conn *const conn = run->conn;
    const bool done = step == WEIR__INFLATE_DONE;
    if (step != WEIR__INFLATE_FULL && conn->rx->frame_left == 0)
        conn->rx->in_payload = false;
    if (done)
        payload_end_message(run);
    if (done || (conn->policy->deliver_chunks && conn->rx->message.len > 0))
        payload_deliver_inflated(run, done);
}

/* RFC 6455 8.1: the text must not end inside a character. */
static int payload_check_inflated(const weir_conn *conn, int step)
{
    const bool ends_inside = conn->rx->utf8 != WEIR__UTF8_START;
    const bool is_text = conn->rx->type == WEIR__OP_TEXT;
    return step == WEIR__INFLATE_DONE && is_text && ends_inside ? WEIR_E_UTF8 : step;
}

/* Compressed bytes to unmask now: those of one slice of the frame. What may come out is judged by
 * the slices that were begun: not by what the frame claims, and the same however it was cut. */
static size_t payload_inflate_available(const weir__run *run)
{
    const weir_conn *const conn = run->conn;
    weir__compression *const compression = conn->extra->compression;
    if (compression->rx_slice == 0) {
        compression->rx_slice =
            conn->rx->frame_left < PAYLOAD_CHUNK ? (uint32_t)conn->rx->frame_left : PAYLOAD_CHUNK;
        compression->rx_payload += compression->rx_slice;
    }
    const size_t len = payload_available(run);
    return len < compression->rx_slice ? len : compression->rx_slice;
}

WEIR__APART void payload_inflate(weir__run *run)
{
    weir_conn *const conn = run->conn;
    const size_t len = payload_inflate_available(run);
    const bool last = len == conn->rx->frame_left && conn->rx->fin;
    if (conn->rx->held.cap > 0 && (last || conn->policy->deliver_chunks)) {
        run->stop = 1; /* what was given before must be seen first */
        return;
    }
    const uint32_t key = conn->rx->key;
    size_t used;
    payload_unmask(conn, run->at, run->at, len);
    int step = payload_inflate_run(conn, run->at, len, last, &used);
    payload_mask_back(run, key, used, len);
    step = payload_check_inflated(conn, step);
    if (step < 0)
        payload_fail_inflate(run, step);
    else
        payload_inflated(run, step);
}

WEIR__FAST_INLINE void payload_data(weir__run *run)
{
    const weir_conn *const conn = run->conn;
    const weir__rx *const rx = conn->rx;
    const size_t len = payload_available(run);
    const bool is_whole = rx->fin && rx->message_bytes == len && rx->frame_left == len;
    if (weir__payload_is_compressed(conn))
        payload_inflate(run);
    else if (conn->policy->deliver_chunks)
        payload_chunk(run, len);
    else if (is_whole)
        payload_in_place(run, len);
    else
        payload_assemble(run, len);
}

/* ---- Control frames --------------------------------------------------------------------------*/

static void payload_give_control(weir__run *run, weir_event_type type, const uint8_t *data,
                                 size_t len)
{
    weir_event *const event = weir__run_event(run, type);
    event->data = len > 0 ? data : NULL;
    event->len = len;
    if (type == WEIR_EVENT_PONG && weir__send_is_answer(run->conn, data, len)) {
        event->flags = WEIR_FLAG_SOLICITED;
        event->rtt_ms = run->conn->rtt_ms;
    }
}

static void payload_close(weir__run *run, const uint8_t *data, size_t len)
{
    uint32_t code;
    weir_text reason;
    const int status = weir__close_payload_read(data, len, &code, &reason);
    if (status != WEIR_OK) {
        weir__run_fail(run, status);
        return;
    }
    /* What follows is not looked at, however much came along. */
    run->conn->note.fault_at = weir__run_offset(run);
    weir__conn_peer_closed(run->conn, code, reason);
}

static void payload_handle_control(weir__run *run, const uint8_t *data)
{
    weir_conn *const conn = run->conn;
    const size_t len = conn->rx->control_len;
    conn->rx->control_len = 0;
    conn->rx->in_payload = false;
    conn->rx_control++;
    conn->context->totals.rx_control++;
    if (conn->rx->opcode == WEIR__OP_CLOSE) {
        payload_close(run, data, len);
        return;
    }
    if (conn->rx->opcode == WEIR__OP_PONG) {
        payload_give_control(run, WEIR_EVENT_PONG, data, len);
        return;
    }
    /* RFC 6455 5.5.2: answered unless a Close was received, so also after our own. */
    if (weir__send_pong(conn, data, len) != WEIR_OK)
        weir__run_fail(run, WEIR_E_MEMORY);
    else
        payload_give_control(run, WEIR_EVENT_PING, data, len);
}

/* Take bytes of a control frame. Returns its payload once that is whole, else NULL: where it does
 * not lie whole in the input it is put together. */
WEIR__APART const uint8_t *payload_take_control(weir__run *run)
{
    weir__rx *const rx = run->conn->rx;
    const size_t len = payload_available(run);
    const bool ends = len == rx->frame_left;
    const bool is_split = rx->control_len > 0 || !ends;
    /* Replies to what came before a Close must leave ahead of the answer to it. */
    const bool answers = rx->opcode == WEIR__OP_CLOSE && ends && run->count > 0;
    if (answers || (is_split && rx->control_held)) {
        run->stop = 1;
        return NULL;
    }
    uint8_t *const data = is_split ? rx->control : run->at;
    payload_unmask(run->conn, is_split ? data + rx->control_len : data, run->at, len);
    rx->control_len = (uint8_t)(rx->control_len + len);
    run->at += len;
    rx->frame_left -= len;
    rx->control_held |= is_split && ends;
    return ends ? data : NULL;
}

void weir__payload_receive(weir__run *run)
{
    if (run->conn->rx->opcode < WEIR__OP_CLOSE) {
        payload_data(run);
        return;
    }
    const uint8_t *const data = payload_take_control(run);
    if (data)
        payload_handle_control(run, data);
}
