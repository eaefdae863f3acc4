/* SPDX-License-Identifier: MIT */
/* Attacks on the protocol's state: Closes, control frames, transports that end anywhere. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static int state_from(char kind)
{
    return kind == 's' || kind == 'S' ? WEIR_CLIENT : WEIR_SERVER;
}

static void SEC_P1__short_closes_are_read_to_their_length_only(void **state)
{
    const struct {
        size_t len;
        int code;
    } rows[] = {{0, 1005}, {1, 1002}, {2, 1000}, {3, 1000}, {125, 1000}};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            bytes b = {0};
            char payload[125];
            memset(payload, 'r', sizeof payload);
            memcpy(payload, "\x03\xE8", 2);
            bytes_add_frame(&b, state_from(*kind), 1, 8, payload, rows[i].len);
            outcome o = run_all_cuts(*kind, &b, NULL); /* each piece in memory of its size */
            assert_int_equal(o.close_code, rows[i].code);
            assert_int_equal(o.report.peer_code, rows[i].len == 1 ? 0 : rows[i].code);
            outcome_free(&o);
            bytes_free(&b);
        }
}

static void SEC_P2__long_control_frames_fail_at_the_head(void **state)
{
    const struct {
        uint64_t len;
        int form;
    } rows[] = {{126, 16}, {125, 16}, {65535, 16}, {65536, 64}, {1, 64}, {INT64_MAX, 64}};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (int opcode = 8; opcode <= 10; opcode++)
            for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                bytes b = {0};
                bytes_add_head(&b, 1, 0, opcode, *kind == 'S', rows[i].len, rows[i].form);
                outcome o = run_all_cuts(*kind, &b, NULL);
                assert_int_equal(o.close_code, 1002);
                assert_int_equal(o.report.offset, 0);
                outcome_free(&o);
                b.len = 2; /* the two bytes that tell are enough */
                o = run_all_cuts(*kind, &b, NULL);
                assert_int_equal(o.close_code, 1002);
                outcome_free(&o);
                bytes_free(&b);
            }
}

static int state_code_is_valid(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* A fresh connection in the place of the last. */
static void state_renew(peer *p)
{
    weir_conn_free(p->conn);
    assert_int_equal(weir_conn_create_established(p->context, p->role, &p->conn), WEIR_OK);
}

static void SEC_P3__all_65536_close_codes_are_judged_by_the_table(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes b = {0};
        peer_init(&p);
        peer_open(&p, *kind);
        for (int code = 0; code < 65536; code++) {
            const int valid = state_code_is_valid(code);
            const int may_send = code == 0 || (valid && (code != 1010 || *kind == 'C'));
            assert_int_equal(weir_conn_close(p.conn, code, NULL, 0),
                             may_send ? WEIR_OK : WEIR_E_CLOSE_CODE);
            state_renew(&p);
            const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
            b.len = p.output.len = 0;
            bytes_add_frame(&b, state_from(*kind), 1, 8, payload, 2);
            peer_feed(&p, b.data, b.len, b.len);
            assert_int_equal(peer_close_code(&p, p.role), valid ? code : 1002);
            state_renew(&p);
        }
        bytes_free(&b);
        peer_close(&p);
    }
}

/* ---- The transport ends after each byte ------------------------------------------------------*/

static void state_trace(bytes *b, char kind)
{
    const int from = state_from(kind);
    if (kind == 's')
        bytes_add_request(b, NULL);
    if (kind == 'c')
        bytes_add_text(b, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Gone\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    if (kind == 'c')
        return;
    bytes_add_frame(b, from, 1, 1, "text", 4);
    bytes_add_frame(b, from, 0, 2, "frag", 4);
    bytes_add_frame(b, from, 1, 9, "ping", 4);
    bytes_add_frame(b, from, 1, 0, "ment", 4);
    bytes_add_close(b, from, 1000, "bye");
}

static void state_end_at(char kind, const bytes *trace, size_t at, int bytewise)
{
    peer p;
    weir_event events[8];
    weir_span spans[4];
    size_t closed = 0;
    peer_init(&p);
    p.echo = 1;
    p.config.max_pooled_bytes = 0;
    peer_open(&p, kind);
    if (at > 0)
        peer_feed(&p, trace->data, at, bytewise ? 1 : at);
    assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
    closed = p.closed_count;
    /* One look is enough: nothing is left that a second call would find. */
    const int count = weir_conn_events(p.conn, events, 8);
    for (int i = 0; i < count; i++)
        closed += events[i].type == WEIR_EVENT_CLOSED;
    assert_int_equal(closed, 1);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 0);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 0);
    assert_true(weir_context_next_due(p.context) == WEIR_NONE ||
                weir_context_next_ready(p.context) == p.conn);
    assert_true(weir_context_next_due(p.context) == WEIR_NONE); /* and nobody is woken again */
    assert_null(weir_context_next_ready(p.context));
    peer_close(&p);
}

