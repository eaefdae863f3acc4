/* SPDX-License-Identifier: MIT */
/* What is offered: bodies masked together, fragments in one gather list, sends of every length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

static uint8_t offer_data[1 << 20];

static size_t offer_sum(const weir_span *spans, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += spans[i].len;
    return sum;
}

/* One offer, of which at most most bytes leave; returns how many did. */
static size_t offer_once(peer *p, size_t cap, size_t most)
{
    weir_span spans[64];
    size_t left = most;
    const int count = weir_conn_output(p->conn, spans, cap);
    const size_t sum = offer_sum(spans, count);
    for (int i = 0; i < count; i++) {
        const size_t len = spans[i].len < left ? spans[i].len : left;
        bytes_add(&p->output, spans[i].data, len);
        left -= len;
    }
    const size_t took = sum < most ? sum : most;
    assert_int_equal(weir_conn_sent(p->conn, took), WEIR_OK);
    return took;
}

static void offer_all(peer *p)
{
    while (offer_once(p, 64, SIZE_MAX) > 0)
        ;
}

/* RELEASED events that wait: tokens count up from first; returns how many came. */
static size_t offer_released(peer *p, uint64_t first, unsigned flags)
{
    weir_event events[64];
    size_t count = 0;
    for (int n; (n = weir_conn_events(p->conn, events, 64)) > 0;)
        for (int i = 0; i < n; i++) {
            if (events[i].type != WEIR_EVENT_RELEASED)
                continue;
            assert_int_equal(events[i].token, first + count++);
            assert_int_equal(events[i].flags, flags);
        }
    return count;
}

static void offer_open(peer *p, char kind)
{
    peer_init(p);
    p->config.high_water_bytes = p->config.max_queued_bytes = WEIR_NONE;
    p->config.fragment_bytes = 1000;
    peer_open(p, kind);
}

/* ---- Many in one offer -----------------------------------------------------------------------*/

static void borrowed_messages_of_a_client__leave_together(void **state)
{
    peer p;
    weir_span spans[64];
    (void)state;
    offer_open(&p, 'C');
    for (uint64_t i = 0; i < 2000; i++)
        assert_int_equal(weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 16, i), WEIR_OK);
    assert_int_equal(weir_conn_output(p.conn, spans, 64), 1);
    assert_int_equal(spans[0].len, 2000 * (2 + 4 + 16));
    assert_int_equal(offer_released(&p, 0, 0), 2000);
    assert_int_equal(offer_once(&p, 1, SIZE_MAX), 2000 * 22);
    assert_false(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
    assert_int_equal(peer_frames(&p, p.role, 2), 2000);
    peer_close(&p);
}

static void borrowed_messages_between_copied_ones__leave_with_them_in_order(void **state)
{
    peer p;
    weir_span spans[64];
    (void)state;
    offer_open(&p, 'C');
    for (int i = 0; i < 10; i++) {
        weir_conn_send(p.conn, WEIR_TEXT, "copied", 6);
        weir_conn_send_ref(p.conn, WEIR_TEXT, "borrowed", 8, 1);
        weir_conn_send_ref(p.conn, WEIR_TEXT, "too", 3, 1);
    }
    const int count = weir_conn_output(p.conn, spans, 64);
    assert_in_range(count, 1, 10); /* what has room in a chunk shares it */
    assert_int_equal(offer_sum(spans, count), 10 * (3 * 6 + 17));
    offer_all(&p);
    char *const said = wire_say(&p.output, p.role);
    for (int i = 0; i < 10; i++)
        assert_memory_equal(said + i * 26, "T:copied T:borrowed T:too", 25);
    free(said);
    peer_close(&p);
}

