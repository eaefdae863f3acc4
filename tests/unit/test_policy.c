/* SPDX-License-Identifier: MIT */
/* weir_config: defaults, options by number, ranges, and what one connection may have of its own. */
#include <stdlib.h>
#include <string.h>

#include "support/peer.h"
#include "support/test.h"

#define KIB UINT64_C(1024)
#define NONE WEIR_NONE
#define U32 UINT64_C(0xFFFFFFFF)

/* The documented options: struct field, default, tiny profile, range; own: weir_conn_set takes it.
 */
typedef struct row {
    int option;
    size_t offset;
    uint64_t hosted;
    uint64_t tiny;
    uint64_t min;
    uint64_t max;
    int own;
} row;

#define ROW(option, field, hosted, tiny, min, max, own)                                            \
    {                                                                                              \
        WEIR_OPTION_##option, offsetof(weir_config, field), hosted, tiny, min, max, own            \
    }

static const row rows[] = {
    ROW(MAX_LINE_BYTES, max_line_bytes, 8 * KIB, KIB, 16, U32 / 4, 1),
    ROW(MAX_HEAD_BYTES, max_head_bytes, 16 * KIB, 2 * KIB, 2, U32 / 4, 1),
    ROW(MAX_FIELDS, max_fields, 100, 32, 0, 65536, 1),
    ROW(MAX_EMPTY_LINES, max_empty_lines, 2, 2, 0, 65536, 1),
    ROW(MAX_LIST_MEMBERS, max_list_members, 64, 16, 1, NONE, 1),
    ROW(MAX_EMPTY_MEMBERS, max_empty_members, 16, 8, 0, NONE, 1),
    ROW(MAX_EXTENSION_OFFERS, max_extension_offers, 16, 4, 0, NONE, 1),
    ROW(MAX_EXTENSION_PARAMS, max_extension_params, 16, 8, 0, NONE, 1),
    ROW(MAX_EARLY_BYTES, max_early_bytes, 4 * KIB, 256, 0, U32, 1),
    ROW(MAX_INTERIM, max_interim, 8, 2, 0, NONE, 1),
    ROW(MAX_REJECT_BYTES, max_reject_bytes, 4 * KIB, 256, 0, U32, 1),
    ROW(AUTO_ACCEPT, auto_accept, 0, 0, 0, 1, 1),
    ROW(HTTP_EVENTS, http_events, 0, 0, 0, 1, 1),
    ROW(REQUIRE_ORIGIN, require_origin, 0, 0, 0, 1, 1),
    ROW(REQUIRE_SUBPROTOCOL, require_subprotocol, 0, 0, 0, 1, 1),
    ROW(MAX_MESSAGE_BYTES, max_message_bytes, 1024 * KIB, 4 * KIB, 0, NONE, 1),
    ROW(MAX_FRAME_BYTES, max_frame_bytes, NONE, NONE, 0, NONE, 1),
    ROW(MAX_FRAGMENTS, max_fragments, 4096, 64, 1, NONE, 1),
    ROW(MAX_EMPTY_FRAGMENTS, max_empty_fragments, 128, 8, 0, NONE, 1),
    ROW(FLOOD_RATE, flood_rate, 10000, 1000, 0, NONE, 1),
    ROW(FLOOD_BURST, flood_burst, 65536, 1024, 1, NONE, 1),
    ROW(DELIVER_CHUNKS, deliver_chunks, 0, 0, 0, 1, 1),
    ROW(DELIVER_AFTER_CLOSE, deliver_after_close, 0, 0, 0, 1, 1),
    ROW(HIGH_WATER_BYTES, high_water_bytes, 256 * KIB, KIB, 0, NONE, 1),
    ROW(LOW_WATER_BYTES, low_water_bytes, 64 * KIB, 256, 0, NONE, 1),
    ROW(MAX_QUEUED_BYTES, max_queued_bytes, 4096 * KIB, 2 * KIB, 0, NONE, 1),
    ROW(FRAGMENT_BYTES, fragment_bytes, 64 * KIB, KIB, 1, NONE, 1),
    ROW(CHECK_TEXT, check_text, 1, 1, 0, 1, 1),
    ROW(SCRIPT_CLOSE_CODES, script_close_codes, 0, 0, 0, 1, 1),
    ROW(HANDSHAKE_TIMEOUT_MS, handshake_timeout_ms, 10000, 10000, 0, NONE, 1),
    ROW(CONNECT_TIMEOUT_MS, connect_timeout_ms, 30000, 30000, 0, NONE, 1),
    ROW(PING_INTERVAL_MS, ping_interval_ms, 20000, 20000, 1, NONE, 1),
    ROW(PONG_TIMEOUT_MS, pong_timeout_ms, 20000, 20000, 0, NONE, 1),
    ROW(IDLE_TIMEOUT_MS, idle_timeout_ms, NONE, NONE, 0, NONE, 1),
    ROW(CLOSE_TIMEOUT_MS, close_timeout_ms, 10000, 10000, 0, NONE, 1),
    ROW(LINGER_TIMEOUT_MS, linger_timeout_ms, 5000, 5000, 0, NONE, 1),
    ROW(DEFLATE, deflate, 0, 0, 0, 3, 1),
    ROW(DEFLATE_LEVEL, deflate_level, 3, 1, 1, 4, 1),
    ROW(DEFLATE_TX_BITS, deflate_tx_bits, 13, 10, 9, 15, 0),
    ROW(DEFLATE_RX_BITS, deflate_rx_bits, 13, 10, 9, 15, 0),
    ROW(DEFLATE_RX_FIRM, deflate_rx_firm, 0, 1, 0, 1, 0),
    ROW(DEFLATE_TX_TAKEOVER, deflate_tx_takeover, 1, 1, 0, 1, 0),
    ROW(DEFLATE_RX_TAKEOVER, deflate_rx_takeover, 1, 1, 0, 1, 0),
    ROW(DEFLATE_MIN_BYTES, deflate_min_bytes, 16, 16, 0, NONE, 1),
    ROW(DEFLATE_MAX_RATIO, deflate_max_ratio, NONE, NONE, 1, NONE, 1),
    ROW(DEFLATE_MAX_BLOCKS, deflate_max_blocks, 65536, 4096, 1, NONE, 1),
    ROW(DEFLATE_MAX_BYTES, deflate_max_bytes, NONE, NONE, 0, NONE, 1),
    ROW(DEFLATE_IDLE_MS, deflate_idle_ms, 60000, 10000, 0, NONE, 1),
    ROW(MAX_POOLED_BYTES, max_pooled_bytes, 2048 * KIB, 0, 0, NONE, 0),
    ROW(MAX_CONTEXT_BYTES, max_context_bytes, NONE, NONE, 0, NONE, 0),
    ROW(READ_BUFFER_BYTES, read_buffer_bytes, 64 * KIB, 512, 1, U32, 0),
};

