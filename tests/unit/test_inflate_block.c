/* SPDX-License-Identifier: MIT */
/* Dynamic blocks, to the last bit of a message, and whose their tables are. */
#include "deflate/codec_calls.h"

/* ---- Faults in the last bits, which are ones: a code is used when just its bits are left -----*/

static void R1951_3_2_3_1__block_type_in_the_last_three_bits__fails(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put_head(&bits, 0, 0);
    /* 'a' has one bit, 'b' two; the end has 13 ones. */
    for (uint32_t i = 0; i < 256; i++)
        codec_put_code(&bits, i >= 'a' && i < 'a' + 13 ? i - 'a' + 1 : 0, 4);
    codec_put_code(&bits, 13, 4);
    codec_put_code(&bits, 1, 4);
    codec_check(&bits, (bits.count + 7) / 8, WEIR_E_DEFLATE_BLOCK, NULL, 0);
}

static void precode_that_ends_with_the_message__is_looked_at(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put(&bits, 4, 3);
    codec_put(&bits, 0, 10);
    codec_put(&bits, 13 - 4, 4);
    codec_check(&bits, 3, WEIR_E_DEFLATE_CODES, NULL, 0);
}

/* The head of a dynamic block of the least size; the lengths of the precode in their order. */
static void put_precode(codec_bits *bits, const uint8_t *lengths, uint32_t count, uint32_t dists)
{
    codec_put(bits, 4, 3);
    codec_put(bits, 0, 5);
    codec_put(bits, dists - 1, 5);
    codec_put(bits, count - 4, 4);
    for (uint32_t i = 0; i < count; i++)
        codec_put(bits, lengths[i], 3);
}

static void SEC_D11__repeat_in_the_last_bits__fails_when_it_is_too_long(void **state)
{
    /*                              16 17 18  0  8  7  9  6 10  5 11  4 12  3 13  2 14  1 15 */
    static const uint8_t precode[] = {0, 0, 1, 1};
    (void)state;
    codec_bits bits = {{0}, 0};
    put_precode(&bits, precode, 4, 1);
    codec_check(&bits, (bits.count + 7) / 8, WEIR_E_DEFLATE_CODES, NULL, 0);
}

/* 249 lengths are 0, then the ones of the tail make 16 codes of one bit. */
static void lengths_that_end_with_the_message__are_looked_at(void **state)
{
    static const uint8_t precode[18] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    (void)state;
    codec_bits bits = {{0}, 0};
    put_precode(&bits, precode, 18, 8);
    assert_int_equal(bits.count + 257 + 8, 8 * (38 + 4));
    codec_check(&bits, 38, WEIR_E_DEFLATE_CODES, NULL, 0);
}

/* ---- Dynamic blocks --------------------------------------------------------------------------*/

static void R1951_3_2_7_1__counts_behind_wrong_ones__are_not_looked_at(void **state)
{
    (void)state;
    codec_bits row = {{0}, 0};
    codec_bits bits = {{0}, 0};
    codec_put_row(&row, 'a', 5);
    codec_put(&bits, 4, 3);
    codec_put(&bits, 30 | 15 << 10, 14);
    for (size_t i = 3; i < row.count; i++)
        codec_put(&bits, row.data[i / 8] >> i % 8 & 1, 1);
    const size_t len = codec_finish(&bits);
    codec_check(&bits, len, WEIR_E_DEFLATE_CODES, "", 0);
}

static void all_286_and_30_codes__may_have_lengths(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put_head(&bits, 29, 29);
    for (uint32_t i = 0; i < 286 + 30; i++)
        codec_put_code(&bits, i == 'a' || i == 256, 4);
    codec_put(&bits, 8, 4); /* three letters, the end */
    const size_t len = codec_finish(&bits);
    codec_check(&bits, len, WEIR_CODEC_DONE, "aaa", 3);
}

