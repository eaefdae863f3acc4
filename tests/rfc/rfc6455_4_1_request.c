/* SPDX-License-Identifier: MIT */
/* RFC 6455 4.1, first half: the request a client sends, and what it refuses to send. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

/* A sanitizer makes each of very many connections slow. */
#if defined(__SANITIZE_ADDRESS__)
#define KEYS 50000u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEYS 50000u
#endif
#endif
#ifndef KEYS
#define KEYS 1000000u
#endif

static int ask(const weir_request *request)
{
    peer p;
    const int status = shake_ask(&p, request);
    peer_close(&p);
    return status;
}

/* ---- Golden bytes ----------------------------------------------------------------------------*/

/* The key in a request; every request with the seed of the tests has the same first one. */
static const char *key_in(const bytes *output)
{
    static const char name[] = "\r\nSec-WebSocket-Key: ";
    for (size_t at = 0; at + sizeof name + 24 <= output->len; at++)
        if (memcmp(output->data + at, name, sizeof name - 1) == 0)
            return (const char *)output->data + at + sizeof name - 1;
    fail_msg("there is no key");
    return NULL;
}

/* The output is the text, $ standing for the key. */
static void output_is(const peer *p, const char *text)
{
    const char *const key = key_in(&p->output);
    bytes want = {NULL, 0, 0};
    for (const char *at = text; *at; at++)
        bytes_add(&want, *at == '$' ? key : at, *at == '$' ? 24 : 1);
    bytes_add(&want, "", 1);
    shake_output_is(p, (const char *)want.data);
    bytes_free(&want);
}

static void
R6455_4_1_8__R6455_4_1_10__R6455_4_1_11__R6455_4_1_15__R9112_2_2_5__plain_request__is_these_bytes(
    void **state)
{
    const weir_request request = {.url = TEXT("ws://server.example.com/chat")};
    peer p;
    (void)state;
    assert_int_equal(shake_ask(&p, &request), WEIR_OK);
    output_is(&p, "GET /chat HTTP/1.1\r\n"
                  "Host: server.example.com\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Key: $\r\n"
                  "Sec-WebSocket-Version: 13\r\n"
                  "\r\n");
    assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
    peer_close(&p);
}

static void R6455_4_1_8__R9110_7_8_1__full_request__is_these_bytes(void **state)
{
    static const weir_field fields[] = {
        {TEXT("Authorization"), TEXT("Basic dTpw")},
        {{"Cookie", WEIR_NTS}, {"a=b; c=\xC3\xA4", WEIR_NTS}},
        {TEXT("X-Empty"), TEXT("")},
    };
    const weir_request request = {.url = {"wss://[::1]:8443/a%20b?c=d", WEIR_NTS},
                                  .subprotocols = {"chat super.chat v1", WEIR_NTS},
                                  .origin = {"https://example.com:444", WEIR_NTS},
                                  .fields = fields,
                                  .field_count = 3};
    peer p;
    (void)state;
    assert_int_equal(shake_ask(&p, &request), WEIR_OK);
    output_is(&p, "GET /a%20b?c=d HTTP/1.1\r\n"
                  "Host: [::1]:8443\r\n"
                  "Upgrade: websocket\r\n"
                  "Connection: Upgrade\r\n"
                  "Sec-WebSocket-Key: $\r\n"
                  "Sec-WebSocket-Version: 13\r\n"
                  "Origin: https://example.com:444\r\n"
                  "Sec-WebSocket-Protocol: chat, super.chat, v1\r\n"
                  "Authorization: Basic dTpw\r\n"
                  "Cookie: a=b; c=\xC3\xA4\r\n"
                  "X-Empty: \r\n"
                  "\r\n");
    peer_close(&p);
}

/* Our own parser is the server role; the foreign one looks for CRLF and ": " alone. */
static size_t foreign_fields(const char *head)
{
    size_t count = 0;
    assert_true(strncmp(head, "GET /", 5) == 0);
    for (const char *line = strstr(head, "\r\n") + 2;; count++) {
        const char *const end = strstr(line, "\r\n");
        assert_non_null(end);
        if (end == line) {
            assert_int_equal(end[2], 0);
            return count;
        }
        const size_t name = strcspn(line, ":");
        assert_true(name > 0 && line + name + 1 < end && line[name + 1] == ' ');
        assert_int_equal(strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-"),
                         name);
        line = end + 2;
    }
}

