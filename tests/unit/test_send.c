/* SPDX-License-Identifier: MIT */
/* Sending: back-pressure, streams, borrowed and prepared messages to peers that do not read. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static char send_large[70000];

static size_t send_events(peer *p, unsigned type)
{
    weir_event events[16];
    size_t seen = 0;
    while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS)
        for (int i = 0, n = weir_conn_events(p->conn, events, 16); i < n; i++)
            seen += events[i].type == type;
    return seen;
}

/* Exactly len bytes leave. */
static void send_move(peer *p, size_t len)
{
    while (len > 0) {
        weir_span span;
        assert_int_equal(weir_conn_output(p->conn, &span, 1), 1);
        const size_t take = span.len < len ? span.len : len;
        assert_int_equal(weir_conn_sent(p->conn, take), WEIR_OK);
        len -= take;
    }
}

static void send_begin(peer *p, char kind)
{
    peer_init(p);
    p->config.high_water_bytes = 1000;
    p->config.low_water_bytes = 500;
    p->config.max_queued_bytes = 2000;
    peer_open(p, kind);
}

static void water_marks__are_kept_to_the_byte(void **state)
{
    peer p;
    (void)state;
    send_begin(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 996), WEIR_OK);
    assert_int_equal(send_events(&p, WEIR_EVENT_HIGH_WATER), 0);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, NULL, 0), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, NULL, 0), WEIR_OVER_HIGH);
    assert_int_equal(send_events(&p, WEIR_EVENT_HIGH_WATER), 1); /* said once */
    send_move(&p, 1004 - 501);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 0);
    send_move(&p, 1);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 1);
    send_move(&p, 500);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 0);
    peer_close(&p);
}

static void full_queue__takes_nothing_and_tells_when_it_does_again(void **state)
{
    peer p;
    (void)state;
    send_begin(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 900), WEIR_OK);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1097), WEIR_WOULD_BLOCK);
    assert_int_equal(weir_conn_buffered_amount(p.conn), 900);
    send_move(&p, 904);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 1);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 60000), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, NULL, 0), WEIR_WOULD_BLOCK);
    peer_close(&p);
}

/* One WRITABLE for the first WOULD_BLOCK was on its way: it is not the answer to the second. */
static void writable_that_was_not_taken__does_not_outlive_the_next_would_block(void **state)
{
    peer p;
    (void)state;
    send_begin(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 900), WEIR_OK);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1097), WEIR_WOULD_BLOCK);
    send_move(&p, 404);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1501), WEIR_WOULD_BLOCK);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 0);
    send_move(&p, 1);
    assert_int_equal(send_events(&p, WEIR_EVENT_WRITABLE), 1);
    peer_close(&p);
}

static void queue__is_filled_to_its_last_byte(void **state)
{
    peer p;
    (void)state;
    send_begin(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 900), WEIR_OK);
    /* 904 with its head; heads are counted when they are there. */
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1096), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, NULL, 0), WEIR_WOULD_BLOCK);
    peer_close(&p);
    send_begin(&p, 'S');
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1996), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, send_large, 1), WEIR_WOULD_BLOCK);
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, NULL, 0), WEIR_OVER_HIGH);
    peer_close(&p);
}

/* References cost memory even when they stand for few bytes, or none. */
static void SEC_M6__short_borrowed_messages_to_a_peer_that_never_reads_are_limited(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t len = 0; len <= 1; len++) {
            peer p;
            uint64_t taken = 0;
            peer_init(&p);
            p.config.max_queued_bytes = 300000;
            p.config.max_pooled_bytes = 0;
            peer_open(&p, *kind);
            while (taken < 100000 && weir_conn_send_ref(p.conn, WEIR_BINARY, send_large, len,
                                                        taken) != WEIR_WOULD_BLOCK)
                taken++;
            assert_in_range(taken, 1000, 99999);
            assert_in_range(p.alloc.held, 0, 2 * 300000);
            peer_pump(&p);
            assert_int_equal(peer_frames(&p, p.role, 2), taken);
            assert_true(peer_saw(&p, "WRITABLE"));
            peer_close(&p);
        }
}

