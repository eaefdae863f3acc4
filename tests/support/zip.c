/* SPDX-License-Identifier: MIT */
/* zlib as the other side of permessage-deflate: messages for us, and ours taken apart. */
#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "shake.h"
#include "test.h"

static const uint8_t zip_tail[4] = {0x00, 0x00, 0xFF, 0xFF};

/* ---- Packing ---------------------------------------------------------------------------------*/

void zip_open(z_stream *z, int level, int bits, int strategy)
{
    memset(z, 0, sizeof *z);
    assert_int_equal(deflateInit2(z, level, Z_DEFLATED, -bits, 8, strategy), Z_OK);
}

void zip_pack(z_stream *z, const void *data, size_t len, bytes *out)
{
    uint8_t room[4096];
    z->next_in = (uint8_t *)(uintptr_t)data;
    z->avail_in = (uInt)len;
    do {
        z->next_out = room;
        z->avail_out = sizeof room;
        assert_int_not_equal(deflate(z, Z_SYNC_FLUSH), Z_STREAM_ERROR);
        bytes_add(out, room, sizeof room - z->avail_out);
    } while (z->avail_out == 0);
    assert_memory_equal(out->data + out->len - 4, zip_tail, 4);
    out->len -= 4;
}

void zip_pack_alone(const void *data, size_t len, bytes *out)
{
    z_stream z;
    zip_open(&z, 9, 15, Z_DEFAULT_STRATEGY);
    if (len == 0)
        bytes_add(out, "", 1); /* zlib has nothing to flush */
    else
        zip_pack(&z, data, len, out);
    deflateEnd(&z);
}

void zip_open_reader(z_stream *z, int bits)
{
    memset(z, 0, sizeof *z);
    assert_int_equal(inflateInit2(z, -bits), Z_OK);
}

static int zip_unpack_part(z_stream *z, const void *in, size_t len, size_t room, bytes *out)
{
    uint8_t made[64];
    int status = Z_OK;
    z->next_in = (uint8_t *)(uintptr_t)in;
    z->avail_in = (uInt)len;
    for (size_t turn = 0; status == Z_OK; turn++) {
        const size_t want = room > 0 ? room : 1 + turn % 64;
        z->next_out = made;
        z->avail_out = (uInt)(want < sizeof made ? want : sizeof made);
        const size_t had = z->avail_out;
        status = inflate(z, Z_SYNC_FLUSH);
        bytes_add(out, made, had - z->avail_out);
    }
    /* Z_BUF_ERROR: nothing left to do. */
    return status == Z_BUF_ERROR && z->avail_in == 0 ? Z_OK : status;
}

int zip_unpack(z_stream *z, const void *payload, size_t len, size_t room, bytes *out)
{
    const int status = zip_unpack_part(z, payload, len, room, out);
    return status == Z_OK ? zip_unpack_part(z, zip_tail, 4, room, out) : status;
}

/* ---- Frames ----------------------------------------------------------------------------------*/

void zip_frame(bytes *b, int from_role, int fin, int rsv, int opcode, const void *data, size_t len)
{
    const size_t at = b->len;
    bytes_add_frame(b, from_role, fin, opcode, data, len);
    b->data[at] = (uint8_t)(b->data[at] | rsv << 4);
}

void zip_message(bytes *b, int from_role, int opcode, const void *payload, size_t len, size_t step)
{
    const uint8_t *const data = payload;
    size_t at = 0;
    do {
        const size_t n = len - at < step ? len - at : step;
        zip_frame(b, from_role, at + n == len, at == 0 ? 4 : 0, at == 0 ? opcode : 0, data + at, n);
        at += n;
    } while (at < len);
}

void zip_text(bytes *b, int from_role, const char *text)
{
    bytes packed = {NULL, 0, 0};
    zip_pack_alone(text, strlen(text), &packed);
    zip_message(b, from_role, WEIR_TEXT, packed.data, packed.len, SIZE_MAX);
    bytes_free(&packed);
}

/* ---- Handshakes ------------------------------------------------------------------------------*/

void zip_handshake(bytes *b, int from_role, const char *extensions)
{
    bytes head = {NULL, 0, 0};
    bytes_add_text(&head, from_role == WEIR_CLIENT ? REQUEST : RESPONSE);
    if (extensions) {
        bytes_add_text(&head, "Sec-WebSocket-Extensions: ");
        bytes_add_text(&head, extensions);
        bytes_add_text(&head, "\r\n");
    }
    bytes_add_text(&head, END);
    const weir_text text = {(const char *)head.data, head.len};
    if (from_role == WEIR_CLIENT)
        bytes_add(b, text.data, text.len);
    else
        shake_add_response(b, text);
    bytes_free(&head);
}

