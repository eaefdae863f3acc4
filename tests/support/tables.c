/* SPDX-License-Identifier: MIT */
/* The tables of kernels that this CPU can run. */
#include "tables.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../src/base/cpu.h"

size_t tables(const weir__kernels *found[TABLES_MOST])
{
    const uint32_t bits = weir__cpu_bits();
    size_t count = 0;
    for (uint32_t mask = 0; mask < 256; mask++) {
        const weir__kernels *table = weir__kernels_for(bits & mask);
        size_t i = 0;
        while (i < count && found[i] != table)
            i++;
        if (i < count)
            continue;
        assert_true(count < TABLES_MOST);
        found[count++] = table;
    }
    return count;
}
