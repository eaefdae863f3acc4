/* SPDX-License-Identifier: MIT */
/* Base64: the vectors of RFC 4648 10 and the form of Sec-WebSocket-Key. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/kernels/base64.h"

static void assert_encodes(const void *data, size_t len, const char *expected)
{
    char out[64];
    memset(out, '#', sizeof out);
    weir__base64_encode(data, len, out);
    size_t out_len = (len + 2) / 3 * 4;
    assert_int_equal(out_len, strlen(expected));
    assert_memory_equal(out, expected, out_len);
    assert_int_equal(out[out_len], '#');
}

static void encoding__gives_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    assert_encodes("", 0, "");
    assert_encodes("f", 1, "Zg==");
    assert_encodes("fo", 2, "Zm8=");
    assert_encodes("foo", 3, "Zm9v");
    assert_encodes("foob", 4, "Zm9vYg==");
    assert_encodes("fooba", 5, "Zm9vYmE=");
    assert_encodes("foobar", 6, "Zm9vYmFy");
    assert_encodes("\xFB\xFF\xBF", 3, "+/+/");
    assert_encodes("\xFF\xFF", 2, "//8=");
}

static void encoding__uses_every_digit_in_its_place(void **state)
{
    (void)state;
    const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (uint32_t value = 0; value < 64; value++) {
        uint32_t group = value << 18 | value << 12 | value << 6 | value;
        uint8_t bytes[3] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};
        char out[4];
        weir__base64_encode(bytes, 3, out);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(out[i], digits[value]);
    }
}

static void key__is_22_digits_and_two_pads(void **state)
{
    (void)state;
    const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
    assert_true(weir__base64_is_key(key, 24));
    assert_true(weir__base64_is_key("AAAAAAAAAAAAAAAAAAAAAA==", 24));
    assert_true(weir__base64_is_key("+/+/+/+/+/+/+/+/+/+/+w==", 24));
    for (size_t len = 0; len < 24; len++)
        assert_false(weir__base64_is_key(key, len));
    assert_false(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZQ===", 25));
    assert_false(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZQA=", 24));
    assert_false(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZQ=A", 24));
    assert_false(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZQAA", 24));
    assert_false(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZ===", 24));
}

static void key_with_pad_bits_that_are_not_zero__passes(void **state)
{
    (void)state;
    assert_true(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZR==", 24));
    assert_true(weir__base64_is_key("dGhlIHNhbXBsZSBub25jZ/==", 24));
}

static void key_with_any_other_byte_anywhere__fails(void **state)
{
    (void)state;
    const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < 22; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
            key[at] = (char)byte;
            bool digit = memchr(digits, byte, 64) != NULL;
            assert_int_equal(weir__base64_is_key(key, 24), digit);
        }
    }
    assert_false(weir__base64_is_key("-_-_-_-_-_-_-_-_-_-_-w==", 24));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding__gives_the_vectors_of_rfc_4648),
        cmocka_unit_test(encoding__uses_every_digit_in_its_place),
        cmocka_unit_test(key__is_22_digits_and_two_pads),
        cmocka_unit_test(key_with_pad_bits_that_are_not_zero__passes),
        cmocka_unit_test(key_with_any_other_byte_anywhere__fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
