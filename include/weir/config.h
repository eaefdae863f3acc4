/* SPDX-License-Identifier: MIT */
/** Policy of a context: limits, times, lists, memory. Part of weir.h. */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Configuration ---------------------------------------------------------------------------*/

/**
 * Where memory comes from, in one function.
 *
 * user      as in the config.
 * ptr       NULL to allocate, else memory to resize or free.
 * old_size  bytes at ptr as last asked for, 0 when ptr is NULL.
 * new_size  bytes wanted, aligned for any type; 0 frees ptr.
 * Returns   the memory, NULL on failure (ptr is then untouched) or after a free.
 */
typedef void *(*weir_allocate)(void *user, void *ptr, size_t old_size, size_t new_size);

/** Whether permessage-deflate is agreed on, and which messages are compressed when it is. */
typedef enum weir_deflate_mode {
    WEIR_DEFLATE_OFF = 0,       /**< offers are declined, none is made */
    WEIR_DEFLATE_ON = 1,        /**< messages sent with WEIR_COMPRESS or WEIR_AUTO */
    WEIR_DEFLATE_PREFERRED = 2, /**< messages as with WEIR_AUTO, unless they say otherwise */
    WEIR_DEFLATE_ALWAYS = 3     /**< messages as with WEIR_COMPRESS: for short ones that are alike,
                                     of which none gets shorter but for those before it */
} weir_deflate_mode;

/**
 * Policy of a context: what weir_config_init fills with secure, finite defaults.
 *
 * Every number is a uint64_t; sizes are bytes, times milliseconds, switches 0 or 1. WEIR_NONE where
 * a limit or a time is not wanted. List texts have their members separated by spaces; a text may
 * end with a NUL (WEIR_NTS). weir_context_create copies texts.
 */
