/* SPDX-License-Identifier: MIT */
/* The messages of the load client, every one different, and their frames one behind the other. */
#include "load_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

/* Text that repeats is learnt by the branch predictor: there has to be more than it remembers. */
#define POOL_BYTES 2000000
#define POOL_MAX 8192
#define POOL_MIN 128

uint64_t load_random(void)
{
    static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

bool load_parse_kind(const char *name, load_kind *kind)
{
    static const char *const names[] = {"ascii", "mixed", "binary"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (load_kind)i;
            return true;
        }
    return false;
}

static void die_of(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *need(void *memory)
{
    if (!memory)
        die_of("out of memory");
    return memory;
}

/* ---- Text ------------------------------------------------------------------------------------*/

static size_t put_character(uint8_t *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 63));
    out[0] = (uint8_t)(0xF00 >> len | code);
    return len;
}

/* A word of one script, by its share in percent of all words; the first letters are frequent ones,
 * or nothing could be compressed. */
static size_t put_word(uint8_t *out, bool ascii)
{
    static const struct {
        uint32_t up_to, first, count;
    } scripts[] = {{42, 'a', 26},  {62, 0x430, 32},   {80, 0x4E00, 2000}, {88, 0x3041, 80},
                   {94, 0xE0, 24}, {97, 0x1F600, 64}, {100, 0xAC00, 2000}};
    const uint32_t share = ascii ? 0 : (uint32_t)(load_random() % 100);
    size_t script = 0, at = 0;
    while (share >= scripts[script].up_to)
        script++;
    for (uint64_t letters = 2 + load_random() % 6; letters > 0; letters--) {
        const uint64_t a = load_random() >> 32, b = load_random() >> 32;
        const uint32_t pick = (uint32_t)(a % (b % scripts[script].count + 1));
        at += put_character(out + at, scripts[script].first + pick);
    }
    out[at] = ' ';
    return at + 1;
}

static void fill(uint8_t *out, size_t len, load_kind kind)
{
    uint8_t word[64];
    size_t at = 0;
    for (; at < len && kind == LOAD_BINARY; at++)
        out[at] = (uint8_t)(load_random() >> 24);
    while (at < len) {
        const size_t n = put_word(word, kind == LOAD_ASCII);
        if (n > len - at) {
            memset(out + at, '.', len - at);
            return;
        }
        memcpy(out + at, word, n);
        at += n;
    }
}

/* ---- Frames ----------------------------------------------------------------------------------*/

static size_t put_head(uint8_t *out, int opcode, bool compressed, size_t len)
{
    size_t bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;
    out[0] = (uint8_t)(0x80 | (compressed ? 0x40 : 0) | opcode);
    out[1] = (uint8_t)(0x80 | (bytes == 0 ? len : bytes == 2 ? 126 : 127));
    for (size_t i = 0; i < bytes; i++)
        out[2 + i] = (uint8_t)((uint64_t)len >> 8 * (bytes - 1 - i));
    return 2 + bytes;
}

static size_t put_frame(uint8_t *out, load_kind kind, bool compressed, const uint8_t *data,
                        size_t len)
{
    size_t at = put_head(out, kind == LOAD_BINARY ? 2 : 1, compressed, len);
    const uint64_t key = load_random();
    uint8_t *const mask = out + at;
    memcpy(mask, (const uint8_t *)&key + 2, 4);
    at += 4;
    for (size_t i = 0; i < len; i++)
        out[at + i] = data[i] ^ mask[i & 3];
    return at + len;
}

/* RFC 7692 7.2.1. */
static size_t compress_message(uint8_t *out, size_t cap, const uint8_t *data, size_t len)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        die_of("deflate");
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    deflate(&z, Z_SYNC_FLUSH);
    deflateEnd(&z);
    return cap - z.avail_out - 4;
}

load_pool load_pool_make(load_kind kind, size_t size, size_t spare, bool deflate)
{
    size_t count = POOL_BYTES / (size + 1);
    if (spare >= POOL_MIN)
        die_of("the depth must be less than 128");
    count = count > POOL_MAX ? POOL_MAX : count < POOL_MIN ? POOL_MIN : count;
    const size_t packed_cap = size + size / 8 + 64;
    load_pool pool = {.count = count, .size = size};
    pool.messages = need(malloc(count * size + 1));
    pool.frames = need(malloc((count + spare) * (packed_cap + 14)));
    pool.starts = need(malloc((count + spare + 1) * sizeof *pool.starts));
    uint8_t *const packed = need(malloc(packed_cap));

    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t *const message = pool.messages + i * size;
        fill(message, size, kind);
        pool.starts[i] = at;
        const size_t len = deflate ? compress_message(packed, packed_cap, message, size) : size;
        at += put_frame(pool.frames + at, kind, deflate, deflate ? packed : message, len);
    }
    /* The same bytes again: one that has left in part goes on at the start. */
    for (size_t i = 0; i < spare; i++)
        pool.starts[count + i] = at + pool.starts[i];
    pool.starts[count + spare] = at + pool.starts[spare];
    memcpy(pool.frames + at, pool.frames, pool.starts[count + spare] - at);
    free(packed);
    return pool;
}
