/* SPDX-License-Identifier: MIT */
/* The exported functions: arguments are checked here, everything else happens below. */
#include <weir/weir.h>

#include <string.h>

#include "../base/statuses.h"
#include "../kernels/utf8.h"
#include "../protocol/close.h"
#include "../protocol/frame.h"
#include "../protocol/handshake.h"
#include "../protocol/url.h"
#include "compression.h"
#include "conn.h"
#include "message.h"
#include "offer.h"
#include "opening.h"
#include "output.h"
#include "policy.h"
#include "receive.h"
#include "report.h"
#include "send.h"

/* Whether len bytes at data can be read. */
static bool api_bytes_valid(const void *data, size_t len)
{
    return data || len == 0;
}

static bool api_type_valid(int type)
{
    const int kind = type & ~WEIR_AUTO;
    return kind == WEIR_TEXT || kind == WEIR_BINARY;
}

/* ---- Version and status ----------------------------------------------------------------------*/

uint32_t weir_version(void)
{
    return (uint32_t)WEIR_VERSION_MAJOR << 16 | (uint32_t)WEIR_VERSION_MINOR << 8 |
           (uint32_t)WEIR_VERSION_PATCH;
}

const char *weir_status_name(int status)
{
    return weir__status_name(status);
}

const char *weir_status_text(int status)
{
    return weir__status_text(status);
}

uint32_t weir_status_wire(int status)
{
    return weir__status_wire(status);
}

/* ---- Configuration ---------------------------------------------------------------------------*/

static int api_config_check(const weir_config *config)
{
    if (!config)
        return WEIR_E_ARGUMENT;
    return config->size == sizeof *config ? WEIR_OK : WEIR_E_SIZE;
}

size_t weir_config_size(void)
{
    return sizeof(weir_config);
}

int weir_config_init(weir_config *config, size_t size)
{
    if (!config)
        return WEIR_E_ARGUMENT;
    if (size != sizeof *config)
        return WEIR_E_SIZE;
    weir__policy_init(config);
    return WEIR_OK;
}

int weir_config_init_tiny(weir_config *config, size_t size)
{
    if (!config)
        return WEIR_E_ARGUMENT;
    if (size != sizeof *config)
        return WEIR_E_SIZE;
    weir__policy_init_tiny(config);
    return WEIR_OK;
}

int weir_config_set(weir_config *config, int option, uint64_t value)
{
    WEIR__TRY(api_config_check(config));
    return weir__policy_set(config, option, value);
}

int weir_config_set_text(weir_config *config, int option, const char *text, size_t len)
{
    WEIR__TRY(api_config_check(config));
    if (!api_bytes_valid(text, len == WEIR_NTS ? 1 : len))
        return WEIR_E_ARGUMENT;
    return weir__policy_set_text(config, option, weir__text(text, len));
}

int weir_config_get(const weir_config *config, int option, uint64_t *value)
{
    WEIR__TRY(api_config_check(config));
    return value ? weir__policy_get(config, option, value) : WEIR_E_ARGUMENT;
}

/* ---- Context ---------------------------------------------------------------------------------*/

int weir_context_create(const weir_config *config, weir_context **context)
{
    if (!context)
        return WEIR_E_ARGUMENT;
    *context = NULL;
    WEIR__TRY(api_config_check(config));
    return weir__context_create(config, context);
}

int weir_context_free(weir_context *context)
{
    return context ? weir__context_free(context) : WEIR_OK;
}

int weir_context_set_time(weir_context *context, uint64_t now_ms)
{
    if (!context)
        return WEIR_E_ARGUMENT;
    weir__context_set_time(context, now_ms);
    return WEIR_OK;
}

uint64_t weir_context_next_due(weir_context *context)
{
    return context ? weir__context_next_due(context) : WEIR_NONE;
}

weir_conn *weir_context_next_ready(weir_context *context)
{
    return context ? weir__context_next_ready(context) : NULL;
}

/* ---- Connection ------------------------------------------------------------------------------*/

int weir_conn_create_server(weir_context *context, weir_conn **conn)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    *conn = NULL;
    if (!context)
        return WEIR_E_ARGUMENT;
    return WEIR__PART_SERVER ? weir__conn_create(context, WEIR_SERVER, conn) : WEIR_E_OFF;
}

