/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.5.2, 7.1: deadlines by a clock of our own: handshake, keepalive, idleness, closing. */
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

#define BEGIN ((uint64_t)5000)

/* A connection that is open, or at another stage, since BEGIN. */
static void open_at(peer *p, char kind)
{
    peer_open(p, kind);
    wire_time(p, BEGIN);
    wire_feed(p, "O:"); /* a sign of life, and what deadlines count from */
    p->trace.len = 0;
}

static void expect_over(peer *p, weir_status cause, int side, uint64_t at)
{
    wire_time(p, at - 1);
    assert_int_equal(p->closed_count, 0);
    assert_true(weir_context_next_due(p->context) <= at);
    wire_time(p, at);
    assert_int_equal(p->closed_count, 1);
    assert_int_equal(peer_report(p).cause, cause);
    assert_int_equal(peer_report(p).side, side);
    assert_int_equal(peer_report(p).clean, 0);
}

/* ---- Handshake -------------------------------------------------------------------------------*/

static void R6455_7_4_1_4__R9112_9_5_1__late_request__gets_408(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        bytes request = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        p.accept = 0;
        peer_open(&p, 's');
        bytes_add_request(&request, NULL);
        if (i == 1)
            peer_feed(&p, request.data, request.len / 2, 7);
        if (i == 2)
            peer_feed(&p, request.data, request.len, 7);
        expect_over(&p, WEIR_E_HANDSHAKE_TIMEOUT, WEIR_SIDE_LOCAL, p.config.handshake_timeout_ms);
        peer_pump(&p);
        assert_memory_equal(p.output.data, "HTTP/1.1 408", 12);
        assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_SHUTDOWN_WRITE,
                         WEIR_WANT_SHUTDOWN_WRITE);
        bytes_free(&request);
        peer_close(&p);
    }
}

static void R9112_9_5_1__one_byte_a_second__does_not_move_the_deadline(void **state)
{
    bytes request = {NULL, 0, 0};
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 's');
    bytes_add_request(&request, NULL);
    for (uint64_t i = 1; i < 10; i++) {
        wire_time(&p, i * 1000);
        peer_feed(&p, request.data + i, 1, 1);
    }
    expect_over(&p, WEIR_E_HANDSHAKE_TIMEOUT, WEIR_SIDE_LOCAL, p.config.handshake_timeout_ms);
    bytes_free(&request);
    peer_close(&p);
}

static void R9112_9_5_1__late_response__ends_the_client_without_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 'c');
        if (i)
            peer_feed(&p, "HTTP/1.1 101 Switch", 19, 1);
        expect_over(&p, WEIR_E_HANDSHAKE_TIMEOUT, WEIR_SIDE_LOCAL, p.config.connect_timeout_ms);
        peer_pump(&p);
        assert_int_equal(p.output.len, 0);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

/* ---- Keepalive -------------------------------------------------------------------------------*/

static void R6455_5_5_2_1__silence__is_asked_by_a_ping(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_time(&p, BEGIN + p.config.ping_interval_ms - 1);
        peer_pump(&p);
        assert_int_equal(p.output.len, 0);
        wire_time(&p, BEGIN + p.config.ping_interval_ms);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 9), 1);
        assert_int_equal(peer_frames(&p, p.role, -1), 1);
        wire_time(&p, BEGIN + p.config.ping_interval_ms + 1000);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, -1), 1);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__ping_without_an_answer__ends_the_connection(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_time(&p, BEGIN + p.config.ping_interval_ms);
        peer_pump(&p);
        expect_over(&p, WEIR_E_PONG_TIMEOUT, WEIR_SIDE_LOCAL,
                    BEGIN + p.config.ping_interval_ms + p.config.pong_timeout_ms);
        assert_int_equal(peer_report(&p).code, 1006);
        assert_int_equal(peer_frames(&p, p.role, 8), 0);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__any_byte_is_life__part_of_a_frame_too(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const uint64_t later = BEGIN + 39999;
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_time(&p, BEGIN + 20000);
        peer_pump(&p);
        wire_time(&p, later);
        peer_feed(&p, "\x82", 1, 1);
        wire_time(&p, later + 19999);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 9), 1);
        wire_time(&p, later + 20000);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 9), 2);
        expect_over(&p, WEIR_E_PONG_TIMEOUT, WEIR_SIDE_LOCAL, later + 40000);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__clock_of_the_pong__starts_when_the_ping_has_left(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const uint64_t left = BEGIN + 20000 + 15000;
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_time(&p, BEGIN + 20000);
        wire_time(&p, left);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 9), 1);
        expect_over(&p, WEIR_E_PONG_TIMEOUT, WEIR_SIDE_LOCAL, left + p.config.pong_timeout_ms);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__ping_that_cannot_leave__ends_the_connection_too(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_time(&p, BEGIN + 20000);
        expect_over(&p, WEIR_E_PONG_TIMEOUT, WEIR_SIDE_LOCAL, BEGIN + 20000 + 40000);
        peer_close(&p);
    }
}

