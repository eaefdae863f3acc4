/* SPDX-License-Identifier: MIT */
/* RFC 6455 4.2.2: the server's answer, the caller's part in it, and what comes before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

#define OFFER REQUEST "Sec-WebSocket-Protocol: chat, superchat\r\n" END

static void start(peer *p, const char *request)
{
    shake_start(p, 's', (weir_text){request, strlen(request)}, NULL);
    assert_true(peer_saw(p, "REQUEST"));
}

static void report_is(const peer *p, int side, int cause, int http_status)
{
    weir_report report;
    assert_int_equal(weir_conn_report(p->conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.side, side);
    assert_int_equal(report.cause, cause);
    assert_int_equal(report.code, 1006);
    assert_int_equal(report.http_status, http_status);
    assert_int_equal(report.local_code | report.peer_code | (int)report.clean, 0);
}

/* ---- Golden answers --------------------------------------------------------------------------*/

static void R6455_4_2_2_8__R9110_7_8_1__R9112_6_1_3__accepting__gives_these_bytes(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    shake_output_is(&p, "HTTP/1.1 101 Switching Protocols\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                        "\r\n");
    peer_close(&p);
}

/* Fields stand in the order given, and none is a Transfer-Encoding or Content-Length. */
static void R6455_4_2_2_8__subprotocol_and_fields__follow_the_librarys(void **state)
{
    static const weir_field fields[] = {
        {TEXT("Set-Cookie"), TEXT("a=b; Path=/")},
        {TEXT("set-cookie"), TEXT("c=\xC3\xA4")},
        {TEXT("X-Empty"), TEXT("")},
        {{"X-Tab", WEIR_NTS}, {"a\tb", WEIR_NTS}},
    };
    peer p;
    (void)state;
    start(&p, OFFER);
    assert_int_equal(weir_conn_accept(p.conn, "superchat", WEIR_NTS, fields, 4), WEIR_OK);
    peer_pump(&p);
    shake_output_is(&p, SWITCHED "Sec-WebSocket-Protocol: superchat\r\n"
                                 "Set-Cookie: a=b; Path=/\r\nset-cookie: c=\xC3\xA4\r\n"
                                 "X-Empty: \r\nX-Tab: a\tb\r\n\r\n");
    peer_close(&p);
}

static void R6455_4_2_2_5__R9110_15_5_22_1__unknown_version__is_answered_with_ours(void **state)
{
    bytes input = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&input, LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n" END);
    outcome o = run_all_cuts('s', &input, NULL);
    bytes_add(&o.output, "", 1);
    assert_string_equal((char *)o.output.data, "HTTP/1.1 426 Upgrade Required\r\n"
                                               "Upgrade: websocket\r\n"
                                               "Connection: Upgrade, close\r\n"
                                               "Sec-WebSocket-Version: 13\r\n"
                                               "Content-Type: text/plain\r\n"
                                               "Content-Length: 31\r\n"
                                               "\r\n"
                                               "Sec-WebSocket-Version is not 13");
    outcome_free(&o);
    bytes_free(&input);
}

static void R6455_4_2_1_2__wrong_method__is_answered_with_the_right_one(void **state)
{
    bytes input = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&input, "POST / HTTP/1.1\r\n" HOST WEBSOCKET END);
    outcome o = run_all_cuts('s', &input, NULL);
    bytes_add(&o.output, "", 1);
    assert_string_equal((char *)o.output.data, "HTTP/1.1 405 Method Not Allowed\r\n"
                                               "Connection: close\r\n"
                                               "Allow: GET\r\n"
                                               "Content-Type: text/plain\r\n"
                                               "Content-Length: 21\r\n"
                                               "\r\n"
                                               "the method is not GET");
    outcome_free(&o);
    bytes_free(&input);
}

/* ---- Subprotocol -----------------------------------------------------------------------------*/

