/* SPDX-License-Identifier: MIT */
/* What the examples need and WebSocket has no part in: time, entropy, options, signals, sockets. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The timeout for poll or epoll_wait until a time of now_ms; UINT64_MAX is never. */
static inline int ms_until(uint64_t due, uint64_t now)
{
    if (due == UINT64_MAX)
        return -1;
    if (due <= now)
        return 0;
    return due - now < INT_MAX ? (int)(due - now) : INT_MAX;
}

static inline void fill_random(void *out, size_t len)
{
    const int fd = open("/dev/urandom", O_RDONLY);
    if (fd < 0 || read(fd, out, len) != (ssize_t)len)
        die("/dev/urandom");
    close(fd);
}

static inline void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* ---- Options ---------------------------------------------------------------------------------*/

static inline bool parse_number(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static inline bool parse_seconds(const char *text, uint64_t *ms)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 1e9))
        return false;
    *ms = (uint64_t)(seconds * 1000);
    return true;
}

/* ---- Signals ---------------------------------------------------------------------------------*/

static int stop_pipe[2];

static inline void on_stop_signal(int number)
{
    const int saved = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) < 0) {
        /* full: the loop has been told already */
    }
    errno = saved;
}

/* A descriptor that becomes readable on SIGTERM or SIGINT; SIGPIPE is ignored from now on. */
static inline int stop_signals(void)
{
    if (pipe(stop_pipe) != 0)
        die("pipe");
    set_nonblocking(stop_pipe[1]);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_stop_signal;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return stop_pipe[0];
}

/* ---- Sockets ---------------------------------------------------------------------------------*/

/* Small frames leave at once, and no call on the socket waits. */
static inline int prepare_socket(int fd)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    set_nonblocking(fd);
    return fd;
}

/* The next caller's socket; -1: there is none. When no descriptor is left the caller is hung up on,
 * by help of a spare one: accept would fail, and the caller would go on knocking. */
static inline int accept_from(int listener)
{
    static int spare = -1;
    if (spare < 0)
        spare = open("/dev/null", O_RDONLY);
    const int fd = accept(listener, NULL, NULL);
    if (fd >= 0)
        return prepare_socket(fd);
    if (errno == EMFILE || errno == ENFILE) {
        close(spare);
        close(accept(listener, NULL, NULL));
        spare = open("/dev/null", O_RDONLY);
    }
    return -1;
}

static inline struct addrinfo *resolve(const char *host, const char *port, int flags)
{
    struct addrinfo hints, *found;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    const int error = getaddrinfo(host, port, &hints, &found);
    if (error == 0)
        return found;
    fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
    exit(1);
}

/* Listen, and say where: port 0 is any free one. */
static inline int listen_on(const char *host, const char *port)
{
    struct addrinfo *const at = resolve(host, port, AI_PASSIVE);
    const int on = 1;
    const int fd = socket(at->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0)
        die(host);
    set_nonblocking(fd);

    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    char number[8];
    getsockname(fd, (struct sockaddr *)&bound, &len);
    getnameinfo((struct sockaddr *)&bound, len, NULL, 0, number, sizeof number, NI_NUMERICSERV);
    printf(at->ai_family == AF_INET6 ? "listening on [%s]:%s\n" : "listening on %s:%s\n", host,
           number);
    fflush(stdout);
    freeaddrinfo(at);
    return fd;
}

/* Connect to the first address that answers. */
static inline int connect_to(const char *host, size_t host_len, unsigned port)
{
    char name[256], number[16];
    snprintf(name, sizeof name, "%.*s", (int)host_len, host);
    snprintf(number, sizeof number, "%u", port);
    struct addrinfo *const list = resolve(name, number, 0);
    int fd = -1;
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM, 0);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0)
        die(name);
    return prepare_socket(fd);
}

#endif
