/* SPDX-License-Identifier: MIT */
/* HTTP heads: what is accepted, what is refused where, limits, memory. */
#include "heads/heads.h"

/* ---- Expectations, each checked in every cut -------------------------------------------------*/

typedef struct expected_head {
    int status;
    size_t used;
    const char *dump; /* with WEIR_OK; NULL: not looked at */
} expected_head;

static void check_head(const weir__http_head *head, int status, size_t used, void *expected)
{
    const expected_head *want = expected;
    assert_int_equal(status, want->status);
    assert_int_equal(used, want->used);
    if (status != WEIR_OK || want->dump == NULL)
        return;
    char dump[4096];
    heads_dump(head, dump, sizeof dump);
    assert_string_equal(dump, want->dump);
}

static void expect(weir__http_kind kind, const weir_config *policy, const char *data, size_t len,
                   int status, size_t used, const char *dump)
{
    expected_head want = {status, used, dump};
    heads_each_way(kind, policy, data, len, check_head, &want);
}

static void accept_request(const char *data, size_t len, const char *dump)
{
    const weir_config policy = heads_policy();
    expect(WEIR__HTTP_REQUEST, &policy, data, len, WEIR_OK, len, dump);
}

static void accept_response(const char *data, size_t len, const char *dump)
{
    const weir_config policy = heads_policy();
    expect(WEIR__HTTP_RESPONSE, &policy, data, len, WEIR_OK, len, dump);
}

/* Malformed; the fault is the byte at index at, and what follows it does not matter. */
static void refuse(weir__http_kind kind, const char *data, size_t len, size_t at)
{
    const weir_config policy = heads_policy();
    expect(kind, &policy, data, len, WEIR_E_HTTP_SYNTAX, at, NULL);
    expect(kind, &policy, data, at + 1, WEIR_E_HTTP_SYNTAX, at, NULL);
    if (at > 0)
        expect(kind, &policy, data, at, WEIR__HTTP_MORE, at, NULL);
}

#define ACCEPT_REQUEST(literal, dump) accept_request(LIT(literal), dump)
#define ACCEPT_RESPONSE(literal, dump) accept_response(LIT(literal), dump)
#define REFUSE_REQUEST(literal, at) refuse(WEIR__HTTP_REQUEST, LIT(literal), at)
#define REFUSE_RESPONSE(literal, at) refuse(WEIR__HTTP_RESPONSE, LIT(literal), at)

/* ---- Whole heads -----------------------------------------------------------------------------*/

static void a_request__is_taken_apart(void **state)
{
    (void)state;
    ACCEPT_REQUEST("GET /chat?x=1 HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
                   "X-Empty:\r\nx-Y:  a\tb  \r\n\r\n",
                   "GET|/chat?x=1|1.1|Host=server.example.com|Upgrade=websocket|X-Empty=|x-Y=a\tb");
    ACCEPT_REQUEST("M / HTTP/1.1\r\n\r\n", "M|/|1.1");
}

static void a_response__is_taken_apart(void **state)
{
    (void)state;
    ACCEPT_RESPONSE("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
                    "1.1|101|Switching Protocols|Upgrade=websocket");
}

static void R6455_4_1_28__bytes_behind_the_blank_line__are_not_the_heads(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    const size_t head = sizeof "GET / HTTP/1.1\r\nA: b\r\n\r\n" - 1;
    expect(WEIR__HTTP_REQUEST, &policy, LIT("GET / HTTP/1.1\r\nA: b\r\n\r\n\x81\x05hello\r\n\r\n"),
           WEIR_OK, head, "GET|/|1.1|A=b");
}

static void R9110_5_3_2__before_the_blank_line__more_is_wanted(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    const char text[] = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (size_t len = 1; len < sizeof text - 1; len++)
        expect(WEIR__HTTP_REQUEST, &policy, text, len, WEIR__HTTP_MORE, len, NULL);
    expect(WEIR__HTTP_REQUEST, &policy, text, sizeof text - 1, WEIR_OK, sizeof text - 1, NULL);
}

