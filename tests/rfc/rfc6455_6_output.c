/* SPDX-License-Identifier: MIT */
/* RFC 6455 6.1: the output queue: marks and limits, borrowed and prepared messages. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

static uint8_t payload[1 << 16];

/* ---- Marks -----------------------------------------------------------------------------------*/

/* high 1000, low 100, at most 2000. */
static void open_marked(peer *p, char kind)
{
    peer_init(p);
    p->config.high_water_bytes = 1000;
    p->config.low_water_bytes = 100;
    p->config.max_queued_bytes = 2000;
    peer_open(p, kind);
}

static size_t head_len(const peer *p, size_t len)
{
    return (len < 126 ? 2u : 4u) + (p->role == WEIR_CLIENT ? 4u : 0u);
}

static uint64_t queued(const peer *p)
{
    weir_stats stats;
    assert_int_equal(weir_conn_stats(p->conn, &stats, sizeof stats), WEIR_OK);
    return stats.queued_bytes;
}

/* Send one message so that len bytes are queued by it, its head included. */
static int send_framed(peer *p, size_t len)
{
    const size_t head = head_len(p, len > 200 ? 200 : 0);
    return weir_conn_send(p->conn, WEIR_BINARY, payload, len - head);
}

static size_t events_of(peer *p, const char *name)
{
    size_t count = 0;
    wire_events(p);
    bytes_add(&p->trace, "", 1);
    for (const char *at = (char *)p->trace.data; (at = strstr(at, name)) != NULL; at++)
        count++;
    p->trace.len = 0;
    return count;
}

static void R6455_6_1_1__high_water__is_told_above_the_mark_once(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (size_t len = 999; len <= 1001; len++) {
            peer p;
            open_marked(&p, *kind);
            assert_int_equal(send_framed(&p, len), len <= 1000 ? WEIR_OK : WEIR_OVER_HIGH);
            assert_int_equal(queued(&p), len);
            assert_int_equal(events_of(&p, "HIGH "), len > 1000);
            assert_int_equal(send_framed(&p, 50), WEIR_OVER_HIGH);
            assert_int_equal(events_of(&p, "HIGH "), len <= 1000);
            peer_close(&p);
        }
    }
}

static void R6455_6_1_1__writable__is_told_at_the_low_mark_once(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        open_marked(&p, *kind);
        assert_int_equal(send_framed(&p, 1500), WEIR_OVER_HIGH);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        assert_int_equal(wire_take(&p, 1399), 1399);
        assert_int_equal(queued(&p), 101);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        assert_int_equal(wire_take(&p, 1), 1);
        assert_int_equal(events_of(&p, "WRITABLE"), 1);
        wire_take(&p, 200);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        assert_int_equal(send_framed(&p, 600), WEIR_OK);
        wire_take(&p, 600);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        peer_close(&p);
    }
}

static int send_by(peer *p, int how, size_t len)
{
    weir_message *message;
    int status;
    switch (how) {
    case 0:
        return weir_conn_send(p->conn, WEIR_BINARY, payload, len);
    case 1:
        return weir_conn_send_ref(p->conn, WEIR_BINARY, payload, len, 1);
    case 2:
        assert_int_equal(weir_message_create(p->context, WEIR_BINARY, payload, len, &message),
                         WEIR_OK);
        status = weir_conn_send_message(p->conn, message);
        weir_message_free(message);
        return status;
    default:
        weir_conn_send_begin(p->conn, WEIR_BINARY);
        return how == 3 ? weir_conn_send_chunk(p->conn, payload, len)
                        : weir_conn_send_end(p->conn, payload, len);
    }
}

static void R6455_6_1_1__full_queue__takes_nothing_and_recovers(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        peer p;
        open_marked(&p, wire_kinds[i % 2]);
        assert_int_equal(send_framed(&p, 500), WEIR_OK);
        const uint64_t before = queued(&p);
        assert_int_equal(send_by(&p, i / 2, 1501), WEIR_WOULD_BLOCK);
        assert_int_equal(queued(&p), before);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        assert_int_equal(weir_conn_ping(p.conn, "still", 5), WEIR_OK);
        assert_int_equal(send_by(&p, i / 2, 1500), WEIR_OVER_HIGH);
        peer_pump(&p);
        assert_int_equal(events_of(&p, "WRITABLE"), 1);
        assert_int_equal(send_by(&p, i / 2, 10), WEIR_OK);
        peer_close(&p);
    }
}

