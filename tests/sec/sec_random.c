/* SPDX-License-Identifier: MIT */
/* Attacks on randomness: masks that repeat, memory that was never written, no entropy at all. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

#define RANDOM_FRAMES 20000

static int random_compare(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The masking keys of all frames in the output. */
static size_t random_keys(const bytes *output, uint32_t *keys, size_t cap)
{
    size_t count = 0;
    for (size_t at = 0; at < output->len && count < cap; count++) {
        weir_frame_head head;
        const int used = weir_frame_head_read(output->data + at, output->len - at, &head);
        assert_true(used > 0 && head.masked);
        memcpy(&keys[count], head.key, 4);
        at += (size_t)used + (size_t)head.len;
    }
    return count;
}

static void SEC_R1__each_frame_draws_a_mask_of_its_own(void **state)
{
    static uint32_t keys[RANDOM_FRAMES];
    peer p;
    weir_message *message;
    (void)state;
    peer_init(&p);
    p.config.fragment_bytes = 10;
    peer_open(&p, 'C');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "prepared", 8, &message), WEIR_OK);
    while (p.output.len < RANDOM_FRAMES * 20) {
        assert_true(weir_conn_send(p.conn, WEIR_TEXT, "the same again and again", 24) >= 0);
        assert_true(weir_conn_send_ref(p.conn, WEIR_TEXT, "the same again", 14, 1) >= 0);
        assert_true(weir_conn_send_message(p.conn, message) >= 0);
        assert_int_equal(weir_conn_ping(p.conn, "same", 4), WEIR_OK);
        assert_int_equal(weir_conn_pong(p.conn, NULL, 0), WEIR_OK);
        peer_pump(&p);
    }
    const size_t count = random_keys(&p.output, keys, RANDOM_FRAMES);
    assert_int_equal(count, RANDOM_FRAMES);
    uint32_t ones = 0;
    for (size_t i = 0; i < count; i++)
        for (uint32_t bits = keys[i]; bits != 0; bits &= bits - 1)
            ones++;
    assert_in_range(ones, count * 16 - 4000, count * 16 + 4000);
    qsort(keys, count, sizeof keys[0], random_compare);
    size_t repeated = 0;
    for (size_t i = 1; i < count; i++)
        repeated += keys[i] == keys[i - 1];
    assert_in_range(repeated, 0, 2); /* the birthdays of 20,000 in 2^32: 0.05 expected */
    weir_message_free(message);
    peer_close(&p);
}

static void SEC_R1__nonces_and_masks_of_a_context_do_not_repeat_over_connections(void **state)
{
    peer p;
    bytes seen = {0};
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    for (int i = 0; i < 1000; i++) {
        weir_conn *conn;
        weir_span span;
        assert_int_equal(weir_conn_create_client(p.context, &request, &conn), WEIR_OK);
        assert_int_equal(weir_conn_output(conn, &span, 1), 1);
        const char *text = span.data;
        const char key[] = "Sec-WebSocket-Key: ";
        size_t at = 0;
        while (memcmp(text + at, key, sizeof key - 1) != 0)
            assert_in_range(++at, 0, span.len - sizeof key - 24);
        const uint8_t *const value = (const uint8_t *)text + at + sizeof key - 1;
        for (size_t k = 0; k < seen.len; k += 24)
            assert_memory_not_equal(seen.data + k, value, 24);
        bytes_add(&seen, value, 24);
        weir_conn_free(conn);
    }
    bytes_free(&seen);
    peer_close(&p);
}

static void SEC_R1__seeds_that_differ_in_a_bit_share_no_mask(void **state)
{
    static uint32_t keys[8 * 100];
    size_t count = 0;
    (void)state;
    for (int bit = 0; bit < 8; bit++) {
        peer p;
        peer_init(&p);
        p.config.seed[31] = (uint8_t)(1 << bit);
        peer_open(&p, 'C');
        for (int i = 0; i < 100; i++)
            assert_true(weir_conn_send(p.conn, WEIR_TEXT, "x", 1) >= 0);
        peer_pump(&p);
        count += random_keys(&p.output, keys + count, 100);
        peer_close(&p);
    }
    qsort(keys, count, sizeof keys[0], random_compare);
    for (size_t i = 1; i < count; i++)
        assert_true(keys[i] != keys[i - 1]);
}

/* ---- Memory that was never written -----------------------------------------------------------*/

static uint8_t random_fill;

/* Fresh memory holds random_fill; sizes are the allocator's own business. */
static void *random_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    void *made = new_size > 0 ? malloc(new_size) : NULL;
    if (made)
        memset(made, random_fill, new_size);
    if (made && ptr)
        memcpy(made, ptr, old_size < new_size ? old_size : new_size);
    if (made || new_size == 0)
        free(ptr);
    return made;
}

static void random_dirty_stack(void)
{
    volatile uint8_t dirt[8192];
    for (size_t i = 0; i < sizeof dirt; i++)
        dirt[i] = random_fill;
}

static void random_talk(bytes *wire)
{
    peer p;
    bytes input = {0};
    weir_event events[16];
    size_t used;
    peer_init(&p);
    p.config.allocate = random_allocate;
    p.config.fragment_bytes = 50;
    peer_open(&p, 'C');
    char payload[300];
    memset(payload, 'p', sizeof payload);
    for (size_t len = 0; len < sizeof payload; len += 37) {
        random_dirty_stack();
        (void)weir_conn_send(p.conn, WEIR_TEXT, payload, len);
        (void)weir_conn_send_ref(p.conn, WEIR_TEXT, payload, len, 1);
        (void)weir_conn_ping(p.conn, payload, len < 126 ? len : 5);
        input.len = 0;
        bytes_add_frame(&input, WEIR_SERVER, 1, 9, payload, len < 126 ? len : 7);
        random_dirty_stack();
        (void)weir_conn_receive(p.conn, input.data, input.len, &used, events, 16);
        peer_pump(&p);
    }
    random_dirty_stack();
    (void)weir_conn_close(p.conn, 3000, "a short reason", 14);
    peer_pump(&p);
    bytes_add(wire, p.output.data, p.output.len);
    bytes_free(&input);
    peer_close(&p);
}

static void SEC_U1__memory_that_was_never_written_does_not_leave(void **state)
{
    bytes one = {0}, other = {0};
    (void)state;
    random_fill = 0x00;
    random_talk(&one);
    random_fill = 0xFF;
    random_talk(&other);
    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
    bytes_free(&one);
    bytes_free(&other);
}

static void SEC_U1__close_carries_the_reason_and_not_a_byte_more(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 123; len++) {
        peer p;
        char *const reason = malloc(len + 1);
        memset(reason, 'r', len);
        peer_init(&p);
        peer_open(&p, 'S');
        assert_int_equal(weir_conn_close(p.conn, 1000, reason, len), WEIR_OK);
        memset(reason, 'x', len);
        free(reason);
        peer_pump(&p);
        assert_int_equal(p.output.len, len + 4);
        for (size_t i = 4; i < p.output.len; i++)
            assert_int_equal(p.output.data[i], 'r');
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_R1__each_frame_draws_a_mask_of_its_own),
        cmocka_unit_test(SEC_R1__nonces_and_masks_of_a_context_do_not_repeat_over_connections),
        cmocka_unit_test(SEC_R1__seeds_that_differ_in_a_bit_share_no_mask),
        cmocka_unit_test(SEC_U1__memory_that_was_never_written_does_not_leave),
        cmocka_unit_test(SEC_U1__close_carries_the_reason_and_not_a_byte_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
