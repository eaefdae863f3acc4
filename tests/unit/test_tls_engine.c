/* SPDX-License-Identifier: MIT */
/* The pump on an engine that does as it is told; mistakes of the caller. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tls/script_engine.h"

static void peer_that_takes_nothing__cannot_pile_up_input(void **state)
{
    (void)state;
    for (unsigned open = 0; open < 2; open++) {
        scene s;
        weir_event events[4];
        size_t used;
        scene_make(&s, NULL, NULL);
        s.script.handshake = open ? WEIR_TLS_DONE : WEIR_TLS_WANT_OUTPUT;
        s.script.read = WEIR_TLS_WANT_OUTPUT;
        s.script.takes = 1;
        assert_int_equal(weir_tls_receive(s.tls, "\x16xyz", 4, &used, events, 4), 1);
        assert_int_equal(used, 4);
        assert_int_equal(events[0].cause, WEIR_TLS_E_BLOCKED);
        scene_free(&s);
    }
}

static void peer_that_takes_nothing__cannot_pile_up_a_handshake_without_a_connection(void **state)
{
    (void)state;
    scene s;
    size_t used;
    scene_make_alone(&s);
    s.script.handshake = WEIR_TLS_WANT_OUTPUT;
    s.script.takes = 1;
    assert_int_equal(weir_tls_receive(s.tls, "\x16xyz", 4, &used, NULL, 0), 0);
    assert_int_equal(used, 4);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_BLOCKED);
    scene_free(&s);
}

static void output_that_must_leave_first__holds_nothing_up_without_input(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    size_t used;
    scene_make(&s, NULL, NULL);
    s.script.handshake = WEIR_TLS_WANT_OUTPUT;
    assert_int_equal(weir_tls_receive(s.tls, "\x16", 1, &used, events, 4), 0);
    assert_int_equal(weir_tls_state(s.tls), WEIR_TLS_OPENING);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    scene_free(&s);
}

static void close_notify_in_the_handshake__ends_it(void **state)
{
    (void)state;
    scene s;
    scene_make(&s, NULL, NULL);
    s.script.handshake = WEIR_TLS_CLOSED;
    assert_int_equal(scene_end(&s), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void close_notify_in_the_handshake__ends_it_without_a_connection_too(void **state)
{
    (void)state;
    scene s;
    size_t used;
    scene_make_alone(&s);
    s.script.handshake = WEIR_TLS_CLOSED;
    assert_int_equal(weir_tls_receive(s.tls, "\x15", 1, &used, NULL, 0), 0);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void close__within_the_handshake_ends_it(void **state)
{
    (void)state;
    scene s;
    scene_make_alone(&s);
    assert_int_equal(weir_tls_close(s.tls), WEIR_OK);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);

    scene_make(&s, NULL, NULL);
    assert_int_equal(weir_tls_close(s.tls), WEIR_OK);
    assert_int_equal(scene_end(&s), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void first_byte__tells_what_is_not_tls(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    assert_int_equal(weir_tls_receive(s.tls, "G", 1, &used, events, 1), 1);
    assert_int_equal(events[0].cause, WEIR_TLS_E_NOT_TLS);
    scene_free(&s);
}

static void what_is_not_tls__leaves_nothing_to_put_out(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    weir_span span;
    size_t used;
    scene_make(&s, NULL, NULL);
    assert_int_equal(weir_tls_receive(s.tls, "GET /", 5, &used, events, 4), 1);
    assert_int_equal(events[0].cause, WEIR_TLS_E_NOT_TLS);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void attach__after_the_end_is_refused(void **state)
{
    (void)state;
    scene s;
    scene_make_alone(&s);
    scene_open(&s);
    weir_tls_receive_eof(s.tls);
    assert_int_equal(weir_tls_attach(s.tls, s.conn), WEIR_E_STATE);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void failed_write__ends_it(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_OUTPUT);
    s.script.write = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(scene_end(&s), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    scene_free(&s);
}

static void failed_write__is_told_to_who_writes(void **state)
{
    (void)state;
    scene s;
    size_t used;
    scene_make_alone(&s);
    scene_open(&s);
    s.script.write = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_write(s.tls, "x", 1, &used), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_write(s.tls, "x", 1, &used), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void failed_write__is_told_though_more_could_be_read(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    weir_span span;
    uint8_t bytes[4];
    size_t used, len;
    unsigned turns = 0;
    scene_make_alone(&s);
    scene_open(&s);
    s.script.read_len = 8;
    assert_int_equal(weir_tls_read(s.tls, "x", 1, &used, bytes, 4, &len), WEIR_TLS_DONE);
    s.script.write = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_write(s.tls, "x", 1, &used), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_read(s.tls, "x", 1, &used, bytes, 4, &len), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_save(s.tls, bytes, 4, &len), WEIR_E_NOT_FOUND);
    scene_free(&s);

    scene_make(&s, NULL, NULL);
    scene_open(&s);
    uint8_t *const many = malloc(140000); /* more than the connection takes at once */
    for (size_t at = 0; at < 140000; at += 14)
        memcpy(many + at, two_messages, 14);
    scene_gives(&s, many, 140000);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    s.script.write = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    while (weir_tls_wants(s.tls) & WEIR_WANT_EVENTS) {
        assert_true(turns++ < 20000);
        assert_int_equal(weir_tls_events(s.tls, events, 1), 1);
    }
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
    assert_int_equal(events[0].cause, WEIR_TLS_E_INTERNAL);
    scene_free(&s);
    free(many);
}

