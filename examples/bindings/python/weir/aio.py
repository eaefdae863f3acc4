# SPDX-License-Identifier: MIT
"""WebSocket on asyncio: serve(handler, host, port) and connect(url)."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from ._abi import Error, EventType, Flag, Option, State, Status, TextId, Want, lib
from .connection import Connection, Context, Data, Event, Headers, Message, parse_url

TICK = 1.0  # seconds between two looks at the deadlines, at most
STALE = 0.01  # seconds for which a time that was told is good enough for input
PATIENCE = 5.0  # seconds for which held input waits for a consumer that takes nothing
HELD_BYTES = 1 << 20  # of messages that wait for their reader: then reading pauses
MAX_QUEUE = 128  # messages that wait for their reader: then reading pauses
log = logging.getLogger("weir")
_WANT_EVENTS = int(Want.EVENTS)
_WANT_MORE = int(Want.EVENTS | Want.SHUTDOWN_WRITE | Want.CLOSE)


class ConnectionClosed(Error):
    """The connection is over. code as RFC 6455 7.1.5: the peer's, 1005 without one, 1006 without a
    Close; reason: the peer's; status: what ended it, OK after a closing handshake."""

    def __init__(self, code: int, reason: str, status: int, clean: bool):
        cause = "" if status == Status.OK else f" ({lib.weir_status_text(status).decode()})"
        super().__init__(status, f"{code} {reason}".rstrip() + cause)
        self.code, self.reason, self.clean = code, reason, clean


class Rejected(Error):
    """The server answered without an upgrade; response is what it said."""

    def __init__(self, response: Response):
        super().__init__(Status.E_NOT_UPGRADED, f"the server answered HTTP {response.status}")
        self.response = response


class Response(NamedTuple):
    """An HTTP response: what a server said, or shall say."""
    status: int
    headers: Headers = ()
    body: Data = b""