static void R6455_6_1_1__would_block_below_the_high_mark__is_followed_by_writable(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        open_marked(&p, *kind);
        assert_int_equal(send_framed(&p, 500), WEIR_OK);
        assert_int_equal(send_by(&p, 0, 5000), WEIR_WOULD_BLOCK);
        assert_int_equal(events_of(&p, "HIGH "), 0);
        wire_take(&p, 399);
        assert_int_equal(events_of(&p, "WRITABLE"), 0);
        wire_take(&p, 1);
        assert_int_equal(events_of(&p, "WRITABLE"), 1);
        peer_close(&p);
    }
}

static void R6455_6_1_1__empty_queue__takes_one_message_of_any_size(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        peer p;
        open_marked(&p, wire_kinds[i % 2]);
        assert_int_equal(send_by(&p, i / 2, sizeof payload), WEIR_OVER_HIGH);
        if (i / 2 < 3)
            assert_int_equal(send_by(&p, i / 2, 1), WEIR_WOULD_BLOCK);
        peer_pump(&p);
        assert_int_equal(send_by(&p, i / 2, i / 2 == 4 ? 0 : sizeof payload),
                         i / 2 == 4 ? WEIR_OK : WEIR_OVER_HIGH);
        peer_close(&p);
    }
}

/* ---- Borrowed messages -----------------------------------------------------------------------*/

static void R6455_6_1_1__borrowed_memory__is_released_once_and_not_read_again(void **state)
{
    static const size_t lens[] = {0, 1, 125, 126, 65535, 65536, 65537, 200000};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof lens / sizeof lens[0]; i++) {
        for (size_t step = 1; step < 100000; step = step * 40 + 7) {
            const size_t len = lens[i / 2];
            uint8_t *memory = malloc(len ? len : 1);
            bytes wanted = {NULL, 0, 0};
            peer p;
            if (len / step > 5000) {
                free(memory);
                continue;
            }
            peer_init(&p);
            peer_open(&p, wire_kinds[i % 2]);
            for (size_t k = 0; k < len; k++)
                memory[k] = (uint8_t)('a' + k % 23);
            assert_true(weir_conn_send_ref(p.conn, WEIR_TEXT, memory, len, 99) >= 0);
            weir_conn_send(p.conn, WEIR_TEXT, "next", 4);
            while (weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT) {
                wire_take(&p, step);
                wire_events(&p);
                if (memory && peer_saw(&p, "RELEASED flags=0")) {
                    memset(memory, 0xEE, len); /* a late read shows in the output, or to ASan */
                    free(memory);
                    memory = NULL;
                }
            }
            assert_null(memory);
            assert_int_equal(events_of(&p, "RELEASED flags=0 code=0 cause=- offset=0 token=99 "),
                             1);
            char script[32] = "T:~";
            size_t at = strlen(script);
            for (size_t unit = 100000; unit > 0; unit /= 10)
                script[at++] = (char)('0' + len / unit % 10);
            strcpy(script + at, " T:next");
            assert_said(&p.output, p.role, script);
            bytes_free(&wanted);
            peer_close(&p);
        }
    }
}

static void R6455_6_1_1__borrowed_messages__are_released_in_order(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        for (uint64_t token = 1; token <= 5; token++)
            weir_conn_send_ref(p.conn, WEIR_BINARY, payload, 1000, token);
        peer_pump(&p);
        bytes_add(&p.trace, "", 1);
        const char *at = (char *)p.trace.data;
        for (char token = '1'; token <= '5'; token++) {
            at = strstr(at, "RELEASED flags=0");
            assert_non_null(at);
            assert_int_equal(strstr(at, "token=")[6], token);
            at++;
        }
        assert_null(strstr(at, "RELEASED"));
        peer_close(&p);
    }
}

/* A connection with two borrowed messages; gone bytes of the output have left. */
static void open_borrowing(peer *p, char kind, size_t gone)
{
    peer_init(p);
    peer_open(p, kind);
    weir_conn_send_ref(p->conn, WEIR_BINARY, payload, sizeof payload, 7);
    weir_conn_send_ref(p->conn, WEIR_BINARY, payload, 10, 8);
    if (gone > 0)
        assert_int_equal(wire_take(p, gone), gone);
}

static void expect_dropped(peer *p)
{
    bytes_add(&p->trace, "", 1);
    char *const trace = (char *)p->trace.data;
    char *const seven = strstr(trace, "token=7 ");
    char *const eight = strstr(trace, "token=8 ");
    char *const closed = strstr(trace, "CLOSED ");
    assert_true(seven && eight && closed);
    assert_true(seven < closed && eight < closed);
    assert_non_null(strstr(trace, "RELEASED flags=32 code=0 cause=- offset=0 token=8 "));
    assert_null(strstr(seven + 1, "token=7 "));
    assert_null(strstr(eight + 1, "token=8 "));
    assert_string_equal(strchr(closed, '\n'), "\n");
}

