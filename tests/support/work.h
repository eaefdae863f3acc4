/* SPDX-License-Identifier: MIT */
/* The work that the library has done, counted without a clock. */
#ifndef WEIR_TESTS_WORK_H
#define WEIR_TESTS_WORK_H

#include <stdint.h>

/* Blocks of code that the library entered, and one for each 16 bytes that were copied, moved or
 * set. Just in programs that are linked with the library that counts (tests/meson.build). */
uint64_t work_done(void);

#endif
