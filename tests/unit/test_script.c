/* SPDX-License-Identifier: MIT */
/* Thousands of random stories of a client and a server: what was sent arrives, all ends once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

#define SCRIPT_REFS 64

typedef struct script_side {
    bytes sent;      /* messages taken, as in pair_side.got */
    bytes stream;    /* payload of the message begun */
    bytes part;      /* chunk mode: the message so far */
    int stream_type; /* 0: none was begun */
    int closed;      /* it called close */
    size_t taken;    /* messages */
    size_t refs;     /* borrowed sends taken */
    uint8_t *borrowed[SCRIPT_REFS];
} script_side;

typedef struct script {
    test_alloc alloc;
    dice d;
    pair p;
    script_side side[2];
    weir_message *message;
    uint64_t now;
} script;

static void script_log(bytes *log, int type, const void *data, size_t len)
{
    const uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                             (uint8_t)(len >> 24)};
    bytes_add(log, head, sizeof head);
    bytes_add(log, data, len);
}

static void script_chunk(script *s, int index, const weir_event *event)
{
    script_side *const side = &s->side[index];
    assert_int_equal(event->offset, side->part.len);
    assert_int_equal((event->flags & WEIR_FLAG_FIRST) != 0, side->part.len == 0);
    bytes_add(&side->part, event->data, event->len);
    if ((event->flags & WEIR_FLAG_LAST) == 0)
        return;
    script_log(&s->p.side[index].got, event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY,
               side->part.data, side->part.len);
    side->part.len = 0;
}

static void script_event(pair *p, int index, const weir_event *event)
{
    script *const s = p->user;
    /* CLOSED is the last, when all borrowed memory was given back. */
    assert_int_equal(p->side[index].counts[WEIR_EVENT_CLOSED], event->type == WEIR_EVENT_CLOSED);
    for (size_t i = 0; event->type == WEIR_EVENT_CLOSED && i < SCRIPT_REFS; i++)
        assert_null(s->side[index].borrowed[i]);
    if (event->type == WEIR_EVENT_CHUNK)
        script_chunk(s, index, event);
    if (event->type != WEIR_EVENT_RELEASED)
        return;
    assert_in_range(event->token, 0, SCRIPT_REFS - 1);
    assert_non_null(s->side[index].borrowed[event->token]); /* given back once */
    free(s->side[index].borrowed[event->token]);
    s->side[index].borrowed[event->token] = NULL;
}

/* ---- What a side may do ----------------------------------------------------------------------*/

static int script_took(int status)
{
    return status == WEIR_OK || status == WEIR_OVER_HIGH;
}

static void script_took_message(script_side *side, int status, int type, const void *data,
                                size_t len)
{
    if (!script_took(status))
        return;
    side->taken++;
    script_log(&side->sent, type, data, len);
}

static void script_send(script *s, int index, int type, uint8_t *data, size_t len)
{
    script_took_message(&s->side[index], weir_conn_send(s->p.side[index].conn, type, data, len),
                        type, data, len);
    free(data);
}

static void script_send_ref(script *s, int index, int type, uint8_t *data, size_t len)
{
    script_side *const side = &s->side[index];
    if (side->refs == SCRIPT_REFS) {
        free(data);
        return;
    }
    const int status = weir_conn_send_ref(s->p.side[index].conn, type, data, len, side->refs);
    script_took_message(side, status, type, data, len);
    if (script_took(status))
        side->borrowed[side->refs++] = data;
    else
        free(data);
}

static void script_send_prepared(script *s, int index)
{
    if (s->message)
        script_took_message(&s->side[index],
                            weir_conn_send_message(s->p.side[index].conn, s->message), WEIR_TEXT,
                            "a prepared message", 18);
}

static void script_stream(script *s, int index, int type, uint8_t *data, size_t len)
{
    script_side *const side = &s->side[index];
    weir_conn *const conn = s->p.side[index].conn;
    const int last = dice_below(&s->d, 3) == 0;
    if (side->stream_type == 0) {
        if (weir_conn_send_begin(conn, type) == WEIR_OK)
            side->stream_type = type;
        side->stream.len = 0;
    } else if (!last) {
        if (script_took(weir_conn_send_chunk(conn, data, len)))
            bytes_add(&side->stream, data, len);
    } else {
        const int status = weir_conn_send_end(conn, data, len);
        if (script_took(status)) {
            bytes_add(&side->stream, data, len);
            script_took_message(side, status, side->stream_type, side->stream.data,
                                side->stream.len);
            side->stream_type = 0;
        }
    }
    free(data);
}

