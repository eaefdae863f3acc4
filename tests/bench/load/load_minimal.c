/* SPDX-License-Identifier: MIT */
/* The least an echo server can do: what the kernel alone costs. Nothing is checked, no end is tidy.
 *
 * One recv, every whole frame of it unmasked into the output, one send. Use it for nothing else. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <weir/pieces.h>

#include "common.h"

#define ROOM 65536

typedef struct conn {
    int fd;
    int is_open;
    uint8_t *rest; /* of a frame that did not come whole */
    size_t rest_len;
    uint8_t *unsent;
    size_t unsent_len;
} conn;

static int poller;
static uint8_t input[16 * ROOM], output[16 * ROOM];

static void watch(conn *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = c}};
    epoll_ctl(poller, operation, c->fd, &event);
}

static void drop(conn *c)
{
    close(c->fd);
    free(c->rest);
    free(c->unsent);
    free(c);
}

static uint8_t *keep(uint8_t *old, const uint8_t *data, size_t len)
{
    uint8_t *const copy = len > 0 ? malloc(len) : NULL;
    if (copy)
        memcpy(copy, data, len);
    free(old);
    return copy;
}

static int send_output(conn *c, const uint8_t *data, size_t len)
{
    const ssize_t sent = send(c->fd, data, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return -1;
    const size_t done = sent > 0 ? (size_t)sent : 0;
    const int was_blocked = c->unsent_len > 0;
    c->unsent = keep(c->unsent, data + done, len - done);
    c->unsent_len = len - done;
    if (was_blocked != (c->unsent_len > 0))
        watch(c, EPOLL_CTL_MOD, c->unsent_len > 0 ? EPOLLOUT : EPOLLIN);
    return 0;
}

static size_t answer(uint8_t *request, size_t len)
{
    static const char key_name[] = "Sec-WebSocket-Key: ";
    char accept[29] = "";
    request[len] = '\0';
    const char *const key = strstr((const char *)request, key_name);
    if (!key || weir_accept_key(key + sizeof key_name - 1, 24, accept) != WEIR_OK)
        return 0;
    return (size_t)sprintf((char *)output,
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %.28s\r\n\r\n",
                           accept);
}

static void unmask(uint8_t *restrict out, const uint8_t *restrict in, const uint8_t *mask,
                   size_t len)
{
    uint64_t key, word;
    size_t i = 0;
    memcpy(&key, mask, 4);
    memcpy((uint8_t *)&key + 4, mask, 4);
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, in + i, 8);
        word ^= key;
        memcpy(out + i, &word, 8);
    }
    for (; i < len; i++)
        out[i] = in[i] ^ mask[i & 3];
}

/* Echo the whole frames; the bytes of the output, and in *used those of the input. */
static size_t echo(const uint8_t *in, size_t len, size_t *used)
{
    size_t at = 0, out = 0;
    while (len - at >= 14 || (len - at >= 6 && (in[at + 1] & 127) < 126)) {
        size_t head = 2, payload = in[at + 1] & 127;
        if (payload == 126) {
            head = 4;
            payload = (size_t)in[at + 2] << 8 | in[at + 3];
        } else if (payload == 127) {
            break; /* too large for this */
        }
        if (payload > len - at - head - 4)
            break;
        memcpy(output + out, in + at, head);
        output[out + 1] &= 127;
        unmask(output + out + head, in + at + head + 4, in + at + head, payload);
        at += head + 4 + payload;
        out += head + payload;
    }
    *used = at;
    return out;
}

static int serve(conn *c)
{
    size_t used = 0, out = 0;
    if (c->rest_len > 0)
        memcpy(input, c->rest, c->rest_len);
    const ssize_t got = recv(c->fd, input + c->rest_len, ROOM, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN ? 0 : -1;
    const size_t len = c->rest_len + (size_t)got;
    if (c->is_open) {
        out = echo(input, len, &used);
    } else if (memcmp(input + len - 4, "\r\n\r\n", 4) == 0) {
        out = answer(input, len);
        used = len;
        c->is_open = 1;
    }
    if (used < len || c->rest_len > 0)
        c->rest = keep(c->rest, input + used, len - used);
    c->rest_len = len - used;
    return out > 0 ? send_output(c, output, out) : 0;
}

int main(void)
{
    const int listener = listen_on("127.0.0.1", "0");
    conn self = {.fd = listener};
    poller = epoll_create1(0);
    watch(&self, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        struct epoll_event events[256];
        const int count = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < count; i++) {
            conn *c = events[i].data.ptr;
            if (c == &self) {
                c = calloc(1, sizeof *c);
                c->fd = accept_from(listener);
                watch(c, EPOLL_CTL_ADD, EPOLLIN);
            } else if ((c->unsent_len > 0 ? send_output(c, c->unsent, c->unsent_len) : serve(c)) <
                       0) {
                drop(c);
            }
        }
    }
}
