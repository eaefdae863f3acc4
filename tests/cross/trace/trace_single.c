/* SPDX-License-Identifier: MIT */
/* Traces of one connection and what a peer may send it: handshakes, frames, faults, ends. */
#include <string.h>

#include "trace.h"

/* ---- Runs ------------------------------------------------------------------------------------*/

/* What changes a world before its connection is made. */
typedef void (*single_prepare)(weir_config *config);

/* Feed the wire to a new connection: whole, byte by byte, in random pieces. */
static void single_run(char kind, single_prepare prepare, trace_answer answer, int eof)
{
    static const size_t steps[] = {TRACE_PIPE, 1, 0, 0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        trace_begin();
        if (prepare != NULL)
            prepare(&trace.config);
        trace.answer = answer;
        trace.one_event = i == 1;
        trace.buffered = i == 3;
        if (trace_wire_len > 20000 && steps[i] == 1)
            continue;
        trace_end *const end = trace_open(0, kind);
        trace_settle(end);
        trace_feed(end, trace_wire, trace_wire_len, steps[i]);
        if (eof)
            trace_mix_status(weir_conn_receive_eof(end->conn));
        trace_settle(end);
        trace_end_all();
    }
    trace_wire_len = 0;
}

/* ---- Requests --------------------------------------------------------------------------------*/

#define HOST "Host: example.com\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define GET "GET /chat?x=1 HTTP/1.1\r\n"
#define GOOD GET HOST UP VERSION KEY

static const char *const single_requests[] = {
    GOOD "\r\n",
    GOOD "Origin: http://a\r\nSec-WebSocket-Protocol: a, chat ,b\r\nX-Trace: 1\r\n\r\n",
    GOOD "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; "
         "server_max_window_bits=10, x-other; a=\"b c\"\r\n\r\n",
    "\r\nGET http://example.com:80/a HTTP/1.1\r\n" HOST "upgrade: a, WebSocket\r\n"
    "CONNECTION: keep-alive,uPGRADE\r\n" VERSION KEY "\r\n",
    "GET  / HTTP/1.1\r\n" HOST UP VERSION KEY "\r\n",
    "GET / HTTP/1.1\n" HOST UP VERSION KEY "\r\n",
    "POST / HTTP/1.1\r\n" HOST UP VERSION KEY "\r\n",
    "GET / HTTP/1.0\r\n" HOST UP VERSION KEY "\r\n",
    "GET / HTTP/2.0\r\n" HOST UP VERSION KEY "\r\n",
    "GET ftp://a HTTP/1.1\r\n" HOST UP VERSION KEY "\r\n",
    GOOD "Content-Length: 3\r\n\r\nabc",
    GOOD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    GOOD "Expect: 100-continue\r\n\r\n",
    GOOD KEY "\r\n",
    GOOD "Name : value\r\n\r\n",
    GOOD " folded: value\r\n\r\n",
    GET UP VERSION KEY "\r\n",
    GET "Host: a b\r\n" UP VERSION KEY "\r\n",
    GET HOST "Connection: Upgrade\r\n" VERSION KEY "\r\n",
    GET HOST "Upgrade: websocket\r\n" VERSION KEY "\r\n",
    GET HOST UP VERSION "\r\n",
    GET HOST UP VERSION "Sec-WebSocket-Key: short==\r\n\r\n",
    GET HOST UP KEY "\r\n",
    GET HOST UP KEY "Sec-WebSocket-Version: 8\r\n\r\n",
    GOOD "Sec-WebSocket-Protocol: a,,b c\r\n\r\n",
    GOOD "Sec-WebSocket-Extensions: a;=b\r\n\r\n",
    GOOD "Connection: a,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n\r\n",
    GET HOST "\r\n",
    GOOD "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\nH: 8\r\n\r\n",
};

static void single_lists(weir_config *config)
{
    config->origins = (weir_text){"http://a http://b", WEIR_NTS};
    config->hosts = (weir_text){"example.com", WEIR_NTS};
    config->paths = (weir_text){"/chat* /a", WEIR_NTS};
    config->subprotocols = (weir_text){"chat", WEIR_NTS};
    config->auto_accept = config->require_origin = config->require_subprotocol = 1;
    config->deflate = WEIR_DEFLATE_PREFERRED;
}

static void single_short_line(weir_config *config)
{
    config->max_line_bytes = 16;
}

static void single_short_head(weir_config *config)
{
    config->max_head_bytes = 64;
}

static void single_few_fields(weir_config *config)
{
    config->max_fields = 10;
    config->max_early_bytes = 10;
    config->http_events = 1;
    config->deflate = WEIR_DEFLATE_ON;
}

