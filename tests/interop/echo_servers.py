#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client at echo servers on other libraries, those of support/ and of bench/load/.

matrix: autobahn | client | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: autobahn | client | 1 MiB | close codes, compression
matrix: libwebsockets | client | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: libwebsockets | client | 1 MiB | close codes, compression
matrix: Boost.Beast | client | 1 MiB | handshake, text, binary, fragments, ping
matrix: Boost.Beast | client | 1 MiB | close codes, compression
matrix: websocketpp | client | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: websocketpp | client | 1 MiB | close codes, compression
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from echo_peers import ECHO_PEERS, SIZES, server_command  # noqa: E402
from harness import case_for, listening, run_cases  # noqa: E402
from weir_client import (  # noqa: E402
    Deflate, ask, connect, end_by_peer, extensions, send_fragments, was_compressed)

COMMANDS = {peer: server_command(peer) for peer in ECHO_PEERS}


def server(peer):
    return listening(COMMANDS[peer])


@case_for(*ECHO_PEERS)
async def handshake__agrees_on_a_subprotocol_or_none(peer):
    with server(peer) as there:
        async with connect(there.url, "x", "echo") as socket:
            # Beast leaves subprotocols to the program around it.
            assert socket.subprotocol == (None if peer == "Boost.Beast" else "echo")
            assert await ask(socket, "on") == "on"
        async with connect(there.url) as socket:
            assert socket.subprotocol is None
            assert await ask(socket, "on") == "on"


@case_for(*ECHO_PEERS)
async def text_of_every_length_form__comes_back(peer):
    with server(peer) as there:
        async with connect(there.url) as socket:
            for text in [*("x" * size for size in SIZES), "é" * 32768, "水€😀" * 1000, "\0"]:
                assert await ask(socket, text) == text, len(text)


@case_for(*ECHO_PEERS)
async def binary_of_every_length_form__comes_back(peer):
    with server(peer) as there:
        async with connect(there.url) as socket:
            for size in SIZES:
                data = (bytes(range(251)) * (size // 251 + 1))[:size]
                assert await ask(socket, data) == data, size


@case_for(*ECHO_PEERS)
async def fragments__are_put_together(peer):
    with server(peer) as there:
        async with connect(there.url, deflate=Deflate.OFF) as socket:
            for parts in [["a", "", "ö", "!"], [b"\xff", b"", b"\0"], [b"x" * 4000] * 100]:
                await send_fragments(socket, parts)
                assert await socket.recv() == type(parts[0])().join(parts)


@case_for(*ECHO_PEERS)
async def pings__are_answered_between_messages(peer):
    with server(peer) as there:
        async with connect(there.url) as socket:
            for payload in [b"", b"x", b"y" * 125]:
                await socket.ping(payload)
                assert await ask(socket, payload) == payload


@case_for(*ECHO_PEERS)
async def close_codes_of_either_side__are_reported(peer):
    with server(peer) as there:
        for code, reason in [(1000, ""), (1001, "gone"), (3000, "r" * 123), (4999, "größer")]:
            async with connect(there.url) as socket:
                await socket.close(code, reason)
                assert (socket.closed.code, socket.closed.clean) == (code, True), socket.closed
        async with connect(there.url) as socket:
            await socket.send("close")
            assert await end_by_peer(socket) == (4000, "asked")


@case_for(*ECHO_PEERS)
async def compression__is_used_or_declined(peer):
    text = "abcdefgh" * 2000
    with server(peer) as there:
        async with connect(there.url) as socket:
            assert extensions(socket)[0].startswith("permessage-deflate")
            assert await ask(socket, text) == text
            assert was_compressed(socket)
        async with connect(there.url, deflate=Deflate.OFF) as socket:
            assert extensions(socket) == []
            assert await ask(socket, text) == text


run_cases()
