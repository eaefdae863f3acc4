/* SPDX-License-Identifier: MIT */
/* The literals and matches of a block (RFC 1951 3.2.5). */
#include <weir/status.h>

#include "inflate_io.h"
#include "inflate_tables.h"

/* Matches that overlap themselves closely are their first bytes over and over. Those are loaded
 * once: loads of what was just stored would wait for it, and 258 bytes cost the sender but two
 * bits. What is loaded from behind out is never kept. */
WEIR__INLINE void inflate_symbols_repeat(uint8_t *out, const uint8_t *end, uint32_t distance)
{
    static const uint64_t copies[8] = {
        0,
        UINT64_C(0x0101010101010101),
        UINT64_C(0x0001000100010001),
        UINT64_C(0x0001000001000001),
        UINT64_C(0x0000000100000001),
        UINT64_C(0x0000010000000001),
        UINT64_C(0x0001000000000001),
        UINT64_C(0x0100000000000001),
    };
    static const uint8_t steps[8] = {0, 8, 8, 6, 8, 5, 6, 7}; /* whole copies in 8 bytes */
    const uint64_t first =
        weir__bits_load64_little(out - distance) & weir__inflate_mask(8 * distance);
    const uint64_t bytes = first * copies[distance];
    const size_t step = steps[distance];
    do {
        weir__bits_store64_little(out, bytes);
        weir__bits_store64_little(out + step, bytes);
        out += 2 * step;
    } while (out < end);
}

/* The same for a distance of size / 2 to size. */
WEIR__INLINE void inflate_symbols_stamp(uint8_t *out, const uint8_t *end, uint32_t distance,
                                        size_t size)
{
    uint8_t bytes[32];
    memcpy(bytes, out - distance, size);
    do {
        memcpy(out, bytes, size);
        out += distance;
    } while (out < end);
}

/* Copy a match; writes up to 31 bytes beyond its end. */
WEIR__INLINE uint8_t *inflate_symbols_copy(uint8_t *out, uint32_t length, uint32_t distance)
{
    uint8_t *const end = out + length;
    if (distance >= 32) {
        const uint8_t *from = out - distance;
        do {
            memcpy(out, from, 16);
            out += 16;
            from += 16;
        } while (out < end);
    } else if (distance >= 16) {
        inflate_symbols_stamp(out, end, distance, 32);
    } else if (distance >= 8) {
        inflate_symbols_stamp(out, end, distance, 16);
    } else {
        inflate_symbols_repeat(out, end, distance);
    }
    return end;
}

/* Base and extra bits of a length or distance. */
WEIR__INLINE uint32_t inflate_symbols_value(uint32_t entry, uint64_t bits)
{
    return (entry >> 16) + (uint32_t)((bits & weir__inflate_mask(entry & 63)) >> (entry >> 8 & 31));
}

/* RFC 1951 2: no match reaches behind the window; nor before the first byte there is. */
WEIR__INLINE bool inflate_symbols_in_reach(const weir__inflate_io *io, const uint8_t *out,
                                           uint32_t distance)
{
    return distance <= (size_t)(out - io->first) && distance <= io->window;
}

/* A special entry that is no subtable. */
WEIR__INLINE int inflate_symbols_special(uint32_t entry)
{
    return entry & WEIR__INFLATE_END ? WEIR__INFLATE_GO : WEIR_E_DEFLATE_SYMBOL;
}

/* Bits above count are those of the input that follow, so that a refill need not know how many. */
WEIR__INLINE void inflate_symbols_refill(weir__inflate_io *io)
{
    io->bits |= weir__bits_load64_little(io->in) << io->count;
    io->in += (63 - io->count) >> 3;
    io->count |= 56;
}

WEIR__INLINE uint32_t inflate_symbols_peek(const weir__inflate_io *io, const uint32_t *litlen)
{
    return litlen[io->bits & ((1u << WEIR__INFLATE_LITLEN_ROOT) - 1)];
}

WEIR__INLINE void inflate_symbols_literal(weir__inflate_io *io, uint32_t entry)
{
    weir__inflate_drop(io, entry & 63);
    *io->out++ = (uint8_t)(entry >> 16);
}

/* Of the at least 56 bits of a refill, two literals take 18, a length 20; then a distance 28 of
 * the next. INPUT and FULL: a bound was reached. The io is a copy that lives in registers. */
