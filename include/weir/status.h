/* SPDX-License-Identifier: MIT */
/** Version and status: what calls return and why connections end. Part of weir.h. */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(WEIR_SHARED) && defined(_WIN32)
#if defined(WEIR_BUILDING)
#define WEIR_API __declspec(dllexport)
#else
#define WEIR_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#else
#define WEIR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---------------------------------------------------------------------------------*/

#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/**
 * Version of the library that is linked, to compare with the header that was compiled.
 *
 * Returns  major * 65536 + minor * 256 + patch.
 */
WEIR_API uint32_t weir_version(void);

/* ---- Parts -----------------------------------------------------------------------------------*/

/*
 * Parts can be left out when the library is compiled, by a macro or an option of its meson build:
 *
 *   WEIR_NO_CLIENT   -Dclient=false   weir_conn_create_client, weir_conn_create_established as a
 *                                     client, weir_proxy_create, weir_stream_write_request,
 *                                     weir_stream_read_response; a seed is not looked at
 *   WEIR_NO_SERVER   -Dserver=false   weir_conn_create_server, weir_conn_create_established as a
 *                                     server, weir_conn_accept, weir_conn_respond,
 *                                     weir_stream_read_request, weir_stream_write_response
 *   WEIR_NO_DEFLATE  -Ddeflate=false  all of deflate.h (sizes are 0), option deflate but for
 *                                     WEIR_DEFLATE_OFF: weir_context_create, weir_conn_set
 *   WEIR_NO_VECTORS  -Dvectors=false  nothing: plain C does the work of vector instructions
 *   WEIR_NO_MALLOC   -Dmalloc=false   weir_context_create with neither memory nor allocate
 *                                     (WEIR_E_MEMORY)
 *   WEIR_TINY        -Dtiny=true      nothing: weir_config_init is weir_config_init_tiny
 *
 * The functions named stay, and return WEIR_E_OFF or the status that is named; a wrong argument may
 * be said first. A program that uses the library needs none of these macros: types and values are
 * the same.
 */

/* ---- Status ----------------------------------------------------------------------------------*/

/**
 * Every status: X(name, value, wire, text).
 *
 * wire is what the peer is told when the status ends a connection: a close code (1000 and up, RFC
 * 6455 7.4.1) once it is open, an HTTP status (400 to 599) in a server's handshake, 0 for nothing.
 *
 *   0 and up     the call did what it says
 *   -100 ...     the caller's mistake: the call changed nothing
 *   -200 ...     our resources ran out
 *   -300 ...     the transport or the time: nobody broke a rule
 *   -400 ...     the peer broke a rule of HTTP or of the opening handshake, or our policy refused
 *   -500 ...     the peer broke a rule of the open connection, or went over a limit
 */
