/* SPDX-License-Identifier: MIT */
/* Sequences of frames against a model: all first bytes to three frames, telling ones to five. */
#include "support/frame_walk.h"
#include "support/test.h"

static frame_alphabet alphabet;

static void heads_without_a_limit__are_judged_as_the_model_does(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        frame_walk_heads(i % 2 ? WEIR_SERVER : WEIR_CLIENT, i / 2, WEIR_NONE);
}

static void all_sequences_of_three_frames_of_all_first_bytes__as_in_the_model(void **state)
{
    uint64_t cases = 0;
    (void)state;
    frame_alphabet_concrete(&alphabet);
    for (int i = 0; i < 8; i++)
        cases +=
            frame_walk_sequences(&alphabet, i % 2 ? WEIR_SERVER : WEIR_CLIENT, i / 2 % 2, i / 4, 3);
    print_message("%llu sequences\n", (unsigned long long)cases);
}

static void all_sequences_of_five_frames_of_24_kinds__as_in_the_model(void **state)
{
    uint64_t cases = 0;
    (void)state;
    for (int i = 0; i < 8; i++) {
        const int role = i % 2 ? WEIR_SERVER : WEIR_CLIENT;
        frame_alphabet_small(&alphabet, role);
        assert_int_equal(alphabet.count, 24);
        cases += frame_walk_sequences(&alphabet, role, i / 2 % 2, i / 4, 5);
    }
    print_message("%llu sequences\n", (unsigned long long)cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_without_a_limit__are_judged_as_the_model_does),
        cmocka_unit_test(all_sequences_of_three_frames_of_all_first_bytes__as_in_the_model),
        cmocka_unit_test(all_sequences_of_five_frames_of_24_kinds__as_in_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
