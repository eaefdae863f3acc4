/* SPDX-License-Identifier: MIT */
/* Prepared messages: framed once, counted references, many connections. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/message.h"
#include "support/peer.h"
#include "support/test.h"
#include "support/zip.h"

#define MESSAGE_CONNS 50

static void message_for_many__lives_until_the_last_has_sent_it(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 100000; len *= 10) {
        peer p;
        weir_conn *conns[MESSAGE_CONNS];
        weir_message *message;
        char *const payload = malloc(len);
        memset(payload, 'm', len);
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        p.config.fragment_bytes = 30000;
        peer_open(&p, 'S');
        assert_int_equal(weir_message_create(p.context, WEIR_TEXT, payload, len, &message),
                         WEIR_OK);
        memset(payload, 'x', len); /* it was copied */
        const uint64_t before = p.alloc.held;
        for (size_t i = 0; i < MESSAGE_CONNS; i++) {
            assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &conns[i]),
                             WEIR_OK);
            assert_int_equal(weir_conn_send_message(conns[i], message), WEIR_OK);
        }
        assert_in_range(p.alloc.held - before, 0, MESSAGE_CONNS * 1500); /* no copy each */
        weir_message_free(message);
        for (size_t i = 0; i < MESSAGE_CONNS; i++) {
            weir_conn *const own = p.conn;
            p.conn = conns[i];
            p.output.len = 0;
            if (i % 3 != 0) {
                peer_pump(&p);
                assert_int_equal(p.output.data[p.output.len - 1], 'm');
                assert_int_equal(peer_frames(&p, WEIR_SERVER, 1), 1);
            }
            p.conn = own;
            weir_conn_free(conns[i]); /* every third goes with its reference */
        }
        free(payload);
        peer_close(&p);
    }
}

static void message_of_another_context__is_refused(void **state)
{
    peer one, two;
    weir_message *message;
    (void)state;
    peer_init(&one);
    peer_init(&two);
    peer_open(&one, 'S');
    peer_open(&two, 'S');
    assert_int_equal(weir_message_create(one.context, WEIR_TEXT, "x", 1, &message), WEIR_OK);
    assert_int_equal(weir_conn_send_message(two.conn, message), WEIR_E_CONTEXT);
    assert_false(weir_conn_wants(two.conn) & WEIR_WANT_OUTPUT);
    assert_int_equal(weir_message_retain(message), WEIR_OK);
    weir_message_free(message);
    assert_int_equal(weir_conn_send_message(one.conn, message), WEIR_OK);
    weir_message_free(message);
    peer_close(&one);
    peer_close(&two);
}

static void message_with_bad_arguments__is_not_made(void **state)
{
    peer p;
    weir_message *message = (weir_message *)(void *)&p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "\xED\xA0\x80", 3, &message),
                     WEIR_E_TEXT);
    assert_null(message);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "\xC3", 1, &message), WEIR_E_TEXT);
    assert_int_equal(weir_message_create(p.context, 9, "x", 1, &message), WEIR_E_ARGUMENT);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, NULL, 1, &message), WEIR_E_ARGUMENT);
    assert_int_equal(weir_message_create(NULL, WEIR_TEXT, "x", 1, &message), WEIR_E_ARGUMENT);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "x", 1, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_message_create(p.context, WEIR_BINARY, "x", SIZE_MAX, &message),
                     WEIR_E_MEMORY);
    assert_null(message);
    assert_int_equal(weir_message_retain(NULL), WEIR_E_ARGUMENT);
    weir_message_free(NULL);
    peer_close(&p);
}

static void message_of_every_length__is_framed_as_a_sent_one(void **state)
{
    const size_t lens[] = {0, 1, 125, 126, 127, 999, 1000, 1001, 65535, 65536, 70000};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (uint64_t fragment = 1000; fragment <= 1000000; fragment *= 1000)
            for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
                peer p, q;
                weir_message *message;
                static char payload[70000];
                peer_init(&p);
                peer_init(&q);
                p.config.fragment_bytes = q.config.fragment_bytes = fragment;
                peer_open(&p, *kind);
                peer_open(&q, *kind);
                assert_int_equal(
                    weir_message_create(p.context, WEIR_BINARY, payload, lens[i], &message),
                    WEIR_OK);
                assert_true(weir_conn_send_message(p.conn, message) >= 0);
                assert_true(weir_conn_send(q.conn, WEIR_BINARY, payload, lens[i]) >= 0);
                weir_message_free(message);
                peer_pump(&p);
                peer_pump(&q);
                assert_int_equal(p.output.len, q.output.len);
                assert_memory_equal(p.output.data, q.output.data, p.output.len);
                peer_close(&p);
                peer_close(&q);
            }
}

/* ---- Compression -----------------------------------------------------------------------------*/

/* A server that agreed on compression; its output is empty. */
static weir_conn *message_conn(peer *p, int mode)
{
    bytes head = {0};
    weir_conn *const first = p->conn;
    assert_int_equal(weir_conn_create_server(p->context, &p->conn), WEIR_OK);
    weir_conn *const made = p->conn;
    zip_handshake(&head, WEIR_CLIENT, ZIP_OFFER);
    peer_feed(p, head.data, head.len, head.len);
    assert_int_equal(weir_conn_state(made), WEIR_OPEN);
    assert_int_equal(weir_conn_set(made, WEIR_OPTION_DEFLATE, (uint64_t)mode), WEIR_OK);
    p->conn = first;
    p->output.len = 0;
    bytes_free(&head);
    return made;
}

