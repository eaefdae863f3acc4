/* SPDX-License-Identifier: MIT */
/* The opening handshake of a connection, server and client. */
#include "opening.h"

#include <string.h>

#include "compression.h"
#include "output.h"

/* ---- Memory ----------------------------------------------------------------------------------*/

static weir__opening *opening_open(weir_conn *conn)
{
    weir__extra *const extra = weir__conn_open_extra(conn);
    if (!extra || extra->opening)
        return extra ? extra->opening : NULL;
    size_t cap;
    weir__opening *const made = weir__pool_take(&conn->context->memory, sizeof *made, &cap);
    if (!made) {
        weir__conn_settle_extra(conn);
        return NULL;
    }
    /* A length known only now keeps compilers from a slow loop of their own. */
    memset(made, 0, cap);
    made->cap = cap;
    made->head.kind = weir__conn_is_server(conn) ? WEIR__HTTP_REQUEST : WEIR__HTTP_RESPONSE;
    made->head.policy = conn->policy;
    made->head.kernels = conn->context->kernels;
    extra->opening = made;
    return made;
}

void weir__opening_free(weir_conn *conn)
{
    weir__opening *const opening = weir__conn_opening(conn);
    weir__memory *const memory = &conn->context->memory;
    if (!opening)
        return;
    weir__http_head_free(&opening->head, memory);
    weir__buffer_free(memory, &opening->early);
    weir__buffer_free(memory, &opening->offered);
    weir__http_body_free(&opening->body, memory);
    conn->extra->opening = NULL;
    weir__pool_give(memory, opening, opening->cap);
    weir__conn_settle_extra(conn);
}

void weir__opening_release(weir_conn *conn)
{
    const unsigned shown = WEIR__PENDING_OPEN | WEIR__PENDING_REJECTED;
    if (weir__conn_is_opening(conn) || (conn->pending & shown) != 0)
        return;
    if (!weir__opening_has_early(conn))
        weir__opening_free(conn);
}

void weir__opening_set_policy(weir_conn *conn)
{
    if (weir__conn_opening(conn))
        conn->extra->opening->head.policy = conn->policy;
}

bool weir__opening_has_early(const weir_conn *conn)
{
    const weir__opening *const opening = weir__conn_opening(conn);
    return opening && weir__conn_is_live(conn) && opening->early_at < opening->early.len;
}

uint64_t weir__opening_bytes(const weir_conn *conn)
{
    const weir__opening *const opening = weir__conn_opening(conn);
    if (!opening)
        return 0;
    return opening->cap + opening->head.bytes.cap + opening->head.lines.cap + opening->early.cap +
           opening->offered.cap + opening->body.bytes.cap;
}

/* Queue what a writer made; the buffer is given back. */
static int opening_queue(weir_conn *conn, weir__buffer *buffer)
{
    const int status = weir__output_raw(conn, buffer->data, buffer->len);
    weir__buffer_free(&conn->context->memory, buffer);
    return status;
}

/* ---- Server ----------------------------------------------------------------------------------*/

static int opening_accept(weir_conn *conn, weir_text subprotocol, const weir_field *fields,
                          size_t count)
{
    weir__opening *const opening = conn->extra->opening;
    weir__memory *const memory = &conn->context->memory;
    weir__buffer response = {NULL, 0, 0};
    weir__permessage_agreed agreed;
    weir__request_negotiate(&opening->head, &agreed);
    WEIR__TRY(weir__response_accept(memory, &response, conn->context->kernels, &opening->head,
                                    opening->verdict.key, subprotocol, &agreed, fields, count));
    weir__held_text *const chosen = weir__held_text_make(memory, subprotocol);
    const bool is_kept = subprotocol.len == 0 || chosen;
    if (!is_kept || weir__compression_start(conn, &agreed) != WEIR_OK) {
        weir__pool_give(memory, chosen, chosen ? chosen->cap : 0);
        weir__buffer_free(memory, &response);
        return WEIR_E_MEMORY;
    }
    if (opening_queue(conn, &response) != WEIR_OK) {
        weir__pool_give(memory, chosen, chosen ? chosen->cap : 0);
        weir__compression_free(conn);
        return WEIR_E_MEMORY;
    }
    conn->extra->subprotocol = chosen;
    conn->http_status = 101;
    weir__conn_open(conn, false);
    return WEIR_OK;
}

