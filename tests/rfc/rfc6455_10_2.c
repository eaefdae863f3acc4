/* SPDX-License-Identifier: MIT */
/* RFC 6455 10.2 and 4.2.2: what the lists of the policy allow, and how the rest is refused. */
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

static void automatic(peer *p)
{
    p->config.auto_accept = 1;
}

static void origins(peer *p)
{
    automatic(p);
    p->config.origins = AS_TEXT("https://example.com http://Localhost:8080 null");
}

static void origins_required(peer *p)
{
    origins(p);
    p->config.require_origin = 1;
}

static void origin_required_of_none(peer *p)
{
    automatic(p);
    p->config.require_origin = 1;
}

#define ORIGIN(value) REQUEST "Origin: " value "\r\n" END

static void R6455_10_2_1__origin_on_the_list__is_accepted_and_any_other_is_403(void **state)
{
    static const weir_text good[] = {
        TEXT(ORIGIN("https://example.com")),
        TEXT(ORIGIN("HTTPS://EXAMPLE.com")),
        TEXT(ORIGIN("http://localhost:8080")),
        TEXT(ORIGIN("null")),
    };
    static const weir_text bad[] = {
        TEXT(ORIGIN("http://example.com")),
        TEXT(ORIGIN("https://example.com:444")),
        TEXT(ORIGIN("https://example.com.evil")),
        TEXT(ORIGIN("https://example.co")),
        TEXT(ORIGIN("https://evil.example.com")),
        TEXT(ORIGIN("https://example.com/")),
        TEXT(ORIGIN("https://example.com null")),
        TEXT(ORIGIN("http://localhost")),
        TEXT(ORIGIN("")),
        TEXT(ORIGIN("example.com")),
        TEXT(ORIGIN("https://example.com,null")),
        TEXT(ORIGIN("https://ex\xC3\xA4mple.com")),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        shake_accepted(good[i], NULL, origins);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        shake_refused(bad[i], WEIR_E_ORIGIN_REFUSED, origins);
}

static void R6455_10_2_1__request_without_origin__is_no_browsers(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(REQUEST END), NULL, origins);
    shake_refused(AS_TEXT(REQUEST END), WEIR_E_ORIGIN_REFUSED, origins_required);
    shake_accepted(AS_TEXT(ORIGIN("null")), NULL, origins_required);
    shake_refused(AS_TEXT(ORIGIN("x")), WEIR_E_ORIGIN_REFUSED, origins_required);
    shake_accepted(AS_TEXT(REQUEST END), NULL, origin_required_of_none);
}

static void R6455_10_2_1__without_a_list__every_origin_is_allowed(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(ORIGIN("http://anywhere")), NULL, automatic);
    shake_accepted(AS_TEXT(ORIGIN("http://anywhere")), NULL, NULL);
    shake_accepted(AS_TEXT(REQUEST END), NULL, automatic);
}

static void origin__stands_once(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(REQUEST "Origin: null\r\nOrigin: null\r\n" END), WEIR_E_HTTP_DUPLICATE,
                  origins);
    shake_refused(AS_TEXT(REQUEST "Origin: null\r\norigin: x\r\n" END), WEIR_E_HTTP_DUPLICATE,
                  NULL);
}

/* ---- Hosts, paths ----------------------------------------------------------------------------*/

static void hosts(peer *p)
{
    automatic(p);
    p->config.hosts = AS_TEXT("a.example b.example:8080 [::1]");
}

#define AT_HOST(value) LINE "Host: " value "\r\n" WEBSOCKET END

