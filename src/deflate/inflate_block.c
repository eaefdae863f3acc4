/* SPDX-License-Identifier: MIT */
/* The blocks of a stream (RFC 1951 3.2.3 to 3.2.7), one function a state. */
#include <weir/status.h>

#include "inflate.h"

static int inflate_block_goto(weir__inflate *inflate, weir__inflate_state state)
{
    inflate->state = (uint8_t)state;
    return WEIR__INFLATE_GO;
}

/* RFC 7692 7.2.3.4: a final block does not end the message. It ends at a byte, and the next block
 * begins there. */
static int inflate_block_end(weir__inflate *inflate, weir__inflate_io *io)
{
    if (inflate->final) {
        weir__inflate_drop(io, io->count & 7);
        weir__inflate_give_back(io);
    }
    return inflate_block_goto(inflate, WEIR__INFLATE_AWAIT_BLOCK);
}

/* All bytes of the message are used, and none of the tail that follows them. No byte waits in the
 * bit buffer then: behind a final block that is given back. */
static bool inflate_block_at_tail(const weir__inflate *inflate, const weir__inflate_io *io)
{
    return inflate->tail_used == 0 && (size_t)(io->in - io->begin) == io->data;
}

static int inflate_block_begin(weir__inflate *inflate, weir__inflate_io *io)
{
    /* Some senders end a message with a final block and without the empty one after it. */
    if (inflate->final && inflate_block_at_tail(inflate, io))
        return WEIR__INFLATE_DONE;
    if (!weir__inflate_need(io, 3))
        return WEIR__INFLATE_INPUT;
    if (inflate->blocks == inflate->max_blocks)
        return WEIR_E_DEFLATE_BLOCKS;
    inflate->final = weir__inflate_take(io, 1) != 0;
    inflate->blocks++;
    switch (weir__inflate_take(io, 2)) {
    case 0:
        weir__inflate_drop(io, io->count & 7);
        return inflate_block_goto(inflate, WEIR__INFLATE_AWAIT_STORED_LENGTH);
    case 1:
        return inflate_block_goto(inflate, WEIR__INFLATE_IN_FIXED);
    case 2:
        return inflate_block_goto(inflate, WEIR__INFLATE_AWAIT_COUNTS);
    default:
        return WEIR_E_DEFLATE_BLOCK;
    }
}

static int inflate_block_stored_length(weir__inflate *inflate, weir__inflate_io *io)
{
    if (!weir__inflate_need(io, 32))
        return WEIR__INFLATE_INPUT;
    const uint32_t length = weir__inflate_take(io, 16);
    /* RFC 1951 3.2.4: the second is the one's complement of the first. */
    if (weir__inflate_take(io, 16) != (length ^ 0xFFFF))
        return WEIR_E_DEFLATE_BLOCK;
    inflate->stored_left = (uint16_t)length;
    return inflate_block_goto(inflate, WEIR__INFLATE_IN_STORED);
}

static size_t inflate_block_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int inflate_block_stored(weir__inflate *inflate, weir__inflate_io *io)
{
    weir__inflate_give_back(io); /* all: what came before this run of input was the length */
    const size_t room = io->out < io->limit ? (size_t)(io->limit - io->out) : 0;
    const size_t want = inflate_block_min(inflate->stored_left, room);
    const size_t have = io->in < io->end ? (size_t)(io->end - io->in) : 0;
    const size_t n = inflate_block_min(want, have);
    memcpy(io->out, io->in, n);
    io->out += n;
    io->in += n;
    inflate->stored_left = (uint16_t)(inflate->stored_left - n);
    if (inflate->stored_left == 0)
        return inflate_block_end(inflate, io);
    return n < want ? WEIR__INFLATE_INPUT : WEIR__INFLATE_FULL;
}

