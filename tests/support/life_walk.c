/* SPDX-License-Identifier: MIT */
/* Walks through all lives of a connection up to a number of steps, each compared with the model. */
#include "life_walk.h"

#include <stdio.h>
#include <string.h>

#include "test.h"
#include "wire.h"

#define LIFE_DEPTH 16

typedef struct life_walk {
    peer p;
    char kind;
    int keepalive;
    weir_conn *conn;
    life_act path[LIFE_DEPTH];
    size_t depth;
    uint64_t now;
    uint64_t time_base; /* of the context when the connection was made */
    life_event events[LIFE_EVENTS];
    int count;
    bytes head; /* of the handshake, a client's made for its key */
    bytes frames[LIFE_ACTS];
    uint64_t sequences;
} life_walk;

static void life_walk_show(const life_walk *w, const life_model *m)
{
    static const char *const names[] = {
        "accept",   "respond",  "send",         "begin",        "chunk",     "end",
        "ping",     "close",    "eof",          "sent all",     "sent half", "time",
        "got half", "got head", "got rejected", "got bad head", "got text",  "got fragment",
        "got last", "got ping", "got close",    "got bad"};
    print_error("kind %c keepalive %d:", w->kind, w->keepalive);
    for (size_t i = 0; i < w->depth; i++)
        print_error(" [%s]", names[w->path[i]]);
    print_error("\n");
    for (int i = 0; i < w->count; i++)
        print_error("  weir: event %d code %d cause %d clean %d\n", w->events[i].type,
                    w->events[i].code, w->events[i].cause, w->events[i].clean);
    for (int i = 0; i < m->count; i++)
        print_error("  model: event %d code %d cause %d clean %d\n", m->events[i].type,
                    m->events[i].code, m->events[i].cause, m->events[i].clean);
}

static void life_walk_note(life_walk *w, const weir_event *events, int count)
{
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        assert_true(w->count < LIFE_EVENTS);
        w->events[w->count++] = (life_event){(int)events[i].type, events[i].code, events[i].cause,
                                             (events[i].flags & WEIR_FLAG_CLEAN) != 0};
    }
}

static void life_walk_events(life_walk *w)
{
    weir_event events[4];
    while (weir_conn_wants(w->conn) & WEIR_WANT_EVENTS)
        life_walk_note(w, events, weir_conn_events(w->conn, events, 4));
}

/* ---- Acts ------------------------------------------------------------------------------------*/

static void life_walk_sent(life_walk *w, int all)
{
    weir_span spans[16];
    do {
        size_t sum = 0;
        const int count = weir_conn_output(w->conn, spans, 16);
        for (int i = 0; i < count; i++)
            sum += spans[i].len;
        assert_int_equal(weir_conn_sent(w->conn, all ? sum : sum / 2), WEIR_OK);
    } while (all && (weir_conn_wants(w->conn) & WEIR_WANT_OUTPUT));
}

static void life_walk_input(life_walk *w, const uint8_t *data, size_t len)
{
    uint8_t block[512];
    weir_event events[4];
    assert_true(len <= sizeof block);
    memcpy(block, data, len);
    for (size_t at = 0, used; at < len; at += used)
        life_walk_note(w, events,
                       weir_conn_receive(w->conn, block + at, len - at, &used, events, 4));
}

static void life_walk_head(life_walk *w, life_act act)
{
    static const char rejected[] = "403 No\r\nContent-Length: 0\r\n\r\n";
    static const char half[] = "HTTP/1.1 ";
    const int server = w->p.role == WEIR_SERVER;
    const size_t cut = server ? w->head.len / 2 : sizeof half - 1;
    if (act == LIFE_GOT_HALF)
        life_walk_input(w, w->head.data, cut);
    else if (act == LIFE_GOT_HEAD)
        life_walk_input(w, w->head.data + cut, w->head.len - cut);
    else if (act == LIFE_GOT_REJECTED)
        life_walk_input(w, (const uint8_t *)rejected, sizeof rejected - 1);
    else
        life_walk_input(w, (const uint8_t *)"\0", 1);
}

