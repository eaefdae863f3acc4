/* SPDX-License-Identifier: MIT */
/* WebSocket on streams of HTTP/2 and HTTP/3: connections behind lists of fields (RFC 8441). */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/stream.h>

#define MOST 40

/* Both ends of a stream, and the lists that passed. */
typedef struct stream {
    weir_context *context;
    weir_conn *client;
    weir_conn *server;
    weir_field request[MOST];
    weir_field response[MOST];
    char request_texts[4096];
    char response_texts[4096];
    char accept[28];
    int request_count;
    int response_count;
} stream;

static void stream_context(stream *s, uint32_t deflate, uint32_t auto_accept, const char *origins)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    config.deflate = deflate;
    config.auto_accept = auto_accept;
    if (origins)
        config.origins = (weir_text){origins, WEIR_NTS};
    assert_int_equal(weir_context_create(&config, &s->context), WEIR_OK);
}

static void stream_free(stream *s)
{
    weir_conn_free(s->client);
    weir_conn_free(s->server);
    assert_int_equal(weir_context_free(s->context), WEIR_OK);
}

/* What a connection has to say, flat. */
static size_t put_out(const weir_conn *conn, char *out, size_t room)
{
    weir_span spans[16];
    size_t len = 0;
    const int count = weir_conn_output((weir_conn *)(uintptr_t)conn, spans, 16);
    for (int i = 0; i < count; i++) {
        assert_true(spans[i].len <= room - len);
        memcpy(out + len, spans[i].data, spans[i].len);
        len += spans[i].len;
    }
    return len;
}

static int take(weir_conn *conn, void *data, size_t len, weir_event *events, size_t cap)
{
    size_t used;
    const int count = weir_conn_receive(conn, data, len, &used, events, cap);
    assert_int_equal(used, len);
    return count;
}

/* The client's request as a list. */
static void ask(stream *s, weir_request request)
{
    char output[4096];
    size_t used;
    if (request.url.len == 0)
        request.url = (weir_text){"wss://example.com/chat?a=b", 26};
    assert_int_equal(weir_conn_create_client(s->context, &request, &s->client), WEIR_OK);
    const size_t len = put_out(s->client, output, sizeof output);
    s->request_count = weir_stream_write_request(output, len, 1, &used, s->accept, s->request_texts,
                                                 sizeof s->request_texts, s->request, MOST);
    assert_true(s->request_count >= 5);
    assert_int_equal(used, len);
    assert_int_equal(weir_conn_sent(s->client, used), WEIR_OK);
}

/* The server hears the list; gives the first event's type, 0 when there is none. */
static uint32_t hear(stream *s)
{
    char head[4096];
    size_t len;
    weir_event events[4];
    assert_int_equal(weir_conn_create_server(s->context, &s->server), WEIR_OK);
    assert_int_equal(
        weir_stream_read_request(s->request, (size_t)s->request_count, head, sizeof head, &len),
        WEIR_OK);
    return take(s->server, head, len, events, 4) > 0 ? events[0].type : 0;
}

/* The server's answer as a list; its body, if any, is left in the output. */
static void answer(stream *s)
{
    char output[4096];
    size_t used;
    const size_t len = put_out(s->server, output, sizeof output);
    s->response_count = weir_stream_write_response(output, len, &used, s->response_texts,
                                                   sizeof s->response_texts, s->response, MOST);
    assert_true(s->response_count >= 1);
    assert_int_equal(weir_conn_sent(s->server, used), WEIR_OK);
}

/* The client hears the answer; gives the first event's type. */
static uint32_t hear_answer(stream *s)
{
    char head[4096];
    size_t len;
    weir_event events[4];
    assert_int_equal(weir_stream_read_response(s->response, (size_t)s->response_count, s->accept,
                                               head, sizeof head, &len),
                     WEIR_OK);
    return take(s->client, head, len, events, 4) > 0 ? events[0].type : 0;
}

