/* SPDX-License-Identifier: MIT */
/* RFC 7692 7.2.1: what we send, read by zlib with just the window that was agreed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

/* ---- One agreement ---------------------------------------------------------------------------*/

typedef struct terms {
    int role; /* ours */
    unsigned bits;
    int takeover;
    uint64_t level;
    uint64_t mode;
    uint64_t fragment_bytes; /* 0: default */
    uint64_t max_bytes;      /* of deflate_max_bytes; 0: default */
} terms;

static void open_terms(peer *p, const terms *t)
{
    char extensions[160];
    const char *const side = t->role == WEIR_SERVER ? "server" : "client";
    peer_init(p);
    p->config.deflate = t->mode ? t->mode : WEIR_DEFLATE_ON;
    p->config.deflate_tx_bits = p->config.deflate_rx_bits = 15;
    p->config.deflate_level = t->level ? t->level : WEIR_DEFLATE_DEFAULT;
    p->config.max_queued_bytes = p->config.high_water_bytes = (uint64_t)1 << 30;
    if (t->fragment_bytes)
        p->config.fragment_bytes = t->fragment_bytes;
    if (t->max_bytes)
        p->config.deflate_max_bytes = t->max_bytes;
    snprintf(extensions, sizeof extensions, "permessage-deflate%s%s; %s_max_window_bits=%u",
             t->takeover ? "" : "; ",
             t->takeover              ? ""
             : t->role == WEIR_SERVER ? "server_no_context_takeover"
                                      : "client_no_context_takeover",
             side, t->bits);
    zip_peer(p, t->role, extensions);
}

/* What was sent, and how. */
typedef struct sent {
    bytes text;
    int type; /* with its weir_compression */
} sent;

static int type_of(const terms *t, const sent *s)
{
    const int asked = s->type & WEIR_AUTO;
    return asked ? asked : t->mode == WEIR_DEFLATE_PREFERRED ? WEIR_AUTO : WEIR_PLAIN;
}

/* zlib reads all of the output as what was sent. */
static void check_sent(const terms *t, const bytes *output, const sent *all, size_t count,
                       size_t room)
{
    zip_output o;
    zip_output_open(&o, output, t->role, (int)t->bits, t->takeover);
    o.room = room;
    for (size_t i = 0; i < count; i++) {
        do
            assert_true(zip_output_next(&o));
        while (o.opcode >= 8);
        assert_int_equal(o.opcode, all[i].type & 15);
        assert_int_equal(o.text.len, all[i].text.len);
        assert_memory_equal(o.text.data, all[i].text.data, o.text.len);
        const int choice = type_of(t, &all[i]);
        if (choice == WEIR_PLAIN)
            assert_false(o.packed);
        if (choice == WEIR_COMPRESS)
            assert_true(o.packed);
        if (choice == WEIR_AUTO && o.packed)
            assert_true(o.wire < o.text.len);
    }
    assert_false(zip_output_next(&o));
    zip_output_close(&o);
}

static void free_sent(sent *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bytes_free(&all[i].text);
}

/* ---- Chains ----------------------------------------------------------------------------------*/

/* Lengths round the edges of windows, tables and codes; mostly short. */
static size_t roll_len(dice *d, unsigned bits)
{
    static const size_t edges[] = {0, 1, 2, 3, 4, 15, 16, 17, 127, 128, 255, 256, 257, 258, 259};
    const size_t window = (size_t)1 << bits;
    switch (dice_below(d, 8)) {
    case 0:
        return edges[dice_below(d, COUNT_OF(edges))];
    case 1:
        return window - 2 + (size_t)dice_below(d, 5);
    case 2:
        return (size_t)dice_below(d, 3 * window);
    default:
        return (size_t)dice_below(d, 600);
    }
}

