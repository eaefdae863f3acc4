/* SPDX-License-Identifier: MIT */
/* UTF-8 (RFC 3629) checked piece by piece. */
#ifndef WEIR_KERNELS_UTF8_H
#define WEIR_KERNELS_UTF8_H

#include "kernels.h"

/* Between characters; other states say what may come next. */
#define WEIR__UTF8_START 0u

/* Check a piece. Returns len, or the index of the first byte that cannot stand there. */
size_t weir__utf8_check(const weir__kernels *kernels, uint32_t *state, const uint8_t *data,
                        size_t len);

#endif
