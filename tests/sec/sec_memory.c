/* SPDX-License-Identifier: MIT */
/* Attacks on memory: claims, unfinished messages, floods, peers that do not read. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define MEMORY_SLOW 1
#endif
#endif

/* Sanitizers see the same code take fewer turns. */
#ifdef MEMORY_SLOW
#define MEMORY_TURNS(many) ((many) / 20)
#else
#define MEMORY_TURNS(many) (many)
#endif

/* Heap of a connection beside what it holds of the peer's bytes: its own blocks, heads, and the
 * 1 KiB that a message in parts begins with. */
#define MEMORY_CONST 4096u

static int memory_other(const peer *p)
{
    return p->role == WEIR_SERVER ? WEIR_CLIENT : WEIR_SERVER;
}

static void memory_begin(peer *p, char kind)
{
    p->config.max_pooled_bytes = 0; /* what is held is in use */
    peer_open(p, kind);
}

/* One receive call after another on a copy of the input, until all is used. Events are counted by
 * type; output stays where it is. */
static void memory_feed(peer *p, const bytes *input, size_t *counts)
{
    static weir_event events[256];
    static uint8_t copy[1 << 17];
    size_t used;
    assert_true(input->len <= sizeof copy);
    memcpy(copy, input->data, input->len);
    for (size_t at = 0; at < input->len; at += used) {
        const int n = weir_conn_receive(p->conn, copy + at, input->len - at, &used, events, 256);
        assert_true(n > 0 || used > 0);
        for (int i = 0; i < n; i++)
            counts[events[i].type]++;
    }
}

static void memory_drain(peer *p)
{
    weir_span spans[16];
    for (int n; (n = weir_conn_output(p->conn, spans, 16)) > 0;) {
        size_t sum = 0;
        for (int i = 0; i < n; i++)
            sum += spans[i].len;
        assert_int_equal(weir_conn_sent(p->conn, sum), WEIR_OK);
    }
}

/* ---- Claims ----------------------------------------------------------------------------------*/

static void SEC_M1__declared_length_allocates_nothing(void **state)
{
    const uint64_t lens[] = {126,
                             65536,
                             (uint64_t)1 << 20,
                             ((uint64_t)1 << 31) - 1,
                             (uint64_t)1 << 31,
                             ((uint64_t)1 << 32) + 5,
                             (uint64_t)1 << 62,
                             INT64_MAX};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
            for (int fin = 0; fin <= 1; fin++) {
                peer p;
                bytes head = {0};
                peer_init(&p);
                p.config.max_message_bytes = WEIR_NONE;
                memory_begin(&p, *kind);
                const uint64_t before = p.alloc.held;
                bytes_add_head(&head, fin, 0, 2, p.role == WEIR_SERVER, lens[i], 64);
                if (lens[i] < 65536)
                    head.len = 0; /* only its shortest form is allowed */
                if (head.len == 0)
                    bytes_add_head(&head, fin, 0, 2, p.role == WEIR_SERVER, lens[i], 16);
                bytes_add_text(&head, "five!");
                peer_feed(&p, head.data, head.len, 1);
                assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
                assert_in_range(p.alloc.peak - before, 0, MEMORY_CONST);
                bytes_free(&head);
                peer_close(&p);
            }
}

static void SEC_M1__memory_follows_the_bytes_of_a_slow_message(void **state)
{
    const size_t steps[] = {1, 7, 100, 1448, 4096, 65536, 100000};
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
            for (int fragmented = 0; fragmented <= 1; fragmented++) {
                peer p;
                bytes head = {0};
                static uint8_t zeros[100000];
                peer_init(&p);
                p.config.max_message_bytes = (uint64_t)1 << 40;
                memory_begin(&p, *kind);
                const uint64_t before = p.alloc.held;
                bytes_add_head(&head, !fragmented, 0, 2, p.role == WEIR_SERVER, (uint64_t)1 << 30,
                               64);
                peer_feed(&p, head.data, head.len, head.len);
                const size_t whole = steps[i] < 100 ? 5000 : 700000;
                for (size_t at = steps[i]; at <= whole; at += steps[i]) {
                    peer_feed(&p, zeros, steps[i], steps[i]);
                    assert_in_range(p.alloc.held - before, at, 2 * at + MEMORY_CONST);
                }
                bytes_free(&head);
                peer_close(&p);
            }
}

