/* SPDX-License-Identifier: MIT */
/* Accept key, caller's fields, subprotocol lists, the writer of heads. */
#include "heads/heads.h"

#include "../../src/kernels/base64.h"
#include "../../src/kernels/sha1.h"
#include "../../src/protocol/handshake.h"

static weir_text text_of(const char *text)
{
    return weir__text(text, WEIR_NTS);
}

static void R6455_4_2_2_8__accept_key__is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[WEIR__ACCEPT_LEN];
    weir__accept_key(weir__kernels_baseline(), text_of("dGhlIHNhbXBsZSBub25jZQ=="), accept);
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28);
    /* Another known pair, made with another library. */
    weir__accept_key(weir__kernels_baseline(), text_of("x3JJHMbDL1EzLkh9GBhXDw=="), accept);
    assert_memory_equal(accept, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=", 28);
}

/* What the RFC says an accept key is, by hashing key and GUID as one text. */
static void accept_of(const char *key, size_t len, char accept[WEIR__ACCEPT_LEN])
{
    uint8_t joined[400];
    uint8_t digest[20];
    memcpy(joined, key, len);
    memcpy(joined + len, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36);
    weir__sha1(weir__kernels_baseline(), joined, len + 36, digest);
    weir__base64_encode(digest, sizeof digest, accept);
}

static void SEC_H8__key_of_any_length_at_a_chunks_end__is_not_read_past(void **state)
{
    (void)state;
    char first[WEIR__ACCEPT_LEN];
    for (size_t len = 0; len <= 300; len++) {
        char accept[WEIR__ACCEPT_LEN];
        char expected[WEIR__ACCEPT_LEN];
        char *key = malloc(len > 0 ? len : 1);
        assert_non_null(key);
        memset(key, 'k', len);
        weir__accept_key(weir__kernels_baseline(), (weir_text){key, len}, accept);
        accept_of(key, len, expected);
        assert_memory_equal(accept, expected, sizeof expected);
        if (len > 0)
            assert_memory_not_equal(accept, first, 28);
        memcpy(first, accept, 28);
        free(key);
    }
}

static int check_field(const char *name, size_t name_len, const char *value, size_t value_len,
                       bool client)
{
    /* Between good ones, to see that each is looked at. */
    const weir_field fields[] = {
        {text_of("X-First"), text_of("1")},
        {{name, name_len}, {value, value_len}},
        {text_of("X-Last"), text_of("")},
    };
    return weir__fields_check(fields, 3, client);
}

static void R6455_4_1_19__R6455_4_2_2_9__fields_of_the_library__are_refused(void **state)
{
    (void)state;
    static const char *const owned[] = {"Host",
                                        "host",
                                        "UPGRADE",
                                        "Connection",
                                        "content-length",
                                        "Transfer-Encoding",
                                        "Sec-WebSocket-Key",
                                        "sec-websocket-accept",
                                        "Sec-WebSocket-Version",
                                        "Sec-WebSocket-Protocol",
                                        "Sec-WebSocket-Extensions",
                                        "SEC-WEBSOCKET-ANYTHING",
                                        "Sec-WebSocket-"};
    static const char *const free_names[] = {"Cookie",
                                             "Hosts",
                                             "Upgrad",
                                             "Sec-WebSocket",
                                             "X",
                                             "Authorization",
                                             "Set-Cookie",
                                             "Connection2",
                                             "WWW-Authenticate",
                                             "Strict-Transport-Security"};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        assert_int_equal(check_field(owned[i], strlen(owned[i]), LIT("v"), true), WEIR_E_FIELD);
        assert_int_equal(check_field(owned[i], strlen(owned[i]), LIT("v"), false), WEIR_E_FIELD);
    }
    for (size_t i = 0; i < sizeof free_names / sizeof free_names[0]; i++) {
        const size_t len = strlen(free_names[i]);
        assert_int_equal(check_field(free_names[i], len, LIT("v"), true), WEIR_OK);
        assert_int_equal(check_field(free_names[i], len, LIT("v"), false), WEIR_OK);
    }
    assert_int_equal(check_field(LIT("origin"), LIT("v"), true), WEIR_E_FIELD);
    assert_int_equal(check_field(LIT("origin"), LIT("v"), false), WEIR_OK);
}

static void R9112_11_1_1__SEC_H7__lines_in_fields__are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
    } bad[] = {{LIT("a\rb")},    {LIT("a\nb")},       {LIT("a\0b")},  {LIT("a\r\nX: y")},
               {LIT("\r\n")},    {LIT("a\r\n\r\nb")}, {LIT("a\x7F")}, {LIT("\x01")},
               {LIT("a\r\n b")}, {LIT(" a")},         {LIT("a\t")},   {LIT("a ")}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(check_field(LIT("X"), bad[i].text, bad[i].len, true), WEIR_E_FIELD);
        assert_int_equal(check_field(bad[i].text, bad[i].len, LIT("v"), false), WEIR_E_FIELD);
    }
    assert_int_equal(check_field(LIT(""), LIT("v"), false), WEIR_E_FIELD);
    assert_int_equal(check_field(LIT("a:"), LIT("v"), false), WEIR_E_FIELD);
    assert_int_equal(check_field(LIT("a b"), LIT("v"), false), WEIR_E_FIELD);
    assert_int_equal(check_field(LIT("a"), LIT("v\tw \xFF"), false), WEIR_OK);
    assert_int_equal(check_field("X", WEIR_NTS, "v", WEIR_NTS, false), WEIR_OK);
    assert_int_equal(check_field("X", WEIR_NTS, "v\r", WEIR_NTS, false), WEIR_E_FIELD);
    assert_int_equal(check_field(NULL, 0, "v", 1, false), WEIR_E_FIELD);
    assert_int_equal(weir__fields_check(NULL, 0, true), WEIR_OK);
    assert_int_equal(weir__fields_check(NULL, 1, true), WEIR_E_FIELD);
}

