/* SPDX-License-Identifier: MIT */
/* What one peer may send, good and bad, with one thing going wrong at every place. */
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "shake.h"
#include "test.h"
#include "wire.h"
#include "zip.h"

/* A connection's input; kind as in peer_open, 'z' and 'Z': server and client with compression. */
typedef struct fault_script {
    char kind;
    bytes input;
} fault_script;

static const char *const fault_frames[] = {
    "T:text B:binary T: B:",
    "T-:one C-:two C:three T:next",
    "T-:~500 P:ping C-:~500 O:pong C:~500",
    "B:~5000 B:~200",
    "P:one P:two O:pong P:~125",
    "T:before X:1000,bye T:after",
    "T-:open X:4000,reason",
    "X:",
    "T-:one T:two",
    "C:nothing",
    "P-:part",
    "T:%ff",
    "T-:%c3 C:x",
    "3:what",
    "T:good b:what",
    "Tr4:bad",
    "T:good Br2:bad",
    "X:%00",
    "X:999",
    "X:1000,%ff",
};

static const char *const fault_requests[] = {
    REQUEST END,
    REQUEST "Sec-WebSocket-Protocol: a, b\r\nOrigin: http://h\r\n" END,
    REQUEST "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" END,
    "\r\n" REQUEST END,
    LINE HOST END,
    LINE WEBSOCKET END,
    "POST / HTTP/1.1\r\n" HOST WEBSOCKET END,
    LINE HOST UPGRADE CONNECTION KEY END,
    "GET / HTTP/9.9\r\n",
    "no HTTP\r\n",
};

static const char *const fault_responses[] = {
    RESPONSE END,
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" RESPONSE END,
    "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnever",
    "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\nuntil the end",
    STATUS UPGRADE CONNECTION END,
    RESPONSE "Sec-WebSocket-Protocol: unoffered\r\n" END,
    RESPONSE "Sec-WebSocket-Extensions: unoffered\r\n" END,
    "HTTP/2 101\r\n\r\n",
    "no HTTP\r\n",
};

/* ---- A run -----------------------------------------------------------------------------------*/

typedef struct script_run {
    char *messages; /* trace lines of what was delivered */
    int cause;
    int made;     /* the connection could be made */
    size_t pongs; /* in the output */
    uint64_t allocations;
    uint64_t failed;
} script_run;

/* The lines that deliver something; CLOSED is judged by its cause. Without memory a Close keeps its
 * code but loses its reason. */
static char *script_messages(const bytes *trace)
{
    bytes kept = {NULL, 0, 0};
    for (size_t at = 0, end; at < trace->len; at = end) {
        const char *const line = (const char *)trace->data + at;
        const char *const stop = memchr(line, '\n', trace->len - at);
        end = at + (size_t)(stop - line) + 1;
        const int is_close = strncmp(line, "CLOSE ", 6) == 0;
        if (strncmp(line, "MESSAGE", 7) == 0)
            bytes_add(&kept, line, end - at);
        else if (is_close)
            bytes_add(&kept, line, (size_t)(strstr(line, "len=") - line));
    }
    bytes_add(&kept, "", 1);
    return (char *)kept.data;
}

static int script_make(peer *p, char kind)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    int status = weir_context_create(&p->config, &p->context);
    p->role = kind == 's' || kind == 'S' ? WEIR_SERVER : WEIR_CLIENT;
    if (status != WEIR_OK)
        return status;
    if (kind == 's')
        status = weir_conn_create_server(p->context, &p->conn);
    else if (kind == 'c')
        status = weir_conn_create_client(p->context, &request, &p->conn);
    else
        status = weir_conn_create_established(p->context, p->role, &p->conn);
    if (status == WEIR_OK)
        peer_pump(p);
    return status;
}

static int script_open(peer *p, const fault_script *s, const fault *f)
{
    const int packed = s->kind == 'z' || s->kind == 'Z';
    p->config.max_pooled_bytes = 0;
    p->config.deflate = packed ? WEIR_DEFLATE_ALWAYS : WEIR_DEFLATE_OFF;
    p->echo = 1;
    if (packed) {
        const int role = s->kind == 'z' ? WEIR_SERVER : WEIR_CLIENT;
        zip_peer(p, role, zip_plain_extensions(role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER));
        p->alloc.calls = 0;
    }
    p->alloc.fail_at = f->fail_at;
    p->alloc.fail_from = f->fail_from;
    p->alloc.fail_every = f->fail_every;
    return packed ? WEIR_OK : script_make(p, s->kind);
}

/* As peer_feed, but through the place that the library offers. */
static void script_feed_place(peer *p, const uint8_t *data, size_t len)
{
    weir_event events[16];
    for (size_t at = 0, room; at < len;) {
        uint8_t *const place = weir_conn_input_buffer(p->conn, &room);
        if (!place) { /* for want of memory, which has ended the connection */
            assert_true(p->alloc.failed > 0);
            break;
        }
        const size_t take = len - at < room ? len - at : room;
        memcpy(place, data + at, take);
        for (size_t left = take, used; left > 0; left -= used) {
            const int count = weir_conn_input_filled(p->conn, left, &used, events, 16);
            assert_in_range(count, 0, 16);
            for (int i = 0; i < count; i++) {
                peer_trace_event(&p->trace, &events[i]);
                p->closed_count += events[i].type == WEIR_EVENT_CLOSED;
                if (events[i].type == WEIR_EVENT_REQUEST)
                    (void)weir_conn_accept(p->conn, NULL, 0, NULL, 0);
            }
        }
        peer_pump(p);
        at += take;
    }
    peer_pump(p);
}

