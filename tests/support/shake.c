/* SPDX-License-Identifier: MIT */
/* Opening handshakes for tests: the lines of a request, and what each outcome must look like. */
#include "shake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define OPEN_LINE "OPEN flags=0 code=101 cause=- offset=0 token=0 len=0 \n"
#define REQUEST_LINE "REQUEST flags=0 code=0 cause=- offset=0 token=0 len=0 \n"
#define MESSAGE_LINE "MESSAGE flags=7 code=0 cause=- offset=0 token=0 len=2 hi\n"

/* ---- Showing ---------------------------------------------------------------------------------*/

void shake_show(const char *what, const void *data, size_t len)
{
    const uint8_t *const at = data;
    fprintf(stderr, "%s (%zu): ", what, len);
    for (size_t i = 0; i < len && i < 1500; i++)
        fprintf(stderr, at[i] < 32 || at[i] > 126 ? "\\x%02x" : "%c", at[i]);
    fprintf(stderr, "\n");
}

/* Everything about a run that is not as it should be; then the test fails. */
static void shake_demand(int good, const char *what, weir_text input, const outcome *o)
{
    if (good)
        return;
    fprintf(stderr, "not so: %s\n", what);
    shake_show("input", input.data, input.len);
    shake_show("trace", o->trace, strlen(o->trace));
    shake_show("output", o->output.data, o->output.len);
    fail();
}

/* ---- A response ------------------------------------------------------------------------------*/

static int shake_line_is(const char *line, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(line, text, len) == 0;
}

static void shake_field(shake_response *r, const char *line, size_t len)
{
    const int both = shake_line_is(line, len, "Connection: Upgrade, close");
    assert_non_null(memchr(line, ':', len));
    r->close |= both || shake_line_is(line, len, "Connection: close");
    r->upgrade |= both || shake_line_is(line, len, "Connection: Upgrade");
    r->upgrade |= shake_line_is(line, len, "Upgrade: websocket") ? 2 : 0;
    r->version |= shake_line_is(line, len, "Sec-WebSocket-Version: 13");
    r->allow |= shake_line_is(line, len, "Allow: GET");
    if (len > 16 && memcmp(line, "Content-Length: ", 16) == 0)
        r->length = atoi(line + 16);
}

shake_response shake_parse(const bytes *output)
{
    shake_response r = {.length = -1};
    const char *at = (const char *)output->data;
    assert_true(output->len > 13);
    const char *const end = at + output->len;
    assert_true(memcmp(at, "HTTP/1.1 ", 9) == 0 && at[12] == ' ');
    r.status = atoi(at + 9);
    for (int first = 1;; first = 0) {
        const char *const cr = memchr(at, '\r', (size_t)(end - at));
        assert_true(cr != NULL && end - cr >= 2 && cr[1] == '\n');
        assert_null(memchr(at, '\n', (size_t)(cr - at)));
        const size_t len = (size_t)(cr - at);
        if (!first && len > 0)
            shake_field(&r, at, len);
        at = cr + 2;
        if (len == 0)
            break;
    }
    r.body = at;
    r.body_len = (size_t)(end - at);
    return r;
}

/* ---- Cuts ------------------------------------------------------------------------------------*/

void shake_sampled(peer *p)
{
    p->sampled = 1;
}

static shake_prepare shake_inner;

static void shake_prepare_sampled(peer *p)
{
    if (shake_inner)
        shake_inner(p);
    p->sampled = 1;
}

/* The same input with something behind it was cut everywhere already, or will be. */
static outcome shake_run_sampled(char kind, const bytes *input, shake_prepare prepare)
{
    shake_inner = prepare;
    return run_all_cuts_with(kind, input, shake_prepare_sampled);
}

/* ---- Server ----------------------------------------------------------------------------------*/

static void shake_add_frame(bytes *b, int from_role)
{
    bytes_add_frame(b, from_role, 1, WEIR_TEXT, "hi", 2);
}

/* The run ended for the cause with one event and no more, as the report says. */
static void shake_demand_end(const outcome *o, weir_text input, int cause, const char *before)
{
    char line[256];
    const weir_report *const report = &o->report;
    snprintf(line, sizeof line, "%sCLOSED flags=0 code=1006 cause=%s offset=%llu token=0 len=0 \n",
             before, weir_status_name(cause), (unsigned long long)report->offset);
    shake_demand(strcmp(o->trace, line) == 0, line, input, o);
    shake_demand(report->cause == cause, "the report's cause", input, o);
    shake_demand(report->code == 1006 && report->clean == 0, "1006, not clean", input, o);
    shake_demand(report->local_code == 0 && report->peer_code == 0, "no Close", input, o);
    shake_demand(report->side == WEIR_SIDE_PEER, "the peer's fault", input, o);
}

