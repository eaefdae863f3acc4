/* SPDX-License-Identifier: MIT */
/* The output queue: spans that stay, one gather list a batch, gaps for control frames, counts. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/output.h"
#include "support/peer.h"
#include "support/test.h"
#include "support/zip.h"

/* ---- Helpers ---------------------------------------------------------------------------------*/

/* Give bytes to the connection and count its events; output stays where it is. */
static size_t output_feed(peer *p, const bytes *input)
{
    weir_event events[16];
    size_t count = 0;
    uint8_t *const block = malloc(input->len + 1);
    memcpy(block, input->data, input->len);
    for (size_t at = 0, used; at < input->len; at += used) {
        const int n = weir_conn_receive(p->conn, block + at, input->len - at, &used, events, 16);
        assert_true(n > 0 || used > 0);
        count += (size_t)n;
    }
    free(block);
    return count;
}

static void output_feed_frame(peer *p, int opcode, const char *payload)
{
    bytes b = {0};
    bytes_add_frame(&b, p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 1, opcode, payload,
                    strlen(payload));
    output_feed(p, &b);
    bytes_free(&b);
}

static size_t output_sum(const weir_span *spans, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += spans[i].len;
    return sum;
}

/* What spans show, appended. */
static void output_copy(bytes *b, const weir_span *spans, int count)
{
    for (int i = 0; i < count; i++)
        bytes_add(b, spans[i].data, spans[i].len);
}

/* Everything that waits goes out. */
static void output_drain(peer *p)
{
    weir_span spans[4];
    int count;
    while ((count = weir_conn_output(p->conn, spans, 4)) > 0) {
        output_copy(&p->output, spans, count);
        assert_int_equal(weir_conn_sent(p->conn, output_sum(spans, count)), WEIR_OK);
    }
}

/* Move exactly len bytes of what waits. */
static void output_move(peer *p, size_t len)
{
    while (len > 0) {
        weir_span span;
        assert_int_equal(weir_conn_output(p->conn, &span, 1), 1);
        const size_t take = span.len < len ? span.len : len;
        bytes_add(&p->output, span.data, take);
        assert_int_equal(weir_conn_sent(p->conn, take), WEIR_OK);
        len -= take;
    }
}

static void output_take_events(peer *p)
{
    weir_event events[16];
    while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS)
        assert_true(weir_conn_events(p->conn, events, 16) > 0);
}

/* ---- Spans stay as they are until the next call about output ---------------------------------*/

static char output_borrowed[3000];

static void set_up_pong(peer *p)
{
    output_feed_frame(p, 9, "are you there");
}

static void set_up_frames(peer *p)
{
    weir_conn_send(p->conn, WEIR_TEXT, "first", 5);
    weir_conn_send(p->conn, WEIR_BINARY, output_borrowed, 600);
}

static void set_up_prepared(peer *p)
{
    weir_message *message;
    assert_int_equal(weir_message_create(p->context, WEIR_TEXT, "shared", 6, &message), WEIR_OK);
    weir_conn_send_message(p->conn, message);
    weir_conn_send_message(p->conn, message);
    weir_message_free(message);
}

static void set_up_borrowed(peer *p)
{
    weir_conn_send_ref(p->conn, WEIR_BINARY, output_borrowed, sizeof output_borrowed, 5);
    weir_conn_send_ref(p->conn, WEIR_BINARY, output_borrowed, 10, 6);
}

static void set_up_halfway(peer *p)
{
    set_up_frames(p);
    set_up_borrowed(p);
    output_move(p, 9);
    set_up_pong(p);
    weir_conn_ping(p->conn, "ping", 4);
}

static void set_up_borrowed_halfway(peer *p)
{
    set_up_borrowed(p);
    output_move(p, 100);
    set_up_pong(p);
}

static void set_up_control_halfway(peer *p)
{
    set_up_pong(p);
    set_up_frames(p);
    output_move(p, 3);
}

static void act_ping_arrives(peer *p)
{
    output_feed_frame(p, 9, "another, longer than the first");
}

static void act_message_arrives(peer *p)
{
    output_feed_frame(p, 1, "message");
}

static void act_send(peer *p)
{
    (void)weir_conn_send(p->conn, WEIR_TEXT, output_borrowed, 50);
    (void)weir_conn_send(p->conn, WEIR_TEXT, output_borrowed, 2000);
}

static void act_send_ref(peer *p)
{
    (void)weir_conn_send_ref(p->conn, WEIR_TEXT, output_borrowed, 50, 8);
}

