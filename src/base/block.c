/* SPDX-License-Identifier: MIT */
/* An allocator inside one block of memory: O(1), coalescing, two-level segregated free lists. */
#include "block.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bits.h"

/* Sizes are counted in units, and every part starts at a multiple of a unit: two pointers, which is
 * as much as any type's alignment. */
#define BLOCK_UNIT (2 * sizeof(void *))

/* A part is a head of one unit and what the caller sees. */
#define BLOCK_MIN_UNITS 2u

/* Level 0 has a list for each size below BLOCK_LISTS units; level n > 0 cuts the sizes from
 * BLOCK_LISTS << (n - 1) to twice that into BLOCK_LISTS equal classes. */
#define BLOCK_LIST_BITS 3
#define BLOCK_LISTS (1u << BLOCK_LIST_BITS)
#define BLOCK_LEVELS 32u

/* Parts lie gapless from the first to a used one of 0 units at the end; no two free ones are
 * neighbours. */
typedef struct block_part {
    size_t units_used;         /* units, head included, times two; plus one when in use */
    struct block_part *before; /* the neighbour below, NULL for the first */
    struct block_part *next;   /* while free: in its list */
    struct block_part *prev;   /* while free: in its list, NULL for the first */
} block_part;

struct weir__block {
    uint32_t levels;             /* bit n: lists[n] is not 0 */
    uint8_t lists[BLOCK_LEVELS]; /* bit n: that list is not empty */
    block_part *heads[];         /* as many levels of BLOCK_LISTS as the block's size needs */
};

static size_t block_units(const block_part *part)
{
    return part->units_used / 2;
}

static bool block_is_used(const block_part *part)
{
    return (part->units_used & 1) != 0;
}

static void block_mark(block_part *part, size_t units, bool used)
{
    part->units_used = units * 2 + (used ? 1 : 0);
}

static block_part *block_at(void *base, size_t units)
{
    return (block_part *)(void *)((uint8_t *)base + units * BLOCK_UNIT);
}

static block_part *block_after(block_part *part)
{
    return block_at(part, block_units(part));
}

/* Units for len bytes; never wraps. */
static size_t block_units_for(size_t len)
{
    return len / BLOCK_UNIT + (len % BLOCK_UNIT != 0 ? 1 : 0);
}

/* The list for parts of so many units, counted over all levels. */
static uint32_t block_list(size_t units)
{
    if (units < BLOCK_LISTS)
        return (uint32_t)units;
    uint32_t shift = weir__bits_highest(units) - BLOCK_LIST_BITS;
    return shift * BLOCK_LISTS + (uint32_t)(units >> shift);
}

/* The first list all of whose parts have at least so many units. */
static uint32_t block_list_above(size_t units)
{
    if (units < BLOCK_LISTS)
        return (uint32_t)units;
    size_t step = (size_t)1 << (weir__bits_highest(units) - BLOCK_LIST_BITS);
    return block_list(units + step - 1);
}

static void block_link(weir__block *block, block_part *part)
{
    uint32_t list = block_list(block_units(part));
    uint32_t level = list / BLOCK_LISTS;
    part->prev = NULL;
    part->next = block->heads[list];
    if (part->next != NULL)
        part->next->prev = part;
    block->heads[list] = part;
    block->lists[level] = (uint8_t)(block->lists[level] | 1u << list % BLOCK_LISTS);
    block->levels |= 1u << level;
}

static void block_unlink(weir__block *block, block_part *part)
{
    if (part->next != NULL)
        part->next->prev = part->prev;
    if (part->prev != NULL) {
        part->prev->next = part->next;
        return;
    }
    uint32_t list = block_list(block_units(part));
    uint32_t level = list / BLOCK_LISTS;
    block->heads[list] = part->next;
    if (part->next != NULL)
        return;
    block->lists[level] = (uint8_t)(block->lists[level] & ~(1u << list % BLOCK_LISTS));
    if (block->lists[level] == 0)
        block->levels &= ~(1u << level);
}

/* The first part of the list for this size, if it is there and large enough. */
static block_part *block_find_close(const weir__block *block, size_t units)
{
    uint32_t list = block_list(units);
    uint32_t level = list / BLOCK_LISTS;
    if (level >= BLOCK_LEVELS || (block->lists[level] >> list % BLOCK_LISTS & 1) == 0)
        return NULL;
    block_part *part = block->heads[list];
    return block_units(part) >= units ? part : NULL;
}

