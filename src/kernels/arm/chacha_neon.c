/* SPDX-License-Identifier: MIT */
/* ChaCha20 (RFC 8439 2.3), four blocks side by side in the 16-byte vectors of AArch64. */
#include "../../base/cpu.h"
#include "../chacha.h"
#include "../variants.h"

#if WEIR__NEON

#include <arm_neon.h>

#define CHACHA_NEON_BLOCKS 4u

/* Word i of every block is start[i], but for the block numbers. */
#define CHACHA_NEON_WORD(i) vdupq_n_u32(start[i])

#define CHACHA_NEON_STEP(a, b, d, count)                                                           \
    x[a] = vaddq_u32(x[a], x[b]);                                                                  \
    x[d] = veorq_u32(x[d], x[a]);                                                                  \
    x[d] = vsriq_n_u32(vshlq_n_u32(x[d], count), x[d], 32 - (count));

#define CHACHA_NEON_QUARTER(a, b, c, d) WEIR__CHACHA_QUARTER(CHACHA_NEON_STEP, a, b, c, d)

static inline void chacha_neon_store(uint8_t *out, uint32x2_t low, uint32x2_t high)
{
    vst1q_u8(out, vreinterpretq_u8_u32(vcombine_u32(low, high)));
}

/* Four words of all blocks: add what they were at the start, then write those of each block. */
static inline void chacha_neon_put(uint8_t *out, const uint32_t *start, uint32x4_t a, uint32x4_t b,
                                   uint32x4_t c, uint32x4_t d)
{
    const uint32x4x2_t ab =
        vzipq_u32(vaddq_u32(a, CHACHA_NEON_WORD(0)), vaddq_u32(b, CHACHA_NEON_WORD(1)));
    const uint32x4x2_t cd =
        vzipq_u32(vaddq_u32(c, CHACHA_NEON_WORD(2)), vaddq_u32(d, CHACHA_NEON_WORD(3)));
    chacha_neon_store(out, vget_low_u32(ab.val[0]), vget_low_u32(cd.val[0]));
    chacha_neon_store(out + 64, vget_high_u32(ab.val[0]), vget_high_u32(cd.val[0]));
    chacha_neon_store(out + 128, vget_low_u32(ab.val[1]), vget_low_u32(cd.val[1]));
    chacha_neon_store(out + 192, vget_high_u32(ab.val[1]), vget_high_u32(cd.val[1]));
}

static inline void chacha_neon_blocks(const uint32_t start[16], uint8_t *out)
{
    static const uint32_t lanes[4] = {0, 1, 2, 3};
    const uint32x4_t numbers = vld1q_u32(lanes);
    uint32x4_t x[16] = {WEIR__CHACHA_EACH(CHACHA_NEON_WORD)};
    x[12] = vaddq_u32(x[12], numbers);
    for (int i = 0; i < 10; i++) {
        WEIR__CHACHA_TWO_ROUNDS(CHACHA_NEON_QUARTER)
    }
    x[12] = vaddq_u32(x[12], numbers);
    chacha_neon_put(out, start, x[0], x[1], x[2], x[3]);
    chacha_neon_put(out + 16, start + 4, x[4], x[5], x[6], x[7]);
    chacha_neon_put(out + 32, start + 8, x[8], x[9], x[10], x[11]);
    chacha_neon_put(out + 48, start + 12, x[12], x[13], x[14], x[15]);
}

void weir__chacha20_neon(const uint32_t state[16], uint32_t *out, size_t count)
{
    uint32_t start[16];
    memcpy(start, state, sizeof start);
    for (; count >= CHACHA_NEON_BLOCKS; count -= CHACHA_NEON_BLOCKS) {
        chacha_neon_blocks(start, (uint8_t *)out);
        start[12] += CHACHA_NEON_BLOCKS;
        out += (size_t)16 * CHACHA_NEON_BLOCKS;
    }
    weir__chacha20_scalar(start, out, count);
}

#endif
