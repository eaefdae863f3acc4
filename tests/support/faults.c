/* SPDX-License-Identifier: MIT */
/* Stories told again and again, with one thing going wrong at every place where it can. */
#include "faults.h"

#include <string.h>

#include "test.h"

#define FAULT_REFS 4
#define FAULT_LARGE 1500

typedef struct telling {
    test_alloc alloc;
    pair p;
    const fault_story *story;
    const fault *f;
    fault_sizes sizes;
    bytes sent[2]; /* messages taken, as in pair_side.got */
    bytes part[2]; /* the message that comes in chunks */
    uint64_t tokens[2];
    size_t refs[2];
    int closed[2]; /* it called close itself */
    int silent[2];
    int freed[2];
    uint64_t now;
} telling;

static uint8_t fault_large[FAULT_LARGE];

fault_story fault_story_number(int number)
{
    const int kind = number / 4; /* plain, compressed, established */
    return (fault_story){kind == 2 ? 'e' : 's', kind == 1, number % 2, number / 2 % 2};
}

/* ---- Events ----------------------------------------------------------------------------------*/

static void tell_log(bytes *log, int type, const void *data, size_t len)
{
    const uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                             (uint8_t)(len >> 24)};
    bytes_add(log, head, sizeof head);
    bytes_add(log, data, len);
}

static void tell_chunk(telling *t, int side, const weir_event *event)
{
    bytes *const part = &t->part[side];
    assert_int_equal(event->offset, part->len);
    bytes_add(part, event->data, event->len);
    if (!(event->flags & WEIR_FLAG_LAST))
        return;
    tell_log(&t->p.side[side].got, event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY,
             part->data, part->len);
    part->len = 0;
}

/* A status that a call may have when only our own resources fail. */
static int tell_took(const telling *t, int status)
{
    if (status == WEIR_OK || status == WEIR_OVER_HIGH)
        return 1;
    if (status == WEIR_E_MEMORY)
        assert_true(t->alloc.failed > 0);
    else
        assert_true(status == WEIR_WOULD_BLOCK || status == WEIR_E_NOT_OPEN ||
                    status == WEIR_E_CLOSING || status == WEIR_E_MESSAGE_OPEN ||
                    status == WEIR_E_NO_MESSAGE);
    return 0;
}

static void tell_free(telling *t, int side)
{
    weir_conn_free(t->p.side[side].conn);
    t->p.side[side].conn = NULL;
    t->freed[side] = 1;
    t->p.side[!side].other_side_ended = 1;
}

static void tell_send(telling *t, int side, int type, const void *data, size_t len)
{
    if (t->p.side[side].conn && tell_took(t, weir_conn_send(t->p.side[side].conn, type, data, len)))
        tell_log(&t->sent[side], type, data, len);
}

static void tell_close(telling *t, int side)
{
    weir_conn *const conn = t->p.side[side].conn;
    for (int tries = 0; conn && !t->closed[side] && tries < 3; tries++)
        t->closed[side] = tell_took(t, weir_conn_close(conn, 1000, "bye", 3));
}

static void tell_event(pair *p, int side, const weir_event *event)
{
    telling *const t = p->user;
    assert_true(p->side[side].counts[WEIR_EVENT_CLOSED] == (event->type == WEIR_EVENT_CLOSED));
    if (event->type == WEIR_EVENT_CHUNK)
        tell_chunk(t, side, event);
    if (++t->sizes.events != t->f->event_at)
        return;
    if (t->f->act == FAULT_CLOSE)
        tell_close(t, side);
    else if (t->f->act == FAULT_FREE)
        tell_free(t, side);
    else if (t->f->act == FAULT_SEND)
        tell_send(t, side, WEIR_TEXT, "now", 3);
    else
        t->silent[side] = 1;
}

/* ---- Moving ----------------------------------------------------------------------------------*/

