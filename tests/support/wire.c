/* SPDX-License-Identifier: MIT */
/* Scripts for frames: what a peer sends and what we must send, in a short notation. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

const char wire_kinds[3] = "SC";

int kind_role(char kind)
{
    return kind == 's' || kind == 'S' ? WEIR_SERVER : WEIR_CLIENT;
}

int other_role(int role)
{
    return role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
}

weir_report peer_report(const peer *p)
{
    weir_report report;
    assert_int_equal(weir_conn_report(p->conn, &report, sizeof report), WEIR_OK);
    return report;
}

/* ---- Writing ---------------------------------------------------------------------------------*/

static int wire_opcode(char letter)
{
    static const char letters[] = "CTB34567XPObcdef";
    const char *const found = memchr(letters, letter, sizeof letters - 1);
    if (!found)
        fail_msg("no opcode is called %c", letter);
    return (int)(found - letters);
}

static void wire_pattern(bytes *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char letter = (char)('a' + i % 23);
        bytes_add(b, &letter, 1);
    }
}

static void wire_payload(bytes *b, const char *text, size_t len)
{
    if (len > 0 && text[0] == '~') {
        wire_pattern(b, strtoul(text + 1, NULL, 10));
        return;
    }
    for (size_t i = 0; i < len; i++) {
        char byte = text[i];
        if (byte == '%') {
            const char digits[3] = {text[i + 1], text[i + 2], '\0'};
            byte = (char)strtoul(digits, NULL, 16);
            i += 2;
        }
        bytes_add(b, &byte, 1);
    }
}

