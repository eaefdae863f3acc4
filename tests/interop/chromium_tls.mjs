// SPDX-License-Identifier: MIT
// Chromium's WebSocket over TLS against echo_epoll_tls.

import { check, equal, isBuilt, runCases, skip, withServer } from "./support/harness.mjs";
import { makeCertificate } from "./support/certificate.mjs";
import { launch, servePage } from "./support/chromium.mjs";

if (!isBuilt("echo_epoll_tls")) skip("the examples were built without TLS");

const certificate = makeCertificate();
const browser = await launch(certificate.trust);
const stranger = await launch();
const [origin, endPage] = await servePage();

/** Echo some messages in a page of a browser; gives how its connection ended. */
async function echo(from, url) {
    const page = await from.newPage();
    await page.goto(origin);
    const end = await page.evaluate(async (where) => {
        const socket = new WebSocket(where);
        socket.binaryType = "arraybuffer";
        const ended = new Promise((give) => {
            socket.onclose = ({ code, wasClean }) => give({ code, wasClean });
        });
        const opened = await new Promise((give) => {
            socket.onopen = () => give(true);
            socket.onerror = () => give(false);
        });
        if (!opened) return ended;
        for (const size of [0, 1, 126, 16384, 65536, 1 << 20, 8 << 20]) {
            const bytes = new Uint8Array(size).map((_, at) => at % 251);
            const answer = new Promise((give) => {
                socket.onmessage = ({ data }) => give(new Uint8Array(data));
            });
            socket.send(bytes);
            const back = await answer;
            if (back.length !== size || back.some((byte, at) => byte !== at % 251))
                throw new Error(size);
        }
        socket.close(3000);
        return ended;
    }, url);
    await page.close();
    return end;
}

const { options } = certificate;
const secure = ({ url }) => url.replace("ws:", "wss:");

await runCases({
    messages__come_back: () => withServer("echo_epoll_tls", options, async (server) => {
        equal(await echo(browser, secure(server)), { code: 3000, wasClean: true });
        // Again, by a ticket.
        equal(await echo(browser, secure(server)), { code: 3000, wasClean: true });
    }),

    strange_certificate__is_refused: () => withServer("echo_epoll_tls", options,
        async (server) => {
            const end = await echo(stranger, secure(server));
            check(end.code === 1006 && !end.wasClean, JSON.stringify(end));
            // The server is none the worse for it.
            equal(await echo(browser, secure(server)), { code: 3000, wasClean: true });
        }),
}, async () => {
    await browser.close();
    await stranger.close();
    endPage();
    certificate.remove();
});
