/* SPDX-License-Identifier: MIT */
/* RFC 6455 4.2.1: what a server demands of the request; each miss gets its HTTP status. */
#include <stdio.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

typedef struct refusal {
    weir_text request;
    int cause;
} refusal;

static void refuse_all(const refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shake_refused(cases[i].request, cases[i].cause, NULL);
}

static void accept_all(const weir_text *requests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shake_accepted(requests[i], NULL, NULL);
}

/* ---- The whole -------------------------------------------------------------------------------*/

static void R6455_4_2_1_1__each_missing_line__is_refused_with_its_status(void **state)
{
    static const refusal cases[] = {
        {TEXT(LINE WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE HOST CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST UPGRADE VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE CONNECTION KEY END), WEIR_E_VERSION_MISSING},
        {TEXT(LINE HOST UPGRADE CONNECTION VERSION END), WEIR_E_KEY},
        {TEXT(LINE END), WEIR_E_HOST},
        {TEXT(LINE HOST END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST UPGRADE END), WEIR_E_CONNECTION},
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
}

static void R6455_4_2_1_1__every_order_of_the_fields__is_accepted(void **state)
{
    static const char *const lines[5] = {HOST, UPGRADE, CONNECTION, VERSION, KEY};
    (void)state;
    for (int order = 0; order < 3125; order++) {
        bytes request = {NULL, 0, 0};
        int used = 0;
        bytes_add_text(&request, LINE);
        for (int rest = order, i = 0; i < 5; i++, rest /= 5) {
            used |= 1 << rest % 5;
            bytes_add_text(&request, lines[rest % 5]);
        }
        bytes_add_text(&request, END);
        if (used == 31)
            shake_accepted((weir_text){(char *)request.data, request.len}, NULL, shake_sampled);
        bytes_free(&request);
    }
}

static void R6455_4_2_1_1__sixty_unknown_fields__are_ignored(void **state)
{
    bytes request = {NULL, 0, 0};
    char line[64];
    (void)state;
    bytes_add_text(&request, LINE);
    for (int i = 0; i < 60; i++) {
        snprintf(line, sizeof line, "X-Sec-WebSocket-%d: \"%d\", ;,\r\n", i, i);
        bytes_add_text(&request, line);
        if (i == 30)
            bytes_add_text(&request, HOST WEBSOCKET);
    }
    bytes_add_text(&request, END);
    shake_accepted((weir_text){(char *)request.data, request.len}, NULL, NULL);
    bytes_free(&request);
}

/* ---- Method, version, target -----------------------------------------------------------------*/

static void R6455_4_2_1_2__method_other_than_get__is_405(void **state)
{
    static const refusal cases[] = {
        {TEXT("POST / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("get / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("Get / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("GETT / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("GE / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("HEAD / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("CONNECT h:80 HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD},
        {TEXT("OPTIONS * HTTP/1.1\r\n" HOST END), WEIR_E_HTTP_METHOD},
        {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), WEIR_E_HTTP_VERSION},
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
}

static void R6455_4_2_1_3__version_below_1_1_or_malformed__is_400_and_above_1_x_505(void **state)
{
    static const refusal cases[] = {
        {TEXT("GET / HTTP/1.0\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_OLD_VERSION},
        {TEXT("GET / HTTP/0.9\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_VERSION},
        {TEXT("GET / HTTP/2.0\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_VERSION},
        {TEXT("GET / HTTP/9.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_VERSION},
        {TEXT("GET / HTTP/1.10\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / HTTP/01.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / HTTP/1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / HTTP/1.\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / HTTP/1,1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / http/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET / HTTP/1.1x\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT("GET /\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
    };
    static const weir_text good[] = {
        TEXT("GET / HTTP/1.2\r\n" HOST WEBSOCKET END),
        TEXT("GET / HTTP/1.9\r\n" HOST WEBSOCKET END),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

static void R6455_4_2_1_4__target_that_is_no_path_and_no_http_url__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT("GET * HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET h:80 HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET ws://h/ HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET ftp://h/ HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET http:/h/ HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET http:///p HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET http://u@h/ HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET http://h:65536/ HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET http://h/#f HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET p HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET ?q HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_TARGET},
        {TEXT("GET  HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
    };
    static const weir_text good[] = {
        TEXT("GET /p/q;r?s=t&u=/?%20 HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET // HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET http://h/p?q HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET http://h HTTP/1.1\r\n" HOST WEBSOCKET END),
        TEXT("GET HTTPS://h:443/ HTTP/1.1\r\n" HOST WEBSOCKET END),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

/* ---- Host, Upgrade, Connection ---------------------------------------------------------------*/

static void R6455_4_2_1_5__host_missing_repeated_or_malformed__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(LINE WEBSOCKET END), WEIR_E_HOST},
        {TEXT("GET http://h/ HTTP/1.1\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host:\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: \t \r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h\r\nHost: g\r\n" WEBSOCKET END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(LINE HOST HOST WEBSOCKET END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(LINE "host: h\r\n" WEBSOCKET "HOST: h\r\n" END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(LINE "Host: a b\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: a, b\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: u@h\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h/p\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h:x\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h:65536\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: :80\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: [::1\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h\xFF\r\n" WEBSOCKET END), WEIR_E_HOST},
        {TEXT(LINE "Host: h\x01\r\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT(LINE "Host: h\0\r\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
    };
    static const weir_text good[] = {
        TEXT(LINE "Host: server.example.com:8080\r\n" WEBSOCKET END),
        TEXT(LINE "Host: [::1]:80\r\n" WEBSOCKET END),
        TEXT(LINE "Host: 127.0.0.1:\r\n" WEBSOCKET END),
        TEXT(LINE "host:h\r\n" WEBSOCKET END),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

static void R6455_4_2_1_6__upgrade_that_does_not_list_websocket__is_426(void **state)
{
    static const refusal cases[] = {
        {TEXT(LINE HOST CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade:\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: h2c\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: websocket/1\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: \"websocket\"\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: websocket2\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: websocke\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: web socket\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
        {TEXT(LINE HOST "Upgrade: h2c;websocket\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE},
    };
    static const weir_text good[] = {
        TEXT(LINE HOST "Upgrade: WebSocket\r\n" CONNECTION VERSION KEY END),
        TEXT(LINE HOST "Upgrade: h2c, WEBSOCKET\r\n" CONNECTION VERSION KEY END),
        TEXT(LINE HOST "Upgrade:websocket,h2c\r\n" CONNECTION VERSION KEY END),
        TEXT(LINE HOST "Upgrade: h2c\r\nUpgrade: websocket\r\n" CONNECTION VERSION KEY END),
        TEXT(LINE HOST UPGRADE UPGRADE CONNECTION VERSION KEY END),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

static void R6455_4_2_1_7__connection_that_does_not_list_upgrade__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(LINE HOST UPGRADE VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection:\r\n" VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection: close\r\n" VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection: Upgrade2\r\n" VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection: up grade\r\n" VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection: \"upgrade\"\r\n" VERSION KEY END), WEIR_E_CONNECTION},
        {TEXT(LINE HOST UPGRADE "Connection: keep-alive;upgrade\r\n" VERSION KEY END),
         WEIR_E_CONNECTION},
    };
    static const weir_text good[] = {
        TEXT(LINE HOST UPGRADE "Connection: keep-alive, Upgrade\r\n" VERSION KEY END),
        TEXT(LINE HOST UPGRADE "Connection: UPGRADE , close\r\n" VERSION KEY END),
        TEXT(LINE HOST UPGRADE "Connection: keep-alive\r\nConnection: TE\r\nConnection: upgrade"
                               "\r\n" VERSION KEY END),
        TEXT(LINE HOST UPGRADE "Connection: upgrade\r\nX: y\r\nConnection: TE\r\n" VERSION KEY END),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

/* ---- Key, version ----------------------------------------------------------------------------*/

#define KEY_OF(key) LINE HOST UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: " key "\r\n" END

static void R6455_4_2_1_8__key_that_is_not_16_bytes_in_base64__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(KEY_OF("")), WEIR_E_KEY},
        {TEXT(KEY_OF("==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAA=")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAA")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAAA=")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAAAA")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAA===")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA-AAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA_AAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA AAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA=AAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA,AAAAAAAAAAAAA==")), WEIR_E_KEY},
        {TEXT(KEY_OF("\"AAAAAAAAAAAAAAAAAAAA\"==")), WEIR_E_KEY},
        {TEXT(KEY_OF("AAAAAAAA\xC3\xA4"
                     "AAAAAAAAAAAA==")),
         WEIR_E_KEY},
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
}

static void R6455_4_2_1_8__every_byte_in_a_key__is_of_the_alphabet_or_refused(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char request[] = KEY_OF("AAAAAAAAAAAAAAAAAAAAAA==");
    char *const place = strstr(request, "AAAA") + 7;
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const weir_text text = {request, sizeof request - 1};
        const int control = (byte < 32 && byte != '\t') || byte == 127;
        *place = (char)byte;
        if (byte != 0 && strchr(alphabet, byte))
            shake_opened(text, shake_sampled);
        else
            shake_refused(text, control ? WEIR_E_HTTP_SYNTAX : WEIR_E_KEY, shake_sampled);
    }
}

static void R6455_4_2_1_8__pad_bits_that_are_not_zero__are_accepted_from_clients(void **state)
{
    (void)state;
    shake_opened(AS_TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAAB==")), NULL);
    shake_opened(AS_TEXT(KEY_OF("AAAAAAAAAAAAAAAAAAAAA/==")), NULL);
}

#define VERSION_OF(version)                                                                        \
    LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: " version "\r\n" END

static void R6455_4_2_1_9__versions_0_to_255_but_13__are_426(void **state)
{
    (void)state;
    for (int version = 0; version <= 255; version++) {
        char request[512];
        const int len = snprintf(request, sizeof request, VERSION_OF("%d"), version);
        const weir_text text = {request, (size_t)len};
        if (version == 13)
            shake_accepted(text, NULL, shake_sampled);
        else
            shake_refused(text, WEIR_E_VERSION, shake_sampled);
    }
}

static void R6455_4_2_1_9__version_that_breaks_its_grammar__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(LINE HOST UPGRADE CONNECTION KEY END), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("013")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("00")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("+13")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("-13")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("13.0")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("0x0d")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("1 3")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("256")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("269")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("999")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("1300")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("4294967309")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("18446744073709551629")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("\"13\"")), WEIR_E_VERSION_MISSING},
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
}

static void R6455_11_3_3__key_or_version_that_is_repeated__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(REQUEST KEY END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(REQUEST "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n" END),
         WEIR_E_HTTP_DUPLICATE},
        {TEXT(REQUEST "Sec-WebSocket-Key:\r\n" END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(REQUEST VERSION END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(REQUEST "SEC-WEBSOCKET-VERSION: 8\r\n" END), WEIR_E_HTTP_DUPLICATE},
        {TEXT(VERSION_OF("13, 13")), WEIR_E_VERSION_MISSING},
        {TEXT(VERSION_OF("13, 8")), WEIR_E_VERSION_MISSING},
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
}

/* ---- Subprotocols ----------------------------------------------------------------------------*/

#define OFFER(list) REQUEST "Sec-WebSocket-Protocol:" list "\r\n" END

static void R6455_4_2_1_11__subprotocols_that_are_no_list_of_tokens__are_400(void **state)
{
    static const refusal cases[] = {
        {TEXT(OFFER("")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" ,")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" , ,")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" a b")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" \"a\"")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" a, b/c")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" a;b")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" a=b")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" \xC3\xA4")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" a\r\nSec-WebSocket-Protocol: \"b\"")), WEIR_E_SUBPROTOCOL_LIST},
        {TEXT(OFFER(" \"a")), WEIR_E_SUBPROTOCOL_LIST},
    };
    static const weir_text good[] = {
        TEXT(OFFER("a")),       TEXT(OFFER(" a,,b")),
        TEXT(OFFER(" , a ,b")), TEXT(OFFER("\ta\t,\tb\t")),
        TEXT(OFFER(" a, a")),   TEXT(OFFER(" a\r\nSec-WebSocket-Protocol: b")),
    };
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    accept_all(good, COUNT_OF(good));
}

static void R6455_4_2_1_11__ten_kilobytes_of_spaces__are_judged_in_one_go(void **state)
{
    bytes request = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&request, REQUEST "Sec-WebSocket-Protocol: a");
    for (int i = 0; i < 10240; i++)
        bytes_add_text(&request, " ");
    bytes_add_text(&request, "b\r\n" END);
    shake_refused((weir_text){(char *)request.data, request.len}, WEIR_E_SUBPROTOCOL_LIST, NULL);
    bytes_free(&request);
}

/* ---- What the caller reads -------------------------------------------------------------------*/

static void text_is(const peer *p, int id, const char *want)
{
    weir_text text;
    assert_int_equal(weir_conn_text(p->conn, id, &text), WEIR_OK);
    assert_int_equal(text.len, strlen(want));
    assert_memory_equal(text.data, want, text.len);
}

static void request__is_read_part_by_part(void **state)
{
    peer p;
    (void)state;
    shake_start(
        &p, 's',
        AS_TEXT("GET /a/b?c=d?e HTTP/1.1\r\nHost:\tH:81 \r\n" WEBSOCKET "Origin: http://o\r\n" END),
        NULL);
    assert_true(peer_saw(&p, "REQUEST"));
    text_is(&p, WEIR_TEXT_METHOD, "GET");
    text_is(&p, WEIR_TEXT_TARGET, "/a/b?c=d?e");
    text_is(&p, WEIR_TEXT_PATH, "/a/b");
    text_is(&p, WEIR_TEXT_QUERY, "c=d?e");
    text_is(&p, WEIR_TEXT_HOST, "H:81");
    text_is(&p, WEIR_TEXT_ORIGIN, "http://o");
    peer_close(&p);
}

static void request_without_origin_query_or_subprotocol__says_not_found(void **state)
{
    peer p;
    weir_text text;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST END), NULL);
    text_is(&p, WEIR_TEXT_QUERY, "");
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_ORIGIN, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_REASON, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_SUBPROTOCOL, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(p.conn, 9, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_text(NULL, WEIR_TEXT_PATH, &text), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_PATH, NULL), WEIR_E_ARGUMENT);
    peer_close(&p);
}

static void fields__are_found_by_name_in_any_case_and_by_position(void **state)
{
    peer p;
    weir_text value;
    weir_field field;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST "X-a: 1\r\nx-A: \xE4 2\t\r\nX-Empty:\r\n" END), NULL);
    assert_int_equal(weir_conn_header(p.conn, "X-A", WEIR_NTS, 0, &value), WEIR_OK);
    assert_memory_equal(value.data, "1", value.len);
    assert_int_equal(weir_conn_header(p.conn, "x-ab", 3, 1, &value), WEIR_OK);
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "\xE4 2", 3);
    assert_int_equal(weir_conn_header(p.conn, "X-A", WEIR_NTS, 2, &value), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "X-", WEIR_NTS, 0, &value), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "", 0, 0, &value), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, NULL, 0, 0, &value), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_header(p.conn, "X", 1, 0, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_header_at(p.conn, 6, &field), WEIR_OK);
    assert_memory_equal(field.name.data, "x-A", field.name.len);
    assert_int_equal(weir_conn_header_at(p.conn, 7, &field), WEIR_OK);
    assert_int_equal(field.value.len, 0);
    assert_int_equal(weir_conn_header_at(p.conn, 8, &field), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header_at(p.conn, SIZE_MAX, &field), WEIR_E_NOT_FOUND);
    peer_close(&p);
}

static void offered_subprotocols__are_listed_over_all_lines_in_order(void **state)
{
    static const char *const want[] = {"a", "b", "C", "a"};
    peer p;
    weir_text text;
    (void)state;
    shake_start(&p, 's', AS_TEXT(OFFER(" a ,,b\r\nX: y\r\nsec-websocket-protocol: C,a")), NULL);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(weir_conn_offered_subprotocol(p.conn, i, &text), WEIR_OK);
        assert_int_equal(text.len, 1);
        assert_memory_equal(text.data, want[i], 1);
    }
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 4, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, NULL), WEIR_E_ARGUMENT);
    peer_close(&p);
}

static void request__cannot_be_read_before_it_is_whole_nor_once_it_is_forgotten(void **state)
{
    peer p;
    weir_text text;
    weir_field field;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST), NULL);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_METHOD, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "Host", WEIR_NTS, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header_at(p.conn, 0, &field), WEIR_E_NOT_FOUND);
    peer_feed(&p, END, 2, 2);
    text_is(&p, WEIR_TEXT_METHOD, "GET");
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    peer_feed(&p, "\x89", 1, 1);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_METHOD, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_header(p.conn, "Host", WEIR_NTS, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, &text), WEIR_E_NOT_FOUND);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_4_2_1_1__each_missing_line__is_refused_with_its_status),
        cmocka_unit_test(R6455_4_2_1_1__every_order_of_the_fields__is_accepted),
        cmocka_unit_test(R6455_4_2_1_1__sixty_unknown_fields__are_ignored),
        cmocka_unit_test(R6455_4_2_1_2__method_other_than_get__is_405),
        cmocka_unit_test(R6455_4_2_1_3__version_below_1_1_or_malformed__is_400_and_above_1_x_505),
        cmocka_unit_test(R6455_4_2_1_4__target_that_is_no_path_and_no_http_url__is_400),
        cmocka_unit_test(R6455_4_2_1_5__host_missing_repeated_or_malformed__is_400),
        cmocka_unit_test(R6455_4_2_1_6__upgrade_that_does_not_list_websocket__is_426),
        cmocka_unit_test(R6455_4_2_1_7__connection_that_does_not_list_upgrade__is_400),
        cmocka_unit_test(R6455_4_2_1_8__key_that_is_not_16_bytes_in_base64__is_400),
        cmocka_unit_test(R6455_4_2_1_8__every_byte_in_a_key__is_of_the_alphabet_or_refused),
        cmocka_unit_test(R6455_4_2_1_8__pad_bits_that_are_not_zero__are_accepted_from_clients),
        cmocka_unit_test(R6455_4_2_1_9__versions_0_to_255_but_13__are_426),
        cmocka_unit_test(R6455_4_2_1_9__version_that_breaks_its_grammar__is_400),
        cmocka_unit_test(R6455_11_3_3__key_or_version_that_is_repeated__is_400),
        cmocka_unit_test(R6455_4_2_1_11__subprotocols_that_are_no_list_of_tokens__are_400),
        cmocka_unit_test(R6455_4_2_1_11__ten_kilobytes_of_spaces__are_judged_in_one_go),
        cmocka_unit_test(request__is_read_part_by_part),
        cmocka_unit_test(request_without_origin_query_or_subprotocol__says_not_found),
        cmocka_unit_test(fields__are_found_by_name_in_any_case_and_by_position),
        cmocka_unit_test(offered_subprotocols__are_listed_over_all_lines_in_order),
        cmocka_unit_test(request__cannot_be_read_before_it_is_whole_nor_once_it_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
