#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TLS: OpenSSL's s_client and Python's websockets against echo_epoll_tls and our clients.

matrix: OpenSSL | server | - | TLS
matrix: Python websockets | server | 16 MiB | TLS
matrix: Python websockets | client | 4 MiB | TLS
"""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    case, example, finished, need, need_examples, run_cases, server, skip)

try:
    import websockets
except ImportError:
    skip("Python's websockets is missing")
OPENSSL = need("openssl")
if not Path(example("echo_epoll")[0]).with_name("echo_epoll_tls").exists():
    skip("the examples were built without TLS")
need_examples("client", "echo_client")

FOLDER = tempfile.TemporaryDirectory()
CERT, KEY = (str(Path(FOLDER.name) / name) for name in ("cert.pem", "key.pem"))
subprocess.run([OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", KEY, "-out", CERT, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               check=True, capture_output=True)


def tls_server(*options):
    return server("echo_epoll_tls", "--cert", CERT, "--key", KEY, *options)


def s_client(peer, *options, text=""):
    """What s_client prints, and its exit status."""
    command = [OPENSSL, "s_client", "-connect", f"{peer.host}:{peer.port}", "-CAfile", CERT,
               "-servername", "localhost", *options]
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=20)
    return result.stdout + result.stderr, result.returncode


def trusting():
    return ssl.create_default_context(cafile=CERT)


# ---- s_client ------------------------------------------------------------------------------------

@case
def s_client__verifies_the_server_and_agrees_on_alpn():
    with tls_server() as peer:
        output, status = s_client(peer, "-verify_return_error", "-verify_hostname", "localhost",
                                  "-alpn", "h2,http/1.1")
        assert status == 0 and "Verification: OK" in output, output
        assert "ALPN protocol: http/1.1" in output, output
        assert "ECDHE-ECDSA-AES128-GCM-SHA256" in output or "TLS_AES_128_GCM" in output, output


@case
def s_client__resumes_by_ticket():
    with tls_server() as peer:
        saved = str(Path(FOLDER.name) / "session")
        output, _ = s_client(peer, "-tls1_2", "-sess_out", saved)
        assert "New, TLSv1.2" in output, output
        output, _ = s_client(peer, "-tls1_2", "-sess_in", saved)
        assert "Reused, TLSv1.2" in output, output


@case
def s_client__old_versions_ciphers_and_protocols_are_refused():
    with tls_server() as peer:
        for options, alert in [(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "protocol version"),
                               (["-tls1_2", "-cipher", "AES128-SHA256"], "handshake failure"),
                               (["-alpn", "h2"], "no application protocol")]:
            output, status = s_client(peer, *options)
            assert status != 0 and alert in output, output
        output, status = s_client(peer)  # and it still serves
        assert status == 0, output


@case
def plain_http__to_the_tls_port_ends_at_once():
    with tls_server() as peer, socket.create_connection((peer.host, peer.port), 10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.recv(100) == b""


# ---- websockets as the client --------------------------------------------------------------------

@case
async def websockets_client__gets_its_messages_back():
    with tls_server() as peer:
        url = f"wss://localhost:{peer.port}/"
        options = {"ssl": trusting(), "max_size": None, "host": peer.host, "compression": None}
        async with websockets.connect(url, **options) as socket_:
            for size in [0, 1, 125, 126, 16383, 16384, 65536, 1 << 20, 16 << 20]:
                message = (bytes(range(251)) * (size // 251 + 1))[:size]
                await socket_.send(message)
                assert await socket_.recv() == message, size
            await socket_.send("größer")
            assert await socket_.recv() == "größer"
            await (await socket_.ping(b"here"))
            await socket_.close(3001, "done")
            assert socket_.close_code == 3001


@case
async def websockets_client__that_reads_late_gets_all():
    with tls_server() as peer:
        url = f"wss://127.0.0.1:{peer.port}/"
        async with websockets.connect(url, ssl=trusting(), max_size=None, max_queue=1) as socket_:
            async def send():
                for number in range(200):
                    await socket_.send(bytes([number % 256]) * 100000)
            sending = asyncio.create_task(send())
            await asyncio.sleep(0.5)
            for number in range(200):
                message = await socket_.recv()
                assert len(message) == 100000 and message[0] == number % 256
            await sending


@case
async def server_that_stops__says_1001_and_close_notify():
    with tls_server() as peer:
        async with websockets.connect(f"wss://localhost:{peer.port}/", ssl=trusting(),
                                      host=peer.host) as socket_:
            peer.process.terminate()
            with contextlib.suppress(websockets.ConnectionClosed):
                await socket_.recv()
            assert socket_.close_code == 1001


# ---- websockets as the server --------------------------------------------------------------------

async def run_client(handler, *switches, name="echo_client", host="localhost", lines="",
                     address="127.0.0.1"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    context.set_alpn_protocols(["http/1.1"])
    async with websockets.serve(handler, address, 0, ssl=context, max_size=None) as listener:
        port = listener.sockets[0].getsockname()[1]
        return await finished([*example(name), *switches, f"wss://{host}:{port}/"], lines=lines)


@case
async def echo_client__echoes_over_tls():
    async def handler(socket_):
        for size in [0, 1, 16384, 65536, 4 << 20]:
            message = (bytes(range(251)) * (size // 251 + 1))[:size]
            await socket_.send(message)
            assert await socket_.recv() == message, size

    for host in ["localhost", "127.0.0.1"]:
        status, _, errors = await run_client(handler, "--ca", CERT, host=host)
        assert status == 0, errors
    status, _, errors = await run_client(handler, "--insecure")
    assert status == 0, errors


@case
async def client_for_people__sends_lines_over_tls():
    seen = []

    async def handler(socket_):
        await socket_.send("hello")
        seen.extend([await socket_.recv(), await socket_.recv()])
        await socket_.wait_closed()

    status, output, errors = await run_client(handler, "--ca", CERT, name="client",
                                              lines="one\ntwo\n")
    assert status == 0 and output == "hello\n", output + errors
    assert seen == ["one", "two"], seen


@case
async def client__refuses_whom_it_can_not_trust():
    async def handler(_):
        raise AssertionError("opened")

    status, _, errors = await run_client(handler)
    assert status == 1 and "WEIR_TLS_E_SELF_SIGNED" in errors, errors
    status, _, errors = await run_client(handler, "--ca", CERT, host="127.0.0.2",
                                         address="127.0.0.2")
    assert status == 1 and "WEIR_TLS_E_NAME" in errors, errors


@case
async def cut_without_close_notify__is_truncation():
    async def handler(socket_):
        socket_.transport.abort()

    status, _, errors = await run_client(handler, "--ca", CERT)
    assert status == 1 and "WEIR_TLS_E_TRUNCATED" in errors, errors


run_cases()
