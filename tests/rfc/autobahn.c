/* SPDX-License-Identifier: MIT */
/* The cases of the Autobahn testsuite, sections 1 to 7, 9 and 10, for an echo in both roles. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/wire.h"

/* ---- Scripts: what comes, and what an echo must say ------------------------------------------*/

typedef struct script_case {
    const char *name;
    const char *script;
    const char *wanted;
} script_case;

static const script_case script_cases[] = {
    {"case_1_1_1__text_of_0__is_answered", "T:~0", "T:~0"},
    {"case_1_1_2__text_of_125__is_answered", "T:~125", "T:~125"},
    {"case_1_1_3__text_of_126__is_answered", "T:~126", "T:~126"},
    {"case_1_1_4__text_of_127__is_answered", "T:~127", "T:~127"},
    {"case_1_1_5__text_of_128__is_answered", "T:~128", "T:~128"},
    {"case_1_1_6__text_of_65535__is_answered", "T:~65535", "T:~65535"},
    {"case_1_1_7__text_of_65536__is_answered", "T:~65536", "T:~65536"},
    {"case_1_1_8__text_of_65536_chopped__is_answered", "T:~65536", "T:~65536"},
    {"case_1_2_1__binary_of_0__is_answered", "B:~0", "B:~0"},
    {"case_1_2_2__binary_of_125__is_answered", "B:~125", "B:~125"},
    {"case_1_2_3__binary_of_126__is_answered", "B:~126", "B:~126"},
    {"case_1_2_4__binary_of_127__is_answered", "B:~127", "B:~127"},
    {"case_1_2_5__binary_of_128__is_answered", "B:~128", "B:~128"},
    {"case_1_2_6__binary_of_65535__is_answered", "B:~65535", "B:~65535"},
    {"case_1_2_7__binary_of_65536__is_answered", "B:~65536", "B:~65536"},
    {"case_1_2_8__binary_of_65536_chopped__is_answered", "B:~65536", "B:~65536"},
    {"case_2_1__ping_without_payload__is_answered", "P:", "O:"},
    {"case_2_2__ping_with_payload__is_answered", "P:Hello,world", "O:Hello,world"},
    {"case_2_3__ping_with_binary_payload__is_answered", "P:%00%ff%fe%fd%fc%fb%00%ff",
     "O:%00%ff%fe%fd%fc%fb%00%ff"},
    {"case_2_4__ping_of_125__is_answered", "P:~125", "O:~125"},
    {"case_2_5__ping_of_126__fails_1002", "P:~126", "X:1002"},
    {"case_2_6__ping_of_125_in_octets__is_answered", "P:~125", "O:~125"},
    {"case_2_7__pong_unasked__is_ignored", "O:", ""},
    {"case_2_8__pong_unasked_with_payload__is_ignored", "O:unsolicited", ""},
    {"case_2_9__pong_unasked_then_ping__is_answered", "O:unsolicited P:ping", "O:ping"},
    {"case_2_10__ten_pings__is_answered",
     "P:payload-0 P:payload-1 P:payload-2 P:payload-3 P:payload-4 P:payload-5 P:payload-6 "
     "P:payload-7 P:payload-8 P:payload-9",
     "O:payload-0 O:payload-1 O:payload-2 O:payload-3 O:payload-4 O:payload-5 O:payload-6 "
     "O:payload-7 O:payload-8 O:payload-9"},
    {"case_2_11__ten_pings_in_octets__is_answered",
     "P:payload-0 P:payload-1 P:payload-2 P:payload-3 P:payload-4 P:payload-5 P:payload-6 "
     "P:payload-7 P:payload-8 P:payload-9",
     "O:payload-0 O:payload-1 O:payload-2 O:payload-3 O:payload-4 O:payload-5 O:payload-6 "
     "O:payload-7 O:payload-8 O:payload-9"},
    {"case_3_1__rsv_1__fails_1002", "Tr1:Hello", "X:1002"},
    {"case_3_2__rsv_2_after_text__fails_1002", "T:Hello Tr2:Hello P:", "T:Hello X:1002"},
    {"case_3_3__rsv_3_after_text__fails_1002", "T:Hello Tr3:Hello P:", "T:Hello X:1002"},
    {"case_3_4__rsv_4_after_text__fails_1002", "T:Hello Tr4:Hello P:", "T:Hello X:1002"},
    {"case_3_5__rsv_5_binary__fails_1002", "Br5:%00%ff%fe", "X:1002"},
    {"case_3_6__rsv_6_ping__fails_1002", "Pr6:Hello", "X:1002"},
    {"case_3_7__rsv_7_close__fails_1002", "Xr7:", "X:1002"},
    {"case_4_1_1__opcode_3__fails_1002", "3:", "X:1002"},
    {"case_4_1_2__opcode_4__fails_1002", "4:reserved", "X:1002"},
    {"case_4_1_3__opcode_5_after_text__fails_1002", "T:Hello 5: P:", "T:Hello X:1002"},
    {"case_4_1_4__opcode_6_after_text__fails_1002", "T:Hello 6:reserved P:", "T:Hello X:1002"},
    {"case_4_1_5__opcode_7_after_text__fails_1002", "T:Hello 7:reserved P:", "T:Hello X:1002"},
    {"case_4_2_1__opcode_b__fails_1002", "b:", "X:1002"},
    {"case_4_2_2__opcode_c__fails_1002", "c:reserved", "X:1002"},
    {"case_4_2_3__opcode_d_after_text__fails_1002", "T:Hello d: P:", "T:Hello X:1002"},
    {"case_4_2_4__opcode_e_after_text__fails_1002", "T:Hello e:reserved P:", "T:Hello X:1002"},
    {"case_4_2_5__opcode_f_after_text__fails_1002", "T:Hello f:reserved P:", "T:Hello X:1002"},
    {"case_5_1__fragmented_ping__fails_1002", "P-:fragment1 C:fragment2", "X:1002"},
    {"case_5_2__fragmented_pong__fails_1002", "O-:fragment1 C:fragment2", "X:1002"},
    {"case_5_3__two_fragments__is_answered", "T-:fragment1 C:fragment2", "T:fragment1fragment2"},
    {"case_5_4__two_fragments__is_answered", "T-:fragment1 C:fragment2", "T:fragment1fragment2"},
    {"case_5_5__two_fragments__is_answered", "T-:fragment1 C:fragment2", "T:fragment1fragment2"},
    {"case_5_6__ping_between_fragments__is_answered", "T-:fragment1 P:ping C:fragment2",
     "O:ping T:fragment1fragment2"},
    {"case_5_7__ping_between_fragments__is_answered", "T-:fragment1 P:ping C:fragment2",
     "O:ping T:fragment1fragment2"},
    {"case_5_8__ping_between_fragments__is_answered", "T-:fragment1 P:ping C:fragment2",
     "O:ping T:fragment1fragment2"},
    {"case_5_9__nothing_to_continue__fails_1002", "C:non-continuation T:Hello", "X:1002"},
    {"case_5_10__nothing_to_continue__fails_1002", "C:non-continuation T:Hello", "X:1002"},
    {"case_5_11__nothing_to_continue__fails_1002", "C:non-continuation T:Hello", "X:1002"},
    {"case_5_12__nothing_to_continue_without_fin__fails_1002", "C-:non-continuation T:Hello",
     "X:1002"},
    {"case_5_13__nothing_to_continue_without_fin__fails_1002", "C-:non-continuation T:Hello",
     "X:1002"},
    {"case_5_14__nothing_to_continue_without_fin__fails_1002", "C-:non-continuation T:Hello",
     "X:1002"},
    {"case_5_15__nothing_to_continue_after_fragments__fails_1002",
     "T-:fragment1 C:fragment2 C-:fragment3 T:fragment4", "T:fragment1fragment2 X:1002"},
    {"case_5_16__nothing_to_continue_then_fragments__fails_1002",
     "C-:fragment1 T-:fragment2 C:fragment3 C-:fragment4 T-:fragment5 C:fragment6", "X:1002"},
    {"case_5_17__nothing_to_continue_with_fin_then_fragments__fails_1002",
     "C:fragment1 T-:fragment2 C:fragment3 C:fragment4 T-:fragment5 C:fragment6", "X:1002"},
    {"case_5_18__both_fragments_are_text__fails_1002", "T-:fragment1 T:fragment2", "X:1002"},
    {"case_5_19__five_fragments_and_two_pings__is_answered",
     "T-:f1 C-:f2 P:pongme1 C-:f3 C-:f4 P:pongme2 C:f5", "O:pongme1 O:pongme2 T:f1f2f3f4f5"},
    {"case_5_20__five_fragments_and_two_pings__is_answered",
     "T-:f1 C-:f2 P:pongme1 C-:f3 C-:f4 P:pongme2 C:f5", "O:pongme1 O:pongme2 T:f1f2f3f4f5"},
    {"case_6_1_1__empty_text__is_answered", "T:", "T:"},
    {"case_6_1_2__three_empty_fragments__is_answered", "T-: C-: C:", "T:"},
    {"case_6_1_3__empty_around_text__is_answered", "T-: C-:middle C:", "T:middle"},
    {"case_6_2_2__cut_between_characters__is_answered",
     "T-:Hello-%c2%b5@%c3%9f%c3%b6%c3%a4 C:%c3%bc%c3%a0%c3%a1-UTF-8!!",
     "T:Hello-%c2%b5@%c3%9f%c3%b6%c3%a4%c3%bc%c3%a0%c3%a1-UTF-8!!"},
    {"case_7_1_1__text_then_close__is_answered", "T:Hello X:1000", "T:Hello X:1000"},
    {"case_7_1_2__two_closes__is_answered", "X:1000 X:1000", "X:1000"},
    {"case_7_1_3__ping_after_close__is_answered", "X:1000 P:late", "X:1000"},
    {"case_7_1_4__text_after_close__is_answered", "X:1000 T:late", "X:1000"},
    {"case_7_1_5__close_between_fragments__is_answered", "T-:fragment1 X:1000 C:fragment2",
     "X:1000"},
    {"case_7_1_6__large_text_then_close_then_ping__is_answered", "T:~262144 X:1000 P:late",
     "T:~262144 X:1000"},
    {"case_7_3_1__close_without_payload__is_answered", "X:", "X:"},
    {"case_7_3_2__close_of_one_byte__fails_1002", "X:%61", "X:1002"},
    {"case_7_3_3__close_with_code__is_answered", "X:1000", "X:1000"},
    {"case_7_3_4__close_with_reason__is_answered", "X:1000,Hello-World!", "X:1000"},
    {"case_7_3_5__close_with_longest_reason__is_answered", "X:1000,~123", "X:1000"},
    {"case_7_3_6__close_over_125_bytes__fails_1002", "X:1000,~124", "X:1002"},
    {"case_7_5_1__reason_that_is_no_utf8__fails_1007",
     "X:1000,%ce%ba%e1%bd%b9%cf%83%ce%bc%ce%b5%ed%a0%80edited", "X:1007"},
    {"case_7_7_1__code_1000__is_answered", "X:1000", "X:1000"},
    {"case_7_7_2__code_1001__is_answered", "X:1001", "X:1001"},
    {"case_7_7_3__code_1002__is_answered", "X:1002", "X:1002"},
    {"case_7_7_4__code_1003__is_answered", "X:1003", "X:1003"},
    {"case_7_7_5__code_1007__is_answered", "X:1007", "X:1007"},
    {"case_7_7_6__code_1008__is_answered", "X:1008", "X:1008"},
    {"case_7_7_7__code_1009__is_answered", "X:1009", "X:1009"},
    {"case_7_7_8__code_1010__is_answered", "X:1010", "X:1010"},
    {"case_7_7_9__code_1011__is_answered", "X:1011", "X:1011"},
    {"case_7_7_10__code_3000__is_answered", "X:3000", "X:3000"},
    {"case_7_7_11__code_3999__is_answered", "X:3999", "X:3999"},
    {"case_7_7_12__code_4000__is_answered", "X:4000", "X:4000"},
    {"case_7_7_13__code_4999__is_answered", "X:4999", "X:4999"},
    {"case_7_9_1__code_0__fails_1002", "X:0", "X:1002"},
    {"case_7_9_2__code_999__fails_1002", "X:999", "X:1002"},
    {"case_7_9_3__code_1004__fails_1002", "X:1004", "X:1002"},
    {"case_7_9_4__code_1005__fails_1002", "X:1005", "X:1002"},
    {"case_7_9_5__code_1006__fails_1002", "X:1006", "X:1002"},
    {"case_7_9_6__code_1016__fails_1002", "X:1016", "X:1002"},
    {"case_7_9_7__code_1100__fails_1002", "X:1100", "X:1002"},
    {"case_7_9_8__code_2000__fails_1002", "X:2000", "X:1002"},
    {"case_7_9_9__code_2999__fails_1002", "X:2999", "X:1002"},
    {"case_7_13_1__code_5000__fails_1002", "X:5000", "X:1002"},
    {"case_7_13_2__code_65535__fails_1002", "X:65535", "X:1002"},
};

