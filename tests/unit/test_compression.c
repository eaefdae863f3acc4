/* SPDX-License-Identifier: MIT */
/* Compression of connections: memory that fails, shared scratch, same output again, figures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/conn/compression.h"
#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

static weir_stats stats_of(const weir_conn *conn)
{
    weir_stats stats;
    assert_int_equal(weir_conn_stats(conn, &stats, sizeof stats), WEIR_OK);
    return stats;
}

/* ---- Memory that fails -----------------------------------------------------------------------*/

static struct {
    uint64_t takeover;
    uint64_t chunks;
    uint64_t pooled;
    bytes sent[2]; /* by the receiving side, as pair_side.got */
} sweep;

static void sweep_note(int side, int type, const void *data, size_t len)
{
    const uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8), 0, 0};
    bytes_add(&sweep.sent[!side], head, 5);
    bytes_add(&sweep.sent[!side], data, len);
}

/* Each kind of send; what was taken must arrive. */
static void sweep_send(pair *p, int side, int turn)
{
    static uint8_t texts[8][700];
    weir_conn *const conn = p->side[side].conn;
    const int type = WEIR_TEXT | (turn % 5 == 4 ? WEIR_AUTO : WEIR_COMPRESS);
    uint8_t *const text = texts[turn % 8];
    const size_t len = (size_t)(turn * 97 % 600 + 20);
    weir_message *message;
    int status = WEIR_E_MEMORY;
    memset(text, 'a' + turn, len);
    switch (turn % 4) {
    case 0:
        status = weir_conn_send(conn, type, text, len);
        break;
    case 1:
        status = weir_conn_send_ref(conn, type, text, len, (uint64_t)turn);
        break;
    case 2:
        if (weir_message_create(p->context, type, text, len, &message) == WEIR_OK) {
            status = weir_conn_send_message(conn, message);
            weir_message_free(message);
        }
        break;
    default:
        if (weir_conn_send_begin(conn, type) != WEIR_OK)
            return;
        status = weir_conn_send_chunk(conn, text, len / 2);
        /* Nothing was queued: what follows is the whole message. */
        const size_t from = status == WEIR_OK ? len / 2 : 0;
        for (int tries = 0; tries < 20; tries++)
            if ((status = weir_conn_send_end(conn, text + from, len - from)) != WEIR_E_MEMORY)
                break;
    }
    if (status >= 0)
        sweep_note(side, WEIR_TEXT, text, len);
}

static int sweep_is_fair(int cause)
{
    return cause == WEIR_OK || cause == WEIR_E_MEMORY || cause == WEIR_E_TRANSPORT ||
           cause == WEIR_E_NOT_UPGRADED || cause == WEIR_E_CLOSING || cause == WEIR_E_REFUSED;
}

static void sweep_check(pair *p)
{
    for (int side = 0; side < 2 && !sweep.chunks; side++) {
        const pair_side *const s = &p->side[side];
        assert_true(sweep_is_fair(s->cause));
        assert_true(s->got.len <= sweep.sent[side].len);
        if (s->got.len > 0)
            assert_memory_equal(s->got.data, sweep.sent[side].data, s->got.len);
        if (p->side[0].counts[WEIR_EVENT_CLOSED] + p->side[1].counts[WEIR_EVENT_CLOSED] == 0)
            assert_int_equal(s->got.len, sweep.sent[side].len);
    }
}

static void sweep_scenario(test_alloc *alloc)
{
    pair p;
    pair_init(&p, alloc);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.deflate_tx_takeover = p.config.deflate_rx_takeover = sweep.takeover;
    p.config.deflate_tx_bits = p.config.deflate_rx_bits = 9;
    p.config.deliver_chunks = sweep.chunks;
    p.config.max_pooled_bytes = sweep.pooled;
    if (pair_open(&p, 'h') == WEIR_OK) {
        pair_run(&p, 100);
        for (int turn = 0; turn < 8; turn++) {
            for (int side = 0; side < 2; side++)
                sweep_send(&p, side, turn);
            pair_run(&p, 1000);
            weir_conn_trim(p.side[turn % 2].conn);
        }
        sweep_check(&p);
    }
    pair_free(&p);
    bytes_free(&sweep.sent[0]);
    bytes_free(&sweep.sent[1]);
}

