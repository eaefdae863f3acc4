/* SPDX-License-Identifier: MIT */
/* RFC 6455 4.1, second half: which responses open a client's connection, and which do not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

typedef struct failure {
    weir_text response;
    int cause;
} failure;

static void fail_all(const failure *cases, size_t count, shake_prepare prepare)
{
    for (size_t i = 0; i < count; i++)
        shake_client_fails(cases[i].response, cases[i].cause, prepare);
}

static void open_all(const weir_text *responses, size_t count, shake_prepare prepare)
{
    for (size_t i = 0; i < count; i++)
        shake_client_opens(responses[i], prepare);
}

static void offering(peer *p)
{
    static const weir_request request = {.url = TEXT("ws://host/"),
                                         .subprotocols = TEXT("chat superchat")};
    p->request = &request;
}

/* ---- Upgrade, Connection ---------------------------------------------------------------------*/

static void R6455_4_1_22__upgrade__is_websocket_alone_in_any_case(void **state)
{
    static const failure bad[] = {
        {TEXT(STATUS CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade:\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: websocket2\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: websocke\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: h2c, websocket\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: websocket,\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: websocket/13\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: \"websocket\"\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS UPGRADE UPGRADE CONNECTION ACCEPT END), WEIR_E_UPGRADE},
        {TEXT(STATUS "Upgrade: h2c\r\n" UPGRADE CONNECTION ACCEPT END), WEIR_E_UPGRADE},
    };
    static const weir_text good[] = {
        TEXT(STATUS "upgrade: WebSocket\r\n" CONNECTION ACCEPT END),
        TEXT(STATUS "UPGRADE:\tWEBSOCKET \r\n" CONNECTION ACCEPT END),
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), NULL);
    open_all(good, COUNT_OF(good), NULL);
}

static void R6455_4_1_23__connection__lists_upgrade_in_any_case(void **state)
{
    static const failure bad[] = {
        {TEXT(STATUS UPGRADE ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection:\r\n" ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection: keep-alive\r\n" ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection: upgraded\r\n" ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection: up grade\r\n" ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection: \"upgrade\"\r\n" ACCEPT END), WEIR_E_CONNECTION},
        {TEXT(STATUS UPGRADE "Connection: Upgrade;x\r\n" ACCEPT END), WEIR_E_CONNECTION},
    };
    static const weir_text good[] = {
        TEXT(STATUS UPGRADE "Connection: keep-alive, UPGRADE\r\n" ACCEPT END),
        TEXT(STATUS UPGRADE "connection:upgrade,\r\n" ACCEPT END),
        TEXT(STATUS UPGRADE "Connection: close\r\nConnection: upgrade\r\n" ACCEPT END),
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), NULL);
    open_all(good, COUNT_OF(good), NULL);
}

/* ---- Accept ----------------------------------------------------------------------------------*/

static void R6455_4_1_24__R6455_11_3_1__accept__is_there_once_and_right(void **state)
{
    static const failure bad[] = {
        {TEXT(STATUS UPGRADE CONNECTION END), WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept:\r\n" END), WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: {accept}=\r\n" END), WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: x{accept}\r\n" END), WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: \"{accept}\"\r\n" END),
         WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: {accept}, {accept}\r\n" END),
         WEIR_E_ACCEPT},
        {TEXT(STATUS UPGRADE CONNECTION
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" END),
         WEIR_E_ACCEPT},
        {TEXT(RESPONSE ACCEPT END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(RESPONSE "sec-websocket-accept: x\r\n" END), WEIR_E_HTTP_DUPLICATE},
    };
    static const weir_text good[] = {
        TEXT(STATUS UPGRADE CONNECTION "sec-websocket-accept:{accept}\r\n" END),
        TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: \t {accept} \t\r\n" END),
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), NULL);
    open_all(good, COUNT_OF(good), NULL);
}

