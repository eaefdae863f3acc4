/* SPDX-License-Identifier: MIT */
/* The decoder's verdicts and bytes beside zlib's: small, random, damaged and honest streams. */
#include "deflate/codec_zlib.h"

#define ROOM 70000

static uint8_t made_bytes[ROOM];

typedef struct judges {
    codec_decoder decoder;
    z_stream z;
    uint8_t *expected;
} judges;

static void judge_open(judges *judge)
{
    memset(&judge->z, 0, sizeof judge->z);
    assert_int_equal(inflateInit2(&judge->z, -15), Z_OK);
    codec_decoder_open(&judge->decoder, 15, 1);
    judge->expected = malloc(ROOM);
}

static void judge_close(judges *judge)
{
    inflateEnd(&judge->z);
    codec_decoder_close(&judge->decoder);
    free(judge->expected);
}

/* A new decoder and zlib say the same of a message. */
static int judge_message(judges *judge, const uint8_t *payload, size_t len, size_t step)
{
    const size_t size = weir_inflate_size(15);
    size_t expected;
    size_t made;
    inflateReset(&judge->z);
    const int right = codec_oracle(&judge->z, payload, len, judge->expected, ROOM, &expected);
    if (right < 0 || expected == ROOM)
        return right;
    weir_inflate_init(judge->decoder.inflate, size, 15, 1, &judge->decoder.inflate);
    const int result =
        codec_decode(&judge->decoder, payload, len, step, 500, made_bytes, ROOM, &made);
    if (right != (result == WEIR_CODEC_DONE)) {
        print_message("zlib says %d, weir %d, of %zu bytes in steps of %zu:", right, result, len,
                      step);
        for (size_t i = 0; i < len && i < 64; i++)
            print_message(" %02x", payload[i]);
        fail();
    }
    if (right) {
        assert_int_equal(made, expected);
        assert_memory_equal(made_bytes, judge->expected, made);
    }
    return right;
}

