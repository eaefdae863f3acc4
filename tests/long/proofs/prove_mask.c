/* SPDX-License-Identifier: MIT */
/* Masking, in place and into a copy. */
#include "arbitrary.h"

#include "kernels/kernels.h"

void prove(void)
{
    for (size_t len = 0; len <= 80; len++) {
        uint8_t *const data = arbitrary_bytes(len);
        uint8_t *const copy = malloc(len);
        const uint32_t key = (uint32_t)ARBITRARY(0, UINT32_MAX);
        weir__kernels_scalar.mask_copy(copy, data, len, key);
        weir__kernels_scalar.mask(data, len, weir__key_rotate(key, ARBITRARY(0, 3)));
        for (size_t i = 0; i < len; i++)
            assert(copy[i] <= 255); /* each byte was written */
        free(data);
        free(copy);
    }
}
