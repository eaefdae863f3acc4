/* SPDX-License-Identifier: MIT */
/* Name, text and wire code of each status, from the one list in weir/status.h. */
#ifndef WEIR_BASE_STATUSES_H
#define WEIR_BASE_STATUSES_H

#include <weir/status.h>

/* See weir_status_name, weir_status_text, weir_status_wire. */
const char *weir__status_name(int status);
const char *weir__status_text(int status);
uint32_t weir__status_wire(int status);

#endif
