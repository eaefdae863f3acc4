#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The client of Python's websockets against our echo servers."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    C_SERVERS, ECHO_SERVERS, case_for, need_examples, run_cases, server, skip)

try:
    import websockets
    from websockets.exceptions import ConnectionClosed, InvalidStatusCode
except ImportError:
    skip("Python's websockets is missing")
need_examples(*ECHO_SERVERS)

SIZES = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]


def connect(peer, **options):
    options = {"compression": None, "max_queue": None, **options}
    return websockets.connect(peer.url, max_size=None, **options)


@case_for(*ECHO_SERVERS)
async def binary_of_every_length_form__comes_back(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            for size in SIZES:
                message = bytes(range(251)) * (size // 251 + 1)
                await socket.send(message[:size])
                assert await socket.recv() == message[:size], size


@case_for(*ECHO_SERVERS)
async def text_of_every_length_form__comes_back(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            for text in ["", "a", "x" * 125, "x" * 126, "é" * 32768, "水€😀" * 300000, "\0"]:
                await socket.send(text)
                assert await socket.recv() == text, len(text)


@case_for(*ECHO_SERVERS)
async def fragmented_messages__come_back_whole(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            for parts in [["a", "b"], ["", "", "x"], ["wör", "", "ld"], [b"\xff"] * 1000,
                          [b"x" * 100000] * 20, [""]]:
                await socket.send(parts)
                assert await socket.recv() == type(parts[0])().join(parts)


@case_for(*ECHO_SERVERS)
async def pings__are_answered_between_messages(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            for payload in [b"", b"x", b"y" * 125]:
                await (await socket.ping(payload))
                await socket.send(payload)
                assert await socket.recv() == payload
            await socket.pong(b"unasked")
            await socket.send("on")
            assert await socket.recv() == "on"


@case_for(*ECHO_SERVERS)
async def close_codes__are_echoed(name):
    with server(name) as peer:
        for code, reason in [(1000, ""), (1001, "gone"), (3000, "r" * 123), (4999, "größer")]:
            async with connect(peer) as socket:
                await socket.close(code, reason)
                assert socket.close_code == code


@case_for(*ECHO_SERVERS)
async def compression__can_be_declined(name):
    with server(name, "--no-deflate") as peer:
        async with connect(peer, compression="deflate") as socket:
            assert socket.extensions == []
            await socket.send("x" * 5000)
            assert await socket.recv() == "x" * 5000


@case_for(*ECHO_SERVERS)
async def too_big__gets_1009(name):
    with server(name, "--max-message", "1000") as peer:
        async with connect(peer) as socket:
            await socket.send("x" * 1000)
            assert await socket.recv() == "x" * 1000
            await socket.send(b"y" * 1001)
            assert await closed_code(socket) == 1009


@case_for(*ECHO_SERVERS)
async def text_that_is_no_utf8__gets_1007(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            await socket.write_frame(True, websockets.frames.OP_TEXT, b"a\xff")
            assert await closed_code(socket) == 1007


@case_for(*ECHO_SERVERS)
async def messages_before_a_close__are_answered_first(name):
    with server(name) as peer:
        async with connect(peer) as socket:
            for number in range(1000):
                await socket.send(str(number))
            await socket.close(3001)
            # What came before the answering Close can still be read.
            assert [await socket.recv() for _ in range(1000)] == list(map(str, range(1000)))
            assert await closed_code(socket) == 3001


@case_for(*C_SERVERS)
async def subprotocol__is_the_clients_first_that_is_spoken(name):
    with server(name, "--protocols", "chat,superchat") as peer:
        for offered, chosen in [(["x", "superchat", "chat"], "superchat"), (["chat"], "chat"),
                                (["x"], None), (None, None)]:
            async with connect(peer, subprotocols=offered) as socket:
                assert socket.subprotocol == chosen, offered


@case_for(*C_SERVERS)
async def origins_not_on_the_list__get_403(name):
    with server(name, "--origin", "https://a.example", "--origin", "http://b.example:81") as peer:
        for origin in ["https://a.example", "http://b.example:81", None]:
            async with connect(peer, origin=origin) as socket:
                await socket.send("in")
                assert await socket.recv() == "in"
        for origin in ["https://b.example", "http://b.example", "https://a.example.evil", "null"]:
            assert await refused_status(peer, origin=origin) == 403, origin


async def closed_code(socket):
    try:
        await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    raise AssertionError("a message came")


async def refused_status(peer, **options):
    try:
        async with connect(peer, **options):
            raise AssertionError("it was accepted")
    except InvalidStatusCode as refused:
        return refused.status_code


run_cases()
