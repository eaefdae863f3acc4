// SPDX-License-Identifier: MIT
// A server of Socket.IO that sends back every event, by acknowledgement where one is asked for.

import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Server } = createRequire(import.meta.url)("socket.io");

const server = createServer();
const io = new Server(server, {
    transports: ["websocket"], pingInterval: 100, pingTimeout: 2000,
    maxHttpBufferSize: 64 << 20,
    perMessageDeflate: { threshold: 100 },
});
io.on("connection", (socket) => {
    socket.onAny((event, ...values) => {
        const answer = values.at(-1);
        if (event === "leave") socket.disconnect(true);
        else if (typeof answer === "function") answer(...values.slice(0, -1));
        else socket.emit(event, ...values);
    });
});
server.listen(0, "127.0.0.1", () => {
    console.log(`listening on 127.0.0.1:${server.address().port}`);
});