static void R6455_6_1_1__R6455_7_1_7_1__failing__drops_what_has_not_begun_to_leave(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        open_borrowing(&p, *kind, 0);
        wire_feed_held(&p, "\x83", 1);
        peer_pump(&p);
        expect_dropped(&p);
        assert_said(&p.output, p.role, "X:1002");
        peer_close(&p);
    }
}

static void R6455_6_1_1__failing_in_the_midst_of_a_frame__lets_the_frame_leave_whole(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        open_borrowing(&p, *kind, 500);
        wire_feed_held(&p, "\x83", 1);
        peer_pump(&p);
        expect_dropped(&p);
        size_t count = 0;
        for (wire_reader r = wire_reader_of(&p.output); wire_next(&r); count++)
            assert_int_equal(r.head.opcode, count == 0 ? 2 : 8);
        assert_int_equal(count, 2);
        assert_int_equal(peer_close_code(&p, p.role), 1002);
        peer_close(&p);
    }
}

static void R6455_6_1_1__end_of_the_transport__gives_borrowed_memory_back(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        peer p;
        open_borrowing(&p, wire_kinds[i % 2], i / 2 ? 500 : 0);
        weir_conn_receive_eof(p.conn);
        wire_events(&p);
        expect_dropped(&p);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

static void R6455_6_1_1__end_of_the_transport__between_offer_and_sent(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_span spans[4];
        peer p;
        open_borrowing(&p, *kind, 500);
        assert_true(weir_conn_output(p.conn, spans, 4) > 0);
        weir_conn_receive_eof(p.conn);
        wire_events(&p);
        expect_dropped(&p);
        assert_int_equal(weir_conn_sent(p.conn, spans[0].len), WEIR_OK);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

static void R6455_6_1_1__failing_drops_copied_messages_too(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (size_t gone = 0; gone < 40; gone++) {
            size_t count = 0;
            peer p;
            peer_init(&p);
            peer_open(&p, *kind);
            for (int i = 0; i < 10; i++)
                weir_conn_send(p.conn, WEIR_BINARY, payload, 8);
            weir_conn_ping(p.conn, "ping", 4);
            wire_take(&p, gone);
            wire_feed_held(&p, "\x83", 1);
            peer_pump(&p);
            const size_t frame = head_len(&p, 8) + 8;
            const size_t ping = head_len(&p, 4) + 4;
            for (wire_reader r = wire_reader_of(&p.output); wire_next(&r);)
                count++;
            const size_t begun = gone == 0      ? 0
                                 : gone <= ping ? 1
                                                : 1 + (gone - ping + frame - 1) / frame;
            assert_int_equal(count, begun + 1);
            assert_int_equal(peer_close_code(&p, p.role), 1002);
            peer_close(&p);
        }
    }
}

/* ---- Prepared messages -----------------------------------------------------------------------*/

static void R6455_6_1_1__prepared_message__goes_to_servers_and_clients_alike(void **state)
{
    static const size_t lens[] = {0, 5, 125, 126, 40000, 65536, 65537, 200000};
    uint8_t *const data = calloc(1, 200000);
    (void)state;
    memset(data, 'm', 200000);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        char *said[2];
        weir_message *message;
        weir_conn *conns[2];
        peer p;
        peer_init(&p);
        peer_open(&p, 'S');
        assert_int_equal(weir_message_create(p.context, WEIR_TEXT, data, lens[i], &message),
                         WEIR_OK);
        conns[0] = p.conn;
        weir_conn_create_established(p.context, WEIR_CLIENT, &conns[1]);
        for (int k = 0; k < 2; k++) {
            assert_true(weir_conn_send_message(conns[k], message) >= 0);
            assert_true(weir_conn_send_message(conns[k], message) >= 0);
        }
        weir_message_free(message);
        for (int k = 0; k < 2; k++) {
            p.conn = conns[k];
            p.output.len = 0;
            peer_pump(&p);
            said[k] = wire_say(&p.output, k == 0 ? WEIR_SERVER : WEIR_CLIENT);
        }
        assert_string_equal(said[0], said[1]);
        bytes wanted = {NULL, 0, 0};
        bytes_add_frame(&wanted, WEIR_SERVER, 1, 1, data, lens[i]);
        bytes_add_frame(&wanted, WEIR_SERVER, 1, 1, data, lens[i]);
        char *const want = wire_say(&wanted, WEIR_SERVER);
        assert_string_equal(said[0], want);
        free(want);
        free(said[0]);
        free(said[1]);
        bytes_free(&wanted);
        weir_conn_free(conns[0]);
        peer_close(&p);
    }
    free(data);
}

