/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 4), with padding. */
#include "base64.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789+/";

/* Four characters of three bytes. */
static void base64_group(uint32_t bytes, char *out)
{
    out[0] = base64_digits[bytes >> 18];
    out[1] = base64_digits[bytes >> 12 & 63];
    out[2] = base64_digits[bytes >> 6 & 63];
    out[3] = base64_digits[bytes & 63];
}

void weir__base64_encode(const uint8_t *data, size_t len, char *out)
{
    for (; len >= 3; len -= 3, data += 3, out += 4)
        base64_group((uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2], out);
    if (len == 0)
        return;
    uint32_t second = len == 2 ? data[1] : 0;
    base64_group((uint32_t)data[0] << 16 | second << 8, out);
    if (len == 1)
        out[2] = '=';
    out[3] = '=';
}

static bool base64_is_digit(char c)
{
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return letter || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

bool weir__base64_is_key(const char *text, size_t len)
{
    if (len != 24 || text[22] != '=' || text[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++) {
        if (!base64_is_digit(text[i]))
            return false;
    }
    return true;
}
