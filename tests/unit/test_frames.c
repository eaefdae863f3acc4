/* SPDX-License-Identifier: MIT */
/* Frames as they are written: fragments of the policy's size, and the room that they are given. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/frames.h"
#include "support/peer.h"
#include "support/test.h"

static void begin(peer *p, char kind, uint64_t fragment)
{
    peer_init(p);
    p->config.fragment_bytes = fragment;
    peer_open(p, kind);
}

/* Length of the head at `at` for a payload of len bytes. */
static size_t head_len(const peer *p, size_t len)
{
    return weir__frames_head_len(len) + (p->role == WEIR_CLIENT ? 4 : 0);
}

/* Take one frame off what was written, compare it; returns its bytes. */
static size_t check_frame(const peer *p, const uint8_t *at, uint8_t first, const uint8_t *payload,
                          size_t len)
{
    weir_frame_head head;
    const size_t start = head_len(p, len);
    assert_int_equal(weir_frame_head_read(at, start, &head), start);
    assert_int_equal(at[0], first);
    assert_int_equal(head.len, len);
    assert_int_equal(head.masked, p->role == WEIR_CLIENT);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(at[start + i] ^ (head.masked ? at[start - 4 + i % 4] : 0), payload[i]);
    return start + len;
}

/* A payload in memory that is just what was asked for. */
static void check_written(peer *p, uint8_t opcode, bool fin, const uint8_t *payload, size_t len,
                          size_t fragment)
{
    size_t need = 0;
    assert_true(weir__frames_need(p->conn, len, &need));
    uint8_t *const out = malloc(need);
    const size_t made = weir__frames_write(p->conn, out, opcode, fin, payload, len);
    assert_true(made <= need);
    size_t at = 0;
    for (size_t done = 0, piece; at < made; done += piece) {
        piece = len - done <= fragment || opcode >= 8 ? len - done : fragment;
        const bool last = done + piece == len;
        const uint8_t first = (uint8_t)((done == 0 ? opcode : 0) | (last && fin ? 0x80 : 0));
        at += check_frame(p, out + at, first, payload + done, piece);
        assert_true(last == (at == made));
    }
    assert_int_equal(at, made);
    free(out);
}

static void R6455_5_4_2__payloads_are_cut_into_fragments_of_the_policys_size(void **state)
{
    static const uint8_t opcodes[] = {WEIR__OP_TEXT, WEIR__OP_BINARY, WEIR__OP_CONTINUATION,
                                      WEIR__OP_PING};
    (void)state;
    uint8_t payload[60];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < 4 * 2 * 3; i++) {
        peer p;
        const size_t fragment = (size_t[]){1, 7, 20}[i / 8];
        begin(&p, i / 4 % 2 ? 'C' : 'S', fragment);
        for (size_t len = 0; len <= sizeof payload; len++) {
            check_written(&p, opcodes[i % 4], true, payload, len, fragment);
            check_written(&p, opcodes[i % 4], false, payload, len, fragment);
        }
        peer_close(&p);
    }
}

/* The longest heads: 14 bytes with a key. */
static void each_fragment_has_room_for_the_longest_head(void **state)
{
    (void)state;
    const size_t fragment = 65536;
    uint8_t *const payload = calloc(3, fragment);
    for (size_t i = 0; i < 2; i++) {
        peer p;
        begin(&p, i ? 'C' : 'S', fragment);
        check_written(&p, WEIR__OP_BINARY, true, payload, fragment, fragment);
        check_written(&p, WEIR__OP_BINARY, true, payload, 2 * fragment, fragment);
        check_written(&p, WEIR__OP_BINARY, true, payload, 3 * fragment - 1, fragment);
        peer_close(&p);
    }
    free(payload);
}

static void room_is_asked_for_one_head_more_than_there_are_whole_fragments(void **state)
{
    peer p;
    size_t need;
    (void)state;
    begin(&p, 'S', 10);
    for (size_t len = 0; len < 50; len++) {
        assert_true(weir__frames_need(p.conn, len, &need));
        assert_int_equal(need, len + 14 * (len <= 10 ? 1 : len / 10 + 1));
    }
    peer_close(&p);
}

static void more_than_memory_can_hold__is_refused(void **state)
{
    peer p;
    size_t need = 1;
    (void)state;
    begin(&p, 'S', WEIR_NONE);
    assert_true(weir__frames_need(p.conn, SIZE_MAX - 14, &need));
    assert_true(need == SIZE_MAX);
    assert_false(weir__frames_need(p.conn, SIZE_MAX - 13, &need));
    assert_false(weir__frames_need(p.conn, SIZE_MAX, &need));
    peer_close(&p);
    begin(&p, 'C', 1);
    assert_false(weir__frames_need(p.conn, SIZE_MAX / 14, &need));
    assert_true(weir__frames_need(p.conn, SIZE_MAX / 16, &need));
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_4_2__payloads_are_cut_into_fragments_of_the_policys_size),
        cmocka_unit_test(each_fragment_has_room_for_the_longest_head),
        cmocka_unit_test(room_is_asked_for_one_head_more_than_there_are_whole_fragments),
        cmocka_unit_test(more_than_memory_can_hold__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