static void every_allocation_fails_once__what_was_taken_arrives_and_nothing_leaks(void **state)
{
    (void)state;
    for (sweep.takeover = 0; sweep.takeover < 2; sweep.takeover++)
        for (sweep.chunks = 0; sweep.chunks < 2; sweep.chunks++)
            for (sweep.pooled = 0; sweep.pooled <= 1u << 20; sweep.pooled += 1u << 20)
                test_alloc_sweep(sweep_scenario);
}

static uint64_t memory_at(peer *p, uint64_t now)
{
    assert_int_equal(weir_context_set_time(p->context, now), WEIR_OK);
    while (weir_context_next_ready(p->context) != NULL)
        ;
    peer_pump(p);
    return stats_of(p->conn).deflate_bytes;
}

static void memory_for_sending__is_let_go_after_idleness_but_not_within_a_message(void **state)
{
    static const char text[100] = {0};
    (void)state;
    peer p;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.deflate_idle_ms = 5000;
    p.config.pong_timeout_ms = WEIR_NONE;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    const uint64_t without = memory_at(&p, 1000);
    weir_conn_send(p.conn, WEIR_BINARY | WEIR_COMPRESS, text, sizeof text);
    assert_true(memory_at(&p, 1000) > without);
    assert_in_range(weir_context_next_due(p.context), 1001, 6000);
    assert_true(memory_at(&p, 5999) > without);
    assert_int_equal(memory_at(&p, 6000), without);
    assert_int_equal(peer_frames(&p, WEIR_SERVER, 9), 0); /* and nothing else is done then */
    weir_conn_send_begin(p.conn, WEIR_BINARY | WEIR_COMPRESS);
    weir_conn_send_chunk(p.conn, text, sizeof text);
    assert_true(memory_at(&p, 100000) > without);
    weir_conn_send_end(p.conn, text, sizeof text);
    assert_true(memory_at(&p, 104999) > without);
    assert_int_equal(memory_at(&p, 105000), without);
    peer_close(&p);
}

/* Without memory for a window messages are compressed alone, or AUTO sends them plain. */
static void no_memory_for_the_compressor__the_message_leaves_all_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int type = i % 2 ? WEIR_AUTO : WEIR_COMPRESS;
        const int is_random = i / 2; /* comes out longer than it is */
        peer p;
        bytes text = {NULL, 0, 0};
        zip_output o;
        peer_init(&p);
        p.config.deflate = WEIR_DEFLATE_ON;
        zip_peer(&p, WEIR_SERVER, "permessage-deflate");
        dice d = {7};
        zip_json(&text, 1, 500);
        for (size_t at = 0; is_random && at < text.len; at++)
            text.data[at] = (uint8_t)dice_below(&d, 256);
        const int kind = is_random ? WEIR_BINARY : WEIR_TEXT;
        for (uint64_t ahead = 1; ahead < 6; ahead++) {
            p.alloc.fail_at = p.alloc.calls + ahead;
            int status = weir_conn_send(p.conn, kind | type, text.data, text.len);
            if (status == WEIR_E_MEMORY)
                status = weir_conn_send(p.conn, kind | type, text.data, text.len);
            assert_int_equal(status, WEIR_OK);
            peer_pump(&p);
            weir_conn_trim(p.conn);
        }
        p.alloc.fail_at = 0;
        zip_output_open(&o, &p.output, WEIR_SERVER, 13, 1);
        for (int turn = 0; turn < 5; turn++) {
            assert_true(zip_output_next(&o));
            assert_int_equal(o.text.len, text.len);
            assert_memory_equal(o.text.data, text.data, text.len);
            assert_true(o.packed || type == WEIR_AUTO);
        }
        zip_output_close(&o);
        bytes_free(&text);
        peer_close(&p);
    }
}

/* What is to be compressed is never sent as it is: without memory it is refused. */
static void no_memory_at_all__compressed_or_refused(void **state)
{
    static const char text[300];
    (void)state;
    for (uint64_t ahead = 0; ahead < 5; ahead++) {
        peer p;
        peer_init(&p);
        p.config.deflate = WEIR_DEFLATE_ON;
        p.config.max_pooled_bytes = 0;
        zip_peer(&p, WEIR_SERVER, "permessage-deflate");
        p.alloc.fail_from = p.alloc.calls + 1 + ahead;
        const int status = weir_conn_send(p.conn, WEIR_BINARY | WEIR_COMPRESS, text, sizeof text);
        p.alloc.fail_from = 0;
        peer_pump(&p);
        assert_int_equal(p.output.len > 0, status == WEIR_OK);
        if (status == WEIR_OK)
            assert_int_equal(p.output.data[0], 0xC2);
        else
            assert_int_equal(status, WEIR_E_MEMORY);
        peer_close(&p);
    }
}

