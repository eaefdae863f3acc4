/* SPDX-License-Identifier: MIT */
/* A tunnel through a SOCKS5 proxy (RFC 1928), with user and password (RFC 1929). */
#include "tunnel_socks.h"

#include <string.h>

/* Turns: which answer is awaited. */
enum {
    TUNNEL_SOCKS_METHOD,
    TUNNEL_SOCKS_CREDENTIALS,
    TUNNEL_SOCKS_CONNECT
};

enum {
    TUNNEL_SOCKS_NO_CREDENTIALS = 0,
    TUNNEL_SOCKS_PASSWORD = 2,
    TUNNEL_SOCKS_NONE = 0xFF /* no method that was offered suits the proxy */
};

/* Types of addresses (RFC 1928 5). */
enum {
    TUNNEL_SOCKS_IPV4 = 1,
    TUNNEL_SOCKS_NAME = 3,
    TUNNEL_SOCKS_IPV6 = 4
};

/* ---- What is said ----------------------------------------------------------------------------*/

/* Whether the host is four decimal numbers below 256; with leading zeros it is a name (RFC 3986
 * 3.2.2). address is set as far as read. */
static bool tunnel_socks_ipv4(weir_text host, uint8_t address[4])
{
    uint32_t value = 0;
    size_t numbers = 0, digits = 0;
    for (size_t i = 0; i <= host.len; i++) {
        if (i < host.len && host.data[i] >= '0' && host.data[i] <= '9') {
            if (digits++ > 0 && value == 0)
                return false;
            value = value * 10 + (uint32_t)(host.data[i] - '0');
            if (value > 255)
                return false;
            continue;
        }
        if (digits == 0 || numbers == 4 || (i < host.len && host.data[i] != '.'))
            return false;
        address[numbers++] = (uint8_t)value;
        value = 0;
        digits = 0;
    }
    return numbers == 4;
}

/* The 16 bits that a group of hexadecimal digits means; text loses the group. */
static uint32_t tunnel_socks_group(weir_text *text)
{
    uint32_t value = 0;
    while (text->len > 0 && text->data[0] != ':') {
        const uint32_t digit = (uint8_t)text->data[0];
        value = value << 4 | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        *text = (weir_text){text->data + 1, text->len - 1};
    }
    return value;
}

static void tunnel_socks_store16(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)(value & 0xFF);
}

/* The host is a valid IPv6 address: 16 bytes, or fewer and "::". What stands behind that is moved
 * to the end. */
static void tunnel_socks_ipv6(weir_text host, uint8_t address[16])
{
    size_t at = 0, gap = 16;
    while (host.len > 0) {
        if (host.data[0] == ':') {
            if (host.len > 1 && host.data[1] == ':')
                gap = at;
            host = (weir_text){host.data + 1, host.len - 1};
            continue;
        }
        if (tunnel_socks_ipv4(host, address + at)) {
            at += 4;
            break;
        }
        tunnel_socks_store16(address + at, tunnel_socks_group(&host));
        at += 2;
    }
    if (gap < 16) {
        const size_t behind = at - gap;
        memmove(address + 16 - behind, address + gap, behind);
        memset(address + gap, 0, 16 - at);
    }
}

static size_t tunnel_socks_write_text(uint8_t *out, weir_text text)
{
    out[0] = (uint8_t)text.len;
    memcpy(out + 1, text.data, text.len);
    return 1 + text.len;
}

/* RFC 1928 4: version, connect, reserved, type and bytes of the address, port. */
static size_t tunnel_socks_write_connect(uint8_t *out, const weir_proxy_request *request)
{
    size_t len = 4;
    bool ipv6 = false;
    for (size_t i = 0; i < request->host.len; i++)
        ipv6 |= request->host.data[i] == ':';
    out[0] = 5;
    out[1] = 1;
    out[2] = 0;
    if (ipv6) {
        out[3] = TUNNEL_SOCKS_IPV6;
        tunnel_socks_ipv6(request->host, out + 4);
        len += 16;
    } else if (tunnel_socks_ipv4(request->host, out + 4)) {
        out[3] = TUNNEL_SOCKS_IPV4;
        len += 4;
    } else {
        out[3] = TUNNEL_SOCKS_NAME;
        len += tunnel_socks_write_text(out + 4, request->host);
    }
    tunnel_socks_store16(out + len, request->port);
    return len + 2;
}

/* RFC 1929 2: a user and a password have 1 to 255 bytes. */
static bool tunnel_socks_text_valid(weir_text text)
{
    return text.len > 0 && text.len <= 255;
}