static void feeding_nothing__changes_nothing(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    weir__http_head head = {
        .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
    size_t used = 1;
    assert_int_equal(weir__http_head_feed(&head, &memory, NULL, 0, &used), WEIR__HTTP_MORE);
    assert_int_equal(used, 0);
    assert_int_equal(alloc.calls, 0);
    assert_string_equal(weir__http_slice_text(&head, head.reason).data, "");
    assert_int_equal(heads_feed(&head, &memory, LIT("GET / HTTP/1.1\r\n\r\n"), &used), WEIR_OK);
    /* Once whole it stays so. */
    assert_int_equal(heads_feed(&head, &memory, LIT("GET"), &used), WEIR_OK);
    assert_int_equal(used, 0);
    weir__http_head_free(&head, &memory);
}

static void after_a_reset__the_next_head_is_parsed(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    weir__http_head head = {
        .kind = WEIR__HTTP_RESPONSE, .policy = &policy, .kernels = heads_kernels()};
    char dump[200];
    size_t used;
    assert_int_equal(
        heads_feed(&head, &memory, LIT("HTTP/1.1 103 Hint\r\nA: 1\r\nB: 2\r\n\r\n"), &used),
        WEIR_OK);
    const size_t calls = alloc.calls;
    weir__http_head_reset(&head);
    assert_int_equal(heads_feed(&head, &memory, LIT("HTTP/1.1 200 OK\r\nC: 3\r\n\r\n"), &used),
                     WEIR_OK);
    heads_dump(&head, dump, sizeof dump);
    assert_string_equal(dump, "1.1|200|OK|C=3");
    assert_int_equal(alloc.calls, calls);
    weir__http_head_free(&head, &memory);
    assert_int_equal(alloc.live, 0);
    assert_int_equal(heads_feed(&head, &memory, LIT("HTTP/1.0 404 No\r\nD: 4\r\n\r\n"), &used),
                     WEIR_OK);
    heads_dump(&head, dump, sizeof dump);
    assert_string_equal(dump, "1.0|404|No|D=4");
    weir__http_head_free(&head, &memory);
}

/* ---- Lines -----------------------------------------------------------------------------------*/

static void R9112_2_2_2__bare_cr_or_lf__is_refused_at_each_position(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    const char text[] = "GET /a HTTP/1.1\r\nHost: b\r\nX: y z\r\n\r\n";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (unsigned lf = 0; lf < 2; lf++) {
            if (lf != 0 && at == sizeof text - 2)
                continue; /* that one stands behind the head */
            char broken[sizeof text + 1];
            memcpy(broken, text, at);
            broken[at] = lf != 0 ? '\n' : '\r';
            memcpy(broken + at + 1, text + at, sizeof text - at);
            /* A CR before a CR is refused at the second; in front of all it is an empty line. */
            const bool second = lf == 0 || text[at] == '\n';
            weir__http_head head = {
                .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
            weir__memory memory;
            heads_alloc alloc;
            heads_memory(&memory, &alloc);
            size_t used;
            const int status = heads_feed(&head, &memory, broken, sizeof text, &used);
            assert_int_equal(status, WEIR_E_HTTP_SYNTAX);
            assert_in_range(used, at, second ? at + 1 : at);
            weir__http_head_free(&head, &memory);
        }
    }
    REFUSE_REQUEST("GET / HTTP/1.1\n\n", 14);
    REFUSE_REQUEST("GET / HTTP/1.1\r\r\n", 15);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA: b\n\r\n", 20);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA: b\r\r\n", 21);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA: b\r\n\n", 22);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA: b\r\n\rX", 23);
    REFUSE_RESPONSE("HTTP/1.1 101 x\n\n", 14);
}

static void R9112_2_2_4__empty_lines_before_a_request__are_skipped_up_to_a_limit(void **state)
{
    (void)state;
    ACCEPT_REQUEST("\r\nGET / HTTP/1.1\r\n\r\n", "GET|/|1.1");
    ACCEPT_REQUEST("\r\n\r\nGET / HTTP/1.1\r\n\r\n", "GET|/|1.1");
    REFUSE_REQUEST("\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", 4);
    REFUSE_REQUEST("\n", 0);
    REFUSE_REQUEST("\rG", 1);
    REFUSE_RESPONSE("\r\nHTTP/1.1 101 x\r\n\r\n", 0);
    weir_config none = heads_policy();
    none.max_empty_lines = 0;
    expect(WEIR__HTTP_REQUEST, &none, LIT("\r\n"), WEIR_E_HTTP_SYNTAX, 0, NULL);
}

static void R9112_2_2_6__whitespace_behind_the_start_line__is_refused(void **state)
{
    (void)state;
    REFUSE_REQUEST("GET / HTTP/1.1\r\n A: b\r\n\r\n", 16);
    REFUSE_REQUEST("GET / HTTP/1.1\r\n\tA: b\r\n\r\n", 16);
    REFUSE_REQUEST("GET / HTTP/1.1\r\n \r\n\r\n", 16);
    REFUSE_RESPONSE("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", 17);
}

static void R9112_2_2_7__what_is_not_http__is_refused_at_its_first_byte(void **state)
{
    (void)state;
    REFUSE_REQUEST("\x16\x03\x01\x02\x00\x01\x00\x01\xFC", 0);
    REFUSE_REQUEST("SSH-2.0-OpenSSH_9.9\r\n", 19);
    REFUSE_REQUEST("\x81\x85\x37\xFA\x21\x3D", 0);
    REFUSE_REQUEST("\0", 0);
    REFUSE_RESPONSE("\x15\x03\x01", 0);
    REFUSE_RESPONSE("SSH-2.0-OpenSSH_9.9\r\n", 0);
    REFUSE_RESPONSE("HTTPS", 4);
    REFUSE_RESPONSE("ICY 200 OK\r\n", 0);
}

