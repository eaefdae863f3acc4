/* SPDX-License-Identifier: MIT */
/* Whole messages that lie in the input: the straight line through receiving. */
#ifndef WEIR_CONN_WHOLE_H
#define WEIR_CONN_WHOLE_H

#include "receive.h"

/* What is to be taken after them. */
typedef enum weir__whole_next {
    WEIR__WHOLE_NONE, /* the input or the events are used up */
    WEIR__WHOLE_TEXT =
        WEIR__OP_TEXT, /* a message of run->note.begun_len bytes that goes beyond the */
    WEIR__WHOLE_BINARY = WEIR__OP_BINARY, /* input: its head, in one frame, was taken */
    WEIR__WHOLE_OTHER                     /* anything else */
} weir__whole_next;

/* Take messages that lie whole in the input, each in one frame and nothing wrong with it, as far as
 * there is room for their events. The connection is OPEN and between messages. */
weir__whole_next weir__whole_receive(weir__run *run);

#endif