static void SEC_M6__short_prepared_messages_to_a_peer_that_never_reads_are_limited(void **state)
{
    peer p;
    weir_message *message;
    uint64_t taken = 0;
    (void)state;
    peer_init(&p);
    p.config.max_queued_bytes = 300000;
    p.config.max_pooled_bytes = 0;
    peer_open(&p, 'S');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "!", 1, &message), WEIR_OK);
    while (taken < 100000 && weir_conn_send_message(p.conn, message) != WEIR_WOULD_BLOCK)
        taken++;
    assert_in_range(p.alloc.held, 0, 2 * 300000);
    peer_pump(&p);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 1), taken);
    weir_message_free(message);
    peer_close(&p);
}

/* ---- Every length ----------------------------------------------------------------------------*/

/* The first frame in output carries these bytes. */
static void send_check_frame(const peer *p, const uint8_t *data, size_t len)
{
    weir_frame_head head;
    const int head_len = weir_frame_head_read(p->output.data, p->output.len, &head);
    assert_true(head_len > 0);
    assert_int_equal(head.fin, 1);
    assert_int_equal(head.opcode, WEIR_BINARY);
    assert_int_equal(head.masked, p->role == WEIR_CLIENT);
    assert_int_equal(head.len, len);
    assert_int_equal(p->output.len, (size_t)head_len + len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(p->output.data[(size_t)head_len + i] ^ (head.masked ? head.key[i % 4] : 0),
                         data[i]);
}

/* Each length as the first in a queue and behind another message. */
static void payload_of_every_length__leaves_as_it_is(void **state)
{
    static const size_t longer[] = {800, 900, 1000, 20000, 65535, 65536, 70000};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.fragment_bytes = 100000;
        peer_open(&p, *kind);
        for (size_t i = 0; i < 300 + sizeof longer / sizeof longer[0]; i++)
            for (int second = 0; second <= 1; second++) {
                const size_t len = i < 300 ? i : longer[i - 300];
                uint8_t *const data = malloc(len + 1); /* its end is the end of the memory */
                for (size_t k = 0; k < len; k++)
                    data[1 + k] = (uint8_t)(k * 7 + len);
                p.output.len = 0;
                if (second)
                    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "first", 5), WEIR_OK);
                assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, data + 1, len), WEIR_OK);
                if (second)
                    send_move(&p, *kind == 'S' ? 7 : 11);
                peer_pump(&p);
                send_check_frame(&p, data + 1, len);
                free(data);
            }
        peer_close(&p);
    }
}

static void bad_byte_in_text_of_any_length__is_refused_and_nothing_queued(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (int second = 0; second <= 1; second++) {
            peer p;
            char text[100];
            peer_init(&p);
            peer_open(&p, *kind);
            if (second)
                assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "first", 5), WEIR_OK);
            for (size_t len = 1; len <= sizeof text; len++)
                for (size_t at = 0; at < len; at++) {
                    memset(text, 't', sizeof text);
                    text[at] = (char)0xFF;
                    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, text, len), WEIR_E_TEXT);
                    text[at] = (char)0x80;
                    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, text, len), WEIR_E_TEXT);
                }
            assert_int_equal(weir_conn_buffered_amount(p.conn), second ? 5 : 0);
            assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT,
                             second ? WEIR_WANT_OUTPUT : 0);
            peer_close(&p);
        }
}

/* Nothing but the text is read, which the sanitizer sees. */
static void text_of_any_length__is_read_to_its_ends(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (size_t len = 1; len <= 200; len++) {
            char *const text = malloc(len);
            assert_non_null(text);
            memset(text, 't', len);
            assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, text, len), WEIR_OK);
            text[len / 2] = (char)0xFF;
            assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, text, len), WEIR_E_TEXT);
            free(text);
        }
        peer_close(&p);
    }
}

static void text_that_is_not_checked__leaves_as_it_is(void **state)
{
    char text[3000];
    (void)state;
    memset(text, 0xFF, sizeof text);
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.check_text = 0;
        peer_open(&p, *kind);
        for (size_t len = 1; len <= sizeof text; len = len * 3 + 1)
            assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, text, len), WEIR_OK);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_TEXT), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, text, 3), WEIR_OK);
        peer_close(&p);
    }
}

