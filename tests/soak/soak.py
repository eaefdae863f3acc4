#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The echo server with sanitizers, on loopback, under honest load and every abuse at once.

soak.py [--seconds 600] [--build FOLDER]

It fails when an honest client gets a wrong echo, when an abuse is answered otherwise than it must
be, when memory that is held at the quietest moments grows, when a descriptor stays open, when the
server does not end with 0 on SIGTERM, and when a sanitizer says anything.
"""

import argparse
import contextlib
import os
import random
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/interop/support"))
from harness import Child, wait_until  # noqa: E402

MIB = 1 << 20
LIMIT = 64 * MIB  # the echo server's max_message_bytes
SAMPLES = 30
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
REQUEST = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
ENVIRONMENT = {
    **os.environ,
    # A small quarantine: what was freed is not to look like memory that is held.
    "ASAN_OPTIONS": "exitcode=99:quarantine_size_mb=8:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


# ---- What is run ---------------------------------------------------------------------------------

def build(folder):
    """The server with sanitizers, the load client without."""
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", folder, SOURCE, "-Db_sanitize=address,undefined",
                        "-Dtests=disabled"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "--quiet", "examples/echo_epoll"], check=True)
    load = SOURCE / "tests/bench/load"
    subprocess.run(["cc", "-O2", load / "load_client.c", load / "load_pool.c", "-lz",
                    "-o", folder / "load_client"], check=True)


def mask(data, key):
    """RFC 6455 5.3, with numbers as long as the payload."""
    pad = (key * (len(data) // 4 + 1))[:len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(data), "big")


def head(opcode, length, fin=True, rsv=0, key=bytes(4)):
    first = 0x80 * fin | rsv << 4 | opcode
    if length < 126:
        return struct.pack(">BB", first, 0x80 | length) + key
    if length < 65536:
        return struct.pack(">BBH", first, 0xfe, length) + key
    return struct.pack(">BBQ", first, 0xff, length) + key


def frame(opcode, data, fin=True, rsv=0):
    key = random.randbytes(4) if len(data) < 4096 else bytes(4)
    return head(opcode, len(data), fin, rsv, key) + (mask(data, key) if any(key) else data)


class Peer:
    """A client whose bytes are ours to choose."""

    def __init__(self, port, upgraded=True, deflate=False, small=False):
        self.socket = socket.socket()
        if small:  # the server is to feel at once that nobody reads
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        self.rest = b""
        if upgraded:
            self.send(REQUEST + (DEFLATE if deflate else b"") + b"\r\n")
            answer = b""
            while b"\r\n\r\n" not in answer:
                more = self.socket.recv(4096)
                assert more, f"the handshake ended: {answer!r}"
                answer += more
            answer, self.rest = answer.split(b"\r\n\r\n", 1)
            assert answer.startswith(b"HTTP/1.1 101 "), answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read(self, length):
        parts, have = [self.rest], len(self.rest)
        while have < length:
            more = self.socket.recv(min(MIB, max(length - have, 4096)))
            if not more:
                raise EOFError
            parts.append(more)
            have += len(more)
        whole = b"".join(parts)
        self.rest = whole[length:]
        return whole[:length]

    def frame(self):
        """First byte and payload of the next frame."""
        first, length = self.read(2)
        if length == 126:
            length, = struct.unpack(">H", self.read(2))
        elif length == 127:
            length, = struct.unpack(">Q", self.read(8))
        return first, self.read(length)

    def message(self):
        """First byte of the next data message and its payload; RSV1 means that it is deflated."""
        start, parts = None, []
        while True:
            first, data = self.frame()
            if first & 15 >= CLOSE:
                assert first & 15 != CLOSE, f"closed with {data!r}"
                continue
            start = first if start is None else start
            parts.append(data)
            if first & 0x80:
                return start, b"".join(parts)

    def close_code(self):
        """Of the Close that comes, whatever comes before it; 1006 without one."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                first, data = self.frame()
                if first & 15 == CLOSE:
                    return struct.unpack(">H", data[:2])[0] if data else 1005
        return 1006


