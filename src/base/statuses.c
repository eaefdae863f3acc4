/* SPDX-License-Identifier: MIT */
/* Name, text and wire code of each status, from the one list in weir/status.h. */
#include "statuses.h"

#define STATUS_NAME(name, value, wire, text)                                                       \
    case value:                                                                                    \
        return "WEIR_" #name;

#define STATUS_TEXT(name, value, wire, text)                                                       \
    case value:                                                                                    \
        return text;

#define STATUS_WIRE(name, value, wire, text)                                                       \
    case value:                                                                                    \
        return wire;

const char *weir__status_name(int status)
{
    switch (status) {
        WEIR_STATUS_LIST(STATUS_NAME)
    default:
        return "unknown";
    }
}

const char *weir__status_text(int status)
{
    switch (status) {
        WEIR_STATUS_LIST(STATUS_TEXT)
    default:
        return "unknown";
    }
}

uint32_t weir__status_wire(int status)
{
    switch (status) {
        WEIR_STATUS_LIST(STATUS_WIRE)
    default:
        return 0;
    }
}
