/* SPDX-License-Identifier: MIT */
/* A server's side of the opening handshake: every rule of the judge. */
#include "heads/heads.h"

#include "../../src/base/statuses.h"
#include "../../src/protocol/handshake_server.h"

#define GET "GET /chat HTTP/1.1"
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static const char *const good_fields[] = {"Host: server.example.com",  "Upgrade: websocket",
                                          "Connection: Upgrade",       "Sec-WebSocket-Key: " KEY,
                                          "Sec-WebSocket-Version: 13", NULL};

static weir_config policy;

static int setup(void **state)
{
    (void)state;
    policy = heads_policy();
    return 0;
}

/* ---- Judging, in every cut -------------------------------------------------------------------*/

typedef struct expected_verdict {
    int status;
    bool plain;
    const char *dump; /* "host path ?query subprotocol", or NULL */
} expected_verdict;

static void check_verdict(const weir__http_head *head, int status, size_t used, void *expected)
{
    const expected_verdict *want = expected;
    (void)used;
    weir__request_verdict verdict;
    assert_int_equal(status, WEIR_OK);
    weir__request_judge(head, &verdict);
    assert_int_equal(verdict.status, want->status);
    assert_int_equal(verdict.plain, want->plain);
    if (verdict.status == WEIR_OK)
        assert_memory_equal(verdict.key.data, KEY, sizeof KEY - 1);
    if (want->dump == NULL)
        return;
    char dump[300];
    snprintf(dump, sizeof dump, "%.*s %.*s ?%.*s %.*s", (int)verdict.host.len, verdict.host.data,
             (int)verdict.path.len, verdict.path.data, (int)verdict.query.len, verdict.query.data,
             (int)verdict.subprotocol.len, verdict.subprotocol.data);
    assert_string_equal(dump, want->dump);
}

static void judge_message(const heads_text *text, expected_verdict want)
{
    heads_each_way(WEIR__HTTP_REQUEST, &policy, text->data, text->len, check_verdict, &want);
}

/* A good request with another start line, without a field, with more lines. */
static void judge(const char *start, const char *drop, const char *more, int status)
{
    const heads_text text = heads_message(start, good_fields, drop, more);
    const bool plain = status == WEIR_E_UPGRADE;
    judge_message(&text, (expected_verdict){status, plain, NULL});
    free(text.data);
}

static void judge_plain(const char *start, const char *more, int status)
{
    const heads_text text = heads_message(start, good_fields, "Upgrade", more);
    judge_message(&text, (expected_verdict){status, true, NULL});
    free(text.data);
}

static void judge_dump(const char *start, const char *drop, const char *more, const char *dump)
{
    const heads_text text = heads_message(start, good_fields, drop, more);
    judge_message(&text, (expected_verdict){WEIR_OK, false, dump});
    free(text.data);
}

static uint32_t wire(int status)
{
    return weir__status_wire(status);
}

/* ---- Start line ------------------------------------------------------------------------------*/

static void a_good_request__may_be_accepted(void **state)
{
    (void)state;
    judge_dump(GET, NULL, NULL, "server.example.com /chat ? ");
    judge_dump("GET /a?b=c?d HTTP/1.1", NULL, "Sec-WebSocket-Protocol: x\r\nOrigin: http://o\r\n",
               "server.example.com /a ?b=c?d ");
}

static void R6455_4_2_1_1__order_and_unknown_fields__do_not_matter(void **state)
{
    (void)state;
    static const char *const shuffled[] = {"sec-websocket-version: 13",
                                           "X-A: b",
                                           "CONNECTION: keep-alive , upgrade",
                                           "X-B: c",
                                           "host: h:8080",
                                           "sec-websocket-KEY:   " KEY "  ",
                                           "UpGrAdE: WebSocket",
                                           NULL};
    heads_text text = heads_message(GET, shuffled, NULL, NULL);
    judge_message(&text, (expected_verdict){WEIR_OK, false, "h:8080 /chat ? "});
    free(text.data);
    heads_text more = {NULL, 0, 0};
    heads_add_run(&more, "X-Unknown: value\r\n", 60);
    judge(GET, NULL, more.data, WEIR_OK);
    free(more.data);
}

