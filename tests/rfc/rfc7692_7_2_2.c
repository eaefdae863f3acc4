/* SPDX-License-Identifier: MIT */
/* RFC 7692 7.2.2: receiving what any compressor makes, windows, damage, limits, pieces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/shake.h"
#include "support/test.h"
#include "support/wire.h"
#include "support/zip.h"

static const int roles[2] = {WEIR_SERVER, WEIR_CLIENT};

/* ---- What was received -----------------------------------------------------------------------*/

/* Messages, whole or in pieces, put together again; pieces are looked at. */
static struct {
    bytes messages; /* length in 4 bytes, payload */
    size_t begin;   /* of the message under way */
    size_t pieces;
    size_t largest;
    int open;
    int bad;
} got;

static void collect(peer *p, const weir_event *event)
{
    (void)p;
    if (event->type != WEIR_EVENT_MESSAGE && event->type != WEIR_EVENT_CHUNK)
        return;
    got.bad |= (event->flags & WEIR_FLAG_COMPRESSED) == 0;
    got.bad |= got.open != !(event->flags & WEIR_FLAG_FIRST);
    if (!got.open) {
        got.begin = got.messages.len;
        bytes_add(&got.messages, "\0\0\0\0", 4);
    }
    const size_t at = got.messages.len - got.begin - 4;
    got.bad |= event->offset != at;
    bytes_add(&got.messages, event->data, event->len);
    got.pieces++;
    got.largest = event->len > got.largest ? event->len : got.largest;
    got.open = !(event->flags & WEIR_FLAG_LAST);
    const uint32_t len = (uint32_t)(at + event->len);
    memcpy(got.messages.data + got.begin, &len, 4);
}

static void got_clear(void)
{
    bytes_free(&got.messages);
    memset(&got, 0, sizeof got);
}

static void want_message(bytes *want, const void *data, size_t len)
{
    const uint32_t n = (uint32_t)len;
    bytes_add(want, &n, 4);
    bytes_add(want, data, len);
}

/* Frames in pieces of the steps to peers of a role bring what is wanted and no end. */
static void check_brings(int role, const char *extensions, const bytes *input, const bytes *want,
                         void (*prepare)(peer *p), const size_t *steps)
{
    for (size_t i = 0; steps[i] != 0; i++)
        for (size_t cap = 1; cap <= 16; cap += 15) {
            peer p;
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.react = collect;
            p.event_cap = cap;
            if (prepare)
                prepare(&p);
            zip_peer(&p, role, extensions);
            peer_feed(&p, input->data, input->len, steps[i] < input->len ? steps[i] : input->len);
            if (weir_conn_state(p.conn) != WEIR_OPEN)
                fail_msg("ended: %.*s", (int)p.trace.len, (char *)p.trace.data);
            assert_int_equal(got.bad, 0);
            assert_int_equal(got.open, 0);
            assert_int_equal(got.messages.len, want->len);
            assert_memory_equal(got.messages.data, want->data, want->len);
            got_clear();
            peer_close(&p);
        }
}

static const size_t all_steps[] = {1, 2, 3, 7, 64, 1448, 16384, SIZE_MAX, 0};
static const size_t few_steps[] = {13, 1448, SIZE_MAX, 0};

static void in_chunks(peer *p)
{
    p->config.deliver_chunks = 1;
}

/* ---- Any compressor --------------------------------------------------------------------------*/

/* Nine levels, five strategies, one window for the whole session; whole messages and pieces. */
static void R7692_7_2_2_1__R7692_7_2_2_3__sessions_of_zlib__are_received(void **state)
{
    (void)state;
    for (int level = 0; level <= 9; level++)
        for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
            const int role = roles[(level + strategy) % 2];
            z_stream z;
            bytes input = {NULL, 0, 0};
            bytes want = {NULL, 0, 0};
            dice d = {(uint64_t)(level * 8 + strategy)};
            zip_open(&z, level, 15, strategy);
            for (int i = 0; i < 8; i++) {
                bytes text = {NULL, 0, 0};
                bytes packed = {NULL, 0, 0};
                zip_json(&text, (uint64_t)i, (size_t)dice_below(&d, i == 5 ? 90000 : 900) + 1);
                if (i == 3)
                    zip_noise(&text, 3, 500);
                zip_pack(&z, text.data, text.len, &packed);
                zip_message(&input, other_role(role), WEIR_BINARY, packed.data, packed.len,
                            i % 2 ? SIZE_MAX : 100);
                want_message(&want, text.data, text.len);
                bytes_free(&text);
                bytes_free(&packed);
            }
            deflateEnd(&z);
            const char *const extensions = zip_plain_extensions(other_role(role));

            check_brings(role, extensions, &input, &want, NULL, few_steps);
            check_brings(role, extensions, &input, &want, in_chunks, few_steps);
            bytes_free(&want);
            bytes_free(&input);
        }
}

