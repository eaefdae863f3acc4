#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each test of tests/interop says which peer it meets; --markdown prints the table of them.

The lines are `matrix: PEER | role of weir | largest message | topics`, or `matrix: none, because`.
A topic needs a case whose name has one of its words, a size the number in the source. For the table
the case must have passed in the last run of the suite, and the peers are asked for their versions.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from common import ROOT, Report, tree

BUILD = Path(os.environ.get("WEIR_BUILD", ROOT / "build"))
MODULES = Path(os.environ.get("NODE_PATH", BUILD / "node" / "node_modules"))
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
ROLES = {"server": ["server"], "client": ["client"], "both": ["server", "client"]}
LINE = re.compile(r"\bmatrix: (.+)")
CASE = re.compile(r"[a-z]\w*__\w*")
PASSED = re.compile(r"^ok +[\d.]+ s +(.+)$", re.M)
SIZES = {"-": "", "64 KiB": r"\b65536\b", "1 MiB": r"\b1 << 20|range\(256\)\) \* 4096"}  # and N MiB
TOPICS = {
    "handshake": "handshake|request|origin|refus|rejection|old_version|offer|path_and",
    "subprotocol": "subprotocol|client_for_people",
    "text": "text|messages|tabs|hundred_messages",
    "binary": "binary|array_buffer|messages_of_all_sizes|messages__pass",
    "fragments": "fragment",
    "ping": "ping",
    "close codes": "close_code|going_away|stop_of_the_server|early_close|close_of_a_peer|closing",
    "compression": "compress|deflate|inflate|every_offer|every_policy|every_demand",
    "limits and faults": "1009|1002|1007|faults",
    "HTTP answers": "426|408|_status|refused|_101_",
    "credentials": "credentials",
    "order of many messages": "order|at_once",
    "TLS": "tls|s_client|certificate",
    "HTTP/2": "h2|http2|stream",
    "MQTT": "mqtt",
    "events and acknowledgements": "acknowledgement",
    "queries and subscriptions": "subscription",
}


def from_node(module):
    return ["node", "-p", f"JSON.parse(fs.readFileSync('{MODULES}/{module}/package.json')).version"]


def from_python(module):
    return [PYTHON, "-c", f"import {module}; print({module}.__version__)"]


def from_build(program):
    return [str(BUILD / "tests" / "interop" / program), "version"]


PEERS = {  # how each is asked for its version
    "Chromium": ["chromium", "--version"],
    "Firefox": ["firefox-esr", "--version"],
    "Node ws": from_node("ws"),
    "Python websockets": from_python("websockets"),
    "Python h2": from_python("h2"),
    "autobahn": from_python("autobahn"),
    "libwebsockets": from_build("interop_lws"),
    "Boost.Beast": from_build("interop_beast"),
    "websocketpp": from_build("interop_websocketpp"),
    "mosquitto": ["mosquitto", "-h"],
    "Socket.IO": from_node("socket.io"),
    "graphql-ws": from_node("graphql-ws"),
    "curl": ["curl", "--version"],
    "nginx": ["nginx", "-v"],
    "haproxy": ["haproxy", "-v"],
    "tinyproxy": ["tinyproxy", "-v"],
    "microsocks": ["dpkg-query", "-W", "-f", "${Version}", "microsocks"],  # it does not tell
    "OpenSSL": ["openssl", "version"],
}


def version(peer):
    try:
        result = subprocess.run(PEERS[peer], capture_output=True, text=True, timeout=30,
                                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    except OSError:
        return "not here"
    found = re.search(r"\d+(\.\d+)+\w*", result.stdout + result.stderr)
    return found[0] if found else "not here"


def source(path):
    """A test with what it takes from support/."""
    text = path.read_text()
    used = re.findall(r'support/(\w+\.mjs)"', text)
    used += [f"{name}.py" for name in re.findall(r"^from (\w+) import", text, re.M)]
    support = (path.parent / "support" / name for name in used)
    return text + "".join(other.read_text() for other in support if other.exists())


def passed_cases():
    """{test: the names of its cases that passed} of the last run."""
    passed = {}
    for line in (BUILD / "meson-logs" / "testlog.json").read_text().splitlines():
        entry = json.loads(line)
        if "interop / " in entry["name"] and entry["result"] == "OK":
            passed[entry["name"].rpartition(" ")[2]] = PASSED.findall(entry["stdout"])
    return passed


def has_size(size, text):
    if size in SIZES:
        return re.search(SIZES[size], text)
    count = size.removesuffix(" MiB")
    return size != count and re.search(rf"\b{count} << 20|\b{count} \* MIB", text)


def parse(path, cases, report):
    """The rows of a test; what is wrong with them goes to the report."""
    text, rows = source(path), []
    lines = LINE.findall(path.read_text())
    if not lines:
        report.add(path, 1, "has no line `matrix: ...`")
    for line in lines:
        if re.match(r"none, because \w", line):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 4 or parts[0] not in PEERS or parts[1] not in ROLES:
            report.add(path, 1, f"`{line}` is not PEER | role | largest message | topics")
            continue
        peer, role, size, topics = parts[0], parts[1], parts[2], parts[3].split(", ")
        if not has_size(size, text):
            report.add(path, 1, f"no message of {size}")
        for topic in topics:
            if topic not in TOPICS or not re.search(TOPICS[topic], " ".join(cases)):
                report.add(path, 1, f"no case for the topic {topic}")
        rows += [(peer, one, size, topics) for one in ROLES[role]]
    return rows


def bytes_of(size):
    count, _, unit = size.partition(" ")
    return 0 if size == "-" else int(count) << (20 if unit == "MiB" else 10)


def merged(rows):
    """{peer: {role: (largest size, topics)}}, the topics in the order of TOPICS."""
    table = {}
    for peer, role, size, topics in rows:
        known, others = table.setdefault(peer, {}).get(role, ("-", []))
        table[peer][role] = (max(known, size, key=bytes_of),
                             [topic for topic in TOPICS if topic in {*topics, *others}])
    return table


def markdown(table):
    print("| peer | version | weir is | largest message | exercised |\n|---|---|---|---|---|")
    for peer in PEERS:
        roles = table[peer]
        if len(roles) == 2 and roles["server"] == roles["client"]:
            roles = {"both": roles["server"]}
        for role, (size, topics) in roles.items():
            print(f"| {peer} | {version(peer)} | {role} | {size} | {', '.join(topics)} |")


report = Report()
paths = tree("tests/interop/*.py", "tests/interop/*.mjs")
if "--markdown" in sys.argv:
    cases = passed_cases()
    found = [row for path in paths for row in parse(path, cases.get(path.stem, []), report)]
else:
    found = [row for path in paths for row in parse(path, CASE.findall(source(path)), report)]
table = merged(found)
for peer in PEERS.keys() - table.keys():
    report.add(Path(__file__), 1, f"no test meets {peer}")
if "--markdown" in sys.argv and report.count == 0:
    markdown(table)
    sys.exit(0)
report.finish(f"{len(paths)} tests, {len(PEERS)} peers")
