/* SPDX-License-Identifier: MIT */
/* Messages in, payloads out: the window, long messages, flushing (RFC 7692 7.2.1). */
#include "deflater.h"

/* Compact: the table is made from this much history at least, and this many times the message. */
#define DEFLATER_LEARN_MIN 2048u
#define DEFLATER_LEARN_FACTOR 16u

#define DEFLATER_MIN_BLOCK 4096u
#define DEFLATER_MAX_BLOCK 32768u

/* Beyond the bytes and one in eight: heads of blocks, the flush, 8 bytes that a flush of the bit
 * buffer writes too much. */
#define DEFLATER_EXTRA 64u

static weir__deflate_finder deflater_finder(weir_deflate_level level)
{
    if (level == WEIR_DEFLATE_FAST)
        return WEIR__DEFLATE_PAIRS;
    return level == WEIR_DEFLATE_BEST ? WEIR__DEFLATE_CHAINS : WEIR__DEFLATE_BUCKETS;
}

static uint32_t deflater_cap(uint32_t bits)
{
    const uint32_t slack = 1u << bits >> 3;
    return (1u << bits) + (slack < 256 ? 256 : slack);
}

size_t weir__deflate_window_bytes(weir_deflate_level level, uint32_t bits)
{
    uint32_t hash_bits;
    const size_t table = weir__deflate_table_bytes(deflater_finder(level), bits, &hash_bits);
    return deflater_cap(bits) + (level == WEIR_DEFLATE_COMPACT ? 0 : table);
}

void weir__deflate_init(weir__deflate *deflate, uint8_t *memory, weir_deflate_level level,
                        uint32_t bits)
{
    memset(deflate, 0, sizeof *deflate);
    deflate->finder = deflater_finder(level);
    deflate->window_bits = bits;
    deflate->cap = deflater_cap(bits);
    const size_t table = weir__deflate_table_bytes(deflate->finder, bits, &deflate->hash_bits);
    deflate->window = memory;
    if (level == WEIR_DEFLATE_COMPACT)
        return;
    /* The table comes first, for its alignment. */
    deflate->table = (uint16_t *)(void *)memory;
    deflate->window = memory + table;
    deflate->position = 1; /* no byte is where an empty place of the table points */
    memset(memory, 0, table);
}

void weir__deflate_forget(weir__deflate *deflate)
{
    deflate->first = deflate->end;
    deflate->repeat = 0;
}

static uint32_t deflater_block_bytes(uint32_t bits)
{
    const uint32_t bytes = 2u << bits;
    if (bytes < DEFLATER_MIN_BLOCK)
        return DEFLATER_MIN_BLOCK;
    return bytes < DEFLATER_MAX_BLOCK ? bytes : DEFLATER_MAX_BLOCK;
}

static size_t deflater_sequences_bytes(uint32_t bits)
{
    return (deflater_block_bytes(bits) / WEIR__DEFLATE_MIN_MATCH + 1) *
           sizeof(weir__deflate_sequence);
}

static size_t deflater_shared_table_bytes(uint32_t bits)
{
    uint32_t hash_bits;
    const size_t chains = weir__deflate_table_bytes(WEIR__DEFLATE_CHAINS, bits, &hash_bits);
    const size_t buckets = weir__deflate_table_bytes(WEIR__DEFLATE_BUCKETS, bits, &hash_bits);
    return chains > buckets ? chains : buckets;
}

size_t weir__deflate_scratch_bytes(uint32_t bits)
{
    return sizeof(weir__deflate_scratch) + deflater_shared_table_bytes(bits) +
           deflater_sequences_bytes(bits) + ((size_t)1 << bits) + deflater_block_bytes(bits);
}

weir__deflate_scratch *weir__deflate_scratch_init(void *memory, uint32_t bits)
{
    weir__deflate_scratch *const scratch = memory;
    uint8_t *at = (uint8_t *)memory + sizeof *scratch;
    weir__deflate_bench_init(&scratch->bench);
    scratch->window_bits = bits;
    scratch->block_bytes = deflater_block_bytes(bits);
    scratch->position = 1;
    scratch->table_bytes = deflater_shared_table_bytes(bits);
    scratch->table = (uint16_t *)(void *)at;
    memset(at, 0, scratch->table_bytes);
    at += scratch->table_bytes;
    scratch->bench.sequences = (weir__deflate_sequence *)(void *)at;
    scratch->work = at + deflater_sequences_bytes(bits);
    return scratch;
}

