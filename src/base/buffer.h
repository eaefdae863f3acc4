/* SPDX-License-Identifier: MIT */
/* A growing run of bytes in pooled memory. All zeros is an empty one that holds nothing. */
#ifndef WEIR_BASE_BUFFER_H
#define WEIR_BASE_BUFFER_H

#include "memory.h"

typedef struct weir__buffer {
    uint8_t *data; /* NULL while cap is 0 */
    size_t len;
    size_t cap;
} weir__buffer;

/* Room for extra more bytes; grows at least twofold. WEIR_OK or WEIR_E_MEMORY (unchanged). */
int weir__buffer_reserve(weir__memory *memory, weir__buffer *buffer, size_t extra);

/* WEIR_OK or WEIR_E_MEMORY (unchanged). */
int weir__buffer_append(weir__memory *memory, weir__buffer *buffer, const void *data, size_t len);

/* Give the memory back; the buffer is empty afterwards. */
void weir__buffer_free(weir__memory *memory, weir__buffer *buffer);

#endif
