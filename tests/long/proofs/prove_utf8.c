/* SPDX-License-Identifier: MIT */
/* UTF-8: any text, whole and in two pieces. */
#include "arbitrary.h"

#include "kernels/utf8.h"

static void prove_pieces(size_t len, size_t cut)
{
    uint8_t *const text = arbitrary_bytes(len);
    uint32_t state = WEIR__UTF8_START;
    if (weir__utf8_check(&weir__kernels_scalar, &state, text, cut) == cut)
        assert(weir__utf8_check(&weir__kernels_scalar, &state, text + cut, len - cut) <= len - cut);
    free(text);
}

static void prove_whole(size_t len)
{
    uint8_t *const text = arbitrary_bytes(len);
    assert(weir__kernels_scalar.utf8(text, len) <= len);
    free(text);
}

void prove(void)
{
    for (size_t len = 0; len <= 33; len++)
        prove_whole(len);
    for (size_t len = 47; len <= 49; len++)
        prove_whole(len); /* the first with ASCII in steps of 32 */
    for (size_t len = 0; len <= 6; len++)
        for (size_t cut = 0; cut <= len; cut++)
            prove_pieces(len, cut);
}
