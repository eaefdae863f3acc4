/* SPDX-License-Identifier: MIT */
/* permessage-deflate of a connection (RFC 7692): what was agreed, windows, shared scratch. */
#include "compression.h"

#include <string.h>

#include "assembly.h"
#include "deadline.h"

#define COMPRESSION_BITS_MAX 15u
#define COMPRESSION_RATIO_FLOOR 65536u /* output below which expansion is not judged */

/* ---- Memory ----------------------------------------------------------------------------------*/

static weir__inflate_scratch *compression_inflate_scratch(weir_context *context)
{
    weir__codec_scratch *const scratch = &context->codec;
    if (scratch->inflate)
        return scratch->inflate;
    /* What the policy asks of peers binds only those that agree. */
    const uint32_t bits = context->policy.deflate_rx_firm
                              ? (uint32_t)context->policy.deflate_rx_bits
                              : COMPRESSION_BITS_MAX;
    const size_t cap = weir__inflate_scratch_bytes(bits);
    scratch->inflate = weir__memory_take(&context->memory, cap);
    if (!scratch->inflate)
        return NULL;
    scratch->inflate_cap = cap;
    weir__inflate_scratch_init(scratch->inflate, bits);
    return scratch->inflate;
}

static uint32_t compression_scratch_bits(const weir_context *context)
{
    return (uint32_t)context->policy.deflate_tx_bits;
}

static weir__deflate_scratch *compression_deflate_scratch(weir_context *context)
{
    weir__codec_scratch *const scratch = &context->codec;
    if (scratch->deflate)
        return scratch->deflate;
    const uint32_t bits = compression_scratch_bits(context);
    const size_t cap = weir__deflate_scratch_bytes(bits);
    void *const memory = weir__memory_take(&context->memory, cap);
    if (!memory)
        return NULL;
    scratch->deflate_cap = cap;
    scratch->deflate = weir__deflate_scratch_init(memory, bits);
    return scratch->deflate;
}

void weir__codec_scratch_free(weir_context *context)
{
    weir__codec_scratch *const scratch = &context->codec;
    weir__memory_give(&context->memory, scratch->inflate, scratch->inflate_cap);
    weir__memory_give(&context->memory, scratch->deflate, scratch->deflate_cap);
    *scratch = (weir__codec_scratch){NULL, 0, NULL, 0};
}

int weir__compression_start(weir_conn *conn, const weir__permessage_agreed *agreed)
{
    if (!agreed->enabled)
        return WEIR_OK;
    if (!weir__conn_open_extra(conn))
        return WEIR_E_MEMORY;
    size_t cap;
    weir__compression *const made = weir__pool_take(&conn->context->memory, sizeof *made, &cap);
    if (!made)
        return WEIR_E_MEMORY;
    memset(made, 0, sizeof *made);
    made->cap = cap;
    made->agreed = *agreed;
    conn->extra->compression = made;
    return WEIR_OK;
}

/* A window that lives as long as its connection takes what it needs and no more: a block of the
 * pool may be nearly twice as large. One that lives for a message comes from the pool. */
static void *compression_take(weir_conn *conn, bool takeover, size_t size, size_t *cap)
{
    *cap = size;
    return takeover ? weir__memory_take(&conn->context->memory, size)
                    : weir__pool_take(&conn->context->memory, size, cap);
}

static void compression_give(weir_conn *conn, bool takeover, void *window, size_t cap)
{
    if (takeover)
        weir__memory_give(&conn->context->memory, window, cap);
    else
        weir__pool_give(&conn->context->memory, window, cap);
}

static void compression_free_inflater(weir_conn *conn)
{
    weir__compression *const compression = conn->extra->compression;
    weir__inflater *const inflater = compression->inflater;
    compression->inflater = NULL;
    if (inflater)
        compression_give(conn, compression->agreed.rx_takeover, inflater, inflater->cap);
}

void weir__compression_trim(weir_conn *conn)
{
    weir__compression *const compression = weir__conn_compression(conn);
    if (!compression || !compression->deflater)
        return;
    weir__deflater *const deflater = compression->deflater;
    compression->deflater = NULL;
    compression_give(conn, true, deflater, deflater->cap);
}

void weir__compression_free(weir_conn *conn)
{
    weir__compression *const compression = weir__conn_compression(conn);
    if (!compression)
        return;
    compression_free_inflater(conn);
    weir__compression_trim(conn);
    conn->extra->compression = NULL;
    weir__pool_give(&conn->context->memory, compression, compression->cap);
    weir__conn_settle_extra(conn);
}

uint64_t weir__compression_bytes(const weir_conn *conn)
{
    const weir__compression *const compression = weir__conn_compression(conn);
    if (!compression)
        return 0;
    return compression->cap + (compression->inflater ? compression->inflater->cap : 0) +
           (compression->deflater ? compression->deflater->cap : 0);
}

/* ---- Receiving -------------------------------------------------------------------------------*/

