/* SPDX-License-Identifier: MIT */
/* RFC 7692 6: compressed messages in frames: RSV1, fragments, what stands between them, text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

static const int roles[2] = {WEIR_SERVER, WEIR_CLIENT};

/* The trace line of a message; data short and printable. */
static void say(bytes *trace, int type, int packed, const void *data, size_t len)
{
    const weir_event event = {.type = WEIR_EVENT_MESSAGE,
                              .flags = (type == WEIR_TEXT ? WEIR_FLAG_TEXT : 0u) | WEIR_FLAG_FIRST |
                                       WEIR_FLAG_LAST | (packed ? WEIR_FLAG_COMPRESSED : 0u),
                              .data = data,
                              .len = len};
    peer_trace_event(trace, &event);
}

static void say_text(bytes *trace, int packed, const char *text)
{
    say(trace, WEIR_TEXT, packed, text, strlen(text));
}

static void say_ping(bytes *trace, const char *text)
{
    const weir_event event = {
        .type = WEIR_EVENT_PING, .data = (const uint8_t *)text, .len = strlen(text)};
    peer_trace_event(trace, &event);
}

static void check_says(int role, const bytes *input, bytes *trace, void (*prepare)(peer *p))
{
    bytes_add(trace, "", 1);
    zip_run_says(role, zip_plain_extensions(other_role(role)), input, (char *)trace->data, prepare);
    trace->len--;
}

static void check_fails(int role, const bytes *input, int cause, uint64_t at)
{
    zip_run_fails(role, zip_plain_extensions(other_role(role)), input, cause, at, NULL);
}

/* ---- RSV1 ------------------------------------------------------------------------------------*/

typedef enum before {
    NOTHING,
    IN_MESSAGE
} before;

/* What the first two bytes of a frame must lead to. */
static int rsv_cause(int rsv, int opcode, int agreed, before where)
{
    const int may = rsv == 4 && agreed && (opcode == 1 || opcode == 2);
    if (rsv != 0 && !may)
        return WEIR_E_RSV;
    if (opcode > 10 || (opcode > 2 && opcode < 8))
        return WEIR_E_OPCODE;
    if (opcode == 0)
        return where == NOTHING ? WEIR_E_CONTINUATION : WEIR_OK;
    return opcode < 8 && where != NOTHING ? WEIR_E_INTERRUPTED : WEIR_OK;
}

/* before: a compressed message is open, which there cannot be unless that was agreed. */
static void check_rsv(int role, int rsv, int opcode, int agreed, before where)
{
    const int from = other_role(role);
    const int cause = rsv_cause(rsv, opcode, agreed, where);
    const char *const extensions = agreed ? zip_plain_extensions(from) : NULL;
    bytes input = {NULL, 0, 0};
    if (where == IN_MESSAGE)
        zip_frame(&input, from, 0, 4, 1, "\xF2\x48", 2);
    const size_t at = input.len;
    if (opcode == 8)
        zip_frame(&input, from, 1, rsv, opcode, "\x03\xE8", 2);
    else if (where == IN_MESSAGE)
        zip_frame(&input, from, 1, rsv, opcode, "\xCD\xC9\xC9\x07\x00", 5);
    else
        zip_frame(&input, from, 1, rsv, opcode,
                  rsv == 4 ? "\xF2\x48\xCD\xC9\xC9\x07\x00" : "abcdefg", 7);
    if (cause != WEIR_OK) {
        zip_run_fails(role, extensions, &input, cause, at, NULL);
    } else {
        static const char *const names[] = {"CLOSE ", "PING ", "PONG "};
        const char *const want = opcode < 8 ? "MESSAGE " : names[opcode - 8];
        outcome o = zip_run(role, extensions, &input, NULL);
        assert_memory_equal(o.trace, want, strlen(want));
        if (opcode < 8)
            assert_non_null(strstr(o.trace, opcode == 0 || rsv == 4 ? " Hello" : " abcdefg"));
        outcome_free(&o);
    }
    bytes_free(&input);
}

