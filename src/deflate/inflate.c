/* SPDX-License-Identifier: MIT */
/* Messages in, pieces of output: the window, the ends of input and output (RFC 7692 7.2.2). */
#include "inflate.h"

#include <weir/status.h>

/* What the sender took off the end of each message (RFC 7692 7.2.1). */
static const uint8_t inflate_tail[4] = {0x00, 0x00, 0xFF, 0xFF};

/* The rest of the input at which it is copied, to stand before the tail and some padding: the
 * unchecked loop may start 8 bytes behind the end. */
#define INFLATE_REST 40
#define INFLATE_COPY (INFLATE_REST + sizeof inflate_tail + (size_t)2 * WEIR__INFLATE_IN_PAD)

static uint32_t inflate_slack(uint32_t bits)
{
    const uint32_t slack = 1u << bits >> 3;
    return slack < 256 ? 256 : slack;
}

size_t weir__inflate_window_bytes(uint32_t bits)
{
    return ((size_t)1 << bits) + inflate_slack(bits) + WEIR__INFLATE_OUT_PAD;
}

size_t weir__inflate_scratch_bytes(uint32_t bits)
{
    return sizeof(weir__inflate_scratch) + ((size_t)2 << bits) + WEIR__INFLATE_OUT_PAD;
}

void weir__inflate_scratch_init(weir__inflate_scratch *scratch, uint32_t bits)
{
    scratch->owner = NULL;
    scratch->window = 1u << bits;
    weir__inflate_build_fixed(scratch->fixed_litlen, scratch->fixed_dist, scratch->lengths,
                              scratch->litlen);
}

void weir__inflate_init(weir__inflate *inflate, uint8_t *window, uint32_t bits, bool takeover)
{
    memset(inflate, 0, sizeof *inflate);
    inflate->window = window;
    inflate->window_size = 1u << bits;
    inflate->cap = inflate->window_size + inflate_slack(bits);
    inflate->takeover = takeover;
    inflate->max_blocks = UINT64_MAX;
}

static uint32_t inflate_history(const weir__inflate *inflate)
{
    return inflate->end < inflate->window_size ? inflate->end : inflate->window_size;
}

/* Where decoding goes on: the bits that wait, no end of the message in sight, and the output. */
static weir__inflate_io inflate_output(const weir__inflate *inflate, const uint8_t *first,
                                       uint8_t *out, uint8_t *limit)
{
    return (weir__inflate_io){.bits = inflate->bits,
                              .count = inflate->count,
                              .window = inflate->window_size,
                              .first = first,
                              .out = out,
                              .limit = limit,
                              .data = SIZE_MAX};
}

/* Move the history to the start of the window. */
static void inflate_slide(weir__inflate *inflate)
{
    const uint32_t history = inflate_history(inflate);
    memmove(inflate->window, inflate->window + inflate->end - history, history);
    inflate->end = history;
}

static void inflate_begin(weir__inflate *inflate)
{
    inflate->begun = true;
    inflate->blocks = 0;
    inflate->tail_used = 0;
    if (!inflate->takeover)
        inflate->end = 0; /* RFC 7692 7.1.1: the window starts empty with each message */
}

static int inflate_steps(weir__inflate *inflate, weir__inflate_scratch *scratch,
                         weir__inflate_io *io)
{
    int step;
    do
        step = weir__inflate_block(inflate, scratch, io);
    while (step == WEIR__INFLATE_GO);
    if (step != WEIR__INFLATE_INPUT)
        weir__inflate_give_back(io);
    return step;
}

/* The end of the input: a copy of it, the tail when the message ends, and padding for the unchecked
 * loop. Returns how much of the input was used. */
static size_t inflate_rest(weir__inflate *inflate, weir__inflate_scratch *scratch,
                           weir__inflate_io *io, const uint8_t *in, size_t len, bool last)
{
    uint8_t copy[INFLATE_COPY];
    memset(copy, 0, sizeof copy);
    if (len > 0)
        memcpy(copy, in, len);
    size_t end = len;
    if (last) {
        memcpy(copy + len, inflate_tail + inflate->tail_used, 4u - inflate->tail_used);
        end += 4u - inflate->tail_used;
        io->data = len;
    }
    io->begin = io->in = copy;
    io->end = copy + end;
    io->fast_end = last ? io->end + 8 : copy + (end > 16 ? end - 16 : 0);
    inflate->step = inflate_steps(inflate, scratch, io);
    /* Standing between two blocks, with not a bit left, is the one right end. */
    if (last && inflate->step == WEIR__INFLATE_INPUT)
        inflate->step = inflate->state == WEIR__INFLATE_AWAIT_BLOCK && io->count == 0
                            ? WEIR__INFLATE_DONE
                            : WEIR_E_DEFLATE_END;
    const size_t taken = (size_t)(io->in - copy);
    if (taken <= len)
        return taken;
    inflate->tail_used = (uint8_t)(inflate->tail_used + taken - len);
    return len;
}

