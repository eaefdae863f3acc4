/* SPDX-License-Identifier: MIT */
/* The head of an HTTP/1.1 message, parsed as it arrives; each byte is looked at once (RFC 9112). */
#include "http_head.h"

#include <stddef.h>
#include <string.h>

#include "../base/bits.h"
#include "../kernels/field.h"

/* Input is copied in pieces, so that a long one that is no head, or whose head ends soon, costs no
 * memory to speak of. */
#define HTTP_HEAD_PIECE 2048u

/* No byte to judge yet: the piece ended, or the limit must be checked first. */
#define HTTP_HEAD_PAUSE (-1)

/* What is awaited. */
enum {
    HTTP_HEAD_START, /* the first byte of the start line, or an empty line */
    HTTP_HEAD_EMPTY_LF,
    HTTP_HEAD_METHOD,
    HTTP_HEAD_TARGET,
    HTTP_HEAD_VERSION,
    HTTP_HEAD_STATUS,
    HTTP_HEAD_REASON,
    HTTP_HEAD_LINE_LF,
    HTTP_HEAD_LINE, /* the first byte of a field line, a fold or the blank line */
    HTTP_HEAD_NAME,
    HTTP_HEAD_VALUE,
    HTTP_HEAD_VALUE_LF,
    HTTP_HEAD_LAST_LF,
    HTTP_HEAD_DONE
};

static uint8_t http_head_byte(const weir__http_head *head)
{
    return head->bytes.data[head->at];
}

/* Where looking must stop: at the limit, which is checked first, or behind what has arrived. */
static size_t http_head_end(const weir__http_head *head)
{
    const bool limited = head->at < head->limit_at && head->limit_at < head->bytes.len;
    return limited ? head->limit_at : head->bytes.len;
}

/* Step over a run of bytes. Returns the byte behind it or HTTP_HEAD_PAUSE. */
static int http_head_scan(weir__http_head *head,
                          size_t (*run_end)(const uint8_t *bytes, size_t at, size_t end))
{
    const size_t end = http_head_end(head);
    head->at = run_end(head->bytes.data, head->at, end);
    return head->at < end ? http_head_byte(head) : HTTP_HEAD_PAUSE;
}

/* The part of the line that ends before the present byte. */
static weir__http_slice http_head_part(const weir__http_head *head)
{
    const weir__http_slice part = {(uint32_t)head->token_at, (uint32_t)(head->at - head->token_at)};
    return part;
}

/* Step over the present byte; the next part of the line begins behind it. */
static int http_head_goto(weir__http_head *head, uint32_t state)
{
    head->at++;
    head->token_at = head->at;
    head->state = state;
    return WEIR_OK;
}

/* RFC 9112 2.2: lines end in CRLF; a bare CR or LF is refused. */
static int http_head_lf(weir__http_head *head, uint32_t state)
{
    if (http_head_byte(head) != '\n')
        return WEIR_E_HTTP_SYNTAX;
    return http_head_goto(head, state);
}

/* RFC 9112 2.2: a server ignores a few empty lines before the request. */
static int http_head_start(weir__http_head *head)
{
    if (head->kind == WEIR__HTTP_REQUEST && http_head_byte(head) == '\r') {
        if (head->empty_lines >= head->policy->max_empty_lines)
            return WEIR_E_HTTP_SYNTAX;
        head->empty_lines++;
        return http_head_goto(head, HTTP_HEAD_EMPTY_LF);
    }
    head->limit_at = head->at + (size_t)head->policy->max_line_bytes;
    head->state = head->kind == WEIR__HTTP_REQUEST ? HTTP_HEAD_METHOD : HTTP_HEAD_VERSION;
    return WEIR_OK;
}

