/* SPDX-License-Identifier: MIT */
/* RFC 6455 7.4: close codes, and the code that each fault gives. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- All codes -------------------------------------------------------------------------------*/

/* RFC 6455 7.4.1, 7.4.2 and the IANA registry. */
static bool on_the_wire(unsigned code)
{
    static const unsigned defined[] = {1000, 1001, 1002, 1003, 1007, 1008,
                                       1009, 1010, 1011, 1012, 1013, 1014};
    for (size_t i = 0; i < sizeof defined / sizeof defined[0]; i++)
        if (code == defined[i])
            return true;
    return code >= 3000 && code < 5000;
}

static void receive_code(const peer *p, unsigned code)
{
    bytes input = {NULL, 0, 0};
    weir_event events[4];
    weir_report report;
    weir_conn *conn;
    size_t used;
    const uint8_t body[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    weir_conn_create_established(p->context, p->role, &conn);
    bytes_add_frame(&input, other_role(p->role), 1, 8, body, 2);
    const int count = weir_conn_receive(conn, input.data, input.len, &used, events, 4);
    weir_conn_report(conn, &report, sizeof report);
    if (on_the_wire(code)) {
        assert_int_equal(events[0].type, WEIR_EVENT_CLOSE);
        assert_int_equal(events[0].code, code);
        assert_int_equal(report.code, code);
        assert_int_equal(report.local_code, code);
        assert_int_equal(report.cause, WEIR_OK);
    } else {
        assert_int_equal(count, 1);
        assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
        assert_int_equal(report.code, 1006);
        assert_int_equal(report.local_code, 1002);
        assert_int_equal(report.cause, WEIR_E_PEER_CLOSE_CODE);
    }
    bytes_free(&input);
    weir_conn_free(conn);
}

static void
R6455_5_5_1_3__R6455_7_4_1_1__R6455_7_4_2_1__R6455_7_4_2_2__all_65536_codes_received(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (unsigned code = 0; code < 65536; code++)
            receive_code(&p, code);
        peer_close(&p);
    }
}

static int status_of_sending(const peer *p, int code)
{
    weir_report report;
    weir_conn *conn;
    weir_span span;
    weir_conn_create_established(p->context, p->role, &conn);
    const int status = weir_conn_close(conn, code, NULL, 0);
    const int count = weir_conn_output(conn, &span, 1);
    weir_conn_report(conn, &report, sizeof report);
    assert_int_equal(count, status == WEIR_OK);
    assert_int_equal(report.local_code, status == WEIR_OK ? (code ? code : 1005) : 0);
    assert_int_equal(weir_conn_state(conn), status == WEIR_OK ? WEIR_CLOSING : WEIR_OPEN);
    if (status == WEIR_OK && code != 0 && p->role == WEIR_SERVER) {
        const uint8_t wire[4] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
        assert_int_equal(span.len, 4);
        assert_memory_equal(span.data, wire, 4);
    }
    weir_conn_free(conn);
    return status;
}

static void R6455_7_4_1_1__R6455_7_4_2_1__R6455_7_4_2_2__all_65536_codes_sent(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (int code = 0; code < 65536; code++) {
            /* 0 stands for no code; 1010 is a client's. */
            const bool legal = code == 0 || (on_the_wire((unsigned)code) &&
                                             (code != 1010 || p.role == WEIR_CLIENT));
            assert_int_equal(status_of_sending(&p, code), legal ? WEIR_OK : WEIR_E_CLOSE_CODE);
        }
        peer_close(&p);
    }
}

static void R6455_7_4_1_3__code_1010__is_sent_by_clients_only(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_close(p.conn, 1010, "permessage-deflate", WEIR_NTS),
                         *kind == 'C' ? WEIR_OK : WEIR_E_CLOSE_CODE);
        peer_pump(&p);
        assert_said(&p.output, p.role, *kind == 'C' ? "X:1010,permessage-deflate" : "");
        peer_close(&p);
    }
}

/* ---- The code of each fault ------------------------------------------------------------------*/

typedef struct fault_row {
    weir_status status;
    int code;
    const char *kinds;
    const char *script;
    const char *raw; /* bytes behind the script, first of them opcode, mask bit added */
    size_t raw_len;
} fault_row;

#define RAW(text) text, sizeof(text) - 1