static void R7692_6_1_1__every_opcode_and_reserved_bits__are_allowed_or_1002(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++)
        for (int rsv = 0; rsv < 8; rsv++)
            for (int opcode = 0; opcode < 16; opcode++) {
                check_rsv(roles[role], rsv, opcode, 0, NOTHING);
                check_rsv(roles[role], rsv, opcode, 1, NOTHING);
                check_rsv(roles[role], rsv, opcode, 1, IN_MESSAGE);
            }
}

/* In a plain message RSV1 cannot come later; all bits and opcodes again. */
static void R7692_6_1_1__reserved_bits_inside_a_plain_message__are_1002(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++)
        for (int rsv = 1; rsv < 8; rsv++)
            for (int opcode = 0; opcode < 16; opcode++) {
                const int from = other_role(roles[role]);
                bytes input = {NULL, 0, 0};
                zip_frame(&input, from, 0, 0, 1, "ab", 2);
                const size_t at = input.len;
                zip_frame(&input, from, 1, rsv, opcode, "cd", 2);
                check_fails(roles[role], &input, rsv_cause(rsv, opcode, 1, IN_MESSAGE), at);
                bytes_free(&input);
            }
}

/* ---- Examples --------------------------------------------------------------------------------*/

typedef struct vector {
    const char *payload;
    size_t len;
    const char *text;
} vector;

#define VECTOR(payload, text)                                                                      \
    {                                                                                              \
        payload, sizeof payload - 1, text                                                          \
    }

/* RFC 7692 7.2.3.1 to 7.2.3.5, and other streams that mean the same. */
static const vector vectors[] = {
    VECTOR("\xF2\x48\xCD\xC9\xC9\x07\x00", "Hello"),
    VECTOR("\x00\x05\x00\xFA\xFF\x48\x65\x6C\x6C\x6F\x00", "Hello"),
    VECTOR("\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "Hello"),
    VECTOR("\xF3\x48\xCD\xC9\xC9\x07\x00", "Hello"), /* without the empty block behind it */
    VECTOR("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00", "Hello"),
    VECTOR("\xF2\x48\xCD\xC9\xC9\x07\x00\x00\x00\xFF\xFF\x00", "Hello"),
    VECTOR("\xF3\x48\xCD\xC9\xC9\x07\x00\xF3\x48\xCD\xC9\xC9\x07\x00\x00", "HelloHello"),
    VECTOR("\x01\x05\x00\xFA\xFFHello\x01\x01\x00\xFE\xFF!\x00", "Hello!"),
    VECTOR("\x00\x00\x00\xFF\xFF\x02\x00", ""),
    VECTOR("\x00", ""),
    VECTOR("\x02\x00", ""),
    VECTOR("\x03\x00\x00", ""),
    VECTOR("\x03\x00", ""),
    VECTOR("", ""),
};

static void R7692_6_1__R7692_7_2_2_2__R7692_7_2_3_6_1__examples__are_messages(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++)
        for (int type = WEIR_TEXT; type <= WEIR_BINARY; type++)
            for (size_t i = 0; i < COUNT_OF(vectors); i++) {
                bytes input = {NULL, 0, 0};
                bytes trace = {NULL, 0, 0};
                zip_message(&input, other_role(roles[role]), type, vectors[i].payload,
                            vectors[i].len, SIZE_MAX);
                say(&trace, type, 1, vectors[i].text, strlen(vectors[i].text));
                check_says(roles[role], &input, &trace, NULL);
                bytes_free(&trace);
                bytes_free(&input);
            }
}

/* RFC 7692 7.2.3.2: the second Hello points into the first; whatever empty message or plain one
 * stands between. */
