/* SPDX-License-Identifier: MIT */
/* Name, text and wire code of each status. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/base/statuses.h"

static const int all[] = {
#define VALUE(name, value, wire, text) value,
    WEIR_STATUS_LIST(VALUE)
#undef VALUE
};

#define COUNT (sizeof all / sizeof *all)

static void each_status_has_its_own_number_and_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        assert_memory_equal(weir__status_name(all[i]), "WEIR_", 5);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(all[i], all[j]);
            assert_string_not_equal(weir__status_name(all[i]), weir__status_name(all[j]));
        }
    }
}

static void name_text_and_wire__are_those_of_the_list(void **state)
{
    (void)state;
    assert_string_equal(weir__status_name(WEIR_OK), "WEIR_OK");
    assert_string_equal(weir__status_text(WEIR_OK), "done");
    assert_int_equal(weir__status_wire(WEIR_OK), 0);
    assert_string_equal(weir__status_name(WEIR_E_UTF8), "WEIR_E_UTF8");
    assert_string_equal(weir__status_text(WEIR_E_MEMORY), "out of memory");
    assert_int_equal(weir__status_wire(WEIR_E_UTF8), 1007);
    assert_int_equal(weir__status_wire(WEIR_E_UPGRADE), 426);
}

static void number_that_is_no_status__is_unknown(void **state)
{
    (void)state;
    const int none[] = {INT32_MIN, -1, 3, -99, -1000, INT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_string_equal(weir__status_name(none[i]), "unknown");
        assert_string_equal(weir__status_text(none[i]), "unknown");
        assert_int_equal(weir__status_wire(none[i]), 0);
    }
}

static void wire_code__fits_the_family_of_its_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        uint32_t wire = weir__status_wire(all[i]);
        if (all[i] > -200)
            assert_int_equal(wire, 0);
        else if (all[i] <= -500)
            assert_in_range(wire, 1002, 1011);
        else if (all[i] <= -400 && wire != 0)
            assert_in_range(wire, 400, 599);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_own_number_and_name),
        cmocka_unit_test(name_text_and_wire__are_those_of_the_list),
        cmocka_unit_test(number_that_is_no_status__is_unknown),
        cmocka_unit_test(wire_code__fits_the_family_of_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
