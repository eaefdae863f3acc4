/* SPDX-License-Identifier: MIT */
/* Attacks through compressed messages on whole connections: bombs, limits, memory, interleaving. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

static const int roles[2] = {WEIR_SERVER, WEIR_CLIENT};

static void deflate_begin(peer *p, int role)
{
    p->config.deflate = WEIR_DEFLATE_ON;
    p->config.max_pooled_bytes = 0; /* what is held is in use */
    zip_peer(p, role, "permessage-deflate");
}

/* len bytes of one letter, or the text of a feed, as one compressed message. */
static void add_packed(bytes *input, int role, int kind, size_t len, size_t step)
{
    bytes text = {NULL, 0, 0};
    bytes packed = {NULL, 0, 0};
    zip_json(&text, len, len);
    if (kind == 0 && len > 0)
        memset(text.data, 'z', len);
    zip_pack_alone(text.data, text.len, &packed);
    zip_message(input, other_role(role), WEIR_BINARY, packed.data, packed.len, step);
    bytes_free(&text);
    bytes_free(&packed);
}

static size_t largest_event;
static size_t event_bytes;

static void measure(peer *p, const weir_event *event)
{
    (void)p;
    if (event->type != WEIR_EVENT_MESSAGE && event->type != WEIR_EVENT_CHUNK)
        return;
    largest_event = event->len > largest_event ? event->len : largest_event;
    event_bytes += event->len;
}

/* ---- Bombs -----------------------------------------------------------------------------------*/

/* Scratch, a window and slack of the decompressor, the connection's own blocks. */
#define DEFLATE_CONST (200u << 10)

