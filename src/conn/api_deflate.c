/* SPDX-License-Identifier: MIT */
/* The exported functions of the codec: arguments are checked here, all else happens below. */
#include <weir/deflate.h>

#include "../base/parts.h"
#include "../deflate/deflater.h"
#include "../deflate/inflate.h"

struct weir_inflate {
    weir__inflate codec;
    uint8_t window[];
};

struct weir_deflate {
    weir__deflate codec;
    uint8_t memory[];
};

static bool api_deflate_bits_valid(int bits)
{
    return WEIR__PART_DEFLATE && bits >= 8 && bits <= 15;
}

static bool api_deflate_level_valid(int level)
{
    return level >= WEIR_DEFLATE_COMPACT && level <= WEIR_DEFLATE_BEST;
}

/* Whether len bytes at data can be read or written. */
static bool api_deflate_bytes_valid(const void *data, size_t len)
{
    return data || len == 0;
}

static int api_deflate_memory_check(const void *memory, size_t size, size_t need)
{
    if (!WEIR__PART_DEFLATE)
        return WEIR_E_OFF;
    if (!memory || (uintptr_t)memory % sizeof(void *) != 0 || need == 0)
        return WEIR_E_ARGUMENT;
    return size < need ? WEIR_E_SHORT : WEIR_OK;
}

/* ---- Decompression ---------------------------------------------------------------------------*/

size_t weir_inflate_size(int window_bits)
{
    if (!api_deflate_bits_valid(window_bits))
        return 0;
    return sizeof(weir_inflate) + weir__inflate_window_bytes((uint32_t)window_bits);
}

size_t weir_inflate_scratch_size(int window_bits)
{
    return api_deflate_bits_valid(window_bits) ? weir__inflate_scratch_bytes((uint32_t)window_bits)
                                               : 0;
}

int weir_inflate_scratch_init(void *memory, size_t size, int window_bits,
                              weir_inflate_scratch **scratch)
{
    const int status =
        api_deflate_memory_check(memory, size, weir_inflate_scratch_size(window_bits));
    if (status != WEIR_OK || !scratch)
        return status != WEIR_OK ? status : WEIR_E_ARGUMENT;
    weir__inflate_scratch_init(memory, (uint32_t)window_bits);
    *scratch = memory;
    return WEIR_OK;
}

int weir_inflate_init(void *memory, size_t size, int window_bits, int takeover,
                      weir_inflate **inflate)
{
    const int status = api_deflate_memory_check(memory, size, weir_inflate_size(window_bits));
    if (status != WEIR_OK || !inflate)
        return status != WEIR_OK ? status : WEIR_E_ARGUMENT;
    *inflate = memory;
    weir__inflate_init(&(*inflate)->codec, (*inflate)->window, (uint32_t)window_bits,
                       takeover != 0);
    return WEIR_OK;
}

static int api_deflate_step(int step)
{
    if (step < 0)
        return step;
    if (step == WEIR__INFLATE_DONE)
        return WEIR_CODEC_DONE;
    return step == WEIR__INFLATE_FULL ? WEIR_CODEC_OUTPUT : WEIR_CODEC_INPUT;
}

int weir_inflate_run(weir_inflate *inflate, weir_inflate_scratch *scratch, const void *data,
                     size_t len, int last, size_t *used, void *out, size_t room, size_t *made)
{
    weir__inflate_piece piece;
    if (!WEIR__PART_DEFLATE)
        return WEIR_E_OFF;
    if (!inflate || !scratch || !used || !made || !api_deflate_bytes_valid(data, len) ||
        !api_deflate_bytes_valid(out, room))
        return WEIR_E_ARGUMENT;
    const int step = weir__inflate_run(&inflate->codec, (weir__inflate_scratch *)(void *)scratch,
                                       data, len, last != 0, room, &piece);
    if (piece.len > 0)
        memcpy(out, piece.data, piece.len);
    *used = piece.used;
    *made = piece.len;
    return api_deflate_step(step);
}

uint64_t weir_inflate_blocks(const weir_inflate *inflate)
{
    return inflate ? inflate->codec.blocks : 0;
}

/* ---- Compression -----------------------------------------------------------------------------*/

size_t weir_deflate_size(int level, int window_bits)
{
    if (!api_deflate_level_valid(level) || !api_deflate_bits_valid(window_bits))
        return 0;
    return sizeof(weir_deflate) +
           weir__deflate_window_bytes((weir_deflate_level)level, (uint32_t)window_bits);
}

