/* SPDX-License-Identifier: MIT */
/* The context: what many connections of one thread share. */
#ifndef WEIR_CONN_CONTEXT_H
#define WEIR_CONN_CONTEXT_H

#include <weir/weir.h>

#include "../base/wheel.h"
#include "../kernels/kernels.h"
#include "../protocol/handshake.h"
#include "../deflate/deflater.h"
#include "../deflate/inflate.h"
#include "random.h"

/* Separate streams, so that the keys on the wire tell nothing of the nonces. */
typedef struct weir__entropy {
    weir__random masks;
    weir__random nonces;
} weir__entropy;

/* What the codecs of all connections use in turns; made when first needed. */
typedef struct weir__codec_scratch {
    weir__inflate_scratch *inflate;
    size_t inflate_cap;
    weir__deflate_scratch *deflate;
    size_t deflate_cap;
} weir__codec_scratch;

struct weir_context {
    weir_config policy; /* texts point into texts */
    weir__memory memory;
    const weir__kernels *kernels;
    weir__entropy *entropy; /* NULL without a seed */
    weir__buffer texts;
    weir__codec_scratch codec;
    uint64_t now;
    weir__wheel wheel;  /* deadlines of connections */
    weir__node expired; /* connections whose deadline may have passed */
    weir__node ready;   /* connections with output or events of their own */
    uint64_t message_count;
    uint64_t proxy_count;
    weir_stats totals; /* of all connections, those that are gone included */

    /* What weir_conn_input_buffer gave last. */
    uint8_t *read_buffer; /* policy.read_buffer_bytes, made when first needed */
    weir_conn *input_conn;
    uint8_t *input_at;
    size_t input_len;
};

int weir__context_create(const weir_config *config, weir_context **context);
int weir__context_free(weir_context *context);
void weir__context_set_time(weir_context *context, uint64_t now);
uint64_t weir__context_next_due(weir_context *context);
weir_conn *weir__context_next_ready(weir_context *context);

#endif