static void shake_demand_refusal(const outcome *o, weir_text input, int cause)
{
    const int status = (int)weir_status_wire(cause);
    shake_demand_end(o, input, cause, "");
    const shake_response r = shake_parse(&o->output);
    shake_demand(r.status == status, weir_status_name(cause), input, o);
    shake_demand(o->report.http_status == status, "the report's HTTP status", input, o);
    shake_demand(o->report.offset <= input.len, "the offset lies in the request", input, o);
    shake_demand(r.close, "Connection: close", input, o);
    /* RFC 9110 9.3.2: the answer to HEAD names a length, but has no body. */
    const bool is_head = input.len > 5 && memcmp(input.data, "HEAD ", 5) == 0;
    shake_demand(r.length > 0 && r.body_len == (is_head ? 0 : (size_t)r.length), "one response",
                 input, o);
    shake_demand(r.upgrade == (status == 426 ? 3 : 0), "Upgrade with 426", input, o);
    shake_demand(r.allow == (status == 405), "Allow with 405", input, o);
    shake_demand(r.version == (cause == WEIR_E_VERSION || cause == WEIR_E_VERSION_MISSING),
                 "the versions", input, o);
}

void shake_refused(weir_text request, int cause, shake_prepare prepare)
{
    bytes input = {NULL, 0, 0};
    bytes_add(&input, request.data, request.len);
    outcome alone = run_all_cuts_with('s', &input, prepare);
    shake_demand_refusal(&alone, request, cause);
    bytes_add_text(&input, REQUEST END);
    shake_add_frame(&input, WEIR_CLIENT);
    outcome followed = shake_run_sampled('s', &input, prepare);
    shake_demand_refusal(&followed, request, cause);
    shake_demand(strcmp(alone.trace, followed.trace) == 0, "nothing more is parsed", request,
                 &followed);
    outcome_free(&alone);
    outcome_free(&followed);
    bytes_free(&input);
}

static int shake_is_automatic(shake_prepare prepare)
{
    peer p;
    peer_init(&p);
    if (prepare)
        prepare(&p);
    return p.config.auto_accept != 0;
}

static outcome shake_open(weir_text request, shake_prepare prepare)
{
    const char *const want =
        shake_is_automatic(prepare) ? OPEN_LINE MESSAGE_LINE : REQUEST_LINE OPEN_LINE MESSAGE_LINE;
    bytes input = {NULL, 0, 0};
    bytes_add(&input, request.data, request.len);
    shake_add_frame(&input, WEIR_CLIENT);
    const outcome o = run_all_cuts_with('s', &input, prepare);
    shake_demand(strcmp(o.trace, want) == 0, want, request, &o);
    shake_demand(o.report.http_status == 101, "HTTP status 101", request, &o);
    bytes_free(&input);
    return o;
}

void shake_opened(weir_text request, shake_prepare prepare)
{
    outcome o = shake_open(request, prepare);
    outcome_free(&o);
}

void shake_accepted(weir_text request, const char *lines, shake_prepare prepare)
{
    outcome o = shake_open(request, prepare);
    bytes want = {NULL, 0, 0};
    bytes_add_text(&want, SWITCHED);
    bytes_add_text(&want, lines ? lines : "");
    bytes_add_text(&want, END);
    const int same = o.output.len == want.len && memcmp(o.output.data, want.data, want.len) == 0;
    shake_demand(same, (const char *)want.data, request, &o);
    bytes_free(&want);
    outcome_free(&o);
}

/* ---- Client ----------------------------------------------------------------------------------*/

