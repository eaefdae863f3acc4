/* SPDX-License-Identifier: MIT */
/* Whole messages on the straight line: the same as in the general way, and where it gives up. */
#include <string.h>

#include "../../src/conn/assembly.h"
#include "../../src/conn/payload.h"
#include "../../src/conn/whole.h"
#include "support/guard.h"
#include "support/peer.h"
#include "support/test.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static int whole_other(const peer *p)
{
    return p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
}

static void whole_open(peer *p, char kind, uint64_t chunks)
{
    peer_init(p);
    p->config.deliver_chunks = chunks;
    peer_open(p, kind);
}

/* What the message with an index carries: other bytes for each, no text in binary ones. */
static size_t whole_payload(size_t index, uint8_t *payload)
{
    static const size_t lens[] = {0, 1, 15, 16, 17, 125, 126, 127, 300, 65535, 65536, 70000};
    const size_t len = lens[index % COUNT_OF(lens)];
    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)((index % 2 == 0 ? 'a' : 0xE1) + (i + index) % 26);
    return len;
}

static void whole_expect(const weir_event *event, size_t index, uint64_t chunks)
{
    static uint8_t payload[70000];
    const size_t len = whole_payload(index, payload);
    const uint32_t text = index % 2 == 0 ? WEIR_FLAG_TEXT : 0;
    assert_int_equal(event->type, chunks ? WEIR_EVENT_CHUNK : WEIR_EVENT_MESSAGE);
    assert_int_equal(event->flags, WEIR_FLAG_FIRST | WEIR_FLAG_LAST | text);
    assert_int_equal(event->len, len);
    assert_int_equal(event->offset | event->frame_left | event->token, 0);
    assert_int_equal(event->code | event->rtt_ms, 0);
    if (len > 0)
        assert_memory_equal(event->data, payload, len);
}

static void messages_of_every_form__come_in_order_for_every_size_of_the_array(void **state)
{
    static uint8_t payload[70000];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (uint64_t chunks = 0; chunks < 2; chunks++)
            for (size_t cap = 1; cap <= 40; cap += cap < 4 ? 1 : 12) {
                peer p;
                bytes input = {0};
                weir_event events[40];
                whole_open(&p, *kind, chunks);
                for (size_t i = 0; i < 36; i++)
                    bytes_add_frame(&input, whole_other(&p), 1, i % 2 == 0 ? 1 : 2, payload,
                                    whole_payload(i, payload));
                size_t seen = 0, used;
                for (size_t at = 0; at < input.len; at += used) {
                    const int count = weir_conn_receive(p.conn, input.data + at, input.len - at,
                                                        &used, events, cap);
                    assert_in_range(count, 1, cap);
                    for (int i = 0; i < count; i++)
                        whole_expect(&events[i], seen++, chunks);
                    /* A full array ends the call at a message's end: the next is not touched. */
                    assert_true((size_t)count == cap || at + used == input.len);
                }
                weir_stats stats;
                assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
                assert_int_equal(seen, 36);
                assert_int_equal(stats.rx_messages, 36);
                assert_int_equal(stats.rx_bytes, input.len);
                assert_int_equal(weir_context_stats(p.context, &stats, sizeof stats), WEIR_OK);
                assert_int_equal(stats.rx_messages, 36);
                bytes_free(&input);
                peer_close(&p);
            }
}

/* Behind good messages in one input: the fault is found where it is, what came before is given. */
static void whole_fault(char kind, const void *bad, size_t len, int opcode, int masked_wrong,
                        const char *cause, int code, size_t offset)
{
    peer p;
    bytes input = {0};
    whole_open(&p, kind, 0);
    const int other = whole_other(&p);
    bytes_add_frame(&input, other, 1, 1, "good", 4);
    bytes_add_frame(&input, other, 1, 2, "good", 4);
    const size_t before = input.len;
    bytes_add_frame(&input, masked_wrong ? p.role : other, 1, opcode, bad, len);
    bytes_add_frame(&input, other, 1, 1, "late", 4);
    peer_feed(&p, input.data, input.len, input.len);
    assert_int_equal(peer_close_code(&p, p.role), code);
    assert_true(peer_saw(&p, cause));
    assert_false(peer_saw(&p, "late"));
    weir_report report;
    weir_stats stats;
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.offset, before + offset);
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.rx_messages, 2);
    bytes_free(&input);
    peer_close(&p);
}