/* Without takeover the peer begins anew, and so do we: what it had sent is out of reach. */
static void R7692_7_2_2_3__without_takeover__each_message_stands_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const int role = roles[i];
        const int from = other_role(role);
        const char *const extensions = role == WEIR_SERVER
                                           ? "permessage-deflate; client_no_context_takeover"
                                           : "permessage-deflate; server_no_context_takeover";
        bytes input = {NULL, 0, 0};
        bytes want = {NULL, 0, 0};
        for (int turn = 0; turn < 3; turn++) {
            zip_text(&input, from, "Hello, hello, hello");
            want_message(&want, "Hello, hello, hello", 19);
        }
        check_brings(role, extensions, &input, &want, NULL, all_steps);
        const size_t at = input.len;
        zip_message(&input, from, 1, "\xF2\x00\x11\x00\x00", 5, SIZE_MAX);
        zip_run_fails(role, extensions, &input, WEIR_E_DEFLATE_DISTANCE, at, NULL);
        bytes_free(&want);
        bytes_free(&input);
    }
}

/* ---- Windows ---------------------------------------------------------------------------------*/

static void all_windows(peer *p)
{
    p->config.deflate_rx_bits = 15;
    p->config.deflate_tx_bits = 15;
}

static void all_windows_sampled(peer *p)
{
    all_windows(p);
    p->sampled = 1;
}

/* Windows of 8 to 15 bits: a match reaches back that far, in the message or into the last one. */
static void R7692_7_2_2_4__distance__is_right_up_to_the_agreed_window(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (unsigned bits = 8; bits <= 15; bits++)
            for (unsigned beyond = 0; beyond < (bits < 15 ? 2u : 1u); beyond++)
                for (int apart = 0; apart < 2; apart++) {
                    const int role = roles[i];
                    const size_t window = (size_t)1 << bits;
                    char extensions[96];
                    bytes text = {NULL, 0, 0};
                    bytes input = {NULL, 0, 0};
                    bytes want = {NULL, 0, 0};
                    zip_bits first = {{NULL, 0, 0}, 0, 0};
                    snprintf(extensions, sizeof extensions, "permessage-deflate; %s=%u",
                             role == WEIR_SERVER ? "client_max_window_bits"
                                                 : "server_max_window_bits",
                             bits);
                    zip_noise(&text, bits, window + 4);
                    zip_stored(&first, 0, text.data, text.len);
                    zip_bits second = {{NULL, 0, 0}, 0, 0};
                    zip_bits *const rest = apart ? &second : &first;
                    if (apart) {
                        zip_put(&first, 0, 8);
                        zip_message(&input, other_role(role), 2, first.out.data, first.out.len,
                                    SIZE_MAX);
                        want_message(&want, text.data, text.len);
                        text.len = 0;
                    }
                    zip_fixed_begin(rest, 0);
                    zip_fixed_match(rest, 4, (unsigned)window + beyond);
                    zip_fixed_end(rest);
                    zip_put(rest, 0, 3);
                    zip_align(rest);
                    const size_t at = input.len;
                    zip_message(&input, other_role(role), 2, rest->out.data, rest->out.len,
                                SIZE_MAX);
                    bytes_add(&text, text.data + 4, 4);
                    want_message(&want, apart ? text.data : text.data, apart ? 4 : text.len);
                    if (apart)
                        memcpy(want.data + want.len - 4, want.data + 4 + 4, 4);
                    if (!beyond)
                        check_brings(role, extensions, &input, &want, all_windows, few_steps);
                    else
                        zip_run_fails(role, extensions, &input, WEIR_E_DEFLATE_DISTANCE, at,
                                      all_windows_sampled);
                    bytes_free(&first.out);
                    bytes_free(&second.out);
                    bytes_free(&text);
                    bytes_free(&input);
                    bytes_free(&want);
                }
}

