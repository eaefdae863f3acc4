/* SPDX-License-Identifier: MIT */
/* The opening handshake of a connection, server and client. */
#ifndef WEIR_CONN_OPENING_H
#define WEIR_CONN_OPENING_H

#include "../protocol/handshake_client.h"
#include "../protocol/handshake_server.h"
#include "conn.h"
#include "receive.h"

/* Lives from the first byte until the receive call after OPEN or REJECTED. */
struct weir__opening {
    weir__http_head head;
    size_t cap; /* of this block */

    /* Server. */
    weir__request_verdict verdict;
    weir__buffer early; /* what came before the answer; from early_at on not looked at yet */
    size_t early_at;

    /* Client. */
    weir__buffer offered;           /* subprotocols, separated by spaces */
    weir__permessage_wishes wishes; /* what the offers of compression were made of */
    weir__http_body body;
    uint64_t interim;
    uint64_t rejected_at; /* position behind the head of a rejection */
    char accept[28];
};

/* Client: queue the request. Errors as weir_conn_create_client. */
int weir__opening_request(weir_conn *conn, const weir_request *request);

/* Take bytes of the handshake from the run. */
void weir__opening_receive(weir__run *run);

/* Server: the caller's answers. */
int weir__opening_accept(weir_conn *conn, weir_text subprotocol, const weir_field *fields,
                         size_t count);
int weir__opening_respond(weir_conn *conn, int status, const weir_field *fields, size_t count,
                          weir_text body);

/* The caller ends it before it is open. */
void weir__opening_refuse(weir_conn *conn);

/* Server: queue the HTTP answer to a fault; false when there is none to give. */
bool weir__opening_answer_fault(weir_conn *conn, int cause);

/* Client: the body of a rejection is as complete as it gets. */
void weir__opening_body_over(weir_conn *conn);

bool weir__opening_has_early(const weir_conn *conn);

/* Let go of the head once the event that shows it is void. */
void weir__opening_release(weir_conn *conn);
void weir__opening_free(weir_conn *conn);
void weir__opening_set_policy(weir_conn *conn);

/* Reading the head: WEIR_OK or WEIR_E_NOT_FOUND. */
int weir__opening_text(const weir_conn *conn, int id, weir_text *text);
int weir__opening_header(const weir_conn *conn, weir_text name, size_t index, weir_text *value);
int weir__opening_header_at(const weir_conn *conn, size_t index, weir_field *field);
int weir__opening_offered(const weir_conn *conn, size_t index, weir_text *text);

uint64_t weir__opening_bytes(const weir_conn *conn);

#endif
