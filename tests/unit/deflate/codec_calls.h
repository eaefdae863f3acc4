/* SPDX-License-Identifier: MIT */
/* For tests of the decoder: single calls, and what lies behind the public names. */
#ifndef WEIR_TESTS_CODEC_CALLS_H
#define WEIR_TESTS_CODEC_CALLS_H

#include "codec.h"

#include "../../../src/deflate/inflate.h"

#define CODEC_MOST 70000

static uint8_t codec_out[CODEC_MOST];

/* One call; what it gives comes behind what is there. */
typedef struct codec_call {
    int result;
    size_t used;
    size_t made;
} codec_call;

static size_t codec_total;

static inline codec_call codec_run(codec_decoder *decoder, const void *in, size_t len, int last,
                                   size_t room)
{
    codec_call c;
    assert_true(room <= CODEC_MOST - codec_total);
    c.result = weir_inflate_run(decoder->inflate, decoder->scratch, in, len, last, &c.used,
                                codec_out + codec_total, room, &c.made);
    codec_total += c.made;
    return c;
}

static inline void codec_run_open(codec_decoder *decoder, int bits)
{
    codec_decoder_open(decoder, bits, 1);
    codec_total = 0;
}

static inline weir__inflate *codec_inner(const codec_decoder *decoder)
{
    return (weir__inflate *)(void *)decoder->inflate;
}

static inline weir__inflate_scratch *codec_inner_scratch(const codec_decoder *decoder)
{
    return (weir__inflate_scratch *)(void *)decoder->scratch;
}

static inline void codec_run_all(uint8_t value, size_t len)
{
    assert_int_equal(codec_total, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(codec_out[i], value);
}

/* The result of a message in a new decoder, at every room up to 20, whole and byte by byte. */
static inline void codec_check(const codec_bits *bits, size_t len, int result, const void *text,
                               size_t text_len)
{
    for (size_t room = 1; room <= 20; room++)
        for (size_t step = 1; step <= len; step += len - (len > 1)) {
            codec_decoder decoder;
            size_t made;
            codec_decoder_open(&decoder, 15, 1);
            assert_int_equal(
                codec_decode(&decoder, bits->data, len, step, room, codec_out, CODEC_MOST, &made),
                result);
            if (text) {
                assert_int_equal(made, text_len);
                assert_memory_equal(codec_out, text, text_len);
            }
            codec_decoder_close(&decoder);
        }
}

#endif
