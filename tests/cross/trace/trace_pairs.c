/* SPDX-License-Identifier: MIT */
/* Traces of connections that talk to each other: compression, broadcast, random stories. */
#include <string.h>

#include "trace.h"

/* ---- Compression -----------------------------------------------------------------------------*/

static void pairs_open(void)
{
    trace_open(0, 's');
    trace_open(1, 'c');
    trace_join();
    trace_run();
}

static void pairs_talk(void)
{
    static const int types[] = {WEIR_TEXT,
                                WEIR_TEXT | WEIR_COMPRESS,
                                WEIR_BINARY | WEIR_AUTO,
                                WEIR_BINARY | WEIR_PLAIN,
                                WEIR_BINARY | WEIR_COMPRESS,
                                WEIR_TEXT | WEIR_AUTO};
    for (size_t i = 0; i < 14; i++) {
        weir_conn *const conn = trace.ends[i & 1].conn;
        const int type = types[trace_below(6)];
        const size_t len = (size_t)trace_below(i % 5 == 0 ? 20000 : 300);
        const uint8_t *const data =
            trace_below(4) ? trace_text + trace_below(1000) * 61 : trace_noise;
        trace_mix_status(weir_conn_send(conn, type, data, len));
        if (trace_below(3) == 0)
            trace_mix_status(weir_conn_send_ref(conn, type, data, len, i));
        if (trace_below(8) == 0)
            trace_mix_status(weir_conn_trim(conn));
        trace_run();
    }
}

void trace_compression(void)
{
    for (uint64_t level = WEIR_DEFLATE_COMPACT; level <= WEIR_DEFLATE_BEST; level++)
        for (uint64_t bits = 9; bits <= 15; bits += 2)
            for (uint64_t mode = WEIR_DEFLATE_ON; mode <= WEIR_DEFLATE_ALWAYS; mode++) {
                trace_begin();
                trace.config.deflate = mode;
                trace.config.deflate_level = level;
                trace.config.deflate_tx_bits = bits;
                trace.config.deflate_rx_bits = 9 + (bits + level) % 7;
                trace.config.deflate_tx_takeover = (bits + mode) % 3 != 0;
                trace.config.deflate_rx_takeover = (level + mode) % 3 != 0;
                trace.config.fragment_bytes = bits % 4 == 1 ? 500 : 65536;
                trace.config.deliver_chunks = level == 2;
                trace.answer = TRACE_ACCEPT_FIRST;
                pairs_open();
                pairs_talk();
                trace_end_all();
            }
}

/* ---- Broadcast -------------------------------------------------------------------------------*/

/* Servers and clients of one context, some of them with compression, get the same messages. */
static void pairs_broadcast(uint64_t mode)
{
    weir_message *message = NULL;
    trace_begin();
    trace.config.deflate = mode;
    trace.config.high_water_bytes = 9000;
    trace.config.low_water_bytes = 3000;
    trace.config.max_queued_bytes = 20000;
    pairs_open();
    for (size_t i = 2; i < TRACE_ENDS; i++)
        trace_open(i, i & 1 ? 'C' : 'S');
    for (size_t i = 0; i < 12; i++) {
        const size_t len = (size_t)trace_below(7000);
        trace_mix_status(weir_message_create(trace.context, i & 1 ? WEIR_TEXT : WEIR_BINARY,
                                             trace_text + 61 * i, len, &message));
        for (size_t e = 0; e < TRACE_ENDS && message != NULL; e++) {
            trace_mix_status(weir_conn_send_message(trace.ends[e].conn, message));
            if (trace_below(3) == 0)
                trace_take(&trace.ends[e], (size_t)trace_below(6000));
            if (trace_below(6) == 0)
                trace_settle(&trace.ends[e]);
        }
        weir_message_free(message);
        trace_run();
    }
    trace_end_all();
}

void trace_broadcast(void)
{
    for (uint64_t mode = WEIR_DEFLATE_OFF; mode <= WEIR_DEFLATE_ALWAYS; mode++)
        pairs_broadcast(mode);
}

/* ---- Random stories --------------------------------------------------------------------------*/

typedef struct pairs_story {
    weir_message *message;
    uint64_t now;
    uint64_t tokens;
} pairs_story;

static int pairs_type(void)
{
    const int type = (int)(1 + trace_below(2));
    return type | (int)(trace_below(4) << 4);
}

static void pairs_send(pairs_story *story, weir_conn *conn)
{
    const size_t len = (size_t)trace_below(trace_below(5) == 0 ? 30000 : 200);
    const uint8_t *const data =
        trace_below(5) ? trace_text + trace_below(1000) * 61 : trace_noise + trace_below(1000);
    int status = WEIR_OK;
    switch (trace_below(6)) {
    case 0:
        status = weir_conn_send_ref(conn, pairs_type(), data, len, ++story->tokens);
        break;
    case 1:
        status = weir_conn_send_message(conn, story->message);
        break;
    case 2:
        status = weir_conn_send_begin(conn, pairs_type());
        break;
    case 3:
        status = weir_conn_send_chunk(conn, data, len % 3000);
        break;
    case 4:
        status = weir_conn_send_end(conn, data, len % 1000);
        break;
    default:
        status = weir_conn_send(conn, pairs_type(), data, len);
        break;
    }
    trace_mix_status(status);
}

