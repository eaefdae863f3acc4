/* SPDX-License-Identifier: MIT */
/* echo_client over HTTP/2 (RFC 8441): one stream of a TLS connection is a WebSocket, whose messages
 * go back until the server closes it. Needs mbedTLS and libnghttp2. */
#define _POSIX_C_SOURCE 200809L

#include <weir/tls.h>

#include "common.h"
#include "dial.h"
#include "pump_h2.h"

static weir_report report; /* how the WebSocket ended */

static void on_event(weir_conn *conn, const weir_event *event)
{
    const int type = event->flags & WEIR_FLAG_TEXT ? WEIR_TEXT : WEIR_BINARY;
    if (event->type == WEIR_EVENT_MESSAGE &&
        weir_conn_send(conn, type, event->data, event->len) == WEIR_E_MEMORY)
        weir_conn_close(conn, 1011, "out of memory", WEIR_NTS);
    if (event->type == WEIR_EVENT_CLOSED)
        weir_conn_report(conn, &report, sizeof report);
}

/* Wait for the network or a deadline; what came. */
static weir_span wait_for_input(const dialed *to)
{
    const uint32_t wants = weir_tls_wants(to->tls);
    const int in = wants & WEIR_WANT_INPUT ? POLLIN : 0;
    const int out = wants & WEIR_WANT_OUTPUT ? POLLOUT : 0;
    struct pollfd wait = {to->fd, (short)(in | out), 0};
    poll(&wait, 1, ms_until(weir_context_next_due(to->context), now_ms()));
    weir_context_set_time(to->context, now_ms());
    while (weir_context_next_ready(to->context)) {
        /* there is but one, and it is served anyway */
    }
    if (wait.revents & (POLLIN | POLLERR | POLLHUP))
        return pump_tls_recv(to->tls, to->fd);
    return (weir_span){"", 0};
}

/* TLS's handshake. False: it failed, or the server does not speak HTTP/2. */
static bool agree_on_h2(const dialed *to, weir_span *input)
{
    size_t used;
    do {
        pump_tls_write(to->tls, to->fd);
        *input = wait_for_input(to);
        weir_tls_receive(to->tls, input->data, input->len, &used, NULL, 0);
        *input = (weir_span){(const uint8_t *)input->data + used, input->len - used};
    } while (weir_tls_state(to->tls) == WEIR_TLS_OPENING &&
             weir_conn_state(to->conn) == WEIR_CONNECTING);
    return pump_h2_is_chosen(to->tls);
}

/* Until the stream is closed, or the session over. */
static bool run(dialed *to)
{
    pump_h2 p = {.tls = to->tls, .fd = to->fd};
    weir_span input;
    if (!agree_on_h2(to, &input)) {
        fprintf(stderr, "no HTTP/2: %s\n", weir_tls_status_text(weir_tls_cause(to->tls)));
        return false;
    }
    p.session = (h2_session){.context = to->context, .handle = on_event, .is_client = true};
    h2_begin(&p.session);
    h2_connect(&p.session, to->conn);
    to->conn = NULL;
    while (pump_h2_all(&p, input.data, input.len) && p.session.streams && !p.session.lacks_connect)
        input = wait_for_input(to);
    if (p.session.lacks_connect)
        fputs("the server takes no WebSocket over HTTP/2\n", stderr);
    h2_free(&p.session);
    return true;
}

static void usage(const char *program)
{
    fprintf(stderr, "usage: %s [--no-deflate] " DIAL_USAGE "\n", program);
    exit(2);
}

int main(int argc, char **argv)
{
    weir_config config;
    weir_request request = {0};
    dial_way way = {.ca = DIAL_CA, .alpn = "h2"};
    (void)argc;
    weir_config_init(&config, sizeof config);
    /* As echo_client. */
    config.max_message_bytes = 64 << 20;
    config.max_fragments = config.max_empty_fragments = WEIR_NONE;
    config.flood_rate = config.flood_burst = WEIR_NONE;
    config.max_queued_bytes = WEIR_NONE;
    config.deflate = WEIR_DEFLATE_PREFERRED;
    for (char **arg = argv + 1; *arg; arg++) {
        if (dial_option(&arg, &way))
            continue;
        if (strcmp(*arg, "--no-deflate") == 0)
            config.deflate = WEIR_DEFLATE_OFF;
        else if (strncmp(*arg, "wss:", 4) == 0 && !arg[1])
            request.url = (weir_text){*arg, strlen(*arg)};
        else
            usage(argv[0]);
    }
    if (request.url.len == 0)
        usage(argv[0]);

    dialed to = dial(&config, &request, &way);
    const bool ran = run(&to);
    hang_up(&to);
    if (ran && !report.clean)
        fprintf(stderr, "%s\n", weir_status_text(report.cause));
    return report.clean ? 0 : 1;
}
