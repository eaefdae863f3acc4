/* SPDX-License-Identifier: MIT */
/* RFC 7692 5, 7, 7.1: what is offered, answered, declined and refused, in whole handshakes. */
#include <stdio.h>
#include <string.h>

#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/zip.h"

#define PMD "permessage-deflate"
#define SNT "; server_no_context_takeover"
#define CNT "; client_no_context_takeover"
#define SMW "; server_max_window_bits"
#define CMW "; client_max_window_bits"
#define FIELD "Sec-WebSocket-Extensions: "

/* ---- Settings --------------------------------------------------------------------------------*/

/* What a row asks of the config; 0 leaves the default. */
typedef struct wishes {
    uint64_t tx_bits;
    uint64_t rx_bits;
    int rx_firm;
    int no_tx_takeover;
    int no_rx_takeover;
} wishes;

static wishes wished;

static void deflate_on(peer *p)
{
    p->config.deflate = WEIR_DEFLATE_ON;
    if (wished.tx_bits)
        p->config.deflate_tx_bits = wished.tx_bits;
    if (wished.rx_bits)
        p->config.deflate_rx_bits = wished.rx_bits;
    p->config.deflate_rx_firm = (uint64_t)wished.rx_firm;
    p->config.deflate_tx_takeover = !wished.no_tx_takeover;
    p->config.deflate_rx_takeover = !wished.no_rx_takeover;
}

static void deflate_on_sampled(peer *p)
{
    deflate_on(p);
    p->sampled = 1;
}

/* ---- Server ----------------------------------------------------------------------------------*/

typedef struct offer {
    const char *offers; /* the field's value; line breaks are put by the row itself */
    const char *answer; /* NULL: declined */
    wishes wishes;
} offer;

static weir_text request_with(char *room, size_t cap, const char *offers)
{
    const int len = snprintf(room, cap, REQUEST FIELD "%s\r\n" END, offers);
    assert_in_range(len, 0, cap - 1);
    return (weir_text){room, (size_t)len};
}

static void check_offer(const offer *row)
{
    char request[2048];
    char lines[512];
    wished = row->wishes;
    snprintf(lines, sizeof lines, FIELD "%s\r\n", row->answer ? row->answer : "");
    shake_accepted(request_with(request, sizeof request, row->offers), row->answer ? lines : NULL,
                   deflate_on_sampled);
}

static void check_offers(const offer *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_offer(&rows[i]);
}