/* A client that was just made; when its start failed it is as if it never was. */
static int api_created(weir_conn *made, int status, weir_conn **conn)
{
    if (status < 0) {
        weir__conn_free(made);
        return status;
    }
    *conn = made;
    return WEIR_OK;
}

int weir_conn_create_client(weir_context *context, const weir_request *request, weir_conn **conn)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    *conn = NULL;
    if (!context || !request || !api_bytes_valid(request->fields, request->field_count))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_CLIENT)
        return WEIR_E_OFF;
    if (!context->entropy)
        return WEIR_E_ENTROPY;
    weir_conn *made;
    WEIR__TRY(weir__conn_create(context, WEIR_CLIENT, &made));
    return api_created(made, weir__opening_request(made, request), conn);
}

int weir_conn_create_established(weir_context *context, int role, weir_conn **conn)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    *conn = NULL;
    if (!context || (role != WEIR_SERVER && role != WEIR_CLIENT))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_SERVER && role == WEIR_SERVER)
        return WEIR_E_OFF;
    if (!WEIR__PART_CLIENT && role == WEIR_CLIENT)
        return WEIR_E_OFF;
    if (role == WEIR_CLIENT && !context->entropy)
        return WEIR_E_ENTROPY;
    WEIR__TRY(weir__conn_create(context, role, conn));
    weir__conn_open(*conn, true);
    return WEIR_OK;
}

void weir_conn_free(weir_conn *conn)
{
    if (conn)
        weir__conn_free(conn);
}

int weir_conn_set_user(weir_conn *conn, void *user)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    conn->user = user;
    return WEIR_OK;
}

void *weir_conn_user(const weir_conn *conn)
{
    return conn ? conn->user : NULL;
}

int weir_conn_set(weir_conn *conn, int option, uint64_t value)
{
    return conn ? weir__conn_set(conn, option, value) : WEIR_E_ARGUMENT;
}

int weir_conn_trim(weir_conn *conn)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    weir__compression_trim(conn);
    return WEIR_OK;
}

int weir_conn_state(const weir_conn *conn)
{
    return conn ? weir__conn_public_state(conn) : WEIR_CLOSED;
}

/* ---- Receiving -------------------------------------------------------------------------------*/

int weir_conn_receive(weir_conn *conn, void *data, size_t len, size_t *used, weir_event *events,
                      size_t cap)
{
    if (used)
        *used = len;
    if (!conn || !used || !api_bytes_valid(data, len) || !api_bytes_valid(events, cap))
        return WEIR_E_ARGUMENT;
    /* A place that was offered may not outlive this input. */
    if (len > 0 && conn->context->input_conn == conn)
        conn->context->input_conn = NULL;
    return weir__receive(conn, data, len, used, events, cap < INT32_MAX ? cap : INT32_MAX);
}

int weir_conn_events(weir_conn *conn, weir_event *events, size_t cap)
{
    size_t used;
    if (!conn || !api_bytes_valid(events, cap))
        return WEIR_E_ARGUMENT;
    return weir__receive(conn, NULL, 0, &used, events, cap < INT32_MAX ? cap : INT32_MAX);
}

int weir_conn_receive_eof(weir_conn *conn)
{
    if (!conn)
        return WEIR_E_ARGUMENT;
    weir__conn_eof(conn);
    return WEIR_OK;
}

void *weir_conn_input_buffer(weir_conn *conn, size_t *len)
{
    return conn && len ? weir__receive_place(conn, len) : NULL;
}

int weir_conn_input_filled(weir_conn *conn, size_t len, size_t *used, weir_event *events,
                           size_t cap)
{
    if (used)
        *used = len;
    if (!conn || !used || !api_bytes_valid(events, cap))
        return WEIR_E_ARGUMENT;
    weir_context *const context = conn->context;
    if (context->input_conn != conn || len > context->input_len)
        return WEIR_E_ARGUMENT;
    const int count = weir__receive(conn, context->input_at, len, used, events,
                                    cap < INT32_MAX ? cap : INT32_MAX);
    context->input_at += *used;
    context->input_len = len - *used;
    return count;
}

/* ---- Handshake -------------------------------------------------------------------------------*/

