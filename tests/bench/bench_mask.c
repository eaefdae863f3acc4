/* SPDX-License-Identifier: MIT */
/* Masking: every kernel this CPU can run, the peers' loops, and memcpy as the limit. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_kernels.h"
#include "bench_peers.h"

typedef struct mask_state {
    const kernels_arena *arena;
    const weir__kernels *table;
    void (*mask)(uint8_t *data, size_t len, uint32_t key);
    uint32_t key;
} mask_state;

/* The loop that wslay masks with, in its shape: a byte at a time, the key's byte by a remainder. */
static void mask_bytewise(uint8_t *data, size_t len, uint32_t key)
{
    uint8_t bytes[4];
    memcpy(bytes, &key, sizeof bytes);
    for (size_t i = 0; i < len; i++)
        data[i] ^= bytes[i % 4];
}

static void mask_run_table(void *opaque)
{
    const mask_state *const state = opaque;
    uint8_t *data = state->arena->data;
    for (size_t i = 0; i < state->arena->count; i++, data += state->arena->size)
        state->table->mask(data, state->arena->size, state->key);
}

static void mask_run_copy(void *opaque)
{
    const mask_state *const state = opaque;
    const kernels_arena *const arena = state->arena;
    for (size_t i = 0; i < arena->count; i++)
        state->table->mask_copy(arena->copy + i * arena->size, arena->data + i * arena->size,
                                arena->size, state->key);
}

static void mask_run_peer(void *opaque)
{
    const mask_state *const state = opaque;
    uint8_t *data = state->arena->data;
    for (size_t i = 0; i < state->arena->count; i++, data += state->arena->size)
        state->mask(data, state->arena->size, state->key);
}

static void mask_run_memcpy(void *opaque)
{
    const mask_state *const state = opaque;
    const kernels_arena *const arena = state->arena;
    for (size_t i = 0; i < arena->count; i++)
        memcpy(arena->copy + i * arena->size, arena->data + i * arena->size, arena->size);
}

/* Whether out is the arena masked; then the arena is made plain again. */
static int mask_is_right(const mask_state *state, const uint8_t *out)
{
    const kernels_arena *const arena = state->arena;
    uint8_t *const wanted = malloc(arena->size);
    int right = 1;
    for (size_t i = 0; i < arena->count; i++) {
        memcpy(wanted, arena->plain + i * arena->size, arena->size);
        mask_bytewise(wanted, arena->size, state->key);
        right &= memcmp(wanted, out + i * arena->size, arena->size) == 0;
    }
    free(wanted);
    memcpy(arena->data, arena->plain, arena->count * arena->size);
    return right;
}

static int mask_check_table(void *state)
{
    mask_run_table(state);
    return mask_is_right(state, ((mask_state *)state)->arena->data);
}

static int mask_check_copy(void *state)
{
    mask_run_copy(state);
    return mask_is_right(state, ((mask_state *)state)->arena->copy);
}

static int mask_check_peer(void *state)
{
    mask_run_peer(state);
    return mask_is_right(state, ((mask_state *)state)->arena->data);
}

static int mask_check_memcpy(void *opaque)
{
    const mask_state *const state = opaque;
    mask_run_memcpy(opaque);
    return memcmp(state->arena->copy, state->arena->plain,
                  state->arena->count * state->arena->size) == 0;
}

static void mask_one(int copy, size_t size_index)
{
    kernels_arena arena = kernels_arena_make(WIRE_BINARY, kernels_sizes[size_index]);
    mask_state states[BENCH_MAX];
    bench_contestant contestants[BENCH_MAX];
    const kernels_variant *tables[KERNELS_MAX];
    const size_t variants = kernels_distinct(copy ? KERNELS_MASK_COPY : KERNELS_MASK, tables);
    size_t n = 0;
    for (size_t i = 0; i < BENCH_MAX; i++)
        states[i] = (mask_state){.arena = &arena, .key = 0x87654321, .mask = mask_bytewise};
    for (; n < variants; n++) {
        states[n].table = tables[n]->table;
        contestants[n] =
            (bench_contestant){tables[n]->label, mask_run_table, mask_check_table, &states[n]};
        if (copy) {
            contestants[n].run = mask_run_copy;
            contestants[n].check = mask_check_copy;
        }
    }
    contestants[n] = (bench_contestant){"memcpy", mask_run_memcpy, mask_check_memcpy, &states[n]};
    n++;
    contestants[n] = (bench_contestant){"bytewise", mask_run_peer, mask_check_peer, &states[n]};
    n += !copy;
    for (size_t i = 0; i < PEER_COUNT && !copy; i++) {
        if (!peer_all[i]->mask)
            continue;
        states[n].mask = peer_all[i]->mask;
        contestants[n] =
            (bench_contestant){peer_all[i]->name, mask_run_peer, mask_check_peer, &states[n]};
        n++;
    }
    bench_case("mask", copy ? "copy" : "in-place", kernels_size_names[size_index],
               (double)arena.count, contestants, n);
    kernels_arena_free(&arena);
}

void bench_mask(void)
{
    peer_name_missing("mask");
    for (int copy = 0; copy <= 1; copy++)
        for (size_t size = 0; size < KERNELS_SIZES; size++)
            mask_one(copy, size);
}
