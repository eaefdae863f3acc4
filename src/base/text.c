/* SPDX-License-Identifier: MIT */
/* Texts as pointer and length: compare, trim, walk lists. */
#include "text.h"

#include "bits.h"

weir_text weir__text(const char *data, size_t len)
{
    weir_text text = {data, 0};
    if (data == NULL)
        return text;
    if (len != WEIR_NTS) {
        text.len = len;
        return text;
    }
    /* The bound is never met; it keeps compilers from calling strlen. */
    while (text.len < len && data[text.len] != '\0') /* never: the bound */
        text.len++;
    return text;
}

/* How many bytes the texts, of one length, have in common in whole words of eight. */
static size_t text_common_words(weir_text a, weir_text b)
{
    size_t at = 0;
    while (a.len - at >= 8 && weir__bits_load64((const uint8_t *)a.data + at) ==
                                  weir__bits_load64((const uint8_t *)b.data + at))
        at += 8;
    return at;
}

bool weir__text_equal(weir_text a, weir_text b)
{
    if (a.len != b.len)
        return false;
    /* Not memcmp: optimisers make bcmp of it, which is not everywhere. */
    for (size_t i = text_common_words(a, b); i < a.len; i++) {
        if (a.data[i] != b.data[i])
            return false;
    }
    return true;
}

/* A letter and its capital differ in bit 5 alone. */
static bool text_same_letter(char a, char b)
{
    const char lower = (char)(a | 0x20);
    return (char)(b | 0x20) == lower && lower >= 'a' && lower <= 'z';
}

bool weir__text_equal_nocase(weir_text a, weir_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = text_common_words(a, b); i < a.len; i++) {
        if (a.data[i] != b.data[i] && !text_same_letter(a.data[i], b.data[i]))
            return false;
    }
    return true;
}

static void text_drop(weir_text *text, size_t count)
{
    text->data += count;
    text->len -= count;
}

bool weir__text_next_word(weir_text *list, weir_text *word)
{
    while (list->len > 0 && list->data[0] == ' ')
        text_drop(list, 1);
    if (list->len == 0)
        return false;
    word->data = list->data;
    word->len = 0;
    while (word->len < list->len && word->data[word->len] != ' ')
        word->len++;
    text_drop(list, word->len);
    return true;
}

static bool text_is_space(char c)
{
    return c == ' ' || c == '\t';
}

weir_text weir__text_trim(weir_text text)
{
    while (text.len > 0 && text_is_space(text.data[0]))
        text_drop(&text, 1);
    while (text.len > 0 && text_is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}
