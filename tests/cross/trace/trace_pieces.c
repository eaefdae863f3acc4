/* SPDX-License-Identifier: MIT */
/* Traces of what works without a connection: frame heads, masks, UTF-8, texts, the codec. */
#include <string.h>

#include "trace.h"

/* ---- Frame heads, masks ----------------------------------------------------------------------*/

static void pieces_head(uint64_t len, int bits)
{
    weir_frame_head head = {len, {1, 2, 250, 255}, 0, 0, 0, 0};
    weir_frame_head back = {0, {0, 0, 0, 0}, 0, 0, 0, 0};
    uint8_t out[WEIR_FRAME_HEAD_MAX] = {0};
    head.fin = bits >> 7 & 1;
    head.rsv = bits >> 4 & 7;
    head.opcode = bits & 15;
    head.masked = bits >> 8 & 1;
    const int used = weir_frame_head_write(&head, out);
    trace_mix_status(used);
    for (int n = 0; n <= used; n++) {
        trace_mix_status(weir_frame_head_read(out, (size_t)n, &back));
        trace_mix(out, (size_t)n);
    }
    if (used <= 0)
        return;
    trace_mix_number(back.len);
    trace_mix(back.key, 4);
    trace_mix_number((uint64_t)back.fin << 24 | (uint64_t)back.rsv << 16 |
                     (uint64_t)back.opcode << 8 | back.masked);
}

void trace_frame_heads(void)
{
    static const uint64_t lens[] = {0,          1,
                                    125,        126,
                                    127,        65535,
                                    65536,      1u << 24,
                                    UINT32_MAX, UINT64_C(1) << 32,
                                    INT64_MAX,  UINT64_C(1) << 63,
                                    UINT64_MAX};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (int bits = 0; bits < 512; bits += 7)
            pieces_head(lens[i], bits);
    for (int i = 0; i < 3000; i++) {
        weir_frame_head head = {0, {0, 0, 0, 0}, 0, 0, 0, 0};
        const size_t at = (size_t)trace_below(TRACE_TEXT - 14);
        const int used = weir_frame_head_read(trace_noise + at, 14, &head);
        trace_mix_status(used);
        if (used > 0)
            trace_mix_number(head.len);
    }
}

void trace_masks(void)
{
    for (size_t i = 0; i < 600; i++) {
        uint8_t *const at = trace_wire + i % 67;
        const size_t len = i < 300 ? i : (size_t)trace_below(5000);
        memcpy(at, trace_noise + i, len);
        const uint8_t *const key = trace_noise + trace_below(1000);
        trace_mix_number(weir_mask(at, len, key, trace_below(9)));
        trace_mix(at, len);
    }
}

/* ---- UTF-8 -----------------------------------------------------------------------------------*/

static void pieces_utf8(const uint8_t *data, size_t len, size_t step)
{
    weir_utf8 state = {0};
    for (size_t at = 0; at < len; at += step) {
        const size_t n = len - at < step ? len - at : step;
        const size_t got = weir_utf8_check(&state, data + at, n, at + n == len);
        trace_mix_number(got == SIZE_MAX ? UINT64_MAX : got);
        if (got != n)
            return;
    }
}

void trace_utf8(void)
{
    for (size_t i = 0; i < 1500; i++) {
        const size_t len = (size_t)trace_below(400);
        memcpy(trace_wire, trace_text + trace_below(1000) * 61, len);
        for (size_t faults = i % 3; faults > 0 && len > 0; faults--) {
            const size_t at = (size_t)trace_below(len);
            trace_wire[at] = trace_noise[trace_below(TRACE_TEXT)];
        }
        pieces_utf8(trace_wire, len, 1 + (size_t)trace_below(400));
    }
    /* Every pair of bytes, and third and fourth ones around the edges. */
    for (uint32_t pair = 0; pair < 65536; pair += 3) {
        const uint8_t text[4] = {(uint8_t)(pair >> 8), (uint8_t)pair, (uint8_t)(0x7F + pair % 3),
                                 0xBF};
        pieces_utf8(text, 4, 4);
    }
}