static void SEC_M1__input_buffer_is_no_larger_than_what_arrived(void **state)
{
    peer p;
    bytes head = {0};
    (void)state;
    peer_init(&p);
    p.config.max_message_bytes = (uint64_t)1 << 40;
    memory_begin(&p, 'S');
    bytes_add_head(&head, 1, 0, 2, 1, (uint64_t)1 << 30, 64);
    peer_feed(&p, head.data, head.len, head.len);
    size_t arrived = 0;
    while (arrived < 3000000) {
        size_t len, used;
        weir_event events[2];
        uint8_t *const place = weir_conn_input_buffer(p.conn, &len);
        assert_non_null(place);
        const size_t read = len < 5000 ? len : 5000;
        memset(place, 0, read);
        assert_int_equal(weir_conn_input_filled(p.conn, read, &used, events, 2), 0);
        assert_int_equal(used, read);
        arrived += read;
        assert_in_range(p.alloc.held, 0, 2 * (arrived + 65536) + 65536 + 8192);
    }
    assert_in_range(p.alloc.calls, 0, 30); /* each growth doubles: no copy of all for each read */
    bytes_free(&head);
    peer_close(&p);
}

/* ---- Structure -------------------------------------------------------------------------------*/

static void SEC_M2__fragments_without_end_stop_at_the_message_limit(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (int chunks = 0; chunks <= 1; chunks++) {
            peer p;
            bytes frame = {0};
            static uint8_t half[5000];
            peer_init(&p);
            p.config.max_message_bytes = 10000;
            p.config.max_frame_bytes = 5000;
            p.config.deliver_chunks = (uint64_t)chunks;
            memory_begin(&p, *kind);
            const uint64_t before = p.alloc.held;
            int fed = 0;
            for (; weir_conn_state(p.conn) == WEIR_OPEN && fed < 100; fed++) {
                frame.len = 0;
                bytes_add_frame(&frame, memory_other(&p), 0, fed == 0 ? 2 : 0, half, sizeof half);
                peer_feed(&p, frame.data, frame.len, 999);
            }
            assert_int_equal(fed, 3);
            assert_int_equal(peer_close_code(&p, p.role), 1009);
            assert_true(peer_saw(&p, "cause=WEIR_E_MESSAGE_TOO_BIG"));
            assert_in_range(p.alloc.peak - before, 0, 3 * 16384 + MEMORY_CONST);
            bytes_free(&frame);
            peer_close(&p);
        }
}

static void SEC_M3__every_default_is_finite(void **state)
{
    weir_config hosted, tiny;
    (void)state;
    assert_int_equal(weir_config_init(&hosted, sizeof hosted), WEIR_OK);
    assert_int_equal(weir_config_init_tiny(&tiny, sizeof tiny), WEIR_OK);
    for (int option = WEIR_OPTION_MAX_LINE_BYTES; option < WEIR_OPTION_SEED; option++) {
        uint64_t value = 1, small = 1;
        const int status = weir_config_get(&hosted, option, &value);
        assert_int_equal(weir_config_get(&tiny, option, &small), status);
        const int endless = option == WEIR_OPTION_MAX_FRAME_BYTES || /* the message's limit rules */
                            option == WEIR_OPTION_IDLE_TIMEOUT_MS || /* pings find the dead */
                            option == WEIR_OPTION_MAX_CONTEXT_BYTES;
        assert_true(status == WEIR_E_OPTION || endless || value < UINT32_MAX);
        assert_true(small <= value);
    }
    assert_int_equal(hosted.max_message_bytes, 1048576);
    assert_int_equal(hosted.max_fragments, 4096);
    assert_int_equal(hosted.max_empty_fragments, 128);
    assert_int_equal(hosted.max_queued_bytes, 4194304);
    assert_int_equal(hosted.max_head_bytes, 16384);
    assert_int_equal(hosted.handshake_timeout_ms, 10000);
}

/* An unfinished message of tiny fragments: as many as allowed of the size, byte by byte. */
static void memory_tiny_fragments(peer *p, size_t size, uint64_t before)
{
    bytes frame = {0};
    const uint64_t most = size == 0 ? 129 : 4096; /* the first frame may be empty unfinished too */
    uint64_t count = 0;
    for (; weir_conn_state(p->conn) == WEIR_OPEN; count++) {
        assert_in_range(count, 0, most + 1);
        frame.len = 0;
        bytes_add_frame(&frame, memory_other(p), 0, count == 0 ? 2 : 0, "0123456789", size);
        peer_feed(p, frame.data, frame.len, 1);
        const uint64_t payload = size * (count + 1);
        if (weir_conn_state(p->conn) == WEIR_OPEN)
            assert_in_range(p->alloc.held - before, 0, 2 * payload + MEMORY_CONST);
    }
    assert_in_range(count, most, most + 1);
    assert_int_equal(peer_close_code(p, p->role), 1008);
    bytes_free(&frame);
}