static void R6455_4_1_8__request__is_read_the_same_by_us_and_by_others(void **state)
{
    static const weir_field field = {TEXT("X-Y"), TEXT("z: z")};
    const weir_request request = {.url = TEXT("ws://h/p?q"),
                                  .subprotocols = TEXT("a b"),
                                  .origin = TEXT("null"),
                                  .fields = &field,
                                  .field_count = 1};
    peer client;
    peer server;
    weir_text value;
    (void)state;
    assert_int_equal(shake_ask(&client, &request), WEIR_OK);
    shake_start(&server, 's', (weir_text){(char *)client.output.data, client.output.len}, NULL);
    assert_true(peer_saw(&server, "REQUEST"));
    assert_int_equal(weir_conn_offered_subprotocol(server.conn, 1, &value), WEIR_OK);
    assert_memory_equal(value.data, "b", value.len);
    assert_int_equal(weir_conn_header(server.conn, "x-y", WEIR_NTS, 0, &value), WEIR_OK);
    assert_memory_equal(value.data, "z: z", value.len);
    weir_field at;
    size_t count = 0;
    while (weir_conn_header_at(server.conn, count, &at) == WEIR_OK)
        count++;
    bytes_add(&client.output, "", 1);
    assert_int_equal(foreign_fields((char *)client.output.data), count);
    assert_int_equal(count, 8);
    peer_close(&server);
    peer_close(&client);
}

static void R6455_4_1_9__target__comes_back_as_it_was_for_random_urls(void **state)
{
    static const char letters[] = "abcXYZ019-._~!$&'()*+,;=:@/?";
    uint32_t dice = 1;
    (void)state;
    for (int round = 0; round < 500; round++) {
        char url[128] = "ws://h/";
        size_t len = 7;
        for (size_t i = 0; i < 3 + (size_t)round / 10; i++) {
            dice = dice * 1664525u + 1013904223u;
            url[len++] = letters[(dice >> 16) % (sizeof letters - 1)];
        }
        if (strchr(url + 6, '?') == url + len - 1)
            url[len - 1] = 'x'; /* an empty query is left out */
        const weir_request request = {.url = {url, len}};
        peer client;
        peer server;
        weir_text target;
        assert_int_equal(shake_ask(&client, &request), WEIR_OK);
        shake_start(&server, 's', (weir_text){(char *)client.output.data, client.output.len}, NULL);
        assert_int_equal(weir_conn_text(server.conn, WEIR_TEXT_TARGET, &target), WEIR_OK);
        assert_int_equal(target.len, len - 6);
        assert_memory_equal(target.data, url + 6, target.len);
        peer_close(&server);
        peer_close(&client);
    }
}

/* ---- Key -------------------------------------------------------------------------------------*/

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, 24);
}

static void R6455_4_1_13__very_many_keys__are_well_formed_and_all_different(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const weir_request request = {.url = TEXT("ws://h/")};
    char(*const keys)[24] = malloc(24 * (size_t)KEYS);
    weir_config config;
    weir_context *context;
    (void)state;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
    for (size_t i = 0; i < KEYS; i++) {
        weir_conn *conn;
        weir_span span;
        assert_int_equal(weir_conn_create_client(context, &request, &conn), WEIR_OK);
        assert_int_equal(weir_conn_output(conn, &span, 1), 1);
        const bytes output = {(uint8_t *)(uintptr_t)span.data, span.len, span.len};
        memcpy(keys[i], key_in(&output), 24);
        weir_conn_free(conn);
        /* 21 characters of the alphabet, one with four pad bits of 0 (erratum 3150), two pads. */
        for (int c = 0; c < 21; c++)
            assert_non_null(memchr(alphabet, keys[i][c], 64));
        assert_non_null(memchr("AQgw", keys[i][21], 4));
        assert_memory_equal(keys[i] + 22, "==", 2);
    }
    qsort(keys, KEYS, 24, compare_keys);
    for (size_t i = 1; i < KEYS; i++)
        assert_true(memcmp(keys[i - 1], keys[i], 24) != 0);
    assert_int_equal(weir_context_free(context), WEIR_OK);
    free(keys);
}

