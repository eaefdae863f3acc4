/* SPDX-License-Identifier: MIT */
/* Receiving: ways to hand bytes in, arrays of every size, limits that change, floods. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/assembly.h"
#include "../../src/conn/context.h"
#include "support/pair.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

static int receive_other(const peer *p)
{
    return p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
}

/* A bit of everything, ended by a Close. */
static void receive_mixture(bytes *b, int from)
{
    static uint8_t large[20000];
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 13);
    bytes_add_frame(b, from, 1, 1, "gr\xC3\xBC\xC3\x9F", 6);
    bytes_add_frame(b, from, 0, 2, large, 9000);
    bytes_add_frame(b, from, 1, 9, "ping", 4);
    bytes_add_frame(b, from, 0, 0, "", 0);
    bytes_add_frame(b, from, 1, 0, large, sizeof large);
    bytes_add_frame(b, from, 1, 2, "", 0);
    bytes_add_frame(b, from, 1, 10, "pong", 4);
    bytes_add_frame(b, from, 1, 2, large, sizeof large);
    bytes_add_close(b, from, 1000, "enough");
}

static void receive_trace(peer *p, const weir_event *events, int count)
{
    for (int i = 0; i < count; i++)
        peer_trace_event(&p->trace, &events[i]);
}

static void receive_trace_pending(peer *p)
{
    weir_event events[4];
    while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS)
        receive_trace(p, events, weir_conn_events(p->conn, events, 4));
}

/* Everything through weir_conn_input_buffer, step bytes a read, cap events a call. */
static void receive_through_buffer(peer *p, const bytes *input, size_t step, size_t cap)
{
    weir_event events[16];
    for (size_t at = 0; at < input->len;) {
        size_t len, used;
        uint8_t *const place = weir_conn_input_buffer(p->conn, &len);
        assert_non_null(place);
        assert_true(len > 0);
        size_t count = len < step ? len : step;
        count = count < input->len - at ? count : input->len - at;
        memcpy(place, input->data + at, count);
        for (size_t left = count; left > 0; left -= used) {
            const int n = weir_conn_input_filled(p->conn, left, &used, events, cap);
            assert_true(n > 0 || used > 0);
            receive_trace(p, events, n);
        }
        at += count;
        peer_pump(p);
    }
    receive_trace_pending(p);
}

static void bytes_read_into_place__give_the_same_as_bytes_handed_in(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t step = 1; step < 70000; step = step * 3 + 1)
            for (size_t cap = 1; cap <= 16; cap += 5) {
                peer one, other;
                bytes input = {0};
                peer_init(&one);
                peer_open(&one, *kind);
                receive_mixture(&input, receive_other(&one));
                peer_feed(&one, input.data, input.len, 4096);
                peer_init(&other);
                peer_open(&other, *kind);
                receive_through_buffer(&other, &input, step, cap);
                assert_int_equal(one.trace.len, other.trace.len);
                assert_memory_equal(one.trace.data, other.trace.data, one.trace.len);
                bytes_free(&input);
                peer_close(&one);
                peer_close(&other);
            }
}

static void bytes_that_were_not_offered__are_refused(void **state)
{
    peer p;
    weir_event events[2];
    size_t used, len;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 2), WEIR_E_ARGUMENT);
    assert_int_equal(used, 1);
    assert_non_null(weir_conn_input_buffer(p.conn, &len));
    assert_int_equal(weir_conn_input_filled(p.conn, len + 1, &used, events, 2), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_input_filled(p.conn, SIZE_MAX, &used, events, 2), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_input_filled(p.conn, 1, NULL, events, 2), WEIR_E_ARGUMENT);
    assert_null(weir_conn_input_buffer(p.conn, NULL));
    assert_null(weir_conn_input_buffer(NULL, &len));

    weir_conn *second;
    assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &second), WEIR_OK);
    assert_non_null(weir_conn_input_buffer(second, &len)); /* the other's offer is void */
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 2), WEIR_E_ARGUMENT);
    weir_conn_free(second);
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 2), WEIR_E_ARGUMENT);
    peer_close(&p);
}