static void fault_behind_good_messages__is_found_where_it_is(void **state)
{
    static const char late[] = "0123456789012345678901234567890123456789\xC3(";
    static const char open[] = "0123456789012345678901234567890123456789\xC3";
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        const size_t head = *kind == 'S' ? 6 : 2;
        whole_fault(*kind, "\xFF", 1, 1, 0, "WEIR_E_UTF8", 1007, head);
        whole_fault(*kind, late, sizeof late - 1, 1, 0, "WEIR_E_UTF8", 1007, head + 41);
        whole_fault(*kind, open, sizeof open - 1, 1, 0, "WEIR_E_UTF8", 1007, head + 41);
        whole_fault(*kind, "x", 1, 3, 0, "WEIR_E_OPCODE", 1002, 0);
        whole_fault(*kind, "x", 1, 2, 1, *kind == 'S' ? "WEIR_E_UNMASKED" : "WEIR_E_MASKED", 1002,
                    0);
        whole_fault(*kind, "x", 1, 0, 0, "WEIR_E_CONTINUATION", 1002, 0);
    }
}

static void length_in_a_longer_form__is_left_to_the_general_way(void **state)
{
    static const struct {
        uint64_t len;
        int form;
    } heads[] = {{5, 16}, {125, 16}, {5, 64}, {126, 64}, {65535, 64}};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT_OF(heads); i++) {
            static const uint8_t zeros[65535];
            peer p;
            bytes input = {0};
            whole_open(&p, *kind, 0);
            bytes_add_head(&input, 1, 0, 2, p.role == WEIR_SERVER, heads[i].len, heads[i].form);
            bytes_add(&input, zeros, (size_t)heads[i].len);
            peer_feed(&p, input.data, input.len, input.len);
            assert_true(peer_saw(&p, "WEIR_E_LENGTH_FORM"));
            assert_int_equal(peer_close_code(&p, p.role), 1002);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* Its bytes would do for a longer head of the right kind. */
static void large_frame_of_the_wrong_side__is_refused(void **state)
{
    static const uint8_t zeros[70000];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes input = {0};
        whole_open(&p, *kind, 0);
        bytes_add_head(&input, 1, 0, 2, p.role != WEIR_SERVER, 65536, 64);
        bytes_add(&input, zeros, sizeof zeros);
        peer_feed(&p, input.data, input.len, input.len);
        assert_true(peer_saw(&p, *kind == 'S' ? "WEIR_E_UNMASKED" : "WEIR_E_MASKED"));
        bytes_free(&input);
        peer_close(&p);
    }
}

static void limits__hold_on_the_straight_line(void **state)
{
    static const uint8_t payload[200];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t len = 99; len <= 101; len++)
            for (int by_frame = 0; by_frame < 2; by_frame++) {
                peer p;
                bytes input = {0};
                peer_init(&p);
                p.config.max_message_bytes = by_frame ? 1000 : 100;
                p.config.max_frame_bytes = by_frame ? 100 : WEIR_NONE;
                peer_open(&p, *kind);
                bytes_add_frame(&input, whole_other(&p), 1, 2, payload, len);
                peer_feed(&p, input.data, input.len, input.len);
                assert_int_equal(peer_close_code(&p, p.role), len > 100 ? 1009 : 0);
                bytes_free(&input);
                peer_close(&p);
            }
}