static void failed_close__is_told(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make_alone(&s);
    scene_open(&s);
    weir_tls_close(s.tls);
    s.script.close = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_INTERNAL);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_CLOSE);
    scene_free(&s);
}

static void close_notify_without_place__waits_for_it(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_tls_close(s.tls);
    s.script.close = WEIR_TLS_WANT_OUTPUT;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_OUTPUT);
    s.script.close = WEIR_TLS_DONE;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_false(weir_tls_wants(s.tls) & WEIR_WANT_OUTPUT);
    /* What is sent behind it stays where it is. */
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    scene_free(&s);
}

static void records__are_as_long_as_there_is_place(void **state)
{
    (void)state;
    static const char data[8000];
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.makes = 100;
    scene_open(&s);
    /* Behind other output a record that does not fit whole waits. */
    weir_conn_send(s.conn, WEIR_BINARY, data, sizeof data);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 100);
    assert_int_equal(weir_tls_sent(s.tls, 101), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_sent(s.tls, 40), WEIR_OK);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_sent(s.tls, 61), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_sent(s.tls, 60), WEIR_OK);
    assert_int_equal(weir_tls_output(s.tls, &span, 0), 0);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_in_range(span.len, 4096 - 32 - 512 - 64, 4096 - 32 - 512);
    scene_free(&s);
}

static void full_output__takes_no_record(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.makes = 3900;
    scene_open(&s);
    weir_conn_send(s.conn, WEIR_BINARY, "x", 1);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 3900);
    scene_free(&s);
}

static void eof__waits_for_what_the_engine_still_has(void **state)
{
    (void)state;
    for (unsigned closed = 0; closed < 2; closed++) {
        scene s;
        weir_event events[4];
        size_t used;
        scene_make(&s, NULL, NULL);
        scene_open(&s);
        s.script.read_len = 100000; /* more than the connection takes at once */
        weir_tls_receive(s.tls, "x", 1, &used, events, 4);
        s.script.read = closed ? WEIR_TLS_CLOSED : WEIR_TLS_WANT_INPUT;
        weir_tls_receive_eof(s.tls);
        while (weir_tls_events(s.tls, events, 4) > 0) {
        }
        assert_int_equal(s.script.read_len, 0);
        assert_int_equal(weir_tls_cause(s.tls),
                         closed ? (int)WEIR_TLS_CLOSED : WEIR_TLS_E_TRUNCATED);
        scene_free(&s);
    }
}

static void eof_without_a_connection__waits_for_what_can_be_read(void **state)
{
    (void)state;
    scene s;
    uint8_t plain[4];
    size_t used, len;
    scene_make_alone(&s);
    scene_open(&s);
    s.script.read_len = 6;
    assert_int_equal(weir_tls_read(s.tls, "x", 1, &used, plain, 4, &len), WEIR_TLS_DONE);
    weir_tls_receive_eof(s.tls);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    assert_int_equal(weir_tls_read(s.tls, NULL, 0, &used, plain, 4, &len), WEIR_TLS_DONE);
    assert_int_equal(len, 2);
    assert_int_equal(weir_tls_read(s.tls, NULL, 0, &used, plain, 4, &len), WEIR_TLS_WANT_INPUT);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_TRUNCATED);
    scene_free(&s);
}

static void eof_behind_the_last_message__is_asked_for(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    size_t used;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    scene_gives(&s, two_messages, sizeof two_messages);
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    weir_tls_receive_eof(s.tls);
    assert_int_equal(weir_tls_events(s.tls, events, 1), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_MESSAGE);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_DONE);
    assert_true(weir_tls_wants(s.tls) & WEIR_WANT_EVENTS);
    assert_int_equal(scene_end(&s), WEIR_TLS_E_TRUNCATED);
    scene_free(&s);
}

