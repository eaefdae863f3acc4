/* SPDX-License-Identifier: MIT */
/* What a client makes of any bytes in place of a response, and of frames behind it. In the input
 * "{accept}" stands for the value that the client waits for. */
#include <string.h>

#include "second.h"

static void handshake_put_accept(fuzz_bytes *out, fuzz_input in)
{
    static const char mark[] = "{accept}";
    char accept[28];
    stream_accept(accept);
    for (size_t i = 0; i < in.len; i++) {
        const int is_mark =
            in.len - i >= sizeof mark - 1 && memcmp(in.data + i, mark, sizeof mark - 1) == 0;
        fuzz_add(out, is_mark ? (const void *)accept : in.data + i, is_mark ? sizeof accept : 1);
        i += is_mark ? sizeof mark - 2 : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t policy = fuzz_take(&in, 1);
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    fuzz_bytes input = {NULL, 0, 0};
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, 'c');
    weir_config *const config = &setup.config;
    if (policy & 1)
        setup.request.subprotocols = (weir_text){"chat superchat", WEIR_NTS};
    if (policy & 2)
        config->deflate = WEIR_DEFLATE_ON;
    config->deflate_rx_firm = policy >> 2 & 1;
    config->deflate_rx_takeover = policy >> 3 & 1;
    if (policy & 0x10)
        config->deflate_rx_bits = 15;
    if (ways & 1) { /* limits that a short input reaches */
        config->max_line_bytes = 40;
        config->max_head_bytes = 220;
        config->max_fields = 8;
        config->max_interim = 1;
        config->max_reject_bytes = 10;
    }
    setup.eof = ways >> 1 & 1;
    config->max_message_bytes = 65536;
    handshake_put_accept(&input, in);
    stream_check(&setup, input.data, input.len, seed, &run);
    second_head(&run, 0, input.data, input.len);
    stream_end(&run);
    fuzz_drop(&input);
    return 0;
}