/* ---- Accept key, URL, close payload, names ---------------------------------------------------*/

static void pieces_url(const char *text)
{
    weir_url url;
    const int status = weir_url_parse(text, WEIR_NTS, &url);
    trace_mix_status(status);
    if (status != WEIR_OK)
        return;
    trace_mix_text(url.host);
    trace_mix_text(url.host_raw);
    trace_mix_text(url.path);
    trace_mix_text(url.query);
    trace_mix_number((uint64_t)url.port << 32 | url.secure << 2 | url.default_port << 1 | url.ipv6);
}

static void pieces_close(uint32_t code, size_t len)
{
    uint8_t out[125];
    weir_text reason = {NULL, 0};
    uint32_t back = 0;
    trace_mix_status(weir_close_code_valid(code));
    const int made = weir_close_payload_write(code, (const char *)trace_text + 61, len, out);
    trace_mix_status(made);
    if (made < 0)
        return;
    trace_mix(out, (size_t)made);
    trace_mix_status(weir_close_payload_read(out, (size_t)made, &back, &reason));
    trace_mix_number(back);
    trace_mix_text(reason);
}

void trace_texts(void)
{
    static const char *const urls[] = {"ws://host",
                                       "wss://host:444/a/b?c=d&e",
                                       "ws://[::1]:80/",
                                       "WS://EXAMPLE.com?x",
                                       "ws://1.2.3.4:0/",
                                       "http://host/",
                                       "ws://user@host/",
                                       "ws://host/#f",
                                       "ws://ho st/",
                                       "ws://host:65536/",
                                       "ws://[1::2::3]/",
                                       "ws://h%41st/%zz",
                                       "ws://",
                                       "ws://host:/",
                                       "",
                                       "wss://[v1.a:b]/"};
    char accept[28];
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        pieces_url(urls[i]);
    for (size_t len = 0; len < 300; len++) {
        trace_mix_status(weir_accept_key((const char *)trace_noise + len, len, accept));
        trace_mix(accept, sizeof accept);
    }
    for (uint32_t code = 0; code < 5100; code += code < 990 || code > 1020 ? 97 : 1)
        pieces_close(code, code % 130);
    for (int status = -600; status < 10; status++) {
        trace_mix_text((weir_text){weir_status_name(status), 4});
        trace_mix_number(weir_status_wire(status));
    }
    trace_mix_number(weir_version());
    trace_mix_number(sizeof(weir_event));
}

/* ---- Codec -----------------------------------------------------------------------------------*/

#define PIECES_ROOM (64u << 10)

/* As large as the largest window and level need. */
static union pieces_block {
    uint64_t number;
    void *pointer;
    uint8_t bytes[160u << 10];
} pieces_deflate, pieces_inflate;
static union pieces_scratch {
    uint64_t number;
    void *pointer;
    uint8_t bytes[280u << 10];
} pieces_pack, pieces_unpack;

static uint8_t pieces_out[PIECES_ROOM * 2];
static uint8_t pieces_back[PIECES_ROOM];

typedef struct pieces_codec {
    weir_deflate *deflate;
    weir_deflate_scratch *pack;
    weir_inflate *inflate;
    weir_inflate_scratch *unpack;
} pieces_codec;

static int pieces_open(pieces_codec *c, int level, int bits)
{
    const int results[] = {
        weir_deflate_init(pieces_deflate.bytes, sizeof pieces_deflate.bytes, level, bits,
                          &c->deflate),
        weir_deflate_scratch_init(pieces_pack.bytes, sizeof pieces_pack.bytes, bits, &c->pack),
        weir_inflate_init(pieces_inflate.bytes, sizeof pieces_inflate.bytes, bits, 1, &c->inflate),
        weir_inflate_scratch_init(pieces_unpack.bytes, sizeof pieces_unpack.bytes, bits,
                                  &c->unpack)};
    int good = 1;
    for (size_t i = 0; i < 4; i++) {
        trace_mix_status(results[i]);
        good = good && results[i] == WEIR_OK;
    }
    return good;
}

