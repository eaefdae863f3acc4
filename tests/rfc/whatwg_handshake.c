/* SPDX-License-Identifier: MIT */
/* WHATWG WebSockets: the handshakes of real browsers, and what their scripts get to know. */
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

/* What three browsers send to ws://localhost:8080/chat from a page of http://localhost:3000. */
#define CHROME                                                                                     \
    "GET /chat HTTP/1.1\r\n"                                                                       \
    "Host: localhost:8080\r\n"                                                                     \
    "Connection: Upgrade\r\n"                                                                      \
    "Pragma: no-cache\r\n"                                                                         \
    "Cache-Control: no-cache\r\n"                                                                  \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "          \
    "Chrome/124.0.0.0 Safari/537.36\r\n"                                                           \
    "Upgrade: websocket\r\n"                                                                       \
    "Origin: http://localhost:3000\r\n"                                                            \
    "Sec-WebSocket-Version: 13\r\n"                                                                \
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"                                                 \
    "Accept-Language: en-US,en;q=0.9\r\n"                                                          \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                                              \
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

#define FIREFOX                                                                                    \
    "GET /chat HTTP/1.1\r\n"                                                                       \
    "Host: localhost:8080\r\n"                                                                     \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0\r\n"       \
    "Accept: */*\r\n"                                                                              \
    "Accept-Language: en-US,en;q=0.5\r\n"                                                          \
    "Accept-Encoding: gzip, deflate, br\r\n"                                                       \
    "Sec-WebSocket-Version: 13\r\n"                                                                \
    "Origin: http://localhost:3000\r\n"                                                            \
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"                                             \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                                              \
    "DNT: 1\r\n"                                                                                   \
    "Connection: keep-alive, Upgrade\r\n"                                                          \
    "Sec-Fetch-Dest: empty\r\n"                                                                    \
    "Sec-Fetch-Mode: websocket\r\n"                                                                \
    "Sec-Fetch-Site: same-site\r\n"                                                                \
    "Pragma: no-cache\r\n"                                                                         \
    "Cache-Control: no-cache\r\n"                                                                  \
    "Upgrade: websocket\r\n"

#define SAFARI                                                                                     \
    "GET /chat HTTP/1.1\r\n"                                                                       \
    "Host: localhost:8080\r\n"                                                                     \
    "Upgrade: websocket\r\n"                                                                       \
    "Connection: Upgrade\r\n"                                                                      \
    "Origin: http://localhost:3000\r\n"                                                            \
    "Cookie: sid=0123456789abcdef; theme=dark\r\n"                                                 \
    "Accept-Encoding: gzip, deflate\r\n"                                                           \
    "Sec-WebSocket-Version: 13\r\n"                                                                \
    "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n"                                         \
    "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "            \
    "(KHTML, like Gecko) Version/17.4 Safari/605.1.15\r\n"                                         \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* The extension is declined: no such field in the answer, and no failure. */
static void WHATWG_4__requests_of_browsers__are_accepted_as_they_are(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(CHROME END), NULL, NULL);
    shake_accepted(AS_TEXT(FIREFOX END), NULL, NULL);
    shake_accepted(AS_TEXT(SAFARI END), NULL, NULL);
}

