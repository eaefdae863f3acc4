#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An echo server on asyncio: every message comes back. SIGTERM or SIGINT: all get 1001."""

import argparse
import asyncio
import signal

import weir


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: any")
    parser.add_argument("--max-message", type=int, default=64 * 1024 * 1024, help="bytes")
    parser.add_argument("--no-deflate", dest="deflate", action="store_const",
                        const=weir.Deflate.OFF, default=weir.Deflate.PREFERRED)
    options = parser.parse_args()

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    policy = {"max_message_bytes": options.max_message, "max_fragments": None,
              "deflate": options.deflate}
    async with weir.serve(echo, options.host, options.port, **policy) as server:
        print(f"listening on {options.host}:{server.port}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
