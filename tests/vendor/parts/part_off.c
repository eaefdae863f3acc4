/* SPDX-License-Identifier: MIT */
/* Calls into parts that are left out say so; compiled with the macros of the library. */
#include "weir.h"

#include <stdio.h>
#include <string.h>

#ifdef WEIR_NO_CLIENT
#define PART_CLIENT WEIR_E_OFF
#else
#define PART_CLIENT WEIR_OK
#endif
#ifdef WEIR_NO_SERVER
#define PART_SERVER WEIR_E_OFF
#else
#define PART_SERVER WEIR_OK
#endif
#ifdef WEIR_NO_DEFLATE
#define PART_DEFLATE WEIR_E_OFF
#else
#define PART_DEFLATE WEIR_OK
#endif
#ifdef WEIR_NO_MALLOC
#define PART_MALLOC WEIR_E_MEMORY
#else
#define PART_MALLOC WEIR_OK
#endif

static int part_failures;
static union {
    void *pointer;
    uint64_t number;
    char bytes[400000];
} part_memory;

static void part_expect(const char *what, long long found, long long wanted)
{
    if (found != wanted) {
        printf("%s: %lld, not %lld\n", what, found, wanted);
        part_failures++;
    }
}

#define PART_EXPECT(call, wanted) part_expect(#call, (long long)(call), wanted)

static void part_config(weir_config *config)
{
    PART_EXPECT(weir_config_init(config, sizeof *config), WEIR_OK);
    config->memory = part_memory.bytes;
    config->memory_len = sizeof part_memory.bytes;
    memset(config->seed, 7, sizeof config->seed);
    config->has_seed = 1;
}

static void part_roles(void)
{
    weir_config config;
    weir_context *context = NULL;
    weir_conn *conn = NULL;
    weir_request request;
    part_config(&config);
    memset(&request, 0, sizeof request);
    request.url.data = "ws://a/";
    request.url.len = WEIR_NTS;
    PART_EXPECT(weir_context_create(&config, &context), WEIR_OK);
    PART_EXPECT(weir_conn_create_client(context, &request, &conn), PART_CLIENT);
    PART_EXPECT(conn != NULL, PART_CLIENT == WEIR_OK);
    weir_conn_free(conn);
    PART_EXPECT(weir_conn_create_client(context, NULL, &conn), WEIR_E_ARGUMENT);
    PART_EXPECT(weir_conn_create_established(context, WEIR_CLIENT, &conn), PART_CLIENT);
    PART_EXPECT(conn != NULL, PART_CLIENT == WEIR_OK);
    weir_conn_free(conn);
    PART_EXPECT(weir_conn_create_established(context, WEIR_SERVER, &conn), PART_SERVER);
    PART_EXPECT(conn != NULL, PART_SERVER == WEIR_OK);
    if (conn)
        PART_EXPECT(weir_conn_set(conn, WEIR_OPTION_DEFLATE, WEIR_DEFLATE_ON), PART_DEFLATE);
    weir_conn_free(conn);
    PART_EXPECT(weir_conn_create_server(NULL, &conn), WEIR_E_ARGUMENT);
    PART_EXPECT(weir_conn_create_server(context, &conn), PART_SERVER);
    PART_EXPECT(conn != NULL, PART_SERVER == WEIR_OK);
    weir_conn_free(conn);
#if defined(WEIR_NO_SERVER) && !defined(WEIR_NO_CLIENT)
    PART_EXPECT(weir_conn_create_client(context, &request, &conn), WEIR_OK);
    PART_EXPECT(weir_conn_accept(conn, NULL, 0, NULL, 0), WEIR_E_OFF);
    PART_EXPECT(weir_conn_respond(conn, 404, NULL, 0, NULL, 0), WEIR_E_OFF);
    weir_conn_free(conn);
#endif
    PART_EXPECT(weir_context_free(context), WEIR_OK);
}

static void part_proxy(void)
{
    weir_config config;
    weir_context *context = NULL;
    weir_proxy *proxy = NULL;
    weir_proxy_request request;
    part_config(&config);
    memset(&request, 0, sizeof request);
    request.kind = WEIR_PROXY_HTTP;
    request.port = 80;
    request.host.data = "a";
    request.host.len = 1;
    PART_EXPECT(weir_context_create(&config, &context), WEIR_OK);
    PART_EXPECT(weir_proxy_create(context, NULL, &proxy), WEIR_E_ARGUMENT);
    PART_EXPECT(weir_proxy_create(context, &request, &proxy), PART_CLIENT);
    PART_EXPECT(proxy != NULL, PART_CLIENT == WEIR_OK);
    weir_proxy_free(proxy);
    PART_EXPECT(weir_context_free(context), WEIR_OK);
}

