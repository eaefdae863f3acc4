// SPDX-License-Identifier: MIT
// The binding for Node: each of its ends against the package ws, against itself and echo_epoll.
// What is asked of each pair of ends holds for ws alone too: it is how ws behaves.
// matrix: none, because ws meets the library itself in ws_client and ws_server

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import {
    check, equal, need, needExamples, ROOT, runCases, startProgram, within, withServer,
} from "./support/harness.mjs";
import { hash } from "./support/ws.mjs";

need("koffi");
needExamples("echo_epoll");
const ours = await import("../../examples/bindings/node/weir.mjs");
const { C } = await import("../../examples/bindings/node/weir_ffi.mjs");
const ws = need("ws");

const PAIRS = {
    "weir to weir": [ours, ours], "weir to ws": [ours, ws], "ws to weir": [ws, ours],
    "ws to ws": [ws, ws],
};

// ---- Ends ---------------------------------------------------------------------------------------

/** What happens to a socket, from its start: closed, errors, next() message or [kind, data]. */
function watched(socket) {
    const queue = [], waiting = [];
    const put = (item) => (waiting.length > 0 ? waiting.shift()(item) : queue.push(item));
    socket.errors = [];
    socket.on("error", (error) => socket.errors.push(error));
    socket.on("message", (data, isBinary) => put(isBinary ? data : data.toString()));
    for (const kind of ["ping", "pong"])
        socket.on(kind, (data) => put([kind, data.toString()]));
    socket.closed = new Promise((resolve) => socket.on(
        "close", (code, reason) => resolve([code, reason.toString()])));
    socket.next = () => within(20, new Promise((resolve) => {
        queue.length > 0 ? resolve(queue.shift()) : waiting.push(resolve);
    }), "message");
    return socket;
}

async function listening(library, options = {}) {
    const server = new library.WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
    await within(10, once(server, "listening"), "listening");
    server.url = `ws://127.0.0.1:${server.address().port}/`;
    return server;
}

const opened = (socket) => within(10, new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("close", () => reject(socket.errors[0] ?? new Error("closed")));
}), "open");

/** A client and its counterpart in the server, both open, while `use` runs. */
async function withPair([client, server], use, { protocols = [], ofClient, ofServer, path } = {}) {
    const listener = await listening(server, ofServer);
    try {
        const arrived = once(listener, "connection");
        const left = watched(new client.WebSocket(
            listener.url + (path ?? ""), protocols, { perMessageDeflate: false, ...ofClient }));
        const accepted = arrived.then(([socket, request]) => [watched(socket), request]);
        await opened(left);
        const [right, request] = await within(10, accepted, "connection");
        await use(left, right, request, listener);
        left.terminate();
        right.terminate();
        await within(10, Promise.all([left.closed, right.closed]), "the end of both");
        equal(listener.clients.size, 0, "clients");
    } finally {
        const over = once(listener, "close");
        listener.close();
        await within(10, over, "end of the server");
    }
}

/** How a client's attempt ends: its errors and what closed it. */
async function refused(library, url, protocols = [], options = {}) {
    const socket = watched(new library.WebSocket(url, protocols, options));
    const statuses = [];
    socket.on("unexpected-response", (request, response) => {
        statuses.push(response.statusCode);
        request.destroy?.();
    });
    await within(10, Promise.race([socket.closed, once(socket, "unexpected-response")]), "end");
    return { status: statuses[0], socket };
}

async function rawServer(answer, use) {
    const server = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", (data) => socket.write(answer(data.toString())));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        await use(`ws://127.0.0.1:${server.address().port}/`);
    } finally {
        server.close();
    }
}

// ---- Each pair of ends --------------------------------------------------------------------------

