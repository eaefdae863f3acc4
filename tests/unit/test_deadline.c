/* SPDX-License-Identifier: MIT */
/* Deadlines: each passes at its time and once, and nobody is woken for nothing. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static uint64_t deadline_due(peer *p)
{
    return weir_context_next_due(p->context);
}

/* The clock goes to now as a program would take it: deadlines, then events and output. */
static void deadline_time(peer *p, uint64_t now)
{
    assert_int_equal(weir_context_set_time(p->context, now), WEIR_OK);
    while (weir_context_next_ready(p->context) != NULL)
        ;
    peer_pump(p);
}

/* The same without taking output: the transport takes nothing. */
static void deadline_time_blocked(peer *p, uint64_t now)
{
    weir_event events[8];
    weir_context_set_time(p->context, now);
    while (weir_context_next_ready(p->context) != NULL)
        ;
    while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS)
        for (int i = 0, n = weir_conn_events(p->conn, events, 8); i < n; i++)
            peer_trace_event(&p->trace, &events[i]);
}

static void deadline_begin(peer *p, char kind)
{
    peer_init(p);
    peer_open(p, kind);
    deadline_time(p, 0);
}

/* ---- Many connections ------------------------------------------------------------------------*/

#define MANY 10000

typedef struct deadline_many {
    weir_context *context;
    weir_conn *conns[MANY];
    uint64_t due[MANY];
    size_t fired;
} deadline_many;

static void many_create(deadline_many *many, size_t index, dice *d, uint64_t now)
{
    weir_conn **const conn = &many->conns[index];
    const uint64_t spans[] = {100, 5000, 100000, 50000000};
    const uint64_t span = dice_below(d, spans[dice_below(d, 4)]);
    assert_int_equal(weir_conn_create_server(many->context, conn), WEIR_OK);
    assert_int_equal(weir_conn_set(*conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, span), WEIR_OK);
    assert_int_equal(weir_conn_set_user(*conn, (void *)(uintptr_t)(index + 1)), WEIR_OK);
    many->due[index] = now + span;
}

static void many_take(deadline_many *many, uint64_t now)
{
    weir_event events[4];
    for (weir_conn *conn; (conn = weir_context_next_ready(many->context)) != NULL;) {
        const size_t index = (size_t)(uintptr_t)weir_conn_user(conn) - 1;
        const int count = weir_conn_events(conn, events, 4);
        assert_int_equal(count, 1);
        assert_int_equal(events[0].cause, WEIR_E_HANDSHAKE_TIMEOUT);
        assert_true(many->due[index] == now);
        many->fired++;
        weir_conn_free(conn);
        many->conns[index] = NULL;
    }
}

static uint64_t many_earliest(const deadline_many *many)
{
    uint64_t earliest = WEIR_NONE;
    for (size_t i = 0; i < MANY; i++)
        if (many->conns[i] && many->due[i] < earliest)
            earliest = many->due[i];
    return earliest;
}

static void ten_thousand_random_deadlines__each_passes_at_its_time_once(void **state)
{
    static deadline_many many;
    weir_config config;
    dice d = {7};
    (void)state;
    memset(&many, 0, sizeof many);
    weir_config_init(&config, sizeof config);
    assert_int_equal(weir_context_create(&config, &many.context), WEIR_OK);
    uint64_t now = 3;
    weir_context_set_time(many.context, now);
    for (size_t i = 0; i < MANY; i++)
        many_create(&many, i, &d, now);
    size_t steps = 0;
    for (uint64_t due; (due = weir_context_next_due(many.context)) != WEIR_NONE; steps++) {
        assert_true(due >= now);
        if (steps % 97 == 0)
            assert_true(due <= many_earliest(&many));
        if (due == now && many_earliest(&many) > now)
            many_take(&many, now); /* some are looked at and found not due */
        now = due;
        weir_context_set_time(many.context, now);
        many_take(&many, now);
        assert_true(steps < 20 * MANY);
    }
    assert_int_equal(many.fired, MANY);
    assert_int_equal(weir_context_free(many.context), WEIR_OK);
}

/* ---- The clock -------------------------------------------------------------------------------*/

static void clock_that_goes_back__is_ignored(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 's');
    deadline_time(&p, 9000);
    deadline_time(&p, 10);
    deadline_time(&p, 9999);
    assert_int_equal(p.closed_count, 0);
    deadline_time(&p, 10000);
    assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_HANDSHAKE_TIMEOUT"));
    peer_close(&p);
}

