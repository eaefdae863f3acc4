/* SPDX-License-Identifier: MIT */
/* Walks over all frames of a kind, each compared with the model. */
#include "frame_walk.h"

#include <string.h>

#include "../../src/conn/compression.h"
#include "test.h"
#include "wire.h"

#define WALK_DEPTH 8

/* ---- A connection under test -----------------------------------------------------------------*/

typedef struct frame_walk {
    peer p;
    int deflate;
    int close_sent;
    uint64_t max;
    uint64_t cases;
    const model_frame *path[WALK_DEPTH];
    size_t depth;
    weir_conn *conn;
    model_event events[MODEL_EVENTS + 8];
    size_t count;
    size_t pongs; /* in the output */
    int close_code;
} frame_walk;

static void frame_walk_describe(const frame_walk *w)
{
    for (size_t i = 0; i < w->depth; i++)
        print_error("  %02x %02x len %llu\n", w->path[i]->first, w->path[i]->second,
                    (unsigned long long)w->path[i]->len);
    print_error("  role %d, deflate %d, close sent %d\n", w->p.role, w->deflate, w->close_sent);
}

static void frame_walk_note(frame_walk *w, const weir_event *events, int count)
{
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        assert_true(w->count < MODEL_EVENTS + 8);
        w->events[w->count++] = (model_event){(int)events[i].type, events[i].flags, events[i].code,
                                              events[i].cause, events[i].len};
    }
}

static void frame_walk_events(frame_walk *w)
{
    weir_event events[4];
    while (weir_conn_wants(w->conn) & WEIR_WANT_EVENTS)
        frame_walk_note(w, events, weir_conn_events(w->conn, events, 4));
}

/* All output leaves; its pongs are counted, its Close read. Masks are the library's own: a client's
 * frames are read by their heads alone, but for the code. */
static void frame_walk_drain(frame_walk *w)
{
    weir_span spans[4];
    while (weir_conn_wants(w->conn) & WEIR_WANT_OUTPUT) {
        size_t sum = 0;
        const int count = weir_conn_output(w->conn, spans, 4);
        for (int i = 0; i < count; i++) {
            const uint8_t *const data = spans[i].data;
            for (size_t at = 0; at < spans[i].len;) {
                weir_frame_head head;
                const int used = weir_frame_head_read(data + at, spans[i].len - at, &head);
                assert_true(used > 0);
                w->pongs += head.opcode == 10;
                at += (size_t)used;
                if (head.opcode == 8)
                    w->close_code =
                        head.len < 2 ? 1005
                                     : (data[at] ^ head.key[0]) << 8 | (data[at + 1] ^ head.key[1]);
                at += (size_t)head.len;
            }
            sum += spans[i].len;
        }
        assert_int_equal(weir_conn_sent(w->conn, sum), WEIR_OK);
    }
}

/* A Close that follows other events is only looked at once they were taken. */
static void frame_walk_settle(frame_walk *w)
{
    do {
        frame_walk_drain(w);
        frame_walk_events(w);
    } while (weir_conn_wants(w->conn) & (WEIR_WANT_OUTPUT | WEIR_WANT_EVENTS));
}

static void frame_walk_feed(frame_walk *w, uint8_t *data, size_t len)
{
    weir_event events[8];
    for (size_t at = 0, used; at < len; at += used)
        frame_walk_note(w, events,
                        weir_conn_receive(w->conn, data + at, len - at, &used, events, 8));
}

static void frame_walk_fresh(frame_walk *w)
{
    const weir__permessage_agreed agreed = {.enabled = true,
                                            .tx_takeover = true,
                                            .rx_takeover = true,
                                            .tx_window_bits = 15,
                                            .rx_window_bits = 15};
    weir_conn_free(w->conn);
    assert_int_equal(weir_conn_create_established(w->p.context, w->p.role, &w->conn), WEIR_OK);
    if (w->deflate)
        assert_int_equal(weir__compression_start(w->conn, &agreed), WEIR_OK);
    if (w->close_sent) {
        assert_int_equal(weir_conn_close(w->conn, 1000, NULL, 0), WEIR_OK);
        frame_walk_drain(w);
    }
    w->count = w->pongs = 0;
    w->close_code = 0;
}

static void frame_walk_begin(frame_walk *w, int role, int deflate, uint64_t max)
{
    memset(w, 0, sizeof *w);
    peer_init(&w->p);
    w->p.config.max_message_bytes = max;
    peer_open(&w->p, role == WEIR_SERVER ? 'S' : 'C');
    w->deflate = deflate;
    w->max = max;
}

