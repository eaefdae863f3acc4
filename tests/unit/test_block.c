/* SPDX-License-Identifier: MIT */
/* The allocator inside one block of memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/block.h"

#define SLOTS 200

typedef struct piece {
    uint8_t *data;
    size_t len;
    uint8_t fill;
} piece;

typedef struct heap {
    uint8_t *bytes;
    size_t len;
    weir__block *block;
    uint32_t random;
    piece slots[SLOTS];
} heap;

static uint32_t draw(heap *arena)
{
    arena->random ^= arena->random << 13;
    arena->random ^= arena->random >> 17;
    arena->random ^= arena->random << 5;
    return arena->random;
}

/* Memory exactly as long as said, so that a sanitizer sees each byte too far. */
static void arena_open(heap *arena, size_t len, size_t skip)
{
    memset(arena, 0, sizeof *arena);
    arena->bytes = malloc(len + skip);
    arena->len = len + skip;
    arena->random = 1;
    arena->block = weir__block_init(arena->bytes + skip, len);
}

static void slot_check(const heap *arena, const piece *slot)
{
    assert_int_equal((uintptr_t)slot->data % (2 * sizeof(void *)), 0);
    assert_true(slot->data >= arena->bytes);
    assert_true(slot->len <= (size_t)(arena->bytes + arena->len - slot->data));
    for (size_t i = 0; i < slot->len; i++)
        assert_true(slot->data[i] == slot->fill);
}

/* Filled again each time, so two that overlap are found by slot_check. */
static void slot_fill(heap *arena, piece *slot, uint8_t *data, size_t len)
{
    slot->data = data;
    slot->len = len;
    slot->fill = (uint8_t)draw(arena);
    memset(data, slot->fill, len);
}

static void slot_free(heap *arena, piece *slot)
{
    slot_check(arena, slot);
    assert_null(weir__block_allocate(arena->block, slot->data, slot->len, 0));
    memset(slot, 0, sizeof *slot);
}

static void slot_resize(heap *arena, piece *slot, size_t len)
{
    slot_check(arena, slot);
    uint8_t *data = weir__block_allocate(arena->block, slot->data, slot->len, len);
    if (data == NULL) {
        slot_check(arena, slot);
        return;
    }
    piece kept = {data, slot->len < len ? slot->len : len, slot->fill};
    slot_check(arena, &kept);
    slot_fill(arena, slot, data, len);
}

/* The largest length that can be taken at once. */
static size_t largest(heap *arena)
{
    size_t low = 0;
    size_t high = arena->len;
    while (low < high) {
        size_t middle = high - (high - low) / 2;
        void *data = weir__block_allocate(arena->block, NULL, 0, middle);
        if (data == NULL) {
            high = middle - 1;
            continue;
        }
        weir__block_allocate(arena->block, data, middle, 0);
        low = middle;
    }
    return low;
}

static void stress(heap *arena, size_t turns, uint32_t max_len)
{
    size_t whole = largest(arena);
    for (size_t turn = 0; turn < turns; turn++) {
        piece *slot = &arena->slots[draw(arena) % SLOTS];
        size_t len = 1 + draw(arena) % (1 + draw(arena) % max_len);
        if (slot->data == NULL) {
            uint8_t *data = weir__block_allocate(arena->block, NULL, 0, len);
            if (data != NULL)
                slot_fill(arena, slot, data, len);
        } else if (draw(arena) % 3 == 0) {
            slot_resize(arena, slot, len);
        } else {
            slot_free(arena, slot);
        }
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (arena->slots[i].data != NULL)
            slot_free(arena, &arena->slots[i]);
    }
    assert_int_equal(largest(arena), whole);
}

static void random_use__never_overlaps_and_recovers_everything(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 1 << 20, 0);
    stress(&arena, 30000, 4000);
    free(arena.bytes);
}

static void random_use_near_exhaustion__never_overlaps_and_recovers_everything(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 30000, 3);
    stress(&arena, 30000, 2000);
    free(arena.bytes);
}

static void every_length_and_alignment__works_or_is_refused(void **state)
{
    (void)state;
    size_t usable = 0;
    for (size_t len = 0; len < 1500; len += 1 + len / 200) {
        for (size_t skip = 0; skip < 17; skip++) {
            heap arena;
            arena_open(&arena, len, skip);
            if (arena.block != NULL) {
                usable++;
                stress(&arena, 60, (uint32_t)len);
            }
            free(arena.bytes);
        }
    }
    assert_true(usable > 1000);
    assert_null(weir__block_init(NULL, 100000));
}

