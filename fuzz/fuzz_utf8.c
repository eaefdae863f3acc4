/* SPDX-License-Identifier: MIT */
/* UTF-8: each table of kernels that this CPU runs beside a plain decoder, at once and in pieces. */
#include <stdlib.h>
#include <string.h>

#include "../src/base/cpu.h"
#include "../src/kernels/kernels.h"
#include "../src/kernels/utf8.h"
#include "reference.h"

/* Pieces of random sizes, each in a block of its own. */
static size_t utf8_in_pieces(const weir__kernels *kernels, const uint8_t *data, size_t len,
                             uint64_t seed, uint32_t *state)
{
    fuzz_dice dice = {seed};
    for (size_t at = 0; at < len;) {
        const size_t most = fuzz_below(&dice, 3) ? 6 : 200;
        const size_t want = 1 + (size_t)fuzz_below(&dice, most);
        const size_t n = want < len - at ? want : len - at;
        uint8_t *const piece = fuzz_copy(data + at, n);
        const size_t got = weir__utf8_check(kernels, state, piece, n);
        free(piece);
        FUZZ_CHECK(got <= n);
        if (got < n)
            return at + got;
        at += n;
    }
    return len;
}

static void utf8_table(const weir__kernels *kernels, const uint8_t *data, size_t len, size_t fault,
                       int whole, uint64_t seed)
{
    uint32_t state = WEIR__UTF8_START;
    uint8_t *const exact = fuzz_copy(data, len);
    const size_t at = weir__utf8_check(kernels, &state, exact, len);
    FUZZ_CHECK(at == fault);
    FUZZ_CHECK(fault < len || (state == WEIR__UTF8_START) == whole);
    state = WEIR__UTF8_START;
    FUZZ_CHECK(utf8_in_pieces(kernels, data, len, seed, &state) == fault);
    FUZZ_CHECK(fault < len || (state == WEIR__UTF8_START) == whole);
    /* The longest prefix of whole characters. */
    const size_t prefix = kernels->utf8(exact, len);
    FUZZ_CHECK(prefix <= fault && reference_is_text(exact, prefix) && fault - prefix <= 3);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint64_t seed = fuzz_take(&in, 1);
    const uint32_t have = weir__cpu_bits();
    const weir__kernels *last = NULL;
    int whole;
    const size_t fault = reference_utf8(in.data, in.len, &whole);
    for (uint32_t mask = 0; mask < 128; mask++) {
        const weir__kernels *const kernels = weir__kernels_for(have & mask);
        if ((have & mask) != mask || kernels == last)
            continue;
        utf8_table(kernels, in.data, in.len, fault, whole, seed);
        last = kernels;
    }
    weir_utf8 state = {0};
    const size_t at = weir_utf8_check(&state, in.data ? (const void *)in.data : "", in.len, 1);
    FUZZ_CHECK(at == (whole ? fault : SIZE_MAX));
    return 0;
}
