/* SPDX-License-Identifier: MIT */
/* CONNECT to an HTTP proxy: the request byte for byte, and what each answer means. */
#include "proxy/proxied.h"

#include <stdio.h>

static void says(proxied *p, const weir_proxy_request *request, const char *head)
{
    for (size_t step = 1; step < 1000; step += 96) {
        proxied_begin(p, request);
        proxied_says(p, head, strlen(head), step);
    }
}

static void the_request_names_the_target_with_its_port(void **state)
{
    proxied *const p = *state;
    weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "example.com", 443);
    says(p, &request, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    request.host = (weir_text){"example.com:80", 11};
    says(p, &request, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    request = proxied_request(WEIR_PROXY_HTTP, "2001:db8::1", 80);
    says(p, &request, "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n");
}

/* RFC 7617 2: the example of the RFC, then each remainder of three. */
static void credentials_go_as_basic(void **state)
{
    static const char *const given[][3] = {
        {"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"a", "b", "YTpi"},
        {"ab", "b", "YWI6Yg=="},
        {"ab", "bc", "YWI6YmM="},
        {"u", "", "dTo="},
        {"", "p", "OnA="},
    };
    proxied *const p = *state;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        char head[200];
        weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 1);
        request.user = proxied_text(given[i][0]);
        request.password = proxied_text(given[i][1]);
        snprintf(head, sizeof head,
                 "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nProxy-Authorization: Basic %s\r\n\r\n",
                 given[i][2]);
        says(p, &request, head);
        request.user.len = request.password.len = WEIR_NTS;
        says(p, &request, head);
    }
}

static void check_begin(proxied *p, const weir_proxy_request *request, int status)
{
    weir_proxy *proxy;
    assert_int_equal(weir_proxy_create(p->context, request, &proxy), status);
    weir_proxy_free(proxy);
}

static void credentials_hold_no_control_characters_and_the_user_no_colon(void **state)
{
    static const char *const bad[][2] = {
        {"a:b", "c"}, {"a\r\n", "c"}, {"a", "c\n"}, {"a", "\x7F"}, {"a\x1F", "c"}};
    static const char *const good[][2] = {{"a b", "c:d"}, {"\xC3\xB6", "\x80"}, {" ", "~"}};
    proxied *const p = *state;
    weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        request.user = proxied_text(bad[i][0]);
        request.password = proxied_text(bad[i][1]);
        check_begin(p, &request, WEIR_E_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        request.user = proxied_text(good[i][0]);
        request.password = proxied_text(good[i][1]);
        check_begin(p, &request, WEIR_OK);
    }
}

static void more_fields_go_along(void **state)
{
    proxied *const p = *state;
    weir_field fields[] = {{{"User-Agent", 10}, {"x", 1}},
                           {{"proxy-authorization", WEIR_NTS}, {"Bearer t", WEIR_NTS}}};
    weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 1);
    request.fields = fields;
    request.field_count = 2;
    says(p, &request,
         "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nUser-Agent: x\r\nproxy-authorization: Bearer "
         "t\r\n\r\n");
    request.user = proxied_text("u"); /* then that field is the library's */
    check_begin(p, &request, WEIR_E_FIELD);
    request.fields = &fields[1];
    request.field_count = 1;
    check_begin(p, &request, WEIR_E_FIELD);
    request.fields = fields;
    check_begin(p, &request, WEIR_OK);
    fields[0].name = proxied_text("Host");
    check_begin(p, &request, WEIR_E_FIELD);
    fields[0] = (weir_field){{"a", 1}, {"b\r\nc: d", 7}};
    check_begin(p, &request, WEIR_E_FIELD);
}

static const weir_proxy_request asked = {.kind = WEIR_PROXY_HTTP, .port = 80, .host = {"h", 1}};
static const char asked_head[] = "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n";

/* The answer, then bytes of the target, in pieces of every size. */
static void check_answer(proxied *p, const char *answer, size_t behind, int status, uint32_t code)
{
    const size_t len = strlen(answer);
    for (size_t step = 1; step <= len; step++) {
        proxied_begin(p, &asked);
        proxied_says(p, asked_head, strlen(asked_head), 1000);
        assert_int_equal(proxied_hears(p, answer, len, step, behind), status);
        assert_int_equal(weir_proxy_code(p->proxy), code);
        size_t used = 7;
        assert_int_equal(weir_proxy_receive(p->proxy, "HTTP", 4, &used), status);
        assert_int_equal(used, 0);
        weir_span span;
        assert_int_equal(weir_proxy_output(p->proxy, &span), 0);
    }
}

static void R6455_4_1_4__a_tunnel_stands_after_any_2xx(void **state)
{
    proxied *const p = *state;
    check_answer(p, "HTTP/1.1 200 Connection established\r\n\r\n", 0, 1, 200);
    check_answer(p, "HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", 0, 1, 200);
    check_answer(p, "HTTP/1.1 299 \r\nContent-Length: 3\r\n\r\nabc", 3, 1, 299);
    check_answer(p, "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n\x81", 1, 1, 200);
    check_answer(p, "HTTP/1.1 100 \r\n\r\nHTTP/1.1 199 \r\n\r\nHTTP/1.1 204 \r\n\r\n", 0, 1, 204);
}