static void bytes_filled_twice__are_refused_the_second_time(void **state)
{
    peer p;
    weir_event events[2];
    size_t used, len;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    uint8_t *const place = weir_conn_input_buffer(p.conn, &len);
    memcpy(place, "\x82\x01x", 3);
    assert_int_equal(weir_conn_input_filled(p.conn, 3, &used, events, 2), 1);
    assert_int_equal(used, 3);
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 2), WEIR_E_ARGUMENT);
    peer_close(&p);
}

/* The place was in a message that is complete, delivered and gone. */
static void bytes_filled_into_a_place_that_is_gone__are_refused(void **state)
{
    peer p;
    bytes frame = {0};
    weir_event events[4];
    size_t used, len;
    (void)state;
    peer_init(&p);
    p.config.max_pooled_bytes = 0;
    peer_open(&p, 'C');
    uint8_t *const payload = calloc(1, 20000);
    bytes_add_frame(&frame, WEIR_SERVER, 1, 2, payload, 20000);
    peer_feed(&p, frame.data, 9000, 9000);
    assert_non_null(weir_conn_input_buffer(p.conn, &len));
    /* Against the rules: other input before the offered place was used. */
    peer_feed(&p, frame.data + 9000, frame.len - 9000, frame.len);
    peer_pump(&p);
    assert_int_equal(weir_conn_events(p.conn, events, 4), 0);
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 4), WEIR_E_ARGUMENT);
    free(payload);
    bytes_free(&frame);
    peer_close(&p);
}

/* ---- Event arrays ----------------------------------------------------------------------------*/

static void event_arrays_of_every_size__give_the_same_events(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer whole;
        bytes input = {0};
        peer_init(&whole);
        peer_open(&whole, *kind);
        receive_mixture(&input, receive_other(&whole));
        peer_feed(&whole, input.data, input.len, input.len);
        for (size_t cap = 1; cap < 12; cap++)
            for (size_t step = 1; step < 60000; step = step * 7 + 3) {
                peer p;
                peer_init(&p);
                p.event_cap = cap;
                peer_open(&p, *kind);
                peer_feed(&p, input.data, input.len, step);
                assert_int_equal(p.trace.len, whole.trace.len);
                assert_memory_equal(p.trace.data, whole.trace.data, p.trace.len);
                peer_close(&p);
            }
        bytes_free(&input);
        peer_close(&whole);
    }
}

static void no_room_for_events__takes_nothing_that_needs_them(void **state)
{
    peer p;
    weir_event event;
    size_t used;
    uint8_t input[] = {0x82, 0x01, 'x', 0x82, 0x00};
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    assert_int_equal(weir_conn_receive(p.conn, input, sizeof input, &used, NULL, 0), 0);
    assert_int_equal(used, 0);
    assert_int_equal(weir_conn_receive(p.conn, input, sizeof input, &used, &event, 1), 1);
    assert_int_equal(used, 3);
    assert_int_equal(weir_conn_receive(p.conn, input + 3, 2, &used, &event, 1), 1);
    assert_int_equal(used, 2);
    peer_close(&p);
}

static void event_data__stays_while_the_program_sends_and_closes(void **state)
{
    (void)state;
    for (size_t step = 1; step < 6000; step += 1999) {
        peer p;
        bytes frame = {0};
        char payload[5000];
        weir_event event = {0};
        size_t used;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, 'S');
        memset(payload, 'p', sizeof payload);
        bytes_add_frame(&frame, WEIR_CLIENT, 1, 1, payload, sizeof payload);
        for (size_t at = 0; at < frame.len; at += used) {
            const size_t len = frame.len - at < step ? frame.len - at : step;
            (void)weir_conn_receive(p.conn, frame.data + at, len, &used, &event, 1);
        }
        assert_int_equal(event.type, WEIR_EVENT_MESSAGE);
        (void)weir_conn_send(p.conn, WEIR_TEXT, event.data, event.len);
        (void)weir_conn_ping(p.conn, event.data, 100);
        (void)weir_conn_set_user(p.conn, &p);
        (void)weir_conn_close(p.conn, 1000, NULL, 0);
        weir_context_set_time(p.context, 100000);
        while (weir_context_next_ready(p.context) != NULL)
            ;
        (void)weir_conn_receive_eof(p.conn);
        assert_int_equal(event.len, sizeof payload);
        assert_memory_equal(event.data, payload, sizeof payload);
        bytes_free(&frame);
        peer_close(&p);
    }
}

