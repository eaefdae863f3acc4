// SPDX-License-Identifier: MIT
// The server of Node's ws against our client, which echoes what comes.
// matrix: Node ws | client | 64 MiB | handshake, text, binary, fragments, ping, close codes
// matrix: Node ws | client | 64 MiB | limits and faults, order of many messages

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { equal, needExamples, check, runCases, within } from "./support/harness.mjs";
import { hash, withClient } from "./support/ws.mjs";

needExamples("echo_client");

async function echoes(socket, message, what) {
    const answer = once(socket, "message");
    socket.send(message);
    const [data, isBinary] = await within(30, answer, "echo");
    equal(isBinary, typeof message !== "string", what);
    equal(hash(data), hash(message), what);
}

await runCases({
    async binary_of_every_length_form__is_echoed() {
        const { status } = await withClient(async (socket) => {
            for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20])
                await echoes(socket, randomBytes(size), size);
        });
        equal(status, 0);
    },

    async text_of_every_length_form__is_echoed() {
        await withClient(async (socket) => {
            for (const text of ["", "a", "x".repeat(125), "x".repeat(126), "é".repeat(32768),
                "水€😀".repeat(100000), "\0"])
                await echoes(socket, text, text.length);
        });
    },

    async fragmented_message_of_64_MiB__is_echoed() {
        await withClient(async (socket) => {
            const whole = randomBytes(64 << 20);
            const answer = once(socket, "message");
            const step = 50000;
            for (let at = 0; at < whole.length; at += step)
                socket.send(whole.subarray(at, at + step), { fin: at + step >= whole.length });
            equal(hash((await answer)[0]), hash(whole));
        });
    },

    async ten_thousand_messages_at_once__are_echoed_in_order() {
        await withClient(async (socket) => {
            const answers = [];
            const all = new Promise((resolve) => socket.on("message", (data) => {
                if (answers.push(data.toString()) === 10000) resolve();
            }));
            for (let number = 0; number < 10000; number++) socket.send(`${number}`);
            await within(20, all, "echoes");
            check(answers.every((text, number) => text === `${number}`), "out of order");
        });
    },

    async fragments_with_pings_between__are_echoed() {
        await withClient(async (socket) => {
            const pongs = [];
            socket.on("pong", (data) => pongs.push(data.toString()));
            const answer = once(socket, "message");
            for (const [number, part] of ["a", "", "ö", "€"].entries()) {
                socket.send(part, { fin: false });
                socket.ping(`${number}`);
            }
            socket.send("", { fin: true });
            equal((await answer)[0].toString(), "aö€");
            equal(pongs.at(-1), "3", "pongs"); // RFC 6455 5.5.3: the last is enough
        });
    },

    async close_codes__are_echoed() {
        for (const [code, reason] of [[1000, ""], [1001, "gone"], [1012, ""],
            [3000, "r".repeat(123)], [4999, "größer"]]) {
            const { status } = await withClient(async (socket, _, closed) => {
                socket.close(code, reason);
                equal((await closed)[0], code);
            });
            equal(status, 0, code);
        }
        await withClient(async (socket, _, closed) => {
            socket.close();
            equal(await closed, [1005, ""]);
        });
    },

    async request__asks_for_what_the_options_say() {
        await withClient(async (socket, request) => {
            equal(request.url, "/a?b=c");
            equal(request.headers["sec-websocket-extensions"] ?? "none", "none");
            equal(socket.extensions, "");
        }, { path: "a?b=c", options: ["--no-deflate"] });
        await withClient(async (socket, request) => {
            equal(request.headers["sec-websocket-extensions"].split("; ")[0], "permessage-deflate");
            equal(socket.extensions, "permessage-deflate");
        });
    },

    async faults_of_the_server__are_told_to_it() {
        const faults = [
            [1002, [0x81, 0x81, 0, 0, 0, 0, 0x61]], // masked
            [1002, [0xc1, 0x00]], // RSV1 without an extension
            [1002, [0x83, 0x00]], // unknown opcode
            [1002, [0x80, 0x00]], // nothing to continue
            [1002, [0x09, 0x00]], // fragmented ping
            [1007, [0x81, 0x01, 0xff]], // no UTF-8
        ];
        for (const [code, bytes] of faults) {
            const { status } = await withClient(async (socket, _, closed) => {
                socket._socket.write(Buffer.from(bytes));
                equal((await within(10, closed, "close"))[0], code, bytes);
            }, { options: ["--no-deflate"] });
            equal(status, 1);
        }
    },

    async too_big__gets_1009() {
        const { status } = await withClient(async (socket, _, closed) => {
            await echoes(socket, "x".repeat(1000));
            socket.send("x".repeat(1001));
            equal((await within(10, closed, "close"))[0], 1009);
        }, { options: ["--max-message", "1000"] });
        equal(status, 1);
    },

    async server_that_vanishes__ends_the_client() {
        const { status } = await withClient(async (socket) => socket.terminate());
        equal(status, 1);
    },
});
