#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Echoes through the Python binding, beside Python's websockets; both on asyncio.

bindings.py [--rounds 10] [--seconds 0.2] [--only REGEX] [--quick]

`server` is an echo server in Python under the load client in C, on ten connections; `both` has
clients of the same library too. Server and client run on a CPU each, the contestants in turns, so
that noise hits all alike. Every echo is compared. websockets is what the system has, uncompressed.

Figures are of the best round: echoes a second, and the microseconds that all processes in Python
spend on one, the kernel's part with them; the ratio is that of these times. A machine that does
something else as well only takes away: the best of many short rounds is what it can do.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("WEIR_BUILD", SOURCE / "build"))
os.environ.setdefault("WEIR_LIB", str(BUILD / "libweir.so"))
sys.path.insert(0, str(SOURCE / "examples/bindings/python"))
CLIENT = BUILD / "tests/bench/load/load_client"
LIBRARIES = ("weir", "websockets")
SIZES, DEPTHS, KINDS, ENDS = (20, 1024, 16384), (1, 16), ("ascii", "binary"), ("server", "both")
CONNECTIONS = 10
SKIPPED = 77


# ---- What the children do ------------------------------------------------------------------------

def library(name):
    """serve and connect of a library: they are called alike."""
    if name == "weir":
        import weir
        return weir.serve, weir.connect
    import websockets
    return (lambda *arguments: websockets.serve(*arguments, compression=None),
            lambda *arguments: websockets.connect(*arguments, compression=None))


async def serve(name):
    async def echo(socket):
        with contextlib.suppress(Exception):  # the load client does not close
            async for message in socket:
                await socket.send(message)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with library(name)[0](echo, "127.0.0.1", 0) as server:
        print(f"listening on :{list(server.sockets)[0].getsockname()[1]}", flush=True)
        await stop.wait()


async def load(name, url, kind, size, depth, seconds):
    """Keep depth messages on the way of each connection; print how many came back in a second."""
    message = "x" * size if kind == "ascii" else bytes(size)
    counts = []

    async def one(socket, end):
        count = 0
        for _ in range(depth):
            await socket.send(message)
        while time.perf_counter() < end:
            for _ in range(depth):
                assert await socket.recv() == message
                await socket.send(message)
            count += depth
        for _ in range(depth):
            await socket.recv()
        counts.append(count + depth)

    sockets = [await library(name)[1](url) for _ in range(CONNECTIONS)]
    begin, begin_cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(socket, begin + seconds) for socket in sockets))
    took, took_cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    print(f"messages_per_s={sum(counts) / took} messages={sum(counts)} cpu_s={took_cpu}")
    await asyncio.gather(*(socket.close() for socket in sockets))


# ---- What runs them ------------------------------------------------------------------------------

def pin(cpu):
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cpu})


def cpu_seconds(process):
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


def figures_of(server, name, ends, kind, size, depth, seconds):
    """Echoes a second, microseconds of CPU for one."""
    process, port = server
    case = ["--kind", kind, "--size", size, "--depth", depth, "--seconds", seconds]
    if ends == "server":
        command = [CLIENT, "--port", port, "--connections", CONNECTIONS, *case]
    else:
        command = [sys.executable, __file__, "--load", name, f"ws://127.0.0.1:{port}/", *case]
    before = cpu_seconds(process)
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                         preexec_fn=pin(1), check=False)
    if run.returncode:
        raise SystemExit(f"{name} {ends} {case}: {run.stdout}{run.stderr}")
    figures = {key: float(value) for key, value in (pair.split("=") for pair in run.stdout.split())}
    spent = cpu_seconds(process) - before + figures.get("cpu_s", 0)
    return figures["messages_per_s"], spent / figures["messages"] * 1e6


def compare(cases, rounds, seconds):
    servers = {}
    try:
        for name in LIBRARIES:
            process = subprocess.Popen([sys.executable, __file__, "--serve", name], text=True,
                                       stdout=subprocess.PIPE, preexec_fn=pin(0))
            servers[name] = process, None
            port = re.search(r":(\d+)$", process.stdout.readline().strip())[1]
            servers[name] = process, port
        heads = [f"{name} {unit}" for unit in ("a second", "us") for name in LIBRARIES]
        print("| echo | size | depth | " + " | ".join(heads) + " | ratio |")
        print("| --- |" + " ---: |" * (len(heads) + 3))
        for ends, kind, size, depth in cases:
            found = [[figures_of(servers[name], name, ends, kind, size, depth, seconds)
                      for name in LIBRARIES] for _ in range(rounds)]
            rates, times = ([best(row[index][unit] for row in found)
                             for index in range(len(LIBRARIES))]
                            for unit, best in ((0, max), (1, min)))
            ratio = times[1] / times[0]
            cells = [f"{rate:,.0f}" for rate in rates] + [f"{each:.1f}" for each in times]
            print(f"| {ends}, {kind} | {size} | {depth} | {' | '.join(cells)} | {ratio:.2f} |",
                  flush=True)
    finally:
        for process, _ in servers.values():
            process.terminate()
            process.wait()
            process.stdout.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--only", default="", metavar="REGEX", help='of "server ascii 20 x16"')
    parser.add_argument("--quick", action="store_true", help="only check the echoes")
    parser.add_argument("--serve", choices=LIBRARIES, help=argparse.SUPPRESS)
    parser.add_argument("--load", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--depth", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return asyncio.run(serve(options.serve))
    if options.load:
        return asyncio.run(load(*options.load, options.kind, options.size, options.depth,
                                options.seconds))
    for missing in [name for name in ["websockets"] if not importlib.util.find_spec(name)] + [
            path for path in [CLIENT, Path(os.environ["WEIR_LIB"])] if not path.exists()]:
        print(f"skipped, because {missing} is missing")
        sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)
    cases = [(ends, kind, size, depth) for ends in ENDS for kind in KINDS for size in SIZES
             for depth in DEPTHS if re.search(options.only, f"{ends} {kind} {size} x{depth}")]
    if options.quick:
        cases, options.rounds, options.seconds = cases[::5], 1, 0.05
    compare(cases, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
