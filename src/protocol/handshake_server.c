/* SPDX-License-Identifier: MIT */
/* The server's side of the opening handshake: judge a request, write the answer (RFC 6455 4.2). */
#include "handshake_server.h"

#include <string.h>

#include "../base/statuses.h"
#include "../kernels/base64.h"
#include "http_body.h"
#include "url.h"

/* RFC 6455 4.2.1 item 1 asks for HTTP/1.1 or higher. RFC 9110 7.8: 1.0 cannot upgrade. */
static int handshake_server_check_http(const weir__http_head *head)
{
    if (head->major != 1)
        return WEIR_E_HTTP_VERSION;
    return head->minor == 0 ? WEIR_E_HTTP_OLD_VERSION : WEIR_OK;
}

/* RFC 6455 4.2.1 item 1, RFC 9112 3.2. */
static int handshake_server_check_target(const weir__http_head *head,
                                         weir__request_verdict *verdict)
{
    const weir_text target = weir__http_slice_text(head, head->target);
    return weir__target_parse(target, &verdict->host, &verdict->path, &verdict->query)
               ? WEIR_OK
               : WEIR_E_HTTP_TARGET;
}

/* RFC 9112 3.2: one valid Host, though the authority of an absolute target overrides it. */
static int handshake_server_check_host(const weir__http_head *head, weir__request_verdict *verdict)
{
    weir_text host;
    const int status = weir__http_head_single(head, WEIR__NAME_HOST, &host);
    if (status == WEIR_E_HTTP_DUPLICATE)
        return status;
    if (status == WEIR_E_NOT_FOUND && head->minor == 0)
        return WEIR_OK; /* HTTP/1.0 does not ask for it */
    if (status != WEIR_OK || !weir__authority_parse(host, NULL, NULL))
        return WEIR_E_HOST;
    if (verdict->host.len == 0)
        verdict->host = host;
    return WEIR_OK;
}

static bool handshake_server_is_coded(const weir__http_head *head)
{
    return weir__http_head_has(head, WEIR__NAME_TRANSFER_ENCODING);
}

/* RFC 9112 6.1, 6.3: a faulty or doubtful length is how requests are smuggled. */
static int handshake_server_check_framing(const weir__http_head *head)
{
    uint64_t len;
    const int length = weir__http_content_length(head, &len);
    const bool coded = handshake_server_is_coded(head);
    if (length == WEIR_E_HTTP_BODY || (coded && (length == WEIR_OK || head->minor == 0)))
        return WEIR_E_HTTP_BODY;
    return WEIR_OK;
}

/* What makes a request well-formed, whatever it asks for. */
static int handshake_server_check_form(const weir__http_head *head, weir__request_verdict *verdict)
{
    int status = handshake_server_check_target(head, verdict);
    if (status == WEIR_OK)
        status = handshake_server_check_host(head, verdict);
    if (status == WEIR_OK)
        status = handshake_server_check_framing(head);
    return status;
}

/* RFC 6455 4.2.1 item 3. */
static int handshake_server_check_upgrade(const weir__http_head *head)
{
    const int status = weir__http_list_has(head, WEIR__NAME_UPGRADE, WEIR__LITERAL("websocket"));
    return status == WEIR_E_NOT_FOUND ? WEIR_E_UPGRADE : status;
}

/* RFC 6455 4.2.1 item 4. */
static int handshake_server_check_connection(const weir__http_head *head)
{
    const int status = weir__http_list_has(head, WEIR__NAME_CONNECTION, WEIR__LITERAL("upgrade"));
    return status == WEIR_E_NOT_FOUND ? WEIR_E_CONNECTION : status;
}

/* RFC 9110 7.8: the protocol switches only behind the whole request. A body in front of the first
 * frame is how tunnels are smuggled, so there may be none. */
static int handshake_server_check_body(const weir__http_head *head)
{
    uint64_t len;
    (void)weir__http_content_length(head, &len);
    return len > 0 || handshake_server_is_coded(head) ? WEIR_E_HTTP_BODY : WEIR_OK;
}

/* RFC 6455 4.3 version: 0 to 255 without leading zeros. */
static bool handshake_server_is_version(weir_text text)
{
    unsigned value = 0;
    for (size_t i = 0; i < text.len && i < 4; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.data[i] - '0');
    }
    if (text.len == 0 || text.len > 3 || value > 255)
        return false;
    return text.len == 1 || text.data[0] != '0';
}

/* RFC 6455 4.2.1 item 6, 4.4. */
static int handshake_server_check_version(const weir__http_head *head)
{
    weir_text value;
    const int status = weir__http_head_single(head, WEIR__NAME_VERSION, &value);
    if (status == WEIR_E_HTTP_DUPLICATE)
        return status;
    if (status != WEIR_OK || !handshake_server_is_version(value))
        return WEIR_E_VERSION_MISSING;
    return weir__text_equal(value, WEIR__LITERAL("13")) ? WEIR_OK : WEIR_E_VERSION;
}

