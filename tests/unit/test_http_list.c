/* SPDX-License-Identifier: MIT */
/* List fields and the grammar of Sec-WebSocket-Extensions. */
#include "heads/heads.h"

#include "../../src/protocol/http_list.h"
#include "../support/guard.h"

static weir__memory memory;
static heads_alloc alloc;
static weir_config policy;
static weir__http_head head;

static int setup(void **state)
{
    (void)state;
    heads_memory(&memory, &alloc);
    policy = heads_policy();
    policy.max_line_bytes = 100;
    policy.max_head_bytes = 1000000;
    policy.max_fields = 1000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    weir__http_head_free(&head, &memory);
    assert_int_equal(alloc.live, 0);
    return 0;
}

/* Parse a head with these field lines; the one before it is forgotten. */
static void parse(const char *lines)
{
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, "GET / HTTP/1.1\r\n");
    heads_add_text(&text, lines);
    heads_add_text(&text, "\r\n");
    weir__http_head_free(&head, &memory);
    head.kind = WEIR__HTTP_REQUEST;
    head.policy = &policy;
    head.kernels = heads_kernels();
    size_t used;
    assert_int_equal(heads_feed(&head, &memory, text.data, text.len, &used), WEIR_OK);
    free(text.data);
}

/* One line "name: value". */
static void parse_value(const char *name, const char *value)
{
    heads_text lines = {NULL, 0, 0};
    heads_add_text(&lines, name);
    heads_add_text(&lines, ": ");
    heads_add_text(&lines, value);
    heads_add_text(&lines, "\r\n");
    parse(lines.data);
    free(lines.data);
}

/* The members of Upgrade joined with "|"; "!" at the end when a limit was met. */
static const char *members(void)
{
    static char dump[4096];
    weir__http_list list;
    weir_text member;
    size_t at = 0;
    int status;
    dump[0] = '\0';
    weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK)
        at += (size_t)snprintf(dump + at, sizeof dump - at, "%s%.*s", at > 0 ? "|" : "",
                               (int)member.len, member.data);
    if (status == WEIR_E_HTTP_LIST)
        snprintf(dump + at, sizeof dump - at, "!");
    else
        assert_int_equal(status, WEIR_E_NOT_FOUND);
    return dump;
}

static void assert_members(const char *lines, const char *expected)
{
    parse(lines);
    assert_string_equal(members(), expected);
}

/* ---- Lists -----------------------------------------------------------------------------------*/

static void R9110_5_3_1__lines_of_one_name__combine_in_order(void **state)
{
    (void)state;
    assert_members("Upgrade: a, b\r\nX: no\r\nupgrade: c\r\nUpgrades: no\r\nUpgrade: d,e\r\n",
                   "a|b|c|d|e");
    assert_members("X: a\r\n", "");
    assert_members("Upgrade: one\r\n", "one");
}

static void R9110_5_6_1_1__empty_members__are_skipped_up_to_a_limit(void **state)
{
    (void)state;
    assert_members("Upgrade: ,,websocket\r\n", "websocket");
    assert_members("Upgrade: a, ,\t,b ,\r\n", "a|b");
    assert_members("Upgrade:\r\nUpgrade: a\r\nUpgrade: ,\r\n", "a");
    policy.max_empty_members = 3;
    assert_members("Upgrade: ,,,a\r\n", "a");
    assert_members("Upgrade: ,,,,a\r\n", "!");
    assert_members("Upgrade: a,,\r\nUpgrade: ,b\r\n", "a|b");
    assert_members("Upgrade: a,,\r\nUpgrade: ,,b\r\n", "a!");
    policy.max_empty_members = 0;
    assert_members("Upgrade: a,b\r\n", "a|b");
    assert_members("Upgrade: a,\r\n", "a!");
}

static void R9110_5_6_1_1__members__are_taken_up_to_a_limit(void **state)
{
    (void)state;
    policy.max_list_members = 3;
    assert_members("Upgrade: a,b\r\n", "a|b");
    assert_members("Upgrade: a,b\r\nUpgrade: c\r\n", "a|b|c");
    assert_members("Upgrade: a,b\r\nUpgrade: c,d\r\n", "a|b|c!");
    policy.max_list_members = 0;
    assert_members("Upgrade: a\r\n", "!");
}

