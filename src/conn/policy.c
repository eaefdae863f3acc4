/* SPDX-License-Identifier: MIT */
/* weir_config: defaults, options by number, checks. */
#include "policy.h"

#include <weir/deflate.h>

#include <string.h>

#include "../base/parts.h"
#include "../base/text.h"

#define POLICY_KIB UINT64_C(1024)
#define POLICY_SECONDS UINT64_C(1000)

/* Where the tiny profile is the only one, every config starts with it. */
#ifdef WEIR_TINY
#define POLICY_PROFILES 1
#define POLICY_STARTS(hosted, tiny)                                                                \
    {                                                                                              \
        tiny                                                                                       \
    }
#else
#define POLICY_PROFILES 2
#define POLICY_STARTS(hosted, tiny)                                                                \
    {                                                                                              \
        hosted, tiny                                                                               \
    }
#endif

/* One row a numeric option: where it is, what it starts as, and between what it must lie. */
typedef struct policy_number {
    uint16_t option;
    uint16_t offset;
    uint64_t starts[POLICY_PROFILES];
    uint64_t min;
    uint64_t max;
} policy_number;

#define POLICY_ROW(option, field, hosted, tiny, min, max)                                          \
    {                                                                                              \
        WEIR_OPTION_##option, (uint16_t)offsetof(weir_config, field), POLICY_STARTS(hosted, tiny), \
            min, max                                                                               \
    }
#define POLICY_SWITCH(option, field, value) POLICY_ROW(option, field, value, value, 0, 1)

