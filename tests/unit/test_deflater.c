/* SPDX-License-Identifier: MIT */
/* What the encoder makes is right for zlib, for our decoder with the same window, and in size. */
#include "deflate/codec_zlib.h"

#include <stdio.h>

#include "../../src/deflate/deflater.h"

#define MOST 60000

/* One side that sends and two that read: zlib, which gets little room at a time, for only then does
 * it keep to its window; and our decoder, which always does. */
typedef struct sides {
    int level;
    int bits;
    int takeover;
    weir_deflate *deflate;
    weir_deflate_scratch *scratch;
    size_t scratch_size;
    codec_decoder decoder;
    z_stream z;
    uint8_t *payload;
    size_t payload_len;
    uint8_t *text;
    uint8_t *out;
} sides;

static void pair_open(sides *ends, int level, int bits, int takeover)
{
    const size_t size = weir_deflate_size(level, bits);
    memset(ends, 0, sizeof *ends);
    ends->level = level;
    ends->bits = bits;
    ends->takeover = takeover;
    ends->scratch_size = weir_deflate_scratch_size(bits);
    assert_int_equal(weir_deflate_scratch_init(malloc(ends->scratch_size), ends->scratch_size, bits,
                                               &ends->scratch),
                     WEIR_OK);
    assert_int_equal(weir_deflate_init(malloc(size), size, level, bits, &ends->deflate), WEIR_OK);
    codec_decoder_open(&ends->decoder, bits, takeover);
    assert_int_equal(inflateInit2(&ends->z, -bits), Z_OK);
    ends->payload = malloc(2 * MOST);
    ends->text = malloc(MOST);
    ends->out = malloc(2 * MOST);
}

static void pair_close(sides *ends)
{
    inflateEnd(&ends->z);
    codec_decoder_close(&ends->decoder);
    free(ends->deflate);
    free(ends->scratch);
    free(ends->payload);
    free(ends->text);
    free(ends->out);
}

/* Compress a piece: input and output are of the exact size, and gone after the call. */
static int pair_piece(sides *ends, const uint8_t *data, size_t len, int last, size_t max,
                      size_t room, size_t *used)
{
    uint8_t *const in = codec_copy(data, len);
    uint8_t *const out = malloc(room);
    size_t made = 0;
    const int step = ends->takeover ? weir_deflate_run(ends->deflate, ends->scratch, in, len, last,
                                                       max, used, out, room, &made)
                                    : weir_deflate_alone(ends->scratch, ends->level, ends->bits, in,
                                                         len, last, used, out, room, &made);
    assert_true(step >= 0 && made <= room && *used <= len);
    assert_true(ends->payload_len + made <= 2 * MOST);
    memcpy(ends->payload + ends->payload_len, out, made);
    ends->payload_len += made;
    free(in);
    free(out);
    return step;
}

/* Compress the text in pieces of at most piece bytes, with that much room. */
static void pair_pack(sides *ends, size_t len, size_t piece, size_t room)
{
    int step = WEIR_CODEC_INPUT;
    ends->payload_len = 0;
    for (size_t at = 0; step != WEIR_CODEC_DONE;) {
        const size_t n = len - at < piece ? len - at : piece;
        const size_t bound = weir_deflate_bound(n);
        size_t used;
        step = pair_piece(ends, ends->text + at, n, at + n == len, SIZE_MAX,
                          room < bound ? room : bound, &used);
        at += used;
    }
}

static void pair_unpack_zlib(sides *ends, size_t len)
{
    static const uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};
    z_stream *const z = &ends->z;
    const uInt room = 1 + codec_below(64);
    size_t made = 0;
    int type = 0;
    if (!ends->takeover)
        inflateReset(z);
    memcpy(ends->payload + ends->payload_len, tail, sizeof tail);
    z->next_in = ends->payload;
    z->avail_in = (uInt)(ends->payload_len + sizeof tail);
    for (;;) {
        z->next_out = ends->out + made;
        z->avail_out = room;
        const int result = inflate(z, Z_SYNC_FLUSH);
        made += room - z->avail_out;
        if (result == Z_BUF_ERROR && z->avail_in == 0)
            break;
        assert_int_equal(result, Z_OK); /* R7692-7.2.1-3: no block is final */
        type = z->data_type;
        assert_true(made <= len);
    }
    assert_int_equal(type, 128);
    assert_int_equal(made, len);
    assert_memory_equal(ends->out, ends->text, len);
}