static void R9110_5_6_1_1__SEC_C2__commas_without_end__cost_a_bounded_number_of_steps(void **state)
{
    (void)state;
    heads_text value = {NULL, 0, 0};
    heads_add_run(&value, ",", 100000);
    parse_value("Upgrade", value.data);
    weir__http_list list;
    weir_text member;
    weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_E_HTTP_LIST);
    /* It stopped at the member over the limit and did not look at the rest. */
    assert_int_equal(list.empty, policy.max_empty_members + 1);
    assert_int_equal(list.rest.len, 100000 - policy.max_empty_members - 1);
    free(value.data);
}

static void SEC_C2__runs_of_spaces__are_one_member_in_one_step(void **state)
{
    (void)state;
    heads_text value = {NULL, 0, 0};
    heads_add_text(&value, "a");
    heads_add_run(&value, " ", 65536);
    heads_add_text(&value, "b,");
    heads_add_run(&value, " ", 65536);
    heads_add_text(&value, ",c");
    parse_value("Upgrade", value.data);
    weir__http_list list;
    weir_text member;
    weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_OK);
    assert_int_equal(member.len, 65538);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_OK);
    assert_int_equal(member.len, 1);
    assert_int_equal(list.empty, 1);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_E_NOT_FOUND);
    free(value.data);
}

static void many_lines__are_walked_once(void **state)
{
    (void)state;
    policy.max_list_members = WEIR_NONE;
    heads_text lines = {NULL, 0, 0};
    heads_add_run(&lines, "Upgrade: a\r\n", 1000);
    parse(lines.data);
    weir__http_list list;
    weir_text member;
    weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(weir__http_list_next(&list, &member), WEIR_OK);
        assert_int_equal(list.line, i + 1); /* never from the start again */
    }
    free(lines.data);
}

static void comma_or_quote__is_found_at_every_place(void **state)
{
    (void)state;
    for (size_t at = 1; at < 19; at++) {
        char lines[64] = "Upgrade: aaaaaaaaaaaaaaaaaaaa\r\n";
        char expected[64] = "aaaaaaaaaaaaaaaaaaaa";
        lines[9 + at] = ',';
        expected[at] = '|';
        assert_members(lines, expected);
        /* The same comma in quotes. */
        char quoted[64] = "Upgrade: aaaaaaaaaaaaaaaaaaaa\r\n";
        quoted[9 + at - 1] = quoted[9 + at + 1] = '"';
        quoted[9 + at] = ',';
        memcpy(expected, quoted + 9, 20);
        assert_members(quoted, expected);
    }
}

static void commas_in_quotes__do_not_separate(void **state)
{
    (void)state;
    assert_members("Upgrade: a;b=\"c,d\", e\r\n", "a;b=\"c,d\"|e");
    assert_members("Upgrade: \"a\\\",b\", c\r\n", "\"a\\\",b\"|c");
    assert_members("Upgrade: \"a\\\\\",b\r\n", "\"a\\\\\"|b");
    assert_members("Upgrade: \"a,b\r\nUpgrade: c\r\n", "\"a,b|c");
    assert_members("Upgrade: \"a,\\\r\nUpgrade: c\r\n", "\"a,\\|c");
}

static int has(const char *lines)
{
    parse(lines);
    return weir__http_list_has(&head, WEIR__NAME_CONNECTION, WEIR__LITERAL("upgrade"));
}

static void R6455_4_2_1_7__a_token__is_found_in_any_case_on_any_line(void **state)
{
    (void)state;
    assert_int_equal(has("Connection: Upgrade\r\n"), WEIR_OK);
    assert_int_equal(has("connection: keep-alive, UPGRADE\r\n"), WEIR_OK);
    assert_int_equal(has("Connection: a\r\nConnection: ,\r\nConnection: upgrade\r\n"), WEIR_OK);
    assert_int_equal(has("Connection: Upgrade2\r\n"), WEIR_E_NOT_FOUND);
    assert_int_equal(has("Connection: up grade\r\n"), WEIR_E_NOT_FOUND);
    assert_int_equal(has("Connection: \"upgrade\"\r\n"), WEIR_E_NOT_FOUND);
    assert_int_equal(has("Connection: \"a, upgrade\r\n"), WEIR_E_NOT_FOUND);
    assert_int_equal(has("X-Connection: upgrade\r\n"), WEIR_E_NOT_FOUND);
    assert_int_equal(has("Connection:\r\n"), WEIR_E_NOT_FOUND);
    /* A limit holds wherever the token stands. */
    assert_int_equal(has("Connection: upgrade,,,,,,,,,,,,,,,,,,,,\r\n"), WEIR_E_HTTP_LIST);
    assert_int_equal(has("Connection: upgrade\r\nConnection: ,,,,,,,,,,,,,,,,,,,,\r\n"),
                     WEIR_E_HTTP_LIST);
}

