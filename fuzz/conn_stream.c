/* SPDX-License-Identifier: MIT */
/* A connection that is fed a stream of bytes, several times over, cut up in several ways: what it
 * says and does must be the same each time, within budgets, and right where that can be told. */
#include "conn_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define STREAM_MAX_EVENTS 16

/* How one run feeds its input. */
typedef struct stream_way {
    size_t step;       /* bytes in one piece; 0: as the dice say */
    uint64_t seed;     /* of the dice */
    size_t event_cap;  /* 1 where output is compared: with more, answers to pings go together */
    int by_buffer;     /* through weir_conn_input_buffer */
    int partial_sends; /* the transport takes less than there is */
} stream_way;

void stream_setup_init(stream_setup *setup, char kind)
{
    memset(setup, 0, sizeof *setup);
    setup->kind = kind;
    weir_config_init(&setup->config, sizeof setup->config);
    for (size_t i = 0; i < sizeof setup->config.seed; i++)
        setup->config.seed[i] = (uint8_t)(i * 7 + 1);
    setup->config.has_seed = 1;
    setup->config.max_pooled_bytes = 0;
    setup->config.read_buffer_bytes = 512;
    setup->request.url = (weir_text){"ws://host/", WEIR_NTS};
}

void stream_setup_limits(stream_setup *setup, uint32_t choice)
{
    weir_config *const config = &setup->config;
    if (choice & 1) {
        config->max_message_bytes = 300;
        config->max_frame_bytes = choice & 2 ? 200 : WEIR_NONE;
        config->max_fragments = 6;
        config->max_empty_fragments = 2;
        config->deflate_max_blocks = 6;
        config->deflate_max_ratio = 200;
    }
    if (choice & 2)
        config->deliver_chunks = 1;
    if (choice & 4) {
        config->flood_burst = 10;
        setup->timed = 1;
    }
    if (choice & 8)
        config->fragment_bytes = 20;
}

/* ---- Budgets ---------------------------------------------------------------------------------*/

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The most that may be held once fed bytes have come:
 *   what there always is       the context with its texts, the connection, its parts, a block for
 *                              output of 32 KiB
 *   the head                   each byte once, and 16 for a field of at least 4; while they grow,
 *                              buffers are there twice, once of them twice as large
 *   early bytes, a body        as far as their limits
 *   a message                  what came of it (at most 1032 for each byte where it is
 *                              compressed), in a buffer that may be twice as large, and the one
 *                              that it outgrew
 *   output                     the same of what waits, and of what is being queued
 *   compression                windows, tables and scratch of both directions
 * No length that a peer only claims is in it. */
static uint64_t stream_budget(const stream_run *run, uint64_t fed, uint64_t sending)
{
    const weir_config *const config = &run->setup->config;
    weir_stats stats = {0};
    if (run->conn)
        weir_conn_stats(run->conn, &stats, sizeof stats);
    const uint64_t heads = config->max_line_bytes + config->max_head_bytes + 64;
    const uint64_t inflated = config->deflate == WEIR_DEFLATE_OFF ? fed : 1032 * fed;
    const uint64_t message = least(inflated, config->max_message_bytes + 4096);
    const uint64_t codec = config->deflate == WEIR_DEFLATE_OFF ? 0 : 640 * 1024;
    return 57344 + codec + config->read_buffer_bytes + 12 * least(fed, heads) +
           3 * least(fed, config->max_early_bytes + config->max_reject_bytes) + 3 * message +
           3 * (stats.queued_bytes + sending);
}

/* Calls that neither take a byte nor give an event are bounded by the pieces; so are allocations
 * by what happens. Blocks of code that run: see fuzz_work. */
