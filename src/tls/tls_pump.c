/* SPDX-License-Identifier: MIT */
/* The pump: moves ciphertext to and from any engine, plaintext to and from a connection. */
#include <weir/tls.h>

#ifdef WEIR_TLS

#include <string.h>

/* Place that plaintext never takes, so that an alert, a close_notify or an answer to a key update
 * finds some however slow the transport is. */
#define TLS_PUMP_RESERVE 512
#define TLS_PUMP_MIN_OUTPUT 2048
#define TLS_PUMP_MAX_OVERHEAD 512
#define TLS_PUMP_RECORD 16384 /* RFC 8446 5.1: most plaintext of one record */
#define TLS_PUMP_SPANS 16

struct weir_tls {
    const weir_tls_engine *engine;
    void *session;
    weir_conn *conn;    /* NULL: the plaintext is the caller's */
    weir_tls_wire wire; /* its input is there only during a call */
    size_t out_at;      /* bytes of the output that the transport has taken */
    size_t plain_left;  /* plaintext in the connection's input buffer that it has not taken */
    int ending;         /* why the engine has no more plaintext; WEIR_TLS_DONE: it may have */
    int cause;          /* the same once all plaintext before it has been taken: TLS is over */
    bool is_open;       /* the handshake is done */
    bool started;       /* the engine was asked for its first bytes */
    bool heard;         /* bytes of the peer came */
    bool more;          /* the engine may have plaintext without new input */
    bool is_blocked;    /* it may once output has left */
    bool is_broken;     /* the engine failed: nothing more is asked of it */
    bool holds_byte;    /* the last byte of a connection that closes is in the output */
    bool eof;           /* the transport has ended */
    bool closing;       /* close_notify is wanted */
    bool closed;        /* close_notify is in the output */
};

/* ---- Making it -------------------------------------------------------------------------------*/

size_t weir_tls_size(size_t output_bytes)
{
    if (output_bytes < TLS_PUMP_MIN_OUTPUT || output_bytes > SIZE_MAX / 2)
        return 0;
    return sizeof(weir_tls) + output_bytes;
}

int weir_tls_init(void *memory, size_t len, const weir_tls_engine *engine, void *session,
                  weir_conn *conn, weir_tls **tls)
{
    if (tls)
        *tls = NULL;
    if (!tls || !memory || !engine)
        return WEIR_E_ARGUMENT;
    if (engine->size != sizeof *engine || engine->overhead > TLS_PUMP_MAX_OVERHEAD)
        return WEIR_E_SIZE;
    if (len < sizeof(weir_tls) + TLS_PUMP_MIN_OUTPUT)
        return WEIR_E_SHORT;
    weir_tls *const made = (weir_tls *)memory;
    memset(made, 0, sizeof *made);
    made->engine = engine;
    made->session = session;
    made->conn = conn;
    made->wire.out = (uint8_t *)memory + sizeof *made;
    made->wire.out_cap = len - sizeof *made;
    *tls = made;
    return WEIR_OK;
}

void weir_tls_free(weir_tls *tls)
{
    if (tls)
        tls->engine->free(tls->session);
}

int weir_tls_attach(weir_tls *tls, weir_conn *conn)
{
    if (!tls || !conn)
        return WEIR_E_ARGUMENT;
    if (tls->conn || tls->cause != WEIR_TLS_DONE)
        return WEIR_E_STATE;
    tls->conn = conn;
    tls->more = tls->is_open;
    return WEIR_OK;
}

/* ---- The end ---------------------------------------------------------------------------------*/

/* The first end stays. After an error the engine gives nothing more. */
static void tls_pump_note(weir_tls *tls, int step)
{
    if (tls->ending == WEIR_TLS_DONE && (step < 0 || step == WEIR_TLS_CLOSED))
        tls->ending = step;
    if (step < 0)
        tls->more = false;
}

/* What the engine said. */
static void tls_pump_hear(weir_tls *tls, int step)
{
    tls->is_broken |= step < 0;
    tls_pump_note(tls, step);
}

/* Its Close and close_notify may come together: the answer to the Close leaves first, for which the
 * connection has a deadline. */
static bool tls_pump_is_answering(const weir_tls *tls)
{
    return tls->ending == WEIR_TLS_CLOSED && !tls->eof && !tls->closed && tls->conn &&
           weir_conn_state(tls->conn) == WEIR_CLOSING &&
           (weir_conn_wants(tls->conn) & WEIR_WANT_OUTPUT);
}

