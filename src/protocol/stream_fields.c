/* SPDX-License-Identifier: MIT */
/* Lists of fields of HTTP/2 and HTTP/3, and the HTTP/1.1 heads that mean the same (RFC 8441). */
#include "stream_fields.h"

#include <string.h>

static void stream_fields_add(weir__stream_text *out, weir_text text)
{
    if (text.len > out->room - out->len) {
        out->is_short = true;
        return;
    }
    if (text.len > 0)
        memcpy(out->data + out->len, text.data, text.len);
    out->len += text.len;
}

static void stream_fields_add_line(weir__stream_text *out, weir_text name, weir_text value)
{
    stream_fields_add(out, name);
    stream_fields_add(out, WEIR__LITERAL(": "));
    stream_fields_add(out, value);
    stream_fields_add(out, WEIR__LITERAL("\r\n"));
}

static bool stream_fields_is_one_of(weir_text name, const weir_text *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (weir__text_equal_nocase(name, list[i]))
            return true;
    }
    return false;
}

/* ---- From lists to heads ---------------------------------------------------------------------*/

/* A field as it was given: its lengths may be WEIR_NTS. */
static weir_field stream_fields_at(const weir_field *fields, size_t index)
{
    const weir_field *const given = &fields[index];
    return (weir_field){weir__text(given->name.data, given->name.len),
                        weir__text(given->value.data, given->value.len)};
}

static bool stream_fields_is_pseudo(weir_text name)
{
    return name.len > 0 && name.data[0] == ':';
}

/* RFC 9113 8.2: names are tokens in lower case, values are those of HTTP; what belongs to one
 * connection of HTTP/1.1 has no place (8.2.2, RFC 8441 5). */
static bool stream_fields_may_stand(weir_field field)
{
    static const weir_text of_connection[] = {{"connection", 10},
                                              {"upgrade", 7},
                                              {"keep-alive", 10},
                                              {"proxy-connection", 16},
                                              {"transfer-encoding", 17}};
    for (size_t i = 0; i < field.name.len; i++) {
        if (field.name.data[i] >= 'A' && field.name.data[i] <= 'Z')
            return false;
    }
    return weir__http_is_token(field.name) && weir__http_is_value(field.value) &&
           !stream_fields_is_one_of(field.name, of_connection,
                                    sizeof of_connection / sizeof *of_connection);
}

/* RFC 9113 8.3: pseudo fields stand first, each once, and only those of the list. values: one for
 * each name, data NULL where there is none. Index of the first other field, SIZE_MAX: a fault. */
static size_t stream_fields_read_pseudo(const weir_field *fields, size_t count,
                                        const weir_text *names, weir_text *values, size_t known)
{
    size_t at = 0;
    memset(values, 0, known * sizeof *values);
    for (; at < count; at++) {
        const weir_field field = stream_fields_at(fields, at);
        size_t index = 0;
        if (!stream_fields_is_pseudo(field.name))
            break;
        while (index < known && !weir__text_equal(field.name, names[index]))
            index++;
        if (index == known || values[index].data || !weir__http_is_value(field.value))
            return SIZE_MAX;
        values[index] = field.value.data ? field.value : WEIR__LITERAL("");
    }
    return at;
}

/* RFC 9113 8.2.3: a Cookie may come in pieces, which are one field elsewhere. */
static void stream_fields_add_cookie(weir__stream_text *head, const weir_field *fields,
                                     size_t count, size_t first)
{
    stream_fields_add(head, WEIR__LITERAL("cookie: "));
    stream_fields_add(head, stream_fields_at(fields, first).value);
    for (size_t i = first + 1; i < count; i++) {
        const weir_field field = stream_fields_at(fields, i);
        if (!weir__text_equal(field.name, WEIR__LITERAL("cookie")))
            continue;
        stream_fields_add(head, WEIR__LITERAL("; "));
        stream_fields_add(head, field.value);
    }
    stream_fields_add(head, WEIR__LITERAL("\r\n"));
}

/* The fields behind the pseudo fields, without those that HTTP/1.1 says in its own way, and the
 * blank line. authority: of a request; a response has none. */
static int stream_fields_add_rest(weir__stream_text *head, const weir_field *fields, size_t count,
                                  size_t at, weir_text authority)
{
    static const weir_text replaced[] = {{"sec-websocket-key", 17}, {"sec-websocket-accept", 20}};
    bool has_cookie = false;
    for (; at < count; at++) {
        const weir_field field = stream_fields_at(fields, at);
        if (!stream_fields_may_stand(field))
            return WEIR_E_STREAM_FIELDS;
        /* RFC 9113 8.3.1, RFC 9114 4.3.1: it may stand beside the authority, and says the same. */
        if (authority.data && weir__text_equal(field.name, WEIR__LITERAL("host"))) {
            if (!weir__text_equal_nocase(field.value, authority))
                return WEIR_E_STREAM_FIELDS;
            continue;
        }
        const bool is_cookie = weir__text_equal(field.name, WEIR__LITERAL("cookie"));
        if (is_cookie && !has_cookie)
            stream_fields_add_cookie(head, fields, count, at);
        else if (!is_cookie && !stream_fields_is_one_of(field.name, replaced, 2))
            stream_fields_add_line(head, field.name, field.value);
        has_cookie |= is_cookie;
    }
    stream_fields_add(head, WEIR__LITERAL("\r\n"));
    return head->is_short ? WEIR_E_SHORT : WEIR_OK;
}

