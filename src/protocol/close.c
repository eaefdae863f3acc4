/* SPDX-License-Identifier: MIT */
/* Close codes and the payload of a Close (RFC 6455 5.5.1, 7.4). */
#include "close.h"

#include <string.h>

#include "../kernels/utf8.h"
#include "frame.h"

#define CLOSE_CODE_LEN 2u

/* The reason is at most 123 bytes: no variant of the kernel is worth choosing. */
static bool close_reason_valid(weir_text reason)
{
    uint32_t state = WEIR__UTF8_START;
    if (reason.len == 0)
        return true;
    const size_t good = weir__utf8_check(weir__kernels_baseline(), &state,
                                         (const uint8_t *)reason.data, reason.len);
    return good == reason.len && state == WEIR__UTF8_START;
}

bool weir__close_code_valid(uint32_t code)
{
    /* RFC 6455 7.4.2: applications and libraries own these. */
    if (code >= 3000)
        return code <= 4999;
    /* RFC 6455 7.4.1 and the IANA registry; 1004 to 1006 and 1015 are never on the wire. */
    if (code >= 1007)
        return code <= 1014;
    return code >= 1000 && code <= 1003;
}

int weir__close_payload_read(const uint8_t *payload, size_t len, uint32_t *code, weir_text *reason)
{
    *code = WEIR__CLOSE_NO_CODE;
    *reason = (weir_text){NULL, 0};
    if (len > WEIR__CONTROL_MAX)
        return WEIR_E_CONTROL_TOO_LONG;
    if (len == 0)
        return WEIR_OK;
    /* RFC 6455 5.5.1: a body starts with a code of two bytes. */
    if (len < CLOSE_CODE_LEN)
        return WEIR_E_CLOSE_LENGTH;
    const uint32_t number = (uint32_t)payload[0] << 8 | payload[1];
    if (!weir__close_code_valid(number))
        return WEIR_E_PEER_CLOSE_CODE;
    const weir_text text = {(const char *)payload + CLOSE_CODE_LEN, len - CLOSE_CODE_LEN};
    if (!close_reason_valid(text))
        return WEIR_E_PEER_CLOSE_REASON;
    *code = number;
    *reason = text;
    return WEIR_OK;
}

int weir__close_payload_check(uint32_t code, weir_text reason)
{
    if (code == 0)
        return reason.len == 0 ? 0 : WEIR_E_CLOSE_REASON;
    if (!weir__close_code_valid(code))
        return WEIR_E_CLOSE_CODE;
    if (reason.len > WEIR__CONTROL_MAX - CLOSE_CODE_LEN || !close_reason_valid(reason))
        return WEIR_E_CLOSE_REASON;
    return (int)(CLOSE_CODE_LEN + reason.len);
}

int weir__close_payload_write(uint32_t code, weir_text reason, uint8_t *out)
{
    const int len = weir__close_payload_check(code, reason);
    if (len < (int)CLOSE_CODE_LEN)
        return len;
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    if (reason.len > 0)
        memcpy(out + CLOSE_CODE_LEN, reason.data, reason.len);
    return len;
}