static void stream_check_work(const stream_run *run, uint64_t start)
{
    weir_stats stats;
    weir_conn_stats(run->conn, &stats, sizeof stats);
    const uint64_t inflated = stats.rx_inflated_bytes + stats.tx_inflated_bytes;
    FUZZ_CHECK(run->calls <= 3 * (run->pieces + run->events) + 16);
    FUZZ_CHECK(run->events <= 2 * run->fed + inflated + 16);
    FUZZ_CHECK(run->alloc.calls <= 96 + 4 * (run->fed + run->events));
    const uint64_t each = run->setup->work ? run->setup->work : 60;
    fuzz_work_within("steps", start, 40000 + 400 * run->calls, each,
                     run->fed + inflated + stats.tx_bytes);
}

/* ---- Events ----------------------------------------------------------------------------------*/

static void trace_line(stream_run *run, const weir_event *event, const uint8_t *data, size_t len,
                       uint32_t flags)
{
    char line[160];
    const uint64_t offset = event->type == WEIR_EVENT_CLOSED ? event->offset : 0;
    snprintf(line, sizeof line, "%u flags=%x code=%u cause=%d offset=%" PRIu64 " len=%zu ",
             (unsigned)event->type, (unsigned)flags, (unsigned)event->code, (int)event->cause,
             offset, len);
    fuzz_add_text(&run->trace, line);
    fuzz_add(&run->trace, data, len);
    fuzz_add_text(&run->trace, "\n");
}

static void stream_message(stream_run *run, const weir_event *event, const uint8_t *data,
                           size_t len, uint32_t flags)
{
    const int type = flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY;
    FUZZ_CHECK(type == WEIR_BINARY || reference_is_text(data, len));
    FUZZ_CHECK(len <= run->setup->config.max_message_bytes);
    weir_event whole = *event;
    whole.type = WEIR_EVENT_MESSAGE;
    trace_line(run, &whole, data, len, flags & ~(WEIR_FLAG_FIRST | WEIR_FLAG_LAST));
    reference_log(&run->messages, type, data, len);
    if (run->setup->echo) {
        run->alloc.budget = stream_budget(run, run->fed, len);
        const int status = weir_conn_send(run->conn, type, data, len);
        FUZZ_CHECK(status >= 0 || status == WEIR_E_CLOSING);
    }
}

/* Where a message is cut into chunks depends on how its bytes came; what they are together must
 * not. */
static void stream_chunk(stream_run *run, const weir_event *event)
{
    FUZZ_CHECK(event->offset == run->part.len);
    FUZZ_CHECK(((event->flags & WEIR_FLAG_FIRST) != 0) == (event->offset == 0));
    fuzz_add(&run->part, event->data, event->len);
    if ((event->flags & WEIR_FLAG_LAST) == 0)
        return;
    stream_message(run, event, run->part.data, run->part.len, event->flags);
    run->part.len = 0;
}

static void stream_note_fields(stream_run *run)
{
    weir_field field;
    run->fields.len = 0;
    for (size_t i = 0; weir_conn_header_at(run->conn, i, &field) == WEIR_OK; i++) {
        fuzz_add(&run->fields, field.name.data, field.name.len);
        fuzz_add_text(&run->fields, ":");
        fuzz_add(&run->fields, field.value.data, field.value.len);
        fuzz_add_text(&run->fields, "\n");
    }
    for (int id = 0; id <= WEIR_TEXT_SUBPROTOCOL; id++) {
        weir_text text = {NULL, 0};
        if (weir_conn_text(run->conn, id, &text) == WEIR_OK) {
            fuzz_add(&run->trace, text.data, text.len);
            fuzz_add_text(&run->trace, "\n");
        }
    }
    fuzz_add(&run->trace, run->fields.data, run->fields.len);
}

