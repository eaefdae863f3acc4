/* SPDX-License-Identifier: MIT */
/* UTF-8 against a reference that reasons about code points instead of bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/cpu.h"
#include "../../src/kernels/utf8.h"
#include "support/guard.h"
#include "support/tables.h"

/* ---- The reference ---------------------------------------------------------------------------*/

/* Bytes of a character by its first byte as in the table of RFC 3629 3, 0 for none. */
static size_t character_len(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >> 5 == 6)
        return 2;
    if (lead >> 4 == 14)
        return 3;
    return lead >> 3 == 30 ? 4 : 0;
}

/* Whether some code point's character of total bytes starts with these len bytes. */
static bool possible(const uint8_t *data, size_t len, size_t total)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t lead_bits[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t low = data[0] & lead_bits[total];
    for (size_t i = 1; i < len; i++) {
        if (data[i] >> 6 != 2)
            return false;
        low = low << 6 | (data[i] & 0x3F);
    }
    /* The code points that can still come are low to high. */
    uint32_t shift = 6 * (uint32_t)(total - len);
    uint32_t high = low << shift | ((1u << shift) - 1);
    low <<= shift;
    low = low < least[total] ? least[total] : low;
    high = high > 0x10FFFF ? 0x10FFFF : high;
    bool only_surrogates = low >= 0xD800 && high <= 0xDFFF;
    return low <= high && !only_surrogates;
}

typedef struct verdict {
    size_t bad;   /* index of the first byte that cannot stand there, len if none */
    size_t whole; /* bytes of whole characters before bad */
} verdict;

static verdict reference(const uint8_t *data, size_t len)
{
    verdict result = {0, 0};
    while (result.whole < len) {
        const uint8_t *character = data + result.whole;
        size_t total = character_len(*character);
        if (total == 0)
            return result;
        for (size_t have = 1; have <= total; have++) {
            if (result.bad == len || !possible(character, have, total))
                return result;
            result.bad++;
        }
        result.whole = result.bad;
    }
    return result;
}

/* ---- Helpers ---------------------------------------------------------------------------------*/

static void check_whole(const weir__kernels *table, const uint8_t *data, size_t len,
                        verdict expected)
{
    uint32_t state = WEIR__UTF8_START;
    assert_true(weir__utf8_check(table, &state, data, len) == expected.bad);
    if (expected.bad == len)
        assert_true((state == WEIR__UTF8_START) == (expected.whole == len));
    assert_true(table->utf8(data, len) == expected.whole);
}

/* Feeds pieces with these ends; the bytes used together must be those of the reference. */
static void check_cut(const weir__kernels *table, const uint8_t *data, const size_t *ends,
                      size_t count, verdict expected)
{
    uint32_t state = WEIR__UTF8_START;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = ends[i] - at;
        size_t used = weir__utf8_check(table, &state, data + at, len);
        at += used;
        if (used < len)
            break;
    }
    assert_true(at == expected.bad);
    if (at == ends[count - 1])
        assert_true((state == WEIR__UTF8_START) == (expected.whole == at));
}

/* In two pieces at every place, and byte by byte. */
static void check_cuts(const weir__kernels *table, const uint8_t *data, size_t len)
{
    verdict expected = reference(data, len);
    check_whole(table, data, len, expected);
    if (len == 0)
        return;
    size_t every[64];
    for (size_t cut = 0; cut < len; cut++) {
        const size_t ends[2] = {cut, len};
        check_cut(table, data, ends, 2, expected);
        every[cut] = cut + 1;
    }
    check_cut(table, data, every, len, expected);
}

static uint32_t draw(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return *random;
}

/* Write a code point; returns its bytes. */
static size_t put(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t total = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t leads[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = total - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)(leads[total] | c);
    return total;
}

static uint32_t draw_character(uint32_t *random)
{
    static const uint32_t below[4] = {0x80, 0x800, 0xD800, 0x110000};
    uint32_t c = draw(random) % below[draw(random) % 4];
    return c >= 0xD800 && c <= 0xDFFF ? c - 0x800 : c;
}

