/* SPDX-License-Identifier: MIT */
/* Memory of a context: allocator, limit, pool, counting. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/memory.h"

/* An allocator that counts, checks the sizes it is told, and fails on demand. */
typedef struct counter {
    uint64_t held;
    size_t calls;
    size_t fail_from; /* calls from this one on fail */
} counter;

static void *counter_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    counter *count = user;
    assert_int_equal(ptr == NULL, old_size == 0);
    if (new_size == 0) {
        count->held -= old_size;
        free(ptr);
        return NULL;
    }
    if (++count->calls >= count->fail_from)
        return NULL;
    count->held += new_size;
    count->held -= old_size;
    return realloc(ptr, new_size);
}

static weir_config config_of(counter *count)
{
    weir_config config;
    memset(&config, 0, sizeof config);
    memset(count, 0, sizeof *count);
    count->fail_from = SIZE_MAX;
    config.max_context_bytes = WEIR_NONE;
    config.max_pooled_bytes = WEIR_NONE;
    config.allocate = counter_allocate;
    config.allocate_user = count;
    return config;
}

static void taken_memory__is_counted_and_given_back(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    void *a = weir__memory_take(&memory, 100);
    void *b = weir__memory_take(&memory, 50);
    assert_int_equal(memory.held, 150);
    assert_int_equal(count.held, 150);
    a = weir__memory_resize(&memory, a, 100, 1000);
    assert_int_equal(memory.held, 1050);
    a = weir__memory_resize(&memory, a, 1000, 10);
    assert_int_equal(memory.held, 60);
    weir__memory_give(&memory, a, 10);
    weir__memory_give(&memory, b, 50);
    weir__memory_give(&memory, NULL, 0);
    assert_int_equal(memory.held, 0);
    assert_int_equal(count.held, 0);
    assert_int_equal(memory.peak, 1050);
}

static void default_allocator__keeps_contents_across_a_resize(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.allocate = NULL;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    uint8_t *data = weir__memory_take(&memory, 16);
    memset(data, 7, 16);
    data = weir__memory_resize(&memory, data, 16, 100000);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(data[i], 7);
    weir__memory_give(&memory, data, 100000);
    assert_int_equal(memory.held, 0);
}

static void limit__is_exact_and_refusal_changes_nothing(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.max_context_bytes = 1000;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    assert_null(weir__memory_take(&memory, 1001));
    assert_null(weir__memory_take(&memory, SIZE_MAX));
    assert_int_equal(count.calls, 0);
    void *a = weir__memory_take(&memory, 600);
    assert_non_null(a);
    assert_null(weir__memory_take(&memory, 401));
    void *b = weir__memory_take(&memory, 400);
    assert_non_null(b);
    assert_null(weir__memory_resize(&memory, b, 400, 401));
    assert_int_equal(memory.held, 1000);
    b = weir__memory_resize(&memory, b, 400, 300);
    assert_non_null(b);
    assert_int_equal(memory.held, 900);
    weir__memory_give(&memory, a, 600);
    weir__memory_give(&memory, b, 300);
    assert_int_equal(count.held, 0);
}

static void pool_block__is_the_smallest_class_that_fits(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    for (size_t want = 1; want <= WEIR__POOL_MAX; want += want < 300 ? 1 : 251) {
        size_t cap = 0;
        uint8_t *block = weir__pool_take(&memory, want, &cap);
        assert_non_null(block);
        assert_true(cap >= want && cap >= WEIR__POOL_MIN && cap <= WEIR__POOL_MAX);
        assert_int_equal(cap & (cap - 1), 0);
        assert_true(cap == WEIR__POOL_MIN || cap / 2 < want);
        memset(block, 0xEE, cap);
        weir__pool_give(&memory, block, cap);
    }
    assert_int_equal(count.calls, WEIR__POOL_CLASSES);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
}

static void pool_block_given_back__is_taken_again(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap;
    void *a = weir__pool_take(&memory, 1000, &cap);
    void *b = weir__pool_take(&memory, 1000, &cap);
    weir__pool_give(&memory, a, cap);
    weir__pool_give(&memory, b, cap);
    weir__pool_give(&memory, NULL, 0);
    assert_int_equal(memory.pooled, 2048);
    assert_int_equal(memory.held, 2048);
    assert_ptr_equal(weir__pool_take(&memory, 900, &cap), b);
    assert_ptr_equal(weir__pool_take(&memory, 700, &cap), a);
    assert_int_equal(memory.pooled, 0);
    assert_int_equal(count.calls, 2);
    weir__pool_give(&memory, a, cap);
    weir__pool_give(&memory, b, cap);
    weir__memory_trim(&memory);
    assert_int_equal(memory.pooled, 0);
    assert_int_equal(memory.held, 0);
    assert_int_equal(count.held, 0);
}