static weir__inflater *compression_inflater(weir_conn *conn)
{
    weir__compression *const compression = conn->extra->compression;
    if (compression->inflater)
        return compression->inflater;
    const uint32_t bits = compression->agreed.rx_window_bits;
    size_t cap;
    weir__inflater *const made =
        compression_take(conn, compression->agreed.rx_takeover,
                         sizeof *made + weir__inflate_window_bytes(bits), &cap);
    if (!made)
        return NULL;
    made->cap = cap;
    weir__inflate_init(&made->codec, made->window, bits, compression->agreed.rx_takeover);
    compression->inflater = made;
    return made;
}

uint64_t weir__compression_left(const weir_conn *conn)
{
    const uint64_t ratio = conn->policy->deflate_max_ratio;
    const uint64_t in = conn->extra->compression->rx_payload;
    const uint64_t most = in > 0 && ratio > WEIR_NONE / in ? WEIR_NONE : in * ratio;
    const uint64_t allowed = most < COMPRESSION_RATIO_FLOOR ? COMPRESSION_RATIO_FLOOR : most;
    return allowed > conn->rx->message_bytes ? allowed - conn->rx->message_bytes : 0;
}

int weir__compression_inflate(weir_conn *conn, const uint8_t *in, size_t len, bool last, size_t max,
                              weir__inflate_piece *piece)
{
    weir__inflate_scratch *const scratch = compression_inflate_scratch(conn->context);
    weir__inflater *const inflater = scratch ? compression_inflater(conn) : NULL;
    if (!inflater)
        return WEIR_E_MEMORY;
    inflater->codec.max_blocks = conn->policy->deflate_max_blocks;
    const int step = weir__inflate_run(&inflater->codec, scratch, in, len, last, max, piece);
    if (step < 0)
        return step;
    conn->extra->compression->rx_deflated += piece->used;
    conn->extra->compression->rx_inflated += piece->len;
    conn->context->totals.rx_deflated_bytes += piece->used;
    conn->context->totals.rx_inflated_bytes += piece->len;
    return step;
}

void weir__compression_received(weir_conn *conn)
{
    weir__compression *const compression = conn->extra->compression;
    compression->rx_message = false;
    /* RFC 7692 7.1.1: without takeover nothing is kept between messages. */
    if (!compression->agreed.rx_takeover)
        compression_free_inflater(conn);
}

/* ---- Sending ---------------------------------------------------------------------------------*/

int weir__compression_choice(const weir_conn *conn, int type)
{
    const int asked = type & WEIR_AUTO;
    if (asked != 0)
        return asked;
    if (conn->policy->deflate == WEIR_DEFLATE_ALWAYS)
        return WEIR_COMPRESS;
    return conn->policy->deflate == WEIR_DEFLATE_PREFERRED ? WEIR_AUTO : WEIR_PLAIN;
}

static weir_deflate_level compression_level(const weir_config *policy)
{
    return (weir_deflate_level)policy->deflate_level;
}

/* The window that fits what was agreed and the memory allowed; 0: none does. */
static uint32_t compression_tx_bits(const weir_conn *conn)
{
    uint32_t bits = conn->extra->compression->agreed.tx_window_bits;
    while (bits >= 8 && sizeof(weir__deflater) +
                                weir__deflate_window_bytes(compression_level(conn->policy), bits) >
                            conn->policy->deflate_max_bytes)
        bits--;
    return bits >= 8 ? bits : 0;
}

/* The compressor, made when there is none; NULL without takeover or without memory for it. */
static weir__deflate *compression_deflater(weir_conn *conn)
{
    weir__compression *const compression = conn->extra->compression;
    if (!compression->agreed.tx_takeover)
        return NULL;
    compression->used_at = conn->context->now;
    if (compression->deflater)
        return &compression->deflater->codec;
    const weir_deflate_level level = compression_level(conn->policy);
    const uint32_t bits = compression_tx_bits(conn);
    size_t cap;
    if (bits == 0)
        return NULL;
    weir__deflater *const made =
        compression_take(conn, true, sizeof *made + weir__deflate_window_bytes(level, bits), &cap);
    if (!made)
        return NULL;
    made->cap = cap;
    weir__deflate_init(&made->codec, made->memory, level, bits);
    compression->deflater = made;
    weir__deadline_moved(conn);
    return &made->codec;
}

static int compression_make_room(weir_context *context, size_t len, weir__deflated *out)
{
    size_t cap;
    uint8_t *const data = weir__pool_take(&context->memory, weir__deflate_bound(len), &cap);
    *out = (weir__deflated){data, 0, data ? cap : 0};
    return data ? WEIR_OK : WEIR_E_MEMORY;
}

void weir__deflated_free(weir_context *context, weir__deflated *out)
{
    weir__pool_give(&context->memory, out->data, out->cap);
    *out = (weir__deflated){NULL, 0, 0};
}

