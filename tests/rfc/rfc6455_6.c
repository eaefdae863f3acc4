/* SPDX-License-Identifier: MIT */
/* RFC 6455 6: sending only while open, in order, checked; receiving messages or chunks. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Misuse ----------------------------------------------------------------------------------*/

typedef enum send_call {
    SEND,
    SEND_REF,
    SEND_MESSAGE,
    SEND_BEGIN,
    SEND_CHUNK,
    SEND_END,
    PING,
    PONG,
    SEND_CALLS
} send_call;

/* Make a call with data (len bytes) of a type. */
static int make_call(peer *p, send_call call, int type, const char *data, size_t len)
{
    weir_message *message;
    int status;
    switch (call) {
    case SEND:
        return weir_conn_send(p->conn, type, data, len);
    case SEND_REF:
        return weir_conn_send_ref(p->conn, type, data, len, 1);
    case SEND_MESSAGE:
        status = weir_message_create(p->context, type, data, len, &message);
        if (status != WEIR_OK)
            return status;
        status = weir_conn_send_message(p->conn, message);
        weir_message_free(message);
        return status;
    case SEND_BEGIN:
        return weir_conn_send_begin(p->conn, type);
    case SEND_CHUNK:
        return weir_conn_send_chunk(p->conn, data, len);
    case SEND_END:
        return weir_conn_send_end(p->conn, data, len);
    case PING:
        return weir_conn_ping(p->conn, data, len);
    default:
        return weir_conn_pong(p->conn, data, len);
    }
}

static int status_wanted(wire_stage stage, send_call call)
{
    if (stage > STAGE_OPEN)
        return WEIR_E_CLOSING;
    if (call == SEND_CHUNK || call == SEND_END)
        return WEIR_E_NO_MESSAGE;
    return stage < STAGE_OPEN ? WEIR_E_NOT_OPEN : WEIR_OK;
}

/* What must not change when a call is refused. */
typedef struct standing {
    uint32_t wants;
    int state;
    weir_stats stats;
    weir_report report;
} standing;

static standing standing_of(const peer *p)
{
    standing s;
    memset(&s, 0, sizeof s);
    s.wants = weir_conn_wants(p->conn);
    s.state = weir_conn_state(p->conn);
    weir_conn_stats(p->conn, &s.stats, sizeof s.stats);
    weir_conn_report(p->conn, &s.report, sizeof s.report);
    return s;
}

static void assert_unchanged(const peer *p, const standing *before)
{
    const standing after = standing_of(p);
    assert_int_equal(after.wants, before->wants);
    assert_int_equal(after.state, before->state);
    assert_memory_equal(&after.stats, &before->stats, sizeof after.stats);
    assert_int_equal(after.report.cause, before->report.cause);
    assert_int_equal(after.report.side, before->report.side);
    assert_int_equal(after.report.local_code, before->report.local_code);
}

static void R6455_6_1_1__every_call_in_every_state__is_refused_without_a_trace(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * STAGES * SEND_CALLS; i++) {
        const wire_stage stage = (wire_stage)(i / 2 / SEND_CALLS);
        const send_call call = (send_call)(i / 2 % SEND_CALLS);
        const int wanted = status_wanted(stage, call);
        peer p;
        peer_init(&p);
        if (!wire_reach(&p, i % 2 ? WEIR_SERVER : WEIR_CLIENT, stage))
            continue;
        const standing before = standing_of(&p);
        assert_int_equal(make_call(&p, call, WEIR_TEXT, "data", 4), wanted);
        if (wanted != WEIR_OK)
            assert_unchanged(&p, &before);
        peer_close(&p);
    }
}