/* The accept value that the first client of a context with the default seed waits for. */
static void shake_client_accept(char accept[28])
{
    static const char name[] = "Sec-WebSocket-Key: ";
    const weir_request request = {.url = TEXT("ws://host/")};
    weir_span span;
    peer p;
    peer_init(&p);
    assert_int_equal(weir_context_create(&p.config, &p.context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(p.context, &request, &p.conn), WEIR_OK);
    assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
    const char *at = span.data;
    while (memcmp(at, name, sizeof name - 1) != 0)
        at++;
    assert_int_equal(weir_accept_key(at + sizeof name - 1, 24, accept), WEIR_OK);
    peer_close(&p);
}

void shake_add_response(bytes *b, weir_text response)
{
    static const char mark[] = "{accept}";
    const size_t len = sizeof mark - 1;
    char accept[28];
    shake_client_accept(accept);
    for (size_t i = 0; i < response.len;) {
        const int is_mark = response.len - i >= len && memcmp(response.data + i, mark, len) == 0;
        bytes_add(b, is_mark ? accept : response.data + i, is_mark ? sizeof accept : 1);
        i += is_mark ? len : 1;
    }
}

void shake_client_fails(weir_text response, int cause, shake_prepare prepare)
{
    bytes input = {NULL, 0, 0};
    shake_add_response(&input, response);
    outcome alone = run_all_cuts_with('c', &input, prepare);
    shake_demand_end(&alone, response, cause, "");
    shake_demand(alone.output.len == 0, "nothing is emitted", response, &alone);
    shake_add_frame(&input, WEIR_SERVER);
    shake_add_response(&input, AS_TEXT(RESPONSE END));
    outcome followed = shake_run_sampled('c', &input, prepare);
    shake_demand(strcmp(alone.trace, followed.trace) == 0, "nothing more is parsed", response,
                 &followed);
    shake_demand(followed.output.len == 0, "nothing is emitted", response, &followed);
    outcome_free(&alone);
    outcome_free(&followed);
    bytes_free(&input);
}

void shake_client_opens(weir_text response, shake_prepare prepare)
{
    bytes input = {NULL, 0, 0};
    shake_add_response(&input, response);
    shake_add_frame(&input, WEIR_SERVER);
    outcome o = run_all_cuts_with('c', &input, prepare);
    shake_demand(strcmp(o.trace, OPEN_LINE MESSAGE_LINE) == 0, "it opens", response, &o);
    shake_demand(o.report.http_status == 101, "HTTP status 101", response, &o);
    shake_demand(o.output.len == 0, "nothing is emitted", response, &o);
    outcome_free(&o);
    bytes_free(&input);
}

void shake_client_rejected(weir_text response, int status, const char *body, shake_prepare prepare)
{
    bytes input = {NULL, 0, 0};
    bytes rejected = {NULL, 0, 0};
    const weir_event event = {.type = WEIR_EVENT_REJECTED,
                              .code = (uint16_t)status,
                              .data = (const uint8_t *)body,
                              .len = strlen(body)};
    peer_trace_event(&rejected, &event);
    bytes_add(&rejected, "", 1);
    shake_add_response(&input, response);
    outcome o = run_all_cuts_with('c', &input, prepare);
    shake_demand_end(&o, response, WEIR_E_NOT_UPGRADED, (const char *)rejected.data);
    shake_demand(o.report.http_status == status, "the report's HTTP status", response, &o);
    shake_demand(o.output.len == 0, "nothing is emitted", response, &o);
    outcome_free(&o);
    bytes_free(&rejected);
    bytes_free(&input);
}

int shake_ask(peer *p, const weir_request *request)
{
    weir_stats stats;
    peer_init(p);
    p->role = WEIR_CLIENT;
    p->config.max_pooled_bytes = 0;
    assert_int_equal(weir_context_create(&p->config, &p->context), WEIR_OK);
    const test_alloc before = p->alloc;
    const int status = weir_conn_create_client(p->context, request, &p->conn);
    if (status == WEIR_OK) {
        peer_pump(p);
        return status;
    }
    assert_null(p->conn);
    assert_int_equal(p->alloc.held, before.held);
    assert_int_equal(p->alloc.blocks, before.blocks);
    assert_null(weir_context_next_ready(p->context));
    assert_int_equal(weir_context_next_due(p->context), WEIR_NONE);
    assert_int_equal(weir_context_stats(p->context, &stats, sizeof stats), WEIR_OK);
    assert_int_equal(stats.connections | stats.tx_bytes | stats.failed, 0);
    return status;
}

/* ---- One step at a time ----------------------------------------------------------------------*/

void shake_start(peer *p, char kind, weir_text input, shake_prepare prepare)
{
    bytes filled = {NULL, 0, 0};
    peer_init(p);
    p->accept = 0;
    if (prepare)
        prepare(p);
    peer_open(p, kind);
    if (kind == 'c')
        shake_add_response(&filled, input);
    else
        bytes_add(&filled, input.data, input.len);
    if (filled.len > 0)
        peer_feed(p, filled.data, filled.len, filled.len);
    bytes_free(&filled);
}

void shake_output_is(const peer *p, const char *text)
{
    const size_t len = strlen(text);
    if (p->output.len == len && memcmp(p->output.data, text, len) == 0)
        return;
    shake_show("output", p->output.data, p->output.len);
    shake_show("wanted", text, len);
    fail();
}
