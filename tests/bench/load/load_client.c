/* SPDX-License-Identifier: MIT */
/* A load client with a parser of its own: sends prepared messages, compares each byte that returns.
 *
 * Frames are masked and compressed before the start, so that sending costs a call and no work.
 * Each connection keeps `depth` messages on the way: for all the replies that one read brings, as
 * many new messages leave in one call. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>

#include "load_pool.h"

#define READ_BYTES 262144
#define PATIENCE_S 10
#define STEPS 32 /* of the histogram: a latency is known to 1/32 */

typedef struct load_options {
    int port;
    int server; /* process id; 0: its time is not measured */
    size_t connections;
    size_t depth;
    size_t size;
    bool deflate;
    load_kind kind;
    double seconds;
} load_options;

typedef struct load_conn {
    int fd;
    size_t next;      /* the message to send next */
    size_t unsent;    /* messages to send, the first of them maybe in part */
    size_t sent_part; /* bytes of it that are sent */
    size_t awaited;   /* the message that is coming back */
    size_t at;        /* bytes of it that came */
    uint8_t head[10];
    size_t head_len;
    uint64_t left; /* bytes of the frame's payload that are to come */
    bool in_payload;
    bool fin;
    bool compressed; /* the message, not the frame */
    z_stream inflater;
    uint64_t *times; /* [depth] when the messages on the way left, a ring */
    size_t first_time;
    size_t new_time;
} load_conn;

typedef struct load_figures {
    uint64_t messages;
    uint64_t bytes; /* that came back, with heads */
    uint64_t errors;
    uint64_t histogram[64 * STEPS];
} load_figures;

static load_options options;
static load_pool pool;
static load_figures figures;
static load_conn *conns;
static size_t alive;
static int poller;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        die("clock");
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* User and system time of all threads of the server, in ns where /proc/PID/stat counts ticks. */
static uint64_t server_ns(void)
{
    clockid_t clock;
    if (options.server == 0)
        return 0;
    if (clock_getcpuclockid(options.server, &clock) != 0)
        die("server");
    return clock_ns(clock);
}

/* ---- Latencies -------------------------------------------------------------------------------*/

static size_t step_of(uint64_t ns)
{
    size_t power = 0;
    while (ns >> power >= 2 * STEPS)
        power++;
    return power * STEPS + (size_t)(ns >> power);
}

static double percentile_us(double share)
{
    uint64_t total = 0, sum = 0;
    for (size_t i = 0; i < 64 * STEPS; i++)
        total += figures.histogram[i];
    for (size_t i = 0; i < 64 * STEPS; i++) {
        sum += figures.histogram[i];
        if (sum > 0 && (double)sum >= share * (double)total) {
            const size_t power = i < 2 * STEPS ? 0 : i / STEPS - 1;
            return (double)((uint64_t)(i - power * STEPS) << power) / 1000;
        }
    }
    return 0;
}

/* ---- Sending ---------------------------------------------------------------------------------*/

static void watch(load_conn *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = c}};
    if (epoll_ctl(poller, operation, c->fd, &event) != 0)
        die("epoll_ctl");
}

static void fail(load_conn *c, const char *why)
{
    if (figures.errors++ == 0)
        fprintf(stderr, "message %zu, byte %zu: %s\n", c->awaited, c->at, why);
    close(c->fd);
    c->fd = -1;
    alive--;
}

/* The pool repeats its start behind its end, so what is unsent always lies in one piece. */
static void send_unsent(load_conn *c)
{
    const uint8_t *const from = load_frame(&pool, c->next) + c->sent_part;
    const size_t len = (size_t)(load_frame(&pool, c->next + c->unsent) - from);
    const ssize_t sent = send(c->fd, from, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        fail(c, strerror(errno));
        return;
    }
    const uint8_t *const end = from + (sent > 0 ? sent : 0);
    while (c->unsent > 0 && load_frame(&pool, c->next + 1) <= end) {
        c->next++;
        c->unsent--;
    }
    c->sent_part = (size_t)(end - load_frame(&pool, c->next));
    if (c->next >= pool.count)
        c->next -= pool.count;
}

static void send_messages(load_conn *c, size_t count, uint64_t now)
{
    const bool was_blocked = c->unsent > 0;
    for (size_t i = 0; i < count; i++) {
        c->times[c->new_time] = now;
        c->new_time = c->new_time + 1 == options.depth ? 0 : c->new_time + 1;
    }
    c->unsent += count;
    if (c->unsent > 0)
        send_unsent(c);
    if (c->fd >= 0 && was_blocked != (c->unsent > 0))
        watch(c, EPOLL_CTL_MOD, EPOLLIN | (c->unsent > 0 ? (uint32_t)EPOLLOUT : 0));
}

