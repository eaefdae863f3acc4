/* SPDX-License-Identifier: MIT */
/* Messages that must be decoded, however they are cut, and those that must not. */
#include "deflate/codec.h"

#define ROOM 70000

static uint8_t made_bytes[ROOM];

typedef struct vector {
    const char *payload;
    size_t len;
    const char *text;
} vector;

#define VECTOR(payload, text)                                                                      \
    {                                                                                              \
        payload, sizeof payload - 1, text                                                          \
    }

static const size_t steps[] = {1, 2, 3, 5, 7, 13, SIZE_MAX};
static const size_t rooms[] = {1, 2, 3, 64, ROOM};

/* Decode the messages in turn, at every step size and output room, with the scratch lost at times.
 */
static void check_vectors(const vector *vectors, size_t n, int takeover)
{
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
            codec_decoder decoder;
            codec_decoder_open(&decoder, 15, takeover);
            for (size_t i = 0; i < n; i++) {
                size_t made;
                assert_int_equal(codec_decode(&decoder, (const uint8_t *)vectors[i].payload,
                                              vectors[i].len, steps[s], rooms[r], made_bytes, ROOM,
                                              &made),
                                 WEIR_CODEC_DONE);
                assert_int_equal(made, strlen(vectors[i].text));
                assert_memory_equal(made_bytes, vectors[i].text, made);
                codec_decoder_disturb(&decoder);
            }
            codec_decoder_close(&decoder);
        }
    }
}

/* A new decoder's result for one message. */
static int result_of(const void *payload, size_t len, size_t step, size_t *made)
{
    codec_decoder decoder;
    codec_decoder_open(&decoder, 15, 1);
    const int result = codec_decode(&decoder, payload, len, step, 1000, made_bytes, ROOM, made);
    codec_decoder_close(&decoder);
    return result;
}

/* The fault is the same whole and byte by byte. */
static void check_fault(const void *payload, size_t len, int fault)
{
    size_t made;
    assert_int_equal(result_of(payload, len, SIZE_MAX, &made), fault);
    assert_int_equal(result_of(payload, len, 1, &made), fault);
}

static void check_bits_fault(codec_bits *bits, int fault)
{
    const size_t len = codec_finish(bits);
    check_fault(bits->data, len, fault);
}

static void check_bits_text(codec_bits *bits, const char *text, size_t text_len)
{
    size_t made;
    const size_t len = codec_finish(bits);
    for (size_t step = 1; step < 4; step++) {
        assert_int_equal(result_of(bits->data, len, step, &made), WEIR_CODEC_DONE);
        assert_int_equal(made, text_len);
        assert_memory_equal(made_bytes, text, text_len);
    }
}

/* ---- RFC 7692 --------------------------------------------------------------------------------*/

static void R7692_7_2_2_1__examples_of_the_rfc_are_decoded(void **state)
{
    (void)state;
    const vector takeover[] = {VECTOR("\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"),
                               VECTOR("\xf2\x00\x11\x00\x00", "Hello")};
    const vector stored[] = {VECTOR("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello")};
    const vector blocks[] = {
        VECTOR("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello")};
    check_vectors(takeover, 2, 1);
    check_vectors(stored, 1, 0);
    check_vectors(blocks, 1, 0);
}