/* The policy may leave no memory for a window: each message is compressed alone. */
static void what_comes_out_longer__AUTO_sends_as_it_is_without_a_window_too(void **state)
{
    (void)state;
    peer p;
    dice d = {7};
    uint8_t noise[500];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)dice_below(&d, 256);
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.deflate_max_bytes = 1;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY | WEIR_AUTO, noise, sizeof noise), WEIR_OK);
    peer_pump(&p);
    assert_int_equal(p.output.len, 4 + sizeof noise);
    assert_memory_equal(p.output.data + 4, noise, sizeof noise);
    assert_int_equal(stats_of(p.conn).tx_skipped, 1);
    peer_close(&p);
}

/* On a connection that had no handshake, each block that it needs. */
static void no_memory_to_start_with__compression_does_not_start(void **state)
{
    const weir__permessage_agreed agreed = {
        .enabled = true, .tx_window_bits = 9, .rx_window_bits = 9};
    (void)state;
    for (uint64_t ahead = 1; ahead < 4; ahead++) {
        peer p;
        peer_init(&p);
        p.config.max_pooled_bytes = 0;
        peer_open(&p, 'S');
        p.alloc.fail_at = p.alloc.calls + ahead;
        assert_int_equal(weir__compression_start(p.conn, &agreed),
                         ahead < 3 ? WEIR_E_MEMORY : WEIR_OK);
        peer_close(&p);
    }
}

/* ---- Shared scratch --------------------------------------------------------------------------*/

/* Connections of one context take turns, a byte at a time, inside dynamic blocks of their own. */
static void connections_interleaved_at_every_byte__do_not_disturb_each_other(void **state)
{
    enum {
        CONNS = 3
    };
    (void)state;
    for (size_t step = 1; step < 40; step += step < 4 ? 1 : 7) {
        peer peers[CONNS];
        bytes inputs[CONNS] = {{NULL, 0, 0}};
        bytes lines[CONNS] = {{NULL, 0, 0}};
        peer_init(&peers[0]);
        peers[0].config.deflate = WEIR_DEFLATE_ON;
        peers[0].config.auto_accept = 1;
        assert_int_equal(weir_context_create(&peers[0].config, &peers[0].context), WEIR_OK);
        for (size_t i = 0; i < CONNS; i++) {
            peer *const p = &peers[i];
            bytes head = {NULL, 0, 0};
            z_stream z;
            if (i > 0)
                peer_init(p);
            zip_handshake(&head, WEIR_CLIENT, "permessage-deflate");
            assert_int_equal(weir_conn_create_server(peers[0].context, &p->conn), WEIR_OK);
            peer_feed(p, head.data, head.len, head.len);
            p->trace.len = 0;
            zip_open(&z, 9, 15, i % 2 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY);
            for (uint64_t m = 0; m < 3; m++) {
                bytes text = {NULL, 0, 0};
                bytes packed = {NULL, 0, 0};
                zip_json(&text, 10 * i + m, 900);
                zip_noise(&text, i, 100 * i);
                zip_pack(&z, text.data, text.len, &packed);
                zip_message(&inputs[i], WEIR_CLIENT, 2, packed.data, packed.len, 77);
                const weir_event event = {
                    .type = WEIR_EVENT_MESSAGE, .flags = 0x46, .data = text.data, .len = text.len};
                peer_trace_event(&lines[i], &event);
                bytes_free(&text);
                bytes_free(&packed);
            }
            deflateEnd(&z);
            bytes_free(&head);
        }
        for (size_t at = 0, more = 1; more; at += step) {
            more = 0;
            for (size_t i = 0; i < CONNS; i++) {
                if (at >= inputs[i].len)
                    continue;
                const size_t n = inputs[i].len - at < step ? inputs[i].len - at : step;
                peer_feed(&peers[i], inputs[i].data + at, n, n);
                /* Sending uses the other scratch, and the same allocator. */
                weir_conn_send(peers[i].conn, WEIR_TEXT | WEIR_COMPRESS, "so are we", 9);
                more = 1;
            }
        }
        for (size_t i = 0; i < CONNS; i++) {
            assert_int_equal(peers[i].trace.len, lines[i].len);
            assert_memory_equal(peers[i].trace.data, lines[i].data, lines[i].len);
            weir_conn_free(peers[i].conn);
            bytes_free(&inputs[i]);
            bytes_free(&lines[i]);
            if (i > 0) {
                bytes_free(&peers[i].trace);
                bytes_free(&peers[i].output);
            }
        }
        peers[0].conn = NULL;
        peer_close(&peers[0]);
    }
}