static void R6455_4_1_13__without_a_seed__no_client_is_made(void **state)
{
    const weir_request request = {.url = TEXT("ws://h/")};
    peer p;
    (void)state;
    peer_init(&p);
    p.config.has_seed = 0;
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    const uint64_t held = p.alloc.held;
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_E_ENTROPY);
    assert_null(p.conn);
    assert_int_equal(weir_conn_create_established(p.context, WEIR_CLIENT, &p.conn), WEIR_E_ENTROPY);
    assert_null(p.conn);
    assert_int_equal(p.alloc.held, held);
    assert_null(weir_context_next_ready(p.context));
    peer_close(&p);
}

/* ---- Origin ----------------------------------------------------------------------------------*/

static void R6455_4_1_16__R9112_11_1_1__origin__is_ascii_or_refused(void **state)
{
    static const weir_text good[] = {
        TEXT("null"),          TEXT("http://a"),        TEXT("https://a.example:8080"),
        TEXT("app+x.1-y://h"), TEXT("http://[::1]:80"), {"http://nts", WEIR_NTS},
    };
    static const weir_text bad[] = {
        TEXT("a"),
        TEXT("http:"),
        TEXT("http://"),
        TEXT("://a"),
        TEXT("http://a/"),
        TEXT("http://a?b"),
        TEXT("http://u@a"),
        TEXT("http://a b"),
        TEXT("http://a:"),
        TEXT("http://a:x"),
        TEXT("1ttp://a"),
        TEXT(" http://a"),
        TEXT("http://a "),
        TEXT("http://a\r\nX: y"),
        TEXT("http://a\r"),
        TEXT("http://a\n"),
        TEXT("http://a\0"),
        TEXT("http://a\0b"),
        TEXT("http://\xC3\xA4"),
        TEXT("http://a\x7F"),
        TEXT("NULL"),
        TEXT("http://a, http://b"),
        TEXT("\0"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const weir_request request = {.url = TEXT("ws://h/"), .origin = good[i]};
        char line[64];
        peer p;
        assert_int_equal(shake_ask(&p, &request), WEIR_OK);
        bytes_add(&p.output, "", 1);
        snprintf(line, sizeof line, "\r\nOrigin: %s\r\n", good[i].data);
        char *const found = strstr((char *)p.output.data, line);
        assert_non_null(found);
        assert_null(strstr(found + 3, "Origin"));
        peer_close(&p);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const weir_request request = {.url = TEXT("ws://h/"), .origin = bad[i]};
        assert_int_equal(ask(&request), WEIR_E_ORIGIN);
    }
}

/* ---- Subprotocols ----------------------------------------------------------------------------*/

static void R6455_4_1_17__R9112_11_1_1__subprotocols__are_tokens_without_repeats(void **state)
{
    static const weir_text bad[] = {
        TEXT("a,b"),     TEXT("a, b"),     TEXT("\"a\""), TEXT("a\x7F"),
        TEXT("a b a"),   TEXT("a a"),      TEXT("a\tb"),  TEXT("a\r\nX: y"),
        TEXT("a\r\n b"), TEXT("a b\n"),    TEXT("\0"),    TEXT("a\0"),
        TEXT("a b\0c"),  TEXT("\xC3\xA4"), TEXT("a/b"),   TEXT("a b c d a"),
    };
    static const weir_text good[] = {
        TEXT("a"),         TEXT("a b"), TEXT("a A"), TEXT(" a  b "), TEXT("!#$%&'*+-.^_`|~09azAZ"),
        {"a b", WEIR_NTS},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const weir_request request = {.url = TEXT("ws://h/"), .subprotocols = bad[i]};
        assert_int_equal(ask(&request), WEIR_E_PROTOCOL_NAME);
    }
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const weir_request request = {.url = TEXT("ws://h/"), .subprotocols = good[i]};
        assert_int_equal(ask(&request), WEIR_OK);
    }
}

