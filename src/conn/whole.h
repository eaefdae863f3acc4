/* SPDX-License-Identifier: MIT */
/* Whole messages that lie in the input: the straight line through receiving. */
#ifndef WEIR_CONN_WHOLE_H
#define WEIR_CONN_WHOLE_H

#include "receive.h"

/* Take messages that lie whole in the input, each in one frame and nothing wrong with it, as far as
 * there is room for their events. Of a last one that goes beyond the input, what is there is taken;
 * whatever else comes next is left for the general way: true when something does. The connection is
 * OPEN and between messages. */
bool weir__whole_receive(weir__run *run);

#endif
