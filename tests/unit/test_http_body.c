/* SPDX-License-Identifier: MIT */
/* Content-Length, and the body of a rejection. */
#include "heads/heads.h"

#include "../../src/protocol/http_body.h"

static weir__memory memory;
static heads_alloc alloc;
static weir_config policy;
static weir__http_head head;

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
    weir__http_head_free(&head, &memory);
    assert_int_equal(alloc.live, 0);
    return 0;
}

static void parse(const char *start, const char *lines)
{
    static const char *const none[] = {NULL};
    const heads_text text = heads_message(start, none, NULL, lines);
    size_t used;
    weir__http_head_free(&head, &memory);
    head.kind = WEIR__HTTP_RESPONSE;
    head.policy = &policy;
    head.kernels = heads_kernels();
    assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR_OK);
    free(text.data);
}

static int content_length(const char *lines, uint64_t *len)
{
    parse("HTTP/1.1 403 x", lines);
    return weir__http_content_length(&head, len);
}

static void R9112_6_3_1__content_length__is_one_number(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint64_t len;
    } good[] = {{"Content-Length: 0\r\n", 0},
                {"content-length: 5\r\n", 5},
                {"Content-Length: 5, 5\r\n", 5},
                {"Content-Length: 5\r\nContent-Length: 5\r\n", 5},
                {"Content-Length: 005, 5\r\n", 5},
                {"Content-Length: 18446744073709551615\r\n", UINT64_MAX},
                {"Content-Length: 000000000000000000000000000007\r\n", 7}};
    static const char *const bad[] = {"",
                                      "+5",
                                      "-5",
                                      "5,6",
                                      "0x5",
                                      "5 5",
                                      "5;",
                                      "5,",
                                      ",5",
                                      "5,,5",
                                      "x",
                                      "5x",
                                      "5:",
                                      "\"5\"",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "5,5,6"};
    uint64_t len;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(content_length(good[i].lines, &len), WEIR_OK);
        assert_true(len == good[i].len);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[100];
        snprintf(line, sizeof line, "Content-Length: %s\r\n", bad[i]);
        assert_int_equal(content_length(line, &len), WEIR_E_HTTP_BODY);
    }
    assert_int_equal(content_length("Content-Length: 5\r\nContent-Length: 6\r\n", &len),
                     WEIR_E_HTTP_BODY);
    policy.max_list_members = 2;
    assert_int_equal(content_length("Content-Length: 5,5\r\n", &len), WEIR_OK);
    assert_int_equal(content_length("Content-Length: 5,5,5\r\n", &len), WEIR_E_HTTP_BODY);
    assert_int_equal(content_length("X: 5\r\n", &len), WEIR_E_NOT_FOUND);
    assert_true(len == 0);
}

static int init(const char *start, const char *lines)
{
    weir__http_body body;
    memset(&body, 0xA5, sizeof body);
    parse(start, lines);
    const int status = weir__http_body_init(&body, &head);
    /* Where there is none nothing is kept. */
    const uint8_t *const more = (const uint8_t *)"1\r\nx";
    for (size_t len = 0; len <= 4 && status == WEIR_OK; len++) {
        assert_int_equal(weir__http_body_feed(&body, &memory, 100, more, len), WEIR_OK);
        assert_int_equal(body.bytes.len, 0);
    }
    return status;
}

static void whether_there_is_a_body__follows_status_and_fields(void **state)
{
    (void)state;
    assert_int_equal(init("HTTP/1.1 403 x", "Content-Length: 0\r\n"), WEIR_OK);
    assert_int_equal(init("HTTP/1.1 403 x", "Content-Length: 1\r\n"), WEIR__HTTP_MORE);
    assert_int_equal(init("HTTP/1.1 403 x", ""), WEIR__HTTP_MORE);
    assert_int_equal(init("HTTP/1.1 200 x", "Content-Length: 1\r\n"), WEIR__HTTP_MORE);
    assert_int_equal(init("HTTP/1.1 199 x", "Content-Length: 1\r\n"), WEIR_OK);
    assert_int_equal(init("HTTP/1.1 204 x", "Content-Length: 1\r\n"), WEIR_OK);
    assert_int_equal(init("HTTP/1.1 304 x", "Transfer-Encoding: chunked\r\n"), WEIR_OK);
    assert_int_equal(init("HTTP/1.1 101 x", "Content-Length: x\r\n"), WEIR_OK);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: chunked\r\n"), WEIR__HTTP_MORE);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: gzip, CHUNKED\r\n"),
                     WEIR__HTTP_MORE);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: gzip\r\n"), WEIR__HTTP_MORE);
}

