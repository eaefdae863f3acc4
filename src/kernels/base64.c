/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 4), with padding. */
#include "base64.h"

#include "../base/bits.h"

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz"
                                    "0123456789+/";

/* Four characters of the low 24 bits. */
static inline void base64_group(uint32_t bytes, char *out)
{
    out[0] = base64_digits[bytes >> 18 & 63];
    out[1] = base64_digits[bytes >> 12 & 63];
    out[2] = base64_digits[bytes >> 6 & 63];
    out[3] = base64_digits[bytes & 63];
}

void weir__base64_encode(const uint8_t *data, size_t len, char *out)
{
    /* Two words that overlap hold six bytes more cheaply than six loads. */
    for (; len >= 6; len -= 6, data += 6, out += 8) {
        base64_group(weir__bits_load32_big(data) >> 8, out);
        base64_group(weir__bits_load32_big(data + 2), out + 4);
    }
    if (len >= 3) {
        base64_group((uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2], out);
        len -= 3;
        data += 3;
        out += 4;
    }
    if (len == 0)
        return;
    uint32_t second = len == 2 ? data[1] : 0;
    base64_group((uint32_t)data[0] << 16 | second << 8, out);
    if (len == 1)
        out[2] = '=';
    out[3] = '=';
}

/* The same byte eight times. */
static inline uint64_t base64_each(uint8_t byte)
{
    return byte * 0x0101010101010101u;
}

/* In the top bit of each byte: whether it is from first to last. Bytes and bounds are below 0x80,
 * so that no sum reaches the next byte. */
static inline uint64_t base64_between(uint64_t bytes, uint8_t first, uint8_t last)
{
    uint64_t from = bytes + base64_each((uint8_t)(0x80 - first));
    uint64_t after = bytes + base64_each((uint8_t)(0x7F - last));
    return from & ~after;
}

/* In the top bit of each of the eight bytes: whether it is no digit. */
static inline uint64_t base64_strangers(const char *text)
{
    uint64_t bytes = weir__bits_load64((const uint8_t *)text);
    uint64_t low = bytes & base64_each(0x7F);
    uint64_t letter = base64_between(low | base64_each(0x20), 'a', 'z');
    /* '/' stands before '0'. */
    uint64_t other = base64_between(low, '/', '9') | base64_between(low, '+', '+');
    return (bytes | ~(letter | other)) & base64_each(0x80);
}

bool weir__base64_is_key(const char *text, size_t len)
{
    if (len != 24 || text[22] != '=' || text[23] != '=')
        return false;
    return (base64_strangers(text) | base64_strangers(text + 8) | base64_strangers(text + 14)) == 0;
}
