/* SPDX-License-Identifier: MIT */
/* What the tests of HTTP heads share: memory that fails on demand, heads fed in every cut. */
#ifndef WEIR_TESTS_HEADS_H
#define WEIR_TESTS_HEADS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/base/cpu.h"
#include "../../../src/protocol/http_head.h"

/* A literal with its length, which may hold NULs. */
#define LIT(literal) (literal), (sizeof(literal) - 1)

/* Every 2-cut up to this length, then in strides. */
#define HEADS_ALL_CUTS 1500u

typedef struct heads_alloc {
    size_t calls;   /* that asked for memory */
    size_t fail_at; /* this one and all later ones fail; 0: none */
    size_t live;    /* bytes */
    size_t peak;
} heads_alloc;

static inline void *heads_allocate(void *user, void *ptr, size_t old_size, size_t new_size)
{
    heads_alloc *alloc = user;
    if (new_size == 0) {
        alloc->live -= old_size;
        free(ptr);
        return NULL;
    }
    alloc->calls++;
    if (alloc->fail_at != 0 && alloc->calls >= alloc->fail_at)
        return NULL;
    void *got = realloc(ptr, new_size);
    assert_non_null(got);
    alloc->live = alloc->live - (ptr == NULL ? 0 : old_size) + new_size;
    if (alloc->live > alloc->peak)
        alloc->peak = alloc->live;
    return got;
}

static inline const weir__kernels *heads_kernels(void)
{
    static const weir__kernels *kernels;
    if (!kernels)
        kernels = weir__kernels_for(weir__cpu_bits());
    return kernels;
}

/* The defaults of the documentation; nothing is pooled, so that every block is an allocation. */
static inline weir_config heads_policy(void)
{
    weir_config policy;
    memset(&policy, 0, sizeof policy);
    policy.size = sizeof policy;
    policy.max_line_bytes = 8192;
    policy.max_head_bytes = 16384;
    policy.max_fields = 100;
    policy.max_empty_lines = 2;
    policy.max_list_members = 64;
    policy.max_empty_members = 16;
    policy.max_extension_offers = 16;
    policy.max_extension_params = 16;
    policy.max_context_bytes = WEIR_NONE;
    return policy;
}

static inline void heads_memory(weir__memory *memory, heads_alloc *alloc)
{
    weir_config config = heads_policy();
    memset(alloc, 0, sizeof *alloc);
    config.allocate = heads_allocate;
    config.allocate_user = alloc;
    weir__memory_init(memory, &config);
}

/* Feed a copy that ends where its heap block ends. */
static inline int heads_feed(weir__http_head *head, weir__memory *memory, const char *data,
                             size_t len, size_t *used)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    const int status = weir__http_head_feed(head, memory, copy, len, used);
    free(copy);
    assert_true(*used <= len);
    return status;
}

/* Feed in pieces: first bytes, then pieces of step. total: bytes used of all. */
static inline int heads_feed_cut(weir__http_head *head, weir__memory *memory, const char *data,
                                 size_t len, size_t first, size_t step, size_t *total)
{
    int status = WEIR__HTTP_MORE;
    size_t piece = first;
    *total = 0;
    while (status == WEIR__HTTP_MORE && *total < len) {
        size_t used;
        if (piece > len - *total)
            piece = len - *total;
        status = heads_feed(head, memory, data + *total, piece, &used);
        if (status == WEIR__HTTP_MORE)
            assert_int_equal(used, piece);
        *total += used;
        piece = step;
    }
    return status;
}

typedef void (*heads_check)(const weir__http_head *head, int status, size_t used, void *expected);

