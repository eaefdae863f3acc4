/* SPDX-License-Identifier: MIT */
/* RFC 6455 10.4, 10.7: limits on frames and messages, judged before anything is held. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

#define LIMIT 1000

static void limit_message(peer *p)
{
    p->config.max_message_bytes = LIMIT;
    p->event_cap = 1;
}

static void limit_message_chunks(peer *p)
{
    limit_message(p);
    p->config.deliver_chunks = 1;
}

static void limit_frame(peer *p)
{
    p->config.max_frame_bytes = LIMIT;
    p->event_cap = 1;
}

static void expect(const char *script, void (*prepare)(peer *p), weir_status cause)
{
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome o = run_script(*kind, script, prepare);
        assert_int_equal(o.report.cause, cause);
        assert_int_equal(o.close_code, weir_status_wire(cause));
        if (cause == WEIR_OK)
            assert_non_null(strstr(o.trace, "MESSAGE"));
        outcome_free(&o);
    }
}

static void R6455_10_4_1__message_size__at_the_limit_and_around_it(void **state)
{
    (void)state;
    expect("B:~999", limit_message, WEIR_OK);
    expect("B:~1000", limit_message, WEIR_OK);
    expect("B:~1001", limit_message, WEIR_E_MESSAGE_TOO_BIG);
    expect("T-:~500 P:x C:~499", limit_message, WEIR_OK);
    expect("T-:~500 P:x C:~500", limit_message, WEIR_OK);
    expect("T-:~500 P:x C:~501", limit_message, WEIR_E_MESSAGE_TOO_BIG);
    expect("B-:~1000 C:", limit_message, WEIR_OK);
    expect("B-:~1000 C-: C:a", limit_message, WEIR_E_MESSAGE_TOO_BIG);
    expect("B:~1000 B:~1000 B-:~999 C:a", limit_message, WEIR_OK);
}

static void R6455_10_4_1__frame_size__at_the_limit_and_around_it(void **state)
{
    (void)state;
    expect("B:~999", limit_frame, WEIR_OK);
    expect("B:~1000", limit_frame, WEIR_OK);
    expect("B:~1001", limit_frame, WEIR_E_FRAME_TOO_BIG);
    expect("B-:~1000 C-:~1000 C:~1000", limit_frame, WEIR_OK);
    expect("B-:~1000 C-:~1001", limit_frame, WEIR_E_FRAME_TOO_BIG);
}

static void limit_nothing(peer *p)
{
    p->config.max_message_bytes = 0;
    p->event_cap = 1;
}

static void R6455_10_4_1__limit_of_zero__allows_empty_messages_only(void **state)
{
    (void)state;
    expect("T: B: T-: C:", limit_nothing, WEIR_OK);
    expect("T:a", limit_nothing, WEIR_E_MESSAGE_TOO_BIG);
    expect("T-: C:a", limit_nothing, WEIR_E_MESSAGE_TOO_BIG);
}

static void R6455_10_4_1__limits_hold_for_chunks_too(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        limit_message_chunks(&p);
        peer_open(&p, *kind);
        wire_script(&input, other_role(p.role), "T-:~999 C-:a C:b");
        peer_feed(&p, input.data, input.len, 7);
        assert_int_equal(peer_report(&p).cause, WEIR_E_MESSAGE_TOO_BIG);
        assert_int_equal(peer_close_code(&p, p.role), 1009);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void R6455_10_4_1__size_is_judged_by_the_head_alone(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        bytes_add_head(&input, 1, 0, 2, *kind == 'S', 1001, 0);
        outcome o = run_all_cuts_with(*kind, &input, limit_message);
        assert_int_equal(o.report.cause, WEIR_E_MESSAGE_TOO_BIG);
        assert_int_equal(o.report.offset, 0);
        assert_int_equal(o.close_code, 1009);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* Claims of len with limits that allow it: memory must follow the bytes, not the claim. */
static void expect_little_memory(char kind, uint64_t len, int fin, size_t sent)
{
    uint8_t *const noise = calloc(1, sent + 1);
    bytes input = {NULL, 0, 0};
    peer p;
    peer_init(&p);
    p.config.max_message_bytes = WEIR_NONE;
    peer_open(&p, kind);
    const uint64_t before = p.alloc.held;
    bytes_add_head(&input, fin, 0, 2, kind == 'S', len, 64);
    bytes_add(&input, noise, sent);
    peer_feed(&p, input.data, input.len, 14);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_true(p.alloc.peak - before <= 2048 + 6 * (uint64_t)sent);
    size_t room;
    assert_non_null(weir_conn_input_buffer(p.conn, &room));
    assert_true(room <= (sent > 65536 ? 2 * sent : 65536));
    bytes_free(&input);
    free(noise);
    peer_close(&p);
}