static void act_ping(peer *p)
{
    (void)weir_conn_ping(p->conn, "mine", 4);
    (void)weir_conn_pong(p->conn, "mine too", 8);
}

static void act_close(peer *p)
{
    (void)weir_conn_close(p->conn, 1000, "bye", 3);
}

static void act_peer_closes(peer *p)
{
    bytes b = {0};
    bytes_add_close(&b, p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 1001, "going");
    output_feed(p, &b);
    bytes_free(&b);
}

static void act_peer_breaks_a_rule(peer *p)
{
    output_feed_frame(p, 3, "no such opcode");
}

static void act_transport_ends(peer *p)
{
    assert_int_equal(weir_conn_receive_eof(p->conn), WEIR_OK);
}

static void act_time_passes(peer *p)
{
    for (uint64_t now = 1000; now < 200000; now += 1000) {
        weir_context_set_time(p->context, now);
        while (weir_context_next_ready(p->context) != NULL)
            ;
    }
}

static void act_fault_then_end(peer *p)
{
    act_peer_breaks_a_rule(p);
    act_transport_ends(p);
    output_take_events(p);
}

typedef void (*output_step)(peer *p);
static const output_step output_set_ups[] = {
    set_up_pong,    set_up_frames,           set_up_prepared,       set_up_borrowed,
    set_up_halfway, set_up_borrowed_halfway, set_up_control_halfway};
static const output_step output_acts[] = {
    act_ping_arrives,   act_message_arrives, act_send,          act_send_ref,
    act_ping,           act_close,           act_peer_closes,   act_peer_breaks_a_rule,
    act_transport_ends, act_time_passes,     act_fault_then_end};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The transport is still writing what was offered while something happens. */
static void output_check_stays(char kind, output_step set_up, output_step act, size_t cap,
                               size_t keep_back)
{
    peer p;
    weir_span spans[16];
    bytes before = {0};
    bytes after = {0};
    peer_init(&p);
    p.config.fragment_bytes = 1000;
    p.config.max_pooled_bytes = 0; /* what is freed is gone */
    peer_open(&p, kind);
    set_up(&p);
    const int count = weir_conn_output(p.conn, spans, cap);
    assert_true(count > 0);
    output_copy(&before, spans, count);
    act(&p);
    output_take_events(&p);
    output_copy(&after, spans, count);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.data, after.data, before.len);

    const size_t sent = before.len > keep_back ? before.len - keep_back : 0;
    bytes_add(&p.output, before.data, sent);
    assert_int_equal(weir_conn_sent(p.conn, before.len + 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_sent(p.conn, sent), WEIR_OK);
    output_drain(&p);
    if (weir_conn_state(p.conn) != WEIR_CLOSED)
        peer_frames(&p, p.role, 1); /* fails unless it is a sequence of whole frames */
    bytes_free(&before);
    bytes_free(&after);
    peer_close(&p);
}

static void spans_stay_until_sent__whatever_happens_between(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT(output_set_ups); i++)
            for (size_t k = 0; k < COUNT(output_acts); k++)
                for (size_t cap = 1; cap <= 16; cap += 5)
                    for (size_t keep_back = 0; keep_back <= 7; keep_back += 7)
                        output_check_stays(*kind, output_set_ups[i], output_acts[k], cap,
                                           keep_back);
}

static void accepted_response_stays_until_sent__whatever_happens_between(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(output_acts); k++) {
        peer p;
        bytes request = {0};
        bytes before = {0};
        weir_event event;
        weir_span spans[4];
        size_t used;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, 's');
        bytes_add_request(&request, NULL);
        assert_int_equal(weir_conn_receive(p.conn, request.data, request.len, &used, &event, 1), 1);
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
        const int count = weir_conn_output(p.conn, spans, 4);
        output_copy(&before, spans, count);
        output_take_events(&p);
        output_acts[k](&p);
        output_copy(&p.output, spans, count);
        assert_memory_equal(before.data, p.output.data, before.len);
        assert_int_equal(weir_conn_sent(p.conn, before.len), WEIR_OK);
        output_drain(&p);
        bytes_free(&request);
        bytes_free(&before);
        peer_close(&p);
    }
}

/* ---- One gather list for all replies ---------------------------------------------------------*/

