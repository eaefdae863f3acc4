#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client at a server of GraphQL subscriptions: the protocol graphql-transport-ws by hand.

matrix: graphql-ws | client | 1 MiB | handshake, subprotocol, text, fragments, ping
matrix: graphql-ws | client | 1 MiB | close codes, compression, queries and subscriptions
"""

import contextlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import case, node_server, run_cases  # noqa: E402
from weir_client import (  # noqa: E402
    connect, end_by_peer, extensions, send_fragments, was_compressed)

PROTOCOL = "graphql-transport-ws"
SAME = "query($text: String!) { same(text: $text) }"


class Session:
    def __init__(self, socket):
        self.socket = socket

    async def say(self, type_, **fields):
        await self.socket.send(json.dumps({"type": type_, **fields}, ensure_ascii=False))

    async def hear(self):
        return json.loads(await self.socket.recv())

    async def join(self):
        await self.say("connection_init")
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, id_, query, **variables):
        await self.say("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def same(self, text):
        """A query whose answer is its text."""
        await self.subscribe("q", SAME, text=text)
        assert await self.hear() == {"id": "q", "type": "next", "payload": {"data": {"same": text}}}
        assert await self.hear() == {"id": "q", "type": "complete"}


@contextlib.asynccontextmanager
async def stranger():
    """A session before its connection_init."""
    with node_server("graphql_server.mjs", "graphql-ws", "graphql", "ws") as peer:
        async with connect(f"{peer.url}graphql", "x", PROTOCOL) as socket:
            yield Session(socket)


@contextlib.asynccontextmanager
async def session():
    async with stranger() as one:
        await one.join()
        yield one


@case
async def handshake__agrees_on_the_subprotocol():
    async with stranger() as one:
        assert one.socket.subprotocol == PROTOCOL
        await one.join()


@case
async def subscription_in_text__gets_next_and_complete():
    async with session() as one:
        await one.subscribe("one", "subscription { count(to: 100) }")
        for count in range(1, 101):
            assert await one.hear() == {"id": "one", "type": "next",
                                        "payload": {"data": {"count": count}}}
        assert await one.hear() == {"id": "one", "type": "complete"}


@case
async def subscription_that_is_completed__ends():
    async with session() as one:
        await one.subscribe("on", "subscription { forever }")
        assert (await one.hear())["payload"]["data"] == {"forever": 1}
        await one.say("complete", id="on")
        await one.say("ping")
        while (answer := await one.hear())["type"] == "next":
            assert answer["id"] == "on"  # they were on their way
        assert answer == {"type": "pong"}
        for _ in range(10):  # it sends in each turn of its loop, were it still there
            await one.same("x")


@case
async def query_of_1_MiB__comes_back():
    async with session() as one:
        for text in ["", "水€😀" * 1000, "x" * 65536, "x" * (1 << 20)]:
            await one.same(text)


@case
async def fragments__are_put_together():
    async with session() as one:
        await send_fragments(one.socket, ['{"type":"pi', "", 'ng","payload":{"a":"', "é", '"}}'])
        assert await one.hear() == {"type": "pong", "payload": {"a": "é"}}


@case
async def ping_of_either_layer__is_answered():
    async with session() as one:
        await one.socket.ping(b"layer below")
        await one.say("ping")
        assert await one.hear() == {"type": "pong"}


@case
async def close_codes_of_the_protocol__are_reported():
    async with stranger() as one:
        await one.subscribe("early", SAME, text="x")
        assert await end_by_peer(one.socket) == (4401, "Unauthorized")
    async with stranger() as one:
        await one.socket.send("no JSON")
        assert await end_by_peer(one.socket) == (4400, "Invalid message received")
    async with session() as one:
        await one.say("connection_init")
        assert await end_by_peer(one.socket) == (4429, "Too many initialisation requests")
    async with session() as one:
        await one.socket.close(1000, "done")
        assert (one.socket.closed.code, one.socket.closed.clean) == (1000, True)


@case
async def compression__is_agreed_and_used():
    async with session() as one:
        assert extensions(one.socket)[0].startswith("permessage-deflate")
        await one.same("abcdefgh" * 2000)
        assert was_compressed(one.socket)


run_cases()
