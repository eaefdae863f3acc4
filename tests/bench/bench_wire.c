/* SPDX-License-Identifier: MIT */
/* A stream of frames for the benchmarks, every message different. */
#include "bench_wire.h"

#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"

/* One word: mostly ASCII, Cyrillic, kana and hangul, accented Latin, emoji. */
static size_t wire_mixed_char(uint8_t *out, unsigned script)
{
    const uint64_t r = bench_random();
    if (script < 42) {
        out[0] = (uint8_t)('a' + r % 26);
        return 1;
    }
    if (script < 70) {
        const unsigned code = script < 62 ? 0x410 + (unsigned)(r % 64) : 0xC0 + (unsigned)(r % 64);
        out[0] = (uint8_t)(0xC0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 63));
        return 2;
    }
    if (script < 94) {
        const unsigned code = 0xAC00 + (unsigned)(r % 11000);
        out[0] = (uint8_t)(0xE0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (code & 63));
        return 3;
    }
    const unsigned code = 0x1F600 + (unsigned)(r % 64);
    out[0] = 0xF0;
    out[1] = (uint8_t)(0x80 | (code >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (code & 63));
    return 4;
}

static void wire_fill_mixed(uint8_t *out, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const unsigned script = (unsigned)(bench_random() % 100);
        for (size_t letters = 2 + bench_random() % 7; letters > 0 && len - at >= 4; letters--)
            at += wire_mixed_char(out + at, script);
        if (at < len)
            out[at++] = ' ';
    }
}

void wire_fill(wire_kind kind, uint8_t *out, size_t len)
{
    if (kind == WIRE_MIXED) {
        wire_fill_mixed(out, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        const uint64_t r = bench_random() >> 32;
        out[i] = kind == WIRE_BINARY ? (uint8_t)r : (uint8_t)(' ' + r % 95);
    }
}

uint64_t wire_digest(uint64_t digest, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ data[i]) * UINT64_C(1099511628211);
    return (digest ^ len) * UINT64_C(1099511628211);
}

static size_t wire_add(uint8_t *out, wire_kind kind, size_t size, uint64_t *digest)
{
    weir_frame_head head = {.len = size, .fin = 1, .masked = 1};
    head.opcode = kind == WIRE_BINARY ? 2 : 1;
    const uint64_t key = bench_random();
    memcpy(head.key, &key, sizeof head.key);
    const size_t head_len = (size_t)weir_frame_head_write(&head, out);
    wire_fill(kind, out + head_len, size);
    *digest = wire_digest(*digest, out + head_len, size);
    weir_mask(out + head_len, size, head.key, 0);
    return head_len + size;
}

wire wire_make(wire_kind kind, size_t size, size_t total)
{
    wire w = {.messages = total / size ? total / size : 1};
    w.bytes = malloc(w.messages * (size + WEIR_FRAME_HEAD_MAX));
    if (!w.bytes)
        bench_die("out of memory");
    for (size_t i = 0; i < w.messages; i++)
        w.len += wire_add(w.bytes + w.len, kind, size, &w.digest);
    w.payload = w.messages * size;
    return w;
}

void wire_free(wire *w)
{
    free(w->bytes);
}
