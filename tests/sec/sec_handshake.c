/* SPDX-License-Identifier: MIT */
/* Attacks on the opening handshake: endless heads, smuggled bodies, injected lines, odd names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

static weir_text handshake_text(const bytes *b)
{
    return (weir_text){(const char *)b->data, b->len};
}

static void handshake_fill(bytes *b, char letter, size_t len)
{
    for (size_t i = 0; i < len; i++)
        bytes_add(b, &letter, 1);
}

static void handshake_small_limits(peer *p)
{
    p->config.max_line_bytes = 100;
    p->config.max_head_bytes = 400;
    p->config.max_fields = 10;
    p->sampled = 1;
}

/* ---- Ends that do not come -------------------------------------------------------------------*/

static void SEC_H1__response_line_around_its_limit_cut_at_every_byte(void **state)
{
    const char start[] = "HTTP/1.1 101 ";
    (void)state;
    for (size_t len = 98; len <= 102; len++) {
        bytes b = {0};
        bytes_add_text(&b, start);
        handshake_fill(&b, 'r', len - (sizeof start - 1));
        bytes_add_text(&b, "\r\n" UPGRADE CONNECTION ACCEPT END);
        if (len <= 100)
            shake_client_opens(handshake_text(&b), handshake_small_limits);
        else
            shake_client_fails(handshake_text(&b), WEIR_E_HTTP_LINE_TOO_LONG,
                               handshake_small_limits);
        bytes_free(&b);
    }
}

static void SEC_H2__header_section_without_end_stops_at_its_cap(void **state)
{
    static const char *const pieces[] = {"a", "a: b\r\n", "Name:value\r\n", "X: \t"};
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t step = 1; step <= 4096; step *= 64) {
            peer p;
            bytes b = {0};
            peer_init(&p);
            p.config.max_fields = 65536;
            p.config.max_pooled_bytes = 0;
            peer_open(&p, 's');
            const uint64_t before = p.alloc.held;
            bytes_add_text(&b, LINE HOST);
            while (b.len < 100000)
                bytes_add_text(&b, pieces[i]);
            peer_feed(&p, b.data, b.len, step);
            weir_report report;
            assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
            assert_true(report.cause == WEIR_E_HTTP_HEAD_TOO_LONG ||
                        report.cause == WEIR_E_HTTP_SYNTAX);
            assert_in_range(report.offset, 0, sizeof LINE + 16384);
            /* The head twice over while it grows, and 16 bytes a field of 6. */
            assert_in_range(p.alloc.peak - before, 0, 3 * 16384 + 8 * 16384 + 4096);
            bytes_free(&b);
            peer_close(&p);
        }
}

static void SEC_H6__needed_field_behind_too_many_others_is_no_missing_field(void **state)
{
    (void)state;
    for (size_t count = 9; count <= 11; count++) {
        bytes b = {0};
        bytes_add_text(&b, LINE HOST UPGRADE CONNECTION VERSION);
        for (size_t i = 5; i < count; i++)
            bytes_add_text(&b, "X: y\r\n");
        bytes_add_text(&b, KEY END);
        if (count <= 10)
            shake_opened(handshake_text(&b), handshake_small_limits);
        else
            shake_refused(handshake_text(&b), WEIR_E_HTTP_TOO_MANY_FIELDS, handshake_small_limits);
        bytes_free(&b);
    }
}

/* ---- Requests that mean two things -----------------------------------------------------------*/

