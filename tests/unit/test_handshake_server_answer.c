/* SPDX-License-Identifier: MIT */
/* A server's side of the opening handshake: every answer. */
#include "heads/heads.h"

#include "../../src/protocol/handshake_server.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static weir_config policy;

static weir_text text_of(const char *text)
{
    return weir__text(text, WEIR_NTS);
}

static weir__memory memory;
static heads_alloc alloc;
static weir__buffer out;
static weir__http_head head;

static int setup(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host: h", "Sec-WebSocket-Protocol: chat, superchat",
                                         NULL};
    policy = heads_policy();
    heads_memory(&memory, &alloc);
    const heads_text text = heads_message("GET / HTTP/1.1", fields, NULL, NULL);
    size_t used;
    memset(&head, 0, sizeof head);
    head.kind = WEIR__HTTP_REQUEST;
    head.policy = &policy;
    head.kernels = heads_kernels();
    assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR_OK);
    free(text.data);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    weir__buffer_free(&memory, &out);
    weir__http_head_free(&head, &memory);
    assert_int_equal(alloc.live, 0);
    return 0;
}

static void assert_out(const char *expected)
{
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.data, expected, out.len);
    out.len = 0;
}

static int accept_with(weir_text subprotocol, const weir_field *fields, size_t count)
{
    static const weir__permessage_agreed none = {.enabled = false};
    return weir__response_accept(&memory, &out, weir__kernels_baseline(), &head, text_of(KEY),
                                 subprotocol, &none, fields, count);
}

#define SWITCH                                                                                     \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static void R6455_4_2_2_8__R9110_7_8_1__R9112_6_1_3__accepting__writes_the_101(void **state)
{
    (void)state;
    assert_int_equal(accept_with(text_of(NULL), NULL, 0), WEIR_OK);
    assert_out(SWITCH "\r\n");
    const weir_field fields[] = {{text_of("Set-Cookie"), text_of("a=b")},
                                 {text_of("X"), text_of("")}};
    assert_int_equal(accept_with(text_of("superchat"), fields, 2), WEIR_OK);
    assert_out(SWITCH "Sec-WebSocket-Protocol: superchat\r\nSet-Cookie: a=b\r\nX: \r\n\r\n");
}

static void R6455_4_2_2_6__subprotocol_that_was_not_offered__is_an_error(void **state)
{
    (void)state;
    static const char *const bad[] = {"other", "", "Chat", "chat,", "chat, superchat", "cha"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(accept_with(text_of(bad[i]), NULL, 0), WEIR_E_PROTOCOL_NAME);
        assert_int_equal(out.len, 0);
    }
    weir_text offered;
    assert_true(weir__request_subprotocol(&head, 0, &offered));
    assert_true(weir__text_equal(offered, text_of("chat")));
    assert_true(weir__request_subprotocol(&head, 1, &offered));
    assert_true(weir__text_equal(offered, text_of("superchat")));
    assert_false(weir__request_subprotocol(&head, 2, &offered));
}

static void R6455_4_2_2_9__SEC_H7__fields_with_lines_in_them__are_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"a\r\nb: c", "a\n", "\r"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const weir_field value = {text_of("X"), text_of(bad[i])};
        const weir_field name = {text_of(bad[i]), text_of("x")};
        assert_int_equal(accept_with(text_of(NULL), &value, 1), WEIR_E_FIELD);
        assert_int_equal(accept_with(text_of(NULL), &name, 1), WEIR_E_FIELD);
        assert_int_equal(weir__response_write(&memory, &out, 403, &value, 1, text_of(""), false),
                         WEIR_E_FIELD);
        assert_int_equal(weir__response_write(&memory, &out, 403, &name, 1, text_of(""), false),
                         WEIR_E_FIELD);
    }
    const weir_field owned = {text_of("Content-Length"), text_of("5")};
    assert_int_equal(accept_with(text_of(NULL), &owned, 1), WEIR_E_FIELD);
    assert_int_equal(weir__response_write(&memory, &out, 403, &owned, 1, text_of(""), false),
                     WEIR_E_FIELD);
    assert_int_equal(out.len, 0);
}

