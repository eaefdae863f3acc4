/* SPDX-License-Identifier: MIT */
/* Timers: a hierarchical wheel of doubly linked nodes. */
#include "wheel.h"

#include <stddef.h>

#include "bits.h"

/* A level's position is the time shifted down by 5 bits a level. A timer stands in the lowest level
 * whose next one has the same position for its due time as for now: so a level holds only timers
 * that are due before all those of the levels above, and in a level the slots after the present
 * one are in order. Only the last level, which no other follows, wraps around. */
#define WHEEL_SLOT_BITS 5
#define WHEEL_SLOT_MASK (WEIR__WHEEL_SLOTS - 1u)
#define WHEEL_LAST (WEIR__WHEEL_LEVELS - 1u)

void weir__list_init(weir__node *head)
{
    head->next = head;
    head->prev = head;
}

bool weir__list_empty(const weir__node *head)
{
    return head->next == head;
}

void weir__list_append(weir__node *head, weir__node *node)
{
    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
}

void weir__list_remove(weir__node *node)
{
    if (node->next == NULL)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = NULL;
}

/* Move all of from, which is not empty, to the end of to. */
static void wheel_splice(weir__node *to, weir__node *from)
{
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    weir__list_init(from);
}

static uint64_t wheel_position(uint64_t time, uint32_t level)
{
    return time >> (WHEEL_SLOT_BITS * level);
}

void weir__wheel_init(weir__wheel *wheel)
{
    wheel->now = 0;
    for (uint32_t level = 0; level < WEIR__WHEEL_LEVELS; level++) {
        wheel->used[level] = 0;
        for (uint32_t slot = 0; slot < WEIR__WHEEL_SLOTS; slot++)
            weir__list_init(&wheel->slots[level][slot]);
    }
}

void weir__wheel_add(weir__wheel *wheel, weir__timer *timer)
{
    uint64_t due = timer->due > wheel->now ? timer->due : wheel->now;
    uint64_t differ = due ^ wheel->now;
    uint32_t level = differ == 0 ? 0 : weir__bits_highest(differ) / WHEEL_SLOT_BITS;
    level = level < WHEEL_LAST ? level : WHEEL_LAST;

    uint64_t present = wheel_position(wheel->now, level);
    uint64_t ahead = wheel_position(due, level) - present;
    ahead = ahead < WHEEL_SLOT_MASK ? ahead : WHEEL_SLOT_MASK;
    uint32_t slot = (uint32_t)(present + ahead) & WHEEL_SLOT_MASK;
    wheel->used[level] |= 1u << slot;
    weir__list_append(&wheel->slots[level][slot], &timer->node);
}

void weir__wheel_remove(weir__wheel *wheel, weir__timer *timer)
{
    weir__node *next = timer->node.next;
    weir__list_remove(&timer->node);
    if (next == NULL || !weir__list_empty(next))
        return;
    /* It was the last of its list: of a slot, or of a list of the owner's. */
    uintptr_t offset = (uintptr_t)next - (uintptr_t)wheel->slots;
    if (offset >= sizeof wheel->slots)
        return;
    uint32_t index = (uint32_t)(offset / sizeof(weir__node));
    wheel->used[index / WEIR__WHEEL_SLOTS] &= ~(1u << index % WEIR__WHEEL_SLOTS);
}

/* A level's used slots in the order they come: bit 0 is the present one. */
static uint32_t wheel_ahead(const weir__wheel *wheel, uint32_t level)
{
    uint32_t present = (uint32_t)wheel_position(wheel->now, level) & WHEEL_SLOT_MASK;
    return weir__bits_rotate_right(wheel->used[level], present);
}

/* Empty the slots of a level from the present one to steps further. */
static void wheel_collect(weir__wheel *wheel, uint32_t level, uint64_t steps, weir__node *passed)
{
    uint32_t present = (uint32_t)wheel_position(wheel->now, level);
    uint32_t reached = steps < WHEEL_SLOT_MASK ? (2u << steps) - 1 : UINT32_MAX;
    uint32_t slots = wheel_ahead(wheel, level) & reached;
    for (; slots != 0; slots &= slots - 1) {
        uint32_t slot = (present + weir__bits_lowest(slots)) & WHEEL_SLOT_MASK;
        wheel_splice(passed, &wheel->slots[level][slot]);
        wheel->used[level] &= ~(1u << slot);
    }
}

void weir__wheel_advance(weir__wheel *wheel, uint64_t now, weir__node *expired)
{
    weir__node passed;
    weir__list_init(&passed);
    now = now > wheel->now ? now : wheel->now;
    for (uint32_t level = 0; level < WEIR__WHEEL_LEVELS; level++) {
        uint64_t steps = wheel_position(now, level) - wheel_position(wheel->now, level);
        if (steps == 0 && level > 0)
            break;
        wheel_collect(wheel, level, steps, &passed);
    }
    wheel->now = now;
    while (!weir__list_empty(&passed)) {
        weir__timer *timer = (weir__timer *)(void *)passed.next;
        weir__list_remove(&timer->node);
        if (timer->due <= now)
            weir__list_append(expired, &timer->node);
        else
            weir__wheel_add(wheel, timer);
    }
}

uint64_t weir__wheel_next(const weir__wheel *wheel)
{
    for (uint32_t level = 0; level < WEIR__WHEEL_LEVELS; level++) {
        uint32_t slots = wheel_ahead(wheel, level);
        if (slots == 0)
            continue;
        uint64_t position = wheel_position(wheel->now, level) + weir__bits_lowest(slots);
        return position << (WHEEL_SLOT_BITS * level);
    }
    return UINT64_MAX;
}
