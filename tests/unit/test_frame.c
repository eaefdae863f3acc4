/* SPDX-License-Identifier: MIT */
/* Frame heads: reading, writing, limits of the length forms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/protocol/frame.h"

/* Read from a copy that ends where its heap block ends. */
static int read_exact(const uint8_t *data, size_t len, weir_frame_head *head)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    const int status = weir__frame_head_read(copy, len, head);
    free(copy);
    return status;
}

/* A head with a length in a given form: 0, 2 or 8 bytes. */
static size_t make_head(uint8_t *out, uint8_t first, uint8_t mask, size_t form, uint64_t len)
{
    out[0] = first;
    out[1] = (uint8_t)(mask | (form == 0 ? len : form == 2 ? 126u : 127u));
    for (size_t i = 0; i < form; i++)
        out[2 + i] = (uint8_t)(len >> (8 * (form - 1 - i)));
    if (mask != 0)
        memcpy(out + 2 + form, "\x01\x02\x03\x04", 4);
    return 2 + form + (mask != 0 ? 4u : 0u);
}

static int read_len(uint8_t mask, size_t form, uint64_t len, weir_frame_head *head)
{
    uint8_t bytes[WEIR_FRAME_HEAD_MAX];
    return read_exact(bytes, make_head(bytes, 0x82, mask, form, len), head);
}

static void R6455_5_2_3__length_in_16_bits_below_126__is_refused(void **state)
{
    (void)state;
    weir_frame_head head;
    for (uint64_t len = 0; len < 126; len++)
        assert_int_equal(read_len(0x80, 2, len, &head), WEIR_E_LENGTH_FORM);
    for (uint64_t len = 126; len <= 65535; len++) {
        assert_int_equal(read_len(0, 2, len, &head), 4);
        assert_true(head.len == len);
    }
}

static void R6455_5_2_3__length_in_64_bits_below_65536__is_refused(void **state)
{
    (void)state;
    weir_frame_head head;
    for (uint64_t len = 0; len <= 65535; len++)
        assert_int_equal(read_len(0, 8, len, &head), WEIR_E_LENGTH_FORM);
    assert_int_equal(read_len(0, 8, 65536, &head), 10);
    assert_true(head.len == 65536);
}

static void R6455_5_2_4__SEC_L2__top_bit_of_a_64_bit_length__is_refused(void **state)
{
    (void)state;
    weir_frame_head head;
    for (unsigned bit = 0; bit < 63; bit++) {
        const uint64_t len = UINT64_C(0x8000000000000000) | UINT64_C(1) << bit;
        assert_int_equal(read_len(0x80, 8, len, &head), WEIR_E_LENGTH_RANGE);
    }
    assert_int_equal(read_len(0, 8, UINT64_C(0x8000000000000000), &head), WEIR_E_LENGTH_RANGE);
    assert_int_equal(read_len(0, 8, UINT64_MAX, &head), WEIR_E_LENGTH_RANGE);
    assert_int_equal(read_len(0, 8, UINT64_MAX - 3, &head), WEIR_E_LENGTH_RANGE);
}

static void SEC_L3__lengths_at_the_edges_of_types__are_read_as_they_are(void **state)
{
    (void)state;
    static const uint64_t edges[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 62};
    weir_frame_head head;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        for (uint64_t len = edges[i] - 16; len <= edges[i] + 16; len++) {
            assert_int_equal(read_len(0x80, 8, len, &head), 14);
            assert_true(head.len == len);
        }
    }
    assert_int_equal(read_len(0x80, 8, INT64_MAX, &head), 14);
    assert_true(head.len == INT64_MAX);
    for (uint64_t len = UINT64_MAX - 16; len < UINT64_MAX; len++)
        assert_int_equal(read_len(0x80, 8, len, &head), WEIR_E_LENGTH_RANGE);
}

