/* SPDX-License-Identifier: MIT */
/* The traces without libc: the four functions that the library needs, and main. */
#include <stdint.h>
#include <string.h>

#include "../../trace/trace.h"
#include "../cortex_start.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t len)
{
    uint8_t *const to = dst;
    const uint8_t *const from = src;
    for (size_t i = 0; i < len; i++)
        to[i] = from[i];
    return dst;
}

void *memmove(void *dst, const void *src, size_t len)
{
    uint8_t *const to = dst;
    const uint8_t *const from = src;
    if ((uintptr_t)to <= (uintptr_t)from)
        return memcpy(dst, src, len);
    while (len-- > 0)
        to[len] = from[len];
    return dst;
}

void *memset(void *dst, int byte, size_t len)
{
    uint8_t *const to = dst;
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)byte;
    return dst;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *const x = a;
    const uint8_t *const y = b;
    for (size_t i = 0; i < len; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void trace_print(const char *line)
{
    cortex_print(line);
    cortex_print("\n");
}

int main(void)
{
    return trace_main();
}
