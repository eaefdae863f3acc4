// SPDX-License-Identifier: MIT
// permessage-deflate with Node's ws as the client and as the server, whatever it asks for.
// matrix: Node ws | both | 16 MiB | compression, limits and faults

import { randomBytes } from "node:crypto";
import {
    check, ECHO_SERVERS, equal, needExamples, runCases, within, withServer,
} from "./support/harness.mjs";
import { connect, hash, withClient, withQueue } from "./support/ws.mjs";

needExamples("echo_client", ...ECHO_SERVERS);

const OUR_BITS = 13; // what weir sends with and asks for by default

// ---- What is sent -------------------------------------------------------------------------------

const quote = (number) => ({
    symbol: ["ALPHA", "BRAVO", "CHARLIE"][number % 3], price: 100 + (number * 7919 % 1000) / 100,
    size: number * 37 % 5000, time: 1700000000000 + number * 1237, venue: "example exchange",
});

/** Messages of some hundred bytes that resemble each other. */
const stream = (count) => [...Array(count).keys()].map((number) => JSON.stringify({
    type: "quotes", sequence: number, quotes: [1, 2, 3, 4, 5, 6].map((add) => quote(number + add)),
}));

/** Whether a socket's peer echoes messages, however long they wait in its queue. */
async function echoesAll(socket, messages) {
    for (const message of messages) socket.send(message);
    for (const message of messages) {
        const answer = await socket.next();
        equal(typeof answer, typeof message);
        equal(hash(answer), hash(message), `${message.length} bytes`);
    }
}

/** JSON shrinks to less than half on the wire, in both directions. */
async function shrinks(socket, count) {
    const { bytesRead, bytesWritten } = socket._socket;
    const messages = stream(count);
    const size = Buffer.byteLength(messages.join(""));
    await echoesAll(socket, messages);
    const ratios = [(socket._socket.bytesWritten - bytesWritten) / size,
        (socket._socket.bytesRead - bytesRead) / size];
    check(ratios.every((ratio) => ratio < 0.5), `${ratios} of ${size} bytes`);
    return ratios.map((ratio) => ratio.toFixed(3));
}

async function echoesFragments(socket, parts) {
    parts.forEach((part, at) => socket.send(part, { fin: at === parts.length - 1 }));
    equal(hash(await socket.next()), hash(Buffer.concat(parts.map((part) => Buffer.from(part)))));
}

async function echoesSome(socket) {
    await shrinks(socket, 20);
    await echoesAll(socket, ["", randomBytes(3000), "x".repeat(40000), "", "zwölf"]);
    await echoesFragments(socket, ["wör", "", stream(3).join(), "ld"]);
}

async function echoesMuch(socket) {
    console.log(`      on the wire: ${await shrinks(socket, 200)}`);
    await echoesAll(socket, ["", Buffer.alloc(0), randomBytes(1 << 20), "水€😀".repeat(100000),
        stream(1200).join().slice(0, 1 << 20), Buffer.alloc(16 << 20, stream(100).join())]);
    await echoesAll(socket, [randomBytes(16 << 20), "short"]);
    await echoesFragments(socket, Array(300).fill(stream(10).join()));
    await echoesFragments(socket, ["", "", stream(1)[0], "", ""]);
    await shrinks(socket, 20);
}

// ---- What may be agreed -------------------------------------------------------------------------

/** Every choice of one value for each key. */
function product(choices) {
    return Object.entries(choices).reduce((rows, [key, values]) => rows.flatMap(
        (row) => values.map((value) => ({ ...row, [key]: value }))), [{}]);
}

const paramsOf = (socket) => socket._extensions["permessage-deflate"]?.params ?? "none";

/** The answer that a default weir server owes an offer of ws. */
function answerTo(asked) {
    const bits = asked.clientMaxWindowBits ?? OUR_BITS; // undefined: without a value, false: absent
    return {
        ...(asked.serverNoContextTakeover && { server_no_context_takeover: true }),
        ...(asked.clientNoContextTakeover && { client_no_context_takeover: true }),
        server_max_window_bits: Math.min(asked.serverMaxWindowBits ?? 15, OUR_BITS),
        ...(bits && { client_max_window_bits: Math.min(bits, OUR_BITS) }),
    };
}

const OFFERS = product({
    serverNoContextTakeover: [false, true],
    clientNoContextTakeover: [undefined, true],
    serverMaxWindowBits: [undefined, 9, 12, 15],
    clientMaxWindowBits: [undefined, false, 9, 12, 15],
});

/** ws as a server refuses (400) a client that does not offer all of its clientMaxWindowBits. */
const DEMANDS = product({
    serverNoContextTakeover: [undefined, true],
    clientNoContextTakeover: [undefined, true],
    serverMaxWindowBits: [undefined, false, 9, 13, 15],
    clientMaxWindowBits: [undefined, false, 9, 12, 13],
});

