/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.2: the head of a frame, judged as early as its bytes can tell. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- A model of the head, from the text of the RFC -------------------------------------------*/

static bool is_reserved_opcode(int opcode)
{
    return (opcode >= 3 && opcode <= 7) || opcode >= 11;
}

/* What the first byte alone tells. */
static weir_status model_first(uint8_t first, bool in_message)
{
    const int opcode = first % 16;
    const bool fin = first >= 128;
    if ((first >> 4) % 8 != 0)
        return WEIR_E_RSV;
    if (is_reserved_opcode(opcode))
        return WEIR_E_OPCODE;
    if (opcode >= 8)
        return fin ? WEIR_OK : WEIR_E_CONTROL_FRAGMENTED;
    if (opcode == 0 && !in_message)
        return WEIR_E_CONTINUATION;
    return opcode != 0 && in_message ? WEIR_E_INTERRUPTED : WEIR_OK;
}

static weir_status model_second(uint8_t first, uint8_t second, int role)
{
    const bool masked = second >= 128;
    if (role == WEIR_SERVER && !masked)
        return WEIR_E_UNMASKED;
    if (role == WEIR_CLIENT && masked)
        return WEIR_E_MASKED;
    return first % 16 >= 8 && second % 128 > 125 ? WEIR_E_CONTROL_TOO_LONG : WEIR_OK;
}

/* One context with a fresh connection for each case; quick enough for 10^6 of them. */
typedef struct bench {
    peer p;
    int role;
    bool in_message;
} bench;

static void bench_open(bench *b, int role, bool in_message)
{
    peer_init(&b->p);
    peer_open(&b->p, role == WEIR_SERVER ? 'S' : 'C');
    b->role = role;
    b->in_message = in_message;
}

static weir_status fault_of(weir_conn *conn)
{
    weir_report report;
    weir_conn_report(conn, &report, sizeof report);
    return (weir_status)report.cause;
}

/* A connection that has seen nothing, or the first fragment "a" of a text. */
static weir_conn *bench_conn(const bench *b)
{
    static const uint8_t masked[] = {0x01, 0x81, 0, 0, 0, 0, 'a'};
    static const uint8_t plain[] = {0x01, 0x01, 'a'};
    uint8_t block[8];
    weir_event events[2];
    weir_conn *conn;
    size_t used;
    assert_int_equal(weir_conn_create_established(b->p.context, b->role, &conn), WEIR_OK);
    if (b->in_message) {
        const size_t len = b->role == WEIR_SERVER ? sizeof masked : sizeof plain;
        memcpy(block, b->role == WEIR_SERVER ? masked : plain, len);
        weir_conn_receive(conn, block, len, &used, events, 2);
        assert_int_equal(used, len);
    }
    return conn;
}

/* Give a byte; the fault afterwards. */
static weir_status give(weir_conn *conn, uint8_t byte)
{
    weir_event events[4];
    size_t used;
    weir_conn_receive(conn, &byte, 1, &used, events, 4);
    assert_int_equal(used, 1);
    return fault_of(conn);
}

static uint32_t close_code_of(weir_conn *conn)
{
    weir_report report;
    weir_conn_report(conn, &report, sizeof report);
    return report.local_code;
}

static void check_fault(weir_conn *conn, weir_status got, weir_status wanted)
{
    if (got != wanted)
        fail_msg("%s instead of %s", weir_status_name(got), weir_status_name(wanted));
    if (wanted != WEIR_OK)
        assert_int_equal(close_code_of(conn), 1002);
}

static void R6455_5_2_2__first_byte_decides__all_256_in_both_roles(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bench b;
        bench_open(&b, i % 2 ? WEIR_SERVER : WEIR_CLIENT, i / 2);
        for (int first = 0; first < 256; first++) {
            weir_conn *const conn = bench_conn(&b);
            check_fault(conn, give(conn, (uint8_t)first),
                        model_first((uint8_t)first, b.in_message));
            weir_conn_free(conn);
        }
        peer_close(&b.p);
    }
}

/* ---- Lengths ---------------------------------------------------------------------------------*/

/* Extended lengths worth a case of their own, with what they must give. */
typedef struct length_class {
    int form; /* seven bits in the second byte */
    uint64_t len;
    weir_status fault;
} length_class;

