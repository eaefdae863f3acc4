/* SPDX-License-Identifier: MIT */
/* What the CPU can do, as bits. */
#ifndef WEIR_BASE_CPU_H
#define WEIR_BASE_CPU_H

#include <stdint.h>

#define WEIR__CPU_SSE2 0x01u
#define WEIR__CPU_SSSE3 0x02u
#define WEIR__CPU_SSE41 0x04u
#define WEIR__CPU_AVX2 0x08u
#define WEIR__CPU_SHA 0x10u
#define WEIR__CPU_AVX512 0x20u /* F, BW, VL and VBMI, usable by the operating system */
#define WEIR__CPU_NEON 0x40u

/* Whether the compiler can build x86 variants; all of them, whatever its target flags say. */
#if defined(WEIR_NO_VECTORS)
#define WEIR__X86 0
#elif (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__) && !defined(__TINYC__)
#define WEIR__X86 1
#define WEIR__TARGET(isa) __attribute__((target(isa)))
#elif defined(_M_X64) || defined(_M_IX86)
#define WEIR__X86 1
#define WEIR__TARGET(isa)
#else
#define WEIR__X86 0
#endif

/* Little-endian AArch64, which always has these vectors. */
#if defined(WEIR_NO_VECTORS)
#define WEIR__NEON 0
#elif (defined(__aarch64__) && defined(__GNUC__) && !defined(__TINYC__) && defined(__ARM_NEON) &&  \
       !defined(__AARCH64EB__)) ||                                                                 \
    defined(_M_ARM64)
#define WEIR__NEON 1
#else
#define WEIR__NEON 0
#endif

/* Asks the CPU each time (slow in a virtual machine): call once and keep the answer. */
uint32_t weir__cpu_bits(void);

/* What the compiler's target guarantees, without a look at the CPU. */
uint32_t weir__cpu_baseline(void);

#endif
