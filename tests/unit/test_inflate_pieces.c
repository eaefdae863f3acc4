/* SPDX-License-Identifier: MIT */
/* What one call of the decoder takes, gives and leaves: limits, the window, the tail. */
#include "deflate/codec_calls.h"

static size_t put_stored(uint8_t *at, size_t len)
{
    at[0] = 0;
    at[1] = (uint8_t)len;
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)~at[1];
    at[4] = (uint8_t)~at[2];
    return 5;
}

/* ---- Memory ----------------------------------------------------------------------------------*/

static void window_and_scratch__have_the_bytes_they_need_and_no_more(void **state)
{
    (void)state;
    for (uint32_t bits = 8; bits <= 15; bits++) {
        const size_t window = (size_t)1 << bits;
        const size_t slack = bits < 11 ? 256 : window / 8;
        assert_int_equal(weir__inflate_window_bytes(bits), window + slack + WEIR__INFLATE_OUT_PAD);
        assert_int_equal(weir__inflate_scratch_bytes(bits),
                         sizeof(weir__inflate_scratch) + 2 * window + WEIR__INFLATE_OUT_PAD);
    }
}

static void input_that_ends_on_the_stack__is_read_to_its_end_and_no_further(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_decoder decoder;
    codec_put_row(&bits, 'a', 1000);
    codec_run_open(&decoder, 15);
    const codec_call c = codec_run(&decoder, bits.data, 250, 0, 8000);
    assert_int_equal(c.result, WEIR_CODEC_INPUT);
    codec_run_all('a', 250 * 8 - (3 + 14 + 57 + 258 * 4));
    codec_decoder_close(&decoder);
}

static void blocks_of_one_stored_byte__keep_to_the_room(void **state)
{
    (void)state;
    uint8_t payload[6 * 2000];
    codec_decoder decoder;
    for (size_t i = 0; i < 2000; i++) {
        put_stored(payload + 6 * i, 1);
        payload[6 * i + 5] = (uint8_t)i;
    }
    for (size_t room = 1; room < 4000; room *= 9) {
        codec_run_open(&decoder, 8);
        size_t at = 0;
        while (at < sizeof payload) {
            const codec_call c = codec_run(&decoder, payload + at, sizeof payload - at, 0, room);
            assert_true(c.result >= 0 && c.used + c.made > 0);
            /* One byte more than asked for may be made, and lies in the window. */
            assert_true(codec_inner(&decoder)->end <= codec_inner(&decoder)->cap);
            assert_true(codec_inner(&decoder)->end - codec_inner(&decoder)->given <= 1);
            at += c.used;
        }
        while (codec_total < 2000)
            assert_true(codec_run(&decoder, NULL, 0, 1, room).made > 0);
        for (size_t i = 0; i < 2000; i++)
            assert_int_equal(codec_out[i], (uint8_t)i);
        codec_decoder_close(&decoder);
    }
}

/* ---- What a call takes and gives -------------------------------------------------------------*/

static void full_output__takes_the_bytes_it_needed_alone(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_decoder decoder;
    codec_put(&bits, 2, 3);
    for (int i = 0; i < 100; i++)
        codec_put_fixed(&bits, 'a');
    for (size_t len = 4; len < 60; len++) {
        codec_run_open(&decoder, 15);
        const codec_call c = codec_run(&decoder, bits.data, len, 0, 1);
        assert_int_equal(c.result, WEIR_CODEC_OUTPUT);
        assert_int_equal(c.made, 1);
        assert_int_equal(c.used, len < 24 ? 3 : 4); /* of two letters, or the three of a round */
        codec_decoder_close(&decoder);
    }
}