static void every_message_of_two_bytes__has_zlibs_verdict(void **state)
{
    (void)state;
    judges judge;
    judge_open(&judge);
    for (uint32_t value = 0; value < 65536; value++) {
        const uint8_t payload[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
        judge_message(&judge, payload, 2, SIZE_MAX);
        if (value < 256)
            judge_message(&judge, payload, 1, SIZE_MAX);
    }
    judge_close(&judge);
}

static void SEC_D20__random_bytes__have_zlibs_verdict(void **state)
{
    (void)state;
    judges judge;
    uint8_t payload[200];
    codec_seed = 20;
    judge_open(&judge);
    for (int i = 0; i < 20000; i++) {
        const size_t len = 3 + codec_below(i % 2 ? 20 : sizeof payload - 3);
        for (size_t k = 0; k < len; k++)
            payload[k] = (uint8_t)(codec_random() >> 8);
        if (i % 4 != 0)
            payload[0] = (uint8_t)((payload[0] & ~7u) | 4); /* a dynamic block */
        judge_message(&judge, payload, len, i % 3 == 0 ? 1 : SIZE_MAX);
    }
    judge_close(&judge);
}

/* Lengths of a complete code for count symbols: split leaves of a tree. */
static void random_code(uint8_t *lengths, uint32_t count, uint32_t used)
{
    uint8_t leaves[288] = {0};
    uint32_t n = 1;
    memset(lengths, 0, count);
    while (n < used) {
        const uint32_t at = codec_below(n);
        if (leaves[at] == 15)
            continue;
        leaves[at]++;
        leaves[n++] = leaves[at];
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t symbol = codec_below(count);
        while (lengths[symbol] != 0)
            symbol = (symbol + 1) % count;
        lengths[symbol] = leaves[i] ? leaves[i] : 1;
    }
}

static size_t random_block(codec_bits *bits, int damage)
{
    uint8_t lengths[286 + 30];
    const uint32_t litlens = 257 + codec_below(30);
    const uint32_t dists = 1 + codec_below(30);
    memset(bits, 0, sizeof *bits);
    random_code(lengths, litlens, 1 + codec_below(codec_below(2) ? 12 : litlens));
    if (lengths[256] == 0) {
        for (uint32_t i = 0; i < litlens; i++) {
            if (lengths[i] == 0)
                continue;
            lengths[256] = lengths[i];
            lengths[i] = 0;
            break;
        }
    }
    random_code(lengths + litlens, dists, 1 + codec_below(dists));
    if (codec_below(8) == 0)
        memset(lengths + litlens, 0, dists);
    for (; damage > 0; damage--)
        lengths[codec_below(litlens + dists)] = (uint8_t)codec_below(16);
    codec_put_head(bits, litlens - 257, dists - 1);
    for (uint32_t i = 0; i < litlens + dists; i++)
        codec_put_code(bits, lengths[i], 4);
    for (int i = 0; i < 40; i++)
        codec_put(bits, codec_random() >> 8, 16);
    return codec_finish(bits);
}

static void SEC_D15__random_trees__have_zlibs_verdict(void **state)
{
    (void)state;
    judges judge;
    codec_bits bits;
    codec_seed = 15;
    judge_open(&judge);
    for (int i = 0; i < 20000; i++) {
        const size_t len = random_block(&bits, i % 3);
        judge_message(&judge, bits.data, len, i % 4 == 0 ? 1 : SIZE_MAX);
    }
    judge_close(&judge);
}

static void R1951_3_2_2_2__SEC_D19__incomplete_codes__have_zlibs_verdict(void **state)
{
    (void)state;
    judges judge;
    codec_seed = 19;
    judge_open(&judge);
    /* All codes of three distances, lengths 0 to 3; the literals are complete. */
    for (uint32_t code = 0; code < 64 * 64; code++) {
        codec_bits bits = {{0}, 0};
        const uint32_t literals = code >> 6;
        codec_put_head(&bits, 0, 2);
        for (uint32_t i = 0; i < 257; i++)
            codec_put_code(&bits,
                           i == 'a'   ? literals & 3
                           : i == 'b' ? literals >> 2 & 3
                           : i == 256 ? literals >> 4
                                      : 0,
                           4);
        for (uint32_t i = 0; i < 3; i++)
            codec_put_code(&bits, code >> 2 * i & 3, 4);
        for (int i = 0; i < 4; i++)
            codec_put(&bits, codec_random() >> 8, 8);
        const size_t len = codec_finish(&bits);
        judge_message(&judge, bits.data, len, SIZE_MAX);
    }
    judge_close(&judge);
}

/* ---- Streams of zlib -------------------------------------------------------------------------*/

static size_t pack(z_stream *z, const uint8_t *text, size_t len, uint8_t *payload, size_t room)
{
    if (len == 0) {
        payload[0] = 0;
        return 1;
    }
    z->next_in = codec_copy(text, len);
    uint8_t *const in = z->next_in;
    z->avail_in = (uInt)len;
    z->next_out = payload;
    z->avail_out = (uInt)room;
    assert_int_equal(deflate(z, Z_SYNC_FLUSH), Z_OK);
    free(in);
    return room - z->avail_out - 4;
}

static void session(uint32_t seed, int level, int strategy, int bits, int takeover)
{
    static uint8_t text[30000];
    static uint8_t payload[ROOM];
    codec_decoder decoder;
    z_stream z;
    codec_seed = seed + 1;
    memset(&z, 0, sizeof z);
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -bits, 1 + (int)codec_below(9), strategy),
                     Z_OK);
    codec_decoder_open(&decoder, bits, takeover);
    for (uint32_t message = 0; message < 1 + codec_below(50); message++) {
        const size_t len = codec_length(message % 8 == 7 ? sizeof text : 2000);
        size_t made;
        codec_fill(text, len);
        if (!takeover)
            deflateReset(&z);
        const size_t packed = pack(&z, text, len, payload, sizeof payload);
        const size_t step = codec_below(3) ? SIZE_MAX : 1 + codec_below(100);
        const size_t room = codec_below(3) ? ROOM : 1 + codec_below(1000);
        if (codec_below(2))
            codec_decoder_disturb(&decoder);
        assert_int_equal(
            codec_decode(&decoder, payload, packed, step, room, made_bytes, ROOM, &made),
            WEIR_CODEC_DONE);
        assert_int_equal(made, len);
        assert_memory_equal(made_bytes, text, len);
    }
    deflateEnd(&z);
    codec_decoder_close(&decoder);
}

