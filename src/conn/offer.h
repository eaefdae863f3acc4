/* SPDX-License-Identifier: MIT */
/* What of the output queue is offered to the transport, and what has left. */
#ifndef WEIR_CONN_OFFER_H
#define WEIR_CONN_OFFER_H

#include "conn.h"

/* Show what waits, in order; spans given before are void. Returns how many spans are used. */
int weir__offer_spans(weir_conn *conn, weir_span *spans, size_t cap);

/* Spans are void, and len bytes of them have left. WEIR_OK or WEIR_E_ARGUMENT. */
int weir__offer_sent(weir_conn *conn, size_t len);

#endif
