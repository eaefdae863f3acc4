/* SPDX-License-Identifier: MIT */
/* The table of kernels, chosen by CPU. */
#include "kernels.h"

#include "../base/cpu.h"
#include "../base/parts.h"
#include "variants.h"

/* Which variants of SHA-1 use instructions made for it. */
#define KERNELS_NATIVE_scalar false
#define KERNELS_NATIVE_ssse3 false
#define KERNELS_NATIVE_sha true

/* Only clients draw what nobody may guess. */
#if WEIR__PART_CLIENT
#define KERNELS_CHACHA20(variant) weir__chacha20_##variant
#else
#define KERNELS_CHACHA20(variant) NULL
#endif

/* A table by the variants it is made of. */
#define KERNELS_TABLE(label, mask_variant, utf8_variant, sha1_variant, chacha20_variant,           \
                      field_variant)                                                               \
    {                                                                                              \
        .name = label, .mask = weir__mask_##mask_variant,                                          \
        .mask_copy = weir__mask_copy_##mask_variant, .utf8 = weir__utf8_##utf8_variant,            \
        .sha1 = weir__sha1_##sha1_variant, .sha1_native = KERNELS_NATIVE_##sha1_variant,           \
        .chacha20 = KERNELS_CHACHA20(chacha20_variant), .fields = weir__fields_##field_variant     \
    }

const weir__kernels weir__kernels_scalar =
    KERNELS_TABLE("scalar", scalar, scalar, scalar, scalar, scalar);

typedef struct kernels_choice {
    uint32_t needs; /* bits of weir__cpu_bits, all of them */
    weir__kernels table;
} kernels_choice;

#define KERNELS_SSE2 WEIR__CPU_SSE2
#define KERNELS_SSSE3 (KERNELS_SSE2 | WEIR__CPU_SSSE3)
#define KERNELS_AVX2 (KERNELS_SSSE3 | WEIR__CPU_AVX2)
#define KERNELS_AVX512 (KERNELS_AVX2 | WEIR__CPU_AVX512)
/* The SHA instructions come with loads that shuffle. */
#define KERNELS_SHA (WEIR__CPU_SHA | WEIR__CPU_SSSE3 | WEIR__CPU_SSE41)

/* Best first; the scalar table, which needs nothing, comes after all of them. */
static const kernels_choice kernels_choices[] = {
#if WEIR__X86
    {KERNELS_AVX512 | KERNELS_SHA, KERNELS_TABLE("avx512+sha", avx512, avx512, sha, avx512, avx2)},
    {KERNELS_AVX512, KERNELS_TABLE("avx512", avx512, avx512, ssse3, avx512, avx2)},
    {KERNELS_AVX2 | KERNELS_SHA, KERNELS_TABLE("avx2+sha", avx2, avx2, sha, avx2, avx2)},
    {KERNELS_AVX2, KERNELS_TABLE("avx2", avx2, avx2, ssse3, avx2, avx2)},
    {KERNELS_SSSE3 | KERNELS_SHA, KERNELS_TABLE("ssse3+sha", sse2, ssse3, sha, sse2, sse2)},
    {KERNELS_SSSE3, KERNELS_TABLE("ssse3", sse2, ssse3, ssse3, sse2, sse2)},
    {KERNELS_SSE2, KERNELS_TABLE("sse2", sse2, scalar, scalar, sse2, sse2)},
#endif
#if WEIR__NEON
    {WEIR__CPU_NEON, KERNELS_TABLE("neon", neon, neon, scalar, neon, neon)},
#endif
    {0, KERNELS_TABLE("scalar", scalar, scalar, scalar, scalar, scalar)},
};

const weir__kernels *weir__kernels_for(uint32_t cpu_bits)
{
    const kernels_choice *choice = kernels_choices;
    while ((choice->needs & cpu_bits) != choice->needs)
        choice++;
    return choice->needs == 0 ? &weir__kernels_scalar : &choice->table;
}

const weir__kernels *weir__kernels_baseline(void)
{
    return weir__kernels_for(weir__cpu_baseline());
}
