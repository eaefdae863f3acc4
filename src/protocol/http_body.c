/* SPDX-License-Identifier: MIT */
/* How long a body is (RFC 9112 6), and the body of a rejection, kept as far as a limit. */
#include "http_body.h"

#include <string.h>

/* Bytes of a chunk's first line, CRLF included: its size and extensions, which nobody sends. */
#define HTTP_BODY_LINE_MAX 256u

/* What is awaited. */
enum {
    HTTP_BODY_BYTES, /* left bytes, then the end */
    HTTP_BODY_SIZE,  /* a digit of a chunk's size, or what ends it */
    HTTP_BODY_EXTENSION,
    HTTP_BODY_SIZE_LF,
    HTTP_BODY_CHUNK, /* left bytes, then CRLF */
    HTTP_BODY_CHUNK_CR,
    HTTP_BODY_CHUNK_LF,
    HTTP_BODY_DONE
};

static bool http_body_number(weir_text text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

int weir__http_content_length(const weir__http_head *head, uint64_t *len)
{
    weir__http_list list;
    weir_text member;
    uint64_t number;
    *len = 0;
    if (!weir__http_head_has(head, WEIR__NAME_CONTENT_LENGTH))
        return WEIR_E_NOT_FOUND;
    weir__http_list_init(&list, head, WEIR__NAME_CONTENT_LENGTH);
    int status;
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        /* RFC 9112 6.3: a list is fine when all its members are the same valid number. */
        if (!http_body_number(member, &number) || (list.members > 1 && number != *len))
            return WEIR_E_HTTP_BODY;
        *len = number;
    }
    if (status != WEIR_E_NOT_FOUND || list.empty > 0)
        return WEIR_E_HTTP_BODY;
    return WEIR_OK;
}

/* WEIR__HTTP_MORE when the last coding is chunked, WEIR_OK when there is another last one,
 * WEIR_E_NOT_FOUND without Transfer-Encoding, or WEIR_E_HTTP_BODY. */
WEIR__FAST_INLINE int http_body_coding(const weir__http_head *head)
{
    weir__http_list list;
    weir_text member;
    weir__http_list_init(&list, head, WEIR__NAME_TRANSFER_ENCODING);
    bool chunked = false;
    int status;
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        /* RFC 9112 6.1: chunked is applied once and last. */
        if (chunked)
            return WEIR_E_HTTP_BODY;
        chunked = weir__text_equal_nocase(member, WEIR__LITERAL("chunked"));
    }
    if (status != WEIR_E_NOT_FOUND || (list.members == 0 && list.empty > 0))
        return WEIR_E_HTTP_BODY;
    if (list.members == 0)
        return WEIR_E_NOT_FOUND;
    return chunked ? WEIR__HTTP_MORE : WEIR_OK;
}

/* RFC 9112 6.1: beside Content-Length, or before HTTP/1.1, this is faulty framing. */
static int http_body_init_coded(weir__http_body *body, const weir__http_head *head, int length,
                                int coding)
{
    if (coding < 0 || length != WEIR_E_NOT_FOUND || head->minor == 0)
        return WEIR_E_HTTP_BODY;
    body->state = coding == WEIR__HTTP_MORE ? HTTP_BODY_SIZE : HTTP_BODY_BYTES;
    body->left = coding == WEIR__HTTP_MORE ? 0 : UINT64_MAX;
    return WEIR__HTTP_MORE;
}

int weir__http_body_init(weir__http_body *body, const weir__http_head *head)
{
    memset(body, 0, sizeof *body);
    body->state = HTTP_BODY_DONE;
    /* RFC 9112 6.3 item 1: these never have one, whatever their fields say. */
    if (head->status < 200 || head->status == 204 || head->status == 304)
        return WEIR_OK;
    uint64_t len;
    const int length = weir__http_content_length(head, &len);
    const int coding = http_body_coding(head);
    if (coding != WEIR_E_NOT_FOUND)
        return http_body_init_coded(body, head, length, coding);
    if (length == WEIR_E_HTTP_BODY)
        return length;
    if (length == WEIR_OK && len == 0)
        return WEIR_OK;
    /* RFC 9112 6.3 item 8: without a length it ends with the transport. */
    body->left = length == WEIR_OK ? len : UINT64_MAX;
    body->state = HTTP_BODY_BYTES;
    return WEIR__HTTP_MORE;
}

/* Value of a hexadecimal digit, 16 for any other byte. */
static uint32_t http_body_hex(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - (uint32_t)'0';
    const uint8_t lower = byte | 0x20u;
    return lower >= 'a' && lower <= 'f' ? lower - (uint32_t)'a' + 10 : 16;
}