WEIR__INLINE int inflate_symbols_loop(weir__inflate_io *io, const uint32_t *litlen,
                                      const uint32_t *dist)
{
    while (io->in < io->fast_end && io->out < io->limit) {
        inflate_symbols_refill(io);
        uint32_t entry = inflate_symbols_peek(io, litlen);
        if (entry & WEIR__INFLATE_LITERAL) {
            inflate_symbols_literal(io, entry);
            entry = inflate_symbols_peek(io, litlen);
            if (entry & WEIR__INFLATE_LITERAL) {
                inflate_symbols_literal(io, entry);
                entry = inflate_symbols_peek(io, litlen);
                if (entry & WEIR__INFLATE_LITERAL) {
                    inflate_symbols_literal(io, entry);
                    continue;
                }
            }
        }
        if (entry & WEIR__INFLATE_SPECIAL) {
            entry = weir__inflate_lookup(litlen, WEIR__INFLATE_LITLEN_ROOT, io->bits);
            if (entry & WEIR__INFLATE_LITERAL) {
                inflate_symbols_literal(io, entry);
                continue;
            }
            if (entry & WEIR__INFLATE_SPECIAL) {
                weir__inflate_drop(io, entry & 63);
                return inflate_symbols_special(entry);
            }
        }
        const uint32_t length = inflate_symbols_value(entry, io->bits);
        weir__inflate_drop(io, entry & 63);
        inflate_symbols_refill(io);
        entry = weir__inflate_lookup(dist, WEIR__INFLATE_DIST_ROOT, io->bits);
        if (entry & WEIR__INFLATE_SPECIAL)
            return WEIR_E_DEFLATE_SYMBOL;
        const uint32_t distance = inflate_symbols_value(entry, io->bits);
        weir__inflate_drop(io, entry & 63);
        if (!inflate_symbols_in_reach(io, io->out, distance))
            return WEIR_E_DEFLATE_DISTANCE;
        io->out = inflate_symbols_copy(io->out, length, distance);
    }
    return io->out < io->limit ? WEIR__INFLATE_INPUT : WEIR__INFLATE_FULL;
}

static int inflate_symbols_fast(weir__inflate_io *io, const uint32_t *litlen, const uint32_t *dist)
{
    weir__inflate_io local = *io;
    const int step = inflate_symbols_loop(&local, litlen, dist);
    *io = local;
    weir__inflate_give_back(io);
    return step;
}

/* One symbol at a time, each only when all its bits are there: at most 48, so what is left of an
 * incomplete one stays in the bit buffer. */
static int inflate_symbols_checked(weir__inflate_io *io, const uint32_t *litlen,
                                   const uint32_t *dist)
{
    while (io->out < io->limit) {
        weir__inflate_fill(io);
        const uint64_t bits = io->bits;
        const uint32_t count = io->count;
        uint32_t entry = weir__inflate_lookup(litlen, WEIR__INFLATE_LITLEN_ROOT, bits);
        if ((entry & 63) > count)
            return WEIR__INFLATE_INPUT;
        weir__inflate_drop(io, entry & 63);
        if (entry & WEIR__INFLATE_LITERAL) {
            *io->out++ = (uint8_t)(entry >> 16);
            continue;
        }
        if (entry & WEIR__INFLATE_SPECIAL)
            return inflate_symbols_special(entry);
        const uint32_t length = inflate_symbols_value(entry, bits);
        entry = weir__inflate_lookup(dist, WEIR__INFLATE_DIST_ROOT, io->bits);
        if ((entry & 63) > io->count) {
            io->bits = bits;
            io->count = count;
            return WEIR__INFLATE_INPUT;
        }
        if (entry & WEIR__INFLATE_SPECIAL)
            return WEIR_E_DEFLATE_SYMBOL;
        const uint32_t distance = inflate_symbols_value(entry, io->bits);
        weir__inflate_drop(io, entry & 63);
        if (!inflate_symbols_in_reach(io, io->out, distance))
            return WEIR_E_DEFLATE_DISTANCE;
        io->out = inflate_symbols_copy(io->out, length, distance);
    }
    return WEIR__INFLATE_FULL;
}

int weir__inflate_symbols(weir__inflate_io *io, const uint32_t *litlen, const uint32_t *dist)
{
    const weir__inflate_io start = *io;
    if (io->in < io->fast_end) {
        const int step = inflate_symbols_fast(io, litlen, dist);
        if (io->in > io->end && io->fast_end > io->end)
            *io = start; /* it went on into the padding: say so where the input really ends */
        else if (step != WEIR__INFLATE_INPUT)
            return step;
    }
    return inflate_symbols_checked(io, litlen, dist);
}
