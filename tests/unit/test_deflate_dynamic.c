/* SPDX-License-Identifier: MIT */
/* Codes from frequencies that make them long: what their heads say is what the decoder reads. */
#include "deflate/codec.h"

#include "../../src/deflate/deflate_dynamic.h"

static weir__deflate_dynamic dynamic;

static void put_code(codec_bits *bits, weir__deflate_code code)
{
    codec_put(bits, code & 0xFFFFFF, code >> 24);
}

/* The head, then each letter once, the last one first. Returns the bits of one more letter each. */
static size_t check_letters(uint32_t letters, size_t bits_of_all)
{
    codec_bits bits = {{0}, 0};
    uint8_t text[286];
    uint8_t made[286];
    uint8_t head[600] = {0};
    weir__deflate_out writer = {0, 0, head};
    size_t len = 0;
    size_t n;
    weir__deflate_dynamic_put_head(&dynamic, &writer);
    codec_put(&bits, 4, 3);
    const size_t head_bits = 8 * (size_t)(writer.at - head) + writer.count;
    writer.count += 7;
    weir__deflate_flush(&writer);
    for (size_t i = 0; i < head_bits; i++)
        codec_put(&bits, head[i / 8] >> i % 8 & 1, 1);
    for (uint32_t i = letters; i-- > 0;) {
        text[len++] = (uint8_t)i;
        put_code(&bits, dynamic.codes.litlen[i]);
    }
    put_code(&bits, dynamic.codes.litlen[WEIR__DEFLATE_END]);
    assert_true(bits_of_all > head_bits);
    const size_t payload_len = codec_finish(&bits);
    codec_decoder decoder;
    codec_decoder_open(&decoder, 9, 1);
    assert_int_equal(codec_decode(&decoder, bits.data, payload_len, SIZE_MAX, sizeof made, made,
                                  sizeof made, &n),
                     WEIR_CODEC_DONE);
    assert_int_equal(n, len);
    assert_memory_equal(made, text, len);
    codec_decoder_close(&decoder);
    return bits_of_all - head_bits;
}

static size_t plan(const uint16_t *counts, uint32_t letters)
{
    memset(&dynamic, 2, sizeof dynamic); /* what another block left */
    memset(dynamic.litlen, 0, sizeof dynamic.litlen);
    memset(dynamic.dist, 0, sizeof dynamic.dist);
    memcpy(dynamic.litlen, counts, letters * sizeof *counts);
    dynamic.litlen[WEIR__DEFLATE_END] = 1;
    weir__deflate_huffman_collect(&dynamic.litlens, dynamic.litlen, WEIR__DEFLATE_LITLENS);
    weir__deflate_huffman_collect(&dynamic.dists, dynamic.dist, WEIR__DEFLATE_DISTS);
    return weir__deflate_dynamic_plan(&dynamic);
}

/* The bits that the letters take by their codes. */
static size_t bits_of(const uint16_t *counts, uint32_t letters)
{
    size_t total = dynamic.codes.litlen[WEIR__DEFLATE_END] >> 24;
    for (uint32_t i = 0; i < letters; i++)
        total += (size_t)counts[i] * (dynamic.codes.litlen[i] >> 24);
    return total;
}

/* Each as frequent as both before it: as deep as trees become, and deeper than codes may be. */
static void fibonacci_frequencies__give_codes_of_up_to_15_bits(void **state)
{
    (void)state;
    uint16_t counts[22] = {1, 2};
    for (uint32_t i = 2; i < 22; i++)
        counts[i] = (uint16_t)(counts[i - 1] + counts[i - 2]);
    for (uint32_t letters = 1; letters <= 21; letters++) {
        const size_t bits = plan(counts, letters);
        assert_int_equal(check_letters(letters, bits), bits_of(counts, letters));
        uint32_t longest = dynamic.codes.litlen[WEIR__DEFLATE_END] >> 24;
        for (uint32_t i = 0; i < letters; i++)
            longest =
                dynamic.codes.litlen[i] >> 24 > longest ? dynamic.codes.litlen[i] >> 24 : longest;
        assert_int_equal(longest, letters < 15 ? letters : 15);
    }
}

