/* SPDX-License-Identifier: MIT */
/* What a server makes of any bytes in place of a request, and of frames behind it. */
#include "second.h"

static weir_text handshake_words(uint32_t yes, const char *words)
{
    return yes ? (weir_text){words, WEIR_NTS} : (weir_text){NULL, 0};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t policy = fuzz_take(&in, 1);
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, 's');
    weir_config *const config = &setup.config;
    config->origins = handshake_words(policy & 1, "http://a https://b.example:8080 null");
    config->hosts = handshake_words(policy & 2, "h host:8080 [::1]");
    config->paths = handshake_words(policy & 4, "/ /chat /a/*");
    config->subprotocols = handshake_words(policy & 8, "chat superchat v1.json");
    config->auto_accept = policy >> 4 & 1;
    config->http_events = policy >> 5 & 1;
    config->require_origin = policy >> 6 & 1;
    config->require_subprotocol = policy >> 7 & 1;
    config->deflate = ways & 1 ? WEIR_DEFLATE_ON : WEIR_DEFLATE_OFF;
    setup.eof = ways >> 1 & 1;
    setup.answer = (int)(ways >> 2 & 7) % 6;
    if (ways & 0x20) { /* limits that a short input reaches */
        config->max_line_bytes = 40;
        config->max_head_bytes = 220;
        config->max_fields = 8;
        config->max_list_members = 3;
        config->max_empty_members = 1;
        config->max_extension_offers = 2;
        config->max_extension_params = 2;
        config->max_early_bytes = 20;
    }
    config->max_message_bytes = 65536;
    stream_check(&setup, in.data, in.len, seed, &run);
    second_head(&run, 1, in.data, in.len);
    stream_end(&run);
    return 0;
}
