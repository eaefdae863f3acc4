/* SPDX-License-Identifier: MIT */
/* Codecs to be compared, one message a call; and the sessions of messages they work on. */
#ifndef WEIR_BENCH_CODECS_H
#define WEIR_BENCH_CODECS_H

#include <stddef.h>
#include <stdint.h>

#define SESSION_MAX 64

/* The messages that one connection sends. */
typedef struct session {
    char name[64];
    uint8_t *data;
    size_t len;
    size_t count; /* messages */
    size_t *sizes;
    size_t longest;
} session;

typedef struct bench_codec bench_codec;

/* What a codec is made of. A conn is what it keeps for one connection. */
typedef struct codec_kind {
    void *(*open)(bench_codec *codec); /* sets memory */
    void (*reset)(bench_codec *codec, void *conn);
    size_t (*turn)(bench_codec *codec, void *conn, const uint8_t *in, size_t len, uint8_t *out);
    int unpacks;
} codec_kind;

struct bench_codec {
    const char *name;
    const codec_kind *kind;
    int level;
    int bits;
    int mem_level;
    int takeover;
    void *shared;  /* by all connections: a scratch */
    size_t memory; /* a connection */
};

extern const codec_kind codec_zlib;
extern const codec_kind codec_zlib_unpack;
extern const codec_kind codec_libdeflate;
extern const codec_kind codec_weir;
extern const codec_kind codec_weir_unpack;
extern const codec_kind codec_weir_pieces; /* unpacks too, and leaves what comes out where it is */

#define CODEC(name, kind, level, bits, takeover)                                                   \
    {                                                                                              \
        name, &codec_##kind, level, bits, 8, takeover, NULL, 0                                     \
    }

/* WEIR_CORPUS names a folder of sessions: files *.ws, for each message its length in 4 bytes, the
 * lowest first, and its bytes. Without it one session is made up. */
const session *session_all(size_t *count);

/* Room for what a codec makes of len bytes in count messages. */
size_t session_room(size_t len, size_t count);

/* Pack or unpack all messages of a session; what comes out lies in a row, the lengths in sizes.
 * in_sizes are the lengths of what goes in. Returns the bytes that came out. */
size_t codec_run(bench_codec *codec, void *conn, const uint8_t *in, const size_t *in_sizes,
                 size_t count, uint8_t *out, size_t *sizes);

/* End the program unless the packed message becomes the plain one; conn is of codec_zlib_unpack. */
void codec_check(bench_codec *unpack, void *conn, const uint8_t *packed, size_t packed_len,
                 const uint8_t *plain, size_t len, const char *name);

/* The lower quartile of n times. */
double codec_quartile(double *times, size_t n);

#endif
