/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.5, 5.5.2, 5.5.3: control frames, ping and pong. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Length ----------------------------------------------------------------------------------*/

static void R6455_5_5_1__control_frame_over_125_bytes__fails_1002_on_its_head(void **state)
{
    (void)state;
    for (int opcode = 8; opcode <= 10; opcode++) {
        for (int i = 0; i < 4; i++) {
            const char kind = wire_kinds[i % 2];
            bytes input = {NULL, 0, 0};
            bytes_add_head(&input, 1, 0, opcode, kind == 'S', i / 2 ? 126 : 65536, 0);
            input.len = 2;
            outcome o = run_all_cuts(kind, &input, NULL);
            assert_int_equal(o.report.cause, WEIR_E_CONTROL_TOO_LONG);
            assert_int_equal(o.close_code, 1002);
            assert_int_equal(o.report.offset, 0);
            outcome_free(&o);
            bytes_free(&input);
        }
    }
}

static void R6455_5_5_1__control_frame_of_126_bytes__is_not_sent(void **state)
{
    static const char payload[200];
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_ping(p.conn, payload, 126), WEIR_E_CONTROL_LENGTH);
        assert_int_equal(weir_conn_pong(p.conn, payload, 126), WEIR_E_CONTROL_LENGTH);
        assert_int_equal(weir_conn_ping(p.conn, payload, SIZE_MAX), WEIR_E_CONTROL_LENGTH);
        assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT, 0);
        assert_int_equal(weir_conn_ping(p.conn, payload, 125), WEIR_OK);
        assert_int_equal(weir_conn_pong(p.conn, payload, 125), WEIR_OK);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, -1), 2);
        peer_close(&p);
    }
}

/* ---- Pings are answered ----------------------------------------------------------------------*/

static void R6455_5_5_3_1__pong_carries_the_payload_of_the_ping__lengths_0_to_125(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (size_t len = 0; len <= 125; len++) {
        uint8_t payload[125];
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525u + 1013904223u;
            payload[i] = (uint8_t)(seed >> 24);
        }
        for (const char *kind = wire_kinds; *kind; kind++) {
            bytes input = {NULL, 0, 0};
            bytes_add_frame(&input, other_role(kind_role(*kind)), 1, 9, payload, len);
            outcome o = run_all_cuts(*kind, &input, NULL);
            wire_reader reader = wire_reader_of(&o.output);
            assert_true(wire_next(&reader));
            assert_int_equal(reader.head.opcode, 10);
            assert_int_equal(reader.payload.len, len);
            if (len > 0)
                assert_memory_equal(reader.payload.data, payload, len);
            assert_false(wire_next(&reader));
            outcome_free(&o);
            bytes_free(&input);
        }
    }
}

static void feed_at(peer *p, wire_stage stage, const char *script)
{
    bytes input = {NULL, 0, 0};
    wire_script(&input, other_role(p->role), script);
    if (stage == STAGE_CLOSE_GOT || stage == STAGE_FAILED)
        wire_feed_held(p, input.data, input.len);
    peer_feed(p, input.data, input.len, input.len);
    bytes_free(&input);
}

static void R6455_5_5_2_1__ping_is_answered_until_a_close_came(void **state)
{
    static const char *const answers[STAGES] = {
        [STAGE_OPEN] = "O:1", [STAGE_CLOSE_SENT] = "O:1", [STAGE_CLOSE_GOT] = "X:1000",
        [STAGE_END] = "",     [STAGE_FAILED] = "X:1002",  [STAGE_LINGER] = "",
        [STAGE_OVER] = ""};
    (void)state;
    for (int i = 0; i < 2 * STAGES; i++) {
        const int role = i % 2 ? WEIR_SERVER : WEIR_CLIENT;
        const wire_stage stage = (wire_stage)(i / 2);
        peer p;
        peer_init(&p);
        if (!answers[stage] || !wire_reach(&p, role, stage))
            continue;
        feed_at(&p, stage, "P:1");
        assert_said(&p.output, role, answers[stage]);
        assert_int_equal(peer_saw(&p, "PING"), *answers[stage] == 'O');
        peer_close(&p);
    }
}

static void R6455_5_5_2_1__ping_and_close_in_one_read__the_pong_leaves_first(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome o = run_script(*kind, "P:last X:1000", NULL);
        assert_said(&o.output, kind_role(*kind), "O:last X:1000");
        outcome_free(&o);
    }
}