static void R6455_4_2_2_6__subprotocol_that_was_not_offered__is_refused(void **state)
{
    static const weir_text bad[] = {
        TEXT(""),       TEXT("other"),    TEXT("Chat"),         TEXT("cha"),
        TEXT("chat "),  TEXT(" chat"),    TEXT("chat,"),        TEXT("chat, superchat"),
        TEXT("chat\0"), TEXT("chat\r\n"), TEXT("chat\r\nX: y"), TEXT("\xC3\xA4"),
    };
    peer p;
    (void)state;
    start(&p, OFFER);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(weir_conn_accept(p.conn, bad[i].data, bad[i].len, NULL, 0),
                         WEIR_E_PROTOCOL_NAME);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
        assert_int_equal(weir_conn_wants(p.conn), 0);
    }
    assert_int_equal(weir_conn_accept(p.conn, "chat", WEIR_NTS, NULL, 0), WEIR_OK);
    peer_pump(&p);
    shake_output_is(&p, SWITCHED "Sec-WebSocket-Protocol: chat\r\n\r\n");
    peer_close(&p);
}

static void R6455_4_2_2_6__none_chosen__the_field_is_absent(void **state)
{
    peer p;
    weir_text text;
    (void)state;
    start(&p, OFFER);
    assert_int_equal(weir_conn_accept(p.conn, NULL, WEIR_NTS, NULL, 0), WEIR_OK);
    peer_pump(&p);
    shake_output_is(&p, SWITCHED END);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_SUBPROTOCOL, &text), WEIR_E_NOT_FOUND);
    peer_close(&p);
}

static void R6455_4_2_2_6__nothing_offered__nothing_can_be_chosen(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_accept(p.conn, "chat", 4, NULL, 0), WEIR_E_PROTOCOL_NAME);
    assert_int_equal(weir_conn_accept(p.conn, "", 0, NULL, 0), WEIR_E_PROTOCOL_NAME);
    peer_close(&p);
}

static void chosen_subprotocol__can_be_read_until_the_end(void **state)
{
    peer p;
    weir_text text;
    char name[] = "superchat";
    (void)state;
    start(&p, OFFER);
    assert_int_equal(weir_conn_accept(p.conn, name, 9, NULL, 0), WEIR_OK);
    memset(name, 'x', 9);
    peer_pump(&p);
    bytes frame = {NULL, 0, 0};
    bytes_add_close(&frame, WEIR_CLIENT, 1000, "");
    peer_feed(&p, frame.data, frame.len, 1);
    assert_int_equal(p.closed_count, 1);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_SUBPROTOCOL, &text), WEIR_OK);
    assert_int_equal(text.len, 9);
    assert_memory_equal(text.data, "superchat", 9);
    bytes_free(&frame);
    peer_close(&p);
}

/* No extension is built in, and the caller cannot add one: the library owns the field. */
static void R6455_4_2_2_7__answer__never_names_an_extension(void **state)
{
    static const weir_field field = {TEXT("Sec-WebSocket-Extensions"), TEXT("x")};
    peer p;
    (void)state;
    start(&p, REQUEST "Sec-WebSocket-Extensions: x, permessage-deflate\r\n" END);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &field, 1), WEIR_E_FIELD);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    shake_output_is(&p, SWITCHED END);
    peer_close(&p);
}

/* ---- The caller's fields ---------------------------------------------------------------------*/

static const weir_field bad_fields[] = {
    {TEXT(""), TEXT("v")},
    {TEXT("a b"), TEXT("v")},
    {TEXT("a:"), TEXT("v")},
    {TEXT(" a"), TEXT("v")},
    {TEXT("a\r\nb"), TEXT("v")},
    {TEXT("a\n"), TEXT("v")},
    {TEXT("a\r"), TEXT("v")},
    {TEXT("a\0"), TEXT("v")},
    {TEXT("a\xE4"), TEXT("v")},
    {TEXT("a\x7F"), TEXT("v")},
    {{NULL, 0}, TEXT("v")},
    {TEXT("X"), TEXT("a\r\nY: b")},
    {TEXT("X"), TEXT("a\r\n b")},
    {TEXT("X"), TEXT("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")},
    {TEXT("X"), TEXT("a\n")},
    {TEXT("X"), TEXT("a\r")},
    {TEXT("X"), TEXT("\0")},
    {TEXT("X"), TEXT("a\0b")},
    {TEXT("X"), TEXT("a\x7F")},
    {TEXT("X"), TEXT("\x1B[2J")},
    {TEXT("X"), TEXT(" a")},
    {TEXT("X"), TEXT("a\t")},
    {TEXT("Host"), TEXT("h")},
    {TEXT("upgrade"), TEXT("websocket")},
    {TEXT("CONNECTION"), TEXT("keep-alive")},
    {TEXT("Content-Length"), TEXT("0")},
    {TEXT("transfer-encoding"), TEXT("chunked")},
    {TEXT("Sec-WebSocket-Accept"), TEXT("x")},
    {TEXT("sec-websocket-key"), TEXT("x")},
    {TEXT("Sec-WebSocket-Protocol"), TEXT("chat")},
    {TEXT("Sec-WebSocket-Extensions"), TEXT("x")},
    {TEXT("Sec-WebSocket-Version"), TEXT("13")},
    {TEXT("Sec-WebSocket-"), TEXT("x")},
};