static void R6455_4_2_1_2__other_methods__are_405(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HTTP_METHOD), 405);
    judge("POST /chat HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
    judge("get /chat HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
    judge("HEAD /chat HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
    judge("PRI * HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
    judge("GETT /chat HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
    judge("CONNECT h:80 HTTP/1.1", NULL, NULL, WEIR_E_HTTP_METHOD);
}

static void R6455_4_2_1_3__R9112_2_3_2__version__is_1_1_or_a_later_1_x(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HTTP_OLD_VERSION), 400);
    assert_int_equal(wire(WEIR_E_HTTP_VERSION), 505);
    for (char minor = '1'; minor <= '9'; minor++) {
        char line[] = "GET /chat HTTP/1.x";
        line[17] = minor;
        judge(line, NULL, NULL, WEIR_OK);
    }
    judge("GET /chat HTTP/1.0", NULL, NULL, WEIR_E_HTTP_OLD_VERSION);
    judge("GET /chat HTTP/2.0", NULL, NULL, WEIR_E_HTTP_VERSION);
    judge("GET /chat HTTP/0.9", NULL, NULL, WEIR_E_HTTP_VERSION);
    judge("PRI * HTTP/2.0", NULL, NULL, WEIR_E_HTTP_VERSION);
}

static void R9110_7_8_2__upgrade_in_http_1_0__is_refused(void **state)
{
    (void)state;
    judge("GET /chat HTTP/1.0", NULL, NULL, WEIR_E_HTTP_OLD_VERSION);
    judge_plain("GET /chat HTTP/1.0", NULL, WEIR_E_HTTP_OLD_VERSION);
}

static void R6455_4_2_1_4__R9112_3_2_2_1__target__is_a_path_or_an_http_url(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HTTP_TARGET), 400);
    judge_dump("GET / HTTP/1.1", NULL, NULL, "server.example.com / ? ");
    judge_dump("GET http://h/p?q HTTP/1.1", NULL, NULL, "h /p ?q ");
    judge_dump("GET https://h:8 HTTP/1.1", NULL, NULL, "h:8 / ? ");
    judge("GET * HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET host:80 HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET ws://h/ HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET http:///p HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET http://u@h/ HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET /a#b HTTP/1.1", NULL, NULL, WEIR_E_HTTP_TARGET);
    judge("GET http://a/ HTTP/1.1", "Host", NULL, WEIR_E_HOST);
}

/* ---- Fields ----------------------------------------------------------------------------------*/

static void R6455_4_2_1_5__R9110_5_3_1__host__stands_once_and_is_valid(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HOST), 400);
    assert_int_equal(wire(WEIR_E_HTTP_DUPLICATE), 400);
    judge(GET, "Host", NULL, WEIR_E_HOST);
    judge(GET, NULL, "Host: server.example.com\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(GET, NULL, "host: other\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(GET, "Host", "Host:\r\n", WEIR_E_HOST);
    judge(GET, "Host", "Host: a b\r\n", WEIR_E_HOST);
    judge(GET, "Host", "Host: u@h\r\n", WEIR_E_HOST);
    judge(GET, "Host", "Host: h:99999\r\n", WEIR_E_HOST);
    judge(GET, "Host", "Host: h/\r\n", WEIR_E_HOST);
    judge(GET, "Host", "Host: [::1]:80\r\n", WEIR_OK);
}

static void R6455_4_2_1_6__R9110_7_8_3__upgrade_without_websocket__is_426_and_plain(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_UPGRADE), 426);
    judge_plain(GET, NULL, WEIR_E_UPGRADE);
    judge_plain(GET, "Upgrade: h2c\r\n", WEIR_E_UPGRADE);
    judge_plain(GET, "Upgrade: websocket/1\r\n", WEIR_E_UPGRADE);
    judge_plain(GET, "Upgrade: \"websocket\"\r\n", WEIR_E_UPGRADE);
    judge_plain(GET, "Upgrade: websocket2\r\n", WEIR_E_UPGRADE);
    judge_plain(GET, "Upgrade:\r\n", WEIR_E_UPGRADE);
    judge(GET, "Upgrade", "Upgrade: h2c, WebSocket\r\n", WEIR_OK);
    judge(GET, "Upgrade", "Upgrade: h2c\r\nUpgrade: WEBSOCKET\r\n", WEIR_OK);
    judge(GET, "Upgrade", "Upgrade: ,,websocket\r\n", WEIR_OK);
    judge(GET, NULL, "Upgrade: ,,,,,,,,,,,,,,,,,\r\n", WEIR_E_HTTP_LIST);
}

