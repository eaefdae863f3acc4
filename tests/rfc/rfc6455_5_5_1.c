/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.5.1: Close frames, and what follows them. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- What a Close may hold -------------------------------------------------------------------*/

static void R6455_5_5_1_1__close_body__is_empty_or_starts_with_a_code(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 125; len++) {
        uint8_t body[125];
        memset(body, 'r', sizeof body);
        body[0] = 0x03;
        body[1] = 0xE8;
        for (const char *kind = wire_kinds; *kind; kind++) {
            bytes input = {NULL, 0, 0};
            bytes_add_frame(&input, other_role(kind_role(*kind)), 1, 8, body, len);
            outcome o = run_all_cuts(*kind, &input, NULL);
            assert_int_equal(o.close_code, len == 0 ? 1005 : len == 1 ? 1002 : 1000);
            assert_int_equal(o.report.cause, len == 1 ? WEIR_E_CLOSE_LENGTH : WEIR_OK);
            assert_int_equal(o.report.code, len == 0 ? 1005 : len == 1 ? 1006 : 1000);
            assert_int_equal(o.report.clean, len != 1);
            assert_int_equal(o.report.reason.len, len < 2 ? 0 : len - 2);
            outcome_free(&o);
            bytes_free(&input);
        }
    }
}

static void R6455_5_5_1_2__reason_that_is_no_utf8__fails_1007(void **state)
{
    static const char *const reasons[] = {
        "%80",          "%bf",          "a%c0%80",      "%c1%bf", "%e0%80%80", "%ed%a0%80",
        "%f0%80%80%80", "%f4%90%80%80", "%f5%80%80%80", "%fe",    "%ff",       "ok%e2%82",
        "%f0%9f%98",    "%c2",          "%e2%82%ac%80", "%c2a"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof reasons / sizeof reasons[0]; i++) {
        char script[64] = "X:1000,";
        strcat(script, reasons[i / 2]);
        outcome o = run_script(wire_kinds[i % 2], script, NULL);
        assert_int_equal(o.close_code, 1007);
        assert_int_equal(o.report.cause, WEIR_E_PEER_CLOSE_REASON);
        assert_int_equal(o.report.code, 1006);
        assert_null(strstr(o.trace, "CLOSE "));
        outcome_free(&o);
    }
}

static void R6455_5_5_1_2__reason_in_utf8__is_reported(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome o = run_script(*kind, "X:3001,%e2%82%ac%f0%9f%98%80%00", NULL);
        assert_non_null(strstr(o.trace, "CLOSE flags=0 code=3001 cause=- offset=0 token=0 len=8 "
                                        "\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\\x00\n"));
        assert_non_null(strstr(o.trace, "CLOSED flags=8 code=3001 cause=WEIR_OK"));
        outcome_free(&o);
    }
}

