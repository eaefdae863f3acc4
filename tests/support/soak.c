/* SPDX-License-Identifier: MIT */
/* Thousands of pairs of connections under random load and faults, each message accounted for. */
#include "soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "test.h"

#define SOAK_LONGEST 20000
#define SOAK_POOL (4 * SOAK_LONGEST)
#define SOAK_TENTHS 10
#define SOAK_WARM 3

typedef struct soak_side {
    weir_conn *conn;
    bytes pipe;       /* on its way to this side */
    size_t taken;     /* of the pipe */
    uint64_t sent;    /* messages taken whole for sending: what the other expects */
    uint64_t got;     /* messages received */
    uint64_t control; /* PING, PONG and CLOSE events */
    uint64_t rx, tx;  /* bytes */
    size_t streamed;  /* bytes of the message that is sent in pieces */
    int streaming;    /* there is one */
    int open;         /* OPEN was given */
    int ended;        /* CLOSED was given */
    int clean;        /* with CLEAN */
    int closing;      /* weir_conn_close was called here */
    int stopped;      /* sends are refused until WRITABLE */
    int no_more;      /* the other side ended its transport behind what is in the pipe */
    int eof_given;    /* and this side knows */
    int32_t cause;    /* of CLOSED */
} soak_side;

typedef struct soak_pair {
    soak_side side[2];
    uint64_t key;   /* of its messages */
    uint64_t pause; /* until this step its bytes stand still */
    int disturbed;  /* a fault was done to it: its end needs no other explanation */
} soak_pair;

/* A context and what must be in its statistics. */
typedef struct soak_half {
    weir_context *context;
    test_alloc alloc;
    weir_stats sum; /* of the connections that are gone */
    uint64_t alive;
    uint64_t bare; /* bytes held when the first of them were gone */
    uint64_t idle; /* most bytes held at the first quiet points */
} soak_half;

typedef struct soak {
    soak_half half[2];
    soak_pair *pairs;
    size_t count; /* of pairs; the odd ones are of the half with compression */
    dice dice;
    uint64_t step, now, frames;
    uint64_t messages, opened, deaths, clean, cuts, refusals, jumps;
    char pool[SOAK_POOL];
} soak;

static soak_half *soak_half_of(soak *s, const soak_pair *p)
{
    return &s->half[(size_t)(p - s->pairs) & 1];
}

static int soak_chance(soak *s, uint64_t one_in)
{
    return dice_below(&s->dice, one_in) == 0;
}

/* ---- Messages: their number says all about them ---------------------------------------------- */

typedef struct soak_message {
    int type;
    size_t len;
    const char *body;
    char number[16]; /* instead of the body's first bytes */
} soak_message;

static soak_message soak_message_of(const soak *s, const soak_pair *p, int from, uint64_t number)
{
    dice d = {p->key + number * 2 + (uint64_t)from};
    const uint64_t roll = dice_roll(&d);
    const size_t longest = roll % 997 == 0 ? SOAK_LONGEST : roll % 31 == 0 ? 1500 : 64;
    soak_message m = {.type = roll >> 60 & 1 ? WEIR_TEXT : WEIR_BINARY,
                      .len = (size_t)(dice_roll(&d) % (longest + 1)),
                      .body = s->pool + dice_roll(&d) % (SOAK_POOL - SOAK_LONGEST)};
    const uint64_t mark = dice_roll(&d);
    for (size_t i = 0; i < sizeof m.number; i++)
        m.number[i] = "0123456789abcdef"[mark >> 4 * i & 15];
    return m;
}

static void soak_write(const soak_message *m, char *out)
{
    const size_t head = m->len < sizeof m->number ? m->len : sizeof m->number;
    memcpy(out, m->body, m->len);
    memcpy(out, m->number, head);
}

static void soak_check_message(soak *s, soak_pair *p, int to, const weir_event *event)
{
    soak_side *const side = &p->side[to];
    const soak_message m = soak_message_of(s, p, !to, side->got);
    const size_t head = m.len < sizeof m.number ? m.len : sizeof m.number;
    const int type = event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY;
    if (side->got >= p->side[!to].sent)
        fail_msg("a message came that was not sent");
    if (type != m.type || event->len != m.len || memcmp(event->data, m.number, head) != 0 ||
        memcmp(event->data + head, m.body + head, m.len - head) != 0)
        fail_msg("message %" PRIu64 " is not what was sent", side->got);
    side->got++;
    s->messages++;
}

