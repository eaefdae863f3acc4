/* SPDX-License-Identifier: MIT */
/* Benchmarks: contestants of one case run in turns in one process, so that noise hits all alike. */
#ifndef WEIR_BENCH_H
#define WEIR_BENCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most contestants of one case. */
#define BENCH_MAX 20

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

/* A line of figures that were measured elsewhere; the first is weir's. */
typedef struct bench_value {
    const char *name;
    double value;
} bench_value;
void bench_figures(const char *area, const char *name, const char *size, const bench_value *values,
                   size_t n, const char *unit);

/* Print what was measured as tables. */
void bench_tables(void);

/* Median of n times, which are sorted. */
double bench_median(double *times, size_t n);

/* Seconds of this thread's time, and whether results only are wanted: for areas with a measure of
 * their own. */
double bench_now(void);
int bench_is_quick(void);

/* Whether tables are wanted instead of lines. */
int bench_is_markdown(void);

/* Whether each contestant is to run once, for its instructions to be counted; and run it so, as
 * count operations: prints a line "once area case size name count". */
int bench_is_once(void);
void bench_once(const char *area, const char *name, const char *size, const char *contestant,
                double count, void (*run)(void *state), void *state);

/* What runs there is counted: bench_counted is a name for callgrind.sh to find. */
void bench_counted(void (*run)(void *state), void *state);

/* Whether the case of that name was asked for. */
int bench_wants(const char *name);

/* Deterministic bytes: fresh ones with each call. The upper ones are the better ones. */
uint64_t bench_random(void);

/* End the program with a message. */
void bench_die(const char *what);

void bench_broadcast(void);
void bench_decode(void);
void bench_deflate(void);
void bench_encode(void);
void bench_handshake(void);
void bench_mask(void);
void bench_memory(void);
void bench_tls(void); /* nothing when built without TLS */
void bench_utf8(void);

#ifdef __cplusplus
}
#endif

#endif
