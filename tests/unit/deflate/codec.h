/* SPDX-License-Identifier: MIT */
/* For tests of the codec: made-up messages, decoding in pieces, a bit writer. */
#ifndef WEIR_TESTS_CODEC_H
#define WEIR_TESTS_CODEC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <weir/deflate.h>

static uint32_t codec_seed = 1;

static inline uint32_t codec_random(void)
{
    codec_seed ^= codec_seed << 13;
    codec_seed ^= codec_seed >> 17;
    codec_seed ^= codec_seed << 5;
    return codec_seed;
}

static inline uint32_t codec_below(uint32_t n)
{
    return n == 0 ? 0 : codec_random() % n;
}

/* An exact copy on the heap, so that a sanitizer sees any step beyond it. */
static inline uint8_t *codec_copy(const void *data, size_t len)
{
    uint8_t *const copy = malloc(len);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

/* ---- Messages --------------------------------------------------------------------------------*/

#define CODEC_HISTORY 100000

static uint8_t codec_history[CODEC_HISTORY];
static size_t codec_history_len;

static inline size_t codec_fill_run(uint8_t *out, size_t at, size_t len)
{
    static const char letters[] = "etaoin shrdlu{}\":,0123456789";
    const size_t period = 1 + codec_below(7);
    size_t n = codec_below(len > 2000 ? 2000 : 80) + (size_t)1;
    const size_t from = codec_below((uint32_t)codec_history_len);
    const uint32_t kind = codec_below(4);
    for (size_t i = 0; n > 0 && at < len; i++, n--, at++) {
        if (kind == 0 && at >= period)
            out[at] = out[at - period];
        else if (kind == 1 && from + i < codec_history_len)
            out[at] = codec_history[from + i];
        else
            out[at] = (uint8_t)letters[codec_below(sizeof letters - 1)];
    }
    return at;
}

/* Text with repetitions, of itself and of earlier messages; one in four is random bytes. */
static inline void codec_fill(uint8_t *out, size_t len)
{
    const int noise = codec_below(4) == 0;
    for (size_t at = 0; at < len;) {
        if (noise)
            out[at++] = (uint8_t)(codec_random() >> 9);
        else
            at = codec_fill_run(out, at, len);
    }
    for (size_t i = 0; i < len; i++) {
        codec_history_len = codec_history_len < CODEC_HISTORY ? codec_history_len : 0;
        codec_history[codec_history_len++] = out[i];
    }
}

/* Lengths of messages: mostly small, some empty, some long. */
static inline size_t codec_length(size_t most)
{
    switch (codec_below(8)) {
    case 0:
        return codec_below(5);
    case 1:
        return codec_below((uint32_t)most + 1);
    default:
        return codec_below(most < 700 ? (uint32_t)most + 1 : 700);
    }
}

/* ---- Decoding in pieces ----------------------------------------------------------------------*/

typedef struct codec_decoder {
    weir_inflate *inflate;
    weir_inflate_scratch *scratch;
    size_t scratch_size;
    int bits;
} codec_decoder;

static inline void codec_decoder_open(codec_decoder *decoder, int bits, int takeover)
{
    const size_t size = weir_inflate_size(bits);
    decoder->bits = bits;
    decoder->scratch_size = weir_inflate_scratch_size(bits);
    void *const scratch = malloc(decoder->scratch_size);
    assert_int_equal(
        weir_inflate_scratch_init(scratch, decoder->scratch_size, bits, &decoder->scratch),
        WEIR_OK);
    assert_int_equal(weir_inflate_init(malloc(size), size, bits, takeover, &decoder->inflate),
                     WEIR_OK);
}

static inline void codec_decoder_close(codec_decoder *decoder)
{
    free(decoder->inflate);
    free(decoder->scratch);
}

/* What another connection leaves in the scratch: nothing of ours. */
static inline void codec_decoder_disturb(codec_decoder *decoder)
{
    memset(decoder->scratch, 0xA5, decoder->scratch_size);
    weir_inflate_scratch_init(decoder->scratch, decoder->scratch_size, decoder->bits,
                              &decoder->scratch);
}

/* Decode a message: at most step bytes of input and room bytes of output a call. Returns DONE or
 * the fault; each call must make progress. */
static inline int codec_decode(codec_decoder *decoder, const uint8_t *payload, size_t len,
                               size_t step, size_t room, uint8_t *out, size_t most, size_t *made)
{
    size_t at = 0;
    *made = 0;
    for (;;) {
        const size_t n = len - at < step ? len - at : step;
        const size_t cap = most - *made < room ? most - *made : room;
        uint8_t *const in = codec_copy(payload + at, n);
        uint8_t *const piece = malloc(cap);
        size_t used;
        size_t given;
        const int result = weir_inflate_run(decoder->inflate, decoder->scratch, in, n,
                                            at + n == len, &used, piece, cap, &given);
        assert_true(used <= n && given <= cap);
        memcpy(out + *made, piece, given);
        at += used;
        *made += given;
        free(in);
        free(piece);
        if (result == WEIR_CODEC_DONE)
            assert_int_equal(at, len);
        if (result == WEIR_CODEC_INPUT)
            assert_int_equal(used, n);
        if (result < 0)
            assert_int_equal(given, 0); /* what was made before a fault was given before */
        if (result == WEIR_CODEC_DONE || result < 0)
            return result;
        /* SEC-D14: a call that says all is well took or gave something. */
        assert_true(used + given > 0);
        if (*made == most)
            return WEIR_CODEC_OUTPUT;
    }
}

/* ---- Bits ------------------------------------------------------------------------------------*/

typedef struct codec_bits {
    uint8_t data[4096];
    size_t count;
} codec_bits;

/* First bit lowest: numbers. */
static inline void codec_put(codec_bits *bits, uint32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, bits->count++)
        if (value >> i & 1)
            bits->data[bits->count / 8] |= (uint8_t)(1u << bits->count % 8);
}

