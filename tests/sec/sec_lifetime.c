/* SPDX-License-Identifier: MIT */
/* Attacks on lifetimes: closing, freeing and sending at every event and in every state. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static char lifetime_large[5000];

/* ---- What may be done at an event ------------------------------------------------------------*/

static void act_close(pair *p, int side)
{
    (void)weir_conn_close(p->side[side].conn, 1000, "enough", 6);
    (void)weir_conn_close(p->side[side].conn, 1000, "enough", 6);
}

static void act_free(pair *p, int side)
{
    weir_conn_free(p->side[side].conn);
    p->side[side].conn = NULL;
    p->side[!side].other_side_ended = 1;
}

static void act_free_the_other(pair *p, int side)
{
    act_free(p, !side);
}

static void act_close_and_free(pair *p, int side)
{
    act_close(p, side);
    (void)pair_write(p, side, 3);
    act_free(p, side);
}

static void act_send(pair *p, int side)
{
    weir_conn *const conn = p->side[side].conn;
    (void)weir_conn_send(conn, WEIR_TEXT, lifetime_large, sizeof lifetime_large);
    (void)weir_conn_send_ref(conn, WEIR_TEXT, lifetime_large, sizeof lifetime_large, 7);
    (void)weir_conn_send_begin(conn, WEIR_TEXT);
    (void)weir_conn_send_chunk(conn, "x", 1);
}

static void act_ping(pair *p, int side)
{
    (void)weir_conn_ping(p->side[side].conn, lifetime_large, 125);
    (void)weir_conn_pong(p->side[side].conn, lifetime_large, 125);
}

static void act_accept(pair *p, int side)
{
    (void)weir_conn_accept(p->side[side].conn, NULL, 0, NULL, 0);
    (void)weir_conn_accept(p->side[side].conn, NULL, 0, NULL, 0);
}

static void act_respond(pair *p, int side)
{
    (void)weir_conn_respond(p->side[side].conn, 500, NULL, 0, lifetime_large, 300);
    (void)weir_conn_respond(p->side[side].conn, 500, NULL, 0, lifetime_large, 300);
}

static void act_receive_again(pair *p, int side)
{
    weir_event events[4];
    size_t used;
    assert_true(weir_conn_receive(p->side[side].conn, NULL, 0, &used, events, 4) >= 0);
    assert_true(weir_conn_events(p->side[side].conn, events, 0) == 0);
}

static void act_read_into_place(pair *p, int side)
{
    size_t len, used;
    weir_event events[4];
    (void)weir_conn_input_buffer(p->side[side].conn, &len);
    (void)weir_conn_input_filled(p->side[side].conn, 0, &used, events, 4);
}

static void act_set(pair *p, int side)
{
    weir_conn *const conn = p->side[side].conn;
    assert_int_equal(weir_conn_set_user(conn, p), WEIR_OK);
    assert_ptr_equal(weir_conn_user(conn), p);
    const int chunks = weir_conn_set(conn, WEIR_OPTION_DELIVER_CHUNKS, 1);
    assert_true(chunks == WEIR_OK || chunks == WEIR_E_STATE); /* not inside a message */
    assert_int_equal(weir_conn_set(conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 100), WEIR_OK);
    assert_int_equal(weir_conn_set(conn, WEIR_OPTION_FRAGMENT_BYTES, 1), WEIR_OK);
}

static void act_free_context(pair *p, int side)
{
    (void)side;
    assert_int_equal(weir_context_free(p->context), WEIR_E_BUSY);
}

static void act_end_transport(pair *p, int side)
{
    assert_int_equal(weir_conn_receive_eof(p->side[side].conn), WEIR_OK);
    assert_int_equal(weir_conn_receive_eof(p->side[side].conn), WEIR_OK);
    p->side[side].eof_given = 1;
}

static void act_time(pair *p, int side)
{
    static uint64_t never;
    (void)side;
    assert_int_equal(weir_context_set_time(p->context, 100000), WEIR_OK);
    while (weir_context_next_ready(p->context) != NULL)
        never++;
}

static void act_write(pair *p, int side)
{
    (void)pair_write(p, side, 5);
    (void)pair_write(p, side, SIZE_MAX);
}

