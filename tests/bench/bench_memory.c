/* SPDX-License-Identifier: MIT */
/* Memory of idle connections, all heap counted where the library asks for it. */
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

void bench_memory(void)
{
    static weir_conn *servers[MEMORY_CONNS];
    weir_conn *client;
    weir_config config;
    weir_context *context;
    weir_context *clients;
    weir_stats stats;
    weir_config_init(&config, sizeof config);
    config.has_seed = 1;
    config.max_pooled_bytes = 0;
    if (weir_context_create(&config, &context) != WEIR_OK ||
        weir_context_create(&config, &clients) != WEIR_OK)
        bench_die("weir_context_create");
    weir_context_stats(context, &stats, sizeof stats);
    bench_figure("memory", "context", "-", (double)stats.held_bytes, "B");
    const weir_request request = {.url = {"ws://host/", WEIR_NTS}};
    for (size_t i = 0; i < MEMORY_CONNS; i++) {
        if (weir_conn_create_server(context, &servers[i]) != WEIR_OK ||
            weir_conn_create_client(clients, &request, &client) != WEIR_OK)
            bench_die("connection");
        memory_move(client, servers[i]);
        memory_move(servers[i], client);
        if (weir_conn_state(client) != WEIR_OPEN || weir_conn_state(servers[i]) != WEIR_OPEN)
            bench_die("the connection is not open");
        weir_event event;
        weir_conn_events(servers[i], &event, 1);
        weir_conn_free(client);
    }
    bench_figure("memory", "idle-open", "-", memory_per_conn(context, stats.held_bytes), "B");
    for (size_t i = 0; i < MEMORY_CONNS; i++)
        weir_conn_free(servers[i]);
    weir_context_free(context);
    weir_context_free(clients);
}
