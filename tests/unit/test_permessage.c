/* SPDX-License-Identifier: MIT */
/* permessage-deflate, negotiated: parameters in offers and answers, a server's choice. */
#include "heads/offers.h"

static void R7692_5_6__answers__state_all_that_was_agreed(void **state)
{
    (void)state;
    static const struct {
        const char *offer;
        wishes_of wishes;
        const char *answer;
    } golden[] = {
        {PMD, {true, true, true, false, 15, 15}, PMD},
        {PMD, {true, false, true, false, 15, 15}, PMD SERVER_NO},
        {PMD, {true, true, false, false, 15, 15}, PMD CLIENT_NO},
        {PMD, {true, true, true, false, 12, 12}, PMD SERVER_BITS "=12"},
        {PMD CLIENT_BITS,
         {true, false, false, false, 9, 8},
         PMD BOTH_NO SERVER_BITS "=9" CLIENT_BITS "=8"},
        {PMD CLIENT_BITS "=15" SERVER_BITS "=15; client_no_context_takeover; "
                         "server_no_context_takeover",
         {true, true, true, false, 15, 15},
         PMD BOTH_NO SERVER_BITS "=15"},
        {PMD CLIENT_BITS "=11" SERVER_BITS "=9",
         {true, true, true, false, 15, 15},
         PMD SERVER_BITS "=9" CLIENT_BITS "=11"},
    };
    for (size_t i = 0; i < COUNT(golden); i++) {
        const char *const answer = answer_to(golden[i].offer, &golden[i].wishes);
        assert_string_equal(answer, golden[i].answer);
        assert_int_equal(weir__extension_list_check(parse(WEIR__HTTP_RESPONSE, answer)), WEIR_OK);
    }
}

static void R7692_5_6__R6455_9_1_3__all_offers_declined__is_no_extension(void **state)
{
    (void)state;
    agreed_of agreed;
    assert_string_equal(answer_of(parse_lines(WEIR__HTTP_REQUEST, ""), &full, &agreed), "");
    assert_answer("foo, bar; baz=1", &full, "");
    assert_answer(PMD, &off, "");
    assert_answer(PMD "; foo, " PMD SERVER_BITS, &full, "");
}

/* ---- Which offer is taken --------------------------------------------------------------------*/

static void WHATWG_4__offers_of_browsers__are_accepted_as_they_are(void **state)
{
    (void)state;
    /* Chrome, Edge, Node; Firefox and Safari; Safari before 15, which has only its own. */
    assert_answer(PMD CLIENT_BITS, &full, PMD);
    assert_answer(PMD, &full, PMD);
    assert_answer("x-webkit-deflate-frame", &full, "");
    assert_answer("x-webkit-deflate-frame, " PMD, &full, PMD);
    assert_answer(PMD CLIENT_BITS, &small, PMD SERVER_BITS "=11" CLIENT_BITS "=10");
    assert_answer(PMD, &small, PMD SERVER_BITS "=11");
    assert_answer(PMD, &isolated, PMD BOTH_NO);
}

static void R7692_5_2__R6455_9_1_4__first_offer_that_can_be_met__is_taken(void **state)
{
    (void)state;
    static const char *const offers[][2] = {
        {PMD SERVER_BITS "=7, " PMD SERVER_BITS "=12", PMD SERVER_BITS "=12"},
        {PMD SERVER_BITS "=9, " PMD, PMD SERVER_BITS "=9"},
        {PMD ", " PMD SERVER_NO, PMD},
        {PMD SERVER_NO ", " PMD, PMD SERVER_NO},
        {"permessage-brotli, foo; bar=\"a\", " PMD "; x, , " PMD SERVER_BITS
         "=10; client_max_window_bits=9, " PMD,
         PMD SERVER_BITS "=10" CLIENT_BITS "=9"},
    };
    for (size_t i = 0; i < COUNT(offers); i++)
        assert_answer(offers[i][0], &full, offers[i][1]);
}

