/* SPDX-License-Identifier: MIT */
/* The opening handshake between its caller and its memory: early bytes, ends half way. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/conn.h"
#include "support/alloc.h"
#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

/* A server that got a request and what comes behind it, and then accepts. */
static void opening_early(peer *p, size_t cap, const bytes *early)
{
    bytes input = {0};
    peer_init(p);
    p->event_cap = cap;
    p->accept = 0;
    p->config.max_early_bytes = 1 << 20;
    peer_open(p, 's');
    bytes_add_request(&input, NULL);
    peer_feed(p, input.data, input.len, input.len);
    peer_feed(p, early->data, early->len, early->len);
    p->trace.len = 0;
    assert_int_equal(weir_conn_accept(p->conn, NULL, 0, NULL, 0), WEIR_OK);
    bytes_free(&input);
}

static void early_frames__come_one_by_one_to_an_array_of_one(void **state)
{
    (void)state;
    peer p;
    bytes early = {0};
    weir_event event;
    wire_script(&early, WEIR_CLIENT, "T:one P:two T-:th C:ree T-:fo C:ur X:1000,done");
    opening_early(&p, 1, &early);
    static const char *const says[] = {"", "one", "two", "three", "four", "done", "done"};
    static const uint32_t types[] = {WEIR_EVENT_OPEN,    WEIR_EVENT_MESSAGE, WEIR_EVENT_PING,
                                     WEIR_EVENT_MESSAGE, WEIR_EVENT_MESSAGE, WEIR_EVENT_CLOSE};
    for (size_t i = 0; i < 6; i++) {
        assert_true(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS);
        assert_int_equal(weir_conn_events(p.conn, &event, 1), 1);
        assert_int_equal(event.type, types[i]);
        assert_int_equal(event.len, strlen(says[i]));
        if (event.len > 0)
            assert_memory_equal(event.data, says[i], event.len);
    }
    bytes_free(&early);
    peer_close(&p);
}

/* Two messages in fragments: only one can be shown at a time, however large the array. */
static void early_messages_in_fragments__are_shown_one_a_call(void **state)
{
    (void)state;
    peer p;
    bytes early = {0};
    weir_event events[8];
    wire_script(&early, WEIR_CLIENT, "T-:th C:ree T-:fo C:ur T:five");
    opening_early(&p, 8, &early);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 2);
    assert_int_equal(events[1].len, 5);
    assert_memory_equal(events[1].data, "three", 5);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 2);
    assert_memory_equal(events[0].data, "four", 4);
    assert_memory_equal(events[1].data, "five", 4);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 0);
    bytes_free(&early);
    peer_close(&p);
}

/* What is not delivered after our Close holds nothing up: each call takes input or tells of it. */
static void early_messages_that_nobody_wants__do_not_stop_the_input(void **state)
{
    (void)state;
    peer p;
    bytes early = {0};
    weir_event events[8];
    uint8_t ping[] = {0x89, 0x80, 0, 0, 0, 0};
    size_t used;
    wire_script(&early, WEIR_CLIENT, "T-:th C:ree T-:fo C:ur B-:fi C:ve");
    opening_early(&p, 8, &early);
    assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 1);
    assert_int_equal(events[0].type, WEIR_EVENT_OPEN);
    assert_false(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS);
    assert_int_equal(weir_conn_receive(p.conn, ping, sizeof ping, &used, events, 8), 1);
    assert_int_equal(used, sizeof ping);
    bytes_free(&early);
    peer_close(&p);
}

/* In the middle of a large early message nothing may be read into its place: the rest of the early
 * bytes comes first. */
static void early_bytes_that_wait__come_before_what_is_read_into_place(void **state)
{
    (void)state;
    peer p;
    bytes early = {0};
    weir_event events[8];
    size_t len, used;
    wire_script(&early, WEIR_CLIENT, "B-:a C:b B-:c C:~9000");
    opening_early(&p, 8, &early);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 2);
    uint8_t *const place = weir_conn_input_buffer(p.conn, &len);
    assert_ptr_equal(place, p.context->read_buffer);
    memcpy(place, "\x89\x80\0\0\0", 6);
    assert_int_equal(weir_conn_input_filled(p.conn, 6, &used, events, 8), 2);
    assert_int_equal(events[0].len, 9001);
    assert_int_equal(events[1].type, WEIR_EVENT_PING);
    bytes_free(&early);
    peer_close(&p);
}