/* Tell the end once the connection has taken all that came before it. */
static void tls_pump_tell(weir_tls *tls)
{
    if (tls->cause != WEIR_TLS_DONE || tls->plain_left > 0 || tls->more ||
        tls_pump_is_answering(tls))
        return;
    if (tls->eof)
        tls_pump_note(tls, tls->is_open ? WEIR_TLS_E_TRUNCATED : WEIR_TLS_E_BROKEN_OFF);
    if (tls->ending == WEIR_TLS_DONE)
        return;
    tls->cause = tls->ending;
    if (tls->conn)
        weir_conn_receive_eof(tls->conn);
}

/* ---- Ciphertext in, plaintext out ------------------------------------------------------------*/

static void tls_pump_handshake(weir_tls *tls)
{
    if (tls->is_open || tls->ending != WEIR_TLS_DONE)
        return;
    const int step = tls->engine->handshake(tls->session, &tls->wire);
    tls->started = true;
    tls->is_open = step == WEIR_TLS_DONE;
    tls->more = tls->is_open && tls->conn; /* an engine may have taken more than its handshake */
    tls_pump_hear(tls, step == WEIR_TLS_CLOSED ? (int)WEIR_TLS_E_BROKEN_OFF : step);
}

/* Decrypt into the place where the connection wants its input; whether there is any. To ask for the
 * place voids that of another connection: only for something to decrypt. */
static bool tls_pump_fill(weir_tls *tls)
{
    if (!tls->is_open || tls->ending != WEIR_TLS_DONE || (tls->wire.in_len == 0 && !tls->more))
        return false;
    size_t room, len;
    uint8_t *const place = (uint8_t *)weir_conn_input_buffer(tls->conn, &room);
    if (!place) { /* out of memory: the connection has ended itself */
        tls_pump_note(tls, WEIR_E_MEMORY);
        return false;
    }
    int step = WEIR_TLS_DONE;
    while (step == WEIR_TLS_DONE && tls->plain_left < room) {
        len = 0;
        step = tls->engine->read(tls->session, &tls->wire, place + tls->plain_left,
                                 room - tls->plain_left, &len);
        tls->plain_left += len;
    }
    tls->more = step == WEIR_TLS_DONE;
    tls->is_blocked = step == WEIR_TLS_WANT_OUTPUT;
    tls_pump_hear(tls, step);
    return tls->plain_left > 0;
}

/* Where the connection knows only that the transport ended, TLS may know why. */
static int tls_pump_name(const weir_tls *tls, weir_event *events, int count)
{
    for (int i = 0; i < count; i++)
        if (events[i].type == WEIR_EVENT_CLOSED && events[i].cause == WEIR_E_TRANSPORT &&
            tls->cause < 0)
            events[i].cause = tls->cause;
    return count;
}

/* Another connection was given input first, in the place of what is left: that is lost, which no
 * other end is to hide. */
static void tls_pump_lose(weir_tls *tls)
{
    tls->more = false;
    tls->ending = WEIR_E_STATE;
}

/* Only the events of one call on the connection: the next one voids their data. */
static int tls_pump_move(weir_tls *tls, weir_event *events, size_t cap)
{
    int count = 0;
    size_t used;
    while (count == 0 && (tls->plain_left > 0 || tls_pump_fill(tls))) {
        count = weir_conn_input_filled(tls->conn, tls->plain_left, &used, events, cap);
        tls->plain_left -= used;
        if (count < 0)
            tls_pump_lose(tls);
    }
    if (count > 0)
        return count;
    tls_pump_tell(tls);
    count = weir_conn_events(tls->conn, events, cap);
    return tls_pump_name(tls, events, count);
}

static int tls_pump_receive(weir_tls *tls, weir_event *events, size_t cap)
{
    tls_pump_handshake(tls);
    if (tls->conn)
        return tls_pump_move(tls, events, cap);
    tls_pump_tell(tls);
    return 0;
}

/* RFC 8446 5.1: the first byte is the type of a record, at the start that of a handshake message
 * or an alert. */
static void tls_pump_look(weir_tls *tls)
{
    if (!tls->heard && tls->wire.in[0] != 22 && tls->wire.in[0] != 21)
        tls_pump_note(tls, WEIR_TLS_E_NOT_TLS);
    tls->heard = true;
}

