/* SPDX-License-Identifier: MIT */
/* The payload of a Close: any bytes of any length are read, any code and reason are written. */
#include "arbitrary.h"

#include "kernels/utf8.h"
#include "protocol/close.h"

/* In place of the real ones, of which prove_utf8.c shows this: all of the text may be read. */
static size_t prove_some(const uint8_t *data, size_t len)
{
    /*@ assert len == 0 || \valid_read(data + (0 .. len - 1)); */
    /*@ assert len == 0 || \initialized(data + (0 .. len - 1)); */
    return ARBITRARY(0, len);
}

const weir__kernels *weir__kernels_baseline(void)
{
    static const weir__kernels kernels = {.utf8 = prove_some};
    return &kernels;
}

size_t weir__utf8_resume(const weir__kernels *kernels, uint32_t *state, const uint8_t *data,
                         size_t len)
{
    (void)kernels;
    (void)data;
    *state = (uint32_t)ARBITRARY(0, UINT32_MAX);
    return ARBITRARY(0, len);
}

void prove(void)
{
    for (size_t len = 0; len <= 126; len++) {
        uint8_t *const payload = arbitrary_bytes(len);
        uint8_t *const out = malloc(125);
        const uint32_t any = (uint32_t)ARBITRARY(0, UINT32_MAX);
        uint32_t code;
        weir_text reason;
        if (weir__close_payload_read(payload, len, &code, &reason) == WEIR_OK)
            assert(reason.len <= 123);
        assert(weir__close_payload_write(any, (weir_text){(char *)payload, len}, out) <= 125);
        free(payload);
        free(out);
    }
}