/* Bits of a Huffman code, and of none fewer: the two rarest are joined, again and again. */
static size_t least_bits(const uint16_t *counts, uint32_t letters)
{
    uint32_t weights[257];
    size_t total = 0;
    uint32_t n = letters + 1;
    for (uint32_t i = 0; i < letters; i++)
        weights[i] = counts[i];
    for (weights[letters] = 1; n > 1; n--) {
        for (uint32_t k = 0; k < 2; k++)
            for (uint32_t i = 0; i < n - 1 - k; i++)
                if (weights[i] < weights[n - 1 - k]) {
                    const uint32_t rare = weights[i];
                    weights[i] = weights[n - 1 - k];
                    weights[n - 1 - k] = rare;
                }
        weights[n - 2] += weights[n - 1];
        total += weights[n - 2];
    }
    return total;
}

static void any_frequencies__give_codes_that_no_other_is_shorter_than(void **state)
{
    (void)state;
    uint16_t counts[256];
    codec_seed = 95;
    for (int i = 0; i < 400; i++) {
        const uint32_t letters = 1 + codec_below(i % 4 ? 40 : 250);
        size_t total = 1;
        for (uint32_t k = 0; k < letters; k++) {
            counts[k] = (uint16_t)(1 + codec_below(1 + codec_below(i % 3 ? 250 : 3)));
            total += counts[k];
        }
        assert_true(total < 65536);
        const size_t bits = plan(counts, letters);
        assert_int_equal(check_letters(letters, bits), bits_of(counts, letters));
        assert_int_equal(bits_of(counts, letters), least_bits(counts, letters));
    }
}

/* One distance alone, 1 to 4 bytes: another joins it, but it is sent in one bit. */
static void single_distance__is_decoded(void **state)
{
    (void)state;
    for (uint32_t symbol = 0; symbol < 4; symbol++) {
        codec_bits bits = {{0}, 0};
        uint8_t head[600] = {0};
        uint8_t made[8];
        weir__deflate_out writer = {0, 0, head};
        size_t n;
        memset(&dynamic, 2, sizeof dynamic);
        memset(dynamic.litlen, 0, sizeof dynamic.litlen);
        memset(dynamic.dist, 0, sizeof dynamic.dist);
        for (uint32_t i = 0; i < 4; i++)
            dynamic.litlen['a' + i] = 1;
        dynamic.litlen[WEIR__DEFLATE_END] = 1;
        dynamic.litlen[258] = 1;
        dynamic.dist[symbol] = 1;
        weir__deflate_huffman_collect(&dynamic.litlens, dynamic.litlen, WEIR__DEFLATE_LITLENS);
        weir__deflate_huffman_collect(&dynamic.dists, dynamic.dist, WEIR__DEFLATE_DISTS);
        const size_t planned = weir__deflate_dynamic_plan(&dynamic);
        weir__deflate_dynamic_put_head(&dynamic, &writer);
        codec_put(&bits, 4, 3);
        const size_t head_bits = 8 * (size_t)(writer.at - head) + writer.count;
        writer.count += 7;
        weir__deflate_flush(&writer);
        for (size_t i = 0; i < head_bits; i++)
            codec_put(&bits, head[i / 8] >> i % 8 & 1, 1);
        for (uint32_t i = 0; i < 4; i++)
            put_code(&bits, dynamic.codes.litlen['a' + i]);
        put_code(&bits, dynamic.codes.litlen[258]);
        assert_int_equal(dynamic.codes.dist[symbol] >> 24, 1);
        put_code(&bits, dynamic.codes.dist[symbol]);
        put_code(&bits, dynamic.codes.litlen[WEIR__DEFLATE_END]);
        assert_int_equal(bits.count, 3 + planned);
        const size_t len = codec_finish(&bits);
        codec_decoder decoder;
        codec_decoder_open(&decoder, 9, 1);
        assert_int_equal(
            codec_decode(&decoder, bits.data, len, SIZE_MAX, sizeof made, made, sizeof made, &n),
            WEIR_CODEC_DONE);
        assert_int_equal(n, 8);
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(made[i], i < 4 ? 'a' + i : made[i - 1 - symbol]);
        codec_decoder_close(&decoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fibonacci_frequencies__give_codes_of_up_to_15_bits),
        cmocka_unit_test(any_frequencies__give_codes_that_no_other_is_shorter_than),
        cmocka_unit_test(single_distance__is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
