/* SPDX-License-Identifier: MIT */
/* Sending messages, pings and pongs; closing. */
#include "send.h"

#include <string.h>

#include "../kernels/utf8.h"
#include "../protocol/close.h"
#include "compression.h"
#include "deadline.h"
#include "frames.h"
#include "message.h"
#include "output.h"

/* ---- May it be sent --------------------------------------------------------------------------*/

/* RFC 6455 5.5.1, 6.1: data leaves between OPEN and the first Close, sent or received. */
static int send_check_open(const weir_conn *conn)
{
    if (weir__conn_is_opening(conn))
        return WEIR_E_NOT_OPEN;
    return conn->state == WEIR__OPEN ? WEIR_OK : WEIR_E_CLOSING;
}

static int send_check_message(const weir_conn *conn)
{
    WEIR__TRY(send_check_open(conn));
    return weir__conn_has(conn, WEIR__FLAG_STREAMING) ? WEIR_E_MESSAGE_OPEN : WEIR_OK;
}

static bool send_checks_text(const weir_conn *conn, int type)
{
    return type == WEIR_TEXT && conn->policy->check_text != 0;
}

#define SEND_SHORT_TEXT 64u

/* What most text is; longer text is worth the call of a kernel. */
static inline bool send_is_short_ascii(const uint8_t *data, size_t len)
{
    uint64_t seen = 0;
    if (len > SEND_SHORT_TEXT)
        return false;
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            seen |= data[i];
        return seen < 0x80;
    }
    for (size_t at = 0; at < len - 8; at += 8)
        seen |= weir__bits_load64(data + at);
    seen |= weir__bits_load64(data + len - 8);
    return (seen & 0x8080808080808080u) == 0;
}

static int send_check_text(const weir_conn *conn, int type, const uint8_t *data, size_t len)
{
    uint32_t state = WEIR__UTF8_START;
    if (!send_checks_text(conn, type))
        return WEIR_OK;
    if (weir__utf8_check(conn->context->kernels, &state, data, len) != len)
        return WEIR_E_TEXT;
    return state == WEIR__UTF8_START ? WEIR_OK : WEIR_E_TEXT;
}

/* From here to the low mark nothing more should be sent. */
static void send_congest(weir_conn *conn)
{
    weir__conn_mark(conn, WEIR__FLAG_CONGESTED);
    conn->pending &= (uint8_t)~WEIR__PENDING_WRITABLE; /* no longer so */
}

/* Whether the queue takes len more bytes; an empty one takes any message. */
static bool send_has_room(weir_conn *conn, size_t len)
{
    const uint64_t load = weir__output_load(conn);
    const uint64_t max = conn->policy->max_queued_bytes;
    if (load == 0 || (load <= max && len <= max - load))
        return true;
    send_congest(conn);
    return false;
}

/* Something was queued: tell when it is much. */
static int send_result(weir_conn *conn)
{
    if (weir__output_load(conn) <= conn->policy->high_water_bytes)
        return WEIR_OK;
    if (!weir__conn_has(conn, WEIR__FLAG_CONGESTED)) {
        send_congest(conn);
        weir__conn_pend(conn, WEIR__PENDING_HIGH_WATER);
    }
    return WEIR_OVER_HIGH;
}

static void send_count_message(weir_conn *conn)
{
    conn->tx_messages++;
    conn->context->totals.tx_messages++;
    conn->phase_at = conn->context->now; /* idleness is counted from the last message */
}

static int send_message_taken(weir_conn *conn)
{
    send_count_message(conn);
    return send_result(conn);
}

/* ---- Messages --------------------------------------------------------------------------------*/

/* Queue compressed bytes as frames and let go of them. */
static int send_deflated(weir_conn *conn, uint8_t opcode, bool last, weir__deflated *packed)
{
    const int status = weir__output_frames(conn, opcode, last, packed->data, packed->len);
    weir__deflated_free(conn->context, packed);
    /* The peer will not see what the compressor has noted. */
    if (status != WEIR_OK)
        weir__compression_forget(conn);
    return status;
}