/* More than a client's keys are made at once, and than the queue's chunks of any size hold. */
static void burst__arrives_as_the_messages_that_were_sent(void **state)
{
    static const size_t lens[] = {0, 5, 16, 40, 65, 125, 126, 900, 1100, 16000, 33000, 65536, 3};
    test_alloc alloc = {0};
    pair p;
    bytes wanted = {0};
    (void)state;
    pair_init(&p, &alloc);
    p.config.high_water_bytes = p.config.max_queued_bytes = WEIR_NONE;
    assert_int_equal(pair_open(&p, 'e'), WEIR_OK);
    memset(send_large, 's', sizeof send_large);
    for (size_t i = 0; i < 400; i++) {
        const size_t len = lens[(i * i + i / 60) % (i % 40 == 39 ? 13 : 9)];
        const int type = i % 3 == 0 ? WEIR_TEXT : WEIR_BINARY;
        const uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8),
                                 (uint8_t)(len >> 16), 0};
        bytes_add(&wanted, head, sizeof head);
        send_large[i] = (char)('A' + i % 26);
        bytes_add(&wanted, send_large + i, len);
        for (int side = 0; side < 2; side++)
            assert_int_equal(weir_conn_send(p.side[side].conn, type, send_large + i, len), WEIR_OK);
    }
    pair_run(&p, 100000);
    for (int side = 0; side < 2; side++) {
        assert_int_equal(p.side[side].got.len, wanted.len);
        assert_memory_equal(p.side[side].got.data, wanted.data, wanted.len);
    }
    bytes_free(&wanted);
    pair_free(&p);
}

/* ---- Streams ---------------------------------------------------------------------------------*/

static void stream__is_one_message_of_its_pieces(void **state)
{
    test_alloc alloc = {0};
    pair p;
    (void)state;
    pair_init(&p, &alloc);
    assert_int_equal(pair_open(&p, 'e'), WEIR_OK);
    for (int side = 0; side < 2; side++) {
        weir_conn *const conn = p.side[side].conn;
        assert_int_equal(weir_conn_send_chunk(conn, "x", 1), WEIR_E_NO_MESSAGE);
        assert_int_equal(weir_conn_send_end(conn, NULL, 0), WEIR_E_NO_MESSAGE);
        assert_int_equal(weir_conn_send_begin(conn, WEIR_TEXT), WEIR_OK);
        assert_int_equal(weir_conn_send_begin(conn, WEIR_TEXT), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send(conn, WEIR_TEXT, "x", 1), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_ref(conn, WEIR_TEXT, "x", 1, 1), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_chunk(conn, "\xE2\x82", 2), WEIR_OK);
        assert_int_equal(weir_conn_send_chunk(conn, "abc", 3), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_end(conn, NULL, 0), WEIR_E_TEXT); /* inside a character */
        assert_int_equal(weir_conn_send_chunk(conn, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_ping(conn, "between", 7), WEIR_OK);
        assert_int_equal(weir_conn_send_chunk(conn, "\xAC", 1), WEIR_OK);
        assert_int_equal(weir_conn_send_end(conn, "!", 1), WEIR_OK);
        assert_int_equal(weir_conn_send_begin(conn, WEIR_BINARY), WEIR_OK);
        assert_int_equal(weir_conn_send_end(conn, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_send_begin(conn, WEIR_BINARY), WEIR_OK);
        assert_int_equal(weir_conn_send_end(conn, "\xFF", 1), WEIR_OK); /* no text */
    }
    pair_run(&p, 1000);
    for (int side = 0; side < 2; side++)
        assert_memory_equal(p.side[side].got.data,
                            "\1\4\0\0\0\xE2\x82\xAC!\2\0\0\0\0\2\1\0\0\0\xFF", 20);
    pair_free(&p);
}

static void stream_that_was_not_ended__is_cut_off_by_a_close(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_send_begin(p.conn, WEIR_TEXT), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(p.conn, "part", 4), WEIR_OK);
    assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(p.conn, "more", 4), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_end(p.conn, NULL, 0), WEIR_E_CLOSING);
    peer_pump(&p);
    assert_memory_equal(p.output.data, "\x01\x04part\x88\x02\x03\xE8", 10);
    assert_int_equal(p.output.len, 10);
    peer_close(&p);
}