static void R7692_5_2__R6455_9_1_4__earliest_acceptable_offer__is_taken(void **state)
{
    static const offer rows[] = {
        {PMD "; foo, " PMD CMW, PMD SMW "=13" CMW "=13", {0}},
        {PMD SMW "=10, " PMD SMW "=11", PMD SMW "=10", {0}},
        {PMD SMW "=11, " PMD SMW "=10", PMD SMW "=11", {0}},
        {"x-webkit-deflate-frame, " PMD SNT, PMD SNT SMW "=13", {0}},
        {PMD SMW "=8, " PMD SMW "=16, " PMD CNT ", " PMD, PMD CNT SMW "=13", {0}},
        {PMD "\r\n" FIELD PMD SNT, PMD SMW "=13", {0}},
        {PMD "; bar\r\n" FIELD PMD SNT, PMD SNT SMW "=13", {0}},
        {PMD ", " PMD CMW, PMD SMW "=13", {0}},
        {PMD ", " PMD CMW, PMD SMW "=13" CMW "=13", {.rx_firm = 1}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

/* What browsers send, with our defaults and with the windows they are used to. */
static void R7692_5_6__offers_of_browsers__are_answered(void **state)
{
    static const offer rows[] = {
        {PMD CMW, PMD SMW "=13" CMW "=13", {0}}, /* Chromium, Safari, ws */
        {PMD, PMD SMW "=13", {0}},               /* Firefox */
        {PMD CMW, PMD, {.tx_bits = 15, .rx_bits = 15}},
        {PMD, PMD, {.tx_bits = 15, .rx_bits = 15}},
        {"x-webkit-deflate-frame", NULL, {0}}, /* Safari 9 */
        {PMD CMW ", " PMD, PMD SMW "=13" CMW "=13", {0}},
        {PMD SMW "=12" CMW "=12", PMD SMW "=12" CMW "=12", {0}}, /* websockets */
        {PMD SNT CNT CMW, PMD SNT CNT SMW "=13" CMW "=13", {0}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

static void R7692_7_1__offer_with_an_unknown_parameter__is_declined(void **state)
{
    static const offer rows[] = {
        {PMD "; foo", NULL, {0}},
        {PMD "; foo=1", NULL, {0}},
        {PMD "; client_max_window_bitz", NULL, {0}},
        {PMD "; client_max_window_bit", NULL, {0}},
        {PMD "; Server_No_Context_Takeover", NULL, {0}},
        {PMD "; SERVER_MAX_WINDOW_BITS=12", NULL, {0}},
        {PMD CMW "; __proto__", NULL, {0}},
        {"Permessage-Deflate", NULL, {0}},
        {"permessage-deflate2", NULL, {0}},
        {"permessage-bzip2" CMW, NULL, {0}},
        {PMD "; foo, " PMD "; bar", NULL, {0}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

static void R7692_7_2__R7692_7_3__R7692_7_1_1_1_1__offer_with_a_wrong_value__is_declined(void **s)
{
    static const char *const values[] = {
        "=7",     "=16",     "=0",          "=1",
        "=08",    "=+9",     "=-9",         "=9.0",
        "=0x9",   "=99",     "=150",        "=a",
        "=9a",    "=a9",     "=010",        "=99999999999999",
        "=\"7\"", "=\"08\"", "=4294967305", "=18446744073709551625",
    };
    static const char *const faults[] = {
        PMD SMW,
        PMD SNT "=1",
        PMD SNT "=true",
        PMD CNT "=1",
        PMD CNT "=\"x\"",
        PMD SNT SNT,
        PMD CNT CNT,
        PMD CMW CMW,
        PMD CMW "=10" CMW,
        PMD CMW "=10" CMW "=10",
        PMD SMW "=10" SMW "=10",
        PMD SMW "=10" SMW "=11",
    };
    (void)s;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char text[128];
        snprintf(text, sizeof text, PMD SMW "%s", values[i]);
        check_offer(&(offer){text, NULL, {0}});
        snprintf(text, sizeof text, PMD CMW "%s", values[i]);
        check_offer(&(offer){text, NULL, {0}});
        snprintf(text, sizeof text, PMD CMW "%s, " PMD, values[i]);
        check_offer(&(offer){text, PMD SMW "=13", {0}});
    }
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        check_offer(&(offer){faults[i], NULL, {0}});
}

static void R7692_7_4__window_that_the_compressor_has_not__is_declined(void **state)
{
    static const offer rows[] = {
        {PMD SMW "=8", NULL, {0}},
        {PMD SMW "=8" CMW, NULL, {0}},
        {PMD SMW "=8, " PMD SMW "=9", PMD SMW "=9", {0}},
        {PMD, NULL, {.rx_firm = 1}},
        {PMD CNT, NULL, {.rx_firm = 1, .rx_bits = 14}},
        {PMD, PMD SMW "=13", {.rx_firm = 1, .rx_bits = 15}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

static void R7692_7_1_1_1_2__no_takeover__is_answered_when_offered_or_wished(void **state)
{
    static const offer rows[] = {
        {PMD SNT, PMD SNT SMW "=13", {0}},
        {PMD, PMD SNT SMW "=13", {.no_tx_takeover = 1}},
        {PMD SNT, PMD SNT SMW "=13", {.no_tx_takeover = 1}},
        {PMD CNT, PMD CNT SMW "=13", {0}},
        {PMD, PMD CNT SMW "=13", {.no_rx_takeover = 1}},
        {PMD SNT CNT, PMD SNT CNT SMW "=13", {0}},
        {PMD CMW, PMD SNT CNT SMW "=13" CMW "=13", {.no_tx_takeover = 1, .no_rx_takeover = 1}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

static void R7692_7_1_2_1_1__R7692_7_1_2_1_2__R7692_7_1_2_2_1__every_window__is_answered(void **s)
{
    (void)s;
    for (unsigned offered = 8; offered <= 15; offered++) {
        for (unsigned wish = 9; wish <= 15; wish++) {
            char text[128], answer[160];
            const unsigned least = offered < wish ? offered : wish;
            snprintf(text, sizeof text, PMD SMW "=%u" CMW "=%u", offered, offered);
            snprintf(answer, sizeof answer, PMD SMW "=%u", least);
            if (least < 15)
                snprintf(answer + strlen(answer), 64, CMW "=%u", least);
            check_offer(&(offer){text, offered < 9 ? NULL : answer, {wish, wish, 0, 0, 0}});
            snprintf(text, sizeof text, PMD SMW "=\"%u\"", offered);
            snprintf(answer, sizeof answer, PMD SMW "=%u", least);
            check_offer(&(offer){text, offered < 9 ? NULL : answer, {wish, wish, 0, 0, 0}});
        }
    }
}

static void R7692_7_1_2_2_2__client_window__is_not_answered_unless_offered(void **state)
{
    static const offer rows[] = {
        {PMD, PMD SMW "=13", {.rx_bits = 9}},
        {PMD SMW "=15", PMD SMW "=13", {.rx_bits = 9}},
        {PMD CMW, PMD SMW "=13" CMW "=9", {.rx_bits = 9}},
        {PMD CMW "=8", PMD SMW "=13" CMW "=8", {.rx_bits = 9}},
        {PMD CMW "=15", PMD SMW "=13" CMW "=9", {.rx_bits = 9}},
        {PMD CMW, PMD SMW "=13", {.rx_bits = 15}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

/* Mode OFF, which is the default, and offers that all are declined: both sides go on without. */
static void R7692_5_6__R7692_8_1__declined_offer__leaves_messages_as_they_are(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        peer p;
        bytes input = {NULL, 0, 0};
        peer_init(&p);
        if (on)
            p.config.deflate = WEIR_DEFLATE_PREFERRED;
        zip_peer(&p, WEIR_SERVER, on ? PMD "; foo" : PMD CMW);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "aaaaaaaaaaaaaaaa", 16),
                         WEIR_OK);
        peer_pump(&p);
        assert_int_equal(p.output.len, 18);
        assert_memory_equal(p.output.data,
                            "\x81\x10"
                            "aaaaaaaaaaaaaaaa",
                            18);
        p.output.len = 0;
        zip_text(&input, WEIR_CLIENT, "Hello");
        peer_feed(&p, input.data, input.len, input.len);
        assert_true(peer_saw(&p, "cause=WEIR_E_RSV"));
        assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1002);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* ---- Client ----------------------------------------------------------------------------------*/

static void check_request(const wishes *row, const char *offers)
{
    const weir_request request = {.url = TEXT("ws://host/")};
    peer p;
    peer_init(&p);
    wished = *row;
    deflate_on(&p);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
    peer_pump(&p);
    bytes_add(&p.output, "", 1);
    const char *const at = strstr((const char *)p.output.data, FIELD);
    assert_non_null(at);
    const size_t len = strlen(offers);
    assert_memory_equal(at + sizeof FIELD - 1, offers, len);
    assert_memory_equal(at + sizeof FIELD - 1 + len, "\r\n", 2);
    assert_null(strstr(at + 1, FIELD));
    peer_close(&p);
}

static void R7692_5_1__R6455_4_1_18__offers_of_a_client__are_these(void **state)
{
    static const struct {
        wishes wishes;
        const char *offers;
    } rows[] = {
        {{0}, PMD SMW "=13" CMW "=13, " PMD CMW "=13"},
        {{.tx_bits = 15, .rx_bits = 15}, PMD CMW},
        {{.tx_bits = 15}, PMD SMW "=13" CMW ", " PMD CMW},
        {{.rx_bits = 15}, PMD CMW "=13"},
        {{.rx_firm = 1}, PMD SMW "=13" CMW "=13"},
        {{.tx_bits = 9, .rx_bits = 9, .rx_firm = 1}, PMD SMW "=9" CMW "=9"},
        {{.no_tx_takeover = 1}, PMD CNT SMW "=13" CMW "=13, " PMD CNT CMW "=13"},
        {{.no_rx_takeover = 1}, PMD SNT SMW "=13" CMW "=13, " PMD SNT CMW "=13"},
        {{15, 15, 0, 1, 1}, PMD SNT CNT CMW},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_request(&rows[i].wishes, rows[i].offers);
}

/* RFC 7692 8.1: nothing is offered unless it was asked for. */
static void R7692_8_1__default__offers_nothing(void **state)
{
    const weir_request request = {.url = TEXT("ws://host/")};
    peer p;
    (void)state;
    peer_init(&p);
    assert_int_equal(p.config.deflate, WEIR_DEFLATE_OFF);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
    peer_pump(&p);
    bytes_add(&p.output, "", 1);
    assert_null(strstr((const char *)p.output.data, "Sec-WebSocket-Extensions"));
    peer_close(&p);
}

static void check_answer(const wishes *row, const char *answer, int cause)
{
    char response[1024];
    const int len = snprintf(response, sizeof response, RESPONSE FIELD "%s\r\n" END, answer);
    assert_in_range(len, 0, sizeof response - 1);
    wished = *row;
    if (cause == WEIR_OK)
        shake_client_opens((weir_text){response, (size_t)len}, deflate_on_sampled);
    else
        shake_client_fails((weir_text){response, (size_t)len}, cause, deflate_on_sampled);
}

static void R7692_5_5__answer_that_was_not_offered__fails_the_connection(void **state)
{
    static const wishes none = {0};
    (void)state;
    check_answer(&none, "permessage-bzip2", WEIR_E_EXTENSION_UNOFFERED);
    check_answer(&none, "x-webkit-deflate-frame", WEIR_E_EXTENSION_UNOFFERED);
    check_answer(&none, "Permessage-Deflate", WEIR_E_EXTENSION_UNOFFERED);
    check_answer(&none, PMD ", permessage-bzip2", WEIR_E_EXTENSION_UNOFFERED);
    check_answer(&none, PMD ", " PMD, WEIR_E_EXTENSION_PARAMS);
    check_answer(&none, PMD "\r\n" FIELD PMD, WEIR_E_EXTENSION_PARAMS);
    check_answer(&none, PMD SMW "=13, " PMD SMW "=13", WEIR_E_EXTENSION_PARAMS);
}

static void R7692_7_5__R7692_7_1_1_1_1__wrong_answer__fails_the_connection(void **state)
{
    static const wishes none = {0};
    static const char *const answers[] = {
        PMD "; foo",
        PMD SNT SNT,
        PMD SNT "=1",
        PMD CNT "=1",
        PMD SMW,
        PMD SMW "=7",
        PMD SMW "=16",
        PMD SMW "=08",
        PMD SMW "=+9",
        PMD SMW "=9a",
        PMD SMW "=13" SMW "=13",
        PMD CMW "=7",
        PMD CMW "=16",
        PMD CMW "=08",
        PMD CMW "=10" CMW "=10",
        PMD CMW "=99999",
        PMD "; Server_no_context_takeover",
        PMD CNT CNT,
        PMD SMW "=4294967305",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        check_answer(&none, answers[i], WEIR_E_EXTENSION_PARAMS);
}

/* RFC 7692 7.1.2.2: bare, it is an offer. */
static void R7692_7_1_2_2_1__bare_client_window_in_an_answer__fails(void **state)
{
    (void)state;
    check_answer(&(wishes){0}, PMD CMW, WEIR_E_EXTENSION_PARAMS);
}

static void R7692_7_1_1_2_2__no_takeover_unasked__is_obeyed(void **state)
{
    static const wishes none = {0};
    (void)state;
    check_answer(&none, PMD CNT, WEIR_OK);
    check_answer(&none, PMD SNT, WEIR_OK);
    check_answer(&none, PMD SNT CNT, WEIR_OK);
    /* Asked for, it must be there. */
    check_answer(&(wishes){.no_rx_takeover = 1}, PMD SNT, WEIR_OK);
    check_answer(&(wishes){.no_rx_takeover = 1}, PMD, WEIR_E_EXTENSION_PARAMS);
}

static void R7692_7_1_2_1_3__R7692_7_1_2_1_4__server_window__fits_an_offer_or_fails(void **state)
{
    (void)state;
    for (int firm = 0; firm < 2; firm++) {
        const wishes ten = {.rx_bits = 10, .rx_firm = firm};
        check_answer(&ten, PMD, firm ? WEIR_E_EXTENSION_PARAMS : WEIR_OK);
        for (unsigned bits = 8; bits <= 15; bits++) {
            char answer[64];
            snprintf(answer, sizeof answer, PMD SMW "=%u", bits);
            check_answer(&ten, answer, bits > 10 && firm ? WEIR_E_EXTENSION_PARAMS : WEIR_OK);
            check_answer(&(wishes){.rx_bits = 15, .rx_firm = firm}, answer, WEIR_OK);
        }
    }
}

static void R7692_7_1_2_2_3__client_window__may_be_any_in_the_answer(void **state)
{
    (void)state;
    for (unsigned wish = 9; wish <= 15; wish++) {
        for (unsigned bits = 8; bits <= 15; bits++) {
            char answer[64];
            snprintf(answer, sizeof answer, PMD CMW "=%u", bits);
            check_answer(&(wishes){.tx_bits = wish}, answer, WEIR_OK);
        }
    }
}

/* RFC 6455 9.1: until the server has said so, and when it says nothing, nothing is compressed. */
static void R6455_9_1_3__R7692_5_6__unanswered_offer__is_no_agreement(void **state)
{
    peer p;
    bytes input = {NULL, 0, 0};
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_PREFERRED;
    zip_peer(&p, WEIR_CLIENT, NULL);
    assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "aaaaaaaaaaaaaaaa", 16),
                     WEIR_OK);
    peer_pump(&p);
    assert_int_equal(p.output.data[0], 0x81);
    p.output.len = 0;
    zip_text(&input, WEIR_SERVER, "Hello");
    peer_feed(&p, input.data, input.len, input.len);
    assert_true(peer_saw(&p, "cause=WEIR_E_RSV"));
    bytes_free(&input);
    peer_close(&p);
}

/* ---- Sweeps ----------------------------------------------------------------------------------*/

#ifdef ZIP_SLOW
#define SWEEP_STEP 101
#else
#define SWEEP_STEP 1
#endif

/* One handshake and a compressed message each way, or none of it. */
static void sweep_one(weir_context *context, int role, const char *param, unsigned value)
{
    static uint8_t out[4096];
    const int from = role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
    const weir_request request = {.url = TEXT("ws://host/")};
    char extensions[128];
    weir_conn *conn;
    weir_event events[8];
    weir_span span;
    size_t used;
    bytes input = {NULL, 0, 0};
    snprintf(extensions, sizeof extensions, PMD "%s=%u", param, value);
    const int is_server_window = param[2] == 's';
    const int in_range = value >= 8 && value <= 15;
    const int supported = in_range && !(role == WEIR_SERVER && is_server_window && value == 8);
    if (role == WEIR_SERVER) {
        assert_int_equal(weir_conn_create_server(context, &conn), WEIR_OK);
        bytes_add_text(&input, REQUEST FIELD);
        bytes_add_text(&input, extensions);
        bytes_add_text(&input, "\r\n" END);
    } else {
        static const char name[] = "Sec-WebSocket-Key: ";
        char accept[29] = "";
        assert_int_equal(weir_conn_create_client(context, &request, &conn), WEIR_OK);
        assert_int_equal(weir_conn_output(conn, &span, 1), 1);
        memcpy(out, span.data, span.len);
        out[span.len] = 0;
        const char *const key = strstr((char *)out, name) + sizeof name - 1;
        assert_int_equal(weir_accept_key(key, 24, accept), WEIR_OK);
        assert_int_equal(weir_conn_sent(conn, span.len), WEIR_OK);
        bytes_add_text(&input, STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: ");
        bytes_add_text(&input, accept);
        bytes_add_text(&input, "\r\n" FIELD);
        bytes_add_text(&input, extensions);
        bytes_add_text(&input, "\r\n" END);
    }
    zip_frame(&input, from, 1, 4, 1, "\xF2\x48\xCD\xC9\xC9\x07\x00", 7);
    int messages = 0;
    for (size_t at = 0; at < input.len || (weir_conn_wants(conn) & WEIR_WANT_EVENTS); at += used) {
        const int count =
            weir_conn_receive(conn, input.data + at, input.len - at, &used, events, 8);
        for (int i = 0; i < count; i++)
            messages += events[i].type == WEIR_EVENT_MESSAGE && events[i].len == 5 &&
                        memcmp(events[i].data, "Hello", 5) == 0;
    }
    if (supported) {
        assert_int_equal(messages, 1);
        assert_int_equal(weir_conn_send(conn, WEIR_TEXT | WEIR_COMPRESS, "Hello", 5), WEIR_OK);
    } else {
        weir_report report;
        assert_int_equal(messages, 0);
        weir_conn_report(conn, &report, sizeof report);
        assert_int_equal(report.cause, role == WEIR_SERVER ? WEIR_E_RSV : WEIR_E_EXTENSION_PARAMS);
    }
    bytes_free(&input);
    weir_conn_free(conn);
}

static void R7692_7_1_2__SEC_N1__every_number_from_0_to_65535__is_a_window_or_refused(void **state)
{
    static const char *const params[] = {SMW, CMW};
    test_alloc alloc = {0};
    pair p;
    (void)state;
    pair_init(&p, &alloc);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.deflate_rx_bits = 15;
    p.config.auto_accept = 1;
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    for (unsigned value = 0; value <= 65535; value += value < 1030 ? 1 : SWEEP_STEP)
        for (size_t i = 0; i < 2; i++) {
            sweep_one(p.context, WEIR_SERVER, params[i], value);
            sweep_one(p.context, WEIR_CLIENT, params[i], value);
        }
    assert_int_equal(weir_context_free(p.context), WEIR_OK);
    assert_int_equal(alloc.held, 0);
}

/* ---- Policy of one connection ----------------------------------------------------------------*/

/* Between the request and its answer the policy changes: what is answered is what is done. */
static void R7692_5_6__mode_set_before_the_answer__is_what_the_answer_says(void **state)
{
    (void)state;
    for (uint64_t before = 0; before < 2; before++) {
        for (uint64_t after = 0; after < 2; after++) {
            peer p;
            bytes input = {NULL, 0, 0};
            peer_init(&p);
            p.accept = 0;
            p.config.deflate = before;
            peer_open(&p, 's');
            zip_handshake(&input, WEIR_CLIENT, PMD CMW);
            peer_feed(&p, input.data, input.len, input.len);
            assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, after), WEIR_OK);
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
            peer_pump(&p);
            bytes_add(&p.output, "", 1);
            const int answered = strstr((char *)p.output.data, PMD) != NULL;
            p.output.len = input.len = 0;
            zip_text(&input, WEIR_CLIENT, "Hello");
            peer_feed(&p, input.data, input.len, input.len);
            assert_int_equal(peer_saw(&p, "Hello"), answered);
            assert_int_equal(answered, after);
            bytes_free(&input);
            peer_close(&p);
        }
    }
}

/* What a client offered stays offered, whatever its policy becomes. */
static void R7692_5_5__mode_set_after_the_offer__does_not_change_it(void **state)
{
    (void)state;
    for (uint64_t before = 0; before < 2; before++) {
        peer p;
        bytes input = {NULL, 0, 0};
        peer_init(&p);
        p.config.deflate = before;
        peer_open(&p, 'c');
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, !before), WEIR_OK);
        zip_handshake(&input, WEIR_SERVER, PMD);
        peer_feed(&p, input.data, input.len, input.len);
        assert_int_equal(weir_conn_state(p.conn) == WEIR_OPEN, before);
        assert_int_equal(peer_saw(&p, "cause=WEIR_E_EXTENSION_UNOFFERED"), !before);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* Windows and takeover were agreed or offered: they are not the connection's to change. */
static void R7692_5_6__windows_and_takeover__cannot_be_set_for_one_connection(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    zip_peer(&p, WEIR_SERVER, PMD);
    for (int option = WEIR_OPTION_DEFLATE; option <= WEIR_OPTION_DEFLATE_IDLE_MS; option++) {
        const int fixed =
            option >= WEIR_OPTION_DEFLATE_TX_BITS && option <= WEIR_OPTION_DEFLATE_RX_TAKEOVER;
        uint64_t value;
        assert_int_equal(weir_config_get(&p.config, option, &value), WEIR_OK);
        assert_int_equal(weir_conn_set(p.conn, option, value), fixed ? WEIR_E_OPTION : WEIR_OK);
    }
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, 4), WEIR_E_CONFIG);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_LEVEL, 5), WEIR_E_CONFIG);
    peer_close(&p);
}

/* RFC 7692 5: there is no second extension that could claim RSV1 too. */
static void R7692_5_4__other_extensions__are_declined_beside_it(void **state)
{
    static const offer rows[] = {
        {"permessage-bzip2, " PMD, PMD SMW "=13", {0}},
        {PMD ", permessage-bzip2", PMD SMW "=13", {0}},
        {"x-webkit-deflate-frame, " PMD ", bbf-usp-protocol", PMD SMW "=13", {0}},
    };
    (void)state;
    check_offers(rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_5_1__R6455_4_1_18__offers_of_a_client__are_these),
        cmocka_unit_test(R7692_5_2__R6455_9_1_4__earliest_acceptable_offer__is_taken),
        cmocka_unit_test(R7692_5_4__other_extensions__are_declined_beside_it),
        cmocka_unit_test(R7692_5_5__answer_that_was_not_offered__fails_the_connection),
        cmocka_unit_test(R7692_5_5__mode_set_after_the_offer__does_not_change_it),
        cmocka_unit_test(R7692_5_6__offers_of_browsers__are_answered),
        cmocka_unit_test(R7692_5_6__R7692_8_1__declined_offer__leaves_messages_as_they_are),
        cmocka_unit_test(R7692_5_6__mode_set_before_the_answer__is_what_the_answer_says),
        cmocka_unit_test(R7692_5_6__windows_and_takeover__cannot_be_set_for_one_connection),
        cmocka_unit_test(R6455_9_1_3__R7692_5_6__unanswered_offer__is_no_agreement),
        cmocka_unit_test(R7692_7_1__offer_with_an_unknown_parameter__is_declined),
        cmocka_unit_test(
            R7692_7_2__R7692_7_3__R7692_7_1_1_1_1__offer_with_a_wrong_value__is_declined),
        cmocka_unit_test(R7692_7_4__window_that_the_compressor_has_not__is_declined),
        cmocka_unit_test(R7692_7_5__R7692_7_1_1_1_1__wrong_answer__fails_the_connection),
        cmocka_unit_test(R7692_7_1_1_1_2__no_takeover__is_answered_when_offered_or_wished),
        cmocka_unit_test(R7692_7_1_1_2_2__no_takeover_unasked__is_obeyed),
        cmocka_unit_test(
            R7692_7_1_2_1_1__R7692_7_1_2_1_2__R7692_7_1_2_2_1__every_window__is_answered),
        cmocka_unit_test(R7692_7_1_2_1_3__R7692_7_1_2_1_4__server_window__fits_an_offer_or_fails),
        cmocka_unit_test(R7692_7_1_2_2_1__bare_client_window_in_an_answer__fails),
        cmocka_unit_test(R7692_7_1_2_2_2__client_window__is_not_answered_unless_offered),
        cmocka_unit_test(R7692_7_1_2_2_3__client_window__may_be_any_in_the_answer),
        cmocka_unit_test(R7692_7_1_2__SEC_N1__every_number_from_0_to_65535__is_a_window_or_refused),
        cmocka_unit_test(R7692_8_1__default__offers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
