/* SPDX-License-Identifier: MIT */
/* The policy of the echo servers, and the command line that changes it. */
#ifndef EXAMPLES_ECHO_OPTIONS_H
#define EXAMPLES_ECHO_OPTIONS_H

#include <weir/weir.h>

#include "common.h"

typedef struct echo_options {
    const char *host;
    const char *port;
    uint64_t close_timeout_ms;
    char origins[4096]; /* separated by spaces, as the policy wants them */
} echo_options;

/* "a,b" becomes "a b". */
static inline bool parse_list(char *text, weir_text *list)
{
    for (char *comma; (comma = strchr(text, ',')) != NULL;)
        *comma = ' ';
    *list = (weir_text){text, strlen(text)};
    return list->len > 0;
}

static inline bool add_origin(echo_options *options, weir_text *list, const char *origin)
{
    const size_t room = sizeof options->origins - list->len;
    const int len = snprintf(options->origins + list->len, room, list->len ? " %s" : "%s", origin);
    if (len <= 0 || (size_t)len >= room)
        return false;
    *list = (weir_text){options->origins, list->len + (size_t)len};
    return true;
}

static inline bool parse_echo_option(const char *name, char *value, echo_options *options,
                                     weir_config *config)
{
    uint64_t port;
    if (strcmp(name, "--host") == 0)
        return (options->host = value) != NULL;
    if (strcmp(name, "--port") == 0)
        return parse_number(options->port = value, &port) && port <= 65535;
    if (strcmp(name, "--max-message") == 0)
        return parse_number(value, &config->max_message_bytes);
    if (strcmp(name, "--handshake-timeout") == 0)
        return parse_seconds(value, &config->handshake_timeout_ms);
    if (strcmp(name, "--close-timeout") == 0)
        return parse_seconds(value, &config->close_timeout_ms);
    if (strcmp(name, "--protocols") == 0)
        return parse_list(value, &config->subprotocols);
    if (strcmp(name, "--origin") == 0)
        return add_origin(options, &config->origins, value);
    return false;
}

static inline void parse_echo_options(char **argv, echo_options *options, weir_config *config)
{
    *options = (echo_options){.host = "127.0.0.1", .port = "0"};
    for (char **arg = argv + 1; *arg; arg++) {
        if (strcmp(*arg, "--no-deflate") == 0) {
            config->deflate = WEIR_DEFLATE_OFF;
            continue;
        }
        if (arg[1] && parse_echo_option(arg[0], arg[1], options, config)) {
            arg++;
            continue;
        }
        fprintf(stderr,
                "usage: %s [--host H] [--port N] [--no-deflate] [--max-message BYTES]\n"
                "       [--protocols A,B] [--origin O]... [--handshake-timeout S]\n"
                "       [--close-timeout S]\n",
                argv[0]);
        exit(2);
    }
    options->close_timeout_ms = config->close_timeout_ms;
}

/* A context for what the command line asks; a mistake in it ends the program. */
static inline weir_context *create_echo_context(char **argv, echo_options *options)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.auto_accept = 1; /* the lists of origins and subprotocols decide */
    config.deflate = WEIR_DEFLATE_PREFERRED;

    /* The defaults are for strangers; these servers take large messages in any fragments. */
    config.max_message_bytes = 64 << 20;
    config.max_fragments = config.max_empty_fragments = WEIR_NONE;
    config.flood_rate = config.flood_burst = WEIR_NONE;
    /* No send is refused: reading stops at the high water mark, and that is bound enough. */
    config.max_queued_bytes = WEIR_NONE;

    parse_echo_options(argv, options, &config);
    weir_context *context;
    const int status = weir_context_create(&config, &context);
    if (status == WEIR_OK)
        return context;
    fprintf(stderr, "%s: %s\n", argv[0], weir_status_text(status));
    exit(2);
}

#endif
