#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python binding without I/O: two of its connections talk in memory.

matrix: none, because both sides are ours
"""

import ctypes
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from struct import Struct

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import BINDING, case, run_cases  # noqa: E402

sys.path.insert(0, str(BINDING))
import weir  # noqa: E402
from weir import _abi as abi  # noqa: E402
from weir import Compression, Deflate, EventType, Flag, Level, Status, TextId, Want  # noqa: E402


# ---- What weir_api.json says, which the check `interface` holds against headers and library ------

@case
def structs__have_the_layout_of_the_description():
    for struct in abi.API["structs"]:
        kind = abi.STRUCTS[struct["name"]]
        assert ctypes.sizeof(kind) == struct["size"]
        for field in struct["fields"]:
            member = getattr(kind, field["name"])
            assert (member.offset, member.size) == (field["offset"], field["size"]), field
    for name in ("weir_event", "weir_span"):
        assert Struct(abi.pattern(name)).size == ctypes.sizeof(abi.STRUCTS[name])
    assert ctypes.sizeof(abi.STRUCTS["weir_config"]) == weir.lib.weir_config_size()


@case
def constants__are_all_there():
    for enum in (abi.Status, abi.Option, abi.EventType, abi.State, abi.Deflate):
        assert all(name == name.upper() for name in enum.__members__)
    assert (len(weir.Status), len(weir.Option)) == (len(abi.API["enums"][0]["values"]),
                                                    len(abi.API["options"]))
    assert weir.Flag.TEXT == 1 and weir.Want.CLOSE == 16 and weir.NONE == 2**64 - 1
    assert weir.Compression.AUTO == 0x30 and weir.Level.BEST == 4 and weir.TextId.ORIGIN == 6


# ---- Two connections in memory -------------------------------------------------------------------

class Pair:
    """A server and a client that talk without a transport; seen: (side, event) in order."""

    def __init__(self, url="ws://localhost/", server_options=None, **request):
        self.context = weir.Context(**(server_options or {}))
        self.server, self.client = self.context.server(), self.context.client(url, **request)
        self.seen = []
        self.on_request = weir.Connection.accept

    def move(self, step=2**16):
        moved = True
        while moved:
            moved = False
            for source, sink in ((self.client, self.server), (self.server, self.client)):
                while source.wants & Want.OUTPUT:
                    data, moved = source.output(), True
                    for at in range(0, len(data), step):
                        self.take(sink, sink.receive(data[at:at + step]))
                self.take(source, source.events())
        return self

    def take(self, connection, events):
        for event in events:
            self.seen.append(("server" if connection is self.server else "client", event))
            if event.type == EventType.REQUEST:
                self.on_request(connection)

    def messages(self, side):
        return [event.message for who, event in self.seen
                if who == side and event.type == EventType.MESSAGE]

    def types(self, side):
        return [event.type for who, event in self.seen if who == side]


@case
def messages__arrive_as_they_were_sent():
    for step in (1, 7, 2**16):
        pair = Pair().move(step)
        for message in ["", "wörld", b"", b"\0\xff", bytearray(b"ab"), memoryview(b"cd"),
                        "x" * 70000, bytes(70000)]:
            assert pair.client.send(message) and pair.server.send(message)
            pair.move(step)
            sent = message if isinstance(message, str) else bytes(message)
            assert pair.messages("server")[-1] == pair.messages("client")[-1] == sent


@case
def compressed_messages__arrive_as_they_were_sent():
    pair = Pair(server_options={"deflate": Deflate.PREFERRED, "deflate_level": Level.BEST}).move()
    for message in ["", "x" * 15, "wörld " * 1000, bytes(70000), "again" * 20, "again" * 20]:
        for compression in (0, *Compression):
            pair.client.send(message, compression)
            pair.move(7)
            event = pair.seen[-1][1]
            assert event.message == message
            compressed = bool(event.flags & Flag.COMPRESSED)
            may = compression != Compression.PLAIN and (
                compression == Compression.COMPRESS or len(message) > 15)
            assert compressed == may, (message[:9], compression)
        pair.client.trim()
    stats = pair.client.stats()
    assert stats.tx_deflated_bytes * 50 < stats.tx_inflated_bytes
    assert pair.server.stats().rx_inflated_bytes == stats.tx_inflated_bytes


@case
def handshake__can_be_read_and_answered():
    def on_request(server):
        assert server.text(TextId.METHOD) == "GET"
        assert server.text(TextId.PATH) == "/a" and server.text(TextId.QUERY) == "b=c"
        assert server.text(TextId.ORIGIN) == "https://example.com"
        assert server.header("x-one") == "1" and server.header("X-Two") is None
        assert server.offered_subprotocol(1) == "y" and server.offered_subprotocol(2) is None
        server.accept("y", [("Set-Cookie", "d=e")])

    pair = Pair("ws://h:81/a?b=c", subprotocols=["x", "y"], origin="https://example.com",
                headers=[("X-One", "1")])
    pair.on_request = on_request
    pair.move()
    assert pair.client.text(TextId.SUBPROTOCOL) == pair.server.text(TextId.SUBPROTOCOL) == "y"
    assert pair.client.state == pair.server.state == weir.State.OPEN


@case
def rejection__reaches_the_client():
    pair = Pair()
    pair.on_request = lambda server: server.respond(403, [("X-Why", "no")], "not here")
    pair.move()
    rejected = next(event for _, event in pair.seen if event.type == EventType.REJECTED)
    assert (rejected.code, rejected.data) == (403, b"not here")
    assert pair.server.report().http_status == 403


@case
def close__is_reported_on_both_sides():
    pair = Pair().move()
    pair.client.close(4000, "größer")
    pair.move()
    closed = [event for _, event in pair.seen if event.type == EventType.CLOSED]
    assert [(event.code, event.flags, event.cause) for event in closed] == [
        (4000, Flag.CLEAN, Status.OK)] * 2
    report = pair.server.report()
    assert (report.code, report.reason, report.side) == (4000, "größer", weir.Side.PEER)
    assert Want.CLOSE in pair.server.wants


@case
def mistakes__raise_and_change_nothing():
    pair = Pair()
    for wrong, status in [(lambda: pair.client.send("x"), Status.E_NOT_OPEN),
                          (lambda: pair.server.accept(), Status.E_STATE),
                          (lambda: pair.client.close(1005), Status.E_CLOSE_CODE),
                          (lambda: pair.client.close(1000, "x" * 124), Status.E_CLOSE_REASON),
                          (lambda: pair.context.client("http://h/"), Status.E_URL),
                          (lambda: weir.parse_url("ws://h/#f"), Status.E_URL),
                          (lambda: weir.Context(low_water_bytes=2**40), Status.E_CONFIG),
                          (lambda: weir.Context(origins=1), Status.E_OPTION)]:
        try:
            wrong()
        except weir.Error as error:
            assert error.status == status and str(error).startswith(f"WEIR_{status.name}: ")
        else:
            raise AssertionError(status.name)
    pair.move()
    assert pair.client.state == weir.State.OPEN


@case
def full_queue__is_told_and_ends():
    pair = Pair(server_options={"max_queued_bytes": 300000, "high_water_bytes": 100000,
                                "low_water_bytes": 10000}).move()
    assert pair.client.send(bytes(90000)) is True
    assert pair.client.send(bytes(90000)) is False
    try:
        pair.client.send(bytes(200000))
        raise AssertionError("taken")
    except BlockingIOError:
        pass
    pair.move()
    assert pair.types("client")[-2:] == [EventType.HIGH_WATER, EventType.WRITABLE]
    assert pair.messages("server") == [bytes(90000)] * 2


@case
def input_buffer__takes_large_messages_in_place():
    pair = Pair().move()
    pair.client.send(bytes(range(256)) * 4000)
    while pair.client.wants & Want.OUTPUT:
        data = pair.client.output()
        while data:
            room = pair.server.input_buffer()
            size = min(len(room), len(data))
            room[:size] = data[:size]
            data = data[size:]
            pair.take(pair.server, pair.server.input_filled(size))
    assert pair.messages("server") == [bytes(range(256)) * 4000]


@case
def time__lets_deadlines_pass():
    context = weir.Context(handshake_timeout_ms=5000)
    context.set_time(100)
    connection = context.server()
    assert 100 < context.next_due() <= 105
    context.set_time(104)
    assert list(context.ready()) == []
    context.set_time(106)
    assert list(context.ready()) == [connection]
    assert [event.cause for event in connection.events()] == [Status.E_HANDSHAKE_TIMEOUT]
    assert connection.output().startswith(b"HTTP/1.1 408 ")


@case
def what_is_dropped__is_freed():
    context = weir.Context()
    keep = context.server()
    for _ in range(100):
        context.client("ws://h/")
    gc.collect()
    assert context.stats().connections == 1
    keep.free()
    keep.free()
    assert keep.state == weir.State.CLOSED
    assert context.stats().connections == 0


@case
def garbage_in_a_cycle__is_freed_with_its_context():
    free, freed = weir.lib.weir_context_free, []

    def record(context):
        freed.append(free(context))  # an Error while it is in use

    def drop(*kinds):
        context = weir.Context()
        cycle = [context, *(getattr(context, kind)(*arguments) for kind, *arguments in kinds)]
        cycle.append(cycle)

    gc.collect()
    weir.lib.weir_context_free = record
    try:
        for kinds in ([], [("server",)], [("message", "x")],
                      [("server",), ("client", "ws://h/"), ("message", b"x")]):
            drop(*kinds)
            gc.collect()
            assert freed == [Status.OK], kinds
            freed.clear()
    finally:
        weir.lib.weir_context_free = free


@case
def library_without_a_folder__is_not_described_by_the_current_one():
    library = Path(os.environ["WEIR_LIB"])
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, "package", "weir")
        shutil.copytree(BINDING / "weir", package)
        shutil.copy(library.with_name("weir_api.json"), package)
        Path(folder, "weir_api.json").write_text('{"format": 0}')
        done = subprocess.run(
            [sys.executable, "-c", "import weir"], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(package.parent), "WEIR_LIB": "libweir.so",
                 "LD_LIBRARY_PATH": str(library.parent)}, check=False)
        assert done.returncode == 0, done.stderr


@case
def codec__works_alone():
    lib, bits, data = weir.lib, 12, b"over and " * 500
    keep = []

    def made(init, size, *arguments):
        keep.append((ctypes.c_uint64 * (size // 8 + 1))())
        handle = ctypes.c_void_p()
        init(keep[-1], size, *arguments, ctypes.byref(handle))
        return handle

    def run(function, *arguments, text, extra=()):
        out, used, size = ctypes.create_string_buffer(8192), ctypes.c_size_t(), ctypes.c_size_t()
        result, step = b"", weir.CodecStep.OUTPUT
        while step == weir.CodecStep.OUTPUT:
            step = function(*arguments, text, len(text), 1, *extra, ctypes.byref(used), out,
                            len(out), ctypes.byref(size))
            text, result = text[used.value:], result + out.raw[:size.value]
        assert step == weir.CodecStep.DONE and not text
        return result

    packer = made(lib.weir_deflate_init, lib.weir_deflate_size(Level.DEFAULT, bits),
                  Level.DEFAULT, bits)
    packing = made(lib.weir_deflate_scratch_init, lib.weir_deflate_scratch_size(bits), bits)
    opener = made(lib.weir_inflate_init, lib.weir_inflate_size(bits), bits, 1)
    opening = made(lib.weir_inflate_scratch_init, lib.weir_inflate_scratch_size(bits), bits)
    peer, sizes = zlib.decompressobj(-bits), []
    for _ in range(3):
        packed = run(lib.weir_deflate_run, packer, packing, text=data, extra=[2**64 - 1])
        assert peer.decompress(packed + b"\0\0\xff\xff") == data  # RFC 7692 7.2.2
        assert run(lib.weir_inflate_run, opener, opening, text=packed) == data
        sizes.append(len(packed))
    assert sizes[1] < sizes[0] < 100


@case
def pieces__work_alone():
    accept = ctypes.create_string_buffer(28)
    weir.lib.weir_accept_key(b"dGhlIHNhbXBsZSBub25jZQ==", 24, accept)
    assert accept.raw == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 1.3
    url = weir.parse_url("wss://[::1]/a?b")
    assert (url.host, url.port, url.secure, url.path, url.query) == ("::1", 443, 1, "/a", "b")


run_cases()
