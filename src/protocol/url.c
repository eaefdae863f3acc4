/* SPDX-License-Identifier: MIT */
/* ws: and wss: URLs (RFC 6455 3, RFC 3986). */
#include "url.h"

#include "../base/text.h"

#define URL_PORT_MAX 65535u

/* Classes of bytes (RFC 3986 2): of a reg-name; of a path or query; hexadecimal digits; and what
 * may stand in a request target, where browsers also leave [ ] { } | ^ ` and \ as they are. */
#define URL_HOST 1u
#define URL_PATH 2u
#define URL_HEX 4u
#define URL_TARGET 8u

/* clang-format off */
static const uint8_t url_classes[128] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  11, 0,  0,  11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 10,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 10, 11, 0,  11, 0,  10,
    10, 15, 15, 15, 15, 15, 15, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 8,  8,  8,  8,  11,
    8,  15, 15, 15, 15, 15, 15, 11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 8,  8,  8,  11, 0,
};
/* clang-format on */

static bool url_is(char byte, uint8_t class)
{
    const uint8_t index = (uint8_t)byte;
    return index < sizeof url_classes && (url_classes[index] & class) != 0;
}

static bool url_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t url_run_len(weir_text text, uint8_t class)
{
    size_t len = 0;
    while (len < text.len && url_is(text.data[len], class))
        len++;
    return len;
}

static weir_text url_drop(weir_text text, size_t count)
{
    const weir_text rest = {text.data + count, text.len - count};
    return rest;
}

/* RFC 3986 2.1; the text starts with a percent sign. */
static bool url_is_escape(weir_text text)
{
    return text.len >= 3 && url_is(text.data[1], URL_HEX) && url_is(text.data[2], URL_HEX);
}

/* Length of the run of bytes of the class that text starts with; it ends before a percent sign that
 * starts no escape. */
static size_t url_encoded_len(weir_text text, uint8_t class)
{
    size_t len = 0;
    while (len < text.len && url_is(text.data[len], class) &&
           (text.data[len] != '%' || url_is_escape(url_drop(text, len))))
        len++;
    return len;
}

static bool url_is_encoded(weir_text text, uint8_t class)
{
    return url_encoded_len(text, class) == text.len;
}

static bool url_starts(weir_text text, char byte)
{
    return text.len > 0 && text.data[0] == byte;
}

/* RFC 3986 3.2.2 dec-octet: 0 to 255 without leading zeros. Length, 0 when there is none. */
static size_t url_octet_len(weir_text text)
{
    unsigned value = 0;
    size_t len = 0;
    while (len < text.len && len < 3 && url_is_digit(text.data[len]))
        value = value * 10 + (unsigned)(text.data[len++] - '0');
    if (value > 255 || (len > 1 && text.data[0] == '0'))
        return 0;
    return len;
}

static bool url_is_ipv4(weir_text text)
{
    for (unsigned octets = 0; octets < 4; octets++) {
        if (octets > 0) {
            if (!url_starts(text, '.'))
                return false;
            text = url_drop(text, 1);
        }
        const size_t len = url_octet_len(text);
        if (len == 0)
            return false;
        text = url_drop(text, len);
    }
    return text.len == 0;
}

/* RFC 3986 3.2.2 IPv6address: eight groups of 16 bits, the last two maybe as IPv4; one run of at
 * least one group may be left out as "::". A zone is none of it: it means nothing to the peer (RFC
 * 9844 took zones out of URLs). */
static bool url_is_ipv6(weir_text text)
{
    unsigned groups = 0;
    bool elided = text.len >= 2 && text.data[0] == ':' && text.data[1] == ':';
    if (elided)
        text = url_drop(text, 2);
    while (text.len > 0) {
        const size_t len = url_run_len(text, URL_HEX);
        if (url_starts(url_drop(text, len), '.')) {
            if (!url_is_ipv4(text))
                return false;
            groups += 2;
            break;
        }
        groups++;
        if (len == 0 || len > 4)
            return false;
        text = url_drop(text, len);
        if (text.len == 0)
            break;
        if (text.data[0] != ':' || text.len == 1)
            return false;
        text = url_drop(text, 1);
        if (url_starts(text, ':')) {
            if (elided)
                return false;
            elided = true;
            text = url_drop(text, 1);
        }
    }
    return elided ? groups <= 7 : groups == 8;
}

