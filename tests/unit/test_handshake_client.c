/* SPDX-License-Identifier: MIT */
/* A client's side of the opening handshake: the request, every rule of judging the response. */
#include "heads/heads.h"

#include "../../src/protocol/handshake_client.h"
#include "../../src/protocol/handshake_server.h"
#include "../support/guard.h"

static const uint8_t nonce[16] = "the sample nonce";
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define SWITCH "HTTP/1.1 101 Switching Protocols"

static weir__memory memory;
static heads_alloc alloc;
static weir__buffer out;
static weir_config policy;

static int setup(void **state)
{
    (void)state;
    heads_memory(&memory, &alloc);
    policy = heads_policy();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    weir__buffer_free(&memory, &out);
    assert_int_equal(alloc.live, 0);
    return 0;
}

static weir_text text_of(const char *text)
{
    return weir__text(text, WEIR_NTS);
}

/* ---- The request -----------------------------------------------------------------------------*/

static int write_request(const weir_request *request)
{
    char accept[WEIR__ACCEPT_LEN];
    const int status = weir__request_write(&memory, &out, weir__kernels_baseline(), &policy,
                                           request, nonce, accept);
    if (status == WEIR_OK)
        assert_memory_equal(accept, ACCEPT, sizeof accept);
    return status;
}

static void assert_request(const weir_request *request, const char *expected)
{
    assert_int_equal(write_request(request), WEIR_OK);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.data, expected, out.len);
    out.len = 0;
}

/* Refused, and not a byte was written. */
static void assert_refused(const weir_request *request, int status)
{
    assert_int_equal(write_request(request), status);
    assert_int_equal(out.len, 0);
}

#define MIDDLE                                                                                     \
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY                         \
    "\r\nSec-WebSocket-Version: 13\r\n"

static void R6455_4_1_8__R6455_4_1_11__R6455_4_1_15__R9112_2_2_5__request__is_golden(void **state)
{
    (void)state;
    const weir_request bare = {.url = text_of("ws://h")};
    assert_request(&bare, "GET / HTTP/1.1\r\nHost: h\r\n" MIDDLE "\r\n");
    const weir_field fields[] = {{text_of("Cookie"), text_of("a=b; c=d")},
                                 {text_of("X"), text_of("")}};
    const weir_request full = {.url = text_of("wss://Example.com:8443/chat?room=1"),
                               .subprotocols = text_of("chat superchat"),
                               .origin = text_of("https://example.com"),
                               .fields = fields,
                               .field_count = 2};
    assert_request(&full, "GET /chat?room=1 HTTP/1.1\r\nHost: Example.com:8443\r\n" MIDDLE
                          "Origin: https://example.com\r\n"
                          "Sec-WebSocket-Protocol: chat, superchat\r\n"
                          "Cookie: a=b; c=d\r\nX: \r\n\r\n");
}

static void R6455_4_1_10__host__has_a_port_only_when_it_is_not_the_schemes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"ws://h:80/", "h"},
                                           {"ws://h:443/", "h:443"},
                                           {"wss://h:443/", "h"},
                                           {"wss://h:80/", "h:80"},
                                           {"ws://[::1]/", "[::1]"},
                                           {"ws://[::1]:9/", "[::1]:9"},
                                           {"ws://1.2.3.4:0/", "1.2.3.4:0"},
                                           {"ws://h:/", "h"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[300];
        snprintf(expected, sizeof expected, "GET / HTTP/1.1\r\nHost: %s\r\n" MIDDLE "\r\n",
                 cases[i][1]);
        const weir_request request = {.url = text_of(cases[i][0])};
        assert_request(&request, expected);
    }
}

static void R6455_4_1_9__R6455_3_4__target__is_the_resource_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"ws://h", "/"},     {"ws://h?x", "/?x"},
                                           {"ws://h/a?", "/a"}, {"ws://h//b/%20", "//b/%20"},
                                           {"ws://h/?", "/"},   {"ws://h/a?b?c/d", "/a?b?c/d"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[300];
        snprintf(expected, sizeof expected, "GET %s HTTP/1.1\r\nHost: h\r\n" MIDDLE "\r\n",
                 cases[i][1]);
        const weir_request request = {.url = text_of(cases[i][0])};
        assert_request(&request, expected);
    }
}

