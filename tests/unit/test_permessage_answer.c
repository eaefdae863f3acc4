/* SPDX-License-Identifier: MIT */
/* permessage-deflate, negotiated: a client's offers, its judgement, and both sides together. */
#include "heads/offers.h"

static void R7692_5_1__R6455_4_1_18__offers__name_only_what_is_wished(void **state)
{
    (void)state;
    static const struct {
        wishes_of wishes;
        const char *offer;
    } golden[] = {
        {{false, true, true, false, 15, 15}, ""},
        /* What Chrome sends. */
        {{true, true, true, false, 15, 15}, PMD CLIENT_BITS},
        {{true, true, true, true, 15, 15}, PMD CLIENT_BITS},
        {{true, true, true, false, 12, 15}, PMD CLIENT_BITS "=12"},
        {{true, false, true, false, 15, 15}, PMD CLIENT_NO CLIENT_BITS},
        {{true, true, false, false, 15, 15}, PMD SERVER_NO CLIENT_BITS},
        {{true, false, false, false, 9, 15}, PMD BOTH_NO CLIENT_BITS "=9"},
        {{true, true, true, false, 15, 10}, PMD SERVER_BITS "=10" CLIENT_BITS ", " PMD CLIENT_BITS},
        {{true, true, true, true, 15, 10}, PMD SERVER_BITS "=10" CLIENT_BITS},
        {{true, false, false, false, 13, 8},
         PMD BOTH_NO SERVER_BITS "=8" CLIENT_BITS "=13, " PMD BOTH_NO CLIENT_BITS "=13"},
    };
    for (size_t i = 0; i < COUNT(golden); i++) {
        const char *const offer = offer_of(&golden[i].wishes);
        assert_string_equal(offer, golden[i].offer);
        if (offer[0] != '\0')
            assert_int_equal(weir__extension_list_check(parse(WEIR__HTTP_REQUEST, offer)), WEIR_OK);
    }
}

static void memory_runs_out__output_is_as_it_was(void **state)
{
    (void)state;
    size_t fail_at = 1;
    for (int status = WEIR_E_MEMORY; status != WEIR_OK; fail_at++) {
        weir__buffer buffer = {0};
        assert_int_equal(weir__buffer_append(&memory, &buffer, "before", 6), WEIR_OK);
        alloc.calls = 0;
        alloc.fail_at = fail_at;
        weir__head_writer writer;
        weir__head_begin(&writer, &memory, &buffer);
        for (size_t i = 0; i < 20; i++)
            weir__permessage_write_offer(&writer, &small);
        status = weir__head_end(&writer);
        alloc.fail_at = 0;
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        assert_int_equal(buffer.len > 6, status == WEIR_OK);
        assert_memory_equal(buffer.data, "before", 6);
        weir__buffer_free(&memory, &buffer);
    }
    assert_in_range(fail_at, 3, 20);
}

static void R6455_9_1_3__no_answer__is_no_compression(void **state)
{
    (void)state;
    const weir__http_head *const head = parse_lines(WEIR__HTTP_RESPONSE, "Server: x\r\n");
    agreed_of agreed;
    assert_int_equal(judge(head, &full, &agreed), WEIR_OK);
    assert_false(agreed.enabled);
    assert_int_equal(judge(head, &off, &agreed), WEIR_OK);
}

static void R7692_5_5__R7692_5_4__what_was_not_offered__fails_the_client(void **state)
{
    (void)state;
    const char *answers = "foo|permessage-bzip2|" PMD ", foo|foo, " PMD "|" PMD "x|x" PMD "|-"
                          "|permessage|__proto__|Permessage-Deflate|PERMESSAGE-DEFLATE";
    for (char answer[100]; next_of(&answers, answer);)
        assert_int_equal(judge_answer(answer, &full), WEIR_E_EXTENSION_UNOFFERED);
    assert_int_equal(judge_answer(PMD, &off), WEIR_E_EXTENSION_UNOFFERED);
    assert_int_equal(judge_answer(PMD "; foo", &off), WEIR_E_EXTENSION_UNOFFERED);
}

