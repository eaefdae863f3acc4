/* SPDX-License-Identifier: MIT */
/* How a connection ended, and what passed through it. */
#ifndef WEIR_CONN_REPORT_H
#define WEIR_CONN_REPORT_H

#include "conn.h"

void weir__report(const weir_conn *conn, weir_report *report);
void weir__report_stats(const weir_conn *conn, weir_stats *stats);
void weir__report_totals(const weir_context *context, weir_stats *stats);

#endif