/* Compress a message if it is to be. packed->cap 0: send it plain. */
static int send_compress(weir_conn *conn, int type, const uint8_t *data, size_t len,
                         weir__deflated *packed)
{
    *packed = (weir__deflated){NULL, 0, 0};
    if (!weir__conn_compression(conn))
        return WEIR_OK;
    const int choice = weir__compression_choice(conn, type);
    if (choice == WEIR_PLAIN)
        return WEIR_OK;
    const int status = weir__compression_message(conn, choice, data, len, packed);
    return choice == WEIR_AUTO ? WEIR_OK : status; /* AUTO needs no memory to go on */
}

static uint8_t send_opcode(int type)
{
    return (uint8_t)(type & WEIR__OP_MASK);
}

/* What comes before a whole message is queued: WEIR_OK, WEIR_WOULD_BLOCK or why it may not be. */
static int send_prepare(weir_conn *conn, int type, const uint8_t *data, size_t len,
                        weir__deflated *packed)
{
    WEIR__TRY(send_check_message(conn));
    WEIR__TRY(send_check_text(conn, send_opcode(type), data, len));
    if (!send_has_room(conn, len))
        return WEIR_WOULD_BLOCK;
    return send_compress(conn, type, data, len, packed);
}

WEIR__APART int send_any(weir_conn *conn, int type, const uint8_t *data, size_t len)
{
    const uint8_t opcode = send_opcode(type);
    weir__deflated packed;
    const int status = send_prepare(conn, type, data, len, &packed);
    if (status != WEIR_OK)
        return status;
    if (packed.cap > 0)
        WEIR__TRY(send_deflated(conn, opcode | WEIR__OP_RSV1, true, &packed));
    else
        WEIR__TRY(weir__output_frames(conn, opcode, true, data, len));
    return send_message_taken(conn);
}

/* ---- The straight line -----------------------------------------------------------------------*/

/* Whether a message can go as it is, and the water stays low. len is far from the end of size_t. */
static inline bool send_is_straight(const weir_conn *conn, size_t len)
{
    const weir_config *const policy = conn->policy;
    return conn->state == WEIR__OPEN && !weir__conn_compression(conn) &&
           !weir__conn_has(conn, WEIR__FLAG_STREAMING) && len <= policy->fragment_bytes &&
           weir__output_load(conn) + WEIR_FRAME_HEAD_MAX + len <= policy->high_water_bytes;
}

static inline void send_count_frame(weir_conn *conn, weir__chunk *chunk, size_t made)
{
    chunk->end += made;
    conn->tx->load += made;
    send_count_message(conn);
}

/* Write a server's message into the last chunk, which has room for it. All is counted before the
 * payload is copied: so nothing outlives a call, and no register is saved for one. */
WEIR__FAST_INLINE int send_plain(weir_conn *conn, weir__chunk *chunk, uint8_t opcode,
                                 const uint8_t *data, size_t len)
{
    uint8_t *const out = weir__chunk_bytes(chunk) + chunk->end;
    const size_t head_len = weir__frames_head_len(len);
    send_count_frame(conn, chunk, head_len + len);
    (void)weir__frames_put_head(out, (uint8_t)(WEIR__FRAMES_FIN | opcode), 0, len);
    weir__frames_copy(out + head_len, data, len);
    return WEIR_OK;
}

/* With a key that must be made first. */
WEIR__APART int send_masked_anew(weir_conn *conn, weir__chunk *chunk, uint8_t opcode,
                                 const uint8_t *data, size_t len)
{
    const uint8_t first = (uint8_t)(WEIR__FRAMES_FIN | opcode);
    const uint32_t key = weir__frames_key(conn);
    const size_t made =
        weir__frames_put(conn, weir__chunk_bytes(chunk) + chunk->end, first, data, len, key);
    send_count_frame(conn, chunk, made);
    return WEIR_OK;
}