#define ROWS (sizeof rows / sizeof rows[0])
#define LAST_OPTION WEIR_OPTION_DEFLATE_IDLE_MS

static uint64_t field_of(const weir_config *config, const row *r)
{
    uint64_t value;
    memcpy(&value, (const char *)config + r->offset, sizeof value);
    return value;
}

static weir_config defaults(void)
{
    weir_config config;
    assert_int_equal(weir_config_init(&config, sizeof config), WEIR_OK);
    return config;
}

static int is_number(int option)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].option == option)
            return 1;
    return 0;
}

/* ---- Filling ---------------------------------------------------------------------------------*/

static void every_default__is_the_documented_one(void **state)
{
    weir_config config = defaults();
    weir_config tiny;
    (void)state;
    assert_int_equal(weir_config_init_tiny(&tiny, sizeof tiny), WEIR_OK);
    assert_int_equal(weir_config_size(), sizeof config);
    assert_int_equal(config.size, sizeof config);
    assert_int_equal(tiny.size, sizeof tiny);
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t value;
        assert_int_equal(weir_config_get(&config, rows[i].option, &value), WEIR_OK);
        assert_int_equal(value, rows[i].hosted);
        assert_int_equal(field_of(&config, &rows[i]), rows[i].hosted);
        assert_int_equal(weir_config_get(&tiny, rows[i].option, &value), WEIR_OK);
        assert_int_equal(value, rows[i].tiny);
    }
    assert_int_equal(config.origins.len | config.hosts.len | config.paths.len, 0);
    assert_int_equal(config.subprotocols.len | config.memory_len | config.has_seed, 0);
    assert_null(config.memory);
    assert_true(config.allocate == NULL);
}

