/* SPDX-License-Identifier: MIT */
/* Every TLS status has a name and a text of its own. */
#include <weir/tls.h>

#include <string.h>

#include "support/test.h"

static void statuses__have_names_and_texts(void **state)
{
    (void)state;
#define ASSERT_STATUS(name, value, text)                                                           \
    assert_string_equal(weir_tls_status_name(value), "WEIR_" #name);                               \
    assert_string_equal(weir_tls_status_text(value), text);                                        \
    assert_true(value == 0 || strcmp(weir_status_name(value), "unknown") == 0);
    WEIR_TLS_STATUS_LIST(ASSERT_STATUS)
}

static void other_numbers__are_those_of_the_core_or_unknown(void **state)
{
    (void)state;
    assert_string_equal(weir_tls_status_name(WEIR_E_MEMORY), "WEIR_E_MEMORY");
    assert_string_equal(weir_tls_status_text(WEIR_E_MEMORY), "out of memory");
    assert_string_equal(weir_tls_status_name(-9999), "unknown");
    assert_string_equal(weir_tls_status_text(-9999), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses__have_names_and_texts),
        cmocka_unit_test(other_numbers__are_those_of_the_core_or_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
