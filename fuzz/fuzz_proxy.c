/* SPDX-License-Identifier: MIT */
/* A client's way through a proxy: a request, then what the proxy answers. */
#include <string.h>

#include <weir/proxy.h>

#include "fuzz.h"

/* ---- One way through -------------------------------------------------------------------------*/

typedef enum proxy_writes {
    WRITES_NOTHING, /* all answers come too early */
    WRITES_FIRST,   /* what can be said before the first answer */
    WRITES_ALL      /* all that can be said, before each piece */
} proxy_writes;

typedef struct proxy_run {
    int created;
    int status;
    uint32_t code;
    size_t used;
    int has_field; /* a Via in the response */
    fuzz_bytes said;
} proxy_run;

static void proxy_write(weir_proxy *proxy, proxy_run *run)
{
    weir_span span;
    while (weir_proxy_output(proxy, &span) == 1) {
        const size_t some = 1 + span.len / 2;
        fuzz_add(&run->said, span.data, some);
        FUZZ_CHECK(weir_proxy_sent(proxy, span.len + 1) == WEIR_E_ARGUMENT);
        FUZZ_CHECK(weir_proxy_sent(proxy, some) == WEIR_OK);
    }
}

static void proxy_end(weir_proxy *proxy, proxy_run *run, fuzz_input answer)
{
    weir_span span;
    weir_text value;
    size_t used = 1;
    run->code = weir_proxy_code(proxy);
    run->has_field = weir_proxy_header(proxy, "via", WEIR_NTS, 0, &value) == WEIR_OK;
    if (run->status == 0)
        return;
    FUZZ_CHECK(weir_proxy_output(proxy, &span) == 0);
    FUZZ_CHECK(weir_proxy_receive(proxy, answer.data, answer.len, &used) == run->status);
    FUZZ_CHECK(used == 0);
}

static void proxy_feed(weir_proxy *proxy, proxy_run *run, proxy_writes writes, fuzz_input answer,
                       size_t most, fuzz_dice dice)
{
    if (writes != WRITES_NOTHING)
        proxy_write(proxy, run);
    while (run->status == 0 && answer.len > 0) {
        size_t used, step = most == 1 ? 1 : 1 + (size_t)fuzz_below(&dice, most);
        step = step < answer.len ? step : answer.len;
        const fuzz_input piece = fuzz_take_piece(&answer, step);
        uint8_t *const copy = fuzz_copy(piece.data, piece.len);
        run->status = weir_proxy_receive(proxy, copy, piece.len, &used);
        fuzz_drop(&(fuzz_bytes){copy, piece.len, piece.len});
        FUZZ_CHECK(used <= piece.len && (run->status != 0 || used == piece.len));
        run->used += used;
        if (writes == WRITES_ALL)
            proxy_write(proxy, run);
    }
}

static proxy_run proxy_go(const weir_config *config, const weir_proxy_request *request,
                          proxy_writes writes, fuzz_input answer, size_t most, uint32_t seed)
{
    proxy_run run = {.status = 0};
    weir_context *context;
    weir_proxy *proxy;
    run.created = weir_context_create(config, &context);
    if (run.created != WEIR_OK)
        return run;
    run.created = weir_proxy_create(context, request, &proxy);
    FUZZ_CHECK((run.created == WEIR_OK) == (proxy != NULL));
    if (proxy) {
        proxy_feed(proxy, &run, writes, answer, most, (fuzz_dice){seed});
        proxy_end(proxy, &run, answer);
        weir_proxy_free(proxy);
    }
    weir_context_free(context);
    return run;
}

static void proxy_same(proxy_run *a, proxy_run b)
{
    FUZZ_CHECK(a->created == b.created && a->status == b.status && a->code == b.code);
    FUZZ_CHECK(a->used == b.used && a->has_field == b.has_field && fuzz_same(&a->said, &b.said));
    fuzz_drop(&b.said);
}

/* ---- A second reader of SOCKS5 ---------------------------------------------------------------*/

/* What comes of an answer to which all was said in time: the status; used and code are set. */
static int socks_judge(fuzz_input in, int with_credentials, size_t *used, uint32_t *code)
{
    const uint8_t *const b = in.data;
    size_t at = 0;
    *used = in.len;
    *code = 0;
    if (in.len < 2)
        return 0;
    *used = at = 2;
    if (b[0] != 5 || (b[1] != 0 && b[1] != 0xFF && (b[1] != 2 || !with_credentials)))
        return WEIR_E_PROXY_ANSWER;
    if (b[1] == 0xFF)
        return WEIR_E_PROXY_AUTH;
    if (b[1] == 2) {
        *used = in.len;
        if (in.len < 4)
            return 0;
        *used = at = 4;
        if (b[2] != 1)
            return WEIR_E_PROXY_ANSWER;
        if (b[3] != 0)
            return WEIR_E_PROXY_AUTH;
    }
    *used = in.len;
    if (in.len < at + 2)
        return 0;
    *used = at + 2;
    if (b[at] != 5)
        return WEIR_E_PROXY_ANSWER;
    *code = b[at + 1];
    if (b[at + 1] != 0)
        return WEIR_E_PROXY_REFUSED;
    *used = in.len;
    if (in.len < at + 5)
        return 0;
    size_t whole = b[at + 3] == 1 ? 10 : b[at + 3] == 4 ? 22 : b[at + 3] == 3 ? 7u + b[at + 4] : 0;
    *used = whole ? at + whole : at + 5;
    if (whole && in.len < *used) {
        *used = in.len;
        return 0;
    }
    return whole ? 1 : WEIR_E_PROXY_ANSWER;
}