static void R6455_6_1_1__bad_arguments__are_refused_without_a_trace(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SEND_CALLS; i++) {
        const send_call call = (send_call)(i / 2);
        peer none = {.conn = NULL};
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        none.context = p.context;
        const standing before = standing_of(&p);
        assert_int_equal(make_call(&none, call, WEIR_TEXT, "data", 4), WEIR_E_ARGUMENT);
        if (call != SEND_BEGIN)
            assert_int_equal(make_call(&p, call, WEIR_TEXT, NULL, 1), WEIR_E_ARGUMENT);
        for (int type = -1; type < 16 && call <= SEND_BEGIN; type++)
            if (type != WEIR_TEXT && type != WEIR_BINARY)
                assert_int_equal(make_call(&p, call, type, "data", 4), WEIR_E_ARGUMENT);
        assert_unchanged(&p, &before);
        assert_int_equal(weir_conn_send_message(p.conn, NULL), WEIR_E_ARGUMENT);
        peer_close(&p);
    }
}

static void R6455_6_1_1__streaming_calls__have_one_order(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        assert_int_equal(weir_conn_send_chunk(p.conn, "x", 1), WEIR_E_NO_MESSAGE);
        assert_int_equal(weir_conn_send_end(p.conn, "x", 1), WEIR_E_NO_MESSAGE);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_BINARY), WEIR_OK);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_BINARY), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_chunk(p.conn, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_INPUT); /* nothing was sent */
        assert_int_equal(weir_conn_send_chunk(p.conn, "ab", 2), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, NULL, 0), WEIR_E_NO_MESSAGE);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_TEXT), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, NULL, 0), WEIR_OK);
        peer_pump(&p);
        assert_said(&p.output, p.role, "B:ab T:");
        assert_int_equal(peer_frames(&p, p.role, -1), 3);
        peer_close(&p);
    }
}

static void R6455_6_1_1__streamed_message__is_cut_off_by_our_close(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_send_begin(p.conn, WEIR_TEXT);
        weir_conn_send_chunk(p.conn, "half", 4);
        assert_int_equal(weir_conn_close(p.conn, 1001, NULL, 0), WEIR_OK);
        assert_int_equal(weir_conn_send_chunk(p.conn, "more", 4), WEIR_E_CLOSING);
        assert_int_equal(weir_conn_send_end(p.conn, "more", 4), WEIR_E_CLOSING);
        peer_pump(&p);
        char *const said = wire_say(&p.output, p.role);
        assert_string_equal(said, "X:1001 T:half...");
        free(said);
        peer_close(&p);
    }
}

/* ---- Outgoing text ---------------------------------------------------------------------------*/

static const char *const bad_texts[] = {"\x80",         "a\xC0\x80",        "\xE0\x9F\xBF",
                                        "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF",
                                        "ok\xE2\x82",   "\xF0\x9F\x98",     "\xC2\xB5\xB5"};

#define BAD_TEXTS (sizeof bad_texts / sizeof bad_texts[0])

static void R6455_6_1_3__text_that_is_no_utf8__is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * BAD_TEXTS; i++) {
        const char *const text = bad_texts[i / 2];
        peer p;
        peer_init(&p);
        peer_open(&p, wire_kinds[i % 2]);
        const standing before = standing_of(&p);
        assert_int_equal(make_call(&p, SEND, WEIR_TEXT, text, strlen(text)), WEIR_E_TEXT);
        assert_int_equal(make_call(&p, SEND_REF, WEIR_TEXT, text, strlen(text)), WEIR_E_TEXT);
        assert_int_equal(make_call(&p, SEND_MESSAGE, WEIR_TEXT, text, strlen(text)), WEIR_E_TEXT);
        assert_unchanged(&p, &before);
        weir_conn_send_begin(p.conn, WEIR_TEXT);
        assert_int_equal(weir_conn_send_end(p.conn, text, strlen(text)), WEIR_E_TEXT);
        assert_unchanged(&p, &before);
        assert_int_equal(weir_conn_send_end(p.conn, "good", 4), WEIR_OK);
        assert_int_equal(make_call(&p, SEND, WEIR_BINARY, text, strlen(text)), WEIR_OK);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, -1), 2);
        peer_close(&p);
    }
}

