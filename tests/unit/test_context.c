/* SPDX-License-Identifier: MIT */
/* The context: made and freed, its memory, its totals, its independence. */
#include <stdlib.h>
#include <string.h>

#include "support/pair.h"
#include "support/test.h"

static void context_with_something_alive__is_not_freed(void **state)
{
    peer p;
    weir_message *message;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_context_free(p.context), WEIR_E_BUSY);
    assert_int_equal(weir_message_create(p.context, WEIR_TEXT, "x", 1, &message), WEIR_OK);
    assert_int_equal(weir_conn_send_message(p.conn, message), WEIR_OK);
    weir_conn_free(p.conn);
    assert_int_equal(weir_context_free(p.context), WEIR_E_BUSY);
    weir_message_free(message);
    assert_int_equal(weir_context_free(p.context), WEIR_OK);
    assert_int_equal(weir_context_free(NULL), WEIR_OK);
    assert_int_equal(p.alloc.held, 0);
}

static void config_that_makes_no_sense__makes_no_context(void **state)
{
    weir_config config;
    weir_context *context = (weir_context *)(void *)&config;
    (void)state;
    assert_int_equal(weir_context_create(NULL, &context), WEIR_E_ARGUMENT);
    assert_null(context);
    weir_config_init(&config, sizeof config);
    assert_int_equal(weir_context_create(&config, NULL), WEIR_E_ARGUMENT);
    config.size--;
    assert_int_equal(weir_context_create(&config, &context), WEIR_E_SIZE);
    weir_config_init(&config, sizeof config);
    config.fragment_bytes = 0;
    assert_int_equal(weir_context_create(&config, &context), WEIR_E_CONFIG);
    weir_config_init(&config, sizeof config);
    config.low_water_bytes = config.high_water_bytes + 1;
    assert_int_equal(weir_context_create(&config, &context), WEIR_E_CONFIG);
    weir_config_init(&config, sizeof config);
    config.check_text = 2;
    assert_int_equal(weir_context_create(&config, &context), WEIR_E_CONFIG);
    assert_null(context);
}

static void client_without_a_seed__is_refused(void **state)
{
    weir_config config;
    weir_context *context;
    weir_conn *conn;
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    (void)state;
    weir_config_init(&config, sizeof config);
    assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
    assert_int_equal(weir_conn_create_client(context, &request, &conn), WEIR_E_ENTROPY);
    assert_int_equal(weir_conn_create_established(context, WEIR_CLIENT, &conn), WEIR_E_ENTROPY);
    assert_null(conn);
    assert_int_equal(weir_conn_create_established(context, WEIR_SERVER, &conn), WEIR_OK);
    weir_conn_free(conn);
    assert_int_equal(weir_context_free(context), WEIR_OK);
}

static void texts_of_the_config__are_copied(void **state)
{
    peer p;
    bytes request = {0};
    char origins[] = "https://good.example https://other.example";
    (void)state;
    peer_init(&p);
    p.config.auto_accept = 1;
    p.config.origins = (weir_text){origins, strlen(origins)};
    peer_open(&p, 's');
    memset(origins, 'x', sizeof origins);
    bytes_add_request(&request, "Origin: https://other.example\r\n");
    peer_feed(&p, request.data, request.len, 7);
    assert_int_equal(weir_conn_state(p.conn), WEIR_OPEN);
    weir_conn_free(p.conn);
    assert_int_equal(weir_conn_create_server(p.context, &p.conn), WEIR_OK);
    request.len = 0;
    bytes_add_request(&request, "Origin: https://third.example\r\n");
    peer_feed(&p, request.data, request.len, 7);
    assert_int_not_equal(weir_conn_state(p.conn), WEIR_OPEN);
    bytes_free(&request);
    peer_close(&p);
}

