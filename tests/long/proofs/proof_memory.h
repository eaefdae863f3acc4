/* SPDX-License-Identifier: MIT */
/* C lets memcpy and its like take 0 bytes at the end of memory; Frama-C's contracts do not. */
#ifndef WEIR_TESTS_PROOF_MEMORY_H
#define WEIR_TESTS_PROOF_MEMORY_H

#include <assert.h>
#include <string.h>

static inline void *proof_memcpy(void *to, const void *from, size_t len)
{
    assert(to && from); /* C 7.1.4, 7.21.1: not even then */
    return len == 0 ? to : memcpy(to, from, len);
}

static inline void *proof_memmove(void *to, const void *from, size_t len)
{
    assert(to && from);
    return len == 0 ? to : memmove(to, from, len);
}

static inline void *proof_memset(void *to, int byte, size_t len)
{
    assert(to);
    return len == 0 ? to : memset(to, byte, len);
}

#define memcpy proof_memcpy
#define memmove proof_memmove
#define memset proof_memset

#endif
