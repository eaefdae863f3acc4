/* SPDX-License-Identifier: MIT */
/* Makes a client's connection: entropy for the policy, the URL's address, the socket, TLS. */
#ifndef EXAMPLES_DIAL_H
#define EXAMPLES_DIAL_H

#include <weir/weir.h>

#include "common.h"
#include "pump.h"
#include "via_proxy.h"

#define DIAL_PROXY "[--proxy http|socks5://[USER:PASSWORD@]HOST:PORT] "

#ifdef WEIR_TLS
#include "pump_tls.h"
#define dial_status_name weir_tls_status_name
#define DIAL_USAGE DIAL_PROXY "[--ca FILE] [--insecure] ws[s]://HOST[:PORT][/PATH]"
#else
#define dial_status_name weir_status_name
#define DIAL_USAGE DIAL_PROXY "ws://HOST[:PORT][/PATH]"
#endif

typedef struct dialed {
    weir_context *context;
    weir_conn *conn;
    int fd;
#ifdef WEIR_TLS
    weir_tls_context *tls_context;
    weir_tls *tls; /* NULL: ws, not wss */
#endif
} dialed;

/* How to reach the server, and how to know that of a wss URL. */
typedef struct dial_way {
    const char *ca;   /* file of the CAs */
    bool insecure;    /* anyone will do */
    const char *alpn; /* another protocol than http/1.1: TLS gets no connection (pump_h2.h) */
    via_proxy *proxy; /* NULL: there is none between */
    via_proxy given;
} dial_way;

#define DIAL_CA "/etc/ssl/certs/ca-certificates.crt"

/* Whether an argument is about the way; *arg then is the last one taken. */
static inline bool dial_option(char ***arg, dial_way *way)
{
    const char *const name = **arg;
    if (strcmp(name, "--insecure") == 0)
        return way->insecure = true;
    if (!(*arg)[1])
        return false;
    if (strcmp(name, "--ca") == 0) {
        way->ca = *++*arg;
        return true;
    }
    if (strcmp(name, "--proxy") != 0 || !parse_proxy((*arg)[1], &way->given))
        return false;
    way->proxy = &way->given;
    ++*arg;
    return true;
}

static inline void dial_check(int status)
{
    if (status == WEIR_OK)
        return;
    fprintf(stderr, "%s\n", weir_status_text(status));
    exit(1);
}

#ifdef WEIR_TLS

static inline void dial_tls(dialed *made, const weir_url *url, const dial_way *way)
{
    weir_tls_config config;
    weir_tls_config_init(&config, sizeof config, WEIR_CLIENT);
    config.alpn = (weir_text){way->alpn ? way->alpn : "http/1.1", WEIR_NTS};
    config.verify = !way->insecure;
    if (config.verify)
        config.ca = read_file(way->ca);
    tls_check(weir_tls_context_create(&config, &made->tls_context));
    free((void *)config.ca.data);
    tls_check(weir_tls_create_client(made->tls_context, way->alpn ? NULL : made->conn,
                                     url->host.data, url->host.len, NULL, 0, &made->tls));
}

#else

static inline void dial_tls(dialed *made, const weir_url *url, const dial_way *way)
{
    (void)made, (void)url, (void)way;
    fputs("wss needs TLS, and this program was built without\n", stderr);
    exit(1);
}

#endif

/* Connect as the request says; what goes wrong ends the program. */
static inline dialed dial(weir_config *config, const weir_request *request, const dial_way *way)
{
    dialed made = {0};
    weir_url url;
    dial_check(weir_url_parse(request->url.data, request->url.len, &url));
    fill_random(config->seed, sizeof config->seed); /* for masks and the handshake's key */
    config->has_seed = 1;
    dial_check(weir_context_create(config, &made.context));
    made.fd = way->proxy ? connect_through(made.context, way->proxy, &url)
                         : connect_to(url.host.data, url.host.len, url.port);
    weir_context_set_time(made.context, now_ms());
    dial_check(weir_conn_create_client(made.context, request, &made.conn));
    if (url.secure)
        dial_tls(&made, &url, way);
    return made;
}

/* As pump, pump_wants and weir_conn_report, with TLS where there is. */
static inline bool dial_pump(const dialed *to, bool readable, pump_handler *handle)
{
#ifdef WEIR_TLS
    if (to->tls)
        return pump_tls(to->tls, to->conn, to->fd, readable, handle);
#endif
    return pump(to->conn, to->fd, readable, handle);
}

static inline uint32_t dial_wants(const dialed *to, bool piles_up)
{
#ifdef WEIR_TLS
    if (to->tls)
        return pump_tls_wants(to->tls, to->conn, piles_up);
#endif
    return pump_wants(to->conn, piles_up);
}

static inline weir_report dial_report(const dialed *to)
{
    weir_report report;
#ifdef WEIR_TLS
    if (to->tls) {
        weir_tls_report(to->tls, &report, sizeof report);
        return report;
    }
#endif
    weir_conn_report(to->conn, &report, sizeof report);
    return report;
}

static inline void hang_up(dialed *made)
{
#ifdef WEIR_TLS
    weir_tls_free(made->tls);
    weir_tls_context_free(made->tls_context);
#endif
    weir_conn_free(made->conn);
    weir_context_free(made->context);
    close(made->fd);
}

#endif