const char *zip_plain_extensions(int from_role)
{
    return from_role == WEIR_CLIENT ? ZIP_OFFER : ZIP_ANSWER;
}

void zip_peer(peer *p, int role, const char *extensions)
{
    bytes head = {NULL, 0, 0};
    peer_open(p, role == WEIR_SERVER ? 's' : 'c');
    zip_handshake(&head, role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, extensions);
    peer_feed(p, head.data, head.len, head.len);
    assert_int_equal(weir_conn_state(p->conn), WEIR_OPEN);
    p->output.len = p->trace.len = 0;
    bytes_free(&head);
}

/* ---- Runs ------------------------------------------------------------------------------------*/

static struct {
    bytes prelude;
    size_t event_cap;
    void (*prepare)(peer *p);
} zip_setting;

static void zip_prepare(peer *p)
{
    p->config.deflate = WEIR_DEFLATE_ON;
    p->event_cap = zip_setting.event_cap;
    if (zip_setting.prepare)
        zip_setting.prepare(p);
    p->prelude = &zip_setting.prelude;
    zip_setting.event_cap = p->event_cap;
}

outcome zip_run(int role, const char *extensions, const bytes *input, void (*prepare)(peer *p))
{
    const char kind = role == WEIR_SERVER ? 's' : 'c';
    zip_setting.prepare = prepare;
    zip_setting.event_cap = 16;
    zip_handshake(&zip_setting.prelude, role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER,
                  extensions);
    const outcome o = run_all_cuts_with(kind, input, zip_prepare);
    if (zip_setting.event_cap > 1) {
        zip_setting.event_cap = 1;
        outcome one = run_all_cuts_with(kind, input, zip_prepare);
        assert_string_equal(one.trace, o.trace);
        outcome_free(&one);
    }
    bytes_free(&zip_setting.prelude);
    return o;
}

void zip_run_says(int role, const char *extensions, const bytes *input, const char *trace,
                  void (*prepare)(peer *p))
{
    outcome o = zip_run(role, extensions, input, prepare);
    assert_string_equal(o.trace, trace);
    assert_int_equal(o.report.cause, WEIR_OK);
    outcome_free(&o);
}

void zip_run_fails(int role, const char *extensions, const bytes *input, int cause, uint64_t at,
                   void (*prepare)(peer *p))
{
    char line[160];
    bytes head = {NULL, 0, 0};
    zip_handshake(&head, role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER, extensions);
    outcome o = zip_run(role, extensions, input, prepare);
    snprintf(line, sizeof line, "CLOSED flags=0 code=1006 cause=%s offset=%llu token=0 len=0 \n",
             weir_status_name(cause), (unsigned long long)(head.len + at));
    const size_t len = strlen(o.trace);
    assert_true(len >= strlen(line));
    assert_string_equal(o.trace + len - strlen(line), line);
    assert_int_equal(o.report.cause, cause);
    assert_int_equal(o.report.side, WEIR_SIDE_PEER);
    assert_int_equal(o.report.offset, head.len + at);
    assert_int_equal(o.close_code, weir_status_wire(cause));
    assert_int_equal(o.report.local_code, weir_status_wire(cause));
    outcome_free(&o);
    bytes_free(&head);
}

/* ---- Our output ------------------------------------------------------------------------------*/

void zip_output_open(zip_output *o, const bytes *from, int role, int bits, int takeover)
{
    memset(o, 0, sizeof *o);
    o->from = from;
    o->role = role;
    o->takeover = takeover;
    zip_open_reader(&o->z, bits);
}

void zip_output_close(zip_output *o)
{
    inflateEnd(&o->z);
    bytes_free(&o->payload);
    bytes_free(&o->text);
}

/* Returns whether the frame ends a message. */
static int zip_output_frame(zip_output *o)
{
    weir_frame_head head;
    const size_t left = o->from->len - o->at;
    const int used = weir_frame_head_read(o->from->data + o->at, left, &head);
    assert_true(used > 0 && head.len <= left - (size_t)used);
    assert_int_equal(head.masked, o->role == WEIR_CLIENT);
    const size_t begin = o->payload.len;
    bytes_add(&o->payload, o->from->data + o->at + used, (size_t)head.len);
    for (size_t i = begin; head.masked && i < o->payload.len; i++)
        o->payload.data[i] ^= head.key[(i - begin) & 3];
    o->at += (size_t)used + (size_t)head.len;
    if (o->frames++ == 0) {
        /* RFC 7692 6.1: RSV1 on the first frame of a data message, no other bit ever. */
        assert_true(head.rsv == 0 || (head.rsv == 4 && head.opcode < 8));
        assert_int_not_equal(head.opcode, 0);
        o->packed = head.rsv == 4;
        o->opcode = head.opcode;
    } else {
        assert_int_equal(head.rsv, 0);
        assert_int_equal(head.opcode, 0);
    }
    return head.fin;
}