static void R6455_5_5_1_3__code_that_is_not_for_the_wire__fails_1002(void **state)
{
    static const int codes[] = {1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof codes / sizeof codes[0]; i++) {
        const char kind = wire_kinds[i % 2];
        bytes input = {NULL, 0, 0};
        bytes_add_close(&input, other_role(kind_role(kind)), codes[i / 2], "reason");
        outcome o = run_all_cuts(kind, &input, NULL);
        assert_int_equal(o.close_code, 1002);
        assert_int_equal(o.report.cause, WEIR_E_PEER_CLOSE_CODE);
        assert_int_equal(o.report.peer_code, 0);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* ---- The answer ------------------------------------------------------------------------------*/

static void R6455_5_5_1_5__close_is_answered_once_with_its_code(void **state)
{
    static const char *const rows[][2] = {{"X:", "X:"},
                                          {"X:1000", "X:1000"},
                                          {"X:1001,going", "X:1001"},
                                          {"X:1014", "X:1014"},
                                          {"X:4999,~123", "X:4999"},
                                          {"T:a X:1000 X:1001 X:", "X:1000"},
                                          {"X: P:1 T:a X:1000", "X:"}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const char kind = wire_kinds[i % 2];
        outcome o = run_script(kind, rows[i / 2][0], NULL);
        assert_said(&o.output, kind_role(kind), rows[i / 2][1]);
        assert_int_equal(o.report.clean, 1);
        assert_int_equal(o.report.side, WEIR_SIDE_PEER);
        assert_int_equal(o.report.cause, WEIR_OK);
        outcome_free(&o);
    }
}

static void R6455_5_5_1_5__our_close_was_sent__the_peers_is_not_answered(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_close(p.conn, 3000, "ours", 4);
        peer_pump(&p);
        wire_feed(&p, "X:1000,theirs");
        assert_said(&p.output, p.role, "X:3000,ours");
        assert_int_equal(peer_report(&p).side, WEIR_SIDE_LOCAL);
        assert_int_equal(peer_report(&p).clean, 1);
        peer_close(&p);
    }
}

static void R6455_5_5_1_5__messages_queued_before__leave_ahead_of_the_answer(void **state)
{
    uint8_t *const data = calloc(1, 300000);
    (void)state;
    memset(data, 'q', 300000);
    for (int i = 0; i < 4; i++) {
        bytes close = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        if (i / 2)
            weir_conn_send_ref(p.conn, WEIR_TEXT, data, 300000, 1);
        else
            weir_conn_send(p.conn, WEIR_TEXT, data, 300000);
        weir_conn_send(p.conn, WEIR_TEXT, "then", 4);
        wire_take(&p, 100000);
        wire_script(&close, other_role(p.role), "X:1001");
        wire_feed_held(&p, close.data, close.len);
        peer_pump(&p);
        char *const said = wire_say(&p.output, p.role);
        assert_memory_equal(said, "T:#300000/", 10);
        assert_string_equal(strchr(said, ' '), " T:then X:1001");
        free(said);
        bytes_free(&close);
        peer_close(&p);
    }
    free(data);
}

static void
R6455_5_5_1_5__replies_to_messages_before_a_close__leave_ahead_of_the_answer(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, *kind);
        wire_script(&input, other_role(p.role), "T:one T:two T-:thr C:ee X:1000");
        peer_feed(&p, input.data, input.len, input.len);
        assert_said(&p.output, p.role, "T:one T:two T:three X:1000");
        bytes_free(&input);
        peer_close(&p);
    }
}

static void
R6455_5_5_1_5__R6455_6_1_1__streamed_message__is_cut_off_by_the_peers_close(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_send_begin(p.conn, WEIR_TEXT);
        weir_conn_send_chunk(p.conn, "half", 4);
        wire_feed(&p, "X:1000");
        assert_int_equal(weir_conn_send_chunk(p.conn, "more", 4), WEIR_E_CLOSING);
        assert_int_equal(weir_conn_send_end(p.conn, "more", 4), WEIR_E_CLOSING);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, -1), 2);
        assert_int_equal(peer_close_code(&p, p.role), 1000);
        peer_close(&p);
    }
}

/* ---- Nothing after our Close -----------------------------------------------------------------*/

static void expect_no_data(peer *p)
{
    static const char text[] = "late";
    weir_message *message;
    weir_message_create(p->context, WEIR_TEXT, "late", 4, &message);
    const uint32_t wants = weir_conn_wants(p->conn);
    assert_int_equal(weir_conn_send(p->conn, WEIR_TEXT, text, 4), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_ref(p->conn, WEIR_TEXT, text, 4, 1), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_message(p->conn, message), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_begin(p->conn, WEIR_TEXT), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_chunk(p->conn, text, 4), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_send_end(p->conn, text, 4), WEIR_E_CLOSING);
    assert_int_equal(weir_conn_wants(p->conn), wants);
    weir_message_free(message);
}

static void R6455_5_5_1_4__no_data_is_taken_after_a_close(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * STAGES; i++) {
        const wire_stage stage = (wire_stage)(i / 2);
        peer p;
        peer_init(&p);
        if (stage <= STAGE_OPEN || !wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        expect_no_data(&p);
        peer_pump(&p);
        assert_said(&p.output, p.role,
                    stage == STAGE_CLOSE_GOT ? "X:1000"
                    : stage == STAGE_FAILED  ? "X:1002"
                                             : "");
        peer_close(&p);
    }
}

