/* SPDX-License-Identifier: MIT */
/* WHATWG WebSockets: what scripts in browsers are used to. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Codes of scripts ------------------------------------------------------------------------*/

static int status_of_close(const peer *p, int code)
{
    weir_conn *conn;
    weir_conn_create_established(p->context, p->role, &conn);
    const int status = weir_conn_close(conn, code, NULL, 0);
    assert_int_equal(weir_conn_state(conn), status == WEIR_OK ? WEIR_CLOSING : WEIR_OPEN);
    assert_int_equal(weir_conn_wants(conn) & WEIR_WANT_OUTPUT,
                     status == WEIR_OK ? WEIR_WANT_OUTPUT : 0);
    weir_conn_free(conn);
    return status;
}

static void WHATWG_5__strict_mode__sends_1000_and_3000_to_4999_only(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.script_close_codes = 1;
        peer_open(&p, *kind);
        for (int code = 0; code < 65536; code++) {
            const bool allowed = code == 0 || code == 1000 || (code >= 3000 && code <= 4999);
            assert_int_equal(status_of_close(&p, code), allowed ? WEIR_OK : WEIR_E_CLOSE_CODE);
        }
        peer_close(&p);
    }
}

static void WHATWG_5__strict_mode__takes_123_bytes_of_reason(void **state)
{
    char reason[124];
    (void)state;
    memset(reason, 'r', sizeof reason);
    for (size_t len = 122; len <= 124; len++) {
        peer p;
        peer_init(&p);
        p.config.script_close_codes = 1;
        peer_open(&p, 'C');
        assert_int_equal(weir_conn_close(p.conn, 1000, reason, len),
                         len <= 123 ? WEIR_OK : WEIR_E_CLOSE_REASON);
        peer_close(&p);
    }
}

static void WHATWG_5__strict_mode__still_fails_and_answers_with_other_codes(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (int fails = 0; fails < 2; fails++) {
            peer p;
            peer_init(&p);
            p.config.script_close_codes = 1;
            peer_open(&p, *kind);
            wire_feed(&p, fails ? "T:%ff" : "X:1001");
            assert_said(&p.output, p.role, fails ? "X:1007" : "X:1001");
            peer_close(&p);
        }
    }
}

/* ---- Buffered amount -------------------------------------------------------------------------*/

static const uint8_t data[200000];

static void WHATWG_8__buffered_amount__counts_payload_not_frames(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_message *message;
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
        weir_conn_send(p.conn, WEIR_BINARY, data, 10);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 10);
        weir_conn_send(p.conn, WEIR_BINARY, NULL, 0);
        weir_conn_ping(p.conn, data, 125);
        weir_conn_pong(p.conn, data, 125);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 10);
        weir_conn_send(p.conn, WEIR_BINARY, data, 70000);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 70010);
        weir_conn_send_ref(p.conn, WEIR_BINARY, data, sizeof data, 1);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 270010);
        weir_message_create(p.context, WEIR_BINARY, data, 1000, &message);
        weir_conn_send_message(p.conn, message);
        weir_message_free(message);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 271010);
        weir_conn_send_begin(p.conn, WEIR_BINARY);
        weir_conn_send_chunk(p.conn, data, 5);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 271015);
        weir_conn_close(p.conn, 1000, "reason", 6);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 271015);
        peer_pump(&p);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
        peer_close(&p);
    }
    assert_int_equal(weir_conn_buffered_amount(NULL), 0);
}

/* Payload bytes of data frames among the first sent bytes of output. */
static uint64_t payload_within(const bytes *output, size_t sent)
{
    uint64_t sum = 0;
    for (size_t at = 0; at < sent;) {
        weir_frame_head head;
        const int used = weir_frame_head_read(output->data + at, output->len - at, &head);
        at += (size_t)used;
        if (head.opcode < 8 && at < sent)
            sum += sent - at < head.len ? sent - at : head.len;
        at += (size_t)head.len;
    }
    return sum;
}

static void queue_some(peer *p)
{
    weir_message *message;
    weir_conn_send(p->conn, WEIR_BINARY, data, 20);
    weir_conn_send_ref(p->conn, WEIR_BINARY, data, 30, 1);
    weir_message_create(p->context, WEIR_BINARY, data, 25, &message);
    weir_conn_send_message(p->conn, message);
    weir_message_free(message);
    weir_conn_ping(p->conn, data, 9);
    weir_conn_send(p->conn, WEIR_BINARY, data, 0);
    weir_conn_send(p->conn, WEIR_BINARY, data, 7);
}

