/* SPDX-License-Identifier: MIT */
/* For tests of the codec: zlib's verdict. */
#ifndef WEIR_TESTS_CODEC_ZLIB_H
#define WEIR_TESTS_CODEC_ZLIB_H

#include "codec.h"

#include <zlib.h>

/* Decode a message as RFC 7692 7.2.2 says. 1: it is right, *made bytes are at out. */
static inline int codec_oracle(z_stream *z, const uint8_t *payload, size_t len, uint8_t *out,
                               size_t room, size_t *made)
{
    static const uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};
    uint8_t *const in = malloc(len + sizeof tail);
    memcpy(in, payload ? payload : tail, len);
    memcpy(in + len, tail, sizeof tail);
    z->next_in = in;
    z->avail_in = (uInt)(len + sizeof tail);
    z->next_out = out;
    z->avail_out = (uInt)room;
    int right = len == 0; /* a documented choice: no bytes are an empty message */
    while (len > 0) {
        const int result = inflate(z, Z_SYNC_FLUSH);
        if (result == Z_STREAM_END && z->avail_in == sizeof tail) {
            right = 1; /* another: a final block may be all there is */
            inflateResetKeep(z);
            break;
        }
        if (result == Z_STREAM_END)
            inflateResetKeep(z);
        else if (result != Z_OK || z->avail_in > 0)
            break;
        right = z->avail_in == 0 && (result == Z_STREAM_END || z->data_type == 128);
        if (z->avail_in == 0)
            break;
    }
    *made = room - z->avail_out;
    free(in);
    return right;
}

#endif
