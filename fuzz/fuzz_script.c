/* SPDX-License-Identifier: MIT */
/* A script of calls for two endpoints joined by pipes of bytes, with cuts, jumps of time, an
 * allocation that fails and bytes that change on their way: what was taken for sending arrives in
 * order or the end says why not, both ends end once, counters agree, nothing leaks. */
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define SCRIPT_REFS 32
#define SCRIPT_CALLS 400000

typedef struct script_side {
    weir_conn *conn;
    fuzz_bytes pipe;   /* on its way to this side */
    fuzz_bytes sent;   /* messages taken, as reference_log */
    fuzz_bytes got;    /* messages received */
    fuzz_bytes part;   /* chunk mode: the message so far */
    fuzz_bytes stream; /* payload of the message begun */
    int stream_type;   /* 0: none was begun */
    int closing;       /* it called close */
    int closed;        /* CLOSED events */
    int clean;
    int ended;     /* the other side ended the transport */
    int eof_given; /* and this side was told */
    uint64_t taken;
    size_t refs;
    uint64_t released;
    uint8_t *borrowed[SCRIPT_REFS];
} script_side;

typedef struct script {
    fuzz_alloc alloc;
    weir_config config;
    weir_context *context;
    script_side side[2]; /* 0 server, 1 client */
    weir_message *message;
    fuzz_input in;
    fuzz_dice dice;
    uint64_t now;
    uint64_t calls;
    int tampered; /* bytes were changed on their way, or a connection was freed */
    int answer;   /* to a REQUEST: 0 at once, 1 by an operation */
} script;

/* ---- Events ----------------------------------------------------------------------------------*/

static void script_got(script_side *side, uint32_t flags, const uint8_t *data, size_t len)
{
    FUZZ_CHECK((flags & WEIR_FLAG_TEXT) == 0 || reference_is_text(data, len));
    reference_log(&side->got, flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY, data, len);
}

static void script_released(script_side *side, const weir_event *event)
{
    FUZZ_CHECK(event->token < SCRIPT_REFS && side->borrowed[event->token] != NULL);
    free(side->borrowed[event->token]); /* a later look at it is a finding of the sanitizer */
    side->borrowed[event->token] = NULL;
    side->released++;
}

static void script_closed(script_side *side, const weir_event *event)
{
    weir_report report;
    side->closed++;
    side->clean = (event->flags & WEIR_FLAG_CLEAN) != 0;
    FUZZ_CHECK(weir_conn_report(side->conn, &report, sizeof report) == WEIR_OK);
    FUZZ_CHECK(report.code == event->code && report.cause == event->cause);
    FUZZ_CHECK((int)report.clean == side->clean);
    for (size_t i = 0; i < SCRIPT_REFS; i++)
        FUZZ_CHECK(side->borrowed[i] == NULL);
}

static void script_event(script *s, script_side *side, const weir_event *event)
{
    FUZZ_CHECK(side->closed == 0);
    switch (event->type) {
    case WEIR_EVENT_REQUEST:
        if (s->answer == 0)
            (void)weir_conn_accept(side->conn, NULL, 0, NULL, 0);
        break;
    case WEIR_EVENT_MESSAGE:
        script_got(side, event->flags, event->data, event->len);
        break;
    case WEIR_EVENT_CHUNK:
        FUZZ_CHECK(event->offset == side->part.len);
        fuzz_add(&side->part, event->data, event->len);
        if (event->flags & WEIR_FLAG_LAST) {
            script_got(side, event->flags, side->part.data, side->part.len);
            side->part.len = 0;
        }
        break;
    case WEIR_EVENT_RELEASED:
        script_released(side, event);
        break;
    case WEIR_EVENT_CLOSED:
        script_closed(side, event);
        break;
    default:
        break;
    }
}

/* ---- Moving bytes ----------------------------------------------------------------------------*/

static size_t script_size(script *s, size_t most)
{
    const size_t limit = fuzz_below(&s->dice, 4) == 0 ? 8 : 4096;
    return most == 0 ? 0 : 1 + (size_t)fuzz_below(&s->dice, most < limit ? most : limit);
}

