/* SPDX-License-Identifier: MIT */
/* The pump between two connections on mbedTLS. */
#include <weir/tls.h>

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/tls/tls_pair.h"

/* ---- Two connections -------------------------------------------------------------------------*/

static void whole_life(size_t piece, size_t cap)
{
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    pair.piece = piece;
    pair.cap = cap;
    tls_pair_open(&pair);
    pair.server.echo = true;
    assert_int_equal(weir_conn_send(pair.client.conn, WEIR_TEXT, "hello", 5), WEIR_OK);
    assert_int_equal(weir_conn_send(pair.client.conn, WEIR_TEXT, "weir", 4), WEIR_OK);
    tls_pair_run(&pair);
    assert_int_equal(pair.client.messages, 2);
    assert_memory_equal(pair.client.got, "weir", 4);
    assert_int_equal(weir_conn_close(pair.client.conn, 1000, NULL, 0), WEIR_OK);
    tls_pair_run(&pair);
    assert_string_equal(pair.client.log, "open message message close closed");
    assert_string_equal(pair.server.log, "open message message close closed");
    assert_int_equal(pair.client.cause, WEIR_OK);
    assert_int_equal(pair.server.cause, WEIR_OK);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_CLOSED);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_CLOSED);
    assert_int_equal(weir_tls_state(pair.server.tls), WEIR_TLS_OVER);
    assert_true(weir_tls_wants(pair.server.tls) & WEIR_WANT_CLOSE);
    tls_pair_free(&pair);
}

static void life__is_the_same_however_the_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 24; piece++)
        whole_life(piece, piece % 3);
    static const size_t larger[] = {37, 64, 100, 500, 1000, 1400, 5000};
    for (size_t i = 0; i < sizeof larger / sizeof larger[0]; i++)
        whole_life(larger[i], 1);
}

static void messages_of_every_size__come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,     1,     125,   126,   16000,  16383,   16384,
                                   16385, 65535, 65536, 70000, 300000, 3 << 20, 17000};
    uint8_t *const data = malloc(3 << 20);
    assert_non_null(data);
    for (size_t i = 0; i < 3 << 20; i++)
        data[i] = (uint8_t)(i % 251);
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    pair.server.echo = true;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(weir_conn_send(pair.client.conn, WEIR_BINARY, data, sizes[i]) >= 0);
        tls_pair_run(&pair);
        assert_int_equal(pair.client.messages, i + 1);
        assert_int_equal(pair.client.got_len, sizes[i]);
        assert_memory_equal(pair.client.got, data, sizes[i]);
    }
    tls_pair_free(&pair);
    free(data);
}

static void small_messages__share_a_record(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_message *message;
    assert_int_equal(weir_message_create(pair.server.weir, WEIR_TEXT, "tick", 4, &message),
                     WEIR_OK);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(weir_conn_send_message(pair.server.conn, message), WEIR_OK);
    weir_message_free(message);
    weir_span span;
    assert_int_equal(weir_tls_output(pair.server.tls, &span, 1), 1);
    assert_in_range(span.len, 60 + 5, 60 + 64); /* one record, not ten */
    tls_pair_run(&pair);
    assert_int_equal(pair.client.messages, 10);
    tls_pair_free(&pair);
}

static void slow_transport__leaves_the_rest_in_the_queue(void **state)
{
    (void)state;
    static uint8_t data[1 << 20];
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    assert_int_equal(weir_conn_send(pair.client.conn, WEIR_BINARY, data, sizeof data),
                     WEIR_OVER_HIGH);
    weir_span span;
    assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
    assert_in_range(span.len, 16384, 17920);
    const void *const first = span.data;
    const size_t len = span.len;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
    assert_ptr_equal(span.data, first);
    assert_int_equal(span.len, len);
    assert_in_range(weir_conn_buffered_amount(pair.client.conn), (1 << 20) - 17920, 1 << 20);
    /* Byte by byte it moves on all the same. */
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(tls_pair_move(&pair, &pair.client, &pair.server, 1), 1);
    tls_pair_run(&pair);
    assert_int_equal(pair.server.messages, 1);
    assert_int_equal(pair.server.got_len, sizeof data);
    tls_pair_free(&pair);
}

/* ---- Ends ------------------------------------------------------------------------------------*/

