/* SPDX-License-Identifier: MIT */
/* Memory of a context: the caller's allocator or one block, a limit, and a pool of free blocks. */
#ifndef WEIR_BASE_MEMORY_H
#define WEIR_BASE_MEMORY_H

#include <weir/config.h>

#include "bits.h"
#include "block.h"

/* Pool classes hold blocks of 64, 128, ... 65536 bytes. */
#define WEIR__POOL_CLASSES 11
#define WEIR__POOL_MIN 64u
#define WEIR__POOL_MAX 65536u

/* Beside them one class of blocks that are as large as what they hold. */
#define WEIR__POOL_EXACT WEIR__POOL_CLASSES

typedef struct weir__memory {
    weir_allocate allocate;
    void *user;
    weir__block *block; /* not NULL: memory comes from the caller's one block */
    uint64_t limit;     /* max_context_bytes */
    uint64_t held;      /* bytes asked of the allocator now, pool included */
    uint64_t peak;
    uint64_t pooled; /* bytes lying free in the pool */
    uint64_t max_pooled;
    size_t exact_size;
    void *large; /* one free block above WEIR__POOL_MAX: what a large message leaves to the next */
    size_t large_cap;
    /* Each block starts with the pointer to the next. */
    void *free_blocks[WEIR__POOL_CLASSES + 1];
} weir__memory;

void weir__memory_init(weir__memory *memory, const weir_config *config);

/* Give the pool's blocks back to the allocator. */
void weir__memory_trim(weir__memory *memory);

/* Exactly size bytes, at least one. NULL when the allocator or the limit says no even after the
 * pool was trimmed. */
void *weir__memory_take(weir__memory *memory, size_t size);

/* Resize to at least one byte; on NULL ptr is untouched. */
void *weir__memory_resize(weir__memory *memory, void *ptr, size_t old_size, size_t new_size);

/* ptr may be NULL. */
void weir__memory_give(weir__memory *memory, void *ptr, size_t size);

/* The smallest class that holds size bytes, at most WEIR__POOL_MAX. */
static inline uint32_t weir__pool_class(size_t size)
{
    return weir__bits_highest((size - (size > 0)) / WEIR__POOL_MIN << 1 | 1);
}

static inline size_t weir__pool_class_cap(uint32_t index)
{
    return (size_t)WEIR__POOL_MIN << index;
}

/* What the functions below do where no block lies free and where none may. */
void *weir__pool_take_new(weir__memory *memory, size_t want, size_t *cap);
void weir__pool_give_back(weir__memory *memory, void *ptr, size_t cap);

/* The block of a class that lies free; NULL when none does. */
WEIR__FAST_INLINE void *weir__pool_pop(weir__memory *memory, size_t want, size_t *cap)
{
    const uint32_t index = weir__pool_class(want);
    void *const block = want <= WEIR__POOL_MAX ? memory->free_blocks[index] : NULL;
    if (block == NULL)
        return NULL;
    memcpy(&memory->free_blocks[index], block, sizeof block);
    *cap = weir__pool_class_cap(index);
    memory->pooled -= *cap;
    return block;
}

/* At least want bytes: a pool class when it fits one; above WEIR__POOL_MAX the large block that
 * lies free, or exactly want. cap is what was given, and must be given back to weir__pool_give. */
static inline void *weir__pool_take(weir__memory *memory, size_t want, size_t *cap)
{
    void *const block = weir__pool_pop(memory, want, cap);
    return block != NULL ? block : weir__pool_take_new(memory, want, cap);
}

/* ptr may be NULL. */
static inline void weir__pool_give(weir__memory *memory, void *ptr, size_t cap)
{
    if (ptr == NULL || cap > WEIR__POOL_MAX || cap > memory->max_pooled - memory->pooled) {
        weir__pool_give_back(memory, ptr, cap);
        return;
    }
    const uint32_t index = weir__pool_class(cap);
    memcpy(ptr, &memory->free_blocks[index], sizeof ptr);
    memory->free_blocks[index] = ptr;
    memory->pooled += cap;
}

/* The same for what there is much of in one size: that of every call, at least a pointer's. */
void *weir__pool_take_exact(weir__memory *memory, size_t size);
void weir__pool_give_exact(weir__memory *memory, void *ptr);

/* Move to at least want bytes, keeping the first used ones; large blocks may grow in place. ptr may
 * be NULL (used and *cap are then 0). cap changes only on success; on NULL ptr is untouched. */
void *weir__pool_resize(weir__memory *memory, void *ptr, size_t used, size_t want, size_t *cap);

#endif