static void R9112_3_1__one_sp_between_the_parts__and_no_other_blank(void **state)
{
    (void)state;
    REFUSE_REQUEST(" GET / HTTP/1.1\r\n\r\n", 0);
    REFUSE_REQUEST("GET  / HTTP/1.1\r\n\r\n", 4);
    REFUSE_REQUEST("GET /  HTTP/1.1\r\n\r\n", 6);
    REFUSE_REQUEST("GET\t/ HTTP/1.1\r\n\r\n", 3);
    REFUSE_REQUEST("GET /\tHTTP/1.1\r\n\r\n", 5);
    REFUSE_REQUEST("GET \v/ HTTP/1.1\r\n\r\n", 4);
    REFUSE_REQUEST("GET /\f HTTP/1.1\r\n\r\n", 5);
    REFUSE_REQUEST("GET /\r HTTP/1.1\r\n\r\n", 5);
    REFUSE_REQUEST("GET / HTTP/1.1 \r\n\r\n", 14);
    REFUSE_REQUEST("GET / HTTP/1.1\t\r\n\r\n", 14);
    REFUSE_REQUEST("GET /\r\n\r\n", 5);
    REFUSE_REQUEST("GET\r\n\r\n", 3);
    REFUSE_REQUEST("GET / \r\n", 6);
}

static void R9112_3_2_1__every_byte_in_a_target__is_taken_or_refused_at_once(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "GET /aX HTTP/1.1\r\n\r\n";
        text[6] = (char)byte;
        if (byte > 0x20 && byte < 0x7F)
            accept_request(text, sizeof text - 1, NULL);
        else if (byte == ' ') /* ends the target */
            expect(WEIR__HTTP_REQUEST, &policy, text, sizeof text - 1, WEIR_E_HTTP_SYNTAX, 7, NULL);
        else
            refuse(WEIR__HTTP_REQUEST, text, sizeof text - 1, 6);
    }
}

static void every_byte_in_a_method__is_taken_or_refused_at_once(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "GXT / HTTP/1.1\r\n\r\n";
        text[1] = (char)byte;
        const bool token = weir__http_is_token((weir_text){text + 1, 1});
        if (token)
            accept_request(text, sizeof text - 1, NULL);
        else
            refuse(WEIR__HTTP_REQUEST, text, sizeof text - 1, byte == ' ' ? 4 : 1);
    }
}

static void R6455_4_2_1_3__R9112_2_3_2__version__is_digit_dot_digit_in_exact_case(void **state)
{
    (void)state;
    ACCEPT_REQUEST("GET / HTTP/1.0\r\n\r\n", "GET|/|1.0");
    ACCEPT_REQUEST("GET / HTTP/1.9\r\n\r\n", "GET|/|1.9");
    ACCEPT_REQUEST("PRI * HTTP/2.0\r\n\r\n", "PRI|*|2.0");
    ACCEPT_RESPONSE("HTTP/1.2 200 \r\n\r\n", "1.2|200|");
    REFUSE_REQUEST("GET / HTTP/1.10\r\n\r\n", 14);
    REFUSE_REQUEST("GET / HTTP/01.1\r\n\r\n", 12);
    REFUSE_REQUEST("GET / http/1.1\r\n\r\n", 6);
    REFUSE_REQUEST("GET / HTTP/1,1\r\n\r\n", 12);
    REFUSE_REQUEST("GET / HTTP/1.\r\n\r\n", 13);
    REFUSE_REQUEST("GET / HTTP/x.1\r\n\r\n", 11);
    REFUSE_REQUEST("GET / HTTP1.1\r\n\r\n", 10);
    REFUSE_REQUEST("GET / HTTPS/1.1\r\n\r\n", 10);
}

static void R9112_4_1__status_line__is_version_three_digits_and_a_reason(void **state)
{
    (void)state;
    ACCEPT_RESPONSE("HTTP/1.1 101 \r\n\r\n", "1.1|101|");
    ACCEPT_RESPONSE("HTTP/1.1 999 a \tb\xFF \r\n\r\n", "1.1|999|a \tb\xFF ");
    ACCEPT_RESPONSE("HTTP/1.1 101  x\r\n\r\n", "1.1|101| x");
    ACCEPT_RESPONSE("HTTP/1.1 101\r\n\r\n", "1.1|101|");
    ACCEPT_RESPONSE("HTTP/1.1 401\r\nA: b\r\n\r\n", "1.1|401||A=b");
    REFUSE_RESPONSE("HTTP/1.1 101\rx\n\r\n", 13);
    REFUSE_RESPONSE("HTTP/1.1 101\n\r\n", 12);
    REFUSE_RESPONSE("HTTP/1.1 101\tx\r\n\r\n", 12);
    REFUSE_RESPONSE("HTTP/1.1 10\r\n\r\n", 11);
    REFUSE_RESPONSE("HTTP/1.1 1010 x\r\n\r\n", 12);
    REFUSE_RESPONSE("HTTP/1.1 10 x\r\n\r\n", 11);
    REFUSE_RESPONSE("HTTP/1.1 099 x\r\n\r\n", 9);
    REFUSE_RESPONSE("HTTP/1.1 1x1 x\r\n\r\n", 10);
    REFUSE_RESPONSE("HTTP/1.1  101 x\r\n\r\n", 9);
    REFUSE_RESPONSE("HTTP/1.1\t101 x\r\n\r\n", 8);
    REFUSE_RESPONSE("HTTP/1.1 101 a\0b\r\n\r\n", 14);
    REFUSE_RESPONSE("HTTP/1.1 101 a\x7F\r\n\r\n", 14);
    REFUSE_RESPONSE("HTTP/1.1\r\n\r\n", 8);
}