class Request(NamedTuple):
    """A request to a server."""
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    subprotocols: list[str]  # offered, the client's favourite first
    upgrade: bool  # False: a plain HTTP request (option http_events)

    def header(self, name: str) -> str | None:
        """The first header field of this name."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)


Handler = Callable[["WebSocket"], Awaitable[None]]
OnRequest = Callable[[Request], Any]  # None, a subprotocol or a Response; or an awaitable of it


class _Hub:
    """A context with the connections and the clock of one event loop."""

    def __init__(self, options: dict[str, Any]):
        if options.get("deliver_chunks"):
            raise ValueError("messages come whole here: deliver_chunks is for Connection")
        self.loop = asyncio.get_running_loop()
        self.context = Context(**options)
        self.sockets: dict[Connection, WebSocket] = {}
        self.paused: set[WebSocket] = set()  # they read nothing: their consumers are slow
        spoken = options.get("subprotocols") or ()
        self.subprotocols = spoken.split() if isinstance(spoken, str) else list(spoken)
        self.timer: asyncio.TimerHandle | None = None
        self.stale = 0.0
        self.touch()

    def touch(self) -> None:
        """Tell the time if the time told last is stale."""
        now = self.loop.time()
        if now >= self.stale:
            self.context.set_time(now)
            self.stale = now + STALE

    def arm(self) -> None:
        """Wake up for the next deadline; those that input makes are found in a TICK."""
        now, due = self.loop.time(), self.context.next_due()
        when = now + TICK if due is None else min(due, now + TICK)
        if self.timer and self.timer.when() > when:
            self.timer.cancel()
            self.timer = None
        if not self.timer and self.sockets:
            # weir counts milliseconds: one more, or the deadline is not yet due.
            self.timer = self.loop.call_at(when + 0.001, self.tick)

    def tick(self) -> None:
        self.timer, self.stale = None, 0.0
        self.touch()
        for connection in self.context.ready():
            if connection in self.sockets:
                self.sockets[connection].settle()
        for socket in list(self.paused):
            socket.stay_paused()
        self.arm()


class _Arrival(asyncio.Future):
    """What recv waits for. Its task goes on inside the call that read the message, so that reading,
    handling and answering take one turn of the loop instead of two."""

    _waiting: tuple[Callable, contextvars.Context] | None = None

    def add_done_callback(self, callback, *, context=None):
        self._waiting = callback, context or contextvars.copy_context()

    def cancel(self, msg=None):
        return super().cancel(msg) and self._later()

    def arrive(self) -> None:
        """Go on now. Only where no task is running."""
        self.set_result(None)
        if self._waiting:
            callback, context = self._waiting
            context.run(callback, self)

    def arrive_later(self) -> None:
        """Go on in the next turn, as other futures do."""
        self.set_result(None)
        self._later()

    def _later(self) -> bool:
        if self._waiting:
            callback, context = self._waiting
            self.get_loop().call_soon(callback, self, context=context)
        return True


class WebSocket(asyncio.BufferedProtocol):
    """An open connection: `async for message in socket`, `await socket.send(message)`.

    Made by serve and connect. Text is str, binary is bytes. One task may receive at a time, any
    number may send.
    """

    request: Request | None = None  # server: what the client asked for
    response: Response | None = None  # client: what the server answered
    subprotocol: str | None = None
    closed: ConnectionClosed | None = None  # how it ended, once it has
    _aborted = False  # before it had a transport

    def __init__(self, hub: _Hub, connection: Connection, max_queue: int,
                 on_request: OnRequest | None = None, on_open: Callable | None = None):
        self._hub, self._connection, self._loop = hub, connection, hub.loop
        self._max_queue, self._on_request, self._on_open = max_queue, on_request, on_open
        self._transport: asyncio.Transport = None  # type: ignore[assignment]
        self._messages: deque[str | bytes] = deque()
        self._append = self._messages.append
        self._held = 0  # bytes of messages that came since none waited
        self._receiver: _Arrival | None = None
        self._senders: list[asyncio.Future] = []
        self._pings: dict[bytes, tuple[asyncio.Future, float]] = {}
        self._full = False  # above high water: sends wait
        self._reading, self._writable = True, True
        self._rest: bytearray | None = None  # input held back for replies to what came before it
        self._rest_at = 0  # so much of it was taken
        self._progress = 0, 0  # how much of it was taken when that was looked at last
        self._held_since = 0.0
        self._closing = False  # by us: no replies are waited for
        self._silence_allowed = False
        self._flushing = False  # a flush is on its way
        self.opened: asyncio.Future = self._loop.create_future()
        self._lost: asyncio.Future = self._loop.create_future()

    # ---- Receiving ----

    async def recv(self) -> str | bytes:
        """The next message; ConnectionClosed when none will come."""
        messages = self._messages
        while not messages:
            if self._rest is not None:
                self._take_rest()
                continue
            if self.closed:
                raise self._closed_again()
            if self._receiver:
                raise RuntimeError("another task is receiving already")
            self._receiver = _Arrival(loop=self._loop)
            try:
                await self._receiver
            finally:
                self._receiver = None
        message = messages.popleft()
        if not messages:
            self._held = 0
            if not self._reading:
                self._resume_if_room()
        return message

    def __aiter__(self) -> WebSocket:
        return self

    async def __anext__(self) -> str | bytes:
        """As recv; a connection closed by 1000 or 1001 ends the iteration."""
        if len(self._messages) > 1:
            return self._messages.popleft()  # the short way of recv
        try:
            return await self.recv()
        except ConnectionClosed as closed:
            if closed.code in (1000, 1001):
                raise StopAsyncIteration from None
            raise

    def _pause(self) -> None:
        self._reading = False
        self._hub.paused.add(self)
        self._transport.pause_reading()

    def _resume(self) -> None:
        self._reading = True
        self._hub.paused.discard(self)
        if self._silence_allowed:
            self._silence_allowed = False
            limit = self._hub.context.get(Option.PONG_TIMEOUT_MS)
            self._connection.set(Option.PONG_TIMEOUT_MS, limit)
        self._transport.resume_reading()

    def _has_room(self) -> bool:
        return len(self._messages) <= self._max_queue and self._held <= HELD_BYTES

    def _resume_if_room(self) -> None:
        if not self._reading and self._rest is None and self._has_room():
            self._resume()

    def stay_paused(self) -> None:
        """While nothing is read no pong can come, and that is not the peer's fault. A Close does
        not wait for ever for replies of one who takes no messages."""
        if not self._silence_allowed:
            self._silence_allowed = True
            self._connection.set(Option.PONG_TIMEOUT_MS, None)
        now, progress = self._loop.time(), (len(self._messages), self._rest_at)
        if progress != self._progress:
            self._progress, self._held_since = progress, now
        elif now - self._held_since > PATIENCE:
            self._take_what_fits()

    # ---- Sending ----

    async def send(self, message: Data | Message, compression: int = 0) -> None:
        """Send str as text, else bytes, or a Message that was prepared. Waits while more than
        high_water_bytes are queued; cancelled while it waits it sent nothing."""
        while self._full and not self.closed:
            await self._room()
        try:
            if not self._connection.send(message, compression):
                self._full = True
        except BlockingIOError:
            self._full = True
            self._flush()
            return await self.send(message, compression)
        except Error as error:
            raise self._refused(error) from None
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def send_nowait(self, message: Data | Message, compression: int = 0) -> bool:
        """Send without waiting. False: not taken, as the queue is full or the connection closed."""
        if self._full:
            return False
        try:
            self._full = not self._connection.send(message, compression)
        except BlockingIOError:
            self._full = True
            return False
        except Error as error:
            if isinstance(self._refused(error), ConnectionClosed):
                return False
            raise
        finally:
            if not self._flushing:
                self._flushing = True
                self._loop.call_soon(self._flush)
        return True

    async def _room(self) -> None:
        sender = self._loop.create_future()
        self._senders.append(sender)
        try:
            await sender
        finally:
            if sender in self._senders:
                self._senders.remove(sender)

    def _refused(self, error: Error) -> Error:
        """What a refused call raises: the connection's end, or the mistake."""
        if self.closed:
            return self._closed_again()
        if error.status == Status.E_CLOSING:
            report = self._connection.report()
            return ConnectionClosed(report.peer_code or report.local_code, report.reason,
                                    report.cause, False)
        return error

    def _closed_again(self) -> ConnectionClosed:
        closed = self.closed
        assert closed
        return ConnectionClosed(closed.code, closed.reason, closed.status, closed.clean)

    async def ping(self, data: bytes | None = None) -> float:
        """Send a ping; gives the seconds until its pong came."""
        payload = os.urandom(4) if data is None else bytes(data)
        try:
            self._connection.ping(payload)
        except Error as error:
            raise self._refused(error) from None
        waiter, begin = self._pings.setdefault(
            payload, (self._loop.create_future(), self._loop.time()))
        self._flush()
        return await asyncio.shield(waiter)

    async def pong(self, data: bytes = b"") -> None:
        """Send a pong that answers nothing."""
        try:
            self._connection.pong(data)
        except Error as error:
            raise self._refused(error) from None
        self._flush()

    # ---- The end ----

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait until the connection is over. Messages that wait can still be taken."""
        self.start_close(code, reason)
        await self.wait_closed()

    def start_close(self, code: int = 1000, reason: str = "") -> None:
        """Close without waiting."""
        self._take_what_fits()
        if self.closed:
            return
        try:
            self._connection.close(code, reason)
        except Error as error:
            if error.status != Status.E_CLOSING:
                raise
        self._closing = True
        while self._rest is not None:
            self._take_rest()  # its messages are dropped, unless option deliver_after_close
        if not self._reading:
            self._resume()
        self._flush()
        self._hub.arm()

    async def wait_closed(self) -> None:
        """Wait until the connection is over and its transport closed."""
        await asyncio.shield(self._lost)

    def abort(self) -> None:
        """End the transport at once, without a Close."""
        if self._transport:
            self._transport.abort()
        else:
            self._aborted = True
            self._connection.free()

    async def __aenter__(self) -> WebSocket:
        return self

    async def __aexit__(self, *_) -> None:
        await self.close()

    # ---- What is known ----

    @property
    def state(self) -> State:
        return State.CLOSED if self.closed else self._connection.state

    @property
    def local_address(self) -> Any:
        return self._transport.get_extra_info("sockname")

    @property
    def remote_address(self) -> Any:
        return self._transport.get_extra_info("peername")

    @property
    def transport(self) -> asyncio.Transport:
        return self._transport

    @property
    def connection(self) -> Connection:
        """The connection below, for stats, report and set; freed when the transport is closed."""
        return self._connection

    # ---- What asyncio calls ----

    def connection_made(self, transport) -> None:
        if self._aborted:
            transport.abort()
            return
        self._transport = transport
        self._hub.sockets[self._connection] = self  # not before: TLS may fail, and nothing follows
        transport.set_write_buffer_limits(0)  # what waits, waits in weir
        self._flush()
        self._hub.arm()

    def get_buffer(self, _) -> memoryview:
        self._buffer = self._connection.input_buffer()
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        self._hub.touch()
        connection, messages = self._connection, self._messages
        known, left = len(messages), count
        while left:
            used, size, others = connection.take_filled(left, self._append)
            left -= used
            self._held += size
            for event in others:
                self._on_event(event)
            if messages and not self._closing and (
                    left or connection.wants_number() & _WANT_EVENTS):
                # A Close may follow these messages: it waits until they are answered.
                self._hold(self._buffer[count - left:count])
                break
        if len(messages) > known:
            if self._reading and not self.closed and not self._has_room():
                self._pause()  # but not behind the end, which would not be seen
            receiver = self._receiver
            if receiver and not receiver.done():
                self._flushing = True  # what it sends leaves together, below
                if asyncio.current_task(self._loop):
                    receiver.arrive_later()
                else:
                    receiver.arrive()
        if self._rest is not None and self._reading:
            self._pause()
        self._flush()

    def _hold(self, rest: memoryview) -> None:
        """Keep input until the messages that wait are taken. There may be no bytes of it: weir has
        seen the head of an empty Close."""
        self._rest, self._rest_at = bytearray(rest), 0
        self._held_since = self._loop.time()

    def _take_rest(self) -> None:
        """Go on with input that was held back, by one call of weir."""
        rest, connection = self._rest, self._connection
        used, size, others = connection.take(rest, self._rest_at, self._append)
        self._rest_at += used
        self._held += size
        waits = self._messages and connection.wants_number() & _WANT_EVENTS
        if self._rest_at == len(rest) and not waits:
            self._rest = None
        for event in others:
            self._on_event(event)
        if self._rest is None:
            self._resume_if_room()
            self.settle()

    def _take_what_fits(self) -> None:
        """Go on without waiting for replies, as far as messages may be queued."""
        while self._rest is not None and self._has_room():
            self._take_rest()

    def _wake(self) -> None:
        if self._receiver and not self._receiver.done():
            self._receiver.arrive_later()

    def eof_received(self) -> None:
        self._end_input()

    def connection_lost(self, _) -> None:
        if self._aborted:
            return
        self._end_input()
        self._hub.paused.discard(self)
        del self._hub.sockets[self._connection]
        self._connection.free()
        self._lost.set_result(None)
        if self.opened.done() and not self.opened.cancelled():
            self.opened.exception()  # it may be that nobody waits for it

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._flush()

    # ---- Between asyncio and weir ----

    def _flush(self) -> None:
        """Write what waits, as far as the transport takes it."""
        self._flushing = False
        if self._transport is None:
            return
        self._write()
        if self._connection.wants_number() & _WANT_MORE:
            self.settle()

    def _write(self) -> None:
        connection = self._connection
        while self._writable:
            data = connection.output()
            if data:
                self._transport.write(data)
            if not connection.more:
                return

    def _end_input(self) -> None:
        self._take_what_fits()
        self._rest = None
        for event in self._connection.receive_eof():
            self._on_event(event)
        self.settle()

    def settle(self) -> None:
        """Take the events that wait, write, and do what else the connection wants."""
        if self._transport is None:
            return
        while True:
            self._write()
            wants = self._connection.wants
            if not wants & Want.EVENTS or self._rest is not None and not self._may_take_events():
                break
            for event in self._connection.events():
                self._on_event(event)
        if wants & Want.CLOSE:
            if self._writable or self.closed and self.closed.clean:
                self._close_transport()
            else:
                self._transport.abort()  # nobody waits for what is left
        elif wants & Want.SHUTDOWN_WRITE:
            if not self._transport.can_write_eof():
                self._transport.close()  # TLS ends in both directions at once
                return
            try:
                self._transport.write_eof()
            except OSError:
                self._transport.abort()  # the peer was faster

    def _close_transport(self) -> None:
        """Let it write what is left, unless the peer does not read it in time."""
        limit = self._hub.context.get(Option.CLOSE_TIMEOUT_MS)
        if not (self._writable or limit is None or self._transport.is_closing()):
            self._loop.call_later(limit / 1000, self._transport.abort)
        self._transport.close()

    def _may_take_events(self) -> bool:
        """Whether those that wait while input is held are no Close: the room that send waits for,
        or a deadline's."""
        if self._connection.state != State.OPEN:
            self._rest = None
        elif self._full and not self._connection.get_buffered_amount():
            for event in self._connection.take(bytearray(), 0, self._append)[2]:
                self._on_event(event)
        return self._rest is None

    def _on_event(self, event: Event) -> None:
        action = _ACTIONS.get(event.type)
        if action:
            action(self, event)

    def _on_message(self, event: Event) -> None:
        self._append(event.message)
        self._held += len(event.data)
        self._wake()

    def _on_request_event(self, event: Event) -> None:
        upgrade = event.type == EventType.REQUEST
        self.request = self._read_request(upgrade)
        answer = None
        try:
            answer = self._on_request(self.request) if self._on_request else None
        except Exception:
            log.exception("on_request failed")
            answer = Response(500)
        if inspect.isawaitable(answer):
            self._task = self._loop.create_task(self._answer_later(answer))
        else:
            self._answer(answer)

    async def _answer_later(self, answer: Awaitable) -> None:
        try:
            found = await answer
        except Exception:
            log.exception("on_request failed")
            found = Response(500)
        if not self.closed:
            self._answer(found)
            self.settle()

    def _answer(self, answer: str | Response | None) -> None:
        request, connection = self.request, self._connection
        assert request
        if answer is None and not request.upgrade:
            answer = Response(426)
        try:
            if isinstance(answer, Response):
                connection.respond(*answer)
            else:
                spoken = self._hub.subprotocols
                chosen = next((name for name in request.subprotocols if name in spoken), "")
                connection.accept(chosen if answer is None else answer)
        except Error:
            log.exception("this answer to a request cannot be given")
            connection.respond(500)

    def _read_request(self, upgrade: bool) -> Request:
        connection, offered = self._connection, []
        while (name := connection.offered_subprotocol(len(offered)) if upgrade else None):
            offered.append(name)
        texts = [connection.text(which) or "" for which in (TextId.METHOD, TextId.PATH,
                                                            TextId.QUERY)]
        return Request(*texts, connection.headers(), offered, upgrade)

    def _on_open_event(self, event: Event) -> None:
        connection = self._connection
        self.subprotocol = connection.text(TextId.SUBPROTOCOL) or None
        if self._on_open:
            if not self.request:  # option auto_accept
                self.request = self._read_request(False)._replace(upgrade=True)
            self._on_open(self)
        else:
            self.response = Response(event.code, connection.headers())
        if not self.opened.done():
            self.opened.set_result(None)

    def _on_rejected(self, event: Event) -> None:
        self.response = Response(event.code, self._connection.headers(), event.data)
        if not self.opened.done():
            self.opened.set_exception(Rejected(self.response))

    def _on_pong(self, event: Event) -> None:
        """Resolve this ping and those before it: a newer one may have taken their place."""
        if event.data not in self._pings:
            return
        now = self._loop.time()
        for data in list(self._pings):
            waiter, begin = self._pings.pop(data)
            if not waiter.done():
                waiter.set_result(now - begin)
            if data == event.data:
                break

    def _on_writable(self, _: Event) -> None:
        self._full = False
        senders, self._senders = self._senders, []
        for sender in senders:
            if not sender.done():
                sender.set_result(None)

    def _on_closed(self, _: Event | None = None) -> None:
        report = self._connection.report()
        self.closed = ConnectionClosed(report.code, report.reason, report.cause,
                                       bool(report.clean))
        if not self.opened.done():
            self.opened.set_exception(self._closed_again())
        self._wake()
        for sender in self._senders:
            if not sender.done():
                sender.set_result(None)
        for waiter, _begin in self._pings.values():
            if not waiter.done():
                waiter.set_exception(self._closed_again())
        self._pings.clear()
        self._rest = None
        if not self._reading:
            self._resume()


