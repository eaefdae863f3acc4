#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End to end: what an echoed message costs the server's CPU, of weir and of its peers.

load.py [--rounds 5] [--seconds 0.4] [--connections 100] [--only REGEX] [--server NAME]
        [--json FILE]

The servers run on CPU 0 and the client on CPU 1, one at a time and in turns, so that noise hits
all alike; figures are medians of the rounds, ratios those of the same round. `minimal` checks
nothing: it is what the kernel costs. With --quick each echo is checked and nothing measured.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("WEIR_BUILD", SOURCE.parents[1] / "build"))
LOAD = BUILD / "tests/bench/load"
CLIENT = LOAD / "load_client"
SKIPPED = 77

SERVERS = {
    "weir": [BUILD / "examples/echo_epoll"],
    "minimal": [LOAD / "load_minimal"],
    "weir-poll": [BUILD / "examples/echo_poll"],
    "libwebsockets": [LOAD / "load_lws"],
    "Beast": [LOAD / "load_beast"],
    "ws": ["node", SOURCE / "load/load_ws.mjs"],
}
SIZES = (20, 1024, 16384)
DEPTHS = (1, 16)
KINDS = ("ascii", "mixed", "binary", "deflate")
COLUMNS = ("server_us_per_message", "messages_per_s", "p50_us", "p99_us", "p999_us", "server_load",
           "reply_bytes")


def pin(cpu):
    """Gives what a child process does first, where there is a second CPU."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cpu})


class WrongEcho(Exception):
    """A server gave back something else, or nothing."""


class Server:
    def __init__(self, name):
        self.name = name
        self.missing = None
        command = list(map(str, SERVERS[name]))
        environment = {"NODE_PATH": str(BUILD / "node/node_modules"), **os.environ}
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                            env=environment, preexec_fn=pin(0))
        except OSError:
            self.process = None
            self.missing = f"{Path(command[0]).name} is missing"
            return
        line = self.process.stdout.readline().strip()
        found = re.fullmatch(r"listening on .*:(\d+)", line)
        if found:
            self.port = found[1]
        else:
            self.missing = line.removeprefix("skipped, because ") or f"{name} does not start"

    def run(self, case, seconds, connections):
        """Figures of one run of the client, which compares every echo."""
        command = [CLIENT, "--port", self.port, "--server", self.process.pid,
                   "--seconds", seconds, "--connections", connections, *case.options()]
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                             preexec_fn=pin(1))
        if run.returncode != 0:
            raise WrongEcho(f"{self.name}, {case.name()} {case.size}: {run.stderr}{run.stdout}")
        return {key: float(value) for key, value in
                (pair.split("=") for pair in run.stdout.split())}

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


class Case:
    def __init__(self, kind, size, depth):
        self.kind, self.size, self.depth = kind, size, depth

    def name(self):
        return f"{self.kind}-x{self.depth}"

    def options(self):
        deflate = self.kind == "deflate"
        return ["--kind", "mixed" if deflate else self.kind, "--deflate", int(deflate),
                "--size", self.size, "--depth", self.depth]

    def suits(self, server):
        return self.kind != "deflate" or server.name != "minimal"


def cases(only):
    every = [Case(kind, size, depth) for kind in KINDS for depth in DEPTHS for size in SIZES]
    return [case for case in every if re.search(only, f"{case.name()} {case.size}")]


def measure(case, servers, options):
    """{server: {figure: median}}, with the ratio of weir's time to the server's."""
    contestants = [server for server in servers if case.suits(server)]
    rounds = []
    for _ in range(options.rounds):
        rounds.append({})
        for server in list(contestants):
            try:
                rounds[-1][server.name] = server.run(case, options.seconds, options.connections)
            except WrongEcho as wrong:
                print(f"left out: {wrong}".strip(), file=sys.stderr)
                contestants.remove(server)
    results = {}
    for server in contestants:
        figures = {key: statistics.median(each[server.name][key] for each in rounds)
                   for key in COLUMNS}
        if "weir" in rounds[-1]:
            figures["ratio"] = statistics.median(
                each["weir"][COLUMNS[0]] / each[server.name][COLUMNS[0]] for each in rounds)
        results[server.name] = figures
    return results


def line_of(case, results):
    parts = [f"load {case.name()} {case.size}"]
    for name, figures in results.items():
        cost = f"{figures[COLUMNS[0]]:.4g}us"
        if name == "weir":
            parts.append(f"weir={cost}")
        else:
            parts.append(f"peer={name}:{cost}" +
                         (f" ratio={figures['ratio']:.3f}" if "ratio" in figures else ""))
    return " ".join(parts)


def table(measured, names):
    heads = (("Server CPU, us per message (s per million)", lambda f: f"{f[COLUMNS[0]]:.3g}"),
             ("Messages per second", lambda f: f"{f['messages_per_s']:.0f}"),
             ("Latency p50 / p99 / p99.9, us",
              lambda f: " / ".join(f"{f[key]:.0f}" for key in ("p50_us", "p99_us", "p999_us"))))
    for title, cell in heads:
        print(f"\n{title}\n| case | size | " + " | ".join(names) + " |")
        print("|---|---|" + "---|" * len(names))
        for case, results in measured:
            cells = [cell(results[name]) if name in results else "" for name in names]
            print(f"| {case.name()} | {case.size} | " + " | ".join(cells) + " |")


def machine():
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    return {"cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count(),
            "kernel": f"{platform.system()} {platform.release()}"}


def quick(servers):
    """A short run of each kind: the client compares every echo."""
    for server in servers:
        for case in (Case("ascii", 20, 16), Case("mixed", 16384, 16), Case("binary", 1024, 1),
                     Case("deflate", 1024, 16)):
            if not server.missing and case.suits(server):
                figures = server.run(case, 0.05, 10)
                print(f"load {case.name()} {case.size} {server.name}: "
                      f"{figures['messages']:.0f} echoes checked")
    return next((server.missing for server in servers if server.missing), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--only", default="", metavar="REGEX", help='of "ascii-x16 1024"')
    parser.add_argument("--server", action="append", choices=SERVERS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    servers = []
    try:
        for name in options.server or SERVERS:
            servers.append(Server(name))
        if options.quick:
            missing = quick(servers)
            if missing:
                print(f"skipped, because {missing}")
                sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)
            return
        for server in servers:
            if server.missing:
                print(f"without {server.name}: {server.missing}", file=sys.stderr)
        servers = [server for server in servers if not server.missing]
        measured = []
        for case in cases(options.only):
            measured.append((case, measure(case, servers, options)))
            print(line_of(*measured[-1]), flush=True)
        table(measured, [server.name for server in servers])
        if options.json:
            options.json.write_text(json.dumps({
                "machine": machine(), "rounds": options.rounds, "seconds": options.seconds,
                "connections": options.connections,
                "cases": [{"kind": case.kind, "size": case.size, "depth": case.depth,
                           "servers": results} for case, results in measured]}, indent=1) + "\n")
    except WrongEcho as wrong:
        sys.exit(str(wrong))
    finally:
        for server in servers:
            server.stop()


main()