/* ---- Fields ----------------------------------------------------------------------------------*/

static bool is_tchar(unsigned byte)
{
    return byte > 0x20 && byte < 0x7F && strchr("\"(),/:;<=>?@[\\]{}", (int)byte) == NULL;
}

static void R9110_5_1_1__every_byte_in_a_name__is_taken_or_refused_at_once(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "GET / HTTP/1.1\r\nnXm:v\r\n\r\n";
        text[17] = (char)byte;
        if (is_tchar(byte) || byte == ':')
            accept_request(text, sizeof text - 1, NULL);
        else
            refuse(WEIR__HTTP_REQUEST, text, sizeof text - 1, 17);
        assert_int_equal(weir__http_is_token((weir_text){text + 17, 1}), is_tchar(byte));
    }
    REFUSE_REQUEST("GET / HTTP/1.1\r\n:v\r\n\r\n", 16);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nnovalue\r\n\r\n", 23);
    assert_false(weir__http_is_token((weir_text){NULL, 0}));
    assert_false(weir__http_is_token((weir_text){"a b", 3}));
}

static void R9112_5_1_1__whitespace_before_the_colon__is_refused(void **state)
{
    (void)state;
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA : b\r\n\r\n", 17);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA\t: b\r\n\r\n", 17);
    REFUSE_RESPONSE("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 18);
}

static void R9110_5_5_1__outer_whitespace__is_not_the_values(void **state)
{
    (void)state;
    ACCEPT_REQUEST(
        "GET / HTTP/1.1\r\nA:b\r\nB: b\r\nC:\tb\r\nD: \t b \t \r\nE: \t \r\nF:\r\nG: a  b\r\n\r\n",
        "GET|/|1.1|A=b|B=b|C=b|D=b|E=|F=|G=a  b");
}

static void
R9110_5_5_2__R6455_8_1_1__every_byte_in_a_value__is_taken_or_refused_at_once(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = "GET / HTTP/1.1\r\nA: vXw\r\n\r\n";
        text[20] = (char)byte;
        const bool good = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
        if (good)
            accept_request(text, sizeof text - 1, NULL);
        else
            refuse(WEIR__HTTP_REQUEST, text, sizeof text - 1, byte == '\r' ? 21 : 20);
        assert_int_equal(weir__http_is_value((weir_text){text + 19, 3}), good);
    }
    assert_true(weir__http_is_value((weir_text){NULL, 0}));
    assert_false(weir__http_is_value((weir_text){" a", 2}));
    assert_false(weir__http_is_value((weir_text){"a\t", 2}));
    assert_false(weir__http_is_value((weir_text){"a\0", 2}));
}

static void R9112_5_2_1__fold_in_a_request__is_refused(void **state)
{
    (void)state;
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 22);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nHost: b\r\n\tc\r\n\r\n", 25);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nA:\r\n \r\n\r\n", 20);
}

static void R9112_5_2_2__fold_in_a_response__is_made_sp(void **state)
{
    (void)state;
    ACCEPT_RESPONSE("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nB: x\r\n\r\n", "1.1|200|OK|A=b   c|B=x");
    ACCEPT_RESPONSE("HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\n \r\n d\r\n\r\n",
                    "1.1|200|OK|A=b  \tc      d");
    ACCEPT_RESPONSE("HTTP/1.1 200 OK\r\nA:\r\n b\r\n \r\n\r\n", "1.1|200|OK|A=b");
    REFUSE_RESPONSE("HTTP/1.1 200 OK\r\nA: b\r\n c\0\r\n\r\n", 25);
    REFUSE_RESPONSE("HTTP/1.1 200 OK\r\nA: b\r\n c\n", 25);
}

