/* SPDX-License-Identifier: MIT */
/* Faults at every place of whole stories: memory, transports, clocks, what callers do at events. */
#include "support/faults.h"
#include "support/test.h"
#include "support/zip.h"

static void SEC_T1__SEC_T2__stories_with_a_fault_anywhere__end_once_and_lose_nothing(void **state)
{
    uint64_t runs = 0;
    (void)state;
    for (int i = 0; i < FAULT_STORIES; i += ZIP_TURNS(5) == 5 ? 1 : 5) {
        const fault_story story = fault_story_number(i);
        runs += fault_sweep(&story, 307);
    }
    assert_true(runs > 1000);
}

static void SEC_T1__SEC_T2__scripted_peers_with_a_fault_anywhere__end_once(void **state)
{
    (void)state;
    assert_true(fault_sweep_scripts() > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_T1__SEC_T2__stories_with_a_fault_anywhere__end_once_and_lose_nothing),
        cmocka_unit_test(SEC_T1__SEC_T2__scripted_peers_with_a_fault_anywhere__end_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