static void SEC_M4__unfinished_tiny_fragments_stay_under_the_budget(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++)
        for (size_t size = 0; size <= 2; size++) {
            peer p;
            peer_init(&p);
            memory_begin(&p, *kind);
            memory_tiny_fragments(&p, size, p.alloc.held);
            assert_true(peer_saw(&p, size == 0 ? "TOO_MANY_EMPTY" : "TOO_MANY_FRAGMENTS"));
            peer_close(&p);
        }
}

#define UNFINISHED 1000

static void SEC_M4__a_thousand_unfinished_messages_cost_their_payload(void **state)
{
    static weir_conn *conns[UNFINISHED];
    peer p;
    bytes input = {0};
    (void)state;
    peer_init(&p);
    memory_begin(&p, 'S');
    const uint64_t before = p.alloc.held;
    for (int i = 0; i < 300; i++)
        bytes_add_frame(&input, WEIR_CLIENT, 0, i == 0 ? 1 : 0, "a", 1);
    for (size_t i = 0; i < UNFINISHED; i++) {
        size_t used;
        weir_event event;
        uint8_t *const copy = malloc(input.len);
        memcpy(copy, input.data, input.len);
        assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &conns[i]), WEIR_OK);
        assert_int_equal(weir_conn_receive(conns[i], copy, input.len, &used, &event, 1), 0);
        free(copy);
    }
    /* 300 bytes of payload: their buffer, what is known of the message, the connection. */
    assert_in_range((p.alloc.held - before) / UNFINISHED, 300, 1024 + 256 + 256);
    for (size_t i = 0; i < UNFINISHED; i++)
        weir_conn_free(conns[i]);
    assert_int_equal(p.alloc.held, before);
    bytes_free(&input);
    peer_close(&p);
}

/* ---- Floods ----------------------------------------------------------------------------------*/

static void memory_flood(char kind, int opcode, size_t len, weir_event_type event)
{
    peer p;
    bytes batch = {0};
    size_t counts[14] = {0};
    const size_t turns = MEMORY_TURNS(10000000) / 1000;
    peer_init(&p);
    memory_begin(&p, kind);
    const uint64_t before = p.alloc.held;
    for (int i = 0; i < 1000; i++)
        bytes_add_frame(&batch, memory_other(&p), 1, opcode, "payload of a control frame", len);
    for (size_t i = 0; i < turns; i++)
        memory_feed(&p, &batch, counts);
    assert_int_equal(counts[event], turns * 1000);
    assert_in_range(p.alloc.peak - before, 0, MEMORY_CONST);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    peer_pump(&p);
    assert_int_equal(peer_frames(&p, p.role, 10), opcode == 9);
    assert_int_equal(p.alloc.held, before);
    bytes_free(&batch);
    peer_close(&p);
}

static void SEC_M5__ten_million_pings_while_nothing_is_read_hold_one_pong(void **state)
{
    (void)state;
    memory_flood('S', 9, 5, WEIR_EVENT_PING);
    memory_flood('C', 9, 26, WEIR_EVENT_PING);
}

static void SEC_M5__ten_million_pongs_hold_nothing(void **state)
{
    (void)state;
    memory_flood('S', 10, 5, WEIR_EVENT_PONG);
    memory_flood('C', 10, 0, WEIR_EVENT_PONG);
}

static void SEC_M6__peer_that_never_reads_is_refused_more_at_the_cap(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        static uint8_t message[10000];
        size_t taken = 0;
        int status;
        peer_init(&p);
        p.config.max_queued_bytes = 300000;
        memory_begin(&p, *kind);
        const uint64_t before = p.alloc.held;
        while ((status = weir_conn_send(p.conn, WEIR_BINARY, message, sizeof message)) >= 0 &&
               status != WEIR_WOULD_BLOCK) {
            assert_int_equal(status, taken * 10008 > 252136 ? WEIR_OVER_HIGH : WEIR_OK);
            taken++;
        }
        assert_in_range(taken, 28, 30);
        assert_int_equal(status, WEIR_WOULD_BLOCK);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(weir_conn_send(p.conn, WEIR_TEXT, message, sizeof message),
                             WEIR_WOULD_BLOCK);
            assert_int_equal(weir_conn_ping(p.conn, message, 125), WEIR_OK);
            assert_int_equal(weir_conn_pong(p.conn, message, 125), WEIR_OK);
        }
        assert_int_equal(weir_conn_close(p.conn, 1001, NULL, 0), WEIR_OK);
        assert_in_range(p.alloc.peak - before, 0, 2 * 300000);
        peer_pump(&p);
        assert_int_equal(peer_frames(&p, p.role, 2), taken);
        assert_int_equal(peer_frames(&p, p.role, 9), 1);
        assert_int_equal(peer_close_code(&p, p.role), 1001);
        peer_close(&p);
    }
}

