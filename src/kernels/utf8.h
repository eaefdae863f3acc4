/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) checked piece by piece. */
#ifndef WEIR_KERNELS_UTF8_H
#define WEIR_KERNELS_UTF8_H

#include "kernels.h"

/* Between characters; other states say what may come next. */
#define WEIR__UTF8_START 0u

/* What is left of a piece when the kernel was not called or stopped before its end. */
size_t weir__utf8_resume(const weir__kernels *kernels, uint32_t *state, const uint8_t *data,
                         size_t len);

/* Check a piece. Returns len, or the index of the first byte that cannot stand there. */
static inline size_t weir__utf8_check(const weir__kernels *kernels, uint32_t *state,
                                      const uint8_t *data, size_t len)
{
    size_t whole = 0;
    if (len == 0)
        return 0; /* data may be NULL, to which C lets nothing be added, not even 0 */
    if (*state == WEIR__UTF8_START) {
        whole = kernels->utf8(data, len);
        if (whole == len)
            return len;
    }
    return whole + weir__utf8_resume(kernels, state, data + whole, len - whole);
}

/* ---- For the variants ------------------------------------------------------------------------*/

/* Their result for a text that has a fault at at or soon after. What stands before at is right, but
 * for a character that is not whole there. */
size_t weir__utf8_locate(const uint8_t *data, size_t at, size_t len);

/* Their result for a text without a fault: all but a character that is not whole at its end. */
static inline size_t weir__utf8_trim(const uint8_t *data, size_t len)
{
    if (len >= 1 && data[len - 1] >= 0xC0)
        return len - 1;
    if (len >= 2 && data[len - 2] >= 0xE0)
        return len - 2;
    return len >= 3 && data[len - 3] >= 0xF0 ? len - 3 : len;
}

#endif
