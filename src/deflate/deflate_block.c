/* SPDX-License-Identifier: MIT */
/* One block: fixed, dynamic or stored, whichever is the smallest (RFC 1951 3.2.3). */
#include "deflate_block.h"

#include <stdbool.h>
#include <stddef.h>

/* Bits of a block in the fixed code up to which a dynamic one never pays for its head. */
#define DEFLATE_BLOCK_SMALL 560

/* RFC 1951 3.2.3: BFINAL 0, then the type, first bit lowest. */
#define DEFLATE_BLOCK_STORED WEIR__DEFLATE_CODE(0, 3)
#define DEFLATE_BLOCK_FIXED WEIR__DEFLATE_CODE(2, 3)
#define DEFLATE_BLOCK_DYNAMIC WEIR__DEFLATE_CODE(4, 3)

/* RFC 1951 3.2.6: runs of codes of the same length, first symbol, first code. */
static void deflate_block_fixed_run(weir__deflate_code *codes, uint32_t first, uint32_t end,
                                    uint32_t code, uint32_t bits)
{
    for (uint32_t symbol = first; symbol < end; symbol++, code++)
        codes[symbol] = WEIR__DEFLATE_CODE(weir__deflate_huffman_reverse(code, bits), bits);
}

void weir__deflate_bench_init(weir__deflate_bench *bench)
{
    weir__deflate_codes *const codes = &bench->fixed.codes;
    deflate_block_fixed_run(codes->litlen, 0, 144, 0x30, 8);
    deflate_block_fixed_run(codes->litlen, 144, 256, 0x190, 9);
    deflate_block_fixed_run(codes->litlen, 256, 280, 0x00, 7);
    deflate_block_fixed_run(codes->litlen, 280, WEIR__DEFLATE_LITLENS, 0xC0, 8);
    deflate_block_fixed_run(codes->dist, 0, WEIR__DEFLATE_DISTS, 0, 5);
    for (uint32_t length = WEIR__DEFLATE_MIN_MATCH; length <= WEIR__DEFLATE_MAX_MATCH; length++)
        bench->fixed.length[length - 3] = weir__deflate_length_code(codes, length);
}

/* Count the symbols; returns the extra bits of all lengths and distances. */
static size_t deflate_block_count(weir__deflate_bench *bench, const uint8_t *at, size_t sequences)
{
    weir__deflate_dynamic *const dynamic = &bench->dynamic;
    size_t extra = 0;
    memset(dynamic->litlen, 0, sizeof dynamic->litlen);
    memset(dynamic->dist, 0, sizeof dynamic->dist);
    for (size_t i = 0; i < sequences; i++) {
        const weir__deflate_sequence *const sequence = &bench->sequences[i];
        for (const uint8_t *end = at + sequence->literals; at < end; at++)
            dynamic->litlen[*at]++;
        if (sequence->length == 0)
            continue;
        dynamic->litlen[weir__deflate_length_symbol(sequence->length)]++;
        dynamic->dist[weir__deflate_dist_symbol(sequence->distance)]++;
        extra += weir__deflate_length_extra(sequence->length) +
                 weir__deflate_dist_extra(sequence->distance);
        at += sequence->length;
    }
    dynamic->litlen[WEIR__DEFLATE_END] = 1;
    weir__deflate_huffman_collect(&dynamic->litlens, dynamic->litlen, WEIR__DEFLATE_LITLENS);
    weir__deflate_huffman_collect(&dynamic->dists, dynamic->dist, WEIR__DEFLATE_DISTS);
    return extra;
}

/* The binary logarithm of n in 1/256, to 2/256: over each octave it is a line and a parabola. */
static uint32_t deflate_block_log2(uint32_t n)
{
    const uint32_t octave = weir__bits_highest(n);
    const uint32_t rest = (octave > 8 ? n >> (octave - 8) : n << (8 - octave)) & 255;
    return (octave << 8) + rest + (rest * (256 - rest) * 87 >> 16);
}

/* Bits that an ideal code takes for the symbols; gaps: runs of unused ones between them. */
static size_t deflate_block_entropy(const weir__deflate_used *used, size_t *gaps)
{
    size_t total = 0;
    size_t sum = 0;
    uint32_t last = 0;
    *gaps = 0;
    for (uint32_t i = 0; i < used->count; i++) {
        const uint32_t n = used->keys[i] >> WEIR__DEFLATE_KEY_BITS;
        const uint32_t symbol = used->keys[i] & WEIR__DEFLATE_KEY_SYMBOL;
        total += n;
        sum += (size_t)n * deflate_block_log2(n);
        *gaps += symbol != last;
        last = symbol + 1;
    }
    return total == 0 ? 0 : (total * deflate_block_log2((uint32_t)total) - sum) >> 8;
}