const perPair = {
    messages__keep_their_kind_and_bytes: (pair) => withPair(pair, async (left, right) => {
        for (const [from, to] of [[left, right], [right, left]]) {
            for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
                const bytes = randomBytes(size), text = "é".repeat(size / 2);
                from.send(bytes);
                from.send(text);
                equal(hash(await to.next()), hash(bytes), size);
                equal(await to.next(), text, size);
            }
        }
    }),

    handlers__get_buffers_and_the_kind: (pair) => withPair(pair, async (left, right) => {
        const seen = [];
        right.on("message", (data, isBinary) => seen.push([Buffer.isBuffer(data), isBinary]));
        left.send("text");
        left.send(new Uint8Array([1, 2]).buffer);
        left.send(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
        left.send("as binary", { binary: true });
        left.send(Buffer.from("as text"), { binary: false });
        equal(await right.next(), "text");
        equal([...await right.next()], [1, 2]);
        equal([...await right.next()], [2, 3]);
        equal((await right.next()).toString(), "as binary");
        equal(await right.next(), "as text");
        equal(seen, [[true, false], [true, true], [true, true], [true, true], [true, false]]);
    }),

    async event_listeners__are_those_of_browsers([client, server]) {
        const listener = await listening(server);
        listener.on("connection", (socket) => {
            socket.onmessage = ({ data, type, target }) => {
                equal([type, target === socket], ["message", true]);
                if (data === "end") socket.close(1000, "done");
                else socket.send(data);
            };
        });
        const socket = new client.WebSocket(listener.url), seen = [];
        const note = (kind) => ({ type, data, code, reason, wasClean }) =>
            seen.push([kind, type, data, code, reason, wasClean].filter((each) => each ?? false));
        const twice = note("removed");
        equal(socket.onopen, null);
        socket.onopen = note("replaced");
        socket.onopen = note("open");
        equal(typeof socket.onopen, "function");
        socket.addEventListener("message", note("once"), { once: true });
        socket.addEventListener("message", { handleEvent: note("object") });
        socket.addEventListener("message", twice);
        socket.removeEventListener("message", twice);
        const closed = new Promise((resolve) => {
            socket.onclose = (event) => resolve(note("close")(event));
        });
        await within(10, once(socket, "open"), "open");
        socket.send("text");
        socket.send("more");
        await within(10, once(socket, "message"), "message");
        if (seen.length < 4) await within(10, once(socket, "message"), "second message");
        socket.send("end");
        await within(10, closed, "close");
        equal(seen, [["open", "open"], ["once", "message", "text"], ["object", "message", "text"],
            ["object", "message", "more"], ["close", "close", 1000, "done", true]]);
        listener.close();
    },

    array_buffers__come_when_asked_for: (pair) => withPair(pair, async (left, right) => {
        right.binaryType = "arraybuffer";
        left.send(Buffer.from([1, 2, 3]));
        left.send("text");
        const found = await right.next();
        check(found instanceof ArrayBuffer, "no ArrayBuffer");
        equal([...new Uint8Array(found)], [1, 2, 3]);
        equal(await right.next(), "text");
    }),

    numbers__are_sent_as_text: (pair) => withPair(pair, async (left, right) => {
        left.send(42);
        equal(await right.next(), "42");
    }),

    long_pings__are_refused: (pair) => withPair(pair, async (left, right) => {
        let error;
        try {
            left.ping("x".repeat(126));
        } catch (caught) {
            error = caught;
        }
        check(error instanceof RangeError, error);
        left.ping("x".repeat(125));
        equal((await right.next())[0], "ping");
    }),

    the_end_in_a_handler__is_the_end: (pair) => withPair(pair, async (left, right) => {
        right.on("message", () => right.terminate());
        left.send("one");
        equal(await within(10, left.closed, "close"), [1006, ""]);
        equal(await within(10, right.closed, "close"), [1006, ""]);
        equal(right.errors, []);
    }),

    a_close_in_a_handler__is_clean: (pair) => withPair(pair, async (left, right) => {
        right.on("message", () => right.close(4000, "enough"));
        left.send("one");
        equal(await within(10, left.closed, "close"), [4000, "enough"]);
        equal((await within(10, right.closed, "close"))[0], 4000);
    }),

    messages_of_the_first_turn__arrive: async ([client, server]) => {
        const listener = await listening(server);
        listener.on("connection", (socket) => {
            socket.send("one");
            setImmediate(() => socket.send("two"));
        });
        const socket = watched(new client.WebSocket(listener.url));
        equal([await socket.next(), await socket.next()], ["one", "two"]);
        socket.close();
        await within(10, socket.closed, "close");
        listener.close();
    },

    async closed_server__leaves_its_clients([client, server]) {
        const listener = await listening(server), arrived = once(listener, "connection");
        const left = watched(new client.WebSocket(listener.url));
        await opened(left);
        const right = watched((await arrived)[0]);
        const over = new Promise((resolve) => listener.close(resolve));
        left.send("still here");
        equal(await right.next(), "still here");
        const late = watched(new client.WebSocket(listener.url));
        equal((await within(10, late.closed, "close"))[0], 1006);
        left.close();
        await within(10, over, "end of the server");
        const again = await new Promise((resolve) => listener.close(resolve));
        check(/not running/.test(again?.message), again);
    },

    async a_port_in_use__is_an_error([, server]) {
        const first = await listening(server);
        const { port } = first.address();
        const second = new server.WebSocketServer({ port, host: "127.0.0.1" });
        const [error] = await within(10, once(second, "error"), "error");
        equal(error.code, "EADDRINUSE");
        first.close();
    },

    async plain_requests__are_told_to_upgrade([, server]) {
        const listener = await listening(server);
        const answer = await fetch(listener.url.replace("ws", "http"));
        equal([answer.status, await answer.text()], [426, "Upgrade Required"]);
        listener.close();
    },

    messages_of_one_turn__come_in_order: (pair) => withPair(pair, async (left, right) => {
        for (let number = 0; number < 5000; number++) left.send(`${number}`);
        for (let number = 0; number < 5000; number++) equal(await right.next(), `${number}`);
    }),

    small_and_large__keep_their_order: (pair) => withPair(pair, async (left, right) => {
        for (const [from, to] of [[left, right], [right, left]]) {
            const sent = [];
            for (let round = 0; round < 40; round++) {
                for (const size of [20, 16384, 0, 16383, 150000, 125]) {
                    const bytes = randomBytes(size);
                    sent.push(hash(bytes));
                    from.send(bytes);
                }
                const text = "é".repeat(9000 + round);
                sent.push(hash(text));
                from.send(text);
            }
            for (const [index, each] of sent.entries()) equal(hash(await to.next()), each, index);
        }
    }),

    messages_kept__do_not_change: (pair) => withPair(pair, async (left, right) => {
        const sums = [], kept = [];
        for (let number = 0; number < 300; number++) {
            const bytes = randomBytes(number * 37);
            sums.push(hash(bytes));
            left.send(bytes);
        }
        while (kept.length < 300) kept.push(await right.next());
        for (let number = 0; number < 50; number++) { // each in a read of its own
            const bytes = randomBytes(number);
            sums.push(hash(bytes));
            left.send(bytes);
            kept.push(await right.next());
        }
        equal(kept.map(hash), sums);
    }),

    fragments__come_as_one_message: (pair) => withPair(pair, async (left, right) => {
        for (const [from, to] of [[left, right], [right, left]]) {
            from.send("a", { fin: false });
            from.send("", { fin: false });
            from.ping("between");
            from.send("ö€", { fin: true });
            equal(await to.next(), ["ping", "between"]);
            equal(await to.next(), "aö€");
            equal(await from.next(), ["pong", "between"]);
        }
    }),

    pings__are_answered_and_pongs_come_alone: (pair) => withPair(pair, async (left, right) => {
        for (const [from, to] of [[left, right], [right, left]]) {
            for (const data of ["", "data", "x".repeat(125)]) {
                from.ping(data);
                equal(await to.next(), ["ping", data]);
                equal(await from.next(), ["pong", data]);
            }
            from.pong("alone");
            equal(await to.next(), ["pong", "alone"]);
        }
    }),

    async close_codes_and_reasons__arrive(pair) {
        const cases = [[1000, ""], [1000, "done"], [1001, ""], [3000, "r".repeat(123)],
            [4999, "größer"]];
        for (const [code, reason] of cases) {
            for (const fromClient of [true, false]) {
                await withPair(pair, async (left, right) => {
                    const [from, to] = fromClient ? [left, right] : [right, left];
                    from.close(code, reason);
                    equal(from.readyState, 2, "CLOSING");
                    equal(await within(10, to.closed, "close"), [code, reason]);
                    equal((await within(10, from.closed, "close"))[0], code);
                    equal([from.readyState, to.readyState], [3, 3]);
                    equal([from.errors.length, to.errors.length], [0, 0]);
                });
            }
        }
    },

    close_without_a_code__is_1005: (pair) => withPair(pair, async (left, right) => {
        left.close();
        equal(await within(10, right.closed, "close"), [1005, ""]);
        equal(await within(10, left.closed, "close"), [1005, ""]);
    }),

    messages_before_a_close__arrive: (pair) => withPair(pair, async (left, right) => {
        left.send("last");
        left.close(1000);
        equal(await right.next(), "last");
        equal((await right.closed)[0], 1000);
    }),

    async lost_transport__is_1006(pair) {
        for (const fromClient of [true, false]) {
            await withPair(pair, async (left, right) => {
                const [from, to] = fromClient ? [left, right] : [right, left];
                from.terminate();
                equal(await within(10, to.closed, "close"), [1006, ""]);
                equal(await within(10, from.closed, "close"), [1006, ""]);
                equal([from.errors.length, to.errors.length], [0, 0]);
            });
        }
    },

    async too_large__gets_1009_and_an_error(pair) {
        for (const perMessageDeflate of [false, { threshold: 0 }]) {
            const limit = { maxPayload: 1000, perMessageDeflate };
            await withPair(pair, async (left, right) => {
                left.send("x".repeat(1000));
                equal((await right.next()).length, 1000);
                left.send("x".repeat(1001));
                equal((await within(10, left.closed, "close"))[0], 1009);
                equal((await within(10, right.closed, "close"))[0], 1006);
                equal([left.errors.length, right.errors.length], [0, 1]);
            }, { ofServer: limit, ofClient: { perMessageDeflate } });
        }
    },

    subprotocol__is_the_first_offered: (pair) => withPair(pair, async (left, right) => {
        equal([left.protocol, right.protocol], ["one", "one"]);
    }, { protocols: ["one", "two"] }),

    subprotocol__is_what_the_handler_says: (pair) => withPair(pair, async (left, right) => {
        equal([left.protocol, right.protocol], ["two", "two"]);
    }, {
        protocols: ["one", "two"],
        ofServer: { handleProtocols: (names) => [...names].at(-1) },
    }),

    subprotocol__may_be_none: (pair) => withPair(pair, async (left, right) => {
        equal([left.protocol, right.protocol], ["", ""]);
    }),

    async compression__is_used_where_both_want_it(pair) {
        const text = "the same again ".repeat(400);
        for (const [ofClient, ofServer, agreed] of [[true, true, true], [true, false, false],
            [false, true, false]]) {
            await withPair(pair, async (left, right) => {
                const name = agreed ? "permessage-deflate" : "";
                equal([left.extensions, right.extensions], [name, name]);
                for (const [from, to] of [[left, right], [right, left]]) {
                    const before = from._socket.bytesWritten;
                    from.send(text);
                    equal(await to.next(), text);
                    equal(from._socket.bytesWritten - before < text.length / 4, agreed);
                    from.send(text, { compress: false });
                    equal(await to.next(), text);
                    check(from._socket.bytesWritten - before > text.length, "compress: false");
                }
            }, {
                ofClient: { perMessageDeflate: ofClient },
                ofServer: { perMessageDeflate: ofServer },
            });
        }
    },

    fragments_that_are_compressed__come_as_one: (pair) => withPair(pair, async (left, right) => {
        for (const [from, to] of [[left, right], [right, left]]) {
            for (let part = 0; part < 20; part++)
                from.send("repeated ".repeat(500), { fin: part === 19 });
            equal(await to.next(), "repeated ".repeat(10000));
        }
    }, {
        ofClient: { perMessageDeflate: { threshold: 0 } },
        ofServer: { perMessageDeflate: { threshold: 0 } },
    }),

    callbacks_of_send__follow_the_transport: (pair) => withPair(pair, async (left, right) => {
        const order = [];
        const all = new Promise((resolve) => {
            left.send("one", () => order.push(1));
            left.send("two", {}, (error) => order.push(error ?? 2));
            left.ping("", undefined, () => order.push(3));
            left.send("three", () => resolve(order.push(4)));
        });
        equal(order, [], "not at once");
        await within(10, all, "callbacks");
        equal(order, [1, 2, 3, 4]);
        left.close();
        const error = await new Promise((resolve) => left.send("late", resolve));
        check(error instanceof Error && /not open/.test(error.message), error);
        await right.closed;
    }),

    slow_reader__is_seen_by_the_sender: (pair) => withPair(pair, async (left, right) => {
        right.pause();
        equal(right.isPaused, true);
        const bytes = Buffer.alloc(1 << 20, 7);
        let done = 0;
        for (let number = 0; number < 24; number++) left.send(bytes, () => done++);
        await new Promise((resolve) => setTimeout(resolve, 100));
        check(done < 24, "all was taken though nobody reads");
        check(left.bufferedAmount > 4 << 20, `bufferedAmount ${left.bufferedAmount}`);
        right.resume();
        for (let number = 0; number < 24; number++) equal((await right.next()).length, 1 << 20);
        left.send("", () => done++);
        await right.next();
        equal([done >= 24, left.bufferedAmount], [true, 0]);
    }),

    request__reaches_the_server: (pair) => withPair(pair, async (left, right, request) => {
        equal([request.url, request.headers["x-own"]], ["/a?b=c", "value"]);
        equal(request.headers.origin, "http://example.org");
    }, {
        path: "a?b=c", ofClient: { headers: { "X-Own": "value" }, origin: "http://example.org" },
    }),

    async refusals__have_a_status([client, server]) {
        const refusals = [
            [{ verifyClient: () => false }, 401],
            [{ verifyClient: (info, then) => setImmediate(then, false, 403, "no") }, 403],
            [{ path: "/other" }, 400],
        ];
        for (const [options, wanted] of refusals) {
            const listener = await listening(server, options);
            const { status, socket } = await refused(client, listener.url);
            equal([status, socket.readyState >= 2 || client === ws], [wanted, true]);
            const plain = watched(new client.WebSocket(listener.url));
            equal((await within(10, plain.closed, "close"))[0], 1006);
            equal(plain.errors.map(({ message }) => message),
                [`Unexpected server response: ${wanted}`]);
            listener.close();
        }
    },

    verifyClient__may_let_in_later: (pair) => withPair(pair, async (left, right) => {
        right.send("in");
        equal(await left.next(), "in");
    }, { ofServer: { verifyClient: (info, then) => setTimeout(then, 20, true) } }),

    async bytes_behind_the_request__are_not_lost([, server]) {
        const listener = await listening(server, {
            verifyClient: (info, then) => setTimeout(then, 20, true),
        });
        const arrived = new Promise((resolve) => {
            listener.on("connection", (socket) => resolve(watched(socket)));
        });
        const socket = net.connect(listener.address().port, "127.0.0.1");
        socket.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
        const right = await within(10, arrived, "connection");
        equal(await right.next(), "hi");
        socket.destroy();
        equal((await right.closed)[0], 1006);
        listener.close();
    },

    async server_of_another__is_shared(pair) {
        const [client, server] = pair;
        const own = http.createServer((_, response) => response.end("plain"));
        own.listen(0, "127.0.0.1");
        await once(own, "listening");
        const url = `127.0.0.1:${own.address().port}/`;
        const some = new server.WebSocketServer({ noServer: true });
        own.on("upgrade", (request, socket, head) => some.handleUpgrade(
            request, socket, head, (arrived) => arrived.send(request.url)));
        const socket = watched(new client.WebSocket(`ws://${url}one`));
        equal(await socket.next(), "/one");
        equal(some.clients.size, 1);
        equal(await (await fetch(`http://${url}`)).text(), "plain");
        some.close();
        socket.close();
        await within(10, once(some, "close"), "close");
        own.close();
        own.closeAllConnections();
    },
};

