/* SPDX-License-Identifier: MIT */
/* The pump on an engine that does as it is told: how plaintext comes to a connection. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tls/script_engine.h"

static void plaintext_byte_by_byte__leaves_nothing_behind(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    size_t used;
    int count = 0;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    for (size_t i = 0; i < sizeof two_messages; i++) {
        scene_gives(&s, two_messages + i, 1);
        count += weir_tls_receive(s.tls, "x", 1, &used, events, 4);
        assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT);
    }
    assert_int_equal(count, 2);
    scene_free(&s);
}

static void byte_behind_a_message__is_asked_for_once(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_gives(&s, two_messages, sizeof two_messages / 2 + 1);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_events(s.tls, events, 1), 0);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    scene_free(&s);
}

static void byte_behind_a_message__comes_before_the_end(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_gives(&s, two_messages, sizeof two_messages / 2 + 1);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    weir_tls_receive_eof(s.tls);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    assert_int_equal(scene_end(&s), WEIR_TLS_E_TRUNCATED);
    scene_free(&s);
}

static void plaintext__is_no_more_than_the_connection_takes(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_gives(&s, two_messages, sizeof two_messages);
    s.script.read_len = 1000000; /* zeros: a continuation of nothing */
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 4), 3);
    assert_int_equal(events[2].type, WEIR_EVENT_CLOSED);
    assert_int_equal(events[2].cause, WEIR_E_CONTINUATION);
    scene_free(&s);
}

static void input_behind_events__is_given_again(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    s.script.takes = 0;
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_receive(s.tls, "xy", 2, &used, events, 4), 2);
    assert_int_equal(used, 0);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    scene_free(&s);
}

/* The engine has more than fits the place that another connection takes over. */
static void input_of_another_connection__is_told_though_there_is_more(void **state)
{
    (void)state;
    static uint8_t many[7000][sizeof two_messages];
    scene s;
    weir_conn *other;
    weir_event events[1];
    size_t used, len;
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
        memcpy(many[i], two_messages, sizeof two_messages);
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_gives(&s, many[0], sizeof many);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    assert_true(s.script.gives_len > 0);
    assert_int_equal(weir_conn_create_established(s.weir, WEIR_SERVER, &other), WEIR_OK);
    assert_non_null(weir_conn_input_buffer(other, &len));
    assert_int_equal(scene_end(&s), WEIR_E_STATE);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_E_STATE);
    weir_conn_free(other);
    scene_free(&s);
}

/* ---- Without a connection, then with one -----------------------------------------------------*/

static void input_that_was_not_taken__is_not_kept(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    uint8_t plain[4];
    size_t used, len;
    scene_make_alone(&s);
    scene_open(&s);
    assert_int_equal(weir_tls_receive(s.tls, "xyz", 3, &used, NULL, 0), 0);
    assert_int_equal(used, 0);
    assert_int_equal(weir_tls_write(s.tls, "1", 1, &used), WEIR_TLS_DONE);
    s.script.takes = 1;
    s.script.read_len = 1;
    assert_int_equal(weir_tls_read(s.tls, "xyz", 3, &used, plain, 4, &len), WEIR_TLS_DONE);
    assert_int_equal(used, 1);
    assert_int_equal(weir_tls_write(s.tls, "2", 1, &used), WEIR_TLS_DONE);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 2);
    scene_free(&s);
}

static void attached_connection__is_asked_for_what_is_there(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    scene_make_alone(&s);
    scene_open(&s);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_attach(s.tls, s.conn), WEIR_OK);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_events(s.tls, events, 4), 2);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    scene_free(&s);
}

static void connection_that_wants_no_input__is_given_none(void **state)
{
    (void)state;
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    scene s;
    weir_conn *conn;
    weir_event events[4];
    size_t used;
    scene_make_alone(&s);
    scene_open(&s);
    assert_int_equal(weir_conn_create_server(s.weir, &conn), WEIR_OK);
    assert_int_equal(weir_tls_attach(s.tls, conn), WEIR_OK);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_INPUT);
    scene_gives(&s, (const uint8_t *)request, sizeof request - 1);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_REQUEST);
    assert_int_equal(weir_tls_wants(s.tls), 0); /* before it is accepted */
    weir_conn_free(conn);
    scene_free(&s);
}

static void output_that_leaves__calls_for_no_events_that_nothing_held_up(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.makes = 10;
    scene_open(&s);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(weir_tls_sent(s.tls, 0), WEIR_OK);
    assert_int_equal(weir_tls_sent(s.tls, 1), WEIR_OK);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plaintext_byte_by_byte__leaves_nothing_behind),
        cmocka_unit_test(byte_behind_a_message__is_asked_for_once),
        cmocka_unit_test(byte_behind_a_message__comes_before_the_end),
        cmocka_unit_test(plaintext__is_no_more_than_the_connection_takes),
        cmocka_unit_test(input_behind_events__is_given_again),
        cmocka_unit_test(input_of_another_connection__is_told_though_there_is_more),
        cmocka_unit_test(input_that_was_not_taken__is_not_kept),
        cmocka_unit_test(attached_connection__is_asked_for_what_is_there),
        cmocka_unit_test(connection_that_wants_no_input__is_given_none),
        cmocka_unit_test(output_that_leaves__calls_for_no_events_that_nothing_held_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
