/* SPDX-License-Identifier: MIT */
/* RFC 6455 9.1 and 4.3: the grammar of Sec-WebSocket-Extensions. No extension is built in: what
 * is well-formed is declined, what is not fails the handshake. */
#include <stdio.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

static void with_list(bytes *b, const char *before, const char *list, size_t len)
{
    bytes_add_text(b, before);
    bytes_add_text(b, "Sec-WebSocket-Extensions:");
    bytes_add(b, list, len);
    bytes_add_text(b, "\r\n\r\n");
}

/* Both roles take the list apart with the same rules; a client was offered nothing. */
static void judge(const char *list, size_t len, int cause, shake_prepare prepare)
{
    bytes request = {NULL, 0, 0};
    bytes response = {NULL, 0, 0};
    with_list(&request, REQUEST, list, len);
    with_list(&response, RESPONSE, list, len);
    const weir_text asked = {(char *)request.data, request.len};
    const weir_text answered = {(char *)response.data, response.len};
    if (cause == WEIR_OK)
        shake_accepted(asked, NULL, prepare);
    else
        shake_refused(asked, cause, prepare);
    shake_client_fails(answered, cause == WEIR_OK ? WEIR_E_EXTENSION_UNOFFERED : cause, prepare);
    bytes_free(&request);
    bytes_free(&response);
}

static void judge_all(const weir_text *lists, size_t count, int cause)
{
    for (size_t i = 0; i < count; i++)
        judge(lists[i].data, lists[i].len, cause, NULL);
}

static void R6455_9_1_1__list_that_breaks_the_grammar__fails_at_once(void **state)
{
    static const weir_text bad[] = {
        TEXT(""),           TEXT(" "),       TEXT(","),       TEXT(" , ,"),     TEXT(";"),
        TEXT(";a"),         TEXT("a;"),      TEXT("a;;b"),    TEXT("a; ;b"),    TEXT("a;b="),
        TEXT("a="),         TEXT("=1"),      TEXT("a;=1"),    TEXT("a=b"),      TEXT("a b"),
        TEXT("a;b c"),      TEXT("a;b=c d"), TEXT("a;b=\""),  TEXT("a;b=\"c"),  TEXT("a;b=c\"d\""),
        TEXT("a;b=\"c\"d"), TEXT("a;b==c"),  TEXT("a;b=,c"),  TEXT("a/b"),      TEXT("\"a\""),
        TEXT("a;\"b\""),    TEXT("a;b=(c)"), TEXT("a,b;"),    TEXT("a;b=c;,d"), TEXT("a:b"),
        TEXT("a;b=@"),      TEXT("{a}"),     TEXT("a;b=1=2"), TEXT("a\\b"),
    };
    (void)state;
    judge_all(bad, COUNT_OF(bad), WEIR_E_EXTENSION_LIST);
}

static void R6455_9_1_1__every_byte_in_name_parameter_and_value__is_judged(void **state)
{
    static const char *const shapes[] = {" a?b", " a;b?c", " a;b=c?d", " a;b=\"c?d\""};
    static const size_t places[] = {2, 4, 6, 7};
    /* What may stand there beside token characters: it makes another good list of this one. */
    static const char *const besides[] = {",;", ",;=", ",;", ""};
    (void)state;
    for (size_t shape = 0; shape < 4; shape++) {
        for (int byte = 0; byte < 256; byte++) {
            char list[16];
            const size_t len = strlen(shapes[shape]);
            const int control = (byte < 32 && byte != '\t') || byte == 127;
            const int token = byte > 32 && byte < 127 && !strchr("\"(),/:;<=>?@[\\]{}", byte);
            int cause = token ? WEIR_OK : control ? WEIR_E_HTTP_SYNTAX : WEIR_E_EXTENSION_LIST;
            if (byte > 0 && strchr(besides[shape], byte))
                cause = WEIR_OK;
            if (shape == 0 && byte == '=')
                cause = WEIR_E_EXTENSION_LIST;
            if (shape == 3 && byte == '\\') /* escapes the d */
                cause = WEIR_OK;
            memcpy(list, shapes[shape], len);
            list[places[shape]] = (char)byte;
            judge(list, len, cause, shake_sampled);
        }
    }
}

