/* SPDX-License-Identifier: MIT */
/* Compression of sessions of messages beside zlib and libdeflate: size, time, memory a connection.
 * See bench_codecs.h for the sessions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/deflate.h>

#include "bench.h"
#include "bench_codecs.h"
#include "bench_deflate.h"

#ifdef WEIR_HAVE_ZLIB

#define DEFLATE_ROUNDS 11
#define DEFLATE_MAX 16

/* What one codec does in one case. */
typedef struct deflate_work {
    bench_codec *codec;
    void *conn;
    const session *sessions;
    size_t count;
    uint8_t *packed[SESSION_MAX]; /* by zlib-6 to be unpacked, else by the codec */
    size_t *packed_sizes[SESSION_MAX];
    size_t packed_len[SESSION_MAX];
    uint8_t *out;
    size_t *sizes;
    double time[SESSION_MAX + 1]; /* the last is the sum */
} deflate_work;

static size_t deflate_run_one(deflate_work *work, size_t index)
{
    const session *const s = &work->sessions[index];
    if (work->codec->kind->unpacks)
        return codec_run(work->codec, work->conn, work->packed[index], work->packed_sizes[index],
                         s->count, work->out, work->sizes);
    work->packed_len[index] = codec_run(work->codec, work->conn, s->data, s->sizes, s->count,
                                        work->packed[index], work->packed_sizes[index]);
    return work->packed_len[index];
}

static void deflate_run_all(void *opaque)
{
    deflate_work *const work = opaque;
    for (size_t i = 0; i < work->count; i++)
        deflate_run_one(work, i);
}

static void deflate_check_packed(const deflate_work *work, size_t index)
{
    const session *const s = &work->sessions[index];
    bench_codec unpack = CODEC("zlib", zlib_unpack, 0, 15, work->codec->takeover);
    static void *conn;
    const uint8_t *plain = s->data;
    const uint8_t *packed = work->packed[index];
    if (!conn)
        conn = unpack.kind->open(&unpack);
    unpack.kind->reset(&unpack, conn);
    for (size_t i = 0; i < s->count; i++) {
        codec_check(&unpack, conn, packed, work->packed_sizes[index][i], plain, s->sizes[i],
                    work->codec->name);
        packed += work->packed_sizes[index][i];
        plain += s->sizes[i];
    }
}

/* Run once and see that the result is right. */
static void deflate_check_one(deflate_work *work, size_t index)
{
    const session *const s = &work->sessions[index];
    const size_t made = deflate_run_one(work, index);
    if (!work->codec->kind->unpacks)
        deflate_check_packed(work, index);
    else if (made != s->len || memcmp(work->out, s->data, s->len) != 0)
        bench_die(work->codec->name);
}

/* Memory for all that comes out; what is to be unpacked is packed. */
static void deflate_work_init(deflate_work *work, bench_codec *c)
{
    size_t most = 0;
    size_t messages = 0;
    bench_codec pack = CODEC("zlib-6", zlib, 6, 15, c->takeover);
    void *const conn = pack.kind->open(&pack);
    memset(work, 0, sizeof *work);
    work->codec = c;
    work->conn = c->kind->open(c);
    work->sessions = session_all(&work->count);
    for (size_t i = 0; i < work->count; i++) {
        const session *const s = &work->sessions[i];
        const size_t room = session_room(s->len, s->count);
        most = room > most ? room : most;
        messages = s->count > messages ? s->count : messages;
        work->packed[i] = malloc(room);
        work->packed_sizes[i] = malloc(s->count * sizeof(size_t));
        if (c->kind->unpacks)
            work->packed_len[i] = codec_run(&pack, conn, s->data, s->sizes, s->count,
                                            work->packed[i], work->packed_sizes[i]);
    }
    work->out = malloc(most);
    work->sizes = malloc(messages * sizeof(size_t));
}

static void deflate_work_free(deflate_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        free(work->packed[i]);
        free(work->packed_sizes[i]);
    }
    free(work->out);
    free(work->sizes);
}

/* All codecs in turns; of each the lower quartile of its times counts. */
static void deflate_measure(deflate_work *works, size_t n, size_t index)
{
    double times[DEFLATE_MAX][DEFLATE_ROUNDS];
    const size_t rounds = bench_is_quick() ? 1 : DEFLATE_ROUNDS;
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            const double start = bench_now();
            deflate_run_one(&works[i], index);
            times[i][round] = bench_now() - start;
        }
    }
    for (size_t i = 0; i < n; i++) {
        works[i].time[index] = codec_quartile(times[i], rounds);
        works[i].time[works[i].count] += works[i].time[index];
        deflate_check_one(&works[i], index);
    }
}