static void R7692_7_2_2_2__blocks_after_a_final_one_are_decoded(void **state)
{
    (void)state;
    const vector vectors[] = {
        VECTOR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"),
        VECTOR("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "HelloHello"),
        VECTOR("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00", "HelloHello"),
    };
    check_vectors(vectors, 3, 1);
}

static void SEC_D1__final_block_that_ends_the_message__is_accepted(void **state)
{
    (void)state;
    const vector vectors[] = {
        VECTOR("\xf3\x48\xcd\xc9\xc9\x07\x00", "Hello"),
        VECTOR("\xf2\x00\x11\x00\x00", "Hello"),
        VECTOR("\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f", "Hello"),
        VECTOR("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00", "HelloHello"),
    };
    check_vectors(vectors, 4, 1);
}

static void R7692_7_2_3_6_1__all_forms_of_an_empty_message_are_accepted(void **state)
{
    (void)state;
    const vector vectors[] = {VECTOR("\x00", ""), VECTOR("\x02\x00", ""),
                              VECTOR("\x03\x00\x00", ""), VECTOR("", ""),
                              VECTOR("\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello")};
    check_vectors(vectors, 5, 1);
}

static void SEC_D6__message_after_one_without_bytes__is_decoded(void **state)
{
    (void)state;
    const vector vectors[] = {VECTOR("\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"), VECTOR("", ""),
                              VECTOR("\xf2\x00\x11\x00\x00", "Hello")};
    check_vectors(vectors, 3, 1);
}

static void R7692_7_2_2_3__without_takeover__the_window_starts_empty(void **state)
{
    (void)state;
    codec_decoder decoder;
    size_t made;
    const uint8_t first[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    const uint8_t second[] = {0xf2, 0x00, 0x11, 0x00, 0x00};
    for (int takeover = 0; takeover < 2; takeover++) {
        codec_decoder_open(&decoder, 15, takeover);
        assert_int_equal(
            codec_decode(&decoder, first, sizeof first, SIZE_MAX, ROOM, made_bytes, ROOM, &made),
            WEIR_CODEC_DONE);
        assert_int_equal(
            codec_decode(&decoder, second, sizeof second, SIZE_MAX, ROOM, made_bytes, ROOM, &made),
            takeover ? WEIR_CODEC_DONE : WEIR_E_DEFLATE_DISTANCE);
        codec_decoder_close(&decoder);
    }
}

/* 260 bytes of a match, with a distance code and its extra bits. */
static void put_far_match(codec_bits *bits, uint32_t symbol, uint32_t extra, uint32_t extra_bits)
{
    codec_put(bits, 2, 3);
    codec_put_fixed(bits, 257);
    codec_put_code(bits, symbol, 5);
    codec_put(bits, extra, extra_bits);
    codec_put_fixed(bits, 256);
}

static void R7692_7_2_2_4__distance_may_be_the_window_but_no_more(void **state)
{
    (void)state;
    uint8_t *const text = malloc(40003);
    uint8_t *const payload = malloc(41000);
    codec_fill(text, 40000);
    for (int window_bits = 8; window_bits <= 15; window_bits++) {
        for (uint32_t over = 0; over < 2; over++) {
            const uint32_t distance = (1u << window_bits) + over;
            codec_bits bits = {{0}, 0};
            if (distance > 32768)
                continue;
            const uint32_t value = distance - 1;
            const uint32_t log = over ? (uint32_t)window_bits : (uint32_t)window_bits - 1;
            const uint32_t extra = log - 1;
            put_far_match(&bits, 2 * extra + (value >> extra), value & ((1u << extra) - 1), extra);
            const size_t len = codec_finish(&bits);
            codec_decoder decoder;
            codec_decoder_open(&decoder, window_bits, 1);
            size_t made = 0;
            /* The history: stored blocks. */
            size_t at = 0;
            payload[at++] = 0;
            payload[at++] = 40000 & 255;
            payload[at++] = 40000 >> 8;
            payload[at++] = (uint8_t) ~(40000 & 255);
            payload[at++] = (uint8_t) ~(40000 >> 8);
            memcpy(payload + at, text, 40000);
            payload[at + 40000] = 0;
            assert_int_equal(codec_decode(&decoder, payload, at + 40001, SIZE_MAX, ROOM, made_bytes,
                                          ROOM, &made),
                             WEIR_CODEC_DONE);
            /* A short message more: the decoder holds more bytes than the window has. */
            assert_int_equal(codec_decode(&decoder,
                                          (const uint8_t *)"\0\3\0\xfc\xff"
                                                           "abc",
                                          9, 9, ROOM, made_bytes, ROOM, &made),
                             WEIR_CODEC_DONE);
            memcpy(text + 40000, "abc", 3);
            const int result =
                codec_decode(&decoder, bits.data, len, 1, ROOM, made_bytes, ROOM, &made);
            assert_int_equal(result, over ? WEIR_E_DEFLATE_DISTANCE : WEIR_CODEC_DONE);
            if (!over)
                assert_memory_equal(made_bytes, text + 40003 - distance, 3);
            codec_decoder_close(&decoder);
        }
    }
    free(text);
    free(payload);
}

static void R7692_7_2_2_5__message_cut_short__fails_at_its_end(void **state)
{
    (void)state;
    static const uint8_t payload[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    for (size_t len = 1; len < sizeof payload; len++)
        check_fault(payload, len, WEIR_E_DEFLATE_END);
    /* The stored block takes the tail for its data, and some is missing still. */
    check_fault("\x00\x05\x00\xfa\xff", 5, WEIR_E_DEFLATE_END);
}

static void R7692_7_2_2_7__empty_blocks_are_counted(void **state)
{
    (void)state;
    codec_decoder decoder;
    codec_bits bits = {{0}, 0};
    size_t made;
    for (int i = 0; i < 1000; i++) {
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 256);
    }
    const size_t len = codec_finish(&bits);
    codec_decoder_open(&decoder, 15, 1);
    for (size_t step = 1; step < 4; step++) {
        assert_int_equal(
            codec_decode(&decoder, bits.data, len, step, ROOM, made_bytes, ROOM, &made),
            WEIR_CODEC_DONE);
        assert_int_equal(made, 0);
        assert_int_equal(weir_inflate_blocks(decoder.inflate), 1001);
    }
    codec_decoder_close(&decoder);
}

static void R7692_7_2_2_7__message_without_bytes__has_no_blocks(void **state)
{
    (void)state;
    static const uint8_t hello[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    codec_decoder decoder;
    codec_decoder_open(&decoder, 15, 1);
    size_t made;
    int status =
        codec_decode(&decoder, hello, sizeof hello, sizeof hello, ROOM, made_bytes, ROOM, &made);
    assert_int_equal(status, WEIR_CODEC_DONE);
    assert_int_equal(weir_inflate_blocks(decoder.inflate), 2);
    status = codec_decode(&decoder, hello, 0, 1, ROOM, made_bytes, ROOM, &made);
    assert_int_equal(status, WEIR_CODEC_DONE);
    assert_int_equal(weir_inflate_blocks(decoder.inflate), 0);
    codec_decoder_close(&decoder);
}

/* ---- RFC 1951 --------------------------------------------------------------------------------*/

static void R1951_3_2_3_1__block_type_3__fails(void **state)
{
    (void)state;
    check_fault("\x06", 1, WEIR_E_DEFLATE_BLOCK);
    check_fault("\x07", 1, WEIR_E_DEFLATE_BLOCK);
    check_fault("\xfe\xff\xff", 3, WEIR_E_DEFLATE_BLOCK);
}

static void R1951_3_2_4_1__stored_length_and_its_complement_must_fit(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 1, 2, 255, 256, 32767, 32768, 65534, 65535};
    uint8_t *const payload = calloc(1, 65541 + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const uint32_t n = lengths[i];
        size_t made;
        payload[1] = (uint8_t)n;
        payload[2] = (uint8_t)(n >> 8);
        payload[3] = (uint8_t)~payload[1];
        payload[4] = (uint8_t)~payload[2];
        assert_int_equal(result_of(payload, n + 6, SIZE_MAX, &made), WEIR_CODEC_DONE);
        assert_int_equal(made, n);
        for (uint32_t bit = 0; bit < 32; bit++) {
            payload[1 + bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_fault(payload, 20, WEIR_E_DEFLATE_BLOCK);
            payload[1 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    free(payload);
}

static void R1951_3_2_5_1__symbols_286_287_and_distances_30_31__fail(void **state)
{
    (void)state;
    for (uint32_t symbol = 286; symbol < 288; symbol++) {
        codec_bits bits = {{0}, 0};
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 'a');
        codec_put_fixed(&bits, symbol);
        check_bits_fault(&bits, WEIR_E_DEFLATE_SYMBOL);
    }
    for (uint32_t symbol = 30; symbol < 32; symbol++) {
        codec_bits bits = {{0}, 0};
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 'a');
        codec_put_fixed(&bits, 257);
        codec_put_code(&bits, symbol, 5);
        check_bits_fault(&bits, WEIR_E_DEFLATE_SYMBOL);
    }
}

static void R1951_3_2_5_2__both_forms_of_length_258_are_decoded(void **state)
{
    (void)state;
    char text[259];
    memset(text, 'a', sizeof text);
    for (uint32_t form = 0; form < 2; form++) {
        codec_bits bits = {{0}, 0};
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 'a');
        codec_put_fixed(&bits, form ? 285 : 284);
        codec_put(&bits, 31, form ? 0 : 5);
        codec_put_code(&bits, 0, 5);
        codec_put_fixed(&bits, 256);
        check_bits_text(&bits, text, 259);
    }
}

static void R1951_3_2_5_3__distance_before_the_first_byte__fails(void **state)
{
    (void)state;
    for (uint32_t before = 0; before < 4; before++) {
        codec_bits bits = {{0}, 0};
        codec_put(&bits, 2, 3);
        for (uint32_t i = 0; i < before; i++)
            codec_put_fixed(&bits, 'a');
        codec_put_fixed(&bits, 257);
        codec_put_code(&bits, before, 5);
        check_bits_fault(&bits, WEIR_E_DEFLATE_DISTANCE);
    }
}

static void R1951_3_2_6_1__every_symbol_of_the_fixed_code_is_decoded(void **state)
{
    (void)state;
    char text[256 + 600];
    codec_bits bits = {{0}, 0};
    codec_put(&bits, 2, 3);
    for (uint32_t i = 0; i < 256; i++) {
        codec_put_fixed(&bits, i);
        text[i] = (char)i;
    }
    size_t n = 256;
    static const uint16_t bases[] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                     15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                     67, 83, 99, 115, 131, 163, 195, 227, 258};
    for (uint32_t i = 0; i < 8; i++) {
        codec_put_fixed(&bits, 257 + i);
        codec_put_code(&bits, 3, 5);
        for (uint32_t k = 0; k < bases[i]; k++, n++)
            text[n] = text[n - 4];
    }
    codec_put_fixed(&bits, 256);
    check_bits_text(&bits, text, n);
    for (uint32_t i = 0; i < 29; i++) {
        codec_bits one = {{0}, 0};
        const uint32_t extra = i < 8 || i == 28 ? 0 : (i >> 2) - 1;
        memset(text, 'x', sizeof text);
        codec_put(&one, 2, 3);
        codec_put_fixed(&one, 'x');
        codec_put_fixed(&one, 257 + i);
        codec_put(&one, 0, extra);
        codec_put_code(&one, 0, 5);
        codec_put_fixed(&one, 256);
        check_bits_text(&one, text, bases[i] + (size_t)1);
    }
}

/* ---- Dynamic blocks --------------------------------------------------------------------------*/

static void R1951_3_2_7_1__more_than_286_or_30_codes__fail(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        codec_bits bits = {{0}, 0};
        codec_put_head(&bits, i < 2 ? 30 + i : 0, i < 2 ? 0 : 28 + i);
        check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
    }
}

/* A precode of 0, 1, 16, 17 and 18, then symbols of it. */
typedef struct run {
    uint32_t symbol;
    uint32_t extra;
} run;

static void put_runs(codec_bits *bits, const run *runs, size_t n)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                      11, 4,  12, 3, 13, 2, 14, 1, 15};
    /* Lengths 0: 2, 1: 2, 16: 2, 17: 3, 18: 3; so codes 00, 01, 10, 110, 111. */
    codec_put(bits, 4, 3);
    codec_put(bits, 0, 5);
    codec_put(bits, 0, 5);
    codec_put(bits, 15, 4);
    for (uint32_t i = 0; i < 19; i++)
        codec_put(bits, order[i] <= 1 || order[i] == 16 ? 2 : order[i] >= 17 ? 3 : 0, 3);
    for (size_t i = 0; i < n; i++) {
        const uint32_t symbol = runs[i].symbol;
        codec_put_code(bits, symbol < 2 ? symbol : symbol - 14 + (symbol > 16 ? 3 : 0),
                       symbol < 17 ? 2 : 3);
        codec_put(bits, runs[i].extra, symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
}

static void R1951_3_2_7_2__repeat_without_a_length_before__fails(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    put_runs(&bits, &(run){16, 0}, 1);
    check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
}

static void SEC_D11__repeats_past_the_last_length__fail(void **state)
{
    (void)state;
    /* 258 lengths: 138 zeros, then as many as reach from 1 to 18 beyond. */
    for (uint32_t over = 1; over <= 18; over++) {
        codec_bits bits = {{0}, 0};
        const run runs[] = {{18, 127}, {18, 120 + over - 11}};
        put_runs(&bits, runs, 2);
        check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
    }
    for (uint32_t symbol = 16; symbol <= 17; symbol++) {
        codec_bits bits = {{0}, 0};
        const run runs[] = {{18, 127}, {18, 106}, {1, 0}, {1, 0}, {symbol, 0}};
        put_runs(&bits, runs, 5);
        check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
    }
}

static void R1951_3_2_7_3__no_code_for_the_end_of_the_block__fails(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    const run runs[] = {{1, 0}, {1, 0}, {18, 127}, {18, 105}, {0, 0}, {0, 0}};
    put_runs(&bits, runs, 6);
    check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
}

static void R1951_3_2_2_1__over_subscribed_codes__fail(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    const run runs[] = {{1, 0}, {1, 0}, {18, 127}, {18, 105}, {1, 0}, {1, 0}};
    put_runs(&bits, runs, 6);
    check_bits_fault(&bits, WEIR_E_DEFLATE_CODES);
}

/* One literal code, 256, of one bit; the distances have that many codes of one bit. */
static void SEC_D10__code_of_one_bit__is_fine_and_its_other_half_fails(void **state)
{
    (void)state;
    for (uint32_t distances = 0; distances < 2; distances++) {
        codec_bits right = {{0}, 0};
        const run runs[] = {{18, 127}, {18, 107}, {1, 0}, {distances, 0}};
        put_runs(&right, runs, 4);
        codec_bits wrong = right;
        codec_put(&right, 0, 1);
        check_bits_text(&right, "", 0);
        codec_put(&wrong, 1, 1);
        check_bits_fault(&wrong, WEIR_E_DEFLATE_SYMBOL);
    }
}

/* The tables of a block serve until another connection makes some, or tries to. */
static void fault_of_another_connection__does_not_touch_this_ones_tables(void **state)
{
    (void)state;
    codec_bits right = {{0}, 0};
    codec_bits wrong = {{0}, 0};
    codec_put_row(&right, 'a', 400);
    const size_t len = codec_finish(&right);
    codec_put(&wrong, 4 | 15 << 13, 17); /* 19 lengths of the precode */
    for (uint32_t i = 0; i < 19; i++)
        codec_put(&wrong, 1, 3);
    codec_decoder one;
    codec_decoder other;
    codec_decoder_open(&one, 9, 1);
    codec_decoder_open(&other, 9, 1);
    const size_t cut = len - 20;
    size_t used;
    size_t made;
    size_t rest;
    uint8_t out[ROOM];
    assert_int_equal(
        weir_inflate_run(one.inflate, one.scratch, right.data, cut, 0, &used, out, ROOM, &made),
        WEIR_CODEC_INPUT);
    assert_int_equal(weir_inflate_run(other.inflate, one.scratch, wrong.data, 16, 1, &used,
                                      out + made, ROOM - made, &rest),
                     WEIR_E_DEFLATE_CODES);
    assert_int_equal(weir_inflate_run(one.inflate, one.scratch, right.data + cut, len - cut, 1,
                                      &used, out + made, ROOM - made, &rest),
                     WEIR_CODEC_DONE);
    assert_int_equal(made + rest, 400);
    for (size_t i = 0; i < 400; i++)
        assert_int_equal(out[i], 'a');
    codec_decoder_close(&one);
    codec_decoder_close(&other);
}

static void SEC_D13__impossible_symbols_before_the_end_of_input__fail(void **state)
{
    (void)state;
    size_t made;
    for (uint32_t symbol = 286; symbol < 288; symbol++) {
        codec_bits bits = {{0}, 0};
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, symbol);
        for (size_t len = 1; len <= 2; len++)
            for (size_t step = 1; step < 3; step++)
                assert_true(result_of(bits.data, len, step, &made) < 0);
    }
}

