/* SPDX-License-Identifier: MIT */
/* Time a byte of input at its worst, beside that of ordinary messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/deflate.h>

#include "bench.h"
#include "bench_codecs.h"
#include "bench_deflate.h"
#include "bench_hostile.h"

#ifdef WEIR_HAVE_ZLIB

#define WORST_CODECS 5
#define WORST_ROUNDS 9
#define WORST_STREAM 8192 /* of packed bytes: up to 8 MiB come out */
#define WORST_TEXT 65536
#define WORST_MESSAGE 4096

/* Messages in a row. */
typedef struct worst_input {
    const uint8_t *data;
    const size_t *sizes;
    size_t count;
    size_t len;
} worst_input;

typedef struct worst_side {
    bench_codec codec;
    void *conn;
    double typical;
    double times[WORST_ROUNDS];
    size_t made;
} worst_side;

static uint8_t *worst_out;
static size_t *worst_sizes;

/* Seconds a byte of input, in sides->times; the codecs take turns. */
static void worst_time(worst_side *sides, size_t n, const worst_input *in)
{
    const size_t rounds = bench_is_quick() ? 1 : WORST_ROUNDS;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            const double start = bench_now();
            sides[i].made = codec_run(&sides[i].codec, sides[i].conn, in->data, in->sizes,
                                      in->count, worst_out, worst_sizes);
            sides[i].times[round] = (bench_now() - start) / (double)in->len;
        }
    }
    for (size_t i = 0; i < n; i++)
        sides[i].times[0] = codec_quartile(sides[i].times, rounds);
}

/* The first is a zlib, the others are weir's. */
static void worst_print(const char *name, const worst_side *sides, size_t n)
{
    for (size_t i = 1; i < n; i++)
        printf("deflate worst %s %s weir=%.3gns/B typical=%.3gns/B times=%.2f "
               "peer=%s:%.3gns/B ratio=%.3f\n",
               name, sides[i].codec.name, sides[i].times[0] * 1e9, sides[i].typical * 1e9,
               sides[i].times[0] / sides[i].typical, sides[0].codec.name, sides[0].times[0] * 1e9,
               sides[i].times[0] / sides[0].times[0]);
    fflush(stdout);
}

/* All that the codec makes of the text becomes the text again. */
static void worst_check_packed(worst_side *side, const worst_input *in)
{
    bench_codec unpack = CODEC("zlib", zlib_unpack, 0, 15, 1);
    static void *conn;
    const uint8_t *packed = worst_out;
    const uint8_t *plain = in->data;
    if (!conn)
        conn = unpack.kind->open(&unpack);
    unpack.kind->reset(&unpack, conn);
    codec_run(&side->codec, side->conn, in->data, in->sizes, in->count, worst_out, worst_sizes);
    for (size_t i = 0; i < in->count; i++) {
        codec_check(&unpack, conn, packed, worst_sizes[i], plain, in->sizes[i], side->codec.name);
        packed += worst_sizes[i];
        plain += in->sizes[i];
    }
}

/* Both make the same of it. */
static void worst_check_unpacked(const worst_side *sides, const worst_input *in)
{
    bench_codec weir = CODEC("inflate", weir_unpack, 0, 15, 1);
    bench_codec zlib = sides[0].codec;
    void *const conn = weir.kind->open(&weir);
    uint8_t *const out = malloc(sides[0].made + 1);
    const size_t made =
        codec_run(&zlib, sides[0].conn, in->data, in->sizes, in->count, worst_out, worst_sizes);
    if (sides[1].made != made ||
        codec_run(&weir, conn, in->data, in->sizes, in->count, out, worst_sizes) != made ||
        memcmp(out, worst_out, made) != 0)
        bench_die("unpacked differently");
    free(out);
    free(conn);
    free(weir.shared);
}