static size_t script_write(script *s, script_side *side, script_side *other)
{
    weir_span spans[8];
    size_t sum = 0;
    if (!side->conn)
        return 0;
    const size_t cap = 1 + (size_t)fuzz_below(&s->dice, 8);
    const int count = weir_conn_output(side->conn, spans, cap);
    FUZZ_CHECK(count >= 0 && (size_t)count <= cap);
    for (int i = 0; i < count; i++)
        sum += spans[i].len;
    size_t left = script_size(s, sum);
    const size_t take = left;
    for (int i = 0; i < count && left > 0; i++) {
        const size_t len = spans[i].len < left ? spans[i].len : left;
        fuzz_add(&other->pipe, spans[i].data, len);
        left -= len;
    }
    FUZZ_CHECK(weir_conn_sent(side->conn, take) == WEIR_OK);
    if (weir_conn_wants(side->conn) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE))
        other->ended = 1;
    return take;
}

static size_t script_receive(script *s, script_side *side, const uint8_t *data, size_t len)
{
    weir_event events[8];
    size_t used = 0;
    const size_t cap = 1 + (size_t)fuzz_below(&s->dice, 8);
    uint8_t *const block = fuzz_copy(data, len);
    const int count = weir_conn_receive(side->conn, block, len, &used, events, cap);
    FUZZ_CHECK(count >= 0 && (size_t)count <= cap && used <= len);
    FUZZ_CHECK(len == 0 || used > 0 || count > 0);
    for (int i = 0; i < count; i++)
        script_event(s, side, &events[i]);
    free(block);
    if (used > 0)
        memmove(side->pipe.data, side->pipe.data + used, side->pipe.len - used);
    side->pipe.len -= used;
    return used + (size_t)count;
}

static size_t script_read(script *s, script_side *side)
{
    if (!side->conn)
        return 0;
    FUZZ_CHECK(++s->calls < SCRIPT_CALLS);
    const uint32_t wants = weir_conn_wants(side->conn);
    if (side->pipe.len > 0 && (wants & WEIR_WANT_INPUT))
        return script_receive(s, side, side->pipe.data, script_size(s, side->pipe.len));
    if (wants & WEIR_WANT_EVENTS)
        return script_receive(s, side, NULL, 0);
    if (weir_conn_state(side->conn) == WEIR_CLOSED)
        side->pipe.len = 0;
    if (side->pipe.len == 0 && side->ended && !side->eof_given) {
        side->eof_given = 1;
        FUZZ_CHECK(weir_conn_receive_eof(side->conn) == WEIR_OK);
        return 1;
    }
    return 0;
}

static void script_run(script *s)
{
    for (int quiet = 0; quiet < 2;) {
        size_t moved = 0;
        for (int i = 0; i < 2; i++) {
            moved += script_write(s, &s->side[i], &s->side[!i]);
            moved += script_read(s, &s->side[i]);
        }
        quiet = moved > 0 ? 0 : quiet + 1;
    }
}

/* ---- Operations ------------------------------------------------------------------------------*/

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
    reference_log(&side->sent, type & 15, data, len);
}

/* Letters: few that repeat, or by the dice eight at a time. */
static void script_fill(script *s, uint8_t *data, size_t len, int noise)
{
    uint64_t letters = UINT64_C(0x6867666564636261);
    for (size_t i = 0; i < len; i++) {
        if (noise && i % 8 == 0)
            letters = UINT64_C(0x6161616161616161) +
                      (fuzz_below(&s->dice, UINT64_MAX) & UINT64_C(0x0F0F0F0F0F0F0F0F));
        data[i] = (uint8_t)(letters >> i % 8 * 8);
    }
}

static uint8_t *script_payload(script *s, size_t *len)
{
    const uint32_t shape = fuzz_take(&s->in, 2);
    *len = shape & 0x8000 ? (shape & 0x7FFF) % 6000 : shape & 127;
    uint8_t *const data = malloc(*len + 1);
    FUZZ_CHECK(data != NULL);
    script_fill(s, data, *len, (shape & 0x100) != 0);
    if (*len > 0 && (shape & 0x600) == 0x600) /* mostly no text any more */
        data[shape % *len] = (uint8_t)(0x80 | shape >> 3);
    return data;
}

static void script_send(script *s, script_side *side, int type)
{
    size_t len;
    uint8_t *const data = script_payload(s, &len);
    const int status = weir_conn_send(side->conn, type, data, len);
    FUZZ_CHECK(status != WEIR_E_TEXT || !reference_is_text(data, len));
    script_took_message(side, status, type, data, len);
    free(data);
}

