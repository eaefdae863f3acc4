/* SPDX-License-Identifier: MIT */
/* Codecs to be compared: weir, zlib, libdeflate. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_codecs.h"
#include "../../src/deflate/deflater.h"
#include "../../src/deflate/inflate.h"

#ifdef WEIR_HAVE_ZLIB
#include <zlib.h>
#ifdef WEIR_HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

/* ---- zlib ------------------------------------------------------------------------------------*/

static size_t codec_held; /* by zlib */

static void *codec_zlib_alloc(void *user, unsigned items, unsigned size)
{
    (void)user;
    codec_held += (size_t)items * size;
    return calloc(items, size);
}

static void codec_zlib_free(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

static z_stream *codec_zlib_stream(void)
{
    z_stream *const z = calloc(1, sizeof *z);
    z->zalloc = codec_zlib_alloc;
    z->zfree = codec_zlib_free;
    codec_held = 0;
    return z;
}

static void *codec_zlib_open(bench_codec *codec)
{
    z_stream *const z = codec_zlib_stream();
    if (deflateInit2(z, codec->level, Z_DEFLATED, -codec->bits, codec->mem_level,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        bench_die("deflateInit2");
    codec->memory = codec_held;
    return z;
}

static void codec_zlib_reset(bench_codec *codec, void *conn)
{
    (void)codec;
    deflateReset(conn);
}

static size_t codec_zlib_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                              uint8_t *out)
{
    z_stream *const z = conn;
    if (!codec->takeover)
        deflateReset(z);
    z->next_in = (uint8_t *)(uintptr_t)in;
    z->avail_in = (uInt)len;
    z->next_out = out;
    z->avail_out = 1u << 30;
    deflate(z, Z_SYNC_FLUSH);
    return (size_t)(z->next_out - out) - 4;
}

const codec_kind codec_zlib = {codec_zlib_open, codec_zlib_reset, codec_zlib_turn, 0};

static void *codec_zlib_unpack_open(bench_codec *codec)
{
    z_stream *const z = codec_zlib_stream();
    if (inflateInit2(z, -codec->bits) != Z_OK)
        bench_die("inflateInit2");
    codec->memory = codec_held + ((size_t)1 << codec->bits); /* it takes the window later */
    return z;
}

static void codec_zlib_unpack_reset(bench_codec *codec, void *conn)
{
    (void)codec;
    inflateReset(conn);
}

static size_t codec_zlib_unpack_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                                     uint8_t *out)
{
    static uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};
    z_stream *const z = conn;
    if (!codec->takeover)
        inflateReset(z);
    z->next_in = (uint8_t *)(uintptr_t)in;
    z->avail_in = (uInt)len;
    z->next_out = out;
    z->avail_out = 1u << 30;
    inflate(z, Z_SYNC_FLUSH);
    z->next_in = tail;
    z->avail_in = sizeof tail;
    inflate(z, Z_SYNC_FLUSH);
    return (size_t)(z->next_out - out);
}

const codec_kind codec_zlib_unpack = {codec_zlib_unpack_open, codec_zlib_unpack_reset,
                                      codec_zlib_unpack_turn, 1};

/* ---- libdeflate, which has no takeover -------------------------------------------------------*/

#ifdef WEIR_HAVE_LIBDEFLATE
static void *codec_libdeflate_open(bench_codec *codec)
{
    return libdeflate_alloc_compressor(codec->level);
}

static void codec_libdeflate_reset(bench_codec *codec, void *conn)
{
    (void)codec;
    (void)conn;
}

static size_t codec_libdeflate_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                                    uint8_t *out)
{
    (void)codec;
    return libdeflate_deflate_compress(conn, in, len, out, 2 * len + 100);
}

const codec_kind codec_libdeflate = {codec_libdeflate_open, codec_libdeflate_reset,
                                     codec_libdeflate_turn, 0};
#endif

/* ---- weir ------------------------------------------------------------------------------------*/

static void codec_weir_reset(bench_codec *codec, void *conn)
{
    weir__deflate_init(conn, (uint8_t *)conn + sizeof(weir__deflate),
                       (weir_deflate_level)codec->level, (uint32_t)codec->bits);
}

