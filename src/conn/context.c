/* SPDX-License-Identifier: MIT */
/* The context: what many connections of one thread share. */
#include "context.h"

#include <string.h>

#include "../base/cpu.h"
#include "compression.h"
#include "conn.h"
#include "deadline.h"
#include "policy.h"

#define CONTEXT_STREAM_MASKS 1u
#define CONTEXT_STREAM_NONCES 2u

/* One copy of all list texts, so that the caller's may go. */
static int context_copy_texts(weir_context *context)
{
    size_t sum = 0;
    for (size_t i = 0; i < WEIR__POLICY_LISTS; i++) {
        weir_text *const list = weir__policy_list(&context->policy, i);
        *list = weir__text(list->data, list->len);
        sum += list->len;
    }
    WEIR__TRY(weir__buffer_reserve(&context->memory, &context->texts, sum));
    for (size_t i = 0; i < WEIR__POLICY_LISTS; i++) {
        weir_text *const list = weir__policy_list(&context->policy, i);
        if (list->len == 0) {
            *list = (weir_text){NULL, 0};
            continue;
        }
        const char *const copy = (const char *)context->texts.data + context->texts.len;
        weir__buffer_append(&context->memory, &context->texts, list->data, list->len);
        list->data = copy;
    }
    return WEIR_OK;
}

static int context_seed(weir_context *context)
{
    if (!WEIR__PART_CLIENT || !context->policy.has_seed)
        return WEIR_OK;
    context->entropy = weir__memory_take(&context->memory, sizeof *context->entropy);
    if (!context->entropy)
        return WEIR_E_MEMORY;
    weir__random_init(&context->entropy->masks, context->policy.seed, CONTEXT_STREAM_MASKS);
    weir__random_init(&context->entropy->nonces, context->policy.seed, CONTEXT_STREAM_NONCES);
    memset(context->policy.seed, 0, sizeof context->policy.seed);
    return WEIR_OK;
}

/* The context lives in its own memory, so it gives itself back last. */
static void context_discard(weir_context *context)
{
    weir__memory_give(&context->memory, context->read_buffer,
                      (size_t)context->policy.read_buffer_bytes);
    if (context->entropy)
        memset(context->entropy, 0, sizeof *context->entropy);
    weir__memory_give(&context->memory, context->entropy, sizeof *context->entropy);
    weir__buffer_free(&context->memory, &context->texts);
    weir__codec_scratch_free(context);
    weir__memory_trim(&context->memory);
    weir__memory memory = context->memory;
    weir__memory_give(&memory, context, sizeof *context);
}

int weir__context_create(const weir_config *config, weir_context **out)
{
    WEIR__TRY(weir__policy_check(config));
    weir__memory memory;
    weir__memory_init(&memory, config);
    weir_context *const context = weir__memory_take(&memory, sizeof *context);
    if (!context)
        return WEIR_E_MEMORY;
    memset(context, 0, sizeof *context);
    context->memory = memory;
    context->policy = *config;
    context->kernels = weir__kernels_for(weir__cpu_bits());
    weir__wheel_init(&context->wheel);
    weir__list_init(&context->expired);
    weir__list_init(&context->ready);
    context->totals.rtt_ms = WEIR_NONE;
    int status = context_copy_texts(context);
    if (status == WEIR_OK)
        status = context_seed(context);
    if (status != WEIR_OK) {
        context_discard(context);
        return status;
    }
    *out = context;
    return WEIR_OK;
}

int weir__context_free(weir_context *context)
{
    if (context->totals.connections + context->message_count + context->proxy_count > 0)
        return WEIR_E_BUSY;
    context_discard(context);
    return WEIR_OK;
}

void weir__context_set_time(weir_context *context, uint64_t now)
{
    /* The end of time is WEIR_NONE: what never passes does not pass then either. */
    if (now == WEIR_NONE)
        now--;
    if (now > context->now)
        context->now = now;
    weir__node expired;
    weir__list_init(&expired);
    weir__wheel_advance(&context->wheel, context->now, &expired);
    while (!weir__list_empty(&expired)) {
        weir__node *const node = expired.next;
        weir__list_remove(node);
        weir__list_append(&context->expired, node);
        weir__conn_of(node)->place = WEIR__PLACE_EXPIRED;
    }
}

/* Connections at the head of the ready list that have nothing to tell any more: their output left
 * meanwhile. */
static void context_rest_idle(weir_context *context)
{
    while (!weir__list_empty(&context->ready)) {
        weir_conn *const conn = weir__conn_of(context->ready.next);
        if (weir__conn_wants_attention(conn))
            return;
        weir__conn_rest(conn);
    }
}

uint64_t weir__context_next_due(weir_context *context)
{
    context_rest_idle(context);
    if (!weir__list_empty(&context->expired) || !weir__list_empty(&context->ready))
        return context->now;
    return weir__wheel_next(&context->wheel);
}

weir_conn *weir__context_next_ready(weir_context *context)
{
    for (;;) {
        const bool is_late = !weir__list_empty(&context->expired);
        weir__node *const list = is_late ? &context->expired : &context->ready;
        if (weir__list_empty(list))
            return NULL;
        weir_conn *const conn = weir__conn_of(list->next);
        weir__deadline_check(conn);
        const bool tell = weir__conn_wants_attention(conn);
        weir__conn_unmark(conn, WEIR__FLAG_NEWS);
        weir__conn_rest(conn);
        if (tell)
            return conn;
    }
}
