/* SPDX-License-Identifier: MIT */
/* The field names that the opening handshake looks at, told apart once while a head is parsed. */
#include "http_name.h"

#include "../base/bits.h"

/* In lower case. */
static const char *const http_name_texts[WEIR__NAME_COUNT] = {
    [WEIR__NAME_OTHER] = "",
    [WEIR__NAME_HOST] = "host",
    [WEIR__NAME_ORIGIN] = "origin",
    [WEIR__NAME_EXPECT] = "expect",
    [WEIR__NAME_UPGRADE] = "upgrade",
    [WEIR__NAME_CONNECTION] = "connection",
    [WEIR__NAME_CONTENT_LENGTH] = "content-length",
    [WEIR__NAME_TRANSFER_ENCODING] = "transfer-encoding",
    [WEIR__NAME_KEY] = "sec-websocket-key",
    [WEIR__NAME_ACCEPT] = "sec-websocket-accept",
    [WEIR__NAME_VERSION] = "sec-websocket-version",
    [WEIR__NAME_PROTOCOL] = "sec-websocket-protocol",
    [WEIR__NAME_EXTENSIONS] = "sec-websocket-extensions",
};

/* The one name that it may be: lengths and, where two share one, the first letter differ. */
static weir__http_name http_name_guess(weir_text name)
{
    switch (name.len) {
    case 4:
        return WEIR__NAME_HOST;
    case 6:
        return (name.data[0] | 0x20) == 'o' ? WEIR__NAME_ORIGIN : WEIR__NAME_EXPECT;
    case 7:
        return WEIR__NAME_UPGRADE;
    case 10:
        return WEIR__NAME_CONNECTION;
    case 14:
        return WEIR__NAME_CONTENT_LENGTH;
    case 17:
        return (name.data[0] | 0x20) == 's' ? WEIR__NAME_KEY : WEIR__NAME_TRANSFER_ENCODING;
    case 20:
        return WEIR__NAME_ACCEPT;
    case 21:
        return WEIR__NAME_VERSION;
    case 22:
        return WEIR__NAME_PROTOCOL;
    case 24:
        return WEIR__NAME_EXTENSIONS;
    default:
        return WEIR__NAME_OTHER;
    }
}

/* A capital differs from its small letter in bit 5 alone. In the lower text, which holds letters
 * and hyphens, bit 6 is set in the letters alone: moved to bit 5 it says where either may stand. */
static bool http_name_equal8(const char *name, const char *lower)
{
    const uint64_t want = weir__bits_load64((const uint8_t *)lower);
    const uint64_t letters = want >> 1 & 0x2020202020202020u;
    return (weir__bits_load64((const uint8_t *)name) | letters) == want;
}

static bool http_name_equal4(const char *name, const char *lower)
{
    const uint32_t want = weir__bits_load32((const uint8_t *)lower);
    const uint32_t letters = want >> 1 & 0x20202020u;
    return (weir__bits_load32((const uint8_t *)name) | letters) == want;
}

/* In whole words; the last one may overlap the one before it. All names have at least 4 bytes. */
static bool http_name_equal(weir_text name, const char *lower)
{
    if (name.len < 8)
        return http_name_equal4(name.data, lower) &&
               http_name_equal4(name.data + name.len - 4, lower + name.len - 4);
    for (size_t at = 0; at < name.len - 8; at += 8) {
        if (!http_name_equal8(name.data + at, lower + at))
            return false;
    }
    return http_name_equal8(name.data + name.len - 8, lower + name.len - 8);
}

weir__http_name weir__http_name_of(weir_text name)
{
    const weir__http_name guess = http_name_guess(name);
    if (guess == WEIR__NAME_OTHER || !http_name_equal(name, http_name_texts[guess]))
        return WEIR__NAME_OTHER;
    return guess;
}