/* New text, noise, runs, or a copy out of what was sent before, also from far back. */
static void roll_text(dice *d, bytes *text, const bytes *history, size_t len)
{
    const uint64_t kind = dice_below(d, 6);
    if (kind == 0) {
        zip_noise(text, dice_roll(d), len);
    } else if (kind == 1 && history->len > len) {
        bytes_add(text, history->data + dice_below(d, history->len - len), len);
    } else {
        zip_json(text, dice_roll(d), len);
        if (kind == 2 && len > 0)
            memset(text->data, 'a' + (int)dice_below(d, 3), len);
    }
}

#define CHAIN 50

static void check_chain(const terms *t, uint64_t seed, size_t room)
{
    static const int choices[] = {WEIR_COMPRESS, WEIR_COMPRESS, WEIR_AUTO,
                                  WEIR_AUTO,     WEIR_PLAIN,    0};
    dice d = {seed};
    sent all[CHAIN] = {{{NULL, 0, 0}, 0}};
    bytes history = {NULL, 0, 0};
    peer p;
    open_terms(&p, t);
    for (size_t i = 0; i < CHAIN; i++) {
        roll_text(&d, &all[i].text, &history, roll_len(&d, t->bits));
        bytes_add(&history, all[i].text.data, all[i].text.len);
        all[i].type = WEIR_BINARY | choices[dice_below(&d, COUNT_OF(choices))];
        assert_int_equal(weir_conn_send(p.conn, all[i].type, all[i].text.data, all[i].text.len),
                         WEIR_OK);
        if (dice_below(&d, 4) == 0)
            peer_pump(&p);
        if (dice_below(&d, 25) == 0)
            assert_int_equal(weir_conn_trim(p.conn), WEIR_OK);
    }
    peer_pump(&p);
    check_sent(t, &p.output, all, CHAIN, room);
    free_sent(all, CHAIN);
    bytes_free(&history);
    peer_close(&p);
}

/* RFC 7692 7.2.1: each window of 8 (a client's) to 15 bits, each level, with and without takeover.
 * Read a byte at a time zlib sees a distance that is one too far. */
static void
R7692_7_2_1_1__R7692_7_2_1_4__R7692_7_1_2_2_4__R7692_7_2_1_5__chains__keep_to_the_window(void **s)
{
    (void)s;
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++)
        for (unsigned bits = role == WEIR_SERVER ? 9 : 8; bits <= 15; bits++)
            for (int takeover = 0; takeover < 2; takeover++)
                for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
                    const terms t = {.role = role,
                                     .bits = bits,
                                     .takeover = takeover,
                                     .level = level,
                                     .mode = level % 2 ? WEIR_DEFLATE_PREFERRED : 0,
                                     .fragment_bytes = bits % 3 ? 0 : 100};
                    check_chain(&t, bits * 100 + level, level % 2 ? 1 : 0);
                }
}

/* A compressor that may use less memory uses a smaller window, or none. */
static void R7692_7_2_1_4__memory_limit__makes_the_window_smaller(void **state)
{
    static const uint64_t limits[] = {1, 600, 1000, 2000, 5000, 10000, 20000, 50000};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
            const terms t = {.role = WEIR_SERVER,
                             .bits = 15,
                             .takeover = 1,
                             .level = level,
                             .max_bytes = limits[i]};
            check_chain(&t, i * 10 + level, 1);
        }
}

/* ---- Examples --------------------------------------------------------------------------------*/