/* RFC 6455 4.2.1 item 5. */
static int handshake_server_check_key(const weir__http_head *head, weir__request_verdict *verdict)
{
    weir_text key;
    const int status = weir__http_head_single(head, WEIR__NAME_KEY, &key);
    if (status == WEIR_E_HTTP_DUPLICATE)
        return status;
    if (status != WEIR_OK || !weir__base64_is_key(key.data, key.len))
        return WEIR_E_KEY;
    verdict->key = key;
    return WEIR_OK;
}

/* RFC 9110 7.8: a 100 would have to come before the 101. */
static int handshake_server_check_expect(const weir__http_head *head)
{
    return weir__http_head_has(head, WEIR__NAME_EXPECT) ? WEIR_E_HTTP_EXPECT : WEIR_OK;
}

static int handshake_server_check_origin(const weir__http_head *head)
{
    return weir__http_head_repeats(head, WEIR__NAME_ORIGIN) ? WEIR_E_HTTP_DUPLICATE : WEIR_OK;
}

static void handshake_server_list_subprotocols(weir__http_list *list, const weir__http_head *head)
{
    weir__http_list_init(list, head, WEIR__NAME_PROTOCOL);
}

/* RFC 6455 4.2.1 item 8, 11.3.4: when there is a list it names something, and only tokens. */
static int handshake_server_check_subprotocols(const weir__http_head *head)
{
    weir__http_list list;
    weir_text member;
    if (!weir__http_head_has(head, WEIR__NAME_PROTOCOL))
        return WEIR_OK;
    handshake_server_list_subprotocols(&list, head);
    int status;
    while ((status = weir__http_list_next(&list, &member)) == WEIR_OK) {
        if (!weir__http_is_token(member))
            return WEIR_E_SUBPROTOCOL_LIST;
    }
    if (status != WEIR_E_NOT_FOUND)
        return status;
    return list.members == 0 ? WEIR_E_SUBPROTOCOL_LIST : WEIR_OK;
}

/* RFC 6455 4.2.1 items 3 to 9, in an order that answers an unknown version as 4.4 wants it. */
static int handshake_server_check_websocket(const weir__http_head *head,
                                            weir__request_verdict *verdict)
{
    int status = handshake_server_check_connection(head);
    if (status == WEIR_OK)
        status = handshake_server_check_body(head);
    if (status == WEIR_OK)
        status = handshake_server_check_version(head);
    if (status == WEIR_OK)
        status = handshake_server_check_key(head, verdict);
    if (status == WEIR_OK)
        status = handshake_server_check_expect(head);
    if (status == WEIR_OK)
        status = handshake_server_check_origin(head);
    if (status == WEIR_OK)
        status = handshake_server_check_subprotocols(head);
    if (status == WEIR_OK)
        status = weir__extension_list_check(head);
    return status;
}

/* A host without a port allows every port. */
static bool handshake_server_allows_host(weir_text allowed, weir_text authority)
{
    weir_text allowed_host;
    weir_text allowed_port;
    weir_text host;
    weir_text port;
    if (!weir__authority_parse(allowed, &allowed_host, &allowed_port))
        return false;
    (void)weir__authority_parse(authority, &host, &port); /* judged before */
    return weir__text_equal_nocase(allowed_host, host) &&
           (allowed_port.len == 0 || weir__text_equal(allowed_port, port));
}

static bool handshake_server_allows_path(weir_text allowed, weir_text path)
{
    if (allowed.data[allowed.len - 1] != '*')
        return weir__text_equal(allowed, path);
    allowed.len--;
    return path.len >= allowed.len &&
           weir__text_equal(allowed, (weir_text){path.data, allowed.len});
}

/* RFC 6454 5: schemes and hosts compare without case; ports as they are written. */
static bool handshake_server_allows_origin(weir_text allowed, weir_text origin)
{
    return weir__text_equal_nocase(allowed, origin);
}

/* Whether a list of the policy is empty or one of its words allows the text. */
static bool handshake_server_allows(weir_text list, weir_text text,
                                    bool (*allows)(weir_text, weir_text))
{
    weir_text word;
    if (!weir__text_next_word(&list, &word))
        return true;
    do {
        if (allows(word, text))
            return true;
    } while (weir__text_next_word(&list, &word));
    return false;
}