static void R9110_5_1_1__fields__are_found_in_any_case(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    weir__http_head head = {
        .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
    size_t used;
    assert_int_equal(heads_feed(&head, &memory,
                                LIT("GET / HTTP/1.1\r\nSec-WebSocket-Key: 1\r\nhost: h\r\n"
                                    "SEC-WEBSOCKET-KEY: 2\r\n\r\n"),
                                &used),
                     WEIR_OK);
    const weir_text name = WEIR__LITERAL("sEC-wEBsOCKET-kEY");
    weir_text value;
    assert_true(weir__http_head_find(&head, name, 0, &value));
    assert_memory_equal(value.data, "1", 1);
    assert_true(weir__http_head_find(&head, name, 1, &value));
    assert_memory_equal(value.data, "2", 1);
    assert_false(weir__http_head_find(&head, name, 2, &value));
    assert_true(weir__http_head_first(&head, WEIR__NAME_KEY, &value));
    assert_memory_equal(value.data, "1", 1);
    assert_true(weir__http_head_repeats(&head, WEIR__NAME_KEY));
    assert_int_equal(weir__http_head_single(&head, WEIR__NAME_KEY, &value), WEIR_E_HTTP_DUPLICATE);
    assert_int_equal(weir__http_head_single(&head, WEIR__NAME_HOST, &value), WEIR_OK);
    assert_memory_equal(value.data, "h", 1);
    assert_false(weir__http_head_repeats(&head, WEIR__NAME_HOST));
    assert_false(weir__http_head_has(&head, WEIR__NAME_ORIGIN));
    assert_int_equal(weir__http_head_single(&head, WEIR__NAME_ORIGIN, &value), WEIR_E_NOT_FOUND);
    assert_false(weir__http_head_find(&head, WEIR__LITERAL("Sec-WebSocket-Ke"), 0, &value));
    weir_field field;
    assert_true(weir__http_head_field(&head, 2, &field));
    assert_memory_equal(field.name.data, "SEC-WEBSOCKET-KEY", 17);
    assert_false(weir__http_head_field(&head, 3, &field));
    weir__http_head_free(&head, &memory);
}

/* Runs are looked at eight bytes at once, and again one by one when they come so. */
#define RUN_LEN 20u

/* "GET / HTTP/1.1", then a field of which name or value is a run with this byte at index at.
 * Returns the length up to the run. */
static size_t head_of_run(char *out, size_t cap, int in_name, size_t at, unsigned byte)
{
    const char *before = in_name ? "GET / HTTP/1.1\r\n" : "GET / HTTP/1.1\r\nX:";
    const char *behind = in_name ? ":x\r\n\r\n" : "\r\n\r\n";
    char run[RUN_LEN + 1];
    memset(run, 'r', RUN_LEN);
    run[RUN_LEN] = '\0';
    snprintf(out, cap, "%s%s%s", before, run, behind);
    out[strlen(before) + at] = (char)byte;
    return strlen(before);
}

static int is_token_byte(unsigned byte)
{
    return byte > 0x20 && byte < 0x7f && strchr("\"(),/:;<=>?@[\\]{}", (int)byte) == NULL;
}

static void R9110_5_5_2__each_byte_in_a_long_name_or_value__is_judged_alike(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    for (unsigned i = 0; i < 2 * RUN_LEN * 256; i++) {
        const int in_name = i % 2 == 0;
        const size_t at = i / 2 % RUN_LEN;
        const unsigned byte = i / (2 * RUN_LEN);
        if (byte == '\r' || (in_name && byte == ':'))
            continue; /* these end the run */
        char text[64] = {0};
        const size_t run = head_of_run(text, sizeof text, in_name, at, byte);
        const size_t len = run + RUN_LEN + (in_name ? 6 : 4);
        const int is_text = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
        const int good = in_name ? is_token_byte(byte) : is_text;
        for (size_t step = 1; step <= len; step += len - 1) {
            weir__http_head head = {
                .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
            size_t used;
            const int status = heads_feed_cut(&head, &memory, text, len, step, step, &used);
            assert_int_equal(status, good ? WEIR_OK : WEIR_E_HTTP_SYNTAX);
            assert_int_equal(used, good ? len : run + at);
            weir__http_head_free(&head, &memory);
        }
    }
}

/* ---- Limits ----------------------------------------------------------------------------------*/

/* "GET /aaa HTTP/1.1" of len bytes, then a blank line. */
static heads_text request_of_line(size_t len)
{
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "GET /");
    heads_add_run(&text, "a", len - (sizeof "GET / HTTP/1.1" - 1));
    heads_add_text(&text, " HTTP/1.1\r\n\r\n");
    return text;
}

static void R9112_3_3__SEC_H1__request_line__is_taken_up_to_its_limit(void **state)
{
    (void)state;
    weir_config policy = heads_policy();
    policy.max_line_bytes = 40;
    for (size_t len = 38; len <= 44; len++) {
        const heads_text text = request_of_line(len);
        if (len <= 40)
            expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len, WEIR_OK, text.len, NULL);
        else
            expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len, WEIR_E_HTTP_LINE_TOO_LONG, 40,
                   NULL);
        free(text.data);
    }
    /* Each part of the line may be the one that goes over; empty lines before it do not count. */
    for (uint64_t limit = 0; limit < 16; limit++) {
        policy.max_line_bytes = limit;
        expect(WEIR__HTTP_REQUEST, &policy, LIT("\r\nGET /a HTTP/1.1\r\n\r\n"),
               limit < 15 ? WEIR_E_HTTP_LINE_TOO_LONG : WEIR_OK, limit < 15 ? 2 + limit : 21, NULL);
    }
}