static void pair_check(sides *ends, size_t len)
{
    size_t made;
    pair_unpack_zlib(ends, len);
    assert_int_equal(codec_decode(&ends->decoder, ends->payload, ends->payload_len, SIZE_MAX,
                                  2 * MOST, ends->out, 2 * MOST, &made),
                     WEIR_CODEC_DONE);
    assert_int_equal(made, len);
    assert_memory_equal(ends->out, ends->text, len);
}

/* Each level, window and kind of takeover; bits of step tell them apart. */
static void for_all(void (*check)(sides *ends), uint32_t seed)
{
    for (int takeover = 0; takeover < 2; takeover++) {
        for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
            for (int bits = 8; bits <= 15; bits++) {
                sides ends;
                codec_seed = seed;
                pair_open(&ends, level, bits, takeover);
                check(&ends);
                pair_close(&ends);
            }
        }
    }
}

/* ---- RFC 7692 --------------------------------------------------------------------------------*/

static void check_chain(sides *ends)
{
    for (int message = 0; message < 50; message++) {
        const size_t len = codec_length(message % 16 == 15 ? MOST / 2 : 2500);
        codec_fill(ends->text, len);
        pair_pack(ends, len, SIZE_MAX, SIZE_MAX);
        pair_check(ends, len);
    }
}

static void R7692_7_2_1_1__chains_of_messages__are_right_for_every_decoder(void **state)
{
    (void)state;
    for_all(check_chain, 711);
}

static void check_fragments(sides *ends)
{
    for (int message = 0; message < 20; message++) {
        const size_t len = codec_length(6000);
        codec_fill(ends->text, len);
        pair_pack(ends, len, 1 + codec_below(1000), SIZE_MAX);
        pair_check(ends, len);
    }
}

static void R7692_7_2_1_2__pieces_of_a_message__make_one_payload(void **state)
{
    (void)state;
    for_all(check_fragments, 712);
}

static void check_final(sides *ends)
{
    for (size_t len = 0; len < 70; len++) {
        codec_fill(ends->text, len);
        pair_pack(ends, len, SIZE_MAX, SIZE_MAX);
        assert_int_equal(ends->payload[0] & 1, 0);
        pair_check(ends, len);
    }
}

static void R7692_7_2_1_3__no_block_is_final(void **state)
{
    (void)state;
    for_all(check_final, 713);
}

/* Random bytes, then their part at some distance. */
static size_t size_of_repetition(int level, int bits, size_t distance)
{
    sides ends;
    codec_seed = 714;
    pair_open(&ends, level, bits, 1);
    for (size_t i = 0; i < distance; i++)
        ends.text[i] = (uint8_t)(codec_random() >> 9);
    pair_pack(&ends, distance, SIZE_MAX, SIZE_MAX);
    pair_check(&ends, distance);
    pair_pack(&ends, 64, SIZE_MAX, SIZE_MAX);
    pair_check(&ends, 64);
    const size_t size = ends.payload_len;
    pair_close(&ends);
    return size;
}

static void R7692_7_2_1_4__matches_reach_the_whole_window_and_no_more(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 15; bits++) {
        assert_true(size_of_repetition(WEIR_DEFLATE_BEST, bits, (size_t)1 << bits) < 30);
        for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
            assert_true(size_of_repetition(level, bits, ((size_t)1 << bits) + 64) > 60);
    }
}