static void R6455_10_4_1__claim_of_2_to_the_62__allocates_nothing_large(void **state)
{
    static const size_t sent[] = {0, 1, 14, 100, 1000, 20000, 100000};
    (void)state;
    for (size_t i = 0; i < 4 * sizeof sent / sizeof sent[0]; i++) {
        expect_little_memory(wire_kinds[i % 2], UINT64_C(1) << 62, i / 2 % 2, sent[i / 4]);
        expect_little_memory(wire_kinds[i % 2], INT64_MAX, i / 2 % 2, sent[i / 4]);
        expect_little_memory(wire_kinds[i % 2], UINT64_C(1) << 32, i / 2 % 2, sent[i / 4]);
    }
}

static void R6455_10_4_1__sum_of_fragments__does_not_wrap_around(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        p.config.max_message_bytes = WEIR_NONE - 1;
        p.config.deliver_chunks = 1;
        peer_open(&p, *kind);
        wire_script(&input, other_role(p.role), "B-:abcd");
        bytes_add_head(&input, 1, 0, 0, *kind == 'S', INT64_MAX, 64);
        peer_feed(&p, input.data, input.len, input.len);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* ---- Counts ----------------------------------------------------------------------------------*/

static void limit_fragments(peer *p)
{
    p->config.max_fragments = 5;
    p->event_cap = 1;
}

static void R6455_10_4_2__number_of_fragments__at_the_limit_and_around_it(void **state)
{
    (void)state;
    expect("T-:a C-:b C-:c C:d", limit_fragments, WEIR_OK);
    expect("T-:a C-:b C-:c C-:d C:e", limit_fragments, WEIR_OK);
    expect("T-:a C-:b C-:c C-:d C-:e C:f", limit_fragments, WEIR_E_TOO_MANY_FRAGMENTS);
    expect("T-:a C-:b C-:c C-:d C:e T-:a C-:b C-:c C-:d C:e", limit_fragments, WEIR_OK);
    expect("T-:a P: O: P: O: C:b", limit_fragments, WEIR_OK);
}

static void limit_empty(peer *p)
{
    p->config.max_empty_fragments = 2;
    p->event_cap = 1;
}

static void R6455_10_4_2__number_of_empty_fragments__at_the_limit_and_around_it(void **state)
{
    (void)state;
    expect("T-:a C-: C:b", limit_empty, WEIR_OK);
    expect("T-: C-: C:b", limit_empty, WEIR_OK);
    expect("T-: C-: C:", limit_empty, WEIR_E_TOO_MANY_EMPTY);
    expect("T-:a C-: C-:b C-: C-:c C-: C:d", limit_empty, WEIR_E_TOO_MANY_EMPTY);
    expect("T-: C: T-: C: T-: C: T: T: T: T:", limit_empty, WEIR_OK);
}

static void limit_no_empty(peer *p)
{
    p->config.max_empty_fragments = 0;
    p->event_cap = 1;
}

static void R6455_10_4_2__limit_of_no_empty_fragments__allows_empty_messages(void **state)
{
    (void)state;
    expect("T: B:", limit_no_empty, WEIR_OK);
    expect("T-:a C:", limit_no_empty, WEIR_E_TOO_MANY_EMPTY);
    expect("T-: C:a", limit_no_empty, WEIR_E_TOO_MANY_EMPTY);
}

static void feed_fragments(peer *p, size_t count, const char *fragment)
{
    bytes input = {NULL, 0, 0};
    wire_script(&input, other_role(p->role), fragment);
    for (size_t i = 0; i < count; i++)
        peer_feed(p, input.data, input.len, input.len);
    bytes_free(&input);
}

static void R6455_10_4_2__defaults__4096_fragments_of_which_128_empty(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const size_t most = i / 2 ? 128 : 4095;
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        wire_feed(&p, "B-:a");
        const uint64_t held = p.alloc.held;
        feed_fragments(&p, most, i / 2 ? "C-:" : "C-:b");
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        assert_true(p.alloc.peak < held + 16384);
        wire_feed(&p, i / 2 ? "C-:" : "C-:b");
        assert_int_equal(peer_report(&p).cause,
                         i / 2 ? WEIR_E_TOO_MANY_EMPTY : WEIR_E_TOO_MANY_FRAGMENTS);
        assert_int_equal(peer_close_code(&p, p.role), 1008);
        peer_close(&p);
    }
}

/* ---- Limits that change ----------------------------------------------------------------------*/

