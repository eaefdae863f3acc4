/* SPDX-License-Identifier: MIT */
/* The exported functions of the codec: what each refuses, and that nothing happens then. */
#include "deflate/codec.h"
#include "deflate/codec_zlib.h"

#include "../../src/deflate/deflater.h"

#define MOST 70000

static const int bad_bits[] = {-1, 0, 7, 16, 0x7FFFFFFF};
static const int bad_levels[] = {-1, 0, WEIR_DEFLATE_BEST + 1};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Working memory and codecs of 9 bits, which the calls below must not touch. */
typedef struct codecs {
    weir_inflate *inflate;
    weir_inflate_scratch *inflate_scratch;
    weir_deflate *deflate;
    weir_deflate_scratch *deflate_scratch;
    weir_deflate_scratch *small; /* of 8 bits: too small for the compressor */
} codecs;

static int codecs_open(void **state)
{
    static codecs c;
    size_t size = weir_inflate_size(9);
    assert_int_equal(weir_inflate_init(malloc(size), size, 9, 1, &c.inflate), WEIR_OK);
    size = weir_inflate_scratch_size(9);
    assert_int_equal(weir_inflate_scratch_init(malloc(size), size, 9, &c.inflate_scratch), WEIR_OK);
    size = weir_deflate_size(WEIR_DEFLATE_DEFAULT, 9);
    assert_int_equal(weir_deflate_init(malloc(size), size, WEIR_DEFLATE_DEFAULT, 9, &c.deflate),
                     WEIR_OK);
    size = weir_deflate_scratch_size(9);
    assert_int_equal(weir_deflate_scratch_init(malloc(size), size, 9, &c.deflate_scratch), WEIR_OK);
    size = weir_deflate_scratch_size(8);
    assert_int_equal(weir_deflate_scratch_init(malloc(size), size, 8, &c.small), WEIR_OK);
    *state = &c;
    return 0;
}

static int codecs_close(void **state)
{
    codecs *const c = *state;
    free(c->inflate);
    free(c->inflate_scratch);
    free(c->deflate);
    free(c->deflate_scratch);
    free(c->small);
    return 0;
}

static void sizes_of_what_there_is_not_are_0(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_bits); i++) {
        assert_int_equal(weir_inflate_size(bad_bits[i]), 0);
        assert_int_equal(weir_inflate_scratch_size(bad_bits[i]), 0);
        assert_int_equal(weir_deflate_size(WEIR_DEFLATE_FAST, bad_bits[i]), 0);
        assert_int_equal(weir_deflate_scratch_size(bad_bits[i]), 0);
    }
    for (size_t i = 0; i < COUNT(bad_levels); i++)
        assert_int_equal(weir_deflate_size(bad_levels[i], 9), 0);
    assert_int_equal(weir_inflate_blocks(NULL), 0);
    weir_deflate_forget(NULL);
    assert_false(weir_deflate_worth(NULL, 1));
    assert_true(weir_deflate_worth(NULL, 0));
}

/* One of the four ways to lay something out in memory. */
static int init(int which, void *memory, size_t size, int bits, void *out)
{
    switch (which) {
    case 0:
        return weir_inflate_init(memory, size, bits, 1, out);
    case 1:
        return weir_inflate_scratch_init(memory, size, bits, out);
    case 2:
        return weir_deflate_init(memory, size, WEIR_DEFLATE_BEST, bits, out);
    default:
        return weir_deflate_scratch_init(memory, size, bits, out);
    }
}

static void memory_that_is_missing_odd_or_too_small_is_refused(void **state)
{
    (void)state;
    const size_t sizes[] = {weir_inflate_size(9), weir_inflate_scratch_size(9),
                            weir_deflate_size(WEIR_DEFLATE_BEST, 9), weir_deflate_scratch_size(9)};
    for (int which = 0; which < 4; which++) {
        const size_t size = sizes[which];
        uint8_t *const memory = malloc(size + 8);
        void *out = state;
        assert_int_equal(init(which, NULL, size, 9, &out), WEIR_E_ARGUMENT);
        assert_int_equal(init(which, memory + 1, size, 9, &out), WEIR_E_ARGUMENT);
        assert_int_equal(init(which, memory, size - 1, 9, &out), WEIR_E_SHORT);
        assert_int_equal(init(which, memory, size, 9, NULL), WEIR_E_ARGUMENT);
        for (size_t i = 0; i < COUNT(bad_bits); i++)
            assert_int_equal(init(which, memory, size, bad_bits[i], &out), WEIR_E_ARGUMENT);
        assert_ptr_equal(out, state);
        assert_int_equal(init(which, memory, size, 9, &out), WEIR_OK);
        free(memory);
    }
    weir_deflate *deflate;
    uint64_t memory[8];
    for (size_t i = 0; i < COUNT(bad_levels); i++)
        assert_int_equal(weir_deflate_init(memory, sizeof memory, bad_levels[i], 9, &deflate),
                         WEIR_E_ARGUMENT);
}

