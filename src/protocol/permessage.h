/* SPDX-License-Identifier: MIT */
/* Negotiation of permessage-deflate in the opening handshake (RFC 7692 5, 7.1). No codec. */
#ifndef WEIR_PROTOCOL_PERMESSAGE_H
#define WEIR_PROTOCOL_PERMESSAGE_H

#include "handshake.h"

/* RFC 7692 7.1.2: windows are of 2^8 to 2^15 bytes, 2^15 when nothing else was agreed. */
#define WEIR__PERMESSAGE_BITS_MIN 8u
#define WEIR__PERMESSAGE_BITS_MAX 15u

/* The smallest window that a server takes on for its own compressor. */
#define WEIR__PERMESSAGE_TX_BITS_MIN 9u

/* What our side wants; the policy has checked the ranges. tx is what we send, rx what we receive.
 */
typedef struct weir__permessage_wishes {
    bool enabled;
    bool tx_takeover;       /* our messages may refer to earlier ones */
    bool rx_takeover;       /* the peer's may; false asks it not to */
    bool rx_window_firm;    /* no compression rather than a larger window than rx_window_bits */
    uint8_t tx_window_bits; /* 9..15: the largest our compressor uses */
    uint8_t rx_window_bits; /* 8..15: the largest we want to hold for the peer's messages */
} weir__permessage_wishes;

/* What both sides are bound to, as we see it. All zeros: no compression. */
typedef struct weir__permessage_agreed {
    bool enabled;
    bool tx_takeover;       /* false: each message we send starts with an empty window */
    bool rx_takeover;       /* false: nothing is kept between the peer's messages */
    bool tx_window_named;   /* server: the offer limits our window, so the answer must */
    uint8_t tx_window_bits; /* 8..15: how far our matches may reach back; 8 only for a client */
    uint8_t rx_window_bits; /* 8..15: how far the peer's may */
} weir__permessage_agreed;

/* The wishes of a policy. */
void weir__permessage_wish(const weir_config *policy, weir__permessage_wishes *wishes);

/* Server: take the first offer that can be met; without one compression stays off, which is no
 * error. The grammar was checked before (weir__extension_list_check). */
void weir__permessage_accept(const weir__http_head *head, const weir__permessage_wishes *wishes,
                             weir__permessage_agreed *agreed);

/* Server: append the extension that answers the accepted offer; nothing when there is none, and
 * then the field has no place in the response. */
void weir__permessage_write_answer(weir__head_writer *writer,
                                   const weir__permessage_agreed *agreed);

/* Client: append one or two offers, best first; nothing when not enabled. */
void weir__permessage_write_offer(weir__head_writer *writer, const weir__permessage_wishes *wishes);

/* Client: judge the extensions of a 101 against the offers for the same wishes. WEIR_OK, with or
 * without compression; WEIR_E_EXTENSION_UNOFFERED, WEIR_E_EXTENSION_PARAMS, WEIR_E_EXTENSION_LIST:
 * the connection fails, agreed is all zeros. */
int weir__permessage_judge_answer(const weir__http_head *head,
                                  const weir__permessage_wishes *wishes,
                                  weir__permessage_agreed *agreed);

#endif