static void stream_answer(stream_run *run, int how)
{
    static const weir_field field = {{"X-Answer", 8}, {"yes, a value", 12}};
    weir_text chosen = {NULL, 0};
    switch (how) {
    case 1:
        (void)weir_conn_offered_subprotocol(run->conn, 0, &chosen);
        FUZZ_CHECK(weir_conn_accept(run->conn, chosen.data, chosen.len, &field, 1) <= 0);
        return;
    case 2:
        FUZZ_CHECK(weir_conn_respond(run->conn, 403, &field, 1, "no", 2) == WEIR_OK);
        return;
    case 3:
        FUZZ_CHECK(weir_conn_close(run->conn, 1000, NULL, 0) == WEIR_OK);
        return;
    case 4:
    case 5:
        run->deferred = how == 4;
        return;
    default:
        FUZZ_CHECK(weir_conn_accept(run->conn, NULL, 0, NULL, 0) == WEIR_OK);
    }
}

static void stream_control(stream_run *run, const weir_event *event)
{
    static const int opcodes[] = {9, 10, 8};
    const int opcode = opcodes[event->type - WEIR_EVENT_PING];
    FUZZ_CHECK(event->len <= 125);
    uint8_t payload[2 + 125] = {(uint8_t)(event->code >> 8), (uint8_t)event->code};
    const size_t head = opcode == 8 ? 2 : 0;
    memcpy(payload + head, event->len ? event->data : payload, event->len);
    reference_log(&run->messages, opcode, payload, head + event->len);
    if (opcode == 8)
        FUZZ_CHECK((event->code == 1005 || reference_is_close_code(event->code)) &&
                   reference_is_text(event->data, event->len));
}

static void stream_event(stream_run *run, const weir_event *event)
{
    run->events++;
    FUZZ_CHECK(run->closed == 0); /* CLOSED is the last */
    FUZZ_CHECK(event->data != NULL || event->len == 0);
    if (event->type == WEIR_EVENT_CHUNK) {
        stream_chunk(run, event);
        return;
    }
    if (event->type == WEIR_EVENT_MESSAGE) {
        stream_message(run, event, event->data, event->len, event->flags);
        return;
    }
    /* Given when output was queued faster than it left: another matter than what came. */
    if (event->type == WEIR_EVENT_HIGH_WATER || event->type == WEIR_EVENT_WRITABLE)
        return;
    trace_line(run, event, event->data, event->len, event->flags);
    run->closed += event->type == WEIR_EVENT_CLOSED;
    run->opened |= event->type == WEIR_EVENT_OPEN;
    if (event->type >= WEIR_EVENT_PING && event->type <= WEIR_EVENT_CLOSE)
        stream_control(run, event);
    if (event->type <= WEIR_EVENT_REJECTED)
        stream_note_fields(run);
    if (event->type == WEIR_EVENT_REQUEST)
        stream_answer(run, run->setup->answer);
    if (event->type == WEIR_EVENT_HTTP)
        FUZZ_CHECK(weir_conn_respond(run->conn, 200, NULL, 0, "hello", 5) == WEIR_OK);
}

/* ---- Moving bytes ----------------------------------------------------------------------------*/

static void stream_drain(stream_run *run, fuzz_dice *partial)
{
    weir_span spans[4];
    while (weir_conn_wants(run->conn) & WEIR_WANT_OUTPUT) {
        const size_t cap = partial ? 1 + (size_t)fuzz_below(partial, 4) : 4;
        const int count = weir_conn_output(run->conn, spans, cap);
        FUZZ_CHECK(count > 0 && (size_t)count <= cap);
        size_t sum = 0;
        for (int i = 0; i < count; i++)
            sum += spans[i].len;
        FUZZ_CHECK(sum > 0);
        size_t left = partial ? 1 + (size_t)fuzz_below(partial, sum) : sum;
        const size_t take = left;
        for (int i = 0; i < count && left > 0; i++) {
            const size_t len = spans[i].len < left ? spans[i].len : left;
            fuzz_add(&run->output, spans[i].data, len);
            left -= len;
        }
        FUZZ_CHECK(weir_conn_sent(run->conn, sum + 1) == WEIR_E_ARGUMENT);
        FUZZ_CHECK(weir_conn_sent(run->conn, take) == WEIR_OK);
    }
}

