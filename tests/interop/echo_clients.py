#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients on other libraries at an echo server of ours: each goes through the script of support/.

matrix: autobahn | server | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: autobahn | server | 1 MiB | close codes, compression
matrix: libwebsockets | server | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: libwebsockets | server | 1 MiB | close codes, compression
matrix: Boost.Beast | server | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: Boost.Beast | server | 1 MiB | close codes, compression
matrix: websocketpp | server | 1 MiB | handshake, subprotocol, text, binary, fragments, ping
matrix: websocketpp | server | 1 MiB | close codes, compression
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from echo_peers import ECHO_PEERS, SIZES, client_command  # noqa: E402
from harness import case_for, finished, run_cases  # noqa: E402
from weir_client import OPTIONS, Deflate, weir  # noqa: E402

COMMANDS = {peer: client_command(peer) for peer in ECHO_PEERS}
SCRIPT = ["open echo", *(f"{kind} {size}" for kind in ("text", "binary") for size in SIZES),
          "fragments", "pong there?", "closed"]


async def run_script(peer, deflate, *switches, leaving_out=()):
    """The script of a client at our server, which gives its sums."""
    async def echo(socket):
        try:
            while True:
                await socket.send(await socket.recv())
        except weir.ConnectionClosed as closed:
            ends.append((closed.code, closed.reason, closed.clean))

    ends = []
    async with weir.serve(echo, "127.0.0.1", 0, subprotocols=["echo"],
                          **{**OPTIONS, "deflate": deflate}) as ours:
        status, output, errors = await finished([*COMMANDS[peer], str(ours.port), *switches])
    script = [line for line in SCRIPT if line not in leaving_out]
    assert (status, output.splitlines()) == (0, script), output + errors
    assert ends == [(3000, "bye", True)], ends
    return ours.context.stats()


@case_for(*ECHO_PEERS)
async def handshake_subprotocol_text_binary_fragments_ping_close_codes__are_as_sent(peer):
    stats = await run_script(peer, Deflate.OFF)
    assert stats.rx_deflated_bytes == stats.tx_deflated_bytes == 0


@case_for(*ECHO_PEERS)
async def compression__makes_it_less_and_changes_nothing(peer):
    # Where compression was agreed the client of libwebsockets 4.1 takes a plain message twice (its
    # issue 2794), so all are compressed; it tells of no pong (2076), and spoils short fragments.
    brief = ["brief"] if peer == "libwebsockets" else []
    left_out = ["fragments", "pong there?"] if brief else []
    stats = await run_script(peer, Deflate.ALWAYS, *brief, leaving_out=left_out)
    assert 0 < stats.rx_deflated_bytes * 100 < stats.rx_inflated_bytes
    assert 0 < stats.tx_deflated_bytes * 100 < stats.tx_inflated_bytes


run_cases()