/* Frames and expansion are held by the limit on messages, silence by pings, the context and the
 * memory for sending by their caller. */
static void SEC_M3__every_default__is_finite_but_five(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const int free_of_limit = rows[i].option == WEIR_OPTION_MAX_FRAME_BYTES ||
                                  rows[i].option == WEIR_OPTION_IDLE_TIMEOUT_MS ||
                                  rows[i].option == WEIR_OPTION_DEFLATE_MAX_RATIO ||
                                  rows[i].option == WEIR_OPTION_DEFLATE_MAX_BYTES ||
                                  rows[i].option == WEIR_OPTION_MAX_CONTEXT_BYTES;
        const weir_config config = defaults();
        assert_int_equal(field_of(&config, &rows[i]) > 64 * 1024 * KIB, free_of_limit);
    }
}

/* The table above is whole: no number of the struct is left out. */
static void options__cover_every_number_of_the_struct(void **state)
{
    uint8_t seen[sizeof(weir_config)] = {0};
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(seen[rows[i].offset], 0);
        memset(seen + rows[i].offset, 1, sizeof(uint64_t));
    }
    memset(seen + offsetof(weir_config, size), 1, sizeof(uint64_t));
    memset(seen + offsetof(weir_config, origins), 1, 4 * sizeof(weir_text));
    for (size_t at = 0; at < offsetof(weir_config, allocate); at++)
        assert_int_equal(seen[at], 1);
    for (int option = 1; option <= LAST_OPTION; option++) {
        const int text = (option >= WEIR_OPTION_ORIGINS && option <= WEIR_OPTION_SUBPROTOCOLS) ||
                         option == WEIR_OPTION_SEED;
        assert_int_equal(is_number(option), !text);
    }
}

static void struct_of_another_size__is_refused_untouched(void **state)
{
    static const size_t sizes[] = {
        0, 1, sizeof(weir_config) - 8, sizeof(weir_config) - 1, sizeof(weir_config) + 1, SIZE_MAX};
    weir_config config;
    weir_config same;
    weir_context *context;
    uint64_t value;
    (void)state;
    memset(&config, 0x5A, sizeof config);
    same = config;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(weir_config_init(&config, sizes[i]), WEIR_E_SIZE);
        assert_int_equal(weir_config_init_tiny(&config, sizes[i]), WEIR_E_SIZE);
        config.size = same.size = sizes[i];
        assert_int_equal(weir_config_set(&config, WEIR_OPTION_MAX_FIELDS, 1), WEIR_E_SIZE);
        assert_int_equal(weir_config_get(&config, WEIR_OPTION_MAX_FIELDS, &value), WEIR_E_SIZE);
        assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, "/", 1), WEIR_E_SIZE);
        assert_int_equal(weir_context_create(&config, &context), WEIR_E_SIZE);
        assert_null(context);
        assert_memory_equal(&config, &same, sizeof config);
    }
}

static void null__is_an_argument_error(void **state)
{
    weir_config config = defaults();
    weir_context *context = (weir_context *)&config;
    uint64_t value;
    (void)state;
    assert_int_equal(weir_config_init(NULL, sizeof config), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_init_tiny(NULL, sizeof config), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set(NULL, WEIR_OPTION_MAX_FIELDS, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_get(NULL, WEIR_OPTION_MAX_FIELDS, &value), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_get(&config, WEIR_OPTION_MAX_FIELDS, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set_text(NULL, WEIR_OPTION_PATHS, "/", 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, 1), WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, WEIR_NTS),
                     WEIR_E_ARGUMENT);
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, NULL, 0), WEIR_OK);
    assert_int_equal(weir_context_create(NULL, &context), WEIR_E_ARGUMENT);
    assert_null(context);
    assert_int_equal(weir_context_create(&config, NULL), WEIR_E_ARGUMENT);
    assert_int_equal(weir_conn_set(NULL, WEIR_OPTION_MAX_FIELDS, 1), WEIR_E_ARGUMENT);
}

/* ---- Setting ---------------------------------------------------------------------------------*/

static void each_option__sets_its_own_field_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        weir_config config = defaults();
        uint64_t value;
        assert_int_equal(weir_config_set(&config, rows[i].option, 0xABCDEF0123456789), WEIR_OK);
        for (size_t k = 0; k < ROWS; k++)
            assert_int_equal(field_of(&config, &rows[k]),
                             k == i ? 0xABCDEF0123456789 : rows[k].hosted);
        assert_int_equal(weir_config_get(&config, rows[i].option, &value), WEIR_OK);
        assert_int_equal(value, 0xABCDEF0123456789);
    }
}

