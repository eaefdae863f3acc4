/* SPDX-License-Identifier: MIT */
/* A scripted peer for one connection: bytes in, cut up in every way, a trace of events out. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void peer_die(const char *what)
{
    fprintf(stderr, "peer: %s\n", what);
    abort();
}

/* ---- Bytes -----------------------------------------------------------------------------------*/

void bytes_add(bytes *b, const void *data, size_t len)
{
    if (len > b->cap - b->len) {
        b->cap = 2 * (b->len + len) + 64;
        b->data = realloc(b->data, b->cap);
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

void bytes_add_text(bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

void bytes_free(bytes *b)
{
    free(b->data);
    *b = (bytes){NULL, 0, 0};
}

static void bytes_add_number(bytes *b, uint64_t value, int size)
{
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
        const uint8_t byte = (uint8_t)(value >> shift);
        bytes_add(b, &byte, 1);
    }
}

static const uint8_t peer_key[4] = {0x37, 0xFA, 0x21, 0x3D};

void bytes_add_head(bytes *b, int fin, int rsv, int opcode, int masked, uint64_t len, int len_form)
{
    if (len_form == 0 && len > 125)
        len_form = len > 65535 ? 64 : 16;
    const uint8_t form = len_form == 64 ? 127 : len_form == 16 ? 126 : (uint8_t)len;
    const uint8_t first = (uint8_t)((fin ? 0x80 : 0) | rsv << 4 | opcode);
    const uint8_t second = (uint8_t)((masked ? 0x80 : 0) | form);
    bytes_add(b, &first, 1);
    bytes_add(b, &second, 1);
    if (len_form != 0)
        bytes_add_number(b, len, len_form / 8);
    if (masked)
        bytes_add(b, peer_key, 4);
}

void bytes_add_frame(bytes *b, int from_role, int fin, int opcode, const void *data, size_t len)
{
    bytes_add_head(b, fin, 0, opcode, from_role == WEIR_CLIENT, len, 0);
    const size_t start = b->len;
    bytes_add(b, data, len);
    if (from_role == WEIR_CLIENT)
        for (size_t i = 0; i < len; i++)
            b->data[start + i] ^= peer_key[i & 3];
}

void bytes_add_close(bytes *b, int from_role, int code, const char *reason)
{
    uint8_t payload[2 + 200];
    size_t len = 0;
    if (code != 0) {
        payload[0] = (uint8_t)(code >> 8);
        payload[1] = (uint8_t)code;
        len = 2 + strlen(reason);
        memcpy(payload + 2, reason, len - 2);
    }
    bytes_add_frame(b, from_role, 1, 8, payload, len);
}

void bytes_add_request(bytes *b, const char *extra)
{
    bytes_add_text(b, "GET / HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (extra)
        bytes_add_text(b, extra);
    bytes_add_text(b, "\r\n");
}

/* ---- Life ------------------------------------------------------------------------------------*/

void peer_init(peer *p)
{
    memset(p, 0, sizeof *p);
    weir_config_init(&p->config, sizeof p->config);
    p->config.allocate = test_allocate;
    p->config.allocate_user = &p->alloc;
    for (size_t i = 0; i < sizeof p->config.seed; i++)
        p->config.seed[i] = (uint8_t)(i * 7 + 1);
    p->config.has_seed = 1;
    p->event_cap = 16;
    p->accept = 1;
}

static int peer_make(peer *p, char kind)
{
    const weir_request plain = {.url = {"ws://host/", WEIR_NTS}};
    switch (kind) {
    case 's':
        return weir_conn_create_server(p->context, &p->conn);
    case 'S':
        return weir_conn_create_established(p->context, WEIR_SERVER, &p->conn);
    case 'C':
        return weir_conn_create_established(p->context, WEIR_CLIENT, &p->conn);
    default:
        return weir_conn_create_client(p->context, p->request ? p->request : &plain, &p->conn);
    }
}

void peer_open(peer *p, char kind)
{
    if (weir_context_create(&p->config, &p->context) != WEIR_OK)
        peer_die("no context");
    if (peer_make(p, kind) != WEIR_OK)
        peer_die("no connection");
    p->role = kind == 's' || kind == 'S' ? WEIR_SERVER : WEIR_CLIENT;
    if (kind == 'c') {
        peer_pump(p);
        p->output.len = 0;
    }
}

void peer_close(peer *p)
{
    weir_conn_free(p->conn);
    if (weir_context_free(p->context) != WEIR_OK)
        peer_die("the context is busy");
    if (p->alloc.held != 0)
        peer_die("memory leaks");
    bytes_free(&p->trace);
    bytes_free(&p->output);
}

/* ---- Trace -----------------------------------------------------------------------------------*/

static uint64_t peer_hash(const uint8_t *data, size_t len)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * UINT64_C(1099511628211);
    return hash;
}

void peer_trace_event(bytes *trace, const weir_event *event)
{
    static const char *const names[] = {"?",       "REQUEST", "HTTP",     "OPEN",    "REJECTED",
                                        "MESSAGE", "CHUNK",   "PING",     "PONG",    "CLOSE",
                                        "CLOSED",  "HIGH",    "WRITABLE", "RELEASED"};
    char line[256];
    const char *const name = event->type < 14 ? names[event->type] : names[0];
    snprintf(line, sizeof line, "%s flags=%u code=%u cause=%s offset=%llu token=%llu len=%zu ",
             name, (unsigned)event->flags, (unsigned)event->code,
             event->type == WEIR_EVENT_CLOSED ? weir_status_name(event->cause) : "-",
             (unsigned long long)event->offset, (unsigned long long)event->token, event->len);
    bytes_add_text(trace, line);
    if (event->len <= 64) {
        for (size_t i = 0; i < event->len; i++) {
            const int printable = event->data[i] > 32 && event->data[i] < 127;
            snprintf(line, sizeof line, printable ? "%c" : "\\x%02x", event->data[i]);
            bytes_add_text(trace, line);
        }
    } else {
        snprintf(line, sizeof line, "#%016llx",
                 (unsigned long long)peer_hash(event->data, event->len));
        bytes_add_text(trace, line);
    }
    bytes_add_text(trace, "\n");
}

static void peer_react(peer *p, const weir_event *event)
{
    peer_trace_event(&p->trace, event);
    p->event_count++;
    p->closed_count += event->type == WEIR_EVENT_CLOSED;
    if (p->react)
        p->react(p, event);
    if (event->type == WEIR_EVENT_REQUEST && p->accept)
        weir_conn_accept(p->conn, NULL, 0, NULL, 0);
    if (event->type == WEIR_EVENT_MESSAGE && p->echo)
        weir_conn_send(p->conn, event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY,
                       event->data, event->len);
}

static void peer_drain(peer *p)
{
    weir_span spans[16];
    while (weir_conn_wants(p->conn) & WEIR_WANT_OUTPUT) {
        const int count = weir_conn_output(p->conn, spans, 16);
        size_t sum = 0;
        for (int i = 0; i < count; i++) {
            bytes_add(&p->output, spans[i].data, spans[i].len);
            sum += spans[i].len;
        }
        if (sum == 0 && (weir_conn_wants(p->conn) & WEIR_WANT_OUTPUT))
            peer_die("wants to write but offers nothing");
        if (weir_conn_sent(p->conn, sum) != WEIR_OK)
            peer_die("sent is refused");
    }
}

/* One receive call with its events; returns the bytes used. */
static size_t peer_call(peer *p, void *data, size_t len)
{
    weir_event events[64];
    size_t used;
    const size_t cap = p->event_cap < 64 ? p->event_cap : 64;
    const int count = weir_conn_receive(p->conn, data, len, &used, events, cap);
    if (count < 0 || used > len)
        peer_die("receive failed");
    if (len > 0 && used == 0 && count == 0)
        peer_die("no progress");
    for (int i = 0; i < count; i++)
        peer_react(p, &events[i]);
    return used;
}

void peer_pump(peer *p)
{
    for (int turns = 0; turns < 100000; turns++) {
        peer_drain(p);
        if (!(weir_conn_wants(p->conn) & WEIR_WANT_EVENTS))
            return;
        peer_call(p, NULL, 0);
    }
    peer_die("events without end");
}

static void peer_feed_block(peer *p, const uint8_t *data, size_t len)
{
    uint8_t *const block = malloc(len ? len : 1);
    memcpy(block, data, len);
    for (size_t at = 0; at < len;) {
        at += peer_call(p, block + at, len - at);
        peer_drain(p);
    }
    peer_pump(p);
    memset(block, 0xDD, len);
    free(block);
}

void peer_feed(peer *p, const void *data, size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step)
        peer_feed_block(p, (const uint8_t *)data + at, len - at < step ? len - at : step);
}

void peer_feed_cut(peer *p, const void *data, size_t len, size_t cut)
{
    peer_feed_block(p, data, cut);
    peer_feed_block(p, (const uint8_t *)data + cut, len - cut);
}

/* ---- Looking at what came out ----------------------------------------------------------------*/

static size_t peer_find(const bytes *b, const char *needle)
{
    const size_t len = strlen(needle);
    for (size_t at = 0; at + len <= b->len; at++)
        if (memcmp(b->data + at, needle, len) == 0)
            return at;
    return SIZE_MAX;
}

int peer_saw(const peer *p, const char *needle)
{
    return peer_find(&p->trace, needle) != SIZE_MAX;
}

/* Where the frames begin: behind an HTTP head, if there is one. SIZE_MAX: no frames at all. */
static size_t output_frames_at(const bytes *output)
{
    if (output->len < 5 || memcmp(output->data, "HTTP/", 5) != 0)
        return 0;
    if (output->len > 12 && memcmp(output->data + 9, "101", 3) != 0)
        return SIZE_MAX;
    const size_t end = peer_find(output, "\r\n\r\n");
    return end == SIZE_MAX ? SIZE_MAX : end + 4;
}

/* RSV1 stands on data frames, and only where compression may have been agreed (RFC 7692 6). */
static int output_rsv_allowed(const weir_frame_head *head, const peer *p)
{
    const int packed = head->rsv == 4 && (head->opcode == 1 || head->opcode == 2);
    return head->rsv == 0 || (packed && p->config.deflate != WEIR_DEFLATE_OFF);
}

/* Walk the frames of output; opcode < 0: all. Returns how many match, the last Close's code. */
static size_t output_walk(const peer *p, int role, int opcode, int *close_code)
{
    const bytes *const output = &p->output;
    size_t count = 0;
    size_t at = output_frames_at(output);
    while (at < output->len) {
        weir_frame_head head;
        const int used = weir_frame_head_read(output->data + at, output->len - at, &head);
        if (used <= 0 || head.len > output->len - at - (size_t)used)
            peer_die("the output is no sequence of whole frames");
        if (head.masked != (role == WEIR_CLIENT) || !output_rsv_allowed(&head, p))
            peer_die("a frame in the output is masked wrongly or has reserved bits");
        const uint8_t *const payload = output->data + at + used;
        if (head.opcode == 8)
            *close_code =
                head.len < 2 ? 1005 : (payload[0] ^ head.key[0]) << 8 | (payload[1] ^ head.key[1]);
        count += opcode < 0 || head.opcode == opcode;
        at += (size_t)used + (size_t)head.len;
    }
    return count;
}

int peer_close_code(const peer *p, int role)
{
    int code = 0;
    output_walk(p, role, -1, &code);
    return code;
}

size_t peer_frames(const peer *p, int role, int opcode)
{
    int code = 0;
    return output_walk(p, role, opcode, &code);
}

/* ---- Every cut -------------------------------------------------------------------------------*/

typedef struct run_setup {
    char kind;
    const bytes *input;
    void (*setup)(weir_config *config);
    void (*prepare)(peer *p);
} run_setup;

/* step 0: cut once at the position. */
static void run_once(const run_setup *run, size_t step, size_t cut, peer *p)
{
    peer_init(p);
    if (run->setup)
        run->setup(&p->config);
    if (run->prepare)
        run->prepare(p);
    peer_open(p, run->kind);
    if (p->prelude) {
        peer_feed(p, p->prelude->data, p->prelude->len, p->prelude->len);
        p->trace.len = p->output.len = 0;
    }
    if (step == 0)
        peer_feed_cut(p, run->input->data, run->input->len, cut);
    else
        peer_feed(p, run->input->data, run->input->len, step);
    if (p->eof)
        weir_conn_receive_eof(p->conn);
    peer_pump(p);
}

static void run_compare(const run_setup *run, const peer *whole, size_t step, size_t cut)
{
    peer p;
    run_once(run, step, cut, &p);
    const int same =
        p.trace.len == whole->trace.len && p.output.len == whole->output.len &&
        (p.trace.len == 0 || memcmp(p.trace.data, whole->trace.data, p.trace.len) == 0) &&
        (p.output.len == 0 || memcmp(p.output.data, whole->output.data, p.output.len) == 0);
    if (!same) {
        fprintf(stderr, "step %zu cut %zu gives another trace:\n%.*s---- whole:\n%.*s", step, cut,
                (int)p.trace.len, (const char *)p.trace.data, (int)whole->trace.len,
                (const char *)whole->trace.data);
        peer_die("chunking changes the result");
    }
    peer_close(&p);
}

static void run_steps(const run_setup *run, const peer *whole)
{
    const size_t len = run->input->len;
    for (size_t step = 1; step <= 16 && step < len; step++)
        run_compare(run, whole, step, 0);
    const size_t stride = len <= 512 ? 1 : len / 256;
    for (size_t cut = 1; cut < len; cut += stride)
        run_compare(run, whole, 0, cut);
}

static void run_samples(const run_setup *run, const peer *whole)
{
    static const size_t steps[] = {1, 997, 4096, 65536};
    const size_t len = run->input->len;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] < len && len / steps[i] < 4096)
            run_compare(run, whole, steps[i], 0);
    for (size_t cut = 1; cut < 16 && cut < len; cut += 2)
        run_compare(run, whole, 0, cut);
    for (size_t i = 1; i < 8; i++)
        run_compare(run, whole, 0, i * (len / 8));
}