/* A session's output, alone or with another connection that sends in between. */
static void session(bytes *output, uint64_t level, uint64_t takeover, int noisy)
{
    peer p;
    weir_conn *other = NULL;
    bytes head = {NULL, 0, 0};
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_PREFERRED;
    p.config.deflate_level = level;
    p.config.deflate_tx_takeover = takeover;
    p.config.auto_accept = 1;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    weir_conn *const conn = p.conn;
    if (noisy) {
        zip_handshake(&head, WEIR_CLIENT, "permessage-deflate");
        assert_int_equal(weir_conn_create_server(p.context, &other), WEIR_OK);
        p.conn = other;
        peer_feed(&p, head.data, head.len, head.len);
        p.output.len = 0;
    }
    for (uint64_t i = 0; i < 40; i++) {
        bytes text = {NULL, 0, 0};
        zip_json(&text, i / 2, (size_t)(i * i * 7 + 100));
        if (noisy) {
            p.conn = other;
            weir_conn_send(other, WEIR_TEXT | WEIR_COMPRESS, text.data, text.len / 2);
            weir_conn_send(other, WEIR_TEXT | WEIR_COMPRESS, "noise", 5);
            peer_pump(&p);
            p.output.len = 0;
        }
        p.conn = conn;
        weir_conn_send(conn, WEIR_TEXT, text.data, text.len);
        peer_pump(&p);
        bytes_add(output, p.output.data, p.output.len);
        p.output.len = 0;
        bytes_free(&text);
    }
    weir_conn_free(other);
    bytes_free(&head);
    peer_close(&p);
}

/* What a connection sends tells nothing of what others sent. */
static void output__is_the_same_again_and_beside_other_connections(void **state)
{
    (void)state;
    for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
        for (uint64_t takeover = 0; takeover < 2; takeover++) {
            bytes outputs[3] = {{NULL, 0, 0}};
            for (int i = 0; i < 3; i++)
                session(&outputs[i], level, takeover, i == 2);
            for (int i = 1; i < 3; i++) {
                assert_int_equal(outputs[i].len, outputs[0].len);
                assert_memory_equal(outputs[i].data, outputs[0].data, outputs[0].len);
            }
            for (int i = 0; i < 3; i++)
                bytes_free(&outputs[i]);
        }
}

/* ---- Figures ---------------------------------------------------------------------------------*/