static void frame_walk_end(frame_walk *w)
{
    weir_conn_free(w->conn);
    peer_close(&w->p);
}

static void frame_walk_model(const frame_walk *w, frame_model *m)
{
    frame_model_begin(m, w->p.role, w->deflate);
    m->max = w->max;
    m->close_sent = w->close_sent;
    m->local_code = w->close_sent ? 1000 : 0;
    for (size_t i = 0; i < w->depth; i++)
        frame_model_take(m, w->path[i]);
}

static int frame_walk_same_events(const frame_walk *w, const frame_model *m)
{
    if (w->count != m->count)
        return 0;
    for (size_t i = 0; i < m->count; i++) {
        const model_event *const a = &w->events[i];
        const model_event *const b = &m->events[i];
        if (a->type != b->type || a->flags != b->flags || a->code != b->code ||
            a->cause != b->cause || a->len != b->len)
            return 0;
    }
    return 1;
}

static void frame_walk_show(const char *who, const model_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_error("  %s: event %d flags %x code %d cause %s len %zu\n", who, events[i].type,
                    events[i].flags, events[i].code, weir_status_name(events[i].cause),
                    events[i].len);
}

/* Events, codes and state are what the model says. */
static void frame_walk_compare(frame_walk *w, const frame_model *m, int queued)
{
    weir_report r;
    weir_conn_report(w->conn, &r, sizeof r);
    const int got = weir_conn_state(w->conn);
    const int clean = m->over && m->cause == WEIR_OK;
    int wanted = m->over || w->close_sent ? WEIR_CLOSING : WEIR_OPEN;
    /* A server is done once both Closes have passed; whoever fails when nothing is left to say. */
    if ((clean && w->p.role == WEIR_SERVER) || (m->cause != WEIR_OK && w->close_sent && !queued))
        wanted = WEIR_CLOSED;
    if (frame_walk_same_events(w, m) && r.cause == m->cause && r.local_code == m->local_code &&
        r.peer_code == m->peer_code && (int)r.clean == clean && got == wanted)
        return;
    frame_walk_describe(w);
    frame_walk_show("weir", w->events, w->count);
    frame_walk_show("model", m->events, m->count);
    fail_msg("cause %s, model %s; codes %d %d, model %d %d; state %d, model %d",
             weir_status_name(r.cause), weir_status_name(m->cause), r.local_code, r.peer_code,
             m->local_code, m->peer_code, got, wanted);
}

/* ---- Heads -----------------------------------------------------------------------------------*/

/* Appended as it goes on the wire. */
static void frame_walk_write(bytes *b, const model_frame *f)
{
    static const uint8_t key[4] = {0x37, 0xFA, 0x21, 0x3D};
    const size_t form = f->second % 128 == 126 ? 2 : f->second % 128 == 127 ? 8 : 0;
    bytes_add(b, &f->first, 1);
    bytes_add(b, &f->second, 1);
    for (size_t i = form; i > 0; i--)
        bytes_add(b, &(uint8_t){(uint8_t)(f->len >> (8 * (i - 1)))}, 1);
    if (f->second >= 128)
        bytes_add(b, key, 4);
    for (size_t i = 0; !f->head_only && i < f->len; i++)
        bytes_add(b, &(uint8_t){(uint8_t)(f->payload[i] ^ (f->second >= 128 ? key[i & 3] : 0))}, 1);
}

/* One frame's head behind those of the path: byte by byte, so that the one that tells is known. */
static void frame_walk_head(frame_walk *w, const model_frame *f)
{
    bytes wire = {NULL, 0, 0};
    frame_model m;
    size_t told = 0;
    frame_walk_fresh(w);
    for (size_t i = 0; i < w->depth; i++) {
        frame_walk_write(&wire, w->path[i]);
        frame_walk_feed(w, wire.data, wire.len);
        wire.len = 0;
    }
    w->path[w->depth++] = f;
    frame_walk_write(&wire, f);
    for (size_t i = 0; i < wire.len; i++) {
        const size_t before = w->count;
        frame_walk_feed(w, wire.data + i, 1);
        if (told == 0 && w->count > before)
            told = i + 1;
    }
    frame_walk_settle(w);
    frame_walk_model(w, &m);
    frame_walk_compare(w, &m, 0);
    if (m.cause != WEIR_OK && m.fault_after != 0 && told != m.fault_after) {
        frame_walk_describe(w);
        fail_msg("told after %zu bytes, not %zu", told, m.fault_after);
    }
    assert_int_equal(w->close_code, w->close_sent ? 0 : m.local_code);
    frame_model_end(&m);
    bytes_free(&wire);
    w->depth--;
    w->cases++;
}