static void R6455_4_2_2_9__R9112_11_1_1__field_that_is_malformed_or_ours__is_refused(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    for (size_t i = 0; i < COUNT_OF(bad_fields); i++) {
        const weir_field pair[2] = {{TEXT("X-Good"), TEXT("a")}, bad_fields[i]};
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, pair, 2), WEIR_E_FIELD);
        assert_int_equal(weir_conn_respond(p.conn, 403, pair, 2, "x", 1), WEIR_E_FIELD);
        assert_int_equal(weir_conn_wants(p.conn), 0);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    }
    peer_pump(&p);
    assert_int_equal(p.output.len, 0);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_accept(NULL, NULL, 0, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    peer_close(&p);
}

static void R6455_4_2_2_9__every_byte_in_name_and_value__is_taken_or_refused(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char name[] = "X-?";
        char value[] = "a?b";
        const weir_field named = {{name, 3}, TEXT("v")};
        const weir_field valued = {TEXT("X"), {value, 3}};
        const int token = byte > 32 && byte < 127 && !strchr("\"(),/:;<=>?@[\\]{}", byte);
        const int text = byte == '\t' || (byte >= 32 && byte != 127);
        peer p;
        name[2] = value[1] = (char)byte;
        start(&p, REQUEST END);
        if (!token)
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &named, 1), WEIR_E_FIELD);
        if (!text)
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &valued, 1), WEIR_E_FIELD);
        const weir_field good[2] = {named, valued};
        if (token && text)
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, good, 2), WEIR_OK);
        else if (text)
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &valued, 1), WEIR_OK);
        peer_close(&p);
    }
}

/* ---- Refusing --------------------------------------------------------------------------------*/

static void R6455_4_2_2_2__R6455_4_2_2_3__every_status_from_300_to_599__may_answer(void **state)
{
    (void)state;
    for (int status = -1; status <= 1100; status++) {
        peer p;
        start(&p, REQUEST END);
        const int result = weir_conn_respond(p.conn, status, NULL, 0, "body", 4);
        peer_pump(&p);
        if (status >= 300 && status <= 599) {
            const shake_response r = shake_parse(&p.output);
            const int bare = status == 304;
            assert_int_equal(result, WEIR_OK);
            assert_int_equal(r.status, status);
            assert_int_equal(r.close, 1);
            assert_int_equal(r.upgrade, status == 426 ? 3 : 0);
            assert_int_equal(r.length, bare ? -1 : 4);
            assert_int_equal(r.body_len, bare ? 0 : 4);
            assert_int_equal(p.closed_count, 1);
            report_is(&p, WEIR_SIDE_LOCAL, WEIR_E_REFUSED, status);
        } else {
            assert_int_equal(result, WEIR_E_HTTP_STATUS);
            assert_int_equal(p.output.len, 0);
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
        }
        peer_close(&p);
    }
}

