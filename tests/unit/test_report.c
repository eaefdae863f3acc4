/* SPDX-License-Identifier: MIT */
/* Statistics that are exact, and reports that say how it ended. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/report.h"
#include "support/pair.h"
#include "support/test.h"
#include "support/zip.h"

static weir_stats report_stats(const weir_conn *conn)
{
    weir_stats stats;
    assert_int_equal(weir_conn_stats(conn, &stats, sizeof stats), WEIR_OK);
    return stats;
}

static weir_stats report_totals(const weir_context *context)
{
    weir_stats stats;
    assert_int_equal(weir_context_stats(context, &stats, sizeof stats), WEIR_OK);
    return stats;
}

static weir_report report_of(const weir_conn *conn)
{
    weir_report report;
    assert_int_equal(weir_conn_report(conn, &report, sizeof report), WEIR_OK);
    return report;
}

/* ---- Statistics ------------------------------------------------------------------------------*/

static void memory_for_compression__is_part_of_what_is_held(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "xxxxxxxxxxxxxxxxxxxx", 20);
    peer_pump(&p);
    const weir_stats before = report_stats(p.conn);
    assert_int_equal(weir_conn_trim(p.conn), WEIR_OK);
    const weir_stats after = report_stats(p.conn);
    assert_true(before.deflate_bytes > after.deflate_bytes);
    assert_int_equal(before.held_bytes - after.held_bytes,
                     before.deflate_bytes - after.deflate_bytes);
    peer_close(&p);
}

static void counters__are_exact_to_the_byte(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes input = {0};
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, *kind);
        const int from = p.role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
        bytes_add_frame(&input, from, 1, 1, "hello", 5);
        bytes_add_frame(&input, from, 0, 2, "part", 4);
        bytes_add_frame(&input, from, 1, 9, "ping", 4);
        bytes_add_frame(&input, from, 1, 0, "rest", 4);
        bytes_add_frame(&input, from, 1, 10, "", 0);
        peer_feed(&p, input.data, input.len, 3);
        weir_conn_ping(p.conn, NULL, 0);
        peer_pump(&p);
        assert_null(report_of(p.conn).reason.data);
        assert_int_equal(report_of(p.conn).reason.len, 0);
        weir_stats stats = report_stats(p.conn);
        assert_int_equal(stats.rx_bytes, input.len);
        assert_int_equal(stats.tx_bytes, p.output.len);
        assert_int_equal(stats.rx_messages, 2);
        assert_int_equal(stats.tx_messages, 2);
        assert_int_equal(stats.rx_control, 2);
        assert_int_equal(stats.tx_control, 2);
        assert_int_equal(stats.queued_bytes, 0);
        assert_int_equal(stats.connections, 1);
        assert_int_equal(stats.opened, 1);
        assert_int_equal(stats.failed, 0);
        assert_true(stats.rtt_ms == WEIR_NONE);
        memset(&stats, 0x5A, sizeof stats);
        weir__report_stats(p.conn, &stats);
        assert_int_equal(stats.peak_bytes + stats.deflate_bytes + stats.tx_skipped, 0);
        weir_conn_send(p.conn, WEIR_TEXT, "1234567890", 10);
        stats = report_stats(p.conn);
        assert_int_equal(stats.queued_bytes, 12 + (*kind == 'C' ? 4 : 0));
        assert_int_equal(stats.tx_messages, 3);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void held_bytes__are_what_the_allocator_gave(void **state)
{
    (void)state;
    for (const char *kind = "sSC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, *kind);
        const uint64_t others = p.alloc.held - report_stats(p.conn).held_bytes;
        if (*kind == 's')
            peer_feed(&p, "GET / HTTP/1.1\r\nHost: a\r\nName: value\r\n", 38, 5);
        else
            peer_feed(&p,
                      *kind == 'S' ? "\x01\x85kkkkabcde\x89\x8A...."
                                   : "\x01\x05"
                                     "abcde\x89\x0A",
                      *kind == 'S' ? 17 : 9, 1);
        weir_conn_set(p.conn, WEIR_OPTION_MAX_FRAGMENTS, 9);
        assert_int_equal(p.alloc.held, others + report_stats(p.conn).held_bytes);
        if (*kind != 's') {
            weir_conn_send(p.conn, WEIR_BINARY, "payload", 7);
            weir_conn_send_ref(p.conn, WEIR_BINARY, "borrowed", 8, 1);
        }
        assert_int_equal(p.alloc.held, others + report_stats(p.conn).held_bytes);
        assert_int_equal(report_totals(p.context).held_bytes, p.alloc.held);
        assert_int_equal(report_totals(p.context).peak_bytes, p.alloc.peak);
        peer_close(&p);
    }
}