static void R7692_7_2_2_3__R7692_7_2_3_6_1__SEC_D6__window_outlives_empty_messages(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++) {
        const int from = other_role(roles[role]);
        for (size_t i = 0; i < COUNT_OF(vectors); i++) {
            bytes input = {NULL, 0, 0};
            bytes trace = {NULL, 0, 0};
            if (strcmp(vectors[i].text, "") != 0)
                continue;
            zip_message(&input, from, 1, "\xF2\x48\xCD\xC9\xC9\x07\x00", 7, SIZE_MAX);
            zip_message(&input, from, 1, vectors[i].payload, vectors[i].len, 1);
            zip_message(&input, from, 1, "\xF2\x00\x11\x00\x00", 5, SIZE_MAX);
            zip_message(&input, from, 1, vectors[i].payload, vectors[i].len, SIZE_MAX);
            zip_message(&input, from, 1, "\xF2\x00\x11\x00\x00", 5, SIZE_MAX);
            say_text(&trace, 1, "Hello");
            say_text(&trace, 1, "");
            say_text(&trace, 1, "Hello");
            say_text(&trace, 1, "");
            say_text(&trace, 1, "Hello");
            check_says(roles[role], &input, &trace, NULL);
            bytes_free(&trace);
            bytes_free(&input);
        }
    }
}

static void R7692_6_1_3__plain_messages_between__leave_the_window_alone(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++) {
        const int from = other_role(roles[role]);
        bytes input = {NULL, 0, 0};
        bytes trace = {NULL, 0, 0};
        zip_message(&input, from, 1, "\xF2\x48\xCD\xC9\xC9\x07\x00", 7, SIZE_MAX);
        wire_script(&input, from, "T:plain");
        zip_message(&input, from, 1, "\xF2\x00\x11\x00\x00", 5, SIZE_MAX);
        wire_script(&input, from, "B- C-:and C-:more C:plain");
        zip_message(&input, from, 2, "\xF2\x00\x11\x00\x00", 5, 2);
        wire_script(&input, from, "T:");
        zip_message(&input, from, 1, "\xF2\x00\x11\x00\x00", 5, SIZE_MAX);
        say_text(&trace, 1, "Hello");
        say_text(&trace, 0, "plain");
        say_text(&trace, 1, "Hello");
        say(&trace, 2, 0, "andmoreplain", 12);
        say(&trace, 2, 1, "Hello", 5);
        say_text(&trace, 0, "");
        say_text(&trace, 1, "Hello");
        check_says(roles[role], &input, &trace, NULL);
        bytes_free(&trace);
        bytes_free(&input);
    }
}

/* ---- Fragments -------------------------------------------------------------------------------*/

/* Dynamic blocks come from enough text. */
static void pack_text(bytes *text, bytes *packed, size_t len)
{
    zip_json(text, 7, len);
    zip_pack_alone(text->data, text->len, packed);
}

static void R7692_6_2_1__payload_cut_between_frames_anywhere__is_joined(void **state)
{
    bytes text = {NULL, 0, 0};
    bytes packed = {NULL, 0, 0};
    (void)state;
    pack_text(&text, &packed, 700);
    for (size_t role = 0; role < 2; role++)
        for (size_t cut = 0; cut <= packed.len; cut++) {
            const int from = other_role(roles[role]);
            bytes input = {NULL, 0, 0};
            bytes trace = {NULL, 0, 0};
            zip_frame(&input, from, 0, 4, 1, packed.data, cut);
            zip_frame(&input, from, 1, 0, 0, packed.data + cut, packed.len - cut);
            say(&trace, WEIR_TEXT, 1, text.data, text.len);
            check_says(roles[role], &input, &trace, cut % 16 == 0 ? NULL : shake_sampled);
            bytes_free(&trace);
            bytes_free(&input);
        }
    bytes_free(&text);
    bytes_free(&packed);
}

static void many_frames(peer *p)
{
    p->sampled = 1;
    p->event_cap = 1;
    p->config.max_empty_fragments = WEIR_NONE;
}

