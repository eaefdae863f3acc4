/* SPDX-License-Identifier: MIT */
/* The exported functions for proxies: arguments are checked here, all else happens below. */
#include <string.h>

#include "../base/parts.h"
#include "../protocol/tunnel.h"
#include "context.h"

struct weir_proxy {
    weir__tunnel tunnel;
    weir_context *context;
};

int weir_proxy_create(weir_context *context, const weir_proxy_request *request, weir_proxy **out)
{
    if (!out)
        return WEIR_E_ARGUMENT;
    *out = NULL;
    if (!context || !request || request->kind == 0 || request->kind > WEIR_PROXY_SOCKS5 ||
        (!request->fields && request->field_count > 0))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_CLIENT)
        return WEIR_E_OFF;
    weir_proxy *const proxy = weir__memory_take(&context->memory, sizeof *proxy);
    if (!proxy)
        return WEIR_E_MEMORY;
    memset(proxy, 0, sizeof *proxy);
    proxy->context = context;
    proxy->tunnel.memory = &context->memory;
    proxy->tunnel.kind = request->kind;
    proxy->tunnel.head.kind = WEIR__HTTP_RESPONSE;
    proxy->tunnel.head.policy = &context->policy;
    proxy->tunnel.head.kernels = context->kernels;
    context->proxy_count++;
    const int status = weir__tunnel_open(&proxy->tunnel, request);
    if (status == WEIR_OK)
        *out = proxy;
    else
        weir_proxy_free(proxy);
    return status;
}

void weir_proxy_free(weir_proxy *proxy)
{
    if (!WEIR__PART_CLIENT || !proxy)
        return;
    weir__tunnel_close(&proxy->tunnel);
    proxy->context->proxy_count--;
    weir__memory_give(&proxy->context->memory, proxy, sizeof *proxy);
}

int weir_proxy_receive(weir_proxy *proxy, const void *data, size_t len, size_t *used)
{
    if (!WEIR__PART_CLIENT || !proxy || !used || (!data && len > 0))
        return WEIR_E_ARGUMENT;
    *used = 0;
    if (proxy->tunnel.status != WEIR__TUNNEL_MORE)
        return proxy->tunnel.status;
    return weir__tunnel_receive(&proxy->tunnel, data, len, used);
}

/* Nothing more is said once it failed or stands. */
static size_t api_proxy_waiting(const weir__tunnel *tunnel)
{
    return tunnel->status == WEIR__TUNNEL_MORE ? tunnel->allowed - tunnel->sent : 0;
}

int weir_proxy_output(const weir_proxy *proxy, weir_span *span)
{
    if (!proxy || !span)
        return WEIR_E_ARGUMENT;
    span->len = api_proxy_waiting(&proxy->tunnel);
    span->data = proxy->tunnel.said.data + proxy->tunnel.sent;
    return span->len > 0;
}

int weir_proxy_sent(weir_proxy *proxy, size_t len)
{
    if (!proxy || len > api_proxy_waiting(&proxy->tunnel))
        return WEIR_E_ARGUMENT;
    proxy->tunnel.sent += len;
    return WEIR_OK;
}

uint32_t weir_proxy_code(const weir_proxy *proxy)
{
    return proxy ? proxy->tunnel.code : 0;
}

int weir_proxy_header(const weir_proxy *proxy, const char *name, size_t name_len, size_t index,
                      weir_text *value)
{
    if (!WEIR__PART_CLIENT || !proxy || !name || !value)
        return WEIR_E_ARGUMENT;
    /* A head that is not whole has positions that still move. */
    return proxy->tunnel.judged && weir__http_head_find(&proxy->tunnel.head,
                                                        weir__text(name, name_len), index, value)
               ? WEIR_OK
               : WEIR_E_NOT_FOUND;
}
