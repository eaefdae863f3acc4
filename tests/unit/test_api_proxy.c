/* SPDX-License-Identifier: MIT */
/* The exported functions for proxies: what each refuses, and that nothing happens then. */
#include "proxy/proxied.h"

static void nothing_is_begun_from_nothing(void **state)
{
    proxied *const p = *state;
    weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 1);
    assert_int_equal(weir_proxy_create(p->context, &request, NULL), WEIR_E_ARGUMENT);
    p->proxy = (weir_proxy *)p;
    assert_int_equal(weir_proxy_create(NULL, &request, &p->proxy), WEIR_E_ARGUMENT);
    assert_null(p->proxy);
    assert_int_equal(weir_proxy_create(p->context, NULL, &p->proxy), WEIR_E_ARGUMENT);
    request.field_count = 1;
    assert_int_equal(weir_proxy_create(p->context, &request, &p->proxy), WEIR_E_ARGUMENT);
    request.field_count = 0;
    for (request.kind = 0; request.kind < 4; request.kind += 3)
        assert_int_equal(weir_proxy_create(p->context, &request, &p->proxy), WEIR_E_ARGUMENT);
}

static void a_context_outlives_its_proxies(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = proxied_request(WEIR_PROXY_SOCKS5, "h", 1);
    proxied_begin(p, &request);
    assert_int_equal(weir_context_free(p->context), WEIR_E_BUSY);
}

static void missing_arguments_change_nothing(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 1);
    weir_span span;
    weir_text value;
    size_t used = 7;
    assert_int_equal(weir_proxy_receive(NULL, "", 0, &used), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_output(NULL, &span), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_sent(NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_code(NULL), 0);
    assert_int_equal(weir_proxy_header(NULL, "a", 1, 0, &value), WEIR_E_ARGUMENT);
    weir_proxy_free(NULL);
    proxied_begin(p, &request);
    assert_int_equal(weir_proxy_receive(p->proxy, NULL, 1, &used), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_receive(p->proxy, "", 0, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_output(p->proxy, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_header(p->proxy, NULL, 1, 0, &value), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_header(p->proxy, "a", 1, 0, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(used, 7);
    assert_int_equal(weir_proxy_receive(p->proxy, NULL, 0, &used), 0);
    assert_int_equal(used, 0);
    const char *const head = "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n";
    proxied_says(p, head, strlen(head), 100);
}

static void no_more_is_sent_than_there_is(void **state)
{
    proxied *const p = *state;
    const weir_proxy_request request = proxied_request(WEIR_PROXY_SOCKS5, "h", 1);
    proxied_begin(p, &request);
    assert_int_equal(weir_proxy_sent(p->proxy, 4), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_sent(p->proxy, SIZE_MAX), WEIR_E_ARGUMENT);
    assert_int_equal(weir_proxy_sent(p->proxy, 3), WEIR_OK);
    assert_int_equal(weir_proxy_sent(p->proxy, 1), WEIR_E_ARGUMENT);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, proxied_setup, proxied_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(nothing_is_begun_from_nothing),
        RUN(a_context_outlives_its_proxies),
        RUN(missing_arguments_change_nothing),
        RUN(no_more_is_sent_than_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