/* A frame for each byte, empty ones between, and pings in all gaps. */
static void R7692_6_2_1__SEC_D5__frames_of_a_byte_with_pings_between__are_joined(void **state)
{
    bytes text = {NULL, 0, 0};
    bytes packed = {NULL, 0, 0};
    (void)state;
    pack_text(&text, &packed, 700);
    for (size_t role = 0; role < 2; role++) {
        const int from = other_role(roles[role]);
        bytes input = {NULL, 0, 0};
        bytes trace = {NULL, 0, 0};
        for (size_t i = 0; i < packed.len; i++) {
            zip_frame(&input, from, 0, i == 0 ? 4 : 0, i == 0, packed.data + i, 1);
            wire_script(&input, from, i % 3 == 0 ? "P:x C-" : "O:y P:x");
            say_ping(&trace, "x");
        }
        bytes_free(&trace);
        zip_frame(&input, from, 1, 0, 0, NULL, 0);
        outcome o = zip_run(roles[role], zip_plain_extensions(from), &input, many_frames);
        say(&trace, WEIR_TEXT, 1, text.data, text.len);
        bytes_add(&trace, "", 1);
        assert_non_null(strstr(o.trace, (char *)trace.data));
        assert_int_equal(o.report.cause, WEIR_OK);
        outcome_free(&o);
        bytes_free(&trace);
        bytes_free(&input);
    }
    bytes_free(&text);
    bytes_free(&packed);
}

/* ---- Text ------------------------------------------------------------------------------------*/

typedef struct text_case {
    const char *data;
    size_t len;
    int good;
} text_case;

static const text_case texts[] = {
    {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 9, 1},
    {"\0\x7F\xC2\x80\xEF\xBF\xBF\xF4\x8F\xBF\xBF", 11, 1},
    {"ok\xC0\xAF", 4, 0},
    {"ok\xED\xA0\x80", 5, 0},
    {"ok\xF5\x80\x80\x80", 6, 0},
    {"\xFF", 1, 0},
    {"ok\xE2\x82", 4, 0},
    {"ok\xF0\x9F\x98", 5, 0},
    {"\xC3", 1, 0},
    {"\x80", 1, 0},
    {"ab\xC3 more text that goes on and on and on", 41, 0},
};

/* Stored, and through Huffman codes; in one frame and in one a byte; as binary all is well. */
static void R7692_6_2_2__text_rules__hold_for_what_was_inflated(void **state)
{
    (void)state;
    for (size_t role = 0; role < 2; role++)
        for (size_t i = 0; i < COUNT_OF(texts); i++)
            for (int form = 0; form < 4; form++) {
                const text_case *const text = &texts[i];
                const int from = other_role(roles[role]);
                bytes input = {NULL, 0, 0};
                bytes trace = {NULL, 0, 0};
                zip_bits packed = {{NULL, 0, 0}, 0, 0};
                if (form & 1) {
                    zip_pack_alone(text->data, text->len, &packed.out);
                } else {
                    for (size_t at = 0; at < text->len; at++)
                        zip_stored(&packed, at % 2 == 0, text->data + at, 1);
                    zip_put(&packed, 0, 3);
                    zip_align(&packed);
                }
                const size_t step = form & 2 ? 1 : SIZE_MAX;
                zip_message(&input, from, 2, packed.out.data, packed.out.len, step);
                say(&trace, WEIR_BINARY, 1, text->data, text->len);
                const size_t at = input.len;
                zip_message(&input, from, 1, packed.out.data, packed.out.len, step);
                say(&trace, WEIR_TEXT, 1, text->data, text->len);
                if (text->good)
                    check_says(roles[role], &input, &trace, shake_sampled);
                else
                    check_fails(roles[role], &input, WEIR_E_UTF8, at);
                bytes_free(&packed.out);
                bytes_free(&trace);
                bytes_free(&input);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_6_1_1__every_opcode_and_reserved_bits__are_allowed_or_1002),
        cmocka_unit_test(R7692_6_1_1__reserved_bits_inside_a_plain_message__are_1002),
        cmocka_unit_test(R7692_6_1__R7692_7_2_2_2__R7692_7_2_3_6_1__examples__are_messages),
        cmocka_unit_test(R7692_7_2_2_3__R7692_7_2_3_6_1__SEC_D6__window_outlives_empty_messages),
        cmocka_unit_test(R7692_6_1_3__plain_messages_between__leave_the_window_alone),
        cmocka_unit_test(R7692_6_2_1__payload_cut_between_frames_anywhere__is_joined),
        cmocka_unit_test(R7692_6_2_1__SEC_D5__frames_of_a_byte_with_pings_between__are_joined),
        cmocka_unit_test(R7692_6_2_2__text_rules__hold_for_what_was_inflated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
