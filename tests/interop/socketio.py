#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client at a Socket.IO server: WebSocket transport, Engine.IO 4 and Socket.IO 5 by hand.

matrix: Socket.IO | client | 1 MiB | handshake, text, binary, order of many messages
matrix: Socket.IO | client | 1 MiB | close codes, compression, events and acknowledgements
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import case, node_server, run_cases  # noqa: E402
from weir_client import connect, end_by_peer, extensions, was_compressed  # noqa: E402

OPEN, PING, PONG = "0", "2", "3"  # Engine.IO
CONNECT, DISCONNECT, EVENT, ACK = "40", "41", "42", "43"  # Socket.IO in a message of Engine.IO
BINARY_EVENT = "451-"  # with one attachment


class Session:
    """A client in the namespace /, which answers the server's pings."""

    def __init__(self, socket):
        self.socket, self.pings = socket, 0

    async def receive(self):
        while (message := await self.socket.recv()) == PING:
            await self.socket.send(PONG)
            self.pings += 1
        return message

    async def expect(self, kind):
        message = await self.receive()
        assert message.startswith(kind), message[:100]
        return message[len(kind):]

    async def emit(self, *values):
        await self.socket.send(EVENT + json.dumps(values, ensure_ascii=False))

    async def join(self):
        self.opened = json.loads(await self.expect(OPEN))
        await self.socket.send(CONNECT)
        assert json.loads(await self.expect(CONNECT))["sid"]


@contextlib.asynccontextmanager
async def session():
    with node_server("socketio_server.mjs", "socket.io") as peer:
        async with connect(f"{peer.url}socket.io/?EIO=4&transport=websocket") as socket:
            joined = Session(socket)
            await joined.join()
            yield joined


@case
async def handshake__opens_the_engine_and_joins_the_namespace():
    async with session() as one:
        assert one.opened["sid"] and one.opened["upgrades"] == []
        assert one.opened["pingInterval"] == 100


@case
async def text_events_to_1_MiB__come_back():
    async with session() as one:
        for text in ["", "a", "x" * 125, "é" * 32768, "水€😀" * 1000, "x" * (1 << 20)]:
            await one.emit("say", text, 7)
            assert json.loads(await one.expect(EVENT)) == ["say", text, 7]


@case
async def events_at_once__get_their_acknowledgements_in_order():
    async with session() as one:
        for number in range(100):
            await one.socket.send(f'{EVENT}{number}["ask",{number}]')
        for number in range(100):
            assert await one.expect(ACK) == f"{number}[{number}]"


@case
async def binary_attachments_to_1_MiB__come_back():
    async with session() as one:
        for size in [0, 1, 125, 126, 65535, 65536, 1 << 20]:
            data = (bytes(range(251)) * (size // 251 + 1))[:size]
            await one.socket.send(BINARY_EVENT + '["file",{"_placeholder":true,"num":0}]')
            await one.socket.send(data)
            assert json.loads(await one.expect(BINARY_EVENT))[0] == "file"
            assert await one.receive() == data, size


@case
async def pings_of_the_engine__keep_the_session():
    async with session() as one:
        while one.pings < 25:  # longer than the server waits for a pong
            await one.emit("still", "here")
            assert await one.receive() == EVENT + '["still","here"]'
            await asyncio.sleep(0.05)


@case
async def compression__is_agreed_and_used():
    async with session() as one:
        assert extensions(one.socket)[0].startswith("permessage-deflate")
        text = json.dumps([{"sequence": number, "kind": "trade"} for number in range(1000)])
        await one.emit("say", text)
        assert json.loads(await one.expect(EVENT)) == ["say", text]
        assert was_compressed(one.socket)


@case
async def close_codes_of_either_side__are_clean():
    async with session() as one:
        await one.socket.close(1000, "done")
        assert (one.socket.closed.code, one.socket.closed.clean) == (1000, True)
    async with session() as one:
        await one.emit("leave")
        assert await one.expect(DISCONNECT) == ""
        assert await end_by_peer(one.socket) == (1005, "")


run_cases()
