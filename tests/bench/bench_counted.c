/* SPDX-License-Identifier: MIT */
/* In a file of its own, so that it stays a function that a profiler can see. */
#include "bench.h"

void bench_counted(void (*run)(void *state), void *state)
{
    run(state);
}