int weir__tunnel_socks_open(weir__tunnel *tunnel, const weir_proxy_request *request)
{
    const bool authorized = request->user.len + request->password.len > 0;
    if (authorized &&
        !(tunnel_socks_text_valid(request->user) && tunnel_socks_text_valid(request->password)))
        return WEIR_E_ARGUMENT;
    if (request->field_count > 0)
        return WEIR_E_FIELD;
    /* Three turns: 4, 513 and 262 bytes at most. */
    const int status = weir__buffer_reserve(tunnel->memory, &tunnel->said,
                                            16 + request->user.len + request->password.len +
                                                request->host.len + 16);
    if (status != WEIR_OK)
        return status;
    uint8_t *const out = tunnel->said.data;
    out[0] = 5;
    out[1] = authorized ? 2 : 1;
    out[2] = TUNNEL_SOCKS_NO_CREDENTIALS;
    out[3] = TUNNEL_SOCKS_PASSWORD;
    size_t len = 2u + out[1];
    tunnel->allowed = tunnel->credentials_at = len;
    if (authorized) {
        out[len++] = 1;
        len += tunnel_socks_write_text(out + len, request->user);
        len += tunnel_socks_write_text(out + len, request->password);
    }
    tunnel->connect_at = len;
    tunnel->said.len = len + tunnel_socks_write_connect(out + len, request);
    tunnel->need = 2;
    return WEIR_OK;
}

/* ---- What comes ------------------------------------------------------------------------------*/

/* The next turn: say what stands from one place to another, wait for two bytes again. */
static int tunnel_socks_say(weir__tunnel *tunnel, uint32_t turn, size_t from, size_t to)
{
    tunnel->turn = turn;
    tunnel->sent = from;
    tunnel->allowed = to;
    tunnel->have = 0;
    return WEIR__TUNNEL_MORE;
}

/* RFC 1928 3. The proxy must choose one of the methods that were offered. */
static int tunnel_socks_take_method(weir__tunnel *tunnel)
{
    const uint8_t method = tunnel->answer[1];
    const bool offered = tunnel->connect_at > tunnel->credentials_at;
    if (method == TUNNEL_SOCKS_NONE)
        return WEIR_E_PROXY_AUTH;
    if (method == TUNNEL_SOCKS_PASSWORD && offered)
        return tunnel_socks_say(tunnel, TUNNEL_SOCKS_CREDENTIALS, tunnel->credentials_at,
                                tunnel->connect_at);
    if (method != TUNNEL_SOCKS_NO_CREDENTIALS)
        return WEIR_E_PROXY_ANSWER;
    return tunnel_socks_say(tunnel, TUNNEL_SOCKS_CONNECT, tunnel->connect_at, tunnel->said.len);
}

/* RFC 1928 6: the first two bytes tell the verdict, the fourth and fifth how much is to come. */
static int tunnel_socks_take_connect(weir__tunnel *tunnel)
{
    tunnel->code = tunnel->answer[1];
    if (tunnel->code != 0)
        return WEIR_E_PROXY_REFUSED;
    if (tunnel->need == 2) {
        tunnel->need = 5;
        return WEIR__TUNNEL_MORE;
    }
    if (tunnel->need > 5)
        return WEIR__TUNNEL_OPEN;
    if (tunnel->answer[3] == TUNNEL_SOCKS_NAME)
        tunnel->need = 7u + tunnel->answer[4];
    else if (tunnel->answer[3] == TUNNEL_SOCKS_IPV4 || tunnel->answer[3] == TUNNEL_SOCKS_IPV6)
        tunnel->need = tunnel->answer[3] == TUNNEL_SOCKS_IPV4 ? 10 : 22;
    else
        return WEIR_E_PROXY_ANSWER;
    return WEIR__TUNNEL_MORE;
}

/* As many bytes as were awaited are there. No answer comes before what it answers. */
static int tunnel_socks_take(weir__tunnel *tunnel)
{
    const uint8_t version = tunnel->turn == TUNNEL_SOCKS_CREDENTIALS ? 1 : 5;
    if (tunnel->answer[0] != version || tunnel->sent < tunnel->allowed)
        return WEIR_E_PROXY_ANSWER;
    if (tunnel->turn == TUNNEL_SOCKS_METHOD)
        return tunnel_socks_take_method(tunnel);
    if (tunnel->turn == TUNNEL_SOCKS_CONNECT)
        return tunnel_socks_take_connect(tunnel);
    if (tunnel->answer[1] != 0) /* RFC 1929 2 */
        return WEIR_E_PROXY_AUTH;
    return tunnel_socks_say(tunnel, TUNNEL_SOCKS_CONNECT, tunnel->connect_at, tunnel->said.len);
}

int weir__tunnel_socks_receive(weir__tunnel *tunnel, const uint8_t *data, size_t len, size_t *used)
{
    size_t at = 0;
    int status = WEIR__TUNNEL_MORE;
    while (status == WEIR__TUNNEL_MORE && at < len) {
        if (tunnel->have < sizeof tunnel->answer)
            tunnel->answer[tunnel->have] = data[at];
        tunnel->have++;
        at++;
        if (tunnel->have == tunnel->need)
            status = tunnel_socks_take(tunnel);
    }
    *used = at;
    return status;
}