// ---- The binding alone --------------------------------------------------------------------------

const RESPONSE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    + "Connection: Upgrade\r\n";

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
const CLOSE = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 255]);

/** Two connections that talk without a transport, in steps of so many bytes. */
function inMemory(step, options) {
    const context = new ours.Context(options), seen = [];
    const sink = (name) => ({
        onMessage: (data, isText) => seen.push([name, isText ? data.toString() : hash(data)]),
        onEvent(type, data, code, cause) {
            seen.push([name, type, data.toString(), code, cause]);
            if (type === C.EVENT_REQUEST) ends.server.accept("", { "Set-Cookie": ["a=1", "b=2"] });
        },
        onReady() {},
    });
    const ends = { server: context.server(sink("server")),
        client: context.client(sink("client"), { url: "ws://localhost/path" }) };
    const move = () => {
        for (let moved = true; moved;) {
            moved = false;
            for (const [from, to] of [[ends.client, ends.server], [ends.server, ends.client]]) {
                const bytes = Buffer.concat(from.output());
                for (let at = 0; at < bytes.length; at += step) {
                    const chunk = Buffer.from(bytes.subarray(at, at + step));
                    to.receive(chunk, to.owner);
                    chunk.fill(0xff); // nothing of it is held
                }
                moved ||= bytes.length > 0;
            }
        }
    };
    return { context, ...ends, seen, move };
}

