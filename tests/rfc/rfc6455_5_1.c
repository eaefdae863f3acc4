/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.1: which side masks. */
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* Opcodes with what must come first so that only the mask is wrong. */
static const struct {
    const char *before;
    int opcode;
} frames[] = {{"T-:a", 0}, {"", 1}, {"", 2}, {"", 8}, {"", 9}, {"", 10}};

static void expect_mask_fault(char kind, const uint8_t *key, weir_status cause)
{
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(kind)), frames[i].before);
        const size_t begin = input.len;
        bytes_add_head(&input, 1, 0, frames[i].opcode, key != NULL, 2, 0);
        if (key)
            memcpy(input.data + input.len - 4, key, 4);
        bytes_add_text(&input, "\x03\xE8");
        outcome o = run_all_cuts(kind, &input, NULL);
        assert_int_equal(o.close_code, 1002);
        assert_int_equal(o.report.cause, cause);
        assert_int_equal(o.report.code, 1006);
        assert_int_equal(o.report.side, WEIR_SIDE_PEER);
        assert_int_equal(o.report.offset, begin);
        assert_null(strstr(o.trace, "MESSAGE"));
        outcome_free(&o);
        bytes_free(&input);
    }
}

static void R6455_5_1_1__unmasked_frame_of_a_client__fails_1002(void **state)
{
    (void)state;
    expect_mask_fault('S', NULL, WEIR_E_UNMASKED);
}

static void R6455_5_1_2__masked_frame_of_a_server__fails_1002(void **state)
{
    static const uint8_t zeros[4] = {0, 0, 0, 0};
    static const uint8_t some[4] = {1, 2, 3, 4};
    (void)state;
    expect_mask_fault('C', zeros, WEIR_E_MASKED);
    expect_mask_fault('C', some, WEIR_E_MASKED);
}

static void R6455_5_1_1__fault_shows_with_the_second_byte__before_the_length(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const int wrong_mask = *kind == 'C';
        uint8_t head[2] = {0x82, (uint8_t)(wrong_mask << 7 | 127)};
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        peer_feed(&p, head, 1, 1);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        peer_feed(&p, head + 1, 1, 1);
        assert_int_equal(peer_close_code(&p, p.role), 1002);
        peer_close(&p);
    }
}

/* ---- What we send ----------------------------------------------------------------------------*/

/* Every call that makes a frame, from an open connection to its end. */
static void send_everything(peer *p)
{
    static const char text[] = "borrowed";
    weir_message *message;
    assert_int_equal(weir_conn_send(p->conn, WEIR_TEXT, "text", 4), WEIR_OK);
    assert_int_equal(weir_conn_send(p->conn, WEIR_BINARY, "", 0), WEIR_OK);
    assert_int_equal(weir_conn_send(p->conn, WEIR_BINARY, "123456789", 9), WEIR_OK);
    assert_int_equal(weir_conn_send_ref(p->conn, WEIR_TEXT, text, 8, 1), WEIR_OK);
    assert_int_equal(weir_message_create(p->context, WEIR_TEXT, "made", 4, &message), WEIR_OK);
    assert_int_equal(weir_conn_send_message(p->conn, message), WEIR_OK);
    weir_message_free(message);
    peer_pump(p);
    assert_int_equal(weir_conn_send_begin(p->conn, WEIR_TEXT), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(p->conn, "ab", 2), WEIR_OK);
    assert_int_equal(weir_conn_send_end(p->conn, "cd", 2), WEIR_OK);
    assert_int_equal(weir_conn_ping(p->conn, "ping", 4), WEIR_OK);
    assert_int_equal(weir_conn_pong(p->conn, "pong", 4), WEIR_OK);
    peer_pump(p);
    wire_feed(p, "P:asked");
}

static void fragments_of_four(weir_config *config)
{
    config->fragment_bytes = 4;
}

static void expect_masked(const bytes *output, int masked)
{
    size_t count = 0;
    for (wire_reader reader = wire_reader_of(output); wire_next(&reader); count++)
        assert_int_equal(reader.head.masked, masked);
    assert_int_equal(count, 14);
}

static void R6455_5_1_3__client_masks_every_frame__server_none(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        for (const char *kind = wire_kinds; *kind; kind++) {
            peer p;
            peer_init(&p);
            fragments_of_four(&p.config);
            peer_open(&p, *kind);
            send_everything(&p);
            if (fails)
                peer_feed(&p, "\x83", 1, 1);
            else
                assert_int_equal(weir_conn_close(p.conn, 1000, "bye", 3), WEIR_OK);
            peer_pump(&p);
            expect_masked(&p.output, *kind == 'C');
            assert_said(&p.output, p.role,
                        fails ? "T:text B: B:123456789 T:borrowed T:made O:pong P:ping T:abcd "
                                "O:asked X:1002"
                              : "T:text B: B:123456789 T:borrowed T:made O:pong P:ping T:abcd "
                                "O:asked X:1000,bye");
            peer_close(&p);
        }
    }
}

static void R6455_5_1_3__answer_to_a_close__is_masked_by_a_client(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed(&p, "X:1000,why");
        assert_int_equal(p.output.data[1] >> 7, *kind == 'C');
        assert_said(&p.output, p.role, "X:1000");
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_1_1__unmasked_frame_of_a_client__fails_1002),
        cmocka_unit_test(R6455_5_1_2__masked_frame_of_a_server__fails_1002),
        cmocka_unit_test(R6455_5_1_1__fault_shows_with_the_second_byte__before_the_length),
        cmocka_unit_test(R6455_5_1_3__client_masks_every_frame__server_none),
        cmocka_unit_test(R6455_5_1_3__answer_to_a_close__is_masked_by_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
