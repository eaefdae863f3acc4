/* SPDX-License-Identifier: MIT */
/* permessage-deflate of a connection (RFC 7692): what was agreed, windows, shared scratch. */
#ifndef WEIR_CONN_COMPRESSION_H
#define WEIR_CONN_COMPRESSION_H

#include "../deflate/deflater.h"
#include "../deflate/inflate.h"
#include "../protocol/permessage.h"
#include "conn.h"

/* A decompressor and a compressor with their windows, each in one block. */
typedef struct weir__inflater {
    size_t cap;
    weir__inflate codec;
    uint8_t window[];
} weir__inflater;

typedef struct weir__deflater {
    size_t cap;
    weir__deflate codec;
    uint8_t memory[];
} weir__deflater;

/* Exists where compression was agreed. */
struct weir__compression {
    size_t cap; /* of this block */
    weir__permessage_agreed agreed;
    bool rx_message;          /* the message under way came compressed */
    bool tx_stream;           /* the streamed message is compressed */
    uint64_t rx_at;           /* position of the compressed message under way in the input */
    uint64_t rx_payload;      /* its compressed bytes, by slices of 16 KiB as they begin */
    uint32_t rx_slice;        /* of them, those that are still to come */
    uint64_t used_at;         /* when the compressor was last used */
    weir__inflater *inflater; /* NULL: the window is empty */
    weir__deflater *deflater; /* NULL: the window is empty */

    uint64_t rx_deflated;
    uint64_t rx_inflated;
    uint64_t tx_inflated;
    uint64_t tx_deflated;
    uint64_t tx_skipped;
};

/* Free the shared scratch. */
void weir__codec_scratch_free(weir_context *context);

/* Part of the handshake: from here on messages may be compressed. WEIR_OK or WEIR_E_MEMORY. */
int weir__compression_start(weir_conn *conn, const weir__permessage_agreed *agreed);

void weir__compression_free(weir_conn *conn);

/* Let the compressor go. */
void weir__compression_trim(weir_conn *conn);

uint64_t weir__compression_bytes(const weir_conn *conn);

/* ---- Receiving -------------------------------------------------------------------------------*/

/* Bytes that the message may still become by the limit on expansion. */
uint64_t weir__compression_left(const weir_conn *conn);

/* Inflate the next bytes of the message under way, at most max bytes out. As weir__inflate_run;
 * also WEIR_E_MEMORY. */
int weir__compression_inflate(weir_conn *conn, const uint8_t *in, size_t len, bool last, size_t max,
                              weir__inflate_piece *piece);

/* The message is complete. */
void weir__compression_received(weir_conn *conn);

/* ---- Sending ---------------------------------------------------------------------------------*/

/* The weir_compression of a message to be sent, where it was agreed on: what its type says, or the
 * config's mode. */
int weir__compression_choice(const weir_conn *conn, int type);

/* Compressed bytes in pooled memory; cap 0: send it plain. */
typedef struct weir__deflated {
    uint8_t *data;
    size_t len;
    size_t cap;
} weir__deflated;

/* Compress a whole message, or for AUTO find that it is better sent plain. WEIR_OK or
 * WEIR_E_MEMORY. */
int weir__compression_message(weir_conn *conn, int choice, const uint8_t *data, size_t len,
                              weir__deflated *out);

/* Whether a streamed message is compressed, as far as its first piece tells. */
bool weir__compression_stream(weir_conn *conn, int choice, const uint8_t *data, size_t len);

/* Compress a piece of a streamed message. */
int weir__compression_piece(weir_conn *conn, const uint8_t *data, size_t len, bool last,
                            weir__deflated *out);

/* Compress a message so that any connection with windows of these bits can send it. cap 0: plain is
 * shorter, or AUTO finds it not worth while. */
int weir__compression_shared(weir_context *context, int choice, uint32_t bits, const uint8_t *data,
                             size_t len, weir__deflated *out);

/* A prepared message of len bytes was queued, compressed to packed bytes; or as it is. */
void weir__compression_shared_sent(weir_conn *conn, size_t len, size_t packed);
void weir__compression_shared_skipped(weir_conn *conn, int choice);

/* The peer's window is no longer as the compressor has it. */
void weir__compression_forget(weir_conn *conn);

void weir__deflated_free(weir_context *context, weir__deflated *out);

#endif