static void (*const lifetime_acts[])(pair *p, int side) = {
    act_close, act_free,         act_free_the_other, act_close_and_free, act_send,
    act_ping,  act_accept,       act_respond,        act_receive_again,  act_read_into_place,
    act_set,   act_free_context, act_end_transport,  act_time,           act_write};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- At the n-th event of a story ------------------------------------------------------------*/

typedef struct lifetime_plan {
    size_t at; /* the event to act at */
    size_t seen;
    void (*act)(pair *p, int side);
    unsigned types; /* bits: the types met */
    int respond;
} lifetime_plan;

static void lifetime_event(pair *p, int side, const weir_event *event)
{
    lifetime_plan *const plan = p->user;
    static const weir_field field = {{"X", 1}, {"y", 1}};
    plan->types |= 1u << event->type;
    if (plan->seen++ == plan->at)
        plan->act(p, side);
    weir_conn *const conn = p->side[side].conn;
    if (conn && plan->respond &&
        (event->type == WEIR_EVENT_REQUEST || event->type == WEIR_EVENT_HTTP))
        (void)weir_conn_respond(conn, 403, &field, 1, "no", 2);
}

static void lifetime_say(pair *p)
{
    for (int side = 0; side < 2; side++) {
        weir_conn *const conn = p->side[side].conn;
        if (!conn)
            continue;
        (void)weir_conn_send(conn, WEIR_TEXT, lifetime_large, sizeof lifetime_large);
        (void)weir_conn_send_ref(conn, WEIR_BINARY, lifetime_large, sizeof lifetime_large, 3);
        (void)weir_conn_ping(conn, "ping", 4);
    }
}

/* Handshake, messages both ways, pings, a Close; returns the number of events. */
static size_t lifetime_story(lifetime_plan *plan, uint64_t chunks, size_t piece)
{
    test_alloc alloc = {0};
    pair p;
    pair_init(&p, &alloc);
    p.config.max_pooled_bytes = 0;
    p.config.fragment_bytes = 2000;
    p.config.high_water_bytes = 4000;
    p.config.low_water_bytes = 1000;
    p.config.deliver_chunks = chunks;
    p.no_accept = plan->respond;
    p.echo = 1;
    p.on_event = lifetime_event;
    p.user = plan;
    /* These void the data of the events behind theirs. */
    p.one_event = plan->act == act_receive_again || plan->act == act_read_into_place;
    dice cuts = {piece};
    p.cuts = piece > 0 ? &cuts : NULL;
    assert_int_equal(pair_open(&p, 's'), WEIR_OK);
    pair_run(&p, 100000);
    lifetime_say(&p);
    pair_run(&p, 100000);
    if (p.side[PAIR_CLIENT].conn)
        (void)weir_conn_close(p.side[PAIR_CLIENT].conn, 1000, "bye", 3);
    pair_run(&p, 100000);
    if (p.side[PAIR_SERVER].conn)
        (void)weir_conn_receive_eof(p.side[PAIR_SERVER].conn);
    pair_run(&p, 100000);
    pair_free(&p);
    assert_int_equal(alloc.held, 0);
    return plan->seen;
}

static unsigned lifetime_all_events(uint64_t chunks, size_t piece, int respond)
{
    unsigned types = 0;
    for (size_t act = 0; act < COUNT(lifetime_acts); act++)
        for (size_t at = 0;; at++) {
            lifetime_plan plan = {at, 0, lifetime_acts[act], 0, respond};
            const size_t seen = lifetime_story(&plan, chunks, piece);
            types |= plan.types;
            if (seen <= at)
                break;
            assert_true(at < 200);
        }
    return types;
}

static void SEC_F1__every_action_at_every_event_is_safe(void **state)
{
    (void)state;
    const unsigned types = lifetime_all_events(0, 0, 0) | lifetime_all_events(1, 0, 0) |
                           lifetime_all_events(0, 5, 0) | lifetime_all_events(0, 0, 1);
    const unsigned all = (1u << (WEIR_EVENT_RELEASED + 1)) - 2;
    assert_int_equal(types | 1u << WEIR_EVENT_HTTP, all); /* HTTP: below */
}