static void clock_that_leaps_to_its_end__passes_every_deadline_once(void **state)
{
    (void)state;
    for (const char *kind = "sScC"; *kind; kind++) {
        peer p;
        deadline_begin(&p, *kind);
        const uint64_t leaps[] = {1, UINT32_MAX, UINT64_C(1) << 40, UINT64_MAX - 1, UINT64_MAX};
        for (size_t i = 0; i < sizeof leaps / sizeof leaps[0]; i++) {
            deadline_time(&p, leaps[i]);
            deadline_time(&p, leaps[i]);
        }
        assert_true(deadline_due(&p) == WEIR_NONE || weir_conn_state(p.conn) != WEIR_CLOSED);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void deadlines_near_the_end_of_time__do_not_wrap(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    weir_context_set_time(p.context, UINT64_MAX - 5);
    assert_int_equal(weir_conn_create_server(p.context, &p.conn), WEIR_OK);
    assert_true(deadline_due(&p) >= UINT64_MAX - 5);
    deadline_time(&p, UINT64_MAX - 1);
    assert_int_equal(p.closed_count, 0);
    peer_close(&p);
}

static void clock_at_the_end_of_time__passes_no_deadline_that_is_none(void **state)
{
    (void)state;
    for (const char *kind = "sScC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.handshake_timeout_ms = p.config.connect_timeout_ms = WEIR_NONE;
        p.config.ping_interval_ms = WEIR_NONE;
        peer_open(&p, *kind);
        deadline_time(&p, UINT64_MAX);
        assert_int_equal(p.closed_count, 0);
        assert_true(deadline_due(&p) == WEIR_NONE);
        peer_close(&p);
    }
}

/* ---- Silence ---------------------------------------------------------------------------------*/

static void silence__brings_a_ping_then_the_end_each_at_its_time(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        deadline_begin(&p, *kind);
        deadline_time(&p, 19999);
        assert_int_equal(p.output.len, 0);
        deadline_time(&p, 20000);
        assert_int_equal(peer_frames(&p, p.role, 9), 1);
        assert_true(deadline_due(&p) <= 40000);
        deadline_time(&p, 39999);
        assert_int_equal(p.closed_count, 0);
        deadline_time(&p, 40000);
        assert_true(peer_saw(&p, "cause=WEIR_E_PONG_TIMEOUT"));
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_true(deadline_due(&p) == WEIR_NONE);
        peer_close(&p);
    }
}

static void program_that_slept__pings_before_it_gives_up(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    deadline_time(&p, 500000);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 9), 1);
    deadline_time(&p, 519999);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    peer_close(&p);
}

static void any_byte__is_life(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    for (uint64_t now = 20000; now < 400000; now += 39000) {
        deadline_time(&p, now);
        deadline_time(&p, now + 19999);
        peer_feed(&p, "\x82", 1, 1); /* a head that never ends, byte by byte */
        if (now > 20000)
            break;
        peer_feed(&p, "\xFE\x01", 2, 1);
    }
    assert_int_equal(p.closed_count, 0);
    peer_close(&p);
}

static void peer_that_sends_but_does_not_read__is_not_called_silent(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes frame = {0};
        deadline_begin(&p, *kind);
        bytes_add_frame(&frame, p.role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 1, 2, "x", 1);
        assert_int_equal(weir_conn_ping(p.conn, "?", 1), WEIR_OK); /* cannot leave */
        for (uint64_t now = 5000; now < 300000; now += 5000) {
            weir_event events[4];
            uint8_t block[16];
            size_t used;
            deadline_time_blocked(&p, now);
            memcpy(block, frame.data, frame.len);
            (void)weir_conn_receive(p.conn, block, frame.len, &used, events, 4);
        }
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        bytes_free(&frame);
        peer_close(&p);
    }
}

static void own_pings__do_not_put_off_the_end_of_a_dead_peer(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    for (uint64_t now = 0; now <= 60000 && weir_conn_state(p.conn) == WEIR_OPEN; now += 5000) {
        deadline_time(&p, now);
        (void)weir_conn_ping(p.conn, "mine", 4);
        peer_pump(&p);
    }
    assert_true(peer_saw(&p, "cause=WEIR_E_PONG_TIMEOUT"));
    peer_close(&p);
}

static void ping_that_cannot_leave__still_ends_a_dead_peer(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    deadline_time_blocked(&p, 20000);
    deadline_time_blocked(&p, 59999);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    deadline_time_blocked(&p, 60000);
    assert_true(peer_saw(&p, "cause=WEIR_E_PONG_TIMEOUT"));
    peer_close(&p);
}

