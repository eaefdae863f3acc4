/* SPDX-License-Identifier: MIT */
/* Runs the traces, prints a hash for each; then which causes of an end none of them met. */
#include "trace.h"

#include <string.h>

/* Pointers are aligned for anything. */
static union trace_block {
    uint64_t number;
    void *pointer;
    uint8_t bytes[TRACE_ARENA];
} trace_arena;

trace_world trace;
uint8_t trace_text[TRACE_TEXT];
uint8_t trace_noise[TRACE_TEXT];
uint8_t trace_wire[TRACE_PIPE];
size_t trace_wire_len;

static uint64_t trace_hash;
static uint64_t trace_dice;
static uint8_t trace_piece[TRACE_PIPE];
static const char *trace_broken; /* why no trace is valid */

static const int trace_statuses[] = {
#define TRACE_STATUS(name, value, wire, text) value,
    WEIR_STATUS_LIST(TRACE_STATUS)
#undef TRACE_STATUS
};
#define TRACE_STATUSES (sizeof trace_statuses / sizeof trace_statuses[0])
static uint8_t trace_seen[TRACE_STATUSES];

static void trace_need(int good, const char *what)
{
    if (!good && trace_broken == NULL)
        trace_broken = what;
}

/* ---- Hash and dice ---------------------------------------------------------------------------*/

/* FNV-1a. */
void trace_mix(const void *data, size_t len)
{
    const uint8_t *const bytes = data;
    for (size_t i = 0; i < len; i++)
        trace_hash = (trace_hash ^ bytes[i]) * UINT64_C(1099511628211);
}

void trace_mix_number(uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
    trace_mix(bytes, sizeof bytes);
}

void trace_mix_text(weir_text text)
{
    trace_mix_number(text.len);
    trace_mix(text.data, text.len);
}

static void trace_note(int status)
{
    for (size_t i = 0; i < TRACE_STATUSES; i++)
        trace_seen[i] |= trace_statuses[i] == status;
}

void trace_mix_status(int status)
{
    trace_mix_number((uint64_t)(int64_t)status);
    trace_note(status);
}

void trace_seed(uint64_t seed)
{
    trace_dice = seed;
}

/* splitmix64. */
uint64_t trace_below(uint64_t limit)
{
    uint64_t z = trace_dice += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % limit;
}

static void trace_fill(void)
{
    static const char words[] = "{\"id\": \"user\": [true, null, \xC3\xA9\xE2\x82\xAC price: 0123";
    trace_seed(1);
    for (size_t at = 0; at < TRACE_TEXT;) {
        const size_t back = 1 + (size_t)trace_below(40000);
        size_t len = 1 + (size_t)trace_below(30);
        const int copy = trace_below(3) != 0 && back <= at;
        for (; len > 0 && at < TRACE_TEXT; len--, at++)
            trace_text[at] =
                copy ? trace_text[at - back] : (uint8_t)words[trace_below(sizeof words - 1)];
    }
    /* A text must be UTF-8; copies begin and end anywhere. */
    for (size_t at = 0; at < TRACE_TEXT; at++)
        trace_text[at] &= 0x7F;
    for (size_t at = 0; at + 4 < TRACE_TEXT; at += 61)
        memcpy(trace_text + at, "\xF0\x9F\x8C\x8A", 4);
    for (size_t at = 0; at < TRACE_TEXT; at++)
        trace_noise[at] = (uint8_t)trace_below(256);
}

/* ---- Connections -----------------------------------------------------------------------------*/

static void trace_seed_config(void)
{
    for (size_t i = 0; i < sizeof trace.config.seed; i++)
        trace.config.seed[i] = (uint8_t)(i * 11 + 5);
    trace.config.has_seed = 1;
    trace.config.memory = trace_arena.bytes;
    trace.config.memory_len = sizeof trace_arena.bytes;
}