static void SEC_M6__echo_to_a_peer_that_never_reads_keeps_its_cap(void **state)
{
    peer p;
    bytes frame = {0};
    static uint8_t message[30000];
    (void)state;
    peer_init(&p);
    p.config.max_queued_bytes = 400000;
    memory_begin(&p, 'S');
    bytes_add_frame(&frame, WEIR_CLIENT, 1, 2, message, sizeof message);
    for (int i = 0; i < 500; i++) {
        size_t used;
        weir_event event;
        uint8_t *const copy = malloc(frame.len);
        memcpy(copy, frame.data, frame.len);
        assert_int_equal(weir_conn_receive(p.conn, copy, frame.len, &used, &event, 1), 1);
        if (event.type == WEIR_EVENT_MESSAGE)
            (void)weir_conn_send(p.conn, WEIR_BINARY, event.data, event.len);
        free(copy);
        assert_in_range(p.alloc.held, 0, 3 * 400000);
    }
    bytes_free(&frame);
    peer_close(&p);
}

/* ---- Figures ---------------------------------------------------------------------------------*/

#define IDLE 1000

/* Heap that open connections hold when nothing is under way. */
static uint64_t memory_of_idle(int measured)
{
    static pair pairs[IDLE];
    test_alloc allocs[2] = {{0}, {0}};
    weir_context *contexts[2];
    pair all;
    pair_init(&all, &allocs[0]);
    all.config.max_pooled_bytes = 0;
    for (int i = 0; i < 2; i++) {
        all.config.allocate_user = &allocs[i];
        assert_int_equal(weir_context_create(&all.config, &contexts[i]), WEIR_OK);
    }
    const uint64_t before = allocs[measured].held;
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    for (size_t i = 0; i < IDLE; i++) {
        pair *const p = &pairs[i];
        memset(p, 0, sizeof *p);
        assert_int_equal(weir_conn_create_server(contexts[0], &p->side[0].conn), WEIR_OK);
        assert_int_equal(weir_conn_create_client(contexts[1], &request, &p->side[1].conn), WEIR_OK);
        p->echo = 1;
        pair_run(p, 100);
        weir_conn_send(p->side[1].conn, WEIR_TEXT, "hello", 5);
        pair_run(p, 100);
        weir_event event; /* the receive call after OPEN */
        for (int side = 0; side < 2; side++)
            assert_int_equal(weir_conn_events(p->side[side].conn, &event, 1), 0);
        assert_int_equal(weir_conn_state(p->side[0].conn), WEIR_OPEN);
    }
    const uint64_t held = (allocs[measured].held - before) / IDLE;
    for (size_t i = 0; i < IDLE; i++)
        pair_free(&pairs[i]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(weir_context_free(contexts[i]), WEIR_OK);
    assert_int_equal(allocs[0].held + allocs[1].held, 0);
    return held;
}

static void idle_open_connection__holds_256_bytes_at_most(void **state)
{
    (void)state;
    assert_in_range(memory_of_idle(0), 1, sizeof(void *) == 8 ? 256 : 224);
    assert_in_range(memory_of_idle(1), 1, sizeof(void *) == 8 ? 256 : 224);
}

static void memory_before_open__is_small(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    memory_begin(&p, 's');
    assert_in_range(p.alloc.held, 1, 8192);
    const uint64_t before = p.alloc.held;
    weir_conn *conn;
    assert_int_equal(weir_conn_create_server(p.context, &conn), WEIR_OK);
    assert_in_range(p.alloc.held - before, 1, 256);
    weir_conn_free(conn);
    peer_feed(&p, "GET / HTTP/1.1\r\n", 16, 1);
    /* The opening, its first line, and the block that points to it. */
    assert_in_range(p.alloc.held - before, 1, 512 + 64 + 64);
    peer_close(&p);
}

static void steady_echo__calls_the_allocator_never(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes batch = {0};
        weir_event events[128];
        peer_init(&p);
        peer_open(&p, *kind);
        for (int i = 0; i < 100; i++)
            bytes_add_frame(&batch, memory_other(&p), 1, 2, "thirty-two bytes of a message...", 32);
        uint8_t *const copy = malloc(batch.len);
        uint64_t calls = 0;
        for (int turn = 0; turn < MEMORY_TURNS(10000) + 10; turn++) {
            size_t used;
            memcpy(copy, batch.data, batch.len);
            const int n = weir_conn_receive(p.conn, copy, batch.len, &used, events, 128);
            assert_int_equal(n, 100);
            for (int i = 0; i < n; i++)
                assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, events[i].data, events[i].len),
                                 WEIR_OK);
            memory_drain(&p);
            if (turn == 9)
                calls = p.alloc.calls; /* the pool has its blocks */
        }
        assert_int_equal(p.alloc.calls, calls);
        free(copy);
        bytes_free(&batch);
        peer_close(&p);
    }
}