/* One receive call with its events; data NULL: from the input buffer. Returns the bytes used. */
static size_t stream_call(stream_run *run, void *data, size_t len, int by_buffer)
{
    weir_event events[STREAM_MAX_EVENTS];
    size_t used = 0;
    const size_t cap = run->event_cap;
    run->alloc.budget = stream_budget(run, run->fed + len, 0);
    run->calls++;
    const int count = by_buffer ? weir_conn_input_filled(run->conn, len, &used, events, cap)
                                : weir_conn_receive(run->conn, data, len, &used, events, cap);
    FUZZ_CHECK(count >= 0 && (size_t)count <= cap && used <= len);
    FUZZ_CHECK(len == 0 || used > 0 || count > 0); /* the promise of progress */
    run->fed += used;
    for (int i = 0; i < count; i++)
        stream_event(run, &events[i]);
    return used;
}

static void stream_pump(stream_run *run, fuzz_dice *partial)
{
    for (int idle = 0;; idle++) {
        stream_drain(run, partial);
        if ((weir_conn_wants(run->conn) & WEIR_WANT_EVENTS) == 0)
            return;
        FUZZ_CHECK(idle < 4);
        const uint64_t before = run->events;
        stream_call(run, NULL, 0, 0);
        idle = run->events > before ? 0 : idle;
    }
}

static void stream_piece(stream_run *run, const uint8_t *data, size_t len, fuzz_dice *partial)
{
    uint8_t *const block = fuzz_copy(data, len);
    for (size_t at = 0; at < len;) {
        at += stream_call(run, block + at, len - at, 0);
        stream_drain(run, partial);
    }
    free(block);
}

/* Returns how many of them the buffer took. */
static size_t stream_piece_by_buffer(stream_run *run, const uint8_t *data, size_t len)
{
    size_t room = 0;
    run->alloc.budget = stream_budget(run, run->fed + len, 0);
    uint8_t *const place = weir_conn_input_buffer(run->conn, &room);
    FUZZ_CHECK(place != NULL && room > 0);
    const size_t take = room < len ? room : len;
    memcpy(place, data, take);
    for (size_t left = take; left > 0;) {
        left -= stream_call(run, NULL, left, 1);
        stream_drain(run, NULL);
    }
    return take;
}

static void stream_feed(stream_run *run, const stream_way *way, const uint8_t *data, size_t len)
{
    fuzz_dice dice = {way->seed};
    fuzz_dice *const partial = way->partial_sends ? &dice : NULL;
    const uint64_t most = 1 + fuzz_below(&dice, 3) * fuzz_below(&dice, 600) + way->seed % 20;
    for (size_t at = 0; at < len; run->pieces++) {
        size_t n = way->step ? way->step : 1 + (size_t)fuzz_below(&dice, most);
        n = n < len - at ? n : len - at;
        if (way->by_buffer)
            n = stream_piece_by_buffer(run, data + at, n);
        else
            stream_piece(run, data + at, n, partial);
        stream_pump(run, partial);
        at += n;
    }
    if (run->deferred && weir_conn_state(run->conn) == WEIR_CONNECTING)
        stream_answer(run, 0);
    stream_pump(run, partial);
    if (run->setup->eof)
        FUZZ_CHECK(weir_conn_receive_eof(run->conn) == WEIR_OK);
    stream_pump(run, partial);
}

/* ---- One run ---------------------------------------------------------------------------------*/

static int stream_create(stream_run *run)
{
    switch (run->setup->kind) {
    case 's':
        return weir_conn_create_server(run->context, &run->conn);
    case 'c':
        return weir_conn_create_client(run->context, &run->setup->request, &run->conn);
    default:
        return weir_conn_create_established(
            run->context, run->setup->kind == 'S' ? WEIR_SERVER : WEIR_CLIENT, &run->conn);
    }
}

