/* SPDX-License-Identifier: MIT */
/* A client for people: lines of stdin are sent as text, what comes is printed. */
#define _POSIX_C_SOURCE 200809L

#include <weir/weir.h>

#include "common.h"
#include "dial.h"
#include "pump.h"

#define MAX_FIELDS 16

typedef struct client {
    dialed to;
    uint64_t ping_ms; /* time between two pings, 0: none */
    uint64_t ping_at; /* time of the next one */
    bool paused;      /* the server does not read: no line is read either */
    bool at_end;      /* of stdin */
    char *line;       /* what was read of a line that has not ended */
    size_t line_len;
    size_t line_cap;
} client;

/* ---- What comes ------------------------------------------------------------------------------*/

/* A peer's text must not move the cursor or colour the terminal. */
static void print_text(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        /* U+0080 to U+009F: the second byte must not be left alone either. */
        const bool high = text[i] == 0xC2 && i + 1 < len && text[i + 1] < 0xA0;
        const bool low = (text[i] < ' ' && text[i] != '\t' && text[i] != '\n') || text[i] == 0x7F;
        putchar(high || low ? '?' : text[i]);
        i += high;
    }
    putchar('\n');
}

static void print_binary(const uint8_t *data, size_t len)
{
    const size_t shown = len < 16 ? len : 16;
    printf("%zu bytes:", len);
    for (size_t i = 0; i < shown; i++)
        printf(" %02x", data[i]);
    puts(shown < len ? " ..." : "");
}

/* The server answered with something else than an upgrade. */
static void print_rejection(const weir_conn *conn, const weir_event *event)
{
    weir_text reason;
    weir_field field;
    weir_conn_text(conn, WEIR_TEXT_REASON, &reason);
    printf("HTTP %u %.*s\n", event->code, (int)reason.len, reason.data);
    for (size_t i = 0; weir_conn_header_at(conn, i, &field) == WEIR_OK; i++)
        printf("%.*s: %.*s\n", (int)field.name.len, field.name.data, (int)field.value.len,
               field.value.data);
    print_text(event->data, event->len);
}

static void on_open(client *c)
{
    weir_text protocol = {"none", 4};
    weir_conn_text(c->to.conn, WEIR_TEXT_SUBPROTOCOL, &protocol);
    fprintf(stderr, "open, subprotocol %.*s\n", (int)protocol.len, protocol.data);
    if (c->ping_ms > 0)
        c->ping_at = now_ms() + c->ping_ms;
}

static void on_event(weir_conn *conn, const weir_event *event)
{
    client *const c = weir_conn_user(conn);
    switch (event->type) {
    case WEIR_EVENT_OPEN:
        on_open(c);
        break;
    case WEIR_EVENT_REJECTED:
        print_rejection(conn, event);
        break;
    case WEIR_EVENT_MESSAGE:
        (event->flags & WEIR_FLAG_TEXT ? print_text : print_binary)(event->data, event->len);
        fflush(stdout);
        break;
    case WEIR_EVENT_PONG:
        if (event->flags & WEIR_FLAG_SOLICITED)
            fprintf(stderr, "latency %u ms\n", event->rtt_ms);
        break;
    case WEIR_EVENT_HIGH_WATER:
        c->paused = true;
        break;
    case WEIR_EVENT_WRITABLE:
        c->paused = false;
        break;
    default:
        break;
    }
}

/* ---- What goes -------------------------------------------------------------------------------*/

static void send_line(client *c, const char *line, size_t len)
{
    const int status = weir_conn_send(c->to.conn, WEIR_TEXT, line, len);
    if (status < 0)
        fprintf(stderr, "not sent: %s\n", weir_status_text(status));
}

static void end_lines(client *c)
{
    if (c->line_len > 0)
        send_line(c, c->line, c->line_len);
    weir_conn_close(c->to.conn, 1000, NULL, 0);
    c->at_end = true;
}

static void read_lines(client *c)
{
    if (c->line_len == c->line_cap) {
        c->line_cap = c->line_cap ? 2 * c->line_cap : 4096;
        c->line = realloc(c->line, c->line_cap);
        if (!c->line)
            die("a line");
    }
    const ssize_t len = read(STDIN_FILENO, c->line + c->line_len, c->line_cap - c->line_len);
    if (len <= 0) {
        end_lines(c);
        return;
    }
    c->line_len += (size_t)len;
    char *start = c->line, *const end = c->line + c->line_len;
    for (char *stop; (stop = memchr(start, '\n', (size_t)(end - start))); start = stop + 1)
        send_line(c, start, (size_t)(stop - start));
    c->line_len = (size_t)(end - start);
    memmove(c->line, start, c->line_len);
}