static void single_other_host(weir_config *config)
{
    config->hosts = (weir_text){"other", WEIR_NTS};
}

static void single_other_path(weir_config *config)
{
    config->paths = (weir_text){"/other", WEIR_NTS};
}

static void single_subprotocol(weir_config *config)
{
    config->subprotocols = (weir_text){"other", WEIR_NTS};
    config->require_subprotocol = 1;
}

void trace_requests(void)
{
    static const single_prepare prepares[] = {NULL,
                                              single_lists,
                                              single_short_line,
                                              single_short_head,
                                              single_few_fields,
                                              single_other_host,
                                              single_other_path,
                                              single_subprotocol};
    for (size_t p = 0; p < sizeof prepares / sizeof prepares[0]; p++)
        for (size_t i = 0; i < sizeof single_requests / sizeof single_requests[0]; i++) {
            trace_put_text(single_requests[i]);
            trace_put_frame(WEIR_CLIENT, 0x81, "early text", 10);
            single_run('s', prepares[p], (trace_answer)((p + i) % 4), i % 2 == 0);
        }
}

/* ---- Responses -------------------------------------------------------------------------------*/

#define SWITCH "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: $\r\n"
#define SWITCHED SWITCH UP ACCEPT

static const char *const single_responses[] = {
    SWITCHED "\r\n",
    SWITCHED "Sec-WebSocket-Protocol: superchat\r\nX-Trace: yes\r\n\r\n",
    SWITCHED "Sec-WebSocket-Protocol: other\r\n\r\n",
    SWITCHED "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12\r\n\r\n",
    SWITCHED "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n\r\n",
    SWITCHED "Sec-WebSocket-Extensions: x-unknown\r\n\r\n",
    "HTTP/1.1 103 Early\r\nA: b\r\n\r\n" SWITCHED "\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 "
    "Continue\r\n\r\n" SWITCHED "\r\n",
    SWITCH UP "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    SWITCH UP "\r\n",
    SWITCH "Connection: Upgrade\r\n" ACCEPT "\r\n",
    SWITCH "Upgrade: websocket\r\n" ACCEPT "\r\n",
    SWITCHED "Content-Length: 5\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nX-Trace: 2\r\n\r\nnot here!rest",
    "HTTP/1.1 500 Sorry\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: r\r\n\r\n",
    "HTTP/1.1 301 Moved\r\nLocation: ws://b/\r\n\r\nuntil the end",
    "HTTP/1.0 200 OK\r\n\r\nold",
    "HTTP/3.0 200 OK\r\n\r\n",
    "HTTP/1.1 2x0 OK\r\n\r\n",
    "nonsense\r\n\r\n",
    SWITCHED ACCEPT "\r\n",
};

/* The request is the same for each: one seed. It tells what the accept key must be. */
static void single_learn_key(single_prepare prepare)
{
    trace_begin();
    if (prepare != NULL)
        prepare(&trace.config);
    trace_end *const end = trace_open(0, 'c');
    end->other = &trace.ends[TRACE_ENDS - 1];
    trace_settle(end);
    trace_end_all();
}

static void single_deflate(weir_config *config)
{
    config->deflate = WEIR_DEFLATE_ON;
    config->max_interim = 2;
    config->max_reject_bytes = 4;
}

void trace_responses(void)
{
    static const single_prepare prepares[] = {NULL, single_deflate, single_short_line,
                                              single_few_fields};
    for (size_t p = 0; p < sizeof prepares / sizeof prepares[0]; p++)
        for (size_t i = 0; i < sizeof single_responses / sizeof single_responses[0]; i++) {
            single_learn_key(prepares[p]);
            trace_put_text(single_responses[i]);
            trace_put_frame(WEIR_SERVER, 0x82, trace_noise, 200);
            single_run('c', prepares[p], TRACE_ACCEPT, i % 3 != 0);
        }
}

/* ---- Frames ----------------------------------------------------------------------------------*/

static const char single_kinds[] = "SC";

static int single_other(char kind)
{
    return kind == 'S' ? WEIR_CLIENT : WEIR_SERVER;
}

static void single_chunks(weir_config *config)
{
    config->deliver_chunks = 1;
}

