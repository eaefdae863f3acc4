/* SPDX-License-Identifier: MIT */
/* URLs, authorities and request targets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/text.h"
#include "../../src/protocol/url.h"
#include "../support/guard.h"

/* "secure host raw port default ipv6 path query", or "refused", of a copy at a heap chunk's end. */
static const char *parse(const char *data, size_t len)
{
    static char dump[400];
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    weir_url url;
    memset(&url, 0xAA, sizeof url);
    const weir_url before = url;
    const int status = weir__url_parse((weir_text){copy, len}, &url);
    if (status == WEIR_OK)
        snprintf(dump, sizeof dump, "%u %.*s %.*s %u %u %u %.*s ?%.*s", url.secure,
                 (int)url.host.len, url.host.data, (int)url.host_raw.len, url.host_raw.data,
                 url.port, url.default_port, url.ipv6, (int)url.path.len, url.path.data,
                 (int)url.query.len, url.query.data);
    else
        snprintf(dump, sizeof dump, "refused");
    if (status != WEIR_OK) {
        assert_int_equal(status, WEIR_E_URL);
        assert_memory_equal(&url, &before, sizeof url);
    }
    free(copy);
    return dump;
}

static void assert_url(const char *text, const char *expected)
{
    assert_string_equal(parse(text, strlen(text)), expected);
}

static bool accepts(const char *text)
{
    return strcmp(parse(text, strlen(text)), "refused") != 0;
}

static void R6455_3_1__scheme__is_ws_or_wss_in_any_case(void **state)
{
    (void)state;
    assert_url("ws://h/", "0 h h 80 1 0 / ?");
    assert_url("wss://h/", "1 h h 443 1 0 / ?");
    assert_url("WS://h/", "0 h h 80 1 0 / ?");
    assert_url("wsS://h/", "1 h h 443 1 0 / ?");
    static const char *const bad[] = {"",         "w",       "ws",      "ws:",      "ws:/h",
                                      "ws:h",     "://h",    "htp://h", "http://h", "https://h",
                                      "wsss://h", " ws://h", "ws ://h", "//h/",     "/",
                                      "ws:\\\\h", "wss:/",   "wss:/h"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i]));
}

static void R6455_3_2__fragment__is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"ws://h#",    "ws://h/#", "ws://h/a#b", "ws://h?#",
                                      "ws://h?a#b", "ws://#",   "ws://h:1#"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i]));
    assert_url("ws://h/a%23b?c%23d", "0 h h 80 1 0 /a%23b ?c%23d");
}

static void R6455_3_3__port__is_0_to_65535_or_the_schemes(void **state)
{
    (void)state;
    assert_url("ws://h:0", "0 h h 0 0 0  ?");
    assert_url("ws://h:65535/", "0 h h 65535 0 0 / ?");
    assert_url("ws://h:/", "0 h h 80 1 0 / ?");
    assert_url("wss://h:", "1 h h 443 1 0  ?");
    assert_url("ws://h:080/", "0 h h 80 1 0 / ?");
    assert_url("ws://h:80/", "0 h h 80 1 0 / ?");
    assert_url("wss://h:80/", "1 h h 80 0 0 / ?");
    assert_url("ws://h:443/", "0 h h 443 0 0 / ?");
    assert_url("ws://h:00000000000000000080/", "0 h h 80 1 0 / ?");
    static const char *const bad[] = {"ws://h:65536",      "ws://h:99999999999",
                                      "ws://h:+80",        "ws://h:-1",
                                      "ws://h:8O",         "ws://h:80:80",
                                      "ws://h:4294967376", "ws://h: 80",
                                      "ws://h:80 /",       "ws://h:18446744073709551696",
                                      "ws://h:0x50"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i]));
}

static void R6455_3_4__resource_name__keeps_path_and_query_apart(void **state)
{
    (void)state;
    assert_url("ws://h", "0 h h 80 1 0  ?");
    assert_url("ws://h?x", "0 h h 80 1 0  ?x");
    assert_url("ws://h/a?", "0 h h 80 1 0 /a ?");
    assert_url("ws://h/a/b?c?d/e", "0 h h 80 1 0 /a/b ?c?d/e");
    assert_url("ws://h//x", "0 h h 80 1 0 //x ?");
    assert_url("ws://h:1?x:y@z", "0 h h 1 0 0  ?x:y@z");
}