static void wire_close(bytes *b, const char *text, size_t len)
{
    if (len == 0 || text[0] == '%') {
        wire_payload(b, text, len);
        return;
    }
    char *end;
    const unsigned long code = strtoul(text, &end, 10);
    const uint8_t two[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    bytes_add(b, two, 2);
    if (*end == ',')
        wire_payload(b, end + 1, len - (size_t)(end + 1 - text));
}

static void wire_frame(bytes *b, int from_role, const char *text, size_t len)
{
    const char *const end = text + len;
    const int opcode = wire_opcode(*text++);
    int fin = 1;
    int rsv = 0;
    if (text < end && *text == '-') {
        fin = 0;
        text++;
    }
    if (text < end && *text == 'r') {
        rsv = text[1] - '0';
        text += 2;
    }
    bytes payload = {NULL, 0, 0};
    if (text < end && *text == ':') {
        text++;
        if (opcode == 8)
            wire_close(&payload, text, (size_t)(end - text));
        else
            wire_payload(&payload, text, (size_t)(end - text));
    }
    const size_t at = b->len;
    bytes_add_frame(b, from_role, fin, opcode, payload.data, payload.len);
    b->data[at] = (uint8_t)(b->data[at] | rsv << 4);
    bytes_free(&payload);
}

void wire_script(bytes *b, int from_role, const char *script)
{
    while (*script) {
        const size_t len = strcspn(script, " ");
        if (len > 0)
            wire_frame(b, from_role, script, len);
        script += len + (script[len] == ' ');
    }
}

/* ---- Reading ---------------------------------------------------------------------------------*/

wire_reader wire_reader_of(const bytes *output)
{
    wire_reader reader = {.output = output};
    if (output->len > 4 && memcmp(output->data, "HTTP", 4) == 0) {
        for (reader.at = 4; memcmp(output->data + reader.at - 4, "\r\n\r\n", 4) != 0; reader.at++)
            if (reader.at == output->len)
                fail_msg("the HTTP head does not end");
    }
    return reader;
}

int wire_next(wire_reader *reader)
{
    const bytes *const output = reader->output;
    const size_t left = output->len - reader->at;
    if (left == 0) {
        bytes_free(&reader->payload);
        return 0;
    }
    const int used = weir_frame_head_read(output->data + reader->at, left, &reader->head);
    if (used <= 0 || reader->head.len > left - (size_t)used)
        fail_msg("the output is no sequence of whole frames at %zu", reader->at);
    reader->payload.len = 0;
    bytes_add(&reader->payload, output->data + reader->at + used, (size_t)reader->head.len);
    for (size_t i = 0; reader->head.masked && i < reader->payload.len; i++)
        reader->payload.data[i] ^= reader->head.key[i & 3];
    reader->at += (size_t)used + (size_t)reader->head.len;
    return 1;
}

static void say_bytes(bytes *say, const uint8_t *data, size_t len)
{
    char text[64];
    if (len > 200) {
        uint64_t hash = UINT64_C(14695981039346656037);
        for (size_t i = 0; i < len; i++)
            hash = (hash ^ data[i]) * UINT64_C(1099511628211);
        snprintf(text, sizeof text, "#%zu/%016llx", len, (unsigned long long)hash);
        bytes_add_text(say, text);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        const int plain = data[i] > 32 && data[i] < 127 && data[i] != '%';
        snprintf(text, sizeof text, plain ? "%c" : "%%%02x", data[i]);
        bytes_add_text(say, text);
    }
}

static void say_frame(bytes *say, int opcode, const uint8_t *data, size_t len)
{
    char text[32];
    snprintf(text, sizeof text, "%s%c:", say->len ? " " : "", "CTB34567XPObcdef"[opcode]);
    bytes_add_text(say, text);
    if (opcode == 8 && len >= 2) {
        snprintf(text, sizeof text, len > 2 ? "%d," : "%d", data[0] << 8 | data[1]);
        bytes_add_text(say, text);
        data += 2;
        len -= 2;
    }
    say_bytes(say, data, len);
}

char *wire_say(const bytes *output, int role)
{
    bytes say = {NULL, 0, 0};
    bytes message = {NULL, 0, 0};
    int type = 0;
    wire_reader reader = wire_reader_of(output);
    while (wire_next(&reader)) {
        const weir_frame_head *const head = &reader.head;
        if (head->masked != (role == WEIR_CLIENT) || head->rsv != 0)
            fail_msg("a frame is masked wrongly or has reserved bits");
        if (head->opcode >= 8) {
            if (!head->fin || head->len > 125)
                fail_msg("a control frame is fragmented or too long");
            say_frame(&say, head->opcode, reader.payload.data, reader.payload.len);
            continue;
        }
        if ((head->opcode == 0) != (type != 0))
            fail_msg("data frames are out of order");
        type = head->opcode ? head->opcode : type;
        bytes_add(&message, reader.payload.data, reader.payload.len);
        if (!head->fin)
            continue;
        say_frame(&say, type, message.data, message.len);
        message.len = 0;
        type = 0;
    }
    if (type != 0) {
        say_frame(&say, type, message.data, message.len);
        bytes_add_text(&say, "...");
    }
    bytes_free(&message);
    bytes_add(&say, "", 1);
    return (char *)say.data;
}

void assert_said(const bytes *output, int role, const char *script)
{
    bytes wanted = {NULL, 0, 0};
    wire_script(&wanted, role, script);
    char *const want = wire_say(&wanted, role);
    char *const said = wire_say(output, role);
    if (strcmp(said, want) != 0)
        fail_msg("output is\n  %.600s\nnot\n  %.600s", said, want);
    free(want);
    free(said);
    bytes_free(&wanted);
}

/* ---- Steps -----------------------------------------------------------------------------------*/

static void wire_trace(peer *p, const weir_event *events, int count)
{
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        peer_trace_event(&p->trace, &events[i]);
        p->event_count++;
        p->closed_count += events[i].type == WEIR_EVENT_CLOSED;
    }
}

void wire_events(peer *p)
{
    weir_event events[8];
    do
        wire_trace(p, events, weir_conn_events(p->conn, events, 8));
    while (weir_conn_wants(p->conn) & WEIR_WANT_EVENTS);
}

void wire_feed_held(peer *p, const void *data, size_t len)
{
    weir_event events[8];
    uint8_t *const block = malloc(len ? len : 1);
    if (len > 0)
        memcpy(block, data, len);
    for (size_t at = 0, used; at < len; at += used)
        wire_trace(p, events, weir_conn_receive(p->conn, block + at, len - at, &used, events, 8));
    wire_events(p);
    free(block);
}

