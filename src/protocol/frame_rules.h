/* SPDX-License-Identifier: MIT */
/* Which frame heads are allowed (RFC 6455 5.1 to 5.5), as early as bytes can tell. */
#ifndef WEIR_PROTOCOL_FRAME_RULES_H
#define WEIR_PROTOCOL_FRAME_RULES_H

#include "frame.h"

/* What is expected of the next head. */
typedef struct weir__frame_rules {
    bool masked;     /* the peer is a client */
    bool in_message; /* a message was begun and not ended */
    bool rsv1;       /* permessage-deflate was agreed */
} weir__frame_rules;

/* Read and judge a head that a peer sends, of which have bytes (1 or more) are there. Returns the
 * head's length when it is whole and allowed, 0 when more bytes are needed and those there break no
 * rule, else the rule that is broken: the same one however the bytes are cut up. */
int weir__frame_rules_read(const uint8_t *bytes, size_t have, const weir__frame_rules *rules,
                           weir_frame_head *head);

#endif
