/* SPDX-License-Identifier: MIT */
/* Threads that each have contexts of their own, at the same time: each gets what one alone gets.
 * tests/gates/threads.py runs this under ThreadSanitizer. */
#include <pthread.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"
#include "support/zip.h"

#define THREADS_COUNT 4
#define THREADS_ROUNDS 48

typedef struct threads_life {
    pthread_t thread;
    pthread_mutex_t *start; /* held until all are there */
    bytes seen;             /* all that came out of this life */
} threads_life;

static void threads_note_number(bytes *seen, uint64_t number)
{
    bytes_add(seen, &number, sizeof number);
}

static void threads_note_side(bytes *seen, const pair *p, int index)
{
    const pair_side *const side = &p->side[index];
    weir_stats stats;
    weir_report report;
    assert_int_equal(weir_conn_stats(side->conn, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(weir_conn_report(side->conn, &report, sizeof report), WEIR_OK);
    assert_int_equal(report.clean, 1);
    bytes_add(seen, side->got.data, side->got.len);
    bytes_add(seen, side->counts, sizeof side->counts);
    threads_note_number(seen, stats.rx_bytes);
    threads_note_number(seen, stats.tx_bytes);
    threads_note_number(seen, report.code);
    bytes_add(seen, report.text.data, report.text.len);
}

/* One message in each way there is; what the server gets it sends back. */
static void threads_say(pair *p, int side, const bytes *text, const bytes *noise)
{
    weir_conn *const conn = p->side[side].conn;
    weir_message *message;
    assert_int_equal(weir_conn_send(conn, WEIR_TEXT, text->data, text->len), WEIR_OK);
    assert_int_equal(weir_conn_send_ref(conn, WEIR_BINARY, noise->data, noise->len, 5), WEIR_OK);
    assert_int_equal(weir_conn_ping(conn, "ping", 4), WEIR_OK);
    assert_int_equal(weir_conn_send_begin(conn, WEIR_TEXT), WEIR_OK);
    assert_int_equal(weir_conn_send_chunk(conn, "\xC3", 1), WEIR_OK);
    assert_int_equal(weir_conn_send_end(conn, "\xA9", 1), WEIR_OK);
    const int made = weir_message_create(p->context, WEIR_TEXT, text->data, text->len, &message);
    assert_int_equal(made, WEIR_OK);
    assert_int_equal(weir_conn_send_message(conn, message), WEIR_OK);
    weir_message_free(message);
}

/* The round decides: by handshake or open from the start, compression, cuts, who closes. */
static void threads_pair(threads_life *life, uint64_t round)
{
    test_alloc alloc = {0};
    dice cuts = {round};
    bytes text = {0}, noise = {0};
    pair p;
    pair_init(&p, &alloc);
    p.config.deflate = round % 4;
    p.config.deflate_level = 1 + round / 4 % 4;
    p.config.fragment_bytes = 1000;
    p.echo = 1;
    p.cuts = round % 3 == 0 ? &cuts : NULL;
    zip_json(&text, round, 3000);
    zip_noise(&noise, round, 2500);
    assert_int_equal(pair_open(&p, round % 5 == 0 ? 'e' : 's'), WEIR_OK);
    pair_run(&p, 100000);
    for (uint64_t turn = 0; turn < 3; turn++) {
        assert_int_equal(weir_context_set_time(p.context, turn), WEIR_OK);
        for (int side = 0; side < 2; side++)
            threads_say(&p, side, &text, &noise);
        pair_run(&p, 100000);
    }
    assert_int_equal(weir_conn_close(p.side[round % 2].conn, 1000, "bye", 3), WEIR_OK);
    pair_run(&p, 100000);
    for (int side = 0; side < 2; side++)
        threads_note_side(&life->seen, &p, side);
    pair_free(&p);
    assert_int_equal(alloc.held, 0);
    bytes_free(&text);
    bytes_free(&noise);
}

/* The pieces that need no context. */
static void threads_pieces(threads_life *life, uint64_t round)
{
    char accept[28];
    uint8_t data[300], head_bytes[WEIR_FRAME_HEAD_MAX], payload[125];
    const uint8_t key[4] = {1, 2, 3, (uint8_t)round};
    const weir_frame_head head = {.len = round * 1000, .fin = 1, .opcode = 2};
    weir_utf8 utf8 = {0};
    weir_url url;
    assert_int_equal(weir_accept_key("dGhlIHNhbXBsZSBub25jZQ==", WEIR_NTS, accept), WEIR_OK);
    bytes_add(&life->seen, accept, sizeof accept);
    memset(data, 'a' + (int)(round % 26), sizeof data);
    assert_int_equal(weir_utf8_check(&utf8, data, sizeof data, 1), sizeof data);
    threads_note_number(&life->seen, weir_mask(data, sizeof data, key, round));
    bytes_add(&life->seen, data, sizeof data);
    assert_int_equal(weir_url_parse("wss://[::1]:8080/path?query", WEIR_NTS, &url), WEIR_OK);
    threads_note_number(&life->seen, url.port);
    bytes_add(&life->seen, head_bytes, (size_t)weir_frame_head_write(&head, head_bytes));
    const int len = weir_close_payload_write(1001, "going", WEIR_NTS, payload);
    bytes_add(&life->seen, payload, (size_t)len);
    bytes_add_text(&life->seen, weir_status_text(WEIR_E_TEXT));
}

static void *threads_live(void *argument)
{
    threads_life *const life = argument;
    if (life->start) {
        pthread_mutex_lock(life->start);
        pthread_mutex_unlock(life->start);
    }
    for (uint64_t round = 0; round < THREADS_ROUNDS; round++) {
        threads_pair(life, round);
        threads_pieces(life, round);
    }
    return NULL;
}

static void threads_with_contexts_of_their_own_share_nothing(void **state)
{
    (void)state;
    threads_life alone = {.start = NULL};
    threads_life lives[THREADS_COUNT] = {{.start = NULL}};
    pthread_mutex_t start;
    assert_int_equal(pthread_mutex_init(&start, NULL), 0);
    assert_int_equal(pthread_mutex_lock(&start), 0);
    for (int i = 0; i < THREADS_COUNT; i++) {
        lives[i].start = &start;
        assert_int_equal(pthread_create(&lives[i].thread, NULL, threads_live, &lives[i]), 0);
    }
    assert_int_equal(pthread_mutex_unlock(&start), 0);
    for (int i = 0; i < THREADS_COUNT; i++)
        assert_int_equal(pthread_join(lives[i].thread, NULL), 0);
    assert_int_equal(pthread_mutex_destroy(&start), 0);
    threads_live(&alone); /* only now: what is made at its first use must be theirs to make */
    for (int i = 0; i < THREADS_COUNT; i++) {
        assert_int_equal(lives[i].seen.len, alone.seen.len);
        assert_memory_equal(lives[i].seen.data, alone.seen.data, alone.seen.len);
        bytes_free(&lives[i].seen);
    }
    bytes_free(&alone.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_with_contexts_of_their_own_share_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