/* What no event holds up waits for output; it is not kept for a peer that takes none. */
static bool tls_pump_is_stuck(const weir_tls *tls, int count)
{
    if (tls->wire.in_len == 0 || count != 0 || tls->ending != WEIR_TLS_DONE)
        return false;
    return tls->conn || !tls->is_open;
}

int weir_tls_receive(weir_tls *tls, const void *data, size_t len, size_t *used, weir_event *events,
                     size_t cap)
{
    if (used)
        *used = len;
    if (!tls || !used || (!data && len > 0))
        return WEIR_E_ARGUMENT;
    if (tls->conn && (!events || cap == 0))
        return WEIR_E_ARGUMENT;
    tls->wire.in = (const uint8_t *)data;
    tls->wire.in_len = len;
    if (len > 0)
        tls_pump_look(tls);
    int count = tls_pump_receive(tls, events, cap);
    if (tls_pump_is_stuck(tls, count)) {
        tls_pump_note(tls, WEIR_TLS_E_BLOCKED);
        count = tls_pump_receive(tls, events, cap);
    }
    if (tls->ending != WEIR_TLS_DONE)
        tls->wire.in_len = 0;
    *used = len - tls->wire.in_len;
    tls->wire.in = NULL;
    tls->wire.in_len = 0;
    return count;
}

int weir_tls_events(weir_tls *tls, weir_event *events, size_t cap)
{
    size_t used;
    return weir_tls_receive(tls, NULL, 0, &used, events, cap);
}

int weir_tls_receive_eof(weir_tls *tls)
{
    if (!tls)
        return WEIR_E_ARGUMENT;
    tls->eof = true;
    tls_pump_tell(tls);
    return WEIR_OK;
}

/* ---- Plaintext in, ciphertext out ------------------------------------------------------------*/

/* Most plaintext for which there is place. */
static size_t tls_pump_room(const weir_tls *tls)
{
    const size_t place = tls->wire.out_cap - tls->wire.out_len;
    const size_t other = tls->engine->overhead + TLS_PUMP_RESERVE;
    return place > other ? place - other : 0;
}

/* Make a record of some of the bytes, at least 1; returns how many. */
static size_t tls_pump_record(weir_tls *tls, const void *data, size_t len)
{
    const size_t room = tls_pump_room(tls);
    size_t used = 0;
    if (len > TLS_PUMP_RECORD)
        len = TLS_PUMP_RECORD;
    if (len > room) {
        if (tls->wire.out_len > 0)
            return 0; /* rather wait than make a short record */
        len = room;
    }
    tls_pump_hear(tls, tls->engine->write(tls->session, &tls->wire, data, len, &used));
    return used;
}

/* The bytes of the next record: one span or, gathered at the far end of the output, small ones. */
static weir_span tls_pump_gather(const weir_tls *tls, const weir_span *spans, int count)
{
    const size_t room = tls_pump_room(tls) / 2; /* the record is made in the other half */
    const size_t limit = room < TLS_PUMP_RECORD ? room : TLS_PUMP_RECORD;
    size_t len = 0;
    int whole = 0;
    while (whole < count && spans[whole].len <= limit - len)
        len += spans[whole++].len;
    if (whole < 2)
        return spans[0];
    uint8_t *const start = tls->wire.out + tls->wire.out_cap - len;
    uint8_t *at = start;
    for (int i = 0; i < whole; at += spans[i++].len)
        memcpy(at, spans[i].data, spans[i].len);
    return (weir_span){start, len};
}

static bool tls_pump_waits(const weir_tls *tls)
{
    return tls->wire.out_len > tls->out_at;
}

/* All has left: the connection, if it still goes on, may know. */
static void tls_pump_release(weir_tls *tls)
{
    weir_span span;
    if (!tls->holds_byte || tls_pump_waits(tls))
        return;
    tls->holds_byte = false;
    if (weir_conn_output(tls->conn, &span, 1) > 0)
        weir_conn_sent(tls->conn, 1);
}

/* A connection that closes is over, and its transport closed, once its last byte has left: that it
 * is in the output is too early. Its deadline for closing goes on meanwhile. */