/* Length of the host that text starts with, brackets included; 0 when there is no valid one. */
static size_t url_host_len(weir_text text)
{
    if (!url_starts(text, '['))
        return url_encoded_len(text, URL_HOST);
    size_t end = 1;
    while (end < text.len && text.data[end] != ']')
        end++;
    if (end == text.len || !url_is_ipv6((weir_text){text.data + 1, end - 1}))
        return 0;
    return end + 1;
}

/* RFC 3986 3.2.3: any number of digits, none too. */
static bool url_port_value(weir_text text, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!url_is_digit(text.data[i]))
            return false;
        *value = *value * 10 + (uint32_t)(text.data[i] - '0');
        if (*value > URL_PORT_MAX)
            return false;
    }
    return true;
}

bool weir__authority_parse(weir_text text, weir_text *host, weir_text *port)
{
    const weir_text name = {text.data, url_host_len(text)};
    if (name.len == 0)
        return false;
    weir_text rest = url_drop(text, name.len);
    if (rest.len > 0) {
        if (rest.data[0] != ':')
            return false;
        rest = url_drop(rest, 1);
    }
    uint32_t value;
    if (!url_port_value(rest, &value))
        return false;
    if (host != NULL)
        *host = name;
    if (port != NULL)
        *port = rest;
    return true;
}

/* Length of the prefix when text starts with it in any case, else 0. */
static size_t url_prefix_len(weir_text text, weir_text prefix)
{
    const bool starts = text.len >= prefix.len &&
                        weir__text_equal_nocase((weir_text){text.data, prefix.len}, prefix);
    return starts ? prefix.len : 0;
}

static weir_text url_before(weir_text text, char a, char b)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != a && text.data[len] != b)
        len++;
    return (weir_text){text.data, len};
}

/* Take what follows the scheme apart; text that starts with the path has an empty authority. */
static void url_split(weir_text text, weir_text *authority, weir_text *path, weir_text *query)
{
    *authority = url_before(text, '/', '?');
    text = url_drop(text, authority->len);
    *path = url_before(text, '?', '?');
    text = url_drop(text, path->len);
    *query = text.len > 0 ? url_drop(text, 1) : text;
}

bool weir__target_parse(weir_text target, weir_text *authority, weir_text *path, weir_text *query)
{
    if (url_run_len(target, URL_TARGET) != target.len)
        return false;
    const bool absolute = !url_starts(target, '/');
    if (absolute) {
        size_t scheme_len = url_prefix_len(target, WEIR__LITERAL("http://"));
        if (scheme_len == 0)
            scheme_len = url_prefix_len(target, WEIR__LITERAL("https://"));
        if (scheme_len == 0)
            return false;
        target = url_drop(target, scheme_len);
    }
    url_split(target, authority, path, query);
    if (absolute && !weir__authority_parse(*authority, NULL, NULL))
        return false;
    /* RFC 9110 4.2.3: an empty path of an http URL means "/". */
    if (path->len == 0)
        *path = WEIR__LITERAL("/");
    return true;
}

static bool url_take_authority(weir_url *url, weir_text authority)
{
    weir_text port;
    if (!weir__authority_parse(authority, &url->host_raw, &port))
        return false;
    (void)url_port_value(port, &url->port);
    url->ipv6 = url->host_raw.data[0] == '[';
    url->host = url->host_raw;
    if (url->ipv6 != 0)
        url->host = (weir_text){url->host_raw.data + 1, url->host_raw.len - 2};
    /* RFC 6455 3: 80 for ws, 443 for wss. */
    const uint32_t usual = url->secure != 0 ? 443 : 80;
    if (port.len == 0)
        url->port = usual;
    url->default_port = url->port == usual;
    return true;
}

int weir__url_parse(weir_text text, weir_url *url)
{
    /* RFC 6455 3: the scheme compares without case. */
    const size_t plain_len = url_prefix_len(text, WEIR__LITERAL("ws://"));
    const size_t secure_len = url_prefix_len(text, WEIR__LITERAL("wss://"));
    if (plain_len + secure_len == 0)
        return WEIR_E_URL;
    weir_url parsed = {.secure = secure_len > 0};
    weir_text authority;
    url_split(url_drop(text, plain_len + secure_len), &authority, &parsed.path, &parsed.query);
    /* RFC 6455 3: there is no fragment: "#" is of no class. */
    if (!url_take_authority(&parsed, authority) || !url_is_encoded(parsed.path, URL_PATH) ||
        !url_is_encoded(parsed.query, URL_PATH))
        return WEIR_E_URL;
    *url = parsed;
    return WEIR_OK;
}
