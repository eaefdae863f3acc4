/* SPDX-License-Identifier: MIT */
/* RFC 6455 5.4: fragments, and control frames between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* The script gives this trace, line for line, on both kinds; lines without the zeros. */
static void expect_trace(const char *script, const char *trace, int close_code)
{
    for (const char *kind = wire_kinds; *kind; kind++) {
        outcome o = run_script(*kind, script, NULL);
        bytes lines = {NULL, 0, 0};
        for (char *line = strtok(o.trace, "\n"); line; line = strtok(NULL, "\n")) {
            char name[16];
            const char *const len = strstr(line, "len=");
            sscanf(line, "%15s", name);
            if (strcmp(name, "CLOSED") == 0)
                continue;
            bytes_add_text(&lines, name);
            bytes_add_text(&lines, strstr(line, "flags=7") ? "/text " : " ");
            bytes_add_text(&lines, strchr(len, ' ') + 1);
            bytes_add_text(&lines, "\n");
        }
        bytes_add(&lines, "", 1);
        assert_string_equal((char *)lines.data, trace);
        assert_int_equal(o.close_code, close_code);
        bytes_free(&lines);
        outcome_free(&o);
    }
}

static void R6455_5_4_1__whole_and_fragmented_messages__are_received(void **state)
{
    (void)state;
    expect_trace("T:Hello", "MESSAGE/text Hello\n", 0);
    expect_trace("T-:Hel C:lo", "MESSAGE/text Hello\n", 0);
    expect_trace("B-:H C-:e C-:l C-:l C:o", "MESSAGE Hello\n", 0);
    expect_trace("T-:a C:b B:c T-:d C:e", "MESSAGE/text ab\nMESSAGE c\nMESSAGE/text de\n", 0);
}

static void R6455_5_4_1__empty_fragments__are_received(void **state)
{
    (void)state;
    expect_trace("T-: C:ab", "MESSAGE/text ab\n", 0);
    expect_trace("T-:a C-: C:b", "MESSAGE/text ab\n", 0);
    expect_trace("T-:ab C:", "MESSAGE/text ab\n", 0);
    expect_trace("T-: C-: C:", "MESSAGE/text \n", 0);
    expect_trace("B-: C: B: B-: C:", "MESSAGE \nMESSAGE \nMESSAGE \n", 0);
}

static void R6455_5_4_3__continuation_without_a_message__fails_1002(void **state)
{
    (void)state;
    expect_trace("C:x", "", 1002);
    expect_trace("C-:x", "", 1002);
    expect_trace("C:", "", 1002);
    expect_trace("T:a C:x T:b", "MESSAGE/text a\n", 1002);
    expect_trace("T-:a C:b C:x", "MESSAGE/text ab\n", 1002);
    expect_trace("P:a C:x", "PING a\n", 1002);
}

static void R6455_5_4_4__new_message_before_the_last_one_ended__fails_1002(void **state)
{
    (void)state;
    expect_trace("T-:a T:b", "", 1002);
    expect_trace("T-:a B:b", "", 1002);
    expect_trace("B-:a B-:b", "", 1002);
    expect_trace("T-:a C-:b T-:c C:d", "", 1002);
}

static void R6455_5_4_5__control_frames_between_fragments__are_handled_at_once(void **state)
{
    (void)state;
    expect_trace("T-:a P:1 C-:b O:2 C-:c P: C:d", "PING 1\nPONG 2\nPING \nMESSAGE/text abcd\n", 0);
    expect_trace("B-: P:1 C-: P:2 C:", "PING 1\nPING 2\nMESSAGE \n", 0);
    expect_trace("T-:%f0%9f P:1 C-:%98 O:2 C:%80",
                 "PING 1\nPONG 2\nMESSAGE/text \\xf0\\x9f\\x98\\x80\n", 0);
    expect_trace("T-:a X:1001,why C:b", "CLOSE why\n", 1001);
}

static void R6455_5_4_5__ping_between_fragments__is_answered_before_the_message_ends(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        wire_feed(&p, "T-:one P:now");
        assert_said(&p.output, p.role, "O:now");
        wire_feed(&p, "C:two");
        assert_true(peer_saw(&p, "len=6 onetwo"));
        peer_close(&p);
    }
}

static void R6455_5_4_6__fragmented_control_frame__fails_1002(void **state)
{
    static const char *const scripts[] = {
        "X-:1000", "P-:x", "O-:x", "X-:", "T-:a P-: C:b", "P-:x C:y", "O-:x O:y", "P-:x P:y"};
    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        expect_trace(scripts[i], "", 1002);
}

static void fragments_of_one(peer *p)
{
    p->config.fragment_bytes = 1;
}