int weir_conn_text(const weir_conn *conn, int id, weir_text *text)
{
    return conn && text ? weir__opening_text(conn, id, text) : WEIR_E_ARGUMENT;
}

int weir_conn_header(const weir_conn *conn, const char *name, size_t name_len, size_t index,
                     weir_text *value)
{
    if (!conn || !name || !value)
        return WEIR_E_ARGUMENT;
    return weir__opening_header(conn, weir__text(name, name_len), index, value);
}

int weir_conn_header_at(const weir_conn *conn, size_t index, weir_field *field)
{
    return conn && field ? weir__opening_header_at(conn, index, field) : WEIR_E_ARGUMENT;
}

int weir_conn_offered_subprotocol(const weir_conn *conn, size_t index, weir_text *text)
{
    return conn && text ? weir__opening_offered(conn, index, text) : WEIR_E_ARGUMENT;
}

int weir_conn_accept(weir_conn *conn, const char *subprotocol, size_t subprotocol_len,
                     const weir_field *fields, size_t field_count)
{
    if (!conn || !api_bytes_valid(fields, field_count))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_SERVER)
        return WEIR_E_OFF;
    return weir__opening_accept(conn, weir__text(subprotocol, subprotocol_len), fields,
                                field_count);
}

int weir_conn_respond(weir_conn *conn, int status, const weir_field *fields, size_t field_count,
                      const void *body, size_t body_len)
{
    if (!conn || !api_bytes_valid(fields, field_count) || !api_bytes_valid(body, body_len))
        return WEIR_E_ARGUMENT;
    if (!WEIR__PART_SERVER)
        return WEIR_E_OFF;
    return weir__opening_respond(conn, status, fields, field_count,
                                 weir__text((const char *)body, body_len));
}

/* ---- Sending ---------------------------------------------------------------------------------*/