int weir__opening_accept(weir_conn *conn, weir_text subprotocol, const weir_field *fields,
                         size_t count)
{
    if (conn->state != WEIR__AWAIT_ANSWER || conn->extra->opening->verdict.status != WEIR_OK)
        return WEIR_E_STATE;
    return opening_accept(conn, subprotocol, fields, count);
}

/* RFC 9110 9.3.2: a HEAD request gets no body. */
static bool opening_is_head(const weir_conn *conn)
{
    if (!weir__conn_opening(conn))
        return false;
    const weir__http_head *const head = &conn->extra->opening->head;
    return weir__text_equal(weir__http_slice_text(head, head->method), WEIR__LITERAL("HEAD"));
}

int weir__opening_respond(weir_conn *conn, int status, const weir_field *fields, size_t count,
                          weir_text body)
{
    if (conn->state != WEIR__AWAIT_ANSWER)
        return WEIR_E_STATE;
    const bool plain = conn->extra->opening->verdict.plain;
    /* RFC 6455 4.2.2: a 2xx to an upgrade would tell the client nothing it can use. */
    if (status < 200 || status > 599 || (!plain && status < 300))
        return WEIR_E_HTTP_STATUS;
    weir__buffer response = {NULL, 0, 0};
    WEIR__TRY(weir__response_write(&conn->context->memory, &response, status, fields, count, body,
                                   opening_is_head(conn)));
    WEIR__TRY(opening_queue(conn, &response));
    weir__conn_answered(conn, status, plain ? WEIR_OK : WEIR_E_REFUSED);
    return WEIR_OK;
}

bool weir__opening_answer_fault(weir_conn *conn, int cause)
{
    weir__buffer response = {NULL, 0, 0};
    const int status =
        weir__response_refuse(&conn->context->memory, &response, cause, opening_is_head(conn));
    if (status != WEIR_OK || opening_queue(conn, &response) != WEIR_OK)
        return false;
    conn->http_status = (uint16_t)weir__response_status(cause);
    return true;
}

/* Server: 503, as much as there is memory for. */
static bool opening_say_closing(weir_conn *conn)
{
    weir__buffer response = {NULL, 0, 0};
    const int status = weir__response_write(&conn->context->memory, &response, 503, NULL, 0,
                                            WEIR__LITERAL("closing\n"), opening_is_head(conn));
    return status == WEIR_OK && opening_queue(conn, &response) == WEIR_OK;
}

void weir__opening_refuse(weir_conn *conn)
{
    if (weir__conn_is_server(conn) && opening_say_closing(conn))
        weir__conn_answered(conn, 503, WEIR_E_REFUSED);
    else
        weir__conn_lost(conn, WEIR_E_REFUSED);
}

static void opening_judge_request(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__request_verdict *const verdict = &conn->extra->opening->verdict;
    weir__request_judge(&conn->extra->opening->head, verdict);
    if (verdict->plain && conn->policy->http_events) {
        weir__conn_await_answer(conn);
        weir__run_event(run, WEIR_EVENT_HTTP);
        return;
    }
    if (verdict->status != WEIR_OK) {
        weir__run_fail(run, verdict->status);
        return;
    }
    if (!conn->policy->auto_accept) {
        weir__conn_await_answer(conn);
        weir__run_event(run, WEIR_EVENT_REQUEST);
        return;
    }
    if (opening_accept(conn, verdict->subprotocol, NULL, 0) != WEIR_OK)
        weir__run_fail(run, WEIR_E_MEMORY);
}

/* A request waits for its answer: what comes meanwhile is kept, up to a limit. */
static void opening_keep_early(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__buffer *const early = &conn->extra->opening->early;
    const size_t len = (size_t)(run->end - run->at);
    const uint64_t limit = conn->policy->max_early_bytes;
    /* The limit may have been lowered meanwhile. */
    if (early->len > limit || len > limit - early->len) {
        weir__run_fail(run, WEIR_E_EARLY_DATA);
        return;
    }
    if (weir__buffer_append(&conn->context->memory, early, run->at, len) != WEIR_OK) {
        weir__run_fail(run, WEIR_E_MEMORY);
        return;
    }
    run->at = run->end;
}

