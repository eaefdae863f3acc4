/* SPDX-License-Identifier: MIT */
/* The pump on an engine that does as it is told: the last bytes, and two of a context. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tls/script_engine.h"

/* ---- The end of a connection -----------------------------------------------------------------*/

static const uint8_t close_frame[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8};

/* The peer's Close comes; the answer to it is not asked for yet. */
static void scene_peer_closes(scene *s)
{
    weir_event events[4];
    size_t used;
    scene_gives(s, close_frame, sizeof close_frame);
    assert_int_equal(weir_tls_receive(s->tls, "x", 1, &used, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSE);
    assert_int_equal(weir_tls_events(s->tls, events, 4), 0);
}

static void last_bytes__keep_the_connection_until_the_transport_took_them(void **state)
{
    (void)state;
    static const char data[2000];
    scene s;
    weir_event events[4];
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_conn_send(s.conn, WEIR_BINARY, data, sizeof data);
    scene_peer_closes(&s);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 4 + sizeof data + 4); /* with the answering Close */
    const size_t len = span.len;
    for (size_t left = len; left > 0; left--) {
        assert_int_equal(weir_tls_events(s.tls, events, 4), 0);
        assert_int_equal(weir_conn_state(s.conn), WEIR_CLOSING);
        assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
        assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
        assert_int_equal(span.len, left);
        assert_int_equal(weir_tls_sent(s.tls, 1), WEIR_OK);
    }
    assert_int_equal(scene_end(&s), WEIR_OK);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0); /* an empty close_notify */
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void last_bytes_that_never_leave__end_with_the_deadline(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_peer_closes(&s);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    weir_context_set_time(s.weir, 1000000);
    assert_ptr_equal(weir_context_next_ready(s.weir), s.conn);
    assert_int_equal(scene_end(&s), WEIR_E_CLOSE_TIMEOUT);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_CLOSE);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void last_bytes_of_which_the_engine_makes_nothing__hold_up_no_end(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.swallows = true;
    scene_open(&s);
    scene_peer_closes(&s);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(scene_end(&s), WEIR_OK);
    scene_free(&s);
}

static void crossing_closes__wait_for_the_transport_too(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_conn_close(s.conn, 1000, NULL, 0);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    scene_peer_closes(&s);
    assert_int_equal(weir_conn_state(s.conn), WEIR_CLOSING);
    assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    assert_int_equal(scene_end(&s), WEIR_OK);
    scene_free(&s);
}

static void close_and_close_notify_at_once__are_answered(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    weir_report report;
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    s.script.read = WEIR_TLS_CLOSED;
    scene_peer_closes(&s);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(*(const uint8_t *)span.data, 0x88);
    assert_int_equal(weir_tls_events(s.tls, events, 4), 0);
    assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    assert_int_equal(scene_end(&s), WEIR_OK);
    assert_int_equal(weir_tls_report(s.tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.clean, 1);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_CLOSED);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void broken_rule__is_told_then_close_notify_then_the_end_of_sending(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.notifies = true;
    scene_open(&s);
    s.script.read_len = 2; /* zeros: an unmasked frame */
    weir_event events[4];
    size_t used;
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(*(const uint8_t *)span.data, 0x88);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 1);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_sent(s.tls, 1), WEIR_OK);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_SHUTDOWN_WRITE);
    weir_tls_receive_eof(s.tls);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void end_of_the_transport__waits_for_no_answer(void **state)
{
    (void)state;
    scene s;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    s.script.read = WEIR_TLS_CLOSED;
    scene_peer_closes(&s);
    weir_tls_receive_eof(s.tls);
    assert_int_equal(scene_end(&s), WEIR_E_TRANSPORT);
    scene_free(&s);
}

static void close_notify__does_not_overtake_the_queue(void **state)
{
    (void)state;
    static const char data[20000];
    scene s;
    weir_span span;
    size_t sum = 0;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_conn_send(s.conn, WEIR_BINARY, data, sizeof data);
    weir_conn_close(s.conn, 1000, NULL, 0);
    weir_tls_close(s.tls);
    for (unsigned turn = 0; turn < 20 && weir_tls_output(s.tls, &span, 1) > 0; turn++) {
        sum += span.len;
        assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    }
    assert_int_equal(sum, 4 + sizeof data + 4);
    scene_free(&s);
}

/* ---- Two connections of one context ----------------------------------------------------------*/

/* Another connection of the scene's context, its handshake done. */
static void scene_join(scene *other, const scene *s)
{
    memset(other, 0, sizeof *other);
    other->script = s->script;
    other->script.gives_len = 0;
    other->memory = malloc(weir_tls_size(4096));
    assert_int_equal(weir_conn_create_established(s->weir, WEIR_SERVER, &other->conn), WEIR_OK);
    assert_int_equal(weir_tls_init(other->memory, weir_tls_size(4096), &script_engine,
                                   &other->script, other->conn, &other->tls),
                     WEIR_OK);
    scene_open(other);
}

static void events_of_another_connection__cost_nothing(void **state)
{
    (void)state;
    scene s, other;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_join(&other, &s);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    assert_int_equal(weir_tls_events(other.tls, events, 1), 0);
    assert_int_equal(weir_tls_events(s.tls, events, 1), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_MESSAGE);
    assert_int_equal(events[0].data[0], '2');
    assert_int_equal(weir_tls_events(s.tls, events, 1), 0);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    scene_free(&other);
    scene_free(&s);
}

static void input_of_another_connection__is_a_mistake_that_is_told(void **state)
{
    (void)state;
    scene s, other;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_join(&other, &s);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_receive(other.tls, "x", 1, &used, events, 1), 0);
    assert_int_equal(scene_end(&s), WEIR_E_STATE);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_E_STATE);
    scene_free(&other);
    scene_free(&s);
}

/* ---- What the engine holds back --------------------------------------------------------------*/

static void plaintext_behind_output__comes_when_that_has_left(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    weir_span span;
    size_t used;
    scene_make(&s, NULL, NULL);
    s.script.makes = 10;
    scene_open(&s);
    s.script.read = WEIR_TLS_WANT_OUTPUT;
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 4), 0);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(weir_tls_sent(s.tls, 0), WEIR_OK);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_sent(s.tls, 1), WEIR_OK);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_events(s.tls, events, 4), 2);
    scene_free(&s);
}

static void plaintext_that_came_with_the_handshake__is_asked_for(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0); /* it needs no input to be done */
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_tls_events(s.tls, events, 4), 2);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_bytes__keep_the_connection_until_the_transport_took_them),
        cmocka_unit_test(last_bytes_that_never_leave__end_with_the_deadline),
        cmocka_unit_test(last_bytes_of_which_the_engine_makes_nothing__hold_up_no_end),
        cmocka_unit_test(crossing_closes__wait_for_the_transport_too),
        cmocka_unit_test(close_and_close_notify_at_once__are_answered),
        cmocka_unit_test(broken_rule__is_told_then_close_notify_then_the_end_of_sending),
        cmocka_unit_test(end_of_the_transport__waits_for_no_answer),
        cmocka_unit_test(close_notify__does_not_overtake_the_queue),
        cmocka_unit_test(events_of_another_connection__cost_nothing),
        cmocka_unit_test(input_of_another_connection__is_a_mistake_that_is_told),
        cmocka_unit_test(plaintext_behind_output__comes_when_that_has_left),
        cmocka_unit_test(plaintext_that_came_with_the_handshake__is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
