/* SPDX-License-Identifier: MIT */
/* Slow, obvious second answers: UTF-8, frames, and inflation by zlib. Nothing here is from src/. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

/* ---- UTF-8 -----------------------------------------------------------------------------------*/

/* Bytes that follow a lead byte, -1: it is none; and the range of the first of them. */
static int utf8_follow(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 0;
    if (lead < 0xC2 || lead > 0xF4)
        return -1;
    return lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
}

size_t reference_utf8(const uint8_t *data, size_t len, int *whole)
{
    *whole = 1;
    for (size_t at = 0; at < len;) {
        uint8_t low, high;
        int follow = utf8_follow(data[at], &low, &high);
        if (follow < 0)
            return at;
        for (at++; follow > 0; follow--, at++, low = 0x80, high = 0xBF) {
            if (at == len) {
                *whole = 0;
                return len;
            }
            if (data[at] < low || data[at] > high)
                return at;
        }
    }
    return len;
}

int reference_is_text(const uint8_t *data, size_t len)
{
    int whole;
    return reference_utf8(data, len, &whole) == len && whole;
}

/* ---- Frames ----------------------------------------------------------------------------------*/

int reference_is_close_code(uint32_t code)
{
    if (code >= 3000 && code <= 4999)
        return 1;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

int reference_frame_read(const uint8_t *data, size_t len, reference_frame *frame)
{
    memset(frame, 0, sizeof *frame);
    if (len < 2)
        return 0;
    const size_t form = data[1] & 127;
    const size_t length_bytes = form == 127 ? 8 : form == 126 ? 2 : 0;
    frame->fin = data[0] >> 7;
    frame->rsv = data[0] >> 4 & 7;
    frame->opcode = data[0] & 15;
    frame->masked = data[1] >> 7;
    frame->head = 2 + length_bytes + (frame->masked ? 4 : 0);
    if (len < frame->head)
        return 0;
    frame->len = length_bytes ? 0 : form;
    for (size_t i = 0; i < length_bytes; i++)
        frame->len = frame->len << 8 | data[2 + i];
    frame->shortest = length_bytes == 0 || (length_bytes == 2 && frame->len > 125) ||
                      (frame->len > 65535 && frame->len >> 63 == 0);
    if (frame->masked)
        memcpy(frame->key, data + 2 + length_bytes, 4);
    return 1;
}

void reference_log(fuzz_bytes *log, int type, const void *data, size_t len)
{
    const uint8_t head[5] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                             (uint8_t)(len >> 24)};
    fuzz_add(log, head, sizeof head);
    fuzz_add(log, data, len);
}

/* What is known of the output so far. */
typedef struct output_state {
    int type;   /* of the message that goes on, 0: none */
    int packed; /* it is compressed */
    int close;  /* code of the Close */
    fuzz_bytes message;
    reference_inflater *inflater;
    fuzz_bytes *messages;
} output_state;

static void output_control(output_state *state, const reference_frame *frame, const uint8_t *data)
{
    static const uint8_t none[2] = {1005 >> 8, 1005 & 255};
    FUZZ_CHECK(frame->fin && frame->rsv == 0 && frame->len <= 125 && frame->opcode <= 10);
    if (state->messages)
        reference_log(state->messages, frame->opcode,
                      frame->opcode == 8 && frame->len == 0 ? none : data,
                      frame->opcode == 8 && frame->len == 0 ? 2 : (size_t)frame->len);
    if (frame->opcode != 8)
        return;
    FUZZ_CHECK(frame->len != 1);
    state->close = frame->len == 0 ? 1005 : data[0] << 8 | data[1];
    FUZZ_CHECK(frame->len == 0 || reference_is_close_code((uint32_t)state->close));
    FUZZ_CHECK(frame->len < 2 || reference_is_text(data + 2, (size_t)frame->len - 2));
}

static void output_message(output_state *state)
{
    fuzz_bytes plain = {NULL, 0, 0};
    fuzz_bytes *text = &state->message;
    if (state->packed && state->inflater) {
        if (reference_inflate(state->inflater, state->message.data, state->message.len,
                              state->inflater->bits < 15, SIZE_MAX, &plain) != REFERENCE_DONE)
            fuzz_die("output: zlib cannot read a message");
        text = &plain;
    }
    if (state->messages && (!state->packed || state->inflater))
        reference_log(state->messages, state->type, text->data, text->len);
    fuzz_drop(&plain);
    state->message.len = 0;
    state->type = 0;
}

