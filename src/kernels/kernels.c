/* SPDX-License-Identifier: MIT */
/* The table of kernels, chosen by CPU. */
#include "kernels.h"

#include "../base/cpu.h"
#include "variants.h"

const weir__kernels weir__kernels_scalar = {
    .name = "scalar",
    .mask = weir__mask_scalar,
    .mask_copy = weir__mask_copy_scalar,
    .utf8 = weir__utf8_scalar,
    .sha1 = weir__sha1_scalar,
};

#if WEIR__X86

static const weir__kernels kernels_sse2 = {
    .name = "sse2",
    .mask = weir__mask_sse2,
    .mask_copy = weir__mask_copy_sse2,
    .utf8 = weir__utf8_scalar,
    .sha1 = weir__sha1_scalar,
};

static const weir__kernels kernels_avx2 = {
    .name = "avx2",
    .mask = weir__mask_avx2,
    .mask_copy = weir__mask_copy_avx2,
    .utf8 = weir__utf8_scalar,
    .sha1 = weir__sha1_scalar,
};

static const weir__kernels kernels_sse2_sha = {
    .name = "sse2+sha",
    .mask = weir__mask_sse2,
    .mask_copy = weir__mask_copy_sse2,
    .utf8 = weir__utf8_scalar,
    .sha1 = weir__sha1_sha,
};

static const weir__kernels kernels_avx2_sha = {
    .name = "avx2+sha",
    .mask = weir__mask_avx2,
    .mask_copy = weir__mask_copy_avx2,
    .utf8 = weir__utf8_scalar,
    .sha1 = weir__sha1_sha,
};

/* The SHA instructions come with loads that shuffle. */
#define KERNELS_SHA (WEIR__CPU_SHA | WEIR__CPU_SSSE3 | WEIR__CPU_SSE41)

#endif

#if WEIR__NEON

static const weir__kernels kernels_neon = {
    .name = "neon",
    .mask = weir__mask_neon,
    .mask_copy = weir__mask_copy_neon,
    .utf8 = weir__utf8_neon,
    .sha1 = weir__sha1_scalar,
};

#endif

typedef struct kernels_choice {
    uint32_t needs; /* bits of weir__cpu_bits, all of them */
    const weir__kernels *table;
} kernels_choice;

/* Best first; the last needs nothing. */
static const kernels_choice kernels_choices[] = {
#if WEIR__X86
    {WEIR__CPU_AVX2 | WEIR__CPU_SSE2 | KERNELS_SHA, &kernels_avx2_sha},
    {WEIR__CPU_AVX2 | WEIR__CPU_SSE2, &kernels_avx2},
    {WEIR__CPU_SSE2 | KERNELS_SHA, &kernels_sse2_sha},
    {WEIR__CPU_SSE2, &kernels_sse2},
#endif
#if WEIR__NEON
    {WEIR__CPU_NEON, &kernels_neon},
#endif
    {0, &weir__kernels_scalar},
};

const weir__kernels *weir__kernels_for(uint32_t cpu_bits)
{
    const kernels_choice *choice = kernels_choices;
    while ((choice->needs & cpu_bits) != choice->needs)
        choice++;
    return choice->table;
}

const weir__kernels *weir__kernels_baseline(void)
{
    return weir__kernels_for(weir__cpu_baseline());
}
