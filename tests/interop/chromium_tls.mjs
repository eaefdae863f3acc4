// SPDX-License-Identifier: MIT
// Chromium's WebSocket over TLS against echo_epoll_tls.

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { BUILD, check, equal, runCases, skip, withServer } from "./support/harness.mjs";
import { launch, servePage } from "./support/chromium.mjs";

if (!existsSync(path.join(process.env.WEIR_EXAMPLES ?? path.join(BUILD, "examples"),
    "echo_epoll_tls"))) skip("the examples were built without TLS");

const folder = mkdtempSync(path.join(tmpdir(), "weir-tls-"));
const [cert, key] = ["cert.pem", "key.pem"].map((name) => path.join(folder, name));
try {
    execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], { stdio: "ignore" });
} catch {
    skip("openssl is missing");
}

// The browser trusts this one key, whoever signed it.
const { publicKey } = new X509Certificate(readFileSync(cert));
const pin = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }));
const browser = await launch(`--ignore-certificate-errors-spki-list=${pin.digest("base64")}`);
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

const options = ["--cert", cert, "--key", key];
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
    rmSync(folder, { recursive: true });
});