static void R6455_5_5_1_4__queued_data_leaves_before_our_close__nothing_after(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        static const char borrowed[] = "borrowed";
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_send(p.conn, WEIR_TEXT, "first", 5);
        weir_conn_send_ref(p.conn, WEIR_TEXT, borrowed, 8, 1);
        weir_conn_send_begin(p.conn, WEIR_TEXT);
        weir_conn_send_chunk(p.conn, "cut", 3);
        weir_conn_close(p.conn, 1000, NULL, 0);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "late", 4), WEIR_E_CLOSING);
        peer_pump(&p);
        weir_frame_head last = {0};
        for (wire_reader r = wire_reader_of(&p.output); wire_next(&r);)
            last = r.head;
        assert_int_equal(last.opcode, 8);
        assert_int_equal(peer_frames(&p, p.role, -1), 4);
        wire_feed(&p, "T:more");
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, -1), 4);
        peer_close(&p);
    }
}

/* ---- Both Closes are done --------------------------------------------------------------------*/

static void R6455_5_5_1_7__both_closes__end_the_connection_with_close_then_closed(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        bytes close = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        wire_script(&close, other_role(p.role), "X:1000,bye");
        if (i / 2 > 0)
            weir_conn_close(p.conn, 1000, NULL, 0); /* 1: we begin, 2: at the same time */
        if (i / 2 == 1)
            peer_pump(&p);
        wire_feed_held(&p, close.data, close.len);
        peer_pump(&p);
        bytes_add(&p.trace, "", 1);
        char *const first = strstr((char *)p.trace.data, "CLOSE ");
        assert_ptr_equal(first, p.trace.data);
        assert_ptr_equal(strstr(first, "CLOSED "), strchr(first, '\n') + 1);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(p.event_count, 2);
        assert_int_equal(weir_conn_state(p.conn),
                         p.role == WEIR_SERVER ? WEIR_CLOSED : WEIR_CLOSING);
        assert_int_equal(peer_report(&p).clean, 1);
        weir_conn_receive_eof(p.conn);
        peer_pump(&p);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(p.closed_count, 1);
        assert_said(&p.output, p.role, "X:1000");
        bytes_free(&close);
        peer_close(&p);
    }
}

static void R6455_5_5_1_8__server_wants_the_transport_closed_with_the_last_byte(void **state)
{
    bytes close = {NULL, 0, 0};
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    wire_script(&close, WEIR_CLIENT, "X:1000");
    wire_feed_held(&p, close.data, close.len);
    for (int left = 4; left > 0; left--) {
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        assert_int_equal(weir_conn_wants(p.conn) & (WEIR_WANT_CLOSE | WEIR_WANT_OUTPUT),
                         WEIR_WANT_OUTPUT);
        assert_int_equal(wire_take(&p, 1), 1);
    }
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    wire_events(&p);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    bytes_free(&close);
    peer_close(&p);
}