static void R9110_15_5_22_1__R6455_4_2_2_5__refusals__are_golden(void **state)
{
    (void)state;
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_HTTP_SYNTAX, false), WEIR_OK);
    assert_out("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
               "Content-Length: 19\r\n\r\nmalformed HTTP head");
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_HTTP_METHOD, false), WEIR_OK);
    assert_out("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n"
               "Content-Type: text/plain\r\nContent-Length: 21\r\n\r\nthe method is not GET");
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_UPGRADE, false), WEIR_OK);
    assert_out(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade, close\r\nContent-Type: text/plain\r\nContent-Length: 31\r\n\r\n"
        "Upgrade does not name websocket");
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_VERSION, false), WEIR_OK);
    assert_out("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
               "Content-Type: text/plain\r\nContent-Length: 31\r\n\r\n"
               "Sec-WebSocket-Version is not 13");
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_VERSION_MISSING, false), WEIR_OK);
    assert_out("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n"
               "Content-Type: text/plain\r\nContent-Length: 45\r\n\r\n"
               "Sec-WebSocket-Version is missing or malformed");
    assert_int_equal(weir__response_refuse(&memory, &out, WEIR_E_MEMORY, false), WEIR_OK);
    assert_out("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n"
               "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nout of memory");
}

/* Parse what was written; returns the status and checks what every answer has. */
static uint32_t parse_answer(weir__http_head *answer, const char *body)
{
    size_t used;
    weir_text value;
    memset(answer, 0, sizeof *answer);
    answer->kind = WEIR__HTTP_RESPONSE;
    answer->kernels = heads_kernels();
    answer->policy = &policy;
    assert_int_equal(heads_feed(answer, &memory, (const char *)out.data, out.len, &used), WEIR_OK);
    assert_int_equal(out.len - used, strlen(body));
    assert_memory_equal(out.data + used, body, strlen(body));
    assert_int_equal(weir__http_list_has(answer, WEIR__NAME_CONNECTION, text_of("close")), WEIR_OK);
    assert_true(weir__http_head_find(answer, text_of("Content-Length"), 0, &value));
    assert_int_equal(atoi(value.data), strlen(body));
    return answer->status;
}

static void R9112_9_6_1__SEC_H5__every_refusal__closes_and_parses(void **state)
{
    (void)state;
#define REFUSAL(name, value, wire, text) {value, wire, text},
    static const struct {
        int status;
        uint32_t wire;
        const char *text;
    } all[] = {WEIR_STATUS_LIST(REFUSAL)};
#undef REFUSAL
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        weir__http_head answer;
        const bool http = all[i].wire >= 400 && all[i].wire < 600;
        assert_int_equal(weir__response_refuse(&memory, &out, all[i].status, false), WEIR_OK);
        assert_int_equal(parse_answer(&answer, all[i].text), http ? all[i].wire : 500);
        assert_true(answer.reason.len > 0);
        const bool upgrade =
            weir__http_list_has(&answer, WEIR__NAME_CONNECTION, text_of("upgrade")) == WEIR_OK &&
            weir__http_list_has(&answer, WEIR__NAME_UPGRADE, text_of("websocket")) == WEIR_OK;
        assert_int_equal(upgrade, all[i].wire == 426);
        weir__http_head_free(&answer, &memory);
        out.len = 0;
    }
}

static void R6455_4_2_2_2__callers_answers__take_200_to_599(void **state)
{
    (void)state;
    const weir_field fields[] = {{text_of("Location"), text_of("/elsewhere")},
                                 {text_of("WWW-Authenticate"), text_of("Basic")}};
    for (int status = -1; status <= 1100; status++) {
        const int got =
            weir__response_write(&memory, &out, status, fields, 2, text_of("body"), false);
        assert_int_equal(got, status >= 200 && status <= 599 ? WEIR_OK : WEIR_E_HTTP_STATUS);
        if (got == WEIR_OK && status != 204 && status != 304) {
            weir__http_head answer;
            assert_int_equal(parse_answer(&answer, "body"), status);
            weir__http_head_free(&answer, &memory);
        }
        if (got != WEIR_OK)
            assert_int_equal(out.len, 0);
        out.len = 0;
    }
    assert_int_equal(weir__response_write(&memory, &out, 302, fields, 1, text_of(NULL), false), 0);
    assert_out("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: /elsewhere\r\n"
               "Content-Length: 0\r\n\r\n");
    /* R9112-4-1: the SP behind the status stands also without a reason. */
    assert_int_equal(weir__response_write(&memory, &out, 299, NULL, 0, text_of("b"), false), 0);
    assert_out("HTTP/1.1 299 \r\nConnection: close\r\nContent-Length: 1\r\n\r\nb");
}

