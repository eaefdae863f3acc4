/* SPDX-License-Identifier: MIT */
/* Received bytes that a connection must hold. */
#include "assembly.h"

#include <string.h>

weir__rx *weir__assembly_make(weir_conn *conn)
{
    size_t cap;
    weir__rx *const made = weir__pool_take(&conn->context->memory, sizeof *made, &cap);
    if (!made)
        return NULL;
    memset(made, 0, offsetof(weir__rx, control));
    made->cap = cap;
    conn->rx = made;
    return made;
}

#define ASSEMBLY_MIN 1024u

/* Pool classes double by themselves; larger blocks are asked for twice as large as needed. */
static size_t assembly_target(size_t need, uint64_t expected)
{
    size_t target = need > SIZE_MAX / 2 ? SIZE_MAX : 2 * need;
    if (need <= WEIR__POOL_MAX)
        target = need < ASSEMBLY_MIN ? ASSEMBLY_MIN : need;
    if (expected >= target)
        return target;
    return expected > need ? (size_t)expected : need;
}

WEIR__APART int assembly_resize(weir__memory *memory, weir__buffer *buffer, size_t target)
{
    uint8_t *const data = weir__memory_resize(memory, buffer->data, buffer->cap, target);
    if (!data)
        return WEIR_E_MEMORY;
    buffer->data = data;
    buffer->cap = target;
    return WEIR_OK;
}

static inline int assembly_move(weir__memory *memory, weir__buffer *buffer, size_t target)
{
    size_t cap;
    uint8_t *const data = weir__pool_take(memory, target, &cap);
    if (!data)
        return WEIR_E_MEMORY;
    if (buffer->cap > 0) {
        memcpy(data, buffer->data, buffer->len);
        weir__pool_give(memory, buffer->data, buffer->cap);
    }
    buffer->data = data;
    buffer->cap = cap;
    return WEIR_OK;
}

int weir__assembly_grow(weir_conn *conn, size_t extra, uint64_t expected)
{
    weir__buffer *const buffer = &conn->rx->message;
    if (extra > SIZE_MAX - buffer->len)
        return WEIR_E_MEMORY;
    weir__memory *const memory = &conn->context->memory;
    const size_t target = assembly_target(buffer->len + extra, expected);
    return buffer->cap > WEIR__POOL_MAX ? assembly_resize(memory, buffer, target)
                                        : assembly_move(memory, buffer, target);
}

void weir__assembly_settle(weir_conn *conn)
{
    weir__rx *const rx = conn->rx;
    if (rx->held.cap > 0 || rx->control_held)
        return;
    weir__buffer_free(&conn->context->memory, &rx->message);
    conn->rx = NULL;
    weir__pool_give(&conn->context->memory, rx, rx->cap);
}

void weir__assembly_free(weir_conn *conn)
{
    weir__rx *const rx = conn->rx;
    if (!rx)
        return;
    weir__buffer_free(&conn->context->memory, &rx->message);
    weir__buffer_free(&conn->context->memory, &rx->held);
    conn->rx = NULL;
    weir__pool_give(&conn->context->memory, rx, rx->cap);
}

uint64_t weir__assembly_bytes(const weir_conn *conn)
{
    const weir__rx *const rx = conn->rx;
    return rx ? rx->cap + rx->message.cap + rx->held.cap : 0;
}
