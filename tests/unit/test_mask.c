/* SPDX-License-Identifier: MIT */
/* Every variant of masking against a loop over bytes, between guard pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/kernels/mask.h"
#include "support/guard.h"
#include "support/tables.h"

#define MAX_LEN 320
#define AROUND 64 /* bytes before and after, which must stay as they are */

static const uint8_t key_bytes[4] = {0x37, 0xFA, 0x21, 0x80};

static uint32_t key_of(const uint8_t bytes[4], size_t phase)
{
    uint32_t key;
    memcpy(&key, bytes, sizeof key);
    return weir__key_rotate(key, phase);
}

/* What the bytes are before masking. Few have their top bit set, so that both results come. */
static uint8_t plain(size_t i)
{
    return (uint8_t)(i * 37 % 251 == 7 ? 0xC5 : (i * 5 + 1) & 0x13);
}

static void fill(uint8_t *bytes, size_t len, size_t phase)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = plain(i) ^ key_bytes[(i + phase) & 3];
}

static uint8_t plain_top_bit(size_t len)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < len; i++)
        seen |= plain(i);
    return seen & 0x80;
}

static void check_plain(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_true(bytes[i] == plain(i));
}

static void check_around(guarded room, const uint8_t *at, size_t len)
{
    const uint8_t *before = (size_t)(at - room.start) < AROUND ? room.start : at - AROUND;
    const uint8_t *after = at + len;
    const uint8_t *stop = (size_t)(room.end - after) < AROUND ? room.end : after + AROUND;
    for (; before < at; before++)
        assert_true(*before == 0xA5);
    for (; after < stop; after++)
        assert_true(*after == 0xA5);
}

static void try_in_place(const weir__kernels *table, guarded room, uint8_t *at, size_t len)
{
    for (size_t phase = 0; phase < 4; phase++) {
        fill(at, len, phase);
        assert_true((table->mask(at, len, key_of(key_bytes, phase)) & 0x80) == plain_top_bit(len));
        check_plain(at, len);
        check_around(room, at, len);
    }
    memset(at, 0xA5, len);
}

static void try_copy(const weir__kernels *table, guarded room, uint8_t *at, uint8_t *from,
                     size_t len)
{
    uint8_t before[MAX_LEN];
    for (size_t phase = 0; phase < 4; phase++) {
        fill(from, len, phase);
        memcpy(before, from, len);
        uint32_t key = key_of(key_bytes, phase);
        assert_true((table->mask_copy(at, from, len, key) & 0x80) == plain_top_bit(len));
        check_plain(at, len);
        check_around(room, at, len);
        assert_true(len == 0 || memcmp(before, from, len) == 0);
    }
    memset(at, 0xA5, len);
}

static void R6455_5_3_3__masking_in_place_is_xor_at_every_length_alignment_and_phase(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    guarded room = guard();
    memset(room.start, 0xA5, (size_t)(room.end - room.start));
    for (size_t i = 0; i < count; i++) {
        for (size_t len = 0; len <= MAX_LEN; len++) {
            for (size_t alignment = 0; alignment < 64; alignment++)
                try_in_place(found[i], room, room.start + alignment, len);
            try_in_place(found[i], room, room.end - len, len);
        }
    }
    unguard(room);
}

static void R6455_5_3_3__masking_copy_is_xor_at_every_length_alignment_and_phase(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    guarded room = guard();
    guarded source = guard();
    memset(room.start, 0xA5, (size_t)(room.end - room.start));
    for (size_t i = 0; i < count; i++) {
        for (size_t len = 0; len <= MAX_LEN; len++) {
            for (size_t alignment = 0; alignment < 64; alignment++)
                try_copy(found[i], room, room.start + alignment, source.end - len, len);
            try_copy(found[i], room, room.end - len, source.start, len);
        }
    }
    unguard(room);
    unguard(source);
}

static void R6455_5_3_3__masking_in_pieces_equals_masking_at_once(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    uint8_t bytes[MAX_LEN];
    for (size_t i = 0; i < count; i++) {
        for (size_t step = 1; step < 100; step++) {
            fill(bytes, sizeof bytes, 0);
            for (size_t at = 0; at < sizeof bytes; at += step) {
                size_t len = sizeof bytes - at < step ? sizeof bytes - at : step;
                found[i]->mask(bytes + at, len, key_of(key_bytes, at));
            }
            check_plain(bytes, sizeof bytes);
        }
    }
}

/* Lengths at which the unrolled loops take several turns. */
static void long_runs__are_masked_whole_by_every_variant(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    static uint8_t bytes[5000];
    for (size_t i = 0; i < count; i++) {
        for (size_t len = 500; len <= sizeof bytes; len += 97) {
            fill(bytes, len, 3);
            assert_true((found[i]->mask(bytes, len, key_of(key_bytes, 3)) & 0x80) ==
                        plain_top_bit(len));
            check_plain(bytes, len);
        }
    }
}

static void one_byte_with_its_top_bit__shows_in_the_result_wherever_it_stands(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    uint8_t bytes[MAX_LEN];
    uint8_t copy[MAX_LEN];
    for (size_t i = 0; i < count; i++) {
        for (size_t len = 1; len <= MAX_LEN; len += 1 + len / 40) {
            for (size_t at = 0; at < len; at++) {
                for (size_t j = 0; j < len; j++)
                    bytes[j] = key_bytes[j & 3] ^ 0x01;
                bytes[at] ^= 0x80;
                uint32_t key = key_of(key_bytes, 0);
                assert_int_equal(found[i]->mask_copy(copy, bytes, len, key) & 0x80, 0x80);
                assert_int_equal(found[i]->mask(bytes, len, key) & 0x80, 0x80);
            }
        }
    }
}

static void key_rotated__starts_with_the_byte_of_its_phase(void **state)
{
    (void)state;
    const uint64_t phases[] = {0, 1, 2, 3, 4, 5, 1000003, UINT64_MAX};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        uint32_t key;
        memcpy(&key, key_bytes, sizeof key);
        key = weir__key_rotate(key, phases[i]);
        uint8_t bytes[4];
        memcpy(bytes, &key, sizeof bytes);
        for (size_t j = 0; j < 4; j++)
            assert_int_equal(bytes[j], key_bytes[(phases[i] + j) & 3]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_3_3__masking_in_place_is_xor_at_every_length_alignment_and_phase),
        cmocka_unit_test(R6455_5_3_3__masking_copy_is_xor_at_every_length_alignment_and_phase),
        cmocka_unit_test(R6455_5_3_3__masking_in_pieces_equals_masking_at_once),
        cmocka_unit_test(long_runs__are_masked_whole_by_every_variant),
        cmocka_unit_test(one_byte_with_its_top_bit__shows_in_the_result_wherever_it_stands),
        cmocka_unit_test(key_rotated__starts_with_the_byte_of_its_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