static void plain_requests__are_well_formed_with_any_method(void **state)
{
    (void)state;
    judge_plain("POST /form HTTP/1.1", "Content-Length: 5\r\n", WEIR_E_HTTP_METHOD);
    judge_plain("PUT /form HTTP/1.1", "Transfer-Encoding: chunked\r\n", WEIR_E_HTTP_METHOD);
    judge_plain("HEAD /health HTTP/1.1", NULL, WEIR_E_HTTP_METHOD);
    judge_plain("GET http://h/x HTTP/1.1", NULL, WEIR_E_UPGRADE);
    judge_plain("GET /health HTTP/1.0", NULL, WEIR_E_HTTP_OLD_VERSION);
    static const char *const without_host[] = {"Accept: */*", NULL};
    const heads_text old = heads_message("GET /health HTTP/1.0", without_host, NULL, NULL);
    judge_message(&old, (expected_verdict){WEIR_E_HTTP_OLD_VERSION, true, NULL});
    free(old.data);
    const struct {
        const char *start;
        const char *more;
        int status;
    } bad[] = {{"GET * HTTP/1.1", NULL, WEIR_E_HTTP_TARGET},
               {"OPTIONS * HTTP/1.1", NULL, WEIR_E_HTTP_METHOD},
               {"GET / HTTP/1.1", "Host: twice\r\n", WEIR_E_HTTP_DUPLICATE},
               {"GET / HTTP/1.1", "Content-Length: x\r\n", WEIR_E_HTTP_BODY},
               {"GET / HTTP/1.0", "Transfer-Encoding: chunked\r\n", WEIR_E_HTTP_OLD_VERSION}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const heads_text text = heads_message(bad[i].start, good_fields, "Upgrade", bad[i].more);
        judge_message(&text, (expected_verdict){bad[i].status, false, NULL});
        free(text.data);
    }
}

static void R6455_4_2_1_7__connection_without_upgrade__is_400(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_CONNECTION), 400);
    judge(GET, "Connection", NULL, WEIR_E_CONNECTION);
    judge(GET, "Connection", "Connection: close\r\n", WEIR_E_CONNECTION);
    judge(GET, "Connection", "Connection: Upgrade2\r\n", WEIR_E_CONNECTION);
    judge(GET, "Connection", "Connection: keep-alive, Upgrade\r\n", WEIR_OK);
    judge(GET, "Connection", "Connection: a\r\nConnection: b\r\nConnection: UPGRADE\r\n", WEIR_OK);
}

static void R6455_4_2_1_8__key__is_16_bytes_in_base64(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_KEY), 400);
    static const char *const bad[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQAA",
        "dGhlIHNhbXBsZSBub25jZ===",
        "dGhlIHNhbXBsZSBub25j-_==",
        "dGhlIHNhbXBs SBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZ\x80==",
        "AAAAdGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[100];
        snprintf(line, sizeof line, "Sec-WebSocket-Key: %s\r\n", bad[i]);
        judge(GET, "Sec-WebSocket-Key", line, WEIR_E_KEY);
    }
    judge(GET, "Sec-WebSocket-Key", NULL, WEIR_E_KEY);
    judge(GET, "Sec-WebSocket-Key", "Sec-WebSocket-Key: \t" KEY " \r\n", WEIR_OK);
}

static void SEC_H8__keys_of_0_to_300_characters__pass_only_with_24(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 300; len++) {
        if (len == 24)
            continue;
        heads_text line = {NULL, 0, 0};
        heads_add_text(&line, "Sec-WebSocket-Key: ");
        heads_add_run(&line, "A", len > 2 ? len - 2 : 0);
        heads_add_run(&line, "=", len > 2 ? 2 : len);
        heads_add_text(&line, "\r\n");
        const heads_text text = heads_message(GET, good_fields, "Sec-WebSocket-Key", line.data);
        expected_verdict want = {WEIR_E_KEY, false, NULL};
        heads_one_way(WEIR__HTTP_REQUEST, &policy, text.data, text.len, text.len, text.len,
                      check_verdict, &want);
        free(text.data);
        free(line.data);
    }
}

