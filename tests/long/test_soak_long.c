/* SPDX-License-Identifier: MIT */
/* 10 000 connections and as many frames as WEIR_SOAK_FRAMES says, 10^8 without it. */
#include <stdlib.h>

#include "../support/soak.h"
#include "../support/test.h"

static void ten_thousand_connections_under_faults__lose_nothing_and_hold_nothing(void **state)
{
    (void)state;
    const char *const frames = getenv("WEIR_SOAK_FRAMES");
    soak_run(10000, frames ? strtoull(frames, NULL, 10) : 100000000, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_connections_under_faults__lose_nothing_and_hold_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