static void script_send_ref(script *s, script_side *side, int type)
{
    size_t len;
    uint8_t *const data = script_payload(s, &len);
    if (side->refs < SCRIPT_REFS) {
        const int status = weir_conn_send_ref(side->conn, type, data, len, side->refs);
        script_took_message(side, status, type, data, len);
        if (script_took(status)) {
            side->borrowed[side->refs++] = data;
            return;
        }
    }
    free(data);
}

static void script_stream(script *s, script_side *side, int type, int last)
{
    size_t len;
    if (side->stream_type == 0) {
        if (weir_conn_send_begin(side->conn, type) == WEIR_OK)
            side->stream_type = type & 15;
        side->stream.len = 0;
        return;
    }
    uint8_t *const data = script_payload(s, &len);
    const int status = last ? weir_conn_send_end(side->conn, data, len)
                            : weir_conn_send_chunk(side->conn, data, len);
    if (script_took(status))
        fuzz_add(&side->stream, data, len);
    if (script_took(status) && last) {
        script_took_message(side, status, side->stream_type, side->stream.data, side->stream.len);
        side->stream_type = 0;
    }
    free(data);
}

static void script_close(script *s, script_side *side)
{
    static const uint16_t codes[] = {0, 1000, 1001, 1002, 1005, 1011, 1014, 2999, 3000, 4999, 5000};
    const uint32_t choice = fuzz_take(&s->in, 1);
    const int code = codes[choice % 11];
    const size_t len = code == 0 ? 0 : choice / 11;
    static const char reason[] = "because it is over, and there is nothing more to say";
    const int status = weir_conn_close(side->conn, code, reason, len);
    side->closing |= status == WEIR_OK;
    FUZZ_CHECK(status != WEIR_OK || code == 0 || reference_is_close_code((uint32_t)code));
}

static void script_set_time(script *s, uint64_t step)
{
    s->now += step;
    FUZZ_CHECK(weir_context_set_time(s->context, s->now) == WEIR_OK);
    for (int turns = 0; weir_context_next_ready(s->context) != NULL; turns++)
        FUZZ_CHECK(turns < 4); /* each is named once */
    FUZZ_CHECK(weir_context_next_due(s->context) > s->now);
}

static void script_tamper(script *s, script_side *side)
{
    const uint32_t how = fuzz_take(&s->in, 1);
    const fuzz_input bytes = fuzz_take_piece(&s->in, how & 15);
    s->tampered = 1;
    if (how & 0x80 && side->pipe.len > 0)
        side->pipe.data[fuzz_take(&s->in, 2) % side->pipe.len] ^= (uint8_t)(1 << (how & 7));
    else if (how & 0x40)
        side->ended = 1;
    else
        fuzz_add(&side->pipe, bytes.data, bytes.len);
}

static void script_set(script *s, script_side *side)
{
    const int option = (int)fuzz_take(&s->in, 1) % 60;
    const uint32_t value = fuzz_take(&s->in, 2);
    /* A limit below what is sent, or chunks in place of messages, is a change of the rules; the
     * other side cannot know. */
    if (weir_conn_set(side->conn, option, value == 0xFFFF ? WEIR_NONE : value) == WEIR_OK)
        s->tampered |= option <= WEIR_OPTION_DELIVER_AFTER_CLOSE || option >= WEIR_OPTION_DEFLATE;
}

/* Calls that do not fit must change nothing. */
static void script_misuse(script *s, script_side *side)
{
    static uint8_t many[126];
    size_t used = 7;
    weir_event event;
    FUZZ_CHECK(weir_conn_ping(side->conn, many, sizeof many) < 0);
    FUZZ_CHECK(weir_conn_send(side->conn, 7, many, 1) < 0);
    FUZZ_CHECK(!s->config.check_text ||
               weir_conn_send(side->conn, WEIR_TEXT, "\xff", 1) != WEIR_OK);
    FUZZ_CHECK(weir_conn_receive(side->conn, NULL, 5, &used, &event, 1) == WEIR_E_ARGUMENT);
    FUZZ_CHECK(weir_conn_sent(side->conn, SIZE_MAX) == WEIR_E_ARGUMENT);
    FUZZ_CHECK(weir_conn_close(side->conn, 1006, NULL, 0) < 0);
    FUZZ_CHECK(weir_conn_respond(side->conn, 99, NULL, 0, NULL, 0) < 0);
}