/* RFC 7692 7.2.3.1, 7.2.3.2, 7.2.3.6. */
static void R7692_7_2_1_7__R7692_7_2_3_6_1__examples__are_what_we_send(void **state)
{
    (void)state;
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++)
        for (int takeover = 0; takeover < 2; takeover++) {
            const terms t = {.role = role, .bits = 15, .takeover = takeover};
            static const char hello[] = "\xF2\x48\xCD\xC9\xC9\x07\x00";
            zip_output o;
            peer p;
            open_terms(&p, &t);
            weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "Hello", 5);
            weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, NULL, 0);
            weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "Hello", 5);
            weir_conn_send_begin(p.conn, WEIR_TEXT | WEIR_COMPRESS);
            weir_conn_send_end(p.conn, NULL, 0);
            peer_pump(&p);
            zip_output_open(&o, &p.output, role, 15, takeover);
            assert_true(zip_output_next(&o) && o.packed && o.wire == 7);
            assert_memory_equal(o.payload.data, hello, 7);
            assert_true(zip_output_next(&o) && o.packed && o.wire == 1);
            assert_int_equal(o.payload.data[0], 0);
            assert_true(zip_output_next(&o) && o.packed);
            /* The RFC's own F2 00 11 00 00 could be shorter. */
            assert_in_range(o.wire, 1, takeover ? 5 : 7);
            if (!takeover)
                assert_memory_equal(o.payload.data, hello, 7);
            assert_true(zip_output_next(&o) && o.packed && o.wire == 1);
            assert_int_equal(o.payload.data[0], 0);
            assert_false(zip_output_next(&o));
            zip_output_close(&o);
            peer_close(&p);
        }
}

/* ---- Fragments -------------------------------------------------------------------------------*/

/* Whatever the pieces, only the last frame goes without 00 00 FF FF: each other piece ends with
 * them, so the peer could show it at once. Characters of text may span pieces. */
static void R7692_7_2_1_2__R7692_7_2_1_3__streamed_pieces__are_flushed_and_one_message(void **state)
{
    static const size_t pieces[] = {1, 3, 100, 5000};
    (void)state;
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++)
        for (int takeover = 0; takeover < 2; takeover++)
            for (size_t i = 0; i < COUNT_OF(pieces); i++) {
                const terms t = {.role = role, .bits = 12, .takeover = takeover};
                peer p;
                sent all[4] = {{{NULL, 0, 0}, 0}};
                open_terms(&p, &t);
                for (size_t m = 0; m < COUNT_OF(all); m++) {
                    bytes *const text = &all[m].text;
                    all[m].type = WEIR_TEXT | (m == 2 ? WEIR_AUTO : WEIR_COMPRESS);
                    zip_json(text, m, pieces[i] * 7);
                    if (m < 3)
                        bytes_add_text(text, "\xE2\x82\xAC\xF0\x9F\x98\x80");
                    assert_int_equal(weir_conn_send_begin(p.conn, all[m].type), WEIR_OK);
                    size_t at = 0;
                    for (; text->len - at > pieces[i]; at += pieces[i]) {
                        weir_conn_send_chunk(p.conn, text->data + at, pieces[i]);
                        weir_conn_send_chunk(p.conn, NULL, 0);
                        weir_conn_ping(p.conn, "p", 1);
                        peer_pump(&p);
                        const uint8_t *const end = p.output.data + p.output.len;
                        const uint8_t flush[4] = {0, 0, 0xFF, 0xFF};
                        if (role == WEIR_SERVER && m != 2)
                            assert_memory_equal(end - 4, flush, 4);
                    }
                    assert_int_equal(weir_conn_send_end(p.conn, m == 3 ? NULL : text->data + at,
                                                        m == 3 ? 0 : text->len - at),
                                     WEIR_OK);
                    if (m == 3)
                        text->len = at;
                }
                peer_pump(&p);
                /* Pings stand between the fragments: they are taken out first. */
                bytes data = {NULL, 0, 0};
                wire_reader reader = wire_reader_of(&p.output);
                for (size_t at = 0; wire_next(&reader); at = reader.at)
                    if (reader.head.opcode < 8)
                        bytes_add(&data, p.output.data + at, reader.at - at);
                check_sent(&t, &data, all, COUNT_OF(all), 1);
                free_sent(all, COUNT_OF(all));
                bytes_free(&data);
                peer_close(&p);
            }
}

