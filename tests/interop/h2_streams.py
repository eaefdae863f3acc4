#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""HTTP/2 by hand (Python's h2) against h2_epoll: windows, fragments, resets, refusals, ends.

proves: R8441-3-1 R8441-4-1 R8441-5-4
matrix: Python h2 | server | 3 MiB | HTTP/2, fragments, ping, close codes, compression
"""

import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from harness import EXAMPLES, case, need, run_cases, server, skip, wait_until  # noqa: E402

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
except ImportError:
    skip("Python's h2 is missing")
OPENSSL = need("openssl")
if not (EXAMPLES / "h2_epoll").exists():
    skip("h2_epoll is not built: it needs mbedTLS and libnghttp2")

FOLDER = tempfile.TemporaryDirectory()
CERT, KEY = (str(Path(FOLDER.name) / name) for name in ("cert.pem", "key.pem"))
subprocess.run([OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", KEY, "-out", CERT, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               check=True, capture_output=True)

MIB = 1 << 20
WINDOW = 65535
CLOSE_1000 = b"\x88\x82\0\0\0\0\x03\xe8"


def h2_server(*options):
    return server("h2_epoll", "--cert", CERT, "--key", KEY, *options)


def frame(first, payload):
    """A frame masked with zeros."""
    if len(payload) < 126:
        head = struct.pack(">BB", first, 0x80 | len(payload))
    elif len(payload) < 65536:
        head = struct.pack(">BBH", first, 0xfe, len(payload))
    else:
        head = struct.pack(">BBQ", first, 0xff, len(payload))
    return head + bytes(4) + payload


def echoed(payload, first=0x82):
    """The frame of a server."""
    whole = frame(first, payload)
    end = len(whole) - len(payload)
    return bytes([first, whole[1] & 0x7f]) + whole[2:end - 4] + payload


def messages(data):
    """The messages and control frames of a server, fragments put together, and what is left."""
    found, parts, at = [], b"", 0
    while len(data) - at >= 2:
        first, length, head = data[at], data[at + 1], 2
        if length >= 126:
            head += 2 if length == 126 else 8
            if len(data) - at < head:
                break
            length = int.from_bytes(data[at + 2:at + head], "big")
        if len(data) - at < head + length:
            break
        payload = data[at + head:at + head + length]
        at += head + length
        if first & 0x08:
            found.append((first & 0x0f, payload))
            continue
        parts += payload
        kind = first & 0x0f or kind
        if first & 0x80:
            found.append((kind, parts))
            parts = b""
    return found, data[at:] if not parts else data


class Stream:
    def __init__(self):
        self.headers, self.data, self.ended, self.reset = None, b"", False, None

    @property
    def status(self):
        return dict(self.headers)[":status"]


class Session:
    """One TLS connection. What comes is acknowledged unless `reads` is False."""

    def __init__(self, peer):
        context = ssl.create_default_context(cafile=CERT)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection((peer.host, peer.port), timeout=10)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self.streams, self.reads, self.unread, self.goaway, self.over = {}, True, [], None, False
        self.http.initiate_connection()
        self.flush()
        self.until(lambda: self.http.remote_settings.enable_connect_protocol == 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        self.socket.sendall(self.http.data_to_send())

    def until(self, holds, seconds=10):
        """Take what comes until something holds; False when it did not in time."""
        end = time.monotonic() + seconds
        while not holds():
            left = end - time.monotonic()
            if left <= 0 or self.over:
                return False
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                return False
            self.over = not data
            for event in self.http.receive_data(data) if data else []:
                self.take(event)
            self.flush()
        return True

    def take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ResponseReceived):
            stream.headers = event.headers
        elif isinstance(event, h2.events.DataReceived):
            stream.data += event.data
            self.unread.append((event.flow_controlled_length, event.stream_id))
            if self.reads:
                self.read()
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            stream.reset = event.error_code
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code

    def read(self):
        """Let the server send as much again as it has sent."""
        for length, number in self.unread:
            if length > 0:
                self.http.acknowledge_received_data(length, number)
        self.unread.clear()

    def ask(self, backwards=False, **changes):
        """Send an extended CONNECT, changed: a value of None leaves a field out."""
        fields = {":method": "CONNECT", ":protocol": "websocket", ":scheme": "https",
                  ":path": "/", ":authority": "localhost", "sec-websocket-version": "13"}
        fields.update({name.replace("_", "-"): value for name, value in changes.items()})
        if backwards:  # RFC 9113 8.3: pseudo fields have no order
            fields = {**dict(reversed([item for item in fields.items() if item[0] < ";"])),
                      **fields}
        number = self.http.get_next_available_stream_id()
        self.streams[number] = Stream()
        self.http.send_headers(number, [item for item in fields.items() if item[1] is not None])
        self.flush()
        return number

    def open(self, backwards=False, **changes):
        number = self.ask(backwards, **changes)
        stream = self.streams[number]
        assert self.until(lambda: stream.headers is not None)
        assert stream.status == "200", stream.headers
        return number, stream

    def send(self, number, data, end_stream=False):
        """As much as the windows let pass, and the rest when the server has opened them."""
        while data:
            room = min(self.http.local_flow_control_window(number),
                       self.http.max_outbound_frame_size)
            if room == 0:
                assert self.until(
                    lambda: self.http.local_flow_control_window(number) > 0), "it takes no more"
                continue
            self.http.send_data(number, data[:room])
            data = data[room:]
            self.flush()
        if end_stream:
            self.http.end_stream(number)
            self.flush()


# RFC 9113 6.8: streams go on after a GOAWAY, but h2 would take nothing more.
CLIENT_OPEN = h2.connection.ConnectionState.CLIENT_OPEN
h2.connection.H2ConnectionStateMachine._transitions[
    (CLIENT_OPEN, h2.connection.ConnectionInputs.RECV_GOAWAY)] = (None, CLIENT_OPEN)


# ---- Messages ------------------------------------------------------------------------------------

@case
def messages_of_all_sizes_and_cut_anyhow__come_back():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        assert "sec-websocket-accept" not in dict(stream.headers)
        for size in [0, 1, 125, 126, 65535, 65536, 200000, 3 * MIB]:
            payload = (bytes(range(251)) * (size // 251 + 1))[:size]
            session.send(number, frame(0x82, payload))
            assert session.until(lambda: len(messages(stream.data)[0]) == 1), size
            assert messages(stream.data) == ([(2, payload)], b""), size
            stream.data = b""
        for byte in frame(0x81, b"one byte a DATA frame"):
            session.send(number, bytes([byte]))
        assert session.until(lambda: stream.data == echoed(b"one byte a DATA frame", 0x81))


@case
def fragments_and_pings__are_put_together():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        session.send(number, frame(0x02, b"a" * 70000) + frame(0x89, b"here?") +
                     frame(0x00, b"") + frame(0x80, b"b" * 70000))
        assert session.until(lambda: len(messages(stream.data)[0]) == 2)
        want = [(10, b"here?"), (2, b"a" * 70000 + b"b" * 70000)]
        assert messages(stream.data) == (want, b"")


@case
def padding__is_no_data():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        for _ in range(2000):  # four times the windows, mostly padding
            if session.http.local_flow_control_window(number) < 512:
                assert session.until(
                    lambda: session.http.local_flow_control_window(number) >= 512)
            session.http.send_data(number, frame(0x82, b"x"), pad_length=200)
            session.flush()
        assert session.until(lambda: len(stream.data) == 2000 * 3)


@case
def ninety_streams_of_one_session__do_not_mix():
    with h2_server() as peer, Session(peer) as session:
        opened = [session.open() for _ in range(90)]
        for round_ in range(3):
            for number, _ in opened:
                session.send(number, frame(0x81, f"{number} {round_}".encode() * 20))
        for number, stream in opened:
            want = b"".join(echoed(f"{number} {round_}".encode() * 20, 0x81)
                            for round_ in range(3))
            assert session.until(lambda s=stream, w=want: len(s.data) >= len(w))
            assert stream.data == want


# ---- Back-pressure -------------------------------------------------------------------------------

def fill(session, number):
    """Send messages, but let nothing come back beyond the window; gives what was taken."""
    message = frame(0x82, bytes(60000))
    sent = 0
    while sent < 64 * MIB:
        room = min(session.http.local_flow_control_window(number),
                   session.http.max_outbound_frame_size)
        if room == 0:
            if not session.until(
                    lambda: session.http.local_flow_control_window(number) > 0, seconds=1):
                return sent, message
            continue
        at = sent % len(message)
        piece = message[at:at + room]
        session.http.send_data(number, piece)
        session.flush()
        sent += len(piece)
    raise AssertionError("the server goes on taking what it cannot answer")


@case
def client_that_does_not_read__is_not_read_either_and_nothing_is_lost():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        before = peer.resident_bytes()
        session.reads = False
        sent, message = fill(session, number)
        grown = peer.resident_bytes() - before
        print(f"      {sent / MIB:.1f} MiB were taken, {grown / MIB:.1f} MiB are held")
        assert len(stream.data) == WINDOW, "as much as the window lets pass"
        assert grown < 8 * MIB

        # The other streams of the session go on.
        session.reads = True
        other, answers = session.open()
        # Its window is its own, but that of the session is used up: that alone is opened.
        session.http.increment_flow_control_window(1000)
        session.flush()
        session.send(other, frame(0x81, b"meanwhile"))
        assert session.until(lambda: answers.data == echoed(b"meanwhile", 0x81))

        session.read()
        session.flush()
        session.send(number, message[sent % len(message):])
        answer = echoed(bytes(60000))
        want = (sent // len(message) + 1) * len(answer)
        assert session.until(lambda: len(stream.data) >= want, seconds=20)
        assert stream.data == answer * (want // len(answer))


@case
def window_of_the_session__holds_back_all_its_streams():
    with h2_server() as peer, Session(peer) as session:
        session.reads = False
        opened = [session.open() for _ in range(3)]
        for number, _ in opened:
            session.send(number, frame(0x82, bytes(40000)))
        come = lambda: sum(len(stream.data) for _, stream in opened)  # noqa: E731
        assert session.until(lambda: come() == WINDOW)
        assert not session.until(lambda: come() > WINDOW, seconds=0.3)
        session.reads = True
        session.read()
        session.flush()
        assert session.until(lambda: come() == 3 * 40004)


# ---- The end -------------------------------------------------------------------------------------

@case
def closing_handshake__ends_the_stream_not_the_session():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        session.send(number, CLOSE_1000, end_stream=True)
        assert session.until(lambda: stream.ended)
        assert stream.data == b"\x88\x02\x03\xe8" and stream.reset is None
        session.open()


@case
def closing_handshake_without_end_stream__is_answered_with_it():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        session.send(number, CLOSE_1000)
        assert session.until(lambda: stream.ended)
        assert stream.data == b"\x88\x02\x03\xe8" and stream.reset is None
        session.send(number, b"more than enough" * 10000, end_stream=True)  # is dropped
        session.open()


@case
def broken_rule__is_closed_with_its_code():
    with h2_server("--close-timeout", "0.3") as peer, Session(peer) as session:
        number, stream = session.open()
        session.send(number, b"\x82\x01x")  # not masked
        assert session.until(lambda: stream.ended or stream.reset is not None)
        assert stream.data[:4] == b"\x88" + stream.data[1:2] + b"\x03\xea", stream.data
        session.open()


@case
def end_stream_without_close__ends_it_uncleanly():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        session.send(number, frame(0x81, b"last"), end_stream=True)
        assert session.until(lambda: stream.ended or stream.reset is not None)
        assert stream.reset == h2.errors.ErrorCodes.CANCEL, (stream.ended, stream.reset)
        session.open()


@case
def rst_stream__ends_one_stream_even_amid_a_message():
    with h2_server() as peer, Session(peer) as session:
        opened = [session.open() for _ in range(4)]
        before = peer.resident_bytes()
        for _ in range(200):
            number, _ = session.open()
            session.send(number, frame(0x82, bytes(50000))[:30000])
            session.http.reset_stream(number, h2.errors.ErrorCodes.CANCEL)
            session.flush()
        for number, stream in opened:
            session.send(number, frame(0x81, b"still here"))
            assert session.until(lambda s=stream: s.data == echoed(b"still here", 0x81))
        assert peer.resident_bytes() - before < 4 * MIB


@case
def goaway_of_the_client__lets_its_streams_end():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open()
        session.socket.sendall(bytes.fromhex("000008 07 00 00000000 00000000 00000000"))
        time.sleep(0.1)
        session.send(number, frame(0x81, b"after"))
        assert session.until(lambda: stream.data == echoed(b"after", 0x81))
        session.send(number, CLOSE_1000, end_stream=True)
        assert session.until(lambda: stream.ended)
        assert not session.until(lambda: False, seconds=5) and session.over, "it hangs up"


@case
def client_that_hangs_up__leaves_nothing():
    with h2_server() as peer:
        handles = lambda: len(list(Path(f"/proc/{peer.process.pid}/fd").iterdir()))  # noqa: E731
        Session(peer).__exit__()
        time.sleep(0.1)
        before = handles()
        for round_ in range(20):
            with Session(peer) as session:
                opened = [session.open()[0] for _ in range(5)]
                session.send(opened[0], frame(0x82, bytes(50000))[:30000])
                if round_ % 2:
                    session.socket.unwrap()  # close_notify, and that of the server
        wait_until(lambda: handles() == before, "the sockets' end")


@case
def sigterm__is_goaway_and_1001_and_ends_with_0():
    with h2_server() as peer, Session(peer) as session, Session(peer) as idle:
        opened = [session.open() for _ in range(5)]
        peer.process.send_signal(signal.SIGTERM)
        for number, stream in opened:
            assert session.until(lambda s=stream: len(s.data) >= 4)
            assert stream.data[0] == 0x88 and stream.data[2:4] == b"\x03\xe9", stream.data
            session.send(number, b"\x88\x82\0\0\0\0\x03\xe9", end_stream=True)
        assert session.goaway == 0
        assert not session.until(lambda: False, seconds=5) and session.over
        assert not idle.until(lambda: False, seconds=5) and idle.over and idle.goaway == 0
        wait_until(lambda: peer.process.poll() == 0, "exit status 0", 5)


@case
def sigterm_with_a_stream_that_never_closes__ends_in_time():
    with h2_server("--close-timeout", "1") as peer, Session(peer) as session:
        session.open()
        begin = time.monotonic()
        assert peer.stop() == 0
        assert time.monotonic() - begin < 4


# ---- Requests ------------------------------------------------------------------------------------

@case
def requests__are_judged():
    options = ["--origin", "https://good.example", "--protocols", "chat"]
    with h2_server(*options) as peer, Session(peer) as session:
        for status, changes in [
                ("403", {"origin": "https://bad.example"}),
                ("501", {":protocol": "connect-udp"}),
                ("426", {"sec_websocket_version": "12"}),
                ("431", {"x_" + str(at): "x" * 400 for at in range(60)}),
                ("431", {"x_" + str(at): "x" for at in range(60)})]:
            number = session.ask(**{"origin": "https://good.example", **changes})
            stream = session.streams[number]
            assert session.until(lambda s=stream: s.ended or s.reset is not None), changes
            assert stream.headers and stream.status == status, (changes, stream.headers)
            assert stream.ended, "the answer is whole"
        _, stream = session.open(backwards=True, origin="https://good.example",
                                 sec_websocket_protocol="x, chat")
        assert dict(stream.headers)["sec-websocket-protocol"] == "chat"


@case
def permessage_deflate__is_agreed():
    with h2_server() as peer, Session(peer) as session:
        number, stream = session.open(sec_websocket_extensions="permessage-deflate")
        assert "permessage-deflate" in dict(stream.headers)["sec-websocket-extensions"]
        session.send(number, frame(0x81, b"tell me, tell me, tell me " * 400))
        assert session.until(lambda: len(stream.data) > 2)
        assert stream.data[0] == 0xc1 and len(stream.data) < 1000


@case
def get__gives_the_page():
    with h2_server() as peer, Session(peer) as session:
        number = session.http.get_next_available_stream_id()
        stream = session.streams[number] = Stream()
        session.http.send_headers(number, [(":path", "/"), (":authority", "localhost"),
                                           (":scheme", "https"), (":method", "GET")],
                                  end_stream=True)
        session.flush()
        assert session.until(lambda: stream.ended)
        assert stream.status == "200" and b"new WebSocket" in stream.data


@case
def client_that_asks_nothing__is_hung_up_on():
    with h2_server("--handshake-timeout", "0.5") as peer, Session(peer) as session:
        number, stream = session.open()
        with socket.create_connection((peer.host, peer.port), timeout=5) as silent, \
                Session(peer) as idle:
            assert not idle.until(lambda: False, seconds=5) and idle.over
            assert silent.recv(100) == b""
            session.send(number, frame(0x81, b"still here"))
            assert session.until(lambda: stream.data == echoed(b"still here", 0x81))


@case
def session_whose_streams_have_ended__is_hung_up_on():
    with h2_server("--handshake-timeout", "0.5") as peer, Session(peer) as session:
        number, stream = session.open()
        time.sleep(0.8)
        session.send(number, frame(0x88, b"\x03\xe8"), end_stream=True)
        assert session.until(lambda: stream.ended)
        assert not session.until(lambda: False, seconds=5) and session.over
        assert session.goaway == 0


@case
def stream_that_its_client_leaves_open__is_reset():
    with h2_server("--close-timeout", "0.5") as peer, Session(peer) as session:
        number, stream = session.open()
        other, still = session.open()
        session.send(number, frame(0x88, b"\x03\xe8"))
        assert session.until(lambda: stream.ended)
        assert session.until(lambda: stream.reset is not None, seconds=5)
        assert stream.reset == h2.errors.ErrorCodes.NO_ERROR
        session.send(other, frame(0x81, b"still here"))
        assert session.until(lambda: still.data == echoed(b"still here", 0x81))


@case
def bytes_that_are_no_http2__end_the_connection():
    with h2_server() as peer:
        context = ssl.create_default_context(cafile=CERT)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection((peer.host, peer.port), timeout=10)
        with context.wrap_socket(plain, server_hostname="localhost") as wrong:
            wrong.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                while wrong.recv(4096):
                    pass
            except (ssl.SSLEOFError, ConnectionError):
                pass
        with Session(peer) as session:
            session.open()


run_cases()
