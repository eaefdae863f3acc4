/* SPDX-License-Identifier: MIT */
/* http-parser (strict) beside our parsers of heads and URLs. */
#include "second.h"

#ifdef WEIR_FUZZ_HTTP_PARSER

#include <http_parser.h>
#include <string.h>

typedef struct http_side {
    fuzz_bytes fields; /* as stream_run.fields */
    fuzz_bytes name;
    fuzz_bytes value;
    int in_value;
    int complete;
} http_side;

static void http_end_field(http_side *side)
{
    size_t len = side->value.len;
    while (len > 0 && (side->value.data[len - 1] == ' ' || side->value.data[len - 1] == '\t'))
        len--;
    if (side->name.len > 0) {
        fuzz_add(&side->fields, side->name.data, side->name.len);
        fuzz_add_text(&side->fields, ":");
        fuzz_add(&side->fields, side->value.data, len);
        fuzz_add_text(&side->fields, "\n");
    }
    side->name.len = side->value.len = 0;
    side->in_value = 0;
}

static int http_on_name(http_parser *parser, const char *at, size_t len)
{
    http_side *const side = parser->data;
    if (side->in_value)
        http_end_field(side);
    fuzz_add(&side->name, at, len);
    return 0;
}

static int http_on_value(http_parser *parser, const char *at, size_t len)
{
    http_side *const side = parser->data;
    side->in_value = 1;
    fuzz_add(&side->value, at, len);
    return 0;
}

static int http_on_complete(http_parser *parser)
{
    http_side *const side = parser->data;
    http_end_field(side);
    const int interim = parser->status_code / 100 == 1 && parser->status_code != 101;
    if (parser->type == HTTP_RESPONSE && interim) {
        side->fields.len = 0;
        return 1; /* no body; the next response follows */
    }
    side->complete = 1;
    http_parser_pause(parser, 1);
    return 2;
}

static int http_is_ctl(uint8_t byte)
{
    return (byte < 32 && byte != '\t') || byte == 127;
}

/* Whether the head holds something that http-parser takes, or takes otherwise, and we refuse, each
 * for a rule of RFC 9112: a line that ends with a lone LF or goes on behind a fold (2.2, 5.2), a
 * lone CR, another control character (5.5), more than one space or a tab in the start line (3),
 * empty lines before a response, a space in a field name, another word than HTTP,
 * a byte above ASCII in the start line. */
static int http_is_lax(const uint8_t *data, size_t len, int is_request)
{
    size_t line = 0;
    int colon = 1; /* in this line; the start line needs none */
    for (size_t i = 0; i < len; i++) {
        const uint8_t byte = data[i];
        const uint8_t next = i + 1 < len ? data[i + 1] : 0;
        if (byte == '\n' && (i == 0 || data[i - 1] != '\r'))
            return 1;
        if (byte == '\n' && i - line <= 1 && i > 1 && is_request)
            return 0; /* the blank line, and nothing before it; behind a 1xx comes more */
        if (byte == '\r' && next != '\n')
            return 1;
        if (byte == '\n' && (next == ' ' || next == '\t'))
            return 1;
        if (byte != '\n' && byte != '\r' && http_is_ctl(byte))
            return 1;
        if (!colon && (byte == ' ' || byte == '\t'))
            return 1;
        colon = (colon && byte != '\n') || byte == ':';
        line = byte == '\n' ? i + 1 : line;
    }
    return 0;
}

/* The library of Debian is built without the strict checks of the word HTTP. */
static int http_start_line_is_lax(const uint8_t *data, size_t len, int is_request)
{
    size_t spaces = 0;
    size_t version = 0;
    if (len == 0 || data[0] == '\r' || data[0] == '\n')
        return 1;
    for (size_t i = 0; i < len && data[i] != '\r'; i++) {
        const int space = data[i] == ' ';
        spaces += (size_t)space;
        /* A status has three digits, the first of them not 0 (RFC 9110 15), and behind them a
         * space (RFC 9112 4) or, as we take it too, the end of the line. */
        if (space && spaces == 1 && !is_request &&
            (len - i < 5 || data[i + 1] == '0' || memchr(data + i + 1, '\r', 3) != NULL ||
             (data[i + 4] != ' ' && data[i + 4] != '\r')))
            return 1;
        version = space && spaces == 2 && is_request ? i + 1 : version;
        if (data[i] == '\t' || data[i] > 126 || (space && spaces > 2 && is_request) ||
            (space && i > 0 && data[i - 1] == ' '))
            return 1;
    }
    return spaces < (is_request ? 2u : 1u) || len - version < 8 ||
           memcmp(data + version, "HTTP/1.", 7) != 0;
}