/* The same for a client. */
WEIR__FAST_INLINE int send_masked(weir_conn *conn, weir__chunk *chunk, uint8_t opcode,
                                  const uint8_t *data, size_t len)
{
    const weir__kernels *const kernels = conn->context->kernels;
    weir__random *const random = &conn->context->entropy->masks;
    if (!weir__random_has_key(random))
        return send_masked_anew(conn, chunk, opcode, data, len);
    const uint32_t key = weir__random_next_key(random);
    uint8_t *const out = weir__chunk_bytes(chunk) + chunk->end;
    const size_t head_len = weir__frames_head_len(len);
    send_count_frame(conn, chunk, head_len + sizeof key + len);
    (void)weir__frames_put_head(out, (uint8_t)(WEIR__FRAMES_FIN | opcode), 0x80, len);
    weir__bits_store32(out + head_len, key);
    weir__frames_mask(kernels, out + head_len + sizeof key, data, len, key);
    return WEIR_OK;
}

WEIR__APART int send_put(weir_conn *conn, weir__chunk *chunk, uint8_t opcode, const uint8_t *data,
                         size_t len)
{
    return weir__conn_is_server(conn) ? send_plain(conn, chunk, opcode, data, len)
                                      : send_masked(conn, chunk, opcode, data, len);
}

/* What a new chunk is begun for here. */
#define SEND_PUT_MAX (WEIR__POOL_MAX / 2)

/* The last chunk has no room, or there is more to do. */
WEIR__APART int send_apart(weir_conn *conn, int type, const uint8_t *data, size_t len)
{
    const uint8_t opcode = send_opcode(type);
    if (len > SEND_PUT_MAX || !send_is_straight(conn, len) ||
        (opcode == WEIR_TEXT && !send_is_short_ascii(data, len) &&
         send_check_text(conn, opcode, data, len) != WEIR_OK))
        return send_any(conn, type, data, len);
    weir__chunk *const chunk = weir__output_frames_begin(conn, len);
    return chunk ? send_put(conn, chunk, opcode, data, len) : WEIR_E_MEMORY;
}

/* Text that is to go on the straight line, if it is text. */
WEIR__APART int send_text(weir_conn *conn, weir__chunk *chunk, const uint8_t *data, size_t len)
{
    const int status = send_check_text(conn, WEIR_TEXT, data, len);
    return status == WEIR_OK ? send_put(conn, chunk, WEIR_TEXT, data, len) : status;
}

/* The common case is a straight line: the last chunk has room. */
int weir__send(weir_conn *conn, int type, const uint8_t *data, size_t len)
{
    const uint8_t opcode = send_opcode(type);
    weir__chunk *const chunk = weir__output_chunk(conn, len);
    if (!chunk || !send_is_straight(conn, len))
        return send_apart(conn, type, data, len);
    if (opcode == WEIR_TEXT && !send_is_short_ascii(data, len))
        return send_text(conn, chunk, data, len);
    if (weir__conn_is_client(conn))
        return send_masked(conn, chunk, opcode, data, len);
    return send_plain(conn, chunk, opcode, data, len);
}

/* What was compressed needs the caller's bytes no more. */
static int send_ref_deflated(weir_conn *conn, uint8_t opcode, weir__deflated *packed,
                             uint64_t token)
{
    weir__body *const release = weir__output_make_release(conn, token);
    if (!release) {
        weir__deflated_free(conn->context, packed);
        weir__compression_forget(conn);
        return WEIR_E_MEMORY;
    }
    const int status = send_deflated(conn, opcode, true, packed);
    if (status == WEIR_OK)
        weir__output_release(conn, release);
    else
        weir__chunk_free(&conn->context->memory, &release->chunk);
    return status;
}

int weir__send_ref(weir_conn *conn, int type, const uint8_t *data, size_t len, uint64_t token)
{
    const uint8_t opcode = send_opcode(type);
    weir__deflated packed;
    const int status = send_prepare(conn, type, data, len, &packed);
    if (status != WEIR_OK)
        return status;
    if (packed.cap > 0)
        WEIR__TRY(send_ref_deflated(conn, opcode | WEIR__OP_RSV1, &packed, token));
    else
        WEIR__TRY(weir__output_body(conn, opcode, data, len, NULL, token));
    return send_message_taken(conn);
}

static int send_prepared(weir_conn *conn, weir_message *message)
{
    const uint8_t *const payload = weir__message_payload(message);
    if (weir__conn_is_client(conn))
        return weir__output_frames(conn, message->type, true, payload, message->len);
    if (message->len > conn->policy->fragment_bytes)
        return weir__output_body(conn, message->type, payload, message->len, message, 0);
    return weir__output_shared(conn, message);
}