static void R9112_6_1_2__faulty_framing__is_refused(void **state)
{
    (void)state;
    assert_int_equal(init("HTTP/1.0 403 x", "Transfer-Encoding: chunked\r\n"), WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: chunked, chunked\r\n"),
                     WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: chunked, gzip\r\n"),
                     WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding:\r\n"), WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Content-Length: x\r\n"), WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
                     WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Content-Length: x\r\nTransfer-Encoding: gzip\r\n"),
                     WEIR_E_HTTP_BODY);
    assert_int_equal(init("HTTP/1.1 403 x", "Transfer-Encoding: ,,,,,,,,,,,,,,,,,a\r\n"),
                     WEIR_E_HTTP_BODY);
}

/* ---- Feeding, in every cut -------------------------------------------------------------------*/

static void feed_one_way(const char *data, size_t len, uint64_t limit, size_t first, size_t step,
                         int expected, const char *kept)
{
    weir__http_body body;
    assert_int_equal(weir__http_body_init(&body, &head), WEIR__HTTP_MORE);
    int status = WEIR__HTTP_MORE;
    for (size_t at = 0, piece = first; status == WEIR__HTTP_MORE && at < len; piece = step) {
        if (piece > len - at)
            piece = len - at;
        uint8_t *copy = malloc(piece);
        assert_non_null(copy);
        memcpy(copy, data + at, piece);
        status = weir__http_body_feed(&body, &memory, limit, copy, piece);
        free(copy);
        at += piece;
    }
    assert_int_equal(status, expected);
    if (kept != NULL) {
        assert_int_equal(body.bytes.len, strlen(kept));
        assert_memory_equal(body.bytes.data, kept, strlen(kept));
    }
    assert_true(body.bytes.len <= limit);
    if (status == WEIR_OK) /* once complete it stays so */
        assert_int_equal(weir__http_body_feed(&body, &memory, limit, (const uint8_t *)"x", 1),
                         WEIR_OK);
    weir__http_body_free(&body, &memory);
    assert_int_equal(body.bytes.cap, 0);
}

static void feed(const char *lines, const char *data, uint64_t limit, int expected,
                 const char *kept)
{
    const size_t len = strlen(data);
    parse("HTTP/1.1 403 Forbidden", lines);
    feed_one_way(data, len, limit, len, len, expected, kept);
    feed_one_way(data, len, limit, 1, 1, expected, kept);
    for (size_t cut = 1; cut < len; cut++)
        feed_one_way(data, len, limit, cut, len, expected, kept);
}

static void a_counted_body__is_kept_up_to_its_length_or_the_limit(void **state)
{
    (void)state;
    feed("Content-Length: 5\r\n", "hello and more", 100, WEIR_OK, "hello");
    feed("Content-Length: 5\r\n", "hello", 5, WEIR_OK, "hello");
    feed("Content-Length: 5\r\n", "hello", 4, WEIR_OK, "hell");
    feed("Content-Length: 5\r\n", "hell", 100, WEIR__HTTP_MORE, "hell");
    feed("Content-Length: 18446744073709551615\r\n", "hello", 3, WEIR_OK, "hel");
    feed("Content-Length: 5\r\n", "hello", 0, WEIR_OK, "");
}

static void a_body_without_length__goes_on_to_the_end_or_the_limit(void **state)
{
    (void)state;
    feed("", "some bytes", 100, WEIR__HTTP_MORE, "some bytes");
    feed("", "some bytes", 4, WEIR_OK, "some");
    feed("Transfer-Encoding: gzip\r\n", "raw", 100, WEIR__HTTP_MORE, "raw");
}

#define CHUNKED "Transfer-Encoding: chunked\r\n"

