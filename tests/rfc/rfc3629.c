/* SPDX-License-Identifier: MIT */
/* RFC 3629: every sequence of up to four bytes, through whole connections. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* A connection for many texts: a good one keeps it, a bad one needs the next. */
typedef struct reel {
    peer p;
    weir_conn *conn;
} reel;

static void reel_open(reel *r, char kind)
{
    peer_init(&r->p);
    peer_open(&r->p, kind);
    r->conn = NULL;
}

static void reel_close(reel *r)
{
    weir_conn_free(r->conn);
    peer_close(&r->p);
}

/* Give a text as one message; the place of its fault in it, len + 1 when it is good. */
static size_t reel_text(reel *r, const uint8_t *text, size_t len)
{
    uint8_t frame[32] = {0x81, (uint8_t)((r->p.role == WEIR_SERVER ? 0x80 : 0) | len)};
    const size_t head = r->p.role == WEIR_SERVER ? 6 : 2;
    weir_event events[2];
    weir_stats before = {0};
    size_t used;
    memcpy(frame + head, text, len);
    if (!r->conn)
        weir_conn_create_established(r->p.context, r->p.role, &r->conn);
    weir_conn_stats(r->conn, &before, sizeof before);
    assert_int_equal(weir_conn_receive(r->conn, frame, head + len, &used, events, 2), 1);
    if (events[0].type == WEIR_EVENT_MESSAGE) {
        assert_int_equal(events[0].len, len);
        assert_memory_equal(events[0].data, text, len);
        return len + 1;
    }
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
    assert_int_equal(events[0].cause, WEIR_E_UTF8);
    const size_t fault = (size_t)(events[0].offset - before.rx_bytes) - head;
    weir_conn_free(r->conn);
    r->conn = NULL;
    return fault;
}

static void expect_reference(reel *r, const uint8_t *text, size_t len)
{
    int whole;
    const size_t fault = wire_utf8_fault(text, len, &whole);
    const size_t wanted = fault == len && whole ? len + 1 : fault;
    const size_t got = reel_text(r, text, len);
    if (got != wanted)
        fail_msg("%02x %02x %02x %02x (%zu): fault at %zu, not %zu", text[0], text[1], text[2],
                 text[3], len, got, wanted);
}

/* Bytes that stand for all: the edges of every range of table 3-7 of the Unicode standard. */
static const uint8_t edges[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1,
                                0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3,
                                0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF};

#define EDGES (sizeof edges / sizeof edges[0])

static void R3629_1__R3629_4__all_sequences_of_one_and_two_bytes__as_the_reference(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        reel r;
        reel_open(&r, *kind);
        for (unsigned i = 0; i < 65536; i++) {
            const uint8_t text[4] = {(uint8_t)(i >> 8), (uint8_t)i};
            expect_reference(&r, text, 2);
            if (i < 256)
                expect_reference(&r, text + 1, 1);
        }
        reel_close(&r);
    }
}

/* All third bytes behind every first byte and the edges; four bytes by the edges alone. */
static void R3629_1__R3629_4__sequences_of_three_and_four_bytes__as_the_reference(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        reel r;
        reel_open(&r, *kind);
        for (size_t i = 0; i < EDGES * EDGES * 256; i++) {
            const uint8_t text[4] = {edges[i / 256 / EDGES], edges[i / 256 % EDGES], (uint8_t)i};
            if (text[0] >= 0xC0)
                expect_reference(&r, text, 3);
        }
        for (size_t i = 0; i < EDGES * EDGES * EDGES * EDGES; i++) {
            const uint8_t text[4] = {edges[i % EDGES], edges[i / EDGES % EDGES],
                                     edges[i / EDGES / EDGES % EDGES],
                                     edges[i / EDGES / EDGES / EDGES]};
            if (text[0] >= 0xEF)
                expect_reference(&r, text, 4);
        }
        reel_close(&r);
    }
}

static void R3629_1__all_sequences_of_four_bytes_from_F0_to_F7__as_the_reference__long(void **state)
{
    (void)state;
    if (!getenv("WEIR_TEST_LONG"))
        skip();
    reel r;
    reel_open(&r, 'C');
    for (uint32_t i = 0xF0000000u; i < 0xF8000000u; i++) {
        const uint8_t text[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
                                 (uint8_t)i};
        expect_reference(&r, text, 4);
    }
    reel_close(&r);
}

