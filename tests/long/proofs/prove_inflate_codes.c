/* SPDX-License-Identifier: MIT */
/* Decoding tables of all codes of three symbols, one after the other. */
#include "arbitrary.h"

#include "deflate/inflate_tables.h"

void prove(void)
{
    uint8_t *const lengths = malloc(3);
    uint32_t *const table = malloc(WEIR__INFLATE_PRECODE_CAP * sizeof *table);
    uint32_t *const room = malloc(3 * sizeof *room);
    /*@ loop unroll 8; */
    for (uint32_t a = 0; a <= 7; a++)
        /*@ loop unroll 8; */
        for (uint32_t b = 0; b <= 7; b++)
            /*@ loop unroll 8; */
            for (uint32_t c = 0; c <= 7; c++) {
                lengths[0] = (uint8_t)a;
                lengths[1] = (uint8_t)b;
                lengths[2] = (uint8_t)c;
                weir__inflate_build(table, WEIR__INFLATE_PRECODE, lengths, 3, room);
            }
}