/* ---- Damage ----------------------------------------------------------------------------------*/

static int is_deflate_fault(int cause)
{
    return cause <= WEIR_E_DEFLATE_BLOCK && cause >= WEIR_E_DEFLATE_END;
}

static void R7692_7_2_2_5__message_cut_short_anywhere__is_1007(void **state)
{
    (void)state;
    bytes text = {NULL, 0, 0};
    bytes packed = {NULL, 0, 0};
    zip_json(&text, 1, 600);
    zip_pack_alone(text.data, text.len, &packed);
    for (size_t len = 1; len < packed.len; len++) {
        const int role = roles[len % 2];
        const int from = other_role(role);
        bytes input = {NULL, 0, 0};
        bytes_add_frame(&input, from, 1, 1, "before", 6);
        const size_t at = input.len;
        zip_message(&input, from, 2, packed.data, len, len % 3 ? SIZE_MAX : 50);
        /* What the tail makes of it need not be the same fault, but always is a fault. */
        outcome o =
            zip_run(role, zip_plain_extensions(from), &input, len % 16 ? shake_sampled : NULL);
        assert_true(is_deflate_fault(o.report.cause));
        assert_int_equal(o.close_code, 1007);
        const int cause = o.report.cause;
        outcome_free(&o);
        zip_run_fails(role, zip_plain_extensions(from), &input, cause, at, shake_sampled);
        bytes_free(&input);
    }
    bytes_free(&text);
    bytes_free(&packed);
}

/* Each bit of it flipped: zlib and we agree on whether it is a message, and on which. */
static void R7692_7_2_2_5__each_flipped_bit__has_zlibs_verdict(void **state)
{
    (void)state;
    bytes text = {NULL, 0, 0};
    bytes packed = {NULL, 0, 0};
    zip_json(&text, 2, 400);
    zip_pack_alone(text.data, text.len, &packed);
    for (size_t bit = 0; bit < packed.len * 8; bit += ZIP_TURNS(5) == 5 ? 1 : 7) {
        const int role = roles[bit % 2];
        const int from = other_role(role);
        bytes input = {NULL, 0, 0};
        bytes theirs = {NULL, 0, 0};
        z_stream z;
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        zip_open_reader(&z, 15);
        const int verdict = zip_unpack(&z, packed.data, packed.len, 1, &theirs);
        zip_message(&input, from, 2, packed.data, packed.len, SIZE_MAX);
        outcome o = zip_run(role, "permessage-deflate", &input, shake_sampled);
        if (verdict == Z_STREAM_END) {
            /* A final block, behind which zlib stops. */
        } else if (o.report.cause == WEIR_OK) {
            bytes line = {NULL, 0, 0};
            const weir_event event = {
                .type = WEIR_EVENT_MESSAGE, .flags = 0x46, .data = theirs.data, .len = theirs.len};
            peer_trace_event(&line, &event);
            bytes_add(&line, "", 1);
            assert_int_equal(verdict, Z_OK);
            assert_string_equal(o.trace, (char *)line.data);
            bytes_free(&line);
        } else {
            /* zlib does not tell that the last block did not end. */
            assert_true(is_deflate_fault(o.report.cause));
            assert_true(verdict != Z_OK || o.report.cause == WEIR_E_DEFLATE_END);
            assert_int_equal(o.close_code, 1007);
        }
        outcome_free(&o);
        inflateEnd(&z);
        packed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bytes_free(&theirs);
        bytes_free(&input);
    }
    bytes_free(&text);
    bytes_free(&packed);
}

/* A good message behind bytes that are left over is no good message. */
static void R7692_7_2_2_5__bytes_behind_the_last_block__are_read_as_blocks(void **state)
{
    static const char junk[] = "\xF3\x48\xCD\xC9\xC9\x07\x00\xFF\xFF";
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bytes input = {NULL, 0, 0};
        zip_message(&input, other_role(roles[i]), 1, junk, sizeof junk - 1, SIZE_MAX);
        zip_run_fails(roles[i], zip_plain_extensions(other_role(roles[i])), &input,
                      WEIR_E_DEFLATE_BLOCK, 0, NULL);
        bytes_free(&input);
    }
}

/* ---- Limits ----------------------------------------------------------------------------------*/

static uint64_t limit_bytes;
static uint64_t limit_blocks;
static uint64_t limit_ratio;
static uint64_t limit_chunks;