/* ---- Extensions ------------------------------------------------------------------------------*/

#define EXTENSIONS "Sec-WebSocket-Extensions"

static int check(const char *value)
{
    parse_value(EXTENSIONS, value);
    return weir__extension_list_check(&head);
}

static void R6455_9_1_1__what_breaks_the_grammar__is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        ";a",      "a;",         "a;;b",    "a; ;b",   "=1",       "a=1",        "a b",
        "a;b c",   "a;b=",       "a;=c",    "a;b=c d", "a;b==c",   "a;b=c=d",    "a;b=\"",
        "a;b=\"c", "a;b=\"c\"d", "a;b=c\"", "\"a\"",   "a;\"b\"",  "a;b=;c",     "a/b",
        "a;b/c",   "a;b=c/d",    "a\x80",   "a;b\xFF", "a;b=\xC3", "(a)",        "a;b=\"\\",
        "",        ",",          " , ,",    "a, b;",   "ok, =x",   "a;b=\"c\" d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(check(bad[i]), WEIR_E_EXTENSION_LIST);
    parse("X: y\r\n");
    assert_int_equal(weir__extension_list_check(&head), WEIR_OK);
}

static void R6455_9_1_1__R6455_9_1_2__every_byte_in_an_offer__is_judged(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte < 256; byte++) {
        char value[] = "aXb;cXd";
        value[1] = value[5] = (char)byte;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            continue; /* stopped by the head's parser */
        const bool token = weir__http_is_token((weir_text){value + 1, 1});
        /* "a,b;c,d" and "a;b;c;d" are lists of their own. */
        const bool good = token || byte == ',' || byte == ';';
        assert_int_equal(check(value), good ? WEIR_OK : WEIR_E_EXTENSION_LIST);
    }
}

static void R6455_4_3_1__quoted_values__stand_for_tokens(void **state)
{
    (void)state;
    assert_int_equal(check("x; a=\"1\""), WEIR_OK);
    assert_int_equal(check("x; a=\"\\1\""), WEIR_OK);
    assert_int_equal(check("x; a=\"\\a\\b\"; c"), WEIR_OK);
    assert_int_equal(check("x; a=\"\""), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"x y\""), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"x\\ y\""), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"\\\"\""), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"b,c\""), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"b"), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"b\\"), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("x; a=\"b\\\""), WEIR_E_EXTENSION_LIST);
}

/* "name;param=value;..." with "~" behind an escaped value. */
static const char *take_apart(const char *member)
{
    static char dump[400];
    const size_t len = strlen(member);
    const guarded room = guard();
    const char *const copy = (const char *)guard_copy(room, member, len);
    weir_text name;
    weir_text params;
    weir__extension_param param;
    int status = weir__extension_name((weir_text){copy, len}, &name, &params);
    size_t at = (size_t)snprintf(dump, sizeof dump, "%.*s", (int)name.len, name.data);
    while (status == WEIR_OK) {
        status = weir__extension_next_param(&params, &param);
        if (status != WEIR_OK)
            break;
        at += (size_t)snprintf(dump + at, sizeof dump - at, ";%.*s", (int)param.name.len,
                               param.name.data);
        if (param.value.data != NULL)
            at += (size_t)snprintf(dump + at, sizeof dump - at, "=%.*s%s", (int)param.value.len,
                                   param.value.data, param.escaped ? "~" : "");
    }
    unguard(room);
    if (status == WEIR_E_NOT_FOUND)
        return dump;
    assert_int_equal(status, WEIR_E_EXTENSION_LIST);
    return "refused";
}