static void chunks__are_joined(void **state)
{
    (void)state;
    feed(CHUNKED, "5\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\n\r\n", 100, WEIR_OK,
         "hello 0123456789");
    feed(CHUNKED, "0\r\nTrailer: x\r\n\r\n", 100, WEIR_OK, "");
    feed(CHUNKED, "5;a=b;c=\"d\"\r\nhello\r\n00\t;x\r\n", 100, WEIR_OK, "hello");
    feed(CHUNKED, "5 ;x\r\nhello\r\n0\r\n", 100, WEIR_OK, "hello");
    feed(CHUNKED, "9\r\n123456789\r\n0\r\n", 100, WEIR_OK, "123456789");
    feed(CHUNKED, "00000005\r\nhello\r\n", 100, WEIR__HTTP_MORE, "hello");
    feed(CHUNKED, "a\r\n0123456789\r\n0\r\n", 4, WEIR_OK, "0123");
    feed(CHUNKED, "2\r\nab\r\n2\r\ncd\r\n0\r\n", 3, WEIR_OK, "abc");
    feed(CHUNKED, "FFFFFFFFFFFFFFFF\r\nab", 100, WEIR__HTTP_MORE, "ab");
}

static void faulty_chunks__are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\r\n",          "x\r\n",
                                      " 5\r\n",        "-5\r\n",
                                      "5\n",           "5\r\r",
                                      "5x\r\n",        "g",
                                      "@\r\n",         "5`\r\n",
                                      ";a\r\n",        "5;a\n",
                                      "5\r\nhelloX",   "5\r\nhello\n",
                                      "5\r\nhello\rX", "10000000000000000\r\n",
                                      "0x5\r\n",       "5\r\nhello\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        feed(CHUNKED, bad[i], 100, WEIR_E_HTTP_BODY, NULL);
}

static void a_chunks_line__is_taken_up_to_256_bytes(void **state)
{
    (void)state;
    for (size_t len = 254; len <= 258; len++) {
        for (unsigned zeros = 0; zeros < 2; zeros++) {
            heads_text text = {NULL, 0, 0};
            heads_add_text(&text, zeros != 0 ? "" : "3;");
            heads_add_run(&text, zeros != 0 ? "0" : "x", len - 3 - text.len);
            heads_add_text(&text, zeros != 0 ? "3\r\nabc\r\n" : "x\r\nabc\r\n");
            feed(CHUNKED, text.data, 100, len <= 256 ? WEIR__HTTP_MORE : WEIR_E_HTTP_BODY,
                 len <= 256 ? "abc" : "");
            free(text.data);
        }
    }
}

static void out_of_memory__is_reported(void **state)
{
    (void)state;
    parse("HTTP/1.1 403 Forbidden", CHUNKED);
    char data[1500];
    memset(data, 'x', sizeof data);
    memcpy(data, "400\r\n", 5);
    int status = WEIR_E_MEMORY;
    size_t failed = 0;
    while (status == WEIR_E_MEMORY) {
        weir__http_body body;
        alloc.fail_at = alloc.calls + ++failed;
        assert_int_equal(weir__http_body_init(&body, &head), WEIR__HTTP_MORE);
        status = WEIR__HTTP_MORE;
        for (size_t at = 0; status == WEIR__HTTP_MORE && at < 1000; at += 10)
            status = weir__http_body_feed(&body, &memory, 4096, (uint8_t *)data + at, 10);
        weir__http_body_free(&body, &memory);
    }
    alloc.fail_at = 0;
    assert_int_equal(status, WEIR__HTTP_MORE);
    assert_true(failed > 2);
}

#define BODY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BODY_TEST(R9112_6_3_1__content_length__is_one_number),
        BODY_TEST(whether_there_is_a_body__follows_status_and_fields),
        BODY_TEST(R9112_6_1_2__faulty_framing__is_refused),
        BODY_TEST(a_counted_body__is_kept_up_to_its_length_or_the_limit),
        BODY_TEST(a_body_without_length__goes_on_to_the_end_or_the_limit),
        BODY_TEST(chunks__are_joined),
        BODY_TEST(faulty_chunks__are_refused),
        BODY_TEST(a_chunks_line__is_taken_up_to_256_bytes),
        BODY_TEST(out_of_memory__is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