static void tell_clock(telling *t, uint64_t now)
{
    weir_context_set_time(t->p.context, now);
    for (int turns = 0; weir_context_next_ready(t->p.context); turns++)
        assert_true(turns < 8);
    t->now = now > t->now ? now : t->now;
}

static uint64_t tell_received(const telling *t, int side)
{
    weir_stats stats;
    if (!t->p.side[side].conn)
        return t->sizes.bytes[side];
    weir_conn_stats(t->p.side[side].conn, &stats, sizeof stats);
    return stats.rx_bytes;
}

static size_t tell_read(telling *t, int side)
{
    pair_side *const s = &t->p.side[side];
    if (t->silent[side])
        return pair_read(&t->p, side, 0);
    if (t->f->eof_at == 0 || t->f->eof_side != side || s->eof_given)
        return pair_read(&t->p, side, SIZE_MAX);
    const uint64_t left = t->f->eof_at - 1 - tell_received(t, side);
    if (left > 0)
        return pair_read(&t->p, side, (size_t)left);
    assert_int_equal(weir_conn_receive_eof(s->conn), WEIR_OK);
    s->eof_given = 1;
    s->pipe.len = 0;
    t->p.side[!side].other_side_ended = 1;
    return 1;
}

static void tell_move(telling *t)
{
    const size_t max = t->f->write_max ? t->f->write_max : SIZE_MAX;
    for (size_t quiet = 0, turns = 0; quiet < 2; turns++) {
        size_t moved = 0;
        assert_true(turns < 100000);
        if (++t->sizes.turns == t->f->jump_at)
            tell_clock(t, t->f->jump_ms < 0 ? 1 : t->now + (uint64_t)t->f->jump_ms);
        for (int side = 0; side < 2; side++) {
            if (t->p.side[side].conn)
                moved += pair_write(&t->p, side, max);
            if (t->p.side[side].conn)
                moved += tell_read(t, side);
            if (t->p.side[side].conn)
                t->sizes.bytes[side] = tell_received(t, side);
        }
        quiet = moved > 0 ? 0 : quiet + 1;
    }
}

/* ---- The story -------------------------------------------------------------------------------*/

static void tell_ref(telling *t, int side, uint64_t token)
{
    weir_conn *const conn = t->p.side[side].conn;
    if (!conn ||
        !tell_took(t, weir_conn_send_ref(conn, WEIR_BINARY, fault_large, FAULT_LARGE, token)))
        return;
    tell_log(&t->sent[side], WEIR_BINARY, fault_large, FAULT_LARGE);
    t->tokens[side] += token;
    t->refs[side]++;
}

static void tell_stream(telling *t, int side)
{
    weir_conn *const conn = t->p.side[side].conn;
    bytes said = {NULL, 0, 0};
    int done = 0;
    if (!conn || !tell_took(t, weir_conn_send_begin(conn, WEIR_TEXT)))
        return;
    for (int i = 0; i < 2; i++)
        if (tell_took(t, weir_conn_send_chunk(conn, fault_large, 300)))
            bytes_add(&said, fault_large, 300);
    for (int tries = 0; !done && tries < 3; tries++)
        done = tell_took(t, weir_conn_send_end(conn, "end", 3));
    if (done) {
        bytes_add(&said, "end", 3);
        tell_log(&t->sent[side], WEIR_TEXT, said.data, said.len);
    }
    bytes_free(&said);
}

/* The same prepared message to both. */
static void tell_broadcast(telling *t)
{
    weir_message *message = NULL;
    if (!tell_took(t, weir_message_create(t->p.context, WEIR_TEXT, fault_large, 700, &message)))
        return;
    for (int turn = 0; turn < 4; turn++) {
        weir_conn *const conn = t->p.side[turn % 2].conn;
        if (conn && tell_took(t, weir_conn_send_message(conn, message)))
            tell_log(&t->sent[turn % 2], WEIR_TEXT, fault_large, 700);
    }
    weir_message_free(message);
}

