/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.3: masking, fresh keys. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Keys we send ----------------------------------------------------------------------------*/

/* The masking keys of a connection's first frames, which the caller's function sends. */
static void keys_of(void (*act)(peer *p), uint8_t seed, uint32_t *keys, size_t count)
{
    peer p;
    peer_init(&p);
    p.config.seed[0] = seed;
    p.config.fragment_bytes = 8;
    peer_open(&p, 'C');
    act(&p);
    peer_pump(&p);
    wire_reader reader = wire_reader_of(&p.output);
    for (size_t i = 0; i < count; i++) {
        assert_true(wire_next(&reader));
        memcpy(&keys[i], reader.head.key, 4);
    }
    assert_false(wire_next(&reader));
    peer_close(&p);
}

static void send_three_messages(peer *p)
{
    for (int i = 0; i < 3; i++)
        weir_conn_send(p->conn, WEIR_TEXT, "same", 4);
}

static void send_three_fragments(peer *p)
{
    weir_conn_send(p->conn, WEIR_BINARY, "a longer message", 16);
    weir_conn_send(p->conn, WEIR_BINARY, NULL, 0);
}

static void send_three_kinds(peer *p)
{
    static const char text[] = "ref";
    weir_conn_ping(p->conn, "", 0);
    peer_pump(p);
    weir_conn_send_ref(p->conn, WEIR_TEXT, text, 3, 1);
    peer_pump(p);
    weir_conn_close(p->conn, 1000, NULL, 0);
}

static void R6455_5_3_1__one_fresh_key_is_drawn_for_each_frame(void **state)
{
    uint32_t messages[3];
    uint32_t fragments[3];
    uint32_t kinds[3];
    (void)state;
    keys_of(send_three_messages, 1, messages, 3);
    keys_of(send_three_fragments, 1, fragments, 3);
    keys_of(send_three_kinds, 1, kinds, 3);
    assert_memory_equal(messages, fragments, sizeof messages);
    assert_memory_equal(messages, kinds, sizeof messages);
    assert_true(messages[0] != messages[1] && messages[1] != messages[2]);
}

static void R6455_5_3_1__keys_follow_from_the_seed_alone(void **state)
{
    uint32_t one[3];
    uint32_t again[3];
    uint32_t other[3];
    (void)state;
    keys_of(send_three_messages, 1, one, 3);
    keys_of(send_three_messages, 1, again, 3);
    keys_of(send_three_messages, 2, other, 3);
    assert_memory_equal(one, again, sizeof one);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(one[i], other[i]);
}

static void R6455_5_3_1__client_without_a_seed__is_refused(void **state)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    weir_conn *conn;
    peer p;
    (void)state;
    peer_init(&p);
    p.config.has_seed = 0;
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_create_client(p.context, &request, &conn), WEIR_E_ENTROPY);
    assert_null(conn);
    assert_int_equal(weir_conn_create_established(p.context, WEIR_CLIENT, &conn), WEIR_E_ENTROPY);
    assert_null(conn);
    peer_close(&p);
}

/* ---- A million keys --------------------------------------------------------------------------*/

#define KEYS 1000000u

static int key_compare(const void *a, const void *b)
{
    uint32_t x;
    uint32_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

/* The keys of KEYS empty frames, each 6 bytes long. */
static void collect_keys(uint32_t *keys)
{
    peer p;
    peer_init(&p);
    peer_open(&p, 'C');
    for (size_t at = 0; at < KEYS; at += 1000) {
        for (size_t i = 0; i < 1000; i++)
            weir_conn_send(p.conn, WEIR_BINARY, NULL, 0);
        p.output.len = 0;
        peer_pump(&p);
        assert_int_equal(p.output.len, 6000);
        for (size_t i = 0; i < 1000; i++)
            memcpy(&keys[at + i], p.output.data + 6 * i + 2, 4);
    }
    peer_close(&p);
}

static void R6455_5_3_2__a_million_keys__are_balanced_and_seldom_repeat(void **state)
{
    uint32_t *const keys = malloc(KEYS * sizeof *keys);
    uint32_t repeats = 0;
    (void)state;
    collect_keys(keys);
    for (unsigned bit = 0; bit < 32; bit++) {
        int64_t ones = 0;
        int64_t changes = 0;
        for (size_t i = 0; i < KEYS; i++) {
            ones += keys[i] >> bit & 1;
            changes += i > 0 ? (keys[i] ^ keys[i - 1]) >> bit & 1 : 0;
        }
        /* The standard deviation is 500: six of it. */
        assert_in_range(ones, KEYS / 2 - 3000, KEYS / 2 + 3000);
        assert_in_range(changes, KEYS / 2 - 3000, KEYS / 2 + 3000);
    }
    qsort(keys, KEYS, sizeof *keys, key_compare);
    for (size_t i = 1; i < KEYS; i++)
        repeats += keys[i] == keys[i - 1];
    /* n(n-1)/2 pairs of 2^32 keys: 116 are expected, the standard deviation is 11. */
    assert_in_range(repeats, 50, 182);
    free(keys);
}

/* ---- A frame that left in part ---------------------------------------------------------------*/

static void R6455_5_3_2__frame_that_leaves_byte_by_byte__keeps_its_key(void **state)
{
    (void)state;
    for (int ref = 0; ref < 2; ref++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 'C');
        weir_conn_ping(p.conn, "ping", 4);
        if (ref)
            weir_conn_send_ref(p.conn, WEIR_TEXT, "a message of our own", 20, 7);
        else
            weir_conn_send(p.conn, WEIR_TEXT, "a message of our own", 20);
        while (weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT)
            wire_take(&p, 1);
        assert_said(&p.output, WEIR_CLIENT, "P:ping T:a%20message%20of%20our%20own");
        peer_close(&p);
    }
}

