/* SPDX-License-Identifier: MIT */
/* Compression and back, by our decompressor and by zlib: chains of messages, all windows and
 * levels, cut up anyhow. The input is a plan that makes messages far longer than itself. */
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define DEFLATE_MOST 60000 /* bytes of a message: beyond every window */
#define DEFLATE_FEW 3000   /* of most: many more of them can be tried */
#define DEFLATE_CANARY 0xC3

typedef struct deflate_case {
    int level;
    int bits;
    int mode;    /* of the settings: 0 whole, 1 in pieces, 2 without takeover, 4 with little room */
    size_t most; /* bytes of a message */
    fuzz_dice dice;
    weir_deflate *deflate;
    weir_deflate_scratch *scratch;
    weir_inflate *inflate;
    weir_inflate_scratch *inflate_scratch;
    reference_inflater zlib;
    void *memory[4];
    fuzz_bytes payload;
} deflate_case;

/* A plan: 00..7F literal bytes that follow; 80..BF a byte that is repeated; C0..DF a copy from far
 * back; E0..FE noise; FF the end of the message. Returns 0 at its end. */
static int deflate_plan(fuzz_input *in, fuzz_bytes *message, const fuzz_bytes *before, size_t most)
{
    const uint32_t op = fuzz_take(in, 1);
    if (op < 0x80) {
        const fuzz_input piece = fuzz_take_piece(in, op);
        fuzz_add(message, piece.data, piece.len);
        return in->len > 0;
    }
    if (op == 0xFF)
        return 0;
    const uint32_t count = op < 0xE0 ? fuzz_take(in, 2) % 20000 : (op & 31) * 40;
    const uint32_t what = fuzz_take(in, op < 0xC0 ? 1 : 2);
    fuzz_dice noise = {what};
    const fuzz_bytes *const from = message->len > what || before->len <= what ? message : before;
    const size_t back = op >= 0xC0 && op < 0xE0 && what < from->len ? from->len - 1 - what : 0;
    for (size_t i = 0; i < count && message->len < most; i++) {
        uint8_t byte = (uint8_t)what;
        if (op >= 0xE0)
            byte = (uint8_t)fuzz_below(&noise, 256);
        else if (op >= 0xC0)
            byte = back + i < from->len ? from->data[back + i] : (uint8_t)i;
        fuzz_add(message, &byte, 1);
    }
    return in->len > 0 && message->len < most;
}

static void deflate_open(deflate_case *c)
{
    const size_t sizes[4] = {weir_deflate_size(c->level, c->bits),
                             weir_deflate_scratch_size(c->bits), weir_inflate_size(c->bits),
                             weir_inflate_scratch_size(c->bits)};
    for (size_t i = 0; i < 4; i++) {
        c->memory[i] = malloc(sizes[i]);
        FUZZ_CHECK(c->memory[i] != NULL && sizes[i] > 0);
    }
    const int takeover = (c->mode & 2) == 0;
    FUZZ_CHECK(weir_deflate_init(c->memory[0], sizes[0], c->level, c->bits, &c->deflate) ==
               WEIR_OK);
    FUZZ_CHECK(weir_deflate_scratch_init(c->memory[1], sizes[1], c->bits, &c->scratch) == WEIR_OK);
    FUZZ_CHECK(weir_inflate_init(c->memory[2], sizes[2], c->bits, takeover, &c->inflate) ==
               WEIR_OK);
    FUZZ_CHECK(weir_inflate_scratch_init(c->memory[3], sizes[3], c->bits, &c->inflate_scratch) ==
               WEIR_OK);
    reference_inflate_open(&c->zlib, c->bits, takeover);
}

static void deflate_close(deflate_case *c)
{
    for (size_t i = 0; i < 4; i++)
        free(c->memory[i]);
    reference_inflate_close(&c->zlib);
    fuzz_drop(&c->payload);
}

/* One call into a block of exactly room bytes. */
static int deflate_call(deflate_case *c, const uint8_t *data, size_t len, int last, size_t max,
                        size_t room, size_t *used)
{
    size_t made = 0;
    uint8_t *const in = fuzz_copy(data, len);
    uint8_t *const out = malloc(room);
    FUZZ_CHECK(out != NULL);
    const int status = c->mode & 2 ? weir_deflate_alone(c->scratch, c->level, c->bits, in, len,
                                                        last, used, out, room, &made)
                                   : weir_deflate_run(c->deflate, c->scratch, in, len, last, max,
                                                      used, out, room, &made);
    FUZZ_CHECK(status >= 0 && *used <= len && made <= room);
    FUZZ_CHECK(status != WEIR_CODEC_OUTPUT || (*used > 0 && *used < len));
    FUZZ_CHECK(status != WEIR_CODEC_LARGER || (max != SIZE_MAX && made == 0));
    /* Of deflate.h: at most 12 bytes in 4096 longer than the input, and 12. */
    FUZZ_CHECK(made <= *used + *used / 4096 * 12 + 24);
    FUZZ_CHECK(made <= max || status == WEIR_CODEC_LARGER);
    fuzz_add(&c->payload, out, made);
    free(out);
    free(in);
    return status;
}