static void *codec_weir_open(bench_codec *codec)
{
    const uint32_t bits = (uint32_t)codec->bits;
    const size_t window = weir__deflate_window_bytes((weir_deflate_level)codec->level, bits);
    if (!codec->shared)
        codec->shared = weir__deflate_scratch_init(malloc(weir__deflate_scratch_bytes(bits)), bits);
    codec->memory = codec->takeover ? sizeof(weir__deflate) + window : 0;
    void *const conn = malloc(sizeof(weir__deflate) + window);
    codec_weir_reset(codec, conn);
    return conn;
}

static size_t codec_weir_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                              uint8_t *out)
{
    if (codec->takeover)
        return weir__deflate_run(conn, codec->shared, in, len, true, SIZE_MAX, out);
    return weir__deflate_alone(codec->shared, (weir_deflate_level)codec->level,
                               (uint32_t)codec->bits, in, len, true, out);
}

const codec_kind codec_weir = {codec_weir_open, codec_weir_reset, codec_weir_turn, 0};

static void codec_weir_unpack_reset(bench_codec *codec, void *conn)
{
    weir__inflate_init(conn, (uint8_t *)conn + sizeof(weir__inflate), (uint32_t)codec->bits,
                       codec->takeover != 0);
}

static void *codec_weir_unpack_open(bench_codec *codec)
{
    const uint32_t bits = (uint32_t)codec->bits;
    if (!codec->shared) {
        codec->shared = malloc(weir__inflate_scratch_bytes(bits));
        weir__inflate_scratch_init(codec->shared, bits);
    }
    codec->memory = sizeof(weir__inflate) + weir__inflate_window_bytes(bits);
    void *const conn = malloc(codec->memory);
    codec_weir_unpack_reset(codec, conn);
    return conn;
}

/* out may be NULL: the pieces are looked at where they are. */
static size_t codec_weir_unpack_to(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                                   uint8_t *out)
{
    weir__inflate_piece piece;
    int step;
    size_t made = 0;
    do {
        step = weir__inflate_run(conn, codec->shared, in, len, true, SIZE_MAX, &piece);
        in += piece.used;
        len -= piece.used;
        if (piece.len > 0 && out)
            memcpy(out + made, piece.data, piece.len);
        made += piece.len;
    } while (step == WEIR__INFLATE_FULL);
    if (step != WEIR__INFLATE_DONE)
        bench_die("weir__inflate_run");
    return made;
}

static size_t codec_weir_unpack_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                                     uint8_t *out)
{
    return codec_weir_unpack_to(codec, conn, in, len, out);
}

const codec_kind codec_weir_unpack = {codec_weir_unpack_open, codec_weir_unpack_reset,
                                      codec_weir_unpack_turn, 1};

static size_t codec_weir_pieces_turn(bench_codec *codec, void *conn, const uint8_t *in, size_t len,
                                     uint8_t *out)
{
    (void)out;
    return codec_weir_unpack_to(codec, conn, in, len, NULL);
}

const codec_kind codec_weir_pieces = {codec_weir_unpack_open, codec_weir_unpack_reset,
                                      codec_weir_pieces_turn, 1};

/* ---- All messages of a session ---------------------------------------------------------------*/

size_t codec_run(bench_codec *codec, void *conn, const uint8_t *in, const size_t *in_sizes,
                 size_t count, uint8_t *out, size_t *sizes)
{
    size_t made = 0;
    codec->kind->reset(codec, conn);
    for (size_t i = 0; i < count; in += in_sizes[i++]) {
        sizes[i] = codec->kind->turn(codec, conn, in, in_sizes[i], out + made);
        made += sizes[i];
    }
    return made;
}

void codec_check(bench_codec *unpack, void *conn, const uint8_t *packed, size_t packed_len,
                 const uint8_t *plain, size_t len, const char *name)
{
    static uint8_t *out;
    static size_t cap;
    if (cap < len + 1) {
        free(out);
        cap = 2 * len + 1;
        out = malloc(cap);
    }
    if (unpack->kind->turn(unpack, conn, packed, packed_len, out) != len ||
        memcmp(out, plain, len) != 0)
        bench_die(name);
}

static int codec_compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double codec_quartile(double *times, size_t n)
{
    qsort(times, n, sizeof *times, codec_compare_times);
    return times[n / 4];
}

#endif
