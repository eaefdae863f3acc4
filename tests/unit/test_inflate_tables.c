/* SPDX-License-Identifier: MIT */
/* Every code of random trees is found in the tables, which take no entry more than they must. */
#include "deflate/codec.h"

#include "../../src/deflate/inflate_tables.h"

#define MOST_SYMBOLS 288
#define GUARD 0xDEADBEEFu

static const uint32_t roots[3] = {WEIR__INFLATE_PRECODE_ROOT, WEIR__INFLATE_LITLEN_ROOT,
                                  WEIR__INFLATE_DIST_ROOT};
static const uint32_t caps[3] = {WEIR__INFLATE_PRECODE_CAP, WEIR__INFLATE_LITLEN_CAP,
                                 WEIR__INFLATE_DIST_CAP};

/* A table with room for what wrong ones have too. */
static uint32_t table[8192];

static bool build(weir__inflate_kind kind, const uint8_t *lengths, uint32_t count)
{
    uint8_t *const copy = codec_copy(lengths, count);
    uint32_t *const room = malloc((count + 1) * sizeof *room);
    room[count] = GUARD;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        table[i] = GUARD;
    const bool right = weir__inflate_build(table, kind, copy, count, room);
    assert_int_equal(room[count], GUARD);
    free(room);
    free(copy);
    return right;
}

/* RFC 1951 3.2.5, without the code's own bits: base and extra bits. */
static uint32_t expected_value(weir__inflate_kind kind, uint32_t symbol)
{
    if (kind == WEIR__INFLATE_PRECODE)
        return symbol << 16;
    if (kind == WEIR__INFLATE_DIST) {
        const uint32_t extra = symbol < 4 ? 0 : symbol / 2 - 1;
        const uint32_t base = symbol < 4 ? symbol + 1 : ((2 + symbol % 2) << extra) + 1;
        return symbol >= 30 ? WEIR__INFLATE_SPECIAL : base << 16 | extra;
    }
    if (symbol < 256)
        return symbol << 16 | WEIR__INFLATE_LITERAL;
    if (symbol == 256)
        return WEIR__INFLATE_SPECIAL | WEIR__INFLATE_END;
    if (symbol >= 285)
        return symbol == 285 ? 258u << 16 : WEIR__INFLATE_SPECIAL;
    const uint32_t extra = symbol < 265 ? 0 : (symbol - 261) / 4;
    const uint32_t base = symbol < 265 ? symbol - 254 : ((4 + (symbol - 1) % 4) << extra) + 3;
    return base << 16 | extra;
}

/* Codes as RFC 1951 3.2.2 gives them, each looked up with all kinds of bits behind it. */
static void check_codes(weir__inflate_kind kind, const uint8_t *lengths, uint32_t count)
{
    uint32_t code = 0;
    for (uint32_t bits = 1; bits <= 15; bits++, code <<= 1)
        for (uint32_t symbol = 0; symbol < count; symbol++) {
            if (lengths[symbol] != bits)
                continue;
            uint64_t input = 0;
            for (uint32_t i = 0; i < bits; i++)
                input |= (uint64_t)(code >> i & 1) << (bits - 1 - i);
            for (uint32_t rest = 0; rest < 4; rest++) {
                const uint64_t behind = rest < 2 ? rest * 0xFFFFFF : codec_random();
                assert_int_equal(weir__inflate_lookup(table, roots[kind], input | behind << bits),
                                 expected_value(kind, symbol) + (bits << 8 | bits));
            }
            code++;
        }
}

/* Subtables lie one behind the other, each as large as its longest code needs. */
static void check_size(weir__inflate_kind kind, const uint8_t *lengths, uint32_t count)
{
    const uint32_t root = roots[kind];
    uint8_t longest[1 << WEIR__INFLATE_LITLEN_ROOT] = {0};
    uint32_t code = 0;
    uint32_t size = 1u << root;
    for (uint32_t bits = 1; bits <= 15; bits++, code <<= 1)
        for (uint32_t symbol = 0; symbol < count; symbol++)
            if (lengths[symbol] == bits) {
                if (bits > root)
                    longest[code >> (bits - root)] = (uint8_t)bits;
                code++;
            }
    for (uint32_t i = 0; i < 1u << root; i++)
        size += longest[i] ? 1u << (longest[i] - root) : 0;
    assert_true(size <= caps[kind]);
    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(table[i] == GUARD, i >= size);
}

/* Lengths of a complete code: split leaves of a tree. */
static void random_code(uint8_t *lengths, uint32_t count, uint32_t used, uint32_t most)
{
    uint8_t leaves[MOST_SYMBOLS] = {0};
    uint32_t n = 1;
    memset(lengths, 0, count);
    for (uint32_t tries = 0; n < used && tries < 5000; tries++) {
        const uint32_t at = codec_below(2) ? codec_below(n) : n - 1;
        if (leaves[at] == most)
            continue;
        leaves[at]++;
        leaves[n++] = leaves[at];
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t symbol = codec_below(count);
        while (lengths[symbol] != 0)
            symbol = (symbol + 1) % count;
        lengths[symbol] = leaves[i];
    }
}

