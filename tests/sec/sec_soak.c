/* SPDX-License-Identifier: MIT */
/* The soak of long/test_soak_long.c, short. */
#include "../support/soak.h"
#include "../support/test.h"

static void hundred_thousand_frames_under_faults__lose_nothing_and_hold_nothing(void **state)
{
    (void)state;
    soak_run(200, 100000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundred_thousand_frames_under_faults__lose_nothing_and_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
