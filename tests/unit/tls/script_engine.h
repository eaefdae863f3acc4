/* SPDX-License-Identifier: MIT */
/* An engine that does as it is told, and a connection on it. */
#ifndef WEIR_TESTS_SCRIPT_ENGINE_H
#define WEIR_TESTS_SCRIPT_ENGINE_H

#include <stdlib.h>
#include <string.h>

#include <weir/tls.h>

#include "support/test.h"

typedef struct script {
    int handshake, read, write, close; /* what the next calls return */
    size_t read_len;                   /* zeros that a read gives, once */
    size_t takes;                      /* bytes of input that a call takes */
    size_t most;                       /* bytes of a write that are taken */
    size_t makes;                      /* bytes that a handshake puts out */
    const uint8_t *gives;              /* [gives_len] what the next reads give instead */
    size_t gives_len;
    bool swallows;   /* a write puts out nothing */
    bool notifies;   /* close puts out a byte */
    bool is_open;    /* its handshake is done */
    bool failed;     /* it returned an error */
    unsigned calls;  /* after that */
    unsigned writes; /* that took something */
    size_t longest;  /* of them */
    unsigned freed;
} script;

/* As many bytes of the input as a call takes; there need be none to point to. */
static inline void script_take(const script *s, weir_tls_wire *wire)
{
    const size_t taken = s->takes < wire->in_len ? s->takes : wire->in_len;
    if (taken == 0)
        return;
    wire->in += taken;
    wire->in_len -= taken;
}

/* Return what it is told to. */
static inline int script_step(script *s, int step)
{
    s->failed |= step < 0;
    return step;
}

static inline int script_handshake(void *session, weir_tls_wire *wire)
{
    script *const s = session;
    s->calls += s->failed;
    script_take(s, wire);
    memset(wire->out + wire->out_len, 'h', s->makes);
    wire->out_len += s->makes;
    s->makes = 0;
    s->is_open = s->handshake == WEIR_TLS_DONE;
    return script_step(s, s->handshake);
}

static inline int script_read(void *session, weir_tls_wire *wire, void *data, size_t cap,
                              size_t *len)
{
    script *const s = session;
    s->calls += s->failed;
    assert_true(s->is_open);
    script_take(s, wire);
    if (s->gives_len > 0) {
        *len = s->gives_len < cap ? s->gives_len : cap;
        memcpy(data, s->gives, *len);
        s->gives += *len;
        s->gives_len -= *len;
        return WEIR_TLS_DONE;
    }
    if (s->read_len == 0)
        return script_step(s, s->read);
    *len = s->read_len < cap ? s->read_len : cap;
    memset(data, 0, *len);
    s->read_len -= *len;
    return WEIR_TLS_DONE;
}

/* Input is there during a call with input alone. */
static inline void script_assert_sends(const script *s, const weir_tls_wire *wire)
{
    assert_true(s->is_open);
    assert_null(wire->in);
    assert_int_equal(wire->in_len, 0);
}

static inline int script_write(void *session, weir_tls_wire *wire, const void *data, size_t len,
                               size_t *used)
{
    script *const s = session;
    s->calls += s->failed;
    script_assert_sends(s, wire);
    assert_true(len > 0);
    if (s->write != WEIR_TLS_DONE)
        return script_step(s, s->write);
    *used = s->most < len ? s->most : len;
    assert_true(wire->out_cap - wire->out_len >= *used);
    memmove(wire->out + wire->out_len, data, *used);
    wire->out_len += s->swallows ? 0 : *used;
    s->writes += *used > 0;
    s->longest = *used > s->longest ? *used : s->longest;
    return WEIR_TLS_DONE;
}

static inline int script_close(void *session, weir_tls_wire *wire)
{
    script *const s = session;
    s->calls += s->failed;
    script_assert_sends(s, wire);
    if (s->notifies)
        wire->out[wire->out_len++] = 'N';
    return script_step(s, s->close);
}

static inline int script_text(const void *session, int id, weir_text *text)
{
    (void)session, (void)id, (void)text;
    return WEIR_E_NOT_FOUND;
}

static inline uint32_t script_number(const void *session, int id)
{
    (void)session;
    return (uint32_t)id;
}

static inline int script_save(void *session, void *data, size_t cap, size_t *len)
{
    script *const s = session;
    (void)data, (void)cap;
    s->calls += s->failed;
    *len = 7;
    return WEIR_E_SHORT;
}

static inline void script_free(void *session)
{
    ((script *)session)->freed++;
}

static const weir_tls_engine script_engine = {
    sizeof(weir_tls_engine),
    32,
    script_handshake,
    script_read,
    script_write,
    script_close,
    script_text,
    script_number,
    script_save,
    script_free,
};

typedef struct scene {
    script script;
    void *memory;
    weir_context *weir;
    weir_conn *conn;
    weir_tls *tls;
} scene;

static inline void scene_make(scene *s, weir_allocate allocate, void *user)
{
    weir_config config;
    memset(s, 0, sizeof *s);
    s->script = (script){.takes = SIZE_MAX, .most = SIZE_MAX, .read = WEIR_TLS_WANT_INPUT};
    s->memory = malloc(weir_tls_size(4096));
    weir_config_init(&config, sizeof config);
    config.allocate = allocate;
    config.allocate_user = user;
    assert_int_equal(weir_context_create(&config, &s->weir), WEIR_OK);
    assert_int_equal(weir_conn_create_established(s->weir, WEIR_SERVER, &s->conn), WEIR_OK);
    assert_int_equal(
        weir_tls_init(s->memory, weir_tls_size(4096), &script_engine, &s->script, s->conn, &s->tls),
        WEIR_OK);
}

/* The same without a connection, which may be attached. */
static inline void scene_make_alone(scene *s)
{
    scene_make(s, NULL, NULL);
    weir_tls_free(s->tls);
    s->script.freed = 0;
    assert_int_equal(
        weir_tls_init(s->memory, weir_tls_size(4096), &script_engine, &s->script, NULL, &s->tls),
        WEIR_OK);
}

/* The context goes with the last of its connections. */
static inline void scene_free(scene *s)
{
    weir_tls_free(s->tls);
    assert_int_equal(s->script.freed, 1);
    assert_int_equal(s->script.calls, 0);
    weir_conn_free(s->conn);
    weir_context_free(s->weir);
    free(s->memory);
}

/* Give a handshake byte, so that the engine is past it. */
static inline void scene_open(scene *s)
{
    weir_event events[4];
    size_t used;
    assert_int_equal(weir_tls_receive(s->tls, "\x16", 1, &used, events, 4), 0);
    assert_int_equal(used, 1);
    assert_int_equal(weir_tls_state(s->tls), WEIR_TLS_OPEN);
}

static inline int scene_end(scene *s)
{
    weir_event events[4];
    const int count = weir_tls_events(s->tls, events, 4);
    assert_int_equal(count, 1);
    assert_int_equal(events[0].type, WEIR_EVENT_CLOSED);
    return events[0].cause;
}

/* Masked by zeros, of a client. */
static const uint8_t two_messages[] = {0x81, 0x81, 0, 0, 0, 0, '1', 0x81, 0x81, 0, 0, 0, 0, '2'};

static inline void scene_gives(scene *s, const uint8_t *data, size_t len)
{
    s->script.gives = data;
    s->script.gives_len = len;
}

#endif