static void R6455_4_1_17__every_single_byte__is_a_token_or_refused(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char name = (char)byte;
        const weir_request request = {.url = TEXT("ws://h/"), .subprotocols = {&name, 1}};
        const int token = byte > 32 && byte < 127 && !strchr("\"(),/:;<=>?@[\\]{}", byte);
        /* A single space is a list of none. */
        assert_int_equal(ask(&request), token || byte == ' ' ? WEIR_OK : WEIR_E_PROTOCOL_NAME);
    }
}

static void R6455_4_1_17__list_of_spaces__offers_nothing(void **state)
{
    const weir_request request = {.url = TEXT("ws://h/"), .subprotocols = TEXT("   ")};
    peer p;
    (void)state;
    assert_int_equal(shake_ask(&p, &request), WEIR_OK);
    output_is(&p, "GET / HTTP/1.1\r\nHost: h\r\n" UPGRADE CONNECTION
                  "Sec-WebSocket-Key: $\r\n" VERSION END);
    peer_close(&p);
}

/* ---- Fields of the caller's ------------------------------------------------------------------*/

static void R6455_4_1_19__R9112_11_1_1__field_that_is_malformed_or_ours__is_refused(void **state)
{
    static const weir_field bad[] = {
        {TEXT(""), TEXT("v")},
        {TEXT("a b"), TEXT("v")},
        {TEXT("a:"), TEXT("v")},
        {TEXT("a\r\nb"), TEXT("v")},
        {TEXT("a\0"), TEXT("v")},
        {TEXT("\xC3\xA4"), TEXT("v")},
        {{NULL, 0}, {NULL, 0}},
        {TEXT("X"), TEXT("a\r\nY: b")},
        {TEXT("X"), TEXT("a\r\n b")},
        {TEXT("X"), TEXT("\r\n\r\nGET / HTTP/1.1\r\n")},
        {TEXT("X"), TEXT("a\r")},
        {TEXT("X"), TEXT("a\n")},
        {TEXT("X"), TEXT("a\0")},
        {TEXT("X"), TEXT("a\x7F")},
        {TEXT("X"), TEXT(" a")},
        {TEXT("X"), TEXT("a ")},
        {TEXT("Host"), TEXT("h")},
        {TEXT("upgrade"), TEXT("h2c")},
        {TEXT("Connection"), TEXT("close")},
        {TEXT("ORIGIN"), TEXT("http://a")},
        {TEXT("Content-Length"), TEXT("5")},
        {TEXT("Transfer-Encoding"), TEXT("chunked")},
        {TEXT("Sec-WebSocket-Key"), TEXT("dGhlIHNhbXBsZSBub25jZQ==")},
        {TEXT("sec-websocket-version"), TEXT("13")},
        {TEXT("Sec-WebSocket-Protocol"), TEXT("a")},
        {TEXT("Sec-WebSocket-Extensions"), TEXT("x")},
        {TEXT("Sec-WebSocket-Anything"), TEXT("x")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const weir_field pair[2] = {{TEXT("X-Good"), TEXT("\xE4")}, bad[i]};
        const weir_request request = {.url = TEXT("ws://h/"), .fields = pair, .field_count = 2};
        assert_int_equal(ask(&request), WEIR_E_FIELD);
    }
    const weir_request missing = {.url = TEXT("ws://h/"), .field_count = 1};
    assert_int_equal(ask(&missing), WEIR_E_ARGUMENT);
}

/* A URL too may not break the line (R6455-11.1-1 has all its bytes). */
static void R9112_11_1_1__url_with_a_line_break__is_refused(void **state)
{
    static const weir_text bad[] = {
        TEXT("ws://h/\r\nX: y"), TEXT("ws://h\r\nX: y/"), TEXT("ws://h/ HTTP/1.1\r\nX: y"),
        TEXT("ws://h/?\n"),      TEXT("ws://h/\0"),       TEXT("ws://h:80\r\n/"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const weir_request request = {.url = bad[i]};
        assert_int_equal(ask(&request), WEIR_E_URL);
    }
}

static void what_the_caller_gave__is_copied(void **state)
{
    char texts[] = "ws://h/pchatoriginXv";
    weir_field field = {{texts + 18, 1}, {texts + 19, 1}};
    const weir_request request = {
        .url = {texts, 8}, .subprotocols = {texts + 8, 4}, .fields = &field, .field_count = 1};
    peer p;
    (void)state;
    peer_init(&p);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
    memset(texts, '#', sizeof texts - 1);
    memset(&field, 0, sizeof field);
    peer_pump(&p);
    output_is(&p, "GET /p HTTP/1.1\r\n" HOST UPGRADE CONNECTION "Sec-WebSocket-Key: $\r\n" VERSION
                  "Sec-WebSocket-Protocol: chat\r\nX: v\r\n\r\n");
    /* The offer is remembered too: chat is accepted, although its text is gone. */
    bytes response = {NULL, 0, 0};
    shake_add_response(&response, AS_TEXT(RESPONSE "Sec-WebSocket-Protocol: chat\r\n" END));
    peer_feed(&p, response.data, response.len, response.len);
    assert_true(peer_saw(&p, "OPEN"));
    bytes_free(&response);
    peer_close(&p);
}

/* ---- While it waits --------------------------------------------------------------------------*/

static void R6455_4_1_20__every_send__is_refused_while_connecting(void **state)
{
    static const weir_text steps[] = {TEXT(""), TEXT(STATUS), TEXT("HTTP/1.1 100 x\r\n\r\n")};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        peer p;
        weir_message *message;
        shake_start(&p, 'c', steps[i], NULL);
        weir_message_create(p.context, WEIR_TEXT, "x", 1, &message);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "x", 1), WEIR_E_NOT_OPEN);
        assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT, "x", 1, 7), WEIR_E_NOT_OPEN);
        assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_E_NOT_OPEN);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_TEXT), WEIR_E_NOT_OPEN);
        assert_true(weir_conn_send_chunk(p.conn, "x", 1) < 0);
        assert_true(weir_conn_send_end(p.conn, "x", 1) < 0);
        assert_int_equal(weir_conn_ping(p.conn, NULL, 0), WEIR_E_NOT_OPEN);
        assert_int_equal(weir_conn_pong(p.conn, NULL, 0), WEIR_E_NOT_OPEN);
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
        assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_E_STATE);
        assert_int_equal(weir_conn_buffered_amount(p.conn), 0);
        peer_pump(&p);
        assert_int_equal(p.output.len, 0);
        assert_int_equal(p.event_count, 0);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        weir_message_free(message);
        peer_close(&p);
    }
}

