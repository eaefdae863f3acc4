/* SPDX-License-Identifier: MIT */
/* RFC 6455 7.1: the closing handshake, failing, and how it is reported. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Starting it -----------------------------------------------------------------------------*/

static void R6455_7_1_2_1__one_close_is_sent__with_code_and_reason(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_close(p.conn, 3333, "reason", 6), WEIR_OK);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        assert_int_equal(weir_conn_close(p.conn, 3333, "reason", 6), WEIR_E_CLOSING);
        peer_pump(&p);
        assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_E_CLOSING);
        peer_pump(&p);
        assert_said(&p.output, p.role, "X:3333,reason");
        assert_int_equal(peer_report(&p).local_code, 3333);
        assert_int_equal(p.closed_count, 0);
        peer_close(&p);
    }
}

static void R6455_7_1_2_1__close_in_every_state__is_taken_once(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * STAGES; i++) {
        const wire_stage stage = (wire_stage)(i / 2);
        peer p;
        peer_init(&p);
        if (!wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        const uint32_t wants = weir_conn_wants(p.conn);
        const int status = weir_conn_close(p.conn, 1000, NULL, 0);
        assert_int_equal(status, stage <= STAGE_OPEN ? WEIR_OK : WEIR_E_CLOSING);
        if (status != WEIR_OK)
            assert_int_equal(weir_conn_wants(p.conn), wants);
        assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_E_CLOSING);
        weir_conn_receive_eof(p.conn);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

/* ---- The states ------------------------------------------------------------------------------*/

static void R6455_7_1_3_1__public_state__at_each_stage(void **state)
{
    static const int wanted[STAGES] = {[STAGE_CONNECTING] = WEIR_CONNECTING,
                                       [STAGE_ANSWER] = WEIR_CONNECTING,
                                       [STAGE_OPEN] = WEIR_OPEN,
                                       [STAGE_CLOSE_SENT] = WEIR_CLOSING,
                                       [STAGE_CLOSE_GOT] = WEIR_CLOSING,
                                       [STAGE_END] = WEIR_CLOSING,
                                       [STAGE_FAILED] = WEIR_CLOSING,
                                       [STAGE_LINGER] = WEIR_CLOSING,
                                       [STAGE_OVER] = WEIR_CLOSED};
    (void)state;
    for (int i = 0; i < 2 * STAGES; i++) {
        const wire_stage stage = (wire_stage)(i / 2);
        peer p;
        peer_init(&p);
        if (!wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        assert_int_equal(weir_conn_state(p.conn), wanted[stage]);
        peer_close(&p);
    }
    assert_int_equal(weir_conn_state(NULL), WEIR_CLOSED);
}

/* What the end of the transport makes of each stage. */
static const struct {
    wire_stage stage;
    int side;
    int cause;
    int code;
    int local_code;
    int clean_server; /* 1: clean, 0: not, for each role */
    int clean_client;
} eof_rows[] = {
    {STAGE_CONNECTING, WEIR_SIDE_TRANSPORT, WEIR_E_TRANSPORT, 1006, 0, 0, 0},
    {STAGE_ANSWER, WEIR_SIDE_TRANSPORT, WEIR_E_TRANSPORT, 1006, 0, 0, 0},
    {STAGE_OPEN, WEIR_SIDE_TRANSPORT, WEIR_E_TRANSPORT, 1006, 0, 0, 0},
    {STAGE_CLOSE_SENT, WEIR_SIDE_LOCAL, WEIR_E_TRANSPORT, 1006, 1000, 0, 0},
    {STAGE_CLOSE_GOT, WEIR_SIDE_PEER, WEIR_E_TRANSPORT, 1000, 1000, 0, 0},
    {STAGE_END, WEIR_SIDE_PEER, WEIR_OK, 1000, 1000, 1, 1},
    {STAGE_FAILED, WEIR_SIDE_PEER, WEIR_E_OPCODE, 1006, 1002, 0, 0},
    {STAGE_LINGER, WEIR_SIDE_PEER, WEIR_E_OPCODE, 1006, 1002, 0, 0},
    {STAGE_OVER, WEIR_SIDE_TRANSPORT, WEIR_E_TRANSPORT, 1006, 0, 0, 0},
};

static void R6455_7_1_3_1__R6455_7_2_1_1__end_of_the_transport_at_each_stage(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof eof_rows / sizeof eof_rows[0]; i++) {
        const int role = i % 2 ? WEIR_SERVER : WEIR_CLIENT;
        peer p;
        peer_init(&p);
        if (!wire_reach(&p, role, eof_rows[i / 2].stage))
            continue;
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        peer_pump(&p);
        const weir_report report = peer_report(&p);
        assert_int_equal(report.side, eof_rows[i / 2].side);
        assert_int_equal(report.cause, eof_rows[i / 2].cause);
        assert_int_equal(report.code, eof_rows[i / 2].code);
        assert_int_equal(report.local_code, eof_rows[i / 2].local_code);
        assert_int_equal(report.clean, role == WEIR_SERVER ? eof_rows[i / 2].clean_server
                                                           : eof_rows[i / 2].clean_client);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_2_1_1__end_of_the_transport_after_each_byte(void **state)
{
    static const char script[] = "T:Hello P:1 T-:a C-:b O: C:c B:~130 X:1000,bye";
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), script);
        for (size_t len = 0; len <= input.len; len++) {
            peer p;
            peer_init(&p);
            peer_open(&p, *kind);
            peer_feed(&p, input.data, len, len ? len : 1);
            weir_conn_receive_eof(p.conn);
            peer_pump(&p);
            const weir_report report = peer_report(&p);
            const bool whole = len == input.len;
            assert_int_equal(report.code, whole ? 1000 : 1006);
            assert_int_equal(report.cause, whole ? WEIR_OK : WEIR_E_TRANSPORT);
            assert_int_equal(report.side, whole ? WEIR_SIDE_PEER : WEIR_SIDE_TRANSPORT);
            assert_int_equal(report.clean, whole);
            assert_int_equal(report.offset, len);
            assert_int_equal(peer_frames(&p, p.role, 8), whole);
            assert_int_equal(p.closed_count, 1);
            peer_close(&p);
        }
        bytes_free(&input);
    }
}