static void R6455_6_1_1__prepared_message__is_shared_not_copied_by_servers(void **state)
{
    weir_span spans[2][4];
    weir_message *message;
    weir_conn *other;
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_conn_create_established(p.context, WEIR_SERVER, &other);
    assert_int_equal(weir_message_create(p.context, WEIR_BINARY, payload, 5000, &message), WEIR_OK);
    weir_conn_send_message(p.conn, message);
    weir_conn_send_message(other, message);
    assert_int_equal(weir_conn_output(p.conn, spans[0], 4), 1);
    assert_int_equal(weir_conn_output(other, spans[1], 4), 1);
    assert_ptr_equal(spans[0][0].data, spans[1][0].data);
    assert_int_equal(weir_message_retain(message), WEIR_OK);
    weir_message_free(message);
    weir_message_free(message);
    weir_conn_free(other);
    peer_pump(&p);
    assert_int_equal(p.output.len, 5004);
    peer_close(&p);
}

static void R6455_6_1_1__message_of_another_context__is_refused(void **state)
{
    weir_message *message;
    peer p;
    peer q;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    peer_init(&q);
    peer_open(&q, 'S');
    weir_message_create(q.context, WEIR_TEXT, "x", 1, &message);
    assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_E_CONTEXT);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
    weir_conn_free(q.conn);
    q.conn = NULL;
    assert_int_equal(weir_context_free(q.context), WEIR_E_BUSY);
    weir_message_free(message);
    peer_close(&q);
    peer_close(&p);
}

static void R6455_5_5_2_1__newer_ping__takes_the_place_of_one_that_waits(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_ping(p.conn, "old", 3);
        weir_conn_pong(p.conn, "old", 3);
        weir_conn_ping(p.conn, "new", 3);
        weir_conn_pong(p.conn, "new", 3);
        peer_pump(&p);
        assert_said(&p.output, p.role, "O:new P:new");
        peer_close(&p);
    }
}

static void R6455_6_1_1__sent__refuses_more_than_was_offered(void **state)
{
    weir_span spans[4];
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_sent(p.conn, 0), WEIR_OK);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_E_ARGUMENT);
    weir_conn_send(p.conn, WEIR_TEXT, "abc", 3);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 1);
    assert_int_equal(weir_conn_sent(p.conn, 6), WEIR_E_ARGUMENT);
    weir_conn_send(p.conn, WEIR_TEXT, "def", 3);
    assert_int_equal(weir_conn_sent(p.conn, 6), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_sent(p.conn, 5), WEIR_OK);
    peer_pump(&p);
    assert_said(&p.output, WEIR_SERVER, "T:def");
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_6_1_1__high_water__is_told_above_the_mark_once),
        cmocka_unit_test(R6455_6_1_1__writable__is_told_at_the_low_mark_once),
        cmocka_unit_test(R6455_6_1_1__full_queue__takes_nothing_and_recovers),
        cmocka_unit_test(R6455_6_1_1__would_block_below_the_high_mark__is_followed_by_writable),
        cmocka_unit_test(R6455_6_1_1__empty_queue__takes_one_message_of_any_size),
        cmocka_unit_test(R6455_6_1_1__borrowed_memory__is_released_once_and_not_read_again),
        cmocka_unit_test(R6455_6_1_1__borrowed_messages__are_released_in_order),
        cmocka_unit_test(R6455_6_1_1__R6455_7_1_7_1__failing__drops_what_has_not_begun_to_leave),
        cmocka_unit_test(R6455_6_1_1__failing_in_the_midst_of_a_frame__lets_the_frame_leave_whole),
        cmocka_unit_test(R6455_6_1_1__end_of_the_transport__gives_borrowed_memory_back),
        cmocka_unit_test(R6455_6_1_1__end_of_the_transport__between_offer_and_sent),
        cmocka_unit_test(R6455_6_1_1__failing_drops_copied_messages_too),
        cmocka_unit_test(R6455_6_1_1__prepared_message__goes_to_servers_and_clients_alike),
        cmocka_unit_test(R6455_6_1_1__prepared_message__is_shared_not_copied_by_servers),
        cmocka_unit_test(R6455_6_1_1__message_of_another_context__is_refused),
        cmocka_unit_test(R6455_5_5_2_1__newer_ping__takes_the_place_of_one_that_waits),
        cmocka_unit_test(R6455_6_1_1__sent__refuses_more_than_was_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