static void take_pong(peer *p, const void *payload, size_t len, weir_event *event)
{
    bytes input = {NULL, 0, 0};
    size_t used;
    bytes_add_frame(&input, other_role(p->role), 1, 10, payload, len);
    assert_int_equal(weir_conn_receive(p->conn, input.data, input.len, &used, event, 1), 1);
    assert_int_equal(event->type, WEIR_EVENT_PONG);
    bytes_free(&input);
}

static void R6455_5_5_3_3__answer_to_the_last_ping__tells_the_round_trip_time(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_event event;
        weir_stats stats;
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        weir_conn_ping(p.conn, "first", 5);
        peer_pump(&p);
        weir_conn_ping(p.conn, "last", 4);
        wire_time(&p, BEGIN + 100);
        peer_pump(&p); /* the clock starts here */
        wire_time(&p, BEGIN + 142);
        take_pong(&p, "first", 5, &event);
        assert_int_equal(event.flags, 0);
        assert_int_equal(event.rtt_ms, 0);
        weir_conn_stats(p.conn, &stats, sizeof stats);
        assert_true(stats.rtt_ms == WEIR_NONE);
        take_pong(&p, "last", 4, &event);
        assert_int_equal(event.flags, WEIR_FLAG_SOLICITED);
        assert_int_equal(event.rtt_ms, 42);
        weir_conn_stats(p.conn, &stats, sizeof stats);
        assert_int_equal(stats.rtt_ms, 42);
        take_pong(&p, "last", 4, &event);
        assert_int_equal(event.flags, 0);
        peer_close(&p);
    }
}

static void R6455_5_5_2_1__keepalive__can_be_switched_off(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.ping_interval_ms = WEIR_NONE;
    open_at(&p, 'S');
    wire_time(&p, UINT64_C(1) << 40);
    assert_true(weir_context_next_due(p.context) == WEIR_NONE);
    peer_pump(&p);
    assert_int_equal(p.output.len, 0);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    peer_close(&p);
}

/* ---- Idleness --------------------------------------------------------------------------------*/

static void R6455_7_4_1_4__idle_connection__is_closed_with_1001(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        const uint64_t last = BEGIN + 3000;
        peer p;
        peer_init(&p);
        p.config.idle_timeout_ms = 30000;
        p.config.ping_interval_ms = WEIR_NONE;
        open_at(&p, wire_kinds[i % 2]);
        wire_time(&p, last);
        if (i / 2 == 0)
            wire_feed(&p, "T:message");
        else if (i / 2 == 1)
            weir_conn_send(p.conn, WEIR_TEXT, "message", 7);
        else
            weir_conn_send_ref(p.conn, WEIR_TEXT, "message", 7, 1);
        peer_pump(&p);
        wire_time(&p, last + 20000);
        wire_feed(&p, "P:no O:message T-:begun");
        p.output.len = 0;
        wire_time(&p, last + 29999);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_time(&p, last + 30000);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        peer_pump(&p);
        assert_said(&p.output, p.role, "X:1001");
        wire_feed(&p, "C:x X:1001");
        assert_int_equal(peer_report(&p).cause, WEIR_E_IDLE_TIMEOUT);
        assert_int_equal(peer_report(&p).side, WEIR_SIDE_LOCAL);
        assert_int_equal(peer_report(&p).code, 1001);
        assert_int_equal(peer_report(&p).clean, 1);
        peer_close(&p);
    }
}

/* ---- Closing ---------------------------------------------------------------------------------*/

static void R6455_5_5_1_9__R6455_7_4_1_4__close_that_is_not_answered__times_out(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        peer p;
        peer_init(&p);
        open_at(&p, wire_kinds[i % 2]);
        weir_conn_close(p.conn, 1000, NULL, 0);
        if (i / 2)
            peer_pump(&p);
        wire_time(&p, BEGIN + 5000);
        wire_feed(&p, "T:still P:here"); /* does not move the deadline */
        expect_over(&p, WEIR_E_CLOSE_TIMEOUT, WEIR_SIDE_LOCAL, BEGIN + p.config.close_timeout_ms);
        assert_int_equal(peer_report(&p).code, 1006);
        assert_int_equal(peer_report(&p).local_code, 1000);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__answer_that_cannot_leave__times_out(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes close = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_script(&close, other_role(p.role), "X:3000,bye");
        wire_feed_held(&p, close.data, close.len);
        expect_over(&p, WEIR_E_CLOSE_TIMEOUT, WEIR_SIDE_PEER, BEGIN + p.config.close_timeout_ms);
        assert_int_equal(peer_report(&p).code, 3000);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        bytes_free(&close);
        peer_close(&p);
    }
}