static void R6455_11_3_2__one_line_or_many__are_the_same_negotiation(void **state)
{
    (void)state;
    agreed_of agreed;
    assert_string_equal(
        answer_of(parse_lines(WEIR__HTTP_REQUEST, "Sec-WebSocket-Extensions: foo\r\n"
                                                  "Host: a\r\n"
                                                  "sec-websocket-extensions: " PMD "; foo\r\n"
                                                  "SEC-WEBSOCKET-EXTENSIONS: " PMD
                                                  " ;\tserver_max_window_bits = 14 , " PMD "\r\n"),
                  &full, &agreed),
        PMD SERVER_BITS "=14");
    const char *const second = "Sec-WebSocket-Extensions: " PMD "\r\n"
                               "Sec-WebSocket-Extensions: " PMD "\r\n";
    assert_int_equal(judge(parse_lines(WEIR__HTTP_RESPONSE, second), &full, &agreed),
                     WEIR_E_EXTENSION_PARAMS);
    const char *const other = "Sec-WebSocket-Extensions: " PMD "\r\n"
                              "Sec-WebSocket-Extensions: foo\r\n";
    assert_int_equal(judge(parse_lines(WEIR__HTTP_RESPONSE, other), &full, &agreed),
                     WEIR_E_EXTENSION_UNOFFERED);
}

static void R7692_5_4__another_extension__is_never_accepted_beside_it(void **state)
{
    (void)state;
    assert_answer("deflate-frame, " PMD ", permessage-bzip2, " PMD, &full, PMD);
    assert_answer(PMD ", mux; quota=10", &full, PMD);
}

static void R7692_7_1__name_of_the_extension__is_matched_exactly(void **state)
{
    (void)state;
    const char *offers = "Permessage-Deflate|PERMESSAGE-DEFLATE|permessage-deflat|" PMD "x|x" PMD
                         "|permessage_deflate|__proto__; server_max_window_bits=10";
    for (char offer[100]; next_of(&offers, offer);)
        assert_answer(form("%s, " PMD SERVER_NO, offer), &full, PMD SERVER_NO);
}

/* ---- Parameters, in offers and in answers ----------------------------------------------------*/

static void R7692_7_1__SEC_N2__R6455_9_1_6__unknown_parameters__are_refused(void **state)
{
    (void)state;
    const char *unknown = "foo|foo=15|client_max_window_bitz|client_max_window_bit|"
                          "client_max_window_bitss=10|Server_No_Context_Takeover|"
                          "CLIENT_NO_CONTEXT_TAKEOVER|Client_max_window_bits=10|"
                          "server_max_window_Bits=10|server_no_context_takeover_|"
                          "no_context_takeover|max_window_bits=10|server|-|0|15|__proto__|"
                          "__proto__=10|constructor|toString=1|hasOwnProperty|!#$%&'*+-.^_`~";
    for (char word[100]; next_of(&unknown, word);) {
        assert_refused(word);
        assert_refused(form("server_max_window_bits=10; %s", word));
        assert_refused(form("%s; server_no_context_takeover", word));
    }
}

static void R7692_7_2__R7692_7_5__invalid_values__are_refused(void **state)
{
    (void)state;
    const char *values = "0|1|7|16|08|09|010|015|+9|-9|9.|9.0|1e1|0x9|0xF|f|a|1O|8a|a8|15x|99|100|"
                         "150|256|264|65544|99999999999999|4294967304|18446744073709551624|true|*|"
                         "8-15|!9|9~|'9'|NaN|%39";
    for (char value[100]; next_of(&values, value);) {
        for (size_t which = 2; which < 4; which++) {
            assert_refused(form("%s=%s", names[which], value));
            assert_refused(form("%s=\"%s\"", names[which], value));
        }
    }
}

static void R7692_7_2__what_breaks_the_grammar__is_refused_as_well(void **state)
{
    (void)state;
    const char *values = "=|=9 9|=\"\"|=\"9 \"|=\" 9\"|=\"9|=9=9|=\"\\\"|=\"9\\\"|==9|= ;| 9|;|;;";
    for (char value[100]; next_of(&values, value);) {
        for (size_t which = 0; which < 4; which++) {
            const char *const text = form(PMD "; %s%s", names[which], value);
            assert_int_equal(weir__extension_list_check(parse(WEIR__HTTP_REQUEST, text)),
                             WEIR_E_EXTENSION_LIST);
            assert_answer(text, &full, "");
            assert_true(judge_answer(text, &full) < 0);
        }
    }
}

