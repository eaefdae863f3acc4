/* SPDX-License-Identifier: MIT */
/* Memory of a context: the caller's allocator or one block, a limit, and a pool of free blocks. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void *memory_default(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size > 0)
        return ptr == NULL ? malloc(new_size) : realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

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

/* Ask the allocator within the limit; held never exceeds it, so nothing here wraps. */
static void *memory_ask(weir__memory *memory, void *ptr, size_t old_size, size_t new_size)
{
    uint64_t others = memory->held - old_size;
    if (new_size > memory->limit - others)
        return NULL;
    void *got = memory->allocate(memory->user, ptr, old_size, new_size);
    if (got == NULL)
        return NULL;
    memory->held = others + new_size;
    if (memory->held > memory->peak)
        memory->peak = memory->held;
    return got;
}

void *weir__memory_resize(weir__memory *memory, void *ptr, size_t old_size, size_t new_size)
{
    void *got = memory_ask(memory, ptr, old_size, new_size);
    if (got != NULL || memory->pooled == 0)
        return got;
    weir__memory_trim(memory);
    return memory_ask(memory, ptr, old_size, new_size);
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

void weir__memory_trim(weir__memory *memory)
{
    for (uint32_t index = 0; index < WEIR__POOL_CLASSES; index++) {
        const size_t cap = weir__pool_class_cap(index);
        void *block;
        while ((block = memory->free_blocks[index]) != NULL) {
            memcpy(&memory->free_blocks[index], block, sizeof block);
            memory->pooled -= cap;
            weir__memory_give(memory, block, cap);
        }
    }
}

void *weir__pool_take_new(weir__memory *memory, size_t want, size_t *cap)
{
    *cap = want > WEIR__POOL_MAX ? want : weir__pool_class_cap(weir__pool_class(want));
    return weir__memory_take(memory, *cap);
}

void weir__pool_give_back(weir__memory *memory, void *ptr, size_t cap)
{
    weir__memory_give(memory, ptr, cap);
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