/* The chunk that a body was masked into takes its place, at the end of the queue or within it. */
static void what_is_sent_behind_a_masked_body__follows_it(void **state)
{
    (void)state;
    for (size_t at_the_end = 0; at_the_end < 2; at_the_end++) {
        peer p;
        offer_open(&p, 'C');
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 30000, 1);
        if (!at_the_end)
            weir_conn_send_ref(p.conn, WEIR_TEXT, offer_data, 200000, 2);
        for (size_t turn = 0; turn < 3; turn++) {
            assert_int_equal(offer_once(&p, 2, 1), 1);
            weir_conn_send(p.conn, WEIR_TEXT, "copied", 6);
            weir_conn_send_ref(p.conn, WEIR_TEXT, "borrowed", 8, 3);
        }
        offer_all(&p);
        char *const said = wire_say(&p.output, p.role);
        const size_t len = strlen(said);
        static const char last[] = "T:copied T:borrowed T:copied T:borrowed T:copied T:borrowed";
        assert_string_equal(said + len - strlen(last) - (said[len - 1] == ' '), last);
        free(said);
        peer_close(&p);
    }
}

static void span_array_of_one__gets_one_run_of_bodies(void **state)
{
    peer p;
    (void)state;
    offer_open(&p, 'C');
    for (uint64_t i = 0; i < 100; i++)
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 1000, i);
    assert_int_equal(offer_once(&p, 0, SIZE_MAX), 0);
    assert_int_equal(offer_released(&p, 0, 0), 0); /* nothing is masked that has no span */
    const size_t first = offer_once(&p, 1, SIZE_MAX);
    assert_in_range(first, 50000, 65536);
    assert_int_equal(offer_released(&p, 0, 0), first / 1008);
    offer_all(&p);
    assert_int_equal(peer_frames(&p, p.role, 2), 100);
    peer_close(&p);
}

static void fragments_of_a_borrowed_message__stand_in_one_gather_list(void **state)
{
    peer p;
    weir_span spans[64];
    (void)state;
    offer_open(&p, 'S');
    weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 10500, 1);
    weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 2000, 2);
    assert_int_equal(weir_conn_output(p.conn, spans, 64), 2 * 11 + 2 * 2);
    static const char *const heads[] = {"\x02\x7E\x03\xE8", "\x00\x7E\x03\xE8", "\x80\x7E\x01\xF4",
                                        "\x02\x7E\x03\xE8", "\x80\x7E\x03\xE8"};
    for (size_t i = 0; i < 13; i++) {
        const size_t kind = i == 0 ? 0 : i < 10 ? 1 : i - 8;
        assert_int_equal(spans[2 * i].len, 4);
        assert_memory_equal(spans[2 * i].data, heads[kind], 4);
        assert_ptr_equal(spans[2 * i + 1].data, offer_data + (i < 11 ? i : i - 11) * 1000);
        assert_int_equal(spans[2 * i + 1].len, i == 10 ? 500 : 1000);
    }
    assert_int_equal(weir_conn_sent(p.conn, offer_sum(spans, 26)), WEIR_OK);
    assert_int_equal(offer_released(&p, 1, 0), 2);
    peer_close(&p);
}

/* ---- Sends of every length -------------------------------------------------------------------*/

static void offer_set_up(peer *p)
{
    weir_conn_send_ref(p->conn, WEIR_TEXT, "five.", 5, 0);
    weir_conn_send_ref(p->conn, WEIR_TEXT, NULL, 0, 1);
    weir_conn_send_ref(p->conn, WEIR_TEXT, offer_data, 130, 2);
    weir_conn_send(p->conn, WEIR_TEXT, "copied", 6);
    weir_conn_send_ref(p->conn, WEIR_TEXT, offer_data, 2500, 3);
    weir_conn_send_ref(p->conn, WEIR_TEXT, offer_data, 1000, 4);
    weir_conn_send_ref(p->conn, WEIR_TEXT, "end", 3, 5);
}

static char *offer_said(char kind, size_t cap, size_t cut)
{
    peer p;
    offer_open(&p, kind);
    offer_set_up(&p);
    while (cut > 0) {
        const size_t took = offer_once(&p, cap, cut);
        assert_true(took > 0);
        cut -= took;
    }
    assert_true(weir_conn_buffered_amount(p.conn) <= 3644);
    offer_all(&p);
    assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
    assert_int_equal(offer_released(&p, 0, 0), 6);
    char *const said = wire_say(&p.output, p.role);
    peer_close(&p);
    return said;
}

