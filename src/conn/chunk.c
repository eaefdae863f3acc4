/* SPDX-License-Identifier: MIT */
/* A piece of the output queue. */
#include "chunk.h"

#include <string.h>

#include "../protocol/frame.h"
#include "frames.h"
#include "message.h"

weir__chunk *weir__chunk_make(weir__memory *memory, weir__chunk_kind kind, size_t len)
{
    size_t cap;
    if (len > SIZE_MAX - sizeof(weir__chunk))
        return NULL;
    weir__chunk *const chunk = weir__pool_take(memory, sizeof *chunk + len, &cap);
    if (!chunk)
        return NULL;
    chunk->next = NULL;
    chunk->cap = cap;
    chunk->inside = false;
    weir__chunk_begin(chunk, kind);
    return chunk;
}

weir__body *weir__chunk_make_body(weir__memory *memory)
{
    const size_t more = sizeof(weir__body) - sizeof(weir__chunk);
    weir__chunk *const chunk = weir__chunk_make(memory, WEIR__CHUNK_BODY, more);
    if (!chunk)
        return NULL;
    memset(weir__chunk_bytes(chunk), 0, more);
    return weir__chunk_body(chunk);
}

void weir__chunk_free(weir__memory *memory, weir__chunk *chunk)
{
    if (chunk->message)
        weir__message_release(chunk->message);
    if (chunk->inside)
        chunk->kind = WEIR__CHUNK_NONE;
    else
        weir__pool_give(memory, chunk, chunk->cap);
}

weir__chunk *weir__chunk_take_first(weir__chunk_list *list)
{
    weir__chunk *const chunk = list->first;
    if (!chunk)
        return NULL;
    list->first = chunk->next;
    if (!list->first)
        list->last = NULL;
    return chunk;
}

/* Length of the frame at bytes, which we wrote ourselves; payload: out, its payload's. */
static size_t chunk_frame_len(const uint8_t *bytes, size_t len, uint64_t *payload)
{
    weir_frame_head head = {0};
    const int head_len = weir__frame_head_read(bytes, len, &head);
    *payload = head.len;
    return (size_t)head_len + (size_t)head.len;
}

static size_t chunk_gap_frames(weir__chunk *chunk)
{
    const uint8_t *const bytes = weir__chunk_bytes(chunk);
    uint64_t payload;
    while (chunk->walk < chunk->at)
        chunk->walk += chunk_frame_len(bytes + chunk->walk, chunk->end - chunk->walk, &payload);
    return chunk->walk - chunk->at;
}

static const weir__body *chunk_body(const weir__chunk *chunk)
{
    return (const weir__body *)(const void *)chunk;
}

/* ---- The frames of a body --------------------------------------------------------------------*/

typedef struct chunk_frame {
    size_t start; /* in the body's bytes */
    size_t payload_at;
    size_t payload_len;
    size_t head_len;
    const uint8_t *head;
} chunk_frame;

/* The frame that holds a byte. */
static chunk_frame chunk_frame_of(const weir__body *body, size_t at)
{
    if (body->len <= body->fragment)
        return (chunk_frame){0, 0, body->len, body->head_len, body->heads[0]};
    const size_t index = at / (body->head_len + body->fragment);
    chunk_frame frame = {.start = index * (body->head_len + body->fragment),
                         .payload_at = index * body->fragment,
                         .payload_len = body->fragment,
                         .head_len = body->head_len,
                         .head = body->heads[index > 0]};
    if (body->len - frame.payload_at <= body->fragment) {
        frame.payload_len = body->len - frame.payload_at;
        frame.head_len = body->last_len;
        frame.head = body->heads[2];
    }
    return frame;
}

/* Payload bytes among the first at bytes, which are not all of the body's. */
static size_t chunk_body_payload(const weir__body *body, size_t at)
{
    const chunk_frame frame = chunk_frame_of(body, at);
    const size_t inside = at - frame.start;
    return frame.payload_at + (inside > frame.head_len ? inside - frame.head_len : 0);
}

