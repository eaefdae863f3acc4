/* SPDX-License-Identifier: MIT */
/* RFC 9112: lines, framing of bodies, and the end of a connection that does not upgrade. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

typedef struct refusal {
    weir_text input;
    int cause;
} refusal;

static void refuse_all(const refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shake_refused(cases[i].input, cases[i].cause, NULL);
}

static void fail_all(const refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shake_client_fails(cases[i].input, cases[i].cause, NULL);
}

static weir_text text_of(const bytes *b)
{
    return (weir_text){(char *)b->data, b->len};
}

static int limit_option;
static uint64_t limit_value;

static void limited(peer *p)
{
    assert_int_equal(weir_config_set(&p->config, limit_option, limit_value), WEIR_OK);
}

/* ---- Lines -----------------------------------------------------------------------------------*/

/* A CR, LF or NUL more anywhere in a good head. */
static void insert_everywhere(char kind, weir_text head, char byte)
{
    /* In front of the last LF a second one would stand behind the head. */
    for (size_t at = 0; at < head.len - (byte == '\n'); at++) {
        bytes broken = {NULL, 0, 0};
        bytes_add(&broken, head.data, at);
        bytes_add(&broken, &byte, 1);
        bytes_add(&broken, head.data + at, head.len - at);
        if (kind == 's')
            shake_refused(text_of(&broken), WEIR_E_HTTP_SYNTAX, shake_sampled);
        else
            shake_client_fails(text_of(&broken), WEIR_E_HTTP_SYNTAX, shake_sampled);
        bytes_free(&broken);
    }
}

static void R9112_2_2_2__bare_cr_or_lf_at_any_place__is_refused(void **state)
{
    static const char bytes_of[] = {'\r', '\n', '\0'};
    bytes response = {NULL, 0, 0};
    (void)state;
    shake_add_response(&response, AS_TEXT(RESPONSE END));
    for (size_t i = 0; i < COUNT_OF(bytes_of); i++) {
        insert_everywhere('s', AS_TEXT(REQUEST END), bytes_of[i]);
        insert_everywhere('c', text_of(&response), bytes_of[i]);
    }
    bytes_free(&response);
}

