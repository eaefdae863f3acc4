/* SPDX-License-Identifier: MIT */
/* Decoding tables from any code lengths, of as many symbols as the two small codes have. */
#include "arbitrary.h"

#include "deflate/inflate_tables.h"

static void prove_lengths(weir__inflate_kind kind, uint32_t count, uint8_t most, size_t cap)
{
    uint8_t *const lengths = malloc(count);
    uint32_t *const table = malloc(cap * sizeof *table);
    uint32_t *const room = malloc(WEIR__INFLATE_MAX_SYMBOLS * sizeof *room);
    for (uint32_t i = 0; i < count; i++)
        lengths[i] = (uint8_t)ARBITRARY(0, most);
    weir__inflate_build(table, kind, lengths, count, room);
    free(lengths);
    free(table);
    free(room);
}

void prove(void)
{
    prove_lengths(WEIR__INFLATE_PRECODE, 19, 7, WEIR__INFLATE_PRECODE_CAP);
    prove_lengths(WEIR__INFLATE_DIST, 32, 15, WEIR__INFLATE_DIST_CAP);
}
