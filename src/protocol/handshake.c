/* SPDX-License-Identifier: MIT */
/* What both sides of the opening handshake share: accept key, caller's fields, writing a head. */
#include "handshake.h"

#include "../kernels/base64.h"
#include "../kernels/sha1.h"

/* Holds most requests and answers, so that a head is one allocation. */
#define HANDSHAKE_HEAD_ROOM 256u

/* WEIR__LITERAL for static tables. */
#define HANDSHAKE_NAME(name)                                                                       \
    {                                                                                              \
        name, sizeof(name) - 1                                                                     \
    }

void weir__accept_key(const weir__kernels *kernels, weir_text key, char accept[WEIR__ACCEPT_LEN])
{
    const weir_text guid = WEIR__LITERAL("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    uint8_t digest[20];
    /* A server has checked the length; weir_accept_key takes any. */
    if (key.len == 24)
        weir__sha1_accept(kernels, (const uint8_t *)key.data, (const uint8_t *)guid.data, digest);
    else
        weir__sha1_pair(kernels, (const uint8_t *)key.data, key.len, (const uint8_t *)guid.data,
                        guid.len, digest);
    weir__base64_encode(digest, sizeof digest, accept);
}

static bool handshake_owns(weir_text name, bool client)
{
    static const weir_text owned[] = {
        HANDSHAKE_NAME("Host"),
        HANDSHAKE_NAME("Upgrade"),
        HANDSHAKE_NAME("Connection"),
        HANDSHAKE_NAME("Content-Length"),
        HANDSHAKE_NAME("Transfer-Encoding"),
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        if (weir__text_equal_nocase(name, owned[i]))
            return true;
    }
    const weir_text prefix = WEIR__LITERAL("Sec-WebSocket-");
    if (name.len >= prefix.len &&
        weir__text_equal_nocase((weir_text){name.data, prefix.len}, prefix))
        return true;
    return client && weir__text_equal_nocase(name, WEIR__LITERAL("Origin"));
}

/* The caller may give WEIR_NTS as a length. */
static weir_field handshake_field(const weir_field *given)
{
    const weir_field field = {weir__text(given->name.data, given->name.len),
                              weir__text(given->value.data, given->value.len)};
    return field;
}

int weir__fields_check(const weir_field *fields, size_t count, bool client)
{
    if (fields == NULL && count > 0)
        return WEIR_E_FIELD;
    for (size_t i = 0; i < count; i++) {
        const weir_field field = handshake_field(&fields[i]);
        /* RFC 9112 11.1: nothing the caller gives can end a line. */
        if (!weir__http_is_token(field.name) || !weir__http_is_value(field.value) ||
            handshake_owns(field.name, client))
            return WEIR_E_FIELD;
    }
    return WEIR_OK;
}

bool weir__words_have(weir_text list, weir_text word)
{
    weir_text member;
    while (weir__text_next_word(&list, &member)) {
        if (weir__text_equal(member, word))
            return true;
    }
    return false;
}

bool weir__subprotocols_valid(weir_text list)
{
    weir_text word;
    while (weir__text_next_word(&list, &word)) {
        if (!weir__http_is_token(word) || weir__words_have(list, word))
            return false;
    }
    return true;
}

void weir__head_begin(weir__head_writer *writer, weir__memory *memory, weir__buffer *out)
{
    writer->memory = memory;
    writer->out = out;
    writer->start = out->len;
    writer->status = weir__buffer_reserve(memory, out, HANDSHAKE_HEAD_ROOM);
}

void weir__head_text(weir__head_writer *writer, weir_text text)
{
    if (writer->status == WEIR_OK)
        writer->status = weir__buffer_append(writer->memory, writer->out, text.data, text.len);
}

uint8_t *weir__head_room(weir__head_writer *writer, size_t len)
{
    if (writer->status == WEIR_OK)
        writer->status = weir__buffer_reserve(writer->memory, writer->out, len);
    if (writer->status != WEIR_OK)
        return NULL;
    uint8_t *const at = writer->out->data + writer->out->len;
    writer->out->len += len;
    return at;
}

void weir__head_number(weir__head_writer *writer, uint64_t number)
{
    size_t len = 1;
    for (uint64_t left = number; left >= 10; left /= 10)
        len++;
    uint8_t *const digits = weir__head_room(writer, len);
    for (; digits && len > 0; number /= 10)
        digits[--len] = (uint8_t)('0' + number % 10);
}

void weir__head_field(weir__head_writer *writer, weir_text name, weir_text value)
{
    weir__head_text(writer, name);
    weir__head_text(writer, WEIR__LITERAL(": "));
    weir__head_text(writer, value);
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

void weir__head_fields(weir__head_writer *writer, const weir_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const weir_field field = handshake_field(&fields[i]);
        weir__head_field(writer, field.name, field.value);
    }
}

int weir__head_end(weir__head_writer *writer)
{
    if (writer->status == WEIR_OK)
        return WEIR_OK;
    writer->out->len = writer->start;
    if (writer->start == 0)
        weir__buffer_free(writer->memory, writer->out);
    return writer->status;
}