static void keepalive_that_finds_life__goes_on_for_ever(void **state)
{
    test_alloc alloc = {0};
    pair p;
    (void)state;
    pair_init(&p, &alloc);
    assert_int_equal(pair_open(&p, 's'), WEIR_OK);
    pair_run(&p, 100);
    for (int i = 0; i < 2000; i++) {
        const uint64_t due = weir_context_next_due(p.context);
        assert_true(due != WEIR_NONE);
        weir_context_set_time(p.context, due);
        while (weir_context_next_ready(p.context) != NULL)
            ;
        pair_run(&p, 100);
    }
    assert_true(p.side[0].counts[WEIR_EVENT_PONG] + p.side[1].counts[WEIR_EVENT_PONG] > 900);
    assert_int_equal(p.side[0].counts[WEIR_EVENT_CLOSED], 0);
    pair_free(&p);
}

/* How long a pong may take says nothing of when the next ping is due. */
static void ping_that_was_answered__is_followed_by_the_next_after_the_interval(void **state)
{
    static const uint64_t timeouts[] = {0, 5000, 20000, 60000, WEIR_NONE};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof timeouts / sizeof timeouts[0]; i++) {
        peer p;
        peer_init(&p);
        p.config.pong_timeout_ms = timeouts[i / 2];
        peer_open(&p, i % 2 ? 'C' : 'S');
        for (size_t pings = 1; pings <= 3; pings++) {
            deadline_time(&p, pings * 20000 - 1);
            assert_int_equal(peer_frames(&p, p.role, 9), pings - 1);
            assert_true(deadline_due(&p) <= pings * 20000);
            deadline_time(&p, pings * 20000);
            assert_int_equal(peer_frames(&p, p.role, 9), pings);
            peer_feed(&p, p.role == WEIR_SERVER ? "\x8A\x80\0\0\0" : "\x8A\0", i % 2 ? 2 : 6, 6);
        }
        peer_close(&p);
    }
}

/* ---- Closing ---------------------------------------------------------------------------------*/

static void unanswered_close__ends_after_its_timeout(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        deadline_begin(&p, *kind);
        deadline_time(&p, 500);
        weir_conn_close(p.conn, 1000, NULL, 0);
        peer_pump(&p);
        deadline_time(&p, 10499);
        assert_int_equal(p.closed_count, 0);
        deadline_time(&p, 10500);
        assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_CLOSE_TIMEOUT"));
        peer_close(&p);
    }
}

static void client_that_waits_for_the_end_of_the_transport__gives_up(void **state)
{
    peer p;
    bytes b = {0};
    (void)state;
    deadline_begin(&p, 'C');
    bytes_add_close(&b, WEIR_SERVER, 1000, "");
    peer_feed(&p, b.data, b.len, b.len);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
    deadline_time(&p, 4999);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
    deadline_time(&p, 5000);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_int_equal(p.closed_count, 1);
    bytes_free(&b);
    peer_close(&p);
}

static void failed_connection_whose_peer_stays__is_given_up(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    peer_feed(&p, "\xFF\xFF", 2, 2);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_INPUT);
    deadline_time(&p, 4999);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
    deadline_time(&p, 5000);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    assert_int_equal(p.closed_count, 1);
    peer_close(&p);
}

static void idle_connection__is_closed_with_1001(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.idle_timeout_ms = 30000;
    p.config.ping_interval_ms = WEIR_NONE;
    peer_open(&p, 'S');
    deadline_time(&p, 10000);
    weir_conn_send(p.conn, WEIR_TEXT, "x", 1);
    deadline_time(&p, 39999);
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 0);
    deadline_time(&p, 40000);
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1001);
    peer_close(&p);
}

static void idle_connection_without_memory_for_its_close__is_ended(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.idle_timeout_ms = 30000;
    p.config.ping_interval_ms = WEIR_NONE;
    peer_open(&p, 'S');
    p.alloc.fail_from = p.alloc.calls + 1;
    deadline_time(&p, 30000);
    assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_"));
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    assert_true(deadline_due(&p) == WEIR_NONE); /* not tried again and again */
    peer_close(&p);
}

/* ---- Who is woken ----------------------------------------------------------------------------*/

static void ready_connection__is_named_once_until_something_new_happens(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_null(weir_context_next_ready(p.context));
    weir_conn_send(p.conn, WEIR_TEXT, "x", 1);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_null(weir_context_next_ready(p.context));
    weir_conn_send(p.conn, WEIR_TEXT, "y", 1); /* its output waited before */
    assert_null(weir_context_next_ready(p.context));
    assert_true(deadline_due(&p) > 0);
    peer_pump(&p);
    assert_null(weir_context_next_ready(p.context));
    weir_conn_ping(p.conn, NULL, 0);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    weir_conn_receive_eof(p.conn);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_null(weir_context_next_ready(p.context));
    peer_close(&p);
}