static void R7692_7_3__R7692_7_5__repeated_parameters__are_refused(void **state)
{
    (void)state;
    static const char *const params[][3] = {
        {"server_no_context_takeover", "server_no_context_takeover", "Server_no_context_takeover"},
        {"client_no_context_takeover", "client_no_context_takeover", "CLIENT_no_context_takeover"},
        {"server_max_window_bits=10", "server_max_window_bits=11", "server_max_window_bitS=10"},
        {"client_max_window_bits=10", "client_max_window_bits=10", "client_max_Window_bits=10"},
    };
    for (size_t i = 0; i < COUNT(params); i++) {
        const char *const first = params[i][0];
        const char *const between = params[(i + 1) % COUNT(params)][0];
        assert_taken(first);
        assert_taken(form("%s; %s", first, between));
        for (size_t j = 1; j < 3; j++) {
            assert_refused(form("%s; %s", first, params[i][j]));
            assert_refused(form("%s; %s; %s", first, between, params[i][j]));
        }
    }
    assert_declined("client_max_window_bits; client_max_window_bits");
    assert_declined("client_max_window_bits; client_max_window_bits=9");
    assert_declined("client_max_window_bits=9" CLIENT_BITS);
}

static void R7692_7_1_1_1_1__flags_with_a_value__are_refused(void **state)
{
    (void)state;
    const char *values = "1|0|15|8|10|true|\"1\"|\"15\"|server_no_context_takeover";
    assert_taken(names[0]);
    assert_taken(names[1]);
    for (char value[100]; next_of(&values, value);) {
        for (size_t which = 0; which < 2; which++) {
            assert_refused(form("%s=%s", names[which], value));
        }
    }
}

/* A value in an offer and in an answer, for both sides' windows: as the server's compressor keeps
 * to 9 and more, 8 is declined there (R7692-7-4). */
static void check_bits(const char *value, bool valid)
{
    const int status = valid ? WEIR_OK : WEIR_E_EXTENSION_PARAMS;
    const char *text = form(PMD SERVER_BITS "=%s", value);
    assert_answer(text, &full, valid && strcmp(value, "8") != 0 ? text : "");
    assert_int_equal(judge_answer(text, &full), status);
    text = form(PMD CLIENT_BITS "=%s", value);
    assert_answer(text, &full, !valid ? "" : strcmp(value, "15") == 0 ? PMD : text);
    assert_int_equal(judge_answer(text, &full), status);
}

static void
R7692_7_1_2_1_1__R7692_7_1_2_2_1__all_strings_of_3_digits__8_to_15_are_windows(void **state)
{
    (void)state;
    for (int len = 1; len <= 3; len++) {
        const int end = len == 1 ? 10 : len == 2 ? 100 : 1000;
        for (int number = 0; number < end; number++) {
            const bool valid = number >= 8 && number <= 15 && len == (number < 10 ? 1 : 2);
            check_bits(form("%0*d", len, number), valid);
        }
    }
}

static void
R7692_7_1_2_1_1__R7692_7_1_2_2_1__characters_that_are_no_digits__make_no_window(void **state)
{
    (void)state;
    for (char first = '0'; first <= '9'; first++) {
        for (char second = '!'; second <= '~'; second++) {
            const char value[] = {first, second, '\0'};
            if (!weir__http_is_token((weir_text){value, 2}))
                continue;
            check_bits(form("%s", value), first == '1' && second >= '0' && second <= '5');
        }
    }
}

static void SEC_N1__R7692_7_1_2__numbers_to_65536__only_8_to_15_are_agreed(void **state)
{
    (void)state;
    for (int number = -1; number <= 65536; number++)
        check_bits(form("%d", number), number >= 8 && number <= 15);
    for (int number = 8; number <= 15; number++) {
        const char *const text =
            form(PMD SERVER_BITS "=%d; client_max_window_bits=%d", number, number);
        agreed_of agreed = agreed_on(text, &full);
        assert_int_equal(agreed.tx_window_bits, number);
        assert_int_equal(agreed.rx_window_bits, number);
        (void)answer_of(parse(WEIR__HTTP_REQUEST, text), &full, &agreed);
        assert_int_equal(agreed.tx_window_bits, number == 8 ? 0 : number);
        assert_int_equal(agreed.rx_window_bits, number == 8 ? 0 : number);
    }
}

static void
R7692_7_1_2_1_1__R7692_7_1_2_2_1__windows_without_a_value__only_hint_in_an_offer(void **state)
{
    (void)state;
    assert_refused("server_max_window_bits");
    assert_bad(PMD CLIENT_BITS, &full);
    assert_answer(PMD CLIENT_BITS, &full, PMD);
}