static void pool__keeps_no_more_than_its_limit(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.max_pooled_bytes = 128;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap;
    void *blocks[3];
    for (size_t i = 0; i < 3; i++)
        blocks[i] = weir__pool_take(&memory, 64, &cap);
    for (size_t i = 0; i < 3; i++)
        weir__pool_give(&memory, blocks[i], cap);
    assert_int_equal(memory.pooled, 128);
    assert_int_equal(count.held, 128);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
}

static void want_above_the_largest_class__is_exact(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap;
    void *block = weir__pool_take(&memory, WEIR__POOL_MAX + 1, &cap);
    assert_int_equal(cap, WEIR__POOL_MAX + 1);
    weir__pool_give(&memory, block, cap);
    block = weir__pool_take(&memory, WEIR__POOL_MAX, &cap);
    assert_int_equal(cap, WEIR__POOL_MAX);
    weir__pool_give(&memory, block, cap);
    assert_int_equal(memory.pooled, 2 * WEIR__POOL_MAX + 1);
    weir__memory_trim(&memory);
    assert_int_equal(memory.pooled, 0);
    assert_int_equal(count.held, 0);
}

static void large_block__is_kept_for_the_next_that_it_holds(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.max_pooled_bytes = 500000;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap, more;
    void *first = weir__pool_take(&memory, 100000, &cap);
    void *second = weir__pool_take(&memory, 300000, &more);
    weir__pool_give(&memory, first, cap);
    assert_int_equal(memory.pooled, 100000);
    weir__pool_give(&memory, second, more); /* the larger takes the place */
    assert_int_equal(memory.pooled, 300000);
    assert_int_equal(memory.held, 300000);
    void *third = weir__pool_take(&memory, 300001, &cap);
    assert_int_equal(cap, 300001);
    assert_ptr_equal(weir__pool_take(&memory, 70000, &more), second);
    assert_int_equal(more, 300000);
    assert_int_equal(memory.pooled, 0);
    weir__pool_give(&memory, second, more);
    weir__pool_give(&memory, third, cap); /* both would be more than the pool may keep */
    assert_int_equal(memory.pooled, 300000);
    assert_int_equal(count.held, 300000);
    first = weir__pool_take(&memory, 500001, &cap);
    weir__pool_give(&memory, first, cap);
    assert_int_equal(memory.pooled, 300000);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
}

static void exact_blocks__are_pooled_in_their_own_size(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.max_pooled_bytes = 700;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    void *a = weir__pool_take_exact(&memory, 300);
    void *b = weir__pool_take_exact(&memory, 300);
    void *c = weir__pool_take_exact(&memory, 300);
    assert_int_equal(memory.held, 900);
    memset(a, 1, 300);
    weir__pool_give_exact(&memory, a);
    weir__pool_give_exact(&memory, b);
    assert_int_equal(memory.pooled, 600);
    /* The third would be more than the pool may keep. */
    weir__pool_give_exact(&memory, c);
    assert_int_equal(memory.pooled, 600);
    assert_int_equal(memory.held, 600);
    const size_t calls = count.calls;
    assert_ptr_equal(weir__pool_take_exact(&memory, 300), b);
    assert_ptr_equal(weir__pool_take_exact(&memory, 300), a);
    assert_int_equal(count.calls, calls);
    assert_int_equal(memory.pooled, 0);
    weir__pool_give_exact(&memory, a);
    weir__pool_give_exact(&memory, b);
    weir__memory_trim(&memory);
    assert_int_equal(memory.held, 0);
    assert_int_equal(count.held, 0);
}

static void limit_met_by_the_pool__trims_it_and_tries_again(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    config.max_context_bytes = 1024;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap;
    weir__pool_give(&memory, weir__pool_take(&memory, 512, &cap), 512);
    assert_int_equal(memory.pooled, 512);
    void *all = weir__pool_take(&memory, 1024, &cap);
    assert_non_null(all);
    assert_int_equal(memory.pooled, 0);
    weir__pool_give(&memory, all, cap);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
}