static void tell_messages(telling *t)
{
    for (int side = 0; side < 2; side++) {
        tell_send(t, side, WEIR_TEXT, "a short text", 12);
        tell_ref(t, side, 1);
        tell_stream(t, side);
        if (t->p.side[side].conn)
            tell_took(t, weir_conn_ping(t->p.side[side].conn, "ping", 4));
    }
    tell_broadcast(t);
    for (int side = 0; side < 2; side++) {
        tell_send(t, side, WEIR_BINARY, fault_large, FAULT_LARGE);
        if (t->p.side[side].conn)
            tell_took(t, weir_conn_pong(t->p.side[side].conn, "pong", 4));
        tell_ref(t, side, 2);
    }
}

/* A request that could not be answered for want of memory still waits for its answer. */
static void tell_accept(telling *t)
{
    weir_conn *const conn = t->p.side[PAIR_SERVER].conn;
    if (conn && weir_conn_state(conn) == WEIR_CONNECTING &&
        weir_conn_accept(conn, NULL, 0, NULL, 0) == WEIR_OK)
        tell_move(t);
}

static void tell_all(telling *t)
{
    tell_move(t);
    for (int tries = 0; tries < 3; tries++)
        tell_accept(t);
    tell_messages(t);
    tell_move(t);
    tell_clock(t, t->now + 21000); /* so silent that both sides ping */
    tell_move(t);
    tell_send(t, 0, WEIR_TEXT, "last", 4);
    tell_close(t, t->story->closer);
    tell_move(t);
    if (!t->closed[t->story->closer])
        tell_close(t, !t->story->closer);
    for (int i = 0; i < 8; i++) {
        tell_clock(t, t->now + 60000);
        tell_move(t);
    }
}

/* ---- Afterwards ------------------------------------------------------------------------------*/

static int tell_is_prefix(const bytes *part, const bytes *all)
{
    return part->len <= all->len && (part->len == 0 || !memcmp(part->data, all->data, part->len));
}

/* The peer broke no rule, whatever went wrong here. */
static void tell_check_cause(const telling *t, int cause)
{
    if (cause == WEIR_E_MEMORY)
        assert_true(t->alloc.failed > 0);
    else if (cause <= WEIR_E_HTTP_SYNTAX && cause != WEIR_E_NOT_UPGRADED && cause != WEIR_E_REFUSED)
        fail_msg("ended by %s", weir_status_name(cause));
}

static void tell_check_side(const telling *t, int side)
{
    const pair_side *const s = &t->p.side[side];
    assert_true(tell_is_prefix(&s->got, &t->sent[!side]));
    if (t->p.side[0].clean && t->p.side[1].clean && !t->closed[side])
        assert_int_equal(s->got.len, t->sent[!side].len);
    if (t->freed[side])
        return;
    weir_report report;
    weir_conn_report(s->conn, &report, sizeof report);
    assert_int_equal(weir_conn_state(s->conn), WEIR_CLOSED);
    assert_int_equal(weir_conn_wants(s->conn), WEIR_WANT_CLOSE);
    assert_int_equal(s->counts[WEIR_EVENT_CLOSED], 1);
    assert_int_equal(s->counts[WEIR_EVENT_RELEASED], t->refs[side]);
    assert_int_equal(s->tokens, t->tokens[side]);
    assert_int_equal(report.cause, s->cause);
    tell_check_cause(t, report.cause);
}

static void tell_begin(telling *t, const fault_story *story, const fault *f)
{
    memset(t, 0, sizeof *t);
    t->story = story;
    t->f = f;
    t->now = 1000;
    t->alloc.fail_at = f->fail_at;
    t->alloc.fail_from = f->fail_from;
    t->alloc.fail_every = f->fail_every;
    pair_init(&t->p, &t->alloc);
    t->p.user = t;
    t->p.on_event = tell_event;
    t->p.config.max_pooled_bytes = 0; /* every block is an allocation */
    t->p.config.fragment_bytes = 400;
    t->p.config.high_water_bytes = 4000;
    t->p.config.low_water_bytes = 1000;
    t->p.config.deliver_chunks = (uint64_t)story->chunks;
    t->p.config.deflate = story->deflate ? WEIR_DEFLATE_ALWAYS : WEIR_DEFLATE_OFF;
    dice letters = {1}; /* text that compresses little */
    for (size_t i = 0; i < sizeof fault_large; i++)
        fault_large[i] = (uint8_t)(' ' + dice_below(&letters, 90));
}

