/* SPDX-License-Identifier: MIT */
/* Every call in every state, with and without sense: a documented answer, and nothing changed by
 * an error. */
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/conn.h"
#include "support/peer.h"
#include "support/test.h"

/* ---- Every state -----------------------------------------------------------------------------*/

static char conn_large[3000];

/* Bytes in; events are dropped, output stays. */
static void conn_push(peer *p, const void *data, size_t len)
{
    weir_event events[16];
    uint8_t *const copy = malloc(len + 1);
    memcpy(copy, data, len);
    for (size_t at = 0, used; at < len; at += used)
        assert_true(weir_conn_receive(p->conn, copy + at, len - at, &used, events, 16) > 0 ||
                    used > 0);
    free(copy);
}

static void conn_push_text(peer *p, const char *text)
{
    conn_push(p, text, strlen(text));
}

static void conn_push_request(peer *p)
{
    bytes b = {0};
    bytes_add_request(&b, "Sec-WebSocket-Protocol: chat, echo\r\n");
    conn_push(p, b.data, b.len);
    bytes_free(&b);
}

static void conn_push_close(peer *p)
{
    bytes b = {0};
    bytes_add_close(&b, p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, 1000, "bye");
    conn_push(p, b.data, b.len);
    bytes_free(&b);
}

static void conn_push_frame(peer *p, int fin, int opcode, const char *payload)
{
    bytes b = {0};
    bytes_add_frame(&b, p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, fin, opcode, payload,
                    strlen(payload));
    conn_push(p, b.data, b.len);
    bytes_free(&b);
}

static void reach_fresh(peer *p)
{
    (void)p;
}

static void reach_part_of_head(peer *p)
{
    conn_push_text(p, p->role == WEIR_SERVER ? "GET / HTTP/1.1\r\nHost: ho" : "HTTP/1.1 101 Swi");
}

static void reach_request(peer *p)
{
    conn_push_request(p);
}

static void reach_request_with_early_bytes(peer *p)
{
    conn_push_request(p);
    conn_push_text(p, "early");
}

static void reach_http(peer *p)
{
    conn_push_text(p, "GET /health HTTP/1.1\r\nHost: host\r\n\r\n");
}

static void reach_accepted(peer *p)
{
    conn_push_request(p);
    assert_int_equal(weir_conn_accept(p->conn, "chat", 4, NULL, 0), WEIR_OK);
}

static void reach_refused(peer *p)
{
    conn_push_text(p, "GET / HTTP/1.1\r\nno colon\r\n");
}

static void reach_in_message(peer *p)
{
    conn_push_frame(p, 0, 1, "unfinished");
    conn_push_text(p, p->role == WEIR_SERVER ? "\x80\x85key!ab"
                                             : "\x80\x05"
                                               "ab");
}

static void reach_streaming(peer *p)
{
    assert_int_equal(weir_conn_send_begin(p->conn, WEIR_TEXT), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(p->conn, "piece", 5), WEIR_OK);
}

static void reach_full_queue(peer *p)
{
    while (weir_conn_send_ref(p->conn, WEIR_BINARY, conn_large, sizeof conn_large, 1) !=
           WEIR_WOULD_BLOCK)
        ;
}

static void reach_close_sent(peer *p)
{
    assert_int_equal(weir_conn_close(p->conn, 1000, "bye", 3), WEIR_OK);
}

static void reach_close_received(peer *p)
{
    reach_streaming(p);
    conn_push_close(p);
}

static void reach_both_closed(peer *p)
{
    conn_push_close(p);
    peer_pump(p);
}

static void reach_failing(peer *p)
{
    conn_push_frame(p, 1, 5, "no such opcode");
}

static void reach_lingering(peer *p)
{
    conn_push_frame(p, 1, 5, "no such opcode");
    peer_pump(p);
}

static void reach_over(peer *p)
{
    assert_int_equal(weir_conn_receive_eof(p->conn), WEIR_OK);
}

static void reach_over_and_told(peer *p)
{
    assert_int_equal(weir_conn_receive_eof(p->conn), WEIR_OK);
    peer_pump(p);
}

static void reach_rejection(peer *p)
{
    conn_push_text(p, "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nhalf");
}