static void R6455_4_2_2_3__host_that_is_not_on_the_list__is_421(void **state)
{
    static const weir_text good[] = {
        TEXT(AT_HOST("a.example")),
        TEXT(AT_HOST("A.EXAMPLE:81")),
        TEXT(AT_HOST("[::1]:9")),
        TEXT(AT_HOST("b.example:8080")),
        TEXT(AT_HOST("[::1]")),
        TEXT("GET http://a.example/ HTTP/1.1\r\nHost: evil\r\n" WEBSOCKET END),
    };
    static const weir_text bad[] = {
        TEXT(AT_HOST("b.example")),
        TEXT(AT_HOST("b.example:80")),
        TEXT(AT_HOST("example")),
        TEXT(AT_HOST("x.a.example")),
        TEXT(AT_HOST("a.example.x")),
        TEXT(AT_HOST("[::2]")),
        TEXT(AT_HOST("b.example:08080")),
        TEXT("GET http://evil/ HTTP/1.1\r\nHost: a.example\r\n" WEBSOCKET END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        shake_accepted(good[i], NULL, hosts);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        shake_refused(bad[i], WEIR_E_HOST_REFUSED, hosts);
}

static void paths(peer *p)
{
    automatic(p);
    p->config.paths = AS_TEXT("/chat /room/* /a*b");
}

static void every_path(peer *p)
{
    automatic(p);
    p->config.paths = AS_TEXT("*");
}

#define AT_PATH(value) "GET " value " HTTP/1.1\r\n" HOST WEBSOCKET END

static void R6455_4_2_2_3__path_that_is_not_on_the_list__is_404(void **state)
{
    static const weir_text good[] = {
        TEXT(AT_PATH("/chat")),      TEXT(AT_PATH("/chat?x=/y")), TEXT(AT_PATH("/room/")),
        TEXT(AT_PATH("/room/1/2?")), TEXT(AT_PATH("/a*b")),       TEXT(AT_PATH("http://h/chat")),
    };
    static const weir_text bad[] = {
        TEXT(AT_PATH("/")),      TEXT(AT_PATH("/Chat")),   TEXT(AT_PATH("/chat/")),
        TEXT(AT_PATH("/cha")),   TEXT(AT_PATH("/room")),   TEXT(AT_PATH("/axb")),
        TEXT(AT_PATH("/chats")), TEXT(AT_PATH("/?/chat")), TEXT(AT_PATH("http://chat/")),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        shake_accepted(good[i], NULL, paths);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        shake_refused(bad[i], WEIR_E_PATH_REFUSED, paths);
    shake_accepted(AS_TEXT(AT_PATH("/any/thing")), NULL, every_path);
}

/* ---- Subprotocols ----------------------------------------------------------------------------*/

static void subprotocols(peer *p)
{
    automatic(p);
    p->config.subprotocols = AS_TEXT("v2 v1");
}

static void subprotocol_required(peer *p)
{
    subprotocols(p);
    p->config.require_subprotocol = 1;
}

#define OFFER(value) REQUEST "Sec-WebSocket-Protocol: " value "\r\n" END
#define CHOSEN(value) "Sec-WebSocket-Protocol: " value "\r\n"

static void R6455_4_2_2_6__automatic_server__takes_the_clients_first_that_it_speaks(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(OFFER("v1")), CHOSEN("v1"), subprotocols);
    shake_accepted(AS_TEXT(OFFER("v1, v2")), CHOSEN("v1"), subprotocols);
    shake_accepted(AS_TEXT(OFFER("v3,,v2, v1")), CHOSEN("v2"), subprotocols);
    shake_accepted(AS_TEXT(REQUEST CHOSEN("v3") CHOSEN("v2") END), CHOSEN("v2"), subprotocols);
    shake_accepted(AS_TEXT(OFFER("V1, v, v11")), NULL, subprotocols);
    shake_accepted(AS_TEXT(REQUEST END), NULL, subprotocols);
    shake_accepted(AS_TEXT(OFFER("v1")), NULL, automatic);
}

static void WHATWG_3__offer_of_which_nothing_fits__is_400_when_required(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(OFFER("v3, V1")), WEIR_E_NO_SUBPROTOCOL, subprotocol_required);
    shake_accepted(AS_TEXT(OFFER("v3, v1")), CHOSEN("v1"), subprotocol_required);
    shake_accepted(AS_TEXT(REQUEST END), NULL, subprotocol_required);
}

/* The lists hold too when the caller answers, before the event. */
static void all_lists(peer *p)
{
    p->config.origins = AS_TEXT("null");
    p->config.hosts = AS_TEXT("h");
    p->config.paths = AS_TEXT("/");
    p->config.subprotocols = AS_TEXT("v1");
    p->config.require_subprotocol = 1;
}

static void R6455_4_2_2_3__lists__refuse_before_the_caller_is_asked(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(REQUEST "Origin: null\r\n" CHOSEN("v1") END), NULL, all_lists);
    shake_refused(AS_TEXT(ORIGIN("x")), WEIR_E_ORIGIN_REFUSED, all_lists);
    shake_refused(AS_TEXT(AT_HOST("x")), WEIR_E_HOST_REFUSED, all_lists);
    shake_refused(AS_TEXT(AT_PATH("/x")), WEIR_E_PATH_REFUSED, all_lists);
    shake_refused(AS_TEXT(OFFER("x")), WEIR_E_NO_SUBPROTOCOL, all_lists);
}

/* They are copied: the caller's texts may go once there is a context. */
static void lists__are_copied(void **state)
{
    char list[] = "https://a https://b";
    peer p;
    (void)state;
    peer_init(&p);
    assert_int_equal(weir_config_set_text(&p.config, WEIR_OPTION_ORIGINS, list, WEIR_NTS), WEIR_OK);
    peer_open(&p, 's');
    memset(list, 'x', sizeof list - 1);
    bytes request = {NULL, 0, 0};
    bytes_add_text(&request, ORIGIN("https://b"));
    peer_feed(&p, request.data, request.len, request.len);
    assert_true(peer_saw(&p, "OPEN"));
    bytes_free(&request);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_10_2_1__origin_on_the_list__is_accepted_and_any_other_is_403),
        cmocka_unit_test(R6455_10_2_1__request_without_origin__is_no_browsers),
        cmocka_unit_test(R6455_10_2_1__without_a_list__every_origin_is_allowed),
        cmocka_unit_test(origin__stands_once),
        cmocka_unit_test(R6455_4_2_2_3__host_that_is_not_on_the_list__is_421),
        cmocka_unit_test(R6455_4_2_2_3__path_that_is_not_on_the_list__is_404),
        cmocka_unit_test(R6455_4_2_2_6__automatic_server__takes_the_clients_first_that_it_speaks),
        cmocka_unit_test(WHATWG_3__offer_of_which_nothing_fits__is_400_when_required),
        cmocka_unit_test(R6455_4_2_2_3__lists__refuse_before_the_caller_is_asked),
        cmocka_unit_test(lists__are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