static void R6455_5_5_1_9__client_waits_for_the_server_to_close__with_a_limit(void **state)
{
    for (int ours = 0; ours < 2; ours++) {
        peer p;
        (void)state;
        peer_init(&p);
        peer_open(&p, 'C');
        wire_time(&p, 1000);
        if (ours)
            weir_conn_close(p.conn, 1000, NULL, 0);
        peer_pump(&p);
        wire_feed(&p, "X:1000");
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        wire_time(&p, 1000 + p.config.linger_timeout_ms - 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        wire_time(&p, 1000 + p.config.linger_timeout_ms);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        assert_int_equal(peer_report(&p).cause, WEIR_OK);
        assert_int_equal(peer_report(&p).clean, 1);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_5_5_1_11__bytes_after_a_close__are_discarded_without_memory(void **state)
{
    uint8_t *const noise = malloc(65536);
    (void)state;
    for (size_t i = 0; i < 65536; i++)
        noise[i] = (uint8_t)(i * 37);
    for (int i = 0; i < 2 * STAGES; i++) {
        const wire_stage stage = (wire_stage)(i / 2);
        weir_event events[4];
        size_t used;
        peer p;
        peer_init(&p);
        if (stage < STAGE_CLOSE_GOT || !wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        const uint64_t held = p.alloc.held;
        const uint64_t calls = p.alloc.calls;
        const weir_report before = peer_report(&p);
        for (int k = 0; k < 160; k++) {
            assert_int_equal(weir_conn_receive(p.conn, noise, 65536, &used, events, 4), 0);
            assert_int_equal(used, 65536);
        }
        const weir_report after = peer_report(&p);
        assert_int_equal(p.alloc.held, held);
        assert_int_equal(p.alloc.calls, calls);
        assert_int_equal(after.code, before.code);
        assert_int_equal(after.cause, before.cause);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
    free(noise);
}

/* ---- What we may send ------------------------------------------------------------------------*/

static void expect_close(int code, const char *reason, size_t len, int status)
{
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_close(p.conn, code, reason, len), status);
        assert_int_equal(weir_conn_state(p.conn), status == WEIR_OK ? WEIR_CLOSING : WEIR_OPEN);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 8), status == WEIR_OK);
        if (status == WEIR_OK && len != WEIR_NTS)
            assert_int_equal(p.output.len, (*kind == 'C' ? 6u : 2u) + (code ? 2 + len : 0));
        peer_close(&p);
    }
}

static void R6455_5_5_1_12__close_is_sent_with_a_legal_code_and_reason_only(void **state)
{
    char reason[125];
    (void)state;
    memset(reason, 'r', sizeof reason);
    expect_close(1000, reason, 0, WEIR_OK);
    expect_close(1000, reason, 123, WEIR_OK);
    expect_close(1000, reason, 124, WEIR_E_CLOSE_REASON);
    expect_close(1000, "text", WEIR_NTS, WEIR_OK);
    expect_close(1000, "caf\xC3", 4, WEIR_E_CLOSE_REASON);
    expect_close(1000, "\xED\xA0\x80", 3, WEIR_E_CLOSE_REASON);
    expect_close(1000, "\xFF", 1, WEIR_E_CLOSE_REASON);
    expect_close(0, NULL, 0, WEIR_OK);
    expect_close(0, "r", 1, WEIR_E_CLOSE_REASON);
    expect_close(1000, NULL, 1, WEIR_E_ARGUMENT);
    expect_close(1005, NULL, 0, WEIR_E_CLOSE_CODE);
    expect_close(-1, NULL, 0, WEIR_E_CLOSE_CODE);
    expect_close(1000 + 65536, NULL, 0, WEIR_E_CLOSE_CODE);
    memcpy(reason + 121, "\xC3\xA9", 2);
    expect_close(1000, reason, 122, WEIR_E_CLOSE_REASON);
    expect_close(1000, reason, 123, WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_5_1_1__close_body__is_empty_or_starts_with_a_code),
        cmocka_unit_test(R6455_5_5_1_2__reason_that_is_no_utf8__fails_1007),
        cmocka_unit_test(R6455_5_5_1_2__reason_in_utf8__is_reported),
        cmocka_unit_test(R6455_5_5_1_3__code_that_is_not_for_the_wire__fails_1002),
        cmocka_unit_test(R6455_5_5_1_5__close_is_answered_once_with_its_code),
        cmocka_unit_test(R6455_5_5_1_5__our_close_was_sent__the_peers_is_not_answered),
        cmocka_unit_test(R6455_5_5_1_5__messages_queued_before__leave_ahead_of_the_answer),
        cmocka_unit_test(
            R6455_5_5_1_5__replies_to_messages_before_a_close__leave_ahead_of_the_answer),
        cmocka_unit_test(
            R6455_5_5_1_5__R6455_6_1_1__streamed_message__is_cut_off_by_the_peers_close),
        cmocka_unit_test(R6455_5_5_1_4__no_data_is_taken_after_a_close),
        cmocka_unit_test(R6455_5_5_1_4__queued_data_leaves_before_our_close__nothing_after),
        cmocka_unit_test(R6455_5_5_1_7__both_closes__end_the_connection_with_close_then_closed),
        cmocka_unit_test(R6455_5_5_1_8__server_wants_the_transport_closed_with_the_last_byte),
        cmocka_unit_test(R6455_5_5_1_9__client_waits_for_the_server_to_close__with_a_limit),
        cmocka_unit_test(R6455_5_5_1_11__bytes_after_a_close__are_discarded_without_memory),
        cmocka_unit_test(R6455_5_5_1_12__close_is_sent_with_a_legal_code_and_reason_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