/* ---- Receiving -------------------------------------------------------------------------------*/

static bool compare(load_conn *c, const uint8_t *data, size_t len)
{
    if (len > pool.size - c->at || memcmp(load_message(&pool, c->awaited) + c->at, data, len) != 0)
        return false;
    c->at += len;
    return true;
}

static bool inflate_and_compare(load_conn *c, const uint8_t *data, size_t len)
{
    uint8_t out[32768];
    z_stream *const z = &c->inflater;
    z->next_in = (Bytef *)(uintptr_t)data;
    z->avail_in = (uInt)len;
    do {
        z->next_out = out;
        z->avail_out = sizeof out;
        const int status = inflate(z, Z_SYNC_FLUSH);
        if (status != Z_OK && status != Z_BUF_ERROR)
            return false;
        if (!compare(c, out, sizeof out - z->avail_out))
            return false;
    } while (z->avail_out == 0);
    return z->avail_in == 0;
}

static bool take_payload(load_conn *c, const uint8_t *data, size_t len)
{
    return c->compressed ? inflate_and_compare(c, data, len) : compare(c, data, len);
}

/* RFC 7692 7.2.2: the sender cuts these off the end of each message. */
static bool end_message(load_conn *c, uint64_t now)
{
    if (c->compressed && !inflate_and_compare(c, (const uint8_t *)"\0\0\xff\xff", 4))
        return false;
    if (c->at != pool.size)
        return false;
    c->at = 0;
    c->awaited = c->awaited + 1 == pool.count ? 0 : c->awaited + 1;
    figures.histogram[step_of(now - c->times[c->first_time])]++;
    c->first_time = c->first_time + 1 == options.depth ? 0 : c->first_time + 1;
    return true;
}

/* Bytes of the head that begins here; 0: more have to come. */
static size_t head_need(const load_conn *c)
{
    if (c->head_len < 2)
        return 2;
    const int length = c->head[1] & 0x7f;
    return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static const char *begin_frame(load_conn *c)
{
    const uint8_t *const head = c->head;
    const size_t need = c->head_len;
    const int opcode = head[0] & 15;
    const bool first = c->at == 0 && opcode != 0;
    c->left = need == 2 ? head[1] : 0;
    for (size_t i = 2; i < need; i++)
        c->left = c->left << 8 | head[i];
    c->fin = head[0] & 0x80;
    if (head[1] & 0x80)
        return "a masked frame";
    if (opcode > 2 || (opcode != 0 && opcode != (options.kind == LOAD_BINARY ? 2 : 1)))
        return "a frame of another kind";
    if (head[0] & (options.deflate && first ? 0x30 : 0x70))
        return "a reserved bit";
    if (first)
        c->compressed = head[0] & 0x40;
    c->head_len = 0;
    c->in_payload = true;
    return NULL;
}

/* Take bytes that came; the number of messages that are complete with them. */
static size_t take(load_conn *c, const uint8_t *data, size_t len, uint64_t now)
{
    size_t messages = 0;
    const uint8_t *const end = data + len;
    while (data < end || (c->in_payload && c->left == 0)) {
        if (!c->in_payload) {
            c->head[c->head_len++] = *data++;
            const char *const wrong = c->head_len == head_need(c) ? begin_frame(c) : NULL;
            if (wrong) {
                fail(c, wrong);
                return 0;
            }
            continue;
        }
        const size_t room = (size_t)(end - data);
        const size_t part = c->left < room ? (size_t)c->left : room;
        if (part > 0 && !take_payload(c, data, part)) {
            fail(c, "not what was sent");
            return 0;
        }
        data += part;
        c->left -= part;
        c->in_payload = c->left > 0;
        if (c->in_payload || !c->fin)
            continue;
        if (!end_message(c, now)) {
            fail(c, "shorter than what was sent");
            return 0;
        }
        messages++;
    }
    return messages;
}

static void receive(load_conn *c)
{
    static uint8_t buffer[READ_BYTES];
    const ssize_t len = recv(c->fd, buffer, sizeof buffer, 0);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        fail(c, len == 0 ? "the server hung up" : strerror(errno));
        return;
    }
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    const size_t messages = take(c, buffer, (size_t)len, now);
    figures.messages += messages;
    figures.bytes += (size_t)len;
    if (c->fd >= 0 && messages > 0)
        send_messages(c, messages, now);
}

/* ---- Connecting ------------------------------------------------------------------------------*/