/* ---- Pongs pass large messages ---------------------------------------------------------------*/

#define LARGE ((size_t)100 << 20)
#define FRAGMENT ((size_t)65536)

/* Queue len bytes of data by one of the three calls. */
static void send_large(peer *p, int how, const uint8_t *data, size_t len)
{
    weir_message *message;
    int status;
    if (how == 0) {
        status = weir_conn_send(p->conn, WEIR_BINARY, data, len);
    } else if (how == 1) {
        status = weir_conn_send_ref(p->conn, WEIR_BINARY, data, len, 1);
    } else {
        assert_int_equal(weir_message_create(p->context, WEIR_BINARY, data, len, &message),
                         WEIR_OK);
        status = weir_conn_send_message(p->conn, message);
        weir_message_free(message);
    }
    assert_true(status >= 0);
}

/* Take exactly len bytes of output, in as many calls as it needs. */
static void take_all_of(peer *p, size_t len)
{
    while (len > 0) {
        const size_t took = wire_take(p, len);
        assert_true(took > 0);
        len -= took;
    }
}

/* The frames of p->output, the last of them maybe cut off: bytes of output that stand before the
 * first pong; SIZE_MAX: there is none. */
static size_t pong_at(const peer *p)
{
    size_t at = 0;
    weir_frame_head head;
    while (at < p->output.len) {
        const int used = weir_frame_head_read(p->output.data + at, p->output.len - at, &head);
        if (used <= 0)
            break;
        if (head.opcode == 10)
            return at;
        at += (size_t)used + (size_t)head.len;
    }
    return SIZE_MAX;
}

static void expect_quick_pong(char kind, int how, const uint8_t *data, size_t len, size_t gone)
{
    bytes ping = {NULL, 0, 0};
    peer p;
    peer_init(&p);
    peer_open(&p, kind);
    send_large(&p, how, data, len);
    send_large(&p, how, data, how == 1 ? 0 : 100);
    take_all_of(&p, gone);
    wire_script(&ping, other_role(p.role), "P:quick");
    wire_feed_held(&p, ping.data, ping.len);
    take_all_of(&p, FRAGMENT + 64);
    const size_t at = pong_at(&p);
    assert_true(at >= gone && at <= gone + FRAGMENT + WEIR_FRAME_HEAD_MAX);
    bytes_free(&ping);
    peer_close(&p);
}