static void R6455_7_2_1_1__end_of_the_transport_after_each_byte__of_our_close(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const size_t len = 4 + (i % 2 ? 4 : 0);
        for (size_t gone = 0; gone <= len; gone++) {
            bytes close = {NULL, 0, 0};
            peer p;
            peer_init(&p);
            peer_open(&p, wire_kinds[i % 2]);
            wire_script(&close, other_role(p.role), "X:1000");
            if (i / 2)
                weir_conn_close(p.conn, 1000, NULL, 0);
            wire_feed_held(&p, close.data, close.len);
            wire_take(&p, gone);
            weir_conn_receive_eof(p.conn);
            peer_pump(&p);
            assert_int_equal(peer_report(&p).clean, gone == len);
            assert_int_equal(peer_report(&p).code, 1000);
            assert_int_equal(peer_report(&p).cause, gone == len ? WEIR_OK : WEIR_E_TRANSPORT);
            assert_int_equal(p.closed_count, 1);
            bytes_free(&close);
            peer_close(&p);
        }
    }
}

/* ---- Code and reason that are reported -------------------------------------------------------*/

static void R6455_7_1_5_1__first_close_received__decides(void **state)
{
    static const struct {
        const char *script;
        const char *closed;
    } rows[] = {
        {"X:1001,one X:1002,two", "CLOSED flags=8 code=1001 cause=WEIR_OK"},
        {"X: X:1000,two", "CLOSED flags=8 code=1005 cause=WEIR_OK"},
        {"X:4000,last", "CLOSED flags=8 code=4000 cause=WEIR_OK"},
        {"X:1000 3:x", "CLOSED flags=8 code=1000 cause=WEIR_OK"},
        {"X:1000 X:999", "CLOSED flags=8 code=1000 cause=WEIR_OK"},
        {"3:x X:1000,late", "CLOSED flags=0 code=1006 cause=WEIR_E_OPCODE"},
        {"X:999 X:1000,late", "CLOSED flags=0 code=1006 cause=WEIR_E_PEER_CLOSE_CODE"},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        outcome o = run_script(wire_kinds[i % 2], rows[i / 2].script, NULL);
        char *const closed = strstr(o.trace, rows[i / 2].closed);
        assert_non_null(closed);
        assert_string_equal(strchr(closed, '\n'), "\n");
        assert_null(strstr(o.trace, "two"));
        assert_null(strstr(o.trace, "late"));
        outcome_free(&o);
    }
}

