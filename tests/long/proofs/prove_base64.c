/* SPDX-License-Identifier: MIT */
/* Base64: any bytes are encoded, any text is judged. */
#include "arbitrary.h"

#include "kernels/base64.h"

void prove(void)
{
    for (size_t len = 0; len <= 40; len++) {
        uint8_t *const data = arbitrary_bytes(len);
        char *const text = malloc((len + 2) / 3 * 4);
        weir__base64_encode(data, len, text);
        for (size_t i = 0; i < (len + 2) / 3 * 4; i++)
            assert(text[i] != 0); /* each was written */
        weir__base64_is_key((const char *)data, len);
        free(data);
        free(text);
    }
}
