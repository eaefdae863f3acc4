/* SPDX-License-Identifier: MIT */
/* Where a decoding step reads and writes: a bit buffer over one run of input, and the output. */
#ifndef WEIR_DEFLATE_INFLATE_IO_H
#define WEIR_DEFLATE_INFLATE_IO_H

#include <stddef.h>

#include "../base/bits.h"

/* What the unchecked loop may overshoot: it loads less than IN_PAD bytes beyond fast_end, and
 * writes less than OUT_PAD bytes beyond the limit. */
#define WEIR__INFLATE_IN_PAD 16
#define WEIR__INFLATE_OUT_PAD 320

/* How a step ended; below 0 it is a weir_status. */
typedef enum weir__inflate_step {
    WEIR__INFLATE_GO,    /* the state changed */
    WEIR__INFLATE_INPUT, /* all input is taken, and that was not enough */
    WEIR__INFLATE_FULL,  /* the limit of the output is reached */
    WEIR__INFLATE_DONE   /* the message is complete */
} weir__inflate_step;

typedef struct weir__inflate_io {
    const uint8_t *begin;
    const uint8_t *in;       /* begin..end; during the unchecked loop a little beyond */
    const uint8_t *end;      /* 8 bytes from below here on can be read */
    const uint8_t *fast_end; /* the unchecked loop may start an iteration below this */
    uint64_t bits;           /* taken but not used yet, the next one lowest; 0 above count */
    uint32_t count;          /* 0..63 */
    uint32_t window;         /* the largest distance allowed */
    const uint8_t *first;    /* oldest byte a match may reach */
    uint8_t *out;
    uint8_t *limit; /* a step starts only below this, and writes less than OUT_PAD beyond */
    size_t data;    /* bytes from begin on that are the message's; what follows is the tail */
} weir__inflate_io;

static inline uint64_t weir__inflate_mask(uint32_t count)
{
    return ((uint64_t)1 << count) - 1;
}

/* Take as many whole bytes as there are and fit: at least 56 bits when the input has them. */
static inline void weir__inflate_fill(weir__inflate_io *io)
{
    if (io->in >= io->end)
        return;
    size_t n = (63 - io->count) >> 3;
    if (n > (size_t)(io->end - io->in))
        n = (size_t)(io->end - io->in);
    io->bits |= weir__bits_load64_little(io->in) << io->count;
    io->in += n;
    io->count += 8 * (uint32_t)n;
    io->bits &= weir__inflate_mask(io->count);
}

/* Whether n more bits can be taken; n is at most 56. */
static inline bool weir__inflate_need(weir__inflate_io *io, uint32_t n)
{
    if (io->count < n)
        weir__inflate_fill(io);
    return io->count >= n;
}

static inline void weir__inflate_drop(weir__inflate_io *io, uint32_t n)
{
    io->bits >>= n;
    io->count -= n;
}

static inline uint32_t weir__inflate_take(weir__inflate_io *io, uint32_t n)
{
    const uint32_t value = (uint32_t)(io->bits & weir__inflate_mask(n));
    weir__inflate_drop(io, n);
    return value;
}

/* Untake whole bytes, as far as they are of this run of input. */
static inline void weir__inflate_give_back(weir__inflate_io *io)
{
    size_t n = io->count >> 3;
    /* Bits of an earlier run were too few for what stood there, so that took them all. */
    if (n > (size_t)(io->in - io->begin)) /* never: as said */
        n = (size_t)(io->in - io->begin); /* never: as said */
    io->in -= n;
    io->count -= 8 * (uint32_t)n;
    io->bits &= weir__inflate_mask(io->count);
}

/* Decode literals and matches up to the end of the block: GO; INPUT; FULL; or a weir_status. */
int weir__inflate_symbols(weir__inflate_io *io, const uint32_t *litlen, const uint32_t *dist);

#endif
