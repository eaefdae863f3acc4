/* SPDX-License-Identifier: MIT */
/* URLs, authorities and request targets: parts lie in the text and make it up again. */
#include <stdlib.h>
#include <string.h>

#include "../src/protocol/url.h"
#include "second.h"

static int url_inside(weir_text part, const char *text, size_t len)
{
    return part.len == 0 || (part.data >= text && part.data + part.len <= text + len);
}

static int url_equal(weir_text a, weir_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void url_check_plain(weir_text part)
{
    for (size_t i = 0; i < part.len; i++)
        FUZZ_CHECK(part.data[i] > ' ' && part.data[i] < 127 && part.data[i] != '#');
}

/* A URL put together from the parts says the same, and in its shortest form once more. */
static void url_again(const weir_url *url)
{
    fuzz_bytes text = {NULL, 0, 0};
    weir_url again;
    const char port[7] = {':',
                          (char)('0' + url->port / 10000),
                          (char)('0' + url->port / 1000 % 10),
                          (char)('0' + url->port / 100 % 10),
                          (char)('0' + url->port / 10 % 10),
                          (char)('0' + url->port % 10),
                          '\0'};
    fuzz_add_text(&text, url->secure ? "wss://" : "ws://");
    fuzz_add(&text, url->host_raw.data, url->host_raw.len);
    fuzz_add_text(&text, port);
    fuzz_add(&text, url->path.data, url->path.len);
    if (url->query.len > 0)
        fuzz_add_text(&text, "?");
    fuzz_add(&text, url->query.data, url->query.len);
    FUZZ_CHECK(weir_url_parse((const char *)text.data, text.len, &again) == WEIR_OK);
    FUZZ_CHECK(again.secure == url->secure && again.port == url->port && again.ipv6 == url->ipv6);
    FUZZ_CHECK(url_equal(again.host, url->host) && url_equal(again.path, url->path));
    FUZZ_CHECK(url_equal(again.query, url->query) && again.default_port == url->default_port);
    fuzz_drop(&text);
}

static void url_check(const char *text, size_t len)
{
    weir_url url;
    const int status = weir_url_parse(text, len, &url);
    FUZZ_CHECK(status == WEIR_OK || status == WEIR_E_URL);
    second_url(text, len, status, &url);
    if (status != WEIR_OK)
        return;
    FUZZ_CHECK(url_inside(url.host, text, len) && url_inside(url.host_raw, text, len));
    FUZZ_CHECK(url_inside(url.path, text, len) && url_inside(url.query, text, len));
    FUZZ_CHECK(url.host.len > 0 && url.port <= 65535 && url.secure <= 1 && url.ipv6 <= 1);
    FUZZ_CHECK(url.host_raw.len == url.host.len + (url.ipv6 ? 2u : 0u));
    FUZZ_CHECK(url.default_port == (url.port == (url.secure ? 443u : 80u)));
    FUZZ_CHECK(url.path.len == 0 || url.path.data[0] == '/');
    url_check_plain(url.host);
    url_check_plain(url.path);
    url_check_plain(url.query);
    url_again(&url);
}

/* What stands in a Host field of ours is an authority. */
static void url_check_target(const char *data, size_t len)
{
    weir_text authority, path, query, host, port;
    const weir_text text = {data, len};
    if (weir__target_parse(text, &authority, &path, &query)) {
        FUZZ_CHECK(url_inside(authority, data, len) && url_inside(query, data, len));
        FUZZ_CHECK(path.len > 0 && path.data[0] == '/');
        FUZZ_CHECK(authority.len == 0 || weir__authority_parse(authority, NULL, NULL));
        url_check_plain(path);
        url_check_plain(query);
    }
    if (weir__authority_parse(text, &host, &port)) {
        FUZZ_CHECK(host.len > 0 && url_inside(host, data, len) && url_inside(port, data, len));
        for (size_t i = 0; i < port.len; i++)
            FUZZ_CHECK(port.data[i] >= '0' && port.data[i] <= '9');
        FUZZ_CHECK(memchr(host.data, '@', host.len) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = (char *)fuzz_copy(data, size);
    const uint64_t start = fuzz_work();
    url_check(text ? text : "", size);
    url_check_target(text ? text : "", size);
    fuzz_work_within("url", start, 3000, 120, size);
    free(text);
    return 0;
}
