/* SPDX-License-Identifier: MIT */
/* RFC 6455 5: all first two bytes and all short sequences of frames, against a model. */
#include "support/frame_walk.h"
#include "support/test.h"
#include "support/zip.h"

static void
R6455_5_2_1__R6455_5_2_3__all_first_two_bytes__are_judged_as_the_model_does(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int role = i % 2 ? WEIR_SERVER : WEIR_CLIENT;
        const uint64_t cases = frame_walk_heads(role, i / 2, 1024 * 1024);
        /* 512 of the second bytes have longer lengths: 6 in 16 bits, 13 in 64. */
        const uint64_t heads = 65536 - 1024 + 512 * 6 + 512 * 13;
        assert_int_equal(cases, heads * 2 * (i / 2 ? 3 : 2));
    }
}

static void R6455_5_4_1__R6455_5_5_1__all_sequences_of_three_frames__as_in_the_model(void **state)
{
    static frame_alphabet alphabet;
    (void)state;
    for (int i = 0; i < 8; i++) {
        const int role = i % 2 ? WEIR_SERVER : WEIR_CLIENT;
        frame_alphabet_abstract(&alphabet, role);
        const uint64_t cases =
            frame_walk_sequences(&alphabet, role, i / 2 % 2, i / 4, ZIP_TURNS(5) == 5 ? 3 : 2);
        assert_true(cases > alphabet.count * 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            R6455_5_2_1__R6455_5_2_3__all_first_two_bytes__are_judged_as_the_model_does),
        cmocka_unit_test(R6455_5_4_1__R6455_5_5_1__all_sequences_of_three_frames__as_in_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