static void stream_begin(stream_run *run, const stream_setup *setup, size_t event_cap)
{
    memset(run, 0, sizeof *run);
    run->setup = setup;
    run->event_cap = event_cap;
    weir_config config = setup->config;
    config.allocate = fuzz_allocate;
    config.allocate_user = &run->alloc;
    run->alloc.budget = stream_budget(run, 4096, 0);
    FUZZ_CHECK(weir_context_create(&config, &run->context) == WEIR_OK);
    if (setup->timed)
        weir_context_set_time(run->context, 1000);
    FUZZ_CHECK(stream_create(run) == WEIR_OK);
    if (setup->kind == 'c') /* the request */
        stream_drain(run, NULL);
    memcpy(run->request, run->output.data ? (const char *)run->output.data : "",
           least(run->output.len, sizeof run->request));
    run->output.len = 0;
    if (setup->prelude.len > 0) {
        stream_piece(run, setup->prelude.data, setup->prelude.len, NULL);
        stream_pump(run, NULL);
        run->output.len = 0;
    }
}

void stream_end(stream_run *run)
{
    weir_conn_free(run->conn);
    FUZZ_CHECK(weir_context_free(run->context) == WEIR_OK);
    fuzz_alloc_end(&run->alloc);
    fuzz_drop(&run->trace);
    fuzz_drop(&run->part);
    fuzz_drop(&run->messages);
    fuzz_drop(&run->fields);
    fuzz_drop(&run->output);
}

/* Counters say what was seen. */
static void stream_check_stats(stream_run *run)
{
    weir_stats conn, context;
    FUZZ_CHECK(weir_conn_stats(run->conn, &conn, sizeof conn) == WEIR_OK);
    FUZZ_CHECK(weir_context_stats(run->context, &context, sizeof context) == WEIR_OK);
    FUZZ_CHECK(context.held_bytes == run->alloc.held && context.peak_bytes <= run->alloc.peak);
    FUZZ_CHECK(context.connections == 1 && conn.held_bytes <= context.held_bytes);
    FUZZ_CHECK(context.rx_bytes == conn.rx_bytes && context.tx_bytes == conn.tx_bytes);
    FUZZ_CHECK(conn.queued_bytes == 0 && weir_conn_buffered_amount(run->conn) == 0);
    FUZZ_CHECK(conn.rx_bytes <= run->fed);
    FUZZ_CHECK(weir_conn_report(run->conn, &run->report, sizeof run->report) == WEIR_OK);
    const int over = weir_conn_state(run->conn) == WEIR_CLOSED;
    FUZZ_CHECK(!over || run->closed == 1);
    FUZZ_CHECK(!run->setup->eof || over);
}

/* What it sent breaks no rule. */
static void stream_check_output(const stream_run *run)
{
    const fuzz_bytes *const output = &run->output;
    const int role = run->setup->kind == 's' || run->setup->kind == 'S' ? WEIR_SERVER : WEIR_CLIENT;
    size_t at = 0;
    if (run->setup->kind == 's' && run->setup->prelude.len == 0)
        while (at < output->len && (at < 4 || memcmp(output->data + at - 4, "\r\n\r\n", 4) != 0))
            at++;
    const int rsv1 = run->setup->config.deflate != WEIR_DEFLATE_OFF;
    const int refused = output->len > 9 && memcmp(output->data, "HTTP/1.1 ", 9) == 0 &&
                        memcmp(output->data + 9, "101", 3) != 0;
    if (refused || output->len == 0) /* a body may follow */
        return;
    const int code =
        reference_frames_check(output->data + at, output->len - at, role, 1, rsv1, NULL, NULL, 0);
    FUZZ_CHECK(code == run->report.local_code);
    FUZZ_CHECK(run->report.cause == WEIR_OK || code == 0 ||
               code == (int)weir_status_wire(run->report.cause) ||
               run->report.cause == WEIR_E_TRANSPORT);
}

static void stream_trace_report(stream_run *run)
{
    char line[200];
    const weir_report *const r = &run->report;
    snprintf(line, sizeof line,
             "side=%d cause=%d code=%u local=%u peer=%u http=%u clean=%u @%" PRIu64, (int)r->side,
             (int)r->cause, (unsigned)r->code, (unsigned)r->local_code, (unsigned)r->peer_code,
             (unsigned)r->http_status, (unsigned)r->clean, r->offset);
    fuzz_add_text(&run->trace, line);
}