static const weir_field *find(const weir_field *fields, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (fields[i].name.len == strlen(name) &&
            memcmp(fields[i].name.data, name, fields[i].name.len) == 0)
            return &fields[i];
    return NULL;
}

static void assert_value(const weir_field *field, const char *value)
{
    assert_non_null(field);
    assert_int_equal(field->value.len, strlen(value));
    assert_memory_equal(field->value.data, value, field->value.len);
}

/* However long a head is, one span of the output holds it. */
static void R8441_4_1__R8441_5_4__a_head_is_whole_in_the_first_span(void **state)
{
    static char long_value[20000];
    weir_context *context;
    weir_config config;
    weir_conn *client, *server;
    weir_span span;
    weir_event event;
    char get[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    size_t used;
    (void)state;
    memset(long_value, 'x', sizeof long_value);
    const weir_field field = {{"x-long", 6}, {long_value, sizeof long_value}};
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
    const weir_request request = {
        .url = {"wss://a/", WEIR_NTS}, .fields = &field, .field_count = 1};
    assert_int_equal(weir_conn_create_client(context, &request, &client), WEIR_OK);
    assert_int_equal(weir_conn_output(client, &span, 1), 1);
    assert_true(span.len > sizeof long_value);
    assert_memory_equal((const char *)span.data + span.len - 4, "\r\n\r\n", 4);

    assert_int_equal(weir_conn_create_server(context, &server), WEIR_OK);
    assert_int_equal(weir_conn_receive(server, get, strlen(get), &used, &event, 1), 1);
    assert_int_equal(weir_conn_accept(server, NULL, 0, &field, 1), WEIR_OK);
    assert_int_equal(weir_conn_send(server, WEIR_TEXT, "at once", 7), WEIR_OK);
    assert_int_equal(weir_conn_output(server, &span, 1), 1);
    assert_true(span.len > sizeof long_value);
    assert_memory_equal((const char *)span.data + span.len - 4, "\r\n\r\n", 4);
    weir_conn_free(client);
    weir_conn_free(server);
    assert_int_equal(weir_context_free(context), WEIR_OK);
}

static void R8441_5_1__scheme_path_and_query_are_those_of_the_url(void **state)
{
    stream s = {0};
    (void)state;
    stream_context(&s, WEIR_DEFLATE_OFF, 1, NULL);
    ask(&s, (weir_request){0});
    assert_value(find(s.request, s.request_count, ":scheme"), "https");
    assert_value(find(s.request, s.request_count, ":path"), "/chat?a=b");
    assert_value(find(s.request, s.request_count, ":authority"), "example.com");
    assert_value(find(s.request, s.request_count, ":method"), "CONNECT");
    assert_value(find(s.request, s.request_count, ":protocol"), "websocket");
    stream_free(&s);
}

static void R8441_5_2__neither_side_sends_fields_of_http_1(void **state)
{
    static const char *const none[] = {"connection", "upgrade", "host", "sec-websocket-key",
                                       "sec-websocket-accept"};
    stream s = {0};
    (void)state;
    stream_context(&s, WEIR_DEFLATE_PREFERRED, 1, NULL);
    ask(&s, (weir_request){0});
    hear(&s);
    answer(&s);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_null(find(s.request, s.request_count, none[i]));
        assert_null(find(s.response, s.response_count, none[i]));
    }
    stream_free(&s);
}

