#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Lua binding: without I/O, and its examples against lua-http and peers in other languages.

matrix: none, because it is about the binding
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"
sys.path.insert(0, str(SUPPORT))
import echoes  # noqa: E402
from harness import BINDING, case, need, run_cases, server, skip  # noqa: E402

LUAJIT = need("luajit")
LUA = BINDING.parent / "lua"
SERVER, CLIENT = ([LUAJIT, str(LUA / name)] for name in ("echo_server.lua", "echo_client.lua"))
LUA_HTTP = [LUAJIT, str(SUPPORT / "lua_http_peer.lua")]
for module, package in (("socket", "lua-socket"), ("http.websocket", "lua-http")):
    if subprocess.run([LUAJIT, "-e", f"require '{module}'"], stderr=subprocess.DEVNULL).returncode:
        skip(f"{package} is missing")


@case
def binding__works_without_io():
    environment = {**os.environ, "LUA_PATH": f"{LUA}/?.lua;;"}
    subprocess.run([LUAJIT, SUPPORT / "binding.lua"], env=environment, check=True, timeout=25)


@case
async def server__echoes_to_websockets():
    with echoes.binding_server(SERVER) as peer:
        await echoes.server_and_websockets(peer.url)
        await echoes.server_and_a_burst(peer.url)


@case
async def server__refuses_what_is_too_big():
    with echoes.binding_server(SERVER, "--max-message", "1000") as peer:
        await echoes.server_and_too_much(peer.url)


@case
def server__echoes_to_ws():
    with echoes.binding_server(SERVER) as peer:
        echoes.server_and_ws(peer.url)


@case
def server__echoes_to_lua_http():
    with echoes.binding_server(SERVER) as peer:
        subprocess.run([*LUA_HTTP, peer.url], check=True, timeout=25)


@case
def client__gets_its_echoes():
    echoes.client_and_servers(CLIENT, SERVER)


@case
def client__gets_its_echoes_from_lua_http():
    with server(LUA_HTTP, ends_with=-signal.SIGTERM) as peer:
        # Sizes that lua-http can read: see support/lua_http_peer.lua.
        echoes.echoed(CLIENT, peer.url, ["one", "", "wörld €😀", "x" * 4000, "x" * 65536])


@case
async def client__gets_its_echoes_from_websockets():
    await echoes.client_and_websockets(CLIENT)


run_cases()
