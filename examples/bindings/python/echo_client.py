#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Send messages, or the lines of the standard input, to an echo server; print what comes back."""

import argparse
import asyncio
import contextlib
import sys
from collections import deque

from weir import Context, Deflate, Error, EventType, Want, parse_url

TICK = 1.0  # seconds between two looks at the deadlines, at most
MAX_WAITING = 16  # received messages that wait for their reader


class Refused(Exception):
    """The server did not upgrade, or the connection failed."""


class Client(asyncio.BufferedProtocol):
    """What `async with connect(url)` gives: send, and `async for message in connection`."""

    def __init__(self, url, **options):
        loop = asyncio.get_running_loop()
        self.context = Context(max_fragments=None, **options)
        self.context.set_time(loop.time())
        self.connection = self.context.client(url)
        self.opened, self.lost = loop.create_future(), loop.create_future()
        self.messages = deque()
        self.news = asyncio.Event()  # a message, room to send, or the end
        self.writable, self.full = True, False
        self.rejected = ""

    # ---- What a program calls ----

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self.messages:
            if self.lost.done():
                raise StopAsyncIteration
            await self.wait()
        self.transport.resume_reading()
        return self.messages.popleft()

    async def send(self, message):
        while self.full and not self.lost.done():
            await self.wait()
        self.connection.send(message)
        self.move()

    def close(self, code=1000, reason=""):
        try:
            self.connection.close(code, reason)
        except Error:
            return  # it is closing already
        self.transport.resume_reading()
        self.move()

    # ---- What asyncio calls ----

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(0)  # what waits, waits in weir
        self.clock = asyncio.create_task(self.keep_time())
        self.move()

    def get_buffer(self, _):
        return self.connection.input_buffer()

    def buffer_updated(self, count):
        self.context.set_time(asyncio.get_running_loop().time())
        self.handle(self.connection.input_filled(count))

    def eof_received(self):
        self.handle(self.connection.receive_eof())

    def connection_lost(self, _):
        self.handle(self.connection.receive_eof())
        self.clock.cancel()
        self.lost.set_result(None)
        self.news.set()

    def pause_writing(self):
        self.writable = False

    def resume_writing(self):
        self.writable = True
        self.move()

    # ---- What weir says ----

    def handle(self, events):
        for event in events:
            if event.type == EventType.OPEN:
                self.opened.set_result(None)
            elif event.type == EventType.REJECTED:
                self.rejected = f"HTTP {event.code}"
            elif event.type == EventType.MESSAGE:
                self.messages.append(event.message)
                if len(self.messages) >= MAX_WAITING:
                    self.transport.pause_reading()
            elif event.type == EventType.HIGH_WATER:
                self.full = True
            elif event.type == EventType.WRITABLE:
                self.full = False
            elif event.type == EventType.CLOSED and not self.opened.done():
                text = self.rejected or self.connection.report().text
                self.opened.set_exception(Refused(text))
        self.news.set()
        self.move()

    def move(self):
        """Write what waits, and do what else the connection wants of its transport."""
        while self.writable and self.connection.wants & Want.OUTPUT:
            self.transport.write(self.connection.output())
        wants = self.connection.wants
        if wants & Want.EVENTS:
            self.handle(self.connection.events())
        elif wants & Want.CLOSE:
            self.transport.abort()
        elif wants & Want.SHUTDOWN_WRITE:
            self.transport.write_eof()

    async def wait(self):
        self.news.clear()
        await self.news.wait()

    async def keep_time(self):
        while True:
            now = asyncio.get_running_loop().time()
            self.context.set_time(now)
            for connection in self.context.ready():
                self.handle(connection.events())
            due = self.context.next_due()
            await asyncio.sleep(TICK if due is None else min(max(due - now, 0), TICK))


@contextlib.asynccontextmanager
async def connect(url, **options):
    to = parse_url(url)
    _, client = await asyncio.get_running_loop().create_connection(
        lambda: Client(url, **options), to.host, to.port, ssl=True if to.secure else None)
    try:
        await client.opened
        yield client
    finally:
        client.close()
        await client.lost


async def echo(client, messages):
    """Send while reading: neither direction may fill up and stop the other."""
    async def send_all():
        for message in messages:
            await client.send(message)

    sending = asyncio.create_task(send_all())
    left = len(messages)
    async for message in client:
        print(message, flush=True)
        left -= 1
        if left == 0:
            break
    await sending


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("messages", nargs="*")
    parser.add_argument("--max-message", type=int, default=64 * 1024 * 1024, help="bytes")
    parser.add_argument("--no-deflate", dest="deflate", action="store_const",
                        const=Deflate.OFF, default=Deflate.PREFERRED)
    options = parser.parse_args()
    messages = options.messages or sys.stdin.read().splitlines()

    policy = {"max_message_bytes": options.max_message, "deflate": options.deflate}
    async with connect(options.url, **policy) as client:
        if messages:
            await echo(client, messages)
    report = client.connection.report()
    print(f"closed: {report.code} {report.reason}".rstrip())


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (Refused, Error, OSError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