static void pairs_control(pairs_story *story, trace_end *end)
{
    switch (trace_below(6)) {
    case 0:
        trace_mix_status(weir_conn_ping(end->conn, trace_noise, (size_t)trace_below(127)));
        break;
    case 1:
        trace_mix_status(weir_conn_pong(end->conn, trace_text, (size_t)trace_below(126)));
        break;
    case 2:
        trace_mix_status(weir_conn_trim(end->conn));
        break;
    case 3:
        trace_mix_status(
            weir_conn_set(end->conn, WEIR_OPTION_MAX_MESSAGE_BYTES, 20000 + trace_below(100000)));
        break;
    case 4:
        story->now += trace_below(trace_below(3) == 0 ? 9000 : 300);
        trace_time(story->now);
        break;
    default:
        trace_mix_status(weir_conn_state(end->conn));
        break;
    }
}

static void pairs_end(trace_end *end)
{
    if (trace_below(40) == 0)
        trace_mix_status(weir_conn_close(end->conn, 1000 + (int)trace_below(4), "bye", 3));
    if (trace_below(400) == 0)
        end->eof |= 1;
    /* Who is done ends the transport. */
    if ((weir_conn_wants(end->conn) & (WEIR_WANT_SHUTDOWN_WRITE | WEIR_WANT_CLOSE)) != 0)
        end->other->eof |= 1;
}

static void pairs_step(pairs_story *story)
{
    trace_end *const end = &trace.ends[trace_below(2)];
    switch (trace_below(8)) {
    case 0:
    case 1:
        pairs_send(story, end->conn);
        break;
    case 2:
        pairs_control(story, end);
        break;
    case 3:
        pairs_end(end);
        break;
    case 4:
    case 5:
        trace_take(end, (size_t)trace_below(trace_below(4) == 0 ? 9 : 20000));
        break;
    default:
        trace_read(end, (size_t)trace_below(trace_below(4) == 0 ? 9 : 20000));
        break;
    }
}

static void pairs_configure(uint64_t number)
{
    trace_begin();
    trace.config.deflate = number % 4;
    trace.config.deflate_level = 1 + number % 3;
    trace.config.deflate_tx_takeover = number % 5 != 0;
    trace.config.deliver_chunks = number % 7 < 2;
    trace.config.fragment_bytes = number % 3 == 0 ? 300 : 65536;
    trace.config.high_water_bytes = 40000;
    trace.config.low_water_bytes = 5000;
    trace.config.max_queued_bytes = 60000;
    trace.config.http_events = number % 2;
    trace.one_event = number % 6 == 1;
    trace.answer = number % 9 == 8 ? TRACE_RESPOND : TRACE_ACCEPT_FIRST;
    trace.echo = number % 8 == 3;
}

static void pairs_script(uint64_t number)
{
    pairs_story story = {NULL, 1, 0};
    pairs_configure(number);
    trace_open(0, number % 3 == 2 ? 'S' : 's');
    trace_open(1, number % 3 == 2 ? 'C' : 'c');
    trace_join();
    trace_time(story.now);
    trace_mix_status(weir_message_create(trace.context, WEIR_TEXT | WEIR_AUTO, trace_text, 2000,
                                         &story.message));
    for (int i = 0; i < 300; i++)
        pairs_step(&story);
    trace_run();
    weir_message_free(story.message);
    trace_end_all();
}

void trace_scripts(void)
{
    for (uint64_t number = 0; number < 100; number++)
        pairs_script(number);
}

/* ---- Tiny ------------------------------------------------------------------------------------*/

/* What a device does: the tiny profile, a few messages each way, a close. */
static void pairs_tiny(uint64_t mode)
{
    trace_begin_tiny();
    trace.config.deflate = mode;
    trace.echo = mode == WEIR_DEFLATE_OFF;
    pairs_open();
    for (size_t i = 0; i < 10; i++) {
        weir_conn *const conn = trace.ends[trace.echo ? 1 : i & 1].conn;
        trace_mix_status(weir_conn_send(conn, i & 2 ? WEIR_TEXT : WEIR_BINARY, trace_text + 61 * i,
                                        (size_t)trace_below(600)));
        trace_mix_status(weir_conn_ping(conn, "beat", 4));
        trace_run();
    }
    trace_mix_status(weir_conn_close(trace.ends[0].conn, 1000, "done", 4));
    trace_run();
    trace_end_all();
}

void trace_tiny(void)
{
    for (uint64_t mode = WEIR_DEFLATE_OFF; mode <= WEIR_DEFLATE_PREFERRED; mode++)
        pairs_tiny(mode);
}
