#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""autobahn as an echo server and as the client of the script, both told in echo_peers.py."""

import asyncio
import sys

from autobahn.asyncio.websocket import (
    WebSocketClientFactory, WebSocketClientProtocol, WebSocketServerFactory,
    WebSocketServerProtocol)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer, PerMessageDeflateOfferAccept, PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept)

from echo_peers import SIZES


# ---- Server --------------------------------------------------------------------------------------

class Echo(WebSocketServerProtocol):
    def onConnect(self, request):  # noqa: N802
        return "echo" if "echo" in request.protocols else None

    def onMessage(self, payload, isBinary):  # noqa: N802, N803
        if payload == b"close":
            self.sendClose(4000, "asked")
        else:
            self.sendMessage(payload, isBinary)


def accept_offer(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)
    return None


async def run_server():
    factory = WebSocketServerFactory()
    factory.protocol = Echo
    # Messages go in frames of 4096 bytes.
    factory.setProtocolOptions(perMessageCompressionAccept=accept_offer, autoFragmentSize=4096,
                               echoCloseCodeReason=True)
    listener = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    print(f"listening on 127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
    await listener.serve_forever()


# ---- Client --------------------------------------------------------------------------------------

class Script(WebSocketClientProtocol):
    def onOpen(self):  # noqa: N802
        print("open", self.websocket_protocol_in_use or "")
        self.left = [(kind, size) for kind in ("text", "binary") for size in SIZES]
        self.send_next()

    def send_next(self):
        if self.left:
            kind, size = self.left[0]
            self.sendMessage((b"x" if kind == "text" else b"\xff") * size, kind == "binary")
            return
        self.beginMessage()
        for part in ("a", "", "ö", "!"):
            self.sendMessageFrame(part.encode())
        self.endMessage()

    def onMessage(self, payload, isBinary):  # noqa: N802, N803
        if not self.left:
            assert payload.decode() == "aö!" and not isBinary
            print("fragments")
            self.sendPing(b"there?")
            return
        kind, size = self.left.pop(0)
        assert payload == (b"x" if kind == "text" else b"\xff") * size
        assert isBinary == (kind == "binary")
        print(kind, size)
        self.send_next()

    def onPong(self, payload):  # noqa: N802
        print("pong", payload.decode())
        self.sendClose(3000, "bye")

    def onClose(self, wasClean, code, reason):  # noqa: N802, N803
        if wasClean and code == 3000:
            print("closed")
        asyncio.get_running_loop().stop()


def accept_response(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)
    return None


def run_client(port):
    factory = WebSocketClientFactory(f"ws://127.0.0.1:{port}/", protocols=["x", "echo"])
    factory.protocol = Script
    factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()],
                               perMessageCompressionAccept=accept_response)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    factory.loop = loop
    loop.run_until_complete(loop.create_connection(factory, "127.0.0.1", port))
    loop.run_forever()


if sys.argv[1] == "client":
    run_client(int(sys.argv[2]))
else:
    asyncio.run(run_server())