/* What the policy becomes meanwhile does not change the message under way. */
static void R7692_6_1__mode_set_inside_a_streamed_message__waits_for_the_next(void **state)
{
    (void)state;
    for (uint64_t mode = WEIR_DEFLATE_ON; mode <= WEIR_DEFLATE_PREFERRED; mode++)
        for (int first = 0; first < 2; first++) {
            const terms t = {.role = WEIR_SERVER, .bits = 15, .takeover = 1, .mode = mode};
            peer p;
            zip_output o;
            bytes one = {NULL, 0, 0}; /* long enough for AUTO */
            zip_json(&one, 1, 300);
            open_terms(&p, &t);
            if (first) { /* an earlier stream of the other kind */
                weir_conn_send_begin(
                    p.conn, WEIR_TEXT | (mode == WEIR_DEFLATE_ON ? WEIR_COMPRESS : WEIR_PLAIN));
                weir_conn_send_end(p.conn, "first", 5);
            }
            weir_conn_send_begin(p.conn, WEIR_TEXT);
            weir_conn_send_chunk(p.conn, one.data, one.len);
            weir_conn_set(p.conn, WEIR_OPTION_DEFLATE,
                          WEIR_DEFLATE_ON + WEIR_DEFLATE_PREFERRED - mode);
            weir_conn_send_chunk(p.conn, "two ", 4);
            weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, WEIR_DEFLATE_OFF);
            weir_conn_send_end(p.conn, "three", 5);
            bytes_add_text(&one, "two three");
            peer_pump(&p);
            zip_output_open(&o, &p.output, WEIR_SERVER, 15, 1);
            if (first)
                assert_true(zip_output_next(&o));
            assert_true(zip_output_next(&o));
            assert_int_equal(o.packed, mode == WEIR_DEFLATE_PREFERRED);
            assert_int_equal(o.text.len, one.len);
            assert_memory_equal(o.text.data, one.data, one.len);
            bytes_free(&one);
            assert_false(zip_output_next(&o));
            zip_output_close(&o);
            peer_close(&p);
        }
}

/* ---- Kinds of sends --------------------------------------------------------------------------*/

static uint64_t released;

static void on_released(peer *p, const weir_event *event)
{
    (void)p;
    if (event->type == WEIR_EVENT_RELEASED) {
        assert_int_equal(event->flags, 0);
        released += event->token;
    }
}

/* Sends of all kinds in turn over one window: copied, borrowed, prepared for others too, streamed;
 * each with each wish. */
static void check_kinds(const terms *t, uint64_t seed)
{
    static const int choices[] = {0, WEIR_PLAIN, WEIR_COMPRESS, WEIR_AUTO};
    dice d = {seed};
    enum {
        COUNT = 80
    };
    sent all[COUNT] = {{{NULL, 0, 0}, 0}};
    bytes history = {NULL, 0, 0};
    uint64_t tokens = 0;
    peer p;
    open_terms(&p, t);
    p.react = on_released;
    released = 0;
    for (size_t i = 0; i < COUNT; i++) {
        sent *const s = &all[i];
        roll_text(&d, &s->text, &history, roll_len(&d, 9));
        bytes_add(&history, s->text.data, s->text.len);
        s->type = WEIR_BINARY | choices[dice_below(&d, COUNT_OF(choices))];
        weir_message *message;
        uint8_t *copy;
        const size_t len = s->text.len;
        switch (dice_below(&d, 4)) {
        case 0:
            assert_int_equal(weir_conn_send(p.conn, s->type, s->text.data, len), WEIR_OK);
            break;
        case 1:
            copy = malloc(len + 1);
            memcpy(copy, len ? s->text.data : copy, len);
            assert_int_equal(weir_conn_send_ref(p.conn, s->type, copy, len, i), WEIR_OK);
            tokens += i;
            peer_pump(&p);
            assert_int_equal(released, tokens);
            free(copy);
            break;
        case 2:
            assert_int_equal(weir_message_create(p.context, s->type, s->text.data, len, &message),
                             WEIR_OK);
            assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_OK);
            weir_message_free(message);
            break;
        default:
            assert_int_equal(weir_conn_send_begin(p.conn, s->type), WEIR_OK);
            weir_conn_send_chunk(p.conn, s->text.data, len / 3);
            assert_int_equal(weir_conn_send_end(p.conn, s->text.data + len / 3, len - len / 3),
                             WEIR_OK);
            s->type = (s->type & 15) | 0x40; /* AUTO judges the first piece alone */
        }
    }
    peer_pump(&p);
    zip_output o;
    zip_output_open(&o, &p.output, t->role, (int)t->bits, t->takeover);
    o.room = 1;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(zip_output_next(&o));
        assert_int_equal(o.text.len, all[i].text.len);
        assert_memory_equal(o.text.data, all[i].text.data, o.text.len);
        if (all[i].type & 0x40)
            continue;
        const int choice = type_of(t, &all[i]);
        assert_true(choice == WEIR_AUTO ? o.wire <= o.text.len
                                        : o.packed == (choice == WEIR_COMPRESS));
    }
    assert_false(zip_output_next(&o));
    zip_output_close(&o);
    free_sent(all, COUNT);
    bytes_free(&history);
    peer_close(&p);
}