/* The input, then the end of the transport. step 0: through the library's own place. */
static script_run script_tell(const fault_script *s, const fault *f, size_t step)
{
    script_run run = {NULL, WEIR_OK, 0, 0, 0, 0};
    peer p;
    peer_init(&p);
    const int status = script_open(&p, s, f);
    if (status == WEIR_OK) {
        const size_t len = f->eof_at ? (size_t)f->eof_at - 1 : s->input.len;
        if (step == 0)
            script_feed_place(&p, s->input.data, len);
        else
            peer_feed(&p, s->input.data, len, step);
        /* A request that could not be answered for want of memory still waits. */
        assert_int_equal(weir_conn_receive_eof(p.conn), WEIR_OK);
        peer_pump(&p);
        assert_int_equal(p.closed_count, 1);
        assert_int_equal(weir_conn_wants(p.conn), WEIR_WANT_CLOSE);
        run.made = 1;
        run.cause = peer_report(&p).cause;
        run.pongs = p.role == WEIR_SERVER || s->kind != 'c' ? peer_frames(&p, p.role, 10) : 0;
    } else {
        assert_int_equal(status, WEIR_E_MEMORY);
    }
    run.messages = script_messages(&p.trace);
    run.allocations = p.alloc.calls;
    run.failed = p.alloc.failed;
    peer_close(&p); /* fails when something leaks */
    return run;
}

static void script_compare(const fault_script *s, const script_run *good, const fault *f,
                           size_t step)
{
    const script_run bad = script_tell(s, f, step);
    if (strncmp(bad.messages, good->messages, strlen(bad.messages)) != 0)
        fail_msg("other messages:\n%s", bad.messages);
    const int memory = bad.cause == WEIR_E_MEMORY && bad.failed > 0;
    const int ended = bad.cause == WEIR_E_TRANSPORT && (f->eof_at > 0 || bad.failed > 0);
    const int rejected = bad.cause == WEIR_E_NOT_UPGRADED;
    if (bad.made && bad.cause != good->cause && !memory && !ended && !rejected)
        fail_msg("%s instead of %s", weir_status_name(bad.cause), weir_status_name(good->cause));
    /* Nothing is lost in silence. */
    if (bad.made && bad.cause == WEIR_OK)
        assert_string_equal(bad.messages, good->messages);
    if (bad.made && bad.cause == good->cause && f->eof_at == 0)
        assert_int_equal(bad.pongs, good->pongs);
    free(bad.messages);
}

/* ---- All of them -----------------------------------------------------------------------------*/

static uint64_t script_sweep(fault_script *s)
{
    const size_t steps[] = {1, 1000000, 0};
    uint64_t runs = 0;
    for (int i = 0; i < 3; i++) {
        const size_t step = steps[i];
        const script_run good = script_tell(s, &(fault){0}, step);
        for (uint64_t k = 1; k <= good.allocations + 8; k++, runs += 2) {
            script_compare(s, &good, &(fault){.fail_at = k}, step);
            script_compare(s, &good, &(fault){.fail_from = k}, step);
        }
        for (uint64_t k = 1; k <= 8; k++, runs++)
            script_compare(s, &good, &(fault){.fail_every = k}, step);
        const size_t stride = s->input.len > 1000 ? 61 : 1;
        for (uint64_t at = 1; at <= s->input.len + 1; at += stride, runs++)
            script_compare(s, &good, &(fault){.eof_at = at}, step);
        free(good.messages);
    }
    bytes_free(&s->input);
    return runs;
}

static uint64_t script_sweep_frames(const char *frames)
{
    uint64_t runs = 0;
    for (const char *kind = "SCzZ"; *kind; kind++) {
        fault_script s = {*kind, {NULL, 0, 0}};
        const int role = *kind == 'S' || *kind == 'z' ? WEIR_SERVER : WEIR_CLIENT;
        wire_script(&s.input, other_role(role), frames);
        if (*kind == 'z' || *kind == 'Z')
            zip_text(&s.input, other_role(role), "a compressed text, a compressed text");
        runs += script_sweep(&s);
    }
    return runs;
}

uint64_t fault_sweep_scripts(void)
{
    uint64_t runs = 0;
    for (size_t i = 0; i < COUNT_OF(fault_frames); i++)
        runs += script_sweep_frames(fault_frames[i]);
    for (size_t i = 0; i < COUNT_OF(fault_requests); i++) {
        fault_script s = {'s', {NULL, 0, 0}};
        bytes_add_text(&s.input, fault_requests[i]);
        wire_script(&s.input, WEIR_CLIENT, "T:behind");
        runs += script_sweep(&s);
    }
    for (size_t i = 0; i < COUNT_OF(fault_responses); i++) {
        fault_script s = {'c', {NULL, 0, 0}};
        shake_add_response(&s.input, (weir_text){fault_responses[i], strlen(fault_responses[i])});
        if (strstr(fault_responses[i], "101 S"))
            wire_script(&s.input, WEIR_SERVER, "T:behind");
        runs += script_sweep(&s);
    }
    return runs;
}
