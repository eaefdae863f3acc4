/* SPDX-License-Identifier: MIT */
/* What both kinds of proxies have in common: which requests are taken, memory, the credentials. */
#include "proxy/proxied.h"

static const uint32_t kinds[] = {WEIR_PROXY_HTTP, WEIR_PROXY_SOCKS5};

static void check_request(proxied *p, const char *host, size_t host_len, uint32_t port, int status)
{
    for (size_t i = 0; i < 2; i++) {
        weir_proxy_request request = proxied_request(kinds[i], "", port);
        request.host = (weir_text){host, host_len};
        weir_proxy *proxy = (weir_proxy *)p;
        assert_int_equal(weir_proxy_create(p->context, &request, &proxy), status);
        assert_true((proxy != NULL) == (status == WEIR_OK));
        weir_proxy_free(proxy);
    }
}

static void hosts_are_those_of_urls(void **state)
{
    static const char *const good[] = {"a", "example.com", "127.0.0.1", "::1", "fe80::1:2", "%41"};
    static const char *const bad[] = {"", "a b", "a\r\nb", "[::1]", "a:80", "::1::", "a/b", "u@h"};
    proxied *const p = *state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_request(p, good[i], strlen(good[i]), 80, WEIR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_request(p, bad[i], strlen(bad[i]), 80, WEIR_E_ARGUMENT);
    check_request(p, "example.com", WEIR_NTS, 80, WEIR_OK);
    check_request(p, "example.com:80", 11, 80, WEIR_OK);
    check_request(p, NULL, 0, 80, WEIR_E_ARGUMENT);
}

static void hosts_have_at_most_255_bytes(void **state)
{
    char *const name = malloc(256);
    memset(name, 'n', 256);
    check_request(*state, name, 255, 80, WEIR_OK);
    check_request(*state, name, 256, 80, WEIR_E_ARGUMENT);
    free(name);
}

static void ports_are_1_to_65535(void **state)
{
    static const uint32_t ports[][2] = {{0, 0}, {1, 1}, {65535, 1}, {65536, 0}, {UINT32_MAX, 0}};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
        check_request(*state, "h", 1, ports[i][0], ports[i][1] ? WEIR_OK : WEIR_E_ARGUMENT);
}

/* Whether the text stands in the memory that the context holds free. */
static bool stands_in(const void *memory, size_t len, const char *text)
{
    const size_t need = strlen(text);
    for (size_t i = 0; i + need <= len; i++)
        if (memcmp((const char *)memory + i, text, need) == 0)
            return true;
    return false;
}

/* The secret stands in the memory as long as the proxy lives, and no longer. */
static void check_wiped(weir_proxy_request *request, const char *secret)
{
    static uint64_t block[32768];
    weir_config config;
    weir_context *context;
    weir_proxy *proxy;
    memset(block, 0, sizeof block);
    request->user = proxied_text("user5");
    request->password = proxied_text("hidden-words");
    weir_config_init(&config, sizeof config);
    config.memory = block;
    config.memory_len = sizeof block;
    assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
    assert_int_equal(weir_proxy_create(context, request, &proxy), WEIR_OK);
    assert_true(stands_in(block, sizeof block, secret));
    weir_proxy_free(proxy);
    assert_false(stands_in(block, sizeof block, secret));
    weir_context_free(context);
}

static const char basic[] = "aGlkZGVuLXdvcmRz"; /* hidden-words */

static void credentials_do_not_stay_in_memory(void **state)
{
    (void)state;
    weir_proxy_request request = proxied_request(WEIR_PROXY_SOCKS5, "host", 80);
    check_wiped(&request, "hidden-words");
    request = proxied_request(WEIR_PROXY_HTTP, "host", 80);
    check_wiped(&request, basic);
}

/* A buffer that grew behind them would leave them where it was: at 2048 and 4096 bytes. */
static void credentials_do_not_stay_in_memory__however_much_stands_behind_them(void **state)
{
    (void)state;
    static char text[20000], host[255];
    static weir_field fields[450];
    memset(text, 'a', sizeof text);
    memset(host, 'h', sizeof host);
    weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "host", 80);
    request.fields = fields;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        fields[i] = (weir_field){{text, 1}, {text, 0}};
    for (request.field_count = 350; request.field_count < 450; request.field_count += 10)
        check_wiped(&request, basic);
    request.host = (weir_text){host, sizeof host};
    request.field_count = 2;
    for (size_t len = 0; len < 4200; len += 20) {
        fields[0] = (weir_field){{text, 1 + len / 2}, {text, len - len / 2}};
        check_wiped(&request, basic);
        fields[1] = fields[0];
    }
    fields[0].value.len = sizeof text;
    check_wiped(&request, basic);
}

/* Much of either: room for both is asked for. */
static void credentials_of_any_length_are_taken(void **state)
{
    static char text[40000];
    memset(text, 'c', sizeof text);
    for (size_t i = 0; i < 3; i++) {
        weir_proxy_request request = proxied_request(WEIR_PROXY_HTTP, "h", 80);
        weir_proxy *proxy;
        request.user = (weir_text){text, i == 1 ? 1 : 40000};
        request.password = (weir_text){text, i == 0 ? 1 : 40000};
        proxied *const p = *state;
        const uint64_t calls = p->alloc.calls;
        assert_int_equal(weir_proxy_create(p->context, &request, &proxy), WEIR_OK);
        assert_int_equal(p->alloc.calls, calls + 2); /* the proxy, and its request at once */
        weir_proxy_free(proxy);
    }
}

static void without_memory(test_alloc *alloc)
{
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.allocate = test_allocate;
    config.allocate_user = alloc;
    if (weir_context_create(&config, &context) != WEIR_OK)
        return;
    for (size_t i = 0; i < 2; i++) {
        weir_proxy_request request = proxied_request(kinds[i], "host", 80);
        weir_proxy *proxy;
        const uint64_t failed = alloc->failed;
        const int status = weir_proxy_create(context, &request, &proxy);
        /* The library may try once more. */
        assert_true(status == WEIR_OK || (status == WEIR_E_MEMORY && alloc->failed > failed));
        assert_true((proxy != NULL) == (status == WEIR_OK));
        weir_span span;
        if (status == WEIR_OK)
            assert_int_equal(weir_proxy_output(proxy, &span), 1);
        weir_proxy_free(proxy);
    }
    assert_int_equal(weir_context_free(context), WEIR_OK);
}

static void a_proxy_for_which_there_is_no_memory_is_not_made(void **state)
{
    (void)state;
    test_alloc_sweep(without_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_are_those_of_urls, proxied_setup, proxied_teardown),
        cmocka_unit_test_setup_teardown(hosts_have_at_most_255_bytes, proxied_setup,
                                        proxied_teardown),
        cmocka_unit_test_setup_teardown(ports_are_1_to_65535, proxied_setup, proxied_teardown),
        cmocka_unit_test(credentials_do_not_stay_in_memory),
        cmocka_unit_test(credentials_do_not_stay_in_memory__however_much_stands_behind_them),
        cmocka_unit_test_setup_teardown(credentials_of_any_length_are_taken, proxied_setup,
                                        proxied_teardown),
        cmocka_unit_test(a_proxy_for_which_there_is_no_memory_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