static void R6455_4_2_2_2__redirect_and_challenge__carry_the_callers_fields_and_body(void **state)
{
    static const weir_field fields[] = {
        {TEXT("WWW-Authenticate"), TEXT("Basic realm=\"x\"")},
        {TEXT("Content-Type"), TEXT("text/html")},
        {TEXT("Date"), TEXT("Thu, 01 Jan 1970 00:00:00 GMT")},
    };
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_respond(p.conn, 401, fields, 3, "<p>\0</p>", 8), WEIR_OK);
    peer_pump(&p);
    const char want[] = "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n"
                        "WWW-Authenticate: Basic realm=\"x\"\r\nContent-Type: text/html\r\n"
                        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 8\r\n\r\n"
                        "<p>\0</p>";
    assert_int_equal(p.output.len, sizeof want - 1);
    assert_memory_equal(p.output.data, want, sizeof want - 1);
    peer_close(&p);
}

static void R9112_9_6_1__answer_without_upgrade__ends_the_connection(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_respond(p.conn, 599, NULL, 0, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
    peer_pump(&p);
    shake_output_is(&p, "HTTP/1.1 599 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT | WEIR_WANT_SHUTDOWN_WRITE);
    peer_feed(&p, REQUEST END, sizeof REQUEST END - 1, 7);
    assert_int_equal(p.event_count, 2); /* REQUEST, CLOSED */
    weir_conn_receive_eof(p.conn);
    peer_pump(&p);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    assert_int_equal(p.event_count, 2);
    peer_close(&p);
}

static void request__is_answered_once(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST), NULL);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_E_STATE);
    peer_feed(&p, END, 2, 2);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_E_STATE);
    peer_close(&p);

    start(&p, REQUEST END);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
    peer_close(&p);
}

static void closing_before_the_answer__is_503(void **state)
{
    static const weir_text heads[] = {TEXT(""), TEXT("GET / HT"), TEXT(REQUEST END)};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        peer p;
        shake_start(&p, 's', heads[i], NULL);
        assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
        peer_pump(&p);
        const shake_response r = shake_parse(&p.output);
        assert_int_equal(r.status, 503);
        assert_int_equal(r.close, 1);
        assert_int_equal(r.length, (int)r.body_len);
        assert_int_equal(p.closed_count, 1);
        report_is(&p, WEIR_SIDE_LOCAL, WEIR_E_REFUSED, 503);
        peer_close(&p);
    }
}

/* ---- Order -----------------------------------------------------------------------------------*/

static void R6455_4_2_2_10__response__goes_out_before_the_first_frame(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "x", 1), WEIR_E_NOT_OPEN);
    assert_int_equal(weir_conn_ping(p.conn, NULL, 0), WEIR_E_NOT_OPEN);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "a", 1), WEIR_OK);
    assert_int_equal(weir_conn_ping(p.conn, "p", 1), WEIR_OK);
    assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
    peer_pump(&p);
    assert_true(p.output.len > sizeof SWITCHED END);
    assert_memory_equal(p.output.data, SWITCHED END, sizeof SWITCHED END - 1);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 1), 1);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 9), 1);
    assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1000);
    peer_close(&p);
}

/* The transport takes a byte at a time: what was queued behind the response waits for it. */
static void R6455_4_2_2_10__response_that_leaves_byte_by_byte__stays_ahead(void **state)
{
    peer p;
    bytes sent = {NULL, 0, 0};
    weir_span span;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    for (size_t i = 0; weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT; i++) {
        assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
        bytes_add(&sent, span.data, 1);
        assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_OK);
        if (i == 3)
            assert_int_equal(weir_conn_ping(p.conn, NULL, 0), WEIR_OK);
        if (i == 5)
            assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "b", 1), WEIR_OK);
    }
    const char want[] = SWITCHED END "\x89\0\x81\1b";
    assert_int_equal(sent.len, sizeof want - 1);
    assert_memory_equal(sent.data, want, sizeof want - 1);
    bytes_free(&sent);
    peer_close(&p);
}

static void R6455_4_2_2_10__answer__may_come_later(void **state)
{
    peer p;
    (void)state;
    start(&p, REQUEST END);
    assert_int_equal(weir_conn_wants(p.conn), 0);
    for (uint64_t now = 1; now < 10000; now += 999) {
        weir_context_set_time(p.context, now);
        assert_null(weir_context_next_ready(p.context));
    }
    assert_int_equal(p.event_count, 1);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    peer_pump(&p);
    assert_true(peer_saw(&p, "OPEN"));
    shake_output_is(&p, SWITCHED END);
    /* The handshake's deadline is gone. */
    weir_context_set_time(p.context, 10001);
    assert_null(weir_context_next_ready(p.context));
    peer_close(&p);
}