static void limited(peer *p)
{
    p->sampled = 1;
    p->config.max_message_bytes = limit_bytes;
    p->config.deflate_max_blocks = limit_blocks;
    p->config.deflate_max_ratio = limit_ratio;
    p->config.deliver_chunks = limit_chunks;
}

static void no_limits(void)
{
    limit_bytes = (uint64_t)1 << 24;
    limit_blocks = limit_ratio = WEIR_NONE;
    limit_chunks = 0;
}

static void check_limited(int role, const bytes *input, const bytes *want, int cause, size_t at)
{
    const char *const extensions = zip_plain_extensions(other_role(role));
    if (cause == WEIR_OK) {
        check_brings(role, extensions, input, want, limited, few_steps);
        return;
    }
    peer p;
    if (!limit_chunks)
        zip_run_fails(role, extensions, input, cause, at, limited);
    for (size_t i = 0; few_steps[i] != 0; i++) {
        peer_init(&p);
        p.config.deflate = WEIR_DEFLATE_ON;
        limited(&p);
        zip_peer(&p, role, extensions);
        peer_feed(&p, input->data, input->len,
                  few_steps[i] < input->len ? few_steps[i] : input->len);
        assert_int_equal(peer_report(&p).cause, cause);
        assert_int_equal(peer_close_code(&p, role), weir_status_wire(cause));
        peer_close(&p);
    }
}

/* Packed JSON, one letter again and again, or JSON in stored blocks, which take more bytes. */
static void limit_message(bytes *text, bytes *packed, uint64_t seed, size_t len, int kind)
{
    zip_json(text, seed, len);
    if (kind == 1 && len > 0)
        memset(text->data, 'z', len);
    if (kind < 2) {
        zip_pack_alone(text->data, text->len, packed);
        return;
    }
    z_stream z;
    zip_open(&z, 0, 15, Z_DEFAULT_STRATEGY);
    zip_pack(&z, text->data, text->len, packed);
    deflateEnd(&z);
}

/* One byte under, at and over limits round those at which memory and pieces end. What counts is
 * what the message becomes, not what comes on the wire, which may be more. */
static void R7692_7_2_2_6__message_limit__is_exact_while_inflating(void **state)
{
    static const size_t limits[] = {0,     1,     2,     100,   255,   256,   257,   4096,
                                    16383, 16384, 16385, 32768, 40000, 65536, 100000};
    (void)state;
    no_limits();
    for (limit_chunks = 0; limit_chunks < 2; limit_chunks++)
        for (size_t i = 0; i < COUNT_OF(limits); i++)
            for (int step = -1; step <= 1; step++)
                for (int kind = 0; kind < 3; kind++) {
                    const int role = roles[(i + (size_t)kind) % 2];
                    bytes text = {NULL, 0, 0};
                    bytes packed = {NULL, 0, 0};
                    bytes input = {NULL, 0, 0};
                    bytes want = {NULL, 0, 0};
                    if (limits[i] == 0 && step < 0)
                        continue;
                    const size_t len = limits[i] + (size_t)step;
                    limit_message(&text, &packed, i, len, kind);
                    zip_message(&input, other_role(role), 1, packed.data, packed.len,
                                i % 2 ? 100 : SIZE_MAX);
                    want_message(&want, text.data, text.len);
                    limit_bytes = limits[i];
                    check_limited(role, &input, &want, step > 0 ? WEIR_E_MESSAGE_TOO_BIG : WEIR_OK,
                                  0);
                    bytes_free(&text);
                    bytes_free(&packed);
                    bytes_free(&input);
                    bytes_free(&want);
                }
}

/* The limit of a connection is lowered below what has come of the message. */
static void R7692_7_2_2_6__limit_lowered_inside_a_message__holds(void **state)
{
    (void)state;
    for (int chunks = 0; chunks < 2; chunks++)
        for (uint64_t lowered = 0; lowered < 3; lowered++) {
            peer p;
            bytes text = {NULL, 0, 0};
            bytes packed = {NULL, 0, 0};
            bytes input = {NULL, 0, 0};
            const uint64_t limits[] = {0, 500, 3000};
            zip_json(&text, 5, 100000);
            zip_pack_alone(text.data, text.len, &packed);
            zip_message(&input, WEIR_CLIENT, 1, packed.data, packed.len, SIZE_MAX);
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.config.deliver_chunks = (uint64_t)chunks;
            zip_peer(&p, WEIR_SERVER, "permessage-deflate");
            peer_feed(&p, input.data, 600, 600);
            assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
            assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, limits[lowered]),
                             WEIR_OK);
            peer_feed(&p, input.data + 600, input.len - 600, input.len);
            assert_true(peer_saw(&p, "cause=WEIR_E_MESSAGE_TOO_BIG"));
            assert_int_equal(peer_close_code(&p, WEIR_SERVER), 1009);
            bytes_free(&text);
            bytes_free(&packed);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* What comes first decides, whatever lies in the same piece: a wrong character before the limit. */
