#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python binding on asyncio, against Python's websockets both ways, echo_epoll and itself.

matrix: Python websockets | both | 5 MiB | subprotocol, text, binary, close codes, compression
matrix: Python websockets | both | 5 MiB | order of many messages
matrix: Python websockets | client | 5 MiB | ping
"""

import asyncio
import contextlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import BINDING, case, case_for, need_examples, run_cases, server, skip  # noqa: E402

sys.path.insert(0, str(BINDING))
import weir  # noqa: E402

try:
    import websockets
    from websockets.exceptions import ConnectionClosed as PeerClosed
    from websockets.exceptions import InvalidStatusCode
except ImportError:
    skip("Python's websockets is missing")
need_examples("echo_epoll")

MIB = 1 << 20
SIZES = [0, 1, 125, 126, 127, 65535, 65536, MIB, 5 * MIB]
TEXTS = ["", "a", "x" * 125, "x" * 126, "é" * 32768, "水€😀" * 100000, "\0"]
OPTIONS = {"max_message_bytes": None, "max_fragments": None}


async def echo(socket):
    async for message in socket:
        await socket.send(message)


@contextlib.asynccontextmanager
async def serve_weir(handler=echo, **options):
    async with weir.serve(handler, "127.0.0.1", 0, **{**OPTIONS, **options}) as listener:
        listener.url = f"ws://127.0.0.1:{listener.port}/"
        yield listener


@contextlib.asynccontextmanager
async def serve_websockets(handler=echo, **options):
    options = {"compression": None, "max_size": None, **options}
    async with websockets.serve(handler, "127.0.0.1", 0, **options) as listener:
        listener.url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        yield listener


@contextlib.asynccontextmanager
async def serve_epoll():
    with server("echo_epoll") as peer:
        yield peer


def connect_weir(peer, **options):
    return weir.connect(peer.url, **{**OPTIONS, **options})


def connect_websockets(peer, **options):
    return websockets.connect(peer.url, **{"compression": None, "max_size": None, **options})


PAIRS = {  # (server, client)
    "weir and websockets": (serve_weir, connect_websockets),
    "websockets and weir": (serve_websockets, connect_weir),
    "echo_epoll and weir": (serve_epoll, connect_weir),
    "weir and weir": (serve_weir, connect_weir),
}
COMPRESSED = {
    "weir and websockets": (lambda: serve_weir(deflate=weir.Deflate.PREFERRED),
                            lambda peer: connect_websockets(peer, compression="deflate")),
    "websockets and weir": (lambda: serve_websockets(compression="deflate"),
                            lambda peer: connect_weir(peer, deflate=weir.Deflate.ALWAYS)),
    "echo_epoll and weir": (serve_epoll,
                            lambda peer: connect_weir(peer, deflate=weir.Deflate.PREFERRED)),
}


async def raises(kind, awaitable):
    """The exception of that kind, which must come."""
    try:
        await awaitable
    except kind as raised:
        return raised
    raise AssertionError(f"no {kind.__name__}")


# ---- Messages ------------------------------------------------------------------------------------

@case_for(*PAIRS)
async def messages_of_all_sizes__come_back(name):
    serve, connect = PAIRS[name]
    async with serve() as peer, connect(peer) as socket:
        for size in SIZES:
            message = (bytes(range(251)) * (size // 251 + 1))[:size]
            await socket.send(message)
            assert await socket.recv() == message, size
        for text in TEXTS:
            await socket.send(text)
            assert await socket.recv() == text, len(text)


@case_for(*COMPRESSED)
async def compressed_messages__come_back(name):
    serve, connect = COMPRESSED[name]
    async with serve() as peer, connect(peer) as socket:
        for message in ["", "x" * 15, "wörld " * 100000, bytes(MIB), *["again" * 20] * 50]:
            await socket.send(message)
            assert await socket.recv() == message
        if isinstance(socket, weir.WebSocket):
            stats = socket.connection.stats()
            assert stats.tx_deflated_bytes * 50 < stats.tx_inflated_bytes
            assert stats.rx_deflated_bytes * 50 < stats.rx_inflated_bytes


@case_for(*PAIRS)
async def many_messages_on_the_way__keep_their_order(name):
    serve, connect = PAIRS[name]
    async with serve() as peer, connect(peer) as socket:
        async def send_all():
            for number in range(5000):
                await socket.send(f"{number}" * (number % 50))

        sending = asyncio.create_task(send_all())
        for number in range(5000):
            assert await socket.recv() == f"{number}" * (number % 50)
        await sending


@case
async def kinds_of_data__are_text_or_binary():
    async with serve_weir() as peer, connect_weir(peer) as socket:
        for sent, got in [(bytearray(b"ab"), b"ab"), (memoryview(b"cd"), b"cd"), ("é", "é")]:
            await socket.send(sent)
            assert await socket.recv() == got
        await raises(TypeError, socket.send(None))
        await raises(UnicodeEncodeError, socket.send("\ud800"))
        await socket.send("on", weir.Compression.PLAIN)
        assert await socket.recv() == "on"


@case
async def broadcast__reaches_all():
    async with serve_weir() as listener:
        clients = [await connect_weir(listener) for _ in range(20)]
        assert listener.broadcast("to all") == []
        assert [await client.recv() for client in clients] == ["to all"] * 20
        for client in clients:
            await client.close()
        assert listener.broadcast("to nobody") == []


# ---- Pings ---------------------------------------------------------------------------------------

@case_for("websockets and weir", "echo_epoll and weir", "weir and weir")
async def pings__give_the_time_of_the_round_trip(name):
    serve, connect = PAIRS[name]
    async with serve() as peer, connect(peer) as socket:
        assert 0 < await socket.ping() < 10
        assert await socket.ping(b"x" * 125) < 10
        assert len(await asyncio.gather(*(socket.ping() for _ in range(10)))) == 10
        await raises(weir.Error, socket.ping(b"x" * 126))
        await socket.pong(b"unasked")
        await socket.send("on")
        assert await socket.recv() == "on"


@case
async def pings_of_a_peer__are_answered():
    async with serve_weir() as peer, connect_websockets(peer) as socket:
        for payload in [b"", b"x", b"y" * 125]:
            await (await socket.ping(payload))


# ---- The end -------------------------------------------------------------------------------------

@case
async def close_of_a_peer__is_told():
    async def handler(socket):
        if await socket.recv() == "close":
            await socket.close(4001, "größer")

    for serve in (serve_weir, serve_websockets):
        async with serve(handler) as peer, connect_weir(peer) as socket:
            await socket.send("close")
            closed = await raises(weir.ConnectionClosed, socket.recv())
            assert (closed.code, closed.reason, closed.clean) == (4001, "größer", True)
            assert closed.status == weir.Status.OK and str(closed) == "4001 größer"
            for call in (socket.recv(), socket.send("x"), socket.ping(), socket.pong()):
                assert (await raises(weir.ConnectionClosed, call)).code == 4001
            await socket.close()


@case
async def close_codes__reach_the_peer():
    seen = []

    async def handler(socket):
        with contextlib.suppress(PeerClosed, weir.ConnectionClosed):
            await socket.recv()
        end = socket.closed if isinstance(socket, weir.WebSocket) else socket
        seen.append((getattr(end, "code", None) or end.close_code,
                     end.reason if end is not socket else end.close_reason))

    for serve in (serve_weir, serve_websockets):
        for code, reason in [(1000, ""), (1001, "gone"), (3000, "r" * 123), (4999, "größer")]:
            async with serve(handler) as peer, connect_weir(peer) as socket:
                await socket.close(code, reason)
                assert socket.closed.code == code and socket.state == weir.State.CLOSED
            assert seen.pop() == (code, reason)
        async with serve(handler) as peer, connect_weir(peer) as socket:
            assert (await raises(weir.Error, socket.close(1005))).status == (
                weir.Status.E_CLOSE_CODE)


@case
async def iteration__ends_with_1000_and_1001_and_raises_else():
    async def handler(socket):
        await socket.send("a message")
        await socket.close(int(await socket.recv()))

    async with serve_weir(handler) as peer:
        for code in (1000, 1001):
            async with connect_weir(peer) as socket:
                await socket.send(str(code))
                assert [message async for message in socket] == ["a message"]
        async with connect_weir(peer) as socket:
            await socket.send("1011")
            assert await socket.recv() == "a message"
            assert (await raises(weir.ConnectionClosed, anext(socket))).code == 1011


@case
async def transport_that_ends__is_1006():
    async def handler(socket):
        await socket.send("last")
        socket.transport.abort()

    for serve in (serve_weir, serve_websockets):
        async with serve(handler) as peer, connect_weir(peer) as socket:
            with contextlib.suppress(weir.ConnectionClosed):
                assert await socket.recv() == "last"
            closed = await raises(weir.ConnectionClosed, socket.recv())
            assert (closed.code, closed.clean) == (1006, False)
            assert closed.status == weir.Status.E_TRANSPORT


@case
async def handler_that_fails__closes_with_1011():
    async def handler(_):
        raise ValueError("on purpose")

    weir.aio.log.disabled = True
    async with serve_weir(handler) as peer, connect_weir(peer) as socket:
        assert (await raises(weir.ConnectionClosed, socket.recv())).code == 1011
    weir.aio.log.disabled = False


@case
async def server_that_closes__tells_all_1001_and_waits_for_handlers():
    ended = []

    async def handler(socket):
        async for _ in socket:
            pass
        await asyncio.sleep(0)
        ended.append(socket.closed.code)

    async with serve_weir(handler) as listener:
        ours = [await connect_weir(listener) for _ in range(5)]
        peers = [await connect_websockets(listener) for _ in range(5)]
        await listener.close()
        assert len(ended) == 10
        assert [(await raises(PeerClosed, peer.recv())).rcvd.code for peer in peers] == [1001] * 5
        assert [(await raises(weir.ConnectionClosed, socket.recv())).code
                for socket in ours] == [1001] * 5
        assert listener.context.stats().connections == 0
        await raises(OSError, connect_weir(listener))


@case
async def message_over_the_limit__is_1009():
    async with serve_weir(max_message_bytes=1000) as peer:
        for connect, closed, code in [(connect_websockets, PeerClosed, lambda end: end.rcvd.code),
                                      (connect_weir, weir.ConnectionClosed, lambda end: end.code)]:
            async with connect(peer) as socket:
                await socket.send("x" * 1000)
                assert await socket.recv() == "x" * 1000
                await socket.send(b"x" * 1001)
                assert code(await raises(closed, socket.recv())) == 1009


# ---- The handshake -------------------------------------------------------------------------------

@case
async def subprotocol__is_the_clients_first_that_is_spoken():
    spoken = {"subprotocols": ["chat", "superchat"]}
    for serve, connect in [(serve_weir, connect_weir), (serve_weir, connect_websockets),
                           (serve_websockets, connect_weir)]:
        async with serve(**spoken) as peer:
            for offered, chosen in [(["x", "chat"], "chat"), (["chat"], "chat"), (["x"], None),
                                    ([], None)]:
                names = {"subprotocols": offered} if offered else {}
                async with connect(peer, **names) as socket:
                    assert socket.subprotocol == chosen, (offered, socket.subprotocol)


@case
async def request__is_seen_and_may_be_refused():
    async def handler(socket):
        assert socket.subprotocol == ("b" if socket.request.path == "/chosen" else None)
        await socket.send(f"{socket.request.path} {socket.request.header('X-ONE')}")

    async def on_request(request):
        await asyncio.sleep(0)
        if request.path == "/no":
            return weir.Response(403, [("X-Why", "no")], "not here")
        if request.path == "/fault":
            raise ValueError("on purpose")
        return "b" if request.path == "/chosen" else None

    weir.aio.log.disabled = True
    async with serve_weir(handler, on_request=on_request) as peer:
        for path, offered in [("yes?q", []), ("chosen", ["a", "b"])]:
            async with weir.connect(peer.url + path, headers=[("X-One", "1")],
                                    subprotocols=offered) as socket:
                assert await socket.recv() == f"/{path.partition('?')[0]} 1"
                assert socket.response.status == 101
        refused = await raises(weir.Rejected, weir.connect(peer.url + "no"))
        assert (refused.response.status, refused.response.body) == (403, b"not here")
        assert ("X-Why", "no") in refused.response.headers
        fault = await raises(weir.Rejected, weir.connect(peer.url + "fault"))
        assert fault.response.status == 500
        fault = await raises(weir.Rejected, weir.connect(peer.url + "chosen"))
        assert fault.response.status == 500  # "b" was not offered
        try:
            async with websockets.connect(peer.url + "no"):
                raise AssertionError("accepted")
        except InvalidStatusCode as status:
            assert status.status_code == 403
    weir.aio.log.disabled = False


@case
async def plain_requests__are_answered():
    def on_request(request):
        if not request.upgrade and request.path == "/page":
            return weir.Response(200, [("Content-Type", "text/plain")], request.path)

    async with serve_weir(on_request=on_request, http_events=True) as peer:
        for path, status, end in [(b"/page", b"200", b"/page"), (b"/other", b"426", b"")]:
            reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
            writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 " + status) and answer.endswith(b"\r\n" + end)
            writer.close()
        async with connect_weir(peer) as socket:
            await socket.send("x")
            assert await socket.recv() == "x"


@case
async def mistakes__are_told():
    await raises(weir.Error, weir.connect("http://h/"))
    await raises(TypeError, weir.connect("ws://127.0.0.1:1/", max_messages=1))
    await raises(ValueError, weir.connect("ws://127.0.0.1:1/", deliver_chunks=True))
    await raises(weir.Error, weir.connect("ws://127.0.0.1:1/", low_water_bytes=2**40))
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    assert (await raises(weir.ConnectionClosed, weir.connect(url))).code == 1006
    listener.close()


@case
async def tls__carries_it_as_well():
    if not shutil.which("openssl"):
        return print("      without openssl there is no certificate")
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(certificate, key)
        theirs = ssl.create_default_context(cafile=certificate)
    async with serve_weir(ssl=ours) as peer:
        url = f"wss://localhost:{peer.port}/"
        for socket in (weir.connect(url, ssl=theirs, host="127.0.0.1", **OPTIONS),
                       websockets.connect(url, ssl=theirs, host="127.0.0.1", max_size=None,
                                          server_hostname="localhost")):
            async with socket as socket:
                for message in ["x", bytes(100000), "é" * 10000]:
                    await socket.send(message)
                    assert await socket.recv() == message
    assert peer.context.stats().failed == 0


# ---- Waiting -------------------------------------------------------------------------------------

@case
async def cancelled_receive__loses_nothing():
    async with serve_weir() as peer, connect_weir(peer) as socket:
        for number in range(200):
            receiving = asyncio.create_task(socket.recv())
            await asyncio.sleep(0)
            if number % 2:
                await socket.send(f"{number}")
            receiving.cancel()
            await raises(asyncio.CancelledError, receiving)
            if number % 2:
                assert await socket.recv() == f"{number}"
        await raises(asyncio.TimeoutError, asyncio.wait_for(socket.recv(), 0.01))
        first = asyncio.create_task(socket.recv())
        await asyncio.sleep(0)
        await raises(RuntimeError, socket.recv())
        await socket.send("for the first")
        assert await first == "for the first"


@case
async def cancelled_receive_as_a_message_comes__loses_nothing():
    async def handler(socket):
        for number in range(500):
            await socket.send(f"{number}")
        await socket.recv()

    async with serve_weir(handler) as peer, connect_weir(peer) as socket:
        seen, turn = [], 0
        while len(seen) < 500:
            receiving = asyncio.create_task(socket.recv())
            turn += 1
            for _ in range(turn % 4):
                await asyncio.sleep(0)
            receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                seen.append(await receiving)
        assert seen == [f"{number}" for number in range(500)]
        await socket.send("done")


@case
async def cancelled_connect__leaves_nothing():
    silent = []
    listener = await asyncio.start_server(
        lambda reader, writer: silent.append(reader), "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    await raises(asyncio.TimeoutError, asyncio.wait_for(weir.connect(url), 0.1))
    assert (await silent[0].read()).endswith(b"\r\n\r\n")  # to the end of the transport
    slow = await raises(weir.ConnectionClosed, weir.connect(url, connect_timeout_ms=50))
    assert slow.status == weir.Status.E_HANDSHAKE_TIMEOUT
    listener.close()


@case
async def slow_reader__makes_sends_wait():
    gate = asyncio.Event()
    total = []

    async def handler(socket):
        await gate.wait()
        async for message in socket:
            total.append(len(message))

    for serve in (serve_weir, serve_websockets):
        gate.clear()
        total.clear()
        async with serve(handler) as peer, connect_weir(peer) as socket:
            sent = 0

            async def send_all():
                nonlocal sent
                for _ in range(300):
                    await socket.send(bytes(65536))
                    sent += 1

            sending = asyncio.create_task(send_all())
            before = -1
            while sent != before:  # until nothing more is taken
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 250 and not sending.done()
            assert socket.connection.stats().queued_bytes < MIB
            another = asyncio.create_task(socket.send("cancelled: not sent"))
            await asyncio.sleep(0)
            another.cancel()
            await raises(asyncio.CancelledError, another)
            assert not socket.send_nowait("nor this")
            gate.set()
            await sending
            await socket.close()
        assert total == [65536] * 300


@case
async def slow_consumer__stops_reading_and_is_no_silent_peer():
    async with serve_weir() as peer:
        times = {"ping_interval_ms": 50, "pong_timeout_ms": 100}
        async with connect_weir(peer, max_queue=4, **times) as socket:
            for number in range(1000):
                await socket.send(bytes([number % 256]) * 16384)
                if number == 100:
                    break
            await asyncio.sleep(1.5)
            assert socket.connection.stats().rx_bytes < 4 * MIB and not socket.closed
            for number in range(101):
                assert await socket.recv() == bytes([number % 256]) * 16384
            await socket.ping()


@case
async def silent_peer__is_found():
    async def silent(reader, writer):
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
        accept = websockets.utils.accept_key(key)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept.encode()
                     + b"\r\n\r\n")

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
    socket = await weir.connect(url, ping_interval_ms=50, pong_timeout_ms=50)
    closed = await raises(weir.ConnectionClosed, socket.recv())
    assert (closed.code, closed.status) == (1006, weir.Status.E_PONG_TIMEOUT)
    socket = await weir.connect(url, close_timeout_ms=50)
    await socket.close()
    assert socket.closed.status == weir.Status.E_CLOSE_TIMEOUT
    listener.close()


@case
async def end_while_a_send_waits__is_told():
    async def handler(socket):
        await socket.wait_closed()

    async with serve_weir(handler, max_queue=0) as listener, connect_weir(listener) as socket:
        async def send_all():
            while True:
                await socket.send(bytes(65536))

        sending = asyncio.create_task(send_all())
        await asyncio.sleep(0.2)
        pinging = asyncio.create_task(socket.ping())
        await asyncio.sleep(0)
        listener.connections[0].abort()
        assert (await raises(weir.ConnectionClosed, sending)).code == 1006
        await raises(weir.ConnectionClosed, pinging)


# ---- Peers of bytes alone ------------------------------------------------------------------------

REQUEST = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
HELLO = bytes.fromhex("f248cdc9c90700")  # RFC 7692 7.2.3.1
COMPRESSED_BIT, FIN, CONTINUATION, TEXT, CLOSE, PING = 0x40, 0x80, 0, 1, 8, 9


def frame(first, payload=b""):
    size = len(payload)
    head = bytes([first, 0x80 | size]) if size < 126 else (
        bytes([first, 0xfe]) + size.to_bytes(2, "big"))
    return head + bytes(4) + payload  # a mask of zeros


@contextlib.asynccontextmanager
async def raw_client(peer):
    reader, writer = await asyncio.open_connection("127.0.0.1", peer.port)
    writer.write(REQUEST)
    await reader.readuntil(b"\r\n\r\n")
    yield reader, writer
    writer.transport.abort()


@contextlib.contextmanager
def impatient(tick, patience):
    before = weir.aio.TICK, weir.aio.PATIENCE
    weir.aio.TICK, weir.aio.PATIENCE = tick, patience
    try:
        yield
    finally:
        weir.aio.TICK, weir.aio.PATIENCE = before


@case_for("at once", "later")
async def replies_to_what_came_with_a_close__leave_before_it(when):
    async def handler(socket):
        async for message in socket:
            if when == "later":
                await asyncio.sleep(0.001)
            await socket.send(message)

    one, fragments = frame(FIN | TEXT, b"a"), frame(TEXT, b"a") + frame(FIN, b"b")
    hello, ping = frame(FIN | COMPRESSED_BIT | TEXT, HELLO), frame(FIN | PING, b"p")
    last, echoed = frame(FIN | TEXT, b"z"), [b"\x81\x01z"]
    a, ab, pong = b"\x81\x01a", b"\x81\x02ab", b"\x8a\x01p"
    async with serve_weir(handler, deflate=weir.Deflate.ON) as peer:
        for sent, answers in [
                (one, [a]), (one + ping, [pong, a]), (ping + one, [pong, a]), (one * 63, [a] * 63),
                (one * 64, [a] * 64), (one * 200, [a] * 200), (fragments * 4, [ab] * 4),
                (hello * 3, [b"\x81\x05Hello"] * 3), (one + fragments + ping, [a, ab, pong])]:
            for close in (frame(FIN | CLOSE), frame(FIN | CLOSE, b"\x03\xe8")):
                async with raw_client(peer) as (reader, writer):
                    writer.write(sent + last + close)
                    found = await asyncio.wait_for(reader.read(), 10)
                    end = bytes([FIN | CLOSE, len(close) - 6]) + close[6:]
                    assert found.endswith(end), (sent[:20], found[-20:])
                    pieces = found[:-len(end)]
                    for answer in sorted({*answers, *echoed}):
                        assert pieces.count(answer) == (answers + echoed).count(answer), found
                    assert len(pieces) == sum(map(len, answers + echoed))
    assert peer.context.stats().failed == 0


@case
async def replies_that_wait_for_room__leave_before_an_empty_close():
    async def handler(socket):
        async for _ in socket:
            for _ in range(40):
                await socket.send(bytes(100000))

    async with serve_weir(handler, fragment_bytes=None) as peer, raw_client(peer) as pair:
        reader, writer = pair
        writer.write(frame(FIN | TEXT, b"a") * 2 + frame(FIN | CLOSE))
        found = await asyncio.wait_for(reader.read(), 20)
        assert len(found) == 80 * 100010 + 2 and found.endswith(b"\x88\x00")


@case
async def close_behind_messages_that_nobody_takes__is_answered():
    async def handler(socket):
        await socket.wait_closed()

    with impatient(0.01, 0.05):
        async with serve_weir(handler) as peer:
            for close in (frame(FIN | CLOSE), frame(FIN | CLOSE, b"\x03\xe8")):
                async with raw_client(peer) as (reader, writer):
                    writer.write(frame(FIN | TEXT, b"a") * 3 + close)
                    assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"\x88")


@case
async def handler_that_leaves_messages__closes_all_the_same():
    async def handler(socket):
        await socket.recv()

    plain, fragments = frame(FIN | TEXT, b"a"), frame(TEXT, b"a") + frame(FIN, b"b")
    for sent in (plain * 20, fragments * 20):
        async with serve_weir(handler, max_queue=4) as peer, raw_client(peer) as pair:
            reader, writer = pair
            writer.write(sent)
            assert await asyncio.wait_for(reader.readexactly(4), 10) == b"\x88\x02\x03\xe8"
            writer.write(frame(FIN | CLOSE, b"\x03\xe8"))
            assert await asyncio.wait_for(reader.read(), 5) == b""  # sooner than its timeout
        assert peer.context.stats().failed == 0


@case
async def peer_that_does_not_read__is_cut_off():
    ended = asyncio.Event()

    async def handler(socket):
        async for _ in socket:
            await socket.send(bytes(64 * MIB))
        await socket.wait_closed()
        ended.set()

    options = {"fragment_bytes": None, "max_queued_bytes": None, "close_timeout_ms": 50}
    async with serve_weir(handler, **options) as peer, raw_client(peer) as (_, writer):
        writer.write(frame(FIN | TEXT, b"a") + frame(FIN | CLOSE, b"\x03\xe8"))
        await asyncio.wait_for(ended.wait(), 10)


@case_for("fragmented", "compressed", "small and compressed")
async def slow_consumer__bounds_what_is_queued(kind):
    packer, count = zlib.compressobj(9, zlib.DEFLATED, -15), 1000
    zeros = packer.compress(bytes(300000)) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    tiny = packer.compress(b"z") + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]
    messages = {"fragmented": frame(2, bytes(100)) + frame(FIN, bytes(100)),
                "compressed": frame(FIN | COMPRESSED_BIT | 2, zeros),
                "small and compressed": frame(FIN | COMPRESSED_BIT | 2, tiny)}
    gate, begun, seen = asyncio.Event(), asyncio.Event(), []

    async def handler(socket):
        seen.append(socket)
        begun.set()
        await gate.wait()
        total = 0
        async for _ in socket:
            total += 1
        seen.append(total)

    with impatient(0.01, 0):
        async with serve_weir(handler, max_queue=8, deflate=weir.Deflate.ON) as peer:
            async with raw_client(peer) as (reader, writer):
                for at in range(0, count, 100):
                    writer.write(messages[kind] * 100)
                writer.write(frame(FIN | CLOSE, b"\x03\xe8"))
                await begun.wait()
                for _ in range(50):
                    await asyncio.sleep(0.01)
                    assert len(seen[0]._messages) <= 64 + 8
                    assert sum(map(len, seen[0]._messages)) <= MIB + 300000
                assert not seen[0]._reading and not seen[0].closed
                gate.set()
                assert await asyncio.wait_for(reader.read(), 10) == b"\x88\x02\x03\xe8"
    assert seen[1] == count


@case
async def connect_cancelled_in_any_turn__leaves_nothing():
    mistakes = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context))
    async with serve_weir() as peer:
        made = 0
        for turns in range(40):
            connecting = asyncio.ensure_future(weir.connect(peer.url)._open())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await (await connecting).close()
                made += 1
        assert 0 < made < 40
    assert mistakes == []


run_cases()