/* ---- Early bytes -----------------------------------------------------------------------------*/

/* A text message whose frame, masked, has this many bytes. */
static void add_early(bytes *b, size_t frame_len)
{
    const size_t len = frame_len - (frame_len > 131 ? 8 : 6);
    char *const payload = malloc(len);
    memset(payload, 'e', len);
    bytes_add_frame(b, WEIR_CLIENT, 1, WEIR_TEXT, payload, len);
    assert_int_equal(b->len, frame_len);
    free(payload);
}

static void feed_early(peer *p, size_t len, size_t step)
{
    bytes early = {NULL, 0, 0};
    add_early(&early, len);
    start(p, REQUEST END);
    peer_feed(p, early.data, early.len, step);
    bytes_free(&early);
}

static void R6455_4_2_2_11__early_bytes_up_to_the_cap__are_frames_once_accepted(void **state)
{
    static const size_t lens[] = {7, 100, 4095, 4096};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        for (size_t step = 1; step <= lens[i]; step = step * 5 + lens[i] / 3) {
            peer p;
            feed_early(&p, lens[i], step);
            assert_int_equal(p.event_count, 1);
            assert_int_equal(p.output.len, 0);
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
            peer_pump(&p);
            assert_int_equal(p.event_count, 3); /* REQUEST, OPEN, MESSAGE */
            assert_true(peer_saw(&p, "MESSAGE"));
            shake_output_is(&p, SWITCHED END);
            peer_close(&p);
        }
    }
}

static void R6455_4_2_2_11__early_bytes_over_the_cap__are_400(void **state)
{
    static const size_t steps[] = {1, 4095, 4096, 4097};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        peer p;
        feed_early(&p, 4097, steps[i]);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(shake_parse(&p.output).status, 400);
        assert_int_equal(shake_parse(&p.output).close, 1);
        report_is(&p, WEIR_SIDE_PEER, WEIR_E_EARLY_DATA, 400);
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
        peer_close(&p);
    }
}

static void R6455_4_2_2_11__ten_megabytes_of_early_bytes__cost_no_more_than_the_cap(void **state)
{
    peer p;
    uint8_t block[65536];
    (void)state;
    start(&p, REQUEST END);
    memset(block, 0x55, sizeof block);
    const uint64_t before = p.alloc.peak;
    for (int i = 0; i < 160; i++)
        peer_feed(&p, block, sizeof block, sizeof block);
    assert_int_equal(p.closed_count, 1);
    assert_in_range(p.alloc.peak, before, before + 16384);
    peer_close(&p);
}

static void no_early_bytes(peer *p)
{
    p->accept = 0;
    p->config.max_early_bytes = 0;
}

static void R6455_4_2_2_11__cap_of_none__refuses_the_first_early_byte(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST END "x"), no_early_bytes);
    report_is(&p, WEIR_SIDE_PEER, WEIR_E_EARLY_DATA, 400);
    peer_close(&p);
}

/* A cap that is lowered below what is held already lets nothing more in. */
static void R6455_4_2_2_11__cap_that_was_lowered__still_holds(void **state)
{
    peer p;
    (void)state;
    feed_early(&p, 100, 100);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_EARLY_BYTES, 50), WEIR_OK);
    assert_int_equal(p.closed_count, 0);
    peer_feed(&p, "x", 1, 1);
    assert_int_equal(p.closed_count, 1);
    report_is(&p, WEIR_SIDE_PEER, WEIR_E_EARLY_DATA, 400);
    peer_close(&p);
}

static void reject_on_request(peer *p, const weir_event *event)
{
    if (event->type == WEIR_EVENT_REQUEST)
        assert_int_equal(weir_conn_respond(p->conn, 403, NULL, 0, NULL, 0), WEIR_OK);
}