/* RFC 6455 10.2: a request without Origin does not come from a browser. */
static bool handshake_server_origin_allowed(const weir__http_head *head)
{
    weir_text origin;
    if (weir__http_head_first(head, WEIR__NAME_ORIGIN, &origin))
        return handshake_server_allows(head->policy->origins, origin,
                                       handshake_server_allows_origin);
    return head->policy->require_origin == 0 || head->policy->origins.len == 0;
}

/* RFC 6455 4.2.2 item 4: the client's first that is spoken here, in exact case. */
static int handshake_server_choose_subprotocol(const weir__http_head *head,
                                               weir__request_verdict *verdict)
{
    weir__http_list list;
    weir_text member;
    if (!weir__http_head_has(head, WEIR__NAME_PROTOCOL))
        return WEIR_OK;
    handshake_server_list_subprotocols(&list, head);
    while (weir__http_list_next(&list, &member) == WEIR_OK) {
        if (weir__words_have(head->policy->subprotocols, member)) {
            verdict->subprotocol = member;
            return WEIR_OK;
        }
    }
    return head->policy->require_subprotocol != 0 ? WEIR_E_NO_SUBPROTOCOL : WEIR_OK;
}

/* RFC 6455 4.2.2 items 2 and 4, RFC 9110 15.5.20. */
static int handshake_server_check_policy(const weir__http_head *head,
                                         weir__request_verdict *verdict)
{
    const weir_config *policy = head->policy;
    if (!handshake_server_allows(policy->hosts, verdict->host, handshake_server_allows_host))
        return WEIR_E_HOST_REFUSED;
    if (!handshake_server_allows(policy->paths, verdict->path, handshake_server_allows_path))
        return WEIR_E_PATH_REFUSED;
    if (!handshake_server_origin_allowed(head))
        return WEIR_E_ORIGIN_REFUSED;
    return handshake_server_choose_subprotocol(head, verdict);
}

static int handshake_server_judge(const weir__http_head *head, weir__request_verdict *verdict)
{
    int status = handshake_server_check_http(head);
    if (status == WEIR_E_HTTP_VERSION)
        return status;
    const int form = handshake_server_check_form(head, verdict);
    const int upgrade = handshake_server_check_upgrade(head);
    verdict->plain = form == WEIR_OK && upgrade == WEIR_E_UPGRADE;
    if (status != WEIR_OK)
        return status;
    /* RFC 6455 4.2.1 item 1: GET, in exact case (RFC 9110 9.1). */
    if (!weir__text_equal(weir__http_slice_text(head, head->method), WEIR__LITERAL("GET")))
        return WEIR_E_HTTP_METHOD;
    if (form != WEIR_OK)
        return form;
    if (upgrade != WEIR_OK)
        return upgrade;
    status = handshake_server_check_websocket(head, verdict);
    return status == WEIR_OK ? handshake_server_check_policy(head, verdict) : status;
}

void weir__request_negotiate(const weir__http_head *head, weir__permessage_agreed *agreed)
{
    weir__permessage_wishes wishes;
    weir__permessage_wish(head->policy, &wishes);
    weir__permessage_accept(head, &wishes, agreed);
}

void weir__request_judge(const weir__http_head *head, weir__request_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->status = handshake_server_judge(head, verdict);
}

bool weir__request_subprotocol(const weir__http_head *head, size_t index, weir_text *text)
{
    weir__http_list list;
    handshake_server_list_subprotocols(&list, head);
    while (weir__http_list_next(&list, text) == WEIR_OK) {
        if (index-- == 0)
            return true;
    }
    return false;
}

WEIR__APART bool handshake_server_was_offered(const weir__http_head *head, weir_text subprotocol)
{
    weir__http_list list;
    weir_text offered;
    handshake_server_list_subprotocols(&list, head);
    while (weir__http_list_next(&list, &offered) == WEIR_OK) {
        if (weir__text_equal(offered, subprotocol))
            return true;
    }
    return false;
}

static void handshake_server_write_extensions(weir__head_writer *writer,
                                              const weir__permessage_agreed *agreed)
{
    if (!agreed->enabled)
        return;
    weir__head_text(writer, WEIR__LITERAL("Sec-WebSocket-Extensions: "));
    weir__permessage_write_answer(writer, agreed);
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
}

/* What every 101 begins with; the accept key follows. */
#define HANDSHAKE_SERVER_SWITCH                                                                    \
    "HTTP/1.1 101 Switching Protocols\r\n"                                                         \
    "Upgrade: websocket\r\n"                                                                       \
    "Connection: Upgrade\r\n"                                                                      \
    "Sec-WebSocket-Accept: "