static void memory_limit_of_the_context__is_kept(void **state)
{
    (void)state;
    for (uint64_t limit = 0; limit < 70000; limit += 1013) {
        peer p;
        bytes frame = {0};
        char payload[9000] = {0};
        peer_init(&p);
        p.config.max_context_bytes = limit;
        int status = weir_context_create(&p.config, &p.context);
        if (status == WEIR_OK)
            status = weir_conn_create_established(p.context, WEIR_SERVER, &p.conn);
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        p.role = WEIR_SERVER;
        p.echo = 1;
        bytes_add_frame(&frame, WEIR_CLIENT, 1, 2, payload, sizeof payload);
        if (status == WEIR_OK)
            peer_feed(&p, frame.data, frame.len, 1000);
        assert_in_range(p.alloc.peak, 0, limit);
        if (status == WEIR_OK && limit > 60000)
            assert_int_equal(peer_frames(&p, WEIR_SERVER, 2), 1);
        bytes_free(&frame);
        peer_close(&p);
    }
}

static void one_block__serves_everything_without_the_allocator(void **state)
{
    peer p;
    bytes frame = {0};
    static uint64_t block[16384];
    (void)state;
    peer_init(&p);
    p.config.memory = block;
    p.config.memory_len = sizeof block;
    p.echo = 1;
    peer_open(&p, 'C');
    for (size_t len = 0; len < 20000; len += 997) {
        static char payload[20000];
        frame.len = 0;
        bytes_add_frame(&frame, WEIR_SERVER, 1, 2, payload, len);
        peer_feed(&p, frame.data, frame.len, 300);
    }
    assert_int_equal(peer_frames(&p, WEIR_CLIENT, 2), 21);
    assert_int_equal(p.alloc.calls, 0);
    bytes_free(&frame);
    peer_close(&p);
}

static void pool__holds_no_more_than_its_limit(void **state)
{
    const uint64_t limits[] = {0, 1000, 50000, 1048576};
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        peer p;
        static char payload[60000];
        peer_init(&p);
        p.config.max_pooled_bytes = limits[i];
        p.config.max_queued_bytes = WEIR_NONE;
        peer_open(&p, 'S');
        const uint64_t before = p.alloc.held;
        for (int n = 0; n < 50; n++)
            assert_true(weir_conn_send(p.conn, WEIR_BINARY, payload, sizeof payload) >= 0);
        assert_true(p.alloc.held > 50 * sizeof payload);
        peer_pump(&p);
        assert_in_range(p.alloc.held - before, 0, limits[i]);
        peer_close(&p);
    }
}

static void two_contexts_with_one_seed_each__share_nothing(void **state)
{
    peer one, two;
    (void)state;
    peer_init(&one);
    peer_init(&two);
    peer_open(&one, 'C');
    peer_open(&two, 'C');
    for (int i = 0; i < 100; i++) { /* turn about: neither draws from the other's stream */
        weir_conn_send(one.conn, WEIR_TEXT, "hello", 5);
        weir_conn_send(two.conn, WEIR_TEXT, "hello", 5);
        peer_pump(&one);
        peer_pump(&two);
    }
    assert_int_equal(one.output.len, two.output.len);
    assert_memory_equal(one.output.data, two.output.data, one.output.len);
    peer_close(&one);
    peer_close(&two);
}