static const fault_row fault_rows[] = {
    {WEIR_E_RSV, 1002, "SC", "Tr4:a", NULL, 0},
    {WEIR_E_OPCODE, 1002, "SC", "7:a", NULL, 0},
    {WEIR_E_UNMASKED, 1002, "S", "T:a", RAW("\x81\x01x")},
    {WEIR_E_MASKED, 1002, "C", "T:a", RAW("\x81\x81key!x")},
    {WEIR_E_LENGTH_FORM, 1002, "SC", "T:a", RAW("\x82\x7E\0\x7Dkey!")},
    {WEIR_E_LENGTH_RANGE, 1002, "SC", "T:a", RAW("\x82\x7F\x80\0\0\0\0\0\0\0key!")},
    {WEIR_E_CONTROL_FRAGMENTED, 1002, "SC", "O-:", NULL, 0},
    {WEIR_E_CONTROL_TOO_LONG, 1002, "SC", "T:a", RAW("\x89\x7E\0\x7Ekey!")},
    {WEIR_E_CONTINUATION, 1002, "SC", "T:a C:b", NULL, 0},
    {WEIR_E_INTERRUPTED, 1002, "SC", "T-:a B:b", NULL, 0},
    {WEIR_E_CLOSE_LENGTH, 1002, "SC", "X:%03", NULL, 0},
    {WEIR_E_PEER_CLOSE_CODE, 1002, "SC", "X:1004", NULL, 0},
    {WEIR_E_PEER_CLOSE_REASON, 1007, "SC", "X:1000,%c0%80", NULL, 0},
    {WEIR_E_UTF8, 1007, "SC", "T:%ed%a0%80", NULL, 0},
    {WEIR_E_MESSAGE_TOO_BIG, 1009, "SC", "T-:~60 C:~60", NULL, 0},
    {WEIR_E_FRAME_TOO_BIG, 1009, "SC", "B:~71", NULL, 0},
    {WEIR_E_TOO_MANY_FRAGMENTS, 1008, "SC", "T-:a C-:b C-:c C-:d C:e", NULL, 0},
    {WEIR_E_TOO_MANY_EMPTY, 1008, "SC", "T-:a C-: C-: C-:", NULL, 0},
    {WEIR_E_FLOOD, 1008, "", "", NULL, 0}, /* needs a clock: below */
};

#define FAULT_ROWS (sizeof fault_rows / sizeof fault_rows[0])

static void fault_limits(weir_config *config)
{
    config->max_message_bytes = 100;
    config->max_frame_bytes = 70;
    config->max_fragments = 4;
    config->max_empty_fragments = 2;
}

static void expect_fault(char kind, const fault_row *row)
{
    bytes input = {NULL, 0, 0};
    wire_script(&input, other_role(kind_role(kind)), row->script);
    const size_t at = input.len;
    bytes_add(&input, row->raw, row->raw_len);
    if (row->raw && kind == 'S' && row->status != WEIR_E_UNMASKED)
        input.data[at + 1] |= 0x80;
    outcome o = run_all_cuts(kind, &input, fault_limits);
    assert_int_equal(o.report.cause, row->status);
    assert_int_equal(o.close_code, row->code);
    assert_int_equal(o.report.local_code, row->code);
    assert_int_equal(o.report.code, 1006);
    assert_int_equal(o.report.side, WEIR_SIDE_PEER);
    assert_int_equal(weir_status_wire(row->status), row->code);
    outcome_free(&o);
    bytes_free(&input);
}

static void R6455_7_4_1_4__each_fault_of_the_peer__has_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAULT_ROWS; i++)
        for (const char *kind = fault_rows[i].kinds; *kind; kind++)
            expect_fault(*kind, &fault_rows[i]);
}

static void R6455_7_4_1_4__every_status_from_minus_500_on__is_in_the_table_above(void **state)
{
    static const int statuses[] = {
#define STATUS_VALUE(name, value, wire, text) value,
        WEIR_STATUS_LIST(STATUS_VALUE)
#undef STATUS_VALUE
    };
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        size_t found = 0;
        for (size_t k = 0; k < FAULT_ROWS; k++)
            found += (int)fault_rows[k].status == statuses[i];
        /* Those of compressed data are in rfc7692_7_2.c. */
        assert_int_equal(found, statuses[i] <= -500 && statuses[i] > WEIR_E_DEFLATE_BLOCK);
    }
}