static const policy_number policy_numbers[] = {
    POLICY_ROW(MAX_LINE_BYTES, max_line_bytes, 8 * POLICY_KIB, POLICY_KIB, 16, UINT32_MAX / 4),
    POLICY_ROW(MAX_HEAD_BYTES, max_head_bytes, 16 * POLICY_KIB, 2 * POLICY_KIB, 2, UINT32_MAX / 4),
    POLICY_ROW(MAX_FIELDS, max_fields, 100, 32, 0, 65536),
    POLICY_ROW(MAX_EMPTY_LINES, max_empty_lines, 2, 2, 0, 65536),
    POLICY_ROW(MAX_LIST_MEMBERS, max_list_members, 64, 16, 1, WEIR_NONE),
    POLICY_ROW(MAX_EMPTY_MEMBERS, max_empty_members, 16, 8, 0, WEIR_NONE),
    POLICY_ROW(MAX_EXTENSION_OFFERS, max_extension_offers, 16, 4, 0, WEIR_NONE),
    POLICY_ROW(MAX_EXTENSION_PARAMS, max_extension_params, 16, 8, 0, WEIR_NONE),
    POLICY_ROW(MAX_EARLY_BYTES, max_early_bytes, 4 * POLICY_KIB, 256, 0, UINT32_MAX),
    POLICY_ROW(MAX_INTERIM, max_interim, 8, 2, 0, WEIR_NONE),
    POLICY_ROW(MAX_REJECT_BYTES, max_reject_bytes, 4 * POLICY_KIB, 256, 0, UINT32_MAX),
    POLICY_SWITCH(AUTO_ACCEPT, auto_accept, 0),
    POLICY_SWITCH(HTTP_EVENTS, http_events, 0),
    POLICY_SWITCH(REQUIRE_ORIGIN, require_origin, 0),
    POLICY_SWITCH(REQUIRE_SUBPROTOCOL, require_subprotocol, 0),
    POLICY_ROW(MAX_MESSAGE_BYTES, max_message_bytes, 1024 * POLICY_KIB, 4 * POLICY_KIB, 0,
               WEIR_NONE),
    POLICY_ROW(MAX_FRAME_BYTES, max_frame_bytes, WEIR_NONE, WEIR_NONE, 0, WEIR_NONE),
    POLICY_ROW(MAX_FRAGMENTS, max_fragments, 4096, 64, 1, WEIR_NONE),
    POLICY_ROW(MAX_EMPTY_FRAGMENTS, max_empty_fragments, 128, 8, 0, WEIR_NONE),
    POLICY_ROW(FLOOD_RATE, flood_rate, 10000, 1000, 0, WEIR_NONE),
    POLICY_ROW(FLOOD_BURST, flood_burst, 65536, 1024, 1, WEIR_NONE),
    POLICY_SWITCH(DELIVER_CHUNKS, deliver_chunks, 0),
    POLICY_SWITCH(DELIVER_AFTER_CLOSE, deliver_after_close, 0),
    POLICY_ROW(HIGH_WATER_BYTES, high_water_bytes, 256 * POLICY_KIB, POLICY_KIB, 0, WEIR_NONE),
    POLICY_ROW(LOW_WATER_BYTES, low_water_bytes, 64 * POLICY_KIB, 256, 0, WEIR_NONE),
    POLICY_ROW(MAX_QUEUED_BYTES, max_queued_bytes, 4096 * POLICY_KIB, 2 * POLICY_KIB, 0, WEIR_NONE),
    POLICY_ROW(FRAGMENT_BYTES, fragment_bytes, 64 * POLICY_KIB, POLICY_KIB, 1, WEIR_NONE),
    POLICY_SWITCH(CHECK_TEXT, check_text, 1),
    POLICY_SWITCH(SCRIPT_CLOSE_CODES, script_close_codes, 0),
    POLICY_ROW(HANDSHAKE_TIMEOUT_MS, handshake_timeout_ms, 10 * POLICY_SECONDS, 10 * POLICY_SECONDS,
               0, WEIR_NONE),
    POLICY_ROW(CONNECT_TIMEOUT_MS, connect_timeout_ms, 30 * POLICY_SECONDS, 30 * POLICY_SECONDS, 0,
               WEIR_NONE),
    POLICY_ROW(PING_INTERVAL_MS, ping_interval_ms, 20 * POLICY_SECONDS, 20 * POLICY_SECONDS, 1,
               WEIR_NONE),
    POLICY_ROW(PONG_TIMEOUT_MS, pong_timeout_ms, 20 * POLICY_SECONDS, 20 * POLICY_SECONDS, 0,
               WEIR_NONE),
    POLICY_ROW(IDLE_TIMEOUT_MS, idle_timeout_ms, WEIR_NONE, WEIR_NONE, 0, WEIR_NONE),
    POLICY_ROW(CLOSE_TIMEOUT_MS, close_timeout_ms, 10 * POLICY_SECONDS, 10 * POLICY_SECONDS, 0,
               WEIR_NONE),
    POLICY_ROW(LINGER_TIMEOUT_MS, linger_timeout_ms, 5 * POLICY_SECONDS, 5 * POLICY_SECONDS, 0,
               WEIR_NONE),
    POLICY_ROW(DEFLATE, deflate, WEIR_DEFLATE_OFF, WEIR_DEFLATE_OFF, WEIR_DEFLATE_OFF,
               WEIR_DEFLATE_ALWAYS),
    POLICY_ROW(DEFLATE_LEVEL, deflate_level, WEIR_DEFLATE_DEFAULT, WEIR_DEFLATE_COMPACT,
               WEIR_DEFLATE_COMPACT, WEIR_DEFLATE_BEST),
    POLICY_ROW(DEFLATE_TX_BITS, deflate_tx_bits, 13, 10, 9, 15),
    POLICY_ROW(DEFLATE_RX_BITS, deflate_rx_bits, 13, 10, 9, 15),
    POLICY_ROW(DEFLATE_RX_FIRM, deflate_rx_firm, 0, 1, 0, 1),
    POLICY_SWITCH(DEFLATE_TX_TAKEOVER, deflate_tx_takeover, 1),
    POLICY_SWITCH(DEFLATE_RX_TAKEOVER, deflate_rx_takeover, 1),
    POLICY_ROW(DEFLATE_MIN_BYTES, deflate_min_bytes, 16, 16, 0, WEIR_NONE),
    POLICY_ROW(DEFLATE_MAX_RATIO, deflate_max_ratio, WEIR_NONE, WEIR_NONE, 1, WEIR_NONE),
    POLICY_ROW(DEFLATE_MAX_BLOCKS, deflate_max_blocks, 65536, 4096, 1, WEIR_NONE),
    POLICY_ROW(DEFLATE_MAX_BYTES, deflate_max_bytes, WEIR_NONE, WEIR_NONE, 0, WEIR_NONE),
    POLICY_ROW(DEFLATE_IDLE_MS, deflate_idle_ms, 60 * POLICY_SECONDS, 10 * POLICY_SECONDS, 0,
               WEIR_NONE),
    POLICY_ROW(MAX_POOLED_BYTES, max_pooled_bytes, 2048 * POLICY_KIB, 0, 0, WEIR_NONE),
    POLICY_ROW(MAX_CONTEXT_BYTES, max_context_bytes, WEIR_NONE, WEIR_NONE, 0, WEIR_NONE),
    POLICY_ROW(READ_BUFFER_BYTES, read_buffer_bytes, 64 * POLICY_KIB, 512, 1, UINT32_MAX),
};

#define POLICY_NUMBERS (sizeof policy_numbers / sizeof policy_numbers[0])

static uint64_t *policy_field(weir_config *config, const policy_number *row)
{
    return (uint64_t *)(void *)((char *)config + row->offset);
}

static const policy_number *policy_find(int option)
{
    for (size_t i = 0; i < POLICY_NUMBERS; i++)
        if (policy_numbers[i].option == option)
            return &policy_numbers[i];
    return NULL;
}