/* Deflate into out, which has the room; max as for weir__deflate_run. */
static int compression_run(weir_conn *conn, const uint8_t *data, size_t len, bool last, size_t max,
                           weir__deflated *out)
{
    weir__deflate_scratch *const scratch = compression_deflate_scratch(conn->context);
    if (!scratch)
        return WEIR_E_MEMORY;
    weir__deflate *const deflate = compression_deflater(conn);
    if (deflate) {
        out->len = weir__deflate_run(deflate, scratch, data, len, last, max, out->data);
        return WEIR_OK;
    }
    out->len = weir__deflate_alone(scratch, compression_level(conn->policy),
                                   conn->extra->compression->agreed.tx_window_bits, data, len, last,
                                   out->data);
    if (out->len > max)
        out->len = 0;
    return WEIR_OK;
}

static void compression_count(weir_conn *conn, size_t in, size_t out)
{
    conn->extra->compression->tx_inflated += in;
    conn->extra->compression->tx_deflated += out;
    conn->context->totals.tx_inflated_bytes += in;
    conn->context->totals.tx_deflated_bytes += out;
}

static void compression_skip(weir_conn *conn)
{
    conn->extra->compression->tx_skipped++;
    conn->context->totals.tx_skipped++;
}

#define COMPRESSION_ALONE_MIN 128u  /* shorter ones gain nothing without earlier ones */
#define COMPRESSION_PROBE_MIN 1024u /* shorter ones are tried as soon as looked at */

static bool compression_is_worth(const weir_config *policy, int choice, bool takeover,
                                 const uint8_t *data, size_t len)
{
    if (choice != WEIR_AUTO)
        return true;
    if (len == 0 || len < policy->deflate_min_bytes || (!takeover && len < COMPRESSION_ALONE_MIN))
        return false;
    if (takeover && len < COMPRESSION_PROBE_MIN)
        return true;
    return weir__deflate_worth(data, len);
}

int weir__compression_message(weir_conn *conn, int choice, const uint8_t *data, size_t len,
                              weir__deflated *out)
{
    *out = (weir__deflated){NULL, 0, 0};
    const bool takeover = conn->extra->compression->agreed.tx_takeover;
    if (!compression_is_worth(conn->policy, choice, takeover, data, len)) {
        compression_skip(conn);
        return WEIR_OK;
    }
    WEIR__TRY(compression_make_room(conn->context, len, out));
    /* AUTO never makes a message longer; the compressor then takes back what it noted. */
    const size_t max = choice == WEIR_AUTO ? len - 1 : SIZE_MAX;
    const int status = compression_run(conn, data, len, true, max, out);
    if (status != WEIR_OK || out->len == 0)
        weir__deflated_free(conn->context, out);
    if (status != WEIR_OK)
        return status;
    if (out->cap == 0)
        compression_skip(conn);
    else
        compression_count(conn, len, out->len);
    return WEIR_OK;
}

bool weir__compression_stream(weir_conn *conn, int choice, const uint8_t *data, size_t len)
{
    /* Each piece costs a flush, so what pays for a message that stands alone pays here. */
    const bool worth = compression_is_worth(conn->policy, choice, false, data, len);
    if (choice != WEIR_PLAIN && !worth)
        compression_skip(conn);
    return choice != WEIR_PLAIN && worth;
}

int weir__compression_piece(weir_conn *conn, const uint8_t *data, size_t len, bool last,
                            weir__deflated *out)
{
    WEIR__TRY(compression_make_room(conn->context, len, out));
    const int status = compression_run(conn, data, len, last, SIZE_MAX, out);
    if (status != WEIR_OK)
        weir__deflated_free(conn->context, out);
    else
        compression_count(conn, len, out->len);
    return status;
}

int weir__compression_shared(weir_context *context, int choice, uint32_t bits, const uint8_t *data,
                             size_t len, weir__deflated *out)
{
    *out = (weir__deflated){NULL, 0, 0};
    if (!compression_is_worth(&context->policy, choice, false, data, len))
        return WEIR_OK;
    weir__deflate_scratch *const scratch = compression_deflate_scratch(context);
    if (!scratch)
        return WEIR_E_MEMORY;
    WEIR__TRY(compression_make_room(context, len, out));
    out->len = weir__deflate_alone(scratch, compression_level(&context->policy), bits, data, len,
                                   true, out->data);
    if (choice == WEIR_AUTO && out->len >= len)
        weir__deflated_free(context, out);
    return WEIR_OK;
}

void weir__compression_shared_sent(weir_conn *conn, size_t len, size_t packed)
{
    /* RFC 7692 7.2.1: what other hands compressed is now in the peer's window, not in ours. */
    weir__compression_forget(conn);
    compression_count(conn, len, packed);
}

void weir__compression_shared_skipped(weir_conn *conn, int choice)
{
    if (choice == WEIR_AUTO)
        compression_skip(conn);
}

void weir__compression_forget(weir_conn *conn)
{
    weir__deflater *const deflater = conn->extra->compression->deflater;
    if (deflater)
        weir__deflate_forget(&deflater->codec);
}
