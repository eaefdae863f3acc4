/* SPDX-License-Identifier: MIT */
/* The field names that the opening handshake looks at, told apart once while a head is parsed. */
#include "http_name.h"

#include "../base/bits.h"

/* A capital differs from its small letter in bit 5 alone. In the lower text, which holds letters
 * and hyphens, bit 6 is set in the letters alone: moved to bit 5 it says where either may stand. */
WEIR__INLINE bool http_name_equal8(const char *name, const char *lower)
{
    const uint64_t want = weir__bits_load64((const uint8_t *)lower);
    const uint64_t letters = want >> 1 & 0x2020202020202020u;
    return (weir__bits_load64((const uint8_t *)name) | letters) == want;
}

WEIR__INLINE bool http_name_equal4(const char *name, const char *lower)
{
    const uint32_t want = weir__bits_load32((const uint8_t *)lower);
    const uint32_t letters = want >> 1 & 0x20202020u;
    return (weir__bits_load32((const uint8_t *)name) | letters) == want;
}

/* In whole words; the last one may overlap the one before it. All names have at least 4 bytes. */
WEIR__INLINE bool http_name_equal(const char *name, const char *lower, size_t len)
{
    if (len < 8)
        return http_name_equal4(name, lower) && http_name_equal4(name + len - 4, lower + len - 4);
    for (size_t at = 0; at < len - 8; at += 8) {
        if (!http_name_equal8(name + at, lower + at))
            return false;
    }
    return http_name_equal8(name + len - 8, lower + len - 8);
}

/* The name if it is that of the literal, which is as long and in lower case: all of it but the
 * bytes of the name becomes constants. */
#define HTTP_NAME_IF(name, lower, which)                                                           \
    (http_name_equal((name).data, lower, sizeof(lower) - 1) ? (which) : WEIR__NAME_OTHER)

/* Where two share a length, the first letter tells them apart. */
static bool http_name_starts(weir_text name, char lower)
{
    return (name.data[0] | 0x20) == lower;
}

weir__http_name weir__http_name_of(weir_text name)
{
    switch (name.len) {
    case 4:
        return HTTP_NAME_IF(name, "host", WEIR__NAME_HOST);
    case 6:
        return http_name_starts(name, 'o') ? HTTP_NAME_IF(name, "origin", WEIR__NAME_ORIGIN)
                                           : HTTP_NAME_IF(name, "expect", WEIR__NAME_EXPECT);
    case 7:
        return HTTP_NAME_IF(name, "upgrade", WEIR__NAME_UPGRADE);
    case 10:
        return HTTP_NAME_IF(name, "connection", WEIR__NAME_CONNECTION);
    case 14:
        return HTTP_NAME_IF(name, "content-length", WEIR__NAME_CONTENT_LENGTH);
    case 17:
        return http_name_starts(name, 's')
                   ? HTTP_NAME_IF(name, "sec-websocket-key", WEIR__NAME_KEY)
                   : HTTP_NAME_IF(name, "transfer-encoding", WEIR__NAME_TRANSFER_ENCODING);
    case 20:
        return HTTP_NAME_IF(name, "sec-websocket-accept", WEIR__NAME_ACCEPT);
    case 21:
        return HTTP_NAME_IF(name, "sec-websocket-version", WEIR__NAME_VERSION);
    case 22:
        return HTTP_NAME_IF(name, "sec-websocket-protocol", WEIR__NAME_PROTOCOL);
    case 24:
        return HTTP_NAME_IF(name, "sec-websocket-extensions", WEIR__NAME_EXTENSIONS);
    default:
        return WEIR__NAME_OTHER;
    }
}