/* A prepared message in the form that this connection sends, where compression was agreed. */
static int send_prepared_variant(weir_conn *conn, weir_message *message)
{
    const int choice = weir__compression_choice(conn, message->choice);
    weir_message *picked = message;
    if (choice != WEIR_PLAIN)
        picked =
            weir__message_variant(message, choice, conn->extra->compression->agreed.tx_window_bits);
    if (!picked && choice == WEIR_AUTO)
        picked = message;
    if (!picked)
        return WEIR_E_MEMORY;
    WEIR__TRY(send_prepared(conn, picked));
    if (picked != message)
        weir__compression_shared_sent(conn, message->len, picked->len);
    else
        weir__compression_shared_skipped(conn, choice);
    return WEIR_OK;
}

int weir__send_message(weir_conn *conn, weir_message *message)
{
    WEIR__TRY(send_check_message(conn));
    if (message->context != conn->context)
        return WEIR_E_CONTEXT;
    if (!send_has_room(conn, message->len))
        return WEIR_WOULD_BLOCK;
    if (weir__conn_compression(conn))
        WEIR__TRY(send_prepared_variant(conn, message));
    else
        WEIR__TRY(send_prepared(conn, message));
    return send_message_taken(conn);
}

int weir__send_begin(weir_conn *conn, int type)
{
    WEIR__TRY(send_check_message(conn));
    conn->stream_type = (uint8_t)type;
    conn->stream_utf8 = WEIR__UTF8_START;
    weir__conn_mark(conn, WEIR__FLAG_STREAMING);
    weir__conn_unmark(conn, WEIR__FLAG_STREAM_STARTED);
    return WEIR_OK;
}

static int send_check_piece(const weir_conn *conn, const uint8_t *data, size_t len, bool last,
                            uint32_t *state)
{
    if (!send_checks_text(conn, send_opcode(conn->stream_type)))
        return WEIR_OK;
    if (weir__utf8_check(conn->context->kernels, state, data, len) != len)
        return WEIR_E_TEXT;
    return last && *state != WEIR__UTF8_START ? WEIR_E_TEXT : WEIR_OK;
}

/* Whether the streamed message is compressed: decided with its first piece, whatever the policy
 * becomes meanwhile. */
static bool send_stream_compressed(weir_conn *conn, bool started, const uint8_t *data, size_t len)
{
    if (!weir__conn_compression(conn))
        return false;
    if (!started) {
        const int choice = weir__compression_choice(conn, conn->stream_type);
        conn->extra->compression->tx_stream = weir__compression_stream(conn, choice, data, len);
    }
    return conn->extra->compression->tx_stream;
}

static int send_queue_piece(weir_conn *conn, const uint8_t *data, size_t len, bool last)
{
    const bool started = weir__conn_has(conn, WEIR__FLAG_STREAM_STARTED);
    const uint8_t opcode = started ? WEIR__OP_CONTINUATION : send_opcode(conn->stream_type);
    if (!send_stream_compressed(conn, started, data, len))
        return weir__output_frames(conn, opcode, last, data, len);
    weir__deflated packed;
    WEIR__TRY(weir__compression_piece(conn, data, len, last, &packed));
    return send_deflated(conn, started ? opcode : opcode | WEIR__OP_RSV1, last, &packed);
}

int weir__send_piece(weir_conn *conn, const uint8_t *data, size_t len, bool last)
{
    if (!weir__conn_has(conn, WEIR__FLAG_STREAMING))
        return weir__conn_is_opening(conn) || conn->state == WEIR__OPEN ? WEIR_E_NO_MESSAGE
                                                                        : WEIR_E_CLOSING;
    uint32_t state = conn->stream_utf8;
    WEIR__TRY(send_check_piece(conn, data, len, last, &state));
    if (len == 0 && !last)
        return WEIR_OK; /* an empty fragment would say nothing */
    if (!send_has_room(conn, len))
        return WEIR_WOULD_BLOCK;
    WEIR__TRY(send_queue_piece(conn, data, len, last));
    conn->stream_utf8 = (uint8_t)state;
    weir__conn_mark(conn, WEIR__FLAG_STREAM_STARTED);
    if (!last)
        return send_result(conn);
    weir__conn_unmark(conn, WEIR__FLAG_STREAMING);
    weir__deadline_moved(conn); /* the compressor may be let go again */
    return send_message_taken(conn);
}

