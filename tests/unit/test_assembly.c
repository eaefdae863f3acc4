/* SPDX-License-Identifier: MIT */
/* Memory for received bytes, at sizes that no message reaches: sums never wrap. */
#include "../../src/conn/assembly.h"
#include "../../src/conn/chunk.h"
#include "../../src/conn/frames.h"
#include "../../src/conn/output.h"
#include "support/peer.h"
#include "support/test.h"

static void lengths_near_the_end_of_memory__are_out_of_memory(void **state)
{
    (void)state;
    static const size_t held[] = {SIZE_MAX / 2 - 10, SIZE_MAX - 10};
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir__rx *const rx = weir__assembly_open(p.conn);
    assert_non_null(rx);
    assert_ptr_equal(weir__assembly_open(p.conn), rx);
    const uint64_t used = p.alloc.held;
    const uint64_t counted = p.context->memory.held;
    for (size_t i = 0; i < 2; i++) {
        /* Made up: the memory behind it is never looked at. */
        rx->message = (weir__buffer){(uint8_t *)&p, held[i], held[i]};
        p.context->memory.held = p.context->memory.limit = held[i];
        assert_int_equal(weir__assembly_reserve(p.conn, 10, 0), WEIR_E_MEMORY);
        assert_int_equal(weir__assembly_reserve(p.conn, 10, UINT64_MAX), WEIR_E_MEMORY);
        assert_int_equal(weir__assembly_reserve(p.conn, SIZE_MAX, 0), WEIR_E_MEMORY);
        assert_int_equal(rx->message.cap, held[i]);
    }
    rx->message = (weir__buffer){NULL, 0, 0};
    p.context->memory.held = counted;
    p.context->memory.limit = UINT64_MAX;
    assert_int_equal(p.alloc.held, used);
    peer_close(&p);
}

static void large_message_that_cannot_grow__keeps_what_it_has(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir__buffer *const message = &weir__assembly_open(p.conn)->message;
    assert_int_equal(weir__assembly_reserve(p.conn, WEIR__POOL_MAX + 1, 0), WEIR_OK);
    message->len = message->cap;
    memset(message->data, 0x5A, message->len);
    const weir__buffer before = *message;
    p.alloc.fail_from = 1;
    assert_int_equal(weir__assembly_reserve(p.conn, 1, 0), WEIR_E_MEMORY);
    assert_memory_equal(message, &before, sizeof before);
    p.alloc.fail_from = 0;
    assert_int_equal(weir__assembly_reserve(p.conn, 1, 0), WEIR_OK);
    assert_true(message->cap > before.len);
    assert_int_equal(message->data[before.len - 1], 0x5A);
    peer_close(&p);
}

/* 1 KiB, then at most twofold, never more than is expected; small blocks are rounded up. */
static void memory_for_a_message__follows_what_arrived(void **state)
{
    static const struct {
        size_t need;
        uint64_t expected;
        size_t cap;
    } rows[] = {{1, 0, 64},
                {1, 1, 64},
                {1, 100, 128},
                {1, 1024, 1024},
                {1, 5000, 1024},
                {1023, 5000, 1024},
                {1025, 5000, 2048},
                {3000, 10000, 4096},
                {3000, 3000, 4096},
                {65536, 70000, 65536},
                {65537, 0, 65537},
                {65537, 65537, 65537},
                {65537, 100000, 100000},
                {65537, 1 << 20, 131074}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 'S');
        weir__buffer *const message = &weir__assembly_open(p.conn)->message;
        assert_int_equal(weir__assembly_grow(p.conn, rows[i].need, rows[i].expected), WEIR_OK);
        assert_int_equal(message->cap, rows[i].cap);
        assert_int_equal(weir__assembly_bytes(p.conn), p.conn->rx->cap + rows[i].cap);
        peer_close(&p);
    }
}

static void message_that_grows__keeps_its_bytes(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    peer_open(&p, 'S');
    weir__buffer *const message = &weir__assembly_open(p.conn)->message;
    for (size_t caps = 0; caps < 10; caps++) {
        const size_t len = message->len;
        assert_int_equal(weir__assembly_grow(p.conn, message->cap - len + 1, UINT64_MAX), WEIR_OK);
        assert_true(message->cap > len);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(message->data[i], i % 251);
        for (; message->len < message->cap; message->len++)
            message->data[message->len] = (uint8_t)(message->len % 251);
    }
    assert_true(message->cap > 2 * WEIR__POOL_MAX);
    peer_close(&p);
}

static void between_messages__nothing_is_held(void **state)
{
    (void)state;
    peer p;
    weir_event events[4];
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir__assembly_bytes(p.conn), 0);
    for (size_t i = 0; i < 4; i++) {
        size_t used;
        uint8_t input[] = "\x02\x81\0\0\0\0a\x80\x81\0\0\0\0b\x89\x82\0\0\0\0pq";
        const size_t len = i < 2 ? 14 : 22;
        for (size_t at = 0; at < len; at++) { /* a byte at a time: none can stay where it is */
            weir_conn_receive(p.conn, input + at, 1, &used, events, 4);
            assert_int_equal(used, 1);
        }
        assert_non_null(p.conn->rx);
        if (i % 2 == 0)
            weir_conn_events(p.conn, events, 4);
        assert_true((p.conn->rx == NULL) == (i % 2 == 0));
    }
    peer_close(&p);
}

static void frames_of_all_memory__are_not_counted_nor_made(void **state)
{
    (void)state;
    size_t need = 77;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_false(weir__frames_need(p.conn, SIZE_MAX, &need));
        assert_false(weir__frames_need(p.conn, SIZE_MAX - 14, &need));
        assert_int_equal(need, 77);
        assert_int_equal(weir__output_frames(p.conn, 2, true, (const uint8_t *)"", SIZE_MAX),
                         WEIR_E_MEMORY);
        assert_null(
            weir__chunk_make(&p.context->memory, WEIR__CHUNK_RAW, SIZE_MAX - sizeof(weir__chunk)));
        assert_null(weir__chunk_make(&p.context->memory, WEIR__CHUNK_RAW, SIZE_MAX));
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_near_the_end_of_memory__are_out_of_memory),
        cmocka_unit_test(large_message_that_cannot_grow__keeps_what_it_has),
        cmocka_unit_test(memory_for_a_message__follows_what_arrived),
        cmocka_unit_test(message_that_grows__keeps_its_bytes),
        cmocka_unit_test(between_messages__nothing_is_held),
        cmocka_unit_test(frames_of_all_memory__are_not_counted_nor_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
