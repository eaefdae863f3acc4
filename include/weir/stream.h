/* SPDX-License-Identifier: MIT */
/**
 * WebSocket on a stream of HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220): the handshake is two lists of
 * fields instead of two heads. Not part of weir.h: include it beside that.
 *
 * These functions translate: a list becomes the HTTP/1.1 head that means the same, which a
 * connection judges with its whole policy, and the head that a connection puts out becomes the list
 * to send. They keep nothing and allocate nothing; the texts of a list point into your memory.
 *
 * Server: weir_stream_read_request, give the head to weir_conn_receive, handle its events as ever;
 * then weir_stream_write_response of weir_conn_output, and weir_conn_sent what it used. From then
 * on the stream's data are the connection's bytes, both ways. Client: the other two alike.
 *
 * The HTTP layer is yours: announcing SETTINGS_ENABLE_CONNECT_PROTOCOL (8) = 1 as a server, waiting
 * for it as a client, and the stream's flow control, which is what weir_conn_output and
 * WEIR_WANT_INPUT wait for. WEIR_WANT_SHUTDOWN_WRITE, and WEIR_WANT_CLOSE after a clean end, mean
 * END_STREAM (HTTP/3: FIN); WEIR_WANT_CLOSE after another end (weir_report.clean is 0) means
 * RST_STREAM with CANCEL (HTTP/3: H3_REQUEST_CANCELLED).
 *
 * RST_STREAM of the peer is weir_conn_receive_eof. So is its END_STREAM, but browsers send that
 * along with their Close, and the answer must leave first: wait while the state is WEIR_CLOSING and
 * there is WEIR_WANT_OUTPUT.
 */
#ifndef WEIR_STREAM_H
#define WEIR_STREAM_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Server: the HTTP/1.1 request that an extended CONNECT stands for.
 *
 * fields   [count] the request's fields in their order, pseudo fields first; borrowed for this
 *          call. A Sec-WebSocket-Key is passed over, pieces of a Cookie are joined.
 * count    fields.
 * head     out: [room] bytes; not more than 256 and, for each field, 8 beside its texts are needed.
 * room     bytes.
 * len      out: bytes of the head.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_SHORT; the client's, to be answered with
 *          weir_status_wire: WEIR_E_STREAM_FIELDS (400), WEIR_E_STREAM_PROTOCOL (501: another
 *          :protocol).
 * Spec     RFC 8441 4 and 5, RFC 9113 8.2 and 8.3, RFC 9220 3.
 */
WEIR_API int weir_stream_read_request(const weir_field *fields, size_t count, char *head,
                                      size_t room, size_t *len);

/**
 * Server: the fields of the answer that a connection put out. 101 becomes :status 200.
 *
 * output   [len] the first span of weir_conn_output, which holds the head whole; borrowed for this
 *          call.
 * len      bytes; more than the head is fine: what follows it (a refusal's body) are data.
 * used     out: bytes of the head, for weir_conn_sent.
 * texts    out: [room] bytes, where the fields' texts stand; as long as the head is enough.
 * room     bytes.
 * fields   out: [cap] :status first; names are in lower case.
 * cap      fields that fit.
 * Returns  number of fields; 0: the head is not whole.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_SHORT, WEIR_E_HTTP_SYNTAX: no head of weir's.
 * Spec     RFC 8441 5, RFC 9113 8.3.2.
 */
WEIR_API int weir_stream_write_response(const void *output, size_t len, size_t *used, char *texts,
                                        size_t room, weir_field *fields, size_t cap);

/**
 * Client: the fields of the request that a connection put out.
 *
 * output   [len] the first span of weir_conn_output, which holds the head whole; borrowed for this
 *          call.
 * len      bytes.
 * secure   1: wss, :scheme is https; 0: ws, http.
 * used     out: bytes of the head, for weir_conn_sent.
 * accept   out: [28] characters, for weir_stream_read_response.
 * texts    out: [room] bytes, where the fields' texts stand; as long as the head is enough.
 * room     bytes.
 * fields   out: [cap] :method, :protocol, :scheme, :path and :authority first; names are in lower
 *          case.
 * cap      fields that fit.
 * Returns  number of fields; 0: the head is not whole.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_SHORT, WEIR_E_HTTP_SYNTAX: no request of weir's.
 * Spec     RFC 8441 4 and 5.
 */
WEIR_API int weir_stream_write_request(const void *output, size_t len, int secure, size_t *used,
                                       char *accept, char *texts, size_t room, weir_field *fields,
                                       size_t cap);

/**
 * Client: the HTTP/1.1 response that a response's fields stand for. Any 2xx becomes 101.
 *
 * fields   [count] the response's fields, :status first; borrowed for this call.
 * count    fields.
 * accept   [28] of weir_stream_write_request.
 * head     out: [room] bytes; not more than 256 and, for each field, 8 beside its texts are needed.
 * room     bytes.
 * len      out: bytes of the head, for weir_conn_receive.
 * Returns  WEIR_OK.
 * Errors   WEIR_E_ARGUMENT, WEIR_E_OFF, WEIR_E_SHORT; WEIR_E_STREAM_FIELDS: the server's fault,
 *          cancel the stream.
 * Spec     RFC 8441 5, RFC 9113 8.3.2.
 */
WEIR_API int weir_stream_read_response(const weir_field *fields, size_t count, const char *accept,
                                       char *head, size_t room, size_t *len);

#ifdef __cplusplus
}
#endif

#endif