static void hundred_small_messages__leave_in_one_write_of_few_spans(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes input = {0};
        weir_event events[200];
        weir_span spans[16];
        size_t used;
        peer_init(&p);
        peer_open(&p, *kind);
        const int from = p.role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
        for (int i = 0; i < 100; i++)
            bytes_add_frame(&input, from, 1, 2, "a message of thirty-two bytes...", 32);
        bytes_add_frame(&input, from, 1, 9, "ping", 4);
        const int count = weir_conn_receive(p.conn, input.data, input.len, &used, events, 200);
        assert_int_equal(count, 101);
        assert_int_equal(used, input.len);
        for (int i = 0; i < 100; i++)
            assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, events[i].data, events[i].len),
                             WEIR_OK);
        const int n = weir_conn_output(p.conn, spans, 16);
        assert_in_range(n, 1, 6);
        output_copy(&p.output, spans, n);
        assert_int_equal(weir_conn_sent(p.conn, output_sum(spans, n)), WEIR_OK);
        assert_false(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
        assert_int_equal(peer_frames(&p, p.role, 2), 100);
        assert_int_equal(peer_frames(&p, p.role, 10), 1);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* ---- Control frames between fragments --------------------------------------------------------*/

/* Opcodes of the frames in output, as a text. */
static void output_opcodes(const peer *p, char *text)
{
    for (size_t at = 0; at < p->output.len;) {
        weir_frame_head head;
        const int used = weir_frame_head_read(p->output.data + at, p->output.len - at, &head);
        assert_true(used > 0);
        *text++ = "012345678PA"[head.opcode];
        at += (size_t)used + (size_t)head.len;
    }
    *text = '\0';
}

static void control_frames_wait_for_one_fragment_at_most__wherever_it_stands(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t moved = 0; moved < 3030; moved += 101) {
            peer p;
            char opcodes[32];
            peer_init(&p);
            p.config.fragment_bytes = 1000;
            peer_open(&p, *kind);
            const size_t frame = 1004 + (*kind == 'C' ? 4 : 0);
            weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, sizeof output_borrowed, 1);
            output_move(&p, moved);
            output_feed_frame(&p, 9, "x");
            output_drain(&p);
            output_take_events(&p);
            output_opcodes(&p, opcodes);
            const size_t place = (moved + frame - 1) / frame;
            assert_int_equal(strlen(opcodes), 4);
            assert_int_equal(strchr(opcodes, 'A') - opcodes, place);
            peer_close(&p);
        }
}

static void newest_ping_is_answered__in_the_place_of_older_ones(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    for (int i = 0; i < 100; i++)
        output_feed_frame(&p, 9, i == 99 ? "last" : "early");
    output_drain(&p);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 10), 1);
    assert_memory_equal(p.output.data, "\x8A\x04last", 6);
    peer_close(&p);
}

static void ping_that_comes_while_a_pong_is_written__is_answered_too(void **state)
{
    (void)state;
    for (size_t first = 1; first <= 5; first++) {
        peer p;
        weir_span span;
        peer_init(&p);
        peer_open(&p, 'S');
        output_feed_frame(&p, 9, "one");
        assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
        bytes_add(&p.output, span.data, first);
        output_feed_frame(&p, 9, "two");
        assert_int_equal(weir_conn_sent(p.conn, first), WEIR_OK);
        output_drain(&p);
        assert_int_equal(p.output.len, 10);
        assert_memory_equal(p.output.data, "\x8A\x03one\x8A\x03two", 10);
        peer_close(&p);
    }
}

/* ---- Counts ----------------------------------------------------------------------------------*/

static uint64_t output_queued(const peer *p)
{
    weir_stats stats;
    weir_conn_stats(p->conn, &stats, sizeof stats);
    return stats.queued_bytes;
}

static void queued_bytes_of_borrowed_sends__never_run_out_before_the_bytes_do(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        weir_span span;
        peer_init(&p);
        p.config.fragment_bytes = 10; /* many heads */
        peer_open(&p, *kind);
        for (uint64_t i = 0; i < 3; i++)
            assert_int_equal(weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, 1000, i),
                             WEIR_OK);
        while (weir_conn_output(p.conn, &span, 1) == 1) {
            assert_true(output_queued(&p) >= span.len);
            assert_true(output_queued(&p) >= weir_conn_buffered_amount(p.conn));
            assert_int_equal(weir_conn_sent(p.conn, span.len), WEIR_OK);
        }
        assert_int_equal(output_queued(&p), 0);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
        peer_close(&p);
    }
}