static void echo_one_event(peer *p)
{
    p->echo = 1;
    p->event_cap = 1;
}

static void echo_sampled(peer *p)
{
    echo_one_event(p);
    p->sampled = 1;
}

/* The last frame that is wanted is a Close with a code that tells of a fault. */
static bool wants_failure(const script_case *c)
{
    const char *const close = strstr(c->wanted, "X:");
    return close && strstr(c->script, close) == NULL;
}

static void run_script_case(void **state)
{
    const script_case *const c = *state;
    for (const char *kind = wire_kinds; *kind; kind++) {
        const int role = kind_role(*kind);
        bytes input = {NULL, 0, 0};
        wire_script(&input, other_role(role), c->script);
        outcome o =
            run_all_cuts_with(*kind, &input, input.len > 4096 ? echo_sampled : echo_one_event);
        assert_said(&o.output, role, c->wanted);
        const bool closes = strstr(c->wanted, "X:") != NULL;
        assert_int_equal(o.report.cause != WEIR_OK, wants_failure(c));
        assert_int_equal(o.report.clean, closes && !wants_failure(c));
        assert_int_equal(o.report.code, o.report.clean ? o.close_code : 1006);
        outcome_free(&o);
        bytes_free(&input);
    }
}

/* ---- UTF-8 -----------------------------------------------------------------------------------*/

