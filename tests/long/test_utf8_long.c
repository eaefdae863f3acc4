/* SPDX-License-Identifier: MIT */
/* UTF-8: all 2^32 texts of four bytes, by every table and in pieces. Minutes. */
#include "support/test.h"
#include "support/utf8_all.h"

#define VALID_TEXTS_OF_FOUR_BYTES 383270912u

static void R3629_1__R3629_4__all_texts_of_four_bytes__by_every_table(void **state)
{
    (void)state;
    const utf8_set all = utf8_all_bytes();
    assert_int_equal(utf8_walk_tables(&all, &all, 4), VALID_TEXTS_OF_FOUR_BYTES);
}

static void R3629_1__R6455_8_1_2__all_texts_of_four_bytes__in_pieces(void **state)
{
    (void)state;
    const utf8_set all = utf8_all_bytes();
    assert_int_equal(utf8_walk_cuts(&all, &all, 4, 0), VALID_TEXTS_OF_FOUR_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R3629_1__R3629_4__all_texts_of_four_bytes__by_every_table),
        cmocka_unit_test(R3629_1__R6455_8_1_2__all_texts_of_four_bytes__in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
