/* SPDX-License-Identifier: MIT */
/* Both ends of a contestant: where its input comes from and where its output goes. Inline, so that
 * a peer in another language pays no more for them than weir does. */
#ifndef WEIR_BENCH_ENDS_H
#define WEIR_BENCH_ENDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bench_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Input: a stream of frames; and the messages that a contestant found in it ----------------*/

typedef struct bench_source {
    const wire *input;
    size_t read; /* bytes a read brings at most */
    size_t at;
    size_t messages; /* delivered whole */
    size_t payload;  /* delivered */
    size_t begun;    /* payload before this message; only when checking */
    int checking;
    int wrong;
} bench_source;

/* Compare what was delivered with what was sent. */
void source_compare(bench_source *source, const void *data, size_t len);
void source_compare_end(bench_source *source);

/* What recv() does: copy the next bytes. */
static inline size_t source_read(bench_source *source, void *out, size_t cap)
{
    const size_t left = source->input->len - source->at;
    size_t len = left < cap ? left : cap;
    len = len < source->read ? len : source->read;
    memcpy(out, source->input->bytes + source->at, len);
    source->at += len;
    return len;
}

/* A piece of a message is delivered. */
static inline void source_piece(bench_source *source, const void *data, size_t len)
{
    if (source->checking)
        source_compare(source, data, len);
    source->payload += len;
}

/* The message ends with what was delivered. */
static inline void source_end(bench_source *source)
{
    if (source->checking)
        source_compare_end(source);
    source->messages++;
}

static inline void source_message(bench_source *source, const void *data, size_t len)
{
    source_piece(source, data, len);
    source_end(source);
}

void source_reset(bench_source *source);

/* Run with every byte compared; whether all came, and nothing else. */
int source_check(bench_source *source, void (*run)(void *state), void *state);

/* ---- Output: counted, and kept when checking --------------------------------------------------*/

/* Some contestants copy a message and send the copy, some send it from where it is. For equal terms
 * the sink copies what still lies in the caller's memory. */

typedef struct bench_sink {
    size_t len;
    const uint8_t *lent; /* [lent_len] memory of the caller that is not to be sent from: copied */
    size_t lent_len;
    uint8_t *copy;  /* [lent_len] */
    uint8_t *bytes; /* [len] when checking */
    size_t cap;
    int checking;
} bench_sink;

void sink_keep(bench_sink *sink, const void *data, size_t len);

/* What send() would do, but the bytes go nowhere. */
static inline void sink_write(bench_sink *sink, const void *data, size_t len)
{
    const size_t at = (size_t)((uintptr_t)data - (uintptr_t)sink->lent);
    if (at < sink->lent_len)
        memcpy(sink->copy + at, data, len);
    if (sink->checking)
        sink_keep(sink, data, len);
    sink->len += len;
}

/* Whether what was kept is the frames of the messages, times over; then empty it. */
int sink_check(bench_sink *sink, const wire *messages, int masked);
void sink_empty(bench_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
