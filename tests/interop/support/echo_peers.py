# SPDX-License-Identifier: MIT
"""Libraries that meet us as an echo server and as a client: how their programs are started.

The client of each goes through the same script: a message of each of SIZES, text of "x" and then
binary of 0xff; "aö!" in fragments; a ping "there?"; a Close 3000 "bye". It compares what comes back
and prints what it has: "open echo" (the subprotocol of "x, echo"), "text 0" ..., "binary 0" ...,
"fragments", "pong there?", "closed".
"""

import sys
from pathlib import Path

from harness import BUILD, skip

SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20]
_INTEROP, _LOAD = BUILD / "tests" / "interop", BUILD / "tests" / "bench" / "load"
_SERVERS = {
    "libwebsockets": [_LOAD / "load_lws"],
    "Boost.Beast": [_LOAD / "load_beast"],
    "websocketpp": [_INTEROP / "interop_websocketpp", "server"],
}
_CLIENTS = {
    "libwebsockets": [_INTEROP / "interop_lws"],
    "Boost.Beast": [_INTEROP / "interop_beast"],
    "websocketpp": [_INTEROP / "interop_websocketpp", "client"],
}
ECHO_PEERS = ["autobahn", *_SERVERS]


def _command(peer, commands, role):
    if peer == "autobahn":
        try:
            __import__("autobahn.asyncio.websocket")
        except ImportError:
            skip("Python's autobahn is missing")
        return [sys.executable, str(Path(__file__).with_name("interop_autobahn.py")), role]
    if not commands[peer][0].exists():
        skip(f"{commands[peer][0].name} is not built")
    return list(map(str, commands[peer]))


def server_command(peer):
    """It prints where it listens; the message "close" it answers with a Close 4000 "asked"."""
    return _command(peer, _SERVERS, "server")


def client_command(peer):
    """The port follows, then "brief" for libwebsockets to leave out the fragments and the ping."""
    return _command(peer, _CLIENTS, "client")
