/* SPDX-License-Identifier: MIT */
/* Memory of idle connections and of compression, all heap counted where the library asks for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "bench.h"

#define MEMORY_CONNS 1000

static void memory_event(weir_conn *conn, const weir_event *event)
{
    if (event->type == WEIR_EVENT_REQUEST && weir_conn_accept(conn, NULL, 0, NULL, 0) != WEIR_OK)
        bench_die("weir_conn_accept");
}

/* Everything that one side has to say goes to the other. */
static void memory_move(weir_conn *from, weir_conn *to)
{
    weir_span spans[8];
    weir_event events[8];
    const int n = weir_conn_output(from, spans, 8);
    size_t sum = 0;
    for (int i = 0; i < n; i++) {
        uint8_t *const copy = malloc(spans[i].len);
        memcpy(copy, spans[i].data, spans[i].len);
        for (size_t at = 0, used; at < spans[i].len; at += used) {
            const int count = weir_conn_receive(to, copy + at, spans[i].len - at, &used, events, 8);
            for (int k = 0; k < count; k++)
                memory_event(to, &events[k]);
        }
        sum += spans[i].len;
        free(copy);
    }
    weir_conn_sent(from, sum);
    weir_conn_events(to, events, 8);
}

static double memory_per_conn(weir_context *context, uint64_t before)
{
    weir_stats stats;
    weir_context_stats(context, &stats, sizeof stats);
    return (double)(stats.held_bytes - before) / MEMORY_CONNS;
}

/* An open connection, both sides. */
static void memory_open(weir_context *context, weir_context *clients, weir_conn **server,
                        weir_conn **client)
{
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    if (weir_conn_create_server(context, server) != WEIR_OK ||
        weir_conn_create_client(clients, &request, client) != WEIR_OK)
        bench_die("connection");
    memory_move(*client, *server);
    memory_move(*server, *client);
    if (weir_conn_state(*client) != WEIR_OPEN || weir_conn_state(*server) != WEIR_OPEN)
        bench_die("the connection is not open");
    weir_event event;
    weir_conn_events(*server, &event, 1);
}

static void memory_contexts(weir_config *config, weir_context **context, weir_context **clients)
{
    config->has_seed = 1;
    config->max_pooled_bytes = 0;
    if (weir_context_create(config, context) != WEIR_OK ||
        weir_context_create(config, clients) != WEIR_OK)
        bench_die("weir_context_create");
}

static void memory_idle(void)
{
    static weir_conn *servers[MEMORY_CONNS];
    weir_conn *client;
    weir_config config;
    weir_context *context;
    weir_context *clients;
    weir_stats stats;
    weir_config_init(&config, sizeof config);
    memory_contexts(&config, &context, &clients);
    weir_context_stats(context, &stats, sizeof stats);
    bench_figure("memory", "context", "-", (double)stats.held_bytes, "B");
    for (size_t i = 0; i < MEMORY_CONNS; i++) {
        memory_open(context, clients, &servers[i], &client);
        weir_conn_free(client);
    }
    bench_figure("memory", "idle-open", "-", memory_per_conn(context, stats.held_bytes), "B");
    for (size_t i = 0; i < MEMORY_CONNS; i++)
        weir_conn_free(servers[i]);
    weir_context_free(context);
    weir_context_free(clients);
}

static void memory_figure_deflate(const char *name, const weir_config *config, uint64_t bytes)
{
    static const char *const levels[] = {"", "compact", "fast", "default", "best"};
    char size[32];
    snprintf(size, sizeof size, "%s-%d", levels[config->deflate_level],
             (int)config->deflate_tx_bits);
    bench_figure("memory", name, size, (double)bytes, "B");
}

static uint64_t memory_of_codec(const weir_conn *conn)
{
    weir_stats stats;
    weir_conn_stats(conn, &stats, sizeof stats);
    return stats.deflate_bytes;
}

/* What compression adds to a server's connection, with the same window both ways: after a message
 * in each direction, after weir_conn_trim, and once for all connections. */
static void memory_deflate(uint64_t level, uint64_t bits)
{
    char text[1024];
    weir_config config;
    weir_context *context;
    weir_context *clients;
    weir_conn *server;
    weir_conn *client;
    weir_stats stats;
    weir_config_init(&config, sizeof config);
    config.deflate = WEIR_DEFLATE_PREFERRED;
    config.deflate_level = level;
    config.deflate_tx_bits = config.deflate_rx_bits = bits;
    memory_contexts(&config, &context, &clients);
    memory_open(context, clients, &server, &client);
    memset(text, 'x', sizeof text);
    weir_conn_send(client, WEIR_TEXT, text, sizeof text);
    memory_move(client, server);
    weir_conn_send(server, WEIR_TEXT, text, sizeof text);
    memory_move(server, client);
    memory_figure_deflate("deflate-conn", &config, memory_of_codec(server));
    weir_conn_trim(server);
    memory_figure_deflate("deflate-trimmed", &config, memory_of_codec(server));
    weir_context_stats(context, &stats, sizeof stats);
    memory_figure_deflate("deflate-shared", &config, stats.deflate_bytes);
    weir_conn_free(server);
    weir_conn_free(client);
    weir_context_free(context);
    weir_context_free(clients);
}

void bench_memory(void)
{
    memory_idle();
    for (uint64_t bits = 9; bits <= 15; bits += 2)
        for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
            memory_deflate(level, bits);
}