/* One frame of it would end where the count begins anew. */
static void borrowed_send_that_no_count_can_hold__is_refused(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    p.config.high_water_bytes = p.config.max_queued_bytes = p.config.fragment_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    for (size_t less = 0; less < 10; less++)
        assert_int_equal(
            weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, SIZE_MAX - less, 1),
            WEIR_E_MEMORY);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
    peer_close(&p);
}

static void buffered_amount__counts_payload_alone_and_falls_with_it(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.fragment_bytes = 100;
        peer_open(&p, *kind);
        weir_conn_send(p.conn, WEIR_BINARY, output_borrowed, 250);
        weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, 250, 1);
        weir_conn_ping(p.conn, "ping", 4);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 500);
        uint64_t last = 500;
        weir_span span;
        while (weir_conn_output(p.conn, &span, 1) == 1) {
            assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_OK);
            const uint64_t now = weir_conn_buffered_amount(p.conn);
            assert_true(now == last || now == last - 1);
            last = now;
        }
        assert_int_equal(last, 0);
        peer_close(&p);
    }
}

static void borrowed_message_that_left_whole__is_not_called_dropped(void **state)
{
    peer p;
    weir_span spans[4];
    weir_event events[4];
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_conn_send_ref(p.conn, WEIR_TEXT, output_borrowed, 20, 77);
    const int n = weir_conn_output(p.conn, spans, 4);
    const size_t sum = output_sum(spans, n);
    assert_int_equal(sum, 22);
    act_peer_breaks_a_rule(&p); /* the rest is cut: nothing of this message is */
    assert_int_equal(weir_conn_sent(p.conn, sum), WEIR_OK);
    assert_true(weir_conn_events(p.conn, events, 4) > 0);
    assert_int_equal(events[0].type, WEIR_EVENT_RELEASED);
    assert_int_equal(events[0].token, 77);
    assert_int_equal(events[0].flags, 0);
    peer_close(&p);
}

/* Cut after so many of its bytes have left, with or without an offer that holds the rest. */
static void borrowed_message_cut_short__is_called_dropped(void **state)
{
    static const uint8_t large[100000]; /* more than an offer masks */
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t sent = 0; sent < 200; sent += 7)
            for (int offered = 0; offered < 2; offered++) {
                peer p;
                weir_span spans[2];
                weir_event events[8];
                peer_init(&p);
                p.config.fragment_bytes = 50;
                peer_open(&p, *kind);
                weir_conn_send_ref(p.conn, WEIR_BINARY, large, sizeof large, 9);
                output_move(&p, sent);
                if (offered)
                    assert_true(weir_conn_output(p.conn, spans, 2) > 0);
                uint8_t fault[] = {0x83, 0x00}; /* no such opcode */
                size_t used;
                int count = weir_conn_receive(p.conn, fault, sizeof fault, &used, events, 4);
                output_drain(&p);
                assert_int_equal(peer_close_code(&p, p.role), 1002);
                count += weir_conn_events(p.conn, events + count, 4);
                assert_int_equal(count, 2);
                assert_int_equal(events[0].type, WEIR_EVENT_RELEASED);
                assert_int_equal(events[0].token, 9);
                assert_int_equal(events[0].flags, WEIR_FLAG_DROPPED);
                peer_close(&p);
            }
}

/* The transport ends with both of them in the offer: they are given back when it is void. */
static void borrowed_messages_offered_when_the_transport_ends__are_all_given_back(void **state)
{
    peer p;
    weir_span spans[8];
    weir_event events[4];
    (void)state;
    peer_init(&p);
    p.config.max_pooled_bytes = 0; /* what is freed is gone */
    peer_open(&p, 'S');
    for (uint64_t token = 0; token < 3; token++)
        weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, 10, token);
    assert_int_equal(weir_conn_output(p.conn, spans, 8), 6);
    act_transport_ends(&p);
    assert_int_equal(weir_conn_sent(p.conn, 0), WEIR_OK);
    assert_int_equal(weir_conn_events(p.conn, events, 4), 4);
    for (uint64_t token = 0; token < 3; token++) {
        assert_int_equal(events[token].type, WEIR_EVENT_RELEASED);
        assert_int_equal(events[token].token, token);
        assert_int_equal(events[token].flags, WEIR_FLAG_DROPPED);
    }
    peer_close(&p);
}