static void reach_rejected(peer *p)
{
    conn_push_text(p, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbody");
}

typedef struct conn_state {
    const char *kinds;
    void (*reach)(peer *p);
} conn_state;

static const conn_state conn_states[] = {
    {"sScC", reach_fresh},
    {"sc", reach_part_of_head},
    {"s", reach_request},
    {"s", reach_request_with_early_bytes},
    {"s", reach_http},
    {"s", reach_accepted},
    {"s", reach_refused},
    {"SC", reach_in_message},
    {"SC", reach_streaming},
    {"SC", reach_full_queue},
    {"sScC", reach_close_sent},
    {"SC", reach_close_received},
    {"SC", reach_both_closed},
    {"SC", reach_failing},
    {"SC", reach_lingering},
    {"sScC", reach_over},
    {"sScC", reach_over_and_told},
    {"c", reach_rejection},
    {"c", reach_rejected},
};

/* ---- Every call ------------------------------------------------------------------------------*/

#define IN(status) (1u << (-(status)-100))
#define OPEN_ERRORS                                                                                \
    (IN(WEIR_E_NOT_OPEN) | IN(WEIR_E_CLOSING) | IN(WEIR_E_MESSAGE_OPEN) | IN(WEIR_E_NO_MESSAGE))

static const weir_field conn_field = {{"X-Field", 7}, {"value", 5}};

static int call_send(peer *p)
{
    return weir_conn_send(p->conn, WEIR_TEXT, "text", 4);
}

static int call_send_ref(peer *p)
{
    return weir_conn_send_ref(p->conn, WEIR_BINARY, conn_large, sizeof conn_large, 9);
}

static int call_send_message(peer *p)
{
    weir_message *message;
    assert_int_equal(weir_message_create(p->context, WEIR_TEXT, "x", 1, &message), WEIR_OK);
    const int status = weir_conn_send_message(p->conn, message);
    weir_message_free(message);
    return status;
}

static int call_send_begin(peer *p)
{
    return weir_conn_send_begin(p->conn, WEIR_BINARY);
}

static int call_send_chunk(peer *p)
{
    return weir_conn_send_chunk(p->conn, "more", 4);
}

static int call_send_end(peer *p)
{
    return weir_conn_send_end(p->conn, NULL, 0);
}

static int call_ping(peer *p)
{
    return weir_conn_ping(p->conn, conn_large, 125);
}

static int call_pong(peer *p)
{
    return weir_conn_pong(p->conn, NULL, 0);
}

static int call_close(peer *p)
{
    return weir_conn_close(p->conn, 3000, "why", WEIR_NTS);
}

static int call_accept(peer *p)
{
    return weir_conn_accept(p->conn, "echo", 4, &conn_field, 1);
}

static int call_respond(peer *p)
{
    return weir_conn_respond(p->conn, 404, &conn_field, 1, "body", 4);
}

static int call_receive(peer *p)
{
    weir_event events[3];
    size_t used;
    uint8_t input[] = {0x89, 0x80, 1, 2, 3, 4, 0x0A, 0x00};
    const int count = weir_conn_receive(p->conn, input, sizeof input, &used, events, 3);
    assert_in_range(count, 0, 3);
    assert_true(count > 0 || used > 0);
    return WEIR_OK;
}

static int call_events(peer *p)
{
    weir_event events[3];
    assert_in_range(weir_conn_events(p->conn, events, 3), 0, 3);
    return WEIR_OK;
}

static int call_eof(peer *p)
{
    return weir_conn_receive_eof(p->conn);
}

static int call_input(peer *p)
{
    size_t len, used;
    weir_event events[3];
    uint8_t *const place = weir_conn_input_buffer(p->conn, &len);
    assert_non_null(place);
    *place = 0x89;
    assert_in_range(weir_conn_input_filled(p->conn, 1, &used, events, 3), 0, 3);
    return WEIR_OK;
}

static int call_output(peer *p)
{
    weir_span spans[3];
    const int count = weir_conn_output(p->conn, spans, 3);
    assert_in_range(count, 0, 3);
    assert_true(count > 0 || (weir_conn_wants(p->conn) & WEIR_WANT_OUTPUT) == 0);
    return WEIR_OK;
}

static int call_sent(peer *p)
{
    weir_span spans[3];
    const int count = weir_conn_output(p->conn, spans, 3);
    return weir_conn_sent(p->conn, count > 0 ? spans[0].len : 0);
}

static int call_texts(peer *p)
{
    weir_text text;
    weir_field field;
    for (int id = -1; id <= 9; id++) {
        const int status = weir_conn_text(p->conn, id, &text);
        assert_true(status == WEIR_OK || status == WEIR_E_NOT_FOUND);
        assert_true(status != WEIR_OK || text.len == 0 || text.data[0] != '\0');
    }
    for (size_t i = 0; i < 8; i++) {
        if (weir_conn_header_at(p->conn, i, &field) == WEIR_OK)
            assert_int_equal(weir_conn_header(p->conn, field.name.data, field.name.len, 0, &text),
                             WEIR_OK);
        (void)weir_conn_offered_subprotocol(p->conn, i, &text);
    }
    return weir_conn_header(p->conn, "Host", WEIR_NTS, 5, &text);
}

static int call_set(peer *p)
{
    return weir_conn_set(p->conn, WEIR_OPTION_FRAGMENT_BYTES, 10);
}

static int call_time(peer *p)
{
    assert_int_equal(weir_context_set_time(p->context, 50000), WEIR_OK);
    while (weir_context_next_ready(p->context) != NULL)
        ;
    return WEIR_OK;
}

static int call_questions(peer *p)
{
    weir_stats stats;
    weir_report report;
    assert_int_equal(weir_conn_stats(p->conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(weir_conn_report(p->conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(weir_context_stats(p->context, &stats, sizeof stats), WEIR_OK);
    assert_non_null(report.text.data);
    assert_true(weir_conn_buffered_amount(p->conn) <= stats.held_bytes + 100000000);
    return weir_context_free(p->context);
}

typedef struct conn_call {
    int (*call)(peer *p);
    uint64_t errors; /* bits IN(...) that its documentation names for these arguments */
} conn_call;

static const conn_call conn_calls[] = {
    {call_send, OPEN_ERRORS},
    {call_send_ref, OPEN_ERRORS},
    {call_send_message, OPEN_ERRORS},
    {call_send_begin, OPEN_ERRORS},
    {call_send_chunk, OPEN_ERRORS},
    {call_send_end, OPEN_ERRORS},
    {call_ping, OPEN_ERRORS},
    {call_pong, OPEN_ERRORS},
    {call_close, IN(WEIR_E_CLOSING)},
    {call_accept, IN(WEIR_E_STATE)},
    {call_respond, IN(WEIR_E_STATE)},
    {call_receive, 0},
    {call_events, 0},
    {call_eof, 0},
    {call_input, 0},
    {call_output, 0},
    {call_sent, 0},
    {call_texts, IN(WEIR_E_NOT_FOUND)},
    {call_set, 0},
    {call_time, 0},
    {call_questions, IN(WEIR_E_BUSY)},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef struct conn_look {
    weir_stats stats;
    int state;
    uint32_t wants;
    uint64_t amount;
} conn_look;

static void conn_look_at(const peer *p, conn_look *look)
{
    memset(look, 0, sizeof *look);
    assert_int_equal(weir_conn_stats(p->conn, &look->stats, sizeof look->stats), WEIR_OK);
    look->state = weir_conn_state(p->conn);
    look->wants = weir_conn_wants(p->conn);
    look->amount = weir_conn_buffered_amount(p->conn);
}

static void conn_try(peer *p, const conn_call *call)
{
    conn_look before, after;
    conn_look_at(p, &before);
    const int status = call->call(p);
    conn_look_at(p, &after);
    if (status >= 0) {
        assert_in_range(status, WEIR_OK, WEIR_WOULD_BLOCK);
        assert_true(after.state >= before.state);
        return;
    }
    assert_in_range(-status, 100, 131);
    assert_true((call->errors & IN(status)) != 0);
    assert_memory_equal(&before, &after, sizeof before);
}

static void conn_reach(peer *p, const conn_state *state, char kind)
{
    peer_init(p);
    p->accept = 0;
    p->config.http_events = 1;
    p->config.max_queued_bytes = 20000;
    p->config.high_water_bytes = 9000;
    p->config.low_water_bytes = 1000;
    p->config.max_pooled_bytes = 0;
    peer_open(p, kind);
    state->reach(p);
}

static void every_call_after_every_call_in_every_state__gives_a_documented_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conn_states); i++)
        for (const char *kind = conn_states[i].kinds; *kind; kind++)
            for (size_t k = 0; k < COUNT(conn_calls); k++)
                for (size_t m = 0; m < COUNT(conn_calls); m++) {
                    peer p;
                    conn_reach(&p, &conn_states[i], *kind);
                    conn_try(&p, &conn_calls[k]);
                    conn_try(&p, &conn_calls[m]);
                    peer_close(&p);
                }
}

static void every_state__ends_with_one_closed_event_when_the_transport_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conn_states); i++)
        for (const char *kind = conn_states[i].kinds; *kind; kind++) {
            peer p;
            weir_event events[8];
            size_t closed = 0;
            conn_reach(&p, &conn_states[i], *kind);
            const int told = p.closed_count > 0;
            assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
            assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
            while (weir_conn_wants(p.conn) & WEIR_WANT_EVENTS) {
                const int count = weir_conn_events(p.conn, events, 8);
                assert_true(count > 0);
                for (int n = 0; n < count; n++)
                    closed += events[n].type == WEIR_EVENT_CLOSED;
            }
            /* The builders drop the events of their own calls, CLOSED among them. */
            assert_in_range(closed + (size_t)told, 0, 1);
            assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
            assert_int_equal(weir_conn_events(p.conn, events, 8), 0);
            peer_close(&p);
        }
}