static void R6455_3_5__hosts__are_names_or_literals_without_user_data(void **state)
{
    (void)state;
    assert_url("ws://Example.ORG/", "0 Example.ORG Example.ORG 80 1 0 / ?");
    assert_url("ws://192.0.2.1:8080/", "0 192.0.2.1 192.0.2.1 8080 0 0 / ?");
    assert_url("ws://[::1]/", "0 ::1 [::1] 80 1 1 / ?");
    assert_url("wss://[2001:DB8::7]:444/", "1 2001:DB8::7 [2001:DB8::7] 444 0 1 / ?");
    assert_url("ws://a_b~c!$&'()*+,;=/", "0 a_b~c!$&'()*+,;= a_b~c!$&'()*+,;= 80 1 0 / ?");
    assert_url("ws://%41b/", "0 %41b %41b 80 1 0 / ?");
    static const char *const bad[] = {"ws://",
                                      "ws:///",
                                      "ws://:80/",
                                      "ws://?x",
                                      "ws://u@h",
                                      "ws://u:p@h",
                                      "ws://h@evil/",
                                      "ws://@h",
                                      "ws://[::1",
                                      "ws://::1",
                                      "ws://[]",
                                      "ws://[::1]x",
                                      "ws://[::1]80",
                                      "ws://x[::1]",
                                      "ws://a%2/",
                                      "ws://a%zz/",
                                      "ws://a%",
                                      "ws://a\\b/",
                                      "ws://[::1%25eth0]/",
                                      "ws://[fe80::1%25eth0]/",
                                      "ws://[fe80::1%eth0]/",
                                      "ws://[v1.x]/",
                                      "ws://[1.2.3.4]/"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i]));
}

static void R6455_3_5__ipv6_literals__follow_the_grammar(void **state)
{
    (void)state;
    static const char *const good[] = {"::",
                                       "::1",
                                       "1::",
                                       "1:2:3:4:5:6:7:8",
                                       "::2:3:4:5:6:7:8",
                                       "1::3:4:5:6:7:8",
                                       "1:2:3:4:5:6:7::",
                                       "1:2:3::5:6:7:8",
                                       "::1.2.3.4",
                                       "::0.0.0.0",
                                       "::ffff:255.255.255.255",
                                       "1:2:3:4:5:6:1.2.3.4",
                                       "1:2:3:4:5::1.2.3.4",
                                       "ABCD:ef01::0",
                                       "0000:0000::0000"};
    static const char *const bad[] = {":",
                                      ":::",
                                      "1",
                                      "1:",
                                      ":1",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1::2::3",
                                      "1:::2",
                                      "12345::",
                                      "g::",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.256",
                                      "::1.2.3.04",
                                      "::1.2.3.",
                                      "::1.2a3.4",
                                      "::1.2.3-4",
                                      "::1g2",
                                      "::1:",
                                      "1::2:",
                                      "::.1.2.3",
                                      "::1.2.3.4:5",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1.2.3.4::",
                                      "::a.2.3.4",
                                      "::1 ",
                                      "::1/64",
                                      "1:2:3:4:5:6:7:"};
    char url[80];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(url, sizeof url, "ws://[%s]:9/", good[i]);
        assert_true(accepts(url));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(url, sizeof url, "ws://[%s]:9/", bad[i]);
        assert_false(accepts(url));
    }
}

static bool one_of(unsigned byte, const char *set)
{
    return byte != 0 && byte < 128 && strchr(set, (int)byte) != NULL;
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define REG_NAME ALNUM "-._~!$&'()*+,;="
#define PATH REG_NAME ":@/"

static void R6455_11_1_1__every_byte_in_host_path_and_query__is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char host[] = "ws://aXb/";
        char path[] = "ws://a/X";
        char query[] = "ws://a/?X";
        host[6] = path[7] = query[8] = (char)byte;
        const bool in_host = strcmp(parse(host, sizeof host - 1), "refused") != 0;
        const bool in_path = strcmp(parse(path, sizeof path - 1), "refused") != 0;
        const bool in_query = strcmp(parse(query, sizeof query - 1), "refused") != 0;
        /* "/" and "?" end the host; so does ":", and "b" is no port. */
        assert_int_equal(in_host, one_of(byte, REG_NAME "/?"));
        assert_int_equal(in_path, one_of(byte, PATH "?"));
        assert_int_equal(in_query, one_of(byte, PATH "?"));
    }
}