static void R6455_11_3_3__key_and_version__stand_once(void **state)
{
    (void)state;
    judge(GET, NULL, "Sec-WebSocket-Key: " KEY "\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(GET, NULL, "sec-websocket-key: x\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(GET, NULL, "Sec-WebSocket-Version: 13\r\n", WEIR_E_HTTP_DUPLICATE);
    judge(GET, "Sec-WebSocket-Version", "Sec-WebSocket-Version: 13, 13\r\n",
          WEIR_E_VERSION_MISSING);
}

static void R6455_4_2_1_9__version_13__passes_alone(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_VERSION_MISSING), 400);
    assert_int_equal(wire(WEIR_E_VERSION), 426);
    char line[60];
    for (unsigned version = 0; version <= 300; version++) {
        snprintf(line, sizeof line, "Sec-WebSocket-Version: %u\r\n", version);
        const heads_text text = heads_message(GET, good_fields, "Sec-WebSocket-Version", line);
        expected_verdict want = {version > 255   ? WEIR_E_VERSION_MISSING
                                 : version == 13 ? WEIR_OK
                                                 : WEIR_E_VERSION,
                                 false, NULL};
        heads_one_way(WEIR__HTTP_REQUEST, &policy, text.data, text.len, text.len, text.len,
                      check_verdict, &want);
        free(text.data);
    }
    static const char *const bad[] = {"",   "013",  "+13", "13.0", "256",  "00",  "1 3",       "x",
                                      "-1", "0x0d", "1e1", "013 ", "1000", "13;", "4294967309"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(line, sizeof line, "Sec-WebSocket-Version: %s\r\n", bad[i]);
        judge(GET, "Sec-WebSocket-Version", line, WEIR_E_VERSION_MISSING);
    }
    judge(GET, "Sec-WebSocket-Version", NULL, WEIR_E_VERSION_MISSING);
}

static void SEC_H4__only_13_with_upgrade_and_connection__is_accepted(void **state)
{
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        for (unsigned with = 0; with < 4; with++) {
            char lines[120];
            snprintf(lines, sizeof lines, "Sec-WebSocket-Version: %u\r\n%s%s", version,
                     (with & 1) != 0 ? "Upgrade: websocket\r\n" : "",
                     (with & 2) != 0 ? "Connection: upgrade\r\n" : "");
            static const char *const rest[] = {"Host: h", "Sec-WebSocket-Key: " KEY, NULL};
            const heads_text text = heads_message(GET, rest, NULL, lines);
            expected_verdict want = {WEIR_OK, (with & 1) == 0, NULL};
            if ((with & 1) == 0)
                want.status = WEIR_E_UPGRADE;
            else if ((with & 2) == 0)
                want.status = WEIR_E_CONNECTION;
            else if (version != 13)
                want.status = WEIR_E_VERSION;
            heads_one_way(WEIR__HTTP_REQUEST, &policy, text.data, text.len, text.len, text.len,
                          check_verdict, &want);
            free(text.data);
        }
    }
}

static void R9110_7_8_5__expect__is_417(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HTTP_EXPECT), 417);
    judge(GET, NULL, "Expect: 100-continue\r\n", WEIR_E_HTTP_EXPECT);
    judge(GET, NULL, "expect: x\r\n", WEIR_E_HTTP_EXPECT);
}

static void R9112_6_1__SEC_H3__body_on_an_upgrade__is_400(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HTTP_BODY), 400);
    judge(GET, NULL, "Content-Length: 0\r\n", WEIR_OK);
    judge(GET, NULL, "Content-Length: 0, 0\r\nContent-Length: 00\r\n", WEIR_OK);
    judge(GET, NULL, "Content-Length: 1\r\n", WEIR_E_HTTP_BODY);
    judge(GET, NULL, "Content-Length: 5\r\n", WEIR_E_HTTP_BODY);
    judge(GET, NULL, "Transfer-Encoding: chunked\r\n", WEIR_E_HTTP_BODY);
    judge(GET, NULL, "Transfer-Encoding: identity\r\n", WEIR_E_HTTP_BODY);
    judge(GET, NULL, "Transfer-Encoding:\r\n", WEIR_E_HTTP_BODY);
}

