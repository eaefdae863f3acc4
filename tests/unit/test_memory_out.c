/* SPDX-License-Identifier: MIT */
/* Every allocation of a connection's life fails once: no leak, no crash, the right words. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

/* ---- What must hold however much memory there was --------------------------------------------*/

/* A call that says error changed nothing, and says no other error than the state allows. */
static void out_check(weir_conn *conn, const weir_stats *before, int status)
{
    weir_stats after;
    if (status >= 0)
        return;
    assert_true(status == WEIR_E_MEMORY || status == WEIR_E_NOT_OPEN || status == WEIR_E_CLOSING ||
                status == WEIR_E_NO_MESSAGE || status == WEIR_E_STATE);
    weir_conn_stats(conn, &after, sizeof after);
    assert_memory_equal(before, &after, offsetof(weir_stats, held_bytes));
}

#define TRIED(conn, call)                                                                          \
    do {                                                                                           \
        weir_stats tried_before;                                                                   \
        weir_conn_stats(conn, &tried_before, sizeof tried_before);                                 \
        out_check(conn, &tried_before, call);                                                      \
    } while (0)

/* One CLOSED at most; without a failed allocation a clean end, else one that names memory or what
 * the other side made of it. */
static void out_check_side(const pair_side *side, const test_alloc *alloc)
{
    assert_in_range(side->counts[WEIR_EVENT_CLOSED], 0, 1);
    if (side->counts[WEIR_EVENT_CLOSED] == 0)
        return;
    if (alloc->failed == 0) {
        assert_int_equal(side->cause, WEIR_OK);
        assert_true(side->clean);
        return;
    }
    assert_true(side->cause == WEIR_OK || side->cause == WEIR_E_MEMORY ||
                side->cause == WEIR_E_TRANSPORT || side->cause == WEIR_E_NOT_UPGRADED ||
                side->cause == WEIR_E_REFUSED);
}

static void out_end(pair *p, test_alloc *alloc)
{
    for (int i = 0; i < 2; i++)
        if (p->side[i].conn)
            out_check_side(&p->side[i], alloc);
    pair_free(p);
}

/* The pair of a scenario; 0 when it could not even be made. */
static int out_begin(pair *p, test_alloc *alloc, char kind)
{
    const int status = pair_open(p, kind);
    if (status == WEIR_OK)
        return 1;
    assert_int_equal(status, WEIR_E_MEMORY);
    assert_true(alloc->failed > 0);
    pair_free(p);
    return 0;
}

/* ---- Scenarios -------------------------------------------------------------------------------*/

static void scenario_echo(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.echo = 1;
    if (!out_begin(&p, alloc, 's'))
        return;
    weir_conn *const client = p.side[PAIR_CLIENT].conn;
    pair_run(&p, 1000);
    TRIED(client, weir_conn_send(client, WEIR_TEXT, "hello", 5));
    TRIED(client, weir_conn_send(client, WEIR_BINARY, NULL, 0));
    pair_run(&p, 1000);
    TRIED(client, weir_conn_close(client, 1000, "that is all", WEIR_NTS));
    pair_run(&p, 1000);
    if (alloc->failed == 0) {
        assert_int_equal(p.side[PAIR_CLIENT].counts[WEIR_EVENT_MESSAGE], 2);
        assert_int_equal(p.side[PAIR_CLIENT].code, 1000);
    }
    out_end(&p, alloc);
}

static uint8_t out_large[90000];

/* Moves in small reads, so that messages and control frames are put together. */
static void out_trickle(pair *p, size_t step)
{
    for (size_t moved = 1, turns = 0; moved > 0; turns++) {
        moved = 0;
        assert_true(turns < 200000);
        for (int side = 0; side < 2; side++)
            moved += pair_write(p, side, step) + pair_read(p, side, step);
    }
}

static void scenario_large(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.echo = 1;
    p.config.fragment_bytes = 20000;
    if (!out_begin(&p, alloc, 'e'))
        return;
    weir_conn *const client = p.side[PAIR_CLIENT].conn;
    TRIED(client, weir_conn_send(client, WEIR_BINARY, out_large, sizeof out_large));
    TRIED(client, weir_conn_ping(client, "between", 7));
    out_trickle(&p, 7001);
    TRIED(client, weir_conn_close(client, 1001, NULL, 0));
    pair_run(&p, 1000);
    if (alloc->failed == 0)
        assert_int_equal(p.side[PAIR_CLIENT].got.len, 5 + sizeof out_large);
    out_end(&p, alloc);
}

