/* SPDX-License-Identifier: MIT */
/* UTF-8: checking alone, and unmasking with it ("lazy": checked only when a top bit was seen). */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "bench_kernels.h"
#include "bench_peers.h"

typedef struct utf8_state {
    const kernels_arena *arena;
    const weir__kernels *table;
    const bench_peer *peer;
    size_t valid; /* messages */
    int lazy;
} utf8_state;

/* A key of zeros takes as long as any other, and leaves the text as it is for the next run. */
static void utf8_run_table(void *opaque)
{
    utf8_state *const state = opaque;
    const size_t size = state->arena->size;
    uint8_t *data = state->arena->data;
    size_t valid = 0;
    for (size_t i = 0; i < state->arena->count; i++, data += size) {
        const uint8_t seen = state->lazy ? state->table->mask(data, size, 0) : 0x80;
        valid += seen < 0x80 || state->table->utf8(data, size) == size;
    }
    state->valid = valid;
}

static void utf8_run_peer(void *opaque)
{
    utf8_state *const state = opaque;
    const size_t size = state->arena->size;
    uint8_t *data = state->arena->data;
    size_t valid = 0;
    for (size_t i = 0; i < state->arena->count; i++, data += size) {
        if (state->lazy)
            state->peer->mask(data, size, 0);
        valid += state->peer->utf8(data, size) != 0;
    }
    state->valid = valid;
}

static void utf8_run_memcpy(void *opaque)
{
    utf8_state *const state = opaque;
    const kernels_arena *const arena = state->arena;
    for (size_t i = 0; i < arena->count; i++)
        memcpy(arena->copy + i * arena->size, arena->data + i * arena->size, arena->size);
    state->valid = arena->count;
}

/* Every message is valid; and is not once a byte of it is, in the middle, which cannot be. */
static int utf8_check(utf8_state *state, void (*run)(void *))
{
    const kernels_arena *const arena = state->arena;
    run(state);
    if (state->valid != arena->count)
        return 0;
    for (size_t i = 0; i < arena->count; i++)
        arena->data[i * arena->size + arena->size / 2] = 0xFF;
    run(state);
    memcpy(arena->data, arena->plain, arena->count * arena->size);
    return state->valid == 0;
}

static int utf8_check_table(void *state)
{
    return utf8_check(state, utf8_run_table);
}

static int utf8_check_peer(void *state)
{
    return utf8_check(state, utf8_run_peer);
}

static int utf8_check_memcpy(void *opaque)
{
    utf8_state *const state = opaque;
    utf8_run_memcpy(state);
    return memcmp(state->arena->copy, state->arena->plain,
                  state->arena->count * state->arena->size) == 0;
}

static void utf8_one(wire_kind kind, int lazy, size_t size_index)
{
    kernels_arena arena = kernels_arena_make(kind, kernels_sizes[size_index]);
    utf8_state states[BENCH_MAX];
    bench_contestant contestants[BENCH_MAX];
    const kernels_variant *tables[KERNELS_MAX];
    const size_t variants = kernels_distinct(lazy ? KERNELS_MASK_UTF8 : KERNELS_UTF8, tables);
    size_t n = 0;
    for (size_t i = 0; i < BENCH_MAX; i++)
        states[i] = (utf8_state){.arena = &arena, .lazy = lazy};
    for (; n < variants; n++) {
        states[n].table = tables[n]->table;
        contestants[n] =
            (bench_contestant){tables[n]->label, utf8_run_table, utf8_check_table, &states[n]};
    }
    contestants[n] = (bench_contestant){"memcpy", utf8_run_memcpy, utf8_check_memcpy, &states[n]};
    n++;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        if (!peer_all[i]->utf8)
            continue;
        states[n].peer = peer_all[i];
        contestants[n] =
            (bench_contestant){peer_all[i]->name, utf8_run_peer, utf8_check_peer, &states[n]};
        n++;
    }
    char name[32];
    snprintf(name, sizeof name, "%s%s", lazy ? "lazy-" : "", wire_kinds[kind]);
    bench_case("utf8", name, kernels_size_names[size_index], (double)arena.count, contestants, n);
    kernels_arena_free(&arena);
}

void bench_utf8(void)
{
    peer_name_missing("utf8");
    for (int lazy = 0; lazy <= 1; lazy++)
        for (int kind = WIRE_ASCII; kind <= WIRE_MIXED; kind++)
            for (size_t size = 0; size < KERNELS_SIZES; size++)
                utf8_one((wire_kind)kind, lazy, size);
}
