#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Send messages, or the lines of the standard input, to an echo server; print what comes back."""

import argparse
import asyncio
import sys

import weir


async def echo(socket, messages):
    """Send while reading: neither direction may fill up and stop the other."""
    async def send_all():
        for message in messages:
            await socket.send(message)

    sending, left = asyncio.create_task(send_all()), len(messages)
    try:
        while left:
            print(await socket.recv(), flush=True)
            left -= 1
        await sending
    except weir.ConnectionClosed:
        sending.cancel()


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("messages", nargs="*")
    parser.add_argument("--max-message", type=int, default=64 * 1024 * 1024, help="bytes")
    parser.add_argument("--no-deflate", dest="deflate", action="store_const",
                        const=weir.Deflate.OFF, default=weir.Deflate.PREFERRED)
    options = parser.parse_args()
    messages = options.messages or sys.stdin.read().splitlines()

    async with weir.connect(options.url, max_message_bytes=options.max_message, max_fragments=None,
                            deflate=options.deflate) as socket:
        await echo(socket, messages)
    print(f"closed: {socket.closed.code} {socket.closed.reason}".rstrip())


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (weir.Error, OSError) as error:
        sys.exit(f"{sys.argv[0]}: {error}")