static void trace_forget(void)
{
    trace.context = NULL;
    trace.answer = TRACE_ACCEPT;
    trace.echo = trace.one_event = trace.buffered = 0;
    for (size_t i = 0; i < TRACE_ENDS; i++) {
        trace.ends[i].conn = NULL;
        trace.ends[i].other = NULL;
        trace.ends[i].pipe_len = 0;
        trace.ends[i].eof = 0;
    }
}

void trace_begin(void)
{
    trace_forget();
    trace_need(weir_config_init(&trace.config, sizeof trace.config) == WEIR_OK, "config");
    trace_seed_config();
}

void trace_begin_tiny(void)
{
    trace_forget();
    trace_need(weir_config_init_tiny(&trace.config, sizeof trace.config) == WEIR_OK, "config");
    trace_seed_config();
}

void trace_open_context(void)
{
    trace_need(weir_context_create(&trace.config, &trace.context) == WEIR_OK, "context");
}

trace_end *trace_open(size_t index, char kind)
{
    static const weir_field fields[] = {{{"X-Trace", 7}, {"one", 3}}};
    const weir_request request = {{"ws://example.com:8080/path?query", WEIR_NTS},
                                  {"chat superchat", WEIR_NTS},
                                  {"http://example.com", WEIR_NTS},
                                  fields,
                                  1};
    trace_end *const end = &trace.ends[index];
    int status;
    if (trace.context == NULL)
        trace_open_context();
    if (kind == 's')
        status = weir_conn_create_server(trace.context, &end->conn);
    else if (kind == 'c')
        status = weir_conn_create_client(trace.context, &request, &end->conn);
    else
        status = weir_conn_create_established(trace.context,
                                              kind == 'S' ? WEIR_SERVER : WEIR_CLIENT, &end->conn);
    trace_need(status == WEIR_OK, "connection");
    return end;
}

void trace_join(void)
{
    trace.ends[0].other = &trace.ends[1];
    trace.ends[1].other = &trace.ends[0];
}

static void trace_mix_stats(const weir_stats *stats)
{
    const uint64_t numbers[] = {stats->rx_bytes,
                                stats->tx_bytes,
                                stats->rx_messages,
                                stats->tx_messages,
                                stats->rx_control,
                                stats->tx_control,
                                stats->rtt_ms,
                                stats->opened,
                                stats->failed,
                                stats->rx_deflated_bytes,
                                stats->rx_inflated_bytes,
                                stats->tx_inflated_bytes,
                                stats->tx_deflated_bytes,
                                stats->tx_skipped};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        trace_mix_number(numbers[i]);
}

void trace_mix_conn(const trace_end *end)
{
    weir_report report;
    weir_stats stats;
    trace_mix_number((uint64_t)weir_conn_state(end->conn));
    trace_mix_number(weir_conn_wants(end->conn));
    trace_mix_number(weir_conn_buffered_amount(end->conn));
    trace_need(weir_conn_report(end->conn, &report, sizeof report) == WEIR_OK, "report");
    trace_mix_number((uint64_t)(int64_t)report.side);
    trace_mix_status(report.cause);
    trace_mix_number(report.code | (uint64_t)report.local_code << 16 |
                     (uint64_t)report.peer_code << 32 | (uint64_t)report.http_status << 48);
    trace_mix_number(report.clean);
    trace_mix_number(report.offset);
    trace_mix_text(report.text);
    trace_mix_text(report.reason);
    trace_need(weir_conn_stats(end->conn, &stats, sizeof stats) == WEIR_OK, "stats");
    trace_mix_stats(&stats);
}

void trace_end_all(void)
{
    weir_stats stats;
    for (size_t i = 0; i < TRACE_ENDS; i++) {
        if (trace.ends[i].conn != NULL)
            trace_mix_conn(&trace.ends[i]);
        weir_conn_free(trace.ends[i].conn);
    }
    trace_need(weir_context_stats(trace.context, &stats, sizeof stats) == WEIR_OK, "stats");
    trace_mix_stats(&stats);
    trace_need(weir_context_free(trace.context) == WEIR_OK, "context is busy");
}

/* ---- Events ----------------------------------------------------------------------------------*/

