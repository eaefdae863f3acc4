/* SPDX-License-Identifier: MIT */
/* libwebsockets as the client of echo_clients.py; the script is told in echo_peers.py. */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTHS = 7,
    ECHOES = 2 * LENGTHS,
    FRAGMENTS = 5,
    MAX_LEN = 1 << 20
};

static const size_t lengths[LENGTHS] = {0, 1, 125, 126, 65535, 65536, MAX_LEN};
static const char *const fragments[FRAGMENTS] = {"a", "", "\xc3", "\xb6", "!"};

static struct {
    int step;     /* 0..ECHOES-1: that message; then the fragments, the ping, the close */
    int fragment; /* the next one to send */
    bool due;     /* this step is still to send: more calls than asked for say "writable" */
    size_t got;   /* bytes of the echo so far */
    bool brief;   /* leaves the fragments and the ping out */
    bool over, failed;
    unsigned char out[LWS_PRE + MAX_LEN];
    unsigned char in[MAX_LEN];
} script;

static int fail(const char *what)
{
    fprintf(stderr, "%s, in step %d\n", what, script.step);
    script.failed = true;
    script.over = true;
    return -1;
}

static int ask(struct lws *wsi)
{
    script.due = true;
    lws_callback_on_writable(wsi);
    return 0;
}

static int send_frame(struct lws *wsi, const void *data, size_t len, int flags)
{
    memcpy(script.out + LWS_PRE, data, len); /* it is masked in place */
    const int sent = lws_write(wsi, script.out + LWS_PRE, len, (enum lws_write_protocol)flags);
    return sent < (int)len ? fail("not written") : 0;
}

/* ---- Messages --------------------------------------------------------------------------------*/

static bool is_text(void)
{
    return script.step < LENGTHS || script.step == ECHOES;
}

/* What is sent in this step, as a whole. */
static size_t message(unsigned char *bytes)
{
    if (script.step == ECHOES) {
        memcpy(bytes, "a\xc3\xb6!", 4);
        return 4;
    }
    const size_t len = lengths[script.step % LENGTHS];
    memset(bytes, is_text() ? 'x' : 0xff, len);
    return len;
}

static int send_fragment(struct lws *wsi)
{
    const char *const part = fragments[script.fragment++];
    const bool last = script.fragment == FRAGMENTS;
    if (!last)
        ask(wsi);
    return send_frame(wsi, part, strlen(part),
                      (script.fragment == 1 ? LWS_WRITE_TEXT : LWS_WRITE_CONTINUATION) |
                          (last ? 0 : LWS_WRITE_NO_FIN));
}

static int send_step(struct lws *wsi)
{
    static unsigned char bytes[MAX_LEN];
    if (!script.due)
        return 0;
    script.due = false;
    if (script.step < ECHOES) {
        const size_t len = message(bytes);
        return send_frame(wsi, bytes, len, is_text() ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    }
    if (script.step == ECHOES)
        return send_fragment(wsi);
    if (script.step == ECHOES + 1)
        return send_frame(wsi, "there?", 6, LWS_WRITE_PING);
    lws_close_reason(wsi, (enum lws_close_status)3000, (unsigned char *)"bye", 3);
    return -1;
}

static int go_on(struct lws *wsi)
{
    script.step++;
    if (script.brief && script.step == ECHOES)
        script.step += 2;
    script.got = 0;
    return ask(wsi);
}

static int take(struct lws *wsi, const void *data, size_t len)
{
    static unsigned char wanted[MAX_LEN];
    if (script.step > ECHOES || len > MAX_LEN - script.got)
        return fail("more than was sent");
    if (lws_frame_is_binary(wsi) == is_text())
        return fail("not of the kind that was sent");
    if (len > 0)
        memcpy(script.in + script.got, data, len);
    script.got += len;
    if (lws_remaining_packet_payload(wsi) > 0 || !lws_is_final_fragment(wsi))
        return 0;
    if (script.got != message(wanted) || memcmp(script.in, wanted, script.got) != 0)
        return fail("not what was sent");
    if (script.step == ECHOES)
        puts("fragments");
    else
        printf("%s %zu\n", is_text() ? "text" : "binary", script.got);
    return go_on(wsi);
}

/* ---- The library -----------------------------------------------------------------------------*/

static void print_protocol(struct lws *wsi)
{
    char name[32] = "";
    lws_hdr_copy(wsi, name, sizeof name, WSI_TOKEN_PROTOCOL);
    printf("open %s\n", name);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
        print_protocol(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        return ask(wsi);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return send_step(wsi);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return take(wsi, in, len);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        printf("pong %.*s\n", (int)len, (const char *)in);
        return go_on(wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        return fail("not opened");
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (script.step != ECHOES + 2)
            return fail("ended too early");
        puts("closed");
        script.over = true;
        return 0;
    default:
        return 0;
    }
}

static struct lws_context *create_context(void)
{
    static const struct lws_protocols protocols[] = {
        {.name = "echo", .callback = on_event, .rx_buffer_size = 32768}, {.name = NULL}};
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate,
         "permessage-deflate; client_no_context_takeover; client_max_window_bits"},
        {NULL, NULL, NULL}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.extensions = extensions;
    info.pt_serv_buf_size = 65536;
    lws_set_log_level(LLL_ERR, NULL);
    return lws_create_context(&info);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "version") == 0)
        return puts(lws_get_library_version()) < 0;
    script.brief = argc > 2 && strcmp(argv[2], "brief") == 0;
    struct lws_context *const context = create_context();
    if (!context || argc < 2)
        return 2;
    struct lws_client_connect_info info;
    memset(&info, 0, sizeof info);
    info.context = context;
    info.address = info.host = "127.0.0.1";
    info.port = atoi(argv[1]);
    info.path = "/";
    info.protocol = "x, echo";
    info.local_protocol_name = "echo";
    if (!lws_client_connect_via_info(&info))
        return 1;
    while (!script.over && lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return script.failed || !script.over;
}