static size_t copy_spans(peer *p, uint8_t *out)
{
    weir_span spans[8];
    size_t len = 0;
    const int count = weir_conn_output(p->conn, spans, 8);
    for (int i = 0; i < count; i++) {
        memcpy(out + len, spans[i].data, spans[i].len);
        len += spans[i].len;
    }
    return len;
}

static void R6455_5_3_2__message_that_the_transport_refused__is_offered_unchanged(void **state)
{
    uint8_t first[64];
    uint8_t again[64];
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    weir_conn_send(p.conn, WEIR_TEXT, "copied", 6);
    const size_t len = copy_spans(&p, first);
    assert_int_equal(weir_conn_sent(p.conn, 0), WEIR_OK);
    assert_int_equal(copy_spans(&p, again), len);
    assert_memory_equal(first, again, len);
    assert_int_equal(weir_conn_sent(p.conn, 3), WEIR_OK);
    assert_int_equal(copy_spans(&p, again), len - 3);
    assert_memory_equal(first + 3, again, len - 3);
    peer_close(&p);
}

static void R6455_5_3_2__control_frame_that_left_in_part__is_not_made_anew(void **state)
{
    uint8_t first[64];
    uint8_t again[64];
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'C');
    weir_conn_ping(p.conn, "stays", 5);
    assert_int_equal(copy_spans(&p, first), 11);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_OK);
    weir_conn_ping(p.conn, "newer", 5);
    assert_int_equal(copy_spans(&p, again), 10);
    assert_memory_equal(first + 1, again, 10);
    bytes_add(&p.output, first, 1);
    peer_pump(&p);
    assert_said(&p.output, WEIR_CLIENT, "P:stays P:newer");
    peer_close(&p);
}

/* ---- Keys we receive -------------------------------------------------------------------------*/

/* A masked binary frame of len bytes i*7+len, by a byte loop. */
static size_t masked_frame(uint8_t *out, size_t len, const uint8_t *key)
{
    const weir_frame_head head = {
        .len = len, .fin = 1, .opcode = 2, .masked = 1, .key = {key[0], key[1], key[2], key[3]}};
    const size_t head_len = (size_t)weir_frame_head_write(&head, out);
    for (size_t i = 0; i < len; i++)
        out[head_len + i] = (uint8_t)((i * 7 + len) ^ key[i % 4]);
    return head_len + len;
}

static size_t check_unmasked(const weir_event *events, int count, size_t from, size_t len)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(events[i].offset, from);
        for (size_t k = 0; k < events[i].len; k++, from++)
            assert_int_equal(events[i].data[k], (uint8_t)(from * 7 + len));
    }
    return from;
}

static void R6455_5_3_3__every_offset_alignment_and_length__is_unmasked_right(void **state)
{
    static const uint8_t key[4] = {0x9A, 0x01, 0xFF, 0x3C};
    static uint8_t block[1024];
    weir_event events[4];
    peer p;
    (void)state;
    peer_init(&p);
    p.config.deliver_chunks = 1;
    peer_open(&p, 'S');
    for (size_t align = 0; align < 64; align++) {
        for (size_t len = 0; len <= 260; len++) {
            const size_t total = masked_frame(block + align, len, key);
            const size_t cut = total - len + (len + align) % 4; /* the offset in the key */
            const size_t first = len == 0 || cut > total ? total : cut;
            size_t used;
            int count = weir_conn_receive(p.conn, block + align, first, &used, events, 4);
            size_t seen = check_unmasked(events, count, 0, len);
            count =
                weir_conn_receive(p.conn, block + align + first, total - first, &used, events, 4);
            seen = check_unmasked(events, count, seen, len);
            assert_int_equal(seen, len);
        }
    }
    peer_close(&p);
}

static void R6455_5_3_3__key_runs_on_over_every_cut(void **state)
{
    (void)state;
    for (size_t len = 0; len < 40; len++) {
        static const uint8_t key[4] = {1, 0x80, 0x7F, 0xEE};
        uint8_t frame[64];
        bytes input = {NULL, 0, 0};
        bytes wanted = {NULL, 0, 0};
        bytes_add(&input, frame, masked_frame(frame, len, key));
        masked_frame(frame, len, (const uint8_t[4]){0, 0, 0, 0});
        peer_trace_event(&wanted, &(weir_event){.type = WEIR_EVENT_MESSAGE,
                                                .flags = WEIR_FLAG_FIRST | WEIR_FLAG_LAST,
                                                .data = frame + 6,
                                                .len = len});
        outcome o = run_all_cuts('S', &input, NULL);
        assert_int_equal(strlen(o.trace), wanted.len);
        assert_memory_equal(o.trace, wanted.data, wanted.len);
        outcome_free(&o);
        bytes_free(&wanted);
        bytes_free(&input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_3_1__one_fresh_key_is_drawn_for_each_frame),
        cmocka_unit_test(R6455_5_3_1__keys_follow_from_the_seed_alone),
        cmocka_unit_test(R6455_5_3_1__client_without_a_seed__is_refused),
        cmocka_unit_test(R6455_5_3_2__a_million_keys__are_balanced_and_seldom_repeat),
        cmocka_unit_test(R6455_5_3_2__frame_that_leaves_byte_by_byte__keeps_its_key),
        cmocka_unit_test(R6455_5_3_2__message_that_the_transport_refused__is_offered_unchanged),
        cmocka_unit_test(R6455_5_3_2__control_frame_that_left_in_part__is_not_made_anew),
        cmocka_unit_test(R6455_5_3_3__every_offset_alignment_and_length__is_unmasked_right),
        cmocka_unit_test(R6455_5_3_3__key_runs_on_over_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