static void R6455_9_1_2__R9110_5_6_3_1__whitespace_around_separators__is_dropped(void **state)
{
    (void)state;
    assert_string_equal(take_apart("a ; b = 1 ;\tc\t=\t\"2\" ; d"), "a;b=1;c=2;d");
    assert_string_equal(take_apart("a;b=\"\\1x\""), "a;b=\\1x~");
    assert_string_equal(take_apart("permessage-deflate"), "permessage-deflate");
    assert_string_equal(take_apart("a;b="), "refused");
    assert_string_equal(take_apart("a;b=\"\\"), "refused");
    assert_string_equal(take_apart("a;b;="), "refused");
    assert_string_equal(take_apart(""), "refused");
    assert_int_equal(check("a ; b = 1 , c"), WEIR_OK);
}

static void R6455_11_3_2__one_line_or_many__are_the_same_list(void **state)
{
    (void)state;
    assert_members("Upgrade: a; x=1, b, c;y\r\n", "a; x=1|b|c;y");
    assert_members("Upgrade: a; x=1\r\nUpgrade: b\r\nUpgrade: c;y\r\n", "a; x=1|b|c;y");
    parse(EXTENSIONS ": a\r\n" EXTENSIONS ": b;c\r\n");
    assert_int_equal(weir__extension_list_check(&head), WEIR_OK);
    parse(EXTENSIONS ": a\r\n" EXTENSIONS ": b;\r\n");
    assert_int_equal(weir__extension_list_check(&head), WEIR_E_EXTENSION_LIST);
}

static void R6455_9_1_5__offers_and_parameters__are_taken_up_to_their_limits(void **state)
{
    (void)state;
    policy.max_extension_offers = 2;
    policy.max_extension_params = 3;
    assert_int_equal(check("a, b"), WEIR_OK);
    assert_int_equal(check("a, b, c"), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("a;1;2;3"), WEIR_OK);
    assert_int_equal(check("a;1;2;3;4"), WEIR_E_EXTENSION_LIST);
    assert_int_equal(check("a;1;2;3, b;1;2;3"), WEIR_OK);
    policy.max_extension_params = 0;
    assert_int_equal(check("a"), WEIR_OK);
    assert_int_equal(check("a;1"), WEIR_E_EXTENSION_LIST);
    policy.max_extension_offers = 0;
    assert_int_equal(check("a"), WEIR_E_EXTENSION_LIST);
}

/* It is recognised as a whole, so its limits are kept in a place of their own. */
static void R6455_9_1_5__what_browsers_offer__is_taken_up_to_the_limits_too(void **state)
{
    (void)state;
    const char *const usual = "permessage-deflate; client_max_window_bits";
    for (uint64_t offers = 0; offers <= 2; offers++) {
        for (uint64_t params = 0; params <= 2; params++) {
            policy.max_extension_offers = offers;
            policy.max_extension_params = params;
            const int one = offers >= 1 && params >= 1 ? WEIR_OK : WEIR_E_EXTENSION_LIST;
            const int two = offers >= 2 && params >= 1 ? WEIR_OK : WEIR_E_EXTENSION_LIST;
            assert_int_equal(check(usual), one);
            parse(EXTENSIONS ": permessage-deflate; client_max_window_bits\r\n" EXTENSIONS
                             ": permessage-deflate; client_max_window_bits\r\n");
            assert_int_equal(weir__extension_list_check(&head), two);
            parse(EXTENSIONS ": permessage-deflate; client_max_window_bits\r\n" EXTENSIONS
                             ": permessage-deflate; client_max_window_bits;\r\n");
            assert_int_equal(weir__extension_list_check(&head), WEIR_E_EXTENSION_LIST);
        }
    }
}

static void R6455_9_1_5__SEC_C1__hostile_lists_of_64_kib__end_in_one_pass(void **state)
{
    (void)state;
    static const char *const units[] = {",",  ";",  "\\a\\a", "a;b=\"\\x", "\"",
                                        "a;", " ;", "a=\"",   "x "};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        heads_text value = {NULL, 0, 0};
        heads_add_text(&value, "x");
        heads_add_run(&value, units[i], 65536 / strlen(units[i]));
        assert_int_equal(check(value.data), WEIR_E_EXTENSION_LIST);
        /* A list has at most as many members as the limits let through. */
        parse_value("Upgrade", value.data);
        weir__http_list list;
        weir_text member;
        size_t steps = 0;
        weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
        while (weir__http_list_next(&list, &member) == WEIR_OK)
            steps++;
        assert_true(steps <= policy.max_list_members);
        free(value.data);
    }
}