static void what_is_wrong_in_early_bytes__has_its_place_in_the_input(void **state)
{
    (void)state;
    peer p;
    bytes early = {0}, request = {0};
    weir_event events[8];
    bytes_add_request(&request, NULL);
    wire_script(&early, WEIR_CLIENT, "T:one");
    const size_t fault = request.len + early.len;
    bytes_add(&early, "\xFF\xFF", 2);
    opening_early(&p, 8, &early);
    assert_int_equal(weir_conn_events(p.conn, events, 8), 3);
    assert_int_equal(events[2].type, WEIR_EVENT_CLOSED);
    assert_int_equal(events[2].cause, WEIR_E_RSV);
    assert_int_equal(events[2].offset, fault);
    bytes_free(&early);
    bytes_free(&request);
    peer_close(&p);
}

/* Request and frames in one input. */
static void open__comes_before_what_came_with_it__then_the_head_is_forgotten(void **state)
{
    (void)state;
    peer p;
    bytes input = {0};
    weir_event events[8];
    size_t used;
    peer_init(&p);
    p.config.auto_accept = 1;
    peer_open(&p, 's');
    bytes_add_request(&input, NULL);
    wire_script(&input, WEIR_CLIENT, "T:one P:two");
    assert_int_equal(weir_conn_receive(p.conn, input.data, input.len, &used, events, 8), 3);
    assert_int_equal(used, input.len);
    assert_int_equal(events[0].type, WEIR_EVENT_OPEN);
    assert_int_equal(events[1].type, WEIR_EVENT_MESSAGE);
    assert_int_equal(events[2].type, WEIR_EVENT_PING);
    assert_non_null(weir__conn_opening(p.conn));
    assert_int_equal(weir_conn_events(p.conn, events, 8), 0);
    assert_null(weir__conn_opening(p.conn));
    assert_null(p.conn->extra);
    bytes_free(&input);
    peer_close(&p);
}

/* ---- The end before the beginning ------------------------------------------------------------*/

