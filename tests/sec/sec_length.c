/* SPDX-License-Identifier: MIT */
/* Attacks on lengths: sums that wrap, claims at the edges of types, limits at their extremes. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static int length_other(const peer *p)
{
    return p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
}

static void length_feed(peer *p, bytes *b)
{
    peer_feed(p, b->data, b->len, 5);
    b->len = 0;
}

/* A fragment of limit - 1 bytes, a ping at the very limit, then a frame that claims last bytes. */
static int length_sum(char kind, uint64_t limit, uint64_t last)
{
    peer p;
    bytes b = {0};
    char payload[100] = {0};
    peer_init(&p);
    p.config.max_message_bytes = limit;
    peer_open(&p, kind);
    bytes_add_frame(&b, length_other(&p), 0, 2, payload, 99);
    bytes_add_frame(&b, length_other(&p), 1, 9, "x", 1);
    bytes_add_frame(&b, length_other(&p), 1, 10, "x", 1);
    length_feed(&p, &b);
    bytes_add_head(&b, 1, 0, 0, p.role == WEIR_SERVER, last, 0);
    bytes_add(&b, payload, last < 10 ? (size_t)last : 10);
    length_feed(&p, &b);
    const int code = peer_close_code(&p, p.role);
    assert_int_equal(peer_frames(&p, p.role, 10), 1);
    assert_in_range(p.alloc.peak, 0, 20000);
    bytes_free(&b);
    peer_close(&p);
    return code;
}

static void SEC_L1__fragment_lengths_that_pass_2_63_together_are_no_small_sum(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        assert_int_equal(length_sum(*kind, 100, 1), 0);
        assert_int_equal(length_sum(*kind, 100, 2), 1009);
        assert_int_equal(length_sum(*kind, 100, INT64_MAX), 1009);
        assert_int_equal(length_sum(*kind, INT64_MAX, INT64_MAX), 1009);
        assert_int_equal(length_sum(*kind, WEIR_NONE, INT64_MAX), 0);
        assert_int_equal(length_sum(*kind, WEIR_NONE, INT64_MAX - 98), 0);
    }
}

/* A data frame's head with a 64-bit length is met with the close code, within the head. */
static void length_claim(char kind, uint64_t len, int fin, int code)
{
    bytes b = {0};
    bytes_add_head(&b, fin, 0, 2, kind == 'S', len, 64);
    outcome o = run_all_cuts(kind, &b, NULL);
    if (o.close_code != code)
        print_error("length %llx\n", (unsigned long long)len);
    assert_int_equal(o.close_code, code);
    assert_int_equal(o.report.offset, code == 0 ? b.len : 0);
    bytes_free(&b);
    outcome_free(&o);
}

static void SEC_L2__every_top_bit_is_refused_at_the_head(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (int bit = 0; bit < 64; bit++) {
            length_claim(*kind, (UINT64_C(1) << 63) | (UINT64_C(1) << bit), bit & 1, 1002);
            length_claim(*kind, ~(UINT64_C(1) << bit) | UINT64_C(1) << 63, bit & 1, 1002);
        }
}

static void SEC_L3__lengths_that_wrap_a_sum_are_refused_by_both_roles(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (uint64_t near = 0; near <= 16; near++) {
            length_claim(*kind, UINT64_MAX - near, 1, 1002);
            length_claim(*kind, (UINT64_C(1) << 63) + near, 0, 1002);
            length_claim(*kind, (UINT64_C(1) << 63) - 1 - near, 0, 1009);
            length_claim(*kind, (UINT64_C(1) << 32) + 8 - near, 1, 1009);
            length_claim(*kind, (UINT64_C(1) << 31) + 8 - near, 1, 1009);
        }
}

static void length_without_limit(weir_config *config)
{
    config->max_message_bytes = WEIR_NONE;
}

static void SEC_L3__lengths_that_wrap_a_sum_are_only_claims_without_a_limit(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (uint64_t near = 0; near <= 16; near++) {
            bytes b = {0};
            bytes_add_head(&b, 1, 0, 2, *kind == 'S', (UINT64_C(1) << 63) - 1 - near, 64);
            bytes_add_text(&b, "7777777777");
            outcome o = run_all_cuts(*kind, &b, length_without_limit);
            assert_int_equal(o.trace[0], '\0');
            assert_int_equal(o.output.len, 0);
            outcome_free(&o);
            bytes_free(&b);
        }
}

static void SEC_L5__input_in_memory_of_its_exact_size_is_not_overrun(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        const int from = *kind == 'S' ? WEIR_CLIENT : WEIR_SERVER;
        bytes b = {0};
        bytes_add_frame(&b, from, 1, 1, "text", 4);
        bytes_add_frame(&b, from, 0, 2, "frag", 4);
        bytes_add_frame(&b, from, 1, 9, "ping", 4);
        bytes_add_frame(&b, from, 1, 0, "ment", 4);
        bytes_add_frame(&b, from, 1, 1, "", 0);
        char long_text[300];
        memset(long_text, 'l', sizeof long_text);
        bytes_add_frame(&b, from, 1, 1, long_text, sizeof long_text);
        bytes_add_close(&b, from, 1000, "reason");
        outcome o = run_all_cuts(*kind, &b, NULL); /* every piece in a block of its own */
        assert_int_equal(o.close_code, 1000);
        outcome_free(&o);
        bytes_free(&b);
    }
}

