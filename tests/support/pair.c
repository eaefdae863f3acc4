/* SPDX-License-Identifier: MIT */
/* A client and a server of one context, joined by two pipes of bytes. */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

uint64_t dice_roll(dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t dice_below(dice *d, uint64_t limit)
{
    return dice_roll(d) % limit;
}

void pair_init(pair *p, test_alloc *alloc)
{
    memset(p, 0, sizeof *p);
    weir_config_init(&p->config, sizeof p->config);
    p->config.allocate = test_allocate;
    p->config.allocate_user = alloc;
    for (size_t i = 0; i < sizeof p->config.seed; i++)
        p->config.seed[i] = (uint8_t)(i * 5 + 3);
    p->config.has_seed = 1;
}

int pair_open(pair *p, char kind)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    weir_conn **const server = &p->side[PAIR_SERVER].conn;
    weir_conn **const client = &p->side[PAIR_CLIENT].conn;
    int status = weir_context_create(&p->config, &p->context);
    if (status != WEIR_OK)
        return status;
    if (kind == 'e')
        status = weir_conn_create_established(p->context, WEIR_SERVER, server);
    else
        status = weir_conn_create_server(p->context, server);
    if (status != WEIR_OK)
        return status;
    if (kind == 'e')
        return weir_conn_create_established(p->context, WEIR_CLIENT, client);
    return weir_conn_create_client(p->context, &request, client);
}

void pair_free(pair *p)
{
    for (int i = 0; i < 2; i++) {
        weir_conn_free(p->side[i].conn);
        bytes_free(&p->side[i].pipe);
        bytes_free(&p->side[i].got);
    }
    assert_int_equal(weir_context_free(p->context), WEIR_OK);
}

static void pair_note_message(pair_side *side, const weir_event *event)
{
    const uint8_t head[5] = {(uint8_t)(event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY),
                             (uint8_t)event->len, (uint8_t)(event->len >> 8),
                             (uint8_t)(event->len >> 16), (uint8_t)(event->len >> 24)};
    bytes_add(&side->got, head, sizeof head);
    bytes_add(&side->got, event->data, event->len);
}

static void pair_handle(pair *p, int index, const weir_event *event)
{
    pair_side *const side = &p->side[index];
    side->counts[event->type]++;
    if (event->type == WEIR_EVENT_REQUEST && !p->no_accept)
        weir_conn_accept(side->conn, NULL, 0, NULL, 0);
    if (event->type == WEIR_EVENT_MESSAGE)
        pair_note_message(side, event);
    if (event->type == WEIR_EVENT_MESSAGE && p->echo && index == PAIR_SERVER)
        weir_conn_send(side->conn, event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY,
                       event->data, event->len);
    if (event->type == WEIR_EVENT_RELEASED)
        side->tokens += event->token;
    if (event->type == WEIR_EVENT_CLOSED) {
        side->cause = event->cause;
        side->code = event->code;
        side->clean = event->flags & WEIR_FLAG_CLEAN;
    }
    if (p->on_event)
        p->on_event(p, index, event);
}

static size_t pair_size(pair *p, size_t max)
{
    if (!p->cuts || max == 0)
        return max;
    const size_t most = dice_below(p->cuts, 4) == 0 ? 8 : 4096;
    return 1 + (size_t)dice_below(p->cuts, max < most ? max : most);
}

size_t pair_write(pair *p, int index, size_t max)
{
    weir_conn *const conn = p->side[index].conn;
    pair_side *const other = &p->side[!index];
    weir_span spans[8];
    size_t sum = 0;
    const size_t cap = p->cuts ? 1 + (size_t)dice_below(p->cuts, 8) : 8;
    const int count = weir_conn_output(conn, spans, cap);
    assert_in_range(count, 0, cap);
    for (int i = 0; i < count; i++)
        sum += spans[i].len;
    const size_t take = pair_size(p, sum < max ? sum : max);
    size_t left = take;
    for (int i = 0; i < count && left > 0; i++) {
        const size_t len = spans[i].len < left ? spans[i].len : left;
        if (!other->eof_given)
            bytes_add(&other->pipe, spans[i].data, len);
        left -= len;
    }
    assert_int_equal(weir_conn_sent(conn, take), WEIR_OK);
    if (weir_conn_wants(conn) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE))
        other->other_side_ended = 1;
    return take;
}

static size_t pair_receive(pair *p, int index, uint8_t *block, size_t len)
{
    pair_side *const side = &p->side[index];
    weir_event events[8];
    size_t used;
    const size_t most = p->one_event ? 1 : 8;
    const size_t cap = p->cuts ? 1 + (size_t)dice_below(p->cuts, most) : most;
    const int count = weir_conn_receive(side->conn, block, len, &used, events, cap);
    assert_in_range(count, 0, cap);
    assert_in_range(used, 0, len);
    assert_true(len == 0 || used > 0 || count > 0);
    for (int i = 0; i < count && side->conn; i++)
        pair_handle(p, index, &events[i]);
    if (used > 0)
        memmove(side->pipe.data, side->pipe.data + used, side->pipe.len - used);
    side->pipe.len -= used;
    return used + (size_t)count;
}

size_t pair_read(pair *p, int index, size_t max)
{
    pair_side *const side = &p->side[index];
    const size_t have = side->pipe.len < max ? side->pipe.len : max;
    if (!side->conn)
        return 0;
    if (have > 0 && (weir_conn_wants(side->conn) & WEIR_WANT_INPUT)) {
        const size_t len = pair_size(p, have);
        uint8_t *const block = malloc(len);
        memcpy(block, side->pipe.data, len);
        const size_t done = pair_receive(p, index, block, len);
        free(block);
        return done;
    }
    if (weir_conn_wants(side->conn) & WEIR_WANT_EVENTS)
        return pair_receive(p, index, (uint8_t[1]){0}, 0);
    if (have > 0 && weir_conn_state(side->conn) == WEIR_CLOSED)
        side->pipe.len = 0;
    if (side->pipe.len == 0 && side->other_side_ended && !side->eof_given) {
        side->eof_given = 1;
        assert_int_equal(weir_conn_receive_eof(side->conn), WEIR_OK);
        return 1;
    }
    return 0;
}

void pair_run(pair *p, size_t steps)
{
    for (size_t quiet = 0; quiet < 2; steps--) {
        size_t moved = 0;
        assert_true(steps > 0);
        for (int side = 0; side < 2; side++) {
            if (p->side[side].conn)
                moved += pair_write(p, side, SIZE_MAX);
            moved += pair_read(p, side, SIZE_MAX);
        }
        quiet = moved > 0 ? 0 : quiet + 1;
    }
}
