/* SPDX-License-Identifier: MIT */
/* Wire traces that must be the same on every platform: one hash for each, of all that came out.
 *
 * Needs nothing of libc but memcpy, memmove, memset and memcmp, and a way to print a line. What
 * depends on the size of a pointer is not hashed: addresses, memory held, how output lies in spans.
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <weir/weir.h>

/* Bytes of the block that contexts live in; all other memory is static. */
#ifndef TRACE_ARENA
#define TRACE_ARENA (1536u << 10)
#endif

#define TRACE_TEXT 140000u /* bytes of trace_text and of trace_noise */

/* Print a line; of the platform. */
void trace_print(const char *line);

/* Run all traces. 0, or 1 when a trace could not be run. */
int trace_main(void);

/* ---- Hash and dice ---------------------------------------------------------------------------*/

void trace_mix(const void *data, size_t len);
void trace_mix_text(weir_text text);
void trace_mix_number(uint64_t number);
void trace_mix_status(int status);

void trace_seed(uint64_t seed);
uint64_t trace_below(uint64_t limit); /* 0..limit-1, the same everywhere */

/* What is sent: text that compresses, bytes that do not. Filled by trace_main. */
extern uint8_t trace_text[TRACE_TEXT];
extern uint8_t trace_noise[TRACE_TEXT];

/* ---- Connections -----------------------------------------------------------------------------*/

#define TRACE_PIPE (256u << 10)
#define TRACE_ENDS 8

/* One connection, and the bytes on their way to it. */
typedef struct trace_end {
    weir_conn *conn;
    struct trace_end *other; /* who gets its output; NULL: only the hash */
    size_t pipe_len;
    uint8_t pipe[TRACE_PIPE];
    int eof; /* the transport ends when the pipe is empty */
} trace_end;

typedef enum trace_answer {
    TRACE_ACCEPT,
    TRACE_ACCEPT_FIRST, /* of the subprotocols offered, and a field of ours */
    TRACE_RESPOND,
    TRACE_LEAVE /* the request waits */
} trace_answer;

/* One world at a time. */
typedef struct trace_world {
    weir_config config;
    weir_context *context;
    trace_end ends[TRACE_ENDS];
    trace_answer answer;
    int echo; /* the first end sends messages back */
    int one_event;
    int buffered; /* input goes through weir_conn_input_buffer */
} trace_world;
extern trace_world trace;

/* Forget the world: default config with a seed, or the tiny one. */
void trace_begin(void);
void trace_begin_tiny(void);
void trace_open_context(void);
/* A connection of the kind: 's' server, 'S' open server, 'c' client, 'C' open client. */
trace_end *trace_open(size_t index, char kind);
/* Join the first two: what one sends the other gets. */
void trace_join(void);
/* Free all; the rest of the reports and statistics are hashed. */
void trace_end_all(void);

/* Give bytes to a connection, in pieces of at most step, or of random sizes when step is 0; output
 * is taken after each. */
void trace_feed(trace_end *end, const void *data, size_t len, size_t step);
/* Take at most max bytes of output, then the events that wait. Returns the bytes. */
size_t trace_take(trace_end *end, size_t max);
/* Read at most max bytes of the pipe. Returns the bytes. */
size_t trace_read(trace_end *end, size_t max);
/* Take output and events until nothing more comes. */
void trace_settle(trace_end *end);
/* The same for both ends and their pipes. */
void trace_run(void);
/* Tell the time, and take what became ready. */
void trace_time(uint64_t now_ms);
void trace_mix_conn(const trace_end *end);

/* ---- Wire ------------------------------------------------------------------------------------*/

/* Bytes being put together; one at a time. */
extern uint8_t trace_wire[TRACE_PIPE];
extern size_t trace_wire_len;
void trace_put(const void *data, size_t len);
void trace_put_text(const char *text); /* each $ becomes the accept key of what the last end got */
/* A frame as that role sends it: first byte as on the wire, e.g. 0x81. */
void trace_put_frame(int from_role, int first_byte, const void *data, size_t len);

/* ---- The traces ------------------------------------------------------------------------------*/

void trace_frame_heads(void);
void trace_masks(void);
void trace_utf8(void);
void trace_texts(void);
void trace_codec(void);
void trace_codec_faults(void);
void trace_requests(void);
void trace_responses(void);
void trace_frames(void);
void trace_fragments(void);
void trace_faults(void);
void trace_limits(void);
void trace_closes(void);
void trace_deadlines(void);
void trace_compression(void);
void trace_broadcast(void);
void trace_scripts(void);
void trace_tiny(void);

#endif