static void R6455_5_4_6__control_frames_we_send__are_never_fragmented(void **state)
{
    static const char reason[] = "a reason that is longer than one fragment";
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        char payload[125];
        peer p;
        memset(payload, 'p', sizeof payload);
        peer_init(&p);
        fragments_of_one(&p);
        peer_open(&p, *kind);
        weir_conn_ping(p.conn, payload, 125);
        weir_conn_pong(p.conn, payload, 124);
        wire_feed(&p, "");
        peer_pump(&p);
        wire_feed(&p, "P:~125");
        weir_conn_close(p.conn, 1000, reason, WEIR_NTS);
        peer_pump(&p);
        size_t count = 0;
        for (wire_reader r = wire_reader_of(&p.output); wire_next(&r); count++)
            assert_int_equal(r.head.fin, 1);
        assert_int_equal(count, 4);
        peer_close(&p);
    }
}

static void R6455_5_4_7__fragments_of_two_messages_never_interleave(void **state)
{
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        weir_message *message;
        peer p;
        peer_init(&p);
        peer_open(&p, *kind);
        weir_message_create(p.context, WEIR_TEXT, "no", 2, &message);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_TEXT), WEIR_OK);
        assert_int_equal(weir_conn_send_chunk(p.conn, "a", 1), WEIR_OK);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "no", 2), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT, "no", 2, 1), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_send_begin(p.conn, WEIR_BINARY), WEIR_E_MESSAGE_OPEN);
        assert_int_equal(weir_conn_ping(p.conn, "between", 7), WEIR_OK);
        peer_pump(&p);
        assert_int_equal(weir_conn_send_chunk(p.conn, "b", 1), WEIR_OK);
        assert_int_equal(weir_conn_send_end(p.conn, "c", 1), WEIR_OK);
        assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, "next", 4), WEIR_OK);
        peer_pump(&p);
        assert_said(&p.output, p.role, "P:between T:abc T:next");
        weir_message_free(message);
        peer_close(&p);
    }
}

/* ---- The same bytes in other fragments -------------------------------------------------------*/

static void add_fragments(bytes *input, int from_role, int type, const char *text, unsigned cuts)
{
    const size_t len = strlen(text);
    size_t from = 0;
    for (size_t i = 1; i <= len; i++) {
        if (i < len && (cuts >> (i - 1) & 1) == 0)
            continue;
        bytes_add_frame(input, from_role, i == len, from == 0 ? type : 0, text + from, i - from);
        from = i;
    }
}

static void R6455_5_4_8__fragment_boundaries_carry_no_meaning(void **state)
{
    static const char text[] = "\xC2\xB5\xE2\x82\xAC"
                               "a";
    (void)state;
    for (unsigned cuts = 0; cuts < 1u << (sizeof text - 2); cuts++) {
        for (int i = 0; i < 4; i++) {
            const char kind = wire_kinds[i % 2];
            bytes input = {NULL, 0, 0};
            add_fragments(&input, other_role(kind_role(kind)), 1 + i / 2, text, cuts);
            wire_script(&input, other_role(kind_role(kind)), i / 2 ? "T:next" : "B:next");
            outcome o = run_all_cuts(kind, &input, NULL);
            assert_string_equal(
                o.trace, i / 2 ? "MESSAGE flags=6 code=0 cause=- offset=0 token=0 len=6 "
                                 "\\xc2\\xb5\\xe2\\x82\\xaca\n"
                                 "MESSAGE flags=7 code=0 cause=- offset=0 token=0 len=4 next\n"
                               : "MESSAGE flags=7 code=0 cause=- offset=0 token=0 len=6 "
                                 "\\xc2\\xb5\\xe2\\x82\\xaca\n"
                                 "MESSAGE flags=6 code=0 cause=- offset=0 token=0 len=4 next\n");
            outcome_free(&o);
            bytes_free(&input);
        }
    }
}

/* ---- Every sequence of frames ----------------------------------------------------------------*/

static const char *const walk_frames[] = {"C:c",  "C-:c", "T:t",  "T-:t", "B:b", "B-:b", "P:p",
                                          "P-:p", "O:o",  "O-:o", "X:",   "X-:", "3:r",  "B-r4:z"};

#define WALK_FRAMES (sizeof walk_frames / sizeof walk_frames[0])

typedef struct walk_model {
    int type;         /* of the open message, 0: none */
    bool over;        /* failed or closed */
    int close_code;   /* we send */
    char message[16]; /* so far */
    char said[256];   /* events so far */
} walk_model;

static void model_message(walk_model *m, char letter, bool fin)
{
    const size_t len = strlen(m->message);
    m->message[len] = letter;
    m->message[len + 1] = '\0';
    if (!fin)
        return;
    char whole[sizeof m->message];
    memcpy(whole, m->message, sizeof whole);
    snprintf(m->said + strlen(m->said), 32, "M%d%s ", m->type, whole);
    m->message[0] = '\0';
    m->type = 0;
}

static void model_end(walk_model *m, int code)
{
    m->over = true;
    m->close_code = code;
}

static void model_data(walk_model *m, char opcode, char letter, bool fin)
{
    const bool begins = opcode != 'C';
    if (begins == (m->type != 0)) {
        model_end(m, 1002);
        return;
    }
    if (begins)
        m->type = opcode == 'T' ? 1 : 2;
    model_message(m, letter, fin);
}