static void R6455_6_1_3__character_may_span_streamed_pieces(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_conn_send_begin(p.conn, WEIR_TEXT);
        assert_int_equal(weir_conn_send_chunk(p.conn, "\xF0\x9F", 2), WEIR_OK);
        assert_int_equal(weir_conn_send_chunk(p.conn, "a", 1), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_end(p.conn, "\x98", 1), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_end(p.conn, NULL, 0), WEIR_E_TEXT);
        assert_int_equal(weir_conn_send_chunk(p.conn, "\x98", 1), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, "\x80", 1), WEIR_OK);
        peer_pump(&p);
        assert_said(&p.output, p.role, "T:%f0%9f%98%80");
        peer_close(&p);
    }
}

static void R6455_6_1_3__check_of_text__can_be_switched_off(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        p.config.check_text = 0;
        peer_open(&p, *kind);
        assert_int_equal(make_call(&p, SEND, WEIR_TEXT, "\xFF", 1), WEIR_OK);
        assert_int_equal(make_call(&p, SEND_REF, WEIR_TEXT, "\xFF", 1), WEIR_OK);
        assert_int_equal(make_call(&p, SEND_MESSAGE, WEIR_TEXT, "\xFF", 1), WEIR_OK);
        peer_pump(&p);
        assert_said(&p.output, p.role, "T:%ff T:%ff T:%ff");
        peer_close(&p);
    }
}

/* ---- Receiving: chunks -----------------------------------------------------------------------*/

static void deliver_chunks(peer *p)
{
    p->config.deliver_chunks = 1;
}

/* Puts chunks together again: the trace of a run without the cuts. */
typedef struct chunk_sum {
    bytes trace;
    bytes message;
    int open;
} chunk_sum;

static void sum_event(chunk_sum *sum, const weir_event *event)
{
    if (event->type != WEIR_EVENT_CHUNK) {
        peer_trace_event(&sum->trace, event);
        return;
    }
    assert_int_equal((event->flags & WEIR_FLAG_FIRST) != 0, !sum->open);
    assert_int_equal(event->offset, sum->message.len);
    assert_true(event->len > 0 || event->flags & WEIR_FLAG_LAST);
    bytes_add(&sum->message, event->data, event->len);
    sum->open = !(event->flags & WEIR_FLAG_LAST);
    if (sum->open)
        return;
    assert_int_equal(event->frame_left, 0);
    peer_trace_event(&sum->trace, &(weir_event){.type = WEIR_EVENT_MESSAGE,
                                                .flags = event->flags | WEIR_FLAG_FIRST,
                                                .data = sum->message.data,
                                                .len = sum->message.len});
    sum->message.len = 0;
}

static void sum_run(chunk_sum *sum, char kind, const bytes *input, size_t step, size_t cap)
{
    weir_event events[16];
    peer p;
    peer_init(&p);
    deliver_chunks(&p);
    peer_open(&p, kind);
    uint8_t *const block = malloc(input->len);
    memcpy(block, input->data, input->len);
    for (size_t at = 0, used; at < input->len; at += used) {
        const size_t len = input->len - at < step ? input->len - at : step;
        const int count = weir_conn_receive(p.conn, block + at, len, &used, events, cap);
        assert_true(used > 0 || count > 0);
        for (int i = 0; i < count; i++)
            sum_event(sum, &events[i]);
    }
    free(block);
    peer_close(&p);
}

static const char chunk_script[] = "T:Hello B: B:~300 T-:a C-:%e2%82 P:in C-: C:%ac T-: C-: C: "
                                   "B-:~70 O: C:~33 T:end";

static void R6455_5_2_10__R6455_5_4_8__chunks_of_every_cut__make_the_same_messages(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), chunk_script);
        outcome whole = run_all_cuts(*kind, &input, NULL);
        for (size_t step = 1; step <= input.len; step += step < 40 ? 1 : 97) {
            for (size_t cap = 1; cap <= 16; cap += 15) {
                chunk_sum sum = {{NULL, 0, 0}, {NULL, 0, 0}, 0};
                sum_run(&sum, *kind, &input, step, cap);
                bytes_add(&sum.trace, "", 1);
                assert_string_equal((char *)sum.trace.data, whole.trace);
                bytes_free(&sum.trace);
                bytes_free(&sum.message);
            }
        }
        outcome_free(&whole);
        bytes_free(&input);
    }
}