static void WHATWG_8__buffered_amount__falls_with_each_byte_that_leaves(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        peer whole;
        peer p;
        peer_init(&whole);
        whole.config.fragment_bytes = i / 2 ? 8 : 65536;
        peer_open(&whole, wire_kinds[i % 2]);
        queue_some(&whole);
        assert_int_equal(weir_conn_buffered_amount(whole.conn), 82);
        peer_pump(&whole);
        peer_init(&p);
        p.config.fragment_bytes = whole.config.fragment_bytes;
        peer_open(&p, wire_kinds[i % 2]);
        queue_some(&p);
        for (size_t sent = 0; sent < whole.output.len; sent++) {
            assert_int_equal(weir_conn_buffered_amount(p.conn),
                             82 - payload_within(&whole.output, sent));
            assert_int_equal(wire_take(&p, 1), 1);
        }
        assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
        peer_close(&p);
        peer_close(&whole);
    }
}

/* ---- After our Close -------------------------------------------------------------------------*/

static outcome run_after_close(char kind, const char *script, int deliver, size_t step)
{
    bytes input = {NULL, 0, 0};
    outcome o = {0};
    peer p;
    peer_init(&p);
    p.config.deliver_after_close = (uint64_t)deliver;
    peer_open(&p, kind);
    weir_conn_close(p.conn, 1000, NULL, 0);
    peer_pump(&p);
    wire_script(&input, other_role(p.role), script);
    peer_feed(&p, input.data, input.len, step ? step : input.len);
    o.report = peer_report(&p);
    bytes_add(&p.trace, "", 1);
    o.trace = (char *)p.trace.data;
    p.trace = (bytes){NULL, 0, 0};
    o.close_code = peer_close_code(&p, p.role);
    bytes_free(&input);
    peer_close(&p);
    return o;
}

static void WHATWG_9__messages_after_our_close__are_dropped_by_default(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (size_t step = 0; step < 20; step++) {
            outcome o = run_after_close(*kind, "T:late T-:fr C:ag B:~300 P:x X:1000", 0, step);
            assert_null(strstr(o.trace, "MESSAGE"));
            assert_non_null(strstr(o.trace, "PING"));
            assert_int_equal(o.report.clean, 1);
            free(o.trace);
        }
    }
}

static void WHATWG_9__messages_after_our_close__are_delivered_by_option(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (size_t step = 0; step < 20; step++) {
            outcome o = run_after_close(*kind, "T:late T-:fr C:ag X:1000", 1, step);
            assert_non_null(strstr(o.trace, "len=4 late"));
            assert_non_null(strstr(o.trace, "len=4 frag"));
            assert_int_equal(o.report.clean, 1);
            free(o.trace);
        }
    }
}

static void WHATWG_9__messages_after_our_close__are_checked_all_the_same(void **state)
{
    static const char *const scripts[] = {"T:%ff X:1000", "C:a X:1000", "T-:a T:b X:1000",
                                          "X:1005"};
    static const int causes[] = {WEIR_E_UTF8, WEIR_E_CONTINUATION, WEIR_E_INTERRUPTED,
                                 WEIR_E_PEER_CLOSE_CODE};
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        outcome o = run_after_close(wire_kinds[i % 2], scripts[i / 4], (int)(i / 2 % 2), i % 2);
        assert_int_equal(o.report.cause, causes[i / 4]);
        assert_int_equal(o.report.code, 1006);
        assert_int_equal(o.close_code, 1000);
        assert_int_equal(o.report.clean, 0);
        free(o.trace);
    }
}

static void WHATWG_9__message_begun_before_our_close__is_dropped_too(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed(&p, "T-:be");
        weir_conn_close(p.conn, 1000, NULL, 0);
        peer_pump(&p);
        wire_feed(&p, "C:gun X:1000");
        assert_false(peer_saw(&p, "MESSAGE"));
        assert_int_equal(peer_report(&p).clean, 1);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(WHATWG_5__strict_mode__sends_1000_and_3000_to_4999_only),
        cmocka_unit_test(WHATWG_5__strict_mode__takes_123_bytes_of_reason),
        cmocka_unit_test(WHATWG_5__strict_mode__still_fails_and_answers_with_other_codes),
        cmocka_unit_test(WHATWG_8__buffered_amount__counts_payload_not_frames),
        cmocka_unit_test(WHATWG_8__buffered_amount__falls_with_each_byte_that_leaves),
        cmocka_unit_test(WHATWG_9__messages_after_our_close__are_dropped_by_default),
        cmocka_unit_test(WHATWG_9__messages_after_our_close__are_delivered_by_option),
        cmocka_unit_test(WHATWG_9__messages_after_our_close__are_checked_all_the_same),
        cmocka_unit_test(WHATWG_9__message_begun_before_our_close__is_dropped_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
