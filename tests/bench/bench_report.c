/* SPDX-License-Identifier: MIT */
/* What was measured, as lines or as tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define REPORT_NAME 48
#define REPORT_COLUMNS 16

typedef struct report_line {
    char area[REPORT_NAME];
    char name[REPORT_NAME];
    char size[REPORT_NAME];
    const char *unit;
    bench_value values[BENCH_MAX];
    size_t n;
} report_line;

static report_line *report_lines;
static size_t report_count;

static void report_keep(const char *area, const char *name, const char *size,
                        const bench_value *values, size_t n, const char *unit)
{
    report_lines = realloc(report_lines, (report_count + 1) * sizeof *report_lines);
    if (!report_lines)
        bench_die("out of memory");
    report_line *const line = &report_lines[report_count++];
    memset(line, 0, sizeof *line);
    snprintf(line->area, sizeof line->area, "%s", area);
    snprintf(line->name, sizeof line->name, "%s", name);
    snprintf(line->size, sizeof line->size, "%s", size);
    memcpy(line->values, values, n * sizeof *values);
    line->n = n;
    line->unit = unit;
}

/* Four digits, and no exponent. */
static void report_number(double value)
{
    printf(value >= 999.5 ? "%.0f" : bench_is_markdown() ? "%.3g" : "%.4g", value);
}

void bench_figures(const char *area, const char *name, const char *size, const bench_value *values,
                   size_t n, const char *unit)
{
    if (bench_is_markdown()) {
        report_keep(area, name, size, values, n, unit);
        return;
    }
    printf("%s %s %s weir=", area, name, size);
    report_number(values[0].value);
    printf("%s", unit);
    for (size_t i = 1; i < n; i++) {
        printf(" peer=%s:", values[i].name);
        report_number(values[i].value);
        printf("%s ratio=%.3f", unit, values[0].value / values[i].value);
    }
    printf("\n");
    fflush(stdout);
}

void bench_figure(const char *area, const char *name, const char *size, double value,
                  const char *unit)
{
    const bench_value one = {"weir", value};
    if (bench_is_markdown())
        report_keep(area, name, size, &one, 1, unit);
    else
        printf("%s %s %s weir=%g%s\n", area, name, size, value, unit);
}

/* ---- Tables: one for each case, its sizes are the columns -------------------------------------*/

static const bench_value *report_find(const report_line *line, const char *contestant)
{
    for (size_t i = 0; i < line->n; i++)
        if (strcmp(line->values[i].name, contestant) == 0)
            return &line->values[i];
    return NULL;
}

static void report_cell(const report_line *line, const char *contestant)
{
    const bench_value *const value = report_find(line, contestant);
    if (!value) {
        printf(" - |");
        return;
    }
    printf(" ");
    report_number(value->value);
    if (value != line->values)
        printf(" (%.2f)", line->values[0].value / value->value);
    printf(" |");
}

static void report_table(size_t from)
{
    const report_line *columns[REPORT_COLUMNS];
    const report_line *const first = &report_lines[from];
    size_t n = 0;
    for (size_t i = from; i < report_count && n < REPORT_COLUMNS; i++)
        if (strcmp(report_lines[i].area, first->area) == 0 &&
            strcmp(report_lines[i].name, first->name) == 0)
            columns[n++] = &report_lines[i];
    printf("\n%s %s, %s; in brackets what weir needs for each that this needs\n\n| |", first->area,
           first->name, strcmp(first->unit, "B") == 0 ? "bytes" : first->unit);
    for (size_t i = 0; i < n; i++)
        printf(" %s |", columns[i]->size);
    printf("\n|---|");
    for (size_t i = 0; i < n; i++)
        printf("---:|");
    printf("\n");
    for (size_t row = 0; row < first->n; row++) {
        printf("| %s |", first->values[row].name);
        for (size_t i = 0; i < n; i++)
            report_cell(columns[i], first->values[row].name);
        printf("\n");
    }
}

static int report_is_first(size_t line)
{
    for (size_t i = 0; i < line; i++)
        if (strcmp(report_lines[i].area, report_lines[line].area) == 0 &&
            strcmp(report_lines[i].name, report_lines[line].name) == 0)
            return 0;
    return 1;
}

void bench_tables(void)
{
    for (size_t i = 0; i < report_count; i++)
        if (report_is_first(i))
            report_table(i);
    free(report_lines);
}
