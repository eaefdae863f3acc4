/* SPDX-License-Identifier: MIT */
/* How a connection ended, and what passed through it. */
#include "report.h"

#include <string.h>

#include "../base/statuses.h"
#include "../protocol/close.h"
#include "assembly.h"
#include "compression.h"
#include "opening.h"
#include "output.h"

void weir__report(const weir_conn *conn, weir_report *report)
{
    memset(report, 0, sizeof *report);
    report->side = conn->side;
    report->cause = conn->cause;
    /* RFC 6455 7.1.5: the first Close received decides, 1006 without one. */
    report->code = conn->peer_code ? conn->peer_code : WEIR__CLOSE_ABNORMAL;
    report->local_code = conn->local_code;
    report->peer_code = conn->peer_code;
    report->http_status = conn->http_status;
    report->clean = weir__conn_has(conn, WEIR__FLAG_CLEAN);
    report->offset =
        weir__conn_has(conn, WEIR__FLAG_REPORTED) ? conn->note.fault_at : conn->rx_bytes;
    report->text = weir__text(weir__status_text(conn->cause), WEIR_NTS);
    const weir__held_text *const reason = weir__conn_reason(conn);
    if (reason)
        report->reason = (weir_text){reason->data, reason->len};
}

static uint64_t report_held(const weir_conn *conn)
{
    uint64_t held = sizeof *conn + weir__output_held(conn) + weir__assembly_bytes(conn) +
                    weir__opening_bytes(conn) + weir__compression_bytes(conn);
    if (conn->extra)
        held += conn->extra->cap;
    if (weir__conn_subprotocol(conn))
        held += weir__conn_subprotocol(conn)->cap;
    if (weir__conn_reason(conn))
        held += weir__conn_reason(conn)->cap;
    if (weir__conn_has(conn, WEIR__FLAG_OWN_POLICY))
        held += sizeof *conn->policy;
    return held;
}

static void report_compression(const weir_conn *conn, weir_stats *stats)
{
    const weir__compression *const compression = weir__conn_compression(conn);
    if (!compression)
        return;
    stats->rx_deflated_bytes = compression->rx_deflated;
    stats->rx_inflated_bytes = compression->rx_inflated;
    stats->tx_inflated_bytes = compression->tx_inflated;
    stats->tx_deflated_bytes = compression->tx_deflated;
    stats->tx_skipped = compression->tx_skipped;
    stats->deflate_bytes = weir__compression_bytes(conn);
}

void weir__report_stats(const weir_conn *conn, weir_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    stats->rx_bytes = conn->rx_bytes;
    stats->tx_bytes = conn->tx_bytes;
    stats->rx_messages = conn->rx_messages;
    stats->tx_messages = conn->tx_messages;
    stats->rx_control = conn->rx_control;
    stats->tx_control = conn->tx_control;
    stats->queued_bytes = weir__output_queued(conn);
    stats->held_bytes = report_held(conn);
    stats->rtt_ms = conn->rtt_ms == UINT32_MAX ? WEIR_NONE : conn->rtt_ms;
    stats->connections = 1;
    stats->opened = weir__conn_has(conn, WEIR__FLAG_OPENED);
    report_compression(conn, stats);
    stats->failed = weir__conn_has(conn, WEIR__FLAG_REPORTED) && conn->cause != WEIR_OK;
}

void weir__report_totals(const weir_context *context, weir_stats *stats)
{
    *stats = context->totals;
    stats->held_bytes = context->memory.held;
    stats->peak_bytes = context->memory.peak;
    stats->deflate_bytes = context->codec.inflate_cap + context->codec.deflate_cap;
}