/* 15 letters and the end in four bits each, their lengths in runs of all kinds. */
static void runs_of_lengths__are_as_long_as_they_say(void **state)
{
    static const uint8_t precode[12] = {3, 3, 2, 2, 0, 0, 0, 0, 0, 0, 0, 2};
    (void)state;
    for (uint32_t zeros = 3; zeros <= 10; zeros++)
        for (uint32_t run = 3; run <= 6; run++) {
            codec_bits bits = {{0}, 0};
            uint8_t text[15];
            put_precode(&bits, precode, 12, 1);
            /* Codes of the precode: 00 of 0, 01 of 4, 10 of 18, 110 of 16, 111 of 17. */
            codec_put_code(&bits, 7, 3);
            codec_put(&bits, zeros - 3, 3);
            codec_put_code(&bits, 1, 2);
            codec_put_code(&bits, 6, 3);
            codec_put(&bits, run - 3, 2);
            for (uint32_t i = 1 + run; i < 15; i++)
                codec_put_code(&bits, 1, 2);
            codec_put_code(&bits, 2, 2);
            codec_put(&bits, 138 - 11, 7);
            codec_put_code(&bits, 2, 2);
            codec_put(&bits, 256 - 15 - 138 - zeros - 11, 7);
            codec_put_code(&bits, 1, 2);
            codec_put_code(&bits, 0, 2);
            for (uint32_t i = 0; i <= 15; i++)
                codec_put_code(&bits, i, 4);
            for (uint32_t i = 0; i < 15; i++)
                text[i] = (uint8_t)(zeros + i);
            const size_t len = codec_finish(&bits);
            codec_check(&bits, len, WEIR_CODEC_DONE, text, 15);
        }
}

static void codes_of_1_to_15_bits__are_decoded(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put_head(&bits, 0, 0);
    for (uint32_t i = 0; i < 256; i++)
        codec_put_code(&bits, i >= 'a' && i < 'a' + 15 ? i - 'a' + 1 : 0, 4);
    codec_put_code(&bits, 15, 4);
    codec_put_code(&bits, 0, 4);
    for (uint32_t i = 0; i < 15; i++)
        codec_put_code(&bits, (2u << i) - 2, i + 1);
    codec_put(&bits, 0x7FFF, 15);
    const size_t len = codec_finish(&bits);
    codec_check(&bits, len, WEIR_CODEC_DONE, "abcdefghijklmno", 15);
}

static void SEC_D16__block_beyond_the_most__fails(void **state)
{
    (void)state;
    for (uint64_t most = 0; most < 4; most++) {
        codec_bits bits = {{0}, 0};
        codec_decoder decoder;
        for (int i = 0; i < 2; i++) {
            codec_put(&bits, 2, 3);
            codec_put_fixed(&bits, 256);
        }
        const size_t len = codec_finish(&bits); /* the third */
        codec_run_open(&decoder, 9);
        codec_inner(&decoder)->max_blocks = most;
        assert_int_equal(codec_run(&decoder, bits.data, len, 1, 10).result,
                         most < 3 ? WEIR_E_DEFLATE_BLOCKS : WEIR_CODEC_DONE);
        assert_int_equal(weir_inflate_blocks(decoder.inflate), most);
        codec_decoder_close(&decoder);
    }
}