/* WHATWG: what comes after our Close is checked but not delivered, whole or not. */
static void after_our_close__messages_are_checked_and_not_given(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (int bad = 0; bad < 2; bad++) {
            peer p;
            bytes input = {0};
            whole_open(&p, *kind, 0);
            assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
            bytes_add_frame(&input, whole_other(&p), 1, 1, "unseen", 6);
            if (bad)
                bytes_add_frame(&input, whole_other(&p), 1, 1, "\xFF", 1);
            peer_feed(&p, input.data, input.len, input.len);
            assert_false(peer_saw(&p, "unseen"));
            assert_int_equal(peer_saw(&p, "WEIR_E_UTF8"), bad);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* Cut at every byte, the last message of the first part is begun on the straight line. */
static void message_cut_anywhere__is_the_same_as_whole(void **state)
{
    static uint8_t payload[70000];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        bytes input = {0};
        const int other = *kind == 'S' ? WEIR_CLIENT : WEIR_SERVER;
        bytes_add_frame(&input, other, 1, 1, "gr\xC3\xBC\xC3\x9F", 6);
        bytes_add_frame(&input, other, 1, 2, payload, whole_payload(8, payload));
        bytes_add_frame(&input, other, 1, 1, "\xE2\x82\xAC", 3);
        outcome o = run_all_cuts(*kind, &input, NULL);
        assert_int_equal(o.close_code, 0);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* In reads of step bytes, each of them in memory that is gone with the next. */
static void whole_feed_reads(peer *p, const bytes *input, size_t step)
{
    static uint8_t read[70014];
    weir_event events[40];
    size_t seen = 0, used;
    for (size_t at = 0; at < input->len; at += used) {
        const size_t len = step < input->len - at ? step : input->len - at;
        memcpy(read, input->data + at, len);
        const int count = weir_conn_receive(p->conn, read, len, &used, events, 40);
        assert_int_equal(used, len);
        for (int i = 0; i < count; i++)
            whole_expect(&events[i], seen++, 0);
        memset(read, 0xFF, len);
    }
    assert_int_equal(seen, 36);
}

/* Each message here lies in one frame; most of them in more than one read. */
static void reads_of_every_size__give_the_same_messages(void **state)
{
    static const size_t steps[] = {1, 5, 16, 100, 130, 1031, 1448, 4096, 65535, 70014};
    static uint8_t payload[70000];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            peer p;
            bytes input = {0};
            weir_stats stats;
            whole_open(&p, *kind, 0);
            for (size_t m = 0; m < 36; m++)
                bytes_add_frame(&input, whole_other(&p), 1, m % 2 == 0 ? 1 : 2, payload,
                                whole_payload(m, payload));
            whole_feed_reads(&p, &input, steps[i]);
            assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
            assert_int_equal(stats.rx_messages, 36);
            assert_int_equal(stats.rx_bytes, input.len);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* The next call frees the message that was given; one that was begun behind it stays. */
static void between_reads__only_what_is_in_the_making_is_held(void **state)
{
    static const uint8_t payload[1000] = {0};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes input = {0};
        weir_event events[8];
        size_t used;
        whole_open(&p, *kind, 0);
        for (int i = 0; i < 3; i++)
            bytes_add_frame(&input, whole_other(&p), 1, 2, payload, sizeof payload);
        const size_t cut = input.len / 2;
        assert_int_equal(weir_conn_receive(p.conn, input.data, cut, &used, events, 8), 1);
        assert_int_equal(p.conn->rx->held.cap, 0);
        assert_int_equal(p.conn->rx->message.cap, 1024);
        uint8_t *const rest = input.data + cut;
        assert_int_equal(weir_conn_receive(p.conn, rest, cut - 1, &used, events, 8), 1);
        assert_ptr_equal(events[0].data, p.conn->rx->held.data);
        assert_int_equal(p.conn->rx->message.cap, 1024);
        const size_t left = input.len - 2 * cut + 1;
        assert_int_equal(weir_conn_receive(p.conn, rest + cut - 1, left, &used, events, 8), 1);
        assert_int_equal(weir_conn_receive(p.conn, NULL, 0, &used, events, 8), 0);
        assert_null(p.conn->rx);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* Only the straight line, and what it has begun, over len bytes of the input. */
static weir__run whole_line_run(const peer *p, bytes *input, size_t len, weir_event *events)
{
    weir__run run = {.conn = p->conn, .events = events, .cap = 8, .start = input->data};
    run.at = input->data;
    run.end = input->data + len;
    const weir__whole_next next = weir__whole_receive(&run);
    if (next == WEIR__WHOLE_TEXT || next == WEIR__WHOLE_BINARY)
        weir__payload_begin_only(&run, (uint8_t)next);
    return run;
}

/* Memory follows what came, not what the head says: 1 KiB, then at most twofold. */
static void whole_expect_begun(const peer *p, size_t came, size_t missing)
{
    const weir__rx *const rx = p->conn->rx;
    assert_int_equal(rx->frame_left, missing);
    assert_int_equal(rx->message.len, came);
    assert_true(came > 0 || rx->message.cap == 0);
    assert_true(rx->message.cap <= 1024 || rx->message.cap < 2 * came);
}

static void straight_line__takes_what_is_there(void **state)
{
    static const size_t lens[] = {0, 1, 15, 16, 125, 126, 127, 65535, 65536, 70000};
    static uint8_t payload[70000];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT_OF(lens); i++)
            for (int opcode = 1; opcode <= 2; opcode++)
                for (size_t cut = 0; cut < 5; cut++) {
                    static const size_t cuts[] = {0, 1, 2, 100, 70000}; /* only the head is there */
                    const size_t some = cuts[cut];
                    const size_t missing = some < lens[i] ? some : lens[i];
                    peer p;
                    bytes input = {0};
                    weir_event events[8];
                    whole_open(&p, *kind, 0);
                    bytes_add_frame(&input, whole_other(&p), 1, opcode, payload, lens[i]);
                    const weir__run run = whole_line_run(&p, &input, input.len - missing, events);
                    assert_int_equal(run.count, missing == 0);
                    assert_ptr_equal(run.at, run.end);
                    if (missing > 0)
                        whole_expect_begun(&p, lens[i] - missing, missing);
                    else
                        assert_null(p.conn->rx);
                    bytes_free(&input);
                    peer_close(&p);
                }
}

/* Who looks for the first wrong byte reads the frame again, so it must be masked as it was. */
static void straight_line__leaves_a_bad_text_as_it_came(void **state)
{
    static const size_t lens[] = {1, 7, 15, 16, 64, 200};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT_OF(lens); i++) {
            peer p;
            bytes input = {0};
            uint8_t text[200];
            uint8_t before[2 * (200 + WEIR_FRAME_HEAD_MAX)];
            weir_event events[8];
            whole_open(&p, *kind, 0);
            memset(text, 'a', sizeof text);
            bytes_add_frame(&input, whole_other(&p), 1, 1, text, lens[i]);
            const size_t good = input.len;
            text[lens[i] - 1] = 0xFF;
            bytes_add_frame(&input, whole_other(&p), 1, 1, text, lens[i]);
            memcpy(before, input.data, input.len);
            const weir__run run = whole_line_run(&p, &input, input.len, events);
            assert_int_equal(run.count, 1);
            assert_ptr_equal(run.at, input.data + good);
            assert_memory_equal(run.at, before + good, input.len - good);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* Where there is no key, nothing before the head is taken for one. */
static void straight_line__stays_within_the_input(void **state)
{
    (void)state;
    const guarded room = guard();
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t missing = 0; missing <= 19; missing++) {
            peer p;
            bytes input = {0};
            weir_event events[8];
            whole_open(&p, *kind, 0);
            bytes_add_frame(&input, whole_other(&p), 1, 2, "0123456789abcdefghi", 19);
            const size_t len = input.len - missing;
            uint8_t *const places[] = {room.start, room.end - len};
            for (size_t i = 0; i < COUNT_OF(places); i++) {
                weir__run run = {.conn = p.conn, .events = events, .cap = 8, .start = places[i]};
                memcpy(places[i], input.data, len);
                run.at = places[i];
                run.end = places[i] + len;
                weir__whole_receive(&run);
                assert_int_equal(run.count, missing == 0);
                if (missing > 0)
                    break; /* the next would be read as its payload */
            }
            bytes_free(&input);
            peer_close(&p);
        }
    unguard(room);
}

static void message_as_big_as_allowed__stays_on_the_straight_line(void **state)
{
    static const uint8_t payload[301] = {0};
    (void)state;
    for (size_t len = 299; len <= 301; len++) {
        peer p;
        bytes input = {0};
        weir_event events[8];
        peer_init(&p);
        p.config.max_message_bytes = 300;
        peer_open(&p, 'S');
        bytes_add_frame(&input, whole_other(&p), 1, 2, payload, len);
        assert_int_equal(whole_line_run(&p, &input, input.len, events).count, len <= 300);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void straight_line__leaves_cut_heads_alone(void **state)
{
    static const size_t lens[] = {0, 125, 126, 65536};
    static uint8_t payload[65536];
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < COUNT_OF(lens); i++) {
            peer p;
            bytes input = {0};
            weir_event events[8];
            whole_open(&p, *kind, 0);
            bytes_add_frame(&input, whole_other(&p), 1, 2, payload, lens[i]);
            for (size_t len = 0; len < input.len - lens[i]; len++) {
                const weir__run run = whole_line_run(&p, &input, len, events);
                assert_int_equal(run.count, 0);
                assert_ptr_equal(run.at, run.start);
                assert_null(p.conn->rx); /* nothing was begun */
            }
            bytes_free(&input);
            peer_close(&p);
        }
}

/* A length of the wrong side has a top bit more, and must not pass for a long form. */
static void straight_line__leaves_the_wrong_side_alone__whatever_follows(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (unsigned form = 0; form < 128; form++) {
            peer p;
            bytes input = {0};
            weir_event events[8];
            static const uint8_t zeros[70000];
            whole_open(&p, *kind, 0);
            const uint8_t head[] = {
                0x82, (uint8_t)(*kind == 'S' ? form : 0x80 | form), 0, 0, 0, 0, 0, 1, 0, 0};
            bytes_add(&input, head, sizeof head);
            bytes_add(&input, zeros, sizeof zeros);
            const weir__run run = whole_line_run(&p, &input, input.len, events);
            assert_int_equal(run.count, 0);
            assert_ptr_equal(run.at, run.start);
            bytes_free(&input);
            peer_close(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_every_form__come_in_order_for_every_size_of_the_array),
        cmocka_unit_test(fault_behind_good_messages__is_found_where_it_is),
        cmocka_unit_test(length_in_a_longer_form__is_left_to_the_general_way),
        cmocka_unit_test(large_frame_of_the_wrong_side__is_refused),
        cmocka_unit_test(limits__hold_on_the_straight_line),
        cmocka_unit_test(after_our_close__messages_are_checked_and_not_given),
        cmocka_unit_test(message_cut_anywhere__is_the_same_as_whole),
        cmocka_unit_test(reads_of_every_size__give_the_same_messages),
        cmocka_unit_test(between_reads__only_what_is_in_the_making_is_held),
        cmocka_unit_test(straight_line__takes_what_is_there),
        cmocka_unit_test(straight_line__leaves_a_bad_text_as_it_came),
        cmocka_unit_test(straight_line__stays_within_the_input),
        cmocka_unit_test(message_as_big_as_allowed__stays_on_the_straight_line),
        cmocka_unit_test(straight_line__leaves_cut_heads_alone),
        cmocka_unit_test(straight_line__leaves_the_wrong_side_alone__whatever_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