static size_t encode(uint32_t code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    out[0] = (uint8_t)(leads[len] | code);
    return len;
}

static void R3629_1__every_code_point__is_accepted_but_surrogates(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        reel r;
        reel_open(&r, *kind);
        for (uint32_t code = 0; code < 0x110400; code += code % 0x1000 < 0x1F0 ? 1 : 0x0F) {
            uint8_t text[4];
            const size_t len = encode(code, text);
            const bool good = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
            assert_int_equal(reel_text(&r, text, len), good ? len + 1 : 1);
        }
        reel_close(&r);
    }
}

/* ---- Prefixes --------------------------------------------------------------------------------*/

static void R3629_4__every_prefix_of_a_character__fails_at_the_end_of_its_message(void **state)
{
    static const char *const characters[] = {"\xC2\x80",         "\xDF\xBF",        "\xE0\xA0\x80",
                                             "\xED\x9F\xBF",     "\xEE\x80\x80",    "\xEF\xBF\xBF",
                                             "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof characters / sizeof characters[0]; i++) {
        const char *const text = characters[i / 2];
        for (size_t len = 1; len <= strlen(text); len++) {
            for (int frames = 1; frames <= 2; frames++) {
                const int from = other_role(kind_role(wire_kinds[i % 2]));
                const bool whole = len == strlen(text);
                bytes input = {NULL, 0, 0};
                bytes_add_frame(&input, from, frames == 1, 1, text, len);
                if (frames == 2)
                    bytes_add_frame(&input, from, 1, 0, NULL, 0);
                outcome o = run_all_cuts(wire_kinds[i % 2], &input, NULL);
                assert_int_equal(o.close_code, whole ? 0 : 1007);
                assert_int_equal(o.report.offset, input.len);
                outcome_free(&o);
                bytes_free(&input);
            }
        }
    }
}

static void R3629_4__text_may_pause_inside_a_character(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed(&p, "T-:%f4");
        wire_feed(&p, "C-:%8f P:x");
        wire_feed(&p, "C-:%bf C-:");
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        wire_feed(&p, "C:%bf");
        assert_true(peer_saw(&p, "MESSAGE flags=7 code=0 cause=- offset=0 token=0 len=4 "
                                 "\\xf4\\x8f\\xbf\\xbf"));
        peer_close(&p);
    }
}

static void R3629_5__nul_noncharacters_and_bom__are_kept(void **state)
{
    static const char *const scripts[] = {
        "T:%00",       "T:a%00b",     "T:%ef%bb%bf",    "T:%ef%bb%bftext", "T:%ef%bf%be",
        "T:%ef%bf%bf", "T:%ef%b7%90", "T:%f0%9f%bf%be", "T:%f0%9f%bf%bf",  "T:%f4%8f%bf%be"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof scripts / sizeof scripts[0]; i++) {
        const char kind = wire_kinds[i % 2];
        bytes input = {NULL, 0, 0};
        peer p;
        outcome o = run_script(kind, scripts[i / 2], NULL);
        assert_non_null(strstr(o.trace, "MESSAGE flags=7"));
        assert_int_equal(o.close_code, 0);
        outcome_free(&o);
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, kind);
        wire_script(&input, other_role(p.role), scripts[i / 2]);
        peer_feed(&p, input.data, input.len, 1);
        assert_said(&p.output, p.role, scripts[i / 2]);
        bytes_free(&input);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R3629_1__R3629_4__all_sequences_of_one_and_two_bytes__as_the_reference),
        cmocka_unit_test(R3629_1__R3629_4__sequences_of_three_and_four_bytes__as_the_reference),
        cmocka_unit_test(
            R3629_1__all_sequences_of_four_bytes_from_F0_to_F7__as_the_reference__long),
        cmocka_unit_test(R3629_1__every_code_point__is_accepted_but_surrogates),
        cmocka_unit_test(R3629_4__every_prefix_of_a_character__fails_at_the_end_of_its_message),
        cmocka_unit_test(R3629_4__text_may_pause_inside_a_character),
        cmocka_unit_test(R3629_5__nul_noncharacters_and_bom__are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
