/* SPDX-License-Identifier: MIT */
/* What the tests of permessage-deflate's negotiation share: offers answered, answers judged. */
#ifndef WEIR_TESTS_OFFERS_H
#define WEIR_TESTS_OFFERS_H

#include "heads.h"

#include "../../../src/protocol/permessage.h"

#define PMD "permessage-deflate"
#define SERVER_NO "; server_no_context_takeover"
#define CLIENT_NO "; client_no_context_takeover"
#define BOTH_NO SERVER_NO CLIENT_NO
#define SERVER_BITS "; server_max_window_bits"
#define CLIENT_BITS "; client_max_window_bits"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef weir__permessage_wishes wishes_of;
typedef weir__permessage_agreed agreed_of;

static weir__memory memory;
static heads_alloc alloc;
static weir_config policy;
static weir__http_head request;
static weir__http_head response;
static weir__buffer out;

/* enabled, tx_takeover, rx_takeover, rx_window_firm, tx_window_bits, rx_window_bits */
static const wishes_of off = {false, true, true, false, 15, 15};
static const wishes_of full = {true, true, true, false, 15, 15};
static const wishes_of isolated = {true, false, false, false, 15, 15};
static const wishes_of small = {true, true, true, false, 11, 10};
static const wishes_of small_firm = {true, true, true, true, 11, 10};

/* A text in one of eight places, so that it lasts for the next seven calls. */
static inline const char *form(const char *format, ...)
{
    static char texts[8][400];
    static size_t next;
    char *const text = texts[next++ % COUNT(texts)];
    va_list values;
    va_start(values, format);
    assert_in_range(vsnprintf(text, sizeof texts[0], format, values), 0, sizeof texts[0] - 1);
    va_end(values);
    return text;
}

/* Take the next text off a list with "|" between them. */
static inline bool next_of(const char **list, char word[100])
{
    if (**list == '\0')
        return false;
    const size_t len = strcspn(*list, "|");
    assert_true(len < 100);
    memcpy(word, *list, len);
    word[len] = '\0';
    *list += (*list)[len] == '|' ? len + 1 : len;
    return true;
}

static const char *const names[] = {"server_no_context_takeover", "client_no_context_takeover",
                                    "server_max_window_bits", "client_max_window_bits"};

static inline int setup(void **state)
{
    (void)state;
    heads_memory(&memory, &alloc);
    policy = heads_policy();
    policy.max_head_bytes = 1000000;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    weir__http_head_free(&request, &memory);
    weir__http_head_free(&response, &memory);
    weir__buffer_free(&memory, &out);
    assert_int_equal(alloc.live, 0);
    return 0;
}

/* Parse a head with these lines of fields; memory of the one before it is used again. */
static inline weir__http_head *parse_lines(weir__http_kind kind, const char *lines)
{
    const bool asks = kind == WEIR__HTTP_REQUEST;
    weir__http_head *const head = asks ? &request : &response;
    weir__http_head_reset(head);
    head->kind = kind;
    head->policy = &policy;
    head->kernels = heads_kernels();
    const char *const parts[] = {asks ? "GET / HTTP/1.1\r\n" : "HTTP/1.1 101 S\r\n", lines, "\r\n"};
    int status = WEIR__HTTP_MORE;
    for (size_t i = 0; i < 3; i++) {
        size_t used;
        status =
            weir__http_head_feed(head, &memory, (const uint8_t *)parts[i], strlen(parts[i]), &used);
    }
    assert_int_equal(status, WEIR_OK);
    return head;
}

static inline weir__http_head *parse(weir__http_kind kind, const char *value)
{
    static char lines[70000];
    assert_in_range(snprintf(lines, sizeof lines, "Sec-WebSocket-Extensions: %s\r\n", value), 1,
                    sizeof lines - 1);
    return parse_lines(kind, lines);
}

static inline void assert_off(const agreed_of *agreed)
{
    static const agreed_of none;
    assert_memory_equal(agreed, &none, sizeof none);
}

/* What the server answers to a parsed request; "" when it declines. */
static inline const char *answer_of(const weir__http_head *head, const wishes_of *wishes,
                                    agreed_of *agreed)
{
    memset(agreed, 0xA5, sizeof *agreed);
    weir__permessage_accept(head, wishes, agreed);
    if (!agreed->enabled)
        assert_off(agreed);
    out.len = 0;
    weir__head_writer writer;
    weir__head_begin(&writer, &memory, &out);
    weir__permessage_write_answer(&writer, agreed);
    assert_int_equal(weir__head_end(&writer), WEIR_OK);
    assert_true(agreed->enabled == (out.len > 0));
    assert_int_equal(weir__buffer_append(&memory, &out, "", 1), WEIR_OK);
    return (const char *)out.data;
}

static inline const char *answer_to(const char *offer, const wishes_of *wishes)
{
    agreed_of agreed;
    return answer_of(parse(WEIR__HTTP_REQUEST, offer), wishes, &agreed);
}

static inline void assert_answer(const char *offer, const wishes_of *wishes, const char *expected)
{
    assert_string_equal(answer_to(offer, wishes), expected);
}

static inline const char *offer_of(const wishes_of *wishes)
{
    out.len = 0;
    weir__head_writer writer;
    weir__head_begin(&writer, &memory, &out);
    weir__permessage_write_offer(&writer, wishes);
    assert_int_equal(weir__head_end(&writer), WEIR_OK);
    assert_int_equal(weir__buffer_append(&memory, &out, "", 1), WEIR_OK);
    return (const char *)out.data;
}

static inline int judge(const weir__http_head *head, const wishes_of *wishes, agreed_of *agreed)
{
    memset(agreed, 0xA5, sizeof *agreed);
    const int status = weir__permessage_judge_answer(head, wishes, agreed);
    if (status != WEIR_OK || !agreed->enabled)
        assert_off(agreed);
    return status;
}

static inline int judge_answer(const char *answer, const wishes_of *wishes)
{
    agreed_of agreed;
    return judge(parse(WEIR__HTTP_RESPONSE, answer), wishes, &agreed);
}

static inline void assert_bad(const char *answer, const wishes_of *wishes)
{
    assert_int_equal(judge_answer(answer, wishes), WEIR_E_EXTENSION_PARAMS);
}

static inline agreed_of agreed_on(const char *answer, const wishes_of *wishes)
{
    agreed_of agreed;
    assert_int_equal(judge(parse(WEIR__HTTP_RESPONSE, answer), wishes, &agreed), WEIR_OK);
    assert_true(agreed.enabled);
    return agreed;
}

/* The server declines the offer and takes the good one behind it. */
static inline void assert_declined(const char *params)
{
    const char *const offer = form(PMD "; %s", params);
    assert_answer(offer, &full, "");
    assert_answer(form("%s, " PMD SERVER_BITS "=13", offer), &full, PMD SERVER_BITS "=13");
}

/* Parameters that mean the same in an offer and an answer. */
static inline void assert_refused(const char *params)
{
    assert_declined(params);
    assert_bad(form(PMD "; %s", params), &full);
}

static inline void assert_taken(const char *params)
{
    const char *const text = form(PMD "; %s", params);
    assert_true(answer_to(text, &full)[0] != '\0');
    assert_int_equal(judge_answer(text, &full), WEIR_OK);
}

#define PERMESSAGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