/* What leaves when the message is sent: 1 compressed, 0 plain. */
static int message_is_packed(peer *p, weir_conn *conn, weir_message *message)
{
    weir_conn *const first = p->conn;
    p->output.len = 0;
    p->conn = conn;
    assert_int_equal(weir_conn_send_message(conn, message), WEIR_OK);
    peer_pump(p);
    p->conn = first;
    return (p->output.data[0] & 0x40) != 0;
}

/* Text that AUTO leaves as it is, but ALWAYS compresses: one message has a variant for each. */
static void connections_of_different_modes__share_a_message_in_different_forms(void **state)
{
    (void)state;
    peer p;
    weir_message *message;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.accept = 1;
    peer_open(&p, 'S');
    weir_conn *const plain = message_conn(&p, WEIR_DEFLATE_ON);
    weir_conn *const preferred = message_conn(&p, WEIR_DEFLATE_PREFERRED);
    weir_conn *const always = message_conn(&p, WEIR_DEFLATE_ALWAYS);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "short", 5, &message), WEIR_OK);
    const weir_message *first = NULL;
    for (int turn = 0; turn < 2; turn++) {
        assert_false(message_is_packed(&p, plain, message));
        assert_false(message_is_packed(&p, preferred, message));
        assert_true(message_is_packed(&p, always, message));
        assert_true(first == NULL || first == message->variants); /* none is made twice */
        first = message->variants;
    }
    assert_int_equal(weir_conn_send(always, WEIR_TEXT, "short", 5), WEIR_OK);
    weir_span span;
    assert_int_equal(weir_conn_output(always, &span, 1), 1);
    assert_true(*(const uint8_t *)span.data & 0x40);
    weir_message_free(message);
    weir_conn_free(plain);
    weir_conn_free(preferred);
    weir_conn_free(always);
    peer_close(&p);
}

/* AUTO then sends it as it is; who asked for compression is told. */
static void no_memory_for_a_variant__AUTO_sends_the_plain_one(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text);
    for (int type = WEIR_COMPRESS; type <= WEIR_AUTO; type += WEIR_PLAIN) {
        int failures = 0;
        for (uint64_t ahead = 1; ahead < 8; ahead++) {
            peer p;
            weir_message *message;
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.config.max_pooled_bytes = 0;
            p.accept = 1;
            peer_open(&p, 'S');
            weir_conn *const conn = message_conn(&p, WEIR_DEFLATE_ON);
            assert_int_equal(
                weir_message_create(p.context, WEIR_TEXT | type, text, sizeof text, &message),
                WEIR_OK);
            p.alloc.fail_at = p.alloc.calls + ahead;
            const int status = weir_conn_send_message(conn, message);
            assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
            failures += status == WEIR_E_MEMORY;
            p.alloc.fail_at = 0;
            assert_true(message_is_packed(&p, conn, message) || type == WEIR_AUTO);
            weir_message_free(message);
            weir_conn_free(conn);
            peer_close(&p);
        }
        assert_true(failures > 0);
    }
}

/* A streamed message whose first piece finds no memory can be sent on with the next. */
static void no_memory_for_a_streamed_piece__takes_none_of_it(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'a', sizeof text);
    for (uint64_t ahead = 1; ahead < 8; ahead++) {
        peer p;
        peer_init(&p);
        p.config.deflate = WEIR_DEFLATE_ON;
        p.config.max_pooled_bytes = 0;
        p.accept = 1;
        peer_open(&p, 'S');
        weir_conn *const conn = message_conn(&p, WEIR_DEFLATE_ON);
        assert_int_equal(weir_conn_send_begin(conn, WEIR_TEXT | WEIR_COMPRESS), WEIR_OK);
        p.alloc.fail_at = p.alloc.calls + ahead;
        int status = weir_conn_send_chunk(conn, text, sizeof text);
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        p.alloc.fail_at = 0;
        if (status == WEIR_E_MEMORY)
            assert_int_equal(weir_conn_send_chunk(conn, text, sizeof text), WEIR_OK);
        assert_int_equal(weir_conn_send_end(conn, NULL, 0), WEIR_OK);
        zip_output o;
        weir_conn *const first = p.conn;
        p.conn = conn;
        peer_pump(&p);
        p.conn = first;
        zip_output_open(&o, &p.output, WEIR_SERVER, 13, 1);
        assert_true(zip_output_next(&o));
        assert_int_equal(o.text.len, sizeof text);
        zip_output_close(&o);
        weir_conn_free(conn);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_for_many__lives_until_the_last_has_sent_it),
        cmocka_unit_test(message_of_another_context__is_refused),
        cmocka_unit_test(message_with_bad_arguments__is_not_made),
        cmocka_unit_test(message_of_every_length__is_framed_as_a_sent_one),
        cmocka_unit_test(connections_of_different_modes__share_a_message_in_different_forms),
        cmocka_unit_test(no_memory_for_a_variant__AUTO_sends_the_plain_one),
        cmocka_unit_test(no_memory_for_a_streamed_piece__takes_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
