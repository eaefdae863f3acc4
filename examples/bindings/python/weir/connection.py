# SPDX-License-Identifier: MIT
"""WebSocket without the I/O: bytes of a transport go in, events and bytes for it come out.

    context = Context(max_message_bytes=65536)
    connection = context.server()
    for event in connection.receive(data): ...
    transport.write(connection.output())
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import weakref
from collections.abc import Iterable, Iterator
from ctypes import byref, c_char, c_char_p, c_size_t, c_uint64, c_void_p
from struct import Struct
from types import SimpleNamespace
from typing import Any, NamedTuple, Union

from ._abi import (
    MEMORY, NONE, STRUCTS, TEXT_OPTIONS, Error, EventType, Flag, Option, State, Status, TextId,
    Type, Want, bare, lib, pattern)

Data = Union[str, bytes, bytearray, memoryview]
Headers = Iterable[tuple[str, str]]

_weir_text, _weir_field = STRUCTS["weir_text"], STRUCTS["weir_field"]
_EVENT, _HEAD, _SPAN = Struct(pattern("weir_event")), Struct("=IIQQ40x"), Struct("=QQ")
_MESSAGE, _IS_TEXT = int(EventType.MESSAGE), int(Flag.TEXT)
_TEXT, _BINARY = int(Type.TEXT), int(Type.BINARY)
_OK, _OVER_HIGH, _WOULD_BLOCK = Status.OK, Status.OVER_HIGH, Status.WOULD_BLOCK
_WANT_EVENTS = int(Want.EVENTS)
EVENTS_CAP, _SPANS_CAP = 64, 64  # what one call gives at most

_event_type, _flag, _status, _want = map(
    functools.lru_cache(None), (EventType, Flag, Status, Want))
_receive, _events, _input_filled = bare("conn_receive"), bare("conn_events"), bare(
    "conn_input_filled")
_input_buffer, _send = bare("conn_input_buffer", c_void_p), bare("conn_send")
_output, _sent, _wants = bare("conn_output"), bare("conn_sent"), bare("conn_wants")



class _Arguments:
    """What calls are made with, once for all connections of a context, which belong to one thread:
    numbers by reference, and room for what one call gives."""

    def __init__(self):
        self.number, self.used = c_size_t(), c_size_t()
        events = (STRUCTS["weir_event"] * EVENTS_CAP)()
        spans = (STRUCTS["weir_span"] * _SPANS_CAP)()
        self.to_used, self.to_events, self.to_spans = byref(self.used), byref(events), byref(spans)
        self.events, self.spans = (memoryview(array).cast("B") for array in (events, spans))

    def event(self, index: int) -> Event:
        kind, flags, at, size, offset, left, token, rtt, cause, code = _EVENT.unpack_from(
            self.events, index * _EVENT.size)
        return Event(_event_type(kind), _flag(flags), MEMORY[at:at + size].tobytes(), offset, left,
                     token, rtt, _status(cause), code)


_events_cap, _spans_cap = c_size_t(EVENTS_CAP), c_size_t(_SPANS_CAP)


def _raw(value: Data) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: Data):
    raw = _raw(value)
    text = _weir_text(ctypes.cast(c_char_p(raw), c_void_p), len(raw))
    text.kept = raw
    return text


def _fields(headers: Headers):
    """The fields, their number, and what they point to: to be kept while they are used."""
    kept = [(_text(name), _text(value)) for name, value in headers]
    return (_weir_field * len(kept))(*(_weir_field(*pair) for pair in kept)), len(kept), kept


def _plain(struct) -> SimpleNamespace:
    """A copy that outlives what the struct points to."""
    values = ((name, getattr(struct, name)) for name, _ in struct._fields_)
    return SimpleNamespace(**{name: str(value) if isinstance(value, _weir_text) else value
                              for name, value in values})


def _filled(function, owner, name: str) -> SimpleNamespace:
    struct = STRUCTS[name]()
    function(owner, byref(struct), ctypes.sizeof(struct))
    return _plain(struct)


def _found(function, *arguments):
    """What a function finds, or None."""
    found = function.argtypes[-1]._type_()
    try:
        function(*arguments, byref(found))
    except Error as error:
        if error.status != Status.E_NOT_FOUND:
            raise
        return None
    return found


def _found_text(function, *arguments) -> str | None:
    found = _found(function, *arguments)
    return None if found is None else str(found)


def parse_url(url: str) -> SimpleNamespace:
    """A ws: or wss: URL taken apart: host, port, path, query, secure and more."""
    raw, parsed = _raw(url), STRUCTS["weir_url"]()
    lib.weir_url_parse(raw, len(raw), byref(parsed))
    return _plain(parsed)


class Event(NamedTuple):
    """A weir_event with its own copy of the data."""
    type: EventType
    flags: Flag
    data: bytes
    offset: int
    frame_left: int
    token: int
    rtt_ms: int
    cause: Status
    code: int

    @property
    def message(self) -> str | bytes:
        """The data as it was sent: str or bytes."""
        return self.data.decode() if self.flags & Flag.TEXT else self.data


class Context:
    """What many connections share. Options are those of weir_config, in lower case; None: no limit;
    texts may be given as lists."""

    _as_parameter_: c_void_p | None = None
    _over = False  # nobody uses it: it is freed once its connections and messages are

    def __init__(self, tiny: bool = False, **options: Any):
        size, kept, self._as_parameter_ = lib.weir_config_size(), [], c_void_p()
        config = (c_uint64 * (size // 8))()
        (lib.weir_config_init_tiny if tiny else lib.weir_config_init)(config, size)
        for name, value in {"seed": os.urandom(32), **options}.items():
            if name.upper() not in Option.__members__:
                raise TypeError(f"{name} is not an option of weir")
            number = Option[name.upper()].value
            if isinstance(value, (str, bytes, list, tuple)):
                raw = _raw(value if isinstance(value, (str, bytes)) else " ".join(value))
                kept.append(raw)  # the config borrows it
                lib.weir_config_set_text(config, number, raw, len(raw))
            else:
                if value is None and name in TEXT_OPTIONS:
                    continue  # an empty list: any
                lib.weir_config_set(config, number, NONE if value is None else value)
        lib.weir_context_create(config, byref(self._as_parameter_))
        self._arguments = _Arguments()
        self._config = config  # for its numbers; what its texts point to is gone
        self._connections = weakref.WeakValueDictionary()

    def __del__(self):
        self._over = True
        self._free_if_over()

    def _free_if_over(self) -> None:
        """In cyclic garbage it may go before its connections and messages: the last one frees."""
        if self._over and self._as_parameter_:
            with contextlib.suppress(Error):
                lib.weir_context_free(self)
                self._as_parameter_ = None

    def server(self) -> Connection:
        """The server side of a connection that a client has opened."""
        return Connection(self, lib.weir_conn_create_server)

    def client(self, url: str, subprotocols: Iterable[str] = (), origin: str = "",
               headers: Headers = ()) -> Connection:
        """The client side of a connection; its request waits as output."""
        fields, count, kept = _fields(headers)
        texts = [_text(url), _text(" ".join(subprotocols)), _text(origin)]
        request = STRUCTS["weir_request"](*texts, ctypes.addressof(fields), count)
        connection = Connection(self, lib.weir_conn_create_client, byref(request))
        del kept, fields
        return connection

    def established(self, role: int) -> Connection:
        """A connection whose handshake was done elsewhere."""
        return Connection(self, lib.weir_conn_create_established, role)

    def message(self, data: Data, compression: int = 0) -> Message:
        """A message prepared once for many connections of this context."""
        return Message(self, data, compression)

    def set_time(self, seconds: float) -> None:
        """Tell the time, of any clock that does not go back."""
        lib.weir_context_set_time(self, int(seconds * 1000))

    def next_due(self) -> float | None:
        """When to call set_time at the latest, in seconds; None: nothing waits."""
        due = lib.weir_context_next_due(self)
        return None if due == NONE else due / 1000

    def ready(self) -> Iterator[Connection]:
        """Connections with something to do that no input of theirs caused."""
        while handle := lib.weir_context_next_ready(self):
            yield self._connections[handle]

    def get(self, option: Option) -> int | None:
        """A number of the policy; None: no limit."""
        value = c_uint64()
        lib.weir_config_get(self._config, option, byref(value))
        return None if value.value == NONE else value.value

    def stats(self) -> SimpleNamespace:
        """The sums over all connections: the fields of weir_stats."""
        return _filled(lib.weir_context_stats, self, "weir_stats")


class Message:
    """A prepared message: checked, framed and compressed once."""

    def __init__(self, context: Context, data: Data, compression: int = 0):
        self._as_parameter_, self._context = c_void_p(), context
        raw = _raw(data)
        kind = _TEXT if isinstance(data, str) else _BINARY
        lib.weir_message_create(context, kind | compression, raw, len(raw),
                                byref(self._as_parameter_))

    def __del__(self):
        lib.weir_message_free(self)
        self._context._free_if_over()


class Connection:
    """One connection, made by its Context."""

    _as_parameter_: c_void_p | None = None
    more = False  # after output: call it again

    def __init__(self, context: Context, create, *arguments):
        handle = c_void_p()
        create(context, *arguments, byref(handle))
        self._as_parameter_, self.context = handle, context
        self._arguments = context._arguments
        self._kept = None  # the input of the last receive, which weir borrows
        context._connections[handle.value] = self

    def free(self) -> None:
        """Give its memory back, in any state."""
        if self._as_parameter_:
            self.context._connections.pop(self._as_parameter_.value, None)
            lib.weir_conn_free(self)
            self._as_parameter_ = self._kept = None
            self.context._free_if_over()

    __del__ = free

    # ---- Input ----

    def _taken_events(self, count: int) -> list[Event]:
        return [self._arguments.event(index) for index in range(count)]

    def receive(self, data: bytes | bytearray | memoryview) -> Iterator[Event]:
        """Give bytes that arrived. The events come as you iterate: do so to the end, and answer
        on the way, so that a reply leaves ahead of what follows."""
        arguments, kept, left = self._arguments, bytearray(data), len(data)
        at = ctypes.addressof(c_char.from_buffer(kept)) if left else 0
        while left or self.wants_number() & _WANT_EVENTS:
            arguments.number.value = left
            count = _receive(self._as_parameter_, c_void_p(at), arguments.number,
                             arguments.to_used, arguments.to_events, _events_cap)
            used, self._kept = arguments.used.value, kept
            left, at = left - used, at + used
            yield from self._taken_events(count)

    def events(self) -> Iterator[Event]:
        """The events that wait. Memory that earlier ones held is let go."""
        while True:
            count = _events(self._as_parameter_, self._arguments.to_events, _events_cap)
            yield from self._taken_events(count)
            if not self.wants_number() & _WANT_EVENTS:
                return

    def input_buffer(self) -> memoryview:
        """Where the next bytes belong: read into it at once, then iterate input_filled."""
        arguments = self._arguments
        at = _input_buffer(self._as_parameter_, arguments.to_used)
        if not at:
            raise MemoryError
        return MEMORY[at:at + arguments.used.value]

    def input_filled(self, count: int) -> Iterator[Event]:
        """As receive, for bytes that were read into the input buffer."""
        while count:
            arguments = self._arguments
            arguments.number.value = count
            found = _input_filled(self._as_parameter_, arguments.number, arguments.to_used,
                                  arguments.to_events, _events_cap)
            count -= arguments.used.value
            yield from self._taken_events(found)
        if self.wants_number() & _WANT_EVENTS:
            yield from self.events()

    def take_filled(self, count: int, append) -> tuple[int, int, list[Event]]:
        """The fast way of input_filled, one call of weir: whole messages go to append, as str or
        bytes. Gives how many bytes were used, the size of these messages, and the events that are
        no messages."""
        arguments = self._arguments
        arguments.number.value = count
        return self._taken_messages(_input_filled(
            self._as_parameter_, arguments.number, arguments.to_used, arguments.to_events,
            _events_cap), append)

    def take(self, data: bytearray, at: int, append) -> tuple[int, int, list[Event]]:
        """The same for bytes that arrived, from at on; they may be changed."""
        arguments, left = self._arguments, len(data) - at
        arguments.number.value = left
        address = ctypes.addressof(c_char.from_buffer(data, at)) if left else 0
        count = _receive(self._as_parameter_, c_void_p(address), arguments.number,
                         arguments.to_used, arguments.to_events, _events_cap)
        self._kept = data
        return self._taken_messages(count, append)

    def _taken_messages(self, count: int, append) -> tuple[int, int, list[Event]]:
        arguments = self._arguments
        others, index, total = [], 0, 0
        for kind, flags, at, size in _HEAD.iter_unpack(arguments.events[:count << 6]):
            if kind != _MESSAGE:
                others.append(arguments.event(index))
            else:
                total += size
                if flags & _IS_TEXT:
                    append(str(MEMORY[at:at + size], "utf-8"))
                else:
                    append(MEMORY[at:at + size].tobytes())
            index += 1
        return arguments.used.value, total, others

    def receive_eof(self) -> Iterator[Event]:
        """The transport has ended; gives the events that follow."""
        lib.weir_conn_receive_eof(self)
        return self.events()

    # ---- Output ----

    def output(self) -> bytes:
        """Bytes to write, up to 64 pieces of what waits; they count as sent. more: there may be
        others."""
        arguments = self._arguments
        count = _output(self._as_parameter_, arguments.to_spans, _spans_cap)
        self.more = count == _SPANS_CAP
        if count == 1:
            at, size = _SPAN.unpack_from(arguments.spans)
            data = MEMORY[at:at + size].tobytes()
        elif count > 1:
            data = b"".join([MEMORY[at:at + size] for at, size in _SPAN.iter_unpack(
                arguments.spans[:count * _SPAN.size])])
        else:
            return b""
        arguments.number.value = len(data)
        _sent(self._as_parameter_, arguments.number)
        return data

    def send(self, message: Data | Message, compression: int = 0) -> bool:
        """Send str as text, else bytes, or a prepared Message; compression is a Compression where
        the option deflate shall not decide. False: taken, but wait for WRITABLE before the next.
        BlockingIOError: not taken."""
        if type(message) is str:
            kind, raw = _TEXT, message.encode()
        elif type(message) is bytes:
            kind, raw = _BINARY, message
        elif isinstance(message, Message):
            return self._taken(lib.weir_conn_send_message(self, message))
        else:
            kind, raw = _TEXT if isinstance(message, str) else _BINARY, _raw(message)
        number = self._arguments.number
        number.value = len(raw)
        status = _send(self._as_parameter_, kind | compression, raw, number)
        return True if status == 0 else self._taken(status)

    def _taken(self, status: int) -> bool:
        if status < 0:
            raise Error(status)
        if status == _WOULD_BLOCK:
            raise BlockingIOError("not taken: the queue is full, wait for WRITABLE")
        return status == _OK

    def ping(self, data: bytes = b"") -> None:
        """Send a ping of at most 125 bytes."""
        lib.weir_conn_ping(self, bytes(data), len(data))

    def pong(self, data: bytes = b"") -> None:
        """Send an unsolicited pong; pings are answered by weir."""
        lib.weir_conn_pong(self, bytes(data), len(data))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake."""
        raw = _raw(reason)
        lib.weir_conn_close(self, code, raw, len(raw))

    # ---- Handshake ----

    def accept(self, subprotocol: str = "", headers: Headers = ()) -> None:
        """Answer a REQUEST with 101."""
        raw = _raw(subprotocol)
        fields, count, _kept = _fields(headers)
        lib.weir_conn_accept(self, raw or None, len(raw), fields, count)

    def respond(self, status: int, headers: Headers = (), body: Data = b"") -> None:
        """Answer a REQUEST or HTTP event with an HTTP response, and end the connection."""
        raw = _raw(body)
        fields, count, _kept = _fields(headers)
        lib.weir_conn_respond(self, status, fields, count, raw, len(raw))

    def text(self, which: TextId) -> str | None:
        """A text of the handshake."""
        return _found_text(lib.weir_conn_text, self, which)

    def header(self, name: str, index: int = 0) -> str | None:
        """A header field of the peer's by its name."""
        raw = _raw(name)
        return _found_text(lib.weir_conn_header, self, raw, len(raw), index)

    def headers(self) -> list[tuple[str, str]]:
        """All header fields of the peer's, as they came."""
        rows: list[tuple[str, str]] = []
        while (field := _found(lib.weir_conn_header_at, self, len(rows))) is not None:
            rows.append((str(field.name), str(field.value)))
        return rows

    def offered_subprotocol(self, index: int = 0) -> str | None:
        """A subprotocol that the client offered, its favourite first."""
        return _found_text(lib.weir_conn_offered_subprotocol, self, index)

    # ---- The rest ----

    @property
    def state(self) -> State:
        return State(lib.weir_conn_state(self))

    @property
    def wants(self) -> Want:
        """What it waits for now."""
        return _want(_wants(self._as_parameter_))

    def wants_number(self) -> int:
        """The same as a plain number: enumerations are slow."""
        return _wants(self._as_parameter_)

    def set(self, option: Option, value: int | None) -> None:
        """Change a number of the policy for this connection alone; None: no limit."""
        lib.weir_conn_set(self, option, NONE if value is None else value)

    def get_buffered_amount(self) -> int:
        """Bytes of payload that were sent and not yet given out by output."""
        return lib.weir_conn_buffered_amount(self)

    def trim(self) -> None:
        """Let go of memory for compressing; the next message starts without earlier ones."""
        lib.weir_conn_trim(self)

    def report(self) -> SimpleNamespace:
        """How the connection ended: the fields of weir_report."""
        return _filled(lib.weir_conn_report, self, "weir_report")

    def stats(self) -> SimpleNamespace:
        """What passed through it: the fields of weir_stats."""
        return _filled(lib.weir_conn_stats, self, "weir_stats")