static void trace_mix_request(const trace_end *end)
{
    weir_text text = {NULL, 0};
    weir_field field;
    for (int id = 0; id <= WEIR_TEXT_SUBPROTOCOL + 1; id++) {
        const int status = weir_conn_text(end->conn, id, &text);
        trace_mix_status(status);
        if (status == WEIR_OK)
            trace_mix_text(text);
    }
    for (size_t i = 0; weir_conn_header_at(end->conn, i, &field) == WEIR_OK; i++) {
        trace_mix_text(field.name);
        trace_mix_text(field.value);
    }
    for (size_t i = 0; weir_conn_offered_subprotocol(end->conn, i, &text) == WEIR_OK; i++)
        trace_mix_text(text);
    if (weir_conn_header(end->conn, "x-trace", WEIR_NTS, 0, &text) == WEIR_OK)
        trace_mix_text(text);
}

static void trace_answer_request(trace_end *end)
{
    static const weir_field fields[] = {{{"Set-Cookie", 10}, {"a=b", 3}}};
    weir_text offered = {NULL, 0};
    int status = WEIR_OK;
    if (trace.answer == TRACE_ACCEPT) {
        status = weir_conn_accept(end->conn, NULL, 0, NULL, 0);
    } else if (trace.answer == TRACE_ACCEPT_FIRST) {
        (void)weir_conn_offered_subprotocol(end->conn, 0, &offered);
        status = weir_conn_accept(end->conn, offered.data, offered.len, fields, 1);
    } else if (trace.answer == TRACE_RESPOND) {
        status = weir_conn_respond(end->conn, 401, fields, 1, "no entry", 8);
    }
    trace_mix_status(status);
}

static void trace_event(trace_end *end, const weir_event *event)
{
    trace_mix_number(event->type | (uint64_t)event->flags << 32);
    trace_mix_number(event->len);
    trace_mix(event->data, event->len);
    trace_mix_number(event->offset);
    trace_mix_number(event->frame_left);
    trace_mix_number(event->token);
    trace_mix_number(event->rtt_ms | (uint64_t)event->code << 32);
    trace_mix_status(event->cause);
    for (size_t i = 0; i < 3; i++)
        trace_need(event->reserved[i] == 0, "a reserved field is not 0");

    if (event->type == WEIR_EVENT_REQUEST || event->type == WEIR_EVENT_HTTP ||
        event->type == WEIR_EVENT_OPEN || event->type == WEIR_EVENT_REJECTED)
        trace_mix_request(end);
    if (event->type == WEIR_EVENT_REQUEST || event->type == WEIR_EVENT_HTTP)
        trace_answer_request(end);
    if (event->type == WEIR_EVENT_MESSAGE && trace.echo && end == trace.ends)
        trace_mix_status(weir_conn_send(end->conn,
                                        event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY,
                                        event->data, event->len));
}

/* One receive call. Returns the bytes used. */
static size_t trace_call(trace_end *end, uint8_t *data, size_t len, int filled)
{
    weir_event events[8];
    size_t used = 0;
    const size_t cap = trace.one_event ? 1 : 8;
    const int count = filled ? weir_conn_input_filled(end->conn, len, &used, events, cap)
                             : weir_conn_receive(end->conn, data, len, &used, events, cap);
    trace_need(count >= 0 && used <= len && (used > 0 || count > 0 || len == 0), "receive");
    for (int i = 0; i < count; i++)
        trace_event(end, &events[i]);
    trace_mix_number(used);
    return used;
}

/* ---- Moving bytes ----------------------------------------------------------------------------*/

static size_t trace_take_some(trace_end *end, size_t max)
{
    weir_span spans[4];
    const int count = weir_conn_output(end->conn, spans, 4);
    size_t taken = 0;
    trace_need(count >= 0, "output");
    for (int i = 0; i < count && taken < max; i++) {
        const size_t len = spans[i].len < max - taken ? spans[i].len : max - taken;
        trace_mix(spans[i].data, len);
        if (end->other != NULL && !end->eof) {
            trace_end *const other = end->other;
            trace_need(len <= TRACE_PIPE - other->pipe_len, "a pipe is full");
            if (trace_broken != NULL)
                return 0;
            memcpy(other->pipe + other->pipe_len, spans[i].data, len);
            other->pipe_len += len;
        }
        taken += len;
    }
    trace_need(weir_conn_sent(end->conn, taken) == WEIR_OK, "sent");
    return taken;
}