/* A thousandfold: 4 MiB out of 4 KiB. Memory follows the limit, not the bomb, in both roles. */
static void SEC_Z1__bombs__end_with_1009_in_bounded_memory(void **state)
{
    static const uint64_t limits[] = {0, 1000, 65536, 1 << 20};
    static const size_t steps[] = {1, 1448, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits) * COUNT_OF(steps) * 4; i++) {
        const uint64_t limit = limits[i / 12];
        const size_t step = steps[i % 3];
        const int role = roles[i / 3 % 2];
        peer p;
        bytes input = {NULL, 0, 0};
        add_packed(&input, role, 0, 4u << 20, i % 2 ? 1000 : SIZE_MAX);
        peer_init(&p);
        p.config.max_message_bytes = limit;
        p.config.deliver_chunks = i / 6 % 2;
        p.react = measure;
        largest_event = event_bytes = 0;
        deflate_begin(&p, role);
        const uint64_t before = p.alloc.held;
        p.alloc.peak = before;
        peer_feed(&p, input.data, input.len, step < input.len ? step : input.len);
        assert_int_equal(peer_report(&p).cause, WEIR_E_MESSAGE_TOO_BIG);
        assert_int_equal(peer_close_code(&p, role), 1009);
        /* Growing copies: the old block and the new one, twice its size. */
        const uint64_t most = p.config.deliver_chunks ? 0 : 3 * limit;
        assert_in_range(p.alloc.peak - before, 0, most + DEFLATE_CONST);
        if (p.config.deliver_chunks)
            assert_true(event_bytes <= limit && largest_event <= 16384);
        else
            assert_int_equal(event_bytes, 0);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* Pieces of a bomb without a limit: 64 MiB come, memory stays. */
static void SEC_Z1__bomb_in_pieces__is_taken_in_constant_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        peer p;
        bytes input = {NULL, 0, 0};
        const size_t len = (size_t)ZIP_TURNS(64u) << 20;
        add_packed(&input, roles[i], 0, len, SIZE_MAX);
        peer_init(&p);
        p.config.max_message_bytes = WEIR_NONE;
        p.config.deliver_chunks = 1;
        p.react = measure;
        largest_event = event_bytes = 0;
        deflate_begin(&p, roles[i]);
        p.trace.len = 0;
        const uint64_t before = p.alloc.held;
        p.alloc.peak = before;
        peer_feed(&p, input.data, input.len, input.len);
        assert_int_equal(event_bytes, len);
        assert_int_equal(largest_event, 16384);
        assert_in_range(p.alloc.peak - before, 0, DEFLATE_CONST);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* Compressed bytes that never become anything: held in no memory, ended by the limit on blocks. */
static void SEC_Z1__endless_empty_blocks__end_in_constant_memory(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        peer p;
        bytes input = {NULL, 0, 0};
        zip_bits bits = {{NULL, 0, 0}, 0, 0};
        while (bits.out.len < 400000) {
            if (kind == 0) {
                zip_stored(&bits, 0, NULL, 0);
            } else {
                zip_fixed_begin(&bits, 0);
                zip_fixed_end(&bits);
            }
        }
        zip_message(&input, WEIR_CLIENT, WEIR_TEXT, bits.out.data, bits.out.len, SIZE_MAX);
        peer_init(&p);
        deflate_begin(&p, WEIR_SERVER);
        const uint64_t before = p.alloc.held;
        p.alloc.peak = before;
        peer_feed(&p, input.data, input.len, 4096);
        assert_int_equal(peer_report(&p).cause, WEIR_E_DEFLATE_BLOCKS);
        assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1008);
        assert_in_range(p.alloc.peak - before, 0, DEFLATE_CONST);
        bytes_free(&bits.out);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* 258 code lengths that say no more than that a block can end. */
static void add_dynamic_block(zip_bits *bits)
{
    zip_put(bits, 0, 1);
    zip_put(bits, 2, 2);
    zip_put(bits, 0, 10);
    zip_put(bits, 14, 4);
    for (int i = 0; i < 18; i++)
        zip_put(bits, i == 2 || i == 17, 3); /* repeated zeros, and a code of one bit */
    zip_put(bits, 1 | 127 << 1, 8);
    zip_put(bits, 1 | 107 << 1, 8);
    zip_put(bits, 0, 3);
}

/* Without a limit on blocks: a megabyte of empty ones costs as much time as a megabyte of others,
 * not minutes, also when it comes byte by byte. */
static void SEC_D16__empty_blocks__cost_time_by_their_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int bytewise = 0; bytewise < 2; bytewise++) {
            peer p;
            bytes input = {NULL, 0, 0};
            zip_bits bits = {{NULL, 0, 0}, 0, 0};
            while (bits.out.len < ZIP_TURNS(1000000u)) {
                if (kind == 0)
                    zip_stored(&bits, 0, NULL, 0);
                else if (kind == 1)
                    zip_put(&bits, 2, 10);
                else
                    add_dynamic_block(&bits);
            }
            zip_put(&bits, 0, 3);
            zip_align(&bits);
            zip_message(&input, WEIR_CLIENT, WEIR_TEXT, bits.out.data, bits.out.len, SIZE_MAX);
            peer_init(&p);
            p.config.deflate_max_blocks = WEIR_NONE;
            deflate_begin(&p, WEIR_SERVER);
            const clock_t begin = clock();
            peer_feed(&p, input.data, input.len, bytewise ? 1 : input.len);
            assert_in_range((clock() - begin) / CLOCKS_PER_SEC, 0, 20);
            assert_true(peer_saw(&p, "MESSAGE flags=71 code=0 cause=- offset=0 token=0 len=0"));
            bytes_free(&bits.out);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* ---- Limits ----------------------------------------------------------------------------------*/

/* The message is whole and right, or 1009: never cut short. */
static void check_limit(int role, uint64_t limit, size_t len, int kind, size_t step)
{
    peer p;
    bytes input = {NULL, 0, 0};
    bytes text = {NULL, 0, 0};
    add_packed(&input, role, kind, len, SIZE_MAX);
    peer_init(&p);
    p.config.max_message_bytes = limit;
    p.react = measure;
    event_bytes = 0;
    deflate_begin(&p, role);
    peer_feed(&p, input.data, input.len, step < input.len ? step : input.len);
    if (len > limit) {
        assert_int_equal(peer_report(&p).cause, WEIR_E_MESSAGE_TOO_BIG);
        assert_int_equal(peer_close_code(&p, role), 1009);
        assert_int_equal(event_bytes, 0);
    } else {
        bytes line = {NULL, 0, 0};
        zip_json(&text, len, len);
        if (kind == 0 && len > 0)
            memset(text.data, 'z', len);
        const weir_event event = {
            .type = WEIR_EVENT_MESSAGE, .flags = 0x46, .data = text.data, .len = len};
        peer_trace_event(&line, &event);
        assert_int_equal(p.trace.len, line.len);
        assert_memory_equal(p.trace.data, line.data, line.len);
        bytes_free(&line);
    }
    bytes_free(&text);
    bytes_free(&input);
    peer_close(&p);
}

static void SEC_Z2__messages_round_every_limit_to_600__are_exact_or_refused(void **state)
{
    (void)state;
    for (uint64_t limit = 0; limit <= 600; limit += limit > 20 ? ZIP_TURNS(5u) == 5 ? 1 : 7 : 1)
        for (int off = -3; off <= 3; off++)
            for (int kind = 0; kind < 2; kind++) {
                const int64_t len = (int64_t)limit + off;
                if (len < 0)
                    continue;
                const int role = roles[(limit + (uint64_t)kind) % 2];
                check_limit(role, limit, (size_t)len, kind, SIZE_MAX);
                check_limit(role, limit, (size_t)len, kind, 1);
            }
}

/* ---- Control frames --------------------------------------------------------------------------*/

/* A compressed message is half drained: pieces wait while pings come, and are answered. */
static void SEC_D5__control_frames__pass_a_message_that_is_half_drained(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (int chunks = 0; chunks < 2; chunks++) {
            const int role = roles[i];
            const int from = other_role(role);
            peer p;
            bytes text = {NULL, 0, 0};
            bytes packed = {NULL, 0, 0};
            bytes input = {NULL, 0, 0};
            zip_json(&text, 3, 200000);
            memset(text.data + 40000, 'z', 100000);
            zip_pack_alone(text.data, text.len, &packed);
            size_t pings = 0;
            for (size_t at = 0; at < packed.len; at += 500, pings++) {
                const size_t n = packed.len - at < 500 ? packed.len - at : 500;
                zip_frame(&input, from, at + n == packed.len, at ? 0 : 4, at ? 0 : 2,
                          packed.data + at, n);
                wire_script(&input, from, "P:ping");
            }
            peer_init(&p);
            p.config.deliver_chunks = (uint64_t)chunks;
            p.event_cap = 1;
            p.react = measure;
            event_bytes = 0;
            deflate_begin(&p, role);
            peer_feed(&p, input.data, input.len, input.len);
            assert_int_equal(event_bytes, text.len);
            assert_int_equal(peer_frames(&p, role, 10), pings);
            assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
            bytes_free(&text);
            bytes_free(&packed);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* A Close, a fault, the transport's end in the midst of a compressed message: nothing of it is
 * given, nothing leaks. */
static void SEC_D5__end_inside_a_compressed_message__gives_nothing(void **state)
{
    static const char *const ends[] = {"X:1000", "r2", "3", "C-r4:x", "T:x"};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t end = 0; end <= COUNT_OF(ends); end++)
            for (size_t cut = 1; cut < 200; cut += 23) {
                const int from = other_role(roles[i]);
                peer p;
                bytes text = {NULL, 0, 0};
                bytes packed = {NULL, 0, 0};
                bytes input = {NULL, 0, 0};
                zip_json(&text, 3, 2000);
                zip_pack_alone(text.data, text.len, &packed);
                zip_frame(&input, from, 0, 4, 2, packed.data, cut);
                if (end < COUNT_OF(ends)) {
                    if (ends[end][0] == 'r')
                        zip_frame(&input, from, 0, 2, 0, "x", 1);
                    else
                        wire_script(&input, from, ends[end]);
                }
                peer_init(&p);
                p.react = measure;
                event_bytes = 0;
                deflate_begin(&p, roles[i]);
                weir_conn_send_begin(p.conn, WEIR_TEXT | WEIR_COMPRESS);
                weir_conn_send_chunk(p.conn, "half of it", 10);
                peer_feed(&p, input.data, input.len, input.len);
                if (end == COUNT_OF(ends))
                    weir_conn_receive_eof(p.conn);
                peer_pump(&p);
                assert_int_equal(p.closed_count, 1);
                assert_int_equal(event_bytes, 0);
                assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT | WEIR_COMPRESS, "x", 1),
                                 WEIR_E_CLOSING);
                bytes_free(&text);
                bytes_free(&packed);
                bytes_free(&input);
                peer_close(&p);
            }
}

