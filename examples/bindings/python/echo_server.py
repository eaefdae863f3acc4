#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An echo server on asyncio: every message comes back. SIGTERM or SIGINT: all get 1001."""

import argparse
import asyncio
import signal

from weir import Context, Deflate, Error, EventType, Want

TICK = 1.0  # seconds between two looks at the deadlines, at most


class Server:
    """What the connections of one port share."""

    def __init__(self, **options):
        # max_queued_bytes: reading pauses above high water, so that the queue stays bounded by one
        # read and one message.
        self.context = Context(max_fragments=None, max_queued_bytes=None, **options)
        self.protocols = {}
        self.empty = asyncio.Event()
        self.set_time()

    def set_time(self):
        self.context.set_time(asyncio.get_running_loop().time())

    async def keep_time(self):
        while True:
            self.set_time()
            for connection in self.context.ready():
                self.protocols[connection].handle(connection.events())
            due = self.context.next_due()
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(TICK if due is None else min(max(due - now, 0), TICK))

    async def close(self):
        for protocol in list(self.protocols.values()):
            protocol.close(1001)
        while self.protocols:
            self.empty.clear()
            await self.empty.wait()


class Echo(asyncio.BufferedProtocol):
    """One connection between its transport and weir."""

    def __init__(self, server):
        self.server = server
        self.connection = server.context.server()
        self.writable = True
        server.protocols[self.connection] = self

    # ---- What asyncio calls ----

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(0)  # what waits, waits in weir

    def get_buffer(self, _):
        return self.connection.input_buffer()

    def buffer_updated(self, count):
        self.server.set_time()
        self.handle(self.connection.input_filled(count))

    def eof_received(self):
        self.handle(self.connection.receive_eof())

    def connection_lost(self, _):
        self.connection.receive_eof()
        self.connection.free()
        del self.server.protocols[self.connection]
        self.server.empty.set()

    def pause_writing(self):
        self.writable = False

    def resume_writing(self):
        self.writable = True
        self.handle(())

    # ---- What weir says ----

    def handle(self, events):
        for event in events:
            if event.type == EventType.REQUEST:
                self.connection.accept()
            elif event.type == EventType.MESSAGE:
                self.connection.send(event.message)
            elif event.type == EventType.HIGH_WATER:
                self.transport.pause_reading()
            elif event.type in (EventType.WRITABLE, EventType.CLOSED):
                self.transport.resume_reading()
        self.move()

    def move(self):
        """Write what waits, and do what else the connection wants of its transport."""
        while self.writable and self.connection.wants & Want.OUTPUT:
            self.transport.write(self.connection.output())
        wants = self.connection.wants
        if wants & Want.EVENTS:
            self.handle(self.connection.events())
        elif wants & Want.CLOSE:
            self.end()
        elif wants & Want.SHUTDOWN_WRITE:
            self.transport.write_eof()

    def end(self):
        if self.connection.report().clean:
            self.transport.close()
        else:
            self.transport.abort()  # nobody waits for what is left

    def close(self, code):
        try:
            self.connection.close(code)
        except Error:
            pass  # it is closing already
        self.transport.resume_reading()
        self.move()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: any")
    parser.add_argument("--max-message", type=int, default=64 * 1024 * 1024, help="bytes")
    parser.add_argument("--no-deflate", dest="deflate", action="store_const",
                        const=Deflate.OFF, default=Deflate.PREFERRED)
    options = parser.parse_args()

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    server = Server(max_message_bytes=options.max_message, deflate=options.deflate)
    listener = await loop.create_server(lambda: Echo(server), options.host, options.port)
    clock = loop.create_task(server.keep_time())
    host, port = listener.sockets[0].getsockname()[:2]
    print(f"listening on {host}:{port}", flush=True)

    await stop.wait()
    listener.close()
    await server.close()
    clock.cancel()


if __name__ == "__main__":
    asyncio.run(main())