static void R6455_5_2_5__lengths__are_big_endian(void **state)
{
    (void)state;
    weir_frame_head head;
    assert_int_equal(weir__frame_head_read((const uint8_t *)"\x82\x7E\x01\x02", 4, &head), 4);
    assert_int_equal(head.len, 0x0102);
    const uint8_t wide[] = {0x82, 0x7F, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    assert_int_equal(weir__frame_head_read(wide, sizeof wide, &head), 10);
    assert_true(head.len == UINT64_C(0x0102030405060708));
}

static void R6455_5_2_9__key_follows_the_length__also_of_empty_payloads(void **state)
{
    (void)state;
    weir_frame_head head;
    for (unsigned opcode = 0; opcode < 16; opcode++) {
        const uint8_t bytes[] = {(uint8_t)(0x80 | opcode), 0x80, 0xDE, 0xAD, 0xBE, 0xEF};
        assert_int_equal(read_exact(bytes, sizeof bytes, &head), 6);
        assert_memory_equal(head.key, "\xDE\xAD\xBE\xEF", 4);
        assert_int_equal(head.opcode, opcode);
        assert_int_equal(head.len, 0);
    }
}

static void every_first_two_bytes__are_read_as_the_rfc_draws_them(void **state)
{
    (void)state;
    for (unsigned word = 0; word < 65536; word++) {
        uint8_t bytes[WEIR_FRAME_HEAD_MAX] = {(uint8_t)(word >> 8), (uint8_t)word, 0, 1, 2, 3};
        weir_frame_head head;
        const unsigned form = word & 0x7F;
        const size_t need = 2u +
                            (form < 126    ? 0u
                             : form == 126 ? 2u
                                           : 8u) +
                            ((word & 0x80) != 0 ? 4u : 0u);
        assert_int_equal(weir__frame_head_len(bytes[1]), need);
        if (form == 126)
            bytes[2] = 1;
        const int got = read_exact(bytes, need, &head);
        assert_int_equal(got, need);
        assert_int_equal(head.fin, word >> 15);
        assert_int_equal(head.rsv, word >> 12 & 7);
        assert_int_equal(head.opcode, word >> 8 & 15);
        assert_int_equal(head.masked, word >> 7 & 1);
        if (form < 126)
            assert_int_equal(head.len, form);
        /* Written again it is the same. */
        uint8_t again[WEIR_FRAME_HEAD_MAX];
        assert_int_equal(weir__frame_head_write(&head, again), need);
        assert_memory_equal(again, bytes, need);
    }
}

static void R6455_5_2_10__any_prefix_of_a_head__needs_more(void **state)
{
    (void)state;
    static const struct {
        size_t form;
        uint64_t len;
    } cases[] = {{0, 0}, {0, 125}, {2, 126}, {2, 65535}, {8, 65536}, {8, INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned mask = 0; mask <= 0x80; mask += 0x80) {
            uint8_t bytes[WEIR_FRAME_HEAD_MAX];
            weir_frame_head head;
            const size_t len = make_head(bytes, 0x81, (uint8_t)mask, cases[i].form, cases[i].len);
            for (size_t have = 0; have < len; have++)
                assert_int_equal(read_exact(bytes, have, &head), 0);
            assert_int_equal(read_exact(bytes, len, &head), len);
            assert_true(head.len == cases[i].len);
        }
    }
}

static void bytes_beyond_those_given__are_not_looked_at(void **state)
{
    (void)state;
    static const uint8_t bad[] = {0x82, 0x7E, 0, 0, 0, 0, 0, 0, 0, 0};
    weir_frame_head head;
    for (size_t len = 0; len < 4; len++)
        assert_int_equal(weir__frame_head_read(bad, len, &head), 0);
    assert_int_equal(weir__frame_head_read(bad, 4, &head), WEIR_E_LENGTH_FORM);
}

static void a_bad_length__is_refused_before_the_key_came(void **state)
{
    (void)state;
    uint8_t bytes[WEIR_FRAME_HEAD_MAX];
    weir_frame_head head;
    make_head(bytes, 0x82, 0x80, 8, UINT64_MAX);
    assert_int_equal(read_exact(bytes, 9, &head), 0);
    assert_int_equal(read_exact(bytes, 10, &head), WEIR_E_LENGTH_RANGE);
}

static void R6455_5_2_8__SEC_L6__writer_takes_the_shortest_form(void **state)
{
    (void)state;
    static const struct {
        uint64_t len;
        size_t bytes;
    } cases[] = {{0, 2},         {1, 2},     {125, 2},    {126, 4},
                 {127, 4},       {65535, 4}, {65536, 10}, {UINT64_C(1) << 32, 10},
                 {INT64_MAX, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint8_t masked = 0; masked < 2; masked++) {
            const size_t need = cases[i].bytes + (masked != 0 ? 4u : 0u);
            const weir_frame_head head = {
                .len = cases[i].len, .key = {9, 8, 7, 6}, .fin = 1, .opcode = 2, .masked = masked};
            uint8_t *out = malloc(need); /* not a byte more is written */
            assert_non_null(out);
            assert_int_equal(weir__frame_head_write(&head, out), need);
            weir_frame_head back;
            assert_int_equal(weir__frame_head_read(out, need, &back), need);
            assert_true(back.len == head.len);
            assert_int_equal(back.masked, masked);
            assert_memory_equal(back.key, masked != 0 ? "\x09\x08\x07\x06" : "\0\0\0\0", 4);
            free(out);
        }
    }
}

static void SEC_L6__head_without_a_key__leaves_the_bytes_behind_it(void **state)
{
    (void)state;
    static const uint64_t lens[] = {0, 125, 126, 65535, 65536};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const weir_frame_head head = {.len = lens[i], .key = {9, 8, 7, 6}, .fin = 1, .opcode = 2};
        uint8_t out[WEIR_FRAME_HEAD_MAX + 4];
        memset(out, 0xA5, sizeof out);
        for (size_t at = weir__frame_head_write(&head, out); at < sizeof out; at++)
            assert_int_equal(out[at], 0xA5);
    }
}

