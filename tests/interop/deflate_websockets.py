#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""permessage-deflate with Python's websockets as the client and as the server, with every choice of
parameters on either side, and what only the API can ask for: levels, streams, prepared messages."""

import asyncio
import contextlib
import itertools
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    BINDING, ECHO_SERVERS, Relay, case, case_for, example, need_examples, run_cases, server, skip)

try:
    import websockets
    from websockets.exceptions import ConnectionClosed
    from websockets.extensions.permessage_deflate import (
        ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory)
except ImportError:
    skip("Python's websockets is missing")
need_examples("echo_client", *ECHO_SERVERS)

sys.path.insert(0, str(BINDING))
import weir  # noqa: E402
from weir import Compression, Deflate, Level, Type  # noqa: E402

MIB = 1 << 20
OUR_BITS = 13  # what weir sends with and asks for by default
PARAMETERS = ("server_no_context_takeover", "client_no_context_takeover",
              "server_max_window_bits", "client_max_window_bits")
NO_LIMIT = {"compression": None, "max_size": None, "max_queue": None, "ping_interval": None}


# ---- What is sent --------------------------------------------------------------------------------

def quote(number):
    return {"symbol": ["ALPHA", "BRAVO", "CHARLIE"][number % 3],
            "price": 100 + number * 7919 % 1000 / 100, "size": number * 37 % 5000,
            "time": 1700000000000 + number * 1237, "venue": "example exchange"}


def stream(count):
    """Messages of some hundred bytes that resemble each other."""
    return [json.dumps({"type": "quotes", "sequence": number,
                        "quotes": [quote(number + add) for add in range(6)]})
            for number in range(count)]


async def exchange(socket, messages):
    """Send lists as fragments; all come back."""
    for message in messages:
        await socket.send(message)
        whole = type(message[0])().join(message) if isinstance(message, list) else message
        assert await socket.recv() == whole, len(whole)


async def shrinks(socket, wire, count):
    """JSON shrinks to less than half on the wire, in both directions."""
    messages, before = stream(count), (wire.up, wire.down)
    size = len("".join(messages))
    await exchange(socket, messages)
    ratios = [(now - then) / size for now, then in zip((wire.up, wire.down), before)]
    assert max(ratios) < 0.5, ratios
    return ratios


SOME = ["", b"", os.urandom(3000), "x" * 40000, "zwölf", ["wör", "", "ld"], [stream(1)[0]] * 5, ""]
MUCH = ["", b"", os.urandom(MIB), "".join(stream(2000))[:MIB], "水€😀" * 100000,
        "".join(stream(200)).encode() * 84, os.urandom(16 * MIB), stream(300), ["", "", "x", ""]]


def negotiated(socket):
    """What a socket of websockets agreed on: their takeover, ours, their bits, ours; or None."""
    if not socket.extensions:
        return None
    found, = socket.extensions
    return (not found.remote_no_context_takeover, not found.local_no_context_takeover,
            found.remote_max_window_bits, found.local_max_window_bits)


# ---- Their client --------------------------------------------------------------------------------

def offers():
    return [dict(zip(PARAMETERS, values)) for values in itertools.product(
        (False, True), (False, True), (None, 9, 12, 15), (None, True, 9, 12, 15))]


def expected_of_server(offer):
    """What a default weir server makes of an offer, as the client sees it."""
    client_bits = {None: 15, True: OUR_BITS}.get(offer["client_max_window_bits"]) or min(
        offer["client_max_window_bits"], OUR_BITS)
    return (not offer["server_no_context_takeover"], not offer["client_no_context_takeover"],
            min(offer["server_max_window_bits"] or 15, OUR_BITS), client_bits)


@contextlib.asynccontextmanager
async def their_client(port, **offer):
    async with Relay(port) as wire:
        factory = ClientPerMessageDeflateFactory(**offer)
        async with websockets.connect(wire.url, extensions=[factory], **NO_LIMIT) as socket:
            yield socket, wire


@case
async def every_offer__is_answered_and_kept():
    with server("echo_epoll") as peer:
        for offer in offers():
            async with their_client(peer.port, **offer) as (socket, wire):
                assert negotiated(socket) == expected_of_server(offer), offer
                await shrinks(socket, wire, 20)
                await exchange(socket, SOME)
    print(f"      {len(offers())} offers")


@case
async def window_of_8_bits__is_declined():
    with server("echo_epoll") as peer:
        async with their_client(peer.port, server_max_window_bits=8) as (socket, _):
            assert negotiated(socket) is None
            await exchange(socket, SOME)


@case_for(*ECHO_SERVERS)
async def large_messages__come_back(name):
    with server(name) as peer:
        async with their_client(peer.port) as (socket, wire):
            print("      on the wire:", *(f"{r:.3f}" for r in await shrinks(socket, wire, 200)))
            await exchange(socket, MUCH)


@case_for(*ECHO_SERVERS)
async def too_big_when_inflated__gets_1009(name):
    with server(name) as peer:
        async with their_client(peer.port) as (socket, wire):
            await socket.send(bytes(64 * MIB + 1))
            try:
                await socket.recv()
                raise AssertionError("a message came")
            except ConnectionClosed as closed:
                assert closed.rcvd.code == 1009
            assert wire.up < MIB


# ---- Their server --------------------------------------------------------------------------------

def demands():
    return [dict(zip(PARAMETERS, values)) for values in itertools.product(
        (False, True), (False, True), (None, 9, 12, 13, 15), (None, 9, 12, 13, 15))]


def expected_of_client(demand):
    """What their server makes of a default weir client's offer, as that server sees it."""
    bits = [min(demand[name] or OUR_BITS, OUR_BITS) for name in PARAMETERS[2:]]
    return (not demand["client_no_context_takeover"], not demand["server_no_context_takeover"],
            bits[1], bits[0])


