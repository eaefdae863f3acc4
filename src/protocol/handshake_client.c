/* SPDX-License-Identifier: MIT */
/* The client's side of the opening handshake: write the request, judge the response
 * (RFC 6455 4.1). */
#include "handshake_client.h"

#include <string.h>

#include "../kernels/base64.h"
#include "url.h"

#define HANDSHAKE_CLIENT_KEY_LEN 24

static bool handshake_client_is_letter(char byte)
{
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'z';
}

/* RFC 3986 3.1, behind the first character. */
static bool handshake_client_is_scheme_char(char byte)
{
    return handshake_client_is_letter(byte) || byte == '+' || byte == '-' || byte == '.' ||
           (byte >= '0' && byte <= '9');
}

/* RFC 6454 6.2, 7: "null" or scheme "://" host [ ":" port ], in ASCII. */
static bool handshake_client_is_origin(weir_text origin)
{
    if (weir__text_equal(origin, WEIR__LITERAL("null")))
        return true;
    const weir_text mark = WEIR__LITERAL("://");
    size_t at = 0;
    while (at < origin.len && handshake_client_is_scheme_char(origin.data[at]))
        at++;
    if (!handshake_client_is_letter(origin.data[0]) || origin.len - at < mark.len ||
        !weir__text_equal((weir_text){origin.data + at, mark.len}, mark))
        return false;
    at += mark.len;
    return weir__authority_parse((weir_text){origin.data + at, origin.len - at}, NULL, NULL) &&
           origin.data[origin.len - 1] != ':';
}

/* The caller may give WEIR_NTS as a length. */
static weir_text handshake_client_origin(const weir_request *request)
{
    return weir__text(request->origin.data, request->origin.len);
}

static weir_text handshake_client_subprotocols(const weir_request *request)
{
    return weir__text(request->subprotocols.data, request->subprotocols.len);
}

static int handshake_client_check_request(const weir_request *request)
{
    const weir_text origin = handshake_client_origin(request);
    if (origin.len > 0 && !handshake_client_is_origin(origin))
        return WEIR_E_ORIGIN;
    if (!weir__subprotocols_valid(handshake_client_subprotocols(request)))
        return WEIR_E_PROTOCOL_NAME;
    return weir__fields_check(request->fields, request->field_count, true);
}

/* RFC 6455 3: the resource name is the path, "/" when it is empty, and the query if there is one.
 */
static void handshake_client_write_target(weir__head_writer *writer, const weir_url *url)
{
    weir__head_text(writer, WEIR__LITERAL("GET "));
    weir__head_text(writer, url->path.len > 0 ? url->path : WEIR__LITERAL("/"));
    if (url->query.len > 0) {
        weir__head_text(writer, WEIR__LITERAL("?"));
        weir__head_text(writer, url->query);
    }
    weir__head_text(writer, WEIR__LITERAL(" HTTP/1.1\r\n"));
}

