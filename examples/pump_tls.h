/* SPDX-License-Identifier: MIT */
/* As pump.h, with TLS between the connection and its socket. */
#ifndef EXAMPLES_PUMP_TLS_H
#define EXAMPLES_PUMP_TLS_H

#include <stdio.h>
#include <stdlib.h>

#include <weir/tls.h>

#include "common.h"
#include "pump.h"

/* A file whole, for certificates and keys. */
static inline weir_text read_file(const char *path)
{
    static const size_t most = 16 << 20;
    FILE *const file = fopen(path, "rb");
    char *const data = malloc(most);
    if (!file || !data)
        die(path);
    const size_t len = fread(data, 1, most, file);
    if (len == 0 || len == most)
        die(path);
    fclose(file);
    return (weir_text){realloc(data, len), len};
}

static inline void tls_check(int status)
{
    if (status == WEIR_OK)
        return;
    fprintf(stderr, "%s\n", weir_tls_status_text(status));
    exit(1);
}

/* Take an option of ours out of the arguments; the rest are those of echo_epoll. */
static inline const char *take_option(char **argv, const char *name)
{
    for (char **arg = argv + 1; arg[0] && arg[1]; arg++) {
        if (strcmp(arg[0], name) != 0)
            continue;
        const char *const value = arg[1];
        for (; arg[1]; arg++)
            arg[0] = arg[2];
        return value;
    }
    fprintf(stderr, "%s needs %s FILE, in PEM or DER\n", argv[0], name);
    exit(2);
}

/* A server's context, for the files of --cert and --key. */
static inline weir_tls_context *create_tls_server(char **argv, const char *alpn)
{
    weir_tls_context *context;
    weir_tls_config config;
    weir_tls_config_init(&config, sizeof config, WEIR_SERVER);
    config.certificate = read_file(take_option(argv, "--cert"));
    config.key = read_file(take_option(argv, "--key"));
    config.alpn = (weir_text){alpn, WEIR_NTS};
    tls_check(weir_tls_context_create(&config, &context));
    free((void *)config.certificate.data);
    free((void *)config.key.data);
    return context;
}

static inline void pump_tls_events(weir_tls *tls, weir_conn *conn, pump_handler *handle)
{
    weir_event events[16];
    for (int count; (count = weir_tls_events(tls, events, 16)) > 0;)
        for (int i = 0; i < count; i++)
            handle(conn, &events[i]);
}

/* What the socket has, at most 64 KiB; valid until the next call. */
static inline weir_span pump_tls_recv(weir_tls *tls, int fd)
{
    static uint8_t data[64 << 10];
    const ssize_t len = recv(fd, data, sizeof data, 0);
    if (len == 0 || (len < 0 && !pump_must_wait()))
        weir_tls_receive_eof(tls);
    return (weir_span){data, len > 0 ? (size_t)len : 0};
}

static inline void pump_tls_take(weir_tls *tls, weir_conn *conn, weir_span input,
                                 pump_handler *handle)
{
    const uint8_t *const data = input.data;
    weir_event events[16];
    size_t used;
    for (size_t at = 0; at < input.len; at += used) {
        const int count = weir_tls_receive(tls, data + at, input.len - at, &used, events, 16);
        for (int i = 0; i < count; i++)
            handle(conn, &events[i]);
    }
}

static inline void pump_tls_write(weir_tls *tls, int fd)
{
    weir_span span;
    while (weir_tls_output(tls, &span, 1) > 0) {
        const ssize_t len = pump_send(fd, &span, 1);
        if (len < 0 && !pump_must_wait())
            weir_tls_receive_eof(tls);
        if (len < 0)
            return;
        weir_tls_sent(tls, (size_t)len);
    }
}

static inline uint32_t pump_tls_wants(const weir_tls *tls, const weir_conn *conn, bool piles_up)
{
    const bool held = piles_up && weir_conn_state(conn) == WEIR_OPEN;
    return weir_tls_wants(tls) & ~(held ? (uint32_t)WEIR_WANT_INPUT : 0);
}

/* As pump: an alert or a close_notify was written before the socket is to be closed. */
static inline bool pump_tls(weir_tls *tls, weir_conn *conn, int fd, bool readable,
                            pump_handler *handle)
{
    if (readable)
        pump_tls_take(tls, conn, pump_tls_recv(tls, fd), handle);
    uint32_t wants;
    do {
        pump_tls_events(tls, conn, handle);
        pump_tls_write(tls, fd);
        wants = weir_tls_wants(tls);
    } while (wants & WEIR_WANT_EVENTS);
    if (wants & WEIR_WANT_SHUTDOWN_WRITE)
        shutdown(fd, SHUT_WR);
    return !(wants & WEIR_WANT_CLOSE);
}

#endif