static size_t deflate_packed(const deflate_work *work, size_t first, size_t end)
{
    size_t sum = 0;
    for (size_t i = first; i < end; i++)
        sum += work->packed_len[i];
    return sum;
}

static void deflate_print(const char *area, const char *name, const deflate_work *works, size_t n,
                          size_t first, size_t end)
{
    const size_t index = end - first == 1 ? first : works->count;
    size_t raw = 0;
    size_t messages = 0;
    for (size_t i = first; i < end; i++) {
        raw += works->sessions[i].len;
        messages += works->sessions[i].count;
    }
    for (size_t i = 0; i < n; i++) {
        const double packed = (double)deflate_packed(&works[i], first, end);
        printf("deflate %s %s %s ratio=%.3f ns=%.0f memory=%zu", area, name, works[i].codec->name,
               (double)raw / packed, works[i].time[index] * 1e9 / (double)messages,
               works[i].codec->memory);
        for (size_t peer = 0; peer < n && !strncmp(works[i].codec->name, "weir", 4); peer++)
            if (strncmp(works[peer].codec->name, "weir", 4) != 0)
                printf(" %s:size=%.3f,time=%.3f", works[peer].codec->name,
                       packed / (double)deflate_packed(&works[peer], first, end),
                       works[i].time[index] / works[peer].time[index]);
        printf("\n");
    }
    fflush(stdout);
}

static void deflate_area(const char *area, bench_codec *codecs, size_t n)
{
    deflate_work works[DEFLATE_MAX];
    if (!bench_wants(area))
        return;
    for (size_t i = 0; i < n; i++)
        deflate_work_init(&works[i], &codecs[i]);
    const size_t count = works->count;
    size_t messages = 0;
    for (size_t i = 0; i < count; i++)
        messages += works->sessions[i].count;
    for (size_t i = 0; i < n && bench_is_once(); i++)
        bench_once("deflate", area, "total", codecs[i].name, (double)messages, deflate_run_all,
                   &works[i]);
    for (size_t s = 0; s < count && !bench_is_once(); s++) {
        deflate_measure(works, n, s);
        deflate_print(area, works->sessions[s].name, works, n, s, s + 1);
    }
    if (!bench_is_once())
        deflate_print(area, "total", works, n, 0, count);
    for (size_t i = 0; i < n; i++)
        deflate_work_free(&works[i]);
}

void bench_deflate(void)
{
    bench_codec takeover[] = {
        CODEC("zlib-6", zlib, 6, 15, 1),
        CODEC("zlib-1", zlib, 1, 15, 1),
        CODEC("zlib-6-w12m5", zlib, 6, 12, 1),
        CODEC("weir-default-w13", weir, WEIR_DEFLATE_DEFAULT, 13, 1),
        CODEC("weir-fast-w13", weir, WEIR_DEFLATE_FAST, 13, 1),
        CODEC("weir-best-w15", weir, WEIR_DEFLATE_BEST, 15, 1),
        CODEC("weir-compact-w13", weir, WEIR_DEFLATE_COMPACT, 13, 1),
        CODEC("weir-compact-w12", weir, WEIR_DEFLATE_COMPACT, 12, 1),
        CODEC("weir-device-w10", weir, WEIR_DEFLATE_DEFAULT, 10, 1),
    };
    bench_codec alone[] = {
        CODEC("zlib-6", zlib, 6, 15, 0),
#ifdef WEIR_HAVE_LIBDEFLATE
        CODEC("libdeflate-1", libdeflate, 1, 15, 0),
#endif
        CODEC("weir-default-w15", weir, WEIR_DEFLATE_DEFAULT, 15, 0),
        CODEC("weir-fast-w15", weir, WEIR_DEFLATE_FAST, 15, 0),
    };
    bench_codec unpack[] = {
        CODEC("zlib", zlib_unpack, 0, 15, 1),
        CODEC("weir", weir_unpack, 0, 15, 1),
    };
    bench_codec unpack_alone[] = {
        CODEC("zlib", zlib_unpack, 0, 15, 0),
        CODEC("weir", weir_unpack, 0, 15, 0),
    };
    takeover[2].mem_level = 5;
    deflate_area("pack", takeover, sizeof takeover / sizeof takeover[0]);
    deflate_area("pack-alone", alone, sizeof alone / sizeof alone[0]);
    deflate_area("unpack", unpack, sizeof unpack / sizeof unpack[0]);
    deflate_area("unpack-alone", unpack_alone, sizeof unpack_alone / sizeof unpack_alone[0]);
    if (bench_wants("cold") && !bench_is_once())
        bench_deflate_cold();
    if (bench_wants("worst") && !bench_is_once())
        bench_deflate_worst();
}

#else

void bench_deflate(void)
{
    printf("deflate: built without zlib, nothing to compare with\n");
}

#endif
