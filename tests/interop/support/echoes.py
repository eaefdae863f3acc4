# SPDX-License-Identifier: MIT
"""The echo examples of a binding against Python's websockets, Node's ws and echo_epoll."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

from harness import case, need, need_examples, server, skip

try:
    import websockets
    from websockets.exceptions import ConnectionClosed
except ImportError:
    skip("Python's websockets is missing")
need_examples("echo_epoll")
NODE = need("node")
if not any(Path(folder, "ws").is_dir() for folder in os.environ.get("NODE_PATH", "").split(":")):
    skip("the Node package ws is missing")
WS_PEER = [NODE, str(Path(__file__).with_name("ws_peer.mjs"))]

SIZES = (0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20)
TEXTS = ["one", "", "wörld €😀", "x" * 70000, "é" * 30000]


def binding_server(command, *options):
    """The server of a binding: it has no end of its own but the signal."""
    return server(command, *options, ends_with=-signal.SIGTERM)


# ---- Its server ----------------------------------------------------------------------------------

async def server_and_websockets(url):
    for compression in (None, "deflate"):
        async with websockets.connect(url, max_size=None, compression=compression) as socket:
            for size in SIZES:
                data = (bytes(range(251)) * (size // 251 + 1))[:size]
                await socket.send(data)
                assert await socket.recv() == data, size
            for text in (*TEXTS, ["in ", "", "pieces"]):
                await socket.send(text)
                assert await socket.recv() == "".join(text)
            await (await socket.ping(b"p"))
            await socket.close(4999, "größer")
            assert socket.close_code == 4999


async def server_and_a_burst(url):
    """What came before a Close is answered before it."""
    async with websockets.connect(url, max_queue=None) as socket:
        for number in range(1000):
            await socket.send(str(number))
        closing = asyncio.create_task(socket.close(3001))
        assert [await socket.recv() for _ in range(1000)] == list(map(str, range(1000)))
        await closing
        assert socket.close_code == 3001


async def server_and_too_much(url):
    """The server was started with --max-message 1000."""
    async with websockets.connect(url) as socket:
        await socket.send(b"y" * 1000)
        assert await socket.recv() == b"y" * 1000
        await socket.send(b"y" * 1001)
        try:
            await socket.recv()
            raise AssertionError("a message came")
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1009


def server_and_ws(url):
    subprocess.run([*WS_PEER, url], check=True, timeout=25)


# ---- Its client ----------------------------------------------------------------------------------

def echoed(client, url, texts):
    """The client prints what came back, and its status is that of the closing handshake."""
    printed = subprocess.run([*client, url, *texts], text=True, timeout=20, check=True,
                             stdout=subprocess.PIPE).stdout
    assert printed == "".join(text + "\n" for text in texts), printed[:200]


def client_and_servers(client, own_server):
    for peer in (server("echo_epoll"), binding_server(own_server),
                 server(WS_PEER, ends_with=-signal.SIGTERM)):
        with peer as peer:
            echoed(client, peer.url, TEXTS)
            echoed(client, peer.url, [])


async def client_and_websockets(client):
    async def echo(socket, *_):
        async for message in socket:
            await socket.send(message)
        closed.append((socket.close_code, socket.close_reason))

    closed = []
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None) as listener:
        url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        await asyncio.get_running_loop().run_in_executor(None, echoed, client, url, TEXTS)
    assert closed == [(1000, "done")], closed


# ---- Cases that every binding has ----------------------------------------------------------------

def add_cases(server_command, client_command):
    """Its echo server and echo client, with the cases of the binding alone."""
    @case
    async def server__echoes_to_websockets():
        with binding_server(server_command) as peer:
            await server_and_websockets(peer.url)
            await server_and_a_burst(peer.url)

    @case
    async def server__refuses_what_is_too_big():
        with binding_server(server_command, "--max-message", "1000") as peer:
            await server_and_too_much(peer.url)

    @case
    def server__echoes_to_ws():
        with binding_server(server_command) as peer:
            server_and_ws(peer.url)

    @case
    def client__gets_its_echoes():
        client_and_servers(client_command, server_command)

    @case
    async def client__gets_its_echoes_from_websockets():
        await client_and_websockets(client_command)
