/* SPDX-License-Identifier: MIT */
/* Every variant of every kernel, for the table; each is defined where its CPU is known. */
#ifndef WEIR_KERNELS_VARIANTS_H
#define WEIR_KERNELS_VARIANTS_H

#include "kernels.h"

#include "../base/cpu.h"

/* See weir__kernels for what each does. */
uint8_t weir__mask_scalar(uint8_t *data, size_t len, uint32_t key);
uint8_t weir__mask_copy_scalar(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);
size_t weir__utf8_scalar(const uint8_t *data, size_t len);
void weir__sha1_scalar(uint32_t state[5], const uint8_t *blocks, size_t count);
void weir__chacha20_scalar(const uint32_t state[16], uint32_t *out, size_t count);
size_t weir__fields_scalar(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                           size_t cap);

#if WEIR__X86
uint8_t weir__mask_sse2(uint8_t *data, size_t len, uint32_t key);
uint8_t weir__mask_avx2(uint8_t *data, size_t len, uint32_t key);
uint8_t weir__mask_avx512(uint8_t *data, size_t len, uint32_t key);

uint8_t weir__mask_copy_sse2(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);
uint8_t weir__mask_copy_avx2(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);
uint8_t weir__mask_copy_avx512(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);

size_t weir__utf8_ssse3(const uint8_t *data, size_t len);
size_t weir__utf8_avx2(const uint8_t *data, size_t len);
size_t weir__utf8_avx512(const uint8_t *data, size_t len);

void weir__sha1_ssse3(uint32_t state[5], const uint8_t *blocks, size_t count);
void weir__sha1_sha(uint32_t state[5], const uint8_t *blocks, size_t count);

void weir__chacha20_sse2(const uint32_t state[16], uint32_t *out, size_t count);
void weir__chacha20_avx2(const uint32_t state[16], uint32_t *out, size_t count);
void weir__chacha20_avx512(const uint32_t state[16], uint32_t *out, size_t count);

size_t weir__fields_sse2(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap);
size_t weir__fields_avx2(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap);
#endif

#if WEIR__NEON
uint8_t weir__mask_neon(uint8_t *data, size_t len, uint32_t key);
uint8_t weir__mask_copy_neon(uint8_t *dst, const uint8_t *src, size_t len, uint32_t key);
size_t weir__utf8_neon(const uint8_t *data, size_t len);
void weir__chacha20_neon(const uint32_t state[16], uint32_t *out, size_t count);
size_t weir__fields_neon(const uint8_t *bytes, size_t *at, size_t end, weir__field_line *lines,
                         size_t cap);
#endif

#endif