static bool stream_fields_has_space(weir_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ' ' || text.data[i] == '\t')
            return true;
    }
    return false;
}

static bool stream_fields_is_scheme(weir_text text)
{
    return weir__text_equal_nocase(text, WEIR__LITERAL("https")) ||
           weir__text_equal_nocase(text, WEIR__LITERAL("http"));
}

int weir__stream_read_request(const weir_field *fields, size_t count, weir__stream_text *head)
{
    enum {
        METHOD,
        PROTOCOL,
        SCHEME,
        AUTHORITY,
        PATH,
        KNOWN
    };
    static const weir_text names[KNOWN] = {
        {":method", 7}, {":protocol", 9}, {":scheme", 7}, {":authority", 10}, {":path", 5}};
    weir_text value[KNOWN];
    const size_t at = stream_fields_read_pseudo(fields, count, names, value, KNOWN);
    if (at == SIZE_MAX || !weir__text_equal(value[METHOD], WEIR__LITERAL("CONNECT")) ||
        !value[PROTOCOL].data)
        return WEIR_E_STREAM_FIELDS;
    /* RFC 9220 3. */
    if (!weir__text_equal(value[PROTOCOL], WEIR__LITERAL("websocket")))
        return WEIR_E_STREAM_PROTOCOL;
    if (!stream_fields_is_scheme(value[SCHEME]) || value[AUTHORITY].len == 0 ||
        value[PATH].len == 0 || value[PATH].data[0] != '/' || stream_fields_has_space(value[PATH]))
        return WEIR_E_STREAM_FIELDS;
    stream_fields_add(head, WEIR__LITERAL("GET "));
    stream_fields_add(head, value[PATH]);
    stream_fields_add(head, WEIR__LITERAL(" HTTP/1.1\r\nHost: "));
    stream_fields_add(head, value[AUTHORITY]);
    /* The key proves nothing here: the answer to it is left out again. */
    stream_fields_add(head, WEIR__LITERAL("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"));
    return stream_fields_add_rest(head, fields, count, at, value[AUTHORITY]);
}

int weir__stream_read_response(const weir_field *fields, size_t count, weir_text accept,
                               weir__stream_text *head)
{
    static const weir_text names[] = {{":status", 7}};
    weir_text status;
    const size_t at = stream_fields_read_pseudo(fields, count, names, &status, 1);
    if (at == SIZE_MAX || status.len != 3 || status.data[0] < '1' || status.data[0] > '5')
        return WEIR_E_STREAM_FIELDS;
    for (size_t i = 1; i < 3; i++) {
        if (status.data[i] < '0' || status.data[i] > '9')
            return WEIR_E_STREAM_FIELDS;
    }
    /* RFC 9113 8.6: there is no 101. */
    if (weir__text_equal(status, WEIR__LITERAL("101")))
        return WEIR_E_STREAM_FIELDS;
    if (status.data[0] == '2') {
        stream_fields_add(head, WEIR__LITERAL("HTTP/1.1 101 \r\nUpgrade: websocket\r\n"
                                              "Connection: Upgrade\r\n"));
        stream_fields_add_line(head, WEIR__LITERAL("Sec-WebSocket-Accept"), accept);
    } else {
        stream_fields_add(head, WEIR__LITERAL("HTTP/1.1 "));
        stream_fields_add(head, status);
        stream_fields_add(head, WEIR__LITERAL(" \r\n"));
    }
    return stream_fields_add_rest(head, fields, count, at, (weir_text){NULL, 0});
}

/* ---- From heads to lists ---------------------------------------------------------------------*/

/* Take a line off a head, without its CRLF. False: it has no end. */
static bool stream_fields_next_line(weir_text *head, weir_text *line)
{
    for (size_t i = 0; i + 1 < head->len; i++) {
        if (head->data[i] != '\r' || head->data[i + 1] != '\n')
            continue;
        *line = (weir_text){head->data, i};
        *head = (weir_text){head->data + i + 2, head->len - i - 2};
        return true;
    }
    return false;
}

/* Take what stands before a separator off a text. False: there is none, or nothing before it. */
static bool stream_fields_next_part(weir_text *text, weir_text separator, weir_text *part)
{
    for (size_t i = 0; i + separator.len <= text->len; i++) {
        if (memcmp(text->data + i, separator.data, separator.len) != 0)
            continue;
        *part = (weir_text){text->data, i};
        *text = (weir_text){text->data + i + separator.len, text->len - i - separator.len};
        return i > 0;
    }
    return false;
}

/* A copy of a text in the caller's memory. */
static weir_text stream_fields_keep(weir__stream_list *list, weir_text text)
{
    const size_t start = list->texts.len;
    stream_fields_add(&list->texts, text);
    return (weir_text){list->texts.data + start, list->texts.len - start};
}