static void R6455_4_1_13__key__is_the_nonce_with_zero_pad_bits(void **state)
{
    (void)state;
    char accept[WEIR__ACCEPT_LEN];
    const weir_request request = {.url = text_of("ws://h")};
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t bytes[16];
        memset(bytes, (int)byte, sizeof bytes);
        assert_int_equal(weir__request_write(&memory, &out, weir__kernels_baseline(), &policy,
                                             &request, bytes, accept),
                         WEIR_OK);
        const char *key = strstr((const char *)out.data, "Sec-WebSocket-Key: ") + 19;
        assert_non_null(strchr("AQgw", key[21]));
        assert_memory_equal(key + 22, "==\r\n", 4);
        out.len = 0;
    }
}

static void R6455_4_1_1__R6455_3_2__bad_urls__write_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "http://h/",     "ws://h/#f",
                                      "ws://u@h/",  "ws://h:65536/", "ws://h/ HTTP/1.1\r\nX: y",
                                      "ws://h\r\n", "ws://h/\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const weir_request request = {.url = text_of(bad[i])};
        assert_refused(&request, WEIR_E_URL);
    }
    const weir_request cut = {.url = {"ws://h/\0", 8}};
    assert_refused(&cut, WEIR_E_URL);
}

static void R6455_4_1_16__origin__is_an_ascii_origin(void **state)
{
    (void)state;
    static const char *const good[] = {"null",           "http://h",     "https://h:8443",
                                       "HTTP://H",       "http://[::1]", "chrome-extension://abc",
                                       "a+b.c-19://h:0", "z://h",        "Z://h",
                                       "A://h"};
    static const char *const bad[] = {"x",
                                      "Null",
                                      "http:/h",
                                      "http://",
                                      "://h",
                                      "1a://h",
                                      "{://h",
                                      "[://h",
                                      "http://h/",
                                      "http://h?",
                                      "http://u@h",
                                      "http://h:",
                                      "http://h:x",
                                      "http://h h",
                                      "http://h\r",
                                      "http://h\r\nX: y",
                                      "http://\xC3\xA4",
                                      "http://h\x7F",
                                      " http://h",
                                      "http://h ",
                                      "http://a http://b"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char expected[300];
        snprintf(expected, sizeof expected,
                 "GET / HTTP/1.1\r\nHost: h\r\n" MIDDLE "Origin: %s\r\n\r\n", good[i]);
        const weir_request request = {.url = text_of("ws://h"), .origin = text_of(good[i])};
        assert_request(&request, expected);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const weir_request request = {.url = text_of("ws://h"), .origin = text_of(bad[i])};
        assert_refused(&request, WEIR_E_ORIGIN);
    }
    const guarded room = guard();
    for (size_t len = 1; len < 8; len++) {
        const char *const origin = (const char *)guard_copy(room, "http://h", len);
        const weir_request request = {.url = text_of("ws://h"), .origin = {origin, len}};
        assert_refused(&request, WEIR_E_ORIGIN);
    }
    unguard(room);
}

static void R6455_4_1_17__subprotocols__are_distinct_tokens(void **state)
{
    (void)state;
    static const char *const bad[] = {"a,b",       "a a", "\"a\"",   "a\x7F",
                                      "a\r\nX: y", "a/b", "\xC3\xA4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const weir_request request = {.url = text_of("ws://h"), .subprotocols = text_of(bad[i])};
        assert_refused(&request, WEIR_E_PROTOCOL_NAME);
    }
}

