// SPDX-License-Identifier: MIT
// An echo server on Node's ws, which uses bufferutil where that is installed.

import { createRequire } from "node:module";

let WebSocketServer;
try {
    ({ WebSocketServer } = createRequire(import.meta.url)("ws"));
} catch {
    console.log("skipped, because ws is missing");
    process.exit(77);
}

const perMessageDeflate = { threshold: 0 }; // compress all, as the others do
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
server.on("listening", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
});