static void rejection_whose_length_makes_no_sense__fails_for_that(void **state)
{
    (void)state;
    static const char *const lengths[] = {"", "x", "1, 2", "1,", "-1"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        bytes input = {0};
        bytes_add_text(&input, "HTTP/1.1 403 Forbidden\r\nContent-Length: ");
        bytes_add_text(&input, lengths[i]);
        bytes_add_text(&input, "\r\n\r\nno");
        outcome o = run_all_cuts('c', &input, NULL);
        assert_int_equal(o.report.cause, WEIR_E_HTTP_BODY);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* No 503 can be made: the connection ends without one. */
static void opening_refused_without_memory(test_alloc *alloc)
{
    pair p;
    bytes part = {0};
    pair_init(&p, alloc);
    if (pair_open(&p, 's') == WEIR_OK) {
        weir_conn *const server = p.side[PAIR_SERVER].conn;
        weir_event events[4];
        size_t used;
        bytes_add_text(&part, "GET / HTTP/1.1\r\nHost: x\r\n");
        const int count = weir_conn_receive(server, part.data, part.len, &used, events, 4);
        assert_int_equal(count, alloc->failed > 0 && weir_conn_state(server) != WEIR_CONNECTING);
        if (count == 0) {
            assert_int_equal(weir_conn_close(server, 1001, NULL, 0), WEIR_OK);
            assert_int_not_equal(weir_conn_state(server), WEIR_CONNECTING);
        }
    }
    pair_free(&p);
    bytes_free(&part);
}

static void closed_while_opening__ends_with_or_without_memory(void **state)
{
    (void)state;
    test_alloc_sweep(opening_refused_without_memory);
}

/* A handshake that agrees on all there is. */
static void opening_everything(test_alloc *alloc, int automatic)
{
    pair p;
    weir_request request = {.url = TEXT("ws://host/"), .subprotocols = TEXT("chat soap")};
    pair_init(&p, alloc);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.subprotocols = AS_TEXT("soap, chat");
    p.config.auto_accept = (uint64_t)automatic;
    weir_context *context = NULL;
    if (pair_open(&p, 's') == WEIR_OK) {
        weir_conn_free(p.side[PAIR_CLIENT].conn);
        p.side[PAIR_CLIENT].conn = NULL;
        if (weir_conn_create_client(p.context, &request, &p.side[PAIR_CLIENT].conn) == WEIR_OK)
            pair_run(&p, 1000);
        if (alloc->failed == 0) {
            assert_int_equal(p.side[PAIR_CLIENT].counts[WEIR_EVENT_OPEN], 1);
            assert_int_equal(p.side[PAIR_SERVER].counts[WEIR_EVENT_OPEN], 1);
        }
    }
    assert_null(context);
    pair_free(&p);
}

static void opening_auto(test_alloc *alloc)
{
    opening_everything(alloc, 1);
}

static void opening_asked(test_alloc *alloc)
{
    opening_everything(alloc, 0);
}

static void handshake_with_subprotocol_and_compression__survives_each_missing_block(void **state)
{
    (void)state;
    test_alloc_sweep(opening_auto);
    test_alloc_sweep(opening_asked);
}

/* The context's own copy of the lists. */
static void opening_context(test_alloc *alloc)
{
    weir_config config;
    weir_context *context;
    weir_config_init(&config, sizeof config);
    config.allocate = test_allocate;
    config.allocate_user = alloc;
    config.origins = AS_TEXT("https://a, https://b");
    const int status = weir_context_create(&config, &context);
    assert_int_equal(status, alloc->failed > 0 ? WEIR_E_MEMORY : WEIR_OK);
    if (status == WEIR_OK)
        weir_context_free(context);
    else
        assert_null(context);
}

static void context_with_lists__survives_each_missing_block(void **state)
{
    (void)state;
    test_alloc_sweep(opening_context);
}

static void check_text(const peer *p, int id, const char *expected)
{
    weir_text text;
    if (expected == NULL) {
        assert_int_equal(weir_conn_text(p->conn, id, &text), WEIR_E_NOT_FOUND);
        return;
    }
    assert_int_equal(weir_conn_text(p->conn, id, &text), WEIR_OK);
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.data, expected, text.len);
}

static void request__is_read_text_by_text(void **state)
{
    static const char request[] =
        "GET /path?a=b HTTP/1.1\r\nHost: host:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: chat, echo\r\nOrigin: http://host\r\n\r\n";
    static const char *const texts[] = {NULL,      "GET",         "/path?a=b", "/path", "a=b",
                                        "host:80", "http://host", NULL,        NULL,    NULL};
    (void)state;
    peer p;
    weir_text text;
    peer_init(&p);
    p.accept = 0;
    peer_open(&p, 's');
    peer_feed(&p, request, sizeof request - 1, 100);
    for (int id = 0; id < 10; id++)
        check_text(&p, id, texts[id]);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 1, &text), WEIR_OK);
    assert_memory_equal(text.data, "echo", 4);
    assert_int_equal(weir_conn_offered_subprotocol(p.conn, 2, &text), WEIR_E_NOT_FOUND);
    assert_int_equal(weir_conn_accept(p.conn, "echo", 4, NULL, 0), WEIR_OK);
    check_text(&p, WEIR_TEXT_SUBPROTOCOL, "echo");
    check_text(&p, WEIR_TEXT_PATH, "/path");
    assert_int_equal(weir_conn_accept(p.conn, "echo", 4, NULL, 0), WEIR_E_STATE);
    peer_close(&p);
}