/* Runs of ASCII and others, ending anywhere, with a wrong byte or not. */
static void draw_text(uint32_t *random, uint8_t *data, size_t len)
{
    uint8_t character[4];
    for (size_t at = 0; at < len;) {
        size_t bytes = put(character, draw(random) % 3 == 0 ? draw_character(random) : 'x');
        bytes = bytes < len - at ? bytes : len - at;
        memcpy(data + at, character, bytes);
        at += bytes;
    }
    if (len > 0 && draw(random) % 2 == 0)
        data[draw(random) % len] ^= (uint8_t)(1u << draw(random) % 8);
}

/* ---- Tests -----------------------------------------------------------------------------------*/

static void reference__accepts_as_many_as_there_are_code_points(void **state)
{
    (void)state;
    size_t count[4] = {0};
    for (uint32_t c = 0; c < 0x200000; c++) {
        uint8_t bytes[4];
        size_t len = put(bytes, c);
        count[len - 1] += reference(bytes, len).whole == len;
    }
    assert_int_equal(count[0], 0x80);
    assert_int_equal(count[1], 0x800 - 0x80);
    assert_int_equal(count[2], 0x10000 - 0x800 - 0x800);
    assert_int_equal(count[3], 0x110000 - 0x10000);
}

static void
R3629_1__every_sequence_of_one_and_two_bytes_is_judged_as_the_reference_does(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t value = 0; value < 0x10000; value++) {
            const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
            check_cuts(found[i], bytes, 2);
            if (value < 0x100)
                check_cuts(found[i], bytes + 1, 1);
        }
    }
}

static void R3629_1__every_sequence_of_three_bytes_is_judged_as_the_reference_does(void **state)
{
    (void)state;
    const weir__kernels *best = weir__kernels_for(weir__cpu_bits());
    size_t whole = 0;
    for (uint32_t value = 0; value < 0x1000000; value++) {
        const uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
        verdict expected = reference(bytes, 3);
        uint32_t walk = WEIR__UTF8_START;
        assert_true(weir__utf8_check(best, &walk, bytes, 3) == expected.bad);
        assert_true(best->utf8(bytes, 3) == expected.whole);
        whole += expected.whole == 3;
    }
    /* Three of one byte, one and two in either order, one of three. */
    assert_int_equal(whole, 128 * 128 * 128 + 2 * 128 * 1920 + (0x10000 - 0x800 - 0x800));
}