static void expect_chunk(const weir_event *e, unsigned flags, size_t len, uint64_t at,
                         uint64_t left)
{
    assert_int_equal(e->type, WEIR_EVENT_CHUNK);
    assert_int_equal(e->flags, flags);
    assert_int_equal(e->len, len);
    assert_int_equal(e->offset, at);
    assert_int_equal(e->frame_left, left);
}

static void R6455_5_4_1__chunks__tell_their_place_in_message_and_frame(void **state)
{
    weir_event events[8];
    bytes input = {NULL, 0, 0};
    size_t used;
    peer p;
    (void)state;
    peer_init(&p);
    deliver_chunks(&p);
    peer_open(&p, 'C');
    wire_script(&input, WEIR_SERVER, "T-:abcdef C-:gh C:i B:");
    assert_int_equal(weir_conn_receive(p.conn, input.data, 5, &used, events, 8), 1);
    expect_chunk(&events[0], WEIR_FLAG_TEXT | WEIR_FLAG_FIRST, 3, 0, 3);
    const int count = weir_conn_receive(p.conn, input.data + 5, input.len - 5, &used, events, 8);
    assert_int_equal(count, 4);
    assert_int_equal(used, input.len - 5);
    expect_chunk(&events[0], WEIR_FLAG_TEXT, 3, 3, 0);
    expect_chunk(&events[1], WEIR_FLAG_TEXT, 2, 6, 0);
    expect_chunk(&events[2], WEIR_FLAG_TEXT | WEIR_FLAG_LAST, 1, 8, 0);
    expect_chunk(&events[3], WEIR_FLAG_FIRST | WEIR_FLAG_LAST, 0, 0, 0);
    bytes_free(&input);
    peer_close(&p);
}

static void R6455_8_1_1__chunked_text__fails_at_the_bad_byte_and_is_never_ended(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        wire_script(&input, other_role(kind_role(*kind)), "T-:good C:bad%ffrest T:more");
        for (size_t step = 1; step <= input.len; step++) {
            peer_init(&p);
            deliver_chunks(&p);
            peer_open(&p, *kind);
            peer_feed(&p, input.data, input.len, step);
            assert_int_equal(peer_report(&p).cause, WEIR_E_UTF8);
            assert_int_equal(peer_report(&p).offset,
                             (*kind == 'S' ? 6 : 2) + 4 + (*kind == 'S' ? 6 : 2) + 3);
            assert_false(peer_saw(&p, "CHUNK flags=5") || peer_saw(&p, "CHUNK flags=7"));
            assert_false(peer_saw(&p, "rest"));
            peer_close(&p);
        }
        bytes_free(&input);
    }
}

/* ---- Receiving: other ways in ----------------------------------------------------------------*/

static const char way_script[] = "T:Hello P:1 B:~300 T-:%e2%82 O:x C:%ac B-:~5000 C-:~9000 P:2 "
                                 "C:~30000 T: X:1001,bye";

static void feed_in_place(peer *p, const bytes *input, size_t step, size_t cap)
{
    weir_event events[16];
    size_t at = 0;
    while (at < input->len) {
        size_t room;
        uint8_t *const place = weir_conn_input_buffer(p->conn, &room);
        assert_non_null(place);
        assert_true(room > 0);
        size_t len = input->len - at < step ? input->len - at : step;
        len = len < room ? len : room;
        memcpy(place, input->data + at, len);
        at += len;
        for (size_t left = len, used; left > 0; left -= used) {
            const int count = weir_conn_input_filled(p->conn, left, &used, events, cap);
            assert_true(used > 0 || count > 0);
            for (int i = 0; i < count; i++)
                peer_trace_event(&p->trace, &events[i]);
        }
        while (weir_conn_wants(p->conn) & WEIR_WANT_OUTPUT)
            wire_take(p, SIZE_MAX);
    }
    wire_events(p);
}

