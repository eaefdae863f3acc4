/* SPDX-License-Identifier: MIT */
/* RFC 9110: fields, lists, Upgrade, interim responses, and plain requests beside WebSocket. */
#include <stdio.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

/* One option of the policy, for limits at both sides of the edge. */
static int limit_option;
static uint64_t limit_value;

static void limited(peer *p)
{
    assert_int_equal(weir_config_set(&p->config, limit_option, limit_value), WEIR_OK);
}

static weir_text text_of(const bytes *b)
{
    return (weir_text){(char *)b->data, b->len};
}

/* ---- Fields ----------------------------------------------------------------------------------*/

static void R9110_5_1_1__every_byte_in_a_name__is_of_a_token_or_refused(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char request[] = REQUEST "X-?y: z\r\n" END;
        char response[] = RESPONSE "X-?y: z\r\n" END;
        const int token = byte > 32 && byte < 127 && !strchr("\"(),/:;<=>?@[\\]{}", byte);
        *strchr(request, '?') = (char)byte;
        *strchr(response, '?') = (char)byte;
        const weir_text asked = {request, sizeof request - 1};
        const weir_text answered = {response, sizeof response - 1};
        if (token || byte == ':') { /* which ends the name */
            shake_accepted(asked, NULL, shake_sampled);
            shake_client_opens(answered, shake_sampled);
        } else {
            shake_refused(asked, WEIR_E_HTTP_SYNTAX, shake_sampled);
            shake_client_fails(answered, WEIR_E_HTTP_SYNTAX, shake_sampled);
        }
    }
}

static void R9110_5_1_1__field_without_name_or_colon__is_refused(void **state)
{
    static const weir_text bad[] = {TEXT(":v\r\n"), TEXT(":\r\n"), TEXT("novalue\r\n"),
                                    TEXT("no value\r\n"), TEXT("\0: v\r\n")};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        bytes request = {NULL, 0, 0};
        bytes response = {NULL, 0, 0};
        bytes_add_text(&request, LINE HOST);
        bytes_add(&request, bad[i].data, bad[i].len);
        bytes_add_text(&request, WEBSOCKET END);
        bytes_add_text(&response, STATUS);
        bytes_add(&response, bad[i].data, bad[i].len);
        bytes_add_text(&response, UPGRADE CONNECTION ACCEPT END);
        shake_refused(text_of(&request), WEIR_E_HTTP_SYNTAX, NULL);
        shake_client_fails(text_of(&response), WEIR_E_HTTP_SYNTAX, NULL);
        bytes_free(&request);
        bytes_free(&response);
    }
}

static void R9110_5_1_1__known_names_in_any_case__mean_the_same(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(LINE "hOST: h\r\nuPGRADE: websocket\r\ncONNECTION: Upgrade\r\n"
                                "sEC-wEBsOCKET-vERSION: 13\r\n"
                                "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\n" END),
                   NULL, NULL);
    shake_client_opens(AS_TEXT(STATUS "UPGRADE: websocket\r\nconnection: Upgrade\r\n"
                                      "SEC-websocket-ACCEPT: {accept}\r\n" END),
                       NULL);
}

static void R9110_5_5_1__outer_whitespace__is_not_the_values(void **state)
{
    static const char *const blanks[] = {"", " ", "\t", "  \t ", " \t\t"};
    (void)state;
    for (size_t before = 0; before < COUNT_OF(blanks); before++) {
        for (size_t behind = 0; behind < COUNT_OF(blanks); behind++) {
            char text[512];
            int len = snprintf(text, sizeof text,
                               LINE HOST UPGRADE CONNECTION VERSION
                               "Sec-WebSocket-Key:%sdGhlIHNhbXBsZSBub25jZQ==%s\r\n" END,
                               blanks[before], blanks[behind]);
            shake_accepted((weir_text){text, (size_t)len}, NULL, NULL);
            len = snprintf(text, sizeof text,
                           STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept:%s{accept}%s\r\n" END,
                           blanks[before], blanks[behind]);
            shake_client_opens((weir_text){text, (size_t)len}, NULL);
        }
    }
}

static void R9110_5_5_2__every_byte_in_a_value__is_text_or_refused(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char request[] = REQUEST "X: a?b\r\n" END;
        char response[] = RESPONSE "X: a?b\r\n" END;
        *strchr(request, '?') = (char)byte;
        *strchr(response, '?') = (char)byte;
        const weir_text asked = {request, sizeof request - 1};
        const weir_text answered = {response, sizeof response - 1};
        if (byte == '\t' || (byte >= 32 && byte != 127)) {
            shake_accepted(asked, NULL, shake_sampled);
            shake_client_opens(answered, shake_sampled);
        } else {
            shake_refused(asked, WEIR_E_HTTP_SYNTAX, shake_sampled);
            shake_client_fails(answered, WEIR_E_HTTP_SYNTAX, shake_sampled);
        }
    }
}