static void script_send_prepared(script *s, script_side *side)
{
    if (s->message)
        script_took_message(side, weir_conn_send_message(side->conn, s->message), WEIR_TEXT,
                            "a prepared message", 18);
}

static void script_operation(script *s)
{
    static const uint32_t steps[] = {1, 100, 3000, 11000};
    const uint32_t op = fuzz_take(&s->in, 1);
    script_side *const side = &s->side[op & 1];
    const int type = (op & 2 ? WEIR_TEXT : WEIR_BINARY) | (int)(fuzz_below(&s->dice, 4) << 4);
    if (!side->conn)
        return;
    switch (op >> 2 & 31) {
    case 0:
    case 1:
    case 2:
    case 3:
        script_send(s, side, type);
        return;
    case 4:
    case 5:
    case 6:
        script_send_ref(s, side, type);
        return;
    case 7:
    case 8:
    case 9:
        script_stream(s, side, type, (op >> 2 & 31) == 9);
        return;
    case 10:
        (void)weir_conn_ping(side->conn, "ping", op >> 7 ? 4 : 0);
        return;
    case 11:
        (void)weir_conn_pong(side->conn, "pong", op >> 7 ? 4 : 0);
        return;
    case 12:
        script_close(s, side);
        return;
    case 13:
        script_set_time(s, 1 + fuzz_below(&s->dice, steps[fuzz_take(&s->in, 1) & 3]));
        return;
    case 14:
    case 15:
        script_send_prepared(s, side);
        return;
    case 16:
        script_tamper(s, side);
        return;
    case 17:
        script_set(s, side);
        return;
    case 18:
        FUZZ_CHECK(weir_conn_trim(side->conn) == WEIR_OK);
        return;
    case 19:
        script_misuse(s, side);
        return;
    case 20:
        script_run(s);
        return;
    case 21:
        (void)(op >> 7 ? weir_conn_accept(side->conn, NULL, 0, NULL, 0)
                       : weir_conn_respond(side->conn, 404, NULL, 0, "no", 2));
        return;
    default:
        (void)script_write(s, side, &s->side[!(op & 1)]);
        (void)script_read(s, &s->side[!(op & 1)]);
    }
}

/* ---- A story ---------------------------------------------------------------------------------*/

static void script_policy(script *s, uint32_t a, uint32_t b)
{
    static const uint32_t fragments[] = {1, 7, 125, 65536};
    weir_config *const config = &s->config;
    weir_config_init(config, sizeof *config);
    memset(config->seed, (int)(a & 255), sizeof config->seed);
    config->has_seed = 1;
    config->allocate = fuzz_allocate;
    config->allocate_user = &s->alloc;
    config->fragment_bytes = fragments[a & 3];
    config->max_fragments = WEIR_NONE;
    config->flood_burst = UINT32_MAX;
    config->deliver_chunks = a >> 2 & 1;
    config->check_text = a >> 3 & 1;
    config->max_pooled_bytes = a & 0x10 ? 100000 : 0;
    config->deflate = b & 3;
    config->deflate_level = 1 + (b >> 2 & 3);
    config->deflate_tx_takeover = b >> 4 & 1;
    config->deflate_rx_takeover = b >> 5 & 1;
    config->deflate_tx_bits = 9 + (b >> 6 & 3) * 2;
    config->deflate_rx_bits = 15 - (b >> 6 & 3) * 2;
    config->auto_accept = a >> 5 & 1;
    if (a & 0x40) {
        config->max_queued_bytes = 5000;
        config->high_water_bytes = 2000;
        config->low_water_bytes = 500;
    }
    s->answer = (int)(a >> 7 & 1);
}

static int script_open(script *s, int established)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    if (weir_context_create(&s->config, &s->context) != WEIR_OK)
        return 0;
    (void)weir_context_set_time(s->context, s->now);
    (void)weir_message_create(s->context, WEIR_TEXT, "a prepared message", 18, &s->message);
    if (established)
        return weir_conn_create_established(s->context, WEIR_SERVER, &s->side[0].conn) == WEIR_OK &&
               weir_conn_create_established(s->context, WEIR_CLIENT, &s->side[1].conn) == WEIR_OK;
    return weir_conn_create_server(s->context, &s->side[0].conn) == WEIR_OK &&
           weir_conn_create_client(s->context, &request, &s->side[1].conn) == WEIR_OK;
}