static void R9112_11_1_1__every_byte_in_a_field__is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "aXb";
        text[1] = (char)byte;
        const bool name = weir__http_is_token((weir_text){text, 3});
        const bool value = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
        assert_int_equal(check_field(text, 3, LIT("v"), true), name ? WEIR_OK : WEIR_E_FIELD);
        assert_int_equal(check_field(LIT("n"), text, 3, true), value ? WEIR_OK : WEIR_E_FIELD);
    }
}

static void R6455_4_1_17__subprotocols__are_tokens_without_duplicates(void **state)
{
    (void)state;
    static const char *const good[] = {"", "chat", "chat superchat", "a A", "v1.x !#$%&'*+-.^_`|~"};
    static const char *const bad[] = {"a,b", "chat chat", "a b a",       "\"a\"", "a\tb",
                                      "a/b", "a\r\nb",    "caf\xC3\xA9", "a b b", "x:"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(weir__subprotocols_valid(text_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(weir__subprotocols_valid(text_of(bad[i])));
    for (unsigned byte = 0; byte < 256; byte++) {
        const char name[] = {(char)byte};
        const bool token = weir__http_is_token((weir_text){name, 1});
        assert_int_equal(weir__subprotocols_valid((weir_text){name, 1}), token || byte == ' ');
    }
}

static void words__are_found_in_exact_case(void **state)
{
    (void)state;
    assert_true(weir__words_have(text_of("a bc d"), text_of("bc")));
    assert_true(weir__words_have(text_of("bc"), text_of("bc")));
    assert_false(weir__words_have(text_of("a bc d"), text_of("BC")));
    assert_false(weir__words_have(text_of("a bc d"), text_of("b")));
    assert_false(weir__words_have(text_of("a bc d"), text_of("a bc")));
    assert_false(weir__words_have(text_of("a bc d"), text_of("")));
    assert_false(weir__words_have(text_of(""), text_of("")));
}

static void write_some(weir__head_writer *writer)
{
    const weir_field fields[] = {{{"A", WEIR_NTS}, {"b", 1}}, {{"C", 1}, {NULL, 0}}};
    weir__head_text(writer, text_of("GET "));
    weir__head_number(writer, 0);
    weir__head_number(writer, 1234567890);
    weir__head_number(writer, UINT64_MAX);
    weir__head_field(writer, text_of("\r\nName"), text_of("value"));
    weir__head_fields(writer, fields, 2);
    for (size_t i = 0; i < 100; i++)
        weir__head_text(writer, text_of("0123456789"));
}

static void writer__appends_lines(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    weir__buffer out = {NULL, 0, 0};
    weir__head_writer writer;
    weir__head_begin(&writer, &memory, &out);
    write_some(&writer);
    assert_int_equal(weir__head_end(&writer), WEIR_OK);
    const char start[] =
        "GET 0123456789018446744073709551615\r\nName: value\r\nA: b\r\nC: \r\n0123";
    assert_int_equal(out.len, sizeof start - 1 - 4 + 1000);
    assert_memory_equal(out.data, start, sizeof start - 1);
    weir__buffer_free(&memory, &out);
    assert_int_equal(alloc.live, 0);
}

static void writer_out_of_memory__leaves_the_buffer_as_long_as_it_was(void **state)
{
    (void)state;
    int status = WEIR_E_MEMORY;
    size_t fail_at = 2;
    for (; status == WEIR_E_MEMORY; fail_at++) {
        weir__memory memory;
        heads_alloc alloc;
        heads_memory(&memory, &alloc);
        alloc.fail_at = fail_at;
        weir__buffer out = {NULL, 0, 0};
        weir__head_writer writer;
        assert_int_equal(weir__buffer_append(&memory, &out, "before", 6), WEIR_OK);
        weir__head_begin(&writer, &memory, &out);
        write_some(&writer);
        status = weir__head_end(&writer);
        if (status == WEIR_E_MEMORY)
            assert_int_equal(out.len, 6);
        assert_memory_equal(out.data, "before", 6);
        weir__buffer_free(&memory, &out);
        /* A buffer that was empty holds nothing afterwards. */
        alloc.calls = 0;
        weir__head_begin(&writer, &memory, &out);
        write_some(&writer);
        if (weir__head_end(&writer) == WEIR_E_MEMORY)
            assert_int_equal(alloc.live, 0);
        weir__buffer_free(&memory, &out);
        assert_int_equal(alloc.live, 0);
    }
    assert_int_equal(status, WEIR_OK);
    assert_true(fail_at > 4); /* it did fail at the first and at later ones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_4_2_2_8__accept_key__is_that_of_the_rfc),
        cmocka_unit_test(SEC_H8__key_of_any_length_at_a_chunks_end__is_not_read_past),
        cmocka_unit_test(R6455_4_1_19__R6455_4_2_2_9__fields_of_the_library__are_refused),
        cmocka_unit_test(R9112_11_1_1__SEC_H7__lines_in_fields__are_refused),
        cmocka_unit_test(R9112_11_1_1__every_byte_in_a_field__is_judged),
        cmocka_unit_test(R6455_4_1_17__subprotocols__are_tokens_without_duplicates),
        cmocka_unit_test(words__are_found_in_exact_case),
        cmocka_unit_test(writer__appends_lines),
        cmocka_unit_test(writer_out_of_memory__leaves_the_buffer_as_long_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
