// SPDX-License-Identifier: MIT
// The client of Node's ws against our echo servers.
// matrix: Node ws | server | 64 MiB | handshake, subprotocol, text, binary, fragments, ping
// matrix: Node ws | server | 64 MiB | close codes, limits and faults, order of many messages

import { randomBytes } from "node:crypto";
import {
    check, ECHO_SERVERS, equal, needExamples, runCases, within, withServer,
} from "./support/harness.mjs";
import { connect, hash } from "./support/ws.mjs";

needExamples(...ECHO_SERVERS);

async function echoes(socket, message, what) {
    socket.send(message);
    const answer = await socket.next();
    equal(typeof answer, typeof message, what);
    equal(hash(answer), hash(message), what);
}

const perServer = {
    async binary_of_every_length_form__comes_back(server) {
        const socket = await connect(server.url);
        for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16 << 20])
            await echoes(socket, randomBytes(size), size);
        socket.close();
        await within(10, socket.closed, "close");
    },

    async text_of_every_length_form__comes_back(server) {
        const socket = await connect(server.url);
        for (const text of ["", "a", "x".repeat(125), "x".repeat(126), "é".repeat(32768),
            "水€😀".repeat(100000), "\0"])
            await echoes(socket, text, text.length);
        socket.terminate();
    },

    async fragmented_message_of_64_MiB__comes_back(server) {
        const socket = await connect(server.url);
        const whole = randomBytes(64 << 20);
        const step = 50000;
        for (let at = 0; at < whole.length; at += step)
            socket.send(whole.subarray(at, at + step), { fin: at + step >= whole.length });
        equal(hash(await socket.next()), hash(whole));
        socket.close();
        equal((await socket.closed)[0], 1005);
    },

    async fragments_with_pings_between__come_back(server) {
        const socket = await connect(server.url);
        const pongs = [];
        socket.on("pong", (data) => pongs.push(data.toString()));
        for (const [number, part] of ["a", "", "ö", "€"].entries()) {
            socket.send(part, { fin: false });
            socket.ping(`${number}`);
        }
        socket.send("", { fin: true });
        equal(await socket.next(), "aö€");
        // RFC 6455 5.5.3: an answer to the last ping is enough.
        equal(pongs.at(-1), "3", "pongs");
        socket.terminate();
    },

    async ten_thousand_messages_at_once__come_back_in_order(server) {
        const socket = await connect(server.url);
        for (let number = 0; number < 10000; number++) socket.send(`${number}`);
        for (let number = 0; number < 10000; number++) equal(await socket.next(), `${number}`);
        socket.close(1000);
        equal(await socket.closed, [1000, ""]);
    },

    async close_codes__are_echoed(server) {
        for (const [code, reason] of [[1000, ""], [1001, "gone"], [3000, "r".repeat(123)],
            [4999, "größer"]]) {
            const socket = await connect(server.url);
            socket.close(code, reason);
            equal((await within(10, socket.closed, "close"))[0], code);
        }
        const socket = await connect(server.url);
        socket.close();
        equal(await socket.closed, [1005, ""], "without code");
    },

    async unmasked_frames__get_1002(server) {
        const socket = await connect(server.url);
        socket.send("x", { mask: false });
        equal((await within(10, socket.closed, "close"))[0], 1002);
    },

    async invalid_utf8__gets_1007(server) {
        const socket = await connect(server.url);
        socket.send(Buffer.from([0x61, 0xff]), { binary: false });
        equal((await within(10, socket.closed, "close"))[0], 1007);
    },

    async compressed_frame_without_agreement__gets_1002(server) {
        const socket = await connect(server.url);
        socket._socket.write(Buffer.from([0xc1, 0x80, 0, 0, 0, 0])); // RSV1, text, empty, masked
        equal((await within(10, socket.closed, "close"))[0], 1002);
    },

    async lost_clients__leave_the_server_well(server) {
        for (let number = 0; number < 20; number++) {
            const socket = await connect(server.url);
            socket.send(Buffer.alloc(100000), { fin: false });
            socket.terminate();
        }
        const socket = await connect(server.url);
        await echoes(socket, "still here");
        socket.terminate();
    },
};

const policies = {
    async subprotocol__is_the_clients_first_that_is_spoken(name) {
        await withServer(name, ["--protocols", "chat,superchat"], async (server) => {
            for (const [offered, chosen] of [[["x", "superchat", "chat"], "superchat"],
                [["chat"], "chat"], [[], ""]]) {
                const socket = await connect(server.url, offered);
                equal(socket.protocol, chosen);
                socket.terminate();
            }
        });
    },

    async origins_not_on_the_list__get_403(name) {
        await withServer(name, ["--origin", "https://a.example"], async (server) => {
            (await connect(server.url, [], { origin: "https://a.example" })).terminate();
            const status = await connect(server.url, [], { origin: "https://b.example" })
                .then(() => "accepted", (error) => error.status);
            equal(status, 403);
        });
    },

    async old_versions__get_426(name) {
        await withServer(name, [], async (server) => {
            const status = await connect(server.url, [], { protocolVersion: 8 })
                .then(() => "accepted", (error) => error.status);
            equal(status, 426);
        });
    },
};

const cases = {};
for (const name of ECHO_SERVERS) {
    for (const [title, run] of Object.entries(perServer))
        cases[`${title} [${name}]`] = () => withServer(name, [], run);
    for (const [title, run] of Object.entries(policies))
        if (!name.endsWith(".py")) cases[`${title} [${name}]`] = () => run(name);
}
check(Object.keys(cases).length > 30, "cases are missing");
await runCases(cases);