static void R6455_4_1_24__every_flipped_bit_and_wrong_length_of_accept__fails(void **state)
{
    bytes right = {NULL, 0, 0};
    (void)state;
    shake_add_response(&right, AS_TEXT(RESPONSE END));
    const size_t at = right.len - 32; /* 28 characters and two CRLF */
    for (size_t bit = 0; bit < 28 * 8; bit++) {
        uint8_t *const byte = &right.data[at + bit / 8];
        *byte ^= (uint8_t)(1 << bit % 8);
        const int cause = *byte < 32 || *byte == 127 ? WEIR_E_HTTP_SYNTAX : WEIR_E_ACCEPT;
        shake_client_fails((weir_text){(char *)right.data, right.len}, cause, shake_sampled);
        *byte ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < 28; len++) {
        bytes shorter = {NULL, 0, 0};
        bytes_add(&shorter, right.data, at + len);
        bytes_add_text(&shorter, "\r\n\r\n");
        shake_client_fails((weir_text){(char *)shorter.data, shorter.len}, WEIR_E_ACCEPT,
                           shake_sampled);
        bytes_free(&shorter);
    }
    bytes_free(&right);
}

/* ---- Extensions, subprotocol -----------------------------------------------------------------*/

#define EXTENSIONS(list) RESPONSE "Sec-WebSocket-Extensions:" list "\r\n" END
#define SUBPROTOCOL(name) RESPONSE "Sec-WebSocket-Protocol:" name "\r\n" END

static void R6455_4_1_25__extension_that_was_not_offered__fails(void **state)
{
    static const failure bad[] = {
        {TEXT(EXTENSIONS(" permessage-deflate")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS(" x")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS("x;a=1;b=\"2\",y")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS("")), WEIR_E_EXTENSION_LIST},
        {TEXT(EXTENSIONS(" ,")), WEIR_E_EXTENSION_LIST},
        {TEXT(EXTENSIONS(" ;a")), WEIR_E_EXTENSION_LIST},
        {TEXT(EXTENSIONS(" x;a=\"")), WEIR_E_EXTENSION_LIST},
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), NULL);
}

/* Joined in order (erratum 3433): as one line they would fail in the same way. */
static void R6455_11_3_2__extensions_on_several_lines__are_joined(void **state)
{
    static const failure bad[] = {
        {TEXT(EXTENSIONS("x, y")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS("x\r\nSec-WebSocket-Extensions: y")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS("\r\nSec-WebSocket-Extensions: y")), WEIR_E_EXTENSION_UNOFFERED},
        {TEXT(EXTENSIONS("x\r\nSec-WebSocket-Extensions: ;")), WEIR_E_EXTENSION_LIST},
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), NULL);
}

static void R6455_4_1_26__subprotocol__is_one_of_those_offered_in_exact_case(void **state)
{
    static const failure bad[] = {
        {TEXT(SUBPROTOCOL(" other")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" Chat")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" cha")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" chat, superchat")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" chat superchat")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" chat,")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL(" \"chat\"")), WEIR_E_SUBPROTOCOL_UNOFFERED},
        {TEXT(SUBPROTOCOL("")), WEIR_E_SUBPROTOCOL_UNOFFERED},
    };
    static const weir_text good[] = {TEXT(SUBPROTOCOL(" chat")), TEXT(SUBPROTOCOL("superchat\t")),
                                     TEXT(RESPONSE END)};
    (void)state;
    fail_all(bad, COUNT_OF(bad), offering);
    open_all(good, COUNT_OF(good), offering);
    shake_client_fails(AS_TEXT(SUBPROTOCOL(" chat")), WEIR_E_SUBPROTOCOL_UNOFFERED, NULL);
    shake_client_fails(AS_TEXT(SUBPROTOCOL("")), WEIR_E_SUBPROTOCOL_UNOFFERED, NULL);
}

static void R6455_11_3_1__subprotocol_on_two_lines__fails(void **state)
{
    static const failure bad[] = {
        {TEXT(SUBPROTOCOL(" chat\r\nSec-WebSocket-Protocol: chat")), WEIR_E_HTTP_DUPLICATE},
        {TEXT(SUBPROTOCOL(" chat\r\nSec-WebSocket-Protocol: superchat")), WEIR_E_HTTP_DUPLICATE},
        {TEXT(SUBPROTOCOL(" chat\r\nsec-websocket-protocol:")), WEIR_E_HTTP_DUPLICATE},
    };
    (void)state;
    fail_all(bad, COUNT_OF(bad), offering);
}

