/* SPDX-License-Identifier: MIT */
/* SOCKS5: each turn byte for byte, addresses of all kinds, and what each answer means. */
#include "proxy/proxied.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

static weir_proxy_request request_with(const char *host, const char *user, const char *password)
{
    weir_proxy_request request = proxied_request(WEIR_PROXY_SOCKS5, host, 0x1234);
    request.user = proxied_text(user);
    request.password = proxied_text(password);
    return request;
}

static void check_connect(proxied *p, const char *host, const void *bytes, size_t len)
{
    weir_proxy_request request = request_with(host, NULL, NULL);
    char *const exact = malloc(request.host.len);
    memcpy(exact, host, request.host.len);
    request.host.data = exact;
    for (size_t step = 1; step < 30; step += 7) {
        proxied_begin(p, &request);
        proxied_says(p, BYTES("\5\1\0"), step);
        assert_int_equal(proxied_hears(p, BYTES("\5\0"), step, 0), 0);
        proxied_says(p, bytes, len, step);
    }
    free(exact);
}

static void what_stands_behind_the_host_is_not_read(void **state)
{
    static const char *const behind[] = {"1.2.3.45", "1.2.3.4:80", "1.2.3.4.5"};
    proxied *const p = *state;
    for (size_t i = 0; i < 3; i++) {
        weir_proxy_request request = request_with("1.2.3.4", NULL, NULL);
        request.host.data = behind[i];
        proxied_begin(p, &request);
        proxied_says(p, BYTES("\5\1\0"), 3);
        assert_int_equal(proxied_hears(p, BYTES("\5\0"), 2, 0), 0);
        proxied_says(p, BYTES("\5\1\0\1\1\2\3\4\x12\x34"), 10);
    }
}

static void names_are_resolved_by_the_proxy(void **state)
{
    proxied *const p = *state;
    check_connect(p, "example.com", BYTES("\5\1\0\3\13example.com\x12\x34"));
    check_connect(p, "256.0.0.1", BYTES("\5\1\0\3\011256.0.0.1\x12\x34"));
    check_connect(p, "1.2.3", BYTES("\5\1\0\3\0051.2.3\x12\x34"));
    check_connect(p, "1.2.3.4.5", BYTES("\5\1\0\3\0111.2.3.4.5\x12\x34"));
    check_connect(p, "1.2.3.", BYTES("\5\1\0\3\0061.2.3.\x12\x34"));
    check_connect(p, "1..3.4", BYTES("\5\1\0\3\0061..3.4\x12\x34"));
    check_connect(p, "1.2.3.04", BYTES("\5\1\0\3\0101.2.3.04\x12\x34"));
    check_connect(p, "1.2.3.4a", BYTES("\5\1\0\3\0101.2.3.4a\x12\x34"));
}