static void
R3629_1__sequences_of_four_bytes_at_every_bound_are_judged_as_the_reference_does(void **state)
{
    (void)state;
    static const uint8_t leads[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                    0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1,
                                    0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFE, 0xFF};
    static const uint8_t others[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    const size_t n = sizeof others;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    for (size_t i = 0; i < sizeof leads * n * n * n; i++) {
        const uint8_t bytes[4] = {leads[i / (n * n * n)], others[i / (n * n) % n],
                                  others[i / n % n], others[i % n]};
        for (size_t k = 0; k < count; k++)
            check_cuts(found[k], bytes, 4);
    }
}

/* Texts of four bytes are too short for vectors. */
static void
R3629_1__every_pair_of_bytes_is_judged_as_the_reference_does_in_a_long_text(void **state)
{
    (void)state;
    static const char *ends[] = {"xx", "\x80x", "\x80\x80"};
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    uint8_t text[80];
    memset(text, 'x', sizeof text);
    for (uint32_t value = 0; value < 0x30000; value++) {
        text[14] = (uint8_t)(value >> 8);
        text[15] = (uint8_t)value;
        memcpy(text + 16, ends[value >> 16], 2);
        const verdict expected = reference(text, sizeof text);
        for (size_t k = 0; k < count; k++)
            check_whole(found[k], text, sizeof text, expected);
    }
}

static void R3629_1__each_forbidden_form_fails_at_its_first_impossible_byte(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t bad;
    } cases[] = {
        {"\x80", 0},             /* a continuation alone */
        {"\xC0\x80", 0},         /* overlong NUL */
        {"\xC1\xBF", 0},         /* overlong DEL */
        {"\xE0\x80\x80", 1},     /* overlong */
        {"\xE0\x9F\xBF", 1},     /* overlong U+07FF */
        {"\xED\xA0\x80", 1},     /* U+D800 */
        {"\xED\xBF\xBF", 1},     /* U+DFFF */
        {"\xF0\x8F\xBF\xBF", 1}, /* overlong U+FFFF */
        {"\xF4\x90\x80\x80", 1}, /* U+110000 */
        {"\xF5\x80\x80\x80", 0}, /* above all planes */
        {"\xFF", 0},
        {"\xC3(", 1},
        {"\xE2\x82(", 2},
        {"\xF0\x9F\x98(", 3},
        {"\xE2\x82\xE2\x82\xAC", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t walk = WEIR__UTF8_START;
        const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
        size_t len = strlen(cases[i].bytes);
        assert_int_equal(weir__utf8_check(&weir__kernels_scalar, &walk, bytes, len), cases[i].bad);
    }
}

static void R6455_8_1_2__the_first_impossible_byte_is_named_wherever_the_text_is_cut(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    uint32_t random = 2463534242u;
    uint8_t data[64];
    for (size_t turn = 0; turn < 3000; turn++) {
        size_t len = turn % 65;
        draw_text(&random, data, len);
        for (size_t k = 0; k < count; k++)
            check_cuts(found[k], data, len);
    }
}

static void R6455_8_1_2__three_pieces_of_any_length_find_the_same_byte(void **state)
{
    (void)state;
    const weir__kernels *best = weir__kernels_for(weir__cpu_bits());
    uint32_t random = 99;
    uint8_t data[40];
    for (size_t turn = 0; turn < 60; turn++) {
        draw_text(&random, data, sizeof data);
        verdict expected = reference(data, sizeof data);
        for (size_t a = 0; a <= sizeof data; a++) {
            for (size_t b = a; b <= sizeof data; b++) {
                const size_t ends[3] = {a, b, sizeof data};
                check_cut(best, data, ends, 3, expected);
            }
        }
    }
}

/* Longer than two steps of the widest variant and everything that comes after them. */
#define MAX_LEN 330

static void R6455_8_1_3__all_variants_agree_at_every_length_and_offset(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    const guarded room = guard();
    uint32_t random = 7;
    for (size_t len = 0; len <= MAX_LEN; len++) {
        for (size_t offset = 0; offset < 66; offset++) {
            uint8_t *data = offset < 2 ? room.end - len : room.start + (offset - 2);
            draw_text(&random, data, len);
            verdict expected = reference(data, len);
            for (size_t k = 0; k < count; k++)
                check_whole(found[k], data, len, expected);
        }
    }
    unguard(room);
}

/* Some bytes moved through a text of ASCII or of others, which begins or ends at a guard page. */
static void check_everywhere(const char *bytes, const char *filler)
{
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    const size_t many = strlen(bytes);
    const guarded room = guard();
    /* Lengths with every kind of end; a whole filler character stands before the bytes or not. */
    for (size_t len = many; len <= MAX_LEN; len += len < 70 ? 1 : 13) {
        for (size_t at = 0; at + many <= len; at++) {
            uint8_t *data = at % 2 == 0 ? room.start : room.end - len;
            for (size_t i = 0; i < len; i++)
                data[i] = (uint8_t)filler[i % strlen(filler)];
            memcpy(data + at, bytes, many);
            verdict expected = reference(data, len);
            for (size_t k = 0; k < count; k++)
                check_whole(found[k], data, len, expected);
        }
    }
    unguard(room);
}

static void R6455_8_1_3__a_fault_is_found_at_every_place_of_a_long_text(void **state)
{
    (void)state;
    static const char *faults[] = {"\xFF",
                                   "\x80",
                                   "\xC1\xBF",
                                   "\xE0\x9F\xBF",
                                   "\xED\xA0\x80",
                                   "\xF0\x8F\xBF\xBF",
                                   "\xF4\x90\x80\x80",
                                   "\xF5\x80\x80\x80",
                                   "\xF0\x9F\x98",
                                   "\xE2\x82",
                                   "\xC3",
                                   "\xC3\xA9\xA9",
                                   "\xE2\x82\xAC\x80",
                                   "\xF0\x9F\x98\x80\x80"};
    static const char *fillers[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t filler = 0; filler < 4; filler++) {
        for (size_t fault = 0; fault < sizeof faults / sizeof *faults; fault++)
            check_everywhere(faults[fault], fillers[filler]);
    }
}

static void R6455_8_1_3__characters_at_every_bound_are_right_at_every_place(void **state)
{
    (void)state;
    static const char *bounds[] = {"\x7F",
                                   "\xC2\x80",
                                   "\xDF\xBF",
                                   "\xE0\xA0\x80",
                                   "\xED\x9F\xBF",
                                   "\xEE\x80\x80",
                                   "\xEF\xBF\xBF",
                                   "\xF0\x90\x80\x80",
                                   "\xF1\x80\x80\x80",
                                   "\xF3\xBF\xBF\xBF",
                                   "\xF4\x8F\xBF\xBF"};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        check_everywhere(bounds[i], "a");
}

/* The blocks of the variants go by in their loops; what they judge goes on to the exact byte. */
static void R6455_8_1_3__long_texts_are_right_but_for_the_one_byte_that_is_wrong(void **state)
{
    (void)state;
    static uint8_t data[20000];
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    uint32_t random = 31;
    for (size_t turn = 0; turn < 200; turn++) {
        const bool mostly_ascii = turn % 2 == 0;
        const size_t most = sizeof data - draw(&random) % 300;
        size_t len = 0;
        while (most - len >= 4)
            len += put(data + len,
                       mostly_ascii && draw(&random) % 300 != 0 ? 'x' : draw_character(&random));
        if (turn % 4 < 2)
            data[draw(&random) % len] ^= (uint8_t)(1u << draw(&random) % 8);
        verdict expected = reference(data, len);
        for (size_t k = 0; k < count; k++)
            check_whole(found[k], data, len, expected);
    }
}

static void R3629_4__text_that_ends_inside_a_character_is_not_at_a_start(void **state)
{
    (void)state;
    const char text[] = "h\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const bool inside[] = {0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0};
    for (size_t len = 0; len < sizeof text; len++) {
        uint32_t walk = WEIR__UTF8_START;
        const uint8_t *bytes = (const uint8_t *)text;
        assert_int_equal(weir__utf8_check(&weir__kernels_scalar, &walk, bytes, len), len);
        assert_int_equal(walk != WEIR__UTF8_START, inside[len]);
    }
}

static void R3629_4__a_missing_continuation_byte_fails_in_a_later_piece_too(void **state)
{
    (void)state;
    uint32_t walk = WEIR__UTF8_START;
    const uint8_t *half = (const uint8_t *)"\xE2\x82";
    assert_int_equal(weir__utf8_check(&weir__kernels_scalar, &walk, half, 2), 2);
    assert_int_equal(weir__utf8_check(&weir__kernels_scalar, &walk, half, 0), 0);
    assert_int_not_equal(walk, WEIR__UTF8_START);
    assert_int_equal(weir__utf8_check(&weir__kernels_scalar, &walk, half, 2), 0);
}

static void R3629_5__nul_noncharacters_and_bom_are_valid(void **state)
{
    (void)state;
    static const uint32_t valid[] = {0x0000,  0x007F,  0x0080,   0xD7FF,  0xE000,  0xFDD0,
                                     0xFEFF,  0xFFFE,  0xFFFF,   0x10000, 0x1FFFE, 0x1FFFF,
                                     0x2FFFE, 0xFFFFF, 0x10FFFE, 0x10FFFF};
    const weir__kernels *found[TABLES_MOST];
    size_t count = tables(found);
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        uint8_t text[40] = "0123456789012345678901234567890123";
        size_t len = 20 + put(text + 20, valid[i]);
        const verdict expected = {len, len};
        for (size_t k = 0; k < count; k++)
            check_whole(found[k], text, len, expected);
    }
}