static void out_send_kinds(pair *p, weir_conn *conn)
{
    weir_message *message;
    static const char borrowed[] = "borrowed, and longer than a fragment";
    const int status = weir_message_create(p->context, WEIR_TEXT, "prepared once", 13, &message);
    assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
    assert_true((status == WEIR_OK) == (message != NULL));
    if (message) {
        TRIED(conn, weir_conn_send_message(conn, message));
        TRIED(conn, weir_conn_send_message(conn, message));
    }
    weir_message_free(message);
    TRIED(conn, weir_conn_send_ref(conn, WEIR_TEXT, borrowed, sizeof borrowed - 1, 7));
    TRIED(conn, weir_conn_send_begin(conn, WEIR_BINARY));
    TRIED(conn, weir_conn_send_chunk(conn, "piece", 5));
    TRIED(conn, weir_conn_pong(conn, "pong", 4));
    TRIED(conn, weir_conn_send_chunk(conn, out_large, 3000));
    TRIED(conn, weir_conn_send_end(conn, "end", 3));
}

static void scenario_sends(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.config.fragment_bytes = 12;
    if (!out_begin(&p, alloc, 'e'))
        return;
    for (int side = 0; side < 2; side++) {
        out_send_kinds(&p, p.side[side].conn);
        pair_run(&p, 100000);
    }
    TRIED(p.side[0].conn, weir_conn_close(p.side[0].conn, 3000, "x", 1));
    pair_run(&p, 1000);
    for (int side = 0; side < 2; side++) {
        if (alloc->failed > 0)
            break;
        assert_int_equal(p.side[side].counts[WEIR_EVENT_MESSAGE], 4);
        assert_int_equal(p.side[side].counts[WEIR_EVENT_RELEASED], 1);
    }
    out_end(&p, alloc);
}

static void scenario_control_in_pieces(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    if (!out_begin(&p, alloc, 'e'))
        return;
    for (int side = 0; side < 2; side++) {
        weir_conn *const conn = p.side[side].conn;
        TRIED(conn, weir_conn_ping(conn, out_large, 125));
        TRIED(conn, weir_conn_pong(conn, out_large, 125));
        out_trickle(&p, 3);
    }
    TRIED(p.side[1].conn, weir_conn_close(p.side[1].conn, 1000, "a reason of some length", 23));
    out_trickle(&p, 3);
    out_end(&p, alloc);
}

static void scenario_keepalive(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.config.idle_timeout_ms = 50000;
    if (!out_begin(&p, alloc, 'e'))
        return;
    for (uint64_t now = 1; now < 70000; now += 1000) {
        weir_context_set_time(p.context, now);
        while (weir_context_next_ready(p.context) != NULL)
            ;
        pair_run(&p, 1000);
    }
    for (int side = 0; side < 2; side++)
        assert_int_equal(p.side[side].counts[WEIR_EVENT_CLOSED], 1);
    assert_true(alloc->failed > 0 || p.side[PAIR_SERVER].cause == WEIR_E_IDLE_TIMEOUT);
    pair_free(&p);
}

static void out_refuse(pair *p, int side, const weir_event *event)
{
    static const weir_field field = {{"Retry-After", 11}, {"120", 3}};
    if (event->type != WEIR_EVENT_REQUEST)
        return;
    weir_conn *const conn = p->side[side].conn;
    const int status = weir_conn_respond(conn, 503, &field, 1, out_large, 600);
    assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
    assert_int_equal(weir_conn_state(conn), status == WEIR_OK ? WEIR_CLOSING : WEIR_CONNECTING);
}