static void R8441_5_3__origin_version_protocol_and_extensions_work_as_ever(void **state)
{
    stream s = {0};
    weir_text text;
    (void)state;
    stream_context(&s, WEIR_DEFLATE_PREFERRED, 0, "https://a.example");
    ask(&s, (weir_request){.origin = {"https://a.example", 17}, .subprotocols = {"chat talk", 9}});
    assert_value(find(s.request, s.request_count, "origin"), "https://a.example");
    assert_value(find(s.request, s.request_count, "sec-websocket-version"), "13");
    assert_value(find(s.request, s.request_count, "sec-websocket-protocol"), "chat, talk");
    assert_int_equal(hear(&s), WEIR_EVENT_REQUEST);
    assert_int_equal(weir_conn_text(s.server, WEIR_TEXT_PATH, &text), WEIR_OK);
    assert_int_equal(text.len, 5);
    assert_int_equal(weir_conn_accept(s.server, "talk", 4, NULL, 0), WEIR_OK);
    answer(&s);
    assert_value(find(s.response, s.response_count, ":status"), "200");
    assert_value(find(s.response, s.response_count, "sec-websocket-protocol"), "talk");
    assert_non_null(find(s.response, s.response_count, "sec-websocket-extensions"));
    assert_int_equal(hear_answer(&s), WEIR_EVENT_OPEN);
    assert_int_equal(weir_conn_text(s.client, WEIR_TEXT_SUBPROTOCOL, &text), WEIR_OK);
    assert_memory_equal(text.data, "talk", 4);
    stream_free(&s);
}

static void R8441_5_3__a_policy_refuses_as_ever(void **state)
{
    stream s = {0};
    (void)state;
    stream_context(&s, WEIR_DEFLATE_OFF, 1, "https://a.example");
    ask(&s, (weir_request){.origin = {"https://b.example", 17}});
    assert_int_not_equal(hear(&s), WEIR_EVENT_OPEN);
    answer(&s);
    assert_value(find(s.response, s.response_count, ":status"), "403");
    hear_answer(&s);
    assert_int_equal(weir_conn_state(s.client), WEIR_CONNECTING);
    assert_int_equal(weir_conn_receive_eof(s.client), WEIR_OK); /* END_STREAM */
    weir_event event;
    assert_int_equal(take(s.client, NULL, 0, &event, 1), 1);
    assert_int_equal(event.type, WEIR_EVENT_REJECTED);
    assert_int_equal(event.code, 403);
    stream_free(&s);
}

static void R8441_5_8__version_13_is_asked_for(void **state)
{
    static const char *const versions[] = {NULL, "12", "8, 13"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stream s = {0};
        stream_context(&s, WEIR_DEFLATE_OFF, 1, NULL);
        ask(&s, (weir_request){0});
        weir_field *const version =
            (weir_field *)(uintptr_t)find(s.request, s.request_count, "sec-websocket-version");
        if (versions[i])
            version->value = (weir_text){versions[i], strlen(versions[i])};
        else
            version->name.data = "sec-websocket-xversion";
        hear(&s);
        answer(&s);
        assert_int_equal(find(s.response, s.response_count, ":status")->value.data[0], '4');
        if (i == 1)
            assert_value(find(s.response, s.response_count, "sec-websocket-version"), "13");
        stream_free(&s);
    }
}

/* Open both ends. */
static void open_both(stream *s, uint32_t deflate)
{
    stream_context(s, deflate, 1, NULL);
    ask(s, (weir_request){0});
    assert_int_equal(hear(s), WEIR_EVENT_OPEN);
    answer(s);
    assert_int_equal(hear_answer(s), WEIR_EVENT_OPEN);
}

/* Carry what one end says to the other, step bytes a piece; gives the last event. */
static weir_event carry(weir_conn *from, weir_conn *to, size_t step)
{
    static char output[100000];
    weir_event event = {0}, events[4];
    size_t at = 0;
    const size_t len = put_out(from, output, sizeof output);
    weir_conn_sent(from, len);
    while (at < len) {
        const size_t piece = len - at < step ? len - at : step;
        const int count = take(to, output + at, piece, events, 4);
        if (count > 0)
            event = events[count - 1];
        at += piece;
    }
    return event;
}