/* ---- The transport --------------------------------------------------------------------------- */

static void soak_note_end(soak *s, soak_pair *p, int to, const weir_event *event)
{
    soak_side *const side = &p->side[to];
    assert_false(side->ended);
    side->ended = 1;
    side->cause = event->cause;
    side->clean = (event->flags & WEIR_FLAG_CLEAN) != 0;
    if (!p->disturbed && !side->closing && !p->side[!to].closing)
        fail_msg("a connection ended for no reason: %s", weir_status_name(event->cause));
    s->deaths++;
}

static void soak_event(soak *s, soak_pair *p, int to, const weir_event *event)
{
    soak_side *const side = &p->side[to];
    assert_false(side->ended && event->type != WEIR_EVENT_RELEASED);
    switch (event->type) {
    case WEIR_EVENT_MESSAGE:
        soak_check_message(s, p, to, event);
        break;
    case WEIR_EVENT_OPEN:
        side->open = 1;
        s->opened++;
        break;
    case WEIR_EVENT_PING:
    case WEIR_EVENT_PONG:
    case WEIR_EVENT_CLOSE:
        side->control++;
        break;
    case WEIR_EVENT_HIGH_WATER:
        side->stopped = 1;
        break;
    case WEIR_EVENT_WRITABLE:
        side->stopped = 0;
        break;
    case WEIR_EVENT_CLOSED:
        soak_note_end(s, p, to, event);
        break;
    case WEIR_EVENT_REJECTED: /* closed before it was open */
        assert_true(p->disturbed || p->side[!to].closing);
        break;
    default:
        fail_msg("event %u", event->type);
    }
}

static size_t soak_cut(soak *s, size_t len, int cut)
{
    if (!cut || len == 0)
        return len;
    const size_t most = soak_chance(s, 4) ? 7 : 2000;
    return 1 + (size_t)dice_below(&s->dice, len < most ? len : most);
}

static size_t soak_output(soak *s, soak_pair *p, int from, int cut)
{
    soak_side *const side = &p->side[from];
    soak_side *const other = &p->side[!from];
    weir_span spans[16];
    size_t sum = 0;
    if (!(weir_conn_wants(side->conn) & WEIR_WANT_OUTPUT))
        return 0;
    const int count = weir_conn_output(side->conn, spans, 1 + (size_t)dice_below(&s->dice, 16));
    for (int i = 0; i < count; i++)
        sum += spans[i].len;
    const size_t take = soak_cut(s, sum, cut);
    size_t left = take;
    for (int i = 0; i < count && left > 0; i++) {
        const size_t len = spans[i].len < left ? spans[i].len : left;
        if (!other->no_more)
            bytes_add(&other->pipe, spans[i].data, len);
        left -= len;
    }
    assert_int_equal(weir_conn_sent(side->conn, take), WEIR_OK);
    side->tx += take;
    return take;
}

static size_t soak_receive(soak *s, soak_pair *p, int to, size_t len)
{
    soak_side *const side = &p->side[to];
    uint8_t none = 0;
    weir_event events[16];
    size_t used;
    const int count = weir_conn_receive(side->conn, len > 0 ? side->pipe.data + side->taken : &none,
                                        len, &used, events, 1 + (size_t)dice_below(&s->dice, 16));
    assert_true(count >= 0 && used <= len && (len == 0 || used > 0 || count > 0));
    side->rx += used;
    side->taken += used;
    if (side->taken == side->pipe.len)
        side->taken = side->pipe.len = 0;
    /* The bytes stay where they are while the events are handled: nothing is added meanwhile. */
    for (int i = 0; i < count; i++)
        soak_event(s, p, to, &events[i]);
    return used + (size_t)count;
}