/* RFC 9112 3: exactly one SP stands behind method and target. */
static int http_head_method(weir__http_head *head)
{
    const int byte = http_head_scan(head, weir__field_token_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    head->method = http_head_part(head);
    if (byte != ' ' || head->method.len == 0)
        return WEIR_E_HTTP_SYNTAX;
    return http_head_goto(head, HTTP_HEAD_TARGET);
}

static int http_head_target(weir__http_head *head)
{
    const int byte = http_head_scan(head, weir__field_vchar_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    head->target = http_head_part(head);
    if (byte != ' ' || head->target.len == 0)
        return WEIR_E_HTTP_SYNTAX;
    return http_head_goto(head, HTTP_HEAD_VERSION);
}

static bool http_head_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

#define HTTP_HEAD_VERSION_LEN 8u

/* RFC 9112 2.3: HTTP-version, in exact case. Returns the byte behind it, HTTP_HEAD_PAUSE or an
 * error. */
static int http_head_scan_version(weir__http_head *head)
{
    static const char pattern[HTTP_HEAD_VERSION_LEN + 1] = "HTTP/0.0";
    const uint8_t *const version = head->bytes.data + head->token_at;
    const size_t end = http_head_end(head);
    if (head->at == head->token_at && end - head->at > HTTP_HEAD_VERSION_LEN &&
        weir__bits_load64(version) == weir__bits_load64((const uint8_t *)"HTTP/1.1"))
        head->at += HTTP_HEAD_VERSION_LEN;
    for (; head->at < end; head->at++) {
        const size_t index = head->at - head->token_at;
        if (index == HTTP_HEAD_VERSION_LEN)
            return version[index];
        if (pattern[index] == '0' ? !http_head_is_digit(version[index])
                                  : version[index] != (uint8_t)pattern[index])
            return WEIR_E_HTTP_SYNTAX;
    }
    return HTTP_HEAD_PAUSE;
}

static int http_head_version(weir__http_head *head)
{
    const bool request = head->kind == WEIR__HTTP_REQUEST;
    const int byte = http_head_scan_version(head);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    if (byte != (request ? '\r' : ' '))
        return WEIR_E_HTTP_SYNTAX;
    head->major = head->bytes.data[head->at - 3] - (uint32_t)'0';
    head->minor = head->bytes.data[head->at - 1] - (uint32_t)'0';
    return http_head_goto(head, request ? HTTP_HEAD_LINE_LF : HTTP_HEAD_STATUS);
}

/* RFC 9112 4: three digits and an SP. Who has no reason to give may leave out the SP too, which is
 * against the grammar, but common. */
static int http_head_status(weir__http_head *head)
{
    const uint8_t byte = http_head_byte(head);
    const size_t index = head->at - head->token_at;
    if (index == 3 && byte == '\r')
        return http_head_goto(head, HTTP_HEAD_LINE_LF);
    if (index == 3)
        return byte == ' ' ? http_head_goto(head, HTTP_HEAD_REASON) : WEIR_E_HTTP_SYNTAX;
    if (!http_head_is_digit(byte) || (index == 0 && byte == '0'))
        return WEIR_E_HTTP_SYNTAX;
    head->status = head->status * 10 + (byte - (uint32_t)'0');
    head->at++;
    return WEIR_OK;
}

static int http_head_reason(weir__http_head *head)
{
    const int byte = http_head_scan(head, weir__field_text_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    if (byte != '\r')
        return WEIR_E_HTTP_SYNTAX;
    head->reason = http_head_part(head);
    return http_head_goto(head, HTTP_HEAD_LINE_LF);
}

static int http_head_line_lf(weir__http_head *head)
{
    head->limit_at = head->at + 1 + (size_t)head->policy->max_head_bytes;
    return http_head_lf(head, HTTP_HEAD_LINE);
}

/* Room for as many fields as the bytes at hand may hold, so that the table of the usual head need
 * not grow: most fields are longer than that, and few requests have more than so many. */
#define HTTP_HEAD_FIELD_BYTES 40u
#define HTTP_HEAD_FIELDS_AT_ONCE 16u

static int http_head_grow_lines(weir__http_head *head, weir__memory *memory)
{
    size_t count = 1;
    if (head->lines.cap == 0)
        count += (head->bytes.len - head->at) / HTTP_HEAD_FIELD_BYTES;
    if (count > HTTP_HEAD_FIELDS_AT_ONCE)
        count = HTTP_HEAD_FIELDS_AT_ONCE;
    return weir__buffer_reserve(memory, &head->lines, count * sizeof(weir__http_line));
}

/* Where the next lines of the table go. They are written in place. */
static weir__http_line *http_head_lines_end(const weir__http_head *head)
{
    return (weir__http_line *)(void *)(head->lines.data + head->lines.len);
}

/* Count a line that was written behind the others. */
WEIR__INLINE void http_head_count(weir__http_head *head, const weir__http_line *line)
{
    const weir_text text = {(const char *)head->bytes.data + line->name.at, line->name.len};
    const weir__http_name name = weir__http_name_of(text);
    head->lines.len += sizeof *line;
    head->field_count++;
    if (weir__http_head_has(head, name))
        head->repeated |= 1u << name;
    else
        head->first[name] = (uint32_t)head->field_count;
}

/* Keep the field that ended with the CRLF before the present byte, if there is one. It was not
 * known to be whole before: a fold could follow. There has been room since it began. */
static void http_head_keep_ended(weir__http_head *head)
{
    if (head->name.len == 0)
        return;
    const uint8_t *const bytes = head->bytes.data;
    size_t at = head->token_at;
    size_t end = head->at - 2;
    while (at < end && weir__field_is_blank(bytes[at]))
        at++;
    while (at < end && weir__field_is_blank(bytes[end - 1]))
        end--;
    weir__http_line *const line = http_head_lines_end(head);
    line->name = head->name;
    line->value = (weir__http_slice){(uint32_t)at, (uint32_t)(end - at)};
    http_head_count(head, line);
    head->name.len = 0;
}

/* Take the field lines that are whole at once, as many as the table has room for. The states take
 * what is left, as they do with all that is unusual or wrong. */
static int http_head_whole_lines(weir__http_head *head, weir__memory *memory, size_t *taken)
{
    if (head->lines.cap - head->lines.len < sizeof(weir__http_line) &&
        http_head_grow_lines(head, memory) != WEIR_OK)
        return WEIR_E_MEMORY;
    const size_t room = (head->lines.cap - head->lines.len) / sizeof(weir__http_line);
    const uint64_t left = head->policy->max_fields - head->field_count;
    weir__http_line *const lines = http_head_lines_end(head);
    *taken = head->kernels->fields(head->bytes.data, &head->at, http_head_end(head), lines,
                                   left < room ? (size_t)left : room);
    for (size_t i = 0; i < *taken; i++)
        http_head_count(head, &lines[i]);
    return WEIR_OK;
}

/* RFC 9112 5.2: a fold is refused in a request and made SP in a response. RFC 9112 2.2: without a
 * field before it this is whitespace behind the start line, refused too. */
static int http_head_fold(weir__http_head *head)
{
    if (head->kind == WEIR__HTTP_REQUEST || head->name.len == 0)
        return WEIR_E_HTTP_SYNTAX;
    memset(head->bytes.data + head->at - 2, ' ', 2);
    head->state = HTTP_HEAD_VALUE;
    return WEIR_OK;
}

static int http_head_line(weir__http_head *head, weir__memory *memory)
{
    const uint8_t byte = http_head_byte(head);
    if (weir__field_is_blank(byte))
        return http_head_fold(head);
    http_head_keep_ended(head);
    if (byte == '\r')
        return http_head_goto(head, HTTP_HEAD_LAST_LF);
    if (head->field_count >= head->policy->max_fields)
        return WEIR_E_HTTP_TOO_MANY_FIELDS;
    size_t taken;
    const int status = http_head_whole_lines(head, memory, &taken);
    if (status != WEIR_OK || taken > 0)
        return status;
    head->token_at = head->at;
    head->state = HTTP_HEAD_NAME;
    return WEIR_OK;
}

/* RFC 9112 5.1: no whitespace stands before the colon. */
static int http_head_name(weir__http_head *head)
{
    const int byte = http_head_scan(head, weir__field_token_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    const weir__http_slice name = http_head_part(head);
    if (byte != ':' || name.len == 0)
        return WEIR_E_HTTP_SYNTAX;
    head->name = name;
    return http_head_goto(head, HTTP_HEAD_VALUE);
}

/* RFC 9110 5.5: CR, LF, NUL and other controls but HTAB are refused. */
static int http_head_value(weir__http_head *head)
{
    const int byte = http_head_scan(head, weir__field_text_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    if (byte != '\r')
        return WEIR_E_HTTP_SYNTAX;
    head->at++;
    head->state = HTTP_HEAD_VALUE_LF;
    return WEIR_OK;
}

/* Where the value began is still needed: a fold goes on with it. */
static int http_head_value_lf(weir__http_head *head)
{
    if (http_head_byte(head) != '\n')
        return WEIR_E_HTTP_SYNTAX;
    head->at++;
    head->state = HTTP_HEAD_LINE;
    return WEIR_OK;
}

/* At the limit only the end of what is limited may stand. */
static int http_head_check_limit(const weir__http_head *head)
{
    if (head->at < head->limit_at)
        return WEIR_OK;
    switch (head->state) {
    case HTTP_HEAD_METHOD:
    case HTTP_HEAD_TARGET:
    case HTTP_HEAD_VERSION:
    case HTTP_HEAD_STATUS:
    case HTTP_HEAD_REASON:
        return http_head_byte(head) == '\r' ? WEIR_OK : WEIR_E_HTTP_LINE_TOO_LONG;
    case HTTP_HEAD_LINE:
        return http_head_byte(head) == '\r' ? WEIR_OK : WEIR_E_HTTP_HEAD_TOO_LONG;
    case HTTP_HEAD_NAME:
    case HTTP_HEAD_VALUE:
    case HTTP_HEAD_VALUE_LF:
        return WEIR_E_HTTP_HEAD_TOO_LONG;
    default:
        return WEIR_OK;
    }
}

static int http_head_step(weir__http_head *head, weir__memory *memory)
{
    switch (head->state) {
    case HTTP_HEAD_START:
        return http_head_start(head);
    case HTTP_HEAD_EMPTY_LF:
        return http_head_lf(head, HTTP_HEAD_START);
    case HTTP_HEAD_METHOD:
        return http_head_method(head);
    case HTTP_HEAD_TARGET:
        return http_head_target(head);
    case HTTP_HEAD_VERSION:
        return http_head_version(head);
    case HTTP_HEAD_STATUS:
        return http_head_status(head);
    case HTTP_HEAD_REASON:
        return http_head_reason(head);
    case HTTP_HEAD_LINE_LF:
        return http_head_line_lf(head);
    case HTTP_HEAD_LINE:
        return http_head_line(head, memory);
    case HTTP_HEAD_NAME:
        return http_head_name(head);
    case HTTP_HEAD_VALUE:
        return http_head_value(head);
    case HTTP_HEAD_VALUE_LF:
        return http_head_value_lf(head);
    default:
        return http_head_lf(head, HTTP_HEAD_DONE);
    }
}

/* Every step looks at a byte, and moves on or changes the state to one that does. */
static int http_head_run(weir__http_head *head, weir__memory *memory)
{
    while (head->state != HTTP_HEAD_DONE) {
        if (head->at == head->bytes.len)
            return WEIR__HTTP_MORE;
        int status = http_head_check_limit(head);
        if (status == WEIR_OK)
            status = http_head_step(head, memory);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

int weir__http_head_feed(weir__http_head *head, weir__memory *memory, const uint8_t *data,
                         size_t len, size_t *used)
{
    int status = http_head_run(head, memory);
    *used = 0;
    while (status == WEIR__HTTP_MORE && *used < len) {
        const size_t left = len - *used;
        const size_t before = head->at;
        status = weir__buffer_append(memory, &head->bytes, data + *used,
                                     left < HTTP_HEAD_PIECE ? left : HTTP_HEAD_PIECE);
        if (status == WEIR_OK)
            status = http_head_run(head, memory);
        *used += head->at - before;
        head->bytes.len = head->at;
    }
    return status;
}

void weir__http_head_free(weir__http_head *head, weir__memory *memory)
{
    weir__buffer_free(memory, &head->bytes);
    weir__buffer_free(memory, &head->lines);
    weir__http_head_reset(head);
}

void weir__http_head_reset(weir__http_head *head)
{
    const size_t kept = offsetof(weir__http_head, field_count);
    head->bytes.len = head->lines.len = 0;
    memset((uint8_t *)head + kept, 0, sizeof *head - kept);
}

weir_text weir__http_slice_text(const weir__http_head *head, weir__http_slice slice)
{
    if (slice.len == 0)
        return WEIR__LITERAL("");
    const weir_text text = {(const char *)head->bytes.data + slice.at, slice.len};
    return text;
}

/* Blocks are aligned for any type, and all that a table of lines holds is lines. */
static const weir__http_line *http_head_line_at(const weir__http_head *head, size_t index)
{
    return (const weir__http_line *)(const void *)head->lines.data + index;
}

bool weir__http_head_field(const weir__http_head *head, size_t index, weir_field *field)
{
    if (index >= head->field_count)
        return false;
    const weir__http_line *const line = http_head_line_at(head, index);
    field->name = weir__http_slice_text(head, line->name);
    field->value = weir__http_slice_text(head, line->value);
    return true;
}

bool weir__http_head_find(const weir__http_head *head, weir_text name, size_t index,
                          weir_text *value)
{
    weir_field field;
    for (size_t i = 0; weir__http_head_field(head, i, &field); i++) {
        /* RFC 9110 5.1: names compare without case. */
        if (!weir__text_equal_nocase(field.name, name) || index-- > 0)
            continue;
        *value = field.value;
        return true;
    }
    return false;
}

bool weir__http_head_first(const weir__http_head *head, weir__http_name name, weir_text *value)
{
    if (!weir__http_head_has(head, name))
        return false;
    *value = weir__http_slice_text(head, http_head_line_at(head, head->first[name] - 1)->value);
    return true;
}

int weir__http_head_single(const weir__http_head *head, weir__http_name name, weir_text *value)
{
    if (!weir__http_head_first(head, name, value))
        return WEIR_E_NOT_FOUND;
    /* RFC 9110 5.3: only list fields may be repeated, not even identical copies of others. */
    return weir__http_head_repeats(head, name) ? WEIR_E_HTTP_DUPLICATE : WEIR_OK;
}

size_t weir__http_token_len(weir_text text)
{
    return weir__field_token_end((const uint8_t *)text.data, 0, text.len);
}

bool weir__http_is_token(weir_text text)
{
    return text.len > 0 && weir__http_token_len(text) == text.len;
}

bool weir__http_is_value(weir_text text)
{
    return weir__field_text_end((const uint8_t *)text.data, 0, text.len) == text.len &&
           weir__text_trim(text).len == text.len;
}
