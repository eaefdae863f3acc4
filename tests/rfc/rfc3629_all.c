/* SPDX-License-Identifier: MIT */
/* RFC 3629: all texts of up to three bytes, and of four as far as their bytes are of a kind. */
#include "support/test.h"
#include "support/utf8_all.h"
#include "support/zip.h"

/* Sanitizers see the last byte at the edges only. */
static utf8_set last_bytes(void)
{
    return ZIP_TURNS(5) == 5 ? utf8_all_bytes() : utf8_edge_bytes();
}

static void expect_valid(uint64_t valid, uint64_t wanted)
{
    if (ZIP_TURNS(5) == 5)
        assert_int_equal(valid, wanted);
}

/* Valid texts of len bytes are counted by their characters: 128, 1920, 61440 and 1048576 code
 * points take one, two, three and four bytes. */
static uint64_t valid_texts(size_t len)
{
    static const uint64_t points[5] = {0, 128, 1920, 61440, 1048576};
    uint64_t texts[5] = {1, 0, 0, 0, 0};
    for (size_t have = 1; have <= len; have++)
        for (size_t total = 1; total <= have; total++)
            texts[have] += points[total] * texts[have - total];
    return texts[len];
}

static void R3629_1__R3629_4__there_are_383270912_valid_texts_of_four_bytes(void **state)
{
    (void)state;
    assert_int_equal(valid_texts(4), 383270912);
}

static void R3629_1__R3629_4__all_texts_to_three_bytes__as_decoded_by_arithmetic(void **state)
{
    (void)state;
    const utf8_set all = utf8_all_bytes();
    const utf8_set last = last_bytes();
    assert_int_equal(utf8_walk_tables(&all, &all, 1), valid_texts(1));
    assert_int_equal(utf8_walk_tables(&all, &all, 2), valid_texts(2));
    expect_valid(utf8_walk_tables(&all, &last, 3), valid_texts(3));
}

static void R3629_1__R6455_8_1_2__all_texts_to_three_bytes__in_all_pieces(void **state)
{
    (void)state;
    const utf8_set all = utf8_all_bytes();
    const utf8_set last = last_bytes();
    assert_int_equal(utf8_walk_cuts(&all, &all, 1, 1), valid_texts(1));
    assert_int_equal(utf8_walk_cuts(&all, &all, 2, 1), valid_texts(2));
    expect_valid(utf8_walk_cuts(&all, &last, 3, 1), valid_texts(3));
}

static void R3629_1__R6455_8_1_2__texts_of_four_bytes_at_the_edges_of_every_range(void **state)
{
    (void)state;
    const utf8_set edges = utf8_edge_bytes();
    const uint64_t valid = utf8_walk_tables(&edges, &edges, 4);
    assert_in_range(valid, 1, edges.count * edges.count * edges.count * edges.count);
    assert_int_equal(utf8_walk_cuts(&edges, &edges, 4, 1), valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R3629_1__R3629_4__there_are_383270912_valid_texts_of_four_bytes),
        cmocka_unit_test(R3629_1__R3629_4__all_texts_to_three_bytes__as_decoded_by_arithmetic),
        cmocka_unit_test(R3629_1__R6455_8_1_2__all_texts_to_three_bytes__in_all_pieces),
        cmocka_unit_test(R3629_1__R6455_8_1_2__texts_of_four_bytes_at_the_edges_of_every_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