static void SEC_L6__pieces_write_nothing_past_their_result(void **state)
{
    (void)state;
    const uint64_t lens[] = {0, 125, 126, 65535, 65536, INT64_MAX};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (uint8_t masked = 0; masked <= 1; masked++) {
            const weir_frame_head head = {
                .len = lens[i], .fin = 1, .opcode = 2, .masked = masked, .key = {1, 2, 3, 4}};
            uint8_t full[WEIR_FRAME_HEAD_MAX];
            const int size = weir_frame_head_write(&head, full);
            assert_in_range(size, 2, 14);
            uint8_t *const exact = malloc((size_t)size);
            assert_int_equal(weir_frame_head_write(&head, exact), size);
            free(exact);
        }
    char *const accept = malloc(28);
    assert_int_equal(weir_accept_key("dGhlIHNhbXBsZSBub25jZQ==", WEIR_NTS, accept), WEIR_OK);
    free(accept);
    uint8_t *const payload = malloc(125);
    char *const reason = malloc(123);
    memset(reason, 'r', 123);
    assert_int_equal(weir_close_payload_write(1000, reason, 123, payload), 125);
    free(payload);
    free(reason);
}

/* ---- Limits at their extremes ----------------------------------------------------------------*/

static void length_talk(pair *p)
{
    static char payload[5000];
    weir_conn *const client = p->side[PAIR_CLIENT].conn;
    weir_conn *const server = p->side[PAIR_SERVER].conn;
    memset(payload, 'p', sizeof payload);
    pair_run(p, 100000);
    for (size_t len = 0; len <= 5000; len += 1250) {
        (void)weir_conn_send(client, WEIR_TEXT, payload, len);
        (void)weir_conn_send_ref(server, WEIR_BINARY, payload, len, len);
        (void)weir_conn_ping(client, payload, len < 125 ? len : 125);
        (void)weir_conn_pong(server, payload, len < 125 ? len : 125);
        pair_run(p, 100000);
    }
    weir_context_set_time(p->context, 1);
    while (weir_context_next_ready(p->context) != NULL)
        ;
    (void)weir_conn_close(client, 1000, payload, 100);
    pair_run(p, 100000);
    for (int side = 0; side < 2; side++)
        (void)weir_conn_receive_eof(p->side[side].conn);
    pair_run(p, 1000);
}

/* All of a talk with one option, or two, at an extreme. */
static void length_with_option(int option, uint64_t value, char kind, int tiny)
{
    test_alloc alloc = {0};
    pair p;
    pair_init(&p, &alloc);
    if (tiny) {
        const weir_config hosted = p.config;
        assert_int_equal(weir_config_init_tiny(&p.config, sizeof p.config), WEIR_OK);
        p.config.allocate = hosted.allocate;
        p.config.allocate_user = hosted.allocate_user;
        p.config.has_seed = 1;
    }
    if (weir_config_set(&p.config, option, value) != WEIR_OK)
        return;
    dice cuts = {value ^ (uint64_t)option};
    p.cuts = &cuts;
    p.echo = 1;
    const int status = pair_open(&p, kind);
    assert_true(status == WEIR_OK || status == WEIR_E_CONFIG || status == WEIR_E_MEMORY);
    if (status == WEIR_OK) {
        length_talk(&p);
        for (int side = 0; side < 2; side++)
            assert_int_equal(p.side[side].counts[WEIR_EVENT_CLOSED], 1);
    }
    pair_free(&p);
    assert_int_equal(alloc.held, 0);
}

static void SEC_L7__every_limit_at_its_extremes_is_kept_to(void **state)
{
    const uint64_t values[] = {0, 1, 2, 3, UINT32_MAX, INT64_MAX, WEIR_NONE - 1, WEIR_NONE};
    (void)state;
    for (int option = WEIR_OPTION_MAX_LINE_BYTES; option < WEIR_OPTION_READ_BUFFER_BYTES; option++)
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
            for (int tiny = 0; tiny <= 1; tiny++) {
                length_with_option(option, values[i], 's', tiny);
                length_with_option(option, values[i], 'e', tiny);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_L1__fragment_lengths_that_pass_2_63_together_are_no_small_sum),
        cmocka_unit_test(SEC_L2__every_top_bit_is_refused_at_the_head),
        cmocka_unit_test(SEC_L3__lengths_that_wrap_a_sum_are_refused_by_both_roles),
        cmocka_unit_test(SEC_L3__lengths_that_wrap_a_sum_are_only_claims_without_a_limit),
        cmocka_unit_test(SEC_L5__input_in_memory_of_its_exact_size_is_not_overrun),
        cmocka_unit_test(SEC_L6__pieces_write_nothing_past_their_result),
        cmocka_unit_test(SEC_L7__every_limit_at_its_extremes_is_kept_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