static void bytes_before_a_fault__are_given_however_the_input_is_cut(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    size_t made;
    codec_put(&bits, 2, 3);
    for (int i = 0; i < 100; i++)
        codec_put_fixed(&bits, 'a' + (uint32_t)i % 20);
    codec_put_fixed(&bits, 286);
    const size_t len = codec_finish(&bits);
    for (size_t step = 1; step <= len; step++) {
        assert_int_equal(result_of(bits.data, len, step, &made), WEIR_E_DEFLATE_SYMBOL);
        assert_int_equal(made, 100);
    }
}

static void fault__stays(void **state)
{
    (void)state;
    codec_decoder decoder;
    size_t used;
    size_t made;
    codec_decoder_open(&decoder, 15, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weir_inflate_run(decoder.inflate, decoder.scratch, i ? "\x00" : "\x06", 1,
                                          1, &used, made_bytes, ROOM, &made),
                         WEIR_E_DEFLATE_BLOCK);
    codec_decoder_close(&decoder);
}

static void SEC_D14__without_room__the_call_says_so(void **state)
{
    (void)state;
    static const uint8_t payload[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    codec_decoder decoder;
    size_t used;
    size_t made;
    size_t at = 0;
    codec_decoder_open(&decoder, 15, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weir_inflate_run(decoder.inflate, decoder.scratch, payload + at,
                                          sizeof payload - at, 1, &used, made_bytes, 0, &made),
                         WEIR_CODEC_OUTPUT);
        assert_int_equal(made, 0);
        at += used;
    }
    assert_int_equal(codec_decode(&decoder, payload + at, sizeof payload - at, SIZE_MAX, ROOM,
                                  made_bytes, ROOM, &made),
                     WEIR_CODEC_DONE);
    assert_memory_equal(made_bytes, "Hello", 5);
    codec_decoder_close(&decoder);
}