static void R7692_7_2_1_1__sends_of_all_kinds__share_a_window(void **state)
{
    (void)state;
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++)
        for (int takeover = 0; takeover < 2; takeover++)
            for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
                const terms t = {.role = role,
                                 .bits = 10 + (unsigned)level,
                                 .takeover = takeover,
                                 .level = level,
                                 .mode = 1 + level % 2,
                                 .fragment_bytes = takeover ? 0 : 60};
                check_kinds(&t, level);
            }
}

/* A borrowed message that was compressed is given back before it has left. */
static void R7692_8_1__compressed_borrowed_message__is_released_at_once(void **state)
{
    const terms t = {.role = WEIR_SERVER, .bits = 15, .takeover = 1};
    static uint8_t text[5000];
    weir_event event;
    peer p;
    (void)state;
    open_terms(&p, &t);
    memset(text, 'a', sizeof text);
    assert_int_equal(weir_conn_send_ref(p.conn, WEIR_TEXT | WEIR_COMPRESS, text, sizeof text, 7),
                     WEIR_OK);
    memset(text, 'b', sizeof text);
    assert_int_equal(weir_conn_events(p.conn, &event, 1), 1);
    assert_int_equal(event.type, WEIR_EVENT_RELEASED);
    assert_int_equal(event.token, 7);
    assert_int_equal(event.flags, 0);
    assert_true(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
    memset(text, 'a', sizeof text);
    peer_pump(&p);
    sent one = {{text, sizeof text, 0}, WEIR_TEXT | WEIR_COMPRESS};
    check_sent(&t, &p.output, &one, 1, 1);
    peer_close(&p);
}

/* ---- Prepared messages -----------------------------------------------------------------------*/

enum {
    PEERS = 9,
    ROUNDS = 12
};

static const struct {
    const char *offer;
    unsigned bits;
    int takeover;
} audience[PEERS] = {
    {NULL, 15, 1},
    {"permessage-deflate; server_max_window_bits=9", 9, 1},
    {"permessage-deflate; server_max_window_bits=9; server_no_context_takeover", 9, 0},
    {"permessage-deflate; server_max_window_bits=12", 12, 1},
    {"permessage-deflate; server_max_window_bits=12; server_no_context_takeover", 12, 0},
    {"permessage-deflate; server_max_window_bits=12", 12, 1},
    {"permessage-deflate; server_max_window_bits=15", 15, 1},
    {"permessage-deflate; server_max_window_bits=15; server_no_context_takeover", 15, 0},
    {NULL, 15, 1},
};

/* The same peer stands for each of the connections in turn. */
static void audience_take(peer *p, weir_conn *conn, bytes *output)
{
    p->conn = conn;
    peer_pump(p);
    bytes_add(output, p->output.data, p->output.len);
    p->output.len = 0;
}

static void audience_open(peer *p, weir_conn **conns)
{
    peer_init(p);
    p->config.deflate = WEIR_DEFLATE_PREFERRED;
    p->config.deflate_tx_bits = 15;
    p->config.auto_accept = 1;
    p->config.fragment_bytes = 3000;
    assert_int_equal(weir_context_create(&p->config, &p->context), WEIR_OK);
    for (size_t i = 0; i < PEERS; i++) {
        bytes head = {NULL, 0, 0};
        assert_int_equal(weir_conn_create_server(p->context, &conns[i]), WEIR_OK);
        zip_handshake(&head, WEIR_CLIENT, audience[i].offer);
        p->conn = conns[i];
        peer_feed(p, head.data, head.len, head.len);
        p->output.len = 0;
        bytes_free(&head);
    }
}

/* Every second message is prepared, the others are each connection's own. */
static void audience_send(peer *p, weir_conn **conns, bytes *outputs, size_t round, const sent *s)
{
    weir_message *message;
    assert_int_equal(weir_message_create(p->context, s->type, s->text.data, s->text.len, &message),
                     WEIR_OK);
    for (size_t i = 0; i < PEERS; i++) {
        const int status = round % 2 ? weir_conn_send_message(conns[i], message)
                                     : weir_conn_send(conns[i], s->type, s->text.data, s->text.len);
        assert_int_equal(status, WEIR_OK);
        if (round % 3 == 0)
            audience_take(p, conns[i], &outputs[i]);
    }
    weir_message_free(message);
}

/* One message to connections of every window and takeover, and to some that agreed on nothing. */
static void R7692_7_2_1_4__R7692_7_2_1_5__prepared_message__fits_every_connection(void **state)
{
    (void)state;
    for (int choice = 0; choice <= WEIR_AUTO; choice += WEIR_PLAIN) {
        peer p;
        weir_conn *conns[PEERS];
        bytes outputs[PEERS] = {{NULL, 0, 0}};
        sent all[ROUNDS] = {{{NULL, 0, 0}, 0}};
        audience_open(&p, conns);
        for (size_t m = 0; m < ROUNDS; m++) {
            all[m].type = WEIR_BINARY | choice;
            if (m % 4 == 3)
                zip_noise(&all[m].text, m, 300);
            else
                zip_json(&all[m].text, m % 5, m * m * 150);
            audience_send(&p, conns, outputs, m, &all[m]);
        }
        for (size_t i = 0; i < PEERS; i++) {
            const terms t = {.role = WEIR_SERVER,
                             .bits = audience[i].bits,
                             .takeover = audience[i].takeover,
                             .mode = WEIR_DEFLATE_PREFERRED};
            audience_take(&p, conns[i], &outputs[i]);
            for (size_t m = 0; m < ROUNDS; m++)
                all[m].type = WEIR_BINARY | (audience[i].offer ? choice : WEIR_PLAIN);
            check_sent(&t, &outputs[i], all, ROUNDS, 1);
            bytes_free(&outputs[i]);
            weir_conn_free(conns[i]);
        }
        free_sent(all, ROUNDS);
        p.conn = NULL;
        peer_close(&p);
    }
}

/* ---- AUTO ------------------------------------------------------------------------------------*/

/* Messages of every short length and kind: never longer than plain, and what was skipped is not in
 * the window. */
static void R7692_8_1__AUTO__never_makes_a_message_longer(void **state)
{
    (void)state;
    for (int takeover = 0; takeover < 2; takeover++)
        for (uint64_t min = 0; min < 200; min += 99)
            for (int kind = 0; kind < 3; kind++) {
                const terms t = {.role = WEIR_SERVER,
                                 .bits = 15,
                                 .takeover = takeover,
                                 .mode = WEIR_DEFLATE_PREFERRED};
                enum {
                    COUNT = 300
                };
                static sent all[COUNT];
                peer p;
                open_terms(&p, &t);
                weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_MIN_BYTES, min);
                memset(all, 0, sizeof all);
                for (size_t i = 0; i < COUNT; i++) {
                    all[i].type = WEIR_BINARY | (i % 2 ? WEIR_AUTO : 0);
                    if (kind == 0)
                        zip_noise(&all[i].text, i / 2, i);
                    else
                        zip_json(&all[i].text, kind == 1 ? i : 0, i);
                    assert_int_equal(weir_conn_send(p.conn, all[i].type, all[i].text.data, i),
                                     WEIR_OK);
                }
                peer_pump(&p);
                check_sent(&t, &p.output, all, COUNT, 1);
                free_sent(all, COUNT);
                peer_close(&p);
            }
}

