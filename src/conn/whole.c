/* SPDX-License-Identifier: MIT */
/* Whole messages that lie in the input: the straight line through receiving. */
#include "whole.h"

#include <string.h>

#include "../kernels/mask.h"
#include "../kernels/utf8.h"
#include "assembly.h"
#include "payload.h"

typedef struct whole_frame {
    uint8_t *data; /* payload */
    uint64_t len;
} whole_frame;

typedef enum whole_kind {
    WHOLE_OTHER, /* not for the straight line, or its head is not whole */
    WHOLE_BEGUN, /* head of a message in one frame, whose payload goes beyond the input */
    WHOLE_ALL,   /* a message in one frame */
    WHOLE_BAD    /* the same, of a text that is none */
} whole_kind;

/* What does not change from one message to the next. */
typedef struct whole_line {
    const weir__kernels *kernels;
    uint64_t max_len;
    uint32_t event_type;
    uint32_t key_len; /* 4 where the peer masks */
    uint8_t mask_bit; /* of the second byte of each head */
    uint8_t *end;     /* of the input */
} whole_line;

/* What begins at at: a message in one frame, which nothing is wrong with as far as its head tells
 * (RFC 6455 5.2), or something for the general way, faults included. */
static inline whole_kind whole_find(const whole_line *line, uint8_t *at, whole_frame *frame)
{
    const size_t have = (size_t)(line->end - at);
    size_t head_len = 2 + line->key_len;
    if (have < head_len)
        return WHOLE_OTHER;
    /* FIN with the opcode of text or binary, and nothing else. */
    if ((uint8_t)(at[0] - (0x80 | WEIR__OP_TEXT)) > WEIR__OP_BINARY - WEIR__OP_TEXT)
        return WHOLE_OTHER;
    const uint8_t form = at[1] ^ line->mask_bit;
    uint64_t len = form;
    if (form >= 126) {
        head_len += form == 126 ? 2 : 8;
        if (form > 127 || have < head_len)
            return WHOLE_OTHER;
        len = form == 126 ? weir__bits_load16_big(at + 2) : weir__bits_load64_big(at + 2);
        if (len <= (form == 126 ? 125u : UINT16_MAX))
            return WHOLE_OTHER; /* RFC 6455 5.2: not its shortest form */
    }
    if (len > line->max_len)
        return WHOLE_OTHER;
    frame->data = at + head_len;
    frame->len = len;
    return len <= have - head_len ? WHOLE_ALL : WHOLE_BEGUN;
}

/* Unmask a payload in place. Returns whether any of its bytes may have its top bit set. */
static inline bool whole_unmask(const whole_line *line, const whole_frame *frame)
{
    if (line->key_len == 0)
        return true;
    const uint32_t key = weir__bits_load32(frame->data - 4);
    const size_t len = (size_t)frame->len;
    const uint8_t bits = len < 16 ? weir__mask_short(frame->data, frame->data, len, key)
                                  : line->kernels->mask(frame->data, len, key);
    return (bits & 0x80) != 0;
}

static inline void whole_give(const whole_line *line, weir_event *event, const whole_frame *frame,
                              bool is_text)
{
    *event = (weir_event){
        .type = line->event_type,
        .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST | (is_text ? WEIR_FLAG_TEXT : 0u),
        .data = frame->data,
        .len = (size_t)frame->len,
    };
}

static bool whole_is_text(uint8_t first)
{
    return first == (0x80 | WEIR__OP_TEXT);
}

/* Whether the text of a message is valid; only bytes with top bits need a look. */
static inline bool whole_check(const whole_line *line, const whole_frame *frame, bool is_text)
{
    const size_t len = (size_t)frame->len;
    const bool top_bits = whole_unmask(line, frame);
    return !is_text || !top_bits || line->kernels->utf8(frame->data, len) == len;
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

static whole_line whole_prepare(const weir__run *run)
{
    const weir_conn *const conn = run->conn;
    const bool masked = weir__conn_is_server(conn);
    return (whole_line){
        .kernels = conn->context->kernels,
        .max_len = whole_max_len(conn->policy),
        .event_type = conn->policy->deliver_chunks ? WEIR_EVENT_CHUNK : WEIR_EVENT_MESSAGE,
        .key_len = masked ? 4 : 0,
        .mask_bit = masked ? 0x80 : 0,
        .end = run->end,
    };
}

/* Give a payload its mask back. */
WEIR__APART void whole_mask_back(whole_frame frame, uint32_t key_len, const weir__kernels *kernels)
{
    if (key_len > 0)
        (void)kernels->mask(frame.data, (size_t)frame.len, weir__bits_load32(frame.data - 4));
}

weir__whole_next weir__whole_receive(weir__run *run)
{
    const whole_line line = whole_prepare(run);
    weir_event *const first = run->events + run->count;
    weir_event *const last = run->events + run->cap;
    weir_event *event = first;
    uint8_t *at = run->at;
    whole_frame frame = {NULL, 0};
    whole_kind kind = WHOLE_OTHER;
    while (event < last && (kind = whole_find(&line, at, &frame)) == WHOLE_ALL) {
        const bool is_text = whole_is_text(*at);
        if (!whole_check(&line, &frame, is_text)) {
            kind = WHOLE_BAD;
            break;
        }
        whole_give(&line, event++, &frame, is_text);
        at = frame.data + frame.len;
    }
    run->at = at;
    if (event > first)
        whole_count(run, (size_t)(event - first));
    if (kind == WHOLE_BAD) /* RFC 6455 8.1: the general way finds the first byte that is wrong */
        whole_mask_back(frame, line.key_len, line.kernels);
    if (kind == WHOLE_BEGUN) {
        run->at = frame.data;
        run->note.begun_len = frame.len;
        return whole_is_text(*at) ? WEIR__WHOLE_TEXT : WEIR__WHOLE_BINARY;
    }
    return kind != WHOLE_ALL && at < line.end ? WEIR__WHOLE_OTHER : WEIR__WHOLE_NONE;
}
