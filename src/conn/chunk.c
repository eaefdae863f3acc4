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
    weir__chunk *chunk = weir__pool_take(memory, sizeof *chunk + len, &cap);
    if (!chunk)
        return NULL;
    memset(chunk, 0, sizeof *chunk);
    chunk->cap = cap;
    chunk->kind = kind;
    return chunk;
}

void weir__chunk_free(weir__memory *memory, weir__chunk *chunk)
{
    if (chunk->message)
        weir__message_release(chunk->message);
    weir__pool_give(memory, chunk, chunk->cap);
}

void weir__chunk_append(weir__chunk_list *list, weir__chunk *chunk)
{
    chunk->next = NULL;
    if (list->last)
        list->last->next = chunk;
    else
        list->first = chunk;
    list->last = chunk;
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

size_t weir__chunk_gap(weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk->head_at == 0 ? 0 : weir__chunk_ready(chunk);
    if (chunk->kind == WEIR__CHUNK_FRAMES)
        return chunk_gap_frames(chunk);
    return chunk->at == 0 && chunk->kind != WEIR__CHUNK_RAW ? 0 : chunk->end - chunk->at;
}

size_t weir__chunk_ready(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return (size_t)(chunk->head_len - chunk->head_at) + chunk->piece;
    return chunk->end - chunk->at;
}

weir_span weir__chunk_part(const weir__chunk *chunk, size_t skip)
{
    if (chunk->kind != WEIR__CHUNK_BODY) {
        const uint8_t *const bytes =
            chunk->kind == WEIR__CHUNK_SHARED ? chunk->data : (const uint8_t *)(chunk + 1);
        return (weir_span){bytes + chunk->at + skip, chunk->end - chunk->at - skip};
    }
    const size_t head_left = (size_t)(chunk->head_len - chunk->head_at);
    if (skip < head_left)
        return (weir_span){chunk->head + chunk->head_at + skip, head_left - skip};
    return (weir_span){chunk->data + (skip - head_left), chunk->piece - (skip - head_left)};
}

static size_t chunk_consume_body(weir__chunk *chunk, size_t len)
{
    const size_t head_left = (size_t)(chunk->head_len - chunk->head_at);
    const size_t from_head = len < head_left ? len : head_left;
    const size_t rest = len - from_head;
    const size_t from_piece = rest < chunk->piece ? rest : chunk->piece;
    chunk->head_at = (uint8_t)(chunk->head_at + from_head);
    if (from_piece > 0) {
        chunk->data += from_piece;
        chunk->piece -= from_piece;
    }
    if (chunk->head_at == chunk->head_len && chunk->piece == 0 && chunk->left > 0)
        chunk->head_len = chunk->head_at = 0;
    return from_head + from_piece;
}

size_t weir__chunk_consume(weir__chunk *chunk, size_t len)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk_consume_body(chunk, len);
    const size_t left = chunk->end - chunk->at;
    const size_t take = len < left ? len : left;
    chunk->at += take;
    return take;
}

bool weir__chunk_done(const weir__chunk *chunk)
{
    if (chunk->kind == WEIR__CHUNK_BODY)
        return chunk->head_len > 0 && weir__chunk_ready(chunk) == 0 && chunk->left == 0;
    return chunk->at == chunk->end;
}

void weir__chunk_begin_fragment(weir__chunk *chunk, uint64_t max)
{
    chunk->piece = chunk->left < max ? chunk->left : (size_t)max;
    chunk->left -= chunk->piece;
    const weir_frame_head head = {.len = chunk->piece,
                                  .fin = chunk->left == 0,
                                  .rsv = chunk->opcode >> 4,
                                  .opcode = chunk->opcode & WEIR__OP_MASK};
    chunk->head_len = (uint8_t)weir__frame_head_write(&head, chunk->head);
    chunk->head_at = 0;
    chunk->opcode = WEIR__OP_CONTINUATION;
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
    switch (chunk->kind) {
    case WEIR__CHUNK_FRAMES:
        return chunk_frames_payload((const uint8_t *)(chunk + 1), chunk->at, chunk->end);
    case WEIR__CHUNK_SHARED:
        return chunk_frames_payload(chunk->data, chunk->at, chunk->end);
    case WEIR__CHUNK_BODY:
        return (uint64_t)chunk->left + chunk->piece;
    case WEIR__CHUNK_RAW:
        break;
    }
    return 0;
}