/* ---- Any other departure ---------------------------------------------------------------------*/

/* Bytes of the golden response that may change without harm: the minor version (1 to 9), the
 * reason phrase, the case of names and of the two tokens that compare without it, whitespace in
 * front of a value, and a comma there where the value is a list (Connection). */
static int is_insignificant(const uint8_t *response, size_t at, uint8_t byte)
{
    static const char status[] = STATUS;
    static const char head[] = STATUS UPGRADE CONNECTION;
    const size_t accept_at = sizeof head - 1 + sizeof "Sec-WebSocket-Accept: " - 1;
    const uint8_t was = response[at];
    if (at == 7)
        return byte >= '1' && byte <= '9';
    if (at >= 13 && at < sizeof status - 3)
        return byte == '\t' || (byte >= 32 && byte != 127);
    if (at < sizeof status - 1 || at >= accept_at)
        return 0;
    if (was == ' ' && at == sizeof STATUS UPGRADE "Connection:" - 1)
        return byte == '\t' || byte == ',';
    if (was == ' ')
        return byte == '\t';
    const uint8_t lower = was | 0x20;
    return lower >= 'a' && lower <= 'z' && (byte | 0x20) == lower;
}

static void mutate(const bytes *golden, size_t at, uint8_t byte, size_t step)
{
    peer p;
    peer_init(&p);
    peer_open(&p, 'c');
    uint8_t *const copy = malloc(golden->len);
    memcpy(copy, golden->data, golden->len);
    copy[at] = byte;
    peer_feed(&p, copy, golden->len, step);
    const int opened = peer_saw(&p, "OPEN");
    if (opened != is_insignificant(golden->data, at, byte))
        shake_show(opened ? "opened" : "not opened", copy, golden->len);
    assert_int_equal(opened, is_insignificant(golden->data, at, byte));
    assert_int_equal(weir_conn_state(p.conn) == WEIR_OPEN, opened);
    assert_int_equal(p.output.len, 0);
    free(copy);
    peer_close(&p);
}

static void
R6455_4_1_27__golden_response_with_any_byte_changed__opens_only_if_it_means_the_same(void **state)
{
    bytes golden = {NULL, 0, 0};
    (void)state;
    shake_add_response(&golden, AS_TEXT(RESPONSE END));
    for (size_t at = 0; at < golden.len; at++)
        for (int byte = 0; byte < 256; byte++)
            if (byte != golden.data[at])
                mutate(&golden, at, (uint8_t)byte, byte & 1 ? golden.len : 7);
    bytes_free(&golden);
}

static void
R6455_4_1_27__golden_response_with_a_byte_less_or_doubled__never_opens_amiss(void **state)
{
    bytes golden = {NULL, 0, 0};
    (void)state;
    shake_add_response(&golden, AS_TEXT(STATUS "Upgrade:websocket\r\nConnection:Upgrade\r\n"
                                               "Sec-WebSocket-Accept:{accept}\r\n" END));
    const size_t reason = sizeof "HTTP/1.1 101 " - 1;
    for (size_t at = 0; at < golden.len; at++) {
        for (size_t copies = 0; copies <= 2; copies += 2) {
            bytes changed = {NULL, 0, 0};
            peer p;
            bytes_add(&changed, golden.data, at);
            for (size_t i = 0; i < copies; i++)
                bytes_add(&changed, golden.data + at, 1);
            bytes_add(&changed, golden.data + at + 1, golden.len - at - 1);
            peer_init(&p);
            peer_open(&p, 'c');
            peer_feed(&p, changed.data, changed.len, changed.len);
            /* Two of the SP before the reason: the second belongs to it. Two LF at the end: the
             * second is the first byte of a bad frame. */
            const int in_reason = at >= reason && at < sizeof STATUS - 3;
            const int second = copies == 2 && (at == reason - 1 || at == golden.len - 1);
            if (peer_saw(&p, "OPEN") != (in_reason || second))
                shake_show("changed", changed.data, changed.len);
            assert_int_equal(peer_saw(&p, "OPEN"), in_reason || second);
            assert_int_equal(p.output.len > 0, copies == 2 && at == golden.len - 1);
            bytes_free(&changed);
            peer_close(&p);
        }
    }
    bytes_free(&golden);
}

