/* SPDX-License-Identifier: MIT */
/* The head of an HTTP/1.1 message, parsed as it arrives; each byte is looked at once (RFC 9112). */
#include "http_head.h"

#include <stddef.h>
#include <string.h>

#include "../base/bits.h"

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

/* Classes of bytes: RFC 9110 5.6.2 token, RFC 5234 VCHAR, RFC 9110 5.5 field value (obs-text is
 * opaque, of the controls only HTAB). */
#define HTTP_HEAD_TOKEN 1u
#define HTTP_HEAD_VCHAR 2u
#define HTTP_HEAD_TEXT 4u

/* clang-format off */
static const uint8_t http_head_classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 7, 6, 7, 7, 7, 7, 7, 6, 6, 7, 7, 6, 7, 7, 6,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 6, 6, 6,
    6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 6, 6, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 7, 6, 7, 0,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
};
/* clang-format on */

static bool http_head_is(uint8_t byte, uint8_t class)
{
    return (http_head_classes[byte] & class) != 0;
}

static uint8_t http_head_byte(const weir__http_head *head)
{
    return head->bytes.data[head->at];
}

static bool http_head_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Where looking must stop: at the limit, which is checked first, or behind what has arrived. */
static size_t http_head_end(const weir__http_head *head)
{
    const bool limited = head->at < head->limit_at && head->limit_at < head->bytes.len;
    return limited ? head->limit_at : head->bytes.len;
}

/* Marks the top bits of those of eight bytes that a look at all of them does not show to be of the
 * class; they are looked at one by one. Of the marks only the lowest is sure: what a byte lends or
 * carries reaches the one above, and only a marked byte does so. */
WEIR__INLINE uint64_t http_head_doubts(uint64_t word, uint8_t class)
{
    /* No doubt: 0x20 to 0x7e. The sum is negative from 0x7f on, the difference below 0x20 and, as
     * the sum may wrap, for 0xff. */
    if (class == HTTP_HEAD_TEXT)
        return ((word - WEIR__BITS_EACH(0x20)) | (word + WEIR__BITS_EACH(1))) &
               WEIR__BITS_EACH(0x80);
    /* No doubt: letters, in bit 5 made small: 0x61 to 0x7a. */
    const uint64_t small = word | WEIR__BITS_EACH(0x20);
    return ((small - WEIR__BITS_EACH(0x61)) | (small + WEIR__BITS_EACH(5))) & WEIR__BITS_EACH(0x80);
}

/* The end of a run of bytes of a class. */
WEIR__INLINE size_t http_head_run_end(const uint8_t *bytes, size_t at, size_t end, uint8_t class)
{
    const size_t words_end = end < 8 ? 0 : end - 7;
    while (at < words_end) {
        const uint64_t doubts = http_head_doubts(weir__bits_load64_little(bytes + at), class);
        if (doubts == 0) {
            at += 8;
            continue;
        }
        at += weir__bits_first_mark(doubts);
        if (!http_head_is(bytes[at], class))
            return at;
        at++;
    }
    while (at < end && http_head_is(bytes[at], class))
        at++;
    return at;
}

static size_t http_head_token_end(const uint8_t *bytes, size_t at, size_t end)
{
    return http_head_run_end(bytes, at, end, HTTP_HEAD_TOKEN);
}

static size_t http_head_text_end(const uint8_t *bytes, size_t at, size_t end)
{
    return http_head_run_end(bytes, at, end, HTTP_HEAD_TEXT);
}

/* Printable, but for SP. */
static size_t http_head_vchar_end(const uint8_t *bytes, size_t at, size_t end)
{
    while (at < end && http_head_is(bytes[at], HTTP_HEAD_VCHAR))
        at++;
    return at;
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
    head->token_at = head->at;
    head->limit_at = head->at + (size_t)head->policy->max_line_bytes;
    head->state = head->kind == WEIR__HTTP_REQUEST ? HTTP_HEAD_METHOD : HTTP_HEAD_VERSION;
    return WEIR_OK;
}

/* RFC 9112 3: exactly one SP stands behind method and target. */
static int http_head_method(weir__http_head *head)
{
    const int byte = http_head_scan(head, http_head_token_end);
    if (byte == HTTP_HEAD_PAUSE)
        return WEIR_OK;
    head->method = http_head_part(head);
    if (byte != ' ' || head->method.len == 0)
        return WEIR_E_HTTP_SYNTAX;
    return http_head_goto(head, HTTP_HEAD_TARGET);
}