static void R9112_3_4__line_of_8000_bytes__is_taken_by_default(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    const size_t lens[] = {8000, 8191, 8192, 8193};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const heads_text text = request_of_line(lens[i]);
        const bool fits = lens[i] <= 8192;
        expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len,
               fits ? WEIR_OK : WEIR_E_HTTP_LINE_TOO_LONG, fits ? text.len : 8192, NULL);
        free(text.data);
    }
}

static void R9112_3_3__endless_method__is_a_line_too_long(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    heads_text text = {NULL, 0, 0};
    heads_add_run(&text, "M", 65536);
    expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len, WEIR_E_HTTP_LINE_TOO_LONG, 8192, NULL);
    free(text.data);
}

static void SEC_H1__status_line__is_taken_up_to_its_limit(void **state)
{
    (void)state;
    weir_config policy = heads_policy();
    policy.max_line_bytes = 30;
    for (size_t len = 28; len <= 32; len++) {
        heads_text text = {NULL, 0, 0};
        heads_add_text(&text, "HTTP/1.1 101 ");
        heads_add_run(&text, "r", len - text.len);
        heads_add_text(&text, "\r\n\r\n");
        expect(WEIR__HTTP_RESPONSE, &policy, text.data, text.len,
               len <= 30 ? WEIR_OK : WEIR_E_HTTP_LINE_TOO_LONG, len <= 30 ? text.len : 30, NULL);
        free(text.data);
    }
    for (uint64_t limit = 0; limit < 15; limit++) {
        policy.max_line_bytes = limit;
        expect(WEIR__HTTP_RESPONSE, &policy, LIT("HTTP/1.1 101 x\r\n\r\n"),
               limit < 14 ? WEIR_E_HTTP_LINE_TOO_LONG : WEIR_OK, limit < 14 ? limit : 18, NULL);
        expect(WEIR__HTTP_RESPONSE, &policy, LIT("HTTP/1.1 101\r\n\r\n"),
               limit < 12 ? WEIR_E_HTTP_LINE_TOO_LONG : WEIR_OK, limit < 12 ? limit : 16, NULL);
    }
}

static void R9110_5_4_1__SEC_H2__header_section__is_taken_up_to_its_limit(void **state)
{
    (void)state;
    weir_config policy = heads_policy();
    const char text[] = "GET / HTTP/1.1\r\nAb: cd\r\nEf: \r\n\r\n";
    const size_t line = sizeof "GET / HTTP/1.1\r\n" - 1;
    const size_t section = sizeof "Ab: cd\r\nEf: \r\n" - 1;
    for (size_t limit = 0; limit <= section + 1; limit++) {
        policy.max_head_bytes = limit;
        const bool fits = limit >= section;
        expect(WEIR__HTTP_REQUEST, &policy, text, sizeof text - 1,
               fits ? WEIR_OK : WEIR_E_HTTP_HEAD_TOO_LONG, fits ? sizeof text - 1 : line + limit,
               NULL);
    }
    policy.max_head_bytes = 0;
    expect(WEIR__HTTP_REQUEST, &policy, LIT("GET / HTTP/1.1\r\n\r\n"), WEIR_OK, 18, "GET|/|1.1");
}

static void SEC_H2__header_section_without_end__stops_at_the_limit(void **state)
{
    (void)state;
    const weir_config policy = heads_policy();
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "GET / HTTP/1.1\r\nA: ");
    heads_add_run(&text, "v", 70000);
    expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len, WEIR_E_HTTP_HEAD_TOO_LONG, 16 + 16384,
           NULL);
    free(text.data);
}

static void R9110_5_4_1__SEC_H6__fields__are_taken_up_to_their_limit(void **state)
{
    (void)state;
    weir_config policy = heads_policy();
    policy.max_fields = 5;
    for (size_t count = 4; count <= 7; count++) {
        heads_text text = {NULL, 0, 0};
        heads_add_text(&text, "GET / HTTP/1.1\r\n");
        heads_add_run(&text, "X: y\r\n", count - 1);
        heads_add_text(&text, "Host: last\r\n\r\n");
        const size_t fault = 16 + 5 * 6;
        expect(WEIR__HTTP_REQUEST, &policy, text.data, text.len,
               count <= 5 ? WEIR_OK : WEIR_E_HTTP_TOO_MANY_FIELDS, count <= 5 ? text.len : fault,
               count == 4   ? "GET|/|1.1|X=y|X=y|X=y|Host=last"
               : count == 5 ? "GET|/|1.1|X=y|X=y|X=y|X=y|Host=last"
                            : NULL);
        free(text.data);
    }
    policy.max_fields = 0;
    expect(WEIR__HTTP_REQUEST, &policy, LIT("GET / HTTP/1.1\r\nA: b\r\n\r\n"),
           WEIR_E_HTTP_TOO_MANY_FIELDS, 16, NULL);
}

