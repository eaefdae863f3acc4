/* SPDX-License-Identifier: MIT */
/* The list of peers; and those that are not here. */
#include "bench_peers.h"

#include <stdio.h>

#include "bench.h"

#ifndef WEIR_HAVE_WSLAY
const bench_peer peer_wslay_event = {.name = "wslay-event",
                                     .missing = "libwslay-dev is not installed"};
const bench_peer peer_wslay_frame = {.name = "wslay-frame",
                                     .missing = "libwslay-dev is not installed"};
#endif
#ifndef WEIR_HAVE_BEAST
const bench_peer peer_beast = {.name = "beast",
                               .missing = "g++ or libboost-dev is not installed, or a sanitizer "
                                          "is on"};
#endif
#ifndef WEIR_HAVE_WEBSOCKETPP
const bench_peer peer_websocketpp = {.name = "websocketpp",
                                     .missing = "g++, libwebsocketpp-dev or zlib1g-dev is not "
                                                "installed, or a sanitizer is on"};
#endif

const bench_peer *const peer_all[PEER_COUNT] = {&peer_wslay_event, &peer_wslay_frame, &peer_beast,
                                                &peer_websocketpp};

#define PEER_REQUEST_LEN 582

const char *peer_request(size_t *len)
{
    static char request[PEER_REQUEST_LEN + 1];
    static const char format[] =
        "GET /chat?room=42 HTTP/1.1\r\n"
        "Host: server.example.com\r\n"
        "Connection: Upgrade\r\n"
        "Pragma: no-cache\r\n"
        "Cache-Control: no-cache\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36\r\n"
        "Upgrade: websocket\r\n"
        "Origin: https://server.example.com\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        "Accept-Language: en-US,en;q=0.9\r\n"
        "Cookie: session=%0*d\r\n"
        "Sec-WebSocket-Key: " PEER_REQUEST_KEY "\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    *len = PEER_REQUEST_LEN;
    if (request[0])
        return request;
    const int rest = snprintf(NULL, 0, format, 1, 7) - 1;
    if (snprintf(request, sizeof request, format, PEER_REQUEST_LEN - rest, 7) != PEER_REQUEST_LEN)
        bench_die("the request is not as long as it should be");
    return request;
}

void peer_name_missing(const char *area)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (peer_all[i]->missing && !bench_is_once() && !bench_is_markdown())
            printf("%s - - peer=%s skipped, because %s\n", area, peer_all[i]->name,
                   peer_all[i]->missing);
}