/* ---- The loop --------------------------------------------------------------------------------*/

static void ping_if_due(client *c)
{
    if (now_ms() < c->ping_at)
        return;
    weir_conn_ping(c->to.conn, NULL, 0);
    c->ping_at = now_ms() + c->ping_ms;
}

/* Wait for the server, the user or a deadline, and take what came. False when it is over. */
static bool run_once(client *c)
{
    const bool is_open = weir_conn_state(c->to.conn) == WEIR_OPEN;
    const uint32_t wants = dial_wants(&c->to, false);
    const int in = wants & WEIR_WANT_INPUT ? POLLIN : 0;
    const int out = wants & WEIR_WANT_OUTPUT ? POLLOUT : 0;
    struct pollfd fds[] = {
        {c->to.fd, (short)(in | out), 0},
        {is_open && !c->paused && !c->at_end ? STDIN_FILENO : -1, POLLIN, 0},
    };
    const uint64_t due = weir_context_next_due(c->to.context);
    poll(fds, 2, ms_until(due < c->ping_at ? due : c->ping_at, now_ms()));
    weir_context_set_time(c->to.context, now_ms());

    if (fds[1].revents)
        read_lines(c);
    ping_if_due(c);
    bool alive = dial_pump(&c->to, fds[0].revents & ~POLLOUT, on_event);
    while (alive && weir_context_next_ready(c->to.context))
        alive = dial_pump(&c->to, false, on_event);
    return alive;
}

static int report(const dialed *to)
{
    const weir_report end = dial_report(to);
    fprintf(stderr, "closed, code %u %.*s: %.*s\n", end.code, (int)end.reason.len, end.reason.data,
            (int)end.text.len, end.text.data);
    return end.clean ? 0 : 1;
}

/* ---- The start -------------------------------------------------------------------------------*/

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s [--no-deflate] [--origin O] [--protocol P] [--header 'NAME: VALUE']...\n"
            "       [--ping S] " DIAL_USAGE "\n",
            program);
    exit(2);
}

static bool parse_field(char *text, weir_field *field)
{
    char *const colon = strchr(text, ':');
    if (!colon)
        return false;
    const char *const value = colon + 1 + strspn(colon + 1, " ");
    *field = (weir_field){{text, (size_t)(colon - text)}, {value, strlen(value)}};
    return true;
}

static bool parse_option(const char *name, char *value, client *c, weir_request *request,
                         weir_field *fields)
{
    const weir_text text = {value, strlen(value)};
    if (strcmp(name, "--origin") == 0)
        request->origin = text;
    else if (strcmp(name, "--protocol") == 0)
        request->subprotocols = text;
    else if (strcmp(name, "--ping") == 0)
        return parse_seconds(value, &c->ping_ms);
    else if (strcmp(name, "--header") == 0 && request->field_count < MAX_FIELDS)
        return parse_field(value, &fields[request->field_count++]);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    client c = {.ping_ms = 10000, .ping_at = WEIR_NONE};
    weir_config config;
    weir_field fields[MAX_FIELDS];
    weir_request request = {.fields = fields};
    dial_way way = {.ca = DIAL_CA};
    char **arg = argv + 1;
    weir_config_init(&config, sizeof config);
    config.deflate = WEIR_DEFLATE_PREFERRED;
    for (; arg[0] && arg[0][0] == '-'; arg++) {
        if (strcmp(*arg, "--no-deflate") == 0)
            config.deflate = WEIR_DEFLATE_OFF;
        else if (dial_option(&arg, &way))
            continue;
        else if (!arg[1] || !parse_option(arg[0], arg[1], &c, &request, fields))
            usage(argv[0]);
        else
            arg++;
    }
    if (argc - (arg - argv) != 1)
        usage(argv[0]);
    request.url = (weir_text){*arg, strlen(*arg)};

    config.max_message_bytes = 64 << 20;
    config.max_queued_bytes = WEIR_NONE; /* no line is refused: reading stdin stops before */
    config.deliver_after_close = 1;      /* the answers to the last lines come after our Close */
    c.to = dial(&config, &request, &way);
    weir_conn_set_user(c.to.conn, &c);
    while (run_once(&c)) {
    }
    const int result = report(&c.to);
    hang_up(&c.to);
    free(c.line);
    return result;
}