static int inflate_block_counts(weir__inflate *inflate, weir__inflate_io *io)
{
    if (!weir__inflate_need(io, 14))
        return WEIR__INFLATE_INPUT;
    inflate->litlen_count = (uint16_t)(weir__inflate_take(io, 5) + 257);
    inflate->dist_count = (uint16_t)(weir__inflate_take(io, 5) + 1);
    inflate->precode_count = (uint16_t)(weir__inflate_take(io, 4) + 4);
    inflate->index = 0;
    /* RFC 1951 3.2.7: there are 286 and 30 symbols. */
    if (inflate->litlen_count > 286 || inflate->dist_count > 30)
        return WEIR_E_DEFLATE_CODES;
    memset(inflate->precode, 0, sizeof inflate->precode);
    return inflate_block_goto(inflate, WEIR__INFLATE_IN_PRECODE);
}

/* Each table is made in room of one that is made later or needed no more. */
static bool inflate_block_build_precode(const weir__inflate *inflate,
                                        weir__inflate_scratch *scratch)
{
    return weir__inflate_build(scratch->precode, WEIR__INFLATE_PRECODE, inflate->precode, 19,
                               scratch->litlen);
}

static bool inflate_block_build(const weir__inflate *inflate, weir__inflate_scratch *scratch)
{
    const uint8_t *const lengths = scratch->lengths;
    return weir__inflate_build(scratch->litlen, WEIR__INFLATE_LITLEN, lengths,
                               inflate->litlen_count, scratch->dist) &&
           weir__inflate_build(scratch->dist, WEIR__INFLATE_DIST, lengths + inflate->litlen_count,
                               inflate->dist_count, scratch->precode);
}

/* The tables in the scratch are those of this decompressor, which may have had others elsewhere, or
 * stand where another one stood that had them: so both remember it. */
static void inflate_block_own(weir__inflate *inflate, weir__inflate_scratch *scratch)
{
    scratch->owner = inflate;
    inflate->scratch = scratch;
}

static bool inflate_block_owns(const weir__inflate *inflate, const weir__inflate_scratch *scratch)
{
    return scratch->owner == inflate && inflate->scratch == scratch;
}

static int inflate_block_precode(weir__inflate *inflate, weir__inflate_scratch *scratch,
                                 weir__inflate_io *io)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    for (; inflate->index < inflate->precode_count; inflate->index++) {
        if (!weir__inflate_need(io, 3))
            return WEIR__INFLATE_INPUT;
        inflate->precode[order[inflate->index]] = (uint8_t)weir__inflate_take(io, 3);
    }
    scratch->owner = NULL; /* the tables are void from here on, even when these lengths are */
    if (!inflate_block_build_precode(inflate, scratch))
        return WEIR_E_DEFLATE_CODES;
    inflate->index = 0;
    inflate_block_own(inflate, scratch);
    return inflate_block_goto(inflate, WEIR__INFLATE_IN_LENGTHS);
}

/* Symbols 16 to 18 repeat; the run must end within the lengths that were announced. */
static bool inflate_block_repeat(weir__inflate *inflate, uint8_t *lengths, uint32_t symbol,
                                 uint32_t run)
{
    if (symbol == 16 && inflate->index == 0)
        return false;
    if (run > (uint32_t)inflate->litlen_count + inflate->dist_count - inflate->index)
        return false;
    memset(lengths + inflate->index, symbol == 16 ? lengths[inflate->index - 1] : 0, run);
    inflate->index = (uint16_t)(inflate->index + run);
    return true;
}

static int inflate_block_tables(weir__inflate *inflate, weir__inflate_scratch *scratch)
{
    /* RFC 1951 3.2.7: without a code for its end the block could not end. */
    if (scratch->lengths[256] == 0 || !inflate_block_build(inflate, scratch))
        return WEIR_E_DEFLATE_CODES;
    return inflate_block_goto(inflate, WEIR__INFLATE_IN_DYNAMIC);
}