static void options_by_number__are_the_fields_by_name(void **state)
{
    weir_config config;
    uint64_t value;
    (void)state;
    weir_config_init(&config, sizeof config);
    assert_int_equal(weir_config_size(), sizeof config);
    for (int option = -2; option < 60; option++) {
        const int status = weir_config_get(&config, option, &value);
        assert_true(status == WEIR_OK || status == WEIR_E_OPTION);
        assert_int_equal(weir_config_set(&config, option, 123456), status);
        if (status != WEIR_OK)
            continue;
        assert_int_equal(weir_config_get(&config, option, &value), WEIR_OK);
        assert_int_equal(value, 123456);
    }
    assert_int_equal(config.max_message_bytes, 123456);
    assert_int_equal(config.read_buffer_bytes, 123456);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_SEED, "short", 5), WEIR_E_OPTION);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_HOSTS, NULL, 3), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_MAX_FIELDS, "x", 1), WEIR_E_OPTION);
    assert_int_equal(weir_config_get(&config, WEIR_OPTION_MAX_FIELDS, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set(NULL, WEIR_OPTION_MAX_FIELDS, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_init(NULL, sizeof config), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_init_tiny(&config, sizeof config + 1), WEIR_E_SIZE);
}

static void context_calls_on_null__are_argument_errors(void **state)
{
    weir_stats stats;
    (void)state;
    assert_int_equal(weir_context_set_time(NULL, 1), WEIR_E_ARGUMENT);
    assert_true(weir_context_next_due(NULL) == WEIR_NONE);
    assert_null(weir_context_next_ready(NULL));
    assert_int_equal(weir_context_stats(NULL, &stats, sizeof stats), WEIR_E_ARGUMENT);
}

/* It may stay listed, but nobody hears of it. */
static void connection_whose_output_left__is_neither_due_nor_named(void **state)
{
    (void)state;
    for (const char *kind = "SC"; *kind; kind++) {
        peer p;
        weir_span span;
        peer_init(&p);
        peer_open(&p, *kind);
        const uint64_t due = weir_context_next_due(p.context);
        for (int asks = 0; asks < 2; asks++) {
            weir_conn_send(p.conn, WEIR_TEXT, "message", 7);
            assert_int_equal(weir_context_next_due(p.context), 0);
            assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
            assert_int_equal(weir_conn_sent(p.conn, span.len), WEIR_OK);
            if (asks == 0)
                assert_int_equal(weir_context_next_due(p.context), due);
            assert_null(weir_context_next_ready(p.context));
        }
        weir_conn_send(p.conn, WEIR_TEXT, "again", 5);
        assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
        peer_close(&p);
    }
}

static void connections__are_named_in_the_order_in_which_they_became_ready(void **state)
{
    peer p;
    weir_conn *other;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &other), WEIR_OK);
    weir_conn_ping(p.conn, NULL, 0);
    weir_conn_ping(other, NULL, 0);
    weir_conn_receive_eof(p.conn); /* it is in its place already */
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    assert_ptr_equal(weir_context_next_ready(p.context), other);
    assert_null(weir_context_next_ready(p.context));
    weir_conn_free(other);
    peer_close(&p);
}

static void connection_whose_output_waits__is_named_though_it_received(void **state)
{
    peer p;
    size_t used;
    weir_event event;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    weir_conn_ping(p.conn, NULL, 0);
    assert_int_equal(weir_conn_receive(p.conn, "\x81", 1, &used, &event, 1), 0);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    peer_close(&p);
}

static void connection_whose_events_wait__is_named_though_output_left(void **state)
{
    peer p;
    weir_span span;
    (void)state;
    peer_init(&p);
    p.config.high_water_bytes = 100;
    p.config.low_water_bytes = 10;
    peer_open(&p, 'S');
    static const char payload[200];
    assert_int_equal(weir_conn_send(p.conn, WEIR_BINARY, payload, sizeof payload), WEIR_OVER_HIGH);
    assert_true(weir_conn_wants(p.conn) & WEIR_WANT_EVENTS); /* HIGH_WATER */
    assert_int_equal(weir_conn_output(p.conn, &span, 1), 1);
    assert_int_equal(weir_conn_sent(p.conn, 1), WEIR_OK);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    peer_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_with_something_alive__is_not_freed),
        cmocka_unit_test(config_that_makes_no_sense__makes_no_context),
        cmocka_unit_test(client_without_a_seed__is_refused),
        cmocka_unit_test(texts_of_the_config__are_copied),
        cmocka_unit_test(memory_limit_of_the_context__is_kept),
        cmocka_unit_test(one_block__serves_everything_without_the_allocator),
        cmocka_unit_test(pool__holds_no_more_than_its_limit),
        cmocka_unit_test(two_contexts_with_one_seed_each__share_nothing),
        cmocka_unit_test(options_by_number__are_the_fields_by_name),
        cmocka_unit_test(context_calls_on_null__are_argument_errors),
        cmocka_unit_test(connection_whose_output_left__is_neither_due_nor_named),
        cmocka_unit_test(connections__are_named_in_the_order_in_which_they_became_ready),
        cmocka_unit_test(connection_whose_output_waits__is_named_though_it_received),
        cmocka_unit_test(connection_whose_events_wait__is_named_though_output_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