static void codes_of_random_trees__are_found(void **state)
{
    static const uint32_t most[3] = {19, 288, 32};
    static const uint32_t longest[3] = {7, 15, 15};
    (void)state;
    uint8_t lengths[MOST_SYMBOLS];
    codec_seed = 322;
    for (int i = 0; i < 600; i++) {
        const weir__inflate_kind kind = (weir__inflate_kind)(i % 3);
        const uint32_t count = 2 + codec_below(most[kind] - 1);
        random_code(lengths, count, 2 + codec_below(count - 1), longest[kind]);
        assert_true(build(kind, lengths, count));
        check_codes(kind, lengths, count);
        check_size(kind, lengths, count);
        /* One code less or more is no code that all bits lead to. */
        const uint32_t symbol = codec_below(count);
        if (lengths[symbol] > 1 && lengths[symbol] < longest[kind]) {
            lengths[symbol]++;
            assert_false(build(kind, lengths, count));
            lengths[symbol] -= 2;
            assert_false(build(kind, lengths, count));
        }
    }
}

/* Of all codes these take the most entries of a table: what zlib's `enough` finds. */
static void largest_tables__have_just_the_room_there_is(void **state)
{
    (void)state;
    uint8_t lengths[MOST_SYMBOLS];
    uint32_t largest = 0;
    codec_seed = 852;
    for (int i = 0; i < 50; i++) {
        random_code(lengths, 286, 286, 15);
        assert_true(build(WEIR__INFLATE_LITLEN, lengths, 286));
        check_size(WEIR__INFLATE_LITLEN, lengths, 286);
        for (uint32_t k = 0; table[k] != GUARD; k++)
            largest = k > largest ? k : largest;
    }
    assert_true(largest > 600);
}

static void SEC_D10__code_of_one_bit__fills_the_other_half_with_none(void **state)
{
    (void)state;
    for (uint32_t symbol = 0; symbol < 30; symbol++) {
        uint8_t lengths[30] = {0};
        for (int two = 0; two < 2; two++) {
            lengths[symbol] = (uint8_t)(1 + two);
            assert_int_equal(build(WEIR__INFLATE_DIST, lengths, 30), !two);
            assert_int_equal(build(WEIR__INFLATE_LITLEN, lengths, 30), !two);
            assert_false(build(WEIR__INFLATE_PRECODE, lengths, 19));
        }
        lengths[symbol] = 1;
        assert_true(build(WEIR__INFLATE_DIST, lengths, 30));
        for (uint32_t i = 0; i < 1u << WEIR__INFLATE_DIST_ROOT; i++)
            assert_int_equal(table[i], i % 2 ? WEIR__INFLATE_SPECIAL | 0x101
                                             : expected_value(WEIR__INFLATE_DIST, symbol) + 0x101);
    }
    const uint8_t none[30] = {0};
    assert_true(build(WEIR__INFLATE_DIST, none, 30));
    assert_true(build(WEIR__INFLATE_LITLEN, none, 30));
    assert_false(build(WEIR__INFLATE_PRECODE, none, 19));
    for (uint32_t bits = 1; bits <= 15; bits++) {
        uint8_t over[3] = {1, 1, (uint8_t)bits};
        assert_false(build(WEIR__INFLATE_LITLEN, over, 3));
    }
}

static void fixed_codes__have_their_tables(void **state)
{
    (void)state;
    uint8_t lengths[MOST_SYMBOLS + 400];
    uint32_t *const room = malloc(MOST_SYMBOLS * sizeof *room);
    uint32_t dist[1 << WEIR__INFLATE_DIST_ROOT];
    memset(lengths, 0xA5, sizeof lengths);
    weir__inflate_build_fixed(table, dist, lengths, room);
    for (size_t i = MOST_SYMBOLS; i < sizeof lengths; i++)
        assert_int_equal(lengths[i], 0xA5);
    for (uint32_t i = 0; i < MOST_SYMBOLS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    check_codes(WEIR__INFLATE_LITLEN, lengths, MOST_SYMBOLS);
    memset(lengths, 5, 32);
    memcpy(table, dist, sizeof dist);
    check_codes(WEIR__INFLATE_DIST, lengths, 32);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_random_trees__are_found),
        cmocka_unit_test(largest_tables__have_just_the_room_there_is),
        cmocka_unit_test(SEC_D10__code_of_one_bit__fills_the_other_half_with_none),
        cmocka_unit_test(fixed_codes__have_their_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