/* ---- Arguments without sense -----------------------------------------------------------------*/

static void null_connection__is_an_argument_error_everywhere(void **state)
{
    weir_event event;
    weir_span span;
    weir_text text;
    weir_field field;
    weir_stats stats;
    weir_report report;
    size_t used = 77;
    (void)state;
    weir_conn_free(NULL);
    assert_int_equal(weir_conn_set_user(NULL, &used), WEIR_E_ARGUMENT);
    assert_null(weir_conn_user(NULL));
    assert_int_equal(weir_conn_set(NULL, 1, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_state(NULL), WEIR_CLOSED);
    assert_int_equal(weir_conn_receive(NULL, &used, 5, &used, &event, 1), WEIR_E_ARGUMENT);
    assert_int_equal(used, 5);
    assert_int_equal(weir_conn_events(NULL, &event, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_receive_eof(NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_input_filled(NULL, 1, &used, &event, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_text(NULL, 1, &text), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_header(NULL, "a", 1, 0, &text), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_header_at(NULL, 0, &field), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_offered_subprotocol(NULL, 0, &text), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_accept(NULL, NULL, 0, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_respond(NULL, 404, NULL, 0, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send(NULL, WEIR_TEXT, "", 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send_ref(NULL, WEIR_TEXT, "", 0, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send_message(NULL, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send_begin(NULL, WEIR_TEXT), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send_chunk(NULL, "", 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_send_end(NULL, "", 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_ping(NULL, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_pong(NULL, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_close(NULL, 1000, NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_wants(NULL), WEIR_WANT_CLOSE);
    assert_int_equal(weir_conn_output(NULL, &span, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_sent(NULL, 0), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_buffered_amount(NULL), 0);
    assert_int_equal(weir_conn_report(NULL, &report, sizeof report), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_stats(NULL, &stats, sizeof stats), WEIR_E_ARGUMENT);
}

static void missing_and_garbled_arguments__change_nothing(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        weir_event event;
        weir_stats stats;
        weir_report report;
        conn_look before, after;
        size_t used;
        peer_init(&p);
        peer_open(&p, *kind);
        conn_look_at(&p, &before);
        assert_int_equal(weir_conn_receive(p.conn, NULL, 5, &used, &event, 1), WEIR_E_ARGUMENT);
        assert_int_equal(used, 5);
        assert_int_equal(weir_conn_receive(p.conn, "x", 1, NULL, &event, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_receive(p.conn, "x", 1, &used, NULL, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send(p.conn, 0, "x", 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send(p.conn, 8, "x", 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, NULL, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "\xFF", 1), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT, NULL, 1, 0), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT, "\xC3", 1, 0), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_message(p.conn, NULL), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send_begin(p.conn, 3), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_send_chunk(p.conn, NULL, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_ping(p.conn, NULL, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_ping(p.conn, conn_large, 126), WEIR_E_CONTROL_LENGTH);
        assert_int_equal(weir_conn_pong(p.conn, conn_large, SIZE_MAX), WEIR_E_CONTROL_LENGTH);
        assert_int_equal(weir_conn_close(p.conn, -1, NULL, 0), WEIR_E_CLOSE_CODE);
        assert_int_equal(weir_conn_close(p.conn, 1006, NULL, 0), WEIR_E_CLOSE_CODE);
        assert_int_equal(weir_conn_close(p.conn, 66536, NULL, 0), WEIR_E_CLOSE_CODE);
        assert_int_equal(weir_conn_close(p.conn, 1000, conn_large, 124), WEIR_E_CLOSE_REASON);
        assert_int_equal(weir_conn_close(p.conn, 0, "why", 3), WEIR_E_CLOSE_REASON);
        assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 3), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_set(p.conn, 0, 1), WEIR_E_OPTION);
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_ORIGINS, 1), WEIR_E_OPTION);
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_POOLED_BYTES, 1), WEIR_E_OPTION);
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_FRAGMENT_BYTES, 0), WEIR_E_CONFIG);
        assert_int_equal(weir_conn_output(p.conn, NULL, 1), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_report(p.conn, NULL, sizeof report), WEIR_E_ARGUMENT);
        assert_int_equal(weir_conn_report(p.conn, &report, sizeof report - 1), WEIR_E_SIZE);
        assert_int_equal(weir_conn_stats(p.conn, &stats, 0), WEIR_E_SIZE);
        conn_look_at(&p, &after);
        assert_memory_equal(&before, &after, sizeof before);
        peer_close(&p);
    }
}

static void texts_of_null_with_a_length__are_taken_for_empty(void **state)
{
    peer p;
    const weir_field bad[] = {{{NULL, 3}, {"v", 1}}, {{"N", 1}, {NULL, 3}}};
    (void)state;
    peer_init(&p);
    p.accept = 0;
    peer_open(&p, 's');
    conn_push_request(&p);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 5, NULL, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, &bad[0], 1), WEIR_E_FIELD);
    assert_int_equal(weir_conn_respond(p.conn, 404, NULL, 0, NULL, 7), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CONNECTING);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 5, &bad[1], 1), WEIR_OK);
    peer_close(&p);
}

static void client_that_cannot_be_made__leaves_nothing(void **state)
{
    static const weir_field upgrade = {{"Upgrade", 7}, {"x", 1}};
    const struct {
        weir_request request;
        int status;
    } rows[] = {
        {{.url = {NULL, 5}}, WEIR_E_URL},
        {{.url = {"http://host/", WEIR_NTS}}, WEIR_E_URL},
        {{.url = {"ws://h/", 7}, .subprotocols = {"a a", 3}}, WEIR_E_PROTOCOL_NAME},
        {{.url = {"ws://h/", 7}, .subprotocols = {"a,b", 3}}, WEIR_E_PROTOCOL_NAME},
        {{.url = {"ws://h/", 7}, .origin = {"host", 4}}, WEIR_E_ORIGIN},
        {{.url = {"ws://h/", 7}, .fields = &upgrade, .field_count = 1}, WEIR_E_FIELD},
        {{.url = {"ws://h/", 7}, .field_count = 1}, WEIR_E_ARGUMENT},
    };
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    const uint64_t held = p.alloc.held;
    weir_context_stats(p.context, &(weir_stats){0}, sizeof(weir_stats));
    for (size_t i = 0; i < COUNT(rows); i++) {
        weir_conn *conn = p.conn;
        assert_int_equal(weir_conn_create_client(p.context, &rows[i].request, &conn),
                         rows[i].status);
        assert_null(conn);
        assert_in_range(p.alloc.held, held, held + p.config.max_pooled_bytes);
    }
    weir_conn *conn = p.conn;
    assert_int_equal(weir_conn_create_client(p.context, NULL, &conn), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_create_client(NULL, &rows[0].request, &conn), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_create_server(NULL, &conn), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_create_server(p.context, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_create_established(p.context, 3, &conn), WEIR_E_ARGUMENT);
    assert_null(conn);
    peer_close(&p);
}

static void way_of_delivery__does_not_change_inside_a_message(void **state)
{
    (void)state;
    for (uint64_t chunks = 0; chunks < 2; chunks++) {
        bytes b = {0};
        peer p;
        bytes_add_frame(&b, WEIR_CLIENT, 0, 2, "AAAA", 4);
        const size_t first = b.len;
        bytes_add_frame(&b, WEIR_CLIENT, 1, 0, "BBBB", 4);
        peer_init(&p);
        p.config.deliver_chunks = chunks;
        peer_open(&p, 'S');
        peer_feed(&p, b.data, first, first);
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DELIVER_CHUNKS, 1 - chunks),
                         WEIR_E_STATE);
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DELIVER_CHUNKS, chunks), WEIR_OK);
        peer_feed(&p, b.data + first, b.len - first, b.len);
        assert_true(peer_saw(&p, chunks ? "len=4 BBBB" : "len=8 AAAABBBB"));
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_DELIVER_CHUNKS, 1 - chunks), WEIR_OK);
        bytes_free(&b);
        peer_close(&p);
    }
}