static void R7692_7_2_1_5__without_takeover__each_message_is_alone(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        sides ends;
        uint8_t first[200];
        pair_open(&ends, level, 15, 0);
        codec_seed = 715;
        memset(ends.text, 'x', 150);
        codec_fill(ends.text + 50, 50);
        pair_pack(&ends, 150, SIZE_MAX, SIZE_MAX);
        const size_t len = ends.payload_len;
        assert_true(len < sizeof first);
        memcpy(first, ends.payload, len);
        pair_check(&ends, 150);
        pair_pack(&ends, 150, SIZE_MAX, SIZE_MAX);
        assert_int_equal(ends.payload_len, len);
        assert_memory_equal(ends.payload, first, len);
        pair_close(&ends);
    }
}

static void R7692_7_2_1_7__second_hello__refers_to_the_first(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        sides ends;
        pair_open(&ends, level, 15, 1);
        memcpy(ends.text, "Hello", 5);
        pair_pack(&ends, 5, SIZE_MAX, SIZE_MAX);
        assert_int_equal(ends.payload_len, 7);
        assert_memory_equal(ends.payload, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
        pair_check(&ends, 5);
        pair_pack(&ends, 5, SIZE_MAX, SIZE_MAX);
        assert_true(ends.payload_len <= 5); /* of the RFC: F2 00 11 00 00 */
        pair_check(&ends, 5);
        pair_close(&ends);
    }
}

static void matches_begin_in_the_last_bytes_of_a_message(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        static const char *const texts[] = {"qwer", "tyui", "erty"};
        sides ends;
        pair_open(&ends, level, 10, 1);
        for (int i = 0; i < 3; i++) {
            memcpy(ends.text, texts[i], 4);
            pair_pack(&ends, 4, SIZE_MAX, SIZE_MAX);
            pair_check(&ends, 4);
            assert_int_equal(ends.payload_len, i < 2 ? 6 : 4);
        }
        pair_close(&ends);
    }
}

static void check_empty(sides *ends)
{
    pair_pack(ends, 0, SIZE_MAX, SIZE_MAX);
    assert_int_equal(ends->payload_len, 1);
    assert_int_equal(ends->payload[0], 0);
    pair_check(ends, 0);
}

static void R7692_7_2_3_6_1__empty_message__is_one_zero_byte(void **state)
{
    (void)state;
    for_all(check_empty, 1);
}

static void check_mixed(sides *ends)
{
    if (!ends->takeover)
        return;
    for (int message = 0; message < 60; message++) {
        const size_t len = 1 + codec_length(4000);
        size_t used;
        codec_fill(ends->text, len);
        ends->payload_len = 0;
        if (codec_below(8) == 0)
            weir_deflate_forget(ends->deflate);
        const size_t max = codec_below(2) ? len - 1 : codec_below((uint32_t)len);
        const int step = pair_piece(ends, ends->text, len, 1, max, weir_deflate_bound(len), &used);
        assert_true(step == WEIR_CODEC_DONE || step == WEIR_CODEC_LARGER);
        if (step == WEIR_CODEC_LARGER) {
            assert_int_equal(ends->payload_len, 0);
            continue; /* it goes uncompressed: the peer's window does not see it */
        }
        assert_true(ends->payload_len <= max);
        pair_check(ends, len);
    }
}

static void R7692_6_1_3__messages_that_would_grow__leave_the_window_as_it_was(void **state)
{
    (void)state;
    for_all(check_mixed, 613);
}

static void check_empty_of_no_bytes(sides *ends)
{
    size_t used;
    if (!ends->takeover)
        return;
    ends->payload_len = 0;
    const size_t room = weir_deflate_bound(0);
    assert_int_equal(pair_piece(ends, ends->text, 0, 1, 0, room, &used), WEIR_CODEC_LARGER);
    assert_int_equal(ends->payload_len, 0);
    assert_int_equal(pair_piece(ends, ends->text, 0, 1, 1, room, &used), WEIR_CODEC_DONE);
    assert_int_equal(ends->payload_len, 1);
}

static void an_empty_message__is_larger_than_no_bytes(void **state)
{
    (void)state;
    for_all(check_empty_of_no_bytes, 614);
}

/* ---- Sizes -----------------------------------------------------------------------------------*/