/* What http-parser refuses and we take: methods that it does not know, bytes in a target that a
 * browser leaves as they are, lengths and codings that do not matter before an upgrade or in a
 * rejection whose body is cut off, header sections beyond its limit. */
static int http_may_refuse(enum http_errno error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_PATH:
    case HPE_INVALID_URL:
    case HPE_INVALID_HOST:
    case HPE_INVALID_PORT:
    case HPE_INVALID_QUERY_STRING:
    case HPE_INVALID_FRAGMENT:
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_TRANSFER_ENCODING:
    case HPE_HEADER_OVERFLOW:
        return 1;
    default:
        return 0;
    }
}

/* Its upgrade flag is of no use: it misses Upgrade behind a tab or behind the start of a word that
 * it knows ("keep-al, Upgrade"). */
void second_head(const stream_run *run, int is_request, const uint8_t *data, size_t len)
{
    http_side side = {.complete = 0};
    http_parser parser;
    const http_parser_settings settings = {.on_header_field = http_on_name,
                                           .on_header_value = http_on_value,
                                           .on_headers_complete = http_on_complete};
    http_parser_init(&parser, is_request ? HTTP_REQUEST : HTTP_RESPONSE);
    parser.data = &side;
    (void)http_parser_execute(&parser, &settings, (const char *)data, len);
    const enum http_errno error = HTTP_PARSER_ERRNO(&parser);
    const int lax =
        http_is_lax(data, len, is_request) || http_start_line_is_lax(data, len, is_request);
    if (run->fields.len > 0 && !lax) {
        if (!side.complete && !http_may_refuse(error))
            fuzz_die("http-parser says %s, weir shows the head", http_errno_name(error));
        if (side.complete && !fuzz_same(&side.fields, &run->fields))
            fuzz_die("http-parser has other fields:\n%.*s----\n%.*s", (int)side.fields.len,
                     (const char *)side.fields.data, (int)run->fields.len,
                     (const char *)run->fields.data);
    }
    if (side.complete && run->report.cause == WEIR_E_HTTP_SYNTAX && !lax)
        fuzz_die("http-parser takes a head that weir finds malformed at %llu",
                 (unsigned long long)run->report.offset);
    fuzz_drop(&side.fields);
    fuzz_drop(&side.name);
    fuzz_drop(&side.value);
}

/* http-parser knows no fragment-free rule, any scheme, user data, hosts that RFC 3986 does not
 * have, and no limit on bytes in paths; so what we take it must take, with the same parts. */
void second_url(const char *text, size_t len, int status, const weir_url *url)
{
    struct http_parser_url other;
    http_parser_url_init(&other);
    if (status != WEIR_OK || len > UINT16_MAX)
        return;
    /* It takes no percent-encoding in a host, none of the rarer characters, and no empty port. */
    for (size_t i = 0; i < url->host.len; i++)
        if (memchr("%!$&'()*+,;=~_", url->host.data[i], 14) != NULL)
            return;
    const char *const behind = url->host_raw.data + url->host_raw.len;
    const size_t left = (size_t)(text + len - behind);
    const int no_digits =
        left > 0 && behind[0] == ':' && (left == 1 || behind[1] < '0' || behind[1] > '9');
    const int result = http_parser_parse_url(text, len, 0, &other);
    if (no_digits)
        return;
    FUZZ_CHECK(result == 0);
    FUZZ_CHECK((other.field_set & 1 << UF_HOST) != 0);
    FUZZ_CHECK(other.field_data[UF_HOST].len == url->host.len);
    FUZZ_CHECK(text + other.field_data[UF_HOST].off == url->host.data);
    if ((other.field_set & 1 << UF_PORT) != 0)
        FUZZ_CHECK(other.port == url->port);
    const size_t path = (other.field_set & 1 << UF_PATH) != 0 ? other.field_data[UF_PATH].len : 0;
    const size_t query =
        (other.field_set & 1 << UF_QUERY) != 0 ? other.field_data[UF_QUERY].len : 0;
    FUZZ_CHECK(path == url->path.len && query == url->query.len);
}

#else

void second_head(const stream_run *run, int is_request, const uint8_t *data, size_t len)
{
    (void)run, (void)is_request, (void)data, (void)len;
}

void second_url(const char *text, size_t len, int status, const weir_url *url)
{
    (void)text, (void)len, (void)status, (void)url;
}

#endif