/* What a proxy can count on in what is said. */
static void proxy_check_said(const proxy_run *run, const weir_proxy_request *request)
{
    const char *const said = (const char *)run->said.data;
    const size_t len = run->said.len;
    if (request->kind == WEIR_PROXY_SOCKS5) {
        FUZZ_CHECK(len >= 3 && said[0] == 5 && (said[1] == 1 || said[1] == 2) && said[2] == 0);
        return;
    }
    FUZZ_CHECK(len > 12 && memcmp(said, "CONNECT ", 8) == 0);
    for (size_t i = 0; i + 4 <= len; i++)
        FUZZ_CHECK((memcmp(said + i, "\r\n\r\n", 4) == 0) == (i + 4 == len));
}

/* ---- The target ------------------------------------------------------------------------------*/

static weir_text proxy_text(fuzz_input *in)
{
    const size_t len = fuzz_take(in, 1);
    const fuzz_input piece = fuzz_take_piece(in, len);
    return (weir_text){(const char *)piece.data, piece.len};
}

static void proxy_check_cuts(const weir_config *config, const weir_proxy_request *request,
                             fuzz_input answer, uint32_t seed)
{
    for (int writes = WRITES_NOTHING; writes <= WRITES_FIRST; writes++) {
        proxy_run whole =
            proxy_go(config, request, (proxy_writes)writes, answer, answer.len + 1, 0);
        proxy_same(&whole, proxy_go(config, request, (proxy_writes)writes, answer, 1, 0));
        proxy_same(&whole, proxy_go(config, request, (proxy_writes)writes, answer, 9, seed));
        fuzz_drop(&whole.said);
    }
}

/* The k-th allocation fails: the same comes out, or want of memory is told. */
static void proxy_check_memory(weir_config *config, fuzz_alloc *alloc, uint32_t fail_at,
                               const weir_proxy_request *request, fuzz_input answer,
                               proxy_run *expected)
{
    alloc->calls = 0;
    alloc->fail_at = fail_at;
    proxy_run run = proxy_go(config, request, WRITES_ALL, answer, 1, 0);
    alloc->fail_at = 0;
    if (run.created == WEIR_E_MEMORY || run.status == WEIR_E_MEMORY)
        fuzz_drop(&run.said);
    else
        proxy_same(expected, run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    const uint32_t ways = fuzz_take(&in, 1);
    const uint32_t seed = fuzz_take(&in, 1);
    fuzz_alloc alloc = {.budget = 32768 + 24 * (uint64_t)size};
    weir_config config;
    weir_config_init(&config, sizeof config);
    config.allocate = fuzz_allocate;
    config.allocate_user = &alloc;
    config.has_seed = 1;
    config.max_interim = ways >> 4 & 3;
    weir_proxy_request request = {.kind = 1 + (ways & 1), .port = fuzz_take(&in, 2)};
    request.host = proxy_text(&in);
    if (ways & 2) {
        request.user = proxy_text(&in);
        request.password = proxy_text(&in);
    }
    weir_field field;
    if (ways & 4) {
        field.name = proxy_text(&in);
        field.value = proxy_text(&in);
        request.fields = &field;
        request.field_count = 1;
    }
    const uint64_t start = fuzz_work();
    proxy_run run = proxy_go(&config, &request, WRITES_ALL, in, 1, 0);
    fuzz_work_within("proxy", start, 40000, 60, size);
    if (run.created == WEIR_OK) {
        proxy_check_said(&run, &request);
        if (request.kind == WEIR_PROXY_SOCKS5) {
            uint32_t code;
            size_t used;
            FUZZ_CHECK(socks_judge(in, request.user.len > 0, &used, &code) == run.status);
            FUZZ_CHECK(used == run.used && code == run.code);
        }
        proxy_check_cuts(&config, &request, in, seed);
        proxy_check_memory(&config, &alloc, 1 + seed % 16, &request, in, &run);
    } else {
        FUZZ_CHECK(run.created == WEIR_E_ARGUMENT || run.created == WEIR_E_FIELD);
    }
    fuzz_drop(&run.said);
    fuzz_alloc_end(&alloc);
    return 0;
}