static void scenario_rejected(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.no_accept = 1;
    p.on_event = out_refuse;
    if (!out_begin(&p, alloc, 's'))
        return;
    out_trickle(&p, 50);
    const uint64_t failed = alloc->failed;
    weir_context_set_time(p.context, 60000); /* a request that could not be answered */
    out_trickle(&p, 50);
    if (failed == 0) {
        assert_int_equal(p.side[PAIR_CLIENT].counts[WEIR_EVENT_REJECTED], 1);
        assert_int_equal(p.side[PAIR_CLIENT].cause, WEIR_E_NOT_UPGRADED);
        assert_int_equal(p.side[PAIR_SERVER].cause, WEIR_E_REFUSED);
    }
    pair_free(&p);
}

static void out_accept_with_fields(pair *p, int side, const weir_event *event)
{
    char value[400];
    const weir_field field = {{"Set-Cookie", 10}, {value, sizeof value}};
    if (event->type != WEIR_EVENT_REQUEST)
        return;
    memset(value, 'v', sizeof value);
    const int status = weir_conn_accept(p->side[side].conn, NULL, 0, &field, 1);
    assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
    if (status == WEIR_E_MEMORY) /* the request still waits: once more */
        (void)weir_conn_accept(p->side[side].conn, NULL, 0, NULL, 0);
}

static void scenario_long_answer(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.no_accept = 1;
    p.on_event = out_accept_with_fields;
    if (!out_begin(&p, alloc, 's'))
        return;
    out_trickle(&p, 100);
    weir_conn_close(p.side[PAIR_CLIENT].conn, 0, NULL, 0);
    pair_run(&p, 1000);
    out_end(&p, alloc);
}

static int out_peer_open(peer *p, test_alloc *alloc, weir_conn **conn, int role)
{
    const weir_request request = {.url = {"wss://example.org/a/long/path?with=query", WEIR_NTS},
                                  .subprotocols = {"alpha beta", 10},
                                  .origin = {"https://example.org", WEIR_NTS}};
    p->config.allocate_user = alloc;
    int status = weir_context_create(&p->config, &p->context);
    if (status == WEIR_OK && role == WEIR_SERVER)
        status = weir_conn_create_server(p->context, conn);
    else if (status == WEIR_OK)
        status = weir_conn_create_client(p->context, &request, conn);
    assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
    return status == WEIR_OK;
}

/* Bytes in pieces to a connection, events dropped, output dropped; HTTP events are answered. */
static void out_push(weir_conn *conn, const char *text, size_t step)
{
    weir_event events[4];
    weir_span spans[4];
    const size_t len = strlen(text);
    for (size_t at = 0, used; at < len; at += used) {
        char piece[64];
        const size_t size = len - at < step ? len - at : step;
        memcpy(piece, text + at, size);
        const int count = weir_conn_receive(conn, piece, size, &used, events, 4);
        for (int i = 0; i < count; i++)
            if (events[i].type == WEIR_EVENT_HTTP)
                (void)weir_conn_respond(conn, 200, NULL, 0, out_large, 700);
        if (used < size && count == 0)
            break;
    }
    while (weir_conn_output(conn, spans, 1) > 0)
        assert_int_equal(weir_conn_sent(conn, spans[0].len), WEIR_OK);
}

static void out_against(test_alloc *alloc, int role, const char *text)
{
    peer p;
    weir_conn *conn = NULL;
    weir_event events[8];
    peer_init(&p);
    p.config.http_events = 1;
    p.config.max_early_bytes = 100000;
    if (out_peer_open(&p, alloc, &conn, role)) {
        out_push(conn, text, 37);
        assert_int_equal(weir_conn_receive_eof(conn), WEIR_OK);
        while (weir_conn_wants(conn) & WEIR_WANT_EVENTS)
            assert_true(weir_conn_events(conn, events, 8) > 0);
        assert_int_equal(weir_conn_state(conn), WEIR_CLOSED);
    }
    weir_conn_free(conn);
    assert_int_equal(weir_context_free(p.context), WEIR_OK);
}