static size_t soak_input(soak *s, soak_pair *p, int to, int cut)
{
    soak_side *const side = &p->side[to];
    const uint32_t wants = weir_conn_wants(side->conn);
    const size_t waiting = side->pipe.len - side->taken;
    if (wants & WEIR_WANT_EVENTS)
        return soak_receive(s, p, to, 0);
    if (waiting > 0 && wants & WEIR_WANT_INPUT)
        return soak_receive(s, p, to, soak_cut(s, waiting, cut));
    if (waiting == 0 && side->no_more && !side->eof_given) {
        side->eof_given = 1;
        assert_int_equal(weir_conn_receive_eof(side->conn), WEIR_OK);
        return 1;
    }
    return 0;
}

/* One turn of both; when cut everything moves in pieces. Returns what moved. */
static size_t soak_turn(soak *s, soak_pair *p, int cut)
{
    size_t moved = 0;
    for (int i = 0; i < 2; i++) {
        moved += soak_output(s, p, i, cut);
        moved += soak_input(s, p, i, cut);
        if (weir_conn_wants(p->side[i].conn) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE))
            p->side[!i].no_more = 1;
    }
    return moved;
}

/* ---- Birth and death of a pair --------------------------------------------------------------- */

/* The connection's own counters are those counted here. */
static void soak_check_stats(soak_half *half, const soak_side *side)
{
    weir_stats stats;
    assert_int_equal(weir_conn_stats(side->conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.rx_bytes, side->rx);
    assert_int_equal(stats.tx_bytes, side->tx);
    assert_int_equal(stats.tx_messages, side->sent);
    /* Events that were never taken, and messages behind our Close, are in the counter alone. */
    const int all_taken = !side->closing && !(weir_conn_wants(side->conn) & WEIR_WANT_EVENTS);
    assert_true(stats.rx_messages >= side->got && stats.rx_control >= side->control);
    if (all_taken && !side->ended) {
        assert_int_equal(stats.rx_messages, side->got);
        assert_int_equal(stats.rx_control, side->control);
        assert_int_equal(stats.opened, side->open);
    }
    assert_int_equal(stats.failed, side->ended && side->cause != WEIR_OK);
    weir_stats *const sum = &half->sum;
    sum->rx_bytes += stats.rx_bytes;
    sum->tx_bytes += stats.tx_bytes;
    sum->rx_messages += stats.rx_messages;
    sum->tx_messages += stats.tx_messages;
    sum->rx_control += stats.rx_control;
    sum->tx_control += stats.tx_control;
    sum->opened += stats.opened;
    sum->failed += stats.failed;
    sum->rx_deflated_bytes += stats.rx_deflated_bytes;
    sum->rx_inflated_bytes += stats.rx_inflated_bytes;
    sum->tx_deflated_bytes += stats.tx_deflated_bytes;
    sum->tx_inflated_bytes += stats.tx_inflated_bytes;
    sum->tx_skipped += stats.tx_skipped;
}

static void soak_bury(soak *s, soak_pair *p)
{
    soak_half *const half = soak_half_of(s, p);
    for (int i = 0; i < 2; i++) {
        soak_side *const side = &p->side[i];
        if (!side->conn)
            continue;
        /* A clean end came behind all that the side that began it had sent. */
        if (side->clean && p->side[!i].closing && !side->closing) {
            assert_int_equal(side->got, p->side[!i].sent);
            s->clean++;
        }
        soak_check_stats(half, side);
        weir_conn_free(side->conn);
        half->alive--;
    }
    for (int i = 0; i < 2; i++)
        bytes_free(&p->side[i].pipe);
    memset(p, 0, sizeof *p);
}

static void soak_bear(soak *s, soak_pair *p)
{
    soak_half *const half = soak_half_of(s, p);
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    int status = weir_conn_create_server(half->context, &p->side[PAIR_SERVER].conn);
    half->alive += status == WEIR_OK;
    if (status == WEIR_OK) {
        status = weir_conn_create_client(half->context, &request, &p->side[PAIR_CLIENT].conn);
        half->alive += status == WEIR_OK;
    }
    p->key = dice_roll(&s->dice);
    weir_conn_set_user(p->side[PAIR_SERVER].conn, p);
    weir_conn_set_user(p->side[PAIR_CLIENT].conn, p);
    if (status == WEIR_OK)
        return;
    assert_int_equal(status, WEIR_E_MEMORY);
    assert_true(half->alloc.fail_every != 0);
    soak_bury(s, p);
}

static int soak_is_over(const soak_pair *p)
{
    return weir_conn_wants(p->side[0].conn) & weir_conn_wants(p->side[1].conn) & WEIR_WANT_CLOSE;
}

/* All that can move has moved, and what is over is gone. */
static void soak_settle(soak *s, soak_pair *p, int cut)
{
    for (int quiet = 0, turns = 0; quiet < 2 && !soak_is_over(p); turns++) {
        assert_true(turns < 1000000);
        quiet = soak_turn(s, p, cut) > 0 ? 0 : quiet + 1;
    }
    if (p->side[0].conn && soak_is_over(p))
        soak_bury(s, p);
}

/* ---- What is done to a pair ------------------------------------------------------------------ */

/* What a send said; whether it was taken. */
static int soak_sent(soak *s, soak_pair *p, soak_side *side, int status)
{
    if (status == WEIR_E_MEMORY) {
        assert_true(soak_half_of(s, p)->alloc.fail_every != 0);
        s->refusals++;
        return 0;
    }
    if (status == WEIR_WOULD_BLOCK) {
        side->stopped = 1;
        s->refusals++;
        return 0;
    }
    assert_true(status == WEIR_OK || status == WEIR_OVER_HIGH);
    s->frames++;
    return 1;
}

static void soak_stream(soak *s, soak_pair *p, int from, const soak_message *m, const char *text)
{
    soak_side *const side = &p->side[from];
    const size_t left = m->len - side->streamed;
    const size_t piece = (size_t)dice_below(&s->dice, left + 1);
    if (piece == left || soak_chance(s, 6)) {
        if (!soak_sent(s, p, side, weir_conn_send_end(side->conn, text + side->streamed, left)))
            return;
        side->streaming = 0;
        side->sent++;
    } else if (soak_sent(s, p, side,
                         weir_conn_send_chunk(side->conn, text + side->streamed, piece))) {
        side->streamed += piece;
    }
}

static void soak_send(soak *s, soak_pair *p, int from)
{
    soak_side *const side = &p->side[from];
    char text[SOAK_LONGEST];
    if (weir_conn_state(side->conn) != WEIR_OPEN || side->stopped)
        return;
    const soak_message m = soak_message_of(s, p, from, side->sent);
    soak_write(&m, text);
    if (side->streaming) {
        soak_stream(s, p, from, &m, text);
    } else if (soak_chance(s, 16)) {
        assert_int_equal(weir_conn_send_begin(side->conn, m.type), WEIR_OK);
        side->streaming = 1;
        side->streamed = 0;
    } else if (soak_sent(s, p, side, weir_conn_send(side->conn, m.type, text, m.len))) {
        side->sent++;
    }
}

static void soak_pings(soak *s, soak_pair *p, int from)
{
    weir_conn *const conn = p->side[from].conn;
    for (uint64_t i = dice_below(&s->dice, 60); i > 0; i--) {
        if (weir_conn_state(conn) != WEIR_OPEN)
            return;
        const int status = weir_conn_ping(conn, s->pool, (size_t)dice_below(&s->dice, 126));
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        soak_output(s, p, from, 0); /* or the next would take its place */
        s->frames += status == WEIR_OK;
    }
}

/* The transport is cut: all that is under way is lost, for one side before the other. */
static void soak_cut_transport(soak *s, soak_pair *p)
{
    const int first = (int)dice_below(&s->dice, 2);
    p->disturbed = 1;
    s->cuts++;
    for (int i = 0; i < 2; i++) {
        soak_side *const side = &p->side[i];
        side->no_more = 1;
        if (i == first)
            side->taken = side->pipe.len = 0;
    }
}

static void soak_close(soak *s, soak_pair *p)
{
    soak_side *const side = &p->side[dice_below(&s->dice, 2)];
    if (weir_conn_close(side->conn, 1000, "bye", WEIR_NTS) == WEIR_OK)
        side->closing = 1;
}

static void soak_fault(soak *s, soak_pair *p)
{
    switch (dice_below(&s->dice, 8)) {
    case 0:
        soak_cut_transport(s, p);
        break;
    case 1:
        if (soak_chance(s, 2))
            soak_bury(s, p); /* both at once, whatever they are at */
        break;
    case 2:
    case 3:
        soak_close(s, p);
        break;
    case 4:
        p->pause = s->step + dice_below(&s->dice, 20000);
        break;
    default:
        soak_half_of(s, p)->alloc.fail_every = 1 + dice_below(&s->dice, 4);
        p->disturbed = 1;
    }
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void soak_tell_time(soak *s, uint64_t past)
{
    s->now += past;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_context_set_time(s->half[i].context, s->now), WEIR_OK);
        for (weir_conn *conn; (conn = weir_context_next_ready(s->half[i].context)) != NULL;) {
            soak_pair *const p = weir_conn_user(conn);
            if (p->pause <= s->step)
                soak_settle(s, p, 0);
        }
    }
}