static void partial_sends__at_every_byte_lose_nothing(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        char *const whole = offer_said(*kind, 64, 0);
        assert_memory_equal(whole, "T:five. T: T:", 13);
        for (size_t cut = 1; cut < 3644 + 9 * 2; cut++)
            for (size_t cap = 1; cap < 64; cap = cap * 3 + 1) {
                char *const said = offer_said(*kind, cap, cut);
                assert_string_equal(said, whole);
                free(said);
            }
        free(whole);
    }
}

/* The peer takes so many bytes of each offer. */
static void steps_of_every_length__lose_nothing(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++)
        for (size_t step = 1; step < 4000; step = step * 3 / 2 + 1) {
            peer p;
            offer_open(&p, *kind);
            offer_set_up(&p);
            uint64_t last = 3644;
            while (offer_once(&p, 16, step) > 0) {
                const uint64_t left = weir_conn_buffered_amount(p.conn);
                assert_in_range(left, last > step ? last - step : 0, last);
                last = left;
            }
            assert_int_equal(last, 0);
            assert_int_equal(offer_released(&p, 0, 0), 6);
            assert_int_equal(peer_frames(&p, p.role, 1), 7);
            peer_close(&p);
        }
}

/* ---- Lengths at their ends -------------------------------------------------------------------*/

/* Of a payload that no frames can hold what fits is masked: it is only read where it leaves. */
static void payload_beyond_all_memory__leaves_piece_by_piece_or_is_refused(void **state)
{
    peer p;
    weir_span spans[4];
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer_init(&p);
        p.config.high_water_bytes = p.config.max_queued_bytes = WEIR_NONE;
        p.config.fragment_bytes = 1;
        peer_open(&p, *kind);
        const int status = weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, SIZE_MAX / 2, 0);
        assert_int_equal(status, p.role == WEIR_CLIENT ? WEIR_OK : WEIR_E_MEMORY);
        const int count = weir_conn_output(p.conn, spans, 4);
        assert_int_equal(count, p.role == WEIR_CLIENT);
        if (count > 0)
            assert_in_range(spans[0].len, 32768, 65536);
        peer_close(&p);
    }
}

/* The sum of a gather list is a size_t: what would pass it waits for the next one. */
static void spans__never_add_up_to_more_than_there_can_be(void **state)
{
    peer p;
    weir_span spans[4];
    bytes input = {NULL, 0, 0};
    weir_event event;
    size_t used;
    (void)state;
    peer_init(&p);
    p.config.high_water_bytes = p.config.max_queued_bytes = p.config.fragment_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, SIZE_MAX - 200, 0),
                     WEIR_OK);
    bytes_add_frame(&input, WEIR_CLIENT, 1, 9, offer_data, 125);
    assert_int_equal(weir_conn_receive(p.conn, input.data, input.len, &used, &event, 1), 1);
    assert_int_equal(weir_conn_ping(p.conn, offer_data, 125), WEIR_OK);
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 2); /* pong and ping, then a head */
    assert_int_equal(spans[0].len, 2 * 127);
    assert_int_equal(spans[1].len, 10);
    bytes_free(&input);
    peer_close(&p);
}

/* A fragment that fits into an offer, but not with another head beside it. */
static void fragment_as_large_as_an_offer__leaves_whole(void **state)
{
    (void)state;
    for (uint64_t fragment = 65400; fragment < 65600; fragment++) {
        peer p;
        offer_open(&p, 'C');
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_FRAGMENT_BYTES, fragment), WEIR_OK);
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 3 * 65536, 0);
        offer_all(&p);
        wire_reader reader = wire_reader_of(&p.output);
        size_t sum = 0;
        while (wire_next(&reader)) {
            assert_in_range(reader.payload.len, 1, fragment);
            assert_memory_equal(reader.payload.data, offer_data + sum, reader.payload.len);
            sum += reader.payload.len;
        }
        assert_int_equal(sum, 3 * 65536);
        peer_close(&p);
    }
}

/* ---- Beside other output ---------------------------------------------------------------------*/