static void R6455_5_2_10__bytes_read_into_place__give_the_same_trace(void **state)
{
    static const size_t steps[] = {1, 7, 100, 4096, 5001, 65536, 1000000};
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome whole = run_script(*kind, way_script, NULL);
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(*kind)), way_script);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            for (size_t cap = 1; cap <= 16; cap += 15) {
                peer p;
                peer_init(&p);
                peer_open(&p, *kind);
                feed_in_place(&p, &input, steps[i], cap);
                bytes_add(&p.trace, "", 1);
                assert_string_equal((char *)p.trace.data, whole.trace);
                peer_close(&p);
            }
        }
        bytes_free(&input);
        outcome_free(&whole);
    }
}

static void R6455_5_2_10__input_place__refuses_more_than_it_offered(void **state)
{
    weir_event events[2];
    size_t room;
    size_t used;
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_input_filled(p.conn, 1, &used, events, 2), WEIR_E_ARGUMENT);
    assert_non_null(weir_conn_input_buffer(p.conn, &room));
    assert_int_equal(room, p.config.read_buffer_bytes);
    assert_int_equal(weir_conn_input_filled(p.conn, room + 1, &used, events, 2), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_input_filled(p.conn, 0, &used, events, 2), 0);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    peer_close(&p);
}

static void R6455_5_2_10__event_array_of_any_size__gives_the_same_trace(void **state)
{
    static const char *const scripts[] = {
        way_script,     chunk_script, "T:a T:b T:c T:d", "P: P:1 P:2 O:3 X:1000",
        "T-:a C:b 3:x", "T:a T:b%ff", "T:a P:1 X:999",   "T-:a X:1000 C:b"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof scripts / sizeof scripts[0]; i++) {
        outcome one = run_script(wire_kinds[i % 2], scripts[i / 2], one_event);
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(kind_role(wire_kinds[i % 2])), scripts[i / 2]);
        for (size_t cap = 2; cap <= 64; cap *= 2) {
            peer p;
            peer_init(&p);
            p.event_cap = cap;
            peer_open(&p, wire_kinds[i % 2]);
            peer_feed(&p, input.data, input.len, input.len);
            bytes_add(&p.trace, "", 1);
            assert_string_equal((char *)p.trace.data, one.trace);
            peer_close(&p);
        }
        bytes_free(&input);
        outcome_free(&one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_6_1_1__every_call_in_every_state__is_refused_without_a_trace),
        cmocka_unit_test(R6455_6_1_1__bad_arguments__are_refused_without_a_trace),
        cmocka_unit_test(R6455_6_1_1__streaming_calls__have_one_order),
        cmocka_unit_test(R6455_6_1_1__streamed_message__is_cut_off_by_our_close),
        cmocka_unit_test(R6455_6_1_3__text_that_is_no_utf8__is_refused),
        cmocka_unit_test(R6455_6_1_3__character_may_span_streamed_pieces),
        cmocka_unit_test(R6455_6_1_3__check_of_text__can_be_switched_off),
        cmocka_unit_test(R6455_5_2_10__R6455_5_4_8__chunks_of_every_cut__make_the_same_messages),
        cmocka_unit_test(R6455_5_4_1__chunks__tell_their_place_in_message_and_frame),
        cmocka_unit_test(R6455_8_1_1__chunked_text__fails_at_the_bad_byte_and_is_never_ended),
        cmocka_unit_test(R6455_5_2_10__bytes_read_into_place__give_the_same_trace),
        cmocka_unit_test(R6455_5_2_10__input_place__refuses_more_than_it_offered),
        cmocka_unit_test(R6455_5_2_10__event_array_of_any_size__gives_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