static void policy_start(weir_config *config, size_t profile)
{
    memset(config, 0, sizeof *config);
    config->size = sizeof *config;
    for (size_t i = 0; i < POLICY_NUMBERS; i++)
        *policy_field(config, &policy_numbers[i]) = policy_numbers[i].starts[profile];
}

void weir__policy_init(weir_config *config)
{
    policy_start(config, 0);
}

void weir__policy_init_tiny(weir_config *config)
{
    policy_start(config, POLICY_PROFILES - 1);
}

int weir__policy_set(weir_config *config, int option, uint64_t value)
{
    const policy_number *row = policy_find(option);
    if (!row)
        return WEIR_E_OPTION;
    *policy_field(config, row) = value;
    return WEIR_OK;
}

int weir__policy_get(const weir_config *config, int option, uint64_t *value)
{
    const policy_number *row = policy_find(option);
    if (!row)
        return WEIR_E_OPTION;
    memcpy(value, (const char *)config + row->offset, sizeof *value);
    return WEIR_OK;
}

int weir__policy_set_text(weir_config *config, int option, weir_text text)
{
    if (option == WEIR_OPTION_SEED) {
        if (text.len != sizeof config->seed)
            return WEIR_E_OPTION;
        memcpy(config->seed, text.data, sizeof config->seed);
        config->has_seed = 1;
        return WEIR_OK;
    }
    if (option < WEIR_OPTION_ORIGINS || option > WEIR_OPTION_SUBPROTOCOLS)
        return WEIR_E_OPTION;
    *weir__policy_list(config, (size_t)(option - WEIR_OPTION_ORIGINS)) = text;
    return WEIR_OK;
}

weir_text *weir__policy_list(weir_config *config, size_t index)
{
    weir_text *const lists[WEIR__POLICY_LISTS] = {&config->origins, &config->hosts, &config->paths,
                                                  &config->subprotocols};
    return lists[index];
}

/* A list that is not empty must name something: an empty one allows everything. */
static bool policy_list_valid(weir_text list)
{
    weir_text word;
    if (!list.data)
        return list.len == 0;
    list = weir__text(list.data, list.len);
    return list.len == 0 || weir__text_next_word(&list, &word);
}

/* A low mark above the high one would announce room that is not there. */
static bool policy_marks_valid(uint64_t low, uint64_t high, uint64_t most)
{
    return low <= high && high <= most;
}

int weir__policy_check_set(const weir_config *config, int option, uint64_t value)
{
    const policy_number *const row = policy_find(option);
    if (!row)
        return WEIR_E_OPTION;
    const bool is_low = option == WEIR_OPTION_LOW_WATER_BYTES;
    const bool is_high = option == WEIR_OPTION_HIGH_WATER_BYTES;
    const bool is_most = option == WEIR_OPTION_MAX_QUEUED_BYTES;
    const bool valid = value >= row->min && value <= row->max &&
                       policy_marks_valid(is_low ? value : config->low_water_bytes,
                                          is_high ? value : config->high_water_bytes,
                                          is_most ? value : config->max_queued_bytes);
    if (!valid)
        return WEIR_E_CONFIG;
    if (!WEIR__PART_DEFLATE && option == WEIR_OPTION_DEFLATE && value != WEIR_DEFLATE_OFF)
        return WEIR_E_OFF;
    return WEIR_OK;
}

int weir__policy_check(const weir_config *config)
{
    for (size_t i = 0; i < POLICY_NUMBERS; i++) {
        uint64_t value;
        memcpy(&value, (const char *)config + policy_numbers[i].offset, sizeof value);
        if (value < policy_numbers[i].min || value > policy_numbers[i].max)
            return WEIR_E_CONFIG;
    }
    if (!WEIR__PART_DEFLATE && config->deflate != WEIR_DEFLATE_OFF)
        return WEIR_E_OFF;
    if (!policy_marks_valid(config->low_water_bytes, config->high_water_bytes,
                            config->max_queued_bytes))
        return WEIR_E_CONFIG;
    if (!policy_list_valid(config->origins) || !policy_list_valid(config->hosts) ||
        !policy_list_valid(config->paths) || !policy_list_valid(config->subprotocols))
        return WEIR_E_CONFIG;
    return WEIR_OK;
}

bool weir__policy_is_per_conn(int option)
{
    /* What was agreed with the peer stays. */
    if (option >= WEIR_OPTION_DEFLATE_TX_BITS && option <= WEIR_OPTION_DEFLATE_RX_TAKEOVER)
        return false;
    return option != WEIR_OPTION_MAX_POOLED_BYTES && option != WEIR_OPTION_MAX_CONTEXT_BYTES &&
           option != WEIR_OPTION_READ_BUFFER_BYTES;
}
