/* SPDX-License-Identifier: MIT */
/* Timers: a hierarchical wheel of doubly linked nodes. Insert, remove and expire are O(1). */
#ifndef WEIR_BASE_WHEEL_H
#define WEIR_BASE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WEIR__WHEEL_LEVELS 6 /* 32^6 ms: 12 days; later deadlines wait in the last level */
#define WEIR__WHEEL_SLOTS 32

/* A node is in the wheel, in another list of its owner's, or (next NULL) nowhere. */
typedef struct weir__node {
    struct weir__node *next;
    struct weir__node *prev;
} weir__node;

typedef struct weir__timer {
    weir__node node;
    uint64_t due; /* ms; exact, the wheel rounds nothing */
} weir__timer;

typedef struct weir__wheel {
    uint64_t now;                      /* all with due <= now have been moved to expired */
    uint32_t used[WEIR__WHEEL_LEVELS]; /* bit s: slot s holds something */
    weir__node slots[WEIR__WHEEL_LEVELS][WEIR__WHEEL_SLOTS];
} weir__wheel;

/* Circular lists with a head node. */
void weir__list_init(weir__node *head);
bool weir__list_empty(const weir__node *head);
void weir__list_append(weir__node *head, weir__node *node);
void weir__list_remove(weir__node *node); /* node->next is NULL afterwards; fine when nowhere */

void weir__wheel_init(weir__wheel *wheel);

/* timer->due is set, timer is nowhere. A due time not after now expires with the next advance. */
void weir__wheel_add(weir__wheel *wheel, weir__timer *timer);

/* Take a timer out of the wheel or of the list it expired into; fine when nowhere. */
void weir__wheel_remove(weir__wheel *wheel, weir__timer *timer);

/* Move time forward, never back; append every timer with due <= now to the list expired, earlier
 * slots first. Jumps of any size cost at most one step a slot plus one a timer moved. */
void weir__wheel_advance(weir__wheel *wheel, uint64_t now, weir__node *expired);

/* A time not after the earliest due, exact when it lies in the lowest level; now when it has
 * passed; UINT64_MAX when empty. Advancing to it again and again meets a due within 12 days in at
 * most one step a level. */
uint64_t weir__wheel_next(const weir__wheel *wheel);

#endif