@contextlib.asynccontextmanager
async def their_server(handler, **demand):
    """Gives the relay in front of it; what went wrong in the handler is raised at the end."""
    failures = []

    async def guarded(socket):
        try:
            await handler(socket)
        except Exception as failure:
            failures.append(failure)
            raise

    factory = ServerPerMessageDeflateFactory(**demand)
    async with websockets.serve(guarded, "127.0.0.1", 0, extensions=[factory],
                                **NO_LIMIT) as listener:
        async with Relay(listener.sockets[0].getsockname()[1]) as wire:
            yield wire
    if failures:
        raise failures[0]


async def run_echo_client(url):
    client = await asyncio.create_subprocess_exec(*example("echo_client"), url)
    assert await asyncio.wait_for(client.wait(), 25) == 0


@case
async def every_demand_of_a_server__is_met():
    for demand in demands():
        async def handler(socket):
            assert negotiated(socket) == expected_of_client(demand), demand
            await shrinks(socket, wire, 20)
            await exchange(socket, SOME)

        async with their_server(handler, **demand) as wire:
            await run_echo_client(wire.url)
    print(f"      {len(demands())} demands")


@case
async def large_messages_of_a_server__are_echoed():
    async def handler(socket):
        await shrinks(socket, wire, 200)
        await exchange(socket, MUCH)

    async with their_server(handler) as wire:
        await run_echo_client(wire.url)


# ---- What only the API can ask for ---------------------------------------------------------------

POLICIES = [
    {},
    {"deflate_level": Level.COMPACT},
    {"deflate_level": Level.FAST},
    {"deflate_level": Level.BEST, "deflate_tx_bits": 15, "deflate_rx_bits": 15},
    {"deflate_tx_bits": 9, "deflate_rx_bits": 9},
    {"deflate_tx_bits": 15, "deflate_rx_bits": 9, "deflate_rx_firm": 1},
    {"deflate_tx_takeover": 0},
    {"deflate_rx_takeover": 0},
    {"deflate_tx_takeover": 0, "deflate_rx_takeover": 0, "deflate_tx_bits": 15},
    {"deflate_max_bytes": 6000},
    {"deflate_max_bytes": 0},
    {"deflate_idle_ms": 1},
]