/* A server that answers before it has read the request. */
static void borrowed_message_behind_the_request__leaves_after_it(void **state)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const weir_request request = {.url = {"ws://host/", 10}};
    char response[256];
    char accept[29] = {0};
    weir_span spans[4];
    weir_event events[4];
    size_t used;
    peer p;
    (void)state;
    peer_init(&p);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
    p.role = WEIR_CLIENT;
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 1);
    const size_t request_len = spans[0].len;
    const char *at = spans[0].data;
    while (memcmp(at, name, sizeof name - 1) != 0)
        at++;
    assert_int_equal(weir_accept_key(at + sizeof name - 1, 24, accept), WEIR_OK);
    const int len = snprintf(response, sizeof response,
                             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                             accept);
    assert_int_equal(weir_conn_receive(p.conn, response, (size_t)len, &used, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_OPEN);
    assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT, offer_data, 5, 7), WEIR_OK);
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 2);
    assert_int_equal(spans[0].len, request_len);
    assert_int_equal(spans[1].len, 2 + 4 + 5);
    peer_close(&p);
}

/* ---- Counted ---------------------------------------------------------------------------------*/

static uint64_t offer_control_count(const peer *p)
{
    weir_stats stats;
    weir_stats totals;
    assert_int_equal(weir_conn_stats(p->conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(weir_context_stats(p->context, &totals, sizeof totals), WEIR_OK);
    assert_int_equal(stats.tx_control, totals.tx_control);
    return stats.tx_control;
}

/* A pong of five bytes and a ping of three leave together, a byte at a time. */
static void control_frames__are_counted_when_their_last_byte_has_left(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++)
        for (unsigned which = 1; which < 4; which++) {
            peer p;
            offer_open(&p, *kind);
            const size_t head = p.role == WEIR_CLIENT ? 6 : 2;
            bytes input = {NULL, 0, 0};
            weir_event event;
            size_t used;
            size_t pong_end = 0;
            wire_script(&input, other_role(p.role), "P:fives");
            if (which & 1) {
                assert_int_equal(weir_conn_receive(p.conn, input.data, input.len, &used, &event, 1),
                                 1);
                pong_end = head + 5;
            }
            if (which & 2)
                assert_int_equal(weir_conn_ping(p.conn, "abc", 3), WEIR_OK);
            const size_t end = pong_end + (which & 2 ? head + 3 : 0);
            for (size_t at = 0; at < end; at++) {
                assert_int_equal(offer_control_count(&p), pong_end > 0 && at >= pong_end);
                assert_int_equal(offer_once(&p, 4, 1), 1);
            }
            assert_int_equal(offer_control_count(&p), (which & 1) + (which >> 1));
            assert_int_equal(offer_once(&p, 4, 1), 0);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* ---- Cut short -------------------------------------------------------------------------------*/

/* Two fragments are offered when the connection fails; then sent bytes of them leave. */
static void offered_fragments__leave_whole_before_the_last_word(void **state)
{
    (void)state;
    for (size_t sent = 0; sent <= 2 * 1004; sent++) {
        peer p;
        weir_span spans[4];
        offer_open(&p, 'S');
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 5000, 0);
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 10, 1);
        assert_int_equal(weir_conn_output(p.conn, spans, 4), 4);
        size_t left = sent;
        for (int i = 0; i < 4; i++) {
            const size_t len = spans[i].len < left ? spans[i].len : left;
            bytes_add(&p.output, spans[i].data, len);
            left -= len;
        }
        uint8_t fault[] = {0x83, 0x00};
        weir_event events[8];
        size_t used;
        assert_int_equal(weir_conn_receive(p.conn, fault, 2, &used, events, 8), 1);
        assert_int_equal(events[0].token, 1); /* it was not begun: given back at once */
        assert_int_equal(weir_conn_sent(p.conn, sent), WEIR_OK);
        offer_all(&p);
        assert_int_equal(p.output.len, 2 * 1004 + 4);
        assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1002);
        assert_int_equal(weir_conn_events(p.conn, events + 1, 7), 2);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(events[i].type, WEIR_EVENT_RELEASED);
            assert_int_equal(events[i].flags, WEIR_FLAG_DROPPED);
        }
        assert_int_equal(events[1].token, 0);
        assert_int_equal(events[2].type, WEIR_EVENT_CLOSED);
        peer_close(&p);
    }
}