typedef struct weir_config {
    uint64_t size; /**< sizeof(weir_config) of the caller, set by weir_config_init */

    /* Opening handshake, HTTP/1.1 head (RFC 9112). Over: 414, 431 or 400; a client fails. */
    uint64_t max_line_bytes;       /**< request or status line; 8192 */
    uint64_t max_head_bytes;       /**< header section; 16384 */
    uint64_t max_fields;           /**< header fields; 100 */
    uint64_t max_empty_lines;      /**< before the request line; 2 */
    uint64_t max_list_members;     /**< in one list field; 64 */
    uint64_t max_empty_members;    /**< in one list field, skipped; 16 */
    uint64_t max_extension_offers; /**< in Sec-WebSocket-Extensions; 16 */
    uint64_t max_extension_params; /**< of one extension; 16 */
    uint64_t max_early_bytes;      /**< kept while a request waits for its answer; 4096 */
    uint64_t max_interim;          /**< client: 1xx responses before the final one; 8 */
    uint64_t max_reject_bytes;     /**< client: body kept of a rejection; 4096 */

    /* Opening handshake, policy of a server. */
    uint64_t auto_accept;         /**< accept what the lists allow, without a REQUEST event; 0 */
    uint64_t http_events;         /**< plain requests are HTTP events, not answered with 426; 0 */
    uint64_t require_origin;      /**< with origins set: refuse a request without Origin; 0 */
    uint64_t require_subprotocol; /**< refuse (400) when none of those offered fits; 0 */
    weir_text origins; /**< allowed Origin values, else 403; empty: any (RFC 6455 10.2) */
    weir_text hosts;   /**< allowed Host values, else 421; "h" any port, "h:8080"; empty: any */
    weir_text
        paths; /**< allowed paths, else 404; as it comes; a final * matches any rest; empty: any */
    weir_text subprotocols; /**< spoken, best first; a server takes the client's first that fits */

    /* Receiving (RFC 6455 5, 10.4). Over a limit: 1009 for sizes, 1008 for counts. */
    uint64_t max_message_bytes;   /**< one message; 1 MiB */
    uint64_t max_frame_bytes;     /**< one data frame; WEIR_NONE: the message limit rules */
    uint64_t max_fragments;       /**< data frames in one message; 4096 */
    uint64_t max_empty_fragments; /**< of them without payload; 128 */
    uint64_t flood_rate;     /**< control and tiny frames a second, once a time was told; 10000 */
    uint64_t flood_burst;    /**< of them at once; 65536 */
    uint64_t deliver_chunks; /**< CHUNK events as bytes come, instead of whole messages; 0 */
    uint64_t deliver_after_close; /**< deliver messages that come after our Close; 0 */

    /* Sending. To the bytes queued come 112 for each prepared or borrowed message. */
    uint64_t high_water_bytes;   /**< queued output above which sends say OVER_HIGH; 256 KiB */
    uint64_t low_water_bytes;    /**< queued output at which WRITABLE follows; 64 KiB */
    uint64_t max_queued_bytes;   /**< queued output above which sends say WOULD_BLOCK; 4 MiB.
                                    One message is always taken by an empty queue. */
    uint64_t fragment_bytes;     /**< longer messages are sent in fragments of this size; 64 KiB */
    uint64_t check_text;         /**< check outgoing text for UTF-8 (RFC 6455 6.1); 1 */
    uint64_t script_close_codes; /**< sends only 1000 and 3000-4999, as scripts in browsers; 0 */

    /* Time. */
    uint64_t handshake_timeout_ms; /**< server: creation to answer; 10 s */
    uint64_t connect_timeout_ms;   /**< client: creation to OPEN; 30 s */
    uint64_t ping_interval_ms;     /**< ping after this long without a byte; 20 s, at least 1 */
    uint64_t pong_timeout_ms;   /**< dead this long after the ping left, any byte is life; 20 s */
    uint64_t idle_timeout_ms;   /**< close (1001) this long after the last message; WEIR_NONE */
    uint64_t close_timeout_ms;  /**< each step of the end: our Close, or an answer of HTTP, to
                                     leave, the peer's Close to come; 10 s */
    uint64_t linger_timeout_ms; /**< wait for the peer to end the transport at last; 5 s */

    /* permessage-deflate (RFC 7692). Compression tells lengths: where secrets and an attacker's
     * text meet in one message or window, they can be guessed from its size (CRIME, BREACH). */
    uint64_t deflate;             /**< weir_deflate_mode; WEIR_DEFLATE_OFF */
    uint64_t deflate_level;       /**< weir_deflate_level of what is sent; DEFAULT */
    uint64_t deflate_tx_bits;     /**< largest window for sending, 9..15; 13 */
    uint64_t deflate_rx_bits;     /**< window that the peer is asked to keep to, 9..15; 13 */
    uint64_t deflate_rx_firm;     /**< rather no compression than a larger one than asked; 0 */
    uint64_t deflate_tx_takeover; /**< messages may refer to earlier ones; 1 */
    uint64_t deflate_rx_takeover; /**< the peer's may; 0 asks it not to; 1 */
    uint64_t
        deflate_min_bytes; /**< AUTO sends shorter ones plain, without takeover at least 128; 16 */
    uint64_t deflate_max_ratio;  /**< bytes out for each in, once 64 KiB are out; WEIR_NONE */
    uint64_t deflate_max_blocks; /**< blocks in one message; 65536 */
    uint64_t deflate_max_bytes;  /**< memory for sending: smaller windows keep to it; WEIR_NONE */
    uint64_t deflate_idle_ms;    /**< then the memory for sending is let go; 60 s */

    /* Memory. */
    uint64_t max_pooled_bytes;  /**< free blocks the context keeps for reuse; 2 MiB */
    uint64_t max_context_bytes; /**< all memory of the context; WEIR_NONE */
    uint64_t read_buffer_bytes; /**< of the context, for weir_conn_input_buffer; 64 KiB */

    weir_allocate allocate; /**< NULL: malloc, realloc, free. Where the library was compiled with
                                 WEIR_NO_MALLOC it calls none of them: without memory or allocate
                                 no context is made (WEIR_E_MEMORY) */
    void *allocate_user;
    void *memory; /**< not NULL: everything lives in this block, borrowed until the context's end */
    size_t memory_len;
    uint8_t seed[32];  /**< entropy, fresh for each context; copied and expanded by ChaCha20 */
    uint64_t has_seed; /**< 1 when seed is filled; clients need it (WEIR_E_ENTROPY); 0 */
} weir_config;