static void output_frame(output_state *state, const reference_frame *frame, const uint8_t *data,
                         int rsv1)
{
    if (frame->opcode >= 8) {
        output_control(state, frame, data);
        return;
    }
    FUZZ_CHECK(frame->opcode <= 2 && (frame->opcode == 0) == (state->type != 0));
    FUZZ_CHECK(frame->rsv == 0 || (rsv1 && frame->rsv == 4 && frame->opcode != 0));
    if (frame->opcode != 0) {
        state->type = frame->opcode;
        state->packed = frame->rsv == 4;
    }
    fuzz_add(&state->message, data, (size_t)frame->len);
    if (frame->fin)
        output_message(state);
}

int reference_frames_check(const uint8_t *data, size_t len, int role, int whole, int rsv1,
                           reference_inflater *inflater, fuzz_bytes *messages, size_t enough)
{
    output_state state = {.inflater = inflater, .messages = messages};
    while (len > 0 && (!messages || messages->len < enough)) {
        reference_frame frame;
        if (state.close != 0) { /* RFC 6455 5.5.1: nothing follows a Close */
            FUZZ_CHECK(!whole);
            break;
        }
        if (!reference_frame_read(data, len, &frame) || frame.len > len - frame.head) {
            FUZZ_CHECK(!whole); /* it may be cut off */
            break;
        }
        FUZZ_CHECK(frame.shortest && frame.masked == (role == WEIR_CLIENT));
        uint8_t *const payload = fuzz_copy(data + frame.head, (size_t)frame.len);
        for (size_t i = 0; i < frame.len; i++)
            payload[i] ^= frame.key[i & 3];
        output_frame(&state, &frame, payload, rsv1);
        free(payload);
        data += frame.head + (size_t)frame.len;
        len -= frame.head + (size_t)frame.len;
    }
    fuzz_drop(&state.message);
    return state.close;
}

/* ---- Inflation -------------------------------------------------------------------------------*/

void reference_inflate_open(reference_inflater *inflater, int bits, int takeover)
{
    memset(inflater, 0, sizeof *inflater);
    inflater->bits = bits;
    inflater->takeover = takeover;
    FUZZ_CHECK(inflateInit2(&inflater->z, -bits) == Z_OK);
}

void reference_inflate_close(reference_inflater *inflater)
{
    inflateEnd(&inflater->z);
}

/* One call of zlib with a little room. Z_BUF_ERROR: it can do no more. */
static int inflate_some(z_stream *z, int exact, fuzz_bytes *out)
{
    uint8_t made[4096];
    z->next_out = made;
    z->avail_out = exact ? 1 : sizeof made;
    const uInt had = z->avail_out;
    const int result = inflate(z, Z_SYNC_FLUSH);
    fuzz_add(out, made, had - z->avail_out);
    return result;
}

/* Known differences between zlib and RFC 7692, all of them choices of ours that are documented:
 *   no bytes at all                an empty message (zlib: nothing happens)
 *   a final block                  the next block begins at the next byte (RFC 7692 7.2.3.4),
 *                                  inflateResetKeep does that
 *   a final block, then no more    a whole message, the tail is not needed */
reference_verdict reference_inflate(reference_inflater *inflater, const uint8_t *payload,
                                    size_t len, int exact, size_t most, fuzz_bytes *out)
{
    static const uint8_t tail[4] = {0x00, 0x00, 0xFF, 0xFF};
    z_stream *const z = &inflater->z;
    const size_t begin = out->len;
    if (!inflater->takeover)
        inflateReset(z);
    if (len == 0)
        return REFERENCE_DONE;
    uint8_t *const in = malloc(len + sizeof tail);
    FUZZ_CHECK(in != NULL);
    memcpy(in, payload, len);
    memcpy(in + len, tail, sizeof tail);
    z->next_in = in;
    z->avail_in = (uInt)(len + sizeof tail);
    reference_verdict verdict = REFERENCE_INSIDE;
    for (int result = Z_OK; verdict == REFERENCE_INSIDE && result != Z_BUF_ERROR;) {
        result = inflate_some(z, exact, out);
        if (out->len - begin > most)
            verdict = REFERENCE_LONG;
        else if (result == Z_STREAM_END && (z->avail_in == 0 || z->avail_in == sizeof tail))
            verdict = REFERENCE_DONE;
        else if (result == Z_DATA_ERROR)
            verdict = REFERENCE_FAULT;
        else if (z->avail_in == 0 && z->data_type == 128)
            verdict = REFERENCE_DONE;
        if (result == Z_STREAM_END)
            inflateResetKeep(z);
    }
    free(in);
    return verdict;
}