/* ---- Work and memory -------------------------------------------------------------------------*/

static void SEC_C4__byte_by_byte__each_byte_is_looked_at_when_it_comes(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    weir_config policy = heads_policy();
    policy.max_head_bytes = 70000;
    weir__http_head head = {
        .kind = WEIR__HTTP_RESPONSE, .policy = &policy, .kernels = heads_kernels()};
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "HTTP/1.1 200 OK\r\nA:");
    heads_add_run(&text, " \r\n ", 8000); /* folds of blanks: trimming must wait for the end */
    heads_add_run(&text, "v", 32000);
    for (size_t i = 0; i < text.len; i++) {
        size_t used;
        assert_int_equal(heads_feed(&head, &memory, text.data + i, 1, &used), WEIR__HTTP_MORE);
        /* Nothing is left over to be looked at again. */
        assert_int_equal(head.at, i + 1);
        assert_int_equal(head.bytes.len, i + 1);
    }
    /* Twofold growth: 64 kB are reached in few steps. */
    assert_true(alloc.calls < 20);
    free(text.data);
    weir__http_head_free(&head, &memory);
}

static void SEC_M1__a_long_piece__costs_memory_only_as_far_as_the_head_goes(void **state)
{
    (void)state;
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    weir__http_head head = {
        .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "GET / HTTP/1.1\r\n\r\n");
    heads_add_run(&text, "x", 1000000);
    size_t used;
    assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR_OK);
    assert_int_equal(used, 18);
    assert_true(alloc.peak <= 4096);
    free(text.data);
    weir__http_head_free(&head, &memory);
}

/* Behind a start line, each time so many field lines of 40 bytes in one piece. */
static void check_table(const size_t *counts, const size_t *caps, size_t pieces)
{
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    const weir_config policy = heads_policy();
    weir__http_head head = {
        .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
    heads_text text = {NULL, 0, 0};
    size_t used;
    heads_add_text(&text, "GET /a/longer/target HTTP/1.1\r\n");
    assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR__HTTP_MORE);
    for (size_t i = 0; i < pieces; i++) {
        text.len = 0;
        heads_add_run(&text, "X-Name: a value of forty bytes in all.\r\n", counts[i]);
        assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR__HTTP_MORE);
        assert_int_equal(head.lines.cap, caps[i] * sizeof(weir__http_line));
    }
    free(text.data);
    weir__http_head_free(&head, &memory);
}

/* Blocks have 4, 8, 16, 32 lines. */
static void
the_table_of_fields__is_made_for_what_is_at_hand__then_grows_when_it_is_full(void **state)
{
    static const size_t counts[] = {1, 1, 1, 1, 1, 3, 8};
    static const size_t caps[] = {4, 4, 4, 4, 8, 8, 16};
    (void)state;
    for (size_t count = 0; count <= 20; count++) {
        const size_t lines = count == 0 ? 0 : count < 4 ? 4 : count < 8 ? 8 : count <= 16 ? 16 : 32;
        check_table(&count, &lines, 1);
    }
    check_table(counts, caps, sizeof caps / sizeof *caps);
}

static void out_of_memory__is_reported_and_the_head_goes_on_when_there_is_some(void **state)
{
    (void)state;
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "GET / HTTP/1.1\r\n");
    heads_add_run(&text, "Name: some value of a field\r\n", 40);
    heads_add_text(&text, "\r\n");
    const weir_config policy = heads_policy();
    const size_t pieces[] = {1, 7, text.len};
    for (size_t p = 0; p < 3; p++) {
        int status = WEIR_E_MEMORY;
        for (size_t fail_at = 1; status == WEIR_E_MEMORY; fail_at++) {
            weir__memory memory;
            heads_alloc alloc;
            heads_memory(&memory, &alloc);
            alloc.fail_at = fail_at;
            weir__http_head head = {
                .kind = WEIR__HTTP_REQUEST, .policy = &policy, .kernels = heads_kernels()};
            size_t used;
            size_t rest;
            status =
                heads_feed_cut(&head, &memory, text.data, text.len, pieces[p], pieces[p], &used);
            if (status == WEIR_E_MEMORY) {
                alloc.fail_at = 0;
                assert_int_equal(
                    heads_feed(&head, &memory, text.data + used, text.len - used, &rest), WEIR_OK);
                used += rest;
            } else {
                assert_int_equal(status, WEIR_OK);
                assert_true(fail_at > 2); /* it did fail before */
            }
            assert_int_equal(used, text.len);
            assert_int_equal(head.field_count, 40);
            weir__http_head_free(&head, &memory);
            assert_int_equal(alloc.live, 0);
        }
    }
    free(text.data);
}