static void check_rooms(sides *ends)
{
    for (int message = 0; message < 12; message++) {
        const size_t len = codec_length(5000);
        codec_fill(ends->text, len);
        pair_pack(ends, len, SIZE_MAX, WEIR_DEFLATE_MIN_ROOM + codec_below(message < 6 ? 20 : 900));
        pair_check(ends, len);
    }
}

static void R1951_enc_2__any_room_from_the_least_on__is_enough(void **state)
{
    (void)state;
    for_all(check_rooms, 952);
}

static void check_noise(sides *ends)
{
    static const size_t lengths[] = {1,    31,   32,   33,   255,   256,   257,   4095,
                                     4096, 4097, 8191, 8192, 32767, 32768, 32769, MOST};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t k = 0; k < lengths[i]; k++)
            ends->text[k] = (uint8_t)(codec_random() >> 9 | 0x90); /* nine bits each, if fixed */
        for (size_t k = 0; i % 2 && k < lengths[i]; k++)
            ends->text[k] = (uint8_t)(codec_random() >> 9);
        pair_pack(ends, lengths[i], SIZE_MAX, SIZE_MAX);
        assert_true(ends->payload_len <= lengths[i] + 12 * (lengths[i] / 4096 + 1));
        pair_check(ends, lengths[i]);
    }
}

static void SEC_D3__incompressible_bytes__stay_within_the_bound(void **state)
{
    (void)state;
    for_all(check_noise, 3);
}

static void R1951_enc_1__sessions_as_long_as_positions_wrap__are_right(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        for (int bits = 9; bits <= 15; bits += 3) {
            sides ends;
            size_t total = 0;
            codec_seed = 951;
            pair_open(&ends, level, bits, 1);
            /* Ends of messages come near 65536 and its multiples. */
            while (total < 280000) {
                const size_t edge = 65536 - total % 65536;
                const size_t len =
                    edge < 3000 ? edge + codec_below(4) : codec_length(3000) + (size_t)1;
                codec_fill(ends.text, len);
                pair_pack(&ends, len, SIZE_MAX, SIZE_MAX);
                pair_check(&ends, len);
                total += len;
            }
            pair_close(&ends);
        }
    }
}

static void SEC_D17__block_without_a_match__is_right(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        sides ends;
        codec_seed = 17;
        pair_open(&ends, level, 15, 1);
        for (size_t i = 0; i < MOST; i++)
            ends.text[i] = (uint8_t)(codec_random() % 150);
        pair_pack(&ends, MOST, SIZE_MAX, SIZE_MAX);
        assert_true(ends.payload_len < MOST * 19 / 20); /* so it is not stored */
        pair_check(&ends, MOST);
        pair_close(&ends);
    }
}

static void lengths_round_the_room_behind_the_window__are_right(void **state)
{
    (void)state;
    for (int bits = 8; bits <= 15; bits++) {
        const size_t slack = bits < 11 ? 256 : ((size_t)1 << bits) / 8;
        sides ends;
        codec_seed = 8;
        pair_open(&ends, WEIR_DEFLATE_DEFAULT, bits, 1);
        for (int i = 0; i < 40; i++) {
            const size_t len = i % 2 ? slack - 2 + (size_t)i % 5 : codec_length(slack);
            codec_fill(ends.text, len);
            pair_pack(&ends, len, SIZE_MAX, SIZE_MAX);
            pair_check(&ends, len);
        }
        pair_close(&ends);
    }
}

/* Text, records, counters: what a level saves must not shrink unseen. */
static size_t session_size(int level, int bits, int takeover)
{
    sides ends;
    size_t total = 0;
    codec_seed = 42;
    pair_open(&ends, level, bits, takeover);
    for (int i = 0; i < 300; i++) {
        const uint32_t r = codec_random();
        const size_t len = (size_t)sprintf((char *)ends.text,
                                           "{\"type\":\"trade\",\"symbol\":\"%c%cUSD\",\"price\":%"
                                           "u.%02u,\"volume\":%u,\"side\":\"%s\","
                                           "\"time\":%u}",
                                           'A' + (char)(r % 5), 'K' + (char)(r % 3),
                                           100 + (r >> 8 & 15), r >> 12 & 63, r >> 20 & 255,
                                           r >> 30 & 1 ? "buy" : "sell", 1700000000u + (uint32_t)i);
        pair_pack(&ends, len, SIZE_MAX, SIZE_MAX);
        pair_check(&ends, len);
        total += ends.payload_len;
    }
    pair_close(&ends);
    return total;
}

