// SPDX-License-Identifier: MIT
// Node's ws as a client and as a server, for the tests.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { need, start, within } from "./harness.mjs";

const { WebSocket, WebSocketServer } = need("ws");

export const hash = (data) => createHash("sha256").update(data).digest("hex");

/** A socket of ws with next(): its messages, one by one. */
export function withQueue(socket) {
    const queue = [];
    const waiting = [];
    socket.on("message", (data, isBinary) => {
        const message = isBinary ? data : data.toString();
        waiting.length > 0 ? waiting.shift()(message) : queue.push(message);
    });
    socket.next = () => within(30, new Promise((resolve) => {
        queue.length > 0 ? resolve(queue.shift()) : waiting.push(resolve);
    }), "message");
    return socket;
}

/** A client of ws that is open. */
export async function connect(url, protocols = [], options = {}) {
    const socket = withQueue(new WebSocket(url, protocols, {
        maxPayload: 0, perMessageDeflate: false, ...options,
    }));
    socket.closed = new Promise((resolve) => {
        socket.on("close", (code, reason) => resolve([code, reason.toString()]));
    });
    const opened = new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
        socket.once("unexpected-response", (_, response) => {
            reject(Object.assign(new Error("refused"), { status: response.statusCode }));
        });
    });
    await within(10, opened, "open");
    socket.on("error", () => {}); // what follows is seen in closed
    return socket;
}

/** One echo_client against a server; `use` gets the server's socket. Gives the client's end. */
export async function withClient(use, { options = [], path = "", ...settings } = {}) {
    const server = new WebSocketServer({
        host: "127.0.0.1", port: 0, maxPayload: 0, perMessageDeflate: true, ...settings,
    });
    await once(server, "listening");
    const client = start("echo_client", ...options,
        `ws://127.0.0.1:${server.address().port}/${path}`);
    try {
        const [socket, request] = await within(10, once(server, "connection"), "connection");
        socket.on("error", () => {});
        const closed = once(socket, "close").then(([code, reason]) => [code, reason.toString()]);
        await use(socket, request, closed);
        socket.close();
        return { status: await within(20, client.exited, "end of the client"), ...client };
    } finally {
        client.child.kill("SIGKILL");
        server.close();
    }
}
