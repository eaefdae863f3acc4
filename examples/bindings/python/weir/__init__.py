# SPDX-License-Identifier: MIT
"""WebSocket over libweir: sans I/O (Context, Connection) and on asyncio (serve, connect)."""

from ._abi import (  # noqa: F401 - the names of this package
    NONE, CodecStep, Compression, Deflate, Error, EventType, Flag, Level, Option, Role, Side, State,
    Status, TextId, Type, Want, lib)
from .aio import (  # noqa: F401
    ConnectionClosed, Rejected, Request, Response, Server, WebSocket, connect, serve)
from .connection import Connection, Context, Event, Message, parse_url  # noqa: F401