static void R7692_7_2_2_6__fault_before_the_limit__is_the_one_told(void **state)
{
    (void)state;
    no_limits();
    for (int over = 0; over < 2; over++) {
        bytes text = {NULL, 0, 0};
        bytes packed = {NULL, 0, 0};
        bytes input = {NULL, 0, 0};
        zip_json(&text, 9, 3000);
        text.data[over ? 2500 : 1500] = 0xFF;
        zip_pack_alone(text.data, text.len, &packed);
        zip_message(&input, WEIR_CLIENT, 1, packed.data, packed.len, SIZE_MAX);
        limit_bytes = 2000;
        check_limited(WEIR_SERVER, &input, NULL, over ? WEIR_E_MESSAGE_TOO_BIG : WEIR_E_UTF8, 0);
        bytes_free(&text);
        bytes_free(&packed);
        bytes_free(&input);
    }
}

/* Empty blocks of each kind; the last is the sender's flush. */
static void R7692_7_2_2_7__blocks_of_a_message__are_limited(void **state)
{
    (void)state;
    no_limits();
    limit_blocks = 100;
    for (size_t role = 0; role < 2; role++)
        for (int kind = 0; kind < 4; kind++)
            for (int count = 99; count <= 101; count++) {
                bytes input = {NULL, 0, 0};
                bytes want = {NULL, 0, 0};
                zip_bits bits = {{NULL, 0, 0}, 0, 0};
                for (int i = 1; i < count; i++) {
                    if (kind < 2) {
                        zip_stored(&bits, kind, NULL, 0);
                    } else {
                        zip_fixed_begin(&bits, kind == 3);
                        zip_fixed_end(&bits);
                    }
                    if (kind == 3)
                        zip_align(&bits);
                }
                zip_put(&bits, 0, 3);
                zip_align(&bits);
                zip_message(&input, other_role(roles[role]), 2, bits.out.data, bits.out.len,
                            SIZE_MAX);
                zip_message(&input, other_role(roles[role]), 2, bits.out.data, bits.out.len,
                            SIZE_MAX);
                want_message(&want, NULL, 0);
                want_message(&want, NULL, 0);
                check_limited(roles[role], &input, &want,
                              count > 100 ? WEIR_E_DEFLATE_BLOCKS : WEIR_OK, 0);
                bytes_free(&bits.out);
                bytes_free(&input);
                bytes_free(&want);
            }
}

static void R7692_7_2_2_6__expansion__is_limited_once_64_kib_are_out(void **state)
{
    (void)state;
    no_limits();
    limit_ratio = 50;
    for (limit_chunks = 0; limit_chunks < 2; limit_chunks++)
        for (int kind = 0; kind < 4; kind++) {
            const int role = roles[kind % 2];
            const size_t len = kind == 2 ? 65536 : 200000;
            bytes text = {NULL, 0, 0};
            bytes packed = {NULL, 0, 0};
            bytes input = {NULL, 0, 0};
            bytes want = {NULL, 0, 0};
            zip_json(&text, 1, len);
            if (kind > 0)
                memset(text.data, 'z', len);
            zip_pack_alone(text.data, text.len, &packed);
            zip_message(&input, other_role(role), 2, packed.data, packed.len, SIZE_MAX);
            want_message(&want, text.data, text.len);
            limit_ratio = kind == 3 ? WEIR_NONE : 50;
            check_limited(role, &input, &want, kind == 1 ? WEIR_E_DEFLATE_RATIO : WEIR_OK, 0);
            bytes_free(&text);
            bytes_free(&packed);
            bytes_free(&input);
            bytes_free(&want);
        }
}

/* ---- Pieces ----------------------------------------------------------------------------------*/

