/* SPDX-License-Identifier: MIT */
/* Where no page can be taken away: the same room, but nothing watches what is beside it. */
#include "../../support/guard.h"

#include <stdlib.h>
#include <string.h>

#define GUARD_PLAIN_BYTES 4096

guarded guard(void)
{
    uint8_t *const start = malloc(GUARD_PLAIN_BYTES);
    if (start == NULL)
        abort();
    return (guarded){start, start + GUARD_PLAIN_BYTES};
}

void unguard(guarded room)
{
    free(room.start);
}

uint8_t *guard_copy(guarded room, const void *data, size_t len)
{
    if (len > GUARD_PLAIN_BYTES)
        abort();
    if (len > 0)
        memcpy(room.end - len, data, len);
    return room.end - len;
}