static void events__are_asked_for_until_all_is_delivered(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    size_t used;
    unsigned turns = 0;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    s.script.read_len = 70000; /* zeros: an unmasked frame, and the end of the connection */
    assert_int_equal(weir_tls_receive(s.tls, "x", 1, &used, events, 1), 1);
    while (weir_tls_wants(s.tls) & WEIR_WANT_EVENTS) {
        assert_true(turns++ < 100);
        weir_tls_events(s.tls, events, 1);
    }
    assert_int_equal(s.script.read_len, 0);
    scene_free(&s);
}

static bool refuse;

static void *refusing(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return refuse ? NULL : realloc(ptr, new_size);
}

static void no_memory_for_input__ends_it(void **state)
{
    (void)state;
    scene s;
    weir_event events[4];
    size_t used;
    refuse = false;
    scene_make(&s, refusing, NULL);
    refuse = true;
    s.script.read_len = 10;
    assert_int_equal(weir_tls_receive(s.tls, "\x16y", 2, &used, events, 4), 1);
    assert_int_equal(used, 2);
    assert_int_equal(events[0].cause, WEIR_E_MEMORY);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_E_MEMORY);
    refuse = false;
    scene_free(&s);
}

/* ---- Events ----------------------------------------------------------------------------------*/

static void events_behind_those_given__are_not_touched(void **state)
{
    (void)state;
    scene s;
    weir_event events[2] = {{0}, {.type = WEIR_EVENT_CLOSED, .cause = WEIR_E_TRANSPORT}};
    scene_make(&s, NULL, NULL);
    s.script.handshake = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_events(s.tls, events, 1), 1);
    assert_int_equal(events[0].cause, WEIR_TLS_E_INTERNAL);
    assert_int_equal(events[1].cause, WEIR_E_TRANSPORT);
    scene_free(&s);
}

