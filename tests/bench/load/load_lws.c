/* SPDX-License-Identifier: MIT */
/* An echo server on libwebsockets, in the shape of its minimal example; "close" ends it. */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct piece {
    struct piece *next;
    size_t len;
    enum lws_write_protocol flags;
    unsigned char bytes[]; /* LWS_PRE, then the payload */
} piece;

typedef struct session {
    piece *first;
    piece **end;
} session;

static int keep(struct lws *wsi, session *s, const void *data, size_t len)
{
    piece *const p = malloc(sizeof *p + LWS_PRE + len);
    if (!p)
        return -1;
    memcpy(p->bytes + LWS_PRE, data, len);
    p->next = NULL;
    p->len = len;
    p->flags = (enum lws_write_protocol)lws_write_ws_flags(
        lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT, lws_is_first_fragment(wsi),
        lws_is_final_fragment(wsi));
    *s->end = p;
    s->end = &p->next;
    lws_callback_on_writable(wsi);
    return 0;
}

static piece *take(session *s)
{
    piece *const p = s->first;
    s->first = p->next;
    if (!s->first)
        s->end = &s->first;
    return p;
}

static int is_farewell(struct lws *wsi, const char *text, size_t len)
{
    return len == 5 && lws_is_first_fragment(wsi) && memcmp(text, "close", len) == 0;
}

static int farewell(struct lws *wsi)
{
    lws_close_reason(wsi, (enum lws_close_status)4000, (unsigned char *)"asked", 5);
    return -1;
}

/* One frame each time it is writable: that is the library's rule. */
static int write_one(struct lws *wsi, session *s)
{
    if (!s->first)
        return 0;
    piece *const p = take(s);
    const int sent = lws_write(wsi, p->bytes + LWS_PRE, p->len, p->flags);
    const int failed = sent < (int)p->len;
    free(p);
    if (s->first)
        lws_callback_on_writable(wsi);
    return failed ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    session *const s = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        s->first = NULL;
        s->end = &s->first;
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return is_farewell(wsi, in, len) ? farewell(wsi) : keep(wsi, s, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_one(wsi, s);
    case LWS_CALLBACK_CLOSED:
        while (s->first)
            free(take(s));
        return 0;
    default:
        return 0;
    }
}

int main(void)
{
    static const struct lws_protocols protocols[] = {{.name = "echo",
                                                      .callback = on_event,
                                                      .per_session_data_size = sizeof(session),
                                                      .rx_buffer_size = 32768},
                                                     {.name = NULL}};
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
        {NULL, NULL, NULL}};
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = 0;
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.extensions = extensions;
    info.pt_serv_buf_size = 65536;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8;
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *const context = lws_create_context(&info);
    if (!context)
        return 1;
    struct lws_vhost *const vhost = lws_get_vhost_by_name(context, "default");
    printf("listening on 127.0.0.1:%d\n", lws_get_vhost_listen_port(vhost));
    fflush(stdout);
    while (lws_service(context, 0) >= 0) {
    }
    return 1;
}