weir_span weir__chunk_body_part(const weir__body *body, size_t at)
{
    const chunk_frame frame = chunk_frame_of(body, at);
    const size_t inside = at - frame.start;
    if (inside < frame.head_len)
        return (weir_span){frame.head + inside, frame.head_len - inside};
    const size_t skip = inside - frame.head_len;
    return (weir_span){body->chunk.data + frame.payload_at + skip, frame.payload_len - skip};
}

size_t weir__chunk_body_frame_end(const weir__body *body, size_t end)
{
    const chunk_frame frame = chunk_frame_of(body, end - 1);
    return frame.start + frame.head_len + frame.payload_len;
}

static uint8_t chunk_put_head(uint8_t *out, uint8_t opcode, bool fin, size_t len)
{
    return (uint8_t)weir__frames_put_head(out, fin ? WEIR__FRAMES_FIN | opcode : opcode, 0, len);
}

bool weir__chunk_frame_body(weir__body *body, uint64_t fragment)
{
    if (body->len > SIZE_MAX - WEIR__BODY_HEAD_MAX)
        return false;
    if (body->len <= fragment) {
        body->fragment = body->len;
        body->head_len = chunk_put_head(body->heads[0], body->opcode, true, body->len);
        body->chunk.end = body->head_len + body->len;
        return true;
    }
    body->fragment = (size_t)fragment;
    const size_t count = (body->len - 1) / body->fragment; /* beside the last */
    const size_t last = body->len - count * body->fragment;
    if (count >= (SIZE_MAX - body->len) / WEIR__BODY_HEAD_MAX)
        return false;
    body->head_len = chunk_put_head(body->heads[0], body->opcode, false, body->fragment);
    chunk_put_head(body->heads[1], WEIR__OP_CONTINUATION, false, body->fragment);
    body->last_len = chunk_put_head(body->heads[2], WEIR__OP_CONTINUATION, true, last);
    body->chunk.end = count * body->head_len + body->last_len + body->len;
    return true;
}

/* ---- Gaps and figures ------------------------------------------------------------------------*/

static size_t chunk_gap_body(const weir__body *body)
{
    const size_t at = body->chunk.at;
    return at == 0 ? 0 : weir__chunk_body_frame_end(body, at) - at;
}

size_t weir__chunk_gap(weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_gap_body(weir__chunk_body(chunk));
    if (chunk->kind == WEIR__CHUNK_FRAMES)
        return chunk_gap_frames(chunk);
    return chunk->at == 0 && chunk->kind != WEIR__CHUNK_RAW ? 0 : chunk->end - chunk->at;
}

/* Payload of the data frames in bytes [at, end); bytes start with a frame. */
static uint64_t chunk_frames_payload(const uint8_t *bytes, size_t at, size_t end)
{
    uint64_t sum = 0;
    for (size_t walk = 0; walk < end;) {
        uint64_t payload;
        const bool is_data = (bytes[walk] & 0x08) == 0;
        walk += chunk_frame_len(bytes + walk, end - walk, &payload);
        if (is_data && walk > at)
            sum += walk - at < payload ? walk - at : payload;
    }
    return sum;
}

/* A body that was cut ends with a frame before its last. */
static uint64_t chunk_body_left(const weir__body *body)
{
    const size_t end = body->chunk.end;
    if (end == 0)
        return body->len;
    const chunk_frame last = chunk_frame_of(body, end - 1);
    return last.payload_at + last.payload_len - chunk_body_payload(body, body->chunk.at);
}

uint64_t weir__chunk_payload(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_body_left(chunk_body(chunk));
    if (chunk->kind == WEIR__CHUNK_RAW)
        return 0;
    return chunk_frames_payload(chunk->data, chunk->at, chunk->end);
}
