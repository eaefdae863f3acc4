/* SPDX-License-Identifier: MIT */
/* The output queue of a connection: frames in order, control frames that wait for a gap. */
#ifndef WEIR_CONN_OUTPUT_H
#define WEIR_CONN_OUTPUT_H

#include "chunk.h"
#include "conn.h"

/* A ping or pong that waits for the next gap between two frames. */
typedef struct weir__control_slot {
    bool waits;
    bool in_wire; /* what it holds is in wire too */
    uint8_t len;
    uint8_t data[WEIR__CONTROL_MAX];
} weir__control_slot;

#define WEIR__CONTROL_FRAME_MAX (2u + 4u + WEIR__CONTROL_MAX)

/* Exists while a ping or pong waits or leaves. */
typedef struct weir__control {
    size_t cap; /* of this block */
    weir__control_slot pong;
    weir__control_slot ping;
    /* Control frames as they are offered: they leave after gap bytes of the queue. Until the first
     * of their bytes has left they are made anew for each offer. */
    size_t gap;
    uint16_t wire_len;
    uint16_t wire_at;
    uint16_t wire_pong; /* bytes of the pong, which comes before the ping */
    bool wire_ping;
    uint8_t wire[2 * WEIR__CONTROL_FRAME_MAX];
} weir__control;

/* Exists while there is output, or a borrowed send to give back. The queue's first chunk stands
 * behind it in the same block, so that a reply or a prepared message needs no other. */
struct weir__tx {
    weir__chunk_list queue;
    weir__chunk *released;  /* borrowed sends that are done: their events wait; last of a ring */
    weir__chunk *retired;   /* offered > 0: offered and then dropped, freed when spans are void */
    weir__control *control; /* NULL while there are no control frames */
    uint64_t load;          /* bytes in queue, of a client's bodies the payload; and for each
                               reference WEIR__OUTPUT_REF_BYTES */
    size_t offered;         /* sum of the spans given last */
    uint32_t refs;          /* SHARED and BODY chunks in queue */
    uint32_t borrowed;      /* of them: BODY chunks in the caller's memory */
};

/* Its cap is the block's but for the queue itself. */
static inline weir__chunk *weir__tx_chunk(weir__tx *tx)
{
    return (weir__chunk *)(void *)(tx + 1);
}

static inline bool weir__tx_wire_waits(const weir__tx *tx)
{
    return tx->control && tx->control->wire_at < tx->control->wire_len;
}

static inline bool weir__tx_control_waits(const weir__tx *tx)
{
    return tx->control &&
           (tx->control->ping.waits || tx->control->pong.waits || weir__tx_wire_waits(tx));
}

static inline bool weir__tx_waits(const weir__tx *tx)
{
    return tx->queue.first || weir__tx_control_waits(tx);
}

/* Something is to be written. */
static inline bool weir__output_waits(const weir_conn *conn)
{
    return conn->tx && weir__tx_waits(conn->tx);
}

/* The caller's memory is still queued. */
static inline bool weir__output_borrows(const weir_conn *conn)
{
    return conn->tx && conn->tx->borrowed > 0;
}

/* What a reference, SHARED or BODY, counts for: the struct, as large as where a pointer has eight
 * bytes, so that the marks are reached by the same sends on every platform. */
#define WEIR__OUTPUT_REF_BYTES 112u

/* What the water marks and the cap are about: a reference may take far more memory than the bytes
 * that it stands for. */
static inline uint64_t weir__output_load(const weir_conn *conn)
{
    return conn->tx ? conn->tx->load : 0;
}

/* The references' part of it. */
static inline uint64_t weir__tx_ref_load(const weir__tx *tx)
{
    return (uint64_t)tx->refs * WEIR__OUTPUT_REF_BYTES;
}

/* The last chunk, when it has room for any one frame with len bytes of payload, which are not more
 * than a usual chunk holds. */
static inline weir__chunk *weir__output_chunk(const weir_conn *conn, size_t len)
{
    weir__chunk *const last = conn->tx ? conn->tx->queue.last : NULL;
    if (!last || last->kind != WEIR__CHUNK_FRAMES)
        return NULL;
    const size_t others = sizeof *last + WEIR_FRAME_HEAD_MAX;
    return len <= WEIR__POOL_MAX && last->end + others + len <= last->cap ? last : NULL;
}

/* A new last chunk, empty, which the caller fills: it has room for a payload of len bytes, at most
 * WEIR__POOL_MAX, in one frame. NULL without memory. */
weir__chunk *weir__output_frames_begin(weir_conn *conn, size_t len);

/* Queue bytes that are no frames (HTTP). WEIR_OK or WEIR_E_MEMORY. */
int weir__output_raw(weir_conn *conn, const uint8_t *data, size_t len);

/* Queue the frames of a whole message or of a piece of one. first: opcode of the first frame,
 * fin: the last frame ends the message. All or nothing: WEIR_OK or WEIR_E_MEMORY. */
int weir__output_frames(weir_conn *conn, uint8_t first, bool fin, const uint8_t *data, size_t len);

/* Queue a Close, whose code and reason were checked. WEIR_OK or WEIR_E_MEMORY. */
int weir__output_close_frame(weir_conn *conn, uint32_t code, weir_text reason);

/* Queue a payload that stays where it is: a message's, or borrowed with a token (message NULL). */
int weir__output_body(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len,
                      weir_message *message, uint64_t token);

/* A borrowed send whose bytes are needed no more: its RELEASED event waits. Takes the body, which
 * weir__output_make_release made; NULL without memory. */
weir__body *weir__output_make_release(weir_conn *conn, uint64_t token);
void weir__output_release(weir_conn *conn, weir__body *body);

/* Queue a prepared message that goes out as the one frame that it is. */
int weir__output_shared(weir_conn *conn, weir_message *message);

/* Put a ping or pong in its slot. WEIR_OK or WEIR_E_MEMORY. */
int weir__output_control(weir_conn *conn, uint8_t opcode, const uint8_t *data, size_t len);

/* Drop what has not begun to leave; a frame that has, or that was offered, stays. */
void weir__output_cut(weir_conn *conn);

/* Drop everything: the transport is gone. */
void weir__output_drop(weir_conn *conn);

/* Free everything, spans that were given included. */
void weir__output_free(weir_conn *conn);

uint64_t weir__output_queued(const weir_conn *conn);
uint64_t weir__output_payload(const weir_conn *conn);
uint64_t weir__output_held(const weir_conn *conn);

/* Next borrowed send that is done; false when there is none. */
bool weir__output_released(weir_conn *conn, uint64_t *token, bool *dropped);

/* ---- For offer.c -----------------------------------------------------------------------------*/

/* An empty chunk that is not in the queue yet. */
weir__chunk *weir__output_make(weir_conn *conn, weir__chunk_kind kind, size_t len);

/* A chunk has left the queue for good: its caller's memory is given back, its own waits for the
 * spans that show it. */
void weir__output_retire(weir_conn *conn, weir__chunk *chunk);

/* The spans given last are void: nothing waits for them any more. */
void weir__output_void(weir_conn *conn);

/* The queue's memory goes back as soon as nothing needs it: an idle connection holds none. What was
 * offered may be control frames, or stand in the queue's block. */
void weir__output_settle(weir_conn *conn);

static inline void weir__output_close(weir_conn *conn)
{
    weir__tx *const tx = conn->tx;
    conn->tx = NULL;
    weir__pool_give(&conn->context->memory, tx, sizeof *tx + weir__tx_chunk(tx)->cap);
}

#endif
