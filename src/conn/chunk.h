/* SPDX-License-Identifier: MIT */
/* A piece of the output queue. */
#ifndef WEIR_CONN_CHUNK_H
#define WEIR_CONN_CHUNK_H

#include "../base/memory.h"
#include "conn.h"

typedef enum weir__chunk_kind {
    WEIR__CHUNK_NONE,   /* not in use */
    WEIR__CHUNK_FRAMES, /* own bytes: whole frames after each other */
    WEIR__CHUNK_RAW,    /* own bytes: no frames (HTTP) */
    WEIR__CHUNK_SHARED, /* a prepared message, one whole frame, in its own memory */
    WEIR__CHUNK_BODY    /* a payload that is not ours, framed fragment by fragment as it leaves */
} weir__chunk_kind;

typedef struct weir__chunk {
    struct weir__chunk *next;
    size_t cap; /* of this block; of what stands in the block of its queue, the rest of that */
    const uint8_t *data;   /* where the bytes are; BODY: first payload byte that has not left */
    weir_message *message; /* SHARED, maybe BODY: holds a reference */
    size_t at;             /* first byte that has not left */
    size_t end;            /* end of the bytes */
    size_t walk;           /* FRAMES: start of the frame that holds byte at, or of an earlier one */
    uint8_t kind;          /* weir__chunk_kind */
    bool inside;           /* stands in the block of its queue */
    bool offered;          /* stands in the spans given last: its bytes must stay */
} weir__chunk;

/* What a BODY has more; at, end and walk of it are 0. */
typedef struct weir__body {
    weir__chunk chunk;
    size_t piece; /* bytes at data that belong to the fragment under way */
    size_t left;  /* bytes that follow them */
    uint64_t token;
    uint8_t opcode;   /* of the next fragment's head */
    uint8_t head_len; /* 0: no fragment is under way */
    uint8_t head_at;  /* of its head: bytes that have left */
    bool dropped;
    uint8_t head[WEIR_FRAME_HEAD_MAX];
} weir__body;

typedef struct weir__chunk_list {
    weir__chunk *first;
    weir__chunk *last;
} weir__chunk_list;

/* Own bytes of FRAMES and RAW chunks follow the struct. */
static inline uint8_t *weir__chunk_bytes(weir__chunk *chunk)
{
    return (uint8_t *)(chunk + 1);
}

/* Whether it stands for bytes that are elsewhere. */
static inline bool weir__chunk_is_ref(const weir__chunk *chunk)
{
    return chunk->kind >= WEIR__CHUNK_SHARED;
}

static inline size_t weir__chunk_room(const weir__chunk *chunk)
{
    return chunk->cap - sizeof *chunk - chunk->end;
}

static inline weir__body *weir__chunk_body(weir__chunk *chunk)
{
    return (weir__body *)(void *)chunk;
}

/* Begin anew with memory that stays, its cap and place. */
static inline void weir__chunk_begin(weir__chunk *chunk, weir__chunk_kind kind)
{
    chunk->data = weir__chunk_bytes(chunk);
    chunk->message = NULL;
    chunk->at = chunk->end = chunk->walk = 0;
    chunk->kind = (uint8_t)kind;
    chunk->offered = false;
}

/* A chunk of its own with room for len own bytes; a body, the rest of it 0. NULL without memory. */
weir__chunk *weir__chunk_make(weir__memory *memory, weir__chunk_kind kind, size_t len);
weir__body *weir__chunk_make_body(weir__memory *memory);

/* Free a chunk and its reference to a message. */
void weir__chunk_free(weir__memory *memory, weir__chunk *chunk);

static inline void weir__chunk_append(weir__chunk_list *list, weir__chunk *chunk)
{
    chunk->next = NULL;
    if (list->last)
        list->last->next = chunk;
    else
        list->first = chunk;
    list->last = chunk;
}

weir__chunk *weir__chunk_take_first(weir__chunk_list *list);

/* Bytes to the end of the frame that has begun to leave; 0 between two frames. */
size_t weir__chunk_gap(weir__chunk *chunk);

/* Bytes that are ready to leave, in at most two parts. */
size_t weir__chunk_ready(const weir__chunk *chunk);

/* The ready bytes from skip on: one part of them. */
weir_span weir__chunk_part(const weir__chunk *chunk, size_t skip);

/* Up to len ready bytes have left: returns how many. */
size_t weir__chunk_consume(weir__chunk *chunk, size_t len);

/* Whether everything has left. */
bool weir__chunk_done(const weir__chunk *chunk);

/* None is under way: begin the next fragment of at most max payload bytes, unmasked. */
void weir__chunk_begin_fragment(weir__body *body, uint64_t max);

/* Bytes of message payload that have not left. */
uint64_t weir__chunk_payload(const weir__chunk *chunk);

#endif