fault_sizes fault_tell(const fault_story *story, const fault *f)
{
    static telling t;
    tell_begin(&t, story, f);
    const int status = pair_open(&t.p, story->open);
    if (status == WEIR_OK) {
        weir_context_set_time(t.p.context, t.now);
        tell_all(&t);
        for (int side = 0; side < 2; side++)
            tell_check_side(&t, side);
    } else {
        assert_int_equal(status, WEIR_E_MEMORY);
        assert_true(t.alloc.failed > 0);
    }
    pair_free(&t.p);
    for (int side = 0; side < 2; side++) {
        bytes_free(&t.sent[side]);
        bytes_free(&t.part[side]);
    }
    t.sizes.allocations = t.alloc.calls;
    assert_int_equal(t.alloc.held, 0);
    assert_int_equal(t.alloc.blocks, 0);
    return t.sizes;
}

/* ---- Everything that can go wrong ------------------------------------------------------------*/

/* Everything leaves at once, or in pieces so small that the same happens at other moments. */
static uint64_t sweep_memory(const fault_story *story, const fault_sizes *sizes)
{
    uint64_t runs = 0;
    for (uint64_t k = 1; k <= sizes->allocations; k++, runs += 4)
        for (size_t max = 0; max <= 61; max += 61) {
            fault_tell(story, &(fault){.fail_at = k, .write_max = max});
            fault_tell(story, &(fault){.fail_from = k, .write_max = max});
        }
    for (uint64_t k = 1; k <= 16; k++, runs++)
        fault_tell(story, &(fault){.fail_every = k});
    return runs;
}

#define SWEEP_EVERY 300u /* first bytes of which none is left out */

static uint64_t sweep_bytes(const fault_story *story, const fault_sizes *sizes, size_t stride)
{
    uint64_t runs = 0;
    for (int side = 0; side < 2; side++)
        for (uint64_t at = 1; at <= sizes->bytes[side] + 1;
             at += at < SWEEP_EVERY ? (stride > 1 ? 7u : 1u) : stride, runs++)
            fault_tell(story, &(fault){.eof_at = at, .eof_side = side});
    for (size_t max = 1; max <= sizes->bytes[0] || max <= sizes->bytes[1];
         max += max < 32 ? 1 : stride, runs++)
        fault_tell(story, &(fault){.write_max = max});
    return runs;
}

static uint64_t sweep_moments(const fault_story *story, const fault_sizes *sizes)
{
    static const int64_t jumps[] = {1, 3600000, INT64_C(50) * 24 * 3600000, -1};
    uint64_t runs = 0;
    for (size_t at = 1; at <= sizes->turns; at++)
        for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++, runs++)
            fault_tell(story, &(fault){.jump_at = at, .jump_ms = jumps[i]});
    for (size_t at = 1; at <= sizes->events; at++)
        for (fault_act act = 0; act < FAULT_ACTS; act++, runs++)
            fault_tell(story, &(fault){.event_at = at, .act = act});
    return runs;
}

uint64_t fault_sweep(const fault_story *story, size_t stride)
{
    const fault_sizes sizes = fault_tell(story, &(fault){0});
    assert_true(sizes.events > 10 && sizes.bytes[0] > 1000 && sizes.bytes[1] > 1000);
    return 1 + sweep_memory(story, &sizes) + sweep_bytes(story, &sizes, stride) +
           sweep_moments(story, &sizes);
}