static void R1951_dec_1__sessions_of_zlib__are_decoded_in_any_pieces(void **state)
{
    (void)state;
    static const int levels[] = {0, 1, 6, 9};
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
    for (uint32_t i = 0; i < 160; i++)
        session(i, levels[i % 4], strategies[i / 4 % 4], 9 + (int)(i % 7), i % 5 != 0);
}

/* Every cut in two and every room, the scratch lost between any two calls. */
static void SEC_D2__small_rooms_and_all_cuts__give_the_same_bytes(void **state)
{
    (void)state;
    uint8_t text[600];
    uint8_t payload[1000];
    codec_decoder decoder;
    z_stream z;
    codec_seed = 2;
    memset(&z, 0, sizeof z);
    memset(&decoder, 0, sizeof decoder);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -9, 8, Z_DEFAULT_STRATEGY), Z_OK);
    codec_fill(text, sizeof text);
    const size_t packed = pack(&z, text, sizeof text, payload, sizeof payload);
    deflateEnd(&z);
    codec_decoder_open(&decoder, 9, 1);
    const size_t size = weir_inflate_size(9);
    for (size_t cut = 0; cut <= packed; cut++) {
        for (size_t room = 1; room <= 700; room = room < 8 ? room + 1 : room * 3) {
            size_t at = 0;
            size_t total = 0;
            int result = WEIR_CODEC_INPUT;
            weir_inflate_init(decoder.inflate, size, 9, 1, &decoder.inflate);
            while (result != WEIR_CODEC_DONE) {
                size_t used;
                size_t made;
                const size_t end = at < cut ? cut : packed;
                if (room % 3 == 0)
                    codec_decoder_disturb(&decoder);
                result = weir_inflate_run(decoder.inflate, decoder.scratch, payload + at, end - at,
                                          end == packed, &used, made_bytes + total, room, &made);
                assert_true(result >= 0);
                assert_true(used + made > 0 || result == WEIR_CODEC_DONE);
                at += used;
                total += made;
            }
            assert_int_equal(total, sizeof text);
            assert_memory_equal(made_bytes, text, total);
        }
    }
    codec_decoder_close(&decoder);
}