static int inflate_block_lengths(weir__inflate *inflate, weir__inflate_scratch *scratch,
                                 weir__inflate_io *io)
{
    static const uint8_t extra[3] = {2, 3, 7};
    static const uint8_t base[3] = {3, 3, 11};
    const uint32_t total = (uint32_t)inflate->litlen_count + inflate->dist_count;
    while (inflate->index < total) {
        weir__inflate_need(io, 14);
        const uint32_t entry = scratch->precode[io->bits & (WEIR__INFLATE_PRECODE_CAP - 1)];
        const uint32_t symbol = entry >> 16;
        const uint32_t more = symbol < 16 ? 0 : extra[symbol - 16];
        if ((entry & 63) + more > io->count)
            return WEIR__INFLATE_INPUT;
        weir__inflate_drop(io, entry & 63);
        if (symbol < 16) {
            scratch->lengths[inflate->index++] = (uint8_t)symbol;
            continue;
        }
        const uint32_t run = base[symbol - 16] + weir__inflate_take(io, more);
        if (!inflate_block_repeat(inflate, scratch->lengths, symbol, run))
            return WEIR_E_DEFLATE_CODES;
    }
    return inflate_block_tables(inflate, scratch);
}

static int inflate_block_symbols(weir__inflate *inflate, weir__inflate_io *io,
                                 const uint32_t *litlen, const uint32_t *dist)
{
    const int step = weir__inflate_symbols(io, litlen, dist);
    return step == WEIR__INFLATE_GO ? inflate_block_end(inflate, io) : step;
}

int weir__inflate_block(weir__inflate *inflate, weir__inflate_scratch *scratch,
                        weir__inflate_io *io)
{
    switch ((weir__inflate_state)inflate->state) { /* never: another state */
    case WEIR__INFLATE_AWAIT_BLOCK:
        return inflate_block_begin(inflate, io);
    case WEIR__INFLATE_AWAIT_STORED_LENGTH:
        return inflate_block_stored_length(inflate, io);
    case WEIR__INFLATE_IN_STORED:
        return inflate_block_stored(inflate, io);
    case WEIR__INFLATE_AWAIT_COUNTS:
        return inflate_block_counts(inflate, io);
    case WEIR__INFLATE_IN_PRECODE:
        return inflate_block_precode(inflate, scratch, io);
    case WEIR__INFLATE_IN_LENGTHS:
        return inflate_block_lengths(inflate, scratch, io);
    case WEIR__INFLATE_IN_FIXED:
        return inflate_block_symbols(inflate, io, scratch->fixed_litlen, scratch->fixed_dist);
    case WEIR__INFLATE_IN_DYNAMIC:
        break;
    }
    return inflate_block_symbols(inflate, io, scratch->litlen, scratch->dist);
}

/* Lengths read so far of the block at hand; 0 outside a dynamic one. */
static uint32_t inflate_block_known_lengths(const weir__inflate *inflate)
{
    const bool dynamic =
        inflate->state == WEIR__INFLATE_IN_LENGTHS || inflate->state == WEIR__INFLATE_IN_DYNAMIC;
    return dynamic ? inflate->index : 0;
}

void weir__inflate_suspend(weir__inflate *inflate, const weir__inflate_scratch *scratch)
{
    const uint32_t n = inflate_block_known_lengths(inflate);
    for (uint32_t i = 0; i < n; i += 2)
        inflate->lengths[i / 2] =
            (uint8_t)((scratch->lengths[i] & 15) | (scratch->lengths[i + 1] & 15) << 4);
}

void weir__inflate_resume(weir__inflate *inflate, weir__inflate_scratch *scratch)
{
    const uint32_t n = inflate_block_known_lengths(inflate);
    if (inflate_block_owns(inflate, scratch) ||
        (n == 0 && inflate->state != WEIR__INFLATE_IN_LENGTHS))
        return;
    for (uint32_t i = 0; i < n; i++)
        scratch->lengths[i] = (uint8_t)(inflate->lengths[i / 2] >> (i & 1) * 4 & 15);
    inflate_block_build_precode(inflate, scratch);
    if (inflate->state == WEIR__INFLATE_IN_DYNAMIC)
        inflate_block_tables(inflate, scratch);
    inflate_block_own(inflate, scratch);
}