static void borrowed_memory__is_given_back_once_for_each_token_in_order(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        weir_event events[64];
        peer_init(&p);
        p.config.fragment_bytes = 50;
        peer_open(&p, *kind);
        for (uint64_t i = 0; i < 40; i++)
            weir_conn_send_ref(p.conn, WEIR_BINARY, output_borrowed, (size_t)i * 7, i);
        output_drain(&p);
        assert_int_equal(weir_conn_events(p.conn, events, 64), 40);
        for (uint64_t i = 0; i < 40; i++) {
            assert_int_equal(events[i].type, WEIR_EVENT_RELEASED);
            assert_int_equal(events[i].token, i);
        }
        peer_close(&p);
    }
}

/* ---- Memory ----------------------------------------------------------------------------------*/

static weir_message *output_message;

static void set_up_one_reply(peer *p)
{
    assert_int_equal(weir_conn_send(p->conn, WEIR_BINARY, output_borrowed, 800), WEIR_OK);
}

static void set_up_one_prepared(peer *p)
{
    assert_int_equal(weir_conn_send_message(p->conn, output_message), WEIR_OK);
}

static void output_check_held(output_step set_up, uint64_t most)
{
    peer p;
    peer_init(&p);
    p.config.max_pooled_bytes = 0;
    peer_open(&p, 'S');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "shared", 6, &output_message),
                     WEIR_OK);
    const uint64_t before = p.alloc.held;
    for (int turn = 0; turn < 3; turn++) {
        set_up(&p);
        assert_in_range(p.alloc.held - before, 1, most);
        output_drain(&p);
        assert_int_equal(p.alloc.held, before);
    }
    weir_message_free(output_message);
    peer_close(&p);
}

static void waiting_output__holds_one_block_and_idle_connections_none(void **state)
{
    (void)state;
    output_check_held(set_up_one_prepared, 128);
    output_check_held(set_up_one_reply, 1024);
    output_check_held(set_up_pong, 128 + 1024);
}

/* The first chunk stands in the queue's block: that stays while anything else does. */
static void queue_that_never_runs_empty__uses_its_first_block_again(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, *kind);
        assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "shared", 6, &output_message),
                         WEIR_OK);
        const uint64_t before = p.alloc.held;
        for (int i = 0; i < 1000; i++) {
            set_up_one_prepared(&p);
            if (i % 3 == 0)
                weir_conn_send(p.conn, WEIR_TEXT, "shared", 6);
            if (i > 0)
                output_move(&p, i % 2 ? 1 : 15);
            assert_in_range(p.alloc.held - before, 1, 128 * 1024);
        }
        output_drain(&p);
        assert_int_equal(p.alloc.held, before);
        assert_int_equal(peer_frames(&p, p.role, 1), 1334);
        weir_message_free(output_message);
        peer_close(&p);
    }
}

/* ---- Arguments -------------------------------------------------------------------------------*/

/* A peer whose every block is an allocation. */
static void output_begin(peer *p, char kind)
{
    peer_init(p);
    p->config.max_pooled_bytes = 0;
    peer_open(p, kind);
}

static void queue_and_what_it_holds_first__are_one_block_if_it_is_large_enough(void **state)
{
    const size_t most = WEIR__POOL_MAX - sizeof(weir__tx) - sizeof(weir__chunk);
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        peer p;
        output_begin(&p, 'S');
        const uint64_t calls = p.alloc.calls;
        weir__chunk *const chunk = weir__output_make(p.conn, WEIR__CHUNK_RAW, most + more);
        assert_non_null(chunk);
        assert_int_equal(p.alloc.calls - calls, 1 + more);
        weir__chunk_free(&p.context->memory, chunk);
        peer_close(&p);
    }
}

static void control_frame_without_memory__is_refused(void **state)
{
    peer p;
    (void)state;
    output_begin(&p, 'S');
    p.alloc.fail_from = 1;
    assert_int_equal(weir_conn_ping(p.conn, "x", 1), WEIR_E_MEMORY);
    p.alloc.fail_from = 0;
    assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT, 0);
    assert_int_equal(weir_conn_ping(p.conn, "x", 1), WEIR_OK);
    peer_close(&p);
}

static void queue__is_freed_when_the_transport_ends__but_for_what_was_offered(void **state)
{
    (void)state;
    for (size_t offered = 0; offered < 3; offered++) {
        peer p;
        weir_span span;
        output_begin(&p, 'S');
        weir_conn_ping(p.conn, "p", 1);
        assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
        if (offered < 2)
            assert_int_equal(weir_conn_sent(p.conn, 2), WEIR_OK);
        if (offered == 1)
            assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        assert_true((p.conn->tx == NULL) == (offered == 0));
        assert_int_equal(weir_conn_output(p.conn, &span, 1), 0);
        peer_close(&p);
    }
}

