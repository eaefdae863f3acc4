// SPDX-License-Identifier: MIT
// Chromium's WebSocket over HTTP/2 against h2_epoll, and over HTTP/1.1 on the same port. Which of
// the two it was the server's record tells, and the browser's own log of its network.

import { readFileSync } from "node:fs";
import path from "node:path";

import { check, equal, isBuilt, runCases, skip, sleep, withServer } from "./support/harness.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { launch, servePage } from "./support/chromium.mjs";

if (!isBuilt("h2_epoll")) skip("h2_epoll is not built: it needs mbedTLS and libnghttp2");
const certificate = makeCertificate();
const [elsewhere, endPage] = await servePage();

// What every case finds in its page.
const helpers = () => {
    window.connect = (url) => new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
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
            socket.onclose = ({ code, wasClean }) => give({ code, wasClean });
        });
        socket.onopen = () => resolve(socket);
        socket.onerror = () => reject(new Error("not opened"));
    });
    window.echo = async (socket, message) => {
        socket.send(message);
        return socket.next();
    };
};

/** Run in a new browser on the server's own page, or on one of elsewhere. */
const withPage = (use, { from, options = [], log } = {}) =>
    withServer("h2_epoll", [...certificate.options, ...options], async (server) => {
        const browser = await launch(certificate.trust, ...log ? [`--log-net-log=${log}`] : []);
        try {
            const page = await browser.newPage();
            server.url = server.url.replace("ws:", "wss:");
            await page.goto(from ?? server.url.replace("wss:", "https:"));
            if (!from) await page.waitForSelector("li"); // the page's own WebSocket is open
            await page.evaluate(helpers);
            await use(page, server);
        } finally {
            await browser.close();
        }
    });

/** How often the server wrote that a connection was opened that way. */
const opened = (server, way) =>
    server.lines.filter((line) => line === `opened by ${way}`).length;

/** The events of Chromium's log, with names in place of numbers. */
function readNetLog(file) {
    const { constants, events } = JSON.parse(readFileSync(file));
    const names = Object.fromEntries(
        Object.entries(constants.logEventTypes).map(([name, number]) => [number, name]));
    return events.map((event) => ({ ...event, name: names[event.type] }));
}

const isConnect = ({ name, params }) => name === "HTTP2_SESSION_SEND_HEADERS" &&
    params?.headers?.includes(":protocol: websocket");

/** All sizes, kinds and a clean end on one socket. */
const converse = async (url) => {
    const socket = await connect(url);
    for (const size of [0, 1, 126, 65535, 65536, 1 << 20, 8 << 20]) {
        const bytes = new Uint8Array(size).map((_, at) => at % 251);
        const back = new Uint8Array(await echo(socket, bytes));
        if (back.length !== size || back.some((byte, at) => byte !== at % 251))
            throw new Error(size);
    }
    const text = "größer ".repeat(100000);
    if (await echo(socket, text) !== text) throw new Error("text");
    socket.close(3000);
    return { extensions: socket.extensions, ...await socket.closed };
};