/* ---- Open ------------------------------------------------------------------------------------*/

static void R6455_4_1_28__bytes_behind_the_blank_line__are_frames_at_every_cut(void **state)
{
    (void)state;
    shake_client_opens(AS_TEXT(RESPONSE END), NULL);
    shake_client_opens(AS_TEXT("HTTP/1.1 101 \r\nX: y\r\n" ACCEPT CONNECTION UPGRADE END), NULL);
}

static void response__can_be_read_until_the_receive_call_after_open(void **state)
{
    peer p;
    weir_text text;
    weir_field field;
    (void)state;
    shake_start(&p, 'c', AS_TEXT(RESPONSE "Set-Cookie: a\r\nset-cookie: b\r\n"), offering);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_REASON, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "Upgrade", 7, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header_at(p.conn, 0, &field), WEIR_E_NOT_FOUND);
    bytes rest = {NULL, 0, 0};
    bytes_add_text(&rest, "Sec-WebSocket-Protocol: superchat\r\n\r\n");
    peer_feed(&p, rest.data, rest.len, rest.len);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_REASON, &text), WEIR_OK);
    assert_int_equal(text.len, 19);
    assert_memory_equal(text.data, "Switching Protocols", 19);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_PATH, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_METHOD, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "SET-COOKIE", WEIR_NTS, 1, &text), WEIR_OK);
    assert_memory_equal(text.data, "b", text.len);
    assert_int_equal(weir_conn_header_at(p.conn, 0, &field), WEIR_OK);
    assert_memory_equal(field.name.data, "Upgrade", field.name.len);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, &text), WEIR_E_NOT_FOUND);
    peer_feed(&p, "\x81", 1, 1);
    assert_int_equal(weir_conn_header(p.conn, "Upgrade", 7, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_REASON, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_SUBPROTOCOL, &text), WEIR_OK);
    assert_memory_equal(text.data, "superchat", 9);
    bytes_free(&rest);
    peer_close(&p);
}

/* ---- Rejected --------------------------------------------------------------------------------*/

static void R6455_4_1_21__every_status_from_100_to_599__but_101_opens_nothing(void **state)
{
    (void)state;
    for (int status = 100; status <= 599; status++) {
        char response[200];
        const int len = snprintf(response, sizeof response,
                                 "HTTP/1.1 %d X\r\nContent-Length: 4\r\n\r\nbody", status);
        const weir_text text = {response, (size_t)len};
        if (status == 101) {
            shake_client_fails(text, WEIR_E_UPGRADE, NULL);
        } else if (status < 200) {
            peer p;
            shake_start(&p, 'c', (weir_text){response, text.len - 4}, NULL);
            assert_int_equal(p.event_count, 0);
            assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
            peer_close(&p);
        } else {
            const int bare = status == 204 || status == 304;
            shake_client_rejected(text, status, bare ? "" : "body", shake_sampled);
        }
    }
}

static void ending(peer *p)
{
    p->eof = 1;
}