static void R6455_11_1_1__percent_signs__start_escapes(void **state)
{
    (void)state;
    static const char *const bad[] = {"ws://h/%",  "ws://h/%4",    "ws://h/%4g", "ws://h/%g4",
                                      "ws://h/?%", "ws://h/?%%41", "ws://h/%?41"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(accepts(bad[i]));
    assert_url("ws://h/%aF?%00%fF", "0 h h 80 1 0 /%aF ?%00%fF");
}

static void no_text__is_no_url(void **state)
{
    (void)state;
    weir_url url;
    assert_int_equal(weir__url_parse((weir_text){NULL, 0}, &url), WEIR_E_URL);
}

static bool authority(const char *text, const char *host, const char *port)
{
    weir_text got_host;
    weir_text got_port;
    const size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    const bool good = weir__authority_parse((weir_text){copy, len}, &got_host, &got_port);
    assert_int_equal(weir__authority_parse((weir_text){copy, len}, NULL, NULL), good);
    if (good) {
        assert_true(weir__text_equal(got_host, weir__text(host, WEIR_NTS)));
        assert_true(weir__text_equal(got_port, weir__text(port, WEIR_NTS)));
    }
    free(copy);
    return good;
}

static void R6455_4_2_1_5__host_fields__are_hosts_with_ports(void **state)
{
    (void)state;
    assert_true(authority("h", "h", ""));
    assert_true(authority("h:", "h", ""));
    assert_true(authority("h:8080", "h", "8080"));
    assert_true(authority("[::1]:1", "[::1]", "1"));
    assert_true(authority("127.0.0.1:65535", "127.0.0.1", "65535"));
    static const char *const bad[] = {"",      ":",      ":80",   "h:65536",  "h:x",      "u@h",
                                      "h:1:2", "h/",     "h?",    "h#",       "h h",      "[::1",
                                      "::1",   "[::1]x", "h\x7F", "\xC3\xA4", "http://h", "h\t",
                                      "[",     "h:1 ",   "h\"",   "<h>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(authority(bad[i], "", ""));
    }
}

static bool target(const char *data, size_t len, const char *expected)
{
    char dump[100];
    weir_text parts[3];
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    const bool good = weir__target_parse((weir_text){copy, len}, &parts[0], &parts[1], &parts[2]);
    if (good && expected != NULL) {
        snprintf(dump, sizeof dump, "%.*s|%.*s|%.*s", (int)parts[0].len, parts[0].data,
                 (int)parts[1].len, parts[1].data, (int)parts[2].len, parts[2].data);
        assert_string_equal(dump, expected);
    }
    free(copy);
    return good;
}

static void R6455_4_2_1_4__R9112_3_2_2_1__targets__are_origin_form_or_http_urls(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"/", "|/|"},
        {"/a/b?c=d?e", "|/a/b|c=d?e"},
        {"/?", "|/|"},
        {"//h/p", "|//h/p|"},
        {"http://h/p?q", "h|/p|q"},
        {"HTTPS://h:8/p", "h:8|/p|"},
        {"http://h", "h|/|"},
        {"http://h?q", "h|/|q"},
        {"http://[::1]:8/", "[::1]:8|/|"},
        {"/a%zz%", "|/a%zz%|"},
        {"/?a[b]={c}|^`\\", "|/|a[b]={c}|^`\\"},
    };
    static const char *const bad[] = {
        "",        "*",        "h:80",      "?q",         "a/b",
        "http:/h", "http://",  "http:///p", "http://:80", "http://u@h/",
        "ws://h/", "ftp://h/", "http//h/",  "https:/h/",  "http://h:x/",
        "/a#b",    "/#",       "/a b",      "/\t",        "/\"",
        "/<",      "/>",       "/\x7F",     "/\x80",      "http://h#"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(target(good[i][0], strlen(good[i][0]), good[i][1]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(target(bad[i], strlen(bad[i]), NULL));
}

static void R9112_3_2_1__every_byte_in_a_target__is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "/aX";
        text[2] = (char)byte;
        const bool visible = byte > 0x20 && byte < 0x7F;
        assert_int_equal(target(text, 3, NULL), visible && !one_of(byte, "\"#<>"));
    }
}

static void texts_before_memory_that_is_not_ours__are_read_to_their_end_only(void **state)
{
    (void)state;
    static const char *const texts[] = {"wss://%41b.c%2:65535/p%41/q?r%41%4#",
                                        "ws://[::1",
                                        "ws://[1:2:3:4:5:6:192.0.2.1]:80/",
                                        "ws://[1::]:80",
                                        "http://h:80/p?q",
                                        "https://[1:2::]/",
                                        "/p?q"};
    const guarded room = guard();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t first = 0; first <= strlen(texts[i]); first++) {
            for (size_t len = 0; len <= strlen(texts[i]) - first; len++) {
                const weir_text text = {(char *)guard_copy(room, texts[i] + first, len), len};
                weir_url url;
                weir_text parts[3];
                (void)weir__url_parse(text, &url);
                (void)weir__authority_parse(text, NULL, NULL);
                (void)weir__target_parse(text, &parts[0], &parts[1], &parts[2]);
            }
        }
    }
    unguard(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_3_1__scheme__is_ws_or_wss_in_any_case),
        cmocka_unit_test(R6455_3_2__fragment__is_refused),
        cmocka_unit_test(R6455_3_3__port__is_0_to_65535_or_the_schemes),
        cmocka_unit_test(R6455_3_4__resource_name__keeps_path_and_query_apart),
        cmocka_unit_test(R6455_3_5__hosts__are_names_or_literals_without_user_data),
        cmocka_unit_test(R6455_3_5__ipv6_literals__follow_the_grammar),
        cmocka_unit_test(R6455_11_1_1__every_byte_in_host_path_and_query__is_judged),
        cmocka_unit_test(R6455_11_1_1__percent_signs__start_escapes),
        cmocka_unit_test(no_text__is_no_url),
        cmocka_unit_test(R6455_4_2_1_5__host_fields__are_hosts_with_ports),
        cmocka_unit_test(R6455_4_2_1_4__R9112_3_2_2_1__targets__are_origin_form_or_http_urls),
        cmocka_unit_test(R9112_3_2_1__every_byte_in_a_target__is_judged),
        cmocka_unit_test(texts_before_memory_that_is_not_ours__are_read_to_their_end_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