static void SEC_D18__damaged_streams__have_zlibs_verdict(void **state)
{
    (void)state;
    uint8_t text[900];
    uint8_t payload[2000];
    judges judge;
    z_stream z;
    codec_seed = 18;
    memset(&z, 0, sizeof z);
    judge_open(&judge);
    for (int round = 0; round < 40; round++) {
        assert_int_equal(deflateInit2(&z, 1 + round % 9, Z_DEFLATED, -15, 8, round % 5), Z_OK);
        const size_t len = 1 + codec_below(sizeof text - 1);
        codec_fill(text, len);
        const size_t packed = pack(&z, text, len, payload, sizeof payload);
        deflateEnd(&z);
        for (size_t end = 1; end < packed; end++)
            judge_message(&judge, payload, end, end % 2 ? SIZE_MAX : 3);
        for (int flip = 0; flip < 300; flip++) {
            const uint32_t bit = codec_below((uint32_t)packed * 8);
            payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
            judge_message(&judge, payload, packed, flip % 2 ? SIZE_MAX : 1);
            payload[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    judge_close(&judge);
}

static void SEC_D12__memory_round_the_decoder__is_untouched(void **state)
{
    (void)state;
    enum {
        GUARD = 64
    };
    static uint8_t text[20000];
    static uint8_t payload[ROOM];
    codec_seed = 12;
    for (int bits = 8; bits <= 15; bits++) {
        const size_t size = weir_inflate_size(bits);
        uint8_t *const memory = malloc(size + 2 * GUARD);
        codec_decoder decoder;
        z_stream z;
        memset(&z, 0, sizeof z);
        memset(memory, 0xC5, size + 2 * GUARD);
        codec_decoder_open(&decoder, bits, 1);
        free(decoder.inflate);
        assert_int_equal(weir_inflate_init(memory + GUARD, size, bits, 1, &decoder.inflate),
                         WEIR_OK);
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits < 9 ? -9 : -bits, 8, Z_RLE), Z_OK);
        for (int i = 0; i < 20; i++) {
            const size_t len = codec_length(sizeof text);
            size_t made;
            codec_fill(text, len);
            const size_t packed = pack(&z, text, len, payload, sizeof payload);
            assert_int_equal(codec_decode(&decoder, payload, packed, 1 + codec_below(3000),
                                          1 + codec_below(5000), made_bytes, ROOM, &made),
                             WEIR_CODEC_DONE);
        }
        for (size_t i = 0; i < GUARD; i++) {
            assert_int_equal(memory[i], 0xC5);
            assert_int_equal(memory[GUARD + size + i], 0xC5);
        }
        deflateEnd(&z);
        free(memory);
        free(decoder.scratch);
    }
}

static void R7692_7_2_2_6__a_bomb_gives_no_more_than_there_is_room(void **state)
{
    (void)state;
    uint8_t *const zeros = calloc(1, 1000000);
    uint8_t *const packed = malloc(10000);
    z_stream z;
    memset(&z, 0, sizeof z);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = zeros;
    z.avail_in = 1000000;
    z.next_out = packed;
    z.avail_out = 10000;
    deflate(&z, Z_SYNC_FLUSH);
    const size_t len = 10000 - z.avail_out - 4;
    deflateEnd(&z);
    for (size_t room = 1; room < 100000; room = room * 3 + 1) {
        codec_decoder decoder;
        codec_decoder_open(&decoder, 15, 1);
        size_t total = 0;
        size_t at = 0;
        int result = WEIR_CODEC_OUTPUT;
        while (total < 200000 && result != WEIR_CODEC_DONE) {
            uint8_t *const out = malloc(room);
            size_t used;
            size_t made;
            result = weir_inflate_run(decoder.inflate, decoder.scratch, packed + at, len - at, 1,
                                      &used, out, room, &made);
            assert_true(result >= 0 && made <= room && made > 0);
            at += used;
            total += made;
            free(out);
            if (room < 50 && total > 5000)
                break;
        }
        codec_decoder_close(&decoder);
    }
    free(zeros);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_7_2_2_6__a_bomb_gives_no_more_than_there_is_room),
        cmocka_unit_test(every_message_of_two_bytes__has_zlibs_verdict),
        cmocka_unit_test(SEC_D20__random_bytes__have_zlibs_verdict),
        cmocka_unit_test(SEC_D15__random_trees__have_zlibs_verdict),
        cmocka_unit_test(R1951_3_2_2_2__SEC_D19__incomplete_codes__have_zlibs_verdict),
        cmocka_unit_test(R1951_dec_1__sessions_of_zlib__are_decoded_in_any_pieces),
        cmocka_unit_test(SEC_D2__small_rooms_and_all_cuts__give_the_same_bytes),
        cmocka_unit_test(SEC_D18__damaged_streams__have_zlibs_verdict),
        cmocka_unit_test(SEC_D12__memory_round_the_decoder__is_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
