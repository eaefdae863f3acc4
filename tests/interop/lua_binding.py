#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Lua binding: without I/O, and its examples against lua-http and peers in other languages.

matrix: none, because it is about the binding
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"
sys.path.insert(0, str(SUPPORT))
import echoes  # noqa: E402
from harness import (  # noqa: E402
    BINDING, BUILD, ROOT, case, listening, need, run_cases, server, skip)

LUAJIT = need("luajit")
LUA = BINDING.parent / "lua"
SERVER, CLIENT = ([LUAJIT, str(LUA / name)] for name in ("echo_server.lua", "echo_client.lua"))
ENVIRONMENT = {**os.environ, "LUA_PATH": f"{LUA}/?.lua;{SUPPORT}/?.lua;;"}
LUA_HTTP = [LUAJIT, str(SUPPORT / "lua_http_peer.lua")]
for module, package in (("socket", "lua-socket"), ("http.websocket", "lua-http")):
    if subprocess.run([LUAJIT, "-e", f"require '{module}'"], stderr=subprocess.DEVNULL).returncode:
        skip(f"{package} is missing")


def loaded(code="", **environment):
    """What luajit prints that loads the binding after this code."""
    return subprocess.run([LUAJIT, "-e", f"{code} print(pcall(require, 'weir'))"], text=True,
                          env={**ENVIRONMENT, **environment}, timeout=25, check=True,
                          stdout=subprocess.PIPE).stdout


@case
def binding__works_without_io():
    subprocess.run([LUAJIT, SUPPORT / "binding.lua"], env=ENVIRONMENT, check=True, timeout=25)


@case
def library_of_another_version__is_refused():
    api = json.loads((BUILD / "weir_api.json").read_text())
    api["version"] = "0.99.0"
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "weir_api.json")
        other.write_text(json.dumps(api))
        printed = loaded(WEIR_API=str(other))
    assert "the library is not of version 0.99.0" in printed, printed


@case
def description__is_beside_a_library_only_when_that_has_a_folder():
    look = "io.open = function(place) print(place) end"
    for library, beside in ("weir", []), ("libweir.so", []), ("./libweir.so", [
            "./weir_api.json", "./../share/weir/weir_api.json"]):
        *places, fault = loaded(look, WEIR_LIB=library).splitlines()
        assert "weir_api.json is not found" in fault, fault
        assert places == beside + ["/usr/share/weir/weir_api.json",
                                   "/usr/local/share/weir/weir_api.json"], (library, places)


@case
def loop__keeps_time_and_outlives_mistakes():
    subprocess.run([LUAJIT, SUPPORT / "lua_loop.lua"], env=ENVIRONMENT, check=True, timeout=25)


@case
async def example_of_the_readme__outlives_a_fault_of_a_peer():
    code, = re.findall(r"^```lua\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    listen = 'loop:listen("localhost", 8080)'
    assert listen in code, code
    code = code.replace(listen, 'print(("listening on %s:%d"):format(loop:listen("127.0.0.1", 0)))'
                                ' io.stdout:flush()')
    with listening([LUAJIT, "-e", code], env=ENVIRONMENT) as peer:
        with socket.create_connection((peer.host, peer.port), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")
            raw.sendall(b"\x81\x81\0\0\0\0x\x83\x81\0\0\0\0x")  # opcode 3 is none
            assert raw.recv(4)[2:] == (1002).to_bytes(2, "big")
        await echoes.server_and_a_burst(peer.url)


@case
def server__echoes_to_lua_http():
    with echoes.binding_server(SERVER) as peer:
        subprocess.run([*LUA_HTTP, peer.url], check=True, timeout=25)


@case
def client__gets_its_echoes_from_lua_http():
    with server(LUA_HTTP, ends_with=-signal.SIGTERM) as peer:
        # Sizes that lua-http can read: see support/lua_http_peer.lua.
        echoes.echoed(CLIENT, peer.url, ["one", "", "wörld €😀", "x" * 4000, "x" * 65536])


echoes.add_cases(SERVER, CLIENT)
run_cases()