/* ---- Memory ----------------------------------------------------------------------------------*/

/* Caller's bytes are freed or overwritten as soon as a call returns: ASan sees who kept them. */
static void SEC_D7__no_pointer_to_the_callers_bytes__outlives_the_call(void **state)
{
    (void)state;
    for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
        for (int takeover = 0; takeover < 2; takeover++) {
            peer p;
            zip_output o;
            bytes text = {NULL, 0, 0};
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.config.deflate_level = level;
            p.config.deflate_tx_takeover = (uint64_t)takeover;
            zip_peer(&p, WEIR_SERVER, "permessage-deflate");
            for (size_t i = 0; i < 60; i++) {
                text.len = 0;
                zip_json(&text, i, i * 97 % 3000);
                uint8_t *const copy = malloc(text.len + 1);
                memcpy(copy, text.data ? text.data : copy, text.len);
                const int type = WEIR_BINARY | (i % 5 ? WEIR_COMPRESS : WEIR_AUTO);
                if (i % 3 == 0) {
                    weir_conn_send_begin(p.conn, type);
                    weir_conn_send_chunk(p.conn, copy, text.len / 2);
                    memset(copy, 0, text.len / 2);
                    weir_conn_send_end(p.conn, copy + text.len / 2, text.len - text.len / 2);
                } else {
                    weir_conn_send(p.conn, type, copy, text.len);
                }
                memset(copy, 0xEE, text.len);
                free(copy);
            }
            peer_pump(&p);
            zip_output_open(&o, &p.output, WEIR_SERVER, 13, takeover);
            for (size_t i = 0; i < 60; i++) {
                text.len = 0;
                zip_json(&text, i, i * 97 % 3000);
                assert_true(zip_output_next(&o));
                assert_int_equal(o.text.len, text.len);
                assert_memory_equal(o.text.data, text.data, text.len);
            }
            zip_output_close(&o);
            bytes_free(&text);
            peer_close(&p);
        }
}