/* Compressed in pieces of random room; returns the bytes at pieces_out. */
static size_t pieces_compress(const pieces_codec *c, const uint8_t *data, size_t len)
{
    size_t at = 0, made_all = 0;
    for (int step = WEIR_CODEC_INPUT; step != WEIR_CODEC_DONE;) {
        size_t used = 0, made = 0;
        const size_t room = WEIR_DEFLATE_MIN_ROOM +
                            (size_t)trace_below(2 * PIECES_ROOM - made_all - WEIR_DEFLATE_MIN_ROOM);
        step = weir_deflate_run(c->deflate, c->pack, data + at, len - at, 1, SIZE_MAX, &used,
                                pieces_out + made_all, room, &made);
        trace_mix_status(step);
        trace_mix_number(used);
        at += used;
        made_all += made;
        if (step < 0)
            return made_all;
    }
    return made_all;
}

static void pieces_decompress(const pieces_codec *c, size_t len)
{
    size_t at = 0, made_all = 0;
    for (int step = WEIR_CODEC_INPUT; step != WEIR_CODEC_DONE && step >= 0;) {
        size_t used = 0, made = 0;
        const size_t n = 1 + (size_t)trace_below(len + 1);
        const int last = n >= len - at;
        const size_t room = 1 + (size_t)trace_below(PIECES_ROOM);
        step = weir_inflate_run(c->inflate, c->unpack, pieces_out + at, last ? len - at : n, last,
                                &used, pieces_back, room, &made);
        trace_mix_status(step);
        trace_mix(pieces_back, made);
        at += used;
        made_all += made;
    }
    trace_mix_number(made_all);
    trace_mix_number(weir_inflate_blocks(c->inflate));
}

static void pieces_messages(const pieces_codec *c)
{
    for (size_t i = 0; i < 5; i++) {
        const size_t len = i == 4 ? 40000 : (size_t)trace_below(i == 0 ? 100 : 6000);
        const size_t at = (size_t)trace_below(TRACE_TEXT - len);
        const uint8_t *const data = i == 3 ? trace_noise + at : trace_text + at;
        trace_mix_status(weir_deflate_worth(data, len));
        const size_t made = pieces_compress(c, data, len);
        trace_mix(pieces_out, made);
        pieces_decompress(c, made);
    }
}

void trace_codec(void)
{
    pieces_codec c;
    for (int level = 0; level <= WEIR_DEFLATE_BEST + 1; level++)
        for (int bits = 7; bits <= 16; bits++)
            if (pieces_open(&c, level, bits))
                pieces_messages(&c);
    for (int bits = 8; bits <= 15; bits++) {
        size_t used = 0, made = 0;
        trace_mix_status(weir_deflate_alone(c.pack, WEIR_DEFLATE_FAST, bits, trace_text, 9000, 1,
                                            &used, pieces_out, sizeof pieces_out, &made));
        trace_mix(pieces_out, made);
    }
}

/* Faults in good data, and data that is none: what is made before, and what is wrong. */
void trace_codec_faults(void)
{
    pieces_codec c;
    for (size_t i = 0; i < 1500; i++) {
        const int bits = 8 + (int)(i % 8);
        const size_t len = (size_t)trace_below(1500);
        if (!pieces_open(&c, 1 + (int)(i & 3), bits))
            return;
        size_t made = pieces_compress(&c, trace_text + trace_below(90000), len);
        if (i % 3 == 0) {
            made = 1 + (size_t)trace_below(300);
            memcpy(pieces_out, trace_noise + trace_below(90000), made);
        }
        for (size_t faults = i % 4; faults > 0; faults--) {
            const size_t at = (size_t)trace_below(made);
            pieces_out[at] ^= (uint8_t)(1u << trace_below(8));
        }
        pieces_decompress(&c, made);
    }
}