/* deliver_chunks: no piece is over 16 KiB, and the last of a bomb come without input. */
static void R7692_7_2_2_6__pieces__are_no_larger_than_16_kib(void **state)
{
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 32768, 49152, 1000000};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t cap = 1; cap <= 16; cap += 15) {
            peer p;
            const int role = roles[i % 2];
            bytes text = {NULL, 0, 0};
            bytes packed = {NULL, 0, 0};
            bytes input = {NULL, 0, 0};
            zip_json(&text, i, sizes[i]);
            if (sizes[i] > 0)
                memset(text.data, 'z', sizes[i]);
            zip_pack_alone(text.data, text.len, &packed);
            zip_message(&input, other_role(role), 1, packed.data, packed.len, SIZE_MAX);
            zip_text(&input, other_role(role), "behind");
            peer_init(&p);
            p.config.deflate = WEIR_DEFLATE_ON;
            p.config.deliver_chunks = 1;
            p.event_cap = cap;
            p.react = collect;
            zip_peer(&p, role, zip_plain_extensions(other_role(role)));
            peer_feed(&p, input.data, input.len, input.len);
            assert_int_equal(got.bad | got.open, 0);
            assert_int_equal(got.largest, sizes[i] > 16384 ? 16384 : sizes[i] > 6 ? sizes[i] : 6);
            assert_int_equal(got.pieces, (sizes[i] + 16383 + (sizes[i] == 0)) / 16384 + 1);
            assert_int_equal(got.messages.len, sizes[i] + 6 + 8);
            got_clear();
            bytes_free(&text);
            bytes_free(&packed);
            bytes_free(&input);
            peer_close(&p);
        }
}

/* A frame longer than a piece, of which pieces take odd numbers of bytes: what was unmasked too far
 * is masked back, and the key stays in step. */
static void R7692_7_2_2_6__pieces_of_a_long_frame__come_out_unmasked(void **state)
{
    static const size_t steps[] = {1448, 5001, 16383, 20001, 40003, SIZE_MAX, 0};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bytes text = {NULL, 0, 0};
        bytes packed = {NULL, 0, 0};
        bytes input = {NULL, 0, 0};
        bytes want = {NULL, 0, 0};
        for (uint64_t part = 0; part < 4; part++) {
            zip_noise(&text, part, 20001);
            zip_json(&text, part, 60000);
            memset(text.data + text.len - 30000, 'z', 20000);
        }
        zip_pack_alone(text.data, text.len, &packed);
        zip_message(&input, other_role(roles[i]), 2, packed.data, packed.len, SIZE_MAX);
        want_message(&want, text.data, text.len);
        check_brings(roles[i], zip_plain_extensions(other_role(roles[i])), &input, &want, in_chunks,
                     steps);
        check_brings(roles[i], zip_plain_extensions(other_role(roles[i])), &input, &want, NULL,
                     steps);
        bytes_free(&text);
        bytes_free(&packed);
        bytes_free(&input);
        bytes_free(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R7692_7_2_2_1__R7692_7_2_2_3__sessions_of_zlib__are_received),
        cmocka_unit_test(R7692_7_2_2_3__without_takeover__each_message_stands_alone),
        cmocka_unit_test(R7692_7_2_2_4__distance__is_right_up_to_the_agreed_window),
        cmocka_unit_test(R7692_7_2_2_5__message_cut_short_anywhere__is_1007),
        cmocka_unit_test(R7692_7_2_2_5__each_flipped_bit__has_zlibs_verdict),
        cmocka_unit_test(R7692_7_2_2_5__bytes_behind_the_last_block__are_read_as_blocks),
        cmocka_unit_test(R7692_7_2_2_6__message_limit__is_exact_while_inflating),
        cmocka_unit_test(R7692_7_2_2_6__limit_lowered_inside_a_message__holds),
        cmocka_unit_test(R7692_7_2_2_6__fault_before_the_limit__is_the_one_told),
        cmocka_unit_test(R7692_7_2_2_7__blocks_of_a_message__are_limited),
        cmocka_unit_test(R7692_7_2_2_6__expansion__is_limited_once_64_kib_are_out),
        cmocka_unit_test(R7692_7_2_2_6__pieces_of_a_long_frame__come_out_unmasked),
        cmocka_unit_test(R7692_7_2_2_6__pieces__are_no_larger_than_16_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
