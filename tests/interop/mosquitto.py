#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our client at the MQTT broker mosquitto, with packets of MQTT 3.1.1 made by hand.

matrix: mosquitto | client | 64 KiB | handshake, subprotocol, binary, fragments, ping
matrix: mosquitto | client | 64 KiB | order of many messages, MQTT
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import accepting, case, free_port, need, run_cases  # noqa: E402
from weir_client import connect, send_fragments  # noqa: E402

MOSQUITTO = need("mosquitto")
CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x82, 0x90
PINGREQ, PINGRESP, DISCONNECT = 0xC0, 0xD0, 0xE0


@contextlib.contextmanager
def broker():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config")
        # Version 2.0.11 does not start with listeners for WebSocket alone.
        config.write_text(f"listener 0 {folder}/socket\n"
                          f"listener {port} 127.0.0.1\nprotocol websockets\n"
                          "allow_anonymous true\npersistence false\nuser root\n")
        with accepting(port, [MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL):
            yield f"ws://127.0.0.1:{port}/mqtt"


# ---- MQTT ----------------------------------------------------------------------------------------

def string(value):
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def packet(kind, body=b""):
    """Fixed header of MQTT 3.1.1, 2.2: the type, then the length in groups of seven bits."""
    length, left = b"", len(body)
    while not length or left:
        length += bytes([left % 128 | (128 if left >= 128 else 0)])
        left //= 128
    return bytes([kind]) + length + body


class Session:
    """MQTT over one WebSocket: a packet may span messages, a message hold several packets."""

    def __init__(self, socket):
        self.socket, self.stream = socket, b""

    async def take(self, count):
        while len(self.stream) < count:
            message = await self.socket.recv()
            assert isinstance(message, bytes), "MQTT 3.1.1, 6.0: only binary frames"
            self.stream += message
        taken, self.stream = self.stream[:count], self.stream[count:]
        return taken

    async def receive(self):
        (kind,), length, shift = await self.take(1), 0, 0
        while True:
            group, = await self.take(1)
            length |= (group & 127) << shift
            shift += 7
            if group < 128:
                return kind, await self.take(length)

    async def send(self, kind, body=b""):
        await self.socket.send(packet(kind, body))

    async def join(self, name):
        clean_session, keep_alive = b"\x02", (60).to_bytes(2, "big")
        await self.send(CONNECT, string("MQTT") + b"\x04" + clean_session + keep_alive +
                        string(name))
        assert await self.receive() == (CONNACK, b"\0\0")

    async def subscribe(self, topic):
        await self.send(SUBSCRIBE, b"\0\1" + string(topic) + b"\0")
        assert await self.receive() == (SUBACK, b"\0\1\0")


@contextlib.asynccontextmanager
async def session(url, name="one"):
    async with connect(url, "mqtt") as socket:
        joined = Session(socket)
        await joined.join(name)
        yield joined


# ---- Cases ---------------------------------------------------------------------------------------

@case
async def handshake__agrees_on_the_subprotocol_mqtt():
    with broker() as url:
        async with connect(url, "x", "mqtt") as socket:
            assert socket.subprotocol == "mqtt"
            await Session(socket).join("one")


@case
async def binary_messages__are_published_to_a_subscriber_of_mqtt():
    with broker() as url:
        async with session(url) as one:
            await one.subscribe("a/+")
            # The broker sends 4 KiB of them in 100 ms, whoever asks.
            for size in [0, 1, 100, 125, 126, 65536]:
                body = string("a/b") + (bytes(range(251)) * (size // 251 + 1))[:size]
                await one.send(PUBLISH, body)
                assert await one.receive() == (PUBLISH, body), size


@case
async def messages_of_another_client__keep_their_order():
    with broker() as url:
        async with session(url, "one") as hears, session(url, "two") as says:
            await hears.subscribe("room/#")
            for number in range(100):
                await says.send(PUBLISH, string("room/x") + b"%d" % number)
            for number in range(100):
                assert await hears.receive() == (PUBLISH, string("room/x") + b"%d" % number)


@case
async def packets_across_fragments_and_messages__are_understood():
    with broker() as url:
        async with session(url) as one:
            await one.subscribe("t")
            body = string("t") + bytes(range(256))
            whole = packet(PUBLISH, body)
            await send_fragments(one.socket, [whole[:1], whole[1:7], whole[7:]])
            assert await one.receive() == (PUBLISH, body)
            await one.socket.send(whole[:9])
            await one.socket.send(whole[9:] + packet(PINGREQ))
            assert await one.receive() == (PUBLISH, body)
            assert await one.receive() == (PINGRESP, b"")


@case
async def ping__is_answered():
    with broker() as url:
        async with session(url) as one:
            await one.socket.ping(b"are you there")
            await one.send(PINGREQ)
            assert await one.receive() == (PINGRESP, b"")


@case
async def disconnect__ends_the_connection():
    with broker() as url:
        async with session(url) as one:
            await one.send(DISCONNECT)
            await one.socket.wait_closed()
            assert one.socket.closed.code == 1006  # the broker sends no Close


run_cases()