static void stream_fields_append(weir__stream_list *list, weir_text name, weir_text value)
{
    if (list->count == list->cap) {
        list->texts.is_short = true;
        return;
    }
    weir_field *const field = &list->fields[list->count++];
    const size_t start = list->texts.len;
    field->name = stream_fields_keep(list, name);
    for (size_t i = start; i < list->texts.len; i++) {
        if (list->texts.data[i] >= 'A' && list->texts.data[i] <= 'Z')
            list->texts.data[i] = (char)(list->texts.data[i] + ('a' - 'A'));
    }
    field->value = stream_fields_keep(list, value);
}

/* The field lines of a head, which is whole: its blank line ends them. found: values of the names
 * that are left out. */
static int stream_fields_append_lines(weir__stream_list *list, weir_text head,
                                      const weir_text *left_out, weir_text *found, size_t count)
{
    weir_text line = {NULL, 0}, name;
    for ((void)stream_fields_next_line(&head, &line); line.len > 0;
         (void)stream_fields_next_line(&head, &line)) {
        size_t index = 0;
        if (!stream_fields_next_part(&line, WEIR__LITERAL(": "), &name))
            return WEIR_E_HTTP_SYNTAX;
        while (index < count && !weir__text_equal_nocase(name, left_out[index]))
            index++;
        if (index == count)
            stream_fields_append(list, name, line);
        else
            found[index] = line;
    }
    return list->texts.is_short ? WEIR_E_SHORT : WEIR_OK;
}

/* Bytes of the head with its blank line, 0: it is not whole. */
static size_t stream_fields_head_len(weir_text head)
{
    const size_t len = head.len;
    weir_text line;
    while (stream_fields_next_line(&head, &line)) {
        if (line.len == 0)
            return len - head.len;
    }
    return 0;
}

/* Of the request: what HTTP/2 says in its pseudo fields or not at all. */
enum {
    STREAM_FIELDS_HOST,
    STREAM_FIELDS_UPGRADE,
    STREAM_FIELDS_CONNECTION,
    STREAM_FIELDS_KEY,
    STREAM_FIELDS_REQUEST_OWN
};

int weir__stream_write_request(weir_text head, bool secure, size_t *used, weir_text *key,
                               weir__stream_list *list)
{
    static const weir_text own[STREAM_FIELDS_REQUEST_OWN] = {
        {"Host", 4}, {"Upgrade", 7}, {"Connection", 10}, {"Sec-WebSocket-Key", 17}};
    weir_text found[STREAM_FIELDS_REQUEST_OWN], line = {NULL, 0}, method, path;
    head.len = *used = stream_fields_head_len(head);
    if (head.len == 0)
        return WEIR__STREAM_MORE;
    (void)stream_fields_next_line(&head, &line);
    if (!stream_fields_next_part(&line, WEIR__LITERAL(" "), &method) ||
        !stream_fields_next_part(&line, WEIR__LITERAL(" "), &path))
        return WEIR_E_HTTP_SYNTAX;
    /* The pseudo fields come first, but the authority stands in a line: that place is kept. */
    memset(found, 0, sizeof found);
    stream_fields_append(list, WEIR__LITERAL(":method"), WEIR__LITERAL("CONNECT"));
    stream_fields_append(list, WEIR__LITERAL(":protocol"), WEIR__LITERAL("websocket"));
    stream_fields_append(list, WEIR__LITERAL(":scheme"),
                         secure ? WEIR__LITERAL("https") : WEIR__LITERAL("http"));
    stream_fields_append(list, WEIR__LITERAL(":path"), path);
    const size_t authority_at = list->count;
    stream_fields_append(list, WEIR__LITERAL(":authority"), WEIR__LITERAL(""));
    const int status =
        stream_fields_append_lines(list, head, own, found, STREAM_FIELDS_REQUEST_OWN);
    if (status != WEIR_OK)
        return status;
    *key = found[STREAM_FIELDS_KEY];
    list->fields[authority_at].value = stream_fields_keep(list, found[STREAM_FIELDS_HOST]);
    return list->texts.is_short ? WEIR_E_SHORT : WEIR_OK;
}

int weir__stream_write_response(weir_text head, size_t *used, weir__stream_list *list)
{
    static const weir_text own[] = {
        {"Upgrade", 7}, {"Connection", 10}, {"Sec-WebSocket-Accept", 20}};
    weir_text found[3], line = {NULL, 0}, version;
    head.len = *used = stream_fields_head_len(head);
    if (head.len == 0)
        return WEIR__STREAM_MORE;
    (void)stream_fields_next_line(&head, &line);
    if (!stream_fields_next_part(&line, WEIR__LITERAL(" "), &version) || line.len < 3)
        return WEIR_E_HTTP_SYNTAX;
    /* RFC 8441 5: any 2xx opens, there is no 101. */
    line.len = 3;
    if (weir__text_equal(line, WEIR__LITERAL("101")))
        line = WEIR__LITERAL("200");
    stream_fields_append(list, WEIR__LITERAL(":status"), line);
    return stream_fields_append_lines(list, head, own, found, 3);
}
