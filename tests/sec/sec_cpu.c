/* SPDX-License-Identifier: MIT */
/* Attacks on time: work that grows faster than the input, calls that do not end. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

/* ---- Work ------------------------------------------------------------------------------------*/

/* Blocks of code that the library entered, and one for each 16 bytes that were copied, moved or
 * set: this program is linked with the library that counts (tests/meson.build). */
static uint64_t cpu_work_done;

/* The linker turns the library's calls here: --wrap. */
void __wrap___sanitizer_cov_trace_pc(void);
void *__real_memcpy(void *dst, const void *src, size_t len);
void *__real_memmove(void *dst, const void *src, size_t len);
void *__real_memset(void *dst, int value, size_t len);
void *__wrap_memcpy(void *dst, const void *src, size_t len);
void *__wrap_memmove(void *dst, const void *src, size_t len);
void *__wrap_memset(void *dst, int value, size_t len);

void __wrap___sanitizer_cov_trace_pc(void)
{
    cpu_work_done++;
}

void *__wrap_memcpy(void *dst, const void *src, size_t len)
{
    cpu_work_done += len / 16;
    return __real_memcpy(dst, src, len);
}

void *__wrap_memmove(void *dst, const void *src, size_t len)
{
    cpu_work_done += len / 16;
    return __real_memmove(dst, src, len);
}

void *__wrap_memset(void *dst, int value, size_t len)
{
    cpu_work_done += len / 16;
    return __real_memset(dst, value, len);
}

/* ---- Eight times the input, eight times the work ---------------------------------------------*/

typedef void (*cpu_work)(size_t size);

static double cpu_count(cpu_work work, size_t size)
{
    const uint64_t before = cpu_work_done;
    work(size);
    return (double)(cpu_work_done - before);
}

/* Quadratic work is 64 times as much for 8 times the input; linear work 8 times at most, as what a
 * call does before it looks at its input stays the same, and tables grow in steps. */
static void cpu_assert_linear(cpu_work work, size_t size)
{
    const double once = cpu_count(work, size);
    const double ratio = cpu_count(work, 8 * size) / once;
    assert_true(once >= (double)size / 16); /* the counter counts */
    if (ratio > 10)
        fail_msg("8 times the input took %.1f times the work", ratio);
}