static const length_class length_classes[] = {
    {126, 0, WEIR_E_LENGTH_FORM},
    {126, 125, WEIR_E_LENGTH_FORM},
    {126, 126, WEIR_OK},
    {126, 65535, WEIR_OK},
    {127, 0, WEIR_E_LENGTH_FORM},
    {127, 126, WEIR_E_LENGTH_FORM},
    {127, 65535, WEIR_E_LENGTH_FORM},
    {127, 65536, WEIR_OK},
    {127, UINT64_C(0x7FFFFFFFFFFFFFFF), WEIR_E_MESSAGE_TOO_BIG},
    {127, UINT64_C(0x8000000000000000), WEIR_E_LENGTH_RANGE},
    {127, UINT64_MAX, WEIR_E_LENGTH_RANGE},
};

#define LENGTH_CLASSES (sizeof length_classes / sizeof length_classes[0])

/* The rest of a head after two good bytes: the fault must show with the last byte of the length,
 * one of size with the last byte of the head. */
static void check_extended(const bench *b, uint8_t first, uint8_t second, const length_class *c)
{
    weir_conn *const conn = bench_conn(b);
    give(conn, first);
    give(conn, second);
    const int size = c->form == 126 ? 2 : 8;
    for (int i = size - 1; i > 0; i--)
        check_fault(conn, give(conn, (uint8_t)(c->len >> 8 * i)), WEIR_OK);
    const bool late = c->fault == WEIR_E_MESSAGE_TOO_BIG && b->role == WEIR_SERVER;
    weir_status got = give(conn, (uint8_t)c->len);
    if (late)
        assert_int_equal(got, WEIR_OK);
    for (int i = 0; late && i < 4; i++)
        got = give(conn, 0);
    assert_int_equal(got, c->fault);
    assert_int_equal(close_code_of(conn), c->fault == WEIR_OK ? 0 : weir_status_wire(c->fault));
    weir_conn_free(conn);
}

static void check_two(const bench *b, uint8_t first, uint8_t second)
{
    const weir_status first_fault = model_first(first, b->in_message);
    const weir_status second_fault = model_second(first, second, b->role);
    weir_conn *const conn = bench_conn(b);
    check_fault(conn, give(conn, first), first_fault);
    /* RFC 6455 7.1.7: nothing after the fault is looked at, so the first one stays. */
    const weir_status fault = first_fault != WEIR_OK ? first_fault : second_fault;
    check_fault(conn, give(conn, second), fault);
    weir_conn_free(conn);
    if (fault != WEIR_OK || second % 128 < 126)
        return;
    for (size_t i = 0; i < LENGTH_CLASSES; i++)
        if (length_classes[i].form == second % 128)
            check_extended(b, first, second, &length_classes[i]);
}

static void
R6455_10_7_1__R6455_5_2_1__R6455_5_2_2__R6455_5_2_3__all_65536_heads__as_the_model(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bench b;
        bench_open(&b, i % 2 ? WEIR_SERVER : WEIR_CLIENT, i / 2);
        for (unsigned head = 0; head < 65536; head++)
            check_two(&b, (uint8_t)(head >> 8), (uint8_t)head);
        peer_close(&b.p);
    }
}

static void R6455_5_2_1__each_reserved_bit__fails_1002_at_every_cut(void **state)
{
    (void)state;
    for (int bits = 1; bits < 8; bits++) {
        for (int opcode = 0; opcode < 16; opcode++) {
            for (int i = 0; i < 4; i++) {
                const char kind = wire_kinds[i % 2];
                bytes input = {NULL, 0, 0};
                bytes_add_head(&input, i / 2, bits, opcode, kind == 'S', 0, 0);
                outcome o = run_all_cuts(kind, &input, NULL);
                assert_int_equal(o.report.cause, WEIR_E_RSV);
                assert_int_equal(o.close_code, 1002);
                outcome_free(&o);
                bytes_free(&input);
            }
        }
    }
}

static weir_status status_of_length(char kind, int form, uint64_t len)
{
    bytes input = {NULL, 0, 0};
    bytes_add_head(&input, 1, 0, 2, kind == 'S', len, form);
    outcome o = run_all_cuts(kind, &input, NULL);
    const weir_status cause = (weir_status)o.report.cause;
    assert_int_equal(o.close_code, weir_status_wire(cause));
    outcome_free(&o);
    bytes_free(&input);
    return cause;
}