/* RFC 9110 9.3.2: no answer to HEAD has a body, this one neither. */
static void close_while_a_head_request_waits__answers_without_a_body(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.http_events = 1;
    peer_open(&p, 's');
    conn_push_text(&p, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(weir_conn_close(p.conn, 1000, NULL, 0), WEIR_OK);
    peer_pump(&p);
    assert_memory_equal(p.output.data, "HTTP/1.1 503", 12);
    assert_memory_equal(p.output.data + p.output.len - 4, "\r\n\r\n", 4);
    peer_close(&p);
}

static void second_fault__changes_nothing(void **state)
{
    (void)state;
    peer p;
    weir_report first, second;
    peer_init(&p);
    peer_open(&p, 'S');
    weir__conn_fail(p.conn, WEIR_E_MEMORY, 7);
    assert_int_equal(weir_conn_report(p.conn, &first, sizeof first), WEIR_OK);
    weir__conn_fail(p.conn, WEIR_E_UTF8, 9);
    assert_int_equal(weir_conn_report(p.conn, &second, sizeof second), WEIR_OK);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(first.cause, WEIR_E_MEMORY);
    peer_close(&p);
}

/* Our Close gives its reason: what the peer does wrong while it is awaited is not the cause. */
static void fault_after_an_idle_close__is_not_the_cause(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    p.config.idle_timeout_ms = 1000;
    peer_open(&p, 'S');
    weir_context_set_time(p.context, 5000);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSING);
    conn_push_text(&p, "\xFF\xFF");
    weir_report report;
    assert_int_equal(weir_conn_report(p.conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.cause, WEIR_E_IDLE_TIMEOUT);
    peer_close(&p);
}

static void option_for_which_there_is_no_memory__stays(void **state)
{
    (void)state;
    peer p;
    peer_init(&p);
    p.config.max_pooled_bytes = 0;
    peer_open(&p, 'S');
    const weir_config *const policy = p.conn->policy;
    p.alloc.fail_from = 1;
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_FRAGMENTS, 9), WEIR_E_MEMORY);
    p.alloc.fail_from = 0;
    assert_ptr_equal(p.conn->policy, policy);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_FRAGMENTS, 9), WEIR_OK);
    peer_close(&p);
}

