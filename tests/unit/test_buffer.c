/* SPDX-License-Identifier: MIT */
/* A growing run of bytes in pooled memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/base/buffer.h"

static void setup(weir__memory *memory, uint64_t limit)
{
    weir_config config;
    memset(&config, 0, sizeof config);
    config.max_context_bytes = limit;
    config.max_pooled_bytes = 0;
    weir__memory_init(memory, &config);
}

static void appended_bytes__stand_in_order(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    uint8_t piece[97];
    for (size_t at = 0; at < 200000; at += sizeof piece) {
        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = (uint8_t)((at + i) * 31 >> 3);
        assert_int_equal(weir__buffer_append(&memory, &buffer, piece, sizeof piece), WEIR_OK);
        assert_int_equal(buffer.len, at + sizeof piece);
    }
    for (size_t i = 0; i < buffer.len; i++)
        assert_true(buffer.data[i] == (uint8_t)(i * 31 >> 3));
    weir__buffer_free(&memory, &buffer);
    assert_int_equal(memory.held, 0);
}

static void growth__is_twofold(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    size_t moves = 0;
    for (size_t i = 0; i < 1000000; i++) {
        size_t before = buffer.cap;
        assert_int_equal(weir__buffer_append(&memory, &buffer, "x", 1), WEIR_OK);
        if (buffer.cap == before)
            continue;
        moves++;
        assert_true(before == 0 || (buffer.cap >= 2 * before && buffer.cap < 3 * before));
    }
    assert_in_range(moves, 1, 15);
    weir__buffer_free(&memory, &buffer);
}

static void reserve__makes_room_without_changing_the_length(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 0), WEIR_OK);
    assert_int_equal(buffer.cap, 0);
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 1000), WEIR_OK);
    assert_int_equal(buffer.len, 0);
    assert_true(buffer.cap >= 1000);
    uint8_t *data = buffer.data;
    buffer.len = buffer.cap;
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 0), WEIR_OK);
    assert_ptr_equal(buffer.data, data);
    weir__buffer_free(&memory, &buffer);
}

static void growth_by_a_byte_more_than_twice__has_room_for_it(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    /* Above the pool's classes a block is as large as was asked. */
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 100000), WEIR_OK);
    assert_int_equal(buffer.cap, 100000);
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 200001), WEIR_OK);
    assert_true(buffer.cap >= 200001);
    weir__buffer_free(&memory, &buffer);
}

static void bytes_that_just_fit__take_no_more_memory(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    const uint8_t bytes[4096] = {0};
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 100), WEIR_OK);
    const size_t cap = buffer.cap;
    assert_in_range(cap, 100, sizeof bytes);
    assert_int_equal(weir__buffer_append(&memory, &buffer, bytes, cap), WEIR_OK);
    assert_int_equal(buffer.cap, cap);
    assert_int_equal(buffer.len, cap);
    weir__buffer_free(&memory, &buffer);
}

static void failure__leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, 256);
    weir__buffer buffer = {0};
    assert_int_equal(weir__buffer_append(&memory, &buffer, "12345678", 8), WEIR_OK);
    weir__buffer before = buffer;
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, 300), WEIR_E_MEMORY);
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, SIZE_MAX), WEIR_E_MEMORY);
    assert_int_equal(weir__buffer_reserve(&memory, &buffer, SIZE_MAX - 8), WEIR_E_MEMORY);
    const uint8_t more[300] = {0};
    assert_int_equal(weir__buffer_append(&memory, &buffer, more, sizeof more), WEIR_E_MEMORY);
    assert_memory_equal(&buffer, &before, sizeof buffer);
    assert_memory_equal(buffer.data, "12345678", 8);
    weir__buffer_free(&memory, &buffer);
    assert_int_equal(memory.held, 0);
}

static void nothing_appended__allocates_nothing(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, 0);
    weir__buffer buffer = {0};
    assert_int_equal(weir__buffer_append(&memory, &buffer, NULL, 0), WEIR_OK);
    assert_null(buffer.data);
    weir__buffer_free(&memory, &buffer);
    assert_int_equal(memory.peak, 0);
}

static void freed_buffer__is_empty_and_can_be_used_again(void **state)
{
    (void)state;
    weir__memory memory;
    setup(&memory, WEIR_NONE);
    weir__buffer buffer = {0};
    assert_int_equal(weir__buffer_append(&memory, &buffer, "abc", 3), WEIR_OK);
    weir__buffer_free(&memory, &buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(buffer.cap, 0);
    assert_int_equal(weir__buffer_append(&memory, &buffer, "d", 1), WEIR_OK);
    assert_int_equal(buffer.data[0], 'd');
    weir__buffer_free(&memory, &buffer);
    assert_int_equal(memory.held, 0);
}

static void *no_memory(void *user, void *ptr, size_t old_size, size_t new_size)
{
    size_t *const asked = user;
    (void)ptr;
    (void)old_size;
    *asked = new_size;
    return NULL;
}

static void sizes_near_the_end_of_memory__do_not_wrap(void **state)
{
    (void)state;
    weir__memory memory;
    size_t asked = 0;
    weir_config config = {
        .allocate = no_memory, .allocate_user = &asked, .max_context_bytes = WEIR_NONE};
    weir__memory_init(&memory, &config);
    /* Made up: the memory behind them is never looked at. */
    const size_t caps[] = {SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        weir__buffer buffer = {(uint8_t *)&memory, caps[i], caps[i]};
        memory.held = caps[i];
        assert_int_equal(weir__buffer_reserve(&memory, &buffer, 1), WEIR_E_MEMORY);
        assert_true(asked == (caps[i] <= SIZE_MAX / 2 ? caps[i] * 2 : caps[i] + 1));
        assert_int_equal(weir__buffer_reserve(&memory, &buffer, SIZE_MAX), WEIR_E_MEMORY);
        assert_int_equal(buffer.cap, caps[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_bytes__stand_in_order),
        cmocka_unit_test(growth__is_twofold),
        cmocka_unit_test(reserve__makes_room_without_changing_the_length),
        cmocka_unit_test(growth_by_a_byte_more_than_twice__has_room_for_it),
        cmocka_unit_test(bytes_that_just_fit__take_no_more_memory),
        cmocka_unit_test(failure__leaves_the_buffer_as_it_was),
        cmocka_unit_test(nothing_appended__allocates_nothing),
        cmocka_unit_test(freed_buffer__is_empty_and_can_be_used_again),
        cmocka_unit_test(sizes_near_the_end_of_memory__do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