/* Of what is no handshake nothing but an answer may follow; of one, anything but a 2xx. */
static void request__is_answered_as_it_asks(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        peer p;
        bytes input = {0};
        peer_init(&p);
        p.accept = 0;
        p.config.http_events = 1;
        peer_open(&p, 's');
        if (plain)
            bytes_add_text(&input, "GET / HTTP/1.1\r\nHost: host\r\n\r\n");
        else
            bytes_add_request(&input, NULL);
        peer_feed(&p, input.data, input.len, 100);
        if (plain)
            assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_E_STATE);
        static const int refused[] = {0, 199, 600, 299};
        for (int i = 0; i < 4 - plain; i++)
            assert_int_equal(weir_conn_respond(p.conn, refused[i], NULL, 0, NULL, 0),
                             WEIR_E_HTTP_STATUS);
        assert_int_equal(weir_conn_respond(p.conn, plain ? 200 : 300, NULL, 0, NULL, 0), WEIR_OK);
        weir_report report;
        assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
        assert_int_equal(report.http_status, plain ? 200 : 300);
        bytes_free(&input);
        peer_close(&p);
    }
}

static void interim_answer__is_not_the_status(void **state)
{
    (void)state;
    peer p;
    weir_report report;
    peer_init(&p);
    peer_open(&p, 'c');
    peer_feed(&p, "HTTP/1.1 103 Hints\r\n\r\n", 24, 24);
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.http_status, 0);
    peer_close(&p);
}

static void rejection__tells_status_and_body(void **state)
{
    (void)state;
    bytes input = {0};
    bytes_add_text(&input, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    outcome o = run_all_cuts('c', &input, NULL);
    assert_int_equal(o.report.cause, WEIR_E_NOT_UPGRADED);
    assert_non_null(strstr(o.trace, "REJECTED flags=0 code=404 cause=- offset=0 token=0 len=2 no"));
    outcome_free(&o);
    bytes_free(&input);
}

static void closing_before_the_request_without_memory__just_ends(void **state)
{
    test_alloc alloc = {0};
    weir_config config;
    weir_context *context;
    weir_conn *conn;
    weir_report end;
    (void)state;
    weir_config_init(&config, sizeof config);
    config.allocate = test_allocate;
    config.allocate_user = &alloc;
    assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
    assert_int_equal(weir_conn_create_server(context, &conn), WEIR_OK);
    alloc.fail_from = 1;
    assert_int_equal(weir_conn_close(conn, 1000, NULL, 0), WEIR_OK);
    alloc.fail_from = 0;
    assert_int_equal(weir_conn_wants(conn) & WEIR_WANT_OUTPUT, 0);
    assert_int_equal(weir_conn_report(conn, &end, sizeof end), WEIR_OK);
    assert_int_equal(end.cause, WEIR_E_REFUSED);
    assert_int_equal(end.http_status, 0);
    weir_conn_free(conn);
    assert_int_equal(weir_context_free(context), WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closing_before_the_request_without_memory__just_ends),
        cmocka_unit_test(early_frames__come_one_by_one_to_an_array_of_one),
        cmocka_unit_test(early_messages_in_fragments__are_shown_one_a_call),
        cmocka_unit_test(early_messages_that_nobody_wants__do_not_stop_the_input),
        cmocka_unit_test(early_bytes_that_wait__come_before_what_is_read_into_place),
        cmocka_unit_test(what_is_wrong_in_early_bytes__has_its_place_in_the_input),
        cmocka_unit_test(open__comes_before_what_came_with_it__then_the_head_is_forgotten),
        cmocka_unit_test(rejection_whose_length_makes_no_sense__fails_for_that),
        cmocka_unit_test(rejection__tells_status_and_body),
        cmocka_unit_test(request__is_read_text_by_text),
        cmocka_unit_test(request__is_answered_as_it_asks),
        cmocka_unit_test(interim_answer__is_not_the_status),
        cmocka_unit_test(closed_while_opening__ends_with_or_without_memory),
        cmocka_unit_test(handshake_with_subprotocol_and_compression__survives_each_missing_block),
        cmocka_unit_test(context_with_lists__survives_each_missing_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