static void message_that_just_fits__is_complete_in_the_same_call(void **state)
{
    (void)state;
    static const uint8_t payload[] = {0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    codec_decoder decoder;
    codec_run_open(&decoder, 15);
    assert_int_equal(codec_run(&decoder, payload, 7, 1, 5).result, WEIR_CODEC_DONE);
    assert_int_equal(codec_run(&decoder, payload, 7, 1, 4).result, WEIR_CODEC_OUTPUT);
    assert_memory_equal(codec_out, "HelloHell", 9);
    codec_decoder_close(&decoder);
}

/* The block is complete and so is its output, but one byte of that waits. */
static void bytes_that_wait__come_before_more_input_is_asked_for(void **state)
{
    (void)state;
    for (size_t more = 0; more < 3; more++) {
        codec_decoder decoder;
        codec_run_open(&decoder, 15);
        assert_int_equal(codec_run(&decoder, "\0\2\0\xfd\xff\x61\x62", 7, 0, 1).result,
                         WEIR_CODEC_OUTPUT);
        const codec_call c = codec_run(&decoder, "\0\0", more, 0, 5);
        assert_int_equal(c.made, 1);
        assert_int_equal(c.used, 0);
        assert_int_equal(c.result, more > 0 ? WEIR_CODEC_OUTPUT : WEIR_CODEC_INPUT);
        assert_memory_equal(codec_out, "ab", 2);
        codec_decoder_close(&decoder);
    }
}

static void single_byte_before_a_fault__is_given_alone(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_decoder decoder;
    codec_put(&bits, 2, 3);
    codec_put_fixed(&bits, 'a');
    codec_put_fixed(&bits, 286);
    const size_t len = codec_finish(&bits);
    codec_run_open(&decoder, 15);
    const codec_call c = codec_run(&decoder, bits.data, len, 1, 5);
    assert_int_equal(c.result, WEIR_CODEC_OUTPUT);
    assert_int_equal(c.made, 1);
    assert_int_equal(codec_run(&decoder, bits.data + c.used, len - c.used, 1, 5).result,
                     WEIR_E_DEFLATE_SYMBOL);
    codec_decoder_close(&decoder);
}

/* ---- The window ------------------------------------------------------------------------------*/

static void R7692_7_2_2_3__without_takeover__no_byte_is_before_the_first(void **state)
{
    (void)state;
    for (uint32_t distance = 1; distance <= 4; distance++) {
        codec_bits bits = {{0}, 0};
        codec_decoder decoder;
        size_t made;
        codec_decoder_open(&decoder, 15, 0);
        assert_int_equal(codec_decode(&decoder, (const uint8_t *)"\xf2\x48\xcd\xc9\xc9\x07\x00", 7,
                                      7, CODEC_MOST, codec_out, CODEC_MOST, &made),
                         WEIR_CODEC_DONE);
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 257);
        codec_put_code(&bits, distance - 1, 5);
        const size_t len = codec_finish(&bits);
        assert_int_equal(
            codec_decode(&decoder, bits.data, len, len, CODEC_MOST, codec_out, CODEC_MOST, &made),
            WEIR_E_DEFLATE_DISTANCE);
        codec_decoder_close(&decoder);
    }
}

/* Whether the first call with so much input that becomes much more was decoded in the scratch. */
static bool goes_through_scratch(codec_decoder *decoder, size_t len, size_t room)
{
    codec_bits bits = {{0}, 0};
    codec_put(&bits, 2, 3);
    codec_put_fixed(&bits, 'x');
    while (bits.count < 8 * len - 100) {
        codec_put_fixed(&bits, 285);
        codec_put_code(&bits, 0, 5);
    }
    codec_total = 0;
    codec_inner_scratch(decoder)->work[0] = 0xEE;
    const codec_call c = codec_run(decoder, bits.data, len, 0, room);
    assert_int_equal(c.result, WEIR_CODEC_OUTPUT);
    codec_run_all('x', c.made);
    return codec_inner_scratch(decoder)->work[0] != 0xEE;
}

/* Windows of 12 bits: the slack is 512 bytes. */
static void only_large_input_for_a_large_room__is_decoded_in_the_scratch(void **state)
{
    (void)state;
    for (size_t len = 250; len < 260; len++) {
        codec_decoder decoder;
        codec_run_open(&decoder, 12);
        assert_int_equal(goes_through_scratch(&decoder, len, 20000), len > 256);
        codec_decoder_close(&decoder);
    }
    for (size_t room = 510; room < 515; room++) {
        codec_decoder decoder;
        codec_run_open(&decoder, 12);
        assert_int_equal(goes_through_scratch(&decoder, 300, room), room > 512);
        codec_decoder_close(&decoder);
    }
}

static void scratch_for_smaller_windows__is_not_decoded_in(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 15; bits++) {
        const size_t size = weir_inflate_scratch_size(bits);
        codec_decoder decoder;
        codec_run_open(&decoder, 12);
        free(decoder.scratch);
        weir_inflate_scratch_init(malloc(size), size, bits, &decoder.scratch);
        assert_int_equal(goes_through_scratch(&decoder, 300, 20000), bits >= 12);
        codec_decoder_close(&decoder);
    }
}

/* Little input that becomes much fills the slack first; from then on pieces are as large as the
 * window of the scratch, and the history comes back from there. */
