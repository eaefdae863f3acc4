/* SPDX-License-Identifier: MIT */
/* Payloads of received frames: unmasked, checked, held or handed over. */
#ifndef WEIR_CONN_PAYLOAD_H
#define WEIR_CONN_PAYLOAD_H

#include "receive.h"

/* Begin the frame whose head was read, which began at a position of the input: limits and
 * bookkeeping. WEIR_OK or the limit it is over. */
int weir__payload_begin(weir_conn *conn, const weir_frame_head *head, uint64_t at);

/* Begin the only frame of a message of run->note.begun_len bytes, whose head was just taken: it is
 * not compressed, breaks no limit and goes beyond the input. Take what is there of it. At most one
 * event, for which there is room. */
void weir__payload_begin_only(weir__run *run, uint8_t opcode);

/* Whether the data message under way is compressed. */
bool weir__payload_is_compressed(const weir_conn *conn);

/* Take payload bytes of the frame under way; when it is complete, finish it. At most one event,
 * for which there is room. Sets run->stop when it must wait. */
void weir__payload_receive(weir__run *run);

#endif