static void R9110_5_3_1__lists_on_several_lines__are_joined_and_singletons_stand_once(void **state)
{
    (void)state;
    shake_accepted(
        AS_TEXT(LINE HOST
                "Upgrade: a\r\nUpgrade: b/1, websocket\r\n"
                "Connection: x\r\nConnection: Upgrade\r\nConnection: y\r\n" VERSION KEY END),
        NULL, NULL);
    shake_client_opens(AS_TEXT(STATUS UPGRADE "Connection: x\r\nConnection: y, Upgrade\r\n"
                                              "Connection: z\r\n" ACCEPT END),
                       NULL);
    shake_refused(AS_TEXT(LINE HOST HOST WEBSOCKET END), WEIR_E_HTTP_DUPLICATE, NULL);
    shake_refused(AS_TEXT(REQUEST "Origin: a\r\nOrigin: a\r\n" END), WEIR_E_HTTP_DUPLICATE, NULL);
}

/* Not even a verdict that is sure already is acted on before the blank line. */
static void R9110_5_3_2__nothing_is_decided__before_the_blank_line(void **state)
{
    static const weir_text heads[] = {
        TEXT(REQUEST),
        TEXT("POST / HTTP/1.1\r\n" HOST),
        TEXT(LINE HOST HOST),
        TEXT(LINE HOST UPGRADE CONNECTION "Sec-WebSocket-Version: 8\r\n"),
        TEXT(LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        TEXT("GET / HTTP/2.0\r\n"),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        peer p;
        shake_start(&p, 's', heads[i], NULL);
        peer_feed(&p, "\r", 1, 1);
        assert_int_equal(p.event_count, 0);
        assert_int_equal(p.output.len, 0);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT);
        peer_feed(&p, "\n", 1, 1);
        assert_int_equal(p.event_count, 1);
        peer_close(&p);
    }
}

/* ---- Limits ----------------------------------------------------------------------------------*/

/* The request is taken at the limit and refused when the limit is one lower. */
static void edge(int option, uint64_t limit, weir_text request, int cause)
{
    limit_option = option;
    limit_value = limit + 1;
    shake_accepted(request, NULL, limited);
    limit_value = limit;
    shake_accepted(request, NULL, limited);
    limit_value = limit - 1;
    shake_refused(request, cause, limited);
}

static void client_edge(int option, uint64_t limit, weir_text response, int cause)
{
    limit_option = option;
    limit_value = limit + 1;
    shake_client_opens(response, limited);
    limit_value = limit;
    shake_client_opens(response, limited);
    limit_value = limit - 1;
    shake_client_fails(response, cause, limited);
}

#define MEMBERS(list) LINE HOST UPGRADE "Connection: " list "\r\n" VERSION KEY END

static void R9110_5_4_1__field_section_and_count__are_exact(void **state)
{
    (void)state;
    edge(WEIR_OPTION_MAX_HEAD_BYTES, sizeof HOST WEBSOCKET - 1, AS_TEXT(REQUEST END),
         WEIR_E_HTTP_HEAD_TOO_LONG);
    edge(WEIR_OPTION_MAX_FIELDS, 5, AS_TEXT(REQUEST END), WEIR_E_HTTP_TOO_MANY_FIELDS);
    client_edge(WEIR_OPTION_MAX_FIELDS, 3, AS_TEXT(RESPONSE END), WEIR_E_HTTP_TOO_MANY_FIELDS);
    client_edge(WEIR_OPTION_MAX_HEAD_BYTES,
                sizeof UPGRADE CONNECTION "Sec-WebSocket-Accept: \r\n" - 1 + 28,
                AS_TEXT(RESPONSE END), WEIR_E_HTTP_HEAD_TOO_LONG);
}