async def echo(socket):
    with contextlib.suppress(ConnectionClosed, weir.ConnectionClosed):
        async for message in socket:
            await socket.send(message)


@contextlib.asynccontextmanager
async def our_server(**options):
    """An echo server of the binding with a policy of ours, in this process; gives its port."""
    policy = {"max_message_bytes": 64 * MIB, "max_fragments": None, "deflate": Deflate.PREFERRED}
    async with weir.serve(echo, "127.0.0.1", 0, **policy, **options) as server:
        yield server.port


@case
async def every_policy_of_a_server__is_understood():
    for policy in POLICIES:
        for offer in ({}, {"server_max_window_bits": 15, "server_no_context_takeover": True},
                      {"client_max_window_bits": None}):
            async with our_server(**policy) as port, their_client(port, **offer) as (socket, wire):
                firm = "deflate_rx_firm" in policy and "client_max_window_bits" in offer
                if firm:  # their client does not keep its window small, so it goes without
                    assert negotiated(socket) is None
                else:
                    theirs, ours, bits, _ = negotiated(socket)
                    assert theirs == (policy.get("deflate_tx_takeover", 1) == 1
                                      and "server_no_context_takeover" not in offer)
                    assert ours == (policy.get("deflate_rx_takeover", 1) == 1)
                    assert bits == policy.get("deflate_tx_bits", OUR_BITS)
                    await shrinks(socket, wire, 20)
                await exchange(socket, SOME)


@case
async def every_policy_of_a_client__is_understood():
    for policy in POLICIES:
        async with their_server(echo) as wire:
            options = {"max_message_bytes": 64 * MIB, "deflate": Deflate.PREFERRED, **policy}
            async with weir.connect(wire.url, **options) as client:
                before, messages = wire.up, stream(30)
                for message in [*messages, *[m for m in SOME if not isinstance(m, list)]]:
                    await client.send(message)
                    assert await client.recv() == message
                    if message == messages[-1]:
                        assert wire.up - before < 0.5 * len("".join(messages)), policy
                stats = client.connection.stats()
                assert 0 < stats.rx_deflated_bytes * 4 < stats.rx_inflated_bytes
                assert 0 < stats.tx_deflated_bytes * 4 < stats.tx_inflated_bytes


def send_stream(client, kind, pieces):
    weir.lib.weir_conn_send_begin(client.connection, kind)
    for piece in pieces[:-1]:
        weir.lib.weir_conn_send_chunk(client.connection, piece, len(piece))
    weir.lib.weir_conn_send_end(client.connection, pieces[-1], len(pieces[-1]))
    client.settle()


@case
async def streams_choices_and_prepared_messages__are_understood():
    async with their_server(echo) as wire:
        options = {"max_message_bytes": 64 * MIB, "deflate": Deflate.ON}
        async with weir.connect(wire.url, **options) as client:
            texts = [text.encode() for text in stream(50)]
            for compression in (0, *Compression):
                for pieces in (texts, [b"", b"", b""], [b"x"], [bytes(100000), b"", b"end"],
                               [os.urandom(70000)] * 3):
                    send_stream(client, Type.BINARY | compression, pieces)
                    assert await client.recv() == b"".join(pieces)
                for text in texts:
                    await client.send(text, compression)
                    assert await client.recv() == text
                for text in texts:
                    message = client.connection.context.message(text, compression)
                    for _ in range(2):
                        await client.send(message)
                        assert await client.recv() == text
                client.connection.trim()
            assert client.connection.stats().tx_deflated_bytes > 0


run_cases()
