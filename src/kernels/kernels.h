/* SPDX-License-Identifier: MIT */
/* The table of kernels: inner loops that have a variant for each kind of CPU. */
#ifndef WEIR_KERNELS_KERNELS_H
#define WEIR_KERNELS_KERNELS_H

#include <stddef.h>

#include "../base/bits.h"

/* A part of the bytes of a head. */
typedef struct weir__field_slice {
    uint32_t at;
    uint32_t len;
} weir__field_slice;

typedef struct weir__field_line {
    weir__field_slice name;
    weir__field_slice value; /* outer whitespace trimmed */
} weir__field_line;

/* A masking key is held as the uint32_t whose bytes in memory are the key's: XOR needs no byte
 * order. */
typedef struct weir__kernels {
    const char *name;

    /* XOR [len] bytes with the key from its first byte on. The result has the top bit when any byte
     * produced has it; without it the payload is ASCII. Its other bits mean nothing. */
    uint8_t (*mask)(uint8_t *data, size_t len, uint32_t key);

    /* The same from src to dst, which do not overlap. */
    uint8_t (*mask_copy)(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);

    /* Length of the longest prefix that is made of whole, valid UTF-8 characters. */
    size_t (*utf8)(const uint8_t *data, size_t len);

    /* SHA-1 over whole 64-byte blocks (FIPS 180-4). */
    void (*sha1)(uint32_t state[5], const uint8_t *blocks, size_t count);

    /* Whether it does so by instructions made for that. */
    bool sha1_native;

    /* Blocks of ChaCha20 (RFC 8439 2.3), 64 bytes each. state: the first one's 16 words, of which
     * the 13th is its number and counts on, modulo 2^32. out does not overlap it; the bytes in its
     * memory are the blocks'. */
    void (*chacha20)(const uint32_t state[16], uint32_t *out, size_t count);

    /* The lines of HTTP fields that stand whole from *at on, at most cap of them; returns their
     * number and moves *at behind them. A line that is not taken is cut off, is the blank one, is
     * folded or breaks a rule (RFC 9112 5, RFC 9110 5.5). bytes may be read from the first on up to
     * end. */
    size_t (*fields)(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                     size_t cap);
} weir__kernels;

extern const weir__kernels weir__kernels_scalar;

/* The best table for a CPU; a pure function of weir__cpu_bits or of any made-up mask. */
const weir__kernels *weir__kernels_for(uint32_t cpu_bits);

/* The best table that needs no look at the CPU: what the compiler's target guarantees. */
const weir__kernels *weir__kernels_baseline(void);

/* Turn a key so that its first byte is the one that stood at phase modulo 4. */
static inline uint32_t weir__key_rotate(uint32_t key, uint64_t phase)
{
    uint32_t bits = (uint32_t)(phase & 3) * 8;
    return weir__bits_little_endian() ? weir__bits_rotate_right(key, bits)
                                      : weir__bits_rotate_left(key, bits); /* never: byte order */
}

#endif