static void R9112_4_1__reasons__are_those_of_the_registry(void **state)
{
    (void)state;
    /* RFC 9110 15, RFC 6585 4, 5. */
    static const char *const lines[] = {"200 OK",
                                        "201 Created",
                                        "202 Accepted",
                                        "204 No Content",
                                        "301 Moved Permanently",
                                        "302 Found",
                                        "303 See Other",
                                        "304 Not Modified",
                                        "307 Temporary Redirect",
                                        "308 Permanent Redirect",
                                        "400 Bad Request",
                                        "401 Unauthorized",
                                        "403 Forbidden",
                                        "404 Not Found",
                                        "405 Method Not Allowed",
                                        "406 Not Acceptable",
                                        "408 Request Timeout",
                                        "409 Conflict",
                                        "410 Gone",
                                        "413 Content Too Large",
                                        "414 URI Too Long",
                                        "417 Expectation Failed",
                                        "421 Misdirected Request",
                                        "422 Unprocessable Content",
                                        "426 Upgrade Required",
                                        "429 Too Many Requests",
                                        "431 Request Header Fields Too Large",
                                        "500 Internal Server Error",
                                        "501 Not Implemented",
                                        "502 Bad Gateway",
                                        "503 Service Unavailable",
                                        "504 Gateway Timeout",
                                        "505 HTTP Version Not Supported"};
    size_t known = 0;
    for (int status = 200; status <= 599; status++) {
        char line[80];
        const bool has_reason =
            known < sizeof lines / sizeof lines[0] && atoi(lines[known]) == status;
        snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status,
                 has_reason ? lines[known++] + 4 : "");
        assert_int_equal(weir__response_write(&memory, &out, status, NULL, 0, text_of(""), false),
                         WEIR_OK);
        assert_true(out.len > strlen(line));
        assert_memory_equal(out.data, line, strlen(line));
        out.len = 0;
    }
    assert_int_equal(known, sizeof lines / sizeof lines[0]);
}

static void answers_without_a_body__end_with_the_blank_line(void **state)
{
    (void)state;
    assert_int_equal(weir__response_write(&memory, &out, 200, NULL, 0, text_of("body"), true), 0);
    assert_out("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n");
    assert_int_equal(weir__response_write(&memory, &out, 204, NULL, 0, text_of("body"), false), 0);
    assert_out("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    assert_int_equal(weir__response_write(&memory, &out, 304, NULL, 0, text_of("body"), false), 0);
    assert_out("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
}

static void R9110_15_5_22_1__a_callers_426__names_the_upgrade(void **state)
{
    (void)state;
    assert_int_equal(weir__response_write(&memory, &out, 426, NULL, 0, text_of(""), false), 0);
    assert_out("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade, close\r\nContent-Length: 0\r\n\r\n");
}

static int write_any(unsigned kind)
{
    char long_value[1000];
    memset(long_value, 'v', sizeof long_value);
    const weir_field field = {text_of("X"), {long_value, sizeof long_value}};
    if (kind == 0)
        return accept_with(text_of("chat"), &field, 1);
    if (kind == 1)
        return weir__response_write(&memory, &out, 500, &field, 1, field.value, false);
    return weir__response_refuse(&memory, &out, WEIR_E_VERSION, false);
}

static void out_of_memory__leaves_the_output_as_it_was(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 3; kind++) {
        int status = WEIR_E_MEMORY;
        size_t failed = 0;
        while (status == WEIR_E_MEMORY) {
            weir__buffer_free(&memory, &out);
            alloc.fail_at = 0;
            assert_int_equal(weir__buffer_append(&memory, &out, "before", 6), WEIR_OK);
            alloc.fail_at = alloc.calls + ++failed;
            status = write_any(kind);
            if (status == WEIR_E_MEMORY)
                assert_int_equal(out.len, 6);
            assert_memory_equal(out.data, "before", 6);
        }
        alloc.fail_at = 0;
        assert_int_equal(status, WEIR_OK);
        assert_true(failed > 1);
        assert_memory_equal(out.data + 6, "HTTP/1.1 ", 9);
    }
}

#define ANSWER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ANSWER_TEST(R6455_4_2_2_8__R9110_7_8_1__R9112_6_1_3__accepting__writes_the_101),
        ANSWER_TEST(R6455_4_2_2_6__subprotocol_that_was_not_offered__is_an_error),
        ANSWER_TEST(R6455_4_2_2_9__SEC_H7__fields_with_lines_in_them__are_errors),
        ANSWER_TEST(R9110_15_5_22_1__R6455_4_2_2_5__refusals__are_golden),
        ANSWER_TEST(R9112_9_6_1__SEC_H5__every_refusal__closes_and_parses),
        ANSWER_TEST(R6455_4_2_2_2__callers_answers__take_200_to_599),
        ANSWER_TEST(R9112_4_1__reasons__are_those_of_the_registry),
        ANSWER_TEST(answers_without_a_body__end_with_the_blank_line),
        ANSWER_TEST(R9110_15_5_22_1__a_callers_426__names_the_upgrade),
        ANSWER_TEST(out_of_memory__leaves_the_output_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