static void option_of_another_kind_or_none__is_refused(void **state)
{
    static const int none[] = {0, -1, LAST_OPTION + 1, 1000, INT32_MAX, INT32_MIN};
    weir_config config = defaults();
    const weir_config same = config;
    uint64_t value = 5;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(weir_config_set(&config, none[i], 1), WEIR_E_OPTION);
        assert_int_equal(weir_config_get(&config, none[i], &value), WEIR_E_OPTION);
        assert_int_equal(weir_config_set_text(&config, none[i], "x", 1), WEIR_E_OPTION);
    }
    for (int option = 1; option <= LAST_OPTION; option++) {
        if (is_number(option)) {
            assert_int_equal(weir_config_set_text(&config, option, "x", 1), WEIR_E_OPTION);
            continue;
        }
        assert_int_equal(weir_config_set(&config, option, 1), WEIR_E_OPTION);
        assert_int_equal(weir_config_get(&config, option, &value), WEIR_E_OPTION);
    }
    assert_int_equal(value, 5);
    assert_memory_equal(&config, &same, sizeof config);
}

static void texts__go_where_they_belong(void **state)
{
    weir_config config = defaults();
    const weir_text *const fields[] = {&config.origins, &config.hosts, &config.paths,
                                       &config.subprotocols};
    static const char text[] = "a b c";
    (void)state;
    for (int i = 0; i < 4; i++) {
        const size_t len = (size_t)i + 1;
        assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_ORIGINS + i, text, len),
                         WEIR_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_ptr_equal(fields[i]->data, text);
        assert_int_equal(fields[i]->len, i + 1);
    }
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_PATHS, text, WEIR_NTS), WEIR_OK);
    assert_int_equal(config.paths.len, 5);
}

static void seed__is_32_bytes(void **state)
{
    static const char seed[33] = "0123456789abcdef0123456789ABCDEF";
    weir_config config = defaults();
    (void)state;
    for (size_t len = 0; len <= 33; len++) {
        if (len == 32)
            continue;
        assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_SEED, seed, len), WEIR_E_OPTION);
        assert_int_equal(config.has_seed, 0);
    }
    assert_int_equal(weir_config_set_text(&config, WEIR_OPTION_SEED, seed, WEIR_NTS), WEIR_OK);
    assert_int_equal(config.has_seed, 1);
    assert_memory_equal(config.seed, seed, 32);
}

/* ---- Ranges ----------------------------------------------------------------------------------*/

static int create(weir_config *config)
{
    test_alloc alloc = {0};
    weir_context *context;
    config->allocate = test_allocate;
    config->allocate_user = &alloc;
    const int status = weir_context_create(config, &context);
    assert_int_equal(status == WEIR_OK, context != NULL);
    assert_int_equal(weir_context_free(context), WEIR_OK);
    assert_int_equal(alloc.held, 0);
    return status;
}

/* With the other numbers moved out of the way of rules between two options. */
static weir_config with(int option, uint64_t value)
{
    weir_config config = defaults();
    config.low_water_bytes = 0;
    config.max_queued_bytes = NONE;
    if (option == WEIR_OPTION_LOW_WATER_BYTES)
        config.high_water_bytes = NONE;
    if (option == WEIR_OPTION_MAX_QUEUED_BYTES)
        config.high_water_bytes = 0;
    assert_int_equal(weir_config_set(&config, option, value), WEIR_OK);
    return config;
}

static int try_value(const row *r, uint64_t value)
{
    weir_config config = with(r->option, value);
    /* Out of memory is no matter of range. */
    const int status = create(&config);
    return status == WEIR_E_MEMORY && r->option == WEIR_OPTION_MAX_CONTEXT_BYTES ? WEIR_OK : status;
}

static void each_range__is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const row *const r = &rows[i];
        assert_int_equal(try_value(r, r->min), WEIR_OK);
        assert_int_equal(try_value(r, r->max), WEIR_OK);
        if (r->min > 0)
            assert_int_equal(try_value(r, r->min - 1), WEIR_E_CONFIG);
        if (r->max < NONE) {
            assert_int_equal(try_value(r, r->max + 1), WEIR_E_CONFIG);
            assert_int_equal(try_value(r, NONE), WEIR_E_CONFIG);
        }
    }
}