static void SEC_T1__transport_that_ends_after_any_byte_ends_the_connection_at_once(void **state)
{
    (void)state;
    for (const char *kind = "sScC"; *kind; kind++) {
        bytes trace = {0};
        state_trace(&trace, *kind);
        for (size_t at = 0; at <= trace.len; at++) {
            state_end_at(*kind, &trace, at, 0);
            state_end_at(*kind, &trace, at, 1);
        }
        bytes_free(&trace);
    }
}

static void SEC_T1__end_while_output_stands_still_needs_no_second_call(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        static char payload[100000];
        peer_init(&p);
        peer_open(&p, *kind);
        assert_true(weir_conn_send(p.conn, WEIR_BINARY, payload, sizeof payload) >= 0);
        assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_EVENTS);
        peer_pump(&p);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(p.output.len, 0);
        peer_close(&p);
    }
}

/* ---- Nothing stays ---------------------------------------------------------------------------*/

static void SEC_T2__every_error_leaves_nothing_behind(void **state)
{
    static const struct {
        const char *kinds;
        const char *input;
        size_t len;
    } rows[] = {
        {"s", "\x16\x03\x01", 3},
        {"s", "GET / HTTP/1.1\r\n\r\n", 18},
        {"s", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 51},
        {"c", "HTTP/1.1 101 X\r\n\r\n", 18},
        {"c", "HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nhalf", 41},
        {"c", "SSH-2.0", 7},
        {"SC", "\x81\x00\x83\x00", 4},
        {"SC",
         "\x01\x03"
         "abc\x01\x00",
         7},
        {"SC", "\x01\x83kkkkabc\x81\x80kkkk", 15},
        {"SC", "\x88\x01x", 3},
        {"SC", "\xC1\x00", 2},
        {"SC", "\x81\x04\xFF...", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (const char *kind = rows[i].kinds; *kind; kind++)
            for (int late = 0; late <= 1; late++) {
                peer p;
                peer_init(&p);
                p.config.max_pooled_bytes = 0;
                peer_open(&p, *kind);
                peer_feed(&p, rows[i].input, rows[i].len, 1);
                if (late)
                    (void)weir_conn_receive_eof(p.conn);
                weir_context_set_time(p.context, 1000000); /* a peer that never hangs up */
                while (weir_context_next_ready(p.context) != NULL)
                    ;
                peer_pump(&p);
                weir_context_set_time(p.context, 2000000);
                while (weir_context_next_ready(p.context) != NULL)
                    ;
                peer_pump(&p);
                assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
                assert_int_equal(p.closed_count, 1);
                weir_conn_free(p.conn);
                p.conn = NULL;
                assert_int_equal(weir_context_free(p.context), WEIR_OK);
                p.context = NULL;
                assert_int_equal(p.alloc.held, 0);
                peer_close(&p);
            }
}

static void SEC_T2__client_that_stays_after_the_closes_is_let_go(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes b = {0};
        peer_init(&p);
        peer_open(&p, *kind);
        bytes_add_close(&b, state_from(*kind), 1000, "");
        peer_feed(&p, b.data, b.len, b.len);
        for (uint64_t now = 1000; now <= 5000; now += 1000) {
            weir_context_set_time(p.context, now);
            while (weir_context_next_ready(p.context) != NULL)
                ;
        }
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        bytes_free(&b);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_P1__short_closes_are_read_to_their_length_only),
        cmocka_unit_test(SEC_P2__long_control_frames_fail_at_the_head),
        cmocka_unit_test(SEC_P3__all_65536_close_codes_are_judged_by_the_table),
        cmocka_unit_test(SEC_T1__transport_that_ends_after_any_byte_ends_the_connection_at_once),
        cmocka_unit_test(SEC_T1__end_while_output_stands_still_needs_no_second_call),
        cmocka_unit_test(SEC_T2__every_error_leaves_nothing_behind),
        cmocka_unit_test(SEC_T2__client_that_stays_after_the_closes_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