static void much_output_of_little_input__comes_in_large_pieces(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_decoder decoder;
    codec_put(&bits, 2, 3);
    for (uint32_t i = 0; i < 10; i++)
        codec_put_fixed(&bits, 'a' + i);
    for (int i = 0; i < 80; i++) {
        codec_put_fixed(&bits, 285);
        codec_put_code(&bits, 6, 5); /* distance 9 and */
        codec_put(&bits, 1, 2);      /* 1 */
    }
    codec_put_fixed(&bits, 256);
    const size_t len = codec_finish(&bits);
    assert_true(len < 256);
    codec_run_open(&decoder, 12);
    size_t at = 0;
    for (int i = 0; i < 5; i++) {
        const codec_call c = codec_run(&decoder, bits.data + at, len - at, 1, 5000);
        at += c.used;
        /* Matches up to the one that reaches 4608 bytes or 4096, then what is left. */
        assert_int_equal(c.made, i == 0 ? 10 + 18 * 258 : i < 4 ? 16 * 258 : 14 * 258);
        assert_int_equal(c.result, i < 4 ? WEIR_CODEC_OUTPUT : WEIR_CODEC_DONE);
    }
    assert_int_equal(codec_total, 10 + 80 * 258);
    for (size_t i = 0; i < codec_total; i++)
        assert_int_equal(codec_out[i], 'a' + i % 10);
    codec_decoder_close(&decoder);
}

/* Through the scratch and the window by turns; what is made and not given is of the history. */
static void pieces_of_any_room__are_of_one_text(void **state)
{
    static const size_t rooms[] = {100, 511, 513, 600, 777, 1000, 4096, 9000};
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put(&bits, 2, 3);
    for (uint32_t i = 0; i < 10; i++)
        codec_put_fixed(&bits, 'a' + i);
    for (int i = 0; i < 150; i++) {
        codec_put_fixed(&bits, 285);
        codec_put_code(&bits, 6, 5); /* distance 9 and */
        codec_put(&bits, 1, 2);      /* 1 */
    }
    codec_put_fixed(&bits, 256);
    const size_t len = codec_finish(&bits);
    assert_true(len > 256);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (size_t step = 200; step <= len; step += len - 200) {
            codec_decoder decoder;
            codec_run_open(&decoder, 12);
            for (int turn = 0; turn < 2; turn++) {
                size_t at = 0;
                codec_call c = {WEIR_CODEC_OUTPUT, 0, 0};
                for (codec_total = 0; c.result != WEIR_CODEC_DONE; at += c.used) {
                    const size_t n = len - at < step ? len - at : step;
                    c = codec_run(&decoder, bits.data + at, n, at + n == len, rooms[r]);
                    assert_true(c.result >= 0 && c.used + c.made > 0);
                    assert_true(codec_inner(&decoder)->end <=
                                codec_inner(&decoder)->cap + WEIR__INFLATE_OUT_PAD);
                }
                assert_int_equal(codec_total, 10 + 150 * 258);
                for (size_t i = 0; i < codec_total; i++)
                    assert_int_equal(codec_out[i], 'a' + i % 10);
            }
            codec_decoder_close(&decoder);
        }
}

/* What lies in the window moves only when there is no room for what input is likely to become: four
 * times as much and 32, of larger input half the slack. */
static void history__moves_when_room_is_short_and_not_before(void **state)
{
    static const size_t lengths[] = {1, 2, 10, 30, 31, 32, 33, 40, 60};
    (void)state;
    uint8_t payload[5 + 100];
    uint8_t text[5 + 1024];
    codec_decoder decoder;
    codec_run_open(&decoder, 9);
    weir__inflate *const codec = codec_inner(&decoder);
    const size_t size = weir_inflate_size(9);
    void *const before = malloc(size);
    put_stored(text, 1);
    for (int i = 0; i < 1500; i++) {
        text[5] = (uint8_t)i;
        memcpy(before, decoder.inflate, size);
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            const size_t len = lengths[k];
            const size_t need = len < 32 ? 4 * len + 32 : 128;
            const uint32_t end = codec->end;
            put_stored(payload, 100);
            memset(payload + 5, 'x', 100);
            codec_total = 0;
            const codec_call c = codec_run(&decoder, payload, len, 0, 100);
            assert_int_equal(c.result, WEIR_CODEC_INPUT);
            const size_t made = len > 5 ? len - 5 : 0;
            assert_int_equal(codec->end, (768 - end < need && end > 512 ? 512 : end) + made);
            memcpy(decoder.inflate, before, size);
        }
        codec_total = 0;
        assert_int_equal(codec_run(&decoder, text, 6, 0, 100).made, 1);
    }
    free(before);
    codec_decoder_close(&decoder);
}