size_t trace_take(trace_end *end, size_t max)
{
    size_t sum = 0;
    while (sum < max && (weir_conn_wants(end->conn) & WEIR_WANT_OUTPUT) != 0) {
        const size_t taken = trace_take_some(end, max - sum);
        if (taken == 0)
            break;
        sum += taken;
    }
    trace_mix_number(sum);
    while ((weir_conn_wants(end->conn) & WEIR_WANT_EVENTS) != 0 && trace_broken == NULL)
        trace_call(end, NULL, 0, 0);
    return sum;
}

void trace_settle(trace_end *end)
{
    const uint32_t wants = WEIR_WANT_OUTPUT | WEIR_WANT_EVENTS;
    while (trace_take(end, SIZE_MAX) > 0 || (weir_conn_wants(end->conn) & wants) != 0)
        if (trace_broken != NULL)
            return;
}

static size_t trace_place(trace_end *end, const uint8_t *data, size_t len)
{
    size_t room = 0;
    uint8_t *const place = weir_conn_input_buffer(end->conn, &room);
    if (place == NULL)
        return len;
    len = len < room ? len : room;
    memcpy(place, data, len);
    for (size_t left = len; left > 0 && trace_broken == NULL;) {
        left -= trace_call(end, NULL, left, 1);
        trace_take(end, trace.one_event ? SIZE_MAX : 0);
    }
    return len;
}

void trace_feed(trace_end *end, const void *data, size_t len, size_t step)
{
    const uint8_t *const bytes = data;
    for (size_t at = 0; at < len && trace_broken == NULL;) {
        size_t n = step != 0 ? step : 1 + (size_t)trace_below(trace_below(4) == 0 ? 8 : 4096);
        n = n < len - at ? n : len - at;
        if (trace.buffered) {
            n = trace_place(end, bytes + at, n);
        } else {
            memcpy(trace_piece, bytes + at, n);
            for (size_t used = 0; used < n && trace_broken == NULL;)
                used += trace_call(end, trace_piece + used, n - used, 0);
        }
        at += n;
        trace_settle(end);
    }
}

size_t trace_read(trace_end *end, size_t max)
{
    const size_t len = end->pipe_len < max ? end->pipe_len : max;
    size_t used = 0;
    memcpy(trace_piece, end->pipe, len);
    if (len > 0)
        used = trace_call(end, trace_piece, len, 0);
    end->pipe_len -= used;
    memmove(end->pipe, end->pipe + used, end->pipe_len);
    if (end->pipe_len == 0 && end->eof == 1) {
        trace_mix_status(weir_conn_receive_eof(end->conn));
        end->eof = 2;
    }
    return used;
}

void trace_run(void)
{
    for (size_t moved = 1; moved > 0 && trace_broken == NULL;) {
        moved = 0;
        for (size_t i = 0; i < 2; i++) {
            moved += trace_take(&trace.ends[i], SIZE_MAX);
            moved += trace_read(&trace.ends[i], SIZE_MAX);
        }
    }
}

void trace_time(uint64_t now_ms)
{
    weir_conn *ready;
    trace_mix_number(weir_context_next_due(trace.context));
    trace_mix_status(weir_context_set_time(trace.context, now_ms));
    while ((ready = weir_context_next_ready(trace.context)) != NULL && trace_broken == NULL)
        for (size_t i = 0; i < TRACE_ENDS; i++)
            if (trace.ends[i].conn == ready) {
                trace_mix_number(i);
                trace_settle(&trace.ends[i]);
            }
}

/* ---- Wire ------------------------------------------------------------------------------------*/

