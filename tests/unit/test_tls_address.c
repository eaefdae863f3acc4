/* SPDX-License-Identifier: MIT */
/* Addresses as hosts, and in certificates. */
#include "../../src/tls/tls_mbedtls.h"

#include <arpa/inet.h>
#include <string.h>

#include "support/test.h"

static void assert_as_the_system(const char *text)
{
    static const uint8_t behind[4] = {0xDB, 0xDB, 0xDB, 0xDB};
    uint8_t address[20], wanted[16];
    size_t len = 0;
    memcpy(address + 16, behind, 4);
    if (inet_pton(AF_INET, text, wanted) == 1)
        len = 4;
    else if (inet_pton(AF_INET6, text, wanted) == 1)
        len = 16;
    if (weir__tls_address_parse(text, strlen(text), address) != len)
        fail_msg("%s: not %zu bytes", text, len);
    assert_memory_equal(address, wanted, len);
    assert_memory_equal(address + 16, behind, 4);
}

static void addresses__are_read_as_the_system_does(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "127.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "1.2.3",
        "1.2.3.",
        "1.2.3.4.",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.04",
        "1..3.4",
        "a.b.c.d",
        "",
        "localhost",
        "1.2.3.1000",
        "1.2.3.4x",
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::2::3",
        ":::",
        ":1",
        "1:",
        ":",
        "12345::",
        "g::",
        "::ffff:1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3",
        "::1.2.3.4:5",
        "ABCD:ef01::",
        "1:2:3:4::5:6:7:8",
        "1:2:3:4::5:6:7",
        "::1:",
        "1:2:3:4:5:6:7:",
        "1::%1",
        "fe80::1%eth0",
        "0000:0000:0000:0000:0000:0000:0000:0001",
        "::g",
        "1:2:3:4:5:6:7:8::",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_as_the_system(texts[i]);
}

static void mixtures__are_read_as_the_system_does(void **state)
{
    (void)state;
    static const char letters[] = "1:.fg";
    char text[8];
    for (unsigned number = 0; number < 78125; number++) { /* 5^7 */
        unsigned left = number;
        for (size_t i = 0; i < 7; i++, left /= 5)
            text[i] = letters[left % 5];
        text[7] = '\0';
        assert_as_the_system(text);
        memmove(text, text + number % 4, 8 - number % 4);
        assert_as_the_system(text);
    }
}

/* The extensions of a certificate: a list of Extension. */
static bool matches(const uint8_t *from, size_t len)
{
    static const uint8_t address[] = {1, 2, 3, 4};
    uint8_t copy[128];
    mbedtls_x509_crt certificate;
    assert_true(len <= sizeof copy);
    memcpy(copy, from, len);
    memset(&certificate, 0, sizeof certificate);
    certificate.v3_ext.p = copy;
    certificate.v3_ext.len = len;
    return weir__tls_address_matches(&certificate, address, sizeof address);
}

static const uint8_t extensions[] = {
    0x30, 41,                                               /* Extensions */
    0x30, 9,  0x06, 3,  0x55, 0x1D, 0x13, 0x04, 2, 0x30, 0, /* basicConstraints */
    0x30, 28, 0x06, 3,  0x55, 0x1D, 0x11, 0x01, 1, 0xFF,    /* subjectAltName, critical */
    0x04, 18, 0x30, 16,                                     /* GeneralNames */
    0x87, 2,  1,    2,                                      /* an address too short */
    0x82, 4,  1,    2,  3,    4,                            /* a name of the same bytes */
    0x87, 4,  1,    2,  3,    4,                            /* the address */
};

static void certificate__is_searched_for_the_address(void **state)
{
    (void)state;
    assert_false(matches(extensions, 0));
    assert_true(matches(extensions, sizeof extensions));
    /* Each byte altered, each length cut: no crash, and what is not there is not found. */
    for (size_t at = 0; at < sizeof extensions; at++)
        for (unsigned change = 1; change < 256; change++) {
            uint8_t other[sizeof extensions];
            memcpy(other, extensions, sizeof extensions);
            other[at] = (uint8_t)(other[at] ^ change);
            const bool found = matches(other, sizeof other);
            assert_false(found && at >= sizeof extensions - 4);
            assert_false(found && (at == 0 || at == 2 || at == 13)); /* no lists any more */
        }
    for (size_t len = 0; len < sizeof extensions; len++)
        assert_false(matches(extensions, len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses__are_read_as_the_system_does),
        cmocka_unit_test(mixtures__are_read_as_the_system_does),
        cmocka_unit_test(certificate__is_searched_for_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
