/* SPDX-License-Identifier: MIT */
/* The codec on everything small, and on more bytes than 32 bits count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../unit/deflate/codec_zlib.h"

#include "../../src/deflate/inflate_tables.h"

#define ROOM 4096

/* Payloads of 3 bytes, 2^24 of them: zlib and the decoder say the same. */
static void every_message_of_three_bytes__has_zlibs_verdict(void **state)
{
    (void)state;
    static uint8_t expected[ROOM];
    static uint8_t out[ROOM];
    codec_decoder decoder;
    z_stream z;
    memset(&z, 0, sizeof z);
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    codec_decoder_open(&decoder, 15, 1);
    const size_t size = weir_inflate_size(15);
    for (uint32_t value = 0; value < 1u << 24; value++) {
        const uint8_t payload[3] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16)};
        size_t wanted;
        size_t used;
        size_t made;
        inflateReset(&z);
        weir_inflate_init(decoder.inflate, size, 15, 1, &decoder.inflate);
        const int right = codec_oracle(&z, payload, 3, expected, ROOM, &wanted);
        int step = weir_inflate_run(decoder.inflate, decoder.scratch, payload, 3, 1, &used, out,
                                    ROOM, &made);
        const size_t first = made;
        if (step == WEIR_CODEC_OUTPUT)
            step = weir_inflate_run(decoder.inflate, decoder.scratch, payload + used, 3 - used, 1,
                                    &used, out + first, ROOM - first, &made);
        if (right != (step == WEIR_CODEC_DONE))
            fail_msg("%06x: zlib %d, weir %d", value, right, step);
        if (right && (wanted != first || memcmp(out, expected, wanted) != 0))
            fail_msg("%06x: other bytes", value);
    }
    inflateEnd(&z);
    codec_decoder_close(&decoder);
}

typedef struct sizes {
    weir__inflate_kind kind;
    uint32_t cap; /* entries there is room for */
    uint32_t symbols;
} sizes;

/* Random complete codes, skewed ones above all, for these have the largest subtables. */
static void SEC_D15__tables_never_outgrow_their_room(void **state)
{
    (void)state;
    static const sizes cases[] = {{WEIR__INFLATE_LITLEN, WEIR__INFLATE_LITLEN_CAP, 286},
                                  {WEIR__INFLATE_DIST, WEIR__INFLATE_DIST_CAP, 32}};
    for (int c = 0; c < 2; c++) {
        uint32_t *const table = malloc((cases[c].cap + 64) * sizeof(uint32_t));
        codec_seed = 15;
        for (int i = 0; i < 3000000; i++) {
            uint8_t leaves[288] = {0};
            uint32_t n = 1;
            while (n < cases[c].symbols) {
                /* Mostly deepen the last leaf: skewed trees are the big ones. */
                uint32_t at = codec_below(4) ? n - 1 : codec_below(n);
                if (leaves[at] == 15)
                    at = codec_below(n);
                if (leaves[at] == 15)
                    continue;
                leaves[at]++;
                leaves[n++] = leaves[at];
            }
            for (uint32_t k = 0; k < 64; k++)
                table[cases[c].cap + k] = 0xDEADBEEF;
            uint32_t room[WEIR__INFLATE_MAX_SYMBOLS];
            assert_true(weir__inflate_build(table, cases[c].kind, leaves, n, room));
            assert_int_equal(table[cases[c].cap], 0xDEADBEEF);
        }
        free(table);
    }
}

/* 5 GiB in one message. */
static void SEC_D4__message_of_more_than_32_bits__comes_back(void **state)
{
    (void)state;
    enum {
        PIECE = 1 << 20
    };
    uint8_t *const text = malloc(PIECE);
    const size_t room = weir_deflate_bound(PIECE);
    uint8_t *const payload = malloc(room);
    uint8_t *const out = malloc(PIECE);
    codec_decoder decoder;
    weir_deflate *deflate;
    weir_deflate_scratch *scratch;
    const size_t size = weir_deflate_size(WEIR_DEFLATE_FAST, 15);
    const size_t scratch_size = weir_deflate_scratch_size(15);
    codec_seed = 4;
    for (size_t i = 0; i < PIECE; i++)
        text[i] = (uint8_t)(i / 1000 * 7);
    weir_deflate_scratch_init(malloc(scratch_size), scratch_size, 15, &scratch);
    weir_deflate_init(malloc(size), size, WEIR_DEFLATE_FAST, 15, &deflate);
    codec_decoder_open(&decoder, 15, 1);
    for (int i = 0; i < 5 * 1024; i++) {
        const int last = i == 5 * 1024 - 1;
        size_t used;
        size_t len;
        assert_int_equal(weir_deflate_run(deflate, scratch, text, PIECE, last, SIZE_MAX, &used,
                                          payload, room, &len),
                         last ? WEIR_CODEC_DONE : WEIR_CODEC_INPUT);
        assert_int_equal(used, PIECE);
        size_t total = 0;
        for (size_t at = 0, made; at < len || total < PIECE; at += used, total += made) {
            const int step =
                weir_inflate_run(decoder.inflate, decoder.scratch, payload + at, len - at, last,
                                 &used, out + total, PIECE - total, &made);
            assert_true(step >= 0);
            if (step == WEIR_CODEC_DONE)
                assert_true(last && at + used == len);
        }
        assert_int_equal(total, PIECE);
        assert_memory_equal(out, text, PIECE);
    }
    codec_decoder_close(&decoder);
    free(deflate);
    free(scratch);
    free(text);
    free(payload);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_three_bytes__has_zlibs_verdict),
        cmocka_unit_test(SEC_D15__tables_never_outgrow_their_room),
        cmocka_unit_test(SEC_D4__message_of_more_than_32_bits__comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