static void SEC_H9__what_smuggles_requests__is_refused(void **state)
{
    (void)state;
    REFUSE_REQUEST("GET / HTTP/1.1\r\nTransfer-Encoding\x0B: chunked\r\n\r\n", 33);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n", 33);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n", 20);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n", 21);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nX: y\r\n Content-Length: 5\r\n\r\n", 22);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nContent-Length: \x00"
                   "5\r\n\r\n",
                   32);
    REFUSE_REQUEST("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 23);
    REFUSE_REQUEST("GET / HTTP/1.1\0\r\n\r\n", 14);
    REFUSE_REQUEST("GET / HTTP/1.1\r\n\0Host: a\r\n\r\n", 16);
    REFUSE_REQUEST("GET / HTTP/1.1\r\n\rHost: a\r\n\r\n", 17);
    REFUSE_REQUEST("GET /\xC2\xA0HTTP/1.1\r\n\r\n", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request__is_taken_apart),
        cmocka_unit_test(a_response__is_taken_apart),
        cmocka_unit_test(R6455_4_1_28__bytes_behind_the_blank_line__are_not_the_heads),
        cmocka_unit_test(R9110_5_3_2__before_the_blank_line__more_is_wanted),
        cmocka_unit_test(feeding_nothing__changes_nothing),
        cmocka_unit_test(after_a_reset__the_next_head_is_parsed),
        cmocka_unit_test(R9112_2_2_2__bare_cr_or_lf__is_refused_at_each_position),
        cmocka_unit_test(R9112_2_2_4__empty_lines_before_a_request__are_skipped_up_to_a_limit),
        cmocka_unit_test(R9112_2_2_6__whitespace_behind_the_start_line__is_refused),
        cmocka_unit_test(R9112_2_2_7__what_is_not_http__is_refused_at_its_first_byte),
        cmocka_unit_test(R9112_3_1__one_sp_between_the_parts__and_no_other_blank),
        cmocka_unit_test(R9112_3_2_1__every_byte_in_a_target__is_taken_or_refused_at_once),
        cmocka_unit_test(every_byte_in_a_method__is_taken_or_refused_at_once),
        cmocka_unit_test(R6455_4_2_1_3__R9112_2_3_2__version__is_digit_dot_digit_in_exact_case),
        cmocka_unit_test(R9112_4_1__status_line__is_version_three_digits_and_a_reason),
        cmocka_unit_test(R9110_5_1_1__every_byte_in_a_name__is_taken_or_refused_at_once),
        cmocka_unit_test(R9112_5_1_1__whitespace_before_the_colon__is_refused),
        cmocka_unit_test(R9110_5_5_1__outer_whitespace__is_not_the_values),
        cmocka_unit_test(
            R9110_5_5_2__R6455_8_1_1__every_byte_in_a_value__is_taken_or_refused_at_once),
        cmocka_unit_test(R9112_5_2_1__fold_in_a_request__is_refused),
        cmocka_unit_test(R9112_5_2_2__fold_in_a_response__is_made_sp),
        cmocka_unit_test(R9110_5_1_1__fields__are_found_in_any_case),
        cmocka_unit_test(R9110_5_5_2__each_byte_in_a_long_name_or_value__is_judged_alike),
        cmocka_unit_test(R9112_3_3__SEC_H1__request_line__is_taken_up_to_its_limit),
        cmocka_unit_test(R9112_3_4__line_of_8000_bytes__is_taken_by_default),
        cmocka_unit_test(R9112_3_3__endless_method__is_a_line_too_long),
        cmocka_unit_test(SEC_H1__status_line__is_taken_up_to_its_limit),
        cmocka_unit_test(R9110_5_4_1__SEC_H2__header_section__is_taken_up_to_its_limit),
        cmocka_unit_test(SEC_H2__header_section_without_end__stops_at_the_limit),
        cmocka_unit_test(R9110_5_4_1__SEC_H6__fields__are_taken_up_to_their_limit),
        cmocka_unit_test(SEC_C4__byte_by_byte__each_byte_is_looked_at_when_it_comes),
        cmocka_unit_test(SEC_M1__a_long_piece__costs_memory_only_as_far_as_the_head_goes),
        cmocka_unit_test(
            the_table_of_fields__is_made_for_what_is_at_hand__then_grows_when_it_is_full),
        cmocka_unit_test(out_of_memory__is_reported_and_the_head_goes_on_when_there_is_some),
        cmocka_unit_test(SEC_H9__what_smuggles_requests__is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