/* A request with one field of the size, made of a piece again and again; answer: to its event. */
static void cpu_request_answered(const char *name, const char *piece, size_t size, size_t step,
                                 void (*answer)(peer *p, const weir_event *event))
{
    peer p;
    bytes b = {0};
    peer_init(&p);
    p.react = answer;
    p.accept = answer == NULL;
    p.config.max_head_bytes = p.config.max_line_bytes = 1 << 24;
    p.config.max_list_members = p.config.max_empty_members = WEIR_NONE;
    p.config.max_extension_offers = p.config.max_extension_params = WEIR_NONE;
    p.config.max_fields = 65536;
    peer_open(&p, 's');
    bytes_add_text(&b, "GET / HTTP/1.1\r\nHost: host\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    bytes_add_text(&b, name);
    while (b.len < size)
        bytes_add_text(&b, piece);
    bytes_add_text(&b, "\r\n\r\n");
    peer_feed(&p, b.data, b.len, step);
    bytes_free(&b);
    peer_close(&p);
}

static void cpu_request(const char *name, const char *piece, size_t size, size_t step)
{
    cpu_request_answered(name, piece, size, step, NULL);
}

static void cpu_extension_backslashes(size_t size)
{
    cpu_request("Sec-WebSocket-Extensions: a; b=\"", "\\x", size, 65536);
}

static void cpu_extension_commas(size_t size)
{
    cpu_request("Sec-WebSocket-Extensions: a", ",", size, 65536);
}

static void cpu_extension_params(size_t size)
{
    cpu_request("Sec-WebSocket-Extensions: a", "; b", size, 65536);
}

static void cpu_extension_spaces(size_t size)
{
    cpu_request("Sec-WebSocket-Extensions: a", " ", size, 65536);
}

static void cpu_subprotocol_spaces(size_t size)
{
    cpu_request("Sec-WebSocket-Protocol: a", " ", size, 65536);
}

static void cpu_subprotocol_mixture(size_t size)
{
    cpu_request("Sec-WebSocket-Protocol: a", " \t , \t", size, 65536);
}

/* None of the many that were offered is the one that is asked for. */
static void cpu_choose_none(peer *p, const weir_event *event)
{
    if (event->type == WEIR_EVENT_REQUEST)
        assert_int_equal(weir_conn_accept(p->conn, "b", 1, NULL, 0), WEIR_E_PROTOCOL_NAME);
}

static void cpu_subprotocol_choice(size_t size)
{
    cpu_request_answered("Sec-WebSocket-Protocol: a", ",a", size, 65536, cpu_choose_none);
}

static void cpu_head_bytewise(size_t size)
{
    cpu_request("X: a", "value ", size, 1);
}

static void cpu_head_of_empty_fields(size_t size)
{
    cpu_request("X: a", "\r\nx:", size, 1);
}

static void SEC_C1__hostile_extension_lists_take_time_by_their_length(void **state)
{
    (void)state;
    cpu_assert_linear(cpu_extension_backslashes, 65536);
    cpu_assert_linear(cpu_extension_commas, 65536);
    cpu_assert_linear(cpu_extension_params, 65536);
    cpu_assert_linear(cpu_extension_spaces, 65536);
}

static void SEC_C2__spaces_in_subprotocol_lists_take_time_by_their_length(void **state)
{
    (void)state;
    cpu_assert_linear(cpu_subprotocol_spaces, 65536);
    cpu_assert_linear(cpu_subprotocol_mixture, 65536);
}

static void SEC_C2__choice_of_a_subprotocol_takes_time_by_the_length_of_the_list(void **state)
{
    (void)state;
    cpu_assert_linear(cpu_subprotocol_choice, 8192);
}

static void SEC_C4__head_that_comes_byte_by_byte_is_parsed_once(void **state)
{
    (void)state;
    cpu_assert_linear(cpu_head_bytewise, 16384);
    cpu_assert_linear(cpu_head_of_empty_fields, 8192);
}

/* ---- Calls that end --------------------------------------------------------------------------*/

/* Frames from a client to a server without a peer that reads; echo waits in the queue. */
static void cpu_frames(const bytes *one, size_t count, size_t step, int sends)
{
    peer p;
    bytes b = {0};
    weir_event events[64];
    peer_init(&p);
    p.config.max_fragments = p.config.max_empty_fragments = WEIR_NONE;
    p.config.max_queued_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    for (size_t i = 0; i < count; i++)
        bytes_add(&b, one->data, one->len);
    for (size_t at = 0, used; at < b.len; at += used) {
        const size_t len = b.len - at < step ? b.len - at : step;
        const int n = weir_conn_receive(p.conn, b.data + at, len, &used, events, 64);
        assert_true(n > 0 || used > 0);
        for (int i = 0; i < n && sends; i++)
            if (events[i].type == WEIR_EVENT_MESSAGE)
                (void)weir_conn_send(p.conn, WEIR_BINARY, events[i].data, events[i].len);
    }
    bytes_free(&b);
    peer_close(&p);
}

static void cpu_pings(size_t count)
{
    bytes one = {0};
    bytes_add_frame(&one, WEIR_CLIENT, 1, 9, "p", 1);
    cpu_frames(&one, count, 4096, 0);
    bytes_free(&one);
}

static void cpu_small_messages(size_t count)
{
    bytes one = {0};
    bytes_add_frame(&one, WEIR_CLIENT, 1, 2, "m", 1);
    cpu_frames(&one, count, 4096, 1);
    bytes_free(&one);
}

static void cpu_fragments_bytewise(size_t count)
{
    bytes one = {0};
    peer p;
    peer_init(&p);
    p.config.max_fragments = p.config.max_empty_fragments = WEIR_NONE;
    peer_open(&p, 'S');
    for (size_t i = 0; i < count; i++) {
        one.len = 0;
        bytes_add_frame(&one, WEIR_CLIENT, 0, i == 0 ? 1 : 0, i % 2 ? "f" : "", i % 2);
        peer_feed(&p, one.data, one.len, 1);
    }
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    bytes_free(&one);
    peer_close(&p);
}

/* The peer takes a byte at a time while pings come: gaps are looked for again and again. */
static void cpu_slow_reader(size_t count)
{
    peer p;
    bytes ping = {0};
    weir_event events[4];
    size_t used;
    peer_init(&p);
    p.config.max_queued_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    for (size_t i = 0; i < count; i++)
        (void)weir_conn_send(p.conn, WEIR_BINARY, "x", 1);
    for (size_t i = 0; i < count; i++) {
        weir_span span;
        ping.len = 0;
        bytes_add_frame(&ping, WEIR_CLIENT, 1, 9, "p", 1);
        (void)weir_conn_receive(p.conn, ping.data, ping.len, &used, events, 4);
        (void)weir_conn_output(p.conn, &span, 1);
        (void)weir_conn_sent(p.conn, 1);
    }
    bytes_free(&ping);
    peer_close(&p);
}

/* Many short references in the queue, taken a few at a time. */
static void cpu_references(size_t count)
{
    peer p;
    weir_message *message;
    peer_init(&p);
    p.config.max_queued_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "m", 1, &message), WEIR_OK);
    for (size_t i = 0; i < count; i++)
        (void)weir_conn_send_message(p.conn, message);
    peer_pump(&p);
    weir_message_free(message);
    peer_close(&p);
}

/* Many short borrowed messages, given back only when all have left. */
static void cpu_borrowed(char kind, size_t count, size_t cap)
{
    peer p;
    weir_span spans[16];
    peer_init(&p);
    p.config.high_water_bytes = p.config.max_queued_bytes = WEIR_NONE;
    peer_open(&p, kind);
    for (size_t i = 0; i < count; i++)
        (void)weir_conn_send_ref(p.conn, WEIR_BINARY, "sixteen bytes...", 16, i);
    for (int n; (n = weir_conn_output(p.conn, spans, cap)) > 0;) {
        const size_t most = spans[0].len < 40 ? spans[0].len : 40;
        assert_int_equal(weir_conn_sent(p.conn, most), WEIR_OK);
        assert_true(weir_conn_wants(p.conn) & WEIR_WANT_INPUT);
    }
    peer_pump(&p);
    peer_close(&p);
}

