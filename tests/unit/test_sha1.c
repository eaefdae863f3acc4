/* SPDX-License-Identifier: MIT */
/* SHA-1: the vectors of FIPS 180, and every variant against a naive one written from its text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/kernels/base64.h"
#include "../../src/kernels/sha1.h"
#include "support/tables.h"

static uint32_t rotate(uint32_t value, int count)
{
    return value << count | value >> (32 - count);
}

static void naive_round(uint32_t v[5], size_t t, uint32_t word)
{
    uint32_t f = t < 20   ? (v[1] & v[2]) | (~v[1] & v[3])
                 : t < 40 ? v[1] ^ v[2] ^ v[3]
                 : t < 60 ? (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])
                          : v[1] ^ v[2] ^ v[3];
    static const uint32_t k[4] = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    uint32_t next = rotate(v[0], 5) + f + v[4] + k[t / 20] + word;
    v[4] = v[3];
    v[3] = v[2];
    v[2] = rotate(v[1], 30);
    v[1] = v[0];
    v[0] = next;
}

/* The whole padded message first, then block after block. */
static void naive_sha1(const uint8_t *data, size_t len, uint8_t digest[20])
{
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t message[512] = {0};
    memcpy(message, data, len);
    message[len] = 0x80;
    size_t total = (len + 8) / 64 * 64 + 64;
    message[total - 2] = (uint8_t)(len * 8 >> 8);
    message[total - 1] = (uint8_t)(len * 8);
    for (size_t at = 0; at < total; at += 64) {
        uint32_t w[80];
        for (size_t t = 0; t < 80; t++) {
            const uint8_t *p = message + at + t * 4;
            w[t] = t < 16 ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                          : rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        }
        uint32_t v[5];
        memcpy(v, h, sizeof v);
        for (size_t t = 0; t < 80; t++)
            naive_round(v, t, w[t]);
        for (size_t i = 0; i < 5; i++)
            h[i] += v[i];
    }
    for (size_t i = 0; i < 20; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - i % 4 * 8));
}

static void assert_digest(const void *data, size_t len, const char *hex)
{
    const weir__kernels *all[TABLES_MOST];
    const size_t count = tables(all);
    for (size_t k = 0; k < count; k++) {
        uint8_t digest[20];
        weir__sha1(all[k], data, len, digest);
        for (size_t i = 0; i < 20; i++) {
            const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
            assert_int_equal(digest[i], strtoul(pair, NULL, 16));
        }
    }
}

static void R6455_10_8_1__digests_are_those_of_fips_180(void **state)
{
    (void)state;
    assert_digest("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_digest("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    uint8_t *million = malloc(1000000);
    memset(million, 'a', 1000000);
    assert_digest(million, 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    free(million);
}

static void R6455_10_8_1__every_length_and_split_equals_the_naive_digest(void **state)
{
    (void)state;
    const weir__kernels *all[TABLES_MOST];
    const size_t count = tables(all);
    uint8_t data[200];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 73 + 11);
    for (size_t len = 0; len <= sizeof data; len++) {
        uint8_t expected[20];
        naive_sha1(data, len, expected);
        for (size_t cut = 0; cut <= len; cut++) {
            for (size_t k = 0; k < count; k++) {
                uint8_t digest[20];
                weir__sha1_pair(all[k], data, cut, data + cut, len - cut, digest);
                assert_memory_equal(digest, expected, 20);
            }
        }
    }
}

static void kernel_of_another_cpu(uint32_t state[5], const uint8_t *blocks, size_t count)
{
    weir__kernels_scalar.sha1(state, blocks, count);
}

/* Each word of the block that is always the same has its part in each digest. */
static void R6455_4_2_2_8__short_way_of_the_accept_key_equals_the_naive_digest(void **state)
{
    (void)state;
    const weir__kernels another = {.sha1 = kernel_of_another_cpu};
    const weir__kernels *all[TABLES_MOST + 1];
    size_t count = tables(all);
    all[count++] = &another;
    uint32_t random = 1;
    for (size_t turn = 0; turn < 1000; turn++) {
        uint8_t text[60];
        for (size_t i = 0; i < sizeof text; i++) {
            random = random * 1664525 + 1013904223;
            text[i] = (uint8_t)(random >> 24);
        }
        uint8_t expected[20];
        naive_sha1(text, sizeof text, expected);
        for (size_t k = 0; k < count; k++) {
            uint8_t digest[20];
            weir__sha1_accept(all[k], text, text + 24, digest);
            assert_memory_equal(digest, expected, 20);
        }
    }
}

/* Keeps what it was given last, reading nothing of long texts. */
static uint8_t last_block[64];

static void kernel_that_keeps_the_last(uint32_t state[5], const uint8_t *blocks, size_t count)
{
    (void)state;
    if (count == 1)
        memcpy(last_block, blocks, sizeof last_block);
}

static void R6455_10_8_1__length_of_a_long_text__is_counted_in_64_bits(void **state)
{
    (void)state;
    const weir__kernels keeping = {.sha1 = kernel_that_keeps_the_last};
    const uint8_t text[64] = {0};
    uint8_t digest[20];
    weir__sha1(&keeping, text, (size_t)3 << 29, digest);
    static const uint8_t expected[64] = {[0] = 0x80, [59] = 3};
    assert_memory_equal(last_block, expected, sizeof expected);
}

static void both_pieces_empty__is_the_digest_of_nothing(void **state)
{
    (void)state;
    uint8_t expected[20];
    uint8_t digest[20];
    naive_sha1((const uint8_t *)"", 0, expected);
    weir__sha1_pair(&weir__kernels_scalar, NULL, 0, NULL, 0, digest);
    assert_memory_equal(digest, expected, 20);
}

/* RFC 6455 1.3. */
static void key_of_the_rfc__gives_its_accept_value(void **state)
{
    (void)state;
    const char text[] = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t digest[20];
    char accept[28];
    weir__sha1(&weir__kernels_scalar, (const uint8_t *)text, 60, digest);
    weir__base64_encode(digest, 20, accept);
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28);
}

static void kernel__takes_many_blocks_at_once(void **state)
{
    (void)state;
    const weir__kernels *all[TABLES_MOST];
    const size_t count = tables(all);
    uint8_t blocks[7 * 64];
    for (size_t i = 0; i < sizeof blocks; i++)
        blocks[i] = (uint8_t)(i * 29);
    for (size_t k = 0; k < count; k++) {
        uint32_t together[5] = {1, 2, 3, 4, 5};
        uint32_t alone[5] = {1, 2, 3, 4, 5};
        all[k]->sha1(together, blocks, 0);
        assert_memory_equal(together, alone, sizeof alone);
        all[k]->sha1(together, blocks, 7);
        for (size_t i = 0; i < 7; i++)
            all[0]->sha1(alone, blocks + 64 * i, 1);
        assert_memory_equal(together, alone, sizeof alone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_10_8_1__digests_are_those_of_fips_180),
        cmocka_unit_test(R6455_10_8_1__every_length_and_split_equals_the_naive_digest),
        cmocka_unit_test(R6455_4_2_2_8__short_way_of_the_accept_key_equals_the_naive_digest),
        cmocka_unit_test(R6455_10_8_1__length_of_a_long_text__is_counted_in_64_bits),
        cmocka_unit_test(both_pieces_empty__is_the_digest_of_nothing),
        cmocka_unit_test(key_of_the_rfc__gives_its_accept_value),
        cmocka_unit_test(kernel__takes_many_blocks_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