static void subprotocol_and_reason__are_part_of_what_is_held(void **state)
{
    peer p;
    bytes request = {0};
    bytes close = {0};
    (void)state;
    peer_init(&p);
    p.config.max_pooled_bytes = 0;
    p.config.auto_accept = 1;
    p.config.subprotocols = (weir_text){"chat", 4};
    peer_open(&p, 's');
    const uint64_t others = p.alloc.held - report_stats(p.conn).held_bytes;
    bytes_add_request(&request, "Sec-WebSocket-Protocol: chat\r\n");
    peer_feed(&p, request.data, request.len, request.len);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(p.alloc.held, others + report_stats(p.conn).held_bytes);
    bytes_add_close(&close, WEIR_CLIENT, 4000, "because");
    peer_feed(&p, close.data, close.len, close.len);
    assert_int_equal(report_of(p.conn).reason.len, 7);
    assert_int_equal(p.alloc.held, others + report_stats(p.conn).held_bytes);
    bytes_free(&request);
    bytes_free(&close);
    peer_close(&p);
}

static void totals_of_the_context__are_the_sums_of_all_connections(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_stats sum = {0};
    for (int round = 0; round < 3; round++) {
        weir_conn *const first = p.conn;
        peer_feed(&p, "\x82\x81kkkkX\x89\x80kkkk", 13, 4);
        weir_conn_send(p.conn, WEIR_TEXT, "answer", 6);
        peer_pump(&p);
        const weir_stats live = report_stats(first);
        weir_stats totals = report_totals(p.context);
        assert_int_equal(totals.connections, 1);
        assert_int_equal(totals.rx_bytes, sum.rx_bytes + live.rx_bytes);
        assert_int_equal(totals.tx_bytes, sum.tx_bytes + live.tx_bytes);
        assert_int_equal(totals.rx_messages, sum.rx_messages + live.rx_messages);
        assert_int_equal(totals.tx_messages, sum.tx_messages + live.tx_messages);
        assert_int_equal(totals.rx_control, sum.rx_control + live.rx_control);
        assert_int_equal(totals.tx_control, sum.tx_control + live.tx_control);
        assert_int_equal(totals.opened, round + 1);
        if (round == 1)
            peer_feed(&p, "\xFF\xFF", 2, 2);
        const weir_stats last = report_stats(first);
        sum.rx_bytes += last.rx_bytes;
        sum.tx_bytes += last.tx_bytes;
        sum.rx_messages += last.rx_messages;
        sum.tx_messages += last.tx_messages;
        sum.rx_control += last.rx_control;
        sum.tx_control += last.tx_control;
        weir_conn_free(first);
        totals = report_totals(p.context);
        assert_int_equal(totals.connections, 0);
        assert_int_equal(totals.rx_bytes, sum.rx_bytes);
        assert_int_equal(totals.tx_bytes, sum.tx_bytes);
        assert_int_equal(totals.tx_control, sum.tx_control);
        assert_int_equal(totals.failed, round >= 1);
        assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &p.conn), WEIR_OK);
    }
    peer_close(&p);
}

