/* SPDX-License-Identifier: MIT */
/* SHA-1 of any bytes, in one piece or two, and of an accept key. */
#include "arbitrary.h"

#include "kernels/sha1.h"

static void prove_pair(size_t a_len, size_t b_len)
{
    uint8_t *const a = arbitrary_bytes(a_len);
    uint8_t *const b = arbitrary_bytes(b_len);
    uint8_t *const digest = malloc(20);
    weir__sha1_pair(&weir__kernels_scalar, a, a_len, b, b_len, digest);
    for (size_t i = 0; i < 20; i++)
        assert(digest[i] <= 255); /* each byte was written */
    free(a);
    free(b);
    free(digest);
}

void prove(void)
{
    static const size_t lengths[] = {0, 1, 55, 63, 65, 130};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++)
            prove_pair(lengths[i], lengths[j]);
    uint8_t digest[20];
    weir__sha1_accept(&weir__kernels_scalar, arbitrary_bytes(24), arbitrary_bytes(36), digest);
}
