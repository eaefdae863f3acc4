/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.7: the examples, as printed. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

#define VECTOR(text) text, sizeof(text) - 1

static void expect_event(char kind, const char *frames, size_t len, const char *event)
{
    bytes input = {NULL, 0, 0};
    bytes_add(&input, frames, len);
    outcome o = run_all_cuts(kind, &input, NULL);
    assert_non_null(strstr(o.trace, event));
    assert_ptr_equal(strchr(o.trace, '\n') + 1, o.trace + strlen(o.trace));
    outcome_free(&o);
    bytes_free(&input);
}

static void R6455_5_7_1__examples__are_decoded(void **state)
{
    static const char hello[] = "MESSAGE flags=7 code=0 cause=- offset=0 token=0 len=5 Hello\n";
    (void)state;
    expect_event('C', VECTOR("\x81\x05Hello"), hello);
    expect_event('S', VECTOR("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), hello);
    expect_event('C', VECTOR("\x01\x03Hel\x80\x02lo"), hello);
    expect_event('C', VECTOR("\x89\x05Hello"), "PING ");
    expect_event('S', VECTOR("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
                 "PONG flags=0 code=0 cause=- offset=0 token=0 len=5 Hello\n");
}

static void expect_binary(const char *head, size_t head_len, size_t len)
{
    uint8_t *const payload = calloc(1, len);
    bytes input = {NULL, 0, 0};
    bytes wanted = {NULL, 0, 0};
    bytes_add(&input, head, head_len);
    bytes_add(&input, payload, len);
    peer_trace_event(&wanted, &(weir_event){.type = WEIR_EVENT_MESSAGE,
                                            .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST,
                                            .data = payload,
                                            .len = len});
    outcome o = run_all_cuts('C', &input, NULL);
    assert_int_equal(strlen(o.trace), wanted.len);
    assert_memory_equal(o.trace, wanted.data, wanted.len);
    outcome_free(&o);
    bytes_free(&wanted);
    bytes_free(&input);
    free(payload);
}

static void R6455_5_7_1__examples_of_256_bytes_and_64_kibibytes__are_decoded(void **state)
{
    (void)state;
    expect_binary(VECTOR("\x82\x7E\x01\x00"), 256);
    expect_binary(VECTOR("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"), 65536);
}

static void expect_output(peer *p, const char *frames, size_t len)
{
    peer_pump(p);
    assert_true(p->output.len >= len);
    assert_memory_equal(p->output.data, frames, len);
    p->output.len = 0;
}

static void R6455_5_7_1__examples__are_encoded(void **state)
{
    uint8_t *const payload = calloc(1, 65536);
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_conn_send(p.conn, WEIR_TEXT, "Hello", 5);
    expect_output(&p, VECTOR("\x81\x05Hello"));
    weir_conn_send_begin(p.conn, WEIR_TEXT);
    weir_conn_send_chunk(p.conn, "Hel", 3);
    weir_conn_send_end(p.conn, "lo", 2);
    expect_output(&p, VECTOR("\x01\x03Hel\x80\x02lo"));
    weir_conn_ping(p.conn, "Hello", 5);
    expect_output(&p, VECTOR("\x89\x05Hello"));
    wire_feed(&p, "P:Hello");
    expect_output(&p, VECTOR("\x8a\x05Hello"));
    weir_conn_send(p.conn, WEIR_BINARY, payload, 256);
    expect_output(&p, VECTOR("\x82\x7E\x01\x00\x00"));
    weir_conn_send(p.conn, WEIR_BINARY, payload, 65536);
    expect_output(&p, VECTOR("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00\x00"));
    free(payload);
    peer_close(&p);
}

/* The key is random, so the example's XOR is done again with the key that was drawn. */
static void expect_masked(peer *p, uint8_t first)
{
    peer_pump(p);
    assert_int_equal(p->output.len, 11);
    assert_int_equal(p->output.data[0], first);
    assert_int_equal(p->output.data[1], 0x85);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(p->output.data[6 + i], "Hello"[i] ^ p->output.data[2 + i % 4]);
    p->output.len = 0;
}

static void R6455_5_7_1__masked_examples__are_encoded(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    weir_conn_send(p.conn, WEIR_TEXT, "Hello", 5);
    expect_masked(&p, 0x81);
    wire_feed(&p, "P:Hello");
    expect_masked(&p, 0x8A);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_7_1__examples__are_decoded),
        cmocka_unit_test(R6455_5_7_1__examples_of_256_bytes_and_64_kibibytes__are_decoded),
        cmocka_unit_test(R6455_5_7_1__examples__are_encoded),
        cmocka_unit_test(R6455_5_7_1__masked_examples__are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