/* Returns 0 when the message is to be sent uncompressed. */
static int deflate_message(deflate_case *c, const fuzz_bytes *message)
{
    const uint8_t *data = message->data;
    size_t left = message->len;
    const size_t max =
        c->mode & 8 && (c->mode & 7) == 0 ? (size_t)fuzz_below(&c->dice, left + 20) : SIZE_MAX;
    const uint64_t start = fuzz_work();
    int status = WEIR_CODEC_INPUT;
    uint64_t calls = 0;
    c->payload.len = 0;
    for (; status == WEIR_CODEC_INPUT || status == WEIR_CODEC_OUTPUT; calls++) {
        size_t len = left;
        size_t used = 0;
        if (c->mode & 1)
            len = (size_t)fuzz_below(&c->dice, left + 1);
        const size_t room = c->mode & 4 ? WEIR_DEFLATE_MIN_ROOM + (size_t)fuzz_below(&c->dice, 3000)
                                        : weir_deflate_bound(len);
        const int last = len == left && (calls > 100 || fuzz_below(&c->dice, 4) || !(c->mode & 1));
        status = deflate_call(c, data, len, last, max, room, &used);
        data = used > 0 ? data + used : data;
        left -= used;
        FUZZ_CHECK(status != WEIR_CODEC_DONE || (last && left == 0));
    }
    fuzz_work_within("deflate", start, 40000 + 40000 * calls, 150, message->len);
    return status == WEIR_CODEC_DONE;
}

static void deflate_back(deflate_case *c, const fuzz_bytes *message)
{
    fuzz_bytes out = {NULL, 0, 0};
    /* zlib is exact about distances where it gives single bytes, and then many times as slow; our
     * own decompressor always is, which fuzz_inflate.c compares. */
    const int exact = c->bits < 15 && fuzz_below(&c->dice, 16) == 0;
    FUZZ_CHECK(reference_inflate(&c->zlib, c->payload.data, c->payload.len, exact, SIZE_MAX,
                                 &out) == REFERENCE_DONE);
    FUZZ_CHECK(fuzz_same(&out, message));
    fuzz_drop(&out);
    uint8_t *const place = malloc(message->len + 1);
    FUZZ_CHECK(place != NULL);
    size_t made = 0;
    size_t taken = 0;
    place[message->len] = DEFLATE_CANARY;
    for (int status = WEIR_CODEC_INPUT; status != WEIR_CODEC_DONE;) {
        size_t some = 0;
        size_t used = 0;
        status = weir_inflate_run(c->inflate, c->inflate_scratch, c->payload.data + taken,
                                  c->payload.len - taken, 1, &used, place + made,
                                  message->len + 1 - made, &some);
        FUZZ_CHECK(status >= 0 && (used > 0 || some > 0 || status == WEIR_CODEC_DONE));
        taken += used;
        made += some;
    }
    FUZZ_CHECK(made == message->len && taken == c->payload.len);
    FUZZ_CHECK(made == 0 || memcmp(place, message->data, made) == 0);
    free(place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t choice = fuzz_take(&in, 1);
    const uint32_t mode = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    deflate_case c = {.level = 1 + (int)(choice >> 3 & 3),
                      .bits = 8 + (int)(choice & 7),
                      .mode = (int)(mode & 15),
                      .most = (mode & 0xC0) == 0 ? DEFLATE_MOST : DEFLATE_FEW,
                      .dice = {seed}};
    fuzz_bytes before = {NULL, 0, 0};
    deflate_open(&c);
    for (int i = 0; i < 6 && (i == 0 || in.len > 0); i++) {
        fuzz_bytes message = {NULL, 0, 0};
        while (deflate_plan(&in, &message, &before, c.most))
            ;
        (void)weir_deflate_worth(message.data, message.len);
        if (mode & 16 && fuzz_below(&c.dice, 4) == 0)
            weir_deflate_forget(c.deflate);
        if (deflate_message(&c, &message))
            deflate_back(&c, &message);
        fuzz_drop(&before);
        before = message;
    }
    fuzz_drop(&before);
    deflate_close(&c);
    return 0;
}