static void R9112_2_2_2__lines_that_end_in_lf_alone__are_refused(void **state)
{
    (void)state;
    shake_refused(AS_TEXT("GET / HTTP/1.1\nHost: h\n\n"), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT(LINE "Host: h\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT(REQUEST "\n"), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT(REQUEST "\r\r\n"), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT(LINE "Host: h\r\r\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_client_fails(AS_TEXT("HTTP/1.1 101 x\n" UPGRADE CONNECTION ACCEPT END),
                       WEIR_E_HTTP_SYNTAX, NULL);
    shake_client_fails(AS_TEXT(RESPONSE "\n"), WEIR_E_HTTP_SYNTAX, NULL);
}

static void R9112_2_2_4__empty_lines_before_the_request__are_skipped_up_to_two(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(REQUEST END), NULL, NULL);
    shake_accepted(AS_TEXT("\r\n" REQUEST END), NULL, NULL);
    shake_accepted(AS_TEXT("\r\n\r\n" REQUEST END), NULL, NULL);
    shake_refused(AS_TEXT("\r\n\r\n\r\n" REQUEST END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT("\n" REQUEST END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_refused(AS_TEXT(" \r\n" REQUEST END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_client_fails(AS_TEXT("\r\n" RESPONSE END), WEIR_E_HTTP_SYNTAX, NULL);
    limit_option = WEIR_OPTION_MAX_EMPTY_LINES;
    limit_value = 0;
    shake_accepted(AS_TEXT(REQUEST END), NULL, limited);
    shake_refused(AS_TEXT("\r\n" REQUEST END), WEIR_E_HTTP_SYNTAX, limited);
    limit_value = 3;
    shake_accepted(AS_TEXT("\r\n\r\n\r\n" REQUEST END), NULL, limited);
}

static void R9112_2_2_6__whitespace_behind_the_start_line__is_refused(void **state)
{
    static const refusal requests[] = {
        {TEXT(LINE " " HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT(LINE "\t" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT(LINE " \r\n" HOST WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
    };
    static const refusal responses[] = {
        {TEXT(STATUS " " UPGRADE CONNECTION ACCEPT END), WEIR_E_HTTP_SYNTAX},
        {TEXT(STATUS "\t" UPGRADE CONNECTION ACCEPT END), WEIR_E_HTTP_SYNTAX},
        {TEXT(STATUS " \r\n" UPGRADE CONNECTION ACCEPT END), WEIR_E_HTTP_SYNTAX},
    };
    (void)state;
    refuse_all(requests, COUNT_OF(requests));
    fail_all(responses, COUNT_OF(responses));
}

static void R9112_2_2_7__what_is_not_http__is_400(void **state)
{
    static const refusal cases[] = {
        {TEXT("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"), WEIR_E_HTTP_SYNTAX},
        {TEXT("SSH-2.0-OpenSSH_9.9\r\n"), WEIR_E_HTTP_SYNTAX},
        {TEXT("\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58"), WEIR_E_HTTP_SYNTAX},
        {TEXT("\0\0\0\0"), WEIR_E_HTTP_SYNTAX},
        {TEXT("\x7F"), WEIR_E_HTTP_SYNTAX},
        {TEXT("EHLO mail.example\r\n"), WEIR_E_HTTP_SYNTAX},
    };
    bytes noise = {NULL, 0, 0};
    uint32_t dice = 7;
    (void)state;
    refuse_all(cases, COUNT_OF(cases));
    for (int round = 0; round < 200; round++) {
        noise.len = 0;
        for (int i = 0; i < 40; i++) {
            dice = dice * 1664525u + 1013904223u;
            const uint8_t byte = (uint8_t)(dice >> 24);
            bytes_add(&noise, &byte, 1);
        }
        bytes_add(&noise, "\x01", 1); /* at the latest here it is no start line */
        shake_refused(text_of(&noise), WEIR_E_HTTP_SYNTAX, shake_sampled);
    }
    bytes_free(&noise);
    shake_client_fails(AS_TEXT("SSH-2.0-OpenSSH_9.9\r\n"), WEIR_E_HTTP_SYNTAX, NULL);
    shake_client_fails(AS_TEXT("\x15\x03\x01\x00\x02"), WEIR_E_HTTP_SYNTAX, NULL);
    shake_client_fails(AS_TEXT("ICY 200 OK\r\n"), WEIR_E_HTTP_SYNTAX, NULL);
}

static void R9112_2_3_2__higher_minor_version__is_treated_as_1_1(void **state)
{
    (void)state;
    for (char minor = '1'; minor <= '9'; minor++) {
        char request[] = "GET / HTTP/1.?\r\n" HOST WEBSOCKET END;
        char response[] = "HTTP/1.? 101 x\r\n" UPGRADE CONNECTION ACCEPT END;
        *strchr(request, '?') = *strchr(response, '?') = minor;
        shake_accepted((weir_text){request, sizeof request - 1}, NULL, NULL);
        shake_client_opens((weir_text){response, sizeof response - 1}, NULL);
    }
    shake_client_fails(AS_TEXT("HTTP/2.0 101 x\r\n" UPGRADE CONNECTION ACCEPT END),
                       WEIR_E_HTTP_VERSION, NULL);
    shake_client_fails(AS_TEXT("HTTP/1.10 101 x\r\n" UPGRADE CONNECTION ACCEPT END),
                       WEIR_E_HTTP_SYNTAX, NULL);
}

/* ---- The request line ------------------------------------------------------------------------*/

static void R9112_3_1__blanks_but_one_sp_between_the_parts__are_refused(void **state)
{
    static const char *const lines[] = {
        " GET / HTTP/1.1", "GET  / HTTP/1.1",  "GET /  HTTP/1.1",  "GET / HTTP/1.1 ",
        "GET\t/ HTTP/1.1", "GET /\tHTTP/1.1",  "GET / HTTP/1.1\t", "\tGET / HTTP/1.1",
        "GET\v/ HTTP/1.1", "GET /\fHTTP/1.1",  "GET\r/ HTTP/1.1",  "GET/ HTTP/1.1",
        "GET /HTTP/1.1",   "GET / HTTP/1.1 x", "GET / HTTP /1.1",  "GET / HTTP/ 1.1",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        bytes request = {NULL, 0, 0};
        bytes_add_text(&request, lines[i]);
        bytes_add_text(&request, "\r\n" HOST WEBSOCKET END);
        shake_refused(text_of(&request), WEIR_E_HTTP_SYNTAX, NULL);
        bytes_free(&request);
    }
}

/* "GET /aaa HTTP/1.1" of len bytes, then the fields. */
static void add_long_request(bytes *b, const char *method, size_t line_len)
{
    b->len = 0;
    bytes_add_text(b, method);
    bytes_add_text(b, " /");
    while (b->len < line_len - 9)
        bytes_add_text(b, "a");
    bytes_add_text(b, " HTTP/1.1\r\n" HOST WEBSOCKET END);
}

static void R9112_3_3__line_over_the_limit__is_414(void **state)
{
    bytes request = {NULL, 0, 0};
    (void)state;
    for (size_t len = 8191; len <= 8193; len++) {
        add_long_request(&request, "GET", len);
        if (len <= 8192)
            shake_accepted(text_of(&request), NULL, shake_sampled);
        else
            shake_refused(text_of(&request), WEIR_E_HTTP_LINE_TOO_LONG, shake_sampled);
    }
    limit_option = WEIR_OPTION_MAX_LINE_BYTES;
    for (limit_value = 39; limit_value <= 41; limit_value++) {
        add_long_request(&request, "GET", 40);
        if (limit_value >= 40)
            shake_accepted(text_of(&request), NULL, limited);
        else
            shake_refused(text_of(&request), WEIR_E_HTTP_LINE_TOO_LONG, limited);
    }
    bytes_free(&request);
    /* The status line: "HTTP/1.1 101 Switching Protocols" has 32 bytes. */
    limit_value = 32;
    shake_client_opens(AS_TEXT(RESPONSE END), limited);
    limit_value = 31;
    shake_client_fails(AS_TEXT(RESPONSE END), WEIR_E_HTTP_LINE_TOO_LONG, limited);
}

/* A method of 64 KiB fills the line; one that fits is just not GET. */
static void R9112_3_3__overlong_method__is_414_and_a_long_one_405(void **state)
{
    bytes method = {NULL, 0, 0};
    bytes request = {NULL, 0, 0};
    (void)state;
    while (method.len < 65536)
        bytes_add_text(&method, "M");
    bytes_add(&method, "", 1);
    bytes_add_text(&request, (char *)method.data);
    bytes_add_text(&request, " / HTTP/1.1\r\n" HOST WEBSOCKET END);
    shake_refused(text_of(&request), WEIR_E_HTTP_LINE_TOO_LONG, shake_sampled);
    method.data[5000] = 0;
    request.len = 0;
    bytes_add_text(&request, (char *)method.data);
    bytes_add_text(&request, " / HTTP/1.1\r\n" HOST WEBSOCKET END);
    shake_refused(text_of(&request), WEIR_E_HTTP_METHOD, shake_sampled);
    bytes_free(&request);
    bytes_free(&method);
}

static void R9112_3_4__line_of_8000_bytes__is_accepted_by_default(void **state)
{
    bytes request = {NULL, 0, 0};
    (void)state;
    add_long_request(&request, "GET", 8000);
    shake_accepted(text_of(&request), NULL, shake_sampled);
    bytes_free(&request);
}

static void R9112_3_2_1__every_byte_in_a_target__is_taken_or_refused_never_repaired(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char request[] = "GET /a@b HTTP/1.1\r\n" HOST WEBSOCKET END;
        const weir_text text = {request, sizeof request - 1};
        *strchr(request, '@') = (char)byte;
        if (byte <= 32 || byte >= 127)
            shake_refused(text, WEIR_E_HTTP_SYNTAX, shake_sampled);
        else if (strchr("\"#<>", byte))
            shake_refused(text, WEIR_E_HTTP_TARGET, shake_sampled);
        else
            shake_accepted(text, NULL, shake_sampled);
    }
}

static void target_is(const char *target, const char *host, const char *path, const char *query)
{
    static const int ids[] = {WEIR_TEXT_TARGET, WEIR_TEXT_HOST, WEIR_TEXT_PATH, WEIR_TEXT_QUERY};
    const char *const want[] = {target, host, path, query};
    char request[512];
    const int len =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: b\r\n" WEBSOCKET END, target);
    peer p;
    shake_start(&p, 's', (weir_text){request, (size_t)len}, NULL);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        weir_text text;
        assert_int_equal(weir_conn_text(p.conn, ids[i], &text), WEIR_OK);
        assert_int_equal(text.len, strlen(want[i]));
        assert_memory_equal(text.data, want[i], text.len);
    }
    peer_close(&p);
}

static void R9112_3_2_2_1__authority_of_an_absolute_target__overrides_host(void **state)
{
    (void)state;
    target_is("http://a/", "a", "/", "");
    target_is("http://a", "a", "/", "");
    target_is("https://A:81?x", "A:81", "/", "x");
    target_is("HTTP://[::1]:81/p/q?r?s", "[::1]:81", "/p/q", "r?s");
    target_is("/http://a/", "b", "/http://a/", "");
    target_is("//a/p", "b", "//a/p", "");
}

/* ---- The status line -------------------------------------------------------------------------*/

#define REST "\r\n" UPGRADE CONNECTION ACCEPT END

static void R9112_4_1__status_line__is_version_three_digits_and_a_reason(void **state)
{
    static const weir_text good[] = {
        TEXT("HTTP/1.1 101 " REST),
        TEXT("HTTP/1.1 101" REST), /* the SP is asked of the sender only */
        TEXT("HTTP/1.1 101 OK" REST),
        TEXT("HTTP/1.1 101  \t 404 Not Found\xFF" REST),
    };
    static const refusal bad[] = {
        {TEXT("HTTP/1.1 10" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 101\rx" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 1010 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 10 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 1x1 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 001 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 +01 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1  101 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1\t101 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 101\tx" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 101 x\x01" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 101 x\0" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1 101 x\x7F" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("http/1.1 101 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT(" HTTP/1.1 101 x" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("HTTP/1.1" REST), WEIR_E_HTTP_SYNTAX},
        {TEXT("101 x" REST), WEIR_E_HTTP_SYNTAX},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        shake_client_opens(good[i], NULL);
    fail_all(bad, COUNT_OF(bad));
}

/* ---- Fields ----------------------------------------------------------------------------------*/

static void R9112_5_1_1__whitespace_before_the_colon__is_refused(void **state)
{
    static const refusal requests[] = {
        {TEXT(LINE "Host : h\r\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT(REQUEST "X-Unknown\t: y\r\n" END), WEIR_E_HTTP_SYNTAX},
        {TEXT(REQUEST "Content-Length : 0\r\n" END), WEIR_E_HTTP_SYNTAX},
    };
    static const refusal responses[] = {
        {TEXT(STATUS "Upgrade : websocket\r\n" CONNECTION ACCEPT END), WEIR_E_HTTP_SYNTAX},
        {TEXT(RESPONSE "X\t: y\r\n" END), WEIR_E_HTTP_SYNTAX},
    };
    (void)state;
    refuse_all(requests, COUNT_OF(requests));
    fail_all(responses, COUNT_OF(responses));
}

static void R9112_5_2_1__fold_in_a_request__is_refused(void **state)
{
    static const refusal requests[] = {
        {TEXT(REQUEST "X: y\r\n z\r\n" END), WEIR_E_HTTP_SYNTAX},
        {TEXT(REQUEST "X:\r\n\tz\r\n" END), WEIR_E_HTTP_SYNTAX},
        {TEXT(LINE "Host:\r\n h\r\n" WEBSOCKET END), WEIR_E_HTTP_SYNTAX},
        {TEXT(LINE HOST "Upgrade:\r\n websocket\r\n" CONNECTION VERSION KEY END),
         WEIR_E_HTTP_SYNTAX},
        {TEXT(REQUEST " \r\n" END), WEIR_E_HTTP_SYNTAX},
    };
    (void)state;
    refuse_all(requests, COUNT_OF(requests));
}

static void R9112_5_2_2__fold_in_a_response__is_made_spaces(void **state)
{
    peer p;
    weir_text value;
    (void)state;
    shake_client_opens(AS_TEXT(RESPONSE "X: y\r\n z\r\n\t\r\n w\r\n" END), NULL);
    shake_client_opens(AS_TEXT(STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept:\r\n {accept}\r\n"
                                                         " \r\n" END),
                       NULL);
    shake_client_opens(AS_TEXT(STATUS UPGRADE "Connection: x,\r\n\tUpgrade\r\n" ACCEPT END), NULL);
    shake_client_fails(AS_TEXT(STATUS UPGRADE "Connection: Up\r\n grade\r\n" ACCEPT END),
                       WEIR_E_CONNECTION, NULL);
    shake_client_fails(AS_TEXT(STATUS UPGRADE CONNECTION
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9\r\n kYGzzhZRbK+xOo=\r\n" END),
                       WEIR_E_ACCEPT, NULL);
    shake_client_fails(AS_TEXT(RESPONSE "X: y\r\n \x01\r\n" END), WEIR_E_HTTP_SYNTAX, NULL);
    shake_start(&p, 'c', AS_TEXT(RESPONSE "X: y\r\n z\r\n" END), NULL);
    assert_int_equal(weir_conn_header(p.conn, "X", 1, 0, &value), WEIR_OK);
    assert_int_equal(value.len, 5);
    assert_memory_equal(value.data, "y   z", 5);
    peer_close(&p);
}

/* ---- Bodies ----------------------------------------------------------------------------------*/

#define LENGTH(value) "Content-Length: " value "\r\n"
#define CODING(value) "Transfer-Encoding: " value "\r\n"

static void R9112_6_1__upgrade_with_a_body__is_refused_unread(void **state)
{
    static const refusal requests[] = {
        {TEXT(REQUEST LENGTH("5") END "hello"), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST LENGTH("1") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST LENGTH("18446744073709551615") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST CODING("chunked") END "0\r\n\r\n"), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST CODING("gzip") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST CODING("") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST CODING("identity") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST LENGTH("37") END "GET /admin HTTP/1.1\r\nHost: inner\r\n\r\n"),
         WEIR_E_HTTP_BODY},
    };
    (void)state;
    refuse_all(requests, COUNT_OF(requests));
    shake_accepted(AS_TEXT(REQUEST LENGTH("0") END), NULL, NULL);
    shake_accepted(AS_TEXT(REQUEST LENGTH("00, 0") END), NULL, NULL);
}

/* What the body holds was never looked at. */
static void R9112_6_1__refusal_of_a_body__stands_where_the_body_begins(void **state)
{
    bytes input = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&input, REQUEST LENGTH("9") END);
    const size_t head_len = input.len;
    bytes_add_text(&input, "GET / HTT");
    outcome o = run_all_cuts('s', &input, NULL);
    assert_int_equal(o.report.cause, WEIR_E_HTTP_BODY);
    assert_int_equal(o.report.offset, head_len);
    outcome_free(&o);
    bytes_free(&input);
}

static void R9112_6_1_1__both_length_and_coding__is_refused(void **state)
{
    static const refusal requests[] = {
        {TEXT(REQUEST LENGTH("5") CODING("chunked") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST CODING("chunked") LENGTH("5") END), WEIR_E_HTTP_BODY},
        {TEXT(REQUEST LENGTH("0") CODING("identity") END), WEIR_E_HTTP_BODY},
        {TEXT(LINE HOST LENGTH("0") CODING("chunked") END), WEIR_E_HTTP_BODY},
        {TEXT(LINE HOST CODING("chunked") LENGTH("0") END), WEIR_E_HTTP_BODY},
    };
    (void)state;
    refuse_all(requests, COUNT_OF(requests));
    shake_client_fails(AS_TEXT("HTTP/1.1 200 x\r\n" LENGTH("5") CODING("chunked") END),
                       WEIR_E_HTTP_BODY, NULL);
}

static void with_events(peer *p)
{
    p->config.http_events = 1;
}

static void R9112_6_1_2__coding_before_http_1_1__is_faulty(void **state)
{
    (void)state;
    shake_refused(AS_TEXT("GET / HTTP/1.0\r\n" HOST CODING("chunked") END), WEIR_E_HTTP_OLD_VERSION,
                  NULL);
    shake_refused(AS_TEXT("GET / HTTP/1.0\r\n" HOST CODING("chunked") END), WEIR_E_HTTP_OLD_VERSION,
                  with_events);
    shake_client_fails(AS_TEXT("HTTP/1.0 200 x\r\n" CODING("chunked") END "0\r\n\r\n"),
                       WEIR_E_HTTP_BODY, NULL);
    shake_client_fails(AS_TEXT("HTTP/1.0 404 x\r\n" CODING("gzip") END), WEIR_E_HTTP_BODY, NULL);
}

static void R9112_6_3_1__content_length__is_one_number(void **state)
{
    static const char *const bad[] = {
        "",
        "+5",
        "-1",
        "5,6",
        "0x5",
        "5 5",
        "5;",
        "\"5\"",
        "5.0",
        "5e1",
        "a",
        "0,1",
        "1,0",
        "18446744073709551616",
        "99999999999999999999",
        "0,",
        ",0",
        "\xB2",
        "5\r\nContent-Length: 6",
        "0\r\nContent-Length:",
        "0\r\ncontent-length: x",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char text[512];
        int len = snprintf(text, sizeof text, REQUEST "Content-Length: %s\r\n" END, bad[i]);
        shake_refused((weir_text){text, (size_t)len}, WEIR_E_HTTP_BODY, NULL);
        len = snprintf(text, sizeof text, LINE HOST "Content-Length: %s\r\n" END, bad[i]);
        shake_refused((weir_text){text, (size_t)len}, WEIR_E_HTTP_BODY, NULL);
        len = snprintf(text, sizeof text, "HTTP/1.1 400 x\r\nContent-Length: %s\r\n\r\n", bad[i]);
        shake_client_fails((weir_text){text, (size_t)len}, WEIR_E_HTTP_BODY, NULL);
    }
    shake_accepted(AS_TEXT(REQUEST LENGTH("0") LENGTH("0") END), NULL, NULL);
    shake_refused(AS_TEXT(REQUEST LENGTH("5,5") END), WEIR_E_HTTP_BODY, NULL);
    shake_client_rejected(AS_TEXT("HTTP/1.1 400 x\r\n" LENGTH("2, 2") LENGTH("02") END "ok"), 400,
                          "ok", NULL);
}

static void R9112_6_3_2__length_and_coding_of_a_101__mean_nothing(void **state)
{
    (void)state;
    shake_client_opens(AS_TEXT(RESPONSE LENGTH("5") END), NULL);
    shake_client_opens(AS_TEXT(RESPONSE CODING("chunked") END), NULL);
    shake_client_opens(AS_TEXT(RESPONSE LENGTH("5") CODING("chunked") END), NULL);
    shake_client_opens(AS_TEXT(RESPONSE LENGTH("x") LENGTH("6") END), NULL);
    shake_client_opens(AS_TEXT("HTTP/1.1 100 x\r\n" LENGTH("5") END RESPONSE END), NULL);
}

/* ---- The end ---------------------------------------------------------------------------------*/

static void R9112_9_6_1__R9112_9_6_2__refused_connection__is_closed_and_reads_no_more(void **state)
{
    static const weir_text bad[] = {
        TEXT("BAD\r\n\r\n"),
        TEXT(LINE HOST END),
        TEXT(LINE HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n" END),
        TEXT("GET / HTTP/2.0\r\n\r\n"),
    };
    static const char next[] = REQUEST END;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        peer p;
        shake_start(&p, 's', bad[i], NULL);
        const size_t output_len = p.output.len;
        assert_int_equal(shake_parse(&p.output).close, 1);
        assert_int_equal(p.event_count, 1);
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT | WEIR_WANT_SHUTDOWN_WRITE);
        for (int round = 0; round < 1000; round++)
            peer_feed(&p, next, sizeof next - 1, sizeof next - 1);
        assert_int_equal(p.event_count, 1);
        assert_int_equal(p.output.len, output_len);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "x", 1), WEIR_E_CLOSING);
        weir_context_set_time(p.context, 5000); /* the peer does not end the transport */
        assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        assert_int_equal(p.event_count, 1);
        peer_close(&p);
    }
}

/* ---- Deadlines -------------------------------------------------------------------------------*/

static void time_passes(peer *p, uint64_t now)
{
    weir_context_set_time(p->context, now);
    while (weir_context_next_ready(p->context))
        peer_pump(p);
}

static void timed_out(const peer *p, int http_status)
{
    weir_report report;
    assert_true(peer_saw(p, "CLOSED flags=0 code=1006 cause=WEIR_E_HANDSHAKE_TIMEOUT"));
    assert_int_equal(p->closed_count, 1);
    assert_int_equal(weir_conn_report(p->conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_E_HANDSHAKE_TIMEOUT);
    assert_int_equal(report.side, WEIR_SIDE_LOCAL);
    assert_int_equal(report.code, 1006);
    assert_int_equal(report.http_status, http_status);
}

static void R9112_9_5_1__request_that_is_late__is_408(void **state)
{
    static const weir_text heads[] = {TEXT(""), TEXT("G"), TEXT(REQUEST), TEXT(REQUEST END)};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        peer p;
        shake_start(&p, 's', heads[i], NULL);
        assert_in_range(weir_context_next_due(p.context), 0, 10000);
        time_passes(&p, 9999);
        assert_int_equal(p.closed_count, 0);
        time_passes(&p, 10000);
        const shake_response r = shake_parse(&p.output);
        assert_int_equal(r.status, 408);
        assert_int_equal(r.close, 1);
        assert_int_equal(r.length, (int)r.body_len);
        timed_out(&p, 408);
        peer_feed(&p, REQUEST END, sizeof REQUEST END - 1, 99);
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

static void R9112_9_5_1__byte_a_second__does_not_hold_the_deadline_off(void **state)
{
    static const char request[] = REQUEST END;
    peer p;
    uint64_t second = 0;
    (void)state;
    shake_start(&p, 's', AS_TEXT(""), NULL);
    for (; p.closed_count == 0; second++) {
        time_passes(&p, second * 1000);
        peer_feed(&p, request + second, 1, 1);
    }
    assert_int_equal(second, 11);
    timed_out(&p, 408);
    peer_close(&p);
}

static void R9112_9_5_1__response_that_is_late__fails_the_client(void **state)
{
    static const weir_text heads[] = {TEXT(""), TEXT("HTTP"), TEXT(RESPONSE),
                                      TEXT("HTTP/1.1 100 x\r\n\r\n")};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        peer p;
        shake_start(&p, 'c', heads[i], NULL);
        time_passes(&p, 29999);
        assert_int_equal(p.closed_count, 0);
        time_passes(&p, 30000);
        timed_out(&p, 0);
        assert_int_equal(p.output.len, 0);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
}

static void R9112_9_5_1__body_of_a_rejection_that_is_late__is_shown_as_it_is(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 'c', AS_TEXT("HTTP/1.1 404 x\r\n\r\npart"), NULL);
    time_passes(&p, 29999);
    assert_int_equal(p.event_count, 0);
    time_passes(&p, 30000);
    assert_true(peer_saw(&p, "REJECTED flags=0 code=404 cause=- offset=0 token=0 len=4 part"));
    assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_NOT_UPGRADED"));
    assert_int_equal(p.event_count, 2);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    peer_close(&p);
}

static void without_deadlines(peer *p)
{
    p->accept = 0;
    p->config.handshake_timeout_ms = WEIR_NONE;
    p->config.connect_timeout_ms = WEIR_NONE;
}

static void R9112_9_5_1__deadline_of_none__never_passes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        peer p;
        shake_start(&p, kind ? 'c' : 's', AS_TEXT(""), without_deadlines);
        while (weir_context_next_ready(p.context))
            peer_pump(&p);
        assert_int_equal(weir_context_next_due(p.context), WEIR_NONE);
        time_passes(&p, UINT64_C(1) << 40);
        assert_int_equal(p.event_count, 0);
        peer_close(&p);
    }
}

#define RUN(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(R9112_2_2_2__bare_cr_or_lf_at_any_place__is_refused),
        RUN(R9112_2_2_2__lines_that_end_in_lf_alone__are_refused),
        RUN(R9112_2_2_4__empty_lines_before_the_request__are_skipped_up_to_two),
        RUN(R9112_2_2_6__whitespace_behind_the_start_line__is_refused),
        RUN(R9112_2_2_7__what_is_not_http__is_400),
        RUN(R9112_2_3_2__higher_minor_version__is_treated_as_1_1),
        RUN(R9112_3_1__blanks_but_one_sp_between_the_parts__are_refused),
        RUN(R9112_3_3__line_over_the_limit__is_414),
        RUN(R9112_3_3__overlong_method__is_414_and_a_long_one_405),
        RUN(R9112_3_4__line_of_8000_bytes__is_accepted_by_default),
        RUN(R9112_3_2_1__every_byte_in_a_target__is_taken_or_refused_never_repaired),
        RUN(R9112_3_2_2_1__authority_of_an_absolute_target__overrides_host),
        RUN(R9112_4_1__status_line__is_version_three_digits_and_a_reason),
        RUN(R9112_5_1_1__whitespace_before_the_colon__is_refused),
        RUN(R9112_5_2_1__fold_in_a_request__is_refused),
        RUN(R9112_5_2_2__fold_in_a_response__is_made_spaces),
        RUN(R9112_6_1__upgrade_with_a_body__is_refused_unread),
        RUN(R9112_6_1__refusal_of_a_body__stands_where_the_body_begins),
        RUN(R9112_6_1_1__both_length_and_coding__is_refused),
        RUN(R9112_6_1_2__coding_before_http_1_1__is_faulty),
        RUN(R9112_6_3_1__content_length__is_one_number),
        RUN(R9112_6_3_2__length_and_coding_of_a_101__mean_nothing),
        RUN(R9112_9_6_1__R9112_9_6_2__refused_connection__is_closed_and_reads_no_more),
        RUN(R9112_9_5_1__request_that_is_late__is_408),
        RUN(R9112_9_5_1__byte_a_second__does_not_hold_the_deadline_off),
        RUN(R9112_9_5_1__response_that_is_late__fails_the_client),
        RUN(R9112_9_5_1__body_of_a_rejection_that_is_late__is_shown_as_it_is),
        RUN(R9112_9_5_1__deadline_of_none__never_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