static void model_step(walk_model *m, const char *frame)
{
    const bool fin = frame[1] != '-';
    if (m->over)
        return;
    if (frame[0] == '3' || strchr(frame, 'r') || (strchr("PXO", frame[0]) && !fin))
        model_end(m, 1002);
    else if (frame[0] == 'P' || frame[0] == 'O')
        snprintf(m->said + strlen(m->said), 8, "%s ", frame[0] == 'P' ? "pi" : "po");
    else if (frame[0] == 'X')
        model_end(m, 1005);
    else
        model_data(m, frame[0], frame[strlen(frame) - 1], fin);
}

/* Frames of the walk, once as bytes for each role. */
typedef struct walk {
    peer p;
    bytes frames[WALK_FRAMES];
    uint64_t count;
} walk;

static void walk_say(char *said, const weir_event *event)
{
    char *const end = said + strlen(said);
    if (event->type == WEIR_EVENT_MESSAGE)
        snprintf(end, 32, "M%d%.*s ", event->flags & WEIR_FLAG_TEXT ? 1 : 2, (int)event->len,
                 (const char *)event->data);
    else if (event->type == WEIR_EVENT_PING || event->type == WEIR_EVENT_PONG)
        snprintf(end, 8, "%s ", event->type == WEIR_EVENT_PING ? "pi" : "po");
}

/* Run one sequence on a fresh connection, each frame in one call. */
static void walk_run(walk *w, const size_t *path, size_t len, const walk_model *m)
{
    char said[256] = "";
    weir_event events[8];
    weir_report report;
    weir_conn *conn;
    w->count++;
    weir_conn_create_established(w->p.context, w->p.role, &conn);
    for (size_t i = 0; i < len; i++) {
        uint8_t block[16];
        size_t used = 0;
        const bytes *const frame = &w->frames[path[i]];
        memcpy(block, frame->data, frame->len);
        for (size_t at = 0; at < frame->len; at += used) {
            const int count =
                weir_conn_receive(conn, block + at, frame->len - at, &used, events, 8);
            for (int k = 0; k < count; k++)
                walk_say(said, &events[k]);
        }
    }
    weir_conn_report(conn, &report, sizeof report);
    assert_string_equal(said, m->said);
    assert_int_equal(report.local_code, m->close_code);
    assert_int_equal(weir_conn_state(conn) != WEIR_OPEN, m->over);
    weir_conn_free(conn);
}

/* Depth first without recursion: path is an odometer. An ended sequence gets one frame more, which
 * must change nothing. */
static void walk_all(walk *w, size_t depth)
{
    size_t path[8] = {0};
    walk_model at[9];
    size_t len = 0;
    memset(at, 0, sizeof at);
    while (len != SIZE_MAX) {
        if (path[len] == WALK_FRAMES) {
            path[len] = 0;
            if (len-- > 0)
                path[len]++;
            continue;
        }
        at[len + 1] = at[len];
        model_step(&at[len + 1], walk_frames[path[len]]);
        walk_run(w, path, len + 1, &at[len + 1]);
        if (len + 1 < depth && !at[len].over)
            len++;
        else
            path[len]++;
    }
}

static void R6455_5_4_2__R6455_7_1_7_2__every_sequence_of_frames__as_the_model(void **state)
{
    const size_t depth = getenv("WEIR_TEST_LONG") ? 7 : 5;
    (void)state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        walk w;
        w.count = 0;
        peer_init(&w.p);
        peer_open(&w.p, *kind);
        for (size_t i = 0; i < WALK_FRAMES; i++) {
            w.frames[i] = (bytes){NULL, 0, 0};
            wire_script(&w.frames[i], other_role(w.p.role), walk_frames[i]);
        }
        walk_all(&w, depth);
        assert_true(w.count > 10000);
        for (size_t i = 0; i < WALK_FRAMES; i++)
            bytes_free(&w.frames[i]);
        peer_close(&w.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_5_4_1__whole_and_fragmented_messages__are_received),
        cmocka_unit_test(R6455_5_4_1__empty_fragments__are_received),
        cmocka_unit_test(R6455_5_4_3__continuation_without_a_message__fails_1002),
        cmocka_unit_test(R6455_5_4_4__new_message_before_the_last_one_ended__fails_1002),
        cmocka_unit_test(R6455_5_4_5__control_frames_between_fragments__are_handled_at_once),
        cmocka_unit_test(R6455_5_4_5__ping_between_fragments__is_answered_before_the_message_ends),
        cmocka_unit_test(R6455_5_4_6__fragmented_control_frame__fails_1002),
        cmocka_unit_test(R6455_5_4_6__control_frames_we_send__are_never_fragmented),
        cmocka_unit_test(R6455_5_4_7__fragments_of_two_messages_never_interleave),
        cmocka_unit_test(R6455_5_4_8__fragment_boundaries_carry_no_meaning),
        cmocka_unit_test(R6455_5_4_2__R6455_7_1_7_2__every_sequence_of_frames__as_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