static void rejecting(peer *p)
{
    p->accept = 0;
    p->react = reject_on_request;
}

static void
R6455_4_2_2_11__R9112_9_6_2__bytes_behind_a_rejected_request__are_never_parsed(void **state)
{
    bytes input = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&input, REQUEST END);
    for (int more = 0; more < 2; more++) {
        outcome o = run_all_cuts_with('s', &input, rejecting);
        bytes_add(&o.output, "", 1);
        assert_string_equal((char *)o.output.data, "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n"
                                                   "Content-Length: 0\r\n\r\n");
        assert_int_equal(o.report.cause, WEIR_E_REFUSED);
        assert_int_equal(o.report.offset, sizeof REQUEST END - 1);
        outcome_free(&o);
        bytes_add_text(&input, REQUEST END "GET /admin HTTP/1.1\r\n\r\n");
        bytes_add_frame(&input, WEIR_CLIENT, 1, WEIR_TEXT, "x", 1);
    }
    bytes_free(&input);
}

static void R6455_4_2_2_11__early_bytes_of_a_rejected_request__are_dropped(void **state)
{
    peer p;
    (void)state;
    feed_early(&p, 1000, 10);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    peer_feed(&p, "x", 1, 1);
    assert_int_equal(p.event_count, 2);
    assert_int_equal(shake_parse(&p.output).body_len, 0);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_4_2_2_8__R9110_7_8_1__R9112_6_1_3__accepting__gives_these_bytes),
        cmocka_unit_test(R6455_4_2_2_8__subprotocol_and_fields__follow_the_librarys),
        cmocka_unit_test(R6455_4_2_2_5__R9110_15_5_22_1__unknown_version__is_answered_with_ours),
        cmocka_unit_test(R6455_4_2_1_2__wrong_method__is_answered_with_the_right_one),
        cmocka_unit_test(R6455_4_2_2_6__subprotocol_that_was_not_offered__is_refused),
        cmocka_unit_test(R6455_4_2_2_6__none_chosen__the_field_is_absent),
        cmocka_unit_test(R6455_4_2_2_6__nothing_offered__nothing_can_be_chosen),
        cmocka_unit_test(chosen_subprotocol__can_be_read_until_the_end),
        cmocka_unit_test(R6455_4_2_2_7__answer__never_names_an_extension),
        cmocka_unit_test(R6455_4_2_2_9__R9112_11_1_1__field_that_is_malformed_or_ours__is_refused),
        cmocka_unit_test(R6455_4_2_2_9__every_byte_in_name_and_value__is_taken_or_refused),
        cmocka_unit_test(R6455_4_2_2_2__R6455_4_2_2_3__every_status_from_300_to_599__may_answer),
        cmocka_unit_test(R6455_4_2_2_2__redirect_and_challenge__carry_the_callers_fields_and_body),
        cmocka_unit_test(R9112_9_6_1__answer_without_upgrade__ends_the_connection),
        cmocka_unit_test(request__is_answered_once),
        cmocka_unit_test(closing_before_the_answer__is_503),
        cmocka_unit_test(R6455_4_2_2_10__response__goes_out_before_the_first_frame),
        cmocka_unit_test(R6455_4_2_2_10__response_that_leaves_byte_by_byte__stays_ahead),
        cmocka_unit_test(R6455_4_2_2_10__answer__may_come_later),
        cmocka_unit_test(R6455_4_2_2_11__early_bytes_up_to_the_cap__are_frames_once_accepted),
        cmocka_unit_test(R6455_4_2_2_11__early_bytes_over_the_cap__are_400),
        cmocka_unit_test(R6455_4_2_2_11__ten_megabytes_of_early_bytes__cost_no_more_than_the_cap),
        cmocka_unit_test(R6455_4_2_2_11__cap_of_none__refuses_the_first_early_byte),
        cmocka_unit_test(R6455_4_2_2_11__cap_that_was_lowered__still_holds),
        cmocka_unit_test(
            R6455_4_2_2_11__R9112_9_6_2__bytes_behind_a_rejected_request__are_never_parsed),
        cmocka_unit_test(R6455_4_2_2_11__early_bytes_of_a_rejected_request__are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
