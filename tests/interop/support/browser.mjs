// SPDX-License-Identifier: MIT
// The cases of chromium.mjs and firefox.mjs: a browser's WebSocket against our echo servers.

import { createServer } from "node:http";
import {
    check, ECHO_SERVERS, equal, needExamples, runCases, withRelay, withServer,
} from "./harness.mjs";

let browser, page, origin, toldExtensions;

/** An empty page of its own origin on loopback; gives its URL and a function that ends it. */
export async function servePage() {
    const server = createServer((_, response) => {
        response.setHeader("content-type", "text/html");
        response.end("<!doctype html><title>test</title>");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return [`http://127.0.0.1:${server.address().port}`, () => {
        server.closeAllConnections();
        server.close();
    }];
}

/** What every case finds in the page. */
export function tools() {
    window.connect = (url, protocols = []) => new Promise((resolve, reject) => {
        const socket = new WebSocket(url, protocols);
        socket.binaryType = "arraybuffer";
        const queue = [];
        const waiting = [];
        socket.onmessage = ({ data }) => {
            waiting.length > 0 ? waiting.shift()(data) : queue.push(data);
        };
        socket.next = () => new Promise((give) => {
            queue.length > 0 ? give(queue.shift()) : waiting.push(give);
        });
        socket.closed = new Promise((give) => {
            socket.onclose = ({ code, reason, wasClean }) => give({ code, reason, wasClean });
        });
        socket.onopen = () => resolve(socket);
        socket.onerror = () => reject(new Error("not opened"));
    });
    window.echo = async (socket, message) => {
        socket.send(message);
        return socket.next();
    };
}

/** Run a function in the page, against a server. */
const inPage = (run) => (server) => page.evaluate(run, server.url);

const echoBytes = (sizes) => (server) => page.evaluate(async ([url, wanted]) => {
    const socket = await connect(url);
    for (const size of wanted) {
        const bytes = new Uint8Array(size).map((_, at) => at % 251);
        const back = new Uint8Array(await echo(socket, bytes.buffer));
        if (back.length !== size || back.some((byte, at) => byte !== at % 251))
            throw new Error(size);
    }
    socket.close();
}, [server.url, sizes]);

const perServer = {
    text__comes_back: inPage(async (url) => {
        const socket = await connect(url);
        for (const text of ["", "hello", "水€😀".repeat(1000), "x".repeat(125),
            "x".repeat(126), "x".repeat(65535), "x".repeat(65536), "x".repeat(1 << 20)])
            if (await echo(socket, text) !== text) throw new Error(text.slice(0, 99));
        socket.close();
    }),

    array_buffer__comes_back: echoBytes([0, 1, 125, 126, 65535, 65536, 1 << 20]),

    blob__comes_back: inPage(async (url) => {
        const socket = await connect(url);
        socket.binaryType = "blob";
        const back = await echo(socket, new Blob(["a", new Uint8Array([0, 255]), "é"]));
        if (!(back instanceof Blob)) throw new Error(typeof back);
        const bytes = [...new Uint8Array(await back.arrayBuffer())];
        if (bytes.join() !== "97,0,255,195,169") throw new Error(bytes);
        socket.close();
    }),

    async close_codes__are_echoed(server) {
        for (const [code, reason] of [[1000, ""], [1000, "done"], [3000, "x".repeat(123)],
            [4999, "größer"]]) {
            const end = await page.evaluate(async ([url, ...close]) => {
                const socket = await connect(url);
                socket.close(...close);
                return socket.closed;
            }, [server.url, code, reason]);
            equal([end.code, end.wasClean], [code, true]);
        }
        const end = await page.evaluate(async (url) => {
            const socket = await connect(url);
            socket.close();
            return socket.closed;
        }, server.url);
        equal([end.code, end.wasClean], [1005, true]);
    },

    buffered_amount__drains: inPage(async (url) => {
        const socket = await connect(url);
        for (let number = 0; number < 64; number++) socket.send(new ArrayBuffer(1 << 18));
        if (socket.bufferedAmount === 0) throw new Error("nothing was buffered");
        for (let number = 0; number < 64; number++) await socket.next();
        if (socket.bufferedAmount !== 0) throw new Error(socket.bufferedAmount);
        socket.close();
    }),

    messages_at_once__keep_their_order: inPage(async (url) => {
        const socket = await connect(url);
        for (let number = 0; number < 10000; number++) socket.send(`${number}`);
        for (let number = 0; number < 10000; number++)
            if (await socket.next() !== `${number}`) throw new Error(number);
        socket.close();
    }),

    async stop_of_the_server__is_1001(server) {
        await page.evaluate(async (url) => { window.last = await connect(url); }, server.url);
        server.child.kill("SIGTERM");
        const end = await page.evaluate(() => window.last.closed);
        equal([end.code, end.wasClean], [1001, true]);
    },

    reload_of_the_page__leaves_the_server_well: async (server) => {
        const other = await browser.newPage();
        await other.goto(origin);
        const open = (url) => new Promise((resolve) => {
            const socket = new WebSocket(url);
            socket.onopen = () => resolve();
        });
        await other.evaluate(open, server.url);
        await other.reload();
        await other.evaluate(open, server.url);
        await other.close();
    },
};

/** Echo messages with much in common in the page; gives the agreed extension and their length. */
const exchange = (url) => page.evaluate(async (where) => {
    const socket = await connect(where);
    const messages = [...Array(200).keys()].map((number) => JSON.stringify({
        type: "trade", sequence: number, symbol: ["ALPHA", "BRAVO"][number % 2],
        price: 100 + number * 7919 % 1000 / 100, venue: "example exchange", time: 17e11 + number,
    }));
    for (const message of messages) socket.send(message);
    for (const message of messages)
        if (await socket.next() !== message) throw new Error(message);
    socket.close(1000);
    return { extensions: socket.extensions, length: messages.join("").length,
        end: await socket.closed };
}, url);

const compression = {
    is_agreed_and_halves_what_is_on_the_wire: (name) => withServer(name, [], async (server) => {
        await withRelay(server.url, async (wire) => {
            const { extensions, length, end } = await exchange(wire.url);
            equal(extensions, toldExtensions);
            equal([end.code, end.wasClean], [1000, true]);
            console.log(`      ${length} bytes took ${wire.up} up and ${wire.down} down`);
            check(Math.max(wire.up, wire.down) < length / 2, "hardly compressed");
        });
    }),

    can_be_declined: (name) => withServer(name, ["--no-deflate"], async (server) => {
        await withRelay(server.url, async (wire) => {
            const { extensions, length } = await exchange(wire.url);
            equal(extensions, "");
            check(Math.min(wire.up, wire.down) > length, "fewer bytes than were sent");
        });
    }),
};

const policies = {
    async too_big__is_1009(name) {
        await withServer(name, ["--max-message", "1000"], async (server) => {
            const end = await page.evaluate(async (url) => {
                const socket = await connect(url);
                await echo(socket, "x".repeat(1000));
                socket.send("x".repeat(1001));
                return socket.closed;
            }, server.url);
            equal(end.code, 1009);
        });
    },

    async subprotocol__is_chosen(name) {
        await withServer(name, ["--protocols", "chat,superchat"], async (server) => {
            const chosen = await page.evaluate(async (url) => {
                const socket = await connect(url, ["x", "superchat"]);
                socket.close();
                return socket.protocol;
            }, server.url);
            equal(chosen, "superchat");
        });
    },

    async origins__decide(name) {
        const opens = ({ url }) => page.evaluate(
            (where) => connect(where).then(() => true, () => false), url);
        await withServer(name, ["--origin", origin], async (server) => check(await opens(server)));
        await withServer(name, ["--origin", "http://other.example"],
            async (server) => check(!await opens(server), "opened"));
    },
};

/** Start a browser, run the cases in a page of it, and end it. told: its socket.extensions. */
export async function runBrowserCases(launch, told, servers = ECHO_SERVERS) {
    needExamples(...servers);
    toldExtensions = told;
    browser = await launch();
    let endPage;
    [origin, endPage] = await servePage();
    page = await browser.newPage();
    await page.goto(origin);
    await page.evaluate(tools);
    const cases = {
        [`array_buffer_of_16_MiB__comes_back [${servers[0]}]`]: () =>
            withServer(servers[0], [], echoBytes([16 << 20])),
    };
    for (const name of servers) {
        for (const [title, run] of Object.entries(perServer))
            cases[`${title} [${name}]`] = () => withServer(name, [], run);
        for (const [title, run] of Object.entries(compression))
            cases[`compression__${title} [${name}]`] = () => run(name);
        for (const [title, run] of Object.entries(policies))
            if (!name.endsWith(".py")) cases[`${title} [${name}]`] = () => run(name);
    }
    await runCases(cases, async () => {
        await browser.close();
        endPage();
    });
}
