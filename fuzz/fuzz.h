/* SPDX-License-Identifier: MIT */
/* What every fuzz target uses: findings, bytes, taking inputs apart, budgets of memory and work. */
#ifndef WEIR_FUZZ_H
#define WEIR_FUZZ_H

#include <weir/weir.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- Findings --------------------------------------------------------------------------------*/

/* Every finding ends the program with a message. */
#if defined(__GNUC__)
__attribute__((noreturn, format(printf, 1, 2)))
#endif
void fuzz_die(const char *format, ...);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_die("%s:%d: not so: %s", __FILE__, __LINE__, #condition);                         \
    } while (0)

/* ---- Bytes -----------------------------------------------------------------------------------*/

typedef struct fuzz_bytes {
    uint8_t *data;
    size_t len;
    size_t cap;
} fuzz_bytes;

void fuzz_add(fuzz_bytes *b, const void *data, size_t len);
void fuzz_add_text(fuzz_bytes *b, const char *text); /* without the NUL */
void fuzz_drop(fuzz_bytes *b);
int fuzz_same(const fuzz_bytes *a, const fuzz_bytes *b);
int fuzz_is_prefix(const fuzz_bytes *part, const fuzz_bytes *all);

/* A heap block of exactly len bytes: a sanitizer sees a step beyond it. */
uint8_t *fuzz_copy(const void *data, size_t len);

/* ---- Input -----------------------------------------------------------------------------------*/

/* Most targets start with this many bytes of settings: two of switches, one that says how the
 * stream is cut up, one more choice. */
#define FUZZ_SETTINGS 4

typedef struct fuzz_input {
    const uint8_t *data;
    size_t len;
} fuzz_input;

/* The next bytes as a number, lowest first; zeros behind the end. */
uint32_t fuzz_take(fuzz_input *in, size_t bytes);
/* The next len bytes, or what is left. */
fuzz_input fuzz_take_piece(fuzz_input *in, size_t len);

/* Numbers that a seed in the input determines (splitmix64). */
typedef struct fuzz_dice {
    uint64_t state;
} fuzz_dice;
uint64_t fuzz_below(fuzz_dice *dice, uint64_t limit); /* 0..limit-1 */

/* ---- Memory ----------------------------------------------------------------------------------*/

typedef struct fuzz_alloc {
    uint64_t held;   /* bytes */
    uint64_t blocks; /* live ones */
    uint64_t budget; /* bytes: more is a finding */
    uint64_t peak;
    uint64_t calls;   /* allocations and growths */
    uint64_t fail_at; /* the call with this number (from 1) fails; 0: none */
    uint64_t failed;
} fuzz_alloc;

/* For weir_config.allocate; allocate_user is a fuzz_alloc. */
void *fuzz_allocate(void *user, void *ptr, size_t old_size, size_t new_size);
/* Everything was given back. */
void fuzz_alloc_end(const fuzz_alloc *alloc);

/* ---- Work ------------------------------------------------------------------------------------*/

/* Blocks of the library's code that have run, where it was built with -fsanitize-coverage=trace-pc
 * (meson.build does so); else 0. The same input makes the same number on every machine, so a limit
 * on it is a limit on time that no noise can break. */
uint64_t fuzz_work(void);
/* Since start, at most each*count + fixed. */
void fuzz_work_within(const char *what, uint64_t start, uint64_t fixed, uint64_t each,
                      uint64_t count);

/* With FUZZ_STATS in the environment: the largest shares of budgets that were used. */
void fuzz_stats(void);
void fuzz_note(const char *what, uint64_t used, uint64_t budget);

#endif