static void levels__are_as_small_as_they_say(void **state)
{
    (void)state;
    const size_t best = session_size(WEIR_DEFLATE_BEST, 15, 1);
    const size_t standard = session_size(WEIR_DEFLATE_DEFAULT, 13, 1);
    const size_t fast = session_size(WEIR_DEFLATE_FAST, 13, 1);
    const size_t compact = session_size(WEIR_DEFLATE_COMPACT, 13, 1);
    const size_t device = session_size(WEIR_DEFLATE_DEFAULT, 10, 1);
    const size_t alone = session_size(WEIR_DEFLATE_DEFAULT, 13, 0);
    assert_true(best <= standard);
    assert_true(standard < best * 12 / 10);
    assert_true(fast < best * 14 / 10);
    assert_true(compact < best * 13 / 10);
    assert_true(device < best * 16 / 10);
    assert_true(alone > 2 * best);
    assert_true(best < 9000);
}

static void memory__is_what_is_promised(void **state)
{
    (void)state;
    assert_true(weir_deflate_size(WEIR_DEFLATE_DEFAULT, 13) <= 18 * 1024);
    assert_true(weir_deflate_size(WEIR_DEFLATE_FAST, 13) <= 18 * 1024);
    assert_true(weir_deflate_size(WEIR_DEFLATE_BEST, 15) <= 120 * 1024);
    assert_true(weir_deflate_size(WEIR_DEFLATE_COMPACT, 12) <= 5 * 1024);
    assert_true(weir_deflate_size(WEIR_DEFLATE_COMPACT, 13) <= 9728);
    assert_true(weir_deflate_size(WEIR_DEFLATE_DEFAULT, 10) <= 2458);
    for (int bits = 8; bits <= 15; bits++) {
        const size_t slack = bits < 11 ? 256 : ((size_t)1 << bits) / 8;
        assert_true(weir_inflate_size(bits) <= ((size_t)1 << bits) + slack + 832);
    }
}

/* ---- Others in between -----------------------------------------------------------------------*/

/* The payloads of a session, while another one uses the same scratch or not. */
static size_t session_with_company(int level, int takeover, int company, uint8_t *all)
{
    sides one;
    sides other;
    size_t total = 0;
    pair_open(&one, level, 12, takeover);
    pair_open(&other, level, 12, takeover);
    weir_deflate_scratch *const own = other.scratch;
    codec_seed = 77;
    for (int i = 0; i < 60; i++) {
        const size_t len = codec_length(i % 10 == 9 ? 20000 : 1500);
        codec_fill(one.text, len);
        pair_pack(&one, len, SIZE_MAX, SIZE_MAX);
        memcpy(all + total, one.payload, one.payload_len);
        total += one.payload_len;
        if (!company)
            continue;
        other.scratch = one.scratch;
        const uint32_t seed = codec_seed;
        codec_seed += (uint32_t)i;
        memcpy(other.text, one.text, len);
        memset(other.text + len / 2, 'z', len / 3);
        pair_pack(&other, len, SIZE_MAX, SIZE_MAX);
        codec_seed = seed;
    }
    other.scratch = own;
    pair_close(&one);
    pair_close(&other);
    return total;
}

static void other_connections__change_no_byte(void **state)
{
    (void)state;
    uint8_t *const alone = malloc(2000000);
    uint8_t *const together = malloc(2000000);
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        for (int takeover = 0; takeover < 2; takeover++) {
            codec_history_len = 0;
            const size_t len = session_with_company(level, takeover, 0, alone);
            codec_history_len = 0;
            assert_int_equal(session_with_company(level, takeover, 1, together), len);
            assert_memory_equal(alone, together, len);
        }
    }
    free(alone);
    free(together);
}