static void R6455_5_5_2_2__pong_waits_for_one_fragment_at_most(void **state)
{
    static const size_t gone[] = {0, 1, 9, 10, 100, 65535, 65546, 65550, 65551, 70000, 200000};
    uint8_t *const data = calloc(1, 1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        for (int how = 0; how < 3; how++)
            for (const char *kind = wire_kinds; *kind; kind++)
                expect_quick_pong(*kind, how, data, 1 << 20, gone[i]);
    free(data);
}

static void R6455_5_5_2_2__pong_during_100_megabytes__waits_for_one_fragment(void **state)
{
    uint8_t *const data = calloc(1, LARGE);
    (void)state;
    expect_quick_pong('S', 1, data, LARGE, 12345);
    expect_quick_pong('C', 1, data, LARGE, 12345);
    free(data);
}

static void R6455_5_5_2_2__pings_and_pongs_between_fragments__leave_the_message_whole(void **state)
{
    uint8_t *const data = malloc(1 << 20);
    (void)state;
    for (size_t i = 0; i < 1 << 20; i++)
        data[i] = (uint8_t)('a' + i % 23);
    for (int i = 0; i < 6; i++) {
        size_t controls = 0;
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        send_large(&p, i / 2, data, 1 << 20);
        weir_conn_send(p.conn, WEIR_TEXT, "next", 4);
        while (weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT) {
            if (weir_conn_buffered_amount(p.conn) > 0 && controls++ % 2 == 0)
                weir_conn_ping(p.conn, "p", 1);
            wire_take(&p, 30011);
        }
        assert_true(peer_frames(&p, p.role, 9) > 8);
        wire_reader reader = wire_reader_of(&p.output);
        size_t at = 0;
        while (wire_next(&reader) && at < 1 << 20) {
            if (reader.head.opcode == 9)
                continue;
            assert_memory_equal(reader.payload.data, data + at, reader.payload.len);
            at += reader.payload.len;
        }
        assert_int_equal(at, 1 << 20);
        bytes_free(&reader.payload);
        peer_close(&p);
    }
    free(data);
}

/* ---- Many of them ----------------------------------------------------------------------------*/

/* A block of frames, without a trace of the events; returns how many there were. */
static size_t feed_quietly(const peer *p, const bytes *input)
{
    weir_event events[64];
    size_t sum = 0;
    uint8_t *const block = malloc(input->len);
    memcpy(block, input->data, input->len);
    for (size_t at = 0, used; at < input->len; at += used)
        sum += (size_t)weir_conn_receive(p->conn, block + at, input->len - at, &used, events, 64);
    free(block);
    return sum;
}

static void R6455_5_5_3_2__a_million_pings_with_blocked_output__one_pong_waits(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        bytes last = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (int i = 0; i < 1000; i++)
            wire_script(&input, other_role(p.role), "P:more");
        assert_int_equal(feed_quietly(&p, &input), 1000);
        const uint64_t held = p.alloc.held;
        for (int i = 1; i < 1000; i++)
            assert_int_equal(feed_quietly(&p, &input), 1000);
        assert_int_equal(p.alloc.held, held);
        wire_script(&last, other_role(p.role), "P:last");
        wire_feed_held(&p, last.data, last.len);
        peer_pump(&p);
        assert_said(&p.output, p.role, "O:last");
        bytes_free(&last);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void R6455_5_5_3_3__unsolicited_pongs__are_accepted_and_not_answered(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        outcome o = run_script(*kind, "O: O:some T:go O:~125", NULL);
        assert_non_null(strstr(o.trace, "PONG flags=0"));
        assert_null(strstr(o.trace, "CLOSED"));
        assert_int_equal(o.output.len, 0);
        outcome_free(&o);
        peer_init(&p);
        peer_open(&p, *kind);
        for (int i = 0; i < 1000; i++)
            wire_script(&input, other_role(p.role), "O:unasked");
        assert_int_equal(feed_quietly(&p, &input), 1000);
        const uint64_t held = p.alloc.held;
        for (int i = 1; i < 1000; i++)
            assert_int_equal(feed_quietly(&p, &input), 1000);
        assert_int_equal(p.alloc.held, held);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void R6455_5_5_2_3__ping_and_pong_can_be_sent_only_while_open(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * STAGES; i++) {
        const wire_stage stage = (wire_stage)(i / 2);
        const int wanted = stage < STAGE_OPEN    ? WEIR_E_NOT_OPEN
                           : stage == STAGE_OPEN ? WEIR_OK
                                                 : WEIR_E_CLOSING;
        peer p;
        peer_init(&p);
        if (!wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        const uint32_t wants = weir_conn_wants(p.conn);
        assert_int_equal(weir_conn_ping(p.conn, "x", 1), wanted);
        assert_int_equal(weir_conn_pong(p.conn, "x", 1), wanted);
        assert_int_equal(weir_conn_wants(p.conn),
                         stage == STAGE_OPEN ? wants | WEIR_WANT_OUTPUT : wants);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_5_1__control_frame_over_125_bytes__fails_1002_on_its_head),
        cmocka_unit_test(R6455_5_5_1__control_frame_of_126_bytes__is_not_sent),
        cmocka_unit_test(R6455_5_5_3_1__pong_carries_the_payload_of_the_ping__lengths_0_to_125),
        cmocka_unit_test(R6455_5_5_2_1__ping_is_answered_until_a_close_came),
        cmocka_unit_test(R6455_5_5_2_1__ping_and_close_in_one_read__the_pong_leaves_first),
        cmocka_unit_test(R6455_5_5_2_2__pong_waits_for_one_fragment_at_most),
        cmocka_unit_test(R6455_5_5_2_2__pong_during_100_megabytes__waits_for_one_fragment),
        cmocka_unit_test(R6455_5_5_2_2__pings_and_pongs_between_fragments__leave_the_message_whole),
        cmocka_unit_test(R6455_5_5_3_2__a_million_pings_with_blocked_output__one_pong_waits),
        cmocka_unit_test(R6455_5_5_3_3__unsolicited_pongs__are_accepted_and_not_answered),
        cmocka_unit_test(R6455_5_5_2_3__ping_and_pong_can_be_sent_only_while_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