/* ---- Client ----------------------------------------------------------------------------------*/

int weir__opening_request(weir_conn *conn, const weir_request *request)
{
    weir__opening *const opening = opening_open(conn);
    weir__memory *const memory = &conn->context->memory;
    if (!opening)
        return WEIR_E_MEMORY;
    uint8_t nonce[16];
    weir__random_draw(&conn->context->entropy->nonces, conn->context->kernels, nonce, sizeof nonce);
    weir__permessage_wish(conn->policy, &opening->wishes);
    weir__buffer bytes = {NULL, 0, 0};
    WEIR__TRY(weir__request_write(memory, &bytes, conn->context->kernels, conn->policy, request,
                                  nonce, opening->accept));
    const weir_text offered = weir__text(request->subprotocols.data, request->subprotocols.len);
    const int status = weir__buffer_append(memory, &opening->offered, offered.data, offered.len);
    if (status != WEIR_OK) {
        weir__buffer_free(memory, &bytes);
        return status;
    }
    return opening_queue(conn, &bytes);
}

static void opening_connected(weir__run *run, const weir__response_verdict *verdict)
{
    weir_conn *const conn = run->conn;
    const weir_text subprotocol = verdict->subprotocol;
    conn->extra->subprotocol = weir__held_text_make(&conn->context->memory, subprotocol);
    const bool is_kept = subprotocol.len == 0 || weir__conn_subprotocol(conn);
    if (!is_kept || weir__compression_start(conn, &verdict->deflate) != WEIR_OK)
        weir__run_fail(run, WEIR_E_MEMORY);
    else
        weir__conn_open(conn, false);
}

static void opening_rejected(weir__run *run)
{
    weir_conn *const conn = run->conn;
    const int status =
        weir__http_body_init(&conn->extra->opening->body, &conn->extra->opening->head);
    if (status < 0) {                /* never: the verdict was another then */
        weir__run_fail(run, status); /* never: as said */
        return;                      /* never: as said */
    }
    conn->extra->opening->rejected_at = weir__run_offset(run);
    weir__conn_await_body(conn);
    if (status == WEIR_OK || conn->policy->max_reject_bytes == 0)
        weir__opening_body_over(conn);
}

void weir__opening_body_over(weir_conn *conn)
{
    weir__conn_pend(conn, WEIR__PENDING_REJECTED);
    weir__conn_rejected(conn, conn->extra->opening->rejected_at);
}

static void opening_read_body(weir__run *run)
{
    weir_conn *const conn = run->conn;
    const int status =
        weir__http_body_feed(&conn->extra->opening->body, &conn->context->memory,
                             conn->policy->max_reject_bytes, run->at, (size_t)(run->end - run->at));
    run->at = run->end;
    if (status != WEIR__HTTP_MORE)
        weir__opening_body_over(conn); /* a body cut short by a fault is still worth showing */
}

static void opening_judge_response(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__opening *const opening = conn->extra->opening;
    weir__response_verdict verdict;
    const weir_text offered = {(const char *)opening->offered.data, opening->offered.len};
    weir__response_judge(&opening->head, opening->accept, offered, &opening->wishes, &verdict);
    if (verdict.kind != WEIR__RESPONSE_INTERIM)
        conn->http_status = (uint16_t)opening->head.status;
    switch (verdict.kind) { /* never: another kind */
    case WEIR__RESPONSE_INTERIM:
        if (opening->interim++ >= conn->policy->max_interim)
            weir__run_fail(run, WEIR_E_TOO_MANY_INTERIM);
        else
            weir__http_head_reset(&opening->head);
        return;
    case WEIR__RESPONSE_OPEN:
        opening_connected(run, &verdict);
        return;
    case WEIR__RESPONSE_REJECTED:
        opening_rejected(run);
        return;
    case WEIR__RESPONSE_BAD:
        weir__run_fail(run, verdict.status);
        return;
    }
}

/* ---- Both ------------------------------------------------------------------------------------*/