static void R7692_5_5__same_extension_twice__fails_the_client(void **state)
{
    (void)state;
    assert_bad(PMD ", " PMD, &full);
    assert_bad(PMD SERVER_BITS "=10, " PMD, &small);
}

static void R7692_7_1_1_2_2__no_takeover_in_an_answer__is_obeyed_unasked(void **state)
{
    (void)state;
    agreed_of agreed = agreed_on(PMD, &full);
    assert_true(agreed.tx_takeover && agreed.rx_takeover);
    agreed = agreed_on(PMD CLIENT_NO, &full);
    assert_true(!agreed.tx_takeover && agreed.rx_takeover);
    agreed = agreed_on(PMD SERVER_NO, &full);
    assert_true(agreed.tx_takeover && !agreed.rx_takeover);
}

static void R7692_7_1_1_1_2__asked_no_takeover_of_the_server__must_be_answered(void **state)
{
    (void)state;
    wishes_of wishes = full;
    wishes.rx_takeover = false;
    assert_bad(PMD, &wishes);
    assert_bad(PMD CLIENT_NO, &wishes);
    assert_false(agreed_on(PMD SERVER_NO, &wishes).rx_takeover);
    /* The fallback asks for it too. */
    wishes.rx_window_bits = 10;
    assert_bad(PMD, &wishes);
    assert_bad(PMD SERVER_BITS "=10", &wishes);
    assert_false(agreed_on(PMD SERVER_NO, &wishes).rx_takeover);
    /* Our own is no business of the answer. */
    wishes = full;
    wishes.tx_takeover = false;
    assert_false(agreed_on(PMD, &wishes).tx_takeover);
    assert_true(agreed_on(PMD, &wishes).rx_takeover);
}

static void R7692_7_1_2_1_3__answer_that_accepts_no_offer__fails_the_client(void **state)
{
    (void)state;
    assert_bad(PMD, &small_firm);
    assert_int_equal(agreed_on(PMD, &small).rx_window_bits, 15);
    for (uint8_t bits = 8; bits <= 15; bits++) {
        const char *const text = form(PMD SERVER_BITS "=%u", (unsigned)bits);
        if (bits <= 10)
            assert_int_equal(agreed_on(text, &small_firm).rx_window_bits, bits);
        else
            assert_bad(text, &small_firm);
        assert_int_equal(agreed_on(text, &small).rx_window_bits, bits);
    }
}

static void R7692_7_1_2_1_4__window_of_the_server__may_be_answered_unasked(void **state)
{
    (void)state;
    for (unsigned bits = 8; bits <= 15; bits++) {
        const agreed_of agreed = agreed_on(form(PMD SERVER_BITS "=%u", bits), &full);
        assert_int_equal(agreed.rx_window_bits, bits);
        assert_int_equal(agreed.tx_window_bits, 15);
    }
}

static void R7692_7_1_2_2_3__R7692_7_1_2_2_4__any_window_answered_to_a_hint__is_obeyed(void **state)
{
    (void)state;
    for (uint8_t own = 9; own <= 15; own++) {
        wishes_of wishes = full;
        wishes.tx_window_bits = own;
        assert_int_equal(agreed_on(PMD, &wishes).tx_window_bits, own);
        for (uint8_t bits = 8; bits <= 15; bits++) {
            const char *const text = form(PMD CLIENT_BITS "=%u", (unsigned)bits);
            const agreed_of agreed = agreed_on(text, &wishes);
            assert_int_equal(agreed.tx_window_bits, bits < own ? bits : own);
            assert_int_equal(agreed.rx_window_bits, 15);
        }
    }
}

/* ---- Both sides ------------------------------------------------------------------------------*/

#define WISHES_COUNT (8u * 7u * 8u)

static wishes_of wishes_at(unsigned index)
{
    const uint8_t tx_bits = (uint8_t)(9 + index / 8 % 7);
    const uint8_t rx_bits = (uint8_t)(8 + index / 56);
    return (wishes_of){true,    (index & 1) != 0, (index & 2) != 0, (index & 4) != 0,
                       tx_bits, rx_bits};
}

