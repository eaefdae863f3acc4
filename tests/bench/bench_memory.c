/* SPDX-License-Identifier: MIT */
/* Memory of idle connections, beside that of the peers, and of compression. */
#include <stdio.h>
#include <string.h>
#ifdef WEIR_HAVE_MALLINFO2
#include <malloc.h>
#endif

#include <weir/weir.h>

#include "bench.h"
#include "bench_conns.h"
#include "bench_peers.h"

#define MEMORY_CONNS 1000

/* Everything that one side has to say goes to the other. */
static void memory_move(weir_conn *from, weir_conn *to)
{
    bench_sink sink = {.checking = 1};
    weir_event events[8];
    conn_drain(from, &sink);
    for (size_t at = 0, used; at < sink.len; at += used)
        weir_conn_receive(to, sink.bytes + at, sink.len - at, &used, events, 8);
    weir_conn_events(to, events, 8);
    sink_empty(&sink);
}

static weir_context *memory_context(weir_config *config)
{
    weir_context *context;
    config->has_seed = 1;
    config->max_pooled_bytes = 0;
    if (weir_context_create(config, &context) != WEIR_OK)
        bench_die("weir_context_create");
    return context;
}

/* ---- Idle connections ------------------------------------------------------------------------*/

#ifdef WEIR_HAVE_MALLINFO2
static size_t memory_heap(void)
{
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
#endif

static weir_context *memory_idle_context(int deflate, conn_memory *memory)
{
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.deflate = deflate ? WEIR_DEFLATE_PREFERRED : WEIR_DEFLATE_OFF;
    if (memory) {
        config.allocate = conn_allocate;
        config.allocate_user = memory;
    }
    return memory_context(&config);
}

/* The heap of a connection: what the allocator takes, with its own overhead. */
static double memory_idle_heap(int deflate, const bench_peer *peer)
{
    static void *conns[MEMORY_CONNS];
    double bytes = 0;
    size_t len;
    const char *const request = peer_request(&len);
    weir_context *const context = memory_idle_context(deflate, NULL);
    if (peer) /* what is made once for all */
        peer->conn_close(peer->conn_open(request, len, deflate, NULL));
#ifdef WEIR_HAVE_MALLINFO2
    const size_t before = memory_heap();
#endif
    for (size_t i = 0; i < MEMORY_CONNS; i++)
        conns[i] = peer ? peer->conn_open(request, len, deflate, NULL)
                        : (void *)conn_open_server(context, request, len, NULL);
#ifdef WEIR_HAVE_MALLINFO2
    bytes = (double)(memory_heap() - before) / MEMORY_CONNS;
#endif
    for (size_t i = 0; i < MEMORY_CONNS; i++) {
        if (peer)
            peer->conn_close(conns[i]);
        else
            weir_conn_free(conns[i]);
    }
    weir_context_free(context);
    return bytes;
}

static void memory_idle_heaps(int deflate, const char *size)
{
    bench_value values[BENCH_MAX];
    size_t n = 1;
    values[0] = (bench_value){"weir", memory_idle_heap(deflate, NULL)};
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (peer_all[i]->conn_open && (!deflate || peer_all[i]->deflates))
            values[n++] = (bench_value){peer_all[i]->name, memory_idle_heap(deflate, peer_all[i])};
    if (values[0].value > 0)
        bench_figures("memory", "idle-heap", size, values, n, "B");
    else
        printf("memory idle-heap %s skipped, because there is no mallinfo2\n", size);
}

/* What weir asks its allocator for. */
static void memory_idle_asked(int deflate, const char *size)
{
    static weir_conn *conns[MEMORY_CONNS];
    conn_memory memory = {0, 0};
    weir_stats stats;
    size_t len;
    const char *const request = peer_request(&len);
    weir_context *const context = memory_idle_context(deflate, &memory);
    const uint64_t shared = memory.bytes;
    bench_figure("memory", "context", size, (double)shared, "B");
    for (size_t i = 0; i < MEMORY_CONNS; i++)
        conns[i] = conn_open_server(context, request, len, NULL);
    weir_context_stats(context, &stats, sizeof stats);
    if (stats.held_bytes != memory.bytes)
        bench_die("weir: the context counts its memory wrongly");
    bench_figure("memory", "idle-open", size, (double)(memory.bytes - shared) / MEMORY_CONNS, "B");
    for (size_t i = 0; i < MEMORY_CONNS; i++)
        weir_conn_free(conns[i]);
    weir_context_free(context);
}

/* ---- Compression -----------------------------------------------------------------------------*/

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
    weir_stats stats;
    size_t len;
    const char *const request = peer_request(&len);
    weir_config_init(&config, sizeof config);
    config.deflate = WEIR_DEFLATE_PREFERRED;
    config.deflate_level = level;
    config.deflate_tx_bits = config.deflate_rx_bits = bits;
    weir_context *const context = memory_context(&config);
    weir_context *const clients = memory_context(&config);
    weir_conn *const server = conn_open_server(context, request, len, NULL);
    weir_conn *const client = conn_open_client(clients, 1);
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
    static const char *const sizes[] = {"plain", "deflate"};
    if (bench_is_once())
        return; /* nothing runs here that has instructions worth counting */
    peer_name_missing("memory");
    for (int deflate = 0; deflate <= 1 && bench_wants("idle"); deflate++) {
        memory_idle_asked(deflate, sizes[deflate]);
        memory_idle_heaps(deflate, sizes[deflate]);
    }
    for (uint64_t bits = 9; bits <= 15 && bench_wants("deflate"); bits += 2)
        for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
            memory_deflate(level, bits);
}