size_t weir_deflate_scratch_size(int window_bits)
{
    return api_deflate_bits_valid(window_bits) ? weir__deflate_scratch_bytes((uint32_t)window_bits)
                                               : 0;
}

int weir_deflate_scratch_init(void *memory, size_t size, int window_bits,
                              weir_deflate_scratch **scratch)
{
    const int status =
        api_deflate_memory_check(memory, size, weir_deflate_scratch_size(window_bits));
    if (status != WEIR_OK || !scratch)
        return status != WEIR_OK ? status : WEIR_E_ARGUMENT;
    weir__deflate_scratch_init(memory, (uint32_t)window_bits);
    *scratch = memory;
    return WEIR_OK;
}

int weir_deflate_init(void *memory, size_t size, int level, int window_bits, weir_deflate **deflate)
{
    const int status =
        api_deflate_memory_check(memory, size, weir_deflate_size(level, window_bits));
    if (status != WEIR_OK || !deflate)
        return status != WEIR_OK ? status : WEIR_E_ARGUMENT;
    *deflate = memory;
    weir__deflate_init(&(*deflate)->codec, (*deflate)->memory, (weir_deflate_level)level,
                       (uint32_t)window_bits);
    return WEIR_OK;
}

size_t weir_deflate_bound(size_t len)
{
    return weir__deflate_bound(len);
}

static int api_deflate_room_check(const void *data, size_t len, const size_t *used, const void *out,
                                  size_t room, const size_t *made)
{
    if (!WEIR__PART_DEFLATE)
        return WEIR_E_OFF;
    if (!used || !made || !out || !api_deflate_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    const size_t least = len == 0 ? weir__deflate_bound(0) : WEIR_DEFLATE_MIN_ROOM;
    return room < least ? WEIR_E_SHORT : WEIR_OK;
}

/* What a call that took some of the bytes says. */
static int api_deflate_taken(size_t used, size_t len, int last)
{
    if (used < len)
        return WEIR_CODEC_OUTPUT;
    return last ? WEIR_CODEC_DONE : WEIR_CODEC_INPUT;
}

int weir_deflate_run(weir_deflate *deflate, weir_deflate_scratch *scratch, const void *data,
                     size_t len, int last, size_t max, size_t *used, void *out, size_t room,
                     size_t *made)
{
    const int status = api_deflate_room_check(data, len, used, out, room, made);
    weir__deflate_scratch *const shared = (weir__deflate_scratch *)(void *)scratch;
    if (status != WEIR_OK)
        return status;
    if (!deflate || !scratch || deflate->codec.window_bits > shared->window_bits)
        return WEIR_E_ARGUMENT;
    const size_t fits = weir__deflate_fits(room);
    const size_t n = len < fits ? len : fits;
    const bool ends = last && n == len;
    *used = n;
    /* Only of a whole message can it be said that nothing happened. */
    *made = weir__deflate_run(&deflate->codec, shared, data, n, ends, ends ? max : SIZE_MAX, out);
    if (*made > 0 || !ends)
        return api_deflate_taken(n, len, last);
    *used = 0;
    return WEIR_CODEC_LARGER;
}

int weir_deflate_alone(weir_deflate_scratch *scratch, int level, int window_bits, const void *data,
                       size_t len, int last, size_t *used, void *out, size_t room, size_t *made)
{
    const int status = api_deflate_room_check(data, len, used, out, room, made);
    weir__deflate_scratch *const shared = (weir__deflate_scratch *)(void *)scratch;
    if (status != WEIR_OK)
        return status;
    if (!scratch || !api_deflate_level_valid(level) || !api_deflate_bits_valid(window_bits) ||
        (uint32_t)window_bits > shared->window_bits)
        return WEIR_E_ARGUMENT;
    const size_t fits = weir__deflate_fits(room);
    const size_t n = len < fits ? len : fits;
    *used = n;
    *made = weir__deflate_alone(shared, (weir_deflate_level)level, (uint32_t)window_bits, data, n,
                                last && n == len, out);
    return api_deflate_taken(n, len, last);
}

void weir_deflate_forget(weir_deflate *deflate)
{
    if (deflate)
        weir__deflate_forget(&deflate->codec);
}

int weir_deflate_worth(const void *data, size_t len)
{
    return WEIR__PART_DEFLATE && api_deflate_bytes_valid(data, len) &&
           weir__deflate_worth(data, len);
}
