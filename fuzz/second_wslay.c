/* SPDX-License-Identifier: MIT */
/* wslay beside our frame parser. */
#include "second.h"

#ifdef WEIR_FUZZ_WSLAY

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "reference.h"

typedef struct wslay_side {
    const uint8_t *data;
    size_t len;
    fuzz_bytes messages;
} wslay_side;

static ssize_t wslay_read(wslay_event_context_ptr context, uint8_t *buf, size_t len, int flags,
                          void *user)
{
    wslay_side *const side = user;
    (void)flags;
    if (side->len == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    const size_t take = len < side->len ? len : side->len;
    memcpy(buf, side->data, take);
    side->data += take;
    side->len -= take;
    return (ssize_t)take;
}

static ssize_t wslay_write(wslay_event_context_ptr context, const uint8_t *data, size_t len,
                           int flags, void *user)
{
    (void)context, (void)data, (void)flags, (void)user;
    return (ssize_t)len;
}

static int wslay_mask_key(wslay_event_context_ptr context, uint8_t *buf, size_t len, void *user)
{
    (void)context, (void)user;
    memset(buf, 1, len);
    return 0;
}

static void wslay_take_message(wslay_event_context_ptr context,
                               const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    static const uint8_t none[2] = {1005 >> 8, 1005 & 255};
    wslay_side *const side = user;
    (void)context;
    if (arg->opcode == WSLAY_CONNECTION_CLOSE && arg->msg_length < 2)
        reference_log(&side->messages, 8, none, 2);
    else
        reference_log(&side->messages, arg->opcode, arg->msg, arg->msg_length);
}

/* Read all of it. Returns whether wslay failed the connection. */
static int wslay_judge(wslay_side *side, int role)
{
    const struct wslay_event_callbacks callbacks = {
        wslay_read, wslay_write, wslay_mask_key, NULL, NULL, NULL, wslay_take_message};
    wslay_event_context_ptr context;
    const int failed = role == WEIR_SERVER
                           ? wslay_event_context_server_init(&context, &callbacks, side)
                           : wslay_event_context_client_init(&context, &callbacks, side);
    FUZZ_CHECK(failed == 0);
    wslay_event_config_set_max_recv_msg_length(context, 1024 * 1024);
    const int result = wslay_event_recv(context);
    const int open = result == 0 && wslay_event_get_read_enabled(context);
    const int closed = wslay_event_get_close_received(context);
    wslay_event_context_free(context);
    return !open && !closed;
}

/* The last frame is a Close that is not all there. */
static int wslay_ends_in_close(const uint8_t *data, size_t len)
{
    reference_frame frame;
    while (reference_frame_read(data, len, &frame) && frame.len <= len - frame.head) {
        data += frame.head + (size_t)frame.len;
        len -= frame.head + (size_t)frame.len;
    }
    return len > 0 && (data[0] & 15) == 8;
}

/* Where the two may differ, and why it is no fault of ours:
 *
 *   what                                  wslay          weir, and the rule it keeps
 *   the reason of a Close that is not     may fail       waits for the whole control frame
 *   all there
 *   a head that is cut off                waits for it   fails at the byte that breaks a rule
 *   a Close with 1012, 1013, 1014         fails          takes it: registered since wslay was made
 *   a Close of one byte                   takes it       fails, RFC 6455 5.5.1
 *   a Close with 1004, or else not valid  may take it    fails, RFC 6455 7.4
 *   a frame's mask is missing, or there   takes it       fails, RFC 6455 5.1
 *   a Close reason across its reads of    skips two      checks all of it, RFC 6455 5.5.1
 *   4096 bytes                            bytes of each
 *   a message over its limit              fails at the   fails at the head too: the same, but for
 *                                         head           control frames inside it
 *   length of a message across fragments  asks memory    fails for a claim beyond the limit
 *   many fragments, or empty ones         takes them     fails at its limit
 */
static int wslay_is_known(const stream_run *run, int wslay_failed, int in_close, int ours_more,
                          int wslay_more)
{
    switch (run->report.cause) {
    case WEIR_E_MASKED:
    case WEIR_E_UNMASKED:
    case WEIR_E_CLOSE_LENGTH:
    case WEIR_E_PEER_CLOSE_CODE:
    case WEIR_E_PEER_CLOSE_REASON:
    case WEIR_E_MESSAGE_TOO_BIG:
    case WEIR_E_TOO_MANY_FRAGMENTS:
    case WEIR_E_TOO_MANY_EMPTY:
        return !ours_more;
    case WEIR_OK:
    case WEIR_E_TRANSPORT:
        if (!ours_more && !wslay_more && wslay_failed)
            return in_close;
        return ours_more && !wslay_more && wslay_failed && run->report.peer_code >= 1012 &&
               run->report.peer_code <= 1014;
    default: /* wslay waits for the rest of a head */
        return !ours_more && !wslay_more && !wslay_failed;
    }
}

void second_frames(const stream_run *run, int role, const uint8_t *data, size_t len)
{
    wslay_side side = {data, len, {NULL, 0, 0}};
    const int wslay_failed = wslay_judge(&side, role);
    const int in_close = wslay_ends_in_close(data, len);
    const int ours_failed = run->report.cause <= WEIR_E_HTTP_SYNTAX;
    const int prefix = fuzz_is_prefix(&run->messages, &side.messages) ||
                       fuzz_is_prefix(&side.messages, &run->messages);
    const int ours_more = run->messages.len > side.messages.len;
    const int wslay_more = run->messages.len < side.messages.len;
    const int same = !ours_more && !wslay_more && wslay_failed == ours_failed;
    if (!prefix || (!same && !wslay_is_known(run, wslay_failed, in_close, ours_more, wslay_more)))
        fuzz_die("wslay %s after %zu bytes of messages, weir %s (%s) after %zu",
                 wslay_failed ? "fails" : "goes on", side.messages.len,
                 ours_failed ? "fails" : "goes on", weir_status_name(run->report.cause),
                 run->messages.len);
    fuzz_drop(&side.messages);
}

#else

void second_frames(const stream_run *run, int role, const uint8_t *data, size_t len)
{
    (void)run, (void)role, (void)data, (void)len;
}

#endif