static void wrong_arguments__are_refused(void **state)
{
    (void)state;
    codec_decoder decoder;
    size_t n;
    codec_decoder_open(&decoder, 15, 1);
    weir_inflate *const inflate = decoder.inflate;
    weir_inflate_scratch *const scratch = decoder.scratch;
    weir_inflate *made;
    assert_int_equal(weir_inflate_size(7), 0);
    assert_int_equal(weir_inflate_size(16), 0);
    assert_int_equal(weir_inflate_scratch_size(16), 0);
    assert_int_equal(weir_inflate_init(NULL, 100000, 15, 1, &made), WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_init(inflate, 100000, 7, 1, &made), WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_init(inflate, 100000, 15, 1, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_init((char *)inflate + 1, 100000, 15, 1, &made), WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_init(inflate, weir_inflate_size(15) - 1, 15, 1, &made),
                     WEIR_E_SHORT);
    assert_int_equal(weir_inflate_run(NULL, scratch, "", 0, 0, &n, made_bytes, 1, &n),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_run(inflate, NULL, "", 0, 0, &n, made_bytes, 1, &n),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_run(inflate, scratch, NULL, 1, 0, &n, made_bytes, 1, &n),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_inflate_run(inflate, scratch, "", 0, 0, &n, NULL, 1, &n),
                     WEIR_E_ARGUMENT);
    codec_decoder_close(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_7_2_2_1__examples_of_the_rfc_are_decoded),
        cmocka_unit_test(R7692_7_2_2_2__blocks_after_a_final_one_are_decoded),
        cmocka_unit_test(SEC_D1__final_block_that_ends_the_message__is_accepted),
        cmocka_unit_test(R7692_7_2_3_6_1__all_forms_of_an_empty_message_are_accepted),
        cmocka_unit_test(SEC_D6__message_after_one_without_bytes__is_decoded),
        cmocka_unit_test(R7692_7_2_2_3__without_takeover__the_window_starts_empty),
        cmocka_unit_test(R7692_7_2_2_4__distance_may_be_the_window_but_no_more),
        cmocka_unit_test(R7692_7_2_2_5__message_cut_short__fails_at_its_end),
        cmocka_unit_test(R7692_7_2_2_7__empty_blocks_are_counted),
        cmocka_unit_test(R7692_7_2_2_7__message_without_bytes__has_no_blocks),
        cmocka_unit_test(R1951_3_2_3_1__block_type_3__fails),
        cmocka_unit_test(R1951_3_2_4_1__stored_length_and_its_complement_must_fit),
        cmocka_unit_test(R1951_3_2_5_1__symbols_286_287_and_distances_30_31__fail),
        cmocka_unit_test(R1951_3_2_5_2__both_forms_of_length_258_are_decoded),
        cmocka_unit_test(R1951_3_2_5_3__distance_before_the_first_byte__fails),
        cmocka_unit_test(R1951_3_2_6_1__every_symbol_of_the_fixed_code_is_decoded),
        cmocka_unit_test(R1951_3_2_7_1__more_than_286_or_30_codes__fail),
        cmocka_unit_test(R1951_3_2_7_2__repeat_without_a_length_before__fails),
        cmocka_unit_test(SEC_D11__repeats_past_the_last_length__fail),
        cmocka_unit_test(R1951_3_2_7_3__no_code_for_the_end_of_the_block__fails),
        cmocka_unit_test(R1951_3_2_2_1__over_subscribed_codes__fail),
        cmocka_unit_test(SEC_D10__code_of_one_bit__is_fine_and_its_other_half_fails),
        cmocka_unit_test(fault_of_another_connection__does_not_touch_this_ones_tables),
        cmocka_unit_test(SEC_D13__impossible_symbols_before_the_end_of_input__fail),
        cmocka_unit_test(bytes_before_a_fault__are_given_however_the_input_is_cut),
        cmocka_unit_test(fault__stays),
        cmocka_unit_test(SEC_D14__without_room__the_call_says_so),
        cmocka_unit_test(wrong_arguments__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