static void frame_walk_lengths(frame_walk *w, uint8_t first, uint8_t second)
{
    static const uint64_t lengths[] = {0,         1,
                                       125,       126,
                                       127,       65535,
                                       65536,     65537,
                                       1u << 31,  (uint64_t)1 << 32,
                                       INT64_MAX, (uint64_t)1 << 63,
                                       UINT64_MAX};
    model_frame f = {first, second, second % 128u, (const uint8_t *)"", 1};
    if (second % 128 < 126) {
        frame_walk_head(w, &f);
        return;
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        f.len = lengths[i];
        if (second % 128 == 127 || lengths[i] <= 65535)
            frame_walk_head(w, &f);
    }
}

uint64_t frame_walk_heads(int role, int deflate, uint64_t max)
{
    static const uint8_t packed[] = {0x4A, 0x04, 0x00}; /* "a" */
    const uint8_t bit = role == WEIR_SERVER ? 0x80 : 0;
    const model_frame plain = {0x01, 1 | bit, 1, (const uint8_t *)"a", 0};
    const model_frame deflated = {0x41, 3 | bit, 3, packed, 0};
    frame_walk w;
    frame_walk_begin(&w, role, deflate, max);
    for (w.close_sent = 0; w.close_sent < 2; w.close_sent++)
        for (int open = 0; open < 2 + deflate; open++) {
            w.depth = open > 0;
            w.path[0] = open == 1 ? &plain : &deflated;
            for (unsigned two = 0; two < 65536; two++)
                frame_walk_lengths(&w, (uint8_t)(two >> 8), (uint8_t)two);
        }
    frame_walk_end(&w);
    return w.cases;
}

/* ---- Sequences -------------------------------------------------------------------------------*/

static uint8_t frame_walk_texts[4][126]; /* packed "a": 123 of them in 125 bytes */
static uint8_t frame_walk_closes[126];

/* The payload of so many bytes: both plain text and a compressed message, but for one byte, which
 * begins one. A Close has code 1000. */
static const uint8_t *frame_walk_payload(int opcode, size_t len)
{
    memset(frame_walk_closes, 'r', sizeof frame_walk_closes);
    frame_walk_closes[0] = 0x03;
    frame_walk_closes[1] = 0xE8;
    uint8_t *const text = frame_walk_texts[len < 3 ? len : 3];
    if (opcode == 8)
        return frame_walk_closes;
    memset(text, 0x4C, 126);
    text[0] = len > 2 ? 0x4A : len == 2 ? 0x02 : 0x00;
    text[1] = len > 2 ? 0x4C : 0x00;
    if (len > 2)
        memcpy(text + len - 2, "\x04\x00", 2);
    return text;
}

static void frame_alphabet_add(frame_alphabet *a, unsigned first, unsigned second)
{
    const model_frame f = {(uint8_t)first, (uint8_t)second, second % 128,
                           frame_walk_payload((int)first % 16, second % 128), 0};
    assert_true(a->count < sizeof a->frames / sizeof a->frames[0]);
    a->frames[a->count++] = f;
}

void frame_alphabet_concrete(frame_alphabet *a)
{
    static const unsigned lengths[] = {0, 1, 2, 125};
    a->count = 0;
    for (unsigned first = 0; first < 256; first++)
        for (unsigned i = 0; i < 8; i++)
            frame_alphabet_add(a, first, lengths[i % 4] | (i / 4) << 7);
}

/* Half a character and its other half, for text (packed they would be blocks that go on); lengths
 * over 125 for control frames. */
static void frame_alphabet_add_special(frame_alphabet *a, unsigned bit)
{
    static const unsigned firsts[] = {0x01, 0x81, 0x00, 0x80};
    for (size_t i = 0; i < 4; i++)
        for (int half = 0; half < 2; half++) {
            frame_alphabet_add(a, firsts[i], 1 | bit);
            a->frames[a->count - 1].payload = (const uint8_t *)(half ? "\xA8" : "\xD8");
        }
    for (unsigned opcode = 8; opcode <= 10; opcode++) {
        frame_alphabet_add(a, 0x80 | opcode, 126 | bit);
        a->frames[a->count - 1].len = 126;
        a->frames[a->count - 1].head_only = 1;
    }
    frame_alphabet_add(a, 0x88, 2 | bit);
    a->frames[a->count - 1].payload = (const uint8_t *)"\x03\xED"; /* 1005 */
    frame_alphabet_add(a, 0x88, 3 | bit);
    a->frames[a->count - 1].payload = (const uint8_t *)"\x0F\xA0\xC3"; /* 4000, half a character */
}