_ACTIONS = {
    EventType.MESSAGE: WebSocket._on_message,
    EventType.REQUEST: WebSocket._on_request_event,
    EventType.HTTP: WebSocket._on_request_event,
    EventType.OPEN: WebSocket._on_open_event,
    EventType.REJECTED: WebSocket._on_rejected,
    EventType.PONG: WebSocket._on_pong,
    EventType.WRITABLE: WebSocket._on_writable,
    EventType.CLOSED: WebSocket._on_closed,
}


# ---- Servers -------------------------------------------------------------------------------------

class Server:
    """What serve gives: listens until it is closed."""

    def __init__(self, handler: Handler, max_queue: int, on_request: OnRequest | None,
                 options: dict[str, Any]):
        self._handler, self._max_queue, self._on_request = handler, max_queue, on_request
        self._hub = _Hub(options)
        self._tasks: set[asyncio.Task] = set()
        self._listener: asyncio.Server = None  # type: ignore[assignment]

    @property
    def context(self) -> Context:
        """What all connections share, for stats and prepared messages."""
        return self._hub.context

    @property
    def connections(self) -> list[WebSocket]:
        """Those that are open."""
        return [socket for socket in self._hub.sockets.values() if socket.state == State.OPEN]

    @property
    def sockets(self) -> Any:
        """The listening sockets of the system."""
        return self._listener.sockets

    @property
    def port(self) -> int:
        """Where it listens: for port 0."""
        return self._listener.sockets[0].getsockname()[1]

    def broadcast(self, message: Data | Message, compression: int = 0,
                  to: Iterable[WebSocket] | None = None) -> list[WebSocket]:
        """Send to all open connections, or to those given, without waiting; gives those whose
        queues are too full for it. The message is framed, and compressed, once."""
        prepared = message if isinstance(message, Message) else self.context.message(
            message, compression)
        return [socket for socket in (self.connections if to is None else to)
                if not socket.send_nowait(prepared)]

    async def close(self, code: int = 1001, reason: str = "") -> None:
        """Stop listening, close all connections, and wait for them and their handlers."""
        self._listener.close()
        for socket in list(self._hub.sockets.values()):
            socket.start_close(code, reason)
        for socket in list(self._hub.sockets.values()):
            await socket.wait_closed()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def serve_forever(self) -> None:
        """Wait until the task is cancelled, then close."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.close()

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(self, *_) -> None:
        await self.close()

    def _accept(self) -> WebSocket:
        self._hub.touch()  # its deadlines count from the time told last
        return WebSocket(self._hub, self._hub.context.server(), self._max_queue, self._on_request,
                         self._start)

    def _start(self, socket: WebSocket) -> None:
        task = self._hub.loop.create_task(self._run(socket))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, socket: WebSocket) -> None:
        code = 1000
        try:
            await self._handler(socket)
        except ConnectionClosed:
            pass
        except asyncio.CancelledError:
            code = 1001
            raise
        except Exception:
            log.exception("the handler of a connection failed")
            code = 1011
        finally:
            socket.start_close(code)
        await socket.wait_closed()


class serve:
    """Serve WebSocket: `async with serve(handler, host, port) as server`, or await it.

    handler(socket) is run for each connection; when it returns the connection is closed.
    on_request(request) may give a Response to refuse, a subprotocol, or None: accept, with the
    client's first subprotocol that the option subprotocols names. It may be a coroutine.
    max_queue is how many messages may wait for the handler before reading pauses; ssl and what
    asyncio's create_server knows (sock, backlog, reuse_port ...) is passed on by listen.
    All other options are those of weir_config: max_message_bytes=65536, origins=[...].
    """

    def __init__(self, handler: Handler, host: str | None = None, port: int | None = None, *,
                 ssl: Any = None, on_request: OnRequest | None = None, max_queue: int = MAX_QUEUE,
                 listen: dict[str, Any] | None = None, **options: Any):
        self._server_arguments = handler, max_queue, on_request, options
        self._listen = {"host": host, "port": port, "ssl": ssl, **(listen or {})}

    async def _open(self) -> Server:
        server = Server(*self._server_arguments)
        server._listener = await asyncio.get_running_loop().create_server(
            server._accept, **self._listen)
        return server

    def __await__(self):
        return self._open().__await__()

    async def __aenter__(self) -> Server:
        self._server = await self._open()
        return self._server

    async def __aexit__(self, *_) -> None:
        await self._server.close()


# ---- Clients -------------------------------------------------------------------------------------

class connect:
    """Connect to a WebSocket server: `async with connect(url) as socket`, or await it.

    ssl is an SSLContext for wss: URLs, else the default one is used; host and port are where to
    connect when it is not what the URL says. Raises Rejected when the server answers without an
    upgrade, ConnectionClosed when the handshake fails, OSError when there is no connection. All
    other options are those of weir_config: max_message_bytes=None, deflate=Deflate.PREFERRED.
    """

    def __init__(self, url: str, *, subprotocols: Iterable[str] = (), origin: str = "",
                 headers: Headers = (), ssl: Any = None, host: str | None = None,
                 port: int | None = None, max_queue: int = MAX_QUEUE, **options: Any):
        self._request = url, subprotocols, origin, headers
        self._url, self._host, self._port, self._ssl = url, host, port, ssl
        self._max_queue, self._options = max_queue, options

    async def _open(self) -> WebSocket:
        to, hub = parse_url(self._url), _Hub(self._options)
        connection = hub.context.client(*self._request)
        tls = {"ssl": self._ssl or True, "server_hostname": to.host} if to.secure else {}
        limit = hub.context.get(Option.CONNECT_TIMEOUT_MS)
        socket = WebSocket(hub, connection, self._max_queue)
        # Not wait_for: before Python 3.12 it loses a cancellation that comes with the result.
        connecting = hub.loop.create_task(hub.loop.create_connection(
            lambda: socket, self._host or to.host, self._port or to.port, **tls))
        try:
            await asyncio.wait([connecting], timeout=None if limit is None else limit / 1000)
            if not connecting.done():
                raise TimeoutError("there is no connection yet")
            connecting.result()
            await socket.opened
        except BaseException:
            connecting.cancel()
            socket.abort()
            raise
        return socket

    def __await__(self):
        return self._open().__await__()

    async def __aenter__(self) -> WebSocket:
        self._socket = await self._open()
        return self._socket

    async def __aexit__(self, *_) -> None:
        await self._socket.close()