static void script_time(script *s)
{
    const uint64_t steps[] = {1, 100, 3000, 11000};
    s->now += dice_below(&s->d, steps[dice_below(&s->d, 4)]) + 1;
    weir_context_set_time(s->p.context, s->now);
    for (int turns = 0; weir_context_next_ready(s->p.context) != NULL; turns++)
        assert_true(turns < 4);
}

static void script_close(script *s, int index)
{
    const int code = dice_below(&s->d, 3) == 0 ? 0 : 1000;
    if (weir_conn_close(s->p.side[index].conn, code, code ? "bye" : NULL, code ? 3 : 0) == WEIR_OK)
        s->side[index].closed = 1;
}

static uint8_t *script_payload(script *s, size_t *len)
{
    const uint64_t most[] = {1, 20, 200, 3000, 70000};
    *len = (size_t)dice_below(&s->d, most[dice_below(&s->d, dice_below(&s->d, 9) ? 4 : 5)]);
    uint8_t *const data = malloc(*len + 1);
    for (size_t i = 0; i < *len; i++)
        data[i] = (uint8_t)('a' + (i + s->d.state) % 26);
    return data;
}

/* A message of any size, sent in one of the ways. */
static void script_say(script *s, int index, uint64_t way)
{
    const int type = dice_below(&s->d, 2) ? WEIR_TEXT : WEIR_BINARY;
    size_t len = 0;
    uint8_t *const data = script_payload(s, &len);
    if (way < 15)
        script_send_ref(s, index, type, data, len);
    else if (way < 35)
        script_stream(s, index, type, data, len);
    else
        script_send(s, index, type, data, len);
}

static void script_act(script *s, int index)
{
    weir_conn *const conn = s->p.side[index].conn;
    const uint64_t choice = dice_below(&s->d, 100);
    if (choice < 15)
        (void)weir_conn_ping(conn, "ping", (size_t)dice_below(&s->d, 5));
    else if (choice < 20)
        (void)weir_conn_pong(conn, "pong", (size_t)dice_below(&s->d, 5));
    else if (choice < 28)
        script_time(s);
    else if (choice < 31)
        script_close(s, index);
    else if (choice < 40)
        script_send_prepared(s, index);
    else
        script_say(s, index, choice - 40);
}

/* ---- A story ---------------------------------------------------------------------------------*/

static void script_policy(script *s)
{
    weir_config *const config = &s->p.config;
    const uint64_t fragments[] = {1, 7, 125, 1000, 65536};
    config->fragment_bytes = fragments[dice_below(&s->d, 5)];
    config->max_fragments = WEIR_NONE;
    config->flood_burst = UINT32_MAX;
    config->deliver_chunks = dice_below(&s->d, 4) == 0;
    config->check_text = dice_below(&s->d, 4) != 0;
    config->max_pooled_bytes = dice_below(&s->d, 2) ? 0 : 100000;
    if (dice_below(&s->d, 3) == 0) {
        config->max_queued_bytes = 5000;
        config->high_water_bytes = 2000;
        config->low_water_bytes = dice_below(&s->d, 2000);
    }
}

static void script_begin(script *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->d.state = seed;
    pair_init(&s->p, &s->alloc);
    s->p.cuts = &s->d;
    s->p.user = s;
    s->p.on_event = script_event;
    script_policy(s);
}

/* Both sides end: a close, then whatever time it takes. */
static void script_finish(script *s)
{
    for (int tries = 0; tries < 3; tries++) /* the first may find no memory */
        if (!s->side[0].closed && !s->side[1].closed)
            script_close(s, (int)dice_below(&s->d, 2));
    pair_run(&s->p, 2000000);
    for (int turns = 0; turns < 10; turns++) {
        s->now += 60000;
        weir_context_set_time(s->p.context, s->now);
        while (weir_context_next_ready(s->p.context) != NULL)
            ;
        pair_run(&s->p, 2000000);
    }
}

static int script_is_prefix(const bytes *part, const bytes *all)
{
    return part->len <= all->len &&
           (part->len == 0 || memcmp(part->data, all->data, part->len) == 0);
}