void frame_alphabet_abstract(frame_alphabet *a, int role)
{
    static const unsigned opcodes[] = {0, 1, 2, 3, 8, 9, 10, 11};
    static const unsigned rsvs[] = {0, 0x40, 0x30};
    static const unsigned lengths[] = {0, 1, 125};
    const unsigned right = role == WEIR_SERVER ? 0x80 : 0;
    a->count = 0;
    for (unsigned i = 0; i < 8 * 2 * 3 * 2 * 3; i++) {
        const unsigned mask = i / 3 % 2 ? right : right ^ 0x80;
        frame_alphabet_add(a, opcodes[i / 36] | (i / 18 % 2) << 7 | rsvs[i / 6 % 3],
                           lengths[i % 3] | mask);
    }
    frame_alphabet_add_special(a, right);
}

void frame_alphabet_small(frame_alphabet *a, int role)
{
    static const unsigned frames[][2] = {
        {0x01, 2},   {0x81, 0},   {0x81, 125}, {0x02, 0}, {0x82, 1},   {0x41, 2},
        {0x41, 0},   {0xC1, 125}, {0xC2, 0},   {0x00, 0}, {0x00, 125}, {0x80, 0},
        {0x80, 2},   {0x40, 0},   {0x88, 0},   {0x88, 1}, {0x88, 125}, {0x89, 0},
        {0x89, 125}, {0x8A, 2},   {0x09, 0},   {0x83, 0}, {0xA1, 0}};
    const unsigned right = role == WEIR_SERVER ? 0x80 : 0;
    a->count = 0;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        frame_alphabet_add(a, frames[i][0], frames[i][1] | right);
    frame_alphabet_add(a, 0x81, right ^ 0x80);
}

static size_t frame_walk_size(const model_frame *f)
{
    return frame_model_head(f) + (f->head_only ? 0 : (size_t)f->len);
}

static void frame_walk_path(frame_walk *w, bytes *wire, const frame_model *m, int bytewise)
{
    frame_walk_fresh(w);
    wire->len = 0;
    for (size_t i = 0; i < w->depth; i++)
        frame_walk_write(wire, w->path[i]);
    if (!bytewise)
        frame_walk_feed(w, wire->data, wire->len);
    /* Of a long frame the head goes byte by byte, the rest in pieces that end within it. */
    for (size_t i = 0, at = 0; bytewise && i < w->depth; i++) {
        const size_t end = at + frame_walk_size(w->path[i]);
        for (size_t len, begin = at; at < end; at += len) {
            len = at - begin < 8 || end - at < 40 ? 1 : 37;
            frame_walk_feed(w, wire->data + at, len);
            frame_walk_drain(w);
        }
    }
    frame_walk_settle(w);
    frame_walk_compare(w, m, m->pongs > 0 && !bytewise);
    assert_int_equal(w->close_code, w->close_sent ? 0 : m->local_code);
    /* Each ping is answered; of several that come at once the last. */
    if (bytewise)
        assert_int_equal(w->pongs, m->pongs);
}

static void frame_walk_from(frame_walk *w, const frame_alphabet *a, bytes *wire, size_t depth)
{
    for (size_t i = 0; i < a->count; i++) {
        frame_model m;
        w->path[w->depth++] = &a->frames[i];
        frame_walk_model(w, &m);
        const int over = m.over;
        frame_walk_path(w, wire, &m, 0);
        frame_walk_path(w, wire, &m, 1);
        frame_model_end(&m);
        w->cases++;
        if (!over && depth > 1)
            frame_walk_from(w, a, wire, depth - 1);
        w->depth--;
    }
}

uint64_t frame_walk_sequences(const frame_alphabet *a, int role, int deflate, int close_sent,
                              size_t depth)
{
    frame_walk w;
    bytes wire = {NULL, 0, 0};
    assert_true(depth <= WALK_DEPTH);
    frame_walk_begin(&w, role, deflate, 1024 * 1024);
    w.close_sent = close_sent;
    frame_walk_from(&w, a, &wire, depth);
    frame_walk_end(&w);
    bytes_free(&wire);
    return w.cases;
}