static void scenario_http_request(test_alloc *alloc)
{
    out_against(alloc, WEIR_SERVER, "GET /health HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
}

static void scenario_bad_request(test_alloc *alloc)
{
    out_against(alloc, WEIR_SERVER, "POST / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n");
}

static void scenario_early_bytes(test_alloc *alloc)
{
    out_against(alloc, WEIR_SERVER,
                "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                "early early early early early early early early early early early early early ");
}

static void scenario_bad_response(test_alloc *alloc)
{
    out_against(alloc, WEIR_CLIENT,
                "HTTP/1.1 100 Continue\r\nA: 1\r\n\r\nHTTP/1.1 404 Not Found\r\n"
                "Transfer-Encoding: chunked\r\n\r\n50\r\n"
                "01234567890123456789012345678901234567890123456789012345678901234567890123456789"
                "\r\n0\r\n\r\n");
}

/* ---- Sweeps ----------------------------------------------------------------------------------*/

#define SWEEP(name, scenario)                                                                      \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        test_alloc_sweep(scenario);                                                                \
    }

SWEEP(every_allocation_fails__handshake_echo_and_close, scenario_echo)
SWEEP(every_allocation_fails__large_fragmented_messages, scenario_large)
SWEEP(every_allocation_fails__prepared_borrowed_and_streamed_sends, scenario_sends)
SWEEP(every_allocation_fails__control_frames_in_pieces, scenario_control_in_pieces)
SWEEP(every_allocation_fails__keepalive_and_idle_close, scenario_keepalive)
SWEEP(every_allocation_fails__rejected_handshake_with_a_body, scenario_rejected)
SWEEP(every_allocation_fails__answer_longer_than_its_first_room, scenario_long_answer)
SWEEP(every_allocation_fails__plain_http_request, scenario_http_request)
SWEEP(every_allocation_fails__refused_request, scenario_bad_request)
SWEEP(every_allocation_fails__early_bytes, scenario_early_bytes)
SWEEP(every_allocation_fails__response_with_interim_and_chunked_body, scenario_bad_response)

/* ---- One block of memory ---------------------------------------------------------------------*/

static int one_block_run(void *memory, size_t len)
{
    test_alloc alloc = {0};
    pair p;
    pair_init(&p, &alloc);
    p.config.memory = memory;
    p.config.memory_len = len;
    p.echo = 1;
    alloc.failed = 1; /* whatever happens for want of memory is allowed */
    int worked = 0;
    if (out_begin(&p, &alloc, 's')) {
        pair_run(&p, 1000);
        weir_conn_send(p.side[PAIR_CLIENT].conn, WEIR_BINARY, out_large, 5000);
        pair_run(&p, 10000);
        weir_conn_close(p.side[PAIR_CLIENT].conn, 1000, NULL, 0);
        pair_run(&p, 10000);
        worked = p.side[PAIR_CLIENT].counts[WEIR_EVENT_MESSAGE] == 1 && p.side[0].clean &&
                 p.side[1].clean;
        out_end(&p, &alloc);
    }
    assert_int_equal(alloc.calls, 0);
    return worked;
}

static void one_block_of_every_size__fails_clearly_or_works(void **state)
{
    int worked = 0;
    size_t first = 0;
    (void)state;
    for (size_t len = 0; len <= 40000; len += 97) {
        void *const memory = malloc(len ? len : 1);
        const int works = one_block_run(memory, len);
        free(memory);
        if (works && !first)
            first = len;
        worked += works;
    }
    assert_true(worked > 0);
    assert_true(first < 30000);
}

int main(void)
{
    memset(out_large, 'x', sizeof out_large);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails__handshake_echo_and_close),
        cmocka_unit_test(every_allocation_fails__large_fragmented_messages),
        cmocka_unit_test(every_allocation_fails__prepared_borrowed_and_streamed_sends),
        cmocka_unit_test(every_allocation_fails__control_frames_in_pieces),
        cmocka_unit_test(every_allocation_fails__keepalive_and_idle_close),
        cmocka_unit_test(every_allocation_fails__rejected_handshake_with_a_body),
        cmocka_unit_test(every_allocation_fails__answer_longer_than_its_first_room),
        cmocka_unit_test(every_allocation_fails__plain_http_request),
        cmocka_unit_test(every_allocation_fails__refused_request),
        cmocka_unit_test(every_allocation_fails__early_bytes),
        cmocka_unit_test(every_allocation_fails__response_with_interim_and_chunked_body),
        cmocka_unit_test(one_block_of_every_size__fails_clearly_or_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
