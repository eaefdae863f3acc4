/* SPDX-License-Identifier: MIT */
/* RFC 6455 4, 5.5.1 and 7: all short lives of a connection, against a model. */
#include "support/life_walk.h"
#include "support/test.h"
#include "support/zip.h"

#define LIVES_DEPTH (ZIP_TURNS(5) == 5 ? 4 : 3)

static void lives(int keepalive)
{
    for (const char *kind = "scSC"; *kind; kind++) {
        /* A handshake leaves less time for the rest of a life. */
        const size_t more = *kind == 's' || *kind == 'c';
        assert_true(life_walk_all(*kind, keepalive, LIVES_DEPTH + more) > 1000);
    }
}

static void R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_four_steps__are_the_models(void **state)
{
    (void)state;
    lives(0);
}

static void
R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_four_steps_with_pings__are_the_models(void **state)
{
    (void)state;
    lives(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_four_steps__are_the_models),
        cmocka_unit_test(
            R6455_7_1_2_1__R6455_7_1_3_1__all_lives_of_four_steps_with_pings__are_the_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
