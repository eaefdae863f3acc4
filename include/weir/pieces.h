/* SPDX-License-Identifier: MIT */
/**
 * The pieces that work alone, without context or connection: frame heads, masking, UTF-8, accept
 * key, URL, close payload. Part of weir.h.
 */
#ifndef WEIR_PIECES_H
#define WEIR_PIECES_H

#include <weir/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Pieces that work alone ------------------------------------------------------------------*/

/** The head of a frame (RFC 6455 5.2). */
typedef struct weir_frame_head {
    uint64_t len;   /**< payload bytes, below 2^63 */
    uint8_t key[4]; /**< masking key, valid when masked */
    uint8_t fin;    /**< 1: last frame of its message */
    uint8_t rsv;    /**< the three reserved bits, RSV1 is 4 */
    uint8_t opcode; /**< 0 to 15 */
    uint8_t masked; /**< 1: key follows the length */
} weir_frame_head;

/** Longest frame head, bytes. */
#define WEIR_FRAME_HEAD_MAX 14

/**
 * Read a frame head. Checks what holds for every frame: shortest length form, length below 2^63.
 *
 * data     [len] bytes, borrowed for this call.
 * len      bytes there are; more than the head is fine.
 * head     out: complete only when the result is positive.
 * Returns  bytes of the head, 2..14; 0: more bytes are needed.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_LENGTH_FORM, WEIR_E_LENGTH_RANGE.
 * Spec     RFC 6455 5.2.
 */
WEIR_API int weir_frame_head_read(const void *data, size_t len, weir_frame_head *head);

/**
 * Write a frame head in its shortest form.
 *
 * head     borrowed for this call.
 * out      [WEIR_FRAME_HEAD_MAX] bytes.
 * Returns  bytes written, 2..14.
 * Errors   WEIR_E_ARGUMENT: NULL, a field out of range.
 * Spec     RFC 6455 5.2.
 */
WEIR_API int weir_frame_head_write(const weir_frame_head *head, uint8_t *out);

/**
 * Mask or unmask bytes in place; both are the same operation.
 *
 * data     [len] bytes, changed.
 * len      bytes.
 * key      [4] the masking key, in the order of the wire.
 * phase    position of data[0] in the payload; only its value modulo 4 matters.
 * Returns  phase of the byte after the last one, 0..3.
 * Spec     RFC 6455 5.3.
 */
WEIR_API uint32_t weir_mask(void *data, size_t len, const uint8_t *key, uint64_t phase);

/** State of a UTF-8 check between calls. All zeros at the start of a text. */
typedef struct weir_utf8 {
    uint32_t state;
} weir_utf8;

/**
 * Check the next piece of a text. The first impossible byte is found as early as can be.
 *
 * utf8     state, changed; zeros before the first piece.
 * data     [len] bytes, borrowed for this call.
 * len      bytes.
 * final    1: the text ends here, so it must not end inside a character.
 * Returns  len: all is well so far; less: the index of the first byte that cannot stand there;
 *          SIZE_MAX: with final, the text ends inside a character.
 * Spec     RFC 3629, RFC 6455 8.1.
 */
WEIR_API size_t weir_utf8_check(weir_utf8 *utf8, const void *data, size_t len, int final);

/**
 * The Sec-WebSocket-Accept value for a Sec-WebSocket-Key.
 *
 * key      [key_len] bytes, borrowed for this call.
 * key_len  bytes, any, or WEIR_NTS.
 * accept   out: [28] characters, no NUL.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT.
 * Spec     RFC 6455 4.2.2, item 5.4.
 */
WEIR_API int weir_accept_key(const char *key, size_t key_len, char *accept);

/** A parsed URL. Texts point into the given one. */
typedef struct weir_url {
    weir_text host;        /**< without brackets: for the resolver and for SNI */
    weir_text host_raw;    /**< as it stands in the URL, IPv6 in brackets */
    weir_text path;        /**< may be empty: stands for "/" */
    weir_text query;       /**< without the ?, may be empty */
    uint32_t port;         /**< 0..65535, the scheme's default when the URL names none */
    uint32_t secure;       /**< 1: wss */
    uint32_t default_port; /**< 1: port is the scheme's default, so Host leaves it out */
    uint32_t ipv6;         /**< 1: host is an IPv6 literal */
} weir_url;

/**
 * Take a ws: or wss: URL apart.
 *
 * text     [len] bytes, borrowed while url is used.
 * len      bytes, or WEIR_NTS.
 * url      out.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT; WEIR_E_URL: another scheme, a fragment, user data, a bad host, port or
 *          character (non-ASCII must be encoded first).
 * Spec     RFC 6455 3, RFC 3986.
 */
WEIR_API int weir_url_parse(const char *text, size_t len, weir_url *url);

/**
 * Whether a close code may stand in a Close frame.
 *
 * code     any number.
 * Returns  1: 1000 to 1003, 1007 to 1014, 3000 to 4999; else 0.
 * Spec     RFC 6455 7.4 and the IANA registry.
 */
WEIR_API int weir_close_code_valid(uint32_t code);

/**
 * Take the payload of a Close apart.
 *
 * payload  [len] bytes, borrowed for this call and while reason is used.
 * len      bytes.
 * code     out: the code, 1005 when there is none.
 * reason   out: UTF-8, maybe empty.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_CONTROL_TOO_LONG, WEIR_E_CLOSE_LENGTH, WEIR_E_PEER_CLOSE_CODE,
 *          WEIR_E_PEER_CLOSE_REASON.
 * Spec     RFC 6455 5.5.1, 7.4.
 */
WEIR_API int weir_close_payload_read(const void *payload, size_t len, uint32_t *code,
                                     weir_text *reason);

/**
 * Write the payload of a Close.
 *
 * code        a valid code, or 0 for an empty payload.
 * reason      [reason_len] UTF-8, borrowed for this call; NULL only when reason_len is 0.
 * reason_len  bytes, at most 123, or WEIR_NTS.
 * out         [125] bytes.
 * Returns     bytes written, 0..125.
 * Errors      WEIR_E_ARGUMENT, WEIR_E_CLOSE_CODE, WEIR_E_CLOSE_REASON.
 * Spec        RFC 6455 5.5.1, 7.4.
 */
WEIR_API int weir_close_payload_write(uint32_t code, const char *reason, size_t reason_len,
                                      uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif
