/* SPDX-License-Identifier: MIT */
/* Frames of a server: what a client makes of any bytes behind the handshake. */
#include "second.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t limits = fuzz_take(&in, 1);
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 2);
    stream_setup setup;
    stream_run run;
    stream_setup_init(&setup, 'C');
    stream_setup_limits(&setup, limits);
    setup.eof = ways & 1;
    setup.echo = ways >> 1 & 1;
    stream_check(&setup, in.data, in.len, seed, &run);
    stream_check_received(&run, in.data, in.len, 0, 0);
    if ((limits & 7) == 0)
        second_frames(&run, WEIR_CLIENT, in.data, in.len);
    stream_end(&run);
    return 0;
}
