/* SPDX-License-Identifier: MIT */
/* The exported functions for streams: what each refuses, and that nothing is touched then. */
#include "support/test.h"

#include <weir/stream.h>

static void missing_arguments_are_refused(void **state)
{
    const weir_field field = {{":status", 7}, {"200", 3}};
    char text[200], accepted[28];
    weir_field fields[2];
    size_t len = 77;
    (void)state;
    assert_int_equal(weir_stream_read_request(NULL, 1, text, 200, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_request(&field, 1, NULL, 200, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_request(&field, 1, text, 200, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_response(NULL, 1, accepted, text, 200, &len),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_response(&field, 1, NULL, text, 200, &len), WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_response(&field, 1, accepted, NULL, 200, &len),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_read_response(&field, 1, accepted, text, 200, NULL),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_request(NULL, 1, 0, &len, accepted, text, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_request("", 0, 0, NULL, accepted, text, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_request("", 0, 0, &len, NULL, text, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_request("", 0, 0, &len, accepted, NULL, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_request("", 0, 0, &len, accepted, text, 200, NULL, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_response(NULL, 1, &len, text, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_response("", 0, NULL, text, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_response("", 0, &len, NULL, 200, fields, 2),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_stream_write_response("", 0, &len, text, 200, NULL, 2), WEIR_E_ARGUMENT);
    assert_int_equal(len, 77);
}

static void nothing_is_no_head_yet(void **state)
{
    char text[200], accepted[28];
    weir_field fields[2];
    size_t used = 77;
    (void)state;
    assert_int_equal(weir_stream_write_request(NULL, 0, 0, &used, accepted, text, 200, fields, 2),
                     0);
    assert_int_equal(used, 0);
    used = 77;
    assert_int_equal(weir_stream_write_response(NULL, 0, &used, text, 200, fields, 2), 0);
    assert_int_equal(used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_arguments_are_refused),
        cmocka_unit_test(nothing_is_no_head_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
