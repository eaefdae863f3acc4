/* SPDX-License-Identifier: MIT */
/* RFC 6455 8.1: text that is no UTF-8 fails the connection, at the first impossible byte. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* Where the frames' heads end for each role that sends. */
static size_t short_head(int from_role)
{
    return from_role == WEIR_CLIENT ? 6 : 2;
}

/* One text message in one frame: the fault's place must be the reference decoder's. */
static void expect_fault_at(char kind, const uint8_t *text, size_t len)
{
    const int from = other_role(kind_role(kind));
    int whole;
    const size_t fault = wire_utf8_fault(text, len, &whole);
    const bool valid = fault == len && whole;
    bytes input = {NULL, 0, 0};
    bytes_add_frame(&input, from, 1, 1, text, len);
    outcome o = run_all_cuts(kind, &input, NULL);
    assert_int_equal(o.report.cause, valid ? WEIR_OK : WEIR_E_UTF8);
    assert_int_equal(o.close_code, valid ? 0 : 1007);
    assert_int_equal(strstr(o.trace, "MESSAGE") != NULL, valid);
    assert_int_equal(o.report.offset, valid ? input.len : short_head(from) + fault);
    outcome_free(&o);
    bytes_free(&input);
}

static const char *const texts[] = {"plain",
                                    "\xC2\xB5",
                                    "\xE2\x82\xAC",
                                    "\xF0\x9F\x98\x80",
                                    "\xF4\x8F\xBF\xBF", /* good */
                                    "a\x80",
                                    "\xC0\xAF",
                                    "\xC1",
                                    "\xC2",
                                    "\xC2"
                                    "a",
                                    "\xE0\x80\x80",
                                    "\xE0\x9F\xBF",
                                    "\xED\xA0\x80",
                                    "\xED\xBF\xBF",
                                    "\xEF\xBF",
                                    "\xF0\x80\x80\x80",
                                    "\xF0\x8F\xBF\xBF",
                                    "\xF0\x90\x80",
                                    "\xF4\x90\x80\x80",
                                    "\xF5\x80\x80\x80",
                                    "\xF8\x88\x80\x80\x80",
                                    "\xFC\x84\x80\x80\x80\x80",
                                    "\xFE",
                                    "\xFF",
                                    "\xE2\x82"
                                    "a",
                                    "\xF0\x9F\x98"
                                    "a",
                                    "\xF0\x9F"
                                    "ab"};

#define TEXTS (sizeof texts / sizeof texts[0])

static void R6455_8_1_1__bad_text__fails_1007_in_both_roles(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * TEXTS; i++)
        expect_fault_at(wire_kinds[i % 2], (const uint8_t *)texts[i / 2], strlen(texts[i / 2]));
}

static void R6455_8_1_1__bad_text_after_a_good_message__delivers_the_good_one(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome o = run_script(*kind, "T:good T:ba%ffd T:late", NULL);
        assert_non_null(strstr(o.trace, "len=4 good"));
        assert_null(strstr(o.trace, "late"));
        assert_int_equal(o.close_code, 1007);
        outcome_free(&o);
    }
}

static void R6455_8_1_1__byte_that_is_no_utf8_in_the_handshake__gets_400(void **state)
{
    static const char *const heads[] = {"Sec-WebSocket-Protocol: caf\xC3\xA9\r\n",
                                        "Sec-WebSocket-Protocol: \xFF\r\n",
                                        "Sec-WebSocket-Extensions: x-\xC0\x80\r\n", "\xFF: a\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        bytes input = {NULL, 0, 0};
        bytes_add_request(&input, heads[i]);
        outcome o = run_all_cuts('s', &input, NULL);
        assert_int_equal(o.http_status, 400);
        assert_null(strstr(o.trace, "OPEN"));
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* ---- The first impossible byte ---------------------------------------------------------------*/

/* Byte by byte: the connection fails with the very byte, not before and not later. */
static void expect_fail_fast(char kind, const uint8_t *text, size_t len, int fin)
{
    const int from = other_role(kind_role(kind));
    int whole;
    const size_t fault = wire_utf8_fault(text, len, &whole);
    bytes input = {NULL, 0, 0};
    peer p;
    peer_init(&p);
    peer_open(&p, kind);
    bytes_add_frame(&input, from, fin, 1, text, len);
    for (size_t i = 0; i < input.len; i++) {
        peer_feed(&p, input.data + i, 1, 1);
        const bool failed = peer_report(&p).cause != WEIR_OK;
        const bool wanted =
            (fault < len && i >= short_head(from) + fault) || (!whole && fin && i + 1 == input.len);
        assert_int_equal(failed, wanted);
    }
    bytes_free(&input);
    peer_close(&p);
}

static void R6455_8_1_2__fault_shows_with_the_first_impossible_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * TEXTS; i++) {
        uint8_t text[40] = "before ";
        const size_t len = strlen(texts[i / 4]);
        memcpy(text + 7, texts[i / 4], len);
        memcpy(text + 7 + len, "after", 5);
        expect_fail_fast(wire_kinds[i % 2], text, 12 + len, i / 2 % 2);
        expect_fail_fast(wire_kinds[i % 2], text, 7 + len, i / 2 % 2);
    }
}