void trace_frames(void)
{
    static const size_t lens[] = {0,   1,   2,   3,   7,    8,     63,    64,    124,
                                  125, 126, 127, 128, 1000, 65535, 65536, 65537, 100000};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
            for (int chunks = 0; chunks < 2; chunks++) {
                const int from = single_other(single_kinds[k]);
                trace_put_frame(from, 0x82, trace_noise + i, lens[i]);
                trace_put_frame(from, 0x89, trace_noise, lens[i] % 126);
                trace_put_frame(from, 0x81, trace_text, lens[i] - lens[i] % 61);
                trace_put_frame(from, 0x8A, trace_text, lens[i] % 126);
                single_run(single_kinds[k], chunks ? single_chunks : NULL, TRACE_ACCEPT, chunks);
            }
}

static void single_put_fragments(int from, size_t len, int text)
{
    const uint8_t *const data = text ? trace_text : trace_noise;
    int first_byte = text ? 0x01 : 0x02;
    for (size_t at = 0; at < len;) {
        size_t n = (size_t)trace_below(trace_below(3) == 0 ? 3 : 2000);
        n = n < len - at ? n : len - at;
        trace_put_frame(from, first_byte | (at + n == len ? 0x80 : 0), data + at, n);
        if (trace_below(4) == 0) {
            const size_t control_len = (size_t)trace_below(126);
            trace_put_frame(from, trace_below(2) ? 0x89 : 0x8A, trace_noise, control_len);
        }
        first_byte = 0;
        at += n;
    }
}

void trace_fragments(void)
{
    for (size_t i = 0; i < 24; i++) {
        const char kind = single_kinds[i & 1];
        for (size_t n = 1 + (size_t)trace_below(4); n > 0; n--)
            single_put_fragments(single_other(kind), 1 + (size_t)trace_below(20000), n % 2 == 0);
        single_run(kind, i & 2 ? single_chunks : NULL, TRACE_ACCEPT, i & 4);
    }
}

/* ---- Faults ----------------------------------------------------------------------------------*/

typedef struct single_fault {
    char kind;
    uint8_t len;
    const char *bytes;
} single_fault;

#define FAULT(kind, bytes)                                                                         \
    {                                                                                              \
        kind, sizeof bytes - 1, bytes                                                              \
    }
#define K "\x00\x00\x00\x00" /* a key that masks nothing */