static void cpu_borrowed_server(size_t count)
{
    cpu_borrowed('S', count, 16);
}

static void cpu_borrowed_client(size_t count)
{
    cpu_borrowed('C', count, 16);
}

/* The report is final but the queue still leaves: does each question look through all of it? */
static void cpu_wants_at_the_end(size_t count)
{
    peer p;
    weir_span span;
    weir_message *message;
    uint8_t fault[] = {0x83, 0x00};
    weir_event events[4];
    size_t used;
    peer_init(&p);
    p.config.high_water_bytes = p.config.max_queued_bytes = WEIR_NONE;
    peer_open(&p, 'S');
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "m", 1, &message), WEIR_OK);
    for (size_t i = 0; i < count; i++)
        (void)weir_conn_send_message(p.conn, message);
    (void)weir_conn_send_ref(p.conn, WEIR_TEXT, "borrowed", 8, 1);
    (void)weir_conn_close(p.conn, 1000, NULL, 0);
    (void)weir_conn_receive(p.conn, fault, 2, &used, events, 4);
    while (weir_conn_output(p.conn, &span, 1) > 0) {
        assert_true(weir_conn_wants(p.conn) & WEIR_WANT_OUTPUT);
        assert_int_equal(weir_conn_sent(p.conn, span.len), WEIR_OK);
    }
    weir_message_free(message);
    peer_close(&p);
}

static void cpu_many_ready(size_t count)
{
    peer p;
    weir_conn **const conns = malloc(count * sizeof(weir_conn *));
    size_t named = 0;
    peer_init(&p);
    peer_open(&p, 'S');
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &conns[i]), WEIR_OK);
        (void)weir_conn_send(conns[i], WEIR_TEXT, "x", 1);
    }
    while (weir_context_next_ready(p.context) != NULL)
        named++;
    assert_int_equal(named, count);
    for (size_t i = 0; i < count; i++)
        weir_conn_free(conns[i]);
    free(conns);
    peer_close(&p);
}

static void SEC_C3__work_of_every_call_grows_with_its_input_and_output_only(void **state)
{
    (void)state;
    cpu_assert_linear(cpu_pings, 5000);
    cpu_assert_linear(cpu_small_messages, 5000);
    cpu_assert_linear(cpu_fragments_bytewise, 1000);
    cpu_assert_linear(cpu_slow_reader, 2000);
    cpu_assert_linear(cpu_references, 1000);
    cpu_assert_linear(cpu_borrowed_server, 2000);
    cpu_assert_linear(cpu_borrowed_client, 2000);
    cpu_assert_linear(cpu_wants_at_the_end, 1000);
    cpu_assert_linear(cpu_many_ready, 4000);
}

/* Every loop that the documentation tells a program to write comes to its end. */
static void SEC_C3__loops_over_a_connection_end_whatever_came(void **state)
{
    dice d = {99};
    (void)state;
    for (int story = 0; story < 3000; story++) {
        peer p;
        uint8_t noise[64];
        const size_t len = (size_t)dice_below(&d, sizeof noise);
        peer_init(&p);
        p.echo = 1;
        peer_open(&p, "sScC"[dice_below(&d, 4)]);
        for (size_t i = 0; i < len; i++)
            noise[i] = (uint8_t)dice_roll(&d);
        if (dice_below(&d, 2) && len > 2) { /* likely frames */
            noise[0] = (uint8_t)(0x80 | dice_below(&d, 12));
            noise[1] = (uint8_t)((p.role == WEIR_SERVER ? 0x80 : 0) | dice_below(&d, 20));
        }
        peer_feed(&p, noise, len, 1 + (size_t)dice_below(&d, 64)); /* dies without progress */
        for (int turns = 0; weir_context_next_due(p.context) != WEIR_NONE; turns++) {
            assert_in_range(turns, 0, 100);
            weir_context_set_time(p.context, weir_context_next_due(p.context));
            for (int names = 0; weir_context_next_ready(p.context) != NULL; names++)
                assert_in_range(names, 0, 3);
            peer_pump(&p);
        }
        assert_int_equal(weir_conn_state(p.conn), WEIR_CLOSED);
        assert_int_equal(p.closed_count, 1);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_C1__hostile_extension_lists_take_time_by_their_length),
        cmocka_unit_test(SEC_C2__spaces_in_subprotocol_lists_take_time_by_their_length),
        cmocka_unit_test(SEC_C2__choice_of_a_subprotocol_takes_time_by_the_length_of_the_list),
        cmocka_unit_test(SEC_C4__head_that_comes_byte_by_byte_is_parsed_once),
        cmocka_unit_test(SEC_C3__work_of_every_call_grows_with_its_input_and_output_only),
        cmocka_unit_test(SEC_C3__loops_over_a_connection_end_whatever_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