/* So far that deadlines of many pass: whoever waits may end of it. */
static void soak_jump(soak *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->pairs[i].disturbed |=
            s->pairs[i].pause > s->step || !s->pairs[i].side[0].open || !s->pairs[i].side[1].open;
    soak_tell_time(s, 21000);
    s->jumps++;
}

/* ---- The run --------------------------------------------------------------------------------- */

static void soak_step(soak *s)
{
    soak_pair *const p = &s->pairs[dice_below(&s->dice, s->count)];
    soak_half *const half = soak_half_of(s, p);
    const int cut = soak_chance(s, 8);
    s->step++;
    if (s->step % 64 == 0)
        soak_tell_time(s, 1);
    if (soak_chance(s, 10 * s->count))
        soak_jump(s);
    if (!p->side[0].conn)
        soak_bear(s, p);
    if (p->side[0].conn && soak_chance(s, 60))
        soak_fault(s, p);
    if (p->side[0].conn) {
        for (uint64_t i = dice_below(&s->dice, 48); i > 0; i--)
            soak_send(s, p, (int)(i & 1));
        if (soak_chance(s, 50))
            soak_pings(s, p, (int)dice_below(&s->dice, 2));
        if (p->pause > s->step)
            soak_turn(s, p, 1);
        else if (cut && soak_chance(s, 2))
            for (int i = 0; i < 5 && !soak_is_over(p); i++)
                soak_turn(s, p, 1);
        else
            soak_settle(s, p, cut);
    }
    half->alloc.fail_every = 0;
}

