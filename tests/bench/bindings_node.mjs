// SPDX-License-Identifier: MIT
// Echoes through the Node binding, beside the package ws.
//
//     node bindings_node.mjs [--rounds 10] [--seconds 0.3] [--only REGEX] [--quick]
//
// `server` is an echo server in Node under the load client in C, on ten connections; `both` has
// clients of the same library too. Server and client are processes of their own, on a CPU each, the
// contestants in turns, so that noise hits all alike. Every echo is compared. ws unmasks with
// bufferutil where that is installed; nothing is compressed.
//
// Figures are of the best round: echoes a second, and the microseconds that all processes in Node
// spend on one, the kernel's part and their other threads with them. A machine that does something
// else as well only takes away: the best of many short rounds is what it can do.

import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const SELF = fileURLToPath(import.meta.url);
const BUILD = process.env.WEIR_BUILD ?? path.join(path.dirname(SELF), "../../build");
process.env.WEIR_LIB ??= path.join(BUILD, "libweir.so");
process.env.NODE_PATH ??= path.join(BUILD, "node/node_modules"); // of the children
const CLIENT = path.join(BUILD, "tests/bench/load/load_client");
const LIBRARIES = ["weir", "ws"];
const ENDS = ["server", "both"], KINDS = ["ascii", "binary"];
const SIZES = [20, 1024, 16384], DEPTHS = [1, 16];
const CONNECTIONS = 10;
const SKIPPED = 77;

// ---- What the children do -----------------------------------------------------------------------

async function library(name) {
    return name === "weir" ? import("../../examples/bindings/node/weir.mjs")
        : createRequire(import.meta.url)("ws");
}

const cpuSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
};

/** Echo; whoever started it asks for the time that it used. */
async function serve(name) {
    const { WebSocketServer } = await library(name);
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    server.on("connection", (socket) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on("error", () => {}); // the load client does not close
    });
    await once(server, "listening");
    process.on("message", () => process.send(cpuSeconds()));
    process.on("disconnect", () => process.exit());
    process.send(server.address().port);
}

/** Keep depth messages on the way of each connection; tell how many came back. */
async function load(name, { port, kind, size, depth, seconds }) {
    const { WebSocket } = await library(name);
    const message = Buffer.alloc(size, "x"), binary = kind === "binary";
    const sockets = Array.from({ length: CONNECTIONS },
        () => new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false }));
    await Promise.all(sockets.map((socket) => once(socket, "open")));
    const begin = performance.now(), cpu = cpuSeconds();
    let messages = 0;
    await Promise.all(sockets.map((socket) => new Promise((resolve, reject) => {
        let left = depth;
        socket.on("message", (data, isBinary) => {
            if (isBinary !== binary || !message.equals(data)) reject(new Error("another message"));
            messages++;
            if (performance.now() - begin < seconds * 1000) socket.send(message, { binary });
            else if (--left === 0) resolve();
        });
        for (let sent = 0; sent < depth; sent++) socket.send(message, { binary });
    })));
    const took = (performance.now() - begin) / 1000;
    const figures = { messages, messages_per_s: messages / took, cpu_s: cpuSeconds() - cpu };
    process.send(figures, () => process.exit());
}

// ---- What runs them -----------------------------------------------------------------------------

const canPin = cpus().length > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;

const pinned = (cpu, command) => (canPin ? ["taskset", "-c", `${cpu}`, ...command] : command);

/** A child that runs this file, and its first answer. */
async function child(cpu, ...args) {
    const [program, ...rest] = pinned(cpu, [process.execPath, SELF, ...args.map(String)]);
    const started = spawn(program, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [answer] = await Promise.race([
        once(started, "message"),
        once(started, "exit").then(([status]) => {
            throw new Error(`${args.join(" ")} ended with ${status}`);
        })]);
    return { started, answer };
}

async function underC(server, options) {
    const args = Object.entries({ server: server.started.pid, connections: CONNECTIONS,
        ...options }).flatMap(([key, value]) => [`--${key}`, `${value}`]);
    const [program, ...rest] = pinned(1, [CLIENT, ...args]);
    const { stdout } = await promisify(execFile)(program, rest);
    const figures = Object.fromEntries(stdout.trim().split(" ").map((pair) => pair.split("=")));
    return [Number(figures.messages_per_s), Number(figures.server_us_per_message)];
}

async function underNode(server, name, options) {
    const used = async () => {
        server.started.send("time");
        return (await once(server.started, "message"))[0];
    };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
    const before = await used();
    const { started, answer } = await child(1, "--load", name, ...args);
    const spent = answer.cpu_s + await used() - before;
    if (started.exitCode === null) await once(started, "exit");
    return [answer.messages_per_s, spent / answer.messages * 1e6];
}

async function compare(cases, rounds, seconds) {
    const servers = await Promise.all(LIBRARIES.map((name) => child(0, "--serve", name)));
    console.log("| echo | size | depth | weir a second | ws a second | ratio | weir us | ws us |");
    console.log(`| --- |${" ---: |".repeat(7)}`);
    for (const { ends, kind, size, depth } of cases) {
        const best = LIBRARIES.map(() => [0, Infinity]);
        for (let round = 0; round < rounds; round++) {
            for (const [index, name] of LIBRARIES.entries()) {
                const options = { port: servers[index].answer, kind, size, depth, seconds };
                const [rate, us] = ends === "server" ? await underC(servers[index], options)
                    : await underNode(servers[index], name, options);
                best[index] = [Math.max(best[index][0], rate), Math.min(best[index][1], us)];
            }
        }
        const [own, theirs] = best;
        const rates = [own, theirs].map(([rate]) => Math.round(rate).toLocaleString("en"));
        const cells = [...rates, (own[0] / theirs[0]).toFixed(2), own[1].toFixed(1),
            theirs[1].toFixed(1)];
        console.log(`| ${ends}, ${kind} | ${size} | ${depth} | ${cells.join(" | ")} |`);
    }
    servers.forEach(({ started }) => started.disconnect());
}

function missing() {
    const folders = process.env.NODE_PATH.split(path.delimiter);
    return [
        ...["koffi", "ws"].filter(
            (name) => !folders.some((folder) => existsSync(path.join(folder, name)))),
        ...[CLIENT, process.env.WEIR_LIB].filter((file) => !existsSync(file))];
}

async function main() {
    const text = (value) => ({ type: "string", default: value });
    const { values } = parseArgs({ options: {
        rounds: text("10"), seconds: text("0.3"), only: text(""),
        quick: { type: "boolean", default: false },
        serve: text(), load: text(), port: text(), kind: text(), size: text(), depth: text(),
    } });
    const seconds = Number(values.seconds);
    if (values.serve) return serve(values.serve);
    if (values.load)
        return load(values.load, { port: values.port, kind: values.kind, seconds,
            size: Number(values.size), depth: Number(values.depth) });
    if (missing().length > 0) {
        console.log(`skipped, because ${missing().join(", ")} is missing`);
        process.exit(process.env.CI === "true" ? 1 : SKIPPED);
    }
    const only = new RegExp(values.only);
    const cases = ENDS.flatMap((ends) => KINDS.flatMap((kind) => SIZES.flatMap((size) => DEPTHS.map(
        (depth) => ({ ends, kind, size, depth })))))
        .filter(({ ends, kind, size, depth }) => only.test(`${ends} ${kind} ${size} x${depth}`));
    if (values.quick) return compare(cases.filter((_, index) => index % 5 === 0), 1, 0.05);
    return compare(cases, Number(values.rounds), seconds);
}

await main();