static void connection_that_is_over__wakes_nobody(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    peer_feed(&p, "\xFF\xFF", 2, 2); /* a fault: what the peer still sends is awaited */
    assert_null(weir_context_next_ready(p.context));
    assert_in_range(deadline_due(&p), 1, 5000);
    weir_conn_receive_eof(p.conn);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_null(weir_context_next_ready(p.context));
    assert_true(deadline_due(&p) == WEIR_NONE);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_LINGER_TIMEOUT_MS, 1), WEIR_OK);
    assert_true(deadline_due(&p) == WEIR_NONE);
    peer_close(&p);
}

/* A program with one connection never asks who is ready: it is told nothing is due. */
static void single_connection__is_not_woken_when_nothing_is_to_be_done(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes frame = {0};
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, *kind);
        weir_context_set_time(p.context, 1000);
        bytes_add_frame(&frame, p.role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 1, 2, "hey", 3);
        for (int i = 0; i < 10; i++) {
            peer_feed(&p, frame.data, frame.len, 3);
            assert_true(deadline_due(&p) > 1000);
        }
        bytes_free(&frame);
        peer_close(&p);
    }
}

static void single_connection_whose_transport_is_full__is_not_woken_all_the_time(void **state)
{
    peer p;
    weir_span spans[4];
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_context_set_time(p.context, 1000);
    weir_conn_send(p.conn, WEIR_TEXT, "0123456789", 10);
    assert_int_equal(deadline_due(&p), 1000); /* there is output */
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 1);
    assert_int_equal(weir_conn_sent(p.conn, 4), WEIR_OK); /* the transport takes no more */
    assert_true(deadline_due(&p) > 1000);
    peer_close(&p);
}

static void single_connection_whose_transport_is_full__still_meets_its_deadlines(void **state)
{
    peer p;
    weir_span spans[4];
    weir_event events[4];
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_context_set_time(p.context, 1000);
    weir_conn_send(p.conn, WEIR_TEXT, "0123456789", 10);
    for (uint64_t now = 1000; now < 200000; now += 1000) {
        weir_context_set_time(p.context, now);
        (void)weir_conn_events(p.conn, events, 4);
        if (weir_conn_output(p.conn, spans, 4) > 0)
            weir_conn_sent(p.conn, 0);
    }
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    peer_close(&p);
}

static void deadline_that_passes_while_output_waits__is_acted_on_at_once(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 'S');
    weir_conn_close(p.conn, 1000, NULL, 0); /* ready, and its close timeout runs */
    weir_context_set_time(p.context, 10000);
    while (weir_context_next_ready(p.context) != NULL)
        ;
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    peer_close(&p);
}

/* The program has what is left of the time that the request took. */
static void request_that_waits_for_its_answer__is_still_a_handshake(void **state)
{
    peer p;
    bytes request = {0};
    (void)state;
    peer_init(&p);
    p.accept = 0;
    peer_open(&p, 's');
    deadline_time(&p, p.config.handshake_timeout_ms - 1);
    bytes_add_request(&request, NULL);
    peer_feed(&p, request.data, request.len, request.len);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    deadline_time(&p, p.config.handshake_timeout_ms);
    assert_int_not_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    bytes_free(&request);
    peer_close(&p);
}

/* A refusal whose body never ends is told with as much of it as came. */
static void body_of_a_refusal_that_stops__is_told_when_the_time_is_over(void **state)
{
    static const char answer[] = "HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nnot";
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'c');
    deadline_time(&p, p.config.connect_timeout_ms - 1); /* it does not get more time then */
    peer_feed(&p, answer, sizeof answer - 1, 9);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    deadline_time(&p, p.config.connect_timeout_ms);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_true(peer_saw(&p, "REJECTED flags=0 code=404 cause=- offset=0 token=0 len=3 not"));
    peer_close(&p);
}

static void option_changed_on_the_way__moves_the_deadline(void **state)
{
    peer p;
    (void)state;
    deadline_begin(&p, 's');
    deadline_time(&p, 1000);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, 2000), WEIR_OK);
    assert_true(deadline_due(&p) <= 2000);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, 50000), WEIR_OK);
    deadline_time(&p, 49999);
    assert_int_equal(p.closed_count, 0);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, WEIR_NONE), WEIR_OK);
    deadline_time(&p, UINT64_C(1) << 50);
    assert_int_equal(p.closed_count, 0);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, 0), WEIR_OK);
    deadline_time(&p, (UINT64_C(1) << 50) + 1);
    assert_int_equal(p.closed_count, 1);
    peer_close(&p);
}

