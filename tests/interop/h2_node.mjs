// SPDX-License-Identifier: MIT
// Node's HTTP/2 with ws on its streams: as the client of h2_epoll, and as the server of h2_client.
// matrix: Node ws | both | 16 MiB | HTTP/2

import events from "node:events";
import { readFileSync } from "node:fs";
import http2 from "node:http2";

import {
    check, equal, isBuilt, need, runCases, skip, start, withServer,
} from "./support/harness.mjs";
import { makeCertificate } from "./support/certificate.mjs";

const WebSocket = need("ws");
if (!isBuilt("h2_epoll") || !isBuilt("h2_client"))
    skip("h2_epoll and h2_client are not built: they need mbedTLS and libnghttp2");
const certificate = makeCertificate();
const [cert, key] = [certificate.cert, certificate.key].map((file) => readFileSync(file));

const once = async (emitter, event) => (await events.once(emitter, event))[0];

/** ws on a stream whose handshake is done. */
function webSocketOn(stream, isServer) {
    const socket = new WebSocket(null, undefined, { closeTimeout: 10000 });
    socket._isServer = isServer;
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 << 20 });
    return socket;
}

const bytesOf = (size) => Buffer.from(new Uint8Array(size).map((_, at) => at % 251));

// ---- Node as the client --------------------------------------------------------------------------

/** A session with h2_epoll, whose settings have come. */
const withSession = (use) => withServer("h2_epoll", certificate.options, async (server) => {
    const session = http2.connect(server.url.replace("ws:", "https:"), { ca: cert });
    const settings = await once(session, "remoteSettings");
    equal(settings.enableConnectProtocol, true);
    await use(session, server);
    session.close();
});

async function open(session) {
    const stream = session.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/",
        "sec-websocket-version": "13" }, { endStream: false });
    const headers = await once(stream, "response");
    equal(headers[":status"], 200);
    return webSocketOn(stream, false);
}

// ---- Node as the server --------------------------------------------------------------------------

/** h2_client against a server of Node's; `serve` gets each request. Gives how the client ended. */
async function runClient(serve, { settings = { enableConnectProtocol: true }, options,
    path = "/chat?room=1" } = {}) {
    const server = http2.createSecureServer({ cert, key, settings, ...options });
    server.on("stream", serve);
    server.on("sessionError", () => {});
    await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
    const client = start("h2_client", "--ca", certificate.cert,
        `wss://127.0.0.1:${server.address().port}${path}`);
    const status = await client.exited;
    server.close();
    return { status, errors: client.errors };
}

await runCases({
    node_client__gets_its_messages_back: () => withSession(async (session) => {
        const socket = await open(session);
        for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20]) {
            const message = bytesOf(size);
            socket.send(message);
            const back = await once(socket, "message");
            check(message.equals(back), size);
        }
        socket.close(3001, "done");
        equal(await once(socket, "close"), 3001);
    }),

    node_client__many_streams: () => withSession(async (session, server) => {
        const sockets = await Promise.all([...Array(50)].map(() => open(session)));
        await Promise.all(sockets.map(async (socket, number) => {
            for (let round = 0; round < 20; round++) {
                const text = `${number} ${round} `.repeat(200);
                socket.send(text);
                equal(`${await once(socket, "message")}`, text);
            }
            socket.close(1000);
            equal(await once(socket, "close"), 1000);
        }));
        equal(server.lines.filter((line) => line === "opened by h2").length, 50);
    }),

    h2_client__asks_as_rfc_8441_has_it: async () => {
        let asked;
        const { status, errors } = await runClient((stream, headers) => {
            asked = headers;
            stream.respond({ ":status": 200 });
            webSocketOn(stream, true).close(1000);
        });
        equal([status, errors], [0, ""]);
        equal([asked[":method"], asked[":protocol"], asked[":scheme"], asked[":path"]],
            ["CONNECT", "websocket", "https", "/chat?room=1"]);
        check(/^127\.0\.0\.1:\d+$/.test(asked[":authority"]), asked[":authority"]);
        equal(asked["sec-websocket-version"], "13");
        for (const name of ["sec-websocket-key", "connection", "upgrade", "host"])
            check(!(name in asked), name);
    },

    h2_client__echoes: async () => {
        let failure = "not served";
        const { status, errors } = await runClient(async (stream) => {
            try {
                stream.respond({ ":status": 200 });
                const socket = webSocketOn(stream, true);
                for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20, 16 << 20]) {
                    const message = bytesOf(size);
                    socket.send(message);
                    check(message.equals(await once(socket, "message")), size);
                }
                for (let number = 0; number < 200; number++)
                    socket.send(Buffer.alloc(100000, number));
                for (let number = 0; number < 200; number++) {
                    const back = await once(socket, "message");
                    check(back.length === 100000 && back[99999] === number, number);
                }
                failure = "";
                socket.close(1000);
            } catch (error) {
                failure = `${error}`;
                stream.close();
            }
        });
        equal([failure, status, errors], ["", 0, ""]);
    },

    h2_client__takes_fragments_and_small_windows: async () => {
        const got = [];
        const { status, errors } = await runClient((stream) => {
            stream.respond({ ":status": 201 }); // any 2xx will do
            const socket = webSocketOn(stream, true);
            socket.send("one, ", { fin: false });
            socket.send("two, ", { fin: false });
            socket.ping();
            socket.send("three", { fin: true });
            socket.send(Buffer.alloc(300000, 7));
            socket.on("message", (data) => {
                got.push(data);
                if (got.length === 2) socket.close(1001);
            });
        }, { settings: { enableConnectProtocol: true, initialWindowSize: 1000 } });
        equal([status, errors], [0, ""]);
        equal(`${got[0]}`, "one, two, three");
        check(got[1].equals(Buffer.alloc(300000, 7)), "the large one");
    },

    h2_client__that_is_refused_says_why: async () => {
        const { status, errors } = await runClient((stream) => {
            stream.respond({ ":status": 403 });
            stream.end("not you");
        });
        equal(status, 1);
        check(errors.length > 0, "it says nothing");
        console.log(`      ${errors.trim()}`);
    },

    h2_client__that_is_reset_says_why: async () => {
        const { status, errors } = await runClient((stream) => {
            stream.respond({ ":status": 200 });
            stream.close(http2.constants.NGHTTP2_CANCEL);
        });
        equal(status, 1);
        check(errors.length > 0, "it says nothing");
        console.log(`      ${errors.trim()}`);
    },

    h2_client__asks_nobody_who_has_not_offered: async () => {
        let asked = false;
        const { status, errors } = await runClient(() => (asked = true), { settings: {} });
        equal([status, asked], [1, false]);
        check(errors.startsWith("the server takes no WebSocket over HTTP/2"), errors);
    },

    h2_client__whose_request_is_too_long_asks_nobody: async () => {
        let asked = false;
        const { status, errors } = await runClient(() => (asked = true),
            { path: `/${"x".repeat(20000)}` });
        equal([status, asked], [1, false]);
        check(errors.length > 0, "it says nothing");
    },

    h2_client__needs_h2: () => withServer("echo_epoll_tls", certificate.options, async (server) => {
        const client = start("h2_client", "--ca", certificate.cert,
            server.url.replace("ws:", "wss:"));
        equal(await client.exited, 1);
        check(client.errors.startsWith("no HTTP/2: "), client.errors);
    }),
}, async () => certificate.remove());