static void R9110_5_6_1_1__members_of_a_list__are_exact_and_empty_ones_skipped(void **state)
{
    (void)state;
    edge(WEIR_OPTION_MAX_LIST_MEMBERS, 3, AS_TEXT(MEMBERS("a, upgrade, b")), WEIR_E_HTTP_LIST);
    edge(WEIR_OPTION_MAX_EMPTY_MEMBERS, 4, AS_TEXT(MEMBERS(",a, ,upgrade,,")), WEIR_E_HTTP_LIST);
    edge(WEIR_OPTION_MAX_EMPTY_MEMBERS, 2,
         AS_TEXT(LINE HOST "Upgrade: ,,websocket\r\n" CONNECTION VERSION KEY END),
         WEIR_E_HTTP_LIST);
    client_edge(WEIR_OPTION_MAX_LIST_MEMBERS, 2,
                AS_TEXT(STATUS UPGRADE "Connection: a, upgrade\r\n" ACCEPT END), WEIR_E_HTTP_LIST);
    client_edge(WEIR_OPTION_MAX_EMPTY_MEMBERS, 1,
                AS_TEXT(STATUS UPGRADE "Connection: ,upgrade\r\n" ACCEPT END), WEIR_E_HTTP_LIST);
}

static void R9110_5_4_1__default_limits__are_16_kib_and_100_fields(void **state)
{
    (void)state;
    for (int count = 99; count <= 101; count++) {
        bytes request = {NULL, 0, 0};
        bytes_add_text(&request, LINE);
        for (int i = 5; i < count; i++)
            bytes_add_text(&request, "x:\r\n");
        bytes_add_text(&request, HOST WEBSOCKET END);
        if (count <= 100)
            shake_accepted(text_of(&request), NULL, NULL);
        else
            shake_refused(text_of(&request), WEIR_E_HTTP_TOO_MANY_FIELDS, NULL);
        bytes_free(&request);
    }
    for (size_t size = 16383; size <= 16385; size++) {
        bytes request = {NULL, 0, 0};
        bytes_add_text(&request, REQUEST "X:");
        while (request.len < sizeof LINE - 1 + size - 2)
            bytes_add_text(&request, "v");
        bytes_add_text(&request, "\r\n" END);
        if (size <= 16384)
            shake_accepted(text_of(&request), NULL, shake_sampled);
        else
            shake_refused(text_of(&request), WEIR_E_HTTP_HEAD_TOO_LONG, shake_sampled);
        bytes_free(&request);
    }
}

static void
R9110_5_6_1_1__hundred_thousand_commas__are_refused_whatever_the_head_allows(void **state)
{
    bytes request = {NULL, 0, 0};
    (void)state;
    bytes_add_text(&request, LINE HOST UPGRADE VERSION KEY "Connection: upgrade");
    for (int i = 0; i < 100000; i++)
        bytes_add_text(&request, ",");
    bytes_add_text(&request, "\r\n" END);
    peer p;
    peer_init(&p);
    p.config.max_head_bytes = 1 << 20;
    peer_open(&p, 's');
    peer_feed(&p, request.data, request.len, 4096);
    assert_true(peer_saw(&p, "cause=WEIR_E_HTTP_LIST"));
    peer_close(&p);
    bytes_free(&request);
}

/* ---- Upgrade, Expect -------------------------------------------------------------------------*/

static void R9110_7_8_2__upgrade_over_http_1_0__is_refused_with_400(void **state)
{
    (void)state;
    shake_refused(AS_TEXT("GET / HTTP/1.0\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_OLD_VERSION, NULL);
    shake_refused(AS_TEXT("GET / HTTP/1.0\r\n\r\n"), WEIR_E_HTTP_OLD_VERSION, NULL);
    shake_client_fails(AS_TEXT("HTTP/1.0 101 x\r\n" UPGRADE CONNECTION ACCEPT END),
                       WEIR_E_HTTP_OLD_VERSION, NULL);
}

static void R9110_7_8_3__protocol_that_was_not_listed__is_not_switched_to(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(LINE HOST "Upgrade: h2c\r\n" CONNECTION VERSION KEY END), WEIR_E_UPGRADE,
                  NULL);
    shake_refused(AS_TEXT(LINE HOST "Upgrade: TLS/1.2, h2c\r\nConnection: Upgrade, HTTP2-Settings"
                                    "\r\n" VERSION KEY END),
                  WEIR_E_UPGRADE, NULL);
}

static void R9110_15_5_22_1__plain_get__is_426_with_upgrade(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(LINE HOST END), WEIR_E_UPGRADE, NULL);
    shake_refused(AS_TEXT(LINE HOST "Connection: keep-alive\r\n" END), WEIR_E_UPGRADE, NULL);
    shake_refused(AS_TEXT(LINE HOST "Content-Length: 5\r\n\r\nhello"), WEIR_E_UPGRADE, NULL);
}