static void R6455_4_3_1__quoted_and_escaped_values__are_what_they_stand_for(void **state)
{
    (void)state;
    const char *tens = "10|\"10\"|\"\\10\"|\"1\\0\"|\"\\1\\0\"";
    const char *bad =
        "\"\\16\"|\"\\0\\8\"|\"1\\0\\0\"|\"\\7\"|\"\\1\\n\"|\"\\x10\"|\"\\0\"|\"10\\0\"";
    for (char value[100]; next_of(&tens, value);) {
        const char *const text =
            form(PMD SERVER_BITS "=%s; client_max_window_bits = %s", value, value);
        assert_answer(text, &full, PMD SERVER_BITS "=10" CLIENT_BITS "=10");
        assert_int_equal(agreed_on(text, &full).rx_window_bits, 10);
        assert_int_equal(agreed_on(text, &full).tx_window_bits, 10);
    }
    for (char value[100]; next_of(&bad, value);) {
        assert_refused(form("server_max_window_bits=%s", value));
        assert_refused(form("client_max_window_bits=%s", value));
    }
}

/* ---- The server's rules ----------------------------------------------------------------------*/

static void R7692_7_4__window_below_the_compressors_smallest__is_declined(void **state)
{
    (void)state;
    assert_answer(PMD SERVER_BITS "=8", &full, "");
    assert_answer(PMD SERVER_BITS "=8, " PMD SERVER_BITS "=9", &full, PMD SERVER_BITS "=9");
    assert_answer(PMD CLIENT_BITS "=8", &full, PMD CLIENT_BITS "=8");
}

static void R7692_7_4__client_whose_window_cannot_be_limited__is_declined_when_firm(void **state)
{
    (void)state;
    assert_answer(PMD, &small_firm, "");
    assert_answer(PMD ", " PMD CLIENT_BITS, &small_firm, PMD SERVER_BITS "=11" CLIENT_BITS "=10");
    wishes_of widest = small_firm;
    widest.rx_window_bits = 15;
    assert_answer(PMD, &widest, PMD SERVER_BITS "=11");
    agreed_of agreed;
    (void)answer_of(parse(WEIR__HTTP_REQUEST, PMD), &small, &agreed);
    assert_int_equal(agreed.rx_window_bits, 15);
}

static void R7692_7_1_1_1_2__no_takeover_of_the_server__is_answered_when_offered(void **state)
{
    (void)state;
    agreed_of agreed;
    for (unsigned i = 0; i < 16; i++) {
        const bool offers_server = (i & 1) != 0;
        const bool offers_client = (i & 2) != 0;
        wishes_of wishes = full;
        wishes.tx_takeover = (i & 4) != 0;
        wishes.rx_takeover = (i & 8) != 0;
        const char *const offer =
            form(PMD "%s%s", offers_client ? CLIENT_NO : "", offers_server ? SERVER_NO : "");
        const char *const answer = answer_of(parse(WEIR__HTTP_REQUEST, offer), &wishes, &agreed);
        const bool server_stops = offers_server || !wishes.tx_takeover;
        const bool client_stops = offers_client || !wishes.rx_takeover;
        assert_int_equal(strstr(answer, "server_no_context_takeover") != NULL, server_stops);
        assert_int_equal(strstr(answer, "client_no_context_takeover") != NULL, client_stops);
        assert_int_equal(agreed.tx_takeover, !server_stops);
        assert_int_equal(agreed.rx_takeover, !client_stops);
    }
}

static void R7692_7_1_2_1_2__window_of_the_server__is_answered_and_not_larger(void **state)
{
    (void)state;
    for (uint8_t own = 9; own <= 15; own++) {
        wishes_of wishes = full;
        wishes.tx_window_bits = own;
        for (uint8_t offered = 9; offered <= 15; offered++) {
            const unsigned least = own < offered ? own : offered;
            const char *const offer = form(PMD SERVER_BITS "=%u", (unsigned)offered);
            agreed_of agreed;
            assert_string_equal(answer_of(parse(WEIR__HTTP_REQUEST, offer), &wishes, &agreed),
                                form(PMD SERVER_BITS "=%u", least));
            assert_int_equal(agreed.tx_window_bits, least);
            assert_int_equal(agreed.rx_window_bits, 15);
        }
    }
}

static void R7692_7_1_2_2_2__window_of_the_client__is_answered_only_when_offered(void **state)
{
    (void)state;
    for (uint8_t own = 8; own <= 15; own++) {
        wishes_of wishes = full;
        wishes.rx_window_bits = own;
        agreed_of agreed;
        assert_string_equal(answer_of(parse(WEIR__HTTP_REQUEST, PMD), &wishes, &agreed), PMD);
        assert_int_equal(agreed.rx_window_bits, 15);
        for (uint8_t offered = 7; offered <= 15; offered++) {
            const char *const offer =
                offered == 7 ? PMD CLIENT_BITS : form(PMD CLIENT_BITS "=%u", (unsigned)offered);
            const unsigned least = offered == 7 || own < offered ? own : offered;
            const char *const expected = least == 15 ? PMD : form(PMD CLIENT_BITS "=%u", least);
            assert_string_equal(answer_of(parse(WEIR__HTTP_REQUEST, offer), &wishes, &agreed),
                                expected);
            assert_int_equal(agreed.rx_window_bits, least);
        }
    }
}