#define WEIR_STATUS_LIST(X)                                                                        \
    X(OK, 0, 0, "done")                                                                            \
    X(OVER_HIGH, 1, 0, "taken, but more than the high water mark is queued: slow down")            \
    X(WOULD_BLOCK, 2, 0, "not taken: the queue is full, wait for WRITABLE")                        \
    X(E_ARGUMENT, -100, 0, "an argument is NULL or out of range")                                  \
    X(E_SIZE, -101, 0, "a struct's size field is not one this library knows")                      \
    X(E_OPTION, -102, 0, "no such option, or the wrong kind of value for it")                      \
    X(E_CONFIG, -103, 0, "an option's value is out of range or contradicts another")               \
    X(E_ENTROPY, -104, 0, "a client needs a 32-byte seed in the config")                           \
    X(E_BUSY, -105, 0, "connections or messages of this context still live")                       \
    X(E_CONTEXT, -106, 0, "the message belongs to another context")                                \
    X(E_STATE, -107, 0, "the call does not fit the connection's state")                            \
    X(E_NOT_OPEN, -108, 0, "the connection is not open yet")                                       \
    X(E_CLOSING, -109, 0, "a Close was sent or received: nothing more can be sent")                \
    X(E_MESSAGE_OPEN, -110, 0, "a streamed message is not finished")                               \
    X(E_NO_MESSAGE, -111, 0, "no streamed message was begun")                                      \
    X(E_TEXT, -112, 0, "outgoing text is not valid UTF-8")                                         \
    X(E_CONTROL_LENGTH, -113, 0, "a ping or pong carries at most 125 bytes")                       \
    X(E_CLOSE_CODE, -114, 0, "this close code may not be sent")                                    \
    X(E_CLOSE_REASON, -115, 0, "a close reason is at most 123 bytes of UTF-8, with a code")        \
    X(E_FIELD, -116, 0, "a header field is malformed or belongs to the library")                   \
    X(E_PROTOCOL_NAME, -117, 0, "a subprotocol is not a token, repeated, or was not offered")      \
    X(E_HTTP_STATUS, -118, 0, "a response needs a status from 200 to 599")                         \
    X(E_URL, -119, 0, "not a ws: or wss: URL")                                                     \
    X(E_ORIGIN, -120, 0, "not an ASCII origin")                                                    \
    X(E_NOT_FOUND, -121, 0, "there is no such text, field or subprotocol")                         \
    X(E_SHORT, -122, 0, "the given memory is too small")                                           \
    X(E_OFF, -123, 0, "this part was left out when the library was compiled")                      \
    X(E_MEMORY, -200, 1011, "out of memory")                                                       \
    X(E_TRANSPORT, -300, 0, "the transport ended without a Close")                                 \
    X(E_HANDSHAKE_TIMEOUT, -301, 408, "the handshake took too long")                               \
    X(E_PONG_TIMEOUT, -302, 0, "the peer fell silent and answered no ping")                        \
    X(E_IDLE_TIMEOUT, -303, 1001, "no message was seen for the idle timeout")                      \
    X(E_CLOSE_TIMEOUT, -304, 0, "the peer did not finish the closing handshake in time")           \
    X(E_HTTP_SYNTAX, -400, 400, "malformed HTTP head")                                             \
    X(E_HTTP_LINE_TOO_LONG, -401, 414, "the request or status line is over its limit")             \
    X(E_HTTP_HEAD_TOO_LONG, -402, 431, "the header section is over its limit")                     \
    X(E_HTTP_TOO_MANY_FIELDS, -403, 431, "more header fields than the limit")                      \
    X(E_HTTP_METHOD, -404, 405, "the method is not GET")                                           \
    X(E_HTTP_OLD_VERSION, -405, 400, "HTTP before 1.1 cannot upgrade")                             \
    X(E_HTTP_VERSION, -406, 505, "the HTTP version is not 1.x")                                    \
    X(E_HTTP_TARGET, -407, 400, "the request target is not a path or an http URL")                 \
    X(E_HTTP_BODY, -408, 400, "a body where none may be, or faulty body framing")                  \
    X(E_HTTP_EXPECT, -409, 417, "Expect cannot be met by an upgrade")                              \
    X(E_HTTP_DUPLICATE, -410, 400, "a field that may stand once is repeated")                      \
    X(E_HTTP_LIST, -411, 400, "a list field is malformed or has too many members")                 \
    X(E_HOST, -412, 400, "the Host field is missing or malformed")                                 \
    X(E_UPGRADE, -413, 426, "Upgrade does not name websocket")                                     \
    X(E_CONNECTION, -414, 400, "Connection does not list upgrade")                                 \
    X(E_KEY, -415, 400, "Sec-WebSocket-Key is not 16 bytes in base64")                             \
    X(E_VERSION_MISSING, -416, 400, "Sec-WebSocket-Version is missing or malformed")               \
    X(E_VERSION, -417, 426, "Sec-WebSocket-Version is not 13")                                     \
    X(E_SUBPROTOCOL_LIST, -418, 400, "Sec-WebSocket-Protocol is not a list of tokens")             \
    X(E_EXTENSION_LIST, -419, 400, "Sec-WebSocket-Extensions breaks its grammar")                  \
    X(E_ORIGIN_REFUSED, -420, 403, "the Origin is not on the list")                                \
    X(E_HOST_REFUSED, -421, 421, "the Host is not on the list")                                    \
    X(E_PATH_REFUSED, -422, 404, "the path is not on the list")                                    \
    X(E_NO_SUBPROTOCOL, -423, 400, "none of the offered subprotocols is spoken here")              \
    X(E_EARLY_DATA, -424, 400, "too many bytes before the request was answered")                   \
    X(E_REFUSED, -425, 0, "we ended the handshake without an upgrade")                             \
    X(E_NOT_UPGRADED, -426, 0, "the server answered without an upgrade")                           \
    X(E_ACCEPT, -427, 0, "Sec-WebSocket-Accept does not match the key")                            \
    X(E_SUBPROTOCOL_UNOFFERED, -428, 0, "the server chose a subprotocol that was not offered")     \
    X(E_EXTENSION_UNOFFERED, -429, 0, "the server chose an extension that was not offered")        \
    X(E_TOO_MANY_INTERIM, -430, 0, "too many 1xx responses before the final one")                  \
    X(E_EXTENSION_PARAMS, -431, 0, "the server's extension parameters are not what was offered")   \
    X(E_PROXY_AUTH, -432, 0, "the proxy wants other credentials")                                  \
    X(E_PROXY_REFUSED, -433, 0, "the proxy did not open the tunnel")                               \
    X(E_PROXY_ANSWER, -434, 0, "the proxy's answer does not fit what it was told")                 \
    X(E_STREAM_FIELDS, -435, 400, "the fields of the stream are no handshake of WebSocket")        \
    X(E_STREAM_PROTOCOL, -436, 501, "the stream is asked for another protocol")                    \
    X(E_RSV, -500, 1002, "a reserved bit is set")                                                  \
    X(E_OPCODE, -501, 1002, "unknown opcode")                                                      \
    X(E_UNMASKED, -502, 1002, "a client's frame is not masked")                                    \
    X(E_MASKED, -503, 1002, "a server's frame is masked")                                          \
    X(E_LENGTH_FORM, -504, 1002, "the length is not in its shortest form")                         \
    X(E_LENGTH_RANGE, -505, 1002, "the top bit of a 64-bit length is set")                         \
    X(E_CONTROL_FRAGMENTED, -506, 1002, "a control frame is fragmented")                           \
    X(E_CONTROL_TOO_LONG, -507, 1002, "a control frame carries more than 125 bytes")               \
    X(E_CONTINUATION, -508, 1002, "a continuation without a message to continue")                  \
    X(E_INTERRUPTED, -509, 1002, "a new message before the last one ended")                        \
    X(E_CLOSE_LENGTH, -510, 1002, "a Close of one byte")                                           \
    X(E_PEER_CLOSE_CODE, -511, 1002, "a close code that may not be on the wire")                   \
    X(E_PEER_CLOSE_REASON, -512, 1007, "the close reason is not valid UTF-8")                      \
    X(E_UTF8, -513, 1007, "a text message is not valid UTF-8")                                     \
    X(E_MESSAGE_TOO_BIG, -514, 1009, "the message is over the limit")                              \
    X(E_FRAME_TOO_BIG, -515, 1009, "the frame is over the limit")                                  \
    X(E_TOO_MANY_FRAGMENTS, -516, 1008, "the message has too many fragments")                      \
    X(E_TOO_MANY_EMPTY, -517, 1008, "the message has too many empty fragments")                    \
    X(E_FLOOD, -518, 1008, "control frames or tiny fragments came too fast")                       \
    X(E_DEFLATE_BLOCK, -519, 1007, "compressed data: a block's type or stored length is wrong")    \
    X(E_DEFLATE_CODES, -520, 1007, "compressed data: the code lengths of a block are no code")     \
    X(E_DEFLATE_SYMBOL, -521, 1007, "compressed data: a code without a meaning")                   \
    X(E_DEFLATE_DISTANCE, -522, 1007, "compressed data: a distance reaches beyond the window")     \
    X(E_DEFLATE_END, -523, 1007, "compressed data: the message ends inside a block")               \
    X(E_DEFLATE_RATIO, -524, 1009, "compressed data: it expands more than the limit")              \
    X(E_DEFLATE_BLOCKS, -525, 1008, "compressed data: a message has too many blocks")

/** What a call returned, why a connection ended. Negative values are errors. */
typedef enum weir_status {
#define WEIR_STATUS_ENUM(name, value, wire, text) WEIR_##name = value,
    WEIR_STATUS_LIST(WEIR_STATUS_ENUM)
#undef WEIR_STATUS_ENUM
} weir_status;

/**
 * Name of a status, such as "WEIR_E_MEMORY".
 *
 * status   any number.
 * Returns  a constant NUL-terminated text, "unknown" for a number that is no status.
 */
WEIR_API const char *weir_status_name(int status);

/**
 * What a status means, in one English clause, as in WEIR_STATUS_LIST.
 *
 * status   any number.
 * Returns  a constant NUL-terminated text, "unknown" for a number that is no status.
 */
WEIR_API const char *weir_status_text(int status);

/**
 * What the peer is told when a status ends the connection: a close code or an HTTP status.
 *
 * status   any number.
 * Returns  the code, 0 when nothing is told.
 * Spec     RFC 6455 7.4.1, RFC 9110 15.
 */
WEIR_API uint32_t weir_status_wire(int status);

#ifdef __cplusplus
}
#endif

#endif