/* A free part of at least so many units, NULL when none is found in two looks. */
static block_part *block_find(const weir__block *block, size_t units)
{
    block_part *close = block_find_close(block, units);
    if (close != NULL)
        return close;
    uint32_t list = block_list_above(units);
    uint32_t level = list / BLOCK_LISTS;
    if (level >= BLOCK_LEVELS)
        return NULL;
    uint32_t lists = block->lists[level] & UINT32_MAX << list % BLOCK_LISTS;
    if (lists == 0) {
        uint32_t levels = block->levels & ~(UINT32_MAX >> (BLOCK_LEVELS - 1 - level));
        if (levels == 0)
            return NULL;
        level = weir__bits_lowest(levels);
        lists = block->lists[level];
    }
    return block->heads[level * BLOCK_LISTS + weir__bits_lowest(lists)];
}

/* Make a part free: one with its free neighbours. */
static void block_release(weir__block *block, block_part *part)
{
    block_part *after = block_after(part);
    size_t units = block_units(part);
    if (!block_is_used(after)) {
        units += block_units(after);
        block_unlink(block, after);
    }
    if (part->before != NULL && !block_is_used(part->before)) {
        part = part->before;
        units += block_units(part);
        block_unlink(block, part);
    }
    block_mark(part, units, false);
    block_after(part)->before = part;
    block_link(block, part);
}

/* Cut a used part down to so many units. Returns what is left over, in use; NULL when that is too
 * little. */
static block_part *block_split(block_part *part, size_t units)
{
    size_t left = block_units(part) - units;
    if (left < BLOCK_MIN_UNITS)
        return NULL;
    block_mark(part, units, true);
    block_part *rest = block_after(part);
    block_mark(rest, left, true);
    rest->before = part;
    block_after(rest)->before = rest;
    return rest;
}

static void *block_take(weir__block *block, size_t units)
{
    block_part *part = block_find(block, units);
    if (part == NULL)
        return NULL;
    block_unlink(block, part);
    block_mark(part, block_units(part), true);
    /* Behind a free part stands a used one: what is left over has no free neighbour. */
    block_part *rest = block_split(part, units);
    if (rest != NULL) {
        block_mark(rest, block_units(rest), false);
        block_link(block, rest);
    }
    return block_at(part, 1);
}

/* Take in the free neighbour above when that gives so many units. */
static bool block_grow(weir__block *block, block_part *part, size_t units)
{
    block_part *after = block_after(part);
    if (block_is_used(after) || block_units(part) + block_units(after) < units)
        return false;
    block_unlink(block, after);
    block_mark(part, block_units(part) + block_units(after), true);
    block_after(part)->before = part;
    return true;
}

WEIR__APART void *block_resize(weir__block *block, void *ptr, size_t old_size, size_t units)
{
    block_part *part = (block_part *)(void *)((uint8_t *)ptr - BLOCK_UNIT);
    if (units <= block_units(part) || block_grow(block, part, units)) {
        block_part *rest = block_split(part, units);
        if (rest != NULL)
            block_release(block, rest);
        return ptr;
    }
    void *moved = block_take(block, units);
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, old_size);
    block_release(block, part);
    return moved;
}

void *weir__block_allocate(void *block, void *ptr, size_t old_size, size_t new_size)
{
    if (block == NULL)
        return NULL;
    size_t units = block_units_for(new_size) + 1;
    if (new_size == 0 && ptr != NULL)
        block_release(block, (block_part *)(void *)((uint8_t *)ptr - BLOCK_UNIT));
    if (new_size == 0)
        return NULL;
    return ptr == NULL ? block_take(block, units) : block_resize(block, ptr, old_size, units);
}

weir__block *weir__block_init(void *memory, size_t len)
{
    size_t skip = (0 - (uintptr_t)memory) % BLOCK_UNIT;
    if (memory == NULL || len < skip)
        return NULL;
    /* What is more than the lists can tell apart (2^34 units) stays unused. */
    const uint64_t most = ((uint64_t)BLOCK_LISTS << (BLOCK_LEVELS - 1)) - 1;
    size_t units = (len - skip) / BLOCK_UNIT;
    units = units < most ? units : (size_t)most;

    size_t lists_bytes = (block_list(units) + 1) * sizeof(block_part *);
    size_t own_units = block_units_for(sizeof(weir__block) + lists_bytes);
    if (units < own_units + BLOCK_MIN_UNITS + 1)
        return NULL;
    weir__block *block = (weir__block *)(void *)((uint8_t *)memory + skip);
    memset(block, 0, own_units * BLOCK_UNIT);

    block_part *first = block_at(block, own_units);
    block_mark(first, units - own_units - 1, false);
    first->before = NULL;
    block_part *end = block_after(first);
    block_mark(end, 0, true);
    end->before = first;
    block_link(block, first);
    return block;
}