/* First bit highest: codes. */
static inline void codec_put_code(codec_bits *bits, uint32_t code, uint32_t count)
{
    while (count-- > 0)
        codec_put(bits, code >> count & 1, 1);
}

/* A literal or length symbol in the fixed code (RFC 1951 3.2.6). */
static inline void codec_put_fixed(codec_bits *bits, uint32_t symbol)
{
    if (symbol < 144)
        codec_put_code(bits, 0x30 + symbol, 8);
    else if (symbol < 256)
        codec_put_code(bits, 0x190 + symbol - 144, 9);
    else if (symbol < 280)
        codec_put_code(bits, symbol - 256, 7);
    else
        codec_put_code(bits, 0xC0 + symbol - 280, 8);
}

/* The head of a dynamic block whose precode has all 16 lengths in 4 bits, and no repeats. */
static inline void codec_put_head(codec_bits *bits, uint32_t hlit, uint32_t hdist)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    codec_put(bits, 4, 3);
    codec_put(bits, hlit, 5);
    codec_put(bits, hdist, 5);
    codec_put(bits, 15, 4);
    for (uint32_t i = 0; i < 19; i++)
        codec_put(bits, order[i] < 16 ? 4 : 0, 3);
}

/* A dynamic block whose code has a letter and the end, one bit each, and so many times the letter.
 */
static inline void codec_put_row(codec_bits *bits, uint32_t letter, uint32_t count)
{
    codec_put_head(bits, 0, 0);
    for (uint32_t i = 0; i < 257 + 1; i++)
        codec_put_code(bits, i == letter || i >= 256, 4);
    for (uint32_t i = 0; i < count; i++)
        codec_put(bits, 0, 1);
    codec_put(bits, 1, 1);
}

/* The end of a message: the header of the empty stored block whose rest is not sent. */
static inline size_t codec_finish(codec_bits *bits)
{
    codec_put(bits, 0, 3);
    bits->count = (bits->count + 7) & ~(size_t)7;
    return bits->count / 8;
}

#endif