/* Connections come and go; what is held afterwards is what was held before, scratch included. */
static void SEC_D7__memory__is_back_to_the_baseline(void **state)
{
    (void)state;
    peer p;
    uint64_t baseline = 0;
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_PREFERRED;
    p.config.max_pooled_bytes = 0;
    p.config.auto_accept = 1;
    p.config.max_message_bytes = 8u << 20;
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    for (int turn = 0; turn < 20; turn++) {
        bytes input = {NULL, 0, 0};
        weir_stats stats;
        zip_handshake(&input, WEIR_CLIENT, "permessage-deflate");
        add_packed(&input, WEIR_SERVER, turn % 2, turn == 5 ? 5u << 20 : 3000, 700);
        if (turn % 3 == 0)
            input.len -= 5; /* the message never ends */
        assert_int_equal(weir_conn_create_server(p.context, &p.conn), WEIR_OK);
        p.echo = 1;
        peer_feed(&p, input.data, input.len, 4000);
        weir_conn_free(p.conn);
        weir_context_stats(p.context, &stats, sizeof stats);
        if (turn == 1)
            baseline = p.alloc.held;
        if (turn > 1)
            assert_int_equal(p.alloc.held, baseline);
        assert_int_equal(stats.held_bytes, p.alloc.held);
        bytes_free(&input);
    }
    p.conn = NULL;
    peer_close(&p);
}