static void R6455_5_7_1__example_heads__read_and_write_as_printed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        weir_frame_head head;
    } cases[] = {
        {"\x81\x05", 2, {.len = 5, .fin = 1, .opcode = 1}},
        {"\x81\x85\x37\xfa\x21\x3d",
         6,
         {.len = 5, .key = {0x37, 0xfa, 0x21, 0x3d}, .fin = 1, .opcode = 1, .masked = 1}},
        {"\x01\x03", 2, {.len = 3, .opcode = 1}},
        {"\x80\x02", 2, {.len = 2, .fin = 1}},
        {"\x89\x05", 2, {.len = 5, .fin = 1, .opcode = 9}},
        {"\x8a\x85\x37\xfa\x21\x3d",
         6,
         {.len = 5, .key = {0x37, 0xfa, 0x21, 0x3d}, .fin = 1, .opcode = 10, .masked = 1}},
        {"\x82\x7E\x01\x00", 4, {.len = 256, .fin = 1, .opcode = 2}},
        {"\x82\x7F\0\0\0\0\0\x01\0\0", 10, {.len = 65536, .fin = 1, .opcode = 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[WEIR_FRAME_HEAD_MAX];
        assert_int_equal(weir__frame_head_write(&cases[i].head, out), cases[i].len);
        assert_memory_equal(out, cases[i].bytes, cases[i].len);
        weir_frame_head head;
        assert_int_equal(read_exact(out, cases[i].len, &head), cases[i].len);
        assert_true(head.len == cases[i].head.len);
        assert_int_equal(head.fin, cases[i].head.fin);
        assert_int_equal(head.opcode, cases[i].head.opcode);
        assert_memory_equal(head.key, cases[i].head.key, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_2_3__length_in_16_bits_below_126__is_refused),
        cmocka_unit_test(R6455_5_2_3__length_in_64_bits_below_65536__is_refused),
        cmocka_unit_test(R6455_5_2_4__SEC_L2__top_bit_of_a_64_bit_length__is_refused),
        cmocka_unit_test(SEC_L3__lengths_at_the_edges_of_types__are_read_as_they_are),
        cmocka_unit_test(R6455_5_2_5__lengths__are_big_endian),
        cmocka_unit_test(R6455_5_2_9__key_follows_the_length__also_of_empty_payloads),
        cmocka_unit_test(every_first_two_bytes__are_read_as_the_rfc_draws_them),
        cmocka_unit_test(R6455_5_2_10__any_prefix_of_a_head__needs_more),
        cmocka_unit_test(bytes_beyond_those_given__are_not_looked_at),
        cmocka_unit_test(a_bad_length__is_refused_before_the_key_came),
        cmocka_unit_test(R6455_5_2_8__SEC_L6__writer_takes_the_shortest_form),
        cmocka_unit_test(SEC_L6__head_without_a_key__leaves_the_bytes_behind_it),
        cmocka_unit_test(R6455_5_7_1__example_heads__read_and_write_as_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