static void R6455_10_4_1__limit_of_one_connection__can_be_raised_alone(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_conn *other;
        weir_conn *first;
        peer p;
        peer_init(&p);
        limit_message(&p);
        peer_open(&p, *kind);
        first = p.conn;
        assert_int_equal(weir_conn_create_established(p.context, p.role, &other), WEIR_OK);
        assert_int_equal(weir_conn_set(first, WEIR_OPTION_MAX_MESSAGE_BYTES, 2000), WEIR_OK);
        wire_feed(&p, "B:~2000");
        assert_int_equal(weir_conn_state(first), WEIR_OPEN);
        p.conn = other;
        wire_feed(&p, "B:~1001");
        assert_int_equal(peer_report(&p).cause, WEIR_E_MESSAGE_TOO_BIG);
        p.conn = first;
        wire_feed(&p, "B:~2001");
        assert_int_equal(peer_report(&p).cause, WEIR_E_MESSAGE_TOO_BIG);
        weir_conn_free(other);
        peer_close(&p);
    }
}

static void R6455_10_4_1__idle_connection__holds_only_itself(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_stats stats;
        peer p;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, *kind);
        const uint64_t held = p.alloc.held;
        wire_feed(&p, "T-:~5000 C-:~60000 P:x C:~3 B:~100000");
        weir_conn_send(p.conn, WEIR_BINARY, "data", 4);
        peer_pump(&p);
        wire_events(&p);
        assert_int_equal(p.alloc.held, held);
        weir_conn_stats(p.conn, &stats, sizeof stats);
        assert_true(stats.held_bytes <= 512);
        peer_close(&p);
    }
}

/* ---- Random input ----------------------------------------------------------------------------*/

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

/* Valid frames with one byte changed: whatever comes out as text is UTF-8, CLOSED comes once and
 * last, nothing leaks (peer_close looks). */
static void R6455_10_7_1__changed_byte__never_makes_bad_input_good(void **state)
{
    static const char script[] = "T:caf%c3%a9 T-:%f0%9f C-:%98 P:pi C:%80 B:~130 O: X:1000,bye";
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), script);
        for (uint32_t seed = 1; seed < 4000; seed++) {
            uint32_t state_of = seed * 7919;
            const size_t at = random_next(&state_of) % input.len;
            const uint8_t change = (uint8_t)(1 + random_next(&state_of) % 255);
            weir_event events[4];
            size_t used;
            int over = 0;
            peer p;
            peer_init(&p);
            peer_open(&p, *kind);
            uint8_t *const block = malloc(input.len);
            memcpy(block, input.data, input.len);
            block[at] ^= change;
            for (size_t from = 0; from < input.len; from += used) {
                const size_t len = 1 + random_next(&state_of) % (input.len - from);
                const int count = weir_conn_receive(p.conn, block + from, len, &used, events, 4);
                for (int i = 0; i < count; i++) {
                    int whole;
                    assert_false(over);
                    over = events[i].type == WEIR_EVENT_CLOSED;
                    if (events[i].flags & WEIR_FLAG_TEXT)
                        assert_int_equal(wire_utf8_fault(events[i].data, events[i].len, &whole),
                                         events[i].len);
                }
            }
            free(block);
            peer_close(&p);
        }
        bytes_free(&input);
    }
}

static void R6455_10_7_1__random_bytes__end_in_one_close(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed < 3000; seed++) {
        uint32_t state_of = seed;
        uint8_t noise[300];
        peer p;
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)random_next(&state_of);
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, wire_kinds[seed % 2]);
        peer_feed(&p, noise, sizeof noise, 1 + random_next(&state_of) % sizeof noise);
        peer_feed(&p, noise, sizeof noise, 1);
        assert_true(p.closed_count <= 1);
        assert_true(peer_frames(&p, p.role, 8) <= 1);
        weir_conn_receive_eof(p.conn);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_10_4_1__message_size__at_the_limit_and_around_it),
        cmocka_unit_test(R6455_10_4_1__frame_size__at_the_limit_and_around_it),
        cmocka_unit_test(R6455_10_4_1__limit_of_zero__allows_empty_messages_only),
        cmocka_unit_test(R6455_10_4_1__limits_hold_for_chunks_too),
        cmocka_unit_test(R6455_10_4_1__size_is_judged_by_the_head_alone),
        cmocka_unit_test(R6455_10_4_1__claim_of_2_to_the_62__allocates_nothing_large),
        cmocka_unit_test(R6455_10_4_1__sum_of_fragments__does_not_wrap_around),
        cmocka_unit_test(R6455_10_4_2__number_of_fragments__at_the_limit_and_around_it),
        cmocka_unit_test(R6455_10_4_2__number_of_empty_fragments__at_the_limit_and_around_it),
        cmocka_unit_test(R6455_10_4_2__limit_of_no_empty_fragments__allows_empty_messages),
        cmocka_unit_test(R6455_10_4_2__defaults__4096_fragments_of_which_128_empty),
        cmocka_unit_test(R6455_10_4_1__limit_of_one_connection__can_be_raised_alone),
        cmocka_unit_test(R6455_10_4_1__idle_connection__holds_only_itself),
        cmocka_unit_test(R6455_10_7_1__changed_byte__never_makes_bad_input_good),
        cmocka_unit_test(R6455_10_7_1__random_bytes__end_in_one_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