static bool tls_pump_encrypt(weir_tls *tls)
{
    weir_span spans[TLS_PUMP_SPANS];
    size_t all = 0;
    tls_pump_release(tls);
    if (tls->closed || tls->ending < 0 || tls->holds_byte)
        return false;
    const int count = weir_conn_output(tls->conn, spans, TLS_PUMP_SPANS);
    if (count <= 0)
        return false;
    for (int i = 0; i < count; i++)
        all += spans[i].len;
    const weir_span next = tls_pump_gather(tls, spans, count);
    const size_t used = tls_pump_record(tls, next.data, next.len);
    tls->holds_byte = used == all && weir_conn_state(tls->conn) == WEIR_CLOSING;
    weir_conn_sent(tls->conn, used - (size_t)tls->holds_byte);
    return used > 0;
}

/* Whether close_notify is due: the connection is over, the peer's came, or it was asked for and all
 * before it is encrypted. */
static bool tls_pump_must_close(const weir_tls *tls)
{
    if (!tls->is_open || tls->closed || tls->ending < 0)
        return false;
    if (!tls->conn)
        return tls->closing;
    if (tls->cause == WEIR_TLS_CLOSED || weir_conn_state(tls->conn) == WEIR_CLOSED)
        return true;
    const uint32_t wants = weir_conn_wants(tls->conn);
    return !(wants & WEIR_WANT_OUTPUT) && (tls->closing || wants & WEIR_WANT_SHUTDOWN_WRITE);
}

int weir_tls_output(weir_tls *tls, weir_span *spans, size_t cap)
{
    if (!tls || (!spans && cap > 0))
        return WEIR_E_ARGUMENT;
    weir_tls_wire *const wire = &tls->wire;
    if (tls->out_at > 0)
        memmove(wire->out, wire->out + tls->out_at, wire->out_len - tls->out_at);
    wire->out_len -= tls->out_at;
    tls->out_at = 0;
    tls_pump_handshake(tls);
    tls_pump_tell(tls);
    while (tls->is_open && tls->conn && tls_pump_encrypt(tls)) {
    }
    if (tls_pump_must_close(tls)) {
        const int step = tls->engine->close(tls->session, wire);
        tls->closed = step != WEIR_TLS_WANT_OUTPUT;
        tls_pump_hear(tls, step);
        tls_pump_tell(tls);
    }
    if (wire->out_len == 0 || cap == 0)
        return 0;
    spans[0] = (weir_span){wire->out, wire->out_len};
    return 1;
}

int weir_tls_sent(weir_tls *tls, size_t len)
{
    if (!tls || len > tls->wire.out_len - tls->out_at)
        return WEIR_E_ARGUMENT;
    tls->out_at += len;
    if (tls->out_at == tls->wire.out_len)
        tls->out_at = tls->wire.out_len = 0;
    tls->more |= tls->is_blocked && len > 0;
    tls->is_blocked &= len == 0;
    tls_pump_release(tls);
    return WEIR_OK;
}

/* ---- What is waited for ----------------------------------------------------------------------*/

static uint32_t tls_pump_wants_with_conn(const weir_tls *tls, bool waits)
{
    const uint32_t own = weir_conn_wants(tls->conn);
    uint32_t wants = own & (WEIR_WANT_EVENTS | WEIR_WANT_CLOSE);
    if (tls->plain_left > 0 || tls->more ||
        (tls->cause == WEIR_TLS_DONE && !tls_pump_is_answering(tls) &&
         (tls->ending != WEIR_TLS_DONE || tls->eof)))
        wants |= WEIR_WANT_EVENTS;
    if (tls->is_open)
        wants |= own & WEIR_WANT_INPUT;
    else if (!(own & WEIR_WANT_CLOSE))
        wants |= WEIR_WANT_INPUT;
    if (tls->is_open && !tls->closed)
        wants |= own & WEIR_WANT_OUTPUT;
    if (tls->closed && !waits)
        wants |= own & WEIR_WANT_SHUTDOWN_WRITE;
    return wants;
}

static uint32_t tls_pump_wants_alone(const weir_tls *tls, bool waits)
{
    uint32_t wants = tls->cause == WEIR_TLS_DONE ? WEIR_WANT_INPUT : 0;
    if (tls->closed && !waits)
        wants |= WEIR_WANT_SHUTDOWN_WRITE;
    if (tls->cause < 0 || (tls->cause == WEIR_TLS_CLOSED && tls->closed && !waits))
        wants |= WEIR_WANT_CLOSE;
    return wants;
}

