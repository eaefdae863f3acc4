/* SPDX-License-Identifier: MIT */
/**
 * The codec of permessage-deflate alone (RFC 7692 on RFC 1951): messages to payloads and back.
 *
 * Nothing here allocates. Each object lives in memory that the caller gives, aligned as malloc
 * does; to free it is to free that memory. What is large and lives only during a call is in a
 * scratch, one for all connections of a thread. Take and give payloads without the 00 00 FF FF
 * that RFC 7692 7.2.1 removes: the codec adds and removes it.
 *
 * Where the library was compiled with WEIR_NO_DEFLATE an object's size is 0, nothing is worth
 * compressing, and what makes or runs an object says WEIR_E_OFF.
 */
#ifndef WEIR_DEFLATE_H
#define WEIR_DEFLATE_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Compression without a connection --------------------------------------------------------*/

/** What a call of the codec says when nothing is wrong. */
typedef enum weir_codec_step {
    WEIR_CODEC_INPUT = 0,  /**< all input is taken and all output given: go on with more */
    WEIR_CODEC_OUTPUT = 1, /**< the output is full: go on with the rest of the input */
    WEIR_CODEC_DONE = 2,   /**< the message is complete, the next call begins another */
    WEIR_CODEC_LARGER = 3  /**< only weir_deflate_run: over max; nothing happened */
} weir_codec_step;

/** How hard to look for repetitions, and what memory a connection keeps for that. */
typedef enum weir_deflate_level {
    WEIR_DEFLATE_COMPACT = 1, /**< only the window: half the memory, more than twice the time */
    WEIR_DEFLATE_FAST = 2,    /**< three quarters of DEFAULT's time, 5 % more bytes */
    WEIR_DEFLATE_DEFAULT = 3,
    WEIR_DEFLATE_BEST = 4 /**< half more time, 5 to 10 % less bytes, twice the memory */
} weir_deflate_level;

/** Least room with which weir_deflate_run and weir_deflate_alone take a byte:
 * weir_deflate_bound(1).
 */
#define WEIR_DEFLATE_MIN_ROOM 65

/** A decompressor: of one direction of one connection. */
typedef struct weir_inflate weir_inflate;
/** Working memory of decompressors; the same one again saves time, but another will do as well. */
typedef struct weir_inflate_scratch weir_inflate_scratch;
/** A compressor with context takeover. Without takeover none is needed. */
typedef struct weir_deflate weir_deflate;
/** Working memory of compressors. */
typedef struct weir_deflate_scratch weir_deflate_scratch;

/**
 * Memory that a decompressor needs: its window, an eighth of that (at least 256 bytes), and less
 * than 1 KiB.
 *
 * window_bits  8..15: matches reach back 2^window_bits bytes.
 * Returns      bytes, 0 when window_bits is out of range.
 * Spec         RFC 7692 7.1.2.
 */
WEIR_API size_t weir_inflate_size(int window_bits);

/**
 * Memory that a scratch for decompressors needs: two windows and 10 KiB.
 *
 * window_bits  8..15: the largest window it serves well; larger ones work, long messages slower.
 * Returns      bytes, 0 when window_bits is out of range.
 */
WEIR_API size_t weir_inflate_scratch_size(int window_bits);

/**
 * Make a scratch for decompressors.
 *
 * memory       [size] bytes, borrowed as long as the scratch is used.
 * size         at least weir_inflate_scratch_size(window_bits).
 * window_bits  8..15.
 * scratch      out.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT: also memory that is not aligned; WEIR_E_SHORT.
 */
WEIR_API int weir_inflate_scratch_init(void *memory, size_t size, int window_bits,
                                       weir_inflate_scratch **scratch);

/**
 * Make a decompressor.
 *
 * memory       [size] bytes, borrowed as long as the decompressor is used.
 * size         at least weir_inflate_size(window_bits).
 * window_bits  8..15, as agreed for the direction.
 * takeover     1: messages refer to earlier ones; 0: each starts with an empty window, so between
 *              messages the decompressor may be thrown away.
 * inflate      out.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT: also memory that is not aligned; WEIR_E_SHORT.
 * Spec         RFC 7692 7.1.1, 7.1.2.
 */
WEIR_API int weir_inflate_init(void *memory, size_t size, int window_bits, int takeover,
                               weir_inflate **inflate);

/**
 * Decompress the next bytes of a message. They may be cut anywhere, so may the output, and other
 * decompressors may use the scratch in between, or the next call another scratch.
 *
 * A call with len > 0 or last takes a byte or gives one or completes the message or fails, if room
 * is not 0. What was made before a fault is given before the fault is told.
 *
 * inflate  changed.
 * scratch  changed.
 * data     [len] bytes, borrowed for this call; NULL only when len is 0.
 * len      bytes.
 * last     1: they are the last of the message (maybe none): its end is added to them. Give 1 with
 *          the rest of them too until the message is done.
 * used     out: bytes taken.
 * out      [room] bytes.
 * room     bytes; give no more than the limit of messages still allows, and one.
 * made     out: bytes written.
 * Returns  weir_codec_step: INPUT, OUTPUT or DONE.
 * Errors   WEIR_E_ARGUMENT; WEIR_E_DEFLATE_...: the peer's fault, which stays.
 * Spec     RFC 7692 7.2.2, RFC 1951.
 */
WEIR_API int weir_inflate_run(weir_inflate *inflate, weir_inflate_scratch *scratch,
                              const void *data, size_t len, int last, size_t *used, void *out,
                              size_t room, size_t *made);

/**
 * Blocks that the message at hand, or the last one, has begun: many of them with little output are
 * an attempt to waste time, though each costs no more than its bytes.
 *
 * inflate  borrowed for this call.
 * Returns  blocks.
 */
