/* SPDX-License-Identifier: MIT */
/* A growing run of bytes in pooled memory. */
#include "buffer.h"

#include <string.h>

static int buffer_grow(weir__memory *memory, weir__buffer *buffer, size_t extra)
{
    if (extra > SIZE_MAX - buffer->len)
        return WEIR_E_MEMORY;
    size_t want = buffer->len + extra;
    /* Twofold at least, so that appending n bytes one by one copies O(n). */
    if (want / 2 < buffer->cap && buffer->cap <= SIZE_MAX / 2)
        want = buffer->cap * 2;
    uint8_t *data = weir__pool_resize(memory, buffer->data, buffer->len, want, &buffer->cap);
    if (data == NULL)
        return WEIR_E_MEMORY;
    buffer->data = data;
    return WEIR_OK;
}

int weir__buffer_reserve(weir__memory *memory, weir__buffer *buffer, size_t extra)
{
    return extra <= buffer->cap - buffer->len ? WEIR_OK : buffer_grow(memory, buffer, extra);
}

int weir__buffer_append(weir__memory *memory, weir__buffer *buffer, const void *data, size_t len)
{
    if (len == 0)
        return WEIR_OK;
    if (len > buffer->cap - buffer->len && buffer_grow(memory, buffer, len) != WEIR_OK)
        return WEIR_E_MEMORY;
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    return WEIR_OK;
}

void weir__buffer_free(weir__memory *memory, weir__buffer *buffer)
{
    weir__pool_give(memory, buffer->data, buffer->cap);
    memset(buffer, 0, sizeof *buffer);
}
