/* SPDX-License-Identifier: MIT */
/* ChaCha20: the vectors of RFC 8439 2.3.2 and A.1, and every variant against the plain one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/kernels/chacha.h"
#include "support/guard.h"
#include "support/tables.h"

static void block__is_that_of_rfc_8439_2_3_2(void **state)
{
    (void)state;
    const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4A, 0, 0, 0, 0};
    const uint8_t expected[64] = {0x10, 0xF1, 0xE7, 0xE4, 0xD1, 0x3B, 0x59, 0x15, 0x50, 0x0F, 0xDD,
                                  0x1F, 0xA3, 0x20, 0x71, 0xC4, 0xC7, 0xD1, 0xF4, 0xC7, 0x33, 0xC0,
                                  0x68, 0x03, 0x04, 0x22, 0xAA, 0x9A, 0xC3, 0xD4, 0x6C, 0x4E, 0xD2,
                                  0x82, 0x64, 0x46, 0x07, 0x9F, 0xAA, 0x09, 0x14, 0xC2, 0xD7, 0x05,
                                  0xD9, 0x8B, 0x02, 0xA2, 0xB5, 0x12, 0x9C, 0xD1, 0xDE, 0x16, 0x4E,
                                  0xB9, 0xCB, 0xD0, 0x83, 0xE8, 0xA2, 0x50, 0x3C, 0x4E};
    uint8_t key[32];
    for (size_t i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
    uint32_t out[16];
    weir__chacha20(&weir__kernels_scalar, key, 1, nonce, out, 1);
    assert_memory_equal(out, expected, 64);
}

static void block_of_zeros__is_that_of_rfc_8439_a_1(void **state)
{
    (void)state;
    const uint8_t zeros[32] = {0};
    const uint8_t first[64] = {0x76, 0xB8, 0xE0, 0xAD, 0xA0, 0xF1, 0x3D, 0x90, 0x40, 0x5D, 0x6A,
                               0xE5, 0x53, 0x86, 0xBD, 0x28, 0xBD, 0xD2, 0x19, 0xB8, 0xA0, 0x8D,
                               0xED, 0x1A, 0xA8, 0x36, 0xEF, 0xCC, 0x8B, 0x77, 0x0D, 0xC7, 0xDA,
                               0x41, 0x59, 0x7C, 0x51, 0x57, 0x48, 0x8D, 0x77, 0x24, 0xE0, 0x3F,
                               0xB8, 0xD8, 0x4A, 0x37, 0x6A, 0x43, 0xB8, 0xF4, 0x15, 0x18, 0xA1,
                               0x1C, 0xC3, 0x87, 0xB6, 0x69, 0xB2, 0xEE, 0x65, 0x86};
    uint32_t out[16];
    weir__chacha20(&weir__kernels_scalar, zeros, 0, zeros, out, 1);
    assert_memory_equal(out, first, 64);
}

static void several_blocks__are_those_of_counters_in_turn(void **state)
{
    (void)state;
    const uint8_t key[32] = {1, 2, 3};
    const uint8_t nonce[12] = {4, 5, 6};
    const uint32_t starts[] = {0, 7, UINT32_MAX - 1};
    for (size_t i = 0; i < 3; i++) {
        uint32_t together[4 * 16 + 1];
        together[4 * 16] = 0xA5;
        weir__chacha20(&weir__kernels_scalar, key, starts[i], nonce, together, 4);
        for (uint32_t block = 0; block < 4; block++) {
            uint32_t alone[16];
            weir__chacha20(&weir__kernels_scalar, key, starts[i] + block, nonce, alone, 1);
            assert_memory_equal(together + (size_t)block * 16, alone, 64);
        }
        assert_int_equal(together[4 * 16], 0xA5);
    }
    uint32_t untouched = 0xA5;
    weir__chacha20(&weir__kernels_scalar, key, 0, nonce, &untouched, 0);
    assert_int_equal(untouched, 0xA5);
}

static void every_bit_of_the_input__changes_the_block(void **state)
{
    (void)state;
    uint8_t key[32] = {0};
    uint8_t nonce[12] = {0};
    uint32_t base[16];
    uint32_t out[16];
    weir__chacha20(&weir__kernels_scalar, key, 0, nonce, base, 1);
    for (size_t bit = 0; bit < (32 + 12) * 8; bit++) {
        uint8_t *input = bit < 256 ? key : nonce;
        size_t at = bit < 256 ? bit : bit - 256;
        input[at / 8] ^= (uint8_t)(1u << at % 8);
        weir__chacha20(&weir__kernels_scalar, key, 0, nonce, out, 1);
        input[at / 8] ^= (uint8_t)(1u << at % 8);
        assert_memory_not_equal(out, base, 64);
    }
}

/* ---- Variants --------------------------------------------------------------------------------*/