const connectWith = (server, perMessageDeflate) => connect(server.url, [], {
    perMessageDeflate: { threshold: 0, ...perMessageDeflate },
});

const cases = {
    every_offer__is_answered_and_kept: () => withServer("echo_epoll", [], async (server) => {
        for (const offer of OFFERS) {
            const socket = await connectWith(server, offer);
            const sorted = (object) => Object.entries(object).sort();
            equal(sorted(paramsOf(socket)), sorted(answerTo(offer)), JSON.stringify(offer));
            await echoesSome(socket);
            socket.close(1000);
            equal((await within(10, socket.closed, "close"))[0], 1000);
        }
        console.log(`      ${OFFERS.length} offers`);
    }),

    async every_demand_of_a_server__is_met() {
        for (const demand of DEMANDS) {
            const { status } = await withClient(async (socket) => {
                equal(socket.extensions, "permessage-deflate", JSON.stringify(demand));
                await echoesSome(withQueue(socket));
            }, { perMessageDeflate: { threshold: 0, ...demand } });
            equal(status, 0, JSON.stringify(demand));
        }
        console.log(`      ${DEMANDS.length} demands`);
    },

    // RFC 7692 7: the server cannot; then the connection is without compression.
    window_of_8_bits__is_declined: () => withServer("echo_epoll", [], async (server) => {
        const socket = await connectWith(server, { serverMaxWindowBits: 8 });
        equal(paramsOf(socket), "none");
        await echoesAll(socket, stream(3));
        socket.terminate();
    }),

    // zlib takes 8 bits for 9 when it compresses, whatever was agreed.
    window_of_9_bits_where_8_were_agreed__is_understood: () =>
        withServer("echo_epoll", [], async (server) => {
            const socket = await connectWith(server, { clientMaxWindowBits: 8 });
            equal(paramsOf(socket).client_max_window_bits, 8);
            await echoesSome(socket);
            socket.terminate();
        }),

    large_messages_of_a_server__are_echoed: async () => {
        const { status } = await withClient((socket) => echoesMuch(withQueue(socket)),
            { perMessageDeflate: { threshold: 0 } });
        equal(status, 0);
    },

    async server_without_compression__is_enough() {
        const { status } = await withClient(async (socket) => {
            equal(socket.extensions, "");
            await echoesAll(withQueue(socket), stream(3));
        }, { perMessageDeflate: false });
        equal(status, 0);
    },

    async too_big_when_inflated__gets_1009() {
        const { status } = await withClient(async (socket, _, closed) => {
            socket.send("x".repeat(100000));
            equal((await within(10, closed, "close"))[0], 1009);
        }, { options: ["--max-message", "50000"], perMessageDeflate: { threshold: 0 } });
        equal(status, 1);
    },
};

const perServer = {
    async large_messages__come_back(server) {
        const alone = { serverNoContextTakeover: true, clientNoContextTakeover: true };
        for (const offer of [{}, alone]) {
            const socket = await connectWith(server, offer);
            await echoesMuch(socket);
            socket.terminate();
        }
    },

    async too_big_when_inflated__gets_1009(server) {
        const socket = await connectWith(server, {});
        socket.send("x".repeat((64 << 20) + 1));
        equal((await within(20, socket.closed, "close"))[0], 1009);
    },

    async faulty_compressed_data__gets_1007(server) {
        const socket = await connectWith(server, {});
        socket._socket.write(Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x07])); // block of type 3
        equal((await within(10, socket.closed, "close"))[0], 1007);
    },

    async text_that_inflates_to_no_utf8__gets_1007(server) {
        const socket = await connectWith(server, {});
        socket.send(Buffer.from([0x61, 0xff]), { binary: false });
        equal((await within(10, socket.closed, "close"))[0], 1007);
    },

    async reserved_bit_on_a_continuation__gets_1002(server) {
        const socket = await connectWith(server, {});
        socket.send("a", { fin: false });
        // RFC 7692 6: RSV1 stands on the first frame of a message alone.
        setTimeout(() => socket._socket.write(Buffer.from([0xc0, 0x80, 0, 0, 0, 0])), 100);
        equal((await within(10, socket.closed, "close"))[0], 1002);
    },
};

for (const name of ECHO_SERVERS) {
    for (const [title, run] of Object.entries(perServer))
        cases[`${title} [${name}]`] = () => withServer(name, [], run);
    cases[`compression__can_be_declined [${name}]`] = () =>
        withServer(name, ["--no-deflate"], async (server) => {
            const socket = await connectWith(server, {});
            equal(socket.extensions, "");
            await echoesAll(socket, stream(3));
            socket.terminate();
        });
}
await runCases(cases);