/* 5 MB in one message, for every window, both ways. */
static void SEC_D7__message_of_5_mb__passes_every_window(void **state)
{
    (void)state;
    for (uint64_t bits = 9; bits <= 15; bits++) {
        test_alloc alloc = {0};
        pair p;
        bytes text = {NULL, 0, 0};
        pair_init(&p, &alloc);
        p.config.deflate = WEIR_DEFLATE_PREFERRED;
        p.config.deflate_tx_bits = p.config.deflate_rx_bits = bits;
        p.config.max_message_bytes = p.config.max_queued_bytes = 8u << 20;
        p.echo = 1;
        assert_int_equal(pair_open(&p, 'h'), WEIR_OK);
        pair_run(&p, 100);
        zip_json(&text, bits, (size_t)ZIP_TURNS(5u) << 20);
        assert_true(weir_conn_send(p.side[PAIR_CLIENT].conn, WEIR_TEXT, text.data, text.len) >= 0);
        pair_run(&p, 100000);
        const bytes *const got = &p.side[PAIR_CLIENT].got;
        assert_int_equal(got->len, text.len + 5);
        assert_memory_equal(got->data + 5, text.data, text.len);
        weir_stats stats;
        weir_conn_stats(p.side[PAIR_CLIENT].conn, &stats, sizeof stats);
        assert_true(stats.rx_deflated_bytes < stats.rx_inflated_bytes / 2);
        bytes_free(&text);
        pair_free(&p);
        assert_int_equal(alloc.held, 0);
    }
}

/* What a frame claims to carry does not pay for what comes out of the little that it does. */
static void SEC_Z1__claim_of_a_long_frame__does_not_buy_expansion(void **state)
{
    const size_t len = 8 << 20;
    bytes packed = {NULL, 0, 0};
    bytes input = {NULL, 0, 0};
    uint8_t *const zeros = calloc(len, 1);
    peer p;
    (void)state;
    zip_pack_alone(zeros, len, &packed);
    bytes_add_head(&input, 1, 4, 2, 0, (uint64_t)1 << 40, 0);
    bytes_add(&input, packed.data, packed.len);
    peer_init(&p);
    p.config.deflate = WEIR_DEFLATE_ON;
    p.config.deflate_max_ratio = 20;
    p.config.max_message_bytes = WEIR_NONE;
    p.config.deliver_chunks = 1;
    zip_peer(&p, WEIR_CLIENT, "permessage-deflate");
    peer_feed(&p, input.data, input.len, input.len);
    weir_stats stats;
    assert_int_equal(weir_conn_stats(p.conn, &stats, sizeof stats), WEIR_OK);
    assert_true(stats.rx_inflated_bytes <= 20 * 16384 + 1);
    assert_true(peer_saw(&p, "cause=WEIR_E_DEFLATE_RATIO"));
    free(zeros);
    bytes_free(&packed);
    bytes_free(&input);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_Z1__bombs__end_with_1009_in_bounded_memory),
        cmocka_unit_test(SEC_Z1__bomb_in_pieces__is_taken_in_constant_memory),
        cmocka_unit_test(SEC_Z1__endless_empty_blocks__end_in_constant_memory),
        cmocka_unit_test(SEC_D16__empty_blocks__cost_time_by_their_bytes),
        cmocka_unit_test(SEC_Z2__messages_round_every_limit_to_600__are_exact_or_refused),
        cmocka_unit_test(SEC_D5__control_frames__pass_a_message_that_is_half_drained),
        cmocka_unit_test(SEC_D5__end_inside_a_compressed_message__gives_nothing),
        cmocka_unit_test(SEC_D7__no_pointer_to_the_callers_bytes__outlives_the_call),
        cmocka_unit_test(SEC_D7__memory__is_back_to_the_baseline),
        cmocka_unit_test(SEC_D7__message_of_5_mb__passes_every_window),
        cmocka_unit_test(SEC_Z1__claim_of_a_long_frame__does_not_buy_expansion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
