/* SPDX-License-Identifier: MIT */
/* All of libc that the library is given where there is no libc. */
#ifndef WEIR_BARE_STRING_H
#define WEIR_BARE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t len);
void *memmove(void *dst, const void *src, size_t len);
void *memset(void *dst, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

#endif
