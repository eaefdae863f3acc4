#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nginx as a reverse proxy in front of our server."""

import contextlib
import os
import socket
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    Child, Relay, case, need, need_examples, run_cases, server, skip, wait_until)

try:
    import websockets
    from websockets.exceptions import ConnectionClosed, InvalidStatusCode
except ImportError:
    skip("Python's websockets is missing")
NGINX = need("nginx")
need_examples("echo_epoll")

CONFIG = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 100; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{backend};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $host;
        }}
    }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def proxied(*options):
    """An echo server and the URL of nginx in front of it."""
    with tempfile.TemporaryDirectory() as folder, server("echo_epoll", *options) as backend:
        os.chmod(folder, 0o777)  # the worker may run as another user
        port = free_port()
        config = Path(folder, "nginx.conf")
        config.write_text(CONFIG.format(folder=folder, port=port, backend=backend.port))
        proxy = Child([NGINX, "-c", str(config), "-p", folder, "-e", f"{folder}/error.log"])
        try:
            wait_until(lambda: accepts(port), "nginx listens")
            yield f"ws://127.0.0.1:{port}/", backend
        finally:
            assert proxy.stop() == 0


@case
async def messages_of_all_sizes__pass():
    with proxied() as (url, _):
        async with websockets.connect(url, max_size=None) as client:
            assert len(client.extensions) == 1
            for size in [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20]:
                message = (bytes(range(251)) * (size // 251 + 1))[:size]
                await client.send(message)
                assert await client.recv() == message, size
            await client.send(["wö", "", "rld"])
            assert await client.recv() == "wörld"
            await (await client.ping(b"through"))


@case
async def compressed_messages__pass_as_they_are():
    messages = [f'{{"sequence": {number}, "symbol": "ALPHA", "price": {number * 7919 % 1000}, '
                '"venue": "example exchange", "kind": "trade", "condition": "none"}'
                for number in range(200)]
    size = len("".join(messages))
    for switches in [(), ("--no-deflate",)]:
        with proxied(*switches) as (url, _):
            async with Relay(int(url.rsplit(":")[-1].strip("/"))) as wire:
                async with websockets.connect(wire.url) as client:
                    assert len(client.extensions) == (0 if switches else 1)
                    before = wire.up, wire.down
                    for message in messages:
                        await client.send(message)
                        assert await client.recv() == message
                    up, down = wire.up - before[0], wire.down - before[1]
                    print(f"      {size} bytes took {up} up and {down} down")
                    assert min(up, down) > size if switches else max(up, down) < size / 2


@case
async def close_codes__pass_both_ways():
    with proxied() as (url, _):
        for code, reason in [(1000, ""), (3000, "r" * 123), (4999, "größer")]:
            async with websockets.connect(url) as client:
                await client.close(code, reason)
                assert client.close_code == code


@case
async def many_messages_at_once__keep_their_order():
    with proxied() as (url, _):
        async with websockets.connect(url, max_queue=None) as client:
            for number in range(5000):
                await client.send(str(number))
            for number in range(5000):
                assert await client.recv() == str(number)


@case
async def going_away__passes():
    with proxied() as (url, backend):
        async with websockets.connect(url) as client:
            await client.send("x")
            await client.recv()
            backend.process.terminate()
            try:
                await client.recv()
            except ConnectionClosed as closed:
                assert closed.rcvd.code == 1001
            else:
                raise AssertionError("a message came")


@case
async def refusals__pass():
    with proxied("--origin", "https://a.example") as (url, _):
        try:
            async with websockets.connect(url, origin="https://b.example"):
                raise AssertionError("accepted")
        except InvalidStatusCode as refused:
            assert refused.status_code == 403


run_cases()
