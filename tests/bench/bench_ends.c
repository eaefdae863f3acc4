/* SPDX-License-Identifier: MIT */
/* Comparing what contestants deliver and send with what they were given. */
#include "bench_ends.h"

#include <stdlib.h>

#include <weir/weir.h>

#include "bench.h"

void source_compare(bench_source *source, const void *data, size_t len)
{
    if (len > source->input->payload - source->payload ||
        (len > 0 && memcmp(source->input->plain + source->payload, data, len) != 0))
        source->wrong = 1;
}

void source_compare_end(bench_source *source)
{
    if (source->messages >= source->input->messages ||
        source->payload - source->begun != source->input->sizes[source->messages])
        source->wrong = 1;
    source->begun = source->payload;
}

void source_reset(bench_source *source)
{
    source->at = source->messages = source->payload = source->begun = 0;
    source->wrong = 0;
}

int source_check(bench_source *source, void (*run)(void *state), void *state)
{
    source->checking = 1;
    run(state);
    source->checking = 0;
    return !source->wrong && source->messages == source->input->messages &&
           source->payload == source->input->payload;
}

void sink_keep(bench_sink *sink, const void *data, size_t len)
{
    if (len > sink->cap - sink->len) {
        sink->cap = 2 * (sink->len + len);
        sink->bytes = realloc(sink->bytes, sink->cap);
        if (!sink->bytes)
            bench_die("out of memory");
    }
    memcpy(sink->bytes + sink->len, data, len);
}

/* One frame: its length in the sink, 0 when it is not as it should be. Its payload is unmasked. */
static size_t sink_frame(uint8_t *data, size_t len, int masked, weir_frame_head *head)
{
    const int head_len = weir_frame_head_read(data, len, head);
    if (head_len <= 0 || head->len > len - (size_t)head_len || head->masked != masked ||
        head->rsv != 0)
        return 0;
    if (masked)
        weir_mask(data + head_len, (size_t)head->len, head->key, 0);
    memmove(data, data + head_len, (size_t)head->len);
    return (size_t)head_len + (size_t)head->len;
}

int sink_check(bench_sink *sink, const wire *messages, int masked)
{
    const uint8_t opcode = messages->kind == WIRE_BINARY ? 2 : 1;
    size_t plain = 0;
    size_t number = 0;
    size_t left = messages->sizes[0];
    int fresh = 1;
    for (size_t at = 0, used; at < sink->len; at += used) {
        weir_frame_head head;
        used = sink_frame(sink->bytes + at, sink->len - at, masked, &head);
        if (used == 0 || number == messages->messages || head.len > left ||
            head.opcode != (fresh ? opcode : 0) || head.fin != (head.len == left) ||
            memcmp(sink->bytes + at, messages->plain + plain, (size_t)head.len) != 0)
            return 0;
        plain += (size_t)head.len;
        left -= (size_t)head.len;
        fresh = head.fin;
        if (head.fin && ++number < messages->messages)
            left = messages->sizes[number];
    }
    sink_empty(sink);
    return number == messages->messages;
}

void sink_empty(bench_sink *sink)
{
    free(sink->bytes);
    sink->bytes = NULL;
    sink->len = sink->cap = 0;
    sink->checking = 0;
}