static void failing_allocator__costs_nothing_but_the_pool(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap = 0;
    void *kept = weir__memory_take(&memory, 10);
    weir__pool_give(&memory, weir__pool_take(&memory, 64, &cap), 64);
    count.fail_from = 0;
    assert_null(weir__memory_take(&memory, 1));
    assert_null(weir__memory_resize(&memory, kept, 10, 20));
    assert_null(weir__pool_take(&memory, 64, &cap));
    assert_null(weir__pool_take(&memory, 1 << 20, &cap));
    assert_int_equal(memory.held, 10);
    assert_int_equal(memory.pooled, 0);
    weir__memory_give(&memory, kept, 10);
    assert_int_equal(count.held, 0);
}

static void pool_resize__keeps_what_is_used_at_every_size(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    uint8_t *data = NULL;
    size_t cap = 0;
    size_t used = 0;
    for (size_t want = 1; want < 1000000; want = want * 3 / 2 + 1) {
        data = weir__pool_resize(&memory, data, used, want, &cap);
        assert_non_null(data);
        assert_true(cap >= want);
        for (size_t i = 0; i < used; i++)
            assert_true(data[i] == (uint8_t)(i * 7));
        for (; used < want; used++)
            data[used] = (uint8_t)(used * 7);
    }
    size_t before = cap;
    count.fail_from = 0;
    assert_null(weir__pool_resize(&memory, data, used, cap * 2, &cap));
    assert_int_equal(cap, before);
    weir__pool_give(&memory, data, cap);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
    assert_int_equal(memory.held, 0);
}

static void one_block__is_all_the_memory_there_is(void **state)
{
    (void)state;
    static uint8_t block[8192];
    counter count;
    weir_config config = config_of(&count);
    config.memory = block;
    config.memory_len = sizeof block;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    assert_non_null(memory.block);
    size_t cap;
    uint8_t *inside = weir__pool_take(&memory, 1000, &cap);
    assert_true(inside > block && inside + cap <= block + sizeof block);
    assert_null(weir__memory_take(&memory, sizeof block));
    weir__pool_give(&memory, inside, cap);
    assert_int_equal(count.calls, 0);
}

static void one_block_too_small_for_anything__gives_nothing(void **state)
{
    (void)state;
    static uint8_t block[16];
    counter count;
    weir_config config = config_of(&count);
    config.memory = block;
    config.memory_len = sizeof block;
    weir__memory memory;
    weir__memory_init(&memory, &config);
    assert_null(memory.block);
    assert_null(weir__memory_take(&memory, 1));
    assert_int_equal(memory.held, 0);
    assert_int_equal(count.calls, 0);
}

static void pool_resize_to_less__moves_into_a_smaller_block(void **state)
{
    (void)state;
    counter count;
    weir_config config = config_of(&count);
    weir__memory memory;
    weir__memory_init(&memory, &config);
    size_t cap = 0;
    uint8_t *data = weir__pool_resize(&memory, NULL, 0, WEIR__POOL_MAX + 1, &cap);
    assert_non_null(data);
    memset(data, 0x5A, 100);
    data = weir__pool_resize(&memory, data, 100, 100, &cap);
    assert_non_null(data);
    assert_true(cap < WEIR__POOL_MAX);
    assert_int_equal(data[99], 0x5A);
    weir__pool_give(&memory, data, cap);
    weir__memory_trim(&memory);
    assert_int_equal(count.held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_memory__is_counted_and_given_back),
        cmocka_unit_test(default_allocator__keeps_contents_across_a_resize),
        cmocka_unit_test(limit__is_exact_and_refusal_changes_nothing),
        cmocka_unit_test(pool_block__is_the_smallest_class_that_fits),
        cmocka_unit_test(pool_block_given_back__is_taken_again),
        cmocka_unit_test(pool__keeps_no_more_than_its_limit),
        cmocka_unit_test(want_above_the_largest_class__is_exact),
        cmocka_unit_test(large_block__is_kept_for_the_next_that_it_holds),
        cmocka_unit_test(exact_blocks__are_pooled_in_their_own_size),
        cmocka_unit_test(limit_met_by_the_pool__trims_it_and_tries_again),
        cmocka_unit_test(failing_allocator__costs_nothing_but_the_pool),
        cmocka_unit_test(pool_resize__keeps_what_is_used_at_every_size),
        cmocka_unit_test(one_block__is_all_the_memory_there_is),
        cmocka_unit_test(one_block_too_small_for_anything__gives_nothing),
        cmocka_unit_test(pool_resize_to_less__moves_into_a_smaller_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
