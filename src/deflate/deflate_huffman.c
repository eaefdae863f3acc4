/* SPDX-License-Identifier: MIT */
/* Huffman codes of limited length from frequencies. */
#include "deflate_huffman.h"

#include <stdbool.h>

/* Frequencies from here on share a bucket. */
#define DEFLATE_HUFFMAN_BUCKETS 64

static void deflate_huffman_insertion_sort(uint32_t *keys, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const uint32_t key = keys[i];
        uint32_t at = i;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
}

static uint32_t deflate_huffman_bucket(uint32_t key)
{
    const uint32_t frequency = key >> WEIR__DEFLATE_KEY_BITS;
    return frequency < DEFLATE_HUFFMAN_BUCKETS ? frequency : DEFLATE_HUFFMAN_BUCKETS - 1;
}

/* Most frequencies are small: count them; only the last bucket is sorted by comparing. */
static void deflate_huffman_sort(const weir__deflate_used *used, uint32_t *keys)
{
    uint16_t start[DEFLATE_HUFFMAN_BUCKETS + 1] = {0};
    const uint32_t n = used->count;
    if (n < 20) {
        memcpy(keys, used->keys, n * sizeof *keys);
        deflate_huffman_insertion_sort(keys, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        start[deflate_huffman_bucket(used->keys[i]) + 1]++;
    for (uint32_t i = 1; i < DEFLATE_HUFFMAN_BUCKETS; i++)
        start[i] = (uint16_t)(start[i] + start[i - 1]);
    const uint32_t last = start[DEFLATE_HUFFMAN_BUCKETS - 1];
    for (uint32_t i = 0; i < n; i++)
        keys[start[deflate_huffman_bucket(used->keys[i])]++] = used->keys[i];
    deflate_huffman_insertion_sort(keys + last, n - last);
}

/* Moffat and Katajainen, In-Place Calculation of Minimum-Redundancy Codes (1995), the first two
 * of three passes: weights[0..n-2], ascending on entry, become the depths of the inner nodes, the
 * root last. */
static void deflate_huffman_depths(uint16_t *weights, uint32_t n)
{
    uint32_t leaf = 0;
    uint32_t node = 0;
    for (uint32_t next = 0; next + 1 < n; next++) {
        uint32_t sum = 0;
        for (uint32_t child = 0; child < 2; child++) {
            if (leaf >= n || (node < next && weights[node] < weights[leaf])) {
                sum += weights[node];
                weights[node++] = (uint16_t)next;
            } else {
                sum += weights[leaf++];
            }
        }
        weights[next] = (uint16_t)sum;
    }
    weights[n - 2] = 0;
    for (uint32_t i = n - 2; i-- > 0;)
        weights[i] = (uint16_t)(weights[weights[i]] + 1);
}

/* The third pass: how many leaves lie at each depth; those too deep are counted at the limit. */
static void deflate_huffman_count(const uint16_t *depths, uint32_t n, uint32_t max_bits,
                                  uint32_t *count)
{
    uint32_t places = 1;
    uint32_t left = n - 1; /* inner nodes */
    for (uint32_t depth = 0; places > 0; depth++) {
        uint32_t inner = 0;
        while (left > 0 && depths[left - 1] == depth) {
            left--;
            inner++;
        }
        count[depth < max_bits ? depth : max_bits] += places - inner;
        places = 2 * inner;
    }
}

/* Make it a code again: a leaf at the limit becomes the sibling of the deepest one above it. */
static void deflate_huffman_limit(uint32_t max_bits, uint32_t *count)
{
    uint32_t total = 0;
    for (uint32_t bits = 1; bits <= max_bits; bits++)
        total += count[bits] << (max_bits - bits);
    for (; total > 1u << max_bits; total--) {
        uint32_t bits = max_bits - 1;
        while (count[bits] == 0)
            bits--;
        count[max_bits]--;
        count[bits]--;
        count[bits + 1] += 2;
    }
}

/* Most symbols of a small block do not occur. */
void weir__deflate_huffman_collect(weir__deflate_used *used, const uint16_t *frequencies,
                                   uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i += 4) {
        if (weir__bits_load64((const uint8_t *)(frequencies + i)) == 0)
            continue;
        for (uint32_t symbol = i; symbol < i + 4; symbol++) {
            used->keys[n] = (uint32_t)frequencies[symbol] << WEIR__DEFLATE_KEY_BITS | symbol;
            n += frequencies[symbol] != 0;
        }
    }
    used->count = n;
}

/* Symbols stay in their order. */
static void deflate_huffman_complete(weir__deflate_used *used)
{
    if (used->count >= 2)
        return;
    const bool other = used->count == 1 && (used->keys[0] & WEIR__DEFLATE_KEY_SYMBOL) != 0;
    used->keys[1] = other ? used->keys[0] : 1;
    used->keys[0] = other || used->count == 0 ? 0 : used->keys[0];
    used->count = 2;
}

/* keys, weights: room for the symbols that occur. */
static void deflate_huffman_lengths(const weir__deflate_used *used, uint32_t max_bits,
                                    uint8_t *lengths, uint32_t *at_length, uint32_t *keys,
                                    uint16_t *weights)
{
    const uint32_t n = used->count;
    deflate_huffman_sort(used, keys);
    for (uint32_t i = 0; i < n; i++)
        weights[i] = (uint16_t)(keys[i] >> WEIR__DEFLATE_KEY_BITS);
    deflate_huffman_depths(weights, n);
    deflate_huffman_count(weights, n, max_bits, at_length);
    deflate_huffman_limit(max_bits, at_length);
    const uint32_t *key = keys;
    for (uint32_t bits = max_bits; bits > 0; bits--)
        for (uint32_t i = 0; i < at_length[bits]; i++)
            lengths[*key++ & WEIR__DEFLATE_KEY_SYMBOL] = (uint8_t)bits;
}

size_t weir__deflate_huffman_build(weir__deflate_used *used, uint16_t *frequencies, uint32_t count,
                                   uint32_t max_bits, uint8_t *lengths, weir__deflate_code *codes)
{
    uint32_t at_length[WEIR__DEFLATE_MAX_BITS + 1] = {0};
    uint32_t next[WEIR__DEFLATE_MAX_BITS + 1] = {0};
    size_t total = 0;
    deflate_huffman_complete(used);
    memset(lengths, 0, count);
    /* The codes are not made yet, and the frequencies stand in the keys. */
    deflate_huffman_lengths(used, max_bits, lengths, at_length, codes, frequencies);
    for (uint32_t bits = 2; bits <= max_bits; bits++)
        next[bits] = (next[bits - 1] + at_length[bits - 1]) << 1;
    for (uint32_t i = 0; i < used->count; i++) {
        const uint32_t symbol = used->keys[i] & WEIR__DEFLATE_KEY_SYMBOL;
        const uint32_t bits = lengths[symbol];
        codes[symbol] = WEIR__DEFLATE_CODE(weir__deflate_huffman_reverse(next[bits]++, bits), bits);
        total += (size_t)(used->keys[i] >> WEIR__DEFLATE_KEY_BITS) * bits;
    }
    return total;
}