/* Only the deadline that is next may pass, and the connection is named for it. */
static void life_walk_time(life_walk *w, const life_model *m)
{
    w->now += life_model_time_step(m);
    assert_int_equal(weir_context_set_time(w->p.context, w->now), WEIR_OK);
    for (int turns = 0; weir_context_next_ready(w->p.context); turns++) {
        assert_true(turns < 4);
        life_walk_events(w);
    }
}

static int life_walk_call(life_walk *w, life_act act)
{
    weir_conn *const conn = w->conn;
    switch (act) {
    case LIFE_ACCEPT:
        return weir_conn_accept(conn, NULL, 0, NULL, 0);
    case LIFE_RESPOND:
        return weir_conn_respond(conn, 403, NULL, 0, NULL, 0);
    case LIFE_SEND:
        return weir_conn_send(conn, WEIR_TEXT, "x", 1);
    case LIFE_BEGIN:
        return weir_conn_send_begin(conn, WEIR_TEXT);
    case LIFE_CHUNK:
        return weir_conn_send_chunk(conn, "x", 1);
    case LIFE_END:
        return weir_conn_send_end(conn, "x", 1);
    case LIFE_PING:
        return weir_conn_ping(conn, "p", 1);
    case LIFE_CLOSE:
        return weir_conn_close(conn, 1000, NULL, 0);
    default:
        return weir_conn_receive_eof(conn);
    }
}

static int life_walk_act(life_walk *w, const life_model *m, life_act act)
{
    if (act <= LIFE_EOF)
        return life_walk_call(w, act);
    if (act == LIFE_TIME)
        life_walk_time(w, m);
    else if (act < LIFE_TIME)
        life_walk_sent(w, act == LIFE_SENT_ALL);
    else if (act <= LIFE_GOT_BAD_HEAD)
        life_walk_head(w, act);
    else
        life_walk_input(w, w->frames[act].data, w->frames[act].len);
    return WEIR_OK;
}

/* ---- Comparing -------------------------------------------------------------------------------*/

static int life_walk_same_events(const life_walk *w, const life_model *m)
{
    return w->count == m->count &&
           memcmp(w->events, m->events, (size_t)m->count * sizeof m->events[0]) == 0;
}

static int life_walk_same_report(const life_walk *w, const life_model *m)
{
    weir_report r;
    weir_conn_report(w->conn, &r, sizeof r);
    return r.side == m->side && r.cause == m->cause && r.local_code == m->local_code &&
           r.peer_code == m->peer_code && r.code == (m->peer_code ? m->peer_code : 1006) &&
           r.http_status == m->http_status && (int)r.clean == m->clean;
}

/* A deadline is never named too late. */
static int life_walk_due_in_time(const life_walk *w, const life_model *m)
{
    const uint64_t due = weir_context_next_due(w->p.context);
    const uint64_t wanted = life_model_due(m);
    return wanted == WEIR_NONE || due <= wanted + w->time_base;
}

static void life_walk_compare(const life_walk *w, const life_model *m, int status)
{
    if (status == m->status && life_walk_same_events(w, m) && life_walk_same_report(w, m) &&
        weir_conn_state(w->conn) == life_model_state(m) &&
        weir_conn_wants(w->conn) == life_model_wants(m) && life_walk_due_in_time(w, m))
        return;
    weir_report r;
    weir_conn_report(w->conn, &r, sizeof r);
    life_walk_show(w, m);
    print_error("  weir: side %d cause %d codes %d %d http %d clean %d\n", r.side, r.cause,
                r.local_code, r.peer_code, r.http_status, r.clean);
    print_error("  model: side %d cause %d codes %d %d http %d clean %d\n", m->side, m->cause,
                m->local_code, m->peer_code, m->http_status, m->clean);
    fail_msg("status %d, model %d; state %d, model %d; wants %x, model %x; due in time %d", status,
             m->status, weir_conn_state(w->conn), life_model_state(m), weir_conn_wants(w->conn),
             life_model_wants(m), life_walk_due_in_time(w, m));
}

/* ---- Lives -----------------------------------------------------------------------------------*/