/* ---- After the end ---------------------------------------------------------------------------*/

static void input_after_the_end__is_used_and_dropped(void **state)
{
    static const char *const ends[] = {"\x88\x80....", "\xFF\xFF", "\x01\x80...."};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 'S');
        peer_feed(&p, ends[i], strlen(ends[i]), 100);
        if (i == 2)
            weir_conn_receive_eof(p.conn);
        peer_pump(&p);
        const size_t events = p.event_count;
        assert_int_equal(p.closed_count, 1);
        peer_feed(&p, "\x82\x80....\x89\x80....garbage of every kind", 34, 5);
        assert_int_equal(p.event_count, events);
        peer_close(&p);
    }
}

/* ---- Floods ----------------------------------------------------------------------------------*/

/* Feed so many empty pings at a time. Returns whether the connection lives. */
static int receive_pings(peer *p, uint64_t now, int count)
{
    bytes ping = {0};
    weir_context_set_time(p->context, now);
    bytes_add_frame(&ping, WEIR_CLIENT, 1, 9, NULL, 0);
    for (int i = 0; i < count; i++)
        peer_feed(p, ping.data, ping.len, ping.len);
    bytes_free(&ping);
    return weir_conn_state(p->conn) == WEIR_OPEN;
}

static void flood__ends_the_connection_at_the_burst_and_not_before(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.flood_rate = 10;
    p.config.flood_burst = 100;
    peer_open(&p, 'S');
    assert_true(receive_pings(&p, 1000, 100));
    assert_true(receive_pings(&p, 1100, 1)); /* 100 ms: one token */
    assert_false(receive_pings(&p, 1199, 1));
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1008);
    assert_true(peer_saw(&p, "cause=WEIR_E_FLOOD"));
    peer_close(&p);
}

static void rate_that_is_kept__is_never_a_flood(void **state)
{
    const uint64_t rates[] = {1, 3, 7, 10, 900, 1000, 1500};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        peer p;
        peer_init(&p);
        p.config.flood_rate = rates[i];
        p.config.flood_burst = 10;
        peer_open(&p, 'S');
        uint64_t sent = 0;
        for (uint64_t now = 1; now < 60000; now += 733) {
            /* As many as the rate has earned, no more than a burst at once. */
            for (int turn = 0; turn < 10 && sent < rates[i] * now / 1000; turn++, sent++)
                assert_true(receive_pings(&p, now, 1));
            if (rates[i] > 13)
                sent = rates[i] * now / 1000;
        }
        peer_close(&p);
    }
}

static void flood_without_a_clock_or_a_rate__is_not_judged(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.flood_burst = 5;
    peer_open(&p, 'S');
    assert_true(receive_pings(&p, 0, 1000));
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_FLOOD_RATE, WEIR_NONE), WEIR_OK);
    assert_true(receive_pings(&p, 1000, 1000));
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_FLOOD_RATE, 0), WEIR_OK);
    assert_false(receive_pings(&p, 1001, 6));
    peer_close(&p);
}

