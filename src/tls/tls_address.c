/* SPDX-License-Identifier: MIT */
/* IP addresses as hosts: read from text, found in certificates. */
#include "tls_mbedtls.h"

#ifdef WEIR__TLS_MBEDTLS

#include <string.h>

#include <mbedtls/asn1.h>

/* ---- From text -------------------------------------------------------------------------------*/

/* Four decimal numbers without leading zeros (RFC 3986 3.2.2). */
static bool tls_address_parse_4(const char *text, size_t len, uint8_t *address)
{
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned value = 0;
        const size_t start = at;
        for (; at < len && text[at] >= '0' && text[at] <= '9' && at - start < 3; at++)
            value = value * 10 + (unsigned)(text[at] - '0');
        if (at == start || value > 255 || (at - start > 1 && text[start] == '0'))
            return false;
        address[i] = (uint8_t)value;
        if (i < 3 && (at == len || text[at++] != '.'))
            return false;
    }
    return at == len;
}

static int tls_address_digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f')
        return (letter | 0x20) - 'a' + 10;
    return -1;
}

/* Up to four hexadecimal digits; returns how many. */
static size_t tls_address_group(const char *text, size_t len, uint8_t *group)
{
    unsigned value = 0;
    size_t at = 0;
    for (; at < len && at < 4 && tls_address_digit(text[at]) >= 0; at++)
        value = value * 16 + (unsigned)tls_address_digit(text[at]);
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)(value & 0xFF);
    return at;
}

/* Groups parted by single colons (RFC 4291 2.2), the last two maybe as an IPv4 address. Returns the
 * bytes that they fill, at most room; SIZE_MAX: malformed. */
static size_t tls_address_groups(const char *text, size_t len, uint8_t *bytes, size_t room)
{
    size_t filled = 0;
    for (size_t at = 0; at < len;) {
        if (room - filled >= 4 && tls_address_parse_4(text + at, len - at, bytes + filled))
            return filled + 4;
        if (room - filled < 2)
            return SIZE_MAX;
        const size_t digits = tls_address_group(text + at, len - at, bytes + filled);
        at += digits;
        filled += 2;
        if (digits == 0 || (at < len && (text[at] != ':' || ++at == len)))
            return SIZE_MAX;
    }
    return filled;
}

static bool tls_address_parse_6(const char *text, size_t len, uint8_t *address)
{
    uint8_t tail[16];
    size_t gap = 0;
    while (gap < len && !(gap < len - 1 && text[gap] == ':' && text[gap + 1] == ':'))
        gap++;
    memset(address, 0, 16);
    if (gap == len)
        return tls_address_groups(text, len, address, 16) == 16;
    const size_t before = tls_address_groups(text, gap, address, 14);
    const size_t after = tls_address_groups(text + gap + 2, len - gap - 2, tail, 14);
    if (before == SIZE_MAX || after == SIZE_MAX || before + after > 14)
        return false;
    memcpy(address + 16 - after, tail, after);
    return true;
}

size_t weir__tls_address_parse(const char *text, size_t len, uint8_t *address)
{
    if (tls_address_parse_4(text, len, address))
        return 4;
    return tls_address_parse_6(text, len, address) ? 16 : 0;
}

/* ---- In a certificate ------------------------------------------------------------------------*/

/* Step into a value with that tag at *at: its start and end. */
static bool tls_address_enter(unsigned char **at, const unsigned char **end, int tag)
{
    size_t len;
    if (mbedtls_asn1_get_tag(at, *end, &len, tag) != 0)
        return false;
    *end = *at + len;
    return true;
}

/* GeneralNames: whether one is an iPAddress with these bytes (RFC 5280 4.2.1.6). */
static bool tls_address_in_names(unsigned char *at, const unsigned char *end,
                                 const uint8_t *address, size_t len)
{
    const unsigned char ip = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7;
    while (at < end) {
        const unsigned char tag = *at++;
        size_t size;
        if (mbedtls_asn1_get_len(&at, end, &size) != 0)
            return false;
        if (tag == ip && size == len && memcmp(at, address, len) == 0)
            return true;
        at += size;
    }
    return false;
}

/* An Extension: whether it is subjectAltName (2.5.29.17) and names the address. */
static bool tls_address_in_extension(unsigned char *at, const unsigned char *end,
                                     const uint8_t *address, size_t len)
{
    static const unsigned char subject_alt_name[] = {MBEDTLS_ASN1_OID, 3, 0x55, 0x1D, 0x11};
    const size_t size = sizeof subject_alt_name;
    int critical;
    if ((size_t)(end - at) < size || memcmp(at, subject_alt_name, size) != 0)
        return false;
    at += size;
    mbedtls_asn1_get_bool(&at, end, &critical); /* optional */
    return tls_address_enter(&at, &end, MBEDTLS_ASN1_OCTET_STRING) &&
           tls_address_enter(&at, &end, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) &&
           tls_address_in_names(at, end, address, len);
}

/* mbedTLS 2.28 lists no addresses, so the extensions are gone through as they stand. */
bool weir__tls_address_matches(const mbedtls_x509_crt *certificate, const uint8_t *address,
                               size_t len)
{
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    unsigned char *at = certificate->v3_ext.p;
    const unsigned char *end = at + certificate->v3_ext.len;
    if (certificate->v3_ext.len == 0 || !tls_address_enter(&at, &end, sequence))
        return false;
    while (at < end) {
        const unsigned char *stop = end;
        if (!tls_address_enter(&at, &stop, sequence))
            return false;
        if (tls_address_in_extension(at, stop, address, len))
            return true;
        at += stop - at;
    }
    return false;
}

#endif