/* ---- Control frames --------------------------------------------------------------------------*/

/* FNV-1a, never 0: tells the pong that answers the last ping from others. */
static uint32_t send_tag(const uint8_t *data, size_t len)
{
    uint32_t tag = 2166136261u;
    for (size_t i = 0; i < len; i++)
        tag = (tag ^ data[i]) * 16777619u;
    return tag ? tag : 1;
}

static int send_ping(weir_conn *conn, const uint8_t *data, size_t len)
{
    WEIR__TRY(weir__output_control(conn, WEIR__OP_PING, data, len));
    conn->ping_tag = send_tag(data, len);
    /* Only the first of the unanswered pings starts the clock: more do not put off the end. */
    if (!weir__conn_has(conn, WEIR__FLAG_PING_WAITS | WEIR__FLAG_PING_QUEUED))
        conn->note.ping_at = conn->context->now;
    weir__conn_mark(conn, WEIR__FLAG_PING_QUEUED);
    weir__deadline_moved(conn);
    return WEIR_OK;
}

static int send_check_control(const weir_conn *conn, size_t len)
{
    WEIR__TRY(send_check_open(conn));
    /* RFC 6455 5.5: at most 125 bytes. */
    return len > WEIR__CONTROL_MAX ? WEIR_E_CONTROL_LENGTH : WEIR_OK;
}

int weir__send_ping(weir_conn *conn, const uint8_t *data, size_t len)
{
    WEIR__TRY(send_check_control(conn, len));
    return send_ping(conn, data, len);
}

int weir__send_pong_unasked(weir_conn *conn, const uint8_t *data, size_t len)
{
    WEIR__TRY(send_check_control(conn, len));
    return weir__send_pong(conn, data, len);
}

int weir__send_pong(weir_conn *conn, const uint8_t *data, size_t len)
{
    return weir__output_control(conn, WEIR__OP_PONG, data, len);
}

void weir__send_keepalive(weir_conn *conn)
{
    uint8_t payload[8];
    uint64_t now = conn->context->now;
    for (size_t i = 0; i < sizeof payload; i++, now >>= 8)
        payload[i] = (uint8_t)now;
    if (send_ping(conn, payload, sizeof payload) != WEIR_OK)
        weir__conn_fail(conn, WEIR_E_MEMORY, conn->rx_bytes);
}

bool weir__send_is_answer(weir_conn *conn, const uint8_t *data, size_t len)
{
    const bool waits = conn->ping_tag != 0 && !weir__conn_has(conn, WEIR__FLAG_PING_QUEUED);
    if (!waits || send_tag(data, len) != conn->ping_tag)
        return false;
    const uint32_t rtt = (uint32_t)conn->context->now - conn->ping_ms;
    conn->ping_tag = 0;
    conn->rtt_ms = rtt < UINT32_MAX ? rtt : UINT32_MAX - 1;
    return true;
}

/* ---- Close -----------------------------------------------------------------------------------*/

static int send_check_close(const weir_conn *conn, uint32_t code, weir_text reason)
{
    WEIR__TRY(weir__close_payload_check(code, reason));
    /* RFC 6455 7.4.1: 1010 is a client's. */
    if (code == 1010 && weir__conn_is_server(conn))
        return WEIR_E_CLOSE_CODE;
    /* WHATWG WebSockets, close(code, reason). */
    if (conn->policy->script_close_codes && code != 0 && code != 1000 && code < 3000)
        return WEIR_E_CLOSE_CODE;
    return WEIR_OK;
}

int weir__send_close(weir_conn *conn, uint32_t code, weir_text reason)
{
    WEIR__TRY(send_check_close(conn, code, reason));
    if (!weir__conn_is_opening(conn) && conn->state != WEIR__OPEN)
        return WEIR_E_CLOSING;
    return weir__conn_close(conn, code, reason, WEIR_OK);
}