static void exhaustion__gives_null_until_something_is_freed(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 16384, 0);
    size_t count = 0;
    while (count < SLOTS) {
        uint8_t *data = weir__block_allocate(arena.block, NULL, 0, 100);
        if (data == NULL)
            break;
        slot_fill(&arena, &arena.slots[count++], data, 100);
    }
    assert_in_range(count, 116, SLOTS - 1);
    assert_null(weir__block_allocate(arena.block, NULL, 0, 100));
    slot_free(&arena, &arena.slots[count / 2]);
    uint8_t *again = weir__block_allocate(arena.block, NULL, 0, 100);
    assert_non_null(again);
    slot_fill(&arena, &arena.slots[count / 2], again, 100);
    for (size_t i = 0; i < count; i++)
        slot_check(&arena, &arena.slots[i]);
    free(arena.bytes);
}

static void huge_request__is_refused(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 16384, 0);
    for (size_t shift = 0; shift < sizeof(size_t) * 8 - 15; shift++)
        assert_null(weir__block_allocate(arena.block, NULL, 0, SIZE_MAX >> shift));
    uint8_t *data = weir__block_allocate(arena.block, NULL, 0, 8);
    assert_null(weir__block_allocate(arena.block, data, 8, SIZE_MAX));
    assert_null(weir__block_allocate(arena.block, data, 8, SIZE_MAX - 30));
    free(arena.bytes);
}

static void growth_into_a_free_neighbour__stays_in_place(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 65536, 0);
    uint8_t *data = weir__block_allocate(arena.block, NULL, 0, 100);
    assert_ptr_equal(weir__block_allocate(arena.block, data, 100, 20000), data);
    assert_ptr_equal(weir__block_allocate(arena.block, data, 20000, 10), data);
    uint8_t *wall = weir__block_allocate(arena.block, NULL, 0, 100);
    uint8_t *moved = weir__block_allocate(arena.block, data, 10, 20000);
    assert_non_null(wall);
    assert_ptr_not_equal(moved, data);
    free(arena.bytes);
}

static void freed_neighbours__become_one(void **state)
{
    (void)state;
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t order = 0; order < 6; order++) {
        heap arena;
        arena_open(&arena, 16384, 0);
        size_t whole = largest(&arena);
        void *parts[3];
        for (size_t i = 0; i < 3; i++)
            parts[i] = weir__block_allocate(arena.block, NULL, 0, 4000);
        for (size_t i = 0; i < 3; i++)
            weir__block_allocate(arena.block, parts[orders[order][i]], 4000, 0);
        assert_int_equal(largest(&arena), whole);
        free(arena.bytes);
    }
}

static void overhead__is_small(void **state)
{
    (void)state;
    heap arena;
    arena_open(&arena, 4096, 0);
    assert_true(largest(&arena) > 4096 - 800);
    free(arena.bytes);
}

static void part__costs_its_length_in_units_and_one_more(void **state)
{
    (void)state;
    const size_t unit = 2 * sizeof(void *);
    heap arena;
    arena_open(&arena, 1 << 17, 0);
    uint8_t *last = weir__block_allocate(arena.block, NULL, 0, unit);
    for (size_t len = unit; len <= 20 * unit; len++) {
        uint8_t *const data = weir__block_allocate(arena.block, NULL, 0, len + 1);
        assert_non_null(data);
        assert_int_equal(data - last, (len + unit - 1) / unit * unit + unit);
        last = data;
    }
    free(arena.bytes);
}

static void freed_parts__serve_their_size_again(void **state)
{
    (void)state;
    /* Up to 15 units, head included, each size has a list of its own. */
    enum {
        PARTS = 14
    };
    const size_t unit = 2 * sizeof(void *);
    heap arena;
    arena_open(&arena, 65536, 0);
    void *parts[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = weir__block_allocate(arena.block, NULL, 0, unit * (i + 1));
        assert_non_null(weir__block_allocate(arena.block, NULL, 0, 1)); /* a wall */
    }
    for (size_t i = PARTS; i-- > 0;)
        weir__block_allocate(arena.block, parts[i], unit * (i + 1), 0);
    for (size_t i = PARTS; i-- > 0;)
        assert_ptr_equal(weir__block_allocate(arena.block, NULL, 0, unit * (i + 1)), parts[i]);
    free(arena.bytes);
}

/* A part for the caller's bytes and its head, of so many units. */
static void *take_units(heap *arena, size_t units)
{
    return weir__block_allocate(arena->block, NULL, 0, (units - 1) * 2 * sizeof(void *));
}

