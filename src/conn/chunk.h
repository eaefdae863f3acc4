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
    WEIR__CHUNK_BODY /* a payload that is not ours; a server's with heads between its fragments */
} weir__chunk_kind;

typedef struct weir__chunk {
    struct weir__chunk *next;
    size_t cap; /* of this block; of what stands in the block of its queue, the rest of that */
    const uint8_t *data;   /* where the bytes are; BODY: the payload */
    weir_message *message; /* SHARED, maybe BODY: holds a reference */
    size_t at;             /* first byte that has not left */
    size_t end;            /* end of the bytes */
    size_t walk;           /* FRAMES: start of the frame that holds byte at, or of an earlier one;
                              BODY: end of the bytes that stand in the spans given last */
    uint8_t kind;          /* weir__chunk_kind */
    bool inside;           /* stands in the block of its queue */
    bool offered;          /* stands in the spans given last: its bytes must stay */
} weir__chunk;

/* What a BODY has more. Its bytes are those of its frames: all are as long as the first, but for
 * the last. A client's has none, at and end are 0: it is masked into FRAMES, and data and len are
 * what is left of it. */
#define WEIR__BODY_HEAD_MAX 10u /* unmasked */
typedef struct weir__body {
    weir__chunk chunk;
    size_t len;      /* of the payload */
    size_t fragment; /* payload of each frame but the last */
    uint64_t token;
    uint8_t opcode;   /* with RSV1; of what is left */
    uint8_t head_len; /* of every head but the last, unless that is the first */
    uint8_t last_len; /* of the last head */
    bool dropped;     /* not all of it was taken */
    uint8_t heads[3][WEIR__BODY_HEAD_MAX]; /* of the first frame, those between, and the last */
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

/* Bytes that have not left. */
static inline size_t weir__chunk_ready(const weir__chunk *chunk)
{
    return chunk->end - chunk->at;
}

/* Frame a body's payload in fragments, unmasked; false: its frames are beyond memory. */
bool weir__chunk_frame_body(weir__body *body, uint64_t fragment);

/* What is one piece in memory from byte at of a body on. */
weir_span weir__chunk_body_part(const weir__body *body, size_t at);

/* End of the body's frame that holds the byte before end. */
size_t weir__chunk_body_frame_end(const weir__body *body, size_t end);

/* Bytes of message payload that have not left. */
uint64_t weir__chunk_payload(const weir__chunk *chunk);

#endif
