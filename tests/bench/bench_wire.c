/* SPDX-License-Identifier: MIT */
/* Messages for the benchmarks, every one different, and the frames in which a client sends them. */
#include "bench_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"

const wire_size wire_sizes[WIRE_SIZES] = {{"16B", 16},           {"125B", 125},
                                          {"1KiB", 1024},        {"16KiB", 16 * 1024},
                                          {"1MiB", 1024 * 1024}, {"mix", WIRE_MIX}};
const char *const wire_kinds[3] = {"binary", "ascii", "mixed"};

/* ---- Text ------------------------------------------------------------------------------------*/

static size_t wire_put(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 63));
    out[0] = (uint8_t)(leads[len] | code);
    return len;
}

/* A letter of the script that a number below 100 stands for. */
static uint32_t wire_letter(unsigned script)
{
    const uint32_t r = (uint32_t)(bench_random() >> 32);
    if (script < 42)
        return 'a' + r % 26;
    if (script < 62)
        return 0x410 + r % 64;
    if (script < 70)
        return 0xC0 + r % 64;
    if (script < 78)
        return 0x3041 + r % 83; /* kana */
    if (script < 86)
        return 0xAC00 + r % 11000; /* hangul */
    if (script < 94)
        return 0x4E00 + r % 20000; /* han */
    return 0x1F600 + r % 64;
}

static void wire_fill_mixed(uint8_t *out, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const unsigned script = (unsigned)(bench_random() >> 32) % 100;
        for (size_t letters = 2 + (bench_random() >> 32) % 7; letters > 0 && len - at >= 4;
             letters--)
            at += wire_put(out + at, wire_letter(script));
        if (at < len)
            out[at++] = ' ';
    }
}

static size_t wire_json_item(char *out, size_t cap)
{
    char word[2][12];
    for (int w = 0; w < 2; w++) {
        const size_t letters = 2 + (bench_random() >> 32) % 9;
        for (size_t i = 0; i < letters; i++)
            word[w][i] = (char)wire_letter(0);
        word[w][letters] = 0;
    }
    const uint64_t r = bench_random() >> 20;
    const int len = r & 1 ? snprintf(out, cap, "\"%s\":\"%s\",", word[0], word[1])
                          : snprintf(out, cap, "\"%s\":%u,", word[0], (unsigned)(r % 100000));
    return (size_t)len;
}

static void wire_fill_ascii(uint8_t *out, size_t len)
{
    char item[64];
    for (size_t at = 0, take; at < len; at += take) {
        take = wire_json_item(item, sizeof item);
        take = take < len - at ? take : len - at;
        memcpy(out + at, item, take);
    }
}

void wire_fill(wire_kind kind, uint8_t *out, size_t len)
{
    if (kind == WIRE_MIXED)
        wire_fill_mixed(out, len);
    if (kind == WIRE_ASCII)
        wire_fill_ascii(out, len);
    for (size_t i = 0; kind == WIRE_BINARY && i < len; i++)
        out[i] = (uint8_t)(bench_random() >> 32);
}

/* ---- Frames ----------------------------------------------------------------------------------*/

static size_t wire_mix_size(void)
{
    const unsigned bits = (unsigned)((bench_random() >> 32) % 13);
    return ((size_t)1 << bits) + (bench_random() >> 32) % ((size_t)1 << bits);
}

static void wire_plan(wire *w, size_t size, size_t total)
{
    size_t cap = 0;
    do {
        if (w->messages == cap) {
            cap = cap ? 2 * cap : 64;
            w->sizes = realloc(w->sizes, cap * sizeof *w->sizes);
            if (!w->sizes)
                bench_die("out of memory");
        }
        const size_t len = size == WIRE_MIX ? wire_mix_size() : size;
        w->sizes[w->messages++] = (uint32_t)len;
        w->payload += len;
        w->longest = len > w->longest ? len : w->longest;
    } while (w->payload + size <= total);
}

static size_t wire_frame(uint8_t *out, wire_kind kind, const uint8_t *plain, size_t size)
{
    weir_frame_head head = {.len = size, .fin = 1, .masked = 1};
    head.opcode = kind == WIRE_BINARY ? 2 : 1;
    const uint64_t key = bench_random() >> 16;
    memcpy(head.key, &key, sizeof head.key);
    const size_t head_len = (size_t)weir_frame_head_write(&head, out);
    memcpy(out + head_len, plain, size);
    weir_mask(out + head_len, size, head.key, 0);
    return head_len + size;
}

wire wire_make(wire_kind kind, size_t size, size_t total)
{
    wire w = {.kind = kind};
    wire_plan(&w, size, total);
    w.plain = malloc(w.payload);
    w.bytes = malloc(w.payload + w.messages * WEIR_FRAME_HEAD_MAX);
    if (!w.plain || !w.bytes)
        bench_die("out of memory");
    for (size_t i = 0, at = 0; i < w.messages; at += w.sizes[i++]) {
        wire_fill(kind, w.plain + at, w.sizes[i]);
        w.len += wire_frame(w.bytes + w.len, kind, w.plain + at, w.sizes[i]);
    }
    return w;
}

void wire_free(wire *w)
{
    free(w->bytes);
    free(w->plain);
    free(w->sizes);
}