static void addresses_go_as_bytes(void **state)
{
    proxied *const p = *state;
    check_connect(p, "1.20.255.0", BYTES("\5\1\0\1\1\x14\xFF\0\x12\x34"));
    check_connect(p, "10.100.200.9", BYTES("\5\1\0\1\x0A\x64\xC8\x09\x12\x34"));
    check_connect(p, "1:22:333:4444:a:Bb:cCc:DDDD",
                  BYTES("\5\1\0\4\0\1\0\x22\x03\x33\x44\x44\0\x0A\0\xBB\x0C\xCC\xDD\xDD\x12\x34"));
    check_connect(p, "::", BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x12\x34"));
    check_connect(p, "::1", BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x12\x34"));
    check_connect(p, "fe80::", BYTES("\5\1\0\4\xFE\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x12\x34"));
    check_connect(p, "1:2::9:8", BYTES("\5\1\0\4\0\1\0\2\0\0\0\0\0\0\0\0\0\x09\0\x08\x12\x34"));
    check_connect(p, "1:2:3:4:5:6:7::", BYTES("\5\1\0\4\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\0\x12\x34"));
    check_connect(p, "::2:3:4:5:6:7:8",
                  BYTES("\5\1\0\4\0\0\0\2\0\3\0\4\0\5\0\6\0\7\0\x08\x12\x34"));
    check_connect(p, "::ffff:1.2.3.4",
                  BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\xFF\xFF\1\2\3\4\x12\x34"));
    check_connect(p, "1:2:3:4:5:6:7.8.9.10",
                  BYTES("\5\1\0\4\0\1\0\2\0\3\0\4\0\5\0\6\7\x08\x09\x0A\x12\x34"));
}

static void credentials_go_when_the_proxy_asks_for_them(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = request_with("h", "me", "key");
    for (size_t step = 1; step < 20; step += 6) {
        proxied_begin(p, &request);
        proxied_says(p, BYTES("\5\2\0\2"), step);
        assert_int_equal(proxied_hears(p, BYTES("\5\2"), step, 0), 0);
        proxied_says(p, BYTES("\1\2me\3key"), step);
        assert_int_equal(proxied_hears(p, BYTES("\1\0"), step, 0), 0);
        proxied_says(p, BYTES("\5\1\0\3\1h\x12\x34"), step);
        assert_int_equal(proxied_hears(p, BYTES("\5\0\0\1\x0A\2\3\4\5\6"), step, 0), 1);
    }
}

static void credentials_stay_when_the_proxy_needs_none(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = request_with("h", "me", "key");
    proxied_begin(p, &request);
    proxied_says(p, BYTES("\5\2\0\2"), 9);
    assert_int_equal(proxied_hears(p, BYTES("\5\0"), 9, 0), 0);
    proxied_says(p, BYTES("\5\1\0\3\1h\x12\x34"), 99);
}

static void credentials_are_1_to_255_bytes_each(void **state)
{
    proxied *const p = *state;
    char *const text = malloc(256);
    memset(text, 'c', 256);
    for (size_t user = 0; user <= 256; user += user == 1 || user == 255 ? 1 : user ? 253 : 1) {
        for (size_t password = 0; password <= 256; password += password == 1 || password == 255 ? 1
                                                               : password ? 253
                                                                          : 1) {
            weir_proxy_request request = request_with("h", NULL, NULL);
            weir_proxy *proxy;
            request.user = (weir_text){text, user};
            request.password = (weir_text){text, password};
            const bool fine = (user == 0 && password == 0) ||
                              (user > 0 && user < 256 && password > 0 && password < 256);
            assert_int_equal(weir_proxy_create(p->context, &request, &proxy),
                             fine ? WEIR_OK : WEIR_E_ARGUMENT);
            weir_proxy_free(proxy);
        }
    }
    free(text);
}

static void there_are_no_fields(void **state)
{
    proxied *const p = *state;
    const weir_field field = {{"a", 1}, {"b", 1}};
    weir_proxy_request request = request_with("h", NULL, NULL);
    request.fields = &field;
    request.field_count = 1;
    weir_proxy *proxy;
    assert_int_equal(weir_proxy_create(p->context, &request, &proxy), WEIR_E_FIELD);
}

/* Answers up to the last turn. */
static void reach(proxied *p, const weir_proxy_request *request, uint32_t turn)
{
    weir_span span;
    proxied_begin(p, request);
    for (uint32_t i = 0; i <= turn; i++) {
        assert_int_equal(weir_proxy_output(p->proxy, &span), 1);
        assert_int_equal(weir_proxy_sent(p->proxy, span.len), WEIR_OK);
        if (i < turn)
            assert_int_equal(proxied_hears(p, i == 0 ? "\5\2" : "\1\0", 2, 1, 0), 0);
    }
}

static void check_answer(proxied *p, uint32_t turn, const void *bytes, size_t len, size_t behind,
                         int status, uint32_t code)
{
    const weir_proxy_request request = request_with("h", "u", "p");
    for (size_t step = 1; step <= len; step++) {
        reach(p, &request, turn);
        assert_int_equal(proxied_hears(p, bytes, len, step, behind), status);
        assert_int_equal(weir_proxy_code(p->proxy), code);
        size_t used = 7;
        assert_int_equal(weir_proxy_receive(p->proxy, "\5", 1, &used), status);
        assert_int_equal(used, 0);
        weir_span span;
        weir_text value;
        assert_int_equal(weir_proxy_output(p->proxy, &span), 0);
        assert_int_equal(weir_proxy_header(p->proxy, "a", 1, 0, &value), WEIR_E_NOT_FOUND);
    }
}

static void R6455_4_1_4__the_tunnel_stands_behind_the_bound_address(void **state)
{
    proxied *const p = *state;
    check_answer(p, 2, BYTES("\5\0\0\1\1\2\3\4\5\6\x81\5"), 2, 1, 0);
    check_answer(p, 2, BYTES("\5\0\0\4\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\3\4"), 0, 1, 0);
    check_answer(p, 2, BYTES("\5\0\0\3\0\1\2x"), 1, 1, 0);
    char name[264];
    memset(name, 'n', sizeof name);
    memcpy(name, "\5\0\0\3\xFF", 5);
    check_answer(p, 2, name, sizeof name, 2, 1, 0);
}

static void each_refusal_has_its_code(void **state)
{
    for (uint32_t code = 1; code < 256; code++) {
        const uint8_t answer[] = {5, (uint8_t)code, 0, 1};
        check_answer(*state, 2, answer, sizeof answer, 2, WEIR_E_PROXY_REFUSED, code);
    }
}

static void wrong_credentials_are_told(void **state)
{
    check_answer(*state, 0, BYTES("\5\xFF"), 0, WEIR_E_PROXY_AUTH, 0);
    check_answer(*state, 1, BYTES("\1\1"), 0, WEIR_E_PROXY_AUTH, 0);
    check_answer(*state, 1, BYTES("\1\xFF"), 0, WEIR_E_PROXY_AUTH, 0);
}

static void answers_to_something_else_are_told(void **state)
{
    proxied *const p = *state;
    check_answer(p, 0, BYTES("\4\0"), 0, WEIR_E_PROXY_ANSWER, 0);
    check_answer(p, 0, BYTES("HTTP"), 2, WEIR_E_PROXY_ANSWER, 0);
    check_answer(p, 0, BYTES("\5\1"), 0, WEIR_E_PROXY_ANSWER, 0);
    check_answer(p, 1, BYTES("\5\0"), 0, WEIR_E_PROXY_ANSWER, 0);
    check_answer(p, 2, BYTES("\1\0"), 0, WEIR_E_PROXY_ANSWER, 0);
    check_answer(p, 2, BYTES("\5\0\0\2\0\0"), 1, WEIR_E_PROXY_ANSWER, 0);
    const weir_proxy_request request = request_with("h", NULL, NULL);
    reach(p, &request, 0);
    assert_int_equal(proxied_hears(p, BYTES("\5\2"), 1, 0), WEIR_E_PROXY_ANSWER);
}

static void no_answer_comes_before_what_it_answers(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = request_with("h", NULL, NULL);
    proxied_begin(p, &request);
    assert_int_equal(weir_proxy_sent(p->proxy, 2), WEIR_OK);
    assert_int_equal(proxied_hears(p, BYTES("\5\0"), 2, 0), WEIR_E_PROXY_ANSWER);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, proxied_setup, proxied_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(names_are_resolved_by_the_proxy),
        RUN(addresses_go_as_bytes),
        RUN(what_stands_behind_the_host_is_not_read),
        RUN(credentials_go_when_the_proxy_asks_for_them),
        RUN(credentials_stay_when_the_proxy_needs_none),
        RUN(credentials_are_1_to_255_bytes_each),
        RUN(there_are_no_fields),
        RUN(R6455_4_1_4__the_tunnel_stands_behind_the_bound_address),
        RUN(each_refusal_has_its_code),
        RUN(wrong_credentials_are_told),
        RUN(answers_to_something_else_are_told),
        RUN(no_answer_comes_before_what_it_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