static void R6455_4_1_20__closing_while_connecting__emits_nothing(void **state)
{
    peer p;
    weir_report report;
    (void)state;
    shake_start(&p, 'c', AS_TEXT(STATUS), NULL);
    assert_int_equal(weir_conn_close(p.conn, 1000, "x", 1), WEIR_OK);
    peer_pump(&p);
    assert_int_equal(p.output.len, 0);
    assert_int_equal(p.closed_count, 1);
    assert_int_equal(p.event_count, 1);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    weir_conn_report(p.conn, &report, sizeof report);
    assert_int_equal(report.code, 1006);
    assert_int_equal(report.cause, WEIR_E_REFUSED);
    assert_int_equal(report.side, WEIR_SIDE_LOCAL);
    assert_int_equal(report.http_status, 0);
    peer_close(&p);
}

/* ---- The transport ---------------------------------------------------------------------------*/

static void transport_ends_after(char kind, const bytes *input, size_t len)
{
    peer p;
    weir_report report;
    peer_init(&p);
    peer_open(&p, kind);
    peer_feed(&p, input->data, len, 5);
    const size_t output_len = p.output.len;
    assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
    assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
    peer_pump(&p);
    assert_int_equal(p.closed_count, 1);
    assert_int_equal(p.event_count, 1);
    assert_int_equal(p.output.len, output_len);
    weir_conn_report(p.conn, &report, sizeof report);
    assert_int_equal(report.code, 1006);
    assert_int_equal(report.cause, WEIR_E_TRANSPORT);
    assert_int_equal(report.side, WEIR_SIDE_TRANSPORT);
    assert_int_equal(report.offset, len);
    assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
    peer_close(&p);
}

