/* SPDX-License-Identifier: MIT */
/* Whole messages that lie in the input: the straight line through receiving. */
#ifndef WEIR_CONN_WHOLE_H
#define WEIR_CONN_WHOLE_H

#include "receive.h"

/* Take messages that lie whole in the input, each in one frame and nothing wrong with it, as far as
 * there is room for their events. A last one that goes beyond the input is begun; whatever else
 * comes next is left for the general way. The connection is OPEN and between messages. */
void weir__whole_receive(weir__run *run);

#endif
