/* SPDX-License-Identifier: MIT */
/* What the tests of proxies share: one that is begun, what it says, what it answers to. */
#ifndef WEIR_TESTS_PROXIED_H
#define WEIR_TESTS_PROXIED_H

#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "support/alloc.h"
#include <weir/proxy.h>

typedef struct proxied {
    test_alloc alloc;
    weir_config config;
    weir_context *context;
    weir_proxy *proxy;
} proxied;

static inline weir_text proxied_text(const char *text)
{
    return (weir_text){text, text ? strlen(text) : 0};
}

static inline weir_proxy_request proxied_request(uint32_t kind, const char *host, uint32_t port)
{
    return (weir_proxy_request){.kind = kind, .port = port, .host = proxied_text(host)};
}

static inline int proxied_setup(void **state)
{
    proxied *const p = calloc(1, sizeof *p);
    assert_int_equal(weir_config_init(&p->config, sizeof p->config), WEIR_OK);
    p->config.allocate = test_allocate;
    p->config.allocate_user = &p->alloc;
    p->config.max_pooled_bytes = 0; /* fresh memory, which is not zero, each time */
    assert_int_equal(weir_context_create(&p->config, &p->context), WEIR_OK);
    *state = p;
    return 0;
}

static inline int proxied_teardown(void **state)
{
    proxied *const p = *state;
    weir_proxy_free(p->proxy);
    assert_int_equal(weir_context_free(p->context), WEIR_OK);
    assert_int_equal(p->alloc.blocks, 0);
    free(p);
    return 0;
}

static inline void proxied_begin(proxied *p, const weir_proxy_request *request)
{
    weir_proxy_free(p->proxy);
    assert_int_equal(weir_proxy_create(p->context, request, &p->proxy), WEIR_OK);
}

/* Take all that is to be said, step bytes at a time, and compare. */
static inline void proxied_says(proxied *p, const void *bytes, size_t len, size_t step)
{
    const uint8_t *expected = bytes;
    weir_span span;
    while (weir_proxy_output(p->proxy, &span) > 0) {
        const size_t piece = span.len < step ? span.len : step;
        assert_true(piece <= len);
        assert_memory_equal(span.data, expected, piece);
        assert_int_equal(weir_proxy_sent(p->proxy, piece), WEIR_OK);
        expected += piece;
        len -= piece;
    }
    assert_int_equal(len, 0);
}

/* Hand in an answer, each piece in memory of its own; all of it but the last `behind` bytes must be
 * used. */
static inline int proxied_hears(proxied *p, const void *bytes, size_t len, size_t step,
                                size_t behind)
{
    size_t at = 0;
    int status = 0;
    while (status == 0 && at < len) {
        const size_t piece = len - at < step ? len - at : step;
        uint8_t *const copy = malloc(piece);
        size_t used = SIZE_MAX;
        memcpy(copy, (const uint8_t *)bytes + at, piece);
        status = weir_proxy_receive(p->proxy, copy, piece, &used);
        free(copy);
        assert_true(used <= piece && (status != 0 || used == piece));
        at += used;
    }
    assert_int_equal(at, len - behind);
    return status;
}

#endif
