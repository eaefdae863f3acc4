/* SPDX-License-Identifier: MIT */
/* Codes made for one block, and their description at its head (RFC 1951 3.2.7). */
#include "deflate_dynamic.h"

#include <stddef.h>

static const uint8_t deflate_dynamic_order[WEIR__DEFLATE_PRECODES] = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

/* Extra bits of the symbols 16 to 18. */
static uint32_t deflate_dynamic_extra(uint32_t symbol)
{
    static const uint8_t bits[3] = {2, 3, 7};
    return symbol < 16 ? 0 : bits[symbol - 16];
}

static void deflate_dynamic_item(weir__deflate_dynamic *dynamic, uint32_t symbol, uint32_t extra)
{
    dynamic->items[dynamic->item_count++] = (uint16_t)(symbol | extra << 5);
    dynamic->precode[symbol]++;
}

static void deflate_dynamic_zeros(weir__deflate_dynamic *dynamic, uint32_t run)
{
    while (run >= 11) {
        const uint32_t n = run < 138 ? run : 138;
        deflate_dynamic_item(dynamic, 18, n - 11);
        run -= n;
    }
    if (run >= 3) {
        deflate_dynamic_item(dynamic, 17, run - 3);
        return;
    }
    for (; run > 0; run--)
        deflate_dynamic_item(dynamic, 0, 0);
}

static void deflate_dynamic_repeats(weir__deflate_dynamic *dynamic, uint32_t length, uint32_t run)
{
    deflate_dynamic_item(dynamic, length, 0);
    for (run--; run >= 3;) {
        const uint32_t n = run < 6 ? run : 6;
        deflate_dynamic_item(dynamic, 16, n - 3);
        run -= n;
    }
    for (; run > 0; run--)
        deflate_dynamic_item(dynamic, length, 0);
}

/* The lengths of both codes in one row, runs in short. */
static void deflate_dynamic_items(weir__deflate_dynamic *dynamic)
{
    const uint32_t total = dynamic->litlen_count + dynamic->dist_count;
    const uint8_t *const lengths = dynamic->lengths;
    dynamic->item_count = 0;
    memset(dynamic->precode, 0, sizeof dynamic->precode);
    for (uint32_t i = 0; i < total;) {
        uint32_t end = i + 1;
        while (end < total && lengths[end] == lengths[i])
            end++;
        if (lengths[i] == 0)
            deflate_dynamic_zeros(dynamic, end - i);
        else
            deflate_dynamic_repeats(dynamic, lengths[i], end - i);
        i = end;
    }
}

/* How many lengths are sent: up to the last that is not 0. */
static uint32_t deflate_dynamic_sent(const uint8_t *lengths, uint32_t count)
{
    while (lengths[count - 1] == 0)
        count--;
    return count;
}

/* The precode and the number of its lengths that are sent; returns the bits of the head. */
static size_t deflate_dynamic_plan_head(weir__deflate_dynamic *dynamic)
{
    weir__deflate_used *const used = &dynamic->dists; /* whose codes are made */
    uint8_t lengths[WEIR__DEFLATE_PRECODES];
    size_t bits = 0;
    for (uint32_t i = 16; i < WEIR__DEFLATE_PRECODES; i++)
        bits += (size_t)dynamic->precode[i] * deflate_dynamic_extra(i);
    weir__deflate_huffman_collect(used, dynamic->precode, WEIR__DEFLATE_PRECODES);
    memset(dynamic->precodes, 0, sizeof dynamic->precodes);
    bits += weir__deflate_huffman_build(used, dynamic->precode, WEIR__DEFLATE_PRECODES, 7, lengths,
                                        dynamic->precodes);
    uint32_t n = WEIR__DEFLATE_PRECODES;
    /* Ends in front of 16, 17, 18, 0: the end of the block has a code, whose length is 1 to 15. */
    while (lengths[deflate_dynamic_order[n - 1]] == 0)
        n--;
    dynamic->precode_count = n;
    return bits + 5 + 5 + 4 + 3 * (size_t)n;
}

size_t weir__deflate_dynamic_plan(weir__deflate_dynamic *dynamic)
{
    uint8_t *const lengths = dynamic->lengths;
    uint8_t dist_lengths[WEIR__DEFLATE_DISTS];
    size_t bits =
        weir__deflate_huffman_build(&dynamic->litlens, dynamic->litlen, WEIR__DEFLATE_LITLENS,
                                    WEIR__DEFLATE_MAX_BITS, lengths, dynamic->codes.litlen);
    bits += weir__deflate_huffman_build(&dynamic->dists, dynamic->dist, WEIR__DEFLATE_DISTS,
                                        WEIR__DEFLATE_MAX_BITS, dist_lengths, dynamic->codes.dist);
    dynamic->litlen_count = deflate_dynamic_sent(lengths, WEIR__DEFLATE_LITLENS);
    dynamic->dist_count = deflate_dynamic_sent(dist_lengths, WEIR__DEFLATE_DISTS);
    memcpy(lengths + dynamic->litlen_count, dist_lengths, dynamic->dist_count);
    deflate_dynamic_items(dynamic);
    return bits + deflate_dynamic_plan_head(dynamic);
}

void weir__deflate_dynamic_put_head(const weir__deflate_dynamic *dynamic, weir__deflate_out *out)
{
    weir__deflate_put(out, WEIR__DEFLATE_CODE(dynamic->litlen_count - 257, 5));
    weir__deflate_put(out, WEIR__DEFLATE_CODE(dynamic->dist_count - 1, 5));
    weir__deflate_put(out, WEIR__DEFLATE_CODE(dynamic->precode_count - 4, 4));
    for (uint32_t i = 0; i < dynamic->precode_count; i++) {
        const uint32_t symbol = deflate_dynamic_order[i];
        weir__deflate_put(out, WEIR__DEFLATE_CODE(dynamic->precodes[symbol] >> 24, 3));
        weir__deflate_flush(out);
    }
    for (uint32_t i = 0; i < dynamic->item_count; i++) {
        const uint32_t symbol = dynamic->items[i] & 31;
        weir__deflate_put(out, dynamic->precodes[symbol]);
        weir__deflate_put(
            out, WEIR__DEFLATE_CODE(dynamic->items[i] >> 5, deflate_dynamic_extra(symbol)));
        weir__deflate_flush(out);
    }
}