await runCases({
    async own_page__opens_by_h2() {
        const log = path.join(certificate.folder, "own.json");
        await withPage(async (page, server) => {
            const end = await page.evaluate(converse, server.url);
            equal([end.code, end.wasClean], [3000, true]);
            check(end.extensions.startsWith("permessage-deflate"), end.extensions);
            equal([opened(server, "h2"), opened(server, "http/1.1")], [2, 0]);
        }, { log });
        const events = readNetLog(log);
        const requests = events.filter(isConnect);
        equal(requests.length, 2, "CONNECT with :protocol websocket");
        check(events.some(({ name, params }) => name === "HTTP2_SESSION_RECV_SETTING" &&
            /^8 /.test(params.id) && params.value === 1), "SETTINGS_ENABLE_CONNECT_PROTOCOL");
        const answers = events.filter(({ name, params }) =>
            name === "HTTP2_SESSION_RECV_HEADERS" && params.headers?.includes(":status: 200") &&
            requests.some((request) => request.params.stream_id === params.stream_id));
        equal(answers.length, 2, "answers of 200");
        equal(new Set(requests.map(({ source }) => source.id)).size, 1, "sessions");
        for (const { params } of requests)
            console.log(`      stream ${params.stream_id}: ${params.headers.slice(0, 5).join(", ")}`);
    },

    async page_of_elsewhere__opens_by_http_1() {
        const log = path.join(certificate.folder, "elsewhere.json");
        await withPage(async (page, server) => {
            const end = await page.evaluate(converse, server.url);
            equal([end.code, end.wasClean], [3000, true]);
            equal([opened(server, "h2"), opened(server, "http/1.1")], [0, 1]);
        }, { from: elsewhere, log });
        check(!readNetLog(log).some(isConnect), "there was a CONNECT");
    },

    both_at_once__on_one_port: () => withPage(async (page, server) => {
        // A socket by HTTP/1.1 first, from a page whose browser has no session yet.
        await page.evaluate(async (url) => {
            window.first = await connect(url);
        }, server.url);
        const own = await page.context().browser().newPage();
        await own.goto(server.url.replace("wss:", "https:"));
        await own.waitForSelector("li");
        equal([opened(server, "h2"), opened(server, "http/1.1")], [1, 1]);
        equal(await page.evaluate(() => echo(window.first, "still")), "still");
    }, { from: elsewhere }),

    many_sockets__share_a_session: () => withPage(async (page, server) => {
        await page.evaluate(async (url) => {
            const sockets = await Promise.all([...Array(40)].map(() => connect(url)));
            await Promise.all(sockets.map(async (socket, number) => {
                for (let round = 0; round < 10; round++) {
                    const text = `${number} ${round} `.repeat(number * 10);
                    if (await echo(socket, text) !== text) throw new Error(text);
                }
                socket.close(1000);
                const { wasClean } = await socket.closed;
                if (!wasClean) throw new Error(`${number} did not end well`);
            }));
        }, server.url);
        equal([opened(server, "h2"), opened(server, "http/1.1")], [41, 0]);
    }),

    more_than_the_windows__waits_and_comes_back: () => withPage(async (page, server) => {
        await page.evaluate(async (url) => {
            const sockets = await Promise.all([...Array(4)].map(() => connect(url)));
            for (const socket of sockets)
                for (let number = 0; number < 32; number++)
                    socket.send(new Uint8Array(1 << 18).fill(number));
            for (const socket of sockets) {
                for (let number = 0; number < 32; number++) {
                    const back = new Uint8Array(await socket.next());
                    if (back.length !== 1 << 18 || back.some((byte) => byte !== number))
                        throw new Error(number);
                }
                if (socket.bufferedAmount !== 0) throw new Error(socket.bufferedAmount);
            }
        }, server.url);
    }, { options: ["--no-deflate"] }),

    too_big__is_1009: () => withPage(async (page, server) => {
        const end = await page.evaluate(async (url) => {
            const socket = await connect(url);
            socket.send("x".repeat(1001));
            return socket.closed;
        }, server.url);
        equal(end.code, 1009);
    }, { options: ["--max-message", "1000"] }),

    strange_origin__is_refused: () => withServer("h2_epoll",
        [...certificate.options, "--origin", "https://good.example"], async (server) => {
            const browser = await launch(certificate.trust);
            const page = await browser.newPage();
            await page.goto(server.url.replace("ws:", "https:"));
            await page.evaluate(helpers);
            const opens = await page.evaluate(
                (url) => connect(url).then(() => true, () => false),
                server.url.replace("ws:", "wss:"));
            check(!opens, "opened");
            equal(opened(server, "h2"), 0);
            await browser.close();
        }),

    stop_of_the_server__is_1001: () => withPage(async (page, server) => {
        const sockets = await page.evaluateHandle(
            (url) => Promise.all([...Array(5)].map(() => connect(url))), server.url);
        server.child.kill("SIGTERM");
        const ends = await sockets.evaluate(
            (list) => Promise.all(list.map(({ closed }) => closed)));
        equal(ends, Array(5).fill({ code: 1001, wasClean: true }));
        equal(await server.exited, 0);
    }),

    reload_of_the_page__leaves_the_server_well: () => withPage(async (page, server) => {
        for (let round = 0; round < 3; round++) {
            await page.reload();
            await page.waitForSelector("li");
        }
        await sleep(100);
        equal([opened(server, "h2"), opened(server, "http/1.1")], [4, 0]);
    }),
}, async () => {
    endPage();
    certificate.remove();
});
