/* SPDX-License-Identifier: MIT */
/* Close codes and the payload of a Close. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../../src/protocol/close.h"

/* The table, written out another way than in the code. */
static bool code_on_wire(uint32_t code)
{
    static const uint16_t defined[] = {1000, 1001, 1002, 1003, 1007, 1008,
                                       1009, 1010, 1011, 1012, 1013, 1014};
    for (size_t i = 0; i < sizeof defined / sizeof defined[0]; i++) {
        if (code == defined[i])
            return true;
    }
    return code / 1000 == 3 || code / 1000 == 4;
}

/* Read from a copy that ends where its heap block ends; the reason is checked here. */
static int read_payload(const void *data, size_t len, uint32_t *code, size_t *reason_len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    weir_text reason;
    const int status = weir__close_payload_read(copy, len, code, &reason);
    *reason_len = reason.len;
    if (status == WEIR_OK && reason.len > 0)
        assert_memory_equal(reason.data, (const char *)data + 2, reason.len);
    free(copy);
    return status;
}

static int read_status(const void *data, size_t len)
{
    uint32_t code;
    size_t reason_len;
    return read_payload(data, len, &code, &reason_len);
}

static void R6455_5_5_1_3__R6455_7_4_2_1__R6455_7_4_2_2__SEC_P3__every_code__is_judged(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 65536; code++) {
        const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
        uint32_t got;
        size_t reason_len;
        const int status = read_payload(payload, 2, &got, &reason_len);
        assert_int_equal(weir__close_code_valid(code), code_on_wire(code));
        assert_int_equal(status, code_on_wire(code) ? WEIR_OK : WEIR_E_PEER_CLOSE_CODE);
        if (status == WEIR_OK)
            assert_int_equal(got, code);
        uint8_t out[125] = {0xAA, 0xAA};
        const int written = weir__close_payload_write(code, (weir_text){NULL, 0}, out);
        assert_int_equal(weir__close_payload_check(code, (weir_text){NULL, 0}), written);
        if (written <= 0)
            assert_memory_equal(out, "\xAA\xAA", 2);
        if (code == 0)
            assert_int_equal(written, 0);
        else
            assert_int_equal(written, code_on_wire(code) ? 2 : WEIR_E_CLOSE_CODE);
        if (written == 2)
            assert_memory_equal(out, payload, 2);
    }
    assert_false(weir__close_code_valid(65536 + 1000));
    assert_false(weir__close_code_valid(UINT32_MAX));
}

static void R6455_7_4_1_1__codes_for_reports_only__are_never_on_the_wire(void **state)
{
    (void)state;
    assert_int_equal(read_status("\x03\xEC", 2), WEIR_E_PEER_CLOSE_CODE); /* 1004 */
    assert_int_equal(read_status("\x03\xED", 2), WEIR_E_PEER_CLOSE_CODE); /* 1005 */
    assert_int_equal(read_status("\x03\xEE", 2), WEIR_E_PEER_CLOSE_CODE); /* 1006 */
    assert_int_equal(read_status("\x03\xF7", 2), WEIR_E_PEER_CLOSE_CODE); /* 1015 */
}

static void R6455_5_5_1_1__SEC_P1__every_payload_length__is_judged(void **state)
{
    (void)state;
    uint8_t payload[200];
    memset(payload, 'x', sizeof payload);
    payload[0] = 1000 >> 8;
    payload[1] = 1000 & 255;
    for (size_t len = 0; len < sizeof payload; len++) {
        uint32_t code;
        size_t reason_len;
        const int status = read_payload(payload, len, &code, &reason_len);
        if (len == 1 || len > 125) {
            assert_int_equal(status, len == 1 ? WEIR_E_CLOSE_LENGTH : WEIR_E_CONTROL_TOO_LONG);
            continue;
        }
        assert_int_equal(status, WEIR_OK);
        assert_int_equal(code, len == 0 ? 1005 : 1000);
        assert_int_equal(reason_len, len == 0 ? 0 : len - 2);
    }
}

static void R6455_5_5_1_2__reason_that_is_not_utf8__is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",  "\xC0\xAF",     "\xE0\x80\x80",
                                      "a\xFF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "\xF5",  "ok\xE2\x82"};
    static const char *const good[] = {"", "bye", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                       "\xEF\xBF\xBE"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char payload[16] = "\x03\xE8";
        strcpy(payload + 2, bad[i]);
        assert_int_equal(read_status(payload, 2 + strlen(bad[i])), WEIR_E_PEER_CLOSE_REASON);
        uint8_t out[125];
        const weir_text reason = {bad[i], strlen(bad[i])};
        assert_int_equal(weir__close_payload_write(1000, reason, out), WEIR_E_CLOSE_REASON);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char payload[16] = "\x03\xE8";
        strcpy(payload + 2, good[i]);
        assert_int_equal(read_status(payload, 2 + strlen(good[i])), WEIR_OK);
    }
    assert_int_equal(read_status("\x03\xE8z\0z", 5), WEIR_OK);
}

static void R6455_5_5_1_2__reason_cut_inside_a_character__is_refused(void **state)
{
    (void)state;
    const char payload[] = "\x03\xE8\xF0\x9F\x98\x80";
    for (size_t len = 3; len < 6; len++)
        assert_int_equal(read_status(payload, len), WEIR_E_PEER_CLOSE_REASON);
    assert_int_equal(read_status(payload, 6), WEIR_OK);
}

static void R6455_5_5_1_12__SEC_U1__writer__keeps_to_the_rules(void **state)
{
    (void)state;
    char text[130];
    memset(text, 'r', sizeof text);
    for (size_t len = 0; len <= 123; len++) {
        uint8_t *out = malloc(2 + len); /* not a byte more is written */
        assert_non_null(out);
        assert_int_equal(weir__close_payload_write(4000, (weir_text){text, len}, out), 2 + len);
        assert_memory_equal(out, "\x0F\xA0", 2);
        assert_memory_equal(out + 2, text, len);
        free(out);
    }
    uint8_t out[125];
    for (size_t len = 124; len <= sizeof text; len++)
        assert_int_equal(weir__close_payload_write(4000, (weir_text){text, len}, out),
                         WEIR_E_CLOSE_REASON);
    assert_int_equal(weir__close_payload_write(0, (weir_text){text, 1}, out), WEIR_E_CLOSE_REASON);
    assert_int_equal(weir__close_payload_write(1005, (weir_text){NULL, 0}, out), WEIR_E_CLOSE_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            R6455_5_5_1_3__R6455_7_4_2_1__R6455_7_4_2_2__SEC_P3__every_code__is_judged),
        cmocka_unit_test(R6455_7_4_1_1__codes_for_reports_only__are_never_on_the_wire),
        cmocka_unit_test(R6455_5_5_1_1__SEC_P1__every_payload_length__is_judged),
        cmocka_unit_test(R6455_5_5_1_2__reason_that_is_not_utf8__is_refused),
        cmocka_unit_test(R6455_5_5_1_2__reason_cut_inside_a_character__is_refused),
        cmocka_unit_test(R6455_5_5_1_12__SEC_U1__writer__keeps_to_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