/* The response that the client waits for: its key stands in its request, which stays queued. */
static void life_walk_make_response(life_walk *w)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    weir_span span;
    char accept[28];
    assert_int_equal(weir_conn_output(w->conn, &span, 1), 1);
    const char *key = span.data;
    while (memcmp(key, name, sizeof name - 1) != 0)
        key++;
    assert_int_equal(weir_accept_key(key + sizeof name - 1, 24, accept), WEIR_OK);
    assert_int_equal(weir_conn_sent(w->conn, 0), WEIR_OK);
    w->head.len = 0;
    bytes_add_text(&w->head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    bytes_add(&w->head, accept, sizeof accept);
    bytes_add_text(&w->head, "\r\n\r\n");
}

static void life_walk_born(life_walk *w)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    /* The model's time begins at 1000. */
    w->time_base = w->now - 1000;
    int status;
    if (w->kind == 's')
        status = weir_conn_create_server(w->p.context, &w->conn);
    else if (w->kind == 'c')
        status = weir_conn_create_client(w->p.context, &request, &w->conn);
    else
        status = weir_conn_create_established(w->p.context, w->p.role, &w->conn);
    assert_int_equal(status, WEIR_OK);
    if (w->kind == 'c')
        life_walk_make_response(w);
}

/* The path from its start; only its last step is new and so compared. */
static void life_walk_replay(life_walk *w, const life_model *before, const life_model *after)
{
    int status = WEIR_OK;
    life_walk_born(w);
    for (size_t i = 0; i < w->depth; i++) {
        w->count = 0;
        status = life_walk_act(w, before, w->path[i]);
        life_walk_events(w);
    }
    life_walk_compare(w, after, status);
    weir_conn_free(w->conn);
    w->sequences++;
}

static void life_walk_from(life_walk *w, const life_model *m, size_t depth)
{
    for (life_act act = 0; act < LIFE_ACTS; act++) {
        if (!life_model_may(m, act))
            continue;
        life_model next = *m;
        life_model_step(&next, act);
        w->path[w->depth++] = act;
        life_walk_replay(w, m, &next);
        const size_t more = life_model_state(&next) == WEIR_CLOSED && depth > 3 ? 2 : depth - 1;
        if (more > 0 && (life_model_state(m) != WEIR_CLOSED || depth > 1))
            life_walk_from(w, &next, more);
        w->depth--;
    }
}

static void life_walk_make_frames(life_walk *w)
{
    const int from = other_role(w->p.role);
    wire_script(&w->frames[LIFE_GOT_TEXT], from, "T:y");
    wire_script(&w->frames[LIFE_GOT_FRAGMENT], from, "T-:y");
    wire_script(&w->frames[LIFE_GOT_LAST], from, "C:y");
    wire_script(&w->frames[LIFE_GOT_PING], from, "P:y");
    wire_script(&w->frames[LIFE_GOT_CLOSE], from, "X:1000");
    wire_script(&w->frames[LIFE_GOT_BAD], from, "3:y");
    if (w->kind == 's')
        bytes_add_request(&w->head, NULL);
}

uint64_t life_walk_all(char kind, int keepalive, size_t depth)
{
    life_walk w;
    life_model m;
    assert_true(depth <= LIFE_DEPTH);
    memset(&w, 0, sizeof w);
    w.kind = kind;
    w.keepalive = keepalive;
    w.now = 1000;
    peer_init(&w.p);
    w.p.config.ping_interval_ms = keepalive ? 20000 : WEIR_NONE;
    w.p.config.pong_timeout_ms = keepalive ? 20000 : WEIR_NONE;
    w.p.config.idle_timeout_ms = keepalive ? WEIR_NONE : 30000;
    w.p.role = kind_role(kind);
    assert_int_equal(weir_context_create(&w.p.config, &w.p.context), WEIR_OK);
    assert_int_equal(weir_context_set_time(w.p.context, w.now), WEIR_OK);
    life_walk_make_frames(&w);
    life_model_begin(&m, w.p.role, kind == 'S' || kind == 'C', keepalive);
    life_walk_from(&w, &m, depth);
    for (int act = 0; act < LIFE_ACTS; act++)
        bytes_free(&w.frames[act]);
    bytes_free(&w.head);
    peer_close(&w.p);
    return w.sequences;
}