int zip_output_next(zip_output *o)
{
    o->payload.len = o->text.len = o->frames = 0;
    if (o->at == o->from->len)
        return 0;
    while (!zip_output_frame(o))
        assert_true(o->at < o->from->len);
    o->wire = o->payload.len;
    if (!o->packed) {
        bytes_add(&o->text, o->payload.data, o->payload.len);
        return 1;
    }
    if (!o->takeover)
        assert_int_equal(inflateReset(&o->z), Z_OK);
    assert_int_equal(zip_unpack(&o->z, o->payload.data, o->payload.len, o->room, &o->text), Z_OK);
    return 1;
}

/* ---- Data ------------------------------------------------------------------------------------*/

void zip_json(bytes *b, uint64_t seed, size_t len)
{
    dice d = {seed};
    const size_t end = b->len + len;
    while (b->len < end) {
        char text[160];
        snprintf(text, sizeof text,
                 "{\"id\":%u,\"user\":\"u%u\",\"price\":%u.%02u,\"tags\":[\"t%u\",\"new\"]},",
                 (unsigned)dice_below(&d, 100000), (unsigned)dice_below(&d, 50),
                 (unsigned)dice_below(&d, 1000), (unsigned)dice_below(&d, 100),
                 (unsigned)dice_below(&d, 9));
        bytes_add_text(b, text);
    }
    b->len = end;
}

void zip_noise(bytes *b, uint64_t seed, size_t len)
{
    dice d = {seed};
    for (size_t i = 0; i < len; i++) {
        const uint8_t byte = (uint8_t)dice_roll(&d);
        bytes_add(b, &byte, 1);
    }
}

/* ---- Bits ------------------------------------------------------------------------------------*/

void zip_put(zip_bits *b, uint32_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        b->held |= (value >> i & 1) << b->count;
        if (++b->count == 8)
            zip_align(b);
    }
}

void zip_align(zip_bits *b)
{
    const uint8_t byte = (uint8_t)b->held;
    if (b->count > 0)
        bytes_add(&b->out, &byte, 1);
    b->held = b->count = 0;
}

void zip_stored(zip_bits *b, int final, const void *data, size_t len)
{
    zip_put(b, final != 0, 3);
    zip_align(b);
    zip_put(b, (uint32_t)len, 16);
    zip_put(b, (uint32_t)~len & 0xFFFF, 16);
    bytes_add(&b->out, data, len);
}

/* Huffman codes go highest bit first. */
static void zip_put_code(zip_bits *b, uint32_t code, unsigned count)
{
    while (count > 0)
        zip_put(b, code >> --count & 1, 1);
}

void zip_fixed_begin(zip_bits *b, int final)
{
    zip_put(b, final != 0, 1);
    zip_put(b, 1, 2);
}

void zip_fixed_literal(zip_bits *b, uint8_t byte)
{
    zip_put_code(b, byte < 144 ? 0x30u + byte : 0x190u + byte - 144u, byte < 144 ? 8 : 9);
}

void zip_fixed_match(zip_bits *b, unsigned length, unsigned distance)
{
    unsigned base = 3, symbol = 257, extra = 0;
    /* RFC 1951 3.2.5: four symbols for each number of extra bits, from the second group on. */
    if (length == 258) {
        zip_put_code(b, 0xC5, 8);
    } else {
        for (; base + (1u << extra) <= length; symbol++) {
            base += 1u << extra;
            extra = symbol + 1 < 265 ? 0 : (symbol + 1 - 261) / 4;
        }
        zip_put_code(b, symbol < 280 ? symbol - 256 : 0xC0 + symbol - 280, symbol < 280 ? 7 : 8);
        zip_put(b, length - base, extra);
    }
    base = 1, symbol = 0, extra = 0;
    for (; base + (1u << extra) <= distance; symbol++) {
        base += 1u << extra;
        extra = symbol + 1 < 4 ? 0 : (symbol + 1 - 2) / 2;
    }
    zip_put_code(b, symbol, 5);
    zip_put(b, distance - base, extra);
}

void zip_fixed_end(zip_bits *b)
{
    zip_put(b, 0, 7);
}