static void R6455_4_1_21__rejection__hands_its_body_over_however_it_is_framed(void **state)
{
#define NO "HTTP/1.1 403 No\r\n"
#define CHUNKED NO "Transfer-Encoding: chunked\r\n\r\n"
    (void)state;
    shake_client_rejected(AS_TEXT(NO "Content-Length: 0\r\n\r\n"), 403, "", NULL);
    shake_client_rejected(AS_TEXT(NO "Content-Length: 5\r\n\r\nhello"), 403, "hello", NULL);
    shake_client_rejected(AS_TEXT(NO "Content-Length: 5\r\n\r\nhello and more"), 403, "hello",
                          NULL);
    shake_client_rejected(AS_TEXT(NO "Content-Length: 9\r\n\r\nhello"), 403, "hello", ending);
    shake_client_rejected(AS_TEXT(NO "\r\nhello"), 403, "hello", ending);
    shake_client_rejected(AS_TEXT(NO "\r\n"), 403, "", ending);
    shake_client_rejected(AS_TEXT(CHUNKED "2\r\nhe\r\n003;x=y\r\nllo\r\n0\r\n\r\n"), 403, "hello",
                          NULL);
    shake_client_rejected(AS_TEXT(CHUNKED "5\r\nhello\r\n"), 403, "hello", ending);
    shake_client_rejected(AS_TEXT(CHUNKED "5\r\nhel"), 403, "hel", ending);
    shake_client_rejected(AS_TEXT(CHUNKED "5\r\nhelloX0\r\n"), 403, "hello", NULL);
    shake_client_rejected(AS_TEXT(CHUNKED "x\r\n"), 403, "", NULL);
    shake_client_rejected(AS_TEXT("HTTP/1.0 403 No\r\n\r\nhello"), 403, "hello", ending);
    shake_client_rejected(
        AS_TEXT("HTTP/1.1 200 OK\r\n" UPGRADE CONNECTION ACCEPT "Content-Length: 0\r\n\r\n"), 200,
        "", NULL);
}

static void keeping_eight_bytes(peer *p)
{
    p->config.max_reject_bytes = 8;
}

static void keeping_nothing(peer *p)
{
    p->config.max_reject_bytes = 0;
}

static void R6455_4_1_21__body_of_a_rejection__is_kept_up_to_the_limit(void **state)
{
    (void)state;
    shake_client_rejected(AS_TEXT(NO "Content-Length: 7\r\n\r\n1234567"), 403, "1234567",
                          keeping_eight_bytes);
    shake_client_rejected(AS_TEXT(NO "Content-Length: 8\r\n\r\n12345678"), 403, "12345678",
                          keeping_eight_bytes);
    shake_client_rejected(AS_TEXT(NO "Content-Length: 99\r\n\r\n123456789abcdef"), 403, "12345678",
                          keeping_eight_bytes);
    shake_client_rejected(AS_TEXT(NO "\r\n123456789abcdef"), 403, "12345678", keeping_eight_bytes);
    shake_client_rejected(AS_TEXT(CHUNKED "4\r\n1234\r\n5\r\n56789\r\n0\r\n\r\n"), 403, "12345678",
                          keeping_eight_bytes);
}

/* Nothing is kept, so nothing need be awaited; but a call with bytes must come. */
static void R6455_4_1_21__limit_of_none__keeps_no_body(void **state)
{
    (void)state;
    shake_client_rejected(AS_TEXT(NO "\r\nhello"), 403, "", keeping_nothing);
    shake_client_rejected(AS_TEXT(NO "\r\n"), 403, "", ending);
}

static void R6455_4_1_21__endless_body__is_cut_off_at_the_default_limit(void **state)
{
    peer p;
    uint8_t block[3000];
    (void)state;
    memset(block, 'x', sizeof block);
    shake_start(&p, 'c', AS_TEXT(NO "\r\n"), NULL);
    peer_feed(&p, block, sizeof block, sizeof block);
    assert_int_equal(p.event_count, 0);
    peer_feed(&p, block, 1095, 1095);
    assert_int_equal(p.event_count, 0);
    peer_feed(&p, block, sizeof block, sizeof block);
    assert_int_equal(p.event_count, 2);
    assert_true(peer_saw(&p, "len=4096 "));
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    peer_close(&p);
}