typedef struct text_case {
    const char *name;
    const char *text;
    size_t len;
    int valid;
} text_case;

static const text_case text_cases[] = {
    {"case_6_2_1__valid_text__is_accepted",
     "\x48\x65\x6c\x6c\x6f\x2d\xc2\xb5\x40\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1\x2d\x55"
     "\x54\x46\x2d\x38\x21\x21",
     29, 1},
    {"case_6_2_4__kosme__is_accepted", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", 11, 1},
    {"case_6_3_1__kosme_surrogate_edited__fails_1007",
     "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64", 20, 0},
    {"case_6_5_1__dollar__is_accepted", "\x68\x65\x6c\x6c\x6f\x24\x77\x6f\x72\x6c\x64", 11, 1},
    {"case_6_5_2__cent__is_accepted", "\x68\x65\x6c\x6c\x6f\xc2\xa2\x77\x6f\x72\x6c\x64", 12, 1},
    {"case_6_5_3__euro__is_accepted", "\x68\x65\x6c\x6c\x6f\xe2\x82\xac\x77\x6f\x72\x6c\x64", 13,
     1},
    {"case_6_5_4__han__is_accepted", "\x68\x65\x6c\x6c\x6f\xf0\xa4\xad\xa2\x77\x6f\x72\x6c\x64", 14,
     1},
    {"case_6_5_5__kosme__is_accepted", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", 11, 1},
    {"case_6_6_1__kosme_first_1_octets__fails_1007", "\xce", 1, 0},
    {"case_6_6_2__kosme_first_2_octets__is_accepted", "\xce\xba", 2, 1},
    {"case_6_6_3__kosme_first_3_octets__fails_1007", "\xce\xba\xe1", 3, 0},
    {"case_6_6_4__kosme_first_4_octets__fails_1007", "\xce\xba\xe1\xbd", 4, 0},
    {"case_6_6_5__kosme_first_5_octets__is_accepted", "\xce\xba\xe1\xbd\xb9", 5, 1},
    {"case_6_6_6__kosme_first_6_octets__fails_1007", "\xce\xba\xe1\xbd\xb9\xcf", 6, 0},
    {"case_6_6_7__kosme_first_7_octets__is_accepted", "\xce\xba\xe1\xbd\xb9\xcf\x83", 7, 1},
    {"case_6_6_8__kosme_first_8_octets__fails_1007", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce", 8, 0},
    {"case_6_6_9__kosme_first_9_octets__is_accepted", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc", 9, 1},
    {"case_6_6_10__kosme_first_10_octets__fails_1007", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce",
     10, 0},
    {"case_6_6_11__kosme_first_11_octets__is_accepted",
     "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", 11, 1},
    {"case_6_7_1__first_of_1_octets__is_accepted", "\x00", 1, 1},
    {"case_6_7_2__first_of_2_octets__is_accepted", "\xc2\x80", 2, 1},
    {"case_6_7_3__first_of_3_octets__is_accepted", "\xe0\xa0\x80", 3, 1},
    {"case_6_7_4__first_of_4_octets__is_accepted", "\xf0\x90\x80\x80", 4, 1},
    {"case_6_8_1__first_of_5_octets__fails_1007", "\xf8\x88\x80\x80\x80", 5, 0},
    {"case_6_8_2__first_of_6_octets__fails_1007", "\xfc\x84\x80\x80\x80\x80", 6, 0},
    {"case_6_9_1__last_of_1_octets__is_accepted", "\x7f", 1, 1},
    {"case_6_9_2__last_of_2_octets__is_accepted", "\xdf\xbf", 2, 1},
    {"case_6_9_3__last_of_3_octets__is_accepted", "\xef\xbf\xbf", 3, 1},
    {"case_6_9_4__last_of_4_octets__is_accepted", "\xf4\x8f\xbf\xbf", 4, 1},
    {"case_6_10_1__last_of_4_octets__fails_1007", "\xf7\xbf\xbf\xbf", 4, 0},
    {"case_6_10_2__last_of_5_octets__fails_1007", "\xfb\xbf\xbf\xbf\xbf", 5, 0},
    {"case_6_10_3__last_of_6_octets__fails_1007", "\xfd\xbf\xbf\xbf\xbf\xbf", 6, 0},
    {"case_6_11_1__boundary__is_accepted", "\xed\x9f\xbf", 3, 1},
    {"case_6_11_2__boundary__is_accepted", "\xee\x80\x80", 3, 1},
    {"case_6_11_3__boundary__is_accepted", "\xef\xbf\xbd", 3, 1},
    {"case_6_11_4__boundary__is_accepted", "\xf4\x8f\xbf\xbf", 4, 1},
    {"case_6_11_5__boundary__fails_1007", "\xf4\x90\x80\x80", 4, 0},
    {"case_6_12_1__continuation_alone__fails_1007", "\x80", 1, 0},
    {"case_6_12_2__continuation_alone__fails_1007", "\xbf", 1, 0},
    {"case_6_12_3__continuation_alone__fails_1007", "\x80\xbf", 2, 0},
    {"case_6_12_4__continuation_alone__fails_1007", "\x80\xbf\x80", 3, 0},
    {"case_6_12_5__continuation_alone__fails_1007", "\x80\xbf\x80\xbf", 4, 0},
    {"case_6_12_6__continuation_alone__fails_1007", "\x80\xbf\x80\xbf\x80", 5, 0},
    {"case_6_12_7__continuation_alone__fails_1007", "\x80\xbf\x80\xbf\x80\xbf", 6, 0},
    {"case_6_12_8__continuation_alone__fails_1007",
     "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96"
     "\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad"
     "\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe",
     63, 0},
    {"case_6_13_1__starts_alone__fails_1007",
     "\xc0\x20\xc1\x20\xc2\x20\xc3\x20\xc4\x20\xc5\x20\xc6\x20\xc7\x20\xc8\x20\xc9\x20\xca\x20\xcb"
     "\x20\xcc\x20\xcd\x20\xce\x20\xcf\x20\xd0\x20\xd1\x20\xd2\x20\xd3\x20\xd4\x20\xd5\x20\xd6\x20"
     "\xd7\x20\xd8\x20\xd9\x20\xda\x20\xdb\x20\xdc\x20\xdd\x20\xde\x20\xdf\x20",
     64, 0},
    {"case_6_13_2__starts_alone__fails_1007",
     "\xe0\x20\xe1\x20\xe2\x20\xe3\x20\xe4\x20\xe5\x20\xe6\x20\xe7\x20\xe8\x20\xe9\x20\xea\x20\xeb"
     "\x20\xec\x20\xed\x20\xee\x20\xef\x20",
     32, 0},
    {"case_6_13_3__starts_alone__fails_1007",
     "\xf0\x20\xf1\x20\xf2\x20\xf3\x20\xf4\x20\xf5\x20\xf6\x20\xf7\x20", 16, 0},
    {"case_6_13_4__starts_alone__fails_1007", "\xf8\x20\xf9\x20\xfa\x20\xfb\x20", 8, 0},
    {"case_6_13_5__starts_alone__fails_1007", "\xfc\x20\xfd\x20", 4, 0},
    {"case_6_14_1__last_continuation_missing__fails_1007", "\xc0", 1, 0},
    {"case_6_14_2__last_continuation_missing__fails_1007", "\xe0\x80", 2, 0},
    {"case_6_14_3__last_continuation_missing__fails_1007", "\xf0\x80\x80", 3, 0},
    {"case_6_14_4__last_continuation_missing__fails_1007", "\xf8\x80\x80\x80", 4, 0},
    {"case_6_14_5__last_continuation_missing__fails_1007", "\xfc\x80\x80\x80\x80", 5, 0},
    {"case_6_14_6__last_continuation_missing__fails_1007", "\xdf", 1, 0},
    {"case_6_14_7__last_continuation_missing__fails_1007", "\xef\xbf", 2, 0},
    {"case_6_14_8__last_continuation_missing__fails_1007", "\xf7\xbf\xbf", 3, 0},
    {"case_6_14_9__last_continuation_missing__fails_1007", "\xfb\xbf\xbf\xbf", 4, 0},
    {"case_6_14_10__last_continuation_missing__fails_1007", "\xfd\xbf\xbf\xbf\xbf", 5, 0},
    {"case_6_15_1__incomplete_sequences_together__fails_1007",
     "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf"
     "\xbf\xbf\xfd\xbf\xbf\xbf\xbf",
     30, 0},
    {"case_6_16_1__impossible_octets__fails_1007", "\xfe", 1, 0},
    {"case_6_16_2__impossible_octets__fails_1007", "\xff", 1, 0},
    {"case_6_16_3__impossible_octets__fails_1007", "\xfe\xfe\xff\xff", 4, 0},
    {"case_6_17_1__overlong_ascii__fails_1007", "\xc0\xaf", 2, 0},
    {"case_6_17_2__overlong_ascii__fails_1007", "\xe0\x80\xaf", 3, 0},
    {"case_6_17_3__overlong_ascii__fails_1007", "\xf0\x80\x80\xaf", 4, 0},
    {"case_6_17_4__overlong_ascii__fails_1007", "\xf8\x80\x80\x80\xaf", 5, 0},
    {"case_6_17_5__overlong_ascii__fails_1007", "\xfc\x80\x80\x80\x80\xaf", 6, 0},
    {"case_6_18_1__longest_overlong__fails_1007", "\xc1\xbf", 2, 0},
    {"case_6_18_2__longest_overlong__fails_1007", "\xe0\x9f\xbf", 3, 0},
    {"case_6_18_3__longest_overlong__fails_1007", "\xf0\x8f\xbf\xbf", 4, 0},
    {"case_6_18_4__longest_overlong__fails_1007", "\xf8\x87\xbf\xbf\xbf", 5, 0},
    {"case_6_18_5__longest_overlong__fails_1007", "\xfc\x83\xbf\xbf\xbf\xbf", 6, 0},
    {"case_6_19_1__overlong_nul__fails_1007", "\xc0\x80", 2, 0},
    {"case_6_19_2__overlong_nul__fails_1007", "\xe0\x80\x80", 3, 0},
    {"case_6_19_3__overlong_nul__fails_1007", "\xf0\x80\x80\x80", 4, 0},
    {"case_6_19_4__overlong_nul__fails_1007", "\xf8\x80\x80\x80\x80", 5, 0},
    {"case_6_19_5__overlong_nul__fails_1007", "\xfc\x80\x80\x80\x80\x80", 6, 0},
    {"case_6_20_1__surrogate__fails_1007", "\xed\xa0\x80", 3, 0},
    {"case_6_20_2__surrogate__fails_1007", "\xed\xad\xbf", 3, 0},
    {"case_6_20_3__surrogate__fails_1007", "\xed\xae\x80", 3, 0},
    {"case_6_20_4__surrogate__fails_1007", "\xed\xaf\xbf", 3, 0},
    {"case_6_20_5__surrogate__fails_1007", "\xed\xb0\x80", 3, 0},
    {"case_6_20_6__surrogate__fails_1007", "\xed\xbe\x80", 3, 0},
    {"case_6_20_7__surrogate__fails_1007", "\xed\xbf\xbf", 3, 0},
    {"case_6_21_1__surrogate_pair__fails_1007", "\xed\xa0\x80\xed\xb0\x80", 6, 0},
    {"case_6_21_2__surrogate_pair__fails_1007", "\xed\xa0\x80\xed\xbf\xbf", 6, 0},
    {"case_6_21_3__surrogate_pair__fails_1007", "\xed\xad\xbf\xed\xb0\x80", 6, 0},
    {"case_6_21_4__surrogate_pair__fails_1007", "\xed\xad\xbf\xed\xbf\xbf", 6, 0},
    {"case_6_21_5__surrogate_pair__fails_1007", "\xed\xae\x80\xed\xb0\x80", 6, 0},
    {"case_6_21_6__surrogate_pair__fails_1007", "\xed\xae\x80\xed\xbf\xbf", 6, 0},
    {"case_6_21_7__surrogate_pair__fails_1007", "\xed\xaf\xbf\xed\xb0\x80", 6, 0},
    {"case_6_21_8__surrogate_pair__fails_1007", "\xed\xaf\xbf\xed\xbf\xbf", 6, 0},
    {"case_6_22_1__noncharacter_fffe__is_accepted", "\xef\xbf\xbe", 3, 1},
    {"case_6_22_2__noncharacter_ffff__is_accepted", "\xef\xbf\xbf", 3, 1},
    {"case_6_22_3__noncharacter_1fffe__is_accepted", "\xf0\x9f\xbf\xbe", 4, 1},
    {"case_6_22_4__noncharacter_1ffff__is_accepted", "\xf0\x9f\xbf\xbf", 4, 1},
    {"case_6_22_5__noncharacter_2fffe__is_accepted", "\xf0\xaf\xbf\xbe", 4, 1},
    {"case_6_22_6__noncharacter_2ffff__is_accepted", "\xf0\xaf\xbf\xbf", 4, 1},
    {"case_6_22_7__noncharacter_3fffe__is_accepted", "\xf0\xbf\xbf\xbe", 4, 1},
    {"case_6_22_8__noncharacter_3ffff__is_accepted", "\xf0\xbf\xbf\xbf", 4, 1},
    {"case_6_22_9__noncharacter_4fffe__is_accepted", "\xf1\x8f\xbf\xbe", 4, 1},
    {"case_6_22_10__noncharacter_4ffff__is_accepted", "\xf1\x8f\xbf\xbf", 4, 1},
    {"case_6_22_11__noncharacter_5fffe__is_accepted", "\xf1\x9f\xbf\xbe", 4, 1},
    {"case_6_22_12__noncharacter_5ffff__is_accepted", "\xf1\x9f\xbf\xbf", 4, 1},
    {"case_6_22_13__noncharacter_6fffe__is_accepted", "\xf1\xaf\xbf\xbe", 4, 1},
    {"case_6_22_14__noncharacter_6ffff__is_accepted", "\xf1\xaf\xbf\xbf", 4, 1},
    {"case_6_22_15__noncharacter_7fffe__is_accepted", "\xf1\xbf\xbf\xbe", 4, 1},
    {"case_6_22_16__noncharacter_7ffff__is_accepted", "\xf1\xbf\xbf\xbf", 4, 1},
    {"case_6_22_17__noncharacter_8fffe__is_accepted", "\xf2\x8f\xbf\xbe", 4, 1},
    {"case_6_22_18__noncharacter_8ffff__is_accepted", "\xf2\x8f\xbf\xbf", 4, 1},
    {"case_6_22_19__noncharacter_9fffe__is_accepted", "\xf2\x9f\xbf\xbe", 4, 1},
    {"case_6_22_20__noncharacter_9ffff__is_accepted", "\xf2\x9f\xbf\xbf", 4, 1},
    {"case_6_22_21__noncharacter_afffe__is_accepted", "\xf2\xaf\xbf\xbe", 4, 1},
    {"case_6_22_22__noncharacter_affff__is_accepted", "\xf2\xaf\xbf\xbf", 4, 1},
    {"case_6_22_23__noncharacter_bfffe__is_accepted", "\xf2\xbf\xbf\xbe", 4, 1},
    {"case_6_22_24__noncharacter_bffff__is_accepted", "\xf2\xbf\xbf\xbf", 4, 1},
    {"case_6_22_25__noncharacter_cfffe__is_accepted", "\xf3\x8f\xbf\xbe", 4, 1},
    {"case_6_22_26__noncharacter_cffff__is_accepted", "\xf3\x8f\xbf\xbf", 4, 1},
    {"case_6_22_27__noncharacter_dfffe__is_accepted", "\xf3\x9f\xbf\xbe", 4, 1},
    {"case_6_22_28__noncharacter_dffff__is_accepted", "\xf3\x9f\xbf\xbf", 4, 1},
    {"case_6_22_29__noncharacter_efffe__is_accepted", "\xf3\xaf\xbf\xbe", 4, 1},
    {"case_6_22_30__noncharacter_effff__is_accepted", "\xf3\xaf\xbf\xbf", 4, 1},
    {"case_6_22_31__noncharacter_ffffe__is_accepted", "\xf3\xbf\xbf\xbe", 4, 1},
    {"case_6_22_32__noncharacter_fffff__is_accepted", "\xf3\xbf\xbf\xbf", 4, 1},
    {"case_6_22_33__noncharacter_10fffe__is_accepted", "\xf4\x8f\xbf\xbe", 4, 1},
    {"case_6_22_34__noncharacter_10ffff__is_accepted", "\xf4\x8f\xbf\xbf", 4, 1},
    {"case_6_23_1__special_fff9__is_accepted", "\xef\xbf\xb9", 3, 1},
    {"case_6_23_2__special_fffa__is_accepted", "\xef\xbf\xba", 3, 1},
    {"case_6_23_3__special_fffb__is_accepted", "\xef\xbf\xbb", 3, 1},
    {"case_6_23_4__special_fffc__is_accepted", "\xef\xbf\xbc", 3, 1},
    {"case_6_23_5__special_fffd__is_accepted", "\xef\xbf\xbd", 3, 1},
    {"case_6_23_6__special_fffe__is_accepted", "\xef\xbf\xbe", 3, 1},
    {"case_6_23_7__special_ffff__is_accepted", "\xef\xbf\xbf", 3, 1},
};

/* A text in fragments that end at the cuts (the last at its end), to an echo. It must come back, or
 * fail with 1007 at the very byte of the input that cannot stand there. */
static void expect_text(const char *text, size_t len, const size_t *cuts, size_t count, int valid)
{
    int whole;
    const size_t fault = wire_utf8_fault((const uint8_t *)text, len, &whole);
    assert_int_equal(fault == len && whole, valid);
    for (const char *kind = wire_kinds; *kind; kind++) {
        const int role = kind_role(*kind);
        const size_t head = role == WEIR_SERVER ? 6 : 2;
        bytes input = {NULL, 0, 0};
        bytes wanted = {NULL, 0, 0};
        size_t place = 0; /* of the fault in the input */
        for (size_t i = 0, from = 0; i < count; from = cuts[i++]) {
            if (fault >= from && fault < cuts[i])
                place = input.len + head + fault - from;
            bytes_add_frame(&input, other_role(role), i + 1 == count, i == 0 ? 1 : 0, text + from,
                            cuts[i] - from);
        }
        if (fault == len)
            place = input.len;
        if (valid)
            bytes_add_frame(&wanted, role, 1, 1, text, len);
        outcome o = run_all_cuts_with(*kind, &input, echo_one_event);
        assert_int_equal(o.report.cause, valid ? WEIR_OK : WEIR_E_UTF8);
        assert_int_equal(o.close_code, valid ? 0 : 1007);
        assert_int_equal(o.report.offset, place);
        char *const said = wire_say(&o.output, role);
        char *const want = wire_say(&wanted, role);
        assert_string_equal(said, valid ? want : "X:1007");
        free(want);
        free(said);
        outcome_free(&o);
        bytes_free(&wanted);
        bytes_free(&input);
    }
}

/* In one frame, in frames of one octet, and in two frames. */
static void run_text_case(void **state)
{
    const text_case *const c = *state;
    size_t cuts[128];
    assert_in_range(c->len, 1, 128);
    expect_text(c->text, c->len, &c->len, 1, c->valid);
    for (size_t i = 0; i < c->len; i++)
        cuts[i] = i + 1;
    expect_text(c->text, c->len, cuts, c->len, c->valid);
    cuts[0] = c->len / 2;
    cuts[1] = c->len;
    expect_text(c->text, c->len, cuts, 2, c->valid);
}

#define KOSME "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"

static void case_6_2_3__text_in_frames_of_one_octet__is_accepted(void **state)
{
    static const char text[] = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4-UTF-8!!";
    size_t cuts[sizeof text];
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        cuts[i] = i + 1;
    expect_text(text, sizeof text - 1, cuts, sizeof text - 1, 1);
}

static void case_6_3_2__bad_text_in_frames_of_one_octet__fails_1007(void **state)
{
    static const char text[] = KOSME "\xed\xa0\x80"
                                     "edited";
    size_t cuts[sizeof text];
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        cuts[i] = i + 1;
    expect_text(text, sizeof text - 1, cuts, sizeof text - 1, 0);
}

static const char beyond[] = KOSME "\xf4\x90\x80\x80"
                                   "edited";

static void case_6_4_1__fault_in_the_second_frame__fails_in_it(void **state)
{
    static const size_t cuts[] = {11, 15, 21};
    (void)state;
    expect_text(beyond, 21, cuts, 3, 0);
}

static void case_6_4_2__fault_at_the_start_of_the_second_frame__fails_there(void **state)
{
    static const size_t cuts[] = {12, 13, 21};
    (void)state;
    expect_text(beyond, 21, cuts, 3, 0);
}

/* One frame in three chops: the connection must have failed before the last one comes. */
static void expect_fail_fast(size_t first, size_t second)
{
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        echo_one_event(&p);
        peer_open(&p, *kind);
        bytes_add_frame(&input, other_role(p.role), 1, 1, beyond, 21);
        const size_t head = input.len - 21;
        peer_feed(&p, input.data, head + first, input.len);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        peer_feed(&p, input.data + head + first, second, second);
        assert_int_equal(peer_close_code(&p, p.role), 1007);
        peer_feed(&p, input.data + head + first + second, 21 - first - second, 21);
        assert_said(&p.output, p.role, "X:1007");
        bytes_free(&input);
        peer_close(&p);
    }
}

static void case_6_4_3__fault_in_the_second_chop__fails_in_it(void **state)
{
    (void)state;
    expect_fail_fast(11, 4);
}

static void case_6_4_4__fault_is_the_second_chop__fails_with_it(void **state)
{
    (void)state;
    expect_fail_fast(12, 1);
}

/* ---- Sizes -----------------------------------------------------------------------------------*/

typedef struct size_case {
    const char *name;
    int type;
    size_t len;
    size_t fragment;
    size_t chop;
    size_t count;
} size_case;

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

/* Each case of text and its twin of binary. */
#define SIZES(type, a, b, c, d, kind)                                                              \
    {"case_9_" #a "_1__" kind "_of_64_kib", type, 64 * KIB, 16 * MIB, MIB, 1},                     \
        {"case_9_" #a "_2__" kind "_of_256_kib", type, 256 * KIB, 16 * MIB, MIB, 1},               \
        {"case_9_" #a "_3__" kind "_of_1_mib", type, MIB, 16 * MIB, MIB, 1},                       \
        {"case_9_" #a "_4__" kind "_of_4_mib", type, 4 * MIB, 16 * MIB, MIB, 1},                   \
        {"case_9_" #a "_5__" kind "_of_8_mib", type, 8 * MIB, 16 * MIB, MIB, 1},                   \
        {"case_9_" #a "_6__" kind "_of_16_mib", type, 16 * MIB, 16 * MIB, MIB, 1},                 \
        {"case_9_" #b "_1__" kind "_of_4_mib_in_64", type, 4 * MIB, 64, MIB, 1},                   \
        {"case_9_" #b "_2__" kind "_of_4_mib_in_256", type, 4 * MIB, 256, MIB, 1},                 \
        {"case_9_" #b "_3__" kind "_of_4_mib_in_1_kib", type, 4 * MIB, KIB, MIB, 1},               \
        {"case_9_" #b "_4__" kind "_of_4_mib_in_4_kib", type, 4 * MIB, 4 * KIB, MIB, 1},           \
        {"case_9_" #b "_5__" kind "_of_4_mib_in_16_kib", type, 4 * MIB, 16 * KIB, MIB, 1},         \
        {"case_9_" #b "_6__" kind "_of_4_mib_in_64_kib", type, 4 * MIB, 64 * KIB, MIB, 1},         \
        {"case_9_" #b "_7__" kind "_of_4_mib_in_256_kib", type, 4 * MIB, 256 * KIB, MIB, 1},       \
        {"case_9_" #b "_8__" kind "_of_4_mib_in_1_mib", type, 4 * MIB, MIB, MIB, 1},               \
        {"case_9_" #b "_9__" kind "_of_4_mib_in_4_mib", type, 4 * MIB, 4 * MIB, MIB, 1},           \
        {"case_9_" #c "_1__" kind "_of_1_mib_in_chops_of_64", type, MIB, MIB, 64, 1},              \
        {"case_9_" #c "_2__" kind "_of_1_mib_in_chops_of_128", type, MIB, MIB, 128, 1},            \
        {"case_9_" #c "_3__" kind "_of_1_mib_in_chops_of_256", type, MIB, MIB, 256, 1},            \
        {"case_9_" #c "_4__" kind "_of_1_mib_in_chops_of_512", type, MIB, MIB, 512, 1},            \
        {"case_9_" #c "_5__" kind "_of_1_mib_in_chops_of_1024", type, MIB, MIB, 1024, 1},          \
        {"case_9_" #c "_6__" kind "_of_1_mib_in_chops_of_2048", type, MIB, MIB, 2048, 1},          \
        {"case_9_" #d "_1__1000_times_" kind "_of_0", type, 0, MIB, 4 * KIB, 1000},                \
        {"case_9_" #d "_2__1000_times_" kind "_of_16", type, 16, MIB, 4 * KIB, 1000},              \
        {"case_9_" #d "_3__1000_times_" kind "_of_64", type, 64, MIB, 4 * KIB, 1000},              \
        {"case_9_" #d "_4__1000_times_" kind "_of_256", type, 256, MIB, 4 * KIB, 1000},            \
        {"case_9_" #d "_5__1000_times_" kind "_of_1024", type, 1024, MIB, 4 * KIB, 1000},          \
    {                                                                                              \
        "case_9_" #d "_6__1000_times_" kind "_of_4096", type, 4096, MIB, 4 * KIB, 1000             \
    }

static const size_case size_cases[] = {SIZES(WEIR_TEXT, 1, 3, 5, 7, "text"),
                                       SIZES(WEIR_BINARY, 2, 4, 6, 8, "binary")};

static uint8_t large[16 * 1024 * 1024];

static void fill_large(void)
{
    for (size_t i = 0; large[0] == 0 && i < sizeof large; i++)
        large[sizeof large - 1 - i] = (uint8_t)('a' + i % 23);
}

static void size_input(bytes *input, const size_case *c, int from_role)
{
    for (size_t k = 0; k < c->count; k++) {
        size_t from = 0;
        do {
            const size_t left = c->len - from;
            const size_t len = left < c->fragment ? left : c->fragment;
            bytes_add_frame(input, from_role, len == left, from == 0 ? c->type : 0, large + from,
                            len);
            from += len;
        } while (from < c->len);
    }
}

/* The output is count messages that are the beginning of large. */
static void expect_large(const bytes *output, const size_case *c)
{
    size_t at = 0;
    size_t messages = 0;
    for (wire_reader r = wire_reader_of(output); wire_next(&r);) {
        assert_int_equal(r.head.opcode, at == 0 ? c->type : 0);
        assert_true(r.payload.len <= c->len - at);
        if (r.payload.len > 0)
            assert_memory_equal(r.payload.data, large + at, r.payload.len);
        at += r.payload.len;
        assert_int_equal(r.head.fin, at == c->len);
        messages += r.head.fin;
        at = r.head.fin ? 0 : at;
    }
    assert_int_equal(messages, c->count);
}

static void run_size_case(void **state)
{
    const size_case *const c = *state;
    fill_large();
    for (const char *kind = wire_kinds; *kind; kind++) {
        bytes input = {NULL, 0, 0};
        peer p;
        peer_init(&p);
        p.echo = 1;
        p.config.max_message_bytes = 16 * MIB;
        p.config.max_fragments = 65536;
        peer_open(&p, *kind);
        size_input(&input, c, other_role(p.role));
        peer_feed(&p, input.data, input.len, c->chop);
        weir_stats stats;
        weir_conn_stats(p.conn, &stats, sizeof stats);
        assert_int_equal(stats.rx_messages, c->count);
        assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
        expect_large(&p.output, c);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* ---- Fragments we make -----------------------------------------------------------------------*/

static void case_10_1_1__text_of_65536_in_fragments_of_1300__comes_back(void **state)
{
    (void)state;
    fill_large();
    for (int i = 0; i < 6; i++) {
        const size_case c = {"", WEIR_TEXT, 65536, 1300, 4096, 1};
        bytes input = {NULL, 0, 0};
        size_t frames = 0;
        peer p;
        peer_init(&p);
        p.config.fragment_bytes = 1300;
        p.echo = i / 2 == 0;
        peer_open(&p, wire_kinds[i % 2]);
        size_input(&input, &c, other_role(p.role));
        peer_feed(&p, input.data, input.len, c.chop);
        if (i / 2 == 1)
            weir_conn_send(p.conn, WEIR_TEXT, large, c.len);
        if (i / 2 == 2)
            weir_conn_send_ref(p.conn, WEIR_TEXT, large, c.len, 1);
        peer_pump(&p);
        expect_large(&p.output, &c);
        for (wire_reader r = wire_reader_of(&p.output); wire_next(&r); frames++)
            assert_int_equal(r.head.len, frames < 50 ? 1300 : 536);
        assert_int_equal(frames, 51);
        bytes_free(&input);
        peer_close(&p);
    }
}

/* ---- All of them -----------------------------------------------------------------------------*/

#define COUNT(array) (sizeof array / sizeof array[0])

static struct CMUnitTest case_of(const char *name, CMUnitTestFunction function, const void *row)
{
    const struct CMUnitTest test = {name, function, NULL, NULL, (void *)(uintptr_t)row};
    return test;
}

int main(void)
{
    static struct CMUnitTest tests[COUNT(script_cases) + COUNT(text_cases) + COUNT(size_cases) + 7];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(script_cases); i++)
        tests[n++] = case_of(script_cases[i].name, run_script_case, &script_cases[i]);
    for (size_t i = 0; i < COUNT(text_cases); i++)
        tests[n++] = case_of(text_cases[i].name, run_text_case, &text_cases[i]);
    for (size_t i = 0; i < COUNT(size_cases); i++)
        tests[n++] = case_of(size_cases[i].name, run_size_case, &size_cases[i]);
    const struct CMUnitTest others[7] = {
        cmocka_unit_test(case_6_2_3__text_in_frames_of_one_octet__is_accepted),
        cmocka_unit_test(case_6_3_2__bad_text_in_frames_of_one_octet__fails_1007),
        cmocka_unit_test(case_6_4_1__fault_in_the_second_frame__fails_in_it),
        cmocka_unit_test(case_6_4_2__fault_at_the_start_of_the_second_frame__fails_there),
        cmocka_unit_test(case_6_4_3__fault_in_the_second_chop__fails_in_it),
        cmocka_unit_test(case_6_4_4__fault_is_the_second_chop__fails_with_it),
        cmocka_unit_test(case_10_1_1__text_of_65536_in_fragments_of_1300__comes_back),
    };
    memcpy(tests + n, others, sizeof others);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