static void R9112_6_1_1__SEC_H9__length_with_coding__is_400(void **state)
{
    (void)state;
    judge(GET, NULL, "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", WEIR_E_HTTP_BODY);
    judge(GET, NULL, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", WEIR_E_HTTP_BODY);
    const heads_text text = heads_message(GET, good_fields, "Upgrade",
                                          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
    judge_message(&text, (expected_verdict){WEIR_E_HTTP_BODY, false, NULL});
    free(text.data);
}

static void R9112_6_1_2__coding_in_http_1_0__is_400(void **state)
{
    (void)state;
    judge("GET / HTTP/1.0", NULL, "Transfer-Encoding: chunked\r\n", WEIR_E_HTTP_OLD_VERSION);
}

static void R9112_6_3_1__SEC_H9__content_length__is_one_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"+0",  "0x0", "0,1",  "-0", "18446744073709551616",
                                      "0 0", "",    "0,",   ",0", "0;",
                                      "x",   "0.0", "\"0\""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[60];
        snprintf(line, sizeof line, "Content-Length: %s\r\n", bad[i]);
        judge(GET, NULL, line, WEIR_E_HTTP_BODY);
    }
    judge(GET, NULL, "Content-Length: 0\r\nContent-Length: 1\r\n", WEIR_E_HTTP_BODY);
}

static void R6455_10_2_1__two_origins__are_400(void **state)
{
    (void)state;
    judge(GET, NULL, "Origin: http://a\r\n", WEIR_OK);
    judge(GET, NULL, "Origin: http://a\r\nOrigin: http://a\r\n", WEIR_E_HTTP_DUPLICATE);
}

static void R6455_4_2_1_11__SEC_C2__subprotocols__are_a_list_of_tokens(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_SUBPROTOCOL_LIST), 400);
    assert_int_equal(wire(WEIR_E_HTTP_LIST), 400);
    judge(GET, NULL, "Sec-WebSocket-Protocol: a,,b\r\n", WEIR_OK);
    judge(GET, NULL, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", WEIR_OK);
    judge(GET, NULL, "Sec-WebSocket-Protocol: ,\r\n", WEIR_E_SUBPROTOCOL_LIST);
    judge(GET, NULL, "Sec-WebSocket-Protocol:\r\n", WEIR_E_SUBPROTOCOL_LIST);
    judge(GET, NULL, "Sec-WebSocket-Protocol: a b\r\n", WEIR_E_SUBPROTOCOL_LIST);
    judge(GET, NULL, "Sec-WebSocket-Protocol: \"a\"\r\n", WEIR_E_SUBPROTOCOL_LIST);
    judge(GET, NULL, "Sec-WebSocket-Protocol: a/b\r\n", WEIR_E_SUBPROTOCOL_LIST);
    judge(GET, NULL, "Sec-WebSocket-Protocol: caf\xC3\xA9\r\n", WEIR_E_SUBPROTOCOL_LIST);
    heads_text line = {NULL, 0, 0};
    heads_add_text(&line, "Sec-WebSocket-Protocol: a");
    heads_add_run(&line, " ", 10000);
    heads_add_text(&line, "b\r\n");
    judge(GET, NULL, line.data, WEIR_E_SUBPROTOCOL_LIST);
    free(line.data);
    policy.max_list_members = 2;
    judge(GET, NULL, "Sec-WebSocket-Protocol: a, b\r\n", WEIR_OK);
    judge(GET, NULL, "Sec-WebSocket-Protocol: a, b, c\r\n", WEIR_E_HTTP_LIST);
}

static void R6455_9_1_1__extensions_that_break_the_grammar__are_400(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_EXTENSION_LIST), 400);
    judge(GET, NULL, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
          WEIR_OK);
    judge(GET, NULL, "Sec-WebSocket-Extensions: a;\r\n", WEIR_E_EXTENSION_LIST);
    judge(GET, NULL, "Sec-WebSocket-Extensions: a;b=\"x y\"\r\n", WEIR_E_EXTENSION_LIST);
}

/* ---- Policy ----------------------------------------------------------------------------------*/

static weir_text text_of(const char *text)
{
    return weir__text(text, WEIR_NTS);
}

static void judge_host(const char *hosts, const char *host, int status)
{
    char line[100];
    policy.hosts = text_of(hosts);
    snprintf(line, sizeof line, "Host: %s\r\n", host);
    judge(GET, "Host", line, status);
}