static void round_trip_time__is_that_of_the_ping_that_was_answered(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_context_set_time(p.context, 1000);
    weir_conn_ping(p.conn, "one", 3);
    weir_context_set_time(p.context, 1200);
    peer_pump(&p); /* leaves now */
    weir_context_set_time(p.context, 1234);
    peer_feed(&p, "\x8A\x83\0\0\0\0two\x8A\x83\0\0\0\0one\x8A\x83\0\0\0\0one", 27, 27);
    assert_int_equal(report_stats(p.conn).rtt_ms, 34);
    assert_true(peer_saw(&p, "PONG flags=0 code=0 cause=- offset=0 token=0 len=3 two"));
    assert_true(peer_saw(&p, "PONG flags=16 code=0 cause=- offset=0 token=0 len=3 one"));
    assert_true(peer_saw(&p, "PONG flags=0 code=0 cause=- offset=0 token=0 len=3 one"));
    peer_close(&p);
}

/* ---- Reports ---------------------------------------------------------------------------------*/

static void report__names_the_side_that_ended_it(void **state)
{
    const struct {
        const char *input;
        size_t len;
        int side, cause, code, local, peer;
        int clean;
        uint64_t offset, reason_len;
    } rows[] = {
        {"\x88\x83\0\0\0\0\x03\xE8x", 9, WEIR_SIDE_PEER, WEIR_OK, 1000, 1000, 1000, 1, 9, 1},
        {"\x88\x82\0\0\0\0\x03\xE8", 8, WEIR_SIDE_PEER, WEIR_OK, 1000, 1000, 1000, 1, 8, 0},
        {"\x88\x80\0\0\0\0", 6, WEIR_SIDE_PEER, WEIR_OK, 1005, 1005, 1005, 1, 6, 0},
        {"\x89\x80\0\0\0\0\xC1\x80", 8, WEIR_SIDE_PEER, WEIR_E_RSV, 1006, 1002, 0, 0, 6, 0},
        {"\x81\x82\0\0\0\0\x41\xFF", 8, WEIR_SIDE_PEER, WEIR_E_UTF8, 1006, 1007, 0, 0, 7, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 'S');
        assert_int_equal(report_of(p.conn).side, WEIR_SIDE_NONE);
        peer_feed(&p, rows[i].input, rows[i].len, rows[i].len);
        const weir_report report = report_of(p.conn);
        assert_int_equal(report.side, rows[i].side);
        assert_int_equal(report.cause, rows[i].cause);
        assert_int_equal(report.code, rows[i].code);
        assert_int_equal(report.local_code, rows[i].local);
        assert_int_equal(report.peer_code, rows[i].peer);
        assert_int_equal(report.clean, rows[i].clean);
        assert_int_equal(report.reason.len, rows[i].reason_len);
        assert_int_equal(report_stats(p.conn).failed, rows[i].cause != WEIR_OK);
        assert_int_equal(report.offset, rows[i].offset);
        assert_true(report.text.len > 0);
        peer_close(&p);
    }
}

static void report_of_a_lost_transport__says_so(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    peer_feed(&p, "\x82", 1, 1);
    weir_conn_receive_eof(p.conn);
    peer_pump(&p);
    const weir_report report = report_of(p.conn);
    assert_int_equal(report.side, WEIR_SIDE_TRANSPORT);
    assert_int_equal(report.cause, WEIR_E_TRANSPORT);
    assert_int_equal(report.code, 1006);
    assert_int_equal(report.offset, 1);
    assert_int_equal(report_stats(p.conn).failed, 1);
    peer_close(&p);
}

static void first_cause__stays(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    peer_feed(&p, "\xFF\xFF", 2, 2);
    weir_conn_receive_eof(p.conn);
    weir_context_set_time(p.context, 1000000);
    while (weir_context_next_ready(p.context) != NULL)
        ;
    peer_pump(&p);
    assert_int_equal(report_of(p.conn).cause, WEIR_E_RSV);
    assert_int_equal(p.closed_count, 1);
    assert_int_equal(report_totals(p.context).failed, 1);
    peer_close(&p);
}

