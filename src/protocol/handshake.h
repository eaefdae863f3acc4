/* SPDX-License-Identifier: MIT */
/* What both sides of the opening handshake share: accept key, caller's fields, writing a head. */
#ifndef WEIR_PROTOCOL_HANDSHAKE_H
#define WEIR_PROTOCOL_HANDSHAKE_H

#include "../kernels/kernels.h"
#include "http_list.h"

#define WEIR__ACCEPT_LEN 28

/* RFC 6455 4.2.2 item 5.4: base64 of SHA-1 over the key and the GUID. 28 characters, no NUL. */
void weir__accept_key(const weir__kernels *kernels, weir_text key, char accept[WEIR__ACCEPT_LEN]);

/* Whether the caller may add these fields: well-formed, none that the library writes itself (Host,
 * Upgrade, Connection, Content-Length, Transfer-Encoding, Sec-WebSocket-*, for a client Origin
 * too). WEIR_OK or WEIR_E_FIELD. */
int weir__fields_check(const weir_field *fields, size_t count, bool client);

/* Whether a space-separated list holds only tokens, none twice. */
bool weir__subprotocols_valid(weir_text list);

/* Whether a space-separated list names the word, in exact case. */
bool weir__words_have(weir_text list, weir_text word);

/* Appends a head to a buffer. The first failure stays, what follows it is not written, and the end
 * then leaves the buffer as long as it was; one that was empty holds no memory. */
typedef struct weir__head_writer {
    weir__memory *memory;
    weir__buffer *out;
    size_t start;
    int status;
} weir__head_writer;

void weir__head_begin(weir__head_writer *writer, weir__memory *memory, weir__buffer *out);
void weir__head_text(weir__head_writer *writer, weir_text text);

/* The next len bytes, for the caller to write; NULL without memory. */
uint8_t *weir__head_room(weir__head_writer *writer, size_t len);
void weir__head_number(weir__head_writer *writer, uint64_t number);

/* A whole line: "name: value\r\n". */
void weir__head_field(weir__head_writer *writer, weir_text name, weir_text value);
void weir__head_fields(weir__head_writer *writer, const weir_field *fields, size_t count);

/* WEIR_OK or WEIR_E_MEMORY. */
int weir__head_end(weir__head_writer *writer);

#endif
