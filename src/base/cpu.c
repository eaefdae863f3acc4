/* SPDX-License-Identifier: MIT */
/* What the CPU can do, as bits: asked with CPUID on x86, known at compile time elsewhere. */
#include "cpu.h"

#if WEIR__X86

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

typedef struct cpu_leaf {
    uint32_t eax, ebx, ecx, edx;
} cpu_leaf;

/* All zeros when the CPU has no such leaf. */
static cpu_leaf cpu_ask(uint32_t number)
{
    cpu_leaf leaf = {0, 0, 0, 0};
#if defined(_MSC_VER) && !defined(__clang__)
    int words[4];
    __cpuid(words, 0);
    if (number > (uint32_t)words[0])
        return leaf;
    __cpuidex(words, (int)number, 0);
    leaf.eax = (uint32_t)words[0];
    leaf.ebx = (uint32_t)words[1];
    leaf.ecx = (uint32_t)words[2];
    leaf.edx = (uint32_t)words[3];
#else
    __get_cpuid_count(number, 0, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx);
#endif
    return leaf;
}

/* Which registers the operating system saves (XCR0); only with OSXSAVE. */
static uint32_t cpu_saved_registers(void)
{
#if defined(_MSC_VER) && !defined(__clang__)
    return (uint32_t)_xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
#endif
}

static uint32_t cpu_bit(uint32_t word, uint32_t position, uint32_t result)
{
    return (word >> position & 1) * result;
}

uint32_t weir__cpu_bits(void)
{
    const uint32_t saved_avx = 0x06;    /* XMM, YMM */
    const uint32_t saved_avx512 = 0xE6; /* and opmask, upper ZMM, ZMM16 to 31 */
    const uint32_t needs_avx512 = 1u << 16 | 1u << 30 | 1u << 31; /* F, BW, VL */

    cpu_leaf one = cpu_ask(1);
    cpu_leaf seven = cpu_ask(7);
    /* Which CPU the tests run on is chance; tests/emulate runs them on others. */
    uint32_t saved = 0;
    if (cpu_bit(one.ecx, 27, 1) != 0)  /* never: another CPU */
        saved = cpu_saved_registers(); /* never: another CPU */
    uint32_t bits = cpu_bit(one.edx, 26, WEIR__CPU_SSE2) | cpu_bit(one.ecx, 9, WEIR__CPU_SSSE3) |
                    cpu_bit(one.ecx, 19, WEIR__CPU_SSE41) | cpu_bit(seven.ebx, 29, WEIR__CPU_SHA);
    if ((saved & saved_avx) == saved_avx)              /* never: another CPU */
        bits |= cpu_bit(seven.ebx, 5, WEIR__CPU_AVX2); /* never: another CPU */
    const uint32_t has_avx512 = (seven.ebx & needs_avx512) == needs_avx512;
    if ((saved & saved_avx512) == saved_avx512 && has_avx512) /* never: another CPU */
        bits |= cpu_bit(seven.ecx, 1, WEIR__CPU_AVX512); /* never: another CPU. Bit 1 is VBMI. */
    return bits;
}

#else

uint32_t weir__cpu_bits(void)
{
    return weir__cpu_baseline();
}

#endif

uint32_t weir__cpu_baseline(void)
{
    uint32_t bits = 0;
#if WEIR__X86 && (defined(__SSE2__) || defined(_M_X64))
    bits |= WEIR__CPU_SSE2;
#endif
#if WEIR__X86 && defined(__SSSE3__)
    bits |= WEIR__CPU_SSSE3;
#endif
#if WEIR__X86 && defined(__SSE4_1__)
    bits |= WEIR__CPU_SSE41;
#endif
#if WEIR__X86 && defined(__SHA__)
    bits |= WEIR__CPU_SHA;
#endif
#if WEIR__X86 && defined(__AVX2__)
    bits |= WEIR__CPU_AVX2;
#endif
#if WEIR__NEON
    bits |= WEIR__CPU_NEON;
#endif
    return bits;
}