static void SEC_D7__input_and_output_are_gone_after_each_call(void **state)
{
    (void)state;
    /* pair_piece frees them, so that a sanitizer would see a late look; and the memory of the
     * scratch means nothing to the next call. */
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        sides ends;
        pair_open(&ends, level, 11, 1);
        codec_seed = 7;
        for (int i = 0; i < 30; i++) {
            const size_t len = codec_length(4000);
            codec_fill(ends.text, len);
            pair_pack(&ends, len, 1000, SIZE_MAX);
            pair_check(&ends, len);
            memset(ends.scratch, 0x5A, ends.scratch_size);
            weir_deflate_scratch_init(ends.scratch, ends.scratch_size, 11, &ends.scratch);
        }
        pair_close(&ends);
    }
}

static void forgotten_window__is_not_used(void **state)
{
    (void)state;
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        sides ends;
        pair_open(&ends, level, 12, 1);
        codec_seed = 5;
        codec_fill(ends.text, 300);
        pair_pack(&ends, 300, SIZE_MAX, SIZE_MAX);
        const size_t first = ends.payload_len;
        pair_pack(&ends, 300, SIZE_MAX, SIZE_MAX);
        assert_true(ends.payload_len < 15);
        weir_deflate_forget(ends.deflate);
        pair_pack(&ends, 300, SIZE_MAX, SIZE_MAX);
        assert_int_equal(ends.payload_len, first);
        inflateReset(&ends.z);
        pair_unpack_zlib(&ends, 300);
        pair_close(&ends);
    }
}

static void SEC_D12__memory_round_the_encoder__is_untouched(void **state)
{
    (void)state;
    enum {
        GUARD = 64
    };
    for (int level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++) {
        for (int bits = 8; bits <= 15; bits++) {
            const size_t size = weir_deflate_size(level, bits);
            uint8_t *const memory = malloc(size + 2 * GUARD);
            sides ends;
            memset(memory, 0xC5, size + 2 * GUARD);
            pair_open(&ends, level, bits, 1);
            free(ends.deflate);
            weir_deflate_init(memory + GUARD, size, level, bits, &ends.deflate);
            codec_seed = 12;
            for (int i = 0; i < 10; i++) {
                const size_t len = codec_length(40000);
                codec_fill(ends.text, len);
                pair_pack(&ends, len, SIZE_MAX, SIZE_MAX);
            }
            for (size_t i = 0; i < GUARD; i++) {
                assert_int_equal(memory[i], 0xC5);
                assert_int_equal(memory[GUARD + size + i], 0xC5);
            }
            ends.deflate = malloc(1);
            pair_close(&ends);
            free(memory);
        }
    }
}

static void guess__tells_noise_from_text(void **state)
{
    (void)state;
    uint8_t data[5000];
    codec_seed = 9;
    for (size_t len = 1; len < sizeof data; len = len * 3 + 1) {
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)(codec_random() >> 9);
        assert_int_equal(weir_deflate_worth(data, len), len < 256);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t) "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                [codec_below(64)];
        assert_int_equal(weir_deflate_worth(data, len), 1);
        memset(data, 'A', len); /* one count, of all */
        assert_int_equal(weir_deflate_worth(data, len), 1);
    }
    assert_int_equal(weir_deflate_worth(NULL, 0), 1);
}

static void bound__is_kept_in_mind_at_the_ends_of_size_t(void **state)
{
    (void)state;
    assert_int_equal(weir_deflate_bound(0), 64);
    assert_int_equal(weir_deflate_bound(SIZE_MAX), SIZE_MAX);
    assert_int_equal(weir_deflate_bound(SIZE_MAX - 64), SIZE_MAX);
    assert_true(weir__deflate_fits(WEIR_DEFLATE_MIN_ROOM) > 0);
    assert_int_equal(weir_deflate_bound(1), WEIR_DEFLATE_MIN_ROOM);
    assert_int_equal(weir__deflate_fits(WEIR_DEFLATE_MIN_ROOM - 1), 0);
    for (size_t room = WEIR_DEFLATE_MIN_ROOM; room < 5000; room++)
        assert_true(weir_deflate_bound(weir__deflate_fits(room)) <= room);
    for (size_t len = 0; len < 5000; len++)
        assert_true(weir__deflate_fits(weir_deflate_bound(len)) == len);
}

