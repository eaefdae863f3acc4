/* SPDX-License-Identifier: MIT */
/* All lives of a connection of six calls and inputs, against a model. */
#include "support/life_walk.h"
#include "support/test.h"

static void lives(int keepalive)
{
    for (const char *kind = "scSC"; *kind; kind++)
        print_message("%c: %llu lives\n", *kind,
                      (unsigned long long)life_walk_all(*kind, keepalive, 6));
}

static void R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_six_steps__are_the_models(void **state)
{
    (void)state;
    lives(0);
}

static void
R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_six_steps_with_pings__are_the_models(void **state)
{
    (void)state;
    lives(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_six_steps__are_the_models),
        cmocka_unit_test(
            R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_six_steps_with_pings__are_the_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