WEIR_API uint64_t weir_inflate_blocks(const weir_inflate *inflate);

/**
 * Memory that a compressor needs. With 13 bits: COMPACT 9 KiB, FAST and DEFAULT 17, BEST 33; it
 * halves with each bit less.
 *
 * level        weir_deflate_level.
 * window_bits  8..15: matches reach back 2^window_bits bytes; at most what was agreed.
 * Returns      bytes, 0 when an argument is out of range.
 */
WEIR_API size_t weir_deflate_size(int level, int window_bits);

/**
 * Memory that a scratch for compressors needs: nine windows and 8 KiB; with 15 bits
 * six windows, with less than 11 some 20 KiB in all.
 *
 * window_bits  8..15: the largest that it can be used for.
 * Returns      bytes, 0 when window_bits is out of range.
 */
WEIR_API size_t weir_deflate_scratch_size(int window_bits);

/**
 * Make a scratch for compressors.
 *
 * memory       [size] bytes, borrowed as long as the scratch is used.
 * size         at least weir_deflate_scratch_size(window_bits).
 * window_bits  8..15.
 * scratch      out.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT: also memory that is not aligned; WEIR_E_SHORT.
 */
WEIR_API int weir_deflate_scratch_init(void *memory, size_t size, int window_bits,
                                       weir_deflate_scratch **scratch);

/**
 * Make a compressor. To make it again between two messages is allowed at any time: it then starts
 * with an empty window, and the memory of an idle connection may be used elsewhere.
 *
 * memory       [size] bytes, borrowed as long as the compressor is used.
 * size         at least weir_deflate_size(level, window_bits).
 * level        weir_deflate_level.
 * window_bits  8..15, at most what was agreed. Peers that cannot do 8 are common: ask for 9.
 * deflate      out.
 * Returns      WEIR_OK.
 * Errors       WEIR_E_ARGUMENT: also memory that is not aligned; WEIR_E_SHORT.
 * Spec         RFC 7692 7.1.2.
 */
WEIR_API int weir_deflate_init(void *memory, size_t size, int level, int window_bits,
                               weir_deflate **deflate);

/**
 * Room for output with which all of the input is taken in one call: the bytes, an eighth of them
 * and 64. Nearly all of it is working space; the output itself is at most 12 bytes in 4096 longer
 * than the input, and 12.
 *
 * len      bytes of input.
 * Returns  bytes, SIZE_MAX when that is more than there can be.
 */
WEIR_API size_t weir_deflate_bound(size_t len);

/**
 * Compress the next bytes of a message. All that is taken comes out in the same call, so the peer
 * can read it at once; each call costs some 5 bytes, and small pieces compress less.
 *
 * deflate  changed.
 * scratch  changed; for at least the window of the compressor.
 * data     [len] bytes, borrowed for this call; NULL only when len is 0.
 * len      bytes.
 * last     1: they are the last of the message (maybe none).
 * max      only for a message in one call with enough room: when more than max bytes would come
 *          out, send it uncompressed; SIZE_MAX else.
 * used     out: bytes taken.
 * out      [room] bytes, not overlapping data; what is beyond made is changed too.
 * room     bytes, at least WEIR_DEFLATE_MIN_ROOM; best weir_deflate_bound(len).
 * made     out: bytes of output.
 * Returns  weir_codec_step: INPUT; OUTPUT: the rest did not fit; DONE; LARGER.
 * Errors   WEIR_E_ARGUMENT; WEIR_E_SHORT: too little room.
 * Spec     RFC 7692 7.2.1.
 */
WEIR_API int weir_deflate_run(weir_deflate *deflate, weir_deflate_scratch *scratch,
                              const void *data, size_t len, int last, size_t max, size_t *used,
                              void *out, size_t room, size_t *made);

/**
 * Compress the next bytes of a message without takeover: pieces refer to nothing before them, so
 * nothing is kept, and one payload serves many connections. A compressor of a connection that sends
 * such a payload must forget its window.
 *
 * scratch      changed; for at least this window.
 * level        weir_deflate_level: FAST, or any other, which all do the same.
 * window_bits  8..15.
 * data         [len] bytes, borrowed for this call; NULL only when len is 0.
 * len          bytes.
 * last         1: they are the last of the message (maybe none).
 * used         out: bytes taken.
 * out          [room] bytes, not overlapping data; what is beyond made is changed too.
 * room         bytes, at least WEIR_DEFLATE_MIN_ROOM; best weir_deflate_bound(len).
 * made         out: bytes of output.
 * Returns      weir_codec_step: INPUT; OUTPUT: the rest did not fit; DONE.
 * Errors       WEIR_E_ARGUMENT; WEIR_E_SHORT: too little room.
 * Spec         RFC 7692 7.1.1, 7.2.1.
 */
WEIR_API int weir_deflate_alone(weir_deflate_scratch *scratch, int level, int window_bits,
                                const void *data, size_t len, int last, size_t *used, void *out,
                                size_t room, size_t *made);

/**
 * Forget the window: to be called after a compressed message that did not come from this
 * compressor. Allowed at any time.
 *
 * deflate  changed.
 * Spec     RFC 7692 7.2.1.
 */
WEIR_API void weir_deflate_forget(weir_deflate *deflate);

/**
 * Whether bytes look as if they could be compressed: a cheap guess from 1 KiB of them at most, that
 * tells text and records from what is compressed or encrypted already.
 *
 * data     [len] bytes, borrowed for this call; NULL only when len is 0.
 * len      bytes.
 * Returns  1: try; 0: not worth it.
 */
WEIR_API int weir_deflate_worth(const void *data, size_t len);

#ifdef __cplusplus
}
#endif

#endif