static void wrong_arguments__are_refused(void **state)
{
    (void)state;
    sides ends;
    uint8_t out[100];
    weir_deflate *made;
    size_t n;
    pair_open(&ends, WEIR_DEFLATE_DEFAULT, 13, 1);
    weir_deflate_scratch *small;
    const size_t small_size = weir_deflate_scratch_size(12);
    weir_deflate_scratch_init(malloc(small_size), small_size, 12, &small);
    assert_int_equal(weir_deflate_size(0, 13), 0);
    assert_int_equal(weir_deflate_size(5, 13), 0);
    assert_int_equal(weir_deflate_size(1, 7), 0);
    assert_int_equal(weir_deflate_size(1, 16), 0);
    assert_int_equal(weir_deflate_init(ends.deflate, 10, 1, 13, &made), WEIR_E_SHORT);
    assert_int_equal(weir_deflate_init(ends.deflate, 1 << 20, 0, 13, &made), WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_init((char *)ends.deflate + 1, 1 << 20, 1, 13, &made),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_run(ends.deflate, small, "a", 1, 1, SIZE_MAX, &n, out, 100, &n),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_deflate_alone(small, 3, 13, "a", 1, 1, &n, out, 100, &n),
                     WEIR_E_ARGUMENT);
    assert_int_equal(
        weir_deflate_run(ends.deflate, ends.scratch, "a", 1, 1, SIZE_MAX, &n, out, 64, &n),
        WEIR_E_SHORT);
    assert_int_equal(weir_deflate_alone(small, 3, 12, "a", 1, 1, &n, out, 64, &n), WEIR_E_SHORT);
    assert_int_equal(
        weir_deflate_run(ends.deflate, ends.scratch, NULL, 1, 1, SIZE_MAX, &n, out, 100, &n),
        WEIR_E_ARGUMENT);
    free(small);
    pair_close(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_7_2_1_1__chains_of_messages__are_right_for_every_decoder),
        cmocka_unit_test(R7692_7_2_1_2__pieces_of_a_message__make_one_payload),
        cmocka_unit_test(R7692_7_2_1_3__no_block_is_final),
        cmocka_unit_test(R7692_7_2_1_4__matches_reach_the_whole_window_and_no_more),
        cmocka_unit_test(R7692_7_2_1_5__without_takeover__each_message_is_alone),
        cmocka_unit_test(R7692_7_2_1_7__second_hello__refers_to_the_first),
        cmocka_unit_test(matches_begin_in_the_last_bytes_of_a_message),
        cmocka_unit_test(R7692_7_2_3_6_1__empty_message__is_one_zero_byte),
        cmocka_unit_test(R7692_6_1_3__messages_that_would_grow__leave_the_window_as_it_was),
        cmocka_unit_test(an_empty_message__is_larger_than_no_bytes),
        cmocka_unit_test(R1951_enc_1__sessions_as_long_as_positions_wrap__are_right),
        cmocka_unit_test(R1951_enc_2__any_room_from_the_least_on__is_enough),
        cmocka_unit_test(SEC_D3__incompressible_bytes__stay_within_the_bound),
        cmocka_unit_test(SEC_D17__block_without_a_match__is_right),
        cmocka_unit_test(lengths_round_the_room_behind_the_window__are_right),
        cmocka_unit_test(levels__are_as_small_as_they_say),
        cmocka_unit_test(memory__is_what_is_promised),
        cmocka_unit_test(other_connections__change_no_byte),
        cmocka_unit_test(SEC_D7__input_and_output_are_gone_after_each_call),
        cmocka_unit_test(forgotten_window__is_not_used),
        cmocka_unit_test(SEC_D12__memory_round_the_encoder__is_untouched),
        cmocka_unit_test(guess__tells_noise_from_text),
        cmocka_unit_test(bound__is_kept_in_mind_at_the_ends_of_size_t),
        cmocka_unit_test(wrong_arguments__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
