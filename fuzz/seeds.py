#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""First inputs for each target, for when a format changes: seeds.py FOLDER writes FOLDER/<target>/."""

import itertools
import sys
import zlib
from pathlib import Path

TARGETS = {}


def frame(opcode, payload=b"", fin=1, rsv=0, masked=True, key=b"\x37\xfa\x21\x3d", form=0):
    n = len(payload)
    first = bytes([fin << 7 | rsv << 4 | opcode])
    mask = 0x80 if masked else 0
    if form == 8 or n > 65535:
        head = bytes([mask | 127]) + n.to_bytes(8, "big")
    elif form == 2 or n > 125:
        head = bytes([mask | 126]) + n.to_bytes(2, "big")
    else:
        head = bytes([mask | n])
    if not masked:
        return first + head + payload
    return first + head + key + bytes(b ^ key[i & 3] for i, b in enumerate(payload))


def pack(text, bits=15, level=9):
    z = zlib.compressobj(level, zlib.DEFLATED, -bits)
    return (z.compress(text) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


def close(code, reason=b""):
    return code.to_bytes(2, "big") + reason


TEXTS = [b"Hello", "Grüße, 世界 𝄞".encode(), b"", b"x" * 126, b"ab" * 200, b"\xed\xa0\x80", b"\xf0\x90\x8d"]


def streams(masked):
    def f(*args, **kw):
        return frame(*args, masked=masked, **kw)
    yield f(1, TEXTS[0]) + f(2, b"\x00\xff") + f(8, close(1000, b"bye"))
    yield b"".join(f(1, text) for text in TEXTS)
    yield f(1, b"Hel", fin=0) + f(9, b"ping") + f(0, b"lo", fin=0) + f(0, b"") + f(10, b"pong")
    yield f(2, b"") + f(9) + f(10) + f(8)
    yield f(1, TEXTS[1][:4], fin=0) + f(0, TEXTS[1][4:])
    yield f(2, b"z" * 200) + f(2, b"y" * 300, form=8)
    yield f(8, close(1005)) + f(1, b"late")
    yield f(8, b"\x03") + f(3, b"?") + f(11)
    yield f(1, b"a", rsv=4) + f(1, b"a", rsv=2)
    yield f(0, b"alone") + f(1, b"a", fin=0) + f(1, b"b")
    yield f(9, b"p" * 126) + f(9, b"", fin=0)
    yield frame(1, b"wrong", masked=not masked)
    for fins in itertools.product((0, 1), repeat=2):
        yield f(2, b"", fin=fins[0]) + f(0, b"", fin=fins[1]) + f(0, b"", fin=0) * 5
    yield f(9, b"!") * 30


SETTINGS = [bytes(s) for s in ([0, 0, 1, 0], [0, 3, 2, 0], [1, 0, 3, 0], [2, 1, 4, 0], [3, 0, 5, 0], [12, 3, 6, 0])]


def deflated(masked):
    def f(*args, **kw):
        return frame(*args, masked=masked, **kw)
    text = b"the quick brown fox jumps over the lazy dog; the quick brown fox. " * 8
    data = pack(text, 9)
    yield f(1, pack(b"Hello"), rsv=4) + f(1, pack(b"Hello"), rsv=4) + f(8, close(1000))
    yield f(2, data[:9], fin=0, rsv=4) + f(9, b"x") + f(0, data[9:30], fin=0) + f(0, data[30:]) + f(1, b"plain")
    yield f(1, b"", rsv=4) + f(1, pack(b"after nothing"), rsv=4)
    yield f(1, pack(b"\xff\xfe"), rsv=4)
    yield f(2, pack(b"\0" * 60000), rsv=4)
    yield f(2, pack(b"\0" * 70000), rsv=4)
    yield f(2, b"\x01\x03\x00\xfc\xffabc", rsv=4) + f(2, b"\x00\x03\x00\xfc\xffabc", rsv=4)
    yield f(2, b"\x03\x00", rsv=4) + f(2, pack(b"q"), rsv=4)
    yield f(2, b"\x00\x00\x00\xff\xff" * 9 + b"\x00", rsv=4)
    z = zlib.compressobj(9, zlib.DEFLATED, -9)
    yield b"".join(f(1, (z.compress(t) + z.flush(zlib.Z_SYNC_FLUSH))[:-4], rsv=4) for t in (text[:90], text[20:200], text))


REQUEST = (b"GET /chat?a=b HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
REQUEST_EXTRAS = [
    b"", b"Origin: http://a\r\nSec-WebSocket-Protocol: chat, superchat\r\n",
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-a; b=\"c\\\"d\"\r\n",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Cookie: a=b;  c=d \t\r\nX: \r\n",
    b" folded\r\n", b"Host: again\r\n", b"Sec-WebSocket-Version: 8\r\n", b"Bad Name: x\r\n", b"A\r\n",
]
RESPONSE = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: {accept}\r\n")
RESPONSE_EXTRAS = [
    b"", b"Sec-WebSocket-Protocol: chat\r\n", b"Sec-WebSocket-Extensions: permessage-deflate\r\n",
    b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_no_context_takeover\r\n",
    b"Sec-WebSocket-Protocol: other\r\n", b"Server: x\r\n and more\r\n", b"Sec-WebSocket-Extensions: x\r\n"]
REJECTIONS = [
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry", b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n4;x=\"y\"\r\nbody\r\n0\r\nTrailer: t\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 401\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/2 200 \r\n\r\n"]

TARGETS["frames_server"] = [s + x for s in SETTINGS for x in streams(True)]
TARGETS["frames_client"] = [s + x for s in SETTINGS for x in streams(False)]
TARGETS["frames_deflate"] = [
    bytes([limits, ways | server << 2 | case << 3, 7, 0]) + x for server in (0, 1) for case in range(4)
    for limits, ways in ((0, 0x20), (3, 0x41)) for x in deflated(bool(server))]
TARGETS["server_handshake"] = [
    bytes([policy, ways, 3, 0]) + REQUEST + extra + b"\r\n" + frame(1, b"Hello") for extra in REQUEST_EXTRAS
    for policy, ways in ((0, 1), (0xFF, 7), (0x10, 0), (0x20, 0x24))]
TARGETS["server_handshake"] += [bytes([policy, 0, 3, 0]) + line + b" HTTP/1.1\r\nHost: h\r\n\r\n" for policy in (0, 0x20)
                                for line in (b"GET /", b"POST /x", b"HEAD /", b"GET http://h/p?q", b"OPTIONS *", b"GET //")]
TARGETS["client_handshake"] = [
    bytes([policy, 2, 3, 0]) + b"".join(x) for policy in (0, 3, 0x1F)
    for x in [(RESPONSE, extra, b"\r\n", frame(1, b"Hi", masked=False)) for extra in RESPONSE_EXTRAS] + [(r,) for r in REJECTIONS]]
MESSAGES = [b"Hello", b"a" * 300, b"the quick brown fox jumps over the lazy dog " * 9, bytes(range(256)), b""]
TARGETS["inflate"] = [
    bytes([bits - 8 | takeover << 3, 0, 5, 0]) + pack(m, max(bits, 9), level) for bits in (8, 9, 12, 15)
    for takeover in (0, 1) for m in MESSAGES for level in (0, 1, 9)]
TARGETS["inflate"] += [bytes([15, 3, 5, 0]) + b"".join(len(p).to_bytes(2, "little") + p for p in map(pack, MESSAGES))]
TARGETS["deflate"] = [
    bytes([bits - 8 | level << 3, mode, 5, 0]) + plan for bits in (8, 11, 15) for level in range(4) for mode in (0, 1, 2, 7)
    for plan in (b"\x05Hello", b"\xc0\x20\xff\x83\x05\x00\x41\x09\x00\xff", bytes(range(250)), b"")]
LISTS = [
    b"permessage-deflate", b"permessage-deflate; client_max_window_bits", b"a, b;c;d=e;f=\"g\", ,h",
    b"permessage-deflate; server_no_context_takeover; client_max_window_bits=\"10\", permessage-deflate",
    b"x; y=\"\\z\\\"\"", b"permessage-deflate; server_max_window_bits=08", b"foo;", b";", b"\"", b", ,,a", b"a;b=\"c"]
TARGETS["extensions"] = [bytes([s, 0x2B, 7, 9]) + x for s in (0, 0x37, 0xFF) for x in LISTS]
TARGETS["url"] = [
    b"ws://host/", b"wss://h:8443/a/b?c=d&e", b"WS://[::1]:80/", b"ws://user@h/", b"ws://h/#f", b"ws://1.2.3.4:0?x",
    b"ws://h%20/", b"ws://[v1.x]/", b"ws://[::ffff:1.2.3.4]/", b"/path?q", b"http://h:1/p", b"*", b"h:80", b"[::]", b"ws:h"]
TARGETS["utf8"] = [bytes([n]) + t * 9 for n in (0, 9) for t in TEXTS] + [b"\0" + b"a" * 200 + t for t in TEXTS] + [
    b"\3" + "йцукен".encode() * 30 + b"\x80", b"\2" + "日本語".encode() * 40, b"\1" + "😀".encode() * 40 + b"\xf5"]
TARGETS["values"] = [b"\x00\x01\x02\x03dGhlIHNhbXBsZSBub25jZQ==", b"\1\2\3\4websocket, Upgrade", b"\x10\0\0\0a b c a",
                     b"\0\0\0\0\x81\xfe\x01\x00abcd", b"\0\0\0\0\x03\xe8bye", b"Sec-WebSocket-Key", bytes(range(256))]


def fields(pairs, rest=b""):
    out = b""
    for name, value in pairs:
        out += bytes([len(name), len(value)]) + name + value
    return b"\0\0\2\0" + out + b"\0\0" + rest


CONNECT = [(b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"https"), (b":path", b"/chat?x"),
           (b":authority", b"h"), (b"sec-websocket-version", b"13"), (b"origin", b"http://a")]
TARGETS["fields"] = [fields(CONNECT, frame(1, b"Hello")), fields(CONNECT + [(b"sec-websocket-protocol", b"chat, v2")]),
                     fields(CONNECT + [(b"sec-websocket-extensions", b"permessage-deflate")], frame(2, b"x")),
                     fields(CONNECT[1:]), fields(CONNECT + [(b"Upper", b"x"), (b"connection", b"upgrade")]),
                     fields(CONNECT + CONNECT), fields([(b":method", b"GET")] + CONNECT[1:])]


def proxy(ways, answer, host=b"target.example", user=b"", password=b"", fields=(), port=443):
    out = bytes([ways, 3]) + port.to_bytes(2, "little")
    for text in (host, *([user, password] if ways & 2 else ()), *fields):
        out += bytes([len(text)]) + text
    return out + answer


STANDS = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\n"
SOCKS = b"\5\0\0\1\1\2\3\4\0\x50"
TARGETS["proxy"] = [
    proxy(0, STANDS + b"target"), proxy(2, STANDS, user=b"me", password=b"secret"),
    proxy(4, STANDS, host=b"::1", fields=(b"User-Agent", b"x")), proxy(48, b"HTTP/1.1 103 E\r\n\r\n" + STANDS),
    proxy(0, b"HTTP/1.0 407 Who\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\r\n"), proxy(0, b"SSH-2.0-x\r\n"),
    proxy(0, b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nno\n"), proxy(1, b"\5\0" + SOCKS + b"target"),
    proxy(3, b"\5\2\1\0" + SOCKS, user=b"me", password=b"secret"), proxy(3, b"\5\2\1\1", user=b"m", password=b"x"),
    proxy(1, b"\5\xff"), proxy(1, b"\5\0\5\2\0\1\0\0\0\0\0\0"), proxy(1, b"\5\0\5\0\0\3\4name\0\x50", host=b"1.2.3.4"),
    proxy(1, b"\5\0\5\0\0\4" + bytes(18), host=b"2001:db8::1.2.3.4"), proxy(0, b"", host=b"a b"), proxy(0, b"", port=0)]
TARGETS["script"] = [bytes([a, b, 7, 0, 0, 0]) + bytes((i * step + a) & 255 for i in range(n)) for a in (0, 5, 64)
                     for b in (0, 3, 129) for step, n in ((1, 60), (7, 90), (13, 120), (29, 200))]

if __name__ == "__main__":
    for target, inputs in TARGETS.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / f"seed-{number:03}").write_bytes(data)