static void request_that_finds_no_memory__is_answered_500(void **state)
{
    int answered = 0;
    (void)state;
    for (uint64_t k = 1; k < 12; k++) {
        peer p;
        bytes request = {0};
        peer_init(&p);
        p.config.auto_accept = 1;
        peer_open(&p, 's');
        p.alloc.fail_at = p.alloc.calls + k;
        bytes_add_request(&request, NULL);
        peer_feed(&p, request.data, request.len, 9);
        const weir_report report = report_of(p.conn);
        if (report.cause == WEIR_E_MEMORY && p.output.len > 0) {
            assert_memory_equal(p.output.data, "HTTP/1.1 500 ", 13);
            assert_int_equal(report.http_status, 500);
            assert_int_equal(report.side, WEIR_SIDE_LIBRARY);
            answered++;
        }
        assert_true(report.cause == WEIR_E_MEMORY || weir_conn_state(p.conn) == WEIR_OPEN);
        bytes_free(&request);
        peer_close(&p);
    }
    assert_true(answered > 0);
}

static void message_that_finds_no_memory__is_answered_1011(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        p.alloc.fail_at = p.alloc.calls + 1;
        peer_feed(&p,
                  *kind == 'S' ? "\x82\x90....abc"
                               : "\x82\x10"
                                 "abc",
                  *kind == 'S' ? 9 : 5, 9);
        assert_int_equal(peer_close_code(&p, p.role), 1011);
        assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_MEMORY"));
        assert_int_equal(report_of(p.conn).side, WEIR_SIDE_LIBRARY);
        peer_close(&p);
    }
}

/* The reason is for a log: without memory for it the closing handshake goes on as it would. */
static void reason_that_finds_no_memory__leaves_the_code(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        int without = 0;
        for (uint64_t k = 1; k < 6; k++) {
            peer p;
            bytes input = {0};
            char reason[101] = {0};
            peer_init(&p);
            p.config.max_pooled_bytes = 0;
            peer_open(&p, *kind);
            assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
            peer_pump(&p);
            memset(reason, 'r', 100);
            bytes_add_close(&input, p.role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 4321,
                            reason);
            p.alloc.fail_at = p.alloc.calls + k;
            peer_feed(&p, input.data, input.len, input.len);
            const weir_report report = report_of(p.conn);
            const int kept = report.reason.len == 100;
            if (report.cause != WEIR_E_MEMORY) { /* there was memory for the frame */
                without += !kept;
                assert_int_equal(report.reason.len, kept ? 100 : 0);
                assert_int_equal(report.peer_code, 4321);
                assert_int_equal(report.code, 4321);
                assert_int_equal(report.cause, WEIR_OK);
                assert_int_equal(report.clean, 1);
                assert_int_equal(p.closed_count, 1);
            }
            bytes_free(&input);
            peer_close(&p);
        }
        assert_in_range(without, 1, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_for_compression__is_part_of_what_is_held),
        cmocka_unit_test(counters__are_exact_to_the_byte),
        cmocka_unit_test(held_bytes__are_what_the_allocator_gave),
        cmocka_unit_test(subprotocol_and_reason__are_part_of_what_is_held),
        cmocka_unit_test(totals_of_the_context__are_the_sums_of_all_connections),
        cmocka_unit_test(round_trip_time__is_that_of_the_ping_that_was_answered),
        cmocka_unit_test(report__names_the_side_that_ended_it),
        cmocka_unit_test(report_of_a_lost_transport__says_so),
        cmocka_unit_test(first_cause__stays),
        cmocka_unit_test(request_that_finds_no_memory__is_answered_500),
        cmocka_unit_test(message_that_finds_no_memory__is_answered_1011),
        cmocka_unit_test(reason_that_finds_no_memory__leaves_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