uint32_t weir_tls_wants(const weir_tls *tls)
{
    if (!tls)
        return WEIR_WANT_CLOSE;
    const bool waits = tls_pump_waits(tls);
    uint32_t wants =
        tls->conn ? tls_pump_wants_with_conn(tls, waits) : tls_pump_wants_alone(tls, waits);
    if (waits || tls_pump_must_close(tls) || (!tls->started && tls->ending == WEIR_TLS_DONE))
        wants |= WEIR_WANT_OUTPUT;
    return wants;
}

/* ---- Without a connection --------------------------------------------------------------------*/

int weir_tls_read(weir_tls *tls, const void *data, size_t len, size_t *used, void *plain,
                  size_t cap, size_t *plain_len)
{
    if (!tls || !used || !plain_len || !plain || cap == 0 || (!data && len > 0))
        return WEIR_E_ARGUMENT;
    *used = *plain_len = 0;
    if (tls->conn || (!tls->is_open && tls->cause == WEIR_TLS_DONE))
        return WEIR_E_STATE;
    if (tls->cause != WEIR_TLS_DONE) {
        *used = len;
        return tls->cause;
    }
    tls->wire.in = (const uint8_t *)data;
    tls->wire.in_len = len;
    const int step = tls->engine->read(tls->session, &tls->wire, plain, cap, plain_len);
    *used = len - tls->wire.in_len;
    tls->wire.in = NULL;
    tls->wire.in_len = 0;
    tls->more = step == WEIR_TLS_DONE;
    tls_pump_hear(tls, step);
    tls_pump_tell(tls);
    return step;
}

int weir_tls_write(weir_tls *tls, const void *data, size_t len, size_t *used)
{
    if (!tls || !used || (!data && len > 0))
        return WEIR_E_ARGUMENT;
    *used = 0;
    if (tls->ending < 0)
        return tls->ending;
    if (tls->conn || !tls->is_open || tls->closing)
        return WEIR_E_STATE;
    size_t taken = 1;
    while (*used < len && taken > 0) {
        taken = tls_pump_record(tls, (const uint8_t *)data + *used, len - *used);
        *used += taken;
    }
    tls_pump_tell(tls);
    if (tls->ending < 0)
        return tls->ending;
    return *used == len ? WEIR_TLS_DONE : WEIR_TLS_WANT_OUTPUT;
}

int weir_tls_close(weir_tls *tls)
{
    if (!tls)
        return WEIR_E_ARGUMENT;
    tls->closing = true;
    if (!tls->is_open) {
        tls_pump_note(tls, WEIR_TLS_E_BROKEN_OFF);
        tls_pump_tell(tls);
    }
    return WEIR_OK;
}

/* ---- What was agreed, and how it ended -------------------------------------------------------*/

int weir_tls_state(const weir_tls *tls)
{
    if (!tls || tls->cause != WEIR_TLS_DONE)
        return WEIR_TLS_OVER;
    return tls->is_open ? WEIR_TLS_OPEN : WEIR_TLS_OPENING;
}

int weir_tls_cause(const weir_tls *tls)
{
    return tls ? tls->cause : WEIR_E_ARGUMENT;
}

int weir_tls_text(const weir_tls *tls, int id, weir_text *text)
{
    if (!tls || !text)
        return WEIR_E_ARGUMENT;
    return tls->is_open ? tls->engine->text(tls->session, id, text) : WEIR_E_NOT_FOUND;
}

uint32_t weir_tls_number(const weir_tls *tls, int id)
{
    return tls ? tls->engine->number(tls->session, id) : 0;
}

int weir_tls_save(weir_tls *tls, void *data, size_t cap, size_t *len)
{
    if (!tls || !len || (!data && cap > 0))
        return WEIR_E_ARGUMENT;
    *len = 0;
    if (!tls->is_open || tls->is_broken)
        return WEIR_E_NOT_FOUND;
    return tls->engine->save(tls->session, data, cap, len);
}

int weir_tls_report(const weir_tls *tls, weir_report *report, size_t size)
{
    if (!tls)
        return WEIR_E_ARGUMENT;
    if (!tls->conn)
        return WEIR_E_STATE;
    const int status = weir_conn_report(tls->conn, report, size);
    if (status != WEIR_OK || report->cause != WEIR_E_TRANSPORT || tls->cause >= 0)
        return status;
    report->cause = tls->cause;
    report->text = (weir_text){weir_tls_status_text(tls->cause), 0};
    while (report->text.data[report->text.len])
        report->text.len++;
    return WEIR_OK;
}

#endif
