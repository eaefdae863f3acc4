/* SPDX-License-Identifier: MIT */
/* What unit tests use of cmocka, for platforms without: the first failure ends the program. */
#ifndef WEIR_CROSS_CMOCKA_H
#define WEIR_CROSS_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    ((void)(setup), (void)(teardown), cmocka_run(tests, sizeof(tests) / sizeof *(tests)))
#define cmocka_set_skip_filter(pattern) ((void)(pattern))
#define print_message printf

static inline void cmocka_check(int good, const char *what, const char *file, int line)
{
    if (good)
        return;
    printf("%s:%d: not so: %s\n", file, line, what);
    exit(1);
}

static inline int cmocka_run(const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        tests[i].run(&state);
    }
    printf("%u tests passed\n", (unsigned)count);
    return 0;
}

#define CMOCKA_CHECK(good, text) cmocka_check((good) != 0, text, __FILE__, __LINE__)
#define CMOCKA_NUMBER(value) ((unsigned long long)(value))

#define fail() CMOCKA_CHECK(0, "never comes here")
#define assert_true(value) CMOCKA_CHECK(value, #value)
#define assert_false(value) CMOCKA_CHECK(!(value), "! " #value)
#define assert_null(value) CMOCKA_CHECK((value) == NULL, #value " == NULL")
#define assert_non_null(value) CMOCKA_CHECK((value) != NULL, #value " != NULL")
#define assert_int_equal(a, b) CMOCKA_CHECK(CMOCKA_NUMBER(a) == CMOCKA_NUMBER(b), #a " == " #b)
#define assert_int_not_equal(a, b) CMOCKA_CHECK(CMOCKA_NUMBER(a) != CMOCKA_NUMBER(b), #a " != " #b)
#define assert_ptr_equal(a, b) CMOCKA_CHECK((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_string_equal(a, b) CMOCKA_CHECK(strcmp(a, b) == 0, #a " == " #b)
#define assert_memory_equal(a, b, len) CMOCKA_CHECK(memcmp(a, b, len) == 0, #a " == " #b)
#define assert_memory_not_equal(a, b, len) CMOCKA_CHECK(memcmp(a, b, len) != 0, #a " != " #b)
#define assert_in_range(value, low, high)                                                          \
    CMOCKA_CHECK(CMOCKA_NUMBER(value) >= CMOCKA_NUMBER(low) &&                                     \
                     CMOCKA_NUMBER(value) <= CMOCKA_NUMBER(high),                                  \
                 #value " from " #low " to " #high)

#endif