static void decompressing_refuses_each_argument_that_is_missing(void **state)
{
    const codecs *const c = *state;
    uint8_t out[8];
    size_t used = 77, made = 77;
    assert_int_equal(weir_inflate_run(NULL, c->inflate_scratch, "", 0, 1, &used, out, 8, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_run(c->inflate, NULL, "", 0, 1, &used, out, 8, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_inflate_run(c->inflate, c->inflate_scratch, NULL, 1, 1, &used, out, 8, &made),
        WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_inflate_run(c->inflate, c->inflate_scratch, "", 0, 1, NULL, out, 8, &made),
        WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_inflate_run(c->inflate, c->inflate_scratch, "", 0, 1, &used, NULL, 8, &made),
        WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_inflate_run(c->inflate, c->inflate_scratch, "", 0, 1, &used, out, 8, NULL),
        WEIR_E_ARGUMENT);
    assert_true(used == 77 && made == 77);
    assert_int_equal(
        weir_inflate_run(c->inflate, c->inflate_scratch, NULL, 0, 1, &used, NULL, 0, &made),
        WEIR_CODEC_DONE);
}

static void compressing_refuses_each_argument_that_is_missing(void **state)
{
    const codecs *const c = *state;
    weir_deflate *const d = c->deflate;
    weir_deflate_scratch *const s = c->deflate_scratch;
    uint8_t out[100];
    size_t used = 77, made = 77;
    const int fast = WEIR_DEFLATE_FAST;
    const size_t room = sizeof out;
    assert_int_equal(weir_deflate_run(NULL, s, "x", 1, 1, 9, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, NULL, "x", 1, 1, 9, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, c->small, "x", 1, 1, 9, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, s, NULL, 1, 1, 9, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, s, "x", 1, 1, 9, NULL, out, room, &made), WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, s, "x", 1, 1, 9, &used, NULL, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(d, s, "x", 1, 1, 9, &used, out, room, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_deflate_run(d, s, "x", 1, 1, 9, &used, out, WEIR_DEFLATE_MIN_ROOM - 1, &made),
        WEIR_E_SHORT);
    assert_int_equal(weir_deflate_alone(NULL, fast, 9, "x", 1, 1, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_alone(c->small, fast, 9, "x", 1, 1, &used, out, room, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_alone(s, fast, 9, "x", 1, 1, &used, out, 3, &made), WEIR_E_SHORT);
    for (size_t i = 0; i < COUNT(bad_bits); i++)
        assert_int_equal(
            weir_deflate_alone(s, fast, bad_bits[i], "x", 1, 1, &used, out, room, &made),
            WEIR_E_ARGUMENT);
    for (size_t i = 0; i < COUNT(bad_levels); i++)
        assert_int_equal(
            weir_deflate_alone(s, bad_levels[i], 9, "x", 1, 1, &used, out, room, &made),
            WEIR_E_ARGUMENT);
    assert_true(used == 77 && made == 77);
}

static void no_bytes_that_do_not_end_the_message_make_none(void **state)
{
    const codecs *const c = *state;
    uint8_t out[100];
    size_t used = 77, made = 77;
    assert_int_equal(weir_deflate_run(c->deflate, c->deflate_scratch, NULL, 0, 0, SIZE_MAX, &used,
                                      out, sizeof out, &made),
                     WEIR_CODEC_INPUT);
    assert_true(used == 0 && made == 0);
    used = made = 77;
    assert_int_equal(weir_deflate_alone(c->deflate_scratch, WEIR_DEFLATE_FAST, 9, NULL, 0, 0, &used,
                                        out, sizeof out, &made),
                     WEIR_CODEC_INPUT);
    assert_true(used == 0 && made == 0);
}

/* What a limit refuses must be a whole message: of a piece that is over it nothing is lost. */
static void limit_is_for_whole_messages_only(void **state)
{
    const codecs *const c = *state;
    uint8_t in[512], out[1024];
    size_t used, made, sum = 0;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * i * i * 31 >> 3);
    assert_int_equal(weir_deflate_run(c->deflate, c->deflate_scratch, in, sizeof in, 0, 10, &used,
                                      out, sizeof out, &made),
                     WEIR_CODEC_INPUT);
    assert_true(used == sizeof in && made > 10);
    for (size_t at = 0; at < sizeof in; at += used) { /* the room is for a part of it */
        (void)weir_deflate_run(c->deflate, c->deflate_scratch, in + at, sizeof in - at, 1,
                               at + 200 < sizeof in ? 10 : SIZE_MAX, &used, out, 264, &made);
        assert_true(used > 0 && made > 0);
        sum += used;
    }
    assert_int_equal(sum, sizeof in);
    weir_deflate_forget(c->deflate);
}

static void the_bound_never_wraps_and_fits_is_its_inverse(void **state)
{
    (void)state;
    const size_t wraps = SIZE_MAX / 9 * 8; /* about where len + len / 8 passes the end */
    for (size_t len = wraps - 200; len < wraps + 200; len++) {
        assert_true(weir_deflate_bound(len) > len);
        assert_true(weir_deflate_bound(len) <= weir_deflate_bound(len + 1));
    }
    assert_int_equal(weir_deflate_bound(SIZE_MAX), SIZE_MAX);
    for (size_t room = 0; room < 2000; room++) {
        const size_t fits = weir__deflate_fits(room);
        assert_true(fits == 0 || weir_deflate_bound(fits) <= room);
        assert_true(weir_deflate_bound(fits + 1) > room);
    }
}

/* Decode with a scratch of other bits than the decompressor's, everything at once. */
static void scratch_of_a_smaller_window_works_too(void **state)
{
    (void)state;
    static uint8_t text[MOST], packed[MOST + 10000], back[MOST];
    size_t len, used, made;
    codec_fill(text, sizeof text);
    len = weir_deflate_scratch_size(15);
    weir_deflate_scratch *pack;
    assert_int_equal(weir_deflate_scratch_init(malloc(len), len, 15, &pack), WEIR_OK);
    assert_int_equal(weir_deflate_alone(pack, WEIR_DEFLATE_BEST, 15, text, sizeof text, 1, &used,
                                        packed, sizeof packed, &len),
                     WEIR_CODEC_DONE);
    for (int bits = 9; bits <= 15; bits += 3) {
        codec_decoder small, own;
        codec_decoder_open(&small, bits, 1);
        codec_decoder_open(&own, 15, 1);
        int status = weir_inflate_run(own.inflate, small.scratch, packed, len / 2, 0, &used, back,
                                      sizeof back, &made);
        assert_int_equal(status, used == len / 2 ? WEIR_CODEC_INPUT : WEIR_CODEC_OUTPUT);
        size_t at = used;
        size_t done = made;
        status = WEIR_CODEC_OUTPUT;
        while (status != WEIR_CODEC_DONE) {
            status = weir_inflate_run(own.inflate, small.scratch, packed + at, len - at, 1, &used,
                                      back + done, sizeof back - done, &made);
            assert_true(status >= 0);
            at += used;
            done += made;
        }
        assert_int_equal(done, sizeof text);
        assert_memory_equal(back, text, sizeof text);
        codec_decoder_close(&small);
        codec_decoder_close(&own);
    }
    free(pack);
}

/* A connection moves from thread to thread, each with a scratch of its own, in the midst of a
 * block: neither takes the tables of another block for those of this one. */
static void a_message_may_go_on_with_another_scratch(void **state)
{
    const codecs *const c = *state;
    codec_decoder own, other;
    uint8_t text[2][300], packed[2][500], back[300];
    size_t len[2], used, made;
    for (int i = 0; i < 2; i++) {
        for (size_t at = 0; at < sizeof text[i]; at++)
            text[i][at] = (uint8_t)('a' + 13 * i + (int)(at * at % 11 + at / 7 % 3));
        assert_int_equal(weir_deflate_alone(c->deflate_scratch, WEIR_DEFLATE_BEST, 9, text[i],
                                            sizeof text[i], 1, &used, packed[i], sizeof packed[i],
                                            &len[i]),
                         WEIR_CODEC_DONE);
        assert_int_equal(packed[i][0] & 7, 4); /* the one block has codes of its own */
    }
    for (size_t cut = 1; cut < len[1]; cut++) {
        codec_decoder_open(&own, 9, 1);
        codec_decoder_open(&other, 9, 1);
        assert_int_equal(weir_inflate_run(own.inflate, other.scratch, packed[0], len[0], 1, &used,
                                          back, sizeof back, &made),
                         WEIR_CODEC_DONE);
        assert_int_equal(weir_inflate_run(own.inflate, own.scratch, packed[1], cut, 0, &used, back,
                                          sizeof back, &made),
                         WEIR_CODEC_INPUT);
        size_t more;
        assert_int_equal(weir_inflate_run(own.inflate, other.scratch, packed[1] + cut, len[1] - cut,
                                          1, &used, back + made, sizeof back - made, &more),
                         WEIR_CODEC_DONE);
        assert_int_equal(made + more, sizeof back);
        assert_memory_equal(back, text[1], sizeof back);
        codec_decoder_close(&own);
        codec_decoder_close(&other);
    }
}

/* Empty blocks take the rest of the input while two bytes more were made than there was room for.
 * The end that is then told without any more bytes is still to be looked at. */
static void last_bytes_are_not_followed_by_more_input(void **state)
{
    (void)state;
    static const uint8_t hello[] = {0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07};
    static const uint8_t empty[] = {0x00, 0x00, 0x00, 0xFF, 0xFF};
    uint8_t payload[sizeof hello + 5 * sizeof empty + 1] = {0};
    memcpy(payload, hello, sizeof hello);
    for (size_t i = 0; i < 5; i++)
        memcpy(payload + sizeof hello + i * sizeof empty, empty, sizeof empty);
    for (size_t i = 2; i <= 11; i++) {
        const size_t room = i / 2;
        codec_decoder decoder;
        uint8_t out[8];
        size_t used, made, more;
        codec_decoder_open(&decoder, 9, 1);
        (void)weir_inflate_run(decoder.inflate, decoder.scratch, payload, sizeof payload, 0, &used,
                               out, room, &made);
        if (i % 2 > 0 && used == sizeof payload) { /* before its end is known */
            assert_int_equal(weir_inflate_run(decoder.inflate, decoder.scratch, NULL, 0, 0, &used,
                                              out + made, sizeof out - made, &more),
                             WEIR_CODEC_INPUT);
            used = sizeof payload;
            made += more;
        }
        int status = WEIR_CODEC_OUTPUT;
        while (status == WEIR_CODEC_OUTPUT) {
            size_t taken;
            status = weir_inflate_run(decoder.inflate, decoder.scratch, payload + used,
                                      sizeof payload - used, 1, &taken, out + made,
                                      sizeof out - made, &more);
            used += taken;
            made += more;
        }
        assert_int_equal(status, WEIR_CODEC_DONE);
        assert_int_equal(made, 5);
        assert_memory_equal(out, "Hello", 5);
        codec_decoder_close(&decoder);
    }
}

/* A final stored block whose length is the four bytes that every message ends with (RFC 7692
 * 7.2.2), so that none of them is left to begin the block after it. */
static void a_final_block_that_takes_the_tail_ends_nothing(void **state)
{
    const codecs *const c = *state;
    z_stream z = {0};
    uint8_t out[8];
    size_t used, made;
    const uint8_t payload[] = {0x01};
    assert_int_equal(inflateInit2(&z, -15), Z_OK);
    const int right = codec_oracle(&z, payload, 1, out, sizeof out, &made);
    inflateEnd(&z);
    const int status = weir_inflate_run(c->inflate, c->inflate_scratch, payload, 1, 1, &used, out,
                                        sizeof out, &made);
    assert_int_equal(status == WEIR_CODEC_DONE, right);
    assert_int_equal(made, 0);
}

/* The same, in pieces: the last bytes of the block's text are of the tail, one fits at a time. */
static void a_final_block_that_takes_some_of_the_tail_is_judged_as_zlib_does(void **state)
{
    (void)state;
    for (uint8_t len = 1; len <= 5; len++) {
        const uint8_t payload[] = {0x01, len, 0x00, (uint8_t)~len, 0xFF};
        z_stream z = {0};
        codec_decoder decoder;
        uint8_t expected[8], out[8];
        size_t made, given;
        assert_int_equal(inflateInit2(&z, -15), Z_OK);
        const int right =
            codec_oracle(&z, payload, sizeof payload, expected, sizeof expected, &made);
        inflateEnd(&z);
        for (size_t room = 1; room < 6; room++) {
            codec_decoder_open(&decoder, 15, 1);
            const int status =
                codec_decode(&decoder, payload, sizeof payload, 100, room, out, sizeof out, &given);
            assert_int_equal(status == WEIR_CODEC_DONE, right);
            assert_int_equal(given, made);
            assert_memory_equal(out, expected, made);
            codec_decoder_close(&decoder);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_what_there_is_not_are_0),
        cmocka_unit_test(memory_that_is_missing_odd_or_too_small_is_refused),
        cmocka_unit_test(decompressing_refuses_each_argument_that_is_missing),
        cmocka_unit_test(compressing_refuses_each_argument_that_is_missing),
        cmocka_unit_test(no_bytes_that_do_not_end_the_message_make_none),
        cmocka_unit_test(limit_is_for_whole_messages_only),
        cmocka_unit_test(the_bound_never_wraps_and_fits_is_its_inverse),
        cmocka_unit_test(scratch_of_a_smaller_window_works_too),
        cmocka_unit_test(a_message_may_go_on_with_another_scratch),
        cmocka_unit_test(last_bytes_are_not_followed_by_more_input),
        cmocka_unit_test(a_final_block_that_takes_the_tail_ends_nothing),
        cmocka_unit_test(a_final_block_that_takes_some_of_the_tail_is_judged_as_zlib_does),
    };
    return cmocka_run_group_tests(tests, codecs_open, codecs_close);
}
