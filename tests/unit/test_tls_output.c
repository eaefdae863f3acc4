/* SPDX-License-Identifier: MIT */
/* The pump on an engine that does as it is told: how plaintext becomes records. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tls/script_engine.h"

/* What scene_make gives the pump, and the most plaintext for it: without overhead and reserve. */
#define OUTPUT ((size_t)4096)
#define ROOM (OUTPUT - 32 - 512)
#define RECORD ((size_t)16384)

/* An open scene with that much output and, when asked for, a connection. */
static void scene_make_with(scene *s, size_t output, bool has_conn)
{
    scene_make(s, NULL, NULL);
    weir_tls_free(s->tls);
    free(s->memory);
    s->script.freed = 0;
    s->memory = malloc(weir_tls_size(output));
    assert_int_equal(weir_tls_init(s->memory, weir_tls_size(output), &script_engine, &s->script,
                                   has_conn ? s->conn : NULL, &s->tls),
                     WEIR_OK);
    scene_open(s);
}

/* Messages that lie in one span each, of so many bytes with their heads. */
static void send_spans(scene *s, size_t len, unsigned count)
{
    static const char data[4096];
    weir_message *message;
    assert_int_equal(weir_message_create(s->weir, WEIR_BINARY, data, len - 4, &message), WEIR_OK);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(weir_conn_send_message(s->conn, message), WEIR_OK);
    weir_message_free(message);
}

/* All that is sent is in the output at once, in so many records, the longest of that length. */
static void assert_records(scene *s, unsigned count, size_t longest, size_t all)
{
    weir_span span;
    assert_int_equal(weir_tls_output(s->tls, &span, 1), 1);
    assert_int_equal(s->script.writes, count);
    assert_int_equal(s->script.longest, longest);
    assert_int_equal(span.len, all);
}

static void spans_that_fit_half_the_place__share_a_record(void **state)
{
    (void)state;
    static const struct {
        size_t output, len, longest;
        unsigned spans, records;
    } all[] = {
        {OUTPUT, ROOM / 16, 2 * (ROOM / 16), 2, 1},
        {OUTPUT, ROOM / 16, ROOM / 2, 8, 1},
        {OUTPUT, ROOM / 16, ROOM / 2, 9, 2},
        {4 * RECORD, 2000, 16000, 16, 2}, /* no longer than a record may be */
        {4 * RECORD, 200, 3200, 17, 2},   /* 16 are asked for at a time */
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        scene s;
        scene_make_with(&s, all[i].output, true);
        send_spans(&s, all[i].len, all[i].spans);
        assert_records(&s, all[i].records, all[i].longest, all[i].len * all[i].spans);
        scene_free(&s);
    }
}

static void engine_that_takes_a_byte_at_a_time__is_given_all(void **state)
{
    (void)state;
    scene s;
    scene_make_with(&s, OUTPUT, true);
    s.script.most = 1;
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    assert_records(&s, 3, 1, 3);
    scene_free(&s);
}

/* What is taken of a write behind so many bytes of other output. */
static size_t write_behind(size_t makes, size_t len, int status)
{
    static const char data[8000];
    scene s;
    size_t used;
    scene_make(&s, NULL, NULL);
    weir_tls_free(s.tls);
    s.script.freed = 0;
    s.script.makes = makes;
    assert_int_equal(
        weir_tls_init(s.memory, weir_tls_size(OUTPUT), &script_engine, &s.script, NULL, &s.tls),
        WEIR_OK);
    scene_open(&s);
    assert_int_equal(weir_tls_write(s.tls, data, len, &used), status);
    scene_free(&s);
    return used;
}

static void record_behind_others__is_whole_or_waits(void **state)
{
    (void)state;
    assert_int_equal(write_behind(0, ROOM, WEIR_TLS_DONE), ROOM);
    assert_int_equal(write_behind(0, ROOM + 1, WEIR_TLS_WANT_OUTPUT), ROOM);
    assert_int_equal(write_behind(1, ROOM, WEIR_TLS_WANT_OUTPUT), 0);
    assert_int_equal(write_behind(100, ROOM - 100, WEIR_TLS_DONE), ROOM - 100);
    assert_int_equal(write_behind(100, ROOM - 99, WEIR_TLS_WANT_OUTPUT), 0);
    assert_int_equal(write_behind(ROOM, 1, WEIR_TLS_WANT_OUTPUT), 0);
    assert_int_equal(write_behind(OUTPUT, 1, WEIR_TLS_WANT_OUTPUT), 0);
}

static void long_write__is_cut_into_records(void **state)
{
    (void)state;
    static char data[20000];
    scene s;
    weir_span span;
    size_t used;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i % 127);
    scene_make_with(&s, 4 * RECORD, false);
    assert_int_equal(weir_tls_write(s.tls, data, sizeof data, &used), WEIR_TLS_DONE);
    assert_int_equal(used, sizeof data);
    assert_records(&s, 2, RECORD, sizeof data);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_memory_equal(span.data, data, sizeof data);
    scene_free(&s);
}

static void engine_that_wants_output__takes_nothing(void **state)
{
    (void)state;
    scene s;
    size_t used;
    scene_make_with(&s, OUTPUT, false);
    s.script.write = WEIR_TLS_WANT_OUTPUT;
    assert_int_equal(weir_tls_write(s.tls, "x", 1, &used), WEIR_TLS_WANT_OUTPUT);
    assert_int_equal(used, 0);
    scene_free(&s);
}

/* Else it would be called for nothing, again and again. */
static void output_of_a_connection__is_wanted_between_handshake_and_close_notify(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make(&s, NULL, NULL);
    s.script.handshake = WEIR_TLS_WANT_INPUT;
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT);
    s.script.handshake = WEIR_TLS_DONE;
    scene_open(&s);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT | WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_close(s.tls), WEIR_OK);
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 1);
    assert_int_equal(weir_tls_sent(s.tls, span.len), WEIR_OK);
    weir_conn_send(s.conn, WEIR_TEXT, "x", 1);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_INPUT);
    scene_free(&s);
}

static void handshake_that_fails_as_it_begins__is_told_at_once(void **state)
{
    (void)state;
    scene s;
    weir_span span;
    scene_make_alone(&s);
    s.script.handshake = WEIR_TLS_E_INTERNAL;
    assert_int_equal(weir_tls_output(s.tls, &span, 1), 0);
    assert_int_equal(weir_tls_cause(s.tls), WEIR_TLS_E_INTERNAL);
    assert_int_equal(weir_tls_wants(s.tls), WEIR_WANT_CLOSE);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_that_fit_half_the_place__share_a_record),
        cmocka_unit_test(engine_that_takes_a_byte_at_a_time__is_given_all),
        cmocka_unit_test(record_behind_others__is_whole_or_waits),
        cmocka_unit_test(long_write__is_cut_into_records),
        cmocka_unit_test(engine_that_wants_output__takes_nothing),
        cmocka_unit_test(output_of_a_connection__is_wanted_between_handshake_and_close_notify),
        cmocka_unit_test(handshake_that_fails_as_it_begins__is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
