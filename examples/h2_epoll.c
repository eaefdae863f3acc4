/* SPDX-License-Identifier: MIT */
/* An echo server over TLS whose clients may come by HTTP/2 (RFC 8441), a connection a stream, or by
 * HTTP/1.1, a connection a socket: ALPN decides. Needs mbedTLS and libnghttp2. */
#define _POSIX_C_SOURCE 200809L

#include <weir/tls.h>

#include "echo.h"
#include "echo_options.h"
#include "epoll_server.h"
#include "pump_h2.h"
#include "pump_tls.h"

/* A browser opens WebSockets over HTTP/2 where it has a session already: that of its page. */
static const char page[] =
    "<!doctype html>\n<meta charset=utf-8>\n<title>weir</title>\n"
    "<form><input autofocus><button>send</button></form>\n<ul></ul>\n<script>\n"
    "const say = (text) => document.querySelector('ul').append(\n"
    "    Object.assign(document.createElement('li'), { textContent: text }));\n"
    "const socket = new WebSocket('wss://' + location.host);\n"
    "socket.onopen = () => say('open');\n"
    "socket.onmessage = ({ data }) => say(data);\n"
    "socket.onclose = ({ code }) => say('closed: ' + code);\n"
    "document.forms[0].onsubmit = (event) => {\n"
    "    event.preventDefault();\n"
    "    socket.send(document.querySelector('input').value);\n"
    "};\n</script>\n";

/* What ALPN chose. */
typedef enum protocol {
    NOT_YET,
    HTTP_1,
    HTTP_2
} protocol;

typedef struct h2_client {
    client plain; /* its connection is of HTTP/1.1; that of HTTP/2 is for its deadline alone */
    protocol protocol;
    int32_t asked; /* HTTP/2: the last stream that the deadline knows of */
    weir_tls *tls;
    pump_h2 http2;
} h2_client;

static weir_context *context;
static weir_tls_context *tls_context;
static uint64_t close_timeout_ms;

/* ---- The echo --------------------------------------------------------------------------------*/

static void on_event(weir_conn *conn, const weir_event *event)
{
    h2_client *const c = weir_conn_user(conn);
    if (event->type == WEIR_EVENT_OPEN) {
        puts(c->protocol == HTTP_2 ? "opened by h2" : "opened by http/1.1");
        fflush(stdout);
    }
    echo(conn, event, &c->plain.paused); /* of a stream: h2_stream.h */
}

/* ---- A socket --------------------------------------------------------------------------------*/

static bool on_start(client *plain)
{
    return weir_tls_create_server(tls_context, NULL, &((h2_client *)plain)->tls) == WEIR_OK;
}

static void choose_protocol(h2_client *c)
{
    if (!pump_h2_is_chosen(c->tls)) {
        c->protocol = HTTP_1;
        weir_tls_attach(c->tls, c->plain.conn);
        return;
    }
    c->protocol = HTTP_2;
    c->http2 = (pump_h2){.tls = c->tls, .fd = c->plain.fd};
    c->http2.session = (h2_session){.context = context,
                                    .handle = on_event,
                                    .user = c,
                                    .page = {page, sizeof page - 1},
                                    .close_timeout_ms = close_timeout_ms};
    h2_begin(&c->http2.session);
}

/* False: it took too long, or failed. */
static bool go_on_with_handshake(h2_client *c, weir_span *input)
{
    size_t used;
    weir_tls_receive(c->tls, input->data, input->len, &used, NULL, 0);
    *input = (weir_span){(const uint8_t *)input->data + used, input->len - used};
    pump_tls_write(c->tls, c->plain.fd);
    if (weir_tls_state(c->tls) == WEIR_TLS_OPEN)
        choose_protocol(c);
    return c->protocol != NOT_YET || (weir_conn_state(c->plain.conn) == WEIR_CONNECTING &&
                                      !(weir_tls_wants(c->tls) & WEIR_WANT_CLOSE));
}

static bool begin_deadline(h2_client *c)
{
    const bool made = weir_conn_create_server(context, &c->plain.conn) == WEIR_OK;
    weir_conn_set_user(c->plain.conn, c);
    return made;
}

/* A session of HTTP/2 without streams has the time of a handshake to ask for something, and then
 * that of a close to take what is left. */
static bool is_in_time(h2_client *c)
{
    const int32_t asked = nghttp2_session_get_last_proc_stream_id(c->http2.session.http);
    const bool is_used = h2_is_used(&c->http2.session);
    if (is_used || asked > c->asked) {
        weir_conn_free(c->plain.conn);
        c->plain.conn = NULL;
    }
    c->asked = asked;
    if (is_used)
        return true;
    return c->plain.conn ? weir_conn_state(c->plain.conn) != WEIR_CLOSED : begin_deadline(c);
}

static bool serve_session(h2_client *c, weir_span input)
{
    h2_session *const session = &c->http2.session;
    if (c->plain.conn && weir_conn_state(c->plain.conn) != WEIR_CONNECTING)
        h2_stop(session);
    return pump_h2_all(&c->http2, input.data, input.len) && is_in_time(c);
}

static bool on_pump(client *plain, bool readable, pump_handler *handle)
{
    h2_client *const c = (h2_client *)plain;
    weir_span input = {"", 0};
    if (readable)
        input = pump_tls_recv(c->tls, plain->fd);
    if (c->protocol == NOT_YET && !go_on_with_handshake(c, &input))
        return false;
    if (c->protocol == NOT_YET)
        return true;
    if (c->protocol == HTTP_2)
        return serve_session(c, input);
    pump_tls_take(c->tls, plain->conn, input, handle);
    return pump_tls(c->tls, plain->conn, plain->fd, false, handle);
}

static uint32_t on_wants(const client *plain)
{
    const h2_client *const c = (const h2_client *)plain;
    return c->protocol == HTTP_1 ? pump_tls_wants(c->tls, plain->conn, plain->paused)
                                 : weir_tls_wants(c->tls);
}

static void on_stop(client *plain)
{
    h2_client *const c = (h2_client *)plain;
    if (c->protocol == HTTP_2)
        h2_stop(&c->http2.session);
    else
        plain_stop(plain);
}

static void on_end(client *plain)
{
    h2_client *const c = (h2_client *)plain;
    if (c->protocol == HTTP_2)
        h2_free(&c->http2.session);
    weir_tls_free(c->tls);
}

/* ---- The start -------------------------------------------------------------------------------*/

int main(int argc, char **argv)
{
    static const server_transport transport = {on_start, on_pump, on_wants, on_stop, on_end};
    echo_options options;
    (void)argc;
    tls_context = create_tls_server(argv, "h2 http/1.1");
    context = create_echo_context(argv, &options);
    close_timeout_ms = options.close_timeout_ms;
    server s = {.context = context,
                .handle = on_event,
                .client_size = sizeof(h2_client),
                .close_timeout_ms = options.close_timeout_ms,
                .transport = &transport};
    server_run(&s, options.host, options.port);
    weir_tls_context_free(tls_context);
    return 0;
}
