/* SPDX-License-Identifier: MIT */
/* From reset to main on a Cortex-M, and out again: semihosting prints and ends the emulator. */
#ifndef WEIR_CORTEX_START_H
#define WEIR_CORTEX_START_H

#include <stdint.h>

uintptr_t cortex_call(uintptr_t operation, const void *argument);
void cortex_print(const char *text);
void cortex_exit(int status);
void cortex_reset(void);

#endif
