# SPDX-License-Identifier: MIT
"""Our client on asyncio, by the Python binding, for the tests that meet servers."""

import sys

from harness import BINDING

sys.path.insert(0, str(BINDING))
import weir  # noqa: E402
from weir import Deflate, Type  # noqa: E402

OPTIONS = {"max_message_bytes": 64 << 20, "max_fragments": None, "deflate": Deflate.PREFERRED}


def connect(url, *subprotocols, **options):
    return weir.connect(url, subprotocols=subprotocols, **{**OPTIONS, **options})


async def ask(socket, message):
    await socket.send(message)
    return await socket.recv()


async def send_fragments(socket, parts, compression=0):
    """One message, a frame for each part that is not empty; of bytes, or of text."""
    kind = Type.TEXT if isinstance(parts[0], str) else Type.BINARY
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    weir.lib.weir_conn_send_begin(socket.connection, kind | compression)
    for piece in raw[:-1]:
        weir.lib.weir_conn_send_chunk(socket.connection, piece, len(piece))
    weir.lib.weir_conn_send_end(socket.connection, raw[-1], len(raw[-1]))
    socket.settle()


async def end_by_peer(socket):
    """Code and reason of the server's Close, which comes before any message."""
    try:
        message = await socket.recv()
    except weir.ConnectionClosed as closed:
        assert closed.clean, closed
        return closed.code, closed.reason
    raise AssertionError(f"a message came: {message[:100]!r}")


def extensions(socket):
    """What the server agreed to."""
    return [value for name, value in socket.response.headers
            if name.lower() == "sec-websocket-extensions"]


def was_compressed(socket):
    """Whether what was sent and received took less than a quarter on the wire, both ways."""
    stats = socket.connection.stats()
    return (0 < stats.rx_deflated_bytes * 4 < stats.rx_inflated_bytes
            and 0 < stats.tx_deflated_bytes * 4 < stats.tx_inflated_bytes)