static void R6455_4_2_2_3__hosts_not_on_the_list__are_421(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_HOST_REFUSED), 421);
    judge_host("", "any", WEIR_OK);
    judge_host("a.example b.example:8080 [::1]", "A.Example", WEIR_OK);
    judge_host("a.example b.example:8080 [::1]", "a.example:1234", WEIR_OK);
    judge_host("a.example b.example:8080 [::1]", "b.example:8080", WEIR_OK);
    judge_host("a.example b.example:8080 [::1]", "b.example", WEIR_E_HOST_REFUSED);
    judge_host("a.example b.example:8080 [::1]", "b.example:808", WEIR_E_HOST_REFUSED);
    judge_host("a.example b.example:8080 [::1]", "[::1]:9", WEIR_OK);
    judge_host("a.example b.example:8080 [::1]", "a.example.", WEIR_E_HOST_REFUSED);
    judge_host("a.example b.example:8080 [::1]", "a.exampl", WEIR_E_HOST_REFUSED);
    judge_host("/", "a", WEIR_E_HOST_REFUSED);
    /* The authority of the target is what counts. */
    policy.hosts = text_of("a.example");
    judge("GET http://a.example/ HTTP/1.1", NULL, NULL, WEIR_OK);
    judge("GET http://evil/ HTTP/1.1", "Host", "Host: a.example\r\n", WEIR_E_HOST_REFUSED);
}

static void judge_path(const char *paths, const char *target, int status)
{
    char line[100];
    policy.paths = text_of(paths);
    snprintf(line, sizeof line, "GET %s HTTP/1.1", target);
    judge(line, NULL, NULL, status);
}

static void R6455_4_2_2_3__paths_not_on_the_list__are_404(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_PATH_REFUSED), 404);
    judge_path("", "/any", WEIR_OK);
    judge_path("/chat /x/*", "/chat", WEIR_OK);
    judge_path("/chat /x/*", "/chat?q=1", WEIR_OK);
    judge_path("/chat /x/*", "/chat/", WEIR_E_PATH_REFUSED);
    judge_path("/chat /x/*", "/Chat", WEIR_E_PATH_REFUSED);
    judge_path("/chat /x/*", "/cha", WEIR_E_PATH_REFUSED);
    judge_path("/chat /x/*", "/x/", WEIR_OK);
    judge_path("/chat /x/*", "/x/y/z", WEIR_OK);
    judge_path("/chat /x/*", "/x", WEIR_E_PATH_REFUSED);
    judge_path("/chat /x/*", "/?/chat", WEIR_E_PATH_REFUSED);
    judge_path("*", "/anything", WEIR_OK);
    judge_path("/", "http://h", WEIR_OK);
}

static void judge_origin(const char *origin, int status)
{
    char line[100];
    snprintf(line, sizeof line, "Origin: %s\r\n", origin);
    judge(GET, NULL, line, status);
}

static void R6455_10_2_1__origins_not_on_the_list__are_403(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_ORIGIN_REFUSED), 403);
    policy.require_origin = 1;
    judge(GET, NULL, NULL, WEIR_OK); /* nothing is listed, so nothing is required */
    policy.require_origin = 0;
    policy.origins = text_of("https://a.example http://b.example:8080 null");
    judge_origin("https://a.example", WEIR_OK);
    judge_origin("HTTPS://A.Example", WEIR_OK);
    judge_origin("http://b.example:8080", WEIR_OK);
    judge_origin("null", WEIR_OK);
    judge_origin("http://a.example", WEIR_E_ORIGIN_REFUSED);
    judge_origin("https://a.example:443", WEIR_E_ORIGIN_REFUSED);
    judge_origin("https://a.example:8443", WEIR_E_ORIGIN_REFUSED);
    judge_origin("http://b.example", WEIR_E_ORIGIN_REFUSED);
    judge_origin("https://a.example.evil", WEIR_E_ORIGIN_REFUSED);
    judge_origin("https://a.example null", WEIR_E_ORIGIN_REFUSED);
    judge_origin("", WEIR_E_ORIGIN_REFUSED);
    judge(GET, NULL, NULL, WEIR_OK);
    policy.require_origin = 1;
    judge(GET, NULL, NULL, WEIR_E_ORIGIN_REFUSED);
    judge_origin("https://a.example", WEIR_OK);
}