static void SEC_F1__every_action_at_a_plain_request_is_safe(void **state)
{
    (void)state;
    for (size_t act = 0; act < COUNT(lifetime_acts); act++)
        for (int at = 0; at < 2; at++) {
            test_alloc alloc = {0};
            pair p;
            lifetime_plan plan = {(size_t)at, 0, lifetime_acts[act], 0, 1};
            pair_init(&p, &alloc);
            p.config.http_events = 1;
            p.config.max_pooled_bytes = 0;
            p.no_accept = 1;
            p.on_event = lifetime_event;
            p.user = &plan;
            assert_int_equal(pair_open(&p, 's'), WEIR_OK);
            weir_conn_free(p.side[PAIR_CLIENT].conn);
            p.side[PAIR_CLIENT].conn = NULL;
            bytes_add_text(&p.side[PAIR_SERVER].pipe, "GET / HTTP/1.1\r\nHost: h\r\n\r\nmore");
            pair_run(&p, 1000);
            assert_true(plan.types & 1u << WEIR_EVENT_HTTP);
            pair_free(&p);
            assert_int_equal(alloc.held, 0);
        }
}

/* ---- In every state --------------------------------------------------------------------------*/

/* A whole life; each side is let go after so many turns, wherever it stands. */
static size_t lifetime_cut_short(size_t turns, int victim, int with_eof)
{
    test_alloc alloc = {0};
    dice cuts = {3};
    pair p;
    size_t turn = 0;
    pair_init(&p, &alloc);
    p.config.max_pooled_bytes = 0;
    p.config.fragment_bytes = 500;
    p.echo = 1;
    p.cuts = &cuts;
    assert_int_equal(pair_open(&p, 's'), WEIR_OK);
    for (size_t quiet = 0; turn < turns && quiet < 8; turn++) {
        size_t moved = 0;
        for (int side = 0; side < 2; side++)
            moved += pair_write(&p, side, 50) + pair_read(&p, side, 50);
        if (weir_conn_state(p.side[PAIR_CLIENT].conn) == WEIR_OPEN && turn % 32 == 0)
            lifetime_say(&p);
        if (turn == 400)
            (void)weir_conn_close(p.side[victim].conn, 1000, NULL, 0);
        quiet = moved > 0 ? 0 : quiet + 1;
    }
    if (with_eof)
        (void)weir_conn_receive_eof(p.side[victim].conn);
    weir_conn_free(p.side[victim].conn);
    p.side[victim].conn = NULL;
    p.side[!victim].other_side_ended = 1;
    pair_run(&p, 100000);
    assert_int_equal(weir_conn_state(p.side[!victim].conn), WEIR_CLOSED);
    assert_int_equal(p.side[!victim].counts[WEIR_EVENT_CLOSED], 1);
    pair_free(&p);
    assert_int_equal(alloc.held, 0);
    return turn;
}

static void SEC_F1__connections_freed_at_every_moment_of_a_life_leave_nothing(void **state)
{
    (void)state;
    for (size_t turns = 0; turns < 900; turns += turns < 100 ? 1 : 13)
        for (int victim = 0; victim < 2; victim++) {
            lifetime_cut_short(turns, victim, 0);
            lifetime_cut_short(turns, victim, 1);
        }
}

/* ---- After the transport was lost ------------------------------------------------------------*/

static void SEC_F2__calls_after_the_transport_was_lost_write_nothing(void **state)
{
    (void)state;
    for (const char *kind = "sScC"; *kind; kind++) {
        peer p;
        weir_span spans[8];
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, *kind);
        (void)weir_conn_send_ref(p.conn, WEIR_BINARY, lifetime_large, sizeof lifetime_large, 1);
        const int offered = weir_conn_output(p.conn, spans, 8);
        size_t sum = 0;
        for (int i = 0; i < offered; i++)
            sum += spans[i].len;
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        (void)weir_conn_close(p.conn, 1000, "too late", 8);
        (void)weir_conn_send(p.conn, WEIR_TEXT, "too late", 8);
        (void)weir_conn_ping(p.conn, "too late", 8);
        assert_int_equal(weir_conn_sent(p.conn, sum), WEIR_OK); /* the last write came back */
        assert_int_equal(weir_conn_output(p.conn, spans, 8), 0);
        assert_false(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

int main(void)
{
    memset(lifetime_large, 'l', sizeof lifetime_large);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_F1__every_action_at_every_event_is_safe),
        cmocka_unit_test(SEC_F1__every_action_at_a_plain_request_is_safe),
        cmocka_unit_test(SEC_F1__connections_freed_at_every_moment_of_a_life_leave_nothing),
        cmocka_unit_test(SEC_F2__calls_after_the_transport_was_lost_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