/* The sum of all sessions; for unpacking they are packed by zlib-6. */
static void worst_typical(worst_side *sides, size_t n)
{
    size_t count;
    size_t total = 0;
    const session *const sessions = session_all(&count);
    bench_codec pack = CODEC("zlib-6", zlib, 6, 15, 1);
    void *const conn = pack.kind->open(&pack);
    for (size_t i = 0; i < count; i++) {
        const session *const s = &sessions[i];
        uint8_t *const packed = malloc(session_room(s->len, s->count));
        size_t *const sizes = malloc(s->count * sizeof(size_t));
        worst_input in = {s->data, s->sizes, s->count, s->len};
        if (sides[0].codec.kind->unpacks) {
            in.len = codec_run(&pack, conn, s->data, s->sizes, s->count, packed, sizes);
            in.data = packed;
            in.sizes = sizes;
        }
        worst_time(sides, n, &in);
        for (size_t k = 0; k < n; k++)
            sides[k].typical += sides[k].times[0] * (double)in.len;
        total += in.len;
        free(packed);
        free(sizes);
    }
    for (size_t k = 0; k < n; k++)
        sides[k].typical /= (double)total;
}

static void worst_unpack(void)
{
    static worst_side sides[2] = {
        {.codec = CODEC("zlib", zlib_unpack, 0, 15, 1)},
        {.codec = CODEC("inflate", weir_pieces, 0, 15, 1)},
    };
    hostile_stream stream;
    for (size_t i = 0; i < 2; i++)
        sides[i].conn = sides[i].codec.kind->open(&sides[i].codec);
    worst_typical(sides, 2);
    stream.bytes = malloc(WORST_STREAM + 32768 + HOSTILE_BLOCK);
    for (size_t i = 0; i < hostile_stream_count; i++) {
        stream.bits = 0;
        hostile_streams[i].make(&stream, WORST_STREAM);
        hostile_end(&stream);
        const size_t len = stream.bits / 8;
        const worst_input in = {stream.bytes, &len, 1, len};
        worst_time(sides, 2, &in);
        worst_check_unpacked(sides, &in);
        worst_print(hostile_streams[i].name, sides, 2);
    }
    free(stream.bytes);
}

static void worst_pack(void)
{
    static worst_side sides[WORST_CODECS] = {
        {.codec = CODEC("zlib-6", zlib, 6, 15, 1)},
        {.codec = CODEC("default-w13", weir, WEIR_DEFLATE_DEFAULT, 13, 1)},
        {.codec = CODEC("fast-w13", weir, WEIR_DEFLATE_FAST, 13, 1)},
        {.codec = CODEC("best-w15", weir, WEIR_DEFLATE_BEST, 15, 1)},
        {.codec = CODEC("compact-w13", weir, WEIR_DEFLATE_COMPACT, 13, 1)},
    };
    uint8_t *const text = malloc(WORST_TEXT);
    size_t sizes[WORST_TEXT / WORST_MESSAGE];
    for (size_t i = 0; i < WORST_CODECS; i++)
        sides[i].conn = sides[i].codec.kind->open(&sides[i].codec);
    for (size_t i = 0; i < WORST_TEXT / WORST_MESSAGE; i++)
        sizes[i] = WORST_MESSAGE;
    worst_typical(sides, WORST_CODECS);
    for (size_t i = 0; i < hostile_text_count; i++) {
        hostile_texts[i].make(text, WORST_TEXT);
        const worst_input in = {text, sizes, WORST_TEXT / WORST_MESSAGE, WORST_TEXT};
        worst_time(sides, WORST_CODECS, &in);
        for (size_t k = 0; k < WORST_CODECS; k++)
            worst_check_packed(&sides[k], &in);
        worst_print(hostile_texts[i].name, sides, WORST_CODECS);
    }
    free(text);
}

void bench_deflate_worst(void)
{
    size_t count;
    size_t room = 1100 * (WORST_STREAM + 32768 + HOSTILE_BLOCK);
    size_t messages = WORST_TEXT / WORST_MESSAGE;
    const session *const sessions = session_all(&count);
    for (size_t i = 0; i < count; i++) {
        const size_t need = session_room(sessions[i].len, sessions[i].count);
        room = need > room ? need : room;
        messages = sessions[i].count > messages ? sessions[i].count : messages;
    }
    worst_out = malloc(room);
    worst_sizes = malloc(messages * sizeof(size_t));
    worst_unpack();
    worst_pack();
    free(worst_out);
    free(worst_sizes);
}

#endif
