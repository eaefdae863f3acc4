#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nginx and haproxy as reverse proxies: in front of our server, and our client through them."""

import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    Child, Relay, accepts, case_for, example, free_port, need, need_examples, run_cases, server,
    skip, wait_until)

try:
    import websockets
    from websockets.exceptions import ConnectionClosed, InvalidStatusCode
except ImportError:
    skip("Python's websockets is missing")
NGINX, HAPROXY = need("nginx"), need("haproxy")
need_examples("echo_epoll", "echo_client", "chat_epoll")

NGINX_CONFIG = """
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
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}
}}
"""

HAPROXY_CONFIG = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 30s
frontend front
    bind 127.0.0.1:{port}
    option forwardfor
    default_backend back
backend back
    server weir 127.0.0.1:{backend}
"""

KINDS = {
    "nginx": (NGINX_CONFIG, [NGINX, "-p", "{folder}", "-e", "{folder}/error.log", "-c"]),
    "haproxy": (HAPROXY_CONFIG, [HAPROXY, "-q", "-f"]),
}


@contextlib.contextmanager
def in_front_of(kind, backend):
    """A reverse proxy of that kind before a port; gives its own."""
    config, command = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # the worker may run as another user
        port = free_port()
        path = Path(folder, "config")
        path.write_text(config.format(folder=folder, port=port, backend=backend))
        proxy = Child([part.format(folder=folder) for part in command] + [str(path)])
        try:
            wait_until(lambda: accepts(port), f"{kind} listens")
            yield port
        finally:
            assert proxy.stop() in (0, -15, 128 + 15)


@contextlib.contextmanager
def proxied(kind, *options):
    """An echo server and the URL of a reverse proxy in front of it."""
    with server("echo_epoll", *options) as backend, in_front_of(kind, backend.port) as port:
        yield f"ws://127.0.0.1:{port}/", backend


@case_for(*KINDS)
async def messages_of_all_sizes__pass(kind):
    with proxied(kind) as (url, _):
        async with websockets.connect(url, max_size=None) as client:
            assert len(client.extensions) == 1
            for size in [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20]:
                message = (bytes(range(251)) * (size // 251 + 1))[:size]
                await client.send(message)
                assert await client.recv() == message, size
            await client.send(["wö", "", "rld"])
            assert await client.recv() == "wörld"
            await (await client.ping(b"through"))


@case_for(*KINDS)
async def compressed_messages__pass_as_they_are(kind):
    messages = [f'{{"sequence": {number}, "symbol": "ALPHA", "price": {number * 7919 % 1000}, '
                '"venue": "example exchange", "kind": "trade", "condition": "none"}'
                for number in range(200)]
    size = len("".join(messages))
    for switches in [(), ("--no-deflate",)]:
        with proxied(kind, *switches) as (url, _):
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


@case_for(*KINDS)
async def close_codes__pass_both_ways(kind):
    with proxied(kind) as (url, _):
        for code, reason in [(1000, ""), (3000, "r" * 123), (4999, "größer")]:
            async with websockets.connect(url) as client:
                await client.close(code, reason)
                assert client.close_code == code


@case_for(*KINDS)
async def many_messages_at_once__keep_their_order(kind):
    with proxied(kind) as (url, _):
        async with websockets.connect(url, max_queue=None) as client:
            for number in range(5000):
                await client.send(str(number))
            for number in range(5000):
                assert await client.recv() == str(number)


@case_for(*KINDS)
async def going_away__passes(kind):
    with proxied(kind) as (url, backend):
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


@case_for(*KINDS)
async def refusals__pass(kind):
    with proxied(kind, "--origin", "https://a.example") as (url, _):
        try:
            async with websockets.connect(url, origin="https://b.example"):
                raise AssertionError("accepted")
        except InvalidStatusCode as refused:
            assert refused.status_code == 403


@case_for(*KINDS)
async def our_client__is_served_through_it(kind):
    async def handler(socket):
        for message in ["wörld", b"", "x" * 70000, bytes(range(256)) * 4096]:
            await socket.send(message)
            received.append(await socket.recv() == message)

    received = []
    async with websockets.serve(handler, "127.0.0.1", 0, max_size=None) as listener:
        with in_front_of(kind, listener.sockets[0].getsockname()[1]) as port:
            client = await asyncio.create_subprocess_exec(
                *example("echo_client"), f"ws://127.0.0.1:{port}/")
            assert await asyncio.wait_for(client.wait(), 20) == 0
    assert received == [True] * 4


@case_for(*KINDS)
async def whom_it_serves__is_known_behind_it(kind):
    with server("chat_epoll", "--behind-proxy") as chat, in_front_of(kind, chat.port) as port:
        # What a client says of itself is not believed.
        forged = {"X-Forwarded-For": "192.0.2.1"}
        async with websockets.connect(f"ws://127.0.0.1:{port}/room/a?name=ann",
                                      extra_headers=forged) as client:
            assert await client.recv() == "join ann"
        assert chat.first_line() == "ann joins a from 127.0.0.1"


run_cases()
