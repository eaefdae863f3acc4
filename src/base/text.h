/* SPDX-License-Identifier: MIT */
/* Texts as pointer and length: compare, trim, walk lists. No str* function is used anywhere. */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include <weir/types.h>

/* A text from an argument pair: len WEIR_NTS counts to the NUL; data NULL gives the empty text. */
weir_text weir__text(const char *data, size_t len);

/* Of a string literal. */
#define WEIR__LITERAL(literal) ((weir_text){(literal), sizeof(literal) - 1})

bool weir__text_equal(weir_text a, weir_text b);

/* ASCII letters compare without case. */
bool weir__text_equal_nocase(weir_text a, weir_text b);

/* Take the next member off a list separated by spaces; it is never empty. False at the end. */
bool weir__text_next_word(weir_text *list, weir_text *word);

/* Without outer SP and HTAB. */
weir_text weir__text_trim(weir_text text);

#endif
