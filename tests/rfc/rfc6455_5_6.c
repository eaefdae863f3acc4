/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.6: text is UTF-8 over all its frames, binary is opaque. */
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* Text in two or three frames with the cuts anywhere. */
static void expect_text(const uint8_t *text, size_t len, int valid)
{
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            for (const char *kind = wire_kinds; *kind; kind++) {
                const int from = other_role(kind_role(*kind));
                bytes input = {NULL, 0, 0};
                bytes_add_frame(&input, from, 0, 1, text, a);
                bytes_add_frame(&input, from, 0, 0, text + a, b - a);
                bytes_add_frame(&input, from, 1, 0, text + b, len - b);
                outcome o = run_all_cuts(*kind, &input, NULL);
                assert_int_equal(o.close_code, valid ? 0 : 1007);
                assert_int_equal(strstr(o.trace, "MESSAGE flags=7") != NULL, valid);
                assert_int_equal(o.report.cause, valid ? WEIR_OK : WEIR_E_UTF8);
                outcome_free(&o);
                bytes_free(&input);
            }
        }
    }
}

static void R6455_5_6_1__character_may_span_frames__every_two_cuts(void **state)
{
    (void)state;
    expect_text((const uint8_t *)"\xF0\x9F\x98\x80", 4, 1);
    expect_text((const uint8_t *)"a\xF4\x8F\xBF\xBF", 5, 1);
    expect_text((const uint8_t *)"\xE2\x82\xAC\xC2\xB5", 5, 1);
}

static void R6455_5_6_1__invalid_text_in_frames__fails_1007(void **state)
{
    (void)state;
    expect_text((const uint8_t *)"\xF0\x9F\x98", 3, 0);
    expect_text((const uint8_t *)"\xF4\x90\x80\x80", 4, 0);
    expect_text((const uint8_t *)"a\xED\xA0\x80", 4, 0);
    expect_text((const uint8_t *)"\xC2\xB5\x80", 3, 0);
}

static void R6455_5_6_2__binary_is_opaque__all_256_bytes(void **state)
{
    uint8_t all[512];
    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const int from = other_role(kind_role(*kind));
        bytes input = {NULL, 0, 0};
        bytes wanted = {NULL, 0, 0};
        weir_event event = {.type = WEIR_EVENT_MESSAGE,
                            .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST,
                            .data = all,
                            .len = sizeof all};
        bytes_add_frame(&input, from, 1, 2, all, sizeof all);
        bytes_add_frame(&input, from, 0, 2, all, 200);
        bytes_add_frame(&input, from, 1, 0, all + 200, sizeof all - 200);
        peer_trace_event(&wanted, &event);
        peer_trace_event(&wanted, &event);
        outcome o = run_all_cuts(*kind, &input, NULL);
        assert_int_equal(strlen(o.trace), wanted.len);
        assert_memory_equal(o.trace, wanted.data, wanted.len);
        outcome_free(&o);
        bytes_free(&wanted);
        bytes_free(&input);
    }
}

static void R6455_5_6_2__each_byte_alone__is_a_binary_message(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        bytes wanted = {NULL, 0, 0};
        for (int i = 0; i < 256; i++) {
            const uint8_t byte = (uint8_t)i;
            bytes_add_frame(&input, other_role(kind_role(*kind)), 1, 2, &byte, 1);
            peer_trace_event(&wanted, &(weir_event){.type = WEIR_EVENT_MESSAGE,
                                                    .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST,
                                                    .data = &byte,
                                                    .len = 1});
        }
        outcome o = run_all_cuts(*kind, &input, NULL);
        assert_int_equal(strlen(o.trace), wanted.len);
        assert_memory_equal(o.trace, wanted.data, wanted.len);
        outcome_free(&o);
        bytes_free(&wanted);
        bytes_free(&input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_6_1__character_may_span_frames__every_two_cuts),
        cmocka_unit_test(R6455_5_6_1__invalid_text_in_frames__fails_1007),
        cmocka_unit_test(R6455_5_6_2__binary_is_opaque__all_256_bytes),
        cmocka_unit_test(R6455_5_6_2__each_byte_alone__is_a_binary_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