static int http_head_target(weir__http_head *head)
{
    const int byte = http_head_scan(head, http_head_vchar_end);
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
    const int byte = http_head_scan(head, http_head_text_end);
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

/* Keep a field whose value, with outer whitespace, goes from at to end. */
WEIR__INLINE int http_head_keep(weir__http_head *head, weir__memory *memory, weir__http_name name,
                                weir__http_slice text, size_t at, size_t end)
{
    if (head->lines.cap - head->lines.len < sizeof(weir__http_line) &&
        http_head_grow_lines(head, memory) != WEIR_OK)
        return WEIR_E_MEMORY;
    /* Of the bytes that a value may hold only SP and HTAB are not above SP. */
    const uint8_t *const bytes = head->bytes.data;
    while (at < end && bytes[at] <= ' ')
        at++;
    while (at < end && bytes[end - 1] <= ' ')
        end--;
    /* Written in place: copied from elsewhere, its parts would be read before they are written. */
    weir__http_line *const line = (weir__http_line *)(void *)(head->lines.data + head->lines.len);
    line->name = text;
    line->value.at = (uint32_t)at;
    line->value.len = (uint32_t)(end - at);
    head->lines.len += sizeof *line;
    head->field_count++;
    if (weir__http_head_has(head, name))
        head->repeated |= 1u << name;
    else
        head->first[name] = (uint32_t)head->field_count;
    return WEIR_OK;
}

/* Keep the field that ended with the CRLF before the present byte, if there is one. It was not
 * known to be whole before: a fold could follow. */
static int http_head_keep_ended(weir__http_head *head, weir__memory *memory)
{
    if (head->name.len == 0)
        return WEIR_OK;
    const weir__http_name name = weir__http_name_of(weir__http_slice_text(head, head->name));
    const int status = http_head_keep(head, memory, name, head->name, head->token_at, head->at - 2);
    if (status == WEIR_OK)
        head->name.len = 0;
    return status;
}

/* Take the field line that begins at the present byte at once. It must be whole, with the byte
 * behind it, which says that no fold follows. WEIR__HTTP_MORE: the states take it, as they do with
 * all that is unusual or wrong; so each byte is looked at twice at most. */
static int http_head_whole_line(weir__http_head *head, weir__memory *memory, size_t end)
{
    const uint8_t *const bytes = head->bytes.data;
    const size_t colon = http_head_run_end(bytes, head->at, end, HTTP_HEAD_TOKEN);
    if (colon == head->at || colon == end || bytes[colon] != ':')
        return WEIR__HTTP_MORE;
    const size_t cr = http_head_run_end(bytes, colon + 1, end, HTTP_HEAD_TEXT);
    if (end - cr < 3 || bytes[cr] != '\r' || bytes[cr + 1] != '\n' ||
        http_head_is_blank(bytes[cr + 2]))
        return WEIR__HTTP_MORE;
    const weir_text text = {(const char *)bytes + head->at, colon - head->at};
    const weir__http_slice slice = {(uint32_t)head->at, (uint32_t)text.len};
    const int status = http_head_keep(head, memory, weir__http_name_of(text), slice, colon + 1, cr);
    if (status == WEIR_OK)
        head->at = cr + 2;
    return status;
}

/* WEIR_OK: the present byte begins no further field. */
static int http_head_whole_lines(weir__http_head *head, weir__memory *memory)
{
    const size_t end = http_head_end(head);
    int status = WEIR_OK;
    while (status == WEIR_OK && http_head_byte(head) != '\r' &&
           head->field_count < head->policy->max_fields)
        status = http_head_whole_line(head, memory, end);
    return status;
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
    if (http_head_is_blank(byte))
        return http_head_fold(head);
    int status = http_head_keep_ended(head, memory);
    if (status != WEIR_OK)
        return status;
    if (byte == '\r')
        return http_head_goto(head, HTTP_HEAD_LAST_LF);
    if (head->field_count >= head->policy->max_fields)
        return WEIR_E_HTTP_TOO_MANY_FIELDS;
    status = http_head_whole_lines(head, memory);
    if (status != WEIR__HTTP_MORE)
        return status;
    head->token_at = head->at;
    head->state = HTTP_HEAD_NAME;
    return WEIR_OK;
}

/* RFC 9112 5.1: no whitespace stands before the colon. */
static int http_head_name(weir__http_head *head)
{
    const int byte = http_head_scan(head, http_head_token_end);
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
    const int byte = http_head_scan(head, http_head_text_end);
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
    return http_head_token_end((const uint8_t *)text.data, 0, text.len);
}

bool weir__http_is_token(weir_text text)
{
    return text.len > 0 && weir__http_token_len(text) == text.len;
}

bool weir__http_is_value(weir_text text)
{
    return http_head_text_end((const uint8_t *)text.data, 0, text.len) == text.len &&
           weir__text_trim(text).len == text.len;
}