static void tiny_fragments__count_as_a_flood_and_whole_messages_do_not(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 16; len += 8)
        for (int way = 0; way < 4; way++) {
            const int whole = way & 1;
            const size_t step = way & 2 ? 1 : SIZE_MAX; /* byte by byte: no straight line */
            peer p;
            bytes frame = {0};
            peer_init(&p);
            p.config.flood_burst = 50;
            p.config.flood_rate = 0;
            peer_open(&p, 'S');
            weir_context_set_time(p.context, 1);
            for (int i = 0; i < 100; i++) {
                frame.len = 0;
                bytes_add_frame(&frame, WEIR_CLIENT, whole, i == 0 || whole ? 2 : 0,
                                "0123456789abcdef", len);
                peer_feed(&p, frame.data, frame.len, step < frame.len ? step : frame.len);
            }
            const int lives = weir_conn_state(p.conn) == WEIR_OPEN;
            assert_int_equal(lives, whole || len == 16);
            bytes_free(&frame);
            peer_close(&p);
        }
}

/* ---- Limits of one connection ----------------------------------------------------------------*/

static void message_limit_changed_on_the_way__holds_from_then_on(void **state)
{
    peer p;
    bytes frame = {0};
    char payload[3000] = {0};
    (void)state;
    peer_init(&p);
    p.config.max_message_bytes = 1000;
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 3000), WEIR_OK);
    bytes_add_frame(&frame, WEIR_CLIENT, 1, 2, payload, 3000);
    peer_feed(&p, frame.data, frame.len, 100);
    assert_true(peer_saw(&p, "MESSAGE"));
    frame.len = 0;
    bytes_add_frame(&frame, WEIR_CLIENT, 0, 2, payload, 2000);
    peer_feed(&p, frame.data, frame.len, 100);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 1000), WEIR_OK);
    frame.len = 0;
    bytes_add_frame(&frame, WEIR_CLIENT, 1, 0, payload, 1);
    peer_feed(&p, frame.data, frame.len, 100);
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1009);

    weir_conn *other; /* the context's policy is as it was */
    assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &other), WEIR_OK);
    weir_conn_free(p.conn);
    p.conn = other;
    frame.len = 0;
    bytes_add_frame(&frame, WEIR_CLIENT, 1, 2, payload, 1001);
    p.output.len = 0;
    peer_feed(&p, frame.data, frame.len, frame.len);
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1009);
    bytes_free(&frame);
    peer_close(&p);
}

static void early_limit_lowered_below_what_is_kept__still_limits(void **state)
{
    peer p;
    bytes request = {0};
    (void)state;
    peer_init(&p);
    p.accept = 0;
    peer_open(&p, 's');
    bytes_add_request(&request, NULL);
    peer_feed(&p, request.data, request.len, request.len);
    peer_feed(&p, "0123456789", 10, 10);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_EARLY_BYTES, 5), WEIR_OK);
    peer_feed(&p, "0123456789", 10, 10);
    assert_true(peer_saw(&p, "cause=WEIR_E_EARLY_DATA"));
    bytes_free(&request);
    peer_close(&p);
}

/* ---- Determinism -----------------------------------------------------------------------------*/

static void receive_run_story(bytes *record)
{
    peer p;
    bytes input = {0};
    peer_init(&p);
    p.echo = 1;
    peer_open(&p, 'C');
    receive_mixture(&input, WEIR_SERVER);
    for (size_t at = 0; at < input.len; at += 1000) {
        weir_context_set_time(p.context, at);
        peer_feed(&p, input.data + at, input.len - at < 1000 ? input.len - at : 1000, 333);
        (void)weir_conn_ping(p.conn, "p", 1);
        (void)weir_conn_send(p.conn, WEIR_TEXT, "t", 1);
        peer_pump(&p);
    }
    bytes_add(record, p.trace.data, p.trace.len);
    bytes_add(record, p.output.data, p.output.len);
    bytes_free(&input);
    peer_close(&p);
}

static void same_inputs_times_and_seed__give_the_same_bytes_and_events(void **state)
{
    bytes one = {0}, two = {0};
    (void)state;
    receive_run_story(&one);
    receive_run_story(&two);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    bytes_free(&one);
    bytes_free(&two);
}