static void R8441_5_6__frames_pass_as_ever_and_clients_mask(void **state)
{
    static const uint32_t modes[] = {WEIR_DEFLATE_OFF, WEIR_DEFLATE_ALWAYS};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        stream s = {0};
        char message[3000], output[20];
        memset(message, 'm', sizeof message);
        open_both(&s, modes[i]);
        for (size_t step = 1; step < 4000; step *= 7) {
            assert_int_equal(weir_conn_send(s.client, WEIR_TEXT, "x", 1), WEIR_OK);
            put_out(s.client, output, sizeof output);
            assert_true((output[1] & 0x80) != 0); /* masked */
            weir_event event = carry(s.client, s.server, step);
            assert_int_equal(event.type, WEIR_EVENT_MESSAGE);
            assert_int_equal(event.len, 1);
            assert_int_equal(weir_conn_send(s.server, WEIR_BINARY, message, sizeof message),
                             WEIR_OK);
            event = carry(s.server, s.client, step);
            assert_int_equal(event.type, WEIR_EVENT_MESSAGE);
            assert_int_equal(event.len, sizeof message);
            assert_memory_equal(event.data, message, sizeof message);
        }
        stream_free(&s);
    }
}

static void R8441_5_7__a_clean_end_and_another_can_be_told_apart(void **state)
{
    weir_report end;
    stream s = {0};
    (void)state;
    open_both(&s, WEIR_DEFLATE_OFF);
    assert_int_equal(weir_conn_close(s.client, 1000, NULL, 0), WEIR_OK);
    carry(s.client, s.server, 99);
    carry(s.server, s.client, 99);
    /* The server ends the stream first: END_STREAM. */
    weir_event events[4];
    while (weir_conn_wants(s.server) & WEIR_WANT_EVENTS)
        take(s.server, NULL, 0, events, 4);
    assert_true((weir_conn_wants(s.server) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE)) != 0);
    weir_conn_receive_eof(s.client);
    weir_conn_receive_eof(s.server);
    assert_int_equal(weir_conn_report(s.client, &end, sizeof end), WEIR_OK);
    assert_int_equal(end.clean, 1);
    assert_int_equal(weir_conn_report(s.server, &end, sizeof end), WEIR_OK);
    assert_int_equal(end.clean, 1);
    stream_free(&s);

    s = (stream){0};
    open_both(&s, WEIR_DEFLATE_OFF);
    weir_conn_receive_eof(s.server); /* RST_STREAM */
    assert_int_equal(weir_conn_report(s.server, &end, sizeof end), WEIR_OK);
    assert_int_equal(end.clean, 0);
    stream_free(&s);
}

/* R8441-7-1: what the stream does not take stays queued, and is refused above the limit. */
static void R8441_7_1__a_stream_that_takes_nothing_pushes_back(void **state)
{
    stream s = {0};
    char message[1000] = {0};
    int status = WEIR_OK;
    (void)state;
    open_both(&s, WEIR_DEFLATE_OFF);
    size_t sent = 0;
    while (status != WEIR_WOULD_BLOCK) {
        status = weir_conn_send(s.server, WEIR_BINARY, message, sizeof message);
        assert_true(status >= 0 && sent++ < 10000);
    }
    assert_true(sent > 1000);
    stream_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R8441_4_1__R8441_5_4__a_head_is_whole_in_the_first_span),
        cmocka_unit_test(R8441_5_1__scheme_path_and_query_are_those_of_the_url),
        cmocka_unit_test(R8441_5_2__neither_side_sends_fields_of_http_1),
        cmocka_unit_test(R8441_5_3__origin_version_protocol_and_extensions_work_as_ever),
        cmocka_unit_test(R8441_5_3__a_policy_refuses_as_ever),
        cmocka_unit_test(R8441_5_8__version_13_is_asked_for),
        cmocka_unit_test(R8441_5_6__frames_pass_as_ever_and_clients_mask),
        cmocka_unit_test(R8441_5_7__a_clean_end_and_another_can_be_told_apart),
        cmocka_unit_test(R8441_7_1__a_stream_that_takes_nothing_pushes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
