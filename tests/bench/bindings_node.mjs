// SPDX-License-Identifier: MIT
// Echoes through the Node binding beside the package ws: clients and server of the same library.
//
//     node bindings_node.mjs [--rounds 5] [--seconds 0.5]
//
// Both ends share one process and ten connections, the libraries take turns, so that noise hits
// both alike. Figures are medians of the rounds: echoes a second, and microseconds of CPU for one.
// The ratio is that of the CPU times of the same round.

import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: {
    rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "0.5" },
} });
process.env.WEIR_LIB ??= fileURLToPath(new URL("../../build/libweir.so", import.meta.url));
const libraries = [
    await import("../../examples/bindings/node/weir.mjs"), createRequire(import.meta.url)("ws")];
const CONNECTIONS = 10;

async function figuresOf({ WebSocket, WebSocketServer }, size, depth, seconds) {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
    await once(server, "listening");
    const url = `ws://127.0.0.1:${server.address().port}/`;
    const sockets = Array.from({ length: CONNECTIONS },
        () => new WebSocket(url, [], { perMessageDeflate: false }));
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    const message = Buffer.alloc(size, "x");
    const begin = performance.now(), cpu = process.cpuUsage();
    let count = 0;
    await Promise.all(sockets.map((socket) => new Promise((resolve, reject) => {
        let left = depth;
        socket.on("message", (data) => {
            if (!message.equals(data)) reject(new Error("not what was sent"));
            count++;
            if (performance.now() - begin < seconds * 1000) socket.send(message);
            else if (--left === 0) resolve();
        });
        for (let sent = 0; sent < depth; sent++) socket.send(message);
    })));
    const took = (performance.now() - begin) / 1000, { user, system } = process.cpuUsage(cpu);
    sockets.forEach((socket) => socket.terminate());
    server.close();
    await once(server, "close");
    return [count / took, (user + system) / count];
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];

console.log("| size | depth | weir a second | ws a second | weir us | ws us | ratio |");
console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
for (const size of [20, 1024, 16384]) {
    for (const depth of [1, 16]) {
        const rounds = [];
        for (let round = 0; round < Number(values.rounds); round++) {
            const row = [];
            for (const library of libraries)
                row.push(await figuresOf(library, size, depth, Number(values.seconds)));
            rounds.push(row);
        }
        const cells = [0, 1].flatMap((unit) => [0, 1].map((index) =>
            median(rounds.map((row) => row[index][unit])).toFixed(unit)));
        const ratio = median(rounds.map(([own, theirs]) => theirs[1] / own[1])).toFixed(2);
        console.log(`| ${size} | ${depth} | ${cells.join(" | ")} | ${ratio} |`);
    }
}