/** The options of weir_config by number, for bindings that do not mirror the struct. */
typedef enum weir_option {
    WEIR_OPTION_MAX_LINE_BYTES = 1,
    WEIR_OPTION_MAX_HEAD_BYTES = 2,
    WEIR_OPTION_MAX_FIELDS = 3,
    WEIR_OPTION_MAX_EMPTY_LINES = 4,
    WEIR_OPTION_MAX_LIST_MEMBERS = 5,
    WEIR_OPTION_MAX_EMPTY_MEMBERS = 6,
    WEIR_OPTION_MAX_EXTENSION_OFFERS = 7,
    WEIR_OPTION_MAX_EXTENSION_PARAMS = 8,
    WEIR_OPTION_MAX_EARLY_BYTES = 9,
    WEIR_OPTION_MAX_INTERIM = 10,
    WEIR_OPTION_MAX_REJECT_BYTES = 11,
    WEIR_OPTION_AUTO_ACCEPT = 12,
    WEIR_OPTION_HTTP_EVENTS = 13,
    WEIR_OPTION_REQUIRE_ORIGIN = 14,
    WEIR_OPTION_REQUIRE_SUBPROTOCOL = 15,
    WEIR_OPTION_ORIGINS = 16,      /**< text */
    WEIR_OPTION_HOSTS = 17,        /**< text */
    WEIR_OPTION_PATHS = 18,        /**< text */
    WEIR_OPTION_SUBPROTOCOLS = 19, /**< text */
    WEIR_OPTION_MAX_MESSAGE_BYTES = 20,
    WEIR_OPTION_MAX_FRAME_BYTES = 21,
    WEIR_OPTION_MAX_FRAGMENTS = 22,
    WEIR_OPTION_MAX_EMPTY_FRAGMENTS = 23,
    WEIR_OPTION_FLOOD_RATE = 24,
    WEIR_OPTION_FLOOD_BURST = 25,
    WEIR_OPTION_DELIVER_CHUNKS = 26,
    WEIR_OPTION_DELIVER_AFTER_CLOSE = 27,
    WEIR_OPTION_HIGH_WATER_BYTES = 28,
    WEIR_OPTION_LOW_WATER_BYTES = 29,
    WEIR_OPTION_MAX_QUEUED_BYTES = 30,
    WEIR_OPTION_FRAGMENT_BYTES = 31,
    WEIR_OPTION_CHECK_TEXT = 32,
    WEIR_OPTION_SCRIPT_CLOSE_CODES = 33,
    WEIR_OPTION_HANDSHAKE_TIMEOUT_MS = 34,
    WEIR_OPTION_CONNECT_TIMEOUT_MS = 35,
    WEIR_OPTION_PING_INTERVAL_MS = 36,
    WEIR_OPTION_PONG_TIMEOUT_MS = 37,
    WEIR_OPTION_IDLE_TIMEOUT_MS = 38,
    WEIR_OPTION_CLOSE_TIMEOUT_MS = 39,
    WEIR_OPTION_LINGER_TIMEOUT_MS = 40,
    WEIR_OPTION_MAX_POOLED_BYTES = 41,
    WEIR_OPTION_MAX_CONTEXT_BYTES = 42,
    WEIR_OPTION_READ_BUFFER_BYTES = 43,
    WEIR_OPTION_SEED = 44, /**< text: 32 bytes; sets has_seed */
    WEIR_OPTION_DEFLATE = 45,
    WEIR_OPTION_DEFLATE_LEVEL = 46,
    WEIR_OPTION_DEFLATE_TX_BITS = 47,
    WEIR_OPTION_DEFLATE_RX_BITS = 48,
    WEIR_OPTION_DEFLATE_RX_FIRM = 49,
    WEIR_OPTION_DEFLATE_TX_TAKEOVER = 50,
    WEIR_OPTION_DEFLATE_RX_TAKEOVER = 51,
    WEIR_OPTION_DEFLATE_MIN_BYTES = 52,
    WEIR_OPTION_DEFLATE_MAX_RATIO = 53,
    WEIR_OPTION_DEFLATE_MAX_BLOCKS = 54,
    WEIR_OPTION_DEFLATE_MAX_BYTES = 55,
    WEIR_OPTION_DEFLATE_IDLE_MS = 56
} weir_option;

/**
 * Size of the library's weir_config, for bindings that hold it as bytes.
 *
 * Returns  sizeof(weir_config), bytes.
 */
WEIR_API size_t weir_config_size(void);

/**
 * Fill a config with the defaults named at its fields (where the library was compiled with
 * WEIR_TINY: with the tiny profile).
 *
 * config   out.
 * size     sizeof(weir_config) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE: nothing was written.
 */
WEIR_API int weir_config_init(weir_config *config, size_t size);

/**
 * Fill a config with the tiny profile, for devices: 1 KiB lines, 2 KiB heads of 32 fields, 4 KiB
 * messages of 64 fragments, 1 KiB of queued output before OVER_HIGH and 2 KiB before WOULD_BLOCK,
 * small deflate windows that the peer must agree to, nothing pooled.
 *
 * config   out.
 * size     sizeof(weir_config) as the caller compiled it.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE: nothing was written.
 */
WEIR_API int weir_config_init_tiny(weir_config *config, size_t size);

/**
 * Set a number in a config by its option.
 *
 * config   initialised.
 * option   weir_option with a number.
 * value    the number; ranges are checked by weir_context_create.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_OPTION: nothing changed.
 */
WEIR_API int weir_config_set(weir_config *config, int option, uint64_t value);

/**
 * Set a text (or the seed) in a config by its option.
 *
 * config   initialised.
 * option   weir_option with a text.
 * text     [len] bytes, borrowed until weir_context_create has copied it (the seed: copied).
 * len      bytes, or WEIR_NTS.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_OPTION (a seed not of 32 bytes too).
 */
WEIR_API int weir_config_set_text(weir_config *config, int option, const char *text, size_t len);

/**
 * Read a number from a config by its option.
 *
 * config   initialised.
 * option   weir_option with a number.
 * value    out.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_SIZE, WEIR_E_OPTION.
 */
WEIR_API int weir_config_get(const weir_config *config, int option, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif
