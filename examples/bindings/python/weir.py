# SPDX-License-Identifier: MIT
"""WebSocket without the I/O: a thin module over libweir.

Bytes of your transport go in, events and bytes for it come out; sockets and clocks are yours
(echo_server.py shows how). Context and Connection wrap what most programs need; `lib` holds every
function of the headers under its own name.
"""

import contextlib
import ctypes
import functools
import os
import weakref
from ctypes import POINTER, byref, c_char, c_char_p, c_size_t, c_uint64, c_void_p
from types import SimpleNamespace
from typing import NamedTuple

from weir_abi import (  # noqa: F401 - names of this module as well
    NONE, CodecStep, Compression, Deflate, Error, EventType, Flag, Level, Option, Role, Side, State,
    Status, TextId, Type, Want, lib, weir_event, weir_field, weir_report, weir_request, weir_span,
    weir_stats, weir_text, weir_url)


def _raw(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value):
    raw = _raw(value)
    return weir_text(ctypes.cast(c_char_p(raw), POINTER(c_char)), len(raw))


def _headers(headers):
    fields = [weir_field(_text(name), _text(value)) for name, value in headers]
    return (weir_field * len(fields))(*fields), len(fields)


def _plain(struct):
    """A copy that outlives what the struct points to."""
    values = ((name, getattr(struct, name)) for name, _ in struct._fields_)
    return SimpleNamespace(**{name: str(value) if isinstance(value, weir_text) else value
                              for name, value in values})


def _filled(function, owner, struct):
    function(owner, byref(struct), ctypes.sizeof(struct))
    return _plain(struct)


def _found(function, *arguments):
    """The text that a function finds, or None."""
    found = weir_text()
    try:
        function(*arguments, byref(found))
    except Error as error:
        if error.status != Status.E_NOT_FOUND:
            raise
        return None
    return str(found)


def parse_url(url):
    """A ws: or wss: URL taken apart: host, port, path, query, secure and more."""
    raw, parsed = _raw(url), weir_url()
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
    def message(self):
        """The data as it was sent: str or bytes."""
        return self.data.decode() if self.flags & Flag.TEXT else self.data


class Context:
    """What many connections share. Options are those of weir_config, in lower case; None: NONE."""

    def __init__(self, tiny=False, **options):
        size, kept, self._as_parameter_ = lib.weir_config_size(), [], c_void_p()
        config = (c_uint64 * (size // 8))()
        (lib.weir_config_init_tiny if tiny else lib.weir_config_init)(config, size)
        for name, value in {"seed": os.urandom(32), **options}.items():
            if value is None or isinstance(value, int):
                number = NONE if value is None else value
                lib.weir_config_set(config, Option[name.upper()], number)
                continue
            kept.append(_raw(value))  # the config borrows it
            lib.weir_config_set_text(config, Option[name.upper()], kept[-1], len(kept[-1]))
        lib.weir_context_create(config, byref(self._as_parameter_))
        self._connections = weakref.WeakValueDictionary()

    def __del__(self):
        with contextlib.suppress(Error):
            lib.weir_context_free(self)

    def server(self):
        return Connection(self, lib.weir_conn_create_server)

    def client(self, url, subprotocols=(), origin="", headers=()):
        request = weir_request(_text(url), _text(" ".join(subprotocols)), _text(origin),
                               *_headers(headers))
        return Connection(self, lib.weir_conn_create_client, byref(request))

    def established(self, role):
        return Connection(self, lib.weir_conn_create_established, role)

    def set_time(self, seconds):
        lib.weir_context_set_time(self, int(seconds * 1000))

    def next_due(self):
        """When to call set_time at the latest, in seconds; None: nothing waits."""
        due = lib.weir_context_next_due(self)
        return None if due == NONE else due / 1000

    def ready(self):
        """Connections with something to do that no input of theirs caused."""
        while handle := lib.weir_context_next_ready(self):
            yield self._connections[handle]

    def stats(self):
        return _filled(lib.weir_context_stats, self, weir_stats())


class Connection:
    """One connection, made by its Context."""

    _as_parameter_ = None

    def __init__(self, context, create, *arguments):
        handle = c_void_p()
        create(context, *arguments, byref(handle))
        self._as_parameter_, self.context = handle, context
        context._connections[handle.value] = self

    def free(self):
        if self._as_parameter_:
            self.context._connections.pop(self._as_parameter_.value, None)
            lib.weir_conn_free(self)
            self._as_parameter_ = None

    __del__ = free

    @property
    def state(self):
        return State(lib.weir_conn_state(self))

    @property
    def wants(self):
        return Want(lib.weir_conn_wants(self))

    def _take(self, call, left):
        while left or lib.weir_conn_wants(self) & Want.EVENTS:
            used, events = c_size_t(), (weir_event * 16)()
            if left:
                count = call(left, byref(used), events, len(events))
            else:
                count = lib.weir_conn_events(self, events, len(events))
            left -= used.value
            yield from [Event(EventType(event.type), Flag(event.flags),
                              ctypes.string_at(event.data, event.len), event.offset,
                              event.frame_left, event.token, event.rtt_ms, Status(event.cause),
                              event.code) for event in events[:count]]

    def receive(self, data):
        """Give bytes that arrived. The events come as you iterate: do so to the end, and answer
        on the way, so that a reply leaves ahead of what follows."""
        room = (c_char * len(data)).from_buffer_copy(data)
        return self._take(lambda left, *rest: lib.weir_conn_receive(
            self, byref(room, len(room) - left), left, *rest), len(room))

    def events(self):
        """The events that wait."""
        return self._take(None, 0)

    def input_buffer(self):
        """Where the next bytes belong: read into it at once, then iterate input_filled."""
        room = c_size_t()
        place = lib.weir_conn_input_buffer(self, byref(room))
        if not place:
            raise MemoryError
        return (c_char * room.value).from_address(place)

    def input_filled(self, count):
        return self._take(functools.partial(lib.weir_conn_input_filled, self), count)

    def receive_eof(self):
        """The transport has ended; gives the events that follow."""
        lib.weir_conn_receive_eof(self)
        return self.events()

    def output(self):
        """Bytes to write, up to sixteen pieces of what waits; they count as sent."""
        spans = (weir_span * 16)()
        count = lib.weir_conn_output(self, spans, len(spans))
        data = b"".join(ctypes.string_at(span.data, span.len) for span in spans[:count])
        lib.weir_conn_sent(self, len(data))
        return data

    def send(self, message, compression=0):
        """Send str as text, else bytes; compression is a Compression where the option deflate shall
        not decide. False: taken, but wait for WRITABLE before the next."""
        raw = _raw(message)
        type_ = Type.TEXT if isinstance(message, str) else Type.BINARY
        status = lib.weir_conn_send(self, type_ | compression, raw, len(raw))
        if status == Status.WOULD_BLOCK:
            raise BlockingIOError("not taken: the queue is full, wait for WRITABLE")
        return status == Status.OK

    def ping(self, data=b""):
        lib.weir_conn_ping(self, data, len(data))

    def close(self, code=1000, reason=""):
        raw = _raw(reason)
        lib.weir_conn_close(self, code, raw, len(raw))

    def accept(self, subprotocol="", headers=()):
        raw = _raw(subprotocol)
        lib.weir_conn_accept(self, raw or None, len(raw), *_headers(headers))

    def respond(self, status, headers=(), body=b""):
        raw = _raw(body)
        lib.weir_conn_respond(self, status, *_headers(headers), raw, len(raw))

    def text(self, which):
        """A text of the handshake by its TextId, or None."""
        return _found(lib.weir_conn_text, self, which)

    def header(self, name, index=0):
        """A header field of the peer's by its name, or None."""
        raw = _raw(name)
        return _found(lib.weir_conn_header, self, raw, len(raw), index)

    def offered_subprotocol(self, index=0):
        return _found(lib.weir_conn_offered_subprotocol, self, index)

    def set(self, option, value):
        lib.weir_conn_set(self, option, value)

    def trim(self):
        """Let go of memory for compressing; the next message starts without earlier ones."""
        lib.weir_conn_trim(self)

    def report(self):
        """How the connection ended."""
        return _filled(lib.weir_conn_report, self, weir_report())

    def stats(self):
        return _filled(lib.weir_conn_stats, self, weir_stats())
