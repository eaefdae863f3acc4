/* SPDX-License-Identifier: MIT */
/* Which frame heads are allowed: every first two bytes, in every state of the connection. */
#include "support/test.h"

#include "../../src/protocol/frame_rules.h"

/* The rules, written out another way than in the code: the status of a first byte. */
static int first_byte_status(unsigned first, const weir__frame_rules *rules)
{
    const unsigned rsv = first >> 4 & 7;
    const unsigned opcode = first & 15;
    const bool begins = opcode == 1 || opcode == 2;
    if (rsv != 0 && !(rules->rsv1 && begins && rsv == 4))
        return WEIR_E_RSV;
    switch (opcode) {
    case 0:
        return rules->in_message ? WEIR_OK : WEIR_E_CONTINUATION;
    case 1:
    case 2:
        return rules->in_message ? WEIR_E_INTERRUPTED : WEIR_OK;
    case 8:
    case 9:
    case 10:
        return first >= 128 ? WEIR_OK : WEIR_E_CONTROL_FRAGMENTED;
    default:
        return WEIR_E_OPCODE;
    }
}

static int second_byte_status(unsigned opcode, unsigned second, bool masked)
{
    if (masked && second < 128)
        return WEIR_E_UNMASKED;
    if (!masked && second >= 128)
        return WEIR_E_MASKED;
    return opcode >= 8 && second % 128 >= 126 ? WEIR_E_CONTROL_TOO_LONG : WEIR_OK;
}

static weir__frame_rules rules_of(unsigned bits)
{
    return (weir__frame_rules){
        .masked = (bits & 1) != 0, .in_message = (bits & 2) != 0, .rsv1 = (bits & 4) != 0};
}

static void every_first_byte__is_judged_alone__in_every_state(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        const weir__frame_rules rules = rules_of(bits);
        for (unsigned first = 0; first < 256; first++) {
            /* What lies behind the first byte would be refused. */
            const uint8_t bytes[4] = {(uint8_t)first, rules.masked ? 0x7F : 0xFF, 0, 0};
            weir_frame_head head;
            assert_int_equal(weir__frame_rules_read(bytes, 1, &rules, &head),
                             first_byte_status(first, &rules));
        }
    }
}

static void every_first_two_bytes__are_judged__in_every_state(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        const weir__frame_rules rules = rules_of(bits);
        for (unsigned word = 0; word < 65536; word++) {
            const unsigned second = word & 255;
            const uint8_t bytes[2] = {(uint8_t)(word >> 8), (uint8_t)second};
            weir_frame_head head;
            int expected = first_byte_status(word >> 8, &rules);
            if (expected == WEIR_OK)
                expected = second_byte_status(word >> 8 & 15, second, rules.masked);
            if (expected == WEIR_OK && second < 126)
                expected = 2; /* nothing follows */
            assert_int_equal(weir__frame_rules_read(bytes, 2, &rules, &head), expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_first_byte__is_judged_alone__in_every_state),
        cmocka_unit_test(every_first_two_bytes__are_judged__in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