/* About what a dynamic block takes. The size of the head was fitted to 1,500 blocks of small
 * messages, where it errs by some 22 bits. */
static size_t deflate_block_estimate(const weir__deflate_dynamic *dynamic)
{
    size_t gaps;
    size_t ignored;
    const size_t bits = deflate_block_entropy(&dynamic->litlens, &gaps) +
                        deflate_block_entropy(&dynamic->dists, &ignored);
    return bits + 70 +
           (5 * (size_t)dynamic->litlens.count + 18 * (size_t)dynamic->dists.count) / 3 +
           13 * gaps / 2;
}

static void deflate_block_put_stored(weir__deflate_out *out, const uint8_t *at, size_t len)
{
    weir__deflate_put(out, DEFLATE_BLOCK_STORED);
    out->count = (out->count + 7) & ~7u;
    weir__deflate_put(out, WEIR__DEFLATE_CODE(len, 16));
    weir__deflate_put(out, WEIR__DEFLATE_CODE(~len & 0xFFFF, 16));
    weir__deflate_flush(out);
    memcpy(out->at, at, len);
    out->at += len;
}

/* Three literals take 45 bits between two flushes. */
static void deflate_block_put_literals(const weir__deflate_codes *codes, weir__deflate_out *out,
                                       const uint8_t *at, size_t len)
{
    for (; len >= 3; len -= 3, at += 3) {
        weir__deflate_put(out, codes->litlen[at[0]]);
        weir__deflate_put(out, codes->litlen[at[1]]);
        weir__deflate_put(out, codes->litlen[at[2]]);
        weir__deflate_flush(out);
    }
    for (; len > 0; len--)
        weir__deflate_put(out, codes->litlen[*at++]);
    weir__deflate_flush(out);
}

static void deflate_block_put_dynamic(const weir__deflate_bench *bench, const uint8_t *at,
                                      size_t sequences, weir__deflate_out *result)
{
    const weir__deflate_codes *const codes = &bench->dynamic.codes;
    weir__deflate_out out = *result;
    weir__deflate_put(&out, DEFLATE_BLOCK_DYNAMIC);
    weir__deflate_dynamic_put_head(&bench->dynamic, &out);
    for (size_t i = 0; i < sequences; i++) {
        const weir__deflate_sequence sequence = bench->sequences[i];
        deflate_block_put_literals(codes, &out, at, sequence.literals);
        at += sequence.literals + sequence.length;
        if (sequence.length == 0)
            continue;
        weir__deflate_put(&out, weir__deflate_length_code(codes, sequence.length));
        weir__deflate_put_distance(&out, codes, sequence.distance);
        weir__deflate_flush(&out);
    }
    weir__deflate_put(&out, codes->litlen[WEIR__DEFLATE_END]);
    weir__deflate_flush(&out);
    *result = out;
}

static size_t deflate_block_bits(const weir__deflate_out *from, const weir__deflate_out *to)
{
    return 8 * (size_t)(to->at - from->at) + to->count - from->count;
}

/* Bits of the block in a code of its own, extra bits included; fixed when it is not worth trying.
 * The code is planned when the result is below fixed. */
static size_t deflate_block_try_dynamic(weir__deflate_bench *bench, const uint8_t *at,
                                        size_t sequences, size_t fixed)
{
    if (fixed <= DEFLATE_BLOCK_SMALL)
        return fixed;
    const size_t extra = deflate_block_count(bench, at, sequences);
    if (deflate_block_estimate(&bench->dynamic) + extra >= fixed)
        return fixed;
    return 3 + weir__deflate_dynamic_plan(&bench->dynamic) + extra;
}

void weir__deflate_block(weir__deflate_bench *bench, weir__deflate_text *text, const uint8_t *end,
                         weir__deflate_out *out)
{
    const weir__deflate_out start = *out;
    const uint8_t *const at = text->at;
    const size_t len = (size_t)(end - at);
    weir__deflate_put(out, DEFLATE_BLOCK_FIXED);
    const size_t sequences = weir__deflate_match(text, end, &bench->fixed, out, bench->sequences);
    weir__deflate_put(out, bench->fixed.codes.litlen[WEIR__DEFLATE_END]);
    weir__deflate_flush(out);
    const size_t fixed = deflate_block_bits(&start, out);
    const size_t dynamic = deflate_block_try_dynamic(bench, at, sequences, fixed);
    const size_t stored = 3 + ((5 - start.count) & 7) + 32 + 8 * len;
    if (stored <= fixed && stored <= dynamic) {
        *out = start;
        deflate_block_put_stored(out, at, len);
    } else if (dynamic < fixed) {
        *out = start;
        deflate_block_put_dynamic(bench, at, sequences, out);
    }
}
