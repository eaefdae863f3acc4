/* SPDX-License-Identifier: MIT */
/* Frames behind a handshake that agreed on permessage-deflate, in both roles. */
#include <stdio.h>

#include "conn_stream.h"

/* What the peer says in the handshake, and what holds for its messages then. bits 0: as our config
 * asks. */
typedef struct deflate_case {
    const char *extension;
    int bits;
    int takeover;
} deflate_case;

static const deflate_case deflate_offers[4] = {
    {"permessage-deflate", 15, 1},
    {"permessage-deflate; client_max_window_bits", 0, 1},
    {"permessage-deflate; client_max_window_bits=10; server_max_window_bits=9", 10, 1},
    {"permessage-deflate; client_no_context_takeover; server_no_context_takeover", 15, 0},
};

static const deflate_case deflate_answers[4] = {
    {"permessage-deflate", 15, 1},
    {"permessage-deflate; server_max_window_bits=9", 9, 1},
    {"permessage-deflate; server_no_context_takeover", 15, 0},
    {"permessage-deflate; server_max_window_bits=12; client_no_context_takeover", 12, 1},
};

static void deflate_prelude(stream_setup *setup, const char *extension)
{
    char head[512];
    char accept[28];
    if (setup->kind == 's') {
        snprintf(head, sizeof head,
                 "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Extensions: %s\r\n\r\n",
                 extension);
    } else {
        stream_accept(accept);
        snprintf(head, sizeof head,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: %.28s\r\nSec-WebSocket-Extensions: %s\r\n\r\n",
                 accept, extension);
    }
    fuzz_add_text(&setup->prelude, head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t limits = fuzz_take(&in, 1);
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    const int server = ways >> 2 & 1;
    const deflate_case agreed = (server ? deflate_offers : deflate_answers)[ways >> 3 & 3];
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, server ? 's' : 'c');
    stream_setup_limits(&setup, limits);
    setup.config.deflate = 1 + (ways >> 5) % 3;
    setup.config.deflate_level = 1 + (seed & 3);
    setup.config.deflate_rx_bits = 13;
    if (setup.config.max_message_bytes > 65536)
        setup.config.max_message_bytes = 65536;
    setup.eof = ways & 1;
    setup.echo = ways >> 1 & 1;
    deflate_prelude(&setup, agreed.extension);
    stream_check(&setup, in.data, in.len, seed, &run);
    stream_check_received(&run, in.data, in.len, agreed.bits ? agreed.bits : 13, agreed.takeover);
    stream_end(&run);
    fuzz_drop(&setup.prelude);
    return 0;
}
