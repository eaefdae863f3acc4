/* SPDX-License-Identifier: MIT */
/* Benchmarks: contestants of one case run in turns in one process, so that noise hits all alike. */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* One way to do the work of a case. run does it once; check does it once and says whether the
 * result is right. The first contestant of a case is weir. */
typedef struct bench_contestant {
    const char *name;
    void (*run)(void *state);
    int (*check)(void *state);
    void *state;
} bench_contestant;

/* Measure and print a line: area case size weir=NS peer=NAME:NS ratio=... ; NS per operation, of
 * which one run does count. Contestants whose check fails end the program. */
void bench_case(const char *area, const char *name, const char *size, double count,
                const bench_contestant *contestants, size_t n);

/* A figure that needs no measuring in turns. */
void bench_figure(const char *area, const char *name, const char *size, double value,
                  const char *unit);

/* Seconds of this thread's time, and whether results only are wanted: for areas with a measure of
 * their own. */
double bench_now(void);
int bench_is_quick(void);

/* Whether each contestant is to run once, for its instructions to be counted; and run it so, as
 * count operations: prints a line "once area case size name count". */
int bench_is_once(void);
void bench_once(const char *area, const char *name, const char *size, const char *contestant,
                double count, void (*run)(void *state), void *state);

/* What runs there is counted: bench_counted is a name for callgrind.sh to find. */
void bench_counted(void (*run)(void *state), void *state);

/* Whether the case of that name was asked for. */
int bench_wants(const char *name);

/* Deterministic bytes: fresh ones with each call. */
uint64_t bench_random(void);

/* End the program with a message. */
void bench_die(const char *what);

void bench_decode(void);
void bench_deflate(void);
void bench_encode(void);
void bench_memory(void);

#endif