static void stream_run_way(stream_run *run, const stream_setup *setup, const stream_way *way,
                           const uint8_t *data, size_t len)
{
    const uint64_t start = fuzz_work();
    stream_begin(run, setup, way->event_cap);
    stream_feed(run, way, data, len);
    stream_check_stats(run);
    stream_check_output(run);
    stream_check_work(run, start);
    stream_trace_report(run);
}

/* ---- All runs --------------------------------------------------------------------------------*/

static void stream_compare(const stream_run *first, const stream_setup *setup, stream_way way,
                           const char *name, const uint8_t *data, size_t len)
{
    stream_run run;
    stream_run_way(&run, setup, &way, data, len);
    const int same_output = way.event_cap > 1 || fuzz_same(&run.output, &first->output);
    if (!fuzz_same(&run.trace, &first->trace) || !same_output)
        fuzz_die("cut up, the stream says something else (%s):\n%.*s\n---- whole:\n%.*s\n"
                 "---- output of %zu and %zu bytes is %s",
                 name, (int)run.trace.len, (const char *)run.trace.data, (int)first->trace.len,
                 (const char *)first->trace.data, run.output.len, first->output.len,
                 same_output ? "the same" : "another");
    FUZZ_CHECK(fuzz_is_prefix(&run.part, &first->part) || fuzz_is_prefix(&first->part, &run.part));
    stream_end(&run);
}

void stream_check(const stream_setup *setup, const uint8_t *data, size_t len, uint32_t seed,
                  stream_run *first)
{
    const stream_way whole = {.step = len + (len == 0), .event_cap = 1};
    stream_run_way(first, setup, &whole, data, len);
    stream_compare(first, setup, (stream_way){.step = 1, .event_cap = 1}, "byte by byte", data,
                   len);
    stream_compare(first, setup, (stream_way){.seed = seed, .event_cap = 1, .partial_sends = 1},
                   "in random pieces", data, len);
    stream_compare(first, setup, (stream_way){.seed = seed + 1, .event_cap = 1, .by_buffer = 1},
                   "through the input buffer", data, len);
    if (!setup->echo)
        stream_compare(first, setup,
                       (stream_way){.step = len + (len == 0), .event_cap = 2 + seed % 15},
                       "several events at once", data, len);
}

/* ---- What a run must have received -----------------------------------------------------------*/

void stream_check_received(const stream_run *run, const uint8_t *data, size_t len, int bits,
                           int takeover)
{
    const int from = run->setup->kind == 's' || run->setup->kind == 'S' ? WEIR_CLIENT : WEIR_SERVER;
    const int failed = run->report.cause <= WEIR_E_HTTP_SYNTAX;
    reference_inflater inflater;
    fuzz_bytes messages = {NULL, 0, 0};
    /* What is before a fault is right. */
    const size_t enough = failed ? run->messages.len : SIZE_MAX;
    reference_inflate_open(&inflater, bits > 0 ? bits : 15, takeover);
    (void)reference_frames_check(data, len, from, 0, bits > 0, &inflater, &messages, enough);
    if (!fuzz_same(&messages, &run->messages))
        fuzz_die("%zu bytes of messages were received, %zu were sent", run->messages.len,
                 messages.len);
    reference_inflate_close(&inflater);
    fuzz_drop(&messages);
}

void stream_accept(char accept[28])
{
    static const char name[] = "Sec-WebSocket-Key: ";
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, 'c');
    stream_begin(&run, &setup, 1);
    const char *at = run.request;
    while (memcmp(at, name, sizeof name - 1) != 0)
        at++;
    FUZZ_CHECK(weir_accept_key(at + sizeof name - 1, 24, accept) == WEIR_OK);
    stream_end(&run);
}
