/* SPDX-License-Identifier: MIT */
/* Memory between pages that must not be touched. */
#ifndef SUPPORT_GUARD_H
#define SUPPORT_GUARD_H

#include <stdint.h>

/* Room of one page between two that end the program when they are read or written. */
typedef struct guarded {
    uint8_t *start;
    uint8_t *end;
} guarded;

guarded guard(void);
void unguard(guarded room);

#endif