static void R6455_7_4_1_4__flood_of_control_frames__fails_1008(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        peer p;
        peer_init(&p);
        p.config.flood_rate = 10;
        p.config.flood_burst = 20;
        peer_open(&p, wire_kinds[i % 2]);
        wire_time(&p, 1000);
        for (int k = 0; k < 20; k++)
            wire_feed(&p, i / 2 ? "O:x" : "P:x");
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_time(&p, 1100);
        wire_feed(&p, "P:y"); /* a tenth of a second gives one more */
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_feed(&p, "P:z");
        assert_int_equal(peer_report(&p).cause, WEIR_E_FLOOD);
        assert_int_equal(peer_close_code(&p, p.role), 1008);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__flood_of_tiny_fragments__fails_1008(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.flood_rate = 10;
        p.config.flood_burst = 20;
        peer_open(&p, *kind);
        wire_time(&p, 1000);
        for (int k = 0; k < 50; k++)
            wire_feed(&p, "T:whole"); /* whole messages are no fragments */
        wire_feed(&p, "T-:~16");
        for (int k = 0; k < 50; k++)
            wire_feed(&p, "C-:~16");
        for (int k = 0; k < 20; k++)
            wire_feed(&p, "C-:~15");
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_feed(&p, "C-:~15");
        assert_int_equal(peer_report(&p).cause, WEIR_E_FLOOD);
        assert_int_equal(peer_close_code(&p, p.role), 1008);
        peer_close(&p);
    }
}

/* The last fragment counts too: two a message, each of them tiny. */
static void R6455_7_4_1_4__flood_of_messages_in_two_tiny_fragments__fails_1008(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.flood_rate = 10;
        p.config.flood_burst = 20;
        peer_open(&p, *kind);
        wire_time(&p, 1000);
        for (int k = 0; k < 10; k++)
            wire_feed(&p, "T-:a C:b");
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_feed(&p, "T-:a");
        assert_int_equal(peer_report(&p).cause, WEIR_E_FLOOD);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__no_memory_for_a_message__fails_1011(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        p.alloc.fail_at = p.alloc.calls + 1;
        wire_feed(&p, "T-:~3000 C:b");
        assert_int_equal(peer_report(&p).cause, WEIR_E_MEMORY);
        assert_int_equal(peer_report(&p).side, WEIR_SIDE_LIBRARY);
        assert_int_equal(peer_close_code(&p, p.role), 1011);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R6455_7_4_1_4__wire_code_of_each_status__is_what_may_be_sent(void **state)
{
    static const int statuses[] = {
#define STATUS_VALUE(name, value, wire, text) value,
        WEIR_STATUS_LIST(STATUS_VALUE)
#undef STATUS_VALUE
    };
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const uint32_t wire = weir_status_wire(statuses[i]);
        if (statuses[i] > -200)
            assert_int_equal(wire, 0);
        else
            assert_true(wire == 0 || (wire >= 400 && wire < 600) || on_the_wire(wire));
    }
    assert_int_equal(weir_status_wire(WEIR_E_IDLE_TIMEOUT), 1001);
    assert_int_equal(weir_status_wire(WEIR_E_HANDSHAKE_TIMEOUT), 408);
    assert_int_equal(weir_status_wire(12345), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            R6455_5_5_1_3__R6455_7_4_1_1__R6455_7_4_2_1__R6455_7_4_2_2__all_65536_codes_received),
        cmocka_unit_test(R6455_7_4_1_1__R6455_7_4_2_1__R6455_7_4_2_2__all_65536_codes_sent),
        cmocka_unit_test(R6455_7_4_1_3__code_1010__is_sent_by_clients_only),
        cmocka_unit_test(R6455_7_4_1_4__each_fault_of_the_peer__has_its_code),
        cmocka_unit_test(R6455_7_4_1_4__every_status_from_minus_500_on__is_in_the_table_above),
        cmocka_unit_test(R6455_7_4_1_4__flood_of_control_frames__fails_1008),
        cmocka_unit_test(R6455_7_4_1_4__flood_of_tiny_fragments__fails_1008),
        cmocka_unit_test(R6455_7_4_1_4__flood_of_messages_in_two_tiny_fragments__fails_1008),
        cmocka_unit_test(R6455_7_4_1_4__no_memory_for_a_message__fails_1011),
        cmocka_unit_test(R6455_7_4_1_4__wire_code_of_each_status__is_what_may_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