static void assert_ends(const tls_end *end, int cause)
{
    weir_report report;
    assert_int_equal(weir_tls_cause(end->tls), cause);
    assert_int_equal(weir_tls_state(end->tls), WEIR_TLS_OVER);
    assert_int_equal(end->cause, cause);
    assert_int_equal(weir_tls_report(end->tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, cause);
    assert_int_equal(report.text.len, strlen(weir_tls_status_text(cause)));
    assert_memory_equal(report.text.data, weir_tls_status_text(cause), report.text.len);
    assert_true(weir_tls_wants(end->tls) & WEIR_WANT_CLOSE);
}

static void cut__without_close_notify_is_truncation(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    tls_end_cut(&pair, &pair.client);
    assert_ends(&pair.client, WEIR_TLS_E_TRUNCATED);
    tls_end_cut(&pair, &pair.client);
    assert_string_equal(pair.client.log, "open closed");
    tls_pair_free(&pair);
}

static void cut__within_a_record_is_truncation(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_conn_send(pair.server.conn, WEIR_TEXT, "hello", 5);
    tls_pair_move(&pair, &pair.server, &pair.client, 20);
    tls_end_cut(&pair, &pair.client);
    assert_ends(&pair.client, WEIR_TLS_E_TRUNCATED);
    assert_int_equal(pair.client.messages, 0);
    tls_pair_free(&pair);
}

static void cut__within_the_handshake_is_that(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_move(&pair, &pair.client, &pair.server, 30);
    tls_end_cut(&pair, &pair.server);
    assert_ends(&pair.server, WEIR_TLS_E_BROKEN_OFF);
    tls_pair_free(&pair);
}

static void cut__after_the_closing_handshake_leaves_the_connection_clean(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_conn_close(pair.client.conn, 1000, NULL, 0);
    tls_pair_move(&pair, &pair.client, &pair.server, SIZE_MAX);
    /* The Close; close_notify is made once that has left. */
    tls_pair_move(&pair, &pair.server, &pair.client, SIZE_MAX);
    tls_end_cut(&pair, &pair.client);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_E_TRUNCATED);
    assert_int_equal(pair.client.cause, WEIR_OK);
    weir_report report;
    assert_int_equal(weir_tls_report(pair.client.tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_OK);
    assert_int_equal(report.clean, 1);
    tls_pair_free(&pair);
}

static void close_notify_alone__ends_the_transport(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_conn_send(pair.client.conn, WEIR_TEXT, "last", 4);
    assert_int_equal(weir_tls_close(pair.client.tls), WEIR_OK);
    tls_pair_move(&pair, &pair.client, &pair.server, SIZE_MAX);
    /* The message before it was delivered first. */
    assert_string_equal(pair.server.log, "open message closed");
    assert_int_equal(pair.server.cause, WEIR_E_TRANSPORT);
    assert_int_equal(weir_tls_cause(pair.server.tls), WEIR_TLS_CLOSED);
    weir_report report;
    assert_int_equal(weir_tls_report(pair.server.tls, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_E_TRANSPORT); /* TLS itself ended well */
    /* RFC 5246 7.2.1: it is answered, even now. */
    assert_int_equal(weir_tls_wants(pair.server.tls), WEIR_WANT_CLOSE | WEIR_WANT_OUTPUT);
    assert_true(tls_pair_move(&pair, &pair.server, &pair.client, SIZE_MAX) > 0);
    assert_int_equal(weir_tls_wants(pair.server.tls), WEIR_WANT_CLOSE);
    assert_int_equal(weir_tls_cause(pair.client.tls), WEIR_TLS_CLOSED);
    /* What comes then is dropped. */
    tls_end_give(&pair, &pair.server, "x", 1);
    tls_pair_free(&pair);
}

static void altered_record__fails_and_is_told(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    weir_conn_send(pair.server.conn, WEIR_TEXT, "hello", 5);
    weir_span span;
    uint8_t record[256];
    assert_int_equal(weir_tls_output(pair.server.tls, &span, 1), 1);
    assert_true(span.len < sizeof record);
    memcpy(record, span.data, span.len);
    record[span.len - 1] ^= 1;
    const size_t len = span.len;
    assert_int_equal(weir_tls_sent(pair.server.tls, len), WEIR_OK);
    tls_end_give(&pair, &pair.client, record, len);
    assert_ends(&pair.client, WEIR_TLS_E_ALTERED);
    tls_pair_run(&pair);
    assert_ends(&pair.server, WEIR_TLS_E_ALERT);
    assert_int_equal(weir_tls_number(pair.server.tls, WEIR_TLS_NUMBER_ALERT), 20);
    tls_pair_free(&pair);
}

static void garbage__is_not_tls(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t data[] = {(uint8_t)byte, 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P'};
        for (unsigned side = 0; side < 2; side++) {
            tls_pair pair;
            tls_pair_make(&pair, NULL);
            tls_end *const end = side ? &pair.client : &pair.server;
            tls_end_give(&pair, end, data, sizeof data);
            if (byte == 21 || byte == 22)
                assert_true(weir_tls_cause(end->tls) <= 0);
            else
                assert_ends(end, WEIR_TLS_E_NOT_TLS);
            tls_pair_free(&pair);
        }
    }
}

static void garbage_in_the_midst__is_a_malformed_record(void **state)
{
    (void)state;
    tls_pair pair;
    tls_pair_make(&pair, NULL);
    tls_pair_open(&pair);
    tls_end_give(&pair, &pair.server, "GET / HTTP/1.1\r\n", 16);
    assert_ends(&pair.server, WEIR_TLS_E_RECORD);
    tls_pair_free(&pair);
}

static void deadline_in_the_handshake__closes_without_tls(void **state)
{
    (void)state;
    tls_pair pair;
    weir_event events[4];
    tls_pair_make(&pair, NULL);
    assert_int_equal(weir_tls_wants(pair.server.tls) & ~WEIR_WANT_OUTPUT, WEIR_WANT_INPUT);
    weir_context_set_time(pair.client.weir, 30000);
    assert_ptr_equal(weir_context_next_ready(pair.client.weir), pair.client.conn);
    assert_int_equal(weir_tls_events(pair.client.tls, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
    assert_int_equal(events[0].cause, WEIR_E_HANDSHAKE_TIMEOUT);
    assert_true(weir_tls_wants(pair.client.tls) & WEIR_WANT_CLOSE);
    assert_false(weir_tls_wants(pair.client.tls) & WEIR_WANT_INPUT);
    tls_pair_free(&pair);
}

/* ---- Plaintext for another protocol ----------------------------------------------------------*/

static void open_alone(tls_pair *pair)
{
    tls_pair_make(pair, &(tls_wish){.without_conns = true});
    tls_pair_open(pair);
}

static void plain_bytes__pass_without_a_connection(void **state)
{
    (void)state;
    static uint8_t data[40000], got[40000];
    tls_pair pair;
    weir_span span;
    size_t used, len, at = 0, sent = 0, have = 0;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    open_alone(&pair);
    assert_int_equal(weir_tls_wants(pair.client.tls), WEIR_WANT_INPUT);
    while (sent < sizeof data) {
        const int status = weir_tls_write(pair.client.tls, data + sent, sizeof data - sent, &used);
        sent += used;
        assert_int_equal(status, sent == sizeof data ? WEIR_TLS_DONE : (int)WEIR_TLS_WANT_OUTPUT);
        assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
        for (at = 0; at < span.len; at += used) {
            const int step = weir_tls_read(pair.server.tls, (const uint8_t *)span.data + at,
                                           span.len - at, &used, got + have, 3000, &len);
            have += len;
            assert_true(step == WEIR_TLS_DONE || step == WEIR_TLS_WANT_INPUT);
        }
        int step = WEIR_TLS_DONE;
        while (step == WEIR_TLS_DONE && have < sizeof got) {
            step = weir_tls_read(pair.server.tls, NULL, 0, &used, got + have, 3000, &len);
            have += len;
        }
        assert_int_equal(weir_tls_sent(pair.client.tls, span.len), WEIR_OK);
    }
    assert_int_equal(have, sizeof got);
    assert_memory_equal(got, data, sizeof data);

    assert_int_equal(weir_tls_close(pair.client.tls), WEIR_OK);
    assert_int_equal(weir_tls_write(pair.client.tls, data, 1, &used), WEIR_E_STATE);
    assert_true(weir_tls_wants(pair.client.tls) & WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
    assert_int_equal(weir_tls_read(pair.server.tls, span.data, span.len, &used, got, 10, &len),
                     WEIR_TLS_CLOSED);
    assert_int_equal(weir_tls_sent(pair.client.tls, span.len), WEIR_OK);
    assert_int_equal(weir_tls_wants(pair.client.tls), WEIR_WANT_INPUT | WEIR_WANT_SHUTDOWN_WRITE);
    assert_int_equal(weir_tls_read(pair.server.tls, data, 9, &used, got, 10, &len),
                     WEIR_TLS_CLOSED);
    assert_int_equal(used, 9);
    assert_int_equal(weir_tls_wants(pair.server.tls), 0); /* the caller may still write */
    assert_int_equal(weir_tls_close(pair.server.tls), WEIR_OK);
    assert_int_equal(weir_tls_output(pair.server.tls, &span, 1), 1);
    assert_int_equal(weir_tls_wants(pair.server.tls), WEIR_WANT_OUTPUT);
    assert_int_equal(weir_tls_sent(pair.server.tls, span.len), WEIR_OK);
    assert_int_equal(weir_tls_wants(pair.server.tls), WEIR_WANT_CLOSE | WEIR_WANT_SHUTDOWN_WRITE);
    tls_pair_free(&pair);
}

static void attached_later__the_rest_is_for_the_connection(void **state)
{
    (void)state;
    tls_pair pair;
    weir_event events[4];
    weir_span span;
    size_t used;
    open_alone(&pair);
    const weir_request request = {.url = {"ws://localhost/", WEIR_NTS}};
    weir_conn_create_client(pair.client.weir, &request, &pair.client.conn);
    weir_conn_create_server(pair.server.weir, &pair.server.conn);
    assert_int_equal(weir_tls_attach(pair.client.tls, pair.client.conn), WEIR_OK);
    assert_int_equal(weir_tls_attach(pair.client.tls, pair.client.conn), WEIR_E_STATE);
    assert_int_equal(weir_tls_output(pair.client.tls, &span, 1), 1);
    /* Nothing is taken before there is one who wants it. */
    assert_int_equal(weir_tls_receive(pair.server.tls, span.data, span.len, &used, events, 4), 0);
    assert_int_equal(used, 0);
    assert_int_equal(weir_tls_attach(pair.server.tls, pair.server.conn), WEIR_OK);
    tls_pair_open(&pair);
    tls_pair_free(&pair);
}

static void cut__alone_is_told_by_read(void **state)
{
    (void)state;
    tls_pair pair;
    uint8_t byte;
    size_t used, len;
    tls_pair_make(&pair, &(tls_wish){.without_conns = true});
    assert_int_equal(weir_tls_read(pair.client.tls, NULL, 0, &used, &byte, 1, &len), WEIR_E_STATE);
    assert_int_equal(weir_tls_write(pair.client.tls, "x", 1, &used), WEIR_E_STATE);
    tls_end_cut(&pair, &pair.client);
    assert_int_equal(weir_tls_read(pair.client.tls, NULL, 0, &used, &byte, 1, &len),
                     WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_write(pair.client.tls, "x", 1, &used), WEIR_TLS_E_BROKEN_OFF);
    assert_int_equal(weir_tls_wants(pair.client.tls), WEIR_WANT_CLOSE);
    tls_pair_free(&pair);
}

static void report__needs_a_connection(void **state)
{
    (void)state;
    tls_pair pair;
    weir_report report;
    tls_pair_make(&pair, &(tls_wish){.without_conns = true});
    assert_int_equal(weir_tls_report(pair.client.tls, &report, sizeof report), WEIR_E_STATE);
    tls_pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life__is_the_same_however_the_bytes_are_cut),
        cmocka_unit_test(messages_of_every_size__come_back),
        cmocka_unit_test(small_messages__share_a_record),
        cmocka_unit_test(slow_transport__leaves_the_rest_in_the_queue),
        cmocka_unit_test(cut__without_close_notify_is_truncation),
        cmocka_unit_test(cut__within_a_record_is_truncation),
        cmocka_unit_test(cut__within_the_handshake_is_that),
        cmocka_unit_test(cut__after_the_closing_handshake_leaves_the_connection_clean),
        cmocka_unit_test(close_notify_alone__ends_the_transport),
        cmocka_unit_test(altered_record__fails_and_is_told),
        cmocka_unit_test(garbage__is_not_tls),
        cmocka_unit_test(garbage_in_the_midst__is_a_malformed_record),
        cmocka_unit_test(deadline_in_the_handshake__closes_without_tls),
        cmocka_unit_test(plain_bytes__pass_without_a_connection),
        cmocka_unit_test(attached_later__the_rest_is_for_the_connection),
        cmocka_unit_test(cut__alone_is_told_by_read),
        cmocka_unit_test(report__needs_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
