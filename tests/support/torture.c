/* SPDX-License-Identifier: MIT */
/* Allocations of any test program fail by the environment, as ../long/torture.py asks. The linker
 * puts this in front of the library's: -Wl,--wrap=weir__memory_init,--wrap=abort.
 *   WEIR_TORTURE=at:5       the fifth one of each context fails
 *   WEIR_TORTURE=from:5     this one and all later ones
 *   WEIR_TORTURE=every:5    each fifth one
 *   WEIR_TORTURE_SKIP=100   none of the first hundred of the program does
 *   WEIR_TORTURE_CALLS=file gets how many there were of the program, and the most of a context */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/memory.h"
#include "test.h"

void __real_weir__memory_init(weir__memory *memory, const weir_config *config)
    __attribute__((weak));
void __wrap_weir__memory_init(weir__memory *memory, const weir_config *config);

/* What a context allocates by. */
typedef struct torture_source {
    weir_allocate allocate;
    void *user;
    uint64_t calls;
    struct torture_source *next; /* none is lost, so none leaks */
} torture_source;

static struct {
    char mode; /* the first letter of the above; 0: not asked yet */
    uint64_t place;
    uint64_t skip;
    uint64_t calls;
    uint64_t most;
    uint64_t failed;
    torture_source *sources;
} torture;

static void torture_end(void)
{
    const char *const path = getenv("WEIR_TORTURE_CALLS");
    FILE *const file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%" PRIu64 " %" PRIu64 "\n", torture.calls, torture.most);
        fclose(file);
    }
}

static void torture_begin(void)
{
    const char *const wish = getenv("WEIR_TORTURE");
    const char *const place = wish ? strchr(wish, ':') : NULL;
    const char *const skip = getenv("WEIR_TORTURE_SKIP");
    torture.mode = place ? *wish : '-';
    torture.place = place ? strtoull(place + 1, NULL, 10) : 0;
    torture.skip = skip ? strtoull(skip, NULL, 10) : 0;
    atexit(torture_end);
}

/* Some tests try until nothing fails, so that happens at last. */
#define TORTURE_MOST 5000

static int torture_is_at(uint64_t call)
{
    switch (torture.mode) {
    case 'a':
        return call == torture.place;
    case 'f':
        return call >= torture.place;
    case 'e':
        return call % torture.place == 0;
    default:
        return 0;
    }
}

static int torture_must_fail(torture_source *source)
{
    const uint64_t call = ++source->calls;
    torture.most = call > torture.most ? call : torture.most;
    if (++torture.calls <= torture.skip || !torture_is_at(call))
        return 0;
    return torture.failed++ < TORTURE_MOST;
}

static void *torture_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    torture_source *const source = user;
    if (new_size > 0 && torture_must_fail(source))
        return NULL;
    return source->allocate(source->user, ptr, old_size, new_size);
}

void __wrap_weir__memory_init(weir__memory *memory, const weir_config *config)
{
    __real_weir__memory_init(memory, config);
    if (torture.mode == 0)
        torture_begin();
    torture_source *const source = malloc(sizeof *source);
    if (!source)
        abort();
    *source = (torture_source){memory->allocate, memory->user, 0, torture.sources};
    torture.sources = source;
    memory->allocate = torture_allocate;
    memory->user = source;
}

/* What the tests' own supports give up for: then this test has failed, and the next one begins. */
void __wrap_abort(void);
void __wrap_abort(void)
{
    fail();
}