/* What came before the answer gives its events behind OPEN, as many as there is room for. */
static void events_of_early_bytes__are_wanted_until_they_were_taken(void **state)
{
    static const int types[] = {WEIR_EVENT_OPEN, WEIR_EVENT_MESSAGE, WEIR_EVENT_MESSAGE};
    (void)state;
    peer p;
    weir_event event;
    peer_init(&p);
    peer_open(&p, 's');
    conn_push_request(&p);
    conn_push_frame(&p, 1, 1, "one");
    conn_push_frame(&p, 1, 1, "two");
    assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS, 0);
    assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS, WEIR_WANT_EVENTS);
        assert_int_equal(weir_conn_events(p.conn, &event, 1), 1);
        assert_int_equal(event.type, types[i]);
    }
    assert_int_equal(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS, 0);
    peer_close(&p);
}

int main(void)
{
    memset(conn_large, 'l', sizeof conn_large);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_after_every_call_in_every_state__gives_a_documented_answer),
        cmocka_unit_test(every_state__ends_with_one_closed_event_when_the_transport_ends),
        cmocka_unit_test(null_connection__is_an_argument_error_everywhere),
        cmocka_unit_test(missing_and_garbled_arguments__change_nothing),
        cmocka_unit_test(texts_of_null_with_a_length__are_taken_for_empty),
        cmocka_unit_test(client_that_cannot_be_made__leaves_nothing),
        cmocka_unit_test(way_of_delivery__does_not_change_inside_a_message),
        cmocka_unit_test(close_while_a_head_request_waits__answers_without_a_body),
        cmocka_unit_test(second_fault__changes_nothing),
        cmocka_unit_test(fault_after_an_idle_close__is_not_the_cause),
        cmocka_unit_test(option_for_which_there_is_no_memory__stays),
        cmocka_unit_test(events_of_early_bytes__are_wanted_until_they_were_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
