/* SPDX-License-Identifier: MIT */
/* An allocator for tests: counts, measures, and fails when told to. */
#ifndef WEIR_TESTS_ALLOC_H
#define WEIR_TESTS_ALLOC_H

#include <weir/weir.h>

typedef struct test_alloc {
    uint64_t calls;      /* allocations and growths so far, failed ones included */
    uint64_t failed;     /* of them */
    uint64_t held;       /* bytes */
    uint64_t peak;       /* bytes */
    uint64_t blocks;     /* live blocks */
    uint64_t fail_at;    /* the call with this number (from 1) fails; 0: none */
    uint64_t fail_from;  /* this and every later call fails; 0: none */
    uint64_t fail_every; /* every call whose number is a multiple fails; 0: none */
} test_alloc;

/* The function for weir_config.allocate; allocate_user is a test_alloc. Each block is exactly as
 * large as asked for (sanitizers see an overrun), fresh bytes are 0xA5, sizes are checked. */
void *test_allocate(void *user, void *ptr, size_t old_size, size_t new_size);

/* Run a scenario again and again, the k-th allocation failing, from k = 1 on until none fails;
 * then failing from k on; then every k-th (k to 8). The scenario must free all it makes: a leak
 * fails the test. It returns nothing: it checks by itself that failures are reported well. */
void test_alloc_sweep(void (*scenario)(test_alloc *alloc));

#endif