/* Both sides end: a close, then whatever time it takes. */
static void script_finish(script *s)
{
    script_run(s);
    for (int tries = 0; tries < 3; tries++) /* the first may find no memory */
        if (!s->side[0].closing && !s->side[1].closing)
            s->side[tries & 1].closing |=
                weir_conn_close(s->side[tries & 1].conn, 1000, NULL, 0) == WEIR_OK;
    script_run(s);
    for (int turns = 0; turns < 8; turns++) {
        script_set_time(s, 60000);
        script_run(s);
    }
}

static void script_check_side(const script *s, const script_side *side, const script_side *other)
{
    weir_stats stats, sent;
    weir_report ours, theirs;
    weir_conn_stats(side->conn, &stats, sizeof stats);
    weir_conn_report(side->conn, &ours, sizeof ours);
    weir_conn_report(other->conn, &theirs, sizeof theirs);
    FUZZ_CHECK(side->closed == 1 && weir_conn_state(side->conn) == WEIR_CLOSED);
    FUZZ_CHECK(weir_conn_wants(side->conn) == WEIR_WANT_CLOSE);
    FUZZ_CHECK(side->released == side->refs && stats.queued_bytes == 0);
    FUZZ_CHECK(stats.tx_messages == side->taken);
    if (s->tampered)
        return;
    FUZZ_CHECK(s->alloc.failed > 0 || ours.cause > WEIR_E_HTTP_SYNTAX || !s->config.check_text ||
               ours.side != WEIR_SIDE_PEER || ours.cause == WEIR_E_NOT_UPGRADED);
    FUZZ_CHECK(fuzz_is_prefix(&side->got, &other->sent));
    weir_conn_stats(other->conn, &sent, sizeof sent);
    FUZZ_CHECK(stats.rx_bytes <= sent.tx_bytes);
    if (s->alloc.failed > 0 || !side->clean || !other->clean)
        return;
    /* Control frames that leave together are counted together, so only where all left. */
    FUZZ_CHECK(stats.rx_control <= sent.tx_control);
    /* RFC 6455 7.1.5: what one side put into its Close, the other one reads. */
    FUZZ_CHECK(ours.peer_code == theirs.local_code && ours.code == ours.peer_code);
    /* What was sent before a Close arrives whole, unless the receiver closed too. */
    if (!side->closing && ours.cause == WEIR_OK && theirs.cause == WEIR_OK)
        FUZZ_CHECK(fuzz_same(&side->got, &other->sent) && stats.rx_messages == other->taken);
}

static void script_free(script *s)
{
    weir_message_free(s->message);
    for (int i = 0; i < 2; i++) {
        script_side *const side = &s->side[i];
        weir_conn_free(side->conn);
        fuzz_drop(&side->pipe);
        fuzz_drop(&side->sent);
        fuzz_drop(&side->got);
        fuzz_drop(&side->part);
        fuzz_drop(&side->stream);
        for (size_t k = 0; k < SCRIPT_REFS; k++)
            free(side->borrowed[k]);
    }
    FUZZ_CHECK(weir_context_free(s->context) == WEIR_OK);
    fuzz_alloc_end(&s->alloc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static script s;
    memset(&s, 0, sizeof s);
    s.in = (fuzz_input){data, size};
    const uint32_t a = fuzz_take(&s.in, 1);
    const uint32_t b = fuzz_take(&s.in, 1);
    const uint32_t ways = fuzz_take(&s.in, 1);
    s.dice.state = fuzz_take(&s.in, 2);
    s.alloc.fail_at = fuzz_take(&s.in, 1); /* 0: none */
    /* Two connections that may queue 6000 bytes in each of a few hundred calls. */
    s.alloc.budget = (4u << 20) + 12000 * (uint64_t)size;
    script_policy(&s, a, b);
    if (script_open(&s, ways & 1)) {
        for (int i = 0; i < 400 && s.in.len > 0; i++)
            script_operation(&s);
        if (ways & 2 && ways & 4) { /* freed in the midst of it, whatever state it is in */
            script_free(&s);
            return 0;
        }
        script_finish(&s);
        script_check_side(&s, &s.side[0], &s.side[1]);
        script_check_side(&s, &s.side[1], &s.side[0]);
    } else {
        FUZZ_CHECK(s.alloc.failed > 0);
    }
    script_free(&s);
    return 0;
}
