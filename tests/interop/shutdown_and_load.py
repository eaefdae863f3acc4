#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The echo servers when they are told to stop, and under many, slow and silent clients."""

import asyncio
import signal
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import (  # noqa: E402
    C_SERVERS, ECHO_SERVERS, case_for, need_examples, run_cases, server, skip, wait_until)

try:
    import websockets
    from websockets.exceptions import ConnectionClosed
except ImportError:
    skip("Python's websockets is missing")
need_examples(*ECHO_SERVERS)

MIB = 1 << 20


def connect(peer):
    return websockets.connect(peer.url, compression=None, max_size=None, ping_interval=None)


async def close_code(peer):
    try:
        await peer.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    raise AssertionError("a message came")


def raw_client(peer, upgraded=True):
    """A socket whose bytes are ours to choose and whose input nobody reads."""
    raw = socket.create_connection((peer.host, peer.port), timeout=10)
    if upgraded:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")
    return raw


def head(length):
    """The head of a binary message of at least 64 KiB, masked with zeros."""
    return struct.pack(">BBQI", 0x82, 0xff, length, 0)


# ---- Stopping ------------------------------------------------------------------------------------

@case_for(*ECHO_SERVERS)
async def sigterm__closes_all_with_1001_and_exits_with_0(name):
    with server(name) as peer:
        clients = [await connect(peer) for _ in range(50)]
        for client in clients:
            await client.send("x")
            await client.recv()
        peer.process.terminate()
        assert [await close_code(client) for client in clients] == [1001] * 50
        await asyncio.to_thread(wait_until, lambda: peer.process.poll() == 0, "exit status 0", 5)


@case_for(*ECHO_SERVERS)
async def sigint__does_the_same(name):
    with server(name) as peer:
        client = await connect(peer)
        peer.process.send_signal(signal.SIGINT)
        assert await close_code(client) == 1001
        await asyncio.to_thread(wait_until, lambda: peer.process.poll() == 0, "exit status 0", 5)


@case_for(*ECHO_SERVERS)
def sigterm_without_clients__ends_at_once(name):
    with server(name) as peer:
        begin = time.monotonic()
        assert peer.stop() == 0
        assert time.monotonic() - begin < 2


@case_for(*C_SERVERS)
def sigterm_with_a_client_that_never_closes__ends_in_time(name):
    with server(name, "--close-timeout", "1") as peer:
        with raw_client(peer), raw_client(peer, upgraded=False):
            begin = time.monotonic()
            assert peer.stop() == 0
            assert time.monotonic() - begin < 4


@case_for(*C_SERVERS)
def silent_client__gets_408(name):
    with server(name, "--handshake-timeout", "0.3") as peer:
        with raw_client(peer, upgraded=False) as silent:
            silent.sendall(b"GET / HTTP/1.1\r\n")
            assert silent.recv(4096).startswith(b"HTTP/1.1 408 ")
            assert silent.recv(4096) == b""


@case_for(*C_SERVERS)
def client_after_a_long_silence__has_all_its_time(name):
    with server(name, "--handshake-timeout", "0.5") as peer:
        time.sleep(0.7)
        with raw_client(peer, upgraded=False) as late:
            time.sleep(0.2)
            late.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert late.recv(4096).startswith(b"HTTP/1.1 400 ")


# ---- Load ----------------------------------------------------------------------------------------

@case_for(*ECHO_SERVERS)
def client_that_does_not_read__holds_little_memory(name):
    with server(name) as peer, raw_client(peer) as slow:
        before = peer.resident_bytes()
        message = head(65536) + bytes(65536)
        sent = 0
        slow.settimeout(0.5)
        try:
            while sent < 200 * MIB:
                sent += slow.send(message[sent % len(message):])
        except TimeoutError:
            pass
        assert sent < 100 * MIB, "the server goes on reading what it cannot answer"
        grown = peer.resident_bytes() - before
        print(f"      {sent / MIB:.1f} MiB were taken, {grown / MIB:.1f} MiB are held")
        assert grown < 8 * MIB

        # Nothing was lost: all whole messages come back once somebody reads.
        answers = sent // len(message) * (b"\x82" + struct.pack(">BQ", 127, 65536) + bytes(65536))
        slow.settimeout(5)
        got = b""
        while len(got) < len(answers):
            got += slow.recv(MIB)
        assert got == answers


@case_for(*ECHO_SERVERS)
def announced_but_unsent_message__holds_little_memory(name):
    with server(name) as peer:
        before = peer.resident_bytes()
        clients = [raw_client(peer) for _ in range(50)]
        for client in clients:
            client.sendall(head(60 * MIB) + bytes(20000))
        time.sleep(0.3)
        grown = peer.resident_bytes() - before
        print(f"      50 x 60 MiB announced, 50 x 20 KB sent, {grown / MIB:.1f} MiB are held")
        assert grown < 10 * MIB
        for client in clients:
            client.close()


@case_for(*ECHO_SERVERS)
async def five_hundred_clients__are_served_together(name):
    with server(name) as peer:
        idle = peer.resident_bytes()

        async def talk(number):
            async with connect(peer) as client:
                arrived.release()
                await measured.wait()
                for round_ in range(5):
                    await client.send(f"{number} {round_}")
                    assert await client.recv() == f"{number} {round_}"

        arrived, measured = asyncio.Semaphore(0), asyncio.Event()
        talks = [asyncio.create_task(talk(number)) for number in range(500)]
        for _ in talks:
            await arrived.acquire()
        held = peer.resident_bytes() - idle
        measured.set()
        await asyncio.gather(*talks)
        print(f"      {held / 500:.0f} bytes for each idle connection")
        assert held / 500 < 20000


run_cases()
