/* SPDX-License-Identifier: MIT */
/* RFC 6455 11.3: how often the Sec-WebSocket fields may stand, and where they have no meaning. */
#include <string.h>

#include "support/shake.h"
#include "support/test.h"

#define EXTENSIONS(value) "Sec-WebSocket-Extensions: " value "\r\n"

static void R6455_11_3_2__extensions_of_a_request_on_several_lines__are_one_list(void **state)
{
    static const weir_text good[] = {
        TEXT(REQUEST EXTENSIONS("a, b;c=1, d") END),
        TEXT(REQUEST EXTENSIONS("a") EXTENSIONS("b;c=1, d") END),
        TEXT(REQUEST EXTENSIONS("a") "X: y\r\n" EXTENSIONS("b;c=1") EXTENSIONS("d") END),
        TEXT(REQUEST EXTENSIONS("a") EXTENSIONS("a") END),
        TEXT(REQUEST EXTENSIONS("") EXTENSIONS("a") END),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        shake_accepted(good[i], NULL, NULL);
    shake_refused(AS_TEXT(REQUEST EXTENSIONS("a") EXTENSIONS(";") END), WEIR_E_EXTENSION_LIST,
                  NULL);
    /* A quoted string ends with its line at the latest. */
    shake_refused(AS_TEXT(REQUEST EXTENSIONS("a;b=\"c") EXTENSIONS("d\"") END),
                  WEIR_E_EXTENSION_LIST, NULL);
}

static void R6455_11_3_3__key_and_version__stand_once_each(void **state)
{
    (void)state;
    shake_refused(AS_TEXT(REQUEST KEY END), WEIR_E_HTTP_DUPLICATE, NULL);
    shake_refused(AS_TEXT(REQUEST VERSION END), WEIR_E_HTTP_DUPLICATE, NULL);
    shake_refused(AS_TEXT(REQUEST "sEC-wEBsOCKET-vERSION: 13\r\n" END), WEIR_E_HTTP_DUPLICATE,
                  NULL);
}

static void R6455_11_3_1__accept_and_protocol_of_a_response__stand_once_each(void **state)
{
    (void)state;
    shake_client_fails(AS_TEXT(RESPONSE ACCEPT END), WEIR_E_HTTP_DUPLICATE, NULL);
    shake_client_fails(AS_TEXT(RESPONSE "Sec-WebSocket-Protocol: a\r\n"
                                        "Sec-WebSocket-Protocol: a\r\n" END),
                       WEIR_E_HTTP_DUPLICATE, NULL);
}

/* RFC 6455 11.3.3, 11.3.5: a request has no Accept; there it is an unknown field. So is a Key in
 * a response. */
static void field_of_the_other_side__is_ignored(void **state)
{
    (void)state;
    shake_accepted(AS_TEXT(REQUEST ACCEPT ACCEPT END), NULL, NULL);
    shake_client_opens(AS_TEXT(RESPONSE KEY KEY VERSION END), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R6455_11_3_2__extensions_of_a_request_on_several_lines__are_one_list),
        cmocka_unit_test(R6455_11_3_3__key_and_version__stand_once_each),
        cmocka_unit_test(R6455_11_3_1__accept_and_protocol_of_a_response__stand_once_each),
        cmocka_unit_test(field_of_the_other_side__is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