/* ---- Letting go ------------------------------------------------------------------------------*/

static weir_stats stats_of(const peer *p)
{
    weir_stats stats;
    assert_int_equal(weir_conn_stats(p->conn, &stats, sizeof stats), WEIR_OK);
    return stats;
}

/* Trimmed or idle in mid-session, also in a streamed message, the peer goes on reading. */
static void R7692_7_2_1_7__window_let_go__is_never_referred_to(void **state)
{
    (void)state;
    for (int role = WEIR_SERVER; role <= WEIR_CLIENT; role++)
        for (int idle = 0; idle < 2; idle++) {
            const terms t = {.role = role, .bits = 15, .takeover = 1};
            static const char text[] = "the same text again, the same text again, and again";
            sent all[9] = {{{NULL, 0, 0}, 0}};
            uint64_t now = 1000;
            peer p;
            open_terms(&p, &t);
            weir_conn_set(p.conn, WEIR_OPTION_PING_INTERVAL_MS, WEIR_NONE);
            wire_time(&p, now);
            const uint64_t bare = stats_of(&p).deflate_bytes;
            for (size_t i = 0; i < COUNT_OF(all); i++) {
                all[i].type = WEIR_TEXT | WEIR_COMPRESS;
                bytes_add(&all[i].text, text, sizeof text - 1);
                if (i % 3 == 1) {
                    weir_conn_send_begin(p.conn, all[i].type);
                    weir_conn_send_chunk(p.conn, text, 20);
                    peer_pump(&p);
                    if (!idle)
                        weir_conn_trim(p.conn);
                    wire_time(&p, now += 61000);
                    weir_conn_send_end(p.conn, text + 20, sizeof text - 21);
                } else {
                    weir_conn_send(p.conn, all[i].type, text, sizeof text - 1);
                }
                peer_pump(&p);
                assert_true(stats_of(&p).deflate_bytes > bare);
                if (idle) {
                    wire_time(&p, now += 59999);
                    assert_true(stats_of(&p).deflate_bytes > bare);
                    assert_int_equal(weir_context_next_due(p.context), now + 1);
                    wire_time(&p, now += 1);
                } else {
                    assert_int_equal(weir_conn_trim(p.conn), WEIR_OK);
                }
                assert_int_equal(stats_of(&p).deflate_bytes, bare);
            }
            check_sent(&t, &p.output, all, COUNT_OF(all), 1);
            free_sent(all, COUNT_OF(all));
            peer_close(&p);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            R7692_7_2_1_1__R7692_7_2_1_4__R7692_7_1_2_2_4__R7692_7_2_1_5__chains__keep_to_the_window),
        cmocka_unit_test(R7692_7_2_1_4__memory_limit__makes_the_window_smaller),
        cmocka_unit_test(R7692_7_2_1_7__R7692_7_2_3_6_1__examples__are_what_we_send),
        cmocka_unit_test(
            R7692_7_2_1_2__R7692_7_2_1_3__streamed_pieces__are_flushed_and_one_message),
        cmocka_unit_test(R7692_6_1__mode_set_inside_a_streamed_message__waits_for_the_next),
        cmocka_unit_test(R7692_7_2_1_1__sends_of_all_kinds__share_a_window),
        cmocka_unit_test(R7692_8_1__compressed_borrowed_message__is_released_at_once),
        cmocka_unit_test(R7692_7_2_1_4__R7692_7_2_1_5__prepared_message__fits_every_connection),
        cmocka_unit_test(R7692_8_1__AUTO__never_makes_a_message_longer),
        cmocka_unit_test(R7692_7_2_1_7__window_let_go__is_never_referred_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
