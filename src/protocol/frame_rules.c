/* SPDX-License-Identifier: MIT */
/* Which frame heads are allowed (RFC 6455 5.1 to 5.5), as early as bytes can tell. */
#include "frame_rules.h"

/* RFC 6455 5.2: a bit means something only when an extension was agreed. RFC 7692 6: RSV1 does, on
 * the first frame of a message. */
static bool frame_rules_rsv_allowed(uint8_t first, const weir__frame_rules *rules)
{
    const unsigned opcode = first & 0x0Fu;
    const unsigned rsv = first & 0x70u;
    const bool is_first = opcode == WEIR__OP_TEXT || opcode == WEIR__OP_BINARY;
    return rsv == 0 || (rsv == 0x40u && rules->rsv1 && is_first);
}

static int frame_rules_first(uint8_t first, const weir__frame_rules *rules)
{
    const unsigned opcode = first & 0x0Fu;
    const bool fin = (first & 0x80u) != 0;
    if (!frame_rules_rsv_allowed(first, rules))
        return WEIR_E_RSV;
    if (opcode > WEIR__OP_PONG || (opcode > WEIR__OP_BINARY && opcode < WEIR__OP_CLOSE))
        return WEIR_E_OPCODE;
    /* RFC 6455 5.5: control frames are never fragmented. */
    if (opcode >= WEIR__OP_CLOSE)
        return fin ? WEIR_OK : WEIR_E_CONTROL_FRAGMENTED;
    /* RFC 6455 5.4: fragments follow their first frame, messages do not interleave. */
    if (opcode == WEIR__OP_CONTINUATION)
        return rules->in_message ? WEIR_OK : WEIR_E_CONTINUATION;
    return rules->in_message ? WEIR_E_INTERRUPTED : WEIR_OK;
}

static int frame_rules_second(uint8_t first, uint8_t second, bool expect_masked)
{
    const bool masked = (second & 0x80u) != 0;
    /* RFC 6455 5.1: a client masks every frame, a server none. */
    if (masked != expect_masked)
        return expect_masked ? WEIR_E_UNMASKED : WEIR_E_MASKED;
    if ((first & 0x08u) && (second & 0x7Fu) > WEIR__CONTROL_MAX)
        return WEIR_E_CONTROL_TOO_LONG;
    return WEIR_OK;
}

int weir__frame_rules_read(const uint8_t *bytes, size_t have, const weir__frame_rules *rules,
                           weir_frame_head *head)
{
    const int first = frame_rules_first(bytes[0], rules);
    if (first != WEIR_OK || have < 2)
        return first;
    const int second = frame_rules_second(bytes[0], bytes[1], rules->masked);
    return second != WEIR_OK ? second : weir__frame_head_read(bytes, have, head);
}