static int outcome_http_status(const bytes *output)
{
    if (output->len < 12 || memcmp(output->data, "HTTP/1.1 ", 9) != 0)
        return 0;
    return (output->data[9] - '0') * 100 + (output->data[10] - '0') * 10 + output->data[11] - '0';
}

static outcome run_cuts(const run_setup *run)
{
    const size_t len = run->input->len;
    peer whole;
    run_once(run, len ? len : 1, 0, &whole);
    if (whole.sampled)
        run_samples(run, &whole);
    else
        run_steps(run, &whole);

    outcome o = {0};
    const int role = run->kind == 's' || run->kind == 'S' ? WEIR_SERVER : WEIR_CLIENT;
    o.close_code = peer_close_code(&whole, role);
    o.http_status = outcome_http_status(&whole.output);
    weir_conn_report(whole.conn, &o.report, sizeof o.report);
    bytes_add(&whole.trace, "", 1);
    o.trace = (char *)whole.trace.data;
    o.output = whole.output;
    whole.trace = whole.output = (bytes){NULL, 0, 0};
    peer_close(&whole);
    return o;
}

outcome run_all_cuts(char kind, const bytes *input, void (*setup)(weir_config *config))
{
    const run_setup run = {kind, input, setup, NULL};
    return run_cuts(&run);
}

outcome run_all_cuts_with(char kind, const bytes *input, void (*prepare)(peer *p))
{
    const run_setup run = {kind, input, NULL, prepare};
    return run_cuts(&run);
}

void outcome_free(outcome *o)
{
    free(o->trace);
    bytes_free(&o->output);
}
