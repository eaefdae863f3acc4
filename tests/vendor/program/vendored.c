/* SPDX-License-Identifier: MIT */
/* A program that takes weir in: a client and a server in one, and one echo between them. */
#ifdef VENDORED
#include "weir.h"
#else
#include <weir/weir.h>
#endif

#include <stdio.h>
#include <string.h>

/* Give one side what the other has to say; returns the bytes. */
static size_t vendored_move(weir_conn *from, weir_conn *to)
{
    unsigned char bytes[4096];
    weir_event events[8];
    weir_span span;
    size_t sum = 0;
    while (weir_conn_output(from, &span, 1) == 1 && span.len <= sizeof bytes) {
        memcpy(bytes, span.data, span.len);
        weir_conn_sent(from, span.len);
        sum += span.len;
        for (size_t at = 0, used; at < span.len; at += used) {
            const int count = weir_conn_receive(to, bytes + at, span.len - at, &used, events, 8);
            for (int i = 0; i < count; i++) {
                const weir_event *const event = &events[i];
                if (event->type == WEIR_EVENT_REQUEST)
                    weir_conn_accept(to, NULL, 0, NULL, 0);
                else if (event->type == WEIR_EVENT_MESSAGE && !weir_conn_user(to))
                    weir_conn_send(to, WEIR_TEXT, event->data, event->len);
                else if (event->type == WEIR_EVENT_MESSAGE)
                    printf("weir echoed: %.*s\n", (int)event->len, (const char *)event->data);
            }
        }
    }
    return sum;
}

int main(void)
{
    static int is_client;
    weir_config config;
    weir_context *context;
    weir_conn *client, *server;
    weir_request request;
    if (weir_version() != (WEIR_VERSION_MAJOR << 16 | WEIR_VERSION_MINOR << 8 | WEIR_VERSION_PATCH))
        return 1;
    weir_config_init(&config, sizeof config);
    config.deflate = WEIR_DEFLATE_ALWAYS;
    config.has_seed = 1; /* a fixed seed is for tests only */
    memset(&request, 0, sizeof request);
    request.url.data = "ws://localhost/";
    request.url.len = WEIR_NTS;
    if (weir_context_create(&config, &context) != WEIR_OK ||
        weir_conn_create_client(context, &request, &client) != WEIR_OK ||
        weir_conn_create_server(context, &server) != WEIR_OK)
        return 2;
    weir_conn_set_user(client, &is_client);
    while (vendored_move(client, server) + vendored_move(server, client) > 0) {
    }
    if (weir_conn_send(client, WEIR_TEXT, "hello", 5) != WEIR_OK)
        return 3;
    while (vendored_move(client, server) + vendored_move(server, client) > 0) {
    }
    weir_conn_free(client);
    weir_conn_free(server);
    return weir_context_free(context) == WEIR_OK ? 0 : 4;
}
