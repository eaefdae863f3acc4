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

static void credentials_do_not_stay_in_memory(void **state)
{
    static const char *const secret[] = {"dXNlcjpoaWRkZW4td29yZHM=", "hidden-words"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        static uint64_t block[8192];
        weir_config config;
        weir_context *context;
        weir_proxy *proxy;
        char agent[1000];
        weir_proxy_request request = proxied_request(kinds[i % 2], "host", 80);
        const weir_field field = {proxied_text("User-Agent"), {agent, sizeof agent}};
        memset(agent, 'a', sizeof agent);
        if (i == 2) { /* more than a request usually takes */
            request.fields = &field;
            request.field_count = 1;
        }
        request.user = proxied_text("user");
        request.password = proxied_text("hidden-words");
        weir_config_init(&config, sizeof config);
        config.memory = block;
        config.memory_len = sizeof block;
        assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
        assert_int_equal(weir_proxy_create(context, &request, &proxy), WEIR_OK);
        assert_true(stands_in(block, sizeof block, secret[i % 2]));
        weir_proxy_free(proxy);
        assert_false(stands_in(block, sizeof block, secret[i % 2]));
        weir_context_free(context);
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
        cmocka_unit_test(a_proxy_for_which_there_is_no_memory_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
