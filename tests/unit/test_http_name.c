/* SPDX-License-Identifier: MIT */
/* Names of fields: each is told apart in any case, and nothing near it is taken for it. */
#include "../support/test.h"

#include <stdlib.h>
#include <string.h>

#include "../../src/protocol/http_name.h"
#include "../support/guard.h"

typedef struct known_name {
    weir__http_name name;
    const char *text;
} known_name;

static const known_name known[] = {
    {WEIR__NAME_HOST, "Host"},
    {WEIR__NAME_ORIGIN, "Origin"},
    {WEIR__NAME_EXPECT, "Expect"},
    {WEIR__NAME_UPGRADE, "Upgrade"},
    {WEIR__NAME_CONNECTION, "Connection"},
    {WEIR__NAME_CONTENT_LENGTH, "Content-Length"},
    {WEIR__NAME_TRANSFER_ENCODING, "Transfer-Encoding"},
    {WEIR__NAME_KEY, "Sec-WebSocket-Key"},
    {WEIR__NAME_ACCEPT, "Sec-WebSocket-Accept"},
    {WEIR__NAME_VERSION, "Sec-WebSocket-Version"},
    {WEIR__NAME_PROTOCOL, "Sec-WebSocket-Protocol"},
    {WEIR__NAME_EXTENSIONS, "Sec-WebSocket-Extensions"},
};

#define KNOWN_COUNT (sizeof known / sizeof known[0])
#define NAME_MAX 32u

/* From a heap block of just its length. */
static weir__http_name name_of(const char *text, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    const weir__http_name name = weir__http_name_of((weir_text){copy, len});
    free(copy);
    return name;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void every_name_but_other__is_in_the_list(void **state)
{
    (void)state;
    assert_int_equal(KNOWN_COUNT, WEIR__NAME_COUNT - 1);
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        assert_int_equal(known[i].name, i + 1);
}

static void R9110_5_1_1__names__are_told_apart_in_any_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const size_t len = strlen(known[i].text);
        char text[NAME_MAX];
        assert_int_equal(name_of(known[i].text, len), known[i].name);
        /* Each letter in its other case, alone and with all before it. */
        memcpy(text, known[i].text, len);
        for (size_t at = 0; at < len; at++) {
            if (!is_letter(text[at]))
                continue;
            char one[NAME_MAX];
            memcpy(one, known[i].text, len);
            one[at] ^= 0x20;
            text[at] ^= 0x20;
            assert_int_equal(name_of(one, len), known[i].name);
            assert_int_equal(name_of(text, len), known[i].name);
        }
    }
}

static void any_other_byte_in_a_name__makes_it_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const size_t len = strlen(known[i].text);
        for (size_t at = 0; at < len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[NAME_MAX];
                memcpy(text, known[i].text, len);
                text[at] = (char)byte;
                const char good = known[i].text[at];
                const int same =
                    (char)byte == good || (is_letter(good) && (char)(byte ^ 0x20) == good);
                assert_int_equal(name_of(text, len), same ? known[i].name : WEIR__NAME_OTHER);
            }
        }
    }
}

static void shorter_longer_and_empty_names__are_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        char text[NAME_MAX];
        const size_t len = strlen(known[i].text);
        memcpy(text, known[i].text, len);
        text[len] = 's';
        assert_int_equal(name_of(text, len + 1), WEIR__NAME_OTHER);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(name_of(text, cut), WEIR__NAME_OTHER);
            if (cut > 0)
                assert_int_equal(name_of(text + cut, len - cut), WEIR__NAME_OTHER);
        }
    }
}

static void names_before_memory_that_is_not_ours__are_read_to_their_end_only(void **state)
{
    (void)state;
    const guarded room = guard();
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        const size_t full = strlen(known[i].text);
        for (size_t len = 0; len <= full; len++) {
            const weir_text text = {(char *)guard_copy(room, known[i].text, len), len};
            assert_int_equal(weir__http_name_of(text),
                             len == full ? known[i].name : WEIR__NAME_OTHER);
        }
    }
    unguard(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_but_other__is_in_the_list),
        cmocka_unit_test(R9110_5_1_1__names__are_told_apart_in_any_case),
        cmocka_unit_test(any_other_byte_in_a_name__makes_it_another),
        cmocka_unit_test(shorter_longer_and_empty_names__are_others),
        cmocka_unit_test(names_before_memory_that_is_not_ours__are_read_to_their_end_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