/* Totals are sums over those that are gone and those that live. */
static void soak_check_totals(const soak_half *half)
{
    weir_stats stats;
    const weir_stats *const sum = &half->sum;
    assert_int_equal(weir_context_stats(half->context, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.connections, half->alive);
    assert_int_equal(stats.held_bytes, half->alloc.held);
    assert_int_equal(stats.rx_bytes, sum->rx_bytes);
    assert_int_equal(stats.tx_bytes, sum->tx_bytes);
    assert_int_equal(stats.rx_messages, sum->rx_messages);
    assert_int_equal(stats.tx_messages, sum->tx_messages);
    assert_int_equal(stats.rx_control, sum->rx_control);
    assert_int_equal(stats.tx_control, sum->tx_control);
    assert_int_equal(stats.opened, sum->opened);
    assert_int_equal(stats.failed, sum->failed);
    assert_int_equal(stats.rx_deflated_bytes, sum->rx_deflated_bytes);
    assert_int_equal(stats.rx_inflated_bytes, sum->rx_inflated_bytes);
    assert_int_equal(stats.tx_deflated_bytes, sum->tx_deflated_bytes);
    assert_int_equal(stats.tx_inflated_bytes, sum->tx_inflated_bytes);
    assert_int_equal(stats.tx_skipped, sum->tx_skipped);
}

/* Everything that was sent has come. */
static void soak_quiet(soak *s)
{
    for (size_t i = 0; i < s->count; i++) {
        soak_pair *const p = &s->pairs[i];
        p->pause = 0;
        if (!p->side[0].conn)
            soak_bear(s, p);
        for (int from = 0; from < 2; from++) {
            soak_settle(s, p, 0);
            for (int turns = 0; p->side[from].streaming && turns < 100000; turns++) {
                p->side[from].stopped = 0;
                soak_send(s, p, from);
                soak_settle(s, p, 0);
            }
        }
        for (int from = 0; from < 2; from++)
            if (p->side[0].conn && !p->disturbed && !p->side[0].closing && !p->side[1].closing)
                assert_int_equal(p->side[!from].got, p->side[from].sent);
    }
}

static void soak_close_all(soak *s)
{
    for (size_t i = 0; i < s->count; i++) {
        soak_pair *const p = &s->pairs[i];
        if (!p->side[0].conn)
            continue;
        soak_close(s, p);
        soak_settle(s, p, 0);
        if (p->side[0].conn)
            soak_bury(s, p);
    }
}

/* All is at rest; then all end, and the contexts hold what they held before but for their pools. */
static void soak_rest(soak *s, uint64_t pooled, int tenth)
{
    uint64_t held[2], left[2];
    soak_quiet(s);
    for (int i = 0; i < 2; i++)
        held[i] = s->half[i].alloc.held;
    soak_close_all(s);
    for (int i = 0; i < 2; i++) {
        soak_half *const half = &s->half[i];
        left[i] = half->alloc.held;
        soak_check_totals(half);
        /* At first not all have the windows yet that they have in the long run. */
        if (tenth < SOAK_WARM && held[i] > half->idle)
            half->idle = held[i];
        assert_true(held[i] <= half->idle + half->idle / 8 + pooled);
        half->bare = tenth == 0 ? left[i] : half->bare;
        assert_true(left[i] <= half->bare + pooled);
    }
    print_message("%2d/10: %" PRIu64 " frames, %" PRIu64 " messages, held at rest %" PRIu64
                  " + %" PRIu64 " deflate, alone %" PRIu64 " + %" PRIu64 "\n",
                  tenth + 1, s->frames, s->messages, held[0], held[1], left[0], left[1]);
}

static uint64_t soak_open(soak *s)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.allocate = test_allocate;
    config.auto_accept = 1;
    config.has_seed = 1;
    config.deflate_tx_bits = config.deflate_rx_bits = 10;
    config.max_pooled_bytes = 32 << 10;
    config.high_water_bytes = 32 << 10;
    config.low_water_bytes = 8 << 10;
    config.max_queued_bytes = 64 << 10;
    config.fragment_bytes = 4096;
    for (int i = 0; i < 2; i++) {
        config.allocate_user = &s->half[i].alloc;
        config.deflate = i == 1 ? WEIR_DEFLATE_PREFERRED : WEIR_DEFLATE_OFF;
        assert_int_equal(weir_context_create(&config, &s->half[i].context), WEIR_OK);
    }
    for (size_t i = 0; i < SOAK_POOL; i++)
        s->pool[i] = "etaoin shrdlu,.{}\":0123456789 the"[dice_below(&s->dice, 33)];
    return config.max_pooled_bytes;
}

void soak_run(size_t connections, uint64_t frames, uint64_t seed)
{
    soak *const s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->dice.state = seed;
    s->count = connections / 2;
    s->pairs = calloc(s->count, sizeof *s->pairs);
    assert_non_null(s->pairs);
    const uint64_t pooled = soak_open(s);
    for (int tenth = 0; tenth < SOAK_TENTHS; tenth++) {
        const uint64_t until = frames / SOAK_TENTHS * (uint64_t)(tenth + 1);
        while (s->frames < until)
            soak_step(s);
        soak_rest(s, pooled, tenth);
    }
    print_message("%" PRIu64 " opened, %" PRIu64 " ended, %" PRIu64 " clean, %" PRIu64
                  " cuts, %" PRIu64 " sends refused, %" PRIu64 " allocations failed, %" PRIu64
                  " clock jumps\n",
                  s->opened, s->deaths, s->clean, s->cuts, s->refusals,
                  s->half[0].alloc.failed + s->half[1].alloc.failed, s->jumps);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weir_context_free(s->half[i].context), WEIR_OK);
        assert_int_equal(s->half[i].alloc.held, 0);
        assert_int_equal(s->half[i].alloc.blocks, 0);
    }
    free(s->pairs);
    free(s);
}