static void R6455_4_1_19__SEC_H7__fields__cannot_be_the_librarys_nor_hold_lines(void **state)
{
    (void)state;
    const weir_field bad[] = {{{LIT("Host")}, {LIT("x")}},
                              {{LIT("upgrade")}, {LIT("x")}},
                              {{LIT("Sec-WebSocket-Key")}, {LIT("x")}},
                              {{LIT("origin")}, {LIT("x")}},
                              {{LIT("X")}, {LIT("a\r\nY: b")}},
                              {{LIT("X")}, {LIT("a\0b")}},
                              {{LIT("X\r\nY")}, {LIT("b")}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const weir_request request = {
            .url = text_of("ws://h"), .fields = &bad[i], .field_count = 1};
        assert_refused(&request, WEIR_E_FIELD);
    }
    const weir_request none = {.url = text_of("ws://h"), .field_count = 1};
    assert_refused(&none, WEIR_E_ARGUMENT);
}

static void lengths_of_texts__may_be_left_to_the_nul(void **state)
{
    (void)state;
    const weir_field field = {{"X", WEIR_NTS}, {"y", WEIR_NTS}};
    const weir_request request = {.url = {"ws://h", WEIR_NTS},
                                  .subprotocols = {"a b", WEIR_NTS},
                                  .origin = {"null", WEIR_NTS},
                                  .fields = &field,
                                  .field_count = 1};
    assert_request(&request, "GET / HTTP/1.1\r\nHost: h\r\n" MIDDLE "Origin: null\r\n"
                             "Sec-WebSocket-Protocol: a, b\r\nX: y\r\n\r\n");
}

static void R6455_4_1_8__own_request__is_accepted_by_our_server(void **state)
{
    (void)state;
    const weir_request request = {.url = text_of("wss://h:9/a?b"),
                                  .subprotocols = text_of("a b c"),
                                  .origin = text_of("https://o")};
    assert_int_equal(write_request(&request), WEIR_OK);
    weir__http_head head = {
        .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
    weir__request_verdict verdict;
    size_t used;
    policy.subprotocols = text_of("b");
    assert_int_equal(heads_feed(&head, &memory, (const char *)out.data, out.len, &used), WEIR_OK);
    assert_int_equal(used, out.len);
    weir__request_judge(&head, &verdict);
    assert_int_equal(verdict.status, WEIR_OK);
    assert_true(weir__text_equal(verdict.subprotocol, text_of("b")));
    weir__http_head_free(&head, &memory);
}

static void out_of_memory__leaves_the_output_as_it_was(void **state)
{
    (void)state;
    char value[1000];
    memset(value, 'v', sizeof value);
    const weir_field field = {text_of("X"), {value, sizeof value}};
    const weir_request request = {.url = text_of("ws://h"), .fields = &field, .field_count = 1};
    int status = WEIR_E_MEMORY;
    size_t failed = 0;
    while (status == WEIR_E_MEMORY) {
        weir__buffer_free(&memory, &out);
        alloc.fail_at = 0;
        assert_int_equal(weir__buffer_append(&memory, &out, "before", 6), WEIR_OK);
        alloc.fail_at = alloc.calls + ++failed;
        status = write_request(&request);
        if (status == WEIR_E_MEMORY)
            assert_int_equal(out.len, 6);
        assert_memory_equal(out.data, "before", 6);
    }
    assert_int_equal(status, WEIR_OK);
    assert_true(failed > 1);
}

/* ---- The response, in every cut --------------------------------------------------------------*/

static const weir__permessage_wishes no_wishes = {.enabled = false};

static const char *const good_fields[] = {"Upgrade: websocket", "Connection: Upgrade",
                                          "Sec-WebSocket-Accept: " ACCEPT, NULL};

typedef struct expected_verdict {
    weir__response_kind kind;
    int status;
    const char *offered;
    const char *subprotocol;
} expected_verdict;

static void check_verdict(const weir__http_head *head, int status, size_t used, void *expected)
{
    const expected_verdict *want = expected;
    (void)used;
    weir__response_verdict verdict;
    assert_int_equal(status, WEIR_OK);
    weir__response_judge(head, ACCEPT, text_of(want->offered), &no_wishes, &verdict);
    assert_int_equal(verdict.kind, want->kind);
    assert_int_equal(verdict.status, want->status);
    assert_true(weir__text_equal(verdict.subprotocol, text_of(want->subprotocol)));
}

static void judge_offered(const char *start, const char *drop, const char *more,
                          const char *offered, int status, const char *subprotocol)
{
    const heads_text text = heads_message(start, good_fields, drop, more);
    expected_verdict want = {WEIR__RESPONSE_BAD, status, offered, subprotocol};
    if (status == WEIR_OK)
        want.kind = WEIR__RESPONSE_OPEN;
    if (status == WEIR_E_NOT_UPGRADED)
        want.kind = WEIR__RESPONSE_REJECTED;
    heads_each_way(WEIR__HTTP_RESPONSE, &policy, text.data, text.len, check_verdict, &want);
    free(text.data);
}

static void judge(const char *start, const char *drop, const char *more, int status)
{
    judge_offered(start, drop, more, "", status, "");
}

static void a_good_response__opens(void **state)
{
    (void)state;
    judge(SWITCH, NULL, NULL, WEIR_OK);
    judge("HTTP/1.1 101 ", NULL, "X: y\r\nDate: now\r\n", WEIR_OK);
    judge("HTTP/1.5 101 Web Socket Protocol Handshake", NULL, NULL, WEIR_OK);
}

static void R6455_4_1_21__R9110_15_2_1__every_status__is_judged(void **state)
{
    (void)state;
    for (unsigned status = 100; status <= 999; status++) {
        char line[40];
        snprintf(line, sizeof line, "HTTP/1.1 %u Reason", status);
        const heads_text text = heads_message(line, good_fields, NULL, NULL);
        expected_verdict want = {WEIR__RESPONSE_REJECTED, WEIR_E_NOT_UPGRADED, "", ""};
        if (status < 200) {
            want.kind = status == 101 ? WEIR__RESPONSE_OPEN : WEIR__RESPONSE_INTERIM;
            want.status = WEIR_OK;
        }
        heads_one_way(WEIR__HTTP_RESPONSE, &policy, text.data, text.len, text.len, text.len,
                      check_verdict, &want);
        free(text.data);
    }
}

static void the_http_version__is_1_1_or_a_later_1_x_for_a_101(void **state)
{
    (void)state;
    judge("HTTP/1.0 101 x", NULL, NULL, WEIR_E_HTTP_OLD_VERSION);
    judge("HTTP/2.0 101 x", NULL, NULL, WEIR_E_HTTP_VERSION);
    judge("HTTP/2.0 200 x", NULL, NULL, WEIR_E_HTTP_VERSION);
    judge("HTTP/1.0 403 x", NULL, NULL, WEIR_E_NOT_UPGRADED);
}

static void R6455_4_1_22__R9110_15_2_3__upgrade__is_websocket_alone(void **state)
{
    (void)state;
    judge(SWITCH, "Upgrade", NULL, WEIR_E_UPGRADE);
    judge(SWITCH, "Upgrade", "upgrade: WebSocket\r\n", WEIR_OK);
    judge(SWITCH, "Upgrade", "Upgrade: websocket2\r\n", WEIR_E_UPGRADE);
    judge(SWITCH, "Upgrade", "Upgrade: h2c, websocket\r\n", WEIR_E_UPGRADE);
    judge(SWITCH, "Upgrade", "Upgrade: websocket,\r\n", WEIR_E_UPGRADE);
    judge(SWITCH, "Upgrade", "Upgrade:\r\n", WEIR_E_UPGRADE);
    judge(SWITCH, NULL, "Upgrade: websocket\r\n", WEIR_E_UPGRADE);
}

static void R6455_4_1_23__connection__lists_upgrade(void **state)
{
    (void)state;
    judge(SWITCH, "Connection", NULL, WEIR_E_CONNECTION);
    judge(SWITCH, "Connection", "Connection: keep-alive, UPGRADE\r\n", WEIR_OK);
    judge(SWITCH, "Connection", "Connection: a\r\nConnection: upgrade\r\n", WEIR_OK);
    judge(SWITCH, "Connection", "Connection: upgraded\r\n", WEIR_E_CONNECTION);
    judge(SWITCH, "Connection", "Connection: up grade\r\n", WEIR_E_CONNECTION);
    judge(SWITCH, NULL, "Connection: ,,,,,,,,,,,,,,,,,\r\n", WEIR_E_HTTP_LIST);
}

static void R6455_4_1_24__accept__is_equal_byte_for_byte(void **state)
{
    (void)state;
    char line[80];
    for (unsigned bit = 0; bit < 28 * 8; bit++) {
        char accept[] = ACCEPT;
        accept[bit / 8] = (char)(accept[bit / 8] ^ 1 << bit % 8);
        const uint8_t byte = (uint8_t)accept[bit / 8];
        if (byte < 0x20 || byte == 0x7F)
            continue; /* stopped by the head's parser */
        snprintf(line, sizeof line, "Sec-WebSocket-Accept: %s\r\n", accept);
        judge(SWITCH, "Sec-WebSocket-Accept", line, WEIR_E_ACCEPT);
    }
    judge(SWITCH, "Sec-WebSocket-Accept", NULL, WEIR_E_ACCEPT);
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept:\r\n", WEIR_E_ACCEPT);
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept: " ACCEPT "=\r\n", WEIR_E_ACCEPT);
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n",
          WEIR_E_ACCEPT);
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n",
          WEIR_E_ACCEPT);
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept: \t" ACCEPT " \r\n", WEIR_OK);
    /* R9112-5.2-2: a fold around the value is just whitespace, one inside breaks it. */
    judge(SWITCH, "Sec-WebSocket-Accept", "Sec-WebSocket-Accept:\r\n " ACCEPT "\r\n \r\n", WEIR_OK);
    judge(SWITCH, "Sec-WebSocket-Accept",
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9k\r\n YGzzhZRbK+xOo=\r\n", WEIR_E_ACCEPT);
}

static void R6455_4_1_25__extension_that_was_not_offered__fails(void **state)
{
    (void)state;
    judge(SWITCH, NULL, "Sec-WebSocket-Extensions: permessage-deflate\r\n",
          WEIR_E_EXTENSION_UNOFFERED);
    judge(SWITCH, NULL, "Sec-WebSocket-Extensions: unknown; a=b\r\n", WEIR_E_EXTENSION_UNOFFERED);
    judge(SWITCH, NULL, "Sec-WebSocket-Extensions: a;\r\n", WEIR_E_EXTENSION_LIST);
    judge(SWITCH, NULL, "Sec-WebSocket-Extensions:\r\n", WEIR_E_EXTENSION_LIST);
}

static void R6455_4_1_26__subprotocol__is_one_of_those_offered(void **state)
{
    (void)state;
    const char two[] = "chat superchat";
    judge_offered(SWITCH, NULL, NULL, two, WEIR_OK, "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: superchat\r\n", two, WEIR_OK, "superchat");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: other\r\n", two,
                  WEIR_E_SUBPROTOCOL_UNOFFERED, "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: Chat\r\n", two,
                  WEIR_E_SUBPROTOCOL_UNOFFERED, "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: chat, superchat\r\n", two,
                  WEIR_E_SUBPROTOCOL_UNOFFERED, "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: chat superchat\r\n", two,
                  WEIR_E_SUBPROTOCOL_UNOFFERED, "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol:\r\n", two, WEIR_E_SUBPROTOCOL_UNOFFERED,
                  "");
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: chat\r\n", "",
                  WEIR_E_SUBPROTOCOL_UNOFFERED, "");
}

