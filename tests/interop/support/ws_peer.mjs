// SPDX-License-Identifier: MIT
// Node's ws as a peer of bindings in other languages: ws_peer.mjs --port N echoes as a server,
// ws_peer.mjs URL is a client that checks the echoes of a server.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { equal, need, within } from "./harness.mjs";
import { connect, hash } from "./ws.mjs";

const { WebSocketServer } = need("ws");

async function serve(port) {
    const options = { host: "127.0.0.1", port, maxPayload: 0, perMessageDeflate: true };
    const server = new WebSocketServer(options);
    server.on("connection", (socket) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    await once(server, "listening");
    console.log(`listening on 127.0.0.1:${server.address().port}`);
}

async function checkEchoes(url) {
    for (const perMessageDeflate of [false, true]) {
        const socket = await connect(url, [], { perMessageDeflate });
        const sizes = [0, 1, 125, 126, 65535, 65536, 1 << 20];
        const texts = ["", "wörld €😀", "é".repeat(40000)];
        for (const message of [...sizes.map((size) => randomBytes(size)), ...texts]) {
            socket.send(message);
            const answer = await socket.next();
            equal(typeof answer, typeof message, message.length);
            equal(hash(answer), hash(message), message.length);
        }
        socket.close(4321, "größer");
        equal((await within(10, socket.closed, "close"))[0], 4321);
    }
}

const [first, port] = process.argv.slice(2);
await (first === "--port" ? serve(Number(port)) : checkEchoes(first));
