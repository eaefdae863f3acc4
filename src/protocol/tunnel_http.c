/* SPDX-License-Identifier: MIT */
/* A tunnel through an HTTP proxy: CONNECT (RFC 9110 9.3.6). */
#include "tunnel_http.h"

#include "../kernels/base64.h"
#include "handshake.h"

#define TUNNEL_HTTP_AUTHORIZATION WEIR__LITERAL("Proxy-Authorization")

/* The target always has its port (RFC 9110 9.3.6). */
static void tunnel_http_write_target(weir__head_writer *writer, const weir_proxy_request *request)
{
    bool ipv6 = false;
    for (size_t i = 0; i < request->host.len; i++)
        ipv6 |= request->host.data[i] == ':';
    weir__head_text(writer, ipv6 ? WEIR__LITERAL("[") : WEIR__LITERAL(""));
    weir__head_text(writer, request->host);
    weir__head_text(writer, ipv6 ? WEIR__LITERAL("]:") : WEIR__LITERAL(":"));
    weir__head_number(writer, request->port);
}

/* RFC 7617 2: base64 of user, colon and password, written as groups of three bytes. */
static void tunnel_http_write_basic(weir__head_writer *writer, weir_text user, weir_text password)
{
    const weir_text colon = WEIR__LITERAL(":");
    const weir_text *const parts[] = {&user, &colon, &password};
    uint8_t group[3];
    char digits[4];
    size_t have = 0;
    weir__head_text(writer, TUNNEL_HTTP_AUTHORIZATION);
    weir__head_text(writer, WEIR__LITERAL(": Basic "));
    for (size_t part = 0; part < 3; part++) {
        for (size_t i = 0; i < parts[part]->len; i++) {
            group[have++] = (uint8_t)parts[part]->data[i];
            if (have < sizeof group)
                continue;
            weir__base64_encode(group, have, digits);
            weir__head_text(writer, (weir_text){digits, sizeof digits});
            have = 0;
        }
    }
    if (have > 0) {
        weir__base64_encode(group, have, digits);
        weir__head_text(writer, (weir_text){digits, sizeof digits});
    }
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

/* RFC 7617 2: no control characters, and the first colon ends the user. */
static bool tunnel_http_credentials_valid(const weir_proxy_request *request)
{
    const weir_text *const parts[] = {&request->user, &request->password};
    for (size_t part = 0; part < 2; part++) {
        for (size_t i = 0; i < parts[part]->len; i++) {
            const uint8_t byte = (uint8_t)parts[part]->data[i];
            if (byte < ' ' || byte == 0x7F || (part == 0 && byte == ':'))
                return false;
        }
    }
    return true;
}

/* The library's own field is not the caller's too. */
static int tunnel_http_fields_check(const weir_proxy_request *request, bool authorized)
{
    const int status = weir__fields_check(request->fields, request->field_count, true);
    for (size_t i = 0; status == WEIR_OK && authorized && i < request->field_count; i++) {
        const weir_text name = request->fields[i].name;
        if (weir__text_equal_nocase(weir__text(name.data, name.len), TUNNEL_HTTP_AUTHORIZATION))
            return WEIR_E_FIELD;
    }
    return status;
}

/* More bytes than the request can have: with room for them all, its buffer never moves and leaves
 * no credentials behind. */
static size_t tunnel_http_room(const weir_proxy_request *request)
{
    size_t room = 256 + 2 * request->host.len + 2 * (request->user.len + request->password.len);
    for (size_t i = 0; i < request->field_count; i++) {
        const weir_field *const field = &request->fields[i];
        room += 4 + weir__text(field->name.data, field->name.len).len +
                weir__text(field->value.data, field->value.len).len;
    }
    return room;
}

int weir__tunnel_http_open(weir__tunnel *tunnel, const weir_proxy_request *request)
{
    const bool authorized = request->user.len + request->password.len > 0;
    if (!tunnel_http_credentials_valid(request))
        return WEIR_E_ARGUMENT;
    int status = tunnel_http_fields_check(request, authorized);
    if (status == WEIR_OK)
        status = weir__buffer_reserve(tunnel->memory, &tunnel->said, tunnel_http_room(request));
    if (status != WEIR_OK)
        return status;
    weir__head_writer writer;
    weir__head_begin(&writer, tunnel->memory, &tunnel->said);
    weir__head_text(&writer, WEIR__LITERAL("CONNECT "));
    tunnel_http_write_target(&writer, request);
    weir__head_text(&writer, WEIR__LITERAL(" HTTP/1.1\r\nHost: "));
    tunnel_http_write_target(&writer, request);
    weir__head_text(&writer, WEIR__LITERAL("\r\n"));
    if (authorized)
        tunnel_http_write_basic(&writer, request->user, request->password);
    weir__head_fields(&writer, request->fields, request->field_count);
    weir__head_text(&writer, WEIR__LITERAL("\r\n"));
    status = weir__head_end(&writer);
    tunnel->allowed = tunnel->said.len;
    return status;
}

/* A whole response. Any 2xx means that the tunnel stands, whatever it says of a body: what follows
 * is the target's (RFC 9110 9.3.6, RFC 9112 6.3). */
static int tunnel_http_judge(weir__tunnel *tunnel)
{
    weir__http_head *const head = &tunnel->head;
    tunnel->code = head->status;
    tunnel->judged = true;
    if (head->major != 1)
        return WEIR_E_HTTP_VERSION;
    if (head->status < 200 && head->status != 101) {
        if (tunnel->interim++ >= head->policy->max_interim)
            return WEIR_E_TOO_MANY_INTERIM;
        weir__http_head_reset(head);
        tunnel->judged = false;
        return WEIR__TUNNEL_MORE;
    }
    /* 407 is meant; tinyproxy is one that says 401. */
    if (head->status == 407 || head->status == 401)
        return WEIR_E_PROXY_AUTH;
    if (head->status / 100 != 2)
        return WEIR_E_PROXY_REFUSED;
    /* A refusal may come early, a tunnel not before it was asked for. */
    return tunnel->sent < tunnel->allowed ? WEIR_E_PROXY_ANSWER : WEIR__TUNNEL_OPEN;
}

int weir__tunnel_http_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used)
{
    size_t at = 0;
    int status = WEIR__TUNNEL_MORE;
    while (status == WEIR__TUNNEL_MORE && at < len) {
        size_t piece;
        const int fed =
            weir__http_head_feed(&tunnel->head, tunnel->memory, data + at, len - at, &piece);
        at += piece;
        if (fed == WEIR_OK)
            status = tunnel_http_judge(tunnel);
        else if (fed != WEIR__HTTP_MORE)
            status = fed;
    }
    *used = at;
    return status;
}