static void R6455_11_3_1__accept_and_subprotocol__stand_once(void **state)
{
    (void)state;
    judge(SWITCH, NULL, "Sec-WebSocket-Accept: " ACCEPT "\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(SWITCH, NULL, "sec-websocket-accept: x\r\n", WEIR_E_HTTP_DUPLICATE);
    judge_offered(SWITCH, NULL, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n", "a b",
                  WEIR_E_HTTP_DUPLICATE, "");
}

static void R9112_6_3_2__body_fields_in_a_101__do_not_matter(void **state)
{
    (void)state;
    judge(SWITCH, NULL, "Content-Length: 5\r\n", WEIR_OK);
    judge(SWITCH, NULL, "Transfer-Encoding: chunked\r\n", WEIR_OK);
    judge(SWITCH, NULL, "Content-Length: x\r\nTransfer-Encoding: chunked\r\n", WEIR_OK);
}

static void R9112_6_3_1__R9112_6_1_2__faulty_framing_of_a_rejection__fails(void **state)
{
    (void)state;
    judge("HTTP/1.1 403 x", NULL, "Content-Length: 5\r\n", WEIR_E_NOT_UPGRADED);
    judge("HTTP/1.1 403 x", NULL, "Transfer-Encoding: chunked\r\n", WEIR_E_NOT_UPGRADED);
    judge("HTTP/1.1 403 x", NULL, "Content-Length: x\r\n", WEIR_E_HTTP_BODY);
    judge("HTTP/1.1 403 x", NULL, "Content-Length: 5\r\nContent-Length: 6\r\n", WEIR_E_HTTP_BODY);
    judge("HTTP/1.0 403 x", NULL, "Transfer-Encoding: chunked\r\n", WEIR_E_HTTP_BODY);
    judge("HTTP/1.1 200 x", NULL, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          WEIR_E_HTTP_BODY);
}

/* What a change of one byte may do: nothing that matters, or the connection fails. */
static void
R6455_4_1_27__any_byte_of_the_golden_response_changed__fails_or_means_the_same(void **state)
{
    (void)state;
    const heads_text golden = heads_message(SWITCH, good_fields, NULL, NULL);
    const size_t reason = sizeof "HTTP/1.1 101 " - 1;
    const size_t reason_end = sizeof SWITCH - 1;
    const size_t list = sizeof SWITCH "\r\nUpgrade: websocket\r\nConnection:" - 1;
    for (size_t at = 0; at < golden.len; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char *changed = malloc(golden.len);
            assert_non_null(changed);
            memcpy(changed, golden.data, golden.len);
            const char before = changed[at];
            changed[at] = (char)byte;
            weir__http_head head = {
                .kind = WEIR__HTTP_RESPONSE, .policy = &policy, .kernels = heads_kernels()};
            weir__response_verdict verdict = {.kind = WEIR__RESPONSE_BAD};
            size_t used;
            if (weir__http_head_feed(&head, &memory, (uint8_t *)changed, golden.len, &used) ==
                WEIR_OK)
                weir__response_judge(&head, ACCEPT, text_of(""), &no_wishes, &verdict);
            const char lower = (char)(before | 0x20);
            const bool letter = lower >= 'a' && lower <= 'z';
            const bool in_accept = at >= golden.len - 4 - 28 && at < golden.len - 4;
            const bool same =
                (char)byte == before || (at >= reason && at < reason_end) ||
                (letter && (byte ^ (unsigned char)before) == 0x20 && at > reason && !in_accept) ||
                (before == ' ' && byte == '\t' && at > reason) || (at == list && byte == ',') ||
                (at == sizeof "HTTP/1." - 1 && byte >= '1' && byte <= '9');
            if (verdict.kind == WEIR__RESPONSE_OPEN)
                assert_true(same);
            else if ((char)byte == before)
                fail();
            weir__http_head_free(&head, &memory);
            free(changed);
        }
    }
    free(golden.data);
}