static void R9110_7_8_5__expect__is_417(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(REQUEST "Expect: 100-continue\r\n" END), WEIR_E_HTTP_EXPECT, NULL);
    shake_refused(AS_TEXT(REQUEST "expect: anything\r\n" END), WEIR_E_HTTP_EXPECT, NULL);
    shake_refused(AS_TEXT(LINE "Expect:\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_EXPECT, NULL);
}

/* ---- Interim responses -----------------------------------------------------------------------*/

static weir_text with_interim(bytes *b, int count)
{
    b->len = 0;
    for (int i = 0; i < count; i++)
        bytes_add_text(b, i & 1 ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nUpgrade: h2c\r\n\r\n"
                                : "HTTP/1.1 100 \r\n\r\n");
    bytes_add_text(b, RESPONSE END);
    return text_of(b);
}

static void R9110_15_2_1__interim_responses__are_skipped_up_to_the_limit(void **state)
{
    bytes response = {NULL, 0, 0};
    (void)state;
    for (int count = 0; count <= 8; count++)
        shake_client_opens(with_interim(&response, count), NULL);
    shake_client_fails(with_interim(&response, 9), WEIR_E_TOO_MANY_INTERIM, NULL);
    shake_client_fails(with_interim(&response, 20), WEIR_E_TOO_MANY_INTERIM, NULL);
    limit_option = WEIR_OPTION_MAX_INTERIM;
    limit_value = 0;
    shake_client_opens(with_interim(&response, 0), limited);
    shake_client_fails(with_interim(&response, 1), WEIR_E_TOO_MANY_INTERIM, limited);
    limit_value = 20;
    shake_client_opens(with_interim(&response, 20), limited);
    bytes_free(&response);
}

/* The limits on lines and fields hold for each of them, so all of them are bounded. */
static void R9110_15_2_1__interim_response_over_a_limit__fails(void **state)
{
    (void)state;
    limit_option = WEIR_OPTION_MAX_FIELDS;
    limit_value = 3;
    shake_client_fails(AS_TEXT("HTTP/1.1 103 x\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n" RESPONSE END),
                       WEIR_E_HTTP_TOO_MANY_FIELDS, limited);
    shake_client_opens(AS_TEXT("HTTP/1.1 103 x\r\na:\r\nb:\r\nc:\r\n\r\n" RESPONSE END), limited);
}

static void R9110_15_2_3__interim_then_a_final_answer__is_that_answer(void **state)
{
    (void)state;
    shake_client_rejected(AS_TEXT("HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 OK\r\n"
                                  "Content-Length: 2\r\n\r\nok"),
                          200, "ok", NULL);
    shake_client_fails(AS_TEXT(STATUS CONNECTION ACCEPT END), WEIR_E_UPGRADE, NULL);
    shake_client_fails(AS_TEXT(STATUS "Upgrade: h2c\r\n" CONNECTION ACCEPT END), WEIR_E_UPGRADE,
                       NULL);
}

/* ---- Plain requests --------------------------------------------------------------------------*/

static void answering(peer *p)
{
    p->accept = 0;
    p->config.http_events = 1;
}

static void plain_is(const char *request, const char *method)
{
    peer p;
    weir_text text;
    weir_report report;
    shake_start(&p, 's', (weir_text){request, strlen(request)}, answering);
    assert_true(peer_saw(&p, "HTTP flags=0 code=0"));
    assert_int_equal(p.event_count, 1);
    assert_int_equal(p.output.len, 0);
    assert_int_equal(weir_conn_text(p.conn, WEIR_TEXT_METHOD, &text), WEIR_OK);
    assert_int_equal(text.len, strlen(method));
    assert_memory_equal(text.data, method, text.len);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 0, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
    assert_int_equal(weir_conn_respond(p.conn, 199, NULL, 0, NULL, 0), WEIR_E_HTTP_STATUS);
    assert_int_equal(weir_conn_respond(p.conn, 200, NULL, 0, "pong\n", 5), WEIR_OK);
    peer_pump(&p);
    const int head = strcmp(method, "HEAD") == 0;
    shake_output_is(&p, head ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
                             : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
                               "pong\n");
    assert_true(peer_saw(&p, "CLOSED flags=0 code=1006 cause=WEIR_OK"));
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_OK);
    assert_int_equal(report.http_status, 200);
    assert_int_equal(report.side, WEIR_SIDE_LOCAL);
    peer_feed(&p, REQUEST END, sizeof REQUEST END - 1, 9);
    assert_int_equal(p.event_count, 2);
    peer_close(&p);
}

