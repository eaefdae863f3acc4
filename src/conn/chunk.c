/* SPDX-License-Identifier: MIT */
/* A piece of the output queue. */
#include "chunk.h"

#include <string.h>

#include "../protocol/frame.h"
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

size_t weir__chunk_gap(weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_body(chunk)->head_at == 0 ? 0 : weir__chunk_ready(chunk);
    if (chunk->kind == WEIR__CHUNK_FRAMES)
        return chunk_gap_frames(chunk);
    return chunk->at == 0 && chunk->kind != WEIR__CHUNK_RAW ? 0 : chunk->end - chunk->at;
}

static size_t chunk_head_left(const weir__body *body)
{
    return (size_t)(body->head_len - body->head_at);
}

size_t weir__chunk_ready(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_head_left(chunk_body(chunk)) + chunk_body(chunk)->piece;
    return chunk->end - chunk->at;
}

weir_span weir__chunk_part(const weir__chunk *chunk, size_t skip)
{
    if (chunk->kind != WEIR__CHUNK_BODY)
        return (weir_span){chunk->data + chunk->at + skip, chunk->end - chunk->at - skip};
    const weir__body *const body = chunk_body(chunk);
    const size_t head_left = chunk_head_left(body);
    if (skip < head_left)
        return (weir_span){body->head + body->head_at + skip, head_left - skip};
    return (weir_span){chunk->data + (skip - head_left), body->piece - (skip - head_left)};
}

static size_t chunk_consume_body(weir__body *body, size_t len)
{
    const size_t head_left = chunk_head_left(body);
    const size_t from_head = len < head_left ? len : head_left;
    const size_t rest = len - from_head;
    const size_t from_piece = rest < body->piece ? rest : body->piece;
    body->head_at = (uint8_t)(body->head_at + from_head);
    if (from_piece > 0) {
        body->chunk.data += from_piece;
        body->piece -= from_piece;
    }
    if (body->head_at == body->head_len && body->piece == 0 && body->left > 0)
        body->head_len = body->head_at = 0;
    return from_head + from_piece;
}

size_t weir__chunk_consume(weir__chunk *chunk, size_t len)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_consume_body(weir__chunk_body(chunk), len);
    const size_t left = chunk->end - chunk->at;
    const size_t take = len < left ? len : left;
    chunk->at += take;
    return take;
}

bool weir__chunk_done(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        /* Without a head the next fragment is still to begin. */
        return chunk_body(chunk)->head_len > 0 && weir__chunk_ready(chunk) == 0;
    return chunk->at == chunk->end;
}

void weir__chunk_begin_fragment(weir__body *body, uint64_t max)
{
    body->piece = body->left < max ? body->left : (size_t)max;
    body->left -= body->piece;
    const weir_frame_head head = {.len = body->piece,
                                  .fin = body->left == 0,
                                  .rsv = body->opcode >> 4,
                                  .opcode = body->opcode & WEIR__OP_MASK};
    body->head_len = (uint8_t)weir__frame_head_write(&head, body->head);
    body->head_at = 0;
    body->opcode = WEIR__OP_CONTINUATION;
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

uint64_t weir__chunk_payload(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return (uint64_t)chunk_body(chunk)->left + chunk_body(chunk)->piece;
    if (chunk->kind == WEIR__CHUNK_RAW)
        return 0;
    return chunk_frames_payload(chunk->data, chunk->at, chunk->end);
}
