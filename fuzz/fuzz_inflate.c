/* SPDX-License-Identifier: MIT */
/* Decompression beside zlib: the same verdict and bytes, however input and output are cut up. */
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define INFLATE_MOST 65536 /* bytes of a message that are looked at */

typedef struct inflate_case {
    int bits;
    int takeover;
    uint64_t scratches; /* 1, or 2 that take turns as the dice say */
    weir_inflate *inflate;
    weir_inflate_scratch *scratch[2];
    void *memory;
    void *scratch_memory[2];
} inflate_case;

static void inflate_open(inflate_case *c, int scratch_bits)
{
    const size_t size = weir_inflate_size(c->bits);
    const size_t scratch_size = weir_inflate_scratch_size(scratch_bits);
    c->memory = malloc(size);
    FUZZ_CHECK(c->memory != NULL);
    for (size_t i = 0; i < 2; i++) {
        c->scratch_memory[i] = malloc(scratch_size);
        FUZZ_CHECK(c->scratch_memory[i] != NULL);
        FUZZ_CHECK(weir_inflate_scratch_init(c->scratch_memory[i], scratch_size, scratch_bits,
                                             &c->scratch[i]) == WEIR_OK);
    }
    FUZZ_CHECK(weir_inflate_init(c->memory, size, c->bits, c->takeover, &c->inflate) == WEIR_OK);
}

static void inflate_close(inflate_case *c)
{
    free(c->memory);
    free(c->scratch_memory[0]);
    free(c->scratch_memory[1]);
}

/* One call with exact blocks for input and output. Returns its status. */
static int inflate_call(inflate_case *c, fuzz_dice *dice, const uint8_t *data, size_t len, int last,
                        size_t room, size_t *used, fuzz_bytes *out)
{
    weir_inflate_scratch *const scratch = c->scratch[fuzz_below(dice, c->scratches)];
    size_t made = 0;
    uint8_t *const in = fuzz_copy(data, len);
    uint8_t *const place = malloc(room);
    FUZZ_CHECK(place != NULL);
    const int status =
        weir_inflate_run(c->inflate, scratch, in, len, last, used, place, room, &made);
    FUZZ_CHECK(*used <= len && made <= room);
    FUZZ_CHECK(status < 0 || *used > 0 || made > 0 || status == WEIR_CODEC_DONE ||
               (len == 0 && !last));
    FUZZ_CHECK(status != WEIR_CODEC_INPUT || *used == len);
    fuzz_add(out, place, made);
    free(place);
    free(in);
    return status;
}

/* A message in pieces of at most step bytes (0: random) into at most room bytes at a time. */
static int inflate_message(inflate_case *c, fuzz_input in, size_t step, size_t room, uint64_t seed,
                           fuzz_bytes *out)
{
    fuzz_dice dice = {seed};
    const size_t begin = out->len;
    for (;;) {
        const size_t want = step ? step : 1 + (size_t)fuzz_below(&dice, 1 + fuzz_below(&dice, 300));
        const size_t len = want < in.len ? want : in.len;
        const size_t place = room ? room : 1 + (size_t)fuzz_below(&dice, 700);
        size_t used = 0;
        const int status = inflate_call(c, &dice, in.data, len, len == in.len, place, &used, out);
        (void)fuzz_take_piece(&in, used);
        if (status < 0 || status == WEIR_CODEC_DONE || out->len - begin > INFLATE_MOST)
            return status;
    }
}

/* One way of cutting; the verdicts of zlib are known. */
static void inflate_way(inflate_case *c, fuzz_input in, size_t messages, size_t step, size_t room,
                        uint64_t seed, const fuzz_bytes *expected, reference_verdict verdict)
{
    fuzz_bytes out = {NULL, 0, 0};
    const uint64_t start = fuzz_work();
    const size_t len = in.len;
    int status = WEIR_CODEC_DONE;
    inflate_open(c, 8 + (int)(seed & 7));
    for (size_t i = 0; i < messages && status == WEIR_CODEC_DONE; i++) {
        const size_t size = messages > 1 ? fuzz_take(&in, 2) : in.len;
        status = inflate_message(c, fuzz_take_piece(&in, size), step, room, seed, &out);
        /* Each block has three bits at least. */
        FUZZ_CHECK(weir_inflate_blocks(c->inflate) <= (8 * (uint64_t)size + 32) / 3 + 1);
    }
    if (verdict == REFERENCE_LONG)
        FUZZ_CHECK(status >= 0);
    else if (verdict == REFERENCE_DONE)
        FUZZ_CHECK(status == WEIR_CODEC_DONE);
    else
        FUZZ_CHECK(status < 0);
    if (verdict == REFERENCE_DONE)
        FUZZ_CHECK(fuzz_same(&out, expected));
    else
        FUZZ_CHECK(fuzz_is_prefix(&out, expected) || fuzz_is_prefix(expected, &out));
    /* A dynamic block costs its tables, for each time that the scratch is told of them. */
    fuzz_work_within("inflate", start, 20000, step == 1 || room == 1 ? 4000 : 1500,
                     len + out.len / 8 + 8);
    inflate_close(c);
    fuzz_drop(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t choice = fuzz_take(&in, 1);
    const uint32_t chain = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    inflate_case c = {.bits = 8 + (int)(choice & 7),
                      .takeover = (int)(choice >> 3 & 1),
                      .scratches = 1 + (choice >> 4 & 1)};
    const size_t messages = 1 + chain % 8;
    fuzz_bytes expected = {NULL, 0, 0};
    reference_inflater zlib;
    reference_verdict verdict = REFERENCE_DONE;
    fuzz_input rest = in;
    reference_inflate_open(&zlib, c.bits, c.takeover);
    for (size_t i = 0; i < messages && verdict == REFERENCE_DONE; i++) {
        const size_t len = messages > 1 ? fuzz_take(&rest, 2) : rest.len;
        const fuzz_input message = fuzz_take_piece(&rest, len);
        verdict = reference_inflate(&zlib, message.data, message.len, c.bits < 15, INFLATE_MOST,
                                    &expected);
    }
    reference_inflate_close(&zlib);
    inflate_way(&c, in, messages, SIZE_MAX, 4096, seed, &expected, verdict);
    inflate_way(&c, in, messages, 1, 4096, seed, &expected, verdict);
    inflate_way(&c, in, messages, 0, 0, seed, &expected, verdict);
    if (expected.len < 8192)
        inflate_way(&c, in, messages, SIZE_MAX, 1, seed, &expected, verdict);
    fuzz_drop(&expected);
    return 0;
}