static void R6455_4_1_5__transport_that_ends_at_any_step__is_1006_and_no_frame(void **state)
{
    bytes response = {NULL, 0, 0};
    bytes request = {NULL, 0, 0};
    (void)state;
    shake_add_response(&response, AS_TEXT("HTTP/1.1 103 \r\nLink: x\r\n\r\n" RESPONSE END));
    bytes_add_request(&request, NULL);
    for (size_t len = 0; len < response.len; len++)
        transport_ends_after('c', &response, len);
    for (size_t len = 0; len < request.len; len++)
        transport_ends_after('s', &request, len);
    bytes_free(&request);
    bytes_free(&response);
}

static void R6455_4_1_5__transport_that_never_opens__drops_the_request(void **state)
{
    const weir_request request = {.url = TEXT("ws://h/")};
    for (size_t sent = 0; sent < 100; sent += 33) {
        peer p;
        weir_span span;
        peer_init(&p);
        assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
        assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
        assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
        assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
        assert_int_equal(weir_conn_sent(p.conn, sent), WEIR_OK);
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        assert_false(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
        peer_pump(&p);
        assert_int_equal(p.output.len, 0);
        assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_TRANSPORT"));
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        peer_close(&p);
    }
    (void)state;
}

static void R6455_4_1_5__transport_that_ends_in_a_request_that_waits__ends_it(void **state)
{
    peer p;
    (void)state;
    shake_start(&p, 's', AS_TEXT(REQUEST END), NULL);
    assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
    peer_pump(&p);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(p.output.len, 0);
    assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_E_TRANSPORT"));
    peer_close(&p);
}

/* ---- Memory ----------------------------------------------------------------------------------*/

static void client_scenario(test_alloc *alloc)
{
    static const weir_field field = {TEXT("X"), TEXT("y")};
    const weir_request request = {
        .url = TEXT("ws://h/"), .subprotocols = TEXT("a b"), .fields = &field, .field_count = 1};
    weir_config config;
    weir_context *context;
    weir_conn *conn;
    weir_config_init(&config, sizeof config);
    config.allocate = test_allocate;
    config.allocate_user = alloc;
    config.has_seed = 1;
    if (weir_context_create(&config, &context) != WEIR_OK)
        return;
    const int status = weir_conn_create_client(context, &request, &conn);
    assert_true(status == WEIR_OK || (status == WEIR_E_MEMORY && conn == NULL));
    weir_conn_free(conn);
    assert_int_equal(weir_context_free(context), WEIR_OK);
}

static void memory_that_runs_out__makes_no_client(void **state)
{
    (void)state;
    test_alloc_sweep(client_scenario);
}

#define RUN(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(R6455_4_1_8__R6455_4_1_10__R6455_4_1_11__R6455_4_1_15__R9112_2_2_5__plain_request__is_these_bytes),
        RUN(R6455_4_1_8__R9110_7_8_1__full_request__is_these_bytes),
        RUN(R6455_4_1_8__request__is_read_the_same_by_us_and_by_others),
        RUN(R6455_4_1_9__target__comes_back_as_it_was_for_random_urls),
        RUN(R6455_4_1_13__very_many_keys__are_well_formed_and_all_different),
        RUN(R6455_4_1_13__without_a_seed__no_client_is_made),
        RUN(R6455_4_1_16__R9112_11_1_1__origin__is_ascii_or_refused),
        RUN(R6455_4_1_17__R9112_11_1_1__subprotocols__are_tokens_without_repeats),
        RUN(R6455_4_1_17__every_single_byte__is_a_token_or_refused),
        RUN(R6455_4_1_17__list_of_spaces__offers_nothing),
        RUN(R6455_4_1_19__R9112_11_1_1__field_that_is_malformed_or_ours__is_refused),
        RUN(R9112_11_1_1__url_with_a_line_break__is_refused),
        RUN(what_the_caller_gave__is_copied),
        RUN(R6455_4_1_20__every_send__is_refused_while_connecting),
        RUN(R6455_4_1_20__closing_while_connecting__emits_nothing),
        RUN(R6455_4_1_5__transport_that_ends_at_any_step__is_1006_and_no_frame),
        RUN(R6455_4_1_5__transport_that_never_opens__drops_the_request),
        RUN(R6455_4_1_5__transport_that_ends_in_a_request_that_waits__ends_it),
        RUN(memory_that_runs_out__makes_no_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
