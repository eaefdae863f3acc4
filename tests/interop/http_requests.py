#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""curl and Python's http.client against our echo servers: upgrades, and what is refused.

matrix: curl | server | - | handshake, compression, HTTP answers
"""

import base64
import hashlib
import http.client
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import ECHO_SERVERS, case_for, need, need_examples, run_cases, server  # noqa: E402

CURL = need("curl")
need_examples(*ECHO_SERVERS)
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3


def curl(peer, *arguments):
    """Status, fields (names in lower case) and body."""
    result = subprocess.run(
        [CURL, "--silent", "--http1.1", "--include", "--no-buffer", "--max-time", "1",
         *arguments, peer.url.replace("ws:", "http:")], capture_output=True, timeout=10)
    return parsed(result.stdout)


def parsed(response):
    head, _, body = response.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    version, status, *_ = first.split(" ", 2)
    assert version == "HTTP/1.1", first
    fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(status), fields, body


def upgrade_fields(**changes):
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    return {name: value for name, value in fields.items() if value is not None}


def as_arguments(fields):
    return [part for name, value in fields.items() for part in ("-H", f"{name}: {value}")]


@case_for(*ECHO_SERVERS)
def curl_upgrade__gets_101_with_the_right_accept_value(name):
    with server(name) as peer:
        fields = upgrade_fields(Origin="http://example.com")
        status, answer, body = curl(peer, *as_arguments(fields))
        digest = hashlib.sha1(fields["Sec-WebSocket-Key"].encode() + GUID).digest()
        assert status == 101
        assert answer["sec-websocket-accept"] == base64.b64encode(digest).decode()
        assert answer["upgrade"].lower() == "websocket"
        assert answer["connection"].lower() == "upgrade"
        assert not {"sec-websocket-extensions", "sec-websocket-protocol",
                    "content-length"} & answer.keys()
        assert body == b""


@case_for(*ECHO_SERVERS)
def curl_offer_of_compression__gets_its_answer(name):
    answers = {
        "permessage-deflate; client_max_window_bits":
            "permessage-deflate; server_max_window_bits=13; client_max_window_bits=13",
        "permessage-deflate": "permessage-deflate; server_max_window_bits=13",
        "x-other; a=1, permessage-deflate; server_max_window_bits=\"10\"":
            "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; unknown, permessage-deflate; server_no_context_takeover":
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=13",
        "permessage-deflate; server_max_window_bits=16": None,
        "x-webkit-deflate-frame": None,
    }
    for switches in [(), ("--no-deflate",)]:
        with server(name, *switches) as peer:
            for offer, answer in answers.items():
                fields = upgrade_fields(Sec_WebSocket_Extensions=offer)
                status, got, _ = curl(peer, *as_arguments(fields), "--max-time", "0.2")
                assert status == 101
                assert got.get("sec-websocket-extensions") == (None if switches else answer), offer


@case_for(*ECHO_SERVERS)
def curl_without_upgrade__is_refused(name):
    with server(name) as peer:
        for arguments, wanted in [([], 426), (["--head"], 405), (["--data", "x=1"], 405),
                                  (["--request", "DELETE"], 405), (["--http1.0"], 400)]:
            status, answer, body = curl(peer, *arguments)
            assert status == wanted, arguments
            assert "close" in answer["connection"].split(", ")
            assert int(answer["content-length"]) > 0
            assert len(body) == (0 if "--head" in arguments else int(answer["content-length"]))
            assert answer.get("upgrade") == ("websocket" if status == 426 else None)
            assert answer.get("allow") == ("GET" if status == 405 else None)


@case_for(*ECHO_SERVERS)
def other_versions__get_426_and_the_one_that_is_spoken(name):
    with server(name) as peer:
        for version in ["8", "0", "14", "255"]:
            fields = upgrade_fields(Sec_WebSocket_Version=version)
            status, answer, _ = curl(peer, *as_arguments(fields))
            assert (status, answer["sec-websocket-version"]) == (426, "13"), version


@case_for(*ECHO_SERVERS)
def faulty_requests__get_their_status(name):
    faults = [
        (400, upgrade_fields(Sec_WebSocket_Key=None)),
        (400, upgrade_fields(Sec_WebSocket_Key="short")),
        (400, upgrade_fields(Sec_WebSocket_Key=base64.b64encode(b"x" * 15).decode())),
        (400, upgrade_fields(Sec_WebSocket_Version=None)),
        (400, upgrade_fields(Sec_WebSocket_Version="thirteen")),
        (400, upgrade_fields(Connection="keep-alive")),
        (426, upgrade_fields(Upgrade="h2c")),
        (426, upgrade_fields(Upgrade=None)),
        (400, upgrade_fields(Sec_WebSocket_Protocol="a,,(b)")),
        (400, upgrade_fields(Host="")),
        (431, upgrade_fields(Cookie="x" * 20000)),
        (431, upgrade_fields(**{f"X{number}": "x" for number in range(150)})),
    ]
    with server(name) as peer:
        for wanted, fields in faults:
            connection = http.client.HTTPConnection(peer.host, peer.port, timeout=5)
            connection.request("GET", "/", headers=fields)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == wanted, (wanted, answer.status, fields)
            connection.close()
        for wanted, target in [(414, "/" + "x" * 9000)]:
            connection = http.client.HTTPConnection(peer.host, peer.port, timeout=5)
            connection.request("GET", target, headers=upgrade_fields())
            assert connection.getresponse().status == wanted
            connection.close()


run_cases()