static void borrowed_memory_that_was_compressed__is_given_back_by_its_token(void **state)
{
    peer p;
    weir_event events[4];
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    assert_int_equal(
        weir_conn_send_ref(p.conn, WEIR_TEXT | WEIR_COMPRESS, "xxxxxxxxxxxxxxxxxxxx", 20, 77),
        WEIR_OK);
    assert_int_equal(weir_conn_events(p.conn, events, 4), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_RELEASED);
    assert_int_equal(events[0].token, 77);
    assert_int_equal(events[0].flags, 0);
    peer_close(&p);
}

static void SEC_A1__more_sent_than_offered_is_refused(void **state)
{
    peer p;
    weir_span spans[4];
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_sent(p.conn, 0), WEIR_OK);
    weir_conn_send(p.conn, WEIR_TEXT, "0123456789", 10);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_E_ARGUMENT); /* nothing was offered yet */
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 1);
    weir_conn_send(p.conn, WEIR_TEXT, "0123456789", 10); /* was not offered */
    assert_int_equal(weir_conn_sent(p.conn, spans[0].len + 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_sent(p.conn, SIZE_MAX), WEIR_E_ARGUMENT);
    assert_int_equal(output_queued(&p), 24);
    assert_int_equal(weir_conn_sent(p.conn, 5), WEIR_OK);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_E_ARGUMENT); /* the offer is void */
    output_drain(&p);
    assert_int_equal(p.output.len, 19);
    peer_close(&p);
}

static void SEC_L6__span_arrays_of_every_size_are_kept_to(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t cap = 0; cap <= 12; cap++) {
            peer p;
            peer_init(&p);
            p.config.fragment_bytes = 500;
            peer_open(&p, *kind);
            set_up_halfway(&p);
            set_up_prepared(&p);
            for (int turns = 0; weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT; turns++) {
                weir_span *const spans = malloc(cap * sizeof *spans + 1);
                const int count = weir_conn_output(p.conn, spans, cap);
                assert_in_range(count, cap > 0, cap);
                output_copy(&p.output, spans, count);
                assert_int_equal(weir_conn_sent(p.conn, output_sum(spans, count)), WEIR_OK);
                free(spans);
                if (cap == 0 && turns == 3)
                    break;
            }
            if (cap > 0)
                assert_int_equal(peer_frames(&p, p.role, 1), 3);
            peer_close(&p);
        }
}

int main(void)
{
    memset(output_borrowed, 'b', sizeof output_borrowed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_stay_until_sent__whatever_happens_between),
        cmocka_unit_test(accepted_response_stays_until_sent__whatever_happens_between),
        cmocka_unit_test(hundred_small_messages__leave_in_one_write_of_few_spans),
        cmocka_unit_test(control_frames_wait_for_one_fragment_at_most__wherever_it_stands),
        cmocka_unit_test(newest_ping_is_answered__in_the_place_of_older_ones),
        cmocka_unit_test(ping_that_comes_while_a_pong_is_written__is_answered_too),
        cmocka_unit_test(queued_bytes_of_borrowed_sends__never_run_out_before_the_bytes_do),
        cmocka_unit_test(borrowed_send_that_no_count_can_hold__is_refused),
        cmocka_unit_test(buffered_amount__counts_payload_alone_and_falls_with_it),
        cmocka_unit_test(borrowed_message_that_left_whole__is_not_called_dropped),
        cmocka_unit_test(borrowed_message_cut_short__is_called_dropped),
        cmocka_unit_test(borrowed_messages_offered_when_the_transport_ends__are_all_given_back),
        cmocka_unit_test(borrowed_memory__is_given_back_once_for_each_token_in_order),
        cmocka_unit_test(waiting_output__holds_one_block_and_idle_connections_none),
        cmocka_unit_test(queue_that_never_runs_empty__uses_its_first_block_again),
        cmocka_unit_test(queue_and_what_it_holds_first__are_one_block_if_it_is_large_enough),
        cmocka_unit_test(control_frame_without_memory__is_refused),
        cmocka_unit_test(queue__is_freed_when_the_transport_ends__but_for_what_was_offered),
        cmocka_unit_test(borrowed_memory_that_was_compressed__is_given_back_by_its_token),
        cmocka_unit_test(SEC_A1__more_sent_than_offered_is_refused),
        cmocka_unit_test(SEC_L6__span_arrays_of_every_size_are_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