static void SEC_H3__upgrade_with_a_body_is_refused_and_nothing_behind_it_read(void **state)
{
    static const weir_text requests[] = {
        TEXT(REQUEST "Content-Length: 5\r\n\r\nGET /"),
        TEXT(REQUEST "Content-Length: 1\r\n\r\n"),
        TEXT(REQUEST "Content-Length: 18446744073709551616\r\n\r\n"),
        TEXT(REQUEST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        TEXT(REQUEST "Transfer-Encoding: identity\r\n\r\n"),
        TEXT(REQUEST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        shake_refused(requests[i], WEIR_E_HTTP_BODY, NULL);
    shake_opened(AS_TEXT(REQUEST "Content-Length: 0\r\n\r\n"), NULL);
}

static int handshake_status(const char *version, int upgrade, int connection)
{
    peer p;
    bytes b = {0};
    peer_init(&p);
    peer_open(&p, 's');
    bytes_add_text(&b, LINE HOST KEY "Sec-WebSocket-Version: ");
    bytes_add_text(&b, version);
    bytes_add_text(&b, "\r\n");
    bytes_add_text(&b, upgrade ? UPGRADE : "");
    bytes_add_text(&b, connection ? CONNECTION : "");
    bytes_add_text(&b, END);
    peer_feed(&p, b.data, b.len, b.len);
    const shake_response response = shake_parse(&p.output);
    assert_int_equal(weir_conn_state(p.conn) == WEIR_OPEN, response.status == 101);
    bytes_free(&b);
    peer_close(&p);
    return response.status;
}

static void SEC_H4__only_version_13_with_both_fields_is_accepted(void **state)
{
    (void)state;
    for (int version = 0; version < 256; version++)
        for (int fields = 0; fields < 4; fields++) {
            char text[8];
            snprintf(text, sizeof text, "%d", version);
            const int status = handshake_status(text, fields & 1, fields & 2);
            assert_int_equal(status == 101, version == 13 && fields == 3);
            assert_in_range(status, 101, 426);
        }
}

static void SEC_H5__refused_connection_says_close_and_hears_nothing_more(void **state)
{
    static const weir_text requests[] = {
        TEXT(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n" END),
        TEXT(LINE HOST CONNECTION KEY VERSION END),
        TEXT("GET / HTTP/1.1\r\n" WEBSOCKET END),
        TEXT("POST / HTTP/1.1\r\n" HOST WEBSOCKET END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        peer p;
        peer_init(&p);
        peer_open(&p, 's');
        peer_feed(&p, requests[i].data, requests[i].len, 1000);
        const size_t len = p.output.len;
        const shake_response response = shake_parse(&p.output);
        assert_in_range(response.status, 400, 426);
        assert_true(response.close);
        assert_true(weir_conn_wants(p.conn) & WEIR_WANT_SHUTDOWN_WRITE);
        peer_feed(&p, REQUEST END "\x89\x80kkkk", sizeof(REQUEST END) + 5, 50);
        assert_int_equal(p.output.len, len);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "x", 1), WEIR_E_CLOSING);
        peer_close(&p);
    }
}

static void SEC_H9__heads_that_can_be_read_in_two_manners_are_refused(void **state)
{
    static const weir_text requests[] = {
        TEXT("GET / HTTP/1.1\n" HOST WEBSOCKET END),
        TEXT("GET / HTTP/1.1\r" HOST WEBSOCKET END),
        TEXT(LINE HOST "X: a\r\n b\r\n" WEBSOCKET END),
        TEXT(LINE HOST "X : a\r\n" WEBSOCKET END),
        TEXT(LINE HOST " X: a\r\n" WEBSOCKET END),
        TEXT(LINE " " HOST WEBSOCKET END),
        TEXT(LINE HOST "X: a\rb\r\n" WEBSOCKET END),
        TEXT(LINE HOST "X: a\nContent-Length: 5\r\n" WEBSOCKET END),
        TEXT(LINE HOST "X: a\0b\r\n" WEBSOCKET END),
        TEXT(LINE HOST "X\0: a\r\n" WEBSOCKET END),
        TEXT(LINE HOST ": a\r\n" WEBSOCKET END),
        TEXT(LINE HOST "X\r\n" WEBSOCKET END),
        TEXT("GET  / HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET /\tHTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET / HTTP/1.1 \r\n" HOST WEBSOCKET END),
        TEXT(" GET / HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET / HTTP/1.10\r\n" HOST WEBSOCKET END),
        TEXT("GET / http/1.1\r\n" HOST WEBSOCKET END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        shake_refused(requests[i], WEIR_E_HTTP_SYNTAX, shake_sampled);
    shake_refused(AS_TEXT(REQUEST "Content-Length: 0\r\nContent-Length: 5\r\n" END),
                  WEIR_E_HTTP_BODY, shake_sampled);
    shake_refused(AS_TEXT(LINE HOST HOST WEBSOCKET END), WEIR_E_HTTP_DUPLICATE, shake_sampled);
    shake_refused(AS_TEXT(REQUEST KEY END), WEIR_E_HTTP_DUPLICATE, shake_sampled);
}

/* ---- Texts of the caller ---------------------------------------------------------------------*/

static const weir_text handshake_breaks[] = {TEXT("a\rb"), TEXT("a\nb"), TEXT("a\0b"),
                                             TEXT("a\r\nX: y"), TEXT("a\r\n\r\nGET / HTTP/1.1")};

static void SEC_H7__line_ends_in_texts_of_a_client_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handshake_breaks); i++)
        for (int place = 0; place < 5; place++) {
            peer p;
            bytes url = {0};
            const weir_text bad = handshake_breaks[i];
            const weir_field field = {place == 3 ? bad : AS_TEXT("X"),
                                      place == 4 ? bad : AS_TEXT("y")};
            bytes_add_text(&url, "ws://h/");
            bytes_add(&url, bad.data, place == 0 ? bad.len : 0);
            const weir_request request = {
                .url = handshake_text(&url),
                .subprotocols = place == 1 ? bad : AS_TEXT("p"),
                .origin = place == 2 ? bad : AS_TEXT("https://h"),
                .fields = &field,
                .field_count = 1,
            };
            weir_conn *conn;
            peer_init(&p);
            peer_open(&p, 'S');
            assert_in_range(-weir_conn_create_client(p.context, &request, &conn), 116, 120);
            assert_null(conn);
            assert_null(weir_context_next_ready(p.context));
            bytes_free(&url);
            peer_close(&p);
        }
}

static void SEC_H7__line_ends_in_texts_of_a_server_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handshake_breaks); i++) {
        peer p;
        const weir_text bad = handshake_breaks[i];
        const weir_field fields[2] = {{bad, {"y", 1}}, {{"X", 1}, bad}};
        peer_init(&p);
        p.accept = 0;
        peer_open(&p, 's');
        peer_feed(&p, REQUEST "Sec-WebSocket-Protocol: a\r\n" END,
                  sizeof(REQUEST "Sec-WebSocket-Protocol: a\r\n" END) - 1, 100);
        for (int place = 0; place < 2; place++) {
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &fields[place], 1), WEIR_E_FIELD);
            assert_int_equal(weir_conn_respond(p.conn, 404, &fields[place], 1, NULL, 0),
                             WEIR_E_FIELD);
        }
        assert_int_equal(weir_conn_accept(p.conn, bad.data, bad.len, NULL, 0),
                         WEIR_E_PROTOCOL_NAME);
        peer_pump(&p);
        assert_int_equal(p.output.len, 0);
        assert_int_equal(weir_conn_accept(p.conn, "a", 1, NULL, 0), WEIR_OK);
        peer_close(&p);
    }
}