static void R6455_4_2_2_6__subprotocol__is_the_clients_first_that_is_spoken(void **state)
{
    (void)state;
    const char offered[] = "Sec-WebSocket-Protocol: x, chat.v2\r\nSec-WebSocket-Protocol: chat\r\n";
    judge_dump(GET, NULL, offered, "server.example.com /chat ? ");
    policy.subprotocols = text_of("chat chat.v2");
    judge_dump(GET, NULL, offered, "server.example.com /chat ? chat.v2");
    policy.subprotocols = text_of("Chat X");
    judge_dump(GET, NULL, offered, "server.example.com /chat ? ");
    policy.subprotocols = text_of("chat");
    judge_dump(GET, NULL, offered, "server.example.com /chat ? chat");
}

static void WHATWG_3__no_subprotocol_that_fits__can_be_refused(void **state)
{
    (void)state;
    assert_int_equal(wire(WEIR_E_NO_SUBPROTOCOL), 400);
    policy.subprotocols = text_of("chat");
    judge(GET, NULL, "Sec-WebSocket-Protocol: other\r\n", WEIR_OK);
    policy.require_subprotocol = 1;
    judge(GET, NULL, "Sec-WebSocket-Protocol: other\r\n", WEIR_E_NO_SUBPROTOCOL);
    judge(GET, NULL, "Sec-WebSocket-Protocol: other, chat\r\n", WEIR_OK);
    judge(GET, NULL, NULL, WEIR_OK);
    policy.subprotocols = text_of("");
    judge(GET, NULL, "Sec-WebSocket-Protocol: other\r\n", WEIR_E_NO_SUBPROTOCOL);
}

#define JUDGE_TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGE_TEST(a_good_request__may_be_accepted),
        JUDGE_TEST(R6455_4_2_1_1__order_and_unknown_fields__do_not_matter),
        JUDGE_TEST(R6455_4_2_1_2__other_methods__are_405),
        JUDGE_TEST(R6455_4_2_1_3__R9112_2_3_2__version__is_1_1_or_a_later_1_x),
        JUDGE_TEST(R9110_7_8_2__upgrade_in_http_1_0__is_refused),
        JUDGE_TEST(R6455_4_2_1_4__R9112_3_2_2_1__target__is_a_path_or_an_http_url),
        JUDGE_TEST(R6455_4_2_1_5__R9110_5_3_1__host__stands_once_and_is_valid),
        JUDGE_TEST(R6455_4_2_1_6__R9110_7_8_3__upgrade_without_websocket__is_426_and_plain),
        JUDGE_TEST(plain_requests__are_well_formed_with_any_method),
        JUDGE_TEST(R6455_4_2_1_7__connection_without_upgrade__is_400),
        JUDGE_TEST(R6455_4_2_1_8__key__is_16_bytes_in_base64),
        JUDGE_TEST(SEC_H8__keys_of_0_to_300_characters__pass_only_with_24),
        JUDGE_TEST(R6455_11_3_3__key_and_version__stand_once),
        JUDGE_TEST(R6455_4_2_1_9__version_13__passes_alone),
        JUDGE_TEST(SEC_H4__only_13_with_upgrade_and_connection__is_accepted),
        JUDGE_TEST(R9110_7_8_5__expect__is_417),
        JUDGE_TEST(R9112_6_1__SEC_H3__body_on_an_upgrade__is_400),
        JUDGE_TEST(R9112_6_1_1__SEC_H9__length_with_coding__is_400),
        JUDGE_TEST(R9112_6_1_2__coding_in_http_1_0__is_400),
        JUDGE_TEST(R9112_6_3_1__SEC_H9__content_length__is_one_number),
        JUDGE_TEST(R6455_10_2_1__two_origins__are_400),
        JUDGE_TEST(R6455_4_2_1_11__SEC_C2__subprotocols__are_a_list_of_tokens),
        JUDGE_TEST(R6455_9_1_1__extensions_that_break_the_grammar__are_400),
        JUDGE_TEST(R6455_4_2_2_3__hosts_not_on_the_list__are_421),
        JUDGE_TEST(R6455_4_2_2_3__paths_not_on_the_list__are_404),
        JUDGE_TEST(R6455_10_2_1__origins_not_on_the_list__are_403),
        JUDGE_TEST(R6455_4_2_2_6__subprotocol__is_the_clients_first_that_is_spoken),
        JUDGE_TEST(WHATWG_3__no_subprotocol_that_fits__can_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