def deflated(data, window=13):
    z = zlib.compressobj(9, zlib.DEFLATED, -window)
    return (z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflated(data):
    return zlib.decompressobj(-15).decompress(data + b"\0\0\xff\xff")


# ---- Abuses: each takes a few seconds at most, and says what it saw go wrong by an assertion -------

ABUSES = []


def abuse(function):
    ABUSES.append(function)
    return function


@abuse
def half_open(port, pause):
    """Nothing, a part of a handshake, a part of a frame; then silence, then gone."""
    request = REQUEST + b"\r\n"
    peers = []
    for _ in range(20):
        upgraded = random.random() < 0.5
        peer = Peer(port, upgraded=upgraded)
        if upgraded:
            message = frame(TEXT, b"x" * random.choice((5, 300, 70000)))
            peer.send(message[:random.randrange(len(message))])
        else:
            peer.send(request[:random.randrange(len(request))])
        peers.append(peer)
    pause(random.uniform(0, 6))
    for peer in peers:
        random.choice((peer.reset, peer.socket.close))()


@abuse
def reset_inside_a_message(port, pause):
    for _ in range(20):
        deflate = random.random() < 0.5
        peer = Peer(port, deflate=deflate)
        data = random.randbytes(random.choice((100, 5000, 200000)))
        message = frame(BINARY, deflated(data) if deflate else data, rsv=4 * deflate)
        peer.send(message * random.randrange(3) + message[:random.randrange(len(message))])
        pause(random.choice((0, 0, 0.05)))
        peer.reset()


@abuse
def slow_reader(port, pause):
    """It sends what it does not read, then goes, or reads after all and misses nothing."""
    with Peer(port, small=True) as peer:
        message = head(BINARY, 65536) + bytes(65536)
        sent = 0
        peer.socket.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            while sent < 32 * MIB:
                sent += peer.socket.send(message[sent % len(message):])
        pause(random.uniform(0, 4))
        if random.random() < 0.3:
            peer.reset()
            return
        peer.socket.settimeout(60)
        for _ in range(sent // len(message)):
            first, data = peer.message()
            assert first & 15 == BINARY and data == bytes(65536), "a slow reader's echo"


@abuse
def pings(port, pause):
    """20 000 pings: the last is answered, and the connection lives."""
    with Peer(port) as peer:
        flood = b"".join(frame(PING, b"%d" % i) for i in range(2000))
        for _ in range(10):
            peer.send(flood)
            ready, _, _ = select.select([peer.socket], [], [], 0)
            if ready and random.random() < 0.5:
                peer.rest += peer.socket.recv(65536)
        peer.send(frame(PING, b"last") + frame(TEXT, b"after"))
        pongs = set()
        while True:
            first, data = peer.frame()
            if first & 15 == PONG:
                pongs.add(data)
            if first & 15 == TEXT:
                break
        assert data == b"after"
        while b"last" not in pongs:
            first, data = peer.frame()
            assert first & 15 == PONG
            pongs.add(data)


@abuse
def tiny_fragments(port, pause):
    """A message of 20 000 frames of 0 to 2 bytes, pings between them."""
    with Peer(port) as peer:
        parts = [random.randbytes(random.randrange(3)) for _ in range(20000)]
        wire = [frame(BINARY, parts[0], fin=False)]
        for part in parts[1:]:
            wire.append(frame(0, part, fin=False))
            if random.random() < 0.01:
                wire.append(frame(PING, b"p"))
        wire.append(frame(0, b"end"))
        wire = b"".join(wire)
        step = random.choice((1000, 50000, len(wire)))
        for at in range(0, len(wire), step):
            peer.send(wire[at:at + step])
        first, data = peer.message()
        assert first == 0x82 | first & 0x40 and data == b"".join(parts) + b"end", "fragments"


BOMB = deflated(bytes(LIMIT + 1))
FIRECRACKER = deflated(bytes(8 * MIB))


@abuse
def bomb(port, pause):
    """64 KiB that become more than is allowed: 1009. 8 KiB that become 8 MiB: echoed."""
    with Peer(port, deflate=True) as peer:
        if random.random() < 0.5:
            with contextlib.suppress(ConnectionError):
                peer.send(frame(BINARY, BOMB, rsv=4))
            code = peer.close_code()
            assert code in (1009, 1006), f"a bomb was answered with {code}"
            return
        peer.send(frame(BINARY, FIRECRACKER, rsv=4))
        first, data = peer.message()
        assert first & 0x40 and inflated(data) == bytes(8 * MIB), "a large message's echo"
    pause(1)


@abuse
def garbage_instead_of_a_handshake(port, pause):
    for _ in range(10):
        with Peer(port, upgraded=False) as peer, contextlib.suppress(ConnectionError):
            noise = random.randbytes(random.randrange(1, 3000))
            begin = random.choice((b"", b"GET / HTTP/1.1\r\n", REQUEST, b"\x16\x03\x01"))
            peer.send(begin + noise + b"\r\n\r\n")
            answer = peer.socket.recv(4096)
            assert answer == b"" or re.match(rb"HTTP/1\.1 [45]\d\d ", answer), answer


@abuse
def garbage_instead_of_frames(port, pause):
    for _ in range(10):
        with Peer(port, deflate=True) as peer, contextlib.suppress(ConnectionError):
            peer.send(frame(random.choice((TEXT, BINARY)), random.randbytes(200),
                            rsv=random.choice((0, 4, 4, 1))))
            peer.send(random.randbytes(random.randrange(1, 5000)))
            peer.socket.shutdown(socket.SHUT_WR)
            code = peer.close_code()
            assert code in (1002, 1007, 1009, 1006, 1005) or 3000 <= code < 5000, code


@abuse
def oversized_claims(port, pause):
    """Frames longer than is allowed are refused by their head; others are not paid in advance."""
    for length in (LIMIT + 1, 1 << 40, (1 << 63) - 1):
        with Peer(port) as peer:
            peer.send(head(BINARY, length))
            code = peer.close_code()
            assert code == 1009, f"a claim of {length} was answered with {code}"
    peers = [Peer(port) for _ in range(20)]
    for peer in peers:
        peer.send(head(BINARY, 60 * MIB) + bytes(20000))
    pause(random.uniform(0, 3))
    for peer in peers:
        random.choice((peer.reset, peer.socket.close))()


# ---- The run -------------------------------------------------------------------------------------

class Run:
    def __init__(self, server, folder, seconds):
        self.server, self.folder, self.seconds = server, folder, seconds
        self.end = time.monotonic() + seconds
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.done = Counter()
        self.echoes = 0
        self.faults = []
        self.children = []
        self.samples = []

    def fault(self, what):
        with self.lock:
            self.faults.append(what)
        self.stopped.set()

    def over(self):
        return self.stopped.is_set() or time.monotonic() >= self.end

    def pause(self, seconds):
        self.stopped.wait(max(0, min(seconds, self.end - time.monotonic())))

    def repeat(self, function):
        while not self.over():
            try:
                function(self.server.port, self.pause)
                self.done[function.__name__] += 1
            except Exception:
                self.fault(f"{function.__name__}: {traceback.format_exc()}")
            self.pause(random.uniform(0, 0.5))

    def load(self, kind, deflate):
        """The load client compares each echo; each of its runs connects anew."""
        while not self.over():
            command = [self.folder / "load_client", "--port", self.server.port, "--kind", kind,
                       "--deflate", deflate, "--size", random.choice((20, 1000, 20000)),
                       "--depth", random.choice((1, 8)), "--connections", 20,
                       "--seconds", max(1, min(5, self.end - time.monotonic()))]
            child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)
            try:
                said, _ = child.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                child.kill()
                said, _ = child.communicate()
            if child.returncode != 0:
                self.fault(f"load {kind} deflate={deflate}: {said}")
                return
            with self.lock:
                self.done[f"load {kind}{' deflate' * deflate}"] += 1
                self.echoes += int(re.search(r"\bmessages=(\d+)", said)[1])

    def watch(self):
        """Memory held, ten times in each sample; its least and most."""
        for turn in range(SAMPLES):
            until = self.end - self.seconds * (1 - (turn + 1) / SAMPLES)
            seen = []
            while not self.stopped.is_set() and (time.monotonic() < until or not seen):
                if self.server.process.poll() is not None:
                    self.fault(f"the server ended with {self.server.process.returncode}")
                    return
                seen.append(self.server.resident_bytes() / MIB)
                self.pause(self.seconds / SAMPLES / 10)
            if seen:
                self.samples.append((min(seen), max(seen)))
                print(f"{self.seconds * (turn + 1) / SAMPLES:6.0f} s  resident {min(seen):5.0f} "
                      f"to {max(seen):5.0f} MiB  {self.descriptors():4} descriptors", flush=True)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def go(self):
        jobs = [(self.repeat, (function,)) for function in ABUSES]
        jobs += [(self.load, job) for job in (("mixed", 0), ("binary", 0), ("mixed", 1))]
        threads = [threading.Thread(target=target, args=arguments) for target, arguments in jobs]
        for thread in threads:
            thread.start()
        self.watch()
        for thread in threads:
            thread.join()

    def check_memory(self):
        """The floor of the last third is that of the second, but for what noise adds."""
        third = SAMPLES // 3
        floors = [least for least, _ in self.samples]
        if len(floors) < SAMPLES:
            return
        before, after = min(floors[third:2 * third]), min(floors[2 * third:])
        print(f"least memory held: {before:.0f} MiB in the second third, {after:.0f} in the last")
        if after > before * 1.25 + 16:
            self.faults.append("memory grows")


def check_end(server, run, at_start):
    """All have gone: nothing is left of them, the server answers, and stops when told."""
    try:
        wait_until(lambda: run.descriptors() == at_start, "connections of clients that left", 30)
        with Peer(server.port) as peer, Peer(server.port, upgraded=False):
            peer.send(frame(TEXT, b"still there?"))
            assert peer.message() == (0x81, b"still there?")
            print(f"in the end resident {server.resident_bytes() / MIB:.0f} MiB, "
                  f"{run.descriptors()} descriptors")
            server.process.terminate()
            assert peer.close_code() == 1001
            peer.send(frame(CLOSE, struct.pack(">H", 1001)))
        server.process.wait(20)
    except Exception:
        run.faults.append(f"the end: {traceback.format_exc()}")
    status = server.stop()
    if status != 0:
        run.faults.append(f"the server ended with {status}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--build", type=Path, default=SOURCE / "build-soak")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    build(options.build.resolve())
    with tempfile.TemporaryFile("w+") as said:
        server = Child([str(options.build / "examples/echo_epoll"), "--port", "0",
                        "--handshake-timeout", "5", "--close-timeout", "2"],
                       stderr=said, env=ENVIRONMENT)
        try:
            server.port = int(server.first_line().rpartition(":")[2])
            run = Run(server, options.build.resolve(), options.seconds)
            with Peer(server.port):  # its own is one; the first to come makes the server open a spare
                at_start = run.descriptors() - 1
            run.go()
            check_end(server, run, at_start)
        finally:
            server.process.kill()
        said.seek(0)
        words = said.read()
    if words:
        run.faults.append(f"the server said: {words}")
    run.check_memory()
    for name, count in sorted(run.done.items()):
        print(f"{count:6} x {name}")
    print(f"{run.echoes} echoes, all right, in {options.seconds:.0f} s"
          if not run.faults else "\n".join(run.faults))
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
