/* SPDX-License-Identifier: MIT */
/* An allocator for tests: counts, measures, and fails when told to. */
#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void alloc_die(const char *what)
{
    fprintf(stderr, "test_allocate: %s\n", what);
    abort();
}

static int alloc_must_fail(test_alloc *alloc)
{
    const uint64_t call = ++alloc->calls;
    const int fails = call == alloc->fail_at ||
                      (alloc->fail_from != 0 && call >= alloc->fail_from) ||
                      (alloc->fail_every != 0 && call % alloc->fail_every == 0);
    alloc->failed += (uint64_t)fails;
    return fails;
}

static size_t alloc_known_size(const void *ptr)
{
    size_t size;
    memcpy(&size, (const char *)ptr - 16, sizeof size);
    return size;
}

static void alloc_release(test_alloc *alloc, void *ptr)
{
    alloc->held -= alloc_known_size(ptr);
    alloc->blocks--;
    memset(ptr, 0x5A, alloc_known_size(ptr));
    free((char *)ptr - 16);
}

void *test_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    test_alloc *const alloc = user;
    if ((ptr == NULL) != (old_size == 0) || (ptr && alloc_known_size(ptr) != old_size))
        alloc_die("old_size is not what the block was asked for");
    if (new_size == 0) {
        if (ptr)
            alloc_release(alloc, ptr);
        return NULL;
    }
    if (alloc_must_fail(alloc))
        return NULL;
    if (new_size > PTRDIFF_MAX - 16) /* no machine has that, nor can 16 be added to it */
        return NULL;
    char *const block = malloc(new_size + 16);
    if (!block)
        alloc_die("the machine is out of memory");
    memcpy(block, &new_size, sizeof new_size);
    memset(block + 16, 0xA5, new_size);
    if (ptr) {
        memcpy(block + 16, ptr, old_size < new_size ? old_size : new_size);
        alloc_release(alloc, ptr);
    }
    alloc->held += new_size;
    alloc->blocks++;
    alloc->peak = alloc->held > alloc->peak ? alloc->held : alloc->peak;
    return block + 16;
}

static uint64_t alloc_run(void (*scenario)(test_alloc *), test_alloc *alloc, const char *kind,
                          uint64_t k)
{
    scenario(alloc);
    if (alloc->held != 0 || alloc->blocks != 0) {
        fprintf(stderr, "leak of %llu bytes in %llu blocks (%s %llu)\n",
                (unsigned long long)alloc->held, (unsigned long long)alloc->blocks, kind,
                (unsigned long long)k);
        abort();
    }
    return alloc->failed;
}

void test_alloc_sweep(void (*scenario)(test_alloc *alloc))
{
    for (uint64_t k = 1;; k++) {
        test_alloc alloc = {.fail_at = k};
        if (alloc_run(scenario, &alloc, "failing call", k) == 0)
            break;
    }
    for (uint64_t k = 1;; k++) {
        test_alloc alloc = {.fail_from = k};
        if (alloc_run(scenario, &alloc, "failing from call", k) == 0)
            break;
    }
    for (uint64_t k = 1; k <= 8; k++) {
        test_alloc alloc = {.fail_every = k};
        alloc_run(scenario, &alloc, "failing every call", k);
    }
}