/* A text without a fault but for the character it may end in, and one with a fault at its start. */
static void texts_too_short_for_a_character__are_trimmed_and_located(void **state)
{
    (void)state;
    static const uint8_t text[] = {0xF0, 0x9F, 0x98, 0x80};
    for (size_t len = 0; len < 4; len++) {
        assert_int_equal(weir__utf8_trim(text, len), 0);
        assert_int_equal(weir__utf8_locate(text, 0, len), 0);
    }
    assert_int_equal(weir__utf8_trim(text, 4), 4);
    assert_int_equal(weir__utf8_trim((const uint8_t *)"ab", 2), 2);
    assert_int_equal(weir__utf8_trim((const uint8_t *)"abc", 3), 3);
    assert_int_equal(weir__utf8_locate(text, 0, 4), 4);
    assert_int_equal(weir__utf8_locate((const uint8_t *)"\xFF", 0, 1), 0);
}

/* What stands before the text is not looked at, nor what stands behind it. */
static void a_fault_is_located__from_each_place_up_to_it(void **state)
{
    (void)state;
    static const uint8_t text[] = "\xFF"
                                  "ab\xE2\x82\xAC"
                                  "cd\xC3\xA9\xE2\x82(behind";
    static const size_t fault = 9; /* where the character begins that is broken */
    for (size_t at = 0; at <= fault + 2; at++)
        assert_int_equal(weir__utf8_locate(text + 1, at, fault + 3), fault);
    for (size_t at = 0; at <= 7; at++)
        assert_int_equal(weir__utf8_locate(text + 1, at, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference__accepts_as_many_as_there_are_code_points),
        cmocka_unit_test(
            R3629_1__every_sequence_of_one_and_two_bytes_is_judged_as_the_reference_does),
        cmocka_unit_test(R3629_1__every_sequence_of_three_bytes_is_judged_as_the_reference_does),
        cmocka_unit_test(
            R3629_1__sequences_of_four_bytes_at_every_bound_are_judged_as_the_reference_does),
        cmocka_unit_test(
            R3629_1__every_pair_of_bytes_is_judged_as_the_reference_does_in_a_long_text),
        cmocka_unit_test(R3629_1__each_forbidden_form_fails_at_its_first_impossible_byte),
        cmocka_unit_test(R6455_8_1_2__the_first_impossible_byte_is_named_wherever_the_text_is_cut),
        cmocka_unit_test(R6455_8_1_2__three_pieces_of_any_length_find_the_same_byte),
        cmocka_unit_test(R6455_8_1_3__all_variants_agree_at_every_length_and_offset),
        cmocka_unit_test(R6455_8_1_3__a_fault_is_found_at_every_place_of_a_long_text),
        cmocka_unit_test(R6455_8_1_3__characters_at_every_bound_are_right_at_every_place),
        cmocka_unit_test(R6455_8_1_3__long_texts_are_right_but_for_the_one_byte_that_is_wrong),
        cmocka_unit_test(R3629_4__text_that_ends_inside_a_character_is_not_at_a_start),
        cmocka_unit_test(R3629_4__a_missing_continuation_byte_fails_in_a_later_piece_too),
        cmocka_unit_test(R3629_5__nul_noncharacters_and_bom_are_valid),
        cmocka_unit_test(texts_too_short_for_a_character__are_trimmed_and_located),
        cmocka_unit_test(a_fault_is_located__from_each_place_up_to_it),
    };
    /* 16 million cases are too many for an emulated CPU. */
    if (getenv("WEIR_EMULATED") != NULL)
        cmocka_set_skip_filter("*every_sequence_of_three_bytes*");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