/* ---- Reading into place ----------------------------------------------------------------------*/

static void text_in_chunks__must_not_end_inside_a_character(void **state)
{
    (void)state;
    bytes input = {0};
    wire_script(&input, WEIR_CLIENT, "T-:gr C:%C3");
    for (size_t step = 1; step <= input.len; step++) {
        peer p;
        peer_init(&p);
        p.config.deliver_chunks = 1;
        peer_open(&p, 'S');
        peer_feed(&p, input.data, input.len, step);
        assert_true(peer_saw(&p, "cause=WEIR_E_UTF8"));
        assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1007);
        peer_close(&p);
    }
    bytes_free(&input);
}

/* Each begins a large frame whose rest has no place in a message. */
static void frames_that_are_not_put_together__are_read_into_the_shared_buffer(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        peer p;
        size_t len;
        bytes head = {0};
        peer_init(&p);
        p.config.deliver_chunks = way == 0;
        if (way == 1)
            p.config.deflate = WEIR_DEFLATE_ON;
        if (way == 1)
            zip_peer(&p, WEIR_SERVER, ZIP_OFFER);
        else
            peer_open(&p, 'S');
        bytes_add_head(&head, 1, way == 1 ? 4 : 0, 2, 1, 10000, 0);
        peer_feed(&p, head.data, head.len, head.len);
        const void *const place = weir_conn_input_buffer(p.conn, &len);
        assert_ptr_equal(place, p.context->read_buffer);
        assert_int_equal(len, p.config.read_buffer_bytes);
        bytes_free(&head);
        peer_close(&p);
    }
}

static void no_memory_for_the_shared_buffer__ends_the_connection(void **state)
{
    (void)state;
    for (const char *kind = "sS"; *kind; kind++) {
        peer p;
        size_t len;
        peer_init(&p);
        peer_open(&p, *kind);
        p.alloc.fail_at = p.alloc.calls + 1;
        assert_null(weir_conn_input_buffer(p.conn, &len));
        assert_int_not_equal(weir_conn_state(p.conn), WEIR_OPEN);
        peer_pump(&p);
        assert_true(peer_saw(&p, "cause=WEIR_E_MEMORY"));
        p.alloc.fail_from = p.alloc.calls + 1;
        assert_null(weir_conn_input_buffer(p.conn, &len)); /* it has ended: nothing more to say */
        p.alloc.fail_from = 0;
        peer_close(&p);
    }
}

/* The message's own memory cannot grow: the shared buffer takes the bytes, and what they are joined
 * to fails then. */
static void no_memory_to_read_into_place__reads_into_the_shared_buffer(void **state)
{
    (void)state;
    peer p;
    size_t len;
    bytes input = {0};
    static const uint8_t payload[5000] = {0};
    peer_init(&p);
    peer_open(&p, 'S');
    assert_non_null(weir_conn_input_buffer(p.conn, &len)); /* it is there */
    bytes_add_frame(&input, WEIR_CLIENT, 0, 2, payload, sizeof payload);
    bytes_add_head(&input, 1, 0, 0, 1, 500000, 0);
    peer_feed(&p, input.data, input.len, input.len);
    p.alloc.fail_from = p.alloc.calls + 1;
    p.config.max_pooled_bytes = 0;
    while (weir_conn_input_buffer(p.conn, &len) != p.context->read_buffer) {
        size_t used;
        weir_event events[2];
        assert_int_equal(weir_conn_input_filled(p.conn, len, &used, events, 2), 0);
        assert_int_equal(used, len);
    }
    p.alloc.fail_from = 0;
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    bytes_free(&input);
    peer_close(&p);
}

