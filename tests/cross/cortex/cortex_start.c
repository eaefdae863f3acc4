/* SPDX-License-Identifier: MIT */
/* From reset to main on a Cortex-M, and out again: semihosting prints and ends the emulator. */
#include "cortex_start.h"

#define CORTEX_CCR (*(volatile uint32_t *)0xE000ED14u)
#define CORTEX_CCR_UNALIGN_TRP 8u

extern uint32_t cortex_bss[], cortex_bss_end[], cortex_stack[];
int main(void);

uintptr_t cortex_call(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void cortex_print(const char *text)
{
    cortex_call(0x04, text); /* SYS_WRITE0 */
}

void cortex_exit(int status)
{
    const uintptr_t words[2] = {0x20026, (uintptr_t)status}; /* ADP_Stopped_ApplicationExit */
    for (;;)
        cortex_call(0x20, words); /* SYS_EXIT_EXTENDED */
}

void cortex_reset(void)
{
#ifndef __ARM_FEATURE_UNALIGNED
    /* The board's CPU loads unaligned words, a Cortex-M0 must not. */
    CORTEX_CCR |= CORTEX_CCR_UNALIGN_TRP;
#endif
    for (uint32_t *word = cortex_bss; word < cortex_bss_end; word++)
        *word = 0;
    cortex_exit(main());
}

static void cortex_fault(void)
{
    cortex_print("fault\n");
    cortex_exit(99);
}

__attribute__((section(".vectors"), used)) static void *const cortex_vectors[16] = {
    cortex_stack,         (void *)cortex_reset, (void *)cortex_fault, (void *)cortex_fault,
    (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault,
    (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault,
    (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault, (void *)cortex_fault,
};
