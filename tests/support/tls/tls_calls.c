/* SPDX-License-Identifier: MIT */
/* The linker puts these before the allocator of the program (--wrap): mbedTLS uses these two. */
#include "tls_calls.h"

#include <stdlib.h>

size_t tls_calls;
size_t tls_living;
size_t tls_fail;

void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *block);

void *__wrap_calloc(size_t count, size_t size)
{
    if (++tls_calls == tls_fail)
        return NULL;
    void *const block = __real_calloc(count, size);
    tls_living += block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    tls_living -= block != NULL;
    __real_free(block);
}