/* Run over the input as it lies, then over a copy of its end. */
static size_t inflate_input(weir__inflate *inflate, weir__inflate_scratch *scratch,
                            weir__inflate_io *io, const uint8_t *in, size_t len, bool last)
{
    size_t used = 0;
    inflate->step = WEIR__INFLATE_INPUT;
    if (len >= INFLATE_REST) {
        io->begin = io->in = in;
        io->end = io->fast_end = in + len - WEIR__INFLATE_IN_PAD;
        inflate->step = inflate_steps(inflate, scratch, io);
        used = (size_t)(io->in - in);
    }
    if (inflate->step == WEIR__INFLATE_INPUT)
        used += inflate_rest(inflate, scratch, io, used > 0 ? in + used : in, len - used, last);
    inflate->bits = io->bits;
    inflate->count = io->count;
    return used;
}

/* One byte more than asked for: so a message that just fits is seen to be complete. */
static uint8_t *inflate_limit(uint8_t *out, size_t room, size_t max)
{
    return out + (max < room ? max + (size_t)1 : room);
}

static void inflate_give(weir__inflate_piece *piece, const uint8_t *data, size_t len, size_t max)
{
    piece->data = data;
    piece->len = len < max ? len : max;
}

/* A large output: decode in the scratch, and bring the history back with what is not given yet. */
static void inflate_in_scratch(weir__inflate *inflate, weir__inflate_scratch *scratch,
                               const uint8_t *in, size_t len, bool last, size_t max,
                               weir__inflate_piece *piece)
{
    const uint32_t history = inflate_history(inflate);
    memcpy(scratch->work, inflate->window + inflate->end - history, history);
    uint8_t *const start = scratch->work + history;
    weir__inflate_io io =
        inflate_output(inflate, scratch->work, start, inflate_limit(start, scratch->window, max));
    piece->used = inflate_input(inflate, scratch, &io, in, len, last);
    const size_t made = (size_t)(io.out - start);
    inflate_give(piece, start, made, max);
    const size_t left = made - piece->len;
    const size_t least = left > inflate->window_size ? left : inflate->window_size;
    const size_t keep = history + made < least ? history + made : least;
    memcpy(inflate->window, io.out - keep, keep);
    inflate->end = (uint32_t)keep;
    inflate->given = (uint32_t)(keep - left);
}

static void inflate_in_window(weir__inflate *inflate, weir__inflate_scratch *scratch,
                              const uint8_t *in, size_t len, bool last, size_t max,
                              weir__inflate_piece *piece)
{
    const uint32_t slack = inflate->cap - inflate->window_size;
    const uint32_t room = inflate->end < inflate->cap ? inflate->cap - inflate->end : 0;
    if (room < (len < slack / 8 ? 4 * len + 32 : slack / 2))
        inflate_slide(inflate);
    uint8_t *const start = inflate->window + inflate->end;
    weir__inflate_io io = inflate_output(inflate, inflate->window, start,
                                         inflate_limit(start, inflate->cap - inflate->end, max));
    piece->used = inflate_input(inflate, scratch, &io, in, len, last);
    inflate_give(piece, start, (size_t)(io.out - start), max);
    inflate->given = inflate->end + (uint32_t)piece->len;
    inflate->end = (uint32_t)(io.out - inflate->window);
}

static void inflate_decode(weir__inflate *inflate, weir__inflate_scratch *scratch,
                           const uint8_t *in, size_t len, bool last, size_t max,
                           weir__inflate_piece *piece)
{
    const size_t slack = inflate->cap - inflate->window_size;
    const bool large = max > slack && scratch->window >= inflate->window_size &&
                       (len > slack / 2 || inflate->step == WEIR__INFLATE_FULL);
    if (!inflate->begun)
        inflate_begin(inflate);
    weir__inflate_resume(inflate, scratch);
    if (large)
        inflate_in_scratch(inflate, scratch, in, len, last, max, piece);
    else
        inflate_in_window(inflate, scratch, in, len, last, max, piece);
    weir__inflate_suspend(inflate, scratch);
}

/* What was made and not given comes first. Returns whether there was any. */
static bool inflate_pending(weir__inflate *inflate, size_t max, weir__inflate_piece *piece)
{
    if (inflate->given == inflate->end)
        return false;
    inflate_give(piece, inflate->window + inflate->given, inflate->end - inflate->given, max);
    inflate->given += (uint32_t)piece->len;
    return true;
}

int weir__inflate_run(weir__inflate *inflate, weir__inflate_scratch *scratch, const uint8_t *in,
                      size_t len, bool last, size_t max, weir__inflate_piece *piece)
{
    memset(piece, 0, sizeof *piece);
    /* A message of no compressed bytes at all is an empty one; the tail alone would leave the
     * decoder inside a block. */
    if (!inflate->begun && len == 0) {
        inflate->blocks = last ? 0 : inflate->blocks;
        return last ? WEIR__INFLATE_DONE : WEIR__INFLATE_INPUT;
    }
    const bool pending = inflate_pending(inflate, max, piece);
    if (!pending && inflate->step >= 0)
        inflate_decode(inflate, scratch, in, len, last, max, piece);
    if (inflate->given < inflate->end)
        return WEIR__INFLATE_FULL;
    if (inflate->step < 0)
        return piece->len > 0 ? WEIR__INFLATE_FULL : inflate->step;
    if (inflate->step == WEIR__INFLATE_DONE) {
        inflate->begun = false;
        return WEIR__INFLATE_DONE;
    }
    return pending && (len > 0 || last) ? WEIR__INFLATE_FULL : inflate->step;
}