/* ---- Memory ----------------------------------------------------------------------------------*/

static void masked_bytes__take_few_blocks_however_little_leaves(void **state)
{
    static const size_t lens[] = {0, 16, 1000, 70000, sizeof offer_data};
    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (size_t step = 7; step < 100000; step *= 11) {
            peer p;
            size_t offers = 0;
            peer_init(&p);
            p.config.high_water_bytes = p.config.max_queued_bytes = WEIR_NONE;
            p.config.max_pooled_bytes = 0; /* what is held is in use */
            peer_open(&p, 'C');
            for (uint64_t token = 0; token < 500; token++)
                weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, lens[i], token);
            const uint64_t before = p.alloc.held;
            for (; offers < 3000 && offer_once(&p, 64, step) > 0; offers++) {
                p.output.len = 0;
                assert_in_range(p.alloc.held, 1, before + 3 * 65536);
            }
            peer_close(&p);
        }
}

static void offers__do_not_grow_when_nothing_leaves(void **state)
{
    peer p;
    weir_span spans[64];
    (void)state;
    offer_open(&p, 'C');
    for (uint64_t token = 0; token < 10000; token++)
        weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 100, token);
    const int count = weir_conn_output(p.conn, spans, 64);
    const size_t sum = offer_sum(spans, count);
    const uint64_t held = p.alloc.held;
    assert_in_range(sum, 32768, 65536);
    for (int turn = 0; turn < 100; turn++) {
        assert_int_equal(weir_conn_output(p.conn, spans, 64), count);
        assert_int_equal(offer_sum(spans, count), sum);
        if (turn % 2)
            assert_int_equal(weir_conn_sent(p.conn, 0), WEIR_OK);
        assert_int_equal(p.alloc.held, held);
    }
    peer_close(&p);
}

static void no_memory_to_mask__lets_first_leave_what_is_ready(void **state)
{
    peer p;
    (void)state;
    offer_open(&p, 'C');
    weir_conn_send(p.conn, WEIR_TEXT, "ready", 5);
    weir_conn_send_ref(p.conn, WEIR_BINARY, offer_data, 5000, 0);
    p.alloc.fail_from = p.alloc.calls + 1;
    assert_int_equal(offer_once(&p, 64, SIZE_MAX), 11);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(offer_once(&p, 64, SIZE_MAX), 0);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_int_equal(offer_released(&p, 0, WEIR_FLAG_DROPPED), 1);
    peer_close(&p);
}

int main(void)
{
    for (size_t i = 0; i < sizeof offer_data; i++)
        offer_data[i] = (uint8_t)('a' + i % 23);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrowed_messages_of_a_client__leave_together),
        cmocka_unit_test(borrowed_messages_between_copied_ones__leave_with_them_in_order),
        cmocka_unit_test(what_is_sent_behind_a_masked_body__follows_it),
        cmocka_unit_test(span_array_of_one__gets_one_run_of_bodies),
        cmocka_unit_test(fragments_of_a_borrowed_message__stand_in_one_gather_list),
        cmocka_unit_test(partial_sends__at_every_byte_lose_nothing),
        cmocka_unit_test(steps_of_every_length__lose_nothing),
        cmocka_unit_test(payload_beyond_all_memory__leaves_piece_by_piece_or_is_refused),
        cmocka_unit_test(spans__never_add_up_to_more_than_there_can_be),
        cmocka_unit_test(fragment_as_large_as_an_offer__leaves_whole),
        cmocka_unit_test(borrowed_message_behind_the_request__leaves_after_it),
        cmocka_unit_test(control_frames__are_counted_when_their_last_byte_has_left),
        cmocka_unit_test(offered_fragments__leave_whole_before_the_last_word),
        cmocka_unit_test(masked_bytes__take_few_blocks_however_little_leaves),
        cmocka_unit_test(offers__do_not_grow_when_nothing_leaves),
        cmocka_unit_test(no_memory_to_mask__lets_first_leave_what_is_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
