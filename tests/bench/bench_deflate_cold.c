/* SPDX-License-Identifier: MIT */
/* Compression for 4,000 connections that take turns in random order: the caches are cold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/deflate.h>

#include "bench.h"
#include "bench_codecs.h"
#include "bench_deflate.h"

#ifdef WEIR_HAVE_ZLIB

#define COLD_CONNS 4000
#define COLD_CODECS 5
#define COLD_WARMUP 40 /* rounds that fill the windows */
#define COLD_ROUNDS 16

/* What one codec has for all connections. */
typedef struct cold_side {
    bench_codec codec;
    bench_codec unpack;
    void **conns;
    void **checks;
    uint8_t *out;
    size_t *sizes;
    double times[COLD_ROUNDS];
    double time;
    size_t packed;
} cold_side;

/* All connections, and the messages of a round in their order. */
typedef struct cold_crowd {
    size_t n;
    size_t *order;
    const session **sessions;
    size_t *next;    /* message of a connection */
    size_t *next_at; /* where it begins */
    size_t turn_sum; /* bytes of the round */
    size_t longest;
} cold_crowd;

static void cold_open(cold_side *side, size_t n, size_t room)
{
    const bench_codec unpack = CODEC("zlib", zlib_unpack, 0, side->codec.bits, 1);
    side->unpack = unpack;
    side->conns = malloc(n * sizeof(void *));
    side->checks = malloc(n * sizeof(void *));
    side->sizes = malloc(n * sizeof(size_t));
    side->out = malloc(room);
    for (size_t i = 0; i < n; i++) {
        side->conns[i] = side->codec.kind->open(&side->codec);
        side->checks[i] = side->unpack.kind->open(&side->unpack);
    }
}

/* Each session has equally many connections, which begin somewhere in it. */
static void cold_gather(cold_crowd *crowd, size_t n)
{
    size_t count;
    const session *const sessions = session_all(&count);
    memset(crowd, 0, sizeof *crowd);
    crowd->n = n;
    crowd->order = malloc(n * sizeof(size_t));
    crowd->sessions = malloc(n * sizeof(session *));
    crowd->next = malloc(n * sizeof(size_t));
    crowd->next_at = calloc(n, sizeof(size_t));
    for (size_t i = 0; i < n; i++) {
        const session *const s = &sessions[i % count];
        crowd->order[i] = i;
        crowd->sessions[i] = s;
        crowd->next[i] = bench_random() % s->count;
        for (size_t k = 0; k < crowd->next[i]; k++)
            crowd->next_at[i] += s->sizes[k];
        crowd->longest = s->longest > crowd->longest ? s->longest : crowd->longest;
    }
}

static void cold_shuffle(cold_crowd *crowd)
{
    for (size_t i = crowd->n - 1; i > 0; i--) {
        const size_t other = bench_random() % (i + 1);
        const size_t swap = crowd->order[i];
        crowd->order[i] = crowd->order[other];
        crowd->order[other] = swap;
    }
}

static void cold_advance(cold_crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        crowd->next_at[i] += crowd->sessions[i]->sizes[crowd->next[i]];
        if (++crowd->next[i] < crowd->sessions[i]->count)
            continue;
        crowd->next[i] = 0;
        crowd->next_at[i] = 0;
    }
}

/* A message of each connection; returns the seconds. */
static double cold_pack(cold_side *side, const cold_crowd *crowd)
{
    uint8_t *out = side->out;
    const double start = bench_now();
    for (size_t i = 0; i < crowd->n; i++) {
        const size_t c = crowd->order[i];
        const session *const s = crowd->sessions[c];
        side->sizes[i] =
            side->codec.kind->turn(&side->codec, side->conns[c], s->data + crowd->next_at[c],
                                   s->sizes[crowd->next[c]], out);
        out += side->sizes[i];
    }
    const double seconds = bench_now() - start;
    side->packed += (size_t)(out - side->out);
    return seconds;
}

static void cold_check(cold_side *side, const cold_crowd *crowd)
{
    const uint8_t *packed = side->out;
    for (size_t i = 0; i < crowd->n; i++) {
        const size_t c = crowd->order[i];
        const session *const s = crowd->sessions[c];
        codec_check(&side->unpack, side->checks[c], packed, side->sizes[i],
                    s->data + crowd->next_at[c], s->sizes[crowd->next[c]], side->codec.name);
        packed += side->sizes[i];
    }
}

static size_t cold_round(cold_side *sides, size_t n, cold_crowd *crowd, size_t round)
{
    size_t raw = 0;
    cold_shuffle(crowd);
    for (size_t i = 0; i < n; i++)
        sides[i].times[round] = cold_pack(&sides[i], crowd);
    for (size_t i = 0; i < n; i++)
        cold_check(&sides[i], crowd);
    for (size_t i = 0; i < crowd->n; i++)
        raw += crowd->sessions[i]->sizes[crowd->next[i]];
    cold_advance(crowd);
    return raw;
}

static void cold_print(const cold_side *sides, size_t n, size_t conns, size_t raw)
{
    for (size_t i = 0; i < n; i++) {
        printf("deflate cold %zu %s ratio=%.3f ns=%.0f memory=%zu", conns, sides[i].codec.name,
               (double)raw / (double)sides[i].packed, sides[i].time * 1e9 / (double)conns,
               sides[i].codec.memory);
        for (size_t peer = 0; peer < n && sides[i].codec.kind == &codec_weir; peer++)
            if (sides[peer].codec.kind == &codec_zlib)
                printf(" %s:size=%.3f,time=%.3f", sides[peer].codec.name,
                       (double)sides[i].packed / (double)sides[peer].packed,
                       sides[i].time / sides[peer].time);
        printf("\n");
    }
    fflush(stdout);
}

void bench_deflate_cold(void)
{
    static cold_side sides[COLD_CODECS] = {
        {.codec = CODEC("zlib-6", zlib, 6, 15, 1)},
        {.codec = CODEC("zlib-1", zlib, 1, 15, 1)},
        {.codec = CODEC("weir-default-w13", weir, WEIR_DEFLATE_DEFAULT, 13, 1)},
        {.codec = CODEC("weir-fast-w13", weir, WEIR_DEFLATE_FAST, 13, 1)},
        {.codec = CODEC("weir-compact-w13", weir, WEIR_DEFLATE_COMPACT, 13, 1)},
    };
    const size_t conns = bench_is_quick() ? 40 : COLD_CONNS;
    const size_t rounds = bench_is_quick() ? 1 : COLD_ROUNDS;
    cold_crowd crowd;
    size_t raw = 0;
    cold_gather(&crowd, conns);
    for (size_t i = 0; i < COLD_CODECS; i++)
        cold_open(&sides[i], conns, session_room(crowd.longest * conns, conns));
    for (size_t round = 0; round < (bench_is_quick() ? 1 : COLD_WARMUP); round++)
        cold_round(sides, COLD_CODECS, &crowd, 0);
    for (size_t i = 0; i < COLD_CODECS; i++)
        sides[i].packed = 0;
    for (size_t round = 0; round < rounds; round++)
        raw += cold_round(sides, COLD_CODECS, &crowd, round);
    for (size_t i = 0; i < COLD_CODECS; i++)
        sides[i].time = codec_quartile(sides[i].times, rounds);
    cold_print(sides, COLD_CODECS, conns, raw);
}

#endif
