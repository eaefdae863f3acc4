/* SPDX-License-Identifier: MIT */
/* The field names that the opening handshake looks at, told apart once while a head is parsed. */
#ifndef WEIR_PROTOCOL_HTTP_NAME_H
#define WEIR_PROTOCOL_HTTP_NAME_H

#include "../base/text.h"

typedef enum weir__http_name {
    WEIR__NAME_OTHER,
    WEIR__NAME_HOST,
    WEIR__NAME_ORIGIN,
    WEIR__NAME_EXPECT,
    WEIR__NAME_UPGRADE,
    WEIR__NAME_CONNECTION,
    WEIR__NAME_CONTENT_LENGTH,
    WEIR__NAME_TRANSFER_ENCODING,
    WEIR__NAME_KEY, /* from here on Sec-WebSocket- stands before it */
    WEIR__NAME_ACCEPT,
    WEIR__NAME_VERSION,
    WEIR__NAME_PROTOCOL,
    WEIR__NAME_EXTENSIONS,
    WEIR__NAME_COUNT
} weir__http_name;

/* Which name it is, in any case (RFC 9110 5.1). */
weir__http_name weir__http_name_of(weir_text name);

#endif