int weir__response_accept(weir__memory *memory, weir__buffer *out, const weir__kernels *kernels,
                          const weir__http_head *head, weir_text key, weir_text subprotocol,
                          const weir__permessage_agreed *agreed, const weir_field *fields,
                          size_t count)
{
    /* RFC 6455 4.2.2 item 5.5: only what was offered can be chosen. */
    if (subprotocol.data != NULL && !handshake_server_was_offered(head, subprotocol))
        return WEIR_E_PROTOCOL_NAME;
    const int status = weir__fields_check(fields, count, false);
    if (status != WEIR_OK)
        return status;
    weir__head_writer writer;
    weir__head_begin(&writer, memory, out);
    weir__head_text(&writer, WEIR__LITERAL(HANDSHAKE_SERVER_SWITCH));
    char *const accept = (char *)weir__head_room(&writer, WEIR__ACCEPT_LEN + 2);
    if (accept) {
        weir__accept_key(kernels, key, accept);
        accept[WEIR__ACCEPT_LEN] = '\r';
        accept[WEIR__ACCEPT_LEN + 1] = '\n';
    }
    if (subprotocol.data != NULL)
        weir__head_field(&writer, WEIR__LITERAL("Sec-WebSocket-Protocol"), subprotocol);
    handshake_server_write_extensions(&writer, agreed);
    weir__head_fields(&writer, fields, count);
    weir__head_text(&writer, WEIR__LITERAL("\r\n"));
    return weir__head_end(&writer);
}

/* RFC 9110 15: reason phrases; RFC 9112 4: a reason may be empty. */
static weir_text handshake_server_reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].status == status)
            return weir__text(known[i].reason, WEIR_NTS);
    }
    return WEIR__LITERAL("");
}

/* Status line and Connection. RFC 9112 9.6: the connection ends with this response. */
static void handshake_server_write_begin(weir__head_writer *writer, uint32_t status)
{
    weir__head_text(writer, WEIR__LITERAL("HTTP/1.1 "));
    weir__head_number(writer, status);
    weir__head_text(writer, WEIR__LITERAL(" "));
    weir__head_text(writer, handshake_server_reason_of((int)status));
    weir__head_text(writer, WEIR__LITERAL("\r\n"));
    /* RFC 9110 15.5.22: a 426 says what to upgrade to; 7.8: Connection then lists upgrade. */
    if (status == 426)
        weir__head_text(writer, WEIR__LITERAL("Upgrade: websocket\r\n"
                                              "Connection: Upgrade, close\r\n"));
    else
        weir__head_text(writer, WEIR__LITERAL("Connection: close\r\n"));
}

/* Content-Length, the blank line and what fits behind it. */
static void handshake_server_write_body(weir__head_writer *writer, weir_text body, bool is_head)
{
    weir__head_text(writer, WEIR__LITERAL("Content-Length: "));
    weir__head_number(writer, body.len);
    weir__head_text(writer, WEIR__LITERAL("\r\n\r\n"));
    if (!is_head)
        weir__head_text(writer, body);
}

uint32_t weir__response_status(int status)
{
    const uint32_t wire = weir__status_wire(status);
    return wire >= 400 && wire <= 599 ? wire : 500;
}

int weir__response_refuse(weir__memory *memory, weir__buffer *out, int status, bool is_head)
{
    weir__head_writer writer;
    weir__head_begin(&writer, memory, out);
    handshake_server_write_begin(&writer, weir__response_status(status));
    /* RFC 9110 15.5.6. */
    if (status == WEIR_E_HTTP_METHOD)
        weir__head_text(&writer, WEIR__LITERAL("Allow: GET\r\n"));
    /* RFC 6455 4.2.2 item 4, 4.4: name the versions that are spoken here. */
    if (status == WEIR_E_VERSION || status == WEIR_E_VERSION_MISSING)
        weir__head_text(&writer, WEIR__LITERAL("Sec-WebSocket-Version: 13\r\n"));
    weir__head_text(&writer, WEIR__LITERAL("Content-Type: text/plain\r\n"));
    handshake_server_write_body(&writer, weir__text(weir__status_text(status), WEIR_NTS), is_head);
    return weir__head_end(&writer);
}

int weir__response_write(weir__memory *memory, weir__buffer *out, int status,
                         const weir_field *fields, size_t count, weir_text body, bool is_head)
{
    if (status < 200 || status > 599)
        return WEIR_E_HTTP_STATUS;
    const int checked = weir__fields_check(fields, count, false);
    if (checked != WEIR_OK)
        return checked;
    weir__head_writer writer;
    weir__head_begin(&writer, memory, out);
    handshake_server_write_begin(&writer, (uint32_t)status);
    weir__head_fields(&writer, fields, count);
    /* RFC 9110 15.3.5, 15.4.5: these end with the blank line. */
    if (status == 204 || status == 304)
        weir__head_text(&writer, WEIR__LITERAL("\r\n"));
    else
        handshake_server_write_body(&writer, body, is_head);
    return weir__head_end(&writer);
}