static inline void heads_one_way(weir__http_kind kind, const weir_config *policy, const char *data,
                                 size_t len, size_t first, size_t step, heads_check check,
                                 void *expected)
{
    weir__memory memory;
    heads_alloc alloc;
    heads_memory(&memory, &alloc);
    weir__http_head head = {.kind = kind, .policy = policy, .kernels = heads_kernels()};
    size_t used;
    const int status = heads_feed_cut(&head, &memory, data, len, first, step, &used);
    check(&head, status, used, expected);
    /* Memory grows with what arrived: twofold at most, and a line of 16 bytes a field. */
    assert_true(alloc.live <= 2 * used + 2 * 2048 + 64 + 32 * (head.field_count + 4));
    weir__http_head_free(&head, &memory);
    assert_int_equal(alloc.live, 0);
}

/* R6455-5.2-10 for heads: whole, byte by byte, and cut in two everywhere. */
static inline void heads_each_way(weir__http_kind kind, const weir_config *policy, const char *data,
                                  size_t len, heads_check check, void *expected)
{
    const size_t stride = len <= HEADS_ALL_CUTS ? 1 : len / 97;
    heads_one_way(kind, policy, data, len, len, len, check, expected);
    heads_one_way(kind, policy, data, len, 1, 1, check, expected);
    heads_one_way(kind, policy, data, len, 3, 7, check, expected);
    for (size_t cut = 1; cut < len; cut += stride)
        heads_one_way(kind, policy, data, len, cut, len, check, expected);
}

/* A head as one line of text: start line and fields with "|" between them. */
static inline void heads_dump(const weir__http_head *head, char *out, size_t cap)
{
    const weir_text method = weir__http_slice_text(head, head->method);
    const weir_text target = weir__http_slice_text(head, head->target);
    const weir_text reason = weir__http_slice_text(head, head->reason);
    size_t at;
    if (head->kind == WEIR__HTTP_REQUEST)
        at = (size_t)snprintf(out, cap, "%.*s|%.*s|%u.%u", (int)method.len, method.data,
                              (int)target.len, target.data, head->major, head->minor);
    else
        at = (size_t)snprintf(out, cap, "%u.%u|%u|%.*s", head->major, head->minor, head->status,
                              (int)reason.len, reason.data);
    weir_field field;
    for (size_t i = 0; weir__http_head_field(head, i, &field); i++) {
        assert_true(at < cap);
        at += (size_t)snprintf(out + at, cap - at, "|%.*s=%.*s", (int)field.name.len,
                               field.name.data, (int)field.value.len, field.value.data);
    }
    assert_true(at < cap);
}

/* A text that is built up; freed by the test. */
typedef struct heads_text {
    char *data;
    size_t len;
    size_t cap;
} heads_text;

static inline void heads_add(heads_text *text, const char *data, size_t len)
{
    if (text->cap - text->len <= len) {
        text->cap = 2 * (text->cap + len) + 1;
        text->data = realloc(text->data, text->cap);
        assert_non_null(text->data);
    }
    memcpy(text->data + text->len, data, len);
    text->len += len;
    text->data[text->len] = '\0';
}

static inline void heads_add_text(heads_text *text, const char *data)
{
    heads_add(text, data, strlen(data));
}

static inline void heads_add_run(heads_text *text, const char *unit, size_t count)
{
    for (size_t i = 0; i < count; i++)
        heads_add_text(text, unit);
}

/* A good upgrade request or its response: without the field named drop (NULL: none), with more
 * lines (or NULL) before the blank line. */
static inline heads_text heads_message(const char *start, const char *const *fields,
                                       const char *drop, const char *more)
{
    heads_text text = {NULL, 0, 0};
    heads_add_text(&text, start);
    heads_add_text(&text, "\r\n");
    for (size_t i = 0; fields[i] != NULL; i++) {
        const size_t name = strcspn(fields[i], ":");
        if (drop != NULL && strlen(drop) == name && memcmp(drop, fields[i], name) == 0)
            continue;
        heads_add_text(&text, fields[i]);
        heads_add_text(&text, "\r\n");
    }
    heads_add_text(&text, more != NULL ? more : "");
    heads_add_text(&text, "\r\n");
    return text;
}

#endif
