/* SPDX-License-Identifier: MIT */
/* Sessions of messages for the codecs: a corpus, or one made up. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_codecs.h"

static void session_add(session *s, size_t len)
{
    s->sizes = realloc(s->sizes, (s->count + 1) * sizeof(size_t));
    s->sizes[s->count++] = len;
    s->longest = len > s->longest ? len : s->longest;
}

static void session_load(session *s, const char *folder, const char *name)
{
    char path[1024];
    uint8_t head[4];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(s->name, sizeof s->name, "%.*s", (int)strlen(name) - 3, name);
    FILE *const file = fopen(path, "rb");
    if (!file)
        bench_die(path);
    while (fread(head, 1, 4, file) == 4) {
        const size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
        s->data = realloc(s->data, s->len + len);
        if (fread(s->data + s->len, 1, len, file) != len)
            bench_die(path);
        s->len += len;
        session_add(s, len);
    }
    fclose(file);
}

/* Ticks of a market, in JSON. */
static void session_invent(session *s)
{
    strcpy(s->name, "invented");
    s->data = malloc(1000 * 200);
    for (int i = 0; i < 1000; i++) {
        const uint64_t r = bench_random();
        const int len =
            snprintf((char *)s->data + s->len, 200,
                     "{\"e\":\"trade\",\"s\":\"%cBTC\",\"p\":\"%u.%02u\",\"q\":\"0.%06u\","
                     "\"t\":%d}",
                     'A' + (int)(r % 7), 6000 + (unsigned)(r >> 8 & 63), (unsigned)(r >> 16 & 63),
                     (unsigned)(r >> 32 & 0xFFFF), 1700000000 + i);
        s->len += (size_t)len;
        session_add(s, (size_t)len);
    }
}

static int session_compare(const void *a, const void *b)
{
    return strcmp(((const session *)a)->name, ((const session *)b)->name);
}

static size_t session_find(session *sessions)
{
    const char *const folder = getenv("WEIR_CORPUS");
    size_t n = 0;
    DIR *const dir = folder ? opendir(folder) : NULL;
    if (!dir) {
        session_invent(&sessions[0]);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && n < SESSION_MAX;) {
        const size_t len = strlen(entry->d_name);
        if (len > 3 && strcmp(entry->d_name + len - 3, ".ws") == 0)
            session_load(&sessions[n++], folder, entry->d_name);
    }
    closedir(dir);
    qsort(sessions, n, sizeof *sessions, session_compare);
    return n;
}

const session *session_all(size_t *count)
{
    static session sessions[SESSION_MAX];
    static size_t n;
    if (n == 0)
        n = session_find(sessions);
    if (n == 0)
        bench_die("no *.ws in WEIR_CORPUS");
    *count = n;
    return sessions;
}

size_t session_room(size_t len, size_t count)
{
    return 2 * len + 100 * count + 1000;
}