static void end_that_the_connection_alone_was_told__keeps_its_name(void **state)
{
    (void)state;
    scene s;
    weir_report report;
    scene_make(&s, NULL, NULL);
    scene_open(&s);
    weir_conn_receive_eof(s.conn);
    assert_int_equal(scene_end(&s), WEIR_E_TRANSPORT);
    assert_int_equal(weir_tls_report(s.tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_E_TRANSPORT);
    scene_free(&s);
}

/* ---- Mistakes of the caller ------------------------------------------------------------------*/

static void size__has_bounds(void **state)
{
    (void)state;
    assert_int_equal(weir_tls_size(2047), 0);
    assert_true(weir_tls_size(2048) > 2048);
    assert_true(weir_tls_size(SIZE_MAX / 2) > SIZE_MAX / 2);
    assert_int_equal(weir_tls_size(SIZE_MAX / 2 + 1), 0);
    assert_int_equal(weir_tls_size(SIZE_MAX), 0);
}

static void bad_init__makes_nothing(void **state)
{
    (void)state;
    weir_tls_engine other = script_engine;
    scene s;
    weir_tls *tls;
    const size_t len = weir_tls_size(2048);
    scene_make(&s, NULL, NULL);
    assert_int_equal(weir_tls_init(NULL, len, &other, NULL, NULL, &tls), WEIR_E_ARGUMENT);
    assert_null(tls);
    assert_int_equal(weir_tls_init(s.memory, len, NULL, NULL, NULL, &tls), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_init(s.memory, len, &other, NULL, NULL, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_init(s.memory, len - 1, &other, NULL, NULL, &tls), WEIR_E_SHORT);
    other.overhead = 512;
    assert_int_equal(weir_tls_init(s.memory, len, &other, &s.script, NULL, &tls), WEIR_OK);
    other.overhead = 513;
    assert_int_equal(weir_tls_init(s.memory, len, &other, NULL, NULL, &tls), WEIR_E_SIZE);
    other.size--;
    assert_int_equal(weir_tls_init(s.memory, len, &other, NULL, NULL, &tls), WEIR_E_SIZE);
    scene_free(&s);
}

static void bad_arguments__are_refused(void **state)
{
    (void)state;
    scene s;
    weir_event events[1];
    weir_report report;
    weir_span span;
    weir_text text;
    uint8_t byte;
    size_t used = 0, len;
    scene_make(&s, NULL, NULL);
    weir_tls *const tls = s.tls;
    assert_int_equal(weir_tls_receive(NULL, "x", 1, &used, events, 1), WEIR_E_ARGUMENT);
    assert_int_equal(used, 1);
    assert_int_equal(weir_tls_receive(tls, "x", 1, NULL, events, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_receive(tls, NULL, 1, &used, events, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_receive(tls, "x", 1, &used, NULL, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_receive(tls, "x", 1, &used, events, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_events(NULL, events, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_receive_eof(NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_output(NULL, &span, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_output(tls, NULL, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_sent(NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_attach(NULL, s.conn), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_attach(tls, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_wants(NULL), WEIR_WANT_CLOSE);
    assert_int_equal(weir_tls_state(NULL), WEIR_TLS_OVER);
    assert_int_equal(weir_tls_cause(NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_close(NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(NULL, "x", 1, &used, &byte, 1, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, "x", 1, NULL, &byte, 1, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, "x", 1, &used, &byte, 1, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, NULL, 1, &used, &byte, 1, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, "x", 1, &used, NULL, 1, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, "x", 1, &used, &byte, 0, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_read(tls, "x", 1, &used, &byte, 1, &len), WEIR_E_STATE);
    assert_int_equal(weir_tls_write(NULL, "x", 1, &used), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_write(tls, "x", 1, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_write(tls, NULL, 1, &used), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_write(tls, "x", 1, &used), WEIR_E_STATE);
    assert_int_equal(weir_tls_text(NULL, 1, &text), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_text(tls, 1, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_text(tls, 1, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_number(NULL, 1), 0);
    assert_int_equal(weir_tls_number(tls, 1), 1);
    assert_int_equal(weir_tls_save(NULL, NULL, 0, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_save(tls, NULL, 0, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_save(tls, NULL, 1, &len), WEIR_E_ARGUMENT);
    len = 1;
    assert_int_equal(weir_tls_save(tls, &byte, 1, &len), WEIR_E_NOT_FOUND);
    assert_int_equal(len, 0);
    assert_int_equal(weir_tls_report(NULL, &report, sizeof report), WEIR_E_ARGUMENT);
    assert_int_equal(weir_tls_report(tls, &report, 1), WEIR_E_SIZE);
    scene_open(&s);
    assert_int_equal(weir_tls_save(tls, &byte, 1, &len), WEIR_E_SHORT);
    assert_int_equal(weir_tls_save(tls, NULL, 0, &len), WEIR_E_SHORT);
    assert_int_equal(len, 7);
    assert_int_equal(weir_tls_text(tls, 1, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_tls_report(tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_OK);
    scene_free(&s);
    weir_tls_free(NULL);
}

static void nothing__may_lie_at_null(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    size_t used = 1;
    scene_make_alone(&s);
    s.script.makes = 3;
    scene_open(&s);
    assert_int_equal(weir_tls_output(s.tls, NULL, 0), 0);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 3);
    assert_int_equal(weir_tls_write(s.tls, NULL, 0, &used), WEIR_TLS_DONE);
    assert_int_equal(used, 0);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(span.len, 3); /* no empty record */
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer_that_takes_nothing__cannot_pile_up_input),
        cmocka_unit_test(peer_that_takes_nothing__cannot_pile_up_a_handshake_without_a_connection),
        cmocka_unit_test(output_that_must_leave_first__holds_nothing_up_without_input),
        cmocka_unit_test(close_notify_in_the_handshake__ends_it),
        cmocka_unit_test(close_notify_in_the_handshake__ends_it_without_a_connection_too),
        cmocka_unit_test(close__within_the_handshake_ends_it),
        cmocka_unit_test(first_byte__tells_what_is_not_tls),
        cmocka_unit_test(what_is_not_tls__leaves_nothing_to_put_out),
        cmocka_unit_test(attach__after_the_end_is_refused),
        cmocka_unit_test(failed_write__ends_it),
        cmocka_unit_test(failed_write__is_told_to_who_writes),
        cmocka_unit_test(failed_write__is_told_though_more_could_be_read),
        cmocka_unit_test(failed_close__is_told),
        cmocka_unit_test(close_notify_without_place__waits_for_it),
        cmocka_unit_test(records__are_as_long_as_there_is_place),
        cmocka_unit_test(full_output__takes_no_record),
        cmocka_unit_test(eof__waits_for_what_the_engine_still_has),
        cmocka_unit_test(eof_without_a_connection__waits_for_what_can_be_read),
        cmocka_unit_test(eof_behind_the_last_message__is_asked_for),
        cmocka_unit_test(events__are_asked_for_until_all_is_delivered),
        cmocka_unit_test(no_memory_for_input__ends_it),
        cmocka_unit_test(events_behind_those_given__are_not_touched),
        cmocka_unit_test(end_that_the_connection_alone_was_told__keeps_its_name),
        cmocka_unit_test(size__has_bounds),
        cmocka_unit_test(bad_init__makes_nothing),
        cmocka_unit_test(bad_arguments__are_refused),
        cmocka_unit_test(nothing__may_lie_at_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
