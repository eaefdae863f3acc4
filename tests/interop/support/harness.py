# SPDX-License-Identifier: MIT
"""What the tests in Python share: children that listen, cases with a time limit, skipping."""

import asyncio
import contextlib
import inspect
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("WEIR_BUILD", ROOT / "build"))
EXAMPLES = Path(os.environ.get("WEIR_EXAMPLES", BUILD / "examples"))
BINDING = ROOT / "examples" / "bindings" / "python"
SKIPPED = 77  # the exit status that meson takes for "skipped"
CASE_SECONDS = 30
ALL_SECONDS = 150

os.environ.setdefault("WEIR_LIB", str(BUILD / "libweir.so"))


def skip(reason):
    """End without a verdict; where the tests must be complete that is a failure."""
    print(f"skipped, because {reason}")
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


def need(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    return path or skip(f"{program} is missing")


def example(name):
    """The command of an example: a program that was built, or a script of the binding."""
    if name.endswith(".py"):
        return [sys.executable, str(BINDING / name)]
    path = EXAMPLES / name
    return [str(path)] if path.exists() else skip(f"{name} is not built")


def need_examples(*names):
    for name in names:
        example(name)


# Built only where their library is installed.
OPTIONAL_SERVERS = [name for name in ("echo_uv", "echo_libevent")
                    if (EXAMPLES / name).exists() or os.environ.get("CI") == "true"]
C_SERVERS = ["echo_poll", "echo_epoll", *OPTIONAL_SERVERS]
ECHO_SERVERS = [*C_SERVERS, "echo_server.py"]


# ---- Children ------------------------------------------------------------------------------------

class Child:
    """A program that runs until it is stopped by its pid."""

    def __init__(self, command, **options):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)

    def first_line(self, seconds=10):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert ready, "nothing was printed in time"
        return self.process.stdout.readline().rstrip("\n")

    def stop(self, seconds=20):
        """SIGTERM; returns the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.process.args[0]} did not end in {seconds} s") from None
        finally:
            self.process.stdout.close()

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


@contextlib.contextmanager
def server(name, *options):
    """An example that listens on a free port; gives the Child with host, port and url."""
    child = Child([*example(name), "--port", "0", *options])
    try:
        line = child.first_line()
        match = re.fullmatch(r"listening on (127\.0\.0\.1):(\d+)", line)
        assert match, f"{name} printed {line!r}"
        child.host, child.port = match[1], int(match[2])
        child.url = f"ws://{child.host}:{child.port}/"
        yield child
    except BaseException:
        child.process.kill()
        raise
    finally:
        status = child.stop()
    assert status == 0, f"{name} ended with {status}"


class Relay:
    """Between a client and a server on loopback: counts what passes, up to the server and down."""

    def __init__(self, port):
        self.port, self.up, self.down = port, 0, 0

    async def __aenter__(self):
        self.listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self.listener.sockets[0].getsockname()[1]}/"
        return self

    async def __aexit__(self, *_):
        self.listener.close()

    async def _connected(self, reader, writer):
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.gather(self._copy(reader, to_writer, "up"),
                             self._copy(to_reader, writer, "down"))

    async def _copy(self, source, sink, direction):
        with contextlib.suppress(ConnectionError):
            while data := await source.read(1 << 18):
                setattr(self, direction, getattr(self, direction) + len(data))
                sink.write(data)
                await sink.drain()
        sink.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until(holds, what, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


# ---- Cases ---------------------------------------------------------------------------------------

_cases = []


def case(function):
    _cases.append((function.__name__, function, ()))
    return function


def case_for(*values):
    """A case that runs once for each value, its only argument."""
    def add(function):
        _cases.extend((f"{function.__name__} [{value}]", function, (value,)) for value in values)
        return function
    return add


def _on_alarm(*_):
    raise TimeoutError(f"all cases together took more than {ALL_SECONDS} s")


def _run(function, arguments):
    if inspect.iscoroutinefunction(function):
        asyncio.run(asyncio.wait_for(function(*arguments), CASE_SECONDS))
    else:
        function(*arguments)


def run_cases():
    """Run all; arguments of the program choose those whose name holds one of them."""
    wanted = sys.argv[1:] or [""]
    failed = 0
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.alarm(ALL_SECONDS)
    for name, function, arguments in _cases:
        if not any(part in name for part in wanted):
            continue
        begin = time.monotonic()
        try:
            _run(function, arguments)
            outcome = "ok  "
        except Exception:
            traceback.print_exc(file=sys.stdout)
            outcome = "FAIL"
            failed += 1
        print(f"{outcome} {time.monotonic() - begin:6.2f} s  {name}", flush=True)
    sys.exit(1 if failed else 0)
