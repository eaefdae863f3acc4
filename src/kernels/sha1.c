/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), used for Sec-WebSocket-Accept only (RFC 6455 10.8). */
#include "sha1.h"

#include "../base/bits.h"
#include "variants.h"

#define SHA1_BLOCK 64u

/* FIPS 180-4 5.3.1. */
#define SHA1_START                                                                                 \
    {                                                                                              \
        0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u                            \
    }

/* FIPS 180-4 6.1.2: the first 16 words are the block's, later ones mix those that came 3, 8, 14 and
 * 16 before, of which only the last 16 are kept. In one loop of its own this would be vectorised
 * two words at a time, and each pair would wait for a load that straddles two stores. */
static inline uint32_t sha1_word(uint32_t words[16], uint32_t t)
{
    if (t < 16)
        return words[t];
    uint32_t mixed = words[(t - 3) & 15] ^ words[(t - 8) & 15] ^ words[(t - 14) & 15];
    return words[t & 15] = weir__bits_rotate_left(mixed ^ words[t & 15], 1);
}

#define SHA1_MIXED(k, t) ((k) + sha1_word(words, t))

static void sha1_block(uint32_t state[5], const uint8_t *block)
{
    uint32_t words[16];
    for (size_t t = 0; t < 16; t++)
        words[t] = weir__bits_load32_big(block + 4 * t);
    WEIR__SHA1_80_ROUNDS(SHA1_MIXED)
}

void weir__sha1_scalar(uint32_t state[5], const uint8_t *blocks, size_t count)
{
    for (; count > 0; count--, blocks += SHA1_BLOCK)
        sha1_block(state, blocks);
}

/* A message on its way: whole blocks are in the state, fill bytes wait. */
typedef struct sha1_run {
    const weir__kernels *kernels;
    uint64_t len;
    size_t fill;
    uint32_t state[5];
    uint8_t block[SHA1_BLOCK];
} sha1_run;

static void sha1_add(sha1_run *run, const uint8_t *data, size_t len)
{
    run->len += len;
    if (run->fill > 0) {
        size_t room = SHA1_BLOCK - run->fill;
        size_t part = len < room ? len : room;
        memcpy(run->block + run->fill, data, part);
        run->fill += part;
        data += part;
        len -= part;
        if (run->fill < SHA1_BLOCK)
            return;
        run->kernels->sha1(run->state, run->block, 1);
    }
    run->kernels->sha1(run->state, data, len / SHA1_BLOCK);
    run->fill = len % SHA1_BLOCK;
    memcpy(run->block, data + (len - run->fill), run->fill);
}

static void sha1_store(const uint32_t state[5], uint8_t digest[20])
{
    for (size_t i = 0; i < 5; i++)
        weir__bits_store32_big(digest + 4 * i, state[i]);
}

/* FIPS 180-4 5.1.1: a one bit, zeros, and the length in bits in the last 8 bytes of a block. */
static void sha1_end(sha1_run *run, uint8_t digest[20])
{
    uint64_t bits = run->len * 8;
    run->block[run->fill++] = 0x80;
    if (run->fill > SHA1_BLOCK - 8) {
        memset(run->block + run->fill, 0, SHA1_BLOCK - run->fill);
        run->kernels->sha1(run->state, run->block, 1);
        run->fill = 0;
    }
    memset(run->block + run->fill, 0, SHA1_BLOCK - 8 - run->fill);
    weir__bits_store32_big(run->block + SHA1_BLOCK - 8, (uint32_t)(bits >> 32));
    weir__bits_store32_big(run->block + SHA1_BLOCK - 4, (uint32_t)bits);
    run->kernels->sha1(run->state, run->block, 1);
    sha1_store(run->state, digest);
}

void weir__sha1_pair(const weir__kernels *kernels, const uint8_t *a, size_t a_len, const uint8_t *b,
                     size_t b_len, uint8_t digest[20])
{
    sha1_run run = {.kernels = kernels, .state = SHA1_START};
    if (a_len > 0)
        sha1_add(&run, a, a_len);
    if (b_len > 0)
        sha1_add(&run, b, b_len);
    sha1_end(&run, digest);
}

void weir__sha1(const weir__kernels *kernels, const uint8_t *data, size_t len, uint8_t digest[20])
{
    weir__sha1_pair(kernels, data, len, NULL, 0, digest);
}

/* ---- The accept key ------------------------------------------------------------------------- */

/* A message of 60 bytes leaves room for the one bit in its block, but not for its length. So there
 * is a second block, always the same: 14 words of 0 and the length in bits, 0 and 480. Its 80 words
 * follow from the rule of sha1_word; here they are with the constant of their round added, for
 * compilers to write into the instructions. */
static const uint32_t sha1_end_words[80] = {
    0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999,
    0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827999, 0x5A827B79,
    0x5A827999, 0x5A827999, 0x5A827D59, 0x5A827999, 0x6ED9EBA1, 0x6ED9F321, 0x6ED9EBA1, 0x6ED9EF61,
    0x6ED9FAA1, 0x6ED9EBA1, 0x6ED9EBA1, 0x6EDA09A1, 0x6ED9EBA1, 0x6ED9F861, 0x6EDA27A1, 0x6ED9EFE1,
    0x6ED9EBA1, 0x6EDA63A1, 0x6ED9FAA1, 0x6EDA1EA1, 0x6EDADBA1, 0x6ED9FAA1, 0x6ED9EBA1, 0x6EDBDAA1,
    0x8F1BBCDC, 0x8F1C88DC, 0x8F1F7CDC, 0x8F1C005C, 0x8F1BBCDC, 0x8F234BDC, 0x8F1CBBDC, 0x8F1EE35C,
    0x8F2ABCDC, 0x8F1CACDC, 0x8F1BEFDC, 0x8F3ABBDC, 0x8F1BBCDC, 0x8F2874DC, 0x8F57BCDC, 0x8F1FC7DC,
    0x8F1CACDC, 0x8F94BBDC, 0x8F2BACDC, 0x8F4F43DC, 0xCB52C1D6, 0xCA7284D6, 0xCA63B1D6, 0xCC527CD6,
    0xCA62C1D6, 0xCB2EC1D6, 0xCE23B1D6, 0xCAA641D6, 0xCA62C1D6, 0xD1F1C1D6, 0xCB61C1D6, 0xCD895FD6,
    0xD962C1D6, 0xCB53B1D6, 0xCA95FDD6, 0xE96249D6, 0xCA62C1D6, 0xD71B49D6, 0x0663B1D6, 0xCE6D0BD6,
};

#define SHA1_END_WORD(k, t) (sha1_end_words[t])

static void sha1_end_block(uint32_t state[5])
{
    WEIR__SHA1_80_ROUNDS(SHA1_END_WORD)
}

void weir__sha1_accept(const weir__kernels *kernels, const uint8_t key[24], const uint8_t guid[36],
                       uint8_t digest[20])
{
    static const uint8_t end[SHA1_BLOCK] = {[SHA1_BLOCK - 2] = 480 >> 8,
                                            [SHA1_BLOCK - 1] = 480 & 0xFF};
    uint8_t block[SHA1_BLOCK] = {[60] = 0x80};
    memcpy(block, key, 24);
    memcpy(block + 24, guid, 36);
    uint32_t state[5] = SHA1_START;
    kernels->sha1(state, block, 1);
    /* The CPU's own instructions mix the words while the rounds wait for each other. */
    if (kernels->sha1_native)
        kernels->sha1(state, end, 1);
    else
        sha1_end_block(state);
    sha1_store(state, digest);
}