static void R6455_4_1_4__other_answers_open_no_tunnel(void **state)
{
    proxied *const p = *state;
    check_answer(p, "HTTP/1.1 407 \r\nProxy-Authenticate: Basic\r\n\r\n", 0, WEIR_E_PROXY_AUTH,
                 407);
    check_answer(p, "HTTP/1.0 401 No\r\n\r\n", 0, WEIR_E_PROXY_AUTH, 401);
    check_answer(p, "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\nx", 1, WEIR_E_PROXY_REFUSED, 302);
    check_answer(p, "HTTP/1.1 101 \r\n\r\n", 0, WEIR_E_PROXY_REFUSED, 101);
    check_answer(p, "HTTP/1.1 300 \r\n\r\n", 0, WEIR_E_PROXY_REFUSED, 300);
    check_answer(p, "HTTP/1.1 503 \r\n\r\n", 0, WEIR_E_PROXY_REFUSED, 503);
    check_answer(p, "HTTP/2.0 200 \r\n\r\n", 0, WEIR_E_HTTP_VERSION, 200);
}

static void what_is_no_http_is_told_where_it_ends(void **state)
{
    proxied *const p = *state;
    check_answer(p, "SSH-2.0-x\r\n", 11, WEIR_E_HTTP_SYNTAX, 0);
    check_answer(p, "HTTP/1.1 200 \r\na b: c\r\n\r\n", 9, WEIR_E_HTTP_SYNTAX, 0);
}

static void interim_answers_have_a_limit(void **state)
{
    proxied *const p = *state;
    char answer[400] = "";
    for (size_t i = 0; i < 8; i++)
        strcat(answer, "HTTP/1.1 102 \r\n\r\n");
    const size_t eight = strlen(answer);
    proxied_begin(p, &asked);
    assert_int_equal(proxied_hears(p, answer, eight, 1, 0), 0);
    strcat(answer, "HTTP/1.1 102 \r\n\r\n");
    check_answer(p, answer, 0, WEIR_E_TOO_MANY_INTERIM, 102);
}

static void a_refusal_may_come_early_a_tunnel_not(void **state)
{
    proxied *const p = *state;
    proxied_begin(p, &asked);
    assert_int_equal(weir_proxy_sent(p->proxy, strlen(asked_head) - 1), WEIR_OK);
    assert_int_equal(proxied_hears(p, "HTTP/1.1 403 \r\n\r\n", 17, 17, 0), WEIR_E_PROXY_REFUSED);
    proxied_begin(p, &asked);
    assert_int_equal(weir_proxy_sent(p->proxy, strlen(asked_head) - 1), WEIR_OK);
    assert_int_equal(proxied_hears(p, "HTTP/1.1 200 \r\n\r\n", 17, 17, 0), WEIR_E_PROXY_ANSWER);
}

static void fields_of_the_answer_can_be_read(void **state)
{
    proxied *const p = *state;
    weir_text value;
    proxied_begin(p, &asked);
    assert_int_equal(proxied_hears(p, "HTTP/1.1 100 \r\nA: b\r\n\r\nHTTP/1.1 407", 35, 99, 0), 0);
    assert_int_equal(weir_proxy_header(p->proxy, "A", 1, 0, &value), WEIR_E_NOT_FOUND);
    proxied_begin(p, &asked);
    assert_int_equal(
        proxied_hears(p, "HTTP/1.1 100 \r\n\r\nHTTP/1.1 407 \r\nA: b\r\n\1: c\r\n", 44, 99, 6),
        WEIR_E_HTTP_SYNTAX);
    assert_int_equal(weir_proxy_header(p->proxy, "A", 1, 0, &value), WEIR_E_NOT_FOUND);
    proxied_begin(p, &asked);
    assert_int_equal(proxied_hears(p, "HTTP/1.1 407 \r\nA: b\r\nX: y\r\nA: c\r\n\r\n", 35, 99, 0),
                     WEIR_E_PROXY_AUTH);
    assert_int_equal(weir_proxy_header(p->proxy, "a", WEIR_NTS, 1, &value), WEIR_OK);
    assert_int_equal(value.len, 1);
    assert_int_equal(value.data[0], 'c');
    assert_int_equal(weir_proxy_header(p->proxy, "a", 1, 2, &value), WEIR_E_NOT_FOUND);
}

static void an_answer_for_which_there_is_no_memory_fails(void **state)
{
    proxied *const p = *state;
    char answer[3000];
    memset(answer, 'x', sizeof answer);
    memcpy(answer, "HTTP/1.1 200 ", 13);
    proxied_begin(p, &asked);
    p->alloc.fail_from = p->alloc.calls + 1;
    assert_int_equal(proxied_hears(p, answer, sizeof answer, sizeof answer, sizeof answer),
                     WEIR_E_MEMORY);
    p->alloc.fail_from = 0;
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, proxied_setup, proxied_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(the_request_names_the_target_with_its_port),
        RUN(credentials_go_as_basic),
        RUN(credentials_hold_no_control_characters_and_the_user_no_colon),
        RUN(more_fields_go_along),
        RUN(R6455_4_1_4__a_tunnel_stands_after_any_2xx),
        RUN(R6455_4_1_4__other_answers_open_no_tunnel),
        RUN(what_is_no_http_is_told_where_it_ends),
        RUN(interim_answers_have_a_limit),
        RUN(a_refusal_may_come_early_a_tunnel_not),
        RUN(fields_of_the_answer_can_be_read),
        RUN(an_answer_for_which_there_is_no_memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