static void full_queue__leaves_the_stream_open(void **state)
{
    peer p;
    (void)state;
    send_begin(&p, 'C');
    assert_int_equal(weir_conn_send_begin(p.conn, WEIR_BINARY), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(p.conn, send_large, 1900), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_send_chunk(p.conn, send_large, 200), WEIR_WOULD_BLOCK);
    assert_int_equal(weir_conn_send_end(p.conn, send_large, 200), WEIR_WOULD_BLOCK);
    peer_pump(&p);
    assert_int_equal(weir_conn_send_end(p.conn, send_large, 200), WEIR_OK);
    peer_close(&p);
}

/* ---- Close -----------------------------------------------------------------------------------*/

static void everything_sent_before_a_close__goes_out_ahead_of_it(void **state)
{
    test_alloc alloc = {0};
    pair p;
    weir_message *message;
    (void)state;
    pair_init(&p, &alloc);
    p.config.fragment_bytes = 1000;
    assert_int_equal(pair_open(&p, 'e'), WEIR_OK);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, send_large, 5000, &message),
                     WEIR_OK);
    weir_conn *const server = p.side[PAIR_SERVER].conn;
    assert_int_equal(weir_conn_send(server, WEIR_TEXT, send_large, 3000), WEIR_OK);
    assert_int_equal(weir_conn_send_ref(server, WEIR_TEXT, send_large, 70000, 1), WEIR_OK);
    assert_int_equal(weir_conn_send_message(server, message), WEIR_OK);
    assert_int_equal(weir_conn_close(server, 1000, "done", 4), WEIR_OK);
    assert_int_equal(weir_conn_close(server, 1000, "done", 4), WEIR_E_CLOSING);
    pair_run(&p, 10000);
    assert_int_equal(p.side[PAIR_CLIENT].counts[WEIR_EVENT_MESSAGE], 3);
    assert_int_equal(p.side[PAIR_CLIENT].got.len, 3 * 5 + 78000);
    assert_true(p.side[0].clean && p.side[1].clean);
    weir_message_free(message);
    pair_free(&p);
}

static void fault_in_the_midst_of_a_fragment__is_told_behind_it(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t moved = 0; moved < 2300; moved += 111) {
            peer p;
            peer_init(&p);
            p.config.fragment_bytes = 1000;
            peer_open(&p, *kind);
            weir_conn_send_ref(p.conn, WEIR_BINARY, send_large, 5000, 3);
            while (p.output.len < moved) {
                weir_span span;
                assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
                const size_t left = moved - p.output.len;
                bytes_add(&p.output, span.data, span.len < left ? span.len : left);
                weir_conn_sent(p.conn, span.len < left ? span.len : left);
            }
            weir_event events[4];
            size_t used;
            uint8_t fault[] = {0xFF, 0xFF};
            (void)weir_conn_receive(p.conn, fault, 2, &used, events, 4);
            peer_pump(&p);
            assert_int_equal(peer_close_code(&p, p.role), 1002);
            /* Not more than the fragment under way, whole, and the Close. */
            assert_in_range(p.output.len, moved, moved + 1008 + 8);
            peer_close(&p);
        }
}

int main(void)
{
    memset(send_large, 's', sizeof send_large);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(water_marks__are_kept_to_the_byte),
        cmocka_unit_test(full_queue__takes_nothing_and_tells_when_it_does_again),
        cmocka_unit_test(writable_that_was_not_taken__does_not_outlive_the_next_would_block),
        cmocka_unit_test(queue__is_filled_to_its_last_byte),
        cmocka_unit_test(SEC_M6__short_borrowed_messages_to_a_peer_that_never_reads_are_limited),
        cmocka_unit_test(SEC_M6__short_prepared_messages_to_a_peer_that_never_reads_are_limited),
        cmocka_unit_test(payload_of_every_length__leaves_as_it_is),
        cmocka_unit_test(bad_byte_in_text_of_any_length__is_refused_and_nothing_queued),
        cmocka_unit_test(text_of_any_length__is_read_to_its_ends),
        cmocka_unit_test(text_that_is_not_checked__leaves_as_it_is),
        cmocka_unit_test(burst__arrives_as_the_messages_that_were_sent),
        cmocka_unit_test(stream__is_one_message_of_its_pieces),
        cmocka_unit_test(stream_that_was_not_ended__is_cut_off_by_a_close),
        cmocka_unit_test(full_queue__leaves_the_stream_open),
        cmocka_unit_test(everything_sent_before_a_close__goes_out_ahead_of_it),
        cmocka_unit_test(fault_in_the_midst_of_a_fragment__is_told_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