static void water_marks__stand_in_order(void **state)
{
    static const struct {
        uint64_t low;
        uint64_t high;
        uint64_t most;
        int status;
    } cases[] = {
        {0, 0, 0, WEIR_OK},       {5, 5, 5, WEIR_OK},          {6, 5, 7, WEIR_E_CONFIG},
        {5, 6, 5, WEIR_E_CONFIG}, {NONE, NONE, NONE, WEIR_OK}, {0, NONE, NONE - 1, WEIR_E_CONFIG},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_config config = defaults();
        config.low_water_bytes = cases[i].low;
        config.high_water_bytes = cases[i].high;
        config.max_queued_bytes = cases[i].most;
        assert_int_equal(create(&config), cases[i].status);
    }
}

static void both_profiles__make_a_context(void **state)
{
    weir_config config = defaults();
    weir_config tiny;
    (void)state;
    assert_int_equal(create(&config), WEIR_OK);
    assert_int_equal(weir_config_init_tiny(&tiny, sizeof tiny), WEIR_OK);
    assert_int_equal(create(&tiny), WEIR_OK);
}

/* ---- One connection --------------------------------------------------------------------------*/

static void options_but_those_of_memory__can_be_set_for_one_connection(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    p.config.low_water_bytes = 0;
    p.config.high_water_bytes = 0;
    peer_open(&p, 'S');
    for (size_t i = 0; i < ROWS; i++) {
        const row *const r = &rows[i];
        const int good = r->own ? WEIR_OK : WEIR_E_OPTION;
        const int bad = r->own ? WEIR_E_CONFIG : WEIR_E_OPTION;
        if (r->option == WEIR_OPTION_HIGH_WATER_BYTES || r->option == WEIR_OPTION_LOW_WATER_BYTES)
            continue;
        if (r->min > 0)
            assert_int_equal(weir_conn_set(p.conn, r->option, r->min - 1), bad);
        if (r->max < NONE)
            assert_int_equal(weir_conn_set(p.conn, r->option, r->max + 1), bad);
        assert_int_equal(weir_conn_set(p.conn, r->option, r->max), good);
        assert_int_equal(weir_conn_set(p.conn, r->option, r->min), good);
        assert_int_equal(weir_conn_set(p.conn, r->option, r->hosted), good);
    }
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_PATHS, 1), WEIR_E_OPTION);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_SEED, 1), WEIR_E_OPTION);
    assert_int_equal(weir_conn_set(p.conn, 0, 1), WEIR_E_OPTION);
    assert_int_equal(weir_conn_set(p.conn, LAST_OPTION + 1, 1), WEIR_E_OPTION);
    peer_close(&p);
}

static void rules_between_options__hold_for_one_connection_too(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_LOW_WATER_BYTES, 256 * KIB), WEIR_OK);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_LOW_WATER_BYTES, 256 * KIB + 1),
                     WEIR_E_CONFIG);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HIGH_WATER_BYTES, 256 * KIB - 1),
                     WEIR_E_CONFIG);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_QUEUED_BYTES, 256 * KIB - 1),
                     WEIR_E_CONFIG);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HIGH_WATER_BYTES, 4096 * KIB + 1),
                     WEIR_E_CONFIG);
    peer_close(&p);
}

static int too_big(weir_conn *conn, size_t len)
{
    bytes frame = {NULL, 0, 0};
    weir_event events[4];
    size_t used;
    uint8_t payload[200] = {0};
    bytes_add_frame(&frame, WEIR_CLIENT, 1, WEIR_BINARY, payload, len);
    const int count = weir_conn_receive(conn, frame.data, frame.len, &used, events, 4);
    const int closed = count > 0 && events[count - 1].type == WEIR_EVENT_CLOSED;
    bytes_free(&frame);
    return closed;
}

static void number_of_one_connection__leaves_the_others_alone(void **state)
{
    peer p;
    weir_conn *other;
    (void)state;
    peer_init(&p);
    p.config.max_message_bytes = 100;
    peer_open(&p, 'S');
    assert_int_equal(weir_conn_create_established(p.context, WEIR_SERVER, &other), WEIR_OK);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 150), WEIR_OK);
    assert_false(too_big(p.conn, 150));
    assert_true(too_big(p.conn, 151));
    assert_false(too_big(other, 100));
    assert_true(too_big(other, 101));
    weir_conn_free(other);
    peer_close(&p);
}

