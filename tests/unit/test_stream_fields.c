/* SPDX-License-Identifier: MIT */
/* Lists of fields and heads: byte for byte, what is refused, and memory that is too small. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/stream.h>

#define MOST 40

/* A list written as "name=value" texts, each in memory of its own. */
typedef struct list {
    weir_field fields[MOST];
    char *texts[2 * MOST];
    size_t count;
} list;

static weir_text list_keep(list *l, size_t index, const char *data, size_t len)
{
    l->texts[index] = malloc(len > 0 ? len : 1);
    memcpy(l->texts[index], data, len);
    return (weir_text){l->texts[index], len};
}

static list list_of(const char *const *lines)
{
    list l;
    l.count = 0;
    for (; lines[l.count]; l.count++) {
        const char *const line = lines[l.count], *const equal = strchr(line, '=');
        l.fields[l.count].name = list_keep(&l, 2 * l.count, line, (size_t)(equal - line));
        l.fields[l.count].value = list_keep(&l, 2 * l.count + 1, equal + 1, strlen(equal + 1));
    }
    return l;
}

static void list_free(list *l)
{
    for (size_t i = 0; i < 2 * l->count; i++)
        free(l->texts[i]);
}

static const char accept_key[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/* The head that a list becomes, or status; in every room that is too small it is told. */
static void check_read(int request, const char *const *lines, int status, const char *expected)
{
    list l = list_of(lines);
    const size_t need = expected ? strlen(expected) : 0;
    for (size_t room = 0; room <= need + 1; room++) {
        char *const head = malloc(room > 0 ? room : 1);
        size_t len = 99;
        const int got =
            request ? weir_stream_read_request(l.fields, l.count, head, room, &len)
                    : weir_stream_read_response(l.fields, l.count, accept_key, head, room, &len);
        assert_int_equal(got, room < need ? WEIR_E_SHORT : status);
        assert_int_equal(len, got == WEIR_OK ? need : 0);
        if (got == WEIR_OK)
            assert_memory_equal(head, expected, need);
        free(head);
    }
    list_free(&l);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PSEUDO                                                                                     \
    ":method=CONNECT", ":protocol=websocket", ":scheme=https", ":path=/chat?a=b",                  \
        ":authority=example.com:8443"
#define HEAD                                                                                       \
    "GET /chat?a=b HTTP/1.1\r\nHost: example.com:8443\r\nUpgrade: websocket\r\nConnection: "       \
    "Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

static void a_connect_becomes_an_upgrade(void **state)
{
    (void)state;
    check_read(1, LINES(PSEUDO), WEIR_OK, HEAD "\r\n");
    check_read(1, LINES(PSEUDO, "sec-websocket-version=13", "origin=https://a.example"), WEIR_OK,
               HEAD "sec-websocket-version: 13\r\norigin: https://a.example\r\n\r\n");
    check_read(1,
               LINES(":path=/", ":authority=[::1]", ":scheme=HTTP", ":method=CONNECT",
                     ":protocol=websocket", "x="),
               WEIR_OK,
               "GET / HTTP/1.1\r\nHost: [::1]\r\nUpgrade: websocket\r\nConnection: "
               "Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nx: \r\n\r\n");
}

/* RFC 9113 8.2.3. */
static void pieces_of_a_cookie_are_joined(void **state)
{
    (void)state;
    check_read(1, LINES(PSEUDO, "cookie=a=1", "b=2", "cookie=c=3", "d=4", "cookie=e=5"), WEIR_OK,
               HEAD "cookie: a=1; c=3; e=5\r\nb: 2\r\nd: 4\r\n\r\n");
    check_read(1, LINES(PSEUDO, "cookie=a=1", "cookie=b=2"), WEIR_OK,
               HEAD "cookie: a=1; b=2\r\n\r\n");
}

static void lengths_may_be_left_out(void **state)
{
    const weir_field fields[] = {{{":status", WEIR_NTS}, {"404", WEIR_NTS}},
                                 {{"a", WEIR_NTS}, {NULL, 0}}};
    char head[100];
    size_t len;
    (void)state;
    assert_int_equal(weir_stream_read_response(fields, 2, accept_key, head, 100, &len), WEIR_OK);
    assert_int_equal(len, 22);
    assert_memory_equal(head, "HTTP/1.1 404 \r\na: \r\n\r\n", 22);
    const weir_field empty = {{":status", WEIR_NTS}, {NULL, 0}};
    assert_int_equal(weir_stream_read_response(&empty, 1, accept_key, head, 100, &len),
                     WEIR_E_STREAM_FIELDS);
}

static void R8441_4_1__requests_without_their_pseudo_fields_are_refused(void **state)
{
    static const char *const all[] = {PSEUDO};
    (void)state;
    for (size_t left_out = 0; left_out < 5; left_out++) {
        const char *lines[6] = {NULL};
        for (size_t i = 0, count = 0; i < 5; i++)
            if (i != left_out)
                lines[count++] = all[i];
        check_read(1, lines, WEIR_E_STREAM_FIELDS, NULL);
    }
    check_read(1, LINES(PSEUDO, ":path=/"), WEIR_E_STREAM_FIELDS, NULL);
    check_read(1, LINES(PSEUDO, ":path="), WEIR_E_STREAM_FIELDS, NULL);
    check_read(1, LINES(":method=CONNECT", ":protocol=foo", ":path=/", ":path=/"),
               WEIR_E_STREAM_FIELDS, NULL);
    check_read(1, LINES(PSEUDO, ":status=200"), WEIR_E_STREAM_FIELDS, NULL);
    check_read(1, LINES(PSEUDO, "a=b", ":unknown=x"), WEIR_E_STREAM_FIELDS, NULL);
    check_read(
        1, LINES(":method=GET", ":protocol=websocket", ":scheme=https", ":path=/", ":authority=a"),
        WEIR_E_STREAM_FIELDS, NULL);
    check_read(
        1,
        LINES(":method=CONNECT", ":protocol=websocket", ":scheme=ftp", ":path=/", ":authority=a"),
        WEIR_E_STREAM_FIELDS, NULL);
    static const char *const paths[] = {":path=",      ":path=*",         ":path=/a b",
                                        ":path=/a\tb", ":path=/\r\nX: y", ":path=http://a/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        check_read(1,
                   LINES(":method=CONNECT", ":protocol=websocket", ":scheme=https", paths[i],
                         ":authority=a"),
                   WEIR_E_STREAM_FIELDS, NULL);
    static const char *const hosts[] = {":authority=", ":authority=a\r\nX: y", ":authority= a"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        check_read(
            1,
            LINES(":method=CONNECT", ":protocol=websocket", ":scheme=https", ":path=/", hosts[i]),
            WEIR_E_STREAM_FIELDS, NULL);
    const weir_field none = {{NULL, 0}, {NULL, 0}};
    char head[10];
    size_t len;
    assert_int_equal(weir_stream_read_request(NULL, 0, head, 10, &len), WEIR_E_STREAM_FIELDS);
    assert_int_equal(weir_stream_read_request(&none, 1, head, 10, &len), WEIR_E_STREAM_FIELDS);
}

static void R9220_3_2__another_protocol_is_not_implemented(void **state)
{
    static const char *const protocols[] = {":protocol=foo", ":protocol=", ":protocol=WebSocket",
                                            ":protocol=connect-udp"};
    (void)state;
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        check_read(
            1, LINES(":method=CONNECT", protocols[i], ":scheme=https", ":path=/", ":authority=a"),
            WEIR_E_STREAM_PROTOCOL, NULL);
    assert_int_equal(weir_status_wire(WEIR_E_STREAM_PROTOCOL), 501);
    assert_int_equal(weir_status_wire(WEIR_E_STREAM_FIELDS), 400);
}

static void R8441_5_2__fields_of_http_1_are_refused(void **state)
{
    static const char *const bad[] = {"connection=upgrade",
                                      "upgrade=websocket",
                                      "keep-alive=1",
                                      "proxy-connection=x",
                                      "transfer-encoding=chunked",
                                      "A=b",
                                      "Z=b",
                                      "sec-webSocket-version=13",
                                      "a b=c",
                                      "=c",
                                      "a=b\r\nc: d",
                                      "a=b\nc",
                                      "a= b",
                                      "a=b ",
                                      "a\r=b"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_read(1, LINES(PSEUDO, bad[i]), WEIR_E_STREAM_FIELDS, NULL);
        check_read(0, LINES(":status=200", bad[i]), WEIR_E_STREAM_FIELDS, NULL);
    }
}

static void R8441_5_2__host_says_what_the_authority_says(void **state)
{
    (void)state;
    check_read(1, LINES(PSEUDO, "host=EXAMPLE.com:8443", "a=b"), WEIR_OK, HEAD "a: b\r\n\r\n");
    check_read(1, LINES(PSEUDO, "host=example.org"), WEIR_E_STREAM_FIELDS, NULL);
    check_read(1, LINES(PSEUDO, "host="), WEIR_E_STREAM_FIELDS, NULL);
    /* It means nothing in a response. */
    check_read(0, LINES(":status=503", "host=a"), WEIR_OK, "HTTP/1.1 503 \r\nhost: a\r\n\r\n");
}

static void R8441_5_2__a_key_and_an_accept_are_passed_over(void **state)
{
    (void)state;
    check_read(1, LINES(PSEUDO, "sec-websocket-key=x", "sec-websocket-accept=y"), WEIR_OK,
               HEAD "\r\n");
    check_read(0, LINES(":status=503", "sec-websocket-accept=y"), WEIR_OK, "HTTP/1.1 503 \r\n\r\n");
}

static void R8441_5_4__any_2xx_opens_and_nothing_else(void **state)
{
    (void)state;
    for (int status = 0; status < 1000; status++) {
        char line[20], head[40];
        snprintf(line, sizeof line, ":status=%03d", status);
        snprintf(head, sizeof head, "HTTP/1.1 %d \r\na: b\r\n\r\n", status);
        if (status / 100 == 2)
            check_read(0, LINES(line, "a=b"), WEIR_OK,
                       "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\na: b\r\n\r\n");
        else if (status < 100 || status > 599 || status == 101)
            check_read(0, LINES(line, "a=b"), WEIR_E_STREAM_FIELDS, NULL);
        else
            check_read(0, LINES(line, "a=b"), WEIR_OK, head);
    }
    static const char *const bad[] = {
        ":status=20", ":status=2000", ":status=", ":status=2x0", ":status=20/", "a=b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_read(0, LINES(bad[i]), WEIR_E_STREAM_FIELDS, NULL);
    check_read(0, LINES(":status=200", ":status=200"), WEIR_E_STREAM_FIELDS, NULL);
    check_read(0, LINES("a=b", ":status=200"), WEIR_E_STREAM_FIELDS, NULL);
}

/* ---- From heads to lists ---------------------------------------------------------------------*/

/* "name=value|" for each field. */
static const char *dump(const weir_field *fields, int count)
{
    static char text[1000];
    size_t at = 0;
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%.*s=%.*s|", (int)fields[i].name.len,
                               fields[i].name.data, (int)fields[i].value.len, fields[i].value.data);
    text[at] = '\0';
    return text;
}

static void check_write(int request, const char *head, size_t behind, int count,
                        const char *expected)
{
    const size_t whole = strlen(head);
    for (size_t len = 0; len <= whole; len++) {
        char *const copy = malloc(len > 0 ? len : 1), *const texts = malloc(whole + 60);
        char accepted[28] = "-";
        weir_field fields[MOST];
        size_t used = 99;
        memcpy(copy, head, len);
        const int got =
            request ? weir_stream_write_request(copy, len, 1, &used, accepted, texts, whole + 60,
                                                fields, MOST)
                    : weir_stream_write_response(copy, len, &used, texts, whole + 60, fields, MOST);
        assert_int_equal(got, len < whole - behind ? 0 : count);
        assert_int_equal(used, got > 0 ? whole - behind : 0);
        if (got > 0)
            assert_string_equal(dump(fields, got), expected);
        if (got > 0 && request)
            assert_memory_equal(accepted, accept_key, 28);
        else
            assert_string_equal(accepted, "-");
        free(copy);
        free(texts);
    }
}

#define REQUEST                                                                                    \
    "GET /a?b HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"              \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nX-Y: Z\r\n\r\n"

static void R8441_4_1__R8441_5_1__R8441_5_3__a_request_becomes_a_connect(void **state)
{
    (void)state;
    check_write(1, REQUEST, 0, 7,
                ":method=CONNECT|:protocol=websocket|:scheme=https|:path=/a?b|:authority=h:1|"
                "sec-websocket-version=13|x-y=Z|");
    char texts[200], accepted[28];
    weir_field fields[7];
    size_t used;
    assert_int_equal(weir_stream_write_request(REQUEST, strlen(REQUEST), 0, &used, accepted, texts,
                                               200, fields, 7),
                     7);
    assert_memory_equal(fields[2].value.data, "http", 4);
    assert_int_equal(fields[2].value.len, 4);
}

static void R8441_5_4__a_101_becomes_200_and_refusals_stay(void **state)
{
    (void)state;
    check_write(0,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: Chat\r\n\r\n\x81\x01x",
                3, 2, ":status=200|sec-websocket-protocol=Chat|");
    check_write(0,
                "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 2\r\n"
                "\r\nno",
                2, 2, ":status=426|content-length=2|");
    check_write(0, "HTTP/1.1 503\r\n\r\n", 0, 1, ":status=503|");
    check_write(0, "HTTP/1.1 503\r\nA-Z: B\r\n\r\n", 0, 2, ":status=503|a-z=B|");
    check_write(0, "HTTP/1.1 503\r\nX: \r\n\r\n", 0, 2, ":status=503|x=|");
    check_write(0, "HTTP/1.1 503 a\rb\r\nc: \r\r\n\r\n", 0, 2, ":status=503|c=\r|");
}

static void memory_that_is_too_small_is_told(void **state)
{
    char texts[300], accepted[28];
    weir_field fields[7];
    size_t used, room = 0;
    (void)state;
    while (weir_stream_write_request(REQUEST, strlen(REQUEST), 0, &used, accepted, texts, room,
                                     fields, 7) == WEIR_E_SHORT) {
        assert_int_equal(used, 0);
        assert_true(room++ < sizeof texts);
    }
    assert_int_equal(room, 92); /* all names and values, and nothing more */
    assert_string_equal(dump(fields, 7),
                        ":method=CONNECT|:protocol=websocket|:scheme=http|:path=/a?b|"
                        ":authority=h:1|sec-websocket-version=13|x-y=Z|");
    for (size_t cap = 0; cap < 7; cap++)
        assert_int_equal(weir_stream_write_request(REQUEST, strlen(REQUEST), 0, &used, accepted,
                                                   texts, 300, fields, cap),
                         WEIR_E_SHORT);
    const char answer[] = "HTTP/1.1 404 \r\na: b\r\n\r\n";
    for (room = 0; room < 12; room++)
        assert_int_equal(
            weir_stream_write_response(answer, sizeof answer - 1, &used, texts, room, fields, 7),
            WEIR_E_SHORT);
    assert_int_equal(
        weir_stream_write_response(answer, sizeof answer - 1, &used, texts, 12, fields, 7), 2);
    for (size_t cap = 0; cap < 2; cap++)
        assert_int_equal(
            weir_stream_write_response(answer, sizeof answer - 1, &used, texts, 300, fields, cap),
            WEIR_E_SHORT);
}

static void what_stands_behind_the_room_stays(void **state)
{
    const char head[] = "HTTP/1.1 404 \r\nAz: \r\n\r\n";
    char texts[13];
    weir_field fields[2];
    size_t used;
    (void)state;
    texts[12] = 'B';
    assert_int_equal(weir_stream_write_response(head, sizeof head - 1, &used, texts, 12, fields, 2),
                     2);
    assert_string_equal(dump(fields, 2), ":status=404|az=|");
    assert_int_equal(texts[12], 'B');
}

static void heads_that_are_none_of_weirs_are_told(void **state)
{
    static const char *const requests[] = {"GET\r\n\r\n",
                                           "GET /\r\n\r\n",
                                           "\r\n\r\n",
                                           "GET / HTTP/1.1\r\nHost:x\r\n\r\n",
                                           "GET  HTTP/1.1\r\n\r\n",
                                           " / HTTP/1.1\r\n\r\n",
                                           "GET / HTTP/1.1\r\n: x: y\r\n\r\n"};
    static const char *const responses[] = {
        "HTTP/1.1\r\n\r\n",           "HTTP/1.1 20\r\n\r\n",          "HTTP/1.1 200 \r\nab\r\n\r\n",
        "HTTP/1.1 200 \r\na\r\n\r\n", "HTTP/1.1 200 \r\n: a\r\n\r\n", " 200 \r\n\r\n"};
    char texts[300], accepted[28];
    weir_field fields[9];
    size_t used;
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        assert_int_equal(weir_stream_write_request(requests[i], strlen(requests[i]), 0, &used,
                                                   accepted, texts, 300, fields, 9),
                         WEIR_E_HTTP_SYNTAX);
    for (size_t i = 0; i < sizeof responses / sizeof *responses; i++)
        assert_int_equal(weir_stream_write_response(responses[i], strlen(responses[i]), &used,
                                                    texts, 300, fields, 9),
                         WEIR_E_HTTP_SYNTAX);
    /* Without a key and a Host it is no handshake, but nothing that could break. */
    assert_int_equal(weir_stream_write_request("GET / HTTP/1.1\r\n\r\n", 18, 0, &used, accepted,
                                               texts, 300, fields, 9),
                     5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_becomes_an_upgrade),
        cmocka_unit_test(pieces_of_a_cookie_are_joined),
        cmocka_unit_test(lengths_may_be_left_out),
        cmocka_unit_test(R8441_4_1__requests_without_their_pseudo_fields_are_refused),
        cmocka_unit_test(R9220_3_2__another_protocol_is_not_implemented),
        cmocka_unit_test(R8441_5_2__fields_of_http_1_are_refused),
        cmocka_unit_test(R8441_5_2__host_says_what_the_authority_says),
        cmocka_unit_test(R8441_5_2__a_key_and_an_accept_are_passed_over),
        cmocka_unit_test(R8441_5_4__any_2xx_opens_and_nothing_else),
        cmocka_unit_test(R8441_4_1__R8441_5_1__R8441_5_3__a_request_becomes_a_connect),
        cmocka_unit_test(R8441_5_4__a_101_becomes_200_and_refusals_stay),
        cmocka_unit_test(memory_that_is_too_small_is_told),
        cmocka_unit_test(what_stands_behind_the_room_stays),
        cmocka_unit_test(heads_that_are_none_of_weirs_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