static void plain_request__is_an_event_when_wanted(void **state)
{
    (void)state;
    plain_is(LINE HOST END, "GET");
    plain_is("HEAD /health HTTP/1.1\r\n" HOST END, "HEAD");
    plain_is("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", "POST");
    plain_is("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "PUT");
    plain_is(LINE HOST "Upgrade: h2c\r\n" END, "GET");
    plain_is("GET / HTTP/1.0\r\n" HOST END, "GET");
    plain_is("HEAD / HTTP/1.0\r\n\r\n", "HEAD");
}

static void plain_request__may_be_answered_with_any_status_from_200_to_599(void **state)
{
    (void)state;
    for (int status = 99; status <= 601; status++) {
        const int good = status >= 200 && status <= 599;
        const int bare = status == 204 || status == 304;
        peer p;
        shake_start(&p, 's', AS_TEXT(LINE HOST END), answering);
        assert_int_equal(weir_conn_respond(p.conn, status, NULL, 0, "x", 1),
                         good ? WEIR_OK : WEIR_E_HTTP_STATUS);
        peer_pump(&p);
        if (good) {
            const shake_response r = shake_parse(&p.output);
            assert_int_equal(r.status, status);
            assert_int_equal(r.close, 1);
            assert_int_equal(r.length, bare ? -1 : 1);
            assert_int_equal(r.body_len, bare ? 0 : 1);
        }
        assert_int_equal(p.closed_count, good);
        peer_close(&p);
    }
}

static void with_events(peer *p)
{
    p->config.http_events = 1;
}

/* The event is for what is well-formed and asks for no WebSocket. */
static void request_that_is_not_plain__is_judged_as_ever(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(REQUEST END), NULL, with_events);
    shake_refused(AS_TEXT("GET / HTTP/1.0\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_OLD_VERSION,
                  with_events);
    shake_refused(AS_TEXT(LINE END), WEIR_E_HOST, with_events);
    shake_refused(AS_TEXT(LINE HOST HOST END), WEIR_E_HTTP_DUPLICATE, with_events);
    shake_refused(AS_TEXT("OPTIONS * HTTP/1.1\r\n" HOST END), WEIR_E_HTTP_METHOD, with_events);
    shake_refused(AS_TEXT("POST / HTTP/1.1\r\n" HOST WEBSOCKET END), WEIR_E_HTTP_METHOD,
                  with_events);
    shake_refused(AS_TEXT(LINE HOST UPGRADE CONNECTION KEY END), WEIR_E_VERSION_MISSING,
                  with_events);
    shake_refused(AS_TEXT(LINE HOST "Content-Length: x\r\n" END), WEIR_E_HTTP_BODY, with_events);
}

#define RUN(test) cmocka_unit_test(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(R9110_5_1_1__every_byte_in_a_name__is_of_a_token_or_refused),
        RUN(R9110_5_1_1__field_without_name_or_colon__is_refused),
        RUN(R9110_5_1_1__known_names_in_any_case__mean_the_same),
        RUN(R9110_5_5_1__outer_whitespace__is_not_the_values),
        RUN(R9110_5_5_2__every_byte_in_a_value__is_text_or_refused),
        RUN(R9110_5_3_1__lists_on_several_lines__are_joined_and_singletons_stand_once),
        RUN(R9110_5_3_2__nothing_is_decided__before_the_blank_line),
        RUN(R9110_5_4_1__field_section_and_count__are_exact),
        RUN(R9110_5_4_1__default_limits__are_16_kib_and_100_fields),
        RUN(R9110_5_6_1_1__members_of_a_list__are_exact_and_empty_ones_skipped),
        RUN(R9110_5_6_1_1__hundred_thousand_commas__are_refused_whatever_the_head_allows),
        RUN(R9110_7_8_2__upgrade_over_http_1_0__is_refused_with_400),
        RUN(R9110_7_8_3__protocol_that_was_not_listed__is_not_switched_to),
        RUN(R9110_15_5_22_1__plain_get__is_426_with_upgrade),
        RUN(R9110_7_8_5__expect__is_417),
        RUN(R9110_15_2_1__interim_responses__are_skipped_up_to_the_limit),
        RUN(R9110_15_2_1__interim_response_over_a_limit__fails),
        RUN(R9110_15_2_3__interim_then_a_final_answer__is_that_answer),
        RUN(plain_request__is_an_event_when_wanted),
        RUN(plain_request__may_be_answered_with_any_status_from_200_to_599),
        RUN(request_that_is_not_plain__is_judged_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
