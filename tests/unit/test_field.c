/* SPDX-License-Identifier: MIT */
/* Fields: the classes of bytes by their definitions, and every variant against a naive one. */
#include "../support/test.h"

#include <string.h>

#include "../../src/kernels/field.h"
#include "support/guard.h"
#include "support/tables.h"

#define MAX_LEN 300

/* RFC 9110 5.6.2. */
static int is_tchar(unsigned byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte > 0 && byte < 0x80 && strchr("!#$%&'*+-.^_`|~", (int)byte) != NULL);
}

/* RFC 9110 5.5: VCHAR, obs-text, SP, HTAB. */
static int is_value_char(unsigned byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

static void classes_of_bytes__are_those_of_the_definitions(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t b = (uint8_t)byte;
        assert_int_equal(weir__field_is(b, WEIR__FIELD_TOKEN), is_tchar(byte));
        assert_int_equal(weir__field_is(b, WEIR__FIELD_VCHAR), byte > 0x20 && byte < 0x7F);
        assert_int_equal(weir__field_is(b, WEIR__FIELD_TEXT), is_value_char(byte));
    }
}

#define MOST_LINES 40

static int is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* One line, from the text of RFC 9112 5 and 5.2; *at moves behind it. */
static int naive_line(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *line)
{
    size_t colon = *at;
    while (colon < end && is_tchar(bytes[colon]))
        colon++;
    if (colon == *at || colon == end || bytes[colon] != ':')
        return 0;
    size_t cr = colon + 1;
    while (cr < end && is_value_char(bytes[cr]))
        cr++;
    if (cr + 2 >= end || bytes[cr] != '\r' || bytes[cr + 1] != '\n' || is_blank(bytes[cr + 2]))
        return 0;
    size_t first = colon + 1;
    size_t last = cr;
    while (first < last && is_blank(bytes[first]))
        first++;
    while (first < last && is_blank(bytes[last - 1]))
        last--;
    line->name = (weir__field_slice){(uint32_t)*at, (uint32_t)(colon - *at)};
    line->value = (weir__field_slice){(uint32_t)first, (uint32_t)(last - first)};
    *at = cr + 2;
    return 1;
}

static void check(const weir__kernels *table, const uint8_t *bytes, size_t at, size_t end,
                  size_t cap)
{
    weir__field_line expected[MOST_LINES];
    weir__field_line lines[MOST_LINES + 1];
    memset(lines, 0xA5, sizeof lines);
    const weir__field_line untouched = lines[MOST_LINES];
    size_t count = 0;
    size_t behind = at;
    while (count < cap && naive_line(bytes, &behind, end, &expected[count]))
        count++;
    assert_int_equal(table->fields(bytes, &at, end, lines, cap), count);
    assert_int_equal(at, behind);
    if (count > 0)
        assert_memory_equal(lines, expected, count * sizeof lines[0]);
    assert_memory_equal(&lines[cap], &untouched, sizeof untouched);
}

/* A name of so many bytes, a colon, letters, and the end of the line before the last byte. */
static void fill(uint8_t *bytes, size_t len, size_t name_len)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)((i % 2 ? 'a' : 'A') + i % 26);
    if (name_len < len)
        bytes[name_len] = ':';
    if (len >= 3)
        memcpy(bytes + len - 3, "\r\n", 2);
}

static void every_variant__takes_lines_of_all_lengths_as_the_naive_one_does(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    const size_t names[] = {0, 1, 7, 8, 15, 16, 17, 24, 30, 31, 32, 33, 63, 64, 65, MAX_LEN};
    guarded room = guard();
    for (size_t i = 0; i < tables_count; i++) {
        for (size_t len = 0; len <= MAX_LEN; len++) {
            for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
                /* Against the page behind it, and against the one before it. */
                fill(room.end - len, len, names[n]);
                check(found[i], room.end - len, 0, len, MOST_LINES);
                fill(room.start, len, names[n]);
                check(found[i], room.start, 0, len, MOST_LINES);
            }
        }
    }
    unguard(room);
}