static void read_rejection(peer *p, const weir_event *event)
{
    weir_text text;
    if (event->type != WEIR_EVENT_REJECTED)
        return;
    assert_int_equal(event->code, 401);
    assert_int_equal(weir_conn_text(p->conn, WEIR_TEXT_REASON, &text), WEIR_OK);
    assert_memory_equal(text.data, "Who?", 4);
    assert_int_equal(weir_conn_header(p->conn, "www-authenticate", WEIR_NTS, 0, &text), WEIR_OK);
    assert_memory_equal(text.data, "Basic", 5);
    assert_int_equal(weir_conn_header(p->conn, "Location", WEIR_NTS, 0, &text), WEIR_E_NOT_FOUND);
    p->echo = 1; /* it was here */
}

static void reading_rejection(peer *p)
{
    p->react = read_rejection;
}

static void R6455_4_1_21__fields_of_a_rejection__can_be_read_at_its_event(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 'c',
                AS_TEXT("HTTP/1.1 401 Who?\r\nWWW-Authenticate: Basic\r\n"
                        "Content-Length: 1\r\n\r\nx"),
                reading_rejection);
    assert_int_equal(p.echo, 1);
    assert_int_equal(p.event_count, 2);
    peer_close(&p);
}

static void rejection__is_reported_where_its_head_ends(void **state)
{
    peer p;
    weir_report report;
    (void)state;
    shake_start(&p, 'c', AS_TEXT(NO "Content-Length: 1\r\n\r\nx and more"), NULL);
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.offset, sizeof NO "Content-Length: 1\r\n\r\n" - 1);
    peer_close(&p);
}

/* RFC 6455 4.4: lines and lists of versions are equal; there is no retry of its own. */
static void show_versions(peer *p, const weir_event *event)
{
    weir_text text;
    for (size_t i = 0; event->type == WEIR_EVENT_REJECTED; i++) {
        if (weir_conn_header(p->conn, "Sec-WebSocket-Version", WEIR_NTS, i, &text) != WEIR_OK)
            break;
        bytes_add(&p->trace, text.data, text.len);
        bytes_add_text(&p->trace, ";");
    }
}

static void showing_versions(peer *p)
{
    p->react = show_versions;
}

static void R6455_4_4_1__versions_of_a_426__can_be_read(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 'c',
                AS_TEXT("HTTP/1.1 426 No\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Version: 8, 7\r\nContent-Length: 0\r\n\r\n"),
                showing_versions);
    assert_true(peer_saw(&p, "13;8, 7;"));
    assert_int_equal(p.output.len, 0);
    peer_close(&p);
}

#define RUN(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(R6455_4_1_22__upgrade__is_websocket_alone_in_any_case),
        RUN(R6455_4_1_23__connection__lists_upgrade_in_any_case),
        RUN(R6455_4_1_24__R6455_11_3_1__accept__is_there_once_and_right),
        RUN(R6455_4_1_24__every_flipped_bit_and_wrong_length_of_accept__fails),
        RUN(R6455_4_1_25__extension_that_was_not_offered__fails),
        RUN(R6455_11_3_2__extensions_on_several_lines__are_joined),
        RUN(R6455_4_1_26__subprotocol__is_one_of_those_offered_in_exact_case),
        RUN(R6455_11_3_1__subprotocol_on_two_lines__fails),
        RUN(R6455_4_1_27__golden_response_with_any_byte_changed__opens_only_if_it_means_the_same),
        RUN(R6455_4_1_27__golden_response_with_a_byte_less_or_doubled__never_opens_amiss),
        RUN(R6455_4_1_28__bytes_behind_the_blank_line__are_frames_at_every_cut),
        RUN(response__can_be_read_until_the_receive_call_after_open),
        RUN(R6455_4_1_21__every_status_from_100_to_599__but_101_opens_nothing),
        RUN(R6455_4_1_21__rejection__hands_its_body_over_however_it_is_framed),
        RUN(R6455_4_1_21__body_of_a_rejection__is_kept_up_to_the_limit),
        RUN(R6455_4_1_21__limit_of_none__keeps_no_body),
        RUN(R6455_4_1_21__endless_body__is_cut_off_at_the_default_limit),
        RUN(R6455_4_1_21__fields_of_a_rejection__can_be_read_at_its_event),
        RUN(rejection__is_reported_where_its_head_ends),
        RUN(R6455_4_4_1__versions_of_a_426__can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
