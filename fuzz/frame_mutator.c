/* SPDX-License-Identifier: MIT */
/* A mutator that knows frames: it changes one field, or the order of frames, and keeps the rest of
 * the stream in step. Half of the time it leaves the input to the fuzzer's own mutations. */
#include <stdlib.h>
#include <string.h>

#include "reference.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#define MUTATOR_FRAMES 256

/* A frame taken apart: payload unmasked. */
typedef struct mutator_frame {
    uint8_t first;
    uint8_t masked;
    uint8_t form; /* bytes of the length: 0 the shortest, 2 or 8 that at least, 1 a lie */
    uint8_t key[4];
    uint64_t lie;
    fuzz_bytes payload;
} mutator_frame;

typedef struct mutator {
    fuzz_dice dice;
    mutator_frame frames[MUTATOR_FRAMES];
    size_t count;
    fuzz_bytes rest; /* what is no whole frame */
} mutator;

static uint32_t mutator_below(mutator *m, uint32_t limit)
{
    return (uint32_t)fuzz_below(&m->dice, limit);
}

/* ---- Taking apart, putting together ----------------------------------------------------------*/

static void mutator_parse(mutator *m, const uint8_t *data, size_t len)
{
    reference_frame head;
    while (m->count < MUTATOR_FRAMES / 2 && reference_frame_read(data, len, &head) &&
           head.len <= len - head.head) {
        mutator_frame *const frame = &m->frames[m->count++];
        memset(frame, 0, sizeof *frame);
        frame->first = data[0];
        frame->masked = (uint8_t)head.masked;
        memcpy(frame->key, head.key, 4);
        fuzz_add(&frame->payload, data + head.head, (size_t)head.len);
        for (size_t i = 0; i < frame->payload.len; i++)
            frame->payload.data[i] ^= head.key[i & 3];
        data += head.head + (size_t)head.len;
        len -= head.head + (size_t)head.len;
    }
    fuzz_add(&m->rest, data, len);
}

static void mutator_put_frame(fuzz_bytes *out, const mutator_frame *frame)
{
    const uint64_t len = frame->form == 1 ? frame->lie : frame->payload.len;
    size_t bytes = len > 65535 ? 8 : len > 125 ? 2 : 0;
    bytes = frame->form > bytes && frame->form != 1 ? frame->form : bytes;
    const uint8_t field = bytes == 8 ? 127 : bytes == 2 ? 126 : (uint8_t)len;
    const uint8_t head[2] = {frame->first, (uint8_t)(frame->masked << 7 | field)};
    fuzz_add(out, head, 2);
    for (size_t i = bytes; i > 0; i--) {
        const uint8_t byte = (uint8_t)(len >> (8 * (i - 1)));
        fuzz_add(out, &byte, 1);
    }
    if (frame->masked)
        fuzz_add(out, frame->key, 4);
    const size_t at = out->len;
    fuzz_add(out, frame->payload.data, frame->payload.len);
    for (size_t i = 0; frame->masked && i < frame->payload.len; i++)
        out->data[at + i] ^= frame->key[i & 3];
}

/* ---- Changes ---------------------------------------------------------------------------------*/

static void mutator_insert(mutator *m, size_t at, const mutator_frame *frame)
{
    if (m->count == MUTATOR_FRAMES)
        return;
    memmove(&m->frames[at + 1], &m->frames[at], (m->count - at) * sizeof *frame);
    m->frames[at] = *frame;
    m->frames[at].payload = (fuzz_bytes){NULL, 0, 0};
    fuzz_add(&m->frames[at].payload, frame->payload.data, frame->payload.len);
    m->count++;
}

static void mutator_delete(mutator *m, size_t at)
{
    fuzz_drop(&m->frames[at].payload);
    m->count--;
    memmove(&m->frames[at], &m->frames[at + 1], (m->count - at) * sizeof m->frames[0]);
}

/* One frame becomes two fragments. */
static void mutator_split(mutator *m, size_t at)
{
    mutator_frame *const frame = &m->frames[at];
    if (m->count == MUTATOR_FRAMES)
        return;
    const size_t cut = mutator_below(m, (uint32_t)frame->payload.len + 1);
    mutator_insert(m, at + 1, frame);
    mutator_frame *const second = &m->frames[at + 1];
    second->payload.len -= cut;
    if (second->payload.len > 0)
        memmove(second->payload.data, second->payload.data + cut, second->payload.len);
    second->first = frame->first & 0x80;
    frame->first &= 0x7F;
    frame->payload.len = cut;
}