static void statistics__count_both_directions_and_what_AUTO_left_alone(void **state)
{
    (void)state;
    for (int prepared = 0; prepared < 2; prepared++) {
        peer p;
        zip_output o;
        bytes text = {NULL, 0, 0};
        bytes packed = {NULL, 0, 0};
        bytes input = {NULL, 0, 0};
        uint64_t raw = 0, wire = 0, skipped = 0;
        peer_init(&p);
        p.config.deflate = WEIR_DEFLATE_PREFERRED;
        zip_peer(&p, WEIR_SERVER, "permessage-deflate");
        for (size_t i = 0; i < 20; i++) {
            text.len = 0;
            if (i % 4 == 3)
                zip_noise(&text, i, 400);
            else
                zip_json(&text, i, i * 60);
            const int type = WEIR_BINARY | (i % 5 == 0   ? WEIR_PLAIN
                                            : i % 5 == 1 ? WEIR_COMPRESS
                                                         : 0);
            weir_message *message;
            if (prepared) {
                weir_message_create(p.context, type, text.data, text.len, &message);
                assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_OK);
                weir_message_free(message);
            } else {
                assert_int_equal(weir_conn_send(p.conn, type, text.data, text.len), WEIR_OK);
            }
        }
        peer_pump(&p);
        zip_output_open(&o, &p.output, WEIR_SERVER, 13, 1);
        for (int i = 0; zip_output_next(&o); i++) {
            raw += o.packed ? o.text.len : 0;
            wire += o.packed ? o.wire : 0;
            skipped += !o.packed && i % 5 != 0;
        }
        zip_output_close(&o);
        zip_pack_alone(text.data, text.len, &packed);
        for (int i = 0; i < 3; i++)
            zip_message(&input, WEIR_CLIENT, 2, packed.data, packed.len, 50);
        bytes_add_frame(&input, WEIR_CLIENT, 1, 1, "plain", 5);
        peer_feed(&p, input.data, input.len, 7);
        for (int context = 0; context < 2; context++) {
            weir_stats stats = stats_of(p.conn);
            if (context)
                assert_int_equal(weir_context_stats(p.context, &stats, sizeof stats), WEIR_OK);
            assert_int_equal(stats.tx_inflated_bytes, raw);
            assert_int_equal(stats.tx_deflated_bytes, wire);
            assert_int_equal(stats.tx_skipped, skipped);
            assert_int_equal(stats.rx_deflated_bytes, 3 * packed.len);
            assert_int_equal(stats.rx_inflated_bytes, 3 * text.len);
            if (!context)
                assert_int_equal(stats.rx_messages, 4);
            assert_true(stats.deflate_bytes > 0 && stats.deflate_bytes < stats.held_bytes);
        }
        assert_true(skipped > 0 && raw > 0);
        bytes_free(&text);
        bytes_free(&packed);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* deflate_max_bytes is what the compressor takes at most: deflate_bytes of a connection that sends
 * and receives nothing tell how much it has. */
static void memory_for_sending__keeps_to_its_limit(void **state)
{
    static const uint64_t limits[] = {0,     1000,  3000,  5000,  9000,
                                      17000, 20000, 33000, 70000, 130000};
    (void)state;
    for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
        for (size_t i = 0; i < COUNT_OF(limits); i++) {
            peer p;
            bytes text = {NULL, 0, 0};
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.config.deflate_level = level;
            p.config.deflate_tx_bits = 15;
            p.config.deflate_max_bytes = limits[i];
            zip_peer(&p, WEIR_SERVER, "permessage-deflate");
            const uint64_t before = stats_of(p.conn).deflate_bytes;
            zip_json(&text, 1, 500);
            weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, text.data, text.len);
            assert_in_range(stats_of(p.conn).deflate_bytes - before, 0, limits[i]);
            bytes_free(&text);
            peer_close(&p);
        }
}

/* Without takeover nothing is kept between messages, in either direction. */
static void without_takeover__connections_hold_no_windows(void **state)
{
    peer p;
    bytes input = {NULL, 0, 0};
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_PREFERRED;
    zip_peer(&p, WEIR_SERVER,
             "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    const uint64_t bare = stats_of(p.conn).deflate_bytes;
    assert_in_range(bare, 1, 256);
    zip_text(&input, WEIR_CLIENT, "Hello, hello, hello");
    peer_feed(&p, input.data, input.len - 1, 1);
    assert_true(stats_of(p.conn).deflate_bytes > bare);
    peer_feed(&p, input.data + input.len - 1, 1, 1);
    assert_int_equal(stats_of(p.conn).deflate_bytes, bare);
    weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "Hello, hello, hello", 19);
    assert_int_equal(stats_of(p.conn).deflate_bytes, bare);
    bytes_free(&input);
    peer_close(&p);
}

/* ---- Policy of one connection ----------------------------------------------------------------*/