static void R6455_5_2_3__longer_form_than_needed__fails_1002(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        for (uint64_t len = 0; len <= 128; len++)
            assert_int_equal(status_of_length(*kind, 16, len),
                             len < 126 ? WEIR_E_LENGTH_FORM : WEIR_OK);
        for (uint64_t len = 0; len <= 66000; len += len > 100 && len < 65500 ? 997 : 13)
            assert_int_equal(status_of_length(*kind, 64, len),
                             len < 65536 ? WEIR_E_LENGTH_FORM : WEIR_OK);
        assert_int_equal(status_of_length(*kind, 64, 65535), WEIR_E_LENGTH_FORM);
        assert_int_equal(status_of_length(*kind, 64, 65536), WEIR_OK);
    }
}

static void no_limits(weir_config *config)
{
    config->max_message_bytes = config->max_frame_bytes = WEIR_NONE;
}

static void R6455_5_2_4__top_bit_of_the_length__fails_1002_without_memory(void **state)
{
    static const struct {
        uint64_t len;
        weir_status status;
    } rows[] = {{UINT64_C(0x8000000000000000), WEIR_E_LENGTH_RANGE},
                {UINT64_MAX, WEIR_E_LENGTH_RANGE},
                {UINT64_MAX - 3, WEIR_E_LENGTH_RANGE},
                {UINT64_C(0x7FFFFFFFFFFFFFFF), WEIR_OK}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        no_limits(&p.config);
        peer_open(&p, wire_kinds[i % 2]);
        bytes_add_head(&input, 1, 0, 2, i % 2 == 0, rows[i / 2].len, 64);
        peer_feed(&p, input.data, input.len, 1);
        assert_int_equal(peer_report(&p).cause, rows[i / 2].status);
        assert_int_equal(peer_close_code(&p, p.role), weir_status_wire(rows[i / 2].status));
        assert_true(p.alloc.peak < 16384);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void R6455_5_2_5__lengths_and_codes__are_big_endian(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), "B:~258 B:~66051 X:3856");
        outcome o = run_all_cuts(*kind, &input, NULL);
        const uint8_t *const second = input.data + 258 + (*kind == 'S' ? 8 : 4);
        assert_memory_equal(input.data + 2, "\x01\x02", 2);
        assert_memory_equal(second + 2, "\0\0\0\0\0\x01\x02\x03", 8);
        assert_non_null(strstr(o.trace, "len=258 "));
        assert_non_null(strstr(o.trace, "len=66051 "));
        assert_int_equal(o.report.code, 0x0F10);
        outcome_free(&o);
        bytes_free(&input);
    }
}

static void R6455_5_2_6__length_counts_the_payload_without_the_key(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), "T:abcd B:~126 P:xy T: T:end");
        outcome o = run_all_cuts(*kind, &input, NULL);
        assert_non_null(strstr(o.trace, "len=4 abcd\n"));
        assert_non_null(strstr(o.trace, "len=126 "));
        assert_non_null(strstr(o.trace, "len=2 xy\n"));
        assert_non_null(strstr(o.trace, "len=0 \n"));
        assert_non_null(strstr(o.trace, "len=3 end\n"));
        outcome_free(&o);
        bytes_free(&input);
    }
}

static void R6455_5_2_9__key_follows_also_without_payload(void **state)
{
    static const char *const frames[] = {"T: T:x", "B: T:x", "T- C: T:x", "P: T:x", "O: T:x", "X:"};
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, WEIR_CLIENT, frames[i]);
        assert_int_equal(input.data[1], 0x80);
        outcome o = run_all_cuts('S', &input, NULL);
        if (i < 5)
            assert_non_null(strstr(o.trace, "len=1 x\n"));
        assert_int_equal(o.close_code, i < 5 ? 0 : 1005);
        assert_int_equal(o.report.cause, WEIR_OK);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* ---- Sending ---------------------------------------------------------------------------------*/

static size_t shortest_head(uint64_t len)
{
    return len < 126 ? 2 : len < 65536 ? 4 : 10;
}

static void unfragmented(weir_config *config)
{
    config->fragment_bytes = WEIR_NONE;
}