/* Where a line begins in a head, and where the byte stands that ends it. */
static void every_variant__starts_anywhere_and_finds_an_end_anywhere(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    guarded room = guard();
    for (size_t i = 0; i < tables_count; i++) {
        for (size_t len = 0; len <= 110; len++) {
            uint8_t *const bytes = room.end - len;
            for (size_t at = 0; at <= len; at++) {
                fill(bytes, len, at + 5);
                check(found[i], bytes, at, len, MOST_LINES);
                for (size_t cr = at; cr + 1 < len; cr++) {
                    uint8_t kept[2];
                    memcpy(kept, bytes + cr, 2);
                    memcpy(bytes + cr, "\r\n", 2);
                    check(found[i], bytes, at, len, MOST_LINES);
                    memcpy(bytes + cr, kept, 2);
                }
            }
        }
    }
    unguard(room);
}

/* Alone and beside others, so that no byte can lend to its neighbour or carry into it. */
static void every_variant__judges_every_byte_at_every_place(void **state)
{
    (void)state;
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    uint8_t bytes[83];
    for (size_t i = 0; i < tables_count; i++) {
        for (size_t at = 0; at < sizeof bytes; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                fill(bytes, sizeof bytes, 40);
                bytes[at] = (uint8_t)byte;
                check(found[i], bytes, 0, sizeof bytes, MOST_LINES);
                check(found[i], bytes, 0, at + 1, MOST_LINES);
                for (unsigned next = 0; at + 1 < sizeof bytes && next < 256; next += 3) {
                    bytes[at + 1] = (uint8_t)next;
                    check(found[i], bytes, at % 5, sizeof bytes, MOST_LINES);
                }
            }
        }
    }
}

/* Everything that a field line can be made of, in every order. */
static void every_variant__takes_as_many_lines_as_there_are_and_may_be(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "a:\r\n",
        "Name: value\r\n",
        "b: \t two words\t \r\n",
        "Empty: \t\r\n",
        " fold\r\n",
        ":\r\n",
        "sp ace: x\r\n",
        "\r\n",
        "c: x\n",
        "d: x\ry\r\n",
        "no colon\r\n",
        "A-Name-Of-More-Than-32-Characters-Altogether: and a value of more than that many\r\n"};
    enum {
        PARTS = sizeof parts / sizeof *parts
    };
    const weir__kernels *found[TABLES_MOST];
    const size_t tables_count = tables(found);
    guarded room = guard();
    for (size_t mix = 0; mix < PARTS * PARTS * PARTS; mix++) {
        char text[400] = "";
        size_t rest = mix;
        for (size_t i = 0; i < 3; i++, rest /= PARTS)
            strcat(text, parts[rest % PARTS]);
        const size_t len = strlen(text);
        uint8_t *const bytes = room.end - len;
        memcpy(bytes, text, len);
        for (size_t i = 0; i < tables_count; i++) {
            for (size_t cap = 0; cap <= 4; cap++)
                check(found[i], bytes, 0, len, cap);
        }
    }
    unguard(room);
}

static void runs__end_at_the_first_byte_of_another_class(void **state)
{
    (void)state;
    uint8_t bytes[40];
    for (size_t at = 0; at < sizeof bytes; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(bytes, 'x', sizeof bytes);
            bytes[at] = (uint8_t)byte;
            const size_t end = sizeof bytes;
            assert_int_equal(weir__field_token_end(bytes, 0, end), is_tchar(byte) ? end : at);
            assert_int_equal(weir__field_text_end(bytes, 0, end), is_value_char(byte) ? end : at);
            assert_int_equal(weir__field_vchar_end(bytes, 0, end),
                             byte > 0x20 && byte < 0x7F ? end : at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_of_bytes__are_those_of_the_definitions),
        cmocka_unit_test(every_variant__takes_lines_of_all_lengths_as_the_naive_one_does),
        cmocka_unit_test(every_variant__starts_anywhere_and_finds_an_end_anywhere),
        cmocka_unit_test(every_variant__judges_every_byte_at_every_place),
        cmocka_unit_test(every_variant__takes_as_many_lines_as_there_are_and_may_be),
        cmocka_unit_test(runs__end_at_the_first_byte_of_another_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
