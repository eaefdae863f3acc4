// SPDX-License-Identifier: MIT
// What the tests in Node share: children that listen, cases with a time limit, skipping.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const BUILD = process.env.WEIR_BUILD ?? path.join(ROOT, "build");
const EXAMPLES = process.env.WEIR_EXAMPLES ?? path.join(BUILD, "examples");
const BINDING = path.join(ROOT, "examples/bindings/python");
const PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
const CASE_SECONDS = 40;
const SKIPPED = 77; // the exit status that meson takes for "skipped"

process.env.WEIR_LIB ??= path.join(BUILD, "libweir.so");

export const isBuilt = (name) => existsSync(path.join(EXAMPLES, name));

// Some are built only where their library is installed.
const OPTIONAL_SERVERS = ["echo_uv", "echo_libevent"].filter(
    (name) => isBuilt(name) || process.env.CI === "true");
export const ECHO_SERVERS = ["echo_poll", "echo_epoll", ...OPTIONAL_SERVERS, "echo_server.py"];

/** End without a verdict; where the tests must be complete that is a failure. */
export function skip(reason) {
    console.log(`skipped, because ${reason}`);
    process.exit(process.env.CI === "true" ? 1 : SKIPPED);
}

export function need(module) {
    try {
        return createRequire(import.meta.url)(module);
    } catch {
        return skip(`the Node package ${module} is missing`);
    }
}

/** The command of an example: a program that was built, or a script of the binding. */
function example(name) {
    if (name.endsWith(".py")) return [PYTHON, path.join(BINDING, name)];
    const program = path.join(EXAMPLES, name);
    return existsSync(program) ? [program] : skip(`${name} is not built`);
}

export function needExamples(...names) {
    names.forEach(example);
}

export function check(holds, what) {
    if (!holds) throw new Error(what);
}

export function equal(got, wanted, what = "") {
    const [left, right] = [got, wanted].map((value) => JSON.stringify(value) ?? "undefined");
    check(left === right, `${what}: got ${left.slice(0, 200)}, wanted ${right.slice(0, 200)}`);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function within(seconds, promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: not in ${seconds} s`)), seconds * 1000);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- Children -----------------------------------------------------------------------------------

const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** A child with `exited`, the promise of its exit status, and `stderr`, what it wrote there. */
export function start(name, ...options) {
    const [program, ...before] = example(name);
    const child = spawn(program, [...before, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    children.add(child);
    const record = { child, errors: "" };
    child.stderr.on("data", (data) => (record.errors += data));
    record.exited = new Promise((resolve) => {
        child.on("exit", (code, signal) => {
            children.delete(child);
            resolve(signal ?? code);
        });
    });
    record.stop = async () => {
        if (!child.killed) child.kill("SIGTERM");
        return within(20, record.exited, `end of ${name}`);
    };
    return record;
}

/** An example that listens on a free port, while `use` runs. */
export async function withServer(name, options, use) {
    const server = start(name, "--port", "0", ...options);
    try {
        const lines = createInterface({ input: server.child.stdout });
        server.lines = []; // what it prints, beginning with where it listens
        lines.on("line", (line) => server.lines.push(line));
        const first = new Promise((resolve) => lines.once("line", resolve));
        const line = await within(10, first, `first line of ${name}`);
        const match = /^listening on (127\.0\.0\.1):(\d+)$/.exec(line);
        check(match, `${name} printed ${line}`);
        server.url = `ws://${match[1]}:${match[2]}/`;
        await use(server);
    } finally {
        equal(await server.stop(), 0, `exit status of ${name}`);
    }
}

/** Between a client and a server on loopback: counts what passes, up to the server and down. */
export async function withRelay(url, use) {
    const wire = { up: 0, down: 0 };
    const listener = createServer((client) => {
        const server = connect(Number(new URL(url).port), "127.0.0.1");
        const ways = [[client, server, "up"], [server, client, "down"]];
        for (const [source, sink, direction] of ways) {
            source.on("data", (data) => (wire[direction] += data.length));
            source.on("error", () => sink.destroy());
            source.pipe(sink);
        }
    });
    await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
    wire.url = `ws://127.0.0.1:${listener.address().port}/`;
    try {
        await use(wire);
    } finally {
        listener.close();
    }
}

// ---- Cases --------------------------------------------------------------------------------------

/** Run named cases, then `end`; arguments choose the cases whose name holds one of them. */
export async function runCases(cases, end = async () => {}) {
    const wanted = process.argv.slice(2);
    let failed = 0;
    for (const [name, run] of Object.entries(cases)) {
        if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
        const begin = performance.now();
        let outcome = "ok  ";
        try {
            await within(CASE_SECONDS, run(), name);
        } catch (error) {
            outcome = "FAIL";
            failed++;
            console.log(error);
        }
        const seconds = ((performance.now() - begin) / 1000).toFixed(2).padStart(6);
        console.log(`${outcome} ${seconds} s  ${name}`);
    }
    await end();
    process.exit(failed > 0 ? 1 : 0);
}