static void SEC_H8__keys_of_every_length_at_the_end_of_their_memory(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 300; len++)
        for (int whole = 0; whole <= 1; whole++) {
            peer p;
            bytes b = {0};
            peer_init(&p);
            peer_open(&p, 's');
            bytes_add_text(&b, LINE HOST UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: ");
            handshake_fill(&b, 'A', len < 22 ? len : 22);
            handshake_fill(&b, '=', len == 24 ? 2 : 0);
            handshake_fill(&b, 'A', len > 22 && len != 24 ? len - 22 : 0);
            if (!whole) { /* the key is the last there is */
                peer_feed(&p, b.data, b.len, b.len);
                assert_int_equal(p.closed_count, 0);
            }
            bytes_add_text(&b, "\r\n\r\n");
            if (whole) {
                peer_feed(&p, b.data, b.len, b.len);
                assert_int_equal(weir_conn_state(p.conn) == WEIR_OPEN, len == 24);
            }
            bytes_free(&b);
            peer_close(&p);
        }
}

/* ---- Names of every kind ---------------------------------------------------------------------*/

static void SEC_N2__extensions_of_every_name_are_declined(void **state)
{
    static const char *const names[] = {
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "x-webkit-deflate-frame",
        "bbf-usp-protocol",
        "permessage-bzip2",
        "perframe-deflate",
        "a",
        "!#$%&'*+-.^_`|~",
        "PERMESSAGE-DEFLATEX",
        "permessage-deflat",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (int form = 0; form < 4; form++) {
            peer p;
            bytes b = {0};
            static const char *const ends[] = {"", "; __proto__", "; constructor=1; b=\"c\"",
                                               ", other; x=1, __proto__"};
            peer_init(&p);
            peer_open(&p, 's');
            bytes_add_text(&b, REQUEST "Sec-WebSocket-Extensions: ");
            bytes_add_text(&b, names[i]);
            bytes_add_text(&b, ends[form]);
            bytes_add_text(&b, "\r\n" END);
            peer_feed(&p, b.data, b.len, 3);
            assert_int_equal(p.output.len, sizeof(SWITCHED END) - 1);
            assert_memory_equal(p.output.data, SWITCHED END, p.output.len);
            bytes_free(&b);
            peer_close(&p);
        }
}

static void SEC_N2__extension_that_was_not_offered_fails_a_client(void **state)
{
    (void)state;
    shake_client_fails(AS_TEXT(RESPONSE "Sec-WebSocket-Extensions: __proto__\r\n" END),
                       WEIR_E_EXTENSION_UNOFFERED, shake_sampled);
    shake_client_fails(AS_TEXT(RESPONSE "Sec-WebSocket-Extensions: toString; a=b\r\n" END),
                       WEIR_E_EXTENSION_UNOFFERED, shake_sampled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_H1__response_line_around_its_limit_cut_at_every_byte),
        cmocka_unit_test(SEC_H2__header_section_without_end_stops_at_its_cap),
        cmocka_unit_test(SEC_H6__needed_field_behind_too_many_others_is_no_missing_field),
        cmocka_unit_test(SEC_H3__upgrade_with_a_body_is_refused_and_nothing_behind_it_read),
        cmocka_unit_test(SEC_H4__only_version_13_with_both_fields_is_accepted),
        cmocka_unit_test(SEC_H5__refused_connection_says_close_and_hears_nothing_more),
        cmocka_unit_test(SEC_H9__heads_that_can_be_read_in_two_manners_are_refused),
        cmocka_unit_test(SEC_H7__line_ends_in_texts_of_a_client_are_refused),
        cmocka_unit_test(SEC_H7__line_ends_in_texts_of_a_server_are_refused),
        cmocka_unit_test(SEC_H8__keys_of_every_length_at_the_end_of_their_memory),
        cmocka_unit_test(SEC_N2__extensions_of_every_name_are_declined),
        cmocka_unit_test(SEC_N2__extension_that_was_not_offered_fails_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