static void ping_that_cannot_be_answered__ends_the_connection(void **state)
{
    uint64_t failed = 1, scarce = 0;
    (void)state;
    for (; failed > 0; scarce++) {
        peer p;
        weir_report report;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, 'S');
        p.alloc.fail_from = p.alloc.calls + 1 + scarce;
        peer_feed(&p, "\x89\x84\0\0\0\0ping", 10, 10);
        p.alloc.fail_from = 0;
        failed = p.alloc.failed;
        assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
        assert_int_equal(report.cause, failed > 0 ? WEIR_E_MEMORY : WEIR_OK);
        assert_true(peer_saw(&p, "PING") == (failed == 0));
        peer_close(&p);
    }
    assert_true(scarce > 2);
}

static void large_message__is_read_into_its_own_memory(void **state)
{
    /* Bytes that came, and the room behind them: what there is, if that is 4 KiB, or twofold. */
    static const size_t rows[][2] = {{100, 8092}, {10000, 6384}, {12288, 4096}, {63000, 63000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        size_t len;
        peer_init(&p);
        peer_open(&p, 'S');
        static uint8_t input[14 + 63000] = {0x82, 0xFF, 0, 0, 0, 0, 0, 3, 0, 0}; /* 196608 bytes */
        peer_feed(&p, input, 14 + rows[i][0], 14 + rows[i][0]);
        const uint8_t *const place = weir_conn_input_buffer(p.conn, &len);
        assert_ptr_equal(place, p.conn->rx->message.data + rows[i][0]);
        assert_int_equal(len, rows[i][1]);
        peer_close(&p);
    }
}

static void idleness__is_counted_from_the_last_message_whole_or_in_fragments(void **state)
{
    static const char *const ends[] = {"\x82\x80\0\0\0", "\x80\x81\0\0\0\0x"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        peer p;
        peer_init(&p);
        p.config.idle_timeout_ms = 1000;
        p.config.ping_interval_ms = WEIR_NONE;
        peer_open(&p, 'S');
        weir_context_set_time(p.context, 900);
        if (i == 1)
            peer_feed(&p, "\x02\x81\0\0\0\0x", 7, 7);
        peer_feed(&p, ends[i], 6 + i, 6 + i);
        weir_context_set_time(p.context, 1899);
        assert_null(weir_context_next_ready(p.context));
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        weir_context_set_time(p.context, 1900);
        assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_that_cannot_be_answered__ends_the_connection),
        cmocka_unit_test(large_message__is_read_into_its_own_memory),
        cmocka_unit_test(idleness__is_counted_from_the_last_message_whole_or_in_fragments),
        cmocka_unit_test(bytes_read_into_place__give_the_same_as_bytes_handed_in),
        cmocka_unit_test(bytes_that_were_not_offered__are_refused),
        cmocka_unit_test(bytes_filled_twice__are_refused_the_second_time),
        cmocka_unit_test(bytes_filled_into_a_place_that_is_gone__are_refused),
        cmocka_unit_test(event_arrays_of_every_size__give_the_same_events),
        cmocka_unit_test(no_room_for_events__takes_nothing_that_needs_them),
        cmocka_unit_test(event_data__stays_while_the_program_sends_and_closes),
        cmocka_unit_test(input_after_the_end__is_used_and_dropped),
        cmocka_unit_test(flood__ends_the_connection_at_the_burst_and_not_before),
        cmocka_unit_test(rate_that_is_kept__is_never_a_flood),
        cmocka_unit_test(flood_without_a_clock_or_a_rate__is_not_judged),
        cmocka_unit_test(tiny_fragments__count_as_a_flood_and_whole_messages_do_not),
        cmocka_unit_test(message_limit_changed_on_the_way__holds_from_then_on),
        cmocka_unit_test(early_limit_lowered_below_what_is_kept__still_limits),
        cmocka_unit_test(same_inputs_times_and_seed__give_the_same_bytes_and_events),
        cmocka_unit_test(text_in_chunks__must_not_end_inside_a_character),
        cmocka_unit_test(frames_that_are_not_put_together__are_read_into_the_shared_buffer),
        cmocka_unit_test(no_memory_for_the_shared_buffer__ends_the_connection),
        cmocka_unit_test(no_memory_to_read_into_place__reads_into_the_shared_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