/* ---- The tail --------------------------------------------------------------------------------*/

static void R7692_7_2_2_2__stored_block_may_be_made_of_the_tail(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    put_stored(bits.data, 4);
    codec_check(&bits, 5, WEIR_CODEC_DONE, "\0\0\xff\xff", 4);
}

/* What a final block leaves of the tail is no end of a message, wherever the output was full. */
static void R7692_7_2_2_5__final_block_that_ends_inside_the_tail__fails(void **state)
{
    (void)state;
    codec_bits bits = {{0}, 0};
    codec_put(&bits, 3, 3);
    for (int i = 0; i < 6; i++)
        codec_put_fixed(&bits, 144); /* nine bits, the last one a 0 of the tail */
    assert_int_equal(bits.count, 57);
    uint8_t text[6];
    memset(text, 144, sizeof text);
    codec_check(&bits, 7, WEIR_E_DEFLATE_END, text, 6);
}

static void R7692_7_2_2_2__final_block_may_end_at_any_bit(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 8; n++) {
        codec_bits bits = {{0}, 0};
        uint8_t text[9];
        codec_put(&bits, 3, 3);
        for (uint32_t i = 0; i < n; i++)
            codec_put_fixed(&bits, 250);
        codec_put_fixed(&bits, 256);
        bits.count = (bits.count + 7) & ~(size_t)7;
        codec_put(&bits, 2, 3);
        codec_put_fixed(&bits, 'b');
        codec_put_fixed(&bits, 256);
        const size_t len = codec_finish(&bits);
        memset(text, 250, n);
        text[n] = 'b';
        codec_check(&bits, len, WEIR_CODEC_DONE, text, n + 1);
    }
}

static void end_that_is_told_after_the_last_byte__completes_the_message(void **state)
{
    static const uint8_t payload[] = {0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};
    (void)state;
    for (size_t room = 1; room <= 6; room++) {
        codec_decoder decoder;
        codec_run_open(&decoder, 15);
        for (int turn = 0; turn < 2; turn++) {
            size_t at = 0;
            codec_call c = {WEIR_CODEC_OUTPUT, 0, 0};
            codec_total = 0;
            while (at < sizeof payload) {
                c = codec_run(&decoder, payload + at, sizeof payload - at, 0, room);
                assert_true(c.result >= 0 && c.result != WEIR_CODEC_DONE);
                at += c.used;
            }
            for (int i = 0; i < 6 && c.result != WEIR_CODEC_DONE; i++)
                c = codec_run(&decoder, NULL, 0, 1, room);
            assert_int_equal(c.result, WEIR_CODEC_DONE);
            assert_int_equal(codec_total, 5);
            assert_memory_equal(codec_out, "Hello", 5);
        }
        codec_decoder_close(&decoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_and_scratch__have_the_bytes_they_need_and_no_more),
        cmocka_unit_test(input_that_ends_on_the_stack__is_read_to_its_end_and_no_further),
        cmocka_unit_test(blocks_of_one_stored_byte__keep_to_the_room),
        cmocka_unit_test(full_output__takes_the_bytes_it_needed_alone),
        cmocka_unit_test(message_that_just_fits__is_complete_in_the_same_call),
        cmocka_unit_test(bytes_that_wait__come_before_more_input_is_asked_for),
        cmocka_unit_test(single_byte_before_a_fault__is_given_alone),
        cmocka_unit_test(R7692_7_2_2_3__without_takeover__no_byte_is_before_the_first),
        cmocka_unit_test(only_large_input_for_a_large_room__is_decoded_in_the_scratch),
        cmocka_unit_test(scratch_for_smaller_windows__is_not_decoded_in),
        cmocka_unit_test(much_output_of_little_input__comes_in_large_pieces),
        cmocka_unit_test(pieces_of_any_room__are_of_one_text),
        cmocka_unit_test(history__moves_when_room_is_short_and_not_before),
        cmocka_unit_test(R7692_7_2_2_2__stored_block_may_be_made_of_the_tail),
        cmocka_unit_test(R7692_7_2_2_5__final_block_that_ends_inside_the_tail__fails),
        cmocka_unit_test(R7692_7_2_2_2__final_block_may_end_at_any_bit),
        cmocka_unit_test(end_that_is_told_after_the_last_byte__completes_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
