/* SPDX-License-Identifier: MIT */
/* Random bytes from a seed: the right stream, however it is drawn, and nothing kept of it. */
#include <string.h>

#include "../../src/conn/random.h"
#include "support/tables.h"
#include "support/test.h"

/* ---- A reference of its own: RFC 8439 2.3 ----------------------------------------------------*/

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static void quarter(uint32_t *s, int a, int b, int c, int d)
{
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

static uint32_t word_at(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void reference(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t *out)
{
    uint32_t start[16] = {0x61707865, 0x3320646E, 0x79622D32, 0x6B206574};
    uint32_t s[16];
    for (int i = 0; i < 8; i++)
        start[4 + i] = word_at(key + 4 * i);
    start[12] = counter;
    for (int i = 0; i < 3; i++)
        start[13 + i] = word_at(nonce + 4 * i);
    memcpy(s, start, sizeof s);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++)
            quarter(s, i, 4 + i, 8 + i, 12 + i);
        for (int i = 0; i < 4; i++)
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (int i = 0; i < 64; i++)
        out[i] = (uint8_t)((s[i / 4] + start[i / 4]) >> 8 * (i % 4));
}

/* The stream as random.h promises it: a key of its own for each use, then refills of which the
 * first 32 bytes are the next key. */
static void expected(const uint8_t *seed, uint8_t stream, uint8_t *out, size_t refills)
{
    const uint8_t name[12] = {stream, 'w', 'e', 'i', 'r'};
    const uint8_t zero[12] = {0};
    uint8_t block[WEIR__RANDOM_BLOCKS * 64];
    uint8_t key[32];
    reference(seed, 0, name, block);
    memcpy(key, block, 32);
    for (; refills > 0; refills--, out += WEIR__RANDOM_BYTES) {
        for (uint32_t i = 0; i < WEIR__RANDOM_BLOCKS; i++)
            reference(key, i, zero, block + 64 * i);
        memcpy(key, block, 32);
        memcpy(out, block + 32, WEIR__RANDOM_BYTES);
    }
}

static void fill_seed(uint8_t *seed, uint8_t first)
{
    for (int i = 0; i < 32; i++)
        seed[i] = (uint8_t)(first + 11 * i);
}

#define REFILLS 5
#define ALL (REFILLS * WEIR__RANDOM_BYTES)

static void reference__gives_the_vector_of_rfc_8439_2_3_2(void **state)
{
    const uint8_t nonce[12] = {0, 0, 0, 9, 0, 0, 0, 0x4A};
    const uint8_t want[16] = {0x10, 0xF1, 0xE7, 0xE4, 0xD1, 0x3B, 0x59, 0x15,
                              0x50, 0x0F, 0xDD, 0x1F, 0xA3, 0x20, 0x71, 0xC4};
    uint8_t key[32];
    uint8_t out[64];
    (void)state;
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
    reference(key, 1, nonce, out);
    assert_memory_equal(out, want, 16);
}

static void stream__is_the_promised_one_however_it_is_drawn(void **state)
{
    static const size_t steps[] = {1, 3, 4, 16, 17, 255, 991, 992, 993, 2000, ALL};
    uint8_t seed[32];
    uint8_t want[ALL];
    uint8_t got[ALL];
    (void)state;
    fill_seed(seed, 3);
    for (uint8_t stream = 1; stream <= 2; stream++) {
        expected(seed, stream, want, REFILLS);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            weir__random random;
            weir__random_init(&random, seed, stream);
            for (size_t at = 0; at < ALL; at += steps[i])
                weir__random_draw(&random, &weir__kernels_scalar, got + at,
                                  ALL - at < steps[i] ? ALL - at : steps[i]);
            assert_memory_equal(got, want, ALL);
        }
    }
}

static void stream__does_not_depend_on_the_kernels(void **state)
{
    const weir__kernels *found[TABLES_MOST];
    const size_t count = tables(found);
    uint8_t seed[32];
    uint8_t want[ALL];
    uint8_t got[ALL];
    (void)state;
    fill_seed(seed, 4);
    expected(seed, 1, want, REFILLS);
    for (size_t i = 0; i < count; i++) {
        weir__random random;
        weir__random_init(&random, seed, 1);
        for (size_t at = 0; at < ALL; at += 16)
            weir__random_draw(&random, found[i], got + at, ALL - at < 16 ? ALL - at : 16);
        assert_memory_equal(got, want, ALL);
    }
}