static void opening_read_head(weir__run *run)
{
    weir_conn *const conn = run->conn;
    weir__opening *const opening = opening_open(conn);
    if (!opening) {
        weir__run_fail(run, WEIR_E_MEMORY);
        return;
    }
    size_t used;
    const int status = weir__http_head_feed(&opening->head, &conn->context->memory, run->at,
                                            (size_t)(run->end - run->at), &used);
    run->at += used;
    if (status == WEIR__HTTP_MORE)
        return;
    if (status != WEIR_OK)
        weir__run_fail(run, status);
    else if (weir__conn_is_server(conn))
        opening_judge_request(run);
    else
        opening_judge_response(run);
}

void weir__opening_receive(weir__run *run)
{
    switch (run->conn->state) {
    case WEIR__AWAIT_HEAD:
        opening_read_head(run);
        break;
    case WEIR__AWAIT_ANSWER:
        /* The request's event is handled first; only then more input is looked at. */
        if (run->count > 0)
            run->stop = 1;
        else
            opening_keep_early(run);
        break;
    default:
        opening_read_body(run);
        break;
    }
}

/* ---- Reading the head ------------------------------------------------------------------------*/

/* The head while it may be read: whole, and not forgotten yet. */
static const weir__http_head *opening_head(const weir_conn *conn)
{
    if (!weir__conn_opening(conn) || conn->state == WEIR__AWAIT_HEAD)
        return NULL;
    return &conn->extra->opening->head;
}

static bool opening_server_text(const weir__opening *opening, int id, weir_text *text)
{
    const weir__http_head *const head = &opening->head;
    switch (id) {
    case WEIR_TEXT_METHOD:
        *text = weir__http_slice_text(head, head->method);
        return true;
    case WEIR_TEXT_TARGET:
        *text = weir__http_slice_text(head, head->target);
        return true;
    case WEIR_TEXT_PATH:
        *text = opening->verdict.path;
        return true;
    case WEIR_TEXT_QUERY:
        *text = opening->verdict.query;
        return true;
    case WEIR_TEXT_HOST:
        *text = opening->verdict.host;
        return true;
    case WEIR_TEXT_ORIGIN:
        return weir__http_head_first(head, WEIR__NAME_ORIGIN, text);
    default:
        return false;
    }
}

int weir__opening_text(const weir_conn *conn, int id, weir_text *text)
{
    if (id == WEIR_TEXT_SUBPROTOCOL) {
        const weir__held_text *const subprotocol = weir__conn_subprotocol(conn);
        if (!subprotocol)
            return WEIR_E_NOT_FOUND;
        *text = (weir_text){subprotocol->data, subprotocol->len};
        return WEIR_OK;
    }
    const weir__http_head *const head = opening_head(conn);
    if (!head)
        return WEIR_E_NOT_FOUND;
    if (weir__conn_is_server(conn))
        return opening_server_text(weir__conn_opening(conn), id, text) ? WEIR_OK : WEIR_E_NOT_FOUND;
    if (id != WEIR_TEXT_REASON)
        return WEIR_E_NOT_FOUND;
    *text = weir__http_slice_text(head, head->reason);
    return WEIR_OK;
}

int weir__opening_header(const weir_conn *conn, weir_text name, size_t index, weir_text *value)
{
    const weir__http_head *const head = opening_head(conn);
    return head && weir__http_head_find(head, name, index, value) ? WEIR_OK : WEIR_E_NOT_FOUND;
}

int weir__opening_header_at(const weir_conn *conn, size_t index, weir_field *field)
{
    const weir__http_head *const head = opening_head(conn);
    return head && weir__http_head_field(head, index, field) ? WEIR_OK : WEIR_E_NOT_FOUND;
}

int weir__opening_offered(const weir_conn *conn, size_t index, weir_text *text)
{
    const weir__http_head *const head = opening_head(conn);
    if (!head || !weir__conn_is_server(conn) || conn->extra->opening->verdict.status != WEIR_OK)
        return WEIR_E_NOT_FOUND;
    return weir__request_subprotocol(head, index, text) ? WEIR_OK : WEIR_E_NOT_FOUND;
}