void trace_put(const void *data, size_t len)
{
    trace_need(len <= TRACE_PIPE - trace_wire_len, "the wire is full");
    if (trace_broken != NULL)
        return;
    memcpy(trace_wire + trace_wire_len, data, len);
    trace_wire_len += len;
}

/* The key in the request that waits in the pipe of the last end. */
static void trace_put_accept(void)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const trace_end *const end = &trace.ends[TRACE_ENDS - 1];
    const size_t len = sizeof name - 1;
    char accept[28];
    for (size_t at = 0; at + len + 24 <= end->pipe_len; at++)
        if (memcmp(end->pipe + at, name, len) == 0) {
            const char *const key = (const char *)end->pipe + at + len;
            trace_need(weir_accept_key(key, 24, accept) == WEIR_OK, "accept key");
            trace_put(accept, sizeof accept);
            return;
        }
    trace_need(0, "the request has no key");
}

void trace_put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '$')
            trace_put_accept();
        else
            trace_put(text, 1);
    }
}

void trace_put_frame(int from_role, int first_byte, const void *data, size_t len)
{
    const uint8_t bits = (uint8_t)first_byte;
    const weir_frame_head head = {len,       {0x37, 0xFA, 0x21, 0x3D}, bits >> 7, bits >> 4 & 7,
                                  bits & 15, from_role == WEIR_CLIENT};
    uint8_t out[WEIR_FRAME_HEAD_MAX];
    const int used = weir_frame_head_write(&head, out);
    trace_need(used > 0, "frame head");
    trace_put(out, (size_t)used);
    trace_put(data, len);
    if (head.masked && trace_broken == NULL)
        weir_mask(trace_wire + trace_wire_len - len, len, head.key, 0);
}

/* ---- All of them -----------------------------------------------------------------------------*/

static const struct {
    const char *name;
    void (*run)(void);
} trace_all[] = {
    {"frame-heads", trace_frame_heads},
    {"masks", trace_masks},
    {"utf8", trace_utf8},
    {"texts", trace_texts},
    {"codec", trace_codec},
    {"codec-faults", trace_codec_faults},
    {"requests", trace_requests},
    {"responses", trace_responses},
    {"frames", trace_frames},
    {"fragments", trace_fragments},
    {"faults", trace_faults},
    {"limits", trace_limits},
    {"closes", trace_closes},
    {"deadlines", trace_deadlines},
    {"compression", trace_compression},
    {"broadcast", trace_broadcast},
    {"scripts", trace_scripts},
    {"tiny", trace_tiny},
};

static size_t trace_append(char *line, size_t at, const char *text)
{
    for (; *text != '\0' && at < 100; text++)
        line[at++] = *text;
    line[at] = '\0';
    return at;
}

static void trace_print_two(const char *first, const char *second)
{
    char line[104];
    size_t at = trace_append(line, 0, first);
    at = trace_append(line, at, " ");
    trace_append(line, at, second);
    trace_print(line);
}

static void trace_print_hash(const char *name)
{
    char digits[17];
    for (size_t i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[trace_hash >> (60 - 4 * i) & 15];
    digits[16] = '\0';
    trace_print_two(name, digits);
}

/* Those above -300 say what a caller did wrong; proxies and lists of fields have no connection. */
static int trace_can_end(int status)
{
    return status <= -300 && (status > WEIR_E_PROXY_AUTH || status < WEIR_E_STREAM_PROTOCOL);
}

int trace_main(void)
{
    trace_fill();
    for (size_t i = 0; i < sizeof trace_all / sizeof trace_all[0]; i++) {
        trace_hash = UINT64_C(14695981039346656037);
        trace_seed(i + 100);
        trace_wire_len = 0;
        trace_all[i].run();
        if (trace_broken != NULL) {
            trace_print_two(trace_all[i].name, trace_broken);
            return 1;
        }
        trace_print_hash(trace_all[i].name);
    }
    for (size_t i = 0; i < TRACE_STATUSES; i++)
        if (trace_can_end(trace_statuses[i]) && !trace_seen[i])
            trace_print_two("unmet", weir_status_name(trace_statuses[i]));
    return 0;
}