static void mutator_join(mutator *m, size_t at)
{
    if (at + 1 == m->count)
        return;
    mutator_frame *const second = &m->frames[at + 1];
    fuzz_add(&m->frames[at].payload, second->payload.data, second->payload.len);
    m->frames[at].first |= second->first & 0x80;
    mutator_delete(m, at + 1);
}

static void mutator_new_frame(mutator *m, size_t at)
{
    static const uint8_t firsts[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88,
                                     0x89, 0x8A, 0xC1, 0xC2, 0x41, 0x42, 0x83};
    uint8_t text[140];
    mutator_frame frame = {.first = firsts[mutator_below(m, sizeof firsts)],
                           .masked = m->count > 0 ? m->frames[0].masked : 1};
    const uint32_t len = mutator_below(m, 4) ? mutator_below(m, 10) : mutator_below(m, 140);
    for (uint32_t i = 0; i < len; i++)
        text[i] = (uint8_t)('a' + i % 26);
    if (frame.first == 0x88 && len >= 2) {
        const uint32_t code = mutator_below(m, 2) ? 1000 : 990 + mutator_below(m, 4010);
        text[0] = (uint8_t)(code >> 8);
        text[1] = (uint8_t)code;
    }
    fuzz_add(&frame.payload, text, len);
    mutator_insert(m, at, &frame);
    fuzz_drop(&frame.payload);
}

static void mutator_payload(mutator *m, mutator_frame *frame)
{
    const size_t room = frame->payload.len + 32;
    uint8_t *const data = calloc(1, room);
    FUZZ_CHECK(data != NULL);
    memcpy(data, frame->payload.data ? frame->payload.data : data, frame->payload.len);
    const size_t len = LLVMFuzzerMutate(data, frame->payload.len, room);
    frame->payload.len = 0;
    fuzz_add(&frame->payload, data, len);
    free(data);
    (void)m;
}

static void mutator_lie(mutator *m, mutator_frame *frame)
{
    static const uint64_t lies[] = {0,          1,          125,
                                    126,        65535,      65536,
                                    0x7FFFFFFF, 0xFFFFFFFF, UINT64_C(0x7FFFFFFFFFFFFFFF),
                                    UINT64_MAX, 1u << 20,   (1u << 20) + 1};
    frame->form = 1;
    frame->lie = lies[mutator_below(m, sizeof lies / sizeof lies[0])] - mutator_below(m, 2);
}

static void mutator_change(mutator *m)
{
    if (m->count == 0) {
        mutator_new_frame(m, 0);
        return;
    }
    const size_t at = mutator_below(m, (uint32_t)m->count);
    mutator_frame *const frame = &m->frames[at];
    switch (mutator_below(m, 13)) {
    case 0:
        frame->first = (uint8_t)((frame->first & 0xF0) | mutator_below(m, 16));
        return;
    case 1:
        frame->first ^= 0x80;
        return;
    case 2:
        frame->first ^= (uint8_t)(0x10 << mutator_below(m, 3));
        return;
    case 3:
        frame->form = mutator_below(m, 2) ? 2 : 8;
        return;
    case 4:
        frame->masked ^= 1;
        return;
    case 5:
        frame->key[mutator_below(m, 4)] ^= (uint8_t)(1 + mutator_below(m, 255));
        return;
    case 6:
        mutator_lie(m, frame);
        return;
    case 7:
        mutator_split(m, at);
        return;
    case 8:
        mutator_join(m, at);
        return;
    case 9:
        mutator_insert(m, mutator_below(m, (uint32_t)m->count + 1), frame);
        return;
    case 10:
        mutator_delete(m, at);
        return;
    case 11:
        mutator_new_frame(m, at);
        return;
    default:
        mutator_payload(m, frame);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    static mutator m;
    fuzz_bytes out = {NULL, 0, 0};
    if (size < FUZZ_SETTINGS || seed % 2 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    memset(&m, 0, sizeof m);
    m.dice.state = seed;
    mutator_parse(&m, data + FUZZ_SETTINGS, size - FUZZ_SETTINGS);
    for (uint32_t changes = 1 + mutator_below(&m, 3); changes > 0; changes--)
        mutator_change(&m);
    for (size_t i = 0; i < m.count; i++) {
        mutator_put_frame(&out, &m.frames[i]);
        fuzz_drop(&m.frames[i].payload);
    }
    fuzz_add(&out, m.rest.data, m.rest.len);
    fuzz_drop(&m.rest);
    const size_t len = out.len < max_size - FUZZ_SETTINGS ? out.len : max_size - FUZZ_SETTINGS;
    if (len > 0)
        memcpy(data + FUZZ_SETTINGS, out.data, len);
    fuzz_drop(&out);
    return FUZZ_SETTINGS + len;
}
