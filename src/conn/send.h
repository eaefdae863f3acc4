/* SPDX-License-Identifier: MIT */
/* Sending messages, pings and pongs; closing. */
#ifndef WEIR_CONN_SEND_H
#define WEIR_CONN_SEND_H

#include "conn.h"

int weir__send(weir_conn *conn, int type, const uint8_t *data, size_t len);
int weir__send_ref(weir_conn *conn, int type, const uint8_t *data, size_t len, uint64_t token);
int weir__send_message(weir_conn *conn, weir_message *message);
int weir__send_begin(weir_conn *conn, int type);
int weir__send_piece(weir_conn *conn, const uint8_t *data, size_t len, bool last);
int weir__send_ping(weir_conn *conn, const uint8_t *data, size_t len);
int weir__send_pong_unasked(weir_conn *conn, const uint8_t *data, size_t len);
int weir__send_close(weir_conn *conn, uint32_t code, weir_text reason);

/* The answer to a ping: WEIR_OK or WEIR_E_MEMORY. */
int weir__send_pong(weir_conn *conn, const uint8_t *data, size_t len);

/* The ping after a long silence. */
void weir__send_keepalive(weir_conn *conn);

/* Whether a pong answers the last ping; then rtt_ms is set. */
bool weir__send_is_answer(weir_conn *conn, const uint8_t *data, size_t len);

#endif
