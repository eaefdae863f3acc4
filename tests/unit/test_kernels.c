/* SPDX-License-Identifier: MIT */
/* Which table of kernels a CPU gets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../src/base/bits.h"
#include "../../src/base/cpu.h"
#include "../../src/kernels/kernels.h"

static void cpu_without_anything__gets_the_scalar_table(void **state)
{
    (void)state;
    assert_ptr_equal(weir__kernels_for(0), &weir__kernels_scalar);
    assert_string_equal(weir__kernels_scalar.name, "scalar");
}

static void every_combination_of_bits__gets_a_whole_table(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 256; bits++) {
        const weir__kernels *table = weir__kernels_for(bits);
        assert_non_null(table);
        assert_non_null(table->name);
        assert_true(table->mask != NULL && table->mask_copy != NULL);
        assert_true(table->utf8 != NULL && table->sha1 != NULL && table->chacha20 != NULL);
        assert_non_null(table->fields);
        assert_ptr_equal(table, weir__kernels_for(bits));
    }
}

static void table__follows_the_bits_and_not_the_machine(void **state)
{
    (void)state;
#if WEIR__X86
    const uint32_t ssse3 = WEIR__CPU_SSE2 | WEIR__CPU_SSSE3;
    assert_string_equal(weir__kernels_for(WEIR__CPU_SSE2)->name, "sse2");
    assert_string_equal(weir__kernels_for(ssse3)->name, "ssse3");
    assert_string_equal(weir__kernels_for(ssse3 | WEIR__CPU_AVX2)->name, "avx2");
    assert_string_equal(weir__kernels_for(ssse3 | WEIR__CPU_AVX2 | WEIR__CPU_AVX512)->name,
                        "avx512");
    /* Made-up CPUs: a table whose needs are met in part is passed over. */
    assert_string_equal(weir__kernels_for(WEIR__CPU_SSE2 | WEIR__CPU_AVX2)->name, "sse2");
    assert_string_equal(weir__kernels_for(ssse3 | WEIR__CPU_AVX512)->name, "ssse3");
    assert_string_equal(weir__kernels_for(WEIR__CPU_SSSE3)->name, "scalar");
    assert_string_equal(weir__kernels_for(WEIR__CPU_SHA)->name, "scalar");
    const uint32_t sha = WEIR__CPU_SHA | WEIR__CPU_SSE2 | WEIR__CPU_SSSE3 | WEIR__CPU_SSE41;
    assert_string_equal(weir__kernels_for(sha)->name, "ssse3+sha");
    assert_string_equal(weir__kernels_for(sha | WEIR__CPU_AVX2)->name, "avx2+sha");
    assert_string_equal(weir__kernels_for(sha | WEIR__CPU_AVX2 | WEIR__CPU_AVX512)->name,
                        "avx512+sha");
    assert_string_equal(weir__kernels_for(sha & ~WEIR__CPU_SSE41)->name, "ssse3");
#else
    assert_string_equal(weir__kernels_for(WEIR__CPU_SSE2 | WEIR__CPU_AVX2)->name, "scalar");
#endif
    const char *neon = WEIR__NEON ? "neon" : weir__kernels_for(0)->name;
    assert_string_equal(weir__kernels_for(WEIR__CPU_NEON)->name, neon);
    assert_true(!WEIR__NEON || (weir__cpu_baseline() & WEIR__CPU_NEON) != 0);
}

static void baseline__asks_for_no_more_than_the_cpu_has(void **state)
{
    (void)state;
    assert_int_equal(weir__cpu_baseline() & ~weir__cpu_bits(), 0);
    assert_ptr_equal(weir__kernels_baseline(), weir__kernels_for(weir__cpu_baseline()));
    assert_int_equal(weir__cpu_bits(), weir__cpu_bits());
}

static void bit_positions__are_those_of_the_definition(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(weir__bits_highest((uint64_t)1 << i), i);
        assert_int_equal(weir__bits_highest(UINT64_MAX >> (63 - i)), i);
    }
    for (uint32_t i = 0; i < 32; i++) {
        assert_int_equal(weir__bits_lowest((uint32_t)1 << i), i);
        assert_int_equal(weir__bits_lowest(UINT32_MAX << i), i);
    }
}

static void rotations__lose_no_bit_at_any_count(void **state)
{
    (void)state;
    assert_int_equal(weir__bits_rotate_left(0x80000001u, 0), 0x80000001u);
    assert_int_equal(weir__bits_rotate_left(0x80000001u, 1), 0x00000003u);
    assert_int_equal(weir__bits_rotate_right(0x80000001u, 0), 0x80000001u);
    assert_int_equal(weir__bits_rotate_right(0x80000001u, 1), 0xC0000000u);
    for (uint32_t count = 0; count < 32; count++) {
        uint32_t turned = weir__bits_rotate_left(0x12345678u, count);
        assert_int_equal(weir__bits_rotate_right(turned, count), 0x12345678u);
    }
}

static void named_byte_orders__do_not_depend_on_the_machine(void **state)
{
    (void)state;
    const uint8_t bytes[4] = {0xF1, 0x02, 0x03, 0x84};
    uint8_t stored[4];
    assert_int_equal(weir__bits_load32_big(bytes), 0xF1020384u);
    assert_int_equal(weir__bits_load32_little(bytes), 0x840302F1u);
    weir__bits_store32_big(stored, 0xF1020384u);
    assert_memory_equal(stored, bytes, 4);
    memset(stored, 0, sizeof stored);
    weir__bits_store32_little(stored, 0x840302F1u);
    assert_memory_equal(stored, bytes, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_without_anything__gets_the_scalar_table),
        cmocka_unit_test(every_combination_of_bits__gets_a_whole_table),
        cmocka_unit_test(table__follows_the_bits_and_not_the_machine),
        cmocka_unit_test(baseline__asks_for_no_more_than_the_cpu_has),
        cmocka_unit_test(bit_positions__are_those_of_the_definition),
        cmocka_unit_test(rotations__lose_no_bit_at_any_count),
        cmocka_unit_test(named_byte_orders__do_not_depend_on_the_machine),
    };
    /* For those who run this on other CPUs. */
    print_message("kernels: %s\n", weir__kernels_for(weir__cpu_bits())->name);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
