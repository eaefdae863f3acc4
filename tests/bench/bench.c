/* SPDX-License-Identifier: MIT */
/* bench [--quick|--once|--markdown] [AREA [CASE]]: measure weir beside its peers. --quick only
 * checks the results, --once runs each contestant once (see callgrind.sh), --markdown prints
 * tables. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_ROUNDS 11
#define BENCH_CALIBRATE_S 0.02

static bool bench_quick;
static bool bench_single;
static bool bench_markdown;
static const char *bench_wanted; /* case; NULL for all */

int bench_is_quick(void)
{
    return bench_quick;
}

int bench_is_once(void)
{
    return bench_single;
}

int bench_is_markdown(void)
{
    return bench_markdown;
}

int bench_wants(const char *name)
{
    return !bench_wanted || strcmp(bench_wanted, name) == 0;
}

void bench_once(const char *area, const char *name, const char *size, const char *contestant,
                double count, void (*run)(void *state), void *state)
{
    run(state); /* what is done only the first time is not counted */
    bench_counted(run, state);
    printf("once %s %s %s %s %.0f\n", area, name, size, contestant, count);
}

void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

uint64_t bench_random(void)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double bench_time(const bench_contestant *contestant, uint64_t turns)
{
    const double start = bench_now();
    for (uint64_t i = 0; i < turns; i++)
        contestant->run(contestant->state);
    return bench_now() - start;
}

/* Turns that take about the calibration time. */
static uint64_t bench_turns(const bench_contestant *contestant)
{
    uint64_t turns = 1;
    while (bench_time(contestant, turns) < BENCH_CALIBRATE_S && turns < (UINT64_C(1) << 40))
        turns *= 2;
    return turns;
}

static int bench_compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *times, size_t n)
{
    qsort(times, n, sizeof *times, bench_compare);
    return times[n / 2];
}

static void bench_rounds(const char *area, const char *name, const char *size, double count,
                         const bench_contestant *contestants, size_t n)
{
    uint64_t turns[BENCH_MAX];
    double times[BENCH_MAX][BENCH_ROUNDS];
    bench_value values[BENCH_MAX];
    for (size_t i = 0; i < n; i++)
        turns[i] = bench_turns(&contestants[i]);
    for (size_t round = 0; round < BENCH_ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            times[i][round] = bench_time(&contestants[i], turns[i]) / (double)turns[i] / count;
    for (size_t i = 0; i < n; i++) {
        values[i].name = i == 0 ? "weir" : contestants[i].name;
        values[i].value = bench_median(times[i], BENCH_ROUNDS) * 1e9;
    }
    bench_figures(area, name, size, values, n, "ns");
}

void bench_case(const char *area, const char *name, const char *size, double count,
                const bench_contestant *contestants, size_t n)
{
    if (!bench_wants(name))
        return;
    if (n > BENCH_MAX)
        bench_die("too many contestants");
    for (size_t i = 0; i < n; i++)
        if (!contestants[i].check(contestants[i].state)) {
            fprintf(stderr, "bench: %s %s %s: %s\n", area, name, size, contestants[i].name);
            bench_die("the result is wrong");
        }
    for (size_t i = 0; i < n && bench_single; i++)
        bench_once(area, name, size, i == 0 ? "weir" : contestants[i].name, count,
                   contestants[i].run, contestants[i].state);
    if (bench_quick)
        printf("%s %s %s checked\n", area, name, size);
    else if (!bench_single)
        bench_rounds(area, name, size, count, contestants, n);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } areas[] = {
        {"decode", bench_decode},   {"encode", bench_encode},       {"mask", bench_mask},
        {"utf8", bench_utf8},       {"handshake", bench_handshake}, {"broadcast", bench_broadcast},
        {"deflate", bench_deflate}, {"memory", bench_memory},       {"tls", bench_tls}};
    const char *wanted = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            bench_quick = true;
        else if (strcmp(argv[i], "--once") == 0)
            bench_single = true;
        else if (strcmp(argv[i], "--markdown") == 0)
            bench_markdown = true;
        else if (!wanted)
            wanted = argv[i];
        else
            bench_wanted = argv[i];
    }
    bool found = false;
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        if (wanted && strcmp(wanted, areas[i].name) != 0)
            continue;
        found = true;
        areas[i].run();
    }
    if (!found)
        bench_die(
            "no such area: decode, encode, mask, utf8, handshake, broadcast, deflate, memory, tls");
    if (bench_markdown)
        bench_tables();
    return 0;
}
