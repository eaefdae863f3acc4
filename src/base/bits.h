/* SPDX-License-Identifier: MIT */
/* Bit positions, rotations and unaligned loads and stores, for every compiler. */
#ifndef WEIR_BASE_BITS_H
#define WEIR_BASE_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* For functions that must become part of their caller: what it passes are constants that shape the
 * code, or values that should stay in registers. */
#if defined(__GNUC__)
#define WEIR__INLINE static inline __attribute__((always_inline))
#else
#define WEIR__INLINE static inline
#endif

/* For functions that are worth their code again at each call where the compiler goes for speed, and
 * are a call with a frame of its own where it goes for size. */
#if defined(__GNUC__) && defined(__OPTIMIZE_SIZE__)
#define WEIR__FAST_INLINE static __attribute__((noinline, unused))
#else
#define WEIR__FAST_INLINE WEIR__INLINE
#endif

/* For rare ways that must not cost the common one: its registers, its room. */
#if defined(__GNUC__)
#define WEIR__APART static __attribute__((noinline))
#else
#define WEIR__APART static
#endif

/* Position of the lowest set bit; value is not 0. */
static inline uint32_t weir__bits_lowest(uint32_t value)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctz(value);
#else
    uint32_t position = 0;
    for (uint32_t half = 16; half > 0; half /= 2) {
        bool empty = (value & ((1u << half) - 1)) == 0;
        value >>= empty ? half : 0;
        position += empty ? half : 0;
    }
    return position;
#endif
}

static inline uint32_t weir__bits_lowest64(uint64_t value)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(value);
#else
    const uint32_t low = (uint32_t)value;
    return low ? weir__bits_lowest(low) : 32 + weir__bits_lowest((uint32_t)(value >> 32));
#endif
}

/* Position of the highest set bit; value is not 0. */
static inline uint32_t weir__bits_highest(uint64_t value)
{
#if defined(__GNUC__)
    return 63u - (uint32_t)__builtin_clzll(value);
#else
    uint32_t position = 0;
    for (uint32_t half = 32; half > 0; half /= 2) {
        bool above = value >> half != 0;
        value >>= above ? half : 0;
        position += above ? half : 0;
    }
    return position;
#endif
}

/* count is 0..31; both shifts stay below 32. */
static inline uint32_t weir__bits_rotate_left(uint32_t value, uint32_t count)
{
    return value << count | value >> ((32 - count) & 31);
}

static inline uint32_t weir__bits_rotate_right(uint32_t value, uint32_t count)
{
    return value >> count | value << ((32 - count) & 31);
}

/* Compilers fold this to a constant. */
static inline bool weir__bits_little_endian(void)
{
    const uint32_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* The machine's byte order. */
static inline uint16_t weir__bits_load16(const uint8_t *data)
{
    uint16_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

static inline uint32_t weir__bits_load32(const uint8_t *data)
{
    uint32_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

static inline uint64_t weir__bits_load64(const uint8_t *data)
{
    uint64_t value;
    memcpy(&value, data, sizeof value);
    return value;
}

static inline void weir__bits_store32(uint8_t *data, uint32_t value)
{
    memcpy(data, &value, sizeof value);
}

static inline void weir__bits_store64(uint8_t *data, uint64_t value)
{
    memcpy(data, &value, sizeof value);
}

/* Named byte orders. */
static inline uint32_t weir__bits_load32_big(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static inline uint32_t weir__bits_load16_big(const uint8_t *data)
{
    return (uint32_t)data[0] << 8 | data[1];
}

static inline uint64_t weir__bits_load64_big(const uint8_t *data)
{
    return (uint64_t)weir__bits_load32_big(data) << 32 | weir__bits_load32_big(data + 4);
}

static inline void weir__bits_store32_big(uint8_t *data, uint32_t value)
{
    data[0] = (uint8_t)(value >> 24);
    data[1] = (uint8_t)(value >> 16);
    data[2] = (uint8_t)(value >> 8);
    data[3] = (uint8_t)value;
}

static inline uint64_t weir__bits_load64_little(const uint8_t *data)
{
    if (weir__bits_little_endian()) /* never: byte order */
        return weir__bits_load64(data);
    uint64_t value = 0;                        /* never: byte order */
    for (uint32_t i = 0; i < 8; i++)           /* never: byte order */
        value |= (uint64_t)data[i] << (8 * i); /* never: byte order */
    return value;                              /* never: byte order */
}

static inline void weir__bits_store64_little(uint8_t *data, uint64_t value)
{
    if (weir__bits_little_endian()) { /* never: byte order */
        weir__bits_store64(data, value);
        return;
    }
    for (uint32_t i = 0; i < 8; i++)           /* never: byte order */
        data[i] = (uint8_t)(value >> (8 * i)); /* never: byte order */
}

static inline uint32_t weir__bits_load32_little(const uint8_t *data)
{
    if (weir__bits_little_endian()) /* never: byte order */
        return weir__bits_load32(data);
    uint32_t value = 0;                        /* never: byte order */
    for (uint32_t i = 0; i < 4; i++)           /* never: byte order */
        value |= (uint32_t)data[i] << (8 * i); /* never: byte order */
    return value;                              /* never: byte order */
}

static inline void weir__bits_store32_little(uint8_t *data, uint32_t value)
{
    data[0] = (uint8_t)value;
    data[1] = (uint8_t)(value >> 8);
    data[2] = (uint8_t)(value >> 16);
    data[3] = (uint8_t)(value >> 24);
}

/* ---- Eight bytes at once --------------------------------------------------------------------*/

/* The same byte eight times. */
#define WEIR__BITS_EACH(byte) (UINT64_C(0x0101010101010101) * (uint64_t)(byte))

/* The top bit of each byte that is 0. Of the marks only the lowest is sure: taking 1 from a 0 lends
 * from the byte above, which is then marked when it is 1. */
static inline uint64_t weir__bits_zero_bytes(uint64_t word)
{
    return (word - WEIR__BITS_EACH(1)) & ~word & WEIR__BITS_EACH(0x80);
}

/* Index of the byte of the lowest mark, which is not none. */
static inline uint32_t weir__bits_first_mark(uint64_t marks)
{
    return weir__bits_lowest64(marks) / 8;
}

#endif