static void R6455_7_1_5_1__our_close_and_theirs_cross__theirs_is_reported(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bytes close = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        weir_conn_close(p.conn, 3001, "ours", 4);
        if (i / 2)
            peer_pump(&p);
        wire_script(&close, other_role(p.role), "X:4001,theirs");
        wire_feed_held(&p, close.data, close.len);
        peer_pump(&p);
        const weir_report report = peer_report(&p);
        assert_int_equal(report.code, 4001);
        assert_int_equal(report.peer_code, 4001);
        assert_int_equal(report.local_code, 3001);
        assert_int_equal(report.side, WEIR_SIDE_LOCAL);
        assert_int_equal(report.clean, 1);
        assert_int_equal(report.reason.len, 6);
        assert_memory_equal(report.reason.data, "theirs", 6);
        assert_said(&p.output, p.role, "X:3001,ours");
        bytes_free(&close);
        peer_close(&p);
    }
}

static void R6455_7_1_5_1__report_of_an_open_connection__says_nothing_yet(void **state)
{
    weir_report report;
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    wire_feed(&p, "T:ab");
    report = peer_report(&p);
    assert_int_equal(report.side, WEIR_SIDE_NONE);
    assert_int_equal(report.cause, WEIR_OK);
    assert_int_equal(report.local_code, 0);
    assert_int_equal(report.peer_code, 0);
    assert_int_equal(report.offset, 8);
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report - 1), WEIR_E_SIZE);
    assert_int_equal(weir_conn_report(NULL, &report, sizeof report), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_report(p.conn, NULL, sizeof report), WEIR_E_ARGUMENT);
    peer_close(&p);
}

/* ---- Failing ---------------------------------------------------------------------------------*/

static void R6455_7_1_7_2__nothing_after_a_fault_is_looked_at(void **state)
{
    static const char *const faults[] = {"3:", "Tr1:a", "C:a", "P-:", "X:1005", "T:%ff", "X:%00"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof faults / sizeof faults[0]; i++) {
        const char kind = wire_kinds[i % 2];
        char script[100] = "T:before ";
        strcat(script, faults[i / 2]);
        outcome alone = run_script(kind, script, NULL);
        strcat(script, " T:after P:x O:y X:1000 3:z T:%ff");
        outcome more = run_script(kind, script, NULL);
        assert_string_equal(alone.trace, more.trace);
        assert_int_equal(alone.output.len, more.output.len);
        assert_memory_equal(alone.output.data, more.output.data, more.output.len);
        assert_non_null(strstr(more.trace, "before"));
        outcome_free(&alone);
        outcome_free(&more);
    }
}

static void R6455_7_1_7_2__input_after_a_fault__is_used_up(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        uint8_t block[100] = {0x83};
        weir_event events[8];
        size_t used;
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_receive(p.conn, block, sizeof block, &used, events, 8), 1);
        assert_int_equal(used, sizeof block);
        assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
        assert_int_equal(events[0].offset, 0);
        assert_int_equal(weir_conn_receive(p.conn, block, sizeof block, &used, events, 8), 0);
        assert_int_equal(used, sizeof block);
        peer_close(&p);
    }
}

static void R6455_7_1_7_1__failed_connection__sends_its_close_then_ends_its_side(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed_held(&p, "\x83", 1);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_OUTPUT | WEIR_WANT_INPUT);
        peer_pump(&p);
        assert_said(&p.output, p.role, "X:1002");
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_INPUT);
        weir_conn_receive_eof(p.conn);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_1_7_1__fault_after_our_close__sends_no_second_one(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        weir_conn_send(p.conn, WEIR_TEXT, "first", 5);
        weir_conn_close(p.conn, 1000, NULL, 0);
        if (i / 2)
            peer_pump(&p);
        wire_feed_held(&p, "\x83", 1);
        peer_pump(&p);
        assert_said(&p.output, p.role, "T:first X:1000");
        assert_int_equal(peer_report(&p).cause, WEIR_E_OPCODE);
        assert_int_equal(peer_report(&p).code, 1006);
        assert_int_equal(peer_report(&p).side, WEIR_SIDE_LOCAL);
        assert_int_equal(peer_report(&p).clean, 0);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_1_7_3__report__says_what_where_and_whose_fault(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed(&p, "T:four B:~300 P:");
        const uint64_t at = weir_conn_state(p.conn) == WEIR_OPEN ? peer_report(&p).offset : 0;
        wire_feed(&p, "4:");
        const weir_report report = peer_report(&p);
        assert_int_equal(report.offset, at);
        assert_int_equal(report.cause, WEIR_E_OPCODE);
        assert_int_equal(report.side, WEIR_SIDE_PEER);
        assert_int_equal(report.text.len, strlen("unknown opcode"));
        assert_memory_equal(report.text.data, "unknown opcode", report.text.len);
        peer_close(&p);
    }
}

