/* SPDX-License-Identifier: MIT */
/* What the proofs are about: any bytes, in memory of exactly their size. */
#ifndef WEIR_TESTS_ARBITRARY_H
#define WEIR_TESTS_ARBITRARY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <__fc_builtin.h>

/* One of min to max, all of them at once. */
#define ARBITRARY(min, max) ((size_t)Frama_C_unsigned_long_interval(min, max))

/* [len] bytes, each of any value; reads and writes beyond them are alarms. */
static uint8_t *arbitrary_bytes(size_t len)
{
    uint8_t *const data = malloc(len);
    Frama_C_make_unknown((char *)data, len);
    return data;
}

#endif