static void R6455_8_1_2__fault_inside_a_large_frame__shows_before_the_frame_ends(void **state)
{
    static const size_t places[] = {0, 1, 63, 64, 4095, 4096, 50000, 99998};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof places / sizeof places[0]; i++) {
        const char kind = wire_kinds[i % 2];
        const size_t place = places[i / 2];
        uint8_t *const text = malloc(100000);
        bytes input = {NULL, 0, 0};
        peer p;
        memset(text, 'a', 100000);
        text[place] = 0xED;
        text[place + 1] = 0xA0;
        peer_init(&p);
        peer_open(&p, kind);
        bytes_add_frame(&input, other_role(p.role), 1, 1, text, 100000);
        const size_t head = input.len - 100000;
        peer_feed(&p, input.data, head + place + 1, 1000);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        peer_feed(&p, input.data + head + place + 1, 1, 1);
        assert_int_equal(peer_report(&p).cause, WEIR_E_UTF8);
        assert_int_equal(peer_report(&p).offset, head + place + 1);
        assert_int_equal(peer_close_code(&p, p.role), 1007);
        bytes_free(&input);
        free(text);
        peer_close(&p);
    }
}

static void R6455_8_1_2__fault_over_frames__is_placed_in_the_input(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const size_t head = short_head(other_role(kind_role(*kind)));
        outcome o = run_script(*kind, "T-:a%f0 P:xy C-:%9f O: C:%98z", NULL);
        assert_int_equal(o.report.offset, head + 2 + head + 2 + head + 1 + head + head + 1);
        assert_int_equal(o.close_code, 1007);
        outcome_free(&o);
        o = run_script(*kind, "T-:a%f0 C:", NULL);
        assert_int_equal(o.report.offset, head + 2 + head);
        assert_int_equal(o.close_code, 1007);
        outcome_free(&o);
    }
}

/* ---- Lengths and alignments ------------------------------------------------------------------*/

static void expect_at(weir_context *context, int role, uint8_t *block, size_t align, size_t len,
                      size_t place)
{
    /* A zero key leaves the text where it is: the frame lies at the alignment. */
    const weir_frame_head head = {.len = len, .fin = 1, .opcode = 1, .masked = role == WEIR_SERVER};
    weir_event events[2];
    weir_conn *conn;
    size_t used;
    uint8_t *const at = block + align;
    const size_t head_len = (size_t)weir_frame_head_write(&head, at);
    memset(at + head_len, 'x', len);
    if (place < len)
        at[head_len + place] = 0xC0;
    weir_conn_create_established(context, role, &conn);
    assert_int_equal(weir_conn_receive(conn, at, head_len + len, &used, events, 2), 1);
    if (place < len) {
        assert_int_equal(events[0].cause, WEIR_E_UTF8);
        assert_int_equal(events[0].offset, head_len + place);
    } else {
        assert_int_equal(events[0].type, WEIR_EVENT_MESSAGE);
        assert_int_equal(events[0].len, len);
    }
    weir_conn_free(conn);
}

static void R6455_8_1_3__every_length_alignment_and_place_of_the_fault(void **state)
{
    static uint8_t block[256];
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (size_t align = 0; align < 32; align++)
            for (size_t len = 0; len <= 130; len++)
                for (size_t place = 0; place <= len; place += len < 40 || place + 9 > len ? 1 : 7)
                    expect_at(p.context, p.role, block, align, len, place);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_8_1_1__bad_text__fails_1007_in_both_roles),
        cmocka_unit_test(R6455_8_1_1__bad_text_after_a_good_message__delivers_the_good_one),
        cmocka_unit_test(R6455_8_1_1__byte_that_is_no_utf8_in_the_handshake__gets_400),
        cmocka_unit_test(R6455_8_1_2__fault_shows_with_the_first_impossible_byte),
        cmocka_unit_test(R6455_8_1_2__fault_inside_a_large_frame__shows_before_the_frame_ends),
        cmocka_unit_test(R6455_8_1_2__fault_over_frames__is_placed_in_the_input),
        cmocka_unit_test(R6455_8_1_3__every_length_alignment_and_place_of_the_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
