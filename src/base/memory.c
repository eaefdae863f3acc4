/* SPDX-License-Identifier: MIT */
/* Memory of a context: the caller's allocator or one block, a limit, and a pool of free blocks. */
#include "memory.h"

#include <string.h>

#ifdef WEIR_NO_MALLOC

static void *memory_default(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)ptr;
    (void)old_size;
    (void)new_size;
    return NULL;
}

#else

#include <stdlib.h>

static void *memory_default(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size > 0)
        return ptr == NULL ? malloc(new_size) : realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

#endif

void weir__memory_init(weir__memory *memory, const weir_config *config)
{
    memset(memory, 0, sizeof *memory);
    memory->limit = config->max_context_bytes;
    memory->max_pooled = config->max_pooled_bytes;
    if (config->memory != NULL) {
        memory->block = weir__block_init(config->memory, config->memory_len);
        memory->allocate = weir__block_allocate;
        memory->user = memory->block;
        return;
    }
    memory->allocate = config->allocate != NULL ? config->allocate : memory_default;
    memory->user = config->allocate_user;
}

/* held never exceeds the limit, so nothing here wraps. */
WEIR__FAST_INLINE bool memory_is_within(const weir__memory *memory, size_t old_size,
                                        size_t new_size)
{
    return new_size <= memory->limit - (memory->held - old_size);
}

WEIR__FAST_INLINE void memory_count(weir__memory *memory, size_t old_size, size_t new_size)
{
    memory->held = memory->held - old_size + new_size;
    if (memory->held > memory->peak)
        memory->peak = memory->held;
}

/* Ask the allocator within the limit: once, and again when the pool had something to give back. */
void *weir__memory_resize(weir__memory *memory, void *ptr, size_t old_size, size_t new_size)
{
    for (;;) {
        void *got = NULL;
        if (memory_is_within(memory, old_size, new_size))
            got = memory->allocate(memory->user, ptr, old_size, new_size);
        if (got != NULL)
            memory_count(memory, old_size, new_size);
        if (got != NULL || memory->pooled == 0)
            return got;
        weir__memory_trim(memory);
    }
}

void *weir__memory_take(weir__memory *memory, size_t size)
{
    return weir__memory_resize(memory, NULL, 0, size);
}

void weir__memory_give(weir__memory *memory, void *ptr, size_t size)
{
    if (ptr == NULL)
        return;
    memory->allocate(memory->user, ptr, size, 0);
    memory->held -= size;
}

WEIR__FAST_INLINE size_t memory_class_cap(const weir__memory *memory, uint32_t index)
{
    return index == WEIR__POOL_EXACT ? memory->exact_size : weir__pool_class_cap(index);
}

WEIR__FAST_INLINE void *memory_pop(weir__memory *memory, uint32_t index)
{
    void *block = memory->free_blocks[index];
    if (block == NULL)
        return NULL;
    memcpy(&memory->free_blocks[index], block, sizeof block);
    memory->pooled -= memory_class_cap(memory, index);
    return block;
}

/* The one large block that lies free, when it is large enough. */
static void *memory_pop_large(weir__memory *memory, size_t want, size_t *cap)
{
    void *block = memory->large;
    if (block == NULL || memory->large_cap < want)
        return NULL;
    *cap = memory->large_cap;
    memory->pooled -= memory->large_cap;
    memory->large = NULL;
    return block;
}

void weir__memory_trim(weir__memory *memory)
{
    if (memory->large != NULL) {
        weir__memory_give(memory, memory->large, memory->large_cap);
        memory->pooled -= memory->large_cap;
        memory->large = NULL;
    }
    void *block;
    for (uint32_t index = 0; index <= WEIR__POOL_EXACT; index++)
        while ((block = memory_pop(memory, index)) != NULL)
            weir__memory_give(memory, block, memory_class_cap(memory, index));
}

void *weir__pool_take_new(weir__memory *memory, size_t want, size_t *cap)
{
    if (want <= WEIR__POOL_MAX) {
        *cap = weir__pool_class_cap(weir__pool_class(want));
        return weir__memory_resize(memory, NULL, 0, *cap);
    }
    void *block = memory_pop_large(memory, want, cap);
    if (block != NULL)
        return block;
    *cap = want;
    return weir__memory_resize(memory, NULL, 0, want);
}

/* Of two large blocks the larger one is kept: it serves more. */
static bool memory_keeps_large(const weir__memory *memory, size_t cap)
{
    return cap > WEIR__POOL_MAX && cap <= memory->max_pooled - memory->pooled &&
           (memory->large == NULL || cap > memory->large_cap);
}

void weir__pool_give_back(weir__memory *memory, void *ptr, size_t cap)
{
    if (ptr == NULL)
        return;
    if (!memory_keeps_large(memory, cap)) {
        weir__memory_give(memory, ptr, cap);
        return;
    }
    size_t old_cap;
    void *old = memory_pop_large(memory, 0, &old_cap);
    if (old != NULL)
        weir__memory_give(memory, old, old_cap);
    memory->large = ptr;
    memory->large_cap = cap;
    memory->pooled += cap;
}

void *weir__pool_take_exact(weir__memory *memory, size_t size)
{
    memory->exact_size = size;
    void *block = memory_pop(memory, WEIR__POOL_EXACT);
    return block != NULL ? block : weir__memory_take(memory, size);
}

void weir__pool_give_exact(weir__memory *memory, void *ptr)
{
    const size_t size = memory->exact_size;
    if (size > memory->max_pooled - memory->pooled) {
        weir__memory_give(memory, ptr, size);
        return;
    }
    memcpy(ptr, &memory->free_blocks[WEIR__POOL_EXACT], sizeof ptr);
    memory->free_blocks[WEIR__POOL_EXACT] = ptr;
    memory->pooled += size;
}

void *weir__pool_resize(weir__memory *memory, void *ptr, size_t used, size_t want, size_t *cap)
{
    if (*cap > WEIR__POOL_MAX && want > WEIR__POOL_MAX) {
        void *same = weir__memory_resize(memory, ptr, *cap, want);
        *cap = same != NULL ? want : *cap;
        return same;
    }
    size_t new_cap;
    void *block = weir__pool_take(memory, want, &new_cap);
    if (block == NULL)
        return NULL;
    if (used > 0)
        memcpy(block, ptr, used);
    weir__pool_give(memory, ptr, *cap);
    *cap = new_cap;
    return block;
}