static void R6455_9_1_5__members_over_the_policys_limit__are_not_looked_at(void **state)
{
    (void)state;
    agreed_of agreed;
    policy.max_list_members = 2;
    assert_answer("a, " PMD, &full, PMD);
    assert_answer("a, b, " PMD, &full, "");
    policy.max_list_members = 0;
    assert_int_equal(judge(parse(WEIR__HTTP_RESPONSE, PMD), &full, &agreed), WEIR_E_EXTENSION_LIST);
}

static void R6455_9_1_5__SEC_C1__lists_of_64_kib__are_walked_once(void **state)
{
    (void)state;
    static const char *const units[] = {"\\1", "5", "\\9\\", "; a", CLIENT_BITS "=10"};
    static char text[80000];
    for (size_t i = 0; i < COUNT(units); i++) {
        const bool quoted = i < 3;
        strcpy(text, quoted ? PMD CLIENT_BITS "=\"" : PMD);
        size_t at = strlen(text);
        for (; at < 65536; at += strlen(units[i]))
            strcpy(text + at, units[i]);
        strcpy(text + at, quoted ? "\"" : "");
        assert_answer(text, &full, "");
        assert_true(judge_answer(text, &full) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PERMESSAGE_TEST(R7692_5_6__answers__state_all_that_was_agreed),
        PERMESSAGE_TEST(R7692_5_6__R6455_9_1_3__all_offers_declined__is_no_extension),
        PERMESSAGE_TEST(WHATWG_4__offers_of_browsers__are_accepted_as_they_are),
        PERMESSAGE_TEST(R7692_5_2__R6455_9_1_4__first_offer_that_can_be_met__is_taken),
        PERMESSAGE_TEST(R6455_11_3_2__one_line_or_many__are_the_same_negotiation),
        PERMESSAGE_TEST(R7692_5_4__another_extension__is_never_accepted_beside_it),
        PERMESSAGE_TEST(R7692_7_1__name_of_the_extension__is_matched_exactly),
        PERMESSAGE_TEST(R7692_7_1__SEC_N2__R6455_9_1_6__unknown_parameters__are_refused),
        PERMESSAGE_TEST(R7692_7_2__R7692_7_5__invalid_values__are_refused),
        PERMESSAGE_TEST(R7692_7_2__what_breaks_the_grammar__is_refused_as_well),
        PERMESSAGE_TEST(R7692_7_3__R7692_7_5__repeated_parameters__are_refused),
        PERMESSAGE_TEST(R7692_7_1_1_1_1__flags_with_a_value__are_refused),
        PERMESSAGE_TEST(
            R7692_7_1_2_1_1__R7692_7_1_2_2_1__all_strings_of_3_digits__8_to_15_are_windows),
        PERMESSAGE_TEST(
            R7692_7_1_2_1_1__R7692_7_1_2_2_1__characters_that_are_no_digits__make_no_window),
        PERMESSAGE_TEST(SEC_N1__R7692_7_1_2__numbers_to_65536__only_8_to_15_are_agreed),
        PERMESSAGE_TEST(
            R7692_7_1_2_1_1__R7692_7_1_2_2_1__windows_without_a_value__only_hint_in_an_offer),
        PERMESSAGE_TEST(R6455_4_3_1__quoted_and_escaped_values__are_what_they_stand_for),
        PERMESSAGE_TEST(R7692_7_4__window_below_the_compressors_smallest__is_declined),
        PERMESSAGE_TEST(R7692_7_4__client_whose_window_cannot_be_limited__is_declined_when_firm),
        PERMESSAGE_TEST(R7692_7_1_1_1_2__no_takeover_of_the_server__is_answered_when_offered),
        PERMESSAGE_TEST(R7692_7_1_2_1_2__window_of_the_server__is_answered_and_not_larger),
        PERMESSAGE_TEST(R7692_7_1_2_2_2__window_of_the_client__is_answered_only_when_offered),
        PERMESSAGE_TEST(R6455_9_1_5__members_over_the_policys_limit__are_not_looked_at),
        PERMESSAGE_TEST(R6455_9_1_5__SEC_C1__lists_of_64_kib__are_walked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