static void handshake(int fd)
{
    char text[2048];
    const int len = snprintf(
        text, sizeof text,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        options.port, options.deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        die("handshake");
    size_t have = 0;
    do {
        const ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
        if (got <= 0)
            die("handshake");
        have += (size_t)got;
        text[have] = '\0';
    } while (!strstr(text, "\r\n\r\n"));
    const bool agreed = strstr(text, "permessage-deflate");
    if (strncmp(text, "HTTP/1.1 101", 12) != 0 || agreed != options.deflate ||
        !strstr(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
        fprintf(stderr, "the handshake is not answered as it should:\n%s", text);
        exit(1);
    }
}

static void open_conn(load_conn *c)
{
    const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(c, 0, sizeof *c);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    handshake(c->fd);
    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    c->times = calloc(options.depth, sizeof *c->times);
    if (!c->times || (options.deflate && inflateInit2(&c->inflater, -15) != Z_OK))
        die("memory");
    c->next = c->awaited = load_random() % pool.count;
    alive++;
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

/* ---- Running ---------------------------------------------------------------------------------*/

/* Until the time is over and an echo a connection came back, which is not to take for ever. */
static void run(double seconds)
{
    struct epoll_event events[256];
    const uint64_t start = clock_ns(CLOCK_MONOTONIC), enough = figures.messages + alive;
    for (;;) {
        const double past = (double)(clock_ns(CLOCK_MONOTONIC) - start) * 1e-9;
        const bool done = figures.messages >= enough || past >= seconds + PATIENCE_S;
        if (alive == 0 || (past >= seconds && done))
            return;
        const int count = epoll_wait(poller, events, 256, 100);
        for (int i = 0; i < count; i++) {
            load_conn *const c = events[i].data.ptr;
            if (c->fd >= 0 && events[i].events & EPOLLOUT)
                send_messages(c, 0, 0);
            if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
                receive(c);
        }
    }
}

static void measure(void)
{
    run(0.1 < options.seconds ? 0.1 : options.seconds); /* until all is warm */
    const uint64_t errors = figures.errors;
    memset(&figures, 0, sizeof figures);
    figures.errors = errors;

    const uint64_t start = clock_ns(CLOCK_MONOTONIC), server = server_ns();
    run(options.seconds);
    const double seconds = (double)(clock_ns(CLOCK_MONOTONIC) - start) * 1e-9;
    const double server_s = (double)(server_ns() - server) * 1e-9;
    const double messages = figures.messages > 0 ? (double)figures.messages : 1;
    if (figures.messages == 0)
        figures.errors++;
    printf("messages=%.0f messages_per_s=%.0f p50_us=%.1f p99_us=%.1f p999_us=%.1f "
           "server_us_per_message=%.4f server_load=%.3f reply_bytes=%.1f errors=%.0f\n",
           messages, messages / seconds, percentile_us(0.5), percentile_us(0.99),
           percentile_us(0.999), server_s * 1e6 / messages, server_s / seconds,
           (double)figures.bytes / messages, (double)figures.errors);
}

static bool parse(const char *name, const char *value)
{
    if (strcmp(name, "--kind") == 0)
        return load_parse_kind(value, &options.kind);
    const double number = atof(value);
    if (strcmp(name, "--port") == 0)
        options.port = (int)number;
    else if (strcmp(name, "--server") == 0)
        options.server = (int)number;
    else if (strcmp(name, "--connections") == 0)
        options.connections = (size_t)number;
    else if (strcmp(name, "--depth") == 0)
        options.depth = (size_t)number;
    else if (strcmp(name, "--size") == 0)
        options.size = (size_t)number;
    else if (strcmp(name, "--seconds") == 0)
        options.seconds = number;
    else if (strcmp(name, "--deflate") == 0)
        options.deflate = number != 0;
    else
        return false;
    return number >= 0;
}

int main(int argc, char **argv)
{
    options = (load_options){.connections = 100, .depth = 1, .size = 1024, .seconds = 0.5};
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !parse(argv[i], argv[i + 1]) || options.depth == 0) {
            fprintf(stderr,
                    "usage: %s --port N [--server PID] [--connections 100] [--depth 1]\n"
                    "       [--size 1024] [--kind ascii|mixed|binary] [--deflate 0|1]\n"
                    "       [--seconds 0.5]\n",
                    argv[0]);
            return 2;
        }
    poller = epoll_create1(0);
    pool = load_pool_make(options.kind, options.size, options.depth, options.deflate);
    conns = calloc(options.connections, sizeof *conns);
    if (!conns)
        die("memory");
    for (size_t i = 0; i < options.connections; i++)
        open_conn(&conns[i]);
    for (size_t i = 0; i < options.connections; i++)
        send_messages(&conns[i], options.depth, clock_ns(CLOCK_MONOTONIC));
    measure();
    return figures.errors > 0;
}