static void give_units(heap *arena, void *part, size_t units)
{
    weir__block_allocate(arena->block, part, (units - 1) * 2 * sizeof(void *), 0);
}

/* Parts of these sizes with walls between them, and nothing else free. */
static void fill_around(heap *arena, size_t len, const size_t *units, size_t count, void **parts)
{
    arena_open(arena, len, 0);
    for (size_t i = 0; i < count; i++) {
        parts[i] = take_units(arena, units[i]);
        assert_non_null(take_units(arena, 2));
    }
    while (take_units(arena, 2))
        ;
}

/* From 16 to 31 units two sizes share a list. */
static void the_only_part__is_found_by_each_size_that_it_is_enough_for(void **state)
{
    (void)state;
    for (size_t have = 2; have < 40; have++) {
        heap arena;
        void *part;
        fill_around(&arena, 4096, &have, 1, &part);
        for (size_t want = 2; want <= have + 1; want++) {
            give_units(&arena, part, have);
            /* In its class only the first part is looked at, which is this one. */
            void *const got = take_units(&arena, want);
            assert_ptr_equal(got, want <= have ? part : NULL);
            give_units(&arena, got ? got : take_units(&arena, have), want <= have ? want : have);
            assert_ptr_equal(take_units(&arena, have), part);
        }
        free(arena.bytes);
    }
}

static void what_is_left_over__is_used_to_the_last_unit(void **state)
{
    (void)state;
    for (size_t have = 4; have < 40; have++) {
        heap arena;
        void *part;
        fill_around(&arena, 4096, &have, 1, &part);
        give_units(&arena, part, have);
        assert_ptr_equal(take_units(&arena, have - 2), part);
        assert_non_null(take_units(&arena, 2));
        assert_null(take_units(&arena, 2));
        free(arena.bytes);
    }
}

static void lists_of_a_level__are_forgotten_when_the_last_is_empty(void **state)
{
    static const size_t units[2] = {17, 30};
    (void)state;
    heap arena;
    void *parts[2];
    fill_around(&arena, 4096, units, 2, parts);
    give_units(&arena, parts[0], units[0]);
    give_units(&arena, parts[1], units[1]);
    assert_ptr_equal(take_units(&arena, units[0]), parts[0]);
    assert_ptr_equal(take_units(&arena, 2), parts[1]);
    free(arena.bytes);
}

static void the_smallest_block__has_room_for_one_small_part(void **state)
{
    (void)state;
    heap arena;
    size_t len = 1;
    for (arena_open(&arena, len, 0); !arena.block; arena_open(&arena, ++len, 0))
        free(arena.bytes);
    assert_null(take_units(&arena, 3));
    assert_non_null(take_units(&arena, 2));
    assert_null(take_units(&arena, 2));
    free(arena.bytes);
}

static void no_block__gives_nothing(void **state)
{
    (void)state;
    assert_null(weir__block_allocate(NULL, NULL, 0, 1));
}

static void nothing_resized_to_nothing__is_nothing(void **state)
{
    (void)state;
    static uint64_t memory[512];
    weir__block *const block = weir__block_init(memory, sizeof memory);
    assert_non_null(block);
    assert_null(weir__block_allocate(block, NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_use__never_overlaps_and_recovers_everything),
        cmocka_unit_test(random_use_near_exhaustion__never_overlaps_and_recovers_everything),
        cmocka_unit_test(every_length_and_alignment__works_or_is_refused),
        cmocka_unit_test(exhaustion__gives_null_until_something_is_freed),
        cmocka_unit_test(huge_request__is_refused),
        cmocka_unit_test(growth_into_a_free_neighbour__stays_in_place),
        cmocka_unit_test(freed_neighbours__become_one),
        cmocka_unit_test(overhead__is_small),
        cmocka_unit_test(part__costs_its_length_in_units_and_one_more),
        cmocka_unit_test(freed_parts__serve_their_size_again),
        cmocka_unit_test(the_only_part__is_found_by_each_size_that_it_is_enough_for),
        cmocka_unit_test(what_is_left_over__is_used_to_the_last_unit),
        cmocka_unit_test(lists_of_a_level__are_forgotten_when_the_last_is_empty),
        cmocka_unit_test(the_smallest_block__has_room_for_one_small_part),
        cmocka_unit_test(no_block__gives_nothing),
        cmocka_unit_test(nothing_resized_to_nothing__is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