static void R6455_7_1_7_3__client__does_not_close_by_itself(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    for (uint64_t now = 1; now < 100000000; now += 9999) {
        wire_time(&p, now);
        wire_feed(&p, "T:life");
        p.trace.len = 0;
    }
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(p.output.len, 0);
    peer_close(&p);
}

/* ---- Abort in the handshake ------------------------------------------------------------------*/

static void R6455_7_2_2_1__handshake_that_fails__has_no_frame_in_its_output(void **state)
{
    static const char *const requests[] = {
        "GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
        ("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        "\x16\x03\x01\x02\x00\x01\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        bytes input = {NULL, 0, 0};
        bytes_add_text(&input, requests[i]);
        wire_script(&input, WEIR_CLIENT, "T:frame X:1000");
        outcome o = run_all_cuts('s', &input, NULL);
        assert_memory_equal(o.output.data, "HTTP/1.1 4", 10);
        assert_int_equal(o.close_code, 0);
        assert_int_equal(o.report.local_code, 0);
        assert_int_equal(o.report.code, 1006);
        assert_null(strstr(o.trace, "MESSAGE"));
        outcome_free(&o);
        bytes_free(&input);
    }
}

static void R6455_7_2_2_1__close_during_the_handshake__sends_http_or_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        peer p;
        peer_init(&p);
        wire_reach(&p, i == 2 ? WEIR_CLIENT : WEIR_SERVER,
                   i == 1 ? STAGE_ANSWER : STAGE_CONNECTING);
        assert_int_equal(weir_conn_close(p.conn, 1001, "going", 5), WEIR_OK);
        peer_pump(&p);
        if (i == 2)
            assert_int_equal(p.output.len, 0);
        else
            assert_memory_equal(p.output.data, "HTTP/1.1 503", 12);
        assert_int_equal(peer_report(&p).code, 1006);
        assert_int_equal(peer_report(&p).local_code, 0);
        assert_int_equal(peer_report(&p).side, WEIR_SIDE_LOCAL);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_7_1_2_1__one_close_is_sent__with_code_and_reason),
        cmocka_unit_test(R6455_7_1_2_1__close_in_every_state__is_taken_once),
        cmocka_unit_test(R6455_7_1_3_1__public_state__at_each_stage),
        cmocka_unit_test(R6455_7_1_3_1__R6455_7_2_1_1__end_of_the_transport_at_each_stage),
        cmocka_unit_test(R6455_7_2_1_1__end_of_the_transport_after_each_byte),
        cmocka_unit_test(R6455_7_2_1_1__end_of_the_transport_after_each_byte__of_our_close),
        cmocka_unit_test(R6455_7_1_5_1__first_close_received__decides),
        cmocka_unit_test(R6455_7_1_5_1__our_close_and_theirs_cross__theirs_is_reported),
        cmocka_unit_test(R6455_7_1_5_1__report_of_an_open_connection__says_nothing_yet),
        cmocka_unit_test(R6455_7_1_7_2__nothing_after_a_fault_is_looked_at),
        cmocka_unit_test(R6455_7_1_7_2__input_after_a_fault__is_used_up),
        cmocka_unit_test(R6455_7_1_7_1__failed_connection__sends_its_close_then_ends_its_side),
        cmocka_unit_test(R6455_7_1_7_1__fault_after_our_close__sends_no_second_one),
        cmocka_unit_test(R6455_7_1_7_3__report__says_what_where_and_whose_fault),
        cmocka_unit_test(R6455_7_1_7_3__client__does_not_close_by_itself),
        cmocka_unit_test(R6455_7_2_2_1__handshake_that_fails__has_no_frame_in_its_output),
        cmocka_unit_test(R6455_7_2_2_1__close_during_the_handshake__sends_http_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