/* RFC 6455 4.1 item 4: with the port when it is not the scheme's. */
static void handshake_client_write_host(weir__head_writer *writer, const weir_url *url)
{
    weir__head_text(writer, WEIR__LITERAL("Host: "));
    weir__head_text(writer, url->host_raw);
    if (url->default_port == 0) {
        weir__head_text(writer, WEIR__LITERAL(":"));
        weir__head_number(writer, url->port);
    }
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

static void handshake_client_write_subprotocols(weir__head_writer *writer, weir_text list)
{
    weir_text word;
    if (!weir__text_next_word(&list, &word))
        return;
    weir__head_text(writer, WEIR__LITERAL("Sec-WebSocket-Protocol: "));
    weir__head_text(writer, word);
    while (weir__text_next_word(&list, &word)) {
        weir__head_text(writer, WEIR__LITERAL(", "));
        weir__head_text(writer, word);
    }
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

/* RFC 7692 5.1. */
static void handshake_client_write_extensions(weir__head_writer *writer, const weir_config *policy)
{
    weir__permessage_wishes wishes;
    weir__permessage_wish(policy, &wishes);
    if (!wishes.enabled)
        return;
    weir__head_text(writer, WEIR__LITERAL("Sec-WebSocket-Extensions: "));
    weir__permessage_write_offer(writer, &wishes);
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

/* What depends on the URL. */
WEIR__APART int handshake_client_write_start(weir__head_writer *writer, const weir_request *request)
{
    weir_url url;
    if (weir__url_parse(weir__text(request->url.data, request->url.len), &url) != WEIR_OK)
        return WEIR_E_URL;
    handshake_client_write_target(writer, &url);
    handshake_client_write_host(writer, &url);
    return WEIR_OK;
}

static void handshake_client_write_key(weir__head_writer *writer, const weir__kernels *kernels,
                                       const uint8_t nonce[16], char accept[WEIR__ACCEPT_LEN])
{
    weir__head_text(writer, WEIR__LITERAL("Upgrade: websocket\r\n"
                                          "Connection: Upgrade\r\n"
                                          "Sec-WebSocket-Key: "));
    char *const key = (char *)weir__head_room(writer, HANDSHAKE_CLIENT_KEY_LEN);
    if (key) {
        weir__base64_encode(nonce, 16, key);
        weir__accept_key(kernels, (weir_text){key, HANDSHAKE_CLIENT_KEY_LEN}, accept);
    }
    weir__head_text(writer, WEIR__LITERAL("\r\nSec-WebSocket-Version: 13\r\n"));
}

/* RFC 6455 4.1: all is checked before a byte is sent. */
int weir__request_write(weir__memory *memory, weir__buffer *out, const weir__kernels *kernels,
                        const weir_config *policy, const weir_request *request,
                        const uint8_t nonce[16], char accept[WEIR__ACCEPT_LEN])
{
    if (request->fields == NULL && request->field_count > 0)
        return WEIR_E_ARGUMENT;
    weir__head_writer writer;
    weir__head_begin(&writer, memory, out);
    int status = handshake_client_write_start(&writer, request);
    if (status == WEIR_OK)
        status = handshake_client_check_request(request);
    if (status != WEIR_OK) {
        writer.status = status;
        return weir__head_end(&writer);
    }
    handshake_client_write_key(&writer, kernels, nonce, accept);
    const weir_text origin = handshake_client_origin(request);
    if (origin.len > 0)
        weir__head_field(&writer, WEIR__LITERAL("Origin"), origin);
    handshake_client_write_subprotocols(&writer, handshake_client_subprotocols(request));
    handshake_client_write_extensions(&writer, policy);
    weir__head_fields(&writer, request->fields, request->field_count);
    weir__head_text(&writer, WEIR__LITERAL("\r\n"));
    return weir__head_end(&writer);
}

/* RFC 6455 4.1, response item 2: the value is just websocket, not a list that has it. */
static int handshake_client_check_upgrade(const weir__http_head *head)
{
    weir_text value;
    if (weir__http_head_single(head, WEIR__NAME_UPGRADE, &value) != WEIR_OK ||
        !weir__text_equal_nocase(value, WEIR__LITERAL("websocket")))
        return WEIR_E_UPGRADE;
    return WEIR_OK;
}

/* Response item 3. */
static int handshake_client_check_connection(const weir__http_head *head)
{
    const int status = weir__http_list_has(head, WEIR__NAME_CONNECTION, WEIR__LITERAL("upgrade"));
    return status == WEIR_E_NOT_FOUND ? WEIR_E_CONNECTION : status;
}

/* In a time that does not tell how much of it was right. */
static bool handshake_client_equal_constant(const char *a, const char *b, size_t len)
{
    uint32_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference |= (uint32_t)(uint8_t)a[i] ^ (uint8_t)b[i];
    return difference == 0;
}

/* Response item 4. */
static int handshake_client_check_accept(const weir__http_head *head,
                                         const char accept[WEIR__ACCEPT_LEN])
{
    weir_text value;
    const int status = weir__http_head_single(head, WEIR__NAME_ACCEPT, &value);
    /* RFC 6455 11.3.3. */
    if (status == WEIR_E_HTTP_DUPLICATE)
        return status;
    if (status != WEIR_OK || value.len != WEIR__ACCEPT_LEN ||
        !handshake_client_equal_constant(value.data, accept, WEIR__ACCEPT_LEN))
        return WEIR_E_ACCEPT;
    return WEIR_OK;
}

/* Response item 5: only what was offered can be chosen. */
static int handshake_client_check_extensions(const weir__http_head *head,
                                             const weir__permessage_wishes *wishes,
                                             weir__permessage_agreed *agreed)
{
    const int status = weir__extension_list_check(head);
    return status == WEIR_OK ? weir__permessage_judge_answer(head, wishes, agreed) : status;
}

/* Response item 6: one of those that were offered, in exact case, or none. */
static int handshake_client_check_subprotocol(const weir__http_head *head, weir_text offered,
                                              weir_text *subprotocol)
{
    weir_text value;
    const int status = weir__http_head_single(head, WEIR__NAME_PROTOCOL, &value);
    if (status == WEIR_E_NOT_FOUND)
        return WEIR_OK;
    /* RFC 6455 11.3.4. */
    if (status != WEIR_OK)
        return status;
    if (!weir__words_have(offered, value))
        return WEIR_E_SUBPROTOCOL_UNOFFERED;
    *subprotocol = value;
    return WEIR_OK;
}

/* A 101. RFC 9112 6.3 item 1: it has no body, whatever Content-Length says. */
static int handshake_client_check_switch(const weir__http_head *head,
                                         const char accept[WEIR__ACCEPT_LEN],
                                         weir_text subprotocols,
                                         const weir__permessage_wishes *wishes,
                                         weir__response_verdict *verdict)
{
    /* RFC 9110 15.2: 1xx came with HTTP/1.1. */
    if (head->minor == 0)
        return WEIR_E_HTTP_OLD_VERSION;
    int status = handshake_client_check_upgrade(head);
    if (status == WEIR_OK)
        status = handshake_client_check_connection(head);
    if (status == WEIR_OK)
        status = handshake_client_check_accept(head, accept);
    if (status == WEIR_OK)
        status = handshake_client_check_extensions(head, wishes, &verdict->deflate);
    if (status == WEIR_OK)
        status = handshake_client_check_subprotocol(head, subprotocols, &verdict->subprotocol);
    return status;
}

static int handshake_client_check_body(const weir__http_head *head)
{
    weir__http_body body;
    const int status = weir__http_body_init(&body, head);
    return status < 0 ? status : WEIR_E_NOT_UPGRADED;
}

void weir__response_judge(const weir__http_head *head, const char accept[WEIR__ACCEPT_LEN],
                          weir_text subprotocols, const weir__permessage_wishes *wishes,
                          weir__response_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    if (head->major != 1) {
        verdict->kind = WEIR__RESPONSE_BAD;
        verdict->status = WEIR_E_HTTP_VERSION;
    } else if (head->status == 101) {
        verdict->status =
            handshake_client_check_switch(head, accept, subprotocols, wishes, verdict);
        verdict->kind = verdict->status == WEIR_OK ? WEIR__RESPONSE_OPEN : WEIR__RESPONSE_BAD;
    } else if (head->status >= 200) {
        /* RFC 6455 4.1, response item 1: what it means is the caller's business. */
        verdict->status = handshake_client_check_body(head);
        verdict->kind =
            verdict->status == WEIR_E_NOT_UPGRADED ? WEIR__RESPONSE_REJECTED : WEIR__RESPONSE_BAD;
    } else {
        /* RFC 9110 15.2: any number of 1xx may come before the final response. */
        verdict->kind = WEIR__RESPONSE_INTERIM;
    }
}