static void options_of_one_connection__change_what_it_sends(void **state)
{
    peer p;
    zip_output o;
    bytes text = {NULL, 0, 0};
    (void)state;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    zip_peer(&p, WEIR_SERVER, "permessage-deflate");
    zip_json(&text, 1, 400);
    const uint64_t modes[] = {WEIR_DEFLATE_ON, WEIR_DEFLATE_PREFERRED, WEIR_DEFLATE_OFF};
    for (size_t i = 0; i < 3; i++) {
        weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, modes[i]);
        weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
        weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, text.data, text.len);
    }
    weir_conn_set(p.conn, WEIR_OPTION_DEFLATE, WEIR_DEFLATE_PREFERRED);
    weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_MIN_BYTES, 401);
    weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
    weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_MIN_BYTES, 400);
    weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
    for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_LEVEL, level);
        if (level % 2)
            weir_conn_trim(p.conn);
        weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
    }
    weir_conn_set(p.conn, WEIR_OPTION_DEFLATE_MAX_BYTES, 0);
    weir_conn_trim(p.conn);
    weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
    weir_conn_send(p.conn, WEIR_TEXT, text.data, text.len);
    peer_pump(&p);
    static const int packed[] = {0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1};
    zip_output_open(&o, &p.output, WEIR_SERVER, 13, 1);
    for (size_t i = 0; i < COUNT_OF(packed); i++) {
        assert_true(zip_output_next(&o));
        assert_int_equal(o.packed, packed[i]);
        assert_int_equal(o.text.len, text.len);
        assert_memory_equal(o.text.data, text.data, text.len);
    }
    assert_false(zip_output_next(&o));
    zip_output_close(&o);
    bytes_free(&text);
    peer_close(&p);
}

/* Two libraries talk: every read and write of any size, both directions at once. */
static void pair_of_connections__agrees_and_talks_in_any_pieces(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ZIP_TURNS(30u); seed++) {
        test_alloc alloc = {0};
        pair p;
        dice d = {seed};
        dice cuts = {seed + 1000};
        bytes want = {NULL, 0, 0};
        pair_init(&p, &alloc);
        p.config.deflate = 1 + dice_below(&d, 2);
        p.config.deflate_level = 1 + dice_below(&d, 4);
        p.config.deflate_tx_bits = 9 + dice_below(&d, 7);
        p.config.deflate_rx_bits = 9 + dice_below(&d, 7);
        p.config.deflate_rx_firm = dice_below(&d, 2);
        p.config.deflate_tx_takeover = dice_below(&d, 2);
        p.config.deflate_rx_takeover = dice_below(&d, 2);
        p.config.fragment_bytes = 1 + dice_below(&d, 3000);
        p.echo = 1;
        p.cuts = &cuts;
        assert_int_equal(pair_open(&p, 'h'), WEIR_OK);
        pair_run(&p, 10000);
        for (int i = 0; i < 20; i++) {
            bytes text = {NULL, 0, 0};
            zip_json(&text, dice_below(&d, 5), (size_t)dice_below(&d, 3000));
            const int type = WEIR_TEXT | (int)(dice_below(&d, 4) << 4);
            assert_true(weir_conn_send(p.side[PAIR_CLIENT].conn, type, text.data, text.len) >= 0);
            const uint8_t head[5] = {WEIR_TEXT, (uint8_t)text.len, (uint8_t)(text.len >> 8), 0, 0};
            bytes_add(&want, head, 5);
            bytes_add(&want, text.data, text.len);
            bytes_free(&text);
            if (i % 3 == 0)
                pair_run(&p, 100000);
        }
        pair_run(&p, 1000000);
        assert_int_equal(p.side[PAIR_CLIENT].got.len, want.len);
        assert_memory_equal(p.side[PAIR_CLIENT].got.data, want.data, want.len);
        bytes_free(&want);
        pair_free(&p);
        assert_int_equal(alloc.held, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once__what_was_taken_arrives_and_nothing_leaks),
        cmocka_unit_test(memory_for_sending__is_let_go_after_idleness_but_not_within_a_message),
        cmocka_unit_test(no_memory_for_the_compressor__the_message_leaves_all_the_same),
        cmocka_unit_test(no_memory_to_start_with__compression_does_not_start),
        cmocka_unit_test(connections_interleaved_at_every_byte__do_not_disturb_each_other),
        cmocka_unit_test(output__is_the_same_again_and_beside_other_connections),
        cmocka_unit_test(what_comes_out_longer__AUTO_sends_as_it_is_without_a_window_too),
        cmocka_unit_test(no_memory_at_all__compressed_or_refused),
        cmocka_unit_test(statistics__count_both_directions_and_what_AUTO_left_alone),
        cmocka_unit_test(memory_for_sending__keeps_to_its_limit),
        cmocka_unit_test(without_takeover__connections_hold_no_windows),
        cmocka_unit_test(options_of_one_connection__change_what_it_sends),
        cmocka_unit_test(pair_of_connections__agrees_and_talks_in_any_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