size_t wire_take(peer *p, size_t max)
{
    weir_span spans[16];
    const int count = weir_conn_output(p->conn, spans, 16);
    size_t sum = 0;
    for (int i = 0; i < count && sum < max; i++) {
        const size_t len = spans[i].len < max - sum ? spans[i].len : max - sum;
        bytes_add(&p->output, spans[i].data, len);
        sum += len;
    }
    assert_int_equal(weir_conn_sent(p->conn, sum), WEIR_OK);
    return sum;
}

void wire_time(peer *p, uint64_t now_ms)
{
    assert_int_equal(weir_context_set_time(p->context, now_ms), WEIR_OK);
    while (weir_context_next_ready(p->context))
        wire_events(p);
}

void wire_feed(peer *p, const char *script)
{
    bytes input = {NULL, 0, 0};
    wire_script(&input, other_role(p->role), script);
    peer_feed(p, input.data, input.len, input.len ? input.len : 1);
    bytes_free(&input);
}

void one_event(peer *p)
{
    p->event_cap = 1;
}

outcome run_script(char kind, const char *script, void (*prepare)(peer *p))
{
    bytes input = {NULL, 0, 0};
    wire_script(&input, other_role(kind_role(kind)), script);
    const outcome o = run_all_cuts_with(kind, &input, prepare ? prepare : one_event);
    bytes_free(&input);
    return o;
}

/* ---- Stages ----------------------------------------------------------------------------------*/

static void reach_from_open(peer *p, wire_stage stage)
{
    bytes input = {NULL, 0, 0};
    if (stage == STAGE_CLOSE_SENT)
        assert_int_equal(weir_conn_close(p->conn, 1000, NULL, 0), WEIR_OK);
    else if (stage == STAGE_CLOSE_GOT || stage == STAGE_END)
        wire_script(&input, other_role(p->role), "X:1000");
    else if (stage == STAGE_FAILED || stage == STAGE_LINGER)
        bytes_add(&input, "\x83", 1);
    else if (stage == STAGE_OVER)
        assert_int_equal(weir_conn_receive_eof(p->conn), WEIR_OK);
    wire_feed_held(p, input.data, input.len);
    bytes_free(&input);
    if (stage != STAGE_CLOSE_GOT && stage != STAGE_FAILED)
        peer_pump(p);
}

int wire_reach(peer *p, int role, wire_stage stage)
{
    const char open_kind = role == WEIR_SERVER ? 'S' : 'C';
    if ((role == WEIR_CLIENT && stage == STAGE_ANSWER) ||
        (role == WEIR_SERVER && stage == STAGE_END))
        return 0;
    if (stage > STAGE_ANSWER) {
        peer_open(p, open_kind);
        reach_from_open(p, stage);
    } else {
        bytes request = {NULL, 0, 0};
        p->accept = 0;
        peer_open(p, role == WEIR_SERVER ? 's' : 'c');
        bytes_add_request(&request, NULL);
        if (stage == STAGE_ANSWER)
            peer_feed(p, request.data, request.len, request.len);
        bytes_free(&request);
    }
    p->output.len = 0;
    return 1;
}

/* ---- UTF-8 -----------------------------------------------------------------------------------*/

/* What may follow a lead byte: the count, and the range of the first of them. */
static int utf8_tail(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 0;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 1;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 2;
    return lead >= 0xF0 && lead <= 0xF4 ? 3 : -1;
}

size_t wire_utf8_fault(const uint8_t *data, size_t len, int *whole)
{
    *whole = 1;
    for (size_t at = 0; at < len;) {
        uint8_t low;
        uint8_t high;
        const int tail = utf8_tail(data[at], &low, &high);
        if (tail < 0)
            return at;
        at++;
        for (int i = 0; i < tail; i++, at++, low = 0x80, high = 0xBF) {
            if (at == len) {
                *whole = 0;
                return len;
            }
            if (data[at] < low || data[at] > high)
                return at;
        }
    }
    return len;
}