static void script_check_side(script *s, int index)
{
    const pair_side *const side = &s->p.side[index];
    const script_side *const own = &s->side[index];
    const script_side *const other = &s->side[!index];
    weir_stats stats;
    weir_conn_stats(side->conn, &stats, sizeof stats);
    assert_int_equal(weir_conn_state(side->conn), WEIR_CLOSED);
    assert_int_equal(weir_conn_wants(side->conn), WEIR_WANT_CLOSE);
    assert_int_equal(side->counts[WEIR_EVENT_CLOSED], 1);
    assert_int_equal(side->counts[WEIR_EVENT_RELEASED], own->refs);
    assert_int_equal(stats.tx_messages, own->taken);
    assert_int_equal(stats.queued_bytes, 0);
    assert_true(script_is_prefix(&side->got, &other->sent));
    /* Messages that were sent before a close arrive whole, unless the receiver closed too. */
    if (s->alloc.failed == 0 && s->p.side[0].clean && s->p.side[1].clean && !own->closed) {
        assert_int_equal(side->got.len, other->sent.len);
        assert_int_equal(stats.rx_messages, other->taken);
    }
}

static void script_check(script *s)
{
    weir_stats a, b;
    for (int index = 0; index < 2; index++)
        script_check_side(s, index);
    weir_conn_stats(s->p.side[0].conn, &a, sizeof a);
    weir_conn_stats(s->p.side[1].conn, &b, sizeof b);
    if (s->alloc.failed == 0 && s->p.side[0].clean && s->p.side[1].clean) {
        assert_true(a.rx_bytes <= b.tx_bytes);
        assert_true(b.rx_bytes <= a.tx_bytes);
        assert_true(a.rx_control <= b.tx_control);
        assert_true(b.rx_control <= a.tx_control);
    }
}

static void script_free(script *s)
{
    weir_message_free(s->message);
    pair_free(&s->p);
    for (int index = 0; index < 2; index++) {
        script_side *const side = &s->side[index];
        bytes_free(&side->sent);
        bytes_free(&side->stream);
        bytes_free(&side->part);
        for (size_t i = 0; i < SCRIPT_REFS; i++)
            free(side->borrowed[i]);
    }
    assert_int_equal(s->alloc.held, 0);
}

/* Returns how the story ended: 1 when both ends were clean. */
static int script_tell(uint64_t seed, int memory_fails)
{
    static script s;
    script_begin(&s, seed);
    if (memory_fails)
        s.alloc.fail_at = 1 + dice_below(&s.d, 80);
    const int opened = pair_open(&s.p, dice_below(&s.d, 2) ? 's' : 'e') == WEIR_OK;
    int clean = 0;
    if (opened) {
        (void)weir_message_create(s.p.context, WEIR_TEXT, "a prepared message", 18, &s.message);
        const uint64_t steps = dice_below(&s.d, 120);
        for (uint64_t i = 0; i < steps; i++) {
            script_act(&s, (int)dice_below(&s.d, 2));
            for (uint64_t moves = dice_below(&s.d, 4); moves > 0; moves--) {
                const int index = (int)dice_below(&s.d, 2);
                (void)pair_write(&s.p, index, SIZE_MAX);
                (void)pair_read(&s.p, !index, SIZE_MAX);
            }
        }
        script_finish(&s);
        script_check(&s);
        clean = s.p.side[0].clean && s.p.side[1].clean;
    }
    assert_true(opened || memory_fails);
    script_free(&s);
    return clean;
}

static uint64_t script_seed; /* of the story under way, 0 behind the last */

static int script_name_seed(void **state)
{
    (void)state;
    if (script_seed != 0)
        print_error("it was the story %llu\n", (unsigned long long)script_seed);
    script_seed = 0;
    return 0;
}

static void script_tell_all(uint64_t from, uint64_t count, int memory_fails)
{
    uint64_t clean = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        script_seed = seed;
        clean += (uint64_t)script_tell(seed, memory_fails);
    }
    script_seed = 0;
    assert_in_range(clean, memory_fails ? 1 : count / 3, count);
}

static void random_stories__end_once_with_everything_delivered_in_order(void **state)
{
    (void)state;
    script_tell_all(1, 1500, 0);
}

static void random_stories_short_of_memory__end_once_without_a_leak(void **state)
{
    (void)state;
    script_tell_all(1000000, 1500, 1);
}

int main(int argc, char **argv)
{
    if (argc > 2) /* one story again: seed, 0 or 1 */
        return !script_tell(strtoull(argv[1], NULL, 10), atoi(argv[2]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(random_stories__end_once_with_everything_delivered_in_order,
                                  script_name_seed),
        cmocka_unit_test_teardown(random_stories_short_of_memory__end_once_without_a_leak,
                                  script_name_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