static const single_fault single_faults[] = {
    FAULT('S', "\xC1\x85" K "hello"), /* reserved bits */
    FAULT('S', "\xA1\x80" K),
    FAULT('C', "\x91\x00"),
    FAULT('S', "\x83\x80" K), /* opcodes */
    FAULT('C', "\x8B\x00"),
    FAULT('S', "\x81\x05hello"), /* masks */
    FAULT('C', "\x81\x85" K "hello"),
    FAULT('S', "\x81\xFE\x00\x7D" K), /* lengths */
    FAULT('C', "\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"),
    FAULT('S', "\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x00" K),
    FAULT('C', "\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
    FAULT('C', "\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
    FAULT('S', "\x82\xFF\x00\x00\x00\x01\x00\x00\x00\x00" K),
    FAULT('S', "\x82\xFF\x00\x00\x00\x00\xFF\xFF\xFF\xFE" K),
    FAULT('S', "\x09\x80" K), /* control frames */
    FAULT('S', "\x89\xFE\x00\x7E" K),
    FAULT('C', "\x88\x7E\x00\xFF"),
    FAULT('S', "\x80\x81" K "a"), /* continuations */
    FAULT('S', "\x01\x81" K "a\x81\x81" K "b"),
    FAULT('S', "\x88\x81" K "a"), /* closes */
    FAULT('S', "\x88\x82" K "\x03\xED"),
    FAULT('C', "\x88\x02\x0B\xB7"),
    FAULT('C', "\x88\x03\x03\xE8\xFF"),
    FAULT('C', "\x88\x02\x03\xE8"),
    FAULT('S', "\x88\x80" K "\x89\x80" K),
    FAULT('S', "\x81\x84" K "a\xC0\x80z"), /* texts */
    FAULT('C', "\x01\x02\xE2\x82\x80\x01\x28"),
    FAULT('C', "\x81\x03\xED\xA0\x80"),
    FAULT('C', "\x81\x04\xF4\x90\x80\x80"),
    FAULT('C', "\x81\x02\xE2\x82"),
    FAULT('C', "\x01\x01\xE2\x80\x00"),
};

/* Compressed messages, behind a handshake that agrees on compression. */
static const single_fault single_packed[] = {
    FAULT('s', "\xC1\x87" K "\xF2\x48\xCD\xC9\xC9\x07\x00"),
    FAULT('s', "\xC1\x81" K "\x06"),                     /* block type 3 */
    FAULT('s', "\xC1\x85" K "\x00\x05\x00\x00\x00"),     /* stored length */
    FAULT('s', "\xC1\x86" K "\x04\x00\x00\x00\x00\x00"), /* no codes */
    FAULT('s', "\xC1\x83" K "\x1A\x03\x00"),             /* a symbol that is none */
    FAULT('s', "\xC1\x84" K "\x02\x13\x00\x00"),         /* beyond the window */
    FAULT('s', "\xC1\x82" K "\xF2\x48"),                 /* an end inside a block */
    FAULT('s', "\xC1\x86" K "\x02\xFC\x0F\x00\x00\x00"), /* empty blocks */
    FAULT('s', "\x41\x83" K "\xF2\x48\xCD\x80\x84" K "\xC9\xC9\x07\x00"),
    FAULT('s', "\xC9\x80" K),
    FAULT('s', "\x41\x81" K "\xF2\xC0\x80" K),
};

static void single_few_blocks(weir_config *config)
{
    config->deflate = WEIR_DEFLATE_ON;
    config->deflate_max_blocks = 3;
    config->deflate_max_ratio = 2;
}

static void single_ratio(weir_config *config)
{
    config->deflate = WEIR_DEFLATE_ON;
    config->deflate_max_ratio = 20;
}

/* Zeros by a thousand, written as fixed codes: a match of 258 at distance 1 is 13 bits. */
static void single_put_bomb(void)
{
    static uint8_t bomb[2000];
    uint32_t held = 0;
    size_t count = 0, at = 0;
    memset(bomb, 0, sizeof bomb);
    for (size_t i = 0; at + 8 < sizeof bomb; i++) {
        /* Block head 010 (fixed), literal 0 (8 bits), then 11000101 00000, highest bit first. */
        const uint32_t bits = i == 0 ? 0x62u : 0xA3u;
        const size_t n = i == 0 ? 11 : 13;
        held |= bits << count;
        for (count += n; count >= 8; count -= 8, held >>= 8)
            bomb[at++] = (uint8_t)held;
    }
    trace_put_frame(WEIR_CLIENT, 0xC2, bomb, at);
}

void trace_faults(void)
{
    for (size_t i = 0; i < sizeof single_faults / sizeof single_faults[0]; i++) {
        const single_fault *const fault = &single_faults[i];
        trace_put_frame(single_other(fault->kind), 0x81, "before", 6);
        trace_put(fault->bytes, fault->len);
        trace_put_frame(single_other(fault->kind), 0x81, "behind", 6);
        single_run(fault->kind, NULL, TRACE_ACCEPT, i % 2 == 0);
    }
    for (size_t i = 0; i < 2 * sizeof single_packed / sizeof single_packed[0]; i++) {
        const single_fault *const fault = &single_packed[i / 2];
        trace_put_text(GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
        trace_put(fault->bytes, fault->len);
        single_run(fault->kind, i % 2 ? single_few_blocks : single_deflate, TRACE_ACCEPT, i & 4);
    }
    trace_put_text(GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    trace_put_frame(WEIR_CLIENT, 0xC2,
                    "\x00\x00\x00\xFF\xFF\x00\x00\x00\xFF\xFF\x00\x00\x00\xFF\xFF"
                    "\x00\x00\x00\xFF\xFF\x00",
                    21);
    single_run('s', single_few_blocks, TRACE_ACCEPT, 0);
    trace_put_text(GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    single_put_bomb();
    single_run('s', single_ratio, TRACE_ACCEPT, 0);
}

/* ---- Limits ----------------------------------------------------------------------------------*/

static void single_small(weir_config *config)
{
    config->max_message_bytes = 100;
    config->max_frame_bytes = 80;
    config->max_fragments = 5;
    config->max_empty_fragments = 2;
    config->flood_burst = 20;
    config->flood_rate = 10;
}

void trace_limits(void)
{
    for (size_t k = 0; k < 2; k++) {
        const char kind = single_kinds[k];
        const int from = single_other(kind);
        for (size_t len = 79; len <= 101; len += 1 + (len == 81) * 17) {
            trace_put_frame(from, 0x82, trace_noise, len);
            single_run(kind, single_small, TRACE_ACCEPT, 0);
            trace_put_frame(from, 0x01, trace_text, len - 50);
            trace_put_frame(from, 0x80, trace_text + 61, 50);
            single_run(kind, single_small, TRACE_ACCEPT, 0);
        }
        for (int tiny = 0; tiny < 3; tiny++) {
            for (int i = 0; i < 7; i++)
                trace_put_frame(from, i == 0 ? 2 : 0, trace_noise, tiny == 0 ? 0 : 10);
            single_run(kind, single_small, TRACE_ACCEPT, 0);
        }
        for (int i = 0; i < 25; i++)
            trace_put_frame(from, 0x89, trace_noise, (size_t)i);
        single_run(kind, single_small, TRACE_ACCEPT, 0);
    }
    /* A flood that a clock measures. */
    trace_begin();
    single_small(&trace.config);
    trace_end *const end = trace_open(0, 'S');
    for (uint64_t now = 1; now < 6000; now += 60) {
        trace_time(now);
        trace_put_frame(WEIR_CLIENT, 0x8A, trace_noise, 5);
        trace_feed(end, trace_wire, trace_wire_len, TRACE_PIPE);
        trace_wire_len = 0;
    }
    trace_end_all();
}

/* ---- Ends ------------------------------------------------------------------------------------*/

static void single_put_close(int from, unsigned code)
{
    const uint8_t payload[6] = {(uint8_t)(code >> 8), (uint8_t)code, 'd', 'o', 'n', 'e'};
    trace_put_frame(from, 0x88, payload, code == 0 ? 0 : 6);
}

/* Bits of the story: we close first, the peer closes, data comes in between, the transport ends. */
static void single_close_story(char kind, unsigned story)
{
    static const int codes[] = {0, 1000, 1001, 1005, 1010, 1014, 2999, 3000, 4999, 5000};
    const int from = single_other(kind);
    const int code = codes[trace_below(10)];
    trace_begin();
    trace.echo = 1;
    trace.config.deliver_after_close = story & 1;
    trace.config.script_close_codes = story >> 1 & 1;
    trace_end *const end = trace_open(0, kind);
    trace_time(1000);
    if (story & 4)
        trace_mix_status(weir_conn_close(end->conn, code, code ? "over" : NULL, code ? 4 : 0));
    if (story & 8)
        trace_settle(end);
    trace_put_frame(from, 0x81, "still here", 10);
    if (story & 16)
        single_put_close(from, (unsigned)codes[1 + trace_below(2)]);
    if (story & 32)
        trace_put_frame(from, 0x81, "too late", 8);
    trace_feed(end, trace_wire, trace_wire_len, 0);
    trace_wire_len = 0;
    trace_mix_status(weir_conn_send(end->conn, WEIR_TEXT, "late", 4));
    trace_mix_status(weir_conn_close(end->conn, 1000, NULL, 0));
    if (story & 64)
        trace_mix_status(weir_conn_receive_eof(end->conn));
    trace_settle(end);
    trace_mix_conn(end);
    trace_time(12000);
    trace_time(30000);
    trace_end_all();
}

void trace_closes(void)
{
    for (unsigned story = 0; story < 128; story++) {
        single_close_story('S', story);
        single_close_story('C', story);
    }
    for (int i = 0; i < 4; i++) {
        trace_begin();
        trace_end *const end = trace_open(0, i & 1 ? 'c' : 's');
        trace_mix_status(weir_conn_close(end->conn, 1001, NULL, 0));
        if (i & 2)
            trace_mix_status(weir_conn_receive_eof(end->conn));
        trace_settle(end);
        trace_end_all();
    }
}

/* ---- Deadlines -------------------------------------------------------------------------------*/

/* Steps of time; now and then the peer says something. */
static void single_deadline_story(char kind, unsigned story)
{
    uint64_t now = UINT64_C(0xFFFFFF00) + story; /* 32 bits do not hold it for long */
    trace_begin();
    trace.config.idle_timeout_ms = story & 1 ? 7000 : WEIR_NONE;
    trace.config.ping_interval_ms = story & 2 ? 1000 : 20000;
    trace.config.close_timeout_ms = story & 4 ? 10 : 10000;
    trace_open_context();
    trace_time(now);
    trace_end *const end = trace_open(0, kind);
    for (int i = 0; i < 40; i++) {
        now += 1 + trace_below(story & 8 ? 500 : 5000);
        trace_time(now);
        trace_mix_number(weir_context_next_due(trace.context));
        if (trace_below(4) == 0 && (kind == 'S' || kind == 'C')) {
            trace_put_frame(single_other(kind), trace_below(2) ? 0x8A : 0x81, "life", 4);
            trace_feed(end, trace_wire, trace_wire_len, TRACE_PIPE);
            trace_wire_len = 0;
        }
        if (i == 30)
            trace_mix_status(weir_conn_close(end->conn, 1000, NULL, 0));
        if (story & 16)
            trace_settle(end);
    }
    trace_end_all();
}

void trace_deadlines(void)
{
    for (unsigned story = 0; story < 128; story++)
        single_deadline_story("SCsc"[story >> 5], story & 31);
}
