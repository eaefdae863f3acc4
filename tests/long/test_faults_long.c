/* SPDX-License-Identifier: MIT */
/* Faults at every place of whole stories, no byte left out. */
#include "support/faults.h"
#include "support/test.h"

static void
SEC_T1__SEC_T2__stories_with_a_fault_at_any_byte__end_once_and_lose_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < FAULT_STORIES; i++) {
        const fault_story story = fault_story_number(i);
        print_message("story %d: %llu runs\n", i, (unsigned long long)fault_sweep(&story, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            SEC_T1__SEC_T2__stories_with_a_fault_at_any_byte__end_once_and_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
