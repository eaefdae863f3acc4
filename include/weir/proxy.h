/* SPDX-License-Identifier: MIT */
/**
 * Through a proxy: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928), for clients. Not part of
 * weir.h: include it beside that.
 *
 * Connect your socket to the proxy and make a weir_proxy. Write what it has to say, hand it what
 * comes. Once the tunnel stands, the socket leads to the target: free the weir_proxy, and start TLS
 * or a connection of weir on the same socket. Nothing may be sent to the target before.
 *
 *   while ((status = weir_proxy_receive(proxy, data, len, &used)) == 0) {
 *       while (weir_proxy_output(proxy, &span) > 0)
 *           weir_proxy_sent(proxy, (size_t)write(fd, span.data, span.len));
 *       len = (size_t)read(fd, data, sizeof data);
 *   }
 *
 * len is 0 before the first read; what fails in read and write is left out here. At the end the
 * bytes behind used are the target's.
 *
 * It has no clock: give it up when it takes longer than you allow. The transport's end before the
 * tunnel stands is a failure too (WEIR_E_TRANSPORT in a report of yours).
 */
#ifndef WEIR_PROXY_H
#define WEIR_PROXY_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One way through a proxy, until the tunnel stands. Opaque. */
typedef struct weir_proxy weir_proxy;

/** What the proxy speaks. */
typedef enum weir_proxy_kind {
    WEIR_PROXY_HTTP = 1,  /**< CONNECT; credentials with the scheme Basic (RFC 7617) */
    WEIR_PROXY_SOCKS5 = 2 /**< names are resolved by the proxy; credentials by RFC 1929 */
} weir_proxy_kind;

/** Where to, and as whom. Set all else to zero. */
typedef struct weir_proxy_request {
    uint32_t kind; /**< weir_proxy_kind */
    uint32_t port; /**< of the target, 1..65535: weir_url.port */
    /** Of the target: weir_url.host; an IPv6 literal has no brackets. SOCKS5: at most 255 bytes. */
    weir_text host;
    /** Credentials, both empty: none. Basic: no colon in the user, and no control characters.
     *  SOCKS5: 1 to 255 bytes each. They go to the proxy as they are, so only over a transport that
     *  you trust. */
    weir_text user;
    weir_text password;
    /** HTTP: more fields for the CONNECT, such as User-Agent; none of those that the library writes
     *  (Host, Proxy-Authorization when there is a user). */
    const weir_field *fields;
    size_t field_count;
} weir_proxy_request;

/**
 * Begin. What is to be said first is there at once: see weir_proxy_output.
 *
 * context  whose limits for heads (max_line_bytes, ...) and whose memory are used; it can't be
 *          freed before the proxy.
 * request  copied.
 * proxy    out: NULL on error.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT: NULL, a kind, port, host or credentials out of range; WEIR_E_OFF;
 *          WEIR_E_FIELD; WEIR_E_MEMORY.
 * Spec     RFC 9110 9.3.6, RFC 1928 3.
 */
WEIR_API int weir_proxy_create(weir_context *context, const weir_proxy_request *request,
                               weir_proxy **proxy);

/**
 * Free it, at any time. The credentials are overwritten.
 *
 * proxy    transferred; NULL is allowed.
 */
WEIR_API void weir_proxy_free(weir_proxy *proxy);

/**
 * Hand in bytes from the proxy.
 *
 * proxy    the same result again once it stands or failed; then nothing is used.
 * data     [len] bytes, borrowed for this call.
 * len      bytes, maybe 0.
 * used     out: bytes that were the proxy's. Those behind are the target's.
 * Returns  1: the tunnel stands; 0: more is to be said or to come.
 * Errors   WEIR_E_ARGUMENT; final, the socket is of no use any more: WEIR_E_PROXY_AUTH (407, 401,
 *          or no such credentials), WEIR_E_PROXY_REFUSED (see weir_proxy_code), WEIR_E_PROXY_ANSWER
 *          (not an answer to what was said), WEIR_E_HTTP_SYNTAX and what else a head can be,
 *          WEIR_E_MEMORY.
 * Spec     RFC 9110 9.3.6, RFC 1928 6, RFC 1929.
 */
WEIR_API int weir_proxy_receive(weir_proxy *proxy, const void *data, size_t len, size_t *used);

/**
 * What to write to the proxy now.
 *
 * proxy    the proxy.
 * span     out: bytes, borrowed until weir_proxy_sent, weir_proxy_receive or weir_proxy_free.
 * Returns  1: span is set; 0: nothing.
 * Errors   WEIR_E_ARGUMENT.
 */
WEIR_API int weir_proxy_output(const weir_proxy *proxy, weir_span *span);

/**
 * Tell how much of the output was written.
 *
 * proxy    the proxy.
 * len      bytes, at most span.len.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT: more than there was; nothing changed.
 */
WEIR_API int weir_proxy_sent(weir_proxy *proxy, size_t len);

/**
 * What the proxy answered.
 *
 * proxy    the proxy.
 * Returns  the status of its last HTTP response, or the REP of SOCKS5 (0: succeeded, 2: not
 *          allowed, 3: network unreachable, 4: host unreachable, 5: refused, ...); 0 before.
 * Spec     RFC 9110 15, RFC 1928 6.
 */
WEIR_API uint32_t weir_proxy_code(const weir_proxy *proxy);

/**
 * A field of the proxy's HTTP response, such as Proxy-Authenticate.
 *
 * proxy     the proxy.
 * name      [name_len] bytes in any case, borrowed for this call.
 * name_len  bytes, or WEIR_NTS.
 * index     0: the first field of the name.
 * value     out: borrowed until weir_proxy_free.
 * Returns   WEIR_OK.
 * Errors    WEIR_E_ARGUMENT, WEIR_E_NOT_FOUND: no (such) field, no whole response, or SOCKS5.
 */
WEIR_API int weir_proxy_header(const weir_proxy *proxy, const char *name, size_t name_len,
                               size_t index, weir_text *value);

#ifdef __cplusplus
}
#endif

#endif
