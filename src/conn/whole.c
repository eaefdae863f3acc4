/* SPDX-License-Identifier: MIT */
/* Whole messages that lie in the input: the straight line through receiving. */
#include "whole.h"

#include "../kernels/mask.h"
#include "../kernels/utf8.h"
#include "assembly.h"

/* A frame that begins at at and lies whole in front of end. */
typedef struct whole_frame {
    uint8_t *data;
    size_t len;
} whole_frame;

/* What does not change from one message to the next. */
typedef struct whole_line {
    const weir__kernels *kernels;
    uint64_t max_len;
    uint32_t event_type;
    uint32_t key_len; /* 4 where the peer masks */
    uint8_t mask_bit; /* of the second byte of each head */
    uint8_t *end;     /* of the input */
} whole_line;

/* Whether the bytes at at begin with a whole message in one frame, which nothing is wrong with as
 * far as its head tells (RFC 6455 5.2). All others are for the general way, faults included. */
static inline bool whole_find(const whole_line *line, uint8_t *at, whole_frame *frame)
{
    const size_t have = (size_t)(line->end - at);
    size_t head_len = 2 + line->key_len;
    if (have < head_len)
        return false;
    /* FIN with the opcode of text or binary, and nothing else. */
    if ((uint8_t)(at[0] - (0x80 | WEIR__OP_TEXT)) > WEIR__OP_BINARY - WEIR__OP_TEXT)
        return false;
    const uint8_t form = at[1] ^ line->mask_bit;
    uint64_t len = form;
    if (form >= 126) {
        head_len += form == 126 ? 2 : 8;
        if (form > 127 || have < head_len)
            return false;
        len = form == 126 ? weir__bits_load16_big(at + 2) : weir__bits_load64_big(at + 2);
        if (len <= (form == 126 ? 125u : UINT16_MAX))
            return false; /* RFC 6455 5.2: not its shortest form */
    }
    if (len > have - head_len || len > line->max_len)
        return false;
    frame->data = at + head_len;
    frame->len = (size_t)len;
    return true;
}

/* Unmask a payload in place. Returns whether any of its bytes may have its top bit set. */
static inline bool whole_unmask(const whole_line *line, const whole_frame *frame)
{
    if (line->key_len == 0)
        return true;
    const uint32_t key = weir__bits_load32(frame->data - 4);
    const uint8_t bits = frame->len < 16
                             ? weir__mask_short(frame->data, frame->data, frame->len, key)
                             : line->kernels->mask(frame->data, frame->len, key);
    return (bits & 0x80) != 0;
}

/* RFC 6455 8.1: the connection fails at the first byte that cannot stand where it does, or at the
 * end of a text that ends inside a character. */
static void whole_fail_text(weir__run *run, const whole_frame *frame)
{
    uint32_t state = WEIR__UTF8_START;
    run->at = frame->data +
              weir__utf8_check(run->conn->context->kernels, &state, frame->data, frame->len);
    weir__conn_fail(run->conn, WEIR_E_UTF8, weir__run_offset(run));
}

static inline void whole_give(const whole_line *line, weir_event *event, const whole_frame *frame,
                              bool is_text)
{
    *event = (weir_event){
        .type = line->event_type,
        .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST | (is_text ? WEIR_FLAG_TEXT : 0u),
        .data = frame->data,
        .len = frame->len,
    };
}

static void whole_count(weir__run *run, size_t messages)
{
    weir_conn *const conn = run->conn;
    weir_context *const context = conn->context;
    run->count += messages;
    conn->rx_messages += messages;
    context->totals.rx_messages += messages;
    conn->phase_at = context->now; /* idleness is counted from the last message */
}

static uint64_t whole_max_len(const weir_config *policy)
{
    return policy->max_frame_bytes < policy->max_message_bytes ? policy->max_frame_bytes
                                                               : policy->max_message_bytes;
}

static bool whole_may_begin(const weir_conn *conn)
{
    return conn->state == WEIR__OPEN && !(conn->rx && weir__assembly_is_partial(conn->rx));
}

void weir__whole_receive(weir__run *run)
{
    const weir_conn *const conn = run->conn;
    const bool masked = conn->role == WEIR_SERVER;
    if (!whole_may_begin(conn))
        return;
    const whole_line line = {
        .kernels = conn->context->kernels,
        .max_len = whole_max_len(conn->policy),
        .event_type = conn->policy->deliver_chunks ? WEIR_EVENT_CHUNK : WEIR_EVENT_MESSAGE,
        .key_len = masked ? 4 : 0,
        .mask_bit = masked ? 0x80 : 0,
        .end = run->end,
    };
    weir_event *event = run->events + run->count;
    weir_event *const last = run->events + run->cap;
    uint8_t *at = run->at;
    whole_frame frame;
    bool is_bad = false;
    while (event < last && whole_find(&line, at, &frame)) {
        const bool is_text = at[0] == (0x80 | WEIR__OP_TEXT);
        const bool top_bits = whole_unmask(&line, &frame);
        is_bad = is_text && top_bits && line.kernels->utf8(frame.data, frame.len) < frame.len;
        if (is_bad)
            break;
        whole_give(&line, event++, &frame, is_text);
        at = frame.data + frame.len;
    }
    run->at = at;
    if (event > run->events + run->count)
        whole_count(run, (size_t)(event - run->events) - run->count);
    if (is_bad)
        whole_fail_text(run, &frame);
}
