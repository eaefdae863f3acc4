/* SPDX-License-Identifier: MIT */
/* Texts as pointer and length. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/base/text.h"
#include "../support/guard.h"

static weir_text literal(const char *data)
{
    weir_text text = {data, strlen(data)};
    return text;
}

static void assert_text(weir_text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void length_nts__counts_to_the_nul(void **state)
{
    (void)state;
    assert_int_equal(weir__text("abc", WEIR_NTS).len, 3);
    assert_int_equal(weir__text("", WEIR_NTS).len, 0);
    assert_int_equal(weir__text("a\0bc", 4).len, 4);
    assert_int_equal(WEIR__LITERAL("abc").len, 3);
}

static void no_data__is_the_empty_text_without_data(void **state)
{
    (void)state;
    assert_int_equal(weir__text(NULL, WEIR_NTS).len, 0);
    assert_int_equal(weir__text(NULL, 7).len, 0);
    assert_null(weir__text(NULL, 7).data);
}

static void equal__compares_every_byte_and_the_length(void **state)
{
    (void)state;
    assert_true(weir__text_equal(literal("abc"), literal("abc")));
    assert_false(weir__text_equal(literal("abc"), literal("abd")));
    assert_false(weir__text_equal(literal("abc"), literal("ab")));
    assert_false(weir__text_equal(literal("abc"), literal("aBc")));
    assert_true(weir__text_equal(weir__text(NULL, 0), literal("")));
}

/* What a pair of bytes is expected to give, from the definition in RFC 9110 5.1. */
static bool same_letter(int a, int b)
{
    bool a_letter = (a | 32) >= 'a' && (a | 32) <= 'z';
    return a == b || (a_letter && (a ^ b) == 32);
}

static void equal__finds_a_difference_at_every_place(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 20; len++) {
        char one[20];
        char two[20];
        memset(one, 'x', sizeof one);
        memset(two, 'x', sizeof two);
        const weir_text a = {one, len};
        const weir_text b = {two, len};
        assert_true(weir__text_equal(a, b) && weir__text_equal_nocase(a, b));
        for (size_t at = 0; at < sizeof two; at++) {
            two[at] = 'X';
            assert_int_equal(weir__text_equal(a, b), at >= len);
            assert_true(weir__text_equal_nocase(a, b));
            two[at] = 'y';
            assert_int_equal(weir__text_equal_nocase(a, b), at >= len);
            two[at] = 'x';
        }
    }
}

static void equal_nocase__folds_ascii_letters_only(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char left = (char)a;
            char right = (char)b;
            weir_text one = {&left, 1};
            weir_text two = {&right, 1};
            assert_int_equal(weir__text_equal_nocase(one, two), same_letter(a, b));
        }
    }
    assert_true(weir__text_equal_nocase(literal("Sec-WebSocket"), literal("sEC-wEBsOCKET")));
    assert_false(weir__text_equal_nocase(literal("upgrade"), literal("upgrad")));
    assert_false(weir__text_equal_nocase(literal("upgrade"), literal("upgradf")));
}

static void next_word__gives_each_word_and_then_false(void **state)
{
    (void)state;
    weir_text list = literal("chat v2.chat x");
    weir_text word;
    assert_true(weir__text_next_word(&list, &word));
    assert_text(word, "chat");
    assert_true(weir__text_next_word(&list, &word));
    assert_text(word, "v2.chat");
    assert_true(weir__text_next_word(&list, &word));
    assert_text(word, "x");
    assert_false(weir__text_next_word(&list, &word));
    assert_false(weir__text_next_word(&list, &word));
}

static void next_word_with_spaces_to_spare__is_never_empty(void **state)
{
    (void)state;
    weir_text list = literal("  a   b ");
    weir_text word;
    assert_true(weir__text_next_word(&list, &word));
    assert_text(word, "a");
    assert_true(weir__text_next_word(&list, &word));
    assert_text(word, "b");
    assert_false(weir__text_next_word(&list, &word));
    list = literal("   ");
    assert_false(weir__text_next_word(&list, &word));
    list = weir__text(NULL, 0);
    assert_false(weir__text_next_word(&list, &word));
}

static void trim__takes_outer_space_and_tab_only(void **state)
{
    (void)state;
    assert_text(weir__text_trim(literal(" \ta \tb\t ")), "a \tb");
    assert_text(weir__text_trim(literal("\ra\n")), "\ra\n");
    assert_text(weir__text_trim(literal(" \t ")), "");
    assert_text(weir__text_trim(literal("")), "");
}

static void look_at(weir_text one, weir_text two)
{
    assert_true(weir__text_equal(one, two));
    assert_true(weir__text_equal_nocase(one, two));
    assert_true(weir__text_trim(one).len <= one.len);
    weir_text word;
    while (weir__text_next_word(&one, &word))
        assert_in_range(word.len, 1, 5);
}

static void texts_between_memory_that_is_not_ours__are_not_left(void **state)
{
    (void)state;
    static const char bytes[] = " one  and two and three \t ";
    const size_t count = sizeof bytes - 1;
    const guarded rooms[2] = {guard(), guard()};
    for (size_t len = 0; len <= count; len++) {
        const weir_text at_end[2] = {{(char *)guard_copy(rooms[0], bytes, len), len},
                                     {(char *)guard_copy(rooms[1], bytes, len), len}};
        const weir_text at_start[2] = {{(char *)rooms[0].start, len},
                                       {(char *)rooms[1].start, len}};
        memcpy(rooms[0].start, bytes, len);
        memcpy(rooms[1].start, bytes, len);
        look_at(at_end[0], at_end[1]);
        look_at(at_start[0], at_start[1]);
        look_at(at_start[0], at_end[1]);
        const uint8_t *const ended = guard_copy(rooms[0], bytes + count - len, len + 1);
        assert_int_equal(weir__text((const char *)ended, WEIR_NTS).len, len);
    }
    unguard(rooms[0]);
    unguard(rooms[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_nts__counts_to_the_nul),
        cmocka_unit_test(no_data__is_the_empty_text_without_data),
        cmocka_unit_test(equal__compares_every_byte_and_the_length),
        cmocka_unit_test(equal__finds_a_difference_at_every_place),
        cmocka_unit_test(equal_nocase__folds_ascii_letters_only),
        cmocka_unit_test(next_word__gives_each_word_and_then_false),
        cmocka_unit_test(next_word_with_spaces_to_spare__is_never_empty),
        cmocka_unit_test(trim__takes_outer_space_and_tab_only),
        cmocka_unit_test(texts_between_memory_that_is_not_ours__are_not_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