static void part_stream(void)
{
    static const char output[] = "no head";
    static const char accept[] = "0123456789012345678901234567";
    const int client = PART_CLIENT == WEIR_OK ? WEIR_E_STREAM_FIELDS : WEIR_E_OFF;
    const int server = PART_SERVER == WEIR_OK ? WEIR_E_STREAM_FIELDS : WEIR_E_OFF;
    weir_field fields[8];
    char texts[64], made[28];
    size_t len;
    PART_EXPECT(weir_stream_read_request(NULL, 0, texts, 64, &len), server);
    PART_EXPECT(weir_stream_read_request(NULL, 0, NULL, 64, &len), WEIR_E_ARGUMENT);
    PART_EXPECT(weir_stream_read_response(NULL, 0, accept, texts, 64, &len), client);
    PART_EXPECT(weir_stream_write_request(output, 7, 0, &len, made, texts, 64, fields, 8),
                PART_CLIENT);
    PART_EXPECT(weir_stream_write_response(output, 7, &len, texts, 64, fields, 8), PART_SERVER);
}

static void part_codec(void)
{
    weir_config config;
    weir_context *context = NULL;
    weir_inflate *inflate = NULL;
    weir_inflate_scratch *inflate_scratch = NULL;
    weir_deflate *deflate = NULL;
    weir_deflate_scratch *deflate_scratch = NULL;
    void *const at = part_memory.bytes;
    const size_t all = sizeof part_memory.bytes;
    part_config(&config);
    config.deflate = WEIR_DEFLATE_ON;
    PART_EXPECT(weir_context_create(&config, &context), PART_DEFLATE);
    PART_EXPECT(weir_context_free(context), WEIR_OK);
    PART_EXPECT(weir_inflate_size(9) > 0, PART_DEFLATE == WEIR_OK);
    PART_EXPECT(weir_inflate_scratch_size(9) > 0, PART_DEFLATE == WEIR_OK);
    PART_EXPECT(weir_deflate_size(WEIR_DEFLATE_FAST, 9) > 0, PART_DEFLATE == WEIR_OK);
    PART_EXPECT(weir_deflate_scratch_size(9) > 0, PART_DEFLATE == WEIR_OK);
    PART_EXPECT(weir_inflate_init(at, all, 9, 1, &inflate), PART_DEFLATE);
    PART_EXPECT(weir_inflate_scratch_init(at, all, 9, &inflate_scratch), PART_DEFLATE);
    PART_EXPECT(weir_deflate_init(at, all, WEIR_DEFLATE_FAST, 9, &deflate), PART_DEFLATE);
    PART_EXPECT(weir_deflate_scratch_init(at, all, 9, &deflate_scratch), PART_DEFLATE);
#ifdef WEIR_NO_DEFLATE
    size_t used, made;
    char out[100];
    PART_EXPECT(weir_inflate_run(NULL, NULL, "a", 1, 1, &used, out, 100, &made), WEIR_E_OFF);
    PART_EXPECT(weir_deflate_run(NULL, NULL, "a", 1, 1, 9, &used, out, 100, &made), WEIR_E_OFF);
    PART_EXPECT(weir_deflate_alone(NULL, 1, 9, "a", 1, 1, &used, out, 100, &made), WEIR_E_OFF);
    PART_EXPECT(
        weir_deflate_worth("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 58), 0);
#endif
}

static void part_limits(void)
{
    weir_config config, tiny;
    weir_context *context = NULL;
    PART_EXPECT(weir_config_init(&config, sizeof config), WEIR_OK);
    PART_EXPECT(weir_config_init_tiny(&tiny, sizeof tiny), WEIR_OK);
    PART_EXPECT(tiny.max_message_bytes, 4096);
#ifdef WEIR_TINY
    PART_EXPECT(memcmp(&config, &tiny, sizeof config), 0);
#else
    PART_EXPECT(config.max_message_bytes, 1048576);
#endif
    PART_EXPECT(weir_context_create(&config, &context), PART_MALLOC);
    PART_EXPECT(weir_context_free(context), WEIR_OK);
    PART_EXPECT(strcmp(weir_status_name(WEIR_E_OFF), "WEIR_E_OFF"), 0);
}

int main(void)
{
    part_roles();
    part_proxy();
    part_stream();
    part_codec();
    part_limits();
    return part_failures != 0;
}
