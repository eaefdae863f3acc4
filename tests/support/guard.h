/* SPDX-License-Identifier: MIT */
/* Memory between pages that must not be touched. */
#ifndef SUPPORT_GUARD_H
#define SUPPORT_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* Room of one page between two that end the program when they are read or written. */
typedef struct guarded {
    uint8_t *start;
    uint8_t *end;
} guarded;

guarded guard(void);
void unguard(guarded room);

/* Copy len bytes, at most a page, to the room's end: one byte read beyond them ends the program. */
uint8_t *guard_copy(guarded room, const void *data, size_t len);

#endif
