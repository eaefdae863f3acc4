/* SPDX-License-Identifier: MIT */
/* A chat server with rooms and its own web page, all on one port. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "chat_web.h"
#include "epoll_server.h"

#define CLOSE_TIMEOUT_MS 2000
#define LINE_MAX_LEN 4096

typedef struct member {
    client base;
    bool joined;
    char room[CHAT_NAME_MAX + 1]; /* a room is a name that its members share */
    char name[CHAT_NAME_MAX + 1];
} member;

static server chat;
static bool behind_proxy; /* X-Forwarded-For is our own proxy's, so it can be believed */

/* ---- Rooms -----------------------------------------------------------------------------------*/

/* The first in the room from a place in the list on. A server of many rooms keeps a table. */
static member *in_room(client *from, const char *room)
{
    for (client *c = from; c; c = c->next) {
        member *const m = (member *)c;
        if (m->joined && strcmp(m->room, room) == 0)
            return m;
    }
    return NULL;
}

/* Whose output still piles up when the next message comes reads too slowly, and is sent away. To
 * skip it would be worse: it can come again, but it could not know that it missed something. */
static void send_or_close(const member *m, weir_message *message)
{
    if (m->base.paused || weir_conn_send_message(m->base.conn, message) == WEIR_WOULD_BLOCK)
        weir_conn_close(m->base.conn, 1013, "too slow", WEIR_NTS);
}

/* One message for all of a room: framed once, and queued without a copy. */
static void tell_room(const char *room, const char *line, size_t len)
{
    weir_message *message;
    if (weir_message_create(chat.context, WEIR_TEXT, line, len, &message) != WEIR_OK)
        return;
    for (member *m = in_room(chat.clients, room); m; m = in_room(m->base.next, room))
        send_or_close(m, message);
    weir_message_free(message);
}

/* "join NAME", "leave NAME", "say NAME TEXT": names have no spaces, so nothing needs escapes. */
static void tell(const member *m, const char *what, const void *text, size_t text_len)
{
    char line[CHAT_NAME_MAX + 16 + LINE_MAX_LEN];
    const int head = snprintf(line, sizeof line, text_len ? "%s %s " : "%s %s", what, m->name);
    if (text_len > 0)
        memcpy(line + head, text, text_len);
    tell_room(m->room, line, (size_t)head + text_len);
}

/* Behind a proxy the socket's address is the proxy's. It adds whom it serves as the last address
 * of X-Forwarded-For; what stands before that is only what the client says of itself. */
static weir_text client_address(const member *m, char *room, size_t room_len)
{
    weir_text list = {NULL, 0}, line;
    for (size_t i = 0;
         behind_proxy && weir_conn_header(m->base.conn, "X-Forwarded-For", WEIR_NTS, i, &line) == 0;
         i++)
        list = line;
    size_t start = list.len;
    while (start > 0 && strchr("0123456789abcdefABCDEF.:[]", list.data[start - 1]))
        start--;
    if (start < list.len)
        return (weir_text){list.data + start, list.len - start};

    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    getpeername(m->base.fd, (struct sockaddr *)&peer, &len);
    getnameinfo((struct sockaddr *)&peer, len, room, (socklen_t)room_len, NULL, 0, NI_NUMERICHOST);
    return (weir_text){room, strlen(room)};
}

static void print_join(const member *m)
{
    char room[64] = "?";
    const weir_text address = client_address(m, room, sizeof room);
    printf("%s joins %s from %.*s\n", m->name, m->room, (int)address.len, address.data);
    fflush(stdout);
}

static void join(member *m)
{
    char line[CHAT_NAME_MAX + 16];
    print_join(m);
    for (member *o = in_room(chat.clients, m->room); o; o = in_room(o->base.next, m->room)) {
        const int len = snprintf(line, sizeof line, "here %s", o->name);
        weir_conn_send(m->base.conn, WEIR_TEXT, line, (size_t)len);
    }
    m->joined = true;
    tell(m, "join", NULL, 0);
}