int weir_conn_send(weir_conn *conn, int type, const void *data, size_t len)
{
    if (!conn || !api_type_valid(type) || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send(conn, type, data, len);
}

int weir_conn_send_ref(weir_conn *conn, int type, const void *data, size_t len, uint64_t token)
{
    if (!conn || !api_type_valid(type) || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send_ref(conn, type, data, len, token);
}

int weir_conn_send_message(weir_conn *conn, weir_message *message)
{
    return conn && message ? weir__send_message(conn, message) : WEIR_E_ARGUMENT;
}

int weir_conn_send_begin(weir_conn *conn, int type)
{
    return conn && api_type_valid(type) ? weir__send_begin(conn, type) : WEIR_E_ARGUMENT;
}

int weir_conn_send_chunk(weir_conn *conn, const void *data, size_t len)
{
    if (!conn || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send_piece(conn, data, len, false);
}

int weir_conn_send_end(weir_conn *conn, const void *data, size_t len)
{
    if (!conn || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send_piece(conn, data, len, true);
}

int weir_conn_ping(weir_conn *conn, const void *data, size_t len)
{
    if (!conn || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send_ping(conn, data, len);
}

int weir_conn_pong(weir_conn *conn, const void *data, size_t len)
{
    if (!conn || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__send_pong_unasked(conn, data, len);
}

int weir_conn_close(weir_conn *conn, int code, const char *reason, size_t reason_len)
{
    if (!conn || !api_bytes_valid(reason, reason_len == WEIR_NTS ? 0 : reason_len))
        return WEIR_E_ARGUMENT;
    if (code < 0)
        return WEIR_E_CLOSE_CODE;
    return weir__send_close(conn, (uint32_t)code, weir__text(reason, reason_len));
}

/* ---- Prepared messages -----------------------------------------------------------------------*/

int weir_message_create(weir_context *context, int type, const void *data, size_t len,
                        weir_message **message)
{
    if (!message)
        return WEIR_E_ARGUMENT;
    *message = NULL;
    if (!context || !api_type_valid(type) || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__message_create(context, type, data, len, message);
}

int weir_message_retain(weir_message *message)
{
    if (!message)
        return WEIR_E_ARGUMENT;
    message->refs++;
    return WEIR_OK;
}

void weir_message_free(weir_message *message)
{
    if (message)
        weir__message_release(message);
}

/* ---- Output ----------------------------------------------------------------------------------*/

uint32_t weir_conn_wants(const weir_conn *conn)
{
    return conn ? weir__conn_wants(conn) : WEIR_WANT_CLOSE;
}

int weir_conn_output(weir_conn *conn, weir_span *spans, size_t cap)
{
    if (!conn || !api_bytes_valid(spans, cap))
        return WEIR_E_ARGUMENT;
    return weir__offer_spans(conn, spans, cap < INT32_MAX ? cap : INT32_MAX);
}

int weir_conn_sent(weir_conn *conn, size_t len)
{
    return conn ? weir__offer_sent(conn, len) : WEIR_E_ARGUMENT;
}

uint64_t weir_conn_buffered_amount(const weir_conn *conn)
{
    return conn ? weir__output_payload(conn) : 0;
}

/* ---- The end, statistics ---------------------------------------------------------------------*/

int weir_conn_report(const weir_conn *conn, weir_report *report, size_t size)
{
    if (!conn || !report)
        return WEIR_E_ARGUMENT;
    if (size != sizeof *report)
        return WEIR_E_SIZE;
    weir__report(conn, report);
    return WEIR_OK;
}

int weir_conn_stats(const weir_conn *conn, weir_stats *stats, size_t size)
{
    if (!conn || !stats)
        return WEIR_E_ARGUMENT;
    if (size != sizeof *stats)
        return WEIR_E_SIZE;
    weir__report_stats(conn, stats);
    return WEIR_OK;
}

int weir_context_stats(const weir_context *context, weir_stats *stats, size_t size)
{
    if (!context || !stats)
        return WEIR_E_ARGUMENT;
    if (size != sizeof *stats)
        return WEIR_E_SIZE;
    weir__report_totals(context, stats);
    return WEIR_OK;
}

/* ---- Pieces that work alone ------------------------------------------------------------------*/

int weir_frame_head_read(const void *data, size_t len, weir_frame_head *head)
{
    if (!head || !api_bytes_valid(data, len))
        return WEIR_E_ARGUMENT;
    return weir__frame_head_read(data, len, head);
}

int weir_frame_head_write(const weir_frame_head *head, uint8_t *out)
{
    if (!head || !out || head->len > INT64_MAX || head->fin > 1 || head->masked > 1 ||
        head->rsv > 7 || head->opcode > 15)
        return WEIR_E_ARGUMENT;
    return (int)weir__frame_head_write(head, out);
}

uint32_t weir_mask(void *data, size_t len, const uint8_t *key, uint64_t phase)
{
    uint32_t word;
    if (!data || !key)
        return (uint32_t)(phase & 3);
    memcpy(&word, key, sizeof word);
    if (len > 0)
        weir__kernels_baseline()->mask(data, len, weir__key_rotate(word, phase));
    return (uint32_t)((phase + len) & 3);
}

size_t weir_utf8_check(weir_utf8 *utf8, const void *data, size_t len, int final)
{
    if (!utf8 || !api_bytes_valid(data, len))
        return 0;
    const size_t good = weir__utf8_check(weir__kernels_baseline(), &utf8->state, data, len);
    if (good < len || !final || utf8->state == WEIR__UTF8_START)
        return good;
    return SIZE_MAX;
}

int weir_accept_key(const char *key, size_t key_len, char *accept)
{
    if (!key || !accept)
        return WEIR_E_ARGUMENT;
    weir__accept_key(weir__kernels_baseline(), weir__text(key, key_len), accept);
    return WEIR_OK;
}

int weir_url_parse(const char *text, size_t len, weir_url *url)
{
    return text && url ? weir__url_parse(weir__text(text, len), url) : WEIR_E_ARGUMENT;
}

int weir_close_code_valid(uint32_t code)
{
    return weir__close_code_valid(code);
}

int weir_close_payload_read(const void *payload, size_t len, uint32_t *code, weir_text *reason)
{
    if (!code || !reason || !api_bytes_valid(payload, len))
        return WEIR_E_ARGUMENT;
    return weir__close_payload_read(payload, len, code, reason);
}

int weir_close_payload_write(uint32_t code, const char *reason, size_t reason_len, uint8_t *out)
{
    if (!out || !api_bytes_valid(reason, reason_len == WEIR_NTS ? 0 : reason_len))
        return WEIR_E_ARGUMENT;
    return weir__close_payload_write(code, weir__text(reason, reason_len), out);
}