#define CLIENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(R6455_4_1_8__R6455_4_1_11__R6455_4_1_15__R9112_2_2_5__request__is_golden),
        CLIENT_TEST(R6455_4_1_10__host__has_a_port_only_when_it_is_not_the_schemes),
        CLIENT_TEST(R6455_4_1_9__R6455_3_4__target__is_the_resource_name),
        CLIENT_TEST(R6455_4_1_13__key__is_the_nonce_with_zero_pad_bits),
        CLIENT_TEST(R6455_4_1_1__R6455_3_2__bad_urls__write_nothing),
        CLIENT_TEST(R6455_4_1_16__origin__is_an_ascii_origin),
        CLIENT_TEST(R6455_4_1_17__subprotocols__are_distinct_tokens),
        CLIENT_TEST(R6455_4_1_19__SEC_H7__fields__cannot_be_the_librarys_nor_hold_lines),
        CLIENT_TEST(lengths_of_texts__may_be_left_to_the_nul),
        CLIENT_TEST(R6455_4_1_8__own_request__is_accepted_by_our_server),
        CLIENT_TEST(out_of_memory__leaves_the_output_as_it_was),
        CLIENT_TEST(a_good_response__opens),
        CLIENT_TEST(R6455_4_1_21__R9110_15_2_1__every_status__is_judged),
        CLIENT_TEST(the_http_version__is_1_1_or_a_later_1_x_for_a_101),
        CLIENT_TEST(R6455_4_1_22__R9110_15_2_3__upgrade__is_websocket_alone),
        CLIENT_TEST(R6455_4_1_23__connection__lists_upgrade),
        CLIENT_TEST(R6455_4_1_24__accept__is_equal_byte_for_byte),
        CLIENT_TEST(R6455_4_1_25__extension_that_was_not_offered__fails),
        CLIENT_TEST(R6455_4_1_26__subprotocol__is_one_of_those_offered),
        CLIENT_TEST(R6455_11_3_1__accept_and_subprotocol__stand_once),
        CLIENT_TEST(R9112_6_3_2__body_fields_in_a_101__do_not_matter),
        CLIENT_TEST(R9112_6_3_1__R9112_6_1_2__faulty_framing_of_a_rejection__fails),
        CLIENT_TEST(R6455_4_1_27__any_byte_of_the_golden_response_changed__fails_or_means_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