/* RFC 9112 7.1: chunk-size = 1*HEXDIG, then extensions or the end of the line. */
static int http_body_size(weir__http_body *body, uint8_t byte)
{
    const uint32_t digit = http_body_hex(byte);
    if (digit < 16) {
        if (body->left > UINT64_MAX >> 4)
            return WEIR_E_HTTP_BODY;
        body->left = body->left << 4 | digit;
        return WEIR__HTTP_MORE;
    }
    if (body->line_len == 1)
        return WEIR_E_HTTP_BODY;
    if (byte == '\r')
        body->state = HTTP_BODY_SIZE_LF;
    else if (byte == ';' || byte == ' ' || byte == '\t')
        body->state = HTTP_BODY_EXTENSION;
    else
        return WEIR_E_HTTP_BODY;
    return WEIR__HTTP_MORE;
}

static int http_body_extension(weir__http_body *body, uint8_t byte)
{
    if (byte == '\n')
        return WEIR_E_HTTP_BODY;
    if (byte == '\r')
        body->state = HTTP_BODY_SIZE_LF;
    return WEIR__HTTP_MORE;
}

/* RFC 9112 7.1: a chunk of size 0 is the last; trailers are not needed. */
static int http_body_size_lf(weir__http_body *body, uint8_t byte)
{
    if (byte != '\n')
        return WEIR_E_HTTP_BODY;
    body->line_len = 0;
    body->state = body->left > 0 ? HTTP_BODY_CHUNK : HTTP_BODY_DONE;
    return body->left > 0 ? WEIR__HTTP_MORE : WEIR_OK;
}

static int http_body_chunk_end(weir__http_body *body, uint8_t byte)
{
    const bool at_cr = body->state == HTTP_BODY_CHUNK_CR;
    if (byte != (at_cr ? '\r' : '\n'))
        return WEIR_E_HTTP_BODY;
    body->line_len = 0;
    body->state = at_cr ? HTTP_BODY_CHUNK_LF : HTTP_BODY_SIZE;
    return WEIR__HTTP_MORE;
}

/* A byte of the chunked coding itself. */
static int http_body_mark(weir__http_body *body, uint8_t byte)
{
    body->line_len++;
    if (body->line_len > HTTP_BODY_LINE_MAX)
        return WEIR_E_HTTP_BODY;
    switch (body->state) {
    case HTTP_BODY_SIZE:
        return http_body_size(body, byte);
    case HTTP_BODY_EXTENSION:
        return http_body_extension(body, byte);
    case HTTP_BODY_SIZE_LF:
        return http_body_size_lf(body, byte);
    default:
        return http_body_chunk_end(body, byte);
    }
}

static size_t http_body_least(size_t a, uint64_t b)
{
    return a <= b ? a : (size_t)b;
}

/* Keep what belongs to the body or chunk and fits. used: bytes taken. */
static int http_body_keep(weir__http_body *body, weir__memory *memory, uint64_t limit,
                          const uint8_t *data, size_t len, size_t *used)
{
    *used = http_body_least(http_body_least(len, body->left), limit - body->bytes.len);
    const int status = weir__buffer_append(memory, &body->bytes, data, *used);
    if (status != WEIR_OK)
        return status;
    body->left -= *used;
    if (body->left > 0)
        return WEIR__HTTP_MORE;
    const bool last = body->state == HTTP_BODY_BYTES;
    body->state = last ? HTTP_BODY_DONE : HTTP_BODY_CHUNK_CR;
    return last ? WEIR_OK : WEIR__HTTP_MORE;
}

int weir__http_body_feed(weir__http_body *body, weir__memory *memory, uint64_t limit,
                         const uint8_t *data, size_t len)
{
    int status = body->state == HTTP_BODY_DONE ? WEIR_OK : WEIR__HTTP_MORE;
    for (size_t at = 0, used = 1; status == WEIR__HTTP_MORE; at += used) {
        if (body->bytes.len >= limit)
            return WEIR_OK;
        if (at == len)
            break;
        used = 1;
        if (body->state == HTTP_BODY_BYTES || body->state == HTTP_BODY_CHUNK)
            status = http_body_keep(body, memory, limit, data + at, len - at, &used);
        else
            status = http_body_mark(body, data[at]);
    }
    return status;
}

void weir__http_body_free(weir__http_body *body, weir__memory *memory)
{
    weir__buffer_free(memory, &body->bytes);
}