size_t weir__deflate_bound(size_t len)
{
    const size_t most = len + len / 8;
    return most > SIZE_MAX - DEFLATER_EXTRA || most < len ? SIZE_MAX : most + DEFLATER_EXTRA;
}

size_t weir__deflate_fits(size_t room)
{
    if (room < DEFLATER_EXTRA)
        return 0;
    const size_t most = room - DEFLATER_EXTRA;
    const size_t len = most - most / 9;
    return len + len / 8 > most ? len - 1 : len;
}

/* RFC 7692 7.2.1: end at a byte, with an empty stored block, of which the message's last bytes
 * 00 00 FF FF are left out. */
static size_t deflater_end(weir__deflate_out *writer, bool last, const uint8_t *out)
{
    static const uint8_t flush[4] = {0x00, 0x00, 0xFF, 0xFF};
    writer->count = (writer->count + 3 + 7) & ~7u;
    weir__deflate_flush(writer);
    if (!last) {
        memcpy(writer->at, flush, sizeof flush);
        writer->at += sizeof flush;
    }
    return (size_t)(writer->at - out);
}

static void deflater_blocks(weir__deflate_scratch *scratch, weir__deflate_text *text,
                            const uint8_t *end, weir__deflate_out *writer)
{
    while (text->at < end) {
        const size_t left = (size_t)(end - text->at);
        const size_t n = left < scratch->block_bytes ? left : scratch->block_bytes;
        weir__deflate_block(&scratch->bench, text, text->at + n, writer);
    }
}

static uint32_t deflater_history(const weir__deflate *deflate)
{
    const uint32_t held = deflate->end - deflate->first;
    const uint32_t window = 1u << deflate->window_bits;
    return held < window ? held : window;
}

static void deflater_slide(weir__deflate *deflate)
{
    const uint32_t history = deflater_history(deflate);
    const uint32_t moved = deflate->end - history;
    memmove(deflate->window, deflate->window + moved, history);
    deflate->position += moved;
    deflate->first = 0;
    deflate->end = history;
}

/* A text whose history begins at first and ends where the message of len bytes begins. */
static weir__deflate_text deflater_text(const weir__deflate *deflate,
                                        weir__deflate_scratch *scratch, const uint8_t *first,
                                        const uint8_t *at, size_t len)
{
    weir__deflate_text text;
    text.first = first;
    text.at = at;
    text.table = deflate->table;
    text.position = deflate->position + (uint32_t)(deflate->end - (size_t)(at - first));
    text.window = 1u << deflate->window_bits;
    text.hash_bits = deflate->hash_bits;
    text.repeat = deflate->repeat;
    text.finder = deflate->finder;
    if (text.table)
        return text;
    /* Made from the same bytes each time, whoever used it in between: what comes out must not
     * depend on other connections. */
    const size_t held = (size_t)(at - first);
    const size_t want = len < text.window ? len * DEFLATER_LEARN_FACTOR : text.window;
    const size_t learn = want < DEFLATER_LEARN_MIN ? DEFLATER_LEARN_MIN : want;
    text.position = 1;
    text.table = scratch->table;
    memset(text.table, 0, (size_t)8 << text.hash_bits);
    weir__deflate_match_learn(&text, learn < held ? at - learn : first);
    scratch->position = UINT16_MAX;
    return text;
}

/* A message that fits behind the history. */
static size_t deflater_short(weir__deflate *deflate, weir__deflate_scratch *scratch,
                             const uint8_t *in, size_t len, bool last, size_t max, uint8_t *out)
{
    weir__deflate_out writer = {0, 0, out};
    if (len > deflate->cap - deflate->end)
        deflater_slide(deflate);
    uint8_t *const at = deflate->window + deflate->end;
    memcpy(at, in, len);
    weir__deflate_text text =
        deflater_text(deflate, scratch, deflate->window + deflate->first, at, len);
    deflater_blocks(scratch, &text, at + len, &writer);
    const size_t made = deflater_end(&writer, last, out);
    if (made > max)
        return 0;
    deflate->end += (uint32_t)len;
    deflate->repeat = text.repeat;
    return made;
}