static void SEC_C1__unclosed_quote_of_64_kib__is_one_member(void **state)
{
    (void)state;
    heads_text value = {NULL, 0, 0};
    heads_add_text(&value, "a; b=\"");
    heads_add_run(&value, "\\x,", 21845);
    parse_value("Upgrade", value.data);
    weir__http_list list;
    weir_text member;
    weir__http_list_init(&list, &head, WEIR__NAME_UPGRADE);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_OK);
    assert_int_equal(member.len, value.len);
    assert_int_equal(weir__http_list_next(&list, &member), WEIR_E_NOT_FOUND);
    free(value.data);
}

static void SEC_C1__each_parameter__is_cut_off_what_is_left(void **state)
{
    (void)state;
    policy.max_extension_params = WEIR_NONE;
    heads_text value = {NULL, 0, 0};
    heads_add_text(&value, "a");
    heads_add_run(&value, ";b=\"\\c\"", 8000);
    weir_text name;
    weir_text params;
    weir__extension_param param;
    assert_int_equal(weir__extension_name((weir_text){value.data, value.len}, &name, &params),
                     WEIR_OK);
    for (size_t i = 0; i < 8000; i++) {
        assert_int_equal(params.len, 7 * (8000 - i));
        assert_int_equal(weir__extension_next_param(&params, &param), WEIR_OK);
        assert_true(param.escaped);
    }
    assert_int_equal(weir__extension_next_param(&params, &param), WEIR_E_NOT_FOUND);
    assert_int_equal(check(value.data), WEIR_OK);
    free(value.data);
}

static void R6455_9_1_6__SEC_N2__any_names__are_just_names(void **state)
{
    (void)state;
    static const char *const names[] = {"__proto__",   "constructor", "toString", "hasOwnProperty",
                                        "!#$%&'*+-.^", "0",           "|~`_"};
    char value[100];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(value, sizeof value, "%s; %s=%s; %s", names[i], names[i], names[i], names[i]);
        assert_int_equal(check(value), WEIR_OK);
    }
    heads_text text = {NULL, 0, 0};
    heads_add_run(&text, "n", 60000);
    heads_add_text(&text, "; b");
    assert_int_equal(check(text.data), WEIR_OK);
    free(text.data);
}

#define HEADS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEADS_TEST(R9110_5_3_1__lines_of_one_name__combine_in_order),
        HEADS_TEST(R9110_5_6_1_1__empty_members__are_skipped_up_to_a_limit),
        HEADS_TEST(R9110_5_6_1_1__members__are_taken_up_to_a_limit),
        HEADS_TEST(R9110_5_6_1_1__SEC_C2__commas_without_end__cost_a_bounded_number_of_steps),
        HEADS_TEST(SEC_C2__runs_of_spaces__are_one_member_in_one_step),
        HEADS_TEST(many_lines__are_walked_once),
        HEADS_TEST(comma_or_quote__is_found_at_every_place),
        HEADS_TEST(commas_in_quotes__do_not_separate),
        HEADS_TEST(R6455_4_2_1_7__a_token__is_found_in_any_case_on_any_line),
        HEADS_TEST(R6455_9_1_1__what_breaks_the_grammar__is_refused),
        HEADS_TEST(R6455_9_1_1__R6455_9_1_2__every_byte_in_an_offer__is_judged),
        HEADS_TEST(R6455_4_3_1__quoted_values__stand_for_tokens),
        HEADS_TEST(R6455_9_1_2__R9110_5_6_3_1__whitespace_around_separators__is_dropped),
        HEADS_TEST(R6455_11_3_2__one_line_or_many__are_the_same_list),
        HEADS_TEST(R6455_9_1_5__offers_and_parameters__are_taken_up_to_their_limits),
        HEADS_TEST(R6455_9_1_5__what_browsers_offer__is_taken_up_to_the_limits_too),
        HEADS_TEST(R6455_9_1_5__SEC_C1__hostile_lists_of_64_kib__end_in_one_pass),
        HEADS_TEST(SEC_C1__unclosed_quote_of_64_kib__is_one_member),
        HEADS_TEST(SEC_C1__each_parameter__is_cut_off_what_is_left),
        HEADS_TEST(R6455_9_1_6__SEC_N2__any_names__are_just_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