static void R6455_9_1_2__R9110_5_6_3_1__whitespace_around_separators__is_allowed(void **state)
{
    static const weir_text good[] = {
        TEXT("a ; b = 1 , c"),
        TEXT("\ta\t;\tb\t=\t1\t,\tc\t"),
        TEXT(" a  ;  b  =  \"1\"  "),
        TEXT("a ; b ; c = d ,e"),
        TEXT("a;b=1,c"),
        TEXT(",a,,b , ,"),
    };
    (void)state;
    judge_all(good, COUNT_OF(good), WEIR_OK);
}

static void R6455_4_3_1__quoted_value__is_a_token_once_unquoted(void **state)
{
    static const weir_text good[] = {
        TEXT("a;b=1"),
        TEXT("a;b=\"1\""),
        TEXT("a;b=\"\\1\""),
        TEXT("a;b=\"c\\d\\e\""),
        TEXT("a;b=\"!#$%&'*+-.^_`|~\""),
        TEXT("a;b=\"\\~\",c"),
    };
    static const weir_text bad[] = {
        TEXT("a;b=\"\""),     TEXT("a;b=\"x y\""),  TEXT("a;b=\"x,y\""),  TEXT("a;b=\"x;y\""),
        TEXT("a;b=\"\\\"\""), TEXT("a;b=\"\\\\\""), TEXT("a;b=\"\\ \""),  TEXT("a;b=\"x"),
        TEXT("a;b=\"x\\"),    TEXT("a;b=\"x\\\""),  TEXT("a;b=\"\xE4\""), TEXT("a;b=\"\\\xE4\""),
        TEXT("a;b=\"\t\""),   TEXT("a;b=\"x\"\""),  TEXT("a;b='x y'"),
    };
    (void)state;
    judge_all(good, COUNT_OF(good), WEIR_OK);
    judge_all(bad, COUNT_OF(bad), WEIR_E_EXTENSION_LIST);
}

/* The name is long, not hostile: it is just unknown. */
static void R6455_9_1_6__strange_names__are_just_unknown(void **state)
{
    static const weir_text good[] = {
        TEXT("__proto__"),
        TEXT("constructor; __proto__=1; toString; hasOwnProperty=\"x\""),
        TEXT("permessage-deflate; __proto__=8; valueOf"),
        TEXT("a; b; b; b=1; b=2"),
        TEXT("PerMessage-Deflate, x-webkit-deflate-frame, permessage-bzip2"),
        TEXT("0, -1, NaN, null, %s%n, ~root, $PATH, `id`, #x, !x, a'b|c^d"),
    };
    bytes list = {NULL, 0, 0};
    (void)state;
    judge_all(good, COUNT_OF(good), WEIR_OK);
    for (int i = 0; i < 6000; i++)
        bytes_add_text(&list, i == 3000 ? ";" : "n");
    judge((char *)list.data, list.len, WEIR_OK, shake_sampled);
    bytes_free(&list);
}

/* ---- Limits ----------------------------------------------------------------------------------*/

static void four_of_each(peer *p)
{
    p->config.max_extension_offers = 4;
    p->config.max_extension_params = 4;
    p->config.max_empty_members = 4;
}

static void none_of_each(peer *p)
{
    p->config.max_extension_offers = 0;
    p->config.max_extension_params = 0;
    p->config.max_empty_members = 0;
}