/* A long message: history and message go through the scratch, block by block. */
static size_t deflater_long(weir__deflate *deflate, weir__deflate_scratch *scratch,
                            const uint8_t *in, size_t len, bool last, size_t max, uint8_t *out)
{
    weir__deflate_out writer = {0, 0, out};
    const size_t window = (size_t)1 << deflate->window_bits;
    size_t held = deflater_history(deflate);
    memcpy(scratch->work, deflate->window + deflate->end - held, held);
    weir__deflate_text text =
        deflater_text(deflate, scratch, scratch->work, scratch->work + held, len);
    for (size_t n; len > 0; in += n, len -= n) {
        if (held > window) {
            const size_t moved = held - window;
            memmove(scratch->work, scratch->work + moved, window);
            text.position += (uint32_t)moved;
            held = window;
        }
        n = len < scratch->block_bytes ? len : scratch->block_bytes;
        text.at = scratch->work + held;
        memcpy(scratch->work + held, in, n);
        held += n;
        weir__deflate_block(&scratch->bench, &text, scratch->work + held, &writer);
    }
    const size_t made = deflater_end(&writer, last, out);
    if (made > max)
        return 0;
    const size_t keep = held < window ? held : window;
    memcpy(deflate->window, scratch->work + held - keep, keep);
    deflate->first = 0;
    deflate->end = (uint32_t)keep;
    deflate->position = text.position + (uint32_t)(held - keep);
    deflate->repeat = text.repeat;
    return made;
}

size_t weir__deflate_run(weir__deflate *deflate, weir__deflate_scratch *scratch, const uint8_t *in,
                         size_t len, bool last, size_t max, uint8_t *out)
{
    if (len == 0) {
        weir__deflate_out writer = {0, 0, out};
        const size_t made = last ? deflater_end(&writer, true, out) : 0;
        return made <= max ? made : 0;
    }
    const size_t slack = deflate->cap - ((size_t)1 << deflate->window_bits);
    return len <= slack ? deflater_short(deflate, scratch, in, len, last, max, out)
                        : deflater_long(deflate, scratch, in, len, last, max, out);
}

size_t weir__deflate_alone(weir__deflate_scratch *scratch, weir_deflate_level level, uint32_t bits,
                           const uint8_t *in, size_t len, bool last, uint8_t *out)
{
    weir__deflate_out writer = {0, 0, out};
    weir__deflate_text text;
    /* Places of earlier messages lie before this one, so they are out of reach: unless positions
     * wrap, for which the table must be empty at first. */
    if (len > UINT16_MAX - scratch->position) {
        memset(scratch->table, 0, scratch->table_bytes);
        scratch->position = 1;
    }
    text.finder = level == WEIR_DEFLATE_FAST ? WEIR__DEFLATE_PAIRS : WEIR__DEFLATE_CHAINS;
    weir__deflate_table_bytes(text.finder, bits, &text.hash_bits);
    text.first = in;
    text.at = in;
    text.table = scratch->table;
    text.position = scratch->position;
    text.window = 1u << bits;
    text.repeat = 0;
    if (len > 0)
        deflater_blocks(scratch, &text, in + len, &writer);
    scratch->position =
        len < UINT16_MAX - scratch->position ? scratch->position + (uint32_t)len : UINT16_MAX;
    return len > 0 || last ? deflater_end(&writer, last, out) : 0;
}

/* Bytes that are evenly spread make the sum of squares of their counts a minimum, about n +
 * n*n/256. Text has many times that; with less than half more not much can be won. A count of 255
 * alone is beyond that. */
bool weir__deflate_worth(const uint8_t *data, size_t len)
{
    uint8_t count[256] = {0};
    if (len < 256)
        return true;
    const size_t step = len < 1024 ? 1 : len / 1024;
    uint32_t n = 0;
    for (size_t i = 0; i < len && n < 1024; i += step, n++)
        count[data[i]] = (uint8_t)(count[data[i]] + (count[data[i]] < UINT8_MAX));
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 256; i++)
        sum += (uint32_t)count[i] * count[i];
    return sum > n + n * n / 256 * 3 / 2;
}