static void leave(member *m)
{
    if (!m->joined)
        return;
    m->joined = false;
    tell(m, "leave", NULL, 0);
}

/* ---- Requests --------------------------------------------------------------------------------*/

/* RFC 6455 10.2: a page of another site shall not chat in the name of who looks at it. */
static bool is_own_page(const weir_conn *conn)
{
    weir_text origin, host;
    if (weir_conn_text(conn, WEIR_TEXT_ORIGIN, &origin) != WEIR_OK)
        return true; /* not a browser */
    weir_conn_text(conn, WEIR_TEXT_HOST, &host);
    return origin.len > host.len &&
           memcmp(origin.data + origin.len - host.len, host.data, host.len) == 0 &&
           origin.data[origin.len - host.len - 1] == '/';
}

static void on_request(member *m)
{
    weir_text path, query;
    weir_conn_text(m->base.conn, WEIR_TEXT_PATH, &path);
    weir_conn_text(m->base.conn, WEIR_TEXT_QUERY, &query);
    if (query.len == 0)
        query = (weir_text){"name=guest", 10};
    if (!chat_take_name(path, "/room/", m->room))
        chat_respond(m->base.conn, 404, "text/plain", "no such room\n");
    else if (!chat_take_name(query, "name=", m->name))
        chat_respond(m->base.conn, 400, "text/plain", "who are you? ?name=NAME\n");
    else if (!is_own_page(m->base.conn))
        chat_respond(m->base.conn, 403, "text/plain", "wrong origin\n");
    else
        weir_conn_accept(m->base.conn, NULL, 0, NULL, 0);
}

static void on_event(weir_conn *conn, const weir_event *event)
{
    member *const m = weir_conn_user(conn);
    switch (event->type) {
    case WEIR_EVENT_HTTP:
        chat_on_http(conn);
        break;
    case WEIR_EVENT_REQUEST:
        on_request(m);
        break;
    case WEIR_EVENT_OPEN:
        join(m);
        break;
    case WEIR_EVENT_MESSAGE:
        if (event->flags & WEIR_FLAG_TEXT)
            tell(m, "say", event->data, event->len);
        else
            weir_conn_close(conn, 1003, "text only", WEIR_NTS);
        break;
    case WEIR_EVENT_HIGH_WATER:
        m->base.paused = true;
        break;
    case WEIR_EVENT_WRITABLE:
        m->base.paused = false;
        break;
    case WEIR_EVENT_CLOSED:
        leave(m);
        break;
    default:
        break;
    }
}

static void parse_options(char **argv, const char **host, const char **port)
{
    for (char **arg = argv + 1; *arg; arg++) {
        if (strcmp(*arg, "--host") == 0 && arg[1]) {
            *host = *++arg;
        } else if (strcmp(*arg, "--port") == 0 && arg[1]) {
            *port = *++arg;
        } else if (strcmp(*arg, "--behind-proxy") == 0) {
            behind_proxy = true;
        } else {
            fprintf(stderr, "usage: %s [--host H] [--port N] [--behind-proxy]\n", argv[0]);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    const char *host = "127.0.0.1", *port = "8080";
    weir_config config;
    (void)argc;
    parse_options(argv, &host, &port);
    weir_config_init(&config, sizeof config);
    config.http_events = 1;                  /* the page */
    config.deflate = WEIR_DEFLATE_PREFERRED; /* a line is compressed once for all of its room */
    config.max_message_bytes = LINE_MAX_LEN;
    config.close_timeout_ms = CLOSE_TIMEOUT_MS;
    if (weir_context_create(&config, &chat.context) != WEIR_OK)
        die("weir");
    chat.handle = on_event;
    chat.client_size = sizeof(member);
    chat.close_timeout_ms = CLOSE_TIMEOUT_MS;
    server_run(&chat, host, port);
    return 0;
}
