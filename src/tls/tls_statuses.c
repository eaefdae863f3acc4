/* SPDX-License-Identifier: MIT */
/* Names and texts of TLS statuses. */
#include <weir/tls.h>

#ifdef WEIR_TLS

#define TLS_STATUSES_NAME(name, value, text)                                                       \
    case value:                                                                                    \
        return "WEIR_" #name;
#define TLS_STATUSES_TEXT(name, value, text)                                                       \
    case value:                                                                                    \
        return text;

/* 0 is the same in both lists. */
const char *weir_tls_status_name(int status)
{
    switch (status) {
        WEIR_TLS_STATUS_LIST(TLS_STATUSES_NAME)
    default:
        return weir_status_name(status);
    }
}

const char *weir_tls_status_text(int status)
{
    switch (status) {
        WEIR_TLS_STATUS_LIST(TLS_STATUSES_TEXT)
    default:
        return weir_status_text(status);
    }
}

#endif