#define MAX_COUNT 40
#define AROUND 64 /* bytes before and after, which must stay as they are */

static void fill_state(uint32_t state[16], uint32_t counter)
{
    for (uint32_t i = 0; i < 16; i++)
        state[i] = 0x9E3779B9u * (i + 1);
    state[12] = counter;
}

static void check_untouched(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++)
        assert_int_equal(*at, 0xA5);
}

static void try_at(const weir__kernels *table, guarded room, uint8_t *at, size_t count)
{
    const uint32_t counters[] = {0, UINT32_MAX - 2, UINT32_MAX - 20};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        uint32_t state[16];
        uint32_t before[16];
        uint32_t expected[MAX_COUNT * 16];
        fill_state(state, counters[i]);
        memcpy(before, state, sizeof state);
        memset(room.start, 0xA5, (size_t)(room.end - room.start));
        weir__kernels_scalar.chacha20(state, expected, count);
        table->chacha20(state, (uint32_t *)(void *)at, count);
        assert_true(count == 0 || memcmp(at, expected, count * 64) == 0);
        assert_memory_equal(state, before, sizeof state);
        check_untouched(at - room.start > AROUND ? at - AROUND : room.start, at);
        check_untouched(at + count * 64, room.end - (at + count * 64) > AROUND
                                             ? at + count * 64 + AROUND
                                             : room.end);
    }
}

static void every_variant__makes_the_blocks_of_the_plain_one(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    guarded room = guard();
    for (size_t i = 0; i < tables_count; i++) {
        for (size_t count = 0; count <= MAX_COUNT; count++) {
            for (size_t alignment = 0; alignment < 64; alignment += 4)
                try_at(found[i], room, room.start + alignment, count);
            try_at(found[i], room, room.end - count * 64, count);
        }
    }
    unguard(room);
}

static void plain_variant__lets_the_block_number_wrap(void **state)
{
    (void)state;
    uint32_t input[16];
    uint32_t together[3 * 16];
    fill_state(input, UINT32_MAX - 1);
    weir__kernels_scalar.chacha20(input, together, 3);
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t alone[16];
        fill_state(input, UINT32_MAX - 1 + block);
        weir__kernels_scalar.chacha20(input, alone, 1);
        assert_memory_equal(together + (size_t)block * 16, alone, 64);
    }
}

static void key_and_nonce__may_lie_where_the_blocks_go(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    uint8_t key[32];
    uint8_t nonce[12];
    uint32_t expected[16 * 16];
    uint32_t out[16 * 16];
    uint8_t *const bytes = (uint8_t *)out;
    memset(key, 0x11, sizeof key);
    memset(nonce, 0x22, sizeof nonce);
    weir__chacha20(&weir__kernels_scalar, key, 3, nonce, expected, 16);
    for (size_t i = 0; i < tables_count; i++) {
        memcpy(out, key, sizeof key);
        memcpy(bytes + sizeof key, nonce, sizeof nonce);
        weir__chacha20(found[i], bytes, 3, bytes + sizeof key, out, 16);
        assert_memory_equal(out, expected, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block__is_that_of_rfc_8439_2_3_2),
        cmocka_unit_test(block_of_zeros__is_that_of_rfc_8439_a_1),
        cmocka_unit_test(several_blocks__are_those_of_counters_in_turn),
        cmocka_unit_test(every_bit_of_the_input__changes_the_block),
        cmocka_unit_test(every_variant__makes_the_blocks_of_the_plain_one),
        cmocka_unit_test(plain_variant__lets_the_block_number_wrap),
        cmocka_unit_test(key_and_nonce__may_lie_where_the_blocks_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