static void deadline_that_passed__is_due_now_until_it_was_seen_to(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    const uint64_t late = p.config.ping_interval_ms + 5;
    weir_context_set_time(p.context, late);
    assert_int_equal(weir_context_next_due(p.context), late);
    weir_context_set_time(p.context, late + 5);
    assert_int_equal(weir_context_next_due(p.context), late + 5);
    while (weir_context_next_ready(p.context))
        peer_pump(&p);
    assert_true(weir_context_next_due(p.context) > late + 5);
    peer_close(&p);
}

/* 2^32 - 1 stands for no round-trip time yet. */
static void round_trip_of_49_days__is_the_longest_that_is_told(void **state)
{
    (void)state;
    peer p;
    weir_stats stats;
    peer_init(&p);
    p.config.ping_interval_ms = p.config.pong_timeout_ms = WEIR_NONE;
    peer_open(&p, 'C');
    weir_conn_ping(p.conn, "p", 1);
    peer_pump(&p);
    weir_context_set_time(p.context, UINT32_MAX);
    peer_feed(&p, "\x8A\x01p", 3, 3);
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.rtt_ms, UINT32_MAX - 1);
    peer_close(&p);
}

/* The tag of a ping is a hash of its payload, and 0 says that none waits: these bytes hash to 0. */
static void ping_whose_tag_would_be_0__is_answered_like_any_other(void **state)
{
    (void)state;
    peer p;
    weir_stats stats;
    peer_init(&p);
    peer_open(&p, 'C');
    weir_conn_ping(p.conn, "\xCC\x24\x31\xC4", 4);
    peer_pump(&p);
    peer_feed(&p, "\x8A\x04\xCC\x24\x31\xC4", 6, 6);
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.rtt_ms, 0);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_random_deadlines__each_passes_at_its_time_once),
        cmocka_unit_test(clock_that_goes_back__is_ignored),
        cmocka_unit_test(clock_that_leaps_to_its_end__passes_every_deadline_once),
        cmocka_unit_test(deadlines_near_the_end_of_time__do_not_wrap),
        cmocka_unit_test(clock_at_the_end_of_time__passes_no_deadline_that_is_none),
        cmocka_unit_test(silence__brings_a_ping_then_the_end_each_at_its_time),
        cmocka_unit_test(program_that_slept__pings_before_it_gives_up),
        cmocka_unit_test(any_byte__is_life),
        cmocka_unit_test(peer_that_sends_but_does_not_read__is_not_called_silent),
        cmocka_unit_test(own_pings__do_not_put_off_the_end_of_a_dead_peer),
        cmocka_unit_test(ping_that_cannot_leave__still_ends_a_dead_peer),
        cmocka_unit_test(keepalive_that_finds_life__goes_on_for_ever),
        cmocka_unit_test(ping_that_was_answered__is_followed_by_the_next_after_the_interval),
        cmocka_unit_test(unanswered_close__ends_after_its_timeout),
        cmocka_unit_test(client_that_waits_for_the_end_of_the_transport__gives_up),
        cmocka_unit_test(failed_connection_whose_peer_stays__is_given_up),
        cmocka_unit_test(idle_connection__is_closed_with_1001),
        cmocka_unit_test(idle_connection_without_memory_for_its_close__is_ended),
        cmocka_unit_test(ready_connection__is_named_once_until_something_new_happens),
        cmocka_unit_test(connection_that_is_over__wakes_nobody),
        cmocka_unit_test(single_connection__is_not_woken_when_nothing_is_to_be_done),
        cmocka_unit_test(single_connection_whose_transport_is_full__is_not_woken_all_the_time),
        cmocka_unit_test(single_connection_whose_transport_is_full__still_meets_its_deadlines),
        cmocka_unit_test(deadline_that_passes_while_output_waits__is_acted_on_at_once),
        cmocka_unit_test(request_that_waits_for_its_answer__is_still_a_handshake),
        cmocka_unit_test(body_of_a_refusal_that_stops__is_told_when_the_time_is_over),
        cmocka_unit_test(option_changed_on_the_way__moves_the_deadline),
        cmocka_unit_test(deadline_that_passed__is_due_now_until_it_was_seen_to),
        cmocka_unit_test(round_trip_of_49_days__is_the_longest_that_is_told),
        cmocka_unit_test(ping_whose_tag_would_be_0__is_answered_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
