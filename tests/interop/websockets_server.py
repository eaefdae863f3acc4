#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The server of Python's websockets against our clients.

matrix: Python websockets | client | 16 MiB | handshake, subprotocol, text, binary, fragments
matrix: Python websockets | client | 16 MiB | close codes, compression, limits and faults
"""

import sys
from http import HTTPStatus
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import case, example, finished, need_examples, run_cases, skip  # noqa: E402

try:
    import websockets
    from websockets.exceptions import ConnectionClosed
except ImportError:
    skip("Python's websockets is missing")
need_examples("client", "echo_client", "echo_client.py")


async def run_client(handler, *messages, name="echo_client", switches=(), path="", lines="",
                     **options):
    """One client against a handler; gives its exit status, output and errors."""
    failures = []

    async def guarded(socket):
        try:
            await handler(socket)
        except Exception as failure:
            failures.append(failure)
            raise

    options = {"compression": "deflate", "max_size": None, "max_queue": None, **options}
    async with websockets.serve(guarded, "127.0.0.1", 0, **options) as listener:
        port = listener.sockets[0].getsockname()[1]
        ended = await finished([*example(name), *switches, f"ws://127.0.0.1:{port}/{path}",
                                *messages], lines=lines)
    if failures:
        raise failures[0]
    return ended


@case
async def binary_of_every_length_form__is_echoed():
    async def handler(socket):
        for size in [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20]:
            message = (bytes(range(251)) * (size // 251 + 1))[:size]
            await socket.send(message)
            assert await socket.recv() == message, size

    status, _, errors = await run_client(handler)
    assert status == 0, errors


@case
async def text_and_fragments__are_echoed():
    async def handler(socket):
        for text in ["", "a", "x" * 125, "x" * 126, "é" * 32768, "水€😀" * 300000, "\0"]:
            await socket.send(text)
            assert await socket.recv() == text, len(text)
        for parts in [["a", "b"], ["", "", "x"], [b"\xff"] * 1000, [b"x" * 100000] * 20]:
            await socket.send(parts)
            assert await socket.recv() == type(parts[0])().join(parts)

    status, _, errors = await run_client(handler)
    assert status == 0, errors


@case
async def pings__are_answered():
    async def handler(socket):
        for payload in [b"", b"x", b"y" * 125]:
            await (await socket.ping(payload))

    status, _, errors = await run_client(handler)
    assert status == 0, errors


@case
async def close_codes__are_echoed():
    for code, reason in [(1000, ""), (1001, "gone"), (3000, "r" * 123), (4999, "größer")]:
        seen = []

        async def handler(socket):
            await socket.close(code, reason)
            seen.append(socket.close_code)

        status, _, errors = await run_client(handler)
        assert (status, seen) == (0, [code]), errors


@case
async def path_and_no_compression__are_as_asked():
    seen = []

    async def handler(socket):
        seen.append((socket.path, socket.extensions, socket.subprotocol, socket.origin))

    status, _, errors = await run_client(handler, path="a/b?c=d%20e",
                                         switches=["--no-deflate"])
    assert status == 0, errors
    assert seen == [("/a/b?c=d%20e", [], None, None)]


@case
async def too_big__gets_1009():
    async def handler(socket):
        await socket.send("x" * 1001)
        try:
            await socket.recv()
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1009
        else:
            raise AssertionError("a message came")

    status, _, errors = await run_client(handler, switches=["--max-message", "1000"])
    assert status == 1 and "the message is over the limit" in errors


@case
async def rejection__is_told():
    async def handler(_):
        raise AssertionError("accepted")

    async def reject(*_):
        return HTTPStatus.FORBIDDEN, [("X-Why", "no")], b"not for you\n"

    for name, told in [("client", "HTTP 403 Forbidden\n"), ("echo_client", "WEIR_E_NOT_UPGRADED"),
                       ("echo_client.py", "HTTP 403")]:
        status, output, errors = await run_client(handler, name=name, process_request=reject)
        assert status == 1 and told in output + errors, output + errors


@case
async def transport_that_ends_without_close__is_told():
    async def handler(socket):
        socket.transport.abort()

    status, _, errors = await run_client(handler)
    assert status == 1 and "WEIR_E_TRANSPORT" in errors


@case
async def client_for_people__sends_lines_and_prints_answers():
    seen = []

    async def handler(socket):
        seen.append((socket.origin, socket.subprotocol, socket.request_headers["X-One"]))
        await socket.send("text \x1b[31m\u0085")
        await socket.send(bytes(range(20)))
        seen.append([await socket.recv() for _ in range(3)])
        await socket.wait_closed()
        seen.append(socket.close_code)

    switches = ["--origin", "https://a.example", "--protocol", "b", "--header", "X-One: 1"]
    status, output, errors = await run_client(handler, name="client", switches=switches,
                                              lines="one\n\nzwölf", subprotocols=["a", "b"])
    assert status == 0, errors
    assert seen == [("https://a.example", "b", "1"), ["one", "", "zwölf"], 1000], seen
    text, data = output.splitlines()
    assert "\x1b" not in text and "\x85" not in text and text.startswith("text "), output
    assert data.startswith("20 bytes: 00 01 ") and data.endswith(" ..."), output


@case
async def asyncio_client__prints_what_comes_back():
    async def handler(socket):
        async for message in socket:
            assert isinstance(message, str)
            await socket.send(message)
        assert socket.close_code == 1000

    messages = ["one", "zwölf", "", "x" * 100000]
    status, output, errors = await run_client(handler, *messages, name="echo_client.py")
    assert status == 0, errors
    assert output.splitlines() == [*messages, "closed: 1000"]


@case
async def asyncio_client__tells_of_an_early_close():
    async def handler(socket):
        await socket.recv()
        await socket.close(4001, "enough")

    status, output, errors = await run_client(handler, "one", "two", name="echo_client.py")
    assert "Traceback" not in errors, errors
    assert status == 0 and output == "closed: 4001 enough\n"


run_cases()