static void handshakes_after_the_first__call_the_allocator_never(void **state)
{
    (void)state;
    peer p;
    bytes request = {0};
    peer_init(&p);
    peer_open(&p, 's');
    bytes_add_request(&request, "Cookie: one=0123456789; two=0123456789\r\nPragma: no-cache\r\n");
    uint8_t *const copy = malloc(request.len);
    uint64_t calls = 0;
    for (int turn = 0; turn < 10; turn++) {
        weir_event event;
        size_t used;
        weir_conn_free(p.conn);
        assert_int_equal(weir_conn_create_server(p.context, &p.conn), WEIR_OK);
        memcpy(copy, request.data, request.len);
        assert_int_equal(weir_conn_receive(p.conn, copy, request.len, &used, &event, 1), 1);
        assert_int_equal(weir_conn_accept(p.conn, NULL, 0, NULL, 0), WEIR_OK);
        memory_drain(&p);
        assert_int_equal(weir_conn_events(p.conn, &event, 1), 1);
        assert_int_equal(event.type, WEIR_EVENT_OPEN);
        if (turn == 0)
            calls = p.alloc.calls;
    }
    assert_int_equal(p.alloc.calls, calls);
    free(copy);
    bytes_free(&request);
    peer_close(&p);
}

static void million_of_every_frame__holds_as_much_after_as_before(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        bytes batch = {0};
        size_t counts[14] = {0};
        peer_init(&p);
        memory_begin(&p, *kind);
        const int from = memory_other(&p);
        for (int i = 0; i < 200; i++) {
            bytes_add_frame(&batch, from, 1, 1, "message", 7);
            bytes_add_frame(&batch, from, 1, 9, "ping", 4);
            bytes_add_frame(&batch, from, 1, 10, "pong", 4);
            bytes_add_frame(&batch, from, 0, 2, "fragment", 8);
            bytes_add_frame(&batch, from, 0, 0, "", 0);
            bytes_add_frame(&batch, from, 1, 9, "between", 7);
            bytes_add_frame(&batch, from, 1, 0, "end", 3);
            bytes_add_frame(&batch, from, 1, 2, "", 0);
        }
        const uint64_t before = p.alloc.held;
        for (int turn = 0; turn < MEMORY_TURNS(1000); turn++) {
            memory_feed(&p, &batch, counts);
            memory_drain(&p);
        }
        weir_event event;
        assert_int_equal(weir_conn_events(p.conn, &event, 1), 0);
        assert_int_equal(counts[WEIR_EVENT_MESSAGE], MEMORY_TURNS(1000) * 600);
        assert_int_equal(p.alloc.held, before);
        assert_in_range(p.alloc.peak - before, 0, MEMORY_CONST);
        bytes_free(&batch);
        peer_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(SEC_M1__declared_length_allocates_nothing),
        cmocka_unit_test(SEC_M1__memory_follows_the_bytes_of_a_slow_message),
        cmocka_unit_test(SEC_M1__input_buffer_is_no_larger_than_what_arrived),
        cmocka_unit_test(SEC_M2__fragments_without_end_stop_at_the_message_limit),
        cmocka_unit_test(SEC_M3__every_default_is_finite),
        cmocka_unit_test(SEC_M4__unfinished_tiny_fragments_stay_under_the_budget),
        cmocka_unit_test(SEC_M4__a_thousand_unfinished_messages_cost_their_payload),
        cmocka_unit_test(SEC_M5__ten_million_pings_while_nothing_is_read_hold_one_pong),
        cmocka_unit_test(SEC_M5__ten_million_pongs_hold_nothing),
        cmocka_unit_test(SEC_M6__peer_that_never_reads_is_refused_more_at_the_cap),
        cmocka_unit_test(SEC_M6__echo_to_a_peer_that_never_reads_keeps_its_cap),
        cmocka_unit_test(idle_open_connection__holds_256_bytes_at_most),
        cmocka_unit_test(memory_before_open__is_small),
        cmocka_unit_test(steady_echo__calls_the_allocator_never),
        cmocka_unit_test(handshakes_after_the_first__call_the_allocator_never),
        cmocka_unit_test(million_of_every_frame__holds_as_much_after_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
