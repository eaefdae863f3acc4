#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client through HTTP and SOCKS5 proxies: tinyproxy, microsocks and ones that misbehave.

proves: R6455-4.1-4, R6455-4.1-5
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    Child, accepts, case, case_for, example, free_port, need, need_examples, run_cases, skip,
    wait_until)

try:
    import websockets
except ImportError:
    skip("Python's websockets is missing")
TINYPROXY, MICROSOCKS = need("tinyproxy"), need("microsocks")
need_examples("echo_client")

TINYPROXY_CONFIG = """
Port {port}
Listen 127.0.0.1
Timeout 30
LogLevel Critical
{authorization}
"""


@contextlib.contextmanager
def proxy(kind, user=None, password=None):
    """A real proxy; gives its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        if kind == "http":
            config = Path(folder, "config")
            login = f"BasicAuth {user} {password}" if user else ""
            config.write_text(TINYPROXY_CONFIG.format(port=port, authorization=login))
            command = [TINYPROXY, "-d", "-c", str(config)]
        else:
            login = ["-u", user, "-P", password] if user else []
            command = [MICROSOCKS, "-i", "127.0.0.1", "-p", str(port), *login]
        child = Child(command, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: accepts(port), f"the {kind} proxy listens")
            yield f"127.0.0.1:{port}"
        finally:
            child.stop()


async def run_client(via, url):
    """echo_client through a proxy; gives its status and what it complained of."""
    client = await asyncio.create_subprocess_exec(
        *example("echo_client"), "--proxy", via, url, stderr=asyncio.subprocess.PIPE)
    try:
        _, errors = await asyncio.wait_for(client.communicate(), 20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            client.kill()
    return client.returncode, errors.decode()


async def echo_through(via, host="127.0.0.1"):
    """Messages of many sizes through a proxy to a server of Python's websockets."""
    async def handler(connection):
        for message in ["wörld", b"", "x" * 70000, bytes(range(256)) * 4096]:
            await connection.send(message)
            echoed.append(await connection.recv() == message)

    echoed = []
    async with websockets.serve(handler, host, 0, max_size=None) as listener:
        port = listener.sockets[0].getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        status, errors = await run_client(via, f"ws://{name}:{port}/")
    assert status == 0, errors
    assert echoed == [True] * 4


@case_for("http", "socks5")
async def messages__pass_a_proxy(kind):
    with proxy(kind) as address:
        await echo_through(f"{kind}://{address}")


@case_for("http", "socks5")
async def names_and_ipv6_addresses__are_reached(kind):
    with proxy(kind) as address:
        await echo_through(f"{kind}://{address}", "localhost")
        if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
            await echo_through(f"{kind}://{address}", "::1")


@case_for("http", "socks5")
async def credentials__open_the_proxy(kind):
    with proxy(kind, "me", "secret") as address:
        await echo_through(f"{kind}://me:secret@{address}")


@case_for("http", "socks5")
async def wrong_credentials__are_told(kind):
    with proxy(kind, "me", "secret") as address:
        for login in ["me:wrong@", ""]:
            status, errors = await run_client(f"{kind}://{login}{address}", "ws://127.0.0.1:1/")
            assert status == 1
            assert "the proxy wants other credentials" in errors, errors


@case_for("http", "socks5")
async def targets_that_do_not_answer__are_told(kind):
    with proxy(kind) as address:
        status, errors = await run_client(f"{kind}://{address}", f"ws://127.0.0.1:{free_port()}/")
        assert status == 1
        assert "the proxy did not open the tunnel" in errors, errors


async def scripted(kind, answer):
    """A proxy that says one thing, whatever it hears, and hangs up."""
    async def handler(reader, writer):
        await reader.read(1000)
        writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        return await run_client(f"{kind}://127.0.0.1:{port}", "ws://host.example/")


@case
async def answers_that_open_no_tunnel__end_the_client():
    told = {
        ("http", b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"): "did not open the tunnel (302)",
        ("http", b"HTTP/1.1 407 No\r\n\r\n"): "other credentials (407)",
        ("http", b"HTTP/1.1 200"): "the transport ended",
        ("http", b"\5\0"): "malformed HTTP head",
        ("socks5", b"\5\xff"): "other credentials",
        ("socks5", b"\5"): "the transport ended",
        ("socks5", b"HTTP/1.1 400 \r\n\r\n"): "does not fit what it was told",
    }
    for (kind, answer), reason in told.items():
        status, errors = await scripted(kind, answer)
        assert status == 1 and reason in errors, (kind, answer, errors)


run_cases()