const alone = {
    connections_in_memory__need_no_socket() {
        for (const step of [1, 2, 7, 100, 5000, 1 << 20]) {
            const { context, server, client, seen, move } = inMemory(
                step, { deflate: C.DEFLATE_PREFERRED });
            move();
            server.receive(Buffer.alloc(0), server.owner); // the event after the answer
            equal(seen.map(([name, type]) => [name, type]),
                [["server", C.EVENT_REQUEST], ["client", C.EVENT_OPEN], ["server", C.EVENT_OPEN]],
                "events of the handshake");
            const bytes = randomBytes(20000), text = "text ".repeat(3000);
            for (const [from, name] of [[client, "server"], [server, "client"]]) {
                seen.length = 0;
                for (const data of ["", "one", "ö", text, text, bytes])
                    equal(from.send(typeof data === "string" ? C.TEXT : C.BINARY, data), 0);
                move();
                equal(seen, [[name, ""], [name, "one"], [name, "ö"], [name, text],
                    [name, text], [name, hash(bytes)]], `step ${step}`);
            }
            seen.length = 0;
            equal(server.close(1000, "bye"), 0);
            move();
            client.receiveEof(client.owner);
            equal(seen.map(([name, type, data, code]) => [name, type, data, code]),
                [["client", C.EVENT_CLOSE, "bye", 1000], ["server", C.EVENT_CLOSE, "", 1000],
                    ["server", C.EVENT_CLOSED, "", 1000], ["client", C.EVENT_CLOSED, "bye", 1000]],
                `step ${step}`);
            server.free();
            client.free();
            client.free();
            context.free();
        }
    },

    a_connection_that_got_nothing__ends() {
        const seen = [], context = new ours.Context({});
        const server = context.server({});
        server.receive(Buffer.alloc(0), {});
        server.receiveEof({ onEvent: (type, data, code) => seen.push([type, code]) });
        equal(seen, [[C.EVENT_CLOSED, 1006]]);
        equal(server.output(), []);
        server.free();
        context.free();
    },

    async policies_of_clients__do_not_mix() {
        const listener = await listening(ours);
        listener.on("connection", (socket) => socket.send("x".repeat(1000)));
        for (const [maxPayload, code] of [[999, 1006], [1000, 1000], [999, 1006]]) {
            const socket = watched(new ours.WebSocket(listener.url, { maxPayload }));
            socket.on("message", () => socket.close(1000));
            equal((await within(10, socket.closed, "close"))[0], code);
        }
        listener.close();
    },

    async options_of_weir__are_taken_by_name() {
        const listener = await listening(ours, { weir: { origins: "http://a http://b" } });
        const status = async (origin) =>
            (await refused(ours, listener.url, [], { origin })).status;
        equal(await status("http://c"), 403);
        const socket = new ours.WebSocket(listener.url, { origin: "http://b" });
        await opened(watched(socket));
        socket.terminate();
        listener.close();
        let error;
        try {
            new ours.WebSocketServer({ noServer: true, weir: { no_such: 1 } });
        } catch (caught) {
            error = caught;
        }
        check(error instanceof TypeError && /no_such/.test(error.message), error);
    },

    async faulty_requests__are_answered_or_told() {
        const request = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: no\r\n\r\n";
        const answerOf = (listener) => new Promise((resolve) => {
            let text = "";
            const socket = net.connect(listener.address().port, "127.0.0.1");
            socket.on("data", (data) => (text += data));
            socket.on("close", () => resolve(text));
            socket.write(request);
        });
        const listener = await listening(ours);
        check((await within(10, answerOf(listener), "answer")).startsWith("HTTP/1.1 400 "), "400");
        const codes = [];
        listener.on("wsClientError", (error, socket) => {
            codes.push(error.code);
            socket.end("own");
        });
        equal(await within(10, answerOf(listener), "answer"), "own");
        equal(codes, ["WEIR_E_KEY"]);
        listener.close();
    },

    a_handler_that_throws__ends_its_connection: () => withPair(
        PAIRS["weir to weir"], async (left, right) => {
            const caught = once(process, "uncaughtException");
            right.once("message", () => {
                throw new Error("of the handler");
            });
            left.send("one");
            left.send("two");
            equal((await within(10, caught, "uncaughtException"))[0].message, "of the handler");
            equal((await within(10, left.closed, "close"))[0], 1006);
            equal((await within(10, right.closed, "close"))[0], 1006);
        }),

    async silent_server__ends_the_handshake() {
        await rawServer(() => "", async (url) => {
            const socket = watched(new ours.WebSocket(url, { handshakeTimeout: 100 }));
            equal(await within(10, socket.closed, "close"), [1006, ""]);
            equal(socket.errors.map(({ code }) => code), ["WEIR_E_HANDSHAKE_TIMEOUT"]);
        });
    },

    async silent_peer__is_cut_off() {
        const listener = await listening(ours, { closeTimeout: 100 });
        const arrived = once(listener, "connection");
        const client = watched(new ours.WebSocket(listener.url));
        await opened(client);
        const [server] = await arrived;
        watched(server);
        client.pause();
        server.close();
        equal(await within(10, server.closed, "close"), [1006, ""]);
        client.terminate();
        await client.closed;
        listener.close();
    },

    async peer_that_does_not_read__is_cut_off() {
        for (const [last, code] of [[null, 1006], [CLOSE, 1000]]) {
            const listener = await listening(ours, { closeTimeout: 100 });
            const arrived = once(listener, "connection");
            const socket = net.connect(listener.address().port, "127.0.0.1").pause();
            socket.on("error", () => {});
            socket.write(REQUEST);
            const [server] = await within(10, arrived, "connection");
            watched(server);
            server.send(Buffer.alloc(64 << 20)); // more than a system's buffers take
            if (last) socket.write(last);
            else server.close();
            equal((await within(10, server.closed, "close"))[0], code);
            socket.destroy();
            listener.close();
        }
    },

    async answer_to_a_client_that_is_gone__is_dropped() {
        for (const isGood of [true, false]) {
            let asked;
            const question = new Promise((resolve) => (asked = resolve));
            const listener = await listening(ours, {
                verifyClient: (info, answer) => asked([info.req.socket, answer]) });
            listener.on("connection", () => check(false, "connection"));
            const socket = net.connect(listener.address().port, "127.0.0.1");
            socket.on("error", () => {});
            socket.write(REQUEST);
            const [theirs, answer] = await within(10, question, "question");
            const gone = new Promise((resolve) => theirs.on("close", resolve));
            socket.resetAndDestroy();
            await within(10, gone, "reset");
            answer(isGood);
            answer(!isGood);
            const over = once(listener, "close");
            listener.close();
            await within(10, over, "end of the server");
        }
    },

    second_answer__is_ignored: () => withPair(PAIRS["weir to weir"], async (left, right) => {
        right.send("in");
        equal(await left.next(), "in");
    }, {
        ofServer: {
            verifyClient(info, answer) {
                for (const isGood of [true, false, true]) answer(isGood);
            },
        },
    }),

    async server_of_another_that_goes_on__gets_503_when_closed() {
        const own = http.createServer().listen(0, "127.0.0.1");
        await once(own, "listening");
        const some = new ours.WebSocketServer({ noServer: true });
        own.on("upgrade", (...request) => some.handleUpgrade(
            ...request, () => check(false, "accepted")));
        some.close();
        await within(10, once(some, "close"), "close");
        equal((await refused(ours, `ws://127.0.0.1:${own.address().port}/`)).status, 503);
        own.close();
        own.closeAllConnections();
    },

    transport_that_cannot_be_opened__leaves_no_connection() {
        const { client } = ours.Context.prototype, made = [];
        ours.Context.prototype.client = function record(...args) {
            made.push(client.apply(this, args));
            return made.at(-1);
        };
        const wrong = [{ key: "no key", cert: "none" }, { createConnection: () => null }];
        const kinds = wrong.map((options) => {
            try {
                new ours.WebSocket("wss://localhost:1/", options);
            } catch (error) {
                return error instanceof Error;
            }
            return false;
        });
        ours.Context.prototype.client = client;
        equal(kinds, [true, true]);
        equal(made.map(({ handle }) => handle), [0, 0]);
    },

    async library_without_a_folder__is_not_described_by_the_current_one() {
        const folder = mkdtempSync(path.join(tmpdir(), "weir-"));
        try {
            cpSync(path.join(ROOT, "examples/bindings/node"), path.join(folder, "package"),
                { recursive: true });
            const api = JSON.parse(readFileSync(
                path.join(path.dirname(process.env.WEIR_LIB), "weir_api.json"), "utf8"));
            const write = (place, description) => writeFileSync(
                path.join(folder, place, "weir_api.json"), JSON.stringify(description));
            const importing = async () => {
                const run = startProgram(process.execPath,
                    ["-e", "import('./package/weir.mjs').then(() => console.log('there'))"],
                    { cwd: folder, env: { ...process.env, WEIR_LIB: "libweir.so",
                        LD_LIBRARY_PATH: path.dirname(process.env.WEIR_LIB) } });
                return [await within(20, run.exited, "end"), run.errors];
            };
            write("", { format: 0 });
            write("package", api);
            equal(await importing(), [0, ""]);
            write("package", { ...api, version: "9.9.0" });
            const [status, errors] = await importing();
            check(status !== 0 && /not of version 9\.9\.0/.test(errors), errors);
        } finally {
            rmSync(folder, { recursive: true });
        }
    },

    wrong_arguments__throw() {
        const kinds = ["http//x", "ftp://x", "ws://x/#part"].map((url) => {
            try {
                new ours.WebSocket(url);
            } catch (error) {
                return error.name;
            }
            return "none";
        });
        equal(kinds, ["TypeError", "SyntaxError", "SyntaxError"]);
        for (const options of [{}, { port: 0, noServer: true }]) {
            let error;
            try {
                new ours.WebSocketServer(options);
            } catch (caught) {
                error = caught;
            }
            check(error instanceof TypeError, JSON.stringify(options));
        }
    },

    codes_that_may_not_be_sent__throw: () => withPair(PAIRS["weir to weir"], async (left) => {
        const wrong = [[999], [1005], [1006], [2000], [5000], [1000, "r".repeat(124)]];
        const kinds = wrong.map((args) => {
            try {
                left.close(...args);
            } catch (error) {
                return error.name;
            }
            return "none";
        });
        equal(kinds, [...Array(5).fill("TypeError"), "RangeError"]);
        equal(left.readyState, 1);
    }),

    async send_before_open__throws() {
        const listener = await listening(ours);
        const socket = watched(new ours.WebSocket(listener.url));
        let error;
        try {
            socket.send("early");
        } catch (caught) {
            error = caught;
        }
        check(/readyState 0/.test(error?.message), error);
        socket.close();
        equal(await within(10, socket.closed, "close"), [1006, ""]);
        equal(socket.errors.length, 1);
        listener.close();
    },

    async wrong_key__is_an_error() {
        await rawServer(() => `${RESPONSE}Sec-WebSocket-Accept: AAAA\r\n\r\n`, async (url) => {
            const socket = watched(new ours.WebSocket(url));
            equal(await within(10, socket.closed, "close"), [1006, ""]);
            equal(socket.errors.map(({ code }) => code), ["WEIR_E_ACCEPT"]);
        });
    },

    async nobody_listening__is_an_error() {
        const listener = await listening(ours);
        listener.close();
        await once(listener, "close");
        const socket = watched(new ours.WebSocket(listener.url));
        equal(await within(10, socket.closed, "close"), [1006, ""]);
        equal(socket.errors.map(({ code }) => code), ["ECONNREFUSED"]);
    },

    socket_of_the_callers__is_used: async () => {
        const listener = await listening(ours);
        listener.on("connection", (client) => client.send("hello"));
        const socket = net.connect(listener.address().port, "127.0.0.1");
        await once(socket, "connect");
        const client = watched(new ours.WebSocket("ws://any.example/", [], { socket }));
        equal(await client.next(), "hello");
        client.close();
        await client.closed;
        listener.close();
    },

    async faults_of_the_peer__end_with_an_error() {
        const faults = [[1002, [0x83, 0x80, 0, 0, 0, 0]], [1007, [0x81, 0x81, 0, 0, 0, 0, 0xff]],
            [1002, [0x81, 0x01, 0x61]]];
        for (const [code, bytes] of faults) {
            await withPair(PAIRS["ws to weir"], async (left, right) => {
                left._socket.write(Buffer.from(bytes));
                equal((await within(10, left.closed, "close"))[0], code);
                await right.closed;
                equal(right.errors.map(({ wire }) => wire), [code]);
            });
        }
    },

    echo_epoll__echoes: () => withServer("echo_epoll", [], async ({ url }) => {
        for (const perMessageDeflate of [false, { threshold: 0 }]) {
            const socket = watched(new ours.WebSocket(url, { perMessageDeflate }));
            await opened(socket);
            for (const size of [0, 1, 125, 126, 65535, 65536, 3 << 20]) {
                const bytes = randomBytes(size);
                socket.send(bytes);
                equal(hash(await socket.next()), hash(bytes), size);
                socket.send("é".repeat(size / 2));
                equal(await socket.next(), "é".repeat(size / 2));
            }
            socket.close(1000);
            equal((await within(10, socket.closed, "close"))[0], 1000);
        }
    }),
};

const cases = {};
for (const [name, pair] of Object.entries(PAIRS))
    for (const [title, run] of Object.entries(perPair))
        cases[`${title} [${name}]`] = () => run(pair);
Object.assign(cases, Object.fromEntries(Object.entries(alone).map(
    ([title, run]) => [title, async () => run()])));
check(Object.keys(cases).length > 70, "cases are missing");
await runCases(cases);