/* The number behind "name=" in a text; 0 when it is not there. */
static unsigned bits_in(const char *text, const char *name)
{
    const char *const found = strstr(text, name);
    return found == NULL ? 0 : (unsigned)strtoul(found + strlen(name), NULL, 10);
}

static void check_pair(const wishes_of *client, const wishes_of *server, const char *offer,
                       const weir__http_head *asked)
{
    agreed_of ours;
    agreed_of theirs;
    const char *const answer = answer_of(asked, server, &ours);
    /* Only a window that the compressor cannot keep to is declined: ours always can be limited. */
    assert_int_equal(ours.enabled, !(client->rx_window_bits == 8 && client->rx_window_firm));
    if (!ours.enabled)
        return;
    assert_int_equal(judge(parse(WEIR__HTTP_RESPONSE, answer), client, &theirs), WEIR_OK);
    assert_true(theirs.enabled);
    assert_int_equal(ours.tx_takeover, theirs.rx_takeover);
    assert_int_equal(ours.rx_takeover, theirs.tx_takeover);
    assert_int_equal(ours.tx_window_bits, theirs.rx_window_bits);
    assert_int_equal(ours.rx_window_bits, theirs.tx_window_bits);
    assert_int_equal(ours.tx_takeover, server->tx_takeover && client->rx_takeover);
    assert_int_equal(ours.rx_takeover, server->rx_takeover && client->tx_takeover);
    assert_in_range(ours.tx_window_bits, 9, server->tx_window_bits);
    assert_in_range(ours.rx_window_bits, 8, server->rx_window_bits);
    assert_true(ours.rx_window_bits <= client->tx_window_bits);
    /* The offer that counts is the first, but for the window of 8. */
    if (client->rx_window_bits > 8) {
        assert_true(ours.tx_window_bits <= client->rx_window_bits);
        const unsigned offered = bits_in(offer, "server_max_window_bits=");
        const unsigned answered = bits_in(answer, "server_max_window_bits=");
        assert_true(offered == 0 || (answered >= 9 && answered <= offered));
    }
    const unsigned hint = bits_in(offer, "client_max_window_bits=");
    assert_true(hint == 0 || bits_in(answer, "client_max_window_bits=") <= hint);
    if (strstr(offer, "server_no_context_takeover") != NULL)
        assert_non_null(strstr(answer, "server_no_context_takeover"));
}

static void R7692_5_6__R7692_7_1_2__all_wishes_of_both_sides__are_agreed_alike(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WISHES_COUNT; i++) {
        const wishes_of client = wishes_at(i);
        const char *const offer = form("%s", offer_of(&client));
        const weir__http_head *const asked = parse(WEIR__HTTP_REQUEST, offer);
        for (unsigned j = 0; j < WISHES_COUNT; j++) {
            const wishes_of server = wishes_at(j);
            check_pair(&client, &server, offer, asked);
        }
        assert_answer(offer, &off, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PERMESSAGE_TEST(R7692_5_1__R6455_4_1_18__offers__name_only_what_is_wished),
        PERMESSAGE_TEST(memory_runs_out__output_is_as_it_was),
        PERMESSAGE_TEST(R6455_9_1_3__no_answer__is_no_compression),
        PERMESSAGE_TEST(R7692_5_5__R7692_5_4__what_was_not_offered__fails_the_client),
        PERMESSAGE_TEST(R7692_5_5__same_extension_twice__fails_the_client),
        PERMESSAGE_TEST(R7692_7_1_1_2_2__no_takeover_in_an_answer__is_obeyed_unasked),
        PERMESSAGE_TEST(R7692_7_1_1_1_2__asked_no_takeover_of_the_server__must_be_answered),
        PERMESSAGE_TEST(R7692_7_1_2_1_3__answer_that_accepts_no_offer__fails_the_client),
        PERMESSAGE_TEST(R7692_7_1_2_1_4__window_of_the_server__may_be_answered_unasked),
        PERMESSAGE_TEST(R7692_7_1_2_2_3__R7692_7_1_2_2_4__any_window_answered_to_a_hint__is_obeyed),
        PERMESSAGE_TEST(R7692_5_6__R7692_7_1_2__all_wishes_of_both_sides__are_agreed_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