static void R6455_9_1_5__offers_and_parameters__are_capped(void **state)
{
    static const struct {
        const char *list;
        int cause;
    } cases[] = {
        {"a,b,c", WEIR_OK},
        {"a,b,c,d", WEIR_OK},
        {"a,b,c,d,e", WEIR_E_EXTENSION_LIST},
        {"a,b\r\nSec-WebSocket-Extensions: c,d", WEIR_OK},
        {"a,b\r\nSec-WebSocket-Extensions: c,d,e", WEIR_E_EXTENSION_LIST},
        {"a;1;2;3", WEIR_OK},
        {"a;1;2;3;4", WEIR_OK},
        {"a;1;2;3;4;5", WEIR_E_EXTENSION_LIST},
        {"a;1;2;3;4,b;1;2;3;4", WEIR_OK},
        {"a,,,,b", WEIR_OK},
        {",a,,b,,", WEIR_OK},
        {"a,,,,,b,", WEIR_E_EXTENSION_LIST},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge(cases[i].list, strlen(cases[i].list), cases[i].cause, four_of_each);
    judge("a", 1, WEIR_E_EXTENSION_LIST, none_of_each);
}

/* The defaults: 16 of each. */
static void R6455_9_1_5__default_caps__are_16(void **state)
{
    (void)state;
    for (int params = 0; params < 2; params++) {
        for (int count = 15; count <= 17; count++) {
            bytes list = {NULL, 0, 0};
            bytes_add_text(&list, "a");
            for (int i = 0; i < count - !params; i++)
                bytes_add_text(&list, params ? ";a" : ",a");
            judge((char *)list.data, list.len, count > 16 ? WEIR_E_EXTENSION_LIST : WEIR_OK, NULL);
            bytes_free(&list);
        }
    }
}

static void without_limits(peer *p)
{
    p->sampled = 1;
    p->config.max_head_bytes = 1 << 20;
    p->config.max_list_members = WEIR_NONE;
    p->config.max_empty_members = WEIR_NONE;
    p->config.max_extension_offers = WEIR_NONE;
    p->config.max_extension_params = WEIR_NONE;
}

/* Squared, 64 KiB would be 4 billion steps a run, and there are dozens of runs. */
static void R6455_9_1_5__hostile_64_kib__cost_time_by_their_length_alone(void **state)
{
    static const struct {
        const char *first;
        const char *rest;
        int cause;
    } cases[] = {
        {"", ",", WEIR_E_EXTENSION_LIST},
        {"a", ";", WEIR_E_EXTENSION_LIST},
        {"a", ",", WEIR_OK},
        {"a", ";b", WEIR_OK},
        {"a", ",b;c=\"d\"", WEIR_OK},
        {"a;b=\"", "\\a\\a", WEIR_E_EXTENSION_LIST},
        {"a;b=\"", ",", WEIR_E_EXTENSION_LIST},
        {"a", ";b=\"", WEIR_E_EXTENSION_LIST},
        {"a", " ", WEIR_OK},
        {"a;b=\"", "\\\"", WEIR_E_EXTENSION_LIST},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bytes list = {NULL, 0, 0};
        bytes_add_text(&list, cases[i].first);
        while (list.len < 65536)
            bytes_add_text(&list, cases[i].rest);
        judge((char *)list.data, list.len, cases[i].cause, without_limits);
        bytes_free(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_9_1_1__list_that_breaks_the_grammar__fails_at_once),
        cmocka_unit_test(R6455_9_1_1__every_byte_in_name_parameter_and_value__is_judged),
        cmocka_unit_test(R6455_9_1_2__R9110_5_6_3_1__whitespace_around_separators__is_allowed),
        cmocka_unit_test(R6455_4_3_1__quoted_value__is_a_token_once_unquoted),
        cmocka_unit_test(R6455_9_1_6__strange_names__are_just_unknown),
        cmocka_unit_test(R6455_9_1_5__offers_and_parameters__are_capped),
        cmocka_unit_test(R6455_9_1_5__default_caps__are_16),
        cmocka_unit_test(R6455_9_1_5__hostile_64_kib__cost_time_by_their_length_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