static void R6455_5_2_8__shortest_length_form_is_sent(void **state)
{
    static const size_t lens[] = {0, 1, 125, 126, 127, 65535, 65536, 70000};
    uint8_t *const data = calloc(1, 70000);
    (void)state;
    for (size_t i = 0; i < 2 * sizeof lens / sizeof lens[0]; i++) {
        const size_t len = lens[i / 2];
        peer p;
        peer_init(&p);
        unfragmented(&p.config);
        peer_open(&p, wire_kinds[i % 2]);
        assert_true(weir_conn_send(p.conn, WEIR_BINARY, data, len) >= 0);
        peer_pump(&p);
        assert_int_equal(p.output.len, shortest_head(len) + len + (i % 2 ? 4 : 0));
        wire_reader reader = wire_reader_of(&p.output);
        assert_true(wire_next(&reader));
        assert_int_equal(reader.head.len, len);
        assert_int_equal(reader.head.fin, 1);
        assert_false(wire_next(&reader));
        peer_close(&p);
    }
    free(data);
}

static void R6455_5_2_8__four_gibibytes__are_announced_in_64_bits(void **state)
{
#if SIZE_MAX > UINT32_MAX
    static const uint8_t never_read[1] = {0};
    static const uint8_t head[] = {0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0};
    weir_span spans[4];
    peer p;
    (void)state;
    peer_init(&p);
    unfragmented(&p.config);
    peer_open(&p, 'S');
    const size_t len = (size_t)1 << 32;
    assert_int_equal(weir_conn_send_ref(p.conn, WEIR_BINARY, never_read, len, 1), WEIR_OVER_HIGH);
    assert_int_equal(weir_conn_output(p.conn, spans, 4), 2);
    assert_int_equal(spans[0].len, sizeof head);
    assert_memory_equal(spans[0].data, head, sizeof head);
    assert_ptr_equal(spans[1].data, never_read);
    assert_int_equal(spans[1].len, len);
    peer_close(&p);
#else
    (void)state;
    skip();
#endif
}

/* ---- Cuts ------------------------------------------------------------------------------------*/

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void feed_random(peer *p, const bytes *input, uint32_t seed)
{
    for (size_t at = 0; at < input->len;) {
        const size_t want = 1 + random_next(&seed) % (seed % 3 ? 9 : 400);
        const size_t len = want < input->len - at ? want : input->len - at;
        peer_feed(p, input->data + at, len, len);
        at += len;
    }
}

static void R6455_5_2_10__result_does_not_depend_on_the_cuts(void **state)
{
    static const char script[] = "T:Hello B:~300 T-:frag C-:~130 P:in C:ment T: O: B-: C:~70000 "
                                 "P:~125 T-:%e2 P:1 C-:%82 O:2 C:%ac X:1001,bye T:late";
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), script);
        outcome o = run_all_cuts_with(*kind, &input, one_event);
        for (uint32_t seed = 1; seed < 200; seed++) {
            peer p;
            peer_init(&p);
            peer_open(&p, *kind);
            feed_random(&p, &input, seed);
            assert_int_equal(p.trace.len, strlen(o.trace));
            assert_memory_equal(p.trace.data, o.trace, p.trace.len);
            peer_close(&p);
        }
        assert_said(&o.output, kind_role(*kind), "O:in O:~125 O:1 X:1001");
        outcome_free(&o);
        bytes_free(&input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_2_2__first_byte_decides__all_256_in_both_roles),
        cmocka_unit_test(
            R6455_10_7_1__R6455_5_2_1__R6455_5_2_2__R6455_5_2_3__all_65536_heads__as_the_model),
        cmocka_unit_test(R6455_5_2_1__each_reserved_bit__fails_1002_at_every_cut),
        cmocka_unit_test(R6455_5_2_3__longer_form_than_needed__fails_1002),
        cmocka_unit_test(R6455_5_2_4__top_bit_of_the_length__fails_1002_without_memory),
        cmocka_unit_test(R6455_5_2_5__lengths_and_codes__are_big_endian),
        cmocka_unit_test(R6455_5_2_6__length_counts_the_payload_without_the_key),
        cmocka_unit_test(R6455_5_2_9__key_follows_also_without_payload),
        cmocka_unit_test(R6455_5_2_8__shortest_length_form_is_sent),
        cmocka_unit_test(R6455_5_2_8__four_gibibytes__are_announced_in_64_bits),
        cmocka_unit_test(R6455_5_2_10__result_does_not_depend_on_the_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