/* A block of 'b' whose precode does without the last length. */
static void put_row_of_b(codec_bits *bits, uint32_t count)
{
    static const uint8_t precode[18] = {0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    put_precode(bits, precode, 18, 1);
    /* Codes of the precode: 0 of 0, 10 of 1, 11 of 18. */
    codec_put_code(bits, 3, 2);
    codec_put(bits, 98 - 11, 7);
    codec_put_code(bits, 2, 2);
    codec_put_code(bits, 3, 2);
    codec_put(bits, 138 - 11, 7);
    codec_put_code(bits, 3, 2);
    codec_put(bits, 256 - 99 - 138 - 11, 7);
    codec_put_code(bits, 2, 2);
    codec_put_code(bits, 0, 1);
    for (uint32_t i = 0; i < count; i++)
        codec_put(bits, 0, 1);
    codec_put(bits, 1, 1);
}

static void each_block_has_its_own_precode(void **state)
{
    (void)state;
    for (uint32_t letter = 0; letter < 3; letter++) {
        codec_bits bits = {{0}, 0};
        uint8_t text[8] = {0};
        codec_put_row(&bits, letter, 5);
        put_row_of_b(&bits, 3);
        const size_t len = codec_finish(&bits);
        memset(text, (int)letter, 5);
        memset(text + 5, 'b', 3);
        codec_check(&bits, len, WEIR_CODEC_DONE, text, 8);
    }
}

/* Codes of the precode, seven bits, and the most extra bits, behind any number of others. */
static void longest_repeat__may_stand_anywhere(void **state)
{
    static const uint8_t precode[18] = {0, 0, 7, 1, 0, 0, 0, 7, 0, 6, 0, 5, 0, 4, 0, 3, 0, 2};
    (void)state;
    for (uint32_t before = 0; before < 118; before++) {
        codec_bits bits = {{0}, 0};
        put_precode(&bits, precode, 18, 1);
        codec_put(&bits, 0, before);
        codec_put_code(&bits, 127, 7);
        codec_put(&bits, 138 - 11, 7);
        codec_put(&bits, 0, 256 - 138 - before);
        codec_put_code(&bits, 2, 2);
        codec_put(&bits, 0, 2); /* no distances, the end of the block */
        const size_t len = codec_finish(&bits);
        size_t made;
        codec_decoder decoder;
        codec_decoder_open(&decoder, 8, 1);
        assert_int_equal(
            codec_decode(&decoder, bits.data, len, SIZE_MAX, 1, codec_out, CODEC_MOST, &made),
            WEIR_CODEC_DONE);
        assert_int_equal(made, 0);
        codec_decoder_close(&decoder);
    }
}

/* ---- Tables and those who share them ---------------------------------------------------------*/

/* 'a' in one bit, 'b' in two and all distances in four or five, by codes of three bits. */
static size_t put_many_lengths(codec_bits *bits)
{
    static const uint8_t precode[18] = {0, 0, 0, 3, 3, 5, 5, 5, 5, 3, 0, 3, 0, 3, 0, 3, 0, 3};
    put_precode(bits, precode, 18, 30);
    for (uint32_t i = 0; i < 256; i++)
        codec_put_code(bits, i == 'a' ? 1 : i == 'b' ? 2 : 0, 3);
    codec_put_code(bits, 2, 3);
    for (uint32_t i = 0; i < 30; i++)
        codec_put_code(bits, i < 2 ? 4 : 5, 3);
    for (uint32_t i = 0; i < 8; i++) {
        codec_put_code(bits, 0, 1);
        codec_put_code(bits, 2, 2);
    }
    codec_put_code(bits, 3, 2);
    return codec_finish(bits);
}

static void scratch_lost_at_any_byte__changes_nothing(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    const size_t len = put_many_lengths(&bits);
    for (int value = 0; value < 256; value += 15) {
        codec_decoder decoder;
        codec_run_open(&decoder, 9);
        for (size_t at = 0; at < len; at++) {
            const codec_call c = codec_run(&decoder, bits.data + at, 1, at + 1 == len, 100);
            assert_int_equal(c.result, at + 1 == len ? WEIR_CODEC_DONE : WEIR_CODEC_INPUT);
            memset(decoder.scratch, value, decoder.scratch_size);
            weir_inflate_scratch_init(decoder.scratch, decoder.scratch_size, 9, &decoder.scratch);
        }
        assert_int_equal(codec_total, 16);
        assert_memory_equal(codec_out, "abababababababab", 16);
        codec_decoder_close(&decoder);
    }
}

/* Laid out anew in the same place, the scratch still has the name of its last user. */
static void scratch_laid_out_anew__has_no_tables(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_decoder decoder;
    codec_put_row(&bits, 'a', 400);
    const size_t len = codec_finish(&bits);
    codec_run_open(&decoder, 9);
    assert_int_equal(codec_run(&decoder, bits.data, len - 20, 0, 1000).result, WEIR_CODEC_INPUT);
    weir_inflate_scratch_init(decoder.scratch, decoder.scratch_size, 9, &decoder.scratch);
    assert_int_equal(codec_run(&decoder, bits.data + len - 20, 20, 1, 1000).result,
                     WEIR_CODEC_DONE);
    codec_run_all('a', 400);
    codec_decoder_close(&decoder);
}

/* A decoder that changes between two scratches, as a connection that changes its thread. */
static void tables_of_an_older_block_in_another_scratch__are_not_used(void **state)
{
    (void)state;
    codec_decoder decoder;
    codec_decoder other;
    codec_bits first = {{0}, 0};
    codec_bits second = {{0}, 0};
    codec_put_row(&first, 'a', 400);
    codec_put_row(&second, 'b', 400);
    const size_t len = codec_finish(&first);
    assert_int_equal(codec_finish(&second), len);
    codec_decoder_open(&other, 9, 1);
    codec_run_open(&decoder, 9);
    weir_inflate_scratch *const own = decoder.scratch;
    assert_int_equal(codec_run(&decoder, first.data, len, 1, 1000).result, WEIR_CODEC_DONE);
    codec_run_all('a', 400);
    codec_total = 0;
    decoder.scratch = other.scratch;
    assert_int_equal(codec_run(&decoder, second.data, len - 20, 0, 1000).result, WEIR_CODEC_INPUT);
    decoder.scratch = own;
    assert_int_equal(codec_run(&decoder, second.data + len - 20, 20, 1, 1000).result,
                     WEIR_CODEC_DONE);
    codec_run_all('b', 400);
    codec_decoder_close(&other);
    codec_decoder_close(&decoder);
}

static void scratches_in_turn__hold_what_belongs_to_the_block(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    const size_t len = put_many_lengths(&bits);
    for (size_t turns = 1; turns < 8; turns++) {
        codec_decoder decoder;
        codec_decoder other;
        codec_decoder_open(&other, 9, 1);
        codec_run_open(&decoder, 9);
        weir_inflate_scratch *const scratches[2] = {decoder.scratch, other.scratch};
        for (int message = 0; message < 2; message++)
            for (size_t at = 0; at < len; at++) {
                decoder.scratch = scratches[at / turns % 2];
                const codec_call c = codec_run(&decoder, bits.data + at, 1, at + 1 == len, 100);
                assert_int_equal(c.result, at + 1 == len ? WEIR_CODEC_DONE : WEIR_CODEC_INPUT);
            }
        assert_int_equal(codec_total, 32);
        assert_memory_equal(codec_out, "abababababababababababababababab", 32);
        decoder.scratch = scratches[0];
        codec_decoder_close(&other);
        codec_decoder_close(&decoder);
    }
}

static bool has_tables(const codec_decoder *decoder)
{
    const weir__inflate_scratch *const scratch = codec_inner_scratch(decoder);
    return scratch->owner == codec_inner(decoder) && codec_inner(decoder)->scratch == scratch;
}

/* Tables are made once for a block: in the room of those needed no more nothing changes. */
static void tables__are_made_again_only_when_another_had_the_scratch(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_bits fixed = {{0}, 0};
    codec_decoder decoder;
    codec_decoder other;
    const size_t len = put_many_lengths(&bits);
    codec_put(&fixed, 2, 3);
    codec_decoder_open(&other, 9, 1);
    codec_run_open(&decoder, 9);
    weir_inflate_scratch *const theirs = other.scratch;
    other.scratch = decoder.scratch;
    for (size_t at = 0; at < len - 1; at++) {
        weir__inflate_scratch *const scratch = codec_inner_scratch(&decoder);
        const bool had = has_tables(&decoder);
        const bool lengths = codec_inner(&decoder)->state == WEIR__INFLATE_IN_LENGTHS;
        const bool symbols = codec_inner(&decoder)->state == WEIR__INFLATE_IN_DYNAMIC;
        scratch->dist[WEIR__INFLATE_DIST_CAP - 1] = 77;
        if (had && lengths)
            scratch->litlen[0] = 77;
        if (had && symbols)
            scratch->precode[0] = 77;
        assert_int_equal(codec_run(&decoder, bits.data + at, 1, 0, 100).result, WEIR_CODEC_INPUT);
        if (had && lengths && codec_inner(&decoder)->state == WEIR__INFLATE_IN_LENGTHS)
            assert_int_equal(scratch->litlen[0], 77);
        if (had && symbols)
            assert_int_equal(scratch->precode[0], 77);
        if (codec_inner(&decoder)->state >= WEIR__INFLATE_IN_LENGTHS)
            assert_true(has_tables(&decoder));
        /* One without a dynamic block leaves them as they are. */
        const bool has = has_tables(&decoder);
        codec_run(&other, fixed.data, at == 0, 0, 100);
        assert_int_equal(has_tables(&decoder), has);
        if (at % 5 == 0)
            weir_inflate_scratch_init(scratch, decoder.scratch_size, 9, &decoder.scratch);
    }
    other.scratch = theirs;
    codec_decoder_close(&other);
    codec_decoder_close(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R1951_3_2_3_1__block_type_in_the_last_three_bits__fails),
        cmocka_unit_test(precode_that_ends_with_the_message__is_looked_at),
        cmocka_unit_test(SEC_D11__repeat_in_the_last_bits__fails_when_it_is_too_long),
        cmocka_unit_test(lengths_that_end_with_the_message__are_looked_at),
        cmocka_unit_test(R1951_3_2_7_1__counts_behind_wrong_ones__are_not_looked_at),
        cmocka_unit_test(all_286_and_30_codes__may_have_lengths),
        cmocka_unit_test(runs_of_lengths__are_as_long_as_they_say),
        cmocka_unit_test(codes_of_1_to_15_bits__are_decoded),
        cmocka_unit_test(SEC_D16__block_beyond_the_most__fails),
        cmocka_unit_test(each_block_has_its_own_precode),
        cmocka_unit_test(longest_repeat__may_stand_anywhere),
        cmocka_unit_test(scratch_lost_at_any_byte__changes_nothing),
        cmocka_unit_test(scratch_laid_out_anew__has_no_tables),
        cmocka_unit_test(tables_of_an_older_block_in_another_scratch__are_not_used),
        cmocka_unit_test(scratches_in_turn__hold_what_belongs_to_the_block),
        cmocka_unit_test(tables__are_made_again_only_when_another_had_the_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