static void drawing_nothing__changes_nothing(void **state)
{
    uint8_t seed[32];
    uint8_t want[4];
    uint8_t got[4];
    weir__random random;
    (void)state;
    fill_seed(seed, 0);
    weir__random_init(&random, seed, 1);
    weir__random_draw(&random, &weir__kernels_scalar, want, 4);
    weir__random_init(&random, seed, 1);
    weir__random_draw(&random, &weir__kernels_scalar, got, 0);
    weir__random_draw(&random, &weir__kernels_scalar, got, 4);
    assert_memory_equal(got, want, 4);
}

static void masking_key__is_the_next_four_bytes(void **state)
{
    uint8_t seed[32];
    uint8_t want[ALL];
    weir__random random;
    (void)state;
    fill_seed(seed, 9);
    expected(seed, 1, want, REFILLS);
    weir__random_init(&random, seed, 1);
    for (size_t at = 0; at + 4 <= ALL; at += 4) {
        const uint32_t key = weir__random_key(&random, &weir__kernels_scalar);
        assert_memory_equal(&key, want + at, 4);
    }
}

/* Whoever reads the state later learns neither what was drawn nor the key that made it. */
static void R6455_5_3_1__what_was_drawn__is_wiped_and_its_key_is_gone(void **state)
{
    uint8_t seed[32];
    uint8_t drawn[WEIR__RANDOM_BYTES];
    uint8_t before[32];
    weir__random random;
    (void)state;
    fill_seed(seed, 1);
    weir__random_init(&random, seed, 1);
    memcpy(before, random.key, 32);
    assert_memory_not_equal(before, seed, 32);
    for (size_t len = 1; len <= WEIR__RANDOM_BYTES; len++) {
        weir__random_draw(&random, &weir__kernels_scalar, drawn + len - 1, 1);
        assert_memory_not_equal(random.key, before, 32);
        assert_int_equal(random.at, len);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(random.bytes[i], 0);
    }
    const uint8_t *const bytes = (const uint8_t *)&random;
    for (size_t at = 0; at + 8 <= sizeof random; at++)
        for (size_t i = 0; i + 8 <= sizeof drawn; i++)
            assert_true(memcmp(bytes + at, drawn + i, 8) != 0);
}

static void streams_and_seeds__have_nothing_in_common(void **state)
{
    uint8_t outs[4][256];
    (void)state;
    for (int i = 0; i < 4; i++) {
        uint8_t seed[32];
        weir__random random;
        fill_seed(seed, 5);
        seed[31] ^= (uint8_t)(i / 2);
        weir__random_init(&random, seed, (uint8_t)(1 + i % 2));
        weir__random_draw(&random, &weir__kernels_scalar, outs[i], 256);
    }
    for (int a = 0; a < 4; a++)
        for (int b = a + 1; b < 4; b++)
            for (int i = 0; i + 8 <= 256; i++)
                assert_memory_not_equal(outs[a] + i, outs[b] + i, 8);
}

static void R6455_5_3_2__bits_of_many_keys__are_balanced(void **state)
{
    enum {
        KEYS = 1000000
    };
    uint8_t seed[32];
    uint32_t ones[32] = {0};
    weir__random random;
    (void)state;
    fill_seed(seed, 77);
    weir__random_init(&random, seed, 1);
    for (int i = 0; i < KEYS; i++) {
        const uint32_t key = weir__random_key(&random, &weir__kernels_scalar);
        for (int bit = 0; bit < 32; bit++)
            ones[bit] += key >> bit & 1;
    }
    /* Six standard deviations of 500 each. */
    for (int bit = 0; bit < 32; bit++)
        assert_in_range(ones[bit], KEYS / 2 - 3000, KEYS / 2 + 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference__gives_the_vector_of_rfc_8439_2_3_2),
        cmocka_unit_test(stream__is_the_promised_one_however_it_is_drawn),
        cmocka_unit_test(stream__does_not_depend_on_the_kernels),
        cmocka_unit_test(drawing_nothing__changes_nothing),
        cmocka_unit_test(masking_key__is_the_next_four_bytes),
        cmocka_unit_test(R6455_5_3_1__what_was_drawn__is_wiped_and_its_key_is_gone),
        cmocka_unit_test(streams_and_seeds__have_nothing_in_common),
        cmocka_unit_test(R6455_5_3_2__bits_of_many_keys__are_balanced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