static void R6455_7_1_7_1__last_close_that_cannot_leave__is_given_up(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_feed_held(&p, "\x83", 1);
        wire_time(&p, BEGIN + p.config.close_timeout_ms - 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_OUTPUT | WEIR_WANT_INPUT);
        wire_time(&p, BEGIN + p.config.close_timeout_ms);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(peer_report(&p).cause, WEIR_E_OPCODE);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_1_7_1__peer_that_does_not_end_the_transport__is_given_up(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        open_at(&p, *kind);
        wire_feed(&p, "3:");
        wire_time(&p, BEGIN + p.config.linger_timeout_ms - 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_INPUT);
        wire_feed(&p, "T:noise");
        wire_time(&p, BEGIN + p.config.linger_timeout_ms);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_1_3_1__deadline_of_one_connection__names_it_and_no_other(void **state)
{
    weir_conn *other;
    peer p;
    (void)state;
    peer_init(&p);
    open_at(&p, 'S');
    weir_context_set_time(p.context, BEGIN + 1);
    weir_conn_create_established(p.context, WEIR_CLIENT, &other);
    weir_context_set_time(p.context, BEGIN + 20000);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_null(weir_context_next_ready(p.context));
    weir_context_set_time(p.context, BEGIN + 20001);
    assert_ptr_equal(weir_context_next_ready(p.context), other);
    assert_null(weir_context_next_ready(p.context));
    weir_conn_free(other);
    peer_close(&p);
}

/* Someone who stops reading at the high water mark does not see the pong: what the peer takes is
 * life too, until it takes no more. */
static void R6455_7_2_1_1__slow_reader__is_alive_while_it_takes_output(void **state)
{
    static const uint8_t payload[1 << 20];
    (void)state;
    peer p;
    peer_init(&p);
    open_at(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, payload, sizeof payload), WEIR_OVER_HIGH);
    uint64_t now = BEGIN;
    for (int i = 0; i < 40; i++) {
        now += 10000;
        wire_time(&p, now);
        assert_int_equal(p.closed_count, 0);
        assert_int_equal(wire_take(&p, 1000), 1000);
    }
    wire_time(&p, now + p.config.ping_interval_ms - 1);
    assert_int_equal(p.closed_count, 0);
    for (int i = 0; i < 4; i++)
        wire_time(&p, now += p.config.ping_interval_ms);
    assert_int_equal(p.closed_count, 1);
    assert_int_equal(peer_report(&p).cause, WEIR_E_PONG_TIMEOUT);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_7_4_1_4__R9112_9_5_1__late_request__gets_408),
        cmocka_unit_test(R9112_9_5_1__one_byte_a_second__does_not_move_the_deadline),
        cmocka_unit_test(R9112_9_5_1__late_response__ends_the_client_without_a_word),
        cmocka_unit_test(R6455_5_5_2_1__silence__is_asked_by_a_ping),
        cmocka_unit_test(R6455_7_4_1_4__ping_without_an_answer__ends_the_connection),
        cmocka_unit_test(R6455_7_4_1_4__any_byte_is_life__part_of_a_frame_too),
        cmocka_unit_test(R6455_7_4_1_4__clock_of_the_pong__starts_when_the_ping_has_left),
        cmocka_unit_test(R6455_7_4_1_4__ping_that_cannot_leave__ends_the_connection_too),
        cmocka_unit_test(R6455_5_5_3_3__answer_to_the_last_ping__tells_the_round_trip_time),
        cmocka_unit_test(R6455_5_5_2_1__keepalive__can_be_switched_off),
        cmocka_unit_test(R6455_7_4_1_4__idle_connection__is_closed_with_1001),
        cmocka_unit_test(R6455_5_5_1_9__R6455_7_4_1_4__close_that_is_not_answered__times_out),
        cmocka_unit_test(R6455_7_4_1_4__answer_that_cannot_leave__times_out),
        cmocka_unit_test(R6455_7_1_7_1__last_close_that_cannot_leave__is_given_up),
        cmocka_unit_test(R6455_7_1_7_1__peer_that_does_not_end_the_transport__is_given_up),
        cmocka_unit_test(R6455_7_1_3_1__deadline_of_one_connection__names_it_and_no_other),
        cmocka_unit_test(R6455_7_2_1_1__slow_reader__is_alive_while_it_takes_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
