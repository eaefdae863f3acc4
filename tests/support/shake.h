/* SPDX-License-Identifier: MIT */
/* Opening handshakes for tests: the lines of a request, and what each outcome must look like. */
#ifndef WEIR_TESTS_SHAKE_H
#define WEIR_TESTS_SHAKE_H

#include "peer.h"

/* A weir_text of a literal, NULs in it included. TEXT initialises, AS_TEXT is a value. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define AS_TEXT(literal) ((weir_text)TEXT(literal))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The lines of a correct request; put END behind them. */
#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define WEBSOCKET UPGRADE CONNECTION VERSION KEY
#define REQUEST LINE HOST WEBSOCKET
#define END "\r\n"

/* The answer to it, up to the blank line. */
#define SWITCHED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

/* The lines of a correct response; {accept} stands for the value that the client waits for. */
#define STATUS "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT "Sec-WebSocket-Accept: {accept}\r\n"
#define RESPONSE STATUS UPGRADE CONNECTION ACCEPT

typedef void (*shake_prepare)(peer *p);

/* For sweeps over hundreds of inputs that differ in a byte: few cuts of each. */
void shake_sampled(peer *p);

/* ---- Server ----------------------------------------------------------------------------------*/

/* The request (any bytes) is refused for the cause, however it is cut up: one HTTP response with
 * the cause's status and Connection: close, no frame; one CLOSED event with 1006; the report says
 * the same. A whole request and a frame behind it change nothing. */
void shake_refused(weir_text request, int cause, shake_prepare prepare);

/* The request is accepted, however it is cut up, and a frame behind it is delivered: the output
 * is SWITCHED, the lines, END. lines may be NULL. */
void shake_accepted(weir_text request, const char *lines, shake_prepare prepare);

/* The same for a key of the caller's: no look at the output. */
void shake_opened(weir_text request, shake_prepare prepare);

/* One HTTP response taken apart by a parser that shares nothing with the library's. */
typedef struct shake_response {
    int status;
    int close;   /* Connection lists close, exactly spelled */
    int upgrade; /* 1: Connection lists Upgrade, 2: Upgrade is websocket, 3: both */
    int version; /* Sec-WebSocket-Version: 13 */
    int allow;   /* Allow: GET */
    int length;  /* Content-Length, -1: none */
    const char *body;
    size_t body_len; /* all that is there */
} shake_response;

/* Fails the test when output is not the head of one response and what is behind it. */
shake_response shake_parse(const bytes *output);

/* ---- Client ----------------------------------------------------------------------------------*/

/* Append a response, {accept} replaced. The client has the default seed of peer_init. */
void shake_add_response(bytes *b, weir_text response);

/* The client fails for the cause: nothing is emitted, 1006, one CLOSED event. */
void shake_client_fails(weir_text response, int cause, shake_prepare prepare);

/* The client opens, and a frame behind the response is delivered. */
void shake_client_opens(weir_text response, shake_prepare prepare);

/* The client gives REJECTED with the status and body, then CLOSED with 1006; emits nothing. */
void shake_client_rejected(weir_text response, int status, const char *body, shake_prepare prepare);

/* Make a client of its own context with this request. WEIR_OK: the request is in p->output.
 * Else nothing was left behind: no connection, no memory, nothing to do. peer_close in any case. */
int shake_ask(peer *p, const weir_request *request);

/* ---- One step at a time ----------------------------------------------------------------------*/

/* A peer of the kind with its bytes fed whole; requests wait for the test's own answer. */
void shake_start(peer *p, char kind, weir_text input, shake_prepare prepare);

/* The output is exactly this text. */
void shake_output_is(const peer *p, const char *text);

/* Show bytes with escapes on stderr, for a failing test. */
void shake_show(const char *what, const void *data, size_t len);

#endif