/* The policy of the context is copied at the first call, and once. */
static void own_policy__costs_one_allocation(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 'S');
    uint64_t calls = p.alloc.calls;
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_FIELDS, 65537), WEIR_E_CONFIG);
    assert_int_equal(p.alloc.calls, calls);
    p.alloc.fail_at = calls + 1;
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 1), WEIR_E_MEMORY);
    assert_false(too_big(p.conn, 2));
    calls = p.alloc.calls;
    for (uint64_t value = 1; value < 10; value++)
        assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_MAX_MESSAGE_BYTES, value), WEIR_OK);
    assert_int_equal(p.alloc.calls, calls + 1);
    assert_true(too_big(p.conn, 10));
    peer_close(&p);
}

static void deadline_that_is_moved__is_judged_by_the_new_value(void **state)
{
    peer p;
    (void)state;
    peer_init(&p);
    peer_open(&p, 's');
    assert_int_equal(weir_context_next_ready(p.context) == NULL, 1);
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, 50), WEIR_OK);
    assert_in_range(weir_context_next_due(p.context), 0, 50);
    weir_context_set_time(p.context, 50);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    peer_pump(&p);
    assert_true(peer_saw(&p, "WEIR_E_HANDSHAKE_TIMEOUT"));
    peer_close(&p);

    peer_init(&p);
    peer_open(&p, 's');
    assert_int_equal(weir_conn_set(p.conn, WEIR_OPTION_HANDSHAKE_TIMEOUT_MS, 20000), WEIR_OK);
    weir_context_set_time(p.context, 19999);
    while (weir_context_next_ready(p.context))
        peer_pump(&p);
    assert_int_equal(p.closed_count, 0);
    weir_context_set_time(p.context, 20000);
    assert_ptr_equal(weir_context_next_ready(p.context), p.conn);
    peer_pump(&p);
    assert_int_equal(p.closed_count, 1);
    peer_close(&p);
}

/* An empty list allows everything: one that was meant to name something must not become one. */
static void lists_without_a_word__are_refused(void **state)
{
    static const weir_text bad[] = {{NULL, 5}, {" ", 1}, {"   ", 3}, {"  ", WEIR_NTS}};
    static const weir_text good[] = {
        {NULL, 0}, {"", 0}, {"", WEIR_NTS}, {" a ", 3}, {"a", WEIR_NTS}};
    (void)state;
    for (int list = 0; list < 4; list++) {
        weir_context *context;
        weir_config config = defaults();
        weir_text *const lists[] = {&config.origins, &config.hosts, &config.paths,
                                    &config.subprotocols};
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            *lists[list] = bad[i];
            assert_int_equal(weir_context_create(&config, &context), WEIR_E_CONFIG);
        }
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            *lists[list] = good[i];
            assert_int_equal(weir_context_create(&config, &context), WEIR_OK);
            assert_int_equal(weir_context_free(context), WEIR_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default__is_the_documented_one),
        cmocka_unit_test(SEC_M3__every_default__is_finite_but_five),
        cmocka_unit_test(options__cover_every_number_of_the_struct),
        cmocka_unit_test(struct_of_another_size__is_refused_untouched),
        cmocka_unit_test(null__is_an_argument_error),
        cmocka_unit_test(each_option__sets_its_own_field_and_no_other),
        cmocka_unit_test(option_of_another_kind_or_none__is_refused),
        cmocka_unit_test(texts__go_where_they_belong),
        cmocka_unit_test(seed__is_32_bytes),
        cmocka_unit_test(each_range__is_exact),
        cmocka_unit_test(water_marks__stand_in_order),
        cmocka_unit_test(both_profiles__make_a_context),
        cmocka_unit_test(options_but_those_of_memory__can_be_set_for_one_connection),
        cmocka_unit_test(rules_between_options__hold_for_one_connection_too),
        cmocka_unit_test(number_of_one_connection__leaves_the_others_alone),
        cmocka_unit_test(own_policy__costs_one_allocation),
        cmocka_unit_test(deadline_that_is_moved__is_judged_by_the_new_value),
        cmocka_unit_test(lists_without_a_word__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
