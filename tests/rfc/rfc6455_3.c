/* SPDX-License-Identifier: MIT */
/* RFC 6455 3: the URL of a client decides what is asked of whom, or nothing is sent at all. */
#include <stdio.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

typedef struct asked {
    const char *url;
    const char *target;
    const char *host;
} asked;

static void ask(weir_text url, const char *target, const char *host)
{
    const weir_request request = {.url = url};
    char want[1024];
    peer p;
    assert_int_equal(shake_ask(&p, &request), WEIR_OK);
    const int len =
        snprintf(want, sizeof want, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade:", target, host);
    assert_true(p.output.len > (size_t)len);
    if (memcmp(p.output.data, want, (size_t)len) != 0) {
        shake_show("output", p.output.data, p.output.len);
        shake_show("wanted", want, (size_t)len);
        fail();
    }
    peer_close(&p);
}

static void ask_all(const asked *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ask((weir_text){cases[i].url, WEIR_NTS}, cases[i].target, cases[i].host);
}

static void refuse(weir_text url)
{
    const weir_request request = {.url = url};
    peer p;
    const int status = shake_ask(&p, &request);
    if (status != WEIR_E_URL)
        shake_show("url", url.data, url.len == WEIR_NTS ? strlen(url.data) : url.len);
    assert_int_equal(status, WEIR_E_URL);
    peer_close(&p);
}

static void refuse_all(const char *const *urls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        refuse((weir_text){urls[i], WEIR_NTS});
}

static void secure_is(const char *text, uint32_t secure)
{
    weir_url url;
    assert_int_equal(weir_url_parse(text, WEIR_NTS, &url), WEIR_OK);
    assert_int_equal(url.secure, secure);
}

static void R6455_3_1__scheme__is_ws_or_wss_in_any_case(void **state)
{
    static const asked good[] = {
        {"ws://h/", "/", "h"},
        {"WS://h/", "/", "h"},
        {"wss://h/", "/", "h"},
        {"wsS://h/", "/", "h"},
    };
    static const char *const bad[] = {
        "",         "h",        "/",        "//h/",      "ws",         "ws:",    "ws:/h",
        "ws//h/",   "ws:h/",    "htp://h/", "http://h/", "https://h/", "w://h/", "wsss://h/",
        " ws://h/", "ws ://h/", "xws://h/", "wss:/h/",   "ws:\\\\h\\",
    };
    (void)state;
    ask_all(good, COUNT_OF(good));
    refuse_all(bad, COUNT_OF(bad));
    secure_is("ws://h/", 0);
    secure_is("wS://h/", 0);
    secure_is("wss://h/", 1);
    secure_is("WsS://h/", 1);
}

static void R6455_3_2__fragment__is_refused_and_an_escaped_one_passes(void **state)
{
    static const asked good[] = {
        {"ws://h/%23", "/%23", "h"},
        {"ws://h/a%23b?c%23d", "/a%23b?c%23d", "h"},
    };
    static const char *const bad[] = {"ws://h/#",   "ws://h/a#b", "ws://h#",  "ws://h#a",
                                      "ws://h/?a#", "ws://h?#a",  "ws://h/#?"};
    (void)state;
    ask_all(good, COUNT_OF(good));
    refuse_all(bad, COUNT_OF(bad));
}

static void R6455_3_3__port__is_decimal_and_left_out_when_usual(void **state)
{
    static const asked good[] = {
        {"ws://h:80/", "/", "h"},
        {"wss://h:443/", "/", "h"},
        {"ws://h:443/", "/", "h:443"},
        {"wss://h:80/", "/", "h:80"},
        {"ws://h:/", "/", "h"},
        {"wss://h:", "/", "h"},
        {"ws://h:0/", "/", "h:0"},
        {"ws://h:65535/", "/", "h:65535"},
        {"ws://h:080/", "/", "h"},
        {"ws://h:8080", "/", "h:8080"},
        {"ws://[::1]:81/", "/", "[::1]:81"},
    };
    static const char *const bad[] = {
        "ws://h:65536/", "ws://h:+80/",
        "ws://h:-1/",    "ws://h:99999999999/",
        "ws://h:8o/",    "ws://h: 80/",
        "ws://h:80:/",   "ws://h:0x50/",
        "ws://:80/",     "ws://h:18446744073709551696/",
    };
    (void)state;
    ask_all(good, COUNT_OF(good));
    refuse_all(bad, COUNT_OF(bad));
}

static void R6455_3_4__R6455_4_1_9__target__is_path_and_non_empty_query(void **state)
{
    static const asked good[] = {
        {"ws://h", "/", "h"},
        {"ws://h/", "/", "h"},
        {"ws://h?x", "/?x", "h"},
        {"ws://h?", "/", "h"},
        {"ws://h/a?", "/a", "h"},
        {"ws://h/a?x=1&y=/?:@", "/a?x=1&y=/?:@", "h"},
        {"ws://h/a??", "/a??", "h"},
        {"ws://h//a/./../b;c", "//a/./../b;c", "h"},
        {"ws://h/%00%ff%2F", "/%00%ff%2F", "h"},
    };
    static const char *const bad[] = {"ws://h/%", "ws://h/%2", "ws://h/%zz", "ws://h/a?%",
                                      "ws://h?%g0"};
    (void)state;
    ask_all(good, COUNT_OF(good));
    refuse_all(bad, COUNT_OF(bad));
}

static void R6455_3_5__host__is_a_name_ipv4_or_ipv6_in_brackets(void **state)
{
    static const asked good[] = {
        {"ws://server.example.com/chat", "/chat", "server.example.com"},
        {"ws://Server_1-x.example./", "/", "Server_1-x.example."},
        {"ws://127.0.0.1/", "/", "127.0.0.1"},
        {"ws://[::1]/", "/", "[::1]"},
        {"ws://[2001:db8::1:0:0:1]/", "/", "[2001:db8::1:0:0:1]"},
        {"ws://[::ffff:10.0.0.1]/", "/", "[::ffff:10.0.0.1]"},
        {"ws://%41b/", "/", "%41b"},
    };
    static const char *const bad[] = {
        "ws:///",          "ws://",        "ws://?x",
        "ws://u@h/",       "ws://u:p@h/",  "ws://h@evil/",
        "ws://@h/",        "ws://[::1/",   "ws://::1]/",
        "ws://[]/",        "ws://[::1]x/", "ws://[h]/",
        "ws://[1::2::3]/", "ws://[:::]/",  "ws://a b/",
        "ws://h\\p/",      "ws://h|/",     "ws://<h>/",
        "ws://h%4/",       "ws://::1/",    "ws://[fe80::1%25eth0]/",
    };
    (void)state;
    ask_all(good, COUNT_OF(good));
    refuse_all(bad, COUNT_OF(bad));
}

static void R6455_11_1_1__every_byte_in_host_path_and_query__is_ascii_or_refused(void **state)
{
    static const char *const shapes[] = {"ws://a?b/", "ws://h/a?b", "ws://h/?a?b"};
    static const size_t places[] = {6, 8, 9};
    (void)state;
    for (size_t shape = 0; shape < 3; shape++) {
        for (int byte = 0; byte < 256; byte++) {
            char url[16];
            const size_t len = strlen(shapes[shape]);
            const int refused = byte <= 0x20 || byte >= 0x7F || strchr("\"#%<>[]\\^`{|}", byte) ||
                                (shape == 0 && (byte == '@' || byte == ':'));
            memcpy(url, shapes[shape], len);
            url[places[shape]] = (char)byte;
            const weir_request request = {.url = {url, len}};
            peer p;
            assert_int_equal(shake_ask(&p, &request), refused ? WEIR_E_URL : WEIR_OK);
            peer_close(&p);
        }
    }
}

static void R6455_4_1_1__what_is_missing__is_an_argument_error_and_nothing_is_sent(void **state)
{
    const weir_request none = {.url = {NULL, 0}};
    const weir_request good = {.url = TEXT("ws://h/")};
    weir_conn *conn = (weir_conn *)&none;
    peer p;
    (void)state;
    assert_int_equal(shake_ask(&p, &none), WEIR_E_URL);
    assert_int_equal(weir_conn_create_client(p.context, NULL, &conn), WEIR_E_ARGUMENT);
    assert_null(conn);
    conn = (weir_conn *)&none;
    assert_int_equal(weir_conn_create_client(NULL, &good, &conn), WEIR_E_ARGUMENT);
    assert_null(conn);
    assert_int_equal(weir_conn_create_client(p.context, &good, NULL), WEIR_E_ARGUMENT);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_3_1__scheme__is_ws_or_wss_in_any_case),
        cmocka_unit_test(R6455_3_2__fragment__is_refused_and_an_escaped_one_passes),
        cmocka_unit_test(R6455_3_3__port__is_decimal_and_left_out_when_usual),
        cmocka_unit_test(R6455_3_4__R6455_4_1_9__target__is_path_and_non_empty_query),
        cmocka_unit_test(R6455_3_5__host__is_a_name_ipv4_or_ipv6_in_brackets),
        cmocka_unit_test(R6455_11_1_1__every_byte_in_host_path_and_query__is_ascii_or_refused),
        cmocka_unit_test(R6455_4_1_1__what_is_missing__is_an_argument_error_and_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