static void WHATWG_4__every_shape_of_a_deflate_offer__is_declined(void **state)
{
    static const weir_text offers[] = {
        TEXT(REQUEST "Sec-WebSocket-Extensions: permessage-deflate\r\n" END),
        TEXT(REQUEST "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15; "
                     "server_max_window_bits=10; server_no_context_takeover\r\n" END),
        TEXT(REQUEST "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, "
                     "permessage-deflate\r\n" END),
        TEXT(REQUEST "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99\r\n"
                     "Sec-WebSocket-Extensions: x-webkit-deflate-frame\r\n" END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(offers); i++)
        shake_accepted(offers[i], NULL, NULL);
}

static void strict(peer *p)
{
    p->config.auto_accept = 1;
    p->config.origins = AS_TEXT("http://localhost:3000");
    p->config.require_origin = 1;
    p->config.hosts = AS_TEXT("localhost");
    p->config.paths = AS_TEXT("/chat");
    p->config.subprotocols = AS_TEXT("json");
    p->config.require_subprotocol = 1;
}

static void WHATWG_3__browser_that_offers_subprotocols__gets_one_or_a_400(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(CHROME "Sec-WebSocket-Protocol: cbor, json\r\n" END),
                   "Sec-WebSocket-Protocol: json\r\n", strict);
    shake_refused(AS_TEXT(CHROME "Sec-WebSocket-Protocol: cbor\r\n" END), WEIR_E_NO_SUBPROTOCOL,
                  strict);
    shake_accepted(AS_TEXT(CHROME END), NULL, strict);
}

/* A caller that answers by itself sees what was offered, and chooses or rejects. */
static void WHATWG_3__caller__sees_the_offer_and_may_reject_it(void **state)
{
    peer p;
    weir_text offered;
    (void)state;
    shake_start(&p, 's', AS_TEXT(CHROME "Sec-WebSocket-Protocol: cbor\r\n" END), NULL);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, &offered), WEIR_OK);
    assert_memory_equal(offered.data, "cbor", offered.len);
    assert_int_equal(weir_conn_respond(p.conn, 400, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    assert_int_equal(shake_parse(&p.output).status, 400);
    peer_close(&p);
}

/* Browsers take http: for ws:; here the caller says what it means. */
static void WHATWG_1__http_url__is_refused(void **state)
{
    static const weir_text urls[] = {TEXT("http://h/"), TEXT("https://h/"), TEXT("HTTP://h/"),
                                     TEXT("//h/"), TEXT("/chat")};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        const weir_request request = {.url = urls[i]};
        peer p;
        assert_int_equal(shake_ask(&p, &request), WEIR_E_URL);
        peer_close(&p);
    }
}

/* Whatever the reason, the code is 1006; the rest of the report is for logs. */
static void WHATWG_6__every_failed_handshake__is_1006(void **state)
{
    static const weir_text responses[] = {
        TEXT("x"),
        TEXT("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n"),
        TEXT(STATUS UPGRADE CONNECTION END),
        TEXT(RESPONSE "Sec-WebSocket-Protocol: x\r\n" END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(responses); i++) {
        peer p;
        weir_report report;
        shake_start(&p, 'c', responses[i], NULL);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
        assert_int_equal(report.code, 1006);
        assert_int_equal(report.peer_code | report.local_code, 0);
        assert_int_equal(report.reason.len, 0);
        assert_true(report.text.len > 0);
        peer_close(&p);
    }
}

/* Browsers never ping, so a server does: 20 s of silence by default. */
static void WHATWG_10__silent_browser__is_pinged_by_default(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 's', AS_TEXT(CHROME END), NULL);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    peer_pump(&p);
    weir_context_set_time(p.context, 19999);
    while (weir_context_next_ready(p.context))
        peer_pump(&p);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 9), 0);
    weir_context_set_time(p.context, 20000);
    while (weir_context_next_ready(p.context))
        peer_pump(&p);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 9), 1);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(WHATWG_4__requests_of_browsers__are_accepted_as_they_are),
        cmocka_unit_test(WHATWG_4__every_shape_of_a_deflate_offer__is_declined),
        cmocka_unit_test(WHATWG_3__browser_that_offers_subprotocols__gets_one_or_a_400),
        cmocka_unit_test(WHATWG_3__caller__sees_the_offer_and_may_reject_it),
        cmocka_unit_test(WHATWG_1__http_url__is_refused),
        cmocka_unit_test(WHATWG_6__every_failed_handshake__is_1006),
        cmocka_unit_test(WHATWG_10__silent_browser__is_pinged_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
